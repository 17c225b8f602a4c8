"""Deltas and distinctions of cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from derivation.errors import RuleRefused
from derivation.normal import difference_vanishes, guarded, normal, oriented, text
from derivation.rules.registry import as_argument, refuse, rewriting, rule
from derivation.terms import (
    MIRROR,
    ONE,
    ZERO,
    Condition,
    Diff,
    IfElse,
    KroneckerDelta,
    Mul,
    Partial,
    Reduction,
    Relation,
    add,
    conjuncts,
    free_indices,
    if_else,
    is_about_values,
    mul,
    neg,
    negate,
    rebuild,
    relation,
    substitute,
)
from derivation.theory import Theory

Result = tuple[Any, Iterable[Any]]


@rewriting(
    "by-cases",
    "cases",
    "Distinguish two cases",
    r"f = (f \text{ if } c \text{ else } f)",
    valid=(),
    refuses=("y[i] -> y[j] if i == j else y[i]",),
    lemma="cases",
)
def by_cases(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Whatever the condition, either it holds or it does not."""
    c = as_argument(args, "condition")
    refuse(isinstance(c, Condition), "not a condition")
    return if_else(c, t, t), ()


@rewriting(
    "same-in-both",
    "cases",
    "The same in both cases",
    r"(f \text{ if } c \text{ else } f) = f",
    valid=("(y[j] if i == j else y[j]) -> y[j]",),
    refuses=("(y[i] if i == j else y[j]) -> y[i]",),
    lemma="cases",
)
def same_in_both(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """A distinction that makes no difference."""
    refuse(isinstance(t, IfElse), "no distinction of cases")
    needs = difference_vanishes(t.args[1], t.args[2])
    if needs is None:
        raise RuleRefused("the cases differ")
    elsewhere = negate(t.args[0])  # where the condition holds there is nothing to show
    return t.args[1], [_in_case(c, elsewhere) for c in needs]


def _in_case(need: Any, where: Any) -> Any:
    """What is needed in one case only, if the case says anything about it."""
    said = is_about_values(where) or free_indices(need) & free_indices(where)
    return guarded(need, where) if said else need


@rewriting(
    "case-holds",
    "cases",
    "In this case",
    r"(f \text{ if } c \text{ else } g) = f \text{ where } c",
    needs=("the condition holds",),
    valid=("(y[i] if j == j else z[i]) -> y[i]",),
    refuses=("(y[i] if i == j else z[i]) -> z[i]",),
    lemma="cases",
)
def case_holds(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """The first case, where its condition holds."""
    refuse(isinstance(t, IfElse), "no distinction of cases")
    return t.args[1], (t.args[0],)


@rewriting(
    "case-fails",
    "cases",
    "In the other case",
    r"(f \text{ if } c \text{ else } g) = g \text{ where not } c",
    needs=("the condition does not hold",),
    valid=("(y[i] if j != j else z[i]) -> z[i]",),
    refuses=("(y[i] if i == j else z[i]) -> y[i]",),
    lemma="cases",
)
def case_fails(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """The second case, where the condition does not hold."""
    refuse(isinstance(t, IfElse), "no distinction of cases")
    return t.args[2], (negate(t.args[0]),)


@rewriting(
    "delta-equal",
    "cases",
    "Equal indices",
    r"\delta_{ij} = 1 \text{ if } i = j",
    needs=("i == j",),
    valid=("delta(j, j) -> 1",),
    refuses=("delta(i, j) -> 0",),
    lemma="cases",
)
def delta_equal(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """A delta is 1 where its indices are equal."""
    refuse(isinstance(t, KroneckerDelta), "not a delta")
    return ONE, (relation("==", *t.args),)


@rewriting(
    "delta-unequal",
    "cases",
    "Different indices",
    r"\delta_{ij} = 0 \text{ if } i \neq j",
    needs=("i != j",),
    valid=("delta(1, 2) -> 0",),
    refuses=("delta(i, j) -> 1",),
    lemma="cases",
)
def delta_unequal(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """A delta is 0 where its indices differ."""
    refuse(isinstance(t, KroneckerDelta), "not a delta")
    return ZERO, (relation("!=", *t.args),)


@rewriting(
    "delta-cases",
    "cases",
    "A delta is two cases",
    r"\delta_{ij} = (1 \text{ if } i = j \text{ else } 0)",
    valid=("delta(i, j) -> 1 if i == j else 0",),
    refuses=("delta(i, j) -> 1 if i != j else 0",),
    lemma="cases",
)
def delta_cases(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """What a delta means."""
    refuse(isinstance(t, KroneckerDelta), "not a delta")
    return if_else(relation("==", *t.args), ONE, ZERO), ()


@rewriting(
    "equal-index",
    "cases",
    "Put in the equal index",
    r"f_i = f_j \text{ if } i = j",
    needs=("i == j",),
    valid=(),
    refuses=("y[i] -> y[j]",),
    lemma="cases",
)
def equal_index(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Where two indices are equal, either may stand for the other."""
    i, j = as_argument(args, "index"), as_argument(args, "value")
    within = theory.range_needs(j, i.size) if i in free_indices(t) else None
    if within is None:
        raise RuleRefused("not an index of the term")
    return substitute(t, {i: j}), (relation("==", i, j), *within)


@rule(
    "delta-substitutes",
    "cases",
    "A delta identifies its indices",
    r"f_i\, \delta_{ij} = f_j\, \delta_{ij}",
    valid=("y[i]*delta(i, j) -> y[j]*delta(i, j)", "delta(i, j)*delta(i, j) -> delta(i, j)"),
    refuses=("y[i]*delta(i, j) -> z[j]*delta(i, j)", "y[i]*delta(i, j) -> y[j]"),
    lemma="cases",
)
def delta_substitutes(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Beside a delta, one of its indices may stand for the other."""
    factors = lhs.args if isinstance(lhs, Mul) else (lhs,)
    for f in factors:
        if not isinstance(f, KroneckerDelta):
            continue
        rest = list(factors)
        rest.remove(f)
        i, j = f.args
        for a, b in ((i, j), (j, i)):
            if not hasattr(a, "size"):
                continue
            for other in rhs.args if isinstance(rhs, Mul) else (rhs,):
                if not isinstance(other, KroneckerDelta) or set(other.args) != {i, j}:
                    continue
                left = list(rhs.args if isinstance(rhs, Mul) else (rhs,))
                left.remove(other)
                one, two = (substitute(mul(*x), {a: b}) for x in (rest, left))
                needs = difference_vanishes(one, two)
                if needs is not None:
                    return needs
    raise RuleRefused("the two sides differ where the indices agree")


@rule(
    "case-lift",
    "cases",
    "Distribute over the cases",
    r"h(f \text{ if } c \text{ else } g) = h(f) \text{ if } c \text{ else } h(g)",
    valid=(
        "a*(y[i] if i == j else z[i]) -> a*y[i] if i == j else a*z[i]",
        "(y[i] if i == j else 0) -> y[i] if j == i else 0",
    ),
    refuses=("a*(y[i] if i == j else z[i]) -> a*y[i] if i != j else a*z[i]",),
    lemma="cases",
)
def case_lift(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Whatever is done to a distinction of cases may be done in each case (either way round).

    Every distinction by one condition (or its opposite) outside binders and derivatives is
    resolved on both sides, once as if it held and once as if it did not; the results must agree.
    """
    for c in sorted(_conditions(lhs) | _conditions(rhs), key=text):
        needs: list[Any] = []
        for holds in (True, False):
            a, b = (_resolved(t, c, holds) for t in (lhs, rhs))
            found = difference_vanishes(a, b)
            if found is None:
                break
            needs.extend(_in_case(need, c if holds else negate(c)) for need in found)
        else:
            return needs
    raise RuleRefused("the two sides differ in some case")


@rule(
    "same-condition",
    "cases",
    "The same condition",
    r"a - b > 0 \iff a > b",
    valid=(
        "(y[i] if 1 - a > 0 else 0) -> y[i] if a < 1 else 0",
        "sum(y[k] for k in K if z[k] - a > 0) -> sum(y[k] for k in K if a < z[k])",
        "(y[i] if 2*a - 2*b != 0 else 0) -> y[i] if b != a else 0",
    ),
    refuses=(
        "(y[i] if 1 - a > 0 else 0) -> y[i] if a > 1 else 0",
        "(y[i] if a*b > 0 else 0) -> y[i] if a > 0 else 0",
        "(y[i] if a > 0 else 0) -> y[i] if a >= 0 else 0",
        "sum(y[k] for k in K if z[k] - a > 0) -> sum(z[k] for k in K if a < z[k])",
    ),
    lemma="compare",
)
def same_condition(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Terms of a comparison may change sides, and both sides be multiplied by a positive number."""
    refuse(type(lhs) is type(rhs), "not alike")
    if isinstance(lhs, IfElse):
        refuse(lhs.args[1:] == rhs.args[1:], "other cases")
        one, two = lhs.args[0], rhs.args[0]
    else:
        refuse(isinstance(lhs, Reduction), "no condition")
        refuse(lhs.body == rhs.body and lhs.index == rhs.index, "other terms")
        one, two = lhs.guard, rhs.guard
    parts, others = conjuncts(one), conjuncts(two)
    refuse(len(parts) == len(others) and all(map(says_the_same, parts, others)), "other conditions")
    return ()


def says_the_same(c: Any, d: Any) -> bool:
    """Whether two conditions hold at the same points, unconditionally."""
    if oriented(c) == oriented(d):
        return True
    if not (isinstance(c, Relation) and isinstance(d, Relation)):
        return False
    (p, needs), (q, more) = (normal(add(r.left, neg(r.right))) for r in (c, d))
    if needs or more or set(p) != set(q):
        return False
    ratios = {Fraction(q[m]) / Fraction(p[m]) for m in p}
    if len(ratios) != 1:
        return False
    return bool(d.op == (c.op if ratios.pop() > 0 else MIRROR[c.op]))


def _conditions(t: Any) -> set[Any]:
    """The conditions that the term distinguishes, outside binders and derivatives, oriented."""
    if isinstance(t, (Reduction, Diff, Partial)):
        return set()
    out = {oriented(t.args[0])} if isinstance(t, IfElse) else set()
    for a in t.args[1:] if isinstance(t, IfElse) else t.args:
        out |= _conditions(a)
    return out


def _resolved(t: Any, condition: Any, holds: bool) -> Any:
    """The term where an oriented condition holds or does not."""
    if isinstance(t, (Reduction, Diff, Partial, Condition)):
        return t
    if isinstance(t, IfElse):
        if oriented(t.args[0]) == condition:
            return _resolved(t.args[1 if holds else 2], condition, holds)
        if oriented(negate(t.args[0])) == condition:
            return _resolved(t.args[2 if holds else 1], condition, holds)
        branches = [_resolved(a, condition, holds) for a in t.args[1:]]
        return if_else(t.args[0], *branches)
    return rebuild(t, tuple(_resolved(a, condition, holds) for a in t.args))
