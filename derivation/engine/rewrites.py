"""Equations used as rewrites: definitions folded back, givens, facts proved on the way.

A ``Rewrite`` finds its pattern in a term and puts the replacement there, with the proof. For a
definition p = N/D the pattern is a part of the definition that carries its indices (the generator)
and the replacement solves the definition for it: exp(z_j) becomes p_j times the sum.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import sympy

from derivation.engine.arithmetic import (
    beside,
    join_product,
    leading,
    negated,
    same,
    scaled,
    split_product,
    tidy,
)
from derivation.engine.order import (
    factors_as_written,
    in_order,
    power_as_written,
    product_as_written,
    shown_atoms,
    written,
)
from derivation.engine.proof import Chain, Move, Proof, flip
from derivation.errors import RuleRefused
from derivation.normal import (
    E,
    difference_vanishes,
    is_whole,
    never_negative,
    normal,
    normal_term,
    text,
)
from derivation.problem import Definition
from derivation.rules import REGISTRY
from derivation.terms import (
    MINUS_ONE,
    ONE,
    ZERO,
    Add,
    Condition,
    Diff,
    Index,
    Indexed,
    Mul,
    Partial,
    Pow,
    Reduction,
    Relation,
    SumOver,
    Term,
    add,
    apply,
    at,
    canonical,
    exp,
    free_indices,
    indices_of,
    inverse,
    is_element,
    is_leaf,
    is_literal_place,
    is_number,
    log,
    memo,
    mul,
    name_of,
    names,
    neg,
    number,
    power,
    relation,
    replace_terms,
    sigmoid,
    substitute,
    subterms,
    sum_over,
    value_of,
)
from derivation.theory import Theory, match


@dataclass(frozen=True)
class Rewrite:
    """``pattern = replacement`` for all values of ``params``.

    ``prove(values)`` gives the proof of ``pattern = replacement`` at these values.
    """

    name: str
    params: tuple[Any, ...]
    pattern: Any
    replacement: Any
    prove: Callable[[dict[Any, Any]], Any]
    kind: str = "fold"  # fold, given, fact

    @cached_property
    def brings(self) -> list[Any]:
        """The sums in the replacement, in the order in which they are compared."""
        return [normal_term(s) for s in subterms(self.replacement) if isinstance(s, Reduction)]

    def at(self, t: Term, theory: Theory) -> Proof | None:
        """The proof of ``t = replacement`` if t is the pattern at some values."""
        values = self._match(t, theory)
        if values is None:
            return None
        return self._proof(t, values)

    def _proof(self, t: Term, values: dict[Any, Any]) -> Proof:
        chain = Chain(t)
        chain.algebra(substitute(self.pattern, values))
        chain.splice(self.prove(values))
        return chain.proof()

    def _match(self, t: Term, theory: Theory) -> dict[Any, Any] | None:
        if type(t) is not type(self.pattern):
            return None
        if isinstance(t, Indexed) and name_of(t) != name_of(self.pattern):
            return None
        if names(self.pattern) != names(t):
            return None
        key = normal_term(t)
        for values in assignments(self.params, t, theory):
            if normal_term(substitute(self.pattern, values)) == key:
                return values
        return None


class ScaledRewrite(Rewrite):
    """A sum of terms found up to a factor: 1 + x/v where the pattern is v + x."""

    def at(self, t: Term, theory: Theory) -> Proof | None:
        if not isinstance(t, Add):
            return None
        key, one, shift = _primitive(t)
        for values in assignments(self.params, t, theory):
            pattern = substitute(self.pattern, values)
            if len(normal(pattern)[0]) != len(normal(t)[0]):
                return None
            other, two, back = _primitive(pattern)
            if other != key:
                continue
            gaps = {a: shift.get(a, 0) - back.get(a, 0) for a in {*shift, *back}}
            factor = written({frozenset((a, e) for a, e in gaps.items() if e): one / two}, t)
            needs = difference_vanishes(t, mul(factor, pattern))
            if factor == ONE or needs is None or not all(theory.decide(c)[0] for c in needs):
                return None
            chain = Chain(t).algebra(mul(factor, pattern))
            return chain.splice(self.prove(values), (1,)).proof()
        return None


def _primitive(t: Term) -> tuple[Any, Fraction, dict[Any, Any]]:
    """A sum's polynomial without the factor that its terms share, and that factor."""
    poly, _ = normal(t)
    shift: dict[Any, Any] = {}
    for k, monomial in enumerate(poly):
        own = {a: e for a, e in monomial if isinstance(e, int | Fraction)}
        if not k:
            shift = own
        shift = {a: min(shift.get(a, 0), own.get(a, 0)) for a in {*shift, *own}}
    bare = {
        frozenset(
            (a, e)
            for a, e in (
                *((a, x - shift.get(a, 0) if isinstance(x, int | Fraction) else x) for a, x in m),
                *((a, -x) for a, x in shift.items() if a not in dict(m)),
            )
            if e != 0
        ): c
        for m, c in poly.items()
    }
    first = min(bare, key=lambda m: sorted((text(a), str(e)) for a, e in m))
    scale = Fraction(bare[first])
    return frozenset((m, c / scale) for m, c in bare.items()), scale, shift


