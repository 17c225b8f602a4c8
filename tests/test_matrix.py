# ruff: noqa: E501, UP031
"""Results in matrices, and matrix notation as input.

A table of identities as books print them; each form is proved by the kernel when it is found, and
here also evaluated by NumPy, against the index result entry by entry, and against finite
differences of the objective written in NumPy.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from typing import Any

import pytest

from derivation import api, derive, gradients, library
from derivation.errors import InputError
from derivation.kernel import genuine
from derivation.language import read_problem
from derivation.matrix import NoForm, find_form
from derivation.matrix.nodes import entry
from derivation.matrix.numpy_text import numpy_name
from derivation.printers.formula import LatexDrawing
from derivation.printers.mathml import MathmlDrawing
from derivation.steps import Outcome
from derivation.terms import (
    Add,
    AllOf,
    AnyOf,
    IfElse,
    Index,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    Rational,
    Reduction,
    Relation,
    function_name,
    name_of,
)

np = pytest.importorskip("numpy")

# program, variable, NumPy expression, LaTeX (None where it adds nothing to the text)
IDENTITIES: list[tuple[str, str, str, str | None]] = [
    ("x: N; f = a @ x", "x", "a", None),
    ("A: N by N; f = x.T @ A @ x", "x", "(A + A.T) @ x", None),
    ("A: N by N; f = x.T @ A @ x", "A", "np.outer(x, x)", r"x x^\top"),
    ("A: N by D; f = x.T @ A @ y", "A", "np.outer(x, y)", r"x y^\top"),
    ("A: N by D; f = x.T @ A @ y", "x", "A @ y", None),
    ("A: N by D; f = x.T @ A @ y", "y", "A.T @ x", r"\mathbf{A}^\top x"),
    ("x: N; f = x @ x", "x", "2 * x", None),
    ("X: N by N; f = trace(X)", "X", "np.eye(N)", r"\mathbf{I}"),
    ("A: D by N; f = trace(A @ X)", "X", "A.T", r"\mathbf{A}^\top"),
    ("A: N by D; f = trace(A.T @ X)", "X", "A", None),
    ("X: N by D; f = trace(X.T @ X)", "X", "2 * X", None),
    ("X: N by D; f = trace(X @ X.T)", "X", "2 * X", None),
    ("A: N by D; X: D by K; B: K by N; f = trace(A @ X @ B)", "X", "A.T @ B.T", None),
    ("A: N by N; X: N by D; f = trace(X.T @ A @ X)", "X", "(A + A.T) @ X", None),
    ("A: N by D; B: N by K; f = norm(A @ X - B)**2 / 2", "X", "A.T @ (A @ X - B)", None),
    ("X: N by D; f = norm(X)**2", "X", "2 * X", None),
    ("X: N by D; f = norm(X)", "X", "X / f", None),
    ("x: N; f = norm(x)", "x", "x / f", None),
    ("A: N by D; B: N by D; f = sum(A * B)", "A", "B", None),
    ("X: N by D; A: N by D; f = sum(A * X**2)", "X", "2 * A * X", r"2(\mathbf{A} \odot \mathbf{X})"),
    ("X: N by D; f = sum(X)", "X", "np.ones((N, D))", r"\mathbf{1} \mathbf{1}^\top"),
    ("X: N by D; L = norm(y - X @ w)**2 / 2", "w", "X.T @ (X @ w - y)", None),
    ("X: N by D; L = norm(y - X @ w)**2 / 2", "y", "y - X @ w", None),
    (
        "X: N by D; L = norm(y - X @ w)**2 / 2 + lam*norm(w)**2 / 2",
        "w",
        "X.T @ (X @ w - y) + lam * w",
        None,
    ),
    (
        "X: N by D; c: N; r = y - X @ w; L = sum(c * r**2) / 2",
        "w",
        "-X.T @ (c * r)",
        r"-\mathbf{X}^\top(c \odot r)",
    ),
    (
        "X: N by D; t: N; s = sigmoid(X @ w); L = -sum(t*log(s) + (1 - t)*log(1 - s))",
        "w",
        "X.T @ (s - t)",
        r"\mathbf{X}^\top(s - t)",
    ),
    (
        "X: N by D; T: N by K; W: K by D; P = softmax(X @ W.T + b, axis=1); "
        "L = -sum(T*log(P))/N; given sum(T, axis=1) == 1",
        "W",
        "(P - T).T @ X / N",
        r"\frac{1}{N}(\mathbf{P} - \mathbf{T})^\top \mathbf{X}",
    ),
    (
        "X: N by D; T: N by K; W: K by D; P = softmax(X @ W.T + b, axis=1); "
        "L = -sum(T*log(P))/N; given sum(T, axis=1) == 1",
        "b",
        "np.sum(P - T, axis=0) / N",
        r"\frac{1}{N}(\mathbf{P} - \mathbf{T})^\top \mathbf{1}",
    ),
    (
        "X: N by D; T: N by K; W: D by K; P = softmax(X @ W, axis=1); "
        "L = -sum(T*log(P)); given sum(T, axis=1) == 1",
        "W",
        "X.T @ (P - T)",
        r"\mathbf{X}^\top(\mathbf{P} - \mathbf{T})",
    ),
    ("z: K; p = softmax(z)", "z", "np.diag(p) - np.outer(p, p)", r"\operatorname{diag}(p) - p p^\top"),
    (
        "z: K; y: K; yhat = softmax(z); L = -sum(y*log(yhat)); given sum(y) == 1",
        "z",
        "yhat - y",
        r"\hat{y} - y",
    ),
    ("z: K; p = softmax(z); f = log(sum(exp(z)))", "z", "p", None),
    ("X: N by D; U: H by D; V: K by H; T: N by K; Z = tanh(X @ U.T); L = norm(Z @ V.T - T)**2 / 2",
     "V", "(Z @ V.T - T).T @ Z", None),
    ("X: N by D; U: H by D; V: K by H; T: N by K; Z = tanh(X @ U.T); Y = Z @ V.T; "
     "L = norm(Y - T)**2 / 2",
     "U", "((1 - Z**2) * ((Y - T) @ V)).T @ X", None),
    ("Q: N by D; K: M by D; V: M by C; G: N by C; A = softmax(Q @ K.T / sqrt(D), axis=1); "
     "O = A @ V; L = sum(G * O)", "V", "A.T @ G", r"\mathbf{A}^\top \mathbf{G}"),
    ("Q: N by D; K: M by D; V: M by C; G: N by C; A = softmax(Q @ K.T / sqrt(D), axis=1); "
     "O = A @ V; L = sum(G * O)", "Q",
     "(A * (G @ V.T - np.sum(G * (A @ V), axis=1, keepdims=True))) @ K / np.sqrt(D)", None),
    ("Q: N by D; K: M by D; V: M by C; G: N by C; A = softmax(Q @ K.T / sqrt(D), axis=1); "
     "O = A @ V; L = sum(G * O)", "K",
     "(A * (G @ V.T - np.sum(G * O, axis=1, keepdims=True))).T @ Q / np.sqrt(D)", None),
    ("X: N by D; A: D by D; S = X.T @ X / N; f = trace(A @ S)", "S", "A.T", None),
    ("X: N by D; S = X.T @ X / N; f = trace(S)", "X", "2 * X / N", None),
    ("X: N by D; V: D by M; E = X - X @ V @ V.T; f = norm(E)**2 / 2", "X", "E - E @ (V @ V.T)", None),
    ("P: N by K; f = -sum(P * log(P))", "P", "-(np.log(P) + 1)", None),
    ("x: N; mu: N; v: N; f = sum((x - mu)**2 / v) / 2", "x", "(x - mu) / v", r"(x - \mu) \oslash v"),
    ("x: N; f = sum(exp(x))", "x", "np.exp(x)", None),
    ("x: N; A: K by N; h = A @ x", "x", "A", None),
    ("x: N; f = sum(relu(x))", "x", "1.0 * (x > 0)", None),
    ("x: N; lam: scalar; f = lam * sum(abs(x))", "x", "lam * np.sign(x)", None),
    ("U: N by R; V: M by R; Y: N by M; f = norm(U @ V.T - Y)**2 / 2", "U", "(U @ V.T - Y) @ V", None),
    ("U: N by R; V: M by R; Y: N by M; f = norm(U @ V.T - Y)**2 / 2", "V",
     "(U @ V.T - Y).T @ U", None),
    ("S: D by D; x: D; m: D; given S == S.T; f = (x - m).T @ S @ (x - m) / 2", "x", "S @ (x - m)", None),
]  # fmt: skip


def outcome_of(program: str, wrt: str) -> Outcome:
    return derive(program, wrt=wrt).outcome


# -- numbers --------------------------------------------------------------------------------

_FUNCTIONS: dict[str, Any] = {
    **{n: getattr(math, n) for n in ["exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh"]},
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "softplus": lambda x: math.log(1 + math.exp(x)),
    "relu": lambda x: max(x, 0.0), "abs": abs, "sign": lambda x: float(x > 0) - float(x < 0),
    "max": max, "min": min, "detach": lambda x: x,
}  # fmt: skip
_KINDS: dict[str, Any] = {"SumOver": sum, "ProductOver": math.prod, "MaxOver": max, "MinOver": min}
_OPS: dict[str, Any] = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


class World:
    """Random arrays for a problem's inputs; defined names from their definitions."""

    def __init__(self, outcome: Outcome, seed: int) -> None:
        problem = outcome.problem
        self.random = np.random.default_rng(seed)
        self.sizes = {n: 2 + k % 3 for k, n in enumerate(problem.sizes)}
        self.defined = {**problem.definitions, **{d.name: d for d in outcome.introduced}}
        self.arrays: dict[str, Any] = {}
        for name, shape in problem.shapes.items():
            if name not in self.defined:
                dims = tuple(self.size(s) for s in shape)
                if name in problem.labels:
                    k = self.size(problem.labels[name])
                    self.arrays[name] = self.random.integers(1, k + 1, dims)
                else:
                    self.arrays[name] = self.random.uniform(0.3, 1.7, dims)
        self.settle(problem)

    def settle(self, problem: Any) -> None:
        """The usual givens made true: symmetric matrices, rows that sum to 1."""
        for g in problem.givens:
            if not isinstance(g, Relation) or g.op != "==":
                continue
            left, right = g.left, g.right
            if isinstance(left, Indexed) and isinstance(right, Indexed):
                if left.args[1:] == right.args[:0:-1] and name_of(left) in self.arrays:
                    a = self.arrays[name_of(left)]
                    self.arrays[name_of(left)] = a + a.T
            elif isinstance(left, Reduction) and right == 1 and isinstance(left.body, Indexed):
                name = name_of(left.body)
                axis = left.body.args[1:].index(left.index)
                if name in self.arrays:
                    a = self.arrays[name]
                    self.arrays[name] = a / a.sum(axis=axis, keepdims=True)

    def size(self, s: Any) -> int:
        return int(s) if isinstance(s, Integer) else self.sizes[str(s)]

    def array(self, name: str) -> Any:
        if name not in self.arrays:
            d = self.defined[name]
            self.arrays[name] = self.table(d.body, d.params)
        return self.arrays[name]

    def table(self, t: Any, axes: tuple[Any, ...]) -> Any:
        dims = [self.size(i.size) for i in axes]
        out = np.zeros(dims)
        for at in itertools.product(*[range(1, d + 1) for d in dims]):
            out[tuple(k - 1 for k in at)] = self.value(t, dict(zip(axes, at, strict=True)))
        return out

    def value(self, t: Any, at: Mapping[Any, int]) -> Any:
        if isinstance(t, Index):
            return at[t]
        if isinstance(t, Rational):
            return float(t)
        if isinstance(t, Indexed):
            return self.array(name_of(t))[tuple(int(self.value(s, at)) - 1 for s in t.args[1:])]
        if str(t) in self.sizes:
            return self.sizes[str(t)]
        if not t.args:
            return math.pi if str(t) == "pi" else float(self.array(name_of(t)))
        if isinstance(t, Add):
            return sum(self.value(a, at) for a in t.args)
        if isinstance(t, Mul):
            return math.prod(self.value(a, at) for a in t.args)
        if isinstance(t, Pow):
            return self.value(t.args[0], at) ** self.value(t.args[1], at)
        if isinstance(t, KroneckerDelta):
            return float(self.value(t.args[0], at) == self.value(t.args[1], at))
        if isinstance(t, Reduction):
            places = [{**at, t.index: k} for k in range(1, self.size(t.index.size) + 1)]
            kept = [p for p in places if self.holds(t.guard, p)]
            return _KINDS[type(t).__name__](self.value(t.body, p) for p in kept)
        if isinstance(t, IfElse):
            return self.value(t.args[1] if self.holds(t.args[0], at) else t.args[2], at)
        return _FUNCTIONS[str(function_name(t))](*[self.value(a, at) for a in t.args])

    def holds(self, c: Any, at: Mapping[Any, int]) -> bool:
        if isinstance(c, AllOf):
            return all(self.holds(a, at) for a in c.args)
        if isinstance(c, AnyOf):
            return any(self.holds(a, at) for a in c.args)
        if isinstance(c, Relation):
            return bool(_OPS[c.op](self.value(c.left, at), self.value(c.right, at)))
        return not self.holds(c.args[0], at)


