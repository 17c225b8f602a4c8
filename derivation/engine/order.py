"""The order in which the engine takes what a user may write in any order."""

from __future__ import annotations

from collections.abc import Mapping

from derivation.problem import Definition
from derivation.terms import Term, is_element, name_of, names, subterms


def from_below(definitions: Mapping[str, Definition], objective: Term) -> list[Definition]:
    """Each definition after those that it rests on, as the objective comes to mention them.

    What the objective does not rest on comes as early as it can.
    """
    out: list[Definition] = []
    seen: set[str] = set()

    def visit(t: Term, found: list[Definition]) -> None:
        for s in subterms(t):
            if is_element(s) and name_of(s) in definitions and name_of(s) not in seen:
                seen.add(name_of(s))
                visit(definitions[name_of(s)].body, found)
                found.append(definitions[name_of(s)])

    visit(objective, out)
    for definition in definitions.values():
        besides: list[Definition] = []
        visit(definition.head, besides)
        for d in besides:
            below = [k for k, o in enumerate(out, 1) if o.name in names(d.body)]
            out.insert(max(below, default=0), d)
    return out
