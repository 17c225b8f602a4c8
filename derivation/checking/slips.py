"""The slips that people make, turned round: what a wrong line was probably meant to be.

Each function yields ways to mend a subterm, with the place. The caller offers a mended line only
if it is proved. The catalogue follows how often slips occur in real derivations: factors of the
chain rule, lost dependence, indices and factors, sums, signs, factors 2.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from derivation.engine.arithmetic import join_product, negated, split_product, tidy
from derivation.engine.rewrites import occurrences
from derivation.normal import normal_term
from derivation.problem import Problem
from derivation.terms import (
    HALF,
    ONE,
    TRUE,
    TWO,
    ZERO,
    Add,
    Condition,
    Diff,
    IfElse,
    Index,
    KroneckerDelta,
    Mul,
    Partial,
    Path,
    Pow,
    Reduction,
    Relation,
    SumOver,
    add,
    all_of,
    at,
    conjuncts,
    delta,
    element,
    free_indices,
    fresh_index,
    if_else,
    index_names,
    indices_of,
    inverse,
    is_element,
    is_number,
    mul,
    name_of,
    neg,
    negate,
    number,
    power,
    relation,
    replace_at,
    replace_terms,
    size,
    substitute,
    subterms,
    sum_over,
    value_of,
)

MOST_PRODUCTS = 60  # products of two or three factors that may be missing together
MOST_FITTED = 12  # ways to give a factor the indices of a place


@dataclass(frozen=True)
class Mend:
    """A line as it may have been meant: the whole term, the place changed, the name of the slip."""

    term: Any
    path: Path
    slip: str


class Mender:
    """Ways to mend one wrong term; no mended term is yielded twice.

    Args:
        wrong: What the person wrote.
        true: Right versions, which lend their factors and terms.
        problem: Its names.
        scope: Free indices that may stand in the term.
    """

    def __init__(
        self, wrong: Any, true: Sequence[Any], problem: Problem, scope: frozenset[Any]
    ) -> None:
        self.wrong = wrong
        self._pool = _Pool(wrong, true, problem)
        self._seen: set[Any] = {wrong}
        self._places = [
            (path, sub, _scope(wrong, path, scope))
            for path, sub in occurrences(wrong)
            if not isinstance(sub, Condition)
        ]

    def edits(self) -> Iterator[Mend]:
        """Small changes of what is there: a sign, an index, a name, a square, a case."""
        for kind in _EDITS:
            yield from self._by(kind)

    def sums(self) -> Iterator[Mend]:
        """A sum lost."""
        yield from self._by(_sums_lost)

    def insertions(self) -> Iterator[Mend]:
        """Factors and terms that are missing or too many."""
        for kind in _INSERTIONS:
            yield from self._by(kind)

    def with_factors(self, factors: Sequence[Any], slip: str) -> Iterator[Mend]:
        """One of the factors put in somewhere."""

        def kind(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
            for factor in factors:
                for f in pool.fitted(factor, scope) if _takes_a_factor(t, top) else ():
                    yield slip, _times(t, f)

        yield from self._by(kind)

    def _by(self, kind: Any) -> Iterator[Mend]:
        for path, sub, here in self._places:
            for slip, new in kind(sub, here, self._pool, path == ()):
                whole = replace_at(self.wrong, path, new)
                if whole in self._seen:
                    continue
                self._seen.add(whole)
                yield Mend(whole, path, slip)


def _scope(t: Any, path: Path, free: frozenset[Any]) -> frozenset[Any]:
    out = set(free)
    for k in range(len(path)):
        s = at(t, path[:k])
        if isinstance(s, Reduction):
            out.add(s.index)
    return frozenset(out)


class _Pool:
    """What a right version is made of: its factors and its terms."""

    def __init__(self, wrong: Any, true: Sequence[Any], problem: Problem) -> None:
        self.problem = problem
        factors: dict[Any, Any] = {}
        terms: dict[Any, Any] = {}
        products: dict[Any, Any] = {}
        sums: dict[Any, Any] = {}
        for t in (*true, wrong):
            for _, s in occurrences(t):
                if isinstance(s, (Mul, Pow)):
                    parts = [power(b, e) if e != ONE else b for b, e in split_product(s)[1]]
                    factors.update(dict.fromkeys(parts))
                    for n in (2, 3):
                        if n < len(parts):
                            for some in itertools.combinations(parts, n):
                                products.setdefault(mul(*some), None)
                elif isinstance(s, SumOver):
                    sums.setdefault(s, None)
                elif (
                    is_element(s) or isinstance(s, (Diff, Partial)) or not (s.args or is_number(s))
                ):
                    factors.setdefault(s, None)
                elif isinstance(s, Add):
                    for a in s.args:
                        terms.setdefault(a, None)
                    factors.setdefault(s, None)
        for t in true:
            terms.setdefault(t, None)
        self.reductions = list(sums)
        self.sums = [f for f in factors if isinstance(f, Add)]
        self.factors = [f for f in factors if not is_number(f)]
        self.terms = list(terms)
        for f in list(self.factors):
            if is_element(f):
                self.factors.append(add(ONE, neg(f)))
        self.products = list(products)[:MOST_PRODUCTS]
        shapes = problem.shapes
        self.alike: dict[Any, list[str]] = {}
        for name, slots in shapes.items():
            if name not in problem.labels:
                self.alike.setdefault(slots, []).append(name)
        self.names = {
            name: self.alike[slots] for name, slots in shapes.items() if name not in problem.labels
        }

    def fitted(self, t: Any, scope: frozenset[Any]) -> Iterator[Any]:
        """The term with its indices among those in scope."""
        strange = sorted(free_indices(t) - scope, key=str)
        letters = sorted(scope, key=str)
        choices = [[j for j in letters if j.size == i.size] for i in strange]
        for chosen in itertools.islice(itertools.product(*choices), MOST_FITTED):
            yield _same_index(substitute(t, dict(zip(strange, chosen, strict=True))))


def _same_index(t: Any) -> Any:
    """The term with delta(i, i) put as 1."""
    if not any(isinstance(s, KroneckerDelta) and s.args[0] == s.args[1] for s in subterms(t)):
        return t

    def one(s: Any) -> Any:
        return ONE if isinstance(s, KroneckerDelta) and s.args[0] == s.args[1] else None

    return tidy(replace_terms(t, one))


Found = Iterator[tuple[str, Any]]


def _times(t: Any, f: Any) -> Any:
    return tidy(mul(t, f))


def _signs(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if isinstance(t, Add):
        for k, a in enumerate(t.args):
            yield "sign", add(*t.args[:k], negated(a), *t.args[k + 1 :])
    if isinstance(t, IfElse):
        condition, a, b = t.args
        yield "sign", if_else(condition, negated(a), b)
        yield "sign", if_else(condition, a, negated(b))
    if top or isinstance(t, Add):
        turned = negated(t)
        yield "sign", turned if isinstance(turned, Add) else tidy(turned)


def _factors_of_two(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if top or isinstance(t, (Mul, SumOver)) or is_element(t) or isinstance(t, Add):
        yield "factor 2", tidy(mul(TWO, t))
        yield "factor 2", tidy(mul(HALF, t))
        for name in pool.problem.sizes:
            yield f"factor 1/{name}", mul(inverse(size(name)), t)
            yield f"factor 1/{name}", mul(size(name), t)


def _indices(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if is_element(t) and indices_of(t):
        slots = list(indices_of(t))
        for k, i in enumerate(slots):
            if isinstance(i, Index):
                for j in sorted(scope, key=str):
                    if j != i and j.size == i.size:
                        yield f"{i} for {j}", element(name_of(t), *slots[:k], j, *slots[k + 1 :])
        for k in range(len(slots)):
            for n in range(k + 1, len(slots)):
                turned = list(slots)
                turned[k], turned[n] = slots[n], slots[k]
                yield "transposed indices", element(name_of(t), *turned)
    if isinstance(t, KroneckerDelta):
        for k, i in enumerate(t.args):
            for j in sorted(scope, key=str):
                if isinstance(i, Index) and j.size == i.size and j not in t.args:
                    yield f"{i} for {j}", delta(*(j if n == k else a for n, a in enumerate(t.args)))
    if not top:
        for i in sorted(free_indices(t) & scope, key=str):
            for j in sorted(scope, key=str):
                if j != i and j.size == i.size and not is_element(t):
                    yield f"{i} for {j}", substitute(t, {i: j})


def _other_names(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if is_element(t):
        for other in pool.names.get(name_of(t), ()):
            if other != name_of(t):
                yield f"{name_of(t)} for {other}", element(other, *indices_of(t))


def _conditions(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if not isinstance(t, SumOver):
        return
    i = t.index
    for c in conjuncts(t.guard) if t.guard != TRUE else ():
        rest = all_of(*[g for g in conjuncts(t.guard) if g != c])
        yield "condition kept", sum_over(t.body, i, rest)
    for j in sorted(scope - {i}, key=str):
        if j.size == i.size:
            guards = () if t.guard == TRUE else (t.guard,)
            yield f"missing {i} != {j}", sum_over(t.body, i, all_of(*guards, relation("!=", i, j)))


def _squares(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if isinstance(t, Pow) and is_number(t.args[1]):
        base, e = t.args
        value = value_of(e)
        for other in (value + 1, value - 1, -value):
            if other:
                yield (
                    ("lost square" if abs(other) > abs(value) else "square too many"),
                    (base if other == 1 else power(base, number(other))),
                )
    elif is_element(t) or (t.args and not isinstance(t, (Mul, IfElse, KroneckerDelta))):
        yield "lost square", power(t, TWO)
        if is_element(t):
            yield "upside down", inverse(t)


def _takes_a_factor(t: Any, top: bool) -> bool:
    return top or isinstance(t, (Add, Mul, SumOver, Diff, Partial, IfElse)) or is_element(t)


def _chain_factors(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if not _takes_a_factor(t, top):
        return
    for factor in pool.factors:
        for f in pool.fitted(factor, scope):
            yield "chain-rule factor", _times(t, f)
            if not isinstance(f, (KroneckerDelta, IfElse)):
                yield "chain-rule factor", _times(t, inverse(f))
    if not is_element(t):
        for factor in pool.products:
            for f in pool.fitted(factor, scope):
                yield "chain-rule factor", _times(t, f)
    if isinstance(t, Mul):
        c, parts = split_product(t)
        for k in range(len(parts)):
            yield "factor too many", join_product(c, parts[:k] + parts[k + 1 :])
        for k, n in itertools.combinations(range(len(parts) if len(parts) > 2 else 0), 2):
            rest = [f for m, f in enumerate(parts) if m not in (k, n)]
            yield "factor too many", join_product(c, rest)


def _sums_kept(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if isinstance(t, SumOver):
        for j in sorted(scope - {t.index}, key=str):
            if j.size == t.index.size:
                yield "sum kept", substitute(t.body, {t.index: j})


def _sums_lost(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    for whole in pool.reductions:
        letters = free_indices(whole.body)
        for j in sorted(free_indices(t) & scope if letters else (), key=str):
            if j.size == whole.index.size and substitute(whole.body, {whole.index: j}) == t:
                yield "sum lost", whole
    if isinstance(t, (Mul, Add, SumOver)) or is_element(t) or top:
        for j in sorted(free_indices(t) & scope, key=str):
            letter = fresh_index(j, index_names(t) | {str(s.name) for s in scope})
            yield "sum lost", sum_over(substitute(t, {j: letter}), letter)


def _terms(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if isinstance(t, Add):
        for k in range(len(t.args)):
            rest = [a for n, a in enumerate(t.args) if n != k]
            yield "term too many", add(*rest)
    if top or isinstance(t, Add):
        for term in pool.terms:
            for a in pool.fitted(term, scope):
                yield "missing term", add(*(t.args if isinstance(t, Add) else (t,)), a)
                yield "missing term", add(*(t.args if isinstance(t, Add) else (t,)), neg(a))
    if not isinstance(t, Add):  # one term of what should be a sum of them
        for whole in pool.sums:
            for s in pool.fitted(whole, scope):
                if t in s.args or negated(t) in s.args:
                    yield "missing term", s if t in s.args else negated(s)


def _other_terms(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if isinstance(t, Add):
        for k in range(len(t.args)):
            for term in pool.terms:
                for a in pool.fitted(term, scope):
                    yield "another term", add(*t.args[:k], a, *t.args[k + 1 :])


def _cases(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if isinstance(t, IfElse):
        c, a, b = t.args
        yield "wrong case", if_else(c, b, a)
        yield "wrong case", if_else(c, a, a)
        yield "wrong case", if_else(c, b, b)
        if isinstance(c, Relation):
            yield "wrong case", if_else(negate(c), a, b)
    if isinstance(t, KroneckerDelta):
        yield "wrong case", add(ONE, neg(t))
        yield "wrong case", ONE
    if isinstance(t, (Add, Mul)) or is_element(t) or is_number(t):
        free = sorted(scope, key=str)
        if top or is_element(t) or is_number(t):
            for n, i in enumerate(free):
                for j in free[n + 1 :]:
                    if i.size == j.size:
                        yield "missing delta", mul(t, delta(i, j)) if t != ONE else delta(i, j)


def _whole(t: Any, scope: frozenset[Any], pool: _Pool, top: bool) -> Found:
    if is_number(t) and t not in (ZERO,):
        for other in (ZERO, ONE, TWO, HALF):
            if other != t:
                yield "number", other


_EDITS = (
    _signs,
    _indices,
    _other_names,
    _conditions,
    _sums_kept,
    _factors_of_two,
    _squares,
    _cases,
)
_INSERTIONS = (_chain_factors, _terms, _other_terms, _whole)


def smallest_difference(wrong: Any, true: Any) -> Any:
    """The smallest subterm of the wrong term in which it differs from a right version."""
    while True:
        pair = _inside(wrong, true)
        if pair is None:
            return wrong
        wrong, true = pair


def _inside(a: Any, b: Any) -> tuple[Any, Any] | None:
    if type(a) is not type(b) or not a.args or is_element(a):
        return None
    if isinstance(a, (Add, Mul)):
        left, right = list(a.args), list(b.args)
        for x in list(left):
            same = next((y for y in right if normal_term(x) == normal_term(y)), None)
            if same is not None:
                left.remove(x)
                right.remove(same)
        if len(left) == len(right) == 1 and (len(left) < len(a.args)):
            return left[0], right[0]
        return None
    if isinstance(a, SumOver):
        if a.index.size == b.index.size and a.index not in free_indices(b):
            swap = {b.index: a.index}
            if substitute(b.guard, swap) == a.guard:
                return a.body, substitute(b.body, swap)
        return None
    if len(a.args) != len(b.args) or isinstance(a, Reduction):
        return None
    different = [(x, y) for x, y in zip(a.args, b.args, strict=True) if x != y]
    if len(different) == 1 and hasattr(different[0][0], "is_commutative"):
        return different[0]
    return None
