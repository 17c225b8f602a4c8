"""The steps of a document as they are shown at a level of detail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from derivation.document.blocks import Entry, Formula
from derivation.document.marks import changes
from derivation.problem import Problem
from derivation.steps import Outcome, Prose, Step
from derivation.terms import (
    Diff,
    Index,
    Partial,
    Term,
    fresh_index,
    index,
    index_names,
    is_leaf,
    rebuild,
    subterms,
    unbracketed,
)

EVERYTHING = 3  # deeper than any step: the certificate shows them all


def entries_of(steps: Sequence[Step], deepest: int, letters: Letters) -> tuple[Entry, ...]:
    """The steps down to a level; a chain goes on from the last line of it that is shown."""
    out: list[Entry] = []
    start: Term | None = None  # what the chain began with
    last: Term | None = None  # the right side it has reached
    goes_on = False
    for step in steps:
        if step.kind == "chain" and (start is None or last is None):
            start = last = step.before
        if step.level > deepest:
            continue
        marks = changes(step.before, step.after)
        previous = None
        if step.kind == "chain":
            gone, since = changes(last, step.after) if last is not step.before else marks
            if last == start or since == ((),):
                since = ()  # the whole line is new: nothing stands out
            left = letters.write(start)
            if last != start:
                gone = () if gone == ((),) else gone
                previous = Formula(left, letters.write(last), gone)
            formula = Formula(None if goes_on else left, letters.write(step.after), since)
            last = step.after
        else:
            formula = Formula(letters.write(step.before), letters.write(step.after))
        goes_on = step.kind == "chain"
        substeps = step.substeps if deepest else ()
        if deepest < EVERYTHING and len(substeps) == 1 and _says_the_same(substeps[0], step):
            substeps = substeps[0].substeps
        entries = entries_of(substeps, deepest, letters)
        goes_on = goes_on and not entries
        out.append(
            Entry(
                number=step.number,
                kind=step.kind,
                title=step.title,
                why=() if deepest < EVERYTHING and _repeats(step.title, step.why) else step.why,
                rule=step.rule,
                law=step.law,
                formula=formula,
                previous=previous,
                before=step.before,
                after=step.after,
                path=step.path,
                direction=step.direction,
                args=step.args,
                uses=step.uses,
                conditions=tuple(
                    letters.write(c)
                    for c in step.conditions
                    if letters.keep or c not in step.domain
                ),
                changed_before=marks[0],
                changed_after=marks[1],
                substeps=entries,
            )
        )
    return tuple(out)


class Letters:
    """Puts a reader's letters for the machine's own (``_0``), which indices may still have."""

    def __init__(self, problem: Problem, keep: bool) -> None:
        self.keep = keep
        self.used: dict[Term, list[Any]] = {}  # by size, in the order of the problem
        for d in problem.definitions.values():
            for t in (*d.params, *subterms(d.body)):
                if isinstance(t, Index) and t not in self.used.setdefault(t.size, []):
                    self.used[t.size].append(t)

    def write(self, t: Any) -> Any:
        """The term with those letters; every index keeps its size, and no two become one."""
        if self.keep or t is None:
            return t
        machine = [
            s for s in dict.fromkeys(subterms(t)) if isinstance(s, Index) and s.name[0] == "_"
        ]
        if not machine:
            return t
        taken = set(index_names(t))
        swap: dict[Any, Any] = {}
        for old in machine:
            known = self.used.get(old.size, [])
            free = [k for k in known if k.name not in taken]
            like = free[0] if free else index(known[0].name if known else "i", old.size)
            swap[old] = fresh_index(like, taken)
            taken.add(swap[old].name)
        return _swapped(t, swap)


def _swapped(t: Any, swap: Mapping[Any, Any]) -> Any:
    if t in swap:
        return swap[t]
    return rebuild(t, tuple(_swapped(a, swap) for a in t.args)) if t.args else t


def is_idle(entry: Entry, looks_the_same: bool) -> bool:
    """Whether a substep shows a reader nothing: its line reads like the one before.

    Two terms may be typeset alike (``x*(y*z)`` and ``x*y*z``), so printers say whether they are.
    """
    goes_on = entry.kind == "chain" and entry.formula.left is None
    return looks_the_same and goes_on and not entry.conditions and not entry.substeps


def _repeats(title: Prose, why: Prose) -> bool:
    """Whether a reason only says the title again."""
    said = [tuple(p.lower() if isinstance(p, str) else p for p in prose) for prose in (title, why)]
    return said[0] == said[1]


def _says_the_same(sub: Step, step: Step) -> bool:
    pairs = ((sub.before, step.before), (sub.after, step.after))
    return all(bool(unbracketed(a) == unbracketed(b)) for a, b in pairs)


def direct_of(outcome: Outcome) -> frozenset[Term]:
    """``partial`` terms whose ``diff`` also occurs: printed alike, they would be confused."""
    told: list[Step] = [*outcome.facts, *outcome.steps]
    sides: list[Any] = []
    while told:
        step = told.pop()
        sides += (step.before, step.after)
        told += step.substeps
    seen: set[Any] = set()  # what most lines share is looked through once
    while sides:
        t = sides.pop()
        if t not in seen:
            seen.add(t)
            sides += () if is_leaf(t) else t.args
    totals = {t.args for t in seen if isinstance(t, Diff)}
    return frozenset(t for t in seen if isinstance(t, Partial) and t.args in totals)
