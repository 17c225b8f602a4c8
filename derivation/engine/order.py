"""The order in which the engine takes what a user may write in any order."""

from __future__ import annotations

from collections.abc import Mapping

from derivation.problem import Definition
from derivation.terms import Term, is_element, name_of, names


def from_below(definitions: Mapping[str, Definition], objective: Term) -> list[Definition]:
    """Each definition after those that it rests on, as the objective comes to mention them.

    What the objective does not rest on comes as early as it can.
    """
    out: list[Definition] = []
    left = set(definitions)

    def visit(t: Term, found: list[Definition]) -> None:
        if left.isdisjoint(names(t)):
            return
        if is_element(t) and name_of(t) in left:
            definition = definitions[name_of(t)]
            left.discard(definition.name)
            visit(definition.body, found)
            found.append(definition)
        else:
            for a in t.args:
                visit(a, found)

    visit(objective, out)
    for definition in definitions.values():
        besides: list[Definition] = []
        visit(definition.head, besides)
        for d in besides:
            below = [k for k, o in enumerate(out, 1) if o.name in names(d.body)]
            out.insert(max(below, default=0), d)
    return out
