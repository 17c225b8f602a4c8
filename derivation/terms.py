"""SymPy terms as written: symbolic sizes, indexed arrays, reductions, derivatives, conditions.

A term is a SymPy expression made through raw constructors, so nothing is evaluated behind the
reader's back: ``mul(one, x)`` stays ``1*x``, ``add(x, neg(x))`` stays a sum. Terms are interned,
so equal terms are usually the same object and every function of a term can be memoised.

Vocabulary (head: arguments):

* ``Integer``, ``Rational``, ``pi``; ``Symbol`` a scalar; ``Size`` a symbolic size (its value is a
  number too); ``Index`` a free or bound index, which knows the size it runs over (1..size).
* ``Indexed``: base, then one index term a slot (an ``Index``, a positive ``Integer``, or an
  element of a label array).
* ``Add``, ``Mul``: any number of terms or factors. ``a - b`` is ``add(a, neg(b))``; ``neg(x)`` is
  ``Mul(-1, x)``; ``a/b`` is ``mul(a, inverse(b))``; ``sqrt(x)`` is ``Pow(x, 1/2)``.
* SymPy's own functions (``exp``, ``log`` …) and ours (``sigmoid``, ``softplus``, ``relu``,
  ``Detach``); an unknown function is SymPy's ``Function(name)``; ``FunctionDerivative`` its
  derivative.
* ``SumOver``, ``ProductOver``, ``MaxOver``, ``MinOver``: body, the bound index, a guard.
* ``IfElse``: condition, value where it holds, value elsewhere. ``KroneckerDelta``: two indices.
* ``Diff``, ``Partial``: body, then the variables.
* Conditions: ``Relation`` (operator, left, right), ``AllOf``, ``AnyOf``, ``Not``, ``TRUE``,
  ``FALSE``. They are data of our own, since SymPy evaluates its relations.
"""

from __future__ import annotations

import gc as _gc

_was_enabled = _gc.isenabled()
_gc.disable()  # SymPy makes 10^5 long-lived objects on import: collecting them is a quarter of it
import sympy  # noqa: E402
from sympy.core.function import AppliedUndef, UndefinedFunction  # noqa: E402

_gc.freeze()
if _was_enabled:
    _gc.enable()

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from fractions import Fraction  # noqa: E402
from operator import is_ as _is  # noqa: E402
from typing import Any, Generic, TypeAlias, TypeVar  # noqa: E402

from sympy import (  # noqa: E402
    Add,
    Basic,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    Rational,
    Symbol,
    pi,
)

# SymPy's heads that are part of the vocabulary, passed on (what is defined here needs no mention)
__all__ = [
    "Add",
    "Basic",
    "Expr",
    "Function",
    "Indexed",
    "IndexedBase",
    "Integer",
    "KroneckerDelta",
    "Mul",
    "Pow",
    "Rational",
    "Symbol",
    "pi",
]

Term: TypeAlias = Basic
Path: TypeAlias = tuple[int, ...]

_TABLE: dict[tuple[Any, ...], Any] = {}
_SAME: dict[tuple[Any, ...], Any] = {}  # the table again, by the arguments as objects
_TABLE_LIMIT = 1 << 15
_MEMOS: list[dict[Any, Any]] = []


def memo() -> dict[Any, Any]:
    """A dictionary of what is known of terms, emptied together with the table of terms.

    What is asked about terms grows with the terms that are made, so one bound serves all, and
    whoever looks something up or adds to it pays for nothing but the dictionary.
    """
    _MEMOS.append({})
    return _MEMOS[-1]


def _forget() -> None:
    """Forgets every term and what is known of it: equality is structural as well."""
    _TABLE.clear()
    _SAME.clear()
    for known in _MEMOS:
        known.clear()


Value = TypeVar("Value")


