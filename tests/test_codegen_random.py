"""Generated code for random programs, and for published ones far out, against the reference."""

from __future__ import annotations

import importlib.util
import json
import pathlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="the extra `numpy` is not installed")

from programs import generate  # noqa: E402

from benchmarks.corpus import problem_of  # noqa: E402
from derivation.codegen import Function  # noqa: E402
from derivation.codegen.calling import MissingLibrary  # noqa: E402
from derivation.errors import DerivationError  # noqa: E402
from derivation.language import read_problem  # noqa: E402
from derivation.steps import Outcome  # noqa: E402
from derivation.terms import name_of  # noqa: E402
from tests.independent import Unclear  # noqa: E402
from tests.numerical import (  # noqa: E402
    Case,
    called,
    cases,
    differences,
    outcomes,
    with_digits,
)
from tests.test_codegen import _is_defined, _runs_clean  # noqa: E402

DATA = pathlib.Path(__file__).parent / "data"
ITEMS = [i for f in ("public", "textbooks") for i in json.loads((DATA / f"{f}.json").read_text())]
SCIPY = importlib.util.find_spec("scipy") is not None
OTHERS = [b for b in ("torch", "jax") if importlib.util.find_spec(b)]


def _made(found: Sequence[Outcome]) -> Function | None:
    """The function in NumPy; None if it needs SciPy, which is not here."""
    try:
        return Function(found, "numpy", loss=True)
    except MissingLibrary:
        assert not SCIPY
        return None


@pytest.mark.parametrize("start", range(0, 40, 8))
def test_random_programs(start: int) -> None:
    """Loss and gradients, without a warning, in NumPy; and the same in the other libraries."""
    tried = 0
    for seed in (*range(start, start + 8), *((169,) if start == 0 else ())):
        try:
            p = read_problem(generate(random.Random(seed)).text)
        except DerivationError:
            continue
        found = outcomes(p)
        if any(o.result is None for o in found):
            continue
        function = _made(found)
        if function is None:
            continue
        asked = [] if p.unknown else OTHERS if seed % 4 == 0 else OTHERS[:1]
        others = [Function(found, b, loss=True) for b in asked]
        for case in cases(p, found)[:3]:
            try:
                case.value()
                with np.errstate(all="raise", under="ignore"):
                    values = called(function, case)
                assert differences(found, case, values, 3) < 1e-6, seed
            except Unclear:
                continue
            tried += 1
            for other in others:
                limit = 1e-3 if other.backend == "jax" else 1e-8  # JAX is in float32 unless told
                for a, b in zip(values, called(other, case), strict=True):
                    scale = max(1.0, float(np.max(np.abs(a))))
                    np.testing.assert_allclose(np.asarray(b) / scale, a / scale, atol=limit, rtol=0)
    assert tried


@pytest.fixture
def far() -> Iterator[None]:
    """The reference in numbers that hold exp(-1000) beside 1."""
    yield from with_digits(900)


# a name of theirs, exp(z) itself, leaves the range of the number type
OUT_OF_RANGE = {"cloglog"}


@pytest.mark.parametrize("item", ITEMS[::9], ids=lambda i: i["id"])
def test_published_losses_far_out(item: dict[str, Any], far: None) -> None:
    """No nan and no warning where the variable is 1000 somewhere and the loss is finite."""
    if item["id"] in OUT_OF_RANGE:
        pytest.skip("a name of its own leaves the range of the numbers")
    p = problem_of(item)
    found = outcomes(p)
    if any(o.result is None for o in found) or p.unknown:
        return
    function = _made(found)
    if function is None:
        pytest.skip("the generated code needs scipy")
    for case in cases(p, found)[:1]:
        for n in dict.fromkeys(name_of(o.wrt[0]) for o in found):
            for moved in _far_out(np.asarray(case.arrays.get(n, 0.0), dtype=float)):
                arrays = {**case.arrays, n: moved}
                _clean(function, case, arrays)


def _far_out(start: Any) -> Iterator[Any]:
    for value in (1000.0, -1000.0):
        moved = np.array(start)
        moved.flat[0] = value
        yield moved


def _clean(function: Function, case: Case, arrays: dict[str, Any]) -> None:
    if _is_defined(case.problem, case, arrays, float(np.finfo("float64").max) ** 0.5):
        _runs_clean(function, case, arrays, "float64")
