"""The Coq export: what it says, what it leaves out, and what coqc says of it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from benchmarks.coq import exported, wrong_sources, wrong_theorems
from derivation import api, library
from derivation.__main__ import main
from derivation.coq import check, statement
from derivation.coq.errors import NotExported
from derivation.coq.prelude import NAMES, PRELUDE, UNITS, used_by
from derivation.coq.source import source
from derivation.rules import REGISTRY

GOLDEN = Path(__file__).parent / "golden"
needs_coqc = pytest.mark.skipif(not check.available(), reason="coqc is not installed")
SMALL = "L = sum(a[k]*exp(z[k]) for k in K)\nwrt z[j]\n"


def written(text: str, style: str | None = None) -> str:
    asked = api.read(library.entry(text), style=style)
    return source(list(api.outcomes(asked)))


def own(text: str) -> str:
    """What stands below the prelude."""
    return text[text.index("(* ====") :]


# -- without coqc -----------------------------------------------------------------------------


def test_golden() -> None:
    assert own(written(SMALL)) == (GOLDEN / "small.v").read_text(encoding="utf-8")


def test_the_statement_is_the_problems() -> None:
    text = written(SMALL)
    assert "Definition L (z : nat -> R) : R :=\n  (sum K (fun k => ((a k) * (exp (z k)))))." in text
    named = text[text.index("Lemma by_name") : text.index("Theorem derivative")]
    assert "is_derive (fun t : R => L (upd z j t)) (z j)" in named
    assert "(H_j : (j < K)%nat)" in named


def test_the_theorem_has_every_definition_put_in() -> None:
    ((_, text),) = exported(library.FIRST)
    assert isinstance(text, str)
    theorem = text[text.index("Theorem derivative") : text.index("Example")]
    assert "forall (K : nat) (y : nat -> R)" in theorem and "(H_j : (j < K)%nat)" in theorem
    assert (
        "(fun t : R => (- (sum K (fun i => ((y i) * (ln ((exp (upd z j t i)) *"
        " (/ (sum K (fun k => (exp (upd z j t k)))))))))))) (z j)"
    ) in theorem
    assert "yhat" not in theorem and not re.search(r"\bL\b", theorem)


def test_letters_in_the_theorem_are_not_captured() -> None:
    text = written("L = sum(t[j]*exp(s[j]*z[j]) for j in K)\nwrt z[j]\n")
    theorem = text[text.index("Theorem derivative") : text.index("Proof.\n  exact by_name")]
    free = re.search(r"\(H_(\w+) :", theorem)
    bound = re.search(r"sum K \(fun (\w+) =>", theorem)
    varies = re.search(r"is_derive \(fun (\w+) :", theorem)
    assert free and bound and varies
    assert len({free[1], bound[1], varies[1], "t", "s", "z", "K"}) == 7


def test_a_large_theorem_keeps_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement, "LONGEST", 40)
    text = written(SMALL)
    assert "Lemma by_name" not in text and "L (upd z j t)" in text


def test_definitions_stand_before_their_use() -> None:
    text = written("m = sum(p[i] for i in K)\np[i] = exp(z[i])\nwrt z[j]\n")
    assert text.index("Definition p ") < text.index("Definition m ")


def test_a_file_has_what_it_uses_of_the_prelude() -> None:
    small, large = written(SMALL), used_by(" ".join(NAMES))
    assert "dual_max" not in small and "Rpower" not in small
    for unit in UNITS:
        assert unit.heading or unit.names
        assert unit.heading or re.search(rf"\b{unit.names[0]}\b", large)
    used = set(re.findall(r"[A-Za-z_][\w']*", small)) & NAMES
    defined = {n for unit in UNITS for n in unit.names if unit.text.splitlines()[0] in small}
    assert used <= defined


def test_assumptions_are_stated() -> None:
    ((_, text),) = exported(library.FIRST)
    assert isinstance(text, str)
    assert "Hypothesis P1 : ((sum K (fun i => (y i))) = 1)." in text
    assert "Example assumptions_met" in text


def test_what_has_no_lemma_is_named() -> None:
    ((_, error),) = exported("poisson-regression")
    assert isinstance(error, NotExported) and "gamma" in str(error)
    for text, word in (
        ("L = prod(z[k] for k in K)\nwrt z[j]\n", "ProductOver"),
        ("L = max(z[k] for k in K)\nwrt z[j]\n", "MaxOver"),
        ("function g\nL = sum(g(z[k]) for k in K)\nwrt z[j]\n", "unknown functions"),
    ):
        with pytest.raises(NotExported, match=word):
            written(text)


def test_names_that_mean_something_in_coq() -> None:
    text = written("S = sum(O[k]*forall[k]**2 for k in fun)\nupd = S*exp(S)\nwrt forall[j]\n")
    for name in ("S", "O", "forall", "fun", "upd"):
        assert f"{name}_" in text
        assert f"Variable {name} :" not in own(text)
        assert f"Definition {name} " not in own(text)


def test_rules_name_lemmas_that_are_there() -> None:
    theirs = {"ring", "field", "is_derive_unique", "tan"}  # of Coq and Coquelicot
    for rule in REGISTRY.values():
        assert not rule.lemma or rule.lemma in NAMES | theirs, rule.id
    assert {"d-max-over", "prod-factor"} <= {r.id for r in REGISTRY.values() if not r.lemma}


def test_the_check_refuses_what_is_left_unproved() -> None:
    text = written(SMALL)
    for wrong in (
        text.replace("Qed.", "Admitted.", 1),
        text.replace("Section Problem.", "Section Problem.\nAxiom f : 0 = 1."),
        text.replace("Print Assumptions derivative.", ""),
        text.replace("Print Assumptions derivative.", "Print Assumptions delta."),
    ):
        verdict = check.check(wrong)
        assert not verdict.accepted and verdict.reason


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "mse-linear", "-o", str(tmp_path / "x.v")]) == 0
    assert "Theorem derivative" in (tmp_path / "x.v").read_text(encoding="utf-8")
    assert main(["derive", "poisson-regression", "--format", "coq"]) == 1
    said = capsys.readouterr()
    assert "not exported" in said.err and not said.out
    assert main(["derive", "mse-linear", "--check"]) == 2


def test_the_answer_of_coq_is_compared() -> None:
    from derivation.coq.check import _judged

    fine = "Axioms:\nClassical_Prop.classic : forall P : Prop, P \\/ ~ P\n"
    assert _judged(fine, 1, 1.0).accepted
    assert "empty answer" in _judged("Closed under the global context\n", 1, 1.0).reason
    assert "empty answer" in _judged(fine, 2, 1.0).reason
    assert "further axioms: wish" in _judged(fine + "wish : 0 = 1\n", 1, 1.0).reason
    assert "further axioms: wish" in _judged(fine + "wish\n  : 0 = 1\n", 1, 1.0).reason


# -- with coqc ----------------------------------------------------------------------------------

FEW = (
    ("softmax-jacobian", None),
    ("logsumexp-hessian", None),
    ("layernorm", None),
    ("huber", None),
    ("clip", None),
    ("n-body", None),
)


@needs_coqc
@pytest.mark.parametrize(
    ("name", "style"), [(library.FIRST, "delta"), (library.FIRST, "cases"), *FEW]
)
def test_coqc_accepts(name: str, style: str | None) -> None:
    for _, text in exported(name, style):
        assert isinstance(text, str)
        verdict = check.check(text)
        assert verdict.accepted, verdict.reason
        assert set(verdict.axioms) <= check.AXIOMS


@needs_coqc
def test_coqc_accepts_odd_names() -> None:
    for text in (
        "S = sum(O[k]*forall[k]**2 for k in fun)\nupd = S*exp(S)\nwrt forall[j]\n",
        "f[n] = fam[n]*hole[n]\ndf = sum(f[n]**2 for n in b)\nE = df + sum(hole[r] for r in b)\n"
        "wrt hole[t]\n",
        "L = sum(t[k]*exp(s[k]*x[k]) for k in N)\nwrt x[k] then x[l]\n",
        "H = sum(c[a]*d[p]*exp(a[a]) for a in N for p in P)\nwrt a[p]\n",
        "dual_L[i] = exp(loc_z[i])\nderivative = sum(dual_L[upd] for upd in Sf)\nwrt loc_z[f2]\n",
        "Qed = sum(Axiom[i]*exp(admit[i]) for i in by_name)\nwrt admit[steps]\n",
    ):
        verdict = check.check(written(text))
        assert verdict.accepted, verdict.reason


@needs_coqc
def test_coqc_refuses_wrong_variants_of_the_flagship() -> None:
    ((_, text),) = exported(library.FIRST)
    assert isinstance(text, str)
    many, n = wrong_theorems(text)
    assert n >= 300
    verdict = check.check(many)
    assert verdict.accepted, verdict.reason  # that is: every wrong one failed
    some = list(wrong_sources(text))
    assert len(some) > 20
    assert not any(check.check(wrong).accepted for wrong in some[:: len(some) // 2])


@needs_coqc
def test_coqc_accepts_conditions_that_depend_on_the_variable() -> None:
    for text in (
        "L = sum((a[k]*z[k] if z[k] < a[k] and a[k] >= 0 else exp(z[k])) for k in K)\nwrt z[j]\n",
        "L = sum(max(z[k], a[k]) + min(2, z[k]) for k in K)\nwrt z[j]\n",
        "L = sum(z[k]**2 for k in K if z[k] > 1)\nwrt z[j]\n",
    ):
        verdict = check.check(written(text))
        assert verdict.accepted, verdict.reason


@needs_coqc
@pytest.mark.parametrize(
    "loss",
    [
        "sum(abs(z[i] - z[j]) for i in K for j in K)",
        "sum(abs(z[i] - z[j]) for i in K for j in K if i < j)",
        "sum(relu(z[i] - z[j])**2 for i in K for j in K)",
        "sum(max(z[i], z[j]) for i in K for j in K)",
        "sum((1 if z[i] > z[j] else 2)*z[i] for i in K for j in K)",
    ],
)
def test_coqc_accepts_pairs_of_equal_indices(loss: str) -> None:
    verdict = check.check(written(f"L = {loss}\nwrt z[a]\n"))
    assert verdict.accepted, verdict.reason


def test_a_power_of_a_size_is_exported_where_its_base_is_positive() -> None:
    """Coq's Rpower is another function at a negative base."""
    with pytest.raises(NotExported, match="may be negative"):
        written("L = sum(y[i]*x**K for i in K)\nwrt x\n")
    text = written("L = sum(y[i]*x[i]**K for i in K)\ngiven x[i] > 0\nwrt x[j]\n")
    assert "Rpower" in text


@needs_coqc
def test_the_whole_prelude_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "prelude.v"
    path.write_text(PRELUDE, encoding="utf-8")
    done = subprocess.run(["coqc", "-q", "-w", "none", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
