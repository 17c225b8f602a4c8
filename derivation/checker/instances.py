"""Laws at what a move says that their variables stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from . import terms as t
from .laws import LAWS
from .terms import T, Term, refuse, subst
from .text import Owed, Scope, World, owed

VARIABLE = re.compile(r"(\??)([A-Za-z]\w*)(?:\(([KM](?:,[KM])?)\)|:([KM]))?")
Body = tuple[Sequence[Term], Term]  # a function of places: its letters and its value


class Variable(NamedTuple):
    """``kind`` is size, place (over a size), value or condition (of places over sizes)."""

    kind: str
    over: Sequence[str]


def variable(text: str) -> tuple[str, Variable]:
    """A variable as a row of the laws declares it."""
    match = VARIABLE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a variable of a law: {text}")
    asks, name, over, place = match.groups()
    kind = "size" if name in ("K", "M") else "place" if place else "condition" if asks else "value"
    return name, Variable(kind, (over or place or "").split(",") if over or place else ())


class Instances:
    """The laws as terms, and their instances in a world."""

    def __init__(self, world: World) -> None:
        self.w = world
        self._laws: dict[str, tuple[Mapping[str, Variable], Sequence[Term]]] = {}

    def law(self, name: str) -> tuple[Mapping[str, Variable], Sequence[Term]]:
        """A law's variables; its two sides and its condition, over a world of its own."""
        if name not in self._laws:
            names, equation, condition = LAWS[name]
            variables, world, scope = dict(map(variable, names.split())), World(), {}
            world.sizes |= {v for v, x in variables.items() if x.kind == "size"}
            for v, (kind, over) in variables.items():
                if kind == "place":
                    scope[v] = T("ix", v, T("sz", over[0]))
                elif kind != "size":
                    world.arrays[v] = tuple([T("sz", s) for s in over])
                    world.conditions |= {v} if kind == "condition" else set()
            sides = world.read(equation, scope).term.args[1:]
            self._laws[name] = variables, (*sides, world.read(condition, scope).term)
        return self._laws[name]

    def instance(
        self, name: str, put: Mapping[str, str], scope: Scope
    ) -> tuple[Term, Term, Term, Owed]:
        """Both sides and the condition, and the places that must lie in range."""
        variables, sides = self.law(name)
        missing = [v for v, x in variables.items() if v not in put and x.kind != "condition"]
        for v in (*missing, *sorted(set(put) - set(variables))):
            refuse(
                f"{name}: what {v[:40]} stands for is {'not said' if v in missing else 'nothing'}"
            )
        sizes = {v: self.w.size(put[v]) for v, x in variables.items() if x.kind == "size"}
        at, bodies, owes = {}, {}, []
        for v, (kind, over) in variables.items():
            if kind == "place":
                reading = self.w.read(put[v], scope)
                at[v] = reading.term
                owes += [*reading.owes, *owed(self.w, at[v], sizes[over[0]])]
            elif kind != "size":
                bodies[v] = self._body(put.get(v), kind, [sizes[s] for s in over], scope, owes)
        left, right, condition = [_put(x, sizes, at, bodies) for x in sides]
        return left, right, condition, owes

    def _body(
        self, text: str | None, kind: str, sizes: Sequence[Term], scope: Scope, owes: Owed
    ) -> Body:
        """What stands for a function of places, ``k, m: body``; of none: its body."""
        if text is None:
            return (), t.TRUE
        head, _, body = text.rpartition(":")
        names = [n.strip() for n in head.split(",")] if head else []
        if len(names) != len(sizes):
            refuse(f"{len(sizes)} letters are wanted before the colon in {text[:80]}")
        letters = {self.w.new_letter(n): T("ix", n, s) for n, s in zip(names, sizes)}
        if letters.keys() & scope.keys() or len(letters) < len(names):
            refuse(f"a letter has a meaning already in {text[:80]}")
        reading = self.w.read(body, {**scope, **letters})
        owes += reading.owes
        if t.is_condition(reading.term) != (kind == "condition"):
            refuse(f"a {kind} is wanted, not {body[:80]}")
        return tuple(letters.values()), reading.term


def _put(
    x: Term,
    sizes: Mapping[str, Term],
    at: Mapping[str, Term],
    bodies: Mapping[str, Body],
    binders: int = 0,
) -> Term:
    """A law's term with its variables replaced. Nothing is caught: bound letters are no names."""
    op, a = x.op, x.args
    if op == "sz":
        return sizes[a[0]]
    if op == "ix":
        return t.lifted(at[a[0]], binders)
    deeper = binders + (op == "red")
    inner = t.rebuilt(x, lambda y: _put(y, sizes, at, bodies, deeper))
    if op == "get":
        letters, body = bodies[a[0]]
        return subst(body, dict(zip(letters, inner.args[1:])))
    joined = {"not": t.negate, "and": t.both, "or": t.either}.get(op)  # as the reader writes them
    return joined(*inner.args) if joined else inner
