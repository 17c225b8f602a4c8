"""Derivatives taken with one rule misapplied: what a wrong line may be the result of.

A factor of the chain rule is forgotten, a dependence is lost, a term is left undifferentiated. Each
such lapse is a change of one place in what is differentiated that keeps its value and changes its
derivative: ``f(u)`` becomes ``detach(f(u)) + u - detach(u)`` where f' is forgotten. So the wrong
derivative can be evaluated like any other and compared with the wrong line. Nothing here is
trusted: a lapse names a slip, the line offered instead is proved.

>>> from derivation.language import read_problem, write
>>> from derivation.terms import diff
>>> problem = read_problem("f = exp(a*x); wrt x")
>>> for lapse in list(lapses(problem, diff(problem.objective, *problem.wrt[0])))[:2]:
...     print(lapse.slip)
...     print(write(lapse.definitions["f"].body))
chain-rule factor forgotten: the derivative of exp
detach(exp(a*x)) + (a*x - detach(a*x))
chain-rule factor forgotten: the inner derivative, that of a*x
exp(detach(a*x) + (x - detach(x)))
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from derivation.engine.arithmetic import join_product, split_product
from derivation.language import nodes, write
from derivation.problem import Definition, Problem
from derivation.terms import (
    HALF,
    MINUS_ONE,
    ONE,
    TWO,
    Add,
    Condition,
    Detach,
    Diff,
    IfElse,
    Mul,
    Partial,
    Path,
    Pow,
    Reduction,
    Term,
    add,
    apply,
    element,
    fresh_index,
    function_name,
    if_else,
    index,
    indices_of,
    is_element,
    is_leaf,
    is_literal_place,
    is_number,
    mul,
    name_of,
    names,
    neg,
    number,
    power,
    relation,
    replace_at,
    replace_terms,
    sigmoid,
    substitute,
    subterms,
    sum_over,
    value_of,
)

LONGEST_SHOWN = 12  # nodes of a term that is written out in the name of a slip
MOST_ONES = 6  # ways to read "its derivative is 1" for an array


@dataclass(frozen=True)
class Lapse:
    """One rule misapplied at one place.

    Attributes:
        slip: Its name, with what it is about after a colon.
        definitions: The problem's, with the derivative that the lapse gives them.
        left: What was to be differentiated, likewise.
        outer: A function's value at the place, if its derivative was forgotten.
        inner: An argument at the place, if its derivative was forgotten.
        factor: The factor that is missing by it, where it is known at once.
        term: A term of what is differentiated whose derivative is missing by it.
    """

    slip: str
    definitions: Mapping[str, Definition]
    left: Term
    outer: Term | None = None
    inner: Term | None = None
    factor: Term | None = None
    term: Term | None = None


@dataclass(frozen=True)
class _Change:
    slip: str
    new: Any
    outer: Term | None = None
    inner: Term | None = None
    factor: Term | None = None
    term: Term | None = None


@dataclass(frozen=True)
class _Site:
    """A subterm of what is differentiated: its definition (None: the left side), place, indices."""

    where: str | None
    path: Path
    term: Any
    scope: tuple[Any, ...]


def lapses(problem: Problem, left: Any) -> Iterator[Lapse]:
    """The lapses by which a derivative in ``left`` may come out wrong, likely ones first."""
    by = frozenset(
        name_of(v) for s in subterms(left) if isinstance(s, (Diff, Partial)) for v in s.args[1:]
    )
    if not by:
        return
    places = _Places(problem, by, _dependents(problem, by))
    sites = list(places.sites(left))
    seen: set[Any] = set()

    def lapse(change: _Change, at_places: Sequence[tuple[_Site, Any]]) -> Iterator[Lapse]:
        definitions, start = dict(problem.definitions), left
        for site, new in at_places:
            if site.where is None:
                start = replace_at(start, site.path, new)
            else:
                d = definitions[site.where]
                definitions[site.where] = replace(d, body=replace_at(d.body, site.path, new))
        key = (start, *(d.body for d in definitions.values()))
        if key not in seen:
            seen.add(key)
            yield Lapse(
                change.slip,
                definitions,
                start,
                change.outer,
                change.inner,
                change.factor,
                change.term,
            )

    held = {s.term for s in sites if places.defined(s.term)}
    for n in (1, 2):
        for some in itertools.combinations(sorted({name_of(t) for t in held}), n):
            uses = [s for s in sites if places.defined(s.term) and name_of(s.term) in some]
            what = " and ".join(some)
            slip = f"dependence lost: {what} depend{'s' * (n == 1)} on {places.variable}"
            yield from lapse(_Change(slip, None), [(s, _still(s.term)) for s in uses])
    for kind in _CATALOGUE:
        for site in sites:
            for change in kind(places, site.term, site.scope):
                yield from lapse(change, [(site, change.new)])
    for group in _alike(sites):  # the same lapse wherever the function occurs
        changes = [(s, c) for s in group for c in _outer(places, s.term, s.scope)]
        for slip in dict.fromkeys(c.slip for _, c in changes):
            some_changes = [(s, c) for s, c in changes if c.slip == slip]
            change = replace(some_changes[0][1], outer=None)
            yield from lapse(change, [(s, c.new) for s, c in some_changes])


def _alike(sites: Sequence[_Site]) -> Iterator[list[_Site]]:
    """Groups of places with the same function, none inside another."""
    groups: dict[Any, list[_Site]] = {}
    for s in sites:
        if _function_of(s.term) is not None:
            groups.setdefault((type(s.term), s.term.args[1:]), []).append(s)
    for group in groups.values():
        apart = [
            s
            for s in group
            if not any(
                s.where == o.where and s.path != o.path and s.path[: len(o.path)] == o.path
                for o in group
            )
        ]
        if len(apart) > 1:
            yield apart


def _dependents(problem: Problem, by: frozenset[str]) -> frozenset[str]:
    """The names that depend on some, and these."""
    out, grew = set(by), True
    while grew:
        grew = False
        for name, d in problem.definitions.items():
            if name not in out and not names(d.body).isdisjoint(out):
                out.add(name)
                grew = True
    return frozenset(out)


def _below(problem: Problem, seen: frozenset[str]) -> set[str]:
    out, todo = set(seen), list(seen)
    while todo:
        d = problem.definitions.get(todo.pop())
        if d is not None:
            new = names(d.body) - out
            out |= new
            todo.extend(new)
    return out


def _sites(
    t: Any, path: Path, scope: tuple[Any, ...]
) -> Iterator[tuple[Path, Any, tuple[Any, ...]]]:
    """Subterms with their places and the indices that stand there."""
    yield path, t, scope
    if is_leaf(t) or is_number(t) or isinstance(t, (Detach, Condition)):
        return
    if isinstance(t, Reduction):
        yield from _sites(t.body, (*path, 0), (*scope, t.index))
        return
    for k, a in enumerate(t.args):
        if not (is_literal_place(t, k) or isinstance(a, Condition)):
            yield from _sites(a, (*path, k), scope)
        if isinstance(t, (Diff, Partial)):
            break


def _shown(t: Any, otherwise: str) -> str:
    return write(t) if nodes(t) <= LONGEST_SHOWN else otherwise


def _still(t: Any) -> Any:
    return apply("detach", t)


def _moving(value: Any, slope: Any) -> Any:
    """The value of one term with the derivative of another."""
    return add(_still(value), add(slope, neg(_still(slope))))


def _steep(value: Any, slope: Any, factor: Any) -> Any:
    """The value of one term with a factor, held fixed, times the derivative of another."""
    return add(_still(value), mul(_still(factor), add(slope, neg(_still(slope)))))


class _Places:
    """What the kinds of lapses need to know."""

    def __init__(self, problem: Problem, by: frozenset[str], depends: frozenset[str]) -> None:
        self.problem, self.by, self.depends = problem, by, depends
        self.variable = ", ".join(sorted(by))

    def sites(self, left: Any) -> Iterator[_Site]:
        """The places where what depends on the variables stands."""
        below = _below(self.problem, names(left))
        for name, d in self.problem.definitions.items():
            if name in below and name in self.depends:
                for path, t, scope in _sites(d.body, (), d.params):
                    if self.moves(t):
                        yield _Site(name, path, t, scope)
        for path, sub, scope in _sites(left, (), ()):
            if isinstance(sub, (Diff, Partial)):
                for inside, t, within in _sites(sub.args[0], (), scope):
                    if self.moves(t) and not self.defined(t):  # the body of a name has its places
                        yield _Site(None, (*path, 0, *inside), t, within)

    def defined(self, t: Any) -> bool:
        """Whether a term is a defined name that depends on the variables."""
        return bool(
            is_element(t) and name_of(t) in self.problem.definitions and name_of(t) in self.depends
        )

    def moves(self, t: Any) -> bool:
        return not names(t).isdisjoint(self.depends)

    def ones(self, scope: tuple[Any, ...]) -> Iterator[Any]:
        """Terms whose derivative by a variable is 1: for every entry, or for its own."""
        for name in sorted(self.by):
            d = self.problem.definitions.get(name)
            slots = tuple(p.size for p in d.params) if d else self.problem.shapes.get(name, ())
            choices = [[None, *(i for i in scope if i.size == over)] for over in slots]
            for chosen in itertools.islice(itertools.product(*choices), MOST_ONES):
                taken = {str(i.name) for i in scope}
                letters, bound = [], []
                for over, own in zip(slots, chosen, strict=True):
                    if own is None:
                        own = fresh_index(index("d", over), taken)
                        taken.add(str(own.name))
                        bound.append(own)
                    letters.append(own)
                term = element(name, *letters)
                for letter in bound:
                    term = sum_over(term, letter)
                yield term


Changes = Iterator[_Change]


def _function_of(t: Any) -> Any:
    """The argument of a known function or of a power with a number as exponent, or None."""
    if isinstance(t, Pow):
        return t.args[0] if is_number(t.args[1]) else None
    if isinstance(t, Detach) or len(t.args) != 1 or function_name(t) is None:
        return None
    return None if isinstance(t, AppliedUndef) else t.args[0]


def _outer(p: _Places, t: Any, scope: tuple[Any, ...]) -> Changes:
    u = _function_of(t)
    if u is None:
        if p.defined(t) and name_of(t) not in p.by:
            d = p.problem.definitions[name_of(t)]
            if _function_of(d.body) is not None:
                body = substitute(d.body, dict(zip(d.params, indices_of(t), strict=True)))
                for change in _outer(p, body, scope):
                    yield replace(change, new=_moving(t, _function_of(body)))
        return
    if isinstance(t, Pow):
        n = value_of(t.args[1])
        if n == 2:
            yield _Change("factor 2: the derivative of a square", _steep(t, t, HALF), factor=TWO)
        said = "a square" if n == 2 else "a square root" if n == Fraction(1, 2) else "a power"
        said = "a quotient" if n < 0 else said
    else:
        said = str(function_name(t))
    yield _Change(f"chain-rule factor forgotten: the derivative of {said}", _moving(t, u), outer=t)


def _inner(p: _Places, t: Any, scope: tuple[Any, ...]) -> Changes:
    u = _function_of(t)
    if u is None or (is_element(u) and name_of(u) in p.by):
        return
    for one in p.ones(scope):
        new = replace_at(t, (0,), _moving(u, one))
        otherwise = "a base" if isinstance(t, Pow) else f"the argument of {function_name(t)}"
        what = _shown(u, otherwise)
        yield _Change(
            f"chain-rule factor forgotten: the inner derivative, that of {what}", new, inner=u
        )


def _constants(p: _Places, t: Any, scope: tuple[Any, ...]) -> Changes:
    if not isinstance(t, Mul):
        return
    c, parts = split_product(t)
    if c != 1:
        factor = number(c)
        said = "sign" if c == -1 else "factor 2" if factor in (TWO, HALF) else f"factor {c}"
        slip = f"{said}: a constant that stays in differentiating"
        yield _Change(slip, _moving(t, join_product(Fraction(1), parts)), factor=factor)
    for k, (base, e) in enumerate(parts):
        if not p.moves(base) and not p.moves(e):
            rest = join_product(c, [*parts[:k], *parts[k + 1 :]])
            factor = power(base, e) if e != ONE else base
            what = _shown(factor, "a constant")
            yield _Change(f"chain-rule factor forgotten: {what}", _moving(t, rest), factor=factor)


def _own_entries(p: _Places, t: Any, scope: tuple[Any, ...]) -> Changes:
    """Softmax's cross terms: entry i of what a sum over k makes depends on every entry k."""
    if not isinstance(t, Reduction):
        return
    for i in scope:
        if i.size != t.index.size:
            continue

        def own(s: Any, i: Any = i) -> Any:
            if is_element(s) and t.index in indices_of(s) and p.moves(s):
                return if_else(relation("==", t.index, i), s, _still(s))
            return None

        body = replace_terms(t.body, own)
        if body != t.body:
            slip = f"cross terms lost: an entry also depends on {p.variable} at the other indices"
            yield _Change(slip, replace_at(t, (0,), body))


