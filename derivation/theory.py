"""What is known in a problem: definitions, dependence, differentiability, signs. Trusted.

The kernel asks three things. Does a term depend on a variable? Where is a term differentiable?
Does a side condition follow from the givens and from known signs (exp > 0, sizes >= 1, sums of
positives)? A "no" costs at most a condition that the reader sees; only a "yes" must be right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from derivation.errors import KernelError
from derivation.normal import normal, normal_term, oriented, text
from derivation.problem import Definition, Problem
from derivation.terms import (
    MINUS_ONE,
    MIRROR,
    ONE,
    PI,
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
    Integer,
    KroneckerDelta,
    MaxOver,
    MinOver,
    Mul,
    Partial,
    Pow,
    ProductOver,
    Reduction,
    Relation,
    Size,
    SumOver,
    Symbol,
    Term,
    add,
    all_of,
    any_of,
    apply,
    conjuncts,
    every,
    free_indices,
    fresh_index,
    index_names,
    indices_of,
    is_element,
    is_leaf,
    is_number,
    mul,
    name_of,
    names,
    neg,
    negate,
    number,
    power,
    relation,
    relu,
    replace_terms,
    sigmoid,
    softplus,
    substitute,
    value_of,
)

NEG, ZER, POS = 1, 2, 4
ANY = NEG | ZER | POS
Used = frozenset[Any]  # givens that an answer rests on
NOTHING: Used = frozenset()


class Theory:
    """The definitions and conditions of a problem; definitions may be added, never changed."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.definitions: dict[str, Definition] = dict(problem.definitions)
        self.facts = list(problem.givens)
        self.kinks: set[Any] = set()
        self._seen: frozenset[str] = frozenset()  # names that an answer may rest on
        self._live: dict[Term, frozenset[str]] = {}
        self._depends: dict[tuple[Term, str, bool], bool] = {}
        self._smooth: dict[tuple[Term, str, bool], frozenset[Any]] = {}
        self._sign: dict[Term, tuple[int, Used]] = {}
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
        for i, p in zip(indices, definition.params, strict=True):
            if not self.in_range(i, p.size):
                raise KernelError(f"the index {i} of {t} does not run over {p.size}")
        return substitute(definition.body, dict(zip(definition.params, indices, strict=True)))

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
        return bool(self.size_of(i) == over)

    # -- dependence -------------------------------------------------------------------------

    def depends(self, t: Term, on: str, through: bool = True) -> bool:
        """Whether the term mentions a name, also through definitions (``on``'s own one is cut)."""
        if on in names(t) and self.mentions(t, on):
            return True
        if not through:
            return False
        where = (t, on, through)
        found = self._depends.get(where)
        if found is None:
            found = any(
                self.depends(self.definitions[n].body, on)
                for n in self.live_names(t)
                if n in self.definitions and n != on
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
            if name_of(t) != on and through and self.defined(t):
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
        if isinstance(t, MaxOver | MinOver) and not (
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
                yield self._kink(relation("!=", condition.left, condition.right))
                yield from self.smooth(condition.left, on, through)
                yield from self.smooth(condition.right, on, through)
        elif not isinstance(condition, Every):
            for part in condition.args:
                yield from self._boundaries(part, on, through)
        elif self.depends(condition, on, through):
            yield FALSE_CONDITION

    def _kink(self, condition: Any) -> Any:
        """Marks a condition as one for a derivative only: the value itself is defined there too."""
        self.kinks.add(condition)
        return condition

    def _head_conditions(self, t: Term, on: str, through: bool) -> Iterable[Any]:
        if isinstance(t, Pow):
            base, exponent = t.args
            if isinstance(exponent, Integer):
                if int(exponent) < 0 and self.depends(base, on, through):
                    yield relation("!=", base, ZERO)
            else:
                yield relation(">", base, ZERO)
            return
        if isinstance(t, Diff | Partial | AppliedUndef | FunctionDerivative | Add | Mul):
            return
        x = t.args[-1]
        if isinstance(t, sympy.log | sympy.loggamma | sympy.polygamma):
            yield relation(">", x, ZERO)
        elif isinstance(t, sympy.Abs | sympy.sign | relu):
            yield self._kink(relation("!=", x, ZERO))
        elif isinstance(t, sympy.Max | sympy.Min):
            yield self._kink(relation("!=", t.args[0], t.args[1]))
        elif isinstance(t, sympy.tan):
            yield relation("!=", apply("cos", x), ZERO)
        elif isinstance(t, sympy.asin | sympy.acos | sympy.atanh):
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

    def _reduced(self, t: Term) -> tuple[Any, Used]:
        """The normal form where it equals the term for certain, else the term itself."""
        used: Used = NOTHING
        for c in normal(t)[1]:
            holds, by = self.decide(c)
            if not holds:
                return t, NOTHING
            used |= by
        return normal_term(t), used

    def below(self, found: Iterable[str], cut: str | None = None) -> frozenset[str]:
        """Names and everything that their definitions rest on, not looking into ``cut``."""
        out = set(found) - {cut}
        queue = list(out)
        while queue:
            definition = self.definitions.get(queue.pop())
            if definition is not None:
                fresh = names(definition.body) - out - {cut}
                out |= fresh
                queue.extend(fresh)
        return frozenset(out)

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
        if self.is_index_relation(c):
            return self._index_relation_holds(c), NOTHING
        gap, by = self._reduced(add(c.left, neg(c.right)) if c.right != ZERO else c.left)
        signs, used = self.sign(gap)
        used |= by
        wanted = {">": POS, "<": NEG, ">=": POS | ZER, "<=": NEG | ZER, "!=": POS | NEG, "==": ZER}
        if signs & ~wanted[c.op] == 0:
            return True, used
        if c.right == ZERO:  # as it stands: a square is seen before it is multiplied out
            signs, used = self.sign(c.left)
            if signs & ~wanted[c.op] == 0:
                return True, used
        for given in self.facts:
            if isinstance(given, Relation) and _matches(oriented(given), oriented(c), self):
                return True, frozenset((given,))
        if isinstance(c.left, Size) and isinstance(c.right, Integer) and c.op == ">=":
            if int(c.right) <= 1:
                return True, NOTHING
            for given in self.facts:
                if (
                    isinstance(given, Relation)
                    and given.left == c.left
                    and is_number(given.right)
                    and given.op in (">=", ">")
                    and value_of(given.right) + (given.op == ">") >= int(c.right)
                ):
                    return True, frozenset((given,))
        return False, NOTHING

    def is_index_relation(self, c: Relation) -> bool:
        """Whether both sides are index terms."""
        return all(
            isinstance(s, Index)
            or (is_element(s) and name_of(s) in self.problem.labels)
            or (isinstance(s, Integer) and any(isinstance(o, Index) for o in (c.left, c.right)))
            for s in (c.left, c.right)
        )

    def _index_relation_holds(self, c: Relation) -> bool:
        if c.left == c.right:
            return c.op in ("==", "<=", ">=")
        if isinstance(c.left, Integer) and isinstance(c.right, Integer):
            a, b = int(c.left), int(c.right)
            return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[
                c.op
            ]
        return False

    # -- signs ------------------------------------------------------------------------------

    def sign(self, t: Term) -> tuple[int, Used]:
        """The signs that a term can have, as a set of bits, and the givens that this rests on."""
        found = self._sign.get(t)
        if found is None:
            self._sign[t] = (ANY, NOTHING)  # while it is being worked out
            found = self._sign[t] = self._sign_of(t)
        return found

    def assume(self, condition: Any) -> None:
        """Lets a condition be used; where it is, it becomes a hypothesis of the theorem."""
        if isinstance(condition, Relation) and condition not in self.facts:
            self.facts.append(condition)
            self._sign.clear()
            self._decided.clear()

    def _sign_of(self, t: Term) -> tuple[int, Used]:
        signs, used = self._sign_by_structure(t)
        if signs & (NEG | ZER) and not is_element(t) and not is_number(t):
            for given in self.facts:
                if not isinstance(given, Relation) or given.op not in (">", "!="):
                    continue
                about = given.left
                if given.right != ZERO or type(about) is not type(t):
                    continue
                allowed = POS if given.op == ">" else POS | NEG
                if signs & ~allowed and signs & allowed and self._says(about, t):
                    signs, used = signs & allowed, used | {given}
        return signs, used

    def _says(self, about: Term, t: Term) -> bool:
        """Whether a condition about one term is about the other, as they stand or rearranged."""
        if match(about, t, self) is not None:
            return True
        if normal(about)[1] or normal(t)[1]:
            return False
        return match(normal_term(about), normal_term(t), self) is not None

    def _sign_by_structure(self, t: Term) -> tuple[int, Used]:
        if is_number(t):
            v = value_of(t)
            return (POS if v > 0 else NEG if v < 0 else ZER), NOTHING
        if isinstance(t, Size | Index) or t == PI:
            return POS, NOTHING
        if is_element(t):
            return self._sign_of_element(t)
        if isinstance(t, Add):
            return self._sign_of_sum(t)
        if isinstance(t, Mul):
            signs, used = POS, NOTHING
            for a in t.args:
                s, by = self.sign(a)
                signs, used = _product(signs, s), used | by
            return signs, used
        if isinstance(t, Pow):
            return self._sign_of_power(t)
        if isinstance(t, SumOver | ProductOver | MaxOver | MinOver):
            return self._sign_of_reduction(t)
        if isinstance(t, sympy.exp | sigmoid | softplus | sympy.cosh):
            return POS, NOTHING
        if isinstance(t, sympy.Abs):
            s, by = self.sign(t.args[0])
            return (POS if not s & ZER else POS | ZER), by
        if isinstance(t, relu):
            s, by = self.sign(t.args[0])
            return (POS if s == POS else POS | ZER), by
        if isinstance(
            t, sympy.tanh | sympy.sinh | sympy.asinh | sympy.atan | sympy.erf | sympy.sign | Detach
        ):
            return self.sign(t.args[0])
        if isinstance(t, sympy.polygamma) and t.args[0] == ONE:
            s, by = self.sign(t.args[1])
            return (POS, by) if s == POS else (ANY, NOTHING)
        if isinstance(t, sympy.log):
            gap, also = self._reduced(add(t.args[0], MINUS_ONE))
            s, by = self.sign(gap)
            return (s, by | also) if s in (POS, POS | ZER) else (ANY, NOTHING)
        if isinstance(t, IfElse):
            (a, by_a), (b, by_b) = self.sign(t.args[1]), self.sign(t.args[2])
            return a | b, by_a | by_b
        if isinstance(t, KroneckerDelta):
            return POS | ZER, NOTHING
        if isinstance(t, sympy.Max | sympy.Min):
            (a, by_a), (b, by_b) = self.sign(t.args[0]), self.sign(t.args[1])
            return a | b, by_a | by_b
        return ANY, NOTHING

    def _sign_of_element(self, t: Term) -> tuple[int, Used]:
        signs, used = ANY, NOTHING
        for given in self.facts:
            if not isinstance(given, Relation) or given.op == "==":
                continue
            for c in (given, relation(MIRROR[given.op], given.right, given.left)):
                if is_element(c.left) and is_number(c.right) and _matches(c.left, t, self):
                    allowed = _signs_beyond(c.op, value_of(c.right))
                    if allowed & signs != signs:
                        signs, used = signs & allowed, used | {given}
        if signs & ~POS and self.defined(t):
            inner, by = self.sign(self.unfold(t))
            if inner & signs != signs and inner & signs:
                return inner & signs, used | by
        return signs, used

    def _sign_of_sum(self, t: Term) -> tuple[int, Used]:
        signs, used = ZER, NOTHING
        for a in t.args:
            s, by = self.sign(a)
            signs, used = _total(signs, s), used | by
        if signs != ANY:
            return signs, used
        return self._sign_over_common_denominator(t)

    def _sign_over_common_denominator(self, t: Term) -> tuple[int, Used]:
        """1 - 1/(1 + e) is e/(1 + e): definitions unfolded, positive denominators cleared."""
        flat = replace_terms(t, lambda s: self.unfold(s) if self.defined(s) else None)
        flat = replace_terms(
            flat,
            lambda s: (
                power(add(ONE, apply("exp", neg(s.args[0]))), MINUS_ONE)
                if isinstance(s, sigmoid)
                else None
            ),
        )
        if flat == t:
            flat = t
        poly, needs = normal(flat)
        if len(poly) > 40:
            return ANY, NOTHING
        used: Used = NOTHING
        for c in needs:
            holds, by = self.decide(c)
            if not holds:
                return ANY, NOTHING
            used |= by
        below = sorted(
            {
                a
                for m in poly
                for a, e in m
                if isinstance(a, Add | SumOver) and isinstance(e, int) and e < 0
            },
            key=text,
        )
        scaled = normal_term(flat)
        for d in below:
            s, by = self.sign(d)
            if s != POS:
                return ANY, NOTHING
            used |= by
            k = max(-e for m in poly for a, e in m if a == d and isinstance(e, int))
            scaled = normal_term(mul(scaled, power(d, number(k))))
        if not isinstance(scaled, Add) or (scaled == t):
            s, by = (ANY, NOTHING) if scaled == t else self.sign(scaled)
            return s, used | by
        signs = ZER
        for a in scaled.args:
            s, by = self.sign(a)
            signs, used = _total(signs, s), used | by
        return signs, used

    def _sign_of_power(self, t: Term) -> tuple[int, Used]:
        base, exponent = t.args
        s, by = self.sign(base)
        if s == POS:
            return POS, by
        if isinstance(exponent, Integer):
            if int(exponent) % 2 == 0:
                return (POS if not s & ZER else POS | ZER), by
            return s, by
        if is_number(exponent) and not s & NEG:
            return s, by
        return ANY, NOTHING

    def _sign_of_reduction(self, t: Any) -> tuple[int, Used]:
        s, by = self.sign(t.body)
        if isinstance(t, ProductOver):
            return (
                (POS, by) if s == POS else ((POS | ZER, by) if s == POS | ZER else (ANY, NOTHING))
            )
        if isinstance(t, SumOver) and s & POS and s & NEG:
            return ANY, NOTHING
        if self.never_empty(t):
            return s, by
        return (s | ZER, by) if isinstance(t, SumOver) else (ANY, NOTHING)

    def never_empty(self, t: Any) -> bool:
        """Whether the reduction's guard holds for at least one value of its index."""
        if t.guard == TRUE:
            return True
        for candidate in free_indices(t.guard) - {t.index}:
            if candidate.size == t.index.size:
                at_candidate = substitute(t.guard, {t.index: candidate})
                if all(
                    isinstance(c, Relation) and c.left == c.right and c.op in ("==", "<=", ">=")
                    for c in conjuncts(at_candidate)
                ):
                    return True
        return False


FALSE_CONDITION = AnyOf()


def entails(assumed: Term, condition: Term) -> bool:
    """Whether a condition follows at once from an assumed one.

    >>> from derivation.terms import index, size
    >>> i, j = index("i", size("K")), index("j", size("K"))
    >>> entails(relation("<", i, j), relation("!=", j, i))
    True
    """
    if isinstance(condition, AllOf):
        return all(entails(assumed, c) for c in condition.args)
    have = {oriented(c) for c in conjuncts(assumed)}
    wanted = oriented(condition)
    if wanted in have:
        return True
    if isinstance(condition, AnyOf):
        return any(entails(assumed, c) for c in condition.args)
    if isinstance(condition, Relation):
        a, b = condition.left, condition.right
        stronger = {
            "!=": [relation("<", a, b), relation("<", b, a)],
            "<=": [relation("<", a, b), relation("==", a, b)],
            ">=": [relation(">", a, b), relation("==", a, b)],
        }
        return any(oriented(c) in have for c in stronger.get(condition.op, []))
    return False


def _product(a: int, b: int) -> int:
    out = 0
    if (a | b) & ZER:
        out |= ZER
    if (a & POS and b & POS) or (a & NEG and b & NEG):
        out |= POS
    if (a & POS and b & NEG) or (a & NEG and b & POS):
        out |= NEG
    return out


def _total(a: int, b: int) -> int:
    if a == ZER:
        return b
    if b == ZER:
        return a
    if (a | b) & POS and (a | b) & NEG:
        return ANY
    side = (a | b) & (POS | NEG)
    return side | (ZER if a & ZER and b & ZER else 0)


def _signs_beyond(op: str, value: Any) -> int:
    """The signs of x where ``x op value``."""
    if op == ">":
        return POS if value >= 0 else ANY
    if op == ">=":
        return POS if value > 0 else POS | ZER if value == 0 else ANY
    if op == "<":
        return NEG if value <= 0 else ANY
    if op == "<=":
        return NEG if value < 0 else NEG | ZER if value == 0 else ANY
    if op == "!=":
        return POS | NEG if value == 0 else ANY
    return ANY


def match(
    pattern: Term, t: Term, theory: Theory, bind: dict[Any, Any] | None = None
) -> dict[Any, Any] | None:
    """Values of the pattern's free indices that make it the term (up to bound letters), or None."""
    bind = {} if bind is None else bind
    variables = free_indices(pattern)
    return bind if _match(pattern, t, theory, bind, variables, {}) else None


def _match(
    p: Term,
    t: Term,
    theory: Theory,
    bind: dict[Any, Any],
    variables: frozenset[Any],
    bound: dict[Any, Any],
) -> bool:
    if p in bound:
        return bool(bound[p] == t)
    if isinstance(p, Index) and p in variables:
        if p in bind:
            return bool(bind[p] == t)
        if free_indices(t) & frozenset(bound.values()) or not theory.in_range(t, p.size):
            return False
        bind[p] = t
        return True
    if type(p) is not type(t) or len(p.args) != len(t.args):
        return False
    if not p.args:
        return bool(p == t)
    if isinstance(p, Reduction):
        if p.index.size != t.index.size:
            return False
        inner = {**bound, p.index: t.index}
        return _match(p.body, t.body, theory, bind, variables, inner) and _match(
            p.guard,
            t.guard,
            theory,
            bind,
            variables,
            inner,
        )
    return all(
        _match(a, b, theory, bind, variables, bound) for a, b in zip(p.args, t.args, strict=True)
    )


def _matches(pattern: Term, t: Term, theory: Theory) -> bool:
    return match(pattern, t, theory) is not None
