"""A loss of which a document says only what it is differentiated by.

Back-propagation is often written for any loss L: ∂L/∂x = Σ ∂L/∂y ∂y/∂x, where y is all that L
depends on. An equality between first derivatives of such an L holds for every differentiable L if
and only if it holds for every L that is linear in y: at each point only the slopes of L enter, and
any slopes can be. So L is read as a sum of y with factors of its own, and only equalities that
have first derivatives of L on both sides are judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from derivation.language.latex.items import Item
from derivation.language.latex.state import State, key_text
from derivation.language.latex.survey import Key
from derivation.language.latex.trees import (
    Add,
    Binder,
    Bracket,
    Call,
    Derivative,
    Mul,
    Name,
    Reduction,
    Slot,
    walk,
)


@dataclass(frozen=True)
class Loss:
    """A loss that stands only under ∂, and the names that it is taken to depend on."""

    name: Name
    tops: tuple[Name, ...]


class Opaque(State):
    """Finds such losses, defines them, and says which equalities about them may be judged."""

    losses: dict[Key, Loss]

    def find_losses(self, defined: dict[Key, set[Key]]) -> None:
        """Names that no formula defines, or mentions other than in a derivative by something."""
        by: dict[Key, dict[Key, Name]] = {}
        names: dict[Key, Name] = {}
        ruled_out: set[Key] = set(defined) | {k for v in defined.values() for k in v}
        for item in self.found.items:
            self._rule_out(item, ruled_out)
            for side in item.sides:
                for s in walk(side) if side is not None else ():
                    if isinstance(s, Derivative) and isinstance(_bare(s.body), Name):
                        body = _bare(s.body)
                        variable = _bare(s.by[0])
                        if body.slots or not isinstance(variable, Name):
                            ruled_out.add(body.key)
                            continue
                        names.setdefault(body.key, body)
                        found = by.setdefault(body.key, {})
                        if len(variable.slots) >= len(found.get(variable.key, variable).slots):
                            found[variable.key] = variable
        for key, name in names.items():
            if key in ruled_out or key in self.survey.functions or self.survey.ranks.get(key, 0):
                continue
            if any(key in by_ for other, by_ in by.items() if other != key):
                continue
            variables = by[key]
            inner = {x for v in variables for x in self._reached(v, defined)}
            tops = tuple(v for k, v in variables.items() if k not in inner)
            if tops and any(k in inner for k in variables):
                self.losses[key] = Loss(name, tops)

    def _rule_out(self, item: Item, out: set[Key]) -> None:
        """What an equality says about a name by itself, or might say where it is not read."""
        under = {
            id(_bare(s.body))
            for side in item.sides
            if side is not None
            for s in walk(side)
            if isinstance(s, Derivative)
        }
        for side in item.sides:
            for s in walk(side) if side is not None else ():
                if isinstance(s, Name) and id(s) not in under:
                    out.add(s.key)
                elif isinstance(s, Call):
                    out.add(s.name.key)
        if item.reason is not None:
            for word in re.findall(r"[A-Za-z]+", item.source.partition("=")[0]):
                for key in self.survey.ranks:
                    if word[-1:] == key[0] or word == key[0]:
                        out.add(key)

    def _reached(self, key: Key, defined: dict[Key, set[Key]]) -> set[Key]:
        out: set[Key] = set()
        todo = [key]
        while todo:
            for m in defined.get(todo.pop(), ()):
                if m not in out:
                    out.add(m)
                    todo.append(m)
        return out

    def definition_of(self, loss: Loss) -> Any:
        """The sum that a loss is read as."""
        terms: list[tuple[str, Any]] = []
        for top in loss.tops:
            count = self.survey.ranks.get(top.key, 0)
            letters = _letters(count, self.survey.letters | self.survey.bound)
            used = [s.text for s in top.slots if s.kind == "letter"]
            if len(used) == count and len(set(used)) == count:
                letters = used
            slots = tuple(Slot("letter", x) for x in letters)
            base = "d" + loss.name.base
            slope = Name(
                base,
                tuple(m for m in loss.name.marks if m != "script"),
                loss.name.label + "d" + key_text(top.key).replace("_", ""),
                slots,
                loss.name.pos,
                f"\\text{{{base}}}",
            )
            self.survey.ranks[slope.key] = count
            body: Any = Mul((("", slope), ("", Name(top.base, top.marks, top.label, slots))))
            if slots:
                body = Reduction("sum", tuple(Binder(x) for x in letters), (), body)
            terms.append(("+", body))
        return terms[0][1] if len(terms) == 1 else Add(tuple(terms))

    def slopes(self, t: Any) -> tuple[set[tuple[Key, Key]], bool]:
        """The first derivatives of such losses in a tree, and whether there are higher ones."""
        out: set[tuple[Key, Key]] = set()
        higher = False
        todo = [t]
        seen: set[Key] = set()
        while todo:
            for s in walk(todo.pop()):
                if isinstance(s, Derivative):
                    body, by = _bare(s.body), _bare(s.by[0])
                    if isinstance(body, Name) and body.key in self.losses:
                        higher = higher or len(s.by) > 1
                        out.add((body.key, by.key if isinstance(by, Name) else ("", (), "")))
                    else:
                        below, deep = self.slopes(s.body)
                        higher = higher or deep or bool(below)
                elif isinstance(s, Name) and s.key in self.writer.aliases and s.key not in seen:
                    seen.add(s.key)
                    todo.append(self.writer.aliases[s.key][1])
        return out, higher

    def unfounded(self, left: Any, right: Any) -> str | None:
        """Why an equality with such a loss in it is not judged; None if it may be."""
        sides = [self.slopes(left), self.slopes(right)]
        both = sides[0][0] | sides[1][0]
        for key in {k for k, _ in both}:
            what = key_text(key)
            if sides[0][1] or sides[1][1]:
                return (
                    f"nothing that is read says what `{what}` is, and this is no first derivative"
                )
            if not all(any(k == key for k, _ in found) for found, _ in sides):
                return f"nothing that is read says what `{what}` is"
            tops = [t.key for t in self.losses[key].tops]
            over = set()
            for _, v in (x for x in both if x[0] == key):
                above = [t for t in tops if v == t or v in self.writer._reach(t, later=True)]
                if len(above) != 1:
                    return f"nothing that is read says how `{what}` depends on `{key_text(v)}`"
                over.add(above[0])
            if len(over) != 1:
                return f"nothing that is read says all that `{what}` depends on"
        return None


def _bare(t: Any) -> Any:
    return t.inside if isinstance(t, Bracket) else t


def _letters(count: int, taken: set[str]) -> list[str]:
    free = [c for c in "ijklmnpqrs" if c not in taken]
    return (free + [f"i{k}" for k in range(count)])[:count]
