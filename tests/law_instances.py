"""Moves of the certificate as equations between terms, for tests: what the checker would read.

The laws' text is read as Python, whose syntax it is; what a law's variables stand for is put in.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from derivation.certify.law_algebra import filled
from derivation.certify.law_moves import Abstraction, LawMove
from derivation.checker.laws import LAWS
from derivation.terms import (
    TRUE,
    ZERO,
    add,
    all_of,
    any_of,
    apply,
    delta,
    divide,
    every,
    if_else,
    index,
    mul,
    neg,
    negate,
    number,
    power,
    reduction,
    relation,
    substitute,
)
from derivation.theory import Theory

OPERATORS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


class _Reader:
    def __init__(self, put: Mapping[str, Any]) -> None:
        self.put = put
        self.bound: dict[str, Any] = {}

    def condition(self, t: ast.expr) -> Any:
        if isinstance(t, ast.BoolOp):
            make = all_of if isinstance(t.op, ast.And) else any_of
            parts = [self.condition(v) for v in t.values]
            return make(*[p for p in parts if make is any_of or p != TRUE])
        if isinstance(t, ast.UnaryOp) and isinstance(t.op, ast.Not):
            return negate(self.condition(t.operand))
        if isinstance(t, ast.Compare):
            left, right = self.value(t.left), self.value(t.comparators[0])
            return relation(OPERATORS[type(t.ops[0])], left, right)
        if isinstance(t, ast.Call):
            return self.reduction("all", t)
        return self.value(t)

    def reduction(self, kind: str, t: ast.Call) -> Any:
        (made,) = t.args
        assert isinstance(made, ast.GeneratorExp)
        (loop,) = made.generators
        assert isinstance(loop.target, ast.Name) and isinstance(loop.iter, ast.Name)
        letter = index(f"law_{loop.target.id}", self.put[loop.iter.id])
        self.bound[loop.target.id] = letter
        guard = all_of(*[c for c in map(self.condition, loop.ifs) if c != TRUE])
        if kind == "all":
            return every(self.condition(made.elt), letter, guard)
        return reduction(kind, self.value(made.elt), letter, guard)

    def value(self, t: ast.expr) -> Any:
        if isinstance(t, ast.Constant):
            return number(t.value)
        if isinstance(t, ast.Name):
            return self.bound[t.id] if t.id in self.bound else self.put[t.id]
        if isinstance(t, ast.Subscript):
            return self.at(t)
        if isinstance(t, ast.UnaryOp):
            return neg(self.value(t.operand))
        if isinstance(t, ast.IfExp):
            return if_else(self.condition(t.test), self.value(t.body), self.value(t.orelse))
        if isinstance(t, ast.BinOp):
            a, b = self.value(t.left), self.value(t.right)
            make = {
                ast.Add: add,
                ast.Sub: lambda x, y: add(x, neg(y)),
                ast.Mult: mul,
                ast.Div: divide,
                ast.Pow: power,
            }
            return make[type(t.op)](a, b)
        assert isinstance(t, ast.Call) and isinstance(t.func, ast.Name)
        if isinstance(t.args[0], ast.GeneratorExp):
            return self.reduction(t.func.id, t)
        args = map(self.value, t.args)
        return delta(*args) if t.func.id == "delta" else apply(t.func.id, *args)

    def at(self, t: ast.Subscript) -> Any:
        assert isinstance(t.value, ast.Name)
        what = self.put.get(t.value.id)
        if what is None:
            return TRUE
        assert isinstance(what, Abstraction)
        places = t.slice.elts if isinstance(t.slice, ast.Tuple) else [t.slice]
        values = dict(zip(what.letters, map(self.value, places), strict=True))
        return substitute(what.body, values)


def instance(move: LawMove, theory: Theory) -> tuple[Any, Any, Any]:
    """Left side, right side and condition of a move, in its own direction."""
    left, right, condition = _instance(move, theory)
    return (left, right, condition) if move.direction == "lr" else (right, left, condition)


def _instance(move: LawMove, theory: Theory) -> tuple[Any, Any, Any]:
    if move.law == "given":
        left, right = move.given.left, move.given.right
        return substitute(left, move.put), substitute(right, move.put), TRUE
    if move.law == "lemma":
        th = move.cited.theorem
        return substitute(th.lhs, move.put), substitute(th.rhs, move.put), TRUE
    if move.law == "algebra":
        needs = [relation("!=", t, ZERO) for t in move.nonzero]
        needs += [relation(">", t, ZERO) for t in move.positive]
        return move.left, move.right, all_of(*needs)
    if move.left is not None:
        return move.left, move.right, TRUE
    names, equation, condition = LAWS[move.law]
    known = {v.strip("?").split(":")[0].split("(")[0] for v in names.split()}
    assert set(move.put) <= known, (move.law, set(move.put) - known)
    sides = ast.parse(equation, mode="eval").body
    assert isinstance(sides, ast.Compare)
    left, right = (_Reader(move.put).value(s) for s in (sides.left, *sides.comparators))
    needed = TRUE
    if condition not in ("", "true"):
        needed = _Reader(move.put).condition(ast.parse(condition, mode="eval").body)
    return left, right, needed


def lines(move: LawMove, theory: Theory) -> tuple[Any, Any, Any]:
    """The whole line before and after a move; and the line before with 1 added in the hole where
    the move's condition fails."""
    left, right, condition = instance(move, theory)
    marked = left if condition == TRUE else if_else(condition, left, add(left, number(1)))
    return filled(move.context, left), filled(move.context, right), filled(move.context, marked)
