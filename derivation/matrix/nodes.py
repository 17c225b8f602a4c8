"""Matrix expressions: what NumPy and a paper write, each with its shape and its entries.

A node stands for an array; ``shape`` has the size of each axis. What a node *is* says ``entry``:
its entry at given indices, as a term of the index language. That definition is what a matrix form
is proved by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    Index,
    Term,
    add,
    apply,
    delta,
    element,
    if_else,
    index,
    inverse,
    is_number,
    mul,
    number,
    power,
    reduction,
    relation,
)

Shape = tuple[Any, ...]


class Node:
    """A matrix expression, never changed once made.

    A kind of node names in ``fields`` what it is made of besides its shape; the nodes among that,
    by themselves or in tuples, are its ``parts``, in the order of the fields. ``cost`` counts the
    operations, a transpose far less than one. (Not dataclasses: two dozen of them would take a
    tenth of what the whole program needs to start.)
    """

    fields: ClassVar[tuple[str, ...]] = ()
    shape: Shape
    parts: tuple[Node, ...]
    cost: float

    def __init__(self, shape: Shape, *values: Any) -> None:
        self.shape = shape
        self._key = (type(self), shape, *values)
        for name, value in zip(self.fields, values, strict=True):
            setattr(self, name, value)
        self.parts = tuple(
            p for v in values for p in (v if isinstance(v, tuple) else (v,)) if isinstance(p, Node)
        )
        self.cost = self.own_cost + sum(p.cost for p in self.parts)
        self._hash = hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self._hash == other._hash and self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    def rebuilt(self, change: Callable[[Node], Node]) -> Node:
        """The same with every part changed."""
        values: list[Any] = []
        for name in self.fields:
            value = getattr(self, name)
            if isinstance(value, Node):
                value = change(value)
            elif isinstance(value, tuple) and value and isinstance(value[0], Node):
                value = tuple(map(change, value))
            values.append(value)
        return type(self)(self.shape, *values)

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def own_cost(self) -> float:
        return 1.0

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        """The entry at the indices, by definition."""
        raise NotImplementedError


class Fresh:
    """Letters for bound indices that nothing else has."""

    def __init__(self) -> None:
        self._count = 0

    def over(self, size: Term) -> Any:
        self._count += 1
        return index(f"u{self._count}_", size)


# -- leaves ---------------------------------------------------------------------------------


class Leaf(Node):
    """An array of the problem, some of its slots perhaps fixed at a number (``X[1, j]``)."""

    fields = ("name", "picks")
    name: str
    picks: tuple[int | None, ...]

    @property
    def own_cost(self) -> float:
        return 0.0

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        rest = iter(at)
        return element(self.name, *[next(rest) if p is None else number(p) for p in self.picks])


class Scalar(Node):
    """A number, a size, π, or a product of powers of these."""

    fields = ("term",)
    term: Any

    @property
    def own_cost(self) -> float:
        return 0.0

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return self.term


class Ones(Node):
    """1 everywhere."""

    @property
    def own_cost(self) -> float:
        return 0.5

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return ONE


class Eye(Node):
    """The identity matrix."""

    @property
    def own_cost(self) -> float:
        return 0.5

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return delta(*at)


class Range(Node):
    """The numbers 1, 2, … as a vector: an index used as a value."""

    @property
    def own_cost(self) -> float:
        return 0.5

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return at[0]


class Mask(Node):
    """1 where (row ``op`` column) holds, else 0."""

    fields = ("op",)
    op: str

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return if_else(relation(self.op, *at), ONE, ZERO)


class OneHot(Node):
    """Row n is 1 at the class number t[n], else 0."""

    fields = ("label",)
    label: Node

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return delta(at[-1], self.label.entry(at[:-1], fresh))


# -- entry by entry -------------------------------------------------------------------------


class Map(Node):
    """A function of every entry."""

    fields = ("function", "args")
    function: str
    args: tuple[Node, ...]

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return apply(self.function, *[_spread(a, at, fresh) for a in self.args])


class Power(Node):
    """Every entry to a power."""

    fields = ("base", "exponent")
    base: Node
    exponent: Node

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return power(_spread(self.base, at, fresh), _spread(self.exponent, at, fresh))


class Plus(Node):
    """A sum; a scalar among arrays is added to every entry."""

    fields = ("terms",)
    terms: tuple[Node, ...]

    @property
    def own_cost(self) -> float:
        return len(self.terms) - 1.0

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return add(*[_spread(t, at, fresh) for t in self.terms])


class Times(Node):
    """A product entry by entry, scalars among its factors; ``below`` is divided by."""

    fields = ("above", "below")
    above: tuple[Node, ...]
    below: tuple[Node, ...]

    @property
    def own_cost(self) -> float:
        count = len(self.above) + len(self.below)
        signs = sum(is_minus_one(a) for a in self.above)
        return max(count - 1.0 - 0.9 * signs, 0.1)

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        above = [_spread(a, at, fresh) for a in self.above]
        below = [inverse(_spread(b, at, fresh)) for b in self.below]
        return mul(*above, *below)


class Compare(Node):
    """1 where the comparison of two arrays holds, else 0."""

    fields = ("op", "left", "right")
    op: str
    left: Node
    right: Node

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        condition = relation(self.op, _spread(self.left, at, fresh), _spread(self.right, at, fresh))
        return if_else(condition, ONE, ZERO)


class Where(Node):
    """One of two values at every entry; ``condition`` is a ``Compare``, ``Mask`` or ``Eye``."""

    fields = ("condition", "yes", "no")
    condition: Node
    yes: Node
    no: Node

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        mark = _spread(self.condition, at, fresh)
        condition = relation("==", *at) if isinstance(self.condition, Eye) else mark.args[0]
        return if_else(condition, _spread(self.yes, at, fresh), _spread(self.no, at, fresh))


def _spread(node: Node, at: Sequence[Any], fresh: Fresh) -> Any:
    """The entry of a part; a scalar is the same everywhere."""
    return node.entry(at if node.rank else (), fresh)


# -- matrix operations ----------------------------------------------------------------------


class MatMul(Node):
    """``a @ b`` of vectors and matrices."""

    fields = ("a", "b")
    a: Node
    b: Node

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        k = fresh.over(self.b.shape[0])
        left = self.a.entry((*at[: self.a.rank - 1], k), fresh)
        right = self.b.entry((k, *at[self.a.rank - 1 :]), fresh)
        return reduction("sum", mul(left, right), k)


class Outer(Node):
    """The outer product of two vectors."""

    fields = ("a", "b")
    a: Node
    b: Node

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return mul(self.a.entry(at[:1], fresh), self.b.entry(at[1:], fresh))


class Transpose(Node):
    """The transposed matrix."""

    fields = ("a",)
    a: Node

    @property
    def own_cost(self) -> float:
        return 0.05

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return self.a.entry((at[1], at[0]), fresh)


class Diag(Node):
    """The diagonal matrix of a vector."""

    fields = ("a",)
    a: Node

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return mul(self.a.entry(at[:1], fresh), delta(*at))


class DiagOf(Node):
    """The diagonal of a matrix, a vector."""

    fields = ("a",)
    a: Node

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return self.a.entry((at[0], at[0]), fresh)


class Trace(Node):
    """The sum of a matrix's diagonal."""

    fields = ("a",)
    a: Node

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        k = fresh.over(self.a.shape[0])
        return reduction("sum", self.a.entry((k, k), fresh), k)


