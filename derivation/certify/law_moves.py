"""What a move of the certificate is before it is written: a law, and what its variables stand for.

The terms are in the engine's own letters. ``writing`` gives them the letters of the line at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from derivation.terms import symbol

# no program has this name: it is none of the language
HOLE: Any = symbol("HOLE?")


@dataclass(frozen=True)
class Abstraction:
    """A value or condition that depends on places: ``k: x[k]*y[k]``.

    Attributes:
        letters: Index terms; the body mentions them.
        body: A term or a condition.
    """

    letters: tuple[Any, ...]
    body: Any


@dataclass(frozen=True)
class LawMove:
    """One move of the checker's, at a place of the term at hand.

    Attributes:
        law: A name of ``checker/laws.py``, or ``algebra``, ``differentiate``, ``definition``,
            ``chain-rule``, ``given``, ``lemma``.
        put: What the law's variables stand for, by name: a term, a size, a condition or an
            abstraction. For a given or a lemma: a place for each of its letters (by Index).
        direction: ``rl`` uses the law from right to left.
        context: The term at hand with ``HOLE`` where the law is used.
        left, right: The two sides, where the move states them.
        nonzero, positive: What algebra takes not to be 0, or to be above 0.
        because: Terms whose signs help the checker.
        given: The given's own term.
        cited: The engine's lemma; it has a number.
    """

    law: str
    put: Mapping[Any, Any] = field(default_factory=dict)
    direction: str = "lr"
    context: Any = HOLE
    left: Any = None
    right: Any = None
    nonzero: tuple[Any, ...] = ()
    positive: tuple[Any, ...] = ()
    because: tuple[Any, ...] = ()
    given: Any = None
    cited: Any = None
