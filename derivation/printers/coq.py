"""Coq: a source that coqc accepts, its theorem the result for every size, array and index."""

from __future__ import annotations

from collections.abc import Sequence

from derivation.coq.source import source
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
    """One file; several gradients are theorems in modules of their own.

    Raises:
        NotExported: A derivation stopped, or a step of it has no lemma in Coq yet.
    """
    return source(outcomes)