class ByObject(Generic[Value]):
    """What is known of terms, by the objects that they are, which are kept alive.

    No term is hashed, so of a line of hundreds of terms the known ones are looked up at once.
    """

    def __init__(self) -> None:
        self._known: dict[int, Value] = {}
        self._kept: list[Any] = []

    def __contains__(self, t: Term) -> bool:
        return id(t) in self._known

    def __getitem__(self, t: Term) -> Value:
        return self._known[id(t)]

    def __setitem__(self, t: Term, value: Value) -> None:
        self._known[id(t)] = value
        self._kept.append(t)

    def of(self, terms: Iterable[Term], otherwise: Callable[[Term], Value]) -> list[Value]:
        """What is known of each of several terms; of all asked anew if one of them is new."""
        try:
            return [*map(self._known.__getitem__, map(id, terms))]
        except KeyError:
            return [*map(otherwise, terms)]


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """No garbage collection: terms form no cycles, and a full collection outlasts a derivation."""
    running = _gc.isenabled()
    _gc.disable()
    try:
        yield
    finally:
        if running:
            _gc.enable()


def _make(cls: Any, *args: Any) -> Any:
    """The one object of this class with these arguments, nothing evaluated."""
    objects = (cls, *map(id, args))  # a term of the table keeps its arguments alive
    found = _SAME.get(objects)
    if found is None:
        new = Basic.__new__(cls, *args)
        if cls is Add or cls is Mul or cls is Pow:
            new.is_commutative = True
        if len(_TABLE) > _TABLE_LIMIT:
            _forget()
        found = _TABLE.setdefault((cls, *args), new)
        if found is new:
            _SAME[objects] = new
    return found


# -- leaves ---------------------------------------------------------------------------------


class Size(Symbol):  # type: ignore[misc]
    """A symbolic size such as K: a positive integer, the same wherever it is named."""

    __slots__ = ()

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.name,)

    def __str__(self) -> str:  # SymPy's printer is slow
        return str(self.name)


class Index(Symbol):  # type: ignore[misc]
    """An index such as i, running over 1..size. Two indices are equal if name and size are."""

    __slots__ = ("size",)
    size: Term

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.name, self.size)

    def __str__(self) -> str:
        return str(self.name)


_NUMBERS: dict[tuple[Any, int], Any] = {}


def number(p: int | Fraction | Expr, q: int = 1) -> Any:
    """An exact rational number.

    >>> number(6, 4)
    3/2
    """
    if isinstance(p, Basic):
        return p
    where = (p, q)
    found = _NUMBERS.get(where)
    if found is None:
        value = Fraction(p) / q
        found = Rational(value.numerator, value.denominator)
        if len(_NUMBERS) < 4096:
            _NUMBERS[where] = found
    return found


ZERO, ONE, MINUS_ONE, HALF, TWO = number(0), number(1), number(-1), number(1, 2), number(2)
PI = pi


_VALUES: dict[tuple[int, int], Fraction] = {}


def value_of(t: Term) -> Fraction:
    """The value of a number term."""
    key = (t.p, t.q)
    found = _VALUES.get(key)
    if found is None:
        found = Fraction(int(t.p), int(t.q))
        if len(_VALUES) < 4096:
            _VALUES[key] = found
    return found


def is_number(t: Term) -> bool:
    return isinstance(t, Rational)


def symbol(name: str) -> Any:
    """A scalar."""
    where = (Symbol, name)
    found = _TABLE.get(where)
    if found is None:
        found = _TABLE[where] = Symbol(name)
    return found


def size(name: str | int) -> Any:
    """A symbolic size, or a fixed one."""
    if isinstance(name, int):
        return Integer(name)
    where = (Size, name)
    found = _TABLE.get(where)
    if found is None:
        found = _TABLE[where] = Symbol.__xnew__(Size, name)
    return found


def index(name: str, over: Term) -> Any:
    """The index ``name`` running over 1..``over``."""
    where = (Index, name, over)
    found = _TABLE.get(where)
    if found is None:
        found = Symbol.__xnew__(Index, name)
        found.size = over
        _TABLE[where] = found
    return found


def element(name: str, *indices: Term) -> Any:
    """The entry of an array, or the scalar of that name if there are no indices.

    >>> k = size("K")
    >>> element("z", index("i", k))
    z[i]
    """
    if not indices:
        return symbol(name)
    return _make(Indexed, _make(IndexedBase, symbol(name)), *indices)


def is_element(t: Term) -> bool:
    """Whether the term names an array's entry or a scalar (not an index, not a size)."""
    return isinstance(t, Indexed) or type(t) is Symbol


def name_of(t: Term) -> str:
    """The name of an element, an index or a size."""
    if isinstance(t, Indexed):
        return str(t.args[0].args[0].name)
    return str(t.name)


