"""Two terms proved equal by multiplying out: sums outermost, in one order, then algebra.

This is how a matrix form is proved: its entries, unfolded by definition, against the result. The
plan is untrusted, like the engine's; the kernel sorts out what is wrong, and the checker decides.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

from derivation.engine.arithmetic import expanded
from derivation.engine.narrate import Narrator
from derivation.engine.proof import Chain, Move, Proof, Replayer, algebra, flip, join
from derivation.engine.rewrites import occurrences
from derivation.engine.simplify import Simplifier
from derivation.errors import KernelError, RuleRefused
from derivation.kernel import Theorem
from derivation.normal import normal_term, text
from derivation.rules import REGISTRY
from derivation.steps import Step
from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    Add,
    Condition,
    Diff,
    IfElse,
    Index,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Partial,
    Pow,
    Reduction,
    Relation,
    SumOver,
    Term,
    add,
    at,
    canonical,
    delta,
    free_indices,
    fresh_index,
    if_else,
    index_names,
    is_leaf,
    mul,
    name_of,
    substitute,
    subterms,
    sum_over,
)
from derivation.theory import Theory

MOST_TERMS = 200  # of a multiplied-out sum


class Equality:
    """Proves equalities of one theory."""

    def __init__(self, theory: Theory) -> None:
        self.theory = theory
        self.simplifier = Simplifier(theory, completing=False)
        self.replayer = Replayer(theory)
        self._flat: dict[Term, Proof] = {}

    def proof(self, a: Term, b: Term) -> tuple[Theorem, Proof] | None:
        """A proof of ``a = b`` with the kernel's Theorem, or None if multiplying out shows none."""
        for plan in (self._by_opening, self._by_cases):
            try:
                found = plan(a, b)
                return self.replayer.replay(found), found
            except (RuleRefused, KernelError, RecursionError):
                continue
        return None

    def steps(self, proof: Proof) -> tuple[Step, ...]:
        """The moves of a proof, each a step on the whole term."""
        return Narrator(self.theory, self.replayer).leaves(proof, "1", proof.before)

    def _by_opening(self, a: Term, b: Term) -> Proof:
        left, right = self._opened(a), self._opened(b)
        chain = Chain(left.after)
        chain.splice(algebra(left.after, right.after))
        plan = join(join(left, chain.proof()), flip(right))
        return Proof(a, b, plan.items)

    def _by_cases(self, a: Term, b: Any) -> Proof:
        """a = (x if i == j else y), in each case by itself."""
        if not (isinstance(b, IfElse) and _is_equality(b.args[0])):
            raise RuleRefused("no cases")
        condition: Any = b.args[0]
        i, j = condition.left, condition.right
        if not isinstance(j, Index):
            raise RuleRefused("no case of two indices")
        opened = join(self.simplifier.simplify(a), self.flat(self.simplifier.simplify(a).after))
        chain = Chain(a).splice(opened)
        flat = chain.term
        chain.rule("by-cases", if_else(condition, flat, flat), condition=condition)
        for branch, rule, value in ((1, "delta-equal", ONE), (2, "delta-unequal", ZERO)):
            for path, s in list(occurrences(flat)):
                if isinstance(s, KroneckerDelta) and set(s.args) == {i, j}:
                    chain.rule(rule, value, (branch, *path))
            if branch == 1:
                here = at(chain.term, (1,))
                if j in free_indices(here):
                    chain.rule("equal-index", substitute(here, {j: i}), (1,), index=j, value=i)
        made = chain.proof()
        wanted = Chain(b)
        if j in free_indices(b.args[1]):
            same = substitute(b.args[1], {j: i})
            wanted.rule("equal-index", same, (1,), index=j, value=i)
        for branch in (1, 2):
            chain.splice(self._opened(at(chain.term, (branch,))), (branch,))
            wanted.splice(self._opened(at(wanted.term, (branch,))), (branch,))
            goal = at(wanted.term, (branch,))
            chain.splice(algebra(at(chain.term, (branch,)), goal), (branch,))
        made = join(chain.proof(), flip(wanted.proof()))
        return Proof(a, b, made.items)

    def _opened(self, t: Term) -> Proof:
        cases = self._deltas(t)
        proof = join(cases, self.simplifier.simplify(cases.after))
        return join(proof, self.flat(proof.after))

    def _deltas(self, t: Any) -> Proof:
        """(a if i == j else b) as delta*a + (1 - delta)*b, where it can be."""
        chain = Chain(t)
        if is_leaf(t) or isinstance(t, (Condition, Diff, Partial)):
            return chain.proof()
        for k, a in enumerate(t.args):
            if not isinstance(a, Condition) and not (isinstance(t, Reduction) and k > 0):
                chain.splice(self._deltas(a), (k,))
        now = chain.term
        if isinstance(now, IfElse) and _is_equality(now.args[0]):
            condition, a, b = now.args
            if (a, b) == (ONE, ZERO):
                mark = delta(condition.left, condition.right)
                chain.splice(Move("delta-cases", now, mark, direction="rl"))
        return chain.proof()

    # -- the flat form ----------------------------------------------------------------------

    def flat(self, t: Term) -> Proof:
        """Products multiplied out and under their sums, sums of sums split, in one order."""
        found = self._flat.get(t)
        if found is None:
            found = self._flat[t] = self._make(t)
        return found

    def _make(self, t: Any) -> Proof:
        if is_leaf(t) or isinstance(t, (Condition, Diff, Partial, KroneckerDelta)):
            return Proof(t, t)
        chain = Chain(t)
        for k, a in enumerate(t.args):
            if not isinstance(a, Condition) and not (isinstance(t, Reduction) and k > 0):
                chain.splice(self.flat(a), (k,))
        now = chain.term
        if isinstance(now, SumOver):
            self._sum(chain, ())
        elif isinstance(now, (Mul, Pow)):
            self._product(chain)
        return chain.proof()

    def _product(self, chain: Chain) -> None:
        opened = expanded(_repeated(chain.term))
        if opened != chain.term:
            chain.algebra(opened)
        if isinstance(chain.term, Add):
            if len(chain.term.args) > MOST_TERMS:
                raise RuleRefused("too long to multiply out")
            for k in range(len(chain.term.args)):
                chain.splice(self._pushed(chain.term.args[k]), (k,))
        else:
            chain.splice(self._pushed(chain.term))

    def _pushed(self, t: Any) -> Proof:
        """c * sum f as sum of c*f, for the sums among the factors of a product."""
        chain = Chain(t)
        again = _repeated(t)
        if again != t:
            chain.algebra(again)
        now = chain.term
        if not isinstance(now, Mul):
            return chain.proof()
        for n, f in enumerate(now.args):
            if isinstance(f, SumOver):
                rest = [g for k, g in enumerate(now.args) if k != n]
                outside = mul(*rest)
                over = f.index
                if over in free_indices(outside) or over.name in index_names(outside):
                    over = fresh_index(over, index_names(now))
                swap = {f.index: over}
                body = mul(*rest, substitute(f.body, swap))
                new = sum_over(body, over, substitute(f.guard, swap))
                chain.splice(Move("sum-factor", now, new, direction="rl"))
                self._inside(chain)
                break
            if isinstance(f, Pow) and isinstance(f.args[0], Add) and f.args[1] == ONE:
                break
        return chain.proof()

    def _inside(self, chain: Chain) -> None:
        chain.splice(self.flat(chain.term.body), (0,))
        self._sum(chain, ())

    def _sum(self, chain: Chain, path: tuple[int, ...]) -> None:
        t = at(chain.term, path)
        if isinstance(t.body, Add):
            parts = [sum_over(a, t.index, t.guard) for a in t.body.args]
            chain.rule("sum-add", add(*parts), path)
            for k in range(len(parts)):
                self._single(chain, (*path, k))
        else:
            self._single(chain, path)

    def _single(self, chain: Chain, path: tuple[int, ...]) -> None:
        """One sum of one product: a delta contracted, a constant taken out, the order of sums."""
        t = at(chain.term, path)
        k = t.index
        if t.body == ZERO:
            chain.rule("sum-zero", ZERO, path)
            return
        if any(isinstance(f, KroneckerDelta) and k in f.args for f in subterms(t.body)):
            made = self.simplifier.simplify(t)
            if made.after != t:
                chain.splice(made, path)
                chain.splice(self.flat(made.after), path)
                return
        if k not in free_indices(t.body) and t.guard == TRUE:
            after, _ = REGISTRY["sum-constant"].rewrite(self.theory, t, {})  # type: ignore[misc]
            chain.rule("sum-constant", after, path)
            chain.splice(self.flat(after), path)
            return
        chain.splice(self._ordered(t), path)

    def _ordered(self, t: Any) -> Proof:
        """A nest of sums in the one order that does not depend on letters."""
        nest: list[Any] = []
        body = t
        while isinstance(body, SumOver):
            nest.append(body)
            body = body.body
        chain = Chain(t)
        if len(nest) < 2:
            return chain.proof()
        wanted = _order_of([s.index for s in nest], body)
        for place, k in enumerate(wanted):
            now = chain.term
            have: list[Any] = []
            while isinstance(now, SumOver):
                have.append(now.index)
                now = now.body
            for step in range(have.index(k) - 1, place - 1, -1):
                path = (0,) * step
                inner = at(chain.term, path)
                after, _ = REGISTRY["sum-swap"].rewrite(self.theory, inner, {})  # type: ignore[misc]
                chain.rule("sum-swap", after, path)
        return chain.proof()


