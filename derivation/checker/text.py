"""The core text: what names mean, and the reader.

The text is a subset of Python's expressions, parsed by Python's own parser and then read node by
node; nothing is ever evaluated. A name is a size, an array with the sizes of its places, an unknown
function, or a letter bound around it, and nothing else there. What is not understood is refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, NoReturn

from . import terms as t
from .terms import Letters, Malformed, T, Term, num, refuse, require

MAX_TEXT = 1 << 20
TOKEN = re.compile(r"\d{1,400}(?![\w.])|[A-Za-z_]\w*|\*\*|[=!<>]=|[-+*/()\[\],<>]", re.ASCII)
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
LAMBDA = "\uff4cambda"  # to Python's parser a name, which it then takes for "lambda"; no keyword
COMPARED: Mapping[type, str] = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.Gt: ">"}
COMPARED = {**COMPARED, ast.LtE: "<=", ast.GtE: ">="}
BINDERS = frozenset("sum prod max min all".split())
UNARY = frozenset(
    "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf sigmoid softplus relu "
    "abs sign lgamma detach".split()
)
OTHERS = frozenset("sqrt delta diff partial deriv polygamma digamma trigamma".split())
BINARY = ("max", "min", "polygamma")
CALLS = UNARY | BINDERS | OTHERS  # no unknown function is called so
CONSTANTS = {"true": t.TRUE, "false": t.FALSE, "pi": t.PI}
WORDS = frozenset("for in if else and or not HOLE true false".split())

Owed = Sequence[tuple[Term, Term]]  # literal places, with the sizes that they must not exceed


class Reading(NamedTuple):
    """A text as a term; ``letters`` are those bound above its hole, outermost first."""

    term: Term
    owes: Owed
    letters: Letters


class World:
    """What names mean."""

    def __init__(self) -> None:
        self.sizes: set[str] = set()
        self.arrays: dict[str, tuple[Term, ...]] = {}  # inputs and definitions
        self.labels: dict[str, Term] = {}
        self.functions: dict[str, int] = {}
        self.definitions: dict[str, tuple[Letters, Term]] = {}
        self.conditions: set[str] = set()  # arrays whose entries are conditions: in laws only
        self._read: dict[tuple[Any, ...], Reading] = {}
        self._depends: dict[tuple[Term, str, bool], bool] = {}
        self._names: dict[Term, frozenset[str]] = {}

    def size(self, text: str) -> Term:
        """A size by its name, or a number from 1 on."""
        if text in self.sizes:
            return T("sz", text)
        require(re.fullmatch("[1-9][0-9]{0,8}", text), f"{text[:40]} is no size")
        return num(int(text))

    def new_name(self, name: str) -> str:
        """The name, if it has no meaning yet."""
        if not NAME.fullmatch(name) or name in WORDS:
            raise Malformed(f"{name[:40]!r} is no name")
        taken = self.sizes | self.arrays.keys() | self.functions.keys()
        require(name not in taken, f"{name} stands for two things")
        return name

    def new_letter(self, name: str, size: Term) -> Term:
        """A letter over a size; it is not called pi either."""
        return T("ix", self.new_name("" if name == "pi" else name), size)

    def with_scalars(self, names: Iterable[str]) -> World:
        """The same world with more inputs, which are numbers."""
        out = World()
        out.sizes, out.labels, out.functions = self.sizes, self.labels, self.functions
        out.arrays, out.definitions = dict(self.arrays), self.definitions
        for name in names:
            out.arrays[out.new_name(name)] = ()
        return out

    def read(self, text: str, letters: Letters, hole: bool = False) -> Reading:
        """A text as a term; its free letters are among those given, no two of one name."""
        key = (text, hole, *letters)
        if key not in self._read:
            reader = _Reader(self, text, letters, hole)
            self._read[key] = Reading(reader.whole(), reader.owes, reader.at_hole)
        return self._read[key]

    def runs_over(self, place: Term) -> Term | None:
        """The size that a place runs over; None for a number, and for what is no place."""
        if place.op == "ix":
            return place.args[1]  # type: ignore[no-any-return]
        return self.labels.get(place.args[0]) if place.op == "get" else None

    def owed(self, place: Term, size: Term) -> Owed:
        """Refuses what is no place in 1..size; a number is owed where the size has a name."""
        if self.runs_over(place) is size:
            return []
        if not is_count(place) or (size.op == "n" and place.args[0] > size.args[0]):
            refuse(f"{place} does not run over {size}")
        return [] if size.op == "n" or place is t.ONE else [(place, size)]

    def defined(self, x: Term) -> bool:
        return x.op == "get" and x.args[0] in self.definitions

    def unfold(self, x: Term) -> Term:
        """A definition's right side at the places of an entry."""
        letters, body = self.definitions[x.args[0]]
        return t.subst(body, dict(zip(letters, x.args[1:], strict=True)))

    def names(self, x: Term) -> frozenset[str]:
        """The names of the entries in a term."""
        if x not in self._names:
            own = frozenset((x.args[0],) if x.op == "get" else ())
            self._names[x] = own.union(*map(self.names, t.parts(x)))
        return self._names[x]

    def depends(self, x: Term, name: str, fixed: bool = False) -> bool:
        """Whether a value rests on a name, also through definitions unless these are held fixed;
        a detached one on nothing, and none on the labels in its places."""
        key = (x, name, fixed)
        if key not in self._depends:
            inside = x.args[1:2] if x.op == "d" else t.parts(x)
            if x.op in ("get", "del") or x.args[:1] == ("detach",):
                own = self.defined(x) and not fixed and x.args[0] != name
                inside = [self.definitions[x.args[0]][1]] if own else []
            found = any(self.depends(a, name, fixed) for a in inside)
            self._depends[key] = found or (x.op == "get" and x.args[0] == name)
        return self._depends[key]


