"""The core text: what names mean, and the reader.

The text is a subset of Python's expressions, parsed by Python's own parser and then read node by
node; nothing is ever evaluated. Everything is explicit: a name is a size, an input with the sizes of
its places, a definition, an unknown function, or a letter that is bound around it, and a letter may not
be bound that has a meaning there already. What is not understood is refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, NoReturn

from . import terms as t
from .terms import Malformed, T, Term, num, refuse, show

MAX_TEXT = 1 << 20
TOKEN = re.compile(r"\d{1,400}(?![\w.])|[A-Za-z_]\w*|\*\*|[=!<>]=|[-+*/()\[\],<>]", re.ASCII)
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
LAMBDA = "λ"  # `lambda` is a name in the core text, and a keyword to Python's parser
COMPARED = {
    getattr(ast, name): op
    for name, op in zip("Eq NotEq Lt LtE Gt GtE".split(), "== != < <= > >=".split(), strict=True)
}
BINDERS = frozenset("sum prod max min all".split())
UNARY = frozenset(
    "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf sigmoid softplus relu "
    "abs sign lgamma detach".split()
)
OTHERS = frozenset("sqrt delta diff partial deriv polygamma digamma trigamma".split())
CALLS = UNARY | BINDERS | OTHERS  # no unknown function is called so
CONSTANTS = {"true": t.TRUE, "false": t.FALSE, "pi": t.PI}
WORDS = frozenset("for in if else and or not HOLE true false".split())

Owed = Sequence[tuple[Term, Term]]  # literal places, with the sizes that they must not exceed
Letters = Sequence[Term]


class Reading(NamedTuple):
    """A text as a term. For a context, ``letters`` are those bound above the hole, outermost first."""

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
        if not (text.isdigit() and text.isascii() and len(text) < 10 and int(text) > 0):
            refuse(f"{text[:40]} is no size")
        return num(int(text))

    def new_name(self, name: str) -> str:
        """The name, if it has no meaning yet."""
        if not NAME.fullmatch(name) or name in WORDS:
            raise Malformed(f"{name[:40]!r} is no name")
        if name in self.sizes or name in self.arrays or name in self.functions:
            refuse(f"{name} stands for two things")
        return name

    def new_letter(self, name: str, size: Term) -> Term:
        """The same for a letter over a size, which is not called pi either."""
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
        found = self._read.get(key)
        if found is None:
            reader = _Reader(self, text, letters, hole)
            term = reader.whole()
            found = self._read[key] = Reading(term, reader.owes, reader.at_hole)
        return found

    def runs_over(self, place: Term) -> Term | None:
        """The size that a place runs over; None for a number, and for what is no place."""
        if place.op == "ix":
            return place.args[1]  # type: ignore[no-any-return]
        return self.labels.get(place.args[0]) if place.op == "get" else None

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
        """Whether a value rests on a name, also through definitions unless these are held fixed.

        A detached value rests on nothing; nor does a value on the labels in its places.
        """
        key = (x, name, fixed)
        if key not in self._depends:
            self._depends[key] = self._rests(x, name, fixed)
        return self._depends[key]

    def _rests(self, x: Term, name: str, fixed: bool) -> bool:
        if x.op == "get":
            if x.args[0] == name or fixed or x.args[0] not in self.definitions:
                return bool(x.args[0] == name)
            return self.depends(self.definitions[x.args[0]][1], name)
        if x.op == "fn" and x.args[0] == "detach" or x.op == "del":
            return False
        inside = x.args[1:2] if x.op == "d" else x.args
        return any(self.depends(a, name, fixed) for a in inside if type(a) is Term)


class _Reader:
    """One text: a method for each kind of node of Python's syntax tree.

    ``scope`` has the letters: a free one as a term, a bound one as its place in ``bound``, where the
    binders around the node stand, outermost first.
    """

    def __init__(self, world: World, text: str, letters: Letters, hole: bool) -> None:
        self.world, self.text, self.hole = world, text, hole
        self.scope: dict[str, Any] = {letter.args[0]: letter for letter in letters}
        if len(self.scope) != len(letters):
            refuse(f"a letter has two meanings in {text[:80]}")
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
            tree = ast.parse(self.text.strip(), mode="eval")
        except (SyntaxError, ValueError, MemoryError):
            self.unread()
        return self.read(tree.body)

    def unread(self, *_: object) -> NoReturn:
        raise Malformed(f"not core text: {self.text[:100]!r}")

    def read(self, node: ast.expr) -> Term:
        return READ.get(type(node), _Reader.unread)(self, node)  # type: ignore[no-any-return]

    def value(self, node: ast.expr) -> Term:
        x = self.read(node)
        return refuse(f"{show(x)} is a condition, a value is wanted") if x.says else x

    def condition(self, node: ast.expr) -> Term:
        x = self.read(node)
        return x if x.says else refuse(f"{show(x)} is a value, a condition is wanted")

    # -- operators -----------------------------------------------------------------------------

    def case(self, node: ast.IfExp) -> Term:
        return T("if", self.condition(node.test), self.value(node.body), self.value(node.orelse))

    def joined(self, node: ast.BoolOp) -> Term:
        join = t.both if type(node.op) is ast.And else t.either
        return join(*map(self.condition, node.values))

    def unary(self, node: ast.UnaryOp) -> Term:
        if type(node.op) is ast.Not:
            return t.negate(self.condition(node.operand))
        return t.neg(self.value(node.operand)) if type(node.op) is ast.USub else self.unread()

    def compared(self, node: ast.Compare) -> Term:
        op = COMPARED.get(type(node.ops[0])) if len(node.ops) == 1 else None
        left, right = self.value(node.left), self.value(node.comparators[0])
        self.same_size(left, right)
        return t.rel(op, left, right) if op else self.unread()

    def same_size(self, a: Term, b: Term) -> None:
        sizes = [self.runs_over(x) for x in (a, b)]
        if None not in sizes and sizes[0] is not sizes[1]:
            refuse(f"{show(a)} and {show(b)} run over two sizes and are compared")

    def runs_over(self, place: Term) -> Term | None:
        if place.op == "bd":
            place = self.bound[-1 - place.args[0]]
        return self.world.runs_over(place)

    def computed(self, node: ast.BinOp) -> Term:
        op = type(node.op)
        if op in (ast.Add, ast.Sub):
            return t.add(*self.summands(node))
        a, b = self.value(node.left), self.value(node.right)
        if op is ast.Mult:
            return t.mul(a, b)
        if op is ast.Div:
            if b is t.ZERO:
                refuse(f"a division by 0 in {self.text[:80]}")
            return t.mul(a, num(Fraction(1) / b.args[0]) if b.op == "n" else T("inv", b))
        return t.power(a, b) if op is ast.Pow else self.unread()

    def summands(self, node: ast.expr) -> list[Term]:
        """The terms of a sum as written, however many there are."""
        after: list[Term] = []
        while isinstance(node, ast.BinOp) and type(node.op) in (ast.Add, ast.Sub):
            x = self.value(node.right)
            after.append(x if type(node.op) is ast.Add else t.neg(x))
            node = node.left
        return [self.value(node), *reversed(after)]

    # -- names and entries ---------------------------------------------------------------------

    def constant(self, node: ast.Constant) -> Term:
        return num(node.value) if type(node.value) is int else self.unread()

    def name(self, node: ast.Name) -> Term:
        name = "lambda" if node.id == LAMBDA else node.id
        at = self.scope.get(name)
        if at is not None:
            return at if type(at) is Term else T("bd", len(self.bound) - 1 - at)
        if name == "HOLE" and self.hole:
            self.at_hole = tuple(self.bound)
            return t.HOLE
        if name in CONSTANTS:
            return CONSTANTS[name]
        return T("sz", name) if name in self.world.sizes else self.entry(name, [])

    def subscript(self, node: ast.Subscript) -> Term:
        at = node.slice.elts if type(node.slice) is ast.Tuple else [node.slice]
        return self.entry(getattr(node.value, "id", ""), [self.read(x) for x in at])

    def entry(self, name: str, at: list[Term]) -> Term:
        name = "lambda" if name == LAMBDA else name
        shape = self.world.arrays.get(name)
        if shape is None or len(at) != len(shape):
            refuse(f"{name} with {len(at)} places has no meaning in {self.text[:80]}")
        for place, size in zip(at, shape, strict=True):
            if self.runs_over(place) is not size:
                self.owes += owed(self.world, place, size)
        return T("cond" if name in self.world.conditions else "get", name, *at)

    # -- calls ---------------------------------------------------------------------------------

    def call(self, node: ast.Call) -> Term:
        if node.keywords:
            self.unread()
        if type(node.func) is ast.Call:
            return self.derivative_of_unknown(node.func, node.args)
        name, count = getattr(node.func, "id", ""), len(node.args)
        if name in BINDERS and count == 1 and type(node.args[0]) is ast.GeneratorExp:
            return self.binder(name, node.args[0])
        args = [self.value(x) for x in node.args]
        if count == 1 and name in UNARY or count == 2 and name in ("max", "min", "polygamma"):
            return T("fn", name, *args)
        if name in ("diff", "partial") and count > 1:
            return self.derivative("diff" if name == "diff" else "fix", *args)
        if name == "delta" and count == 2:
            return self.delta(*args)
        if count and count == self.world.functions.get(name):
            return T("un", name, (0,) * count, *args)
        if count == 1 and name == "sqrt":
            return t.power(args[0], num(Fraction(1, 2)))
        if count == 1 and name in ("digamma", "trigamma"):
            return T("fn", "polygamma", num(int(name == "trigamma")), *args)
        refuse(f"{name} of {count} arguments has no meaning in {self.text[:80]}")

    def delta(self, i: Term, j: Term) -> Term:
        for x in (i, j):
            if self.runs_over(x) is None and not (x.op == "n" and type(x.args[0]) is int):
                refuse(f"{show(x)} is no place")
        self.same_size(i, j)
        return T("del", i, j)

    def derivative(self, kind: str, body: Term, *variables: Term) -> Term:
        """The partial derivative of a name is its definition's."""
        for v in variables:
            if v.op != "get" or v.args[0] in self.world.labels:
                refuse(f"a derivative is by entries in {self.text[:80]}")
            if kind == "fix" and self.world.defined(body) and body.args[0] != v.args[0]:
                body = self.world.unfold(body)
            body = T("d", kind, body, v)
        return body

    def derivative_of_unknown(self, head: ast.Call, args: list[ast.expr]) -> Term:
        """``deriv(g, n)(x)``; for several arguments ``deriv(g, slot, n, …)(x, y)``."""
        name, *numbers = [getattr(x, "id", getattr(x, "value", None)) for x in head.args]
        count = self.world.functions.get(str(name), 0)
        orders = [0] * count
        numbers = [1, *numbers] if len(numbers) == 1 else numbers
        for slot, n in zip(numbers[::2], numbers[1::2], strict=False):
            if type(slot) is not int or type(n) is not int or not 1 <= slot <= count or n > 99:
                self.unread()
            orders[slot - 1] = n
        if getattr(head.func, "id", "") != "deriv" or len(args) != count or not count:
            self.unread()
        return T("un", name, tuple(orders), *map(self.value, args))

    def binder(self, kind: str, node: ast.GeneratorExp) -> Term:
        """The letters are read first, then the body that stands before them."""
        outer, guards = dict(self.scope), []
        for c in node.generators:
            self.letter(c.target, c.iter)
            guards.append(t.both(*map(self.condition, c.ifs)))
        body = self.condition(node.elt) if kind == "all" else self.value(node.elt)
        for guard in reversed(guards):
            body = T("red", kind, self.bound.pop().args[1], guard, body)
        self.scope = outer
        return body

    def letter(self, target: ast.expr, source: ast.expr) -> None:
        name, over = getattr(target, "id", ""), getattr(source, "id", getattr(source, "value", ""))
        size = self.world.size(str(over))
        letter = self.world.new_letter("lambda" if name == LAMBDA else name, size)
        if letter.args[0] in self.scope:
            refuse(f"the letter {letter.args[0]} is bound twice in {self.text[:80]}")
        self.scope[letter.args[0]] = len(self.bound)
        self.bound.append(letter)


READ: dict[type, Any] = {
    ast.IfExp: _Reader.case,
    ast.BoolOp: _Reader.joined,
    ast.UnaryOp: _Reader.unary,
    ast.Compare: _Reader.compared,
    ast.BinOp: _Reader.computed,
    ast.Constant: _Reader.constant,
    ast.Name: _Reader.name,
    ast.Subscript: _Reader.subscript,
    ast.Call: _Reader.call,
}


def owed(world: World, place: Term, size: Term) -> Owed:
    """That a place lies in 1..size: refused if not; a number is owed where the size is a name."""
    if world.runs_over(place) is size:
        return []
    whole = place.op == "n" and type(place.args[0]) is int and place.args[0] >= 1
    if not whole or size.op == "n" and place.args[0] > size.args[0]:
        refuse(f"{show(place)} does not run over {show(size)}")
    return [] if size.op == "n" or place is t.ONE else [(place, size)]
