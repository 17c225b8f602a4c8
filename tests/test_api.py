"""The Python interface: what goes in, what comes out."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sympy
from sympy import (
    Abs,
    And,
    Derivative,
    Dummy,
    Eq,
    Float,
    Function,
    Idx,
    IndexedBase,
    KroneckerDelta,
    MatrixSymbol,
    Max,
    Ne,
    Or,
    Piecewise,
    Product,
    Rational,
    Sum,
    Symbol,
    cos,
    exp,
    log,
    sqrt,
    symbols,
)

import derivation
from derivation import (
    Derivation,
    IndexedMax,
    IndexedMin,
    cross_entropy,
    derive,
    gradients,
    interop,
    printers,
    same,
    softmax,
    softmax_jacobian,
)
from derivation.errors import InputError

i, j, k, l, n = symbols("i j k l n")  # noqa: E741
K, N, M, D = symbols("K N M D")
x, y, z, p, w, A = map(IndexedBase, ["x", "y", "z", "p", "w", "A"])
a, b, s = symbols("a b s")

SOFTMAX = "p[i] = exp(z[i])/sum(exp(z[k]) for k in K)\n"
LOSS = SOFTMAX + "L = -sum(y[i]*log(p[i]) for i in K)\ngiven sum(y[i] for i in K) == 1\n"


# -- asking ---------------------------------------------------------------------------------


def test_a_library_problem() -> None:
    d = derive("softmax-cross-entropy")
    yhat = IndexedBase("yhat")
    assert d.status == "derived" and d.reason is None
    assert d.result == yhat[j] - y[j]
    assert d.given == ("sum(y[i] for i in K) == 1",)
    assert d.steps and d.checked.points > 0
    assert d.outcome.style == "cases" and d.outcome.problem.name == "softmax-cross-entropy"


def test_text_and_files(tmp_path: Path) -> None:
    file = tmp_path / "loss.deriv"
    file.write_text(LOSS + "wrt z[j]\n", encoding="utf-8")
    for source in (LOSS + "wrt z[j]", file, str(file)):
        assert derive(source).result == p[j] - y[j]
    file = file.rename(tmp_path / "a=b.deriv")  # a Path is a file, whatever its name
    assert derive(file).result == p[j] - y[j]


def test_wrt_replaces_and_given_adds() -> None:
    assert derive(LOSS + "wrt z[j]", wrt="p[j]").result == -y[j] / p[j]
    without = LOSS.replace("given", "#")
    assert derive(without, wrt="z[j]", given="sum(y[i] for i in K) == 1").result == p[j] - y[j]
    given = Eq(Sum(y[i], (i, 1, K)), 1)
    assert derive(without, wrt=z[j], given=given).result == p[j] - y[j]
    assert derive(without, wrt=z[j], given=[given, "p[i] > 0"]).result == p[j] - y[j]
    honest = derive(without, wrt="z[j]").result
    assert same(honest, p[j] * Sum(y[i], (i, 1, K)) - y[j])


def test_second_derivatives() -> None:
    hessian = p[j] * (KroneckerDelta(j, l) - p[l])
    for wrt in ("z[j] then z[l]", (z[j], z[l]), ["z[j]", "z[l]"]):
        assert derive(LOSS, wrt=wrt).result == hessian


def test_styles() -> None:
    cases = derive(SOFTMAX, wrt="z[j]", style="cases").result
    assert cases == Piecewise((p[i] * (1 - p[i]), Eq(i, j)), (-p[i] * p[j], True))
    assert derive(SOFTMAX, wrt="z[j]").result == p[i] * (KroneckerDelta(i, j) - p[j])
    with pytest.raises(InputError, match="no style"):
        derive(SOFTMAX, wrt="z[j]", style="case")


def test_several_gradients() -> None:
    program = "L = sum((w[d]*x[d] + b)**2 for d in D); wrt w[j], b"
    with pytest.raises(InputError, match=r"2 gradients: w\[j\], b"):
        derive(program)
    found = gradients(program)
    assert list(found) == ["w[j]", "b"]
    assert all(isinstance(d, Derivation) and d.status == "derived" for d in found.values())
    assert list(gradients(program, wrt=[w[j], "b"])) == ["w[j]", "b"]
    assert list(gradients(program, wrt="b")) == ["b"]
    assert list(gradients("softmax-cross-entropy")) == ["z[j]"]


def test_bad_input() -> None:
    with pytest.raises(InputError, match="softmax-jacobian"):
        derive("softmax-jacobain")
    with pytest.raises(InputError, match="there is no file"):
        derive("no/such/file")
    with pytest.raises(InputError, match="there is no file"):
        derive(Path("softmax-jacobian"))
    with pytest.raises(InputError, match="attribute"):
        derive("L = x.real", wrt="x")
    with pytest.raises(InputError) as caught:
        derive("a" * 1_000_000)
    assert len(str(caught.value)) < 200
    for bad in ("", "x; y", "wrt"):
        with pytest.raises(InputError):
            derive("L = x**2", wrt=bad)


# -- SymPy in -------------------------------------------------------------------------------


def test_sympy_definitions() -> None:
    where = {"p[i]": softmax(z, i, K), "L": cross_entropy(y, p, K)}
    given = Eq(Sum(y[i], (i, 1, K)), 1)
    assert derive(where=where, wrt=z[j], given=given).result == p[j] - y[j]
    assert derive("L", where=where, wrt=z[j], given=given).result == p[j] - y[j]
    assert derive(where=where, of="L", wrt=z[j], given=given).result == p[j] - y[j]
    by_term = {p[i]: softmax(z, i, K)}
    text = "L = -sum(y[i]*log(p[i]) for i in K)"
    assert derive(text, where=by_term, wrt=z[j], given=given).result == p[j] - y[j]
    bare = {"p": softmax(z, i, K)}
    assert derive(text, where=bare, wrt=z[j], given=given).result == p[j] - y[j]


def test_a_sympy_expression_is_the_objective() -> None:
    d = derive(Sum(x[i] ** 2, (i, 1, N)) / 2, wrt=x[j])
    assert d.result == x[j] and str(d.outcome.objective) == "L"
    assert derive(a**3, wrt=a).result == 3 * a**2


def test_conditional_sums_and_deltas() -> None:
    over = Sum(Piecewise((x[i] * x[k], Ne(i, k)), (0, True)), (i, 1, N), (k, 1, N))
    d = derive(over, wrt=x[j])
    assert d.status == "derived"
    diagonal = Sum(KroneckerDelta(i, k) * x[i] * x[k], (i, 1, N), (k, 1, N))
    assert derive(diagonal, wrt=x[j]).result == 2 * x[j]


def test_unknown_functions() -> None:
    g = Function("g")
    d = derive(Sum(g(x[i]), (i, 1, N)), wrt=x[j])
    xi = Symbol("xi_1")
    assert d.result == sympy.Subs(Derivative(g(xi), xi), xi, x[j])


def test_indexed_extrema() -> None:
    d = derive(IndexedMax(x[k], (k, 1, K)), wrt=x[j])
    assert d.status in ("derived", "not-derived")
    assert IndexedMin(x[k], (k, 1, K)).subs(K, 2).doit() == sympy.Min(x[1], x[2])
    assert IndexedMax(x[k], (k, 1, K)).doit() == IndexedMax(x[k], (k, 1, K))
    assert IndexedMax(x[k], (k, 1, K)).free_symbols >= {K, Symbol("x")}
    assert k not in IndexedMax(x[k], (k, 1, K)).free_symbols
    assert "max" in sympy.latex(IndexedMax(x[k], (k, 1, K)))


def test_where_names() -> None:
    ambiguous = Sum(A[i, k] * w[k, j], (k, 1, K))
    with pytest.raises(InputError, match="free indices i, j") as caught:
        derive(where={"B": ambiguous}, wrt="A[n,m]")
    assert "'B[i,j]'" in str(caught.value)
    with pytest.raises(InputError, match="not a SymPy expression"):
        derive(where={"B": 3}, wrt="A[n,m]")  # type: ignore[dict-item]


# text of the language for SymPy expressions
WRITTEN = [
    (a + b - 2, "a + b - 2"),
    (-(a + b), "-a - b"),
    (a - (b - s) * 2, "a - 2*b + 2*s"),
    (sympy.Mul(-1, a + b, evaluate=False), "-(a + b)"),
    (a / b / s, "a/(b*s)"),
    (a / (b + 1), "a/(b + 1)"),
    (-a / 2, "-a/2"),
    (Rational(-3, 4) * a, "-3*a/4"),
    (1 / a, "1/a"),
    (1 / (a * b), "1/(a*b)"),
    (a**-2, "1/a**2"),
    ((a + b) ** 2, "(a + b)**2"),
    (a ** (b + 1), "a**(b + 1)"),
    ((a**b) ** s, "(a**b)**s"),
    ((-a) ** b, "(-a)**b"),
    (Rational(1, 2) ** a, "(1/2)**a"),
    (a ** Rational(1, 3), "a**(1/3)"),
    (sqrt(a) / 2, "sqrt(a)/2"),
    (1 / sqrt(a), "1/sqrt(a)"),
    (exp(-a), "exp(-a)"),
    (sympy.E, "exp(1)"),
    (sympy.E**a * sympy.pi, "pi*exp(a)"),
    (Float("0.1") * a, "0.1*a"),
    (log(a, b), "log(a)/log(b)"),
    (Max(a, b), "max(a, b)"),
    (Abs(a) * sympy.sign(b) * cos(s), "cos(s)*abs(a)*sign(b)"),
    (sympy.digamma(a), "digamma(a)"),
    (sympy.polygamma(3, a), "polygamma(3, a)"),
    (sympy.loggamma(a), "lgamma(a)"),
    (KroneckerDelta(i, j), "delta(i, j)"),
    (A[i, 2], "A[i,2]"),
    (p[n, IndexedBase("t")[n]], "p[n,t[n]]"),
    (Symbol("lambda") * a, "a*lambda"),
    (Function("g")(a, b), "g(a, b)"),
    (Sum(x[i], (i, 1, 2)), "sum(x[i] for i in 2)"),
    (Product(x[i], (i, 1, N)), "prod(x[i] for i in N)"),
    (Sum(x[Idx("q")], (Idx("q"), 1, N)), "sum(x[q] for q in N)"),
    (IndexedMin(x[i], (i, 1, N)) / N, "min(x[i] for i in N)/N"),
    (-Sum(A[i, j], (i, 1, N), (j, 1, M)), "-sum(A[i,j] for i in N for j in M)"),
    (Piecewise((a, Ne(i, j)), (b, True)), "(a if i != j else b)"),
    (
        Piecewise((a, x[i] > 0), (b, x[i] < -1), (s, True)),
        "(a if x[i] > 0 else (b if x[i] < -1 else s))",
    ),
    (
        Sum(Piecewise((x[i], And(i <= j, Ne(i, k))), (0, True)), (i, 1, N)),
        "sum(x[i] for i in N if i <= j and i != k)",
    ),
    (
        Sum(Piecewise((x[i], Or(Eq(i, j), Eq(i, k))), (0, True)), (i, 1, N)),
        "sum(x[i] for i in N if i == j or i == k)",
    ),
    (Product(Piecewise((x[i], i < j), (1, True)), (i, 1, N)), "prod(x[i] for i in N if i < j)"),
    (
        Sum(Piecewise((x[i], i < j), (1, True)), (i, 1, N)),
        "sum((x[i] if i < j else 1) for i in N)",
    ),
]


@pytest.mark.parametrize(("expression", "text"), WRITTEN, ids=lambda v: str(v)[:40])
def test_sympy_to_text(expression: sympy.Expr, text: str) -> None:
    assert interop.to_text(expression) == text


@pytest.mark.parametrize("expression", [e for e, _ in WRITTEN], ids=lambda v: str(v)[:40])
def test_what_is_written_reads_back(expression: sympy.Expr) -> None:
    """Through the language and back, up to what SymPy's constructors do to an unusual form."""
    from derivation.language import read_problem

    written = interop.to_text(expression)
    lines = [f"function {f}({c})" for f, c in interop.unknown_functions(expression).items()]
    lines += ["label t[n] in N"] if "t[n]" in written else []
    # every free index gets its range from an array of its own
    letters = sorted(interop.free_indices(expression))
    more = "".join(f" + u{c}[{c}]" for c in letters)
    lines += [f"U{c} = sum(u{c}[q] for q in N)" for c in letters]
    lines += ["UA = sum(A[q,r] for q in N for r in N)"] if "A[i,2]" in written else []
    lines += ["Ux = sum(x[q] for q in N)"] if "x[i] >" in written else []
    lines += [f"F[{','.join(letters)}] = {written} + v{more}".replace("[]", "", 1), "wrt v"]
    problem = read_problem("\n".join(lines))
    back = interop.to_sympy(problem.definitions["F"].body)
    back -= Symbol("v") + sum(IndexedBase(f"u{c}")[Symbol(c)] for c in letters)
    assert same(back.expand().nsimplify(), expression.expand().nsimplify())