def _detached(p: _Places, t: Any, scope: tuple[Any, ...]) -> Changes:
    if isinstance(t, (Detach, IfElse)) or is_number(t):
        return
    if isinstance(t, Add):
        for k, a in enumerate(t.args):
            if p.moves(a):
                slip = f"missing term: the derivative of {_shown(a, 'a term')}"
                yield _Change(slip, add(*t.args[:k], _still(a), *t.args[k + 1 :]), term=a)
    what = _shown(t, "a part")
    yield _Change(f"dependence lost: {what} depends on {p.variable}", _still(t))


def _sums_kept(p: _Places, t: Any, scope: tuple[Any, ...]) -> Changes:
    if is_element(t) and name_of(t) in p.by and set(indices_of(t)) & set(scope):
        for one in p.ones(scope):
            slip = "sum kept: only the term with the variable's own index depends on it"
            yield _Change(slip, _moving(t, one))


def _undifferentiated(p: _Places, t: Any, scope: tuple[Any, ...]) -> Changes:
    if is_element(t) and name_of(t) in p.by:
        return
    for one in p.ones(scope):
        what = _shown(t, "a part")
        yield _Change(f"term left undifferentiated: {what}", _steep(t, one, t))


def _signs(p: _Places, t: Any, scope: tuple[Any, ...]) -> Changes:
    if isinstance(t, Pow) and is_number(t.args[1]) and value_of(t.args[1]) < 0:
        yield _Change("sign: the derivative of a quotient", _steep(t, t, MINUS_ONE))
    elif _function_of(t) is not None:
        said = "a power" if isinstance(t, Pow) else function_name(t)
        yield _Change(f"sign: the derivative of {said}", _steep(t, t, MINUS_ONE))
    elif isinstance(t, Add):
        for k, a in enumerate(t.args):
            if p.moves(a):
                new = add(*t.args[:k], _steep(a, a, MINUS_ONE), *t.args[k + 1 :])
                yield _Change(f"sign: the derivative of {_shown(a, 'a term')}", new)


