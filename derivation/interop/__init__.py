"""Between this package and SymPy: expressions go in, results come out, in both users' terms.

Out: `to_sympy` rebuilds a term once through SymPy's public constructors, in plain ``Symbol(name)``
and ``IndexedBase(name)``, so that it behaves as a SymPy user expects. In: `to_text` writes a SymPy
expression in the input language, so that the one reader judges everything a user gives.

>>> from sympy import IndexedBase, Symbol
>>> z, i, K = IndexedBase("z"), Symbol("i"), Symbol("K")
>>> softmax(z, i, K)
exp(z[i])/Sum(exp(z[k]), (k, 1, K))
>>> to_text(softmax(z, i, K))
'exp(z[i])/sum(exp(z[k]) for k in K)'
"""

import derivation.terms  # noqa: F401 - first, since it loads SymPy the fast way

# isort: split
from derivation.interop.building import (
    IndexedMax,
    IndexedMin,
    cross_entropy,
    same,
    softmax,
    softmax_jacobian,
)
from derivation.interop.entering import free_indices, head_text, to_text, unknown_functions
from derivation.interop.leaving import to_sympy

__all__ = [
    "IndexedMax",
    "IndexedMin",
    "cross_entropy",
    "free_indices",
    "head_text",
    "same",
    "softmax",
    "softmax_jacobian",
    "to_sympy",
    "to_text",
    "unknown_functions",
]