def assignments(params: tuple[Any, ...], t: Term, theory: Theory) -> Iterator[dict[Any, Any]]:
    """All ways to put the index terms of t for the parameters."""
    if not params:
        yield {}
        return
    pool = index_terms(t)
    choices = [[i for i in pool if theory.in_range(i, p.size)] for p in params]
    total = 1
    for c in choices:
        total *= len(c)
    if total > 600:
        return
    for values in itertools.product(*choices):
        yield dict(zip(params, values, strict=True))


_POOLS: dict[Term, tuple[Any, ...]] = memo()


def index_terms(t: Term) -> tuple[Any, ...]:
    """What stands in slots, in order of appearance: free indices, numbers and label elements."""
    found = _POOLS.get(t)
    if found is None:
        seen: dict[Any, None] = {}
        for a in t.args:
            seen.update(dict.fromkeys(index_terms(a)))
        if isinstance(t, Index):
            seen[t] = None
        elif isinstance(t, Indexed):
            seen.update((i, None) for i in indices_of(t) if not isinstance(i, Index))
        elif isinstance(t, Reduction):
            seen = {i: None for i in seen if t.index not in free_indices(i)}
        found = _POOLS[t] = tuple(seen)
    return found


def apply_everywhere(rw: Rewrite, t: Term, theory: Theory) -> Proof | None:
    """The pattern replaced wherever it occurs (not under derivatives), or None if nowhere."""
    if not names(rw.pattern) <= names(t) or type(rw.pattern) not in heads(t):
        return None
    chain = Chain(t)
    shielded: list[tuple[int, ...]] = []
    inner = rw.brings
    for path, sub in occurrences(t):
        if type(sub) is not type(rw.pattern) and not (inner and isinstance(sub, Reduction)):
            continue
        if any(path[: len(p)] == p for p, _ in chain.items) or any(
            path[: len(p)] == p for p in shielded
        ):
            continue
        if isinstance(sub, Reduction) and any(
            match(s, normal_term(sub), theory) is not None for s in inner
        ):
            shielded.append(path)  # the replacement brings this in: leave it whole
            continue
        proof = rw.at(sub, theory)
        if proof is not None:
            chain.splice(proof, path)
    return chain.proof() if chain.items else None


Places = tuple[tuple[tuple[int, ...], Any], ...]
_PLACES: dict[Term, Places] = memo()
_HEADS: dict[Term, frozenset[type]] = memo()


def occurrences(t: Term) -> Places:
    """Subterms with their places, outermost first; not inside derivatives and conditions."""
    found = _PLACES.get(t)
    if found is None:
        out: list[tuple[tuple[int, ...], Any]] = [((), t)]
        if not is_leaf(t) and not isinstance(t, Diff | Partial | Condition):
            for k, a in enumerate(t.args[:1] if isinstance(t, Reduction) else t.args):
                if not is_literal_place(t, k):
                    out.extend(((k, *path), s) for path, s in occurrences(a))
        found = _PLACES[t] = tuple(out)
    return found


