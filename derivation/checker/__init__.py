"""Checks the certificate of a derivation, and says what it proves, with Python's library alone.

Read in order: ``terms`` (what is spoken of), ``text`` (how it is written), ``values`` (equality by
algebra), ``grounds`` (conditions), ``calculus`` (derivatives), ``laws`` (all other laws),
``witness`` (that the hypotheses can hold), ``replay`` (a certificate, step by step).
"""

from __future__ import annotations

import json
from threading import RLock
from typing import Any

from .laws import LAWS
from .replay import Claim, Replay, only, part
from .terms import Malformed, Refused, forget

SCHEMA, SET_SCHEMA = "derivation/2", "derivation-set/2"
MAX_BYTES = 32 * 1024 * 1024
LOCK = RLock()
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
        text = text.decode() if isinstance(text, bytes) else text
        number: Any = dict.fromkeys(("parse_int", "parse_float", "parse_constant"), _whole)
        return check_data(json.loads(text, object_pairs_hook=_object, **number))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Malformed(f"not JSON: {error}") from None
    except RecursionError:
        raise Malformed("nested too deep") from None


def check_data(data: Any) -> tuple[Claim, ...]:
    """The same of a certificate that has been read."""
    schema = part(data, "schema", str)
    if schema not in (SCHEMA, SET_SCHEMA):
        raise Malformed(f"no certificate of the schema {SCHEMA} or {SET_SCHEMA}: {schema[:40]!r}")
    records = [data]
    if schema == SET_SCHEMA:
        only(data, "schema core derivations", "a set")
        records = part(data, "derivations", list, of=dict)
        if not records or any("core" in record for record in records):
            raise Malformed("the derivations of a set are some, and have one core")
    with LOCK:  # one table of terms serves all
        forget()
        replay = Replay()
        try:
            replay.start(part(data, "core", dict))
            return tuple([replay.record(record, SCHEMA) for record in records])
        except Refused as error:
            error.step = replay.here
            raise
        except (RecursionError, ValueError):
            raise Malformed("nested too deep, or a number too long") from None
        finally:
            forget()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise Malformed("something is said twice in one object")
    return out


def _whole(text: str) -> int:
    if not text.removeprefix("-").isdigit() or len(text) > 18:
        raise Malformed(f"{text[:20]} is no whole number of at most 18 digits")
    return int(text)
