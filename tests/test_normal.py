"""The normal form: what is equal by algebra, under which conditions, and what is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import sympy

from derivation.engine import derive_together
from derivation.errors import RuleRefused
from derivation.language import read_expression, read_problem
from derivation.normal import _Whole, difference_vanishes, normal, normal_term
from derivation.steps import Step
from derivation.terms import ONE, Term, exp, mul, number, subterms

PROBLEM = read_problem("L = sum(a[i]*c[i,j]*x*y for i in K for j in K)\nwrt x", need_wrt=False)


def term(text: str) -> Term:
    return read_expression(text, PROBLEM)


@pytest.mark.parametrize(
    ("left", "right", "needs"),
    [
        ("x*y*x", "x**2*y", ()),
        ("x**3*y/x", "x**2*y", ("x",)),
        ("x/x*y", "y", ("x",)),
        ("2*x*y/4 + x*y/2", "x*y", ()),
        ("exp(x)*exp(y)/exp(x + y)", "1", ()),
        ("exp(2*x)*exp(-x)", "exp(x)", ()),
        # a power of a sum becomes an ordinary factor again
        ("x*sqrt(x + y)*sqrt(x + y)", "x**2 + x*y", ("x + y",)),
        ("sqrt(x + y)*(sqrt(x + y)*y)", "x*y + y**2", ("x + y",)),
        ("(x + y)*y*(x - y)", "x**2*y - y**3", ()),
        ("x*y*(x + y)*(1/x)", "x*y + y**2", ("x",)),
        # sums up to their letters, whatever becomes of what stands inside
        ("sum(a[i] for i in K)", "sum(a[j] for j in K)", ()),
        ("sum(x*a[i] + y*a[i] - x*a[i] for i in K)", "sum(a[k]*y for k in K)", ()),
        ("sum(sum(c[i,j] for j in K) - sum(c[i,l] for l in K) + a[i] for i in K)",
         "sum(a[m] for m in K)", ()),
        ("sum(sum(c[i,j]*a[j] for j in K)*a[i] for i in K)",
         "sum(a[j]*sum(a[i]*c[j,i] for i in K) for j in K)", ()),
        ("sum(a[j]*x - x*a[j] + sum(sum(c[l,j]*c[j,m] for l in K) for m in K) "
         "for j in K)", "sum(sum(sum(c[i,j]*c[j,l] for i in K) for l in K) for j in K)", ()),
        ("sum(c[i,j] for i in K for j in K if i < j)",
         "sum(c[i,j] for i in K for j in K if j > i)", ()),
        ("sum(a[i]/a[i]*x for i in K)", "sum(x for i in K)", ("a[i]",)),
    ],
)  # fmt: skip
def test_equal_by_algebra(left: str, right: str, needs: tuple[str, ...]) -> None:
    found = difference_vanishes(term(left), term(right))
    assert found is not None
    about = " ".join(map(str, found))
    assert len(found) == len(needs) and all(n[0] in about for n in needs)
    if not needs:
        assert normal_term(term(left)) == normal_term(term(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("x*y", "x + y"),
        ("sqrt(x)*sqrt(y)", "x*y"),
        ("x*y**2", "x**2*y"),
        ("x*y*0", "x*y"),
        ("exp(x)*exp(y)", "exp(x*y)"),
        ("sum(a[i] for i in K)", "sum(a[i]*x for i in K)"),
        ("sum(c[i,j] for i in K for j in K)", "sum(c[i,i] for i in K)"),
        ("sum(sum(c[i,j] for j in K) for i in K if i != 1)", "sum(c[i,j] for i in K for j in K)"),
    ],
)
def test_not_equal_by_algebra(left: str, right: str) -> None:
    assert difference_vanishes(term(left), term(right)) is None


def test_what_vanishes_makes_the_height_of_a_sum_smaller() -> None:
    """With the inner sums gone the letter is named as if they had never been."""
    left = term("sum(sum(c[i,j] for j in K) - sum(c[i,l] for l in K) + a[i] for i in K)")
    assert normal_term(left) == normal_term(term("sum(a[i] for i in K)"))


def test_a_factor_that_is_a_product_meets_the_root_beside_it() -> None:
    root = term("sqrt(x + y)")
    for other, square in ((root, "x**2 + x*y"), (mul(term("y"), root), "x**2*y + x*y**2")):
        assert normal(mul(mul(term("x"), root), other))[0] == normal(term(square))[0]


def test_e_is_the_exponential_of_one() -> None:
    assert normal(sympy.E)[0] == normal(exp(ONE))[0]
    assert normal_term(sympy.E) == normal_term(exp(ONE))


# -- products that would be too long ---------------------------------------------------------------

NINE = "*".join(f"(1 + x{k}*y)" for k in range(9))


def _everywhere(steps: Iterable[Step]) -> Iterator[Any]:
    for s in steps:
        yield from (s.before, s.after, *s.conditions, *s.domain)
        yield from _everywhere(s.substeps)


@pytest.mark.parametrize(
    "body",
    [
        f"sqrt({NINE})",
        f"log({NINE})",
        f"({NINE})**(3/2)/(1 + y)",
        f"sum(b[i]*{NINE}*z[i] for i in K)*sqrt({NINE})/({NINE})",
        f"abs({NINE})",
    ],
)
def test_a_product_too_long_to_multiply_out_is_a_term_like_others(body: str) -> None:
    problem = read_problem(f"L = {body}; wrt y")
    (outcome,) = derive_together(problem, problem.wrt)
    assert outcome.result is not None
    told = [*_everywhere(outcome.steps), *outcome.conditions, *outcome.domain, outcome.result]
    assert not any(isinstance(s, _Whole) for t in told for s in subterms(t))


def test_a_product_in_factors_has_one_form() -> None:
    problem = read_problem(f"L = {NINE}; wrt y")
    factors = [f"(1 + x{k}*y)" for k in range(9)]
    one, two, other, less = (
        read_expression(t, problem)
        for t in (
            f"2*{NINE}",
            "(" + "*".join(factors[4:]) + ")*((" + "*".join(factors[1:4]) + ")*(-2 - 2*x0*y))*(-1)",
            f"-2*{NINE}",
            f"2*{NINE}/(1 + x8*y)",
        )
    )
    assert difference_vanishes(one, two) == frozenset()
    assert difference_vanishes(one, other) is None
    assert difference_vanishes(one, less) is None
    with pytest.raises(RuleRefused):
        normal(one)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (f"{NINE}*(2 + 2*x0*y)", f"2*(1 + x0*y)**2*{NINE.partition(')*')[2]}"),
        (f"{NINE}*((1 + a)*(1 - a))**2", f"{NINE}*(1 + a)**2*(a - 1)**2"),
        (f"{NINE}/(2 + 2*a)", f"{NINE}/(1 + a)/2"),
        (f"{NINE}*(a*b)**2", f"{NINE}*a**2*b**2"),
        (f"{NINE}*(a + a)", f"2*a*{NINE}"),
        (f"{NINE}*(a + a)**3", f"8*a**3*{NINE}"),
        (f"({NINE})**2", f"{NINE}*{NINE}"),
    ],
)
def test_products_in_factors_agree(left: str, right: str) -> None:
    problem = read_problem(f"L = {NINE}*a*b; wrt y")
    one, two = (read_expression(t, problem) for t in (left, right))
    assert difference_vanishes(one, two) == frozenset()
    assert difference_vanishes(one, mul(two, two)) is None
    assert difference_vanishes(one, mul(number(2), two)) is None
    assert difference_vanishes(normal_term(one), two) == frozenset()


def test_a_root_in_a_product_in_factors_stays() -> None:
    problem = read_problem(f"L = {NINE}*a; wrt y")
    roots = (f"{NINE}*sqrt(1 + a)", NINE, f"{NINE}*(1 + a)**(1/3)")
    one, two, three = (read_expression(t, problem) for t in roots)
    assert difference_vanishes(one, two) is None
    assert difference_vanishes(one, three) is None


def test_what_cancels_a_product_in_factors_asks_for_its_factors() -> None:
    problem = read_problem(f"L = {NINE}*a; wrt y")
    one = read_expression(f"{NINE}/({NINE} + a - a)", problem)
    needs = difference_vanishes(one, ONE)
    assert needs is not None
    assert len(needs) == 9
    assert not any(isinstance(s, _Whole) for c in needs for s in subterms(c))
