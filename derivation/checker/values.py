"""Equality by algebra, decided by evaluation at random points of a large finite field.

A term is worth an element of the integers modulo a random prime P. Sums, products and quotients are
computed there; every other thing (an entry, a sum over an index, a logarithm …) is an *atom*,
worth a keyed hash of its head and of what its parts are worth. So atoms with equal parts are
equal, which gives equality under sums and functions as well, and terms that are equal by the laws
of commutative rings and fields are worth the same at every point. Terms that are not are worth the
same at a random point with probability at most degree/2^125; two points are taken, with fresh keys
(for powers with symbolic exponents and for exponentials the argument leans on the hash behaving as
random). The prime is drawn when the program runs, so that no certificate can hold it as a
coefficient. Beyond rings:

* 1/b is the inverse times a *mark* "b is not 0", one for b and all its multiples by numbers. So
  b*1/b is not 1, but 1/(a*b) is 1/a*1/b, and fractions with one denominator add up. Under "b is
  not 0" (``units``) the mark is 1.
* exp(f) is e to the power f, exponents counted modulo Q, the order of the group of squares (P = 2Q
  + 1, Q prime; e is a square, and so is every atom that is known to be positive, and no other by
  design). Powers of what is known to be positive likewise; that it be a square is required, and
  points are drawn until it is. Its root is the square one of the two (-1 is no square). What is
  listed as positive and no atom might be the square of what is not positive. So points are drawn
  until each such term has been seen to be no square where those before it are: then none is one in
  the field of the atoms and of the roots before it, all choices of signs are conjugate, and an
  equation that holds for one holds for all.
* b**e, where e is whole but no number (made of sizes and letters) and b is not known to be
  positive: a hash for each monomial of e, to the power of its number. Where the form of e does not
  show that e >= 0, times a mark for b and e, which is 1 under "b is not 0".

What is worth 0 without being the number 0 is not divided by: then nothing is equal. A failure of
any kind refuses something true; what is accepted is equal.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import gcd, prod
from typing import Any

from .terms import FALSE, MINUS_ONE, ONE, TRUE, T, Term, add, minus, mul, neg, negate, num, work

Pair = tuple[int, int]
COMPOSED = ("+", "*", "**", "inv", "n", "if")  # heads of what is no atom
SMALL = prod(range(3, 300, 2))


class NoPoint(Exception):
    """The term has no value at this point: another one is to be drawn."""


def is_prime(n: int, rounds: int) -> bool:
    """Miller and Rabin's test for n = 3 modulo 4 (one square root to look at): a composite number
    passes with probability at most 4^-rounds."""
    bases = [secrets.randbelow(n - 3) + 2 for _ in range(rounds)]
    return all(pow(a, n // 2, n) in (1, n - 1) for a in bases)


@lru_cache(maxsize=1)
def the_prime(bits: int = 127) -> int:
    """A random prime P = 2Q + 1, Q prime, such that -1 is no square modulo P, and 2, 3, 5, 7 are.

    Drawn once in a process, which it never leaves.
    """
    q = secrets.randbits(bits - 1) | 1 << bits - 2
    q += (99 - q) % 140  # Q = 3, 4, 1 modulo 4, 5, 7 makes P = 7, 4, 3 modulo 8, 5, 7
    while gcd(q * (2 * q + 1), SMALL) > 1 or not all(
        is_prime(n, rounds) for rounds in (1, 32) for n in (q, 2 * q + 1)
    ):
        q += 140
    return 2 * q + 1


class Point:
    """One random point, and what terms are worth there.

    ``units`` holds the scales (see ``Points.scale``) of what is known not to be 0, ``positive`` the
    worth at ``plain`` of what is known to be > 0.
    """

    def __init__(
        self, plain: Points, units: Iterable[int] = (), positive: Iterable[Pair] = ()
    ) -> None:
        self.P, self.Q, self.key = the_prime(), the_prime() // 2, secrets.token_bytes(16)
        self.plain, self.units, self.positive = plain, frozenset(units), frozenset(positive)
        self.known: dict[Term, int] = {}  # modulo P, and for conditions
        self.exponents: dict[Term, int] = {}  # modulo Q
        self.e = self.random(True, "e")

    def hash(self, *what: object) -> int:
        data = hashlib.blake2b(repr(what).encode(), key=self.key, digest_size=32).digest()
        return int.from_bytes(data, "big")

    def random(self, positive: bool, *what: object) -> int:
        """An element of the field, a square for what is positive."""
        return pow(self.hash(*what), 2 if positive else 1, self.P)

    def worth(self, t: Term) -> int:
        """The value of a term; of a condition: the same for those that say the same otherwise."""
        found = self.known.get(t)
        if found is None:
            work()
            found = self.known[t] = self.judge(t) if t.says else self.compute(t, self.P)
        return found

    def value(self, t: Term, m: int) -> int:
        """The value modulo P, or modulo Q of what stands in an exponent."""
        if m == self.P:
            return self.worth(t)
        if t not in self.exponents:
            work()
            self.exponents[t] = self.compute(t, m)
        return self.exponents[t]

    def compute(self, t: Term, m: int) -> int:
        op, a = t.op, t.args
        name = a[0] if op == "fn" else ""
        if op == "n":
            return number(a[0], m)
        if op == "+":
            return sum([self.value(x, m) for x in a]) % m
        if op == "*":
            logs = [f for f in map(exponent_of, a) if f] if m == self.Q else []
            if len(logs) > 1:  # in an exponent, exponentials are atoms: one of them
                a = (*[x for x in a if not exponent_of(x)], T("fn", "exp", add(*logs)))
            return prod([self.value(x, m) for x in a]) % m
        if op == "inv":
            return self.inverse(a[0], m)
        if op == "**":
            return self.power(a[0], a[1], m)
        if op == "del" and (a[0] is a[1] or a[0].op == a[1].op == "n"):
            return int(a[0] is a[1])
        if name == "exp" and m == self.P:
            return self.exponential(a[1])
        if name == "log":
            return self.logarithm(a[1], m)
        if op == "if":
            holds, same = self.worth(a[0]), self.worth(a[1]) == self.worth(a[2])
            if same or holds in (self.worth(TRUE), self.worth(FALSE)):
                return self.value(a[1] if same or holds == self.worth(TRUE) else a[2], m)
        if m == self.Q:
            return self.exponent(self.worth(t))
        return self.atom(t)

    def exponent(self, value: int, *more: int) -> int:
        """What is worth this modulo P, modulo Q: 0 and 1 are numbers, all else is an atom."""
        return value if value < 2 and not more else self.hash("exponent", value, *more) % self.Q

    def atom(self, t: Term) -> int:
        op, a = t.op, t.args
        if op == "if":
            c, other, one, two = map(self.worth, (a[0], negate(a[0]), *a[1:]))
            cases = (c, one, two) if c < other else (other, two, one)
            return self.random(self.is_positive(t), "if", *cases)
        inner: list[Any] = [self.worth(x) if type(x) is Term else x for x in a]
        if op == "d" or (op == "fn" and a[0] == "detach"):
            inner[1] = self.plain.worth(a[1])  # what is known here only is not used inside
        if op == "del" or (op == "fn" and a[0] in ("max", "min")):
            inner.sort(key=str)
        return self.random(self.is_positive(t), op, *inner)

    def inverse(self, b: Term, m: int) -> int:
        """1/b: the inverse, times the mark "b is not 0" unless that is known."""
        if b.op == "*":
            return prod([self.inverse(x, m) for x in b.args]) % m
        if b.op == "inv":
            return self.value(b.args[0], m)
        if b.op == "fn" and b.args[0] == "exp":
            return self.value(T("fn", "exp", neg(b.args[1])), m)
        if b.op == "**" and is_whole(b.args[1]):
            return self.whole_power(b.args[0], b.args[1], m, -1)
        value = self.value(b, m)
        if value == 0:
            raise NoPoint
        return pow(value, -1, m) * self.mark(b) % m

    def mark(self, b: Term, *exponent: int) -> int:
        if b.op == "n" or self.is_positive(b):
            return 1
        scale = self.plain.scale(b)
        return 1 if scale in self.units else self.hash("nonzero", scale, *exponent)

    def power(self, base: Term, exponent: Term, m: int) -> int:
        if is_whole(exponent):
            return self.whole_power(base, exponent, m, 1)
        if m == self.Q:
            return self.exponent(self.worth(T("**", base, exponent)))
        if self.is_positive(base):
            return self.positive_power(base, exponent)
        return self.atom(T("**", base, exponent))

    def whole_power(self, base: Term, exponent: Term, m: int, sign: int) -> int:
        """base ** (sign*exponent), a whole number."""
        if exponent.op == "n":
            n = sign * exponent.args[0]
            return pow(self.inverse(base, m) if n < 0 else self.value(base, m), abs(n), m)
        value = self.worth(base)
        if m == self.Q:
            return self.exponent(value, sign, self.worth(exponent))
        if self.is_positive(base) and pow(value, self.Q, m) == 1:
            return pow(value, sign * self.value(exponent, self.Q) % self.Q, m)
        if base.op == "*":
            return prod([self.whole_power(x, exponent, m, sign) for x in base.args]) % m
        if base.op == "inv":
            return self.whole_power(base.args[0], exponent, m, -sign)
        if base.op == "**" and is_whole(base.args[1]):
            return self.whole_power(base.args[0], mul(base.args[1], exponent), m, sign)
        if value == 0:
            raise NoPoint
        out, least = 1, least_value(exponent)
        for monomial, n in monomials(exponent).items():
            n = n % 2 if base is MINUS_ONE else n
            worth = [self.worth(x) for x in monomial]
            out = out * pow(self.hash("power", value, *worth) if worth else value, sign * n, m) % m
        shown = sign > 0 and least is not None and least >= 0
        return out if shown else out * self.mark(base, sign * self.worth(exponent) % m) % m

    def positive_power(self, base: Term, exponent: Term) -> int:
        """base to any power, the base being positive: an atom or listed, and a square of the field,
        or made up of such. A number is one if it has the prime factors 2, 3, 5, 7 only; any other
        root is an atom."""
        value, (op, a) = self.worth(base), (base.op, base.args)
        if op in ("*", "inv") and all(map(self.is_positive, a)):
            e = exponent if op == "*" else neg(exponent)
            return prod([self.positive_power(x, e) for x in a]) % self.P
        if op == "**" and self.is_positive(a[0]):
            return self.positive_power(a[0], mul(a[1], exponent))
        if base.op == "n" and 210**64 % (base.args[0].numerator * base.args[0].denominator):
            return self.random(True, "**", value, self.worth(exponent))
        if pow(value, self.Q, self.P) != 1:
            raise NoPoint
        return pow(value, self.value(exponent, self.Q), self.P)

    def exponential(self, f: Term) -> int:
        """exp(f), term by term; exp(n log a) is a**n where a is positive."""
        out = 1
        for t in f.args if f.op == "+" else (f,):
            factors = list(t.args) if t.op == "*" else [t]
            logs = [x for x in factors if x.op == "fn" and x.args[0] == "log"]
            if len(logs) == 1 and self.is_positive(logs[0].args[1]):
                factors.remove(logs[0])
                out *= self.positive_power(logs[0].args[1], mul(*factors))
            else:
                out *= pow(self.e, self.value(t, self.Q), self.P)
        return out % self.P

    def logarithm(self, a: Term, m: int) -> int:
        """log(a), taken apart where a is an exponential or a product of positive factors."""
        if a is ONE:
            return 0
        if a.op == "fn" and a.args[0] == "exp":
            return self.value(a.args[1], m)
        if a.op in ("*", "inv") and all(map(self.is_positive, a.args)):
            total = sum([self.logarithm(x, m) for x in a.args])
            return (total if a.op == "*" else -total) % m
        if a.op == "**" and self.is_positive(a.args[0]):
            return self.value(a.args[1], m) * self.logarithm(a.args[0], m) % m
        if a.op == "n" and a.args[0] > 0 and type(a.args[0]) is Fraction:
            above, below = num(a.args[0].numerator), num(a.args[0].denominator)
            return (self.logarithm(above, m) - self.logarithm(below, m)) % m
        atom = self.random(self.is_positive(T("fn", "log", a)), "log", self.worth(a))
        return atom if m == self.P else self.exponent(atom)

    def is_positive(self, b: Term, listed: bool = True) -> bool:
        """Whether b > 0 is known, by its form or since it is listed."""
        op, a = b.op, b.args
        if op == "n":
            return bool(a[0] > 0)
        if op in ("sz", "ix", "bd", "pi") or (op == "fn" and a[0] == "exp"):
            return True
        if op in ("*", "inv") and all(map(self.is_positive, a)):
            return True
        if op == "**" and self.is_positive(a[0]):
            return True
        return listed and bool(self.positive) and self.plain.worth(b) in self.positive

    def judge(self, c: Term) -> int:
        op, a = c.op, c.args
        if op == "rel":  # a > b, a - b > 0, b < a are one, and a == b, 2*a == 2*b as well
            if a[0] in (">", ">="):
                return self.worth(T("rel", {">": "<", ">=": "<="}[a[0]], a[2], a[1]))
            gap, strict = (self.worth(a[1]) - self.worth(a[2])) % self.P, a[0] in ("<", "!=")
            if gap == 0:
                return self.worth(FALSE if strict else TRUE)
            scaled = self.plain.scale(minus(*a[1:])) if a[0] in ("==", "!=") else gap
            return self.hash("rel", a[0], scaled)
        if op in ("and", "or"):
            idle, decisive = map(self.worth, (TRUE, FALSE) if op == "and" else (FALSE, TRUE))
            values = sorted({self.worth(x) for x in a} - {idle}) or [idle]
            if decisive in values or len(values) == 1:
                return decisive if decisive in values else values[0]
            return self.hash(op, *values)
        return self.atom(c)


class Points:
    """Two independent points at which nothing is assumed; a third for ``kind``."""

    def __init__(self) -> None:
        self.one, self.two, self.three = Point(self), Point(self), Point(self)

    def worth(self, t: Term) -> Pair:
        return self.one.worth(t), self.two.worth(t)

    def scale(self, t: Term) -> int:
        """The same for t and its multiples by numbers, different for all else."""
        one, two = self.worth(t)
        if not (one and two):
            raise NoPoint
        return one * pow(two, -1, self.one.P) % self.one.P

    def kind(self, t: Term) -> tuple[int, int, int]:
        """What is the same for t and r*t + s, r and s numbers; and t's worth, less another and
        alone."""
        (one, two), three = self.worth(t), self.three.worth(t)
        if one in (two, three):
            raise NoPoint
        return (one - two) * pow(one - three, -1, self.one.P) % self.one.P, one - two, one

    def equal(
        self, a: Term, b: Term, units: Sequence[Term] = (), positive: Sequence[Term] = ()
    ) -> bool:
        """Whether a == b by algebra, the units not being 0 and the positive ones > 0."""
        try:
            if a is b or self.worth(a) == self.worth(b):
                return True
            scales = {self.scale(d) for u in (*units, *positive) for d in divisors(u)}
            known = Point(self, (), {self.worth(p) for p in positive})
            signs = {self.worth(p): p for p in positive if not known.is_positive(p, False)}
        except NoPoint:
            return False
        roots = [p for p in signs.values() if p.op in COMPOSED or p.args[:1] == ("log",)]
        roots = [p for p in roots if p.op != "**" or is_whole(p.args[1])]  # others are atoms
        seen, agreed = set(), 0
        for _ in range(32 << min(len(roots), 6) if units or positive else 0):
            point = Point(self, scales, signs)
            try:
                odd = next((p for p in roots if pow(point.worth(p), point.Q, point.P) != 1), None)
                if odd is not None:
                    seen |= {odd} if point.worth(odd) else set()
                    continue
                if point.worth(a) != point.worth(b):
                    return False
            except NoPoint:
                continue
            agreed += 1
            if agreed > 1 and len(seen) == len(roots):
                return True
        return False


def number(value: int | Fraction, m: int) -> int:
    return value.numerator * pow(value.denominator, -1, m) % m


def exponent_of(t: Term) -> Term | None:
    """f of exp(f), -f of 1/exp(f)."""
    if t.op == "inv" and t.args[0].op == "fn" and t.args[0].args[0] == "exp":
        return neg(t.args[0].args[1])
    return t.args[1] if t.op == "fn" and t.args[0] == "exp" else None


def divisors(t: Term) -> list[Term]:
    """t, and what is not 0 where t is not: its factors, and bases of powers."""
    inner = t.args if t.op in ("*", "inv") else ()
    if t.op == "**":  # 0**e is 0 where e > 0, and where e is a whole number but 0: 1/0 is 0
        e = t.args[1]
        least = least_value(e) if is_whole(e) else e.args[0] if e.op == "n" else None
        inner = t.args[:1] if least and (least > 0 or (e.op == "n" and is_whole(e))) else ()
    return [t, *[x for a in inner for x in divisors(a)]]


def is_whole(t: Term) -> bool:
    """Whether a term's form shows a whole number."""
    if t.op == "n":
        return type(t.args[0]) is int
    return t.op in ("sz", "ix", "bd") or (t.op in ("+", "*") and all(map(is_whole, t.args)))


def monomials(t: Term) -> dict[tuple[Term, ...], int]:
    """A whole exponent multiplied out: its monomials in sizes and letters, each with its number."""
    if t.op not in ("+", "*"):
        return {(): int(t.args[0])} if t.op == "n" else {(t,): 1}
    out: dict[tuple[Term, ...], int] = {} if t.op == "+" else {(): 1}
    for inner in map(monomials, t.args):
        old, out = out, dict(out) if t.op == "+" else {}
        for m, n in inner.items():
            for k, more in old.items() if t.op == "*" else [((), 1)]:
                work()
                key = tuple(sorted((*m, *k), key=str))
                out[key] = out.get(key, 0) + n * more
    return out


def least_value(t: Term) -> int | None:
    """A lower bound of a whole number by its form: sizes and places are at least 1."""
    if t.op == "n":
        return int(t.args[0])
    if t.op in ("sz", "ix", "bd"):
        return 1
    bounds = [n for n in map(least_value, t.args) if n is not None and (n >= 0 or t.op == "+")]
    if len(bounds) < len(t.args):
        return None
    return sum(bounds) if t.op == "+" else prod(bounds)