def indices_of(t: Term) -> tuple[Any, ...]:
    """The index terms of an element (none for a scalar)."""
    return t.args[1:] if isinstance(t, Indexed) else ()


# -- arithmetic -----------------------------------------------------------------------------


def add(*terms: Term) -> Any:
    """A sum as written (no terms: 0; one: itself)."""
    if len(terms) < 2:
        return terms[0] if terms else ZERO
    return _make(Add, *terms)


def mul(*factors: Term) -> Any:
    """A product as written (no factors: 1; one: itself)."""
    if len(factors) < 2:
        return factors[0] if factors else ONE
    return _make(Mul, *factors)


def power(base: Term, exponent: Term) -> Any:
    return _make(Pow, base, exponent)


def neg(t: Term) -> Any:
    """Minus t, with the sign in front of the first factor: -(2*x) is -2*x."""
    if is_number(t):
        return -t
    if isinstance(t, Mul):
        if is_number(t.args[0]):
            if t.args[0] == MINUS_ONE:
                return mul(*t.args[1:])
            return mul(-t.args[0], *t.args[1:])
        return mul(MINUS_ONE, *t.args)
    return mul(MINUS_ONE, t)


def inverse(t: Term) -> Any:
    """1/t, with the sign in the exponent: 1/x**2 is x**-2 and 1/2 is a number."""
    if is_number(t) and t != ZERO:
        return ONE / t
    if isinstance(t, Pow):
        exponent = neg(t.args[1])
        return t.args[0] if exponent == ONE else power(t.args[0], exponent)
    return power(t, MINUS_ONE)


def divide(a: Term, b: Term) -> Any:
    """a/b as the reader builds it: 1/b is just the inverse, 1/2 a number, 2*x/3 flat."""
    below = inverse(b)
    if a == ONE:
        return below
    if is_number(a) and is_number(below):
        return a * below
    return mul(*(a.args if isinstance(a, Mul) else (a,)), below)


def sqrt(t: Term) -> Any:
    return power(t, HALF)


# -- functions ------------------------------------------------------------------------------


class sigmoid(Function):  # type: ignore[misc]
    """The logistic function 1/(1 + exp(-x))."""

    def doit(self, **hints: Any) -> Any:
        return 1 / (1 + sympy.exp(-self.args[0]))


class softplus(Function):  # type: ignore[misc]
    """log(1 + exp(x))."""

    def doit(self, **hints: Any) -> Any:
        return sympy.log(1 + sympy.exp(self.args[0]))


class relu(Function):  # type: ignore[misc]
    """max(x, 0)."""

    def doit(self, **hints: Any) -> Any:
        return sympy.Max(self.args[0], 0)


class Detach(Function):  # type: ignore[misc]
    """The value of its argument, with derivative 0."""


# name in the input language -> (class, number of arguments)
FUNCTIONS: dict[str, tuple[Any, int]] = {
    "exp": (sympy.exp, 1),
    "log": (sympy.log, 1),
    "sin": (sympy.sin, 1),
    "cos": (sympy.cos, 1),
    "tan": (sympy.tan, 1),
    "asin": (sympy.asin, 1),
    "acos": (sympy.acos, 1),
    "atan": (sympy.atan, 1),
    "sinh": (sympy.sinh, 1),
    "cosh": (sympy.cosh, 1),
    "tanh": (sympy.tanh, 1),
    "asinh": (sympy.asinh, 1),
    "acosh": (sympy.acosh, 1),
    "atanh": (sympy.atanh, 1),
    "erf": (sympy.erf, 1),
    "sigmoid": (sigmoid, 1),
    "softplus": (softplus, 1),
    "relu": (relu, 1),
    "abs": (sympy.Abs, 1),
    "sign": (sympy.sign, 1),
    "lgamma": (sympy.loggamma, 1),
    "polygamma": (sympy.polygamma, 2),  # digamma(x) is polygamma(0, x), trigamma polygamma(1, x)
    "max": (sympy.Max, 2),
    "min": (sympy.Min, 2),
    "detach": (Detach, 1),
}
FUNCTION_NAMES: dict[Any, str] = {cls: name for name, (cls, _) in FUNCTIONS.items()}


