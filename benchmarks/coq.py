"""Checks the Coq export: every problem of the library, and wrong variants of the flagship.

python -m benchmarks.coq [NAME …]     what coqc says of each: seconds, lines, axioms
python -m benchmarks.coq --wrong      wrong variants of the flagship, all of which must be refused
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator

from derivation import api, library
from derivation.coq import check
from derivation.coq.errors import NotExported
from derivation.coq.source import source
from derivation.steps import Outcome


def exported(name: str, style: str | None = None) -> Iterator[tuple[Outcome, str | NotExported]]:
    """Each derivation of a problem with its Coq source, or with why there is none."""
    asked = api.read(library.load(name), style=style)
    for outcome in api.outcomes(asked):
        try:
            yield outcome, source([outcome])
        except NotExported as error:
            yield outcome, error


# -- wrong variants ---------------------------------------------------------------------------

WORD = re.compile(r"->|=>|[A-Za-z_][\w']*|[-+*/]|\d+")
KEPT = ("forall", "fun", "nat", "R", "->", "=>")


def wrong_theorems(text: str) -> tuple[str, int]:
    """The source with every one-word change of its theorem, each as a command that must fail.

    The proof is the same as that of the theorem; a change that Coq accepts stops the file.
    """
    found = re.search(r"Theorem derivative : (.*?)\.\nProof\.\n(.*?)\nQed\.", text, re.S)
    if found is None:
        raise ValueError("the source has no theorem")
    statement, proof = found.groups()
    tactics = re.sub(r"\.(\s)", r";\1", proof.strip().removesuffix(".") + "\n").strip()
    commands = [
        f"Fail Definition wrong_{n} : {changed} := ltac:({tactics}).\n"
        for n, changed in enumerate(changes(statement))
    ]
    at = text.index("End Problem.")
    return text[:at] + "".join(commands) + text[at:], len(commands)


def wrong_sources(text: str) -> Iterator[str]:
    """The source with one word changed in a definition or an assumption."""
    start, end = text.index("Section Problem."), text.index("(* ==== the proof")
    for line in re.finditer(r"^(?:Definition|Hypothesis P\d).*?\.\n", text[start:end], re.M | re.S):
        head, colon, body = line.group().partition(":= " if ":=\n" not in line.group() else ":=\n")
        if not colon:
            head, colon, body = line.group().partition(" : ")
        for changed in changes(body):
            at = start + line.start()
            yield text[:at] + head + colon + changed + text[at + len(line.group()) :]


def changes(statement: str) -> Iterator[str]:
    """The statement with one word replaced by another of its words."""
    words = list(WORD.finditer(statement))
    pool = sorted({m.group() for m in words if m.group() not in KEPT})
    other = {"+": "-", "-": "", "*": "+", "/": "-", "0": "1", "1": "2"}
    for m in words:
        word = m.group()
        if word in KEPT:
            continue
        if word in other:
            swaps = [other[word]]
        elif word.isdigit():
            swaps = [str(int(word) + 1)]
        else:
            swaps = [w for w in pool if w != word and w[0].isalpha() and bound_twice(w, word)]
        for swap in swaps:
            yield statement[: m.start()] + swap + statement[m.end() :]


def bound_twice(one: str, two: str) -> bool:
    """Whether a name may stand for another: not the name of a hypothesis."""
    return not (one.startswith("H_") or two.startswith("H_"))


def main(arguments: list[str]) -> int:
    if "--wrong" in arguments:
        return _wrong()
    names = [a for a in arguments if not a.startswith("-")] or list(library.names())
    accepted = total = 0
    axioms: set[str] = set()
    spent = 0.0
    for name in names:
        for outcome, found in exported(name):
            total += 1
            by = " then ".join(map(str, outcome.wrt))
            if isinstance(found, NotExported):
                print(f"{name:30} {by:12} not exported: {found}", flush=True)
                continue
            verdict = check.check(found)
            axioms.update(verdict.axioms)
            spent += verdict.seconds
            accepted += verdict.accepted
            said = "accepted" if verdict.accepted else f"REFUSED: {verdict.reason[:200]}"
            lines = len(found.splitlines())
            print(f"{name:30} {by:12} {verdict.seconds:5.1f} s {lines:5} lines {said}", flush=True)
    print(f"{accepted} of {total} accepted, {spent:.0f} s; axioms: {', '.join(sorted(axioms))}")
    return 0


def _wrong() -> int:
    ((_, text),) = exported(library.FIRST)
    if isinstance(text, NotExported):
        raise text
    start = time.perf_counter()
    many, n = wrong_theorems(text)
    verdict = check.check(many)
    print(f"{n} wrong theorems: {'all refused' if verdict.accepted else verdict.reason}")
    taken = [k for k, wrong in enumerate(wrong_sources(text)) if check.check(wrong).accepted]
    count = sum(1 for _ in wrong_sources(text))
    print(f"{count} wrong definitions and assumptions: {len(taken)} accepted {taken or ''}")
    print(f"{time.perf_counter() - start:.0f} s")
    return 0 if verdict.accepted and not taken else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
