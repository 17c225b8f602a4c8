"""The untrusted engine: plans derivations, which the kernel then proves step by step."""

from __future__ import annotations

from derivation.engine.planner import Planner
from derivation.problem import Problem
from derivation.steps import Outcome
from derivation.terms import Term


def derive_outcome(
    problem: Problem, wrt: tuple[Term, ...], *, style: str = "delta", inline: bool = False
) -> Outcome:
    """Derives the derivative of the problem's objective by one variable (or two in turn)."""
    return Planner(problem, style, inline).derive(problem.objective, wrt)


__all__ = ["derive_outcome"]
