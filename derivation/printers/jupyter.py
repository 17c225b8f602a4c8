r"""A notebook's display: the derivation as one piece of mathematics, for MathJax and KaTeX.

A notebook shows ``_repr_latex_`` between two ``$$`` and knows no commands of ours, so reasons are
``\text`` and every formula is set in an array of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from derivation.document import Document, Entry, Formula, assumptions, closing_parts, document
from derivation.printers.formula import LatexDrawing
from derivation.printers.tex import escape
from derivation.steps import Outcome, Prose


def render(outcome: Outcome, detail: str = "normal") -> str:
    """One derivation between two ``$$``; substeps are shown at ``full`` only."""
    return _Writer(document(outcome, detail), detail).whole()


class _Writer:
    def __init__(self, doc: Document, detail: str) -> None:
        self.doc, self.detail = doc, detail
        self.draw = LatexDrawing(direct=doc.direct)

    def whole(self) -> str:
        doc = self.doc
        scope = self.prose(doc.scope)
        rows = [self.prose(doc.title, "textbf") + (rf"\qquad {scope}" if scope else "")]
        for line in doc.setting:
            if line.formulas:
                rows.append(self.prose((line.label,), "textit"))
                rows += [self.formula(f) for f in line.formulas]
        rows += self.entries(doc.entries)
        rows += self.closing()
        lines = " \\\\[4pt]\n".join(rows)
        return f"$$\\begin{{array}}{{l}}\n{lines}\n\\end{{array}}$$"

    def entries(self, entries: Sequence[Entry]) -> list[str]:
        rows = []
        for entry in entries:
            head = self.prose((f"{entry.number}. ", *entry.heading), "textbf")
            rows.append(head + (r"\quad " + self.prose(entry.why) if entry.why else ""))
            rows.append(self.formula(entry.formula))
            if self.detail == "full":
                rows += self.entries(entry.substeps)
        return rows

    def formula(self, f: Formula) -> str:
        lines = " \\\\ ".join(self.draw.rows(f.left, f.op, f.right))
        return rf"\qquad\begin{{aligned}} {lines} \end{{aligned}}"

    def closing(self) -> list[str]:
        doc = self.doc
        if doc.result is None:
            return [
                self.prose(("Not derived: ", doc.reason or "no derivation was found"), "textbf")
            ]
        rows = [self.prose(("Result",), "textbf"), self.formula(Formula(doc.goal, doc.result))]
        rows += [self.formula(Formula(d.head, d.body)) for d in doc.introduced]
        said: list[Prose] = [*closing_parts(doc), *assumptions(doc, self.detail)]
        return rows + [self.prose(part) for part in said]

    def prose(self, pieces: Prose, command: str = "text") -> str:
        """Words and terms, each set in its own way."""
        return "".join(
            rf"\{command}{{{escape(p)}}}" if isinstance(p, str) else self.draw.inline(p)
            for p in pieces
            if p != ""
        )
