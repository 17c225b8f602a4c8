"""Checking a person's derivation: verdicts, counterexamples, slips, the report's contract."""

from __future__ import annotations

import importlib
import json
import math
import pathlib
import re
from fractions import Fraction
from typing import Any

import pytest

from benchmarks.corpus import problem_of
from derivation import check
from derivation.certify import Equations
from derivation.checker import Refused, check_data
from derivation.checker import check as check_text
from derivation.checking.judge import Judge
from derivation.checking.prover import Prover
from derivation.checking.refuter import Refuter
from derivation.commands.parse import run
from derivation.errors import InputError, RuleRefused
from derivation.language import read_expression, read_problem, write
from derivation.terms import diff

HERE = pathlib.Path(__file__).parent
ITEMS = json.loads((HERE / "data" / "public.json").read_text(encoding="utf-8"))
SOFTMAX = """\
p[i] = exp(z[i])/sum(exp(z[k]) for k in K)
L = -sum(y[i]*log(p[i]) for i in K)
wrt z[j]
"""
SIMPLEX = "given sum(y[i] for i in K) == 1\n"
# what is not proved yet (notes/checking.md)
OPEN = {"ppo-unclipped-surrogate"}
# what takes more than a second: `benchmarks/checking.py --corpus` checks these too
SLOW = {
    "cox-observed-information", "gru-reset-gate", "irt-2pl-discrimination",
    "layernorm-softmax-logit", "mmd-gaussian-sample", "sne", "symmetric-sne", "trpo-kl-fisher",
    "tsne",
}  # fmt: skip
QUICK = [item for item in ITEMS if item["id"] not in SLOW]


def verdicts(text: str, **options: Any) -> list[str]:
    return [line.verdict for line in check(text, **options).lines]


# -- published formulas -----------------------------------------------------------------------


@pytest.mark.parametrize("item", QUICK, ids=[item["id"] for item in QUICK])
def test_published_results_are_proved_and_wrong_ones_refuted(item: dict[str, Any]) -> None:
    problem = problem_of(item)
    goal = diff(problem.objective, *problem.wrt[0])
    judge = Judge(problem)
    found = judge.verdict(goal, read_expression(item["expect"], problem))
    assert found.verdict in (("open", "proved") if item["id"] in OPEN else ("proved",))
    for wrong in ("-({})", "2*({})", "({})**2"):
        claimed = read_expression(wrong.format(item["expect"]), problem)
        assert judge.verdict(goal, claimed).verdict == "refuted", wrong


# -- lines ------------------------------------------------------------------------------------


def test_a_right_derivation_in_a_persons_own_steps() -> None:
    lines = """\
= sum(diff(L, p[i])*diff(p[i], z[j]) for i in K)
= sum(-y[a]/p[a]*(p[a]*(1 - p[a]) if a == j else -p[a]*p[j]) for a in K)
= -y[j]*(1 - p[j]) + sum(y[i]*p[j] for i in K if i != j)
= p[j]*sum(y[m] for m in K) - y[j]
= p[j] - y[j]
claim diff(L, p[i]) == -y[i]/p[i]
claim diff(p[i], z[j]) == p[i]*(1 - p[j]) if i == j
claim diff(p[i], z[j]) == -p[i]*p[j] if i != j
claim diff(p[i], z[j]) == p[i]*(delta(i,j) - p[j])
"""
    report = check(SOFTMAX + SIMPLEX + lines)
    assert [line.verdict for line in report.lines] == ["proved"] * 9
    assert report.status == 0
    assert report.first_wrong is None
    for line in report.lines:
        assert line.theorem is not None
        assert (line.theorem.lhs, line.theorem.rhs) == (line.left, line.right)


