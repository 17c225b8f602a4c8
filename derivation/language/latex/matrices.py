"""Matrix notation in a document, written with indices: each product is a sum over what meets.

A value has up to two axes, those of its rows and of its columns; a column vector has rows only, a
row vector columns only. An equality is read entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from derivation.language.latex.shapes import DATA, Shapes
from derivation.language.latex.survey import Key, Survey
from derivation.language.latex.tokens import Unread
from derivation.language.latex.trees import (
    Add,
    Binder,
    Bracket,
    Call,
    Derivative,
    Frac,
    Function,
    Mul,
    Name,
    Norm,
    Number,
    Power,
    Reduction,
    Slot,
    Transposed,
    free_letters,
    rebuilt,
    walk,
)

ONES: Key = ("1", ("ones",), "")
_POOL = "ijkmnlpqrsuvabcdgh"


@dataclass(frozen=True)
class Value:
    """An entry, and the letters of its rows and its columns."""

    rows: str | None
    cols: str | None
    entry: Any

    @property
    def axes(self) -> tuple[str, ...]:
        return tuple(x for x in (self.rows, self.cols) if x is not None)

    @property
    def shape(self) -> tuple[bool, bool]:
        return self.rows is not None, self.cols is not None


class Indexer:
    """Writes trees without indices as trees with indices.

    Args:
        survey: What is known of names that have indices.
        shapes: How many axes names have.
        entrywise: Whether an unknown function is said to act entry by entry.
    """

    def __init__(self, survey: Survey, shapes: Shapes, entrywise: bool) -> None:
        self.survey, self.shapes, self.entrywise = survey, shapes, entrywise
        self.notes: list[str] = []
        self.used = 0
        self.settled: Callable[[Name], Name] = lambda t: t
        taken = survey.letters | survey.bound | survey.steps | {s[:1] for s in survey.sizes}
        taken |= {k[0] for k in survey.ranks} | {s for v in shapes.sizes.values() for s in v}
        free = [c for c in _POOL if c not in taken]
        self.pool = [*free, *(f"{c}{k}" for k in range(1, 40) for c in "ij")]

    # -- what statements ask for ---------------------------------------------------------------

    def equality(self, sides: list[Any]) -> tuple[list[Any], bool]:
        """Two sides with the same letters for the same axes, and whether there are any axes.

        Raises:
            Unread: If the shapes do not fit, or nothing says what they are.
        """
        entries, arrays = self._equality(sides)
        outside = frozenset(x for t in entries for x in free_letters(t))
        return [self._tidied(t, {}, outside) for t in entries], arrays

    def _tidied(self, t: Any, swap: dict[str, str], active: frozenset[str]) -> Any:
        """With the first letters for sums that stand beside each other, as a person writes them."""
        if isinstance(t, tuple):
            return tuple(self._tidied(x, swap, active) for x in t)
        if not is_dataclass(t) or isinstance(t, type):
            return t
        if isinstance(t, Slot) and t.kind == "letter":
            return replace(t, text=swap.get(t.text, t.text))
        if isinstance(t, Reduction):
            mine = [b.letter for b in t.binders if b.letter in self.pool[: self.used]]
            used = active | {swap.get(x, x) for x in free_letters(t)}
            for letter in mine:
                new = next(x for x in self.pool if x not in used)
                swap, used = {**swap, letter: new}, used | {new}
            binders = tuple(replace(b, letter=swap.get(b.letter, b.letter)) for b in t.binders)
            inner = active | {b.letter for b in binders}
            t = replace(t, binders=binders)
            return replace(
                t,
                guards=self._tidied(t.guards, swap, inner),
                body=self._tidied(t.body, swap, inner),
            )
        new_fields = {f.name: self._tidied(getattr(t, f.name), swap, active) for f in fields(t)}
        return replace(t, **new_fields)

    def _equality(self, sides: list[Any]) -> tuple[list[Any], bool]:
        values = [self.value(t) for t in sides]
        one, two = values
        if not one.axes and not two.axes:
            return [v.entry for v in values], self.used > 0
        for k, other in ((0, two), (1, one)):
            if values[k].entry == Number("0") and other.axes:
                return [v.entry for v in values], True
        if len(one.axes) != len(two.axes):
            if isinstance(sides[1], Number):
                return [v.entry for v in values], True
            raise Unread(f"one side is {_said(one)} and the other {_said(two)}")
        if one.shape != two.shape:
            self.notes.append("a row and a column are compared entry by entry")
        swap = dict(zip(two.axes, one.axes, strict=True))
        entries = [one.entry, _renamed(two.entry, swap)]
        self.notes.append("read entry by entry")
        return entries, True

    def scalar(self, t: Any) -> Any:
        """The entry of what must have no axes."""
        v = self.value(t)
        if v.axes:
            raise Unread(f"{_said(v)} stands where a number is expected", _place(t))
        return v.entry

    # -- values --------------------------------------------------------------------------------

    def value(self, t: Any) -> Value:
        found = self._values.get(type(t))
        if found is not None:
            value: Value = found(self, t)
            return value
        new = {}
        for name in t.__dataclass_fields__:
            new[name] = self._inside(getattr(t, name))
        return Value(None, None, replace(t, **new))

    def _inside(self, v: Any) -> Any:
        if isinstance(v, tuple):
            return tuple(self._inside(x) for x in v)
        if isinstance(v, (Slot, str, int)) or v is None:
            return v
        if type(v) in self._values:
            return self.scalar(v)
        new = {name: self._inside(getattr(v, name)) for name in v.__dataclass_fields__}
        return replace(v, **new)

    def _fresh(self) -> str:
        if self.used >= len(self.pool):
            raise Unread("the formula has too many arrays")
        self.used += 1
        return self.pool[self.used - 1]

    def _name(self, t: Name) -> Value:
        t = self.settled(t)
        if t.key == ONES:
            letter = self._fresh()
            return Value(letter, None, Number("1"))
        if t.key in self.shapes.unclear:
            raise Unread(
                f"nothing says whether `{t.latex[:40]}` is a number or an array here", t.pos
            )
        if t.key in (("pi", (), ""), ("e", (), "")) and not t.slots:
            return Value(None, None, t)
        rank = max(self.shapes.ranks.get(t.key, 0), self.survey.ranks.get(t.key, 0))
        missing = rank - len(t.slots)
        if missing <= 0:
            return Value(None, None, t)
        if missing > 2:
            raise Unread(f"`{t.latex[:40]}` stands without its indices", t.pos)
        letters = [self._fresh() for _ in range(missing)]
        entry = replace(t, slots=(*t.slots, *(Slot("letter", x) for x in letters)))
        if missing == 1 and self.survey.first_missing(t):
            entry = replace(t, slots=(Slot("letter", letters[0]), *t.slots))
        if missing == 1:
            return Value(letters[0], None, entry)
        return Value(letters[0], letters[1], entry)

    def _number(self, t: Number) -> Value:
        return Value(None, None, t)

    def _bracket(self, t: Bracket) -> Value:
        v = self.value(t.inside)
        return replace(v, entry=Bracket(v.entry))

    def _transposed(self, t: Transposed) -> Value:
        v = self.value(t.base)
        return Value(v.cols, v.rows, v.entry)

    def _add(self, t: Add) -> Value:
        values = [self.value(x) for _, x in t.terms]
        widest = max(values, key=lambda v: len(v.axes))
        out: list[tuple[str, Any]] = []
        for (sign, x), v in zip(t.terms, values, strict=True):
            bias = v.shape == (True, False) and len(widest.axes) == 2 and isinstance(x, Name)
            v = self._bias(v, t) if bias else v
            columns = bias and isinstance(x, Name) and self._columns(t)
            if v.axes and v.shape != widest.shape and not ((bias and v.cols) or columns):
                raise Unread(f"{_said(v)} is added to {_said(widest)}", _place(x))
            if not v.axes and widest.axes and not isinstance(v.entry, Number):
                self.notes.append("a number is added to every entry")
            axes = widest.axes[1:] if v.shape == (False, True) != widest.shape else widest.axes
            axes = axes[: len(v.axes)]
            entry = _renamed(v.entry, dict(zip(v.axes, axes, strict=False)))
            out.append((sign, entry))
        return replace(widest, entry=Add(tuple(out)))

    @staticmethod
    def _columns(t: Add) -> bool:
        """Whether a sum has a product that begins with W: its columns are the examples."""
        products = [x for _, x in t.terms if isinstance(x, Mul)]
        first = products[0].factors[0][1] if len(products) == 1 else None
        return isinstance(first, Name) and first.base == "W"

    def _bias(self, v: Value, t: Add) -> Value:
        """``XW + b``: b is added to every row where the examples are rows, as X says."""
        products = [x for _, x in t.terms if isinstance(x, Mul)]
        first = products[0].factors[0][1] if len(products) == 1 else None
        if self._columns(t):
            self.notes.append("what is added to a matrix is added to each of its columns")
            return v
        if not isinstance(first, Name) or first.base not in DATA:
            return v
        self.notes.append("what is added to a matrix is added to each of its rows")
        return Value(None, v.rows, v.entry)

    def _mul(self, t: Mul) -> Value:
        groups: list[list[tuple[str, Any]]] = [[]]
        for k, (op, f) in enumerate(t.factors):
            if op == "o" and k:
                groups.append([])
                op = ""
            groups[-1].append((op if groups[-1] else "", f))
        if len(groups) == 1:
            return self._chain(groups[0])
        start = self.used
        try:
            found = self._chain(groups[0])
            for g in groups[1:]:
                found = self._entrywise(found, self._chain(g), "")
        except Unread:
            self.used = start
            found = self._chain([(op, f) for op, f in t.factors])
        else:
            if any(len(g) > 1 and len(self.value(g[0][1]).axes) and self._arrays(g) > 1
                   for g in groups[1:]):  # fmt: skip
                self.used = start
                try:
                    self._chain([(op, f) for op, f in t.factors])
                except Unread:
                    pass
                else:
                    raise Unread("whether the product or ⊙ comes first reads two ways", _place(t))
                self.used = start
                found = self._chain(groups[0])
                for g in groups[1:]:
                    found = self._entrywise(found, self._chain(g), "")
        return found

    def _arrays(self, group: list[tuple[str, Any]]) -> int:
        return sum(bool(self.value(f).axes) for _, f in group)

    def _chain(self, factors: list[tuple[str, Any]]) -> Value:
        """Factors from left to right."""
        found = self.value(factors[0][1])
        for n, (op, f) in enumerate(factors[1:], 1):
            v = self.value(f)
            if op == "/":
                found = self._divided(found, v, f)
            elif op == "o":
                found = self._entrywise(found, v, "o")
            else:
                found = self._product(found, v, op, factors[n - 1][1], f)
        return found

    def _entrywise(self, a: Value, b: Value, op: str) -> Value:
        if not a.axes or not b.axes:
            wide = a if a.axes else b
            return replace(wide, entry=_times(a.entry, b.entry))
        if a.shape != b.shape:
            raise Unread(f"an entrywise product of {_said(a)} and {_said(b)}")
        entry = _renamed(b.entry, dict(zip(b.axes, a.axes, strict=True)))
        return replace(a, entry=_times(a.entry, entry))

    def _divided(self, a: Value, b: Value, f: Any) -> Value:
        if not b.axes:
            return replace(a, entry=Mul((("", a.entry), ("/", b.entry))))
        if a.axes and a.shape != b.shape:
            raise Unread(f"{_said(a)} is divided by {_said(b)}", _place(f))
        if len(b.axes) == 2:
            raise Unread("a division by a matrix", _place(f))
        entry = _renamed(b.entry, dict(zip(b.axes, a.axes, strict=False)))
        self.notes.append("a division by a vector is read entry by entry")
        wide = a if a.axes else b
        return replace(wide, entry=Frac(a.entry, entry))

    def _product(self, a: Value, b: Value, op: str, fa: Any, fb: Any) -> Value:
        if not a.axes or not b.axes:
            wide = a if a.axes else b
            return replace(wide, entry=_times(a.entry, b.entry))
        if a.cols is not None and b.rows is not None:
            return self._contracted(a, b, a.cols, b.rows)
        if a.cols is None and b.rows is None:
            return Value(a.rows, b.cols, _times(a.entry, b.entry))
        column = a.shape == b.shape == (True, False)
        row_of = isinstance(fa, Name) and fa.slots and fa.base[:1].isupper()
        if column and (op == "*" or row_of):
            assert_rows = a.rows or ""
            self.notes.append("the product of two vectors is read as their dot product")
            return self._contracted(Value(None, assert_rows, a.entry), b, assert_rows, b.rows or "")
        raise Unread(f"a product of {_said(a)} and {_said(b)}", _place(fb))

    def _contracted(self, a: Value, b: Value, cols: str, rows: str) -> Value:
        entry = _renamed(b.entry, {rows: cols})
        body = _times(a.entry, entry)
        return Value(a.rows, b.cols, Reduction("sum", (Binder(cols),), (), body))

    def _frac(self, t: Frac) -> Value:
        above, below = self.value(t.above), self.value(t.below)
        if not below.axes:
            return replace(above, entry=Frac(above.entry, below.entry))
        return self._divided(above, below, t.below)

    def _power(self, t: Power) -> Value:
        if isinstance(t.base, Name) and t.base.key == ("e", (), "") and not t.base.slots:
            v = self.value(t.exponent)
            return replace(v, entry=Power(t.base, v.entry))
        exponent = self.scalar(t.exponent)
        if isinstance(t.base, Norm) and t.base.kind == "2" and exponent == Number("2"):
            return Value(None, None, self._squares(t.base))
        v = self.value(t.base)
        if v.axes:
            raise Unread(f"a power of {_said(v)}", _place(t.base))
        return Value(None, None, Power(v.entry, exponent))

    def _squares(self, t: Norm) -> Any:
        v = self.value(t.inside)
        if not v.axes:
            raise Unread("a product or norm of vectors whose entries are not known")
        if len(v.axes) == 2:
            self.notes.append("the norm of a matrix is read as that of all its entries (Frobenius)")
        entry = v.entry if isinstance(v.entry, (Bracket, Name)) else Bracket(v.entry)
        body = Power(entry, Number("2"))
        return Reduction("sum", tuple(Binder(x) for x in v.axes), (), body)

    def _norm(self, t: Norm) -> Value:
        if t.kind == "abs":
            v = self.value(t.inside)
            if v.axes:
                raise Unread("bars around an array: a norm, a determinant or absolute values")
            return Value(None, None, Norm(v.entry, "abs"))
        if t.kind == "1":
            v = self.value(t.inside)
            if len(v.axes) != 1:
                raise Unread("this norm is not read")
            body = Norm(v.entry, "abs")
            return Value(None, None, Reduction("sum", (Binder(v.axes[0]),), (), body))
        return Value(None, None, Function("sqrt", (self._squares(t),)))

    def _function(self, t: Function) -> Value:
        if t.name in ("softmax", "logsumexp"):
            v = self.value(t.args[0]) if len(t.args) == 1 else None
            if v is None or not v.axes:
                return Value(None, None, replace(t, args=tuple(self.scalar(a) for a in t.args)))
            if len(v.axes) > 1:
                raise Unread(f"`{t.name}` of a matrix does not say along which axis", t.pos)
            letter = v.axes[0]
            if t.name == "logsumexp":
                body: Any = Function("exp", (v.entry,))
                return Value(
                    None, None, Function("log", (Reduction("sum", (Binder(letter),), (), body),))
                )
            if t.slots:
                entry = _renamed(v.entry, {letter: t.slots[0].text})
                return Value(None, None, replace(t, args=(entry,)))
            return replace(v, entry=replace(t, args=(v.entry,), slots=(Slot("letter", letter),)))
        values = [self.value(a) for a in t.args]
        wide = max(values, key=lambda v: len(v.axes))
        if t.slots and wide.axes:
            if len(t.slots) != len(wide.axes) or any(s.kind != "letter" for s in t.slots):
                raise Unread("an index on a function's value is not read", t.pos)
            swap = dict(zip(wide.axes, (s.text for s in t.slots), strict=True))
            args = tuple(_renamed(v.entry, swap) for v in values)
            return Value(None, None, replace(t, args=args, slots=()))
        if any(v.axes and v.shape != wide.shape for v in values):
            raise Unread(f"`{t.name}` of arrays whose shapes differ", t.pos)
        args = tuple(_renamed(v.entry, dict(zip(v.axes, wide.axes, strict=False))) for v in values)
        return replace(wide, entry=replace(t, args=args))

    def _call(self, t: Call) -> Value:
        values = [self.value(a) for a in t.args]
        arrays = [v for v in values if v.axes]
        if not arrays:
            return Value(None, None, replace(t, args=tuple(v.entry for v in values)))
        kind = self.survey.functions.get(t.name.key)
        if len(values) > 1 or t.slots:
            raise Unread(f"`{t.name.latex[:30]}` of an array is not read", t.name.pos)
        sigma = t.name.base == "sigma" or kind == "defined"
        if not (self.entrywise or sigma):
            raise Unread(
                f"nothing says whether `{t.name.latex[:30]}` acts on every entry", t.name.pos
            )
        self.notes.append(f"`{t.name.latex[:30]}` acts on every entry")
        return replace(arrays[0], entry=replace(t, args=(arrays[0].entry,)))

    def _reduction(self, t: Reduction) -> Value:
        guards = self._inside(t.guards)
        v = self.value(t.body)
        if v.axes and t.kind != "sum":
            raise Unread(f"`\\{t.kind}` of arrays is not read", t.pos)
        return replace(v, entry=replace(t, guards=guards, body=v.entry))

    def _derivative(self, t: Derivative) -> Value:
        body = self.value(t.body)
        by = [self.value(v) for v in t.by]
        if not any(v.axes for v in by):
            return replace(body, entry=replace(t, body=body.entry, by=tuple(v.entry for v in by)))
        if body.axes or len(by) > 1:
            raise Unread("the derivative of a vector by a vector needs two indices", t.pos)
        if not isinstance(by[0].entry, (Name, Bracket)):
            raise Unread("a derivative by an expression is not read", t.pos)
        return replace(by[0], entry=replace(t, body=body.entry, by=(by[0].entry,)))

    _values: dict[type, Any] = {  # noqa: RUF012
        Name: _name, Number: _number, Bracket: _bracket, Transposed: _transposed, Add: _add,
        Mul: _mul, Frac: _frac, Power: _power, Norm: _norm, Function: _function, Call: _call,
        Reduction: _reduction, Derivative: _derivative,
    }  # fmt: skip


def _times(a: Any, b: Any) -> Any:
    factors: list[tuple[str, Any]] = []
    for x in (a, b):
        if isinstance(x, Mul):
            factors += [
                (op or "*" if k or factors else "", f) for k, (op, f) in enumerate(x.factors)
            ]
        else:
            factors.append(("*" if factors else "", Bracket(x) if isinstance(x, Add) else x))
    return Mul(tuple(factors))


def _renamed(t: Any, swap: dict[str, str]) -> Any:
    """A tree with letters of axes changed; they are new letters, so that nothing is captured."""
    if not swap or all(a == b for a, b in swap.items()):
        return t

    def change(s: Any) -> Any:
        if isinstance(s, Slot) and s.kind == "letter" and s.text in swap:
            return replace(s, text=swap[s.text])
        return s

    return rebuilt(t, change)


def _said(v: Value) -> str:
    if not v.axes:
        return "a number"
    if len(v.axes) == 2:
        return "a matrix"
    return "a column vector" if v.rows is not None else "a row vector"


def _place(t: Any) -> int | None:
    return next((s.pos for s in walk(t) if getattr(s, "pos", 0)), None)
