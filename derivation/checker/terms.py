"""Terms of the core text: what they are, substitution, and what is put into a hole.

Every operation is total: 1/0 is 0, and a logarithm of what is not positive, a maximum of nothing
and a derivative where there is none are some numbers that nobody knows. So equality is plain
equality, a chain of equalities is one, and a law that fails somewhere carries a condition.

A letter is either *free*, and then a term ("ix", name, size) that says over which size it runs, or
*bound*, and then ("bd", n): bound by the n-th binder counted from where it stands outwards, from 0.
So terms that differ in bound letters only are one object, and nothing can be captured: what is
substituted for a free letter or put into a hole has free letters only, and these are no numbers.

All terms are made by ``T``, which makes each only once; so two terms are equal if they are one
object. Their heads and parts:

    n value             a number, int or Fraction       + …, * …         sum, product of several
    ix name size        a free letter                   inv a            1/a
    bd n                a bound letter                  ** a b           power
    sz name             a size                          fn name a …      a known function
    pi                  the number                      del i j          1 if i = j, else 0
    get name place …    an input's or a definition's entry
    un name orders a …  an unknown function, differentiated so often by each argument
    red kind size c a   sum, prod, max, min (or "all", a condition) of a over the places with c
    if c a b            a where c, else b
    d kind a v          the derivative of a by the entry v: "diff" through all definitions,
                        "fix" of a as written, every defined name held fixed
    rel op a b, and …, or …, not c, true, false       conditions; cond name place …: in laws only
    hole                where a context is open
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from math import prod
from typing import Any, NoReturn


class Refused(Exception):
    """The certificate does not prove what it states; ``step`` says where."""

    step = ""


class Malformed(Exception):
    """It is no certificate."""


def refuse(message: str) -> NoReturn:
    raise Refused(message)


def require(holds: object, message: str) -> None:
    if not holds:
        refuse(message)


CONDITIONS = frozenset(("rel", "and", "or", "not", "true", "false", "cond"))


class Term:
    """A head ``op`` with its parts ``args``.

    ``free`` holds the free letters in it, ``loose`` how many binders around it its bound letters
    may refer to (0: none), ``holes`` how many holes it has, ``says`` whether it is a condition.
    """

    __slots__ = ("args", "free", "holes", "loose", "op", "says")

    def __init__(self, op: str, args: tuple[Any, ...]) -> None:
        self.op, self.args = op, args
        self.free: frozenset[Any] = frozenset((self,) if op == "ix" else ())
        self.loose, self.holes = args[0] + 1 if op == "bd" else 0, int(op == "hole")
        self.says = op in CONDITIONS or (op == "red" and args[0] == "all")
        for n, a in enumerate(args if op != "ix" else ()):
            if type(a) is Term:
                self.free = self.free | a.free if a.free else self.free
                self.holes += a.holes
                self.loose = max(self.loose, a.loose - 1 if op == "red" and n > 1 else a.loose)

    def __repr__(self) -> str:
        return show(self)


Letters = Sequence[Term]
MAX_WORK = 1_000_000  # new terms, worths and signs in one check
_TABLE: dict[tuple[Any, ...], Term] = {}
_WORK = [0]


def work() -> None:
    """Counts what a check does, so that it comes to an end."""
    _WORK[0] += 1
    if _WORK[0] > MAX_WORK:
        raise Malformed("too much to check")


def T(op: str, *args: Any) -> Term:
    """The one term with this head and these parts."""
    found = _TABLE.get((op, *args))
    if found is None:
        work()
        found = _TABLE[(op, *args)] = Term(op, args)
    return found


def num(value: int | Fraction) -> Term:
    """A number; a whole one is always an int, so that there is one term for it."""
    return T("n", value.numerator if value.denominator == 1 else value)


ZERO, ONE, MINUS_ONE = num(0), num(1), num(-1)
TRUE, FALSE, HOLE, PI = T("true"), T("false"), T("hole"), T("pi")
_ALWAYS = dict(_TABLE)


def forget() -> None:
    """Empties the table: terms made before are not to be used any more."""
    _TABLE.clear()
    _TABLE.update(_ALWAYS)
    _WORK[0] = 0


def combined(op: str, idle: Term, *terms: Term) -> Term:
    """An operation on many terms: no brackets, no idle terms, at most one number."""
    flat = [x for t in terms for x in (t.args if t.op == op else (t,)) if x is not idle]
    numbers = [x.args[0] for x in flat if x.op == "n"]
    if len(numbers) > 1:
        number = num(sum(numbers) if op == "+" else prod(numbers))
        flat = [*[number][: number is not idle], *[x for x in flat if x.op != "n"]]
    return flat[0] if len(flat) == 1 else T(op, *flat) if flat else idle


add, mul = partial(combined, "+", ZERO), partial(combined, "*", ONE)
both, either = partial(combined, "and", TRUE), partial(combined, "or", FALSE)
neg, rel = partial(mul, MINUS_ONE), partial(T, "rel")
NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def minus(a: Term, b: Term) -> Term:
    return add(a, neg(b))


def power(a: Term, b: Term) -> Term:
    """a**b; of a number but 0 and a whole one, neither too large, the number that it is."""
    x, n = (a.args[0], b.args[0]) if a.op == b.op == "n" else (0, 0)
    if x and type(n) is int and abs(n) <= 64 and max(abs(x.numerator), x.denominator) < 1 << 64:
        return num(Fraction(x) ** n)
    return T("**", a, b)


def negate(c: Term) -> Term:
    """The opposite of a condition."""
    if c.op == "rel":
        return rel(NEGATED[c.args[0]], *c.args[1:])
    if c.op in ("and", "or"):
        return (either if c.op == "and" else both)(*map(negate, c.args))
    opposite: Term | None = c.args[0] if c.op == "not" else {TRUE: FALSE, FALSE: TRUE}.get(c)
    return opposite or T("not", c)


MADE: Any = {"+": add, "*": mul, "**": power, "and": both, "or": either, "not": negate}


def made(op: str, *args: Any) -> Term:
    """A term as the reader makes it."""
    return MADE.get(op, partial(T, op))(*args)  # type: ignore[no-any-return]


def conjuncts(c: Term) -> tuple[Term, ...]:
    """The conditions that an "and" joins."""
    return c.args if c.op == "and" else (c,)


def parts(t: Term) -> list[Term]:
    """The parts that are terms."""
    return [a for a in t.args if type(a) is Term]


def rebuilt(t: Term, change: Callable[[Term], Term]) -> Term:
    """The same head, each part that is a term changed."""
    return T(t.op, *[change(a) if type(a) is Term else a for a in t.args])


def lifted(place: Term, binders: int) -> Term:
    """A place as it is written ``binders`` binders further inside."""
    if not binders or not place.loose:
        return place
    if place.op == "bd":
        return T("bd", place.args[0] + binders)
    return rebuilt(place, lambda a: lifted(a, binders))


def subst(t: Term, put: Mapping[Term, Term], binders: int = 0) -> Term:
    """Free letters replaced by places; ``binders`` stand between t and where these come from."""
    if not t.free or put.keys().isdisjoint(t.free):
        return t
    if t.op == "ix":
        return lifted(put[t], binders)
    inner = binders + (t.op == "red")
    return T(t.op, *[subst(a, put, inner) if type(a) is Term else a for a in t.args])


def bind(kind: str, letter: Term, guard: Term, body: Term) -> Term:
    """Sum, product, maximum, minimum, "all" over a letter that is free in guard and body."""
    put = {letter: T("bd", 0)}
    return T("red", kind, letter.args[1], subst(guard, put), subst(body, put))


def opened(t: Term, letter: Term, binders: int = 0) -> Term:
    """What ``bind`` bound, with a free letter again. No other bound letter is loose in t."""
    if t.loose <= binders:
        return t
    if t.op == "bd":
        return letter
    inner = binders + (t.op == "red")
    return T(t.op, *[opened(a, letter, inner) if type(a) is Term else a for a in t.args])


def fresh(size: Term, *avoid: Iterable[Term]) -> Term:
    """A letter over the size which is in none of the sets. No text can hold an apostrophe."""
    n, taken = 0, set().union(*avoid)
    while T("ix", f"'{n}", size) in taken:
        n += 1
    return T("ix", f"'{n}", size)


def enter(t: Term, *avoid: Iterable[Term]) -> tuple[Term, Term, Term]:
    """A binder taken apart: its letter, a fresh one, and guard and body in it."""
    letter = fresh(t.args[1], t.free, *avoid)
    return letter, opened(t.args[2], letter), opened(t.args[3], letter)


def graft(context: Term, t: Term, letters: Letters = ()) -> Term:
    """The one hole of a context filled with t, in which the letters that the context binds above
    the hole (outermost first) are free: they are meant to be caught."""
    t = subst(t, {letter: T("bd", n) for n, letter in enumerate(reversed(letters))})
    if context.op == "hole":
        return t
    inner = [graft(a, t) if type(a) is Term and a.holes else a for a in context.args]
    return made(context.op, *inner)


def places(t: Term) -> set[Term]:
    """The places that stand in entries and deltas of t and do not rest on a bound letter."""
    at = t.args[1:] if t.op == "get" else t.args if t.op == "del" else ()
    return {a for a in at if not a.loose}.union(*map(places, parts(t)))


def undivided(t: Term) -> bool:
    """What no distinction is taken out of."""
    return t.op in ("red", "d", "get", "del", "n", "ix") or t.args[:1] == ("detach",)


def as_cases(t: Term) -> Term:
    """A maximum or minimum of two, a relu or a size as the ``if`` that it is; all else as it is."""
    name, *x = t.args if t.op == "fn" else ("",)
    if name in ("relu", "abs"):
        return T("if", rel(">", x[0], ZERO), x[0], ZERO if name == "relu" else neg(x[0]))
    return T("if", rel(">" if name == "max" else "<", *x), *x) if name in ("max", "min") else t


def distinction(t: Term) -> Term | None:
    """The condition of a distinction in t, an innermost one, that no letter binds."""
    if undivided(t):
        return None
    t = as_cases(t)
    found = [distinction(a) for a in (t.args[1:] if t.op == "if" else parts(t))]
    return next((c for c in found if c), t.args[0] if t.op == "if" else None)


def resolved(t: Term, c: Term, holds: bool) -> Term:
    """t where the condition of one of its distinctions holds or does not."""
    if undivided(t):
        return t
    t = as_cases(t)
    if t.op == "if" and t.args[0] is c:
        return resolved(t.args[1 if holds else 2], c, holds)
    return rebuilt(t, lambda a: resolved(a, c, holds))


SHOWN = {"rel": "({1} {0} {2})", "if": "({1} if {0} else {2})", "get": "{0}[{rest}]"}
SHOWN = {**SHOWN, "red": "{0}({3} for {i} in {1} if {2})", "n": "{0}", "ix": "{0}", "sz": "{0}"}


def show(t: Term, depth: int = 0) -> str:
    """A term as text, for messages: bound letters are called _0, _1 … from outside."""
    inner = [show(x, depth + (t.op == "red")) if type(x) is Term else str(x) for x in t.args]
    if t.op == "bd":
        return f"_{depth - 1 - t.args[0]}"
    if t.op in ("+", "*", "**", "and", "or"):
        return "(" + f" {t.op} ".join(inner) + ")"
    name, *rest = inner if t.op in ("fn", "un") else (t.op, *inner)
    form = SHOWN.get(t.op, f"{name}({{rest}})" if rest else name)
    text = form.format(*inner, rest=",".join(inner[1:] if t.op == "get" else rest), i=f"_{depth}")
    return text.replace("[]", "").replace(" if true", "")
