"""Text into tokens and statements; every limit is checked here, before Python's parser is asked.

Nothing here looks at meaning. What leaves this module is ASCII, bounded in length and nesting,
has matching brackets, and knows its place in the user's own text.
"""

from __future__ import annotations

import keyword
import re
from typing import NamedTuple, NoReturn

from derivation.errors import InputError

MAX_BYTES = 64 * 1024
MAX_TOKENS = 20_000
MAX_NESTING = 100
MAX_DIGITS = 400
MAX_POWER = 10_000
_MAX_MESSAGE = 400

# The words of Python's that the language uses; `lambda` is a name like any other.
WORDS = frozenset(("for", "in", "if", "else", "and", "or", "not"))
STATEMENT_WORDS = ("given", "wrt", "of", "style", "function", "claim", "label")
_REFUSED_WORDS = frozenset(keyword.kwlist) - WORDS - {"lambda"}

_TOKEN = re.compile(
    r"(?P<space>[ \t\f]+)|(?P<comment>\#.*)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<other>//|:=|->|<<|>>|<>|\.{2,3}|\+=|-=|\*=|/=)"
    r"|(?P<op>\*\*|==|!=|<=|>=|\.T\b|[-+*/^()\[\],=<>;@:])"
    r"|(?P<odd>.)"
)

# What people type out of habit, and what it is called.
_NOT_HERE = {
    "%": ("the remainder `%`", None),
    "//": ("floor division `//`", "a fraction is `a/b`"),
    "&": ("the bit operator `&`", "conditions are joined with `and`"),
    "|": ("the bit operator `|`", "write `abs(x)`, or join conditions with `or`"),
    "~": ("the bit operator `~`", "a condition is turned round with `not`"),
    "<<": ("the bit operator `<<`", None),
    ">>": ("the bit operator `>>`", None),
    ":=": ("assignment inside an expression", "a definition is `name = expr` on its own line"),
    "->": ("the arrow `->`", None),
    "<>": ("the sign `<>`", "unequal is `!=`"),
    "+=": ("the assignment `+=`", "a definition is `name = expr` on its own line"),
    "-=": ("the assignment `-=`", "a definition is `name = expr` on its own line"),
    "*=": ("the assignment `*=`", "a definition is `name = expr` on its own line"),
    "/=": ("the assignment `/=`", "unequal is `!=`"),
    "{": ("curly brackets", "group with round brackets"),
    "}": ("curly brackets", "group with round brackets"),
    '"': ("text in quotes", None),
    "'": ("a prime or a quote", "a derivative is `diff(E, v)`, or `deriv(g, 1)(x)`"),
    "`": ("the backquote", None),
    "\\": ("the backslash", "this is the plain input language: `exp(z[i])`, not LaTeX"),
    ":": ("the colon", "there are no slices: write the index, `x[i]`, and `sum(… for i in N)`"),
    "!": ("the exclamation mark", "a factorial is `exp(lgamma(n + 1))`; unequal is `!=`"),
    "..": ("the range `..`", "a range is named by its size: `for i in K`"),
    "...": ("the ellipsis `...`", None),
    "$": ("the dollar sign", None),
    "?": ("the question mark", None),
}
_LETTERS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho"
_LOOKALIKES = {
    "−": "-", "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "≠": "!=", "≤": "<=",
    "≥": ">=", "Σ": "sum(… for i in K)", "∑": "sum(… for i in K)", "∏": "prod(… for i in K)",
    "√": "sqrt(…)", "²": "**2", "³": "**3", "ŷ": "yhat", "∂": "diff(E, v)", "ς": "sigma",
    "∈": "in", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi",
    "ω": "omega", "“": '"', "”": '"', "’": "'", "½": "1/2",
    **{chr(0x3B1 + k): name for k, name in enumerate(_LETTERS.split())},
}  # fmt: skip


class Line(NamedTuple):
    """One line of the user's text. ``number`` is None for text that came as an argument."""

    number: int | None
    text: str


