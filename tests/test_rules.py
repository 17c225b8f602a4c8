"""Every registered rule against its own examples: form by the rule, truth by the oracle.

A new rule is tested here without anyone remembering to.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from derivation import kernel
from derivation.errors import DerivationError
from derivation.language import read_expression, read_problem
from derivation.oracle import Oracle
from derivation.rules import REGISTRY, SETTING
from derivation.terms import index, size
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


@pytest.mark.parametrize(("name", "example"), BROKEN)
def test_conditions_are_needed(name: str, example: str) -> None:
    """The instance is made only under hypotheses, and outside them a side is wrong or undefined."""
    instance, assignment = example.split(" @ ")
    lhs, rhs = sides(instance)
    theorem = kernel.instance(THEORY, REGISTRY[name], lhs, rhs, {})
    assert theorem.hypotheses, f"{name} made an instance without conditions"
    variable, value = assignment.split("=")
    for h in theorem.hypotheses:
        assert variable in str(h)
    assert Fraction(value) <= 0
