# ruff: noqa: E501 - a certificate is easier to read on few lines
"""False claims about derivatives that the checker once accepted, each with a true twin.

At the points named beside them the two sides differ, or one is the derivative of what has none.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.by_hand import ARRAYS, algebra, cite, differentiate, law, lemma, lemmas, proved, verdict

ONE_BY_CASES = "(-a if a > 0 else a)"  # -abs(a)
LIFTED = f"max(abs(a) + {ONE_BY_CASES} + b, c)"
MIXED = "detach(1 if a > 0 else 2)*(detach(2) if a > 0 else detach(1))"
INVERSE = "max((a if b > 0 else c), 1/(1/a))"
TWO = "((b if a > 0 else c) + detach(b if a > 0 else c))"


def by_calculus(left: str, right: str, **more: Any) -> Any:
    return lemma(left, right, differentiate(left, right), **more)


FALSE = {
    # a = 0: sign has no derivative there, so nobody knows which case it is
    "a derivative in a condition": by_calculus("1 if diff(sign(a), a) == 0 else 0", "1"),
    "a derivative in a condition, of relu": by_calculus("1 if diff(relu(a), a) == b else 0", "1 if (1 if a > 0 else 0) == b else 0"),
    "a derivative in the condition of a sum's case": by_calculus("sum((1 if diff(sign(x[k]), x[k]) == 0 else 0) for k in K)", "sum(1 for k in K)"),
    "a derivative in a condition under a derivative": by_calculus("diff((b if diff(sign(a), a) == 0 else 0), b)", "1"),
    # a = 0, a + b > c: the maximum is b, its derivative by a is 0 and not 1
    "a size in one of two cases that are one": lemma(f"diff({LIFTED}, a)", f"sign(a) + (-1 if a > 0 else 1) if abs(a) + {ONE_BY_CASES} + b > c else 0", differentiate(f"diff({LIFTED}, a)", f"sign(a) + (-1 if a > 0 else 1) if abs(a) + {ONE_BY_CASES} + b > c else 0"), says=["b > c"], at={"b": 3, "c": 1}),
    # a = 0: detach(a) is 0 there wherever a goes, a/a is 0; slopes 1 on the left, 0 on the right
    "the sign of what is detached, from a case that moves": lemma("diff((a*(detach(a)/detach(a)) if a > 0 else a), a)", "1", algebra("detach(a)/detach(a)", "1", ["detach(a)"], at="diff((a*HOLE if a > 0 else a), a)"), differentiate("diff(a, a)", "1")),
    "inside of detach, from a case that moves": lemma("diff((a*detach(a/a) if a > 0 else a*detach(1)), a)", "detach(1)", algebra("a/a", "1", ["a"], at="diff((a*detach(HOLE) if a > 0 else a*detach(1)), a)"), differentiate("diff(a*detach(1), a)", "detach(1)")),
    "inside of detach, from a sum's guard that moves": lemma("diff(sum(a*detach(a/a) for k in K if a > 0) + sum(a*detach(1) for k in K if a <= 0), a)", "diff(sum(a*detach(1) for k in K if a > 0) + sum(a*detach(1) for k in K if a <= 0), a)", algebra("a/a", "1", ["a"], at="diff(sum(a*detach(HOLE) for k in K if a > 0) + sum(a*detach(1) for k in K if a <= 0), a)")),
    "inside of detach, by a law": lemma("diff((a*detach(1 if a > 0 else 0) if a > 0 else a*detach(1)), a)", "detach(1)", law("case-holds", "diff((a*detach(HOLE) if a > 0 else a*detach(1)), a)", c="a > 0", a="1", b="0"), differentiate("diff(a*detach(1), a)", "detach(1)")),
    "inside of detach, by what is listed": lemma("diff((a*detach(a/a) if a > 0 else a*detach(1)), a)", "detach(1)", algebra("a*detach(a/a)", "a*detach(1)", ["a"], at="diff((HOLE if a > 0 else a*detach(1)), a)"), differentiate("diff(a*detach(1), a)", "detach(1)")),
    "inside of detach, by a lemma's assumption": lemmas(proved("1", "detach(a/a)", "detach(1)", algebra("a/a", "1", ["a"], at="detach(HOLE)"), assumes=["a != 0"]), proved("2", "diff((a*detach(a/a) if a > 0 else a*detach(1)), a)", "detach(1)", cite("1", "diff((a*HOLE if a > 0 else a*detach(1)), a)"), differentiate("diff(a*detach(1), a)", "detach(1)"))),
    "inside of detach, by a lemma's case": lemmas(proved("1", "detach(a/a) if a > 0 else detach(1)", "detach(1)", algebra("a/a", "1", ["a"], at="detach(HOLE) if a > 0 else detach(1)")), proved("2", "diff(a*(detach(a/a) if a > 0 else detach(1)), a)", "detach(1)", cite("1", "diff(a*HOLE, a)"), differentiate("diff(a*detach(1), a)", "detach(1)"))),
    # b > 0, a = 0: the maximum is a
    "cases that are one function, one of them in another form": by_calculus(f"diff({INVERSE}, a)", "(1 if b > 0 else 0) if (a if b > 0 else c) > 1/(1/a) else 1/a**2/(1/a)**2", says=["b > 0"]),
    # a = 0: slopes 2 on the left, 4 on the right
    "a distinction that is detached, and not": by_calculus(f"diff(max(a*{MIXED}, a - 1), a)", f"{MIXED} if a*{MIXED} > a - 1 else 1", says=["a*detach(1)*detach(2) != a - 1"]),
    # a = 0, b = -c: the sum of the two is 2*c for a <= 0, and 0 for a > 0
    "cases of what is detached and not": lemma(f"diff(a*({TWO}/{TWO}), a)", "1", algebra(f"{TWO}/{TWO}", "1", [TWO], at="diff(a*HOLE, a)"), differentiate("diff(a, a)", "1"), says=["b + detach(b) != 0", "c + detach(c) != 0"]),
}  # fmt: skip
TRUE = {
    "a derivative in a condition": by_calculus("1 if diff(sign(a), a) == 0 else 0", "1", says=["a != 0"]),
    "a derivative in a condition, of a power": by_calculus("1 if diff(a**2, a) == b else 0", "1 if 2*a == b else 0"),
    "a size in one of two cases": by_calculus("diff(max(abs(a), b), a)", "sign(a) if abs(a) > b else 0", says=["a > 0", "a > b", "b > 0"], at={"a": 2, "b": 1}),
    "the sign of what is detached, outside": lemma("detach(a)/detach(a) if a > 0 else 1", "1", algebra("detach(a)/detach(a)", "1", ["detach(a)"], at="HOLE if a > 0 else 1")),
    "inside of detach, from places that are one": lemma("diff(a*detach(x[i]), a) if i == j else 0", "diff(a*detach(x[j]), a) if i == j else 0", law("equal-index", "diff(a*detach(HOLE), a) if i == j else 0", K="K", i="i", j="j", F="k: x[k]"), letters={"i": "K", "j": "K"}),
    "an input called detach": lemma("detach + 1", "1 + detach", arrays={**ARRAYS, "detach": []}),
    "inside of detach, by a lemma without a case": lemmas(proved("1", "detach(a - a)", "detach(0)"), proved("2", "diff(a*detach(a - a), a)", "detach(0)", cite("1", "diff(a*HOLE, a)"), differentiate("diff(a*detach(0), a)", "detach(0)"))),
    "inside of detach, by what is given": lemma("diff(a*detach(b/b), a)", "diff(a*detach(1), a)", algebra("b/b", "1", ["b"], at="diff(a*detach(HOLE), a)"), says=["b > 0"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_it_is_refused(name: str) -> None:
    assert verdict(FALSE[name])[0] == "refused"


@pytest.mark.parametrize("name", TRUE)
def test_its_true_twin_is_accepted(name: str) -> None:
    assert verdict(TRUE[name])[0] == "accepted"
