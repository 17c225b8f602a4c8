"""Checks derivations that are known to be right, and the same made wrong by mutation.

    python benchmarks/checking.py [--documents N] [--names A,B] [--seed S]

Every derivation of the library becomes a document (its chain lines, at `normal`); a wrong document
has one line changed by one of the mutations below, and the lines after it follow from the true one.
A mutation that leaves the line true (by the oracle) is not counted. Reported: right lines proved,
left open or refuted; wrong lines refuted (or, which must never be, proved); whether the first
wrong line is named; whether the slip is named; time per line.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from derivation.checking.judge import Judge
from derivation.checking.statements import Stated
from derivation.engine import derive_outcome
from derivation.engine.arithmetic import join_product, split_product
from derivation.engine.rewrites import occurrences
from derivation.language import read_problem, write
from derivation.library import load, names
from derivation.oracle import Oracle
from derivation.problem import Problem
from derivation.terms import (
    HALF,
    ONE,
    TRUE,
    TWO,
    Add,
    Condition,
    IfElse,
    Index,
    KroneckerDelta,
    Mul,
    Pow,
    Reduction,
    SumOver,
    add,
    at,
    delta,
    element,
    free_indices,
    fresh_index,
    if_else,
    index_names,
    indices_of,
    inverse,
    is_element,
    is_number,
    mul,
    name_of,
    neg,
    number,
    power,
    relation,
    replace_at,
    size,
    substitute,
    sum_over,
    value_of,
)

Change = Callable[[Any, set[Any], Problem], Iterator[Any]]


def _summand_sign(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, Add):
        for k, a in enumerate(t.args):
            yield add(*t.args[:k], neg(a), *t.args[k + 1 :])


def _whole_sign(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, SumOver | Mul):
        yield neg(t)


def _index(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if is_element(t):
        slots = list(indices_of(t))
        for k, i in enumerate(slots):
            for j in sorted(scope, key=str):
                if isinstance(i, Index) and j != i and j.size == i.size:
                    yield element(name_of(t), *slots[:k], j, *slots[k + 1 :])


def _name(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if is_element(t) and indices_of(t):
        for other, slots in p.shapes.items():
            if other != name_of(t) and slots == p.shapes[name_of(t)] and other not in p.labels:
                yield element(other, *indices_of(t))


def _guard_lost(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, SumOver) and t.guard != TRUE:
        yield sum_over(t.body, t.index)


def _guard_added(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, SumOver) and t.guard == TRUE:
        for j in sorted(scope, key=str):
            if j != t.index and j.size == t.index.size:
                yield sum_over(t.body, t.index, relation("!=", t.index, j))


def _square_lost(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, Pow) and is_number(t.args[1]) and abs(value_of(t.args[1])) == 2:
        base, e = t.args
        yield base if e == TWO else inverse(base)


def _square_added(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if is_element(t):
        yield power(t, TWO)


def _factor_lost(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, Mul):
        c, parts = split_product(t)
        for k in range(len(parts)):
            yield join_product(c, parts[:k] + parts[k + 1 :])


def _two_lost(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, SumOver | Mul):
        yield mul(TWO, t)
        yield mul(HALF, t)


def _size_lost(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, SumOver | Mul):
        for name in p.sizes:
            yield mul(size(name), t)
            yield mul(inverse(size(name)), t)


def _sum_kept(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, Mul):
        for j in sorted(free_indices(t) & scope, key=str):
            letter = fresh_index(j, index_names(t) | {str(s.name) for s in scope})
            yield sum_over(substitute(t, {j: letter}), letter)


def _sum_lost(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, SumOver):
        for j in sorted(scope - {t.index}, key=str):
            if j.size == t.index.size:
                yield substitute(t.body, {t.index: j})


def _term_lost(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, Add):
        for k in range(len(t.args)):
            yield add(*[a for n, a in enumerate(t.args) if n != k])


def _case_swapped(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, IfElse):
        yield if_else(t.args[0], t.args[2], t.args[1])


def _delta_lost(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, KroneckerDelta):
        yield ONE
        for k, i in enumerate(t.args):
            for j in sorted(scope, key=str):
                if isinstance(i, Index) and j.size == i.size and j not in t.args:
                    yield delta(*(j if n == k else a for n, a in enumerate(t.args)))


def _transposed(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if is_element(t) and len(indices_of(t)) == 2:
        slots = p.shapes[name_of(t)]
        if slots[0] == slots[1]:
            yield element(name_of(t), *reversed(indices_of(t)))


def _upside_down(t: Any, scope: set[Any], p: Problem) -> Iterator[Any]:
    if isinstance(t, Pow) and is_number(t.args[1]) and value_of(t.args[1]) < 0:
        yield power(t.args[0], number(-value_of(t.args[1])))


# name -> (mutation, slips by which the checker may name it)
MUTATIONS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "sign of a term": (_summand_sign, ("sign",)),
    "sign of a product": (_whole_sign, ("sign",)),
    "another index": (_index, (" for ",)),
    "another array": (_name, (" for ",)),
    "i != j lost": (_guard_lost, ("missing",)),
    "i != j too many": (_guard_added, ("condition kept", "missing")),
    "square lost": (_square_lost, ("lost square", "chain-rule factor")),
    "square too many": (_square_added, ("square too many", "factor too many", "chain-rule factor")),
    "chain-rule factor lost": (_factor_lost, ("chain-rule factor", "lost square")),
    "factor 2": (_two_lost, ("factor 2",)),
    "factor 1/N": (_size_lost, ("factor 1/",)),
    "sum where one term is": (_sum_kept, ("sum kept",)),
    "one term where a sum is": (_sum_lost, ("sum lost", "cross terms lost")),
    "term lost": (_term_lost, ("missing term", "dependence lost")),
    "cases swapped": (_case_swapped, ("wrong case",)),
    "delta lost or turned": (_delta_lost, ("wrong case", "missing delta", " for ")),
    "transposed": (_transposed, ("transposed", " for ")),
    "upside down": (_upside_down, ("upside down", "square", "chain-rule factor", "factor too many")),
}


def document(problem: Problem, style: str) -> list[Any]:
    """The right sides of a derivation's chain, from the first line to the result."""
    outcome = derive_outcome(problem, problem.wrt[0], style=style)
    if outcome.result is None or outcome.introduced:
        return []
    chain = [s for s in outcome.steps if s.kind == "chain"]
    return [s.after for s in chain]


