"""JSON: a derivation as a certificate, which the checker reads (notes/certificate.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from derivation import language
from derivation.certify import checked
from derivation.certify.steps import prose
from derivation.document import Document, document, matrix_note
from derivation.printers.formula import LatexDrawing
from derivation.steps import Outcome


def render(
    outcomes: Sequence[Outcome],
    *,
    detail: str = "full",
    width: int = 80,
    color: bool = False,
    unicode: bool = True,
    standalone: bool = False,
    notation: Sequence[str] = (),
) -> str:
    """The derivations in full, whatever detail is asked for; several as a set."""
    whole = data(outcomes)
    text = json.dumps(whole, indent=2, ensure_ascii=not unicode) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair in a user's text
        text = json.dumps(whole, indent=2) + "\n"
    return text


def data(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The certificate that was checked, with what it holds for people besides: LaTeX and matrices.

    Raises:
        NotCertified, CertificateRefused: No certificate says what was derived, or none that the
            checker accepts.
    """
    whole = dict(checked(outcomes).data)
    if "derivations" not in whole:
        return _for_people(whole, outcomes[0])
    whole["derivations"] = list(map(_for_people, whole["derivations"], outcomes))
    return whole


def _for_people(record: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    doc = document(outcome, "outline")
    return {**record, "result_latex": _latex(doc), "matrix_form": _matrix(doc)}


def _matrix(doc: Document) -> dict[str, Any] | None:
    """The result in matrices: NumPy text and LaTeX with introduced names put in, and shapes."""
    form = doc.matrix
    if form is None:
        return None
    from derivation.matrix import numpy_text

    draw = LatexDrawing(direct=doc.direct)
    node = form.written_out
    shapes = form.shapes_written_out
    return {
        "text": numpy_text(node),
        "latex": draw.matrix(node),
        "shapes": {name: [language.write(s) for s in shape] for name, shape in shapes.items()},
        "shape": [language.write(i.size) for i in form.axes],
        "layout": prose(matrix_note(doc, form)),
        "batched": form.batched,
        "introduced": [
            {"name": name, "text": f.text, "latex": draw.matrix(f.node)}
            for name, f in form.all_introduced.items()
        ],
    }


def _latex(doc: Document) -> str | None:
    if doc.result is None:
        return None
    return LatexDrawing(direct=doc.direct).inline(doc.result, fractions="stack")
