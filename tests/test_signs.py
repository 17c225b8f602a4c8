"""Signs of sums that hold a square multiplied out; each answer against many points."""

from __future__ import annotations

import random

import pytest

from derivation import api, library
from derivation.language import read_expression
from derivation.signs import ANY, NEG, POS, ZER
from derivation.theory import Theory

PROBLEM = api.read(library.entry("L = sum(x[i]*y[i] for i in K) + a + b; wrt x[j]"))


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("a**2 - 2*a*b + b**2", POS | ZER),
        ("a**2 + a*b + b**2 + 1", POS),
        ("a**2 - 2*a + 1", POS | ZER),
        ("2*a**4 - 2*a**2*b + b**2", POS | ZER),
        ("a**2*b**2 - 2*a*b + 3", POS),
        ("sum(x[i]**2 - 2*a*x[i] + a**2 for i in K) + 1", POS),
        ("a**2 - 3*a*b + b**2", ANY),
        ("a**2 - 3*a + 1", ANY),
        ("a**2 - 2*a*b + b**2 - b", ANY),
        ("a**2 - 2*a*b - b**2", ANY),
        ("a**3 - 2*a*b + b", ANY),
        ("b**2/a**2 - 2*b + a**2", ANY),  # at a = 0, where b/a is 0 by convention, it is -2*b
    ],
)
def test_squares_in_sums(text: str, signs: int) -> None:
    found, used = Theory(PROBLEM).sign(read_expression(text, PROBLEM))
    assert found == signs and not used


def test_no_sign_is_claimed_that_a_point_contradicts() -> None:
    rng = random.Random(1)
    theory = Theory(PROBLEM)
    for _ in range(300):
        p, q, r, s = (rng.randint(-4, 4) for _ in range(4))
        text = f"{p}*a**2 + {q}*a*b + {r}*b**2 + {s}"
        found, _used = theory.sign(read_expression(text, PROBLEM))
        for a in range(-4, 5):
            for b in range(-4, 5):
                value = p * a * a + q * a * b + r * b * b + s
                assert found & (POS if value > 0 else NEG if value < 0 else ZER), (text, a, b)
