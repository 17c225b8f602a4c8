"""Plain text: the terminal's page without colour."""

from __future__ import annotations

from collections.abc import Sequence

from derivation.document import documents
from derivation.printers.boxes import plain
from derivation.printers.page import page
from derivation.steps import Outcome


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
    """The derivations as text of at most ``width`` columns, with no colour codes in it."""
    pages = []
    for doc in documents(outcomes, detail):
        lines = page(doc, detail=detail, width=width, unicode=unicode)
        pages.append("\n".join(map(plain, lines)))
    return "\n\n\n".join(pages) + "\n"
