"""The kernel refuses what is not a theorem, and makes what is."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import pytest

from derivation import kernel
from derivation.errors import KernelError, RuleRefused
from derivation.kernel import Theorem
from derivation.language import read_condition, read_expression, read_problem, write
from derivation.rules import REGISTRY
from derivation.terms import (
    TRUE,
    Every,
    Integer,
    any_of,
    canonical,
    diff,
    element,
    free_indices,
    index,
    names,
    partial,
    relation,
    size,
    sum_over,
    symbol,
)
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
    honest = kernel.reflexivity(theory, a)
    for first, second in ((forged, honest), (honest, forged)):
        with pytest.raises(KernelError, match="not made by the kernel"):
            kernel.rewrite(first, (), second)


@pytest.mark.parametrize("slot", ["theory", "hypotheses", "lhs", "rhs", "unfolded"])
def test_an_edited_theorem_is_refused(theory: Theory, slot: str) -> None:
    honest = kernel.replace(term(theory, "y[i]/y[i] + yhat[i]"), (0,), cancelled(theory))
    honest = kernel.rewrite(honest, (1,), kernel.definition(theory, term(theory, "yhat[i]")))
    others = {
        "theory": Theory(theory.problem),
        "hypotheses": frozenset(),
        "lhs": term(theory, "z[1]"),
        "rhs": term(theory, "z[1]"),
        "unfolded": frozenset(),
    }
    with pytest.raises(KernelError):
        setattr(honest, slot, others[slot])
    object.__setattr__(honest, slot, others[slot])
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
    with pytest.raises(KernelError, match="different problems"):
        kernel.rewrite(a, (), b)


def test_a_rewritten_theorem_keeps_what_both_need(theory: Theory) -> None:
    """y[j]/y[j] + y[i]/y[i] = 1 + 1: both conditions stay."""
    made = cancelled(theory)
    first, second = (kernel.cite(made, term(theory, t)) for t in ("y[j]/y[j]", "y[i]/y[i]"))
    first = kernel.replace(term(theory, "y[j]/y[j] + y[i]/y[i]"), (0,), first)
    both = kernel.rewrite(first, (1,), second)
    assert (both.lhs, both.rhs) == (first.lhs, term(theory, "1 + 1"))
    assert both.hypotheses == first.hypotheses | second.hypotheses
    assert len(both.hypotheses) == 2


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


# -- what becomes of hypotheses on the way up ------------------------------------------------------


def cancelled(theory: Theory, letter: str = "i") -> Theorem:
    """y[i] != 0 |- y[i]/y[i] = 1"""
    one = term(theory, "1")
    return kernel.instance(
        theory, REGISTRY["field"], term(theory, f"y[{letter}]/y[{letter}]"), one, {}
    )


def said(theorem: Theorem) -> list[str]:
    return sorted(map(write, theorem.hypotheses))


def test_a_hypothesis_stays_as_it_is_in_sums_products_and_functions(theory: Theory) -> None:
    for text, path in (
        ("z[1] + y[i]/y[i]", (1,)),
        ("y[i]/y[i] + z[1]", (0,)),
        ("z[1]*(y[i]/y[i])", (1,)),
        ("exp(y[i]/y[i])", (0,)),
        ("z[1]**(y[i]/y[i])", (1,)),
    ):
        whole = kernel.replace(term(theory, text), path, cancelled(theory))
        assert said(whole) == ["y[i] != 0"], text
        assert whole.lhs == term(theory, text)


def test_a_hypothesis_is_weakened_by_the_case_it_is_needed_in(theory: Theory) -> None:
    def at(text: str, place: int) -> list[str]:
        return said(kernel.replace(term(theory, text), (place,), cancelled(theory)))

    assert at("y[i]/y[i] if i < j else z[i]", 1) == ["i >= j or y[i] != 0"]
    assert at("z[i] if i < j else y[i]/y[i]", 2) == ["i < j or y[i] != 0"]
    assert at("y[i]/y[i] if y[i] != 0 else z[i]", 1) == []
    assert at("z[i] if y[i] == 0 else y[i]/y[i]", 2) == []
    assert at("y[i]/y[i] if y[i] == 0 else z[i]", 1) == ["y[i] != 0 or y[i] != 0"]


def test_a_hypothesis_is_for_every_value_that_the_guard_lets_pass(theory: Theory) -> None:
    def at(text: str, letter: str = "k") -> list[str]:
        lhs = term(theory, text)
        bound = {letter: lhs.args[1]}
        left = read_expression(f"y[{letter}]/y[{letter}]", theory.problem, free=bound)
        made = kernel.instance(theory, REGISTRY["field"], left, term(theory, "1"), {})
        return said(kernel.replace(lhs, (0,), made))

    assert at("sum(y[k]/y[k] for k in K)") == ["all(y[_0] != 0 for _0 in K)"]
    assert at("sum(y[k]/y[k] for k in K if k < j)") == ["all(_0 >= j or y[_0] != 0 for _0 in K)"]
    assert at("sum(y[k]/y[k] for k in K if y[k] != 0)") == []
    assert at("prod(y[k]/y[k] for k in K if k < j)") == ["all(_0 >= j or y[_0] != 0 for _0 in K)"]


def test_a_hypothesis_about_a_letter_that_neither_side_shows(theory: Theory) -> None:
    """y[i] != 0 |- 1 = 1, put under a sum over i, is about every i."""
    one = cancelled(theory)
    nothing = kernel.transitivity(kernel.symmetry(one), one)
    assert (nothing.lhs, nothing.rhs) == (term(theory, "1"), term(theory, "1"))
    i = next(iter(free_indices(one.lhs)))
    whole = kernel.replace(sum_over(term(theory, "1"), i), (0,), nothing)
    assert said(whole) == ["all(y[_0] != 0 for _0 in K)"]


def test_a_closed_hypothesis_passes_a_guard_unchanged(theory: Theory) -> None:
    text = "sum(z[k]*sum(y[i] for i in K) for k in K if k < j)"
    whole = kernel.replace(term(theory, text), (0, 1), the_given(theory))
    assert whole.hypotheses == {kernel.closed(theory.problem.givens[0])}


def test_hypotheses_are_kept_by_symmetry_and_joined_by_transitivity(theory: Theory) -> None:
    one, two = cancelled(theory, "i"), cancelled(theory, "j")
    assert said(kernel.symmetry(one)) == ["y[i] != 0"]
    assert said(kernel.transitivity(one, kernel.symmetry(two))) == ["y[i] != 0", "y[j] != 0"]
    assert said(kernel.instantiate(one, {})) == ["y[i] != 0"]
    i = next(iter(free_indices(one.lhs)))
    assert said(kernel.instantiate(one, {i: term(theory, "y[1]").args[1]})) == ["y[1] != 0"]


def test_what_a_theorem_rests_on_is_kept(theory: Theory) -> None:
    """The definition of yhat, through every way to go on; a derivative that cuts it refuses it."""
    made = kernel.definition(theory, term(theory, "yhat[1]"))
    back = kernel.symmetry(made)
    for theorem in (
        made,
        kernel.symmetry(back),
        kernel.transitivity(made, kernel.reflexivity(theory, made.rhs)),
        kernel.transitivity(kernel.reflexivity(theory, made.lhs), made),
        kernel.renamed(made, made.lhs, made.rhs),
        kernel.instantiate(made, {}),
        kernel.cite(made, made.lhs),
        kernel.replace(term(theory, "yhat[1]*z[1]"), (0,), made),
        kernel.rewrite(kernel.reflexivity(theory, term(theory, "yhat[1]*z[1]")), (0,), made),
        kernel.rewrite(back, (), made),
    ):
        assert theorem.unfolded == {"yhat"}
        with pytest.raises(KernelError, match="is cut under"):
            kernel.replace(diff(theorem.lhs, term(theory, "yhat[2]")), (0,), theorem)


def test_a_renaming_is_one_on_both_sides(theory: Theory) -> None:
    made = kernel.definition(theory, term(theory, "yhat[1]"))
    other = term(theory, "exp(z[1])/sum(exp(z[l]) for l in K)")
    assert kernel.renamed(made, made.lhs, other).rhs == other
    for lhs, rhs in ((term(theory, "yhat[2]"), made.rhs), (made.lhs, term(theory, "yhat[1]"))):
        with pytest.raises(KernelError, match="not a renaming"):
            kernel.renamed(made, lhs, rhs)


def test_only_an_instance_is_cited(theory: Theory) -> None:
    made = cancelled(theory)
    assert kernel.cite(made, term(theory, "y[j]/y[j]")).rhs == term(theory, "1")
    for text in ("y[i]/y[j]", "z[i]/z[i]", "y[i]"):
        with pytest.raises(KernelError, match="not an instance"):
            kernel.cite(made, term(theory, text))


def test_values_of_indices_lie_in_range() -> None:
    theory = Theory(
        read_problem(
            "L = sum(x[n]*y[k] for n in N for k in K)\ngiven x[n] == y[k]\nwrt x[m]", need_wrt=False
        )
    )
    given = theory.problem.givens[0]
    free = {i.name: i for i in free_indices(given)}
    for wrong in ({free["n"]: free["k"]}, {free["k"]: Integer(2)}, {free["n"]: Integer(0)}):
        with pytest.raises(KernelError, match="does not run over"):
            kernel.given(theory, given, wrong)
        with pytest.raises(KernelError, match="does not run over"):
            kernel.instantiate(kernel.given(theory, given, {}), wrong)
    assert kernel.given(theory, given, {free["n"]: Integer(1)}).lhs == term(theory, "x[1]")


def test_no_place_outside_the_term(theory: Theory) -> None:
    one = kernel.reflexivity(theory, term(theory, "z[1]"))
    for path in ((2,), (-1,), (5, 0)):
        with pytest.raises(KernelError):
            kernel.replace(term(theory, "y[1] + z[1]"), path, one)
    for text, path in (
        ("diff(z[1]**2, z[1])", (1,)),
        ("partial(z[1]**2, z[1])", (1,)),
        ("sum(y[k] for k in K if k != 1)", (1,)),
        ("sum(y[k] for k in K if z[1] > 0)", (2, 1)),
        ("delta(i, j)", (0,)),
    ):
        with pytest.raises(KernelError):
            kernel.replace(
                term(theory, text), path, kernel.reflexivity(theory, term(theory, "z[1]"))
            )


def test_an_unconditional_law_may_be_used_under_any_derivative(theory: Theory) -> None:
    a, b = term(theory, "z[1]*(y[1] + 1)"), term(theory, "z[1]*y[1] + z[1]")
    law = kernel.instance(theory, REGISTRY["ring"], a, b, {})
    for make in (diff, partial):
        out = kernel.replace(make(a, term(theory, "z[1]")), (0,), law)
        assert out.rhs == make(b, term(theory, "z[1]")) and not out.hypotheses


def test_a_closed_condition_under_a_derivative_has_to_hold_strictly(
    theory: Theory,
) -> None:
    open_one = cancelled(theory, "1")  # y[1] != 0 holds nearby as well
    under = term(theory, "diff(y[1]/y[1], y[2])")
    assert said(kernel.replace(under, (0,), open_one)) == ["y[1] != 0"]
    root = kernel.instance(
        theory, REGISTRY["powers"], term(theory, "sqrt(y[1])*sqrt(y[1])"), term(theory, "y[1]"), {}
    )
    assert said(root) == ["y[1] >= 0"]
    closed = kernel.replace(term(theory, "diff(sqrt(y[1])*sqrt(y[1]), y[2])"), (0,), root)
    assert said(closed) == ["y[1] > 0", "y[1] >= 0"]  # nearby it holds where it holds strictly
    assert said(kernel.replace(term(theory, "diff(sqrt(y[1])*sqrt(y[1]), z[2])"), (0,), root))


def test_what_a_hypothesis_says_of_the_condition_of_a_case(theory: Theory) -> None:
    """The condition itself is evaluated in every case: what is used in it stays needed."""
    t = term(theory, "z[1] if y[i]/y[i] > 0 else z[2]")
    assert said(kernel.replace(t, (0, 1), cancelled(theory))) == ["y[i] != 0"]


def test_hypotheses_have_canonical_letters(theory: Theory) -> None:
    text = "y[i]/y[i] if sum(z[k] for k in K) > 0 else 0"
    whole = kernel.replace(term(theory, text), (1,), cancelled(theory))
    named = kernel.instantiate(kernel.replace(
        term(theory, "z[j] + sum(y[k]/(y[k] + y[j])*(y[k] + y[j]) for k in K)"), (1, 0),
        field(theory, "y[k]/(y[k] + y[j])*(y[k] + y[j])", "y[k]"),
    ), {letter("j"): letter("_0")})  # fmt: skip
    for theorem in (whole, named):
        assert theorem.hypotheses
        assert all(h == canonical(h) for h in theorem.hypotheses)


def letter(name: str):
    return index(name, size("K"))


def field(theory: Theory, left: str, right: str) -> Theorem:
    letters = {c: letter(c) for c in "ijkl"}
    lhs, rhs = (read_expression(t, theory.problem, free=letters) for t in (left, right))
    return kernel.instance(theory, REGISTRY["field"], lhs, rhs, {})


def test_an_instance_is_one_on_both_sides_and_in_its_hypotheses(theory: Theory) -> None:
    made = field(theory, "z[i]*y[i]/y[i]", "z[i]")
    other = kernel.instantiate(made, {letter("i"): letter("j")})
    assert (write(other.lhs), write(other.rhs)) == ("z[j]*y[j]/y[j]", "z[j]")
    assert said(other) == ["y[j] != 0"]


def test_a_given_is_used_at_any_index_and_is_a_hypothesis_about_all() -> None:
    text = "L = sum(x[n]*w[n,k] for n in N for k in K)\ngiven w[n,k] == x[n]*y[k]\nwrt x[m]"
    theory = Theory(read_problem(text, need_wrt=False))
    given = theory.problem.givens[0]
    free = {i.name: i for i in free_indices(given)}
    made = kernel.given(theory, given, {free["n"]: Integer(1), free["k"]: Integer(1)})
    assert (write(made.lhs), write(made.rhs)) == ("w[1,1]", "x[1]*y[1]")
    assert made.hypotheses == {kernel.closed(given)}
    assert not free_indices(kernel.closed(given))


def test_a_given_for_many_indices_is_closed_in_one_order() -> None:
    t = relation("!=", element("y", *map(letter, "ihgfe")), Integer(0))
    found, order = kernel.closed(t), []
    while isinstance(found, Every):
        order.append(found.index.name)
        found = found.body
    assert order == ["_4", "_3", "_2", "_1", "_0"]
    assert write(found) == "y[_4,_3,_2,_1,_0] != 0"  # i is quantified last, outermost


def test_only_equations_are_given_as_equations(theory: Theory) -> None:
    positive = relation(">", element("y", letter("i")), Integer(0))
    either = any_of(positive, relation("==", symbol("a"), symbol("b")))
    for condition in (positive, either):
        problem = replace(theory.problem, givens=(condition,))
        with pytest.raises(KernelError, match="not an equation"):
            kernel.given(Theory(problem), condition, {})


def test_what_a_theorem_says_is_printed_in_one_order(theory: Theory) -> None:
    both = field(theory, "*".join(f"y[{k}]/y[{k}]" for k in range(1, 9)), "1")
    shown = repr(both).partition(" |- ")[0]
    assert len(both.hypotheses) == 8
    assert shown == ", ".join(sorted(map(str, both.hypotheses)))


EDGES = """
L = sum(y[i] for i in K) + a*b + s + t
given s < 0
given t <= -1
wrt a
"""


def edges() -> Theory:
    return Theory(read_problem(EDGES, need_wrt=False))


def test_givens_under_a_derivative_by_what_they_are_about_have_to_be_strict() -> None:
    theory = edges()
    for name, closed in (("s", False), ("t", True)):
        made = kernel.instance(
            theory, REGISTRY["field"], term(theory, f"a*{name}/{name}"), term(theory, "a"), {}
        )
        under = term(theory, f"diff(a*{name}/{name}, {name})")
        assert len(made.hypotheses) == 1
        found = kernel.replace(under, (0,), made).hypotheses
        assert sorted(map(write, found - made.hypotheses)) == (["t < -1"] if closed else [])


def test_an_alternative_is_open_where_each_of_it_is(theory: Theory) -> None:
    """Under diff by y ``i >= j or y[i] != 0`` may be used; ``i >= j or y[i] >= 0`` as > 0."""

    def made(inner: str, out: str, rule: str) -> Theorem:
        letters = {c: letter(c) for c in "ij"}
        left, right = (
            read_expression(f"{t} if i < j else z[1]", theory.problem, free=letters)
            for t in (inner, out)
        )
        return kernel.replace(
            left, (1,), kernel.instance(theory, REGISTRY[rule], left.args[1], right.args[1], {})
        )

    v = term(theory, "y[1]")
    good = made("y[i]/y[i]", "1", "field")
    assert said(good) == ["i >= j or y[i] != 0"]
    assert said(kernel.replace(diff(good.lhs, v), (0,), good)) == ["i >= j or y[i] != 0"]
    bad = made("sqrt(y[i])*sqrt(y[i])", "y[i]", "powers")
    assert said(bad) == ["i >= j or y[i] >= 0"]
    strict = ["i >= j or y[i] > 0", "i >= j or y[i] >= 0"]
    assert said(kernel.replace(diff(bad.lhs, v), (0,), bad)) == strict


def test_an_edge_case_that_a_definition_settles_is_not_used_where_the_definition_is_cut() -> None:
    """|r| = r rests on what r is; under a derivative by r itself it does not hold."""
    theory = Theory(read_problem("r = x**2\ng = exp(x)\nL = abs(r) + g\nwrt x"))
    for text, name in (("sqrt(r)*sqrt(r)", "r"), ("g/g", "g")):
        rule = "powers" if name == "r" else "field"
        right = term(theory, "r" if name == "r" else "1")
        made = kernel.instance(theory, REGISTRY[rule], term(theory, text), right, {})
        assert not made.hypotheses
        under = term(theory, f"diff({text}, {name})")
        if name == "r":
            assert made.unfolded == {"r"}
            with pytest.raises(KernelError, match="is cut under"):
                kernel.replace(under, (0,), made)
        else:
            assert not made.unfolded


def test_where_both_sides_are_alike_a_name_may_stand_bare(theory: Theory) -> None:
    same = kernel.reflexivity(theory, term(theory, "yhat[1]"))
    assert kernel.replace(term(theory, "partial(yhat[1], z[2])"), (0,), same).rhs
    own = kernel.instance(
        theory, REGISTRY["ring"], term(theory, "yhat[1]"), term(theory, "1*yhat[1]"), {}
    )
    assert kernel.replace(term(theory, "partial(yhat[1], yhat[2])"), (0,), own).rhs
    for text in ("partial(yhat[1], z[2])", "partial(yhat[1], z[2], yhat[2])"):
        with pytest.raises(KernelError, match="bare name"):
            kernel.replace(term(theory, text), (0,), own)


def test_a_definition_may_be_unfolded_under_a_derivative_that_sees_through_it(
    theory: Theory,
) -> None:
    made = kernel.definition(theory, term(theory, "yhat[1]"))
    out = kernel.replace(term(theory, "diff(yhat[1], z[2])"), (0,), made)
    assert out.rhs == diff(made.rhs, term(theory, "z[2]"))
    assert out.unfolded == {"yhat"}


def test_a_condition_under_a_derivative_needs_its_sides_to_be_continuous(theory: Theory) -> None:
    made = kernel.instance(
        theory, REGISTRY["field"], term(theory, "log(y[1])/log(y[1])"), term(theory, "1"), {}
    )
    assert said(made) == ["log(y[1]) != 0"]
    under = term(theory, "diff(log(y[1])/log(y[1]), y[2])")
    assert said(kernel.replace(under, (0,), made)) == ["log(y[1]) != 0", "y[1] > 0"]
    other = term(theory, "diff(log(y[1])/log(y[1]), z[2])")
    assert said(kernel.replace(other, (0,), made)) == ["log(y[1]) != 0"]
    both = "(sign(z[1]) - log(y[1]))/(sign(z[1]) - log(y[1]))"
    apart = kernel.instance(theory, REGISTRY["field"], term(theory, both), term(theory, "1"), {})
    whole = kernel.replace(term(theory, f"diff({both}, y[2])"), (0,), apart)
    assert any("y[1] > 0" in h for h in said(whole))


def test_which_conditions_hold_nearby_too(theory: Theory) -> None:
    for text, is_open in (
        ("y[1] > 0", True), ("y[1] >= 0", False), ("y[1] != 0", True), ("y[1] == 0", False),
        ("z[1] >= 0", True), ("y[1] > 0 and z[1] >= 0", True), ("y[1] > 0 and y[2] >= 0", False),
        ("y[1] > 0 or y[2] >= 0", False), ("y[1] > 0 or y[2] < 0", True),
        ("not (y[1] >= 0 and z[1] > 0)", True), ("not (y[1] > 0 and z[1] > 0)", False),
        ("not (y[1] >= 0 or z[1] > 0)", True), ("not (y[1] > 0 or z[1] > 0)", False),
        ("not (y[1] >= 0 and y[2] > 0)", False), ("not all(y[k] >= 0 for k in K)", False),
        ("all(y[k] > 0 for k in K)", True), ("all(y[k] >= 0 for k in K)", False),
        ("all(z[k] >= 0 for k in K)", True), ("all(y[k] > 0 for k in K if y[k] >= 1)", True),
        ("all(y[k] > 0 for k in K if y[k] > 1)", False),
    ):  # fmt: skip
        c = read_condition(text, theory.problem)
        assert kernel._is_open(c, lambda part: "y" in names(part)) is is_open, text
