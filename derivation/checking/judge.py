"""Judges equalities one by one: refuted where a point speaks against it, proved, or open."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from derivation import kernel
from derivation.certify import Equation, Equations, NotCertified
from derivation.checking.assumptions import likely
from derivation.checking.domain import Domain
from derivation.checking.lapses import Lapse, lapses
from derivation.checking.prover import Prover
from derivation.checking.refuter import Counterexample, Refuter
from derivation.checking.report import Line, Suggestion
from derivation.checking.slips import Mend, Mender, smallest_difference
from derivation.checking.statements import Stated
from derivation.engine.proof import Proof
from derivation.errors import CertificateRefused, DerivationError
from derivation.kernel import Theorem
from derivation.language import nodes, write, write_condition
from derivation.normal import text
from derivation.problem import Problem
from derivation.rules.calculus import SLOPES
from derivation.steps import Step
from derivation.terms import (
    TRUE,
    Add,
    Diff,
    Partial,
    Pow,
    Term,
    add,
    at,
    diff,
    free_indices,
    mul,
    name_of,
    names,
    number,
    power,
    subterms,
    value_of,
)
from derivation.theory import entails

MOST_LOOKED_AT = 600_000  # operations of mended lines that are tried
MOST_GIVENS = 10  # side conditions that are tried
MOST_MENDS = 6  # that agree at the points tried, for which a proof is looked for
DEFECT = "this is a defect of the program, please report it"


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
    refused: str = ""  # why the checker does not accept the proof that the engine has found


class Judge:
    """Judges the equalities of one problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.refuter = Refuter(problem)
        self._prover: Prover | None = None
        self._equations: Equations | None = None
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
        refused = ""
        for prover in self._provers(left, right):
            planned = prover.plan(left, right, condition)
            if planned is not None:
                refused = self._refused(prover, *planned, condition)
                needs = () if refused else self._needs(planned[0], condition)
                if not (refused or needs):
                    return Verdict("proved", *planned, lemmas=prover.lemmas(planned[1]))
        found, points = self.refuter.refute(left, right, condition)
        if found is not None:
            return Verdict("refuted", counterexample=found)
        return Verdict("open", points=points, needs=needs, refused=refused)

    def proves(self, left: Term, right: Term, condition: Term = TRUE) -> Theorem | None:
        """``left = right`` by a proof that the checker has accepted, or None."""
        planned = self.prover.plan(left, right, condition)
        if planned is None or self._refused(self.prover, *planned, condition):
            return None
        return planned[0]

    def _refused(self, prover: Prover, theorem: Theorem, proof: Proof, condition: Term) -> str:
        """Why the checker does not accept what the engine has proved; "" if it does."""
        if self._equations is None:
            self._equations = Equations(self.problem, self.refuter.settings())
        try:
            self._equations.prove(self._equation(prover, theorem, proof, condition))
        except NotCertified as error:
            return str(error)
        except CertificateRefused as error:
            return f"the checker refuses the proof: {error}; {DEFECT}"
        except (DerivationError, RecursionError) as error:
            said = str(error) if isinstance(error, DerivationError) else "nested too deep"
            return f"no certificate can be written: {said}; {DEFECT}"
        return ""

    def _equation(
        self, prover: Prover, theorem: Theorem, proof: Proof, condition: Term
    ) -> Equation:
        """What the checker is asked: the two sides, and all that the proof rests on."""
        shown = prover.planner.narrator.letters.condition
        givens = {kernel.closed(g): g for g in self.problem.givens}
        rest = [
            shown(h, (theorem.lhs, theorem.rhs))
            for h in sorted(theorem.hypotheses, key=text)
            if h not in givens and not entails(condition, h)
        ]
        given = tuple([g for h, g in givens.items() if h in theorem.hypotheses])
        steps = prover.steps(proof)
        return Equation(proof.before, proof.after, condition, steps, given, tuple(rest))

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
            for h in sorted(theorem.hypotheses, key=text)
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
        before: Any = None
        start: Any = None  # of the chain
        asked: Any = None  # the gradients that the chain is about
        wrong_since: int | None = None
        for s in stated:
            if s.left is None and s.right is not None and asked != s.asked:
                asked, wrong_since = s.asked, None  # the first line, or the first after a `wrt`
                before = start = self._goal(s)
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

    def _goal(self, s: Stated) -> Term | None:
        """The derivative that a first line is about: the first one asked for that it may equal."""
        goals = [diff(self.problem.objective, *v) for v in s.asked or self.problem.wrt]
        if len(goals) > 1:
            for goal in goals:
                if self.refuter.quick(goal, s.right) is None:
                    return goal
        return goals[0] if goals else None

    def _true(self, start: Term | None, right: Term) -> bool:
        """Whether a line equals what its chain began with."""
        return start is not None and self.refuter.refute(start, right)[0] is None

    def _otherwise(self, s: Stated, line: Line) -> Line:
        """Where a line reads two ways and is true in the other one, that is said."""
        if line.verdict == "proved":
            return line
        for note, read_as, left, right in s.others:
            found = self.verdict(left, right, s.condition)
            if found.verdict == "proved":
                said = f"reads two ways: read {note}; as {line.read_as} it is {line.verdict}"
                return replace(
                    line, verdict="proved", read_as=read_as, counterexample=None, points=0,
                    notes=(*line.notes, said), left=left, right=right, theorem=found.theorem,
                    proof=found.proof, lemmas=found.lemmas,
                )  # fmt: skip
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
        if found.verdict == "open" and found.refused:
            line = replace(line, notes=(*line.notes, found.refused))
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
        """What the line was probably meant to be, proved.

        First small changes of it. Then the rule that was misapplied, if one rule misapplied in
        differentiating gives just what was written; it names the slip, and the line is mended by
        the factor that it lacks, or is what the derivative comes to.
        """
        true = self.prover.versions(line.left)
        scope = free_indices(line.left) | free_indices(line.right)
        mender = Mender(line.right, true, self.problem, scope)
        search = _Search(self, line)
        found = search.first(mender.edits())
        if found is not None:
            return self._suggestion(line, found)
        lapse = self._lapse(line)
        if lapse is None:
            found = search.first(itertools.chain(mender.sums(), mender.insertions()))
            return None if found is None else self._suggestion(line, found)
        ways = mender.with_factors(self._forgotten(lapse, line.left), lapse.slip)
        if lapse.term is not None:
            ways = itertools.chain(ways, self._with_term(lapse, line))
        for some in (ways, self._results(line.left, true, lapse.slip)):
            found = _Search(self, line).first(some)
            if found is not None:
                return self._suggestion(line, replace(found, slip=lapse.slip))
        return None

    def _with_term(self, lapse: Lapse, line: Line) -> Iterator[Mend]:
        """The line with the derivative of one term added."""
        for v in _variables(line.left):
            with suppress(DerivationError, RecursionError):
                worked = self._simple(diff(lapse.term, v))
                terms = line.right.args if isinstance(line.right, Add) else (line.right,)
                yield Mend(add(*terms, worked), (), lapse.slip)

    def _lapse(self, line: Line) -> Lapse | None:
        """The one rule misapplied that makes of the left side what was written."""
        spent, cost = 0, self.refuter.cost(line.left)
        for lapse in lapses(self.problem, line.left):
            spent += cost
            if spent > MOST_LOOKED_AT:
                return None
            if self.refuter.yields(lapse.left, lapse.definitions, line.right, line.condition):
                return lapse
        return None

    def _forgotten(self, lapse: Lapse, left: Any) -> list[Any]:
        """The factor that a lapse leaves out, in the problem's names."""
        out = [] if lapse.factor is None else [lapse.factor]
        wanted = []
        if lapse.outer is not None:
            slope = _slope(lapse.outer)
            if slope is not None:
                wanted.append(slope)
        if lapse.inner is not None:
            wanted += [diff(lapse.inner, v) for v in _variables(left)]
        for t in wanted:
            with suppress(DerivationError, RecursionError):
                worked = self._simple(t)
                own = frozenset({name_of(self.problem.objective)})
                short = self.prover.planner.shortener.shorten(worked, own).after
                named = names(short) - names(worked)
                out += [short, worked] if named else [worked, short]
        return out

    def _results(self, left: Any, true: Sequence[Any], slip: str) -> Iterator[Mend]:
        """What the left side comes to, the shortest form first."""
        found: dict[Any, None] = {}
        for t in true:
            if t != left:
                found[t] = None
                with suppress(DerivationError, RecursionError):
                    simple = self._simple(t)
                    found[simple] = None
                    found[self.prover.planner.shortener.shorten(simple).after] = None
        for t in sorted(found, key=nodes):
            if not any(isinstance(s, (Diff, Partial)) for s in subterms(t)):
                yield Mend(t, (), slip)

    def _simple(self, t: Any) -> Any:
        """The term with its derivatives worked out, simplified."""
        worked = self.prover.worked_out(t).after
        return self.prover.planner.simplifier.simplify(worked).after

    def _suggestion(self, line: Line, mend: Mend) -> Suggestion:
        place = at(line.right, mend.path)
        text = write(mend.term)
        if line.chain:
            text = f"= {text}"
        else:
            text = f"claim {write(line.left)} == {text}"
            if line.condition != TRUE:
                text += f" if {write_condition(line.condition)}"
        return Suggestion(text, mend.slip, place, mend.term)

    def _missing_given(self, line: Line) -> Suggestion | None:
        """A side condition under which the line is true."""
        true = self.prover.versions(line.left)[0]
        below = names(line.right) | names(true)
        for a in itertools.islice(likely(self.problem, below), MOST_GIVENS):
            given = a.given
            if given in self.problem.givens:
                continue
            if not self.refuter.agrees_with(a, line.left, line.right, line.condition):
                continue
            assumed = Judge(replace(self.problem, givens=(*self.problem.givens, given)))
            if not assumed.refuter.agrees(line.left, line.right, line.condition, 4):
                continue
            theorem = assumed.proves(line.left, line.right, line.condition)
            if theorem is not None and not assumed._needs(theorem, line.condition):
                return Suggestion(f"given {write_condition(given)}", f"missing given: {a.said}")
        return None


class _Search:
    """Looks through ways to mend a line for one that is proved, within bounds."""

    def __init__(self, judge: Judge, line: Line) -> None:
        self.judge, self.line = judge, line
        self.looked_at = self.offered = 0

    def first(self, mends: Iterable[Mend]) -> Mend | None:
        line, judge = self.line, self.judge
        for mend in mends:
            if self.looked_at > MOST_LOOKED_AT or self.offered >= MOST_MENDS:
                return None
            self.looked_at += judge.refuter.cost(mend.term)
            if not judge.refuter.agrees(line.left, mend.term, line.condition):
                continue
            self.offered += 1
            if judge.proves(line.left, mend.term, line.condition) is not None:
                return mend
        return None


def _variables(t: Any) -> list[Any]:
    """What is differentiated by."""
    found = {v for s in subterms(t) if isinstance(s, (Diff, Partial)) for v in s.args[1:]}
    return sorted(found, key=str)


def _slope(value: Any) -> Any:
    """The derivative of a function at its argument, as a term; None where it has no name."""
    if isinstance(value, Pow):
        base, e = value.args
        return mul(e, power(base, number(value_of(e) - 1)))
    slope = SLOPES.get(type(value))
    return None if slope is None else slope(*value.args)
