"""A theorem that the kernel did not make: built past its constructor, then used."""

from derivation.kernel import Theorem, symmetry
from derivation.terms import ONE, ZERO

forged = object.__new__(Theorem)
for name, value in {
    "theory": None,
    "hypotheses": frozenset(),
    "lhs": ZERO,
    "rhs": ONE,
    "unfolded": frozenset(),
}.items():
    object.__setattr__(forged, name, value)
symmetry(forged)
