"""Finds a kernel proof that two expressions are equal, whatever shape they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from derivation.checking.normalise import DEFINITIONS_OF, Normaliser, TooLong
from derivation.engine.arithmetic import join_product, split_product, tidy
from derivation.engine.planner import Planner
from derivation.engine.proof import Chain, Proof, Replayer, flip, join, moves
from derivation.engine.rewrites import occurrences
from derivation.errors import DerivationError, KernelError, NotDerived, RuleRefused
from derivation.kernel import Theorem
from derivation.normal import difference_vanishes, oriented
from derivation.problem import Problem
from derivation.rules import REGISTRY
from derivation.steps import Step
from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    Add,
    Diff,
    IfElse,
    Index,
    KroneckerDelta,
    Partial,
    Reduction,
    Relation,
    SumOver,
    Term,
    add,
    at,
    canonical,
    conjuncts,
    diff,
    free_indices,
    fresh_index,
    if_else,
    index_names,
    mul,
    name_of,
    names,
    neg,
    negate,
    partial,
    relation,
    substitute,
    subterms,
    sum_over,
)

EFFORT = 120_000  # nodes that are looked at for one line
MOST_EFFORT = 60_000  # … with one choice of names unfolded
DEEPEST = 6  # cases within sums within cases
MOST_UNFOLDINGS = 8


class Prover:
    """Proves equalities about one problem.

    Conditions that are assumed besides its givens are hypotheses of what is proved by them.

    >>> from derivation.language import read_expression, read_problem
    >>> problem = read_problem("f = log(sum(exp(x[k]) for k in K)); wrt x[j]")
    >>> claimed = read_expression("exp(x[j])/sum(exp(x[i]) for i in K)", problem)
    >>> theorem = Prover(problem).prove(diff(problem.objective, *problem.wrt[0]), claimed)
    >>> theorem is None
    False
    """

    def __init__(self, problem: Problem, assuming: Sequence[Term] = ()) -> None:
        self.problem = problem
        self.planner = Planner(problem)
        objective = problem.objective
        if problem.wrt:
            self.planner.narrator.domain = self.planner._domain(objective, problem.wrt[0])
        self.theory = self.planner.theory
        for c in assuming:
            if not self.theory.decide(c)[0]:
                self.theory.assume(c)
        self.replayer = Replayer(self.theory)
        self._normalisers: dict[tuple[frozenset[str], bool], Normaliser] = {}
        self._worked: dict[Term, Proof] = {}
        self._facts = False
        self._left = EFFORT
        self.order = {n: k for k, n in enumerate(self._by_depth())}

    def _by_depth(self) -> list[str]:
        """Definitions, those that rest on others last."""
        out: list[str] = []
        todo = list(reversed(list(self.theory.definitions)))
        while todo:
            name = todo[-1]
            below = [
                n
                for n in sorted(names(self.theory.definitions[name].body))
                if n in self.theory.definitions and n not in out
            ]
            if name in out or not below:
                todo.pop()
                if name not in out:
                    out.append(name)
            else:
                todo += below
        return out

    def prove(self, left: Term, right: Term, condition: Term = TRUE) -> Theorem | None:
        """``left = right`` (where the condition holds), or None if no proof is found."""
        found = self.plan(left, right, condition)
        return None if found is None else found[0]

    def plan(self, left: Term, right: Term, condition: Term = TRUE) -> tuple[Theorem, Proof] | None:
        """The theorem ``left = right`` and the proof that the kernel has replayed, or None."""
        self._left = EFFORT
        direct = self._by_chain_rule(left, right)
        if direct is not None:
            return direct
        try:
            one, two = self.worked_out(left), self.worked_out(right)
        except (DerivationError, RecursionError):
            one, two = Proof(left, left), Proof(right, right)
        for middle in self._meetings(one.after, two.after, condition):
            proof = Proof(left, right, join(join(one, middle), flip(two)).items)
            try:
                return self.replayer.replay(proof), proof
            except (DerivationError, RecursionError):
                continue
        return None

    def _by_chain_rule(self, left: Any, right: Any) -> tuple[Theorem, Proof] | None:
        """The chain rule alone, as a first line often says it."""
        if not isinstance(left, Diff) or len(left.args) > 2:
            return None
        try:
            after, _ = REGISTRY["chain-rule"].rewrite(self.theory, left, {})  # type: ignore[misc]
            if difference_vanishes(after, right) is None:
                return None
            chain = Chain(left).rule("chain-rule", after)
            chain.algebra(right)
            proof = Proof(left, right, chain.proof().items)
            return self.replayer.replay(proof), proof
        except (DerivationError, RecursionError):
            return None

    def steps(self, proof: Proof) -> tuple[Step, ...]:
        """The lemmas that a proof cites, and its moves, each a step on the whole term."""
        chain = self.planner.narrator.leaves(proof, "line", proof.before)
        return (*self.lemmas(proof), *chain)

    def lemmas(self, proof: Proof) -> tuple[Step, ...]:
        """The lemmas that a proof cites, and those that they cite, each before what cites it."""
        cited = [m.cited.number for _, m in moves(proof) if m.rule == "lemma"]  # tells facts
        narrator = self.planner.narrator
        known = {step.number: step for step in _innermost_first((*narrator.facts, *narrator.steps))}
        wanted: set[str] = set()
        while cited:
            number = cited.pop()
            if number in known and number not in wanted:
                wanted.add(number)
                inside = [known[number], *known[number].substeps]
                cited += [n for s in inside for n in s.uses]
        return tuple(step for number, step in known.items() if number in wanted)

    def versions(self, t: Any) -> list[Any]:
        """The term with its derivatives worked out, as it stands, and by the chain rule.

        Worked out, it comes as found, simplified, as short as possible and multiplied out.
        """
        out = [t]
        worked = t
        with suppress(DerivationError, RecursionError):
            worked = self.worked_out(t).after
            out.insert(0, worked)
        self._left = EFFORT
        for reform in (
            self.planner.simplifier.simplify,
            self.planner.shortener.shorten,
            self.normaliser(frozenset(), False).normal,
        ):
            with suppress(DerivationError, RecursionError):
                after = reform(worked).after
                if after not in out:
                    out.append(after)
        if isinstance(t, Diff) and len(t.args) == 2:
            with suppress(DerivationError, RecursionError):
                after, _ = REGISTRY["chain-rule"].rewrite(self.theory, t, {})  # type: ignore[misc]
                out.append(after)
        return out

    # -- derivatives ------------------------------------------------------------------------

    def worked_out(self, t: Term) -> Proof:
        """The term with every derivative in it worked out.

        Raises:
            NotDerived, RuleRefused, KernelError: One of them cannot be.
        """
        found = self._worked.get(t)
        if found is None:
            chain = Chain(t)
            for path, sub in list(occurrences(t)):
                if isinstance(sub, (Diff, Partial)):
                    chain.splice(self._derivative(sub), path)
            found = self._worked[t] = chain.proof()
        return found

    def _derivative(self, t: Any) -> Proof:
        found = self._worked.get(t)
        if found is not None:
            return found
        chain = Chain(t)
        make = type(t)
        if len(t.args) > 2:
            after: Any = t.args[0]
            for v in t.args[1:]:
                after = diff(after, v) if make is Diff else partial(after, v)
            chain.rule("iterated-derivative", after)
            chain.splice(self._derivative(chain.term))
        else:
            inner = t.args[0]
            if any(isinstance(s, (Diff, Partial)) for s in subterms(inner)):
                chain.splice(self.worked_out(inner), (0,))
            chain.splice(self.planner.differentiator.derive(chain.term))
        found = self._worked[t] = chain.proof()
        return found

    # -- meeting in the middle --------------------------------------------------------------

    def _meetings(self, a: Any, b: Any, condition: Term) -> Iterator[Proof]:
        """Proofs of a = b, cheap attempts first."""
        attempts = (
            self._by_algebra(a, b),
            self._by_simplifying(a, b),
            self._by_unfolding(a, b, condition),
            self._by_shortening(a, b),
        )
        for attempt in attempts:
            try:
                yield from attempt
            except (DerivationError, RecursionError):
                continue

    def _by_algebra(self, a: Any, b: Any) -> Iterator[Proof]:
        if difference_vanishes(a, b) is not None:
            yield Chain(a).algebra(b).proof()

    def _by_simplifying(self, a: Any, b: Any) -> Iterator[Proof]:
        one, two = (self.planner.simplifier.simplify(t) for t in (a, b))
        if difference_vanishes(one.after, two.after) is not None:
            chain = Chain(a).splice(one)
            chain.algebra(two.after)
            yield join(chain.proof(), flip(two))

    def _by_shortening(self, a: Any, b: Any) -> Iterator[Proof]:
        self._find_facts()
        shorten = self.planner.shortener.shorten
        one, two = shorten(a), shorten(b)
        if difference_vanishes(one.after, two.after) is not None:
            chain = Chain(a).splice(one)
            chain.algebra(two.after)
            yield join(chain.proof(), flip(two))

    def _find_facts(self) -> bool:
        """Looks for facts about the definitions, once; whether there are any new ones."""
        if self._facts or not self.theory.definitions:
            return False
        self._facts = True
        before = len(self.planner.shortener.rewrites) + len(self.planner.shortener.symmetries)
        shortener = self.planner.shortener
        self.planner.find_facts()
        shortener.look_for_facts()
        self._normalisers.clear()
        return len(shortener.rewrites) + len(shortener.symmetries) > before

    def _by_unfolding(self, a: Any, b: Any, condition: Term) -> Iterator[Proof]:
        """a - b brought to 0, more and more names unfolded; then a = (a - b) + b = b."""
        gap = add(a, neg(b))
        unfold: frozenset[str] = frozenset()
        for k in range(MOST_UNFOLDINGS):
            if k == 1 and self._find_facts():
                unfold = frozenset()  # once more with facts such as "sums to 1"
            for functions in (False, True):
                if functions and not _special(gap, self.theory, unfold):
                    continue
                try:
                    proof = self.vanishes(gap, unfold, functions, condition)
                except (RuleRefused, KernelError, NotDerived):
                    proof = None
                if proof is not None:
                    chain = Chain(a).algebra(add(gap, b))
                    chain.splice(proof, (0,))
                    chain.algebra(b)
                    yield chain.proof()
            more = self._next_to_unfold(gap, unfold)
            if more is None:
                return
            unfold |= {more}

    def _next_to_unfold(self, t: Term, unfolded: frozenset[str]) -> str | None:
        """The name that rests on most, of those that are still there."""
        seen = set(names(t))
        for n in list(seen):
            if n in unfolded:
                seen |= self.theory.below(names(self.theory.definitions[n].body))
        live = set(names(t))
        grown = True
        while grown:
            grown = False
            for n in list(live):
                if n in unfolded:
                    new = names(self.theory.definitions[n].body) - live
                    if new:
                        live |= new
                        grown = True
        rest = [n for n in live if n in self.theory.definitions and n not in unfolded]
        return max(rest, key=lambda n: self.order.get(n, -1), default=None)

    # -- bringing a difference to zero --------------------------------------------------------

    def normaliser(self, unfold: frozenset[str], functions: bool) -> Normaliser:
        key = (unfold, functions)
        found = self._normalisers.get(key)
        if found is None:
            shortener = self.planner.shortener
            found = Normaliser(
                self.theory,
                list(shortener.rewrites),
                list(shortener.symmetries),
                unfold,
                functions,
            )
            self._normalisers[key] = found
        found.effort = min(MOST_EFFORT, self._left)
        return found

    def vanishes(
        self, t: Any, unfold: frozenset[str], functions: bool = False, condition: Term = TRUE
    ) -> Proof | None:
        """The proof of ``t = 0``, or None."""
        normaliser = self.normaliser(unfold, functions)
        granted = normaliser.effort
        try:
            return self._vanishing(t, normaliser, condition)
        finally:
            self._left -= granted - max(normaliser.effort, 0)

    def _vanishing(self, t: Any, normaliser: Normaliser, condition: Term) -> Proof | None:
        chain = Chain(t).splice(normaliser.normal(t))
        for c in conjuncts(condition):
            self._assume(chain, c)
        if condition != TRUE:
            chain.splice(normaliser.normal(chain.term))
        rest = self._zero(chain.term, normaliser, DEEPEST)
        return None if rest is None else join(chain.proof(), rest)

    def _assume(self, chain: Chain, c: Any) -> None:
        """Uses an assumed i == j or i != j (or what decides a distinction of cases)."""
        if isinstance(c, Relation) and self.theory.is_index_relation(c):
            i, j = c.left, c.right
            if c.op == "!=":
                wanted = {i, j}
                while True:
                    place = next(
                        (
                            p
                            for p, s in occurrences(chain.term)
                            if isinstance(s, KroneckerDelta) and set(s.args) == wanted
                        ),
                        None,
                    )
                    if place is None:
                        return
                    chain.rule("delta-unequal", ZERO, place)
            if c.op == "==":
                if not isinstance(i, Index) or i not in free_indices(chain.term):
                    i, j = j, i
                if isinstance(i, Index) and i in free_indices(chain.term):
                    after = substitute(chain.term, {i: j})
                    chain.rule("equal-index", after, index=i, value=j)
                return
        for path, s in list(occurrences(chain.term)):
            if isinstance(s, IfElse) and oriented(s.args[0]) == oriented(c):
                chain.rule("case-holds", s.args[1], path)
                return

    def _zero(self, t: Any, n: Normaliser, depth: int) -> Proof | None:
        """The proof that a normal form is 0."""
        if t == ZERO:
            return Proof(t, t)
        if difference_vanishes(t, ZERO) is not None:
            return Chain(t).algebra(ZERO).proof()
        if depth <= 0:
            return None
        for attempt in (self._zero_by_cases, self._zero_by_merging):
            try:
                found = attempt(t, n, depth - 1)
            except TooLong:
                raise
            except RuleRefused:
                found = None
            if found is not None:
                return found
        return None

    def _zero_by_cases(self, t: Any, n: Normaliser, depth: int) -> Proof | None:
        """Where the term has a delta of free indices, or a distinction of cases: each case."""
        condition: Any = None
        for path, s in occurrences(t):
            if any(isinstance(at(t, path[:k]), Reduction) for k in range(len(path))):
                continue
            if isinstance(s, KroneckerDelta):
                condition = relation("==", *s.args)
                break
            if isinstance(s, IfElse):
                condition = s.args[0]
                break
        if condition is None:
            return None
        chain = Chain(t).rule("by-cases", if_else(condition, t, t), condition=condition)
        for k, c in ((1, condition), (2, negate(condition))):
            branch = Chain(t)
            self._settle(branch, condition, k == 1)
            self._assume(branch, c)
            branch.splice(n.normal(branch.term))
            rest = self._zero(branch.term, n, depth)
            if rest is None:
                return None
            branch.splice(rest)
            chain.splice(branch.proof(), (k,))
        return chain.rule("same-in-both", ZERO).proof()

    def _settle(self, chain: Chain, condition: Any, holds: bool) -> None:
        """Every distinction by this condition outside binders resolved."""
        for _ in range(40):
            for path, s in occurrences(chain.term):
                if not isinstance(s, IfElse):
                    continue
                same = oriented(s.args[0]) == oriented(condition)
                turned = oriented(negate(s.args[0])) == oriented(condition)
                if not (same or turned):
                    continue
                first = same == holds
                rule = "case-holds" if first else "case-fails"
                chain.rule(rule, s.args[1 if first else 2], path)
                break
            else:
                return

    def _zero_by_merging(self, t: Any, n: Normaliser, depth: int) -> Proof | None:
        """Sums over one range merged: their terms add up to 0, and so does what is left."""
        terms = t.args if isinstance(t, Add) else (t,)
        sizes: dict[Any, None] = {}
        for a in terms:
            for s in _sums(a):
                sizes[(s.index.size, oriented_guard(s))] = None
        for size, guard in sizes:
            found = self._merged(t, terms, size, guard, n, depth)
            if found is not None:
                return found
        return None

    def _merged(
        self, t: Any, terms: Any, size: Any, guard: Any, n: Normaliser, depth: int
    ) -> Proof | None:
        letter: Any = None
        taken = index_names(t)
        bodies, inside, rest = [], [], []
        for a in terms:
            chosen = next(
                (s for s in _sums(a) if s.index.size == size and oriented_guard(s) == guard), None
            )
            if chosen is None:
                rest.append(a)
                continue
            if letter is None:
                letter = fresh_index(chosen.index, taken)
                if letter in free_indices(t):
                    return None
                shown = substitute(chosen.guard, {chosen.index: letter})
            body = substitute(chosen.body, {chosen.index: letter})
            outside = _without(a, chosen)
            moved = tidy(mul(outside, body)) if outside != ONE else body
            own = sum_over(body, letter, shown)
            whole = sum_over(moved, letter, shown)
            chain = Chain(a)
            staged = mul(outside, own) if outside != ONE else own
            chain.algebra(staged)
            if outside != ONE:
                chain.splice(flip(Chain(whole).rule("sum-factor", staged).proof()))
            bodies.append(moved)
            inside.append(chain.proof())
        if not bodies:
            return None
        if rest and difference_vanishes(add(*rest), ZERO) is None and len(rest) == len(terms) - 1:
            left_over = self._zero(add(*rest), n, depth) if depth > 2 else None
            if left_over is None:
                return None
        total = add(*bodies)
        inner = n.normal(total)
        zero = self._zero(inner.after, n, depth)
        if zero is None:
            return None
        remaining: Proof | None = None
        if rest:
            remaining = self._zero(add(*rest), n, depth)
            if remaining is None:
                return None
        # t = sum of total + rest
        pieces = [p.before for p in inside]
        ordered = add(*pieces, *rest)
        chain = Chain(t)
        if ordered != t:
            chain.algebra(ordered)
        many = len(pieces) + len(rest) > 1
        for k, p in enumerate(inside):
            chain.splice(p, (k,) if many else ())
        joined = sum_over(total, letter, shown)
        parts = add(*[p.after for p in inside])
        if rest:
            place: tuple[int, ...] = (0,)
            if len(inside) > 1:
                chain.algebra(add(parts, *rest))
        else:
            place = ()
        if len(inside) > 1:
            chain.splice(flip(Chain(joined).rule("sum-add", parts).proof()), place)
        chain.splice(join(inner, zero), (*place, 0))
        chain.rule("sum-zero", ZERO, place)
        if remaining is not None:
            chain.algebra(add(*rest))
            chain.splice(remaining)
        return chain.proof()


def _innermost_first(steps: Iterable[Step]) -> Iterator[Step]:
    """The lemmas among the steps, each after those inside it."""
    for step in steps:
        if step.kind == "lemma":
            yield from _innermost_first(step.substeps)
            yield step


def _special(t: Any, theory: Any, unfold: frozenset[str]) -> bool:
    """Whether functions occur that have a definition by others (sigmoid, softplus, relu)."""
    todo, seen = [t], set()
    while todo:
        for s in subterms(todo.pop()):
            if type(s) in DEFINITIONS_OF:
                return True
            if theory.defined(s) and name_of(s) in unfold and name_of(s) not in seen:
                seen.add(name_of(s))
                todo.append(theory.definitions[name_of(s)].body)
    return False


def _sums(t: Any) -> list[Any]:
    """The sums that are factors of a term."""
    return [b for b, e in split_product(t)[1] if isinstance(b, SumOver) and e == ONE]


def oriented_guard(s: Any) -> Any:
    return oriented(canonical(s).guard)


def _without(a: Any, chosen: Any) -> Any:
    c, parts = split_product(a)
    left = list(parts)
    for k, (b, _) in enumerate(left):
        if b == chosen:
            del left[k]
            break
    return join_product(c, left)
