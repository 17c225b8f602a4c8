"""Derives a problem and prints the proof."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derivation.commands.output import Target
    from derivation.library import Entry

HELP = "derive a problem of the library, a file, standard input or a text"
EXAMPLES = """\
A NAME without a dot or slash is a problem of the library, anything else a file; - is standard
input. Without any of them, softmax-cross-entropy is derived. Of a LaTeX or Markdown document
(.tex, .md) the definitions and conditions are read; standard error says what was understood.

examples (the quotes work in bash, zsh and PowerShell):
  derivation derive logistic-regression --wrt b
  derivation derive softmax-cross-entropy --wrt 'z[j] then z[l]' --style delta
  derivation derive -e 'p[i] = exp(z[i])/sum(exp(z[k]) for k in K)' --wrt z
  derivation derive -e 'f = log(a*b)' --wrt a --given 'a > 0' --given 'b > 0'
  derivation derive ./loss.deriv -o proof.json
  derivation derive ./lecture.md --save-problem lecture.deriv
  derivation derive --format latex --notation yhat='\\mathbf{p}' --ln --no-bounds"""


def arguments(parser: argparse.ArgumentParser) -> None:
    asking(parser)
    printing(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="with --format coq: let coqc check the source (status 1 if it is refused)",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write to a file, whose ending chooses the format"
    )
    parser.add_argument(
        "--problem",
        dest="about",
        metavar="NAME|FILE",
        help="a problem file that settles the names and ranges of a document",
    )
    add_assume(parser)
    parser.add_argument(
        "--save-problem",
        metavar="FILE",
        help="write what was read of a document as a problem file, with its equalities as claims",
    )


def add_assume(parser: argparse.ArgumentParser) -> None:
    """The option that adds what a document leaves out."""
    parser.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="TEXT",
        help="a definition or `given ...` that a document leaves out; may be repeated",
    )


def asking(parser: argparse.ArgumentParser) -> None:
    """The arguments that say what to derive."""
    parser.add_argument("problem", nargs="?", metavar="NAME|FILE|-", help="what to derive")
    parser.add_argument(
        "-e",
        "--expression",
        action="append",
        metavar="TEXT",
        help="the problem itself; statements are separated by `;`, -e may be repeated",
    )
    parser.add_argument(
        "--wrt",
        action="append",
        metavar="VARIABLE",
        help="differentiate by this, instead of what the problem says; may be repeated",
    )
    parser.add_argument("--of", metavar="NAME", help="the objective, if not the last definition")
    parser.add_argument(
        "--given",
        action="append",
        default=[],
        metavar="CONDITION",
        help="a condition besides those of the problem; may be repeated",
    )
    parser.add_argument(
        "--style",
        choices=("cases", "delta"),
        help="write i = j and i != j as two cases, or with a Kronecker delta (the problem's own "
        "choice, else delta)",
    )
    parser.add_argument(
        "--inline",
        action="store_true",
        help="write the result as one formula instead of naming the adjoints",
    )


def printing(parser: argparse.ArgumentParser) -> None:
    """The arguments that say how to show it."""
    parser.add_argument(
        "--detail",
        choices=("outline", "normal", "full"),
        default="normal",
        help="as in a paper, as in a lecture (the default), or every move of the proof",
    )
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        help="terminal (the default), text, latex, html and others: see `derivation formats`",
    )
    parser.add_argument(
        "--notation",
        action="append",
        default=[],
        metavar="NAME=LATEX",
        help=r"write a name so in LaTeX and HTML: yhat='\mathbf{p}'; may be repeated, and stand "
        "in the problem file as `# notation: NAME = LATEX`",
    )
    notation: dict[str, Any] = {"dest": "notation", "action": "append_const"}
    parser.add_argument("--ln", const="ln", help="write log as ln (as --notation ln)", **notation)
    parser.add_argument("--bounds", const="bounds", help=argparse.SUPPRESS, **notation)
    parser.add_argument(
        "--no-bounds",
        const="no-bounds",
        help="write displayed sums without where they start and end (as --notation no-bounds)",
        **notation,
    )
    parser.add_argument(
        "--standalone", action="store_true", help="LaTeX: a whole document that compiles"
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colours on a terminal (auto respects NO_COLOR)",
    )
    parser.add_argument("--width", type=int, metavar="N", help="columns to print in")


def run(
    *,
    problem: str | None,
    expression: list[str] | None,
    output: str | None,
    format: str | None,
    color: str,
    width: int | None,
    standalone: bool,
    about: str | None,
    assume: list[str],
    save_problem: str | None,
    check: bool,
    **options: Any,
) -> int:
    from derivation.commands import documents
    from derivation.commands import output as out

    if problem is not None and expression is None and documents.is_document(problem):
        entry = documents.entry(problem, about=about, assume=assume, save=save_problem)
    else:
        documents.only_for_documents(about=about, assume=assume, save=save_problem)
        entry = entry_of(problem, expression)
    target = out.Target(output, format=format, color=color, width=width, standalone=standalone)
    if check:
        return _checked(entry, target, **options)
    return derive(entry, [target], **options)


def _checked(entry: Entry, target: Target, **options: Any) -> int:
    """Derives, writes, and lets coqc decide."""
    from derivation.coq import check
    from derivation.errors import InputError

    if target.format != "coq":
        raise InputError("--check lets coqc check a Coq source", hint="--format coq, or -o FILE.v")
    if not check.available():
        raise InputError(
            "--check needs coqc, which is not installed",
            hint="the Debian packages are coq and libcoq-coquelicot",
        )
    status = derive(entry, [target], **options)
    if status:
        return status
    verdict = check.check(target.text)
    if not verdict.accepted:
        print(f"refused by coqc: {verdict.reason}", file=sys.stderr)
        return 1
    axioms = ", ".join(verdict.axioms)
    print(f"accepted by coqc in {verdict.seconds:.1f} s; axioms: {axioms}", file=sys.stderr)
    return 0


def derive(entry: Entry, targets: Sequence[Target], **options: Any) -> int:
    """Derives a problem and writes it to every target; returns the exit status."""
    from derivation.terms import collector_at_rest

    with collector_at_rest():  # also while all that is needed is imported
        return _derive(entry, targets, **options)


def _derive(
    entry: Entry,
    targets: Sequence[Target],
    *,
    wrt: list[str] | None,
    of: str | None,
    given: list[str],
    style: str | None,
    detail: str,
    inline: bool,
    notation: list[str],
) -> int:
    from derivation import api, printers
    from derivation.certify import NotCertified
    from derivation.commands.output import Progress
    from derivation.coq.errors import NotExported
    from derivation.errors import CertificateRefused

    check = _notation(entry, notation)
    by = ", ".join(wrt) if wrt else None
    asked = api.read(entry, wrt=by, of=of, given=given, style=style)
    with Progress() as progress:
        outcomes = api.outcomes(asked, inline=inline, progress=progress.working_on)
        for target in targets:
            progress.working_on(f"writing {target.path or target.format}")
            options = {"detail": detail, "notation": notation, **target.options()}
            try:
                target.take(printers.render(outcomes, target.format, **options))
            except (NotExported, NotCertified, CertificateRefused) as error:
                print(f"not exported: {error}", file=sys.stderr)
                return 1
    for warning in (*api.warnings_for(asked, outcomes), *check(asked)):
        print(f"warning: {warning}", file=sys.stderr)
    for target in targets:
        target.write()
    return _status(outcomes)


def _notation(entry: Entry, notation: Sequence[str]) -> Callable[[Any], list[str]]:
    """Refuses bad notation before anything is derived; what is said of a problem comes after."""
    if not notation and "notation" not in entry.text:
        return lambda problem: []
    from derivation.printers import custom

    asked = custom.read((*custom.wishes_in(entry.text), *notation))
    return lambda problem: custom.strangers(asked, problem)


def entry_of(problem: str | None, expression: list[str] | None) -> Entry:
    """The problem that the arguments name, or that they are."""
    from derivation import library
    from derivation.errors import InputError

    if expression is not None:
        if problem is not None:
            raise InputError(
                f"both `{problem}` and -e were given", hint="one of them is the problem"
            )
        return library.entry("\n".join(expression))
    if problem is None:
        return library.load(library.FIRST)
    if problem == "-":
        data = sys.stdin.buffer.read(library.LIMIT + 1)
        return library.entry(library.decode(data, "standard input"))
    if any(c in problem for c in "./\\"):
        return library.read_file(problem)
    if "=" in problem:
        raise InputError(f"`{problem}` is not a name", hint="a problem's text follows -e")
    return library.load(problem)


def _status(outcomes: Sequence[Any]) -> int:
    stopped = [outcome for outcome in outcomes if outcome.result is None]
    for outcome in stopped:
        print(f"not derived: {outcome.reason}", file=sys.stderr)
    return 1 if stopped else 0
