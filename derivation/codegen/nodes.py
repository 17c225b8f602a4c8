"""A small language of arrays: expressions whose axes carry the letters of the formula.

A node has an operator, arguments, and *axes*: the index letters that it varies with. Where an
axis lies in memory is left to the printer; here ``a[n] * b[k]`` simply has the axes n and k. Nodes
are values: equal ones are the same computation.

Operators (``data`` in brackets):

* ``const`` [Fraction], ``pi``, ``inf``, ``size`` [name]; ``arange`` (0, 1, … along its axis),
  ``index`` (the same from 1, as a number to compute with), ``cast`` (whole numbers as such);
* ``array`` [name, slots]: an input or a named intermediate; a slot is an index letter, a fixed
  position or a node of whole numbers (an array of labels); ``eye``: 1 where its two axes agree;
* ``add``, ``mul`` (any number), ``neg``, ``div``, ``pow``, ``fn`` [name], ``call`` [name];
* ``where`` (condition, then, else), ``cmp`` [op], ``and``, ``or``, ``not``;
* ``reduce`` [kind, axes]: sum, mean, prod, max or min; ``contract`` [axes]: the sum of a product
  of two, what ``einsum`` and ``@`` do; ``softmax``, ``log_softmax`` [axes], where a library has
  them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

Axis = Any  # an Index term: a letter that knows its size


@dataclass(frozen=True, eq=False)
class Node:
    """One operation; see the module for what there is."""

    op: str
    args: tuple[Node, ...] = ()
    axes: tuple[Axis, ...] = ()
    data: Any = None
    _hash: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.op, self.args, self.axes, self.data)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Node)
            and self._hash == other._hash
            and self.op == other.op
            and self.data == other.data
            and self.axes == other.axes
            and self.args == other.args
        )


@dataclass(frozen=True)
class Statement:
    """``name = node``, an array whose axes stand in this order; or an update, ``name /= node``."""

    name: str
    axes: tuple[Axis, ...]
    node: Node
    update: str = ""
    note: str = ""  # what a reader is told of it


def union(nodes: Iterable[Node]) -> tuple[Axis, ...]:
    """All axes, those of the widest node first and in its order."""
    ranked = sorted(nodes, key=lambda n: -len(n.axes))
    return tuple(dict.fromkeys(a for n in ranked for a in n.axes))


def const(value: Fraction | int) -> Node:
    return Node("const", data=Fraction(value))


ZERO, ONE = const(0), const(1)
MOST_FOLDED, LARGEST_FOLDED = 16, 10**6  # powers of numbers that are written out


def is_const(n: Node, value: int | None = None) -> bool:
    return n.op == "const" and (value is None or bool(n.data == value))


def array(name: str, slots: Iterable[Any]) -> Node:
    """An array read at its slots."""
    slots = tuple(slots)
    axes: dict[Axis, None] = {}
    for s in slots:
        if isinstance(s, Node):
            axes.update(dict.fromkeys(s.axes))
        elif not isinstance(s, int):
            axes[s] = None
    return Node("array", axes=tuple(axes), data=(name, slots))


def add(*terms: Node) -> Node:
    """A sum, flat, with its numbers put together."""
    flat: list[Node] = []
    number = Fraction(0)
    for t in terms:
        for part in _terms(t):
            if part.op == "const":
                number += part.data
            else:
                flat.append(part)
    flat = _cancelled(flat)
    twice = {t: flat.count(t) for t in flat if flat.count(t) > 1}
    if twice:
        flat = [mul(const(twice.get(t, 1)), t) for t in dict.fromkeys(flat)]
    if number:
        first = number > 0 and terms[0].op == "const"
        flat.insert(0 if first else len(flat), const(number))
    if len(flat) < 2:
        return flat[0] if flat else ZERO
    return Node("add", tuple(flat), union(flat))


def _cancelled(terms: list[Node]) -> list[Node]:
    """The terms without those that are another one with the opposite sign."""
    for t in [t for t in terms if t.op == "neg"]:
        for k, u in enumerate(terms):
            if u.op != "neg" and len(u.axes) == len(t.axes) and key(u) == key(t.args[0]):
                terms = [*terms[:k], *terms[k + 1 :]]
                terms.remove(t)
                break
    return terms


def _terms(n: Node) -> list[Node]:
    if n.op == "add":
        return list(n.args)
    if n.op == "neg" and n.args[0].op == "add":
        return [neg(a) for a in n.args[0].args]
    return [n]


def neg(n: Node) -> Node:
    if n.op == "neg":
        return n.args[0]
    if n.op == "const":
        return const(-n.data)
    if n.op == "mul" and n.args[0].op == "const":
        return mul(const(-n.args[0].data), *n.args[1:])
    if n.op == "div":
        return div(neg(n.args[0]), n.args[1])
    if n.op == "add" and any(map(is_negative, n.args)):
        return add(*map(neg, n.args))
    return Node("neg", (n,), n.axes)


def mul(*factors: Node) -> Node:
    """A product, flat: its sign and its number in front, narrow factors before wide ones."""
    flat: list[Node] = []
    below: list[Node] = []
    number = Fraction(1)
    work = list(reversed(factors))
    while work:
        f = work.pop()
        if f.op == "const":
            number *= f.data
        elif f.op == "neg":
            number = -number
            work.append(f.args[0])
        elif f.op == "mul":
            work.extend(reversed(f.args))
        elif f.op == "div":
            below.append(f.args[1])
            work.append(f.args[0])
        else:
            flat.append(f)
    if number == 0:
        return ZERO
    if below:
        return div(mul(const(number), *flat), mul(*below))
    flat = _masked(flat)
    flat.sort(key=lambda n: len(n.axes))  # stable: the order within a width is the formula's
    if abs(number) == 1:
        inner = flat[0] if len(flat) == 1 else Node("mul", tuple(flat), union(flat))
        if not flat:
            return const(number)
        return inner if number == 1 else Node("neg", (inner,), inner.axes)
    if not flat:
        return const(number)
    if abs(number.numerator) == 1:
        return div(
            const(number.numerator) if not flat else mul(const(number.numerator), *flat),
            const(number.denominator),
        )
    if number.denominator != 1:
        return div(mul(const(number.numerator), *flat), const(number.denominator))
    return Node("mul", (const(number), *flat), union(flat))


def _masked(factors: list[Node]) -> list[Node]:
    """Factors of which none is a mask alone where another has all its axes."""
    for m in [f for f in factors if is_indicator(f)]:
        places = [
            k for k, f in enumerate(factors) if set(m.axes) <= set(f.axes) and not is_indicator(f)
        ]
        if places:
            best = min(places, key=lambda k: len(factors[k].axes))
            factors = list(factors)
            factors[best] = where(m.args[0], factors[best], ZERO)
            factors.remove(m)
    return factors


def is_indicator(n: Node) -> bool:
    """Whether the node is 1 where a mask holds, else 0."""
    return n.op == "where" and n.args[1:] == (ONE, ZERO)


def div(a: Node, b: Node) -> Node:
    """A quotient; numbers are cancelled, a quotient of quotients is one."""
    if is_const(b, 1):
        return a
    if is_const(a, 0):
        return ZERO
    if b.op == "neg":
        return div(neg(a), b.args[0])
    if a.op == "div":
        return div(a.args[0], mul(a.args[1], b))
    if b.op == "div":
        return div(mul(a, b.args[1]), b.args[0])
    if a.op == "const" and b.op == "const":
        return const(a.data / b.data)
    na, fa = _number(a)
    nb, fb = _number(b)
    ratio = na / nb
    if na != ratio.numerator or nb != ratio.denominator:
        a, b = mul(const(ratio.numerator), *fa), mul(const(ratio.denominator), *fb)
        return div(a, b)
    common = [f for f in fa if f in fb]
    if common:
        fa, fb = list(fa), list(fb)
        for f in common:
            if f in fa and f in fb and f.op == "size":  # sizes are never 0
                fa.remove(f)
                fb.remove(f)
        new = mul(const(na), *fa), mul(const(nb), *fb)
        if new != (a, b):
            return div(*new)
    return Node("div", (a, b), union((a, b)))


def _number(n: Node) -> tuple[Fraction, list[Node]]:
    """A product as its number and its factors."""
    if n.op == "const":
        return Fraction(n.data), []
    if n.op == "neg":
        number, factors = _number(n.args[0])
        return -number, factors
    if n.op == "mul":
        if n.args[0].op == "const":
            return Fraction(n.args[0].data), list(n.args[1:])
        return Fraction(1), list(n.args)
    return Fraction(1), [n]


def power(base: Node, exponent: Node) -> Node:
    if is_const(exponent, 1):
        return base
    if is_const(exponent, 0):
        return ONE
    if exponent.op == "const" and exponent.data < 0:
        return div(ONE, power(base, const(-exponent.data)))
    if is_const(base, 1):
        return base
    if base.op == exponent.op == "const" and exponent.data.denominator == 1:
        short = max(abs(base.data.numerator), base.data.denominator) < LARGEST_FOLDED
        if exponent.data <= MOST_FOLDED and short:
            return const(base.data**exponent.data.numerator)
    if exponent.op == "const" and exponent.data == Fraction(1, 2):
        return fn("sqrt", base)
    if base.op == "fn" and base.data == "sqrt" and exponent.op == "const":
        half = exponent.data / 2
        if half.denominator == 1:
            return power(base.args[0], const(half))
    return Node("pow", (base, exponent), union((base, exponent)))


def fn(name: str, *args: Node) -> Node:
    return Node("fn", args, union(args), name)


def exp(n: Node) -> Node:
    return ONE if is_const(n, 0) else fn("exp", n)


def where(mask: Node, a: Node, b: Node) -> Node:
    if a == b:
        return a
    return Node("where", (mask, a, b), union((mask, a, b)))


def compare(op: str, a: Node, b: Node) -> Node:
    return Node("cmp", (a, b), union((a, b)), op)


def both(masks: Iterable[Node]) -> Node | None:
    """All conditions at once; None for none."""
    found = list(dict.fromkeys(masks))
    if len(found) < 2:
        return found[0] if found else None
    return Node("and", tuple(found), union(found))


def reduce(kind: str, n: Node, over: Iterable[Axis]) -> Node:
    over = tuple(a for a in over)
    if not over:
        return n
    if n.op == "reduce" and n.data[0] == kind:
        return reduce(kind, n.args[0], (*n.data[1], *over))
    if kind in ("sum", "mean"):
        if n.op == "neg":
            return neg(reduce(kind, n.args[0], over))
        if n.op == "add" and all(is_negative(t) for t in n.args):
            return neg(reduce(kind, add(*map(neg, n.args)), over))
    return Node("reduce", (n,), tuple(a for a in n.axes if a not in over), (kind, over))


def contract(a: Node, b: Node, over: Iterable[Axis]) -> Node:
    over = tuple(over)
    for one, other in ((a, b), (b, a)):
        if is_indicator(one) and set(one.axes) <= set(other.axes):
            return reduce("sum", mul(one, other), over)
    axes = tuple(x for x in union((a, b)) if x not in over)
    return Node("contract", (a, b), axes, over)


def relabel(n: Node, swap: dict[Axis, Axis]) -> Node:
    """The node with other letters on its free axes; none of the new ones is bound inside."""
    if not any(a in swap for a in n.axes):
        return n
    data = n.data
    if n.op == "array":
        name, slots = data
        return array(
            name,
            [
                relabel(s, swap)
                if isinstance(s, Node)
                else s
                if isinstance(s, int)
                else swap.get(s, s)
                for s in slots
            ],
        )
    axes = tuple(swap.get(a, a) for a in n.axes)
    return Node(n.op, tuple(relabel(a, swap) for a in n.args), axes, data)


def bound(n: Node) -> tuple[Axis, ...]:
    """The axes that this node itself sums over."""
    if n.op == "reduce":
        return tuple(n.data[1])
    if n.op == "contract":
        return tuple(n.data)
    return ()


def children(n: Node) -> tuple[Node, ...]:
    """Arguments, and the nodes of whole numbers that stand in slots."""
    if n.op == "array":
        return tuple(s for s in n.data[1] if isinstance(s, Node))
    return n.args


def rebuilt(n: Node, swap: Callable[[Node], Node]) -> Node:
    """The node with its children replaced; operators are not simplified again."""
    if n.op == "array":
        name, slots = n.data
        new = tuple(swap(s) if isinstance(s, Node) else s for s in slots)
        return n if new == slots else array(name, new)
    args = tuple(swap(a) for a in n.args)
    return n if args == n.args else Node(n.op, args, n.axes, n.data)


def walk(n: Node) -> Iterator[Node]:
    yield n
    for c in children(n):
        yield from walk(c)


def key(n: Node) -> tuple[Any, tuple[Axis, ...]]:
    """The computation up to letters and the order of factors, and its free letters in key order.

    Two nodes with the same key are one array, read with other letters.
    """
    letters: dict[Axis, int] = {}
    free: list[Axis] = []
    count = 0

    def number(a: Axis) -> tuple[int, Any]:
        nonlocal count
        if a not in letters:
            letters[a] = count
            free.append(a)
            count += 1
        return letters[a], a.size

    def visit(m: Node) -> Any:
        nonlocal count
        if m.op == "array":
            name, slots = m.data
            return (
                name,
                *[
                    visit(s) if isinstance(s, Node) else s if isinstance(s, int) else number(s)
                    for s in slots
                ],
            )
        if m.op in ("arange", "index", "eye"):
            return (m.op, *map(number, m.axes))
        over = bound(m)
        hidden = {a: letters.pop(a) for a in over if a in letters}
        places = []
        for a in over:
            letters[a] = count
            places.append((count, a.size))
            count += 1
        inner = tuple(visit(a) for a in in_order(m))
        for a in over:
            del letters[a]
        letters.update(hidden)
        if m.op == "reduce":
            return (m.op, m.data[0], tuple(places), inner)
        if m.op == "contract":
            return (m.op, tuple(places), inner)
        if m.op in ("softmax", "log_softmax"):
            return (m.op, tuple(map(number, m.data)), inner)
        return (m.op, m.data, inner)

    return visit(n), tuple(free)


def in_order(n: Node) -> tuple[Node, ...]:
    """The arguments, those that may be exchanged in an order that does not depend on letters."""
    if n.op in ("contract", "mul", "add"):
        return tuple(sorted(n.args, key=signature))
    return n.args


@lru_cache(maxsize=20_000)
def signature(n: Node) -> str:
    """The computation without its letters."""
    if n.op == "array":
        name, slots = n.data
        places = (signature(s) if isinstance(s, Node) else s for s in slots)
        return f"{name}[{','.join(str(getattr(p, 'size', p)) for p in places)}]"
    inner = ",".join(map(signature, in_order(n)))
    sizes = ",".join(str(a.size) for a in bound(n))
    kind = n.data[0] if n.op == "reduce" else "" if n.op in _LETTERED else n.data
    return f"{n.op} {kind} {sizes}({inner})"


_LETTERED = ("contract", "softmax", "log_softmax")


def is_negative(n: Node) -> bool:
    """Whether a minus sign stands in front."""
    if n.op == "neg" or (n.op == "const" and n.data < 0):
        return True
    return n.op in ("mul", "div") and is_negative(n.args[0])


def is_positive(n: Node, named: Callable[[str], bool] = lambda name: False) -> bool:
    """Whether the value is positive wherever it is defined (a "no" may be ignorance).

    ``named`` says of which arrays that is known.
    """
    if n.op == "const":
        return bool(n.data > 0)
    if n.op in ("size", "pi"):
        return True
    if n.op == "array":
        return named(n.data[0])
    if n.op == "fn":
        return n.data in ("exp", "sigmoid", "softplus", "cosh")
    if n.op in ("add", "mul", "div"):
        return all(is_positive(a, named) for a in n.args)
    if n.op in ("pow", "reduce"):
        return is_positive(n.args[0], named)
    if n.op == "where":
        return is_positive(n.args[1], named) and is_positive(n.args[2], named)
    return False
