"""What a term is made of, as its derivative sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sympy

from derivation.coq.errors import NotExported
from derivation.coq.writer import Env, Writer
from derivation.terms import (
    MINUS_ONE,
    TRUE,
    ZERO,
    Add,
    AllOf,
    AnyOf,
    IfElse,
    Mul,
    Not,
    Pow,
    Relation,
    SumOver,
    add,
    if_else,
    indices_of,
    is_element,
    is_number,
    name_of,
    neg,
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
    sympy.tan: ("tan", "/ (cos {v} ^ 2)", "(d_tan {v} ltac:(nz))"),
    sympy.atan: ("atan", "/ (1 + {v} ^ 2)", "(d_atan {v})"),
    sympy.sinh: ("sinh", "cosh {v}", "(d_sinh {v})"),
    sympy.cosh: ("cosh", "sinh {v}", "(d_cosh {v})"),
    sympy.tanh: ("tanh", "1 - tanh {v} ^ 2", "(d_tanh {v})"),
    sigmoid: ("sigmoid", "sigmoid {v} * (1 - sigmoid {v})", "(d_sigmoid {v})"),
    sympy.Abs: ("Rabs", "sign {v}", "(d_abs {v} ltac:(nz))"),
    relu: ("relu", "if Rltb 0 {v} then 1 else 0", "(d_relu {v} ltac:(nz))"),
    softplus: ("softplus", "sigmoid {v}", "(d_softplus {v})"),
}

# the larger and the smaller of two: the lemma, and the condition under which it is the first
KINKED = (sympy.Abs, relu)
BINARY: dict[Any, tuple[str, str]] = {
    sympy.Max: ("dual_max", "(Rltb {b} {a})"),
    sympy.Min: ("dual_min", "(Rltb {a} {b})"),
}


@dataclass(frozen=True)
class Edge:
    """Where a condition that depends on the variable changes: between the sides of a comparison."""

    kind: str  # const, lt, le, eq, not, and, or
    text: str = ""
    sides: tuple[tuple[str, Node | None], ...] = ()
    parts: tuple[Edge, ...] = ()
    flat: tuple[tuple[str, str], ...] = ()  # the indices where, if equal, both sides are one


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
    edge: Edge | None = None
    flat: tuple[tuple[str, str], ...] = ()  # the indices where, if equal, there is no kink


class Nodes(Writer):
    """Takes terms apart."""

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
            letter, inside = self.bind(t.index, env)
            size = self.size(t.index.size)
            if self.varies(t.guard):
                cases = self.node(if_else(t.guard, t.body, ZERO), inside)
                shown = self.guarded(t, self.term(t.body, inside), inside)
                return Node(
                    "sum", value, ((f"({shown})", cases),), letter=letter, size=size, env=inside
                )
            guard = "" if t.guard == TRUE else self.condition(t.guard, inside)
            body = self.term(t.body, inside)
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
            edge = self.edge(c, env) if self.varies(c) else None
            parts = tuple((self.term(x, env), self.node(x, env)) for x in (a, b))
            guard = self.condition(c, env)
            return Node("if", value, parts, guard=guard, terms=(a, b), env=env, edge=edge)
        if type(t) in BINARY:
            lemma, first = BINARY[type(t)]
            parts = tuple((self.term(x, env), self.node(x, env)) for x in t.args)
            guard = first.replace("{a}", parts[0][0]).replace("{b}", parts[1][0])
            flat = self._flat(add(t.args[0], neg(t.args[1])), env)
            return Node(
                "if", value, parts, head=lemma, guard=guard, terms=t.args, env=env, flat=flat
            )
        if type(t) in SLOPES:
            part = self.node(t.args[0], env)
            v = self.term(t.args[0], env)
            head, slope, lemma = SLOPES[type(t)]
            made = self._function(value, head, slope, lemma, v, part, t.args[0], env)
            return replace(made, flat=self._flat(t.args[0], env)) if type(t) in KINKED else made
        raise NotExported(f"d-function: no lemma for the derivative of {type(t).__name__}")

    def edge(self, c: Any, env: Env) -> Edge:
        """The edge of a condition, as it is written."""
        text = self.condition(c, env)
        if not self.varies(c):
            return Edge("const", text)
        if isinstance(c, (AllOf, AnyOf)):
            kind = "and" if isinstance(c, AllOf) else "or"
            return Edge(kind, text, parts=tuple(self.edge(a, env) for a in c.args))
        if isinstance(c, Not):
            return Edge("not", text, parts=(self.edge(c.args[0], env),))
        if not isinstance(c, Relation):
            raise NotExported("d-if: a condition over all indices that depends on the variable")
        a, b = (c.right, c.left) if c.op in (">", ">=") else (c.left, c.right)
        sides = tuple((self.term(x, env), self.node(x, env)) for x in (a, b))
        flat = self._flat(add(a, neg(b)), env)
        if c.op == "!=":
            return Edge("not", text, parts=(Edge("eq", sides=sides, flat=flat),))
        kind = {"==": "eq", "<": "lt", "<=": "le", ">": "lt", ">=": "le"}[c.op]
        return Edge(kind, text, sides=sides, flat=flat)

    def _flat(self, gap: Any, env: Env) -> tuple[tuple[str, str], ...]:
        """The pairs of indices that make a kink at 0 none where they are equal."""
        found = self.theory.diagonals(gap)
        return tuple((self.index(c.left, env), self.index(c.right, env)) for c in found)

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
            if self.varies(base):
                raise NotExported("d-power: no lemma where base and exponent both vary")
            a, v = self.term(base, env), self.term(exponent, env)
            slope, lemma = f"Rpower {a} {{v}} * ln {a}", f"(d_expo {a} {{v}} ltac:(pos))"
            part, head = self.node(exponent, env), f"(Rpower {a})"
            shown = self.term(t, env)
            return self._function(shown, head, slope, lemma, v, part, exponent, env)
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
