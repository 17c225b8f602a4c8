"""A kink at 0 of what vanishes identically where two indices are equal is none: |z_i - z_j|.

The gradients are compared with differences of the loss written out in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import derivation
from derivation.language import read_condition, read_expression, read_problem
from derivation.theory import Theory

Loss = Callable[[Any], float]


def pairs(f: Callable[[Any, int, int], float]) -> Loss:
    return lambda z: sum(f(z, i, j) for i in range(len(z)) for j in range(len(z)))


def relu(x: Any) -> Any:
    return max(x, 0.0)


APART = "zᵢ ≠ zⱼ for every i ≠ j"
PAIRWISE: dict[str, tuple[Loss, str]] = {
    "L = sum(abs(z[i] - z[j]) for i in K for j in K)/2": (
        pairs(lambda z, i, j: abs(z[i] - z[j]) / 2),
        APART,
    ),
    "L = sum(relu(z[i] - z[j])**2 for i in K for j in K)": (
        pairs(lambda z, i, j: relu(z[i] - z[j]) ** 2),
        APART,
    ),
    "L = sum(max(z[i], z[j]) for i in K for j in K)": (
        pairs(lambda z, i, j: max(z[i], z[j])),
        APART,
    ),
    "L = sum(min(2*z[i], 2*z[j])*z[i] for i in K for j in K)": (
        pairs(lambda z, i, j: min(2 * z[i], 2 * z[j]) * z[i]),
        "2zᵢ − 2zⱼ ≠ 0 for every i ≠ j",
    ),
    "L = sum((1 if z[i] > z[j] else 2)*z[i]*z[j] for i in K for j in K)": (
        pairs(lambda z, i, j: (1 if z[i] > z[j] else 2) * z[i] * z[j]),
        APART,
    ),
    "L = sum(abs(z[i] - z[1]) for i in K)": (
        lambda z: sum(abs(x - z[0]) for x in z),
        "zᵢ ≠ z₁ for every i ≠ 1",
    ),
    "L = sum(max(abs(z[i] - z[j]), 1/8)*z[j] for i in K for j in K)": (
        pairs(lambda z, i, j: max(abs(z[i] - z[j]), 1 / 8) * z[j]),
        APART,
    ),
    "s[i] = z[i]**3; L = sum(abs(s[i] - s[j]) for i in K for j in K)": (
        pairs(lambda z, i, j: abs(z[i] ** 3 - z[j] ** 3)),
        "sᵢ ≠ sⱼ for every i ≠ j",
    ),
}


@pytest.mark.parametrize("program", PAIRWISE)
def test_pairs_of_equal_indices_are_no_kinks(program: str) -> None:
    loss, condition = PAIRWISE[program]
    found = derivation.derive(f"{program}; wrt z[a]")
    assert condition in str(found).replace("\n      ", " ")
    z, h = np.random.default_rng(7).normal(size=5), 1e-6
    steps = h * np.eye(5)
    wanted = [(loss(z + e) - loss(z - e)) / (2 * h) for e in steps]
    assert np.allclose(found.function(backend="numpy")(z=z), wanted, atol=1e-5)


def test_the_proof_holds_of_every_point_off_the_kinks() -> None:
    """Also where the sums have one term only, which is a pair of equal indices."""
    outcome = derivation.derive("L = sum(abs(z[i] - z[j]) for i in K for j in K); wrt z[a]").outcome
    assert outcome.checked is not None
    assert {"K": 1} in outcome.checked.sizes
    assert not outcome.checked.skipped


@pytest.mark.parametrize(
    ("value", "equal"),
    [
        ("z[i] - z[j]", ["i == j"]),
        ("z[i]**2 - z[i]*z[j]", ["i == j"]),
        ("sum((w[i,d] - w[j,d])*c[d] for d in D)", ["i == j"]),
        ("z[i] - z[1]", ["i == 1"]),
        ("z[1] - z[i]", ["i == 1"]),
        ("(z[i] - z[j])*c[d]", ["i == j"]),
        ("z[i] - 2*z[j]", []),
        ("z[i] - z[j] + a", []),
        ("z[i] - y[j]", []),
        ("z[1] - z[2]", []),
        ("w[i,d] - w[j,e]", []),
        ("sum(z[i] - z[j] for j in K)", []),
        ("z[i]/z[j] - 1", []),  # only where z is not 0
    ],
)
def test_what_vanishes_where_two_indices_are_equal(value: str, equal: list[str]) -> None:
    problem = read_problem(
        "L = sum(z[i]*y[i] for i in K) + sum(w[i,d]*c[d] for i in K for d in D) + a; wrt z[k]"
    )
    size, width = problem.shapes["w"]
    free = {x: derivation.terms.index(x, size) for x in "ij"}
    free |= {x: derivation.terms.index(x, width) for x in "de"}
    found = Theory(problem).diagonals(read_expression(value, problem, free=free))
    assert list(found) == [read_condition(c, problem, free=free) for c in equal]
