"""Sums of products of arrays, as few and as narrow arrays as it takes.

``sum over n of x[n,j] w[n] x[n,l]`` is one matrix product; no array with the axes n, j and l is
ever made. Factors that do not vary with a summed axis leave the sum. The axes are summed one by
one, the one that costs least first. A factor that is a sum itself is multiplied out where
that saves an axis: ``sum over j of (x[i,d] - x[j,d]) w[i,j]`` is ``x w.sum() - w @ x``.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from derivation.codegen.nodes import (
    ZERO,
    Axis,
    Node,
    add,
    const,
    contract,
    div,
    mul,
    power,
    reduce,
    relabel,
    union,
    walk,
    where,
)


def size_node(size: object) -> Node:
    """The number of values of an axis."""
    fixed = getattr(size, "p", None)
    if fixed is not None:
        return const(Fraction(int(fixed)))
    return Node("size", data=str(getattr(size, "name", size)))


def width(n: Node) -> int:
    """The largest number of axes of an array that has to be made for this node."""
    return max(len(m.axes) for m in walk(n))


def total(factors: Sequence[Node], over: Sequence[Axis], masks: Sequence[Node]) -> Node:
    """The sum over axes of a product, where the masks hold."""
    factors = flat(factors)
    plain = plan(factors, over, masks)
    best, cost = plain, width(plain)
    for k, f in enumerate(factors):
        if f.op != "add" or _has_whole(f):
            continue
        rest = [*factors[:k], *factors[k + 1 :]]
        if any(_is_steep(r, f, over) for r in rest):
            continue
        apart = add(*combined([total([part, *rest], over, masks) for part in f.args]))
        if width(apart) < cost:
            best, cost = apart, width(apart)
    return best


def _has_whole(f: Node) -> bool:
    """Whether some factor of a term has all axes of the sum, so that nothing is to be saved."""
    return any(len(g.axes) == len(f.axes) for part in f.args for g in flat([part]))


def _is_steep(weight: Node, f: Node, over: Sequence[Axis]) -> bool:
    """Whether a weight grows without bound where two rows meet, as 1/r**3 does.

    Multiplied out, ``(x[i] - x[j]) / r[i,j]**3`` would lose its digits to cancellation.
    """
    pair = [a for a in f.axes if a in weight.axes]
    return any(
        m.op == "div"
        and len([a for a in m.args[1].axes if a in pair]) > 1
        and any(a in over for a in m.args[1].axes)
        for m in walk(weight)
    )


def flat(factors: Sequence[Node]) -> list[Node]:
    found: list[Node] = []
    for f in factors:
        if f.op == "mul":
            found.extend(flat(f.args))
        elif f.op == "neg":
            found.extend((const(-1), *flat(f.args)))
        elif f.op == "div":
            below = flat([f.args[1]])
            found.extend(flat([f.args[0]]))
            found.extend(div(const(1), b) for b in below)
        else:
            found.append(f)
    return found


def plan(factors: Sequence[Node], over: Sequence[Axis], masks: Sequence[Node] = ()) -> Node:
    """The sum over axes of a product, where the masks hold; no factor is multiplied out."""
    outside = [f for f in factors if not set(f.axes) & set(over)]
    inside = [f for f in factors if set(f.axes) & set(over)]
    rest = [m for m in masks if set(m.axes) & set(over)]
    outer = [m for m in masks if m not in rest]
    free = [a for a in over if not any(a in n.axes for n in (*inside, *rest))]
    over = [a for a in over if a not in free]
    outside += [size_node(a.size) for a in free]
    if over:
        inside = _with_masks(inside, rest, over)
        found = _contracted(inside, over)
    else:
        found = const(1)
    found = mul(found, *outside)
    for m in outer:
        found = where(m, found, ZERO)
    return found


def _with_masks(factors: list[Node], masks: list[Node], over: Sequence[Axis]) -> list[Node]:
    """The masks put on the narrowest factor that has their axes, else on a product that has."""
    for m in masks:
        fits = [f for f in factors if set(m.axes) <= set(f.axes)]
        if fits:
            best = min(fits, key=lambda f: (len(f.axes), factors.index(f)))
            k = factors.index(best)
            factors = [*factors[:k], where(m, best, ZERO), *factors[k + 1 :]]
            continue
        # every factor that varies with only some of the mask's axes joins it
        joins = [f for f in factors if set(f.axes) <= set(m.axes)]
        others = [f for f in factors if f not in joins]
        factors = [*others, where(m, mul(*joins), ZERO)]
    return factors


def _contracted(factors: Sequence[Node], over: Sequence[Axis]) -> Node:
    """The sum, one axis (or what goes with it) after the other, the cheapest first."""
    work, left = list(factors), list(over)
    while left:
        reach = {a: len(union(f for f in work if a in f.axes)) for a in left}
        axis = min(left, key=lambda a: (reach[a], -left.index(a)))  # inner sums first
        touched = [f for f in work if axis in f.axes]
        others = [f for f in work if axis not in f.axes]
        gone = [a for a in left if not any(a in f.axes for f in others)]
        left = [a for a in left if a not in gone]
        work = [*others, _eliminate(touched, gone)]
    return mul(*work)


def _eliminate(factors: Sequence[Node], over: Sequence[Axis]) -> Node:
    """The sum of a product whose factors all vary with one of the axes."""
    if len(factors) == 1:
        (f,) = factors
        if f.op == "pow" and f.args[1] == const(2):
            return contract(f.args[0], f.args[0], over)
        return reduce("sum", f, over)
    ranked = sorted(factors, key=lambda f: -len(f.axes))
    wide = ranked[0]
    across = [k for k, f in enumerate(ranked) if not set(f.axes) <= set(wide.axes)]
    second = across[0] if across else 1
    other = ranked[second]
    left, right = [wide], [other]
    for f in (*ranked[1:second], *ranked[second + 1 :]):
        mine, theirs = set(wide.axes), set(other.axes)
        fits = set(f.axes) <= mine, set(f.axes) <= theirs
        if fits[1] or (not fits[0] and len(set(f.axes) | theirs) <= len(set(f.axes) | mine)):
            right.append(f)
        else:
            left.append(f)
    return contract(_product(left, factors), _product(right, factors), over)


def _product(chosen: Sequence[Node], order: Sequence[Node]) -> Node:
    return mul(*sorted(chosen, key=lambda f: list(order).index(f)))


def combined(terms: Sequence[Node]) -> list[Node]:
    """The terms of a sum with those put together that are one contraction.

    ``X @ K - c*(A @ K)`` is ``(X - c*A) @ K`` where c varies with rows only: one product of
    matrices instead of two.
    """
    found: list[Node] = []
    for t in terms:
        for k, before in enumerate(found):
            one = _together(before, t)
            if one is not None:
                found[k] = one
                break
        else:
            found.append(t)
    return found


def _together(a: Node, b: Node) -> Node | None:
    for one in _sums(a):
        for two in _sums(b):
            found = _joined(*one, *two)
            if found is not None:
                return found
    return None


def _joined(
    fa: list[Node], over: Sequence[Axis], fb: list[Node], over_b: Sequence[Axis]
) -> Node | None:
    """The sum of two sums of products as one, where what differs is no wider than before."""
    if len(over) != len(over_b):
        return None
    swap = dict(zip(over_b, over, strict=True))
    if any(s.size != t.size for s, t in swap.items()):
        return None
    if (set(over) - set(over_b)) & {x for f in fb for x in f.axes}:
        return None
    moved = [relabel_all(f, {s: t for s, t in swap.items() if s != t}) for f in fb]
    theirs = [f for f in moved if f is not None]
    if len(theirs) < len(moved):
        return None
    mine, common = list(fa), []
    for f in fa:
        if f.axes and f in theirs:
            mine.remove(f)
            theirs.remove(f)
            common.append(f)
    if not any(set(f.axes) & set(over) for f in common):
        return None
    one, two = mul(*mine), mul(*theirs)
    axes = set(one.axes) | set(two.axes)
    if not axes - set(over) or not any(axes <= set(f.axes) for f in (one, two, *common)):
        return None
    return plan([*common, add(one, two)], over)


def relabel_all(n: Node, swap: dict[Axis, Axis]) -> Node | None:
    """The node with other letters, or None where one of the new ones is in use inside."""
    new = set(swap.values()) - set(swap)
    if any(a in new for m in walk(n) for a in (*m.axes, *_own(m))):
        return None
    return relabel(n, swap)


def _own(n: Node) -> tuple[Axis, ...]:
    return tuple(n.data[1]) if n.op == "reduce" else tuple(n.data) if n.op == "contract" else ()


def _sums(n: Node) -> list[tuple[list[Node], Sequence[Axis]]]:
    """The node as a sum of products, once for every contraction that is a factor of it."""
    factors = flat([n])
    return [
        ([*factors[:k], *factors[k + 1 :], *flat(f.args)], f.data)
        for k, f in enumerate(factors)
        if f.op == "contract"
        and not any(set(f.data) & set(g.axes) for g in (*factors[:k], *factors[k + 1 :]))
    ]


def times(n: Node, f: Node) -> Node | None:
    """The node times a factor that cancels somewhere inside; None where it cancels nothing."""
    if n.op == "neg":
        inner = times(n.args[0], f)
        return None if inner is None else mul(const(-1), inner)
    if n.op == "add":
        parts = [times(a, f) for a in n.args]
        if all(p is None for p in parts):
            return None
        return add(*[mul(a, f) if p is None else p for a, p in zip(n.args, parts, strict=True)])
    if n.op == "mul":
        for k, a in enumerate(n.args):
            part = times(a, f)
            if part is not None:
                return mul(*n.args[:k], part, *n.args[k + 1 :])
    if n.op == "div":
        below = flat([n.args[1]])
        if f in below:
            below.remove(f)
            return div(n.args[0], mul(*below))
        above = times(n.args[0], f)
        return None if above is None else div(above, n.args[1])
    if n.op == "pow" and n.args[0] == f and n.args[1].op == "add" and const(-1) in n.args[1].args:
        return power(f, add(n.args[1], const(1)))
    return None
