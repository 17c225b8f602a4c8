"""Small certificates of the library, as they were exported once: accepted, and changed ones not.

They are written by ``python tests/mutate_certificates.py --store``. Certificates that are exported
today are checked by the tests of the exporter.
"""

from __future__ import annotations

import json
from pathlib import Path

import mutate_certificates
import pytest

from derivation.checker import Refused, check

FILES = sorted((Path(__file__).parent / "data" / "certificates").glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_accepted_and_true(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    record = json.loads(text)
    (claim,) = check(text)
    assert claim.equation == f"{mutate_certificates.goal(record)} == {record['result']}"
    assert claim.derived and claim.moves
    assert mutate_certificates.refuted(record)[0] is None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_another_result_is_refused_and_refuted(file: Path) -> None:
    record = json.loads(file.read_text(encoding="utf-8"))
    record["result"] = f"({record['result']}) + 1"
    with pytest.raises(Refused):
        check(json.dumps(record))
    assert mutate_certificates.refuted(record)[0] is not None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_without_what_it_rests_on_it_is_refused(file: Path) -> None:
    record = json.loads(file.read_text(encoding="utf-8"))
    if any(record[key] for key in ("given", "conditions", "domain")):
        with pytest.raises(Refused):
            check(json.dumps({**record, "given": [], "conditions": [], "domain": []}))


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_changed_in_one_place_it_claims_nothing_false(first: int) -> None:
    """More of them: ``python tests/mutate_certificates.py FIRST COUNT``."""
    for seed in range(first, first + 50):
        kind, verdict = mutate_certificates.judge(seed)
        assert not verdict.startswith("FALSE"), (seed, kind, verdict)