REFUSED = [
    (Sum(x[i], (i, 0, K - 1)), "from 1 to a size"),
    (Sum(x[i], (i, 1, j + 1)), "from 1 to a size"),
    (x[i + 1], "index arithmetic"),
    (x[0], "cannot be an index"),
    (MatrixSymbol("B", 2, 2)[0, 0] * a, "not part of the input language"),
    (sympy.Integral(a, a), "not part of the input language"),
    (sympy.gamma(a), "not part of the input language"),
    (sympy.I * a, "not part of the input language"),
    (sympy.oo + a, "not part of the input language"),
    (Float("inf") * a, "not"),
    (Piecewise((a, b > 0)), "where none of its conditions holds"),
    (Symbol(r"\hat{y}") + 1, "cannot be a name"),
    (Symbol("ŷ"), "cannot be a name"),
    (Symbol("for"), "cannot be a name"),
    (Symbol("a", positive=True) + a, "two different symbols"),
]


@pytest.mark.parametrize(("expression", "says"), REFUSED, ids=lambda v: str(v)[:40])
def test_sympy_that_the_language_lacks(expression: sympy.Expr, says: str) -> None:
    with pytest.raises(InputError, match=says):
        interop.to_text(expression)


def test_dummies_get_letters() -> None:
    d, e = Dummy("k"), Dummy("k")
    written = interop.to_text(Sum(A[d, e] * x[i], (d, 1, N), (e, 1, N)))
    assert written == "sum(A[k,j]*x[i] for k in N for j in N)"


