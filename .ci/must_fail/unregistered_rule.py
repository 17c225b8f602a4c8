"""A rule of one's own that says 0 = 1, never registered."""

from derivation.kernel import instance
from derivation.language import read_problem
from derivation.rules import Rule
from derivation.terms import ONE, ZERO
from derivation.theory import Theory

mine = Rule("mine", "algebra", "Anything", "0 = 1", lambda theory, lhs, rhs, args: ())
instance(Theory(read_problem("f = x**2; wrt x")), mine, ZERO, ONE, {})
