# ruff: noqa: E501 - a row of terms, and what an assertion tells, are easier to read on one line
"""What the checker's parts say of random terms, against an evaluator that shares nothing with it.

Equal by algebra is equal at every point; signs that are known are the signs at points that meet
what is known; a derivative is the limit of differences wherever its conditions hold. SEED and ROUNDS
in the environment say where to begin and how long to go on.
"""

from __future__ import annotations

import os
import random
from fractions import Fraction
from functools import lru_cache
from typing import Any

import pytest

from derivation.checker import Malformed, Refused
from derivation.checker.terms import ZERO, T, minus
from tests.random_terms import (
    ANYWHERE,
    LETTERS,
    SOMEWHERE,
    Texts,
    letters,
    point,
    replay,
    somewhere,
)
from tests.total import Unclear, close, real, sign

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
ROUNDS = int(os.environ.get("ROUNDS", "60"))
PLAIN = ("exp", "log", "sin", "abs")


def source(part: int, what: str) -> random.Random:
    return random.Random(f"{SEED} {part} {what}")


class Reader:
    """The checker's reading of texts in the world of ``random_terms``."""

    def __init__(self) -> None:
        self.r = replay()
        self.letters = letters(self.r)

    def __call__(self, text: str) -> Any:
        return self.r.w.read(text, self.letters).term

    def grounds(self, facts: Any) -> Any:
        return self.r.base.at(self.letters, [self(f) for f in facts])

    def equal(self, a: str, b: str, units: Any = (), positive: Any = ()) -> bool:
        lists = [list(map(self, texts)) for texts in (units, positive)]
        return bool(self.r.points.equal(self(a), self(b), *lists))


def differ(a: str, b: str, rng: random.Random, where: Any = (), count: int = 25) -> Any:
    """A point at which two texts differ, among those at which conditions hold."""
    for n in range(count):
        at, letters = point(rng) if n % 3 else somewhere(rng)
        try:
            if not all(at.text(c, letters) for c in where):
                continue
            one, two = at.text(a, letters), at.text(b, letters)
            if not close(one, two, most=real(1) / 10**25):
                return at.sizes, at.arrays, letters, one, two
        except Unclear:
            continue
    return None


def changed(text: str, rng: random.Random) -> str:
    """One token changed."""
    import re

    tokens = re.findall(r"\w+|\*\*|[=!<>]=|\S|\s+", text)
    n = rng.choice([n for n, t in enumerate(tokens) if t.strip()])
    t = tokens[n]
    swaps = {"+": "-", "-": "+", "*": "/", "/": "*", "==": "!=", "<": "<=", ">": ">=", "**": "*"}
    names = [w for w in tokens if w.isidentifier()]
    others = [str(int(t) + rng.choice((1, -1)))] if t.isdigit() else [rng.choice(names or ["a"])]
    tokens[n] = swaps.get(t) or rng.choice(others)
    return "".join(tokens)


LAWS = [  # of commutative rings, and what holds in fields with 1/0 = 0
    ("{a} + {b}", "{b} + {a}"), ("{a}*{b}", "{b}*{a}"), ("{a} + ({b} + {c})", "({a} + {b}) + {c}"),
    ("{a}*({b}*{c})", "({a}*{b})*{c}"), ("{a}*({b} + {c})", "{a}*{b} + {a}*{c}"),
    ("{a} - {a}", "0"), ("{a} + 0", "{a}"), ("{a}*1", "{a}"), ("{a}*0", "0"), ("-{a}", "(-1)*{a}"),
    ("({a} + {b})**2", "{a}**2 + 2*{a}*{b} + {b}**2"), ("({a}*{b})**3", "{a}**3*{b}**3"),
    ("({a} - {b})*({a} + {b})", "{a}**2 - {b}**2"), ("1/({a}*{b})", "1/{a}*(1/{b})"),
    ("1/(1/{a})", "{a}"), ("({a} + {b})/{c}", "{a}/{c} + {b}/{c}"), ("1/{a}**2", "(1/{a})**2"),
    ("exp({a} + {b})", "exp({a})*exp({b})"), ("exp(-{a})", "1/exp({a})"), ("log(exp({a}))", "{a}"),
    ("{a}**(K + 1)", "{a}**K*{a}"), ("({a}*{b})**K", "{a}**K*{b}**K"), ("max({a}, {b})", "max({b}, {a})"),
    ("({a} if {a} > {b} else {c})", "({c} if {a} <= {b} else {a})"), ("delta(i,j)", "delta(j,i)"),
    ("sum({a}*{b} for q in K)", "sum({b}*{a} for r in K)"), ("({a}**2)**K", "{a}**(2*K)"),
    ("({a} if {b} - {c} > 0 else 1)", "({a} if {b} > {c} else 1)"),
]  # fmt: skip


