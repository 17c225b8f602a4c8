"""Matrix expressions as mathematics: matrices bold, ``X.T`` as Xᵀ, ``*`` as ⊙, sums with ones.

Made into layout, as every formula is, so that LaTeX and MathML draw the same thing. What has more
axes than a matrix is written as its NumPy text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from derivation.matrix import nodes as mx
from derivation.matrix.numpy_text import numpy_text
from derivation.matrix.translate import is_negative
from derivation.printers.layout import (
    Bold,
    Fence,
    Function,
    Layout,
    Name,
    Number,
    Root,
    Row,
    Script,
    Sign,
    Space,
    Stack,
    Words,
)
from derivation.printers.notation import Typesetter
from derivation.terms import HALF, ONE, is_number, number, value_of

SUM, ENTRYWISE, PRODUCT, SCRIPT, ATOM = range(5)
Made = tuple[Layout, int]
TOP, ONES = Sign("top"), Bold("1")
_UNITS = {"sum": "sum", "prod": "prod", "max": "max", "min": "min"}


class _Unwritten(Exception):
    """More axes than a matrix has."""


def matrix_layout(node: mx.Node) -> Layout:
    """The layout of a matrix expression."""
    try:
        return _made(node)[0]
    except _Unwritten:
        return Words(numpy_text(node))


def _made(node: mx.Node) -> Made:
    if node.rank > 2:
        raise _Unwritten
    method: Callable[[Any], Made] = globals()[f"_set_{type(node).__name__.lower()}"]
    return method(node)


def _at(node: mx.Node, need: int) -> Layout:
    made, strength = _made(node)
    return made if strength >= need else Fence(made)


def _side_by_side(*items: Layout) -> Layout:
    out: list[Layout] = []
    for item in items:
        width = "none" if isinstance(item, Fence) else "thin"
        out += [Space(width), item] if out else [item]
    return Row(tuple(out))


def _turned(layout: Layout, strength: int) -> Layout:
    return Script(layout if strength >= ATOM else Fence(layout), TOP)


def _call(name: str, *args: Layout) -> Made:
    inside: list[Layout] = []
    for a in args:
        inside += [Sign(","), a] if inside else [a]
    body = inside[0] if len(inside) == 1 else Row(tuple(inside))
    return Row((Function(name), Fence(body))), ATOM


def _set_leaf(node: mx.Leaf) -> Made:
    if any(p is not None for p in node.picks):
        below = tuple(Words(":") if p is None else Number(str(p)) for p in node.picks)
        return Name(node.name, below), ATOM
    return (Bold(node.name) if node.rank == 2 else Name(node.name)), ATOM


def _set_scalar(node: mx.Scalar) -> Made:
    t = node.term
    plain = (is_number(t) and value_of(t) >= 0 and value_of(t).denominator == 1) or not t.args
    return Typesetter("line").layout(t), ATOM if plain and not is_negative(node) else ENTRYWISE


def _set_ones(node: mx.Ones) -> Made:
    if node.rank == 1:
        return ONES, ATOM
    return _side_by_side(ONES, Script(ONES, TOP)), PRODUCT


def _set_eye(node: mx.Eye) -> Made:
    return Bold("I"), ATOM


def _set_range(node: mx.Range) -> Made:
    end = Typesetter("line").layout(node.shape[0])
    return Fence(Row((Number("1"), Sign(","), Words("…"), Sign(","), end))), ATOM


def _set_mask(node: mx.Mask) -> Made:
    full = _side_by_side(ONES, Script(ONES, TOP))
    if node.op == "!=":
        return Row((full, Sign("-"), Bold("I"))), SUM
    part = _call("tril" if node.op in (">", ">=") else "triu", full)
    if node.op in ("<", ">"):
        return Row((part[0], Sign("-"), Bold("I"))), SUM
    return part


def _set_onehot(node: mx.OneHot) -> Made:
    return _call("onehot", _made(node.label)[0])


def _set_map(node: mx.Map) -> Made:
    if node.function == "abs":
        return Fence(_made(node.args[0])[0], "|"), ATOM
    name = {"sigmoid": "sigma"}.get(node.function)
    args = [_made(a)[0] for a in node.args]
    if name:
        return Row((Name(name), Fence(args[0]))), ATOM
    return _call(node.function, *args)


def _set_power(node: mx.Power) -> Made:
    exponent = _made(node.exponent)[0]
    if not node.rank:
        if isinstance(node.exponent, mx.Scalar) and node.exponent.term == HALF:
            return Root(_made(node.base)[0]), ATOM
        return Script(_at(node.base, ATOM), exponent), SCRIPT
    return Script(_at(node.base, ATOM), Row((Sign("odot"), exponent))), SCRIPT


def _set_plus(node: mx.Plus) -> Made:
    out: list[Layout] = []
    for t in node.terms:
        if is_negative(t) and out:
            out += [Sign("-"), _term(_positive(t), node.rank)]
        elif out:
            out += [Sign("+"), _term(t, node.rank)]
        else:
            out.append(_term(t, node.rank))
    return Row(tuple(out)), SUM


def _term(node: mx.Node, rank: int) -> Layout:
    """A term of a sum: a scalar among arrays is that scalar times ones."""
    if node.rank or not rank:
        return _at(node, ENTRYWISE)
    ones = ONES if rank == 1 else _side_by_side(ONES, Script(ONES, TOP))
    if isinstance(node, mx.Scalar) and node.term == ONE:
        return ones
    return _side_by_side(_at(node, PRODUCT), ones)


def _positive(node: mx.Node) -> mx.Node:
    if isinstance(node, mx.Scalar):
        return mx.Scalar((), -node.term)
    if isinstance(node, mx.Times):
        return mx.times(node.shape, [_positive(node.above[0]), *node.above[1:]], node.below)
    return node


def _set_times(node: mx.Times) -> Made:
    sign, top, bottom, above, below = _sorted(node)
    front: list[Layout] = []
    if bottom:
        front.append(Stack(_listed(top) if top else Number("1"), _listed(bottom)))
    else:
        front += [_scalar_factor(t) for t in top]
    left = [a for a in above if _scales(a, 0)]
    right = [a for a in above if _scales(a, 1)]
    left_below = [b for b in below if _scales(b, 0)]
    right_below = [b for b in below if _scales(b, 1)]
    core = [a for a in above if a not in left and a not in right]
    under = [b for b in below if b not in left_below and b not in right_below]
    scaling = bool(left or right or left_below or right_below)
    if scaling and not core:
        if left and right:  # nothing else: an outer product of the two
            core, left = [left[0]], left[1:]
        elif left or right:
            core = [left.pop(0)] if left else [right.pop(0)]
        else:
            core = [mx.Ones(node.shape)]
    middle, strength = _entrywise(core, under, bool(front) or scaling)
    if middle is None:
        parts = front
    else:
        if scaling and strength < PRODUCT:
            middle = Fence(middle)
        before = [_diagonal(a, False) for a in left] + [_diagonal(b, True) for b in left_below]
        after = [_diagonal(a, False) for a in right] + [_diagonal(b, True) for b in right_below]
        parts = [*front, *before, middle, *after]
    body = parts[0] if len(parts) == 1 else _side_by_side(*parts)
    one = len(parts) == 1 and middle is not None
    out_strength = strength if one else PRODUCT
    if sign:
        if out_strength == SUM:
            body = Fence(body)
        return Row((Sign("neg"), body)), ENTRYWISE
    return body, out_strength


def _sorted(
    node: mx.Times,
) -> tuple[bool, list[mx.Node], list[mx.Node], list[mx.Node], list[mx.Node]]:
    """The sign, scalars above and below, arrays above and below."""
    sign = False
    top: list[mx.Node] = []
    bottom: list[mx.Node] = []
    for a in (a for a in node.above if not a.rank):
        if isinstance(a, mx.Scalar) and is_number(a.term):
            value = value_of(a.term)
            sign = value < 0
            value = abs(value)
            if value.numerator != 1:
                top.append(mx.Scalar((), number(value.numerator)))
            if value.denominator != 1:
                bottom.append(mx.Scalar((), number(value.denominator)))
        else:
            top.append(a)
    bottom += [b for b in node.below if not b.rank]
    arrays = [a for a in node.above if a.rank], [b for b in node.below if b.rank]
    return sign, top, bottom, *arrays


def _scalar_factor(node: mx.Node) -> Layout:
    """A scalar in front; one that is a product of arrays in brackets, so that it is seen as one."""
    made, strength = _made(node)
    product = isinstance(node, (mx.MatMul, mx.Reduce)) and strength < ATOM
    return Fence(made) if product or strength < PRODUCT else made


def _listed(scalars: Sequence[mx.Node]) -> Layout:
    if len(scalars) == 1:
        return _made(scalars[0])[0]
    return _side_by_side(*[_at(s, PRODUCT) for s in scalars])


def _scales(node: mx.Node, place: int) -> bool:
    """Whether it is a vector along the rows (0) or columns (1) of a matrix."""
    return isinstance(node, mx.Lift) and node.rank == 2 and node.places == (place,)


def _diagonal(node: mx.Node, inverted: bool) -> Layout:
    inner = node.a if isinstance(node, mx.Lift) else node
    made = _call("diag", _made(inner)[0])[0]
    return Script(made, Row((Sign("neg"), Number("1")))) if inverted else made


def _entrywise(
    above: Sequence[mx.Node], below: Sequence[mx.Node], beside: bool
) -> tuple[Layout | None, int]:
    """Arrays multiplied entry by entry."""
    if not above and not below:
        return None, ATOM
    if len(above) == 1 and not below:
        made, strength = _made(above[0])
        if beside and strength < PRODUCT:
            return Fence(made), ATOM
        return made, strength
    out: list[Layout] = []
    for a in above:
        out += [Sign("odot"), _at(a, SCRIPT)] if out else [_at(a, SCRIPT)]
    if not out:
        out.append(ONES)
    for b in below:
        out += [Sign("oslash"), _at(b, SCRIPT)]
    row = Row(tuple(out))
    return (Fence(row), ATOM) if beside else (row, ENTRYWISE)


def _set_compare(node: mx.Compare) -> Made:
    inside = Row((_made(node.left)[0], Sign(node.op), _made(node.right)[0]))
    return Fence(inside, "["), ATOM


def _set_where(node: mx.Where) -> Made:
    return _call("where", *[_made(p)[0] for p in node.parts])


def _set_matmul(node: mx.MatMul) -> Made:
    left = _at(node.a, PRODUCT)
    if node.a.rank == 1:
        left = _turned(*_made(node.a))
    right = _at(node.b, PRODUCT)
    return _side_by_side(left, right), PRODUCT


def _set_outer(node: mx.Outer) -> Made:
    return _side_by_side(_at(node.a, PRODUCT), _turned(*_made(node.b))), PRODUCT


def _set_transpose(node: mx.Transpose) -> Made:
    return _turned(*_made(node.a)), SCRIPT


def _set_diag(node: mx.Diag) -> Made:
    return _call("diag", _made(node.a)[0])


def _set_diagof(node: mx.DiagOf) -> Made:
    return _call("diag", _made(node.a)[0])


def _set_trace(node: mx.Trace) -> Made:
    return _call("tr", _made(node.a)[0])


def _set_lift(node: mx.Lift) -> Made:
    if not node.a.rank:
        return _side_by_side(_at(node.a, PRODUCT), *_pair(node.shape)), PRODUCT
    if node.places == (0,):
        return _side_by_side(_at(node.a, PRODUCT), Script(ONES, TOP)), PRODUCT
    return _side_by_side(ONES, _turned(*_made(node.a))), PRODUCT


def _pair(shape: Sequence[Any]) -> list[Layout]:
    return [ONES] if len(shape) == 1 else [ONES, Script(ONES, TOP)]


def _set_full(node: mx.Full) -> Made:
    return _made(node.a)


def _set_reduce(node: mx.Reduce) -> Made:
    if node.a.rank > 2:
        raise _Unwritten
    if node.kind != "sum":
        name = _UNITS[node.kind]
        along = "" if node.axis is None else ("rows", "columns")[1 - node.axis]
        return _call(f"{along[:3]}{name}" if along else name, _made(node.a)[0])
    if node.axis is None and node.a.rank == 2:
        pair = _two_matrices(node.a)
        if pair is not None:
            a, b = pair
            return _call("tr", _side_by_side(_turned(*_made(a)), _at(b, PRODUCT)))
        return _side_by_side(Script(ONES, TOP), _at(node.a, PRODUCT), ONES), PRODUCT
    if node.axis is None:
        return _side_by_side(Script(ONES, TOP), _at(node.a, PRODUCT)), PRODUCT
    if node.axis == 1:
        return _side_by_side(_at(node.a, PRODUCT), ONES), PRODUCT
    return _side_by_side(_turned(*_made(node.a)), ONES), PRODUCT


def _two_matrices(node: mx.Node) -> tuple[mx.Node, mx.Node] | None:
    """A and B where the node is A ⊙ B."""
    if isinstance(node, mx.Power) and isinstance(node.exponent, mx.Scalar):
        return (node.base, node.base) if node.exponent.term == 2 else None
    if isinstance(node, mx.Times) and len(node.above) == 2 and not node.below:
        a, b = node.above
        if a.rank == b.rank == 2 and not isinstance(a, mx.Lift) and not isinstance(b, mx.Lift):
            return a, b
    return None


def _set_einsum(node: mx.Einsum) -> Made:
    raise _Unwritten
