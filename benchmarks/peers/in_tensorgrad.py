"""The jobs in tensorgrad, as its README and its own functions write them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from fractions import Fraction
from importlib.metadata import version
from typing import Any

import numpy
import sympy
import tensorgrad as tg
import tensorgrad.functions as F
from programs import Program, Unsaid, each_item, serve
from tensorgrad.extras.to_index import to_index
from tensorgrad.tensor import Rename

Data = Mapping[str, Any]
K, N, M, D, C = sympy.symbols("K N M D C")


class Stated:
    """A loss with its arrays, and the answer when it is there."""

    def __init__(self, loss: Any, **arrays: Any) -> None:
        self.loss, self.arrays, self.answer = loss, arrays, loss

    def by(self, *names: str, expand: bool = True) -> Stated:
        for name in names:
            self.answer = self.answer.grad(self.arrays[name])
        self.answer = self.answer.full_simplify(expand)
        return self


def cross_entropy(fused: bool) -> Stated:
    """As the README writes it, or by the library's own cross-entropy of logits."""
    z, y = tg.Variable("z", i=K), tg.Variable("y", i=K)
    y = y.with_eq_constraint(F.sum(y, ["i"]), 1)
    if fused:
        return Stated(F.cross_entropy(z, y, "i"), z=z, y=y)
    e = F.exp(z)
    return Stated(-y @ F.log(e / F.sum(e)), z=z, y=y)


def layernorm(data: Data) -> Stated:
    x, g, eps = tg.Variable("x", d=D), tg.Variable("g", d=D), tg.Variable("eps")
    centred = x - F.mean(x, "d", keepdims=True)
    spread = F.sqrt(F.mean(centred * centred, "d", keepdims=True) + eps)
    return Stated(F.sum(g * (centred / spread)), x=x, g=g, eps=eps).by("x")


def attention(wrt: str) -> Any:
    """Scaled dot-product attention; the scale is a scalar r that stands for 1/sqrt(D)."""

    def run(data: Data) -> Stated:
        q, keys = tg.Variable("Q", n=N, d=D), tg.Variable("K", m=M, d=D)
        v, g, r = tg.Variable("V", m=M, c=C), tg.Variable("G", n=N, c=C), tg.Variable("r")
        share = F.softmax(F.dot(q, keys, "d") * r, "m")
        loss = F.sum(g * F.dot(share, v, "m"))
        # expanded or not the answer is the same, and not expanding takes half the time
        return Stated(loss, Q=q, K=keys, V=v, G=g, r=r).by(wrt, expand=False)

    return run


def show(stated: Stated) -> str:
    return str(to_index(stated.answer))


def nodes(stated: Stated) -> int:
    return count(stated.answer)


def count(t: Any) -> int:
    inner = [t.tensor] if hasattr(t, "tensor") else []
    for kind in ("factors", "terms", "inputs"):
        inner.extend(getattr(t, kind, ()))
    return 1 + sum(map(count, inner))


def values(*axes: str) -> Any:
    """The answer's entries, evaluated here: its own evaluation needs an older PyTorch."""

    def at(stated: Stated, data: Data) -> list[float]:
        arrays = {n: numpy.array(a, dtype=float) for n, a in data["arrays"].items()}
        arrays["r"] = numpy.array(data["sizes"].get("D", 1) ** -0.5)
        found, edges = evaluated(stated.answer, arrays, data["sizes"])
        order = sorted(edges, key=lambda e: (axes.index(e.rstrip("_")), e))
        return [float(x) for x in found.transpose([edges.index(e) for e in order]).ravel()]

    return at


