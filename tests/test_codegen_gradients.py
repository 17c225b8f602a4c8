"""Several gradients at once, checks for other people's test suites, and SymPy's own functions."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="the extra `numpy` is not installed")

import sympy  # noqa: E402

from derivation import derive, gradients  # noqa: E402
from derivation.errors import InputError  # noqa: E402
from derivation.testing import check_derivation, gradcheck  # noqa: E402

LINEAR = "r[n] = sum(w[d]*x[n,d] for d in D) + b - t[n]; L = sum(r[n]**2 for n in N)/2"


@pytest.fixture
def arrays() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "w": rng.normal(size=2), "x": rng.normal(size=(3, 2)), "b": 0.5, "t": rng.normal(size=3)
    }  # fmt: skip


def by_hand(w: Any, x: Any, b: Any, t: Any) -> tuple[Any, Any]:
    r = x @ w + b - t
    return x.T @ r, r.sum()


# -- several gradients ------------------------------------------------------------------------


def test_all_gradients_are_one_function(arrays: dict[str, Any]) -> None:
    found = gradients(LINEAR, wrt=["w[j]", "b"])
    slopes = found.function()(**arrays)
    assert list(slopes) == ["w[j]", "b"]
    for a, b in zip(slopes.values(), by_hand(**arrays), strict=True):
        np.testing.assert_allclose(a, b)
    value, again = found.function(loss=True)(**arrays)
    assert value == pytest.approx(((arrays["x"] @ arrays["w"] + 0.5 - arrays["t"]) ** 2).sum() / 2)
    np.testing.assert_allclose(again["w[j]"], slopes["w[j]"])
    # each alone is the same
    for k, d in found.items():
        np.testing.assert_allclose(d.function()(**arrays), slopes[k])


def test_what_gradients_share_is_computed_once() -> None:
    source = gradients(LINEAR, wrt=["w[j]", "b"]).function(loss=True).source
    assert source.count("x @ w") == 1
    body = gradients("mlp-two-layer").function(loss=True).source
    assert body.count("np.exp(") == 1 and body.count("np.maximum(") == 1


def test_one_gradient_is_a_dictionary_too(arrays: dict[str, Any]) -> None:
    slopes = gradients(LINEAR, wrt="b").function()(**arrays)
    assert list(slopes) == ["b"]


def test_dictionaries_pass_through_jit(arrays: dict[str, Any]) -> None:
    jax = pytest.importorskip("jax")
    f = gradients(LINEAR, wrt=["w[j]", "b"]).function("jax", loss=True)
    value, slopes = jax.jit(lambda given: f(**given))(arrays)
    expected = by_hand(**arrays)
    np.testing.assert_allclose(slopes["w[j]"], expected[0], rtol=1e-4)
    assert value.shape == ()


# -- checks -----------------------------------------------------------------------------------


def test_a_backward_of_all_gradients_is_checked(arrays: dict[str, Any]) -> None:
    found = gradients(LINEAR, wrt=["w[j]", "b"])
    assert found.gradcheck(by_hand, arrays)
    assert found.gradcheck(
        lambda w, x, b, t: dict(zip("wb", by_hand(w, x, b, t), strict=True)), arrays
    )
    keyed = found.gradcheck(
        lambda w, x, b, t: dict(zip(("w[j]", "b"), by_hand(w, x, b, t), strict=True)), arrays
    )
    assert keyed
    wrong = found.gradcheck(lambda w, x, b, t: (by_hand(w, x, b, t)[0] + [0, 1.0], 0.0), arrays)
    assert not wrong and str(wrong).startswith("diff(L, b) differs")
    with pytest.raises(TypeError, match="no gradient by `b`; it returned w"):
        found.gradcheck(lambda w, x, b, t: {"w": w}, arrays)
    with pytest.raises(TypeError, match=r"3 things; expected 2 gradients, by w\[j\], b"):
        found.gradcheck(lambda w, x, b, t: (w, b, t), arrays)


def test_gradcheck_finds_its_own_arrays() -> None:
    assert gradcheck(LINEAR, by_hand, wrt=["w[j]", "b"])
    with pytest.raises(AssertionError, match=r"diff\(L, b\) differs .* found .*\n  at"):
        gradcheck(LINEAR, lambda w, x, b, t: (by_hand(w, x, b, t)[0], b), wrt=["w[j]", "b"])
    with pytest.raises(TypeError, match="expected real numbers"):
        gradcheck(LINEAR, lambda w: np.array(["a"]), wrt="w[j]")


def test_check_derivation() -> None:
    check_derivation("mlp-two-layer")
    check_derivation(derive("softmax-cross-entropy"))
    stopped = "L = sum(x[n]**2 for n in N)\ngiven N >= 50\nwrt x[m]"
    with pytest.raises(AssertionError, match="was tried at no point"):
        check_derivation(stopped)  # the oracle has no room for 50 points
    with pytest.raises(InputError):
        check_derivation("L = sum(x[n] for n in N", wrt="x[m]")


# -- SymPy's own ------------------------------------------------------------------------------


def test_sympys_lambdify_agrees_where_it_has_a_value() -> None:
    z, y = sympy.symbols("z:4"), sympy.symbols("y:4")
    total = sum(map(sympy.exp, z))
    loss = -sum(b * sympy.log(sympy.exp(a) / total) for a, b in zip(z, y, strict=True))
    theirs = sympy.lambdify([z, y], [loss, *[sympy.diff(loss, v) for v in z]], "numpy")
    ours = derive("softmax-cross-entropy").function(loss=True)
    at, labels = [0.5, -1.0, 2.0, 0.0], [0.1, 0.2, 0.3, 0.4]
    value, slopes = ours(z=at, y=labels)
    np.testing.assert_allclose([value, *slopes], theirs(at, labels), rtol=1e-12)
    # and far out it has none, while the gradient is as plain as anywhere
    far = np.array([1000.0, 0.0, -1000.0, 1.0])
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(theirs(far, labels)[1:]).any()
    _, slopes = ours(z=far, y=labels)
    np.testing.assert_allclose(slopes, np.array([1.0, 0, 0, 0]) - labels, atol=1e-15)


def test_sympys_lambdify_agrees_on_a_normalisation() -> None:
    x, g = sympy.symbols("x:3"), sympy.symbols("g:3")
    eps = sympy.symbols("eps")
    mean = sum(x) / 3
    s = sympy.sqrt(sum((a - mean) ** 2 for a in x) / 3 + eps)
    loss = sum(b * (a - mean) / s for a, b in zip(x, g, strict=True))
    theirs = sympy.lambdify([x, g, eps], [sympy.diff(loss, v) for v in x], "numpy")
    at, upstream = np.array([0.3, -2.0, 1.5]), np.array([1.0, 0.5, -0.25])
    found = derive("layernorm").function()(x=at, g=upstream, eps=1e-3)
    np.testing.assert_allclose(found, theirs(at, upstream, 1e-3), rtol=1e-12)
