"""A certificate proves what it states, and nothing else is accepted as one."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import mutate_certificates
import pytest
from test_corpus import ITEMS

import derivation
from benchmarks.corpus import network, problem_of
from derivation import library, verifier
from derivation.api import gradients, read
from derivation.engine import derive_outcome, derive_together, planner
from derivation.errors import CertificateRefused, InputError
from derivation.language import read_expression, read_problem, write
from derivation.printers import json as printer

HESSIAN = "p[i] = exp(z[i])/sum(exp(z[k]) for k in K)\nL = log(p[1])\nwrt z[j] then z[l]"


def certificate(text: str, style: str = "delta") -> dict[str, Any]:
    problem = read_problem(text)
    outcome = derive_outcome(problem, problem.wrt[0], style=style)
    record: dict[str, Any] = json.loads(printer.render([outcome]))
    return record


def of_library(name: str, style: str) -> dict[str, Any]:
    problem = read(library.load(name), style=style)
    outcome = derive_outcome(problem, problem.wrt[0], style=style)
    record: dict[str, Any] = json.loads(printer.render([outcome]))
    return record


def verify(record: dict[str, Any]) -> verifier.Verified:
    return verifier.verify(json.dumps(record))


@pytest.mark.parametrize("name", library.names())
def test_every_library_problem_in_both_styles(name: str) -> None:
    for style in ("cases", "delta"):
        problem = read(library.load(name), style=style)
        for outcome in derive_together(problem, problem.wrt, style=style):
            text = printer.render([outcome])
            found = verifier.verify(text)
            assert found.derived and found.claim.endswith(f" == {json.loads(text)['result']}")
            assert found.moves > 0


@pytest.mark.parametrize(
    "text",
    [
        HESSIAN,
        "L = sum(log(x[i])**2/x[j] for i in N for j in N if i != j)\nwrt x[a] then x[b]",
        "L = sum((x[n] if s[n] > 0 else x[n]**2) for n in N)\nwrt x[m]",
        "label t[n] in K\nL = -sum(z[n,t[n]] - log(sum(exp(z[n,k]) for k in K)) for n in N)\n"
        "wrt z[m,j]",
        "function g\nL = sum(g(x[i]*a)*x[i] for i in N)\nwrt x[j]",
        "L = sum((a*b)*(c*x[i])*(d*e) for i in N) + (a + b) + (c + x[1])\nwrt x[j]",
        "L = max(x[i] for i in N)\nwrt x[j]",
        "f = x*detach(x)\nwrt x",
    ],
)
def test_programs_of_many_kinds(text: str) -> None:
    for style in ("cases", "delta"):
        assert verify(certificate(text, style)).derived


def test_a_letter_that_is_only_compared_in_a_condition() -> None:
    item = next(i for i in ITEMS if i["id"] == "sne")
    problem = problem_of(item)
    outcome = derive_outcome(problem, problem.wrt[0])
    found = verifier.verify(printer.render([outcome]))
    assert any(" if i != j else 1) != 0" in c for c in (*found.conditions, *found.domain))


def test_a_condition_that_stands_twice_is_read_twice() -> None:
    problem = read_problem("L = sum(x[i] for i in K if i != 1)\nwrt x[j]")
    text = "sum(x[i] for i in K if i != 1 and i != 1)"
    assert write(read_expression(text, problem)) == text


def test_what_is_verified_is_said() -> None:
    found = verify(of_library("softmax-cross-entropy", "cases"))
    assert found.claim == "diff(L, z[j]) == yhat[j] - y[j]"
    assert found.given == ("sum(y[i] for i in K) == 1",)
    assert found.definitions[0] == "yhat[i] = exp(z[i])/sum(exp(z[k]) for k in K)"
    assert (found.conditions, found.introduced) == ((), ())
    assert found.lemmas == 3


def test_conditions_are_said() -> None:
    found = verify(certificate("L = sum(abs(x[i])*log(x[i] + a) for i in N)\nwrt x[j]"))
    assert found.conditions == ("x[i] != 0",)
    assert found.domain == ("a + x[i] > 0",) or found.domain == ("x[i] + a > 0",)


def test_introduced_names_are_said() -> None:
    found = verify(of_library("mlp-two-layer", "delta"))
    assert all(name.partition(" = ")[2] for name in found.introduced)


def test_a_set_is_verified_whole() -> None:
    found = gradients("L = sum((w[d]*x[d] + b)**2 for d in D)", wrt=["w[j]", "b"])
    whole = {
        "schema": "derivation-set/1",
        "derivations": [json.loads(d.to_json()) for d in found.values()],
    }
    claims = [v.claim for v in verifier.verify_all(json.dumps(whole))]
    assert [c.split(" == ")[0] for c in claims] == ["diff(L, w[j])", "diff(L, b)"]
    with pytest.raises(InputError, match="a set of 2"):
        verify(whole)
    whole["derivations"][1]["result"] = "0"
    with pytest.raises(CertificateRefused):
        verifier.verify_all(json.dumps(whole))


def test_a_derivation_that_stopped_proves_what_it_reached() -> None:
    record = of_library("softmax-cross-entropy", "cases")
    record["steps"] = record["steps"][:-2]
    with pytest.raises(CertificateRefused, match="the statement"):
        verify(record)
    record.update(status="not-derived", result=None, result_latex=None, reason="stopped")
    with pytest.raises(CertificateRefused, match="`given` belongs to a result"):
        verify(record)
    record.update(given=[], conditions=[], domain=[])
    found = verify(record)
    assert not found.derived
    assert found.claim.startswith("diff(L, z[j]) == -y[j] + ")


def test_the_public_name() -> None:
    assert derivation.verify is verifier.verify


# -- what is refused -----------------------------------------------------------------------------


def steps_of(record: dict[str, Any]) -> dict[str, Any]:
    return {s[k]["number"]: s[k] for s, k in mutate_certificates.all_steps(record)}


def claim(number: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        step = steps_of(record)[number]
        assert step[key] != value, "the change changes nothing"
        step[key] = value

    return change


def top(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        assert record[key] != value, "the change changes nothing"
        record[key] = value

    return change


def swapped(record: dict[str, Any]) -> None:
    steps = record["steps"]
    steps[-1], steps[-2] = steps[-2], steps[-1]


def swapped_and_renumbered(record: dict[str, Any]) -> None:
    swapped(record)
    mutate_certificates.renumber(record)


def missing(record: dict[str, Any]) -> None:
    del record["steps"][-2]
    mutate_certificates.renumber(record)


def missing_lemma(record: dict[str, Any]) -> None:
    del record["steps"][2]
    mutate_certificates.renumber(record)


def program(old: str, new: str) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        text = record["problem"]["program"]
        assert old in text
        record["problem"]["program"] = text.replace(old, new)

    return change


def lemma_by_itself(record: dict[str, Any]) -> None:
    """A circle: the first move of lemma 2 cites lemma 2."""
    step = steps_of(record)["2"]
    move = steps_of(record)["2.1.1"]
    step["substeps"] = [{**move, "number": "2.1", "substeps": []}]
    one = step["substeps"][0]
    one.update(before=step["before"], after=step["after"], rule="lemma", law="", args={}, path=[])
    one["uses"] = step["uses"] = ["2"]
    step["rule"] = "lemma"


def lemma_later(record: dict[str, Any]) -> None:
    """The lemma on the loss after the step that uses it."""
    steps = record["steps"]
    k = next(n for n, s in enumerate(steps) if s["number"] == "4")
    steps[k], steps[k + 1] = steps[k + 1], steps[k]
    for n, step in enumerate((steps[k], steps[k + 1]), 4):
        text = json.dumps(step)
        old = step["number"]
        text = text.replace(f'"number": "{old}', f'"number": "{n}')
        steps[k + n - 4] = json.loads(text)
    for s, n in mutate_certificates.all_steps(record):
        s[n]["uses"] = ["5" if u == "4" else u for u in s[n]["uses"]]


FLAGSHIP = [
    ("sign", claim("9", "after", "yhat[j] + y[j]"), "9"),
    ("coefficient", claim("8", "after", "-y[j] + 2*yhat[j]*sum(y[i] for i in K)"), "8"),
    ("index", claim("4", "after", "-y[j]/yhat[i]"), "4"),
    ("lemma-before", claim("4", "before", "diff(L, yhat[j])"), "4"),
    ("more-than-the-rule-gives", claim("2.7.1", "after", "0"), "2.7.1"),
    ("rule", claim("3", "rule", "ring"), "3"),
    ("unknown-rule", claim("3", "rule", "magic"), "3"),
    ("too-strong-a-rule", claim("9.3", "rule", "field"), "9.3"),
    ("direction", claim("3", "direction", "rl"), "3"),
    ("path", claim("9.1", "path", [0]), "9.1"),
    ("path-beyond", claim("9.1", "path", [7]), "9.1"),
    ("path-negative", claim("9.1", "path", [-1]), "9.1"),
    ("uses-forged", claim("5", "uses", ["1"]), "5"),
    ("uses-dropped", claim("5", "uses", []), "5"),
    ("uses-added", claim("3", "uses", ["1"]), "3"),
    ("argument", claim("9.1", "args", {"given": "sum(y[i] for i in K) == 2"}), "9.1"),
    ("argument-added", claim("3", "args", {"condition": "i == j"}), "3"),
    ("law", claim("3", "law", "x = x"), "3"),
    ("number", claim("3", "number", "2"), "2"),
    ("number-of-another", claim("3", "number", "4"), None),
    ("number-strange", claim("3", "number", "03"), "03"),
    ("condition-added", claim("3", "conditions", ["y[i] > 0"]), "3"),
    ("result", top("result", "y[j] - yhat[j]"), None),
    ("result-dropped", top("result", None), None),
    ("status", top("status", "not-derived"), None),
    ("wrt", top("wrt", ["z[l]"]), None),
    ("wrt-other", top("wrt", ["y[j]"]), None),
    ("objective", top("objective", "yhat[i]"), None),
    ("given-dropped", top("given", []), None),
    ("given-forged", top("given", ["sum(yhat[i] for i in K) == 1"]), None),
    ("given-not-used", top("given", ["sum(y[i] for i in K) == 1"] * 2), None),
    ("condition-not-needed", top("conditions", ["y[i] > 0"]), None),
    ("swapped", swapped, None),
    ("swapped-and-renumbered", swapped_and_renumbered, None),
    ("missing", missing, None),
    ("missing-lemma", missing_lemma, None),
    ("circle", lemma_by_itself, "2.1"),
    ("lemma-later", lemma_later, None),
    ("program-sign", program("L = -sum", "L = sum"), None),
    ("program-given", program("== 1", "== 2"), None),
    ("program-definition", program("exp(z[i])", "exp(2*z[i])"), None),
]


@pytest.fixture(scope="module")
def flagship() -> dict[str, Any]:
    return of_library("softmax-cross-entropy", "cases")


@pytest.mark.parametrize(("change", "at"), [c[1:] for c in FLAGSHIP], ids=[c[0] for c in FLAGSHIP])
def test_a_changed_certificate_is_refused(
    flagship: dict[str, Any], change: Callable[[dict[str, Any]], None], at: str | None
) -> None:
    record = copy.deepcopy(flagship)
    change(record)
    with pytest.raises(CertificateRefused) as refused:
        verify(record)
    if at is not None:
        assert refused.value.number == at, refused.value


@pytest.fixture(scope="module")
def conditional() -> dict[str, Any]:
    text = "L = sum(abs(x[i])*log(x[i] + a) for i in N)\nwrt x[j]"
    record = certificate(text)
    assert record["conditions"] and record["domain"]
    return record


@pytest.mark.parametrize("key", ["conditions", "domain"])
def test_hypotheses_may_not_be_dropped_or_weakened(conditional: dict[str, Any], key: str) -> None:
    for value in ([], ["x[1] != 0"], ["x[i] >= 0"], ["x[i] != 1"]):
        record = copy.deepcopy(conditional)
        record[key] = value
        with pytest.raises(CertificateRefused, match="does not state"):
            verify(record)


def test_a_false_assumption_proves_nothing_unstated(flagship: dict[str, Any]) -> None:
    """What is assumed helps only where it is stated in the end."""
    record = certificate("L = sum(sqrt(x[i]**2) for i in N)\ngiven x[i] > 0\nwrt x[j]")
    assert record["given"] == ["x[i] > 0"]
    record["problem"]["program"] = record["problem"]["program"].replace("given x[i] > 0", "")
    record["given"] = []
    record["assumed"] = ["x[i] > 0"]
    with pytest.raises(CertificateRefused, match="does not state"):
        verify(record)


def test_an_introduced_definition_may_not_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "LONG_ADJOINT", 15)
    problem = read_problem(network(2))
    outcome = planner.Planner(problem, "delta", naming=True).derive(
        problem.objective, problem.wrt[0]
    )
    record = json.loads(printer.render([outcome]))
    assert record["introduced"], "the example names no adjoint"
    verify(record)
    for change in (
        lambda d: d.replace("*", "+", 1),
        lambda d: d.replace("g_", "h_"),
        lambda d: "x = 1",
        lambda d: "L = 1",
        lambda d: d + "*q",
        lambda d: "g_1 = g_1",
    ):
        changed = copy.deepcopy(record)
        changed["introduced"][0] = change(record["introduced"][0])
        with pytest.raises(CertificateRefused):
            verify(changed)
    changed = copy.deepcopy(record)
    changed["introduced"] = []
    with pytest.raises(CertificateRefused):
        verify(changed)


def test_a_variable_of_a_lemma_is_new_and_stays_inside() -> None:
    record = of_library("softmax-cross-entropy", "cases")
    step = steps_of(record)["1"]
    step["args"] = {"variable": "y"}
    with pytest.raises(CertificateRefused, match="no new variable"):
        verify(record)


# -- what is no certificate ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"schema": "derivation/2"}',
        '{"schema": "derivation/1"}',
        '{"schema": "derivation/1", "schema": "derivation/1"}',
        '{"schema": ["derivation/1"]}',
        "[" * 200_000,
        '{"schema":' * 50_000,
        '{"schema": ' + "9" * 10_000_000 + "}",
        '{"schema": 1e400}',
        '{"schema": NaN}',
        '{"schema": "derivation-set/1", "derivations": [1]}',
        "\x00",
        '"' + "x" * (33 * 1024 * 1024) + '"',
    ],
    ids=range(16),
)
def test_what_is_no_certificate_is_bad_input(text: str) -> None:
    with pytest.raises(InputError):
        verifier.verify(text)


def test_the_schema_is_strict(flagship: dict[str, Any]) -> None:
    def step(record: dict[str, Any]) -> dict[str, Any]:
        return record["steps"][3]  # type: ignore[no-any-return]

    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda r: r.pop("reason"),
        lambda r: r.update(extra=1),
        lambda r: r.update(status="proved"),
        lambda r: r.update(wrt="z[j]"),
        lambda r: r.update(result=3),
        lambda r: r["problem"].update(program=None),
        lambda r: r["checked"]["sizes"].append({"K": 1.5}),
        lambda r: step(r).pop("law"),
        lambda r: step(r).update(path=["0"]),
        lambda r: step(r).update(path=[True]),
        lambda r: step(r).update(path=[0.0]),
        lambda r: step(r).update(args={"a": 1}),
        lambda r: step(r).update(direction="up"),
        lambda r: step(r).update(kind="axiom"),
        lambda r: step(r).update(substeps=None),
        lambda r: r.update(steps={}),
    ]
    for change in changes:
        record = copy.deepcopy(flagship)
        change(record)
        with pytest.raises(InputError):
            verify(record)


def test_deep_steps_are_refused(flagship: dict[str, Any]) -> None:
    record = copy.deepcopy(flagship)
    for _ in range(20):
        record["steps"] = [{**record["steps"][0], "substeps": record["steps"]}]
    with pytest.raises(InputError, match="more steps"):
        verify(record)


# -- adversaries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("start", range(0, 320, 40))
def test_changed_certificates_state_nothing_false(start: int) -> None:
    """More of them: ``python tests/mutate_certificates.py FIRST COUNT``."""
    for seed in range(start, start + 40):
        kind, verdict = mutate_certificates.judge(seed)
        assert verdict != "FALSE", f"seed {seed}: {kind}"
        if kind == "prose":
            assert verdict in ("same", "unchanged"), f"seed {seed}"


# -- the command -----------------------------------------------------------------------------------


def run(
    *args: str, stdin: str = "", before: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-m", "derivation", "verify", *args],
        input=stdin, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip


IGNORING_INTERRUPTS = ("sh", "-c", 'trap "" INT; exec "$0" "$@"')  # as in a shell's background


def test_the_command_says_what_is_proved(flagship: dict[str, Any]) -> None:
    done = run("-", stdin=json.dumps(flagship))
    assert (done.returncode, done.stderr) == (0, "")
    assert "diff(L, z[j]) == yhat[j] - y[j]" in done.stdout
    assert "sum(y[i] for i in K) == 1" in done.stdout


def test_the_command_says_which_step_is_wrong(flagship: dict[str, Any], tmp_path: Any) -> None:
    record = copy.deepcopy(flagship)
    claim("9", "after", "yhat[j] + y[j]")(record)
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(record))
    done = run(str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("refused: step 9")


@pytest.mark.parametrize(
    "args", [("-",), ("no-such.json",), ("-", "--timeout", "0"), ("-", "--timeout", "nan")]
)
def test_the_command_refuses_bad_input(args: tuple[str, ...]) -> None:
    done = run(*args, stdin='{"schema": "derivation/9"}')
    assert done.returncode == 2 and done.stdout == "" and "error" in done.stderr


def test_the_time_is_bounded(flagship: dict[str, Any]) -> None:
    for before in ((), IGNORING_INTERRUPTS):
        done = run("-", "--timeout", "0.001", stdin=json.dumps(flagship), before=before)
        assert done.returncode == 2 and "not verified within" in done.stderr