def apply(name: str, *args: Term) -> Any:
    """A known function of the language applied to terms, unevaluated.

    ``log(x, a)``, to base a, is ``log(x)/log(a)``; ``sqrt``, ``digamma`` and ``trigamma`` are
    written with ``Pow`` and ``polygamma``.

    >>> apply("exp", ZERO)
    exp(0)
    """
    if name == "sqrt":
        return sqrt(*args)
    if name == "log" and len(args) == 2:
        return divide(apply("log", args[0]), apply("log", args[1]))
    if name in ("digamma", "trigamma"):
        return apply("polygamma", ZERO if name == "digamma" else ONE, *args)
    return _make(FUNCTIONS[name][0], *args)


def exp(t: Term) -> Any:
    return _make(sympy.exp, t)


def log(t: Term) -> Any:
    return _make(sympy.log, t)


def function_name(t: Term) -> str | None:
    """The language's name of the function at the head of the term, known or unknown."""
    if isinstance(t, AppliedUndef):
        return str(type(t).__name__)
    return FUNCTION_NAMES.get(type(t))


_UNKNOWN: dict[str, Any] = {}


def apply_unknown(name: str, *args: Term) -> Any:
    """An unknown differentiable function applied to terms."""
    cls = _UNKNOWN.get(name)
    if cls is None:
        cls = _UNKNOWN[name] = UndefinedFunction(name)
    return _make(cls, *args)


class FunctionDerivative(Expr):  # type: ignore[misc]
    """``deriv(g, n)(x)``: the name (a Symbol), the orders by slot, then the arguments.

    The orders are as many Integers as the function has slots; ``deriv(g, slot, n)(a, b)`` has
    order n in that slot and 0 elsewhere.
    """

    __slots__ = ()


def function_derivative(name: str, orders: tuple[int, ...], *args: Term) -> Any:
    return _make(FunctionDerivative, symbol(name), *map(Integer, orders), *args)


def split_function_derivative(t: Term) -> tuple[str, tuple[int, ...], tuple[Any, ...]]:
    """The name, the orders and the arguments of a ``FunctionDerivative``."""
    n = (len(t.args) - 1) // 2
    return name_of(t.args[0]), tuple(int(o) for o in t.args[1 : n + 1]), t.args[n + 1 :]


def is_literal_place(t: Term, k: int) -> bool:
    """Whether an argument is part of the head and not a value: the name and orders of a
    function's derivative, the order of ``polygamma``."""
    if isinstance(t, FunctionDerivative):
        return k <= (len(t.args) - 1) // 2
    return isinstance(t, sympy.polygamma) and k == 0


# -- conditions -----------------------------------------------------------------------------


class Condition(Basic):  # type: ignore[misc]
    """A condition: data, never evaluated by SymPy."""

    __slots__ = ()


class _Operator(Symbol):  # type: ignore[misc]
    __slots__ = ()


class Relation(Condition):
    """``left op right`` with op one of ``== != < <= > >=``; over indices or over values."""

    __slots__ = ()

    @property
    def op(self) -> str:
        return str(self.args[0].name)

    @property
    def left(self) -> Any:
        return self.args[1]

    @property
    def right(self) -> Any:
        return self.args[2]


class AllOf(Condition):
    """Every one of the conditions (none: true)."""

    __slots__ = ()


class AnyOf(Condition):
    """At least one of the conditions (none: false)."""

    __slots__ = ()


class Not(Condition):
    """The condition does not hold."""

    __slots__ = ()


TRUE = _make(AllOf)
FALSE = _make(AnyOf)
OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRROR = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def relation(op: str, left: Term, right: Term) -> Any:
    where = (_Operator, op)
    head = _TABLE.get(where)
    if head is None:
        head = _TABLE[where] = Symbol.__xnew__(_Operator, op)
    return _make(Relation, head, left, right)


def all_of(*conditions: Term) -> Any:
    """Conjunction, flat, without repetition; one condition is itself.

    >>> all_of(TRUE, TRUE) == TRUE
    True
    """
    flat: list[Term] = []
    for c in conditions:
        for part in c.args if isinstance(c, AllOf) else (c,):
            if part not in flat:
                flat.append(part)
    return flat[0] if len(flat) == 1 else _make(AllOf, *flat)


def any_of(*conditions: Term) -> Any:
    """Disjunction as written; one condition is itself."""
    return conditions[0] if len(conditions) == 1 else _make(AnyOf, *conditions)


