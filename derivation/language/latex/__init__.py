"""LaTeX and Markdown documents, read into the input language.

``read_document(text, filename=…, problem=None)`` returns a `Reading`; see ``reading.py`` for what
it holds, and notes/latex.md for the subset of LaTeX that is read.
"""

from derivation.language.latex.reader import is_document, read_document
from derivation.language.latex.reading import Alternative, Guess, Reading, Statement

__all__ = ["Alternative", "Guess", "Reading", "Statement", "is_document", "read_document"]
