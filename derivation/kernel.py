"""Theorems, and the few ways to make one. Trusted.

A ``Theorem`` says: for all sizes >= 1 (or as given), all values in range of its free indices and
all arrays that meet its hypotheses, the left side equals the right side. Terms are read as total
functions (1/0, log of a negative number and a derivative where there is none have *some* value),
so equality is plain equality, and a law that fails at such points carries a condition.

A hypothesis with a free index is about that value of the index; passing under a sum it becomes
one about every value (``Every``), and passing under a condition it is weakened by it. What a
condition needs is discharged from the givens and known signs (``theory``) or stays a hypothesis.

Only this module can make a ``Theorem``; each one made is entered in a ledger that every use
consults, so a forged, edited, copied or unpickled one is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from derivation.errors import KernelError
from derivation.matching import entails, irredundant, match
from derivation.terms import (
    TRUE,
    AllOf,
    AnyOf,
    Diff,
    Every,
    IfElse,
    Indexed,
    KroneckerDelta,
    Not,
    Partial,
    Path,
    Reduction,
    Relation,
    Term,
    alpha_equal,
    any_of,
    canonical,
    every,
    free_indices,
    is_about_values,
    is_inequation,
    is_leaf,
    is_literal_place,
    memo,
    name_of,
    names,
    negate,
    rebuild,
    relation,
    substitute,
)
from derivation.theory import Theory
from derivation.theory import closed as closed

if TYPE_CHECKING:
    from derivation.rules.registry import Rule


class Theorem:
    """``hypotheses |- lhs = rhs``. Made by the kernel's functions only."""

    __slots__ = ("__weakref__", "hypotheses", "lhs", "rhs", "theory", "unfolded")
    theory: Theory
    hypotheses: frozenset[Any]
    lhs: Any
    rhs: Any
    unfolded: frozenset[str]

    def __init__(self) -> None:
        raise KernelError("a Theorem is made by the kernel, not by its constructor")

    def __setattr__(self, name: str, value: object) -> None:
        raise KernelError("a Theorem cannot be changed")

    def __reduce__(self) -> Any:
        raise KernelError("a Theorem cannot be copied or pickled")

    def __repr__(self) -> str:
        assumed = ", ".join(sorted(map(str, self.hypotheses)))
        return f"{assumed} |- {self.lhs} = {self.rhs}"


# the slots' own setters, which the class denies to all others
_WRITE = [
    getattr(Theorem, slot).__set__ for slot in ("theory", "hypotheses", "lhs", "rhs", "unfolded")
]
_NONE: frozenset[Any] = frozenset()
DETACHED = "detach()"  # marks equalities of values that a derivative does not keep
_LEDGER: WeakKeyDictionary[Theorem, tuple[Any, ...]] = WeakKeyDictionary()


def _seal(
    theory: Theory, hypotheses: Iterable[Any], lhs: Any, rhs: Any, unfolded: frozenset[str]
) -> Theorem:
    theorem = object.__new__(Theorem)
    needed = irredundant(frozenset(map(canonical, hypotheses)), theory.closed_givens())
    entry = (theory, needed, lhs, rhs, unfolded)
    for k, write in enumerate(_WRITE):
        write(theorem, entry[k])
    _LEDGER[theorem] = entry
    return theorem


def genuine(theorem: object) -> Theorem:
    """The theorem itself, if the kernel made it and nobody changed it; else KernelError."""
    if type(theorem) is Theorem:
        entry = _LEDGER.get(theorem)
        if entry is not None:
            theory, hypotheses, lhs, rhs, unfolded = entry
            if (
                theorem.theory is theory
                and theorem.hypotheses is hypotheses
                and theorem.lhs is lhs
                and theorem.rhs is rhs
                and theorem.unfolded is unfolded
            ):
                return theorem
    raise KernelError("this Theorem was not made by the kernel, or was changed since")


def _hypotheses(theory: Theory, conditions: Iterable[Any]) -> tuple[set[Any], frozenset[str]]:
    """What remains of conditions after discharge; names on whose definition an edge case rests."""
    left: set[Any] = set()
    edge: frozenset[str] = frozenset()
    for c in conditions:
        holds, used = theory.decide(c)
        left.update(closed(g) for g in used)
        if not holds:
            left.add(_without_impossible(theory, c))
        elif not _is_open(c, lambda part: True):
            edge |= theory.below(names(c)) & set(theory.definitions)
    return left, edge


