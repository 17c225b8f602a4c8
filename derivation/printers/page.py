"""A document as lines of styled text: what the terminal and plain text have in common.

Styles are names ("title", "why", "change" …); a printer maps them to colours or drops them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from derivation.document import (
    Document,
    Entry,
    Formula,
    Line,
    assumptions,
    closing_parts,
    conditions_prose,
    is_idle,
    matrix_note,
)
from derivation.printers.boxes import Box, Piece, Segment, Segments, join, plain, width_of
from derivation.printers.plain import Drawing
from derivation.steps import Prose

LEAST_WIDTH = 24
ROOMY = 56  # from here on formulas are set in from their titles
_KEEP = "\u00a0"  # a space where no line may break, until the page is made
_LONGEST_KEPT = 24

_ASCII = str.maketrans(
    {
        "−": "-", "–": "-", "—": "-", "·": "-", "…": "...", "×": "x", "≥": ">=", "≤": "<=",
        "≠": "!=", "∂": "d", "Σ": "sum", "∏": "prod", "∎": "QED", "√": "sqrt", "′": "'",
        "“": '"', "”": '"', "‘": "'", "’": "'", "→": "->", "∈": "in", "∞": "infinity",
        "²": "^2", "³": "^3", "δ": "delta", "λ": "lambda", "σ": "sigma", "μ": "mu",
    }
)  # fmt: skip


def page(doc: Document, *, detail: str, width: int, unicode: bool) -> list[Segments]:
    """The lines of a document, none with trailing space."""
    lines = _Page(doc, detail, max(width, LEAST_WIDTH), unicode).lines()
    return [trimmed((text.replace(_KEEP, " "), style) for text, style in line) for line in lines]


def trimmed(line: Iterable[Segment]) -> Segments:
    """The line without trailing space, neighbours of one style joined."""
    out: list[Segment] = []
    for text, style in line:
        if out and text and out[-1][1] == style:
            out[-1] = (out[-1][0] + text, out[-1][1])
        elif text:
            out.append((text, style))
    while out:
        text, style = out[-1]
        if text.rstrip():
            out[-1] = (text.rstrip(), style)
            break
        out.pop()
    return tuple(out)


def readable(text: str, unicode: bool) -> str:
    """Somebody's text made safe to print: one line, no control characters."""
    text = "".join(
        " " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C"
    )
    if unicode:
        return text
    text = unicodedata.normalize("NFKD", text.translate(_ASCII))
    return (
        "".join(c for c in text if not unicodedata.combining(c)).encode("ascii", "replace").decode()
    )


