"""A person's own gradient against the derived one, entry by entry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from derivation.codegen.calling import Function
from derivation.language import write
from derivation.terms import name_of

TOLERANCE = {"float64": 1e-7, "float32": 1e-3, "float16": 5e-2}


@dataclass(frozen=True)
class GradientCheck:
    """What comparing a function with the derived gradient found; true if they agree.

    Attributes:
        ok: Whether every entry agrees.
        worst: The largest difference, relative to the largest entry of either.
        index: Where it is (0-based).
        found: What the function has there.
        expected: What was derived.
        tolerance: The largest difference that counts as equal.
        text: The report.
    """

    ok: bool
    worst: float
    index: tuple[int, ...]
    found: float
    expected: float
    tolerance: float
    text: str

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return self.text


def gradcheck(
    reference: Function,
    function: Callable[..., Any],
    arrays: Mapping[str, Any],
    tolerance: float | None = None,
    what: str = "the gradient",
) -> GradientCheck:
    """Compares a function with the derived gradient at some arrays.

    The function is called with those of the arrays that it has parameters for, by name (all of
    them if it takes ``**kwargs``); arrays of any library will do, and so will what it returns.

    Raises:
        TypeError: It has a parameter that is no input of the problem.
    """
    expected = reference(**{n: _double(v) for n, v in arrays.items()})
    value = function(**_accepted(function, arrays, reference))
    return _compared(value, expected, arrays, tolerance, what)


def gradcheck_all(
    reference: Function,
    function: Callable[..., Any],
    arrays: Mapping[str, Any],
    tolerance: float | None = None,
) -> GradientCheck:
    """Compares a function that returns several gradients with the derived ones.

    Args:
        reference: All gradients, made with ``keys``.
        function: It returns a sequence in the same order, or a dictionary by the same keys or by
            the names of the arrays.
        arrays: As for `gradcheck`, and so is the tolerance.

    Raises:
        TypeError: It has a parameter that is no input, or returns none of these.
    """
    expected = reference(**{n: _double(v) for n, v in arrays.items()})
    value = function(**_accepted(function, arrays, reference))
    found = _by_key(value, reference)
    objective = write(reference.outcomes[0].objective)
    reports = [
        _compared(found[k], expected[k], arrays, tolerance, f"diff({objective}, {k})")
        for k in expected
    ]
    return max(reports, key=lambda r: (not r.ok, r.worst / r.tolerance))


def _by_key(value: Any, reference: Function) -> dict[str, Any]:
    """What a function of several gradients returned, by the keys of the derived ones."""
    keys = reference.keys or []
    names = [name_of(o.wrt[0]) for o in reference.outcomes]
    if isinstance(value, Mapping):
        found = {}
        for k, n in zip(keys, names, strict=True):
            if k not in value and n not in value:
                raise TypeError(
                    f"the function returned no gradient by `{k}`; it returned "
                    f"{', '.join(map(str, value)) or 'nothing'}"
                )
            found[k] = value[k] if k in value else value[n]
        return found
    if isinstance(value, (tuple, list)) and len(value) == len(keys):
        return dict(zip(keys, value, strict=True))
    if len(keys) == 1:
        return {keys[0]: value}
    held = f"{len(value)} things" if isinstance(value, (tuple, list)) else type(value).__name__
    raise TypeError(
        f"the function returned {held}; expected {len(keys)} gradients, by {', '.join(keys)}"
    )


def _compared(
    value: Any, wanted: Any, arrays: Mapping[str, Any], tolerance: float | None, what: str
) -> GradientCheck:
    """One gradient against the derived one."""
    import numpy as np

    expected = np.asarray(wanted, dtype=float)
    raw = np.asarray(_plain(value))
    if raw.dtype.kind not in "fiub":
        raise TypeError(f"{what} holds {raw.dtype}; expected real numbers")
    kind = str(raw.dtype)
    for v in arrays.values():  # what was computed from float32 is not better than that
        given = str(getattr(v, "dtype", "")).removeprefix("torch.")
        if given in ("float32", "float16") and np.ndim(_plain(v)):
            kind = given
    limit = TOLERANCE.get(kind, 1e-7) if tolerance is None else tolerance
    if raw.shape != expected.shape:
        text = f"{what} has shape {raw.shape}; the derived one has shape {expected.shape}"
        return GradientCheck(False, float("inf"), (), float("nan"), float("nan"), limit, text)
    found = raw.astype(float)
    scale = max(1e-30, float(np.max(np.abs(expected))), float(np.nanmax(np.abs(found), initial=0)))
    with np.errstate(invalid="ignore"):
        gap = np.abs(found - expected) / scale
    gap = np.where(np.isnan(gap), np.inf, gap)
    flat = int(np.argmax(gap))
    index = tuple(int(i) for i in np.unravel_index(flat, expected.shape))
    worst = float(gap[index])
    ok = worst <= limit
    place = f" at [{', '.join(map(str, index))}]" if index else ""
    text = (
        f"{what} {'agrees with' if ok else 'differs from'} the derived one: worst entry{place}, "
        f"found {found[index]:.9g}, derived {expected[index]:.9g}, "
        f"relative difference {worst:.2g} (limit {limit:.2g})"
    )
    return GradientCheck(ok, worst, index, float(found[index]), float(expected[index]), limit, text)


def _accepted(
    function: Callable[..., Any], arrays: Mapping[str, Any], reference: Function
) -> dict[str, Any]:
    """The arrays that the function has parameters for."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return dict(arrays)
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return dict(arrays)
    chosen = {}
    for p in parameters:
        raw = p.name if p.name in arrays else p.name.rstrip("_")
        if raw in arrays:
            chosen[p.name] = arrays[raw]
        elif p.default is p.empty and p.kind is not p.VAR_POSITIONAL:
            raise TypeError(
                f"the function's parameter `{p.name}` is no input of the problem; the inputs are "
                f"{', '.join(reference.arguments)}"
            )
    return chosen


def _plain(value: Any) -> Any:
    """An array of any library as one that NumPy takes."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return value.numpy() if hasattr(value, "numpy") and not hasattr(value, "__array__") else value


def _double(value: Any) -> Any:
    import numpy as np

    if callable(value):
        return value
    array = np.asarray(_plain(value))
    return array.astype(float) if array.dtype.kind == "f" else array
