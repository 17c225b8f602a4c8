"""The head of a document: title, sizes, definitions, givens, facts and how it was read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sympy import Indexed, Integer

from derivation.document.blocks import Formula, Line, condition_formula, listed
from derivation.problem import Problem
from derivation.steps import Outcome, Prose, Step, cited
from derivation.terms import (
    Relation,
    Size,
    Term,
    indices_of,
    is_number,
    name_of,
    number,
    relation,
    size,
    subterms,
    symbol,
    value_of,
)


def title_of(outcome: Outcome, among: bool) -> Prose:
    """The problem's title, or one made from what was asked."""
    if outcome.problem.title:
        return (outcome.problem.title, *((", by ", *listed(outcome.wrt)) if among else ()))
    objective, names = outcome.objective, [symbol(name_of(v)) for v in outcome.wrt]
    if len(names) > 1:
        if len(set(names)) == 1:
            return ("Hessian of ", objective, " by ", names[0])
        return ("Second derivative of ", objective, " by ", names[0], " and ", names[1])
    kind = "Jacobian" if isinstance(objective, Indexed) else "Gradient"
    return (f"{kind} of ", symbol(name_of(objective)), " by ", names[0])


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
            if isinstance(e, Indexed):
                for i, over in zip(indices_of(e), problem.shapes[name_of(e)], strict=True):
                    if isinstance(i, Integer) and isinstance(over, Size):
                        least[name_of(over)] = max(least.get(name_of(over), 1), int(i))
    return least


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
