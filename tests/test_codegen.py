"""Generated code: right, stable, well set, and what a person would have written."""

from __future__ import annotations

import ast
import functools
import importlib.util
import inspect
import itertools
import pathlib
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="the extra `numpy` is not installed")

from mpmath import mpf  # noqa: E402

from derivation import api, derive, gradients, library  # noqa: E402
from derivation.codegen import AutogradModule, Function, NoCode, source  # noqa: E402
from derivation.codegen.calling import load  # noqa: E402
from derivation.codegen.requests import Written, arrays_at, written  # noqa: E402
from derivation.errors import InputError  # noqa: E402
from derivation.language import read_problem, write_condition  # noqa: E402
from derivation.oracle import Oracle  # noqa: E402
from derivation.problem import Problem  # noqa: E402
from derivation.steps import Outcome  # noqa: E402
from derivation.terms import free_indices, name_of  # noqa: E402
from tests import independent  # noqa: E402
from tests.independent import Unclear  # noqa: E402
from tests.numerical import (  # noqa: E402
    Case,
    called,
    cases,
    differences,
    outcomes,
    with_digits,
)

GOLDEN = pathlib.Path(__file__).parent / "golden" / "code"
NAMES = [entry.name for entry in library.entries() if entry.name]
if importlib.util.find_spec("scipy") is None:
    NAMES.remove("poisson-regression")  # NumPy alone has no log-gamma
# what stands in the golden files: file -> problem, backend, options
GOLDEN_FILES: dict[str, tuple[str, str, dict[str, bool]]] = {
    "softmax_cross_entropy.py": ("softmax-cross-entropy", "numpy", {"loss": True, "grad": True}),
    "layernorm_torch.py": ("layernorm", "torch", {"loss": True, "grad": True}),
    "attention_queries.py": ("attention-queries", "numpy", {"grad": True}),
    "causal_attention_jax.py": ("causal-attention", "jax", {"grad": True}),
    "mlp_two_layer.py": ("mlp-two-layer", "numpy", {"loss": True, "grad": True}),
    "softmax_jacobian_vjp.py": ("softmax-jacobian", "numpy", {"vjp": True}),
    "cox.py": ("cox", "numpy", {"grad": True}),
    "n_body.py": ("n-body", "numpy", {"grad": True}),
    "hinge.py": ("hinge", "numpy", {"grad": True}),
    "softmax_layer.py": ("softmax-jacobian", "torch", {"autograd": True}),
}


@functools.cache
def problem(name: str) -> Problem:
    return api.read(library.load(name))


@functools.cache
def derived(name: str) -> tuple[Outcome, ...]:
    return tuple(outcomes(problem(name)))


@functools.cache
def points(name: str) -> tuple[Case, ...]:
    return tuple(cases(problem(name), derived(name)))


def asked(name: str, **options: Any) -> Written:
    def point(p: Problem) -> Any:
        return max(Oracle(p).settings(), key=lambda s: sum(s.sizes.values())).arrays

    return written(problem(name), outcomes, point, **options)


def code(file: str) -> str:
    """What a golden file should hold."""
    name, backend, options = GOLDEN_FILES[file]
    return asked(name, backend=backend, **options).source


def program(text: str, **options: Any) -> Function:
    """The NumPy function of a program's gradients."""
    p = read_problem(text)
    return Function(outcomes(p), "numpy", **options)


# -- right ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_numpy_agrees_with_differences_of_the_program(name: str) -> None:
    function = Function(derived(name), "numpy", loss=True)
    tried = 0
    for case in points(name):
        if tried >= 2 and max(case.sizes.values(), default=1) > 1:
            continue  # three sizes, and size 1
        try:
            with np.errstate(all="raise", under="ignore"):
                values = called(function, case)
            assert differences(derived(name), case, values, 3) < 1e-7
            tried += 1
        except Unclear:
            continue
    assert tried


