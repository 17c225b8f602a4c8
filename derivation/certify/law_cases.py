"""What the variables of the laws of deltas and cases stand for in a move of the engine."""

from __future__ import annotations

from typing import Any

from derivation.certify.law_algebra import Moves, connected, flipped, within
from derivation.certify.law_moves import HOLE, Abstraction, LawMove
from derivation.certify.law_sums import Args, Making
from derivation.errors import RuleRefused
from derivation.normal import difference_vanishes, oriented, text
from derivation.terms import (
    Condition,
    Diff,
    IfElse,
    Integer,
    KroneckerDelta,
    Mul,
    Partial,
    Reduction,
    free_indices,
    fresh_index,
    if_else,
    index_names,
    is_leaf,
    mul,
    negate,
    rebuild,
    substitute,
)
from derivation.theory import Theory


def by_cases(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """The checker sees by itself that a distinction makes no difference."""
    return []


def same_in_both(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    c, a, b = lhs.args
    return within(if_else(c, a, HOLE), connected(theory, b, a))


def case_holds(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    return [_case(lhs, True)]


def case_fails(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    return [_case(lhs, False)]


def _case(t: Any, holds: bool) -> LawMove:
    return LawMove("case-holds" if holds else "case-fails", dict(zip("cab", t.args, strict=True)))


def _delta(law: str) -> Making:
    def make(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
        i, j = lhs.args
        if i == j or (isinstance(i, Integer) and isinstance(j, Integer)):
            return []  # seen without a move
        return [LawMove(law, {"K": _size(theory, i, j), "i": i, "j": j})]

    return make


def _size(theory: Theory, i: Any, j: Any) -> Any:
    """The size that two places run over; two numbers run over the larger one."""
    size = theory.size_of(i)
    size = theory.size_of(j) if size is None else size
    return Integer(max(int(i), int(j))) if size is None else size


def _at(i: Any, t: Any) -> Abstraction:
    """A term as one that depends on the place ``i``."""
    letter = fresh_index(i, index_names(t))
    return Abstraction((letter,), substitute(t, {i: letter}))


def equal_index(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    i, j = args["index"], args["value"]
    return [LawMove("equal-index", {"K": i.size, "i": i, "j": j, "F": _at(i, lhs)})]


def delta_substitutes(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """One index for the other on both sides, which then are the same."""
    for delta, rest in _deltas(lhs):
        for other, left in _deltas(rhs):
            if set(other.args) != set(delta.args):
                continue
            for i, j in (delta.args, delta.args[::-1]):
                if not hasattr(i, "size"):
                    continue
                one, two = (substitute(t, {i: j}) for t in (rest, left))
                if difference_vanishes(one, two) is not None:
                    return [
                        *_identified(i, j, rest),
                        *within(mul(HOLE, delta), connected(theory, one, two)),
                        *flipped(_identified(i, j, left)),
                    ]
    raise RuleRefused("the two sides differ where the indices agree")


def _deltas(t: Any) -> list[tuple[Any, Any]]:
    """Each delta of a product with the other factors."""
    factors = t.args if isinstance(t, Mul) else (t,)
    return [
        (f, mul(*factors[:n], *factors[n + 1 :]))
        for n, f in enumerate(factors)
        if isinstance(f, KroneckerDelta)
    ]


def _identified(i: Any, j: Any, t: Any) -> Moves:
    if i not in free_indices(t):
        return []
    return [LawMove("delta-substitutes", {"K": i.size, "i": i, "j": j, "F": _at(i, t)})]


# -- whatever is done to a distinction is done in each case ---------------------------------

_NOT_RESOLVED = (Reduction, Diff, Partial, Condition)


def case_lift(theory: Theory, lhs: Any, rhs: Any, args: Args) -> Moves:
    """Both sides in the two cases of one condition, and there the one like the other."""
    for c in sorted(_conditions(lhs) | _conditions(rhs), key=text):
        there, (yes, no) = _case_by_case(lhs, c)
        back, (yes_too, no_too) = _case_by_case(rhs, c)
        pairs = ((yes, yes_too), (no, no_too))
        if any(difference_vanishes(*pair) is None for pair in pairs):
            continue
        return [
            *there,
            *within(if_else(c, HOLE, no), connected(theory, yes, yes_too)),
            *within(if_else(c, yes_too, HOLE), connected(theory, no, no_too)),
            *flipped(back),
        ]
    raise RuleRefused("the two sides differ in some case")


def _conditions(t: Any) -> set[Any]:
    """The conditions that a term distinguishes, outside binders and derivatives."""
    if isinstance(t, (Reduction, Diff, Partial)):
        return set()
    out = {oriented(t.args[0])} if isinstance(t, IfElse) else set()
    for a in t.args[1:] if isinstance(t, IfElse) else t.args:
        out |= _conditions(a)
    return out


def _case_by_case(t: Any, c: Any) -> tuple[Moves, tuple[Any, Any]]:
    """Moves from a term to ``(yes if c else no)``, and these two.

    That the term is itself in either case, the checker sees without a move.
    """
    (first, yes), (second, no) = _resolved(t, c, True), _resolved(t, c, False)
    if len(first) == len(second) == 1 and first[0].context is HOLE:
        return [], (yes, no)  # it is that distinction already
    moves = [*within(if_else(c, HOLE, t), first), *within(if_else(c, yes, HOLE), second)]
    return moves, (yes, no)


def _resolved(t: Any, c: Any, holds: bool) -> tuple[Moves, Any]:
    """Moves that resolve each distinction by a condition or its opposite; the new term."""
    if is_leaf(t) or isinstance(t, _NOT_RESOLVED):
        return [], t
    if isinstance(t, IfElse):
        same, opposite = oriented(t.args[0]) == c, oriented(negate(t.args[0])) == c
        if same or opposite:
            first = holds if same else not holds
            moves, new = _resolved(t.args[1 if first else 2], c, holds)
            return [_case(t, first), *moves], new
    moves = []
    args = list(t.args)
    for k, a in enumerate(args):
        if k or not isinstance(t, IfElse):
            more, new = _resolved(a, c, holds)
            if more:
                moves += within(rebuild(t, (*args[:k], HOLE, *args[k + 1 :])), more)
                args[k] = new
    return moves, rebuild(t, tuple(args))


CASES: dict[str, Making] = {
    "by-cases": by_cases,
    "same-in-both": same_in_both,
    "case-holds": case_holds,
    "case-fails": case_fails,
    "case-lift": case_lift,
    "delta-equal": _delta("delta-equal"),
    "delta-unequal": _delta("delta-unequal"),
    "delta-cases": _delta("delta-cases"),
    "equal-index": equal_index,
    "delta-substitutes": delta_substitutes,
}
