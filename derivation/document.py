"""A finished derivation as neutral blocks, which every printer reads and nothing else.

Blocks carry terms and prose (tuples of plain strings and terms), never typeset text. What depends
on how much is shown is settled here, once for all formats: which steps are there, where a chain of
equalities has to say its left side again, and which part of a line is new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Add, Indexed, Integer, Mul

from derivation.problem import Definition, Problem
from derivation.steps import Checked, Outcome, Prose, Step, cited
from derivation.terms import (
    MINUS_ONE,
    Diff,
    Index,
    Partial,
    Path,
    Reduction,
    Relation,
    Size,
    Term,
    alpha_equal,
    diff,
    free_indices,
    fresh_index,
    index,
    index_names,
    indices_of,
    is_number,
    name_of,
    number,
    rebuild,
    relation,
    size,
    subterms,
    symbol,
    unbracketed,
    value_of,
)

if TYPE_CHECKING:
    from derivation.matrix import MatrixForm

DETAILS = ("outline", "normal", "full")
_DEEPEST = {"outline": 0, "normal": 1, "full": 2}


@dataclass(frozen=True)
class Formula:
    """``left = right``; without a left side it goes on from the formula before.

    Attributes:
        left: The left side, or None.
        right: The right side.
        marks: Paths into ``right`` of what is new in it.
        op: ``==`` or another of the language's comparisons; "" for a condition that is none.
    """

    left: Term | None
    right: Term
    marks: tuple[Path, ...] = ()
    op: str = "=="


@dataclass(frozen=True)
class Line:
    """A labelled line of the setting: formulas, or prose in parts that may be set apart."""

    label: str
    formulas: tuple[Formula, ...] = ()
    parts: tuple[Prose, ...] = ()
    note: Prose = ()


@dataclass(frozen=True, eq=False, repr=False)
class Entry:
    """One numbered step as it is shown, with everything that the certificate records of it.

    Attributes:
        formula: What is displayed.
        previous: The whole line that a displayed one goes on from, what goes away marked in it.
        changed_before: Paths into ``before`` of what the step replaces.
        changed_after: Paths into ``after`` of what it puts there.
        substeps: Those that are shown at this level of detail.
    """

    number: str
    kind: str
    title: Prose
    why: Prose
    rule: str
    law: str
    formula: Formula
    previous: Formula | None
    before: Term
    after: Term
    path: Path
    direction: str
    args: Mapping[str, str]
    uses: tuple[str, ...]
    conditions: tuple[Term, ...]
    changed_before: tuple[Path, ...]
    changed_after: tuple[Path, ...]
    substeps: tuple[Entry, ...]

    @property
    def heading(self) -> Prose:
        """The title, with the word that others cite it by."""
        word = "Fact" if self.number.startswith("F") else "Lemma"
        if self.kind != "lemma" or self.title == (word,):
            return self.title
        return (f"{word}: ", *self.title)


@dataclass(frozen=True, eq=False, repr=False)
class Document:
    """What a printer shows, top to bottom.

    Attributes:
        title: The problem's title, or one made from what was asked.
        scope: For which sizes ("any K ≥ 1").
        setting: Definitions, givens, facts and the reading of the problem.
        facts: The proved facts of the setting, with their substeps where they are shown.
        entries: The steps.
        goal: The derivative asked for.
        result: Its final form, or None.
        reached: The last term of the chain (the result, or where the derivation stopped).
        reason: Why there is no result, else None.
        introduced: Definitions of names that the derivation brought in.
        given: The givens that were used.
        conditions: What the result needs besides.
        domain: What holds wherever the objective is defined.
        assumed: What the proof may have used without deriving it.
        total: Number of top-level steps, shown or not.
        last: The number of the last of them.
        checked: What the oracle tried.
        direct: Derivatives with the other names held fixed that would look like a full one here.
        problem, objective, wrt, style: What was asked.
        outcome: The derivation itself.
    """

    title: Prose
    scope: Prose
    setting: tuple[Line, ...]
    facts: tuple[Entry, ...]
    entries: tuple[Entry, ...]
    goal: Term
    result: Term | None
    reached: Term | None
    reason: str | None
    introduced: tuple[Definition, ...]
    given: tuple[Term, ...]
    conditions: tuple[Term, ...]
    domain: tuple[Term, ...]
    assumed: tuple[Term, ...]
    total: int
    last: str
    checked: Checked
    direct: frozenset[Term]
    problem: Problem
    objective: Term
    wrt: tuple[Term, ...]
    style: str
    outcome: Outcome

    @property
    def status(self) -> str:
        return "derived" if self.result is not None else "not-derived"

    @cached_property
    def matrix(self) -> MatrixForm | None:
        """The result in matrices, where there is such a form; found when it is first wanted."""
        if self.result is None:
            return None
        from derivation.matrix import matrix_form

        return matrix_form(self.outcome)


def documents(outcomes: Sequence[Outcome], detail: str = "normal") -> Iterator[Document]:
    """The blocks of one derivation, or of several of one problem that are read in a row.

    Each title names its variable then, and what an earlier one has said is not said again: the
    setting, and the lemmas that they share.
    """
    for n, outcome in enumerate(outcomes):
        doc = document(outcome, detail, among=len(outcomes) > 1)
        if n and outcome.problem == outcomes[0].problem:
            shared, said = outcome.shared, {f.number for f in outcomes[0].facts}
            doc = replace(
                doc,
                setting=_setting_again(outcome, said),
                facts=tuple(f for f in doc.facts if f.number not in said),
                entries=tuple(e for e in doc.entries if e.number not in shared),
                total=len(outcome.steps) - len(shared),
            )
        yield doc


def document(
    outcome: Outcome, detail: str = "normal", *, complete: bool = False, among: bool = False
) -> Document:
    """The blocks of a derivation at a level of detail (``outline``, ``normal``, ``full``).

    ``complete`` keeps every step and substep, whatever it adds for a reader: the certificate.
    ``among`` says that it is one of several of the same problem, so the title names the variable.

    Raises:
        ValueError: The level of detail is not one of the three.
    """
    if detail not in DETAILS:
        raise ValueError(f"detail is one of {', '.join(DETAILS)}, not {detail!r}")
    problem = outcome.problem
    deepest = 3 if complete else _DEEPEST[detail]
    chain = [s for s in outcome.steps if s.kind == "chain"]
    goal = diff(outcome.objective, *outcome.wrt)
    letters = _Letters(problem, complete)
    shown = outcome.steps
    if detail == "outline" and chain and not complete:  # the last line is what it was all for
        last = replace(chain[-1], level=0)
        shown = tuple(last if s is chain[-1] else s for s in shown)
    return Document(
        title=_title(outcome, among),
        scope=_scope(problem),
        setting=_setting(outcome),
        facts=_entries(outcome.facts, deepest, letters),
        entries=_entries(shown, deepest, letters),
        goal=goal,
        result=outcome.result,
        reached=chain[-1].after if chain else outcome.result,
        reason=outcome.reason,
        introduced=outcome.introduced,
        given=outcome.given,
        conditions=tuple(map(letters.write, outcome.conditions)),
        domain=tuple(map(letters.write, outcome.domain)),
        assumed=outcome.assumed,
        total=len(outcome.steps),
        last=outcome.steps[-1].number if outcome.steps else "",
        checked=outcome.checked,
        direct=_direct(outcome),
        problem=problem,
        objective=outcome.objective,
        wrt=outcome.wrt,
        style=outcome.style,
        outcome=outcome,
    )


# -- the head -------------------------------------------------------------------------------


def _title(outcome: Outcome, among: bool) -> Prose:
    if outcome.problem.title:
        return (outcome.problem.title, *((", by ", *_listed(outcome.wrt)) if among else ()))
    objective, names = outcome.objective, [symbol(name_of(v)) for v in outcome.wrt]
    if len(names) > 1:
        if len(set(names)) == 1:
            return ("Hessian of ", objective, " by ", names[0])
        return ("Second derivative of ", objective, " by ", names[0], " and ", names[1])
    kind = "Jacobian" if isinstance(objective, Indexed) else "Gradient"
    return (f"{kind} of ", symbol(name_of(objective)), " by ", names[0])


def _scope(problem: Problem) -> Prose:
    least = dict.fromkeys(problem.sizes, 1)
    for g in problem.givens:
        if isinstance(g, Relation) and isinstance(g.left, Size) and is_number(g.right):
            value = value_of(g.right)
            if g.op in (">", ">=") and value.denominator == 1:
                least[name_of(g.left)] = max(1, int(value) + (g.op == ">"))
    bodies = [d.body for d in problem.definitions.values()]
    entries = [v for entry in problem.wrt for v in entry]
    for t in (problem.objective, *entries, *bodies, *problem.givens):
        for e in subterms(t):  # x[3] is there from N = 3 on
            if isinstance(e, Indexed):
                for i, over in zip(indices_of(e), problem.shapes[name_of(e)], strict=True):
                    if isinstance(i, Integer) and isinstance(over, Size):
                        least[name_of(over)] = max(least.get(name_of(over), 1), int(i))
    prose: list[Any] = []
    for bound in sorted(set(least.values())):
        names = [size(n) for n, b in least.items() if b == bound]
        last = relation(">=", names[-1], number(bound))
        prose += [", " if prose else "any ", *_listed([*names[:-1], last])]
    return tuple(prose)


def _setting(outcome: Outcome) -> tuple[Line, ...]:
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


def _setting_again(outcome: Outcome, said: Collection[str]) -> tuple[Line, ...]:
    """What is new in a further derivation of the same problem."""
    as_above: Prose = ("the setting as above",)
    if outcome.shared:
        as_above = (f"the setting and {cited(sorted(outcome.shared, key=int))} as above",)
    parts = (*_reading(outcome)[:2], as_above)
    new = [f for f in outcome.facts if f.number not in said]
    return (*map(_fact_line, new), Line("Reading", parts=parts))


def condition_formula(c: Term) -> Formula:
    """A condition as something to display: a relation's two sides, anything else alone."""
    if isinstance(c, Relation):
        return Formula(c.left, c.right, op=c.op)
    return Formula(None, c, op="")


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
        parts.append(("constant ", *_listed(fixed)))
    for name, over in problem.labels.items():
        parts.append((symbol(name), " a class number in 1…", over))
    if problem.sizes:
        word = "size " if len(problem.sizes) == 1 else "sizes "
        parts.append((word, *_listed([size(n) for n in problem.sizes])))
    shapes: dict[tuple[Term, ...], list[Any]] = {}
    for name, shape in problem.shapes.items():
        shapes.setdefault(shape, []).append(symbol(name))
    for shape, names in shapes.items():
        if shape:
            across: list[Any] = []
            for over in shape:
                across += [" × " if across else "", over]
            verb = " has shape " if len(names) == 1 else " have shape "
            parts.append((*_listed(names), verb, *across))
        else:
            parts.append((*_listed(names), " a scalar" if len(names) == 1 else " scalars"))
    return tuple(parts)


