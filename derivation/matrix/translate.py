"""Index terms into matrix expressions: structure first, then the cheapest order of contraction.

``Translator.value(term)`` gives a node and the index of each of its axes. A sum over products is a
contraction: over all ways to put its factors together two at a time, each a NumPy operation on at
most matrices, the one with the fewest operations is taken. Where there is none, an array with
more axes is contracted by ``einsum``; where no array expresses a term at all, `NoForm` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy

from derivation.errors import DerivationError
from derivation.matrix.nodes import (
    Compare,
    Diag,
    DiagOf,
    Einsum,
    Eye,
    Full,
    Leaf,
    Lift,
    Map,
    Mask,
    MatMul,
    Node,
    OneHot,
    Ones,
    Outer,
    Plus,
    Power,
    Range,
    Reduce,
    Scalar,
    Times,
    Trace,
    Where,
    times,
    transpose,
    walk,
)
from derivation.terms import (
    FUNCTION_NAMES,
    MINUS_ONE,
    ONE,
    PI,
    TRUE,
    ZERO,
    Add,
    Detach,
    IfElse,
    Index,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    Reduction,
    Relation,
    Size,
    SumOver,
    Symbol,
    Term,
    conjuncts,
    free_indices,
    fresh_index,
    function_name,
    index_names,
    inverse,
    is_number,
    name_of,
    substitute,
    subterms,
    value_of,
)

Axes = tuple[Any, ...]
Value = tuple[Node, Axes]
MAX_FACTORS = 7  # of a product whose orders of contraction are all tried
_KINDS = {"SumOver": "sum", "ProductOver": "prod", "MaxOver": "max", "MinOver": "min"}
# functions that are total, so that masking their values by 0 is the same as leaving them out
_TOTAL = frozenset(
    [
        "exp",
        "sin",
        "cos",
        "sinh",
        "cosh",
        "tanh",
        "atan",
        "asinh",
        "erf",
        "sigmoid",
        "softplus",
        "relu",
        "abs",
        "sign",
        "max",
        "min",
    ]
)
# what NumPy has (or a line of NumPy says)
_NUMPY = frozenset((*_TOTAL - {"erf"}, "log", "tan", "asin", "acos", "acosh", "atanh"))


class NoForm(DerivationError):
    """There is no matrix expression; the message says why."""


class Translator:
    """Index terms into matrix expressions.

    Args:
        labels: The label arrays of the problem.
        most: The largest number of axes that an array in between may have.

    >>> from derivation.terms import element, index, mul, size, sum_over
    >>> n, d = index("n", size("N")), index("d", size("D"))
    >>> t = sum_over(mul(element("X", n, d), element("w", d)), d)
    >>> type(Translator().value(t)[0]).__name__
    'MatMul'
    """

    def __init__(self, labels: Mapping[str, Term] = {}, most: int = 2) -> None:
        self.labels, self.most = labels, most
        self._memo: dict[Term, Value] = {}

    def value(self, t: Term) -> Value:
        """The node and its axes.

        Raises:
            NoForm: If no matrix expression has these entries.
        """
        found = self._memo.get(t)
        if found is None:
            found = self._value(t)
            if len(found[1]) > self.most:
                raise NoForm(f"it has {len(found[1])} axes in between")
            self._memo[t] = found
        return found

    def array(self, t: Term, axes: Axes) -> Node:
        """The node whose axes are exactly these, broadcast where the term does not have one."""
        node, have = self.value(t)
        shape = tuple(i.size for i in axes)
        missing = [i for i in axes if i not in have]
        if not missing:
            return self.aligned((node, have), axes)
        if len(axes) == 1 or not have:
            return times(shape, [node, Ones(shape)])
        if len(axes) == 2 and len(have) == 1:
            ones = Ones((missing[0].size,))
            scalars, core = _apart(node)
            both = (core, ones) if axes[0] == have[0] else (ones, core)
            return times(shape, [*scalars, Outer(shape, *both)])
        return Full(shape, self.aligned((node, have), axes))

    def _value(self, t: Any) -> Value:
        if is_number(t) or t == PI or isinstance(t, Size):
            return Scalar((), t), ()
        if isinstance(t, Index):
            return Range((t.size,)), (t,)
        if isinstance(t, Indexed):
            return self._element(t)
        if isinstance(t, Symbol):
            if name_of(t) in self.labels:
                raise NoForm("a class number stands alone")
            return Leaf((), name_of(t), ()), ()
        if isinstance(t, KroneckerDelta):
            return self._delta(t)
        if isinstance(t, Add):
            return self._add(t)
        if isinstance(t, Mul):
            return self._product([], _factors(t))
        if isinstance(t, Pow):
            return self._power(t)
        if isinstance(t, SumOver):
            return self._sum(t)
        if isinstance(t, Reduction):
            return self._reduction(t)
        if isinstance(t, IfElse):
            return self._choice(t)
        if isinstance(t, Detach):
            return self.value(t.args[0])
        return self._function(t)

    # -- leaves -----------------------------------------------------------------------------

    def _element(self, t: Any) -> Value:
        slots = t.args[1:]
        if any(isinstance(s, Indexed) for s in slots):
            return self._labelled(t)
        picks = tuple(int(s) if isinstance(s, Integer) else None for s in slots)
        free = tuple(s for s in slots if isinstance(s, Index))
        if any(not isinstance(s, (Index, Integer)) for s in slots):
            raise NoForm(f"{t} has no plain indices")
        node = Leaf(tuple(i.size for i in free), name_of(t), picks)
        if len(set(free)) == len(free):
            return node, free
        if len(free) == 2:
            return DiagOf(node.shape[:1], node), free[:1]
        raise NoForm("a diagonal of an array with more than two axes")

    def _labelled(self, t: Any) -> Value:
        """p[n, t[n]]: the row's sum against one-hot rows."""
        *before, label = t.args[1:]
        over = self.labels.get(name_of(label)) if isinstance(label, Indexed) else None
        if over is None or any(not isinstance(s, Index) for s in before):
            raise NoForm("a class number in this place")
        k = fresh_index(_index_over(over), index_names(t))
        whole = type(t)(t.args[0], *before, k)
        product = self._product([k], [whole, KroneckerDelta(k, label, evaluate=False)])
        return product

    def _delta(self, t: Any) -> Value:
        i, j = t.args
        if isinstance(i, Index) and isinstance(j, Index) and i != j:
            return Eye((i.size, j.size)), (i, j)
        if isinstance(i, Indexed):
            i, j = j, i
        if isinstance(i, Index) and isinstance(j, Indexed) and name_of(j) in self.labels:
            slots = j.args[1:]
            if all(isinstance(s, Index) for s in slots) and i not in slots:
                label = Leaf(tuple(s.size for s in slots), name_of(j), (None,) * len(slots))
                return OneHot((*label.shape, i.size), label), (*slots, i)
        raise NoForm("a delta at a fixed place")

    def _function(self, t: Any) -> Value:
        name = FUNCTION_NAMES.get(type(t))
        if name is None or name not in _NUMPY:
            said = function_name(t) or "a derivative"
            raise NoForm(f"NumPy has no {said}")
        values = [self.value(a) for a in t.args]
        axes, nodes = self._together(values)
        return Map(_shape(axes), name, tuple(nodes)), axes

    def _power(self, t: Any) -> Value:
        base, exponent = t.args
        if is_number(exponent) and value_of(exponent) < 0:
            node, axes = self.value(inverse(t))
            return times(_shape(axes), (), [node]), axes
        values = [self.value(base), self.value(exponent)]
        axes, nodes = self._together(values)
        if all(isinstance(n, Scalar) for n in nodes):
            return Scalar((), t), ()
        return Power(_shape(axes), *nodes), axes

    # -- entry by entry ---------------------------------------------------------------------

    def _add(self, t: Any) -> Value:
        values = [self.value(a) for a in t.args]
        axes, nodes = self._together(values)
        return plus(_shape(axes), nodes), axes

    def _together(self, values: Sequence[Value]) -> tuple[Axes, list[Node]]:
        """Arrays brought to the same axes, in the order that most of them have."""
        widest = max(values, key=lambda v: len(v[1]))[1]
        axes = tuple(dict.fromkeys([*widest, *[i for _, have in values for i in have]]))
        if len(axes) > self.most:
            raise NoForm(f"it has {len(axes)} axes in between")
        if len(axes) == 2:  # the order that takes fewer transposes
            turned = axes[::-1]
            if sum(v[1] == turned for v in values) > sum(v[1] == axes for v in values):
                axes = turned
        return axes, [self.aligned(v, axes) for v in values]

    def aligned(self, value: Value, axes: Axes) -> Node:
        """The array with its axes in this order, repeated along the ones that it does not have."""
        node, have = value
        if not have or have == axes:
            return node
        order = tuple(i for i in axes if i in have)
        scalars, core = _apart(node)
        if order != have:
            core = transpose(core) if len(have) == 2 else _permuted(core, have, order)
        if order != axes:
            places = tuple(axes.index(i) for i in order)
            core = Lift(_shape(axes), core, places)
        return times(_shape(axes), [*scalars, core])

    def _choice(self, t: Any) -> Value:
        condition, yes, no = t.args
        mark = self._condition(condition)
        if (yes, no) == (ONE, ZERO):
            return mark
        axes, nodes = self._together([mark, self.value(yes), self.value(no)])
        return Where(_shape(axes), *nodes), axes

    def _condition(self, c: Any) -> Value:
        """1 where the condition holds, else 0."""
        if not isinstance(c, Relation):
            raise NoForm("a compound condition")
        i, j = c.left, c.right
        if isinstance(i, Index) and isinstance(j, Index):
            if i == j:
                raise NoForm("an index compared with itself")
            if c.op == "==":
                return Eye((i.size, j.size)), (i, j)
            return Mask((i.size, j.size), c.op), (i, j)
        if any(isinstance(s, (Index, Integer)) and not is_number(s) for s in (i, j)):
            raise NoForm("an index compared with a number")
        if any(isinstance(s, Indexed) and name_of(s) in self.labels for s in (i, j)):
            raise NoForm("a class number compared")
        axes, nodes = self._together([self.value(i), self.value(j)])
        return Compare(_shape(axes), c.op, *nodes), axes

    # -- reductions -------------------------------------------------------------------------

    def _reduction(self, t: Any) -> Value:
        kind = _KINDS.get(type(t).__name__)
        if kind is None or t.guard != TRUE:
            raise NoForm("a condition in a product or maximum")
        node, axes = self.value(t.body)
        if t.index not in axes:
            raise NoForm("a product or maximum of a constant")
        return _reduced(kind, (node, axes), t.index)

    def _sum(self, t: Any) -> Value:
        bound, factors = flattened(t)
        options: list[Value] = []
        reasons: list[NoForm] = []

        def attempt(make: Any) -> None:
            try:
                options.append(make())
            except NoForm as stopped:
                reasons.append(stopped)

        attempt(lambda: self._product(bound, factors))
        squared = [g for f in factors for g in _twice(f)]
        if len(squared) > len(factors):
            attempt(lambda: self._product(bound, squared))
        whole = [f for f in factors if not is_number(f)]
        if len(whole) == 1 and isinstance(whole[0], Add):
            scale = [f for f in factors if is_number(f)]
            parts = [self._rebuilt(bound, [*scale, *_factors(a)]) for a in whole[0].args]
            attempt(lambda: self._split(parts))
        if not options:
            raise reasons[0]
        return min(options, key=lambda v: v[0].cost)

    def _rebuilt(self, bound: list[Any], factors: list[Any]) -> Any:
        from derivation.terms import mul, sum_over

        out = mul(*factors)
        for k in reversed(bound):
            out = sum_over(out, k)
        return out

    def _split(self, parts: list[Any]) -> Value:
        values = [self._sum(p) for p in parts]
        axes, nodes = self._together(values)
        return plus(_shape(axes), nodes), axes

    # -- products and contractions ----------------------------------------------------------

    def _product(self, bound: Sequence[Any], factors: Sequence[Any]) -> Value:
        """The sum over the bound indices of the product of the factors."""
        above: list[Value] = []
        below: list[Value] = []
        for f in factors:
            if isinstance(f, Pow) and is_number(f.args[1]) and value_of(f.args[1]) < 0:
                below.append(self.value(inverse(f)))
            else:
                above.append(self.value(f))
        scalars = [n for n, axes in above if not axes]
        under = [n for n, axes in below if not axes]
        arrays = [(n, axes, True) for n, axes in above if axes]
        arrays += [(n, axes, False) for n, axes in below if axes]
        used = {i for _, axes, _ in arrays for i in axes}
        scalars += [Scalar((), k.size) for k in bound if k not in used]
        bound = [k for k in bound if k in used]
        if not arrays:
            return times((), scalars, under), ()
        values: list[Value] = [
            (n if over else times(n.shape, (), [n]), axes) for n, axes, over in arrays
        ]
        node, axes = self._contracted(values, frozenset(bound))
        return times(_shape(axes), [*scalars, node], under), axes

    def _contracted(self, values: list[Value], bound: frozenset[Any]) -> Value:
        values = _merged(values)
        if len(values) <= MAX_FACTORS:
            found = _Contraction(self, values, bound).best()
            if found is not None:
                return found
        if self.most > 2 or not bound:
            return self._einsum(values, bound)
        raise NoForm("no order of matrix products sums it")

    def _einsum(self, values: list[Value], bound: frozenset[Any]) -> Value:
        axes = tuple(dict.fromkeys(i for _, have in values for i in have))
        out = tuple(i for i in axes if i not in bound)
        if len(out) > self.most or len(axes) > 20 or not bound:
            raise NoForm("no order of matrix products sums it")
        letters = {i: "abcdefghijklmnopqrstuvw"[n] for n, i in enumerate(axes)}
        inputs, factors = [], []
        for node, have in values:
            parts = [node]
            if isinstance(node, Times) and not node.below and all(a.rank for a in node.above):
                parts = list(node.above)
            for p in parts:
                inputs.append("".join(letters[i] for i in have))
                factors.append(p)
        text = "".join(letters[i] for i in out)
        return Einsum(_shape(out), tuple(inputs), text, tuple(factors)), out


