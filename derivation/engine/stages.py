"""A finished proof cut into the stages that a reader is told: none idle, each cancellation seen."""

from __future__ import annotations

from typing import Any

from derivation.engine.arithmetic import tidy
from derivation.engine.cost import cost
from derivation.engine.present import presented
from derivation.engine.proof import Chain, Proof, join, labelled, moves, rearranged, segments
from derivation.errors import RuleRefused
from derivation.terms import (
    Add,
    Mul,
    Pow,
    Term,
    add,
    alpha_equal,
    is_leaf,
    is_number,
    mul,
    names,
    rebuild,
    value_of,
)


def stages(proof: Proof) -> list[Proof]:
    """The labelled stretches of a proof, as a person would show them."""
    parts = [part for piece in segments(proof) for part in _cancelling(piece)]
    return _without_detours(_without_idle(parts))


def _without_idle(pieces: list[Proof]) -> list[Proof]:
    """What changes only the grouping of a product joins the stage after it, or before it."""
    out: list[Proof] = []
    held: Proof | None = None
    for piece in pieces:
        if held is not None:
            piece = labelled(join(held, piece), piece.label)
            held = None
        if alike(piece.before, piece.after):
            held = piece
        else:
            out.append(piece)
    if held is not None:
        if out:
            out[-1] = labelled(join(out[-1], held), out[-1].label)
        else:
            out.append(held)
    return out


def _without_detours(pieces: list[Proof]) -> list[Proof]:
    """Where a stage comes back to what was there before, what lies between is not told."""
    out: list[Proof] = []
    for piece in pieces:
        k = next((k for k, p in enumerate(out) if alike(p.after, piece.after)), None)
        back = rearranged(out[k].after, piece.after) if k is not None else None
        if k is None or back is None:
            out.append(piece)
        else:
            out[k:] = [labelled(join(out[k], back), out[k].label)]
    return out


def alike(a: Term, b: Term) -> bool:
    """Whether two terms read the same."""
    return names(a) == names(b) and bool(alpha_equal(_flat(a), _flat(b)))


def _flat(t: Any) -> Any:
    """The term without the brackets that are not printed: products in products, sums in sums."""
    if is_leaf(t):
        return t
    args = [_flat(a) for a in t.args]
    if isinstance(t, (Add, Mul)):
        args = [b for a in args for b in (a.args if type(a) is type(t) else (a,))]
    return rebuild(t, tuple(args))


def _cancelling(piece: Proof) -> list[Proof]:
    """Where factors cancel against denominators inside a sum, that line by itself first.

    ``(a/p - b/q)*p*q`` is ``a*q - b*p`` before equal terms of that cancel.
    """
    flat = moves(piece)
    for k, (path, move) in enumerate(flat):
        if move.rule != "field" or alike(move.before, move.after):
            continue
        middle = _cancelled(move.before)
        if middle is None or alike(middle, move.after) or cost(middle) < cost(move.after):
            continue  # what comes next would bring back what has cancelled
        chain = Chain(piece.before)
        try:
            for where, done in flat[:k]:
                chain.splice(done, where)
            chain.algebra(middle, path)
            first = chain.proof("cancel")
            chain = Chain(first.after)
            chain.algebra(move.after, path)
            for where, done in flat[k + 1 :]:
                chain.splice(done, where)
        except RuleRefused:
            return [piece]
        return [first, chain.proof("settle" if k == len(flat) - 1 else piece.label)]
    return [piece]


def _cancelled(t: Any) -> Any:
    """The factors that denominators in one of them meet multiplied into it, each term tidied."""
    if not isinstance(t, Mul):
        return None
    factors = _flat(t).args
    above = {_base(f) for f in factors if not is_number(f)}
    for k, f in enumerate(factors):
        if not isinstance(f, Add):
            continue
        below = [{b for b in map(_denominator, _factors(a)) if b is not None} for a in f.args]
        if not any(below) or not all(b <= above for b in below):
            continue
        others = factors[:k] + factors[k + 1 :]
        inside = [g for g in others if any(_base(g) in b for b in below)]
        outside = [g for g in others if g not in inside]
        terms = [tidy(mul(*_factors(a), *inside)) for a in f.args]
        if any(isinstance(a, Add) for a in terms):
            return None
        return presented(mul(*outside, add(*terms)))
    return None


def _factors(t: Any) -> tuple[Any, ...]:
    return tuple(_flat(t).args) if isinstance(t, Mul) else (t,)


def _base(t: Any) -> Term:
    return t.args[0] if isinstance(t, Pow) and is_number(t.args[1]) else t


def _denominator(t: Any) -> Term | None:
    if isinstance(t, Pow) and is_number(t.args[1]) and value_of(t.args[1]) < 0:
        return t.args[0]
    return None


__all__ = ["alike", "stages"]
