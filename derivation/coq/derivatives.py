"""Derivatives inside terms, as the tangents that they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derivation.coq.errors import NotExported
from derivation.coq.forward import Forward, applied
from derivation.coq.nodes import BINARY, SLOPES, Node
from derivation.coq.writer import Env
from derivation.rules import REGISTRY
from derivation.rules.calculus import split_quotient
from derivation.terms import (
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
    name_of,
)


class Derivatives(Forward):
    """Writes ``diff`` and ``partial``."""

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
                return self.deltas(at, v, env)
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
        elif type(body) in SLOPES or type(body) in BINARY:
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
        return "" if a == b else f"(ltac:({'zeros' if b == '0' else 'alg'}) : {a} = {b})"

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
