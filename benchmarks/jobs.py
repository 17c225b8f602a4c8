"""The jobs that peers are compared on, each with numbers at which any answer can be judged.

The numbers' own answer comes from here: the loss written out in plain Python, its derivatives by
central differences. So nobody's formula is taken as the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

Arrays = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """A gradient.

    Attributes:
        name: As peers' programs call it.
        title: As the table says it.
        loss: The loss of the arrays, in plain Python.
        arrays: Numbers to try it at, and the sizes that they have.
        wrt: The array that it is differentiated by.
        order: 2 for the second derivative.
        published: The length of the formula in the literature, in nodes of the input language.
    """

    name: str
    title: str
    loss: Callable[[Arrays], float]
    arrays: Arrays
    sizes: Mapping[str, int]
    wrt: str
    order: int = 1
    published: str = ""

    def expected(self) -> list[float]:
        """The derivative's entries, by central differences."""
        step = 1e-5 if self.order == 1 else 1e-4

        def slope(function: Callable[[Arrays], float], arrays: Arrays, at: Any) -> float:
            ahead, behind = (
                function({**arrays, self.wrt: moved(arrays[self.wrt], at, by)})
                for by in (step, -step)
            )
            return (ahead - behind) / (2 * step)

        places = list(entries(self.arrays[self.wrt]))
        if self.order == 1:
            return [slope(self.loss, self.arrays, a) for a in places]
        return [
            slope(lambda arrays, a=a: slope(self.loss, arrays, a), self.arrays, b)  # type: ignore[misc]
            for a in places
            for b in places
        ]

    def right(self, values: list[float]) -> bool:
        """Whether these are the derivative's entries."""
        wanted = self.expected()
        near = 1e-6 if self.order == 1 else 1e-4
        return len(values) == len(wanted) and all(
            abs(v - w) <= near * max(1, abs(w)) for v, w in zip(values, wanted, strict=True)
        )


def entries(array: Any) -> Any:
    """The places of a nested list."""
    if not isinstance(array, list):
        yield ()
        return
    for k, part in enumerate(array):
        for rest in entries(part):
            yield (k, *rest)


def moved(array: Any, at: tuple[int, ...], by: float) -> Any:
    """The array with one entry changed."""
    if not at:
        return array + by
    return [moved(a, at[1:], by) if k == at[0] else a for k, a in enumerate(array)]


def softmax(z: list[float]) -> list[float]:
    parts = [exp(v) for v in z]
    return [p / sum(parts) for p in parts]


def cross_entropy(a: Arrays) -> float:
    return -sum(y * log(p) for y, p in zip(a["y"], softmax(a["z"]), strict=True))


def normalised(a: Arrays) -> float:
    x = a["x"]
    mean = sum(x) / len(x)
    spread = sqrt(sum((v - mean) ** 2 for v in x) / len(x) + a["eps"])
    return sum(g * (v - mean) / spread for g, v in zip(a["g"], x, strict=True))


def attended(a: Arrays) -> float:
    total = 0.0
    for query, upstream in zip(a["Q"], a["G"], strict=True):
        scores = [
            sum(q * k for q, k in zip(query, key, strict=True)) / sqrt(len(query)) for key in a["K"]
        ]
        for share, value in zip(softmax(scores), a["V"], strict=True):
            total += share * sum(g * v for g, v in zip(upstream, value, strict=True))
    return total


LOGITS: Arrays = {"z": [0.3, -1.2, 0.7], "y": [0.2, 0.3, 0.5]}
LAYER: Arrays = {"x": [0.4, -1.1, 2.3], "g": [0.7, -0.4, 1.1], "eps": 0.25}
HEADS: Arrays = {
    "Q": [[0.4, -0.9], [1.2, 0.3]],
    "K": [[0.5, 0.1], [-0.7, 0.8], [0.2, -0.6]],
    "V": [[1.1, -0.2], [0.3, 0.9], [-0.8, 0.4]],
    "G": [[0.6, -1.3], [0.2, 0.7]],
}
HEAD_SIZES = {"N": 2, "M": 3, "D": 2, "C": 2}

JOBS = (
    Job("flagship", "softmax + cross-entropy by the logits", cross_entropy, LOGITS, {"K": 3}, "z",
        published="yhat[j] - y[j]"),
    Job("hessian", "its Hessian", cross_entropy, LOGITS, {"K": 3}, "z", 2,
        published="p[j]*(delta(j,l) - p[l])"),
    Job("layernorm", "LayerNorm, vector-Jacobian product", normalised, LAYER, {"D": 3}, "x",
        published="1/s*(g[j] - sum(g[k] for k in D)/D - h[j]*sum(g[k]*h[k] for k in D)/D)"),
    Job("attention-queries", "attention, dQ", attended, HEADS, HEAD_SIZES, "Q",
        published="sum(A[a,m]*(sum(G[a,c]*V[m,c] for c in C) - sum(A[a,l]*sum(G[a,c]*V[l,c] "
        "for c in C) for l in M))*K[m,b] for m in M)/sqrt(D)"),
    Job("attention-keys", "attention, dK", attended, HEADS, HEAD_SIZES, "K",
        published="sum(A[n,a]*(sum(G[n,c]*V[a,c] for c in C) - sum(A[n,l]*sum(G[n,c]*V[l,c] "
        "for c in C) for l in M))*Q[n,b] for n in N)/sqrt(D)"),
    Job("attention-values", "attention, dV", attended, HEADS, HEAD_SIZES, "V",
        published="sum(A[n,a]*G[n,b] for n in N)"),
)  # fmt: skip


FLAGSHIP_AT = """\
p[i] = exp(z[i])/sum(exp(z[k]) for k in {K})
L = -sum(y[i]*log(p[i]) for i in {K})
given sum(y[i] for i in {K}) == 1
wrt z[j]"""

TEN_LINES = (
    FLAGSHIP_AT.format(K="K")
    + """
= -sum(y[i]*diff(log(p[i]), z[j]) for i in K)
= -sum(y[i]/p[i]*diff(p[i], z[j]) for i in K)
= -sum(y[i]/p[i]*p[i]*(delta(i,j) - p[j]) for i in K)
= -sum(y[i]*(delta(i,j) - p[j]) for i in K)
= -sum(y[i]*delta(i,j) - y[i]*p[j] for i in K)
= -sum(y[i]*delta(i,j) for i in K) + sum(y[i]*p[j] for i in K)
= -y[j] + sum(y[i]*p[j] for i in K)
= -y[j] + p[j]*sum(y[i] for i in K)
= -y[j] + p[j]
= p[j] - y[j]"""
)

MAXIMA = "L: -sum(y[i]*log(exp(z[i])/sum(exp(z[k]),k,1,K)),i,1,K)$ string(diff(L,z[j]));"
