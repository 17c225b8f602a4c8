"""Derived formulas as array code: fast, stable NumPy, PyTorch and JAX functions.

``source`` writes a module, ``Function`` is one to call, ``gradcheck`` compares a person's own
function with it. None of the libraries is imported before it is used.
"""

from derivation.codegen.autograd import AutogradModule
from derivation.codegen.calling import Function, MissingLibrary, library
from derivation.codegen.compare import GradientCheck, gradcheck, gradcheck_all
from derivation.codegen.lower import NoCode
from derivation.codegen.modules import Module, identifier, source
from derivation.codegen.requests import Written, arrays_at, upstream_problem, written

__all__ = [
    "AutogradModule",
    "Function",
    "GradientCheck",
    "MissingLibrary",
    "Module",
    "NoCode",
    "Written",
    "arrays_at",
    "gradcheck",
    "gradcheck_all",
    "identifier",
    "library",
    "source",
    "upstream_problem",
    "written",
]
