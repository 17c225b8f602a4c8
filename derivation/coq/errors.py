"""What cannot be exported, and why."""

from __future__ import annotations

from derivation.errors import DerivationError


class NotExported(DerivationError):
    """A derivation has no Coq proof yet: the message says what lacks a lemma."""
