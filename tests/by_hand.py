"""Certificates made by hand, of one small world.

``lemma`` states an equation and proves it by moves, beside the derivative of a by a; ``derivation``
is about a program. What is in the world: sizes K and M, numbers a, b, c, arrays x, y, w over K, v
over M, u over K and M, labels lab over M of places over K, and unknown functions: g, and h of two.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from derivation.checker import Claim, Malformed, Refused, check_data

Record = dict[str, Any]
Said = str | Record  # a hypothesis: without letters, or with them

ARRAYS: dict[str, list[str]] = {
    "a": [], "b": [], "c": [], "x": ["K"], "y": ["K"], "w": ["K"], "v": ["M"], "u": ["K", "M"],
    "lab": ["M"],
}  # fmt: skip
LABELS = {"lab": "K"}
FUNCTIONS = {"g": 1, "h": 2}


def world(says: Sequence[Said] = (), at: Mapping[str, Any] | None = None, **more: Any) -> Record:
    """A core; ``at``: what the witness gives otherwise than 2 for sizes, 1, 2 … for entries."""
    core = {
        "sizes": ["K", "M"], "functions": FUNCTIONS, "arrays": ARRAYS, "labels": LABELS,
        "definitions": [], "hypotheses": [hypothesis(s) for s in says], **more,
    }  # fmt: skip
    return {**core, "witness": witness(core, at or {}), **more}


def hypothesis(said: Said) -> Record:
    return {"letters": {}, "says": said} if isinstance(said, str) else said


def every(says: str, where: str = "true", **letters: str) -> Record:
    """A hypothesis with letters."""
    out = {"letters": letters, "says": says}
    return out if where == "true" else {**out, "where": where}


def stated(said: Said) -> str:
    h = hypothesis(said)
    return h["says"] + (f" if {h['where']}" if h.get("where", "true") != "true" else "")


def witness(core: Record, at: Mapping[str, Any]) -> Record:
    """Sizes of 2, and entries 1, 2, 3 … from the first array on, but for what is given."""
    sizes = {s: at.get(s, 2) for s in core["sizes"]}
    out, numbers = dict(sizes), itertools.count(1)
    for name, shape in core["arrays"].items():
        values: Any = numbers
        lengths = [sizes[s] if s in sizes else int(s) for s in shape]
        if name in core["labels"]:
            values = itertools.cycle(range(1, sizes[core["labels"][name]] + 1))
        out[name] = at[name] if name in at else _table(lengths, values)
    return {**out, **at}


def _table(lengths: Sequence[int], values: Any) -> Any:
    return [_table(lengths[1:], values) for _ in range(lengths[0])] if lengths else next(values)


def define(name: str, body: str, **letters: str) -> Record:
    return {"name": name, "letters": letters, "body": body}


# -- moves -----------------------------------------------------------------------------------------


def law(name: str, at: str = "HOLE", rl: bool = False, /, **put: str) -> Record:
    return {"law": name, "at": at, "put": put, **({"dir": "rl"} if rl else {})}


def algebra(
    left: str, right: str, nonzero: Sequence[str] = (), positive: Sequence[str] = (), **more: Any
) -> Record:
    lists = {"nonzero": list(nonzero), "positive": list(positive)}
    return {"law": "algebra", "left": left, "right": right, **lists, **more}


def differentiate(left: str, right: str, at: str = "HOLE", **more: Any) -> Record:
    return {"law": "differentiate", "left": left, "right": right, "at": at, **more}


def definition(left: str, at: str = "HOLE") -> Record:
    return {"law": "definition", "left": left, "at": at}


def chain_rule(left: str, at: str = "HOLE") -> Record:
    return {"law": "chain-rule", "left": left, "at": at}


def given(number: int, at: str = "HOLE", /, **put: str) -> Record:
    return {"law": "given", "number": number, "at": at, "put": put}


def cite(number: str, at: str = "HOLE", /, **put: str) -> Record:
    return {"law": "lemma", "number": number, "at": at, "put": put}


# -- steps and certificates ------------------------------------------------------------------------


def step(number: str, before: str, after: str, *moves: Record, **more: Any) -> Record:
    return {
        "number": number, "kind": "chain", "title": "", "rule": "", "law": "", "why": "",
        "before": before, "after": after, "uses": [], "conditions": [], "moves": list(moves),
        "substeps": [], **more,
    }  # fmt: skip


def proved(
    number: str, left: str, right: str, *moves: Record, letters: Any = (), **more: Any
) -> Record:
    """A step that is a lemma."""
    return step(number, left, right, *moves, kind="lemma", **{"letters": dict(letters), **more})


def record(
    wrt: Sequence[str], result: str | None, *steps: Record, objective: str = "L", **more: Any
) -> Record:
    out = {
        "schema": "derivation/2", "status": "derived", "reason": None,
        "problem": {"name": None, "title": "", "program": ""}, "objective": objective,
        "wrt": list(wrt), "style": "cases", "letters": {}, "result": result, "result_latex": None,
        "matrix_form": None, "introduced": [], "given": [], "conditions": [], "domain": [],
        "steps": list(steps), "checked": {},
    }  # fmt: skip
    return {**out, **more}


TRIVIAL = step("9", "diff(a, a)", "1", differentiate("diff(a, a)", "1"))


def lemmas(*steps: Record, says: Sequence[Said] = (), at: Any = None, **core: Any) -> Record:
    """Lemmas, and the derivative of a by a."""
    texts = [stated(s) for s in says]
    out = record(["a"], "1", *steps, TRIVIAL, objective="a", given=texts)
    return {**out, "core": world(says, at, **core)}


def lemma(
    left: str, right: str, *moves: Record, letters: Any = (), says: Sequence[Said] = (),
    at: Any = None, **core: Any,
) -> Record:  # fmt: skip
    """One lemma, number 1."""
    return lemmas(proved("1", left, right, *moves, letters=letters), says=says, at=at, **core)


def derivation(
    definitions: Sequence[Record], wrt: str, result: str, *steps: Record, letters: Any = (),
    says: Sequence[Said] = (), at: Any = None, conditions: Sequence[str] | None = None, **core: Any,
) -> Record:  # fmt: skip
    """The derivative of L by one entry."""
    texts = [stated(s) for s in says] if conditions is None else list(conditions)
    out = record([wrt], result, *steps, conditions=texts, letters=dict(letters))
    return {**out, "core": world(says, at, definitions=list(definitions), **core)}


def verdict(certificate: Any) -> tuple[str, str, str]:
    """accepted, refused (where, why), or no certificate (why)."""
    try:
        check_data(certificate)
    except Refused as error:
        return "refused", error.step, str(error)
    except Malformed as error:
        return "no certificate", "", str(error)
    return "accepted", "", ""


def claims(certificate: Any) -> tuple[Claim, ...]:
    return check_data(certificate)
