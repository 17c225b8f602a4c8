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
    pi                  the number
    get name place …    an input's or a definition's entry
    un name orders a …  an unknown function, differentiated so often by each argument
    del i j             1 if the places are equal, else 0
    red kind size c a   sum, prod, max, min (or "all", a condition) of a over the places with c
    if c a b            a where c, else b
    d kind a v          the derivative of a by the entry v: "diff" through all definitions,
                        "fix" of a as written, every defined name held fixed
    rel op a b, and …, or …, not c, true, false       conditions
    hole                where a context is open
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NoReturn


class Refused(Exception):
    """The certificate does not prove what it states; ``step`` says where."""

    step = ""


class Malformed(Exception):
    """It is no certificate."""


def refuse(message: str) -> NoReturn:
    raise Refused(message)


class Term:
    """A head ``op`` with its parts ``args``.

    ``free`` holds the free letters in it, ``loose`` how many binders around it its bound letters
    may refer to (0: none), ``holes`` how many holes it has.
    """

    __slots__ = ("args", "free", "holes", "loose", "op")
    op: str
    args: tuple[Any, ...]
    free: frozenset[Any]
    loose: int
    holes: int

    def __repr__(self) -> str:
        return show(self)


_TABLE: dict[tuple[Any, ...], Term] = {}
_NONE: frozenset[Any] = frozenset()


def forget() -> None:
    """Empties the table of terms, before a new certificate. Terms made before are not to be used."""
    _TABLE.clear()
    for constant in (ZERO, ONE, MINUS_ONE, TRUE, FALSE, HOLE, PI):
        _TABLE[(constant.op, *constant.args)] = constant


def T(op: str, *args: Any) -> Term:
    """The one term with this head and these parts."""
    key = (op, *args)
    found = _TABLE.get(key)
    if found is None:
        found = _TABLE[key] = Term()
        found.op, found.args = op, args
        inside = [a for a in args if type(a) is Term]
        found.holes = sum([a.holes for a in inside])
        found.loose = max([a.loose for a in inside], default=0)
        found.free = _NONE.union(*[a.free for a in inside])
        if op == "ix":
            found.free = frozenset((found,))
        elif op == "bd":
            found.loose = args[0] + 1
        elif op == "hole":
            found.holes = 1
        elif op == "red":
            within = max(args[2].loose, args[3].loose) - 1
            found.loose = max(args[1].loose, within, 0)
    return found


def num(value: int | Fraction) -> Term:
    """A number; a whole one is always an int, so that there is one term for it."""
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    return T("n", value)


ZERO, ONE, MINUS_ONE = num(0), num(1), num(-1)
TRUE, FALSE, HOLE, PI = T("true"), T("false"), T("hole"), T("pi")


def add(*terms: Term) -> Term:
    return terms[0] if len(terms) == 1 else T("+", *terms) if terms else ZERO


def mul(*factors: Term) -> Term:
    return factors[0] if len(factors) == 1 else T("*", *factors) if factors else ONE


def neg(t: Term) -> Term:
    return num(-t.args[0]) if t.op == "n" else T("*", MINUS_ONE, t)


def minus(a: Term, b: Term) -> Term:
    """a - b; a itself where b is 0."""
    return a if b is ZERO else T("+", a, neg(b))


def rel(op: str, a: Term, b: Term) -> Term:
    return T("rel", op, a, b)


def both(*conditions: Term) -> Term:
    """All of the conditions."""
    left = [c for c in conditions if c is not TRUE]
    return left[0] if len(left) == 1 else T("and", *left) if left else TRUE


def either(*conditions: Term) -> Term:
    """At least one of the conditions."""
    left = [c for c in conditions if c is not FALSE]
    return left[0] if len(left) == 1 else T("or", *left) if left else FALSE


NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def negate(c: Term) -> Term:
    """The opposite of a condition."""
    if c.op == "rel":
        return rel(NEGATED[c.args[0]], *c.args[1:])
    if c.op == "and":
        return either(*map(negate, c.args))
    if c.op == "or":
        return both(*map(negate, c.args))
    if c.op == "not":
        return c.args[0]  # type: ignore[no-any-return]
    return FALSE if c is TRUE else TRUE if c is FALSE else T("not", c)


def is_condition(t: Term) -> bool:
    return (
        t.op in ("rel", "and", "or", "not", "true", "false") or t.op == "red" and t.args[0] == "all"
    )


def parts(t: Term) -> list[Term]:
    """The parts that are terms."""
    return [a for a in t.args if type(a) is Term]