@pytest.mark.parametrize("part", range(3))
def test_laws_of_rings_and_fields_are_seen(part: int) -> None:
    rng, read = source(part, "laws"), Reader()
    texts = Texts(rng, PLAIN)
    for _ in range(ROUNDS):
        a, b, c = (f"({texts.term(rng.randint(0, 2))})" for _ in range(3))
        left, right = (t.format(a=a, b=b, c=c) for t in rng.choice(LAWS))
        try:
            assert read.equal(left, right) or _undefined(read, left), (SEED, left, right)
        except Refused:
            continue  # a division by 0 that is written
        assert differ(left, right, rng, count=3) is None, (SEED, left, right)


def _undefined(read: Reader, text: str) -> bool:
    """Whether something that is 0 is divided by: then nothing is equal, not even to itself."""
    return "/" in text or ("**" in text and not read.equal(f"({text})*a + 1", f"1 + a*({text})"))


@pytest.mark.parametrize("part", range(6))
def test_what_is_equal_by_algebra_is_equal(part: int) -> None:
    rng, read = source(part, "algebra"), Reader()
    texts = Texts(rng, PLAIN)
    for _ in range(3 * ROUNDS):
        a = texts.term(rng.randint(1, 3))
        b = changed(a, rng) if rng.random() < 0.8 else texts.term(1)
        try:
            equal = read.equal(a, b)
        except (Refused, Malformed):
            continue
        if equal:
            assert differ(a, b, rng) is None, (SEED, a, b)


SMALL = [  # closely related terms: many are equal, many nearly so
    "a", "-a", "abs(a)", "sqrt(a**2)", "a*sign(a)", "a**2/a", "1/(1/a)", "exp(log(a))", "a**K", "b",
    "(-a)**K", "a**(K - 1)*a", "a**(K - 2)*a*a", "a**(i - j)", "a**(j - i)", "1/a**(i - j)", "a*b/b",
    "a**i/a**j", "sqrt(a)*sqrt(a)", "(a**2)**(1/2)", "sqrt(a*b)*sqrt(a/b)", "sqrt(a*b)/sqrt(b)*sqrt(a)",
    "log(a*b) - log(b)", "log(a)", "log(a**2)/2", "-log(1/a)", "exp(a*log(b))", "b**a", "b**(2*a)",
    "(b**2)**a", "(b**a)**2", "a/a", "1", "b/b", "0", "a - a", "(a - b)/(a - b)", "0**a", "a**0", "0**K",
    "(a*b)**(1/2)", "sqrt(a)*sqrt(b)", "max(a, b)", "(a + b + abs(a - b))/2", "(a if a > b else b)",
    "(a if a > 0 else -a)", "relu(a) - relu(-a)", "exp(-log(a))", "1/a", "a**(-1)", "a**(-K)", "1/a**K",
    "a**(1 - K)", "a**(-K)*a", "a**(K*K)", "(a**K)**K", "sqrt(a**4)", "a**2", "(a**3)**(1/3)", "(-1)**K",
    "(-1)**(2*K)", "exp(log(a) + log(b))", "a*b", "sqrt((a + b)**2)", "a + b", "(a + b)**2/(a + b)",
    "(a + b)/a - b/a", "log(exp(a)*b) - a", "log(b)", "a**b*a**(-b)", "a**(b - b)", "a**(1/2)*a**(1/2)",
    "((-a)*(-b))**(1/2)", "1/(a*b)*b", "sign(a)*sign(a)*a", "b**(a + 1)/b", "b**(a*1)", "(1/b)**(-a)",
    "log(a/b) + log(b)", "(a**2*b**2)**(1/2)", "a**(1/3)*a**(2/3)", "sqrt(K*a**2)/sqrt(K)", "K*a/K",
    "sqrt(pi)*sqrt(pi)*a/pi", "exp(2*log(a))/a", "a**K*a**(-K)", "a**(K - K)", "(a*b)**K/b**K",
    "sqrt(a*b)*sqrt(b*c)*sqrt(a*c)/(b*c)", "sqrt(a**2 + 2*a*b + b**2) - b", "(i - j)/(i - j)*a",
    "delta(i,j)*a + a*(1 - delta(i,j))", "a**(i + j - 1)*a**(1 - j)", "a**i", "(a**i)**j", "a**(i*j)",
]  # fmt: skip
LISTS = [
    ([], []), (["a"], []), (["b"], []), (["a", "b"], []), ([], ["a"]), ([], ["b"]),
    ([], ["a", "b"]), (["a"], ["a**2"]), (["a", "b"], ["a**2", "b**2"]), ([], ["a*b"]),
    (["a - b"], []), ([], ["a + b"]), (["a + b"], ["(a + b)**2"]), ([], ["a*b", "b*c", "a*c"]),
    ([], ["a/b"]), (["K - 1"], []), (["i - j"], []), ([], ["a**2*b**2"]), ([], ["a**K"]),
    ([], ["a", "a - b"]), (["a*b"], []), (["a**K"], []), ([], ["-a"]), ([], ["1/a"]), ([], ["sqrt(a)"]),
]  # fmt: skip
NUMBERS = [[-2, -1, 2, 3], [1, 2, 3], [0, 1, -1, 2], [-4, -1, -9]]


