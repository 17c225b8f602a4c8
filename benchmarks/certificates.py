"""Certificates of every derivation at hand, checked: how many, and how long against deriving.

    python benchmarks/certificates.py [ITEMS.json] [--random FIRST COUNT] [--confirm]

The library in both styles, the public corpus (or ITEMS.json), and random programs of
``tests/programs.py`` by seed, all in one process. Deriving is the engine's search with its proofs;
exporting makes the certificate of all gradients of a problem, checking is the checker's work on it.
``--confirm`` measures the oracle too.
"""

from __future__ import annotations

import json
import pathlib
import random
import sys
import time
from collections.abc import Iterator

from derivation import library
from derivation.api import read
from derivation.certify import NotCertified, certificate
from derivation.checker import Malformed, Refused, check_data
from derivation.engine import derive_together
from derivation.errors import DerivationError, InputError
from derivation.language import read_problem
from derivation.oracle import Oracle
from derivation.problem import Problem
from derivation.terms import collector_at_rest

ROOT = pathlib.Path(__file__).parent.parent
STYLES = ("cases", "delta")


def of_library() -> Iterator[tuple[str, Problem, str]]:
    for name in library.names():
        for style in STYLES:
            yield f"{name} ({style})", read(library.load(name), style=style), style


def of_corpus(path: pathlib.Path) -> Iterator[tuple[str, Problem, str]]:
    sys.path.insert(0, str(ROOT))
    from benchmarks.corpus import problem_of

    for item in json.loads(path.read_text()):
        problem = problem_of(item)
        yield item["id"], with_givens(problem), "delta"


def with_givens(problem: Problem) -> Problem:
    """The same problem with all its givens in its text, as a certificate wants it."""
    from dataclasses import replace

    from derivation.language import write_condition

    said = read_problem(problem.text, need_wrt=False).givens
    more = [g for g in problem.givens if g not in said]
    lines = [problem.text, *(f"given {write_condition(g)}" for g in more)]
    return replace(problem, text="\n".join(lines))


def of_chance(first: int, number: int) -> Iterator[tuple[str, Problem, str]]:
    sys.path.insert(0, str(ROOT / "tests"))
    import programs

    for seed in range(first, first + number):
        text = programs.generate(random.Random(seed)).text
        try:
            problem = read_problem(text)
        except InputError:
            continue
        yield f"seed {seed}", problem, STYLES[seed % 2]


def run(what: str, cases: Iterator[tuple[str, Problem, str]]) -> int:
    taken = dict.fromkeys(("derived", "confirmed", "exported", "checked"), 0.0)
    good = stopped = moves = bad = 0
    longest, worst = 0.0, ""

    def clocked(step: str, since: float) -> float:
        now = time.process_time()
        taken[step] += now - since
        return now

    for name, problem, style in cases:
        start = time.process_time()
        try:
            outcomes = derive_together(problem, problem.wrt, style=style)
        except (DerivationError, RecursionError):
            continue
        start = clocked("derived", start)
        with collector_at_rest():
            if "--confirm" in sys.argv:
                for o in outcomes:
                    Oracle(problem, extra=o.introduced).confirm(o.facts + o.steps)
                start = clocked("confirmed", start)
            try:
                data = certificate(outcomes)
                start = clocked("exported", start)
                claims = check_data(data)
            except (DerivationError, NotCertified, Refused, Malformed, RecursionError) as error:
                bad += 1
                print(f"REFUSED {name}: {type(error).__name__}: {str(error)[:300]}", flush=True)
                continue
        end = clocked("checked", start)
        good, moves = good + len(claims), moves + sum(c.moves for c in claims)
        stopped += sum(not c.derived for c in claims)
        if end - start > longest:
            longest, worst = end - start, name
    times = ", ".join(f"{step} in {seconds:.2f} s" for step, seconds in taken.items())
    ratio = taken["checked"] / taken["derived"] if taken["derived"] else 0.0
    print(
        f"{what}: {good} proved ({stopped} of them stopped), {bad} refused, {moves} moves; "
        f"{times} (checking {ratio:.2f} of deriving), longest check {longest:.2f} s: {worst}",
        flush=True,
    )
    return bad


def main(argv: list[str]) -> int:
    bad = 0
    if "--random" in argv:
        at = argv.index("--random")
        return run("random programs", of_chance(int(argv[at + 1]), int(argv[at + 2])))
    argv = [a for a in argv if a != "--confirm"]
    items = pathlib.Path(argv[0]) if argv else ROOT / "tests" / "data" / "public.json"
    bad += run("library", of_library())
    bad += run("corpus", of_corpus(items))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
