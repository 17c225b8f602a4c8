"""The jobs in SymPy, by the recipes that someone who knows it well would use."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from typing import Any

import sympy
from programs import Program, Unsaid, each_item, serve
from sympy import IndexedBase, Sum, diff, exp, log, refine, simplify, sqrt, symbols

Data = Mapping[str, Any]
i, j, k, l, n, m = symbols("i j k l n m", integer=True)  # noqa: E741
a, b, c, d = symbols("a b c d", integer=True)
K, N, M, D, C = symbols("K N M D C", integer=True, positive=True)


def flagship(data: Data) -> Any:
    y, z = IndexedBase("y"), IndexedBase("z")
    loss = -Sum(y[i] * log(exp(z[i]) / Sum(exp(z[k]), (k, 1, K))), (i, 1, K))
    found = simplify(diff(loss, z[j]).doit())
    return refine(found.subs(Sum(y[i], (i, 1, K)), 1), sympy.Q.positive(K))


def hessian(data: Data) -> Any:
    y, z = IndexedBase("y"), IndexedBase("z")
    loss = -Sum(y[i] * log(exp(z[i]) / Sum(exp(z[k]), (k, 1, K))), (i, 1, K))
    first = simplify(diff(loss, z[j]).doit()).subs(Sum(y[i], (i, 1, K)), 1)
    return simplify(diff(first, z[l]).doit())


def layernorm(data: Data) -> Any:
    x, g, eps = IndexedBase("x"), IndexedBase("g"), symbols("eps", positive=True)
    mean = Sum(x[k], (k, 1, D)) / D
    spread = sqrt(Sum((x[k] - mean.subs(k, l)) ** 2, (k, 1, D)) / D + eps)
    loss = Sum(g[i] * (x[i] - mean) / spread, (i, 1, D))
    return simplify(diff(loss, x[j]).doit())


def attention(wrt: str) -> Any:
    def run(data: Data) -> Any:
        q, keys, v, g = map(IndexedBase, ("Q", "K", "V", "G"))

        def weight(row: Any, column: Any, bound: Any) -> Any:
            return exp(Sum(q[row, bound] * keys[column, bound], (bound, 1, D)) / sqrt(D))

        share = weight(n, m, d) / Sum(weight(n, l, k), (l, 1, M))
        loss = Sum(g[n, c] * Sum(share * v[m, c], (m, 1, M)), (n, 1, N), (c, 1, C))
        return simplify(diff(loss, {"Q": q, "K": keys, "V": v}[wrt][a, b]).doit())

    return run


def values(name: str, free: str, sizes: str) -> Any:
    """The answer at numbers: sizes put in, sums written out, arrays replaced."""

    def at(answer: Any, data: Data) -> list[float]:
        lengths = {s: data["sizes"][s.name] for s in (K, N, M, D, C) if s.name in data["sizes"]}
        letters = symbols(" ".join(free), integer=True, seq=True)
        out = []
        for place in itertools.product(*[range(1, data["sizes"][s] + 1) for s in sizes]):
            swap = dict(zip(letters, place, strict=True))
            entry = answer.subs(lengths).subs(swap).doit()
            entry = entry.replace(
                lambda t: isinstance(t, sympy.Indexed), lambda t: entry_of(t, data)
            )
            entry = entry.subs({symbols("eps", positive=True): data["arrays"].get("eps", 0)})
            out.append(float(entry.doit()))
        return out

    return at


def entry_of(t: Any, data: Data) -> Any:
    found = data["arrays"][str(t.base.label)]
    for place in t.indices:
        found = found[int(place) - 1]
    return sympy.Float(found)


def nodes(answer: Any) -> int:
    return sum(1 for _ in sympy.preorder_traversal(answer))


# -- explicit sizes -------------------------------------------------------------------------


def explicit(data: Data) -> Any:
    """One entry of the flagship's gradient at K scalars, as it comes and simplified."""
    size = data["K"]
    z, y = symbols(f"z:{size}"), symbols(f"y:{size}")
    total = sum(map(exp, z))
    loss = -sum(t * log(exp(s) / total) for s, t in zip(z, y, strict=True))
    found = diff(loss, z[0])
    return found if data["raw"] else simplify(found)


