"""Known results: a lemma that is an instance of a library theorem says so.

A theorem here is a problem ``z -> m -> L`` with one name ``m`` between, and its result. A lemma
``diff(L, s)`` through one name ``p`` is an instance of it if ``p`` is defined as ``m`` is, and both
``diff(L, p)`` and ``diff(L, s)`` are the theorem's, up to one common factor, for some choice of
the theorem's inputs. Batch indices may stand beside the theorem's own. Nothing rests on this: the
lemma has its own proof, and what is said here is what a person would say of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from derivation.engine.arithmetic import negated, same
from derivation.engine.present import presented
from derivation.normal import normal_term
from derivation.problem import Definition, Problem
from derivation.terms import (
    MINUS_ONE,
    ONE,
    ZERO,
    Add,
    Index,
    KroneckerDelta,
    Mul,
    Reduction,
    Relation,
    Size,
    Term,
    add,
    alpha_equal,
    free_indices,
    indices_of,
    is_element,
    is_leaf,
    mul,
    name_of,
    names,
    rebuild,
    substitute,
)


@dataclass(frozen=True)
class Theorem:
    """A problem of the library with the result that it is known by."""

    name: str
    problem: Problem
    result: Term
    adjoint: Callable[[], Term]
    """The derivative of its objective by the name between, for every index of that name."""

    @property
    def between(self) -> Definition:
        objective = name_of(self.problem.objective)
        (found,) = (d for d in self.problem.definitions.values() if d.name != objective)
        return found


@dataclass
class Instance:
    """What the theorem's inputs are in the problem at hand; ``factor`` times its result."""

    theorem: Theorem
    values: dict[str, tuple[tuple[Any, ...], Any]] = field(default_factory=dict)
    letters: dict[Any, Any] = field(default_factory=dict)
    factor: Term = ONE

    # -- matching ---------------------------------------------------------------------------

    def fits(self, pattern: Any, t: Any) -> bool:
        """Whether the term is the pattern for some values of its names; they are noted."""
        if isinstance(pattern, Index):
            return bool(self.letters.get(pattern) == t)
        if is_element(pattern):
            return self._binds(pattern, t)
        if isinstance(pattern, Size):
            return isinstance(t, Size)
        if type(pattern) is not type(t) or len(pattern.args) != len(t.args):
            return False
        if is_leaf(pattern):
            return bool(pattern == t)
        if isinstance(pattern, Reduction):
            kept = self.letters.get(pattern.index)
            self.letters[pattern.index] = t.index
            found = self.fits(pattern.body, t.body) and self.fits(pattern.guard, t.guard)
            self.letters[pattern.index] = kept
            return found
        return all(self.fits(a, b) for a, b in zip(pattern.args, t.args, strict=True))

    def _binds(self, pattern: Any, t: Any) -> bool:
        name, slots = name_of(pattern), [self.letters.get(i) for i in indices_of(pattern)]
        if None in slots:
            return False
        if name in self.values:
            return bool(alpha_equal(self.value(name, slots), t))
        if not set(slots) <= free_indices(t):
            return False
        self.values[name] = (tuple(slots), t)
        return True

    def value(self, name: str, slots: list[Any]) -> Any:
        """What the theorem's name is at these indices."""
        places, value = self.values[name]
        return substitute(value, dict(zip(places, slots, strict=True)))

    def of(self, t: Any) -> Any:
        """A term of the theorem in the terms of the problem at hand; KeyError if one is missing."""
        if isinstance(t, Index):
            return self.letters[t]
        if is_element(t):
            return self.value(name_of(t), [self.letters[i] for i in indices_of(t)])
        if isinstance(t, Reduction):  # its letter runs over what the theorem's size has become
            like = next(b for a, b in self.letters.items() if a.size == t.index.size)
            kept = self.letters.get(t.index)
            self.letters[t.index] = like
            found = rebuild(t, (self.of(t.body), like, self.of(t.guard)))
            if kept is not None:
                self.letters[t.index] = kept
            return found
        return t if is_leaf(t) else rebuild(t, tuple(map(self.of, t.args)))


