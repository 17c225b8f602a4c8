"""Derives a problem and writes it to files, each in the format that its ending chooses."""

from __future__ import annotations

import argparse
from typing import Any

HELP = "write a derivation to files: PDF, LaTeX, HTML, Markdown, SVG, JSON"
EXAMPLES = """\
`derivation formats` lists the formats with their endings; a PDF takes pdflatex or tectonic.

examples:
  derivation export softmax-cross-entropy -o proof.pdf
  derivation export layernorm -o norm.html -o norm.md
  derivation export softmax-cross-entropy --format beamer -o slides.pdf
  derivation export ./loss.deriv --notation yhat='\\mathbf{p}' --ln -o proof.tex --standalone"""


def arguments(parser: argparse.ArgumentParser) -> None:
    from derivation.commands.derive import asking, printing

    asking(parser)
    printing(parser)
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        metavar="FILE",
        help="a file to write, whose ending chooses the format; may be repeated",
    )


def run(
    *,
    problem: str | None,
    expression: list[str] | None,
    output: list[str] | None,
    format: str | None,
    color: str,
    width: int | None,
    standalone: bool,
    **options: Any,
) -> int:
    from derivation.commands.derive import derive, entry_of
    from derivation.commands.output import Target
    from derivation.errors import InputError

    entry = entry_of(problem, expression)
    if not output:
        raise InputError("nothing says where to write", hint="name a file: -o proof.pdf")
    targets = []
    for path in output:
        whole = standalone and path.lower().endswith(".tex")
        targets.append(Target(path, format=format, color=color, width=width, standalone=whole))
    return derive(entry, targets, **options)
