"""Results in matrices: ``X.T @ (P - Y) / N`` instead of a double sum, proved equal to it."""

from __future__ import annotations

from derivation.matrix.forms import MatrixForm, find_form, matrix_form
from derivation.matrix.nodes import entry
from derivation.matrix.numpy_text import numpy_text
from derivation.matrix.translate import NoForm, Translator

__all__ = [
    "MatrixForm", "NoForm", "Translator", "entry", "find_form", "matrix_form", "numpy_text",
]  # fmt: skip
