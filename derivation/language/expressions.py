"""One expression or condition in the context of a problem, whose names and ranges are known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from derivation.errors import InputError
from derivation.language.letters import free_letters
from derivation.language.lexer import fail, statements
from derivation.language.ranges import Ranges
from derivation.language.reader import Reader
from derivation.language.scope import Scope, UserFunction, Vocabulary
from derivation.language.statements import read_program, with_double_equals
from derivation.language.syntax import parse
from derivation.problem import Problem
from derivation.terms import Index, Integer, Term, index, indices_of

_HEAD = re.compile(r"^\s*[A-Za-z_]\w*\s*\([\w\s,]*\)\s*=(?!=)", re.MULTILINE)


def read_expression(text: str, problem: Problem, *, free: Mapping[str, Term] = {}) -> Any:
    """One expression as a term, in the context of a problem.

    Args:
        text: The expression. ``diff``, ``partial`` and ``deriv`` may stand in it.
        problem: Says which names there are and how far their slots run.
        free: Indices for free letters; the others get their size from the slots they stand in.

    Raises:
        InputError: If it is not an expression, or holds a name that the problem does not.

    >>> from derivation.language import read_problem, write
    >>> problem = read_problem("f = log(sum(exp(x[k]) for k in K)); wrt x[j]")
    >>> term = read_expression("exp(x[j] - f)", problem)
    >>> write(term), sorted(term.free_symbols, key=str)[-1].name
    ('exp(x[j] - f)', 'x[j]')
    """
    return _read(text, problem, free, condition=False)


def read_condition(text: str, problem: Problem, *, free: Mapping[str, Term] = {}) -> Any:
    """One condition, in the context of a problem; besides what a program may hold it reads
    ``all(… for i in K)``, which is how a condition "for every i" is printed.

    Raises:
        InputError: As for ``read_expression``.

    >>> from derivation.language import read_problem, write
    >>> problem = read_problem("L = sum(log(x[k]) for k in K); wrt x[j]")
    >>> write(read_condition("x[i] > 0 and i != j", problem))
    'x[i] > 0 and i != j'
    """
    return _read(text, problem, free, condition=True)


def _read(text: str, problem: Problem, free: Mapping[str, Term], *, condition: bool) -> Any:
    found = statements(text, numbered=False)
    if len(found) != 1:
        what = "a condition" if condition else "an expression"
        raise InputError(f"{what} is expected, here are {len(found)}")
    tokens, end = found[0][:-1], found[0][-1]
    expression = parse(with_double_equals(tokens) if condition else tokens, end)
    ranges = Ranges(problem.shapes)
    known = _problem_letters(problem)
    letters: dict[str, Any] = {**known, **free}
    words = _vocabulary(problem)
    known_names = words.names | {"pi"}
    for letter, token in free_letters(expression, problem.labels, known_names).items():
        if letter not in free and letter not in problem.sizes:
            letters[letter] = index(letter, ranges.unknown(letter, token))
    reader = Reader(words, ranges)
    scope = Scope(expression, letters, weak=frozenset(letters) - set(free), derivatives=True)
    try:
        read = reader.condition if condition else reader.value
        term = read(expression.tree, scope)
        _check_literals(reader, problem)
        ranges.settle({letter: i.size for letter, i in known.items()})
        ranges.check_letters()
        return ranges.resolve(term)
    except RecursionError:
        raise InputError("the expression is nested too deep") from None


def _vocabulary(problem: Problem) -> Vocabulary:
    shapes = problem.shapes
    words = Vocabulary(
        sizes=problem.sizes,
        functions=_functions(problem.text) if _HEAD.search(problem.text) else {},
        unknown=problem.unknown,
        labels=problem.labels,
        arrays=(n for n, slots in shapes.items() if slots),
        names=(*shapes, *problem.sizes),
    )
    words.scalars = frozenset(n for n, slots in shapes.items() if not slots)
    words.closed = True
    return words


@lru_cache(maxsize=64)
def _functions(text: str) -> dict[str, UserFunction]:
    """The functions that the problem's own text defines; its terms hold them unfolded."""
    return read_program(text, skip=frozenset(("wrt", "of", "style"))).functions


def _problem_letters(problem: Problem) -> dict[str, Any]:
    """The letters of the objective and of ``wrt``, as far as one letter means one index."""
    out: dict[str, Any] = {}
    for t in (problem.objective, *[v for entry in problem.wrt for v in entry]):
        for i in indices_of(t):
            if isinstance(i, Index) and out.setdefault(i.name, i) != i:
                out[i.name] = None
    return {letter: i for letter, i in out.items() if i is not None}


def _check_literals(reader: Reader, problem: Problem) -> None:
    for name, k, value, token in reader.literal_slots:
        over = problem.shapes[name][k]
        if isinstance(over, Integer) and value > int(over):
            fail(token, f"slot {k + 1} of `{name}` runs from 1 to {over}, here it is {value}")
