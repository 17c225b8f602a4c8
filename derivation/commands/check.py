"""Checks a derivation that a person wrote, line by line, and names the first wrong line."""

from __future__ import annotations

import argparse
import sys

HELP = "check a derivation that a person wrote, line by line"
EXAMPLES = """\
A FILE is a problem with lines of a derivation in it (`= expr`, `claim A == B`), or a LaTeX or
Markdown document; - is standard input. Each line is compared with the one before it, the first
with the derivative that the problem asks for.

examples:
  derivation check ./homework.deriv
  derivation check ./lecture.md --problem ./loss.deriv
  derivation check --final 'yhat[j] - y[j]' ./loss.deriv
  derivation check ./homework.deriv --format json

exit status: 0 every line is proved, 1 a line is wrong, 3 a line is open or could not be read,
2 bad input, or nothing in it could be read"""
FORMATS = ("terminal", "text", "html", "json")
_ENDINGS = {".txt": "text", ".html": "html", ".htm": "html", ".json": "json"}


def arguments(parser: argparse.ArgumentParser) -> None:
    from derivation.commands.derive import add_assume

    parser.add_argument("file", metavar="FILE|NAME|-", help="the derivation to check")
    parser.add_argument(
        "--final", metavar="FORMULA", help="check only this claimed result, as line 0"
    )
    parser.add_argument(
        "--problem", metavar="FILE|NAME", help="a problem file that settles what names mean"
    )
    add_assume(parser)
    parser.add_argument(
        "--detail",
        choices=("normal", "full"),
        default="normal",
        help="full shows every move of each line's proof",
    )
    parser.add_argument("--format", choices=FORMATS, help="terminal (the default), or another")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write to a file, whose ending chooses the format"
    )
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    parser.add_argument("--width", type=int, metavar="N", help="columns to print in")


def run(
    *,
    file: str,
    final: str | None,
    problem: str | None,
    assume: list[str],
    detail: str,
    format: str | None,
    output: str | None,
    color: str,
    width: int | None,
) -> int:
    from pathlib import Path

    from derivation import api, library
    from derivation.commands.derive import entry_of
    from derivation.commands.documents import is_document
    from derivation.commands.output import Target
    from derivation.errors import InputError

    ending = Path(output).suffix.lower() if output not in (None, "-") else ""
    format = format or _ENDINGS.get(ending, "text" if ending else "terminal")
    if ending and ending not in _ENDINGS:
        known = ", ".join(_ENDINGS)
        raise InputError(f"a report is not written as `{ending}`", hint=f"the endings are {known}")
    target = Target(output, format=format, color=color, width=width)
    documented = is_document(file)
    entry = library.read_file(file, api.DOCUMENT_LIMIT) if documented else entry_of(file, None)
    about = entry_of(problem, None).text if problem is not None else None

    from derivation.checking import check
    from derivation.printers import findings

    name = file if documented else "problem.deriv"
    report = check(entry.text, problem=about, final=final, filename=name, assume=assume)
    options = target.options()
    shown = {"width": options["width"], "unicode": options["unicode"], "color": options["color"]}
    if format == "json":
        target.take(report.to_json())
    elif format == "html":
        target.take(report.to_html(detail=detail))
    else:
        target.take(findings.text(report.findings(detail), **shown))
    for warning in () if documented else report.problem.warnings:  # a document has other lines
        print(f"warning: {warning}", file=sys.stderr)
    target.write()
    return report.status
