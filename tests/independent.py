"""Values and numerical derivatives of program text, independent of the product.

A small interpreter over Python's ``ast``, in numbers of 40 digits (mpmath), in the spirit of the
corpus's reference judge. Derivatives are central differences of the program itself; nothing here
knows a rule of calculus.

>>> model = Model("p[i] = exp(z[i])/sum(exp(z[k]) for k in K)")
>>> point = Point(model, {"K": 2}, {"z": {(1,): mpf(0), (2,): mpf(0)}})
>>> slope = derivative(point, ("p", (1,)), [("z", (2,))], {"z": "K"})
>>> print(point.text("p[1]", {}), mp.nstr(slope, 9))
0.5 -0.25
"""

from __future__ import annotations

import ast
import io
import itertools
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mpmath import mp, mpf

mp.dps = 40
STEP = mpf(10) ** -10
NEAR = mpf(10) ** -6  # closer to a kink than this, nothing is claimed
HUGE = mpf(10) ** 12
TINY = mpf(10) ** -25

Key = tuple[int, ...]
Table = Mapping[Key, Any]
Entry = tuple[str, Key]
Shapes = Mapping[str, Sequence[str]]


class Unclear(Exception):
    """The value is undefined here, or too near a kink for a numerical derivative."""


def parse(text: str) -> ast.expr:
    """One expression; ``^`` means power, and ``lambda`` is a name like any other."""
    tokens = []
    for t in tokenize.generate_tokens(io.StringIO(text.strip()).readline):
        tokens.append((t.type, {"^": "**", "lambda": "lambda_"}.get(t.string, t.string)))
    return ast.parse(tokenize.untokenize(tokens).strip(), mode="eval").body


def subscript(n: ast.Subscript) -> list[ast.expr]:
    return list(n.slice.elts) if isinstance(n.slice, ast.Tuple) else [n.slice]


def split_definition(line: str) -> tuple[str, str] | None:
    """Both sides of ``name = body``, or None."""
    depth = 0
    for k, c in enumerate(line):
        depth += (c in "([") - (c in ")]")
        if c == "=" and depth == 0 and line[k + 1] != "=" and line[k - 1] not in "<>!=":
            return line[:k].strip(), line[k + 1 :].strip()
    return None


STATEMENTS = ("given ", "wrt ", "of ", "style ", "label ", "function ")


class Model:
    """The definitions of a program."""

    def __init__(self, text: str, introduced: Sequence[str] = ()) -> None:
        self.definitions: dict[str, tuple[list[str], ast.expr]] = {}
        self.functions: dict[str, tuple[list[str], ast.expr]] = {}
        self.givens: list[str] = []
        for raw in [*text.replace(";", "\n").splitlines(), *introduced]:
            line = raw.split("#")[0].strip()
            if line.startswith("given "):
                self.givens.append(line[6:])
            if not line or line.startswith(STATEMENTS):
                continue
            sides = split_definition(line)
            if sides is None:
                raise ValueError(f"not a definition: {line!r}")
            head, body = map(parse, sides)
            if isinstance(head, ast.Name):
                self.definitions[head.id] = [], body
            elif isinstance(head, ast.Subscript):
                letters = [a.id for a in subscript(head) if isinstance(a, ast.Name)]
                self.definitions[head.value.id] = letters, body  # type: ignore[attr-defined]
            elif isinstance(head, ast.Call):
                letters = [a.id for a in head.args if isinstance(a, ast.Name)]
                self.functions[head.func.id] = letters, body  # type: ignore[attr-defined]


def _real(x: Any) -> Any:
    if isinstance(x, mp.mpc):
        raise Unclear("complex")
    return x


def _away(x: Any) -> Any:
    if abs(x) < NEAR:
        raise Unclear("a kink")
    return x


def _positive(x: Any) -> Any:
    if x <= NEAR:
        raise Unclear("not positive")
    return x


