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
    beside,
    expanded,
    join_product,
    leading,
    negated,
    over_one_denominator,
    split_product,
    sums_in,
    tidy,
)
from derivation.engine.collect import Collector
from derivation.engine.cost import cost
from derivation.engine.proof import Chain, Move, Proof, flip, join, labelled, rearranged
from derivation.engine.rewrites import binds, occurrences
from derivation.engine.simplify import Simplifier, excluded, factors_of
from derivation.errors import RuleRefused
from derivation.normal import normal_term, text
from derivation.problem import Definition
from derivation.rules import REGISTRY
from derivation.terms import (
    ONE,
    ZERO,
    Add,
    IfElse,
    Indexed,
    KroneckerDelta,
    Mul,
    Pow,
    ProductOver,
    Relation,
    SumOver,
    add,
    all_of,
    apply,
    conjuncts,
    element,
    exp,
    free_indices,
    if_else,
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
    reduction,
    relation,
    replace_terms,
    substitute,
    subterms,
    sum_over,
    value_of,
)
from derivation.theory import Theory

MOST_PUSHED = 150  # nodes; of all results that this made shorter the longest had 44
FRACTION = "fraction"  # the label of what is done above and below alike


class Alternatives:
    """Other ways to write one product, power or indexed sum, each with its proof."""

    def __init__(self, theory: Theory, simplifier: Simplifier, collector: Collector) -> None:
        self.theory, self.simplifier, self.collector = theory, simplifier, collector
        self.definitions: list[Definition] = []  # that results may be folded into

    def candidates(self, t: Any) -> Iterator[Proof]:
        """Other ways to write one subterm."""
        if isinstance(t, ProductOver):
            yield from self.whole_product(t)
        if isinstance(t, SumOver):
            yield from self._place_apart(t)
        if isinstance(t, Mul):
            yield from self._cleared(t)
            yield from self._into_sum(t)
            yield from self.one_exponential(t)
            yield from self._one_power(t)
            yield from self._pushed(t)
            yield from self._by_the_share(t)
            yield from self._met_through_delta(t)
            yield from self._divided_through(t)
            yield from self._exponential_through(t)
            yield from self._delta_substituted(t)
            yield from self._cases_around(t)
            yield from self._as_tanh(t)
        if isinstance(t, (Mul, Pow)):
            yield from self._as_sigmoid(t)
            yield from self._inner_denominators(t)

    def _place_apart(self, t: Any) -> Iterator[Proof]:
        """sum_k f_k*(a_k if k != j else b) = sum_{k != j} f_k*a_k + f_j*b."""
        for f in factors_of(t.body):
            if not isinstance(f, IfElse) or not isinstance(f.args[0], Relation):
                continue
            if f.args[0].op not in ("==", "!=") or not any(
                t.index is i for i in (f.args[0].left, f.args[0].right)
            ):
                continue
            rest = [g for g in factors_of(t.body) if g is not f]
            condition, *branches = f.args
            values = [mul(*rest, b) for b in branches]
            chain = Chain(t).rule("case-lift", if_else(condition, *values), (0,))
            places = (condition, negate(condition))
            parts = [
                sum_over(v, t.index, all_of(*conjuncts(t.guard), c))
                for v, c in zip(values, places, strict=True)
            ]
            chain.rule("sum-cases", add(*parts))
            apart = chain.splice(self.simplifier.simplify(chain.term)).proof()
            yield apart
            if isinstance(apart.after, Add):  # what was set apart may go into the other sum
                for way in self.collector.candidates(apart.after):
                    yield join(apart, way)

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
            if type(grown) is not sympy.exp:
                continue
            x = grown.args[0]
            others = [p for n, p in enumerate(parts) if n != k]
            for argument, left in ((x, [*others, (exp(x), number(-1))]), (negated(x), others)):
                s = apply("sigmoid", argument)
                back = Chain(s).rule("sigmoid-definition", inverse(add(ONE, exp(neg(argument)))))
                remaining = tidy(join_product(c, left))
                staged = mul(*factors_of(remaining), back.term) if remaining != ONE else back.term
                start = rearranged(t, staged)
                if start is None:
                    continue
                where = (len(staged.args) - 1,) if remaining != ONE else ()
                yield Chain(t).splice(start).splice(flip(back.proof()), where).proof()

    def _as_tanh(self, t: Any) -> Iterator[Proof]:
        """sinh(x)/cosh(x) = tanh(x)."""
        c, parts = split_product(t)
        for k, (top, e) in enumerate(parts):
            if not isinstance(top, (sympy.sinh, sympy.sin)) or e != ONE:
                continue
            below, name = (
                (sympy.cosh, "tanh") if isinstance(top, sympy.sinh) else (sympy.cos, "tan")
            )
            for n, (bottom, x) in enumerate(parts):
                if isinstance(bottom, below) and x == number(-1) and bottom.args == top.args:
                    rest = [p for m, p in enumerate(parts) if m not in (k, n)]
                    short = apply(name, top.args[0])
                    back = Chain(short).rule("tangent-definition", mul(top, inverse(bottom)))
                    staged, where = beside(c, rest, back.term)
                    yield Chain(t).algebra(staged).splice(flip(back.proof()), where).proof()

    def _cases_around(self, t: Any) -> Iterator[Proof]:
        """2*f*(a if c else 0) = (2*f*a if c else 0)."""
        for f in t.args:
            if not isinstance(f, IfElse):
                continue
            rest = list(t.args)
            rest.remove(f)
            branches = [ZERO if b == ZERO else tidy(mul(*rest, b)) for b in f.args[1:]]
            lifted = if_else(f.args[0], *branches)
            chain = Chain(t).rule("case-lift", lifted)
            for k in (1, 2):
                chain.splice(self.simplifier.simplify(lifted.args[k]), (k,))
            yield chain.proof()
            return

    def _inner_denominators(self, t: Any) -> Iterator[Proof]:
        """1/(a/b + c) = b/(a + b*c)."""
        c, parts = split_product(t)
        for k, (base, e) in enumerate(parts):
            if not isinstance(base, Add) or not is_number(e) or value_of(e).denominator != 1:
                continue
            top, below = over_one_denominator(base)
            if not below:
                continue
            rest = [p for n, p in enumerate(parts) if n != k]
            turned = [(b, number(-value_of(x) * value_of(e))) for b, x in below]
            yield from _shown(t, tidy(beside(c, [*rest, *turned], power(top, e))[0]))
            front = join_product(Fraction(1), below)
            whole = add(*[tidy(mul(front, a)) for a in base.args])  # not multiplied out
            if whole != top:
                staged, where = beside(c, rest, power(base, e))
                try:
                    chain = Chain(t).algebra(staged)
                    chain.algebra(mul(*factors_of(inverse(front)), whole), (*where, 0))
                    chain.algebra(tidy(chain.term))
                except RuleRefused:
                    continue
                yield chain.proof()

    def _pushed(self, t: Any) -> Iterator[Proof]:
        """Factors put into a sum of terms, and into the sums in it where they meet a denominator.

        p*(1 - p)*(y*(a/p + b) + c/(1 - p)) becomes (1 - p)*y*(a + b*p) + c*p.
        """
        if cost(t) > MOST_PUSHED:
            return
        c, parts = split_product(t)
        for k, (base, e) in enumerate(parts):
            if e != ONE or not isinstance(base, Add):
                continue
            rest = [p for n, p in enumerate(parts) if n != k]
            below = _below(base)
            meets = [p for p in rest if normal_term(p[0]) in below]
            if not meets:
                continue
            front = join_product(Fraction(1), meets)
            kept = join_product(c, [p for p in rest if p not in meets])
            inside = _put_into(front, base)
            yield from _shown(t, tidy(mul(*factors_of(kept), inside)))

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
            yield from _shown(t, tidy(mul(join_product(c, rest), opened)))

    def _met_through_delta(self, t: Any) -> Iterator[Proof]:
        """p[i]*(a - delta(i, j)/p[j]) = a*p[i] - delta(i, j)."""
        c, parts = split_product(t)
        plain = [(k, base) for k, (base, e) in enumerate(parts) if e == ONE]
        sums = [x for x in plain if isinstance(x[1], Add)]
        entries = [x for x in plain if isinstance(x[1], Indexed)]
        for (k, base), (n, b) in itertools.product(sums, entries):
            for m, a in enumerate(base.args):
                twin = _twin(a, b)
                if twin is None:
                    continue
                rest = [p for q, p in enumerate(parts) if q not in (k, n)]
                pushed = add(*[mul(b, *factors_of(z)) for z in base.args])
                staged, where = beside(c, rest, pushed)
                try:
                    chain = Chain(t).algebra(staged)
                    chain.rule("delta-substitutes", mul(twin, *factors_of(a)), (*where, m))
                    chain.algebra(tidy(chain.term))
                except RuleRefused:
                    continue
                yield chain.proof()

    def _by_the_share(self, t: Any) -> Iterator[Proof]:
        """(1 - y[j]/p[j])/S = (p[j] - y[j])/f[j], where p[j] is f[j]/S."""
        c, parts = split_product(t)
        for k, (base, e) in enumerate(parts):
            if e != number(-1) or not isinstance(base, SumOver):
                continue
            key = normal_term(base)
            for definition in self.definitions:
                if not isinstance(definition.body, Mul):
                    continue
                entries = {
                    s for s in subterms(t) if is_element(s) and name_of(s) == definition.name
                }
                for entry in sorted(entries, key=text):
                    body = self.theory.unfold(entry)
                    below = [
                        b for b, x in split_product(body)[1] if x == e and normal_term(b) == key
                    ]
                    if not below or not free_indices(entry) <= free_indices(t):
                        continue
                    share = tidy(mul(entry, inverse(tidy(mul(body, base)))))
                    rest = [p for n, p in enumerate(parts) if n != k]
                    staged, where = beside(c, rest, share)
                    back = Chain(staged)
                    for path, s in occurrences(share):
                        if s == entry:
                            move = Move("definition", entry, body)
                            back.splice(move, (*where, *path))
                            break
                    try:
                        start = flip(back.algebra(t).proof())
                    except RuleRefused:
                        continue
                    after = tidy(staged)
                    chain = Chain(t).splice(start).algebra(after)
                    for cleared in self._cleared(after):
                        yield join(chain.proof(), cleared)

    def _divided_through(self, t: Any) -> Iterator[Proof]:
        """(r - l)/r = 1 - l/r: what stands below divides a term above."""
        c, parts = split_product(t)
        for k, (base, e) in enumerate(parts):
            if e != ONE or not isinstance(base, Add):
                continue
            inside = {normal_term(b) for a in base.args for b, x in split_product(a)[1] if x == ONE}
            for n, (b, x) in enumerate(parts):
                if is_number(x) and value_of(x) < 0 and normal_term(b) in inside:
                    rest = [p for m, p in enumerate(parts) if m not in (k, n)]
                    if x != number(-1):
                        rest.append((b, number(value_of(x) + 1)))
                    divided = add(*[tidy(mul(a, inverse(b))) for a in base.args])
                    for proof in _shown(t, beside(c, rest, divided)[0]):
                        yield labelled(proof, FRACTION)

    def _exponential_through(self, t: Any) -> Iterator[Proof]:
        """exp(-x)/(1 - exp(-x)) = 1/(exp(x) - 1): the exponential put into the denominator."""
        c, parts = split_product(t)
        for k, (above, e) in enumerate(parts):
            if type(above) is not sympy.exp or not is_number(e):
                continue
            for n, (base, x) in enumerate(parts):
                if (
                    x != number(-1)
                    or not isinstance(base, Add)
                    or not any(type(b) is sympy.exp for a in base.args for b in factors_of(a))
                ):
                    continue
                front = power(above, number(-value_of(e)))
                inside = add(*[tidy(mul(a, front)) for a in base.args])
                rest = [p for m, p in enumerate(parts) if m not in (k, n)]
                staged, where = beside(c, rest, inverse(mul(front, base)))
                try:  # in this order no condition is needed
                    chain = Chain(t).algebra(staged).algebra(inside, (*where, 0))
                    yield chain.algebra(tidy(chain.term)).proof(FRACTION)
                except RuleRefused:
                    continue

    def _delta_substituted(self, t: Any) -> Iterator[Proof]:
        """delta(t[n], k)*f(t[n]) = delta(t[n], k)*f(k)."""
        for d in t.args:
            if not isinstance(d, KroneckerDelta):
                continue
            rest = [f for f in t.args if f is not d]
            for i, j in (d.args, d.args[::-1]):
                if not isinstance(i, Indexed) or isinstance(j, Indexed):
                    continue
                if any(binds(f, j) for f in rest):
                    continue  # it would be captured

                def there(s: Any, i: Any = i, j: Any = j) -> Any:
                    if not isinstance(s, Indexed) or i not in indices_of(s):
                        return None
                    return element(name_of(s), *[j if x == i else x for x in indices_of(s)])

                turned = [replace_terms(f, there) for f in rest]
                if turned != rest:
                    yield Chain(t).rule("delta-substitutes", mul(*turned, d)).proof()

    def _into_sum(self, t: Any) -> Iterator[Proof]:
        """-sum(a*(b - c)) = sum(a*(c - b))."""
        for c, f in sums_in(t):
            sign, outside = split_product(c)
            if sign >= 0:
                continue
            for turned in _turned(f.body):
                inner = sum_over(turned, f.index, f.guard)
                back = Chain(inner).rule("sum-factor", mul(number(-1), f))
                staged, where = beside(-sign, outside, back.term)
                chain = Chain(t).algebra(staged)
                yield chain.splice(flip(back.proof()), where).proof()
                return

    def one_exponential(self, t: Any) -> Iterator[Proof]:
        """exp(a)/exp(b) = exp(a - b), exp(b) before a sum with exp(a) in it too."""
        c, parts = split_product(t)
        exps = [(b, e) for b, e in parts if type(b) is sympy.exp]
        if len(exps) < 2:
            yield from self._exponential_into_sum(t, c, parts, exps)
            return
        rest = [x for x in parts if x not in exps]
        total = tidy(add(*[mul(e, b.args[0]) for b, e in exps]))
        yield from _shown(t, beside(c, rest, exp(total))[0])
        common = self._common_exponent(total)
        if common is not None:
            yield from _shown(t, beside(c, rest, exp(common))[0])

    def _exponential_into_sum(
        self, t: Any, c: Fraction, parts: list[Any], exps: list[Any]
    ) -> Iterator[Proof]:
        for front, e in exps:
            for f, x in parts:
                if not isinstance(f, SumOver) or x != ONE:
                    continue
                before = join_product(Fraction(1), [(front, e)])
                inside = mul(before, *factors_of(f.body))
                if f.index in free_indices(before):
                    continue
                for joined in self.one_exponential(inside):
                    whole = sum_over(inside, f.index, f.guard)
                    pulled = Chain(whole).rule("sum-factor", mul(before, f)).proof()
                    rest = [p for p in parts if p[0] is not f and p[0] is not front]
                    staged, where = beside(c, rest, mul(before, f))
                    chain = Chain(t).algebra(staged).splice(flip(pulled), where)
                    yield chain.splice(joined, (*where, 0)).proof()

    def _common_exponent(self, total: Any) -> Any:
        if not isinstance(total, Add):
            return None
        for candidate in self.collector.common_factor(total, tuple(range(len(total.args)))):
            return candidate.after
        return None

    def _one_power(self, t: Any) -> Iterator[Proof]:
        """x**a/y**a = (x/y)**a for one exponent, x and y positive unless it is a whole number."""
        c, parts = split_product(t)
        raised = [x for x in enumerate(parts) if not _is_plain(x[1][1])]
        for (k, (b1, e1)), (n, (b2, e2)) in itertools.combinations(raised, 2):
            if isinstance(b1, Mul) or isinstance(b2, Mul) or is_number(e1) != is_number(e2):
                continue
            if type(b1) is sympy.exp or type(b2) is sympy.exp:
                continue  # nobody writes an exponential under a root
            if is_number(e1):
                one, two = value_of(e1), value_of(e2)
                if abs(one) != abs(two):
                    continue
                if one.denominator == 1:
                    base = mul(b1, b2 if one == two else inverse(b2))
                    rest = [x for m, x in enumerate(parts) if m not in (k, n)]
                    yield from _shown(t, join_product(c, [*rest, (base, e1)]))
                    continue
            if not all(self.theory.decide(relation(">", b, ZERO))[0] for b in (b1, b2)):
                continue
            rest = [x for m, x in enumerate(parts) if m not in (k, n)]
            for ratio in (1, -1):
                gap = tidy(add(e1, mul(number(-ratio), e2)))
                if not is_number(gap):
                    continue
                for first, second, e, left in (
                    (b1, b2, e1, (b2, number(-ratio * value_of(gap)))),
                    (b2, b1, e2, (b1, gap)),
                ):
                    base = mul(first, second if ratio == 1 else inverse(second))
                    joined = power(base, e)
                    apart = Chain(joined).rule("power-of-product", self._apart(joined))
                    more = [left] if gap != ZERO else []
                    staged, where = beside(c, [*rest, *more], apart.term)
                    start = rearranged(t, staged)
                    if start is None:
                        continue
                    chain = Chain(t).splice(start)
                    yield chain.splice(flip(apart.proof()), where).proof()

    def _apart(self, t: Any) -> Any:
        after, _ = REGISTRY["power-of-product"].rewrite(self.theory, t, {})  # type: ignore[misc]
        return after


