"""The engine's moves as moves of the checker's laws: each list leads from side to side.

The laws' instances are made by ``law_instances``; lines are compared by the project's own algebra
or, where that does not see it, by the oracle, which also tries every move and every condition of a
law. Then the checker is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sympy
from law_instances import instance, lines
from test_rules import CASES, LETTERS, ORACLE, THEORY, sides

from derivation import api, kernel, library
from derivation.certify import certificate
from derivation.certify.law_moves import HOLE, LawMove
from derivation.certify.moves import FREE, law_moves
from derivation.checker import Refused, check_data
from derivation.checker.laws import LAWS
from derivation.engine.proof import Move
from derivation.errors import RuleRefused
from derivation.language import read_condition, read_problem
from derivation.normal import difference_vanishes, normal_term
from derivation.oracle import Oracle
from derivation.rules import REGISTRY, SETTING
from derivation.steps import Checked, Outcome, Placed, Step
from derivation.terms import (
    MIRROR,
    TRUE,
    ZERO,
    IfElse,
    Index,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    Reduction,
    Relation,
    add,
    all_of,
    apply_unknown,
    canonical,
    is_leaf,
    is_number,
    mul,
    neg,
    negate,
    power,
    rebuild,
    relation,
    substitute,
    subterms,
)
from derivation.theory import Theory


def seen(t: Any) -> Any:
    """What the checker sees by itself and the normal form does not: log(exp(a)) is a, a case that
    holds, one side of a comparison against 0."""
    if is_leaf(t) or isinstance(t, KroneckerDelta):
        return t
    t = rebuild(t, tuple(map(seen, t.args)))
    if isinstance(t, sympy.log) and type(t.args[0]) is sympy.exp:
        return t.args[0].args[0]
    if isinstance(t, IfElse) and t.args[0] == TRUE:
        return t.args[1]
    if isinstance(t, Relation) and not any(isinstance(i, Index) for i in t.args[1:]):
        left, right, op = t.left, t.right, t.op
        if op in ("<", "<="):
            left, right, op = right, left, MIRROR[op]
        return relation(op, normal_term(add(left, neg(right))), ZERO)
    return t


def uncancelled(t: Any) -> Any:
    """The term with each 1/a as an unknown function of a, so that nothing is cancelled."""
    if is_leaf(t) or isinstance(t, KroneckerDelta):
        return t
    t = rebuild(t, tuple(map(uncancelled, t.args)))
    if isinstance(t, Pow) and isinstance(t.args[1], Integer) and t.args[1] < 0:
        factors = t.args[0].args if isinstance(t.args[0], Mul) else (t.args[0],)
        below = [f if is_number(f) else apply_unknown("inv", normal_term(f)) for f in factors]
        return mul(*[power(f, -t.args[1] if not is_number(f) else t.args[1]) for f in below])
    return t


def same_line(a: Any, b: Any) -> bool:
    a, b = seen(canonical(a)), seen(canonical(b))
    if difference_vanishes(a, b) == frozenset():
        return True
    return difference_vanishes(uncancelled(a), uncancelled(b)) == frozenset()


def unlisted(m: LawMove, theory: Theory) -> list[Any]:
    """Conditions of a move of algebra that it does not list."""
    needs = difference_vanishes(seen(m.left), seen(m.right))
    if needs is None:
        return [] if m.positive else ["not equal by algebra"]
    positive = {normal_term(t) for t in m.positive}
    nonzero = positive | {normal_term(t) for t in m.nonzero}
    out = []
    for c in needs:
        if not isinstance(c, Relation):
            out.append(c)
            continue
        if c.op == ">=" and not theory.decide(relation(">", c.left, ZERO))[0]:
            out.append(c)  # more is listed than is known
        t = normal_term(c.left)
        factors = [f.args[0] if isinstance(f, Pow) else f for f in t.args if isinstance(t, Mul)]
        listed = nonzero if c.op == "!=" else positive
        if t not in listed and not (factors and all(is_number(f) or f in listed for f in factors)):
            out.append(c)
    return out


def verify(
    before: Any,
    after: Any,
    moves: Sequence[LawMove],
    theory: Theory,
    oracle: Oracle,
    conditions: Sequence[Any] = (),
    assuming: Any = TRUE,
) -> None:
    """Every line is the one before by value, and every move is true where its condition holds."""

    def refuted(a: Any, b: Any) -> Any:
        return oracle.compare(a, b, conditions=tuple(conditions), assuming=assuming).refuted

    def joined(a: Any, b: Any) -> None:
        assert same_line(a, b) or refuted(a, b) is None, (a, b)

    line = before
    for m in moves:
        one, two, marked = lines(m, theory)
        joined(line, one)
        assert refuted(one, two) is None, (m, refuted(one, two))
        assert refuted(one, marked) is None, ("a condition that fails", m)
        if m.law == "algebra":
            assert not unlisted(m, theory), (m, unlisted(m, theory))
        line = two
    joined(line, after)


def both_ways(rule: str, lhs: Any, rhs: Any, args: dict[str, Any]) -> list[LawMove]:
    """The moves of an instance of a rule, verified in both directions."""
    theorem = kernel.instance(THEORY, REGISTRY[rule], lhs, rhs, args)
    found = []
    for a, b, way in ((lhs, rhs, "lr"), (rhs, lhs, "rl")):
        moves = law_moves(rule, a, b, args, way, THEORY)
        verify(a, b, moves, THEORY, ORACLE, tuple(theorem.hypotheses))
        found.append(moves)
    assert len(found[0]) == len(found[1])
    return found[0]


@pytest.mark.parametrize(("name", "example"), CASES)
def test_valid_examples_of_every_rule(name: str, example: str) -> None:
    both_ways(name, *sides(example), {})


# what the rules' own examples do not have: several parts, conditions inside, nested cases
FURTHER = [
    ("sum-add", "sum(y[k] + z[k] + a for k in K if k != j) -> sum(y[k] for k in K if k != j)"
     " + sum(z[k] for k in K if k != j) + sum(a for k in K if k != j)", 2),
    ("sum-add", "sum((y[k]*z[k] + z[k])/z[k] for k in K)"
     " -> sum(y[k] for k in K) + sum(1 for k in K)", 2),
    ("sum-factor", "sum(a*y[k]*z[k]/z[k] for k in K if k != j)"
     " -> a*sum(y[k] for k in K if k != j)", 2),
    ("prod-factor", "prod(y[k]*z[k]*a for k in K)"
     " -> prod(y[k] for k in K)*prod(z[k] for k in K)*prod(a for k in K)", 2),
    ("sum-product", "a*sum(y[i] for i in K)*sum(z[j] for j in K)"
     " -> sum(a*y[i]*sum(z[j] for j in K) for i in K)", 1),
    ("sum-cases", "sum((y[k] if k != j else z[k]) for k in K if k != i)"
     " -> sum(y[k] for k in K if k != i and k != j) + sum(z[k] for k in K if k != i and k == j)",
     1),
    ("sum-cases", "sum((0 if k != j else z[k]) for k in K) -> sum(z[k] for k in K if k == j)", 2),
    ("sum-swap", "sum(sum(w[i,k]*y[i] for k in K if k != i and k != j) for i in K if i != j)"
     " -> sum(sum(w[i,k]*y[i] for i in K if i != j and k != i) for k in K if k != j)", 1),
    ("sum-one-place", "sum(y[k] for k in K if k == j and k != i) -> y[j] if j != i else 0", 1),
    ("sum-guard", "sum(y[k]*(k - j) for k in K if k != j) -> sum(y[k]*(k - j) for k in K)", 1),
    ("sum-join", "sum(y[k] for k in K if k != i and k < j)"
     " + sum(y[k] for k in K if k != i and j < k)"
     " -> sum(y[k] for k in K if k != i and k != j)", 2),
    ("split-term", "sum(y[k]*z[k]/z[k] for k in K) -> y[j] + sum(y[k] for k in K if k != j)", 3),
    ("sift-delta", "sum(y[k]*z[k]*delta(k, j)/z[k] for k in K) -> y[j]", 2),
    ("field", "sum(y[k]*z[k]/z[k] for k in K) + a/a -> sum(y[k] for k in K) + 1", 2),
    ("field", "sum(sum(w[i,k]*z[i]*a/z[i]/a for i in K) for k in K)"
     " -> sum(sum(w[i,k] for i in K) for k in K)", 1),
    ("field", "(a/b*b if b != 0 else a) + 1 -> (a if b != 0 else a) + 1", 1),
    ("field", "(a*b/b if i == j else y[i]) -> a if i == j else y[i]", 1),
    ("powers", "sum(sqrt(y[k]**2)*sqrt(y[k]**2) for k in K) -> sum(y[k]**2 for k in K)", 1),
    ("powers", "a*a**(1/2) -> a**(3/2)", 1),
    ("powers", "a**(1/2)*b*a*(a**(1/2)*y[i])**2 -> a**(5/2)*b*y[i]**2", 3),
    ("power-of-product", "sqrt(a**2*b) -> a*sqrt(b)", 2),
    ("power-of-product", "(4*a**2)**(3/2) -> 4**(3/2)*a**3", 2),
    ("log-expand", "log(a*b*exp(y[i])) -> y[i] + log(a) + log(b)", 1),
    ("exp-of-log", "exp(y[i] + 2*log(a) - log(b)) -> a**2*b**(-1)*exp(y[i])", 1),
    ("case-lift", "a + (y[i] if i == j else (z[i] if k == l else 1)*b)"
     " -> a + y[i] if i == j else a + (z[i] if k == l else 1)*b", 2),
    ("case-lift", "(y[i] if i == j else z[i])*(a if i != j else b)"
     " -> y[i]*b if i == j else z[i]*a", 4),
    ("case-lift", "exp(a if i == j else b) + (a if j == i else b)"
     " -> (a if i == j else b) + exp(a if j != i else a) if i == j else exp(b) + b", 8),
    ("delta-substitutes", "w[i,j]*delta(i, j) -> w[j,i]*delta(i, j)", 2),
    ("same-in-both", "(a*b/b if i == j else a) -> a*b/b", 1),
    ("prod-split", "prod(a*z[k] for k in K if k != j) -> prod(a*z[k] for k in K)/z[j]/a", 2),
    ("sign-and-size", "abs(a)*sign(a)**2 -> abs(a)", 3),
    ("sign-and-size", "abs(a - b)*sign(a - b) -> -1*(b - a)", 2),
    ("sign-and-size", "a*sign(a)*sign(b) -> abs(a)*sign(b)", 1),
    ("sign-and-size", "sign(a)**2*sign(b) -> sign(b)", 1),
    ("sign-and-size", "sign(a)*abs(a)**2/a -> abs(a)", 6),
    ("sign-and-size", "abs(a)**2*b -> a**2*b", 3),
    ("sign-and-size", "sign(a)**4*a -> a", 2),
    ("sign-and-size", "b*a/abs(a) -> b*sign(a)", 3),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "example", "most"), FURTHER)
def test_several_parts_and_conditions_inside(rule: str, example: str, most: int) -> None:
    assert 1 <= len(both_ways(rule, *sides(example), {})) <= most


# -- through the checker ------------------------------------------------------------------------

CLAIMED = read_problem(f"{SETTING}\nwrt z[j]", need_wrt=False)


def as_certificate(rule: str, lhs: Any, rhs: Any, direction: str) -> Any:
    """A certificate with nothing but one lemma: the instance of the rule."""
    theorem = kernel.instance(THEORY, REGISTRY[rule], lhs, rhs, {})
    before, after = (lhs, rhs) if direction == "lr" else (rhs, lhs)
    conditions = tuple(theorem.hypotheses)
    at = Placed(Move(rule, before, after, {}, direction), before, (), {})
    step = Step(
        "1", "lemma", (), rule, (), before, after, conditions=conditions, placed=at
    )  # fmt: skip
    settings = tuple(p.setting for p in ORACLE.points(conditions))
    outcome = Outcome(
        CLAIMED,
        CLAIMED.objective,
        CLAIMED.wrt[0],
        "delta",
        None,
        reason="only a lemma is wanted",
        conditions=conditions,
        steps=(step,),
        checked=Checked(settings=settings),
    )
    return json.loads(json.dumps(certificate([outcome])))


# a*z[j] != 0 is not yet seen to say that z[j] != 0; a lemma does not yet assume something of every
# place but one of its letters (the program's own lemmas never do)
NOT_YET = {
    "prod(a*z[k] for k in K if k != j) -> prod(a*z[k] for k in K)/z[j]/a",
    "sum(a*y[k]*z[k]/z[k] for k in K if k != j) -> a*sum(y[k] for k in K if k != j)",
}
ALL = [*CASES, *((rule, example) for rule, example, _ in FURTHER if example not in NOT_YET)]


@pytest.mark.parametrize(("rule", "example"), ALL)
def test_the_checker_takes_it(rule: str, example: str) -> None:
    for direction in ("lr", "rl"):
        check_data(as_certificate(rule, *sides(example), direction))


def test_the_checker_refuses_another_right_side() -> None:
    data = as_certificate(
        "sum-factor", *sides("sum(a*y[k] for k in K) -> a*sum(y[k] for k in K)"), "lr"
    )
    (step,) = data["steps"]
    step["after"] = step["after"].replace("a*", "b*")
    with pytest.raises(Refused):
        check_data(data)


def test_rules_with_arguments() -> None:
    i, j = LETTERS["i"], LETTERS["j"]
    left, right = sides("w[i,j]*y[i] -> w[j,j]*y[j]")
    (move,) = law_moves("equal-index", left, right, {"index": i, "value": j}, "lr", THEORY)
    one, two, needed = instance(move, THEORY)
    assert (one, two) == (left, right) and str(needed) == "Relation(==, i, j)"
    condition = read_condition("i == j", THEORY.problem, free=LETTERS)
    cases, _ = sides("(a if i == j else a) -> a")
    assert law_moves("by-cases", right, cases, {"condition": condition}, "lr", THEORY) == []


def test_sums_are_listed_as_they_are_written() -> None:
    moves = both_ways("field", *sides("a*((a - b)**2 + 1)/((a - b)**2 + 1) -> a"), {})
    (listed,) = moves[0].nonzero
    assert str(listed) in ("(a - b)**2 + 1", "1 + (a - b)**2")


def test_what_is_no_instance_is_refused() -> None:
    for rule, example in (
        ("field", "a/b -> b/a"),
        ("sum-factor", "sum(y[k]*z[k] for k in K) -> y[j]*sum(z[k] for k in K)"),
        ("no-such-rule", "a -> a"),
    ):
        with pytest.raises(RuleRefused):
            law_moves(rule, *sides(example), {}, "lr", THEORY)


def test_every_rule_has_moves_or_is_free() -> None:
    assert {*REGISTRY, "rename"} > FREE
    used = {m.law for name, e in CASES for m in law_moves(name, *sides(e), {}, "lr", THEORY)}
    own = {"algebra", "differentiate", "chain-rule", "definition", "given", "lemma"}
    assert used - own <= set(LAWS)


# -- the library --------------------------------------------------------------------------------


def placed(steps: Sequence[Step]) -> Iterator[tuple[Step, Placed]]:
    """The steps without substeps, with the engine's moves."""
    for s in steps:
        yield from placed(s.substeps)
        if not s.substeps and s.placed is not None:
            yield s, s.placed


