"""What is to be judged, whichever way it was written: a problem and a list of equalities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from derivation.errors import InputError
from derivation.language import read_problem, write, write_condition
from derivation.problem import Problem, UserLine
from derivation.terms import TRUE, Term

MOST_LINES = 400


@dataclass(frozen=True)
class Stated:
    """One equality that a person wrote.

    Attributes:
        line: The line of the file.
        text: As it was written.
        read_as: As it was understood, in the input language; None if it was not.
        left: The left side; None for a line that goes on from the one before.
        right: The right side; None if the line could not be read.
        condition: Where it is said to hold.
        reason: Why it could not be read.
        notes: What else there is to say of how it was read.
    """

    line: int
    text: str
    read_as: str | None
    left: Term | None
    right: Any
    condition: Term = TRUE
    reason: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """A problem, the equalities about it, and what was assumed in reading them."""

    problem: Problem
    stated: tuple[Stated, ...]
    assumed: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()


def read_program(text: str, before: str = "") -> Read:
    """A program with lines that begin with ``=`` or ``claim``.

    A line of these that cannot be read is left out, with the reason; anything else that cannot
    be read is an error. ``before`` is a problem that the text is about; the lines are counted in
    the text.

    Raises:
        InputError: The problem itself cannot be read.
    """
    lines = before.splitlines()
    offset = len(lines)
    lines += text.split("\n")
    unread: list[Stated] = []
    while True:
        try:
            problem = _read("\n".join(lines))
            break
        except InputError as error:
            k = (error.line or 0) - 1
            written = lines[k].strip() if 0 <= k < len(lines) else ""
            if not written.startswith(("=", "claim ")) or len(unread) >= MOST_LINES:
                raise _moved(error, offset) from None
            reason = error.message + (f" ({error.hint})" if error.hint else "")
            unread.append(Stated(k + 1 - offset, written, None, None, None, reason=reason))
            lines[k] = ""
    found = [_stated(line, offset) for line in problem.lines]
    return Read(problem, tuple(sorted([*found, *unread], key=lambda s: s.line)))


def _read(text: str) -> Problem:
    try:
        return read_problem(text)
    except InputError as error:
        if error.line is not None:
            raise
        problem = read_problem(text, need_wrt=False)
        if any(line.kind == "equals" for line in problem.lines) or not problem.lines:
            raise
        return problem


def _moved(error: InputError, offset: int) -> InputError:
    if not offset or error.line is None or error.line <= offset:
        return error
    return InputError(error.message, error.line - offset, error.column, error.source, error.hint)


def _stated(line: UserLine, offset: int) -> Stated:
    read_as = write(line.right)
    if line.left is not None:
        read_as = f"{write(line.left)} == {read_as}"
        if line.condition != TRUE:
            read_as += f" if {write_condition(line.condition)}"
    else:
        read_as = f"= {read_as}"
    return Stated(line.line - offset, line.text, read_as, line.left, line.right, line.condition)
