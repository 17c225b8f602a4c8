"""A matrix expression as a NumPy expression: it runs with the arrays, the sizes and ``np``."""

from __future__ import annotations

import keyword
from typing import Any

from derivation.matrix.nodes import (
    Compare,
    Diag,
    DiagOf,
    Einsum,
    Eye,
    Full,
    Leaf,
    Lift,
    Map,
    Mask,
    MatMul,
    Node,
    OneHot,
    Ones,
    Outer,
    Plus,
    Power,
    Range,
    Reduce,
    Scalar,
    Times,
    Trace,
    Transpose,
    Where,
    times,
)
from derivation.matrix.translate import is_negative
from derivation.terms import HALF, PI, Mul, Pow, Size, is_number, number, value_of

_CALLS = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "max": "maximum", "min": "minimum",
}  # fmt: skip
SUM, PRODUCT, SIGNED, POWER, ATOM = range(5)


def numpy_name(name: str) -> str:
    """The name as Python can say it (``lambda`` is a reserved word)."""
    return f"{name}_" if keyword.iskeyword(name) or name == "np" else name


def numpy_text(node: Node) -> str:
    """The NumPy expression of a matrix expression.

    >>> from derivation.terms import size
    >>> n, d = size("N"), size("D")
    >>> x, w = Leaf((n, d), "X", (None, None)), Leaf((d,), "w", (None,))
    >>> numpy_text(MatMul((n,), x, w))
    'X @ w'
    """
    return _text(node)[0]


def _at(node: Node, need: int) -> str:
    text, strength = _text(node)
    return text if strength >= need else f"({text})"


def _text(node: Node) -> tuple[str, int]:
    made: Any = globals()[f"_write_{type(node).__name__.lower()}"]
    out: tuple[str, int] = made(node)
    return out


def _write_leaf(node: Leaf) -> tuple[str, int]:
    name = numpy_name(node.name)
    if all(p is None for p in node.picks):
        return name, ATOM
    inside = ", ".join(":" if p is None else str(p - 1) for p in node.picks)
    while inside.endswith(", :"):
        inside = inside[:-3]
    return f"{name}[{inside}]", ATOM


def _write_scalar(node: Scalar) -> tuple[str, int]:
    return _scalar(node.term)


def _scalar(t: Any) -> tuple[str, int]:
    if is_number(t):
        value = value_of(t)
        strength = ATOM if value.denominator == 1 and value >= 0 else SIGNED
        return str(value), strength if value.denominator == 1 else PRODUCT
    if t == PI:
        return "np.pi", ATOM
    if isinstance(t, Size):
        return numpy_name(str(t.name)), ATOM
    if isinstance(t, Pow):
        if t.args[1] == HALF:
            return f"np.sqrt({_scalar(t.args[0])[0]})", ATOM
        base, exponent = (_scalar(a) for a in t.args)
        left = base[0] if base[1] == ATOM else f"({base[0]})"
        right = exponent[0] if exponent[1] >= SIGNED else f"({exponent[0]})"
        if not is_number(t.args[0]):
            left = f"float({base[0]})" if right.startswith("-") else left
        return f"{left}**{right}", POWER
    if isinstance(t, Mul):
        return "*".join(f"({_scalar(a)[0]})" for a in t.args), PRODUCT
    return "+".join(f"({_scalar(a)[0]})" for a in t.args), SUM


def _write_ones(node: Ones) -> tuple[str, int]:
    if len(node.shape) == 1:
        return f"np.ones({_scalar(node.shape[0])[0]})", ATOM
    return f"np.ones({_tuple(node.shape)})", ATOM


def _tuple(shape: tuple[Any, ...]) -> str:
    return f"({', '.join(_scalar(s)[0] for s in shape)})"


def _write_eye(node: Eye) -> tuple[str, int]:
    return f"np.eye({_scalar(node.shape[0])[0]})", ATOM


def _write_range(node: Range) -> tuple[str, int]:
    return f"np.arange(1, {_scalar(node.shape[0])[0]} + 1)", ATOM


def _write_mask(node: Mask) -> tuple[str, int]:
    n = _scalar(node.shape[0])[0]
    if node.op == "!=":
        return f"1 - np.eye({n})", SUM
    lower = {">=": "", ">": ", k=-1"}
    if node.op in lower:
        shift = lower[node.op]
        return f"np.tri({n}{shift})", ATOM
    shift = {"<=": "", "<": ", k=-1"}[node.op]
    return f"np.tri({n}{shift}).T", ATOM


def _write_onehot(node: OneHot) -> tuple[str, int]:
    return f"np.eye({_scalar(node.shape[-1])[0]})[{_at(node.label, SUM)} - 1]", ATOM


def _write_map(node: Map) -> tuple[str, int]:
    args = [_text(a)[0] for a in node.args]
    if node.function == "sigmoid":
        inner = node.args[0]
        opposite = _text(_positive(inner))[0] if is_negative(inner) else f"-{_at(inner, POWER)}"
        return f"1 / (1 + np.exp({opposite}))", PRODUCT
    if node.function == "softplus":
        return f"np.logaddexp(0, {args[0]})", ATOM
    if node.function == "relu":
        return f"np.maximum({args[0]}, 0)", ATOM
    return f"np.{_CALLS.get(node.function, node.function)}({', '.join(args)})", ATOM