def heads(t: Term) -> frozenset[type]:
    """The kinds of subterms that occur in a term."""
    found = _HEADS.get(t)
    if found is None:
        found = _HEADS[t] = frozenset(type(s) for _, s in occurrences(t))
    return found


# -- definitions as rewrites ----------------------------------------------------------------


def folds_of(definition: Definition, theory: Theory) -> list[Rewrite]:
    """The ways to bring a defined name back into a term."""
    body, head = definition.body, definition.head
    if is_number(body) or is_element(body):
        return []
    out: list[Rewrite] = []
    params = definition.params
    poly, _ = normal(body)
    single = next(iter(poly.items())) if len(poly) == 1 else _as_monomial(body)
    if single is not None:
        more = len(single[0]) > 1 and _has_sum(body)
        simple = simplifier_of(theory).simplify(body).after if more else body  # as terms have it
        shown = shown_atoms(simple, body)
        factors, c = factors_as_written(single[0], shown), single[1]
        for k, (_, atom, e) in enumerate(factors):
            symbolic = not isinstance(e, int | Fraction) and atom != E
            if not symbolic and atom != E and not _may_be_solved_for(atom, len(poly), params):
                continue  # the product of the others takes as long as it has factors
            rest = product_as_written(factors[:k] + factors[k + 1 :], c)
            if symbolic:
                out.extend(_symbolic_power(theory, definition, atom, e, rest))
                continue
            if len(poly) != 1 and atom == E:
                continue
            if atom == E:
                generator = power_as_written(atom, e)
                solved = tidy(mul(head, inverse(rest)))
            else:
                generator = atom
                solved = tidy(power(mul(head, inverse(rest)), number(1 / Fraction(e))))
                if Fraction(e).denominator != 1 and rest != ONE:
                    solved = tidy(
                        mul(
                            power(head, number(1 / Fraction(e))),
                            power(rest, number(-1 / Fraction(e))),
                        )
                    )
            if is_number(generator) or not _divides_safely(solved, theory):
                continue
            if set(params) <= free_indices(generator) and not isinstance(generator, Indexed):
                out.append(_fold(theory, definition, generator, solved))
                if isinstance(generator, Add):
                    plain = out[-1]
                    out.append(ScaledRewrite(plain.name, params, generator, solved, plain.prove))
                    out.extend(_inside_sum(theory, definition, generator, solved))
            elif isinstance(generator, Indexed) and set(params) <= free_indices(generator):
                once = _fold(theory, definition, generator, solved)
                out.extend((once, _one_of_two(once)))
    else:
        out.extend(_inside_sum(theory, definition, in_order(body), head))
    out.extend(_logistic(theory, definition))
    out.extend(_logit(theory, definition))
    out.extend(_peeled(theory, definition))
    if isinstance(body, SumOver) and set(params) <= free_indices(body):
        out.append(_opposite(theory, definition))
    whole = normal_term(body)
    if not isinstance(body, Add | Mul | Pow | sympy.exp) and set(params) <= free_indices(body):
        out.insert(0, _fold(theory, definition, whole, head))
    return [*out, *filter(None, [_simplified(theory, rw) for rw in out])]


def _may_be_solved_for(atom: Any, terms: int, params: tuple[Any, ...]) -> bool:
    """Whether a definition of so many terms is to be solved for this factor of its body: not for a
    bare name or number, nor for what does not tell the values of all indices."""
    if is_number(atom) or isinstance(atom, sympy.Symbol):
        return False
    if terms != 1 and not isinstance(atom, Add):
        return False
    if isinstance(atom, Indexed) and not params:
        return False
    return set(params) <= free_indices(atom)


def _as_monomial(body: Any) -> tuple[Any, Any] | None:
    """A product with sums of terms among its factors, which are taken as they are."""
    if not isinstance(body, Mul):
        return None
    c, parts = split_product(body)
    if not all(is_number(e) for _, e in parts) or any(isinstance(b, sympy.exp) for b, _ in parts):
        return None
    return frozenset((normal_term(b), value_of(e)) for b, e in parts), c