class Token:
    """One token and its place. ``kind`` is ``name``, ``number``, ``op`` or ``end``."""

    __slots__ = ("column", "kind", "line", "text")

    def __init__(self, kind: str, text: str, line: Line, column: int) -> None:
        self.kind, self.text, self.line, self.column = kind, text, line, column

    def __repr__(self) -> str:
        return f"Token({self.text!r}, line {self.line.number}, column {self.column})"

    @property
    def place(self) -> str:
        """How a message about another place names this one."""
        if self.line.number is None:
            return f"column {self.column + 1}"
        return f"line {self.line.number}, column {self.column + 1}"


def fail(token: Token, message: str, hint: str | None = None) -> NoReturn:
    """Refuse the input at this token."""
    line = token.line
    if len(message) > _MAX_MESSAGE:
        message = message[:_MAX_MESSAGE] + " …"
    if hint is not None and len(hint) > _MAX_MESSAGE:
        hint = None
    raise InputError(message, line.number, token.column, printable(line.text), hint)


def printable(text: str) -> str:
    """The text with what cannot be printed as `?`, so that the caret stays in its place."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else "?" for c in text)


def split_lines(text: str) -> list[str]:
    """The lines of the text, without their ends; a byte-order mark is dropped."""
    return re.split(r"\r\n|\r|\n", text[1:] if text.startswith("\ufeff") else text)


def statements(text: str, *, numbered: bool = True) -> list[list[Token]]:
    """The statements of the text as token lists, each closed by an ``end`` token.

    Args:
        text: The program, or one argument such as ``z[j] then z[l]``.
        numbered: Whether errors name the line (not for a text that came as an argument).

    Raises:
        InputError: On input beyond the limits, characters that are not part of the language,
            brackets that do not match, and Python's reserved words.

    >>> [[t.text for t in s] for s in statements("L = x^2; wrt x  # slope")]
    [['L', '=', 'x', '^', '2', ''], ['wrt', 'x', '']]
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InputError(f"the input is longer than {MAX_BYTES // 1024} KiB")
    out: list[list[Token]] = []
    count = 0
    for number, content in enumerate(split_lines(text), 1):
        line = Line(number if numbered else None, content)
        current: list[Token] = []
        for token in _scan(line):
            if token.text == ";" or token.kind == "end":
                if current:
                    current.append(Token("end", "", line, token.column))
                    check_shape(current)
                    out.append(current)
                    current = []
                continue
            current.append(token)
            count += 1
            if count > MAX_TOKENS:
                fail(token, f"the input has more than {MAX_TOKENS:,} tokens")
    return out


def _scan(line: Line) -> list[Token]:
    out: list[Token] = []
    end = len(line.text.rstrip())
    for match in _TOKEN.finditer(line.text):
        kind, text, column = str(match.lastgroup), match.group(), match.start()
        if kind == "space":
            continue
        if kind == "comment":
            end = len(line.text[:column].rstrip())
            break
        token = Token(kind, text, line, column)
        if kind in ("other", "odd"):
            _refuse_character(token, out)
        if kind == "name" and text in _REFUSED_WORDS:
            fail(
                token,
                f"`{text}` is a reserved word of Python's, not part of the language",
                {"True": "write `1`", "False": "write `0`"}.get(text),
            )
        if out and out[-1].kind == "number" and kind in ("name", "number"):
            before = out[-1]
            if before.column + len(before.text) == column and text not in WORDS:
                fail(
                    token,
                    f"`{before.text}{text}` is neither a number nor a name",
                    f"a product is written `{before.text}*{text}`" if kind == "name" else None,
                )
        if kind == "number":
            _check_number(token)
        out.append(token)
    out.append(Token("end", "", line, end))
    return out