class _Contraction:
    """All ways to put factors together two at a time, cheapest first for every subset."""

    def __init__(self, owner: Translator, values: list[Value], bound: frozenset[Any]) -> None:
        self.owner, self.values, self.bound = owner, values, bound
        self.every = (1 << len(values)) - 1
        self._best: dict[int, Value | None] = {}

    def best(self) -> Value | None:
        return self._of(self.every)

    def _open(self, which: int) -> frozenset[Any]:
        """The axes that a subset keeps: free ones, and bound ones that others have too."""
        inside: set[Any] = set()
        outside: set[Any] = set()
        for k, (_, axes) in enumerate(self.values):
            (inside if which >> k & 1 else outside).update(axes)
        return frozenset(i for i in inside if i not in self.bound or i in outside)

    def _of(self, which: int) -> Value | None:
        if which in self._best:
            return self._best[which]
        found: Value | None = None
        if which & (which - 1) == 0:
            found = self._alone(which)
        else:
            part = (which - 1) & which
            while part:
                rest = which ^ part
                if part > rest:
                    a, b = self._of(rest), self._of(part)
                    if a is not None and b is not None:
                        found = _cheaper(found, self._pair(a, b, self._open(which)))
                part = (part - 1) & which
        self._best[which] = found
        return found

    def _alone(self, which: int) -> Value:
        value = self.values[which.bit_length() - 1]
        kept = self._open(which)
        gone = [i for i in value[1] if i not in kept]
        node, axes = value
        if gone and len(gone) == len(axes) and len(axes) > 1:
            return _total(node, axes)
        for i in gone:
            node, axes = _reduced("sum", (node, axes), i)
        return node, axes

    def _pair(self, a: Value, b: Value, kept: frozenset[Any]) -> Value | None:
        """Two factors put together, what is not kept summed, by one NumPy operation."""
        if len(a[1]) < len(b[1]):
            a, b = b, a
        (x, ax), (y, by) = a, b
        gone = [i for i in ax if i in by and i not in kept]
        if any(i not in kept and i not in gone for i in (*ax, *by)):
            return None
        if not ax or not by:
            axes = ax or by
            return times(_shape(axes), [x, y]), axes
        if len(gone) == 0:
            return self._beside(a, b)
        if len(gone) == 1 and len(ax) <= 2:
            return self._matmul(a, b, gone[0])
        if len(gone) == 2 and len(ax) == len(by) == 2:
            entries = times(_shape(ax), [x, self.owner.aligned(b, ax)])
            return _total(entries, ax)
        if set(by) <= set(ax) and len(ax) > 2:
            try:
                entries = times(_shape(ax), [x, self.owner.aligned(b, ax)])
            except NoForm:
                return None
            out: Value = (entries, ax)
            for i in gone:
                out = _reduced("sum", out, i)
            return out
        return None

    def _beside(self, a: Value, b: Value) -> Value | None:
        """A product with nothing summed."""
        (x, ax), (y, by) = a, b
        shared = [i for i in ax if i in by]
        if isinstance(y, Eye) and not isinstance(x, Eye) and len(ax) == 2:
            a, b = b, a
            (x, ax), (y, by) = a, b
        if isinstance(x, Eye) and len(by) == 1 and shared:
            scalars, core = _apart(y)
            return times(_shape(ax), [*scalars, Diag(_shape(ax), core)]), ax
        if isinstance(x, Eye) and set(by) == set(ax) and not isinstance(y, Eye):
            return Diag(_shape(ax), DiagOf(y.shape[:1], y)), ax
        if set(by) <= set(ax):
            try:
                return times(_shape(ax), [x, self.owner.aligned(b, ax)]), ax
            except NoForm:
                return None
        if len(ax) == len(by) == 1:
            scalars, x = _apart(x)
            more, y = _apart(y)
            axes = (*ax, *by)
            return times(_shape(axes), [*scalars, *more, Outer(_shape(axes), x, y)]), axes
        return None

    def _matmul(self, a: Value, b: Value, k: Any) -> Value | None:
        (x, ax), (y, by) = a, b
        if len(ax) == len(by) == 2 and set(ax) == set(by):
            entries = times(_shape(ax), [x, self.owner.aligned(b, ax)])
            return _reduced("sum", (entries, ax), k)
        scalars, x = _apart(x)
        more, y = _apart(y)
        if len(ax) == 2 and ax[1] != k:
            x, ax = transpose(x), ax[::-1]
        if len(by) == 2 and by[0] != k:
            y, by = transpose(y), by[::-1]
        axes = (*ax[:-1], *by[1:])
        return times(_shape(axes), [*scalars, *more, MatMul(_shape(axes), x, y)]), axes


