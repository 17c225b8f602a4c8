"""The kernel refuses what is not a theorem, and makes what is."""

from __future__ import annotations

import copy
import pickle

import pytest

from derivation import kernel
from derivation.errors import KernelError, RuleRefused
from derivation.kernel import Theorem
from derivation.language import read_condition, read_expression, read_problem
from derivation.rules import REGISTRY
from derivation.terms import TRUE, free_indices
from derivation.theory import Theory

FLAGSHIP = """
yhat[i] = exp(z[i])/sum(exp(z[k]) for k in K)
L = -sum(y[i]*log(yhat[i]) for i in K)
given sum(y[i] for i in K) == 1
wrt z[j]
"""


@pytest.fixture
def theory() -> Theory:
    return Theory(read_problem(FLAGSHIP))


def term(theory: Theory, text: str):
    return read_expression(text, theory.problem)


def the_given(theory: Theory) -> Theorem:
    return kernel.given(theory, theory.problem.givens[0], {})


def test_a_theorem_has_no_public_constructor() -> None:
    with pytest.raises(KernelError):
        Theorem()


def test_a_forged_theorem_is_refused(theory: Theory) -> None:
    a, b = term(theory, "y[1]"), term(theory, "z[1]")
    forged = object.__new__(Theorem)
    for name, value in (
        ("theory", theory),
        ("hypotheses", frozenset()),
        ("lhs", a),
        ("rhs", b),
        ("unfolded", frozenset()),
    ):
        object.__setattr__(forged, name, value)
    with pytest.raises(KernelError, match="not made by the kernel"):
        kernel.symmetry(forged)
    with pytest.raises(KernelError, match="not made by the kernel"):
        kernel.replace(a, (), forged)


def test_an_edited_theorem_is_refused(theory: Theory) -> None:
    honest = kernel.reflexivity(theory, term(theory, "y[1]"))
    with pytest.raises(KernelError):
        honest.rhs = term(theory, "z[1]")  # type: ignore[misc]
    object.__setattr__(honest, "rhs", term(theory, "z[1]"))
    with pytest.raises(KernelError, match="changed"):
        kernel.symmetry(honest)


def test_a_theorem_cannot_be_copied_or_pickled(theory: Theory) -> None:
    honest = kernel.reflexivity(theory, term(theory, "y[1]"))
    with pytest.raises(KernelError):
        pickle.dumps(honest)
    with pytest.raises(KernelError):
        copy.copy(honest)


def test_a_given_may_not_be_used_under_a_derivative_by_its_own_variable(theory: Theory) -> None:
    under = term(theory, "diff(z[1]*sum(y[i] for i in K), y[2])")
    with pytest.raises(KernelError, match="under a derivative by y"):
        kernel.replace(under, (0, 1), the_given(theory))


def test_a_given_may_be_used_under_a_derivative_by_another_variable(theory: Theory) -> None:
    under = term(theory, "diff(z[1]*sum(y[i] for i in K), z[2])")
    out = kernel.replace(under, (0, 1), the_given(theory))
    assert out.rhs == term(theory, "diff(z[1]*1, z[2])")


def test_a_given_that_depends_through_a_definition_is_refused_too() -> None:
    theory = Theory(
        read_problem(
            "p[i] = exp(z[i])\nL = sum(p[i] for i in K)\ngiven sum(p[i] for i in K) == 1\nwrt z[j]"
        )
    )
    under = term(theory, "diff(z[1]*sum(p[i] for i in K), z[2])")
    with pytest.raises(KernelError, match="under a derivative"):
        kernel.replace(under, (0, 1), the_given(theory))


def test_a_definition_is_cut_under_a_derivative_by_its_own_name(theory: Theory) -> None:
    unfold = kernel.definition(theory, term(theory, "yhat[1]"))
    with pytest.raises(KernelError, match="is cut under"):
        kernel.replace(term(theory, "diff(yhat[1]**2, yhat[2])"), (0, 0), unfold)


