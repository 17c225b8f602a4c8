"""A move carried through the term around it."""

from __future__ import annotations

import re
from typing import Any

from derivation.coq.arithmetic import Arithmetic
from derivation.coq.errors import NotExported
from derivation.coq.forward import applied
from derivation.coq.nodes import Node
from derivation.coq.writer import FUNCTIONS, Env
from derivation.steps import Step
from derivation.terms import (
    MINUS_ONE,
    Add,
    Condition,
    Diff,
    IfElse,
    KroneckerDelta,
    Mul,
    Partial,
    Pow,
    Reduction,
    SumOver,
    add,
    alpha_equal,
    free_indices,
    is_element,
    is_number,
    mul,
    name_of,
    substitute,
)

# rules that change more than one part of a sum or a product at once
WHOLE = {"ring", "field", "powers", "delta-substitutes", "case-lift", "split-term", "sum-join"}


def fits(before: Any, after: Any, path: tuple[int, ...]) -> bool:
    """Whether two terms differ at the path only."""
    for k in path:
        if type(before) is not type(after) or is_element(before) or isinstance(before, Condition):
            return False
        if not k < len(before.args) == len(after.args):
            return False
        if isinstance(before, Reduction):
            if k != 0 or before.index.size != after.index.size:
                return False
            if before.index != after.index:
                if before.index in free_indices(after):
                    return False
                swap = {after.index: before.index}
                after = type(after)(
                    substitute(after.body, swap), before.index, substitute(after.guard, swap)
                )
        others = zip(
            before.args[:k] + before.args[k + 1 :],
            after.args[:k] + after.args[k + 1 :],
            strict=True,
        )
        if not all(alpha_equal(a, b) for a, b in others):
            return False
        before, after = before.args[k], after.args[k]
    return True


