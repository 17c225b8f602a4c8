"""Vectors without their indices: products with a transpose, norms, and what takes an index."""

from __future__ import annotations

from functools import partial
from typing import Any

from derivation.language.latex.context import ATOM, Context
from derivation.language.latex.ranges import Over, Text
from derivation.language.latex.tokens import Unread
from derivation.language.latex.trees import (
    Add,
    Bracket,
    Frac,
    Function,
    Mul,
    Name,
    Norm,
    Transposed,
)


class Vectors(Context):
    """The part of the writer that turns transposes and norms into sums."""

    def is_vector(self, t: Any) -> bool:
        """Whether a factor takes the index of vectors."""
        if isinstance(t, Name):
            t = self.settled(t)
            return len(t.slots) < self.survey.ranks.get(t.key, 0)
        if isinstance(t, Bracket):
            return self.is_vector(t.inside)
        if isinstance(t, Add):
            return any(self.is_vector(x) for _, x in t.terms)
        if isinstance(t, Mul):
            factors = [x for _, x in t.factors]
            rest = [
                x
                for k, x in enumerate(factors)
                if not isinstance(x, Transposed)
                and not (k and isinstance(factors[k - 1], Transposed))
            ]
            return any(self.is_vector(x) for x in rest)
        if isinstance(t, Function) and t.name not in ("softmax", "logsumexp"):
            return any(self.is_vector(a) for a in t.args)
        if isinstance(t, Frac):
            return self.is_vector(t.above) or self.is_vector(t.below)
        return False

    def contracted(self, factors: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """The factors with every aᵀb as a sum."""
        out: list[tuple[str, Any]] = []
        k = 0
        while k < len(factors):
            op, f = factors[k]
            if isinstance(f, Transposed) and k + 1 < len(factors) and factors[k + 1][0] != "/":
                after = factors[k + 1][1]
                for side in (f.base, after):
                    inner = side.inside if isinstance(side, Bracket) else side
                    if isinstance(inner, Name) and inner.key in self.survey.matrices:
                        raise Unread("a product of matrices needs indices", inner.pos)
                    if isinstance(inner, Name) and inner.base.isupper() and inner.base.isascii():
                        raise Unread("a product of matrices needs indices", inner.pos)
                rest = [g for _, g in factors[k + 2 :] if isinstance(g, Name) and g.base.isalpha()]
                if any(g.key in self.survey.matrices or _same_vector(g, after) for g in rest):
                    raise Unread("a product of more than two vectors needs indices")
                fresh = self.fresh()
                r = self.ranges.new()
                self.ranges.bound.add(r)
                both = Mul((("", f.base), ("o", after)))
                body = self.with_lift((fresh, r), partial(self.write, both), strict=True)
                out.append((op, ("sum(", *body, f" for {fresh} in ", Over(r), ")")))
                k += 2
                continue
            if isinstance(f, Transposed):
                raise Unread("a transpose that no index can replace")
            out.append((op, f))
            k += 1
        return out

    def _transposed(self, t: Transposed) -> tuple[Text, int]:
        raise Unread("a transpose that no index can replace")

    def _norm(self, t: Norm, squared: bool = False) -> tuple[Text, int]:
        if t.kind == "abs":
            return ("abs(", *self.write(t.inside), ")"), ATOM
        fresh = self.fresh()
        r = self.ranges.new()
        self.ranges.bound.add(r)
        body = self.with_lift((fresh, r), lambda: self.write(t.inside, ATOM), strict=True)
        if t.kind == "1":
            return ("sum(abs(", *body, f") for {fresh} in ", Over(r), ")"), ATOM
        inner: Text = ("sum(", *body, f"**2 for {fresh} in ", Over(r), ")")
        return (inner, ATOM) if squared else (("sqrt(", *inner, ")"), ATOM)


def _same_vector(g: Name, after: Any) -> bool:
    return isinstance(after, Name) and g.key == after.key
