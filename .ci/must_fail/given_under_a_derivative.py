"""Σ y = 1 put in under the derivative by y_j: d(f*sum(y))/dy_j would become 0 instead of f."""

from derivation.kernel import given, replace
from derivation.language import read_problem
from derivation.terms import diff
from derivation.theory import Theory

problem = read_problem("L = f*sum(y[i] for i in K); given sum(y[i] for i in K) == 1; wrt y[j]")
theory = Theory(problem)
total = given(theory, problem.givens[0], {})
under = diff(problem.definitions["L"].body, problem.wrt[0][0])
place = list(under.args[0].args).index(total.lhs)
replace(under, (0, place), total)
