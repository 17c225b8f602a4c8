"""The head of a document: title, sizes, definitions, givens, facts and how it was read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from derivation.document.blocks import Formula, Line, condition_formula
from derivation.problem import Problem, least_sizes
from derivation.steps import Outcome, Prose, Step, cited, listed
from derivation.terms import (
    Term,
    name_of,
    number,
    relation,
    size,
    symbol,
)


def scope_of(problem: Problem) -> Prose:
    """For which sizes the problem has a meaning: "any N ≥ 2, K ≥ 1"."""
    least = least_sizes(problem)
    prose: list[Any] = []
    for bound in sorted(set(least.values())):
        names = [size(n) for n, b in least.items() if b == bound]
        last = relation(">=", names[-1], number(bound))
        prose += [", " if prose else "any ", *listed([*names[:-1], last])]
    return tuple(prose)


def setting_of(outcome: Outcome) -> tuple[Line, ...]:
    """What is given: the user's own text, definitions, givens, facts, and how it was read."""
    problem = outcome.problem
    lines = []
    if problem.translated:
        lines.append(Line("Written", parts=tuple((text,) for text in problem.translated.values())))
    if problem.definitions:
        lines.append(
            Line("Let", tuple(Formula(d.head, d.body) for d in problem.definitions.values()))
        )
    if problem.givens:
        lines.append(Line("Given", tuple(map(condition_formula, problem.givens))))
    lines += map(_fact_line, outcome.facts)
    lines.append(Line("Reading", parts=_reading(outcome)))
    return tuple(lines)


def _fact_line(fact: Step) -> Line:
    return Line(f"Fact {fact.number}", (Formula(fact.before, fact.after),), note=fact.why)


def setting_again(outcome: Outcome, said: Collection[str]) -> tuple[Line, ...]:
    """What is new in a further derivation of the same problem."""
    as_above: Prose = ("the setting as above",)
    if outcome.shared:
        as_above = (f"the setting and {cited(sorted(outcome.shared, key=int))} as above",)
    parts = (*_reading(outcome)[:2], as_above)
    new = [f for f in outcome.facts if f.number not in said]
    return (*map(_fact_line, new), Line("Reading", parts=parts))


def _reading(outcome: Outcome) -> tuple[Prose, ...]:
    problem = outcome.problem
    by: list[Any] = ["differentiated by "]
    for k, v in enumerate(outcome.wrt):
        by += [", then " if k else "", v]
    parts: list[Prose] = [("objective ", outcome.objective), tuple(by)]
    varies = {name_of(v) for v in outcome.wrt}
    fixed = [
        symbol(n)
        for n in problem.shapes
        if n not in problem.definitions and n not in varies and n not in problem.labels
    ]
    if fixed:
        parts.append(("constant ", *listed(fixed)))
    for name, over in problem.labels.items():
        parts.append((symbol(name), " a class number in 1…", over))
    if problem.sizes:
        word = "size " if len(problem.sizes) == 1 else "sizes "
        parts.append((word, *listed([size(n) for n in problem.sizes])))
    shapes: dict[tuple[Term, ...], list[Any]] = {}
    for name, shape in problem.shapes.items():
        shapes.setdefault(shape, []).append(symbol(name))
    for shape, names in shapes.items():
        if shape:
            across: list[Any] = []
            for over in shape:
                across += [" × " if across else "", over]
            verb = " has shape " if len(names) == 1 else " have shape "
            parts.append((*listed(names), verb, *across))
        else:
            parts.append((*listed(names), " a scalar" if len(names) == 1 else " scalars"))
    return tuple(parts)
