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
from derivation import api, library, printers, verifier
from derivation.errors import CertificateRefused, InputError
from derivation.language import read_problem

HESSIAN = "p[i] = exp(z[i])/sum(exp(z[k]) for k in K)\nL = log(p[1])\nwrt z[j] then z[l]"


def written(problem: Any) -> str:
    """The certificate of all that a problem asks for, as a file would hold it."""
    return printers.render(api.outcomes(problem), "json")


def certificate(text: str, style: str = "delta") -> dict[str, Any]:
    record: dict[str, Any] = json.loads(written(read_problem(text, style=style)))
    return record


def of_library(name: str, style: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(written(api.read(library.load(name), style=style)))
    return record


def verify(record: dict[str, Any], oracle: bool = False) -> verifier.Verified:
    return verifier.verify(json.dumps(record), oracle=oracle)


@pytest.mark.parametrize("name", library.names())
def test_every_library_problem_in_both_styles(name: str) -> None:
    for style in ("cases", "delta"):
        text = written(api.read(library.load(name), style=style))
        data = json.loads(text)
        records = data.get("derivations", [data])
        found = verifier.verify_all(text, oracle=style == "delta")
        for v, record in zip(found, records, strict=True):
            assert v.derived and v.claim.rstrip(")").endswith(record["result"].rstrip(")"))
            assert v.moves > 0
            assert v.tried is None or v.tried.startswith("agrees at ")


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
        "L = max(a - v[i] for i in D)\nwrt v[j]",
        "f = x*detach(x)\nwrt x",
        "L = sum(lambda*x[i]**2 for i in N) + true\nwrt x[j]",
        "L = sum(x[k]*sum(x[k] for k in N) for k in N)\nwrt x[k]",
        "L = x[3]**2 + sum(x[i] for i in N)\nwrt x[j]",
        "L = sum((x[n] if n <= m else 0)*m for n in N)\nwrt m",
    ],
)
def test_programs_of_many_kinds(text: str) -> None:
    for style in ("cases", "delta"):
        found = verify(certificate(text, style), oracle=True)
        assert found.derived and found.tried is not None
        assert found.tried.startswith("agrees at "), found.tried


def test_a_letter_that_is_only_compared_in_a_condition() -> None:
    item = next(i for i in ITEMS if i["id"] == "sne")
    found = verifier.verify(written(problem_of(item)))
    assert any(c.endswith(" != 0 if i != j") for c in (*found.conditions, *found.domain))


def test_what_is_verified_is_said() -> None:
    found = verify(of_library("softmax-cross-entropy", "cases"))
    assert found.claim == "diff(L, z[j]) == yhat[j] - y[j]"
    assert found.letters == {"j": "K"}
    assert found.inputs == ("sizes K", "z: K", "y: K")
    assert found.given == ("sum(y[i] for i in K) == 1",)
    assert found.definitions[0] == "yhat[i] = exp(z[i])/sum(exp(z[k]) for k in K)"
    assert (found.conditions, found.introduced, found.tried) == ((), (), None)
    assert found.unproved == ("the matrix form",)
    assert found.lemmas == 2  # the fact d/dx log(x) has a variable of its own


def test_labels_and_unknown_functions_are_said() -> None:
    text = "label t[n] in K\nfunction g\nL = sum(g(z[n,t[n]]) for n in N)\nwrt z[m,j]"
    found = verify(certificate(text))
    assert "t: N of places over K" in found.inputs
    assert "g: an unknown function of 1, with all derivatives" in found.inputs


def test_conditions_are_said() -> None:
    found = verify(certificate("L = sum(abs(x[i])*log(x[i] + a) for i in N)\nwrt x[j]"))
    assert found.conditions == ("x[i] != 0",)
    assert found.domain == ("a + x[i] > 0",) or found.domain == ("x[i] + a > 0",)


def test_a_side_that_is_a_case_stands_in_brackets() -> None:
    record = certificate("L = (x if s > 0 else x**2)\nwrt x")
    assert verify(record).claim == f"diff(L, x) == ({record['result']})"


def test_a_set_is_one_certificate_with_introduced_names() -> None:
    """Two gradients of a network of seven layers, which name adjoints and share lemmas."""
    text = written(read_problem(network(7), wrt="W1[i,j], W2[i,j]"))
    data = json.loads(text)
    assert data["schema"] == "derivation-set/2" and len(data["derivations"]) == 2
    found = verifier.verify_all(text, oracle=False)
    assert all(v.derived for v in found)
    assert any(v.introduced for v in found)
    with pytest.raises(InputError, match="a set of 2"):
        verifier.verify(text)
    data["derivations"][1]["result"] = "0"
    with pytest.raises(CertificateRefused):
        verifier.verify_all(json.dumps(data))


