"""The public function ``check``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from derivation.checking.judge import Judge
from derivation.checking.report import Report
from derivation.checking.statements import Read, Stated, read_document, read_program
from derivation.errors import InputError
from derivation.language import read_expression, read_problem, write
from derivation.language.latex import is_document
from derivation.terms import collector_at_rest

_DISPLAY = re.compile(r"\$\$|\\\[|\\begin\{")


def check(
    text: str,
    *,
    problem: str | None = None,
    final: str | None = None,
    filename: str = "",
    assume: Sequence[str] = (),
) -> Report:
    """Judges a derivation line by line.

    Each line is compared with the one before it, the first with the derivative that the problem
    asks for; a ``claim`` stands for itself.

    Args:
        text: A program of the input language with lines ``= expr`` and ``claim A == B``, or a
            LaTeX or Markdown document.
        problem: A problem (text of the input language) that the text is about.
        final: A claimed result; then only this is judged, as line 0.
        filename: Says by its ending whether the text is a document; without one, a text that has
            displayed formulas of LaTeX is.
        assume: Statements that a document leaves out, such as ``given sum(y[i] for i in K) == 1``.

    Raises:
        InputError: The problem cannot be read, or there is nothing to judge.
    """
    documented = is_document(filename) if filename else bool(_DISPLAY.search(text))
    if final is not None:
        if documented:
            text = read_document(text, filename=filename, about=problem, assume=assume).program
            problem = None
        read = _final(text if problem is None else f"{problem}\n{text}", final)
    elif documented:
        read = read_document(text, filename=filename, about=problem, assume=assume)
    else:
        if assume:
            text = "\n".join([text, *assume])
        read = read_program(text, problem or "")
    if not read.stated:
        raise InputError(
            "there are no lines to check",
            hint="a line of a derivation begins with `=`; a claim is `claim A == B`; "
            "a result alone is checked with --final",
        )
    with collector_at_rest():
        lines = Judge(read.problem).judge(read.stated)
    return Report(read.problem, lines, read.assumed, read.guesses)


def _final(text: str, final: str) -> Read:
    problem = replace(read_program(text).problem, lines=())
    if not problem.wrt:
        read_problem(text)  # says what is missing
    claimed = read_expression(final.strip().removeprefix("=").strip(), problem)
    return Read(problem, (Stated(0, final, f"= {write(claimed)}", None, claimed),))