def rebuilt(t: Term, change: Any) -> Term:
    """The same head, each part that is a term changed."""
    return T(t.op, *[change(a) if type(a) is Term else a for a in t.args])


# -- letters ---------------------------------------------------------------------------------


def lifted(place: Term, binders: int) -> Term:
    """A place as it is written ``binders`` binders further inside."""
    if not binders or not place.loose:
        return place
    if place.op == "bd":
        return T("bd", place.args[0] + binders)
    return rebuilt(place, lambda a: lifted(a, binders))


def subst(t: Term, put: Mapping[Term, Term], binders: int = 0) -> Term:
    """Free letters replaced by places; ``binders`` stand between t and where these come from."""
    if put.keys().isdisjoint(t.free):
        return t
    if t.op == "ix":
        return lifted(put[t], binders)
    inner = binders + (t.op == "red")
    return rebuilt(t, lambda a: subst(a, put, inner))


def closed(t: Term, letter: Term) -> Term:
    """A free letter made the one that the next binder outside of t binds."""
    return subst(t, {letter: T("bd", 0)})


def bind(kind: str, letter: Term, guard: Term, body: Term) -> Term:
    """Sum, product, maximum, minimum, "all" over a letter that is free in guard and body."""
    return T("red", kind, letter.args[1], closed(guard, letter), closed(body, letter))


def opened(t: Term, letter: Term, binders: int = 0) -> Term:
    """What ``closed`` made, with a free letter again. No other bound letter is loose in t."""
    if t.loose <= binders:
        return t
    if t.op == "bd":
        return letter
    inner = binders + (t.op == "red")
    return rebuilt(t, lambda a: opened(a, letter, inner))


def fresh(size: Term, *avoid: Iterable[Term]) -> Term:
    """A letter over the size which is in none of the sets. No text can hold an apostrophe."""
    n = 0
    while any(T("ix", f"'{n}", size) in letters for letters in avoid):
        n += 1
    return T("ix", f"'{n}", size)


def enter(t: Term, *avoid: Iterable[Term]) -> tuple[Term, Term, Term]:
    """A binder taken apart: its letter, a fresh one, and guard and body in it."""
    letter = fresh(t.args[1], t.free, *avoid)
    return letter, opened(t.args[2], letter), opened(t.args[3], letter)


def graft(context: Term, t: Term, letters: Iterable[Term]) -> Term:
    """The one hole of a context filled.

    ``letters``: those that the context binds above the hole, outermost first; in t they are free,
    and they are meant to be caught.
    """
    names = list(letters)
    put = {letter: T("bd", len(names) - 1 - n) for n, letter in enumerate(names)}
    return _filled(context, subst(t, put))


def _filled(context: Term, t: Term) -> Term:
    if context.op == "hole":
        return t
    return rebuilt(context, lambda a: _filled(a, t) if a.holes else a)


def places(t: Term) -> set[Term]:
    """The places that stand in entries and deltas of t and do not rest on a bound letter."""
    out: set[Term] = set()
    for a in t.args[1:] if t.op == "get" else t.args if t.op == "del" else ():
        if not a.loose:
            out.add(a)
    for a in parts(t):
        out |= places(a)
    return out


# -- for messages ----------------------------------------------------------------------------


def show(t: Term, depth: int = 0) -> str:
    """A term as text, for messages: bound letters are called _0, _1 … from outside."""
    op, a = t.op, t.args

    def inner(x: Any) -> str:
        return show(x, depth) if type(x) is Term else str(x)

    if op in ("n", "ix", "sz"):
        return str(a[0])
    if op == "bd":
        return f"_{depth - 1 - a[0]}"
    if op == "get":
        return a[0] + (f"[{','.join(map(inner, a[1:]))}]" if a[1:] else "")
    if op in ("+", "*", "**", "and", "or"):
        return "(" + f" {op} ".join(map(inner, a)) + ")"
    if op == "rel":
        return f"({inner(a[1])} {a[0]} {inner(a[2])})"
    if op == "if":
        return f"({inner(a[1])} if {inner(a[0])} else {inner(a[2])})"
    if op == "inv":
        return f"1/{inner(a[0])}"
    if op == "red":
        c = "" if a[2] is TRUE else f" if {show(a[2], depth + 1)}"
        return f"{a[0]}({show(a[3], depth + 1)} for _{depth} in {inner(a[1])}{c})"
    if op in ("true", "false", "hole", "pi"):
        return op
    heads = {"fn": a[0], "d": {"diff": "diff", "fix": "partial"}.get(str(a[0]), ""), "un": a[0]}
    named = heads.get(op, op)
    return f"{named}({', '.join(map(inner, a[1:] if op in heads else a))})"
