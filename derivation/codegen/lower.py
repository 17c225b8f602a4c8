"""Formulas into array computations: definitions, conditions, sums, functions.

What is written with indices becomes a node whose axes are those indices. A definition becomes one
named array, made only if something uses it. A condition becomes a mask; what stands under it is
kept away from arguments that only the other case allows, so that no branch that is thrown away
divides by zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from sympy.core.function import AppliedUndef

from derivation.codegen import sums
from derivation.codegen.nodes import (
    ONE,
    ZERO,
    Axis,
    Node,
    add,
    array,
    both,
    compare,
    const,
    div,
    is_positive,
    mul,
    neg,
    power,
    reduce,
    relabel,
    union,
    where,
)
from derivation.codegen.stable import Stable
from derivation.errors import DerivationError
from derivation.problem import Definition, Problem
from derivation.terms import (
    MIRROR,
    PI,
    TRUE,
    Add,
    AllOf,
    AnyOf,
    Detach,
    Expr,
    FunctionDerivative,
    IfElse,
    Index,
    Indexed,
    Integer,
    KroneckerDelta,
    MaxOver,
    MinOver,
    Mul,
    Not,
    Pow,
    ProductOver,
    Rational,
    Reduction,
    Relation,
    Size,
    SumOver,
    Symbol,
    Term,
    all_of,
    conjuncts,
    free_indices,
    fresh_index,
    function_name,
    index_names,
    indices_of,
    is_element,
    name_of,
    negate,
    relation,
    split_function_derivative,
    substitute,
    value_of,
)
from derivation.terms import (
    neg as minus,
)


class NoCode(DerivationError):
    """The formula has something that cannot be written as array code."""


@dataclass(frozen=True)
class Scope:
    """What holds where a formula is read: conditions as terms, and as a mask."""

    conditions: tuple[Term, ...] = ()
    masks: tuple[Node, ...] = ()
    filled: bool = False  # exponents outside the mask count as minus infinity

    @property
    def mask(self) -> Node | None:
        return both(self.masks)

    def holds(self, condition: Term) -> bool:
        return condition in self.conditions


EVERYWHERE = Scope()
HIGH = 5  # powers from here on leave the range of float32 soon
INFINITY = Node("inf")


class Lowering(Stable):
    """Reads the formulas of one problem; ``statements`` collects the definitions that they use.

    Args:
        problem: The problem.
        introduced: Definitions that a derivation brought in.
    """

    def __init__(self, problem: Problem, introduced: Sequence[Definition] = ()) -> None:
        self.problem = problem
        self.definitions: dict[str, Definition] = dict(problem.definitions)
        self.definitions.update({d.name: d for d in introduced})
        self.labels: Mapping[str, Term] = problem.labels
        self.statements: dict[str, tuple[tuple[Axis, ...], Node]] = {}
        self.derived_functions: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._cache: dict[tuple[Term, Scope], Node] = {}

    # -- reading ----------------------------------------------------------------------------

    def lower(self, t: Term, scope: Scope = EVERYWHERE) -> Node:
        """The node for a term."""
        found = self._cache.get((t, scope))
        if found is None:
            found = self._cache[t, scope] = self._lower(t, scope)
        return found

    def _lower(self, t: Any, scope: Scope) -> Node:
        if isinstance(t, Rational):
            return const(value_of(t))
        if t == PI:
            return Node("pi")
        if isinstance(t, Index):
            return Node("index", axes=(t,))
        if isinstance(t, Size):
            return Node("size", data=str(t.name))
        if is_element(t):
            found = self.refer(t, scope)
            if name_of(t) in self.labels:  # classes are counted from 0 in arrays
                return Node("cast", (add(found, ONE),), found.axes)
            return found
        if isinstance(t, Add):
            return self.add_terms(t.args, scope)
        if isinstance(t, (Mul, Pow)):
            return self.product(t, scope)
        if isinstance(t, SumOver):
            return self.total(t, scope)
        if isinstance(t, Reduction):
            return self._reduction(t, scope)
        if isinstance(t, IfElse):
            condition, a, b = t.args
            mask = self.condition(condition, scope)
            yes = self.lower(a, self.under(scope, condition))
            no = self.lower(b, self.under(scope, negate(condition)))
            inner = self.under(scope, condition)
            if no == ZERO and any(self._is_zero_outside(f, condition, inner) for f in _factors(a)):
                return yes
            return where(mask, yes, no)
        if isinstance(t, KroneckerDelta):
            return self._delta(*t.args)
        if isinstance(t, Detach):
            return self.lower(t.args[0], scope)
        if isinstance(t, AppliedUndef):
            args = [self.lower(a, scope) for a in t.args]
            return Node("call", tuple(args), union(args), function_name(t))
        if isinstance(t, FunctionDerivative):
            return self._derivative(t, scope)
        name = function_name(t)
        if name is not None:
            return self.function(name, t.args, scope)
        raise NoCode(f"no code for {t}")

    def under(self, scope: Scope, condition: Term) -> Scope:
        """The scope with one more condition."""
        masks = [self.condition(c, scope) for c in conjuncts(condition)]
        known = [*scope.conditions]
        for c in conjuncts(condition):
            known.append(c)
            if isinstance(c, Relation):
                known.append(relation(MIRROR[c.op], c.right, c.left))
                if c.op in ("<", ">"):  # whoever is less is another
                    known += [relation("!=", c.left, c.right), relation("!=", c.right, c.left)]
        return Scope(tuple(known), (*scope.masks, *masks), scope.filled)

    def under_all(self, guards: Iterable[Term], scope: Scope) -> tuple[Scope, list[Node]]:
        """The scope inside a sum under these conditions, and their masks outside of it."""
        inner, masks = scope, []
        for g in guards:
            inner = self.under(inner, g)
            masks += [self.condition(c, scope) for c in conjuncts(g)]
        return inner, masks

    # -- names ------------------------------------------------------------------------------

    def refer(self, t: Term, scope: Scope) -> Node:
        """An entry of an input or of a definition (0-based where it is a label)."""
        name = name_of(t)
        slots = [self.slot(i) for i in indices_of(t)]
        if name in self.definitions:
            params = self.definitions[name].params
            name = self.define(name, indices_of(t), scope)
            kept = self.statements[name][0]  # those that it varies with
            slots = [s for p, s in zip(params, slots, strict=True) if p in kept]
        return array(name, slots)

    def slot(self, i: Term) -> Any:
        if isinstance(i, Index):
            return i
        if isinstance(i, Integer):
            return int(i) - 1
        return self.refer(i, EVERYWHERE)

    def define(self, name: str, at: Sequence[Term], scope: Scope) -> str:
        """Makes sure that a definition is computed; returns the name of its array.

        A quotient whose denominator sums over some indices only (a causal softmax) is computed
        for those alone where nothing else is asked for.
        """
        d = self.definitions[name]
        guard = self.guard_of(d)
        inside = EVERYWHERE
        label = name
        if guard is not None:
            here = substitute(guard, dict(zip(d.params, at, strict=True)))
            if all(scope.holds(c) for c in conjuncts(here)):
                label = f"{name} masked"
                narrow = self.under(EVERYWHERE, guard)
                inside = Scope(narrow.conditions, narrow.masks, True)
        if guard is None and _is_singular(d.body, set(d.params)):
            pairs = list(zip(d.params, at, strict=True))
            for p, i in pairs:
                for q, j in pairs:
                    apart = relation("!=", i, j)
                    if p.name < q.name and p.size == q.size and scope.holds(apart):
                        label = f"{name} masked"
                        inside = self.under(EVERYWHERE, relation("!=", p, q))
        if label not in self.statements:
            node = self.lower(d.body, inside)
            self.statements[label] = (tuple(p for p in d.params if p in node.axes), node)
        return label

    def _is_zero_outside(self, factor: Term, condition: Term, scope: Scope) -> bool:
        """Whether the factor is read from a masked array, which is 0 where the mask is not."""
        if not is_element(factor) or name_of(factor) not in self.definitions:
            return False
        d = self.definitions[name_of(factor)]
        guard = self.guard_of(d)
        if guard is None:
            return False
        here = substitute(guard, dict(zip(d.params, indices_of(factor), strict=True)))
        if not all(scope.holds(c) for c in conjuncts(here)):
            return False
        known = self.under(EVERYWHERE, here)
        return all(known.holds(c) for c in conjuncts(condition))

    def guard_of(self, d: Definition) -> Term | None:
        """The condition on a quotient's own indices, where its denominator sums under one."""
        for below in d.body.args if isinstance(d.body, Mul) else ():
            if not (isinstance(below, Pow) and below.args[1] == -1):
                continue
            inner = below.args[0]
            if not isinstance(inner, SumOver):
                continue
            over, guards, body = opened(inner)
            if not guards:
                continue
            above = [f for f in d.body.args if f is not below]
            for params in permutations(d.params, len(over)):
                swap = dict(zip(over, params, strict=True))
                if any(a.size != p.size for a, p in swap.items()):
                    continue
                if set(params) & free_indices(inner):
                    continue
                if [substitute(body, swap)] == above:
                    return all_of(*[substitute(g, swap) for g in guards])
        return None

    # -- arithmetic -------------------------------------------------------------------------

    def add_terms(self, terms: Sequence[Term], scope: Scope) -> Node:
        special = self.special_sum(terms, scope)
        if special is not None:
            return special
        found = sums.combined([self.lower(t, scope) for t in terms])
        return add(*found)

    def product(self, t: Term, scope: Scope) -> Node:
        special = self.special_product(t, scope)
        if special is not None:
            return special
        above: list[Node] = []
        below: list[Node] = []
        for f in t.args if isinstance(t, Mul) else (t,):
            if not isinstance(f, Pow):
                above.append(self.lower(f, scope))
                continue
            base, exponent = f.args
            value = value_of(exponent) if isinstance(exponent, Rational) else None
            if value is not None and value < 0:
                inner = self.safe(self.lower(base, scope), scope, ONE)
                if value <= -HIGH and inner.axes:
                    above.append(power(div(ONE, inner), const(-value)))  # may be 0, not infinite
                else:
                    below.append(power(inner, const(-value)))
            else:
                inner = self.lower(base, scope)
                if value is None or value.denominator != 1:
                    inner = self.safe(inner, scope, ONE)
                above.append(power(inner, self.lower(exponent, scope)))
        return self._mean(div(mul(*self._put_into_sums(above)), mul(*below)))

    def _put_into_sums(self, factors: list[Node]) -> list[Node]:
        """Logistic functions among the factors put into a sum that divides by them.

        They are 0 far out, where ``p * (y / p)`` would have no value.
        """
        for f in [f for f in factors if self._is_logistic(f)]:
            for k, other in enumerate(factors):
                put = sums.times(other, f) if other.op == "add" else None
                if put is not None:
                    factors = [*factors[:k], put, *factors[k + 1 :]]
                    factors.remove(f)
                    break
        return factors

    def _is_logistic(self, n: Node) -> bool:
        if n.op == "array" and n.data[0] in self.statements:
            return self._is_logistic(self.statements[n.data[0]][1])
        return n.op == "fn" and bool(n.data == "sigmoid")

    @staticmethod
    def _mean(n: Node) -> Node:
        """A sum over an axis divided by its length, as a mean."""
        if n.op != "div" or n.args[1].op not in ("size", "mul"):
            return n
        above, below = n.args
        factors = list(above.args) if above.op == "mul" else [above]
        sizes = list(below.args) if below.op == "mul" else [below]
        for k, f in enumerate(factors):
            if f.op == "reduce" and f.data[0] == "sum":
                lengths = [sums.size_node(a.size) for a in f.data[1]]
                if all(length in sizes for length in lengths) and len(lengths) == 1:
                    sizes.remove(lengths[0])
                    factors[k] = reduce("mean", f.args[0], f.data[1])
                    return div(mul(*factors), mul(*sizes))
        return n

    def total(self, t: Any, scope: Scope) -> Node:
        """A sum over indices."""
        over, guards, body = opened(t)
        inner, masks = self.under_all(guards, scope)
        apart = self._without_diagonal(over, guards, body, scope)
        if apart is not None:
            return apart
        for extra in self._vanishing(over, body):
            inner = self.under(inner, extra)  # the term is zero there whether it is masked or not
        if any(self._is_zero_outside(f, g, inner) for g in guards for f in _factors(body)):
            masks = []
        factors = body.args if isinstance(body, Mul) else (body,)
        masked = self.masked_product(body, inner, masks) if masks else None
        if masked is not None:
            nodes, masks = masked
        elif self.special_product(body, inner) is not None:
            nodes = [self.lower(body, inner)]
        else:
            whole = self.product(body, inner) if isinstance(body, (Mul, Pow)) else None
            nodes = [whole] if whole is not None else [self.lower(f, inner) for f in factors]
        return sums.total(nodes, over, list(dict.fromkeys(masks)))

    def _vanishing(self, over: Sequence[Axis], body: Term) -> list[Term]:
        """``j != a`` where a factor is zero at j = a and another has no value there."""
        if not isinstance(body, Mul):
            return []
        guarded = [
            guard
            for e in _elements(body)
            if name_of(e) in self.definitions
            and (guard := self.guard_of(self.definitions[name_of(e)])) is not None
            and isinstance(guard, Relation)
            and guard.op == "!="
        ]
        found = []
        for f in body.args:
            if not isinstance(f, Add) or len(f.args) != 2:
                continue
            for j in over:
                for a in free_indices(f):
                    if a == j or a.size != j.size:
                        continue
                    one, two = (substitute(x, {j: a}) for x in f.args)
                    if not guarded and not any(_is_singular(g, {a, j}) for g in body.args):
                        continue
                    if minus(one) == two or minus(two) == one:
                        found.append(relation("!=", j, a))
        return found

    def _without_diagonal(
        self, over: Sequence[Axis], guards: Sequence[Term], body: Term, scope: Scope
    ) -> Node | None:
        """A sum over j != i as the whole sum less one term, where j alone is summed over terms
        that do not vary with i and have a value everywhere."""
        if len(over) != 1 or len(guards) != 1 or not isinstance(guards[0], Relation):
            return None
        (j,), (g,) = over, guards
        ends = {g.left, g.right}
        other = next((e for e in ends if e != j), None)
        if g.op != "!=" or j not in ends or not isinstance(other, Index):
            return None
        if other in free_indices(body) or not _polynomial(body):
            return None
        whole = self.lower(SumOver(body, j, TRUE), scope)
        return add(whole, neg(self.lower(substitute(body, {j: other}), scope)))

    def _reduction(self, t: Any, scope: Scope) -> Node:
        kind = {ProductOver: "prod", MaxOver: "max", MinOver: "min"}[type(t)]
        inner = scope if t.guard == TRUE else self.under(scope, t.guard)
        body = self.lower(t.body, inner)
        if t.guard != TRUE:
            fill = {"prod": ONE, "max": neg(INFINITY), "min": INFINITY}[kind]
            body = where(self.condition(t.guard, scope), body, fill)
        if t.index not in body.axes:
            if kind != "prod":
                return body
            return power(body, sums.size_node(t.index.size))
        return reduce(kind, body, (t.index,))

    def _delta(self, i: Term, j: Term) -> Node:
        a, b = self.slot(i), self.slot(j)
        if isinstance(i, Index) and isinstance(j, Index):
            return ONE if i == j else Node("eye", axes=(i, j))
        if isinstance(a, int) and isinstance(b, int):
            return ONE if a == b else ZERO
        return where(self._agree("==", i, j), ONE, ZERO)

    def _derivative(self, t: Term, scope: Scope) -> Node:
        name, orders, given = split_function_derivative(t)
        label = derivative_name(name, orders)
        self.derived_functions[label] = (name, orders)
        args = [self.lower(a, scope) for a in given]
        return Node("call", tuple(args), union(args), label)

    # -- conditions -------------------------------------------------------------------------

    def condition(self, c: Term, scope: Scope) -> Node:
        """The mask of a condition."""
        if isinstance(c, Relation):
            if self._is_place(c.left) and self._is_place(c.right):
                return self._agree(c.op, c.left, c.right)
            return compare(c.op, self.lower(c.left, scope), self.lower(c.right, scope))
        parts = [self.condition(a, scope) for a in c.args]
        if isinstance(c, Not):
            return Node("not", tuple(parts), union(parts))
        if isinstance(c, (AllOf, AnyOf)) and parts:
            op = "and" if isinstance(c, AllOf) else "or"
            return parts[0] if len(parts) == 1 else Node(op, tuple(parts), union(parts))
        raise NoCode(f"no code for the condition {c}")

    def _is_place(self, t: Term) -> bool:
        return isinstance(t, (Index, Integer, Size)) or (
            is_element(t) and name_of(t) in self.labels
        )

    def _agree(self, op: str, i: Term, j: Term) -> Node:
        """Two places compared, both counted from 0."""
        if op in ("==", "!=") and isinstance(i, Index) and isinstance(j, Index):
            i, j = sorted((i, j), key=lambda x: str(x.name))  # one mask for both ways to say it
        return compare(op, self._place(i), self._place(j))

    def _place(self, t: Term) -> Node:
        if isinstance(t, Index):
            return Node("arange", axes=(t,))
        if isinstance(t, Integer):
            return const(int(t) - 1)
        if isinstance(t, Size):
            return add(Node("size", data=str(t.name)), const(-1))
        return self.refer(t, EVERYWHERE)

    # -- arguments that only one case allows ------------------------------------------------

    def safe(self, n: Node, scope: Scope, fill: Node) -> Node:
        """The node with a harmless value where the scope's conditions do not hold."""
        mask = scope.mask
        if mask is None or not n.axes or n.op in ("const", "size"):
            return n
        known = [m for m in scope.masks if set(m.axes) <= set(n.axes)]
        narrow = both(known)
        if narrow is None or (n.op == "where" and n.args[0] == narrow):
            return n
        if fill == ONE and (is_positive(n) or self._is_one_outside(n, narrow)):
            return n
        return where(narrow, n, fill)

    def _is_one_outside(self, n: Node, mask: Node) -> bool:
        """Whether the node is 1 where the mask does not hold, as a root of a masked square is."""
        if n.op == "where":
            return _is_same_mask(n.args[0], mask) and n.args[2] == ONE
        if n.op == "pow" or (n.op == "fn" and n.data == "sqrt"):
            return self._is_one_outside(n.args[0], mask)
        if n.op == "array" and n.data[0] in self.statements:
            axes, node = self.statements[n.data[0]]
            slots = n.data[1]
            if any(isinstance(s, (int, Node)) for s in slots) or len(set(slots)) < len(slots):
                return False
            there = relabel(mask, dict(zip(slots, axes, strict=True)))
            return self._is_one_outside(node, there)
        return False


