"""The core text: what names mean, and the reader.

The text is a subset of Python's expressions; everything in it is explicit. Each name is a size, an
input with the sizes of its places, a definition, an unknown function, or a letter that is bound around
it; a letter may not be bound that has a meaning there already. What is not understood is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from .terms import (
    FALSE,
    HOLE,
    PI,
    TRUE,
    ZERO,
    Malformed,
    T,
    Term,
    add,
    bind,
    both,
    either,
    is_condition,
    mul,
    neg,
    negate,
    num,
    refuse,
    rel,
    show,
    subst,
)

MAX_TEXT = 1 << 20
MAX_DIGITS = 400
TOKEN = re.compile(r"\d+|[A-Za-z_]\w*|\*\*|[=!<>]=|[-+*/()\[\],<>]", re.ASCII)
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
COMPARED = frozenset(("==", "!=", "<", "<=", ">", ">="))
BINDERS = frozenset(("sum", "prod", "max", "min", "all"))
UNARY = frozenset(
    "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf sigmoid softplus relu "
    "abs sign lgamma detach".split()
)
WORDS = frozenset(("for", "in", "if", "else", "and", "or", "not", "true", "false", "pi", "HOLE"))
# names that a call means, whatever else is called so; they are no names of functions
CALLS = (
    UNARY
    | BINDERS
    | {"sqrt", "delta", "diff", "partial", "deriv", "polygamma", "digamma", "trigamma"}
)

Scope = Mapping[str, Term]  # letters that may stand in a text


class Reading(NamedTuple):
    """A text as a term.

    ``owes``: literal places in it with the sizes that they must not exceed. ``letters``, ``scope``:
    for a context, the letters bound above the hole, outermost first, and all that may stand there.
    """

    term: Term
    owes: tuple[tuple[Term, Term], ...]
    letters: tuple[Term, ...]
    scope: Scope


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

    def with_scalars(self, names: Iterable[str]) -> World:
        """The same world with more inputs, which are numbers."""
        out = World()
        out.sizes, out.labels, out.functions = self.sizes, self.labels, self.functions
        out.arrays, out.definitions = dict(self.arrays), self.definitions
        for name in names:
            out.arrays[out.new_name(name)] = ()
        return out

    def read(self, text: str, scope: Scope, hole: bool = False) -> Reading:
        """A text as a term; its letters are those of ``scope``."""
        key = (text, hole, *scope.items())
        found = self._read.get(key)
        if found is None:
            reader = _Reader(self, text, scope, hole)
            term = reader.whole()
            letters, inner = reader.at_hole or ((), scope)
            found = self._read[key] = Reading(term, tuple(reader.owes), letters, inner)
        return found

    def runs_over(self, place: Term) -> Term | None:
        """The size that a place runs over; None for a number, and for what is no place."""
        if place.op == "ix":
            return place.args[1]  # type: ignore[no-any-return]
        return self.labels.get(place.args[0]) if place.op == "get" else None

    def defined(self, t: Term) -> bool:
        return t.op == "get" and t.args[0] in self.definitions

    def unfold(self, t: Term) -> Term:
        """A definition's right side at the places of an entry."""
        letters, body = self.definitions[t.args[0]]
        return subst(body, dict(zip(letters, t.args[1:])))  # noqa: B905 - Python 3.9 has no strict

    def depends(self, t: Term, name: str, fixed: bool = False) -> bool:
        """Whether a value rests on a name, also through definitions unless these are held fixed.

        A detached value rests on nothing; nor does a value on the labels in its places.
        """
        key = (t, name, fixed)
        found = self._depends.get(key)
        if found is None:
            found = self._depends[key] = self._rests(t, name, fixed)
        return found

    def _rests(self, t: Term, name: str, fixed: bool) -> bool:
        if t.op == "get":
            if t.args[0] == name or fixed or t.args[0] not in self.definitions:
                return bool(t.args[0] == name)
            return self.depends(self.definitions[t.args[0]][1], name)
        if t.op == "fn" and t.args[0] == "detach" or t.op == "del":
            return False
        inside = t.args[1:2] if t.op == "d" else t.args
        return any(self.depends(a, name, fixed) for a in inside if type(a) is Term)


