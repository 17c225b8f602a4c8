"""The core text: what names mean, and the reader.

The text is a subset of Python's expressions, parsed by Python's own parser and then read node by
node; nothing is ever evaluated. Everything is explicit: a name is a size, an input with the sizes of its
places, a definition, an unknown function, or a letter that is bound around it, and a letter may not be
bound that has a meaning there already. What is not understood is refused.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, NoReturn

from . import terms as t
from .terms import Malformed, T, Term, is_condition, neg, num, refuse, show

MAX_TEXT = 1 << 20
TOKEN = re.compile(r"\d{1,400}(?![\w.])|[A-Za-z_]\w*|\*\*|[=!<>]=|[-+*/()\[\],<>]", re.ASCII)
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
LAMBDA = "λ"  # `lambda` is a name in the core text, and a keyword to Python's parser
COMPARED = dict(
    zip((ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE), "== != < <= > >=".split())
)
BINDERS = frozenset(("sum", "prod", "max", "min", "all"))
UNARY = frozenset(
    "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf sigmoid softplus relu "
    "abs sign lgamma detach".split()
)
OTHERS = frozenset("sqrt delta diff partial deriv polygamma digamma trigamma".split())
CALLS = (
    UNARY | BINDERS | OTHERS
)  # what a call means whatever else is called so: no unknown function
CONSTANTS = {"true": t.TRUE, "false": t.FALSE, "pi": t.PI}
WORDS = frozenset(("for", "in", "if", "else", "and", "or", "not", "HOLE", *CONSTANTS))

Owed = Sequence[tuple[Term, Term]]  # literal places, with the sizes that they must not exceed


class Reading(NamedTuple):
    """A text as a term.

    For a context, ``letters`` are those bound above the hole, outermost first.
    """

    term: Term
    owes: Owed
    letters: Sequence[Term]


class World:
    """What names mean."""

    def __init__(self) -> None:
        self.sizes: set[str] = set()
        self.arrays: dict[str, tuple[Term, ...]] = {}  # inputs and definitions
        self.labels: dict[str, Term] = {}
        self.functions: dict[str, int] = {}
        self.definitions: dict[str, tuple[tuple[Term, ...], Term]] = {}
        self.conditions: set[str] = set()  # names that stand for conditions: in laws only
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
        if not NAME.fullmatch(name) or name in WORDS - {"pi"}:
            raise Malformed(f"{name[:40]!r} is no name")
        if name in self.sizes or name in self.arrays or name in self.functions:
            refuse(f"{name} stands for two things")
        return name

    def new_letter(self, name: str) -> str:
        """The same for a letter, which is not called pi either."""
        return self.new_name("" if name == "pi" else name)

    def with_scalars(self, names: Iterable[str]) -> World:
        """The same world with more inputs, which are numbers."""
        out = World()
        out.sizes, out.labels, out.functions = self.sizes, self.labels, self.functions
        out.arrays, out.definitions = dict(self.arrays), self.definitions
        for name in names:
            out.arrays[out.new_name(name)] = ()
        return out

    def read(self, text: str, letters: Sequence[Term], hole: bool = False) -> Reading:
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
        return t.subst(body, dict(zip(letters, x.args[1:])))

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
    """One text: a method for each kind of node of Python's syntax tree."""

    def __init__(self, world: World, text: str, letters: Sequence[Term], hole: bool) -> None:
        self.world, self.text, self.hole = world, text, hole
        self.scope = {letter.args[0]: letter for letter in letters}
        if len(self.scope) != len(letters):
            refuse(f"a letter has two meanings in {text[:80]}")
        self.bound: list[Term] = []
        self.owes: list[tuple[Term, Term]] = []
        self.at_hole: Sequence[Term] = ()

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

    def unread(self) -> NoReturn:
        raise Malformed(f"not core text: {self.text[:100]!r}")

    def read(self, node: ast.expr) -> Term:
        method = getattr(self, f"read_{type(node).__name__}", None)
        if method is None:
            self.unread()
        return method(node)  # type: ignore[no-any-return]

    def value(self, node: ast.expr) -> Term:
        x = self.read(node)
        if is_condition(x) or x.op == "get" and x.args[0] in self.world.conditions:
            refuse(f"{show(x)} is a condition, a value is wanted")
        return x

    def condition(self, node: ast.expr) -> Term:
        x = self.read(node)
        if not (is_condition(x) or x.op == "get" and x.args[0] in self.world.conditions):
            refuse(f"{show(x)} is a value, a condition is wanted")
        return x

    # -- operators -----------------------------------------------------------------------------

    def read_IfExp(self, node: ast.IfExp) -> Term:
        return T("if", self.condition(node.test), self.value(node.body), self.value(node.orelse))

    def read_BoolOp(self, node: ast.BoolOp) -> Term:
        join = t.both if type(node.op) is ast.And else t.either
        return join(*map(self.condition, node.values))

    def read_UnaryOp(self, node: ast.UnaryOp) -> Term:
        if type(node.op) is ast.Not:
            return t.negate(self.condition(node.operand))
        if type(node.op) is not ast.USub:
            self.unread()
        return neg(self.value(node.operand))

    def read_Compare(self, node: ast.Compare) -> Term:
        op = COMPARED.get(type(node.ops[0])) if len(node.ops) == 1 else None
        if op is None:
            self.unread()
        left, right = self.value(node.left), self.value(node.comparators[0])
        self.same_size(left, right)
        return t.rel(op, left, right)

    def same_size(self, a: Term, b: Term) -> None:
        sizes = [self.world.runs_over(x) for x in (a, b)]
        if None not in sizes and sizes[0] is not sizes[1]:
            refuse(f"{show(a)} and {show(b)} run over two sizes and are compared")

    def read_BinOp(self, node: ast.BinOp) -> Term:
        op = type(node.op)
        if op in (ast.Add, ast.Sub):
            return t.add(*self.summands(node))
        a, b = self.value(node.left), self.value(node.right)
        if op is ast.Pow:
            return T("**", a, b)
        if op is ast.Div:
            if b is t.ZERO:
                refuse(f"a division by 0 in {self.text[:80]}")
            if a.op == b.op == "n":
                return num(Fraction(a.args[0]) / b.args[0])
            b = num(Fraction(1) / b.args[0]) if b.op == "n" else T("inv", b)
        elif op is not ast.Mult:
            self.unread()
        return t.mul(*a.args, b) if a.op == "*" else t.mul(a, b)

    def summands(self, node: ast.expr) -> list[Term]:
        """The terms of a sum as written, however many there are."""
        after: list[Term] = []
        while isinstance(node, ast.BinOp) and type(node.op) in (ast.Add, ast.Sub):
            x = self.value(node.right)
            after.append(x if type(node.op) is ast.Add else neg(x))
            node = node.left
        return [self.value(node), *reversed(after)]

    # -- names and entries ---------------------------------------------------------------------

    def read_Constant(self, node: ast.Constant) -> Term:
        return num(node.value) if type(node.value) is int else self.unread()

    def read_Name(self, node: ast.Name) -> Term:
        name = "lambda" if node.id == LAMBDA else node.id
        if name == "HOLE" and self.hole:
            self.at_hole = tuple(self.bound)
            return t.HOLE
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in self.scope:
            return self.scope[name]
        return T("sz", name) if name in self.world.sizes else self.entry(name, [])

    def read_Subscript(self, node: ast.Subscript) -> Term:
        if type(node.value) is not ast.Name:
            self.unread()
        at = node.slice.elts if type(node.slice) is ast.Tuple else [node.slice]
        return self.entry(node.value.id, [self.read(x) for x in at])

    def entry(self, name: str, at: list[Term]) -> Term:
        name = "lambda" if name == LAMBDA else name
        shape = self.world.arrays.get(name)
        if shape is None or len(at) != len(shape):
            refuse(f"{name} with {len(at)} places has no meaning in {self.text[:80]}")
        for place, size in zip(at, shape):
            self.owes += owed(self.world, place, size)
        return T("get", name, *at)

    # -- calls ---------------------------------------------------------------------------------

    def read_Call(self, node: ast.Call) -> Term:
        if node.keywords:
            self.unread()
        if type(node.func) is ast.Call:
            return self.derivative_of_unknown(node.func, node.args)
        if type(node.func) is not ast.Name:
            self.unread()
        name, first = node.func.id, node.args[0] if len(node.args) == 1 else None
        if name in BINDERS and type(first) is ast.GeneratorExp:
            return self.binder(name, first)
        if name in ("diff", "partial") and len(node.args) > 1:
            return self.derivative(name, *map(self.value, node.args))
        args = [self.value(x) for x in node.args]
        if name == "delta" and len(args) == 2:
            return self.delta(*args)
        if args and len(args) == self.world.functions.get(name):
            return T("un", name, (0,) * len(args), *args)
        if name in ("max", "min", "polygamma") and len(args) == 2:
            return T("fn", name, *args)
        if len(args) == 1 and name in UNARY:
            return T("fn", name, *args)
        if len(args) == 1 and name == "sqrt":
            return T("**", args[0], num(Fraction(1, 2)))
        if len(args) == 1 and name in ("digamma", "trigamma"):
            return T("fn", "polygamma", num(int(name == "trigamma")), *args)
        refuse(f"{name} of {len(args)} arguments has no meaning in {self.text[:80]}")

    def delta(self, i: Term, j: Term) -> Term:
        for x in (i, j):
            if self.world.runs_over(x) is None and not (x.op == "n" and type(x.args[0]) is int):
                refuse(f"{show(x)} is no place")
        self.same_size(i, j)
        return T("del", i, j)

    def derivative(self, name: str, body: Term, *variables: Term) -> Term:
        kind = "diff" if name == "diff" else "fix"
        for v in variables:
            if v.op != "get" or v.args[0] in self.world.labels:
                refuse(f"a derivative is by entries in {self.text[:80]}")
            if kind == "fix" and self.world.defined(body) and body.args[0] != v.args[0]:
                body = self.world.unfold(
                    body
                )  # the partial derivative of a name is its definition's
            body = T("d", kind, body, v)
        return body

    def derivative_of_unknown(self, head: ast.Call, args: list[ast.expr]) -> Term:
        """``deriv(g, n)(x)``; for several arguments ``deriv(g, slot, n, …)(x, y)``."""
        name, *numbers = [getattr(x, "id", getattr(x, "value", None)) for x in head.args]
        count = self.world.functions.get(str(name), 0)
        orders = [0] * count
        numbers = [1, *numbers] if len(numbers) == 1 else numbers
        for slot, n in zip(numbers[::2], numbers[1::2]):
            if type(slot) is not int or type(n) is not int or not 1 <= slot <= count or n > 99:
                self.unread()
            orders[slot - 1] = n
        if getattr(head.func, "id", "") != "deriv" or len(args) != count or not count:
            self.unread()
        return T("un", name, tuple(orders), *map(self.value, args))

    def binder(self, kind: str, node: ast.GeneratorExp) -> Term:
        """The letters are read first, then the body that stands before them."""
        outer, above, bound = dict(self.scope), len(self.bound), []
        for c in node.generators:
            letter = self.letter(c.target, c.iter)
            bound.append((letter, t.both(*map(self.condition, c.ifs))))
        body = self.condition(node.elt) if kind == "all" else self.value(node.elt)
        self.scope = outer
        del self.bound[above:]
        for letter, guard in reversed(bound):
            body = t.bind(kind, letter, guard, body)
        return body

    def letter(self, target: ast.expr, size: ast.expr) -> Term:
        name, over = getattr(target, "id", ""), getattr(size, "id", getattr(size, "value", ""))
        name = self.world.new_letter("lambda" if name == LAMBDA else name)
        if name in self.scope:
            refuse(f"the letter {name} is bound twice in {self.text[:80]}")
        letter = self.scope[name] = T("ix", name, self.world.size(str(over)))
        self.bound.append(letter)
        return letter


def owed(world: World, place: Term, size: Term) -> Owed:
    """That a place lies in 1..size: refused if not; a number is owed where the size is a name."""
    if world.runs_over(place) is size:
        return []
    whole = place.op == "n" and type(place.args[0]) is int and place.args[0] >= 1
    if not whole or size.op == "n" and place.args[0] > size.args[0]:
        refuse(f"{show(place)} does not run over {show(size)}")
    return [] if size.op == "n" or place is t.ONE else [(place, size)]
