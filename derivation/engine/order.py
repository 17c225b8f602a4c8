"""The order in which the engine takes and writes things: as they come up, never by their names.

The normal form has names in alphabetical order. It serves to compare; what is taken from it into
a term is first put in the order of a term at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import sympy

from derivation.engine.cost import cost
from derivation.errors import RuleRefused
from derivation.normal import Monomial, Poly, normal, normal_term, term_of, text
from derivation.problem import Definition
from derivation.terms import (
    ONE,
    Add,
    Mul,
    Pow,
    Term,
    add,
    exp,
    is_element,
    is_leaf,
    is_number,
    memo,
    mul,
    name_of,
    names,
    number,
    power,
    rebuild,
    subterms,
)

_IN_ORDER: dict[Term, Any] = memo()
Written = list[tuple[int, Any, Any]]  # place, base and exponent


def from_below(definitions: Mapping[str, Definition], objective: Term) -> list[Definition]:
    """Each definition after those that it rests on, as the objective comes to mention them.

    What the objective does not rest on comes as early as it can.
    """
    seen: set[str] = set()

    def above(t: Term) -> Iterator[str]:
        """The names that a term rests on and then its own, those seen before left out."""
        todo = [iter(_mentioned(t, definitions))]
        opened: list[str] = []
        while todo:
            name = next(todo[-1], None)
            if name is None:
                todo.pop()
                if opened:
                    yield opened.pop()
            elif name not in seen:
                seen.add(name)
                opened.append(name)
                todo.append(iter(_mentioned(definitions[name].body, definitions)))

    out = [definitions[n] for n in above(objective)]
    for definition in definitions.values():
        for d in [definitions[n] for n in above(definition.head)]:
            below = [k for k, o in enumerate(out, 1) if o.name in names(d.body)]
            out.insert(max(below, default=0), d)
    return out


def _mentioned(t: Term, definitions: Mapping[str, Definition]) -> dict[str, None]:
    """The defined names in a term, in order of appearance."""
    if definitions.keys().isdisjoint(names(t)):
        return {}
    if is_element(t) and name_of(t) in definitions:
        return {name_of(t): None}
    out: dict[str, None] = {}
    for a in t.args:
        out.update(_mentioned(a, definitions))
    return out


def in_order(t: Term) -> Any:
    """The normal form of a term, its terms and factors in the order in which the term has them.

    The normal form alone has them in alphabetical order, and what is found must not hang on names.

    >>> from derivation.terms import symbol
    >>> z, a = symbol("z"), symbol("a")
    >>> in_order(mul(add(z, a), z)).args[1].args, normal_term(mul(z, a)).args
    ((z, a), (a, z))
    """
    found = _IN_ORDER.get(t)
    if found is None:
        try:
            found = written(normal(t)[0], t)
        except RuleRefused:  # too long for an order to matter
            found = normal_term(t)
        _IN_ORDER[t] = found
    return found


def written(poly: Poly, *sources: Term) -> Any:
    """A polynomial as a term, its atoms as the sources write them and in their order."""
    shown = shown_atoms(*sources)
    terms = []
    for m, c in poly.items():
        factors = factors_as_written(m, shown)
        terms.append(([place for place, _, _ in factors], text(term_of({m: c})), c, factors))
    terms.sort(key=lambda x: x[:2])
    return add(*[product_as_written(factors, c) for _, _, c, factors in terms])


def product_as_written(factors: Written, c: Any) -> Any:
    """c times powers, in this order."""
    front = [] if c == 1 and factors else [number(c)]
    return mul(*front, *[power_as_written(base, e) for _, base, e in factors])


def power_as_written(base: Any, e: Any) -> Any:
    """A power of an atom of a monomial."""
    exponent = number(e) if isinstance(e, (int, Fraction)) else e
    if base == sympy.E:
        return exp(exponent)
    return base if exponent == ONE else power(base, exponent)


def factors_as_written(m: Monomial, shown: Mapping[Any, tuple[int, Any]]) -> Written:
    """The atoms of a monomial with their exponents, in the form and order that is shown."""
    found = []
    for atom, e in m:
        place, base = shown.get(atom, (len(shown), atom))
        if atom == sympy.E or not isinstance(e, (int, Fraction)):
            place, whole = shown.get(power_as_written(atom, e), (place, None))
            if type(whole) is sympy.exp:
                e = whole.args[0]
            elif isinstance(whole, Pow) and normal_term(whole.args[0]) == atom:
                base, e = whole.args
        found.append((place, text(atom), base, e))
    return [(place, base, e) for place, _, base, e in sorted(found, key=lambda x: x[:2])]


def shown_atoms(*sources: Term) -> dict[Any, tuple[int, Any]]:
    """Where terms show an atom first, by its normal form, and how they write it.

    One whose normal form is shorter stands in that: exp(w + 3), not exp(w)*exp(3).
    """
    shown: dict[Any, tuple[int, Any]] = {}
    for source in sources:
        for atom in _atoms_of(source):
            key = normal_term(atom)
            if key not in shown:
                shown[key] = (len(shown), atom if cost(atom) <= cost(key) else key)
    return shown


def _atoms_of(t: Term) -> Iterator[Any]:
    """What a term multiplies and adds, in its order."""
    if isinstance(t, (Add, Mul)):
        for a in t.args:
            yield from _atoms_of(a)
    elif isinstance(t, Pow):
        if not is_number(t.args[1]):
            yield t
        yield t.args[0]
        yield from _atoms_of(t.args[0])
    elif not is_number(t):
        yield t


def like(t: Term, source: Term) -> Any:
    """Terms and factors in the order in which the source names first what they hold.

    For what a rule gives in alphabetical order.
    """
    place: dict[Any, int] = {}
    for s in subterms(source):
        if is_leaf(s) and not is_number(s):
            place.setdefault(s, len(place))

    def first(s: Any) -> int:
        return min((place[x] for x in subterms(s) if x in place), default=-1)

    def arranged(s: Any) -> Any:
        if not isinstance(s, (Add, Mul, Pow, sympy.exp)):
            return s
        args = [arranged(a) for a in s.args]
        return rebuild(s, tuple(sorted(args, key=first) if isinstance(s, (Add, Mul)) else args))

    return arranged(t)