def run(text: str, world: World, used: Mapping[str, Any]) -> Any:
    """The NumPy text, with the arrays that it names, the sizes and ``np``: as a user runs it."""
    scope = {numpy_name(n): world.array(n) for n in used}
    return eval(text, {"np": np, "__builtins__": {"float": float}}, {**world.sizes, **scope})  # noqa: S307


def check_numbers(outcome: Outcome, form: Any) -> None:
    world = World(outcome, 1)
    used = dict.fromkeys(form.shapes)
    with np.errstate(all="ignore"):
        found = np.asarray(run(form.text, world, used), dtype=float)
    wanted = world.table(outcome.result, form.axes)
    assert found.shape == wanted.shape, form.text
    assert np.allclose(found, wanted, rtol=1e-9, atol=1e-9), form.text


# -- out ------------------------------------------------------------------------------------


@pytest.mark.parametrize("program, wrt, text, latex", IDENTITIES, ids=lambda x: str(x)[:60])
def test_identities_come_out_as_printed(
    program: str, wrt: str, text: str, latex: str | None
) -> None:
    outcome = outcome_of(program, wrt)
    form = find_form(outcome)
    if text:
        assert form.text == text
    if latex:
        assert LatexDrawing().matrix(form.node) == latex
    theorem = genuine(form.theorem)
    assert (theorem.lhs, theorem.rhs) == (entry(form.node, form.axes), outcome.result)
    check_numbers(outcome, form)


