"""One form for what a person may write in many: products multiplied out, sums split and whole.

In the normal form there are no conditions ``k != j`` on a sum (the whole sum less the j-th term
stands for it) and no distinctions of i = j (deltas stand for them); a sum holds one product, what
does not depend on its index stands before it, and sums within sums stand in a fixed order. Every
form comes with its proof.
"""

from __future__ import annotations

from typing import Any

import sympy

from derivation.engine.arithmetic import expanded, leading, scaled, tidy
from derivation.engine.proof import Chain, Move, Proof, flip, join
from derivation.engine.rewrites import Rewrite, apply_everywhere, occurrences
from derivation.engine.simplify import Simplifier
from derivation.errors import RuleRefused
from derivation.language import nodes
from derivation.normal import normal_term, text
from derivation.rules import REGISTRY
from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    Add,
    Condition,
    Detach,
    Diff,
    IfElse,
    KroneckerDelta,
    Mul,
    Partial,
    Pow,
    Reduction,
    Relation,
    SumOver,
    Term,
    add,
    all_of,
    at,
    conjuncts,
    delta,
    exp,
    free_indices,
    fresh_index,
    if_else,
    index_names,
    indices_of,
    is_element,
    is_leaf,
    is_number,
    mul,
    name_of,
    neg,
    power,
    rebuild,
    relation,
    relu,
    sigmoid,
    softplus,
    substitute,
    subterms,
    sum_over,
    value_of,
)
from derivation.theory import Theory

MOST_NODES = 1500  # of a term that is still multiplied out
DEFINITIONS_OF = {
    sigmoid: "sigmoid-definition",
    softplus: "softplus-definition",
    relu: "relu-definition",
    sympy.tan: "tangent-definition",
    sympy.tanh: "tangent-definition",
    Detach: "detach-value",
}
DEFINITIONS_OF = {head: rule for head, rule in DEFINITIONS_OF.items() if rule in REGISTRY}


class TooLong(RuleRefused):
    """The work is beyond what is spent on one line."""


