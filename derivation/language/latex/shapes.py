"""Which names of a document are vectors and matrices: from ℝ^{n×d}, bold letters, transposes, use.

Only what stands without its indices is looked at; how many indices a name has where it has them
is known from the survey already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from derivation.language.latex.cursor import GREEK
from derivation.language.latex.document import Document
from derivation.language.latex.indices import groups
from derivation.language.latex.parser import parse
from derivation.language.latex.survey import Key, Survey
from derivation.language.latex.tokens import Token, Unread, tokens
from derivation.language.latex.trees import (
    Add,
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
    Transposed,
    walk,
)

DATA = {"X", "Phi"}  # matrices whose rows are examples: what is added may be one number for all
_BIAS = {"b", "c", "b_0", "beta_0", "w_0"}


@dataclass
class Shapes:
    """How many axes names have, and how far they run where the document says so."""

    ranks: dict[Key, int] = field(default_factory=dict)
    sizes: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    unclear: set[Key] = field(default_factory=set)  # a number or a vector: nothing says which
    matrices: bool = False  # whether anything is a matrix without its indices


def declared(document: Document) -> Shapes:
    """What ``X \\in \\mathbb{R}^{n \\times d}`` and the like say, wherever they stand."""
    out = Shapes()
    for formula in document.formulas:
        if "\\in" not in formula.source or "R" not in formula.source:
            continue
        try:
            source = tokens(formula.source, formula.offset, document.macros)
        except Unread:
            continue
        for part in groups(source, {";", "\\quad", "\\\\", "&"}):
            _declaration(part, out)
    return out


def _declaration(part: list[Token], out: Shapes) -> None:
    start = 0
    for k, token in enumerate(part):
        if token.text != "\\in":
            continue
        space = [t.text for t in part[k + 1 : k + 6]]
        plain = [x for x in space if x not in ("{", "}")]
        if plain[:2] not in (["\\mathbb", "R"], ["\\mathbf", "R"], ["\\mathds", "R"]):
            continue
        end = next(n for n in range(k, len(part)) if part[n].text == "R") + 1
        while end < len(part) and part[end].text == "}":
            end += 1
        sizes: tuple[str, ...] = ()
        if end < len(part) and part[end].text == "^":
            inside, end = _group(part, end + 1)
            sizes = tuple(_size(g) for g in groups(inside, {"\\times", ","}))
            if sizes == ("1",):
                sizes = ()
        for piece in groups(part[start:k], {","}):
            try:
                name = parse(piece)
            except Unread:
                continue
            if isinstance(name, Name) and len(sizes) <= 2:
                if sizes[-1:] == ("1",) or sizes[:1] == ("1",):
                    sizes = tuple(s for s in sizes if s != "1")
                out.ranks[name.key] = len(name.slots) + len(sizes)
                out.sizes[name.key] = ("",) * len(name.slots) + sizes
        start = end + 1


def _group(part: list[Token], k: int) -> tuple[list[Token], int]:
    if k >= len(part) or part[k].kind != "{":
        return part[k : k + 1], k + 1
    level = 0
    for n in range(k, len(part)):
        level += (part[n].kind == "{") - (part[n].kind == "}")
        if level == 0:
            return part[k + 1 : n], n + 1
    return part[k + 1 :], len(part)


def _size(group: list[Token]) -> str:
    """A size as its letter; "" where it is more than a letter."""
    inner = [t.text for t in group if t.text not in ("{", "}", "(", ")", "|")]
    if len(inner) == 1 and re.fullmatch(r"[A-Za-z]|[0-9]{1,3}", inner[0]):
        return inner[0]
    if len(inner) == 3 and inner[1] == "_" and re.fullmatch(r"[A-Za-z]", inner[0]):
        return f"{inner[0]}_{inner[2]}" if re.fullmatch(r"[A-Za-z0-9]", inner[2]) else ""
    return ""


class Finder:
    """Finds out which names are arrays, from all equalities of a document."""

    def __init__(self, survey: Survey, shapes: Shapes, words: str) -> None:
        self.survey, self.shapes = survey, shapes
        for key, rank in list(shapes.ranks.items()):
            if key[2] in ("l", "ell", "L"):  # what is said of layer l is said of every layer
                for other in survey.ranks:
                    layer = other[2].isdigit() or other[2][:1] in ("l", "L", "e")
                    if other[:2] == key[:2] and other[2] and layer:
                        shapes.ranks.setdefault(other, rank)
        self.fixed = set(shapes.ranks)
        self.changed = False
        self.spoken = bool(re.search(r"\b(matri(x|ces)|vectors?)\b", words, re.IGNORECASE))

    def find(self, statements: list[list[Any]]) -> None:
        every = [t for sides in statements for t in sides if t is not None]
        self._marked(every)
        for _ in range(8):
            self.changed = False
            self._numbers(statements)
            for sides in statements:
                found = [self.rank(t) for t in sides if t is not None]
                known = [r for r in found if r]
                if known and len(sides) > 1:
                    for t in sides:
                        self._settle(t, max(known))
            if not self.changed:
                break
        self.shapes.matrices = any(
            r > len(s.slots)
            for t in every
            for s in walk(t)
            if isinstance(s, Name)
            for r in [self.shapes.ranks.get(s.key, 0)]
        )

    def _numbers(self, statements: list[list[Any]]) -> None:
        """Names that are defined by numbers alone are numbers."""
        for sides in statements:
            head = sides[0] if len(sides) > 1 else None
            bare = isinstance(head, Name) and not head.slots and self.missing(head) is None
            if isinstance(head, Name) and bare and self._is_number(sides[1]):
                self.shapes.ranks[head.key] = 0
                self.fixed.add(head.key)
                self.changed = True

    def _is_number(self, t: Any) -> bool:
        for s in walk(t):
            if isinstance(s, (Derivative, Call)):
                return False
            if isinstance(s, Name) and self.missing(s) != 0:
                word = s.base + "".join(s.marks) + s.label
                if word not in self.survey.sizes:
                    return False
        return any(isinstance(s, Name) and s.slots for s in walk(t))

    def _marked(self, trees: list[Any]) -> None:
        """Bold letters and transposes."""
        bare = {s.key for t in trees for s in walk(t) if isinstance(s, Name) and not s.slots}
        evidence = self.spoken or any(isinstance(s, Transposed) for t in trees for s in walk(t))
        for t in trees:
            for s in walk(t):
                name: Any = s.base if isinstance(s, Transposed) else s
                name = name.inside if isinstance(name, Bracket) else name
                if not isinstance(name, Name) or name.key == ("1", ("ones",), ""):
                    continue
                bold = name.latex.startswith(
                    ("\\mathbf", "\\boldsymbol", "\\bm", "\\pmb", "\\vec", "\\textbf")
                )
                capital = name.base[:1].isupper() and name.base not in ("L", "J", "E", "C")
                if isinstance(s, Transposed) and capital and not name.slots:
                    self._set(name, 2)
                elif isinstance(s, Transposed) and not capital and not name.slots:
                    self._set(name, 1)
                elif bold and (not name.slots or name.key not in bare):
                    self._set(name, 2 if capital and not name.slots else len(name.slots) + 1)
                elif evidence and isinstance(s, Mul):
                    pass
        if not evidence:
            return
        for t in trees:
            for s in walk(t):
                if isinstance(s, Mul):
                    for (_, a), (op, b) in zip(s.factors, s.factors[1:], strict=False):
                        after = b.base if isinstance(b, Transposed) else b
                        product = op in ("", "*") and isinstance(after, (Name, Bracket))
                        if product and isinstance(a, Name) and self._weights(a):
                            self._set(a, 2)

    def _weights(self, t: Any) -> bool:
        """Whether a factor is a capital letter without an index that stands for no size."""
        return (
            isinstance(t, Name)
            and not t.slots
            and t.base in ("W", "U", "V", "A", "X", "Theta", "Phi")
            and t.base + "".join(t.marks) + t.label not in self.survey.sizes
            and t.key not in self.shapes.ranks
            and not self.survey.ranks.get(t.key, 0)
        )

    def _set(self, name: Name, rank: int) -> None:
        if name.key in self.fixed:
            return
        rank = max(rank, self.survey.ranks.get(name.key, 0) if name.slots else rank)
        if self.shapes.ranks.get(name.key, 0) < rank:
            self.shapes.ranks[name.key] = rank
            self.changed = True

    def missing(self, name: Name) -> int | None:
        """How many axes a name lacks where it stands; None if nothing says."""
        if name.key == ("1", ("ones",), ""):
            return 1
        if name.key in (("pi", (), ""), ("e", (), "")) and not name.slots:
            return 0
        rank = self.shapes.ranks.get(name.key)
        if rank is None:
            known = self.survey.ranks.get(name.key, 0)
            if known > len(name.slots):
                return known - len(name.slots)
            return 0 if name.slots else None
        return max(rank, self.survey.ranks.get(name.key, 0)) - len(name.slots)

    def rank(self, t: Any) -> int | None:
        """The axes of an expression, where they are known; settles names on the way."""
        if isinstance(t, Name):
            return self.missing(t)
        if isinstance(t, Number):
            return 0
        if isinstance(t, Bracket):
            return self.rank(t.inside)
        if isinstance(t, Transposed):
            return self.rank(t.base)
        if isinstance(t, Norm):
            self.rank(t.inside)
            return 0
        if isinstance(t, Add):
            return self._sum(t)
        if isinstance(t, Mul):
            return self._product(t)
        if isinstance(t, Frac):
            above, below = self.rank(t.above), self.rank(t.below)
            return _most((above, below))
        if isinstance(t, Power):
            self.rank(t.exponent)
            e = isinstance(t.base, Name) and t.base.key == ("e", (), "")
            return self.rank(t.exponent) if e else self.rank(t.base)
        if isinstance(t, Function):
            return 0 if t.slots else _most([self.rank(a) for a in t.args])
        if isinstance(t, Call):
            for a in t.args:
                self.rank(a)
            return None
        if isinstance(t, Reduction):
            return self.rank(t.body)
        if isinstance(t, Derivative):
            self.rank(t.body)
            return self.rank(t.by[0]) if len(t.by) == 1 else None
        return None

    def _sum(self, t: Add) -> int | None:
        found = [self.rank(x) for _, x in t.terms]
        most = _most(found)
        if most:
            data = any(
                isinstance(s, Name) and s.base in DATA and not s.slots
                for _, x in t.terms
                for s in walk(x)
            )
            for (_, x), r in zip(t.terms, found, strict=True):
                if r is None and isinstance(x, Name):
                    word = x.base + (f"_{x.label}" if x.label else "")
                    if most == 2 and x.base in ("b", "c"):
                        self._settle(x, 1)
                    elif word in _BIAS and data and most == 1:
                        self.shapes.unclear.add(x.key)
                    elif word in _BIAS and data:
                        self._settle(x, 1)
                    elif x.base in GREEK and not (x.marks or x.base in ("theta", "delta")):
                        self.shapes.unclear.add(x.key)
                    elif most == 1 or x.base[:1].isupper():
                        self._settle(x, most)
                    else:
                        self.shapes.unclear.add(x.key)
        return most

    def _product(self, t: Mul) -> int | None:
        ranks = [self.rank(f) for _, f in t.factors]
        for k in range(1, len(ranks)):
            op, after = t.factors[k]
            before = ranks[k - 1]
            if op == "o" and before and ranks[k] is None:
                self._settle(after, before)
            elif op == "o" and ranks[k] and before is None:
                self._settle(t.factors[k - 1][1], ranks[k] or 0)
            elif op in ("", "*") and before is None and ranks[k] == 2:
                first = t.factors[k - 1][1]
                if isinstance(first, Name) and first.base[:1].isupper():
                    self._settle(first, 2)
            elif op in ("", "*") and before == 2 and ranks[k] is None:
                inner = after.base if isinstance(after, Transposed) else after
                if isinstance(inner, Name):
                    small = inner.base[:1].islower() and inner.base not in GREEK - {"theta", "beta"}
                    if small:
                        self._settle(inner, 1)
                    elif inner.base[:1].isupper():
                        self._settle(inner, 2)
        ranks = [self.rank(f) for _, f in t.factors]
        rows = 0
        for (op, f), r in zip(t.factors, ranks, strict=True):
            if not r:
                continue
            row = isinstance(f, Transposed) and r == 1
            if not rows:
                rows = -1 if row else r
            elif op == "o":
                continue
            elif rows == -1:  # a row times …
                rows = 0 if r == 1 else -1
            elif rows == 2:
                rows = 1 if r == 1 else 2
            else:  # a column times …
                rows = 2 if row else 1
        return abs(rows) if rows or any(r is not None for r in ranks) else None

    def _settle(self, t: Any, rank: int) -> None:
        t = t.inside if isinstance(t, Bracket) else t
        t = t.base if isinstance(t, Transposed) else t
        if isinstance(t, Derivative) and len(t.by) == 1 and self.rank(t.body) == 0:
            t = t.by[0]
        if (
            isinstance(t, Name)
            and self.missing(t) is None
            and t.base + "".join(t.marks) + t.label not in self.survey.sizes
            and t.base not in ("e", "pi", "lambda", "epsilon", "eta")
        ):
            self._set(t, rank + len(t.slots))


def _most(found: Iterable[int | None]) -> int | None:
    known = [r for r in found if r is not None]
    return max(known) if known else None
