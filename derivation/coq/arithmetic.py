"""Equalities by arithmetic: ring and field identities, inside sums, functions and cases as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from derivation.coq.chain import Chain
from derivation.coq.writer import Env
from derivation.errors import DerivationError
from derivation.normal import difference_vanishes, normal, normal_term, text
from derivation.terms import (
    TRUE,
    Add,
    Diff,
    IfElse,
    KroneckerDelta,
    Mul,
    Partial,
    Pow,
    Reduction,
    SumOver,
    exp,
    free_indices,
    is_element,
    is_number,
    substitute,
    value_of,
)


class Arithmetic(Chain):
    """Proves what is equal by normal form."""

    def algebra(self, lhs: Any, rhs: Any, env: Env) -> str:
        """A proof of ``lhs = rhs`` by arithmetic, inside sums as well."""
        a, b = self.term(lhs, env), self.term(rhs, env)
        if a == b:
            return f"(eq_refl {a})"
        found = self._alike(lhs, rhs, env) or f"ltac:({self._tactic(lhs, rhs, env)})"
        return f"({found} : {a} = {b})"

    def _alike(self, lhs: Any, rhs: Any, env: Env) -> str:
        """The proof where both sides are made alike of parts that are equal, else nothing."""
        if type(lhs) is not type(rhs) or is_element(lhs):
            return ""
        if isinstance(lhs, SumOver):
            return self._both_sums(lhs, rhs, env) if lhs.index.size == rhs.index.size else ""
        if isinstance(lhs, IfElse) and lhs.args[0] == rhs.args[0]:
            c = self.condition(lhs.args[0], env)
            one = self.algebra(lhs.args[1], rhs.args[1], env)
            two = self.algebra(lhs.args[2], rhs.args[2], env)
            return (
                f"eq_trans (if_ext_1 {c} _ _ _ (fun C_0 => {one}))"
                f" (if_ext_2 {c} _ _ _ (fun C_0 => {two}))"
            )
        powers = isinstance(lhs, Pow) and lhs.args[1] == rhs.args[1]
        if powers or (len(lhs.args) == len(rhs.args) == 1):
            try:
                same = difference_vanishes(lhs.args[0], rhs.args[0]) is not None
            except DerivationError:
                return ""
            if same:
                inner = self.algebra(lhs.args[0], rhs.args[0], env)
                return f"f_equal (fun hole : R => {self.around(lhs, 0, env)}) {inner}"
        return ""

    def _tactic(self, lhs: Any, rhs: Any, env: Env) -> str:
        """Parts that are equal are made the same, then the rest is left to ``alg``."""
        steps: list[str] = []
        seen: dict[Any, tuple[str, Any]] = {}
        for s in (*_atoms(lhs), *_atoms(rhs)):
            text = self.term(s, env)
            if isinstance(s, KroneckerDelta):
                key: Any = frozenset(s.args)
            else:
                key = (type(s).__name__, frozenset(normal(s)[0].items()))
            have, term = seen.setdefault(key, (text, s))
            if have == text or {s, term} == {lhs, rhs}:
                continue
            if isinstance(s, KroneckerDelta):
                made = f"rewrite ({self.turned(s, env)})"
            else:
                made = f"rewrite {self.algebra(s, term, env)}"
            if made not in steps:
                steps.append(made)
        tried = "; ".join([*(f"try ({s})" for s in steps), "alg"])
        normalised = self._exponents(lhs, rhs, env)
        if normalised:
            return f"first [{tried} | {'; '.join([*(f'try ({s})' for s in normalised), tried])}]"
        return tried

    def turned(self, t: Any, env: Env) -> str:
        """The symmetry of a delta."""
        return f"delta_sym {self.index(t.args[0], env)} {self.index(t.args[1], env)}"

    def _exponents(self, lhs: Any, rhs: Any, env: Env) -> list[str]:
        """Rewritings of exponents to normal form, where the two sides have different ones."""
        left, right = ({a for a in _atoms(t) if type(a) is sympy.exp} for t in (lhs, rhs))
        steps = []
        if left != right:
            for a in sorted(left | right, key=text):
                argument = normal_term(a.args[0])
                if self.term(argument, env) != self.term(a.args[0], env) and {
                    a,
                    exp(argument),
                } != {lhs, rhs}:
                    inner = self.algebra(a.args[0], argument, env)
                    steps.append(f"rewrite (f_equal exp {inner})")
        return steps

    def _both_sums(self, lhs: Any, rhs: Any, env: Env) -> str:
        body, guard = rhs.body, rhs.guard
        if rhs.index != lhs.index:
            if lhs.index in free_indices(rhs):
                return ""
            body, guard = (substitute(x, {rhs.index: lhs.index}) for x in (body, guard))
        letter, inside = self.bind(lhs.index, env)
        try:
            if difference_vanishes(lhs.body, body) is None:
                return ""
        except DerivationError:
            return ""
        inner = self.algebra(lhs.body, body, inside)
        one, two = self.condition(lhs.guard, inside), self.condition(guard, inside)
        if one == two:
            return self.summed(lhs, letter, inside, inner)
        x, y = self.term(lhs.body, inside), self.term(body, inside)
        return (
            f"sum_ext {self.size(lhs.index.size)} _ _ (fun {letter} H_{letter} => (ltac:(try"
            f" (rewrite {inner}); cases) : (if {one} then {x} else 0)"
            f" = (if {two} then {y} else 0)))"
        )

    def summed(self, t: Any, letter: str, inside: Env, inner: str) -> str:
        """From an equation of the terms of a sum (where its condition holds) one of the sums."""
        size = self.size(t.index.size)
        if t.guard == TRUE:
            return f"(sum_ext {size} _ _ (fun {letter} H_{letter} => {inner}))"
        guard = self.condition(t.guard, inside)
        return (
            f"(sum_ext_if {size} (fun {letter} => {guard}) _ _"
            f" (fun {letter} H_{letter} C_{letter} => {inner}))"
        )

    def around(self, t: Any, k: int, env: Env) -> str:
        """The term with a hole at an argument."""
        raise NotImplementedError


def _atoms(t: Any) -> Iterator[Any]:
    """What arithmetic takes as one: sums, functions, roots, deltas; the outer before the inner."""
    if isinstance(t, (Add, Mul)):
        for a in t.args:
            yield from _atoms(a)
    elif isinstance(t, Pow) and is_number(t.args[1]) and value_of(t.args[1]).denominator == 1:
        yield from _atoms(t.args[0])
    elif t.args and not is_element(t) and not isinstance(t, (Diff, Partial)):
        yield t
        if isinstance(t, IfElse):
            yield from (*_atoms(t.args[1]), *_atoms(t.args[2]))
        elif not isinstance(t, (Reduction, KroneckerDelta)):
            for a in t.args:
                yield from _atoms(a)