@pytest.mark.parametrize(
    ("line", "slip", "mended"),
    [
        ("= p[j] + y[j]", "sign", "= p[j] - y[j]"),
        ("= 2*(p[j] - y[j])", "factor 2", None),
        ("= y[j] - y[j]", "y for p", "= p[j] - y[j]"),
        ("= p[j]**2 - y[j]", "square too many", "= p[j] - y[j]"),
        ("= -y[j]*(1 - p[j]) + sum(y[i]*p[j] for i in K)", "missing i != j", None),
        ("= p[j]", "dependence lost: exp(z[i])", "= p[j] - y[j]"),
    ],
)
def test_a_slip_is_named_and_the_mended_line_is_proved(
    line: str, slip: str, mended: str | None
) -> None:
    found = check(SOFTMAX + SIMPLEX + line).lines[0]
    assert found.verdict == "refuted"
    assert found.suggestion is not None
    assert slip in found.suggestion.slip
    if mended is not None:
        assert found.suggestion.text == mended
    again = check(SOFTMAX + SIMPLEX + found.suggestion.text)
    assert [x.verdict for x in again.lines] == ["proved"]


def test_a_missing_given_is_said() -> None:
    report = check(SOFTMAX + "= p[j] - y[j]")
    (line,) = report.lines
    assert line.verdict == "refuted"
    assert line.suggestion is not None
    assert line.suggestion.text == "given sum(y[i] for i in K) == 1"
    assert verdicts(SOFTMAX + line.suggestion.text + "\n= p[j] - y[j]") == ["proved"]
    assert "true only if" in str(report)


def test_lines_after_a_slip_are_judged_from_the_users_own_line() -> None:
    lines = """\
= -y[j] + p[j]*sum(y[i] for i in K)
= y[j] + p[j]*sum(y[i] for i in K)
= y[j] + p[j]
= p[j] - y[j]
"""
    report = check(SOFTMAX + SIMPLEX + lines)
    assert [line.verdict for line in report.lines] == ["proved", "refuted", "proved", "refuted"]
    assert report.first_wrong == 6
    assert "follows from the line before, but line 6 was wrong" in report.lines[2].notes
    assert any("true value is back" in note for note in report.lines[3].notes)


def test_a_condition_that_the_sides_do_not_grant_is_no_proof() -> None:
    assert verdicts("f = a*x\nwrt x\nclaim sqrt(x**2) == x") == ["refuted"]
    assert verdicts("f = a*x\nwrt x\nclaim log(a*x) == log(a) + log(x)") == ["proved"]
    assert verdicts("f = a*x\nwrt x\ngiven x > 0\nclaim sqrt(x**2) == x") == ["proved"]
    assert verdicts("f = a*x\nwrt x\nclaim x/x == 1") == ["proved"]


def test_claims_by_cases_hold_only_there() -> None:
    jacobian = "p[i] = exp(z[i])/sum(exp(z[k]) for k in K)\nwrt z[j]\n"
    assert verdicts(jacobian + "claim diff(p[i], z[j]) == p[i]*(1 - p[i])") == ["refuted"]
    assert verdicts(jacobian + "claim diff(p[i], z[j]) == -p[i]*p[j] if i == j") == ["refuted"]


def test_a_partial_derivative_is_not_the_full_one() -> None:
    chain = "a = x**2\nL = a*x\nwrt x\n"
    assert verdicts(chain + "claim partial(L, x) == a\nclaim diff(L, x) == 3*a") == ["proved"] * 2
    assert verdicts(chain + "claim diff(L, x) == a") == ["refuted"]


def test_second_derivatives_and_unknown_functions() -> None:
    assert verdicts("f = log(sum(exp(x[k]) for k in K))\nwrt x[j] then x[l]\n"
                    "= exp(x[j] - f)*(delta(j,l) - exp(x[l] - f))") == ["proved"]  # fmt: skip
    assert verdicts("function g\nL = g(x**2)\nwrt x\n= 2*x*deriv(g, 1)(x**2)\n"
                    "= x*deriv(g, 1)(x**2)") == ["proved", "refuted"]  # fmt: skip


