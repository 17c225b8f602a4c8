"""Finite sums and products over a symbolic size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy

from derivation.errors import RuleRefused
from derivation.matching import entails
from derivation.normal import Conditions, difference_vanishes, guarded, oriented
from derivation.rules.registry import refuse, rewriting, rule
from derivation.terms import (
    TRUE,
    ZERO,
    Add,
    IfElse,
    KroneckerDelta,
    MaxOver,
    MinOver,
    Mul,
    ProductOver,
    Relation,
    SumOver,
    add,
    all_of,
    conjuncts,
    every,
    free_indices,
    if_else,
    inverse,
    log,
    mul,
    negate,
    power,
    reduction,
    relation,
    substitute,
    sum_over,
)
from derivation.theory import Theory

Result = tuple[Any, Iterable[Any]]


def _a_sum(t: Any) -> Any:
    refuse(isinstance(t, SumOver), "not an indexed sum")
    return t


def _in_letter(i: Any, t: Any, kind: Any = SumOver) -> tuple[Any, Any]:
    """Body and guard of a reduction over the size of ``i``, in that letter."""
    refuse(isinstance(t, kind) and t.index.size == i.size, "they run over different sizes")
    refuse(i not in free_indices(t), "the letter of one is free in the other")
    swap = {t.index: i}
    return substitute(t.body, swap), substitute(t.guard, swap)


def _aligned(a: Any, b: Any, kind: Any = SumOver) -> Any:
    """b's body in a's letter, where both run over the same size under the same guard."""
    body, guard = _in_letter(a.index, b, kind)
    refuse(oriented(guard) == oriented(a.guard), "they have different conditions")
    return body


def _equal(a: Any, b: Any, message: str) -> Conditions:
    needs = difference_vanishes(a, b)
    if needs is None:
        raise RuleRefused(message)
    return needs


def _place(c: Any, op: str, i: Any) -> list[Any]:
    """The j of a condition ``i op j``, written either way round; nothing if it is no such one."""
    if not isinstance(c, Relation) or c.op != op or i not in (c.left, c.right):
        return []
    j = c.right if c.left == i else c.left
    return [] if i in free_indices(j) else [j]


@rule(
    "sum-add",
    "sums",
    "Sum of a sum",
    r"\sum_k (f_k + g_k) = \sum_k f_k + \sum_k g_k",
    valid=("sum(y[k] + z[k] for k in K) -> sum(y[k] for k in K) + sum(z[i] for i in K)",),
    refuses=("sum(y[k]*z[k] for k in K) -> sum(y[k] for k in K)*sum(z[k] for k in K)",),
    lemma="sum_plus",
)
def sum_add(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """One sum is the sum of several over the same range."""
    _a_sum(lhs)
    parts = rhs.args if isinstance(rhs, Add) else (rhs,)
    total = add(*[_aligned(lhs, part) for part in parts])
    return _under(lhs, _equal(lhs.body, total, "the terms do not add up"))


def _under(t: Any, conditions: Iterable[Any]) -> list[Any]:
    return [
        every(guarded(c, t.guard), t.index) if free_indices(c) else every(c, t.index, t.guard)
        for c in conditions
    ]


@rule(
    "sum-factor",
    "sums",
    "Take out of the sum",
    r"\sum_k c\, f_k = c \sum_k f_k",
    valid=(
        "sum(a*y[k] for k in K) -> a*sum(y[k] for k in K)",
        "sum(y[k]/sum(z[i] for i in K) for k in K) -> sum(y[k] for k in K)/sum(z[i] for i in K)",
    ),
    refuses=("sum(y[k]*z[k] for k in K) -> y[k]*sum(z[k] for k in K)",),
    lemma="sum_scal",
)
def sum_factor(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """What does not depend on the summation index leaves the sum."""
    return factored(lhs, rhs)[2]


def factored(lhs: Any, rhs: Any) -> tuple[Any, Any, list[Any]]:
    """``rhs`` as what stands before a sum and the body of that sum in the letter of ``lhs``, and
    the conditions under which ``lhs`` is their product; RuleRefused if it is not."""
    _a_sum(lhs)
    factors = rhs.args if isinstance(rhs, Mul) else (rhs,)
    for f in factors:
        rest = list(factors)
        rest.remove(f)
        try:
            body = _aligned(lhs, f)
        except RuleRefused:
            continue
        conditions = difference_vanishes(lhs.body, mul(*rest, body))
        if conditions is not None and not any(lhs.index in free_indices(x) for x in rest):
            return mul(*rest), body, _under(lhs, conditions)
    raise RuleRefused("no factor of the right side is the rest of the sum")


@rewriting(
    "sum-constant",
    "sums",
    "Sum of a constant",
    r"\sum_{k=1}^{K} c = K c",
    valid=("sum(a for k in K) -> K*a",),
    refuses=("sum(a for k in K if k != j) -> K*a",),
    lemma="sum_const",
)
def sum_constant(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """A term that does not depend on the index, size times."""
    _a_sum(t)
    refuse(t.index not in free_indices(t.body) and t.guard == TRUE, "the terms differ")
    return mul(t.index.size, t.body), ()


@rewriting(
    "sum-zero",
    "sums",
    "Sum of zeros",
    r"\sum_k 0 = 0",
    valid=("sum(0 for k in K if k != j) -> 0",),
    refuses=("sum(1 for k in K if k != j) -> 0",),
    lemma="zeros",
)
def sum_zero(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """Nothing adds up to nothing."""
    _a_sum(t)
    refuse(bool(t.body == ZERO), "not zero")
    return ZERO, ()


@rule(
    "sift-delta",
    "sums",
    "One term survives",
    r"\sum_{k=1}^{K} f_k\, \delta_{kj} = f_j",
    needs=("1 <= j <= K",),
    valid=(
        "sum(exp(z[k])*delta(k, j) for k in K) -> exp(z[j])",
        "sum(y[k]*delta(j, k) for k in K if k != i) -> y[j] if j != i else 0",
    ),
    refuses=("sum(exp(z[k]) for k in K) -> exp(z[j])", "sum(y[k]*delta(k, j) for k in K) -> y[k]"),
    lemma="sum_sift",
)
def sift_delta(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Of a sum against a delta only the term where the indices agree is left."""
    j, _, _, needs = sifted(lhs, rhs)
    within = theory.within(j, lhs.index.size)
    if within is None:
        raise RuleRefused(f"{j} does not run over {lhs.index.size}")
    return [*needs, *within]