def _order_of(indices: list[Any], body: Any) -> list[Any]:
    marks: dict[Any, list[str]] = {i: [str(i.size)] for i in indices}
    for s in subterms(body):
        if isinstance(s, Indexed):
            for slot, i in enumerate(s.args[1:]):
                if i in marks:
                    marks[i].append(f"{name_of(s)}.{slot}")
    keys = {i: ",".join(sorted(m)) for i, m in marks.items()}
    ordered = sorted(indices, key=lambda i: keys[i])
    if len(set(keys.values())) == len(indices) or len(indices) > 4:
        return ordered

    def shown(order: Any) -> str:
        out = body
        for k in reversed(order):
            out = sum_over(out, k)
        return text(canonical(normal_term(out)))

    ranks = [keys[i] for i in ordered]
    allowed = [p for p in permutations(ordered) if [keys[i] for i in p] == ranks]
    return list(min(allowed, key=shown))


def _is_equality(c: Any) -> bool:
    return (
        isinstance(c, Relation)
        and c.op == "=="
        and all(hasattr(x, "size") or isinstance(x, Indexed) for x in (c.left, c.right))
    )


def _repeated(t: Any) -> Any:
    """Whole powers of sums as products, so that each sum can be opened."""
    factors = t.args if isinstance(t, Mul) else (t,)
    out: list[Any] = []
    for f in factors:
        whole = isinstance(f, Pow) and isinstance(f.args[0], SumOver)
        if whole and isinstance(f.args[1], Integer) and 2 <= int(f.args[1]) <= 4:
            out += [f.args[0]] * int(f.args[1])
            continue
        out.append(f)
    return mul(*out) if out != list(factors) else t