# -- SymPy out ------------------------------------------------------------------------------


def test_the_result_is_plain_sympy() -> None:
    result = derive("softmax-regression", wrt="W[j,c]").result
    assert result is not None
    plain = (Symbol, IndexedBase, Sum, sympy.Mul, sympy.Add, sympy.Indexed, sympy.Tuple)
    for part in sympy.preorder_traversal(result):
        assert type(part) in plain or isinstance(part, sympy.Number), type(part)
        if isinstance(part, Symbol):
            assert part == Symbol(part.name)
    assert sympy.diff(result, IndexedBase("x")[1, 1]) is not None


@pytest.mark.parametrize("size", [1, 3])
def test_numbers_agree_with_sympy_at_an_explicit_size(size: int) -> None:
    """The symbolic result, put into numbers, is what SymPy finds for explicit K."""
    result = derive(SOFTMAX + "F = sum(p[i]**2 for i in K)", wrt="z[j]", inline=True).result
    assert result is not None
    zs = symbols(f"z1:{size + 1}")
    ps = [exp(v) / sum(map(exp, zs)) for v in zs]
    values = {v: Rational(r + 1, 3) for r, v in enumerate(zs)}
    for at in range(size):
        wanted = sympy.diff(sum(q**2 for q in ps), zs[at]).subs(values)
        here = result.subs({j: at + 1, K: size}).doit()
        here = here.subs(Symbol("F"), sum(q**2 for q in ps))
        here = here.subs({p[r + 1]: q for r, q in enumerate(ps)}).subs(values)
        assert abs(float(wanted) - float(here)) < 1e-12


