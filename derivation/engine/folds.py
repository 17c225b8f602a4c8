"""Definitions as rewrites: each solved for the parts of it that tell the values of its indices.

For p = N/D the pattern is such a part (the generator) and the replacement what it is in terms of
p: exp(z_j) becomes p_j times the sum. Givens that shorten are rewrites too.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from derivation.engine.arithmetic import (
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
)
from derivation.engine.proof import Chain, Move, flip
from derivation.engine.rewrites import Rewrite, ScaledRewrite, index_terms, occurrences
from derivation.engine.simplify import Simplifier
from derivation.errors import RuleRefused
from derivation.normal import (
    E,
    is_whole,
    never_negative,
    normal,
    normal_term,
)
from derivation.problem import Definition
from derivation.rules import REGISTRY
from derivation.terms import (
    MINUS_ONE,
    ONE,
    ZERO,
    Add,
    Index,
    Indexed,
    Mul,
    Pow,
    Reduction,
    Relation,
    SumOver,
    Term,
    add,
    apply,
    at,
    exp,
    free_indices,
    inverse,
    is_element,
    is_number,
    log,
    mul,
    neg,
    number,
    power,
    relation,
    sigmoid,
    substitute,
    subterms,
    sum_over,
    value_of,
)
from derivation.theory import Theory


def folds_of(definition: Definition, simplifier: Simplifier) -> list[Rewrite]:
    """The ways to bring a defined name back into a term."""
    body, head = definition.body, definition.head
    if is_number(body) or is_element(body) or isinstance(body, Index):
        return []  # an index stands in slots, where no value may take its place
    out: list[Rewrite] = []
    params = definition.params
    poly, _ = normal(body)
    single = next(iter(poly.items())) if len(poly) == 1 else _as_monomial(body)
    if single is not None:
        more = len(single[0]) > 1 and _has_sum(body)
        simple = simplifier.simplify(body).after if more else body  # as terms have it
        shown = shown_atoms(simple, body)
        factors, c = factors_as_written(single[0], shown), single[1]
        for k, (_, atom, e) in enumerate(factors):
            symbolic = not isinstance(e, (int, Fraction)) and atom != E
            if not symbolic and atom != E and not _may_be_solved_for(atom, len(poly), params):
                continue  # the product of the others takes as long as it has factors
            rest = product_as_written(factors[:k] + factors[k + 1 :], c)
            if symbolic:
                out.extend(_symbolic_power(simplifier, definition, atom, e, rest))
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
            if is_number(generator) or not _divides_safely(solved, simplifier.theory):
                continue
            if set(params) <= free_indices(generator) and not isinstance(generator, Indexed):
                out.append(_fold(simplifier, definition, generator, solved))
                if isinstance(generator, Add):
                    plain = out[-1]
                    out.append(ScaledRewrite(plain.name, params, generator, solved, plain.prove))
                    out.extend(_inside_sum(simplifier, definition, generator, solved))
            elif isinstance(generator, Indexed) and set(params) <= free_indices(generator):
                once = _fold(simplifier, definition, generator, solved)
                out.extend((once, _one_of_two(once)))
    else:
        out.extend(_inside_sum(simplifier, definition, in_order(body), head))
    out.extend(_logistic(simplifier, definition))
    out.extend(_logit(simplifier, definition))
    out.extend(_peeled(simplifier, definition))
    if isinstance(body, SumOver) and set(params) <= free_indices(body):
        out.append(_opposite(simplifier, definition))
    whole = normal_term(body)
    if not isinstance(body, (Add, Mul, Pow, sympy.exp)) and set(params) <= free_indices(body):
        out.insert(0, _fold(simplifier, definition, whole, head))
    return [*out, *filter(None, [_simplified(simplifier, rw) for rw in out])]


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
    if not all(is_number(e) for _, e in parts) or any(type(b) is sympy.exp for b, _ in parts):
        return None
    return frozenset((normal_term(b), value_of(e)) for b, e in parts), c


def _simplified(simplifier: Simplifier, rw: Rewrite) -> Rewrite | None:
    """The same rewrite for its pattern as the simplifier leaves it.

    Where constants leave a sum there, it is solved for the sum: from sum(x[k]/m) = v comes
    sum(x[k]) = v*m.
    """
    if not _has_sum(rw.pattern):
        return None
    pattern = simplifier.simplify(rw.pattern).after
    if same(pattern, rw.pattern):
        return None

    def prove(values: dict[Any, Any]) -> Any:
        there = simplifier.simplify(substitute(rw.pattern, values))
        chain = Chain(substitute(pattern, values))
        chain.algebra(there.after)
        chain.splice(flip(there))
        chain.splice(rw.prove(values))
        return chain.proof()

    plain = Rewrite(rw.name, rw.params, pattern, rw.replacement, prove, rw.kind)
    return _solved_for_sum(simplifier, plain) or plain


def _solved_for_sum(simplifier: Simplifier, rw: Rewrite) -> Rewrite | None:
    """From c*sum f = v: sum f = v/c, where c is known not to be 0."""
    c, parts = split_product(rw.pattern)
    sums = [(b, e) for b, e in parts if isinstance(b, SumOver) and e == ONE]
    if len(sums) != 1 or not set(rw.params) <= free_indices(sums[0][0]):
        return None
    whole = sums[0][0]
    front = join_product(c, [x for x in parts if x[0] is not whole])
    if not simplifier.theory.decide(relation("!=", front, ZERO))[0]:
        return None
    solved = tidy(mul(rw.replacement, inverse(front)))
    if not _divides_safely(solved, simplifier.theory):
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


def _inside_sum(
    simplifier: Simplifier, definition: Definition, total: Any, solved: Any
) -> list[Rewrite]:
    """From ``total = solved`` with total a sum: each exponential or symbolic power solved for."""
    out = []
    for a in total.args:
        c, rest = leading(a)
        grown = type(rest) is sympy.exp or (isinstance(rest, Pow) and not is_number(rest.args[1]))
        if grown and set(definition.params) <= free_indices(rest):
            others = [x for x in total.args if x is not a]
            value = tidy(scaled(add(solved, *map(neg, others)), 1 / c))
            if isinstance(solved, Pow) and solved.args[1] == MINUS_ONE:  # (1 - p)/p, not 1/p - 1
                top = add(ONE, *[neg(mul(x, solved.args[0])) for x in others])
                value = tidy(scaled(mul(top, solved), 1 / c))
            out.append(_fold(simplifier, definition, rest, value))
    return out


def _symbolic_power(
    simplifier: Simplifier, definition: Definition, atom: Any, e: Any, rest: Any
) -> list[Rewrite]:
    """x**a where the definition is x**a times the rest."""
    generator = power(atom, e)
    solved = tidy(mul(definition.head, inverse(rest)))
    if not set(definition.params) <= free_indices(generator) or not _divides_safely(
        solved, simplifier.theory
    ):
        return []
    return [_fold(simplifier, definition, generator, solved)]


def _logistic(simplifier: Simplifier, definition: Definition) -> list[Rewrite]:
    """From f = 1/(1 + exp(x)): sigmoid(-x) is f, and sigmoid(x) is 1 - f."""
    body, head = definition.body, definition.head
    if not (isinstance(body, Pow) and body.args[1] == MINUS_ONE and isinstance(body.args[0], Add)):
        return []
    grown = [a for a in body.args[0].args if type(a) is sympy.exp]
    if len(body.args[0].args) != 2 or len(grown) != 1 or ONE not in body.args[0].args:
        return []
    x = grown[0].args[0]
    if not set(definition.params) <= free_indices(x):
        return []
    s = apply("sigmoid", normal_term(neg(x)))
    mirrored = apply("sigmoid", normal_term(x))

    def prove(values: dict[Any, Any]) -> Any:
        chain = Chain(substitute(s, values))
        after, _ = REGISTRY["sigmoid-definition"].rewrite(simplifier.theory, chain.term, {})  # type: ignore[misc]
        chain.rule("sigmoid-definition", after).algebra(substitute(body, values))
        target = substitute(head, values)
        return chain.splice(Move("definition", chain.term, target, direction="rl")).proof()

    def prove_mirrored(values: dict[Any, Any]) -> Any:
        chain = Chain(substitute(mirrored, values))
        after, _ = REGISTRY["sigmoid-reflection"].rewrite(simplifier.theory, chain.term, {})  # type: ignore[misc]
        chain.rule("sigmoid-reflection", after)
        place = next(p for p, u in occurrences(after) if isinstance(u, type(s)))
        chain.algebra(substitute(s, values), place)
        return chain.splice(prove(values), place).proof()

    params = definition.params
    return [
        Rewrite(definition.name, params, s, head, prove),
        Rewrite(definition.name, params, mirrored, add(ONE, neg(head)), prove_mirrored),
    ]


def _logit(simplifier: Simplifier, definition: Definition) -> list[Rewrite]:
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
                    after, _ = REGISTRY["sigmoid-definition"].rewrite(simplifier.theory, whole, {})  # type: ignore[misc]
                    chain.rule("sigmoid-definition", after, path)
            chain.algebra(substitute(exp(exponent), values), (0,))
            return chain.rule("log-expand", substitute(exponent, values)).proof()

        return Rewrite(definition.name, definition.params, log(pattern), exponent, prove)

    return [rewrite(odds, x), rewrite(against, negated(x))]


def _peeled(simplifier: Simplifier, definition: Definition) -> list[Rewrite]:
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
            if not all(_divides_safely(inverse(f), simplifier.theory) for f in grown):
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
            out.append(_fold(simplifier, definition, t, tidy(value)))
    return out[-1:]


def _opposite(simplifier: Simplifier, definition: Definition) -> Rewrite:
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


def _fold(simplifier: Simplifier, definition: Definition, generator: Any, solved: Any) -> Rewrite:
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
            unfolding.splice(simplifier.simplify(unfolding.term))
            unfolding.algebra(wanted)
        return flip(unfolding.proof())

    return Rewrite(definition.name, definition.params, generator, solved, prove)


def rewrite_of_given(given: Any, simplifier: Simplifier) -> Rewrite | None:
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
    return _simplified(simplifier, plain) or plain
