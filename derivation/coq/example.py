"""An example that meets the assumptions, so that a theorem is not about nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import sympy

from derivation.coq.statement import inlined
from derivation.coq.writer import Writer
from derivation.terms import (
    PI,
    ZERO,
    Add,
    AllOf,
    AnyOf,
    Every,
    IfElse,
    Index,
    Integer,
    KroneckerDelta,
    Mul,
    Not,
    Pow,
    Rational,
    Relation,
    Size,
    SumOver,
    is_element,
    name_of,
    names,
    sigmoid,
    softplus,
    subterms,
)

VALUES = (Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(1, 6), Fraction(2))
FUNCTIONS: dict[Any, Any] = {
    sympy.exp: math.exp,
    sympy.log: math.log,
    sympy.tanh: math.tanh,
    sympy.Abs: abs,
    sigmoid: lambda x: 1 / (1 + math.exp(-x)),
    softplus: lambda x: math.log(1 + math.exp(x)),
}


def example(writer: Writer, assumed: list[Any], inputs: list[str]) -> str:
    """The Coq text: that sizes and arrays exist which meet all assumptions; else a comment."""
    if not assumed:
        return ""
    theory = writer.theory
    whole = [inlined(c, theory) for c in assumed]
    used = [n for n in inputs if any(n in names(c) for c in whole)]
    sizes = list(theory.problem.sizes)
    plain = [n for n in used if n not in theory.problem.labels]
    for length in (1, 2, 3):
        for value in VALUES:
            world = {**dict.fromkeys(sizes, length), **dict.fromkeys(plain, value)}
            try:
                met = all(_value(c, {}, world) for c in whole)
            except (ArithmeticError, ValueError, KeyError, TypeError):
                continue
            if met and len(plain) == len(used) and _provable(whole):
                return _text(writer, whole, sizes, used, length, value)
    return "(* no example is given here that meets the assumptions *)"


def _positive(t: Any) -> bool:
    """Whether a term is positive by its form, where every entry is positive."""
    if isinstance(t, (sympy.exp, sigmoid, softplus, Size)) or is_element(t):
        return True
    if isinstance(t, Rational):
        return int(t.p) > 0
    if isinstance(t, Pow):
        return _positive(t.args[0])
    if isinstance(t, SumOver):
        return _positive(t.body)
    return isinstance(t, (Add, Mul)) and all(map(_positive, t.args))


def _provable(conditions: list[Any]) -> bool:
    """Whether Coq will see that the conditions hold, as they do where every entry has one value."""

    def plain(c: Any) -> bool:
        return not any(
            (type(s) in FUNCTIONS and not isinstance(s, sympy.Abs))
            or (isinstance(s, Pow) and not isinstance(s.args[1], Integer))
            for s in subterms(c)
        )

    def seen(c: Any) -> bool:
        if plain(c):
            return True
        if isinstance(c, Every):
            return seen(c.body)
        if not isinstance(c, Relation) or c.right != ZERO:
            return False
        return c.op in (">", "!=") and _positive(c.left)

    return all(map(seen, conditions))


def _text(
    writer: Writer, assumed: list[Any], sizes: list[str], used: list[str], length: int, value: Any
) -> str:
    binders = [f"({writer.names[s]} : nat)" for s in sizes]
    witnesses = [f"{length}%nat"] * len(sizes)
    number = str(value.numerator) + (f" / {value.denominator}" if value.denominator > 1 else "")
    for n in used:
        slots = len(writer.theory.problem.shapes[n])
        binders.append(f"({writer.names[n]} : {writer.kind(n)})")
        witnesses.append(f"(fun {'_ ' * slots}=> {number})" if slots else f"({number})")
    parts = [f"(0 < {writer.names[s]})%nat" for s in sizes]
    parts += [writer.proposition(c, {}) for c in assumed]
    together = " /\\ ".join(parts)
    return (
        f"Example assumptions_met : exists {' '.join(binders)},\n  {together}.\n"
        f"Proof. exists {', '.join(witnesses)}; witness. Qed."
    )


def _range(i: Any, world: Mapping[str, Any]) -> Iterator[int]:
    n = int(i.size) if isinstance(i.size, Integer) else world[name_of(i.size)]
    return iter(range(1, n + 1))


def _value(t: Any, env: dict[Any, int], world: Mapping[str, Any]) -> Any:
    """The value of a term or a condition, in fractions as far as they go."""
    if isinstance(t, Rational):
        return Fraction(int(t.p), int(t.q))
    if t == PI:
        return math.pi
    if isinstance(t, Size):
        return Fraction(world[name_of(t)])
    if isinstance(t, Index):
        return Fraction(env[t])
    if is_element(t):
        return world[name_of(t)]
    if isinstance(t, KroneckerDelta):
        a, b = (_value(a, env, world) for a in t.args)
        return Fraction(a == b)
    if isinstance(t, (SumOver, Every)):
        found = [
            _value(t.body, {**env, t.index: n}, world)
            for n in _range(t.index, world)
            if _value(t.guard, {**env, t.index: n}, world)
        ]
        return all(found) if isinstance(t, Every) else sum(found, Fraction(0))
    if isinstance(t, IfElse):
        return _value(t.args[1 if _value(t.args[0], env, world) else 2], env, world)
    if isinstance(t, AllOf):
        return all(_value(a, env, world) for a in t.args)
    if isinstance(t, AnyOf):
        return any(_value(a, env, world) for a in t.args)
    if isinstance(t, Not):
        return not _value(t.args[0], env, world)
    if isinstance(t, Relation):
        a, b = _value(t.left, env, world), _value(t.right, env, world)
        return {
            "==": a == b,
            "!=": a != b,
            "<": a < b,
            "<=": a <= b,
            ">": a > b,
            ">=": a >= b,
        }[t.op]
    values = [_value(a, env, world) for a in t.args]
    if isinstance(t, Add):
        return sum(values, Fraction(0))
    if isinstance(t, Mul):
        out = Fraction(1)
        for v in values:
            out = out * v
        return out
    if isinstance(t, Pow):
        return values[0] ** values[1]
    return FUNCTIONS[type(t)](*values)