def test_same() -> None:
    assert same(Sum(x[i], (i, 1, N)), Sum(x[k], (k, 1, N)))
    assert same(Sum(A[i, j], (i, 1, N), (j, 1, N)), Sum(A[k, l], (l, 1, N), (k, 1, N)))
    assert not same(Sum(A[i, j], (i, 1, N), (j, 1, M)), Sum(A[i, j], (i, 1, M), (j, 1, N)))
    nested = Sum(x[j] * Sum(y[k], (k, 1, N)), (j, 1, N))
    assert same(Sum(x[i] * Sum(y[i], (i, 1, N)), (i, 1, N)), nested)
    assert not same(Sum(x[i] * y[i], (i, 1, N)), Sum(x[i], (i, 1, N)) * Sum(y[i], (i, 1, N)))
    assert not same(Sum(x[j], (i, 1, N)), Sum(x[i], (i, 1, N)))
    assert not same(x[i], x[j])
    assert same(a + b, b + a) and not same(a, Symbol("a", positive=True))
    assert same(2, sympy.Integer(2)) and not same(a, 2)
    assert same(IndexedMax(x[i], (i, 1, N)), IndexedMax(x[j], (j, 1, N)))
    assert not same(IndexedMax(x[i], (i, 1, N)), IndexedMin(x[i], (i, 1, N)))
    bound = Sum(Piecewise((x[i], Ne(i, j)), (0, True)), (i, 1, N))
    assert same(bound, bound.xreplace({i: k})) and not same(bound, bound.xreplace({j: l}))


