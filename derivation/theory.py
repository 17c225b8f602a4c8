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
from derivation.matching import matched
from derivation.normal import (
    difference_vanishes,
    form,
    is_whole,
    never_negative,
    normal_term,
    oriented,
    text,
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
    Condition,
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
    canonical,
    conjuncts,
    every,
    free_indices,
    fresh_index,
    identical,
    index_names,
    indices_of,
    is_about_values,
    is_element,
    is_leaf,
    is_number,
    is_trivial,
    name_of,
    names,
    neg,
    negate,
    number,
    power,
    rebuild,
    relation,
    relu,
    substitute,
    subterms,
    sum_over,
    value_of,
)

FALSE_CONDITION = AnyOf()
MOST_CASES = 6  # distinctions of cases inside one another in what is compared


def closed(given: Any) -> Any:
    """A given, as the statement that it holds for every value of its free indices."""
    for i in sorted(free_indices(given), key=str):
        given = every(given, i)
    return canonical(given)


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
        self._closed: frozenset[Any] | None = None

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

        Where a literal stands in a slot that rests on ``unfold_needs``.

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

    def closed_givens(self) -> frozenset[Any]:
        """The problem's givens, as hypotheses of theorems."""
        if self._closed is None:
            self._closed = frozenset(map(closed, self.problem.givens))
        return self._closed

    def unfold_needs(self, t: Term) -> Used:
        """What the unfolding of an element rests on: sizes that its literal places are within."""
        params = self.definitions[name_of(t)].params
        found: Used = NOTHING
        for p, i in zip(params, indices_of(t), strict=True):
            found |= self.range_needs(i, p.size) or NOTHING
        return found

    def size_of(self, i: Term) -> Any:
        """The size that an index term runs over; None for a number."""
        if isinstance(i, Index):
            return i.size
        if is_element(i) and name_of(i) in self.problem.labels:
            return self.problem.labels[name_of(i)]
        return None

    def in_range(self, i: Term, over: Term) -> bool:
        """Whether 1 <= i <= over is known."""
        return self.range_needs(i, over) is not None

    def range_needs(self, i: Term, over: Term) -> Used | None:
        """What 1 <= i <= over rests on, where it is known; None where it is not."""
        needs = self.within(i, over)
        known = needs is not None and all(self.decide(c)[0] for c in needs)
        return needs if known else None

    def within(self, i: Term, over: Term) -> Used | None:
        """What 1 <= i <= over needs: that the size is no smaller than a literal, unless every size
        is; None if it is not so, or i is an index of another size."""
        if isinstance(i, Integer):
            if int(i) < 1 or (isinstance(over, Integer) and int(i) > int(over)):
                return None
            always = isinstance(over, Integer) or int(i) == 1
            return NOTHING if always else frozenset((relation(">=", over, i),))
        size = self.size_of(i)
        return NOTHING if size is not None and identical(size, over) else None

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
                if not entails(condition, c):
                    yield any_of(negate(condition), c)
            for c in self.smooth(b, on, through):
                if not entails(negate(condition), c):
                    yield any_of(condition, c)
            yield from self._boundaries(condition, on, through)
            return
        for a in t.args:
            if not isinstance(a, Symbol) or is_element(a):
                yield from self.smooth(a, on, through)
        yield from self._head_conditions(t, on, through)

    def _smooth_reduction(self, t: Any, on: str, through: bool) -> Iterable[Any]:
        for c in self.smooth(t.body, on, through):
            if not entails(t.guard, c):
                yield every(c, t.index, t.guard)
        for c in self._boundaries(t.guard, on, through):
            yield every(c, t.index)
        if not isinstance(t, (MaxOver, MinOver)):
            return
        if not self.signs.never_empty(t):  # there is no largest of none
            yield _some_place(t)
        if not (t.guard == TRUE and t.index not in free_indices(t.body)):
            other = fresh_index(t.index, index_names(t))
            swap = {t.index: other}
            apart = all_of(relation("!=", t.index, other), substitute(t.guard, swap))
            tie = self._kink(relation("!=", t.body, substitute(t.body, swap)))
            if tie.left == tie.right:
                yield FALSE_CONDITION  # the same value everywhere: always a tie
            else:
                yield every(every(tie, other, apart), t.index, t.guard)

    def _boundaries(
        self, condition: Term, on: str, through: bool, beside: Term = TRUE
    ) -> Iterable[Any]:
        """That no relation over values that depend on the name is at its edge.

        ``beside``: what holds wherever the edge counts, be it that it does not depend on the name
        or that it is not at its own edge.
        """
        if isinstance(condition, Relation):
            if self.depends(condition, on, through):
                a, b = condition.left, condition.right
                if _identical(a, b):
                    return  # the same everywhere: there is no edge
                there = self._changes_at_ties_only(condition)
                if there is None or not entails(beside, there):
                    for edge in self._edges(a, b, on, through):
                        yield edge if there is None else any_of(there, edge)
                yield from self.smooth(a, on, through)
                yield from self.smooth(b, on, through)
        elif isinstance(condition, (AllOf, AnyOf)):
            # an edge counts only where what is said of indices leaves the rest to decide
            fixed = [c for c in condition.args if not is_about_values(c)]
            both = isinstance(condition, AllOf)
            settled = [negate(c) if both else c for c in fixed]
            around = all_of(beside, condition) if both else beside
            for part in condition.args:
                if part not in fixed:
                    for c in self._boundaries(part, on, through, around):
                        yield any_of(*settled, c)
        elif not isinstance(condition, Every):
            for part in condition.args:
                yield from self._boundaries(part, on, through)
        elif self.depends(condition, on, through):
            yield FALSE_CONDITION

    def _changes_at_ties_only(self, c: Relation) -> Any:
        """Where the relation compares f_j with the maximum (minimum) of all f_k, j among them.

        Where the maximum is taken at one place only it is so nearby too, and so is f_j = max or
        f_j != max; that there is no tie is a condition for the maximum itself. None if it does
        not, else where it does: the maximum's own condition at j.
        """
        for whole, value in ((c.left, c.right), (c.right, c.left)):
            if isinstance(whole, (MaxOver, MinOver)) and whole.index in free_indices(whole.body):
                k = whole.index
                for j in sorted(places(value), key=text):
                    if self.range_needs(j, k.size) == NOTHING and alpha_equal(
                        substitute(whole.body, {k: j}), value
                    ):
                        return _without_trivial(substitute(whole.guard, {k: j}))
        return None

    def _edges(self, a: Term, b: Term, on: str, through: bool) -> Iterable[Any]:
        """Where a comparison is at its edge: told by cases only if that leaves one out."""
        if self.meet(a, b):
            return self._apart(a, b, on, through)
        return [self._off_diagonal(add(a, neg(b)), self._kink(relation("!=", a, b)))]

    def meet(self, a: Term, b: Term, within: int = 0) -> bool:
        """Whether two values are one and the same in some case that they distinguish."""
        if _identical(a, b):
            return True
        choice = (distinction(a) or distinction(b)) if within < MOST_CASES else None
        return choice is not None and any(
            self.meet(_in_case(a, choice, holds), _in_case(b, choice, holds), within + 1)
            for holds in (True, False)
        )

    def _apart(
        self, a: Term, b: Term, on: str, through: bool, where: tuple[Any, ...] = ()
    ) -> Iterable[Any]:
        """That two values compared are not equal, unless they are one and the same nearby.

        Where one of them is a distinction of cases they are compared in each case, so that
        min(r, 1) and r do not count as equal wherever r < 1. ``where``: of what does not hold in
        the case at hand, one has to hold.
        """
        if not (self.depends(a, on, through) or self.depends(b, on, through)):
            return
        if _identical(a, b):
            return
        choice = (distinction(a) or distinction(b)) if len(where) < MOST_CASES else None
        if choice is None:
            sides = (b, a) if is_number(a) else (a, b)
            edge = self._kink(relation("!=", *sides))
            yield any_of(*where, self._off_diagonal(add(a, neg(b)), edge))
            return
        for holds in (True, False):
            one, two = (_in_case(x, choice, holds) for x in (a, b))
            other = negate(choice) if holds else choice
            yield from self._apart(one, two, on, through, (*where, other))

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
            a, b = t.args
            yield from self._apart(a, b, on, through)
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
            rests = matched(oriented(given), turned, self)
            if rests is not None:
                return True, rests | {given}
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