def _without_impossible(theory: Theory, c: Any) -> Any:
    """A condition without alternatives that are known not to hold: one at least as strong."""
    if isinstance(c, Every):
        return every(_without_impossible(theory, c.body), c.index, c.guard)
    if isinstance(c, AnyOf):
        parts = [a for a in c.args if not theory.decide(negate(a))[0]]
        return any_of(*[_without_impossible(theory, a) for a in parts]) if parts else c
    return c


def _is_open(c: Any, varies: Callable[[Any], bool]) -> bool:
    """Whether the condition, where it holds, holds nearby too: in what varies of it at all."""
    if not varies(c):
        return True
    if isinstance(c, Every):
        return all(_is_open(a, varies) for a in (negate(c.guard), c.body))
    if isinstance(c, (AllOf, AnyOf)):
        return all(_is_open(a, varies) for a in c.args)
    if isinstance(c, Not):
        whole = c.args[0]
        return isinstance(whole, (AllOf, AnyOf)) and all(
            _is_open(negate(a), varies) for a in whole.args
        )
    return c.op in ("<", ">", "!=")


# -- the ways to make a theorem -------------------------------------------------------------


def reflexivity(theory: Theory, t: Term) -> Theorem:
    """|- t = t"""
    return _seal(theory, (), t, t, frozenset())


def symmetry(theorem: Theorem) -> Theorem:
    """From a = b: b = a."""
    th = genuine(theorem)
    return _seal(th.theory, th.hypotheses, th.rhs, th.lhs, th.unfolded)


def transitivity(first: Theorem, second: Theorem) -> Theorem:
    """From a = b and b = c: a = c. The two b may differ in the letters of bound indices."""
    return rewrite(first, (), second)


def renamed(theorem: Theorem, lhs: Term, rhs: Term) -> Theorem:
    """The same theorem with other letters for bound indices."""
    th = genuine(theorem)
    if not (alpha_equal(th.lhs, lhs) and alpha_equal(th.rhs, rhs)):
        raise KernelError(f"not a renaming: {th.lhs} = {th.rhs} and {lhs} = {rhs}")
    return _seal(th.theory, th.hypotheses, lhs, rhs, th.unfolded)


def definition(theory: Theory, t: Term) -> Theorem:
    """|- p[i] = the right side of p's definition."""
    body = theory.unfold(t)
    needs, _ = _hypotheses(theory, theory.unfold_needs(t))
    return _seal(theory, needs, t, body, frozenset((name_of(t),)))


def given(theory: Theory, condition: Term, values: Mapping[Any, Term]) -> Theorem:
    """A == B |- A = B, for a given A == B of the problem and values of its free indices."""
    if condition not in theory.problem.givens:
        raise KernelError(f"{condition} is not a given of this problem")
    if not isinstance(condition, Relation) or condition.op != "==":
        raise KernelError(f"{condition} is not an equation")
    needs = _in_range(theory, values)
    lhs, rhs = substitute(condition.left, values), substitute(condition.right, values)
    return _seal(theory, (closed(condition), *needs), lhs, rhs, frozenset())


def instantiate(theorem: Theorem, values: Mapping[Any, Term]) -> Theorem:
    """The theorem at particular values of its free indices."""
    th = genuine(theorem)
    needs = _in_range(th.theory, values)
    hypotheses = [substitute(h, values) for h in th.hypotheses]
    lhs, rhs = substitute(th.lhs, values), substitute(th.rhs, values)
    return _seal(th.theory, (*hypotheses, *needs), lhs, rhs, th.unfolded)


def _in_range(theory: Theory, values: Mapping[Any, Term]) -> set[Any]:
    """What it needs that each value is one of its index; KernelError if that is not known."""
    needs: set[Any] = set()
    for i, value in values.items():
        found = theory.range_needs(value, i.size)
        if found is None:
            raise KernelError(f"{value} does not run over {i.size}")
        needs |= found
    return _hypotheses(theory, needs)[0]


