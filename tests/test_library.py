"""Every problem of the library is read, derived and confirmed."""

from __future__ import annotations

import re

import pytest

from derivation import library

ENTRIES = library.entries()


def test_there_are_enough_and_the_flagship_comes_first() -> None:
    assert len(ENTRIES) >= 34
    assert ENTRIES[0].name == library.FIRST == "softmax-cross-entropy"
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)


def test_the_flagship_is_this_program() -> None:
    program = [line for line in ENTRIES[0].text.splitlines() if line and line[0] != "#"]
    assert program == [
        "yhat[i] = exp(z[i]) / sum(exp(z[k]) for k in K)",
        "L = -sum(y[i]*log(yhat[i]) for i in K)",
        "given sum(y[i] for i in K) == 1",
        "wrt z[j]",
        "style cases",
    ]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_the_header_is_complete(entry: library.Entry) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", str(entry.name))
    assert entry.title and entry.source and entry.about
    assert entry.topic in library.TOPICS
    assert len(entry.about) <= 100


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_it_is_read_without_a_warning(entry: library.Entry) -> None:
    from derivation import api

    problem = api.read(entry)
    assert problem.wrt
    assert problem.title == entry.title and problem.name == entry.name
    assert problem.warnings == ()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_it_is_derived_and_confirmed(entry: library.Entry) -> None:
    from derivation import api

    for outcome in api.outcomes(api.read(entry)):
        assert outcome.status == "derived", outcome.reason
        assert outcome.checked.points > 0, outcome.checked.skipped
        assert outcome.checked.sizes


@pytest.mark.parametrize("entry", library.theorems(), ids=lambda e: e.name)
def test_what_it_is_known_by_is_its_result(entry: library.Entry) -> None:
    from derivation import api
    from derivation.language import write

    (outcome,) = api.outcomes(api.read(entry))
    assert write(outcome.result) == entry.known
