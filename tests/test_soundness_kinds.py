"""Kinds of false or empty theorems that were found by reading, and programs drawn to meet them.

A letter bound inside taken for the free letter of a fact; a size that a proof rests on and the
statement does not; laws that pair letters of two sizes; a maximum over no place; conditions that
no point meets. ``tests/kinds.py`` draws the programs and tries the theorems, edges included, at
points that meet what is stated and nothing else.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from derivation import kernel
from derivation.language import read_condition, read_expression, read_problem, write
from derivation.matching import irredundant, match
from derivation.problem import Problem
from derivation.rules import REGISTRY
from derivation.steps import Outcome
from derivation.terms import (
    AnyOf,
    Every,
    Index,
    Reduction,
    Relation,
    canonical,
    free_indices,
    index,
    relation,
    size,
    subterms,
)
from derivation.theory import Theory
from tests import kinds

# -- drawn programs ---------------------------------------------------------------------------


@pytest.mark.parametrize("start", range(0, 160, 20))
def test_programs_of_few_letters(start: int) -> None:
    for seed in range(start, start + 20):
        text = kinds.program(random.Random(seed))
        assert (found := kinds.failure(text, seed)) is None, f"seed {seed}: {found}"


@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck], print_blob=True)
@given(st.integers(min_value=1000, max_value=10**9))
def test_more_programs_of_few_letters(seed: int) -> None:
    text = kinds.program(random.Random(seed))
    style = "cases" if seed % 2 else "delta"
    assert (found := kinds.failure(text, seed, style=style)) is None, f"seed {seed}: {found}"


@pytest.mark.parametrize("kind", ["across", "placed", "captured", "clipped"])
def test_programs_of_one_kind(kind: str) -> None:
    for seed in range(25):
        rng = random.Random(seed)
        writer = kinds.Writer(rng)
        text = writer.alone(kind)
        assert (found := kinds.failure(text, seed, 150)) is None, f"{kind} {seed}: {found}"


def test_the_trial_sees_what_is_wrong() -> None:
    """A theorem without its condition fails at an edge."""
    from dataclasses import replace

    outcome = kinds.derived("L = sum(relu(x[i]) for i in K); wrt x[j]")
    assert outcome is not None and outcome.conditions
    assert kinds.Trial(outcome).run(random.Random(0), 200, 100) is None
    assert kinds.Trial(replace(outcome, conditions=())).run(random.Random(0), 200, 100)


# -- 1: letters -------------------------------------------------------------------------------

CAPTURE = """
L = sum((x[i]*sum(y[i]*w[i] for i in K) if x[i]*sum(y[i]*w[i] for i in K) != 0
    else 2*x[i]*sum(y[i]*w[i] for i in K)) for i in K)
