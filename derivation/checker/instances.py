"""Laws at what a move says that their variables stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from .laws import LAWS
from .terms import T, Term, both, either, is_condition, lifted, negate, rebuilt, refuse, subst
from .text import Scope, World, owed

Owed = list[tuple[Term, Term]]
VARIABLE = re.compile(r"(\??)([A-Za-z]\w*)(?:\(([KM](?:,[KM])?)\)|:([KM]))?")


class Variable(NamedTuple):
    """``kind`` is size, place (over a size), value or condition (of places over sizes)."""

    kind: str
    over: tuple[str, ...]


class Law(NamedTuple):
    """An equation ``left == right`` that holds where ``condition`` does."""

    name: str
    variables: Mapping[str, Variable]
    left: str
    condition: str


def _law(row: str) -> Law:
    name, variables, equation, condition = [*map(str.strip, row.split("|")), "true"][:4]
    found = {}
    for text in variables.split():
        match = VARIABLE.fullmatch(text)
        if match is None:
            raise ValueError(f"not a variable of a law: {text}")
        asks, v, over, place = match.groups()
        kind = "size" if v in ("K", "M") else "place" if place else "condition" if asks else "value"
        found[v] = Variable(kind, tuple((over or place or "").split(",")) if over or place else ())
    return Law(name, found, equation, condition)


@lru_cache(maxsize=1)
def laws() -> Mapping[str, Law]:
    """All laws by name."""
    return {law.name: law for law in map(_law, filter(None, map(str.strip, LAWS.splitlines())))}


class Instances:
    """The laws as terms, and their instances in a world."""

    def __init__(self, world: World) -> None:
        self.w = world
        self._terms: dict[str, tuple[Term, Term, Term]] = {}

    def instance(
        self, name: str, put: Mapping[str, str], scope: Scope, owes: Owed
    ) -> tuple[Term, Term, Term]:
        """Both sides and the condition; places that must lie in range are added to ``owes``."""
        law = laws()[name]
        if set(put) - set(law.variables):
            refuse(f"{name} has no {', '.join(sorted(set(put) - set(law.variables)))}")
        sizes = {
            v: self.w.size(self._text(law, put, v))
            for v, x in law.variables.items()
            if x.kind == "size"
        }
        at: dict[str, Term] = {}
        bodies: dict[str, tuple[tuple[Term, ...], Term]] = {}
        for v, (kind, over) in law.variables.items():
            if kind == "place":
                at[v] = self._place(self._text(law, put, v), sizes[over[0]], scope, owes)
            elif kind != "size":
                text = "true" if kind == "condition" and v not in put else self._text(law, put, v)
                bodies[v] = self._body(text, kind, [sizes[s] for s in over], scope, owes, v in put)
        left, right, condition = [_put(t, sizes, at, bodies) for t in self.terms(law)]
        return left, right, condition

    def terms(self, law: Law) -> tuple[Term, Term, Term]:
        """A law's sides and condition over a world of its own."""
        found = self._terms.get(law.name)
        if found is None:
            world, scope = World(), {}
            world.sizes |= {v for v, x in law.variables.items() if x.kind == "size"}
            for v, (kind, over) in law.variables.items():
                if kind == "place":
                    scope[v] = T("ix", v, T("sz", over[0]))
                elif kind != "size":
                    world.arrays[v] = tuple([T("sz", s) for s in over])
                    world.conditions |= {v} if kind == "condition" else set()
            equation = world.read(law.left, scope).term
            found = self._terms[law.name] = (
                equation.args[1],
                equation.args[2],
                world.read(law.condition, scope).term,
            )
        return found

    def _text(self, law: Law, put: Mapping[str, str], v: str) -> str:
        text = put.get(v)
        if text is None:
            refuse(f"{law.name}: what {v} stands for is not said")
        return text

    def _place(self, text: str, size: Term, scope: Scope, owes: Owed) -> Term:
        reading = self.w.read(text, scope)
        owes += [*reading.owes, *owed(self.w, reading.term, size)]
        return reading.term

    def _body(
        self, text: str, kind: str, sizes: list[Term], scope: Scope, owes: Owed, said: bool
    ) -> tuple[tuple[Term, ...], Term]:
        """What stands for a function of places, ``k, m: body``: its letters and its body."""
        head, colon, body = text.rpartition(":") if sizes and said else ("", "", text)
        names = [n.strip() for n in head.split(",")] if colon else []
        if said and len(names) != len(sizes):
            refuse(f"{len(sizes)} letters are wanted before the colon in {text[:80]}")
        inner = dict(scope)
        letters = []
        for n, size in zip(names, sizes):  # noqa: B905
            if self.w.new_name(n) in inner:
                refuse(f"the letter {n} has a meaning already in {text[:80]}")
            inner[n] = T("ix", n, size)
            letters.append(inner[n])
        reading = self.w.read(body, inner)
        owes.extend(reading.owes)
        _of_kind(reading.term, kind)
        return tuple(letters), reading.term


def _of_kind(t: Term, kind: str) -> None:
    if is_condition(t) != (kind == "condition"):
        refuse(f"a {kind} is wanted, not {t}")


def _put(
    t: Term,
    sizes: Mapping[str, Term],
    at: Mapping[str, Term],
    bodies: Mapping[str, tuple[tuple[Term, ...], Term]],
    binders: int = 0,
) -> Term:
    """A law's term with its variables replaced. Nothing is caught: bound letters are no names."""
    op, a = t.op, t.args
    if op == "sz":
        return sizes[a[0]]
    if op == "ix":
        return lifted(at[a[0]], binders)
    if op == "get":
        letters, body = bodies[a[0]]
        values = [_put(x, sizes, at, bodies, binders) for x in a[1:]]
        return subst(body, dict(zip(letters, values)))  # noqa: B905
    inner = rebuilt(t, lambda x: _put(x, sizes, at, bodies, binders + (op == "red")))
    joined = {"not": negate, "and": both, "or": either}.get(op)  # as the reader writes them
    return joined(*inner.args) if joined else inner
