"""Terms as mathematical notation: one walk for all formats.

``Typesetter`` turns a term into a small tree of layout (names, fractions, scripts, big operators,
cases …) in which every bracket and every sign is settled. A format only draws that tree, so no two
formats disagree about precedence. What a reader sees:

* ``a + neg(b)`` is a subtraction; a product with inverses is one fraction, but a sum or a bracket
  that follows the last inverse stands beside it (1/N Σ …); ``x**(1/2)`` is a root.
* A sum's body reaches to the end of the product; it is bracketed where it would not.
* ``diff`` and ``partial`` are both written with ∂. A derivative of a compound expression is
  ∂/∂v (…). Where both kinds of the same derivative occur in one derivation (chain rule with a
  direct part), the one that holds all other names fixed is written ∂⁺.
* An ``IfElse`` chain is a brace with one line a case.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sympy import Add, Indexed, KroneckerDelta, Mul, Pow
from sympy.core.function import AppliedUndef

from derivation.printers.layout import (
    Big,
    Cases,
    Delta,
    Derivative,
    Fence,
    Function,
    Layout,
    Mark,
    Name,
    Number,
    Root,
    Row,
    Script,
    Sign,
    Slash,
    Slots,
    Space,
    Stack,
    Words,
)
from derivation.terms import (
    FALSE,
    HALF,
    MIRROR,
    ONE,
    PI,
    TRUE,
    ZERO,
    AllOf,
    AnyOf,
    Diff,
    Every,
    FunctionDerivative,
    IfElse,
    Not,
    Partial,
    Path,
    Reduction,
    Relation,
    SumOver,
    Term,
    function_name,
    is_number,
    name_of,
    neg,
    negate,
    number,
    power,
    relation,
    split_function_derivative,
    value_of,
)

# -- precedence -----------------------------------------------------------------------------

CONDITION, SUM, FRACTION, PRODUCT, POWER, ATOM = range(6)

# written without brackets before a single letter: log x
_PREFIX = frozenset(
    "log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh".split()  # noqa: SIM905
)


class Typesetter:
    """From terms to layout.

    Args:
        fractions: ``"stack"``, ``"line"``, or ``"tall"``: stacked only where a line is hard to
            read.
        marks: Paths of the parts to mark.
        direct: The ``partial`` terms that are to be told apart from a ``diff``.

    >>> from derivation.terms import add, element, index, neg, size
    >>> j = index("j", size("K"))
    >>> Typesetter().layout(add(element("yhat", j), neg(element("y", j)))).items[1]
    Sign(token='-')
    """

    def __init__(
        self,
        fractions: str = "stack",
        marks: Sequence[Path] = (),
        direct: frozenset[Term] = frozenset(),
    ) -> None:
        self.fractions = fractions
        self.marks = frozenset(marks)
        self.direct = direct

    def layout(self, t: Term, need: int = CONDITION) -> Layout:
        """The layout of a whole term or condition."""
        return self._set(t, (), need)

    def _set(self, t: Any, path: Path, need: int, last: bool = True) -> Layout:
        """The term in brackets if it binds less tightly than needed.

        ``last`` says that nothing follows which an open end (a sum's body) would swallow.
        """
        made, binds = self._make(t, path, last)
        if path in self.marks:
            made = Mark(made)
        return Fence(made) if binds < need else made

    def _make(self, t: Any, path: Path, last: bool) -> tuple[Layout, int]:
        if is_number(t):
            return self._number(t)
        if isinstance(t, Indexed):
            below = tuple(self._set(a, (*path, k + 1), SUM) for k, a in enumerate(t.args[1:]))
            return Name(name_of(t), below), ATOM
        if t == PI:
            return Function("pi"), ATOM
        if t.is_Symbol:
            return Name(str(t.name)), ATOM
        if isinstance(t, Add):
            return self._sum(t, path)
        if isinstance(t, Mul):
            return self._product(t, path, last)
        if isinstance(t, Pow):
            return self._power(t, path)
        if isinstance(t, Every):
            return self._every(t, path), CONDITION
        if isinstance(t, Reduction):
            return self._reduction(t, path), PRODUCT if last else SUM
        if isinstance(t, (Diff, Partial)):
            return self._derivative(t, path, last)
        if isinstance(t, IfElse):
            closed = last or self.fractions == "line"  # a tall brace is open on its right
            return self._cases(t, path), ATOM if closed else SUM
        if isinstance(t, KroneckerDelta):
            below = tuple(self._set(a, (*path, k), SUM) for k, a in enumerate(t.args))
            return Delta(below), ATOM
        if isinstance(t, FunctionDerivative):
            return self._function_derivative(t, path), ATOM
        if isinstance(t, (Relation, AllOf, AnyOf, Not)):
            return self._condition(t, path), CONDITION
        return self._call(t, path, last)

    # -- numbers, sums, products ------------------------------------------------------------

    def _number(self, t: Any) -> tuple[Layout, int]:
        value = value_of(t)
        digits: Layout = Number(str(abs(value.numerator)))
        binds = ATOM
        if value.denominator != 1:
            digits = self._over(digits, Number(str(value.denominator)), True)
            digits, binds = _with_strength(digits)
        if value < 0:
            return Row((Sign("neg"), digits)), SUM
        return digits, binds

    def _over(self, top: Layout, bottom: Layout, tight: bool) -> Layout:
        return Stack(top, bottom) if self.fractions == "stack" else Slash(top, bottom, tight)

    def _sum(self, t: Any, path: Path) -> tuple[Layout, int]:
        items: list[Layout] = []
        for k, a in enumerate(t.args):
            here = (*path, k)
            minus, made = self._signed(a, here)
            marked = here in self.marks
            if items:
                sign: Layout = Sign("-" if minus else "+")
                items.append(Mark(sign) if marked else sign)
            elif minus:
                items.append(Mark(Sign("neg")) if marked else Sign("neg"))
            items.append(Mark(made) if marked else made)
        return Row(tuple(items)), SUM

    def _signed(self, t: Any, path: Path) -> tuple[bool, Layout]:
        """Whether a term of a sum is subtracted, and the layout of its magnitude."""
        if is_negative(t):
            if is_number(t):
                return True, self._number(-t)[0]
            made, binds = self._magnitude(t, path, True)
            return True, made if binds >= FRACTION else Fence(made)
        made, binds = self._make(t, path, True)
        return False, made if binds >= FRACTION else Fence(made)

    def _product(self, t: Any, path: Path, last: bool) -> tuple[Layout, int]:
        made, binds = self._magnitude(t, path, last)
        if not is_negative(t):
            return made, binds
        if binds < FRACTION:
            made = Fence(made)
        return Row((Sign("neg"), made)), SUM

    def _body(self, t: Any, path: Path, need: int) -> Layout:
        """A sum's body; in -a/b c only the fraction with its sign needs brackets."""
        if is_negative(t) and isinstance(t, Mul) and path not in self.marks:
            made, _ = self._magnitude(t, path, True)
            if isinstance(made, Row) and isinstance(_inside(made.items[0]), (Stack, Slash)):
                first = Fence(Row((Sign("neg"), _inside(made.items[0]))))
                return Row((first, *made.items[1:]))
        return self._set(t, path, need)

    def _magnitude(self, t: Any, path: Path, last: bool) -> tuple[Layout, int]:
        """A product without its sign: a fraction, and the factors beside it."""
        factors: list[tuple[Any, Path]] = []
        below: list[tuple[Any, Path]] = []
        split = 0  # how many of the factors belong over the fraction bar
        for k, a in enumerate(t.args):
            here = (*path, k)
            if is_number(a) and (k == 0 or value_of(a) > 0):
                value = abs(value_of(a))
                whole = value.denominator == 1
                if value.numerator != 1 or (whole and not (k == 0 and is_negative(a))):
                    factors.append((number(value.numerator), here))
                if not whole:
                    below.append((number(value.denominator), here))
                    split = len(factors)
            elif isinstance(a, Pow) and is_negative(a.args[1]) and is_number(a.args[1]):
                below.append((_turned(a), here))
                split = len(factors)
            else:
                factors.append((a, here))
        if not below:
            return self._side_by_side(factors, last)
        if split == 0:  # 1/N * x is x/N, but 1/N * Σ … keeps the sum beside the fraction
            while split < len(factors) and _goes_on_top(factors[split][0]):
                split += 1
        if split and isinstance(factors[split - 1][0], SumOver) and _is_coefficient(below):
            split -= 1  # a sum over N is 1/N times the sum
        top, rest = factors[:split], factors[split:]
        if not rest:
            return _with_strength(self._fraction(top, below, last))
        return self._side_by_side(rest, last, self._fraction(top, below, True))

    def _fraction(
        self, top: list[tuple[Any, Path]], below: list[tuple[Any, Path]], last: bool
    ) -> Layout:
        if self.fractions == "stack" or (self.fractions == "tall" and _is_heavy(top, below)):
            outer, self.fractions = self.fractions, _INSIDE[self.fractions]
            made = Stack(self._factors(top, SUM, True), self._factors(below, SUM, True))
            self.fractions = outer
            return made
        single = len(below) == 1
        over = self._factors(top, PRODUCT, False)
        under = self._factors(below, POWER if single else ATOM, last)
        if single and last and (isinstance(below[0][0], Reduction) or function_name(below[0][0])):
            under = self._factors(below, PRODUCT, True)
        tight = _is_short(over) and _is_short_product(_inside(under))
        return Slash(over, under if single else Fence(under), tight)

    def _factors(self, factors: list[tuple[Any, Path]], need: int, last: bool) -> Layout:
        if not factors:
            return Number("1")
        if len(factors) == 1:
            t, path = factors[0]
            return self._set(t, path, need, last)
        return self._side_by_side(factors, last)[0]

    def _side_by_side(
        self, factors: list[tuple[Any, Path]], last: bool, first: Layout | None = None
    ) -> tuple[Layout, int]:
        items: list[Layout] = []
        if first is not None:
            items.append(first)
        elif len(factors) == 1:
            t, path = factors[0]
            made, binds = self._make(t, path, last)
            return (Mark(made) if path in self.marks else made), binds
        for k, (t, path) in enumerate(factors):
            need = PRODUCT if k or first is not None else FRACTION
            made = self._set(t, path, need, last and k == len(factors) - 1)
            items.append(made)
        out: list[Layout] = [items[0]]
        if isinstance(_bare(items[0]), Slash) and len(items) > 1:
            out[0] = Fence(items[0])
        for before, after in pairwise(items):
            out += [_joint(before, after), after]
        return Row(tuple(out)), PRODUCT

    def _power(self, t: Any, path: Path) -> tuple[Layout, int]:
        base, exponent = t.args
        if is_number(exponent) and is_negative(exponent):
            return _with_strength(self._fraction([], [(_turned(t), path)], True))
        if exponent == HALF:
            return Root(self._set(base, (*path, 0), SUM)), ATOM
        below = self._set(base, (*path, 0), ATOM)
        outer, self.fractions = self.fractions, "line"
        above = self._set(exponent, (*path, 1), SUM)
        self.fractions = outer
        return Script(below, above), POWER

    # -- functions --------------------------------------------------------------------------

    def _call(self, t: Any, path: Path, last: bool) -> tuple[Layout, int]:
        name, args = function_name(t), t.args
        start = 0
        head: Layout
        if name is None:
            return Name(type(t).__name__), ATOM  # not of the language; never in a derivation
        if isinstance(t, AppliedUndef):
            head = Name(name)
        elif name == "polygamma" and args[0] in (ZERO, ONE):
            head, start = Function("digamma" if args[0] == ZERO else "trigamma"), 1
        else:
            head = Function(name)
        inner = [self._set(a, (*path, start + k), SUM) for k, a in enumerate(args[start:])]
        if name == "abs":
            return Fence(inner[0], "|"), ATOM
        if last and name in _PREFIX and _is_letter(_bare(inner[0])):
            return Row((head, Space("thin"), inner[0])), PRODUCT
        return Row((head, Fence(_listed(inner)))), ATOM

    def _function_derivative(self, t: Any, path: Path) -> Layout:
        name, orders, args = split_function_derivative(t)
        inner = [self._set(a, (*path, len(orders) + 1 + k), SUM) for k, a in enumerate(args)]
        head: Layout = Name(name)
        if len(orders) == 1:
            head = Script(head, Number(str(orders[0])), order=True)
        else:
            head = Slots(tuple((k + 1, n) for k, n in enumerate(orders) if n), head)
        return Row((head, Fence(_listed(inner))))

    # -- binders, derivatives, cases --------------------------------------------------------

    def _reduction(self, t: Any, path: Path) -> Layout:
        guard = None
        if t.guard != TRUE:
            turned = t.guard
            if isinstance(turned, Relation) and turned.right == t.index:
                turned = relation(MIRROR[turned.op], turned.right, turned.left)
            guard = self._set(turned, (*path, 2), CONDITION)
        need = PRODUCT
        if not isinstance(t, SumOver) and not _is_plain(t.body):
            need = ATOM  # a maximum or product of more than one thing is easier read in brackets
        over = self._set(t.index.size, (), SUM)
        index = self._set(t.index, (*path, 1), ATOM)
        body = self._body(t.body, (*path, 0), need)
        kind = _KINDS[type(t).__name__]
        return Big(kind, index, over, guard, body, is_number(t.index.size))

    def _derivative(self, t: Any, path: Path, last: bool) -> tuple[Layout, int]:
        below: list[tuple[Layout, int]] = []
        for k, v in enumerate(t.args[1:]):
            if k and t.args[k] == v:
                below[-1] = (below[-1][0], below[-1][1] + 1)
            else:
                below.append((self._set(v, (*path, k + 1), ATOM), 1))
        order, direct = len(t.args) - 1, t in self.direct
        body = t.args[0]
        if _is_name(body):
            top = self._set(body, (*path, 0), ATOM)
            return Derivative(top, tuple(below), order, direct), PRODUCT
        made, binds = self._make(body, (*path, 0), True)
        if not (binds >= POWER or (binds == PRODUCT and function_name(body))):
            made = Fence(made)
        if (*path, 0) in self.marks:
            made = Mark(made)
        return Derivative(None, tuple(below), order, direct, made), PRODUCT if last else SUM

    def _cases(self, t: Any, path: Path) -> Layout:
        rows: list[tuple[Layout, Layout | None]] = []
        while True:
            condition, a, b = t.args
            rows.append((self._set(a, (*path, 1), SUM), self._set(condition, (*path, 0), 0)))
            path = (*path, 2)
            if not isinstance(b, IfElse):
                break
            t = b
        rest: Layout | None = None
        if len(rows) == 1 and isinstance(condition, Relation):
            rest = Typesetter(self.fractions).layout(negate(condition))
        rows.append((self._set(b, path, SUM), rest))
        return Cases(tuple(rows))

    def _every(self, t: Any, path: Path) -> Layout:
        body, index = self._set(t.body, (*path, 0), CONDITION), self._set(t.index, (), ATOM)
        items: tuple[Layout, ...] = (body, Words(" for every "), index)
        if t.guard != TRUE:
            items = (*items, Words(" with "), self._set(t.guard, (*path, 2), CONDITION))
        return Row(items)

    def _condition(self, t: Any, path: Path) -> Layout:
        if isinstance(t, Relation):
            left = self._set(t.left, (*path, 1), SUM)
            right = self._set(t.right, (*path, 2), SUM)
            return Row((left, Sign(t.op), right))
        if t in (TRUE, FALSE):
            return Words("always" if t == TRUE else "never")
        if isinstance(t, Not):
            return Row((Words("not "), Fence(self._set(t.args[0], (*path, 0), CONDITION))))
        word = " and " if isinstance(t, AllOf) else " or "
        items: list[Layout] = []
        for k, a in enumerate(t.args):
            made = self._set(a, (*path, k), CONDITION)
            if isinstance(a, (AllOf, AnyOf)):
                made = Fence(made)
            items += [Words(word), made] if items else [made]
        return Row(tuple(items))


_KINDS = {"SumOver": "sum", "ProductOver": "prod", "MaxOver": "max", "MinOver": "min"}
_INSIDE = {"stack": "stack", "tall": "line", "line": "line"}


def is_negative(t: Any) -> bool:
    """Whether a term is written with a minus sign in front."""
    if is_number(t):
        return value_of(t) < 0
    return isinstance(t, Mul) and is_number(t.args[0]) and value_of(t.args[0]) < 0


def _turned(t: Any) -> Any:
    """The base of an inverse, with its power if there is more than 1/x."""
    exponent = neg(t.args[1])
    return t.args[0] if exponent == ONE else power(t.args[0], exponent)


def _is_name(t: Any) -> bool:
    return isinstance(t, Indexed) or bool(t.is_Symbol)


def _is_plain(t: Any) -> bool:
    """A letter, a number, or a power of one."""
    if isinstance(t, Pow):
        return _is_name(t.args[0]) and is_number(t.args[1])
    return _is_name(t) or is_number(t)


def _is_coefficient(factors: list[tuple[Any, Path]]) -> bool:
    """Whether the product is one of letters and numbers."""
    return all(
        _is_plain(t) or (isinstance(t, Mul) and all(map(_is_plain, t.args))) for t, _ in factors
    )


def _goes_on_top(t: Any) -> bool:
    """Whether 1/N * t is read as t/N."""
    return _is_plain(t) or (function_name(t) is not None and _weight(t) < 4)


def _weight(t: Any) -> int:
    if is_number(t) or _is_name(t):
        return 1
    inside = 1 if isinstance(t, (Reduction, Add)) else 0
    return inside + sum(_weight(a) for a in t.args if not isinstance(t, Reduction) or a is t.body)


def _is_heavy(top: list[tuple[Any, Path]], below: list[tuple[Any, Path]]) -> bool:
    """Whether a fraction is easier read in two storeys."""
    parts = [t for t, _ in (*top, *below)]
    if any(_has_fraction(t) for t in parts):
        return True
    return sum(map(_weight, parts)) > 6


def _has_fraction(t: Any) -> bool:
    if isinstance(t, Pow):
        return is_negative(t.args[1]) or _has_fraction(t.args[0])
    if is_number(t):
        return value_of(t).denominator != 1
    return any(map(_has_fraction, t.args)) if not _is_name(t) else False


def _bare(made: Layout) -> Layout:
    while isinstance(made, Mark):
        made = made.body
    return made


def _inside(made: Layout) -> Layout:
    made = _bare(made)
    return made.body if isinstance(made, Fence) and made.kind == "(" else made


def _is_letter(made: Layout) -> bool:
    return isinstance(made, (Name, Number))


def _is_short(made: Layout) -> bool:
    """Whether a part of a fraction on one line needs no space beside the slash."""
    made = _bare(made)
    if isinstance(made, (Script, Root)):
        return _is_letter(_bare(made.base if isinstance(made, Script) else made.body))
    return isinstance(made, (Name, Number, Delta)) or made == Function("pi")


def _is_short_product(made: Layout) -> bool:
    items = made.items if isinstance(made, Row) else (made,)
    return all(_is_short(m) or isinstance(m, Space) for m in items)


def first_of(made: Layout) -> Layout:
    """What a reader meets first."""
    while True:
        if isinstance(made, Row):
            made = made.items[0]
        elif isinstance(made, Mark):
            made = made.body
        elif isinstance(made, Script):
            made = made.base
        elif isinstance(made, Slash):
            made = made.top
        else:
            return made


def _last_of(made: Layout) -> Layout:
    """What a reader meets last, in a product."""
    while isinstance(made, (Row, Mark)):
        made = made.items[-1] if isinstance(made, Row) else made.body
    return made


def _joint(before: Layout, after: Layout) -> Layout:
    """What stands between two factors."""
    before, after = _bare(before), _bare(after)
    if isinstance(_last_of(before), Derivative) or isinstance(first_of(after), Derivative):
        return Sign("*")
    if isinstance(first_of(after), Number) or before == Number("1"):
        return Sign("*")
    if isinstance(after, Fence) and after.kind == "(":
        plain = isinstance(before, Name) and not before.below
        return Space("thin" if plain else "none")
    if isinstance(before, Number) and isinstance(after, (Name, Script, Delta, Root, Function)):
        return Space("number")
    return Space("thin")


def _with_strength(made: Layout) -> tuple[Layout, int]:
    """A fraction's bar brackets it; a slash does not."""
    return made, PRODUCT if isinstance(made, Stack) else FRACTION


def _listed(items: Sequence[Layout]) -> Layout:
    if len(items) == 1:
        return items[0]
    out: list[Layout] = []
    for item in items:
        out += [Sign(","), item] if out else [item]
    return Row(tuple(out))
