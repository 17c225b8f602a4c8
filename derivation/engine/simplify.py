"""Simplification with proofs: sums contracted, constants out, facts used, everything kept factored.

``Simplifier.simplify`` works bottom-up and only does what is always an improvement. The search
for the shortest form (folding into names, factoring, merging sums) stands in ``shorten``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from derivation.engine.arithmetic import (
    in_front,
    join_product,
    leading,
    negated,
    over_one_denominator,
    same,
    scaled,
    split_product,
    tidy,
)
from derivation.engine.cost import cost
from derivation.engine.defined import defined_at
from derivation.engine.order import like
from derivation.engine.proof import Chain, Proof, algebra, flip, rearranged
from derivation.errors import RuleRefused
from derivation.normal import oriented
from derivation.rules import REGISTRY
from derivation.rules.cases import says_the_same
from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    Add,
    AllOf,
    AnyOf,
    Condition,
    Diff,
    IfElse,
    Index,
    Integer,
    KroneckerDelta,
    MaxOver,
    MinOver,
    Mul,
    Partial,
    Pow,
    ProductOver,
    Reduction,
    Relation,
    SumOver,
    Term,
    add,
    all_of,
    apply,
    at,
    conjuncts,
    free_indices,
    identical,
    if_else,
    is_leaf,
    is_number,
    mul,
    negate,
    number,
    power,
    relation,
    relu,
    replace_at,
    substitute,
    sum_over,
    value_of,
)
from derivation.theory import Theory, entails


def factors_of(t: Term) -> tuple[Any, ...]:
    return t.args if isinstance(t, Mul) else (t,)


def terms_of(t: Term) -> tuple[Any, ...]:
    return t.args if isinstance(t, Add) else (t,)


class Simplifier:
    """Rewrites terms of one theory; every result comes with its proof."""

    def __init__(self, theory: Theory, completing: bool = True) -> None:
        self.theory, self.completing = theory, completing
        self._memo: dict[Term, Proof] = {}

    def simplify(self, t: Term) -> Proof:
        """The term with everything done that is always an improvement."""
        found = self._memo.get(t)
        if found is None:
            found = self._simplify(t)
            self._memo[t] = found
            if found.after not in self._memo:
                self._memo[found.after] = Proof(found.after, found.after)
        return found

    def _simplify(self, t: Term) -> Proof:
        if is_leaf(t) or isinstance(t, (Diff, Partial, Condition)):
            return Proof(t, t)
        chain = Chain(t)
        for k, a in enumerate(t.args):
            if (isinstance(t, Reduction) and k > 0) or isinstance(a, Condition):
                continue
            chain.splice(self.simplify(a), (k,))
        for _ in range(40):
            step = self._step(chain.term)
            if step is None or not step.changes:
                break
            chain.splice(step)
        return chain.proof()

    def _then(self, chain: Chain, path: tuple[int, ...] = ()) -> Proof:
        """Simplifies what stands at the path after the last move."""
        chain.splice(self.simplify(at(chain.term, path)), path)
        return chain.proof()

    # -- one step at the head ---------------------------------------------------------------

    def _step(self, t: Any) -> Proof | None:
        if isinstance(t, SumOver):
            return self._sum_step(t)
        if isinstance(t, (Add, Mul, Pow, sympy.exp)):
            tidied = tidy(t)
            if not identical(tidied, t):
                arranged = rearranged(t, tidied)
                if arranged is not None:
                    return arranged
            if isinstance(t, Mul):
                return self._product_step(t)
            if isinstance(t, Add):
                return self._add_step(t)
            if type(t) is sympy.exp and _only_logs(t.args[0]):
                return self._try("exp-of-log", t)
            if isinstance(t, Pow) and not (
                is_number(t.args[1]) and value_of(t.args[1]).denominator == 1
            ):
                return self._one_exponent(t) or self._power_step(t)
            if isinstance(t, Pow) and isinstance(t.args[0], _OF_SIGN):
                return self._sign_and_size(t)
            return None
        if isinstance(t, KroneckerDelta):
            if t.args[0] == t.args[1]:
                return Chain(t).rule("delta-equal", ONE).proof()
            return None
        if isinstance(t, IfElse):
            return self._cases_step(t)
        if isinstance(t, ProductOver):
            if t.index not in free_indices(t.body) and t.guard == TRUE:
                return Chain(t).rule("prod-constant", power(t.body, t.index.size)).proof()
            return None
        if isinstance(t, (MaxOver, MinOver)):
            if t.index not in free_indices(t.body) and t.guard == TRUE:
                return Chain(t).rule("max-constant", t.body).proof()
            return None
        if isinstance(t, sympy.log) and (type(t.args[0]) is sympy.exp or t.args[0] == ONE):
            return self._try("log-expand", t)
        if len(t.args) == 1 and t.args[0] == ZERO:
            return self._try("known-value", t)
        return None

    def _try(self, rule: str, t: Term) -> Proof | None:
        rewrite = REGISTRY[rule].rewrite
        try:
            after, _ = rewrite(self.theory, t, {})  # type: ignore[misc]
        except RuleRefused:
            return None
        chain = Chain(t).rule(rule, after)
        return self._then(chain if is_leaf(after) else chain.algebra(like(after, t)))

    def _cases_step(self, t: Any) -> Proof | None:
        condition, a, b = t.args
        if a == b:
            return Chain(t).rule("same-in-both", a).proof()
        if self._known(condition):
            return Chain(t).rule("case-holds", a).proof()
        if self._known(negate(condition)):
            return Chain(t).rule("case-fails", b).proof()
        return self._positive_part(t, t, []) or self._out_of_cases(t)

    def _positive_part(self, t: Any, cases: Any, rest: list[Any]) -> Proof | None:
        """relu(x)*(f if x > 0 else 0) = relu(x)*f: relu says it already; so do max and min."""
        condition, a, b = cases.args
        value, where = (a, condition) if b is ZERO else (b, negate(condition))
        if ZERO not in (a, b) or not isinstance(where, Relation):
            return None
        after = mul(*rest, *factors_of(value)) if rest else value
        for f in (*rest, *factors_of(value)):
            base = f.args[0] if isinstance(f, Pow) and is_number(f.args[1]) else f
            if f is not base and value_of(f.args[1]) <= 0:
                continue
            if isinstance(base, relu):
                x, signs = base.args[0], [">"]
            elif isinstance(base, (sympy.Max, sympy.Min)) and base.args.count(ZERO) == 1:
                x = base.args[base.args[0] is ZERO]
                signs = [">", ">="] if isinstance(base, sympy.Max) else ["<", "<="]
            else:
                continue
            for wanted in (relation(sign, x, ZERO) for sign in signs):
                if says_the_same(where, wanted):
                    return self._in_cases(t, cases, base, wanted, after)
        return None

    def _in_cases(self, t: Any, cases: Any, base: Any, wanted: Any, after: Any) -> Proof:
        """t = after, where both have a factor that is a distinction of cases itself."""
        condition, a, b = cases.args
        chain = Chain(t)
        said = wanted if b is ZERO else negate(wanted)
        if oriented(condition) != oriented(said):
            chain.rule("same-condition", if_else(said, a, b), path_to(t, cases))
        name = "relu-definition" if isinstance(base, relu) else "max-definition"
        meaning = Chain(base).rule(name, if_else(wanted, wanted.left, ZERO)).proof()
        there, here = path_to(chain.term, base), path_to(after, base)
        chain.splice(meaning, there)
        chain.rule("case-lift", replace_at(after, here, meaning.after))
        return chain.splice(flip(meaning), here).proof()

    def _out_of_cases(self, t: Any) -> Proof | None:
        """(f*a if c else f*b) = f*(a if c else b), f what both cases share."""
        condition, a, b = t.args
        (ca, pa), (cb, pb) = split_product(a), split_product(b)
        if ZERO in (a, b):
            return None
        shared = [x for x in pa if x in pb]
        if not shared:
            return None
        left = join_product(ca, [x for x in pa if x not in shared])
        right = join_product(cb, [x for x in pb if x not in shared])
        front = join_product(Fraction(1), shared)
        inner = if_else(condition, left, right)
        chain = Chain(t).rule("case-lift", mul(*factors_of(front), inner))
        chain.splice(self._cases_step(inner), (len(chain.term.args) - 1,))
        return chain.proof()

    def _known(self, condition: Term) -> bool:
        if isinstance(condition, Relation) and self.theory.is_index_relation(condition):
            return self.theory.decide(condition)[0]
        if isinstance(condition, AllOf):
            return all(map(self._known, condition.args))
        if isinstance(condition, AnyOf):
            return any(map(self._known, condition.args))
        return False

    def _sign_and_size(self, t: Any) -> Proof | None:
        """x*sign(x) as |x|, |x|*sign(x) as x, |x|**2 as x**2, in a product or a power."""
        c, parts = split_product(t)
        for size, _ in parts:
            if not isinstance(size, (sympy.Abs, sympy.sign)):
                continue
            x = size.args[0]
            kinds = (x, negated(x), apply("abs", x), apply("sign", x))
            powers = [0, 0, 0, 0]
            rest = []
            for base, e in parts:
                which = next((k for k, y in enumerate(kinds) if same(base, y)), None)
                if which is None:
                    rest.append((base, e))
                elif not isinstance(e, Integer):
                    return None
                else:
                    powers[which] += int(e)
            plain, turned, absolute, sign = powers
            total, odd = plain + turned + absolute, (plain + turned + sign) % 2
            kept = [(apply("abs", x), total)] if total % 2 != odd and total else []
            kept = kept or ([(x, total)] if total else [(apply("sign", x), odd)])
            if [(kinds[k], e) for k, e in enumerate(powers) if e] == kept:
                continue
            front = c * (-1) ** turned
            shown = [(b, number(e)) for b, e in kept if e]
            after = tidy(join_product(front, [*shown, *rest]))
            try:
                needs = REGISTRY["sign-and-size"].check(self.theory, t, after, {})
            except RuleRefused:
                continue
            below = min(powers) < 0  # then there was no value at 0 before
            known = below or all(self.theory.decide(n)[0] for n in needs)
            if cost(after) <= cost(t) and known:
                return self._then(Chain(t).rule("sign-and-size", after))
        return None

    def _product_step(self, t: Any) -> Proof | None:
        if any(isinstance(f, _OF_SIGN) for f in map(_base, t.args)):
            found = self._sign_and_size(t)
            if found is not None:
                return found
        deltas = [f for f in t.args if isinstance(f, KroneckerDelta)]
        for n, d in enumerate(deltas):
            if any(set(d.args) == set(e.args) for e in deltas[n + 1 :]):
                rest = list(t.args)
                rest.remove(d)
                return Chain(t).rule("delta-substitutes", mul(*rest)).proof()
        for f in t.args:
            if isinstance(f, IfElse) and ZERO in f.args[1:]:
                rest = list(t.args)
                rest.remove(f)
                opened = self._positive_part(t, f, rest)
                if opened is not None:
                    return opened
                rest = list(t.args)
                rest.remove(f)
                branches = [ZERO if b == ZERO else tidy(mul(*rest, b)) for b in f.args[1:]]
                if self._is_index_condition(f.args[0]):
                    lifted = if_else(f.args[0], *branches)
                    chain = Chain(t).rule("case-lift", lifted)
                    for k in (1, 2):
                        chain.splice(self.simplify(lifted.args[k]), (k,))
                    return chain.proof()
        return None

    def _one_exponent(self, t: Any) -> Proof | None:
        """x**(1/(1 - s) - s/(1 - s)) = x: the exponent's terms over one denominator."""
        e = t.args[1]
        if not isinstance(e, Add):
            return None
        top, below = over_one_denominator(e)
        whole = tidy(mul(in_front(top), *[power(b, number(-value_of(x))) for b, x in below]))
        if not below or isinstance(whole, Add) or cost(whole) >= cost(e):
            return None
        try:
            chain = Chain(t).algebra(whole, (1,))
        except RuleRefused:
            return None
        return self._then(chain) if whole != ONE else chain.algebra(t.args[0]).proof()

    def _power_step(self, t: Any) -> Proof | None:
        """sqrt(x**2) is x where x > 0 is known."""
        base = t.args[0]
        if not isinstance(base, (Pow, Mul, sympy.exp)):
            return None
        parts = split_product(base)[1]
        if isinstance(base, Mul) and all(is_number(e) and abs(value_of(e)) == 1 for _, e in parts):
            return None
        try:
            _, conditions = REGISTRY["power-of-product"].rewrite(self.theory, t, {})  # type: ignore[misc]
        except RuleRefused:
            return None
        below = is_number(t.args[1]) and value_of(t.args[1]) < 0  # then 0 was excluded already
        if all(
            self.theory.decide(c)[0]
            or (below and self.theory.decide(relation(">=", c.left, c.right))[0])
            for c in conditions
        ):
            return self._try("power-of-product", t)
        return None

    def _is_index_condition(self, c: Any) -> bool:
        if isinstance(c, Relation):
            return self.theory.is_index_relation(c)
        return bool(c.args) and all(map(self._is_index_condition, c.args))

    def _add_step(self, t: Any) -> Proof | None:
        merged = self._merge_cases(t)
        if merged is not None:
            return merged
        return self._complete_sum(t) if self.completing else None

    def _merge_cases(self, t: Any) -> Proof | None:
        """(a if c else b) + (d if c else e) = (a + d if c else b + e)."""
        seen: dict[Any, list[int]] = {}
        for k, a in enumerate(t.args):
            core = leading(a)[1]
            if isinstance(core, IfElse):
                seen.setdefault(oriented(core.args[0]), []).append(k)
        for which in seen.values():
            if len(which) < 2:
                continue
            parts = [leading(t.args[k]) for k in which]
            condition = parts[0][1].args[0]
            branches = [tidy(add(*[scaled(core.args[n], c) for c, core in parts])) for n in (1, 2)]
            joined = if_else(condition, *branches)
            together = add(*[t.args[k] for k in which])
            rest = [a for k, a in enumerate(t.args) if k not in which]
            if not rest:
                chain = Chain(t).rule("case-lift", joined)
                return self._then(chain)
            chain = Chain(t).algebra(add(*rest[: which[0]], together, *rest[which[0] :]))
            chain.rule("case-lift", joined, (which[0],))
            chain.splice(self.simplify(joined), (which[0],))
            return chain.proof()
        return None

    def _complete_sum(self, t: Any) -> Proof | None:
        """c*f_j + c*sum over k != j of f_k is c times the whole sum."""
        for n, a in enumerate(t.args):
            c, parts = split_product(a)
            for base, e in parts:
                if not (isinstance(base, SumOver) and e == ONE):
                    continue
                for g in conjuncts(base.guard):
                    j = excluded(g, base.index)
                    if (
                        j is None
                        or free_indices(j) & {base.index}
                        or not self.theory.in_range(j, base.index.size)
                    ):
                        continue
                    others = all_of(*[x for x in conjuncts(base.guard) if x != g])
                    if others != TRUE:
                        continue
                    outside = [scaled(ONE, c)] + [
                        b if x == ONE else power(b, x) for b, x in parts if b is not base
                    ]
                    missing = tidy(mul(*outside, substitute(base.body, {base.index: j})))
                    whole = sum_over(base.body, base.index, others)
                    if missing == ZERO and defined_at(self.theory, base.body, base.index, j, t):
                        chain = Chain(t)
                        out = tidy(mul(*outside, whole))
                        inner = Chain(base).rule("sum-guard", whole).proof()
                        return self._replace_term(chain, t, n, inner, base, outside, out)
                    for m, other in enumerate(t.args):
                        if m != n and same(other, missing):
                            return self._put_back(t, n, m, base, whole, outside, j)
        return None

    def _replace_term(
        self, chain: Chain, t: Any, n: int, inner: Proof, base: Any, outside: list[Any], out: Any
    ) -> Proof:
        args = list(t.args)
        staged = mul(*outside, base)
        args[n] = staged
        chain.algebra(add(*args))
        if chain.term.args[n] == staged and isinstance(staged, Mul):
            chain.splice(inner, (n, len(staged.args) - 1))
        else:
            chain.splice(inner, (n,))
        args[n] = out
        chain.algebra(add(*args))
        return self._then(chain)

    def _put_back(
        self, t: Any, n: int, m: int, base: Any, whole: Any, outside: list[Any], j: Any
    ) -> Proof:
        rest = [a for k, a in enumerate(t.args) if k not in (n, m)]
        single = substitute(base.body, {base.index: j})
        factor = tidy(mul(*outside))
        pair = add(single, base)
        staged = pair if factor == ONE else mul(factor, pair)
        place = min(n, m)
        where: tuple[int, ...] = ()
        together = staged
        if rest:
            args = [a for k, a in enumerate(t.args) if k != max(n, m)]
            args[place] = staged
            together = add(*args)
            where = (place,)
        chain = Chain(t).algebra(together)
        inner = where + ((len(staged.args) - 1,) if staged is not pair else ())
        chain.rule("split-term", whole, inner)
        chain.splice(self.simplify(chain.term.args[place] if rest else chain.term), where)
        return chain.proof()

    # -- sums -------------------------------------------------------------------------------

    def _sum_step(self, t: Any) -> Proof | None:
        body, i, guard = t.args
        if body is ZERO:
            return Chain(t).rule("sum-zero", ZERO).proof()
        for c in conjuncts(guard):
            if _fixed(c, i) is not None:
                return self._one_place(t, c)
        shared = self._delta_of_all_cases(t)
        if shared is not None:
            return shared
        if isinstance(body, IfElse) and i in free_indices(body.args[0]) and ZERO in body.args[1:]:
            return self._guard_from_cases(t)
        if isinstance(body, Mul):
            for f in body.args:
                if isinstance(f, IfElse) and ZERO in f.args[1:] and i in free_indices(f.args[0]):
                    return self._lift_in_sum(t, f)
        settled = self._settled_case(t)
        if settled is not None:
            return settled
        if (
            isinstance(body, IfElse)
            and ZERO in body.args[1:]
            and body.args[1:] not in ((ONE, ZERO), (ZERO, ONE))
        ):
            return self._indicator(t)
        sifted = self._sift(t)
        if sifted is not None:
            return sifted
        pulled = self._pull_out(t)
        if pulled is not None:
            return pulled
        if i not in free_indices(body) and guard == TRUE and body != ONE:
            return self._then(Chain(t).rule("sum-constant", mul(i.size, body)))
        if i not in free_indices(body) and guard == TRUE:
            chain = Chain(t).rule("sum-constant", mul(i.size, body))
            return chain.algebra(i.size).proof()
        return None

    def _delta_of_all_cases(self, t: Any) -> Proof | None:
        """One term survives where each of several cases that are not 0 has the same delta."""
        factors = factors_of(t.body)
        for k, f in enumerate(factors):
            leaves = [x for x in _leaves(f) if x != ZERO]
            if len(leaves) < 2:
                continue
            for d in factors_of(leaves[0]):
                if isinstance(d, KroneckerDelta) and t.index in d.args:
                    taken = _delta_out(f, d)
                    if taken is None:
                        continue
                    chain = Chain(t).splice(taken, (0, k) if len(factors) > 1 else (0,))
                    after = mul(*factors[:k], *taken.after.args, *factors[k + 1 :])
                    chain.algebra(sum_over(after, t.index, t.guard))
                    sifted = self._sift(chain.term)
                    if sifted is not None:
                        return self._then(chain.splice(sifted))
        return None

    def _one_place(self, t: Any, c: Any) -> Proof | None:
        j = _fixed(c, t.index)
        if not self.theory.in_range(j, t.index.size):
            return None
        value = substitute(t.body, {t.index: j})
        others = [g for g in conjuncts(t.guard) if g != c]
        if others:
            value = if_else(substitute(all_of(*others), {t.index: j}), value, ZERO)
        return self._then(Chain(t).rule("sum-one-place", value))

    def _guard_from_cases(self, t: Any) -> Proof | None:
        condition, a, b = t.body.args
        value, where = (a, condition) if b == ZERO else (b, negate(condition))
        guard = all_of(*(() if t.guard == TRUE else (t.guard,)), where)
        return self._then(Chain(t).rule("sum-cases", sum_over(value, t.index, guard)))

    def _settled_case(self, t: Any) -> Proof | None:
        """A case that the sum's own condition decides."""
        if t.guard == TRUE:
            return None
        parts = factors_of(t.body)
        for k, f in enumerate(parts):
            if not isinstance(f, IfElse):
                continue
            path = (0, k) if isinstance(t.body, Mul) else (0,)
            for rule, condition, value in (
                ("case-holds", f.args[0], f.args[1]),
                ("case-fails", negate(f.args[0]), f.args[2]),
            ):
                if all(entails(t.guard, c) for c in conjuncts(condition)) and condition != TRUE:
                    chain = Chain(t).rule(rule, value, path)
                    chain.splice(self.simplify(chain.term.body), (0,))
                    return chain.proof()
        return None

    def _indicator(self, t: Any) -> Proof:
        """(f if c else 0), c without the index: the condition leaves the sum."""
        condition, a, b = t.body.args
        value = a if b == ZERO else b
        mark = if_else(condition, *(ZERO if x == ZERO else ONE for x in (a, b)))
        chain = Chain(t).rule("case-lift", mul(mark, value), (0,))
        inner = sum_over(value, t.index, t.guard)
        chain.rule("sum-factor", mul(mark, inner))
        chain.splice(self.simplify(inner), (1,))
        total = chain.term.args[1]
        chain.rule("case-lift", if_else(condition, *(ZERO if x == ZERO else total for x in (a, b))))
        return chain.proof()

    def _lift_in_sum(self, t: Any, f: Any) -> Proof:
        rest = list(t.body.args)
        rest.remove(f)
        branches = [ZERO if b == ZERO else mul(*rest, b) for b in f.args[1:]]
        lifted = if_else(f.args[0], *branches)
        chain = Chain(t).rule("case-lift", lifted, (0,))
        for k in (1, 2):
            chain.splice(self.simplify(lifted.args[k]), (0, k))
        return chain.proof()

    def _has_delta(self, t: Any, i: Any) -> bool:
        """Whether a factor of some term of t is a delta with the index."""
        return any(
            isinstance(f, KroneckerDelta) and i in f.args
            for a in terms_of(t)
            for f in factors_of(a)
        )

    def _sift(self, t: Any) -> Proof | None:
        body, i, guard = t.args
        parts = factors_of(body)
        for f in parts:
            if isinstance(f, KroneckerDelta) and i in f.args:
                j = f.args[1] if f.args[0] == i else f.args[0]
                if i in free_indices(j):
                    continue
                rest = list(parts)
                rest.remove(f)
                value = mul(*(self._renamed(g, i, j) for g in rest))
                if guard != TRUE:
                    value = if_else(substitute(guard, {i: j}), value, ZERO)
                return self._then(Chain(t).rule("sift-delta", value))
        if isinstance(body, Add):
            opened = self._open_terms(body, i)
            if opened is not None:
                chain = Chain(t).algebra(opened, (0,))
                return chain.splice(self._sum_step(chain.term)).proof()
        if isinstance(body, Add) and self._has_delta(body, i):
            plain = [a for a in body.args if not self._has_delta(a, i)]
            sifting = [a for a in body.args if self._has_delta(a, i)]
            groups = ([add(*plain)] if plain else []) + sifting
            if body.args.index(sifting[0]) == 0:
                groups = sifting + ([add(*plain)] if plain else [])
            if len(groups) < 2:
                return None
            chain = Chain(t).rule("sum-add", add(*[sum_over(g, i, guard) for g in groups]))
            for k in range(len(groups)):
                chain.splice(self.simplify(sum_over(groups[k], i, guard)), (k,))
            return chain.proof()
        for n, f in enumerate(parts):
            base, e = f.args if isinstance(f, Pow) else (f, ONE)
            if isinstance(base, Add) and self._has_delta(base, i):
                if e != ONE:
                    if not (is_number(e) and value_of(e) in (2, 3)):
                        continue
                    square = mul(*[base] * int(value_of(e)))
                    opened = mul(*parts[:n], *square.args, *parts[n + 1 :])
                    return self._distribute(t, opened, n)
                return self._distribute(t, body, n)
        return None

    def _renamed(self, t: Term, i: Any, j: Any) -> Any:
        """A term with j for i; one with nothing to be done stays so under a mere renaming."""
        renamed = substitute(t, {i: j})
        done = t in self._memo and self._memo[t].after is t
        if done and isinstance(j, Index) and j.size == i.size and j not in free_indices(t):
            self._memo.setdefault(renamed, Proof(renamed, renamed))
        return renamed

    def _open_terms(self, body: Any, i: Any) -> Any:
        """Terms with a factor that is a sum holding a delta, multiplied out over that factor."""
        out: list[Any] = []
        opened = False
        for a in body.args:
            for n, f in enumerate(factors_of(a)):
                if isinstance(f, Add) and self._has_delta(f, i):
                    others = [g for k, g in enumerate(factors_of(a)) if k != n]
                    out.extend(tidy(mul(*others, b)) for b in f.args)
                    opened = True
                    break
            else:
                out.append(a)
        return tidy(add(*out)) if opened else None

    def _distribute(self, t: Any, body: Any, n: int) -> Proof | None:
        """Multiplies out only the factor that holds the delta, delta terms apart."""
        i = t.index
        parts = factors_of(body)
        f = parts[n]
        plain = [a for a in f.args if not self._has_delta(a, i)]
        sifting = [a for a in f.args if self._has_delta(a, i)]
        groups = ([add(*plain)] if plain else []) + sifting
        if plain and f.args.index(sifting[0]) == 0:
            groups = [*sifting, add(*plain)]
        opened = add(*[tidy(mul(*parts[:n], g, *parts[n + 1 :])) for g in groups])
        if opened == t.body:
            return None
        chain = Chain(t).algebra(opened, (0,))
        return chain.splice(self._sum_step(chain.term)).proof()

    def _pull_out(self, t: Any) -> Proof | None:
        body, i, guard = t.args
        c, parts = split_product(body)
        if body is ONE or not parts:
            if is_number(body) and body is not ONE:
                out = mul(body, sum_over(ONE, i, guard))
                return self._then(Chain(t).rule("sum-factor", out))
            return None
        outside = [(b, e) for b, e in parts if i not in free_indices(b) | free_indices(e)]
        if c == 1 and not outside:
            return None
        inside = [(b, e) for b, e in parts if i in free_indices(b) | free_indices(e)]
        if not inside and guard == TRUE:
            return None
        rest = join_product(Fraction(1), inside)
        # a bare sign or number on a sum of terms stays with its terms only if it disappears there
        front = join_product(c, outside)
        inner = sum_over(rest, i, guard)
        staged = mul(*factors_of(front), inner)
        chain = Chain(t).rule("sum-factor", staged)
        chain.splice(self.simplify(inner), (len(staged.args) - 1,))
        return chain.splice(self._tidied(chain.term)).proof()

    def _tidied(self, t: Term) -> Proof | None:
        move = algebra(t, tidy(t))
        return None if move is None else Proof(t, move.after, (((), move),))


