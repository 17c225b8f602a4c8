"""Second derivatives by names that have definitions, and by what givens speak of.

The first derivative may rest on nothing that the second does not keep: not on the definition of
the name, nor on facts from it, nor on a given about the variable.
"""

from __future__ import annotations

import pytest

from derivation.engine import derive_outcome
from derivation.language import nodes, read_expression, read_problem, write
from derivation.oracle import Oracle

PROGRAMS = {
    "cosines at every index": "h[i] = 2 + x[i]**2; L = sum(tan(h[i]*i) for i in N); "
    "wrt h[j] then h[l]",
    "a name that rests on the variable's": "r[i] = sum(h[k]*x[i] for k in N); "
    "h[i] = x[i]**3; q[i] = r[i]**2; L = sum(q[i]*h[i] for i in N); wrt h[j] then h[l]",
    "a residual that sums to 0": "r[l] = x[l] - sum(x[j] for j in D)/D; "
    "h = sum(r[j] + r[j]**2 for j in D); L = tanh(h)*h; wrt r[j] then r[a]",
    "a square that might be folded": "h[i] = x[i] - 2; L = sum(h[i]**2 for i in N)**2; "
    "wrt h[j] then h[l]",
    "a softmax": "p[i] = softmax(x[k] for k in K)[i]; L = sum(p[i] for i in K)**2; "
    "wrt p[j] then p[l]",
    "a symmetric input": "given x[i,j] == x[j,i]; r[l,j] = exp(x[l,j])/sum(exp(x[i,j]) for i in D);"
    " L = sum(exp(x[l,k] + r[l,k]) for k in D for l in D); wrt x[j,l] then x[a,b]",
    "inverse square root of a sum": "h[i] = x[i]/sqrt(1 + sum(x[k]**2 for k in N)); "
    "L = sum(sin(h[i]*x[i]) for i in N); wrt h[j] then h[l]",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_derived_and_right(program: str) -> None:
    problem = read_problem(program)
    outcome = derive_outcome(problem, problem.wrt[0])
    assert outcome.result is not None, outcome.reason
    oracle = Oracle(problem, extra=outcome.introduced)
    assert oracle.confirm((*outcome.facts, *outcome.steps)).points > 0


def test_what_was_forgotten_is_used_again_in_the_end() -> None:
    problem = read_problem("h[i] = x[i] - 2; L = sum(h[i]**2 for i in N)**2; wrt h[j] then h[l]")
    outcome = derive_outcome(problem, problem.wrt[0])
    letters = {i.name: i for i in outcome.result.free_symbols if hasattr(i, "size")}
    short = read_expression("4*sqrt(L)*delta(j,l) + 8*h[j]*h[l]", problem, free=letters)
    assert nodes(outcome.result) <= nodes(short), write(outcome.result)


@pytest.mark.parametrize(
    ("problem", "result"),
    [
        ("L = prod(x for i in K); given x < 0; wrt x", "K*x**(K - 1)"),
        ("L = sum(prod(x[k] for i in K)*y[k] for k in K); wrt x[j]", "K*x[j]**(K - 1)*y[j]"),
        ("L = sum(y[i] for i in K)*x**K; wrt x", "K*x**(K - 1)*sum(y[i] for i in K)"),
        ("L = sum(c[i]*x**i for i in N); wrt x", "sum(i*x**(i - 1)*c[i] for i in N)"),
        ("L = x*prod(x for i in K); given x < 0; wrt x then x", "K*x**(K - 1)*(K + 1)"),
    ],
)
def test_powers_of_sizes_ask_for_no_sign(problem: str, result: str) -> None:
    read = read_problem(problem)
    outcome = derive_outcome(read, read.wrt[0])
    assert outcome.result is not None, outcome.reason
    assert not outcome.conditions and not outcome.domain
    assert write(outcome.result) == result
