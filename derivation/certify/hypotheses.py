"""What a claim rests on, as the certificate states it: letters, where, says.

The engine's conditions are relations whose free indices mean "every", with a guard as
``(x if c else 1) > 0``; here the guard stands apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from derivation.certify.letters import Letters
from derivation.certify.text import Writer
from derivation.problem import Problem, least_sizes
from derivation.steps import Outcome, Step
from derivation.terms import (
    MINUS_ONE,
    ONE,
    TRUE,
    ZERO,
    Add,
    AllOf,
    AnyOf,
    Every,
    IfElse,
    Index,
    Indexed,
    Mul,
    Relation,
    Term,
    all_of,
    any_of,
    canonical,
    free_indices,
    index,
    is_element,
    is_number,
    neg,
    negate,
    number,
    relation,
    size,
    substitute,
    subterms,
)


@dataclass(frozen=True)
class Hypothesis:
    """``says`` for every value of the letters at which ``where`` holds; as text, too."""

    condition: Any
    data: dict[str, Any]
    text: str


class Hypotheses:
    """The hypotheses of a certificate, each once and numbered."""

    def __init__(self, letters: Letters, writer: Writer) -> None:
        self._letters, self._writer = letters, writer
        self.all: list[Hypothesis] = []
        self._numbers: dict[str, int] = {}
        self._of: dict[Any, tuple[int, ...]] = {}
        self._stated: set[Any] = set()  # the same with anonymous letters

    def add(self, condition: Any) -> list[str]:
        """The texts of the hypotheses that a condition amounts to, entered if they are new."""
        found = self._of.get(condition)
        if found is None:
            parts = [self._enter(condition, w, s) for w, s in split(condition)]
            found = self._of[condition] = tuple(parts)
        return [self.all[n].text for n in found]

    def number(self, condition: Any) -> int:
        """Where a condition stands that has been added."""
        return self._of[condition][0]

    def letters(self, condition: Any) -> list[tuple[Any, str]]:
        """The condition's free indices, and what they are called in its hypothesis."""
        ((where, says),) = split(condition)
        scope = self._letters.scope(_letters_of(where, says))
        return [(i, str(new.name)) for i, new in scope.called.items()]

    def beyond(self, condition: Any) -> bool:
        """Whether a condition, for all values of its letters, says more than the hypotheses."""
        return any(_anonymous(all_of(s, w)) not in self._stated for w, s in split(condition))

    def say(self, condition: Any, called: Any) -> list[str]:
        """A condition as prose, in the letters of a line."""
        return [
            self._said(self._letters.apart(w, called), self._letters.apart(s, called))
            for w, s in split(condition)
        ]

    def _enter(self, condition: Any, where: Any, says: Any) -> int:
        self._stated.add(_anonymous(all_of(says, where)))
        scope = self._letters.scope(_letters_of(where, says))
        where, says = self._letters.apart(where, scope), self._letters.apart(says, scope)
        text = self._said(where, says)
        letters = self._writer.sizes(scope.called.values())
        data: dict[str, Any] = {"letters": letters, "says": self._writer.text(says)}
        if where != TRUE:
            data["where"] = self._writer.text(where)
        key = f"{text} {sorted(letters.items())}"
        if key not in self._numbers:
            self._numbers[key] = len(self.all)
            self.all.append(Hypothesis(condition, data, text))
        return self._numbers[key]

    def _said(self, where: Any, says: Any) -> str:
        text = self._writer.text(says)
        return text if where == TRUE else f"{text} if {self._writer.text(where)}"


def _anonymous(c: Any) -> Any:
    """A condition with its free letters named by the order in which they come up."""
    free = free_indices(c)
    letters = dict.fromkeys(s for s in subterms(c) if s in free)
    return canonical(substitute(c, {i: index(f"{n}", i.size) for n, i in enumerate(letters)}))


def _letters_of(where: Any, says: Any) -> list[Any]:
    return sorted(free_indices(where) | free_indices(says), key=lambda i: (i.name, str(i.size)))