# -- counterexamples --------------------------------------------------------------------------


def test_a_counterexample_meets_the_givens_and_is_exact() -> None:
    report = check(SOFTMAX + SIMPLEX + "given y[i] > 0\n= p[j] + y[j]")
    point = report.lines[0].counterexample
    assert point is not None
    y = point.arrays["y"]
    assert sum(y.values()) == 1
    assert all(v > 0 for v in y.values())
    j, sizes = (point.indices["j"],), point.sizes
    assert set(sizes) == {"K"}
    z = [float(point.arrays["z"][(k,)]) for k in range(1, sizes["K"] + 1)]
    p = math.exp(z[j[0] - 1]) / sum(map(math.exp, z))
    assert math.isclose(float(point.left), p - y[j])
    assert math.isclose(float(point.right), p + y[j])


def test_exact_values_are_text_of_the_language() -> None:
    problem = read_problem("f = exp(x) + a\nwrt x")
    refuter = Refuter(problem)
    left, right = read_expression("exp(x) + 1", problem), read_expression("exp(x)*2", problem)
    found, _ = refuter.refute(left, right)
    assert found is not None
    data = found.to_json()
    for side in ("left", "right"):
        exact = read_expression(data[side]["exact"], problem)
        assert write(exact) == data[side]["exact"]


def test_numbers_too_near_for_floats_are_told_apart_or_left_open() -> None:
    tiny = "1/10**40"
    problem = read_problem("f = x*a\nwrt x")
    judge = Judge(problem)
    one = read_expression("exp(x)", problem)
    other = read_expression(f"exp(x) + {tiny}", problem)
    assert judge.verdict(one, other).verdict != "proved"
    assert judge.verdict(one, one).verdict == "proved"


def test_enclosures_hold_the_value() -> None:
    from derivation.checking.closed import ClosedForms, differ, enclosure

    field = ClosedForms()
    wanted = field.mp
    for name in ("exp", "sin", "tanh", "atan", "erf", "sigmoid", "softplus", "asinh"):
        value = field.functions[name](Fraction(1, 3))
        inside = enclosure(value)
        exact = {
            "sigmoid": lambda x: 1 / (1 + wanted.exp(-x)),
            "softplus": lambda x: wanted.log(1 + wanted.exp(x)),
        }.get(name) or getattr(wanted, name)
        truth = exact(wanted.mpf(1) / 3)
        assert inside.a <= truth <= inside.b, name
        assert float(inside.delta) < 1e-20
    assert not differ(field.functions["exp"](Fraction(1)), field.functions["exp"](Fraction(1)))
    assert differ(field.functions["exp"](Fraction(1)), Fraction(27, 10))


# -- the report -------------------------------------------------------------------------------


def test_the_json_contract() -> None:
    report = check(SOFTMAX + SIMPLEX + "= p[j] + y[j]\n= p[j] + y[\nclaim p[i] == p[i]")
    data = json.loads(report.to_json())
    assert data["schema"] == "derivation-check/1"
    assert data["first_wrong"] == 5
    keys = {"line", "text", "read_as", "verdict", "counterexample", "suggestion"}
    assert all(set(line) == keys for line in data["lines"])
    wrong, unread, claim = data["lines"]
    assert (wrong["line"], wrong["verdict"], wrong["read_as"]) == (5, "refuted", "= p[j] + y[j]")
    assert set(wrong["counterexample"]) == {"sizes", "indices", "arrays", "left", "right"}
    assert set(wrong["counterexample"]["left"]) == {"exact", "float"}
    assert wrong["suggestion"] == {"text": "= p[j] - y[j]", "slip": "sign"}
    assert (unread["line"], unread["verdict"], unread["read_as"]) == (6, "unread", None)
    assert (claim["verdict"], claim["counterexample"], claim["suggestion"]) == (
        "proved", None, None,
    )  # fmt: skip