# -- pieces ---------------------------------------------------------------------------------


def plus(shape: tuple[Any, ...], nodes: Sequence[Node]) -> Node:
    """A sum, flat, a term without a minus first."""
    flat: list[Node] = []
    for n in nodes:
        flat += n.terms if isinstance(n, Plus) else (n,)
    first = next((k for k, n in enumerate(flat) if not is_negative(n)), 0)
    flat.insert(0, flat.pop(first))
    return Plus(shape, tuple(flat))


def is_negative(node: Node) -> bool:
    """Whether the node begins with a minus sign."""
    if isinstance(node, Times) and node.above:
        return is_negative(node.above[0])
    if isinstance(node, Scalar):
        return bool(is_number(node.term) and value_of(node.term) < 0)
    return False


def flattened(t: Any) -> tuple[list[Any], list[Any]]:
    """The bound indices and the factors of a sum, sums inside its product among them.

    Raises:
        NoForm: If a condition of the sum is none that a mask of zeros expresses.
    """
    bound: list[Any] = []
    factors: list[Any] = []
    taken = set(index_names(t))

    def open_sum(s: Any, inner: bool) -> None:
        k, body, guard = s.index, s.body, s.guard
        if inner or k in bound:
            fresh = fresh_index(k, taken)
            taken.add(fresh.name)
            body, guard = substitute(body, {k: fresh}), substitute(guard, {k: fresh})
            k = fresh
        bound.append(k)
        if guard != TRUE:
            if not _is_total(body, guard):
                raise NoForm("a condition leaves out places where the terms may be undefined")
            for c in conjuncts(guard):
                factors.append(IfElse(c, ONE, ZERO))
        take(body, True)

    def take(f: Any, inner: bool) -> None:
        if isinstance(f, Mul):
            for g in f.args:
                take(g, True)
        elif isinstance(f, SumOver):
            open_sum(f, inner)
        else:
            factors.append(f)

    open_sum(t, False)
    return bound, factors


