"""Warnings: a name that occurs once and is near another; a definition that nothing uses."""

from __future__ import annotations

from collections.abc import Iterable

from derivation.language.lexer import Token
from derivation.problem import Problem
from derivation.terms import Term, names

_LONGEST = 30


def near_names(tokens: list[list[Token]], inputs: Iterable[str]) -> list[str]:
    """A warning for each input that occurs once and is one slip away from another name."""
    first: dict[str, Token] = {}
    count: dict[str, int] = {}
    for statement in tokens:
        for token in statement:
            if token.kind == "name":
                first.setdefault(token.text, token)
                count[token.text] = count.get(token.text, 0) + 1
    once = [name for name in inputs if count.get(name) == 1]
    if not once:
        return []
    close: dict[str, list[str]] = {}
    for name in count:
        for key in _one_dropped(name):
            close.setdefault(key, []).append(name)
    out = []
    for name in once:
        near = {other for key in _one_dropped(name) for other in close[key]}
        near = {other for other in near if other != name and _one_slip(name, other)}
        if near:
            best = max(sorted(near), key=lambda other: count[other])
            line = first[name].line.number
            where = f"line {line}: " if line is not None else ""
            out.append(f"{where}`{name}` occurs only once; did you mean `{best}`?")
    return out


def _one_dropped(name: str) -> set[str]:
    """The name and what is left of it without one letter; names one slip apart share one."""
    if len(name) > _LONGEST:
        return set()
    return {name, *(name[:k] + name[k + 1 :] for k in range(len(name)))}


def _one_slip(a: str, b: str) -> bool:
    """Whether two longish names differ by one letter dropped, added, changed or swapped."""
    if min(len(a), len(b)) < 3 or max(len(a), len(b)) < 4 or a[0] != b[0]:
        return False
    if abs(len(a) - len(b)) > 1:
        return False
    if len(a) > len(b):
        a, b = b, a
    k = 0
    while k < len(a) and a[k] == b[k]:
        k += 1
    if len(a) < len(b):
        return a[k:] == b[k + 1 :] and not b[k].isdigit() and b[k] != "_"
    if (a[k].isdigit() and b[k].isdigit()) or (a[k].isupper() and b[k].isupper()):
        return False
    swapped = a[k : k + 2] == b[k : k + 2][::-1] and a[k + 2 :] == b[k + 2 :]
    return swapped or a[k + 1 :] == b[k + 1 :]


def unused_definitions(problem: Problem, *results: Term) -> list[str]:
    """A warning for each definition that neither the objective nor a result uses.

    Only the caller knows the result: defining a name to see it there is how one asks for it.

    >>> from derivation.language import read_problem
    >>> unused_definitions(read_problem("a = 2*x; L = x**2; wrt x"))
    ['`a` is defined but not used']
    """
    used: set[str] = set()
    targets = [v for entry in problem.wrt for v in entry]
    todo = [n for t in (problem.objective, *targets, *results) for n in names(t)]
    for given in problem.givens:
        todo.extend(names(given))
    for line in problem.lines:
        todo.extend(n for t in (line.left, line.right) if t is not None for n in names(t))
    while todo:
        name = todo.pop()
        if name not in used:
            used.add(name)
            definition = problem.definitions.get(name)
            if definition is not None:
                todo.extend(names(definition.body))
    return [f"`{d}` is defined but not used" for d in problem.definitions if d not in used]
