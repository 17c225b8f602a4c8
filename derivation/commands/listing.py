"""Lists the problems of the library by topic."""

from __future__ import annotations

import argparse

HELP = "list the problems of the library by topic"
EXAMPLES = """\
examples:
  derivation list
  derivation derive softmax-jacobian"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`list` has no options."""


def run() -> int:
    from derivation import library
    from derivation.commands.output import write

    entries = library.entries()
    widest = max(len(str(entry.name)) for entry in entries)
    lines: list[str] = []
    topic = None
    for entry in entries:
        if entry.topic != topic:
            lines += ["", entry.topic] if lines else [entry.topic]
            topic = entry.topic
        lines.append(f"  {entry.name:<{widest}}  {entry.title}")
    lines += ["", f"{len(entries)} problems; `derivation derive NAME` derives one."]
    write("\n".join(lines) + "\n")
    return 0