def _listed(items: Sequence[Any]) -> list[Any]:
    out: list[Any] = []
    for item in items:
        out += [", ", item] if out else [item]
    return out


# -- the steps ------------------------------------------------------------------------------


def _entries(steps: Sequence[Step], deepest: int, letters: _Letters) -> tuple[Entry, ...]:
    """The steps down to a level; a chain goes on from the last line of it that is shown."""
    out: list[Entry] = []
    start: Term | None = None  # what the chain began with
    last: Term | None = None  # the right side it has reached
    goes_on = False
    for step in steps:
        if step.kind == "chain" and (start is None or last is None):
            start = last = step.before
        if step.level > deepest:
            continue
        marks = changes(step.before, step.after)
        previous = None
        if step.kind == "chain":
            gone, since = changes(last, step.after) if last is not step.before else marks
            if last == start or since == ((),):
                since = ()  # the whole line is new: nothing stands out
            left = letters.write(start)
            if last != start:
                gone = () if gone == ((),) else gone
                previous = Formula(left, letters.write(last), gone)
            formula = Formula(None if goes_on else left, letters.write(step.after), since)
            last = step.after
        else:
            formula = Formula(letters.write(step.before), letters.write(step.after))
        goes_on = step.kind == "chain"
        substeps = step.substeps if deepest else ()
        if deepest < 3 and len(substeps) == 1 and _says_the_same(substeps[0], step):
            substeps = substeps[0].substeps
        entries = _entries(substeps, deepest, letters)
        goes_on = goes_on and not entries
        out.append(
            Entry(
                number=step.number,
                kind=step.kind,
                title=step.title,
                why=() if deepest < 3 and _repeats(step.title, step.why) else step.why,
                rule=step.rule,
                law=step.law,
                formula=formula,
                previous=previous,
                before=step.before,
                after=step.after,
                path=step.path,
                direction=step.direction,
                args=step.args,
                uses=step.uses,
                conditions=tuple(
                    letters.write(c)
                    for c in step.conditions
                    if letters.keep or c not in step.domain
                ),
                changed_before=marks[0],
                changed_after=marks[1],
                substeps=entries,
            )
        )
    return tuple(out)


