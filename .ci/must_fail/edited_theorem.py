"""A genuine theorem whose right side is changed afterwards, then used."""

from derivation.kernel import reflexivity, symmetry
from derivation.language import read_problem
from derivation.terms import ONE, ZERO
from derivation.theory import Theory

theorem = reflexivity(Theory(read_problem("f = x**2; wrt x")), ZERO)
object.__setattr__(theorem, "rhs", ONE)
symmetry(theorem)
