"""Numbers at which a claim's hypotheses hold: a theorem under conditions that no point meets is
none.

Arithmetic is exact for rational numbers; where functions come in, floating point is used, and a
comparison is then believed only if the two sides differ by more than rounding could make up (an
equation never, with such numbers). What is not defined there, such as a division by 0, refuses.
Unknown functions, and all their derivatives, are taken to be exp of the sum of their arguments.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from .grounds import SIGNS, Hypothesis
from .terms import Letters, Malformed, Term, refuse, require
from .text import World

Number = Any  # int, Fraction or float
MAX_SIZE, MAX_WORK, MAX_BITS = 2000, 2_000_000, 100_000
NUMBER = re.compile(r"-?\d{1,40}(/0*[1-9]\d{0,40})?", re.ASCII)
ZEROS = dict.fromkeys("sin tan sinh tanh asin atan asinh atanh erf".split(), (0, 0))
EXACT = {**ZEROS, "exp": (0, 1), "cos": (0, 1), "cosh": (0, 1), "log": (1, 0)}  # x, the value at x


def power(base: Number, exponent: Number) -> Number:
    whole = exponent == int(exponent)
    if isinstance(base, float) or not whole:
        return float(base) ** float(exponent) if base >= 0 or whole else math.nan
    return Fraction(base) ** int(exponent) if bits(base) * abs(exponent) <= MAX_BITS else math.nan


def bits(x: Number) -> int:
    return int(x.numerator.bit_length() + x.denominator.bit_length())


def compared(op: str, a: Number, b: Number) -> bool:
    gap = a - b
    if isinstance(gap, float) and (op == "==" or abs(gap) <= 1e-9 * max(1.0, abs(a), abs(b))):
        return False
    return (gap > 0) - (gap < 0) in SIGNS[op]


# what a head or a function computes, from the values of the parts; all else is in `math`
COMPUTED: Mapping[str, Callable[..., Any]] = {
    **dict.fromkeys(("+", "sum"), lambda *xs: sum(xs)),
    **dict.fromkeys(("*", "prod"), lambda *xs: math.prod(xs)),
    **dict.fromkeys(("and", "all", "true"), lambda *xs: all(xs)),
    **dict.fromkeys(("or", "false"), lambda *xs: any(xs)),
    "not": lambda x: not x,
    "max": lambda *xs: max(xs),
    "min": lambda *xs: min(xs),
    "**": power,
    "inv": lambda x: 1 / (Fraction(x) if isinstance(x, int) else x),
    "del": lambda i, j: int(i == j),
    "un": lambda *xs: math.exp(sum(xs)),
    "pi": lambda: math.pi,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "relu": lambda x: max(x, 0),
    "sign": lambda x: (x > 0) - (x < 0),
    "detach": lambda x: x,
    "abs": abs,
    "lgamma": lambda x: math.lgamma(x) if x > 0 else math.nan,
}


class Witness:
    """A point: sizes, and an array of numbers for each input."""

    def __init__(self, world: World, data: Mapping[str, Any]) -> None:
        self.w, self.work, self.values = world, 0, dict(data)
        shapes = {name: s for name, s in world.arrays.items() if name not in world.definitions}
        named = data.keys() == world.sizes | shapes.keys()
        require(named, "the witness gives other names than the sizes and inputs")
        for name in world.sizes:
            self.array(data[name], (), MAX_SIZE)
        for name, shape in shapes.items():
            label = self.size(world.labels[name]) if name in world.labels else None
            self.values[name] = self.array(data[name], [*map(self.size, shape)], label)

    def size(self, x: Term) -> int:
        return int(x.args[0] if x.op == "n" else self.values[x.args[0]])

    def array(self, data: Any, shape: Sequence[int], most: int | None) -> Any:
        """Numbers, whole or as texts "p/q", in nested lists of the shape; if ``most`` is given,
        only whole ones from 1 to it."""
        if shape:
            good = type(data) is list and len(data) == shape[0]
            require(good, "the witness has an array of another shape")
            return [self.array(x, shape[1:], most) for x in data]
        if type(data) is int and (most is None or 1 <= data <= most):
            return data
        require(type(data) is str and most is None, "the witness has a number of another form")
        if not NUMBER.fullmatch(data):
            raise Malformed(f"{data[:40]!r} is no number")
        return Fraction(data)

    def points(self, letters: Letters) -> Iterator[dict[Term, int]]:
        """All values of letters."""
        for pick in product(*[range(1, self.size(x.args[1]) + 1) for x in letters]):
            yield dict(zip(letters, pick, strict=True))

    def meets_some(self, letters: Letters, conditions: Sequence[Term]) -> bool:
        """Whether the conditions hold for some value of the letters."""
        return any(all(self.value(c, at) for c in conditions) for at in self.points(letters))

    def meets(self, hypothesis: Hypothesis) -> None:
        """Refuses unless the hypothesis holds at this point."""
        for at in self.points(hypothesis.letters):
            holds = not self.value(hypothesis.where, at) or self.value(hypothesis.says, at)
            require(holds, f"the witness does not meet {hypothesis.text}")

    def value(self, x: Term, at: Mapping[Term, int], bound: tuple[int, ...] = ()) -> Any:
        """The value of a term, or the truth of a condition; ``bound``: of bound letters."""
        self.work += 1
        if self.work > MAX_WORK or x.op == "d":
            refuse("the hypotheses are too much to evaluate, or have a derivative")
        try:
            out = self.computed(x, at, bound)
        except (ValueError, OverflowError, ZeroDivisionError, AttributeError):
            out = math.nan
        if out != out or (type(out) is not float and bits(out) > MAX_BITS):
            refuse(f"{str(x)[:200]} is not defined at the witness")
        return out

    def computed(self, x: Term, at: Mapping[Term, int], bound: tuple[int, ...]) -> Any:
        op, a = x.op, x.args
        if op in ("n", "ix", "bd"):
            return a[0] if op == "n" else at[x] if op == "ix" else bound[a[0]]
        if op == "sz":
            return self.size(x)
        if op == "if":
            return self.value(a[1] if self.value(a[0], at, bound) else a[2], at, bound)
        if op == "red":
            every = [(k, *bound) for k in range(1, self.size(a[1]) + 1)]
            values = [self.value(a[3], at, b) for b in every if self.value(a[2], at, b)]
        else:
            values = [self.value(y, at, bound) for y in a if type(y) is Term]
        if op == "rel":
            return compared(a[0], *values)
        name = a[0] if op in ("fn", "red") else op
        if op != "get":
            if name in EXACT and values == [EXACT[name][0]] and type(values[0]) is not float:
                return EXACT[name][1]
            return (COMPUTED.get(name) or getattr(math, name))(*values)
        if a[0] in self.w.definitions:
            letters, body = self.w.definitions[a[0]]
            return self.value(body, dict(zip(letters, values, strict=True)))
        entry = self.values[a[0]]
        for place in values:
            entry = entry[place - 1]
        return entry
