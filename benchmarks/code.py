"""Generated code against what people write, as ratios in one run (below 1: ours is faster).

    python benchmarks/code.py [--quick] [--threads N] [--only CASE] [--sympy]

Gradients of softmax cross-entropy, layer normalisation, attention and logistic regression, up to
10^6 entries: NumPy against NumPy as people write it, stable and with names; PyTorch against
autograd, forward and backward; JAX against ``jit(grad(loss))``, both jitted. The two sides take
turns, and the median of the ratios of neighbours counts, so that what else the machine does falls
on both. Memory is the peak of what NumPy allocates (tracemalloc), ours over theirs. Without
``--threads`` the libraries take as many threads as they like. ``--sympy`` compares with SymPy's own
``lambdify`` at explicit K instead, and shows what either says at z = 1000.
"""

from __future__ import annotations

import os
import pathlib
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

THREADS = int(sys.argv[sys.argv.index("--threads") + 1]) if "--threads" in sys.argv else None
if THREADS is not None:  # the libraries look when they are imported
    for variable in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{variable}_NUM_THREADS"] = str(THREADS)
    if THREADS == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

import numpy as np  # noqa: E402

from derivation import api, library  # noqa: E402
from derivation.codegen import Module  # noqa: E402
from derivation.codegen.calling import load  # noqa: E402
from derivation.codegen.modules import Wanted, assembled  # noqa: E402
from derivation.engine import derive_outcome  # noqa: E402
from derivation.library import entry  # noqa: E402

BATCHED_LAYERNORM = """\
mu[n] = mean(x[n,d] for d in D)
s[n] = sqrt(mean((x[n,d] - mu[n])**2 for d in D) + eps)
h[n,d] = (x[n,d] - mu[n])/s[n]
L = sum(g[n,d]*h[n,d] for n in N for d in D)
given eps > 0
wrt x[m,c]
"""
BATCHED_SOFTMAX = """\
p[n,k] = exp(z[n,k])/sum(exp(z[n,l]) for l in K)
L = -sum(y[n,k]*log(p[n,k]) for n in N for k in K)
given sum(y[n,k] for k in K) == 1
wrt z[m,j]
"""


def softmax_by_hand(z: Any, y: Any) -> Any:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p - y


def layernorm_by_hand(x: Any, eps: float, g: Any) -> Any:
    centred = x - x.mean(axis=-1, keepdims=True)
    s = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps)
    h = centred / s
    return (g - g.mean(axis=-1, keepdims=True) - h * (g * h).mean(axis=-1, keepdims=True)) / s


def attention_by_hand(Q: Any, K: Any, V: Any, G: Any) -> Any:
    scale = 1 / np.sqrt(np.float64(Q.shape[1])).astype(Q.dtype)
    S = Q @ K.T * scale
    e = np.exp(S - S.max(axis=1, keepdims=True))
    A = e / e.sum(axis=1, keepdims=True)
    dA = G @ V.T
    return (A * (dA - (A * dA).sum(axis=1, keepdims=True))) @ K * scale


def logistic_by_hand(w: Any, x: Any, b: float, t: Any) -> Any:
    z = x @ w + b
    e = np.exp(-np.abs(z))
    s = np.where(z >= 0, 1, e) / (1 + e)
    return x.T @ (s - t)


def generated(problem: Any, backend: str, **wanted: bool) -> Callable[..., Any]:
    """The bare generated function, without the checks of ``d.function``."""
    found = [derive_outcome(problem, wrt) for wrt in problem.wrt[:1]]
    module = Module(found, backend)
    kind = Wanted(**wanted)
    lines, used = module.function(kind)
    return load(assembled(module, [lines], used), module.function_name(kind))


def normal(rng: Any, *shape: int) -> Any:
    return rng.standard_normal(shape).astype(np.float32)


