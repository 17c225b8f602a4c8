"""The flagship, end to end: the nine steps, both styles, other letters, other logarithms."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from derivation.engine import derive_outcome
from derivation.language import read_problem, write
from derivation.oracle import Oracle
from derivation.steps import Outcome
from derivation.terms import alpha_equal, free_indices

PROGRAM = """
yhat[i] = exp(z[i]) / sum(exp(z[k]) for k in K)
L = -sum(y[i]*log(yhat[i]) for i in K)
given sum(y[i] for i in K) == 1
wrt z[j]
"""


def derive(text: str, style: str = "delta", **options: str) -> Outcome:
    problem = read_problem(text, **options)
    outcome = derive_outcome(problem, problem.wrt[0], style=style)
    assert outcome.result is not None, outcome.reason
    checked = Oracle(problem, extra=outcome.introduced).confirm(outcome.facts + outcome.steps)
    assert checked.points > 0
    return outcome


def lines(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(s.kind, write(s.before), write(s.after)) for s in outcome.steps]


def test_the_nine_lines_in_style_cases() -> None:
    outcome = derive(PROGRAM, "cases")
    assert lines(outcome) == [
        ("lemma", "diff(log(x), x)", "1/x"),
        (
            "lemma",
            "partial(yhat[i], z[j])",
            "yhat[i]*(1 - yhat[i]) if i == j else -yhat[i]*yhat[j]",
        ),
        ("chain", "diff(L, z[j])", "sum(diff(L, yhat[i])*partial(yhat[i], z[j]) for i in K)"),
        ("lemma", "diff(L, yhat[i])", "-y[i]/yhat[i]"),
        (
            "chain",
            "sum(diff(L, yhat[i])*partial(yhat[i], z[j]) for i in K)",
            "sum(-y[i]/yhat[i]*partial(yhat[i], z[j]) for i in K)",
        ),
        (
            "chain",
            "sum(-y[i]/yhat[i]*partial(yhat[i], z[j]) for i in K)",
            "-y[j]*(1 - yhat[j]) + sum(y[i]*yhat[j] for i in K if i != j)",
        ),
        (
            "chain",
            "-y[j]*(1 - yhat[j]) + sum(y[i]*yhat[j] for i in K if i != j)",
            "-y[j] + y[j]*yhat[j] + yhat[j]*sum(y[i] for i in K if i != j)",
        ),
        (
            "chain",
            "-y[j] + y[j]*yhat[j] + yhat[j]*sum(y[i] for i in K if i != j)",
            "-y[j] + yhat[j]*sum(y[i] for i in K)",
        ),
        ("chain", "-y[j] + yhat[j]*sum(y[i] for i in K)", "yhat[j] - y[j]"),
    ]
    assert [s.number for s in outcome.steps] == [str(k) for k in range(1, 10)]
    jacobian = outcome.steps[1]
    assert any(s.rule == "d-quotient" for t in jacobian.substeps for s in (t, *t.substeps))
    assert not outcome.facts  # that yhat adds up to 1 is true, and not needed
    assert not outcome.conditions


def test_style_delta_is_shorter_and_uses_the_delta_form() -> None:
    outcome = derive(PROGRAM, "delta")
    assert write(outcome.result) == "yhat[j] - y[j]"
    assert len(outcome.steps) < 9
    assert ("lemma", "partial(yhat[i], z[j])", "yhat[i]*(delta(i,j) - yhat[j])") in lines(outcome)


@pytest.mark.parametrize("style", ["cases", "delta"])
def test_other_letters_give_the_same_proof(style: str) -> None:
    other = """
    q[c] = exp(u[c])/sum(exp(u[m]) for m in C)
    E = -sum(t[c]*log(q[c]) for c in C)
    given sum(t[c] for c in C) == 1
    wrt u[b]
    """
    one, two = derive(PROGRAM, style), derive(other, style)
    names = {"yhat": "q", "z": "u", "y": "t", "L": "E"}
    assert write(two.result) == "q[b] - t[b]"
    assert [(s.kind, s.rule, s.title[0], len(s.substeps)) for s in one.steps] == [
        (s.kind, s.rule, s.title[0], len(s.substeps)) for s in two.steps
    ]
    assert set(names) <= set(one.problem.shapes)


@pytest.mark.parametrize("letter", ["k", "i", "j", "m"])
@pytest.mark.parametrize("style", ["cases", "delta"])
def test_the_users_own_letter_is_not_captured(letter: str, style: str) -> None:
    outcome = derive(PROGRAM, style, wrt=f"z[{letter}]")
    assert write(outcome.result) == f"yhat[{letter}] - y[{letter}]"


@pytest.mark.parametrize("style", ["cases", "delta"])
def test_without_the_given_the_honest_result(style: str) -> None:
    bare = PROGRAM.replace("given sum(y[i] for i in K) == 1", "")
    outcome = derive(bare, style)
    assert write(outcome.result) == "yhat[j]*sum(y[i] for i in K) - y[j]"
    assert not outcome.given


def test_the_hessian() -> None:
    outcome = derive(PROGRAM, "delta", wrt="z[j] then z[l]")
    assert write(outcome.result) == "yhat[j]*(delta(j,l) - yhat[l])"
    chain = [s for s in outcome.steps if s.kind == "chain"]
    assert write(chain[0].before) == "diff(L, z[j], z[l])"
    assert all(alpha_equal(a.after, b.before) for a, b in pairwise(chain))


@pytest.mark.parametrize("style", ["cases", "delta"])
def test_a_logarithm_to_a_symbolic_base(style: str) -> None:
    text = PROGRAM.replace("log(yhat[i])", "log(yhat[i], a)") + "given a > 1\n"
    outcome = derive(text, style)
    assert write(outcome.result) == "(yhat[j] - y[j])/log(a)"
    assert ("lemma", "diff(log(x)/log(a), x)", "1/(x*log(a))") in lines(outcome)


def test_numbers_of_the_chain_meet() -> None:
    for style in ("cases", "delta"):
        chain = [s for s in derive(PROGRAM, style).steps if s.kind == "chain"]
        assert write(chain[0].before) == "diff(L, z[j])"
        assert all(write(a.after) == write(b.before) for a, b in pairwise(chain))


def test_every_leaf_is_a_single_move_and_leaves_chain() -> None:
    for style in ("cases", "delta"):
        for step in derive(PROGRAM, style).steps:
            for group in (step.substeps, *(s.substeps for s in step.substeps)):
                if group:
                    assert all(alpha_equal(a.after, b.before) for a, b in pairwise(group))


def test_the_certificate_parses_and_reads_back() -> None:
    from derivation import derive as public

    data = json.loads(public("softmax-cross-entropy").to_json())
    assert data["schema"] == "derivation/2"
    assert data["result"] == "yhat[j] - y[j]"
    assert data["given"] == ["sum(y[i] for i in K) == 1"]


def test_the_lemma_on_the_logarithm_finds_a_letter_when_the_usual_ones_are_taken() -> None:
    text = """
    p[x1] = exp(x[x1] + u[x1] + s[x1] + v[x1] + w[x1])
    L = sum(log(p[x1]) for x1 in K)
    wrt x[j]
    """
    outcome = derive(text)
    assert write(outcome.result) == "1"
    assert ("lemma", "diff(log(x2), x2)", "1/x2") in lines(outcome)


def test_a_delta_under_its_own_sum_is_not_split_by_cases() -> None:
    """The i of sum_i exp(delta(k, i)*x_i) is not free: k = i is no case of the whole."""
    problem = read_problem(
        "h[j] = sum(r[j] + logsumexp(delta(k,i)*x[i] for i in K) for k in K); r[k] = x[k]\n"
        "L = sum(exp(1 + (r[k]*h[k])**2) for k in K)\nwrt x[j]"
    )
    outcome = derive_outcome(problem, problem.wrt[0], style="cases")
    assert outcome.result is not None
    steps = list(outcome.steps)
    while steps:
        step = steps.pop()
        steps.extend(step.substeps)
        assert free_indices(step.after) <= free_indices(step.before), step.number
