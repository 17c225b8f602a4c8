"""The untrusted engine: plans derivations, which the kernel then proves step by step."""

from __future__ import annotations

from derivation.engine.cost import cost
from derivation.engine.planner import Planner, TooLong
from derivation.problem import Problem
from derivation.steps import Outcome
from derivation.terms import Term


def derive_outcome(
    problem: Problem, wrt: tuple[Term, ...], *, style: str = "delta", inline: bool = False
) -> Outcome:
    """Derives the derivative of the problem's objective by one variable (or two in turn)."""
    try:
        written_out = Planner(problem, style, inline).derive(problem.objective, wrt)
    except TooLong:
        return Planner(problem, style, naming=True).derive(problem.objective, wrt)
    if inline or written_out.result is None or cost(written_out.result) < LONG_RESULT:
        return written_out
    named = Planner(problem, style, naming=True).derive(problem.objective, wrt)
    return min(written_out, named, key=_length)


LONG_RESULT = 60  # nodes


def _length(outcome: Outcome) -> float:
    """Nodes of the result and of everything that it introduced."""
    if outcome.result is None:
        return float("inf")
    return cost(outcome.result) + sum(cost(d.body) for d in outcome.introduced)


__all__ = ["derive_outcome"]
