"""Arrays written over where nothing reads them any more: ``p /= p.sum()`` instead of a new array.

Only arrays that the function made itself and that no formula names are written over, and only
where that changes neither a number nor a number type: what comes in must not come from an input
that the array does not come from already, which might be of a wider type.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from derivation.codegen.nodes import Node, Statement, array, is_negative, neg, rebuilt
from derivation.codegen.program import arrays

NOTES = {"/=": "divided below", "*=": "scaled below", "+=": "shifted below", "-=": "shifted below"}
FLOATING = ("exp", "log", "sqrt", "sigmoid", "softplus", "tanh", "sin", "cos", "log1p", "expm1")


def written_over(
    statements: Sequence[Statement],
    own: Collection[str],
    kept: Collection[str],
    scalars: Collection[str],
    fits: Callable[[Statement], bool],
) -> list[Statement]:
    """The statements, some as updates of an array that an earlier one made.

    Args:
        statements: In the order in which they run.
        own: Arrays that have no name in the formulas.
        kept: Arrays that are returned.
        scalars: Inputs that are plain numbers.
        fits: Whether a statement's text fits a line.
    """
    found = list(statements)
    for k in range(len(found)):
        updated = _updated(found, k, own, kept, scalars)
        if updated is not None and all(map(fits, updated)):
            found = updated
    return found


def _updated(
    statements: list[Statement],
    k: int,
    own: Collection[str],
    kept: Collection[str],
    scalars: Collection[str],
) -> list[Statement] | None:
    s = statements[k]
    for old, sign, rest in _updates(s):
        if old not in own or old in kept:
            continue
        i = next((i for i, t in enumerate(statements[:k]) if t.name == old), None)
        if i is None or len(statements[i].axes) != len(s.axes) or statements[i].update:
            continue
        if any(old in arrays(t.node) for t in statements[k + 1 :]):
            continue
        between = statements[i + 1 : k]
        if any(t.node.op in ("array", "broadcast") and old in arrays(t.node) for t in between):
            continue  # it may be a view
        made = {t.name: t for t in statements[:k] if not t.update}
        if statements[i].node.op == "array" or not _is_floating(statements[i].node, made):
            continue
        sources = _sources(statements[:k])
        new = set().union(*[sources.get(n, {n}) for n in arrays(rest)])
        if not new - set(scalars) <= sources[old]:
            continue
        note = NOTES[sign] if between else ""
        first = replace(statements[i], name=s.name, note=note)
        later = [
            replace(t, name=s.name if t.name == old else t.name, node=_renamed(t.node, old, s.name))
            for t in between
        ]
        last = replace(s, node=_renamed(rest, old, s.name), update=sign)
        return [*statements[:i], first, *later, last, *statements[k + 1 :]]
    return None


def _updates(s: Statement) -> list[tuple[str, str, Node]]:
    """The arrays that the statement could be an update of, with the operator and what comes in."""
    n = s.node
    if n.op not in ("add", "mul", "div") or len(n.args) != 2 or not s.axes:
        return []
    a, b = n.args
    pairs = [(a, b)] if n.op == "div" else [(a, b), (b, a)]
    found = []
    for old, rest in pairs:
        if old.op != "array" or old.data[1] != s.axes:
            continue
        if n.op == "add":
            minus = is_negative(rest)
            found.append((old.data[0], "-=" if minus else "+=", neg(rest) if minus else rest))
        else:
            found.append((old.data[0], "/=" if n.op == "div" else "*=", rest))
    return found


def _is_floating(n: Node, made: dict[str, Statement]) -> bool:
    """Whether the array holds floating-point numbers even if whole numbers come in."""
    if n.op == "array":
        return n.data[0] in made and _is_floating(made[n.data[0]].node, made)
    if n.op == "div" or (n.op == "fn" and n.data in FLOATING):
        return True
    if n.op == "reduce" and n.data[0] == "mean":
        return True
    if n.op in ("cmp", "and", "or", "not", "pow", "call"):
        return False
    return any(_is_floating(a, made) for a in n.args)


def _sources(statements: Sequence[Statement]) -> dict[str, set[str]]:
    """The inputs that each array is computed from."""
    found: dict[str, set[str]] = {}
    for t in statements:
        mine = found.get(t.name, set()) if t.update else set()
        found[t.name] = mine.union(*[found.get(n, {n}) for n in arrays(t.node)])
    return found


def _renamed(n: Node, old: str, new: str) -> Node:
    if n.op == "array" and n.data[0] == old:
        return array(new, [_renamed(x, old, new) if isinstance(x, Node) else x for x in n.data[1]])
    return rebuilt(n, lambda m: _renamed(m, old, new))
