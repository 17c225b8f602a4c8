"""Programs in which letters, sizes, places and edges meet, and theorems tried at single points.

``program(rng)`` draws programs whose inner sums reuse outer letters, that compare across sizes,
name literal places, take maxima over guarded ranges and cut off where another term cuts off.
``failure`` tries what was derived at points that meet what the theorem states and nothing else,
many of them at the edge of a guard or a comparison: there both one-sided differences of the
program, interpreted from its text (``tests.independent``), must be the result.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mpmath import mp, mpf

from derivation.engine import derive_outcome
from derivation.errors import InputError
from derivation.language import read_problem, write, write_condition
from derivation.problem import Problem
from derivation.steps import Outcome
from derivation.terms import (
    FUNCTION_NAMES,
    Add,
    AllOf,
    AnyOf,
    Every,
    IfElse,
    Index,
    Integer,
    KroneckerDelta,
    MaxOver,
    Mul,
    Not,
    Pow,
    ProductOver,
    Rational,
    Reduction,
    Relation,
    Size,
    SumOver,
    free_indices,
    indices_of,
    is_element,
    name_of,
    pi,
)
from tests.independent import Model, Point, Unclear

STEP, TOLERANCE, SAME = mpf(10) ** -14, mpf(10) ** -6, mpf(10) ** -30

# -- what was derived, at a point -------------------------------------------------------------


class Values:
    """Terms at a point as total functions: 1/0 is 0, what else has no value is some number."""

    def __init__(self, point: Point, introduced: Mapping[str, Any]) -> None:
        self.point, self.introduced = point, introduced

    def size(self, t: Any) -> int:
        return int(t) if isinstance(t, Integer) else self.point.sizes[str(t)]

    def place(self, t: Any, env: Mapping[Any, int]) -> int:
        if isinstance(t, Index):
            return env[t]
        return int(t) if isinstance(t, Integer) else int(self.value(t, env))

    def entry(self, t: Any, env: Mapping[Any, int]) -> Any:
        name, at = name_of(t), tuple(self.place(i, env) for i in indices_of(t))
        if name in self.introduced:
            d = self.introduced[name]
            return self.value(d.body, dict(zip(d.params, at, strict=True)))
        try:
            return self.point.entry(name, at)
        except KeyError:  # out of range
            return mpf(sum(map(ord, name)) + sum(at)) / 37

    def value(self, t: Any, env: Mapping[Any, int]) -> Any:
        if isinstance(t, Rational):
            return mpf(int(t.p)) / int(t.q)
        if t == pi:
            return +mp.pi
        if isinstance(t, Size):
            return mpf(self.size(t))
        if isinstance(t, Index):
            return mpf(env[t])
        if is_element(t):
            return self.entry(t, env)
        if isinstance(t, Add):
            return mp.fsum(self.value(a, env) for a in t.args)
        if isinstance(t, Mul):
            return mp.fprod([self.value(a, env) for a in t.args])
        if isinstance(t, Pow):
            return self._power(*[self.value(a, env) for a in t.args])
        if isinstance(t, KroneckerDelta):
            i, j = (self.place(a, env) for a in t.args)
            return mpf(i == j)
        if isinstance(t, IfElse):
            return self.value(t.args[1] if self.holds(t.args[0], env) else t.args[2], env)
        if isinstance(t, Reduction):
            return self._reduction(t, env)
        return self._function(FUNCTION_NAMES[type(t)], [self.value(a, env) for a in t.args])

    def _power(self, base: Any, exponent: Any) -> Any:
        if abs(base) < SAME and exponent < 0:
            return mpf(0)
        if exponent == mp.nint(exponent):
            return base ** int(exponent)
        return abs(base) ** exponent + (mpf(3) / 17 if base < 0 else 0)

    def _reduction(self, t: Any, env: Mapping[Any, int]) -> Any:
        found = [self.value(t.body, inner) for inner in self.places(t, env)]
        if isinstance(t, SumOver):
            return mp.fsum(found)
        if isinstance(t, ProductOver):
            return mp.fprod(found)
        if not found:
            return mpf(43) / 41
        return max(found) if isinstance(t, MaxOver) else min(found)

    def places(self, t: Any, env: Mapping[Any, int]) -> Iterator[dict[Any, int]]:
        for n in range(1, self.size(t.index.size) + 1):
            inner = {**env, t.index: n}
            if self.holds(t.guard, inner):
                yield inner

    def _function(self, name: str, xs: list[Any]) -> Any:
        if name == "log" and xs[0] <= 0:
            return xs[0] + mpf(19) / 11
        known = {
            "exp": mp.exp, "log": mp.log, "tanh": mp.tanh, "sign": mp.sign, "abs": abs,
            "relu": lambda x: max(x, mpf(0)), "max": max, "min": min,
            "sigmoid": lambda x: 1/(1 + mp.exp(-x)), "softplus": lambda x: mp.log(1 + mp.exp(x)),
        }  # fmt: skip
        return known[name](*xs)

    def holds(self, c: Any, env: Mapping[Any, int]) -> bool:
        if isinstance(c, AllOf):
            return all(self.holds(a, env) for a in c.args)
        if isinstance(c, AnyOf):
            return any(self.holds(a, env) for a in c.args)
        if isinstance(c, Not):
            return not self.holds(c.args[0], env)
        if isinstance(c, Every):
            return all(self.holds(c.body, inner) for inner in self.places(c, env))
        assert isinstance(c, Relation)
        gap = self.value(c.left, env) - self.value(c.right, env)
        gap = 0 if abs(gap) < SAME else gap
        return {
            "==": gap == 0, "!=": gap != 0, "<": gap < 0, ">": gap > 0,
            "<=": gap <= 0, ">=": gap >= 0,
        }[c.op]  # fmt: skip

    def everywhere(self, c: Any) -> bool:
        """Whether a condition holds for every value of its free indices."""
        letters = sorted(free_indices(c), key=str)
        ranges = [range(1, self.size(i.size) + 1) for i in letters]
        return all(
            self.holds(c, dict(zip(letters, at, strict=True))) for at in itertools.product(*ranges)
        )


# -- points -----------------------------------------------------------------------------------

EDGES = [mpf(n) / 2 for n in (-4, -3, -2, -1, 0, 0, 1, 2, 2, 3, 4)]
SIZES = (1, 2, 2, 3)


def model_of(text: str) -> Model:
    lines = [s for s in re.split(r"[;\n]", text) if not re.match(r"\s*\w+\s*:", s)]
    return Model("\n".join(lines))


def points(
    problem: Problem, stated: Sequence[Any], rng: random.Random, count: int
) -> Iterator[Point]:
    """Points at small sizes, many of their numbers halves and wholes, at which the givens that are
    ``stated`` hold; the program may have others."""
    model = model_of(problem.text)
    inputs = {n: s for n, s in problem.shapes.items() if n not in problem.definitions}
    for _ in range(count):
        sizes = {n: rng.choice(SIZES) for n in problem.sizes}
        round_ = rng.random()
        tables: dict[str, Any] = {}
        for name, slots in inputs.items():
            ranges = [
                range(1, (int(s) if isinstance(s, Integer) else sizes[str(s)]) + 1) for s in slots
            ]
            tables[name] = {
                at: rng.choice(EDGES)
                if rng.random() < round_
                else mpf(rng.randint(-2000, 2000)) / 997
                for at in itertools.product(*ranges)
            }
        point = Point(model, sizes, tables, loose=True)
        try:
            if all(Values(point, {}).everywhere(g) for g in stated):
                yield point
        except (Unclear, KeyError):
            continue


# -- the trial --------------------------------------------------------------------------------


def derived(text: str, style: str = "delta") -> Outcome | None:
    """The first derivative that a program asks for; None where it is no program."""
    try:
        problem = read_problem(text)
    except InputError:
        return None
    return derive_outcome(problem, problem.wrt[0], style=style)


class Trial:
    """One theorem and how it fared: ``tried`` points of ``seen`` met what it states."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.tried = self.seen = 0
        self.failed: str | None = None

    def run(self, rng: random.Random, count: int = 60, wanted: int = 12) -> str | None:
        """What is wrong with the theorem at some point, if anything."""
        for point in points(self.outcome.problem, self.outcome.given, rng, count):
            self.seen += 1
            self.failed = self.at(point, rng)
            if self.failed is not None or self.tried >= wanted:
                break
        return self.failed

    def at(self, point: Point, rng: random.Random) -> str | None:
        o = self.outcome
        values = Values(point, {d.name: d for d in o.introduced})
        try:
            stated = (*o.conditions, *o.domain)
            if not all(map(values.everywhere, stated)):
                return None
        except (Unclear, KeyError):
            return None
        letters = list(dict.fromkeys(i for v in (o.objective, *o.wrt) for i in indices_of(v)
                                     if isinstance(i, Index)))  # fmt: skip
        env = {i: rng.randint(1, values.size(i.size)) for i in letters}
        (v,) = o.wrt
        name, at = name_of(v), tuple(values.place(i, env) for i in indices_of(v))
        goal = name_of(o.objective), tuple(values.place(i, env) for i in indices_of(o.objective))
        try:
            shape = [values.size(s) for s in o.problem.shapes[name]]
            cut = point.cut(name, shape)
            if at not in cut.arrays[name]:
                return None
            here = cut.entry(*goal)
            ends = [(cut.moved({(name, at): h}).entry(*goal) - here) / h for h in (STEP, -STEP)]
        except (Unclear, KeyError):
            return None
        self.tried += 1
        where = f"sizes {point.sizes}, {name}{list(at)}, {_shown(point)}"
        try:
            found = values.value(o.result, env)
        except Unclear:  # a definition that the result mentions has none where it does not count
            return None
        for slope in ends:
            if abs(slope - found) > TOLERANCE * (1 + abs(found)):
                return f"{mp.nstr(found, 8)}, not {[mp.nstr(e, 8) for e in ends]} at {where}"
        return None

    def misses(self, point: Point, rng: random.Random) -> bool:
        """Whether the program has a value and one slope by every entry, nearby too, at a point
        that does not meet what the theorem states."""
        o = self.outcome
        values = Values(point, {d.name: d for d in o.introduced})
        (v,) = o.wrt
        try:
            if all(map(values.everywhere, (*o.conditions, *o.domain))):
                return False
            for at in point.arrays[name_of(v)]:
                for h in (STEP, -STEP, STEP / 3, -STEP / 3):
                    here = point.moved({(name_of(v), at): h})
                    ends = [here.moved({(name_of(v), at): e}) for e in (STEP**2, -(STEP**2))]
                    slopes = [(e.entry("L", ()) - here.entry("L", ())) for e in ends]
                    if abs(slopes[0] + slopes[1]) > abs(slopes[0]) * TOLERANCE:
                        return False
        except (Unclear, KeyError):
            return False
        return all(x not in EDGES for table in point.arrays.values() for x in table.values())

    def told(self) -> str:
        """The program and the theorem, for a failing test's message."""
        o = self.outcome
        stated = [write_condition(c) for c in (*o.given, *o.conditions, *o.domain)]
        result = None if o.result is None else write(o.result)
        return f"{o.problem.text}\n  = {result}\n  if {stated}\n  {self.failed}"


