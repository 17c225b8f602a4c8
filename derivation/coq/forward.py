"""Derivatives in Coq: each definition's tangent, that it is the derivative, and that it is linear.

``loc_m`` is the tangent of the definition of m for any tangents of the names in it; ``tan_m_v`` is
the derivative of m in a direction of v, through all definitions in between. From ``thru_m`` (that
``loc_m`` is linear) follows the chain rule through the entries of arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derivation.coq.errors import NotExported
from derivation.coq.nodes import Edge, Node, Nodes
from derivation.coq.writer import Env
from derivation.terms import indices_of

# two values are one where two indices are equal, and apart elsewhere
_AT_EQUAL = "(fun E => ltac:(alike_at E)) (fun E => ltac:(apart))"


class Forward(Nodes):
    """Writes tangents and their proofs."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.out: list[str] = []
        self.made: set[str] = set()

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
            if n.flat:
                ((i, j), *_) = n.flat
                cases = f"(fun E => ltac:(same_at E)) (fun E => {n.lemma})"
                return f"(dual_kink {n.head} {n.slope} {i} {j} _ _ _ _ {inner} {cases})"
            return f"(dual_comp {n.head} {n.slope} _ _ _ _ {inner} {n.lemma})"
        if n.kind == "sum":
            inner = self.dual(n.parts[0][1], n.parts[0][0], leaf)
            if n.guard:
                zero = "(fun C_0 => dual_const 0 _)"
                inner = f"(dual_if {n.guard} _ _ _ _ _ _ _ (fun C_{n.letter} => {inner}) {zero})"
            return f"(dual_sum {n.size} _ _ _ _ (fun {n.letter} H_{n.letter} => {inner}))"
        if n.kind == "if":
            a, b = (self.dual(p, v, leaf) for v, p in n.parts)
            if n.head:  # the larger or the smaller of two
                if n.flat:
                    ((i, j), *_) = n.flat
                    return f"({n.head}_kink {i} {j} _ _ _ _ _ _ _ {a} {b} {_AT_EQUAL})"
                return f"({n.head} _ _ _ _ _ _ _ {a} {b} ltac:(apart))"
            cases = f"(fun C_0 => {a}) (fun C_0 => {b})"
            if n.edge is not None:
                steady = self.steady(n.edge, leaf)
                return f"(dual_case _ {n.guard} _ _ _ _ _ _ _ {steady} {cases})"
            return f"(dual_if {n.guard} _ _ _ _ _ _ _ {cases})"
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

    def steady(self, edge: Edge, leaf: Callable[[Node], str]) -> str:
        """A proof that a condition is the same near the point."""
        if edge.kind == "const":
            return f"(steady_const {edge.text} _)"
        if edge.kind in ("lt", "le", "eq"):
            one, two = (self.dual(n, v, leaf) for v, n in edge.sides)
            if edge.flat:
                ((i, j), *_) = edge.flat
                return f"(steady_{edge.kind}_kink {i} {j} _ _ _ _ _ _ _ {one} {two} {_AT_EQUAL})"
            return f"(steady_{edge.kind} _ _ _ _ _ _ _ {one} {two} ltac:(apart))"
        parts = [self.steady(e, leaf) for e in edge.parts]
        if edge.kind == "not":
            return f"(steady_not _ _ _ {parts[0]})"
        proof = parts[0]
        for other in parts[1:]:
            proof = f"(steady_{edge.kind} _ _ _ _ _ {proof} {other})"
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
        return self.unit_at([self.index(i, env) for i in indices_of(v)])

    @staticmethod
    def unit_at(at: list[str]) -> str:
        """The direction in which only the entry at these indices changes."""
        if not at:
            return "1"
        letters = [f"q{n}" for n in range(len(at))]
        deltas = [f"delta {q} {i}" for q, i in zip(letters, at, strict=True)]
        return f"(fun {' '.join(letters)} => {' * '.join(deltas)})"

    def deltas(self, at: tuple[str, ...], v: Any, env: Env) -> str:
        """The derivative of the variable's entry at these indices by its entry v."""
        pairs = zip(at, indices_of(v), strict=True)
        return self.factors([f"(delta {a} {self.index(i, env)})" for a, i in pairs] or ["1"])

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
            f"#[local] Hint Resolve zero_{c} : vanishing."
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


def applied(head: str, at: tuple[str, ...], more: list[str] | None = None) -> str:
    parts = [head, *at, *(more or [])]
    return f"({' '.join(parts)})" if len(parts) > 1 or " " in head else head


def _at_family(name: str, slots: int) -> str:
    letters = " ".join(f"q{k}" for k in range(slots))
    return f"(fun {letters} => {name} {letters} fb f1 f2 f3)" if slots else f"({name} fb f1 f2 f3)"


def _zero_family(slots: int) -> str:
    return "(fun " + "_ " * (slots + 4) + "=> 0)"
