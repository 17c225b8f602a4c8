"""The form of a certificate: JSON of the schema ``derivation/2``, or a set of such.

Only the form is judged here, strictly and in bounded time: every key that the schema has and no
other, each of its type. What a certificate says is judged by ``derivation.verifier``.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from derivation.errors import InputError

SCHEMA, SET_SCHEMA = "derivation/2", "derivation-set/2"
MAX_BYTES = 32 * 1024 * 1024
MAX_STEPS = 200_000
MAX_DEPTH = 8  # of substeps in steps

_TEXTS = [str]
_STEP: dict[str, Any] = {
    "number": str, "kind": ("chain", "lemma"), "title": str, "rule": str, "law": str, "why": str,
    "before": str, "after": str, "path": [int], "direction": ("lr", "rl"), "args": {str: str},
    "uses": _TEXTS, "conditions": _TEXTS, "substeps": list,
}  # fmt: skip
_WHOLE: dict[str, Any] = {
    "schema": (SCHEMA,), "status": ("derived", "not-derived"), "reason": (None, str),
    "problem": {"name": (None, str), "title": str, "program": str}, "objective": str,
    "wrt": _TEXTS, "style": ("cases", "delta"), "result": (None, str), "result_latex": (None, str),
    "matrix_form": (None, dict),
    "introduced": _TEXTS, "given": _TEXTS, "conditions": _TEXTS, "domain": _TEXTS,
    "assumed": _TEXTS, "steps": list,
    "checked": {"sizes": [{str: int}], "points": int, "skipped": _TEXTS},
}  # fmt: skip


def read(text: str | bytes) -> dict[str, Any]:
    """A certificate as data, its form checked against the schema and nothing else.

    Raises:
        InputError: It is too large, no JSON, of another schema or of another form.
    """
    if len(text) > MAX_BYTES:
        raise InputError(f"the certificate is longer than {MAX_BYTES >> 20} MiB")
    try:
        if isinstance(text, bytes):
            text = text.decode()
        data = json.loads(
            text, object_pairs_hook=_pairs, parse_int=_whole, parse_float=_no, parse_constant=_no
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"the certificate is not JSON: {error}") from None
    except RecursionError:
        raise InputError("the certificate is nested too deep") from None
    if not isinstance(data, dict) or data.get("schema") not in (SCHEMA, SET_SCHEMA):
        named = repr(data.get("schema"))[:80] if isinstance(data, dict) else "no object"
        raise InputError(f"no certificate of the schema {SCHEMA} or {SET_SCHEMA}: {named}")
    if data["schema"] == SCHEMA:
        _whole_record(data, "")
        return data
    _form(data, {"schema": (SET_SCHEMA,), "derivations": list}, "")
    for k, record in enumerate(data["derivations"]):
        _whole_record(record, f"derivations[{k}]")
    return data


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise InputError("the certificate says something twice in one object")
    return out


def _whole(text: str) -> int:
    if len(text) > 9:
        raise InputError(f"a number of {len(text)} digits in the certificate")
    return int(text)


def _no(text: str) -> NoReturn:
    raise InputError(f"the number {text[:20]} in the certificate is not whole")


def _whole_record(data: Any, where: str) -> None:
    _form(data, _WHOLE, where)
    queue = [(data["steps"], f"{where}.steps".lstrip("."), 1)]
    seen = 0
    while queue:
        steps, place, depth = queue.pop()
        seen += len(steps)
        if depth > MAX_DEPTH or seen > MAX_STEPS:
            raise InputError(f"{place}: more steps than a derivation has")
        for k, step in enumerate(steps):
            _form(step, _STEP, f"{place}[{k}]")
            queue.append((step["substeps"], f"{place}[{k}].substeps", depth + 1))


def _form(value: Any, form: Any, where: str) -> None:
    """Checks one value against a form: a type, the words that it may be, a list or object of."""
    where = where or "the certificate"
    if isinstance(form, type):
        right = type(value) is form
    elif isinstance(form, tuple):
        right = value in form or any(type(value) is kind for kind in form)
    elif isinstance(form, list):
        right = type(value) is list
        for k, part in enumerate(value if right else ()):
            _form(part, form[0], f"{where}[{k}]")
    else:
        right = type(value) is dict
        if right and str in form:
            for key, part in value.items():
                _form(part, form[str], f"{where}.{key}")
        elif right:
            strange = sorted(set(value) ^ set(form))
            if strange:
                known = "is missing" if strange[0] in form else "is not part of the schema"
                raise InputError(f"{where}: `{strange[0][:40]}` {known}")
            for key, part in form.items():
                _form(value[key], part, f"{where}.{key}")
    if not right:
        raise InputError(f"{where}: {repr(value)[:60]} is not what the schema asks for")
