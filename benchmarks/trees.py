"""Problems as plain trees, for programs that know nothing of this package: lists with a head.

``["number", p, q]``, ``["size", "K"]``, ``["element", "z", ["i", 3]]``, ``["delta", "i", "j"]``,
``["sum", body, "i", "K", guard]`` (also prod, max, min), ``["if", condition, yes, no]``,
``["power", base, exponent]``, ``["exp", x]`` and the like; a condition is ``["<", left, right]``,
``["all", …]``, ``["any", …]`` or ``["not", c]``, its sides letters or trees.
"""

from __future__ import annotations

from typing import Any

from derivation.problem import Problem
from derivation.terms import (
    Add,
    AllOf,
    AnyOf,
    IfElse,
    Index,
    Integer,
    KroneckerDelta,
    Mul,
    Not,
    Pow,
    Rational,
    Reduction,
    Relation,
    Size,
    Term,
    function_name,
    indices_of,
    is_element,
    name_of,
    pi,
)

_REDUCTIONS = {"SumOver": "sum", "ProductOver": "prod", "MaxOver": "max", "MinOver": "min"}


class NoTree(Exception):
    """A term outside these trees."""


def tree(t: Term) -> list[Any]:
    """A term as a tree."""
    if isinstance(t, Rational):
        return ["number", int(t.p), int(t.q)]
    if isinstance(t, Size):
        return ["size", t.name]
    if t == pi:
        return ["pi"]
    if is_element(t):
        return ["element", name_of(t), [_slot(i) for i in indices_of(t)]]
    if isinstance(t, KroneckerDelta):
        return ["delta", *map(_slot, t.args)]
    if isinstance(t, Reduction):
        head = _REDUCTIONS[type(t).__name__]
        return [head, tree(t.body), t.index.name, _size(t.index.size), _condition(t.guard)]
    if isinstance(t, IfElse):
        return ["if", _condition(t.args[0]), tree(t.args[1]), tree(t.args[2])]
    for kind, head in ((Add, "add"), (Mul, "mul"), (Pow, "power")):
        if isinstance(t, kind):
            return [head, *map(tree, t.args)]
    name = function_name(t)
    if name is None or name in ("polygamma", "detach"):
        raise NoTree(type(t).__name__)
    return [{"max": "max2", "min": "min2"}.get(name, name), *map(tree, t.args)]


def _slot(i: Term) -> Any:
    if isinstance(i, Integer):
        return int(i)
    if not isinstance(i, Index):
        raise NoTree("an index that is a label")
    return i.name


def _size(s: Term) -> Any:
    return int(s) if isinstance(s, Integer) else s.name


def _condition(c: Term) -> list[Any]:
    if isinstance(c, Relation):
        sides = [s.name if isinstance(s, Index) else tree(s) for s in (c.left, c.right)]
        return [c.op, *sides]
    heads = {AllOf: "all", AnyOf: "any", Not: "not"}
    return [heads[type(c)], *map(_condition, c.args)]


def problem_tree(problem: Problem, wrt: Any, size: int) -> dict[str, Any]:
    """What a peer needs of a problem: definitions, variables, shapes, a number for each size."""
    definitions = {
        name: [[i.name for i in d.params], tree(d.body)] for name, d in problem.definitions.items()
    }
    shapes = {name: [_size(s) for s in shape] for name, shape in problem.shapes.items()}
    return {
        "definitions": definitions,
        "objective": name_of(problem.objective),
        "wrt": [[name_of(v), [_slot(i) for i in indices_of(v)]] for v in wrt],
        "shapes": shapes,
        "sizes": dict.fromkeys(problem.sizes, size),
    }
