"""What the checker does not see by itself of the engine's ring laws.

To the checker 1/b has a mark, "b is not 0", which is one for b and its multiples by numbers. So
``1/(exp(m)*(1 - exp(-m)))`` and ``1/(exp(m) - 1)``, or ``1/(1 + (a/f - 1))`` and ``1/(a/f)``, are
the same only once the denominators are. Nor does it add exponents in what stands in an exponent
itself: ``exp(x/exp(x))`` and ``exp(x*exp(-x))`` are the same once ``x/exp(x)`` is ``x*exp(-x)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import sympy

from derivation.certify.law_algebra import flipped, within
from derivation.certify.law_moves import HOLE, LawMove
from derivation.normal import form, normal_term
from derivation.terms import (
    Add,
    Condition,
    Mul,
    Path,
    Pow,
    Rational,
    Reduction,
    Term,
    free_indices,
    identical,
    index,
    is_leaf,
    memo,
    replace_at,
    substitute,
)

MOST = 24  # places that are changed in one line
_DELICATE: dict[Term, bool] = memo()
_POWERS: dict[Term, bool] = memo()


def ring_moves(before: Term, after: Term, inside: bool) -> list[LawMove]:
    """Moves that give the denominators and exponents of ``before`` the form that they have in
    ``after``. ``inside`` says that the two stand in a delicate place themselves.
    """
    if inside:
        return [LawMove("algebra", left=before, right=after)]
    if not (_is_delicate(before) or _is_delicate(after)):
        return []
    wanted = _forms(after)
    if {p.anonymous for t in (before, after) for p in _places(t)} <= set(wanted.values()):
        return []
    there, now = _towards(before, wanted)
    back, _ = _towards(after, {**wanted, **_forms(now)})
    return [*there, *flipped(back)]


def aligned(m: LawMove) -> list[LawMove]:
    """A move of algebra with the exponents of its two sides in one form before it."""
    if m.law != "algebra" or m.direction != "lr" or not (_towers(m.left) or _towers(m.right)):
        return [m]
    wanted = {**_forms(m.left, towers=True), **_forms(m.right, towers=True)}
    there, left = _towards(m.left, wanted, towers=True)
    back, right = _towards(m.right, wanted, towers=True)
    nonzero, positive = (
        tuple(_towards(t, wanted, towers=True)[1] for t in terms)
        for terms in (m.nonzero, m.positive)
    )
    middle = replace(m, context=HOLE, left=left, right=right, nonzero=nonzero, positive=positive)
    return within(m.context, [*there, middle, *flipped(back)])


@dataclass(frozen=True)
class _Place:
    """A delicate place: its path, the term there, the letters in it that are bound above, and
    whether it is an exponent.

    ``anonymous`` is the term with those letters named by their order.
    """

    path: Path
    term: Any
    letters: tuple[Any, ...]
    tower: bool

    @cached_property
    def anonymous(self) -> Any:
        names = {i: index(f"?{n}", i.size) for n, i in enumerate(self.letters)}
        return substitute(self.term, names)

    def here(self, anonymous: Any) -> Any:
        """A term with anonymous letters in those of this place."""
        return substitute(
            anonymous, {index(f"?{n}", i.size): i for n, i in enumerate(self.letters)}
        )


def _forms(t: Any, towers: bool = False) -> dict[Any, Any]:
    """What stands in the delicate places of a term (in exponents alone), by its normal form."""
    found = (p.anonymous for p in _places(t) if p.tower or not towers)
    return {normal_term(a): a for a in found if not form(a)[1]}  # else it holds conditionally


def in_delicate_place(line: Any, path: Path) -> bool:
    """Whether a place is in something that is divided by, or in an exponent with exponents."""
    for k in path:
        if (k == 0 and _is_below(line)) or (
            isinstance(line, sympy.exp) and _has_powers(line.args[0])
        ):
            return True
        line = line.args[k]
    return False


def _towards(t: Any, forms: dict[Any, Any], towers: bool = False) -> tuple[list[LawMove], Any]:
    """Each place as it is wanted, or where a sum comes to one product as that."""
    moves: list[LawMove] = []
    while len(moves) < MOST:
        places = (p for p in _places(t) if p.tower or not towers)
        changes = ((p, _wanted(p, forms)) for p in places)
        found = next((c for c in changes if not identical(c[0].term, c[1])), None)
        if found is None:
            break
        place, new = found
        context = replace_at(t, place.path, HOLE)
        moves.append(LawMove("algebra", context=context, left=place.term, right=new))
        t = replace_at(t, place.path, new)
    return moves, t


def _wanted(place: _Place, forms: dict[Any, Any]) -> Any:
    if form(place.anonymous)[1]:
        return place.term
    normal = normal_term(place.anonymous)
    if normal in forms:
        return place.here(forms[normal])
    one = isinstance(place.term, Add) and not isinstance(normal, Add)
    return place.here(normal) if one else place.term


def _places(t: Any, path: Path = (), above: tuple[Any, ...] = ()) -> Iterator[_Place]:
    """What is divided by, and what stands in an exponent and has some itself; inner ones first."""
    if not _is_delicate(t):
        return
    inner = (*above, t.index) if isinstance(t, Reduction) else above
    for k, a in enumerate(t.args):
        yield from _places(a, (*path, k), inner)
    if (_is_below(t) and isinstance(t.args[0], (Add, Mul))) or _is_tower(t):
        free = free_indices(t.args[0])
        letters = tuple(i for i in dict.fromkeys(reversed(above)) if i in free)
        yield _Place((*path, 0), t.args[0], letters, isinstance(t, sympy.exp))


def _is_delicate(t: Any) -> bool:
    """Whether there are such places in the term."""
    if is_leaf(t) or isinstance(t, Condition):
        return False
    found = _DELICATE.get(t)
    if found is None:
        found = _is_below(t) or _is_tower(t)
        found = found or any(map(_is_delicate, t.args))
        _DELICATE[t] = found
    return found


def _has_powers(t: Any) -> bool:
    """Whether there is an exponential in the term, or a power that is not whole."""
    if is_leaf(t) or isinstance(t, Condition):
        return False
    found = _POWERS.get(t)
    if found is None:
        found = isinstance(t, sympy.exp) or (isinstance(t, Pow) and not t.args[1].is_Integer)
        found = found or any(map(_has_powers, t.args))
        _POWERS[t] = found
    return found


def _towers(t: Any) -> bool:
    """Whether a term has exponents with exponents."""
    return _has_powers(t) and any(p.tower for p in _places(t))


def _is_tower(t: Any) -> bool:
    """Whether it is an exponential whose exponent has exponents."""
    return isinstance(t, sympy.exp) and _has_powers(t.args[0])


def _is_below(t: Any) -> bool:
    """Whether the base of a power is divided by."""
    return isinstance(t, Pow) and isinstance(t.args[1], Rational) and bool(t.args[1].p < 0)
