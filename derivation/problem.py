"""What a user asks: definitions, conditions, the objective and what to differentiate by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from derivation.terms import Term, element


@dataclass(frozen=True)
class Definition:
    """``name[params] = body`` for every value of the parameters (indices that know their sizes)."""

    name: str
    params: tuple[Term, ...]
    body: Term

    @property
    def head(self) -> Term:
        """The left side, ``name[params]``."""
        return element(self.name, *self.params)


@dataclass(frozen=True)
class UserLine:
    """A line of a person's own derivation: ``= expr`` or ``claim A == B if cond``.

    ``asked`` are the entries of the ``wrt`` lines that it stands under: those since the last
    ``=`` line before them, or none.
    """

    line: int
    text: str
    kind: str  # "equals" or "claim"
    left: Term | None
    right: Term
    condition: Term
    asked: tuple[tuple[Term, ...], ...] = ()


@dataclass(frozen=True)
class Problem:
    """A whole problem, read and range-checked.

    Attributes:
        text: The program as the user wrote it.
        definitions: By name, in the user's order. User functions ``f(x) = …`` are already unfolded.
        unknown: Unknown functions and their number of arguments.
        givens: Conditions (``Relation`` terms) in order; free indices mean "for every". Those
            with ``==`` may be used as equations, the others are domain facts.
        labels: Label arrays and the size that their values belong to.
        shapes: Every array and scalar (inputs and definitions) with the sizes of its slots.
        sizes: Names of the symbolic sizes, in order of appearance.
        objective: An element term such as ``L`` or ``p[i]``.
        wrt: Each requested gradient: one element term, or two for a second derivative.
        style: ``"cases"`` or ``"delta"`` where the text says so.
        lines: The person's own lines, for checking.
        warnings: For standard error.
        translated: What was written in matrix notation, by the name that it defines.
    """

    text: str
    definitions: Mapping[str, Definition]
    objective: Term
    wrt: tuple[tuple[Term, ...], ...]
    shapes: Mapping[str, tuple[Term, ...]]
    sizes: tuple[str, ...] = ()
    givens: tuple[Term, ...] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, Term] = field(default_factory=dict)
    style: str | None = None
    name: str | None = None
    title: str | None = None
    lines: tuple[UserLine, ...] = ()
    warnings: tuple[str, ...] = ()
    translated: Mapping[str, str] = field(default_factory=dict)
