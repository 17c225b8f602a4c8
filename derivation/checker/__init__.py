"""Checks the certificate of a derivation, and says what it proves.

Nothing outside of this folder is used but Python's standard library. Read in this order: ``terms``
(what is spoken of), ``text`` (how it is written), ``values`` (equality by algebra), ``grounds``
(conditions), ``calculus`` (derivatives), ``laws`` (all other laws), ``witness`` (that the
hypotheses can hold), ``replay`` (a certificate, step by step).
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .laws import LAWS
from .replay import Claim, Replay, only, part
from .terms import Malformed, Refused, forget

SCHEMA, SET_SCHEMA = "derivation/2", "derivation-set/2"
MAX_BYTES = 32 * 1024 * 1024
RECORD = (
    "schema status reason problem objective wrt style letters result result_latex matrix_form introduced "
    "given conditions domain core steps checked left assumes"
)
__all__ = ["LAWS", "SCHEMA", "SET_SCHEMA", "Claim", "Malformed", "Refused", "check", "check_data"]


def check(text: str | bytes) -> tuple[Claim, ...]:
    """What the certificate with this text proves, a claim for each of its derivations.

    Raises:
        Refused: It does not prove what it states.
        Malformed: It is no certificate.
    """
    if len(text) > MAX_BYTES:
        raise Malformed(f"longer than {MAX_BYTES >> 20} MiB")
    try:
        data = json.loads(
            text.decode() if isinstance(text, bytes) else text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Malformed(f"not JSON: {error}") from None
    except RecursionError:
        raise Malformed("nested too deep") from None
    return check_data(data)


def check_data(data: Any) -> tuple[Claim, ...]:
    """The same of a certificate that has been read."""
    forget()
    schema = part(data, "schema", str)
    if schema == SET_SCHEMA:
        only(data, "schema core derivations", "a set")
        records = part(data, "derivations", list)
        if any("core" in record for record in records if type(record) is dict):
            raise Malformed("the derivations of a set have one core")
    elif schema == SCHEMA:
        records = [data]
    else:
        raise Malformed(f"no certificate of the schema {SCHEMA} or {SET_SCHEMA}: {schema[:40]!r}")
    replay = None
    try:
        replay = Replay(part(data, "core", dict))
        claims = []
        for record in records:
            if part(record, "schema", str) != SCHEMA:
                raise Malformed("a derivation of another schema")
            only(record, RECORD, "a derivation")
            claims.append(replay.record(record))
        return tuple(claims)
    except Refused as error:
        error.step = replay.here if replay is not None else "the program"
        raise
    except RecursionError:
        raise Malformed("nested too deep") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise Malformed("something is said twice in one object")
    return out


def _whole(text: str) -> int:
    if len(text) > 18:
        raise Malformed(f"a number of {len(text)} digits")
    return int(text)


def _no_number(text: str) -> NoReturn:
    raise Malformed(f"the number {text[:20]} is not whole")