def test_there_are_at_least_forty_identities() -> None:
    assert len(IDENTITIES) >= 40


def test_the_library_in_matrices() -> None:
    """Every form that is found is right in numbers; nearly all results have one.

    A fifth of the library; ``python tests/test_matrix.py`` takes all of it.
    """
    have, total = library_in_matrices(library.names()[::5])
    assert have >= 0.8 * total, f"{have} of {total}"


def library_in_matrices(wanted: Any) -> tuple[int, int]:
    have = total = 0
    for name in wanted:
        for outcome in api.outcomes(api.read(library.load(name))):
            total += 1
            try:
                form = find_form(outcome)
            except NoForm as none:
                print(f"{name}: {none}")
                continue
            have += 1
            MathmlDrawing().matrix(form.node)
            assert LatexDrawing().matrix(form.node)
            try:
                check_numbers(outcome, form)
            except Exception as error:
                raise AssertionError(f"{name}: {form.text}: {error}") from error
    return have, total


def test_letters_do_not_matter() -> None:
    one = "r[n] = sum(x[n,d]*w[d] for d in D) - t[n]; L = sum(r[n]**2 for n in N)/2"
    other = "r[i] = sum(x[i,k]*w[k] for k in D) - t[i]; L = sum(r[q]**2 for q in N)/2"
    texts = {find_form(outcome_of(p, w)).text for p, w in ((one, "w[j]"), (other, "w[a]"))}
    assert texts == {"x.T @ r"}