def test_the_status() -> None:
    assert check(SOFTMAX + SIMPLEX + "= p[j] - y[j]").status == 0
    assert check(SOFTMAX + SIMPLEX + "= p[j]").status == 1
    assert check(SOFTMAX + SIMPLEX + "= p[j] - y[j]\n= p[").status == 3
    assert check(SOFTMAX + SIMPLEX + "= p[").status == 2
    with pytest.raises(InputError, match="no lines to check"):
        check(SOFTMAX)
    with pytest.raises(InputError, match="line 2"):
        check("L = x**2\nM = lgo(x)\nwrt x\n= 2*x")


def test_a_claimed_result_alone_is_line_0() -> None:
    report = check(SOFTMAX + SIMPLEX + "= nonsense(", final="p[j] - y[j]")
    assert [(line.line, line.verdict) for line in report.lines] == [(0, "proved")]
    wrong = check(SOFTMAX + SIMPLEX, final="y[j] - p[j]")
    assert (wrong.first_wrong, wrong.status) == (0, 1)


def test_a_problem_alongside() -> None:
    report = check("= p[j] - y[j]\n= p[j]", problem=SOFTMAX + SIMPLEX)
    assert [(line.line, line.verdict) for line in report.lines] == [(1, "proved"), (2, "refuted")]