class Lift(Node):
    """An array repeated along new axes; ``places`` are the axes that it has."""

    fields = ("a", "places")
    a: Node
    places: tuple[int, ...]

    @property
    def own_cost(self) -> float:
        return 0.3

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return self.a.entry([at[p] for p in self.places], fresh)


class Full(Node):
    """An array at its full shape, where broadcasting would leave axes out."""

    fields = ("a",)
    a: Node

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        return _spread(self.a, at, fresh)


class Reduce(Node):
    """``sum prod max min`` along one axis, or (``axis`` None) over all entries."""

    fields = ("kind", "a", "axis")
    kind: str
    a: Node
    axis: int | None

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        if self.axis is None:
            bound = [fresh.over(s) for s in self.a.shape]
            out = self.a.entry(bound, fresh)
            for k in reversed(bound):
                out = reduction(self.kind, out, k, TRUE)
            return out
        k = fresh.over(self.a.shape[self.axis])
        inside = [*at[: self.axis], k, *at[self.axis :]]
        return reduction(self.kind, self.a.entry(inside, fresh), k, TRUE)


class Einsum(Node):
    """A product summed over letters: ``inputs`` are the letters of each factor's axes."""

    fields = ("inputs", "output", "factors")
    inputs: tuple[str, ...]
    output: str
    factors: tuple[Node, ...]

    @property
    def own_cost(self) -> float:
        return 2.0 + len(self.factors)

    def entry(self, at: Sequence[Any], fresh: Fresh) -> Any:
        where: dict[str, Any] = dict(zip(self.output, at, strict=True))
        bound = []
        for letters, f in zip(self.inputs, self.factors, strict=True):
            for letter, size in zip(letters, f.shape, strict=True):
                if letter not in where:
                    where[letter] = fresh.over(size)
                    bound.append(where[letter])
        out = mul(*[
            f.entry([where[letter] for letter in letters], fresh)
            for letters, f in zip(self.inputs, self.factors, strict=True)
        ])  # fmt: skip
        for k in reversed(bound):
            out = reduction("sum", out, k)
        return out