class _Letters:
    """Puts a reader's letters for the machine's own (``_0``), which indices may still have."""

    def __init__(self, problem: Problem, keep: bool) -> None:
        self.keep = keep
        self.used: dict[Term, list[Any]] = {}  # by size, in the order of the problem
        for d in problem.definitions.values():
            for t in (*d.params, *subterms(d.body)):
                if isinstance(t, Index) and t not in self.used.setdefault(t.size, []):
                    self.used[t.size].append(t)

    def write(self, t: Any) -> Any:
        """The term with those letters; every index keeps its size, and no two become one."""
        if self.keep or t is None:
            return t
        machine = [
            s for s in dict.fromkeys(subterms(t)) if isinstance(s, Index) and s.name[0] == "_"
        ]
        if not machine:
            return t
        taken = set(index_names(t))
        swap: dict[Any, Any] = {}
        for old in machine:
            known = self.used.get(old.size, [])
            free = [k for k in known if k.name not in taken]
            like = free[0] if free else index(known[0].name if known else "i", old.size)
            swap[old] = fresh_index(like, taken)
            taken.add(swap[old].name)
        return _swapped(t, swap)


def _swapped(t: Any, swap: Mapping[Any, Any]) -> Any:
    if t in swap:
        return swap[t]
    return rebuild(t, tuple(_swapped(a, swap) for a in t.args)) if t.args else t