def test_building_blocks() -> None:
    assert softmax(z, i, K) == exp(z[i]) / Sum(exp(z[k]), (k, 1, K))
    assert same(softmax(z, k, K), exp(z[k]) / Sum(exp(z[i]), (i, 1, K)))
    assert same(softmax(lambda c: A[n, c], i, K), exp(A[n, i]) / Sum(exp(A[n, k]), (k, 1, K)))
    assert cross_entropy(y, p, K) == -Sum(y[i] * log(p[i]), (i, 1, K))
    assert same(cross_entropy(lambda c: A[i, c], p, K), -Sum(A[i, k] * log(p[k]), (k, 1, K)))
    assert softmax_jacobian(z, i, j, K) == softmax(z, i, K) * (
        KroneckerDelta(i, j) - softmax(z, j, K)
    )
    at_two = softmax(z, 1, K).subs(K, 2).doit()
    assert at_two == exp(z[1]) / (exp(z[1]) + exp(z[2]))


# -- printing itself ------------------------------------------------------------------------


def test_conditions_are_text_of_the_language() -> None:
    d = derive("f = log(a*b); given a > 0; given b > 0", wrt="a")
    assert d.result == 1 / a
    assert all(isinstance(c, str) for c in (*d.given, *d.conditions))


def test_a_warning_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="`u` is defined but not used"):
        derive("u = x; f = x**2; wrt x")


def test_it_prints_itself() -> None:
    from rich.console import Console

    d = derive("softmax-cross-entropy")
    assert repr(d) == "Derivation(diff(L, z[j]) = yhat[j] - y[j])"
    assert str(d) == d.to_text() and "ŷⱼ − yⱼ" in str(d)
    assert len(d.to_text(detail="outline")) < len(d.to_text()) < len(d.to_text(detail="full"))
    assert json.loads(d.to_json())["result"] == "yhat[j] - y[j]"
    assert "\\documentclass" in d.to_latex(standalone=True)
    assert d._repr_latex_().startswith("$") and "\\hat{y}" in d._repr_latex_()
    for terminal in (True, False):
        console = Console(force_terminal=terminal, width=60, record=True, file=open_nothing())
        console.print(d)
        shown = console.export_text()
        assert "ŷⱼ − yⱼ" in shown and max(map(len, shown.splitlines())) <= 60