def _pole(x: Any) -> Any:
    if x <= 0 and abs(x - mp.nint(x)) < NEAR:
        raise Unclear("a pole")
    return x


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": mp.exp,
    "log": lambda x: mp.log(_positive(x)),
    "ln": lambda x: mp.log(_positive(x)),
    "sqrt": lambda x: mp.sqrt(_positive(x)),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": lambda x: _real(mp.asin(x)),
    "acos": lambda x: _real(mp.acos(x)),
    "atan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "asinh": mp.asinh,
    "acosh": lambda x: _real(mp.acosh(x)),
    "atanh": lambda x: _real(mp.atanh(x)),
    "erf": mp.erf,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "relu": lambda x: _away(x) if x > 0 else _away(x) * 0,
    "abs": lambda x: abs(_away(x)),
    "sign": lambda x: mp.sign(_away(x)),
    "lgamma": lambda x: mp.loggamma(_positive(x)),
    "digamma": lambda x: mp.psi(0, _positive(x)),
    "trigamma": lambda x: mp.psi(1, _positive(x)),
}
LOOSE: dict[str, Callable[[Any], Any]] = {  # without a margin
    "relu": lambda x: max(x, mpf(0)),
    "abs": abs,
    "sign": mp.sign,
    "sqrt": mp.sqrt,
    "log": mp.log,
}
COMPARE: dict[Any, Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def unknown(name: str, orders: Sequence[int], xs: Sequence[Any]) -> Any:
    """A function that stands for an unknown one, and its derivatives."""
    seed = sum(map(ord, name))
    out = mpf(0)
    for part in range(2):
        rates = [mpf(3 + (seed * (part + 2) + 5 * k) % 7) / 7 for k in range(len(xs))]
        scale = mp.fprod(r**o for r, o in zip(rates, orders, strict=True))
        phase = sum(r * x for r, x in zip(rates, xs, strict=True)) + mpf(seed % 5) / 3 + part
        if part:
            out += scale * mp.exp(phase / 2) / mpf(2) ** sum(orders)
        else:
            out += scale * mp.sin(phase + sum(orders) * mp.pi / 2)
    return out


class Point:
    """A model at sizes and arrays; ``detach`` reads its values at another, fixed point.

    Args:
        model: The definitions.
        sizes: The sizes.
        arrays: The inputs' entries.
        fixed: Where ``detach`` reads.
        loose: Whether a condition at its edge has a value all the same (for results).
    """

    def __init__(
        self,
        model: Model,
        sizes: Mapping[str, int],
        arrays: Mapping[str, Table],
        fixed: Point | None = None,
        loose: bool = False,
    ) -> None:
        self.model, self.sizes, self.arrays, self.fixed = model, sizes, arrays, fixed
        self.loose = loose
        self.memo: dict[Entry, Any] = {}

    def size(self, n: ast.expr) -> int:
        return self.sizes[n.id] if isinstance(n, ast.Name) else int(n.value)  # type: ignore

    def text(self, text: str, env: Mapping[str, int]) -> Any:
        """The value of an expression's text."""
        return self.value(parse(text), dict(env))

    def holds(self, text: str, env: Mapping[str, int]) -> bool:
        """Whether a condition's text holds."""
        return self.condition(parse(text), dict(env))

    def entry(self, name: str, at: Key) -> Any:
        """The value of an entry of an array, or of a scalar (the empty key)."""
        if name == "pi" and not at and () not in self.arrays.get(name, {(): 0}):
            return +mp.pi  # the number, beside an array of that name
        if name in self.arrays:
            return self.arrays[name][at]
        if name in self.model.definitions:
            if (name, at) not in self.memo:
                letters, body = self.model.definitions[name]
                if len(letters) != len(at):
                    raise ValueError(f"{name} has {len(letters)} slots")
                self.memo[name, at] = self.value(body, dict(zip(letters, at, strict=True)))
            return self.memo[name, at]
        if name == "pi" and not at:
            return +mp.pi
        if name in self.sizes and not at:
            return mpf(self.sizes[name])
        raise ValueError(f"unknown name {name!r}")

    def index(self, n: ast.expr, env: dict[str, Any]) -> int:
        if isinstance(n, ast.Name):
            if n.id in env:
                return int(env[n.id])
            return int(self.entry(n.id, ()))
        if isinstance(n, ast.Constant):
            return int(n.value)  # type: ignore[arg-type]
        if isinstance(n, ast.Subscript):
            return int(self.value(n, env))
        raise ValueError("an index is a name, a number or a label")

    def condition(self, n: ast.expr, env: dict[str, Any]) -> bool:
        if isinstance(n, ast.BoolOp):
            values = [self.condition(v, env) for v in n.values]
            return all(values) if isinstance(n.op, ast.And) else any(values)
        if isinstance(n, ast.UnaryOp) and isinstance(n.op, ast.Not):
            return not self.condition(n.operand, env)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "all":
            (generator,) = n.args
            assert isinstance(generator, ast.GeneratorExp)
            return all(
                self.condition(generator.elt, inner)
                for inner in self.places(generator.generators, env)
            )
        assert isinstance(n, ast.Compare)
        values = [self.value(x, env) for x in (n.left, *n.comparators)]
        out = True
        for op, a, b in zip(n.ops, values, values[1:], strict=False):
            whole = a == mp.nint(a) and b == mp.nint(b)
            if not self.loose and not whole and abs(a - b) < NEAR:
                raise Unclear("the edge of a condition")
            if self.loose and abs(a - b) < TINY:
                b = a
            out = out and COMPARE[type(op)](a, b)
        return out

    def places(
        self, generators: Sequence[ast.comprehension], env: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """The bindings that a list of ``for`` runs through."""
        if not generators:
            yield env
            return
        g = generators[0]
        assert isinstance(g.target, ast.Name)
        for v in range(1, self.size(g.iter) + 1):
            inner = {**env, g.target.id: mpf(v)}
            if all(self.condition(c, inner) for c in g.ifs):
                yield from self.places(generators[1:], inner)

    def value(self, n: ast.expr, env: dict[str, Any]) -> Any:
        out = self._value(n, env)
        if isinstance(out, mp.mpc):
            raise Unclear("complex")
        if not mp.isfinite(out) or abs(out) > HUGE:
            raise Unclear("too large")
        return out

    def _value(self, n: ast.expr, env: dict[str, Any]) -> Any:
        if isinstance(n, ast.Constant):
            return mpf(str(n.value))
        if isinstance(n, ast.Name):
            return env[n.id] if n.id in env else self.entry(n.id, ())
        if isinstance(n, ast.Subscript):
            at = tuple(self.index(k, env) for k in subscript(n))
            if isinstance(n.value, ast.Call):  # softmax(E for k in K)[i]
                values = self._generated(n.value, env)
                weights = [mp.exp(v) for v in values]
                return weights[at[0] - 1] / mp.fsum(weights)
            assert isinstance(n.value, ast.Name)
            return self.entry(n.value.id, at)
        if isinstance(n, ast.UnaryOp):
            value = self.value(n.operand, env)
            return -value if isinstance(n.op, ast.USub) else value
        if isinstance(n, ast.BinOp):
            return self._binary(n, env)
        if isinstance(n, ast.IfExp):
            return self.value(n.body if self.condition(n.test, env) else n.orelse, env)
        if isinstance(n, ast.Call):
            return self._call(n, env)
        raise ValueError(f"not in the language: {ast.dump(n)[:80]}")

    def _binary(self, n: ast.BinOp, env: dict[str, Any]) -> Any:
        a, b = self.value(n.left, env), self.value(n.right, env)
        if isinstance(n.op, ast.Add):
            return a + b
        if isinstance(n.op, ast.Sub):
            return a - b
        if isinstance(n.op, ast.Mult):
            return a * b
        if isinstance(n.op, ast.Div):
            if b == 0 or (not self.loose and abs(b) < NEAR):
                raise Unclear("division by zero")
            return a / b
        assert isinstance(n.op, ast.Pow)
        if b == mp.nint(b) and (self.loose or self._whole(n.right)):
            if b < 0 and (a == 0 or (not self.loose and abs(a) < NEAR)):
                raise Unclear("division by zero")
            return a ** int(b)
        return _real(a**b) if self.loose else mp.exp(b * mp.log(_positive(a)))

    def _whole(self, n: ast.expr) -> bool:
        """Whether an exponent is a whole number whatever the arrays are."""
        if isinstance(n, ast.UnaryOp):
            return self._whole(n.operand)
        return isinstance(n, ast.Constant) or (isinstance(n, ast.Name) and n.id in self.sizes)

    def _generated(self, n: ast.Call, env: dict[str, Any]) -> list[Any]:
        (generator,) = n.args
        assert isinstance(generator, ast.GeneratorExp)
        return [
            self.value(generator.elt, inner) for inner in self.places(generator.generators, env)
        ]

    def _norm(self, values: list[Any]) -> Any:
        total = mp.fsum(v * v for v in values)
        return mp.sqrt(total if self.loose else _positive(total))

    def _extreme(self, values: list[Any], pick: Callable[..., Any]) -> Any:
        if not values:
            raise Unclear("a maximum of nothing")
        best = pick(values)
        if not self.loose and sum(abs(v - best) < NEAR for v in values) > 1:
            raise Unclear("a tie")
        return best

    def _call(self, n: ast.Call, env: dict[str, Any]) -> Any:
        if isinstance(n.func, ast.Call):  # deriv(g, 1)(x)
            lead = [a.id if isinstance(a, ast.Name) else a.value for a in n.func.args]  # type: ignore
            xs = [self.value(a, env) for a in n.args]
            orders = [0] * len(xs)
            if len(lead) == 2:
                orders[0] = int(lead[1])
            else:
                for k in range(1, len(lead), 2):
                    orders[int(lead[k]) - 1] += int(lead[k + 1])
            return unknown(str(lead[0]), orders, xs)
        assert isinstance(n.func, ast.Name)
        f = n.func.id
        if n.args and isinstance(n.args[0], ast.GeneratorExp):
            values = self._generated(n, env)
            if f in ("max", "min"):
                return self._extreme(values, max if f == "max" else min)
            if f in ("mean", "logsumexp") and not values:
                raise Unclear("nothing")
            reduce: dict[str, Callable[[], Any]] = {
                "sum": lambda: mp.fsum(values),
                "prod": lambda: mp.fprod(values),
                "mean": lambda: mp.fsum(values) / len(values),
                "norm": lambda: self._norm(values),
                "logsumexp": lambda: mp.log(mp.fsum(map(mp.exp, values))),
            }
            return reduce[f]()
        if f == "detach":
            frozen = self.fixed or self
            return frozen.value(n.args[0], env)
        xs = [self.value(a, env) for a in n.args]
        if f == "delta":
            return mpf(xs[0] == xs[1])
        if f in ("max", "min"):
            return self._extreme(xs, max if f == "max" else min)
        if f == "polygamma":
            return mp.psi(int(xs[0]), _positive(xs[1]))
        if f == "log" and len(xs) == 2:
            return mp.log(_positive(xs[0])) / mp.log(_positive(xs[1]))
        if f in self.model.functions:
            letters, body = self.model.functions[f]
            return self.value(body, dict(zip(letters, xs, strict=True)))
        if f in FUNCTIONS:
            if self.loose and f in LOOSE:
                return _real(LOOSE[f](xs[0]))
            return _real(FUNCTIONS[f](xs[0]))
        return unknown(f, [0] * len(xs), xs)

    def moved(self, by: Mapping[Entry, Any]) -> Point:
        """The point with entries shifted; ``detach`` keeps its values, definitions are cut."""
        arrays = dict(self.arrays)
        for (name, at), shift in by.items():
            table = dict(arrays[name])
            table[at] += shift
            arrays[name] = table
        return Point(self.model, self.sizes, arrays, self.fixed or self, self.loose)

    def cut(self, name: str, shape: Sequence[int]) -> Point:
        """The point with a defined name's entries as inputs of their own."""
        if name in self.arrays:
            return self
        keys = itertools.product(*[range(1, s + 1) for s in shape])
        table = {k: self.entry(name, k) for k in keys}
        return Point(self.model, self.sizes, {**self.arrays, name: table}, self.fixed, self.loose)


def derivative(
    point: Point, objective: Entry, by: Sequence[Entry], shapes: Shapes, step: Any = STEP
) -> Any:
    """The derivative of an entry by one entry, or by two in turn, as central differences.

    Where a variable is a defined name, its own definition is cut; for a second derivative the
    first variable's is cut at the place that the second one has moved to.
    """
    *before, (name, at) = by
    cut = point.cut(name, [point.sizes[s] for s in shapes[name]])
    ends = []
    for h in (step, -step):
        there = cut.moved({(name, at): h})
        if before:
            ends.append(derivative(there, objective, before, shapes, step))
        else:
            ends.append(there.entry(*objective))
    return (ends[0] - ends[1]) / (2 * step)


def nodes(text: str) -> int:
    """Size of a formula in nodes, as the corpus counts them."""
    counted = (
        ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Subscript, ast.Call,
        ast.GeneratorExp, ast.Compare, ast.BoolOp, ast.IfExp,
    )  # fmt: skip
    tree = parse(text)
    skip: set[int] = set()
    for n in ast.walk(tree):
        if isinstance(n, ast.comprehension):
            skip.update((id(n.target), id(n.iter)))
        elif isinstance(n, ast.Call | ast.Subscript):
            head = n.func if isinstance(n, ast.Call) else n.value
            if isinstance(head, ast.Name):
                skip.add(id(head))
    return sum(isinstance(n, counted) and id(n) not in skip for n in ast.walk(tree))