def negate(c: Term) -> Any:
    """The opposite condition; relations and double negations are turned round at once."""
    if isinstance(c, Relation):
        return relation(OPPOSITE[c.op], c.left, c.right)
    if isinstance(c, Not):
        return c.args[0]
    return _make(Not, c)


def conjuncts(c: Term) -> tuple[Any, ...]:
    return c.args if isinstance(c, AllOf) else (c,)


# -- binders, cases, derivatives ------------------------------------------------------------


class Reduction(Expr):  # type: ignore[misc]
    """A sum, product, maximum or minimum of ``body`` over ``index`` where ``guard`` holds."""

    __slots__ = ()

    @property
    def body(self) -> Any:
        return self._args[0]

    @property
    def index(self) -> Any:
        return self._args[1]

    @property
    def guard(self) -> Any:
        return self._args[2]


class SumOver(Reduction):
    __slots__ = ()


class ProductOver(Reduction):
    __slots__ = ()


class MaxOver(Reduction):
    __slots__ = ()


class MinOver(Reduction):
    __slots__ = ()


class Every(Reduction, Condition):
    """The body (a condition) holds for every value of the index where the guard does."""

    __slots__ = ()


def every(condition: Term, over: Term, guard: Term = TRUE) -> Any:
    """``condition`` for every value of an index where a guard holds.

    One that does not mention the index stays as it is where some place is sure to meet the guard,
    or where it leaves out no more than a few points; there is no k > i for the last i.
    """
    if over not in free_indices(condition):
        if guard == TRUE or not _counts(guard, over, condition):
            return condition
        condition, guard = any_of(negate(guard), condition), TRUE
        if over not in free_indices(condition):
            return condition
    return _make(Every, condition, over, guard)


def _counts(guard: Term, i: Any, condition: Term) -> bool:
    """Whether a condition that is the same for every i is to be asked for only where there is one
    that meets a guard."""
    if not free_indices(condition):
        return is_about_values(guard) and not is_inequation(condition)
    if is_about_values(guard):
        return False
    parts = conjuncts(guard)
    if all(isinstance(c, Relation) and c.op == "!=" for c in parts):  # unless the size is 1
        return False
    others = [j for j in free_indices(guard) if j != i and j.size == i.size]
    return not any(all(is_trivial(substitute(c, {i: j})) for c in parts) for j in others)


def is_trivial(c: Term) -> bool:
    """Whether a condition is one such as j <= j."""
    return isinstance(c, Relation) and c.left == c.right and c.op in ("==", "<=", ">=")


def is_inequation(c: Term) -> bool:
    """Whether a condition is a != b, which leaves out few points."""
    return isinstance(c, Relation) and c.op == "!="


def is_about_values(condition: Term) -> bool:
    """Whether a condition mentions an entry of an array or a scalar, not indices alone."""
    return any(map(is_element, subterms(condition)))


REDUCTIONS: dict[str, Any] = {"sum": SumOver, "prod": ProductOver, "max": MaxOver, "min": MinOver}


def reduction(kind: str, body: Term, over: Term, guard: Term = TRUE) -> Any:
    """``kind`` in ``sum prod max min`` over one index; nest for several."""
    return _make(REDUCTIONS[kind], body, over, guard)


def sum_over(body: Term, over: Term, guard: Term = TRUE) -> Any:
    """The sum of the body over an index, where the guard holds.

    >>> i = index("i", size("K"))
    >>> sum_over(element("z", i), i).body
    z[i]
    """
    return _make(SumOver, body, over, guard)


class IfElse(Expr):  # type: ignore[misc]
    """``a if condition else b``: arguments are the condition, a, b."""

    __slots__ = ()


def if_else(condition: Term, a: Term, b: Term) -> Any:
    return _make(IfElse, condition, a, b)


def delta(i: Term, j: Term) -> Any:
    """1 if the two indices are equal, else 0."""
    return _make(KroneckerDelta, i, j)


class Diff(Expr):  # type: ignore[misc]
    """The derivative of the body by the variables in turn, through every definition."""

    __slots__ = ()


class Partial(Expr):  # type: ignore[misc]
    """The derivative of the body as written, every other defined name held fixed.

    A bare defined name stands for its definition, unfolded once.
    """

    __slots__ = ()


def diff(body: Term, *variables: Term) -> Any:
    return _make(Diff, body, *variables)


