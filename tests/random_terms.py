"""Random core text, and points at which to evaluate it.

All in one world: sizes K and M, numbers a, b, c, arrays x over K, v over M, u over K and M, labels
lab over M of places over K, an unknown function g, definitions p, s[i], L that use each other.
"""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from typing import Any

from derivation.checker.replay import Replay
from derivation.checker.terms import Term
from tests.by_hand import define, witness
from tests.total import Point

ARRAYS: dict[str, list[str]] = {
    "a": [], "b": [], "c": [], "x": ["K"], "v": ["M"], "u": ["K", "M"], "lab": ["M"],
}  # fmt: skip
DEFINITIONS = [
    define("p", "a**2 + b"),
    define("s", "x[i]*p + exp(a/4) - x[1]", i="K"),
    define("L", "sum(s[k]**2 for k in K) + c*p"),
]
LETTERS = {"i": "K", "j": "K", "m": "M"}
NUMBERS = [-2, -1, 0, 1, 1, 2, 3, Fraction(1, 2), Fraction(-3, 2)]
ANYWHERE = [
    "exp", "sin", "cos", "atan", "sinh", "cosh", "tanh", "asinh", "erf", "sigmoid", "softplus",
    "relu", "abs", "sign",
]  # fmt: skip
SOMEWHERE = [
    "log", "sqrt", "tan", "asin", "acos", "acosh", "atanh", "lgamma", "digamma", "trigamma",
]  # fmt: skip
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]


def core() -> dict[str, Any]:
    out: dict[str, Any] = {
        "sizes": ["K", "M"], "functions": {"g": 1}, "arrays": ARRAYS, "labels": {"lab": "K"},
        "definitions": DEFINITIONS, "hypotheses": [],
    }  # fmt: skip
    return {**out, "witness": witness(out, {})}


def replay() -> Replay:
    out = Replay()
    out.start(core())
    return out


