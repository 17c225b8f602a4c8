"""What the steps say: none of them idle, each cancellation seen, each citation to what it names."""

from __future__ import annotations

import re

import pytest

from derivation import api, library
from derivation.engine.proof import Chain
from derivation.engine.stages import stages
from derivation.language import read_expression
from derivation.printers.plain import Drawing
from derivation.steps import Outcome, Step
from derivation.terms import Partial, free_indices

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


@pytest.mark.parametrize("name", library.names())
def test_a_fact_is_told_where_a_step_needs_it(name: str) -> None:
    outcomes = api.outcomes(api.read(library.load(name)))
    told = [s for outcome in outcomes for s in (*outcome.facts, *outcome.steps)]
    numbers = {f.number for outcome in outcomes for f in outcome.facts}
    assert numbers == {f"F{k}" for k in range(1, len(numbers) + 1)}
    assert numbers <= {used for top in told for step, _ in whys(top) for used in step.uses}


def test_facts_are_still_found_where_they_are_needed() -> None:
    for name, facts in (("softmax-cross-entropy", 0), ("tsne", 2), ("energy-fluctuations", 1)):
        (outcome, *_) = api.outcomes(api.read(library.load(name)))
        assert len(outcome.facts) == facts, name


def test_factors_cancel_before_terms_do() -> None:
    problem = api.read(library.entry("L = -(y*log(p) + (1 - y)*log(1 - p)); wrt p"))
    start, end = (
        read_expression(t, problem) for t in ("((1 - y)/(1 - p) - y/p)*p*(1 - p)", "p - y")
    )
    told = stages(Chain(start).algebra(end).proof("collect"))
    assert [(stage.label, str(stage.after)) for stage in told] == [
        ("cancel", "p*(1 - y) - y*(1 - p)"),
        ("settle", "p - y"),
    ]


def test_a_cancellation_is_seen() -> None:
    outcome = derived("p = sigmoid(z); L = -(y*log(p) + (1 - y)*log(1 - p)); wrt z")
    assert titles(outcome)[:3] == ["Chain rule", "Put together", "Cancel"]
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


LAYERNORM = """
m = mean(x[d] for d in D)
v = mean((x[d] - m)**2 for d in D)
s = sqrt(v + eps)
h[d] = (x[d] - m)/s
L = sum(g[d]*h[d] for d in D)
given eps > 0
wrt x[j]
"""


def test_a_normalised_array_is_differentiated_as_a_whole() -> None:
    """Mean, variance, deviation and the array, each a lemma; none by the adjoint of a part."""
    outcome = derived(LAYERNORM)
    lemmas = [s for s in outcome.steps if s.kind == "lemma"]
    heads = [str(s.before.args[0]) for s in lemmas]
    assert heads == ["m", "v", "s", "h[d]"]
    assert str(lemmas[2].after) == "h[j]/D"
    assert len(outcome.steps) <= 10
    assert {"lemma 2", "term by term; lemma 1"} & {w for s in lemmas for _, w in whys(s)}


def test_the_shorter_of_both_ways_is_told() -> None:
    """A network's weights reach the loss by one way only: adjoints, as in back-propagation."""
    outcome = derived("a[n] = sum(w[d]*x[n,d] for d in D)\nh[n] = tanh(a[n])\n"
                      "L = sum((h[n] - t[n])**2 for n in N)\nwrt w[j]")  # fmt: skip
    assert titles(outcome)[0] == "Chain rule"
    assert "Derivative of " in str(outcome.steps[2].title) and outcome.steps[2].kind == "lemma"


def test_a_condition_on_every_index_takes_no_letter_of_its_step() -> None:
    """partial(h[i], s[j,l]) needs no ties among all k and m, not among j and another."""
    outcome = derived(
        "label t[i] in D\nh[i] = max(1/s[t[j],i] for j in D)\nL = sum(h[i]**2 for i in K)\n"
        "given s[i,j] > 0\nwrt s[j,l]"
    )
    assert outcome.result is not None  # the oracle tries a condition for the step's own indices
    (lemma,) = [s for s in outcome.steps if s.kind == "lemma" and isinstance(s.before, Partial)]
    (condition,) = lemma.conditions
    wrt = {i.name for i in free_indices(lemma.before.args[1])}
    assert wrt and not wrt & {i.name for i in free_indices(condition)}


def test_a_sum_taken_apart_is_not_told_as_sums_that_merge() -> None:
    """LayerNorm's variance: sum of x - mu, term by term, by what mu is."""
    (outcome,) = api.outcomes(api.read(library.load("layernorm")))
    told = [w for s in outcome.steps for w in whys(s) if str(w[0].title[0]) == "Sum term by term"]
    assert [said for _, said in told] == ["the sum is taken apart, by the definition of "]
    merged = derived("L = sum(y[i]*(z[i] + w[i]) for i in K) + sum(z[k] for k in K); wrt z[j]")
    assert not any(str(s.title[0]) == "Sum term by term" for s in merged.steps)
