r"""Markdown for GitHub, Quarto and MyST: headings, reasons in italics, formulas in ``$$`` blocks.

GitHub reads mathematics after Markdown, so the formulas are written in what Markdown leaves alone:
no backslash before a sign (``\cr`` for ``\\``, ``\thinspace`` for ``\,``), no ``<``, and no
underscore that could end an emphasis. The other two take the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from derivation.document import (
    Document,
    Entry,
    Formula,
    Line,
    assumptions,
    closing_parts,
    conditions_prose,
    documents,
    is_idle,
    matrix_note,
)
from derivation.printers.custom import Notation, notation_of
from derivation.printers.formula import LINE, LatexDrawing
from derivation.printers.page import readable
from derivation.steps import Outcome, Prose
from derivation.terms import Term

# what Markdown would read as its own, as what every one of the three shows as the sign itself
_ENTITIES = {c: f"&#{ord(c)};" for c in "\\`*_{}[]<>#|~$&@^!\"'"}
_AT_START = re.compile(r"^\s*([-+=:]|\d+(?=[.)]))")
_URL = re.compile(r"(?i)\b(https?|ftp|www|mailto)(?=[:.])")
_SPOKEN = {
    "\\": r"\cr", ",": r"\thinspace", "!": r"\negthinspace", "{": r"\lbrace", "}": r"\rbrace",
    ";": r"\thickspace", "|": r"\Vert", ":": r"\medspace",
}  # fmt: skip
_SIGN = re.compile(r"\\([\\,!{};|:])\s*|\s*(<|>)\s*|(?<! )_(?=\{)|\*")


def render(
    outcomes: Sequence[Outcome],
    *,
    detail: str = "normal",
    width: int = 80,
    color: bool = False,
    unicode: bool = True,
    standalone: bool = False,
    notation: Sequence[str] = (),
) -> str:
    """The derivations as Markdown."""
    parts = []
    for doc in documents(outcomes, detail):
        asked = notation_of(doc.problem, notation)
        parts.append("\n\n".join(_Writer(doc, detail, asked, LINE * width / 80).blocks()))
    return "\n\n".join(parts) + "\n"


class _Writer:
    def __init__(self, doc: Document, detail: str, notation: Notation, line: float) -> None:
        self.doc, self.detail = doc, detail
        self.draw = LatexDrawing(doc.direct, notation, line)

    def blocks(self) -> list[str]:
        doc = self.doc
        scope = f"*{self.prose(doc.scope)}*" if doc.scope else ""
        out = [f"# {self.prose(doc.title)}", *filter(None, [scope])]
        for line in doc.setting:
            out += self._setting(line)
        if self.detail == "full":
            out += self._entries(doc.facts)
        return [*out, *self._entries(doc.entries), *self._closing()]

    def prose(self, pieces: Prose) -> str:
        """Prose with its terms as inline mathematics."""
        return "".join(
            escape(p) if isinstance(p, str) else f"${quiet(self.draw.inline(p))}$" for p in pieces
        )

    def sentence(self, pieces: Prose) -> str:
        """Prose with a capital and a full stop."""
        if not pieces:
            return ""
        first = pieces[0]
        if isinstance(first, str):
            pieces = (first[:1].upper() + first[1:], *pieces[1:])
        said = _AT_START.sub(lambda m: "".join(f"&#{ord(c)};" for c in m[0]), self.prose(pieces))
        said = said.strip()
        return said if said.endswith((".", "!", "?")) else said + "."

    def _setting(self, line: Line) -> list[str]:
        label = escape(line.label)
        if line.parts:
            return [f"**{label}:** {'; '.join(map(self.prose, line.parts))}."]
        if line.label == "Let":
            return [f"**{label}**", *(self._display(f) for f in line.formulas)]
        said = ", ".join(self._flat(f) for f in line.formulas)
        note = f" ({self.prose(line.note)})" if line.note else ""
        return [f"**{label}:** {said}{note}."]

    def _flat(self, f: Formula) -> str:
        tex = self.draw.inline(f.right)
        if f.left is not None:
            tex = f"{self.draw.inline(f.left)} {self.draw.relation(f.op)} {tex}"
        return f"${quiet(tex)}$"

    def _display(self, f: Formula, left: Term | None = None) -> str:
        """A block of mathematics; one that goes on says its left side again."""
        made = self.draw.equation(left if f.left is None else f.left, f.op, f.right)
        return f"$$\n{quiet(made.alone())}\n$$"

    def _entries(self, entries: Sequence[Entry], top: bool = True) -> list[str]:
        out: list[str] = []
        left: Term | None = None
        last = ""
        for entry in entries:
            said = self.draw.inline(entry.after)
            if not top and self.detail != "full" and is_idle(entry, said == last):
                continue
            last = said
            left = entry.formula.left if entry.formula.left is not None else left
            heading = entry.heading if top else entry.title
            out.append(f"{'##' if top else '###'} {escape(entry.number)}. {self.prose(heading)}")
            if entry.why:
                out.append(f"*{self.sentence(entry.why)}*")
            out.append(self._display(entry.formula, left))
            if entry.conditions:
                out.append(self.prose(("where ", *conditions_prose(entry.conditions))) + ".")
            out += self._entries(entry.substeps, top=False)
        return out

    def _closing(self) -> list[str]:
        doc = self.doc
        if doc.result is None:
            said = self.sentence((doc.reason or "no derivation was found",))
            out = ["## Not derived", said]
            if doc.reached is not None:
                out.append(f"Proved so far, up to step {escape(doc.last)}:")
                out.append(self._display(Formula(doc.goal, doc.reached)))
        else:
            parts = "; ".join(map(self.prose, closing_parts(doc)))
            out = ["## Result", self._display(Formula(doc.goal, doc.result))]
            out.append(f"{parts[:1].upper()}{parts[1:]}.")
        for k, d in enumerate(doc.introduced):
            out += [] if k else ["Here"]
            out.append(self._display(Formula(d.head, d.body)))
        out += [self.sentence(said) for said in assumptions(doc, self.detail)]
        out += self._matrix()
        if self.detail == "full":
            out += [self.sentence(("not tried: ", reason)) for reason in doc.checked.skipped]
        return out

    def _matrix(self) -> list[str]:
        """The result in matrices, as mathematics and as the NumPy expression."""
        form = self.doc.matrix
        if form is None:
            return []
        out = [f"In matrix form ({self.prose(matrix_note(self.doc, form))}):"]
        out.append(f"$$\n{quiet(self.draw.matrix(form.node))}\n$$")
        lines = [f"{name} = {f.text}" for name, f in form.all_introduced.items()]
        return [*out, "```python\n" + "\n".join([*lines, form.text]) + "\n```"]


def escape(text: str) -> str:
    r"""Somebody's text as Markdown that shows it and does nothing else.

    >>> escape("50 % of a_b <b> $x$")
    '50 % of a&#95;b &#60;b&#62; &#36;x&#36;'
    """
    out = "".join(_ENTITIES.get(c, c) for c in readable(text, True))
    return _URL.sub(lambda m: f"{m[1][0]}&#{ord(m[1][1])};{m[1][2:]}", out)


def quiet(tex: str) -> str:
    r"""LaTeX in words that Markdown has no reading of its own for.

    >>> print(quiet(r"a_{ij} \, b < c \\"))
    a _{ij} \thinspace b \lt c \cr
    """

    def said(m: re.Match[str]) -> str:
        if m[1]:
            return f"{_SPOKEN[m[1]]} "
        if m[2]:
            return r" \lt " if m[2] == "<" else r" \gt "
        return r"\ast " if m[0] == "*" else " _"

    return _SIGN.sub(said, tex).rstrip()
