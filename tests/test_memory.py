"""What is remembered of terms is bounded, and forgetting changes nothing."""

from __future__ import annotations

import gc
import importlib
import json
import pathlib
import pkgutil
from typing import Any

import pytest

import derivation
from benchmarks.corpus import problem_of
from derivation import terms
from derivation.engine import derive_outcome
from derivation.language import write
from derivation.steps import Step

DATA = pathlib.Path(__file__).parent / "data"
ITEMS = json.loads((DATA / "public.json").read_text(encoding="utf-8"))[:12]


def _lines(steps: tuple[Step, ...]) -> list[Any]:
    return [(s.number, s.rule, write(s.before), write(s.after), _lines(s.substeps)) for s in steps]


def _told(item: dict[str, Any]) -> Any:
    problem = problem_of(item)
    outcome = derive_outcome(problem, problem.wrt[0])
    assert outcome.result is not None
    return write(outcome.result), _lines(tuple(outcome.steps))


def test_forgetting_terms_midway_changes_no_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [_told(item) for item in ITEMS]
    forgotten = 0
    forget = terms._forget

    def counted() -> None:
        nonlocal forgotten
        forgotten += 1
        forget()

    monkeypatch.setattr(terms, "_forget", counted)
    monkeypatch.setattr(terms, "_TABLE_LIMIT", 500)
    forget()
    assert [_told(item) for item in ITEMS] == told
    assert forgotten > len(ITEMS)  # within a derivation too
    assert len(terms._SAME) <= len(terms._TABLE) < 1000


def test_every_memo_of_terms_is_emptied_with_their_table() -> None:
    for found in pkgutil.walk_packages(derivation.__path__, "derivation."):
        if found.name.startswith(("derivation.engine", "derivation.language")):
            importlib.import_module(found.name)
    _told(ITEMS[0])
    terms._forget()
    assert not terms._TABLE and not terms._SAME
    emptied = {id(known) for known in terms._MEMOS}
    assert not any(terms._MEMOS)
    modules = [derivation.normal, derivation.terms]  # type: ignore[attr-defined]
    modules += [m for n, m in vars(derivation.engine).items() if hasattr(m, "__file__")]
    gc.collect()
    kept = [
        (module.__name__, name)
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, dict)
        and id(value) not in emptied
        and sum(isinstance(k, terms.Basic) and bool(k.args) for k in value) > 0
    ]
    assert not kept