def test_it_shows_itself() -> None:
    from rich.console import Console

    report = check(SOFTMAX + SIMPLEX + "= p[j] + y[j]  # <b>")
    text = str(report)
    assert "refuted" in text
    assert "the first wrong line is line 5" in text
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
    page = report.to_html()
    assert "<math" in page
    assert "<b>" not in page
    assert "<math" in report._repr_html_()
    console = Console(width=60, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(report)
    assert "refuted" in console.export_text()


def test_full_detail_shows_the_proof() -> None:
    report = check(SOFTMAX + SIMPLEX + "= p[j] - y[j]")
    assert len(report.to_text(detail="full")) > 2 * len(report.to_text())
    assert "Chain rule" not in report.to_text()


def test_a_lecture_in_markdown() -> None:
    path = HERE.parent / "examples" / "softmax-cross-entropy.md"
    report = check(path.read_text(encoding="utf-8"), filename=path.name)
    assert len(report.lines) >= 13
    assert {line.verdict for line in report.lines} == {"proved"}
    wrong = path.read_text(encoding="utf-8").replace(r"\hat y_j - y_j", r"\hat y_j + y_j")
    assert check(wrong, filename=path.name).first_wrong is not None


def test_bounded_on_long_lines() -> None:
    long = "= " + " + ".join(f"{n}*p[j]*exp(z[j])" for n in range(400))
    report = check(SOFTMAX + SIMPLEX + long)
    assert report.lines[0].verdict == "refuted"


def test_the_prover_uses_the_kernel() -> None:
    problem = read_problem(SOFTMAX + SIMPLEX)
    theorem = Prover(problem).prove(
        diff(problem.objective, *problem.wrt[0]), read_expression("p[j] - y[j]", problem)
    )
    from derivation.kernel import genuine

    assert theorem is not None
    assert genuine(theorem) is theorem


# -- the checker ------------------------------------------------------------------------------


@pytest.fixture
def accepted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The certificates that the checker has accepted."""
    found: list[dict[str, Any]] = []

    def accept(data: dict[str, Any]) -> None:
        check_data(data)
        found.append(data)

    monkeypatch.setattr("derivation.certify.equations.accept", accept)
    return found


CHECKED = importlib.import_module("derivation.certify.checked")


def refuse(data: Any) -> Any:
    error = Refused("it is not believed")
    error.step = "step 1"
    raise error


def in_readme() -> str:
    text = (HERE.parent / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return next(block for block in blocks if "\nclaim diff(p[i], z[j])" in block)


@pytest.mark.parametrize("source", ["readme", "examples"])
def test_every_proved_line_has_an_accepted_certificate(
    source: str, accepted: list[dict[str, Any]]
) -> None:
    if source == "readme":
        report = check(in_readme())
    else:
        path = HERE.parent / "examples" / "softmax-cross-entropy.md"
        report = check(path.read_text(encoding="utf-8"), filename=path.name)
    claims = [check_text(json.dumps(data))[0] for data in accepted]
    for line in report.lines:
        if line.verdict == "proved":
            said = f"{write(line.left)} == {write(line.right)}"
            assert any(same(said, claim.equation) for claim in claims), said


def same(one: str, two: str) -> bool:
    """Whether two equations are one but for spaces and for what brackets stand in front."""
    return one.translate(_BARE) == two.translate(_BARE)


_BARE = str.maketrans("", "", " ()")


@pytest.mark.parametrize(
    "line",
    [
        "= p[j] - y[j]",
        "claim diff(p[i], z[j]) == -p[i]*p[j] if i != j",
        "claim log(exp(z[i])*p[i]) == z[i] + log(p[i])",
    ],
)
def test_what_the_checker_refuses_is_open(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SOFTMAX + SIMPLEX + line
    assert verdicts(text) == ["proved"]
    monkeypatch.setattr(CHECKED, "check_data", refuse)
    report = check(text)
    (found,) = report.lines
    assert (found.verdict, report.status) == ("open", 3)
    assert "it is not believed" in " ".join(found.notes)
    assert "defect of the program" in " ".join(found.notes)
    assert "it is not believed" in report.to_text(width=500)
    assert (found.theorem, found.proof) == (None, None)


def test_what_the_checker_refuses_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    text = SOFTMAX + SIMPLEX + "= p[j] + y[j]"
    assert check(text).lines[0].suggestion is not None
    monkeypatch.setattr(CHECKED, "check_data", refuse)
    assert check(text).lines[0].suggestion is None
    assert check(SOFTMAX + "= p[j] - y[j]").lines[0].suggestion is None  # a missing given


def test_what_cannot_be_said_as_a_certificate_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def written(self: Any, equation: Any) -> Any:
        raise RuleRefused("no law of the checker for the rule")

    monkeypatch.setattr(Equations, "certificate", written)
    (line,) = check(SOFTMAX + SIMPLEX + "= p[j] - y[j]").lines
    assert line.verdict == "open"
    assert "no certificate can be written: no law of the checker" in line.notes[0]


def test_a_claim_says_where_it_holds(accepted: list[dict[str, Any]]) -> None:
    texts = [
        "claim diff(p[i], z[j]) == -p[i]*p[j] if i != j",
        "claim 1/z[i] + 1/(z[i] - z[k]) == (2*z[i] - z[k])/(z[i]*(z[i] - z[k]))",
        "given K >= 2\nclaim z[1] == z[1]*p[2]/p[2]",
    ]
    assert [verdicts(SOFTMAX + text) for text in texts] == [["proved"]] * 3
    case, apart, literal = (check_data(data)[0] for data in accepted)
    assert (case.assumes, case.conditions) == (["i != j"], [])
    # for every i and k at once no point meets it
    assert (apart.assumes, apart.conditions) == (["z[i] != z[k]", "z[i] != 0"], [])
    assert "K >= 2" in literal.given


def test_a_case_that_never_occurs_is_no_theorem() -> None:
    text = "claim 1/z[i] + 1/(z[i] - z[k]) == (2*z[i] - z[k])/(z[i]*(z[i] - z[k])) if i == k"
    assert verdicts(SOFTMAX + text) == ["open"]


# -- the command ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "status"),
    [("= p[j] - y[j]", 0), ("= p[j]", 1), ("= p[j] - y[j]\n= p[", 3), ("= p[", 2), ("", 2)],
)
def test_the_command_ends_with_the_status(
    lines: str, status: int, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.deriv"
    file.write_text(SOFTMAX + SIMPLEX + lines, encoding="utf-8")
    assert run(["check", str(file)]) == status
    assert ("no lines" in capsys.readouterr().err) == (not lines)


def test_the_command_writes_files_and_checks_results(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    assert run(["check", "--final", "yhat[j] - y[j]", "softmax-cross-entropy", "-o", str(out)]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["lines"][0]["line"] == 0
    page = tmp_path / "report.html"
    assert run(["check", "--final", "y[j]", "softmax-cross-entropy", "-o", str(page)]) == 1
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert capsys.readouterr().out == ""
    assert run(["check", "--final", "y[j]", "softmax-cross-entropy", "-o", "x.pdf"]) == 2


AFFINE = """\
r[n] = sum(X[n,d]*w[d] for d in D) + b - t[n]
J = sum(r[n]**2 for n in N)/2
"""


def test_lines_after_a_further_wrt_are_about_its_gradient() -> None:
    right = """\
wrt w[j]
= sum(r[n]*diff(r[n], w[j]) for n in N)
= sum(r[n]*X[n,j] for n in N)
wrt b
= sum(r[n] for n in N)
"""
    assert verdicts(AFFINE + right) == ["proved"] * 3
    report = check(AFFINE + right.replace("= sum(r[n] for", "= sum(r[n]*X[n,j] for"))
    assert [x.verdict for x in report.lines] == ["proved", "proved", "refuted"]
    assert report.first_wrong == 7
    assert "∂J/∂b = " in check(AFFINE + right).to_text()


def test_lines_under_several_gradients_begin_with_one_of_them() -> None:
    asked = AFFINE + "wrt w[j], b\n"
    assert verdicts(asked + "= sum(r[n]*X[n,j] for n in N)") == ["proved"]
    assert verdicts(asked + "= sum(r[n] for n in N)") == ["proved"]
    assert verdicts(asked + "= 2*sum(r[n] for n in N)") == ["refuted"]
    both = "= sum(r[n]*X[n,j] for n in N)\n= sum(r[n] for n in N)"
    assert verdicts(asked + both) == ["proved", "refuted"]  # it is not equal to the line before


def test_lines_in_matrix_notation() -> None:
    problem = """\
X: N by D
t: N
r = X @ w - t
J = (r.T @ r)/2
wrt w
"""
    assert verdicts(problem + "= X.T @ r\n= X.T @ (X @ w - t)") == ["proved", "proved"]
    assert verdicts(problem + "= X.T @ r\n= sum(r[n]*X[n,d] for n in N)") == ["proved"] * 2
    assert verdicts(problem + "= 2*(X.T @ r)") == ["refuted"]
    (line,) = check(problem + "= -(X.T @ r)").lines
    assert line.suggestion is not None
    assert line.suggestion.slip == "sign"
    for wrong in ("= X @ r", "= r", "= X.T @ r.T @ r"):
        (line,) = check(problem + wrong).lines
        assert line.verdict == "unread"
    assert "this is N" in check(problem + "= r").lines[0].notes[0]


def test_a_matrix_line_has_the_shape_of_the_variable() -> None:
    problem = """\
X: N by D
T: N by K
R = X @ W - T
J = sum(R**2)/2
wrt W[a,b]
"""
    assert verdicts(problem + "= X.T @ R\n= sum(X[n,a]*R[n,b] for n in N)") == ["proved"] * 2
    assert verdicts(problem + "= R.T @ X") == ["unread"]


def test_a_letter_that_is_only_compared_is_an_index() -> None:
    lines = """\
claim sum(1 for i in N if i != j) == N - 1
claim sum(x[i] for i in N if i != q) == sum(x[i] for i in N) - x[q]
claim sum(1 for i in N if i != j) == N
"""
    found = verdicts("L = sum(x[i]**2 for i in N)\nwrt x[j]\n" + lines)
    assert found == ["proved", "proved", "refuted"]
