"""Where the formulas of a document are: displays and inline ones, with the prose between them."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from derivation.errors import InputError
from derivation.language.latex.tokens import Macro, find_macros

MAX_LENGTH = 512 * 1024  # characters of a document
MAX_FORMULAS = 2000

_MATH = (
    "equation", "align", "alignat", "flalign", "gather", "multline", "eqnarray", "displaymath",
    "math", "dmath",
)  # fmt: skip
_NAMES = "|".join(_MATH)
_OPEN = re.compile(
    r"\\begin\{(?P<env>(?:" + _NAMES + r")\*?)\}"
    r"|(?P<fence>^[ \t]*(?:```+|~~~+)[^\n]*$)"
    r"|(?P<tick>(?<!`)`(?!`)[^`\n]*`)"
    r"|(?P<verb>\\begin\{(?:verbatim|lstlisting|minted|Verbatim)\*?\})"
    r"|(?P<comment><!--)"
    r"|(?P<dd>\$\$)|(?P<d>(?<!\\)\$)"
    r"|(?P<bb>\\\\?\[)|(?P<b>\\\\?\()",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Formula:
    """One formula: its LaTeX without delimiters, where it starts, and the prose before it."""

    source: str
    offset: int
    displayed: bool
    prose: str
    environment: str = ""
    closed: bool = True


@dataclass(frozen=True)
class Document:
    """The formulas of a text, in order, and its macros."""

    text: str
    formulas: tuple[Formula, ...]
    macros: dict[str, Macro]
    starts: tuple[int, ...]
    prose: str

    def place(self, offset: int) -> tuple[int, int]:
        """Line (from 1) and column (from 0) of an offset."""
        line = bisect.bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1]


def split(text: str) -> Document:
    """The formulas of a document.

    Raises:
        InputError: If the text is longer than a document may be.

    >>> [f.source for f in split("Let $x$ be.\\n$$y = 2x$$").formulas]
    ['x', 'y = 2x']
    """
    if len(text) > MAX_LENGTH:
        raise InputError(f"the document is longer than {MAX_LENGTH // 1024} Ki characters")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts = [0, *(m.end() for m in re.finditer("\n", text))]
    macros, places = find_macros(text)
    clean = _blanked(text, places)
    if "\\begin{document}" in clean:
        head = clean.index("\\begin{document}")
        clean = re.sub(r"[^\n]", " ", clean[:head]) + clean[head:]
    formulas: list[Formula] = []
    prose: list[str] = []
    for found in _formulas(clean):
        if len(formulas) >= MAX_FORMULAS:
            raise InputError(f"the document has more than {MAX_FORMULAS:,} formulas")
        formulas.append(found)
        prose.append(found.prose)
    last = formulas[-1].offset + len(formulas[-1].source) if formulas else 0
    prose.append(clean[last:])
    return Document(text, tuple(formulas), macros, tuple(starts), " ".join(prose))


def _blanked(text: str, places: list[tuple[int, int]]) -> str:
    """The text with macro definitions and TeX comments blank, all else in its place."""
    parts, last = [], 0
    for start, end in places:
        if start >= last:
            parts += [text[last:start], re.sub(r"[^\n]", " ", text[start:end])]
            last = end
    text = "".join([*parts, text[last:]])
    return re.sub(r"(?<!\\)(%)[^\n]*", lambda m: " " * len(m.group()), text)


def _formulas(text: str) -> Iterator[Formula]:
    k = last = 0
    size = len(text)
    missing: set[str] = set()  # what is known not to come any more

    def find(what: str, start: int) -> int:
        if what in missing:
            return -1
        at = text.find(what, start)
        if at < 0:
            missing.add(what)
        return at

    while k < size:
        found = _OPEN.search(text, k)
        if found is None:
            return
        kind, start = found.lastgroup, found.end()
        if kind == "env":
            end_word = "\\end{" + found.group("env") + "}"
        elif kind == "verb":
            end_word = found.group().replace("\\begin", "\\end")
        elif kind in ("bb", "b"):
            end_word = found.group()[:-1] + ("]" if kind == "bb" else ")")
            if kind == "bb" and found.group() == "\\\\[" and _is_spacing(text, start):
                k = start
                continue
        elif kind == "fence":
            end_word = found.group().strip()[:3]
        elif kind == "comment":
            end_word = "-->"
        elif kind == "tick":
            k = start
            inner = found.group()
            if inner.startswith("`$") and inner.endswith("$`") and len(inner) > 4:
                yield Formula(inner[2:-2], found.start() + 2, False, text[last : found.start()])
                last = k
            continue
        else:
            end_word = found.group()
        end = find(end_word, start)
        if kind == "d":
            para = find("\n\n", start)
            if end == start or end < 0 or (0 <= para < end):
                k = start  # a dollar sign, no formula
                continue
        if kind == "fence" and found.group().strip()[3:].strip() == "math" and end >= 0:
            kind = "dd"
        if kind in ("verb", "fence", "comment"):
            k = end + len(end_word) if end >= 0 else size
            last = min(k, size)
            continue
        closed = end >= 0
        if not closed:
            para = text.find("\n\n", start)
            end = para if para >= 0 else size
        shown = kind not in ("d", "b") and found.group("env") != "math"
        if kind == "dd" and closed and _in_a_line(text, found.start(), end + len(end_word)):
            shown = False
        yield Formula(
            text[start:end],
            start,
            shown,
            text[last : found.start()],
            (found.group("env") or "").rstrip("*"),
            closed,
        )
        k = last = end + len(end_word) if closed else end


def _in_a_line(text: str, start: int, end: int) -> bool:
    """Whether ``$$x$$`` stands inside a line of words, where Markdown shows it in the line.

    Only what is no equality: a definition among words is still a display.
    """
    if "\n" in text[start:end] or "=" in text[start:end]:
        return False
    before = text[text.rfind("\n", 0, start) + 1 : start]
    stop = text.find("\n", end)
    after = text[end : stop if stop >= 0 else len(text)]
    return any(c.isalnum() for c in after) and any(c.isalnum() for c in before)


def _is_spacing(text: str, start: int) -> bool:
    """Whether a doubled backslash and bracket are a new row with a distance (``\\\\[2pt]``)."""
    return (
        re.match(r"\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in)\s*\]", text[start : start + 20]) is not None
    )