def _functions(p: _Places, t: Any, scope: tuple[Any, ...]) -> Changes:
    """Derivatives of functions remembered wrong."""
    u = _function_of(t)
    if u is None:
        return
    if isinstance(t, Pow):
        n = value_of(t.args[1])
        said = "lost square" if n == -1 else "exponent not lowered"
        yield _Change(f"{said}: the derivative of a power", _steep(t, u, mul(number(n), t)))
        lowered = power(u, number(n - 1))
        yield _Change(f"factor {n}: the derivative of a power", _steep(t, u, lowered))
        return
    said = f"the derivative of {function_name(t)}"
    if isinstance(t, sympy.tanh):
        yield _Change(f"lost square: {said}", _steep(t, u, add(ONE, neg(t))))
    if isinstance(t, sigmoid):
        yield _Change(f"chain-rule factor: {said}", _steep(t, u, add(ONE, neg(t))))
    if isinstance(t, sympy.log):
        yield _Change(f"upside down: {said}", _steep(t, u, u))
    if type(t) is not sympy.exp:
        yield _Change(f"chain-rule factor: {said} taken as the function", _steep(t, u, t))


_CATALOGUE = (
    _outer,
    _inner,
    _constants,
    _own_entries,
    _detached,
    _sums_kept,
    _undifferentiated,
    _signs,
    _functions,
)
