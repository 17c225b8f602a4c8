"""Layout drawn as LaTeX mathematics, with lines broken by an estimate of their width."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from derivation.printers.boxes import INSIDE, NEVER
from derivation.printers.custom import PLAIN, Notation
from derivation.printers.layout import (
    Big,
    Bold,
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
from derivation.printers.names import GREEK, parts
from derivation.printers.notation import Typesetter
from derivation.printers.tex import escape, script, tex_name
from derivation.terms import Path, Term

if TYPE_CHECKING:
    from derivation.matrix.nodes import Node

LINE = 62.0  # columns of mathematics that fit a line of an article

_RELATIONS = {
    "==": "=", "!=": r"\neq", "<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq",
}  # fmt: skip
_SIGNS = {
    "+": "+", "-": "-", "neg": "-", "*": r"\cdot", ",": ",", "odot": r"\odot",
    "oslash": r"\oslash", "top": r"\top", **_RELATIONS,
}  # fmt: skip
_BINARY = ("+", "-", "*", "odot", "oslash")
_COMMANDS = {
    "exp": r"\exp", "log": r"\log", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan",
    "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh", "max": r"\max", "min": r"\min",
    "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "pi": r"\pi",
    "lgamma": r"\log\Gamma", "digamma": r"\psi", "trigamma": r"\psi_1",
    "asinh": r"\operatorname{arsinh}", "acosh": r"\operatorname{arcosh}",
    "atanh": r"\operatorname{artanh}", "relu": r"\operatorname{ReLU}",
}  # fmt: skip
_BIG = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min"}


class Part(NamedTuple):
    """A stretch of LaTeX, about how wide it is, and how readily a line breaks before it."""

    tex: str
    width: float
    depth: int = NEVER
    kind: str = ""  # "bin" or "rel" for an operator between two things
    marked: bool = False


class Equation(NamedTuple):
    """A left side and the lines beside it."""

    left: str
    lines: tuple[str, ...]

    def rows(self) -> list[str]:
        """The rows of an alignment."""
        first = f"{self.left} &" if self.left else "&"
        return [f"{first if k == 0 else '&'}{line}" for k, line in enumerate(self.lines)]

    def alone(self) -> str:
        """One piece of LaTeX, which can stand anywhere."""
        if len(self.lines) == 1:
            return f"{self.left} {self.lines[0]}".strip()
        body = " \\\\\n".join(self.rows())
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


class LatexDrawing:
    r"""Draws terms as LaTeX.

    Args:
        direct: The ``partial`` terms to be told apart from a ``diff``.
        notation: What the reader wants written in another way.
        line: About how many columns of mathematics fit a line.

    >>> from derivation.terms import divide, element, index, neg, size, sum_over
    >>> i = index("i", size("K"))
    >>> t = sum_over(neg(divide(element("y", i), element("yhat", i))), i)
    >>> print(LatexDrawing().inline(t, fractions="stack"))
    \sum_{i=1}^{K} \left(-\frac{y_i}{\hat{y}_i}\right)
    """

    def __init__(
        self,
        direct: frozenset[Term] = frozenset(),
        notation: Notation = PLAIN,
        line: float = LINE,
    ) -> None:
        self.direct, self.notation, self.line = direct, notation, line
        self._display = True
        self._loose = False  # brackets that a line may break between
        self._storeys = 0  # fractions around
        self._marked = False

    # -- what printers call -----------------------------------------------------------------

    def inline(self, t: Term, fractions: str = "line") -> str:
        """A term or condition as it stands in a sentence."""
        self._display, self._loose = fractions == "stack", False
        return self._tex(Typesetter(fractions, (), self.direct).layout(t))

    def matrix(self, node: Node) -> str:
        """A matrix expression as it stands in a sentence."""
        from derivation.printers.matrices import matrix_layout

        self._display = False
        return self._tex(matrix_layout(node))

    def relation(self, op: str) -> str:
        return _RELATIONS[op]

    def rows(
        self, left: Term | None, op: str, right: Term, marks: Sequence[Path] = ()
    ) -> list[str]:
        r"""Rows of an ``align*`` (without ``\\``) for ``left op right``."""
        return self.equation(left, op, right, marks).rows()

    def equation(
        self, left: Term | None, op: str, right: Term, marks: Sequence[Path] = ()
    ) -> Equation:
        """``left op right`` in as few lines as it takes: a fraction that no line can hold is
        written with a slash, and a left side that leaves no room stands above the right."""
        found: list[tuple[float, Equation]] = []
        for fractions, loose in (("stack", False), ("stack", True), ("line", True)):
            over, made = self._equation(left, op, right, marks, fractions, loose)
            found.append((max(over, 4.0), made))  # the estimate is no better than this
            if over <= 4:
                break
        return min(found, key=lambda way: way[0])[1]

    def _equation(
        self,
        left: Term | None,
        op: str,
        right: Term,
        marks: Sequence[Path],
        fractions: str,
        loose: bool,
    ) -> tuple[float, Equation]:
        """The lines, and by how much the longest is too long."""
        self._display, self._loose = True, loose
        start: list[Part] = []
        if left is not None:
            start = self._draw(Typesetter(fractions, (), self.direct).layout(left), 0)
        body = self._draw(Typesetter(fractions, marks, self.direct).layout(right), 0)
        sign = f"{_RELATIONS[op]} " if op else ""
        used = _width(start)
        above = used > self.line * 0.55
        room = self.line - (4 if above else used) - 3
        lines = _filled(body, room)
        over = max(_width(line) - room for line in lines)
        out = [f"{sign}{_joined(lines[0])}", *map(_continued, lines[1:])]
        if not above:
            return over, Equation(_joined(start), tuple(out))
        heads = _filled(start, self.line)
        over = max(over, *(_width(line) - self.line for line in heads))
        first = [_joined(heads[0]), *map(_continued, heads[1:])]
        return over, Equation("", (*first, rf"\quad {out[0]}", *out[1:]))

    # -- drawing ----------------------------------------------------------------------------

    def _tex(self, layout: Layout) -> str:
        return _joined(self._draw(layout, 0))

    def _draw(self, layout: Layout, depth: int) -> list[Part]:
        method: Any = getattr(self, f"_draw_{type(layout).__name__.lower()}")
        drawn: list[Part] = method(layout, depth)
        return drawn

    def _one(self, layout: Layout) -> Part:
        """A layout as one part that no line breaks; its own marks are set in it."""
        loose, self._loose = self._loose, False
        drawn = self._draw(layout, 0)
        self._loose = loose
        if self._marked:  # what is around it is marked as a whole
            drawn = [p._replace(marked=False) for p in drawn]
        return Part(_joined(drawn), _width(drawn), marked=self._marked)

    def _part(self, tex: str, width: float, kind: str = "") -> Part:
        return Part(tex, width, kind=kind, marked=self._marked)

    def _draw_number(self, n: Number, depth: int) -> list[Part]:
        return [self._part(n.text, len(n.text))]

    def _draw_words(self, words: Words, depth: int) -> list[Part]:
        # what takes mathematics in prose stands outside the words here
        said = re.sub(r"\$(.*?)\$", r"}{\1}\\text{", rf"\text{{{escape(words.text)}}}")
        return [self._part(said.replace(r"\text{}", ""), 0.9 * len(words.text))]

    def _draw_sign(self, sign: Sign, depth: int) -> list[Part]:
        kind = "rel" if sign.token in _RELATIONS else "bin" if sign.token in _BINARY else ""
        return [self._part(_SIGNS[sign.token], 1 if sign.token in ("neg", ",") else 2, kind)]

    def _draw_space(self, space: Space, depth: int) -> list[Part]:
        return []

    def _draw_function(self, f: Function, depth: int) -> list[Part]:
        tex = _COMMANDS.get(f.name) or rf"\operatorname{{{escape(f.name)}}}"
        if self.notation.ln and tex.startswith(r"\log"):
            tex = r"\ln" + tex.removeprefix(r"\log")
        return [self._part(tex, 1 if f.name in GREEK else len(f.name))]

    def _draw_name(self, name: Name, depth: int) -> list[Part]:
        tex, width = self._named(name)
        return [self._part(tex, width)]

    def _draw_bold(self, bold: Bold, depth: int) -> list[Part]:
        own = self.notation.tex(bold.name)
        if own is not None:
            return [self._part(own, 1.5)]
        read = parts(bold.name)
        if read.base.isdigit():
            return [self._part(rf"\mathbf{{{read.base}}}", 1.0)]
        if len(read.base) == 1:
            plain, _ = tex_name(bold.name)
            return [self._part(plain.replace(read.base, rf"\mathbf{{{read.base}}}", 1), 1.5)]
        return [self._part(rf"\boldsymbol{{{tex_name(bold.name)[0]}}}", float(len(read.base)))]

    def _named(self, name: Name) -> tuple[str, float]:
        below = self._below(name.below)
        own = self.notation.tex(name.name)
        if own is not None:
            return own + script("_", below), 1.5 + 0.6 * len(name.below)
        tex, _ = tex_name(name.name, below)
        base = parts(name.name)
        width = 1.0 if base.base in GREEK else float(len(base.base))
        return tex, width + 0.6 * (len(base.below) + len(base.number) + len(name.below))

    def _below(self, below: Sequence[Layout]) -> str:
        made = [self._plain(b) for b in below]
        return ("" if all(len(m) == 1 for m in made) else ", ").join(made)

    def _plain(self, layout: Layout) -> str:
        """Small type, never marked."""
        marked, self._marked = self._marked, False
        made = self._one(layout).tex
        self._marked = marked
        return made

    def _draw_delta(self, delta: Delta, depth: int) -> list[Part]:
        return [self._part(r"\delta" + script("_", self._below(delta.below)), 2.5)]

    def _draw_mark(self, mark: Mark, depth: int) -> list[Part]:
        outer, self._marked = self._marked, True
        drawn = self._draw(mark.body, depth)
        self._marked = outer
        return drawn

    def _draw_row(self, row: Row, depth: int) -> list[Part]:
        out: list[Part] = []
        breaks = NEVER
        space = ""
        for k, item in enumerate(row.items):
            bare = item.body if isinstance(item, Mark) else item
            if isinstance(bare, Space):
                thin = bare.width == "thin"
                breaks = depth + 2 if thin else NEVER
                space = (
                    r"\, " if thin and _runs_together(row.items[k - 1], row.items[k + 1]) else ""
                )
                continue
            first, *others = self._draw(item, depth + 1 if len(row.items) > 1 else depth)
            if k and first.tex.startswith(r"\left") and isinstance(row.items[k - 1], Function):
                space = r"\!"
            if isinstance(bare, Sign) and k and bare.token not in (",", "neg"):
                breaks = depth + 1 if bare.token == "*" else depth
            out += [
                first._replace(tex=space + first.tex, depth=min(breaks, first.depth)),
                *others,
            ]
            breaks, space = NEVER, ""
            if isinstance(bare, Sign) and bare.token == ",":
                breaks = depth
        return out

    def _draw_fence(self, fence: Fence, depth: int) -> list[Part]:
        brackets = {"|": (r"\lvert ", r"\rvert"), "[": ("[", "]")}
        left, right = brackets.get(fence.kind, ("(", ")"))
        if not _is_tall(fence.body):
            inner = self._draw(fence.body, depth + INSIDE)
            return [
                self._part(left, 0.7),
                inner[0]._replace(depth=NEVER),
                *inner[1:],
                self._part(right, 0.7),
            ]
        body = self._one(fence.body)
        sums = _has_big(fence.body) and not _has_storeys(fence.body)
        if self._loose or (sums and self._display):
            size = "Bigl" if self._storeys else "biggl"
            size = "bigl" if sums and self._storeys else size
            inner = self._draw(fence.body, depth + INSIDE) if self._loose else [body]
            return [
                self._part(rf"\{size}{left}", 1),
                inner[0]._replace(depth=NEVER),
                *inner[1:],
                self._part(rf"\{size[:-1]}r{right}", 1),
            ]
        if not self._display:
            return [self._part(f"{left}{body.tex}{right}", body.width + 1.4)]
        return [self._part(rf"\left{left}{body.tex}\right{right}", body.width + 1.6)]

    def _draw_stack(self, stack: Stack, depth: int) -> list[Part]:
        self._storeys += 1
        top, bottom = self._one(stack.top), self._one(stack.bottom)
        self._storeys -= 1
        return [
            self._part(rf"\frac{{{top.tex}}}{{{bottom.tex}}}", max(top.width, bottom.width) + 0.5)
        ]

    def _draw_slash(self, slash: Slash, depth: int) -> list[Part]:
        under = self._draw(slash.bottom, depth + 2)
        sign = self._part("/", 1)
        return [*self._draw(slash.top, depth + 2), sign, under[0]._replace(depth=NEVER), *under[1:]]

    def _draw_root(self, root: Root, depth: int) -> list[Part]:
        body = self._one(root.body)
        return [self._part(rf"\sqrt{{{body.tex}}}", body.width + 1.5)]

    def _draw_script(self, s: Script, depth: int) -> list[Part]:
        above = self._plain(s.above)
        base = self._draw(s.base, depth)
        bare = s.base.body if isinstance(s.base, Mark) else s.base
        power = r"^\top" if above == r"\top" else script("^", above)
        if s.order:
            power = {"1": "'", "2": "''", "3": "'''"}.get(above, f"^{{({above})}}")
        elif isinstance(bare, Name) and bare.below and self._is_raised(bare.name):
            plain = self._plain(s.base)
            base = [self._part(rf"\bigl({plain}\bigr)", _width(base) + 1.4)]
        last = base[-1]
        made = last._replace(tex=last.tex + power, width=last.width + 0.6 * len(above))
        return [*base[:-1], made]

    def _is_raised(self, name: str) -> bool:
        """Whether a name with indices has its number above it."""
        return bool(parts(name).number) and name not in self.notation.names

    def _draw_slots(self, slots: Slots, depth: int) -> list[Part]:
        made = "".join(
            rf"\partial_{k}" + (script("^", str(n)) if n > 1 else "") for k, n in slots.orders
        )
        return [self._part(made + " ", 2.0 * len(slots.orders)), *self._draw(slots.head, depth)]

    def _draw_big(self, big: Big, depth: int) -> list[Part]:
        over, above = self._plain(big.over), ""
        guarded = big.guard is not None
        if big.guard is not None:
            guard = self._plain(big.guard)
            first = big.guard.items[0] if isinstance(big.guard, Row) else None
            over = guard if first == big.over else rf"{over} \,:\, {guard}"
        elif big.kind in ("sum", "prod") and (
            (self._display and self.notation.bounds) or big.fixed
        ):
            over, above = f"{over}=1", self._plain(big.size)
        elif big.fixed:
            over = rf"1 \leq {over} \leq {self._plain(big.size)}"
        head = self._part(
            _BIG[big.kind] + script("_", over) + (f"^{{{above}}}" if above else ""),
            3.5 if guarded or above else 2.5,
        )
        body = self._draw(big.body, depth + 2)
        return [head, body[0]._replace(tex=" " + body[0].tex, depth=NEVER), *body[1:]]

    def _draw_derivative(self, d: Derivative, depth: int) -> list[Part]:
        power = script("^", str(d.order) if d.order > 1 else "")
        if d.direct:
            power = f"^{{+{d.order if d.order > 1 else ''}}}"
        top = self._plain(d.top) if d.top is not None else ""
        over = rf"\partial{power}" + (f" {top}" if top else "")
        under = r" \, ".join(
            rf"\partial {self._plain(v)}" + (script("^", str(n)) if n > 1 else "")
            for v, n in d.below
        )
        wide = 1.6 + 1.6 * len(d.below) + (len(top) > 8)
        if self._display:
            head = self._part(rf"\frac{{{over}}}{{{under}}}", wide)
        else:
            head = self._part(f"{over} / {_bracketed(under, len(d.below) > 1)}", 2 * wide)
        if d.body is None:
            return [head]
        body = self._draw(d.body, depth + 1)
        space = " " if self._display else r" \, "
        return [head, body[0]._replace(tex=space + body[0].tex, depth=NEVER), *body[1:]]

    def _draw_cases(self, c: Cases, depth: int) -> list[Part]:
        rows, widest = [], 0.0
        for value, condition in c.rows:
            drawn = self._one(value)
            said = r"\text{otherwise}"
            if condition is not None:
                said = rf"\text{{if }} {self._plain(condition)}"
            rows.append(f"{drawn.tex} & {said}")
            widest = max(widest, drawn.width)
        body = r" \\ ".join(rows)
        return [self._part(rf"\begin{{cases}} {body} \end{{cases}}", widest + 9)]


def _runs_together(before: Layout, after: Layout) -> bool:
    """Whether two factors need a thin space that TeX does not make by itself."""
    before = before.body if isinstance(before, Mark) else before
    after = after.body if isinstance(after, Mark) else after
    if isinstance(after, (Big, Function)) or (
        isinstance(after, Row) and isinstance(after.items[0], Function)
    ):
        return False
    return isinstance(after, Fence) or isinstance(before, (Big, Fence, Root, Row))


def _bracketed(tex: str, needed: bool) -> str:
    return f"({tex})" if needed else tex


def _children(layout: Layout) -> list[Layout]:
    """The layouts directly inside, scripts left out."""
    if isinstance(layout, Row):
        return list(layout.items)
    if isinstance(layout, (Fence, Mark, Big, Root)):
        return [layout.body]
    if isinstance(layout, (Slash, Stack)):
        return [layout.top, layout.bottom]
    if isinstance(layout, Script):
        return [layout.base]
    if isinstance(layout, Derivative) and layout.body is not None:
        return [layout.body]
    return []


def _has_big(layout: Layout) -> bool:
    return isinstance(layout, Big) or any(map(_has_big, _children(layout)))


def _has_storeys(layout: Layout) -> bool:
    tall = isinstance(layout, (Stack, Derivative, Cases))
    return tall or any(map(_has_storeys, _children(layout)))


def _is_tall(layout: Layout) -> bool:
    return _has_big(layout) or _has_storeys(layout)


def _continued(line: Sequence[Part]) -> str:
    """A line that goes on, set in from the one before."""
    binary = line[0].depth < NEVER
    far = r"\qquad" if INSIDE <= line[0].depth < NEVER else r"\quad"
    return rf"{far} {'{}' if binary else ''}{_joined(line)}"


def _width(parts_: Sequence[Part]) -> float:
    return sum(p.width for p in parts_)


def _joined(parts_: Sequence[Part]) -> str:
    """One after another, what is marked in as few groups as spacing allows."""
    out: list[str] = []
    marked: list[str] = []

    def close() -> None:
        if marked:
            out.append(rf"\derivchange{{{_spaced(marked)}}}")
            marked.clear()

    for p in parts_:
        if not p.marked:
            close()
            out.append(p.tex)
        elif p.kind and not marked:  # in a group of its own it would lose its space
            out.append(rf"\math{p.kind}{{\derivchange{{{p.tex}}}}}")
        else:
            marked.append(p.tex)
    close()
    return _spaced(out)


_COMMAND_AT_END = re.compile(r"\\[A-Za-z]+$")
_OPERATORS_AT_END = ("+", "-", "=", r"\cdot", r"\odot", r"\oslash")
_TIGHT_AFTER = ("(", "[", r"\lvert", "/", "{", "|")
_TIGHT_BEFORE = (
    *("(", ")", "]", ",", "/", "'", "^"),
    *(r"\left", r"\right", r"\rvert", r"\!", r"\bigr", r"\Bigr", r"\biggr"),
)


def _spaced(texts: Sequence[str]) -> str:
    """The source with a space wherever TeX needs or a reader wants one."""
    out = ""
    sign = True  # a minus here belongs to what follows
    for tex in texts:
        bare = tex.strip()
        tight = sign or out.endswith(_TIGHT_AFTER) or bare.startswith(_TIGHT_BEFORE)
        if bare.startswith("(") and out.endswith(_OPERATORS_AT_END) and not sign:
            tight = False
        if tight and bare[:1].isalpha() and _COMMAND_AT_END.search(out):
            tight = False
        out += bare if not out or (tight and tex[0] != " ") else f" {bare}"
        sign = bare.endswith("(") or (bare == "-" and sign)
    return out


def _filled(parts_: Sequence[Part], room: float) -> list[list[Part]]:
    """Parts in lines of at most about a width, broken at the shallowest places."""
    lines: list[list[Part]] = []
    rest = list(parts_)
    while rest:
        total, end = 0.0, len(rest)
        for k, p in enumerate(rest):
            total += p.width
            if total > room:
                end = k
                break
        if end < len(rest):
            places = [k for k in range(1, end + 1) if rest[k].depth < NEVER]
            later = [k for k in range(end + 1, len(rest)) if rest[k].depth < NEVER]
            if places:
                end = min(places, key=lambda k: (rest[k].depth, -k))
            else:
                end = later[0] if later else len(rest)
        lines.append(rest[:end])
        rest = rest[end:]
    return lines
