"""Text in two dimensions: boxes with a baseline, put side by side, stacked, and broken into lines.

A box is rows of segments (text with a style); a piece is a box that a line may break before.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

Segment: TypeAlias = tuple[str, str]  # text and style ("" plain)
Segments: TypeAlias = tuple[Segment, ...]

NEVER = 99
LAST = 20  # where a line is broken only if it must be
INSIDE = 3  # depths from here on are inside a bracket


class Box(NamedTuple):
    """Rows of equal width; ``base`` is the row that lies on the line."""

    rows: tuple[Segments, ...]
    width: int
    base: int = 0


class Piece(NamedTuple):
    """A box in a line, with the space before it and how readily a line breaks there.

    Attributes:
        depth: 0 breaks best; ``NEVER`` not at all.
        gap: Columns of space before it, dropped at a break.
    """

    box: Box
    depth: int = NEVER
    gap: int = 0


@lru_cache(maxsize=4096)
def width_of(text: str) -> int:
    """Columns that a text takes in a terminal.

    >>> width_of("z\u0304ⱼ"), width_of("中")
    (2, 2)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def text_box(text: str, style: str = "") -> Box:
    """One row."""
    return Box((((text, style),),), width_of(text))


def blank(columns: int) -> Segments:
    return ((" " * columns, ""),) if columns else ()


def plain(row: Iterable[Segment]) -> str:
    """The text of a row without trailing space."""
    return "".join(text for text, _ in row).rstrip()


def beside(boxes: Sequence[tuple[Box, int]]) -> Box:
    """Boxes on one line, each with the space before it."""
    above = max((b.base for b, _ in boxes), default=0)
    below = max((len(b.rows) - b.base for b, _ in boxes), default=1)
    rows: list[Segments] = []
    for level in range(-above, below):
        row: Segments = ()
        for box, gap in boxes:
            line = box.base + level
            row += blank(gap)
            row += box.rows[line] if 0 <= line < len(box.rows) else blank(box.width)
        rows.append(row)
    return Box(tuple(rows), sum(b.width + gap for b, gap in boxes), above)


def join(pieces: Sequence[Piece]) -> Box:
    """Pieces on one line."""
    return beside([(p.box, p.gap if k else 0) for k, p in enumerate(pieces)])


def centred(box: Box, width: int) -> tuple[Segments, ...]:
    left = (width - box.width) // 2
    right = width - box.width - left
    return tuple((*blank(left), *row, *blank(right)) for row in box.rows)


def over(top: Box, bottom: Box) -> Box:
    """One box above another, both at the left; the upper one lies on the line."""
    width = max(top.width, bottom.width)
    rows = [(*row, *blank(width - box.width)) for box in (top, bottom) for row in box.rows]
    return Box(tuple(rows), width, top.base)


def fraction(top: Box, bottom: Box, bar: str, style: str = "") -> Box:
    """One box over another with a bar between them, on the line."""
    width = max(top.width, bottom.width)
    middle: Segments = ((bar * width, style),)
    rows = (*centred(top, width), middle, *centred(bottom, width))
    return Box(rows, width, len(top.rows))


# bracket -> (alone, top, middle, bottom), and the same in ASCII
TALL = {
    "(": ("(", "⎛", "⎜", "⎝"),
    ")": (")", "⎞", "⎟", "⎠"),
    "|": ("|", "│", "│", "│"),
}


def bracket(kind: str, rows: int, base: int, unicode: bool, style: str = "") -> Box:
    """A bracket as tall as what it holds."""
    alone, top, middle, bottom = TALL[kind]
    if rows == 1:
        return text_box(alone, style)
    if not unicode:
        if kind == "|":
            glyphs = ["|"] * rows
        else:
            ends = ("/", "\\") if kind == "(" else ("\\", "/")
            glyphs = [ends[0], *["|"] * (rows - 2), ends[1]]
    else:
        glyphs = [top, *[middle] * (rows - 2), bottom]
    return Box(tuple(((g, style),) for g in glyphs), 1, base)


def cases(rows: Sequence[tuple[Box, Box]], unicode: bool, style: str = "") -> Box:
    """A tall left brace, a value and its condition on each line."""
    values = max(value.width for value, _ in rows)
    lines: list[Box] = []
    for value, condition in rows:
        gap = values - value.width + 3 if condition.width else 0
        lines.append(beside([(value, 0), (condition, gap)]))
    width = max(line.width for line in lines)
    inner: list[Segments] = []
    for k, line in enumerate(lines):
        if k and (len(lines) == 2 or len(line.rows) > 1 or len(lines[k - 1].rows) > 1):
            inner.append(blank(width))
        inner += [(*row, *blank(width - line.width)) for row in line.rows]
    height = len(inner)
    middle = height // 2
    out = []
    for k, row in enumerate(inner):
        glyph = "{"
        if unicode:
            glyph = "⎧" if k == 0 else "⎩" if k == height - 1 else "⎨" if k == middle else "⎪"
        elif height > 1:
            glyph = "/" if k == 0 else "\\" if k == height - 1 else "<" if k == middle else "|"
        out.append(((glyph + " ", style), *row))
    return Box(tuple(out), width + 2, middle)


def fill(pieces: Sequence[Piece], width: int, indent: int = 0) -> list[Box]:
    """Pieces in lines of at most a width, broken where it hurts least; later lines indented.

    A line that nothing can break is left too long.
    """
    lines: list[Box] = []
    rest = list(pieces)
    room, shift = width, indent
    while rest:
        total = 0
        end = len(rest)
        for k, p in enumerate(rest):
            total += p.box.width + (p.gap if k else 0)
            if total > room:
                end = k
                break
        if end < len(rest):
            end = _best_break(rest, end)
        line = join(rest[:end])
        lines.append(beside([(line, shift)]) if lines else line)
        rest = rest[end:]
        if rest:  # what goes on inside a bracket is set further in
            shift = indent + 2 * (INSIDE <= rest[0].depth < NEVER)
            room = width - shift
    return lines


def _best_break(pieces: Sequence[Piece], limit: int) -> int:
    """The position at most ``limit`` of the shallowest break, the last of equals."""
    places = [k for k in range(1, limit + 1) if pieces[k].depth < NEVER]
    if not places:
        later = (k for k in range(limit + 1, len(pieces)) if pieces[k].depth < NEVER)
        return next(later, len(pieces))
    before = {k: sum(p.box.width + p.gap for p in pieces[:k]) for k in places}
    widest = before[places[-1]]
    # a break very near the start leaves a ragged line: take it only if there is no other
    good = [k for k in places if 3 * before[k] >= widest] or places
    return min(good, key=lambda k: (pieces[k].depth, -k))


def overflows(boxes: Sequence[Box], width: int) -> bool:
    return any(box.width > width for box in boxes)
