"""Other ways to write one subterm: powers together, a denominator met, a sigmoid seen.

``Alternatives`` proposes; whatever it proposes carries its proof.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import sympy

from derivation.engine.arithmetic import (
    expanded,
    join_product,
    negated,
    same,
    scaled,
    split_product,
    sums_in,
    tidy,
)
from derivation.engine.collect import Collector
from derivation.engine.proof import Chain, Proof, flip
from derivation.engine.simplify import Simplifier, excluded, factors_of
from derivation.errors import RuleRefused
from derivation.normal import normal_term
from derivation.rules import REGISTRY
from derivation.terms import (
    ONE,
    ZERO,
    Add,
    Mul,
    Pow,
    ProductOver,
    add,
    apply,
    conjuncts,
    exp,
    inverse,
    is_number,
    mul,
    neg,
    number,
    power,
    reduction,
    relation,
    substitute,
    sum_over,
    value_of,
)
from derivation.theory import Theory


class Alternatives:
    """Other ways to write one product, power or indexed sum, each with its proof."""

    def __init__(self, theory: Theory, simplifier: Simplifier, collector: Collector) -> None:
        self.theory, self.simplifier, self.collector = theory, simplifier, collector

    def candidates(self, t: Any) -> Iterator[Proof]:
        """Other ways to write one subterm."""
        if isinstance(t, ProductOver):
            yield from self.whole_product(t)
        if isinstance(t, Mul):
            yield from self._cleared(t)
            yield from self._into_sum(t)
            yield from self._one_exponential(t)
            yield from self._one_power(t)
        if isinstance(t, Mul | Pow):
            yield from self._as_sigmoid(t)

    def _as_sigmoid(self, t: Any) -> Iterator[Proof]:
        """1/(1 + exp(x)) = sigmoid(-x), exp(x)/(1 + exp(x)) = sigmoid(x)."""
        c, parts = split_product(t)
        for k, (base, e) in enumerate(parts):
            if (
                e != number(-1)
                or not isinstance(base, Add)
                or len(base.args) != 2
                or ONE not in base.args
            ):
                continue
            (grown,) = [a for a in base.args if a != ONE]
            if not isinstance(grown, sympy.exp):
                continue
            x = grown.args[0]
            others = [p for n, p in enumerate(parts) if n != k]
            for argument, left in ((x, [*others, (exp(x), number(-1))]), (negated(x), others)):
                s = apply("sigmoid", argument)
                back = Chain(s).rule("sigmoid-definition", inverse(add(ONE, exp(neg(argument)))))
                remaining = tidy(join_product(c, left))
                staged = mul(*factors_of(remaining), back.term) if remaining != ONE else back.term
                try:
                    chain = Chain(t).algebra(staged)
                except RuleRefused:
                    continue
                where = (len(staged.args) - 1,) if remaining != ONE else ()
                chain.splice(flip(back.proof()), where)
                yield chain.proof()

    def whole_product(self, t: Any) -> Iterator[Proof]:
        """The product over l != j as the whole product over its j-th factor."""
        for c in conjuncts(t.guard):
            j = excluded(c, t.index)
            if j is not None and c == t.guard:
                single = substitute(t.body, {t.index: j})
                if self.theory.decide(relation("!=", single, ZERO))[0]:
                    whole = reduction("prod", t.body, t.index)
                    yield Chain(t).rule("prod-split", mul(whole, inverse(single))).proof()

    def _cleared(self, t: Any) -> Iterator[Proof]:
        """p*(1 - p)*(y/p - (1 - y)/(1 - p)): what stands below meets what stands above."""
        c, parts = split_product(t)
        for k, (base, e) in enumerate(parts):
            if e != ONE or not isinstance(base, Add):
                continue
            below = set()
            for a in base.args:
                for b, x in split_product(a)[1]:
                    if is_number(x) and value_of(x) < 0:
                        below.add(normal_term(b))
                        if isinstance(b, Add):
                            below.add(normal_term(negated(b)))
            meets = [p for n, p in enumerate(parts) if n != k and normal_term(p[0]) in below]
            if not meets:
                continue
            rest = [p for n, p in enumerate(parts) if n != k and p not in meets]
            front = join_product(Fraction(1), meets)
            opened = expanded(add(*[expanded(tidy(mul(front, a))) for a in base.args]))
            try:
                yield Chain(t).algebra(tidy(mul(join_product(c, rest), opened))).proof()
            except RuleRefused:
                continue

    def _into_sum(self, t: Any) -> Iterator[Proof]:
        """-sum(a*(b - c)) = sum(a*(c - b))."""
        for c, f in sums_in(t):
            if is_number(c) and value_of(c) < 0 and isinstance(f.body, Mul):
                for k, b in enumerate(f.body.args):
                    if isinstance(b, Add):
                        flipped = negated(b)
                        args = list(f.body.args)
                        args[k] = flipped
                        inner = sum_over(mul(*args), f.index, f.guard)
                        rest = scaled(ONE, -value_of(c))
                        chain = Chain(t).algebra(mul(c, f))
                        back = Chain(inner).rule("sum-factor", mul(number(-1), f))
                        staged = (
                            mul(rest, mul(number(-1), f)) if rest != ONE else mul(number(-1), f)
                        )
                        chain.algebra(staged)
                        chain.splice(flip(back.proof()), (1,) if rest != ONE else ())
                        yield chain.proof()
                        return

    def _one_exponential(self, t: Any) -> Iterator[Proof]:
        """exp(a)/exp(b) = exp(a - b)."""
        c, parts = split_product(t)
        exps = [(b, e) for b, e in parts if isinstance(b, sympy.exp)]
        if len(exps) < 2:
            return
        rest = [x for x in parts if x not in exps]
        total = tidy(add(*[mul(e, b.args[0]) for b, e in exps]))
        joined = (
            mul(*factors_of(join_product(c, rest)), exp(total)) if rest or c != 1 else exp(total)
        )
        yield Chain(t).algebra(joined).proof()
        common = self._common_exponent(total)
        if common is not None:
            yield (
                Chain(t)
                .algebra(
                    mul(*factors_of(join_product(c, rest)), exp(common))
                    if rest or c != 1
                    else exp(common)
                )
                .proof()
            )

    def _common_exponent(self, total: Any) -> Any:
        if not isinstance(total, Add):
            return None
        for candidate in self.collector.common_factor(total, tuple(range(len(total.args)))):
            return candidate.after
        return None

    def _one_power(self, t: Any) -> Iterator[Proof]:
        """x**a/y**a = (x/y)**a for positive x and y and one symbolic exponent."""
        c, parts = split_product(t)
        for (k, (b1, e1)), (n, (b2, e2)) in itertools.combinations(list(enumerate(parts)), 2):
            if is_number(e1) or is_number(e2) or isinstance(b1, Mul) or isinstance(b2, Mul):
                continue
            ratio = 1 if same(e1, e2) else -1 if same(e1, tidy(mul(number(-1), e2))) else 0
            if not ratio or not all(
                self.theory.decide(relation(">", b, ZERO))[0] for b in (b1, b2)
            ):
                continue
            rest = [x for m, x in enumerate(parts) if m not in (k, n)]
            for first, second, e in ((b1, b2, e1), (b2, b1, e2)):
                base = mul(first, second if ratio == 1 else inverse(second))
                joined = power(base, e)
                whole = (
                    mul(*factors_of(join_product(c, rest)), joined) if rest or c != 1 else joined
                )
                apart = Chain(joined).rule("power-of-product", self._apart(joined))
                chain = Chain(t)
                staged = (
                    mul(*factors_of(join_product(c, rest)), apart.term)
                    if rest or c != 1
                    else apart.term
                )
                chain.algebra(staged)
                where = (len(staged.args) - 1,) if rest or c != 1 else ()
                chain.splice(flip(apart.proof()), where)
                if chain.term == whole:
                    yield chain.proof()

    def _apart(self, t: Any) -> Any:
        after, _ = REGISTRY["power-of-product"].rewrite(self.theory, t, {})  # type: ignore[misc]
        return after
