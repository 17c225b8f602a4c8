"""What a user asks: definitions, conditions, the objective and what to differentiate by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from derivation.terms import (
    Indexed,
    Integer,
    Relation,
    Size,
    Term,
    element,
    indices_of,
    is_number,
    name_of,
    subterms,
    value_of,
)


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


def least_sizes(problem: Problem, besides: Iterable[Term] = ()) -> dict[str, int]:
    """From where on each size is taken: 1, or what a given or an entry ``x[3]`` asks for.

    ``besides`` are terms beyond the program's own.
    """
    least = dict.fromkeys(problem.sizes, 1)
    for g in problem.givens:
        if isinstance(g, Relation) and isinstance(g.left, Size) and is_number(g.right):
            value = value_of(g.right)
            if g.op in (">", ">=") and value.denominator == 1:
                at_least = int(value) + (g.op == ">")
                least[name_of(g.left)] = max(least.get(name_of(g.left), 1), at_least)
    bodies = [d.body for d in problem.definitions.values()]
    entries = [v for entry in problem.wrt for v in entry]
    for t in (problem.objective, *entries, *bodies, *problem.givens, *besides):
        for e in subterms(t):  # x[3] is there from N = 3 on
            if isinstance(e, Indexed) and name_of(e) in problem.shapes:
                for i, over in zip(indices_of(e), problem.shapes[name_of(e)], strict=True):
                    if isinstance(i, Integer) and isinstance(over, Size):
                        least[name_of(over)] = max(least.get(name_of(over), 1), int(i))
    return least