@pytest.mark.parametrize("name", NAMES)
def test_torch_agrees_with_numpy_and_with_autograd(name: str) -> None:
    torch = pytest.importorskip("torch")
    found = derived(name)
    function = Function(found, "torch", loss=True)
    loss = Function(found, "torch", loss=True, grad=False)
    reference = Function(found, "numpy", loss=True)
    case = points(name)[min(1, len(points(name)) - 1)]
    tensors = {n: torch.tensor(a) for n, a in case.arrays.items()}
    values = function(**tensors)
    for a, b in zip(values, called(reference, case), strict=True):
        np.testing.assert_allclose(np.asarray(a), b, rtol=1e-9, atol=1e-10)
    by = [name_of(o.wrt[0]) for o in found]
    if any(len(o.wrt) > 1 for o in found) or values[0].ndim:
        return
    for n in by:
        tensors[n].requires_grad_()
    for a, b in zip(
        values[1:], torch.autograd.grad(loss(**tensors), [tensors[n] for n in by]), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", ["softmax-jacobian", "causal-attention", "n-body", "cox", "glove"])
def test_jax_agrees_with_numpy(name: str) -> None:
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        case = points(name)[0]
        values = called(Function(derived(name), "jax", loss=True), case)
        for a, b in zip(
            values, called(Function(derived(name), "numpy", loss=True), case), strict=True
        ):
            np.testing.assert_allclose(np.asarray(a), b, rtol=1e-9, atol=1e-10)
    finally:
        jax.config.update("jax_enable_x64", before)


def test_every_gradient_is_a_product_with_its_upstream() -> None:
    found = asked("softmax-jacobian", vjp=True)
    vjp = load(found.source, "softmax_jacobian_vjp")
    z, g = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, -3.0])
    jacobian = derive("softmax-jacobian").function()(z=z)
    np.testing.assert_allclose(vjp(z=z, upstream=g), g @ jacobian)


# -- stable -----------------------------------------------------------------------------------


@pytest.fixture
def far() -> Iterator[None]:
    """The reference in numbers that hold exp(-2000) beside 1."""
    yield from with_digits(1800)


@pytest.mark.parametrize("name", NAMES)
def test_far_out_nothing_overflows_where_the_loss_is_finite(name: str, far: None) -> None:
    function = Function(derived(name), "numpy", loss=True)
    case = points(name)[0]
    for n in dict.fromkeys(name_of(o.wrt[0]) for o in derived(name)):
        for sign in (1, -1) if n in case.arrays else ():
            start = np.asarray(case.arrays[n])
            moved = {**case.arrays, n: (np.sign(start) + (start == 0)) * 1000.0 * sign}
            for kind in ("float64", "float32"):
                largest = float(np.finfo(kind).max) ** 0.5
                if _is_defined(problem(name), case, moved, largest):
                    _runs_clean(function, case, moved, kind)