def is_idle(entry: Entry, looks_the_same: bool) -> bool:
    """Whether a substep shows a reader nothing: its line reads like the one before.

    Two terms may be typeset alike (``x*(y*z)`` and ``x*y*z``), so printers say whether they are.
    """
    goes_on = entry.kind == "chain" and entry.formula.left is None
    return looks_the_same and goes_on and not entry.conditions and not entry.substeps


def _repeats(title: Prose, why: Prose) -> bool:
    """Whether a reason only says the title again."""
    said = [tuple(p.lower() if isinstance(p, str) else p for p in prose) for prose in (title, why)]
    return said[0] == said[1]


def _says_the_same(sub: Step, step: Step) -> bool:
    pairs = ((sub.before, step.before), (sub.after, step.after))
    return all(bool(unbracketed(a) == unbracketed(b)) for a, b in pairs)


def _direct(outcome: Outcome) -> frozenset[Term]:
    """``partial`` terms whose ``diff`` also occurs: printed alike, they would be confused."""
    partials: set[Any] = set()
    totals: set[Any] = set()

    def look(steps: Sequence[Step]) -> None:
        for step in steps:
            for side in (step.before, step.after):
                for t in subterms(side):
                    if isinstance(t, Partial):
                        partials.add(t)
                    elif isinstance(t, Diff):
                        totals.add(t.args)
            look(step.substeps)

    look((*outcome.facts, *outcome.steps))
    return frozenset(t for t in partials if t.args in totals)