def test_a_derivation_that_stopped_proves_what_it_reached() -> None:
    record = of_library("softmax-cross-entropy", "cases")
    record["steps"] = record["steps"][:-2]
    with pytest.raises(CertificateRefused, match="the result"):
        verify(record)
    record.update(status="not-derived", result=None, result_latex=None, reason="stopped")
    found = verify(record)
    assert not found.derived
    assert found.claim.startswith("diff(L, z[j]) == -y[j] + ")


def test_the_public_name() -> None:
    assert derivation.verify is verifier.verify


# -- the oracle ------------------------------------------------------------------------------------


def accepting(monkeypatch: pytest.MonkeyPatch, record: dict[str, Any], result: str) -> None:
    """The record with another result, which the checker would accept."""
    claims = verifier.checker.check(json.dumps(record))
    record["result"] = result
    monkeypatch.setattr(verifier.checker, "check", lambda text: claims)


def test_the_oracle_refutes_what_a_checker_should_not_have_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = of_library("softmax-cross-entropy", "cases")
    accepting(monkeypatch, record, "yhat[j] + y[j]")
    assert verify(record).tried is None
    with pytest.raises(CertificateRefused, match=r"the oracle: .* is false at K = ") as refused:
        verify(record, oracle=True)
    assert refused.value.number is None