def _is_total(body: Any, guard: Any) -> bool:
    """Whether the body has a finite value wherever the guard fails."""
    loose = free_indices(guard)
    for s in subterms(body):
        if not free_indices(s) >= loose or isinstance(s, (Indexed, Index)):
            continue  # what does not have all of them is defined in other places too
        if isinstance(s, Pow):
            e = s.args[1]
            if not (isinstance(e, Integer) and int(e) >= 0) and not _bounded_below(s.args[0]):
                return False
        name = FUNCTION_NAMES.get(type(s))
        if name is not None and name not in _TOTAL:
            return False
    return True


def _bounded_below(t: Any) -> bool:
    """Positive by its form: exp, sums of such, 1 + a square."""
    if type(t) is sympy.exp:
        return True
    if is_number(t):
        return bool(value_of(t) > 0)
    if isinstance(t, Size):
        return True
    if isinstance(t, (Add, Mul)):
        nonneg = [_bounded_below(a) for a in t.args]
        if isinstance(t, Mul):
            return all(nonneg)
        return any(nonneg) and all(
            ok or (isinstance(a, Pow) and a.args[1] == 2) or _squares(a)
            for ok, a in zip(nonneg, t.args, strict=True)
        )
    if isinstance(t, SumOver):
        return t.guard == TRUE and _bounded_below(t.body)
    return False


