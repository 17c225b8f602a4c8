"""Plans a derivation as a person would: lemmas, chain rule, factors, put together, collect."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from derivation import kernel
from derivation.engine.arithmetic import tidy
from derivation.engine.cases import CaseSplitter
from derivation.engine.cost import cost
from derivation.engine.differentiate import Differentiator, has_derivative
from derivation.engine.facts import find_facts
from derivation.engine.known import Instance, Theorem, recognised
from derivation.engine.letters import core
from derivation.engine.narrate import Lemma, Narrator
from derivation.engine.opened import opened_names
from derivation.engine.present import presented
from derivation.engine.proof import Chain, Move, Proof, Replayer, join, labelled
from derivation.engine.rewrites import occurrences
from derivation.engine.shorten import Shortener
from derivation.engine.simplify import Simplifier, factors_of
from derivation.engine.stages import alike
from derivation.engine.stages import stages as told
from derivation.engine.vacuous import refuse_vacuous
from derivation.errors import KernelError, NotDerived, RuleRefused
from derivation.normal import text
from derivation.problem import Definition, Problem
from derivation.rules import REGISTRY
from derivation.rules.calculus import through_which
from derivation.steps import Outcome
from derivation.terms import (
    TRUE,
    ZERO,
    Add,
    AnyOf,
    Condition,
    Diff,
    Every,
    IfElse,
    Partial,
    Relation,
    SumOver,
    Term,
    add,
    at,
    diff,
    element,
    free_indices,
    fresh_index,
    index,
    index_names,
    indices_of,
    is_about_values,
    is_element,
    is_leaf,
    name_of,
    names,
    partial,
)
from derivation.theory import Theory

LONG_ADJOINT = 40  # nodes; a longer one gets a name where naming pays
TOO_LONG = 80
DEEP = 12  # definitions; from here on adjoints are named before a long search


class TooLong(Exception):
    """An adjoint has become so long that it must be named."""


@dataclass
class Planner:
    """One derivation: an objective, the variables, a style.

    ``forward``: total derivatives from the definitions up, where that is taught. ``careful``:
    nothing is folded or looked for before a second derivative.
    """

    problem: Problem
    style: str = "delta"
    inline: bool = False
    naming: bool = False
    known: Callable[[], Sequence[Theorem]] = tuple
    forward: bool = False
    careful: bool = False
    theory: Theory = field(init=False)

    def __post_init__(self) -> None:
        self.theory = Theory(self.problem)
        for wrt in self.problem.wrt:
            with suppress(KernelError):  # where it cannot be told, deriving it says why
                self._assume_domain(self.problem.objective, wrt)
        self.simplifier = Simplifier(self.theory)
        self.shortener = Shortener(self.theory, self.simplifier, max(1, len(self.problem.wrt)))
        self.replayer = Replayer(self.theory)
        self.narrator = Narrator(self.theory, self.replayer)
        self.differentiator = Differentiator(self.theory, self.simplifier, self._cite)
        self.lemmas: dict[Any, Lemma] = {}
        self.introduced: list[Definition] = []
        self._facts_known = False
        self.opened: frozenset[str] = frozenset()

    # -- what a user asks for ---------------------------------------------------------------

    def derive(self, objective: Term, wrt: tuple[Term, ...]) -> Outcome:
        """The outcome; a failure to derive is an outcome too, with the steps so far."""
        self.narrator.start()
        result: Any = None
        reason: str | None = None
        theorem: kernel.Theorem | None = None
        try:
            self.narrator.domain = self._domain(objective, wrt)
            if len(wrt) == 2:  # a second derivative by a name cuts its definition
                self.shortener.forget({name_of(v) for v in wrt}, self.careful)
            if not self.careful:
                self.find_facts()
            if not self.theory.defined(objective):
                raise NotDerived(f"{objective} is not defined")
            theorem = self._first(objective, wrt[0])
            if len(wrt) == 2:
                theorem = self._second(theorem, objective, wrt)
            refuse_vacuous(theorem, self.problem, self.introduced, self.narrator.letters.condition)
            stray = free_indices(theorem.rhs) - free_indices(theorem.lhs)
            if stray:
                raise NotDerived(f"the result would depend on {', '.join(map(str, stray))}")
            result = self.narrator.letters.friendly(theorem.rhs)
        except (RuleRefused, KernelError, NotDerived) as stopped:
            reason = str(stopped) or type(stopped).__name__
        except RecursionError:
            reason = "the expression is nested too deeply"
        conditions, domain, given = self._assumed(theorem)
        shared = self.narrator.shared()
        return Outcome(
            problem=self.problem,
            objective=objective,
            wrt=wrt,
            style=self.style,
            result=result,
            reason=reason,
            introduced=self._used_names(result),
            given=given,
            conditions=conditions,
            domain=domain,
            assumed=tuple(map(self.narrator.letters.condition, self.theory.assumed())),
            facts=tuple(self.narrator.facts),
            steps=(*shared, *self.narrator.steps),
            shared=frozenset(s.number for s in shared),
        )

    def _used_names(self, result: Any) -> tuple[Definition, ...]:
        """The introduced names that the derivation mentions, directly or through each other."""
        if not self.introduced:
            return ()
        told = [*self.narrator.steps, *self.narrator.facts]
        wanted = set(names(result)) if result is not None else set()
        while told:
            step = told.pop()
            wanted |= names(step.before) | names(step.after)
            told.extend(step.substeps)
        out = []
        for d in reversed(self.introduced):
            if d.name in wanted:
                wanted |= names(d.body)
                out.append(d)
        return tuple(reversed(out))

    def _assumed(
        self, theorem: kernel.Theorem | None
    ) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
        if theorem is None:
            return (), (), ()
        givens = {kernel.closed(g): g for g in self.problem.givens}
        used = tuple(g for c, g in givens.items() if c in theorem.hypotheses)
        rest = [h for h in theorem.hypotheses if h not in givens]
        bodies = self.narrator.domain
        friendly = self.narrator.letters.condition
        domain = {friendly(h): None for h in sorted(rest, key=text) if core(h) in bodies}
        conditions = {friendly(h): None for h in sorted(rest, key=text) if core(h) not in bodies}
        return tuple(conditions), tuple(domain), used

    def _domain(self, objective: Term, wrt: tuple[Term, ...]) -> frozenset[Any]:
        """Conditions that hold wherever the objective is defined (not those at its kinks)."""
        smooth = [c for v in wrt for c in self.theory.smooth(objective, name_of(v))]
        return frozenset(map(core, smooth)) - frozenset(map(core, self.theory.kinks))

    def _assume_domain(self, objective: Term, wrt: tuple[Term, ...]) -> None:
        """Where the objective is differentiable may be assumed; it shows as a condition if used."""
        for v in wrt:
            for c in sorted(self.theory.smooth(objective, name_of(v)), key=text):
                c = _unguarded(c)
                if c is not None and not self.theory.decide(c)[0]:
                    self.theory.assume(c)

    def find_facts(self) -> None:
        """Facts about the definitions, looked for once."""
        if not self._facts_known:
            self._facts_known = True
            find_facts(self)

    # -- first derivative -------------------------------------------------------------------

    def _first(self, objective: Any, v: Any) -> kernel.Theorem:
        start = diff(objective, v)
        name = name_of(v)
        if not self.theory.depends(objective, name):
            step = Chain(start).rule("d-constant", ZERO).proof()
            return self.narrator.chain_step("constant", step, objective=objective, by=v)
        opened = opened_names(self.theory, objective, name)
        if opened:
            return self._opened(objective, v, opened)
        between = self._between(objective, v)
        direct = self.theory.mentions(self.theory.definitions[name_of(objective)].body, name)
        if not between:
            return self._direct(objective, v)
        last = self._gathers(objective, v) if self.forward else None
        if last is not None:
            return self._forward(objective, v, last)
        if not all(through_which(self.theory, objective, self._generic(n, set())) for n in between):
            self._announce_functions(objective)
        for n in between:
            self._local(n, v)
        chain = self._chain_rule(start)
        after = chain.term
        theorem = self.narrator.chain_step("chain-rule", chain.proof(), by=v, through=between)
        if direct:
            self._own(objective, v)
        for n in between:
            self._adjoint(objective, n)
        return self._put_together(theorem, after)

    def _between(self, objective: Any, v: Any) -> list[str]:
        """The names through which an objective sees v, from below."""
        found = through_which(self.theory, objective, v)
        if len(found) < 2:
            return found
        order = [d.name for d in (*self.shortener.from_below, *self.introduced)]
        return sorted(found, key=order.index)

    def _chain_rule(self, start: Any) -> Chain:
        """The chain rule, its terms in the order of ``_between``."""
        after, _ = REGISTRY["chain-rule"].rewrite(self.theory, start, {})  # type: ignore[misc]
        chain = Chain(start).rule("chain-rule", after)
        if isinstance(after, Add):
            as_defined = through_which(self.theory, *start.args)
            own = len(after.args) - len(as_defined)
            terms = dict(zip(as_defined, after.args[own:], strict=True))
            chain.algebra(add(*after.args[:own], *map(terms.get, self._between(*start.args))))
        return chain

    def _direct(self, objective: Any, v: Any) -> kernel.Theorem:
        """No name between: the definition itself is differentiated."""
        start = diff(objective, v)
        chain = Chain(start).rule("chain-rule", partial(objective, v))
        chain.rule("partial-definition", partial(self.theory.unfold(objective), v))
        theorem = self.narrator.chain_step("definition", chain.proof(), objective=objective, by=v)
        work = self.differentiator.work_out(chain.term)
        return self._finish(theorem, work)

    def _gathers(self, objective: Any, v: Any) -> str | None:
        """The one name that the objective sees, if v enters what it rests on in several places.

        So it is with a normalised array, which depends on each entry also through mean and
        variance: then its whole derivative is worth a lemma, rather than the adjoint of each part.
        """
        body, name = self.theory.definitions[name_of(objective)].body, name_of(v)
        seen = [
            n
            for n in self.theory.definitions
            if n not in (name, name_of(objective))
            and self.theory.mentions(body, n)
            and self.theory.depends(self._generic(n, set()), name)
        ]
        between = self._between(objective, v)
        nested = any(
            self.theory.depends(self._generic(a, set()), b)
            for a, b in itertools.permutations(between, 2)
        )
        if len(seen) != 1 or not nested or self.theory.mentions(body, name):
            return None
        return seen[0]

    def gathers(self) -> bool:
        """Whether going forward is an alternative for one of the gradients."""
        return any(
            len(wrt) == 1 and self._gathers(self.problem.objective, wrt[0]) is not None
            for wrt in self.problem.wrt
            if self.theory.defined(self.problem.objective)
        )

    def _forward(self, objective: Any, v: Any, last: str) -> kernel.Theorem:
        """Total derivatives from the definitions up, then the objective by the last of them."""
        m = self._generic(last, index_names(objective))
        by = self._generic_variable(v, set(index_names(m)))
        self._announce_functions(objective)
        self._cite(diff(m, by))  # the lemmas come before the line that uses them
        start = diff(objective, v)
        body = self.theory.unfold(objective)
        chain = Chain(start).splice(Move("definition", objective, body), (0,))
        later = Differentiator(self.theory, self.simplifier, lambda t: None)
        chain.splice(later.work_out(chain.term))
        chain.splice(self._tidy_everywhere(chain.term))
        theorem = self.narrator.chain_step("chain-rule", chain.proof(), by=v, through=[last])
        put = self.differentiator.work_out(theorem.rhs)
        theorem = self.narrator.continue_chain(theorem, "put-together", put)
        return self._finish(theorem)

    def _opened(self, objective: Any, v: Any, names_: frozenset[str]) -> kernel.Theorem:
        """Names whose cases are compared with each other are put in, then all is differentiated:
        what is one function in some case would count as a tie of two while they are names."""
        before = self.forward, self.opened
        self.forward, self.opened = True, names_
        try:
            chain = Chain(diff(objective, v))
            chain.splice(Move("definition", objective, self.theory.unfold(objective)), (0,))
            self._open(chain)
            theorem = self.narrator.chain_step(
                "definition", chain.proof(), objective=objective, by=v
            )
            work = self.differentiator.work_out(chain.term)
            return self._finish(theorem, work)
        finally:
            self.forward, self.opened = before

    def _open(self, chain: Chain) -> None:
        """Puts in the definitions of the names to be opened, as long as there are any."""
        path = _place_of(chain.term.args[0], self.opened)
        while path is not None:
            sub = at(chain.term, (0, *path))
            chain.splice(Move("definition", sub, self.theory.unfold(sub)), (0, *path))
            path = _place_of(chain.term.args[0], self.opened)

    def _finish(self, theorem: kernel.Theorem, work: Proof | None = None) -> kernel.Theorem:
        """From a worked-out expression to the shortest form, each stretch a step."""
        if work is not None and work.before != work.after:
            settled = join(work, self._tidy_everywhere(work.after))
            theorem = self.narrator.continue_chain(theorem, "rules", settled)
        first = self.simplifier.simplify(theorem.rhs)
        best = join(labelled(first, "contract"), self.shortener.shorten(first.after))
        if self.style == "cases" and indices_of(theorem.lhs.args[0]):
            found = CaseSplitter(self.simplifier).two_cases(best.after)
            if found is not None:
                best = join(best, found[0])
        shown = presented(best.after)
        if alike(theorem.rhs, shown):
            return theorem
        pieces = told(best)
        last = Chain(best.after).algebra(shown).proof() if shown != best.after else None
        for k, piece in enumerate(pieces):
            if k == len(pieces) - 1 and last is not None:
                piece, last = (
                    Proof(piece.before, last.after, (((), piece), ((), last)), piece.label),
                    None,
                )
            theorem = self.narrator.continue_chain(theorem, piece.label or "contract", piece)
        if last is not None:
            theorem = self.narrator.continue_chain(theorem, "order", last)
        return theorem

    def _tidy_everywhere(self, t: Term) -> Proof:
        """Arithmetic that a reader does without thinking; no sum is touched."""
        chain = Chain(t)
        self._tidy_at(chain, ())
        return chain.proof()

    def _tidy_at(self, chain: Chain, path: tuple[int, ...]) -> None:
        t = at(chain.term, path)
        if is_leaf(t) or isinstance(t, (Diff, Partial)):
            return
        for k, a in enumerate(t.args):
            if (hasattr(t, "guard") and k > 0) or not hasattr(a, "is_commutative"):
                continue
            self._tidy_at(chain, (*path, k))
        t = at(chain.term, path)
        tidied = tidy(t)
        if tidied != t:
            chain.algebra(tidied, path)

    def _put_together(self, theorem: kernel.Theorem, expression: Any) -> kernel.Theorem:
        """The lemmas put into the chain rule, then shortened."""
        put = self._put_in(expression, cases=False)
        if put.changes:
            theorem = self.narrator.continue_chain(theorem, "put-together", put)
        if not has_derivative(theorem.rhs):
            return self._finish(theorem)
        put = self._put_in(theorem.rhs, cases=True)
        splitter = CaseSplitter(self.simplifier)
        split = join(put, splitter.split(put.after))
        theorem = self.narrator.continue_chain(theorem, "split-cases", split)
        for label, work in (("distribute", splitter.distribute), ("merge", splitter.merge)):
            theorem = self.narrator.continue_chain(theorem, label, work(theorem.rhs))
        return self._finish(theorem)

    def _put_in(self, t: Any, cases: bool) -> Proof:
        """The lemmas cited for the derivatives in t; those by cases only if asked for."""
        chain = Chain(t)
        self._cite_guarded(chain)
        for path, sub in list(occurrences(chain.term)):
            if isinstance(sub, (Diff, Partial)):
                lemma = self._lemma_of(sub)
                late = self.style == "cases" and isinstance(lemma.theorem.rhs, IfElse)
                if cases or not (late and _summed(t, path)):
                    chain.splice(_cite(lemma, sub), path)
        return chain.proof()

    def _cite_guarded(self, chain: Chain) -> None:
        """Where a total derivative is 0 outside a condition, the sum is restricted to it first.

        A local derivative may exist only there (1/|x_i - x_j| needs i != j).
        """
        found = False
        for path, sub in list(occurrences(chain.term)):
            if isinstance(sub, Diff) and self.theory.defined(sub.args[0]):
                lemma = self._lemma_of(sub)
                rhs = lemma.theorem.rhs
                if isinstance(rhs, IfElse) and ZERO in rhs.args[1:]:
                    chain.splice(_cite(lemma, sub), path)
                    found = True
        if found:
            chain.splice(self.simplifier.simplify(chain.term))

    # -- lemmas -----------------------------------------------------------------------------

    def _lemma_of(self, t: Any) -> Lemma:
        body, v = t.args
        if isinstance(t, Partial):
            if (
                name_of(body) in self.theory.definitions
                and ("own", name_of(body), name_of(v)) in self.lemmas
            ):
                return self.lemmas["own", name_of(body), name_of(v)]
            return self._local(name_of(body), v)
        return self._adjoint(body, name_of(v))

    def _generic(self, name: str, taken: frozenset[str] | set[str]) -> Any:
        """name[…] with letters that are free to use."""
        if name in self.theory.definitions:
            slots = list(self.theory.definitions[name].params)
        else:
            slots = [index("i", s) for s in self.problem.shapes[name]]
        used = set(taken)
        out = []
        for p in slots:
            letter = fresh_index(p, used)
            used.add(letter.name)
            out.append(letter)
        return element(name, *out)

    def _generic_variable(self, v: Any, taken: set[str]) -> Any:
        """The variable with its own letters where they are free, else fresh ones."""
        used = set(taken)
        out = []
        for i, s in zip(indices_of(v), self._slots(name_of(v)), strict=True):
            want = i if hasattr(i, "size") else index("j", s)
            letter = fresh_index(want, used)
            used.add(letter.name)
            out.append(letter)
        return element(name_of(v), *out)

    def _slots(self, name: str) -> tuple[Any, ...]:
        if name in self.theory.definitions:
            return tuple(p.size for p in self.theory.definitions[name].params)
        return tuple(self.problem.shapes.get(name, ()))

    def _local(self, name: str, v: Any) -> Lemma:
        """partial(name[…], v[…]) for all indices."""
        where = ("local", name, name_of(v))
        if where in self.lemmas:
            return self.lemmas[where]
        m = self._generic(name, frozenset())
        by = self._generic_variable(v, set(index_names(m)))
        start = partial(m, by)
        body = self.theory.unfold(m)
        lemma = self._prove_lemma("local", start, body, m, by)
        self.lemmas[where] = lemma
        return lemma

    def _own(self, objective: Any, v: Any) -> Lemma:
        """partial(objective, v): what v does to the objective directly."""
        where = ("own", name_of(objective), name_of(v))
        if where in self.lemmas:
            return self.lemmas[where]
        start = partial(objective, v)
        lemma = self._prove_lemma("own", start, self.theory.unfold(objective), objective, v)
        self.lemmas[where] = lemma
        return lemma

    def _prove_lemma(self, kind: str, start: Any, body: Any, m: Any, by: Any) -> Lemma:
        if self.theory.defined(body) or (is_element(body) and name_of(body) != name_of(by)):
            after, _ = REGISTRY["partial-definition"].rewrite(self.theory, start, {})  # type: ignore[misc]
            unfold = Chain(start).rule("partial-definition", after)
        else:
            unfold = Chain(start).rule("partial-definition", partial(body, by))
        work = self.differentiator.work_out(unfold.term)
        unfolded = join(unfold.proof(), work)
        final = self._shortest(unfolded.after)
        stages = [labelled(unfolded, "rules"), *told(final)]
        if self.style == "cases":
            found = CaseSplitter(self.simplifier).two_cases(stages[-1].after)
            if found is not None:
                stages.extend(told(found[0]))
        theorem, number = self.narrator.lemma(kind, start, stages, of=m, by=by)
        return Lemma(number, theorem)

    def _shortest(self, t: Term) -> Proof:
        first = self.shortener.shorten(t)
        shown = presented(first.after)
        if shown != first.after:
            first = join(first, labelled(Chain(first.after).algebra(shown).proof(), "order"))
        return first

    def _adjoint(self, objective: Any, name: str) -> Lemma:
        """diff(objective, name[…]) for all indices: reverse through the definitions."""
        where = ("adjoint", objective, name)
        if where in self.lemmas:
            return self.lemmas[where]
        m = self._generic(name, index_names(objective))
        start = diff(objective, m)
        between = self._between(objective, m)
        begun = bool(between) and self.narrator.begin()
        for n in between:
            self._local(n, m)
            self._adjoint(objective, n)
        chain = self._chain_rule(start)
        stages = []
        if not between:
            chain.rule("partial-definition", partial(self.theory.unfold(objective), m))
            chain.splice(self.differentiator.work_out(chain.term))
            stages.append(labelled(chain.proof(), "rules"))
        else:
            stages.append(labelled(chain.proof(), "chain-rule"))
            stages.append(labelled(self._substituted(chain.term, objective), "put-together"))
        deep = len(self.problem.definitions) > DEEP and not (self.naming or self.inline)
        if deep and cost(stages[-1].after) > TOO_LONG:
            raise TooLong  # the search for a shorter form would outlast all the rest
        final = self._shortest(stages[-1].after)
        stages.extend(told(final))
        stages.extend(self._named(stages[-1].after, m, objective))
        instance = self._recognised(objective, between, m, final.after)
        theorem, number = self.narrator.lemma(
            "adjoint", start, stages, of=objective, by=m, begun=begun, instance=instance
        )
        lemma = Lemma(number, theorem)
        self.lemmas[where] = lemma
        return lemma

    def adjoint(self, name: str) -> Any:
        """diff(objective, name[…]) in the letters of the name's definition."""
        return self._adjoint(self.problem.objective, name).theorem.rhs

    def _recognised(
        self, objective: Any, between: Sequence[str], variable: Any, result: Any
    ) -> Instance | None:
        """The library theorem that a lemma is an instance of, where there is one."""
        if len(between) != 1 or between[0] not in self.theory.definitions:
            return None
        if not any(isinstance(f, Add) for f in factors_of(result)):
            return None  # theorems are told as differences, such as p - y
        by_between = self.lemmas["adjoint", objective, between[0]].theorem
        for theorem in self.known():
            if theorem.problem.name == self.problem.name:
                continue
            found = recognised(
                theorem,
                self.theory.definitions[between[0]],
                variable,
                (by_between.lhs.args[1], by_between.rhs),
                result,
                lambda t: self.shortener.shorten(t).after,
            )
            if found is not None:
                return found
        return None

    def _substituted(self, t: Any, objective: Any) -> Proof:
        """Lemmas put in, the objective's own part worked out, sums split by the lemmas' cases."""
        chain = Chain(t)
        self._cite_guarded(chain)
        for path, sub in list(occurrences(chain.term)):
            if isinstance(sub, Partial) and sub.args[0] == objective:
                unfolded = partial(self.theory.unfold(objective), sub.args[1])
                inner = Chain(sub).rule("partial-definition", unfolded)
                inner.splice(self.differentiator.work_out(inner.term))
                chain.splice(inner.proof(), path)
            elif isinstance(sub, (Diff, Partial)):
                lemma = self._lemma_of(sub)
                chain.splice(_cite(lemma, sub), path)
        if self.style == "cases":
            splitter = CaseSplitter(self.simplifier)
            for work in (splitter.split, splitter.distribute, splitter.merge):
                chain.splice(work(chain.term))
        return chain.proof()

    def _named(self, result: Any, m: Any, objective: Any) -> list[Proof]:
        """A name for an adjoint so long that whatever uses it would be hard to read."""
        if cost(result) < LONG_ADJOINT:
            return []
        if not self.naming:
            if self.inline or cost(result) < TOO_LONG:
                return []
            raise TooLong
        params = tuple(
            i for i in (*indices_of(objective), *indices_of(m)) if i in free_indices(result)
        )
        taken = self.theory.names_in_use()
        name = next(
            c
            for c in (
                f"g_{name_of(m)}" if k == 1 else f"g{k}_{name_of(m)}" for k in itertools.count(1)
            )
            if c not in taken
        )
        definition = Definition(name, params, result)
        self.theory.define(definition)
        self.introduced.append(definition)
        move = Move("definition", result, definition.head, direction="rl")
        return [Proof(result, definition.head, (((), move),), "name")]

    def _announce_functions(self, objective: Any) -> None:
        """d log x = 1/x and its like, where the objective itself uses them."""
        self.narrator.function_lemmas(self.theory.unfold(objective))

    # -- second derivative ------------------------------------------------------------------

    def _second(
        self, first: kernel.Theorem, objective: Any, wrt: tuple[Term, ...]
    ) -> kernel.Theorem:
        start = diff(objective, *wrt)
        chain = Chain(start).rule("iterated-derivative", diff(diff(objective, wrt[0]), wrt[1]))
        number, moved = self.narrator.as_lemma(first)
        self.lemmas = {k: Lemma(moved(m.number), m.theorem) for k, m in self.lemmas.items()}
        lemma = Lemma(number, first)
        inner = diff(objective, wrt[0])
        chain.splice(_cite(lemma, inner), (0,))
        theorem = self.narrator.chain_step("second", chain.proof(), by=wrt[1], objective=objective)
        work = self.differentiator.work_out(chain.term)
        self.shortener.recall()
        return self._finish(theorem, work)

    def _cite(self, t: Any) -> Move | Proof:
        """What cites (or first proves) the lemma for diff(name[…], v)."""
        body, v = t.args
        if not (self.forward or through_which(self.theory, body, v)):  # v enters it directly only
            chain = Chain(t).rule("chain-rule", partial(body, v))
            return chain.splice(_cite(self._local(name_of(body), v), chain.term)).proof()
        where = ("total", name_of(body), name_of(v))
        lemma = self.lemmas.get(where)
        if lemma is None:
            lemma = self.lemmas[where] = self._total(name_of(body), v)
        return _cite(lemma, t)

    def _total(self, name: str, v: Any) -> Lemma:
        """diff(name[…], v[…]) through every definition."""
        m = self._generic(name, frozenset())
        by = self._generic_variable(v, set(index_names(m)))
        start = diff(m, by)
        if self.forward:
            definition = Chain(start).splice(Move("definition", m, self.theory.unfold(m)), (0,))
            self._open(definition)
            definition.splice(self.differentiator.work_out(definition.term))
            stages = [labelled(definition.proof(), "rules")]
            stages.extend(told(self._shortest(definition.term)))
            theorem, number = self.narrator.lemma("total", start, stages, of=m, by=by)
            return Lemma(number, theorem)
        chain = self._chain_rule(start)
        stages = [labelled(chain.proof(), "chain-rule")]
        put = self._substituted(chain.term, m)
        if put.changes:
            stages.append(labelled(put, "put-together"))
        stages.extend(told(self._shortest(put.after)))
        theorem, number = self.narrator.lemma("total", start, stages, of=m, by=by)
        return Lemma(number, theorem)