def arrays(name: str, entries: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    side = max(2, int(entries**0.5))
    if name.startswith("softmax"):
        shape = (entries,) if name == "softmax-1d" else (side, side)
        y = np.abs(normal(rng, *shape))
        return {"z": normal(rng, *shape), "y": y / y.sum(axis=-1, keepdims=True)}
    if name.startswith("layernorm"):
        shape = (entries,) if name == "layernorm-1d" else (side, side)
        return {"x": normal(rng, *shape), "eps": 1e-5, "g": normal(rng, *shape)}
    if name == "attention":
        return {n: normal(rng, side, 64) for n in "QKVG"}
    columns = min(100, side)
    return {
        "w": normal(rng, columns) / 10,
        "x": normal(rng, entries // columns, columns),
        "b": 0.5,
        "t": (rng.random(entries // columns) < 0.5).astype(np.float32),
    }


def ratio(ours: Callable[[], Any], theirs: Callable[[], Any], seconds: float) -> float:
    """Time of ours over time of theirs, taking turns: the median over neighbours."""
    for run in (ours, theirs, ours, theirs):
        run()
    found: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(found) < 7:
        start = time.perf_counter()
        ours()
        middle = time.perf_counter()
        theirs()
        found.append((middle - start) / (time.perf_counter() - middle))
    return statistics.median(found)


def peak(run: Callable[[], Any]) -> int:
    tracemalloc.start()
    run()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


CASES: dict[str, tuple[Any, Callable[..., Any]]] = {
    "softmax-1d": (lambda: library.load("softmax-cross-entropy"), softmax_by_hand),
    "softmax-2d": (lambda: entry(BATCHED_SOFTMAX), softmax_by_hand),
    "layernorm-1d": (lambda: library.load("layernorm"), layernorm_by_hand),
    "layernorm-2d": (lambda: entry(BATCHED_LAYERNORM), layernorm_by_hand),
    "attention": (lambda: library.load("attention-queries"), attention_by_hand),
    "logistic": (lambda: library.load("logistic-regression"), logistic_by_hand),
}


def torch_ratio(problem: Any, given: dict[str, Any], by: str, seconds: float) -> float:
    import torch

    if THREADS is not None:
        torch.set_num_threads(THREADS)
    ours, loss = generated(problem, "torch"), generated(problem, "torch", loss=True, grad=False)
    tensors = {n: torch.as_tensor(v) for n, v in given.items()}
    leaf = tensors[by].clone().requires_grad_()
    mine = _accepted(ours, tensors)
    theirs = _accepted(loss, {**tensors, by: leaf})

    def autograd() -> Any:
        return torch.autograd.grad(loss(**theirs), leaf)

    a, b = ours(**mine), autograd()[0]
    if not torch.allclose(a, b, rtol=1e-2, atol=1e-3):
        raise AssertionError("the two gradients differ")
    return ratio(lambda: ours(**mine), autograd, seconds)


def jax_ratio(problem: Any, given: dict[str, Any], by: str, seconds: float) -> float:
    import jax

    ours = generated(problem, "jax")
    loss = generated(problem, "jax", loss=True, grad=False)
    inputs = {n: jax.numpy.asarray(v) for n, v in given.items()}
    rest = {n: v for n, v in _accepted(loss, inputs).items() if n != by}
    mine, fast = _accepted(ours, inputs), jax.jit(ours)
    theirs = jax.jit(jax.grad(lambda v, r: loss(**{by: v}, **r)))
    return ratio(
        lambda: fast(**mine).block_until_ready(),
        lambda: theirs(inputs[by], rest).block_until_ready(),
        seconds,
    )


def _accepted(function: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    return {n: given[n] for n in names}


def against_sympy(seconds: float) -> None:
    """SymPy's ``lambdify`` of the gradient of softmax cross-entropy, at explicit K."""
    import sympy

    ours = generated(api.read(CASES["softmax-1d"][0]()), "numpy")
    print(f"{'K':>6} {'ours / lambdify':>16}   at z = 1000: ours, lambdify")
    for k in (4, 16, 64):
        z, y = sympy.symbols(f"z:{k}"), sympy.symbols(f"y:{k}")
        whole = sum(map(sympy.exp, z))
        loss = -sum(b * sympy.log(sympy.exp(a) / whole) for a, b in zip(z, y, strict=True))
        theirs = sympy.lambdify([z, y], [sympy.diff(loss, v) for v in z], "numpy", cse=True)
        given = arrays("softmax-1d", k)
        np.testing.assert_allclose(ours(**given), theirs(given["z"], given["y"]), rtol=1e-4)
        found = ratio(partial(ours, **given), partial(theirs, given["z"], given["y"]), seconds)
        far = np.linspace(1000, -1000, k)
        with np.errstate(all="ignore"):
            values = ours(z=far, y=given["y"]), theirs(far, given["y"])
        said = [bool(np.all(np.isfinite(v))) for v in values]
        words = ["finite" if ok else "nan" for ok in said]
        print(f"{k:6} {found:16.3f}   {words[0]}, {words[1]}", flush=True)


def main() -> None:
    quick = "--quick" in sys.argv
    seconds = 0.2 if quick else 1.0
    if "--sympy" in sys.argv:
        against_sympy(seconds)
        return
    print(f"{'case':14} {'entries':>8} {'numpy':>7} {'memory':>7} {'autograd':>9} {'jax.grad':>9}")
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    for name, (problem_entry, by_hand) in CASES.items():
        if only not in name:
            continue
        problem = api.read(problem_entry())
        by = str(problem.wrt[0][0].args[0])
        for entries in (10**4,) if quick else (10**3, 10**5, 10**6):
            given = arrays(name, entries)
            ours = generated(problem, "numpy")
            mine, theirs = _accepted(ours, given), _accepted(by_hand, given)
            np.testing.assert_allclose(ours(**mine), by_hand(**theirs), rtol=1e-2, atol=1e-3)
            mine, theirs = partial(ours, **mine), partial(by_hand, **theirs)
            row = [ratio(mine, theirs, seconds), peak(mine) / peak(theirs)]
            for other in (torch_ratio, jax_ratio):
                try:
                    row.append(other(problem, given, by, seconds))
                except ImportError:
                    row.append(float("nan"))
            cells = " ".join(f"{r:{w}.2f}" for r, w in zip(row, (7, 7, 9, 9), strict=True))
            print(f"{name:14} {entries:8} {cells}", flush=True)


if __name__ == "__main__":
    main()
