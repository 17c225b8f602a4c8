"""What a derivation is, for every consumer: steps with reasons, a result, what was assumed.

Prose (titles and reasons) is a tuple of plain strings and terms, so that each printer sets the
mathematics in its own way: ``("all terms but ", i, " = ", j, " vanish")``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from derivation.problem import Definition, Problem
from derivation.terms import Indexed, Path, Term, name_of, symbol

Prose = tuple[Any, ...]  # str | Term pieces


@dataclass(frozen=True)
class Placed:
    """A kernel move and where it is made.

    Attributes:
        move: The engine's move (``before``, ``after``, rule, arguments), in its own letters.
        line: The whole line before it, in a reader's letters.
        path: The place in the line.
        shown: The letters bound above the place: the move's own, and what the line calls them.
    """

    move: Any
    line: Any
    path: Path
    shown: Mapping[Any, Any]


@dataclass(frozen=True)
class Step:
    """One numbered step: ``before = after``, with its reason and the kernel moves that prove it.

    Attributes:
        number: "3"; a substep is "3.1". Facts shown in the header are "F1", "F2".
        kind: "chain" (its ``before`` is the last chain step's ``after``) or "lemma".
        title: A short name ("Chain rule").
        rule: Id of a registered rule, or the name of the composite idea for a step with substeps.
        law: The law as LaTeX, "" where the step is a composite of several.
        why: One sentence.
        path: Child indices of what changed in ``before``, in the language's syntax tree, which is
            the term tree (``derivation.terms``).
        direction: "lr", or "rl" if the rule was used from right to left.
        args: Arguments of the rule as text of the language.
        uses: Numbers of the lemmas and facts cited.
        conditions: Side conditions that the step consumed and did not discharge.
        domain: Those of them that hold wherever the objective is defined: said once, at the end.
        substeps: The moves it is made of (kernel moves are leaves).
        level: 0 always shown (outline), 1 shown at normal, 2 only at full.
        placed: The move itself, for the certificate; None for a composite.
    """

    number: str
    kind: str
    title: Prose
    rule: str
    why: Prose
    before: Term
    after: Term
    law: str = ""
    path: Path = ()
    direction: str = "lr"
    args: Mapping[str, str] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    conditions: tuple[Term, ...] = ()
    domain: tuple[Term, ...] = ()
    substeps: tuple[Step, ...] = ()
    level: int = 1
    placed: Placed | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Checked:
    """What the oracle tried: sizes, total number of points, reasons for what was skipped.

    ``settings`` are the points themselves, for whoever needs one that meets the givens.
    """

    sizes: tuple[Mapping[str, int], ...] = ()
    points: int = 0
    skipped: tuple[str, ...] = ()
    settings: tuple[Any, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class Outcome:
    """A finished (or stopped) derivation, as the engine hands it over.

    Attributes:
        problem: What was asked.
        objective: The element differentiated.
        wrt: One variable, or two for a second derivative.
        style: "cases" or "delta".
        result: The final term, or None if not derived.
        reason: Why not, else None.
        introduced: Definitions of names that the derivation brought in.
        given: The givens that were used.
        conditions: Remaining conditions (``Relation`` terms, free indices meaning "every").
        domain: Conditions that hold wherever the objective is defined and differentiable.
        assumed: What the proof may use without deriving it; where it does, it is among the
            conditions or the domain.
        facts: Header facts, each a proved lemma (Σ ŷ = 1), numbered "F1" …
        steps: Lemmas and chain steps in order.
        checked: What the oracle confirmed.
        shared: Numbers of those lemmas among ``steps`` that an earlier gradient of the same
            problem has proved already.
        certificate: The certificate by which the checker has accepted it; without one it is not
            proved.
    """

    problem: Problem
    objective: Term
    wrt: tuple[Term, ...]
    style: str
    result: Term | None
    reason: str | None = None
    introduced: tuple[Definition, ...] = ()
    given: tuple[Term, ...] = ()
    conditions: tuple[Term, ...] = ()
    domain: tuple[Term, ...] = ()
    assumed: tuple[Term, ...] = ()
    facts: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    checked: Checked = Checked()
    shared: frozenset[str] = frozenset()
    certificate: Any = field(default=None, compare=False, repr=False)

    @property
    def status(self) -> str:
        return "derived" if self.result is not None else "not-derived"


def cited(numbers: Sequence[str]) -> str:
    """How lemmas and facts are cited in a sentence, by their numbers.

    >>> cited(("3", "1", "F2"))
    'lemmas 3 and 1 and fact F2'
    """
    lemmas = [n for n in numbers if not n.startswith("F")]
    facts = [n for n in numbers if n.startswith("F")]
    parts = []
    for kind, found in (("lemma", lemmas), ("fact", facts)):
        if len(found) == 1:
            parts.append(f"{kind} {found[0]}")
        elif found:
            parts.append(f"{kind}s {', '.join(found[:-1])} and {found[-1]}")
    return " and ".join(parts)


def listed(items: Sequence[Any]) -> list[Any]:
    """Prose with the items in a row, commas between them."""
    out: list[Any] = []
    for item in items:
        out += [", ", item] if out else [item]
    return out


def title_of(outcome: Outcome, among: bool) -> Prose:
    """The problem's title, or one made from what was asked."""
    if outcome.problem.title:
        return (outcome.problem.title, *((", by ", *listed(outcome.wrt)) if among else ()))
    objective, names = outcome.objective, [symbol(name_of(v)) for v in outcome.wrt]
    if len(names) > 1:
        if len(set(names)) == 1:
            return ("Hessian of ", objective, " by ", names[0])
        return ("Second derivative of ", objective, " by ", names[0], " and ", names[1])
    kind = "Jacobian" if isinstance(objective, Indexed) else "Gradient"
    return (f"{kind} of ", symbol(name_of(objective)), " by ", names[0])
