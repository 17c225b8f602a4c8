"""The side-by-side benchmark: it judges answers rightly, and its short version runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import side_by_side
from benchmarks.jobs import JOBS, Job, softmax
from benchmarks.measure import run
from benchmarks.peers import OURS, SYMPY, TENSORGRAD
from benchmarks.side_by_side import Bench, Row, table
from benchmarks.trees import problem_tree
from derivation.language import read_problem


def job(name: str) -> Job:
    return next(j for j in JOBS if j.name == name)


def test_central_differences_are_the_derivatives() -> None:
    flagship = job("flagship")
    p, y = softmax(flagship.arrays["z"]), flagship.arrays["y"]
    assert flagship.right([a - b for a, b in zip(p, y, strict=True)])
    assert not flagship.right([b - a for a, b in zip(p, y, strict=True)])
    assert not flagship.right(p)
    assert not flagship.right([a - b for a, b in zip(p, y, strict=True)][:2])
    hessian = [p[j] * ((j == k) - p[k]) for j in range(3) for k in range(3)]
    assert job("hessian").right(hessian)
    assert not job("hessian").right([-h for h in hessian])


def test_a_process_is_measured() -> None:
    held = "x = bytearray(600 << 20); print('{\"own\": 1}')"
    big, small = (run([sys.executable, "-c", code]) for code in (held, "print('no json')"))
    assert big.status == small.status == 0
    assert big.said == {"own": 1} and small.said is None
    assert big.memory > 600 > small.memory
    late = run([sys.executable, "-c", "import time; time.sleep(60)"], limit=0.2)
    assert late.status == -9 and late.said is None


def test_the_table_says_what_is_met() -> None:
    rows = [
        Row("a", "time", "1 ms", "b", "2 ms", 0.5, 0.6),
        Row("a", "time", "1", "b", "1", 1, 0.6),
    ]
    first, second = table(rows).splitlines()[2:]
    assert first.endswith("| 0.50 | ≤ 0.6 | met |")
    assert second.endswith("| 1.00 | ≤ 0.6 | **missed** |")


def test_problems_as_trees() -> None:
    text = (
        "p[i] = exp(z[i])/sum(exp(z[k]) for k in K if k != i)\nL = -sum(y[i]*log(p[i]) for i in K)"
    )
    problem = read_problem(f"{text}\nwrt z[j]")
    said = problem_tree(problem, problem.wrt[0], 3)
    z = ["element", "z", ["k"]]
    below = ["sum", ["exp", z], "k", "K", ["!=", "k", "i"]]
    body = ["mul", ["exp", ["element", "z", ["i"]]], ["power", below, ["number", -1, 1]]]
    assert said["definitions"]["p"] == [["i"], body]
    assert said["sizes"] == {"K": 3} and said["wrt"] == [["z", ["j"]]]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A short benchmark in this environment, without the peers that must be installed."""
    pytest.importorskip("numpy")
    made = Bench(1, True, tmp_path, tmp_path)
    made.pythons = {OURS.name: sys.executable, SYMPY.name: sys.executable}
    made.absent = {TENSORGRAD.name: "left out"}
    return made


def test_gradients_side_by_side(bench: Bench) -> None:
    bench.gradients()
    lengths = [r for r in bench.rows if r.measure == "length"]
    assert [r.ratio for r in lengths] == [1, 1]
    judged = [line for line in bench.said if "right at the numbers tried" in line]
    assert {line.split("**")[1] for line in judged} == {"derivation", "SymPy"}
    assert any(r.against == "tensorgrad" and r.theirs == "not here: left out" for r in bench.rows)


def test_a_wrong_answer_stands_as_such(bench: Bench) -> None:
    wrong = Job("flagship", "wrong", lambda a: sum(a["z"]), job("flagship").arrays, {"K": 3}, "z",
                published="yhat[j] - y[j]")  # fmt: skip
    bench._gradient(wrong)
    assert [(r.measure, r.ours) for r in bench.rows] == [("own time", "wrong")]
    assert any("wrong at the numbers tried" in line for line in bench.said)


def test_the_other_parts_run(bench: Bench) -> None:
    for part in ("networks", "check", "verify", "corpus"):
        getattr(bench, part)()
    printed = table(bench.rows)
    for what in ("growth of time", "check, ten lines", "verify", "corpus, 3 gradients"):
        assert what in printed
    assert side_by_side.report(bench).startswith("# Side by side")