def _squares(t: Any) -> bool:
    """A sum of squares."""
    if isinstance(t, SumOver):
        return _squares(t.body)
    return isinstance(t, Pow) and bool(t.args[1] == 2)


def _factors(t: Any) -> list[Any]:
    if not isinstance(t, Mul):
        return [t]
    out: list[Any] = []
    for f in t.args:
        out += _factors(f)
    return out


def _twice(t: Any) -> list[Any]:
    """A square as two factors: a sum of squares is a product of a vector with itself."""
    return [t.args[0]] * 2 if isinstance(t, Pow) and t.args[1] == 2 else [t]


def _shape(axes: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(i.size for i in axes)


def _apart(node: Node) -> tuple[list[Node], Node]:
    """Scalar factors, which belong outside of a matrix operation, and the rest."""
    if isinstance(node, Times):
        up = [a for a in node.above if a.rank]
        scalars = [a for a in node.above if not a.rank]
        under = [b for b in node.below if not b.rank]
        if scalars or under:
            outside = [*scalars, *([times((), (), under)] if under else [])]
            return outside, times(node.shape, up, [b for b in node.below if b.rank])
    return [], node


def _permuted(node: Node, have: Axes, order: Axes) -> Node:
    """An array with more than two axes, these in another order."""
    letters = dict(zip(have, "abcdefghijklmnopqrstuvw", strict=False))
    output = "".join(letters[i] for i in order)
    scalars, core = _apart(node)
    if isinstance(core, Einsum):
        given = dict(zip(have, core.output, strict=True))
        output = "".join(given[i] for i in order)
        made: Node = Einsum(_shape(order), core.inputs, output, core.factors)
    else:
        made = Einsum(_shape(order), ("".join(letters[i] for i in have),), output, (core,))
    return times(_shape(order), [*scalars, made])


def _merged(values: list[Value]) -> list[Value]:
    """Vectors over one index multiplied first: it saves trying their orders."""
    if len(values) <= MAX_FACTORS:
        return values
    seen: dict[Axes, int] = {}
    out: list[Value] = []
    for node, axes in values:
        if axes in seen:
            have = out[seen[axes]][0]
            out[seen[axes]] = (times(_shape(axes), [have, node]), axes)
        else:
            seen[axes] = len(out)
            out.append((node, axes))
    return out


def _reduced(kind: str, value: Value, over: Any) -> Value:
    node, axes = value
    rest = tuple(i for i in axes if i != over)
    scalars, core = _apart(node) if kind == "sum" else ([], node)
    axis = axes.index(over) if len(axes) > 1 else None
    return times(_shape(rest), [*scalars, Reduce(_shape(rest), kind, core, axis)]), rest


def _total(node: Node, axes: Axes) -> Value:
    """The sum over all entries; of a product of two matrices also as a trace."""
    scalars, core = _apart(node)
    found: Node = Reduce((), "sum", core, None)
    return times((), [*scalars, found]), ()


def _cheaper(a: Value | None, b: Value | None) -> Value | None:
    if a is None or b is None:
        return b if a is None else a
    return b if _order(b[0]) < _order(a[0]) else a


def _order(node: Node) -> tuple[float, int]:
    return (round(node.cost, 6), len(walk(node)))


def _index_over(size: Term) -> Any:
    from derivation.terms import index

    return index("k", size)


__all__ = ["MINUS_ONE", "Axes", "NoForm", "Trace", "Translator", "Value"]