def sifted(lhs: Any, rhs: Any) -> tuple[Any, Any, Any, Conditions]:
    """The index that a delta of the sum ``lhs`` leaves, the other factors, the term that is left,
    and the conditions under which that is ``rhs``; RuleRefused if no delta leaves it."""
    _a_sum(lhs)
    i = lhs.index
    factors = lhs.body.args if isinstance(lhs.body, Mul) else (lhs.body,)
    for f in factors:
        if not isinstance(f, KroneckerDelta) or i not in f.args:
            continue
        j = f.args[1] if f.args[0] == i else f.args[0]
        if i in free_indices(j):
            continue
        rest = list(factors)
        rest.remove(f)
        swap = {i: j}
        value = substitute(mul(*rest), swap)
        if lhs.guard != TRUE:
            value = if_else(substitute(lhs.guard, swap), value, ZERO)
        needs = difference_vanishes(value, rhs)
        if needs is not None:
            return j, mul(*rest), value, needs
    raise RuleRefused("no delta of the sum gives the right side")


@rewriting(
    "sum-swap",
    "sums",
    "Exchange the order of summation",
    r"\sum_i \sum_j f_{ij} = \sum_j \sum_i f_{ij}",
    valid=(
        "sum(sum(w[i,k]*y[i] for k in K) for i in K)"
        " -> sum(sum(w[i,k]*y[i] for i in K) for k in K)",
    ),
    refuses=("sum(sum(w[i,k] for k in K) for i in K) -> sum(w[i,i] for i in K)",),
    lemma="sum_swap",
)
def sum_swap(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """The conditions travel with the inner sum."""
    inner = _a_sum(_a_sum(t).body)
    i, j, guard = t.index, inner.index, inner.guard
    outer_guard = [c for c in conjuncts(guard) if i not in free_indices(c)]
    inner_guard = [c for c in conjuncts(guard) if i in free_indices(c)]
    refuse(j.name != i.name, "the two sums use one letter")
    letters = {k.name for k in free_indices(t.guard)}
    refuse(j.name not in letters, "the outer condition mentions the inner letter")
    new_inner = sum_over(inner.body, i, all_of(t.guard, *inner_guard))
    return sum_over(new_inner, j, all_of(*outer_guard)), ()


@rule(
    "split-term",
    "sums",
    "One term apart from the rest",
    r"\sum_k f_k = f_j + \sum_{k \neq j} f_k",
    needs=("1 <= j <= K", "j meets the sum's condition"),
    valid=(
        "sum(y[k] for k in K) -> y[j] + sum(y[k] for k in K if k != j)",
        "sum(w[i,k] for k in K if k != i) + w[i,i] -> sum(w[i,k] for k in K)",
    ),
    refuses=("sum(y[k] for k in K) -> y[j] + sum(y[k] for k in K if k != i)",),
    lemma="sum_apart",
)
def split_term(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Either way: a term set apart, or the missing one put back."""
    return set_apart(theory, lhs, rhs)[1]


def set_apart(theory: Theory, lhs: Any, rhs: Any) -> tuple[Any, list[Any]]:
    """The place whose term stands apart from the rest of a sum, and the conditions; RuleRefused
    if the other side is not a term and the rest of the sum."""
    if isinstance(rhs, SumOver):
        lhs, rhs = rhs, lhs
    _a_sum(lhs)
    refuse(lhs.guard == TRUE, "a sum over every place is split")
    refuse(isinstance(rhs, Add) and len(rhs.args) == 2, "the right side is a term and a sum")
    i = lhs.index
    for rest, single in (rhs.args, rhs.args[::-1]):
        try:
            body, guard = _in_letter(i, rest)
        except RuleRefused:
            continue
        apart = difference_vanishes(lhs.body, body)
        for j in _place(guard, "!=", i):
            together = difference_vanishes(substitute(lhs.body, {i: j}), single)
            within = theory.range_needs(j, i.size)
            if apart is not None and together is not None and within is not None:
                return j, [*_under(lhs, apart), *together, *within]
    raise RuleRefused("not one term and the rest of the same sum")


@rule(
    "sum-cases",
    "sums",
    "Split the sum by the cases",
    r"\sum_k (f_k \text{ if } c_k \text{ else } g_k) = \sum_{k: c_k} f_k + \sum_{k: \neg c_k} g_k",
    valid=(
        "sum((y[k] if k != j else z[k]) for k in K)"
        " -> sum(y[k] for k in K if k != j) + sum(z[k] for k in K if k == j)",
        "sum((y[k] if k != j else 0) for k in K) -> sum(y[k] for k in K if k != j)",
    ),
    refuses=("sum((y[k] if k != j else z[k]) for k in K) -> sum(y[k] for k in K if k != j)",),
    lemma="join_sums",
)
def sum_cases(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Each case is summed over the places where it holds; a zero case is left out."""
    _a_sum(lhs)
    refuse(isinstance(lhs.body, IfElse), "no distinction of cases in the sum")
    condition, a, b = lhs.body.args
    parts = []
    for value, where in ((a, condition), (b, negate(condition))):
        if value != ZERO:
            guard = all_of(*(() if lhs.guard == TRUE else (lhs.guard,)), where)
            parts.append(sum_over(value, lhs.index, guard))
    return _equal(add(*parts), rhs, "not the two cases")


@rule(
    "sum-one-place",
    "sums",
    "A sum over one place",
    r"\sum_{k:\, k = j} f_k = f_j",
    needs=("1 <= j <= K",),
    valid=("sum(y[k] for k in K if k == j) -> y[j]",),
    refuses=("sum(y[k] for k in K if k != j) -> y[j]",),
    lemma="sum_one",
)
def sum_one_place(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """The condition leaves one value of the index."""
    return one_place(theory, lhs, rhs)[1]


def one_place(theory: Theory, lhs: Any, rhs: Any) -> tuple[Any, Conditions]:
    """The place that the condition of the sum ``lhs`` leaves, and the conditions under which the
    term there is ``rhs``; RuleRefused if it is not."""
    _a_sum(lhs)
    i = lhs.index
    for c in conjuncts(lhs.guard):
        others = [g for g in conjuncts(lhs.guard) if g != c]
        for j in _place(c, "==", i):
            value = substitute(lhs.body, {i: j})
            if others:
                value = if_else(substitute(all_of(*others), {i: j}), value, ZERO)
            needs, within = difference_vanishes(value, rhs), theory.range_needs(j, i.size)
            if needs is not None and within is not None:
                return j, needs | within
    raise RuleRefused("the condition does not fix the index")


@rule(
    "sum-guard",
    "sums",
    "The same places",
    r"\sum_{k: c_k} f_k = \sum_{k: d_k} f_k",
    needs=("the places left out have f = 0",),
    valid=(
        "sum(y[k] for k in K if k != j and j != k) -> sum(y[k] for k in K if k != j)",
        "sum(w[k,j] - w[j,k] for k in K if k != j) -> sum(w[k,j] - w[j,k] for k in K)",
    ),
    refuses=("sum(y[k] for k in K if k != j) -> sum(y[k] for k in K)",),
    lemma="join_sums",
)
def sum_guard(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """The condition may change where it says the same, or where the term it leaves out is 0."""
    _a_sum(lhs)
    i = lhs.index
    body, guard = _in_letter(i, rhs)
    needs = _equal(lhs.body, body, "the terms differ")
    for small, large, full in ((lhs.guard, guard, body), (guard, lhs.guard, lhs.body)):
        if not entails(small, large):
            continue
        extra = [c for c in conjuncts(small) if not entails(large, c)]
        if not extra:
            return _under(lhs, needs)
        for j in _place(all_of(*extra), "!=", i):
            gone = difference_vanishes(substitute(full, {i: j}), ZERO)
            if gone is not None:
                return [*_under(lhs, needs), *gone]
    raise RuleRefused("the conditions differ")


@rule(
    "sum-join",
    "sums",
    "Two parts of one sum",
    r"\sum_{k: c_k} f_k + \sum_{k: d_k} f_k = \sum_{k: c_k \vee d_k} f_k",
    needs=("the two conditions exclude each other",),
    valid=(
        "sum(y[k] for k in K if k < j) + sum(y[k] for k in K if j < k)"
        " -> sum(y[k] for k in K if k != j)",
        "sum(y[k] for k in K if k <= j) + sum(y[k] for k in K if k > j) -> sum(y[k] for k in K)",
    ),
    refuses=(
        "sum(y[k] for k in K if k <= j) + sum(y[k] for k in K if j <= k) -> sum(y[k] for k in K)",
    ),
    lemma="join_sums",
)
def sum_join(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """Below and above, equal and different, together."""
    refuse(isinstance(lhs, Add) and len(lhs.args) == 2, "not two sums")
    i = _a_sum(rhs).index
    guards, needs = [], []
    for s in lhs.args:
        body, guard = _in_letter(i, s)
        found = _equal(body, rhs.body, "the terms differ")
        guards.append(guard)
        needs.extend(_under(sum_over(rhs.body, i, guard), found))
    refuse(
        oriented(joined_guard(*guards)) == oriented(rhs.guard), "not the two conditions together"
    )
    return needs


def joined_guard(a: Any, b: Any) -> Any:
    """The condition ``a or b`` of two that exclude each other; RuleRefused if they may not."""
    shared = [c for c in conjuncts(a) if oriented(c) in {oriented(d) for d in conjuncts(b)}]
    keys = {oriented(c) for c in shared}
    only_a = [c for c in conjuncts(a) if oriented(c) not in keys]
    only_b = [c for c in conjuncts(b) if oriented(c) not in keys]
    refuse(len(only_a) == 1 and len(only_b) == 1, "the conditions may overlap")
    c, d = oriented(only_a[0]), oriented(only_b[0])
    if oriented(negate(c)) == d:
        return all_of(*shared)
    refuse(
        isinstance(c, Relation) and c.op == "<" and d == relation("<", c.right, c.left),
        "the conditions may overlap",
    )
    return all_of(*shared, relation("!=", c.left, c.right))


@rule(
    "sum-product",
    "sums",
    "Product of sums",
    r"\Big(\sum_i f_i\Big) \Big(\sum_j g_j\Big) = \sum_i f_i \sum_j g_j",
    valid=(
        "sum(y[i] for i in K)*sum(z[j] for j in K) -> sum(y[i]*sum(z[j] for j in K) for i in K)",
    ),
    refuses=("sum(y[i] for i in K)*sum(z[i] for i in K) -> sum(y[i]*z[i] for i in K)",),
    lemma="sum_scal",
)
def sum_product(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """sum-factor from right to left."""
    return sum_factor(theory, rhs, lhs, args)


@rewriting(
    "max-constant",
    "sums",
    "Maximum of a constant",
    r"\max_k c = c",
    valid=("max(a for k in K) -> a", "min(a for k in K) -> a"),
    refuses=("max(a for k in K if k != j) -> a",),
)
def max_constant(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """A size is at least 1, so there is a value to take."""
    refuse(isinstance(t, (MaxOver, MinOver)), "not an indexed maximum or minimum")
    refuse(t.index not in free_indices(t.body) and t.guard == TRUE, "the values differ")
    return t.body, ()


@rewriting(
    "prod-constant",
    "sums",
    "Product of a constant",
    r"\prod_{k=1}^{K} c = c^K",
    valid=("prod(a for k in K) -> a**K",),
    refuses=("prod(a for k in K if k != j) -> a**K",),
)
def prod_constant(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """A factor that does not depend on the index, to the power of the size."""
    refuse(isinstance(t, ProductOver), "not an indexed product")
    refuse(t.index not in free_indices(t.body) and t.guard == TRUE, "the factors differ")
    return power(t.body, t.index.size), ()


@rule(
    "prod-split",
    "sums",
    "One factor apart from the rest",
    r"\prod_{k \neq j} f_k = \frac{1}{f_j} \prod_k f_k",
    needs=("f_j != 0",),
    valid=("prod(z[k] for k in K if k != j) -> prod(z[k] for k in K)/z[j]",),
    refuses=("prod(z[k] for k in K if k != j) -> prod(z[k] for k in K)/z[i]",),
    broken_at="prod(z[k] for k in K if k != j) -> prod(z[k] for k in K)/z[j] @ z=0",
)
def prod_split(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """The missing factor is put back and divided out."""
    refuse(isinstance(lhs, ProductOver), "not an indexed product")
    i = lhs.index
    for j in _place(lhs.guard, "!=", i):
        at_j = substitute(lhs.body, {i: j})
        whole = mul(reduction("prod", lhs.body, i), inverse(at_j))
        needs = _equal(whole, rhs, "not the whole product divided by one factor")
        within = theory.range_needs(j, i.size)
        if within is not None:
            return [*needs, *within, relation("!=", at_j, ZERO)]
    raise RuleRefused("no single factor is left out")


@rewriting(
    "log-of-product",
    "sums",
    "Logarithm of an indexed product",
    r"\log \prod_k f_k = \sum_k \log f_k",
    needs=("f_k > 0",),
    valid=("log(prod(exp(z[k]) for k in K)) -> sum(log(exp(z[k])) for k in K)",),
    refuses=("log(sum(exp(z[k]) for k in K)) -> sum(log(exp(z[k])) for k in K)",),
    broken_at="log(prod(z[k] for k in K)) -> sum(log(z[k]) for k in K) @ z=-1",
)
def log_of_product(theory: Theory, t: Any, args: Mapping[str, Any]) -> Result:
    """The logarithm turns a product into a sum."""
    refuse(
        isinstance(t, sympy.log) and isinstance(t.args[0], ProductOver), "not a product's logarithm"
    )
    product = t.args[0]
    needs = _under(product, [relation(">", product.body, ZERO)])
    return sum_over(log(product.body), product.index, product.guard), needs


@rule(
    "prod-factor",
    "sums",
    "Product of products",
    r"\prod_k f_k g_k = \prod_k f_k \prod_k g_k",
    valid=("prod(y[k]*z[k] for k in K) -> prod(y[k] for k in K)*prod(z[k] for k in K)",),
    refuses=("prod(y[k] + z[k] for k in K) -> prod(y[k] for k in K) + prod(z[k] for k in K)",),
)
def prod_factor(theory: Theory, lhs: Any, rhs: Any, args: Mapping[str, Any]) -> Iterable[Any]:
    """A product of products over one range."""
    refuse(isinstance(lhs, ProductOver) and isinstance(rhs, Mul), "not products")
    bodies = [_aligned(lhs, f, ProductOver) for f in rhs.args]
    needs = _equal(lhs.body, mul(*bodies), "the factors do not multiply to the left side")
    return _under(lhs, needs)
