"""Softmax and log-softmax where a library has them ready."""

from __future__ import annotations

from derivation.codegen.nodes import Axis, Node, add, key, rebuilt


def native(n: Node) -> Node:
    """The node with softmaxes and log-softmaxes over one axis said as such."""
    n = rebuilt(n, native)
    found = _softmax(n) or _log_softmax(n)
    return found if found is not None else n


def _softmax(n: Node) -> Node | None:
    """``exp(f[j] - max f) / sum(exp(f - max f))``."""
    if n.op != "div":
        return None
    above, below = n.args
    if above.op != "fn" or above.data != "exp" or below.op != "reduce" or below.data[0] != "sum":
        return None
    (axis,) = below.data[1] if len(below.data[1]) == 1 else (None,)
    if axis is None:
        return None
    weights = below.args[0]
    if key(weights)[0] != key(above)[0]:
        return None
    f = _shifted(above.args[0])
    g = _shifted(weights.args[0]) if weights.op == "fn" else None
    if f is None or g is None:
        return None
    here = _axis(g, f, axis)
    if here is None:
        return None
    return Node("softmax", (f,), f.axes, (here,))


def _axis(g: Node, f: Node, axis: Axis) -> Axis | None:
    """The letter that f has where g has the summed axis; None unless all else is the same."""
    (wanted, before), (found, after) = key(g), key(f)
    if wanted != found:
        return None
    pairs = dict(zip(before, after, strict=True))
    if any(a != b for a, b in pairs.items() if a != axis):
        return None
    return pairs.get(axis)


def _shifted(n: Node) -> Node | None:
    """f where the node is f less its own maximum."""
    if n.op != "add":
        return None
    tops = [t for t in n.args if t.op == "neg" and t.args[0].op == "reduce"]
    tops = [t for t in tops if t.args[0].data[0] == "max"]
    if len(tops) != 1:
        return None
    rest = add(*[t for t in n.args if t is not tops[0]])
    inner = tops[0].args[0]
    if len(inner.data[1]) != 1 or key(inner.args[0])[0] != key(rest)[0]:
        return None
    if _axis(inner.args[0], rest, inner.data[1][0]) is None:
        return None
    return rest


def _log_softmax(n: Node) -> Node | None:
    """``f[j] - max f - log(sum(exp(f - max f)))``."""
    if n.op != "add":
        return None
    logs = [t for t in n.args if t.op == "neg" and t.args[0].op == "fn" and t.args[0].data == "log"]
    for t in logs:
        total = t.args[0].args[0]
        if total.op != "reduce" or total.data[0] != "sum" or len(total.data[1]) != 1:
            continue
        weights = total.args[0]
        if weights.op != "fn" or weights.data != "exp":
            continue
        g = _shifted(weights.args[0])
        rest = add(*[s for s in n.args if s is not t])
        f = _shifted(rest)
        if f is None or g is None:
            continue
        here = _axis(g, f, total.data[1][0])
        if here is not None:
            return Node("log_softmax", (f,), f.axes, (here,))
    return None
