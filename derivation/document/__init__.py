"""A finished derivation as neutral blocks, which every printer reads and nothing else.

Blocks carry terms and prose (tuples of plain strings and terms), never typeset text. What depends
on how much is shown is settled here, once for all formats: which steps are there, where a chain of
equalities has to say its left side again, and which part of a line is new.

``blocks`` says what a document is made of, ``build`` makes one from a derivation: its head in
``setting``, its steps in ``entries`` (what is new: ``marks``), its last lines in ``closing``.
"""

from derivation.document.blocks import Document, Entry, Formula, Line, condition_formula
from derivation.document.build import DETAILS, document, documents
from derivation.document.closing import assumptions, closing_parts, conditions_prose, matrix_note
from derivation.document.entries import is_idle
from derivation.document.marks import changes

__all__ = [
    "DETAILS",
    "Document",
    "Entry",
    "Formula",
    "Line",
    "assumptions",
    "changes",
    "closing_parts",
    "condition_formula",
    "conditions_prose",
    "document",
    "documents",
    "is_idle",
    "matrix_note",
]