def instance(theory: Theory, rule: Rule, lhs: Term, rhs: Term, args: Mapping[str, Term]) -> Theorem:
    """``lhs = rhs`` by a registered rule, under the conditions that the rule names.

    Raises:
        RuleRefused: It is not an instance of the rule.
        KernelError: The rule is not registered.
    """
    from derivation.rules.registry import registered

    if not registered(rule):
        raise KernelError(f"the rule {rule.id} is not registered")
    conditions = rule.check(theory, lhs, rhs, args)
    hypotheses, edge = _hypotheses(theory, conditions)
    if rule.id == "detach-value":
        edge |= {DETACHED}
    for t in _derivatives(canonical(lhs)) ^ _derivatives(canonical(rhs)):
        edge |= _differentiated_through(theory, t)
    return _seal(theory, hypotheses, lhs, rhs, edge)


_DERIVATIVES: dict[Term, frozenset[Any]] = memo()


def _derivatives(t: Any) -> frozenset[Any]:
    """The derivatives in a term that stand in no other one."""
    if isinstance(t, (Diff, Partial)):
        return frozenset((t,))
    if is_leaf(t):
        return _NONE
    found = _DERIVATIVES.get(t)
    if found is None:
        found = _DERIVATIVES[t] = _NONE.union(*map(_derivatives, t.args))
    return found


def _differentiated_through(theory: Theory, t: Any) -> frozenset[str]:
    """The defined names that a derivative rests on: where one is cut, it is another.

    A name whose definition does not depend on the variable passes nothing on, cut or not. What
    both sides of an instance have is to it a number like any other.
    """
    through = isinstance(t, Diff)
    if not through and not theory.defined(t.args[0]):
        return frozenset()
    inside, by = names(t.args[0]), name_of(t.args[1])  # the variable's own definition is cut here
    below = theory.below(inside, cut=by) if through else inside - {by}
    own = theory.definitions
    return frozenset(
        n for n in below if n in own and (not through or theory.depends(own[n].body, by))
    )


def cite(theorem: Theorem, lhs: Term) -> Theorem:
    """A proved theorem at the values of its free indices that make its left side ``lhs``."""
    th = genuine(theorem)
    values = match(th.lhs, lhs, th.theory)
    if values is None:
        raise KernelError(f"{lhs} is not an instance of {th.lhs}")
    return instantiate(th, values)


def replace(t: Term, path: Path, theorem: Theorem) -> Theorem:
    """``t = t'``, where t' has the theorem's right side in place of its left side at the path.

    Raises:
        KernelError: The subterm there is not the theorem's left side, or the place does not
            allow it: an index, a guard, or under a derivative an equality that rests on a
            condition or definition that the derivative does not keep.
    """
    th = genuine(theorem)
    rhs, hypotheses = _replaced(t, path, th)
    return _seal(th.theory, hypotheses, t, rhs, th.unfolded)


def rewrite(theorem: Theorem, path: Path, step: Theorem) -> Theorem:
    """From a = b: a = b', where b' has the step's right side at the path, as ``replace`` allows."""
    one, two = genuine(theorem), genuine(step)
    if one.theory is not two.theory:
        raise KernelError("the two theorems belong to different problems")
    rhs, needs = _replaced(one.rhs, path, two)
    return _seal(one.theory, one.hypotheses | needs, one.lhs, rhs, one.unfolded | two.unfolded)


def _replaced(t: Any, path: Path, th: Theorem) -> tuple[Any, Set[Any]]:
    """The term with the theorem's right side at the path, and what its being equal to t needs."""
    if not path:
        if not alpha_equal(th.lhs, t):
            raise KernelError(f"no chain: {t} is not {th.lhs}")
        return th.rhs, th.hypotheses
    k = path[0]
    if not 0 <= k < len(t.args):
        raise KernelError(f"no place {k} in {t}")
    rhs, hypotheses = _replaced(t.args[k], path[1:], th)
    if isinstance(t, (Indexed, KroneckerDelta)):
        raise KernelError("an equality of values cannot replace an index")
    if is_literal_place(t, k):
        raise KernelError("an equality of values cannot replace the order of a derivative")
    if isinstance(t, Reduction):
        if k != 0:
            raise KernelError("an equality cannot replace a guard or a bound index")
        if hypotheses:
            hypotheses = {every(h, t.index) for h in _where(t.guard, hypotheses, th.theory)}
    elif isinstance(t, IfElse) and k > 0:
        if hypotheses:
            case = t.args[0] if k == 1 else negate(t.args[0])
            hypotheses = _where(case, hypotheses, th.theory)
    elif isinstance(t, (Diff, Partial)):
        hypotheses = hypotheses | _kept_by_derivative(t, k, rhs, hypotheses, th)
    args = (*t.args[:k], rhs, *t.args[k + 1 :])
    return rebuild(t, args), frozenset(map(canonical, hypotheses)) if hypotheses else _NONE