def _without_trivial(condition: Any) -> Any:
    """A condition without parts such as j >= j."""
    return all_of(*[c for c in conjuncts(condition) if not is_trivial(c)])


def _some_place(t: Any) -> Any:
    """That a reduction has a place to run over: more than its guard excludes one by one."""
    parts = conjuncts(t.guard)
    if all(getattr(c, "op", None) == "!=" and t.index in c.args[1:] for c in parts):
        return relation(">=", t.index.size, number(len(parts) + 1))
    return relation(">", sum_over(ONE, t.index, t.guard), ZERO)


def places(t: Term) -> set[Any]:
    """What stands in the slots of a term: its free indices, literals and labels."""
    free = free_indices(t)
    slots = {i for s in subterms(t) if isinstance(s, Indexed) for i in indices_of(s)}
    return {*free, *(i for i in slots if free_indices(i) <= free)}


def _cases_of(t: Any) -> tuple[Any, Any, Any] | None:
    """The condition of a distinction of cases or what is one, and the value in either case."""
    if isinstance(t, IfElse):
        condition, a, b = t.args
        return condition, a, b
    if isinstance(t, (sympy.Max, sympy.Min)):
        a, b = t.args
        return relation(">" if isinstance(t, sympy.Max) else "<", a, b), a, b
    if isinstance(t, (sympy.Abs, relu)):
        (x,) = t.args
        return relation(">", x, ZERO), x, ZERO if isinstance(t, relu) else neg(x)
    return None


_OPAQUE = (Reduction, Diff, Partial, Condition, Detach)


def distinction(t: Any) -> Any:
    """The condition of a first innermost distinction of cases outside sums and derivatives."""
    if is_leaf(t) or isinstance(t, _OPAQUE):
        return None
    inside = (found for a in t.args if (found := distinction(a)) is not None)
    own = _cases_of(t)
    return next(inside, None if own is None else own[0])


def _in_case(t: Any, condition: Any, holds: bool) -> Any:
    """The term where a condition that it distinguishes holds or does not."""
    if is_leaf(t) or isinstance(t, _OPAQUE):
        return t
    cases = _cases_of(t)
    if cases is not None and cases[0] == condition:
        return _in_case(cases[1 if holds else 2], condition, holds)
    return rebuild(t, tuple(_in_case(a, condition, holds) for a in t.args))


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
