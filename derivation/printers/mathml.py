"""Layout drawn as MathML: what screen readers read, and what a page shows without its script."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from derivation.printers import custom
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
from derivation.terms import Path, Term

if TYPE_CHECKING:
    from derivation.matrix.nodes import Node

_SIGNS = {
    "+": "+", "-": "−", "neg": "−", "*": "⋅", ",": ",", "==": "=", "!=": "≠",
    "<": "&lt;", "<=": "≤", ">": "&gt;", ">=": "≥", "odot": "⊙", "oslash": "⊘", "top": "⊤",
}  # fmt: skip
_ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙", "vec": "→"}
_FUNCTIONS = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arsinh", "acosh": "arcosh",
    "atanh": "artanh", "relu": "ReLU", "digamma": "ψ",
}  # fmt: skip
_BIG = {"sum": "∑", "prod": "∏", "max": "max", "min": "min"}
_TIMES, _OF = "<mo>\u2062</mo>", "<mo>\u2061</mo>"  # heard, not seen
_TALL = re.compile("<(mfrac|munder|munderover|mtable|msqrt)>")
_SINGLE = re.compile(r"<(mi|mn|mo|mtext)[^<>]*>[^<>]*</\1>")
_FIRST = {  # of the Unicode letters A, a and 0 of a font, which newer browsers take
    "bold": (0x1D400, 0x1D41A, 0x1D7CE),
    "bold-italic": (0x1D468, 0x1D482, 0),
    "sans-serif": (0x1D5A0, 0x1D5BA, 0x1D7E2),
    "monospace": (0x1D670, 0x1D68A, 0x1D7F6),
    "script": (0x1D49C, 0, 0),
    "double-struck": (0x1D538, 0x1D552, 0x1D7D8),
    "fraktur": (0x1D504, 0x1D51E, 0),
}
_EXCEPTIONS = dict(zip("ℬℰℱℋℐℒℳℛℂℍℕℙℚℝℤℭℌℑℜℨ", [
    *(("script", c) for c in "BEFHILMR"), *(("double-struck", c) for c in "CHNPQRZ"),
    *(("fraktur", c) for c in "CHIRZ"),
], strict=True))  # fmt: skip
_LETTERLIKE = {place: letter for letter, place in _EXCEPTIONS.items()}


class MathmlDrawing:
    """Draws terms as MathML.

    >>> from derivation.terms import element, index, size
    >>> MathmlDrawing().inline(element("yhat", index("j", size("K"))))[6:-7]
    '<msub><mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover><mi>j</mi></msub>'
    """

    def __init__(self, direct: frozenset[Term] = frozenset(), notation: Notation = PLAIN) -> None:
        self.direct, self.notation = direct, notation
        self._display = False

    def inline(self, t: Term) -> str:
        """A term or condition as it stands in a sentence."""
        self._display = False
        return f"<math>{self._draw(Typesetter('line', (), self.direct).layout(t))}</math>"

    def matrix(self, node: Node) -> str:
        """A matrix expression as it stands in a sentence."""
        from derivation.printers.matrices import matrix_layout

        self._display = False
        return f"<math>{self._draw(matrix_layout(node))}</math>"

    def flat(self, left: Term | None, op: str, right: Term) -> str:
        """``left op right`` as it stands in a sentence."""
        return f"<math>{self._equation('line', left, op, right, ())}</math>"

    def display(self, left: Term | None, op: str, right: Term, marks: Sequence[Path] = ()) -> str:
        """``left op right`` in a line of its own."""
        made = self._equation("stack", left, op, right, marks)
        return f'<math display="block">{made}</math>'

    def _equation(
        self, fractions: str, left: Term | None, op: str, right: Term, marks: Sequence[Path]
    ) -> str:
        self._display = fractions == "stack"
        out = ""
        if left is not None:
            out = self._draw(Typesetter(fractions, (), self.direct).layout(left))
        if op:
            out += f"<mo>{_SIGNS[op]}</mo>"
        out += self._draw(Typesetter(fractions, marks, self.direct).layout(right))
        return f"<mrow>{out}</mrow>"

    def _draw(self, layout: Layout) -> str:
        method: Any = getattr(self, f"_draw_{type(layout).__name__.lower()}")
        drawn: str = method(layout)
        return drawn

    def _draw_number(self, n: Number) -> str:
        return f"<mn>{html.escape(n.text)}</mn>"

    def _draw_words(self, words: Words) -> str:
        return f"<mtext>{_safe(words.text).replace(' ', '&#xA0;')}</mtext>"

    def _draw_sign(self, sign: Sign) -> str:
        form = ' form="prefix"' if sign.token == "neg" else ""
        return f"<mo{form}>{_SIGNS[sign.token]}</mo>"

    def _draw_space(self, space: Space) -> str:
        return _TIMES

    def _draw_function(self, f: Function) -> str:
        if f.name == "pi":
            return "<mi>π</mi>"
        if f.name == "trigamma":
            return "<msub><mi>ψ</mi><mn>1</mn></msub>"
        log = "ln" if self.notation.ln else "log"
        if f.name == "lgamma":
            return f"<mi>{log}</mi>{_OF}<mi>Γ</mi>"
        if f.name == "log":
            return f"<mi>{log}</mi>"
        return f"<mi>{_safe(_FUNCTIONS.get(f.name, f.name))}</mi>"

    def _draw_name(self, name: Name) -> str:
        below = self._below(name.below)
        own = self.notation.names.get(name.name)
        if own is not None:
            return _scripts(_row(_symbols(own, "")), below)
        base, accent, digits, word = parts(name.name)
        made = f"<mi>{_safe(GREEK.get(base, base))}</mi>"
        if accent:
            made = (
                f'<mover accent="true">{made}<mo stretchy="false">{_ACCENTS[accent]}</mo></mover>'
            )
        under = [f"<mi>{_safe(word)}</mi>"] if word else []
        above = ""
        if digits and below:
            above = f"<mrow><mo>(</mo><mn>{digits}</mn><mo>)</mo></mrow>"
        elif digits:
            under.append(f"<mn>{digits}</mn>")
        under += [below] if below else []
        return _scripts(made, _row("<mo>,</mo>".join(under), len(under)), above)

    def _draw_bold(self, bold: Bold) -> str:
        read = parts(bold.name)
        if bold.name in self.notation.names or len(read.base) != 1 or not read.base.isascii():
            return self._draw_name(Name(bold.name))
        if read.base.isdigit():
            return f"<mn>{_lettered(read.base, 'bold')}</mn>"
        plain = self._draw_name(Name(bold.name))
        letter = _lettered(read.base, "bold")
        return plain.replace(f"<mi>{read.base}</mi>", f"<mi>{letter}</mi>", 1)

    def _below(self, below: Sequence[Layout]) -> str:
        made = [self._draw(b) for b in below]
        short = all(isinstance(b, (Name, Number)) and b[1:] in ((), ((),)) for b in below)
        return _row(("" if short else "<mo>,</mo>").join(made), len(made))

    def _draw_delta(self, delta: Delta) -> str:
        return _scripts("<mi>δ</mi>", self._below(delta.below))

    def _draw_mark(self, mark: Mark) -> str:
        return f'<mrow class="change">{self._draw(mark.body)}</mrow>'

    def _draw_row(self, row: Row) -> str:
        out = ""
        for k, item in enumerate(row.items):
            before = row.items[k - 1] if k else None
            if isinstance(item, Space):
                head = isinstance(before, Function)
                out += f'{_OF}<mspace width=".17em"></mspace>' if head else _TIMES
                continue
            if isinstance(item, Fence) and item.kind == "(" and _is_head(before):
                out += _OF
            out += self._draw(item)
        return f"<mrow>{out}</mrow>"

    def _draw_fence(self, fence: Fence) -> str:
        left, right = {"|": ("|", "|"), "[": ("[", "]")}.get(fence.kind, ("(", ")"))
        body = self._draw(fence.body)
        grows = "" if _TALL.search(body) else ' stretchy="false"'
        return (
            f'<mrow><mo fence="true" form="prefix"{grows}>{left}</mo>{body}'
            f'<mo fence="true" form="postfix"{grows}>{right}</mo></mrow>'
        )

    def _draw_stack(self, stack: Stack) -> str:
        return f"<mfrac>{_one(self._draw(stack.top))}{_one(self._draw(stack.bottom))}</mfrac>"

    def _draw_slash(self, slash: Slash) -> str:
        return f"<mrow>{self._draw(slash.top)}<mo>/</mo>{self._draw(slash.bottom)}</mrow>"

    def _draw_root(self, root: Root) -> str:
        return f"<msqrt>{self._draw(root.body)}</msqrt>"

    def _draw_script(self, s: Script) -> str:
        above = self._draw(s.above)
        if s.order:
            order = s.above.text if isinstance(s.above, Number) else ""
            if order in ("1", "2", "3"):
                above = f"<mo>{'′' * int(order)}</mo>"
            else:
                above = f"<mrow><mo>(</mo>{above}<mo>)</mo></mrow>"
        return f"<msup>{_one(self._draw(s.base))}{_one(above)}</msup>"

    def _draw_slots(self, slots: Slots) -> str:
        out = ""
        for k, n in slots.orders:
            out += _scripts("<mo>∂</mo>", f"<mn>{k}</mn>", f"<mn>{n}</mn>" if n > 1 else "")
        return f"<mrow>{out}{self._draw(slots.head)}</mrow>"

    def _draw_big(self, big: Big) -> str:
        over, above = self._draw(big.over), ""
        if big.guard is not None:
            guard = self._draw(big.guard)
            first = big.guard.items[0] if isinstance(big.guard, Row) else None
            over = guard if first == big.over else f"<mrow>{over}<mo>:</mo>{guard}</mrow>"
        elif big.kind in ("sum", "prod") and (
            (self._display and self.notation.bounds) or big.fixed
        ):
            above = self._draw(big.size)
            over = f"<mrow>{over}<mo>=</mo><mn>1</mn></mrow>"
        elif big.fixed:
            size = self._draw(big.size)
            over = f"<mrow><mn>1</mn><mo>≤</mo>{over}<mo>≤</mo>{size}</mrow>"
        sign = f'<mo largeop="true" movablelimits="true">{_BIG[big.kind]}</mo>'
        head = f"<munder>{sign}{_one(over)}</munder>"
        if above:
            head = f"<munderover>{sign}{_one(over)}{_one(above)}</munderover>"
        return f"<mrow>{head}{self._draw(big.body)}</mrow>"

    def _draw_derivative(self, d: Derivative) -> str:
        order = f"<mn>{d.order}</mn>" if d.order > 1 else ""
        if d.direct:
            order = f"<mrow><mo>+</mo>{order}</mrow>"
        over = _scripts("<mo>∂</mo>", "", order)
        if d.top is not None:
            over = f"<mrow>{over}{self._draw(d.top)}</mrow>"
        under = ""
        for v, n in d.below:
            made = _scripts(_one(self._draw(v)), "", f"<mn>{n}</mn>" if n > 1 else "")
            under += f"<mo>∂</mo>{made}"
        under = f"<mrow>{under}</mrow>"
        if self._display:
            head = f"<mfrac>{_one(over)}{under}</mfrac>"
        else:
            fence = ("<mo>(</mo>", "<mo>)</mo>") if len(d.below) > 1 else ("", "")
            head = f"<mrow>{over}<mo>/</mo>{fence[0]}{under}{fence[1]}</mrow>"
        return head if d.body is None else f"<mrow>{head}{_OF}{self._draw(d.body)}</mrow>"

    def _draw_cases(self, c: Cases) -> str:
        rows = ""
        for value, condition in c.rows:
            said = "<mtext>otherwise</mtext>"
            if condition is not None:
                said = f"<mrow><mtext>if&#xA0;</mtext>{self._draw(condition)}</mrow>"
            rows += f"<mtr><mtd>{self._draw(value)}</mtd><mtd>{said}</mtd></mtr>"
        table = f'<mtable class="cases">{rows}</mtable>'
        return f'<mrow><mo fence="true" form="prefix">{{</mo>{table}</mrow>'


def _is_head(layout: Layout | None) -> bool:
    """Whether a bracket after it holds arguments."""
    if isinstance(layout, Mark):
        return _is_head(layout.body)
    if isinstance(layout, Script):
        return layout.order
    return isinstance(layout, (Function, Slots))


def _row(made: str, count: int = 2) -> str:
    return f"<mrow>{made}</mrow>" if made and count > 1 else made


def _one(made: str) -> str:
    """As one element, which scripts and fractions need."""
    return made if _SINGLE.fullmatch(made) else f"<mrow>{made}</mrow>"


def _scripts(base: str, below: str, above: str = "") -> str:
    if below and above:
        return f"<msubsup>{base}{below}{above}</msubsup>"
    if below:
        return f"<msub>{base}{below}</msub>"
    return f"<msup>{base}{above}</msup>" if above else base


def _safe(text: str) -> str:
    """Somebody's text without control characters or markup."""
    return html.escape("".join(c for c in text if unicodedata.category(c)[0] != "C"))


