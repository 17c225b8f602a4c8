r"""A notebook's display: HTML with MathML, and one piece of LaTeX for MathJax and KaTeX.

The LaTeX is what shows where HTML is not allowed. It knows no commands of ours, so reasons are
``\text`` and every formula is set in an array of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derivation.document import (
    Document,
    Entry,
    Formula,
    assumptions,
    closing_parts,
    document,
    matrix_note,
)
from derivation.printers.custom import notation_of
from derivation.printers.formula import LatexDrawing
from derivation.printers.tex import escape
from derivation.steps import Outcome, Prose


def latex(outcome: Outcome, detail: str = "normal") -> str:
    """One derivation between two ``$$``; substeps are shown at ``full`` only."""
    doc = document(outcome, detail)
    return _Writer(doc, detail).whole()


def html(outcome: Outcome, detail: str = "normal") -> str:
    """One derivation as HTML with MathML: no script, no font, nothing fetched."""
    from derivation.printers.html import fragment

    doc = document(outcome, detail)
    return fragment(doc, detail, notation_of(doc.problem))


def step_latex(outcome: Outcome, number: str) -> str:
    """One step by itself, between two ``$$``."""
    doc, entry = _found(outcome, number)
    writer = _Writer(doc, "full")
    return _array(writer.entries([entry]))


def step_html(outcome: Outcome, number: str) -> str:
    """One step by itself, as HTML with MathML."""
    from derivation.printers.html import step_fragment

    doc, entry = _found(outcome, number)
    return step_fragment(doc, entry, "full", notation_of(doc.problem))


def _found(outcome: Outcome, number: str) -> tuple[Document, Entry]:
    """A step among all of a derivation's, with the left side that a reader of it alone needs."""
    for complete in (False, True):
        doc = document(outcome, "full", complete=complete)
        waiting = [*doc.facts, *doc.entries]
        for entry in waiting:
            if entry.number == number:
                formula = entry.formula
                if entry.previous is not None:
                    formula = replace(formula, left=entry.previous.left)
                return doc, replace(entry, formula=formula)
            waiting += entry.substeps
    raise ValueError(f"the derivation has no step {number}")


def _array(rows: Sequence[str]) -> str:
    lines = " \\\\[4pt]\n".join(rows)
    return f"$$\\begin{{array}}{{l}}\n{lines}\n\\end{{array}}$$"


class _Writer:
    def __init__(self, doc: Document, detail: str) -> None:
        self.doc, self.detail = doc, detail
        self.draw = LatexDrawing(doc.direct, notation_of(doc.problem))

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
        return _array(rows)

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
        if doc.matrix is not None:
            note = self.prose((" in matrix form (", *matrix_note(doc, doc.matrix), ")"))
            rows.append(rf"\qquad = {self.draw.matrix(doc.matrix.node)}\quad {note}")
        said: list[Prose] = [*closing_parts(doc), *assumptions(doc, self.detail)]
        return rows + [self.prose(part) for part in said]

    def prose(self, pieces: Prose, command: str = "text") -> str:
        """Words and terms, each set in its own way."""
        return "".join(
            rf"\{command}{{{escape(p)}}}" if isinstance(p, str) else self.draw.inline(p)
            for p in pieces
            if p != ""
        )
