"""The flagship's gradient with one sign changed, claimed as a rearrangement."""

from derivation.kernel import instance
from derivation.language import read_problem
from derivation.rules import REGISTRY
from derivation.terms import add, element, index, neg, size
from derivation.theory import Theory

problem = read_problem("L = sum(a[i]*b[i] for i in K); wrt a[j]")
j = index("j", size("K"))
a, b = element("a", j), element("b", j)
instance(Theory(problem), REGISTRY["ring"], add(a, neg(b)), add(b, neg(a)), {})
