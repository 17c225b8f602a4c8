"""Shows a problem file of the library, to copy and edit."""

from __future__ import annotations

import argparse

HELP = "show a problem file of the library, to copy and edit"
EXAMPLES = """\
examples:
  derivation show softmax-cross-entropy
  derivation show layernorm > my-norm.deriv"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a problem of the library")


def run(*, name: str) -> int:
    from derivation import library
    from derivation.commands.output import write

    write(library.load(name).text)
    return 0