def _shown(t: Any, after: Any) -> Iterator[Proof]:
    proof = rearranged(t, after)
    if proof is not None:
        yield proof


def _is_plain(e: Any) -> bool:
    """Whether an exponent is 1 or -1."""
    return is_number(e) and abs(value_of(e)) == 1


def _turned(body: Any) -> Iterator[Any]:
    """The body with the opposite sign, put into a sum of terms in it."""
    if isinstance(body, Add):
        yield _without_signs(negated(body))
    elif isinstance(body, Mul):
        for k, b in enumerate(body.args):
            if isinstance(b, Add):
                yield mul(*body.args[:k], negated(b), *body.args[k + 1 :])


def _twin(a: Any, b: Any) -> Any:
    """p[j], where a term divides by it beside delta(i, j), and b is p[i]."""
    deltas = [f for f in factors_of(a) if isinstance(f, KroneckerDelta)]
    if len(deltas) != 1:
        return None
    below = {q for q, y in split_product(a)[1] if y == number(-1)}
    for i, j in (deltas[0].args, deltas[0].args[::-1]):
        twin = substitute(b, {i: j}) if hasattr(i, "size") and i in free_indices(b) else None
        if twin in below:
            return twin
    return None


def _without_signs(t: Any) -> Any:
    """-(a - b)*c as (b - a)*c, in every term of a sum."""
    out = []
    for a in t.args:
        turned = next(_turned(leading(a)[1]), None) if leading(a)[0] == -1 else None
        out.append(a if turned is None or not isinstance(turned, Mul) else turned)
    return add(*sorted(out, key=lambda a: leading(a)[0] < 0))


def _below(t: Any) -> set[Any]:
    """What stands in the denominators of a sum of terms, and of sums of terms in it."""
    out: set[Any] = set()
    for a in t.args:
        for b, x in split_product(a)[1]:
            if not is_number(x) or value_of(x) < 0:
                out.add(normal_term(b))
                if isinstance(b, Add):
                    out.add(normal_term(negated(b)))
            elif isinstance(b, Add) and x == ONE:
                out |= _below(b)
    return out


def _put_into(front: Any, t: Any) -> Any:
    """front*t, the front multiplied into the terms of t and into sums in them that divide by it."""
    out = []
    for a in t.args:
        c, parts = split_product(a)
        place = next(
            (k for k, (b, x) in enumerate(parts) if isinstance(b, Add) and x == ONE and _below(b)),
            None,
        )
        if place is None:
            out.append(tidy(mul(front, a)))
            continue
        inside = _put_into(front, parts[place][0])
        rest = [p for n, p in enumerate(parts) if n != place]
        out.append(tidy(mul(*factors_of(join_product(c, rest)), inside)))
    return add(*out)
