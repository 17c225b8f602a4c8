"""A document as a problem and the equalities that it states."""

from __future__ import annotations

from derivation.language.latex.reading import Reading
from derivation.problem import Problem

ENDINGS = (".tex", ".md", ".markdown", ".latex")


def is_document(filename: str) -> bool:
    """Whether a file of that name is read as a document (``.tex``, ``.md``)."""
    return filename.lower().endswith(ENDINGS)


def read_document(text: str, *, filename: str = "", problem: Problem | None = None) -> Reading:
    """Reads a LaTeX or Markdown document.

    Args:
        text: The document.
        filename: For messages.
        problem: Settles names and ranges: a name of the document that the problem has means that
            name, and ranges are those of the problem. Definitions of the document that the problem
            has already become claims.

    Raises:
        InputError: If the text is beyond the limits, or nothing in it can be read.
    """
    raise NotImplementedError
