"""Sums of terms brought together: common factors in front, two indexed sums as one.

A ``Collector`` proposes; whatever it proposes carries its proof.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import gcd, lcm, prod
from typing import Any

import sympy

from derivation.engine.arithmetic import (
    expanded,
    exponent_of,
    join_product,
    leading,
    negated,
    over_one_denominator,
    same,
    scaled,
    shared_powers,
    split_product,
    sums_in,
    tidy,
)
from derivation.engine.cost import Effort, cost
from derivation.engine.proof import Chain, Proof, flip, join, rearranged
from derivation.engine.rewrites import occurrences
from derivation.engine.simplify import Simplifier, factors_of
from derivation.errors import RuleRefused
from derivation.normal import normal_term, oriented
from derivation.rules import REGISTRY
from derivation.rules.functions import EVEN, ODD
from derivation.rules.sums import joined_guard
from derivation.terms import (
    ONE,
    ZERO,
    Add,
    IfElse,
    Index,
    KroneckerDelta,
    Mul,
    add,
    apply,
    free_indices,
    fresh_index,
    if_else,
    index_names,
    inverse,
    is_number,
    log,
    mul,
    neg,
    negate,
    number,
    power,
    rebuild,
    relation,
    sigmoid,
    substitute,
    sum_over,
    value_of,
)
from derivation.theory import Theory

MANY = 40  # terms of a sum, from which on not every two of them are looked at


def _pairs(terms: tuple[Any, ...]) -> Iterable[tuple[int, int]]:
    """The pairs of terms that may share a factor; of many, neighbours that do share one."""
    if len(terms) <= MANY:
        return itertools.combinations(range(len(terms)), 2)
    last: dict[Any, int] = {}
    found: dict[tuple[int, int], None] = {}
    for n, a in enumerate(terms):
        for base, _ in split_product(a)[1]:
            key = normal_term(base)
            if key in last:
                found.setdefault((last[key], n))
            last[key] = n
    return sorted(found)


class Collector:
    """Ways to write a sum of terms with a common factor in front, or as one indexed sum."""

    def __init__(self, theory: Theory, simplifier: Simplifier, effort: Effort) -> None:
        self.theory, self.simplifier, self.effort = theory, simplifier, effort
        self._bodies: dict[Any, Proof] = {}

    def forget(self) -> None:
        """Forgets what was found: a fact has been added."""
        self._bodies.clear()

    def candidates(self, t: Any) -> Iterator[Proof]:
        terms = t.args
        yield from self._reflected(t)
        yield from self.common_factor(t, tuple(range(len(terms))))
        if len(terms) > 2:
            for pair in _pairs(terms):
                yield from self.common_factor(t, pair)
        yield from self._delta_turned(t)
        yield from self._alike(t)
        yield from self._together(t)
        yield from self._one_logarithm(t)
        yield from self._delta_in_cases(t)
        if len(terms) <= 10:
            for m, n in itertools.combinations(range(len(terms)), 2):
                yield from self._merge_sums(t, m, n)

    def by_grouping(self, t: Any) -> Iterator[Proof]:
        """p*c - p*d - y*c + y*d = (p - y)*(c - d)."""
        if sum(map(_opened_terms, t.args)) != 4:
            return
        opened = expanded(t)
        if not isinstance(opened, Add) or len(opened.args) != 4:
            return
        a, *others = opened.args
        for k, d in enumerate(others):
            b, c = others[:k] + others[k + 1 :]
            if not same(mul(a, d), mul(b, c)):
                continue
            ratio = tidy(mul(c, inverse(a)))
            below = [
                (x, number(-value_of(e)))
                for x, e in split_product(ratio)[1]
                if is_number(e) and value_of(e) < 0
            ]
            front = join_product(Fraction(1), below)
            second = add(front, tidy(mul(front, ratio)))
            first = add(*[tidy(mul(x, inverse(front))) for x in (a, b)])
            shared = [p.after for p in self.common_factor(first, (0, 1))]
            whole = tidy(mul(*factors_of(shared[0] if shared else first), second))
            proof = rearranged(t, whole)
            if proof is not None:
                yield proof

    def _alike(self, t: Any) -> Iterator[Proof]:
        """sin(x - y) - sin(y - x) with both at x - y; so for every even or odd function."""
        chain = Chain(t)
        seen: set[Any] = set()
        for path, sub in occurrences(t):
            if not isinstance(sub, (*ODD, *EVEN)):
                continue
            key = (type(sub), normal_term(sub.args[0]))
            opposite = (type(sub), normal_term(negated(sub.args[0])))
            if opposite in seen and key not in seen:
                after, _ = REGISTRY["parity"].rewrite(self.theory, sub, {})  # type: ignore[misc]
                chain.rule("parity", after, path)
                chain.splice(self._argument_tidied(after), path)
            else:
                seen.add(key)
        if chain.items:
            yield chain.proof()

    def _argument_tidied(self, t: Any) -> Proof | None:
        """The sign of an argument put into its terms."""
        core = leading(t)[1]
        turned = rebuild(core, (negated(leading(core.args[0])[1]),))
        return rearranged(t, turned if core is t else neg(turned))

    def _together(self, t: Any) -> Iterator[Proof]:
        """a/b + c/d = (a*d + b*c)/(b*d), what the numerator's terms share in front."""
        choices = [tuple(range(len(t.args)))]
        if 2 < len(t.args) <= 6:
            choices.extend(itertools.combinations(range(len(t.args)), 2))
        for which in choices:
            chosen = add(*[t.args[k] for k in which])
            top, below = over_one_denominator(chosen)
            if not below:
                continue
            tops = [top]
            if isinstance(top, Add):
                whole = tuple(range(len(top.args)))
                tops.extend(p.after for p in self.common_factor(top, whole))
            for numerator in tops:
                under = [(b, number(-value_of(e))) for b, e in below]
                fraction = tidy(mul(*factors_of(numerator), join_product(Fraction(1), under)))
                rest = [a for k, a in enumerate(t.args) if k not in which]
                place = sum(1 for k in range(which[0]) if k not in which)
                proof = rearranged(t, add(*rest[:place], fraction, *rest[place:]))
                if proof is not None:
                    yield proof

    def _one_logarithm(self, t: Any) -> Iterator[Proof]:
        """log(a) - log(b) = log(a/b), where a and b are positive."""
        found = [
            (k, *leading(a)) for k, a in enumerate(t.args) if isinstance(leading(a)[1], sympy.log)
        ]
        for (m, c, one), (n, d, two) in itertools.combinations(found, 2):
            x, y = one.args[0], two.args[0]
            if abs(c) != abs(d) or not all(
                self.theory.decide(relation(">", z, ZERO))[0] for z in (x, y)
            ):
                continue
            if c < 0 < d:
                (x, y), (c, d) = (y, x), (d, c)
            joined = log(tidy(mul(x, y if c == d else inverse(y))))
            try:
                apart = Chain(joined).rule("log-expand", self._log_apart(joined)).proof()
            except RuleRefused:
                continue
            rest = [a for k, a in enumerate(t.args) if k not in (m, n)]
            inner = apart.after if c == 1 else mul(number(c), apart.after)
            place = min(m, n)
            staged = add(*rest[:place], inner, *rest[place:])
            chain = Chain(t)
            try:
                for k, whole in ((m, one), (n, two)):
                    if isinstance(whole.args[0], Mul):  # log(x/2) - log(y/2) shares the 2
                        where = next(p for p, s in occurrences(t.args[k]) if s == whole)
                        chain.rule("log-expand", self._log_apart(whole), (k, *where))
                chain.algebra(staged)
            except RuleRefused:
                continue
            path = ((place,) if rest else ()) + (() if c == 1 else (1,))
            yield chain.splice(flip(apart), path).proof()

    def _log_apart(self, t: Any) -> Any:
        after, _ = REGISTRY["log-expand"].rewrite(self.theory, t, {})  # type: ignore[misc]
        return after

    def _delta_in_cases(self, t: Any) -> Iterator[Proof]:
        """f*delta(i, j) + (g if i != j else h) = (g if i != j else f + h)."""
        for m, n in itertools.permutations(range(len(t.args)), 2):
            a, b = t.args[m], leading(t.args[n])[1]
            deltas = [f for f in factors_of(a) if isinstance(f, KroneckerDelta)]
            if len(deltas) != 1 or not isinstance(b, IfElse):
                continue
            equal = relation("==", *deltas[0].args)
            if oriented(b.args[0]) == oriented(equal):
                same_case = 1
            elif oriented(negate(b.args[0])) == oriented(equal):
                same_case = 2
            else:
                continue
            scale = leading(t.args[n])[0]
            rest = mul(*[f for f in factors_of(a) if f is not deltas[0]])
            i, j = deltas[0].args
            if isinstance(i, Index):
                rest = substitute(rest, {i: j})
            branches = [scaled(x, scale) for x in b.args[1:]]
            branches[same_case - 1] = tidy(add(rest, branches[same_case - 1]))
            joined = if_else(b.args[0], *branches)
            others = [x for k, x in enumerate(t.args) if k not in (m, n)]
            pair = add(a, t.args[n])
            chain = Chain(t).algebra(add(*others, pair) if others else pair)
            where = (len(others),) if others else ()
            k = factors_of(a).index(deltas[0])
            single = (*where, 0, k) if isinstance(a, Mul) else (*where, 0)
            if isinstance(i, Index) and rest != mul(
                *[f for f in factors_of(a) if f is not deltas[0]]
            ):
                chain.rule("delta-substitutes", mul(*factors_of(rest), deltas[0]), (*where, 0))
                single = (*where, 0, len(factors_of(rest)))
            chain.rule("delta-cases", if_else(equal, ONE, ZERO), single)
            chain.rule("case-lift", joined, where)
            for k in (1, 2):
                chain.splice(self.simplifier.simplify(joined.args[k]), (*where, k))
            yield chain.proof()

    def _delta_turned(self, t: Any) -> Iterator[Proof]:
        """delta(i, j)*f(i) as delta(i, j)*f(j), where that shares a factor with the other terms."""
        for n, a in enumerate(t.args):
            parts = factors_of(a)
            for d in parts:
                if not isinstance(d, KroneckerDelta):
                    continue
                rest = [f for f in parts if f is not d]
                for i, j in (d.args, d.args[::-1]):
                    if not isinstance(i, Index) or not any(i in free_indices(f) for f in rest):
                        continue
                    turned = mul(*[substitute(f, {i: j}) for f in rest], d)
                    chain = Chain(t).rule("delta-substitutes", turned, (n,))
                    for candidate in self.common_factor(chain.term, tuple(range(len(t.args)))):
                        yield join(chain.proof(), candidate)

    def _reflected(self, t: Any) -> Iterator[Proof]:
        """1 - sigmoid(x) = sigmoid(-x)."""
        if len(t.args) != 2:
            return
        for s in t.args:
            c, core = leading(s)
            if isinstance(core, sigmoid):
                turned = apply("sigmoid", negated(core.args[0]))
                (other,) = [a for a in t.args if a is not s]
                if other == number(-c):
                    back = Chain(turned).rule(
                        "sigmoid-reflection", add(ONE, neg(apply("sigmoid", neg(turned.args[0]))))
                    )
                    inside = add(ONE, neg(core))
                    back.algebra(inside)
                    staged = scaled(inside, -c) if c != -1 else inside
                    chain = Chain(t).algebra(staged if c != -1 else inside)
                    chain.splice(flip(back.proof()), (1,) if c != -1 else ())
                    yield chain.proof()

    def common_factor(self, t: Any, which: tuple[int, ...]) -> Iterator[Proof]:
        """c*a + c*b = c*(a + b) for the terms chosen."""
        chosen = [t.args[k] for k in which]
        split = [split_product(a) for a in chosen]
        shared = shared_powers([parts for _, parts in split])
        coefficients = [c for c, _ in split]
        numeric = _gcd(coefficients)
        if all(c < 0 for c in coefficients):
            numeric = -numeric
        if not shared and abs(numeric) == 1 and numeric > 0:
            return
        front = join_product(numeric, shared)
        if front == ONE:
            return
        marks = [b for b, _ in shared if isinstance(b, KroneckerDelta)]  # these divide nothing
        plain = join_product(numeric, [p for p in shared if p[0] not in marks])
        below = number(1 / value_of(plain)) if is_number(plain) else power(plain, number(-1))
        inner = [tidy(mul(*_without(a, marks), below)) for a in chosen]
        grouped = mul(*(front.args if isinstance(front, Mul) else (front,)), add(*inner))
        if any(_below_delta(a) for a in inner):
            return
        if len(which) == len(t.args):
            out = grouped
        else:
            rest = [a for k, a in enumerate(t.args) if k not in which]
            place = sum(1 for k in range(which[0]) if k not in which)
            out = add(*rest[:place], grouped, *rest[place:])
        proof = rearranged(t, out)
        if proof is not None:
            yield proof

    def _merge_sums(self, t: Any, m: int, n: int) -> Iterator[Proof]:
        """c*sum(a) + d*sum(b) = sum(c*a + d*b), the letters chosen so that factors agree."""
        one, two = t.args[m], t.args[n]
        for (c, f), (d, g) in itertools.product(sums_in(one), sums_in(two)):
            if f.index.size != g.index.size:
                continue
            if f.index in free_indices(one) | free_indices(two):
                letter = fresh_index(f.index, index_names(one) | index_names(two))
                f = _renamed(f, letter)
            g = _renamed(g, f.index)
            if not same_guard(f.guard, g.guard):
                yield from self._join_guards(t, m, n, c, f, d, g)
                continue
            for inside in self._aligned_bodies(c, f, d, g):
                try:
                    yield self._merged(t, m, n, c, f, d, g, inside)
                except RuleRefused:
                    continue

    def _aligned_bodies(self, c: Any, f: Any, d: Any, g: Any) -> Iterator[tuple[Any, Any, Any]]:
        """(outside, body of the first, body of the second)."""
        common, ca, da = _shared_front(c, d)
        yield common, tidy(mul(ca, f.body)), tidy(mul(da, g.body))

    def _merged(
        self, t: Any, m: int, n: int, c: Any, f: Any, d: Any, g: Any, inside: tuple[Any, Any, Any]
    ) -> Proof:
        common, a, b = inside
        i, guard = f.index, f.guard
        sum_a, sum_b = sum_over(a, i, guard), sum_over(b, i, guard)
        # c*sum(f) = common*sum(a): constants put into the sum
        chain = Chain(t)
        staged_m = mul(c, f)
        staged_n = mul(d, g)
        args = list(t.args)
        args[m], args[n] = staged_m, staged_n
        if chain.term != add(*args):
            chain.algebra(add(*args))
        for k, front, whole, inner, own in ((m, c, sum_a, a, f), (n, d, sum_b, b, g)):
            piece = Chain(mul(front, own))
            rest = tidy(mul(front, power(common, number(-1)))) if common != ONE else front
            staged = mul(common, mul(rest, own)) if common != ONE else mul(rest, own)
            piece.algebra(staged)
            where = (1,) if common != ONE else ()
            if rest != ONE or inner != own.body:
                back = Chain(whole).rule("sum-factor", mul(rest, own)) if rest != ONE else None
                if back is None:
                    piece.algebra(whole, where)
                else:
                    piece.splice(flip(back.proof()), where)
            chain.splice(piece.proof(), (k,))
        rest_terms = [x for k, x in enumerate(t.args) if k not in (m, n)]
        pair = add(sum_a, sum_b)
        pair_term = mul(common, pair) if common != ONE else pair
        place = min(m, n)
        where2: tuple[int, ...] = ()
        if rest_terms:
            all_terms = [x for k, x in enumerate(t.args) if k != max(m, n)]
            all_terms[place] = pair_term
            chain.algebra(add(*all_terms))
            where2 = (place,)
        else:
            chain.algebra(pair_term)
        if common != ONE:
            where2 = (*where2, 1)
        joined = sum_over(add(a, b), i, guard)
        chain.splice(flip(Chain(joined).rule("sum-add", pair).proof()), where2)
        inner_path = (*where2, 0)
        body = add(a, b)
        best = self._shortest_body(body)
        if cost(best.after) < cost(body):
            chain.splice(best, inner_path)
        return chain.proof()

    def _shortest_body(self, body: Any) -> Proof:
        """The best of the candidates for what two sums have become; looked for once."""
        best = self._bodies.get(body)
        if best is None:
            best, *others = self._body_candidates(body)
            for candidate in others:
                if cost(candidate.after) < cost(best.after):
                    best = candidate
                if not self.effort.spend(candidate.after):
                    return best
            self._bodies[body] = best
        return best

    def _body_candidates(self, body: Any) -> Iterator[Proof]:
        simplified = self.simplifier.simplify(body)
        yield simplified
        if isinstance(simplified.after, Add):
            for candidate in self.candidates(simplified.after):
                yield join(simplified, candidate)

    def _join_guards(
        self, t: Any, m: int, n: int, c: Any, f: Any, d: Any, g: Any
    ) -> Iterator[Proof]:
        """Sums of the same terms under conditions that exclude each other become one."""
        try:
            guard = joined_guard(f.guard, g.guard)
        except RuleRefused:
            return
        if not (same(c, d) and same(f.body, g.body)):
            return
        pair = add(f, g)
        term = pair if c == ONE else mul(c, pair)
        rest = [x for k, x in enumerate(t.args) if k != max(m, n)]
        rest[min(m, n)] = term
        where = (min(m, n),) if len(rest) > 1 else ()
        chain = Chain(t).algebra(add(*rest))
        chain.rule("sum-join", sum_over(f.body, f.index, guard), where if c == ONE else (*where, 1))
        yield chain.proof()