def _is_same_mask(a: Node, b: Node) -> bool:
    if a.op == b.op == "cmp" and a.data == b.data and a.data in ("==", "!="):
        return set(a.args) == set(b.args)
    return a == b


def derivative_name(name: str, orders: Sequence[int]) -> str:
    """What a derivative of an unknown function is called: ``dg``, ``d2g``, ``d1g_2``.

    >>> derivative_name("g", (1,)), derivative_name("g", (2,)), derivative_name("f", (1, 1))
    ('dg', 'd2g', 'd2f_12')
    """
    order = sum(orders)
    lead = "d" if order == 1 else f"d{order}"
    if len(orders) == 1:
        return f"{lead}{name}"
    slots = "".join(str(k) * o for k, o in enumerate(orders, 1))
    return f"{lead}{name}_{slots}"


def opened(t: Any) -> tuple[list[Axis], list[Term], Any]:
    """Nested sums as one list of indices, guards, and the body; letters that clash renamed."""
    over: list[Axis] = []
    guards: list[Term] = []
    while isinstance(t, SumOver):
        i, body, guard = t.index, t.body, t.guard
        if any(i.name == o.name for o in over):
            taken = {o.name for o in over} | index_names(t)
            new = fresh_index(i, taken)
            body, guard = substitute(body, {i: new}), substitute(guard, {i: new})
            i = new
        over.append(i)
        if guard != TRUE:
            guards.append(guard)
        t = body
    return over, guards, t


