"""The untrusted engine: plans derivations, which the kernel then proves step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from derivation.engine.cost import cost
from derivation.engine.known import Theorem
from derivation.engine.planner import Planner, TooLong
from derivation.problem import Problem
from derivation.steps import Outcome
from derivation.terms import Term, collector_at_rest

Wrt = tuple[Term, ...]
LONG_RESULT = 60  # nodes


Theorems = Callable[[], Sequence[Theorem]]


def derive_outcome(
    problem: Problem,
    wrt: Wrt,
    *,
    style: str = "delta",
    inline: bool = False,
    known: Theorems = tuple,
) -> Outcome:
    """Derives the derivative of the problem's objective by one variable (or two in turn)."""
    return derive_together(problem, (wrt,), style=style, inline=inline, known=known)[0]


def derive_together(
    problem: Problem,
    variables: Sequence[Wrt],
    *,
    style: str = "delta",
    inline: bool = False,
    known: Theorems = tuple,
) -> tuple[Outcome, ...]:
    """Derives several gradients with shared lemmas: what one has proved, the next ones cite.

    Their steps are numbered through. Adjoints get names where that makes the whole shorter. A
    lemma that is an instance of one of the ``known`` theorems says so.
    """
    with collector_at_rest():
        return _derive_together(problem, variables, style, inline, known)


def _derive_together(
    problem: Problem, variables: Sequence[Wrt], style: str, inline: bool, known: Theorems
) -> tuple[Outcome, ...]:
    planner = Planner(problem, style, inline, known=known)
    try:
        written_out = _derived(planner, variables)
    except TooLong:
        return _derived(Planner(problem, style, naming=True, known=known), variables)
    if any(o.result is None and len(o.wrt) == 2 for o in written_out):
        # the first derivative rests on what the second does not keep: once more, as written
        again = Planner(problem, style, inline=True, known=known, careful=True)
        careful = _derived(again, variables)
        if all(o.result is not None for o in careful):
            return careful
    if planner.gathers():
        with suppress(TooLong):
            other = _derived(Planner(problem, style, inline, known=known, forward=True), variables)
            written_out = min(other, written_out, key=_length)
    if inline or all(o.result is None or cost(o.result) < LONG_RESULT for o in written_out):
        return written_out
    named = _derived(Planner(problem, style, naming=True, known=known), variables)
    return min(written_out, named, key=_length)


def theorem(problem: Problem, result: Term) -> Theorem:
    """A problem with the result that others may cite it by."""

    def adjoint() -> Term:
        return Planner(problem).adjoint(stated.between.name)

    stated = Theorem(problem.name or "", problem, result, adjoint)
    return stated


def _derived(planner: Planner, variables: Sequence[Wrt]) -> tuple[Outcome, ...]:
    return tuple(planner.derive(planner.problem.objective, wrt) for wrt in variables)


def _length(outcomes: Sequence[Outcome]) -> float:
    """Nodes of the results and, once each, of everything that they introduced."""
    if any(o.result is None for o in outcomes):
        return float("inf")
    introduced = {d.name: d.body for o in outcomes for d in o.introduced}
    return sum(map(cost, (*(o.result for o in outcomes if o.result), *introduced.values())))


__all__ = ["Theorem", "derive_outcome", "derive_together", "theorem"]