def _runs_clean(function: Function, case: Case, arrays: dict[str, Any], kind: str) -> None:
    """Finite values of that type, and not one warning on the way."""
    given = {m: a.astype(kind) if a.dtype.kind == "f" else a for m, a in arrays.items()}
    with np.errstate(all="raise", under="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        values = called(function, case, given)
    for v in values:
        assert np.all(np.isfinite(v)), arrays
        if any(a.ndim for a in given.values()):
            assert np.asarray(v).dtype == kind


def _is_defined(p: Problem, case: Case, arrays: dict[str, Any], largest: float) -> bool:
    """Whether the objective has a moderate value at the arrays, by the reference."""
    keys = {n: [tuple(i + 1 for i in at) for at in np.ndindex(a.shape)] for n, a in arrays.items()}
    tables = {
        "lambda_" if n == "lambda" else n: {
            k: int(x) + 1 if n in p.labels else mpf(float(x))
            for k, x in zip(keys[n], np.asarray(arrays[n]).ravel(), strict=True)
        }
        for n in arrays
    }
    point = independent.Point(case.point.model, case.sizes, tables, loose=True)
    try:
        for g in p.givens:
            if not g.op.startswith(("=", "!")) and not _holds(p, g, point):
                return False
        for _, (at,) in case._places([p.objective]):
            if abs(point.entry(name_of(p.objective), at)) > largest:
                return False
    except (Unclear, ValueError, ZeroDivisionError, OverflowError):
        return False
    return True


def _holds(p: Problem, given: Any, point: independent.Point) -> bool:
    letters = sorted(free_indices(given), key=str)
    ranges = [range(1, point.sizes[str(i.size)] + 1) for i in letters]
    text = write_condition(given)
    return all(
        point.holds(text, {str(i): v for i, v in zip(letters, values, strict=True)})
        for values in itertools.product(*ranges)
    )


def test_the_largest_logit_is_taken_out() -> None:
    f = derive("softmax-cross-entropy").function(loss=True)
    value, gradient = f(z=[1000.0, 0.0, -1000.0], y=[0.0, 1.0, 0.0])
    assert value == 1000.0
    np.testing.assert_array_equal(gradient, [1.0, -1.0, 0.0])


def test_small_differences_are_not_lost() -> None:
    f = program("L = sum(log(1 + x[n]) + exp(x[n]) - 1 for n in N); wrt x[m]", loss=True)
    value, _ = f(x=np.array([1e-12]))
    assert value == pytest.approx(2e-12, rel=1e-10)


def test_the_logistic_function_keeps_its_tail() -> None:
    f = program("L = sum(log(1/(1 + exp(-x[n]))) for n in N); wrt x[m]", loss=True)
    value, slope = f(x=np.array([-1000.0, 40.0]))
    assert value == pytest.approx(-1000.0)
    np.testing.assert_allclose(slope, [1.0, 4.248354255291589e-18], rtol=1e-12)


# -- inputs -----------------------------------------------------------------------------------


def test_all_inputs_go_by_name_used_or_not() -> None:
    f = derive("softmax-cross-entropy", wrt="y[j]").function()
    assert f(z=[0.0, 0.0], y=[1.0, 0.0]).shape == (2,)
    g = derive("softmax-cross-entropy-hessian").function()
    assert g(z=[0.0, 1.0, 2.0], y=[1.0, 0.0, 0.0]).shape == (3, 3)


def test_axes_are_the_objectives_then_those_of_the_variables() -> None:
    text = "a[n,k] = sum(W[k,d]*x[n,d] for d in D); L = sum(a[n,k] for n in N for k in K)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # L is there for the sizes alone
        d = derive(text, of="a[n,k]", wrt="W[j,e]")
    x, w = np.arange(6.0).reshape(2, 3), np.ones((4, 3))
    found = d.function()(x=x, W=w)
    assert found.shape == (2, 4, 4, 3)
    np.testing.assert_array_equal(found, np.einsum("kj,ne->nkje", np.eye(4), x))


@pytest.mark.parametrize(
    ("arrays", "error", "says"),
    [
        ({"z": [0.0, 1.0]}, TypeError, ["lacks `y`", "shape (K,)"]),
        ({"z": [0.0], "y": [0.0], "zz": [1.0]}, TypeError, ["no input `zz`", "did you mean `z`?"]),
        ({"z": [0.0, 1.0], "y": [1.0]}, ValueError, ["`y` has shape (1,)", "K = 2 by `z`"]),
        ({"z": [[0.0]], "y": [1.0]}, ValueError, ["`z` has shape (1, 1)", "expected an array of"]),
        ({"z": [], "y": []}, ValueError, ["K must be at least 1"]),
        ({"z": ["a"], "y": [1.0]}, TypeError, ["`z` holds", "real numbers"]),
    ],
)
def test_wrong_inputs_are_named(
    arrays: dict[str, Any], error: type[Exception], says: Sequence[str]
) -> None:
    f = derive("softmax-cross-entropy").function()
    with pytest.raises(error) as caught:
        f(**arrays)
    for words in says:
        assert words in str(caught.value)


LABELLED = """\
p[n,k] = exp(a[n,k])/sum(exp(a[n,l]) for l in K)
L = -sum(log(p[n,t[n]]) for n in N)
label t[n] in K
wrt a[m,j]
"""


def test_labels_are_class_numbers_from_0() -> None:
    f = program(LABELLED, loss=True)
    a, t = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]]), np.array([2, 0])
    value, gradient = f(a=a, t=t)
    p = np.exp(a) / np.exp(a).sum(1, keepdims=True)
    assert value == pytest.approx(-np.log(p[[0, 1], t]).sum())
    np.testing.assert_allclose(gradient, p - np.eye(3)[t])
    with pytest.raises(ValueError, match="class number 3; class numbers are 0 to 2"):
        f(a=a, t=np.array([3, 0]))
    with pytest.raises(TypeError, match="whole numbers"):
        f(a=a, t=np.array([1.0, 0.0]))


def test_lambda_is_a_name() -> None:
    f = derive("ridge").function()
    arrays = {"x": np.ones((2, 1)), "w": np.ones(1), "t": np.zeros(2)}
    np.testing.assert_array_equal(f(**arrays, **{"lambda": 3.0}), f(**arrays, lambda_=3.0))


