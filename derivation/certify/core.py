"""What all certificates of one problem share: the program as core text, and a witness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from derivation.certify.hypotheses import Hypotheses
from derivation.certify.letters import Letters
from derivation.certify.text import Writer
from derivation.certify.witness import as_data, witness
from derivation.oracle.points import Setting
from derivation.problem import Definition, Problem
from derivation.terms import TRUE, names
from derivation.theory import Theory

# words of the core text that a program may use as names
_WORDS = ("true", "false", "HOLE")


class Core:
    """A problem as the checker reads it, with the names that derivations have brought in."""

    def __init__(self, problem: Problem, introduced: Sequence[Definition] = ()) -> None:
        self.problem, self.introduced = problem, introduced
        self.theory = Theory(problem)
        for d in introduced:
            self.theory.define(d)
        self.letters = Letters(problem, introduced)
        self.writer = Writer(_renamed(problem))
        self._witnesses: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._program: dict[str, Any] | None = None

    def data(
        self, hypotheses: Hypotheses, visited: Iterable[Setting], case: Any = TRUE
    ) -> dict[str, Any]:
        """The core with these hypotheses; ``visited`` are points that may meet them.

        ``case`` is the one that a claim is about.

        Raises:
            NotCertified: No point has been found that does.
        """
        stated = tuple([h.condition for h in hypotheses.all])
        if (stated, case) not in self._witnesses:
            point = witness(self.problem, self.introduced, stated, visited, case)
            found = as_data(point, self._inputs())
            self._witnesses[stated, case] = {self.writer.name(k): v for k, v in found.items()}
        if self._program is None:
            self._program = self._as_text()
        return {
            **self._program,
            "hypotheses": [h.data for h in hypotheses.all],
            "witness": self._witnesses[stated, case],
        }

    def _inputs(self) -> dict[str, Any]:
        known = self.theory.definitions
        return {n: s for n, s in self.problem.shapes.items() if n not in known}

    def _as_text(self) -> dict[str, Any]:
        problem, text, name = self.problem, self.writer.text, self.writer.name
        return {
            "sizes": [name(s) for s in problem.sizes],
            "functions": {name(f): n for f, n in problem.unknown.items()},
            "arrays": {name(n): list(map(text, shape)) for n, shape in self._inputs().items()},
            "labels": {name(n): text(s) for n, s in problem.labels.items()},
            "definitions": [self._definition(d) for d in _in_order(self.theory.definitions)],
        }

    def _definition(self, d: Definition) -> dict[str, Any]:
        scope = self.letters.scope(d.params)
        return {
            "name": self.writer.name(d.name),
            "letters": self.writer.sizes(scope.called[p] for p in d.params),
            "body": self.writer.text(self.letters.apart(d.body, scope)),
        }


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