class _Reader:
    """One text. ``scope`` has a free letter as a term, a bound one as its place in ``bound``, where
    the binders around the node stand, outermost first."""

    def __init__(self, world: World, text: str, letters: Letters, hole: bool) -> None:
        self.world, self.text, self.hole = world, text, hole
        self.scope: dict[str, Any] = {letter.args[0]: letter for letter in letters}
        require(len(self.scope) == len(letters), f"a letter has two meanings in {text[:80]}")
        self.bound: list[Term] = []
        self.owes: list[tuple[Term, Term]] = []
        self.at_hole: Letters = ()

    def whole(self) -> Term:
        tokens = TOKEN.findall(self.text) if len(self.text) <= MAX_TEXT else []
        if not tokens or "".join(tokens) != self.text.replace(" ", ""):
            self.unread()
        if "lambda" in tokens:
            self.text = re.sub(r"\blambda\b", LAMBDA, self.text)
        try:
            return self.read(ast.parse(self.text.strip(), mode="eval").body)
        except (SyntaxError, ValueError, MemoryError):
            self.unread()

    def unread(self) -> NoReturn:
        raise Malformed(f"not core text: {self.text[:100]!r}")

    def meaningless(self, what: str) -> NoReturn:
        refuse(f"{what} has no meaning in {self.text[:80]}")

    def read(self, node: ast.expr) -> Term:
        match node:
            case ast.Name(id=name):
                return self.name(name)
            case ast.Subscript(value=ast.Name(id=name), slice=at):
                every = at.elts if type(at) is ast.Tuple else [at]
                return self.entry(name, [self.read(x) for x in every])
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return t.add(*self.summands(node))
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return t.mul(self.value(left), self.value(right))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return t.power(self.value(left), self.value(right))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                a, b = self.value(left), self.value(right)
                require(b is not t.ZERO, f"a division by 0 in {self.text[:80]}")
                return t.mul(a, num(Fraction(1) / b.args[0]) if b.op == "n" else T("inv", b))
            case ast.Constant(value=n) if type(n) is int:
                return num(n)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                if name in BINDERS and len(args) == 1 and type(args[0]) is ast.GeneratorExp:
                    return self.binder(name, args[0])
                return self.call(name, len(args), *map(self.value, args))
            case ast.Call(func=ast.Call(func=ast.Name("deriv"), args=head), args=args, keywords=[]):
                return self.derivative_of_unknown(head, [self.value(x) for x in args])
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return t.neg(self.value(x))
            case ast.UnaryOp(op=ast.Not(), operand=x):
                return t.negate(self.condition(x))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARED:
                return t.rel(COMPARED[type(op)], *self.alike(self.value(left), self.value(right)))
            case ast.BoolOp(op=op, values=values):
                join = t.both if type(op) is ast.And else t.either
                return join(*map(self.condition, values))
            case ast.IfExp(test=c, body=a, orelse=b):
                return T("if", self.condition(c), self.value(a), self.value(b))
        self.unread()

    def value(self, node: ast.expr) -> Term:
        x = self.read(node)
        return refuse(f"{x} is a condition, a value is wanted") if x.says else x

    def condition(self, node: ast.expr) -> Term:
        x = self.read(node)
        return x if x.says else refuse(f"{x} is a value, a condition is wanted")

    def summands(self, node: ast.expr) -> list[Term]:
        """The terms of a sum as written, however many there are."""
        after: list[Term] = []
        while isinstance(node, ast.BinOp) and type(node.op) in (ast.Add, ast.Sub):
            x = self.value(node.right)
            after.append(x if type(node.op) is ast.Add else t.neg(x))
            node = node.left
        return [self.value(node), *reversed(after)]

    def name(self, name: str) -> Term:
        at = self.scope.get(name)
        if at is not None:
            return at if type(at) is Term else T("bd", len(self.bound) - 1 - at)
        if name == "HOLE" and self.hole:
            self.at_hole = tuple(self.bound)
            return t.HOLE
        if name in CONSTANTS:
            return CONSTANTS[name]
        return T("sz", name) if name in self.world.sizes else self.entry(name, [])

    def entry(self, name: str, at: list[Term]) -> Term:
        shape = self.world.arrays.get(name)
        if shape is None or len(at) != len(shape):
            self.meaningless(f"{name} with {len(at)} places")
        for place, size in zip(at, shape, strict=True):
            if self.runs_over(place) is not size:
                self.owes += self.world.owed(place, size)
        return T("cond" if name in self.world.conditions else "get", name, *at)

    def runs_over(self, place: Term) -> Term | None:
        return self.world.runs_over(self.bound[-1 - place.args[0]] if place.op == "bd" else place)

    def alike(self, a: Term, b: Term) -> tuple[Term, Term]:
        """Both, which are no places over two sizes."""
        one, two = self.runs_over(a), self.runs_over(b)
        if one and two and one is not two:
            refuse(f"{a} and {b} run over two sizes and are compared")
        return a, b

    def call(self, name: str, count: int, *args: Term) -> Term:
        if (name in UNARY and count == 1) or (name in BINARY and count == 2):
            return T("fn", name, *args)
        if name in ("diff", "partial") and count > 1:
            return self.derivative("diff" if name == "diff" else "fix", *args)
        if name == "delta" and count == 2:
            for x in args:
                if self.runs_over(x) is None and not is_count(x):
                    refuse(f"{x} is no place")
            return T("del", *self.alike(*args))
        if name == "sqrt" and count == 1:
            return t.power(args[0], num(Fraction(1, 2)))
        if name in ("digamma", "trigamma") and count == 1:
            return T("fn", "polygamma", num(int(name == "trigamma")), *args)
        if count == self.world.functions.get(name):
            return T("un", name, (0,) * count, *args)
        self.meaningless(f"{name} of {count} arguments")

    def derivative(self, kind: str, body: Term, *variables: Term) -> Term:
        """The partial derivative of a name is its definition's."""
        for v in variables:
            entry = v.op == "get" and v.args[0] not in self.world.labels
            require(entry, f"a derivative is by entries in {self.text[:80]}")
            if kind == "fix" and self.world.defined(body) and body.args[0] != v.args[0]:
                body = self.world.unfold(body)
            body = T("d", kind, body, v)
        return body

    def derivative_of_unknown(self, head: list[ast.expr], args: list[Term]) -> Term:
        """``deriv(g, n)(x)``; for several arguments ``deriv(g, slot, n, …)(x, y)``."""
        name, *numbers = [getattr(x, "id", getattr(x, "value", None)) or 0 for x in head]
        count = self.world.functions.get(str(name), 0)
        numbers = [1, *numbers] if len(numbers) == 1 else numbers
        orders = dict(zip(numbers[::2], numbers[1::2], strict=False))
        good = all(type(n) is int and 0 < n < 100 for n in numbers)
        good = good and len(numbers) == 2 * len(orders) and max(orders, default=0) <= count
        if not good or not 0 < count == len(args):
            self.unread()
        return T("un", name, tuple([orders.get(n, 0) for n in range(1, count + 1)]), *args)

    def binder(self, kind: str, node: ast.GeneratorExp) -> Term:
        """The letters are read first, then the body that stands before them."""
        outer, guards = dict(self.scope), []
        for c in node.generators:
            name = getattr(c.target, "id", "")
            size = self.world.size(str(getattr(c.iter, "id", getattr(c.iter, "value", ""))))
            require(name not in self.scope, f"the letter {name} is bound twice in {self.text[:80]}")
            self.scope[name] = len(self.bound)
            self.bound.append(self.world.new_letter(name, size))
            guards.append(t.both(*map(self.condition, c.ifs)))
        body = self.condition(node.elt) if kind == "all" else self.value(node.elt)
        for guard in reversed(guards):
            body = T("red", kind, self.bound.pop().args[1], guard, body)
        self.scope = outer
        return body


def is_count(x: Term) -> bool:
    return x.op == "n" and type(x.args[0]) is int and x.args[0] >= 1