def _where(assumed: Any, hypotheses: Iterable[Any], theory: Theory) -> set[Any]:
    """What remains of hypotheses that are only needed where a condition holds.

    A given stays as it is, so does each where nothing is assumed, and one that does not vary with
    an index where what is assumed is about indices alone, as some place will meet it, or where it
    leaves out no more than a few points.
    """
    left = {h for h in hypotheses if not entails(assumed, h)}
    if assumed == TRUE:
        return left
    known = theory.closed_givens() if is_about_values(assumed) else left
    weakened = {
        h
        for h in left
        if free_indices(h) or not (h in known or isinstance(h, Every) or is_inequation(h))
    }
    return {any_of(negate(assumed), h) if h in weakened else h for h in left}


def _kept_by_derivative(head: Any, k: int, rhs: Any, hypotheses: Set[Any], th: Theorem) -> set[Any]:
    """Checks that an equality may be used under a derivative; returns what this needs besides.

    ``rhs``: what the body of the derivative becomes by the theorem, under ``hypotheses``.
    """
    if k != 0:
        raise KernelError("an equality cannot replace the variable of a derivative")
    theory, through = th.theory, isinstance(head, Diff)
    needs: set[Any] = set()
    lhs = head.args[0]
    if not through and lhs != rhs:
        cut = {name_of(v) for v in head.args[1:]}
        for side in (lhs, rhs):
            if theory.defined(side) and cut != {name_of(side)}:
                raise KernelError(f"partial of the bare name {side} is that of its definition")
    for v in head.args[1:]:
        name = name_of(v)
        if DETACHED in th.unfolded:
            raise KernelError("detach may not be dropped under a derivative")
        if name in th.unfolded:
            raise KernelError(f"the definition of {name} is cut under a derivative by {v}")
        if not through and th.unfolded:
            raise KernelError("names are held fixed under a partial derivative, not unfolded")
        for h in hypotheses:
            if theory.depends(h, name, through):

                def varies(part: Any, name: str = name) -> bool:
                    return theory.depends(part, name, through)

                if not _is_open(h, varies):  # a >= b holds nearby where a > b
                    h, closed_one = _strict(h, varies), h
                    if not _is_open(h, varies):
                        raise KernelError(
                            f"under a derivative by {v} the condition {closed_one} may not be used"
                        )
                    needs |= _hypotheses(theory, (h,))[0]
                left, _ = _hypotheses(theory, _continuity(theory, h, name, through))
                needs |= left
    return needs


def _strict(h: Any, varies: Callable[[Any], bool]) -> Any:
    """A stronger condition, without the edges of relations that vary: a > b for a >= b."""
    if isinstance(h, Relation):
        return relation(h.op[0], h.left, h.right) if h.op in (">=", "<=") and varies(h) else h
    if isinstance(h, Every):
        return every(_strict(h.body, varies), h.index, h.guard)
    if isinstance(h, (AllOf, AnyOf)):
        return rebuild(h, tuple(_strict(part, varies) for part in h.args))
    return h


def _continuity(theory: Theory, h: Any, name: str, through: bool) -> Set[Any]:
    """Conditions under which both sides of every relation in a hypothesis are continuous."""
    if isinstance(h, Relation):
        return theory.smooth(h.left, name, through) | theory.smooth(h.right, name, through)
    if isinstance(h, Every):
        out = {every(c, h.index) for c in _continuity(theory, h.guard, name, through)}
        inside = _continuity(theory, h.body, name, through)
        return out | {every(c, h.index, h.guard) for c in inside}
    out = set()
    for k, part in enumerate(h.args):
        needs = _continuity(theory, part, name, through)
        if isinstance(h, AnyOf):  # of several that hold, the first alone will do
            needs = {any_of(*h.args[:k], c) for c in needs}
        out |= needs
    return out
