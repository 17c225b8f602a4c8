"""What is known in a problem: definitions, dependence, differentiability, signs. Trusted.

The kernel asks three things. Does a term depend on a variable? Where is a term differentiable?
Does a side condition follow from the givens and from known signs (exp > 0, sizes >= 1, sums of
positives)? A "no" costs at most a condition that the reader sees; only a "yes" must be right.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from derivation.errors import KernelError, RuleRefused
from derivation.matching import entails as entails
from derivation.matching import match as match
from derivation.matching import matches
from derivation.normal import (
    difference_vanishes,
    form,
    is_whole,
    never_negative,
    normal_term,
    oriented,
)
from derivation.problem import Definition, Problem
from derivation.signs import NEG, NOTHING, POS, ZER, Signs, Used
from derivation.terms import (
    MINUS_ONE,
    ONE,
    TRUE,
    ZERO,
    Add,
    AllOf,
    AnyOf,
    Detach,
    Diff,
    Every,
    FunctionDerivative,
    IfElse,
    Index,
    Indexed,
    Integer,
    MaxOver,
    MinOver,
    Mul,
    Partial,
    Pow,
    Reduction,
    Relation,
    Size,
    SumOver,
    Symbol,
    Term,
    add,
    all_of,
    alpha_equal,
    any_of,
    apply,
    every,
    free_indices,
    fresh_index,
    identical,
    index_names,
    indices_of,
    is_element,
    is_leaf,
    is_number,
    name_of,
    names,
    neg,
    negate,
    number,
    power,
    relation,
    relu,
    substitute,
    subterms,
    value_of,
)

FALSE_CONDITION = AnyOf()


class Theory:
    """The definitions and conditions of a problem; definitions may be added, never changed."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.definitions: dict[str, Definition] = dict(problem.definitions)
        self.facts: list[Any] = [g for g in problem.givens if isinstance(g, Relation)]
        self._assumed: list[Any] = []
        self.kinks: set[Any] = set()
        self._seen: frozenset[str] = frozenset()  # names that an answer may rest on
        self._live: dict[Term, frozenset[str]] = {}
        self._depends: dict[tuple[Term, str, bool], bool] = {}
        self._smooth: dict[tuple[Term, str, bool], frozenset[Any]] = {}
        self.signs = Signs(self)
        self._decided: dict[Term, tuple[bool, Used]] = {}

    # -- definitions ------------------------------------------------------------------------

    def define(self, definition: Definition) -> None:
        """Adds the definition of a new name (a conservative extension).

        Raises:
            KernelError: The name is in use, or the body has a free index that is no parameter.
        """
        used = self.names_in_use()
        if definition.name in self._seen:
            raise KernelError(f"the name {definition.name} has been used as an unknown")
        if definition.name in used:
            raise KernelError(f"the name {definition.name} is in use")
        if not free_indices(definition.body) <= set(definition.params):
            raise KernelError(f"the definition of {definition.name} leaves an index free")
        if not names(definition.body) <= used:
            raise KernelError(f"the definition of {definition.name} uses an unknown name")
        self.definitions[definition.name] = definition

    def names_in_use(self) -> frozenset[str]:
        """Every name that has a meaning in the problem."""
        problem = self.problem
        own = (self.definitions, problem.shapes, problem.sizes, problem.unknown, problem.labels)
        return frozenset(("pi",)).union(*own)

    def defined(self, t: Term) -> bool:
        """Whether the term is an entry of a defined name."""
        return is_element(t) and name_of(t) in self.definitions

    def unfold(self, t: Term) -> Any:
        """The definition's right side at the term's indices.

        Raises:
            KernelError: Not a defined name, or an index of another size.
        """
        if not self.defined(t):
            raise KernelError(f"{t} is not defined by the problem")
        definition, indices = self.definitions[name_of(t)], indices_of(t)
        if len(indices) != len(definition.params):
            raise KernelError(f"{t} has {len(indices)} indices, not {len(definition.params)}")
        values = {p: indices[k] for k, p in enumerate(definition.params)}
        for p, i in values.items():
            if not self.in_range(i, p.size):
                raise KernelError(f"the index {i} of {t} does not run over {p.size}")
        return substitute(definition.body, values)

    def size_of(self, i: Term) -> Any:
        """The size that an index term runs over; None for a number."""
        if isinstance(i, Index):
            return i.size
        if is_element(i) and name_of(i) in self.problem.labels:
            return self.problem.labels[name_of(i)]
        return None

    def in_range(self, i: Term, over: Term) -> bool:
        """Whether 1 <= i <= over is known."""
        if isinstance(i, Integer):
            if isinstance(over, Integer):
                return 1 <= int(i) <= int(over)
            return int(i) >= 1 and self.decide(relation(">=", over, i))[0]
        size = self.size_of(i)
        return size is not None and identical(size, over)

    # -- dependence -------------------------------------------------------------------------

    def depends(self, t: Term, on: str, through: bool = True) -> bool:
        """Whether the term mentions a name, also through definitions (``on``'s own one is cut)."""
        if self.mentions(t, on):
            return True
        if not through:
            return False
        where = (t, on, through)
        found = self._depends.get(where)
        if found is None:
            found = any(
                self.depends(self.definitions[n].body, on)
                for n in self.live_names(t)
                if n in self.definitions
            )
            self._depends[where] = found
        return found

    def mentions(self, t: Term, on: str) -> bool:
        return on in self.live_names(t)

    def live_names(self, t: Term) -> frozenset[str]:
        """Names outside ``detach``."""
        found = self._live.get(t)
        if found is None:
            if isinstance(t, Detach):
                found = frozenset()
            elif is_leaf(t):
                found = names(t)
            else:
                found = frozenset().union(*[self.live_names(a) for a in t.args])
            self._live[t] = found
            self._seen |= names(t)
        return found

    # -- differentiability ------------------------------------------------------------------

    def smooth(self, t: Term, on: str, through: bool = True) -> frozenset[Any]:
        """Conditions under which the term is differentiable (to every order) by a name."""
        where = (t, on, through)
        found = self._smooth.get(where)
        if found is None:
            found = frozenset(self._smooth_conditions(t, on, through))
            self._smooth[where] = found
        return found

    def _smooth_conditions(self, t: Term, on: str, through: bool) -> Iterable[Any]:
        if not self.depends(t, on, through):
            return
        if is_element(t):
            if self.defined(t):
                yield from self.smooth(self.unfold(t), on, through)
            return
        if isinstance(t, Reduction):
            yield from self._smooth_reduction(t, on, through)
            return
        if isinstance(t, IfElse):
            condition, a, b = t.args
            for c in self.smooth(a, on, through):
                yield any_of(negate(condition), c)
            for c in self.smooth(b, on, through):
                yield any_of(condition, c)
            yield from self._boundaries(condition, on, through)
            return
        for a in t.args:
            if not isinstance(a, Symbol) or is_element(a):
                yield from self.smooth(a, on, through)
        yield from self._head_conditions(t, on, through)

    def _smooth_reduction(self, t: Any, on: str, through: bool) -> Iterable[Any]:
        for c in self.smooth(t.body, on, through):
            yield every(c, t.index, t.guard)
        for c in self._boundaries(t.guard, on, through):
            yield every(c, t.index)
        if isinstance(t, (MaxOver, MinOver)) and not (
            t.guard == TRUE and t.index not in free_indices(t.body)
        ):
            other = fresh_index(t.index, index_names(t))
            swap = {t.index: other}
            apart = all_of(relation("!=", t.index, other), substitute(t.guard, swap))
            tie = self._kink(relation("!=", t.body, substitute(t.body, swap)))
            if tie.left == tie.right:
                yield FALSE_CONDITION  # the same value everywhere: always a tie
            else:
                yield every(every(tie, other, apart), t.index, t.guard)

    def _boundaries(self, condition: Term, on: str, through: bool) -> Iterable[Any]:
        """That no relation over values that depend on the name is at its edge."""
        if isinstance(condition, Relation):
            if self.depends(condition, on, through):
                if _identical(condition.left, condition.right):
                    return  # the same everywhere: there is no edge
                if not self._changes_at_ties_only(condition):
                    edge = self._kink(relation("!=", condition.left, condition.right))
                    yield self._off_diagonal(add(condition.left, neg(condition.right)), edge)
                yield from self.smooth(condition.left, on, through)
                yield from self.smooth(condition.right, on, through)
        elif not isinstance(condition, Every):
            for part in condition.args:
                yield from self._boundaries(part, on, through)
        elif self.depends(condition, on, through):
            yield FALSE_CONDITION

    def _changes_at_ties_only(self, c: Relation) -> bool:
        """Whether the relation compares f_j with the maximum (minimum) of all f_k.

        Where the maximum is taken at one place only it is so nearby too, and so is f_j = max or
        f_j != max; that there is no tie is a condition for the maximum itself.
        """
        for whole, value in ((c.left, c.right), (c.right, c.left)):
            if isinstance(whole, (MaxOver, MinOver)) and whole.guard == TRUE:
                k = whole.index
                for j in free_indices(value):
                    if alpha_equal(substitute(whole.body, {k: j}), value):
                        return True
        return False

    def _kink(self, condition: Any) -> Any:
        """Marks a condition as one for a derivative only: the value itself is defined there too."""
        self.kinks.add(condition)
        return condition

    def _off_diagonal(self, x: Term, kink: Any) -> Any:
        """A kink at x = 0 is none where two indices are equal and x vanishes identically.

        There |x|, relu(x) and max(x + y, y) are 0, 0 and y whatever the arrays hold, and what is
        compared in a condition is the same on both sides.
        """
        return any_of(*self.diagonals(x), kink)

    def diagonals(self, x: Term) -> tuple[Any, ...]:
        """The equations between two indices, for entries of one array, that make x vanish.

        >>> from derivation.language import read_expression, read_problem
        >>> problem = read_problem("L = sum(abs(z[i] - z[j]) for i in K for j in K); wrt z[a]")
        >>> gap = problem.definitions["L"].body.body.body.args[0]
        >>> Theory(problem).diagonals(gap)
        (Relation(==, i, j),)
        """
        found: dict[Any, None] = {}
        free = free_indices(x)
        entries = [s for s in subterms(x) if isinstance(s, Indexed)]
        for a, b in itertools.combinations(entries, 2):
            if name_of(a) != name_of(b):
                continue
            apart = [(i, j) for i, j in zip(indices_of(a), indices_of(b)) if i != j]  # noqa: B905
            if len(apart) != 1:
                continue
            for i, j in (apart[0], apart[0][::-1]):
                if free >= {i, *free_indices(j)} and _vanishes(substitute(x, {i: j})):
                    found.setdefault(relation("==", i, j))
                    break
        return tuple(found)

    def _head_conditions(self, t: Term, on: str, through: bool) -> Iterable[Any]:
        if isinstance(t, Pow):
            base, exponent = t.args
            if isinstance(exponent, Integer):
                if int(exponent) < 0:
                    yield relation("!=", base, ZERO)
            elif is_whole(exponent):  # x**0 has the derivative 0*x**(-1), which is one for x != 0
                if not never_negative(add(exponent, MINUS_ONE)):
                    yield relation("!=", base, ZERO)
            else:
                yield relation(">", base, ZERO)
            return
        if isinstance(t, (Diff, Partial, AppliedUndef, FunctionDerivative, Add, Mul)):
            return
        x = t.args[-1]
        if isinstance(t, (sympy.log, sympy.loggamma, sympy.polygamma)):
            yield relation(">", x, ZERO)
        elif isinstance(t, (sympy.Abs, sympy.sign, relu)):
            if not _identical(x, ZERO):
                yield self._off_diagonal(x, self._kink(relation("!=", x, ZERO)))
        elif isinstance(t, (sympy.Max, sympy.Min)):
            if not _identical(*t.args):
                gap = add(t.args[0], neg(t.args[1]))
                sides = t.args[::-1] if is_number(t.args[0]) else t.args
                yield self._off_diagonal(gap, self._kink(relation("!=", *sides)))
        elif isinstance(t, sympy.tan):
            yield relation("!=", apply("cos", x), ZERO)
        elif isinstance(t, (sympy.asin, sympy.acos, sympy.atanh)):
            yield relation(">", add(ONE, neg(power(x, number(2)))), ZERO)
        elif isinstance(t, sympy.acosh):
            yield relation(">", add(x, MINUS_ONE), ZERO)

    # -- side conditions --------------------------------------------------------------------

    def decide(self, condition: Term) -> tuple[bool, Used]:
        """Whether the condition is known to hold everywhere, and the givens that this rests on."""
        found = self._decided.get(condition)
        if found is None:
            self._decided[condition] = (False, NOTHING)  # while it is being worked out
            found = self._decided[condition] = self._decide(condition)
        return found

    def reduced(self, t: Term) -> tuple[Any, Used]:
        """The normal form where it equals the term for certain, else the term itself."""
        used: Used = NOTHING
        for c in form(t)[1]:
            holds, by = self.decide(c)
            if not holds:
                return t, NOTHING
            used |= by
        return normal_term(t), used

    def below(self, found: frozenset[str], cut: str | None = None) -> frozenset[str]:
        """Names and everything that their definitions rest on, not looking into ``cut``."""
        out = found - {cut}
        queue = list(out)
        while queue:
            definition = self.definitions.get(queue.pop())
            if definition is not None:
                fresh = names(definition.body) - out - {cut}
                out |= fresh
                queue.extend(fresh)
        return out

    def _decide(self, condition: Term) -> tuple[bool, Used]:
        if isinstance(condition, AllOf):
            used: Used = NOTHING
            for c in condition.args:
                holds, by = self.decide(c)
                if not holds:
                    return False, NOTHING
                used |= by
            return True, used
        if isinstance(condition, AnyOf):
            for c in condition.args:
                holds, by = self.decide(c)
                if holds:
                    return True, by
            return False, NOTHING
        if isinstance(condition, Every):
            return self.decide(condition.body)
        if isinstance(condition, Relation):
            return self._decide_relation(condition)
        return False, NOTHING

    def _decide_relation(self, c: Relation) -> tuple[bool, Used]:
        gap, by = self.reduced(add(c.left, neg(c.right)) if c.right != ZERO else c.left)
        signs, used = self.sign(gap)
        used |= by
        wanted = {">": POS, "<": NEG, ">=": POS | ZER, "<=": NEG | ZER, "!=": POS | NEG, "==": ZER}
        if signs & ~wanted[c.op] == 0:
            return True, used
        if c.right == ZERO:  # as it stands: a square is seen before it is multiplied out
            signs, used = self.sign(c.left)
            if signs & ~wanted[c.op] == 0:
                return True, used
        about = self.signs.facts_about(c)
        turned = oriented(c) if about else c
        for given in about:
            if matches(oriented(given), turned, self):
                return True, frozenset((given,))
        if isinstance(c.left, Size) and isinstance(c.right, Integer) and c.op == ">=":
            if int(c.right) <= 1:
                return True, NOTHING
            for given in self.facts:
                if (
                    given.left == c.left
                    and is_number(given.right)
                    and given.op in (">=", ">")
                    and value_of(given.right) + (given.op == ">") >= int(c.right)
                ):
                    return True, frozenset((given,))
        return False, NOTHING

    def assume(self, condition: Any) -> None:
        """Lets a condition be used; where it is, it becomes a hypothesis of the theorem."""
        if isinstance(condition, Relation) and condition not in self.facts:
            self.facts.append(condition)
            self._assumed.append(condition)
            self.signs.forget()
            self._decided.clear()

    def excluded(self, hypotheses: Sequence[Any]) -> Any:
        """One of the hypotheses that the others and the givens exclude, or None: where there is
        one, anything follows. All of them are assumed here and stay so."""
        for h in hypotheses:
            self.assume(h)
        return next((h for h in hypotheses if self.decide(negate(h))[0]), None)

    def assumed(self) -> tuple[Any, ...]:
        """What was assumed besides the problem's givens, in order."""
        return tuple(self._assumed)

    def sign(self, t: Term) -> tuple[int, Used]:
        """The signs that a term can have, and the givens that this rests on."""
        return self.signs.sign(t)

    def is_index_relation(self, c: Relation) -> bool:
        """Whether both sides are index terms. Nothing that is proved rests on it."""
        return all(
            self.size_of(s) is not None
            or (isinstance(s, Integer) and any(isinstance(o, Index) for o in (c.left, c.right)))
            for s in (c.left, c.right)
        )


def _vanishes(t: Term) -> bool:
    """Whether a value is 0 wherever it is defined, whatever its names stand for."""
    if isinstance(t, SumOver):
        return _vanishes(t.body)
    if isinstance(t, Mul):
        return any(map(_vanishes, t.args))
    return _identical(t, ZERO)


def _identical(a: Term, b: Term) -> bool:
    """Whether two values are the same polynomial, without a condition: equal nearby as well."""
    try:
        return difference_vanishes(a, b) == frozenset()
    except RuleRefused:  # too large to tell
        return False
