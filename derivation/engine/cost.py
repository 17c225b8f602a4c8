"""How long a term is to read: the measure that the search for the shortest form minimises."""

from __future__ import annotations

from derivation.language import nodes
from derivation.terms import Term


def cost(t: Term) -> int:
    """Nodes of the term as the input language writes it."""
    return nodes(t)
