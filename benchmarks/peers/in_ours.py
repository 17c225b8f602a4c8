"""The same jobs by this package, as a user of its Python functions would do them.

What is timed is all of it, in a process that has done nothing before but import: the text read,
every step derived and proved by the kernel; under the name ``…-confirmed`` also the oracle's
confirmation of every step at small sizes, which `derive` adds.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))  # for benchmarks.*; the package is installed

from programs import Program, serve

import derivation.checking.api
import derivation.oracle
import derivation.verifier
from derivation import library
from derivation.api import Derivation, read
from derivation.engine import derive_outcome, derive_together
from derivation.language import nodes, read_expression, read_problem, write
from derivation.problem import Problem

Data = Mapping[str, Any]


def derived(name: str) -> Callable[[Data], Any]:
    return lambda data: derivation.derive(name)


def proved(name: str) -> Callable[[Data], Any]:
    """What peers are asked for, and the proof besides: all but the oracle's confirmation."""

    return lambda data: prove(read(library.load(name)))


def prove(problem: Problem) -> Derivation:
    style = problem.style or "delta"
    known = derivation.api._theorems
    return Derivation(derive_together(problem, problem.wrt, style=style, known=known)[0])


def show(d: Any) -> str:
    return write(d.outcome.result) if d.outcome.result is not None else f"not derived: {d.reason}"


def length(d: Any) -> int:
    return nodes(d.outcome.result) + sum(nodes(a.body) for a in d.outcome.introduced)


def values(d: Any, data: Data) -> list[float]:
    import numpy

    arrays = {name: numpy.array(value) for name, value in data["arrays"].items()}
    return [float(x) for x in numpy.ravel(d.function()(**arrays))]


def published(data: Data) -> dict[str, Any]:
    """The length of a formula about a problem of the library."""
    problem = read(library.load(LIBRARY[data["name"]]))
    return {"nodes": nodes(read_expression(data["formula"], problem))}


def write_certificate(data: Data) -> dict[str, Any]:
    return {"text": derivation.derive(data["name"]).to_json()}


def verify(data: Data) -> Any:
    return derivation.verifier.verify(data["certificate"], oracle=False).claim


def check(data: Data) -> Any:
    report = derivation.checking.api.check(data["document"])
    return {"verdict": str(report)}


def network(data: Data) -> dict[str, Any]:
    """A dense network by its first weights, without the oracle: seconds, steps and nodes."""
    from benchmarks.corpus import network as text

    start = time.process_time()
    problem = read_problem(text(data["layers"]))
    outcome = derive_outcome(problem, problem.wrt[0])
    seconds = time.process_time() - start
    steps, queue = 0, list(outcome.steps)
    while queue:
        step = queue.pop()
        steps += 1
        queue.extend(step.substeps)
    if outcome.result is None:
        raise SystemExit(f"not derived: {outcome.reason}")
    size = nodes(outcome.result) + sum(nodes(d.body) for d in outcome.introduced)
    return {"seconds": seconds, "steps": steps, "nodes": size}


def corpus(data: Data) -> dict[str, Any]:
    """Every item: time, steps, nodes; and its problem as a tree for the other peers."""
    from benchmarks.corpus import problem_of
    from benchmarks.trees import NoTree, problem_tree

    rows = {}
    for item in json.loads(Path(data["items"]).read_text(encoding="utf-8"))[: data["first"]]:
        problem = problem_of(item)
        taken = []
        for _ in range(data["rounds"]):
            start = time.process_time()
            outcome = derive_outcome(problem, problem.wrt[0])
            taken.append(time.process_time() - start)
        try:
            said = problem_tree(problem, problem.wrt[0], data["size"])
        except NoTree as error:
            said = {"unsaid": str(error)}
        row = {"seconds": statistics.median(taken), "steps": len(outcome.steps), "tree": said}
        if outcome.result is not None:
            row["nodes"] = nodes(outcome.result) + sum(nodes(d.body) for d in outcome.introduced)
            row["published"] = nodes(read_expression(item["expect"], problem))
        rows[item["id"]] = row
    return {"rows": rows}


LIBRARY = {
    "flagship": "softmax-cross-entropy",
    "hessian": "softmax-cross-entropy-hessian",
    "layernorm": "layernorm",
    "attention-queries": "attention-queries",
    "attention-keys": "attention-keys",
    "attention-values": "attention-values",
}
PROGRAMS = {
    **{job: Program(proved(name), show, values, length) for job, name in LIBRARY.items()},
    **{f"{job}-confirmed": Program(derived(name), show) for job, name in LIBRARY.items()},
    "prove-program": Program(lambda data: prove(read_problem(data["program"])), show),
    "program": Program(lambda data: derivation.derive(data["program"]), show),
    "published": Program(published),
    "prove": Program(lambda data: proved(data["name"])(data)),
    "derive": Program(lambda data: derivation.derive(data["name"])),
    "certificate": Program(write_certificate),
    "verify": Program(verify),
    "check": Program(check),
    "network": Program(network),
    "corpus": Program(corpus),
}

if __name__ == "__main__":
    serve(PROGRAMS, derivation.__version__)