@pytest.mark.parametrize("style", ["cases", "delta"])
def test_style_does_not_matter(style: str) -> None:
    d = derive("p[i] = exp(z[i])/sum(exp(z[k]) for k in K)", wrt="z[j]", style=style)
    assert find_form(d.outcome).text == "np.diag(p) - np.outer(p, p)"


def test_a_sum_that_leaves_out_an_undefined_diagonal_has_no_form() -> None:
    outcome = outcome_of(
        "f[i] = sum(1/(x[i] - x[j]) for j in N if i != j); L = sum(f[i]*g[i] for i in N)", "f[k]"
    )
    assert find_form(outcome).text == "g"
    outcome = outcome_of(
        "L = sum(a[i]*sum(1/(x[i] - x[j]) for j in N if i != j) for i in N)", "a[k]"
    )
    with pytest.raises(NoForm, match="undefined"):
        find_form(outcome)


def test_a_scalar_problem_has_none() -> None:
    with pytest.raises(NoForm, match="no array"):
        find_form(outcome_of("f = x**2", "x"))


def test_the_certificate_says_it() -> None:
    record = json.loads(derive("X: N by D; L = norm(y - X @ w)**2/2", wrt="w").to_json())
    form = record["matrix_form"]
    assert form["text"] == "X.T @ (X @ w - y)"
    assert form["latex"] == r"\mathbf{X}^\top(\mathbf{X} w - y)"
    assert form["shapes"] == {"X": ["N", "D"], "w": ["D"], "y": ["N"]}
    assert json.loads(derive("f = x**2", wrt="x").to_json())["matrix_form"] is None


def test_documents_say_it() -> None:
    d = derive("ridge")
    assert "in matrix form  lambda_ * w + x.T @ r   (shape D, as w)" in d.to_text()
    assert r"In matrix form: $\lambda w + \mathbf{x}^\top r$" in d.to_latex()
    assert "lambda_ * w + x.T @ r" in d.to_markdown()
    assert "lambda_ * w + x.T @ r" in d.to_html()