def open_nothing():  # type: ignore[no-untyped-def]
    import io

    return io.StringIO()


def test_a_refuted_step_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from derivation import engine, terms

    real = engine.derive_together

    def wrong(*arguments: object, **options: object) -> object:
        (outcome,) = real(*arguments, **options)
        last = outcome.steps[-1]
        false = replace(last, after=terms.neg(last.after))
        return (replace(outcome, result=false.after, steps=(*outcome.steps[:-1], false)),)

    monkeypatch.setattr(engine, "derive_together", wrong)
    d = derive("f = sum(x[i]**2 for i in N)", wrt="x[j]")
    assert d.status == "not-derived" and d.result is None
    assert "is wrong" in str(d.reason) and "report" in str(d.reason)


def refusing(monkeypatch: pytest.MonkeyPatch, objective: str, step: str) -> list[int]:
    """A checker that refuses a step of the derivations by this variable; counts its calls."""
    from derivation.checker import Refused

    checked = import_module("derivation.certify.checked")
    real, calls = checked.check_data, []

    def check(data: Any) -> Any:
        records = [r for r in data.get("derivations", [data]) if "wrt" in r]
        calls.extend([1] if records else [])  # not of a matrix form
        for record in records:
            if record["wrt"] == [objective] and any(s["number"] == step for s in record["steps"]):
                error = Refused("it does not follow")
                error.step = f"step {step}.1, sum-add"
                raise error
        return real(data)

    monkeypatch.setattr(checked, "check_data", check)
    return calls


def test_what_the_checker_refuses_is_not_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    before = derive("softmax-cross-entropy")
    refusing(monkeypatch, "z[j]", "5")
    d = derive("softmax-cross-entropy")
    assert d.status == "not-derived" and d.result is None
    assert d.reason == (
        "the checker refuses step 5.1, sum-add: it does not follow; "
        "this is a defect of the program, please report it"
    )
    assert len(d.steps) == 4 < len(before.steps)
    assert "not derived" in str(d) and "proved so far, up to step 4" in str(d)
    assert json.loads(d.to_json())["reason"] == d.reason


def test_of_several_gradients_only_what_is_refused_is_not_derived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "u = sum(w[d]*x[d] for d in D) + b; L = u**2"
    last = derive(text, wrt="b").steps[-1].number
    refusing(monkeypatch, "b", last)
    found = gradients(text, wrt=["w[j]", "b", "x[j]"])
    assert [d.status for d in found.values()] == ["derived", "not-derived", "derived"]
    derivation.verify(found["x[j]"].to_json())


def test_what_cannot_be_written_as_a_certificate_is_not_derived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from derivation.certify import NotCertified

    def none(outcomes: Any) -> Any:
        raise NotCertified("no point has been found")

    monkeypatch.setattr(import_module("derivation.certify.checked"), "certificate", none)
    d = derive("f = x**2", wrt="x")
    assert (d.status, d.reason, d.steps) == ("not-derived", "no point has been found", ())
    with pytest.raises(NotCertified):
        d.to_json()


def test_a_derivation_is_checked_once_and_that_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = refusing(monkeypatch, "", "")
    found = gradients("L = sum((w[d]*x[d] + b)**2 for d in D)", wrt=["w[j]", "b"])
    assert len(calls) == 1
    outcomes = [d.outcome for d in found.values()]
    assert outcomes[0].certificate is outcomes[1].certificate
    printers.render(outcomes, "json")
    printers.render(outcomes, "text")
    assert len(calls) == 1
    derivation.verify(found["b"].to_json())  # of one of them: a certificate of its own
    assert len(calls) == 2


