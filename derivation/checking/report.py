"""What a check found: a verdict for every line, and the first wrong one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from derivation.checking.refuter import Counterexample
from derivation.engine.proof import Proof
from derivation.kernel import Theorem
from derivation.problem import Problem
from derivation.steps import Step
from derivation.terms import Term

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions

SCHEMA = "derivation-check/1"


@dataclass(frozen=True)
class Suggestion:
    """What a wrong line was probably meant to be: the mended line, proved, and the slip's name.

    ``place`` is the smallest part of the line that has to change, ``mended`` the right side of the
    mended line; a missing given has neither.
    """

    text: str
    slip: str
    place: Term | None = None
    mended: Term | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Line:
    """One line of a person's derivation, judged.

    Attributes:
        line: Its number in the file (0 for a claimed result).
        text: As it was written.
        read_as: As it was understood, in the input language; None if it was not.
        verdict: ``proved``, ``refuted``, ``open`` or ``unread``.
        counterexample: Of a refuted line, a point at which its sides differ.
        suggestion: Of a refuted line, what it was probably meant to be.
        points: Of an open line, the number of points at which the sides agree.
        notes: What else there is to say.
        left, right, condition: The equality that was judged.
        theorem: Of a proved line, the kernel's theorem.
        proof: Of a proved line, the moves of its proof.
        lemmas: The lemmas that it cites, with their own steps.
        place: Of a refuted line, the smallest part in which it differs from a right version.
    """

    line: int
    text: str
    read_as: str | None
    verdict: str
    counterexample: Counterexample | None = None
    suggestion: Suggestion | None = None
    points: int = 0
    notes: tuple[str, ...] = ()
    left: Any = None
    right: Any = None
    condition: Any = None
    theorem: Theorem | None = field(default=None, repr=False, compare=False)
    proof: Proof | None = field(default=None, repr=False, compare=False)
    lemmas: tuple[Step, ...] = field(default=(), repr=False, compare=False)
    place: Any = None
    chain: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The line in the schema of a report."""
        return {
            "line": self.line,
            "text": self.text,
            "read_as": self.read_as,
            "verdict": self.verdict,
            "counterexample": self.counterexample.to_json() if self.counterexample else None,
            "suggestion": (
                {"text": self.suggestion.text, "slip": self.suggestion.slip}
                if self.suggestion
                else None
            ),
        }


@dataclass(frozen=True)
class Report:
    """A derivation, line by line.

    It shows itself: ``print`` and ``str`` as plain text, in rich as a table, in a notebook typeset.
    """

    problem: Problem
    lines: tuple[Line, ...]
    assumed: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()

    @property
    def first_wrong(self) -> int | None:
        """The number of the first line that is refuted, or None."""
        return next((line.line for line in self.lines if line.verdict == "refuted"), None)

    @property
    def status(self) -> int:
        """The command's exit status: 2 nothing readable, 1 refuted, 3 open or unread, else 0."""
        verdicts = [line.verdict for line in self.lines]
        if all(v == "unread" for v in verdicts):
            return 2
        if "refuted" in verdicts:
            return 1
        return 3 if "open" in verdicts or "unread" in verdicts else 0

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON data."""
        out: dict[str, Any] = {
            "schema": SCHEMA,
            "lines": [line.to_dict() for line in self.lines],
            "first_wrong": self.first_wrong,
        }
        if self.assumed:
            out["assumed"] = list(self.assumed)
        if self.guesses:
            out["guesses"] = list(self.guesses)
        return out

    def to_json(self) -> str:
        """The report as JSON text, by the schema ``derivation-check/1``."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"

    def to_text(self, *, detail: str = "normal", width: int = 80) -> str:
        """The report as plain text."""
        from derivation.printers import findings

        return findings.text(self.findings(detail), width=width)

    def to_html(self, *, detail: str = "normal") -> str:
        """The report as a page in one file."""
        from derivation.printers import findings

        return findings.html(self.findings(detail))

    def findings(self, detail: str = "normal") -> Any:
        """The report as neutral blocks for the printers."""
        from derivation.checking.blocks import findings

        return findings(self, detail)

    def __str__(self) -> str:
        return self.to_text()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        from derivation.printers import findings

        unicode = not options.ascii_only
        yield from findings.renderables(self.findings(), unicode=unicode)

    def _repr_html_(self) -> str:
        from derivation.printers import findings

        return findings.fragment(self.findings())
