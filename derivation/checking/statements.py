"""What is to be judged, whichever way it was written: a problem and a list of equalities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from derivation.errors import InputError
from derivation.language import (
    read_condition,
    read_problem,
    write,
    write_condition,
)
from derivation.problem import Problem, UserLine
from derivation.terms import TRUE, Relation, Term

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
        goes_on: Whether the left side is the right side of the line before.
        others: Other ways to read it: a note, the text and the two sides of each.
        asked: The gradients that it stands under, where it does not stand under all of them.
    """

    line: int
    text: str
    read_as: str | None
    left: Term | None
    right: Any
    condition: Term = TRUE
    reason: str | None = None
    notes: tuple[str, ...] = ()
    goes_on: bool = False
    others: tuple[tuple[str, str, Term, Term], ...] = ()
    asked: tuple[tuple[Term, ...], ...] = ()


@dataclass(frozen=True)
class Read:
    """A problem, the equalities about it, and what was assumed in reading them."""

    problem: Problem
    stated: tuple[Stated, ...]
    assumed: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    program: str = ""


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
    number = line.line - offset
    left, right, condition = line.left, line.right, line.condition
    return Stated(number, line.text, read_as, left, right, condition, asked=line.asked)


def read_document(
    text: str, *, filename: str = "", about: str | None = None, assume: Sequence[str] = ()
) -> Read:
    """A LaTeX or Markdown document: its definitions as a problem, its equalities in order.

    Raises:
        InputError: Nothing in it can be read.
    """
    from derivation.language import latex

    problem = None if about is None else read_problem(about, need_wrt=False)
    reading = latex.read_document(text, filename=filename, problem=problem, assume=assume)
    base, sides = _claims(reading)
    found: list[Stated] = []
    for k, s in enumerate(reading.statements):
        if s.kind == "unread" and s.displayed:
            reason = s.reason or "not read"
            if s.column is not None:
                reason += f" (column {s.column + 1})"
            found.append(Stated(s.line, s.source, None, None, None, reason=reason))
        elif s.kind == "claim":
            found.append(_claimed(s, sides[k], base))
    assumed = [*reading.assumed]
    for s in reading.statements:
        assumed += [a for a in s.assumed if a not in assumed]
    guesses = [f"{g.statement}: {g.why}" for g in reading.guesses]
    return Read(base, tuple(found), tuple(assumed), tuple(guesses), reading.program)


def _claims(reading: Any) -> tuple[Problem, dict[int, UserLine | InputError]]:
    """The document's problem with its claims, which may bring in names of their own."""
    lines = reading.program.rstrip("\n").split("\n")
    places: dict[int, int] = {}
    sides: dict[int, UserLine | InputError] = {}
    for k, s in enumerate(reading.statements):
        if s.kind == "claim":
            lines.append(f"claim {s.read_as}")
            places[len(lines)] = k
    while True:
        try:
            problem = read_problem("\n".join(lines), need_wrt=False)
            break
        except InputError as error:
            k = error.line or 0
            if k not in places or places[k] in sides:
                raise
            sides[places[k]] = error
            lines[k - 1] = ""
    for line in problem.lines:
        sides[places[line.line]] = line
    return problem, sides


def _claimed(s: Any, found: UserLine | InputError, problem: Problem) -> Stated:
    if isinstance(found, InputError):
        return Stated(s.line, s.source, None, None, None, reason=found.message)
    others = []
    for a in s.alternatives:
        try:
            other = read_condition(a.read_as.partition(" if ")[0], problem)
        except InputError:
            continue
        if isinstance(other, Relation):
            others.append((a.note, a.read_as, other.left, other.right))
    return Stated(
        line=s.line,
        text=s.source,
        read_as=s.read_as,
        left=found.left,
        right=found.right,
        condition=found.condition,
        notes=tuple(s.notes),
        goes_on=s.chain,
        others=tuple(others),
    )