def split(condition: Any, where: Any = TRUE) -> Iterator[tuple[Any, Any]]:
    """A condition as (where, says), its guards apart; one that joins several gives several."""
    if isinstance(condition, AllOf) and condition != TRUE:
        for part in condition.args:
            yield from split(part, where)
    elif isinstance(condition, Every) and condition.index not in free_indices(where):
        yield from split(condition.body, all_of(where, condition.guard))
    elif isinstance(condition, AnyOf) and condition.args:
        *others, last = _values_last(condition.args)
        if not _about_places(others):
            yield where, condition
        else:
            yield from split(last, all_of(where, *map(negate, others)))
    else:
        guard, says = _unguarded(condition)
        if guard is None:
            yield where, _compared(condition)
        else:
            yield from split(says, all_of(where, guard))


def held(condition: Any) -> Iterator[Any]:
    """The same without free-standing guards: where one does not hold, nothing is said."""
    for where, says in split(condition):
        yield says if where == TRUE else any_of(negate(where), says)


def _values_last(parts: Iterable[Any]) -> list[Any]:
    return sorted(parts, key=lambda c: not _about_places([c]))


def _about_places(conditions: Iterable[Any]) -> bool:
    """Whether conditions compare places only, and may so be read as where something holds."""
    return all(
        isinstance(c, Relation) and all(isinstance(s, Index) or is_number(s) for s in c.args[1:])
        for c in conditions
    )


def _unguarded(c: Any) -> tuple[Any, Any]:
    """The guard and the rest of ``(x if guard else y) > 0`` where it holds at y; else None."""
    if not (isinstance(c, Relation) and c.right == ZERO and isinstance(c.left, IfElse)):
        return None, c
    guard, value, other = c.left.args
    holds = {"<": (MINUS_ONE,), ">": (ONE,), "!=": (ONE, MINUS_ONE)}.get(c.op, (ZERO,))
    return (guard, relation(c.op, value, ZERO)) if other in holds else (None, c)


def _compared(c: Any) -> Any:
    """``a - b > 0`` as ``a > b``, which is how people say it."""
    if isinstance(c, Relation) and c.right == ZERO and isinstance(c.left, Add):
        parts = c.left.args
        last = parts[-1]
        if len(parts) == 2 and _has_minus(last) and not _has_minus(parts[0]):
            return relation(c.op, parts[0], neg(last))
    return c


def _has_minus(t: Any) -> bool:
    return isinstance(t, Mul) and bool(t.args[0] == MINUS_ONE)


# -- which ones -----------------------------------------------------------------------------


def of_sizes(problem: Problem, besides: Iterable[Term] = ()) -> tuple[list[Any], list[Any]]:
    """The givens about sizes and literal places, and what entries such as x[3] ask for.

    ``besides`` are terms of the claim beyond the program's own.
    """
    stated = [g for g in problem.givens if _on_sizes(g) or _at_literal_place(g)]
    least = least_sizes(problem, besides)
    asked = [relation(">=", size(n), number(k)) for n, k in least.items() if k > 1]
    known = [g for g in stated if isinstance(g, Relation)]
    return stated, [a for a in asked if not any(_implies(g, a) for g in known)]


def _implies(g: Any, asked: Any) -> bool:
    if g.left != asked.left or not is_number(g.right):
        return False
    least = g.right + 1 if g.op == ">" else g.right
    return g.op in (">", ">=", "==") and bool(least >= asked.right)


def _on_sizes(g: Term) -> bool:
    return not any(is_element(s) or isinstance(s, Index) for s in subterms(g))


def _at_literal_place(g: Term) -> bool:
    return any(isinstance(s, Indexed) and any(map(is_number, s.args[1:])) for s in subterms(g))


def reached(outcome: Outcome) -> tuple[list[Any], list[Any]]:
    """The givens and the conditions that the steps rest on, where there is no result.

    What a lemma needs of its own letters it says itself.
    """
    conditions: dict[Any, None] = {}
    todo: list[Step] = [*outcome.facts, *outcome.steps]
    while todo:
        step = todo.pop()
        if "variable" in step.args:
            continue
        own = free_indices(step.before) | free_indices(step.after)
        for c in (*step.conditions, *step.domain):
            if step.kind == "chain" or not free_indices(c) or free_indices(c) - own:
                conditions[c] = None
        todo += step.substeps
    return list(outcome.problem.givens), list(conditions)