def _write_power(node: Power) -> tuple[str, int]:
    if isinstance(node.exponent, Scalar) and node.exponent.term == HALF:
        return f"np.sqrt({_text(node.base)[0]})", ATOM
    return f"{_at(node.base, ATOM)}**{_at(node.exponent, POWER)}", POWER


def _write_plus(node: Plus) -> tuple[str, int]:
    out = _at(node.terms[0], SUM)
    for t in node.terms[1:]:
        if is_negative(t):
            said = _at(_positive(t), PRODUCT)
            out += f" - {said}"
        else:
            out += f" + {_at(t, PRODUCT)}"
    return out, SUM


def _positive(node: Node) -> Node:
    if isinstance(node, Scalar):
        return Scalar((), -node.term)
    if isinstance(node, Times):
        return times(node.shape, [_positive(node.above[0]), *node.above[1:]], node.below)
    return node


def _write_times(node: Times) -> tuple[str, int]:
    """Factors in order; a product with ``@`` leads, so that it needs no brackets."""
    sign, above, below = "", list(node.above), []
    first = above[0] if above else None
    if isinstance(first, Scalar) and is_number(first.term):
        value = value_of(first.term)
        above.pop(0)
        sign = "-" if value < 0 else ""
        value = abs(value)
        if value.numerator != 1:
            above.insert(0, Scalar((), number(value.numerator)))
        if value.denominator != 1:
            below.append(str(value.denominator))
    below += [_at(b, POWER) for b in node.below]
    leading = bool(above) and isinstance(above[0], MatMul)
    numeric = any(not isinstance(a, Compare) for a in above)
    parts = []
    for k, a in enumerate(above):
        if isinstance(a, Compare) and numeric:
            parts.append(_comparison(a))
        else:
            leads = k == 0 and (not leading or len(above) == 1)
            parts.append(_at(a, PRODUCT if leads else SIGNED))
    out = " * ".join(parts) or "1"
    out = " / ".join([out, *below])
    strength = PRODUCT if len(above) + len(below) > 1 or not above else SIGNED
    if not sign:
        return out, PRODUCT
    return f"-{out}" if strength == PRODUCT or not parts[0].startswith(
        "-"
    ) else f"-({out})", PRODUCT


def _write_compare(node: Compare) -> tuple[str, int]:
    """Numbers, not truth values: those would add up to True, and cannot be subtracted."""
    return f"1.0 * {_comparison(node)}", PRODUCT


def _comparison(node: Compare) -> str:
    return f"({_at(node.left, SUM)} {node.op} {_at(node.right, SUM)})"


def _write_where(node: Where) -> tuple[str, int]:
    condition = _text(node.condition)[0]
    if isinstance(node.condition, (Eye, Mask)):
        condition = f"{_at(node.condition, PRODUCT)} == 1"
    elif isinstance(node.condition, Compare):
        condition = _comparison(node.condition)[1:-1]
    return f"np.where({condition}, {_text(node.yes)[0]}, {_text(node.no)[0]})", ATOM


def _write_matmul(node: MatMul) -> tuple[str, int]:
    """A chain is read from the left; brackets stay where that would cost more."""
    left = _at(node.a, SIGNED) if not isinstance(node.a, MatMul) else _text(node.a)[0]
    if isinstance(node.a, MatMul) and _text(node.a)[1] < PRODUCT:
        left = f"({left})"
    right = _at(node.b, SIGNED)
    if isinstance(node.b, MatMul) and node.a.rank == 1 and node.b.b.rank == 1:
        right = _text(node.b)[0]
    return f"{left} @ {right}", PRODUCT


def _write_outer(node: Outer) -> tuple[str, int]:
    return f"np.outer({_text(node.a)[0]}, {_text(node.b)[0]})", ATOM


def _write_transpose(node: Transpose) -> tuple[str, int]:
    return f"{_at(node.a, ATOM)}.T", ATOM


def _write_diag(node: Diag) -> tuple[str, int]:
    return f"np.diag({_text(node.a)[0]})", ATOM


def _write_diagof(node: DiagOf) -> tuple[str, int]:
    return f"np.diag({_text(node.a)[0]})", ATOM


def _write_trace(node: Trace) -> tuple[str, int]:
    return f"np.trace({_text(node.a)[0]})", ATOM


def _write_lift(node: Lift) -> tuple[str, int]:
    rank = len(node.shape)
    if isinstance(node.a, Reduce) and node.a.axis is not None and node.a.a.rank == rank:
        left = tuple(k for k in range(rank) if k != node.a.axis)
        if left == node.places:
            kind = node.a.kind
            return f"np.{kind}({_text(node.a.a)[0]}, axis={node.a.axis}, keepdims=True)", ATOM
    inside = ", ".join(":" if k in node.places else "None" for k in range(rank))
    return f"{_at(node.a, ATOM)}[{inside}]", ATOM


def _write_full(node: Full) -> tuple[str, int]:
    return f"np.broadcast_to({_text(node.a)[0]}, {_tuple(node.shape)})", ATOM


def _write_reduce(node: Reduce) -> tuple[str, int]:
    inside = _text(node.a)[0]
    axis = "" if node.axis is None else f", axis={node.axis}"
    return f"np.{node.kind}({inside}{axis})", ATOM


def _write_einsum(node: Einsum) -> tuple[str, int]:
    letters = f"{','.join(node.inputs)}->{node.output}"
    factors = ", ".join(_text(f)[0] for f in node.factors)
    return f'np.einsum("{letters}", {factors})', ATOM
