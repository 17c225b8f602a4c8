"""Terms to closures: the oracle's own evaluator.

A ``World`` holds the tables of all arrays at one point. ``Diff`` and ``Partial`` evaluate their
body in a child world, where one entry carries a nilpotent part, and read off its coefficient; so
derivatives nest to any order. A definition is a table that fills itself when looked up.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from operator import itemgetter
from typing import Any, TypeAlias

from sympy import Add, KroneckerDelta, Mul, Pow

from derivation.errors import DerivationError
from derivation.oracle.values import Field, Number, Undefined, coefficient, minus
from derivation.oracle.worlds import Defined, Entries, Key, World, extent
from derivation.problem import Definition
from derivation.terms import (
    PI,
    AllOf,
    AnyOf,
    ByObject,
    Diff,
    Every,
    FunctionDerivative,
    IfElse,
    Index,
    MaxOver,
    MinOver,
    Not,
    Partial,
    ProductOver,
    Reduction,
    Relation,
    Size,
    SumOver,
    Term,
    free_indices,
    function_name,
    indices_of,
    is_element,
    is_number,
    name_of,
    names,
    split_function_derivative,
    subterms,
    value_of,
)

Env: TypeAlias = list[int]
Code: TypeAlias = Callable[[Env, "World"], Any]

_MEMO_LIMIT = 100_000
_CHAIN = 12  # definitions that are evaluated recursively, one in the other


class Program:
    """Definitions and compiled terms for one kind of number."""

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        labels: Mapping[str, Term],
        field: Field,
        seed: int = 0,
    ) -> None:
        self.definitions, self.labels, self.field, self.seed = definitions, labels, field, seed
        self._slots: dict[Term, int] = {}
        self._code: dict[Term, Code] = {}
        self._objects: ByObject[Code] = ByObject()  # the same
        self._bodies: dict[str, tuple[list[int], Code]] = {}
        self._dependents: dict[str, frozenset[str]] = {}
        self._monomials: dict[Any, list[tuple[Number, tuple[int, ...]]]] = {}
        self._levels: dict[str, int] = {}
        self._count = itertools.count()

    def world(
        self,
        sizes: Mapping[str, int],
        arrays: Mapping[str, Mapping[Key, Any]],
        salt: int = 0,
    ) -> World:
        """The world at a point: exact entries become numbers of the field, labels stay integers.

        The salt chooses entries of arrays that nothing declares.
        """
        world = World(self, sizes, None, salt)
        number = self.field.number
        for name, entries in arrays.items():
            convert = int if name in self.labels else number
            world[name] = Entries((i, convert(x)) for i, x in entries.items())
        for name in self.definitions:
            world[name] = Defined(name, world)
        return world

    def value(self, t: Term, world: World, indices: Mapping[Term, int]) -> Any:
        """The term's value, its free indices being as given."""
        code = self.code(t)
        env = self.env()
        for i, v in indices.items():
            env[self.slot(i)] = v
        return code(env, world)

    def env(self) -> Env:
        return [0] * (len(self._slots) + 8)

    def slot(self, i: Term) -> int:
        return self._slots.setdefault(i, len(self._slots))

    def body(self, name: str) -> tuple[list[int], Code]:
        found = self._bodies.get(name)
        if found is None:
            d = self.definitions[name]
            code = self.code(d.body)
            found = self._bodies[name] = ([self.slot(p) for p in d.params], code)
        return found

    def dependents(self, name: str) -> frozenset[str]:
        """The definitions that depend on the name, directly or through others."""
        found = self._dependents.get(name)
        if found is None:
            out, grew = {name}, True
            while grew:
                grew = False
                for d in self.definitions.values():
                    if d.name not in out and not names(d.body).isdisjoint(out):
                        out.add(d.name)
                        grew = True
            found = self._dependents[name] = frozenset(out - {name})
        return found

    def far_below(self, name: str) -> list[str]:
        """The definitions that a long chain of definitions is made of, the first one first.

        They are evaluated in this order, so that Python's stack does not grow with the chain.
        """
        if not self._levels:
            for d in self.definitions:
                self._level(d)
        if self._levels[name] <= _CHAIN:
            return []
        above = self._levels[name]
        return sorted(
            (d for d in self._levels if self._levels[d] < above), key=self._levels.__getitem__
        )

    def _level(self, name: str) -> None:
        """Sets the length of the longest chain of definitions below, without recursion."""
        todo = [name]
        while todo:
            d = todo[-1]
            below = [n for n in names(self.definitions[d].body) if n in self.definitions]
            missing = [n for n in below if n not in self._levels and n not in todo]
            if missing:
                todo.extend(missing)
            else:
                todo.pop()
                self._levels[d] = 1 + max((self._levels.get(n, 0) for n in below), default=0)

    # -- closures -----------------------------------------------------------------------

    def code(self, t: Term) -> Code:
        """The closure that evaluates the term."""
        found = self._code.get(t)
        if found is None:
            found = self._code[t] = self._compile(t)
        self._objects[t] = found
        return found

    def _compile(self, t: Term) -> Code:
        if is_number(t):
            return self._constant(value_of(t))
        if is_element(t):
            return self._element(t)
        if isinstance(t, Add):
            return self._sum_of(self._objects.of(t.args, self.code))
        if isinstance(t, Mul):
            return self._product_of(t)
        if isinstance(t, Pow):
            return self._power(*t.args)
        if isinstance(t, Index):
            slot, number = self.slot(t), self.field.number
            return lambda env, w: number(env[slot])
        if isinstance(t, Size):
            name, number = str(t.name), self.field.number
            return lambda env, w: number(w.sizes[name])
        if t == PI:
            pi = self.field.pi
            return lambda env, w: pi()
        if isinstance(t, KroneckerDelta):
            left, right = (self._index(a) for a in t.args)
            one, zero = self.field.one, self.field.zero
            return lambda env, w: one if left(env, w) == right(env, w) else zero
        if isinstance(t, IfElse):
            test, then, other = self.condition(t.args[0]), *map(self.code, t.args[1:])
            return lambda env, w: then(env, w) if test(env, w) else other(env, w)
        if isinstance(t, Reduction):
            return self._remember(t, self._reduction(t))
        if isinstance(t, (Diff, Partial)):
            return self._remember(t, self._derivative(t))
        return self._function(t)

    def _constant(self, value: Fraction) -> Code:
        if not value:
            zero = self.field.zero
            return lambda env, w: zero
        try:
            x = self.field.number(value)
        except OverflowError:
            number = self.field.number
            return lambda env, w: number(value)  # raises again, where it is needed
        return lambda env, w: x

    def _element(self, t: Term) -> Code:
        name, slots = name_of(t), [self._index(i) for i in indices_of(t)]
        if name in self.labels:
            number, index = self.field.number, self._index(t)
            return lambda env, w: number(index(env, w))
        direct = [self.slot(i) for i in indices_of(t) if isinstance(i, Index)]
        if not slots:
            return lambda env, w: w[name][()]
        if len(direct) < len(slots):
            return lambda env, w: w[name][tuple([s(env, w) for s in slots])]
        if len(direct) == 1:
            (a,) = direct
            return lambda env, w: w[name][(env[a],)]
        pick = itemgetter(*direct)
        return lambda env, w: w[name][pick(env)]

    def _index(self, t: Term) -> Code:
        """The closure of a term in a slot: an integer."""
        if isinstance(t, Index):
            slot = self.slot(t)
            return lambda env, w: env[slot]
        if is_number(t):
            n = int(value_of(t))
            return lambda env, w: n
        if isinstance(t, Size):
            size = str(t.name)
            return lambda env, w: w.sizes[size]
        if is_element(t):
            name, slots = name_of(t), [self._index(i) for i in indices_of(t)]
            return lambda env, w: w[name][tuple([s(env, w) for s in slots])]
        raise DerivationError(f"`{t}` cannot stand in a slot")

    def _sum_of(self, parts: list[Code]) -> Code:
        if len(parts) == 2:
            a, b = parts
            return lambda env, w: a(env, w) + b(env, w)
        first, *rest = parts

        def run(env: Env, w: World) -> Any:
            total = first(env, w)
            for part in rest:
                total = total + part(env, w)
            return total

        return run

    def _product_of(self, t: Term) -> Code:
        """A factor that vanishes by its form (a delta, a case, a derivative by what does not
        occur) makes the product 0, whatever the others are; such factors come first."""
        parts = [self.code(a) for a in sorted(t.args, key=_by_form)]
        zero = self.field.zero
        if len(parts) == 2:
            first, second = parts

            def product(env: Env, w: World) -> Any:
                a = first(env, w)
                if a is zero:
                    return zero
                b = second(env, w)
                return zero if b is zero else a * b

            return product

        def run(env: Env, w: World) -> Any:
            total = self.field.one
            for part in parts:
                value = part(env, w)
                if value is zero:
                    return zero
                total = total * value
            return total

        return run

    def _power(self, base: Term, exponent: Term) -> Code:
        x, field = self.code(base), self.field
        if is_number(exponent):
            n = value_of(exponent)
            if n == 2:
                return lambda env, w: (v := x(env, w)) * v
            if n.denominator == 1:
                whole, integer_power = n.numerator, field.integer_power
                return lambda env, w: integer_power(x(env, w), whole)
            r, root = field.number(n), field.root
            return lambda env, w: root(x(env, w), r)
        y, power = self.code(exponent), field.power
        return lambda env, w: power(x(env, w), y(env, w))

    def _reduction(self, t: Reduction) -> Code:
        body, slot, over = self.code(t.body), self.slot(t.index), t.index.size
        guard = None if not t.guard.args and isinstance(t.guard, AllOf) else self.condition(t.guard)
        fold = {
            SumOver: self._fold_sum,
            ProductOver: self._fold_product,
            MaxOver: self._fold_max,
            MinOver: self._fold_min,
        }[type(t)]

        def run(env: Env, w: World) -> Any:
            before = env[slot]
            values = []
            for i in range(1, extent(over, w.sizes) + 1):
                env[slot] = i
                if guard is None or guard(env, w):
                    values.append(body(env, w))
            env[slot] = before
            return fold(values)

        return run

    def _fold_sum(self, values: list[Number]) -> Number:
        return sum(values, self.field.zero)

    def _fold_product(self, values: list[Number]) -> Number:
        total = self.field.one
        for v in values:
            total = total * v
        return total

    def _fold_max(self, values: list[Number]) -> Number:
        return self._extreme(values, 1)

    def _fold_min(self, values: list[Number]) -> Number:
        return self._extreme(values, -1)

    def _extreme(self, values: list[Number], sign: int) -> Number:
        if not values:
            raise Undefined("the maximum or minimum of nothing")
        best = values[0]
        for v in values[1:]:
            if self.field.side(minus(v, best)) == sign:
                best = v
        return best

    def _remember(self, t: Term, run: Code) -> Code:
        """The closure with its values kept in the world, and taken from the parent's if the
        variable of this world does not occur."""
        free = sorted(self.slot(i) for i in free_indices(t))
        pick: Callable[[Env], Any] = itemgetter(*free) if free else lambda env: None
        uid, reads = next(self._count), self._reads(t)

        def recall(env: Env, w: World) -> Any:
            key = (uid, pick(env))
            value = w.memo.get(key)
            if value is None:
                if w.parent is not None and reads.isdisjoint(w.affected):
                    value = recall(env, w.parent)
                else:
                    value = run(env, w)
                if len(w.memo) > _MEMO_LIMIT:
                    w.memo.clear()
                w.memo[key] = value
            return value

        return recall

    def _reads(self, t: Term) -> frozenset[str]:
        """Names that the value may depend on, not through definitions: those are affected too.

        A bare name under ``Partial`` is unfolded even where the definitions are held fixed.
        """
        out = set(names(t))
        for s in subterms(t):
            if isinstance(s, Partial) and is_element(s.args[0]):
                d = self.definitions.get(name_of(s.args[0]))
                if d is not None:
                    out |= names(d.body)
        return frozenset(out)

    def _derivative(self, t: Term) -> Code:
        body, *variables = t.args
        frozen = isinstance(t, Partial)
        value = self._unfolded(body, variables) if frozen else self.code(body)
        places = [
            (name_of(v), [self._index(i) for i in indices_of(v)]) for v in reversed(variables)
        ]
        zero = self.field.zero

        def run(env: Env, w: World) -> Any:
            if w.frozen and not frozen:
                raise Undefined("a derivative through definitions that are held fixed")
            tags = []
            for name, slots in places:
                w = w.vary(name, tuple([s(env, w) for s in slots]), frozen)
                tags.append(w.depth)
            out = value(env, w)
            for tag in reversed(tags):
                out = coefficient(out, tag, zero)
            return out

        return run

    def _unfolded(self, body: Term, variables: list[Term]) -> Code:
        """The body of ``Partial``; a bare defined name is its definition unfolded once."""
        plainly = self.code(body)
        if not is_element(body):
            return plainly
        name = name_of(body)
        if name not in self.definitions or name in map(name_of, variables):
            return plainly
        slots = [self._index(i) for i in indices_of(body)]
        params, inside = self.body(name)

        def run(env: Env, w: World) -> Any:
            if name in w.removed:
                return plainly(env, w)
            inner = self.env()
            for p, s in zip(params, slots, strict=True):
                inner[p] = s(env, w)
            return inside(inner, w)

        return run

    def _function(self, t: Term) -> Code:
        if isinstance(t, FunctionDerivative):
            name, orders, args = split_function_derivative(t)
            return self._unknown(name, orders, [self.code(a) for a in args])
        known = function_name(t)
        codes = [self.code(a) for a in t.args]
        side = self.field.side
        if known in ("max", "min"):
            first, second = codes
            sign = 1 if known == "max" else -1

            def extreme(env: Env, w: World) -> Any:
                a, b = first(env, w), second(env, w)
                return a if side(minus(a, b)) * sign >= 0 else b

            return extreme
        if known == "polygamma":
            polygamma, order, x = self.field.polygamma, self._index(t.args[0]), codes[1]
            return lambda env, w: polygamma(order(env, w), x(env, w))
        if known in self.field.functions:
            function, (argument,) = self.field.functions[known], codes
            return lambda env, w: function(argument(env, w))
        if known is not None:
            return self._unknown(known, (0,) * len(codes), codes)
        raise DerivationError(f"the oracle cannot evaluate `{t}`")

    def _unknown(self, name: str, orders: tuple[int, ...], args: list[Code]) -> Code:
        """An unknown function stands for a generic polynomial, so its derivatives are at hand."""
        terms = self._monomials.get((name, orders))
        if terms is None:
            terms = self._monomials[name, orders] = self._polynomial(name, orders)

        def run(env: Env, w: World) -> Any:
            xs = [a(env, w) for a in args]
            total = self.field.zero
            for c, exponents in terms:
                for x, e in zip(xs, exponents, strict=True):
                    if e:
                        c = c * (x if e == 1 else x**e)
                total = total + c
            return total

        return run

    def _polynomial(
        self, name: str, orders: tuple[int, ...]
    ) -> list[tuple[Number, tuple[int, ...]]]:
        rng = random.Random(f"{self.seed} {name} {len(orders)}")
        degree = 7 if len(orders) == 1 else 5
        out = []
        for exponents in itertools.product(range(degree + 1), repeat=len(orders)):
            if sum(exponents) > degree:
                continue
            c = Fraction(rng.choice((-1, 1)) * rng.randrange(3, 32), 16 * 2 ** sum(exponents))
            if not sum(exponents):
                c = Fraction(5, 2)
            for e, o in zip(exponents, orders, strict=True):
                for k in range(o):
                    c *= e - k
            if c:
                lowered = tuple(e - o for e, o in zip(exponents, orders, strict=True))
                out.append((self.field.number(c), lowered))
        return out

    # -- conditions -------------------------------------------------------------------------

    def condition(self, t: Term) -> Code:
        """The closure that decides the condition."""
        found = self._code.get(t)
        if found is None:
            found = self._code[t] = self._condition(t)
        return found

    def _condition(self, t: Term) -> Code:
        if isinstance(t, Relation):
            return self._relation(t)
        if isinstance(t, Every):
            return self._every(t)
        parts = [self.condition(a) for a in t.args]
        if isinstance(t, AllOf):
            return lambda env, w: all(p(env, w) for p in parts)
        if isinstance(t, AnyOf):
            return lambda env, w: any(p(env, w) for p in parts)
        if isinstance(t, Not):
            return lambda env, w: not parts[0](env, w)
        raise DerivationError(f"the oracle cannot decide `{t}`")

    def _every(self, t: Every) -> Code:
        body, guard, slot = self.condition(t.body), self.condition(t.guard), self.slot(t.index)
        over = t.index.size

        def run(env: Env, w: World) -> bool:
            before = env[slot]
            holds = True
            for i in range(1, extent(over, w.sizes) + 1):
                env[slot] = i
                if guard(env, w) and not body(env, w):
                    holds = False
                    break
            env[slot] = before
            return holds

        return run

    def _relation(self, t: Relation) -> Code:
        decide = _DECIDE[t.op]
        if self._is_integer(t.left) and self._is_integer(t.right):
            i, j = self._index(t.left), self._index(t.right)
            return lambda env, w: decide(i(env, w) - j(env, w))
        a, b, side = self.code(t.left), self.code(t.right), self.field.side

        def run(env: Env, w: World) -> bool:
            x, y = a(env, w), b(env, w)
            return decide(0 if x is y else side(minus(x, y), False))

        return run

    def _is_integer(self, t: Term) -> bool:
        if isinstance(t, (Index, Size)):
            return True
        if is_number(t):
            return value_of(t).denominator == 1
        return is_element(t) and name_of(t) in self.labels


def _by_form(factor: Term) -> int:
    """Where a factor stands in a product: before those that it spares if it vanishes."""
    for k, heads in enumerate((KroneckerDelta, IfElse, Diff, Partial, Mul, Reduction)):
        if isinstance(factor, heads):
            return k
    return 6


_DECIDE: dict[str, Callable[[int], bool]] = {
    "==": lambda d: d == 0,
    "!=": lambda d: d != 0,
    "<": lambda d: d < 0,
    "<=": lambda d: d <= 0,
    ">": lambda d: d > 0,
    ">=": lambda d: d >= 0,
}
