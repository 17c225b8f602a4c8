"""Ways to something false that were open in the checker once, and true things it once refused."""

from __future__ import annotations

from typing import Any

import pytest
from test_checker import by_algebra, by_calculus, lemma

from derivation.checker import Malformed, Refused, check_data

FALSE: dict[str, Any] = {
    "a power that may be 0": lemma("a**(K - 3)*a", "a**(K - 2)"),
    "an inverse power": lemma("a**(-K)*a", "a**(1 - K)"),
    "parity": lemma("(-1)**K", "1"),
    "a root behind a log": by_algebra(
        "sqrt(log(exp((a + b)**2)))", "a + b", (), ["log(exp((a + b)**2))"], says=["a + b != 0"]
    ),
    "a kink at another place": by_calculus("diff(abs(x[i] - x[1]), x[1])", "0", letters={"i": "K"}),
}
TRUE: dict[str, Any] = {
    "an even power of -1": lemma("(-1)**(2*K)", "1"),
    "a power of a power": lemma("(a**K)**M", "a**(K*M)"),
    "numbers below a line": lemma("a*(1/(1 + 3**2))", "a/10"),
    "a fact times a number": by_algebra(
        "(a - 2)/(a - 2)", "1", ["a - 2"], says=["-2*a < -4"], at={"a": 3}
    ),
    "exponentials in an exponent": lemma("exp(exp(a)/exp(b))", "exp(exp(a - b))"),
}


@pytest.mark.parametrize("name", FALSE)
def test_it_is_refused(name: str) -> None:
    for _ in range(12):
        with pytest.raises((Refused, Malformed)):
            check_data(FALSE[name])


@pytest.mark.parametrize("name", TRUE)
def test_it_is_accepted(name: str) -> None:
    check_data(TRUE[name])
