"""Identities of arithmetic, decided by exact normal form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from derivation.errors import RuleRefused
from derivation.normal import difference_vanishes
from derivation.rules.registry import rule
from derivation.terms import ZERO, AllOf, AnyOf, Every, Relation
from derivation.theory import Theory


def operators(condition: Any) -> set[str]:
    """How a condition of ``normal`` compares with zero."""
    if isinstance(condition, Relation):
        return {condition.op} if condition.right == ZERO else set()
    if isinstance(condition, Every):
        return operators(condition.body)
    if isinstance(condition, (AnyOf, AllOf)):
        return operators(condition.args[-1])
    return set()


def _decide(lhs: Any, rhs: Any, allowed: set[str]) -> Iterable[Any]:
    conditions = difference_vanishes(lhs, rhs)
    if conditions is None:
        raise RuleRefused(f"not equal by algebra: {lhs} and {rhs}")
    if any(operators(c) - allowed for c in conditions):
        raise RuleRefused("the two sides are equal only under further conditions")
    return conditions


@rule(
    "ring",
    "algebra",
    "Rearrange",
    r"(a + b)\,c = a c + b c,\quad a + b = b + a,\ \dots",
    valid=(
        "a*(b + 1) - a -> a*b",
        "sum(y[i]*(a + 1) for i in K) -> sum(a*y[k] + y[k] for k in K)",
        "a*a**K -> a**(K + 1)",
    ),
    refuses=(
        "a*b -> a + b",
        "a/a -> 1",
        "sum(y[i] for i in K) -> y[j]",
        "a*a**(K - 2) -> a**(K - 1)",
    ),
    lemma="ring",
)
def ring(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Equal as polynomials in their atoms, unconditionally."""
    return _decide(lhs, rhs, set())


@rule(
    "field",
    "algebra",
    "Cancel",
    r"\frac{a b}{b} = a,\quad \frac{a}{c} + \frac{b}{c} = \frac{a + b}{c}",
    needs=("every denominator that is cleared or cancelled != 0",),
    valid=(
        "a*b/b -> a",
        "a**K/a -> a**(K - 1)",
        "1/(1 + exp(z[j])) + exp(z[j])/(1 + exp(z[j])) -> 1",
    ),
    refuses=("a/b -> b/a", "sqrt(a)*sqrt(a) -> a", "a**b/a -> a**(b - 1)"),
    broken_at="a*b/b -> a @ b=0",
    lemma="field",
)
def field(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Equal as rational functions in their atoms, where the denominators do not vanish."""
    return _decide(lhs, rhs, {"!="})


@rule(
    "powers",
    "algebra",
    "Laws of powers",
    r"x^a x^b = x^{a+b},\quad (x^a)^b = x^{a b}",
    needs=("bases of powers with other than whole exponents > 0 (>= 0 for positive numbers)",),
    valid=("a**b*a**(1 - b) -> a", "sqrt(a)*sqrt(a) -> a"),
    refuses=("a**b*b**a -> (a*b)**(a + b)",),
    broken_at="sqrt(a)*sqrt(a) -> a @ a=-1",
    lemma="alg",
)
def powers(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Equal by the laws of powers and of fractions."""
    return _decide(lhs, rhs, {"!=", ">", ">="})
