"""Layout drawn in characters: Unicode typography, or plain ASCII where that is all there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derivation.printers.boxes import (
    INSIDE,
    LAST,
    NEVER,
    Box,
    Piece,
    beside,
    bracket,
    cases,
    fill,
    fraction,
    join,
    over,
    overflows,
    plain,
    text_box,
)
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
from derivation.printers.names import GREEK, parts, subscript, superscript, unicode_name
from derivation.printers.notation import Typesetter, first_of
from derivation.terms import Path, Term

_SIGNS = {
    "+": "+", "-": "−", "neg": "−", "*": "·", ",": ",", "==": "=", "!=": "≠",
    "<": "<", "<=": "≤", ">": ">", ">=": "≥",
}  # fmt: skip
_ASCII_SIGNS = {"-": "-", "neg": "-", "*": "*", "!=": "!=", "<=": "<=", ">=": ">="}
_BIG = {"sum": "Σ", "prod": "∏", "max": "max", "min": "min"}
_FUNCTIONS = {"pi": "π", "digamma": "ψ", "trigamma": "ψ₁", "lgamma": "log Γ", "relu": "ReLU"}
_RELATIONS = frozenset(("==", "!=", "<", "<=", ">", ">="))


class Drawing:
    """Draws layout as pieces of text.

    Args:
        unicode: Whether the reader's screen has mathematical letters.
        fractions: As in ``Typesetter``; prose uses ``"line"``.

    >>> from derivation.terms import divide, element, index, neg, size
    >>> i = index("i", size("K"))
    >>> t = neg(divide(element("y", i), element("yhat", i)))
    >>> Drawing().line(t), Drawing(unicode=False).line(t)
    ('−yᵢ/ŷᵢ', '-y_i/yhat_i')
    """

    def __init__(
        self,
        unicode: bool = True,
        fractions: str = "tall",
        direct: frozenset[Term] = frozenset(),
    ) -> None:
        self.unicode, self.fractions, self.direct = unicode, fractions, direct
        self._style = ""
        self._below = False  # conditions of cases below their values, where a line is short

    # -- what printers call -----------------------------------------------------------------

    def line(self, t: Term, marks: Sequence[Path] = ()) -> str:
        """A term or condition on one line, for prose."""
        outer, self.fractions = self.fractions, "line"
        said = self._said(Typesetter("line", marks, self.direct).layout(t))
        self.fractions = outer
        return said

    def pieces(self, t: Term, marks: Sequence[Path] = ()) -> list[Piece]:
        """A term as pieces that a line may be broken between."""
        return self.draw(Typesetter(self.fractions, marks, self.direct).layout(t), 0)

    def equation(
        self,
        left: Term | None,
        op: str,
        right: Term,
        width: int,
        marks: Sequence[Path] = (),
    ) -> list[Box]:
        """``left op right`` in as few lines as it takes."""
        outer = self.fractions, self._below
        lines: list[Box] = []
        for self.fractions, self._below in ((outer[0], False), (outer[0], True), ("line", False)):
            lines = self._equation(left, op, right, width, marks)
            if not overflows(lines, width):
                break
        self.fractions, self._below = outer
        return lines

    def _equation(
        self, left: Term | None, op: str, right: Term, width: int, marks: Sequence[Path]
    ) -> list[Box]:
        start = self.pieces(left) if left is not None else []
        rest = self.pieces(right, marks)
        if not op:
            return fill(rest, width, 2)
        sign = Piece(self._text(self._sign(op)), 0 if start else NEVER, 1)
        before = join([*start, sign])
        if join([sign, *rest]).width + before.width <= width or before.width * 5 <= width * 2:
            # the left side stays on the first line, and what follows is set against its sign
            return fill(
                [Piece(before), rest[0]._replace(gap=1, depth=NEVER), *rest[1:]],
                width,
                min(before.width + 1, width // 3),
            )
        lines = fill(start, width, 4)
        after = fill([sign, rest[0]._replace(gap=1), *rest[1:]], width - 4, 2)
        return [*lines, *(beside([(box, 4)]) for box in after)]

    # -- drawing ----------------------------------------------------------------------------

    def box(self, layout: Layout) -> Box:
        return join(self.draw(layout, 0))

    def _said(self, layout: Layout) -> str:
        """A layout of one row as a string."""
        return plain(segment for row in self.box(layout).rows for segment in row)

    def _text(self, text: str) -> Box:
        return text_box(text, self._style)

    def _sign(self, token: str) -> str:
        return _SIGNS[token] if self.unicode else _ASCII_SIGNS.get(token, token.replace("==", "="))

    def draw(self, layout: Layout, depth: int) -> list[Piece]:
        """The pieces of a layout whose breaks are at least so deep."""
        method: Any = getattr(self, f"_draw_{type(layout).__name__.lower()}")
        drawn: list[Piece] = method(layout, depth)
        return drawn

    def _draw_number(self, n: Number, depth: int) -> list[Piece]:
        return [Piece(self._text(n.text))]

    def _draw_words(self, words: Words, depth: int) -> list[Piece]:
        return [Piece(self._text(words.text))]

    def _draw_sign(self, sign: Sign, depth: int) -> list[Piece]:
        return [Piece(self._text(self._sign(sign.token)))]

    def _draw_space(self, space: Space, depth: int) -> list[Piece]:
        return []

    def _draw_function(self, f: Function, depth: int) -> list[Piece]:
        return [Piece(self._text(_FUNCTIONS.get(f.name, f.name) if self.unicode else f.name))]

    def _draw_name(self, name: Name, depth: int) -> list[Piece]:
        below = [self._said(b) for b in name.below]
        text = unicode_name(name.name) if self.unicode else _ascii_name(name.name)
        return [Piece(self._text(text + self._subscript(below)))]

    def _subscript(self, below: Sequence[str]) -> str:
        if not below:
            return ""
        single = all(len(b) == 1 for b in below)
        joined = ("" if single else ",").join(below)
        if self.unicode:
            small = subscript(joined)
            if small is not None:
                return small
        return f"_{joined}" if len(joined) == 1 else f"_{{{joined}}}"

    def _draw_delta(self, delta: Delta, depth: int) -> list[Piece]:
        return self._draw_name(Name("delta", delta.below), depth)

    def _draw_mark(self, mark: Mark, depth: int) -> list[Piece]:
        outer, self._style = self._style, "change"
        drawn = self.draw(mark.body, depth)
        self._style = outer
        return drawn

    def _draw_row(self, row: Row, depth: int) -> list[Piece]:
        out: list[Piece] = []
        gap, breaks = 0, NEVER
        for k, item in enumerate(row.items):
            bare = item.body if isinstance(item, Mark) else item
            if isinstance(bare, Space):
                gap = 1 if bare.width == "thin" else 0
                if bare.width == "number":  # 2x, but 2 sigma where that takes a word
                    gap = int(self._is_word(first_of(row.items[k + 1])))
                breaks = depth + 2 if gap else depth + LAST
                continue
            first, *others = self.draw(item, depth + 1 if len(row.items) > 1 else depth)
            if isinstance(bare, Sign) and k:
                if bare.token == ",":
                    gap, breaks = 0, NEVER
                elif bare.token != "neg":
                    gap, breaks = 1, depth + 1 if bare.token == "*" else depth
            out += [first._replace(gap=gap, depth=min(breaks, first.depth)), *others]
            gap, breaks = 0, NEVER
            if isinstance(bare, Sign) and bare.token != "neg":
                gap = 1
                breaks = depth if bare.token == "," else depth + LAST
        return out

    def _is_word(self, layout: Layout) -> bool:
        """Whether a name takes more than one letter here."""
        if isinstance(layout, Delta):
            return not self.unicode
        name = layout.name if isinstance(layout, (Name, Function)) else ""
        base = parts(name).base
        return len(name if not self.unicode else GREEK.get(base, base)) > 1

    def _draw_fence(self, fence: Fence, depth: int) -> list[Piece]:
        inner = self.draw(fence.body, depth + INSIDE)
        whole = join(inner)
        rows, base = len(whole.rows), whole.base
        left, right = ("|", "|") if fence.kind == "|" else ("(", ")")
        opening = Piece(bracket(left, rows, base, self.unicode, self._style))
        closing = Piece(bracket(right, rows, base, self.unicode, self._style))
        return [opening, inner[0]._replace(gap=0, depth=NEVER), *inner[1:], closing]

    def _draw_stack(self, stack: Stack, depth: int) -> list[Piece]:
        bar = "─" if self.unicode else "-"
        made = fraction(self.box(stack.top), self.box(stack.bottom), bar, self._style)
        return [Piece(made)]

    def _draw_slash(self, slash: Slash, depth: int) -> list[Piece]:
        over, under = self.draw(slash.top, depth + 2), self.draw(slash.bottom, depth + 2)
        gap = 0 if slash.tight else 1
        sign = Piece(self._text("/"), NEVER if slash.tight else depth + 1, gap)
        return [*over, sign, under[0]._replace(gap=gap, depth=NEVER), *under[1:]]

    def _draw_root(self, root: Root, depth: int) -> list[Piece]:
        simple = isinstance(root.body, (Number, Name))
        body = self.draw(root.body if simple and self.unicode else Fence(root.body), depth)
        sign = Piece(self._text("√" if self.unicode else "sqrt"))
        return [sign, body[0]._replace(gap=0), *body[1:]]

    def _draw_script(self, script: Script, depth: int) -> list[Piece]:
        base = self.draw(script.base, depth)
        above = self._said(script.above)
        if script.order and above in ("1", "2", "3"):
            text = ("′" if self.unicode else "'") * int(above)
        elif script.order:
            small = superscript(above) if self.unicode else None
            text = f"⁽{small}⁾" if small else f"^({above})"
        else:
            small = superscript(above) if self.unicode else None
            text = small or (f"^{above}" if above.isalnum() else f"^({above})")
        return [*base, Piece(self._raised(base, text))]

    def _raised(self, base: Sequence[Piece], text: str) -> Box:
        """An exponent at the top of what it stands by."""
        whole = join(base)
        box = self._text(text)
        if whole.base == 0:
            return box
        return Box((*box.rows, *((((" " * box.width, ""),),) * whole.base)), box.width, whole.base)

    def _draw_slots(self, slots: Slots, depth: int) -> list[Piece]:
        text = ""
        for slot, order in slots.orders:
            text += "∂" if self.unicode else "d"
            text += self._subscript([str(slot)])
            if order > 1:
                text += (superscript(str(order)) if self.unicode else None) or f"^{order}"
        head = self.draw(slots.head, depth)
        return [Piece(self._text(text)), head[0]._replace(gap=0 if self.unicode else 1), *head[1:]]

    def _draw_big(self, big: Big, depth: int) -> list[Piece]:
        over = self._said(big.over)
        size = self._said(big.size)
        if big.guard is not None:
            guard = self._said(big.guard)
            if isinstance(big.guard, Row) and big.over in big.guard.items[:1]:
                over = guard.replace(" ", "") if " and " not in guard else guard
            else:
                over = f"{over}: {guard}"
        elif big.fixed:
            over = f"{over}={'1…' if self.unicode else '1..'}{size}"
        if self.unicode:
            text = _BIG[big.kind] + self._subscript([over])
        else:
            text = big.kind + (f"_{over}" if len(over) == 1 else f"_{{{over}}}")
        body = self.draw(big.body, depth + 2)
        return [Piece(self._text(text)), body[0]._replace(gap=1, depth=depth + LAST), *body[1:]]

    def _draw_derivative(self, d: Derivative, depth: int) -> list[Piece]:
        sign = "∂" if self.unicode else "d"
        order = ""
        if d.order > 1:
            order = (superscript(str(d.order)) if self.unicode else None) or f"^{d.order}"
        if d.direct:
            order = ("⁺" if self.unicode else "+") + order
        space = "" if self.unicode else " "
        top = self._said(d.top) if d.top else ""
        below = ""
        for v, n in d.below:
            text = self._said(v)
            times = ((superscript(str(n)) if self.unicode else None) or f"^{n}") if n > 1 else ""
            below += (" " if below and space else "") + sign + space + text + times
        if not self.unicode and len(d.below) > 1:
            below = f"({below})"
        head = f"{sign}{order}{space if top else ''}{top}/{below}"
        out = [Piece(self._text(head))]
        if d.body is not None:
            body = self.draw(d.body, depth + 1)
            out += [body[0]._replace(gap=1, depth=depth + LAST), *body[1:]]
        return out

    def _draw_cases(self, c: Cases, depth: int) -> list[Piece]:
        if self.fractions == "line":
            return self._cases_on_a_line(c, depth)
        rows = []
        for value, condition in c.rows:
            said = (
                beside([(self._text("if "), 0), (self.box(condition), 0)])
                if condition is not None
                else self._text("otherwise")
            )
            drawn = self.box(value)
            if self._below:
                drawn, said = over(drawn, beside([(said, 2)])), self._text("")
            rows.append((drawn, said))
        return [Piece(cases(rows, self.unicode, self._style))]

    def _cases_on_a_line(self, c: Cases, depth: int) -> list[Piece]:
        out = [Piece(self._text("{"))]
        for k, (value, condition) in enumerate(c.rows):
            drawn = self.draw(value, depth + INSIDE)
            out += [drawn[0]._replace(gap=min(k, 1), depth=depth if k else NEVER), *drawn[1:]]
            said = "if" if condition is not None else "otherwise"
            out.append(Piece(self._text(said), depth + 1, 1))
            if condition is not None:
                drawn = self.draw(condition, depth + INSIDE)
                out += [drawn[0]._replace(gap=1), *drawn[1:]]
            out.append(Piece(self._text("," if k < len(c.rows) - 1 else "}")))
        return out


def _ascii_name(name: str) -> str:
    return name if name.isascii() else name.encode("ascii", "replace").decode()