def unrolled(t: Any, at: Mapping[str, int], data: Data) -> Any:
    """A tree of ``benchmarks/trees.py`` at explicit sizes, every sum written out."""
    head, *rest = t
    if head == "number":
        return sympy.Rational(*rest)
    if head == "pi":
        return sympy.pi
    if head == "size":
        return sympy.Integer(data["sizes"][rest[0]])
    if head == "element":
        name, slots = rest
        places = tuple(at[s] if isinstance(s, str) else s for s in slots)
        if name in data["definitions"]:
            letters, body = data["definitions"][name]
            return unrolled(body, dict(zip(letters, places, strict=True)), data)
        return sympy.Symbol("_".join([name, *map(str, places)]), real=True)
    if head == "delta":
        return sympy.Integer(int(len({at[s] if isinstance(s, str) else s for s in rest}) == 1))
    if head in ("sum", "prod", "max", "min"):
        body, letter, size, guard = rest
        terms = []
        for value in range(1, data["sizes"].get(size, size) + 1):
            here = {**at, letter: value}
            if holds(guard, here, data):
                terms.append(unrolled(body, here, data))
        heads = {"sum": sympy.Add, "prod": sympy.Mul, "max": sympy.Max, "min": sympy.Min}
        return heads[head](*terms)
    if head == "if":
        condition, yes, no = rest
        told = holds(condition, at, data)
        if isinstance(told, bool):
            return unrolled(yes if told else no, at, data)
        return sympy.Piecewise((unrolled(yes, at, data), told), (unrolled(no, at, data), True))
    inner = [unrolled(s, at, data) for s in rest]
    if head == "sigmoid":
        return 1 / (1 + exp(-inner[0]))
    if head == "softplus":
        return log(1 + exp(inner[0]))
    if head == "relu":
        return sympy.Max(inner[0], 0)
    heads = {"add": sympy.Add, "mul": sympy.Mul, "power": sympy.Pow, "abs": sympy.Abs,
             "max2": sympy.Max, "min2": sympy.Min, "lgamma": sympy.loggamma}  # fmt: skip
    made = heads.get(head) or getattr(sympy, head, None)
    if made is None:
        raise Unsaid(head)
    return made(*inner)


def holds(c: Any, at: Mapping[str, int], data: Data) -> Any:
    """Whether a condition holds at these places; a SymPy relation if it is about values."""
    head, *rest = c
    if head == "all":
        return all(holds(p, at, data) for p in rest)
    if head == "any":
        return any(holds(p, at, data) for p in rest)
    if head == "not":
        return not holds(rest[0], at, data)
    left, right = (at[s] if isinstance(s, str) else unrolled(s, at, data) for s in rest)
    names = {"==": sympy.Eq, "!=": sympy.Ne, "<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt,
             ">=": sympy.Ge}  # fmt: skip
    told = names[head](left, right)
    return bool(told) if told in (sympy.true, sympy.false) else told


def item(data: Data) -> dict[str, Any]:
    """One gradient of the corpus at explicit sizes: one entry, simplified."""
    name = data["objective"]
    letters, body = data["definitions"][name]
    at = dict.fromkeys(letters, 1)
    loss = unrolled(body, at, data)
    variables = []
    for which, (array, slots) in enumerate(data["wrt"]):
        places = [
            s if isinstance(s, int) else 1 + which * (data["wrt"][0][0] == array) for s in slots
        ]
        variables.append(sympy.Symbol("_".join([array, *map(str, places)]), real=True))
    start = time.process_time()
    found = loss
    for v in variables:
        found = diff(found, v)
    raw = time.process_time() - start
    short = simplify(found)
    return {"raw": raw, "seconds": time.process_time() - start,
            "nodes": nodes(short), "raw_nodes": nodes(found)}  # fmt: skip


PROGRAMS = {
    "flagship": Program(flagship, str, values("z", "j", "K"), nodes),
    "hessian": Program(hessian, str, values("z", "jl", "KK"), nodes),
    "layernorm": Program(layernorm, str, values("x", "j", "D"), nodes),
    "attention-queries": Program(attention("Q"), str, values("Q", "ab", "ND"), nodes),
    "attention-keys": Program(attention("K"), str, values("K", "ab", "MD"), nodes),
    "attention-values": Program(attention("V"), str, values("V", "ab", "MC"), nodes),
    "explicit": Program(explicit),
    "items": Program(each_item(item)),
}

if __name__ == "__main__":
    serve(PROGRAMS, sympy.__version__)
