"""Every registered rule against its own examples: form by the rule, truth by the oracle.

A new rule is tested here without anyone remembering to.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from derivation import kernel
from derivation.errors import DerivationError
from derivation.language import read_expression, read_problem, write
from derivation.oracle import Oracle, Setting, evaluate
from derivation.oracle.values import FAILURES
from derivation.rules import REGISTRY, SETTING
from derivation.rules.sums import factored, one_place, set_apart, sifted
from derivation.terms import Term, element, free_indices, index, mul, size, symbol
from derivation.theory import Theory

PROBLEM = read_problem(SETTING, need_wrt=False)
THEORY = Theory(PROBLEM)
ORACLE = Oracle(PROBLEM)
K = size("K")
LETTERS = {letter: index(letter, K) for letter in "ijkl"}


def sides(example: str):
    left, right = example.split(" -> ")
    return read_expression(left, PROBLEM, free=LETTERS), read_expression(
        right, PROBLEM, free=LETTERS
    )


CASES = [(r.id, e) for r in REGISTRY.values() for e in r.valid]
REFUSED = [(r.id, e) for r in REGISTRY.values() for e in r.refuses]
BROKEN = [(r.id, r.broken_at) for r in REGISTRY.values() if r.broken_at]


def test_every_rule_is_described() -> None:
    for rule in REGISTRY.values():
        assert rule.id and rule.title and rule.law and rule.refuses, rule.id
        assert rule.valid or rule.id in {"by-cases", "equal-index"}, rule.id


@pytest.mark.parametrize(("name", "example"), CASES)
def test_valid_examples_are_instances_and_true(name: str, example: str) -> None:
    lhs, rhs = sides(example)
    theorem = kernel.instance(THEORY, REGISTRY[name], lhs, rhs, {})
    assert (theorem.lhs, theorem.rhs) == (lhs, rhs)
    found = ORACLE.compare(lhs, rhs, conditions=tuple(theorem.hypotheses))
    assert found.refuted is None, found.refuted
    assert found.points > 0, "no admissible point: the example shows nothing"


@pytest.mark.parametrize(("name", "example"), REFUSED)
def test_refused_examples_are_refused(name: str, example: str) -> None:
    lhs, rhs = sides(example)
    with pytest.raises(DerivationError):
        kernel.instance(THEORY, REGISTRY[name], lhs, rhs, {})


def value_at(term: Term, setting: Setting, indices: dict[Term, int]) -> object:
    """The value, or None where it is undefined."""
    try:
        return evaluate(term, PROBLEM, setting, indices)
    except (*FAILURES, DerivationError, ArithmeticError):
        return None


@pytest.mark.parametrize(("name", "example"), BROKEN)
def test_conditions_are_needed(name: str, example: str) -> None:
    """Made under hypotheses; where they fail, the sides differ or one is undefined."""
    instance, assignment = example.split(" @ ")
    lhs, rhs = sides(instance)
    theorem = kernel.instance(THEORY, REGISTRY[name], lhs, rhs, {})
    assert theorem.hypotheses, f"{name} made an instance without conditions"
    variable, value = assignment.split("=")
    setting = next(s for s in ORACLE.settings() if s.sizes["K"] >= 2)
    arrays = dict(setting.arrays)
    arrays[variable] = dict.fromkeys(arrays[variable], Fraction(value))
    outside = Setting(setting.sizes, arrays)
    indices = dict.fromkeys(free_indices(lhs) | free_indices(rhs), 1)
    left, right = value_at(lhs, outside, indices), value_at(rhs, outside, indices)
    assert left is None or right is None or left != right


def test_every_rule_with_conditions_says_where_it_breaks() -> None:
    """A law that names a condition shows an instance outside it (conditions on indices aside)."""
    about_indices = {
        "sift-delta", "split-term", "sum-one-place", "sum-join", "case-holds", "case-fails",
        "delta-equal", "delta-unequal", "equal-index", "detach-value", "sum-guard",
        "d-function", "d-max-over", "d-if", "chain-rule",
    }  # fmt: skip
    for rule in REGISTRY.values():
        assert not rule.needs or rule.broken_at or rule.id in about_indices, rule.id


@pytest.mark.parametrize(
    ("instance", "needs"),
    [
        ("abs(a)*sign(a)**2 -> abs(a)", ()),
        ("abs(a - b)*sign(a - b) -> -1*(b - a)", ()),
        ("a*sign(a)*sign(b) -> abs(a)*sign(b)", ()),
        ("sign(a)**2*sign(b) -> sign(b)", ("a != 0",)),
        ("sign(a)*abs(a)**2/a -> abs(a)", ("a != 0",)),
        ("sign(a)*a/b -> abs(a)/b", ("a != 0",)),  # b might vanish with a
        ("sign(a)*a*b**(1/2) -> abs(a)*b**(1/2)", ("a != 0",)),
        ("sign(a)*a*b**2 -> abs(a)*b**2", ()),
        ("a*sign(a)*b/b -> abs(a)", ("a != 0", "b != 0")),
        ("a**b*sign(a)**2 -> a**b", ("a != 0",)),
    ],
)
def test_where_a_number_is_its_sign_times_its_size(instance: str, needs: tuple[str, ...]) -> None:
    theorem = kernel.instance(THEORY, REGISTRY["sign-and-size"], *sides(instance), {})
    assert tuple(sorted(map(write, theorem.hypotheses))) == needs


def test_what_the_laws_of_sums_take_apart() -> None:
    """The parts that an exported proof names."""
    k, j = LETTERS["k"], LETTERS["j"]

    def both(left: str, right: str) -> tuple[Term, Term]:
        return sides(f"{left} -> {right}")

    whole, outside = both("sum(a*b*y[k] for k in K)", "a*b*sum(y[l] for l in K)")
    found, inside, needs = factored(whole, outside)
    assert (str(found), inside, needs) == ("a*b", element("y", k), [])
    place, rest, left, conditions = sifted(*both("sum(a*y[k]*delta(k, j) for k in K)", "a*y[j]"))
    assert (place, conditions) == (j, frozenset())
    assert (rest, left) == tuple(mul(symbol("a"), element("y", i)) for i in (k, j))
    apart = both("sum(y[k] for k in K)", "y[j] + sum(y[k] for k in K if k != j)")
    assert set_apart(THEORY, *apart) == (j, [])
    assert one_place(THEORY, *both("sum(y[k] for k in K if k == j)", "y[j]")) == (j, frozenset())