def recognised(
    theorem: Theorem,
    definition: Definition,
    variable: Any,
    by_between: tuple[Any, Any],
    result: Term,
    shortest: Callable[[Any], Any],
) -> Instance | None:
    """The lemma ``diff(L, variable) = result`` as an instance of the theorem, or None.

    Args:
        definition: Of the one name between.
        by_between: Both sides of the lemma ``diff(L, that name)``.
        shortest: The shortest form of a term, with the givens used.
    """
    known = theorem.between
    if len(theorem.problem.wrt) != 1 or len(known.params) > 1:
        return None
    z = theorem.problem.wrt[0][0]
    for own in definition.params if known.params else (None,):
        found = Instance(theorem)
        if own is not None:
            found.letters[known.params[0]] = own
        if not found.fits(known.body, definition.body) or name_of(z) not in found.values:
            continue
        found.values[known.name] = ((own,) if own is not None else (), definition.head)
        if (
            _at_the_variable(found, z, variable)
            and _solved(found, result)
            and _holds(found, by_between, shortest)
        ):
            return found
    return None


def _at_the_variable(found: Instance, z: Any, variable: Any) -> bool:
    """Puts the instance in the letters of the lemma, if z there is the variable."""
    places, value = found.values[name_of(z)]
    if not is_element(value) or name_of(value) != name_of(variable):
        return False
    swap = dict(zip(indices_of(value), indices_of(variable), strict=True))
    if not all(isinstance(i, Index) for i in swap) or len(swap) != len(indices_of(variable)):
        return False
    found.values = {
        n: (tuple(swap.get(p, p) for p in ps), substitute(v, swap))
        for n, (ps, v) in found.values.items()
    }
    found.letters = dict(zip(indices_of(z), (swap.get(p, p) for p in places), strict=True))
    return True


def _solved(found: Instance, result: Term) -> bool:
    """The one input that is left, and the common factor, read off the result."""
    pattern = found.theorem.result
    inputs = set(found.theorem.problem.shapes)
    left = sorted((names(pattern) & inputs) - set(found.values))
    if len(left) != 1 or not isinstance(pattern, Add):
        return False
    holds = [a for a in pattern.args if left[0] in names(a)]
    known = [found.of(a) for a in pattern.args if left[0] not in names(a)]
    if len(holds) != 1:
        return False
    unknown = holds[0]
    minus = isinstance(unknown, Mul) and unknown.args[0] == MINUS_ONE
    unknown = unknown.args[1] if minus and len(unknown.args) == 2 else unknown
    if not is_element(unknown):
        return False
    factors = result.args if isinstance(result, Mul) else (result,)
    slots = [found.letters[i] for i in indices_of(unknown)]
    for k, f in enumerate(factors):
        terms = list(f.args) if isinstance(f, Add) else []
        others = mul(*(factors[:k] + factors[k + 1 :]))
        if not terms or free_indices(others) & set(slots) or not all(t in terms for t in known):
            continue
        for t in known:
            terms.remove(t)
        rest = add(*terms)
        value = presented(negated(rest) if minus else rest)
        found.values[name_of(unknown)] = (tuple(slots), value)
        found.factor = presented(others)
        return True
    return False


def _holds(found: Instance, by_between: tuple[Any, Any], shortest: Callable[[Any], Any]) -> bool:
    """Whether the derivative by the name between is the theorem's, and its givens hold."""
    head, derivative = by_between
    own = found.value(found.theorem.between.name, list(found.letters.values())[:1])
    if name_of(head) != name_of(own):
        return False
    here = substitute(derivative, dict(zip(indices_of(head), indices_of(own), strict=True)))
    params = found.theorem.between.params
    if params:
        found.letters = {**found.letters, params[0]: next(iter(found.letters.values()))}
    try:
        there = mul(found.factor, found.of(found.theorem.adjoint()))
        if not same(_at_deltas(normal_term(there)), _at_deltas(normal_term(here))):
            return False
        for given in found.theorem.problem.givens:
            if not isinstance(given, Relation) or given.op != "==":
                return False
            gap = add(found.of(given.left), negated(found.of(given.right)))
            if shortest(gap) != ZERO:
                return False
    except (KeyError, StopIteration):
        return False
    return True


def _at_deltas(t: Any) -> Any:
    """Beside a delta its two indices are the same: one letter is written for both."""
    if isinstance(t, Add):
        return add(*map(_at_deltas, t.args))
    if not isinstance(t, Mul):
        return t
    for f in t.args:
        if isinstance(f, KroneckerDelta):
            first, second = sorted(f.args, key=lambda i: (isinstance(i, Index), str(i)))
            rest = [substitute(g, {second: first}) for g in t.args if g is not f]
            return mul(f, *rest)
    return t