# -- what changed ---------------------------------------------------------------------------

Paths = tuple[Path, ...]
_WHOLE: Paths = ((),)


def changes(before: Term, after: Term) -> tuple[Paths, Paths]:
    """The smallest parts in which two terms differ, as paths into each.

    >>> from derivation.terms import add, symbol
    >>> a, b, c, d = map(symbol, "abcd")
    >>> changes(add(a, b, c), add(a, d))
    (((1,), (2,)), ((1,),))
    """
    if alpha_equal(before, after):
        return (), ()
    if type(before) is not type(after) or isinstance(before, Indexed) or not before.args:
        return _WHOLE, _WHOLE
    a, b = before.args, after.args
    if isinstance(before, (Add, Mul)):
        left, right = _unmatched(a, b)
    else:
        if len(a) != len(b) or (isinstance(before, Reduction) and a[1] != b[1]):
            return _WHOLE, _WHOLE
        left = right = [k for k in range(len(a)) if a[k] != b[k]]
        inner = [changes(a[k], b[k]) for k in left]
        return (
            tuple((k, *p) for k, (found, _) in zip(left, inner, strict=True) for p in found),
            tuple((k, *p) for k, (_, found) in zip(left, inner, strict=True) for p in found),
        )
    if len(left) == len(right) == 1:
        k, n = left[0], right[0]
        was, now = changes(a[k], b[n])
        return tuple((k, *p) for p in was), tuple((n, *p) for p in now)
    return _siblings(a, left), _siblings(b, right)


def _unmatched(a: Sequence[Any], b: Sequence[Any]) -> tuple[list[int], list[int]]:
    """The positions in each that have no partner in the other."""
    rest = list(range(len(b)))
    left = []
    for k, t in enumerate(a):
        partner = next((n for n in rest if b[n] == t), None)
        if partner is None:
            left.append(k)
        else:
            rest.remove(partner)
    return left, rest


def _siblings(args: Sequence[Any], changed: Sequence[int]) -> Paths:
    """The changed ones by themselves, or their parent if nothing but a sign stays."""
    stays = [t for k, t in enumerate(args) if k not in changed]
    if changed and all(t == MINUS_ONE for t in stays):
        return _WHOLE
    return tuple((k,) for k in changed)


# -- the closing line -----------------------------------------------------------------------


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
            said += [", ", rows, " by ", *_listed(by)]
        else:
            said += [", as ", by[0]]
    if form.batched:
        said.append("; more axes than a matrix has, so by einsum or broadcasting")
    return tuple(said)


def assumptions(doc: Document, detail: str = "normal") -> tuple[Prose, ...]:
    """What was assumed: givens used, conditions kept, where the objective is defined."""
    out: list[Prose] = []
    if doc.given:
        out.append(("using ", *conditions_prose(doc.given)))
    rest = [c for c in doc.conditions if not (doc.scope and _bounds_a_size(c))]  # said by the scope
    if rest:
        out.append(("provided ", *conditions_prose(rest)))
    if doc.domain and detail != "outline":
        out.append(
            ("wherever ", doc.objective, " has a derivative: ", *conditions_prose(doc.domain))
        )
    return tuple(out)


def _bounds_a_size(c: Term) -> bool:
    return isinstance(c, Relation) and isinstance(c.left, Size) and is_number(c.right) and (
        c.op in (">=", ">")
    )


def conditions_prose(conditions: Sequence[Term]) -> Prose:
    """Conditions in a row, saying of free indices that they mean every value."""
    out: list[Any] = []
    for k, c in enumerate(conditions):
        out += [", ", c] if k else [c]
        free = sorted(free_indices(c), key=str)
        after = free_indices(conditions[k + 1]) if k + 1 < len(conditions) else None
        if free and after != frozenset(free):
            out += [" for every ", *_listed(free)]
    return tuple(out)


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
