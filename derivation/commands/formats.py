"""Lists the formats that a derivation can be written in."""

from __future__ import annotations

import argparse

HELP = "list the formats, with the file endings that choose them"
EXAMPLES = """\
examples:
  derivation formats
  derivation derive softmax-jacobian --format markdown
  derivation derive softmax-jacobian -o jacobian.html"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`formats` has no options."""


def run() -> int:
    from derivation import printers
    from derivation.commands import typesetting
    from derivation.commands.output import write

    rows = [(name, " ".join(f.endings), f.description) for name, f in printers.FORMATS.items()]
    here = typesetting.found()
    needs = f"made by {here}" if here else f"takes {' or '.join(typesetting.ENGINES)}: not here"
    rows.append(("", ".pdf", f"latex or beamer as a PDF, {needs}"))
    widest = [max(len(row[k]) for row in rows) for k in (0, 1)]
    lines = [f"  {a:<{widest[0]}}  {b:<{widest[1]}}  {c}" for a, b, c in rows]
    lines += ["", "`--format NAME` chooses one, and so does the ending of `-o FILE`."]
    if here is None:
        lines.append(f"For a PDF {typesetting.HOW_TO_GET}.")
    write("\n".join(lines) + "\n")
    return 0
