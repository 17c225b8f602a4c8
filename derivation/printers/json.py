"""JSON: a derivation as a certificate, every expression text of the input language."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from derivation import language
from derivation.certificate import SCHEMA, SET_SCHEMA
from derivation.document import Document, Entry, document, matrix_note
from derivation.printers.formula import LatexDrawing
from derivation.steps import Outcome, Prose


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
    records = [record(outcome) for outcome in outcomes]
    whole: Any = records[0]
    if len(records) != 1:
        whole = {"schema": SET_SCHEMA, "derivations": records}
    text = json.dumps(whole, indent=2, ensure_ascii=not unicode) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair in a user's text
        text = json.dumps(whole, indent=2) + "\n"
    return text


def record(outcome: Outcome) -> dict[str, Any]:
    """One derivation as JSON data."""
    doc = document(outcome, "full", complete=True)
    problem = doc.problem
    return {
        "schema": SCHEMA,
        "status": doc.status,
        "reason": doc.reason,
        "problem": {"name": problem.name, "title": _text(doc.title), "program": problem.text},
        "objective": language.write(doc.objective),
        "wrt": [language.write(v) for v in doc.wrt],
        "style": doc.style,
        "result": language.write(doc.result) if doc.result is not None else None,
        "result_latex": _latex(doc),
        "matrix_form": _matrix(doc),
        "introduced": [
            f"{language.write(d.head)} = {language.write(d.body)}" for d in doc.introduced
        ],
        "given": [language.write_condition(c) for c in doc.given],
        "conditions": [language.write_condition(c) for c in doc.conditions],
        "domain": [language.write_condition(c) for c in doc.domain],
        "assumed": [language.write_condition(c) for c in doc.assumed],
        "steps": [_step(e) for e in (*doc.facts, *doc.entries)],
        "checked": {
            "sizes": [dict(sizes) for sizes in doc.checked.sizes],
            "points": doc.checked.points,
            "skipped": list(doc.checked.skipped),
        },
    }


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
        "layout": _text(matrix_note(doc, form)),
        "batched": form.batched,
        "introduced": [
            {"name": name, "text": f.text, "latex": draw.matrix(f.node)}
            for name, f in form.all_introduced.items()
        ],
    }


def _step(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "kind": entry.kind,
        "title": _text(entry.title),
        "rule": entry.rule,
        "law": entry.law,
        "why": _text(entry.why),
        "before": language.write(entry.before),
        "after": language.write(entry.after),
        "path": list(entry.path),
        "direction": entry.direction,
        "args": dict(entry.args),
        "uses": list(entry.uses),
        "conditions": [language.write_condition(c) for c in entry.conditions],
        "substeps": [_step(sub) for sub in entry.substeps],
    }


def _text(pieces: Prose) -> str:
    return "".join(p if isinstance(p, str) else _written(p) for p in pieces)


def _written(t: Any) -> str:
    from derivation.terms import Condition

    text: str = language.write_condition(t) if isinstance(t, Condition) else language.write(t)
    return text


def _latex(doc: Document) -> str | None:
    if doc.result is None:
        return None
    return LatexDrawing(direct=doc.direct).inline(doc.result, fractions="stack")