def test_names_are_held_fixed_under_a_partial_derivative(theory: Theory) -> None:
    unfold = kernel.definition(theory, term(theory, "yhat[1]"))
    with pytest.raises(KernelError, match="held fixed"):
        kernel.replace(term(theory, "partial(yhat[1]**2, z[2])"), (0, 0), unfold)


def test_a_chain_must_meet(theory: Theory) -> None:
    one = kernel.definition(theory, term(theory, "yhat[1]"))
    two = kernel.reflexivity(theory, term(theory, "yhat[2]"))
    with pytest.raises(KernelError, match="no chain"):
        kernel.transitivity(one, two)


def test_theorems_of_two_problems_do_not_mix(theory: Theory) -> None:
    other = Theory(theory.problem)
    a = kernel.reflexivity(theory, term(theory, "y[1]"))
    b = kernel.reflexivity(other, term(theory, "y[1]"))
    with pytest.raises(KernelError, match="different problems"):
        kernel.transitivity(a, b)


def test_an_index_is_not_replaced_by_an_equality_of_values(theory: Theory) -> None:
    with pytest.raises(KernelError):
        kernel.replace(term(theory, "y[1]"), (1,), kernel.reflexivity(theory, term(theory, "1")))


def test_a_condition_about_a_bound_index_becomes_one_about_every_index(theory: Theory) -> None:
    lhs = term(theory, "sum(z[i]*y[i]/y[i] for i in K)")
    inner = lhs.args[0]
    theorem = kernel.instance(
        theory,
        REGISTRY["field"],
        inner,
        read_expression("z[i]", theory.problem, free={"i": lhs.args[1]}),
        {},
    )
    assert theorem.hypotheses, "y[i] != 0 is not known"
    whole = kernel.replace(lhs, (0,), theorem)
    assert len(whole.hypotheses) == 1
    (hypothesis,) = whole.hypotheses
    assert not free_indices(hypothesis)


def test_an_unregistered_rule_is_refused(theory: Theory) -> None:
    from dataclasses import replace

    rogue = replace(REGISTRY["ring"], check=lambda *a: ())
    with pytest.raises(KernelError, match="not registered"):
        kernel.instance(theory, rogue, term(theory, "y[1]"), term(theory, "z[1]"), {})


def test_a_rule_cannot_be_changed_or_replaced() -> None:
    from dataclasses import FrozenInstanceError

    from derivation.rules.registry import rule

    with pytest.raises(FrozenInstanceError):
        REGISTRY["ring"].check = lambda *a: ()  # type: ignore[misc]
    with pytest.raises(RuleRefused, match="registered twice"):
        rule("ring", "algebra", "Anything", "a = b")(lambda *a: ())
    assert REGISTRY["ring"].title == "Rearrange"


def test_only_givens_of_the_problem_are_assumed(theory: Theory) -> None:
    with pytest.raises(KernelError, match="not a given"):
        kernel.given(theory, read_condition("sum(z[i] for i in K) == 1", theory.problem), {})


def test_a_changed_sign_is_refused(theory: Theory) -> None:
    with pytest.raises(RuleRefused):
        kernel.instance(
            theory, REGISTRY["ring"], term(theory, "y[1] - z[1]"), term(theory, "y[1] + z[1]"), {}
        )


def test_detach_may_not_be_dropped_under_a_derivative(theory: Theory) -> None:
    problem = read_problem("L = sum(z[i]*detach(z[i]) for i in K)\nwrt z[j]")
    own = Theory(problem)
    t = read_expression("detach(z[1])", problem)
    dropped = kernel.instance(own, REGISTRY["detach-value"], t, t.args[0], {})
    assert kernel.replace(read_expression("2*detach(z[1])", problem), (1,), dropped).rhs
    with pytest.raises(KernelError, match="detach"):
        kernel.replace(read_expression("diff(detach(z[1]), z[1])", problem), (0,), dropped)


def test_true_is_no_hypothesis(theory: Theory) -> None:
    assert theory.decide(TRUE)[0]
