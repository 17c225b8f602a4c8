"""How long a term is to read: the measure that the search for the shortest form minimises."""

from __future__ import annotations

from dataclasses import dataclass

from derivation.language import nodes
from derivation.terms import Term


def cost(t: Term) -> int:
    """Nodes of the term as the input language writes it."""
    return nodes(t)


FORM = 90_000  # nodes of candidates looked at for one short form
WHOLE = 200_000  # … and for a whole derivation


@dataclass
class Effort:
    """What is left of a search, in nodes of candidates that it may still look at.

    Counted in nodes, so that what is found does not depend on the machine's speed.
    """

    whole: int = WHOLE
    left: int = FORM

    def begin(self) -> None:
        """A new short form is looked for."""
        self.left = min(FORM, self.whole)

    def spend(self, candidate: Term) -> bool:
        """Counts one more candidate; whether there is anything left after it."""
        nodes_looked_at = cost(candidate) + 5
        self.left -= nodes_looked_at
        self.whole -= nodes_looked_at
        return self.left > 0