class Congruence(Arithmetic):
    """Finds where a step changes its term, and carries the equation outwards."""

    def equation(self, step: Step, before: Any, after: Any, env: Env) -> str:
        """The move's own equation, proved."""
        raise NotImplementedError

    def moved(self, step: Step, env: Env) -> str:
        """``before = after`` for a whole step."""
        before, after, path = step.before, step.after, step.path
        if fits(before, after, path):
            return self.lifted(before, after, path, step, env)
        return self.found(before, after, step, env)

    def found(self, before: Any, after: Any, step: Step, env: Env) -> str:
        """``before = after`` where the steps' terms are flatter than those that the path is for:
        the place is where they differ."""
        a, b = before.args, after.args
        if type(before) is not type(after) or is_element(before) or not a:
            return self.equation(step, before, after, env)
        if isinstance(before, Reduction):
            if before.index.size != after.index.size:
                return self.equation(step, before, after, env)
            there = after
            if after.index != before.index:
                if before.index in free_indices(after):
                    return self.equation(step, before, after, env)
                swap = {after.index: before.index}
                there = type(after)(
                    substitute(after.body, swap), before.index, substitute(after.guard, swap)
                )
            if there.guard != before.guard:
                return self.equation(step, before, after, env)
            return self.lifted(before, there, (0,), step, env, self.found)
        if isinstance(before, (Diff, Partial)):
            return self.equation(step, before, after, env)
        if len(a) == len(b):
            differ = [k for k in range(len(a)) if not alpha_equal(a[k], b[k])]
            if len(differ) == 1 and (not isinstance(before, (Pow, IfElse)) or differ[0] == 0):
                return self.lifted(before, after, (differ[0],), step, env, self.found)
        if isinstance(before, (Add, Mul)) and step.rule not in WHOLE:
            first = 0
            while first < min(len(a), len(b)) - 1 and alpha_equal(a[first], b[first]):
                first += 1
            last = 0
            while last < min(len(a), len(b)) - first - 1 and alpha_equal(
                a[-1 - last], b[-1 - last]
            ):
                last += 1
            if first or last:
                make = add if isinstance(before, Add) else mul
                old, new = make(*a[first : len(a) - last]), make(*b[first : len(b) - last])
                around = [
                    [self.term(x, env) for x in a[:first]],
                    [self.term(x, env) for x in a[len(a) - last :]],
                ]
                sign = " + " if isinstance(before, Add) else " * "
                inner = self.found(old, new, step, env)
                shown = [self.term(x, env) for x in (before, old, new, after)]
                middle = [
                    "(" + sign.join([*around[0], x, *around[1]]) + ")"
                    for x in (shown[1], "hole", shown[2])
                ]
                return (
                    f"(eq_trans (ltac:(ring) : {shown[0]} = {middle[0]})"
                    f" (eq_trans (f_equal (fun hole : R => {middle[1]}) {inner})"
                    f" (ltac:(ring) : {middle[2]} = {shown[3]})))"
                )
        return self.equation(step, before, after, env)

    def lifted(
        self,
        before: Any,
        after: Any,
        path: tuple[int, ...],
        step: Step,
        env: Env,
        then: Any = None,
    ) -> str:
        """``before = after``, where they differ at the path (and there, as ``then`` finds)."""
        if not path and then is not None:
            return str(then(before, after, step, env))
        if not path:
            return self.equation(step, before, after, env)
        k = path[0]
        if is_element(before) or isinstance(before, KroneckerDelta):
            raise NotExported(f"{step.rule}: a step inside an index, at {path} of {before}")
        if isinstance(before, (Diff, Partial)):
            if step.rule != "definition" or type(before) is not type(after):
                raise NotExported(f"{step.rule}: a step under a derivative")
            return self._unfolded(before, after, env)
        if isinstance(before, SumOver):
            if not isinstance(after, SumOver):
                raise NotExported(f"{step.rule}: a step that changes a sum's own form")
            letter, inside = self.bind(before.index, env)
            there = after.body
            if after.index != before.index:
                there = substitute(there, {after.index: before.index})
            inner = self.lifted(before.body, there, path[1:], step, inside, then)
            return self.summed(before, letter, inside, inner)
        if isinstance(before, IfElse):
            inner = self.lifted(before.args[k], after.args[k], path[1:], step, env, then)
            return f"(if_ext_{k} {self.condition(before.args[0], env)} _ _ _ (fun C_0 => {inner}))"
        if isinstance(before, Pow) and k == 1 and is_number(after.args[1]):
            raise NotExported(f"{step.rule}: a step that makes an exponent a number")
        inner = self.lifted(before.args[k], after.args[k], path[1:], step, env, then)
        context = self.around(before, k, env)
        proof = f"(f_equal (fun hole : R => {context}) {inner})"
        for t, first in ((before, True), (after, False)):  # -1 as a factor is written as a sign
            shown, put = self.term(t, env), self.term(t.args[k], env)
            filled = re.sub(r"\bhole\b", put.replace("\\", r"\\"), context)
            if shown != filled:
                sides = (shown, filled) if first else (filled, shown)
                same = f"(ltac:(alg) : {sides[0]} = {sides[1]})"
                proof = f"(eq_trans {same} {proof})" if first else f"(eq_trans {proof} {same})"
        return proof

    def _unfolded(self, before: Any, after: Any, env: Env) -> str:
        """A definition put in under a derivative: both tangents are the same by computation."""
        v, through = before.args[1], isinstance(before, Diff)
        own = name_of(v)

        def leaf(n: Node) -> str:
            if n.name == own:
                return self.deltas(n.at, v, env)
            body = self.theory.definitions[n.name].body
            if not through or not self.theory.depends(body, own):
                return "0"
            return applied(f"{self.tan(n.name, own)} {self.base} {self.unit(v, env)}", n.at)

        first, left, one = self.cleaned(before, env, leaf)
        second, right, two = self.cleaned(after, env, leaf)
        same = f"(eq_refl : {first} = {second})"
        start = f"(eq_sym {one})" if one else f"(eq_refl : {left} = {first})"
        end = two or f"(eq_refl : {second} = {right})"
        return f"(eq_trans {start} (eq_trans {same} {end}))"

    def around(self, t: Any, k: int, env: Env) -> str:
        """The term with a hole at an argument."""
        parts = ["hole" if n == k else None for n in range(len(t.args))]
        if isinstance(t, Add):
            shown = [p or self.term(a, env) for p, a in zip(parts, t.args, strict=True)]
            return f"({' + '.join(shown)})"
        if isinstance(t, Mul):
            factors = list(zip(parts, t.args, strict=True))
            minus = t.args[0] == MINUS_ONE and k != 0
            shown = [p or self.term(a, env) for p, a in (factors[1:] if minus else factors)]
            return f"(- {self.factors(shown)})" if minus else self.factors(shown)
        if isinstance(t, Pow) and (k == 0 or not is_number(t.args[1])):
            return self._power(t, lambda a: "hole" if a is t.args[k] else self.term(a, env))
        if type(t) in FUNCTIONS:
            shown = [p or self.term(a, env) for p, a in zip(parts, t.args, strict=True)]
            return f"({' '.join([FUNCTIONS[type(t)], *shown])})"
        raise NotExported(f"a step inside {type(t).__name__}")
