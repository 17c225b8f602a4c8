"""Results that would say nothing: true only where nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sympy import KroneckerDelta, Pow, zoo

from derivation.engine.arithmetic import same
from derivation.errors import NotDerived
from derivation.kernel import Theorem
from derivation.language import write_condition
from derivation.normal import text
from derivation.problem import Definition, Problem
from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    AnyOf,
    Every,
    Index,
    Relation,
    SumOver,
    Term,
    conjuncts,
    is_number,
    subterms,
    value_of,
)
from derivation.theory import Theory


def refuse_vacuous(
    theorem: Theorem,
    problem: Problem,
    introduced: Iterable[Definition],
    friendly: Callable[[Any], Any],
) -> None:
    """Refuse a theorem whose hypotheses cannot all hold, or whose right side has no value.

    Args:
        theorem: What was derived.
        problem: Its problem, whose givens hold besides.
        introduced: The definitions that the derivation added.
        friendly: Writes a condition in a reader's letters.

    Raises:
        NotDerived: The theorem would hold of nothing.
    """
    if any(map(_never_holds, theorem.hypotheses)) or any(map(_is_infinite, subterms(theorem.rhs))):
        raise NotDerived("the derivative exists nowhere")
    theory = Theory(problem)
    for definition in introduced:
        theory.define(definition)
    excluded = theory.excluded(sorted(theorem.hypotheses, key=text))
    if excluded is not None:
        needed = write_condition(friendly(excluded))
        raise NotDerived(f"it would need {needed}, which the rest of the problem excludes")


def contradiction(problem: Problem) -> Term | None:
    """A given that the others exclude, or that no value meets, as far as signs tell; else None.

    Bounds on one and the same term are compared when the problem is read.
    """
    return Theory(problem).excluded(problem.givens)


def _never_holds(h: Any) -> bool:
    if isinstance(h, Every):
        return h.guard == TRUE and _never_holds(h.body)
    if isinstance(h, AnyOf):
        return all(map(_never_holds, h.args))
    if not isinstance(h, Relation) or h.op not in ("!=", "<", ">"):
        return False
    if h.op == ">" and h.right == ZERO and isinstance(h.left, SumOver):
        return any(_excludes_all(c, h.left.index) for c in conjuncts(h.left.guard))
    return isinstance(h.left, KroneckerDelta) or same(h.left, h.right)


def _excludes_all(c: Any, i: Any) -> bool:
    """Whether no place of i meets a guard for some value of the other letter: none is below 1, or
    below each of the others."""
    if not isinstance(c, Relation) or c.op not in ("<", ">"):
        return False
    low, high = (c.left, c.right) if c.op == "<" else (c.right, c.left)
    if low == i:
        return high == ONE or (isinstance(high, Index) and high.size == i.size)
    return high == i and isinstance(low, Index) and bool(low.size == i.size)


def _is_infinite(t: Term) -> bool:
    """Whether the term is 1/0, which has no value anywhere."""
    if isinstance(t, Pow) and t.args[0] == ZERO:
        return bool(is_number(t.args[1]) and value_of(t.args[1]) < 0)
    return bool(t == zoo)
