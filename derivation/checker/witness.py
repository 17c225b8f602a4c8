"""Numbers at which a claim's hypotheses hold: a theorem under conditions that no point meets is none.

Arithmetic is exact for rational numbers; where functions come in, floating point is used, and a
comparison is then believed only if the two sides differ by more than rounding could make up (an
equation: by less). What is not defined there, such as a division by 0, refuses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, Union

from .grounds import SIGNS, Hypothesis
from .terms import Malformed, Term, refuse, show
from .text import World

Number = Union[int, Fraction, float]
MAX_SIZE, MAX_WORK, MAX_POWER = 2000, 2_000_000, 10_000
NUMBER_DIGITS = 60


def _positive(x: Number) -> Number:
    if not x > 0:
        refuse(f"the witness makes {x} the argument of a logarithm")
    return x


def _digamma(x: Number, order: int = 0) -> float:
    """The polygamma function: recurrence up to a large argument, then a difference of log Gamma."""
    value, total = float(_positive(x)), 0.0
    sign = (-1) ** order
    while value < 30:
        total -= sign * math.factorial(order) / value ** (order + 1)
        value += 1
    if order == 0:
        return total + math.log(value) - 1 / (2 * value) - 1 / (12 * value**2)
    tail = math.factorial(order - 1) / value**order + math.factorial(order) / (
        2 * value ** (order + 1)
    )
    return total - sign * (tail + math.factorial(order + 1) / (12 * value ** (order + 2)))


FUNCTIONS: Mapping[str, Any] = {
    "exp": math.exp,
    "log": lambda x: math.log(_positive(x)),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "relu": lambda x: max(x, 0),
    "sign": lambda x: (x > 0) - (x < 0),
    "abs": abs,
    "max": max,
    "min": min,
    "detach": lambda x: x,
    "lgamma": lambda x: math.lgamma(_positive(x)),
    "polygamma": lambda n, x: _digamma(x, int(n)),
} | {name: getattr(math, name) for name in (
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf",
)}  # fmt: skip


class Witness:
    """A point: sizes, and an array of numbers for each input. Unknown functions are exp of the sum
    of their arguments there, and so is each of their derivatives."""

    def __init__(self, world: World, data: Mapping[str, Any]) -> None:
        self.w, self.work = world, 0
        self.values: dict[str, Any] = {}
        for name in sorted(world.sizes):
            size = data.get(name)
            if type(size) is not int or not 1 <= size <= MAX_SIZE:
                refuse(f"the witness gives no size {name} from 1 on")
            self.values[name] = size
        inputs = [name for name in world.arrays if name not in world.definitions]
        if set(data) != {*world.sizes, *inputs}:
            refuse("the witness gives other names than the sizes and inputs")
        for name in inputs:
            shape = [self.size(s) for s in world.arrays[name]]
            label = world.labels.get(name)
            self.values[name] = self._array(data[name], shape, self.size(label) if label else None)

    def size(self, t: Term) -> int:
        return int(t.args[0] if t.op == "n" else self.values[t.args[0]])

    def _array(self, data: Any, shape: Sequence[int], label: int | None) -> Any:
        if shape:
            if type(data) is not list or len(data) != shape[0]:
                refuse("the witness has an array of another shape")
            return [self._array(x, shape[1:], label) for x in data]
        if type(data) is int and (label is None or 1 <= data <= label):
            return data
        if type(data) is not str or label is not None or len(data) > NUMBER_DIGITS:
            refuse("the witness has a number of another form")
        try:
            return Fraction(data)
        except (ValueError, ZeroDivisionError):
            raise Malformed(f"{data!r} is no number") from None

    def meets(self, hypothesis: Hypothesis) -> None:
        """Refuses unless the hypothesis holds at this point."""
        sizes = [self.size(letter.args[1]) for letter in hypothesis.letters]
        for pick in product(*[range(1, n + 1) for n in sizes]):
            at = dict(zip(hypothesis.letters, pick))  # noqa: B905
            if self.true(hypothesis.where, at, ()) and not self.true(hypothesis.says, at, ()):
                refuse(f"the witness does not meet {hypothesis.text}")

    # -- evaluation ------------------------------------------------------------------------------

    def true(self, c: Term, at: Mapping[Term, int], bound: tuple[int, ...]) -> bool:
        op, a = c.op, c.args
        if op == "rel":
            return self._compared(a[0], *[self.number(x, at, bound) for x in a[1:]])
        if op in ("and", "or"):
            return (all if op == "and" else any)([self.true(x, at, bound) for x in a])
        if op == "not":
            return not self.true(a[0], at, bound)
        if op == "red":
            inner = self._inside(c, at, bound)
            return all([self.true(a[3], at, b) for b in inner])
        return op == "true"

    def _compared(self, op: str, a: Number, b: Number) -> bool:
        gap = a - b
        if isinstance(gap, float):
            close = 1e-9 * max(1.0, abs(a), abs(b))
            if op not in ("==", "<=", ">=") and abs(gap) <= close:
                return False
            gap = 0 if abs(gap) <= close else gap
        return (gap > 0) - (gap < 0) in SIGNS[op]

    def _inside(
        self, t: Term, at: Mapping[Term, int], bound: tuple[int, ...]
    ) -> list[tuple[int, ...]]:
        """The values of a binder's letter where its guard holds, before those bound outside."""
        values = [(k, *bound) for k in range(1, self.size(t.args[1]) + 1)]
        return [b for b in values if self.true(t.args[2], at, b)]

    def number(self, t: Term, at: Mapping[Term, int], bound: tuple[int, ...]) -> Number:
        op, a = t.op, t.args
        self.work += 1
        if self.work > MAX_WORK:
            refuse("the witness takes too long to evaluate")
        if op == "n":
            return a[0]  # type: ignore[no-any-return]
        if op == "ix":
            return at[t]
        if op == "bd":
            return bound[a[0]]
        if op == "sz":
            return self.size(t)
        if op == "pi":
            return math.pi
        if op == "get":
            return self._entry(t, [int(self.number(x, at, bound)) for x in a[1:]])
        if op == "if":
            return self.number(a[1] if self.true(a[0], at, bound) else a[2], at, bound)
        if op == "red":
            return self._reduced(t, at, bound)
        if op == "d":
            refuse(f"a hypothesis speaks of the derivative {show(t)}")
        return self._computed(t, [self.number(x, at, bound) for x in a if type(x) is Term])

    def _computed(self, t: Term, values: list[Number]) -> Number:
        op = t.op
        if op == "+":
            return sum(values)
        if op == "*":
            return math.prod(values)
        if op == "del":
            return int(values[0] == values[1])
        if op == "inv":
            if values[0] == 0:
                refuse(f"the witness makes {show(t.args[0])} 0, which is divided by")
            return 1 / (Fraction(values[0]) if isinstance(values[0], int) else values[0])
        try:
            if op == "**":
                return _power(*values)
            if op == "un":
                return math.exp(sum(values))
            return FUNCTIONS[t.args[0]](*values)  # type: ignore[no-any-return]
        except (ValueError, OverflowError, ZeroDivisionError):
            refuse(f"{show(t)} is not defined at the witness")

    def _entry(self, t: Term, places: list[int]) -> Number:
        name = t.args[0]
        if name in self.w.definitions:
            letters, body = self.w.definitions[name]
            return self.number(body, dict(zip(letters, places)), ())  # noqa: B905
        value = self.values[name]
        for place in places:
            value = value[place - 1]
        return value  # type: ignore[no-any-return]

    def _reduced(self, t: Term, at: Mapping[Term, int], bound: tuple[int, ...]) -> Number:
        values = [self.number(t.args[3], at, b) for b in self._inside(t, at, bound)]
        kind = t.args[0]
        if kind in ("max", "min") and not values:
            refuse(f"{show(t)} is over nothing at the witness")
        return {"sum": sum, "prod": math.prod, "max": max, "min": min}[kind](values)  # type: ignore[operator]


def _power(base: Number, exponent: Number) -> Number:
    whole = int(exponent) if exponent == int(exponent) else None
    if whole is not None and not isinstance(base, float):
        if abs(whole) > MAX_POWER:
            raise OverflowError
        return Fraction(base) ** whole
    if base < 0 and whole is None:
        raise ValueError
    return float(base) ** (float(exponent) if whole is None else whole)