def _shown(point: Point) -> str:
    return "; ".join(
        f"{n} = {[mp.nstr(x, 6) for x in table.values()]}" for n, table in point.arrays.items()
    )


def failure(text: str, seed: int = 0, count: int = 60, style: str = "delta") -> str | None:
    """What is wrong with the theorem that is derived of a program, or None."""
    outcome = derived(text, style)
    if outcome is None or outcome.result is None:
        return None
    trial = Trial(outcome)
    return trial.told() if trial.run(random.Random(seed), count) is not None else None


# -- programs ---------------------------------------------------------------------------------

SHAPES = {"x": "K", "y": "K", "z": "D", "u": "D", "w": "KK", "v": "KD", "a": "", "b": "", "c": ""}
LETTERS = "ijk"


class Writer:
    """Few letters, few arrays: so that they meet."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.letters = rng.choice((LETTERS, "i", "ij", "kmi", "nl"))
        self.literals = rng.random() < 0.4
        self.reused: list[str] = []

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def pick(self, *options: Any) -> Any:
        return self.rng.choice(options)

    # ``scope``: letters with the size that they run over

    def slot(self, over: str, scope: dict[str, str]) -> str | None:
        fitting = [q for q, s in scope.items() if s == over]
        if self.literals and self.chance(0.15):
            return str(self.pick(1, 2, 2, 3))
        return self.rng.choice(fitting) if fitting else None

    def entry(self, scope: dict[str, str]) -> str:
        for _ in range(6):
            name = self.rng.choice(list(SHAPES))
            slots = [self.slot(over, scope) for over in SHAPES[name]]
            if None not in slots:
                return name + (f"[{','.join(map(str, slots))}]" if slots else "")
        return "a"

    def bind(self, scope: dict[str, str]) -> tuple[str, str, dict[str, str]]:
        letter, over = self.rng.choice(self.letters), self.pick("K", "K", "D")
        return letter, over, {**scope, letter: over}

    def guard(self, letter: str, scope: dict[str, str]) -> str:
        others = [q for q, s in scope.items() if s == scope[letter] and q != letter]
        kinds = []
        if others:
            other = self.rng.choice(others)
            op = self.pick("!=", "!=", "<", ">", "<=", ">=", "==")
            kinds += [f"{letter} {op} {other}"] * 3
        if self.literals:
            kinds.append(f"{letter} {self.pick('!= 1', '!= 2', '== 2', '> 1', '<= 2', '== 1')}")
        value = self.value(scope, 0)
        level = self.pick(*[n for n in ("0", "a", "1") if n != value])
        if value not in scope:
            kinds.append(f"{value} {self.pick('>', '<', '>=', '!=')} {level}")
        if self.chance(0.2) and others:
            kinds = [f"{letter} != {self.rng.choice(others)} and {kinds[-1]}"]
        kinds = kinds or ["a > b"]
        return self.rng.choice(kinds)  # type: ignore[no-any-return]

    def reduction(self, kind: str, scope: dict[str, str], depth: int, guarded: float) -> str:
        letter, over, inner = self.bind(scope)
        tail = f" if {self.guard(letter, inner)}" if self.chance(guarded) else ""
        return f"{kind}({self.value(inner, depth - 1)} for {letter} in {over}{tail})"

    def test(self, scope: dict[str, str], depth: int) -> str:
        kind = self.rng.random()
        if kind < 0.3 and scope:
            return self.compared_with_extreme(scope, depth)
        pairs = [(p, q) for p in scope for q in scope if p != q and scope[p] == scope[q]]
        if kind < 0.5 and pairs:
            p, q = self.rng.choice(pairs)
            return f"{p} {self.pick('<', '!=', '==', '<=')} {q}"
        left = self.value(scope, depth - 1)
        if kind < 0.7 and self.reused:
            left = self.rng.choice(self.reused)
        right = self.pick("0", "1", self.value(scope, 0))
        return f"{left} {self.pick('>', '<', '>=', '!=', '==')} {right}"

    def compared_with_extreme(self, scope: dict[str, str], depth: int) -> str:
        """f_j against the maximum over k of f_k, where j is in range of k or is not."""
        letter = self.rng.choice(list(scope))
        over = self.pick("K", scope[letter], "D")
        other = self.rng.choice([q for q in "ijkmn" if q != letter])
        body = self.pick("x[{}]", "y[{}]*a", "a*{} + b", "({} - 2)**2*a + {}", "z[{}]", "x[{}]**2")
        if ("x" in body or "y" in body) and over != "K":
            over = "K"
        if "z" in body:
            over = "D"
        at = letter if self.chance(0.8) else str(self.pick(1, 2))
        if "[" in body and SHAPES[body[0]] != scope[letter]:
            at = "1"
        tail = f" if {other} {self.pick('!=', '<', '>')} {letter}"
        tail = tail if scope[letter] == over and self.chance(0.3) else ""
        whole = (
            f"{self.pick('max', 'min')}({body.format(*[other] * 2)} for {other} in {over}{tail})"
        )
        sides = [body.format(at, at), whole]
        self.rng.shuffle(sides)
        return f"{sides[0]} {self.pick('==', '>=', '<', '!=')} {sides[1]}"

    def clipped(self, scope: dict[str, str]) -> str:
        """A ratio cut off, against the ratio, with a weight: as PPO has it."""
        r, weight = self.entry(scope), self.entry(scope)
        low, high = self.pick(("0", "1"), ("1 - a", "1 + a"), ("b", "c"))
        clip = self.pick(
            f"max(min({r}, {high}), {low})", f"min({high}, max({low}, {r}))",
            f"({low} if {r} < {low} else {high} if {r} > {high} else {r})",
            f"min({r}, {high})", f"relu({r})",
        )  # fmt: skip
        return f"{self.pick('min', 'max')}({r}*{weight}, {clip}*{weight})"

    def value(self, scope: dict[str, str], depth: int) -> str:
        if depth <= 0:
            if self.chance(0.1) and scope:
                return self.rng.choice(list(scope))
            return self.entry(scope)
        kind = self.rng.random()
        one = lambda: self.value(scope, depth - 1)  # noqa: E731
        if kind < 0.25:
            out = self.reduction("sum", scope, depth, 0.4)
        elif kind < 0.33:
            out = self.reduction(self.pick("max", "min"), scope, depth, 0.4)
        elif kind < 0.5:
            out = f"{one()}*{self.entry(scope)}" if self.chance(0.6) else f"({one()} + {one()})"
        elif kind < 0.6:
            out = f"({one()} if {self.test(scope, depth)} else {one()})"
        elif kind < 0.68:
            out = f"{self.pick('max', 'min')}({one()}, {self.pick('0', '1', one())})"
        elif kind < 0.72:
            out = self.clipped(scope)
        elif kind < 0.78:
            out = f"{self.pick('relu', 'abs')}({one()})"
        elif kind < 0.84:
            over = self.pick("K", "D")
            slots = [self.slot(over, scope) or "2" for _ in range(2)]
            out = f"delta({slots[0]},{slots[1]})*{one()}" if scope else one()
        elif kind < 0.9:
            out = f"({one()} - {one()})**2"
        elif kind < 0.95:
            out = f"{self.entry(scope)}/{self.pick(one(), self.entry(scope))}"
        else:
            out = f"{self.pick('exp', 'tanh', 'log')}({one()})"
        if self.chance(0.1) and not scope:
            self.reused.append(out)
        return out

    def captured(self) -> tuple[str, str]:
        """A given about x[f]*sum(…), and a sum in which the letter is bound twice."""
        op = self.pick(">", ">=", "!=", "<")
        f, k, i = "f", self.pick("k", "f1"), self.rng.choice(self.letters)
        inner = self.pick("y[{1}]*w[{1},{0}]", "y[{1}]*x[{0}]", "w[{1},{0}]", "y[{1}] + x[{0}]")
        outer = self.pick("x[{0}]*{1}", "x[{0}] + {1}", "{1} - y[{0}]")
        given = outer.format(f, f"sum({inner.format(f, k)} for {k} in K)")
        term = outer.format(i, f"sum({inner.format(i, i)} for {i} in K)")
        body = self.pick(
            "({0} if {0} {1} 0 else 2*({0}))", "a*abs({0})", "relu({0})*b", "({0})*sign({0})",
            "max({0}, 0)", "(a if {0} {1} 0 else b)*x[{2}]",
        ).format(term, op, i)  # fmt: skip
        return f"given {given} {op} 0", f"sum({body} for {i} in K)"

    def across(self) -> str:
        """A case that depends on whether a maximum over one size is met by a place of another."""
        over, of = self.pick(("D", "K"), ("K", "D"), ("K", "K"))
        f = self.pick("({0} - 2)**2*a + {0}", "a*{0} + b", "{0}*a", "a*({0} - b)**2", "x[{0}]*a")
        if of == "D" or over == "D":
            f = f.replace("x[{0}]", "{0}")
        inner, outer = self.pick("k", "j", "i"), self.pick("j", "i")
        inner = "m" if inner == outer else inner
        tail = self.pick("", "", f" if {inner} != {self.pick(outer, '1')}", f" if {inner} > 1")
        tail = tail if over == of or outer not in tail else ""
        whole = f"{self.pick('max', 'min')}({f.format(inner)} for {inner} in {of}{tail})"
        at = self.pick(outer, outer, outer, "1", "2")
        test = f"{f.format(at)} {self.pick('==', '!=', '>=', '<')} {whole}"
        one, two = self.pick(("a", "2*a + 1"), ("a*b", "b"), ("b", "-b"), ("0", "a"))
        array = {"K": "y", "D": "z"}[over]
        return f"sum(({one} if {test} else {two})*{array}[{outer}] for {outer} in {over})"

    def placed(self) -> str:
        """A sum in which only a literal place counts."""
        over, n = self.pick("K", "D"), self.pick(2, 2, 3)
        value = self.pick("a", "a*b", "{}*a", "x[{}]*a" if over == "K" else "z[{}]*a")
        value = value.format("k")
        return self.pick(
            f"sum({value}*delta(k,{n}) for k in {over})",
            f"sum({value} for k in {over} if k == {n})",
            f"sum(({value} if k == {n} else b) for k in {over})",
            f"sum({value} for k in {over}) - sum({value} for k in {over} if k != {n})",
            f"max({value} for k in {over} if k != {n})",
            f"log(sum(a for k in {over} if k >= {n}))",
        )  # type: ignore[no-any-return]

    def alone(self, kind: str) -> str:
        """A program that is of one kind and short."""
        givens = []
        if kind == "captured":
            given, body = self.captured()
            givens.append(given)
        elif kind == "clipped":
            body = f"sum({self.clipped({'i': 'K'})} for i in K)"
        else:
            body = getattr(self, kind)()
        if kind == "placed" and self.chance(0.7):
            givens.append(f"given K >= {self.pick(2, 3)}")
            givens.append(f"given D >= {self.pick(2, 3)}")
        return self.whole([], body, givens)

    def whole(self, before: list[str], body: str, givens: list[str]) -> str:
        """The program around an objective: shapes, and by what to differentiate."""
        text = " ".join((*before, body))
        live = [n for n in SHAPES if re.search(rf"\b{n}\b", text)]
        if not live:
            live, body = ["a"], f"{body} + a"
        by = self.rng.choice(live)
        slots = list("qst"[: len(SHAPES[by])])
        if slots and self.literals and self.chance(0.1):
            slots[0] = str(self.pick(1, 2))
        used = set(re.findall(r"\w+", f"{text} {' '.join(givens)}")) | {by}
        shapes = [f"{n}: {' by '.join(s) or 'scalar'}" for n, s in SHAPES.items() if n in used]
        wrt = by + (f"[{','.join(slots)}]" if slots else "")
        return "\n".join([*shapes, *before, f"L = {body}", *givens, f"wrt {wrt}"])

    def program(self) -> str:
        givens = []
        body = self.value({}, 4)
        if self.chance(0.25):
            given, captured = self.captured()
            givens.append(given)
            body = captured if self.chance(0.5) else f"{body} + {captured}"
        if self.chance(0.2):
            body = self.pick("{1}", "{0} + {1}", "b*{1}").format(body, self.across())
        if self.chance(0.1):
            body = self.pick("{1}", "{0} + {1}", "b*{1}").format(body, self.placed())
            self.literals = True
        before: list[str] = []
        if self.chance(0.4):
            letter = self.rng.choice(self.letters)
            over = self.pick("K", "D")
            before = [f"p: {over}", f"p[{letter}] = {self.value({letter: over}, 2)}"]
            outer = self.rng.choice(self.letters)
            used = self.pick("p[{0}]", "p[{0}]**2", "abs(p[{0}])", "min(p[{0}], a)", "p[1]", "p[2]")
            beside = self.value({outer: over}, 1)
            body = f"{body} + sum({used.format(outer)}*{beside} for {outer} in {over})"
        if self.literals or self.chance(0.1):
            givens.append(f"given {self.pick('K', 'D')} >= {self.pick(2, 3)}")
        if self.chance(0.2):
            givens.append(f"given {self.pick('a', 'b')} {self.pick('>', '<', '>=')} 0")
        return self.whole(before, body, givens)


def program(rng: random.Random) -> str:
    """A program of few letters."""
    return Writer(rng).program()


OTHER_NAMES = {
    "x": "m", "y": "k", "z": "n", "a": "i", "b": "j", "c": "l", "w": "h", "u": "e", "v": "d",
    "p": "t", "L": "J", "K": "M", "D": "E",
}  # fmt: skip


def renamed(text: str) -> str:
    """The program with its arrays and scalars named as letters are; bound letters stay."""
    return re.sub(r"\w+", lambda found: OTHER_NAMES.get(found.group(), found.group()), text)