def mutants(t: Any, problem: Problem, scope: set[Any], change: Change) -> list[Any]:
    """Every way to change the term once."""
    out = []
    for path, sub in occurrences(t):
        if isinstance(sub, Condition):
            continue
        here = set(scope)
        for k in range(len(path)):
            above = at(t, path[:k])
            if isinstance(above, Reduction):
                here.add(above.index)
        out += [replace_at(t, path, new) for new in change(sub, here, problem)]
    return [m for m in out if m != t]


def stated(lines: list[Any]) -> tuple[Stated, ...]:
    return tuple(Stated(k, "", f"= {write(t)}", None, t) for k, t in enumerate(lines, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--names", default="")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    chosen = options.names.split(",") if options.names else list(names())
    documents: list[tuple[str, Problem, list[Any], Judge]] = []
    right: Counter[str] = Counter()
    times: list[float] = []
    for name in chosen:
        problem = read_problem(load(name).text)
        problem = replace(problem, wrt=problem.wrt[:1])
        for style in ("delta", "cases"):
            lines = document(problem, style)
            if not lines:
                continue
            start = time.perf_counter()
            judge = Judge(problem)
            found = judge.judge(stated(lines))
            times.append((time.perf_counter() - start) / len(lines))
            for line in found:
                right[line.verdict] += 1
                if line.verdict != "proved":
                    print(f"RIGHT LINE {line.verdict}: {name} {style} {line.line}: {line.read_as}")
            documents.append((name, problem, lines, judge))
    print(f"{len(documents)} right documents: {dict(right)}; "
          f"time per line: median {statistics.median(times) * 1000:.0f} ms, "
          f"longest {max(times) * 1000:.0f} ms")  # fmt: skip
    tally: dict[str, Counter[str]] = {kind: Counter() for kind in MUTATIONS}
    wrong_times: list[float] = []
    done = tries = 0
    while done < options.documents and tries < 40 * options.documents:
        tries += 1
        name, problem, lines, judge = rng.choice(documents)
        kind = rng.choice(list(MUTATIONS))
        change, slips = MUTATIONS[kind]
        k = rng.randrange(len(lines))
        scope = set(free_indices(judge.goal))
        found = mutants(lines[k], problem, scope, change)
        if not found:
            continue
        mutant = rng.choice(found)
        before = lines[k - 1] if k else judge.goal
        really = Oracle(problem, seed=7).compare(before, mutant)
        if really.refuted is None:
            tally[kind]["still true"] += 1
            verdict = judge.verdict(before, mutant)
            if verdict.verdict == "refuted":
                tally[kind]["refuted by the checker alone"] += 1
            continue
        done += 1
        start = time.perf_counter()
        report = judge.judge(stated([*lines[:k], mutant, *lines[k + 1 :]]))
        wrong_times.append(time.perf_counter() - start)
        line = report[k]
        tally[kind]["wrong"] += 1
        tally[kind][line.verdict] += 1
        if line.verdict == "proved":
            print(f"WRONG LINE PROVED: {name}: {write(before)} == {write(mutant)}")
        first = next((x.line for x in report if x.verdict == "refuted"), None)
        tally[kind]["first named"] += first == k + 1
        if line.suggestion is not None:
            tally[kind]["mended"] += 1
            named = any(s in line.suggestion.slip for s in slips)
            tally[kind]["slip named"] += named
            if options.verbose and not named:
                print(f"{kind}, named {line.suggestion.slip}: {name}: {write(mutant)} "
                      f"-> {line.suggestion.text}")  # fmt: skip
        if options.verbose and (line.suggestion is None or line.verdict != "refuted"):
            print(f"{kind}: {name}: {write(before)} == {write(mutant)}: {line.verdict}")
    heads = ("wrong", "refuted", "open", "proved", "first named", "mended", "slip named")
    heads += ("still true",)
    print(f"{'mutation':26}" + "".join(f"{h:>13}" for h in heads))
    total: Counter[str] = Counter()
    for kind, counts in tally.items():
        total.update(counts)
        print(f"{kind:26}" + "".join(f"{counts[h]:13}" for h in heads))
    print(f"{'in all':26}" + "".join(f"{total[h]:13}" for h in heads))
    if wrong_times:
        print(f"time per wrong document: median {statistics.median(wrong_times) * 1000:.0f} ms, "
              f"longest {max(wrong_times):.1f} s")  # fmt: skip
    alone = total["refuted by the checker alone"]
    if alone:
        print(f"{alone} mutants that the oracle's points do not refute, the checker does")


if __name__ == "__main__":
    main()