# -- what stands for a name ------------------------------------------------------------------


def _symbols(symbols: Sequence[custom.Symbol], font: str) -> str:
    return "".join(_symbol(s, font) for s in symbols)


def _symbol(s: custom.Symbol, font: str) -> str:
    if isinstance(s, custom.Letter):
        if not s.text.isalnum() and s.text not in "ℏ∇":
            return f"<mo>{_safe(s.text)}</mo>"
        tag = "mn" if s.text.isdigit() else "mi"
        variant = ' mathvariant="normal"' if font and tag == "mi" else ""
        return f"<{tag}{variant}>{_lettered(s.text, font)}</{tag}>"
    if isinstance(s, custom.Group):
        return _row(_symbols(s.body, font))
    if isinstance(s, custom.Scripted):
        base = _symbol(s.base, font) if s.base is not None else "<mrow></mrow>"
        below, above = _row(_symbols(s.below, font)), _row(_symbols(s.above, font))
        return _scripts(base, below, above)
    if s.command in custom.FONTS:
        letters = [b for b in s.body if isinstance(b, custom.Letter)]
        if custom.FONTS[s.command] == "normal" and len(letters) == len(s.body) > 1:
            return f"<mi>{_safe(''.join(b.text for b in letters))}</mi>"
        return _row(_symbols(s.body, custom.FONTS[s.command]))
    sign = custom.ACCENTS[s.command]
    stretchy = "true" if s.command.startswith(("wide", "over")) else "false"
    body = _row(_symbols(s.body, font))
    return f'<mover accent="true">{body}<mo stretchy="{stretchy}">{sign}</mo></mover>'


def _lettered(c: str, font: str) -> str:
    if font == "italic" or not c.isascii() or font not in _FIRST:
        return _safe(c)
    if (font, c) in _LETTERLIKE:
        return _LETTERLIKE[font, c]
    capital, small, digit = _FIRST[font]
    first, start = (capital, "A") if c.isupper() else (small, "a") if c.islower() else (digit, "0")
    return chr(first + ord(c) - ord(start)) if first and c.isalnum() else _safe(c)
