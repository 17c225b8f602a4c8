"""How generated code computes: the order of sums, arrays written over, what is shared."""

from __future__ import annotations

from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="the extra `numpy` is not installed")

from derivation.codegen import Function, source  # noqa: E402
from derivation.codegen.calling import load  # noqa: E402
from derivation.codegen.costs import Costs, is_better  # noqa: E402
from derivation.codegen.nodes import Statement, array, contract, key, mul  # noqa: E402
from derivation.codegen.reorder import reordered  # noqa: E402
from derivation.language import read_problem  # noqa: E402
from derivation.terms import index, size  # noqa: E402
from tests.numerical import called, cases, differences, outcomes  # noqa: E402
from tests.test_codegen import NAMES, derived, points  # noqa: E402

N, M, K = size("N"), size("M"), size("K")
n, m, k, l = index("n", N), index("m", M), index("k", K), index("l", K)  # noqa: E741


def body(text: str, backend: str = "numpy", **options: Any) -> str:
    """The statements of the last function of a program's module."""
    found = source(outcomes(read_problem(text)), backend, **options)
    return found.rsplit('"""', 1)[1]


# -- the order of sums ------------------------------------------------------------------------


def test_a_matrix_product_is_saved_where_another_is_there() -> None:
    text = source(derived("attention-queries"))
    assert text.count(" @ ") == 3 and "A @ V" not in text.rsplit('"""', 1)[1]
    both = source(derived("attention-queries"), loss=True).rsplit('"""', 1)[1]
    assert both.count(" @ ") == 3  # the loss is a sum of the same rows


def test_matrices_are_multiplied_in_the_cheaper_order() -> None:
    a, b, v = array("A", (n, m)), array("B", (m, k)), array("v", (k,))
    inside = Statement("C", (n, k), contract(a, b, (m,)))
    outside = Statement("out", (n,), contract(array("C", (n, k)), v, (k,)))
    (found,) = reordered([inside, outside], lambda s: [t for t in s if t.name == "out" or _read(s)])
    assert found.name == "out"
    inner = next(x for x in found.node.args if x.op == "contract")
    assert {x.data[0] for x in inner.args} == {"B", "v"}


def _read(statements: Any) -> bool:
    out = next(s for s in statements if s.name == "out")
    return any(a.op == "array" and a.data[0] == "C" for a in out.node.args)


def test_squares_are_never_multiplied_out() -> None:
    """x'x - 2x'y + y'y would cancel."""
    for name in ("rbf-network", "n-body", "tsne", "gaussian-mixture"):
        text = source(derived(name), loss=True).rsplit('"""', 1)[1]
        assert "[:, None, :] - " in text


def test_what_is_multiplied_and_summed_is_multiplied_once() -> None:
    found = body(
        "L = sum(f[a,j]*v[j,d]*w[a,d] for a in A for j in J for d in D); wrt w[b,e], f[c,k]"
    )
    assert found.count("@") == 2
    found = source(derived("glove")).rsplit('"""', 1)[1]
    assert found.count("f * r") == 1


def test_costs_compare_at_several_sizes() -> None:
    costs = Costs(["N", "M", "K"])
    wide = Statement("a", (n, m), contract(array("A", (n, k)), array("B", (k, m)), (k,)))
    narrow = Statement("a", (n,), contract(array("A", (n, k)), array("v", (k,)), (k,)))
    assert is_better(costs.of([narrow]), costs.of([wide]))
    assert not is_better(costs.of([wide]), costs.of([narrow]))
    assert not is_better(costs.of([wide]), costs.of([wide]))
    assert costs.of([wide, wide]) == costs.of([wide])  # computed once


def test_the_order_of_factors_and_letters_makes_no_other_computation() -> None:
    a, b = array("A", (n, k)), array("B", (m, k))
    other = array("B", (m, l)), array("A", (n, l))
    assert key(contract(a, b, (k,)))[0] == key(contract(*other, (l,)))[0]
    assert key(mul(a, b))[0] == key(mul(*other))[0]
    assert key(contract(a, a, (k,)))[0] != key(contract(a, b, (k,)))[0]


# -- arrays written over ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_inputs_are_never_written_over(name: str) -> None:
    function = Function(derived(name), "numpy", loss=True)
    for case in points(name)[:2]:
        before = {n: a.copy() for n, a in case.arrays.items()}
        with np.errstate(all="ignore"):
            first = function(**case.arrays)
            second = function(**case.arrays)
        for a in before:
            np.testing.assert_array_equal(case.arrays[a], before[a])
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)
            if isinstance(a, np.ndarray):  # nothing that is returned is an input
                assert not any(np.shares_memory(a, x) for x in case.arrays.values())


