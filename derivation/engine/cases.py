"""The style ``cases``: a derivative written for i = j and i != j, sums split and merged again."""

from __future__ import annotations

from typing import Any

from derivation.engine.arithmetic import expanded, tidy
from derivation.engine.proof import Chain, Proof, join
from derivation.engine.rewrites import binds, occurrences
from derivation.engine.simplify import Simplifier, factors_of
from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    Add,
    IfElse,
    Index,
    KroneckerDelta,
    Mul,
    Relation,
    SumOver,
    Term,
    add,
    all_of,
    at,
    canonical,
    free_indices,
    if_else,
    relation,
    substitute,
    subterms,
    sum_over,
)


class CaseSplitter:
    """Rewrites with distinctions of cases, every move proved."""

    def __init__(self, simplifier: Simplifier) -> None:
        self.simplifier = simplifier
        self.plain = Simplifier(simplifier.theory, completing=False)

    def two_cases(self, t: Term) -> tuple[Proof, Any] | None:
        """``t`` as two cases of its only delta, and the condition; None without such a delta."""
        deltas = {s for s in subterms(t) if isinstance(s, KroneckerDelta)}
        if len(deltas) != 1 or not isinstance(t, (Mul, KroneckerDelta, Add)):
            return None
        (d,) = deltas
        if not all(isinstance(i, Index) for i in d.args) or not set(d.args) <= free_indices(t):
            return None
        if any(binds(t, i) for i in d.args):  # under that sum the letter is another one
            renamed = canonical(t)
            found = self.two_cases(renamed) if renamed != t else None
            if found is None:
                return None
            return join(Chain(t).algebra(renamed).proof(), found[0]), found[1]
        places = [path for path, s in occurrences(t) if s == d]
        if len(places) != sum(1 for s in subterms(t) if s == d):
            return None
        condition = relation("==", *d.args)
        chain = Chain(t).rule("by-cases", if_else(condition, t, t), condition=condition)
        proof = chain.proof("cases")
        for branch, rule, value, label in (
            (1, "delta-equal", ONE, "case-equal"),
            (2, "delta-unequal", ZERO, "case-unequal"),
        ):
            chain = Chain(proof.after)
            for path in places:
                chain.rule(rule, value, (branch, *path))
            if branch == 1:
                i, j = d.args
                here = at(chain.term, (branch,))
                if j in free_indices(here):
                    chain.rule("equal-index", substitute(here, {j: i}), (branch,), index=j, value=i)
            chain.splice(self.simplifier.simplify(at(chain.term, (branch,))), (branch,))
            proof = join(proof, chain.proof(label))
        return proof, condition

    def split(self, t: Term) -> Proof:
        """In every sum over i with cases i = j and i != j: the j-th term apart, cases put in."""
        chain = Chain(t)
        for _ in range(20):
            found = self._find(chain.term)
            if found is None:
                break
            path, sub, j = found
            i = sub.index
            guard = all_of(*(() if sub.guard == TRUE else (sub.guard,)), relation("!=", i, j))
            single = substitute(sub.body, {i: j})
            rest = sum_over(sub.body, i, guard)
            chain.rule("split-term", add(single, rest), path)
            self._resolve(chain, (*path, 0), "case-holds")
            self._resolve(chain, (*path, 1, 0), "case-fails")
            chain.splice(self._arith(at(chain.term, (*path, 0))), (*path, 0))
            chain.splice(self._arith(at(chain.term, (*path, 1, 0))), (*path, 1, 0))
            if at(chain.term, (*path, 1)).body == ZERO:
                chain.splice(self.plain.simplify(at(chain.term, path)), path)
        flat = tidy(chain.term)
        if flat != chain.term:
            chain.algebra(flat)
        return chain.proof()

    def _arith(self, t: Term) -> Proof | None:
        tidied = tidy(t)
        return Chain(t).algebra(tidied).proof() if tidied != t else None

    def _find(self, t: Term) -> tuple[tuple[int, ...], Any, Any] | None:
        for path, sub in occurrences(t):
            if not isinstance(sub, SumOver) or sub.guard != TRUE:
                continue
            for f in factors_of(sub.body):
                if isinstance(f, IfElse):
                    c = f.args[0]
                    if isinstance(c, Relation) and c.op == "==" and sub.index in (c.left, c.right):
                        j = c.right if c.left == sub.index else c.left
                        if isinstance(j, Index) and j != sub.index:
                            return path, sub, j
        return None

    def _resolve(self, chain: Chain, path: tuple[int, ...], rule: str) -> None:
        body = at(chain.term, path)
        for k, f in enumerate(factors_of(body)):
            if isinstance(f, IfElse):
                where = (*path, k) if isinstance(body, Mul) else path
                chain.rule(rule, f.args[1 if rule == "case-holds" else 2], where)
                return

    def distribute(self, t: Term) -> Proof:
        """Products multiplied out, constants out of the sums, nothing merged yet."""
        chain = Chain(t)
        opened = expanded(t)
        if opened != t:
            chain.algebra(opened)
        done: list[tuple[int, ...]] = []
        for path, sub in list(occurrences(chain.term)):
            if any(path[: len(p)] == p for p in done):
                continue  # inside a sum that was split
            if isinstance(sub, SumOver):
                body = expanded(sub.body)
                if isinstance(body, Add):
                    if body != sub.body:
                        chain.algebra(body, (*path, 0))
                    parts = [sum_over(a, sub.index, sub.guard) for a in body.args]
                    chain.rule("sum-add", add(*parts), path)
                    done.append(path)
        chain.splice(self.plain.simplify(chain.term))
        return chain.proof()

    def merge(self, t: Term) -> Proof:
        """Sums over i != j completed by the missing term."""
        return self.simplifier.simplify(t)
