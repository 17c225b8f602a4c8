"""The closing lines of a document: what was shown, assumed and tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sympy import Add, Indexed, Mul

from derivation.document.blocks import Document
from derivation.problem import least_sizes
from derivation.steps import Checked, Prose, listed
from derivation.terms import (
    MINUS_ONE,
    TRUE,
    ZERO,
    Diff,
    IfElse,
    Relation,
    Size,
    Term,
    conjuncts,
    free_indices,
    index,
    is_number,
    name_of,
    neg,
    relation,
    size,
    substitute,
    subterms,
    symbol,
    value_of,
)

if TYPE_CHECKING:
    from derivation.matrix import MatrixForm


def closing_parts(doc: Document) -> tuple[Prose, ...]:
    """What was shown: for which sizes, in how many steps, and where it was tried."""
    proved: Prose = ("proved for every ", *doc.scope[1:]) if doc.scope else ("proved",)
    steps: Prose = (f"{doc.total} step{'s' * (doc.total != 1)}",)
    tried = _tried(doc.checked)
    confirmed: Prose = ("confirmed at ", *tried) if tried else ("not tried numerically",)
    return proved, steps, confirmed


def matrix_note(doc: Document, form: MatrixForm) -> Prose:
    """The shape of a matrix form, and its layout: "N × D, as W", "K × K, p by z"."""
    if not form.axes:
        return ("a scalar",)
    said: list[Any] = ["shape "]
    for k, i in enumerate(form.axes):
        said += [" × ", i.size] if k else [i.size]
    if isinstance(form.head, Diff):
        objective = form.head.args[0]
        by = [symbol(name_of(v)) for v in form.head.args[1:]]
        if isinstance(objective, Indexed) or len(by) > 1:
            rows = symbol(name_of(objective)) if isinstance(objective, Indexed) else by.pop(0)
            said += [", ", rows, " by ", *listed(by)]
        else:
            said += [", as ", by[0]]
    if form.batched:
        said.append("; more axes than a matrix has, so by einsum or broadcasting")
    return tuple(said)


def assumptions(doc: Document, detail: str = "normal") -> tuple[Prose, ...]:
    """What was assumed: givens used, conditions kept, where the objective is defined."""
    out: list[Prose] = []
    least = least_sizes(doc.problem)
    used = [c for c in doc.given if not _is_in_scope(c, least)]
    if used:
        out.append(("using ", *conditions_prose(used)))
    rest = [c for c in doc.conditions if not _is_in_scope(c, least)]
    if rest:
        out.append(("provided ", *conditions_prose(rest)))
    if doc.domain and detail != "outline":
        out.append(
            ("wherever ", doc.objective, " has a derivative: ", *conditions_prose(doc.domain))
        )
    return tuple(out)


def _is_in_scope(c: Term, least: Mapping[str, int]) -> bool:
    """Whether the sizes that the title allows already meet the condition."""
    if not (isinstance(c, Relation) and isinstance(c.left, Size) and is_number(c.right)):
        return False
    smallest, bound = least.get(name_of(c.left), 1), value_of(c.right)
    return (c.op == ">=" and bound <= smallest) or (c.op == ">" and bound < smallest)


def conditions_prose(conditions: Sequence[Term]) -> Prose:
    """Conditions in a row, saying of free indices that they mean every value."""
    out: list[Any] = []
    conditions = _without_weaker(conditions)
    for k, stated in enumerate(conditions):
        c, where = _set_apart(stated)
        out += [", ", c] if k else [c]
        free = sorted(free_indices(stated), key=str)
        after = free_indices(conditions[k + 1]) if k + 1 < len(conditions) else None
        if where is not None:
            same_letters = free_indices(where) == frozenset(free)
            out += [" for every ", *([] if same_letters else [*listed(free), " with "]), where]
        elif free and after != frozenset(free):
            out += [" for every ", *listed(free)]
    return tuple(out)


def _without_weaker(conditions: Sequence[Term]) -> list[Term]:
    """Without those that another one, asked for in more places, says already."""
    said = [_in_standard_letters(c) for c in conditions]

    def says(n: int, k: int) -> bool:
        pairs = [(w, v) for c, w in said[n] for d, v in said[k] if c == d]
        return any(w < v or (w == v and n < k) for w, v in pairs)

    everyone = range(len(said))
    return [c for k, c in enumerate(conditions) if not any(says(n, k) for n in everyone if n != k)]


def _in_standard_letters(c: Term) -> list[tuple[Term, frozenset[Any]]]:
    """What a condition asks for, and where, whatever its letters are; a != b also as b != a."""
    asked, where = _set_apart(c)
    ways = [asked]
    if isinstance(asked, Relation) and asked.op == "!=":
        ways.append(relation("!=", asked.right, asked.left))
    out = []
    for way in ways:
        letters = dict.fromkeys(s for s in subterms(way) if s in free_indices(way))
        swap = {i: index(f"_{k}", i.size) for k, i in enumerate(letters)}
        guard = TRUE if where is None else substitute(where, swap)
        out.append((substitute(way, swap), frozenset(map(_either_way, conjuncts(guard)))))
    return out


def _either_way(c: Any) -> Any:
    """A condition, i != j the same as j != i."""
    if isinstance(c, Relation) and c.op in ("==", "!="):
        return c.op, frozenset((c.left, c.right))
    return c


_HOLDS: dict[str, Callable[[Fraction], bool]] = {
    "!=": lambda v: v != 0,
    ">": lambda v: v > 0,
    ">=": lambda v: v >= 0,
    "<": lambda v: v < 0,
    "<=": lambda v: v <= 0,
    "==": lambda v: v == 0,
}


def _set_apart(c: Term) -> tuple[Term, Term | None]:
    """A condition ``(a - b if i != j else 1) != 0`` as ``a != b`` and where it is asked for."""
    if not (isinstance(c, Relation) and c.right == ZERO and isinstance(c.left, IfElse)):
        return c, None
    where, asked, elsewhere = c.left.args
    if not (is_number(elsewhere) and _HOLDS[c.op](value_of(elsewhere))):
        return c, None
    if c.op != "!=":
        return relation(c.op, asked, ZERO), where
    terms = asked.args if isinstance(asked, Add) else (asked,)
    minus = [t for t in terms if isinstance(t, Mul) and t.args[0] == MINUS_ONE]
    if len(terms) == 2 and len(minus) == 1:
        (plus,) = (t for t in terms if t not in minus)
        return relation("!=", plus, neg(minus[0])), where
    return relation("!=", asked, ZERO), where


def _tried(checked: Checked) -> Prose:
    """Such as "K = 1…4 (96 points)": the sizes that the oracle tried, equal ones together."""
    if not checked.points:
        return ()
    names = list(dict.fromkeys(n for sizes in checked.sizes for n in sizes))
    equal: list[int] = []
    mixed = 0
    for sizes in checked.sizes:
        values = set(sizes.values())
        if len(values) == 1:
            equal += [v for v in values if v not in equal]
        elif values:
            mixed += 1
    prose: list[Any] = []
    if equal:
        for n in names:
            prose += [size(n), " = "]
        prose.append(_span(sorted(equal)))
    if mixed:
        prose.append(f"{' and ' if prose else ''}{mixed} mixed size{'s' * (mixed > 1)}")
    count = f"{checked.points} point{'s' * (checked.points > 1)}"
    prose.append(f" ({count})" if prose else count)
    return tuple(prose)


def _span(values: Sequence[int]) -> str:
    if len(values) > 2 and values[-1] - values[0] == len(values) - 1:
        return f"{values[0]}…{values[-1]}"
    return ", ".join(map(str, values))
