"""Numbers at which a claim's hypotheses hold: a theorem under conditions that no point meets is
none.

Every number is a pair of rational bounds, equal ones where it is exact. Where functions come in, of
floating point, the bounds leave more room than rounding could make up. What they do not decide, and
what is not defined there, such as a division by 0, refuses. Unknown functions, and all their
derivatives, are taken to be exp of the sum of their arguments.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from .grounds import SIGNS, Hypothesis
from .terms import Letters, Malformed, Term, refuse, require
from .text import World

Range = tuple[Any, Any]  # two bounds, int or Fraction
MAX_SIZE, MAX_WORK, MAX_BITS = 2000, 2_000_000, 100_000
NUMBER = re.compile(r"-?\d{1,40}(/0*[1-9]\d{0,40})?", re.ASCII)
HALF = (Fraction(1, 2), Fraction(1, 2))
ZEROS = dict.fromkeys("sin tan sinh tanh asin atan asinh atanh erf".split(), (0, 0))
EXACT = {**ZEROS, "exp": (0, 1), "cos": (0, 1), "cosh": (0, 1), "log": (1, 0)}  # x, the value at x


def outwards(values: Iterable[Any]) -> Range:
    """Bounds of some numbers, no long ones unless they are equal and thus exact."""
    low, high = min(values := [*values]), max(values)
    if low == high:
        return low, high
    return Fraction(math.nextafter(low, -math.inf)), Fraction(math.nextafter(high, math.inf))


def total(*xs: Range) -> Range:
    return outwards((sum(low for low, _ in xs), sum(high for _, high in xs)))


def times(*xs: Range) -> Range:
    out: Range = (1, 1)
    for x in xs:
        out = outwards([a * b for a in out for b in x])
    return out


def inverse(x: Range) -> Range:
    if x[0] <= 0 <= x[1]:
        raise ZeroDivisionError
    return outwards([1 / Fraction(bound) for bound in x])


def power(base: Range, exponent: Range) -> Range | None:
    (low, high), (n, m) = base, exponent
    if n != m or n != int(n):
        return monotone(math.pow, base, exponent) if low > 0 else None
    if max(bits(low), bits(high)) * abs(n) > MAX_BITS:
        raise OverflowError
    ends = [Fraction(bound) ** int(abs(n)) for bound in base]
    out = outwards([*ends, *[Fraction(0)][: n != 0 and low <= 0 <= high]])
    return inverse(out) if n < 0 else out


def monotone(f: Callable[..., float], *xs: Range, steep: float = 0.0) -> Range:
    """The bounds of f, which grows or falls with each argument (or not faster than ``steep``)."""
    ends = [(math.nextafter(a, -math.inf), math.nextafter(b, math.inf)) for a, b in xs]
    values = [f(*pick) for pick in product(*ends)]
    room = 1e-12 * max(map(abs, values)) + 1e-300 + steep * sum(b - a for a, b in ends)
    return Fraction(min(values) - room), Fraction(max(values) + room)


def bits(x: Any) -> int:
    return int(x.numerator.bit_length() + x.denominator.bit_length())


def compared(op: str, a: Range, b: Range) -> bool:
    """Whether it holds, if the bounds tell."""
    low, high = a[0] - b[1], a[1] - b[0]
    signs = {(x > 0) - (x < 0) for x in (low, high, 0 if low < 0 < high else low)}
    if not signs <= SIGNS[op] and signs & SIGNS[op]:
        refuse("the witness is too near to where a condition fails")
    return signs <= SIGNS[op]


def negative(x: Range) -> Range:
    return -x[1], -x[0]


def most(*xs: Range) -> Range:
    return max(low for low, _ in xs), max(high for _, high in xs)


# what a head or a function computes, from the values of the parts; all else is in `math`
COMPUTED: Mapping[str, Callable[..., Any]] = {
    **dict.fromkeys(("+", "sum"), total),
    **dict.fromkeys(("*", "prod"), times),
    **dict.fromkeys(("and", "all", "true"), lambda *xs: all(xs)),
    **dict.fromkeys(("or", "false"), lambda *xs: any(xs)),
    "not": lambda x: not x,
    "max": most,
    "min": lambda *xs: negative(most(*map(negative, xs))),
    "**": power,
    "inv": inverse,
    "del": lambda i, j: (int(i == j),) * 2,
    "un": lambda *xs: monotone(math.exp, total(*xs)),
    "pi": lambda: monotone(lambda: math.pi),
    "sin": lambda x: monotone(math.sin, x, steep=1.0),
    "cos": lambda x: monotone(math.cos, x, steep=1.0),
    "tan": lambda x: times(COMPUTED["sin"](x), inverse(COMPUTED["cos"](x))),
    "cosh": lambda x: times(HALF, total(*[monotone(math.exp, y) for y in (x, negative(x))])),
    "sigmoid": lambda x: monotone(lambda y: 1 / (1 + math.exp(-y)), x),
    "softplus": lambda x: monotone(lambda y: math.log1p(math.exp(y)), x),
    "relu": lambda x: most(x, (0, 0)),
    "sign": lambda x: tuple((y > 0) - (y < 0) for y in x),
    "detach": lambda x: x,
    "abs": lambda x: most(x, negative(x)),
    "lgamma": lambda x: total(  # log Γ(x + 3) - log x - log(x + 1) - log(x + 2)
        monotone(math.lgamma, total(x, (3, 3))),
        *[negative(monotone(math.log, total(x, (n, n)))) for n in range(3)],
    ),
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
            out = None
        if out is None or (type(out) is tuple and bits(out[0]) > MAX_BITS):
            refuse(f"{str(x)[:200]} is not defined at the witness")
        return out

    def computed(self, x: Term, at: Mapping[Term, int], bound: tuple[int, ...]) -> Any:
        op, a = x.op, x.args
        if op in ("n", "ix", "bd"):
            return (a[0] if op == "n" else at[x] if op == "ix" else bound[a[0]],) * 2
        if op == "sz":
            return (self.size(x),) * 2
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
            if name in EXACT and values == [(EXACT[name][0],) * 2]:
                return (EXACT[name][1],) * 2
            if name in COMPUTED:
                return COMPUTED[name](*values)
            return monotone(getattr(math, name), *values)
        if self.w.defined(x):
            letters, body = self.w.definitions[a[0]]
            return self.value(body, dict(zip(letters, [k for k, _ in values], strict=True)))
        entry = self.values[a[0]]
        for place, _ in values:
            entry = entry[place - 1]
        return entry, entry
