"""The exporter: core text whose letters clash with nothing, hypotheses apart, a point, sets."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from derivation.api import outcomes
from derivation.certify import NotCertified, certificate
from derivation.certify.hypotheses import Hypotheses, split
from derivation.certify.law_moves import HOLE, Abstraction
from derivation.certify.letters import Letters
from derivation.certify.text import Writer
from derivation.certify.witness import witness
from derivation.checker import check_data
from derivation.checker.terms import forget
from derivation.checker.text import World
from derivation.language import read_condition, read_expression, read_problem, write
from derivation.problem import Problem
from derivation.terms import TRUE, element, index, mul, size, sum_over, symbol


def exported(text: str) -> dict[str, Any]:
    """The certificate of a program, through JSON as a file would hold it."""
    return dict(json.loads(json.dumps(certificate(list(outcomes(read_problem(text)))))))


def proved(text: str) -> dict[str, Any]:
    data = exported(text)
    assert all(c.derived for c in check_data(data))
    return data


SOFTMAX = """p[i] = exp(z[i])/sum(exp(z[k]) for k in K)
L = -sum(y[i]*log(p[i]) for i in K)
given sum(y[i] for i in K) == 1
"""


def test_a_record() -> None:
    data = proved(SOFTMAX + "wrt z[j]")
    assert data["schema"] == "derivation/2"
    assert (data["objective"], data["wrt"], data["letters"]) == ("L", ["z[j]"], {"j": "K"})
    assert data["result"] == "p[j] - y[j]"
    assert data["given"] == ["sum(y[i] for i in K) == 1"]
    core = data["core"]
    assert core["arrays"] == {"z": ["K"], "y": ["K"]}
    assert [d["name"] for d in core["definitions"]] == ["p", "L"]
    assert sum(Fraction(x) for x in core["witness"]["y"]) == 1


# -- letters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        # a scalar and an index letter of one name, free and bound
        "L = sum(m*x[m] for m in N); wrt x[m]",
        "L = sum(k*x[k]**2 for k in N) + k; wrt x[k]",
        # a letter bound again inside itself
        "L = sum(x[k]*sum(x[k] for k in N) for k in N); wrt x[j]",
        "q[k] = x[k]*sum(x[k]**2 for k in N); L = sum(q[k] for k in N); wrt x[k]",
        # a letter like a size, an array, a definition, a word of the core text
        "L = sum(x[N] for N in N)**2; wrt x[j]",
        "L = sum(x[x] for x in N)**2; wrt x[x]",
        "q[i] = x[i]**2; L = sum(x[q] for q in N)**2 + q[1]; wrt x[L]",
        "L = sum(x[pi]*HOLE for pi in N)**2; wrt x[HOLE]",
        "L = true*x**2 + false; wrt true",
        # a parameter of a definition that is a scalar elsewhere
        "q[a] = a*x[a]; L = sum(q[i] for i in N)**2 + a; wrt x[j]",
    ],
)
def test_letters_that_clash_with_names_are_renamed(text: str) -> None:
    try:
        read_problem(text)
    except Exception as error:  # not a program of the language: nothing to export
        pytest.skip(str(error))
    proved(text)


def world_of(problem: Problem) -> World:
    """The checker's reader for a problem's names."""
    forget()
    world = World()
    world.sizes |= set(problem.sizes)
    for name, shape in problem.shapes.items():
        world.arrays[name] = tuple(world.size(str(s)) for s in shape)
    return world


def test_no_letter_is_bound_in_the_scope_of_another() -> None:
    problem = read_problem("L = sum(x[k]*m for k in N); wrt x[j]")
    letters, writer = Letters(problem, ()), Writer({})
    scope = letters.scope([index("m", size("N")), index("l", size("N"))])
    assert [i.name for i in scope.called.values()] == ["n", "l"]  # m is a scalar
    k = index("k", size("N"))
    inner = sum_over(element("x", k), k)
    t = letters.apart(sum_over(mul(element("x", k), inner, symbol("m")), k), scope)
    assert writer.text(t) == "sum(x[k]*sum(x[p] for p in N)*m for k in N)"
    assert letters.apart(t, scope) is t


def test_a_context_has_the_letters_that_its_move_uses() -> None:
    problem = read_problem("L = sum(x[k]**2 for k in N); wrt x[j]")
    k = index("k", size("N"))
    t = sum_over(mul(element("x", k), sum_over(element("x", k), k)), k)
    letters, writer = Letters(problem, ()), Writer({})
    scope = letters.scope([index("j", size("N"))])
    seen = []

    def fill(inner: Any) -> Any:
        seen.append(inner)
        return HOLE

    line = letters.opened(t, (0, 1, 0), scope, fill)
    assert writer.text(line) == "sum(x[k]*sum((HOLE) for l in N) for k in N)"
    assert seen[0].called[k].name == "l"
    own, body = letters.abstraction((k,), sum_over(k, k), seen[0])
    assert own[0].name not in ("j", "k", "l")
    assert body.index.name not in ("j", "k", "l", own[0].name)
    assert Abstraction((k,), body).letters == (k,)


# -- text --------------------------------------------------------------------------------------

TEXTS = (
    "a - (b - c) - -d",
    "-a**2 + (-a)**2 - (-a)*b",
    "a/b/c + a/(b*c) + a/(b/c) - 1/a",
    "a**-2 + a**(1/2) + sqrt(a)**3 + a**b**c + (a**b)**c",
    "2/3*a - 1/2 + (-1/2)**3 + 3*(-2)",
    "sum(x[i]*sum(x[k] for k in N if k != i) for i in N if x[i] > 0 or a < 1)",
    "max(x[i] - a for i in N) + min(a, b) - prod(x[i] for i in N)",
    "(a if a > b and not (b > c or c > a) else b if a == b else c) + 1",
    "digamma(a) + trigamma(a) + polygamma(3, a) + lgamma(a) + abs(-a)",
    "x[1] + delta(2, 3)*N + pi*exp(1)",
)


@pytest.mark.parametrize("text", TEXTS)
def test_the_text_says_what_the_term_says(text: str) -> None:
    """Core text, read by the language, has the same value at some point."""
    from derivation.oracle import Oracle

    problem = read_problem("L = sum(x[i] for i in N)*a*b*c*d; given N >= 3; given a > 0; wrt a")
    t = read_expression(text, problem)
    written = Writer({}).text(t)
    world_of(problem).read(written, {})  # the checker reads it
    again = read_expression(written.replace("true", "0 == 0"), problem)
    found = Oracle(problem).compare(t, again, conditions=problem.givens)
    assert found.refuted is None, written


def test_a_bracket_of_a_first_term_is_left_out() -> None:
    problem = read_problem("L = ((a + b) + c)*(a*b)*d; wrt a")
    body = problem.definitions["L"].body
    assert Writer({}).text(body) == "(a + b + c)*(a*b)*d"


# -- hypotheses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("(r[i,j] if i != j else 1) > 0", "i != j", "r[i,j] > 0"),
        ("(r[i,j] - r[j,i] if i < j else 1) != 0", "i < j", "r[i,j] != r[j,i]"),
        ("(r[i,j] if i != j else 0) == 0", "i != j", "r[i,j] == 0"),
        ("(r[i,j] if i != j else 2) > 0", "true", "(r[i,j] if i != j else 2) > 0"),
    ],
)
def test_a_guard_stands_apart(text: str, where: str, says: str) -> None:
    problem = read_problem("L = sum(r[i,j] for i in N for j in N); wrt r[a,b]")
    ((w, s),) = split(read_condition(text, problem))
    assert (Writer({}).text(w), Writer({}).text(s)) == (where, says)
    hypotheses = Hypotheses(Letters(problem, ()), Writer({}))
    condition = read_condition(text, problem)
    (told,) = hypotheses.add(condition)
    assert told == (says if w == TRUE else f"{says} if {where}")
    assert hypotheses.all[0].data["letters"] == {"i": "N", "j": "N"}
    assert hypotheses.add(condition) == [told] and len(hypotheses.all) == 1


def test_a_literal_place_and_a_size_that_is_given_are_stated() -> None:
    data = proved("L = x[3]**2 + sum(x[k] for k in N); wrt x[1]")
    assert data["domain"] == ["N >= 3"]
    data = proved("L = sum(x[k]**2 for k in N)/(N - 1); given N >= 2; wrt x[j]")
    assert "N >= 2" in data["given"]


def test_what_stops_has_the_steps_reached() -> None:
    problem = read_problem("L = sum(x[k]**2 for k in N); wrt x[j]")
    (outcome,) = outcomes(problem)
    from dataclasses import replace

    stopped = replace(outcome, result=None, reason="stopped", steps=outcome.steps[:1])
    data = json.loads(json.dumps(certificate([stopped])))
    assert (data["status"], data["result"]) == ("not-derived", None)
    assert not check_data(data)[0].derived


# -- witness -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "givens",
    [
        "given x[i] > 3; given x[i] < 4",
        "given N == 5",
        "given N >= 40",
        "given sum(x[i] for i in N) == 1; given x[i] > 0",
        "given x[i]**2 == 1",
        "given sum(x[i]**2 for i in N) == 1",
        "given A[i,j] == A[j,i]; given A[i,i] == 0",
        "given sum(A[i,k]*A[j,k] for k in N) == delta(i,j)",
    ],
)
def test_a_point_meets_the_givens(givens: str) -> None:
    program = "L = sum(A[i,j]*x[i]*x[j] for i in N for j in N)"
    problem = read_problem(f"{program}; {givens}; wrt x[k]")
    found = witness(problem, (), problem.givens, ())
    assert all(isinstance(x, Fraction) for x in found.arrays["x"].values())


def test_what_no_point_meets_is_not_certified() -> None:
    problem = read_problem("L = sum(x[i] for i in N); given x[i] > 0; wrt x[k]")
    impossible = read_condition("sum(x[i] for i in N) < 0", problem)
    with pytest.raises(NotCertified):
        witness(problem, (), [*problem.givens, impossible], ())


# -- sets --------------------------------------------------------------------------------------


def test_gradients_of_one_problem_share_a_core_and_lemmas() -> None:
    text = """a[n] = sum(w[d]*x[n,d] for d in D) + b
p[n] = sigmoid(a[n])
L = -sum(y[n]*log(p[n]) + (1 - y[n])*log(1 - p[n]) for n in N)
wrt w[j], b"""
    data = exported(text)
    assert data["schema"] == "derivation-set/2"
    first, second = data["derivations"]
    assert "core" not in first and "core" not in second
    lemmas = [{s["number"] for s in r["steps"] if s["kind"] == "lemma"} for r in (first, second)]
    assert not lemmas[0] & lemmas[1]
    cited = {n for s in second["steps"] for n in s["uses"]}
    assert cited & lemmas[0]
    assert len(check_data(data)) == 2


def test_text_of_people_is_left_as_it_is() -> None:
    data = exported(SOFTMAX + "wrt z[j]")
    assert data["problem"]["program"] == SOFTMAX + "wrt z[j]"
    assert all(step["title"] and step["why"] for step in data["steps"])
    assert write(size("K")) in str(data["core"]["sizes"])
