"""Certificates of every derivation at hand, verified: how many, and how long against deriving.

    python benchmarks/certificates.py [ITEMS.json] [--random FIRST COUNT] [--confirm]

The library in both styles, the public corpus (or ITEMS.json), and random programs of
``tests/programs.py`` by seed. Deriving is the engine's search with its proofs, confirming what the
oracle does after it for whoever asks; verifying starts from the text, with the memos that terms
share emptied, as in a process of its own. ``--confirm`` measures the oracle too.
"""

from __future__ import annotations

import json
import pathlib
import random
import sys
import time
from collections.abc import Iterator

from derivation import library, normal, terms, verifier
from derivation.api import read
from derivation.engine import derive_together
from derivation.errors import DerivationError, InputError
from derivation.language import read_problem, writer
from derivation.oracle import Oracle
from derivation.printers import json as certificate
from derivation.problem import Problem

ROOT = pathlib.Path(__file__).parent.parent
STYLES = ("cases", "delta")


def forget() -> None:
    """Empties the memos that terms share, so that the verifier starts as in a fresh process."""
    for table in (
        terms._TABLE, terms._FREE, terms._NAMES, terms._HEIGHT, terms._CANONICAL,
        normal._MEMO, normal._TEXT, normal._TERMS, writer._TEXTS,
    ):  # fmt: skip
        table.clear()


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
    good = partial = moves = 0
    deriving = confirming = verifying = longest = 0.0
    size, worst, bad = 0, "", 0
    for name, problem, style in cases:
        start = time.perf_counter()
        try:
            outcomes = derive_together(problem, problem.wrt, style=style)
        except (DerivationError, RecursionError):
            continue
        deriving += time.perf_counter() - start
        for outcome in outcomes:
            middle = time.perf_counter()
            if "--confirm" in sys.argv:
                Oracle(problem, extra=outcome.introduced).confirm(outcome.facts + outcome.steps)
            confirming += time.perf_counter() - middle
            text = certificate.render([outcome])
            forget()
            begun = time.perf_counter()
            try:
                found = verifier.verify(text)
            except (DerivationError, RecursionError) as error:
                bad += 1
                print(f"REFUSED {name}: {type(error).__name__}: {str(error)[:300]}", flush=True)
                continue
            taken = time.perf_counter() - begun
            forget()
            verifying += taken
            good, moves, size = good + 1, moves + found.moves, size + len(text)
            partial += not found.derived
            if taken > longest:
                longest, worst = taken, name
    ratio = verifying / deriving if deriving else 0.0
    whole = verifying / (deriving + confirming) if deriving else 0.0
    print(
        f"{what}: {good} verified ({partial} of them stopped), {bad} refused, {moves} moves, "
        f"{size / 1e6:.1f} MB; derived in {deriving:.2f} s, confirmed in "
        f"{confirming:.2f} s, verified in {verifying:.2f} s "
        f"({ratio:.2f} of deriving, {whole:.2f} of both), longest {longest:.2f} s: {worst}",
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
