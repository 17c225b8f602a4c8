"""For other people's test suites: is a hand-written gradient the derived one?

In a pytest file::

    from derivation.testing import gradcheck

    def test_my_layernorm_backward():
        gradcheck("layernorm", my_layernorm_backward)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from derivation.api import Derivation, derive, example_arrays
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
    """Raises unless a function computes the derived gradient.

    Args:
        problem: A derivation, or what `derivation.derive` takes.
        function: The function to check. It is called with the inputs that it has parameters for.
        arrays: The inputs by name. Left out, small ones that meet the problem's conditions are
            tried, of several sizes.
        tolerance: The largest difference that counts as equal, relative to the largest entry;
            1e-7, or 1e-3 where the function computes in float32.
        asked: Further arguments of `derivation.derive`, such as ``wrt``.

    Raises:
        AssertionError: An entry differs; the message says which, and both values.
        DerivationError: Nothing was derived, or no arrays were found that meet the conditions.

    >>> gradcheck("softmax-cross-entropy", lambda z, y: z - y)
    Traceback (most recent call last):
        ...
    AssertionError: the gradient differs from the derived one: ...
    """
    d = problem if isinstance(problem, Derivation) else derive(problem, **asked)
    tried = [arrays] if arrays is not None else example_arrays(d)
    if not tried:
        raise DerivationError("no arrays were found that meet the problem's conditions")
    reports = [d.gradcheck(function, given, tolerance=tolerance) for given in tried]
    worst = max(reports, key=lambda r: r.worst)
    if not worst:
        shapes = ""
        if arrays is None:
            given = tried[reports.index(worst)]
            shown = {n: getattr(v, "tolist", lambda v=v: v)() for n, v in given.items()}
            shapes = f"\n  at {shown}"
        raise AssertionError(f"{worst}{shapes}")
    return worst