class _Page:
    def __init__(self, doc: Document, detail: str, width: int, unicode: bool) -> None:
        self.doc, self.detail, self.width, self.unicode = doc, detail, width, unicode
        self.display = Drawing(unicode, direct=doc.direct)
        self.inline = Drawing(unicode, "line", direct=doc.direct)

    def lines(self) -> list[Segments]:
        out = self._head()
        for line in self.doc.setting:
            out += self._setting(line)
        if self.detail == "full":
            out += self._entries(self.doc.facts)
        return [*out, *self._entries(self.doc.entries), (), *self._closing()]

    # -- prose ------------------------------------------------------------------------------

    def prose(self, pieces: Prose) -> str:
        """Prose on one line."""
        out = ""
        for piece in pieces:
            if isinstance(piece, str):
                out += readable(piece, self.unicode)
            else:
                said = self.inline.line(piece)
                out += said.replace(" ", _KEEP) if width_of(said) <= _LONGEST_KEPT else said
        return out

    def _wrapped(
        self, text: str, style: str, first: int, later: int, start: Segments = ()
    ) -> list[Segments]:
        """Words in lines, the first after ``start`` (which is ``first`` columns wide)."""
        lines: list[Segments] = []
        row: Segments = start or ((" " * first, ""),)
        used, empty = first, True
        for word in _words(text, max(self.width - later, 8)):
            need = width_of(word) + (0 if empty else 1)
            if used + need > self.width and not empty:
                lines.append(row)
                row, used, empty, need = ((" " * later, ""),), later, True, width_of(word)
            row = (*row, (word if empty else " " + word, style))
            used, empty = used + need, False
        return [*lines, row]

    # -- the head ---------------------------------------------------------------------------

    def _head(self) -> list[Segments]:
        title, scope = self.prose(self.doc.title), self.prose(self.doc.scope)
        rule = ("─" if self.unicode else "-") * self.width
        room = self.width - width_of(title) - width_of(scope)
        lines: list[Segments]
        if room >= 2 or not scope:
            lines = [((title, "title"), (" " * max(room, 0), ""), (scope, "scope"))]
            if width_of(title) > self.width:
                lines = self._wrapped(title, "title", 0, 0)
        else:
            lines = self._wrapped(title, "title", 0, 0)
            lines.append(((" " * (self.width - width_of(scope)), ""), (scope, "scope")))
        return [*lines, ((rule, "rule"),)]

    def _setting(self, line: Line) -> list[Segments]:
        indent = 10
        out: list[Segments] = []
        label: Segments = ((" " + line.label, "label"), (" " * (indent - 1 - len(line.label)), ""))
        for boxes in self._packed(line, indent):
            rows = [((*_pad(indent), *row)) for box in boxes for row in box.rows]
            if label:
                rows[boxes[0].base] = (*label, *boxes[0].rows[boxes[0].base])
                label = ()
            out += rows
        if line.note and out:
            note = self.prose(line.note)
            used = width_of(plain(out[-1]))
            if used + 3 + width_of(note) <= self.width:
                space = self.width - used - width_of(note)
                out[-1] = (*trimmed(out[-1]), (" " * space, ""), (note, "why"))
            else:
                out += self._wrapped(note, "why", indent, indent)
        if line.parts:
            out += self._parts([self.prose(p) for p in line.parts], "note", indent, label)
        return out

    def _packed(self, line: Line, indent: int) -> Iterator[list[Box]]:
        """The line's formulas; short conditions share a line."""
        waiting: list[Piece] = []
        for formula in line.formulas:
            boxes = self._formula(formula, indent)
            if line.label != "Given" or len(boxes) > 1 or len(boxes[0].rows) > 1:
                yield boxes
                continue
            used = sum(p.box.width + p.gap for p in waiting)
            if waiting and used + 4 + boxes[0].width > self.width - indent:
                yield [join(waiting)]
                waiting = []
            waiting.append(Piece(boxes[0], gap=4))
        if waiting:
            yield [join(waiting)]

    def _parts(
        self, parts: Sequence[str], style: str, indent: int, start: Segments = ()
    ) -> list[Segments]:
        """Parts in lines with dots between them; a line breaks between parts if it can."""
        dot = " · " if self.unicode else "; "
        out: list[Segments] = []
        row, used, empty = start or _pad(indent), indent, True
        for part in parts:
            if not empty and used + 3 + width_of(part) > self.width:
                out.append(row)
                row, used, empty = _pad(indent), indent, True
            if not empty:
                row, used = (*row, (dot, style)), used + 3
            *more, row = self._wrapped(part, style, used, indent, row)
            out += more
            used, empty = sum(width_of(text) for text, _ in row), False
        return [*out, row]

    # -- steps ------------------------------------------------------------------------------

    def _entries(self, entries: Sequence[Entry], start: int = 1) -> list[Segments]:
        """Steps one after another, with space between those at the top."""
        out: list[Segments] = []
        widest = max((len(e.number) for e in entries), default=0)
        last = ""
        for entry in entries:
            said = self.inline.line(entry.after)
            if start > 1 and self.detail != "full" and is_idle(entry, said == last):
                continue
            if start == 1:
                out.append(())
            out += self._entry(entry, start, widest)
            last = said
        return out

    def _entry(self, entry: Entry, start: int, widest: int) -> list[Segments]:
        number = readable(entry.number, self.unicode).rjust(widest)
        hang = start + widest + 2
        title, why = self.prose(entry.heading if start == 1 else entry.title), self.prose(entry.why)
        head: Segments = ((" " * start, ""), (number, "number"), ("  ", ""))
        room = self.width - hang - width_of(title) - width_of(why)
        style = "step" if start == 1 else "substep"
        out: list[Segments]
        if why and room >= 3:
            out = [(*head, (title, style), (" " * room, ""), (why, "why"))]
        else:
            out = self._wrapped(title, style, hang, hang, head)
            if why:
                out += self._wrapped(why, "why", hang, hang)
        indent = hang + 2 if self.width >= ROOMY else start + 2
        for box in self._formula(entry.formula, indent):
            out += [(*_pad(indent), *row) for row in box.rows]
        if entry.conditions:
            said = self.prose(("where ", *conditions_prose(entry.conditions)))
            out += self._wrapped(said, "note", indent, indent + 2)
        return out + self._entries(entry.substeps, hang)

    def _formula(self, f: Formula, indent: int) -> list[Box]:
        return self.display.equation(f.left, f.op, f.right, self.width - indent, f.marks)

    # -- the end ----------------------------------------------------------------------------

    def _closing(self) -> list[Segments]:
        doc = self.doc
        if doc.result is None:
            return self._stopped()
        sign = "∎" if self.unicode else "QED"
        indent = width_of(sign) + 3
        boxes = self.display.equation(doc.goal, "==", doc.result, self.width - indent)
        rows: list[Segments] = [(*_pad(indent), *row) for box in boxes for row in box.rows]
        base = boxes[0].base
        rows[base] = ((f" {sign}  ", "qed"), *boxes[0].rows[base])
        parts = [self.prose(part) for part in closing_parts(doc)]
        said = self._parts(parts, "note", indent)
        used = width_of(plain(rows[0])) + 3
        if len(rows) == len(said) == 1 and used + width_of(plain(said[0])) - indent <= self.width:
            rows[0] = (*trimmed(rows[0]), ("   ", ""), *said[0][1:])
        else:
            return [*rows, *self._matrix(indent), *said, *self._assumed(indent)]
        return [*rows, *self._matrix(indent), *self._assumed(indent)]

    def _matrix(self, indent: int) -> list[Segments]:
        """The result in matrices: the NumPy expression, its shape, and names that it uses."""
        form = self.doc.matrix
        if form is None:
            return []
        note = self.prose(matrix_note(self.doc, form)).replace(_KEEP, " ")
        out = self._code("in matrix form  ", form.text, note, indent)
        for name, f in form.all_introduced.items():
            note = self.prose(matrix_note(self.doc, f)).replace(_KEEP, " ")
            out += self._code("with ", f"{name} = {f.text}", note, indent + 11)
        return out

    def _code(self, label: str, code: str, note: str, indent: int) -> list[Segments]:
        note = f"({note})"
        used = indent + width_of(label) + width_of(code)
        if used + 3 + width_of(note) <= self.width:
            return [(*_pad(indent), (label, "note"), (code, ""), ("   ", ""), (note, "note"))]
        rows: list[Segments] = [(*_pad(indent), (label + note, "note"))]
        if used <= self.width:
            return [
                (*_pad(indent), (label, "note"), (code, "")),
                (*_pad(indent + 2), (note, "note")),
            ]
        return [*rows, *self._wrapped(code, "", indent + 2, indent + 4)]

    def _assumed(self, indent: int) -> list[Segments]:
        doc = self.doc
        out: list[Segments] = []
        if doc.introduced:
            for k, d in enumerate(doc.introduced):
                word = "where " if k == 0 else "and "
                start: Segments = (*_pad(indent), (word.rjust(6), "note"))
                boxes = self.display.equation(d.head, "==", d.body, self.width - indent - 6)
                rows: list[Segments] = [
                    (*_pad(indent + 6), *row) for box in boxes for row in box.rows
                ]
                base = boxes[0].base
                rows[base] = (*start, *boxes[0].rows[base])
                out += rows
        for said in assumptions(doc, self.detail):
            out += self._wrapped(self.prose(said), "note", indent, indent + 2)
        if self.detail == "full":
            for reason in doc.checked.skipped:
                text = readable(reason, self.unicode)
                out += self._wrapped(f"not tried: {text}", "note", indent, indent + 2)
        return out

    def _stopped(self) -> list[Segments]:
        doc = self.doc
        sign = "✗" if self.unicode else "x"
        said = f"not derived: {readable(doc.reason or 'no derivation was found', self.unicode)}"
        out = self._wrapped(said, "stop", 4, 4, ((f" {sign}  ", "stop"),))
        if doc.reached is not None:
            said = self.prose(("proved so far, up to step ", doc.last, ":"))
            out += self._wrapped(said, "note", 4, 4)
            for box in self.display.equation(doc.goal, "==", doc.reached, self.width - 6):
                out += [(*_pad(6), *row) for row in box.rows]
        return [*out, *self._assumed(4)]


def _pad(columns: int) -> Segments:
    return ((" " * columns, ""),)


def _words(text: str, longest: int) -> Iterator[str]:
    """The words of a text, cut where one is longer than a line."""
    for word in filter(None, text.split(" ")):
        while width_of(word) > longest:
            cut = longest
            while width_of(word[:cut]) > longest:
                cut -= 1
            yield word[:cut]
            word = word[cut:]
        yield word
