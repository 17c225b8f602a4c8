"""The Coq export: what it says, what it leaves out, and what coqc says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.coq import exported, wrong_sources, wrong_theorems
from derivation import api, library
from derivation.__main__ import main
from derivation.coq import check
from derivation.coq.errors import NotExported
from derivation.coq.source import source
from derivation.coq.writer import PRELUDE
from derivation.rules import REGISTRY

GOLDEN = Path(__file__).parent / "golden"
needs_coqc = pytest.mark.skipif(not check.available(), reason="coqc is not installed")
SMALL = "L = sum(a[k]*exp(z[k]) for k in K)\nwrt z[j]\n"


def written(text: str, style: str | None = None) -> str:
    asked = api.read(library.entry(text), style=style)
    return source(list(api.outcomes(asked)))


# -- without coqc -----------------------------------------------------------------------------


def test_golden() -> None:
    own = written(SMALL).removeprefix(PRELUDE)
    assert own == (GOLDEN / "small.v").read_text(encoding="utf-8")


def test_the_statement_is_the_problems() -> None:
    text = written(SMALL)
    assert "Definition L (z : nat -> R) : R :=\n  (sum K (fun k => ((a k) * (exp (z k)))))." in text
    theorem = text[text.index("Theorem derivative") :]
    assert "is_derive (fun t : R => L (upd z j t)) (z j)" in theorem
    assert "(H_j : (j < K)%nat)" in theorem


def test_assumptions_are_stated() -> None:
    ((_, text),) = exported(library.FIRST)
    assert isinstance(text, str)
    assert "Hypothesis P1 : ((sum K (fun i => (y i))) = 1)." in text
    assert "Example assumptions_met" in text


def test_what_has_no_lemma_is_named() -> None:
    for name, word in (("huber", "d-if"), ("hinge", "Max"), ("poisson-regression", "gamma")):
        found = [error for _, error in exported(name)]
        assert all(isinstance(error, NotExported) and word in str(error) for error in found)


def test_names_that_mean_something_in_coq() -> None:
    text = written("S = sum(O[k]*forall[k]**2 for k in fun)\nupd = S*exp(S)\nwrt forall[j]\n")
    for name in ("S", "O", "forall", "fun", "upd"):
        assert f"{name}_" in text
        own = text[len(PRELUDE) :]
        assert f"Variable {name} :" not in own and f"Definition {name} " not in own


def test_rules_name_lemmas_that_are_there() -> None:
    theirs = ("ring", "field", "is_derive_unique")  # of Coq and Coquelicot
    for rule in REGISTRY.values():
        if rule.lemma and rule.lemma not in theirs:
            kinds = ("Lemma", "Ltac", "Definition")
            assert any(f"{kind} {rule.lemma}" in PRELUDE for kind in kinds), rule.id


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
    assert main(["derive", "huber", "--format", "coq"]) == 1
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

FEW = (("softmax-jacobian", None), ("logsumexp-hessian", None), ("layernorm", None))


@needs_coqc
@pytest.mark.parametrize(("name", "style"), [(library.FIRST, "delta"), *FEW])
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
    ):
        verdict = check.check(written(text))
        assert verdict.accepted, verdict.reason


@needs_coqc
def test_coqc_refuses_wrong_variants_of_the_flagship() -> None:
    ((_, text),) = exported(library.FIRST)
    assert isinstance(text, str)
    many, n = wrong_theorems(text)
    assert n >= 100
    verdict = check.check(many)
    assert verdict.accepted, verdict.reason  # that is: every wrong one failed
    some = list(wrong_sources(text))
    assert len(some) > 20
    assert not any(check.check(wrong).accepted for wrong in some[:: len(some) // 2])