def test_the_widest_number_type_wins_in_the_bare_function() -> None:
    f = load(source(derived("softmax-cross-entropy"), loss=True), "softmax_cross_entropy_grad"[:-5]
             + "_value_and_grad")  # fmt: skip
    z, y = np.array([0.0, 1.0], np.float32), np.array([0.25, 0.75])
    assert f(z=z, y=y)[1].dtype == np.float64
    assert f(z=z, y=y.astype(np.float32))[1].dtype == np.float32
    assert f(z=np.array([0, 1]), y=np.array([1, 0]))[1].dtype == np.float64


def test_an_array_is_written_over_only_after_its_last_use() -> None:
    text = body("""
        p[i] = exp(z[i])/sum(exp(z[k]) for k in K)
        L = sum(p[i]*x[i] for i in K) + log(sum(exp(z[k]) for k in K))
        wrt z[j]
    """, loss=True)  # fmt: skip
    lines = [line.strip() for line in text.splitlines()]
    update = next(i for i, line in enumerate(lines) if line.startswith("p /= "))
    assert any(line.startswith("p = np.exp(") for line in lines[:update])


def test_only_numpy_code_writes_over_arrays() -> None:
    for backend in ("torch", "jax"):  # autograd keeps what was computed, JAX cannot
        for name in ("softmax-cross-entropy", "attention-queries", "layernorm"):
            assert not any(
                f" {sign}= " in source(derived(name), backend, loss=True) for sign in "+-*/"
            )


# -- shared -----------------------------------------------------------------------------------


def test_the_shift_of_a_softmax_serves_loss_and_gradient() -> None:
    text = source(derived("softmax-cross-entropy"), loss=True).rsplit('"""', 1)[1]
    assert text.count("z.max()") == 1 and text.count("- z.max()") == 1


def test_scaled_arrays_are_taken_apart_where_loops_are_fused() -> None:
    text = source(derived("layernorm"), "jax").rsplit('"""', 1)[1]
    assert "g @ x_shifted / s" in text and " h " not in text
    kept = body("h[d] = (x[d] - m)/s; L = sum(tanh(h[d])*g[d] for d in D); wrt g[e]", "jax")
    assert "h = (x - m) / s" in kept or "jnp.tanh((x - m) / s)" in kept


def test_a_definition_may_not_vary_with_all_its_indices() -> None:
    p = read_problem("r[j,i] = exp(t[i]); L = sum(r[i,i]*y[i]**2 for i in K); wrt y[j]")
    found = outcomes(p)
    function = Function(found, "numpy", loss=True)
    case = next(c for c in cases(p, found) if max(c.sizes.values()) > 1)
    value, slopes = function(**case.arrays)
    weights, y = np.exp(case.arrays["t"]), case.arrays["y"]
    np.testing.assert_allclose(value, weights @ y**2)
    np.testing.assert_allclose(slopes, 2 * weights * y)


def test_a_value_has_its_full_shape() -> None:
    text = "L[i,j] = x[i]**2; T = sum(L[i,j] for i in N for j in M); of L[i,j]; wrt x[k]"
    value, jacobian = Function(outcomes(read_problem(text)), loss=True)(x=[1.0, 2.0], M=3)
    np.testing.assert_array_equal(value, [[1, 1, 1], [4, 4, 4]])
    assert jacobian.shape == (2, 3, 2)


def test_a_sum_over_no_other_point() -> None:
    """SNE of one point: every sum is empty, and nothing is asked of them."""
    f = Function(derived("sne"), "numpy", loss=True)
    with np.errstate(all="raise", under="ignore"):
        value, gradient = f(y=np.ones((1, 2)), p=np.ones((1, 1)))
    assert value == 0 and not gradient.any()


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax"])
@pytest.mark.parametrize(
    "text",
    [
        "L = sum(h[k]*(h[k]*h[k])/exp(h[k]) for k in K); wrt h[j]",  # a factor three times
        "L = sum((x[n] + x[n] - x[n])**2 for n in N); wrt x[m]",
        "h[d] = (x[d] - m)/s; L = sum(h[d]*h[d] for d in D); given s > 0; wrt x[e]",
        "h[d] = (x[d] - m)/s; L = sum(h[d]**3*g[d] for d in D); given s > 0; wrt x[e]",
        "L = sum(w[i]*w[i]*w[j] for i in N for j in N if i < j if j > i); wrt w[a]",
        "q = 2; r = q**2; L = sum(tanh(r)*x[n] + sigmoid(q) for n in N); wrt x[m]",
        "L = sum(x[n] for n in N) - sum(x[n] for n in N); wrt x[m]",
        "T = 3*s; L = T - 2*s; wrt s",
    ],
)
def test_what_occurs_several_times_counts_as_often(text: str, backend: str) -> None:
    pytest.importorskip(backend)
    p = read_problem(text)
    found = outcomes(p)
    function = Function(found, backend, loss=True)
    tried = 0
    for case in cases(p, found)[:3]:
        values = [np.asarray(v, dtype=float) for v in called(function, case)]
        limit = 1e-5 if backend == "jax" else 1e-9  # JAX computes in float32 unless told
        assert differences(found, case, values, 4) < limit
        tried += 1
    assert tried
