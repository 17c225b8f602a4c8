"""What the checker does not see by itself of the engine's ring laws: denominators in two forms.

To the checker 1/b has a mark, "b is not 0", which is one for b and its multiples by numbers. So
``1/(exp(m)*(1 - exp(-m)))`` and ``1/(exp(m) - 1)``, or ``1/(1 + (a/f - 1))`` and ``1/(a/f)``, are
the same only once the denominators are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from derivation.certify.law_moves import HOLE, LawMove
from derivation.normal import normal_term
from derivation.terms import (
    Add,
    Condition,
    Mul,
    Path,
    Pow,
    Rational,
    Term,
    identical,
    is_leaf,
    memo,
    replace_at,
)

MOST = 24  # denominators that are changed in one line
_DIVIDED: dict[Term, bool] = memo()


def ring_moves(before: Term, after: Term, below: bool) -> list[LawMove]:
    """Moves that give the denominators of ``before`` the form that they have in ``after``.

    ``below`` says that the two stand below a line themselves.
    """
    if below and not isinstance(before, Add) & isinstance(after, Add):
        return [LawMove("algebra", left=before, right=after)]
    if not (_divides(before) or _divides(after)):
        return []
    wanted = {b for _, b in _denominators(after)}
    if wanted.issuperset(b for _, b in _denominators(before)):
        return []
    there, now = _towards(before, {normal_term(b): b for b in wanted})
    back, _ = _towards(after, {normal_term(b): b for _, b in _denominators(now)})
    return [*there, *(replace(m, left=m.right, right=m.left) for m in reversed(back))]


def below_a_line(line: Any, path: Path) -> bool:
    """Whether a place is in something that is divided by."""
    for k in path:
        if k == 0 and isinstance(line, Pow) and _is_negative(line.args[1]):
            return True
        line = line.args[k]
    return False


def _towards(t: Any, forms: dict[Any, Any]) -> tuple[list[LawMove], Any]:
    """Each denominator as it is wanted, or where a sum comes to one product as that."""
    moves: list[LawMove] = []
    while len(moves) < MOST:
        for path, base in _denominators(t):
            normal = normal_term(base)
            new = forms.get(normal)
            if new is None and isinstance(base, Add) and not isinstance(normal, Add):
                new = normal
            if new is not None and not identical(new, base):
                moves.append(
                    LawMove("algebra", context=replace_at(t, path, HOLE), left=base, right=new)
                )
                t = replace_at(t, path, new)
                break
        else:
            break
    return moves, t


def _denominators(t: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The sums and products that are divided by, with their places, inner ones first."""
    if not _divides(t):
        return
    for k, a in enumerate(t.args):
        yield from _denominators(a, (*path, k))
    if isinstance(t, Pow) and _is_negative(t.args[1]) and isinstance(t.args[0], (Add, Mul)):
        yield (*path, 0), t.args[0]


def _divides(t: Any) -> bool:
    """Whether something is divided by in the term."""
    if is_leaf(t) or isinstance(t, Condition):
        return False
    found = _DIVIDED.get(t)
    if found is None:
        found = isinstance(t, Pow) and _is_negative(t.args[1])
        found = found or any(map(_divides, t.args))
        _DIVIDED[t] = found
    return found


def _is_negative(exponent: Any) -> bool:
    return isinstance(exponent, Rational) and bool(exponent.p < 0)
