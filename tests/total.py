"""Values of core text and of the checker's terms at a point, by an evaluator of its own.

Nothing of the project is used: core text is read by Python's parser, a term by its head and parts.
All functions are total, as ``notes/certificate.md`` has them: 1/0 is 0, 0**0 is 1, and what is
defined nowhere (a logarithm of what is not positive, a maximum of nothing) is some odd number.
Rational numbers are exact, all else has 60 digits. Derivatives are differences of the function.

>>> point = Point({"K": 2}, {"x": {(1,): 3, (2,): 4}})
>>> point.text("sum(x[k]/x[1] for k in K if k != 1)")
Fraction(4, 3)
>>> float(point.text("diff(x[1]**2, x[1])"))
6.0
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from mpmath.ctx_mp import MPContext

mp = MPContext()
mp.dps = 60
STEP = mp.mpf(10) ** -12
SAME = mp.mpf(10) ** -40  # below this two numbers that are not rational are one


class Unclear(Exception):
    """Nothing is said here: too large, or hardly different from 0."""


def odd(*numbers: Any) -> Any:
    """What nobody knows: some number, the same for the same arguments."""
    total = mp.mpf(3)
    for n, x in enumerate(numbers, 2):
        total += n * mp.sin(7 * n * real(x) + n)
    return total


def real(x: Any) -> Any:
    return mp.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mp.mpf(x)


def close(a: Any, b: Any, most: Any = SAME) -> bool:
    """Whether two values are one, up to rounding."""
    if isinstance(a, bool) or isinstance(b, bool) or not (_inexact(a) or _inexact(b)):
        return bool(a == b)
    a, b = real(a), real(b)
    return bool(abs(a - b) <= most * (1 + abs(a) + abs(b)))


def _inexact(x: Any) -> bool:
    return not isinstance(x, int | Fraction)


def sign(x: Any) -> int:
    if _inexact(x) and abs(x) < SAME:
        return 0
    return int(x > 0) - int(x < 0)


def whole(x: Any) -> bool:
    return x == int(x) if not _inexact(x) else close(x, mp.nint(x))


def quotient(x: Any) -> Any:
    if x == 0:
        return 0
    if sign(x) == 0:
        raise Unclear("hardly different from 0")
    return 1 / real(x) if _inexact(x) else Fraction(1) / x


def power(a: Any, b: Any) -> Any:
    if whole(b):
        b = int(mp.nint(real(b)))
        if abs(b) > 300:
            raise Unclear("a large power")
        return a**b if b >= 0 else quotient(a) ** -b
    if sign(a) < 0:
        return odd(a, b)
    return mp.power(real(a), real(b)) if sign(a) else 0


def unknown(name: str, orders: Sequence[int], xs: Sequence[Any]) -> Any:
    """A function that stands for an unknown one, and its derivatives."""
    seed = sum(map(ord, name))
    rates = [mp.mpf(2 + (seed + 3 * n) % 5) / 4 for n in range(len(xs))]
    inner = sum([r * real(x) for r, x in zip(rates, xs, strict=True)], mp.mpf(seed % 7) / 5)
    scale = mp.fprod([r**n for r, n in zip(rates, orders, strict=True)])
    turn = mp.pi / 2 * sum(orders)
    return scale * (mp.sin(inner + turn) + mp.exp(inner / 3) / mp.mpf(3) ** sum(orders))


def _within(f: Callable[[Any], Any], good: Callable[[Any], bool]) -> Callable[[Any], Any]:
    return lambda x: f(real(x)) if good(x) else odd(x)


def _real(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: f(real(x))


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


SMOOTH = ("exp", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "asinh", "erf")
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    **{name: _real(getattr(mp, name)) for name in SMOOTH},
    "log": _within(mp.log, lambda x: sign(x) > 0),
    "asin": _within(mp.asin, lambda x: abs(x) <= 1),
    "acos": _within(mp.acos, lambda x: abs(x) <= 1),
    "acosh": _within(mp.acosh, lambda x: x >= 1),
    "atanh": _within(mp.atanh, lambda x: abs(x) < 1),
    "lgamma": _within(mp.loggamma, lambda x: sign(x) > 0),
    "sigmoid": _real(_sigmoid),
    "softplus": _real(lambda x: mp.log(1 + mp.exp(x))),
    "relu": lambda x: max(x, 0),
    "abs": abs,
    "sign": sign,
}


def polygamma(n: Any, x: Any) -> Any:
    return mp.psi(int(n), real(x)) if whole(n) and n >= 0 and sign(x) > 0 else odd(n, x)


COMPARED: dict[str, Callable[[int], bool]] = {
    "==": lambda s: s == 0,
    "!=": lambda s: s != 0,
    "<": lambda s: s < 0,
    "<=": lambda s: s <= 0,
    ">": lambda s: s > 0,
    ">=": lambda s: s >= 0,
}
OPERATORS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip


def compared(op: str, a: Any, b: Any) -> bool:
    a, b = alike([a, b])
    return COMPARED[op](0 if close(a, b) else sign(a - b))


def reduced(kind: str, values: Sequence[Any]) -> Any:
    if kind == "all":
        return all(values)
    values = alike(values)
    if kind == "sum":
        return sum(values)
    if kind == "prod":
        out: Any = 1
        for x in values:
            out *= x
        return out
    return (max if kind == "max" else min)(values) if values else odd(len(kind) + ord(kind[1]))


Env = Mapping[str, int]
Overrides = Mapping[str, Mapping[tuple[int, ...], Any]]


class Point:
    """Sizes, arrays (entries by place), definitions ``name: (letters, text)``."""

    def __init__(
        self,
        sizes: Mapping[str, int],
        arrays: Overrides,
        definitions: Mapping[str, tuple[Mapping[str, str], str]] | None = None,
        fixed: Point | None = None,
    ) -> None:
        self.sizes, self.arrays, self.definitions = sizes, arrays, definitions or {}
        self.fixed = fixed or self  # where ``detach`` reads
        self.memo: dict[Any, Any] = {}

    def size(self, text: str) -> int:
        return self.sizes[text] if text in self.sizes else int(text)

    def entry(self, name: str, at: tuple[int, ...]) -> Any:
        if name in self.arrays:
            table = self.arrays[name]
            return table[at] if at in table else odd(*at)  # out of range
        if (name, at) not in self.memo:
            letters, body = self.definitions[name]
            self.memo[name, at] = self.text(body, dict(zip(letters, at, strict=True)))
        return self.memo[name, at]

    # -- derivatives -----------------------------------------------------------------------------

    def held(self, names: Sequence[str]) -> Point:
        """The same point where some definitions are numbers."""
        tables = {}
        for name in names:
            if name in self.definitions and name not in self.arrays:
                sizes = self.definitions[name][0].values()
                keys = itertools.product(*[range(1, self.size(s) + 1) for s in sizes])
                tables[name] = {k: self.entry(name, k) for k in keys}
        return Point(self.sizes, {**self.arrays, **tables}, self.definitions, self.fixed)

    def slope(
        self, kind: str, f: Callable[[Point], Any], name: str, at: tuple[int, ...], side: int = 0
    ) -> Any:
        """The derivative of f by an entry: a central difference, or one from a side."""
        here = self.held(list(self.definitions) if kind == "partial" else [name])
        ends = []
        for h in (STEP if side >= 0 else 0, -STEP if side <= 0 else 0):
            table = {**here.arrays[name], at: real(here.arrays[name][at]) + h}
            arrays = {**here.arrays, name: table}
            ends.append(f(Point(self.sizes, arrays, self.definitions, self.fixed)))
        return (real(ends[0]) - real(ends[1])) / (STEP if side else 2 * STEP)

    # -- core text ---------------------------------------------------------------------------------

    def text(self, text: str, env: Env | None = None) -> Any:
        """The value of a text, or whether it holds; ``env``: what its letters are."""
        tree = ast.parse(text.strip().replace("lambda", "lambda_"), mode="eval").body
        return self.node(tree, dict(env or {}))

    def node(self, n: ast.expr, env: Env) -> Any:
        out = self._node(n, env)
        if _inexact(out) and abs(out) > mp.mpf(10) ** 30:
            raise Unclear("too large")
        return out

    def _node(self, n: ast.expr, env: Env) -> Any:
        if isinstance(n, ast.Constant):
            return n.value
        if isinstance(n, ast.Name):
            name = n.id.replace("lambda_", "lambda")
            if name in env:
                return env[name]
            if name in ("true", "false", "pi"):
                return {"true": True, "false": False, "pi": +mp.pi}[name]
            return self.sizes[name] if name in self.sizes else self.entry(name, ())
        if isinstance(n, ast.Subscript):
            return self.entry(self.named(n)[0], self.named(n, env)[1])
        if isinstance(n, ast.UnaryOp):
            inner = self.node(n.operand, env)
            return not inner if isinstance(n.op, ast.Not) else -inner
        if isinstance(n, ast.BoolOp):
            values = [self.node(x, env) for x in n.values]
            return all(values) if isinstance(n.op, ast.And) else any(values)
        if isinstance(n, ast.IfExp):
            return self.node(n.body if self.node(n.test, env) else n.orelse, env)
        if isinstance(n, ast.Compare):
            a, b = self.node(n.left, env), self.node(n.comparators[0], env)
            return compared(OPERATORS[type(n.ops[0])], a, b)
        if isinstance(n, ast.BinOp):
            a, b = alike([self.node(n.left, env), self.node(n.right, env)])
            made = {
                ast.Add: lambda: a + b,
                ast.Sub: lambda: a - b,
                ast.Mult: lambda: a * b,
                ast.Div: lambda: a * quotient(b),
                ast.Pow: lambda: power(a, b),
            }
            return made[type(n.op)]()
        assert isinstance(n, ast.Call)
        return self.call(n, env)

    def named(self, n: ast.expr, env: Env | None = None) -> tuple[str, tuple[int, ...]]:
        """An entry's name, and its places."""
        if isinstance(n, ast.Name):
            return n.id.replace("lambda_", "lambda"), ()
        assert isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)
        at = n.slice.elts if isinstance(n.slice, ast.Tuple) else [n.slice]
        places = () if env is None else tuple([int(self.node(x, env)) for x in at])
        return n.value.id.replace("lambda_", "lambda"), places

    def call(self, n: ast.Call, env: Env) -> Any:
        if isinstance(n.func, ast.Call):  # deriv(g, 1)(x)
            lead = [getattr(a, "id", getattr(a, "value", None)) for a in n.func.args]
            numbers: list[Any] = [1, *lead[1:]] if len(lead) == 2 else lead[1:]
            orders = [0] * len(n.args)
            for slot, times in zip(numbers[::2], numbers[1::2], strict=True):
                orders[slot - 1] += times
            return unknown(str(lead[0]), orders, [self.node(x, env) for x in n.args])
        assert isinstance(n.func, ast.Name)
        f = n.func.id
        if n.args and isinstance(n.args[0], ast.GeneratorExp):
            inner = n.args[0]
            values = [self.node(inner.elt, e) for e in self.runs(inner.generators, env)]
            return reduced(f, values)
        if f in ("diff", "partial"):
            return self.derivative(f, n.args, env)
        if f == "detach":
            return self.fixed.node(n.args[0], env)
        return called(f, [self.node(x, env) for x in n.args])

    def derivative(self, kind: str, args: Sequence[ast.expr], env: Env) -> Any:
        *inner, by = args
        name, at = self.named(by, env)
        if len(inner) > 1:
            return self.slope(kind, lambda p: p.derivative(kind, inner, env), name, at)
        (body,) = inner
        if kind == "partial" and isinstance(body, ast.Name | ast.Subscript):
            inner_name, places = self.named(body, env)
            if inner_name in self.definitions and inner_name != name:  # its definition's
                letters, text = self.definitions[inner_name]
                env = dict(zip(letters, places, strict=True))
                body = ast.parse(text, mode="eval").body
        return self.slope(kind, lambda p: p.node(body, env), name, at)

    def runs(self, generators: Sequence[ast.comprehension], env: Env) -> Iterator[Env]:
        if not generators:
            yield env
            return
        g = generators[0]
        letter = g.target.id.replace("lambda_", "lambda")  # type: ignore[attr-defined]
        size = g.iter.id if isinstance(g.iter, ast.Name) else str(g.iter.value)  # type: ignore
        for k in range(1, self.size(size) + 1):
            inner = {**env, letter: k}
            if all(self.node(c, inner) for c in g.ifs):
                yield from self.runs(generators[1:], inner)

    # -- the checker's terms -----------------------------------------------------------------------

    def term(self, t: Any, env: Env | None = None, bound: tuple[int, ...] = ()) -> Any:
        """The value of a term, or whether it holds; ``env``: what its free letters are, by name."""
        out = self._term(t, env or {}, bound)
        if _inexact(out) and abs(out) > mp.mpf(10) ** 30:
            raise Unclear("too large")
        return out

    def _term(self, t: Any, env: Env, bound: tuple[int, ...]) -> Any:
        op, a = t.op, t.args
        if op in ("n", "true", "false", "pi"):
            return a[0] if op == "n" else +mp.pi if op == "pi" else op == "true"
        if op == "ix":
            return env[a[0]]
        if op == "bd":
            return bound[a[0]]
        if op == "sz":
            return self.sizes[a[0]]
        if op == "if":
            return self.term(a[1] if self.term(a[0], env, bound) else a[2], env, bound)
        if op == "red":
            kind, size, guard, body = a
            runs = [(k, *bound) for k in range(1, int(self.term(size)) + 1)]
            values = [self.term(body, env, b) for b in runs if self.term(guard, env, b)]
            return reduced(kind, values)
        if op == "d":
            kind, body, v = a
            at = tuple([int(self.term(x, env, bound)) for x in v.args[1:]])
            kind = "diff" if kind == "diff" else "partial"
            return self.slope(kind, lambda p: p.term(body, env, bound), v.args[0], at)
        if op == "fn" and a[0] == "detach":
            return self.fixed.term(a[1], env, bound)
        values = [self.term(x, env, bound) for x in a if type(x) is type(t)]
        if op == "get":
            return self.entry(a[0], tuple(map(int, values)))
        if op == "un":
            return unknown(a[0], a[1], values)
        if op == "fn":
            return called(a[0], values)
        if op == "rel":
            return compared(a[0], *values)
        if op in ("and", "or", "not"):
            return {"and": all, "or": any, "not": lambda x: not x[0]}[op](values)
        if op == "+":
            return sum(alike(values))
        if op == "*":
            return reduced("prod", values)
        if op == "**":
            return power(*values)
        if op == "inv":
            return quotient(values[0])
        assert op == "del", op
        return int(values[0] == values[1])


def alike(values: Sequence[Any]) -> Sequence[Any]:
    """The same numbers, such that they can be compared."""
    return list(map(real, values)) if any(map(_inexact, values)) else values


def called(f: str, xs: Sequence[Any]) -> Any:
    if f == "sqrt":
        return power(xs[0], Fraction(1, 2))
    if f == "delta":
        return int(xs[0] == xs[1])
    if f in ("max", "min"):
        return (max if f == "max" else min)(alike(xs))
    if f in ("polygamma", "digamma", "trigamma"):
        return polygamma(*{"digamma": (0, *xs), "trigamma": (1, *xs)}.get(f, tuple(xs)))
    return FUNCTIONS[f](xs[0]) if f in FUNCTIONS else unknown(f, [0] * len(xs), xs)
