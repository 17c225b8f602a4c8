"""Each move of the kernel as a Coq proof: the lemma or tactic that the rule names.

``Moves.equation`` proves one move where it stands; ``Moves.lifted`` carries it through the term
around it. What has no lemma raises ``NotExported`` with the rule's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from derivation.coq.chain import Chain
from derivation.coq.errors import NotExported
from derivation.coq.forward import Node, applied
from derivation.coq.writer import Env
from derivation.errors import DerivationError
from derivation.matching import match
from derivation.normal import difference_vanishes, normal
from derivation.rules import REGISTRY
from derivation.rules.calculus import through_which
from derivation.steps import Step
from derivation.terms import (
    MINUS_ONE,
    ONE,
    TRUE,
    Add,
    Condition,
    Diff,
    IfElse,
    KroneckerDelta,
    Mul,
    Partial,
    Pow,
    Reduction,
    Relation,
    SumOver,
    add,
    alpha_equal,
    conjuncts,
    free_indices,
    fresh_index,
    if_else,
    index_names,
    indices_of,
    is_element,
    is_number,
    mul,
    name_of,
    substitute,
    sum_over,
    value_of,
)

ARITHMETIC = {"ring", "field", "powers"}
BY_CASES = {
    "by-cases",
    "same-in-both",
    "case-holds",
    "case-fails",
    "delta-equal",
    "delta-unequal",
    "delta-cases",
    "equal-index",
    "delta-substitutes",
    "case-lift",
}
SAME = {"rename", "definition", "sigmoid-definition", "softplus-definition"}


WHOLE = {*ARITHMETIC, "delta-substitutes", "case-lift", "split-term", "sum-join"}


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


def leaves(step: Step) -> Iterator[Step]:
    """The kernel moves that a step consists of, in order (lemmas within it are no part of it)."""
    if not step.substeps:
        yield step
    for sub in step.substeps:
        if sub.kind != "lemma":
            yield from leaves(sub)


def lemmas(steps: Iterable[Step]) -> Iterator[Step]:
    """Every lemma among the steps and within them."""
    for step in steps:
        if step.kind == "lemma":
            yield step
        yield from lemmas(step.substeps)


class Moves(Chain):
    """Proofs of single moves."""

    lemmas: dict[str, Step]
    prefix: str  # what every lemma is applied to first: the variable and what is assumed of it

    # -- congruence ----------------------------------------------------------------------------

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
        if isinstance(before, Diff | Partial):
            return self.equation(step, before, after, env)
        if len(a) == len(b):
            differ = [k for k in range(len(a)) if not alpha_equal(a[k], b[k])]
            if len(differ) == 1 and (not isinstance(before, Pow | IfElse) or differ[0] == 0):
                return self.lifted(before, after, (differ[0],), step, env, self.found)
        if isinstance(before, Add | Mul) and step.rule not in WHOLE:
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
        if isinstance(before, Diff | Partial):
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
            if before.guard != TRUE:
                guard = self.condition(before.guard, inside)
                return (
                    f"(sum_ext_if {self.size(before.index.size)} (fun {letter} => {guard}) _ _"
                    f" (fun {letter} H_{letter} C_{letter} => {inner}))"
                )
            return (
                f"(sum_ext {self.size(before.index.size)} _ _ (fun {letter} H_{letter} => {inner}))"
            )
        if isinstance(before, IfElse):
            inner = self.lifted(before.args[k], after.args[k], path[1:], step, env, then)
            return f"(if_ext_{k} {self.condition(before.args[0], env)} _ _ _ (fun C_0 => {inner}))"
        inner = self.lifted(before.args[k], after.args[k], path[1:], step, env, then)
        return f"(f_equal (fun hole : R => {self.around(before, k, env)}) {inner})"

    def _unfolded(self, before: Any, after: Any, env: Env) -> str:
        """A definition put in under a derivative: both tangents are the same by computation."""
        v, through = before.args[1], isinstance(before, Diff)
        own = name_of(v)

        def leaf(n: Node) -> str:
            if n.name == own:
                pairs = zip(n.at, indices_of(v), strict=True)
                return self.factors(
                    [f"(delta {a} {self.index(i, env)})" for a, i in pairs] or ["1"]
                )
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
        if isinstance(t, Pow) and k == 0:
            return self._power(t, lambda a: "hole" if a is t.args[0] else self.term(a, env))
        if len(t.args) == 1:
            return self.term(t, env).replace(self.term(t.args[0], env), "hole", 1)
        raise NotExported(f"a step inside {type(t).__name__}")

    # -- arithmetic ----------------------------------------------------------------------------

    def algebra(self, lhs: Any, rhs: Any, env: Env) -> str:
        """A proof of ``lhs = rhs`` by arithmetic, inside sums as well."""
        a, b = self.term(lhs, env), self.term(rhs, env)
        if a == b:
            return f"(eq_refl : {a} = {b})"
        if (
            isinstance(lhs, SumOver)
            and isinstance(rhs, SumOver)
            and lhs.index.size == rhs.index.size
        ):
            found = self._both_sums(lhs, rhs, env)
            if found:
                return f"({found} : {a} = {b})"
        if isinstance(lhs, IfElse) and isinstance(rhs, IfElse) and lhs.args[0] == rhs.args[0]:
            c = self.condition(lhs.args[0], env)
            one = self.algebra(lhs.args[1], rhs.args[1], env)
            two = self.algebra(lhs.args[2], rhs.args[2], env)
            return (
                f"(eq_trans (if_ext_1 {c} _ _ _ (fun C_0 => {one}))"
                f" (if_ext_2 {c} _ _ _ (fun C_0 => {two})) : {a} = {b})"
            )
        if (
            isinstance(lhs, Pow)
            and isinstance(rhs, Pow)
            and lhs.args[1] == rhs.args[1]
            and (normal(lhs.args[0])[0] == normal(rhs.args[0])[0])
        ):
            inner = self.algebra(lhs.args[0], rhs.args[0], env)
            context = self._power(lhs, lambda t: "hole" if t is lhs.args[0] else self.term(t, env))
            return f"(f_equal (fun hole : R => {context}) {inner} : {a} = {b})"
        if type(lhs) is type(rhs) and len(lhs.args) == len(rhs.args) == 1 and not is_element(lhs):
            inner = self.algebra(lhs.args[0], rhs.args[0], env)
            return f"(f_equal (fun hole : R => {self.around(lhs, 0, env)}) {inner} : {a} = {b})"
        steps, seen = [], {}
        for s in [*_atoms(lhs), *_atoms(rhs)]:
            text = self.term(s, env)
            key = (type(s).__name__, frozenset(normal(s)[0].items()))
            if key not in seen:
                seen[key] = (text, s)
            elif seen[key][0] != text and {s, seen[key][1]} != {lhs, rhs}:
                rewritten = f"rewrite {self.algebra(s, seen[key][1], env)}"
                if rewritten not in steps:
                    steps.append(rewritten)
        tactic = "; ".join([f"try ({s})" for s in steps] + ["alg"])
        return f"(ltac:({tactic}) : {a} = {b})"

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
        if lhs.guard == TRUE and guard == TRUE:
            inner = self.algebra(lhs.body, body, inside)
            return f"sum_ext {self.size(lhs.index.size)} _ _ (fun {letter} H_{letter} => {inner})"
        one, two = self.condition(lhs.guard, inside), self.condition(guard, inside)
        inner = self.algebra(lhs.body, body, inside)
        if one == two:
            return (
                f"sum_ext_if {self.size(lhs.index.size)} (fun {letter} => {one}) _ _"
                f" (fun {letter} H_{letter} C_{letter} => {inner})"
            )
        x, y = self.term(lhs.body, inside), self.term(body, inside)
        return (
            f"sum_ext {self.size(lhs.index.size)} _ _ (fun {letter} H_{letter} => (ltac:(try"
            f" (rewrite {inner}); cases) : (if {one} then {x} else 0)"
            f" = (if {two} then {y} else 0)))"
        )

    # -- one move ------------------------------------------------------------------------------

    def equation(self, step: Step, before: Any, after: Any, env: Env) -> str:
        """The move's own equation, proved."""
        a, b = self.term(before, env), self.term(after, env)
        if a == b:
            return f"(eq_refl : {a} = {b})"
        if step.direction == "rl":
            return f"(eq_sym {self._forward(step, after, before, env)} : {a} = {b})"
        return f"({self._forward(step, before, after, env)} : {a} = {b})"

    def _forward(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        rule = step.rule
        if rule in REGISTRY and not REGISTRY[rule].lemma:
            raise NotExported(f"the rule {rule} has no lemma in the Coq prelude")
        a, b = self.term(lhs, env), self.term(rhs, env)
        if rule in SAME:
            return f"(eq_refl : {a} = {b})"
        if rule in ARITHMETIC:
            return self.algebra(lhs, rhs, env)
        if rule in BY_CASES:
            return f"(ltac:(cases) : {a} = {b})"
        special: dict[str, Callable[..., str]] = {
            "given": self._given,
            "lemma": self._lemma,
            "chain-rule": self._chain_rule,
            "partial-definition": self._partial_definition,
            "sum-add": self._sum_add,
            "sum-factor": self._sum_factor,
            "sift-delta": self._sift,
            "split-term": self._split,
        }
        if rule in special:
            return special[rule](step, lhs, rhs, env)
        if rule == "sum-product":
            return f"(eq_sym {self._sum_factor(step, rhs, lhs, env)})"
        if rule in ("sum-cases", "sum-guard", "sum-join"):
            return f"(ltac:(join_sums) : {a} = {b})"
        if rule == "sum-constant":
            return f"(sum_const _ _ : {a} = {b})"
        if rule == "sum-zero":
            return f"(ltac:(zeros) : {a} = {b})"
        if rule == "sum-swap":
            return f"(sum_swap _ _ _ : {a} = {b})"
        if rule == "sigmoid-reflection":
            return f"(sigmoid_reflection _ : {a} = {b})"
        if rule in ("exp-of-log", "log-expand", "power-of-product"):
            return f"(ltac:(logs) : {a} = {b})"
        if rule == "diff-is-partial" or rule.startswith("d-"):
            return f"(ltac:(alg) : {a} = {b})"
        raise NotExported(f"the rule {rule} has no lemma in the Coq prelude")

    def _given(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        a, b = self.term(lhs, env), self.term(rhs, env)
        return f"(ltac:(by_given) : {a} = {b})"

    def _lemma(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        for number in step.uses:
            cited = self.lemmas.get(number)
            if cited is None:
                continue
            values = match(cited.before, lhs, self.theory)
            if values is not None:
                return self.cited(cited, values, env)
        raise NotExported(f"lemma: {step.number} cites none that fits")

    def cited(self, lemma: Step, values: Any, env: Env) -> str:
        letters = self.free(lemma)
        shown = [self.index(values.get(i, i), env) for i in letters]
        ranges = ["ltac:(rng)"] * len(letters)
        return f"({self.step_name(lemma)} {' '.join([*self.prefix.split(), *shown, *ranges])})"

    @staticmethod
    def step_name(step: Step) -> str:
        return "step_" + step.number.replace(".", "_")

    @staticmethod
    def free(step: Step) -> list[Any]:
        found = free_indices(step.before) | free_indices(step.after)
        return sorted(found, key=lambda i: (str(i.name), str(i.size)))

    # -- sums ----------------------------------------------------------------------------------

    def _open(self, lhs: Any, others: Any, env: Env) -> tuple[Any, str, dict[Any, str]]:
        """A sum whose letter is free nowhere else, its letter, and the letters inside."""
        if lhs.index in free_indices(others):
            taken = index_names(lhs) | index_names(others)
            letter = fresh_index(lhs.index, taken)
            swap = {lhs.index: letter}
            lhs = sum_over(substitute(lhs.body, swap), letter, substitute(lhs.guard, swap))
        name, inside = self.bind(lhs.index, env)
        return lhs, name, inside

    def _to(self, lhs: Any, body: Any, name: str, inside: Env) -> str:
        """The sum with its body rewritten by arithmetic."""
        inner = self.algebra(lhs.body, body, inside)
        if lhs.guard == TRUE:
            return f"(sum_ext {self.size(lhs.index.size)} _ _ (fun {name} H_{name} => {inner}))"
        guard = self.condition(lhs.guard, inside)
        return (
            f"(sum_ext_if {self.size(lhs.index.size)} (fun {name} => {guard}) _ _"
            f" (fun {name} H_{name} C_{name} => {inner}))"
        )

    def _body(self, lhs: Any, other: Any) -> Any:
        """The body of a sum over the same places, in the other's letter; None if it is none."""
        if not isinstance(other, SumOver) or other.index.size != lhs.index.size:
            return None
        if other.index == lhs.index:
            return other.body
        if lhs.index in free_indices(other):
            return None
        return substitute(other.body, {other.index: lhs.index})

    def _sum_add(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        lhs, name, inside = self._open(lhs, rhs, env)
        parts = rhs.args if isinstance(rhs, Add) else (rhs,)
        bodies = [self._body(lhs, p) for p in parts]
        if any(b is None for b in bodies):
            raise NotExported("sum-add: parts over other places")
        total = add(*bodies)
        first = self._to(lhs, total, name, inside)
        b = self.term(rhs, env)
        second = (
            f"(ltac:(plus_sums) : {self.term(sum_over(total, lhs.index, lhs.guard), env)} = {b})"
        )
        return f"(eq_trans {first} {second})"

    def _sum_factor(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        lhs, name, inside = self._open(lhs, rhs, env)
        factors = rhs.args if isinstance(rhs, Mul) else (rhs,)
        for f in factors:
            body = self._body(lhs, f)
            if body is None:
                continue
            rest = list(factors)
            rest.remove(f)
            outside = mul(*rest)
            if lhs.index in free_indices(outside):
                continue
            try:
                if difference_vanishes(lhs.body, mul(outside, body)) is None:
                    continue
            except DerivationError:
                continue
            out = self.term(outside, env)
            first = self._to(lhs, mul(outside, body), name, inside)
            if outside == MINUS_ONE:  # written as a sign, it is a factor in the lemma
                return self._minus(lhs, rhs, body, name, inside, env, first)
            if lhs.guard == TRUE:
                pulled = f"(sum_scal _ {out} (fun {name} => {self.term(body, inside)}))"
            else:
                guard = self.condition(lhs.guard, inside)
                pulled = (
                    f"(sum_scal_if _ (fun {name} => {guard}) {out}"
                    f" (fun {name} => {self.term(body, inside)}))"
                )
            # the product as the right side has it
            same = sum_over(body, lhs.index, lhs.guard)
            last = self.algebra(mul(outside, same), rhs, env)
            return f"(eq_trans {first} (eq_trans {pulled} {last}))"
        raise NotExported("sum-factor: no factor is the rest of the sum")

    def _minus(
        self, lhs: Any, rhs: Any, body: Any, name: str, inside: Env, env: Env, first: str
    ) -> str:
        text = self.term(body, inside)
        guard = "" if lhs.guard == TRUE else self.condition(lhs.guard, inside)
        lemma = (
            f"sum_opp_if {self.size(lhs.index.size)} (fun {name} => {guard}) (fun {name} => {text})"
            if guard
            else f"sum_opp {self.size(lhs.index.size)} (fun {name} => {text})"
        )
        same = mul(MINUS_ONE, sum_over(body, lhs.index, lhs.guard))
        return f"(eq_trans {first} (eq_trans ({lemma}) {self.algebra(same, rhs, env)}))"

    def _sift(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        lhs, name, inside = self._open(lhs, rhs, env)
        i = lhs.index
        factors = lhs.body.args if isinstance(lhs.body, Mul) else (lhs.body,)
        for f in factors:
            if not isinstance(f, KroneckerDelta) or i not in f.args:
                continue
            j = f.args[1] if f.args[0] == i else f.args[0]
            if i in free_indices(j):
                continue
            rest = list(factors)
            rest.remove(f)
            value = substitute(mul(*rest), {i: j})
            if lhs.guard != TRUE:
                value = if_else(substitute(lhs.guard, {i: j}), value, mul())
                value = if_else(value.args[0], value.args[1], ONE - 1)
            try:
                if difference_vanishes(value, rhs) is None:
                    continue
            except DerivationError:
                continue
            there = self.index(j, env)
            others = self.term(mul(*rest), inside)
            body = f"({others} * delta {name} {there})"
            old = self.term(lhs.body, inside)
            turned = f"(ltac:(turn {there} {name}) : {old} = {body})"
            size = self.size(i.size)
            if lhs.guard == TRUE:
                first = (
                    f"(sum_ext {self.size(lhs.index.size)} _ _ (fun {name} H_{name} => {turned}))"
                )
                second = f"(sum_sift {size} {there} (fun {name} => {others}) ltac:(rng))"
            else:
                guard = self.condition(lhs.guard, inside)
                first = (
                    f"(sum_ext_if {self.size(lhs.index.size)} (fun {name} => {guard}) _ _"
                    f" (fun {name} H_{name} C_{name} => {turned}))"
                )
                second = (
                    f"(sum_sift_if {size} {there} (fun {name} => {guard})"
                    f" (fun {name} => {others}) ltac:(rng))"
                )
            last = self.algebra(value, rhs, env)
            return f"(eq_trans {first} (eq_trans {second} {last}))"
        raise NotExported("sift-delta: no delta fits")

    def _split(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        if isinstance(lhs, Add) and isinstance(rhs, SumOver):
            return f"(eq_sym {self._split(step, rhs, lhs, env)})"
        a, b = self.term(lhs, env), self.term(rhs, env)
        lhs, name, inside = self._open(lhs, rhs, env)
        for rest in rhs.args:
            if not isinstance(rest, SumOver) or rest.index.size != lhs.index.size:
                continue
            guard = substitute(rest.guard, {rest.index: lhs.index})
            for c in conjuncts(guard):
                if not isinstance(c, Relation) or c.op != "!=":
                    continue
                if lhs.index not in (c.left, c.right) or c in conjuncts(lhs.guard):
                    continue
                j = c.right if c.left == lhs.index else c.left
                there, size = self.index(j, env), self.size(lhs.index.size)
                body = self.guarded(lhs, self.term(lhs.body, inside), inside)
                head = f"sum_apart {size} {there} (fun {name} => {body}) ltac:(rng)"
                return (
                    f"(ltac:(etransitivity; [exact ({head}) |"
                    f" cbv beta; apply same_parts; [cases |"
                    f" apply sum_ext; intros; cases]]) : {a} = {b})"
                )
        raise NotExported("split-term: no place set apart")

    # -- derivatives ---------------------------------------------------------------------------

    def _partial_definition(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        body, v = lhs.args
        unfolded = type(lhs)(self.theory.unfold(body), v)
        own = name_of(v)

        def leaf(n: Node) -> str:
            if n.name == own:
                target = [
                    f"(delta {a} {self.index(i, env)})"
                    for a, i in zip(n.at, indices_of(v), strict=True)
                ]
                return self.factors(target or ["1"])
            return "0"

        _, target, proof = self.cleaned(unfolded, env, leaf)
        a, b = self.term(lhs, env), self.term(rhs, env)
        if not proof:
            return f"(eq_refl : {a} = {b})"
        if target == b:
            return f"({proof} : {a} = {b})"
        return f"(eq_trans ({proof} : {a} = {target}) (ltac:(alg) : {target} = {b}))"

    def _chain_rule(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        """From linearity; see ``thru_…`` in ``forward``."""
        body, v = lhs.args
        a, b = self.term(lhs, env), self.term(rhs, env)
        middle = through_which(self.theory, body, v)
        if not middle:
            return f"(eq_refl : {a} = {b})"
        name, own = name_of(body), name_of(v)
        lemma = self.chain_lemma(name, own, middle)
        at = [self.index(i, env) for i in indices_of(body)]
        ranges = ["ltac:(rng)"] * len(at)
        head = " ".join([lemma, self.base, self.unit(v, env), *at, *ranges])
        tactic = "alg"
        if own not in self.direct(name):  # the objective's own definition does not mention it
            zero = " ".join([f"zero_{self.names[name]}", self.base, *at, *ranges])
            tactic = f"rewrite ({zero}); alg"
        return f"(ltac:(etransitivity; [exact ({head}) | {tactic}]) : {a} = {b})"


def _atoms(t: Any) -> Iterator[Any]:
    """What arithmetic takes as one: sums, functions, roots; outermost only."""
    if isinstance(t, Add | Mul):
        for a in t.args:
            yield from _atoms(a)
    elif isinstance(t, Pow) and is_number(t.args[1]) and value_of(t.args[1]).denominator == 1:
        yield from _atoms(t.args[0])
    elif t.args and not is_element(t) and not isinstance(t, Diff | Partial | KroneckerDelta):
        yield t