given x[f]*sum(y[k]*w[f] for k in K) > 0
wrt y[j]
""".replace("\n    else", " else")


def outcome_of(text: str) -> Outcome:
    found = kinds.derived(text)
    assert found is not None
    return found


def tried(text: str, count: int = 400) -> Outcome:
    """The outcome, tried at many points, of which some meet what it states."""
    outcome = outcome_of(text)
    assert outcome.result is not None, outcome.reason
    trial = kinds.Trial(outcome)
    assert trial.run(random.Random(1), count, 60) is None, trial.told()
    assert trial.tried, "no point meets what the theorem states"
    return outcome


def test_a_letter_bound_inside_is_not_the_free_letter_of_a_given() -> None:
    outcome = tried(CAPTURE)
    assert not outcome.given


K = size("K")
i, j, k = (index(n, K) for n in "ijk")


@pytest.mark.parametrize(
    ("pattern", "term"),
    [
        ("x[i]*sum(y[k]*w[i] for k in K)", "x[j]*sum(y[j]*w[j] for j in K)"),
        ("sum(y[k]*w[i] for k in K)*x[i]", "sum(y[j]*w[j] for j in K)*x[j]"),
        ("x[i] + sum(sum(y[i]*w[k] for k in K) for j in K)",
         "x[j] + sum(sum(y[j]*w[k] for k in K) for j in K)"),
    ],
)  # fmt: skip
def test_captured_letters_do_not_match(pattern: str, term: str) -> None:
    problem = read_problem("L = sum(x[i]*y[i]*w[i] for i in K); wrt x[j]")
    free = {n: index(n, K) for n in "ij"}
    p, t = (read_expression(s, problem, free=free) for s in (pattern, term))
    assert match(p, t, Theory(problem)) is None
    apart = read_expression("x[j]*sum(y[k]*w[j] for k in K)", problem, free=free)
    same = read_expression("x[i]*sum(y[k]*w[i] for k in K)", problem, free=free)
    assert match(same, apart, Theory(problem)) == {free["i"]: free["j"]}


def test_a_condition_about_another_letter_is_not_decided() -> None:
    problem = read_problem(CAPTURE)
    theory = Theory(problem)
    free = {n: index(n, K) for n in "ij"}
    same = read_condition("x[i]*sum(y[k]*w[i] for k in K) > 0", problem, free=free)
    other = read_condition("x[i]*sum(y[i]*w[i] for i in K) > 0", problem, free=free)
    assert theory.decide(same)[0]
    assert not theory.decide(other)[0]
    assert theory.sign(same.left) != theory.sign(other.left)


def bound_twice(t: Any, outer: frozenset[str] = frozenset()) -> bool:
    if isinstance(t, Reduction):
        return t.index.name in outer or any(
            bound_twice(a, outer | {t.index.name}) for a in (t.body, t.guard)
        )
    return any(bound_twice(a, outer) for a in t.args)


@pytest.mark.parametrize(
    "text",
    [
        "L = sum(x[i]*sum(y[i] for i in K) for i in K); wrt x[j]",
        "p[i] = sum(x[i]*sum(y[i] for i in K) for i in K); L = sum(p[i] for i in K); wrt x[j]",
        "f(u) = sum(u*x[i] for i in K); L = sum(f(y[i]) + f(2) for i in K); wrt x[j]",
        "L = sum(sum(sum(x[i] for i in K)*y[i] for i in K)*y[i] for i in K); wrt x[j]",
        "L = sum(x[i]*y[i] for i in K); given x[i]*sum(y[i] for i in K) > 0; wrt x[j]",
        "L = sum(max(x[i] for i in K if x[i] > min(y[i] for i in K)) for i in K); wrt x[j]",
    ],
)
def test_no_term_of_a_program_has_a_letter_in_two_meanings(text: str) -> None:
    problem = read_problem(text)
    for t in (*[d.body for d in problem.definitions.values()], *problem.givens):
        assert not bound_twice(t, frozenset(x.name for x in free_indices(t))), write(t)
    tried(text)


def test_letters_without_a_clash_stay() -> None:
    problem = read_problem("L = sum(x[i] for i in K) + sum(sum(x[i] for j in K) for i in K); wrt x")
    letters = {s.name for s in subterms(problem.definitions["L"].body) if isinstance(s, Index)}
    assert letters == {"i", "j"}


# -- 2: sizes ---------------------------------------------------------------------------------

SIZED = [
    "L = sum(a*delta(k,2) for k in K) + sum(z[k] for k in K); given K >= 2; wrt a",
    "L = sum(a*x[k] for k in K if k == 2) + sum(a for k in K); given K >= 3; wrt a",
    "p: K; p[k] = a*x[k]; L = p[2]; given K >= 2; wrt a",
    "p[k] = a*x[k]**2; L = p[2] + sum(x[k] for k in K); given K >= 2; wrt x[j]",
    "L = max(x[k] for k in K if k != j)*a; given K >= 2; wrt a",
    "L = sum(max(x[k] for k in K if k != i) for i in K); given K >= 2; wrt x[j]",
    "L = sum(abs(a*x[k]) for k in K if k == 2); given x[k] > 0; given a > 0; given K >= 2; wrt a",
]


@pytest.mark.parametrize("text", [SIZED[0], *SIZED[1:4], *SIZED[5:]])
def test_a_size_that_is_used_is_stated(text: str) -> None:
    outcome = tried(text)
    stated = {str(c) for c in (*outcome.given, *outcome.conditions, *outcome.domain)}
    least = 3 if "K >= 3" in text else 2
    assert any(f"K, {n})" in c for c in stated for n in (2, least)), stated


def test_a_literal_place_of_a_definition_needs_its_size() -> None:
    problem = read_problem("p: K; p[k] = a*x[k]; L = p[2]; given K >= 2; wrt a")
    made = kernel.definition(Theory(problem), problem.definitions["L"].body)
    assert made.hypotheses == {relation(">=", K, read_expression("2", problem))}


def test_an_instance_at_a_literal_place_needs_its_size() -> None:
    problem = read_problem("L = sum(x[k]*a for k in K); given K >= 2; given x[k] == y[k]; wrt a")
    theory = Theory(problem)
    x = read_expression("x[k]", problem, free={"k": k})
    two = read_expression("2", problem)
    (least, equal) = problem.givens
    for theorem in (
        kernel.given(theory, equal, {k: two}),
        kernel.instantiate(kernel.reflexivity(theory, x), {k: two}),
    ):
        assert least in theorem.hypotheses


def test_a_sign_at_a_literal_place_rests_on_its_size() -> None:
    problem = read_problem("L = sum(x[k]*a for k in K); given K >= 2; given x[k] > 0; wrt a")
    holds, used = Theory(problem).decide(read_condition("x[2] > 0", problem))
    assert holds and used == set(problem.givens)


def test_a_place_beyond_the_size_is_told() -> None:
    outcome = outcome_of("p[k] = a*x[k]; L = p[2] + sum(x[k] for k in K); wrt a")
    assert outcome.result is None and "does not run over K" in str(outcome.reason)


# -- 3: letters of two sizes, and no place ----------------------------------------------------

ACROSS = """
M = sum(z[k] for k in K)
L = M + sum((a if (j-2)**2*a+j == max((k-2)**2*a+k for k in K) else 2*a+1)*y[j] for j in D)
wrt a
"""


def test_a_maximum_over_another_size_has_edges_of_its_own() -> None:
    outcome = tried(ACROSS)
    assert any("max" in write(c.left) + write(c.right) for c in outcome.conditions)


@pytest.mark.parametrize("over", ["K", "D"])
def test_a_place_of_the_same_size_is_at_no_edge(over: str) -> None:
    """Where the maximum is taken at one place only, whether it is taken at j does not change."""
    text = f"L = sum((x[j] if x[j] == max(x[k] for k in K) else 0) for j in K) + a*{over}; wrt x[i]"
    outcome = tried(text)
    assert not any("max" in write(c.left) + write(c.right) for c in outcome.conditions)


@pytest.mark.parametrize(
    ("condition", "edge"),
    [
        ("x[j] == max(x[k] for k in K)", False),
        ("x[1] == max(x[k] for k in K)", False),
        ("x[2] == max(x[k] for k in K)", True),  # K may be 1
        ("x[t[n]] >= max(x[k] for k in K)", False),
        ("z[d] == max(x[k] for k in K)", True),
        ("x[j] == max(x[k] for k in K if k != j)", True),
        ("x[j] == max(x[k] for k in K if k >= j)", False),
        ("max(x[k] for k in K if k != i) <= x[j] and i != j", False),
        ("max(x[k] for k in K if k != i) <= x[j]", True),
        ("x[j] == max(x[k] for k in K if x[k] > a)", True),
        ("x[j] == max(x[k] for k in K if x[k] > a) and x[j] > a", False),
        ("x[j] + a == max(x[k] for k in K)", True),
    ],
)
def test_edges_of_comparisons_with_a_maximum(condition: str, edge: bool) -> None:
    problem = read_problem(
        "label t[n] in K; L = sum(x[k]*a for k in K) + sum(x[t[n]] for n in N)"
        " + sum(z[d] for d in D); wrt x[j]"
    )
    free = {"i": i, "j": j, "n": index("n", size("N")), "d": index("d", size("D"))}
    c = read_condition(condition, problem, free=free)
    found = Theory(problem)._boundaries(c, "x", True)
    told = [write(s) for b in found for s in subterms(b) if isinstance(s, Relation) and s.op == "!="
            and "max" in write(s.left) + write(s.right)]  # fmt: skip
    plain = [t for t in told if "==" not in t]
    assert bool(plain or told) == edge or (not edge and not plain)


EMPTY = [
    "L = sum(max(z[k] for k in K if k > i) for i in K); wrt z[j]",
    "L = sum(min(z[k] for k in K if k < i) for i in K); wrt z[j]",
]


@pytest.mark.parametrize("text", EMPTY)
def test_there_is_no_largest_of_none(text: str) -> None:
    outcome = outcome_of(text)
    assert outcome.result is None and outcome.reason == "the derivative exists nowhere"


def test_a_place_is_a_condition() -> None:
    outcome = tried("L = max(z[k] for k in K if x[k] > 0); wrt z[j]")
    assert any(write(c.left) == "sum(1 for k in K if x[k] > 0)" for c in outcome.domain)
    outcome = tried("L = sum(max(z[k] for k in K if k >= i) for i in K); wrt z[j]")
    assert not any(write(c.left).startswith("sum(1 ") for c in outcome.domain)


# -- 4: conditions that points meet -----------------------------------------------------------

VACUOUS = """
r[i,j] = x[i] - x[j]
U = sum(1/r[i,j]**2 + 1/r[i,j] for i in N for j in N if i < j)
wrt x[k]
"""


def test_guards_travel_with_conditions() -> None:
    outcome = tried(VACUOUS)
    assert [write(c.left) for c in outcome.domain] == ["r[i,j] if i < j else 1"]


CLIPS = [
    "max(min(r[t], 1 + e), 1 - e)",
    "min(max(r[t], 1 - e), 1 + e)",
    "max(1 - e, min(1 + e, r[t]))",
    "(1 - e if r[t] < 1 - e else (1 + e if r[t] > 1 + e else r[t]))",
    "(r[t] if r[t] < 1 + e else 1 + e)",
]


@pytest.mark.parametrize("clip", CLIPS)
def test_a_tie_of_one_function_with_itself_is_no_kink(clip: str) -> None:
    """Nothing is clipped at r = 1, and there the theorem must hold."""
    from dataclasses import replace

    from mpmath import mpf

    outcome = tried(f"L = sum(min(r[t]*A[t], {clip}*A[t]) for t in T); given e > 0; wrt r[t]")
    model = kinds.model_of(outcome.problem.text)
    for sign in (1, -1):
        at = {"r": {(1,): mpf(1)}, "A": {(1,): mpf(sign)}, "e": {(): mpf(1) / 5}}
        point = kinds.Point(model, {"T": 1}, at, loose=True)
        values = kinds.Values(point, {})
        assert all(map(values.everywhere, (*outcome.conditions, *outcome.domain)))
        trial = kinds.Trial(replace(outcome))
        assert trial.at(point, random.Random(0)) is None
        assert trial.tried == 1


@pytest.mark.parametrize(
    "text",
    [
        "L = min(a, relu(a)); wrt a",
        "L = max(max(a, b), b)*a; wrt a",
        "L = max(a*b, min(a, 1)*b); wrt a",
        "L = (a*a if min(a, 1) < a else a); wrt a",
        "L = (log(a) if a > 0 else a); wrt a",
        "L = (log(a - b)*c if a > b else c*a); wrt a",
        "L = sum((1/x[k] if x[k] != 0 else 0)*a for k in K); wrt a",
        "L = sum(log(x[i] - x[j]) for i in K for j in K if x[i] > x[j]); wrt x[k]",
        "L = sum(sum(log(x[i]) for j in K if j > i) for i in K); wrt x[k]",
        "L = sum(a/x[k]*(x[k] + 1) for k in K if x[k] > 0); wrt a",
    ],
)
def test_conditions_hold_where_the_program_is_smooth(text: str) -> None:
    """Nearly every point at which the program has a value and a slope meets what is stated."""
    outcome = tried(text)
    rng, missed = random.Random(3), 0
    for point in kinds.points(outcome.problem, (), rng, 150):
        missed += kinds.Trial(outcome).misses(point, rng)
    assert missed == 0


def test_guarded_conditions_of_equal_cases() -> None:
    """What is needed in a case is not asked for in the other one."""
    problem = read_problem("L = sum(x[i]*a for i in K); wrt a")
    theory, free = Theory(problem), {"i": i, "j": j}
    lhs, rhs = (
        read_expression(s, problem, free=free)
        for s in ("(a/x[i]*x[i] if i < j else 0)", "(a if i < j else 0)")
    )
    made = kernel.instance(theory, REGISTRY["case-lift"], lhs, rhs, {})
    (need,) = made.hypotheses
    assert isinstance(need, AnyOf)


def test_what_another_hypothesis_says_is_left_out() -> None:
    problem = read_problem("L = sum(w[i,j]*x[i] for i in K for j in K); wrt x[k]")
    free = {"i": i, "j": j, "k": k}

    def read(text: str) -> Any:
        return canonical(read_condition(text, problem, free=free))

    everywhere = read("all(w[i,j] != 0 for i in K for j in K)")
    some = {
        read("all(w[i,j] != 0 for i in K for j in K if i < j)"),
        read("all(w[i,k] != 0 for i in K)"),
        read("w[k,k] != 0"),
        read("all(x[i] > 0 or w[i,i] != 0 for i in K)"),
    }
    assert irredundant(frozenset({everywhere, *some}), frozenset()) == {everywhere}
    assert irredundant(frozenset(some), frozenset(some)) == some  # givens stay
    diagonal = read("all(w[i,i] != 0 for i in K)")
    below = read("all(w[i,j] != 0 for i in K for j in K if i < j)")
    assert irredundant(frozenset({diagonal, below}), frozenset()) == {diagonal, below}
    assert isinstance(everywhere, Every)


# -- 5: derivatives, whatever rule speaks of them ----------------------------------------------


def test_what_a_derivative_goes_through_is_told_by_its_sides() -> None:
    problem: Problem = read_problem("p[k] = a*x[k]; L = sum(p[k] for k in K)*a; wrt a")
    theory = Theory(problem)
    made = kernel.instance(
        theory,
        REGISTRY["case-holds"],
        read_expression("diff(L, a) if 1 < 2 else 0", problem),
        read_expression("diff(L, a)", problem),
        {},
    )
    assert not made.unfolded  # both sides hold the derivative: it is a number like any other
    other = kernel.instance(
        theory,
        REGISTRY["case-holds"],
        read_expression("0 if 1 < 2 else diff(L, a)", problem),
        read_expression("0", problem),
        {},
    )
    assert other.unfolded == {"L", "p"}


# -- 6: names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "L = sum(log(exp(x[n] - m) + sum(exp(x[m]) for m in N)) for n in N); wrt x[j]",
        "L = sum(k*x[k] for k in K)*k; wrt x[i]",
        "p[m] = m*x[m]; L = sum(p[m] for m in K)*m; wrt m",
        "L = sum(sum(i*j for i in K) for j in K)*a; wrt a",
        "L = sum(i for i in K)*i; wrt i",
        "n[m] = k[m]*i; L = sum(n[j]*sum(k[i] for i in K) for j in K); wrt k[l]",
    ],
)
def test_letters_and_names_may_be_one(text: str) -> None:
    tried(text)


@pytest.mark.parametrize("seed", range(30))
def test_other_names_give_the_same_theorem(seed: int) -> None:
    """Scalars, arrays and sizes by the names that indices have."""
    text = kinds.program(random.Random(seed))
    renamed = kinds.renamed(text)
    before, after = kinds.derived(text), kinds.derived(renamed)
    if before is None or after is None:
        return
    assert (before.result is None) == (after.result is None), renamed
    assert (found := kinds.failure(renamed, seed)) is None, found


@pytest.mark.parametrize(
    "text",
    [
        "c[t] = max(min(r[t], 1 + e), 1 - e); L = sum(min(r[t]*A[t], c[t]*A[t]) for t in T)"
        "; wrt r[t]",
        "r[t] = exp(l[t]); c[t] = max(min(r[t], 1 + e), 1 - e); s[t] = min(r[t]*A[t], c[t]*A[t])"
        "; L = -sum(s[t] for t in T)/T; wrt l[t]",
    ],
)  # fmt: skip
def test_a_tie_with_a_name_for_the_function_itself_is_no_kink(text: str) -> None:
    outcome = tried(text)
    assert outcome.result is not None
    assert not any("c[" in write(c.left) + write(c.right) for c in outcome.conditions)
    assert "delta" not in write(outcome.result) and "sum" not in write(outcome.result)