def guards(at: Placed) -> Any:
    """What holds at the place of a move, in the move's own letters."""
    own = {shown: letter for letter, shown in at.shown.items()}
    t, found = at.line, []
    for k in at.path:
        if isinstance(t, IfElse) and k:
            found.append(t.args[0] if k == 1 else negate(t.args[0]))
        if isinstance(t, Reduction) and t.guard != TRUE:
            found.append(t.guard)
        t = t.args[k]
    return all_of(*[substitute(c, own) for c in found])


# few enough to be quick, and together all rules that the library uses
PROBLEMS = (
    "softmax-cross-entropy", "n-body", "cox", "layernorm", "huber", "tsne", "cosine-similarity",
    "logsumexp", "mse-linear", "focal-loss", "gaussian-policy", "poisson-regression",
)  # fmt: skip


@pytest.mark.parametrize("name", [n for n in PROBLEMS if n in library.names()])
def test_every_move_of_a_derivation(name: str) -> None:
    problem = api.read(library.load(name))
    for outcome in api.outcomes(problem):
        theory = Theory(problem)
        for d in outcome.introduced:
            theory.define(d)
        oracle = Oracle(problem, extra=outcome.introduced, budget=100_000)
        known = (*outcome.conditions, *outcome.domain)
        for step, at in placed((*outcome.facts, *outcome.steps)):
            m = at.move
            moves = law_moves(m.rule, m.before, m.after, m.args, m.direction, theory, m.cited)
            if m.rule not in FREE:
                conditions = (*step.conditions, *step.domain, *known)
                verify(m.before, m.after, moves, theory, oracle, conditions, guards(at))
            for move in moves:
                assert sum(s == HOLE for s in subterms(move.context)) == 1
