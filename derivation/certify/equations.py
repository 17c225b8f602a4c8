"""Certificates of single equations: the lines of a person's derivation, and claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from derivation.certify.checked import accept
from derivation.certify.core import Core
from derivation.certify.hypotheses import Hypotheses, held, of_sizes
from derivation.certify.steps import Steps
from derivation.certify.witness import NotCertified
from derivation.checker import SCHEMA
from derivation.oracle.points import Setting
from derivation.problem import Definition, Problem
from derivation.steps import Step
from derivation.terms import TRUE, Term, all_of, conjuncts, free_indices


@dataclass(frozen=True)
class Equation:
    """An equation with what proves it.

    Attributes:
        left, right: Its sides.
        condition: Where it is said to hold; about its own letters.
        steps: The lemmas that the proof cites, and the chain from the left side to the right one.
        given: The givens of the problem that it rests on.
        conditions: What else it rests on; free indices mean "every".
    """

    left: Term
    right: Term
    condition: Term
    steps: tuple[Step, ...]
    given: tuple[Term, ...] = ()
    conditions: tuple[Term, ...] = ()

    @property
    def letters(self) -> frozenset[Any]:
        """The free letters of the equation."""
        sides = (self.left, self.right, self.condition)
        return frozenset().union(*map(free_indices, sides))

    def pointwise(self) -> Equation:
        """The same, what it asks of its own letters being asked of their values alone.

        ``1/(x[i] - x[k])`` asks for x[i] != x[k], which for every i and k no point meets.
        """
        own = [c for c in self.conditions if frozenset() != free_indices(c) <= self.letters]
        cases = [part for c in own for part in held(c)]
        rest = tuple([c for c in self.conditions if c not in own])
        return replace(self, condition=all_of(self.condition, *cases), conditions=rest)


class Equations:
    """Writes the certificates of equations of one problem.

    Args:
        problem: What the names mean.
        visited: Points that meet its givens, one of which may serve as witness.
        introduced: Definitions that a derivation has brought in.
    """

    def __init__(
        self,
        problem: Problem,
        visited: Sequence[Setting] = (),
        introduced: Sequence[Definition] = (),
    ) -> None:
        self._problem, self._visited = problem, visited
        self._core = Core(problem, introduced)

    def prove(self, equation: Equation) -> dict[str, Any]:
        """The certificate of the equation, which the checker has accepted.

        Raises:
            NotCertified: No certificate says it, for instance where no point meets what it assumes.
            CertificateRefused: The checker does not accept it.
        """
        try:
            data = self.certificate(equation)
        except NotCertified:
            other = equation.pointwise()
            if other == equation:
                raise
            data = self.certificate(other)
        accept(data)
        return data

    def certificate(self, equation: Equation) -> dict[str, Any]:
        """The certificate, not checked yet.

        Raises:
            NotCertified: As for ``prove``.
        """
        core, letters, text = self._core, self._core.letters, self._core.writer.text
        hypotheses = Hypotheses(letters, core.writer)
        steps = Steps(core.theory, letters, core.writer, hypotheses)
        left, right, condition = equation.left, equation.right, equation.condition
        of_size, asked = of_sizes(self._problem, (left, right, condition))
        given = [g for g in self._problem.givens if g in equation.given or g in of_size]
        stated = [_stated(hypotheses, c) for c in (given, (*asked, *equation.conditions))]
        scope = letters.scope(sorted(equation.letters, key=lambda i: (i.name, str(i.size))))
        cases = () if condition == TRUE else conjuncts(condition)
        return {
            "schema": SCHEMA,
            "status": "derived",
            "problem": {"name": None, "title": "an equation", "program": self._problem.text},
            "left": text(letters.apart(left, scope)),
            "assumes": [text(letters.apart(c, scope)) for c in cases],
            "result": text(letters.apart(right, scope)),
            "letters": core.writer.sizes(scope.called.values()),
            "given": stated[0],
            "conditions": stated[1],
            "domain": [],
            "core": core.data(hypotheses, self._visited, condition),
            "steps": steps.brief(equation.steps, left, scope),
        }


def _stated(hypotheses: Hypotheses, conditions: Sequence[Any]) -> list[str]:
    return list(dict.fromkeys(t for c in conditions for t in hypotheses.add(c)))