def _simplified(theory: Theory, rw: Rewrite) -> Rewrite | None:
    """The same rewrite for its pattern as the simplifier leaves it.

    Where constants leave a sum there, it is solved for the sum: from sum(x[k]/m) = v comes
    sum(x[k]) = v*m.
    """
    if not _has_sum(rw.pattern):
        return None
    pattern = simplifier_of(theory).simplify(rw.pattern).after
    if same(pattern, rw.pattern):
        return None

    def prove(values: dict[Any, Any]) -> Any:
        there = simplifier_of(theory).simplify(substitute(rw.pattern, values))
        chain = Chain(substitute(pattern, values))
        chain.algebra(there.after)
        chain.splice(flip(there))
        chain.splice(rw.prove(values))
        return chain.proof()

    plain = Rewrite(rw.name, rw.params, pattern, rw.replacement, prove, rw.kind)
    return _solved_for_sum(theory, plain) or plain


def _solved_for_sum(theory: Theory, rw: Rewrite) -> Rewrite | None:
    """From c*sum f = v: sum f = v/c, where c is known not to be 0."""
    c, parts = split_product(rw.pattern)
    sums = [(b, e) for b, e in parts if isinstance(b, SumOver) and e == ONE]
    if len(sums) != 1 or not set(rw.params) <= free_indices(sums[0][0]):
        return None
    whole = sums[0][0]
    front = join_product(c, [x for x in parts if x[0] is not whole])
    if not theory.decide(relation("!=", front, ZERO))[0]:
        return None
    solved = tidy(mul(rw.replacement, inverse(front)))
    if not _divides_safely(solved, theory):
        return None

    def prove(values: dict[Any, Any]) -> Any:
        there, before = substitute(rw.pattern, values), substitute(inverse(front), values)
        chain = Chain(substitute(whole, values)).algebra(mul(before, there))
        chain.splice(rw.prove(values), (len(chain.term.args) - 1,))
        return chain.algebra(substitute(solved, values)).proof()

    return Rewrite(rw.name, rw.params, whole, solved, prove, rw.kind)


def _divides_safely(t: Term, theory: Theory) -> bool:
    """Whether no denominator in the term needs a new condition."""
    return all(
        theory.decide(relation("!=", s.args[0], ZERO))[0]
        for s in subterms(t)
        if isinstance(s, Pow) and _divides(s.args[1])
    )


def _divides(e: Any) -> bool:
    if is_number(e):
        return bool(value_of(e) < 0)
    return is_whole(e) and not never_negative(e)


def _one_of_two(rw: Rewrite) -> Rewrite:
    """w**2 as w times what w is: one of the two factors replaced."""
    pattern = power(rw.pattern, number(2))

    def prove(values: dict[Any, Any]) -> Any:
        once = substitute(rw.pattern, values)
        chain = Chain(power(once, number(2))).algebra(mul(once, once))
        return chain.splice(rw.prove(values), (1,)).proof()

    return Rewrite(rw.name, rw.params, pattern, mul(rw.pattern, rw.replacement), prove, rw.kind)


def _inside_sum(theory: Theory, definition: Definition, total: Any, solved: Any) -> list[Rewrite]:
    """From ``total = solved`` with total a sum: each exponential or symbolic power solved for."""
    out = []
    for a in total.args:
        c, rest = leading(a)
        grown = isinstance(rest, sympy.exp) or (
            isinstance(rest, Pow) and not is_number(rest.args[1])
        )
        if grown and set(definition.params) <= free_indices(rest):
            others = [x for x in total.args if x is not a]
            value = tidy(scaled(add(solved, *map(neg, others)), 1 / c))
            if isinstance(solved, Pow) and solved.args[1] == MINUS_ONE:  # (1 - p)/p, not 1/p - 1
                top = add(ONE, *[neg(mul(x, solved.args[0])) for x in others])
                value = tidy(scaled(mul(top, solved), 1 / c))
            out.append(_fold(theory, definition, rest, value))
    return out


