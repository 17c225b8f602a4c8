"""Which parts of a line are new: the smallest parts in which two terms differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Add, Indexed, Mul

from derivation.terms import (
    MINUS_ONE,
    Path,
    Reduction,
    Term,
    alpha_equal,
)

Paths = tuple[Path, ...]
_WHOLE: Paths = ((),)


def changes(before: Term, after: Term) -> tuple[Paths, Paths]:
    """The smallest parts in which two terms differ, as paths into each.

    >>> from derivation.terms import add, symbol
    >>> a, b, c, d = map(symbol, "abcd")
    >>> changes(add(a, b, c), add(a, d))
    (((1,), (2,)), ((1,),))
    """
    if alpha_equal(before, after):
        return (), ()
    if type(before) is not type(after) or isinstance(before, Indexed) or not before.args:
        return _WHOLE, _WHOLE
    a, b = before.args, after.args
    if isinstance(before, (Add, Mul)):
        left, right = _unmatched(a, b)
    else:
        if len(a) != len(b) or (isinstance(before, Reduction) and a[1] != b[1]):
            return _WHOLE, _WHOLE
        left = right = [k for k in range(len(a)) if a[k] != b[k]]
        inner = [changes(a[k], b[k]) for k in left]
        return (
            tuple((k, *p) for k, (found, _) in zip(left, inner, strict=True) for p in found),
            tuple((k, *p) for k, (_, found) in zip(left, inner, strict=True) for p in found),
        )
    if len(left) == len(right) == 1:
        k, n = left[0], right[0]
        was, now = changes(a[k], b[n])
        return tuple((k, *p) for p in was), tuple((n, *p) for p in now)
    return _siblings(a, left), _siblings(b, right)


def _unmatched(a: Sequence[Any], b: Sequence[Any]) -> tuple[list[int], list[int]]:
    """The positions in each that have no partner in the other."""
    rest = list(range(len(b)))
    left = []
    for k, t in enumerate(a):
        partner = next((n for n in rest if b[n] == t), None)
        if partner is None:
            left.append(k)
        else:
            rest.remove(partner)
    return left, rest


def _siblings(args: Sequence[Any], changed: Sequence[int]) -> Paths:
    """The changed ones by themselves, or their parent if nothing but a sign stays."""
    stays = [t for k, t in enumerate(args) if k not in changed]
    if changed and all(t == MINUS_ONE for t in stays):
        return _WHOLE
    return tuple((k,) for k in changed)