def _unguarded(c: Any) -> Any:
    """The relation that a condition states for every index; None if it holds only under guards."""
    while not isinstance(c, Relation):
        if isinstance(c, Every):
            if c.guard != TRUE and c.index in free_indices(c.body):
                return None
            c = c.body
        elif isinstance(c, AnyOf) and c.args:
            *guards, last = c.args
            if frozenset().union(*map(free_indices, guards)) & free_indices(last):
                return None
            if any(map(is_about_values, guards)):
                return None
            c = last
        else:
            return None
    return c


def _cite(lemma: Lemma, t: Any) -> Move:
    return Move("lemma", t, kernel.cite(lemma.theorem, t).rhs, cited=lemma)


def _place_of(t: Any, wanted: frozenset[str]) -> tuple[int, ...] | None:
    """Where the first of some names stands; not in a slot or a condition, which say no more."""
    if is_element(t):
        return () if name_of(t) in wanted else None
    for k, a in enumerate(t.args):
        inside = None if isinstance(a, Condition) else _place_of(a, wanted)
        if inside is not None:
            return (k, *inside)
    return None


def _summed(t: Term, path: tuple[int, ...]) -> bool:
    """Whether the place stands under a sum."""
    return any(isinstance(at(t, path[:k]), SumOver) for k in range(len(path)))