def test_the_package_says_what_it_offers() -> None:
    assert set(derivation.__all__) <= set(dir(derivation))
    with pytest.raises(AttributeError, match="no attribute 'derived'"):
        derivation.derived  # noqa: B018
    code = "from derivation import *; print(derive.__module__, same.__module__, __version__)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert done.stdout.split()[2] == derivation.__version__


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("L = a*s/s + s; given s == 0; wrt a", "it would need s != 0"),
        ("L = a*sqrt(b)/b; given b < 0; wrt a", "it would need b > 0"),
        ("L = log(a); given a < 0; wrt a", "which the rest of the problem excludes"),
        ("L = a/(p - q); given p == q; wrt a", "the derivative exists nowhere"),
    ],
)
def test_a_result_that_holds_of_nothing_is_none(program: str, reason: str) -> None:
    d = derive(program)
    assert d.result is None and reason in str(d.reason)


@pytest.mark.parametrize(
    "text",
    [
        "L = z*2**(10**390*a/a)",
        "L = z*2**(9999*9999*log(a)/log(a))",
        "L = z*2**b; given b == 10**300",
        "L = exp(10**300*log(2))*z",
        "L = prod(2**9 for k in 10000)*z",
        "L = z**(1/3)**(10**390*a/a)",
    ],
)
def test_a_number_that_comes_out_too_long_is_said_so(text: str) -> None:
    """No exponent that only the derivation finds may take all memory."""
    found = derive(text, wrt="z")
    assert found.result is None
    assert "a number of thousands of digits" in str(found.reason)


@pytest.mark.parametrize(
    ("givens", "said"),
    [
        (["sum(y[i] for i in K) == 1", "y[i] < 0"], "can never hold beside the other givens"),
        (["y[i] > 0", "sum(y[i] for i in K) == 0"], "can never hold beside the other givens"),
        (["exp(a) == 0"], "can never hold"),
        (["exp(a*y[i]) == 0"], "can never hold"),
        (["a**2 == -1"], "can never hold"),
        (["abs(a) < 0"], "can never hold"),
    ],
)
def test_givens_that_signs_exclude_are_bad_input(givens: list[str], said: str) -> None:
    with pytest.raises(InputError, match=f"(?m){said}"):
        derive("L = a*sum(y[i]*z[i] for i in K)", wrt="z[j]", given=givens)


def test_a_symbol_called_pi_is_not_the_number() -> None:
    """`Symbol("pi")*pi` would come out as pi**2."""
    with pytest.raises(InputError, match="a symbol called `pi`"):
        derive(sympy.Symbol("pi") * sympy.pi * sympy.Symbol("a"), wrt="a")
    found = derive(sympy.pi * sympy.Symbol("a") ** 2, wrt="a")
    assert found.result == 2 * sympy.pi * sympy.Symbol("a")


@pytest.mark.parametrize("problem", [None, 3, b"L = x", [1], sympy.Eq(sympy.Symbol("x"), 1)])
def test_what_is_no_problem_is_said_so(problem: object) -> None:
    with pytest.raises(InputError, match="a problem is text, a path or a SymPy expression"):
        derive(problem, wrt="x")  # type: ignore[arg-type]


def test_wrong_kinds_of_arguments() -> None:
    with pytest.raises(InputError, match="a variable is text"):
        derive("L = x", wrt=3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a condition is text"):
        derive("L = x", wrt="x", given=3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="thousands of digits"):
        derive(sympy.Integer(10) ** 5000 * sympy.Symbol("x"), wrt="x")


def test_a_letter_called_as_the_objective() -> None:
    found = derive("L = sum(z[i]**2 for i in K)", wrt="z[L]")
    assert str(found.result) == "2*z[L]"
    with pytest.raises(InputError, match="the result mentions the objective `L`"):
        derive("L = exp(sum(z[i]**2 for i in K))", wrt="z[L]")