_OF_SIGN = (sympy.Abs, sympy.sign)


def _base(f: Any) -> Any:
    return f.args[0] if isinstance(f, Pow) else f


def _only_logs(x: Any) -> bool:
    """c*log(a), alone."""
    return any(isinstance(f, sympy.log) for f in factors_of(x))


def path_to(t: Term, part: Term) -> tuple[int, ...]:
    """Where a part stands in a term; the first place, outermost first."""
    level: list[tuple[tuple[int, ...], Any]] = [((), t)]
    while level:
        for path, s in level:
            if s == part:
                return path
        level = [
            ((*path, k), a)
            for path, s in level
            if not is_leaf(s) and not isinstance(s, Condition)
            for k, a in enumerate(s.args)
        ]
    raise RuleRefused(f"{part} does not occur in {t}")


def excluded(g: Any, i: Any) -> Any:
    """j where the condition is i != j."""
    if isinstance(g, Relation) and g.op == "!=" and i in (g.left, g.right):
        return g.right if g.left == i else g.left
    return None


def _fixed(g: Any, i: Any) -> Any:
    """j where the condition is i == j, with i not in j."""
    if isinstance(g, Relation) and g.op == "==" and i in (g.left, g.right):
        j = g.right if g.left == i else g.left
        if i not in free_indices(j) and (hasattr(j, "size") or is_number(j)):
            return j
    return None


def _leaves(t: Any) -> list[Any]:
    """The values of a distinction of cases, those of the ones inside it too."""
    return [x for a in t.args[1:] for x in _leaves(a)] if isinstance(t, IfElse) else [t]


def _delta_out(t: Any, d: Any) -> Proof | None:
    """A distinction of cases as a delta times one without it, if each case is 0 or has it."""
    chain = Chain(t)
    left = []
    for k, branch in enumerate(t.args[1:], 1):
        if branch == ZERO:
            left.append(ZERO)
        elif isinstance(branch, IfElse):
            inner = _delta_out(branch, d)
            if inner is None:
                return None
            chain.splice(inner, (k,))
            left.append(inner.after.args[1])
        else:
            rest = list(factors_of(branch))
            own = next(
                (f for f in rest if isinstance(f, KroneckerDelta) and set(f.args) == set(d.args)),
                None,
            )
            if own is None:
                return None
            rest.remove(own)
            left.append(mul(*rest))
    return chain.rule("case-lift", mul(d, if_else(t.args[0], *left))).proof()
