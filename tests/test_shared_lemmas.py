"""Several gradients of one problem: a lemma is proved once and cited after that."""

from __future__ import annotations

import json

from derivation import api, library, printers
from derivation.steps import Outcome, Step

NETWORK = """
h[n,m] = tanh(sum(V[m,d]*x[n,d] for d in D) + b[m])
a[n,k] = sum(U[k,m]*h[n,m] for m in M) + c[k]
p[n,k] = exp(a[n,k])/sum(exp(a[n,l]) for l in K)
L = -sum(t[n,k]*log(p[n,k]) for n in N for k in K)/N
given sum(t[n,k] for k in K) == 1
"""


def derived(wrt: str) -> list[Outcome]:
    return list(api.outcomes(api.read(library.entry(NETWORK), wrt=wrt)))


def cited(step: Step) -> set[str]:
    inner = set().union(*map(cited, step.substeps)) if step.substeps else set()
    return {u.partition(".")[0] for u in step.uses} | inner


def test_a_lemma_is_proved_once() -> None:
    outcomes = derived("U[j,q], c[j], V[q,e], b[q]")
    seen: dict[str, Step] = {}
    for outcome in outcomes:
        assert outcome.result is not None
        for step in outcome.steps:
            assert (step.number in outcome.shared) == (step.number in seen)
            assert seen.setdefault(step.number, step) is step
    statements = [(s.before, s.after) for s in seen.values() if s.kind == "lemma"]
    assert len(set(statements)) == len(statements)
    assert [bool(o.shared) for o in outcomes] == [False, True, True, True]


def test_each_gradient_holds_all_that_it_cites() -> None:
    for outcome in derived("U[j,q], b[q]"):
        numbers = {s.number for s in (*outcome.facts, *outcome.steps)}
        assert set().union(*map(cited, outcome.steps)) <= numbers
        record = json.loads(printers.render([outcome], "json"))
        assert [s["number"] for s in record["steps"]] == [
            s.number for s in (*outcome.facts, *outcome.steps)
        ]


def test_sharing_changes_no_result() -> None:
    together = derived("U[j,q], c[j], V[q,e], b[q]")
    alone = [derived(v)[0] for v in ("U[j,q]", "c[j]", "V[q,e]", "b[q]")]
    assert [o.result for o in together] == [o.result for o in alone]
    assert [o.given for o in together] == [o.given for o in alone]
    assert [o.conditions for o in together] == [o.conditions for o in alone]


def test_what_is_shared_is_printed_once() -> None:
    outcomes = derived("U[j,q], c[j]")
    text = printers.render(outcomes, "text", width=100)
    assert text.count("Lemma: Derivative of L by aₙₖ") == 1
    assert text.count("Let ") == 1
    assert "the setting and lemma 3 as above" in text
    alone = printers.render(outcomes[1:], "text", width=100)
    assert "Lemma: Derivative of L by aₙₖ" in alone and "Let " in alone


def test_a_second_derivative_stands_alone() -> None:
    text = "L = log(sum(exp(x[k]) for k in K)); wrt x[j], x[j] then x[l], x[l]"
    first, second, last = api.outcomes(api.read(library.entry(text)))
    assert not first.shared and not second.shared and not last.shared
    assert second.steps[0].number == "1"
