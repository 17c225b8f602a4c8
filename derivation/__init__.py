"""Derive the gradient of a loss step by step, for symbolic sizes, with every step proved.

>>> from derivation import derive
>>> derive("softmax-cross-entropy")
Derivation(diff(L, z[j]) = yhat[j] - y[j])

Importing this package loads nothing else: SymPy comes with the first name that needs it.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # as in `typing`, without its import: `--version` must stay fast
if TYPE_CHECKING:
    from derivation.api import Derivation, Gradients, derive, gradients
    from derivation.checking import Report, check
    from derivation.interop import (
        IndexedMax,
        IndexedMin,
        cross_entropy,
        same,
        softmax,
        softmax_jacobian,
    )
    from derivation.verifier import Verified, verify

__all__ = [
    "Derivation",
    "Gradients",
    "IndexedMax",
    "IndexedMin",
    "Report",
    "Verified",
    "__version__",
    "check",
    "cross_entropy",
    "derive",
    "gradients",
    "same",
    "softmax",
    "softmax_jacobian",
    "verify",
]

_ASKING = ("Derivation", "Gradients", "derive", "gradients")
_HOME = {n: "derivation.api" if n in _ASKING else "derivation.interop" for n in __all__}
_HOME |= dict.fromkeys(("Report", "check"), "derivation.checking")
_HOME["Verified"] = _HOME["verify"] = "derivation.verifier"
del _HOME["__version__"]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'derivation' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