def partial(body: Term, *variables: Term) -> Any:
    return _make(Partial, body, *variables)


# -- structure ------------------------------------------------------------------------------


def identical(a: Term, b: Term) -> bool:
    """Equality as written; for terms that mostly are one object or differ, faster than ``==``."""
    return a is b or (type(a) is type(b) and hash(a) == hash(b) and bool(a == b))


def rebuild(t: Term, args: tuple[Term, ...]) -> Any:
    """The same head with other arguments."""
    same = len(args) == len(t._args) and all(map(_is, args, t._args))
    return t if same else _make(type(t), *args)


_ENTRIES = (Indexed, IndexedBase)


def is_leaf(t: Term) -> bool:
    return not t._args or isinstance(t, _ENTRIES)


def at(t: Term, path: Path) -> Any:
    """The subterm at a path of child indices; raises IndexError where there is none."""
    for k in path:
        t = t._args[k]
    return t


def replace_at(t: Term, path: Path, new: Term) -> Any:
    """The term with the subterm at the path replaced."""
    if not path:
        return new
    k = path[0]
    args = list(t._args)
    args[k] = replace_at(args[k], path[1:], new)
    return _make(type(t), *args)


def subterms(t: Term) -> Iterator[Any]:
    """The term and all its subterms, outermost first (not the inside of an array's name)."""
    yield t
    if isinstance(t, (IndexedBase, _Operator)):
        return
    for a in t._args:
        yield from subterms(a)


_FREE: dict[Term, frozenset[Any]] = memo()
_NAMES: dict[Term, frozenset[str]] = memo()
_EMPTY: frozenset[Any] = frozenset()


def _objects(args: Sequence[Term]) -> Iterable[Any]:
    """The arguments, one that stands there several times only once."""
    return args if len(args) < 4 else dict(zip(map(id, args), args, strict=True)).values()


def free_indices(t: Term) -> frozenset[Any]:
    """The indices that the term does not bind.

    >>> i, j = index("i", size("K")), index("j", size("K"))
    >>> sorted(map(str, free_indices(sum_over(element("w", i, j), i))))
    ['j']
    """
    inside = t._args
    if not inside and not isinstance(t, Index):
        return _EMPTY
    found = _FREE.get(t)
    if found is None:
        if not inside:
            found = frozenset((t,))
        elif isinstance(t, Indexed):
            found = _EMPTY.union(*map(free_indices, inside[1:]))
        else:
            found = _EMPTY.union(*map(free_indices, _objects(inside)))
            if isinstance(t, Reduction):
                found -= {inside[1]}
        _FREE[t] = found
    return found


def names(t: Term) -> frozenset[str]:
    """The names of arrays, scalars, sizes and unknown functions in the term."""
    found = _NAMES.get(t)
    if found is not None:
        return found
    if isinstance(t, Index):
        out: frozenset[str] = names(t.size)
    elif isinstance(t, _Operator):
        out = _EMPTY
    elif isinstance(t, Symbol):
        out = frozenset((str(t.name),))
    else:
        out = frozenset().union(*[names(a) for a in _objects(t._args)]) if t._args else _EMPTY
        if isinstance(t, AppliedUndef):
            out |= {type(t).__name__}
    _NAMES[t] = out
    return out


def index_names(t: Term) -> frozenset[str]:
    """The letters of all indices in the term, free and bound."""
    return frozenset(str(s.name) for s in subterms(t) if isinstance(s, Index))


# what a person reaches for next, by the letter that is taken
_ALPHABETS = ("ijklmnpqrstuvwabcdefgh", "abcdefgh", "nmrstuvw")


def fresh_index(like: Any, taken: frozenset[str] | set[str]) -> Any:
    """An index over the same size whose letter is not taken.

    >>> str(fresh_index(index("k", size("K")), {"k", "l"}))
    'm'
    """
    letter = str(like.name)
    if letter not in taken:
        return like
    alphabet = _ALPHABETS[0]
    start = alphabet.find(letter[0])
    for k in range(1, len(alphabet) + 1):
        candidate = alphabet[(start + k) % len(alphabet)]
        if candidate not in taken:
            return index(candidate, like.size)
    k = 1
    while f"{letter}{k}" in taken:
        k += 1
    return index(f"{letter}{k}", like.size)


