"""Judges equalities one by one: refuted where a point speaks against it, proved, or open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from derivation import kernel
from derivation.checking.domain import Domain
from derivation.checking.prover import Prover
from derivation.checking.refuter import Counterexample, Refuter
from derivation.checking.report import Line, Suggestion
from derivation.checking.slips import mends, smallest_difference
from derivation.checking.statements import Stated
from derivation.engine.proof import Proof
from derivation.errors import DerivationError
from derivation.kernel import Theorem
from derivation.language import write, write_condition
from derivation.problem import Problem
from derivation.steps import Step
from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    Term,
    delta,
    diff,
    element,
    free_indices,
    index,
    indices_of,
    mul,
    names,
    relation,
    sum_over,
)
from derivation.theory import entails

MOST_LOOKED_AT = 600_000  # operations of mended lines that are tried
MOST_GIVENS = 10  # side conditions that are tried
MOST_MENDS = 6  # that agree at the points tried, for which a proof is looked for


@dataclass(frozen=True)
class Verdict:
    """What is known of one equality."""

    verdict: str
    theorem: Theorem | None = None
    proof: Proof | None = None
    counterexample: Counterexample | None = None
    points: int = 0
    needs: tuple[Any, ...] = ()
    lemmas: tuple[Step, ...] = ()


class Judge:
    """Judges the equalities of one problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.refuter = Refuter(problem)
        self._prover: Prover | None = None
        self.goal = diff(problem.objective, *problem.wrt[0]) if problem.wrt else None

    @property
    def prover(self) -> Prover:
        if self._prover is None:
            self._prover = Prover(self.problem)
        return self._prover

    # -- one equality -----------------------------------------------------------------------

    def verdict(self, left: Term, right: Term, condition: Term = TRUE) -> Verdict:
        """Whether ``left = right`` wherever the condition holds and both sides are defined."""
        found = self.refuter.quick(left, right, condition)
        if found is not None:
            return Verdict("refuted", counterexample=found)
        needs: tuple[Any, ...] = ()
        for prover in self._provers(left, right):
            planned = prover.plan(left, right, condition)
            if planned is not None:
                needs = self._needs(planned[0], condition)
                if not needs:
                    return Verdict("proved", *planned, lemmas=prover.lemmas(planned[1]))
        found, points = self.refuter.refute(left, right, condition)
        if found is not None:
            return Verdict("refuted", counterexample=found)
        return Verdict("open", points=points, needs=needs)

    def _provers(self, left: Term, right: Term) -> Iterator[Prover]:
        """The prover, and one that assumes both sides to be defined."""
        yield self.prover
        domain = Domain(self.prover)
        domain.defined(left)
        domain.defined(right)
        assumed = domain.assumptions()
        if assumed:
            yield Prover(self.problem, assumed)

    def _needs(self, theorem: Theorem, condition: Term) -> tuple[Any, ...]:
        """Hypotheses that neither the givens, the condition nor the sides' own domain grants."""
        granted = {kernel.closed(g) for g in self.problem.givens}
        rest = [
            h
            for h in sorted(theorem.hypotheses, key=str)
            if h not in granted and not entails(condition, h)
        ]
        if not rest:
            return ()
        domain = Domain(self.prover)
        domain.defined(theorem.lhs)
        domain.defined(theorem.rhs)
        if self.problem.wrt:
            domain.smooth(self.problem.objective, self.problem.wrt[0])
        return tuple(h for h in rest if not domain.grants(h))

    # -- a whole list -----------------------------------------------------------------------

    def judge(self, stated: tuple[Stated, ...]) -> tuple[Line, ...]:
        """The lines judged in order; each one against the line before it."""
        out: list[Line] = []
        before: Any = self.goal
        start: Any = self.goal  # of the chain
        wrong_since: int | None = None
        for s in stated:
            if s.right is None:
                out.append(
                    Line(s.line, s.text, s.read_as, "unread", notes=(s.reason or "not read",))
                )
                continue
            chain = s.left is None or s.goes_on
            left = before if s.left is None else s.left
            if left is None:
                notes = ("there is no line before it, and no `wrt` says what it should equal",)
                out.append(Line(s.line, s.text, s.read_as, "unread", notes=notes))
                continue
            line = self._otherwise(s, self._line(s, left, chain))
            if s.left is not None and not s.goes_on:
                wrong_since = None  # a chain of its own begins
                start = left
            if chain:
                if line.verdict == "refuted":
                    if wrong_since is not None and self._true(start, s.right):
                        note = "does not follow from the line before, but the true value is back"
                        line = replace(line, notes=(*line.notes, note))
                        wrong_since = None
                    else:
                        line = self._explained(line)
                        wrong_since = s.line if wrong_since is None else wrong_since
                elif wrong_since is not None and line.verdict == "proved":
                    note = f"follows from the line before, but line {wrong_since} was wrong"
                    line = replace(line, notes=(*line.notes, note))
                before = s.right
            elif line.verdict == "refuted":
                line = self._explained(line)
                wrong_since = s.line
            out.append(line)
        return tuple(out)

    def _true(self, start: Term | None, right: Term) -> bool:
        """Whether a line equals what its chain began with."""
        return start is not None and self.refuter.refute(start, right)[0] is None

    def _otherwise(self, s: Stated, line: Line) -> Line:
        """Where a line reads two ways and is true in the other one, that is said."""
        if line.verdict == "proved":
            return line
        for note, read_as, left, right in s.others:
            if self.verdict(left, right, s.condition).verdict == "proved":
                said = f"as {read_as} it is proved ({note})"
                return replace(line, notes=(*line.notes, said))
        return line

    def _line(self, s: Stated, left: Any, chain: bool) -> Line:
        found = self.verdict(left, s.right, s.condition)
        line = Line(
            s.line,
            s.text,
            s.read_as,
            found.verdict,
            counterexample=found.counterexample,
            points=found.points,
            notes=s.notes,
            left=left,
            right=s.right,
            condition=s.condition,
            theorem=found.theorem,
            proof=found.proof,
            lemmas=found.lemmas,
            chain=chain,
        )
        if found.verdict == "open" and found.needs:
            shown = "; ".join(map(self._shown, found.needs))
            line = replace(line, notes=(*line.notes, f"proved only where {shown}"))
        return line

    def _shown(self, condition: Any) -> str:
        letters = self.prover.planner.narrator.letters
        return write_condition(letters.condition(condition))

    # -- what a wrong line was meant to be ------------------------------------------------------

    def _explained(self, line: Line) -> Line:
        suggestion = self._missing_given(line) or self._slip(line)
        place = suggestion.place if suggestion else None
        if place is None:
            try:
                true = self.prover.worked_out(line.left).after
                place = smallest_difference(line.right, true)
            except (DerivationError, RecursionError):
                place = None
        return replace(line, suggestion=suggestion, place=place)

    def _slip(self, line: Line) -> Suggestion | None:
        true = self.prover.versions(line.left)
        scope = free_indices(line.left) | free_indices(line.right)
        offered = looked_at = 0
        for mend in mends(line.right, true, self.problem, scope):
            looked_at += self.refuter.cost(mend.term)
            if looked_at > MOST_LOOKED_AT:
                break
            if not self.refuter.agrees(line.left, mend.term, line.condition):
                continue
            offered += 1
            if self.prover.prove(line.left, mend.term, line.condition) is not None:
                place = line.right
                for k in mend.path:
                    place = place.args[k]
                text = write(mend.term)
                if line.chain:
                    text = f"= {text}"
                else:
                    text = f"claim {write(line.left)} == {text}"
                    if line.condition != TRUE:
                        text += f" if {write_condition(line.condition)}"
                return Suggestion(text, mend.slip, place)
            if offered >= MOST_MENDS:
                break
        return None

    def _missing_given(self, line: Line) -> Suggestion | None:
        """A side condition under which the line is true."""
        for given, said in self._likely_givens(line)[:MOST_GIVENS]:
            if given in self.problem.givens:
                continue
            if self.refuter.refuted_even_if(given, line.left, line.right, line.condition):
                continue
            assumed = Judge(replace(self.problem, givens=(*self.problem.givens, given)))
            if not assumed.refuter.agrees(line.left, line.right, line.condition, 4):
                continue
            theorem = assumed.prover.prove(line.left, line.right, line.condition)
            if theorem is not None and not assumed._needs(theorem, line.condition):
                return Suggestion(f"given {write_condition(given)}", f"missing given: {said}")
        return None

    def _likely_givens(self, line: Line) -> list[tuple[Any, str]]:
        """Sums to 1, one-hot, symmetric, positive: for the inputs that the line is about."""
        out: list[tuple[Any, str]] = []
        varied = {str(v.args[0]) if v.args else str(v) for w in self.problem.wrt for v in w}
        true = self.prover.versions(line.left)[0]
        below = names(line.right) | names(true)
        inputs = [
            (n, slots)
            for n, slots in self.problem.shapes.items()
            if n in below and n not in self.problem.definitions and n not in self.problem.labels
        ]
        for name, slots in inputs:
            if not slots or name in varied:
                continue
            letters = [index(c, s) for c, s in zip("ijklmn", slots, strict=False)]
            last = letters[-1]
            e = element(name, *letters)
            out.append((relation("==", sum_over(e, last), ONE), f"{write(e)} sums to 1"))
            if len(slots) == 2 and slots[0] == slots[1]:
                turned = element(name, letters[1], letters[0])
                out.append((relation("==", e, turned), f"{name} is symmetric"))
        for name, slots in inputs:
            letters = [index(c, s) for c, s in zip("ijklmn", slots, strict=False)]
            e = element(name, *letters)
            if slots and name not in varied:
                other = index("q", slots[-1])
                both = mul(e, element(name, *letters[:-1], other))
                out.append(
                    (
                        relation("==", both, mul(delta(letters[-1], other), e)),
                        f"{name} is one-hot",
                    )
                )
            out.append((relation(">", e, ZERO), f"{write(e)} is positive"))
        return [g for g in out if len(indices_of(g[0])) < 6]