@lru_cache(maxsize=1)
def values() -> list[tuple[Any, Any, list[Any]]]:
    """Points, and what the closely related terms are there."""
    rng = source(0, "values")
    found = [point(rng, list(map(Fraction, NUMBERS[n % 4]))) for n in range(16 + 2 * ROUNDS)]
    return [(at, letters, [_value(at, t, letters) for t in SMALL]) for at, letters in found]


@pytest.mark.parametrize("nonzero, positive", LISTS)
def test_what_is_equal_under_conditions_is_equal_where_they_hold(
    nonzero: Any, positive: Any
) -> None:
    """Pairs of closely related terms: called equal only if they are wherever the lists are met."""
    rng, read = source(0, "lists"), Reader()
    where = [f"{t} != 0" for t in nonzero] + [f"{t} > 0" for t in positive]
    table = [row for at, letters, row in values() if all(_value(at, c, letters) for c in where)]
    assert len(table) >= 3
    near, far = [], []
    for n, a in enumerate(SMALL):
        for m, b in enumerate(SMALL[:n]):
            same = [
                close(row[n], row[m]) for row in table if row[n] is not None and row[m] is not None
            ]
            if not all(same):  # the more points agree, the more a mistake is to be feared
                (near if 2 * sum(same) >= len(same) else far).append((a, b))
    pairs = rng.sample(near, min(len(near), ROUNDS)) + rng.sample(far, min(len(far), ROUNDS))
    wrong = [pair for pair in pairs if read.equal(*pair, nonzero, positive)]
    assert not wrong, (SEED, where, wrong)


def _value(at: Any, text: str, letters: Any) -> Any:
    try:
        return at.text(text, letters)
    except Unclear:
        return None


@pytest.mark.parametrize("part", range(4))
def test_signs_that_are_known_are_the_signs(part: int) -> None:
    rng, read = source(part, "signs"), Reader()
    known = 0
    for _ in range(2 * ROUNDS):
        texts = Texts(rng, (*ANYWHERE, "log", "lgamma", "trigamma"), names=True)
        facts = [texts.condition(1) for _ in range(rng.randint(0, 2))]
        term = texts.term(rng.randint(1, 3))
        try:
            grounds = read.grounds(facts)
            signs, _ = grounds.signs(_same(grounds, read(term)))
        except (Refused, Malformed):
            continue
        if len(signs) == 3:
            continue
        known += 1
        for n in range(12):
            at, letters = point(rng) if n % 3 else somewhere(rng)
            try:
                if all(at.text(f, letters) for f in facts):
                    value = at.text(term, letters)
                    hardly = value != 0 and sign(value) == 0  # exp of something far below 0
                    assert hardly or sign(value) in signs, (SEED, term, facts, at.arrays, letters)
            except Unclear:
                continue
    assert known


def _same(grounds: Any, term: Any) -> Any:
    from derivation.checker.terms import subst

    return subst(term, grounds.same)


@pytest.mark.parametrize("part", range(4))
def test_conditions_that_are_known_hold(part: int) -> None:
    rng, read = source(part, "conditions"), Reader()
    known = 0
    for _ in range(3 * ROUNDS):
        texts = Texts(rng, ANYWHERE, names=True)
        facts = [texts.condition(rng.randint(0, 2)) for _ in range(rng.randint(1, 3))]
        wanted = changed(rng.choice(facts), rng) if rng.random() < 0.7 else texts.condition(1)
        try:
            grounds = read.grounds(facts)
            if grounds.holds(read(wanted)) is None:
                continue
        except (Refused, Malformed):
            continue
        known += 1
        for n in range(20):
            at, letters = point(rng) if n % 3 else somewhere(rng)
            try:
                if all(at.text(f, letters) for f in facts):
                    assert at.text(wanted, letters), (SEED, wanted, facts, at.arrays, letters)
            except Unclear:
                continue
    assert known


VARIABLES = ["a", "x[j]", "x[1]", "u[i,m]", "v[m]", "p", "s[i]", "x[lab[m]]"]


