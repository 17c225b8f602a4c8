"""The certificate of a derivation, or of several of one problem, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from derivation.certify.core import Core
from derivation.certify.hypotheses import Hypotheses, of_sizes, reached
from derivation.certify.letters import Scope
from derivation.certify.steps import Steps, prose
from derivation.certify.witness import NotCertified
from derivation.checker import SCHEMA, SET_SCHEMA
from derivation.problem import Definition, Problem
from derivation.steps import Outcome, Step, title_of
from derivation.terms import collector_at_rest, diff, free_indices, indices_of


def certificate(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The certificate of a derivation, or of several of one problem as a set.

    Its ``result_latex`` and ``matrix_form`` are left to who prints it.

    Raises:
        NotCertified: It cannot be said, for instance where no point meets what it assumes.
    """
    with collector_at_rest():
        return _Certificate(outcomes).whole()


@dataclass(frozen=True)
class _Assumed:
    """What a derivation rests on, by where it is told."""

    given: list[Any]
    conditions: list[Any]
    domain: list[Any]


class _Certificate:
    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = outcomes
        self.problem: Problem = outcomes[0].problem
        if any(o.problem.text != self.problem.text for o in outcomes):
            raise NotCertified("these are derivations of several problems")
        self.introduced = _introduced(outcomes)
        self.core = Core(self.problem, self.introduced)
        self.letters, self.writer = self.core.letters, self.core.writer
        self.hypotheses = Hypotheses(self.letters, self.writer)
        self.steps = Steps(self.core.theory, self.letters, self.writer, self.hypotheses)
        self.told: dict[str, Step] = {}  # lemmas of earlier records, by number

    def whole(self) -> dict[str, Any]:
        records = [self._record(o) for o in self.outcomes]
        visited = [s for o in self.outcomes for s in o.checked.settings]
        core = self.core.data(self.hypotheses, visited)
        if len(records) != 1:
            return {"schema": SET_SCHEMA, "core": core, "derivations": records}
        (record,) = records
        steps = {k: record.pop(k) for k in ("steps", "checked")}
        return {**record, "core": core, **steps}

    # -- one record -------------------------------------------------------------------------

    def _record(self, outcome: Outcome) -> dict[str, Any]:
        goal = diff(outcome.objective, *outcome.wrt)
        assumed = self._assumed(outcome)
        stated = [self._stated(c) for c in (assumed.given, assumed.conditions, assumed.domain)]
        scope = self._scope(outcome, goal)
        text, apart = self.writer.text, self.letters.apart
        problem, result = outcome.problem, outcome.result
        return {
            "schema": SCHEMA,
            "status": outcome.status,
            "reason": outcome.reason,
            "problem": {
                "name": problem.name,
                "title": prose(title_of(outcome, False)),
                "program": problem.text,
            },
            "objective": text(apart(outcome.objective, scope)),
            "wrt": [text(apart(v, scope)) for v in outcome.wrt],
            "style": outcome.style,
            "result": text(apart(result, scope)) if result is not None else None,
            "result_latex": None,
            "matrix_form": None,
            "introduced": [self._told(d) for d in outcome.introduced],
            "letters": self.writer.sizes(scope.called.values()),
            "given": stated[0],
            "conditions": stated[1],
            "domain": stated[2],
            "steps": self._steps(outcome, scope),
            "checked": {
                "sizes": [dict(sizes) for sizes in outcome.checked.sizes],
                "points": outcome.checked.points,
                "skipped": list(outcome.checked.skipped),
            },
        }

    def _told(self, d: Definition) -> str:
        scope = self.letters.scope(d.params)
        head, body = self.letters.apart(d.head, scope), self.letters.apart(d.body, scope)
        return f"{self.writer.text(head)} = {self.writer.text(body)}"

    def _scope(self, outcome: Outcome, goal: Any) -> Scope:
        """The free letters of the claim, those of the objective first."""
        entries = [i for v in (outcome.objective, *outcome.wrt) for i in indices_of(v)]
        free = free_indices(goal)
        last = next((s.after for s in reversed(outcome.steps) if s.kind == "chain"), goal)
        stray = sorted(free_indices(last) - free, key=str)
        return self.letters.scope([*(i for i in entries if i in free), *stray])

    def _steps(self, outcome: Outcome, scope: Scope) -> list[dict[str, Any]]:
        own = []
        for step in (*outcome.facts, *outcome.steps):
            if self.told.get(step.number) is step:
                self.steps.known(step)
            else:
                own.append(step)
        self.told.update({s.number: s for s in own if s.kind == "lemma"})
        return self.steps.listed(own, scope)

    def _assumed(self, outcome: Outcome) -> _Assumed:
        given, conditions = list(outcome.given), list(outcome.conditions)
        if outcome.result is None:
            given, conditions = reached(outcome)
        of_size, asked = of_sizes(outcome.problem)
        given += [g for g in of_size if g not in given]
        # in the order of the program
        given = [g for g in outcome.problem.givens if g in given]
        return _Assumed(given, conditions, [*asked, *outcome.domain])

    def _stated(self, conditions: Sequence[Any]) -> list[str]:
        texts = [t for c in conditions for t in self.hypotheses.add(c)]
        return list(dict.fromkeys(texts))


def _introduced(outcomes: Sequence[Outcome]) -> tuple[Definition, ...]:
    found: dict[str, Definition] = {}
    for outcome in outcomes:
        for d in outcome.introduced:
            if found.setdefault(d.name, d).body != d.body:
                raise NotCertified(f"{d.name} is introduced twice")
    return tuple(found.values())
