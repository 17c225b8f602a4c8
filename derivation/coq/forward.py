"""Derivatives in Coq: each definition's tangent, that it is the derivative, and that it is linear.

``loc_m`` is the tangent of the definition of m for any tangents of the names in it; ``tan_m_v`` is
the derivative of m in a direction of v, through all definitions in between. From ``thru_m`` (that
``loc_m`` is linear) follows the chain rule through the entries of arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

from derivation.coq.errors import NotExported
from derivation.coq.writer import Env, Writer
from derivation.rules import REGISTRY
from derivation.rules.calculus import split_quotient
from derivation.terms import (
    MINUS_ONE,
    TRUE,
    Add,
    Detach,
    Diff,
    IfElse,
    Mul,
    Partial,
    Pow,
    SumOver,
    indices_of,
    is_element,
    is_number,
    name_of,
    relu,
    sigmoid,
    softplus,
    value_of,
)

SLOPES: dict[Any, tuple[str, str, str]] = {  # function, slope at v, lemma
    sympy.exp: ("exp", "exp {v}", "(d_exp {v})"),
    sympy.log: ("ln", "/ {v}", "(d_ln {v} ltac:(pos))"),
    sympy.sin: ("sin", "cos {v}", "(d_sin {v})"),
    sympy.cos: ("cos", "- sin {v}", "(d_cos {v})"),
    sympy.tanh: ("tanh", "1 - tanh {v} ^ 2", "(d_tanh {v})"),
    sigmoid: ("sigmoid", "sigmoid {v} * (1 - sigmoid {v})", "(d_sigmoid {v})"),
    sympy.Abs: ("Rabs", "sign {v}", "(d_abs {v} ltac:(nz))"),
    relu: ("relu", "if Rltb 0 {v} then 1 else 0", "(d_relu {v} ltac:(nz))"),
    softplus: ("softplus", "sigmoid {v}", "(d_softplus {v})"),
}


@dataclass(frozen=True)
class Node:
    """A term as its tangent sees it: what is made of which parts; None for a constant part."""

    kind: str  # leaf, opp, plus, times, function, sum, if
    value: str
    parts: tuple[tuple[str, Node | None], ...] = ()
    head: str = ""
    slope: str = ""
    lemma: str = ""
    letter: str = ""
    size: str = ""
    guard: str = ""
    name: str = ""
    at: tuple[str, ...] = ()
    terms: tuple[Any, ...] = ()  # the terms of the parts, and the environment they stand in
    env: Any = None


class Forward(Writer):
    """Writes tangents and their proofs."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.out: list[str] = []
        self.made: set[str] = set()

    # -- what a term is made of ----------------------------------------------------------------

    def varies(self, t: Any) -> bool:
        return self.theory.depends(t, self.variable)

    def node(self, t: Any, env: Env) -> Node | None:
        """The term's structure, None for what does not depend on the variable."""
        if not self.varies(t):
            return None
        value = self.term(t, env)
        if is_element(t):
            at = tuple(self.index(i, env) for i in indices_of(t))
            return Node("leaf", value, name=name_of(t), at=at)
        if isinstance(t, Add):
            return self._many("plus", value, t.args, env)
        if isinstance(t, Mul):
            if t.args[0] == MINUS_ONE:
                inner = self._many(
                    "times", self.factors([self.term(f, env) for f in t.args[1:]]), t.args[1:], env
                )
                return Node("opp", value, ((inner.value, inner),), env=env)
            return self._many("times", value, t.args, env)
        if isinstance(t, Pow):
            return self._power_node(t, env)
        if isinstance(t, SumOver):
            if self.varies(t.guard):
                raise NotExported("a condition of a sum that depends on the variable")
            letter, inside = self.bind(t.index, env)
            guard = "" if t.guard == TRUE else self.condition(t.guard, inside)
            body = self.term(t.body, inside)
            size = self.size(t.index.size)
            part = self.node(t.body, inside)
            return Node(
                "sum",
                value,
                ((body, part),),
                letter=letter,
                size=size,
                guard=guard,
                terms=(t.body,),
                env=inside,
            )
        if isinstance(t, IfElse):
            c, a, b = t.args
            if self.varies(c):
                raise NotExported("d-if: a condition that depends on the variable")
            parts = tuple((self.term(x, env), self.node(x, env)) for x in (a, b))
            return Node("if", value, parts, guard=self.condition(c, env), terms=(a, b), env=env)
        if type(t) in SLOPES:
            part = self.node(t.args[0], env)
            v = self.term(t.args[0], env)
            head, slope, lemma = SLOPES[type(t)]
            return self._function(value, head, slope, lemma, v, part, t.args[0], env)
        raise NotExported(f"d-function: no lemma for the derivative of {type(t).__name__}")

    def _many(self, kind: str, value: str, args: tuple[Any, ...], env: Env) -> Node:
        parts = tuple((self.term(a, env), self.node(a, env)) for a in args)
        return Node(kind, value, parts, terms=tuple(args), env=env)

    @staticmethod
    def _function(
        value: str, head: str, slope: str, lemma: str, v: str, part: Any, t: Any, env: Env
    ) -> Node:
        return Node(
            "function",
            value,
            ((v, part),),
            head=head,
            slope="(" + slope.replace("{v}", v) + ")",
            lemma=lemma.replace("{v}", v),
            terms=(t,),
            env=env,
        )

    def _power_node(self, t: Any, env: Env) -> Node:
        base, exponent = t.args
        if self.varies(exponent):
            raise NotExported("d-power: no lemma for an exponent that depends on the variable")
        v, part = self.term(base, env), self.node(base, env)
        if not is_number(exponent):
            a = self.term(exponent, env)
            return self._rpower(self.term(t, env), a, v, part, base, env)
        value = value_of(exponent)
        whole, size, inside = abs(value), v, base
        if whole.denominator == 2:
            size = f"(sqrt {v})"
            part = self._function(
                size, "sqrt", "/ (2 * sqrt {v})", "(d_sqrt {v} ltac:(pos))", v, part, base, env
            )
            whole, inside = whole * 2, None
        elif whole.denominator != 1:
            a = f"({whole.numerator} / {whole.denominator})"
            size = f"(Rpower {v} {a})"
            part = self._rpower(size, a, v, part, base, env)
            whole, inside = whole / whole, None
        if whole > 1:
            n = int(whole)
            lemma = f"(d_pow {n - 1} {{v}} {n} ltac:(simpl; lra))"
            text = f"({size} ^ {n})"
            part = self._function(
                text,
                f"(fun u => u ^ {n})",
                f"{n} * {{v}} ^ {n - 1}",
                lemma,
                size,
                part,
                inside,
                env,
            )
            size, inside = text, None
        if value < 0:
            part = self._function(
                f"(/ {size})",
                "Rinv",
                "- / ({v} * {v})",
                "(d_inv {v} ltac:(nz))",
                size,
                part,
                inside,
                env,
            )
        if part is None:
            raise NotExported(f"the power {t}")
        return part

    def _rpower(self, value: str, a: str, v: str, part: Any, base: Any, env: Env) -> Node:
        return self._function(
            value,
            f"(fun u => Rpower u {a})",
            f"{a} * Rpower {{v}} ({a} - 1)",
            f"(d_rpower {a} {{v}} ltac:(pos))",
            v,
            part,
            base,
            env,
        )

    # -- tangents ------------------------------------------------------------------------------

    def full(self, n: Node | None, leaf: Callable[[Node], str]) -> str:
        """The tangent, linear in the tangents of the leaves."""
        if n is None:
            return "0"
        if n.kind == "leaf":
            return leaf(n)
        return self.combined(n, [self.full(p, leaf) if p else None for _, p in n.parts])

    def combined(self, n: Node, ds: list[str | None]) -> str:
        """The tangent of a node from the tangents of its parts (None: constant)."""
        if n.kind == "opp":
            return f"(- {ds[0]})"
        if n.kind == "function":
            return f"({n.slope} * {ds[0]})"
        if n.kind == "sum":
            body = f"if {n.guard} then {ds[0]} else 0" if n.guard else ds[0]
            return f"(sum {n.size} (fun {n.letter} => {body}))"
        if n.kind == "if":
            return f"(if {n.guard} then {ds[0] or 0} else {ds[1] or 0})"
        value, d = n.parts[0][0], ds[0]
        for (text, _), e in zip(n.parts[1:], ds[1:], strict=True):
            if n.kind == "plus":
                d = f"({d} + {e})" if d and e else d or e
                value = f"({value} + {text})"
            else:
                if d and e:
                    d = f"({d} * {text} + {value} * {e})"
                elif d:
                    d = f"({d} * {text})"
                elif e:
                    d = f"({value} * {e})"
                value = f"({value} * {text})"
        return d or "0"

    def dual(self, n: Node | None, value: str, leaf: Callable[[Node], str]) -> str:
        """A proof that the tangent is the derivative; the point and the values come with it."""
        if n is None:
            return f"(dual_const {value} _)"
        if n.kind == "leaf":
            return leaf(n)
        if n.kind == "opp":
            return f"(dual_opp _ _ _ _ {self.dual(n.parts[0][1], n.parts[0][0], leaf)})"
        if n.kind == "function":
            inner = self.dual(n.parts[0][1], n.parts[0][0], leaf)
            return f"(dual_comp {n.head} {n.slope} _ _ _ _ {inner} {n.lemma})"
        if n.kind == "sum":
            inner = self.dual(n.parts[0][1], n.parts[0][0], leaf)
            if n.guard:
                return (
                    f"(dual_sum_if {n.size} (fun {n.letter} => {n.guard}) _ _ _ _"
                    f" (fun {n.letter} H_{n.letter} C_{n.letter} => {inner}))"
                )
            return f"(dual_sum {n.size} _ _ _ _ (fun {n.letter} H_{n.letter} => {inner}))"
        if n.kind == "if":
            a, b = (self.dual(p, v, leaf) for v, p in n.parts)
            return f"(dual_if {n.guard} _ _ _ _ _ _ _ (fun C_0 => {a}) (fun C_0 => {b}))"
        (value, first), *rest = n.parts
        proof = self.dual(first, value, leaf) if first else ""
        name, sign = ("plus", "+") if n.kind == "plus" else ("mult", "*")
        one_sided = "plus" if n.kind == "plus" else "scal"
        for text, part in rest:
            other = self.dual(part, text, leaf) if part else ""
            if proof and other:
                proof = f"(dual_{name} _ _ _ _ _ _ _ {proof} {other})"
            elif proof:
                proof = f"(dual_{one_sided}_r {text} _ _ _ _ {proof})"
            elif other:
                proof = f"(dual_{one_sided}_l {value} _ _ _ _ {other})"
            value = f"({value} {sign} {text})"
        return proof

    def thru(self, n: Node | None, leaf: Callable[[Node], str]) -> str:
        """A proof that the tangent is linear: ``Through`` of it from ``Through`` of the leaves."""
        if n is None:
            return "(through_zero Sf HSf)"
        if n.kind == "leaf":
            return leaf(n)
        if n.kind == "opp":
            return f"(through_opp Sf HSf _ _ _ {self.thru(n.parts[0][1], leaf)})"
        if n.kind == "function":
            return f"(through_scal_l Sf HSf {n.slope} _ _ _ {self.thru(n.parts[0][1], leaf)})"
        if n.kind == "sum":
            inner = self.thru(n.parts[0][1], leaf)
            if n.guard:
                inner = (
                    f"(through_if Sf {n.guard} _ _ _ _ _ _ (fun C_0 => {inner})"
                    " (fun C_0 => through_zero Sf HSf))"
                )
            return f"(through_sum Sf HSf {n.size} _ _ _ (fun {n.letter} H_{n.letter} => {inner}))"
        if n.kind == "if":
            a, b = (self.thru(p, leaf) for _, p in n.parts)
            return f"(through_if Sf {n.guard} _ _ _ _ _ _ (fun C_0 => {a}) (fun C_0 => {b}))"
        (value, first), *rest = n.parts
        proof = self.thru(first, leaf) if first else ""
        for text, part in rest:
            other = self.thru(part, leaf) if part else ""
            if n.kind == "plus":
                proof = (
                    f"(through_plus Sf HSf _ _ _ _ _ _ {proof} {other})"
                    if proof and other
                    else proof or other
                )
                value = f"({value} + {text})"
            else:
                left = f"(through_scal_r Sf HSf {text} _ _ _ {proof})" if proof else ""
                right = f"(through_scal_l Sf HSf {value} _ _ _ {other})" if other else ""
                proof = (
                    f"(through_plus Sf HSf _ _ _ _ _ _ {left} {right})"
                    if left and right
                    else left or right
                )
                value = f"({value} * {text})"
        return proof

    # -- definitions ---------------------------------------------------------------------------

    def direct(self, name: str) -> list[str]:
        """The names in a definition that depend on the variable, in order."""
        body = self.theory.definitions[name].body
        live = self.theory.live_names(body)
        order = [self.variable, *self.theory.definitions]
        return [n for n in order if n in live and (n == self.variable or self.depends(n))]

    def direction_type(self, name: str) -> str:
        return " -> ".join(["nat"] * len(self.theory.problem.shapes.get(name, ())) + ["R"])

    def shape(self, name: str) -> tuple[Any, ...]:
        if name in self.theory.definitions:
            return tuple(p.size for p in self.theory.definitions[name].params)
        return tuple(self.theory.problem.shapes.get(name, ()))

    def zero(self, name: str) -> str:
        slots = len(self.shape(name))
        return f"(fun {'_ ' * slots}=> 0)" if slots else "0"

    def unit(self, v: Any, env: Env) -> str:
        """The direction in which only the entry v changes."""
        at = [self.index(i, env) for i in indices_of(v)]
        if not at:
            return "1"
        letters = [f"q{n}" for n in range(len(at))]
        deltas = [f"delta {q} {i}" for q, i in zip(letters, at, strict=True)]
        return f"(fun {' '.join(letters)} => {' * '.join(deltas)})"

    def loc(self, name: str) -> str:
        """The name of the tangent of a definition; written out with its proofs when first asked."""
        c = self.names[name]
        if f"loc_{name}" in self.made:
            return f"loc_{c}"
        self.made.add(f"loc_{name}")
        definition = self.theory.definitions[name]
        text, env = self.binders(definition.params)
        node = self.node(definition.body, env)
        used = self.direct(name)
        ds = {n: f"d_{self.names[n]}" for n in used}
        self.check_arity(name)
        binders = "".join(f" ({ds[n]} : {self.direction_type(n)})" for n in used)
        whole = self.full(node, lambda n: applied(ds[n.name], n.at))
        base = self.base_binder()
        self.out.append(f"Definition loc_{c}{base}{binders}{text} : R :=\n  {whole}.")
        # linear in all its tangents together
        args, needs = [], []
        for n in used:
            d = self.names[n]
            kind, slots = self.direction_type(n), len(self.shape(n))
            family = " -> ".join(["nat"] * slots + ["Family"])
            args.append(f"(c_{d} p_{d} : {kind}) (a_{d} : {family})")
            letters = [f"q{k}" for k in range(slots)]
            at = " ".join(letters)
            ranges = "".join(
                f"({q} < {self.size(s)})%nat -> "
                for q, s in zip(letters, self.shape(n), strict=True)
            )
            bound = f"forall {at} : nat, " if letters else ""
            through = " ".join(f"{applied(x + d, tuple(letters))}" for x in ("c_", "p_", "a_"))
            needs.append(f"(Q_{d} : {bound}{ranges}Through Sf {through})")
        ours = list(env.values())
        ranges = "".join(f" (H_{i} : ({i} < {self.size(p.size)})%nat)" for p, i in env.items())
        text = f" ({' '.join(ours)} : nat)" if ours else ""
        c_args = " ".join(f"c_{self.names[n]}" for n in used)
        p_args = " ".join(f"p_{self.names[n]}" for n in used)
        a_args = " ".join(_at_family(f"a_{self.names[n]}", len(self.shape(n))) for n in used)
        at = "".join(f" {i}" for i in ours)
        proof = self.thru(
            node, lambda n: applied(f"Q_{self.names[n.name]}", n.at, ["ltac:(rng)"] * len(n.at))
        )
        self.out.append(
            f"Lemma thru_{c} : forall (Sf : Family -> R) (HSf : Linear Sf){base}\n"
            f"  {' '.join(args)}\n  {' '.join(needs)}{text}{ranges},\n"
            f"  Through Sf (loc_{c} {self.base} {c_args}{at}) (loc_{c} {self.base} {p_args}{at})\n"
            f"    (fun fb f1 f2 f3 => loc_{c} {self.base} {a_args}{at}).\n"
            f"Proof.\n  intros; exact {proof}.\nQed."
        )
        zeros = " ".join(self.zero(n) for n in used)
        hyps = " ".join(f"H_{i}" for i in ours)
        fun = "fun fam => fam 0%nat 0%nat 0%nat 0%nat * 1"
        holes = " ".join(
            f"{self.zero(n)} {self.zero(n)} {_zero_family(len(self.shape(n)))}" for n in used
        )
        leafs = " ".join(
            "(fun "
            + "_ " * (2 * len(self.shape(n)))
            + f"=> through_zero ({fun}) (linear_one _ _ _ _ _))"
            if self.shape(n)
            else f"(through_zero ({fun}) (linear_one _ _ _ _ _))"
            for n in used
        )
        self.out.append(
            f"Lemma zero_{c} : forall{base}{text}{ranges}, "
            f"loc_{c} {self.base} {zeros}{at} = 0.\n"
            f"Proof.\n  intros; assert (Q_0 := thru_{c} ({fun}) (linear_one _ _ _ _ _) {self.base} "
            f"{holes} {leafs}{at} {hyps}).\n  unfold Through in Q_0; lra.\nQed.\n"
            f"#[local] Hint Resolve zero_{c} : zeros."
        )
        return f"loc_{c}"

    def check_arity(self, name: str) -> None:
        if len(self.shape(name)) > 3:
            raise NotExported(f"chain-rule: {name} has more than three indices")

    def tan(self, name: str, v: str) -> str:
        """The derivative of a definition in a direction of ``v``, through the names between."""
        c, d = self.names[name], self.names[v]
        made = f"tan_{c}_{d}"
        if made in self.made:
            return made
        self.made.add(made)
        loc = self.loc(name)
        directions = []
        for n in self.direct(name):
            if n == v:
                directions.append("df")
            elif n in self.theory.definitions and self.theory.depends(
                self.theory.definitions[n].body, v
            ):
                directions.append(f"({self.tan(n, v)} {self.base} df)")
            else:
                directions.append(self.zero(n))
        kind = " -> ".join(["nat"] * len(self.shape(v)) + ["R"])
        text, env = self.binders(self.theory.definitions[name].params)
        at = "".join(f" {i}" for i in env.values())
        self.out.append(
            f"Definition {made}{self.base_binder()} (df : {kind}){text} : R :=\n"
            f"  {loc} {self.base} {' '.join(directions)}{at}."
        )
        return made

    # -- derivatives inside terms --------------------------------------------------------------

    def derivative(self, t: Any, env: Env) -> str:
        """``Diff`` and ``Partial`` by one entry, as the tangents that they are."""
        if len(t.args) != 2:
            raise NotExported("iterated-derivative: inside a term")
        body, v = t.args
        through = isinstance(t, Diff)
        name = name_of(v)
        if is_element(body):
            own = name_of(body)
            at = tuple(self.index(i, env) for i in indices_of(body))
            if own == name:
                pairs = zip(at, [self.index(i, env) for i in indices_of(v)], strict=True)
                return self.factors([f"(delta {a} {b})" for a, b in pairs] or ["1"])
            if own not in self.theory.definitions or not self.depends(own):
                return "0"
            if through:
                if not self.theory.depends(body, name):
                    return "0"
                return applied(f"{self.tan(own, name)} {self.base} {self.unit(v, env)}", at)
            return self.local(own, v, at, env)
        if not self.theory.depends(body, name, through):
            return "0"
        return self.term(self.step(t), env)

    def local(self, name: str, v: Any, at: tuple[str, ...], env: Env) -> str:
        """``partial(m[i], v)``: the definition of m as written, other names held fixed."""
        directions = [
            self.unit(v, env) if n == name_of(v) else self.zero(n) for n in self.direct(name)
        ]
        return applied(f"{self.loc(name)} {self.base} {' '.join(directions)}", at)

    def step(self, t: Any) -> Any:
        """One rule of differentiation applied to the derivative of a compound term."""
        body, v = t.args
        name, through = name_of(v), isinstance(t, Diff)
        if isinstance(body, Detach):
            raise NotExported("detach-value: no lemma")
        if isinstance(body, Add):
            rule = "d-sum"
        elif isinstance(body, Mul):
            parts = split_quotient(body)
            both = parts and all(self.theory.depends(p, name, through) for p in parts)
            rule = "d-quotient" if both else "d-product"
        elif isinstance(body, Pow):
            rule = "d-power"
        elif isinstance(body, SumOver):
            rule = "d-sum-over"
        elif isinstance(body, IfElse):
            rule = "d-if"
        elif type(body) in SLOPES:
            rule = "d-function"
        else:
            raise NotExported(f"no lemma for the derivative of {type(body).__name__}")
        rewrite = REGISTRY[rule].rewrite
        if rewrite is None:
            raise NotExported(f"{rule}: no right side of its own")
        return rewrite(self.theory, t, {})[0]

    def cleaned(
        self, t: Any, env: Env, leaf: Callable[[Node], str], dead: bool = False
    ) -> tuple[str, str, str]:
        """The full tangent of a derivative's body, the derivative as its rules give it, and a
        proof that they are equal ("" where they are the same)."""
        body, v = t.args
        name, through = name_of(v), isinstance(t, Diff)
        dead = dead or not self.theory.depends(body, name, through)
        if isinstance(body, SumOver) and not dead:  # in the letters that the rule chooses
            opened = self.step(t)
            body = type(body)(opened.body.args[0], opened.index, opened.guard)
            t = type(t)(body, v)
        node = self.node(body, env)
        if node is None:
            return "0", "0", ""
        if node.kind == "leaf":
            full = leaf(node)
            target = "0" if dead else self.leaf_target(t, body, env)
            return full, target, self.equal(full, target)
        target = "0" if dead else self.derivative(t, env)
        return self._cleaned(node, t, target, leaf, dead)

    def leaf_target(self, t: Any, body: Any, env: Env) -> str:
        if isinstance(t, Partial) and name_of(body) != name_of(t.args[1]):
            return "0"
        return self.derivative(t, env)

    def equal(self, a: str, b: str) -> str:
        return "" if a == b else f"(ltac:(alg) : {a} = {b})"

    def _cleaned(
        self, node: Node, t: Any, target: str, leaf: Callable[[Node], str], dead: bool
    ) -> tuple[str, str, str]:
        make, v = type(t), t.args[1]
        inner: list[tuple[str, str, str] | None] = []
        for k, (_, part) in enumerate(node.parts):
            if part is None:
                inner.append(None)
            elif k < len(node.terms) and node.terms[k] is not None:
                inner.append(self.cleaned(make(node.terms[k], v), node.env, leaf, dead))
            else:  # a part that is no term of its own, such as the product under a minus
                inner.append(self._cleaned(part, t, "", leaf, dead))
        fulls: list[str | None] = [i[0] if i else None for i in inner]
        full = self.combined(node, fulls)
        if node.kind == "sum":
            (found,) = inner
            if found is None or not found[2]:
                after, proof = full, ""
            else:
                after = self.combined(node, [found[1]])
                body = found[2]
                if node.guard:
                    body = f"(f_equal (fun hole : R => if {node.guard} then hole else 0) {body})"
                proof = f"(sum_ext {node.size} _ _ (fun {node.letter} H_{node.letter} => {body}))"
            if dead:
                zero = f"(ltac:(zeros) : {after} = 0)"
                return full, "0", f"(eq_trans {proof} {zero})" if proof else zero
            return full, target, self._then(proof, after, target)
        proofs = []
        now = list(fulls)
        for k, found in enumerate(inner):
            if found is None or not found[2]:
                continue
            place = list(now)
            place[k] = "hole"
            context = self.combined(node, place)
            if "hole" not in context:
                continue
            proofs.append(f"(f_equal (fun hole : R => {context}) {found[2]})")
            now[k] = found[1]
        after = self.combined(node, now)
        if not target:
            target = after
        proof = ""
        for p in reversed(proofs):
            proof = f"(eq_trans {p} {proof})" if proof else p
        return full, target, self._then(proof, after, target)

    def _then(self, proof: str, after: str, target: str) -> str:
        last = self.equal(after, target)
        if proof and last:
            return f"(eq_trans {proof} {last})"
        return proof or last


def applied(head: str, at: tuple[str, ...], more: list[str] | None = None) -> str:
    parts = [head, *at, *(more or [])]
    return f"({' '.join(parts)})" if len(parts) > 1 or " " in head else head


def _at_family(name: str, slots: int) -> str:
    letters = " ".join(f"q{k}" for k in range(slots))
    return f"(fun {letters} => {name} {letters} fb f1 f2 f3)" if slots else f"({name} fb f1 f2 f3)"


def _zero_family(slots: int) -> str:
    return "(fun " + "_ " * (slots + 4) + "=> 0)"
