"""The certificate of a derivation, or of several of one problem, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from derivation.certificate import SCHEMA, SET_SCHEMA
from derivation.certify.hypotheses import Hypotheses, of_sizes, reached
from derivation.certify.letters import Letters, Scope
from derivation.certify.steps import Steps, prose
from derivation.certify.text import Writer
from derivation.certify.witness import NotCertified, as_data, witness
from derivation.document.setting import title_of
from derivation.problem import Definition, Problem
from derivation.steps import Outcome, Step
from derivation.terms import collector_at_rest, diff, free_indices, indices_of, names
from derivation.theory import Theory

# words of the core text that a program may use as names
_WORDS = ("true", "false", "HOLE")


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
        self.theory = Theory(self.problem)
        for d in self.introduced:
            self.theory.define(d)
        self.letters = Letters(self.problem, self.introduced)
        self.writer = Writer(_renamed(self.problem))
        self.hypotheses = Hypotheses(self.letters, self.writer)
        self.steps = Steps(self.theory, self.letters, self.writer, self.hypotheses)
        self.told: dict[str, Step] = {}  # lemmas of earlier records, by number

    def whole(self) -> dict[str, Any]:
        records = [self._record(o) for o in self.outcomes]
        core = self._core()
        if len(records) != 1:
            return {"schema": SET_SCHEMA, "core": core, "derivations": records}
        (record,) = records
        steps = {k: record.pop(k) for k in ("steps", "checked")}
        return {**record, "core": core, **steps}

    # -- what all records share -------------------------------------------------------------

    def _core(self) -> dict[str, Any]:
        problem, text = self.problem, self.writer.text
        inputs = {n: s for n, s in problem.shapes.items() if n not in self.theory.definitions}
        name = self.writer.name
        stated = [h.condition for h in self.hypotheses.all]
        visited = [s for o in self.outcomes for s in o.checked.settings]
        point = witness(problem, self.introduced, stated, visited)
        return {
            "sizes": [name(s) for s in problem.sizes],
            "functions": {name(f): n for f, n in problem.unknown.items()},
            "arrays": {name(n): list(map(text, shape)) for n, shape in inputs.items()},
            "labels": {name(n): text(s) for n, s in problem.labels.items()},
            "definitions": [self._definition(d) for d in _in_order(self.theory.definitions)],
            "hypotheses": [h.data for h in self.hypotheses.all],
            "witness": {name(k): v for k, v in as_data(point, inputs).items()},
        }

    def _definition(self, d: Definition) -> dict[str, Any]:
        scope = self.letters.scope(d.params)
        return {
            "name": self.writer.name(d.name),
            "letters": self.writer.sizes(scope.called[p] for p in d.params),
            "body": self.writer.text(self.letters.apart(d.body, scope)),
        }

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


def _renamed(problem: Problem) -> dict[str, str]:
    """Names that the core text has another meaning for, and what they are called there."""
    used = {*problem.shapes, *problem.sizes, *problem.unknown}
    out: dict[str, str] = {}
    for word in _WORDS:
        if word in used:
            k = next(k for k in range(1, len(used) + 2) if f"{word}_{k}" not in used)
            out[word] = f"{word}_{k}"
    return out


def _in_order(definitions: Mapping[str, Definition]) -> list[Definition]:
    """The definitions, each after those that it uses."""
    done: dict[str, Definition] = {}
    todo = list(definitions.values())[::-1]
    while todo:
        d = todo[-1]
        below = sorted(n for n in names(d.body) if n in definitions and n != d.name)
        missing = [definitions[n] for n in below if n not in done]
        if missing and d.name not in done:
            todo += missing
            continue
        done.setdefault(d.name, d)
        todo.pop()
    return list(done.values())