def _refuse_character(token: Token, before: list[Token]) -> NoReturn:
    text, line = token.text, token.line.text
    if text == ".":
        after = re.match(r"\.\s*([A-Za-z_][A-Za-z0-9_]*)", line[token.column :])
        name = after.group(1) if after else ""
        hint = None
        if name == "sum":
            hint = "write `sum(x[i] for i in N)`"
        elif name and not name.startswith("_"):
            hint = f"write `{name}(…)`"
        fail(token, "attribute access is not part of the language", hint)
    if text in _NOT_HERE:
        what, hint = _NOT_HERE[text]
        verb = "are" if what.endswith("brackets") else "is"
        fail(token, f"{what} {verb} not part of the language", hint)
    if text == "\0":
        fail(token, "the input holds a NUL byte")
    if ord(text[0]) < 32 or ord(text[0]) == 127:
        fail(token, f"the input holds the control character U+{ord(text[0]):04X}")
    instead = _LOOKALIKES.get(text)
    fail(
        token,
        f"`{text}` (U+{ord(text[0]):04X}) is not part of the language: names and signs are ASCII"
        if text.isprintable()
        else f"the character U+{ord(text[0]):04X} is not part of the language",
        f"write `{instead}`" if instead else None,
    )


def refuse_colon(token: Token, function: Token | None = None) -> NoReturn:
    """Refuse a colon that declares no shape; ``function`` is the ``lambda`` that it belongs to."""
    if function is not None:
        fail(
            function,
            "`lambda` with a body is not part of the language",
            "a function is a line of its own, `f(x) = …`; without a colon `lambda` is a name",
        )
    what, hint = _NOT_HERE[":"]
    fail(token, f"{what} is not part of the language here", hint)


def _check_number(token: Token) -> None:
    mantissa, _, exponent = token.text.lower().partition("e")
    digits = len(mantissa.replace(".", ""))
    if digits > MAX_DIGITS or len(exponent) > 6 or digits + abs(int(exponent or 0)) > MAX_DIGITS:
        fail(token, f"the number has more than {MAX_DIGITS} digits")


_CLOSES = {")": "(", "]": "["}
_ENDS_OPERAND = frozenset((")", "]", ".T"))
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "="))
_BINARY = frozenset(("+", "-", "*", "/", "**", "^", "@")) | _COMPARISONS


def ends_operand(token: Token) -> bool:
    """Whether an operand ends with this token, so that a sign after it is a binary operator."""
    return (
        token.kind == "number"
        or token.text in _ENDS_OPERAND
        or (token.kind == "name" and token.text not in WORDS)
    )


def check_shape(tokens: list[Token]) -> None:
    """Brackets match, nesting is bounded, literal powers are bounded."""
    stack: list[tuple[Token, int, int, int]] = []  # open bracket, depth, signs and powers, elses
    depth = chain = elses = 0
    previous = Token("op", "=", tokens[0].line, 0)
    for k, token in enumerate(tokens):
        text = token.text
        if text in ("(", "["):
            stack.append((token, depth, chain, elses))
            depth, chain, elses = depth + chain + elses + 1, 0, 0
        elif text in _CLOSES:
            if not stack:
                fail(token, f"`{text}` closes nothing")
            opened, depth, chain, elses = stack.pop()
            if opened.text != _CLOSES[text]:
                fail(token, f"`{text}` does not close `{opened.text}` (column {opened.column + 1})")
        elif text in ("**", "^"):
            chain += 1
            _check_power(tokens, k)
        elif text in ("+", "-", "not") and not ends_operand(previous):
            chain += 1
        elif text == "else":
            elses += 1
            chain = 0
        elif text in (",", "for"):
            chain = elses = 0
        elif text in _BINARY or text in WORDS:
            chain = 0
        deep = max(len(stack), chain + elses) > MAX_NESTING
        if deep or depth + chain + elses > 2 * MAX_NESTING:
            fail(token, f"the expression is nested more than {MAX_NESTING} deep")
        previous = token
    if stack:
        opened = stack[-1][0]
        fail(
            opened,
            f"`{opened.text}` is never closed",
            "a statement stands on one line, from its first word to its last bracket",
        )


def _check_power(tokens: list[Token], k: int) -> None:
    k += 1
    while tokens[k].text in ("(", "-", "+"):
        k += 1
    token = tokens[k]
    if token.kind == "number" and float(token.text) > MAX_POWER:
        fail(token, f"a power beyond {MAX_POWER:,} is not part of the language")
