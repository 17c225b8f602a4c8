"""Moves on sums, each from a lemma of the prelude."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derivation.coq.congruence import Congruence
from derivation.coq.errors import NotExported
from derivation.coq.writer import Env
from derivation.errors import RuleRefused
from derivation.rules.sums import factored, one_place, set_apart, sifted
from derivation.steps import Step
from derivation.terms import (
    MINUS_ONE,
    TRUE,
    Add,
    SumOver,
    add,
    free_indices,
    fresh_index,
    index_names,
    mul,
    substitute,
    sum_over,
)


class Sums(Congruence):
    """Proves moves on sums."""

    def opened(self, t: Any, others: Any, env: Env) -> tuple[Any, str, dict[Any, str]]:
        """A sum whose letter is free nowhere else, its letter, and the letters inside."""
        if t.index in free_indices(others):
            letter = fresh_index(t.index, index_names(t) | index_names(others))
            swap = {t.index: letter}
            t = sum_over(substitute(t.body, swap), letter, substitute(t.guard, swap))
        name, inside = self.bind(t.index, env)
        return t, name, inside

    def rewritten(self, t: Any, body: Any, name: str, inside: Env) -> str:
        """The sum with its body rewritten by arithmetic."""
        return self.summed(t, name, inside, self.algebra(t.body, body, inside))

    def _body(self, t: Any, other: Any) -> Any:
        """The body of a sum over the same places, in the letter of ``t``; None if it is none."""
        if not isinstance(other, SumOver) or other.index.size != t.index.size:
            return None
        if other.index == t.index:
            return other.body
        if t.index in free_indices(other):
            return None
        return substitute(other.body, {other.index: t.index})

    def sum_add(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        lhs, name, inside = self.opened(lhs, rhs, env)
        parts = rhs.args if isinstance(rhs, Add) else (rhs,)
        bodies = [self._body(lhs, p) for p in parts]
        if any(b is None for b in bodies):
            raise NotExported("sum-add: parts over other places")
        total = add(*bodies)
        first = self.rewritten(lhs, total, name, inside)
        whole = self.term(sum_over(total, lhs.index, lhs.guard), env)
        return f"(eq_trans {first} (ltac:(plus_sums) : {whole} = {self.term(rhs, env)}))"

    def sum_factor(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        lhs, name, inside = self.opened(lhs, rhs, env)
        outside, body, _ = _found("sum-factor", factored, lhs, rhs)
        first = self.rewritten(lhs, mul(outside, body), name, inside)
        size, text = self.size(lhs.index.size), self.term(body, inside)
        lemma, factor = ("scal", self.term(outside, env))
        if outside == MINUS_ONE:  # written as a sign, it is a factor in the lemma
            lemma, factor = "opp", ""
        guard = "" if lhs.guard == TRUE else self.condition(lhs.guard, inside)
        given = [f"(fun {name} => {guard})"] if guard else []
        parts = [*given, *([factor] if factor else []), f"(fun {name} => {text})"]
        pulled = f"(sum_{lemma}{'_if' if guard else ''} {size} {' '.join(parts)})"
        # the product as the right side has it
        last = self.algebra(mul(outside, sum_over(body, lhs.index, lhs.guard)), rhs, env)
        return f"(eq_trans {first} (eq_trans {pulled} {last}))"

    def sum_product(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        return f"(eq_sym {self.sum_factor(step, rhs, lhs, env)})"

    def sift(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        lhs, name, inside = self.opened(lhs, rhs, env)
        j, others, value, _ = _found("sift-delta", sifted, lhs, rhs)
        there, rest = self.index(j, env), self.term(others, inside)
        old = self.term(lhs.body, inside)
        turned = f"(ltac:(turn {there} {name}) : {old} = {rest} * delta {name} {there})"
        first = self.summed(lhs, name, inside, turned)
        guard = "" if lhs.guard == TRUE else f" (fun {name} => {self.condition(lhs.guard, inside)})"
        lemma = "sum_sift_if" if guard else "sum_sift"
        size = self.size(lhs.index.size)
        second = f"({lemma} {size} {there}{guard} (fun {name} => {rest}) ltac:(rng))"
        return f"(eq_trans {first} (eq_trans {second} {self.algebra(value, rhs, env)}))"

    def sum_swap(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        a, b = self.term(lhs, env), self.term(rhs, env)
        inner, other = lhs.body, rhs.body
        if all(isinstance(s, SumOver) for s in (inner, other)):
            if all(s.guard == TRUE for s in (lhs, rhs, inner, other)):
                return f"(sum_swap _ _ _ : {a} = {b})"
            i, outside = self.bind(lhs.index, env)
            j, inside = self.bind(inner.index, outside)
            theirs = {**env, rhs.index: j}
            below = {**theirs, other.index: i}
            conditions = [
                f"(fun {i} => {self.condition(lhs.guard, outside)})",
                f"(fun {j} => {self.condition(rhs.guard, theirs)})",
                f"(fun {i} {j} => {self.condition(inner.guard, inside)})",
                f"(fun {j} {i} => {self.condition(other.guard, below)})",
            ]
            sizes = f"{self.size(lhs.index.size)} {self.size(inner.index.size)}"
            body = f"(fun {i} {j} => {self.term(inner.body, inside)})"
            proof = f"(fun {i} {j} H_{i} H_{j} => ltac:(same_places))"
            return f"(sum_swap_if {sizes} {' '.join(conditions)} {body} {proof} : {a} = {b})"
        raise NotExported("sum-swap: not a sum of sums")

    def split_term(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        if isinstance(lhs, Add) and isinstance(rhs, SumOver):
            return f"(eq_sym {self.split_term(step, rhs, lhs, env)})"
        a, b = self.term(lhs, env), self.term(rhs, env)
        lhs, name, inside = self.opened(lhs, rhs, env)
        j, _ = _found("split-term", set_apart, self.theory, lhs, rhs)
        there, size = self.index(j, env), self.size(lhs.index.size)
        body = self.guarded(lhs, self.term(lhs.body, inside), inside)
        head = f"sum_apart {size} {there} (fun {name} => {body}) ltac:(rng)"
        return f"(ltac:(set_apart ({head})) : {a} = {b})"

    def sum_one_place(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        lhs, name, inside = self.opened(lhs, rhs, env)
        j, _ = _found("sum-one-place", one_place, self.theory, lhs, rhs)
        there, size = self.index(j, env), self.size(lhs.index.size)
        body = self.guarded(lhs, self.term(lhs.body, inside), inside)
        single = f"if Nat.eqb {name} {there} then {body} else 0"
        first = (
            f"(sum_ext {size} _ _ (fun {name} H_{name} => (ltac:(cases) : ({body}) = ({single}))))"
        )
        second = f"(sum_one {size} {there} (fun {name} => {body}) ltac:(rng))"
        at_j = {**env, lhs.index: there}
        value = self.guarded(lhs, self.term(lhs.body, at_j), at_j)
        last = f"(ltac:(cases) : ({value}) = {self.term(rhs, env)})"
        return f"(eq_trans {first} (eq_trans {second} {last}))"


def _found(law: str, find: Callable[..., Any], *args: Any) -> Any:
    """What the rule's own matching finds, or NotExported, saying the law."""
    try:
        return find(*args)
    except RuleRefused as error:
        raise NotExported(f"{law}: {error}") from None
