"""What a LaTeX or Markdown document says, in the input language: what the reader hands over.

A `Reading` is all that `derive` and `check` need to know of a document: they never see LaTeX.
Everything in it is text of the input language, which passes through ``read_problem`` and
``read_expression`` like a user's own, so that one reader judges every input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["definition", "given", "claim", "unread"]


@dataclass(frozen=True)
class Alternative:
    """Another way to read a statement: its text in the input language, and what differs."""

    read_as: str
    note: str


@dataclass(frozen=True)
class Statement:
    """One statement of the document: a definition, a condition, or an equality to be judged.

    ``a = b = c`` is two statements, and every line of an ``align`` that begins with ``=`` is one;
    ``source`` then holds only the part that is new.

    Attributes:
        line: Line of the file where it begins, from 1; the line of its own row in an ``align``.
        source: The LaTeX as it was written, without the display's own delimiters.
        kind: ``definition`` and ``given`` stand in ``Reading.program`` (and are listed here so that
            a report can echo them); ``claim`` is an equality to judge; ``unread`` has a reason.
        read_as: Text of the input language. Of a definition ``p[i] = …``, of a given
            ``given A == B``; of a claim ``A == B`` or ``A == B if i != j`` (what may
            follow the word ``claim`` in a program). None if unread.
        left, right, condition: A claim's sides and its side condition (None where there is none),
            each an expression or condition of the language.
        chain: Whether the left side is the right side of the claim before (a line that begins
            with ``=``, or the ``c`` of ``a = b = c``): such lines are compared line by line.
        derivative: Of a claim whose chain begins with one derivative of a name, whether that is
            ``diff`` or ``partial``; None for other claims.
        reason: Of an unread statement, why; else None.
        column: Column of the file (from 0) where an unread statement could not be read.
        displayed: False for an inline formula. Inline formulas are never claims.
        assumed: What was assumed in reading it (a range, a scope).
        notes: How it was read where it reads two ways.
        alternatives: The other readings, where there are any; a claim that is refuted as read but
            proved in another reading should be reported so, never silently.
    """

    line: int
    source: str
    kind: Kind
    read_as: str | None
    left: str | None = None
    right: str | None = None
    condition: str | None = None
    chain: bool = False
    derivative: Literal["diff", "partial"] | None = None
    reason: str | None = None
    column: int | None = None
    displayed: bool = True
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class Guess:
    """Something a document seems to mean and does not say: offered, never used by itself.

    ``statement`` is what confirming it adds to the program: a definition such as
    ``yhat[i] = softmax(z[k] for k in K)[i]``, or ``given sum(y[i] for i in K) == 1``.
    """

    statement: str
    why: str
    line: int | None = None


@dataclass(frozen=True)
class Reading:
    """A document as a problem and the equalities that it states.

    Attributes:
        filename: As it was given; for messages.
        program: The problem in the input language: definitions, givens, ``function``, ``label``,
            ``of`` and ``wrt`` where the document says or implies them. ``read_problem(program,
            need_wrt=False)`` accepts it. With a problem file alongside, that file's text.
        wrt: What the document differentiates by (``"z[j]"``), None if it does not say.
        statements: In the order of the file, inline ones too.
        assumed: What was assumed for the whole document (ranges, indices that are left out).
        guesses: What may be meant and is not said.
        names: LaTeX of each name, by its name in the language; the mapping is one to one.
        displays: How many displayed formulas there are, and how many were read whole.
    """

    filename: str
    program: str
    statements: tuple[Statement, ...]
    wrt: str | None = None
    assumed: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    displays: tuple[int, int] = (0, 0)

    @property
    def claims(self) -> tuple[Statement, ...]:
        """The equalities to judge, in order."""
        return tuple(s for s in self.statements if s.kind == "claim")

    @property
    def unread(self) -> tuple[Statement, ...]:
        """The displayed statements that could not be read."""
        return tuple(s for s in self.statements if s.kind == "unread" and s.displayed)

    def problem_text(self) -> str:
        """The program with the claims as ``claim`` lines: a problem file that can be saved."""
        lines = [self.program.rstrip("\n")]
        lines += [f"claim {s.read_as}" for s in self.claims]
        return "\n".join(lines) + "\n"
