"""A derivation, or several of one problem, made into documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from derivation.document.blocks import Document
from derivation.document.entries import EVERYTHING, Letters, direct_of, entries_of
from derivation.document.setting import scope_of, setting_again, setting_of
from derivation.steps import Outcome, title_of
from derivation.terms import (
    diff,
)

DETAILS = ("outline", "normal", "full")
DEEPEST = {"outline": 0, "normal": 1, "full": 2}


def documents(outcomes: Sequence[Outcome], detail: str = "normal") -> Iterator[Document]:
    """The blocks of one derivation, or of several of one problem that are read in a row.

    Each title names its variable then, and what an earlier one has said is not said again: the
    setting, and the lemmas that they share.
    """
    for n, outcome in enumerate(outcomes):
        doc = document(outcome, detail, among=len(outcomes) > 1)
        if n and outcome.problem == outcomes[0].problem:
            shared, said = outcome.shared, {f.number for f in outcomes[0].facts}
            doc = replace(
                doc,
                setting=setting_again(outcome, said),
                facts=tuple(f for f in doc.facts if f.number not in said),
                entries=tuple(e for e in doc.entries if e.number not in shared),
                total=len(outcome.steps) - len(shared),
            )
        yield doc


def document(
    outcome: Outcome, detail: str = "normal", *, complete: bool = False, among: bool = False
) -> Document:
    """The blocks of a derivation at a level of detail (``outline``, ``normal``, ``full``).

    ``complete`` keeps every step and substep, whatever it adds for a reader: the certificate.
    ``among`` says that it is one of several of the same problem, so the title names the variable.

    Raises:
        ValueError: The level of detail is not one of the three.
    """
    if detail not in DETAILS:
        raise ValueError(f"detail is one of {', '.join(DETAILS)}, not {detail!r}")
    problem = outcome.problem
    deepest = EVERYTHING if complete else DEEPEST[detail]
    chain = [s for s in outcome.steps if s.kind == "chain"]
    goal = diff(outcome.objective, *outcome.wrt)
    letters = Letters(problem, complete)
    shown = outcome.steps
    if detail == "outline" and chain and not complete:  # the last line is what it was all for
        last = replace(chain[-1], level=0)
        shown = tuple(last if s is chain[-1] else s for s in shown)
    return Document(
        title=title_of(outcome, among),
        scope=scope_of(problem),
        setting=setting_of(outcome),
        facts=entries_of(outcome.facts, deepest, letters),
        entries=entries_of(shown, deepest, letters),
        goal=goal,
        result=outcome.result,
        reached=chain[-1].after if chain else outcome.result,
        reason=outcome.reason,
        introduced=outcome.introduced,
        given=outcome.given,
        conditions=tuple(map(letters.write, outcome.conditions)),
        domain=tuple(map(letters.write, outcome.domain)),
        assumed=outcome.assumed,
        total=len(outcome.steps),
        last=outcome.steps[-1].number if outcome.steps else "",
        checked=outcome.checked,
        direct=direct_of(outcome),
        problem=problem,
        objective=outcome.objective,
        wrt=outcome.wrt,
        style=outcome.style,
        outcome=outcome,
    )