def _opened_terms(t: Any) -> int:
    """How many terms a product has when multiplied out, powers aside."""
    return prod(sum(map(_opened_terms, f.args)) for f in factors_of(t) if isinstance(f, Add))


def _without(t: Any, marks: list[Any]) -> list[Any]:
    """The factors of a product but for one of each mark."""
    rest = list(factors_of(t))
    for m in marks:
        if m in rest:
            rest.remove(m)
    return rest


def _below_delta(t: Any) -> bool:
    """Whether a product divides by a delta."""
    return any(isinstance(b, KroneckerDelta) and value_of(e) < 0 for b, e in split_product(t)[1])


def same_guard(a: Any, b: Any) -> bool:
    return bool(oriented(a) == oriented(b))


def _gcd(values: list[Fraction]) -> Fraction:
    return Fraction(gcd(*[v.numerator for v in values]), lcm(*[v.denominator for v in values]))


def _renamed(t: Any, letter: Any) -> Any:
    if t.index == letter:
        return t
    swap = {t.index: letter}
    return rebuild(t, (substitute(t.body, swap), letter, substitute(t.guard, swap)))


def _shared_front(c: Any, d: Any) -> tuple[Any, Any, Any]:
    """(g, c/g, d/g) with g the factors that both have."""
    (nc, pc), (nd, pd) = split_product(c), split_product(d)
    shared = [(b, e) for b, e in pc if exponent_of(b, pd) == e]
    numeric = _gcd([nc, nd])
    if nc < 0 and nd < 0:
        numeric = -numeric
    front = join_product(numeric, shared)
    below = inverse(join_product(Fraction(1), shared))  # a - b beside b - a meets there
    left, right = (
        tidy(mul(join_product(n / numeric, parts), below)) for n, parts in ((nc, pc), (nd, pd))
    )
    return front, left, right
