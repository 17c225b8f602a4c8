"""sum(y[k]*z[i]) = z[i]*sum(y[k]) cited with the bound k for i: z would leave the sum over k."""

from derivation.kernel import cite, instance
from derivation.language import read_expression, read_problem
from derivation.rules import REGISTRY
from derivation.terms import index, size
from derivation.theory import Theory

problem = read_problem("L = sum(y[k]*z[k] for k in K); wrt y[j]")
theory = Theory(problem)
i = index("i", size("K"))
apart, together = (
    read_expression(text, problem, free={"i": i})
    for text in ("sum(y[k]*z[i] for k in K)", "z[i]*sum(y[k] for k in K)")
)
law = instance(theory, REGISTRY["sum-factor"], apart, together, {})
cite(law, problem.definitions["L"].body)