def substitute(t: Term, swap: Mapping[Any, Term]) -> Any:
    """The term with free indices replaced, bound ones renamed where they would capture.

    >>> K = size("K"); i, j = index("i", K), index("j", K)
    >>> t = sum_over(element("w", i, j), i)
    >>> substitute(t, {j: i}).body
    w[k, i]
    """
    live = {k: v for k, v in swap.items() if k is not v}
    return _substituted(t, live) if live else t


def _substituted(t: Term, live: Mapping[Any, Term]) -> Any:
    free = free_indices(t)
    if free.isdisjoint(live):
        return t
    if isinstance(t, Index):
        return live[t]
    if isinstance(t, Reduction):
        live = {k: v for k, v in live.items() if k in free}
        over = t.index
        incoming: set[str] = set()
        for v in live.values():
            incoming.update(index_names(v))
        if over.name in incoming:
            taken = incoming | index_names(t)
            fresh = fresh_index(over, taken)
            live = {**live, over: fresh}
            over = fresh
        return _make(type(t), _substituted(t.body, live), over, _substituted(t.guard, live))
    args = [_substituted(a, live) for a in t._args]
    # two conditions may have become one, which would not read back as two
    return all_of(*args) if isinstance(t, AllOf) else _make(type(t), *args)


def replace_terms(t: Term, swap: Callable[[Any], Any]) -> Any:
    """The term with every subterm s for which ``swap(s)`` is not None replaced, outermost first.

    No renaming is done: what is put in must not be captured.
    """
    new = swap(t)
    if new is not None:
        return new
    if is_leaf(t) or isinstance(t, _Operator):
        return t
    return rebuild(t, tuple(replace_terms(a, swap) for a in t._args))


ENGINE_LETTER = "_"  # begins the letters that the engine itself gives to bound indices
_HEIGHT: dict[Term, int] = memo()
_CANONICAL: dict[Term, Any] = memo()


def depth(t: Term) -> int:
    """How many sums (products, maxima, minima) of a term stand inside one another."""
    if is_leaf(t):
        return 0
    found = _HEIGHT.get(t)
    if found is None:
        found = max(map(depth, t._args), default=0) + isinstance(t, Reduction)
        _HEIGHT[t] = found
    return found


def canonical(t: Term) -> Any:
    """The term with bound indices named by their height, so that renamings become equal.

    >>> K = size("K"); i, k = index("i", K), index("k", K)
    >>> canonical(sum_over(element("z", i), i)) == canonical(sum_over(element("z", k), k))
    True
    """
    if is_leaf(t):
        return t
    found = _CANONICAL.get(t)
    if found is not None:
        return found
    if isinstance(t, Reduction):
        body, guard = canonical(t.body), canonical(t.guard)
        height = max(depth(body), depth(guard))
        taken = {i.name for i in free_indices(t)}
        while f"{ENGINE_LETTER}{height}" in taken:
            height += 1
        bound = index(f"{ENGINE_LETTER}{height}", t.index.size)
        if not identical(bound, t.index):
            body, guard = substitute(body, {t.index: bound}), substitute(guard, {t.index: bound})
        out = _make(type(t), body, bound, guard)
    else:
        out = rebuild(t, tuple(canonical(a) for a in t._args))
    if out is not t:
        _CANONICAL[out] = out
    _CANONICAL[t] = out
    return out


def alpha_equal(a: Term, b: Term) -> bool:
    """Equal up to the letters of bound indices."""
    return a is b or identical(canonical(a), canonical(b))


def unbracketed(t: Term) -> Any:
    """The term without the brackets round the first factor of a product or first term of a sum.

    >>> a, b, c = map(symbol, "abc")
    >>> unbracketed(mul(mul(a, b), c)).args
    (a, b, c)
    """
    if is_leaf(t) or isinstance(t, (Condition, KroneckerDelta)):
        return t
    if isinstance(t, Reduction):
        return rebuild(t, (unbracketed(t.body), t.index, t.guard))
    args = tuple(map(unbracketed, t._args))
    if isinstance(t, (Add, Mul)) and type(args[0]) is type(t):
        args = (*args[0]._args, *args[1:])
    return rebuild(t, args)


def size_of(t: Term, shapes: Mapping[str, tuple[Term, ...]] | None = None) -> Any:
    """The size that an index term runs over, where it is known (None for a number)."""
    if isinstance(t, Index):
        return t.size
    return None