class Texts:
    """Draws terms and conditions as texts.

    Args:
        rng: Where they come from.
        functions: The functions that may occur.
        whole: Whether powers with sizes and letters in the exponent may occur.
        names: Whether defined names may.
    """

    def __init__(
        self,
        rng: random.Random,
        functions: Any = (*ANYWHERE, *SOMEWHERE),
        whole: bool = True,
        names: bool = False,
    ) -> None:
        self.rng, self.functions, self.whole, self.names = rng, list(functions), whole, names
        self.letters = dict(LETTERS)
        self.count = 0

    def place(self, size: str) -> str:
        own = [n for n, s in self.letters.items() if s == size]
        choices = own * 3 + ["1"]
        if size == "K" and any(s == "M" for s in self.letters.values()):
            choices.append(f"lab[{self.place('M')}]")
        return self.rng.choice(choices)

    def atom(self) -> str:
        kind = self.rng.randrange(10)
        if kind < 3:
            return self.rng.choice("abc")
        if kind < 6:
            return f"x[{self.place('K')}]"
        if kind == 6:
            return f"v[{self.place('M')}]"
        if kind == 7:
            return f"u[{self.place('K')},{self.place('M')}]"
        if kind == 8 and self.names:
            return self.rng.choice(["p", f"s[{self.place('K')}]", "L"])
        return self.rng.choice(["1", "2", "3", "K", self.place("K").split("[")[0], "0", "-1"])

    def term(self, depth: int) -> str:
        if depth <= 0:
            return self.atom() if self.rng.random() < 0.95 else "pi"
        kind = self.rng.randrange(16)
        if kind < 3:
            return f"({self.term(depth - 1)} + {self.term(depth - 1)})"
        if kind < 4:
            return f"({self.term(depth - 1)} - {self.term(depth - 1)})"
        if kind < 7:
            return f"{self.factor(depth - 1)}*{self.factor(depth - 1)}"
        if kind == 7:
            return f"{self.factor(depth - 1)}/{self.divisor(depth - 1)}"
        if kind == 8:
            return f"{self.factor(depth - 1)}**{self.exponent()}"
        if kind == 9 and self.functions:
            return f"{self.rng.choice(self.functions)}({self.term(depth - 1)})"
        if kind == 10:
            one, two = self.term(depth - 1), self.term(depth - 1)
            return f"({one} if {self.condition(depth - 1)} else {two})"
        if kind == 11:
            pick = self.rng.choice(["max", "min"])
            return f"{pick}({self.term(depth - 1)}, {self.term(depth - 1)})"
        if kind == 12:
            return f"delta({self.place('K')},{self.place('K')})"
        if kind == 13 and self.functions:
            return f"g({self.term(depth - 1)})"
        if kind > 13:
            return self.reduction(depth)
        return f"-{self.factor(depth - 1)}"

    def factor(self, depth: int) -> str:
        text = self.term(depth)
        return text if text.isalnum() or (text.endswith("]") and "*" not in text) else f"({text})"

    def divisor(self, depth: int) -> str:
        text = self.factor(depth)
        return "b" if text in ("0", "(0)", "-1") else text

    def exponent(self) -> str:
        choices = ["2", "3", "0", "1", "(1/2)", "(-1)", "(-2)", "(1/3)"]
        if self.whole:
            choices += ["K", "(K - 1)", "(i - j)", "(-K)", "(K - 2)", "(i + j)", "(2*K)", "i"]
        return self.rng.choice(choices)

    def reduction(self, depth: int, kind: str | None = None) -> str:
        self.count += 1
        letter, size = f"k{self.count}", self.rng.choice("KKM")
        self.letters[letter] = size
        kind = kind or self.rng.choice(["sum", "sum", "sum", "prod", "max", "min"])
        body = self.condition(depth - 1) if kind == "all" else self.term(depth - 1)
        guard = f" if {self.condition(0)}" if self.rng.random() < 0.4 else ""
        del self.letters[letter]
        return f"{kind}({body} for {letter} in {size}{guard})"

    def condition(self, depth: int) -> str:
        kind = self.rng.randrange(9)
        if depth > 0 and kind < 2:
            join = self.rng.choice(["and", "or"])
            return f"({self.condition(depth - 1)} {join} {self.condition(depth - 1)})"
        if depth > 0 and kind == 2:
            return self.reduction(depth, "all")
        if depth > 0 and kind == 3:
            return f"(not {self.condition(depth - 1)})"
        op = self.rng.choice(COMPARISONS)
        if kind < 6:
            return f"{self.place('K')} {op} {self.place('K')}"
        depth = min(depth, 1)
        right = self.rng.choice(["0", self.term(depth)])
        return f"{self.term(depth)} {op} {right}"


def point(rng: random.Random, numbers: Any = NUMBERS) -> tuple[Point, dict[str, int]]:
    """A point, and values of the letters: often equal ones, sizes of 1, entries of 0."""
    sizes = {"K": rng.choice([1, 2, 2, 3]), "M": rng.choice([1, 2])}
    arrays: dict[str, dict[tuple[int, ...], Any]] = {}
    for name, shape in ARRAYS.items():
        places = itertools.product(*[range(1, sizes[s] + 1) for s in shape])
        pool = [1, sizes["K"]] if name == "lab" else numbers
        arrays[name] = {at: rng.choice(pool) for at in places}
    letters = {n: rng.randint(1, sizes[s]) for n, s in LETTERS.items()}
    definitions = {d["name"]: (d["letters"], d["body"]) for d in DEFINITIONS}
    return Point(sizes, arrays, definitions), letters


def somewhere(rng: random.Random) -> tuple[Point, dict[str, int]]:
    """A point in general position."""
    numbers = [Fraction(rng.randint(-300, 300), 101) for _ in range(40)]
    return point(rng, [n for n in numbers if n])


def letters(r: Replay) -> tuple[Term, ...]:
    return r.letters({"letters": LETTERS})  # type: ignore[return-value]