def evaluated(t: Any, arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    """A tensor as an array and the names of its axes."""
    edges = list(t.edges)
    if isinstance(t, tg.Variable):
        return arrays[t.name], edges
    if isinstance(t, Rename):
        found, inner = evaluated(t.tensor, arrays, sizes)
        return found, [t.mapping.get(e, e) for e in inner]
    if isinstance(t, tg.Delta):
        size = sizes[t.size.name]
        grid = numpy.indices([size] * len(edges))
        equal = (grid == grid[:1]).all(axis=0) if edges else numpy.array(size)
        return equal.astype(float), edges
    if isinstance(t, tg.Zero):
        return numpy.zeros([sizes[s.name] for s in t.shape.values()]), edges
    if isinstance(t, tg.Sum):
        total = 0.0
        for part, weight in zip(t.terms, t.weights, strict=True):
            found, inner = evaluated(part, arrays, sizes)
            total = total + float(weight) * found.transpose([inner.index(e) for e in edges])
        return total, edges
    if isinstance(t, tg.Product):
        letters: dict[str, int] = {}
        told: list[Any] = []
        for part in t.factors:
            found, inner = evaluated(part, arrays, sizes)
            told += [found, [letters.setdefault(e, len(letters)) for e in inner]]
        if not told:
            return numpy.array(1.0), edges
        return numpy.einsum(*told, [letters[e] for e in edges]), edges
    if isinstance(t, tg.Function) and len(t.inputs) == 1:
        found, inner = evaluated(t.inputs[0], arrays, sizes)
        return elementwise(t.signature)(found), inner
    raise Unsaid(type(t).__name__)


def elementwise(signature: Any) -> Any:
    if hasattr(signature, "alpha"):
        return lambda x: float(signature.alpha) * elementwise(signature.inner)(x)
    if hasattr(signature, "k"):
        return lambda x: x ** float(signature.k)
    return {"exp": numpy.exp, "log": numpy.log, "tanh": numpy.tanh}[signature.name]


# -- the corpus -----------------------------------------------------------------------------


class Saying:
    """Trees of ``benchmarks/trees.py`` as tensors: an index is an edge of its name."""

    def __init__(self, data: Data) -> None:
        self.definitions = data["definitions"]
        self.variables: dict[str, Any] = {}
        self.shapes = data["shapes"]

    def size(self, name: Any) -> Any:
        if isinstance(name, int):
            raise Unsaid("a size that is a number")
        return sympy.Symbol(name)

    def variable(self, name: str) -> Any:
        if name not in self.variables:
            edges = {f"s{k}": self.size(s) for k, s in enumerate(self.shapes[name])}
            self.variables[name] = tg.Variable(name, **edges)
        return self.variables[name]

    def element(self, name: str, slots: list[Any]) -> Any:
        if any(not isinstance(s, str) for s in slots):
            raise Unsaid("an entry at a fixed place")
        if name in self.definitions:
            letters, body = self.definitions[name]
            found = self.say(body)
            places = list(letters)
            for letter in set(letters) - set(found.edges):
                size = self.shapes[name][letters.index(letter)]
                found = found @ tg.Ones(**{letter: self.size(size)})
        else:
            found = self.variable(name)
            places = [f"s{k}" for k in range(len(slots))]
        aside = {p: f"{p}_aside{k}" for k, p in enumerate(places)}
        found = found.rename(**aside)
        joined: dict[str, list[str]] = {}
        for p, s in zip(places, slots, strict=True):
            joined.setdefault(s, []).append(aside[p])
        for letter, edges in joined.items():
            if len(edges) > 1:
                found = found @ tg.Delta(found.shape[edges[0]], *edges, letter)
            else:
                found = found.rename(**{edges[0]: letter})
        return found

    def say(self, t: Any) -> Any:
        head, *rest = t
        if head == "number":
            return tg.Product([]) * Fraction(*rest)
        if head == "size":
            return tg.Delta(self.size(rest[0]))
        if head == "element":
            return self.element(*rest)
        if head == "sum":
            body, letter, size, guard = rest
            inner = self.say(body)
            if guard != ["all"]:
                inner = inner * self.guard(guard)
            if letter not in inner.edges:
                return inner @ tg.Delta(self.size(size))
            return F.sum(inner, [letter])
        if head == "add":
            total, *more = map(self.say, rest)
            for part in more:
                total = total + part
            return total
        if head == "mul":
            total, *more = map(self.say, rest)
            for part in more:
                total = total * part
            return total
        if head == "power":
            base, exponent = rest
            if exponent[0] != "number":
                raise Unsaid("a power that is no number")
            return F.pow(self.say(base), Fraction(*exponent[1:]))
        if head == "softplus":
            return F.log(1 + F.exp(self.say(rest[0])))
        if head in ("exp", "log", "tanh", "sigmoid", "relu", "abs", "sign", "erf"):
            return getattr(F, head)(self.say(rest[0]))
        raise Unsaid(f"`{head}`")

    def guard(self, c: Any) -> Any:
        head, *rest = c
        if head == "!=" and all(isinstance(s, str) for s in rest):
            raise Unsaid("a sum under a condition")
        raise Unsaid("a sum under a condition")


def item(data: Data) -> dict[str, Any]:
    """One gradient of the corpus, simplified in full; checked against autograd."""
    saying = Saying(data)
    loss = saying.say(data["definitions"][data["objective"]][1])
    start = time.process_time()
    found = loss
    for name, _ in data["wrt"]:
        if name not in saying.variables:
            raise Unsaid("a derivative by a defined name")
        found = found.grad(saying.variables[name])
    found = found.full_simplify()
    return {"seconds": time.process_time() - start, "nodes": count(found)}


def network(data: Data) -> dict[str, Any]:
    """A dense network's gradient by its first weights; layers of their own widths."""
    layers = data["layers"]
    width = [sympy.Symbol(f"H{k}") for k in range(layers + 1)]
    batch, classes = sympy.symbols("B Kc")
    below = tg.Variable("x", b=batch, h0=width[0])
    first = None
    for k in range(1, layers + 1):
        weights = tg.Variable(f"W{k}", **{f"h{k}": width[k], f"h{k - 1}": width[k - 1]})
        first = first or weights
        shift = tg.Variable(f"c{k}", **{f"h{k}": width[k]})
        below = F.tanh(F.dot(below, weights, f"h{k - 1}") + shift)
    last = tg.Variable("V", k=classes, **{f"h{layers}": width[layers]})
    y = tg.Variable("y", b=batch, k=classes)
    y = y.with_eq_constraint(F.sum(y, ["k"]), tg.Ones(b=batch))
    loss = F.sum(F.cross_entropy(F.dot(below, last, f"h{layers}"), y, "k"))
    start = time.process_time()
    found = loss.grad(first).full_simplify(False)
    return {"seconds": time.process_time() - start, "nodes": count(found)}


PROGRAMS = {
    "flagship": Program(lambda _: cross_entropy(False).by("z"), show, values("i"), nodes),
    "flagship-fused": Program(lambda _: cross_entropy(True).by("z"), show, values("i"), nodes),
    "hessian": Program(lambda _: cross_entropy(False).by("z", "z"), show, values("i"), nodes),
    "hessian-fused": Program(lambda _: cross_entropy(True).by("z", "z"), show, values("i"), nodes),
    "layernorm": Program(layernorm, show, values("d"), nodes),
    "attention-queries": Program(attention("Q"), show, values("n", "d"), nodes),
    "attention-keys": Program(attention("K"), show, values("m", "d"), nodes),
    "attention-values": Program(attention("V"), show, values("m", "c"), nodes),
    "items": Program(each_item(item)),
    "network": Program(network),
}

if __name__ == "__main__":
    serve(PROGRAMS, version("tensorgrad"))
