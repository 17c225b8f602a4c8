"""What the steps say: none of them idle, each cancellation seen, each citation to what it names."""

from __future__ import annotations

import re

import pytest

from derivation import api, library
from derivation.printers.plain import Drawing
from derivation.steps import Outcome, Step

DRAWN = Drawing()


def derived(text: str) -> Outcome:
    (outcome,) = api.outcomes(api.read(library.entry(text)))
    return outcome


def titles(outcome: Outcome) -> list[str]:
    return [str(s.title[0]) for s in outcome.steps if s.kind == "chain"]


def whys(step: Step) -> list[tuple[Step, str]]:
    said = "".join(p for p in step.why if isinstance(p, str))
    return [(step, said), *(w for s in step.substeps for w in whys(s))]


@pytest.mark.parametrize("name", library.names())
def test_no_step_of_the_chain_is_idle(name: str) -> None:
    for outcome in api.outcomes(api.read(library.load(name))):
        for step in outcome.steps:
            if step.kind == "chain":
                assert DRAWN.line(step.before) != DRAWN.line(step.after), step.number


@pytest.mark.parametrize("name", library.names())
def test_a_reason_names_the_lemmas_that_are_used(name: str) -> None:
    for outcome in api.outcomes(api.read(library.load(name))):
        for top in outcome.steps:
            for step, said in whys(top):
                named = re.findall(r"(?:lemmas?|facts?|,|and) (F?\d+(?:\.\d+)*)", said)
                assert set(named) <= set(step.uses), (step.number, said, step.uses)


def test_factors_cancel_before_terms_do() -> None:
    outcome = derived("p = sigmoid(z); L = -(y*log(p) + (1 - y)*log(1 - p)); wrt z")
    assert titles(outcome) == ["Chain rule", "Put together", "Cancel", "Collect terms"]
    assert str(outcome.steps[-2].after) == "p*(1 - y) - y*(1 - p)"
    assert str(outcome.steps[-1].after) == "p - y"


def test_a_known_local_derivative_is_cited_in_the_second_derivative() -> None:
    outcome = derived(
        "s[n] = sigmoid(sum(w[d]*x[n,d] for d in D))\n"
        "E = -sum(t[n]*log(s[n]) + (1 - t[n])*log(1 - s[n]) for n in N)\n"
        "wrt w[j] then w[l]"
    )
    lemmas = [s for s in outcome.steps if s.kind == "lemma"]
    assert len(lemmas) == 4  # log, the local derivatives of s and E, the gradient
    assert outcome.steps[-1].uses == ("2",)


BATCH = """
p[n,k] = exp(a[n,k])/sum(exp(a[n,l]) for l in K)
a[n,k] = sum(W[k,d]*x[n,d] for d in D)
"""


def lemma_by_a(loss: str) -> Step:
    outcome = derived(BATCH + loss + "\nwrt W[j,e]")
    return next(s for s in outcome.steps if s.title[::2] == ("Derivative of ", " by ")
                and str(s.before.args[1]).startswith("a["))  # fmt: skip


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("L = -sum(t[n,k]*log(p[n,k]) for n in N for k in K)/N\n"
         "given sum(t[n,k] for k in K) == 1", "y_k = t_{nk}, times 1/N"),
        ("label t[n] in K\nL = -sum(w[n]*log(p[n,t[n]]) for n in N)",
         "y_k = delta_{t_n,k}, times w_n"),
    ],
)  # fmt: skip
def test_a_lemma_that_is_a_library_theorem_is_cited_by_name(loss: str, said: str) -> None:
    step = lemma_by_a(loss)
    drawn = Drawing(unicode=False, fractions="line")
    why = "".join(p if isinstance(p, str) else drawn.line(p) for p in step.why)
    assert why.startswith("softmax-cross-entropy of the library, with z_k = a_{nk} and ")
    assert why.endswith(said)
    assert step.substeps and all(s.level == 2 for s in step.substeps)  # proved all the same


@pytest.mark.parametrize(
    "loss",
    [
        # no given: the theorem's does not hold
        "L = -sum(t[n,k]*log(p[n,k]) for n in N for k in K)",
        # the same result cannot come of another loss by that theorem
        "L = sum((p[n,k] - t[n,k])**2 for n in N for k in K)",
        "L = -sum(t[n,k]*log(p[n,k]) for n in N for k in K)\ngiven sum(t[n,k] for k in K) == 2",
    ],
)
def test_what_is_no_instance_is_not_called_one(loss: str) -> None:
    assert "library" not in str(lemma_by_a(loss).why)