class Normaliser:
    """Brings terms of one theory into normal form, some names unfolded."""

    def __init__(
        self,
        theory: Theory,
        rewrites: list[Rewrite],
        symmetries: list[Rewrite],
        unfold: frozenset[str] = frozenset(),
        functions: bool = False,
    ) -> None:
        self.theory, self.rewrites, self.symmetries = theory, rewrites, symmetries
        self.unfold, self.functions = unfold, functions
        self.simplifier = Simplifier(theory, completing=False)
        self._memo: dict[Term, Proof] = {}
        self.effort = 60_000  # nodes looked at

    def normal(self, t: Term) -> Proof:
        """The normal form, equations of the problem used from left to right.

        Raises:
            RuleRefused: It would be too long.
        """
        proof = self._walk(t)
        for _ in range(6):
            step = self._equations(proof.after)
            if step is None:
                break
            proof = join(proof, join(step, self._walk(step.after)))
        return proof

    def _equations(self, t: Term) -> Proof | None:
        for rw in self.rewrites:
            step = apply_everywhere(rw, t, self.theory)
            if step is not None and step.after != t:
                return step
        return self._turned(t)

    def _turned(self, t: Any) -> Proof | None:
        """Entries of symmetric arrays with their indices in one order: free ones, then outer."""
        chain = Chain(t)
        for rw in self.symmetries:
            for path, sub in list(occurrences(chain.term)):
                if not (is_element(sub) and name_of(sub) == name_of(rw.pattern)):
                    continue
                step = rw.at(sub, self.theory)
                if step is not None and _places(t, path, step.after) < _places(t, path, sub):
                    chain.splice(step, path)
        return chain.proof() if chain.items else None

    # -- bottom up --------------------------------------------------------------------------

    def _walk(self, t: Term) -> Proof:
        found = self._memo.get(t)
        if found is None:
            found = self._memo[t] = self._form(t)
            self._memo.setdefault(found.after, Proof(found.after, found.after))
        return found

    def _form(self, t: Any) -> Proof:
        self.effort -= nodes(t)
        if self.effort < 0:
            raise TooLong("too long to bring into normal form")
        chain = Chain(t)
        if self.theory.defined(t) and name_of(t) in self.unfold:
            chain.splice(Move("definition", t, self.theory.unfold(t)))
            return self._on(chain)
        if is_leaf(t) or isinstance(t, (Diff, Partial, Condition, KroneckerDelta)):
            return self.simplifier.simplify(t)
        if isinstance(t, Pow):
            apart = self._power_apart(t)
            if apart is not None:
                chain.splice(apart)
                return self._on(chain)
        if isinstance(t, (IfElse, Reduction)):
            plain = self._plain_condition(t)
            if plain is not None:
                chain.splice(plain)
                t = chain.term
        if isinstance(t, SumOver):
            if t.guard != TRUE:  # what cancels in it cancels where the condition holds
                chain.splice(self._walk(t.body), (0,))
            t = chain.term
            opened = self._unguarded(t)
            if opened is not None:
                chain.splice(opened)
                return self._on(chain)
        for k, a in enumerate(t.args):
            if (isinstance(t, Reduction) and k > 0) or isinstance(a, Condition):
                continue
            chain.splice(self._walk(a), (k,))
        t = chain.term
        if isinstance(t, SumOver):
            chain.splice(self._sum(t))
        elif isinstance(t, (Add, Mul, Pow)):
            opened = expanded(t)
            if opened != t:
                if nodes(opened) > MOST_NODES:
                    raise TooLong("too long to multiply out")
                chain.algebra(opened)
            chain.splice(self.simplifier.simplify(chain.term))
            again = expanded(chain.term)
            if again != chain.term:
                chain.algebra(again)
        elif isinstance(t, IfElse):
            chain.splice(self._deltas_for_cases(t) or self.simplifier.simplify(t))
            if not isinstance(chain.term, IfElse):
                return self._on(chain)
        elif type(t) is sympy.exp:
            chain.splice(self._exp(t))
            if chain.term != t:
                return self._on(chain)
            chain.splice(self.simplifier.simplify(t))
        elif isinstance(t, sympy.log):
            chain.splice(self._log(t))
            if chain.term != t:
                return self._on(chain)
        elif self.functions and type(t) in DEFINITIONS_OF:
            rule = DEFINITIONS_OF[type(t)]
            after, _ = REGISTRY[rule].rewrite(self.theory, t, {})  # type: ignore[misc]
            chain.rule(rule, after)
            return self._on(chain)
        else:
            chain.splice(self.simplifier.simplify(t))
        return chain.proof()

    def _on(self, chain: Chain) -> Proof:
        return chain.splice(self._walk(chain.term)).proof()

    def _log(self, t: Any) -> Proof | None:
        """The logarithm of a product with known signs, factor by factor."""
        if not isinstance(t.args[0], (Mul, Pow, sympy.exp)) and t.args[0] != ONE:
            return None
        return self._where_known("log-expand", t)

    def _exp(self, t: Any) -> Proof | None:
        """exp(a + b*log(c)) = exp(a)*c**b."""
        if not any(isinstance(s, sympy.log) for _, s in occurrences(t.args[0])):
            return None
        return self._where_known("exp-of-log", t)

    def _power_apart(self, t: Any) -> Proof | None:
        """The power of a product, factor by factor: a denominator stays a product."""
        base, e = t.args
        if isinstance(base, Mul) and is_number(e) and value_of(e).denominator == 1:
            return Chain(t).algebra(mul(*[power(f, e) for f in base.args])).proof()
        if isinstance(base, (Mul, Pow, sympy.exp)):
            return self._where_known("power-of-product", t)
        return None

    def _where_known(self, rule: str, t: Any) -> Proof | None:
        """A rule applied, if all of its conditions are known to hold."""
        try:
            after, needs = REGISTRY[rule].rewrite(self.theory, t, {})  # type: ignore[misc]
        except RuleRefused:
            return None
        if after == t or not all(self.theory.decide(c)[0] for c in needs):
            return None
        return Chain(t).rule(rule, after).proof()

    def _plain_condition(self, t: Any) -> Proof | None:
        """Comparisons of values with plus signs only: 1 - a > 0 as 1 > a."""
        if "same-condition" not in REGISTRY:
            return None
        where = 0 if isinstance(t, IfElse) else 2
        parts = [
            self._without_minus(c) if isinstance(c, Relation) else c
            for c in conjuncts(t.args[where])
        ]
        args = list(t.args)
        args[where] = all_of(*parts)
        after = rebuild(t, tuple(args))
        if after == t:
            return None
        try:
            return Chain(t).rule("same-condition", after).proof()
        except RuleRefused:
            return None

    def _without_minus(self, c: Any) -> Any:
        if self.theory.is_index_relation(c):
            return c
        gap = normal_term(add(c.left, neg(c.right)))
        parts = [leading(a) for a in (gap.args if isinstance(gap, Add) else (gap,))]
        if gap == ZERO:
            return c
        unit = min(abs(k) for k, _ in parts)
        above = [scaled(a, k / unit) for k, a in parts if k > 0]
        below = [scaled(a, -k / unit) for k, a in parts if k < 0]
        return relation(c.op, add(*above), add(*below))

    # -- cases and conditions ----------------------------------------------------------------

    def _deltas_for_cases(self, t: Any) -> Proof | None:
        """(a if i == j else b) = b + (a - b)*delta(i, j)."""
        condition, a, b = t.args
        if not (
            isinstance(condition, Relation)
            and condition.op in ("==", "!=")
            and self.theory.is_index_relation(condition)
        ):
            return None
        i, j = condition.left, condition.right
        if condition.op == "!=":
            a, b = b, a
        d = delta(i, j)
        parts = [] if b == ZERO else [b]
        staged = add(*parts, mul(a if b == ZERO else add(a, neg(b)), d))
        place = [p for p, s in occurrences(staged) if s == d][-1]
        back = Chain(staged)
        back.rule("delta-cases", if_else(relation("==", i, j), ONE, ZERO), place)
        lifted: Proof = flip(back.rule("case-lift", t).proof())
        return lifted

    def _unguarded(self, t: Any) -> Proof | None:
        """The sum over k != j as the sum of f - f*delta(k, j)."""
        i = t.index
        for c in conjuncts(t.guard):
            if not (isinstance(c, Relation) and c.op == "!=" and i in (c.left, c.right)):
                continue
            j = c.right if c.left == i else c.left
            if i in free_indices(j) or not self.theory.is_index_relation(c):
                continue
            others = all_of(*[g for g in conjuncts(t.guard) if g != c])
            body = if_else(c, t.body, ZERO)
            whole = sum_over(body, i, others)
            back = Chain(whole).rule("sum-cases", sum_over(t.body, i, all_of(*_some(others), c)))
            chain = Chain(t)
            if back.term != t:
                chain.rule("sum-guard", back.term)
            chain.splice(flip(back.proof()))
            cases = self._deltas_for_cases(body)
            return chain.splice(cases, (0,)).proof()
        return None

    # -- sums -------------------------------------------------------------------------------

    def _sum(self, t: Any) -> Proof:
        chain = Chain(t)
        body = self._apart(t.body, t.index)
        if body is not None:
            chain.splice(body, (0,))
        t = chain.term
        if isinstance(t.body, Add):
            parts = [sum_over(a, t.index, t.guard) for a in t.body.args]
            chain.rule("sum-add", add(*parts))
            for k in range(len(parts)):
                chain.splice(self._single(chain.term.args[k]), (k,))
            opened = expanded(chain.term)
            if opened != chain.term:
                chain.algebra(opened)
        else:
            chain.splice(self._single(t))
        return chain.proof()

    def _single(self, t: Any) -> Proof:
        """A sum of one product: constants out, deltas gone, inner sums in a fixed order."""
        chain = Chain(t).splice(self.simplifier.simplify(t))
        if isinstance(chain.term, IfElse):
            return self._on(chain)
        opened = expanded(chain.term)
        if opened != chain.term:
            chain.algebra(opened)
        for path, sub in list(occurrences(chain.term)):
            if isinstance(sub, SumOver):
                chain.splice(self._ordered(sub), path)
                break
        opened = expanded(chain.term)
        if opened != chain.term:
            chain.algebra(opened)
        return chain.proof()

    def _apart(self, body: Any, i: Any) -> Proof | None:
        """exp(a + b) as exp(a)*exp(b), where one of them does not depend on the index."""
        chain = Chain(body)
        for path, sub in list(occurrences(body)):
            if type(sub) is sympy.exp and isinstance(sub.args[0], Add):
                inside = [a for a in sub.args[0].args if i in free_indices(a)]
                outside = [a for a in sub.args[0].args if i not in free_indices(a)]
                if (
                    inside
                    and outside
                    and not any(isinstance(at(body, path[:k]), Reduction) for k in range(len(path)))
                ):
                    parts = mul(exp(add(*inside)), exp(add(*outside)))
                    chain.algebra(parts, path)
        if not chain.items:
            return None
        opened = expanded(chain.term)
        if opened != chain.term:
            chain.algebra(opened)
        return chain.proof()

    def _ordered(self, t: Any) -> Proof | None:
        """Of the two orders of a sum within a sum, always the same."""
        best: Proof | None = None
        for swapped in self._swaps(t):
            if best is None or _key(swapped.after) < _key(best.after):
                best = swapped
        return best if best is not None and _key(best.after) < _key(t) else None

    def _swaps(self, t: Any) -> Any:
        factors = t.body.args if isinstance(t.body, Mul) else (t.body,)
        for k, f in enumerate(factors):
            if not isinstance(f, SumOver) or t.index not in free_indices(f):
                continue
            if f.index in free_indices(t.guard):
                continue
            rest = [g for n, g in enumerate(factors) if n != k]
            inner = f
            if any(f.index in free_indices(g) for g in rest) or f.index.name == t.index.name:
                letter = fresh_index(f.index, index_names(t))
                swap = {f.index: letter}
                inner = sum_over(substitute(f.body, swap), letter, substitute(f.guard, swap))
            whole = sum_over(tidy(mul(*rest, inner.body)), inner.index, inner.guard)
            try:
                chain = Chain(t)
                if rest:
                    chain.algebra(mul(*rest, inner), (0,))
                    back = Chain(whole).rule("sum-factor", mul(*rest, inner))
                    chain.splice(flip(back.proof()), (0,))
                elif inner is not f:
                    chain.algebra(inner, (0,))
                after, _ = REGISTRY["sum-swap"].rewrite(self.theory, chain.term, {})  # type: ignore[misc]
                chain.rule("sum-swap", after)
                chain.splice(self.simplifier.simplify(chain.term))
                opened = expanded(chain.term)
                if opened != chain.term:
                    chain.algebra(opened)
                yield chain.proof()
            except RuleRefused:
                continue


def _some(guard: Any) -> tuple[Any, ...]:
    return () if guard == TRUE else (guard,)


def _key(t: Term) -> tuple[int, str]:
    key = normal_term(t)
    return sum(1 for _ in subterms(key)), text(key)


def _places(t: Any, path: Any, e: Any) -> list[tuple[int, str]]:
    """Where the indices of an entry come from: free ones by name, bound ones by depth."""
    binders = [at(t, path[:k]) for k in range(len(path))]
    bound = [b.index for b in binders if isinstance(b, Reduction)]
    return [
        (1 + max(k for k, b in enumerate(bound) if b == i), "") if i in bound else (0, str(i))
        for i in indices_of(e)
    ]
