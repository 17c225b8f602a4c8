"""Checks the Coq export: library, corpora of published gradients, wrong variants of the flagship.

python -m benchmarks.coq [NAME …]     what coqc says of each: seconds, lines, axioms
python -m benchmarks.coq ITEMS.json … [NAME …]   the same of the items (all, or those named)
python -m benchmarks.coq --wrong      wrong variants of the flagship, all of which must be refused

The status is 1 where coqc refuses a file that was written (or accepts a wrong one).
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.corpus import problem_of
from derivation import api, library
from derivation.coq import check
from derivation.coq.errors import NotExported
from derivation.coq.source import source
from derivation.engine import derive_outcome
from derivation.steps import Outcome

Exported = tuple[Outcome, str | NotExported]


def exported(name: str, style: str | None = None) -> Iterator[Exported]:
    """Each derivation of a problem with its Coq source, or with why there is none."""
    asked = api.read(library.load(name), style=style)
    yield from _sources(api.outcomes(asked))


def _sources(outcomes: Iterable[Outcome]) -> Iterator[Exported]:
    for outcome in outcomes:
        try:
            yield outcome, source([outcome])
        except NotExported as error:
            yield outcome, error


def _asked(arguments: list[str]) -> Iterator[tuple[str, Iterator[Exported]]]:
    """What is to be checked: items of corpora, or problems of the library."""
    files = [a for a in arguments if a.endswith(".json")]
    chosen = [a for a in arguments if not a.endswith(".json")]
    for file in files:
        for item in json.loads(Path(file).read_text(encoding="utf-8")):
            if not chosen or item["id"] in chosen:
                problem = problem_of(item)
                yield item["id"], _sources(derive_outcome(problem, v) for v in problem.wrt)
    for name in () if files else chosen or library.names():
        yield name, exported(name)


# -- wrong variants ---------------------------------------------------------------------------

WORD = re.compile(r"->|=>|[A-Za-z_][\w']*|[-+*/]|\d+")
KEPT = ("forall", "fun", "nat", "R", "->", "=>")


def wrong_theorems(text: str) -> tuple[str, int]:
    """The source with every one-word change of its theorem, by name and with all definitions put
    in, each as a command that must fail.

    The proof is the same as that of the theorem; a change that Coq accepts stops the file.
    """
    count, out = 0, text
    for head in ("Lemma by_name", "Theorem derivative"):
        found = re.search(head + r" : (.*?)\.\nProof[^.]*\.\n(.*?)\nQed\.\n", out, re.S)
        if found is None:
            raise ValueError("the source has no theorem")
        statement, proof = found.groups()
        tactics = re.sub(r"\.(\s)", r";\1", proof.strip().removesuffix(".") + "\n").strip()
        commands = [
            f"Fail Definition wrong_{n} : {changed} := ltac:({tactics}).\n"
            for n, changed in enumerate(changes(statement), count)
        ]
        count += len(commands)
        out = out[: found.end()] + "".join(commands) + out[found.end() :]
    return out, count


def wrong_sources(text: str, stated: str = r"Definition|Hypothesis P\d") -> Iterator[str]:
    """The source with one word changed in a definition or an assumption of the problem."""
    start, end = text.index("Section Problem."), text.index("(* ==== the proof")
    yield from _changed(text, start, end, stated)


def wrong_lemmas(text: str) -> Iterator[str]:
    """The source with one word changed in what a lemma of the proof states."""
    start, end = text.index("(* ==== the proof"), text.index("(* ==== the theorem")
    yield from _changed(text, start, end, r"Lemma (?:step|chain|dual)")


def _changed(text: str, start: int, end: int, stated: str) -> Iterator[str]:
    for line in re.finditer(rf"^(?:{stated}).*?\.\n", text[start:end], re.M | re.S):
        head, colon, body = line.group().partition(":=\n")
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
        if word in KEPT or re.match(r"H_|P_|P\d", word):
            continue
        if word in other:
            swaps = [other[word]]
        elif word.isdigit():
            swaps = [str(int(word) + 1)]
        else:
            swaps = [w for w in pool if w != word and w[0].isalpha() and may_stand(w, word)]
        for swap in swaps:
            yield statement[: m.start()] + swap + statement[m.end() :]


def may_stand(one: str, two: str) -> bool:
    """Whether a name may stand for another: not the name of a hypothesis."""
    return not any(re.match(r"H_|P_|P\d", n) for n in (one, two))


def main(arguments: list[str]) -> int:
    if "--wrong" in arguments:
        return _wrong()
    counts = {"accepted": 0, "not exported": 0, "refused": 0}
    axioms: set[str] = set()
    spent = 0.0
    print("seconds are processor time of coqc")
    for name, outcomes in _asked(arguments):
        for outcome, found in outcomes:
            shown = f"{name:30} {' then '.join(map(str, outcome.wrt)):12}"
            if isinstance(found, NotExported):
                counts["not exported"] += 1
                print(f"{shown} not exported: {found}", flush=True)
                continue
            before = _processor_time()
            verdict = check.check(found)
            seconds = _processor_time() - before
            axioms.update(verdict.axioms)
            spent += seconds
            counts["accepted" if verdict.accepted else "refused"] += 1
            said = "accepted" if verdict.accepted else f"REFUSED: {verdict.reason[:200]}"
            lines = len(found.splitlines())
            print(f"{shown} {seconds:5.1f} s {lines:5} lines {said}", flush=True)
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    print(f"{spent:.0f} s; axioms: {', '.join(sorted(axioms))}")
    return 1 if counts["refused"] else 0


def _processor_time() -> float:
    """Seconds that ended child processes have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wrong() -> int:
    """The flagship in both styles; of its lemmas every 40th change only."""
    accepted = 0
    start = time.perf_counter()
    for style in ("delta", "cases"):
        ((_, text),) = exported(library.FIRST, style)
        if isinstance(text, NotExported):
            raise text
        many, n = wrong_theorems(text)
        verdict = check.check(many)
        accepted += not verdict.accepted
        said = "all refused" if verdict.accepted else verdict.reason
        print(f"{style}: {n} wrong theorems: {said}", flush=True)
        for what, variants in (
            ("definitions and assumptions", list(wrong_sources(text))),
            ("lemmas", list(wrong_lemmas(text))[::40]),
        ):
            taken = [k for k, wrong in enumerate(variants) if check.check(wrong).accepted]
            accepted += len(taken)
            print(f"{style}: {len(variants)} wrong {what}: {len(taken)} accepted {taken or ''}")
    print(f"{time.perf_counter() - start:.0f} s", flush=True)
    return 1 if accepted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
