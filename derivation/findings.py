"""A checked derivation as neutral blocks: what printers need to show a report, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from derivation.document import Formula
from derivation.document import Line as SettingLine
from derivation.steps import Prose
from derivation.terms import Term

MARKS = {"proved": "✓", "refuted": "✗", "open": "?", "unread": "—"}


@dataclass(frozen=True)
class Finding:
    """One line of a person's derivation as it is shown.

    Attributes:
        line: Its number, or None for a claimed result.
        source: As it was written.
        formula: As it was understood; None if it was not.
        condition: Where it is said to hold, or None.
        verdict: ``proved``, ``refuted``, ``open`` or ``unread``.
        remarks: What there is to say of it, a sentence each.
        moves: The moves of its proof, where they are to be shown: a title and a formula each.
    """

    line: int | None
    source: str
    formula: Formula | None
    condition: Term | None
    verdict: str
    remarks: tuple[Prose, ...] = ()
    moves: tuple[tuple[Prose, Formula], ...] = ()


@dataclass(frozen=True)
class Findings:
    """A whole report: what was understood, the lines, and what it comes to.

    Attributes:
        title: Of the problem.
        setting: Definitions and givens.
        goal: The derivative that the first line is compared with, or None.
        findings: The lines.
        summary: What it comes to.
        assumed: What was assumed in reading it.
        guesses: What may be meant and is not said.
    """

    title: str
    setting: tuple[SettingLine, ...]
    goal: Term | None
    findings: tuple[Finding, ...]
    summary: Prose
    assumed: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