@pytest.mark.parametrize("part", range(8))
def test_derivatives_are_limits_where_their_conditions_hold(part: int) -> None:
    rng, read = source(part, "derivatives"), Reader()
    tried = 0
    for _ in range(ROUNDS):
        texts = Texts(rng, (*ANYWHERE, *SOMEWHERE), whole=part % 2 == 0, names=True)
        term, by = texts.term(rng.randint(1, 4)), rng.choice(VARIABLES)
        kind = rng.choice(["diff", "diff", "fix"])
        try:
            v = read(by)
            found, needs = read.r.calculus.of(read(term), kind, v)
        except (Refused, Malformed):
            continue
        for n in range(8):
            at, letters = somewhere(rng) if n % 4 else point(rng)
            try:
                if all(at.term(c, letters) for c in needs):
                    compare(at, term, kind, by, found, letters)
                    tried += 1
            except Unclear:
                continue
    assert tried > ROUNDS


def compare(at: Any, term: str, kind: str, by: str, found: Any, letters: Any) -> None:
    """Both one-sided differences, against what is claimed of them."""
    import ast

    name, places = at.named(ast.parse(by, mode="eval").body, letters)
    told = real(at.term(found, letters))
    for side in (-1, 1):
        slope = at.slope(
            "diff" if kind == "diff" else "partial",
            lambda p: p.text(term, letters),
            name,
            places,
            side,
        )
        size = 1 + abs(told) + abs(slope)
        if size > 10**7:
            raise Unclear("steep")
        assert abs(slope - told) < size * real(1) / 10**3, (
            SEED,
            kind,
            term,
            by,
            at.sizes,
            at.arrays,
            letters,
            float(told),
            float(slope),
        )


@pytest.mark.parametrize("part", range(3))
def test_second_derivatives_are_limits_where_their_conditions_hold(part: int) -> None:
    rng, read = source(part, "second"), Reader()
    tried = 0
    for _ in range(ROUNDS):
        texts = Texts(rng, ANYWHERE, whole=False)
        term, one, two = (
            texts.term(rng.randint(1, 3)),
            *rng.choices(["a", "x[j]", "x[i]", "b"], k=2),
        )
        try:
            found, needs = read.r.calculus.expand(read(f"diff({term}, {one}, {two})"))
        except (Refused, Malformed):
            continue
        for n in range(6):
            at, letters = somewhere(rng) if n % 3 else point(rng)
            try:
                if all(at.term(c, letters) for c in needs):
                    told, slope = (
                        real(at.term(found, letters)),
                        at.text(f"diff({term}, {one}, {two})", letters),
                    )
                    size = 1 + abs(told) + abs(slope)
                    assert size > 10**7 or abs(told - slope) < size / 10**3, (
                        SEED,
                        term,
                        one,
                        two,
                        at.sizes,
                        at.arrays,
                        letters,
                        told,
                        slope,
                    )
                    tried += 1
            except Unclear:
                continue
    assert tried > ROUNDS


def test_texts_are_read_as_they_are_evaluated() -> None:
    rng, read = source(0, "reading"), Reader()
    for _ in range(4 * ROUNDS):
        text = Texts(rng, (*ANYWHERE, *SOMEWHERE), names=True).term(rng.randint(1, 4))
        at, letters = point(rng)
        try:
            term = read(text)
            assert close(at.term(term, letters), at.text(text, letters)), (SEED, text)
        except (Unclear, Refused):
            continue


def test_putting_in_and_opening_are_as_evaluated() -> None:
    """Free letters replaced by places, binders taken apart and bound again."""
    from derivation.checker import terms as t

    rng, read = source(0, "substitution"), Reader()
    i = read.letters[0]
    for _ in range(4 * ROUNDS):
        text = Texts(rng, ANYWHERE).term(rng.randint(1, 4))
        at, letters = point(rng)
        place = rng.choice(["j", "1", "lab[m]", "i"])
        try:
            term, there = read(text), t.subst(read(text), {i: read(place)})
            moved = {**letters, "i": at.text(place, letters)}
            assert close(at.term(there, letters), at.term(term, moved)), (SEED, text, place)
            whole = t.bind("sum", i, read("i != j"), term)
            value = sum(
                [
                    real(at.term(term, {**letters, "i": k}))
                    for k in range(1, at.sizes["K"] + 1)
                    if k != letters["j"]
                ]
            )
            assert close(at.term(whole, letters), value), (SEED, text)
            letter, guard, body = t.enter(whole)
            assert t.bind("sum", letter, guard, body) is whole
            assert t.opened(whole.args[3], i) is term
        except (Unclear, Refused):
            continue


def test_numbers_are_one_term() -> None:
    assert minus(T("pi"), ZERO) is T("pi") and set(LETTERS) == {"i", "j", "m"}
