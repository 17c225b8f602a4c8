"""Work grows about as fast as the problem: counts of calls, never times."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable

import pytest

from derivation import derive, terms
from derivation.engine import derive_together, folds
from derivation.engine.simplify import Simplifier
from derivation.language import nodes, read_problem
from derivation.theory import Theory


def _calls(text: str) -> int:
    derive("L = x*y; wrt x")  # what is loaded when first used
    profile = cProfile.Profile()
    profile.enable()
    try:
        result = derive(text).result
    finally:
        profile.disable()
    assert result is not None
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


def _sum(n: int) -> str:
    return f"L = {' + '.join(['x'] * n)}; wrt x"


def _scalar_product(n: int) -> str:
    return f"L = {' + '.join(f'x{k}*y{k}' for k in range(n))}; wrt x1"


def _product(n: int) -> str:
    return f"L = {'*'.join(f'x{k}' for k in range(n))}; wrt x1"


@pytest.mark.parametrize(("problem", "most"), [(_product, 2.8), (_scalar_product, 2.8)])
def test_calls_grow_with_the_length(problem: Callable[[int], str], most: float) -> None:
    """All of it, the certificate and its check included."""
    assert _calls(problem(240)) < most * _calls(problem(120))


def test_the_engines_calls_grow_with_the_length() -> None:
    """A certificate of n moves on a line of n terms has n lines of n terms."""
    assert _derived(_sum(240)) < 3.6 * _derived(_sum(120))
    assert _calls(_sum(240)) < 4.2 * _calls(_sum(120))


def _nested(form: str) -> Callable[[int], str]:
    def problem(n: int) -> str:
        text = "x"
        for _ in range(n):
            text = form.replace("?", text)
        return f"L = {text}; wrt x"

    return problem


def _exponentials(n: int) -> str:
    return f"L = {' + '.join(f'exp(a*y{k})' for k in range(n))}; wrt a"


@pytest.mark.parametrize(
    ("problem", "n", "most"),
    [
        (_nested("sqrt(1 + ?)"), 18, 6.5),
        (_nested("abs(?)"), 18, 6.5),
        (_nested("1/(1 + ?)"), 14, 6.5),
        (_nested("tanh(a*?)"), 18, 6.5),
        (_exponentials, 40, 5.0),
    ],
)
def test_calls_grow_with_depth(problem: Callable[[int], str], n: int, most: float) -> None:
    assert _derived(problem(2 * n)) < most * _derived(problem(n))


def _derived(text: str) -> int:
    terms._forget()  # what is known of the parts of another one
    read = read_problem(text.replace("; ", "\n"))
    profile = cProfile.Profile()
    profile.enable()
    try:
        (outcome,) = derive_together(read, read.wrt)
    finally:
        profile.disable()
    assert outcome.result is not None, outcome.reason
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


def test_nested_powers_are_read_at_once() -> None:
    text = "x"
    for _ in range(12):
        text = f"(1 + {text})**2"
    profile = cProfile.Profile()
    profile.enable()
    try:
        read_problem(f"L = {text}\nwrt x")
    finally:
        profile.disable()
    # each base looked at once for each of its factors: 5,063,000
    assert pstats.Stats(profile).total_calls < 300_000  # type: ignore[attr-defined]


def test_facts_of_other_names_are_not_looked_through() -> None:
    """Each of 200 logarithms asks for the sign of its own letter."""
    n = 200
    logs = " + ".join(f"log(a{k}*x)" for k in range(n))
    given = "; ".join(f"given a{k} > 0" for k in range(n))
    assert _derived(f"L = {logs}; {given}; given x > 0; wrt x") < 5_000_000  # it was 12,800,000


def _network(n: int) -> str:
    lines, last = [], "x"
    for k in range(1, n + 1):
        lines.append(f"h{k}[i] = tanh(sum(W{k}[i,j]*{last}[j] for j in D))")
        last = f"h{k}"
    return "\n".join([*lines, f"L = sum(({last}[m] - y[m])**2 for m in D)/2", "wrt W1[p,q]"])


def test_a_deep_network_as_one_formula() -> None:
    """With one bracket a layer: multiplied out it would have 2**16 terms."""
    problem = read_problem(_network(16))
    (outcome,) = derive_together(problem, problem.wrt, inline=True)
    assert outcome.result is not None, outcome.reason
    assert not outcome.introduced
    assert nodes(outcome.result) < 200


def test_a_sum_of_many_terms_is_not_walked_for_each_move() -> None:
    assert _derived(_sum(300)) < 1_000_000  # each move looking at all terms in Python: 2,700,000


def test_a_product_is_not_solved_for_its_bare_factors(monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0

    def counted(*given: object) -> object:
        nonlocal made
        made += 1
        return product(*given)  # type: ignore[arg-type]

    product = folds.product_as_written
    problem = read_problem("L = a*b*c*exp(x); given a > 0; given b > 0; given c > 0; wrt x")
    monkeypatch.setattr(folds, "product_as_written", counted)
    found = folds.folds_of(problem.definitions["L"], Simplifier(Theory(problem)))
    assert made == 1
    assert [str(rw.pattern) for rw in found] == ["exp(x)"]


def test_a_name_of_an_index_is_not_put_for_the_index() -> None:
    """An index stands in slots and deltas, where the kernel lets no value take its place."""
    problem = read_problem("h[i] = i; L = sum(x[i]**2*h[i] for i in K); wrt x[j]")
    assert folds.folds_of(problem.definitions["h"], Simplifier(Theory(problem))) == []