def test_unknown_functions_are_arguments() -> None:
    f = program("function g\nL = sum(g(w*x[n]) for n in N)\nwrt w")
    assert set(f.arguments) == {"x", "w", "g", "dg"}
    found = f(x=np.array([1.0, 2.0]), w=3.0, g=np.square, dg=lambda u: 2 * u)
    assert found == pytest.approx(30.0)


def test_a_size_that_no_shape_tells_is_an_argument() -> None:
    f = program("L = sum(x**2 for n in N); wrt x")
    assert f(x=2.0, N=5) == 20.0


def test_several_gradients_share_their_work() -> None:
    text = source(derived("softmax-regression"), "numpy")
    assert text.count("np.exp(") == 1 and text.count("p - t") == 1
    assert "return grad_W, grad_b" in text


def test_float32_stays() -> None:
    f = derive("huber").function(loss=True)
    arrays = {"y": np.ones(3), "w": np.ones(2), "x": np.ones((3, 2))}
    arrays = {n: a.astype(np.float32) for n, a in arrays.items()}
    assert {np.asarray(v).dtype for v in f(**arrays, c=0.5)} == {np.dtype(np.float32)}


def test_what_cannot_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    d = derive("ridge")
    with pytest.raises(InputError, match="did you mean `torch`"):
        d.function(backend="torhc")
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ImportError, match=r"pip install 'loss-derivation\[jax\]'"):
        d.function(backend="jax")
    with pytest.raises(NoCode, match="not derived"):
        Function(
            (Outcome(problem("ridge"), d.outcome.objective, d.outcome.wrt, "delta", None, "?"),)
        )


# -- a person's own function ------------------------------------------------------------------


def test_gradcheck_names_the_worst_entry() -> None:
    d = derive("mse-linear")
    x, w, t = np.arange(6.0).reshape(3, 2), np.ones(2), np.zeros(3)
    arrays = {"x": x, "w": w, "t": t}
    assert d.gradcheck(lambda x, w, t: x.T @ (x @ w - t) / len(t), arrays)
    report = d.gradcheck(lambda x, w, t: x.T @ (x @ w - t) / len(t) + [0, 1e-3], arrays)
    assert not report and report.index == (1,)
    assert "worst entry at [1]" in str(report)
    assert not d.gradcheck(lambda x, w, t: x @ w, arrays)  # another shape
    with pytest.raises(TypeError, match="`q` is no input"):
        d.gradcheck(lambda x, q: x, arrays)


def test_gradcheck_for_test_suites() -> None:
    from derivation.testing import gradcheck

    def softmax(z: Any) -> Any:
        e = np.exp(z - z.max())
        return e / e.sum()

    assert gradcheck("softmax-cross-entropy", lambda z, y: softmax(z) - y)
    with pytest.raises(AssertionError, match="worst entry at"):
        gradcheck("softmax-cross-entropy", lambda z, y: y - softmax(z))
    assert gradcheck("L = sum(w[d]**3 for d in D)", lambda w: 3 * w**2, wrt="w[j]")
    found = gradients("mse-linear", wrt=["w[j]", "t[n]"])["t[n]"]
    assert gradcheck(found, lambda x, w, t: (t - x @ w) / len(t))


def test_points_as_arrays_meet_the_givens() -> None:
    p = problem("kl-divergence")
    for setting in Oracle(p).settings():
        arrays = arrays_at(p, setting.arrays)
        assert arrays["p"].sum() == pytest.approx(1.0) and np.all(arrays["p"] > 0)


# -- text -------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", GOLDEN_FILES)
def test_source_is_as_it_was(file: str) -> None:
    """Written by ``python tests/regenerate_golden.py``; read the difference before."""
    assert code(file) == (GOLDEN / file).read_text("utf-8")