# -- making them ----------------------------------------------------------------------------


def is_minus_one(node: Node) -> bool:
    return isinstance(node, Scalar) and is_number(node.term) and bool(node.term == -1)


def walk(node: Node) -> list[Node]:
    """The node and everything below it."""
    out = [node]
    for p in node.parts:
        out += walk(p)
    return out


def entry(node: Node, at: Sequence[Index]) -> Any:
    """The entry of a matrix expression at free indices, as a term.

    >>> from derivation.terms import index, size
    >>> n, d = size("N"), size("D")
    >>> x = Leaf((n, d), "X", (None, None))
    >>> entry(MatMul((n, n), x, transpose(x)), [index("i", n), index("j", n)]).body
    X[i, u1_]*X[j, u1_]
    """
    return node.entry(tuple(at), Fresh())


def transpose(node: Node) -> Node:
    """The transposed matrix, the transposes where they cost least."""
    if node.rank < 2 or isinstance(node, Eye):
        return node
    pushed = _pushed(node)
    plain = Transpose((node.shape[1], node.shape[0]), node)
    return pushed if pushed is not None and pushed.cost < plain.cost - 1e-9 else plain


def _pushed(node: Node) -> Node | None:
    shape = (node.shape[1], node.shape[0])
    if isinstance(node, Transpose):
        return node.a
    if isinstance(node, MatMul):
        return MatMul(shape, transpose(node.b), transpose(node.a))
    if isinstance(node, Outer):
        return Outer(shape, node.b, node.a)
    if isinstance(node, (Diag, Ones)):
        return node if isinstance(node, Diag) else Ones(shape)
    if isinstance(node, Mask):
        turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
        return Mask(shape, turned.get(node.op, node.op))
    if isinstance(node, Lift):
        return Lift(shape, node.a, tuple(1 - p for p in node.places))
    if isinstance(node, Plus):
        return Plus(shape, tuple(map(transpose, node.terms)))
    if isinstance(node, Times):
        return Times(shape, tuple(map(transpose, node.above)), tuple(map(transpose, node.below)))
    if isinstance(node, Map):
        return Map(shape, node.function, tuple(map(transpose, node.args)))
    if isinstance(node, Power):
        return Power(shape, transpose(node.base), transpose(node.exponent))
    if isinstance(node, Compare):
        return Compare(shape, node.op, transpose(node.left), transpose(node.right))
    if isinstance(node, Where):
        return Where(shape, *map(transpose, (node.condition, node.yes, node.no)))
    return None


def times(shape: Shape, above: Sequence[Node], below: Sequence[Node] = ()) -> Node:
    """A product entry by entry, flat, scalars in front, without factors 1."""
    up: list[Node] = []
    down: list[Node] = []

    def take(node: Node, over: bool) -> None:
        if isinstance(node, Times):
            for a in node.above:
                take(a, over)
            for b in node.below:
                take(b, not over)
        elif not (isinstance(node, Scalar) and node.term == ONE):
            (up if over else down).append(node)

    for a in above:
        take(a, True)
    for b in below:
        take(b, False)
    up = _numbers_joined(up)
    up.sort(key=_rank_order)
    down.sort(key=_rank_order)
    if not down and len(up) == 1 and up[0].rank == len(shape):
        return up[0]
    if not up and not down:
        return Scalar((), ONE)
    return Times(shape, tuple(up), tuple(down))


def _numbers_joined(nodes: list[Node]) -> list[Node]:
    value: Any = ONE
    rest: list[Node] = []
    for n in nodes:
        if isinstance(n, Scalar) and is_number(n.term):
            value = value * n.term
        else:
            rest.append(n)
    return rest if value == ONE else [Scalar((), value), *rest]


def _rank_order(node: Node) -> int:
    if isinstance(node, Scalar):
        return 0 if is_number(node.term) else 1
    return 2 if node.rank == 0 else 3
