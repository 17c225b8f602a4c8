"""The search for the shortest form: facts used, names folded back, factors out, sums merged.

Every candidate is made by proof-carrying rewriting, so the shortest one comes with its proof.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import sympy

from derivation.engine.alternatives import FRACTION, Alternatives
from derivation.engine.arithmetic import (
    expanded,
    leading,
    split_product,
    sums_in,
)
from derivation.engine.bags import fold_products, fold_sums
from derivation.engine.collect import Collector
from derivation.engine.cost import WHOLE, Effort, cost
from derivation.engine.flatten import completed, conditions_shortened, flattened, nested, shared
from derivation.engine.folds import folds_of, rewrite_of_given
from derivation.engine.needs import Needs, Possible, names_over, parts_of, summed_names
from derivation.engine.onehot import fold_one_hot, one_hot
from derivation.engine.order import from_below
from derivation.engine.proof import (
    Chain,
    Move,
    Proof,
    flip,
    join,
    labelled,
    rearranged,
    safely,
    safely_each,
)
from derivation.engine.rewrites import Rewrite, apply_everywhere, index_terms, occurrences
from derivation.engine.simplify import Simplifier, factors_of
from derivation.errors import RuleRefused
from derivation.problem import Definition
from derivation.rules import REGISTRY
from derivation.terms import (
    ONE,
    TRUE,
    Add,
    Detach,
    Function,
    Indexed,
    Mul,
    Pow,
    ProductOver,
    SumOver,
    Term,
    add,
    all_of,
    at,
    conjuncts,
    depth,
    exp,
    free_indices,
    indices_of,
    is_element,
    is_number,
    mul,
    name_of,
    names,
    neg,
    number,
    power,
    replace_at,
    sum_over,
    value_of,
)
from derivation.theory import Theory, match

MOST_EXPANDED = 120  # nodes
LONG_OPENED, HOPELESS = 100, 3.5  # nodes; times the best so far, from where polishing never won
MOST_LONGER = 10  # nodes that a subterm may grow by where its surroundings may shrink


class Shortener:
    """Finds short forms in one theory; facts may be added as they are proved."""

    def __init__(self, theory: Theory, simplifier: Simplifier, gradients: int = 1) -> None:
        self.theory, self.simplifier = theory, simplifier
        self.effort = Effort(WHOLE * gradients)
        self.collector = Collector(theory, simplifier, self.effort)
        self.alternatives = Alternatives(theory, simplifier, self.collector)
        self.folds: list[Definition] = []  # the names that results may be folded into
        self._ways: dict[str, list[Rewrite]] = {}
        self._needed: dict[str, list[Needs]] = {}
        self.rewrites: list[Rewrite] = []
        self.possible: list[Possible] = []
        self.symmetries: list[Rewrite] = []
        self._memo: dict[Term, Proof] = {}
        self._folded: dict[tuple[Term, frozenset[str]], Proof | None] = {}
        self._proposals: dict[Term, list[Proof]] = {}
        self.one_hots = [g for g in theory.problem.givens if one_hot(g) is not None]
        for given in theory.problem.givens:
            found = rewrite_of_given(given, simplifier)
            if found is not None:
                self._take(found)
        self.from_below = from_below(theory.definitions, theory.problem.objective)
        for definition in self.from_below:
            self.add_definition(definition)
        self._sizes = frozenset(theory.problem.sizes)
        self.cut: frozenset[str] = frozenset()
        self._forgotten: Any = None
        self.values_only = True  # whether the results are not differentiated again

    def add_definition(self, definition: Definition) -> None:
        """Lets results be folded into the name."""
        self.folds.append(definition)
        self._clear()

    def forget(self, cut: set[str], careful: bool = False) -> None:
        """Nothing is used that a later derivative by these names does not keep.

        Those are their own definitions and givens about them; if ``careful``, every definition.
        """
        self._forgotten = (self.folds, self.rewrites, self.symmetries, self.one_hots)
        depends = self.theory.depends
        self.folds = [d for d in self.folds if d.name not in cut and not careful]
        self.rewrites, self.symmetries = (
            [rw for rw in known if not any(depends(rw.pattern, n) for n in cut)]
            for known in (self.rewrites, self.symmetries)
        )
        self.one_hots = [g for g in self.one_hots if not any(depends(g, n) for n in cut)]
        self.cut = frozenset(cut)
        self.values_only = False
        self._clear()

    def recall(self) -> None:
        """Everything may be used again: no derivative is taken any more."""
        if self._forgotten is not None:
            facts = [rw for rw in self.rewrites if rw.kind == "fact"]
            turns = [rw for rw in self.symmetries if rw.kind == "fact"]
            self.folds, self.rewrites, self.symmetries, self.one_hots = self._forgotten
            self.rewrites.extend(rw for rw in facts if rw not in self.rewrites)
            self.symmetries.extend(rw for rw in turns if rw not in self.symmetries)
            self._forgotten, self.cut, self.values_only = None, frozenset(), True
            self._clear()

    def may_be_fact(self, pattern: Term, find: Callable[[], Rewrite | None]) -> None:
        """Lets an equation for a sum be looked for where that sum comes up."""
        self.possible.append(Possible(pattern, names(pattern), find))

    def add_fact(self, fact: Rewrite) -> None:
        """Lets a proved equation be used."""
        self._take(fact)
        self._clear()

    def knows_of(self, about: frozenset[str]) -> bool:
        """Whether a given or a fact is about these names and no others."""
        known = [rw.pattern for rw in (*self.rewrites, *self.symmetries)]
        known += [p.pattern for p in self.possible]
        return bool(self.one_hots) or any(names(p) - self._sizes <= about for p in known)

    def _clear(self) -> None:
        self.alternatives.definitions = list(self.folds)
        self._memo.clear()
        self.collector.forget()
        self._folded.clear()
        self._proposals.clear()

    def _take(self, rw: Rewrite) -> None:
        a, b = rw.pattern, rw.replacement
        if isinstance(a, Indexed) and _element_of(b, name_of(a)) is not None:
            self.symmetries.append(rw)
        else:
            self.rewrites.append(rw)

    # -- the search -------------------------------------------------------------------------

    def shorten(self, t: Term, without: frozenset[str] = frozenset()) -> Proof:
        """The shortest form found; ``without`` names definitions not to fold into."""
        if not without and t in self._memo:
            return self._memo[t]
        self.effort.begin()
        bare = self._without_detach(t)
        first = self._settle(join(bare, self.simplifier.simplify(bare.after)), without)
        best = self._polish(first, without)
        for candidate in safely(self._variants(first, without)):
            if self.effort.left <= 0:
                break
            best = self._better(best, candidate, without)
        if self.effort.left > 0 and _functions(best.after) != _functions(first.after):
            for candidate in safely(self._opened(best, without)):  # a log(a/b) may be shared
                best = self._better(best, candidate, without)
        for candidate in safely_each(self._by_other_names(t, best.after, without)):
            if cost(candidate.after) < cost(best.after):
                best = candidate
        for candidate in safely_each(self._logarithms_opened(best, without)):
            if cost(candidate.after) < cost(best.after):
                best = candidate
        best = join(best, labelled(shared(best.after), "collect"))
        best = join(best, labelled(flattened(best.after), "collect"))
        best = join(best, labelled(completed(best.after, self.theory), "collect"))
        best = join(best, labelled(conditions_shortened(best.after), "collect"))
        if not without:
            self._memo[t] = best
        return best

    def _better(self, best: Proof, candidate: Proof, without: frozenset[str]) -> Proof:
        """The shorter one, the candidate polished; one that is hopelessly long is not."""
        length = cost(candidate.after)
        if length > LONG_OPENED and length > HOPELESS * cost(best.after):
            return best
        polished = self._polish(candidate, without)
        return polished if cost(polished.after) < cost(best.after) else best

    def _by_other_names(
        self, t: Term, found: Term, without: frozenset[str]
    ) -> Iterator[Callable[[], Proof]]:
        """The same, one name that came up with an exponential being left out at first."""
        met = [s for _, s in occurrences(found) if type(s) is sympy.exp]
        if met and self.values_only:  # one that came beside an exponential may be in its way
            met.append(found)
        came = frozenset().union(*map(names, met)) - names(t)
        for definition in self.folds:
            name = definition.name
            if name in without or name not in came:
                continue

            def late(name: str = name) -> Proof:
                p = self._settle(self.simplifier.simplify(t), without | {name})
                return self._polish(self._settle(p, without), without)

            def last(name: str = name) -> Proof:
                p = self._settle(self.simplifier.simplify(t), without | {name})
                p = self._polish(p, without | {name})
                return self._polish(self._settle(p, without), without)

            yield late
            yield last

    def _logarithms_opened(
        self, best: Proof, without: frozenset[str]
    ) -> Iterator[Callable[[], Proof]]:
        """exp(E) as the sum whose logarithm E is, so that the sum may meet another name."""
        places: dict[str, list[tuple[tuple[int, ...], Any]]] = {}
        for path, sub in occurrences(best.after):
            if type(sub) is not sympy.exp:
                continue
            for k, core in enumerate(factors_of(sub.args[0])):
                if (
                    self.theory.defined(core)
                    and name_of(core) not in self.cut | without
                    and any(isinstance(f, sympy.log) for f in factors_of(self.theory.unfold(core)))
                ):
                    where = (*path, 0, k) if isinstance(sub.args[0], Mul) else (*path, 0)
                    places.setdefault(name_of(core), []).append((where, core))

        def opened(name: str) -> Proof:
            chain = Chain(best.after)
            for where, core in places[name]:
                chain.splice(Move("definition", core, self.theory.unfold(core)), where)
            chain.splice(self.simplifier.simplify(chain.term))
            p = self._settle(join(best, labelled(chain.proof(), "expand")), without | {name})
            return self._polish(self._settle(p, without), without)

        for name in places:
            yield partial(opened, name)

    def _without_detach(self, t: Term) -> Proof:
        """detach dropped, where no further derivative will be taken."""
        chain = Chain(t)
        if self.values_only:
            for path, sub in list(occurrences(t)):
                if isinstance(sub, Detach) and at(chain.term, path) == sub:
                    chain.rule("detach-value", sub.args[0], path)
        return chain.proof("collect")

    def _variants(self, p: Proof, without: frozenset[str]) -> Iterator[Proof]:
        turned = self.turn_symmetric(p.after)
        if turned is not None:
            p = join(p, turned)
            yield p
            yield from self._opened(p, without)
        for apart in (self._powers_apart(p.after), self._exponentials_apart(p.after, without)):
            if apart is not None:
                yield self._settle(join(p, apart), without)
        products = self._whole_products(p.after)
        if products is not None:
            yield self._settle(join(p, products), without)
        yield from self._opened(p, without)

    def _opened(self, p: Proof, without: frozenset[str]) -> Iterator[Proof]:
        if not _opens(p.after):
            return
        single = _brackets(p.after) == 1
        if single and not self._may_meet(p.after):
            return  # all that could be done is to put it in brackets again
        try:
            opened = self._expand(p.after)
        except RuleRefused:
            return
        if opened.after == p.after:
            return
        settled = self._settle(join(p, labelled(opened, "expand")), without)
        if not single or settled.after != opened.after:
            yield settled

    def _may_meet(self, t: Term) -> bool:
        """Whether one term of the only bracket, beside all else, can hold a name or fact.

        For each sum in those there has to be one over factors with the same names.
        """
        path, bracket = next((w, s) for w, s in occurrences(t) if isinstance(s, Add))
        for a in bracket.args:
            alone = replace_at(t, path, a)
            here, over = names(alone), summed_names(alone)
            if any(needs <= here and sums <= over for needs, _, sums in self._what_may_meet()):
                return True
        return bool(self.one_hots)

    def _what_may_meet(self) -> Iterator[Needs]:
        """What there has to be for each known equation, and each part of each definition."""
        for rw in self.rewrites:
            yield names(rw.pattern) - self._sizes, rw.pattern, summed_names(rw.pattern)
        for possible in self.possible:
            yield possible.needs, possible.pattern, summed_names(possible.pattern)
        for definition in self.folds:
            yield from self._needs_of(definition)

    def _needs_of(self, definition: Definition) -> list[Needs]:
        """What each part needs that the definition may be solved for."""
        needed = self._needed.get(definition.name)
        if needed is None:
            parts = [
                (names(p) - self._sizes, p, summed_names(p)) for p in parts_of(definition.body)
            ]
            needed = self._needed[definition.name] = [part for part in parts if part[0]]
        return needed

    def _settle(self, p: Proof, without: frozenset[str]) -> Proof:
        """Facts and folds until nothing gets shorter."""
        for _ in range(12):
            step = self._use_facts(p.after) or self._fold(p.after, without)
            if step is None:
                return p
            p = join(p, step)
        return p

    def look_for_facts(self, t: Term | None = None) -> None:
        """What may be a fact is looked into where a term has its left side; without one, all."""
        wanted = self.possible
        if t is not None:
            here = names(t)
            wanted = [p for p in wanted if p.needs <= here]
            sums = [s for _, s in occurrences(t) if isinstance(s, SumOver)] if wanted else []
            wanted = [
                p for p in wanted if any(match(p.pattern, s, self.theory) is not None for s in sums)
            ]
        for possible in list(wanted):
            if possible in self.possible and possible.needs.isdisjoint(self.cut):
                self.possible.remove(possible)
                left = self.effort.left
                fact = possible.find()
                self.effort.left = left
                if fact is not None:
                    self._take(fact)  # what was done so far has not met it

    def _use_facts(self, t: Term) -> Proof | None:
        if self.possible:
            self.look_for_facts(t)
        for rw in self.rewrites:
            step = apply_everywhere(rw, t, self.theory)
            if step is None:
                continue
            done = join(step, self.simplifier.simplify(step.after))
            if cost(done.after) < cost(t):
                return labelled(done, rw.kind)
        return None

    def _fold(self, t: Term, without: frozenset[str]) -> Proof | None:
        if (t, without) in self._folded:
            return self._folded[t, without]
        found = self._first_fold(t, without)
        if self.effort.left > 0:
            self._folded[t, without] = found
        return found

    def _first_fold(self, t: Term, without: frozenset[str]) -> Proof | None:
        best: Proof | None = None
        here = names(t)
        for definition in self.folds:
            if definition.name in without or not self._may_fold(definition, here, t):
                continue
            for step in safely(self._fold_candidates(definition, t)):
                if not self.effort.spend(step.after):
                    return best
                done = join(step, self.simplifier.simplify(step.after))
                for final in (done, self._exponentials_met(done), self._expanded_after(done)):
                    if final is not None and cost(final.after) < cost(best.after if best else t):
                        best = labelled(final, "fold")
            if best is not None:
                return best
        return best

    def _may_fold(self, definition: Definition, here: frozenset[str], t: Term) -> bool:
        """Whether a term, with its names, can hold what the definition is made of."""
        needed = self._needs_of(definition)
        return (
            not needed
            or bool(self.one_hots)
            or definition.name in here
            or any(n <= here and depth(part) <= depth(t) for n, part, _ in needed)
        )

    def _exponentials_met(self, p: Proof) -> Proof | None:
        """An exponential that came in with a name, in one with the one that it stands beside."""
        for path, sub in occurrences(p.after):
            if (
                isinstance(sub, Mul)
                and sum(isinstance(f, (sympy.exp, SumOver)) for f in sub.args) > 1
            ):
                ways = list(safely(self.alternatives.one_exponential(sub)))
                if not ways:
                    continue
                chain = Chain(p.after).splice(min(ways, key=lambda w: cost(w.after)), path)
                return join(p, join(chain.proof(), self.simplifier.simplify(chain.term)))
        return None

    def _expanded_after(self, p: Proof) -> Proof | None:
        if not _opens(p.after):
            return None
        try:
            opened = self._expand(p.after)
        except RuleRefused:
            return None
        self.effort.spend(opened.after)
        return join(p, opened) if opened.after != p.after else None

    def _ways_back(self, definition: Definition) -> list[Rewrite]:
        """The equations that bring the name back, found when first asked for."""
        found = self._ways.get(definition.name)
        if found is None:
            found = self._ways[definition.name] = folds_of(definition, self.simplifier)
        return found

    def _fold_candidates(self, definition: Definition, t: Term) -> Iterator[Proof]:
        for fold in (fold_sums, fold_products):
            found = fold(definition, t, self.theory)
            if found is not None:
                yield found
        for given in self.one_hots:
            found = fold_one_hot(given, definition, t, self.theory)
            if found is not None:
                yield found
        for rw in self._ways_back(definition):
            try:
                step = apply_everywhere(rw, t, self.theory)
            except RuleRefused:
                continue
            if step is not None:
                yield step

    def turn_symmetric(self, t: Term, order: Sequence[Any] | None = None) -> Proof | None:
        """Entries of symmetric arrays with their indices in one order, free ones first.

        The free ones as they appear in the term, unless an order is given.
        """
        chain = Chain(t)
        free = [i for i in index_terms(t) if i in free_indices(t)] if order is None else order
        for rw in self.symmetries:
            for path, sub in list(occurrences(chain.term)):
                if isinstance(sub, Indexed) and name_of(sub) == name_of(rw.pattern):
                    step = rw.at(sub, self.theory)
                    if step is None:
                        continue
                    before = [_turning(i, free) for i in indices_of(sub)]
                    turned = _element_of(step.after, name_of(sub))
                    after = [_turning(i, free) for i in indices_of(turned)]
                    if after < before:
                        chain.splice(step, path)
        if not chain.items:
            return None
        label = self.symmetries[0].kind
        return join(chain.proof(label), self.simplifier.simplify(chain.term))

    def _powers_apart(self, t: Term) -> Proof | None:
        """Every power of a product with known signs, factor by factor."""
        chain = Chain(t)
        for _ in range(6):
            for path, sub in occurrences(chain.term):
                if (
                    isinstance(sub, Pow)
                    and isinstance(sub.args[0], Mul)
                    and not (is_number(sub.args[1]) and value_of(sub.args[1]).denominator == 1)
                ):
                    after, needs = REGISTRY["power-of-product"].rewrite(self.theory, sub, {})  # type: ignore[misc]
                    if all(self.theory.decide(c)[0] for c in needs):
                        chain.rule("power-of-product", after, path)
                        break
            else:
                break
        if not chain.items:
            return None
        return join(chain.proof("collect"), self.simplifier.simplify(chain.term))

    def _exponentials_apart(self, t: Term, without: frozenset[str]) -> Proof | None:
        """exp(a + b) as exp(a)*exp(b), where a name says what exp(a) is."""
        places = [
            (path, sub)
            for path, sub in occurrences(t)
            if type(sub) is sympy.exp and isinstance(sub.args[0], Add)
        ]
        if not places:
            return None
        known = [
            rw
            for d in self.folds
            if d.name not in without and not is_element(d.body)
            for rw in self._ways_back(d)
            if type(rw.pattern) is sympy.exp
        ]
        chain = Chain(t)
        for path, sub in places:
            for part in sub.args[0].args:
                single = exp(part)
                if any(rw.at(single, self.theory) is not None for rw in known):
                    rest = exp(add(*[a for a in sub.args[0].args if a is not part]))
                    chain.algebra(mul(single, rest), path)
                    break
        if not chain.items:
            return None
        return join(chain.proof("expand"), self.simplifier.simplify(chain.term))

    def _whole_products(self, t: Term) -> Proof | None:
        """Every product over l != j as the whole one over its j-th factor."""
        chain = Chain(t)
        for _ in range(6):
            for path, sub in occurrences(chain.term):
                if isinstance(sub, ProductOver) and sub.guard != TRUE:
                    step = next(self.alternatives.whole_product(sub), None)
                    if step is not None:
                        chain.splice(step, path)
                        break
            else:
                break
        if not chain.items:
            return None
        return join(chain.proof("collect"), self.simplifier.simplify(chain.term))

    # -- expanding --------------------------------------------------------------------------

    def _expand(self, t: Term) -> Proof:
        """Products multiplied out everywhere, sums of sums split, then simplified."""
        if cost(t) > MOST_EXPANDED:
            raise RuleRefused("too long to multiply out")
        chain = Chain(t)
        self._expand_at(chain, ())
        return join(chain.proof(), self.simplifier.simplify(chain.term))

    def _expand_at(self, chain: Chain, path: tuple[int, ...]) -> None:
        t = at(chain.term, path)
        if isinstance(t, (Add, Mul, Pow)):
            for k in range(len(t.args)):
                if not (isinstance(t, Pow) and k == 1):
                    self._expand_at(chain, (*path, k))
            t = at(chain.term, path)
            opened = expanded(t)
            if opened != t:
                chain.algebra(opened, path)
        elif isinstance(t, SumOver):
            self._expand_at(chain, (*path, 0))
            t = at(chain.term, path)
            if isinstance(t.body, Add):
                parts = [sum_over(a, t.index, t.guard) for a in t.body.args]
                chain.rule("sum-add", add(*parts), path)
            chain.splice(self.simplifier.simplify(at(chain.term, path)), path)

    # -- polishing: merge and factor --------------------------------------------------------

    def _polish(self, p: Proof, without: frozenset[str]) -> Proof:
        for _ in range(12):
            step = self._polish_step(p.after)
            if step is None:
                break
            p = join(p, step)
            p = self._settle(p, without)
        return p

    def _polish_step(self, t: Term) -> Proof | None:
        return self._best_of(t, self._proposed) or self._best_of(t, self._grouped)

    def _grouped(self, t: Any) -> list[Proof]:
        """Factoring by grouping comes last: less at a time may show a name."""
        return list(self.collector.by_grouping(t)) if isinstance(t, Add) else []

    def _best_of(self, t: Term, proposed: Callable[[Any], list[Proof]]) -> Proof | None:
        best: Proof | None = None
        for path, sub in occurrences(t):
            for candidate in proposed(sub):
                if not self.effort.spend(t):
                    return best
                whole = Chain(t).splice(candidate, path)
                done = join(whole.proof(), self.simplifier.simplify(whole.term))
                if cost(done.after) < cost(best.after if best else t):
                    own = FRACTION if candidate.label == FRACTION else "collect"
                    best = labelled(done, own)
        return best

    def _proposed(self, t: Any) -> list[Proof]:
        """Other ways to write one subterm, simplified; not those that are much longer."""
        found = self._proposals.get(t)
        if found is None:
            ways: Iterator[Proof] = (
                itertools.chain(self.collector.candidates(t), self._centred(t))
                if isinstance(t, Add)
                else self._local_candidates(t)
            )
            different: dict[Term, Proof] = {}
            for way in safely(ways):
                if not self.effort.spend(way.after):
                    break
                done = join(way, self.simplifier.simplify(way.after))
                if way.label == FRACTION:
                    done = labelled(done, FRACTION)
                if done.after != t and cost(done.after) <= cost(t) + MOST_LONGER:
                    different.setdefault(done.after, done)
            found = list(different.values())
            if self.effort.left > 0:
                self._proposals[t] = found
        return found

    def _centred(self, t: Any) -> Iterator[Proof]:
        """sum p*f*g - F*G = sum p*(f - F)*(g - G) for means F and G, proved by multiplying out."""
        for m, n in itertools.permutations(range(len(t.args)), 2):
            for c, moment in sums_in(t.args[m]):
                d, means = split_product(t.args[n])
                product = [
                    b for b, e in means for _ in range(int(value_of(e)) if is_number(e) else 9)
                ]
                if len(product) != 2 or not is_number(c) or d != -value_of(c):
                    continue
                if not all(map(self._is_mean, product)):
                    continue
                for guess in _covariances(moment, *product):
                    if cost(guess) >= cost(moment) + cost(t.args[n]):
                        continue
                    opened = self._settle(self._expand(guess), frozenset())
                    whole = (
                        opened if c == ONE else Chain(mul(c, guess)).splice(opened, (1,)).proof()
                    )
                    pair = add(t.args[m], t.args[n])
                    back = rearranged(whole.after, pair)
                    if back is None:
                        continue
                    rest = [a for k, a in enumerate(t.args) if k not in (m, n)]
                    chain = Chain(t).algebra(add(*rest, pair))
                    where = (len(rest),) if rest else ()
                    yield chain.splice(flip(join(whole, back)), where).proof()

    def _is_mean(self, t: Any) -> bool:
        """Whether a term is a sum, or the name of one."""
        if isinstance(t, SumOver):
            return True
        body = self.theory.unfold(t) if self.theory.defined(t) else t
        return any(isinstance(f, SumOver) for f in factors_of(body))

    def _unfolded_factor(self, t: Any, k: int) -> Proof:
        """The k-th factor of the body of a sum by its definition."""
        f = factors_of(t.body)[k]
        path = (0, k) if isinstance(t.body, Mul) else (0,)
        return Chain(t).splice(Move("definition", f, self.theory.unfold(f)), path).proof()

    def _exchanged(self, t: Any) -> Iterator[Proof]:
        """sum_i a_i sum_k b_k c_ik = sum_k b_k sum_i a_i c_ik, where that shows a name or fact.

        An inner sum may stand behind a name.
        """
        starts = [
            Proof(t, t) if isinstance(f, SumOver) else self._unfolded_factor(t, k)
            for k, f in enumerate(factors_of(t.body))
            if isinstance(f, SumOver)
            or (
                isinstance(f, Indexed)
                and name_of(f) not in self.cut
                and self.theory.defined(f)
                and isinstance(self.theory.unfold(f), SumOver)
                and self._may_name(name_of(f))
            )
        ]
        for start in starts[:3]:
            inner = [f for f in factors_of(start.after.body) if isinstance(f, SumOver)]
            flat = nested(start.after, inner[0])
            if flat is None:
                continue
            flat = join(start, flat)
            i, j = flat.after, flat.after.body
            outer_guard = [c for c in conjuncts(j.guard) if i.index not in free_indices(c)]
            inner_guard = [c for c in conjuncts(j.guard) if i.index in free_indices(c)]
            if j.index in free_indices(i.guard) or j.index.name == i.index.name:
                continue
            within = sum_over(j.body, i.index, all_of(i.guard, *inner_guard))
            swapped = sum_over(within, j.index, all_of(*outer_guard))
            if not self._may_show(within):
                continue
            chain = Chain(t).splice(flat).rule("sum-swap", swapped)
            chain.splice(self.simplifier.simplify(chain.term))
            yield self._settle(chain.proof(), frozenset())

    def _may_show(self, t: Any) -> bool:
        """Whether some name or fact has a sum over factors with the same names as this one."""
        over = names_over(t)
        return bool(self.one_hots) or any(over in sums for _, _, sums in self._what_may_meet())

    def _may_name(self, name: str) -> bool:
        """Whether another definition is a sum that mentions what this one sums over."""
        inside = names(self.theory.definitions[name].body)
        return any(
            d.name != name and isinstance(d.body, SumOver) and names(d.body) & inside
            for d in self.folds
        )

    def _local_candidates(self, t: Any) -> Iterator[Proof]:
        if isinstance(t, SumOver):
            yield from self._exchanged(t)
        if isinstance(t, SumOver) and isinstance(t.body, Add):
            yield from self._split_candidates(t)
        yield from self.alternatives.candidates(t)

    def _split_candidates(self, t: Any) -> Iterator[Proof]:
        """A sum of terms split into sums, where that shows facts or constants."""
        parts = [sum_over(a, t.index, t.guard) for a in t.body.args]
        chain = Chain(t).rule("sum-add", add(*parts))
        chain.splice(self.simplifier.simplify(chain.term))
        done = chain.proof()
        settled = self._settle(done, frozenset())
        yield settled


def _functions(t: Term) -> frozenset[Any]:
    """What functions are applied to in a term: log(a/b), exp(x) …"""
    return frozenset(s for _, s in occurrences(t) if isinstance(s, Function))


def _opens(t: Any) -> bool:
    """Whether multiplying out would change a term: a sum of terms below a product, power or sum."""
    if isinstance(t, Add):
        return any(map(_opens, t.args))
    if isinstance(t, Mul):
        return any(isinstance(f, Add) or _opens(f) for f in t.args)
    if isinstance(t, Pow):
        return isinstance(t.args[0], Add) or _opens(t.args[0])
    return isinstance(t, SumOver) and (isinstance(t.body, Add) or _opens(t.body))


def _brackets(t: Any) -> int:
    """How many sums of terms multiplying out would open, a power for as many as it has factors."""
    if isinstance(t, Add):
        return 1 + sum(map(_brackets, t.args))
    if isinstance(t, Mul):
        return sum(map(_brackets, t.args))
    if isinstance(t, Pow):
        return 2 * _brackets(t.args[0])
    return _brackets(t.body) if isinstance(t, SumOver) else 0


def _covariances(moment: Any, first: Any, second: Any) -> Iterator[Any]:
    """sum p*(f - F)*(g - G) for the ways to choose f and g among the factors of a sum's body."""
    i = moment.index
    if i in free_indices(first) | free_indices(second):
        return
    _, parts = split_product(moment.body)
    single = [b for b, e in parts for _ in range(int(value_of(e)) if is_number(e) else 0)]
    if not 2 <= len(single) <= 5:
        return
    seen = set()
    for m, n in itertools.permutations(range(len(single)), 2):
        f, g = single[m], single[n]
        if not {i} <= free_indices(f) & free_indices(g) or (f, g) in seen:
            continue
        seen.add((f, g))
        rest = [b for k, b in enumerate(single) if k not in (m, n)]
        one, two = add(f, neg(first)), add(g, neg(second))
        both = [power(one, number(2))] if (f, first) == (g, second) else [one, two]
        yield sum_over(mul(*rest, *both), i, moment.guard)


def _element_of(t: Any, name: str) -> Any:
    """The one entry of the array in a, 1 - a or -a; None for anything else."""
    terms = [leading(a)[1] for a in (t.args if isinstance(t, Add) else (t,))]
    entries = [a for a in terms if a != ONE]
    if len(entries) == 1 and isinstance(entries[0], Indexed) and name_of(entries[0]) == name:
        return entries[0]
    return None


def _turning(i: Any, free: Sequence[Any]) -> int:
    """Free indices first, in their order; bound ones as they come."""
    return free.index(i) if i in free else len(free)
