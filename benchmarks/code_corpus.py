"""Generated NumPy code for every item of a corpus, against differences of the program itself.

    python benchmarks/code_corpus.py [ITEMS.json] [--torch] [--show]

The reference interprets the program's text in numbers of 40 digits (`tests/independent.py`). With
``--torch`` the PyTorch code is compared too; ``--show`` prints each source.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time
from typing import Any

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from benchmarks.corpus import problem_of  # noqa: E402
from derivation.codegen import Function, NoCode  # noqa: E402
from derivation.language import write  # noqa: E402
from tests.independent import Unclear  # noqa: E402
from tests.numerical import called, cases, differences, outcomes  # noqa: E402

LIMIT = 1e-6


def run(item: dict[str, Any], with_torch: bool, show: bool) -> str:
    """What came of an item, in a word or a line."""
    problem = problem_of(item)
    found = outcomes(problem)
    stopped = next((o for o in found if o.result is None), None)
    if stopped is not None:
        return f"not derived: {stopped.reason}"
    try:
        function = Function(found, "numpy", loss=True)
        other = Function(found, "torch", loss=True) if with_torch else None
    except NoCode as error:
        return f"no code: {error}"
    if show:
        print(function.source)
    tried, worst, unclear = 0, 0.0, ""
    for case in cases(problem, found):
        try:
            case.value()
        except Unclear as error:  # nothing is claimed where the objective is undefined
            unclear = str(error)
            continue
        with np.errstate(all="raise", under="ignore"):
            values = called(function, case)
        if other is not None and not problem.unknown:
            for a, b in zip(values, called(other, case), strict=True):
                if not np.allclose(a, np.asarray(b), rtol=1e-9, atol=1e-9):
                    return f"WRONG: torch differs from numpy at {case.sizes}"
        try:
            worst = max(worst, differences(found, case, values, 12))
            tried += 1
        except Unclear as error:
            unclear = str(error)
    if worst > LIMIT:
        return f"WRONG by {worst:.2g}: {write(found[0].result)}"
    return "right" if tried else f"not tried: {unclear or 'no point'}"


def main() -> int:
    paths = [a for a in sys.argv[1:] if not a.startswith("--")]
    path = paths[0] if paths else str(ROOT / "tests" / "data" / "public.json")
    items = json.loads(pathlib.Path(path).read_text())
    counts: dict[str, int] = {}
    start = time.perf_counter()
    for item in items:
        try:
            said = run(item, "--torch" in sys.argv, "--show" in sys.argv)
        except Exception as error:
            said = f"WRONG: {type(error).__name__}: {error}"
        word = said.split(":")[0].split(" by")[0]
        counts[word] = counts.get(word, 0) + 1
        if said != "right":
            print(f"{item['id']:36} {said}")
    print(counts, f"{time.perf_counter() - start:.1f} s")
    return 1 if any(k.startswith("WRONG") for k in counts) else 0


if __name__ == "__main__":
    sys.exit(main())
