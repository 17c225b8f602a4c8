"""The search for the shortest form: facts used, names folded back, factors out, sums merged.

Every candidate is made by proof-carrying rewriting, so the shortest one comes with its proof.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import sympy

from derivation.engine.arithmetic import (
    expanded,
    join_product,
    leading,
    negated,
    same,
    scaled,
    split_product,
    tidy,
)
from derivation.engine.cost import cost
from derivation.engine.proof import Chain, Proof, flip, join, labelled
from derivation.engine.rewrites import (
    Rewrite,
    apply_everywhere,
    fold_products,
    fold_sums,
    folds_of,
    occurrences,
    rewrite_of_given,
)
from derivation.engine.simplify import Simplifier, _excluded
from derivation.errors import RuleRefused
from derivation.normal import normal_term, oriented
from derivation.problem import Definition
from derivation.rules import REGISTRY
from derivation.rules.sums import joined_guard
from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    Add,
    Index,
    Indexed,
    KroneckerDelta,
    Mul,
    Pow,
    ProductOver,
    SumOver,
    Term,
    add,
    apply,
    at,
    conjuncts,
    exp,
    free_indices,
    fresh_index,
    index_names,
    indices_of,
    inverse,
    is_number,
    mul,
    name_of,
    neg,
    number,
    power,
    rebuild,
    reduction,
    relation,
    sigmoid,
    substitute,
    sum_over,
    value_of,
)
from derivation.theory import Theory

MOST_EXPANDED = 120  # nodes
TOTAL_EFFORT = 600_000  # … and for a whole derivation
EFFORT = 60_000  # nodes of candidates looked at for one short form


class Shortener:
    """Finds short forms in one theory; facts may be added as they are proved."""

    def __init__(self, theory: Theory, simplifier: Simplifier) -> None:
        self.theory, self.simplifier = theory, simplifier
        self.folds: list[tuple[Definition, list[Rewrite]]] = []
        self.rewrites: list[Rewrite] = []
        self.symmetries: list[Rewrite] = []
        for given in theory.problem.givens:
            found = rewrite_of_given(given, theory)
            if found is not None:
                self._take(found)
        for definition in theory.definitions.values():
            self.add_definition(definition)
        self._memo: dict[Term, Proof] = {}
        self._left = EFFORT
        self._total = TOTAL_EFFORT
        self.cut: frozenset[str] = frozenset()

    def add_definition(self, definition: Definition) -> None:
        """Lets results be folded into the name."""
        self.folds.append((definition, folds_of(definition, self.theory)))

    def forget(self, cut: set[str]) -> None:
        """Nothing is folded into these names, whose definitions may not be used."""
        self.folds = [(d, rewrites) for d, rewrites in self.folds if d.name not in cut]
        self.cut = frozenset(cut)

    def add_fact(self, fact: Rewrite) -> None:
        """Lets a proved equation be used."""
        self._take(fact)
        self._memo.clear()

    def _take(self, rw: Rewrite) -> None:
        a, b = rw.pattern, rw.replacement
        if isinstance(a, Indexed) and isinstance(b, Indexed) and name_of(a) == name_of(b):
            self.symmetries.append(rw)
        else:
            self.rewrites.append(rw)

    # -- the search -------------------------------------------------------------------------

    def shorten(self, t: Term, without: frozenset[str] = frozenset()) -> Proof:
        """The shortest form found; ``without`` names definitions not to fold into."""
        if not without and t in self._memo:
            return self._memo[t]
        self._left = min(EFFORT, self._total)
        first = self._settle(self.simplifier.simplify(t), without)
        best = self._polish(first, without)
        for candidate in _safely(self._variants(first, without)):
            if self._left <= 0:
                break
            polished = self._polish(candidate, without)
            if cost(polished.after) < cost(best.after):
                best = polished
        if not without:
            self._memo[t] = best
        return best

    def _spend(self, candidate: Term) -> bool:
        """Whether there is effort left to look at one more candidate."""
        self._left -= cost(candidate) + 5
        self._total -= cost(candidate) + 5
        return self._left > 0

    def _variants(self, p: Proof, without: frozenset[str]) -> Iterator[Proof]:
        turned = self._turn_symmetric(p.after)
        if turned is not None:
            p = join(p, turned)
            yield p
        apart = self._powers_apart(p.after)
        if apart is not None:
            yield self._settle(join(p, apart), without)
        products = self._whole_products(p.after)
        if products is not None:
            yield self._settle(join(p, products), without)
        try:
            opened = self._expand(p.after)
        except RuleRefused:
            return
        if opened.after != p.after:
            yield self._settle(join(p, labelled(opened, "expand")), without)

    def _settle(self, p: Proof, without: frozenset[str]) -> Proof:
        """Facts and folds until nothing gets shorter."""
        for _ in range(12):
            step = self._use_facts(p.after) or self._fold(p.after, without)
            if step is None:
                return p
            p = join(p, step)
        return p

    def _use_facts(self, t: Term) -> Proof | None:
        for rw in self.rewrites:
            step = apply_everywhere(rw, t, self.theory)
            if step is None:
                continue
            done = join(step, self.simplifier.simplify(step.after))
            if cost(done.after) < cost(t):
                return labelled(done, rw.kind)
        return None

    def _fold(self, t: Term, without: frozenset[str]) -> Proof | None:
        best: Proof | None = None
        for definition, rewrites in self.folds:
            if definition.name in without:
                continue
            for step in _safely(self._fold_candidates(definition, rewrites, t)):
                if not self._spend(step.after):
                    return best
                done = join(step, self.simplifier.simplify(step.after))
                for final in (done, self._expanded_after(done)):
                    if final is not None and cost(final.after) < cost(best.after if best else t):
                        best = labelled(final, "fold")
            if best is not None:
                return best
        return best

    def _expanded_after(self, p: Proof) -> Proof | None:
        try:
            opened = self._expand(p.after)
        except RuleRefused:
            return None
        self._spend(opened.after)
        return join(p, opened) if opened.after != p.after else None

    def _fold_candidates(
        self, definition: Definition, rewrites: list[Rewrite], t: Term
    ) -> Iterator[Proof]:
        for fold in (fold_sums, fold_products):
            found = fold(definition, t, self.theory)
            if found is not None:
                yield found
        for rw in rewrites:
            try:
                step = apply_everywhere(rw, t, self.theory)
            except RuleRefused:
                continue
            if step is not None:
                yield step

    def _turn_symmetric(self, t: Term) -> Proof | None:
        """Entries of symmetric arrays with their indices in one order, free ones first."""
        chain = Chain(t)
        free = free_indices(t)
        for rw in self.symmetries:
            for path, sub in list(occurrences(chain.term)):
                if isinstance(sub, Indexed) and name_of(sub) == name_of(rw.pattern):
                    step = rw.at(sub, self.theory)
                    if step is None:
                        continue
                    before = [_turning(i, free) for i in indices_of(sub)]
                    after = [_turning(i, free) for i in indices_of(step.after)]
                    if after < before:
                        chain.splice(step, path)
        if not chain.items:
            return None
        label = self.symmetries[0].kind
        return join(chain.proof(label), self.simplifier.simplify(chain.term))

    def _powers_apart(self, t: Term) -> Proof | None:
        """Every power of a product with known signs, factor by factor."""
        chain = Chain(t)
        for _ in range(6):
            for path, sub in occurrences(chain.term):
                if (
                    isinstance(sub, Pow)
                    and isinstance(sub.args[0], Mul)
                    and not is_number(sub.args[1])
                ):
                    after, needs = REGISTRY["power-of-product"].rewrite(self.theory, sub, {})  # type: ignore[misc]
                    if all(self.theory.decide(c)[0] for c in needs):
                        chain.rule("power-of-product", after, path)
                        break
            else:
                break
        if not chain.items:
            return None
        return join(chain.proof("collect"), self.simplifier.simplify(chain.term))

    def _whole_products(self, t: Term) -> Proof | None:
        """Every product over l != j as the whole one over its j-th factor."""
        chain = Chain(t)
        for _ in range(6):
            for path, sub in occurrences(chain.term):
                if isinstance(sub, ProductOver) and sub.guard != TRUE:
                    step = next(self._whole_product(sub), None)
                    if step is not None:
                        chain.splice(step, path)
                        break
            else:
                break
        if not chain.items:
            return None
        return join(chain.proof("collect"), self.simplifier.simplify(chain.term))

    # -- expanding --------------------------------------------------------------------------

    def _expand(self, t: Term) -> Proof:
        """Products multiplied out everywhere, sums of sums split, then simplified."""
        if cost(t) > MOST_EXPANDED:
            raise RuleRefused("too long to multiply out")
        chain = Chain(t)
        self._expand_at(chain, ())
        return join(chain.proof(), self.simplifier.simplify(chain.term))

    def _expand_at(self, chain: Chain, path: tuple[int, ...]) -> None:
        t = at(chain.term, path)
        if isinstance(t, Add | Mul | Pow):
            for k in range(len(t.args)):
                if not (isinstance(t, Pow) and k == 1):
                    self._expand_at(chain, (*path, k))
            t = at(chain.term, path)
            opened = expanded(t)
            if opened != t:
                chain.algebra(opened, path)
        elif isinstance(t, SumOver):
            self._expand_at(chain, (*path, 0))
            t = at(chain.term, path)
            if isinstance(t.body, Add):
                parts = [sum_over(a, t.index, t.guard) for a in t.body.args]
                chain.rule("sum-add", add(*parts), path)
            chain.splice(self.simplifier.simplify(at(chain.term, path)), path)

    # -- polishing: merge and factor --------------------------------------------------------

    def _polish(self, p: Proof, without: frozenset[str]) -> Proof:
        for _ in range(12):
            step = self._polish_step(p.after)
            if step is None:
                break
            p = join(p, step)
            p = self._settle(p, without)
        return p

    def _polish_step(self, t: Term) -> Proof | None:
        best: Proof | None = None
        for path, sub in occurrences(t):
            if isinstance(sub, Add):
                for candidate in _safely(self._add_candidates(sub)):
                    if not self._spend(t):
                        return best
                    whole = Chain(t).splice(candidate, path)
                    done = join(whole.proof(), self.simplifier.simplify(whole.term))
                    if cost(done.after) < cost(best.after if best else t):
                        best = labelled(done, "collect")
            else:
                for candidate in _safely(self._local_candidates(sub)):
                    if not self._spend(t):
                        return best
                    whole = Chain(t).splice(candidate, path)
                    done = join(whole.proof(), self.simplifier.simplify(whole.term))
                    if cost(done.after) < cost(best.after if best else t):
                        best = labelled(done, "collect")
        return best

    def _local_candidates(self, t: Any) -> Iterator[Proof]:
        """Other ways to write one subterm."""
        if isinstance(t, SumOver) and isinstance(t.body, Add):
            yield from self._split_candidates(t)
        if isinstance(t, ProductOver):
            yield from self._whole_product(t)
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
                staged = mul(*_factors(remaining), back.term) if remaining != ONE else back.term
                try:
                    chain = Chain(t).algebra(staged)
                except RuleRefused:
                    continue
                where = (len(staged.args) - 1,) if remaining != ONE else ()
                chain.splice(flip(back.proof()), where)
                yield chain.proof()

    def _whole_product(self, t: Any) -> Iterator[Proof]:
        """The product over l != j as the whole product over its j-th factor."""
        for c in conjuncts(t.guard):
            j = _excluded(c, t.index)
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
        for c, f in _sums_in(t):
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
        joined = mul(*_factors(join_product(c, rest)), exp(total)) if rest or c != 1 else exp(total)
        yield Chain(t).algebra(joined).proof()
        common = self._common_exponent(total)
        if common is not None:
            yield (
                Chain(t)
                .algebra(
                    mul(*_factors(join_product(c, rest)), exp(common))
                    if rest or c != 1
                    else exp(common)
                )
                .proof()
            )

    def _common_exponent(self, total: Any) -> Any:
        if not isinstance(total, Add):
            return None
        for candidate in self._common_factor(total, tuple(range(len(total.args)))):
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
                whole = mul(*_factors(join_product(c, rest)), joined) if rest or c != 1 else joined
                apart = Chain(joined).rule("power-of-product", self._apart(joined))
                chain = Chain(t)
                staged = (
                    mul(*_factors(join_product(c, rest)), apart.term)
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

    def _split_candidates(self, t: Any) -> Iterator[Proof]:
        """A sum of terms split into sums, where that shows facts or constants."""
        parts = [sum_over(a, t.index, t.guard) for a in t.body.args]
        chain = Chain(t).rule("sum-add", add(*parts))
        chain.splice(self.simplifier.simplify(chain.term))
        done = chain.proof()
        settled = self._settle(done, frozenset())
        yield settled

    def _add_candidates(self, t: Any) -> Iterator[Proof]:
        terms = t.args
        yield from self._reflected(t)
        yield from self._common_factor(t, tuple(range(len(terms))))
        if len(terms) > 2:
            for pair in itertools.combinations(range(len(terms)), 2):
                yield from self._common_factor(t, pair)
        yield from self._delta_turned(t)
        if len(terms) <= 10:
            for m, n in itertools.combinations(range(len(terms)), 2):
                yield from self._merge_sums(t, m, n)

    def _delta_turned(self, t: Any) -> Iterator[Proof]:
        """delta(i, j)*f(i) as delta(i, j)*f(j), where that shares a factor with the other terms."""
        for n, a in enumerate(t.args):
            parts = _factors(a)
            for d in parts:
                if not isinstance(d, KroneckerDelta):
                    continue
                rest = [f for f in parts if f is not d]
                for i, j in (d.args, d.args[::-1]):
                    if not isinstance(i, Index) or not any(i in free_indices(f) for f in rest):
                        continue
                    turned = mul(*[substitute(f, {i: j}) for f in rest], d)
                    chain = Chain(t).rule("delta-substitutes", turned, (n,))
                    for candidate in self._common_factor(chain.term, tuple(range(len(t.args)))):
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

    def _common_factor(self, t: Any, which: tuple[int, ...]) -> Iterator[Proof]:
        """c*a + c*b = c*(a + b) for the terms chosen."""
        chosen = [t.args[k] for k in which]
        split = [split_product(a) for a in chosen]
        shared: list[tuple[Any, Any]] = []
        for base, e in split[0][1]:
            if not is_number(e):
                exps = [_exponent_of(base, parts) for _, parts in split]
                if all(x == e for x in exps):
                    shared.append((base, e))
                continue
            exps = [_exponent_of(base, parts) for _, parts in split]
            if any(x is None or not is_number(x) for x in exps):
                continue
            values = [value_of(x) for x in exps]
            low = min(values, key=abs)
            if all(v * low > 0 for v in values):
                shared.append((base, number(low)))
        coefficients = [c for c, _ in split]
        numeric = _gcd(coefficients)
        if all(c < 0 for c in coefficients):
            numeric = -numeric
        if not shared and abs(numeric) == 1 and numeric > 0:
            return
        front = join_product(numeric, shared)
        if front == ONE:
            return
        inner = [
            tidy(
                mul(
                    a,
                    power(front, number(-1))
                    if not is_number(front)
                    else number(1 / value_of(front)),
                )
            )
            for a in chosen
        ]
        grouped = mul(*(front.args if isinstance(front, Mul) else (front,)), add(*inner))
        if any(_below_delta(a) for a in inner):
            return
        if len(which) == len(t.args):
            out = grouped
        else:
            rest = [a for k, a in enumerate(t.args) if k not in which]
            place = sum(1 for k in range(which[0]) if k not in which)
            out = add(*rest[:place], grouped, *rest[place:])
        try:
            yield Chain(t).algebra(out).proof()
        except RuleRefused:
            return

    def _merge_sums(self, t: Any, m: int, n: int) -> Iterator[Proof]:
        """c*sum(a) + d*sum(b) = sum(c*a + d*b), the letters chosen so that factors agree."""
        one, two = t.args[m], t.args[n]
        for (c, f), (d, g) in itertools.product(_sums_in(one), _sums_in(two)):
            if f.index.size != g.index.size:
                continue
            if f.index in free_indices(two) or (f.index != g.index and f.index in free_indices(g)):
                letter = fresh_index(f.index, index_names(one) | index_names(two))
                f = _renamed(f, letter)
            g = _renamed(g, f.index)
            if f.index in free_indices(c) | free_indices(d):
                continue
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
        best: Proof | None = None
        for candidate in self._body_candidates(body):
            if best is None or cost(candidate.after) < cost(best.after):
                best = candidate
        if best is not None and cost(best.after) < cost(body):
            chain.splice(best, inner_path)
        return chain.proof()

    def _body_candidates(self, body: Any) -> Iterator[Proof]:
        simplified = self.simplifier.simplify(body)
        yield simplified
        if isinstance(simplified.after, Add):
            for candidate in self._add_candidates(simplified.after):
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


def _factors(t: Any) -> tuple[Any, ...]:
    return t.args if isinstance(t, Mul) else (t,)


def _safely(candidates: Iterator[Proof]) -> Iterator[Proof]:
    """The candidates up to the first that turns out not to be provable."""
    try:
        yield from candidates
    except RuleRefused:
        return


def _below_delta(t: Any) -> bool:
    """Whether a product divides by a delta."""
    return any(isinstance(b, KroneckerDelta) and value_of(e) < 0 for b, e in split_product(t)[1])


def _turning(i: Any, free: frozenset[Any]) -> tuple[bool, str]:
    """Free indices first, by name; bound ones as they come."""
    return (False, str(i)) if i in free else (True, "")


def same_guard(a: Any, b: Any) -> bool:
    return bool(oriented(a) == oriented(b))


def _exponent_of(base: Any, parts: list[tuple[Any, Any]]) -> Any:
    key = normal_term(base)
    turned = normal_term(negated(base)) if isinstance(base, Add) else None
    for b, e in parts:
        if b == base or normal_term(b) in (key, turned):
            return e
    return None


def _gcd(values: list[Fraction]) -> Fraction:
    return Fraction(gcd(*[v.numerator for v in values]), lcm(*[v.denominator for v in values]))


def _sums_in(t: Any) -> list[tuple[Any, Any]]:
    """(outside, sum) for each indexed sum that is a factor of the term."""
    c, parts = split_product(t)
    out = []
    for k, (base, e) in enumerate(parts):
        if isinstance(base, SumOver) and e == ONE:
            rest = parts[:k] + parts[k + 1 :]
            out.append((join_product(c, rest), base))
    return out


def _renamed(t: Any, letter: Any) -> Any:
    if t.index == letter:
        return t
    swap = {t.index: letter}
    return rebuild(t, (substitute(t.body, swap), letter, substitute(t.guard, swap)))


def _shared_front(c: Any, d: Any) -> tuple[Any, Any, Any]:
    """(g, c/g, d/g) with g the factors that both have."""
    (nc, pc), (nd, pd) = split_product(c), split_product(d)
    shared = [(b, e) for b, e in pc if _exponent_of(b, pd) == e]
    keys = {normal_term(b) for b, _ in shared}
    numeric = _gcd([nc, nd])
    if nc < 0 and nd < 0:
        numeric = -numeric
    left = [(b, e) for b, e in pc if normal_term(b) not in keys]
    right = [(b, e) for b, e in pd if normal_term(b) not in keys]
    return (
        join_product(numeric, shared),
        join_product(nc / numeric, left),
        join_product(nd / numeric, right),
    )