def _symbolic_power(
    theory: Theory, definition: Definition, atom: Any, e: Any, rest: Any
) -> list[Rewrite]:
    """x**a where the definition is x**a times the rest."""
    generator = power(atom, e)
    solved = tidy(mul(definition.head, inverse(rest)))
    if not set(definition.params) <= free_indices(generator) or not _divides_safely(solved, theory):
        return []
    return [_fold(theory, definition, generator, solved)]


def _logistic(theory: Theory, definition: Definition) -> list[Rewrite]:
    """From f = 1/(1 + exp(x)): sigmoid(-x) is f, and sigmoid(x) is 1 - f."""
    body, head = definition.body, definition.head
    if not (isinstance(body, Pow) and body.args[1] == MINUS_ONE and isinstance(body.args[0], Add)):
        return []
    grown = [a for a in body.args[0].args if isinstance(a, sympy.exp)]
    if len(body.args[0].args) != 2 or len(grown) != 1 or ONE not in body.args[0].args:
        return []
    x = grown[0].args[0]
    if not set(definition.params) <= free_indices(x):
        return []
    s = apply("sigmoid", normal_term(neg(x)))
    mirrored = apply("sigmoid", normal_term(x))

    def prove(values: dict[Any, Any]) -> Any:
        chain = Chain(substitute(s, values))
        after, _ = REGISTRY["sigmoid-definition"].rewrite(theory, chain.term, {})  # type: ignore[misc]
        chain.rule("sigmoid-definition", after).algebra(substitute(body, values))
        target = substitute(head, values)
        return chain.splice(Move("definition", chain.term, target, direction="rl")).proof()

    def prove_mirrored(values: dict[Any, Any]) -> Any:
        chain = Chain(substitute(mirrored, values))
        after, _ = REGISTRY["sigmoid-reflection"].rewrite(theory, chain.term, {})  # type: ignore[misc]
        chain.rule("sigmoid-reflection", after)
        place = next(p for p, u in occurrences(after) if isinstance(u, type(s)))
        chain.algebra(substitute(s, values), place)
        return chain.splice(prove(values), place).proof()

    params = definition.params
    return [
        Rewrite(definition.name, params, s, head, prove),
        Rewrite(definition.name, params, mirrored, add(ONE, neg(head)), prove_mirrored),
    ]


def _logit(theory: Theory, definition: Definition) -> list[Rewrite]:
    """From p = sigmoid(x): log((1 - p)/p) is -x, and log(p/(1 - p)) is x."""
    body, head = definition.body, definition.head
    if not isinstance(body, sigmoid) or not set(definition.params) <= free_indices(body):
        return []
    x = body.args[0]
    odds = mul(head, inverse(add(ONE, neg(head))))
    against = mul(add(ONE, neg(head)), inverse(head))

    def rewrite(pattern: Any, exponent: Any) -> Rewrite:
        def prove(values: dict[Any, Any]) -> Any:
            chain = Chain(substitute(log(pattern), values))
            target, whole = substitute(head, values), substitute(body, values)
            for path, sub in list(occurrences(chain.term)):
                if sub == target:
                    chain.splice(Move("definition", target, whole), path)
                    after, _ = REGISTRY["sigmoid-definition"].rewrite(theory, whole, {})  # type: ignore[misc]
                    chain.rule("sigmoid-definition", after, path)
            chain.algebra(substitute(exp(exponent), values), (0,))
            return chain.rule("log-expand", substitute(exponent, values)).proof()

        return Rewrite(definition.name, definition.params, log(pattern), exponent, prove)

    return [rewrite(odds, x), rewrite(against, negated(x))]


