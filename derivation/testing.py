"""For other people's test suites: is a hand-written gradient the derived one, does a loss derive?

In a pytest file::

    from derivation.testing import check_derivation, gradcheck

    def test_my_layernorm_backward():
        gradcheck("layernorm", my_layernorm_backward)

    def test_my_loss():
        check_derivation("my_loss.deriv")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from derivation.api import Derivation, Gradients, example_arrays, gradients
from derivation.errors import DerivationError

if TYPE_CHECKING:
    from derivation.codegen import GradientCheck


def gradcheck(
    problem: Any,
    function: Callable[..., Any],
    arrays: Mapping[str, Any] | None = None,
    *,
    tolerance: float | None = None,
    **asked: Any,
) -> GradientCheck:
    """Raises unless a function computes the derived gradient, or all gradients of a problem.

    Args:
        problem: A derivation, the gradients of a problem, or what `derivation.gradients` takes.
        function: The function to check. It is called with the inputs that it has parameters for,
            and returns the gradient; of several, a sequence in the order of the problem or a
            dictionary by the names of the variables.
        arrays: The inputs by name. Left out, small ones that meet the problem's conditions are
            tried, of several sizes.
        tolerance: The largest difference that counts as equal, relative to the largest entry;
            1e-7, or 1e-3 where the function computes in float32.
        asked: Further arguments of `derivation.gradients`, such as ``wrt``.

    Raises:
        AssertionError: An entry differs; the message says which, and both values.
        DerivationError: Nothing was derived, or no arrays were found that meet the conditions.

    >>> gradcheck("softmax-cross-entropy", lambda z, y: z - y)
    Traceback (most recent call last):
        ...
    AssertionError: the gradient differs from the derived one: ...
    """
    found = _found(problem, asked)
    each = list(found.values()) if isinstance(found, Gradients) else [found]
    tried = [arrays] if arrays is not None else example_arrays(*each)
    if not tried:
        raise DerivationError("no arrays were found that meet the problem's conditions")
    checked = each[0] if len(each) == 1 else found
    reports = [checked.gradcheck(function, given, tolerance=tolerance) for given in tried]
    worst = max(reports, key=lambda r: r.worst)
    if not worst:
        shapes = ""
        if arrays is None:
            given = tried[reports.index(worst)]
            shown = {n: getattr(v, "tolist", lambda v=v: v)() for n, v in given.items()}
            shapes = f"\n  at {shown}"
        raise AssertionError(f"{worst}{shapes}")
    return worst


def check_derivation(problem: Any, **asked: Any) -> None:
    """Raises unless every gradient of a problem is derived, proved and holds at small sizes.

    Each derivation is written as a certificate, and the text is checked by `derivation.verify`,
    without the engine that found it; and the independent evaluator must have confirmed its steps
    at some point at least.

    Args:
        problem: A derivation, the gradients of a problem, or what `derivation.gradients` takes.
        asked: Further arguments of `derivation.gradients`, such as ``wrt``.

    Raises:
        AssertionError: A gradient is not derived, or could not be tried at any point.
        CertificateRefused: The checker refuses a step.

    >>> check_derivation("L = sum((x[n] - a)**2 for n in N)", wrt=["x[m]", "a"])
    >>> check_derivation("L = sum(abs(x[n]) for n in N)", wrt="x[m] then x[l]")
    """
    from derivation.verifier import verify

    found = _found(problem, asked)
    for d in found.values() if isinstance(found, Gradients) else [found]:
        if d.result is None:
            raise AssertionError(f"{d!r} is not derived: {d.reason}")
        if not d.checked.points:
            skipped = "; ".join(d.checked.skipped) or "no point meets the conditions"
            raise AssertionError(f"{d!r} was tried at no point: {skipped}")
        verify(d.to_json(), oracle=False)  # which has been asked


def _found(problem: Any, asked: Mapping[str, Any]) -> Derivation | Gradients:
    if isinstance(problem, (Derivation, Gradients)):
        return problem
    return gradients(problem, **asked)