# -- in -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "program, translated",
    [
        ("X: N by D; W: K by D; a = X @ W.T + b", "a[n,k] = sum(X[n,d]*W[k,d] for d in D) + b[k]"),
        ("X: N by D; L = norm(y - X @ w)**2/2", "L = sum((y[n] - sum(X[n,d]*w[d] for d in D))**2 for n in N)/2"),
        ("A: N by K; P = softmax(A, axis=1)", "P[n,k] = exp(A[n,k])/sum(exp(A[n,l]) for l in K)"),
        ("A: N by K; P = softmax(A, axis=0)", "P[n,k] = exp(A[n,k])/sum(exp(A[p,k]) for p in N)"),
        ("A: N by N; f = trace(A)", "f = sum(A[n,n] for n in N)"),
        ("P: N by K; f = sum(P * log(P))", "f = sum(P[n,k]*log(P[n,k]) for n in N for k in K)"),
        ("z: K; f = logsumexp(z)", "f = log(sum(exp(z[k]) for k in K))"),
        ("X: N by D; m = mean(X, axis=0)", "m[d] = sum(X[n,d] for n in N)/N"),
    ],
)  # fmt: skip
def test_matrix_notation_is_translated(program: str, translated: str) -> None:
    from derivation.language import write

    d = list(read_problem(program, need_wrt=False).definitions.values())[-1]
    assert f"{write(d.head)} = {write(d.body)}" == translated


def test_a_sigmoid_of_minus_something_has_one_sign() -> None:
    text = derive("L = sum(log(1 + exp(-y[n]*s[n])) for n in N)", wrt="s").to_text()
    assert "np.exp(y * s)" in text and "-(-" not in text


def test_the_translation_is_echoed() -> None:
    text = derive("X: N by D; L = norm(y - X @ w)**2/2", wrt="w").to_text()
    assert "Written  L = norm(y - X @ w)**2/2" in text
    assert "Let      L = (1/2) Σₙ (yₙ − Σ_d X_{nd} w_d)²" in text


def test_declared_shapes_serve_indices_too() -> None:
    d = derive("A: N by D; b[n] = A[n,1]*2", wrt="A[m,c]")
    assert d.outcome.problem.shapes["b"] == d.outcome.problem.shapes["A"][:1]


@pytest.mark.parametrize(
    "program, words",
    [
        ("X: N by D; w: K; L = norm(X @ w)**2", ["`X` (N by D)", "`w` (K)", "do not fit"]),
        ("X: N by D; v: N; L = sum(X + v)", ["`X` (N by D)", "`v` (N)", "do not fit"]),
        ("A: N by D; f = trace(A)", ["square", "N by D"]),
        ("A: N by N; x: N; f = sum(A + x)", ["along the rows or along the columns"]),
        ("x: N; y: N; f = sum(x @ y.T)", ["outer product"]),
        ("X: N by D; f = sum(softmax(X))", ["needs an axis"]),
        ("X: N by D; f = sum(X, axis=2)", ["no axis 2"]),
        ("X: N by D; f = sum(y*(X @ w))", ["nothing says whether `y`", "`y: scalar`"]),
        ("f = sum(exp(z))", ["needs to say what it runs over"]),
        ("X: N by; f = sum(X)", ["the name of a size is missing"]),
        ("X: N by D; X: N; f = sum(X)", ["declared twice"]),
        ("f = x.shape", ["attribute access"]),
        ("f = x[1:3]", ["colon"]),
    ],
)
def test_bad_matrix_input(program: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_problem(program, need_wrt=False)
    said = str(caught.value)
    assert all(w in said for w in words), said
    assert "^" in said


def test_all_gradients_of_a_network_in_matrices() -> None:
    found = gradients(
        "X: N by D; U: H by D; V: K by H; T: N by K; Z = tanh(X @ U.T + c); P = softmax(Z @ V.T + b, axis=1); "
        "L = -sum(T*log(P)); given sum(T, axis=1) == 1",
        wrt=["V", "b", "U", "c"],
    )
    texts = {}
    for wrt, d in found.items():
        form = find_form(d.outcome)
        check_numbers(d.outcome, form)
        texts[wrt.partition("[")[0]] = form.text
    assert texts == {
        "V": "(P - T).T @ Z",
        "b": "np.sum(P - T, axis=0)",
        "U": "((1 - Z**2) * ((P - T) @ V)).T @ X",
        "c": "np.sum((1 - Z**2) * ((P - T) @ V), axis=0)",
    }


if __name__ == "__main__":
    print(
        "%d of %d results of the library have a matrix form" % library_in_matrices(library.names())
    )