def _peeled(theory: Theory, definition: Definition) -> list[Rewrite]:
    """From p = c*log(S)**k and the like: S in terms of p, one operation after the other."""
    t, value = definition.body, definition.head
    out: list[Rewrite] = []
    for _ in range(8):
        if isinstance(t, Mul):
            big = [f for f in t.args if _has_sum(f)]
            if len(big) != 1:
                break
            others = [f for f in t.args if f is not big[0]]
            grown = [f for f in others if isinstance(f, Pow) and not is_number(f.args[1])]
            if not all(_divides_safely(inverse(f), theory) for f in grown):
                break  # x**K, where x may be 0
            t, value = big[0], mul(value, *map(inverse, others))
        elif isinstance(t, Add):
            big = [a for a in t.args if _has_sum(a)]
            if len(big) != 1:
                break
            t, value = big[0], add(value, *[neg(a) for a in t.args if a is not big[0]])
        elif isinstance(t, Pow) and _has_sum(t.args[0]) and not _has_sum(t.args[1]):
            t, value = t.args[0], power(value, inverse(t.args[1]))
        elif isinstance(t, sympy.log):
            t, value = t.args[0], exp(value)
        else:
            break
        if set(definition.params) <= free_indices(t) and t != definition.body:
            out.append(_fold(theory, definition, t, tidy(value)))
    return out[-1:]


def _opposite(theory: Theory, definition: Definition) -> Rewrite:
    """From J = sum f: the sum of -f is -J."""
    body = definition.body
    pattern = normal_term(sum_over(neg(body.body), body.index, body.guard))

    def prove(values: dict[Any, Any]) -> Any:
        whole, head = substitute(body, values), substitute(definition.head, values)
        chain = Chain(substitute(pattern, values))
        chain.algebra(sum_over(mul(MINUS_ONE, whole.body), whole.index, whole.guard))
        chain.rule("sum-factor", mul(MINUS_ONE, whole))
        return chain.splice(Move("definition", whole, head, direction="rl"), (1,)).proof()

    return Rewrite(definition.name, definition.params, pattern, neg(definition.head), prove)


def _has_sum(t: Term) -> bool:
    return any(isinstance(s, Reduction) for s in subterms(t))


def simplifier_of(theory: Theory) -> Any:
    """A simplifier for proofs about definitions, one for each theory."""
    from derivation.engine.simplify import Simplifier

    found = _SIMPLIFIERS.get(theory)
    if found is None:
        found = _SIMPLIFIERS[theory] = Simplifier(theory)
    return found


_SIMPLIFIERS: WeakKeyDictionary[Theory, Any] = WeakKeyDictionary()


def _in_own_letters(t: Any, body: Term) -> Any:
    """The term with its sums in the letters that the definition's right side has for them."""
    sums = {canonical(s): s for s in subterms(body) if isinstance(s, Reduction)}
    return replace_terms(t, sums.get) if sums else t


def _fold(theory: Theory, definition: Definition, generator: Any, solved: Any) -> Rewrite:
    solved = _in_own_letters(solved, definition.body)

    def prove(values: dict[Any, Any]) -> Any:
        right = substitute(solved, values)
        unfolding = Chain(right)
        body = substitute(definition.body, values)
        target = substitute(definition.head, values)
        for path, sub in list(occurrences(right)):
            if sub == target and not isinstance(at(right, path[:-1]) if path else None, Indexed):
                unfolding.splice(Move("definition", target, body), path)
        wanted = substitute(generator, values)
        try:
            unfolding.algebra(wanted)
        except RuleRefused:
            unfolding.splice(simplifier_of(theory).simplify(unfolding.term))
            unfolding.algebra(wanted)
        return flip(unfolding.proof())

    return Rewrite(definition.name, definition.params, generator, solved, prove)


# -- sub-bags of sums -----------------------------------------------------------------------


def fold_sums(definition: Definition, t: Term, theory: Theory) -> Proof | None:
    """Inside every sum of terms, c times the definition's right side becomes c times its name."""
    if not names(definition.body) <= names(t):
        return None
    poly, _ = normal(definition.body)
    if len(poly) < 2:
        candidates = [_single_sum(definition, poly)]
    else:
        candidates = [(list(in_order(definition.body).args), definition.head)]
    chain = Chain(t)
    for found in candidates:
        if found is None:
            continue
        pattern, head = found
        for path, sub in list(occurrences(chain.term)):
            if not isinstance(sub, Add) or any(path[: len(p)] == p for p, _ in chain.items):
                continue
            proof = _fold_in_sum(definition, pattern, head, sub, theory)
            if proof is not None:
                chain.splice(proof, path)
    return chain.proof() if chain.items else None