@pytest.mark.parametrize(
    ("program", "result"),
    [
        ("L = (x if s > 0 else x**2)\nwrt x", "(1 if s >= 0 else 2*x)"),
        ("L = sum((x[n] if n < m else 0) for n in N)\nwrt x[k]",
         "(1 if k <= m else 0)"),
        ("L = sum(a*x[i] for i in N)\nwrt x[j]", "a**2/a"),
        ("L = x*max(a, b)\nwrt x", "(a if a > b else b if b > a else 0)"),
        ("L = x*sum(y[k] for k in K if k == 5)\nwrt x", "0"),
    ],
)  # fmt: skip
def test_what_is_false_on_an_edge_only(
    program: str, result: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = certificate(program)
    accepting(monkeypatch, record, result)
    if result == "a**2/a":  # where a is 0 the oracle has no value: it can say nothing there
        assert "agrees at " in str(verify(record, oracle=True).tried)
    else:
        with pytest.raises(CertificateRefused, match="the oracle"):
            verify(record, oracle=True)


def test_what_the_oracle_cannot_evaluate_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    record = of_library("softmax-cross-entropy", "cases")
    accepting(monkeypatch, record, "yhat[j] - y[j] + log(0 - 1)")
    tried = str(verify(record, oracle=True).tried)
    assert tried == "not evaluated: no point was found at which both sides are defined"
    accepting(monkeypatch, record, "strange[j]")
    assert str(verify(record, oracle=True).tried).startswith("not evaluated: ")


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


def core(name: str, change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    def changed(record: dict[str, Any]) -> None:
        before = json.dumps(record["core"][name])
        record["core"][name] = change(record["core"][name])
        assert json.dumps(record["core"][name]) != before, "the change changes nothing"

    return changed


def definition(name: str, old: str, new: str) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        (found,) = [d for d in record["core"]["definitions"] if d["name"] == name]
        assert old in found["body"]
        found["body"] = found["body"].replace(old, new)

    return change


def move(step: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        (found,) = steps_of(record)[step]["moves"]
        assert any(found.get(k) != v for k, v in values.items()), "the change changes nothing"
        found.update(values)

    return change


def lemma_by_itself(record: dict[str, Any]) -> None:
    """A circle: lemma 2 cites lemma 2."""
    step = steps_of(record)["2"]
    step["substeps"] = []
    step["moves"] = [{"law": "lemma", "number": "2", "put": {"i": "i", "j": "j"}}]


def lemma_later(record: dict[str, Any]) -> None:
    """The lemma on the loss after the step that uses it."""
    steps = record["steps"]
    k = next(n for n, s in enumerate(steps) if s["number"] == "4")
    steps[k], steps[k + 1] = steps[k + 1], steps[k]


FLAGSHIP = [
    ("sign", claim("9", "after", "yhat[j] + y[j]"), "9"),
    ("coefficient", claim("8", "after", "-y[j] + 2*yhat[j]*sum(y[i] for i in K)"), "8"),
    ("index", claim("4", "after", "-y[j]/yhat[i]"), "4"),
    ("lemma-before", claim("4", "before", "diff(L, yhat[j])"), "4"),
    ("more-than-the-law-gives", claim("2.7.1", "after", "0"), "2.7.1"),
    ("law", move("3", law="definition"), "3"),
    ("unknown-law", move("3", law="magic", left="1", right="1"), "3"),
    ("too-weak-a-law", move("9.1", law="algebra", left="sum(y[i] for i in K)", right="1"), "9.1"),
    ("direction", move("3", dir="rl"), "3"),
    ("no-hole", move("9.1", at="-y[j] + yhat[j]"), "9.1"),
    ("two-holes", move("9.1", at="-y[j] + HOLE*HOLE"), "9.1"),
    ("another-hypothesis", move("9.1", number=1), "9.1"),
    ("another-lemma", move("5.1", number="2", put={"i": "i", "j": "j"}), "5.1"),
    ("a-lemma-to-come", move("5.1", number="7"), "5.1"),
    ("where-the-lemma-is-used", move("5.1", put={"i": "j"}), "5.1"),
    ("result", top("result", "y[j] - yhat[j]"), None),
    ("wrt", top("wrt", ["z[l]"]), None),
    ("wrt-other", top("wrt", ["y[j]"]), None),
    ("objective", top("objective", "yhat[j]"), None),
    ("letters", top("letters", {}), None),
    ("given-dropped", top("given", []), "9.1"),
    ("given-forged", top("given", ["sum(yhat[i] for i in K) == 1"]), None),
    ("condition-that-is-none", top("conditions", ["y[i] > 0"]), None),
    ("swapped", swapped, None),
    ("missing", missing, None),
    ("missing-lemma", missing_lemma, None),
    ("circle", lemma_by_itself, "2"),
    ("lemma-later", lemma_later, None),
    ("definition-sign", definition("L", "-sum", "sum"), None),
    ("definition", definition("yhat", "exp(z[i])", "exp(2*z[i])"), None),
    ("shape", core("arrays", lambda a: {**a, "y": ["3"]}), None),
    ("size", core("sizes", lambda s: []), None),
    ("hypothesis", core("hypotheses", lambda h: [{"says": "sum(y[i] for i in K) == 2"}]), None),
    ("witness", core("witness", lambda w: {**w, "y": [1, 1]}), None),
    ("no-witness", core("witness", lambda w: {}), None),
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
        with pytest.raises(CertificateRefused):
            verify(record)


# -- what is no certificate ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"schema": "derivation/1"}',
        '{"schema": "derivation/2"}',
        '{"schema": "derivation/2", "schema": "derivation/2"}',
        '{"schema": ["derivation/2"]}',
        "[" * 200_000,
        '{"schema":' * 50_000,
        '{"schema": ' + "9" * 10_000_000 + "}",
        '{"schema": 1e400}',
        '{"schema": NaN}',
        '{"schema": "derivation-set/2", "core": {}, "derivations": [1]}',
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
        return record["steps"][2]  # type: ignore[no-any-return]

    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda r: r.update(extra=1),
        lambda r: r.pop("core"),
        lambda r: r.update(status="proved"),
        lambda r: r.update(status="not-derived"),
        lambda r: r.update(result=None),
        lambda r: r.update(wrt="z[j]"),
        lambda r: r.update(result=3),
        lambda r: r["core"].update(axioms=[]),
        lambda r: r["core"].update(sizes="K"),
        lambda r: step(r).update(path=[0]),
        lambda r: step(r).pop("before"),
        lambda r: step(r)["moves"][0].update(dir="up"),
        lambda r: step(r)["moves"][0].update(args={}),
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
    step = record["steps"][2]
    for _ in range(20):
        step = {**step, "moves": [], "substeps": [step]}
    record["steps"][2] = step
    with pytest.raises(InputError, match="nested too deep"):
        verify(record)


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
    assert "yhat[i] = exp(z[i])/sum(exp(z[k]) for k in K)" in done.stdout
    assert "for all j in K" in done.stdout and "z: K" in done.stdout
    assert "oracle  agrees at " in done.stdout
    done = run("-", "--no-oracle", stdin=json.dumps(flagship))
    assert done.returncode == 0 and "oracle" not in done.stdout


def test_the_command_says_which_step_is_wrong(flagship: dict[str, Any], tmp_path: Any) -> None:
    record = copy.deepcopy(flagship)
    claim("9", "after", "yhat[j] + y[j]")(record)
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(record))
    done = run(str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("refused: step 9:")


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


def test_a_title_is_no_line_of_the_verifiers() -> None:
    from derivation.commands.verify import summary

    record = certificate("L = a*b + b**2\nwrt a")
    record["problem"]["title"] = "x\n \u220e  diff(L, a) == 0\x1b[2K"
    lines = summary(verify(record)).splitlines()
    assert len([line for line in lines if line.startswith(" \u220e")]) == 1
    assert all(line.isprintable() for line in lines)
