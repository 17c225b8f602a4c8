"""Array computations as the text of Python expressions.

An expression is printed for a wanted order of axes. A part with fewer axes is computed as it is
and then widened, ``s[:, None]``; a part whose axes stand otherwise is transposed where it is a
name, and as a whole where it is work.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from typing import Any

from derivation.codegen.contractions import (
    ATOM,
    COMPARED,
    OR,
    POWER,
    PRODUCT,
    SUM,
    UNARY,
    SumPrinter,
    Text,
    letters_for,
)
from derivation.codegen.dialects import Dialect
from derivation.codegen.nodes import (
    Axis,
    Node,
    bound,
    const,
    is_const,
    relabel,
    union,
    walk,
)
from derivation.codegen.program import ELEMENTWISE, bends, natural

_OPPOSITE = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


class Printer(SumPrinter):
    """Prints nodes in a dialect.

    Args:
        dialect: The library.
        name_of: The identifier of an array or a size.
        scalars: Arrays that are plain numbers in Python.
        like: Text of an array whose number type new arrays take, or None where there is none.
    """

    def __init__(
        self,
        dialect: Dialect,
        name_of: Callable[[str], str],
        scalars: Collection[str] = (),
        like: str | None = None,
    ) -> None:
        self.dialect, self.name_of = dialect, name_of
        self.scalars, self.like = set(scalars), like
        self.symmetric: set[str] = set()  # arrays that are their own transposes
        self.numbers: set[str] = set()  # statements that are numbers of Python's
        self.used: set[str] = set()  # modules and helpers that the text needs

    # -- entry points -----------------------------------------------------------------------

    def statement(self, n: Node, order: Sequence[Axis]) -> str:
        """The text of a node whose axes must stand in this order."""
        return self.text(n, tuple(order))[0]

    def text(self, n: Node, order: tuple[Axis, ...]) -> Text:
        """The node as an array with exactly these axes."""
        method = getattr(self, f"_{n.op}", None)
        if method is not None:
            found: Text = method(n, order)
            return found
        own = natural(n)
        if len(order) > 1 and own != order and n.op in ELEMENTWISE and not bends(n, order):
            if _is_own_transpose(n):
                return self._elementwise(n, own)
            return self._transposed(self.text(n, own), own, order)
        return self._elementwise(n, order)

    def wide(self, n: Node, order: tuple[Axis, ...]) -> Text:
        """The node with its axes among others in this order, ready to be broadcast."""
        n = self._summed(n)
        own = tuple(a for a in order if a in n.axes)
        if not own or own == order[len(order) - len(own) :]:
            return self.text(n, own)
        if n.op == "reduce" and n.data[0] != "norm":
            kept = self._kept(n, order)
            if kept is not None:
                return kept
        inner = self.at(self.text(n, own), ATOM)
        first = order.index(own[0])
        marks = [":" if a in own else "None" for a in order[first:]]
        return f"{inner}[{', '.join(marks)}]", ATOM

    def at(self, text: Text, least: int) -> str:
        return text[0] if text[1] >= least else f"({text[0]})"

    # -- leaves -----------------------------------------------------------------------------

    def _module(self, name: str) -> str:
        self.used.add(name.split(".")[0])
        return name

    @property
    def np(self) -> str:
        return self._module(self.dialect.module)

    def _const(self, n: Node, order: tuple[Axis, ...]) -> Text:
        value: Fraction = n.data
        digits = str(abs(value))
        if value.denominator == 1 and len(digits) > 16 and digits.rstrip("0") == "1":
            return f"{'-' if value < 0 else ''}1e{len(digits) - 1}", ATOM if value > 0 else UNARY
        if value.denominator == 1:
            return str(value), ATOM if value >= 0 else UNARY
        for places in range(1, 7):
            if (value * 10**places).denominator == 1:
                text = f"{float(value):.{places}f}"
                return text, ATOM if value >= 0 else UNARY
        return f"{value.numerator} / {value.denominator}", PRODUCT

    def _pi(self, n: Node, order: tuple[Axis, ...]) -> Text:
        return f"{self._module('math')}.pi", ATOM

    def _inf(self, n: Node, order: tuple[Axis, ...]) -> Text:
        return f"{self._module('math')}.inf", ATOM

    def _size(self, n: Node, order: tuple[Axis, ...]) -> Text:
        return self.name_of(n.data), ATOM

    def _range(self, size: Any, start: int = 0, typed: bool = False) -> Text:
        length = str(size) if getattr(size, "is_Integer", False) else self.name_of(str(size))
        more = self._typed() if typed else self._device()
        if start == 0:
            return f"{self.np}.arange({length}{more})", ATOM
        end = str(int(length) + 1) if length.isdigit() else f"{length} + 1"
        return f"{self.np}.arange({start}, {end}{more})", ATOM

    def _typed(self) -> str:
        if self.like is None:
            return ""
        more = f", dtype={self.like}.dtype"
        return more + (f", device={self.like}.device" if self.dialect.is_torch else "")

    def _device(self) -> str:
        if self.dialect.is_torch and self.like is not None:
            return f", device={self.like}.device"
        return ""

    def _arange(self, n: Node, order: tuple[Axis, ...]) -> Text:
        return self._range(n.axes[0].size)

    def _index(self, n: Node, order: tuple[Axis, ...]) -> Text:
        return self._range(n.axes[0].size, 1, typed=True)

    def _eye(self, n: Node, order: tuple[Axis, ...]) -> Text:
        size = n.axes[0].size
        length = str(size) if getattr(size, "is_Integer", False) else self.name_of(str(size))
        return f"{self.np}.eye({length}{self._typed()})", ATOM

    def _cast(self, n: Node, order: tuple[Axis, ...]) -> Text:
        return self._as_number(self.text(n.args[0], order))

    def _as_number(self, text: Text) -> Text:
        if self.like is None:
            return (f"{self.at(text, ATOM)}.double()", ATOM) if self.dialect.is_torch else text
        change = "to" if self.dialect.is_torch else "astype"
        return f"{self.at(text, ATOM)}.{change}({self.like}.dtype)", ATOM

    def _array(self, n: Node, order: tuple[Axis, ...]) -> Text:
        raw, slots = n.data
        name = self.name_of(raw)
        if all(not isinstance(s, (int, Node)) for s in slots) and len(set(slots)) == len(slots):
            if raw in self.symmetric and set(order) == set(slots):
                return name, ATOM
            return self._transposed((name, ATOM), slots, order)
        if any(isinstance(s, Node) for s in slots):
            return self._gathered(name, slots, order)
        marks = [str(s) if isinstance(s, int) else ":" for s in slots]
        while marks and marks[-1] == ":":
            marks.pop()
        text = f"{name}[{', '.join(marks)}]" if marks else name
        rest = tuple(s for s in slots if not isinstance(s, int))
        if len(set(rest)) == len(rest):
            return self._transposed((text, ATOM), rest, order)
        if len(rest) == 2:
            return f"{self.np}.diagonal({text})", ATOM
        letters = letters_for(rest)
        spec = "".join(letters[a] for a in rest) + "->" + "".join(letters[a] for a in order)
        return f'{self.np}.einsum("{spec}", {text})', ATOM

    def _gathered(self, name: str, slots: Sequence[Any], order: tuple[Axis, ...]) -> Text:
        """An array read at positions that other arrays hold."""
        head = slots[0]
        if isinstance(head, Node) and not any(isinstance(s, (Node, int)) for s in slots[1:]):
            rest = tuple(slots[1:])
            if not set(rest) & set(head.axes) and len(set(rest)) == len(rest):
                own = (*natural(head), *rest)
                text = f"{name}[{self.text(head, natural(head))[0]}]", ATOM
                return self._transposed(text, own, order)
        marks = []
        for s in slots:
            if isinstance(s, int):
                marks.append(str(s))
            elif isinstance(s, Node):
                marks.append(self.wide(s, order)[0])
            else:
                marks.append(self.wide(Node("arange", axes=(s,)), order)[0])
        return f"{name}[{', '.join(marks)}]", ATOM

    def _transposed(self, text: Text, own: Sequence[Axis], order: tuple[Axis, ...]) -> Text:
        own = tuple(own)
        if own == order:
            return text
        inner = self.at(text, ATOM)
        if len(own) == 2:
            return f"{inner}.T", ATOM
        places = ", ".join(str(own.index(a)) for a in order)
        move = "permute" if self.dialect.is_torch else "transpose"
        return f"{inner}.{move}({places})", ATOM

    # -- elementwise ------------------------------------------------------------------------

    def _elementwise(self, n: Node, order: tuple[Axis, ...]) -> Text:
        if n.op == "add":
            return self._sum(n.args, order)
        if n.op == "mul":
            return self._product(n.args, order)
        if n.op == "neg":
            inner = self.wide(n.args[0], order)
            body = n.args[0]
            first = body.args[0].op if body.op == "mul" else body.op
            if body.op == "mul" and first != "pow" and "@" not in inner[0]:
                return f"-{inner[0]}", PRODUCT  # the sign goes with the first factor
            return f"-{self.at(inner, ATOM if first in ('pow', 'mul') else UNARY)}", UNARY
        if n.op == "div":
            return self._quotient(n, order)
        if n.op == "pow":
            return self._power(n, order)
        if n.op == "fn":
            return self._function(n, order)
        if n.op == "call":
            args = [self.wide(a, order)[0] for a in n.args]
            return f"{self.name_of(n.data)}({', '.join(args)})", ATOM
        if n.op == "where":
            return self._choice(n, order)
        if n.op in ("and", "or"):
            sign = " & " if n.op == "and" else " | "
            return sign.join(self.at(self.wide(a, order), ATOM) for a in n.args), OR
        if n.op == "not":
            return f"~{self.at(self.wide(n.args[0], order), ATOM)}", UNARY
        raise TypeError(f"no text for {n.op}")

    def _sum(self, terms: Sequence[Node], order: tuple[Axis, ...]) -> Text:
        terms = sorted(terms, key=lambda t: _sign(t) < 0 and t is terms[0] and _any_plus(terms))
        text = ""
        for k, t in enumerate(terms):
            if k and _sign(t) < 0:
                text += f" - {self.at(self.wide(_without_sign(t), order), PRODUCT)}"
            else:
                text += (" + " if k else "") + self.at(
                    self.wide(t, order), SUM if not k else PRODUCT
                )
        return text, SUM

    def _product(self, factors: Sequence[Node], order: tuple[Axis, ...]) -> Text:
        """Factors with the same axes are multiplied first, then widened together."""
        groups: dict[frozenset[Axis], list[Node]] = {}
        for f in factors:
            groups.setdefault(frozenset(f.axes), []).append(f)
        parts: list[Text] = []
        for axes, members in groups.items():
            if len(members) == 1 or len(axes) == len(order):
                parts.extend(self.wide(m, order) for m in members)
                continue
            if not axes and len(groups) == 1:
                parts.extend(self.wide(m, order) for m in members)
                continue
            inner = Node("mul", tuple(members), members[0].axes)
            if not axes and len(parts) == 0:
                parts.extend(self.text(m, ()) for m in members)  # the first are multiplied first
            else:
                parts.append(self.wide(inner, order))
        text = self.at(parts[0], PRODUCT if not _is_matrix_product(parts[0]) else ATOM)
        for p in parts[1:]:
            text += f" * {self.at(p, UNARY)}"
        return text, PRODUCT

    def _quotient(self, n: Node, order: tuple[Axis, ...]) -> Text:
        above, below = n.args
        if above.op == "mul" and len(below.axes) < len(order):
            # what is narrow with what is narrow: one pass over the array instead of several
            plain = [f for f in above.args if set(f.axes) <= set(below.axes)]
            rest = [f for f in above.args if not set(f.axes) <= set(below.axes)]
            if plain and rest:
                scale = Node("div", (_times(plain), below), below.axes)
                return self._product((scale, *rest), order)
        top = self.wide(above, order)
        head = self.at(top, PRODUCT)
        return f"{head} / {self.at(self.wide(below, order), UNARY)}", PRODUCT

    def _power(self, n: Node, order: tuple[Axis, ...]) -> Text:
        base, exponent = n.args
        a, b = self.at(self.wide(base, order), ATOM), self.at(self.wide(exponent, order), UNARY)
        if _is_simple(a) and _is_simple(b):
            return f"{a}**{b}", POWER
        return f"{a} ** {b}", POWER

    def _function(self, n: Node, order: tuple[Axis, ...]) -> Text:
        name, args = n.data, n.args
        if name == "sqrt" and self.is_number(args[0]):
            inner = self.text(args[0], ())
            return f"{self._module('math')}.sqrt({inner[0]})", ATOM
        if self.is_number(n) and name in _IN_MATH:
            inner = self.text(args[0], ())
            return f"{self._module('math')}.{_IN_MATH[name]}({inner[0]})", ATOM
        if name in _OF_NUMBERS and self._is_plain(n):
            args_text = [self.at(self.text(a, ()), UNARY) for a in args]
            text = _OF_NUMBERS[name].format(*args_text, math=self._module("math"))
            return text, ATOM if text.endswith(")") and name != "sigmoid" else PRODUCT
        if name == "softplus":
            return self._softplus(args[0], order)
        if name == "relu":
            if self.dialect.is_torch:
                return self._called("relu", args, order)
            return f"{self.np}.maximum({self.wide(args[0], order)[0]}, 0)", ATOM
        if name == "polygamma":
            return self._polygamma(args, order)
        if name in ("max", "min"):
            return self._extreme(name, args, order)
        return self._called(name, args, order)

    def _called(self, name: str, args: Sequence[Node], order: tuple[Axis, ...]) -> Text:
        head = self._module(self.dialect.functions[name])
        return f"{head}({', '.join(self.wide(a, order)[0] for a in args)})", ATOM

    def _softplus(self, x: Node, order: tuple[Axis, ...]) -> Text:
        if self.dialect.is_numpy:
            return f"{self.np}.logaddexp(0, {self.wide(x, order)[0]})", ATOM
        if self.dialect.is_torch:  # its softplus is the identity beyond 20
            inner = x.args[0] if x.op == "neg" else Node("neg", (x,), x.axes)
            head = self._module(self.dialect.functions["log_sigmoid"])
            return f"-{head}({self.wide(inner, order)[0]})", UNARY
        return self._called("softplus", (x,), order)

    def _polygamma(self, args: Sequence[Node], order: tuple[Axis, ...]) -> Text:
        if is_const(args[0], 0):
            return self._called("digamma", args[1:], order)
        return self._called("polygamma", args, order)

    def _extreme(self, name: str, args: Sequence[Node], order: tuple[Axis, ...]) -> Text:
        if not self.dialect.is_torch:
            return self._called(name, args, order)
        number = next((a for a in args if self.is_number(a)), None)
        if number is None:
            return self._called(name, args, order)
        other = args[1] if args[0] is number else args[0]
        inner, edge = self.wide(other, order)[0], self.text(number, ())[0]
        return f"torch.clamp({inner}, {(name == 'max' and 'min') or 'max'}={edge})", ATOM

    def _choice(self, n: Node, order: tuple[Axis, ...]) -> Text:
        mask, a, b = n.args
        if is_const(a, 1) and is_const(b, 0):
            return self._as_number(self.wide(mask, order))
        if not mask.axes and not order:
            chosen = self.text(a, ()), self.text(mask, ()), self.text(b, ())
            if self.dialect.is_numpy:
                yes, test, no = (self.at(t, COMPARED) for t in chosen)
                return f"{yes} if {test} else {no}", -1
        args = [self.wide(x, order)[0] for x in (mask, a, b)]
        text = f"{self.np}.where({', '.join(args)})", ATOM
        if self.is_number(a) and self.is_number(b):
            return self._as_number(text)
        return text

    def _cmp(self, n: Node, order: tuple[Axis, ...]) -> Text:
        a, b = n.args
        if a.op == b.op == "arange" and len(order) == 2:
            op = n.data if a.axes[0] == order[0] else _OPPOSITE[n.data]
            size = a.axes[0].size
            length = str(size) if getattr(size, "is_Integer", False) else self.name_of(str(size))
            return self._triangle(op, length)
        text = f"{self.at(self.wide(a, order), SUM)} {n.data} {self.at(self.wide(b, order), SUM)}"
        return text, COMPARED

    def _triangle(self, op: str, length: str) -> Text:
        """Which positions (row, column) of a square have row op column."""
        if self.dialect.is_torch:
            ones = f"torch.ones({length}, {length}, dtype=torch.bool{self._device()})"
            self._module("torch")
            if op in ("==", "!="):
                eye = f"torch.eye({length}, dtype=torch.bool{self._device()})"
                return (eye, ATOM) if op == "==" else (f"~{eye}", UNARY)
            shape = {">=": "tril()", ">": "tril(-1)", "<=": "triu()", "<": "triu(1)"}[op]
            return f"{ones}.{shape}", ATOM
        if op in ("==", "!="):
            eye = f"{self.np}.eye({length}, dtype=bool)"
            return (eye, ATOM) if op == "==" else (f"~{eye}", UNARY)
        below = {">=": "", ">": ", k=-1", "<": "", "<=": ", k=-1"}[op]
        tri = f"{self.np}.tri({length}{below}, dtype=bool)"
        return (tri, ATOM) if op in (">=", ">") else (f"~{tri}", UNARY)

    def _is_plain(self, n: Node) -> bool:
        """Whether no input enters, so that a function of it is one of Python's numbers.

        (NumPy's own functions of an input that is a number do not raise where it is large.)
        """
        read = [m for m in walk(n) if m.op == "array"]
        return self.is_number(n) and not (read and self.dialect.is_numpy)

    def is_number(self, n: Node) -> bool:
        """Whether the value is a number of Python's, not of the library's."""
        if n.axes:
            return False
        return all(
            m.op not in ("reduce", "contract", "call", "eye", "arange", "index", "cast")
            and (
                m.op != "array"
                or m.data[0] in self.numbers
                or (m.data[0] in self.scalars and self.dialect.is_numpy)
            )
            for m in walk(n)
        )

    # -- what a library has ready -----------------------------------------------------------

    def _softmax(self, n: Node, order: tuple[Axis, ...]) -> Text:
        return self._over_axis(n, order, "softmax")

    def _log_softmax(self, n: Node, order: tuple[Axis, ...]) -> Text:
        return self._over_axis(n, order, "log_softmax")

    def _over_axis(self, n: Node, order: tuple[Axis, ...], name: str) -> Text:
        (inner,), (axis,) = n.args, n.data
        own = natural(inner)
        place = own.index(axis)
        head = f"torch.{name}" if self.dialect.is_torch else self._module(f"jax.nn.{name}")
        text = f"{head}({self.text(inner, own)[0]}, {self.dialect.axis}={place})", ATOM
        return self._transposed(text, own, order)

    def _broadcast(self, n: Node, order: tuple[Axis, ...]) -> Text:
        """The node repeated along the axes that it does not vary with."""
        lengths = [
            str(a.size) if getattr(a.size, "is_Integer", False) else self.name_of(str(a.size))
            for a in order
        ]
        shape = f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"
        inner = n.args[0]
        if not inner.axes:
            return f"{self.np}.full({shape}, {self.text(inner, ())[0]}{self._typed()})", ATOM
        text = f"{self.np}.broadcast_to({self.wide(inner, order)[0]}, {shape})"
        copied = {"numpy": ".copy()", "torch": ".clone()"}.get(self.dialect.name, "")
        return text + copied, ATOM

    def _copy(self, n: Node, order: tuple[Axis, ...]) -> Text:
        text = self.at(self.text(n.args[0], order), ATOM)
        copied = {"numpy": ".copy()", "torch": ".clone()"}.get(self.dialect.name, "")
        return text + copied, ATOM


_IN_MATH = {k: k for k in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "log1p")}
_IN_MATH |= {k: k for k in ("expm1", "asin", "acos", "atan", "asinh", "acosh", "atanh", "erf")}
_IN_MATH |= {"lgamma": "lgamma"}


_OF_NUMBERS = {
    "softplus": "{math}.log1p({math}.exp({0}))",
    "sigmoid": "1 / (1 + {math}.exp(-{0}))",
    "relu": "max({0}, 0)",
    "abs": "abs({0})",
    "max": "max({0}, {1})",
    "min": "min({0}, {1})",
    "sign": "{math}.copysign({0} != 0, {0})",
}  # libraries of tensors take no plain numbers


def _sign(n: Node) -> int:
    if n.op == "neg" or (n.op == "const" and n.data < 0):
        return -1
    if n.op in ("mul", "div"):
        return _sign(n.args[0])
    return 1


def _is_own_transpose(n: Node) -> bool:
    """Whether the node is a sum or product like ``w + w.T``, the same with its axes exchanged."""
    if n.op not in ("add", "mul") or len(n.axes) != 2 or n.axes[0].size != n.axes[1].size:
        return False
    a, b = n.axes
    if any(set(bound(m)) & {a, b} for m in walk(n)):
        return False
    return {relabel(x, {a: b, b: a}) for x in n.args} == set(n.args)


def _any_plus(terms: Sequence[Node]) -> bool:
    return any(_sign(t) > 0 for t in terms)


def _without_sign(n: Node) -> Node:
    if n.op == "neg":
        return n.args[0]
    if n.op == "const":
        return const(-n.data)
    first, *rest = n.args
    first = _without_sign(first)
    if n.op == "mul" and is_const(first, 1):
        return rest[0] if len(rest) == 1 else Node("mul", tuple(rest), n.axes)
    return Node(n.op, (first, *rest), n.axes)


def _times(factors: Sequence[Node]) -> Node:
    return factors[0] if len(factors) == 1 else Node("mul", tuple(factors), union(factors))


def _is_simple(text: str) -> bool:
    """Whether the formatter leaves out the spaces around ``**`` next to it."""
    bare = text.removeprefix("-")
    return bare.replace(".", "").isdigit() or all(p.isidentifier() for p in text.split("."))


def _is_matrix_product(text: Text) -> bool:
    return text[1] == PRODUCT and "@" in text[0]