def fold_products(definition: Definition, t: Term, theory: Theory) -> Proof | None:
    """In every product that holds all factors of the definition's right side, its name instead."""
    if not names(definition.body) <= names(t):
        return None
    meaning = _exponential(definition, theory)
    body = definition.body if meaning is None else meaning.after
    coefficient, pattern = split_product(body)
    if len(pattern) < 2 and not (
        pattern and is_element(pattern[0][0]) and pattern[0][1] == MINUS_ONE
    ):
        return None  # a power alone is a rewrite, but for v = 2/a
    chain = Chain(t)
    for path, sub in list(occurrences(t)):
        if isinstance(sub, Mul) and not any(path[: len(p)] == p for p, _ in chain.items):
            proof = _fold_in_product(definition, coefficient, pattern, sub, theory, meaning)
            if proof is not None and _keeps_signs(proof.after, sub, theory):
                chain.splice(proof, path)
    return chain.proof() if chain.items else None


def _fold_in_product(
    definition: Definition,
    coefficient: Any,
    pattern: list[Any],
    t: Term,
    theory: Theory,
    meaning: Proof | None = None,
) -> Proof | None:
    """The product with the name in it; with the name's exponential where ``meaning`` is that."""
    have_coefficient, have = split_product(t)
    for values in assignments(definition.params, t, theory):
        left = _divided(have, pattern, values)
        if left is not None:
            head = substitute(definition.head, values)
            if meaning is None:
                times, again = 1, _divided(left, pattern, values)
                while again is not None:
                    times, left, again = times + 1, again, _divided(again, pattern, values)
                c = have_coefficient / coefficient**times
                out = join_product(c, [*left, (head, number(times))])
                return _prove_by_unfolding(definition, values, t, out)
            power_of_e = exp(head)
            out, where = beside(have_coefficient / coefficient, left, power_of_e)
            chain = Chain(out)
            chain.splice(Move("definition", head, substitute(definition.body, values)), (*where, 0))
            at_values = substitute(meaning.after, values)
            chain.rule("exp-of-log", at_values, where)
            return flip(chain.algebra(t).proof())  # type: ignore[no-any-return]
    return None


def _keeps_signs(after: Any, before: Any, theory: Theory) -> bool:
    """Whether no power such as x**(K - 1), which is defined for every x, has become a division,
    as in L/x, where x may be 0."""
    for base, e in split_product(before)[1]:
        if is_number(e) or not is_whole(e) or theory.decide(relation("!=", base, ZERO))[0]:
            continue
        if any(same(b, base) and x != e for b, x in split_product(after)[1]):
            return False
    return True


def _divided(have: list[Any], pattern: list[Any], values: dict[Any, Any]) -> list[Any] | None:
    """What is left of a product's powers without those of the pattern, if it holds them."""
    left = list(have)
    for base, e in pattern:
        wanted = substitute(base, values)
        place = next(
            (k for k, (b, x) in enumerate(left) if same(b, wanted) and _covers(x, e)), None
        )
        if place is None:
            return None
        b, x = left[place]
        rest = tidy(add(x, neg(e)))
        left[place : place + 1] = [] if rest == ZERO else [(b, rest)]
    return left


def _exponential(definition: Definition, theory: Theory) -> Proof | None:
    """exp(a + log(b)) = exp(a)*b for a definition that is a sum with logarithms in it."""
    body = definition.body
    if not isinstance(body, Add) or not any(
        isinstance(leading(a)[1], sympy.log) and abs(leading(a)[0]) == 1 for a in body.args
    ):
        return None
    try:
        after, needs = REGISTRY["exp-of-log"].rewrite(theory, exp(body), {})  # type: ignore[misc]
    except RuleRefused:
        return None
    if not all(theory.decide(c)[0] for c in needs):
        return None
    return Chain(exp(body)).rule("exp-of-log", after).proof()


