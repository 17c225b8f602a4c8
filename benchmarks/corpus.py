"""Every published gradient of the corpus: time, steps, nodes against the published formula, memory.

    python benchmarks/corpus.py [ITEMS.json …] [--check]

One warm process; each time is the median of five. ``--check`` has the oracle confirm every step.
Then: networks of 2 to 16 dense layers (time should grow no worse than linearly). Peers are measured
by ``benchmarks/run``.
"""

from __future__ import annotations

import json
import pathlib
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from derivation.engine import derive_outcome
from derivation.language import nodes, read_expression, read_problem
from derivation.oracle import Oracle
from derivation.problem import Problem

HERE = pathlib.Path(__file__).parent
POSITIVE = {"positive", "simplex", "simplexall", "sympairs", "unit", "above1"}


def problem_of(item: dict[str, Any]) -> Problem:
    """The item as a problem; positive domains become givens."""
    wrt = item["wrt"] if isinstance(item["wrt"], str) else " then ".join(item["wrt"])
    bare = read_problem(item["program"], wrt=wrt)
    given = list(item.get("given", []))
    for name, domain in item.get("domain", {}).items():
        slots = [f"i{k}" for k in range(len(bare.shapes[name]))]
        entry = f"{name}[{','.join(slots)}]" if slots else name
        if domain in POSITIVE:
            given.append(f"{entry} > 0")
        if domain == "unit":
            given.append(f"{entry} < 1")
        if domain == "above1":
            given.append(f"{entry} > 1")
    return read_problem(item["program"], wrt=wrt, given=given)


def median_ms(run: Callable[[], Any], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def corpus(items: list[dict[str, Any]], check: bool) -> None:
    rows = []
    print(f"{'item':34} {'ms':>7} {'steps':>5} {'nodes':>5} {'publ.':>5}")
    for item in items:
        problem = problem_of(item)
        outcome = derive_outcome(problem, problem.wrt[0])
        if outcome.result is None:
            print(f"{item['id']:34} not derived: {outcome.reason}")
            continue
        if check:
            Oracle(problem, extra=outcome.introduced).confirm(outcome.facts + outcome.steps)
        length = nodes(outcome.result) + sum(nodes(d.body) for d in outcome.introduced)
        published = nodes(read_expression(item["expect"], problem))
        ms = median_ms(lambda p=problem: derive_outcome(p, p.wrt[0]))
        rows.append((ms, length <= published))
        print(f"{item['id']:34} {ms:7.1f} {len(outcome.steps):5} {length:5} {published:5}")
    times = [ms for ms, _ in rows]
    short = sum(ok for _, ok in rows)
    print(
        f"\n{len(rows)} of {len(items)} derived, {short} no longer than published; "
        f"median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms, "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB"
    )


def network(layers: int) -> str:
    """A dense network of that many tanh layers with softmax and cross-entropy."""
    lines, below = [], "x"
    for n in range(1, layers + 1):
        lines.append(f"a{n}[b,i] = sum(W{n}[i,j]*{below}[b,j] for j in H{n - 1}) + c{n}[i]")
        lines.append(f"h{n}[b,i] = tanh(a{n}[b,i])")
        below = f"h{n}"
    lines += [
        f"s[b,k] = sum(V[k,j]*{below}[b,j] for j in H{layers})",
        "p[b,k] = exp(s[b,k])/sum(exp(s[b,m]) for m in K)",
        "L = -sum(y[b,k]*log(p[b,k]) for b in B for k in K)",
        "given sum(y[b,k] for k in K) == 1",
        "wrt W1[i,j]",
    ]
    return "\n".join(lines)


def networks() -> None:
    print(f"\n{'layers':>6} {'ms':>8} {'a layer':>8} {'steps':>5} {'nodes with names':>16}")
    for layers in (2, 4, 8, 16):
        problem = read_problem(network(layers))
        outcome = derive_outcome(problem, problem.wrt[0])
        if outcome.result is None:
            print(f"{layers:6} not derived: {outcome.reason}")
            continue
        ms = median_ms(lambda p=problem: derive_outcome(p, p.wrt[0]), 3)
        size = nodes(outcome.result) + sum(nodes(d.body) for d in outcome.introduced)
        print(f"{layers:6} {ms:8.0f} {ms / layers:8.0f} {len(outcome.steps):5} {size:16}")


def main(arguments: list[str]) -> None:
    files = [a for a in arguments if not a.startswith("-")]
    data = HERE.parent / "tests" / "data"
    sources = [pathlib.Path(f) for f in files] or [data / "public.json", data / "textbooks.json"]
    for source in sources:
        print(f"\n{source.name}")
        corpus(json.loads(source.read_text(encoding="utf-8")), "--check" in arguments)
    networks()


if __name__ == "__main__":
    main(sys.argv[1:])
