"""The neutral blocks of a document: terms and prose, never typeset text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from derivation.problem import Definition, Problem
from derivation.steps import Checked, Outcome, Prose
from derivation.terms import (
    Path,
    Relation,
    Term,
)

if TYPE_CHECKING:
    from derivation.matrix import MatrixForm


@dataclass(frozen=True)
class Formula:
    """``left = right``; without a left side it goes on from the formula before.

    Attributes:
        left: The left side, or None.
        right: The right side.
        marks: Paths into ``right`` of what is new in it.
        op: ``==`` or another of the language's comparisons; "" for a condition that is none.
    """

    left: Term | None
    right: Term
    marks: tuple[Path, ...] = ()
    op: str = "=="


@dataclass(frozen=True)
class Line:
    """A labelled line of the setting: formulas, or prose in parts that may be set apart."""

    label: str
    formulas: tuple[Formula, ...] = ()
    parts: tuple[Prose, ...] = ()
    note: Prose = ()


@dataclass(frozen=True, eq=False, repr=False)
class Entry:
    """One numbered step as it is shown, with everything that the certificate records of it.

    Attributes:
        formula: What is displayed.
        previous: The whole line that a displayed one goes on from, what goes away marked in it.
        changed_before: Paths into ``before`` of what the step replaces.
        changed_after: Paths into ``after`` of what it puts there.
        substeps: Those that are shown at this level of detail.
    """

    number: str
    kind: str
    title: Prose
    why: Prose
    rule: str
    law: str
    formula: Formula
    previous: Formula | None
    before: Term
    after: Term
    path: Path
    direction: str
    args: Mapping[str, str]
    uses: tuple[str, ...]
    conditions: tuple[Term, ...]
    changed_before: tuple[Path, ...]
    changed_after: tuple[Path, ...]
    substeps: tuple[Entry, ...]

    @property
    def heading(self) -> Prose:
        """The title, with the word that others cite it by."""
        word = "Fact" if self.number.startswith("F") else "Lemma"
        if self.kind != "lemma" or self.title == (word,):
            return self.title
        return (f"{word}: ", *self.title)


@dataclass(frozen=True, eq=False, repr=False)
class Document:
    """What a printer shows, top to bottom.

    Attributes:
        title: The problem's title, or one made from what was asked.
        scope: For which sizes ("any K ≥ 1").
        setting: Definitions, givens, facts and the reading of the problem.
        facts: The proved facts of the setting, with their substeps where they are shown.
        entries: The steps.
        goal: The derivative asked for.
        result: Its final form, or None.
        reached: The last term of the chain (the result, or where the derivation stopped).
        reason: Why there is no result, else None.
        introduced: Definitions of names that the derivation brought in.
        given: The givens that were used.
        conditions: What the result needs besides.
        domain: What holds wherever the objective is defined.
        assumed: What the proof may have used without deriving it.
        total: Number of top-level steps, shown or not.
        last: The number of the last of them.
        checked: What the oracle tried.
        direct: Derivatives with the other names held fixed that would look like a full one here.
        problem, objective, wrt, style: What was asked.
        outcome: The derivation itself.
    """

    title: Prose
    scope: Prose
    setting: tuple[Line, ...]
    facts: tuple[Entry, ...]
    entries: tuple[Entry, ...]
    goal: Term
    result: Term | None
    reached: Term | None
    reason: str | None
    introduced: tuple[Definition, ...]
    given: tuple[Term, ...]
    conditions: tuple[Term, ...]
    domain: tuple[Term, ...]
    assumed: tuple[Term, ...]
    total: int
    last: str
    checked: Checked
    direct: frozenset[Term]
    problem: Problem
    objective: Term
    wrt: tuple[Term, ...]
    style: str
    outcome: Outcome

    @property
    def status(self) -> str:
        return "derived" if self.result is not None else "not-derived"

    @cached_property
    def matrix(self) -> MatrixForm | None:
        """The result in matrices, where there is such a form; found when it is first wanted."""
        if self.result is None:
            return None
        from derivation.matrix import matrix_form

        return matrix_form(self.outcome)


def condition_formula(c: Term) -> Formula:
    """A condition as something to display: a relation's two sides, anything else alone."""
    if isinstance(c, Relation):
        return Formula(c.left, c.right, op=c.op)
    return Formula(None, c, op="")