def test_all_source_is_set_and_typed(tmp_path: pathlib.Path) -> None:
    for name in NAMES:
        stem = name.replace("-", "_")
        for backend in ("numpy", "torch", "jax"):
            text = source(derived(name), backend, loss=True)
            (tmp_path / f"{backend}_{stem}.py").write_text(text, "utf-8")
        if len(problem(name).wrt[0]) == 1:
            made = asked(name, backend="torch", autograd=True)
            (tmp_path / f"auto_{stem}.py").write_text(made.source, "utf-8")
            (tmp_path / f"auto_{stem}_gradcheck.py").write_text(made.script, "utf-8")
    ruff = [shutil.which("ruff", path=str(pathlib.Path(sys.executable).parent)) or "ruff"]
    for order in (["format", "--check", "--diff"], ["check"]):
        done = subprocess.run(
            [*ruff, *order, "--isolated", "--no-cache", str(tmp_path)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_numpy_source_passes_mypy(tmp_path: pathlib.Path) -> None:
    files = [f for f in GOLDEN.glob("*.py") if "import numpy" in f.read_text("utf-8")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), *map(str, files)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_loop_over_an_index() -> None:
    loops = (ast.For, ast.While, ast.comprehension)
    for name in NAMES:
        tree = ast.parse(source(derived(name), "numpy", loss=True))
        assert not any(isinstance(n, loops) for n in ast.walk(tree)), name


def test_a_hostile_title_stays_in_its_docstring() -> None:
    p = read_problem("L = sum(x[n]**2 for n in N)\nwrt x[m]")
    p = replace(p, title='"""\nimport os\n""" \\')
    text = source(outcomes(p), "numpy")
    assert not any(
        isinstance(n, ast.Import) and n.names[0].name == "os" for n in ast.walk(ast.parse(text))
    )


# -- the command ------------------------------------------------------------------------------


def command(*args: str, cwd: pathlib.Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "derivation", "code", *args],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        check=False,
    )


def test_the_command_prints_a_module_that_runs() -> None:
    done = command("logistic-regression", "--loss", "--grad")
    assert done.returncode == 0 and not done.stderr
    function = load(done.stdout, "logistic_regression_value_and_grad")
    found = function(w=np.zeros(2), x=np.ones((3, 2)), b=0.0, t=np.ones(3))
    assert found[0] == pytest.approx(3 * np.log(2))
    np.testing.assert_allclose(found[1], [-1.5, -1.5])


def test_the_command_refuses_in_words(tmp_path: pathlib.Path) -> None:
    done = command("ridge", "--autograd-function")
    assert done.returncode == 2 and "--backend torch" in done.stderr and not done.stdout
    done = command("ridge", "-o", str(tmp_path / "no" / "x.py"))
    assert done.returncode == 2 and "no folder" in done.stderr
    done = command("softmax-cross-entropy-hessian", "--vjp")
    assert done.returncode == 2 and "second derivative" in done.stderr


def test_an_autograd_function_passes_its_own_check(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("torch")
    file = tmp_path / "layer.py"
    done = command("causal-attention", "--backend", "torch", "--autograd-function", "-o", str(file))
    assert done.returncode == 0, done.stderr
    check = [sys.executable, "layer_gradcheck.py"]
    ran = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "the gradient by S agrees" in ran.stdout
    # and it is a check: a changed sign is found
    file.write_text(file.read_text("utf-8").replace("return grad,", "return -grad,"), "utf-8")
    ran = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode != 0 and "Jacobian mismatch" in ran.stderr


@pytest.mark.parametrize("name", ["softmax-jacobian", "mlp-two-layer", "triplet-loss", "batchnorm"])
def test_autograd_functions_in_place(name: str) -> None:
    torch = pytest.importorskip("torch")
    p = problem(name)
    found = asked(name, backend="torch", autograd=True)
    function = load(found.source, name.replace("-", "_"))
    case = points(name)[0]
    tensors = {n: torch.tensor(a) for n, a in case.arrays.items()}
    by = [name_of(w[0]) for w in p.wrt]
    for n in by:
        tensors[n].requires_grad_()
    needed = list(inspect.signature(function).parameters)
    assert torch.autograd.gradcheck(function, tuple(tensors[n] for n in needed))
    other = next((n for n in needed if n not in by), None)
    if other is not None:
        tensors[other].requires_grad_()
        with pytest.raises(NotImplementedError, match=f"no gradient by {other}"):
            function(*[tensors[n] for n in needed]).sum().backward()


def test_nothing_is_imported_before_it_is_used() -> None:
    script = (
        "import sys; from derivation import derive; import derivation.testing; "
        "derive('softmax-cross-entropy'); "
        "sys.exit(bool({'numpy', 'torch', 'jax', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    assert AutogradModule is not None