class _Reader:
    """One text, read from left to right; a method for each strength with which operators bind."""

    def __init__(self, world: World, text: str, scope: Scope, hole: bool) -> None:
        if len(text) > MAX_TEXT:
            raise Malformed("a text is too long")
        self.world, self.text, self.hole = world, text, hole
        self.tokens = TOKEN.findall(text)
        if "".join(self.tokens) != text.replace(" ", ""):
            raise Malformed(f"not core text: {text[:80]!r}")
        self.tokens.append("")
        self.i = 0
        self.scope = dict(scope)
        self.bound: list[Term] = []
        self.owes: list[tuple[Term, Term]] = []
        self.at_hole: tuple[tuple[Term, ...], Scope] | None = None

    def peek(self) -> str:
        return self.tokens[self.i]  # type: ignore[no-any-return]

    def take(self, wanted: str = "") -> str:
        token: str = self.tokens[self.i]
        if wanted and token != wanted:
            raise Malformed(f"{wanted} expected, {token or 'the end'} found in {self.text[:80]!r}")
        self.i += 1
        return token

    def whole(self) -> Term:
        t = self.choice()
        if self.peek():
            raise Malformed(f"{self.peek()} unexpected in {self.text[:80]!r}")
        return t

    def value(self, t: Term) -> Term:
        if is_condition(t) or t.op == "get" and t.args[0] in self.world.conditions:
            refuse(f"{show(t)} is a condition, a value is wanted")
        return t

    def condition(self, t: Term) -> Term:
        if not (is_condition(t) or t.op == "get" and t.args[0] in self.world.conditions):
            refuse(f"{show(t)} is a value, a condition is wanted")
        return t

    # -- operators, weakest first --------------------------------------------------------------

    def choice(self) -> Term:
        first = self.disjunction()
        if self.peek() != "if":
            return first
        self.take()
        c = self.condition(self.disjunction())
        self.take("else")
        return T("if", c, self.value(first), self.value(self.choice()))

    def disjunction(self) -> Term:
        return self.joined("or", self.conjunction, either)

    def conjunction(self) -> Term:
        return self.joined("and", self.negation, both)

    def joined(self, word: str, part: Callable[[], Term], join: Callable[..., Term]) -> Term:
        first = part()
        if self.peek() != word:
            return first
        conditions = [self.condition(first)]
        while self.peek() == word:
            self.take()
            conditions.append(self.condition(part()))
        return join(*conditions)

    def negation(self) -> Term:
        if self.peek() != "not":
            return self.comparison()
        self.take()
        return negate(self.condition(self.negation()))

    def comparison(self) -> Term:
        left = self.total()
        if self.peek() not in COMPARED:
            return left
        op, right = self.take(), self.value(self.total())
        self.same_size(self.value(left), right)
        return rel(op, left, right)

    def same_size(self, a: Term, b: Term) -> None:
        sizes = [self.world.runs_over(x) for x in (a, b)]
        if None not in sizes and sizes[0] is not sizes[1]:
            refuse(f"{show(a)} and {show(b)} run over two sizes and are compared")

    def total(self) -> Term:
        terms = [self.product()]
        while self.peek() in ("+", "-"):
            self.value(terms[0])
            op, t = self.take(), self.value(self.product())
            terms.append(t if op == "+" else neg(t))
        return add(*terms)

    def product(self) -> Term:
        first = self.signed()
        while self.peek() in ("*", "/"):
            self.value(first)
            op, t = self.take(), self.value(self.signed())
            first = self.times(first, t) if op == "*" else self.over(first, t)
        return first

    def times(self, a: Term, b: Term) -> Term:
        return mul(*a.args, b) if a.op == "*" else mul(a, b)

    def over(self, a: Term, b: Term) -> Term:
        if b is ZERO:
            refuse(f"a division by 0 in {self.text[:80]}")
        if a.op == b.op == "n":
            return num(Fraction(a.args[0]) / b.args[0])
        return self.times(a, num(Fraction(1) / b.args[0]) if b.op == "n" else T("inv", b))

    def signed(self) -> Term:
        if self.peek() != "-":
            return self.power()
        self.take()
        return neg(self.value(self.signed()))

    def power(self) -> Term:
        base = self.atom()
        if self.peek() != "**":
            return base
        self.take()
        return T("**", self.value(base), self.value(self.signed()))

    # -- atoms ---------------------------------------------------------------------------------

    def atom(self) -> Term:
        token = self.take()
        if token == "(":
            inside = self.choice()
            self.take(")")
            return inside
        if token.isdigit():
            if len(token) > MAX_DIGITS:
                raise Malformed("a number has too many digits")
            return num(int(token))
        if not NAME.fullmatch(token):
            raise Malformed(f"{token or 'the end'} unexpected in {self.text[:80]!r}")
        if self.peek() == "(" and (token in CALLS or token in self.world.functions):
            return self.call(token)
        if token in WORDS and not (token == "pi" and self.peek() == "["):
            return self.word(token)
        return self.name(token)

    def word(self, token: str) -> Term:
        if token == "HOLE" and self.hole and self.at_hole is None:
            self.at_hole = (tuple(self.bound), dict(self.scope))
            return HOLE
        if token not in ("true", "false", "pi"):
            raise Malformed(f"{token} unexpected in {self.text[:80]!r}")
        return {"true": TRUE, "false": FALSE, "pi": PI}[token]

    def name(self, token: str) -> Term:
        if token in self.scope and self.peek() != "[":
            return self.scope[token]
        if token in self.world.sizes:
            return T("sz", token)
        shape = self.world.arrays.get(token)
        if shape is None:
            refuse(f"{token} has no meaning in {self.text[:80]}")
        at: list[Term] = []
        if self.peek() == "[":
            while self.take() in ("[", ","):
                at.append(self.choice())
            if self.tokens[self.i - 1] != "]":
                raise Malformed(f"a bracket is not closed in {self.text[:80]!r}")
        if len(at) != len(shape):
            refuse(f"{token} has {len(shape)} places, not {len(at)}")
        for place, size in zip(at, shape):  # noqa: B905
            self.within(place, size)
        return T("get", token, *at)

    def within(self, place: Term, size: Term) -> None:
        """That a place lies in 1..size; a number beyond 1 is owed where the size is a name."""
        if self.world.runs_over(place) is size:
            return
        whole = place.op == "n" and type(place.args[0]) is int and place.args[0] >= 1
        if not whole or size.op == "n" and place.args[0] > size.args[0]:
            refuse(f"{show(place)} does not run over {show(size)} in {self.text[:80]}")
        if size.op != "n" and place.args[0] > 1:
            self.owes.append((place, size))

    def call(self, name: str) -> Term:
        if name == "deriv":
            return self.derivative_of_unknown()
        self.take("(")
        if name in BINDERS and self.binds():
            return self.binder(name)
        args = self.arguments()
        if name in ("diff", "partial"):
            return self.derivative(name, args)
        if name == "delta" and len(args) == 2:
            return self.delta(*args)
        args = [self.value(a) for a in args]
        if name in self.world.functions and len(args) == self.world.functions[name]:
            return T("un", name, (0,) * len(args), *args)
        if name in ("max", "min", "polygamma") and len(args) == 2:
            return T("fn", name, *args)
        if len(args) == 1 and name in UNARY:
            return T("fn", name, *args)
        if len(args) == 1 and name == "sqrt":
            return T("**", args[0], num(Fraction(1, 2)))
        if len(args) == 1 and name in ("digamma", "trigamma"):
            return T("fn", "polygamma", num(int(name == "trigamma")), *args)
        refuse(f"{name} of {len(args)} arguments in {self.text[:80]}")

    def arguments(self) -> list[Term]:
        args = [self.choice()]
        while self.peek() == ",":
            self.take()
            args.append(self.choice())
        self.take(")")
        return args

    def delta(self, i: Term, j: Term) -> Term:
        for x in (i, j):
            if self.world.runs_over(x) is None and not (x.op == "n" and type(x.args[0]) is int):
                refuse(f"{show(x)} is no place")
        self.same_size(i, j)
        return T("del", i, j)

    def derivative(self, name: str, args: list[Term]) -> Term:
        body, variables = self.value(args[0]), args[1:]
        if not variables or any(v.op != "get" or v.args[0] in self.world.labels for v in variables):
            refuse(f"a derivative is by entries in {self.text[:80]}")
        kind = "diff" if name == "diff" else "fix"
        for v in variables:
            if kind == "fix" and self.world.defined(body) and body.args[0] != v.args[0]:
                body = self.world.unfold(
                    body
                )  # the partial derivative of a name is its definition's
            body = T("d", kind, body, v)
        return body

    def derivative_of_unknown(self) -> Term:
        """``deriv(g, n)(x)``; for several arguments ``deriv(g, slot, n, …)(x, y)``."""
        self.take("(")
        name, numbers = self.take(), []
        while self.peek() == ",":
            self.take()
            numbers.append(self.take())
        self.take(")")
        count = self.world.functions.get(name, 0)
        orders = [0] * count
        pairs = [("1", *numbers)] if len(numbers) == 1 else list(zip(numbers[::2], numbers[1::2]))  # noqa: B905
        for slot, n in pairs:
            if not (slot.isdigit() and n.isdigit() and 1 <= int(slot) <= count and len(n) < 4):
                raise Malformed(f"not a derivative of {name} in {self.text[:80]!r}")
            orders[int(slot) - 1] = int(n)
        self.take("(")
        args = [self.value(a) for a in self.arguments()]
        if not count or len(args) != count or not pairs:
            raise Malformed(f"not a derivative of {name} in {self.text[:80]!r}")
        return T("un", name, tuple(orders), *args)

    # -- binders -------------------------------------------------------------------------------

    def binds(self) -> bool:
        """Whether a ``for`` stands in the brackets that have just been opened."""
        return self.first_for() is not None

    def first_for(self) -> int | None:
        depth = 0
        for n in range(self.i, len(self.tokens)):
            token = self.tokens[n]
            if token in ("(", "["):
                depth += 1
            elif token in (")", "]"):
                depth -= 1
                if depth < 0:
                    return None
            elif token == "for" and depth == 0:
                return n
        return None

    def binder(self, kind: str) -> Term:
        """The letters are read first, then the body that stands before them."""
        start, outer, above = self.i, dict(self.scope), len(self.bound)
        self.i = self.first_for() or 0
        bound = []
        while self.peek() == "for":
            self.take()
            letter = self.letter()
            guard = TRUE
            if self.peek() == "if":
                self.take()
                guard = self.condition(self.disjunction())
            bound.append((letter, guard))
        self.take(")")
        end, self.i = self.i, start
        body = self.choice()
        if self.peek() != "for":
            raise Malformed(f"{self.peek()} unexpected in {self.text[:80]!r}")
        body = self.condition(body) if kind == "all" else self.value(body)
        self.i, self.scope = end, outer
        del self.bound[above:]
        for letter, guard in reversed(bound):
            body = bind(kind, letter, guard, body)
        return body

    def letter(self) -> Term:
        name = self.world.new_name(self.take())
        if name in self.scope or name in WORDS:
            refuse(f"the letter {name} is bound twice in {self.text[:80]}")
        self.take("in")
        letter = T("ix", name, self.world.size(self.take()))
        self.scope[name] = letter
        self.bound.append(letter)
        return letter