def _factors(t: Any) -> tuple[Any, ...]:
    return t.args if isinstance(t, Mul) else (t,)


def _elements(t: Term) -> list[Any]:
    if isinstance(t, Indexed) or type(t) is Symbol:
        return [t]
    return [e for a in t.args for e in _elements(a)]


def _is_singular(t: Any, letters: set[Any]) -> bool:
    """Whether the term divides, or takes a root or a logarithm, of what several letters enter.

    (A root of 0 is 0, but whoever differentiates the code divides by it.)
    """
    if isinstance(t, Pow):
        e = t.args[1]
        bad = not (isinstance(e, Integer) and value_of(e) > 0)
        if bad and len(free_indices(t.args[0]) & letters) > 1 and not _is_above_0(t.args[0]):
            return True
    if function_name(t) == "log" and len(free_indices(t) & letters) > 1:
        return True
    if isinstance(t, Indexed) or not t.args:
        return False
    return any(_is_singular(a, letters) for a in t.args if isinstance(a, Expr))


def _is_above_0(t: Any) -> bool:
    """Whether the term is a positive number and squares, such as 1 + |x - y|^2."""
    return (
        isinstance(t, Add)
        and all(map(_is_not_negative, t.args))
        and any(isinstance(a, Rational) and value_of(a) > 0 for a in t.args)
    )


def _is_not_negative(t: Any) -> bool:
    if isinstance(t, SumOver):
        return _is_not_negative(t.body)
    if isinstance(t, Pow):
        return isinstance(t.args[1], Integer) and int(t.args[1]) % 2 == 0
    if function_name(t) == "exp":
        return True
    return isinstance(t, Rational) and value_of(t) >= 0


def _polynomial(t: Any) -> bool:
    """Whether the term is made by sums and products alone, so that it has a value everywhere."""
    if isinstance(t, (Add, Mul)):
        return all(map(_polynomial, t.args))
    if isinstance(t, Pow):
        e = t.args[1]
        return isinstance(e, Integer) and int(e) > 0 and _polynomial(t.args[0])
    return isinstance(t, (Rational, Indexed, Size)) or type(t) is Symbol