def _covers(have: Any, wanted: Any) -> bool:
    """Whether a power holds another of the same base without dividing."""
    if is_number(have) and is_number(wanted):
        h, w = value_of(have), value_of(wanted)
        return h == w or (h * w > 0 and abs(h) > abs(w) and (h - w).denominator == 1)
    if is_number(wanted):
        return False
    return is_number(tidy(add(have, neg(wanted))))


def _single_sum(definition: Definition, poly: Any) -> tuple[list[Any], Any] | None:
    """p = c*S**k with S a sum of terms: the terms of S, and S in terms of p."""
    ((monomial, c),) = poly.items() if poly else ((frozenset(), 1),)
    sums = [(a, e) for a, e in monomial if isinstance(a, Add) and isinstance(e, int | Fraction)]
    if len(sums) != 1:
        return None
    atom, e = sums[0]
    rest = written({frozenset((a, x) for a, x in monomial if a != atom): c}, definition.body)
    solved = tidy(power(mul(definition.head, inverse(rest)), number(1 / Fraction(e))))
    return list(atom.args), solved


def _fold_in_sum(
    definition: Definition, pattern: list[Any], head: Any, t: Any, theory: Theory
) -> Proof | None:
    params = definition.params
    need = set(params)
    if not need <= set().union(*map(free_indices, pattern)) or len(t.args) < len(pattern):
        return None
    keys, shown = {}, {}
    for a in t.args:
        c, core = leading(normal_term(a))
        if isinstance(core, Add):
            return None
        keys[core], shown[core] = c, leading(in_order(a))[1]
    anchor = max(pattern, key=lambda p: (len(free_indices(p)), not is_number(leading(p)[1])))
    for values in assignments(params, t, theory):
        concrete = [substitute(p, values) for p in pattern]
        ac, acore = leading(in_order(substitute(anchor, values)))
        for core, c in keys.items():
            ratio = tidy(mul(shown[core], inverse(acore))) if acore != ONE else shown[core]
            if not _simple_ratio(ratio):
                continue
            factor = scaled(ratio, c / ac)
            wanted = [leading(normal_term(mul(factor, p))) for p in concrete]
            if all(not isinstance(w, Add) and keys.get(w) == x for x, w in wanted):
                used = {w for _, w in wanted}
                kept = [a for a in t.args if leading(normal_term(a))[1] not in used]
                place = next(k for k, a in enumerate(t.args) if leading(normal_term(a))[1] in used)
                folded = tidy(mul(factor, substitute(head, values)))
                before_place = [a for a in t.args[:place] if leading(normal_term(a))[1] not in used]
                after_place = kept[len(before_place) :]
                out = add(*before_place, folded, *after_place)
                return _prove_by_unfolding(definition, values, t, out)
    return None


def _simple_ratio(t: Any) -> bool:
    return not any(isinstance(s, Add) for s in subterms(t))


def _prove_by_unfolding(
    definition: Definition, values: dict[Any, Any], before: Any, after: Any
) -> Proof | None:
    target = substitute(definition.head, values)
    body = substitute(definition.body, values)
    unfolding = Chain(after)
    for path, sub in list(occurrences(after)):
        if sub == target and not any(path[: len(p)] == p for p, _ in unfolding.items):
            unfolding.splice(Move("definition", target, body), path)
    try:
        unfolding.algebra(before)
    except RuleRefused:
        return None
    return flip(unfolding.proof())  # type: ignore[no-any-return]


def rewrite_of_given(given: Any, theory: Theory) -> Rewrite | None:
    """A given equation that shortens: its longer side becomes the shorter one."""
    if not isinstance(given, Relation) or given.op != "==":
        return None
    left, right = given.left, given.right
    if free_indices(right) - free_indices(left):
        left, right = right, left
    params = tuple(i for i in index_terms(left) if i in free_indices(left))
    if not free_indices(given) <= set(params):
        return None

    def prove(values: dict[Any, Any]) -> Any:
        a, b = substitute(given.left, values), substitute(given.right, values)
        move = Move("given", a, b, {"given": given, "values": values})
        return move if left == given.left else flip(move)

    plain = Rewrite("given", params, left, right, prove, "given")
    return _simplified(theory, plain) or plain
