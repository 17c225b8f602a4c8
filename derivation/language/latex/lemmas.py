"""What a document says once for all: a layer's formula for every layer, a lemma about a number.

``z^{l+1} = …`` is not written where ``z^l = …`` is; and ``d/dx σ(x) = σ(x)(1-σ(x))`` is about a
number x, whatever x is in the rest of the document.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from derivation.language.latex.items import Item
from derivation.language.latex.survey import layers, step_of
from derivation.language.latex.trees import (
    Add,
    Binder,
    Bracket,
    Call,
    Condition,
    Derivative,
    Function,
    Name,
    Norm,
    Number,
    Power,
    Reduction,
    Slot,
    Transposed,
    free_letters,
    rebuilt,
    walk,
)


def with_next_layers(found: list[Item]) -> list[Item]:
    """The items, with what is said of a layer l said again for l+1 where that is spoken of."""
    trees = [s for i in found for s in i.sides if s is not None]
    letters = layers(trees, _bound(trees)) | _stepping(trees)
    if not letters:
        return found
    out = list(found)
    for _ in range(3):  # what is said again may speak of more
        more = _next_layers(found, out, letters)
        out += more
        if not more:
            break
    return out


def _next_layers(found: list[Item], said: list[Item], letters: set[str]) -> list[Item]:
    trees = [s for i in said for s in i.sides if s is not None]
    places = {_place(s, letters) for t in trees for s in walk(t)} - {None}
    heads = {_place(_head(i), letters) for i in said if _head(i) is not None}
    out: list[Item] = []
    for item in found:
        head = _head(item)
        place = _place(head, letters)
        if place is None or place[2] != 0 or item.reason is not None or item.condition is not None:
            continue
        above = (place[0], place[1], 1)
        if above not in places or above in heads:
            continue
        if any(_place(s, letters) == above for s in walk(item.sides[1])):
            continue
        sides = [_shifted(s, letters) for s in item.sides[:2]]
        note = f"said for {place[1]} and read for {place[1]}+1 too"
        out.append(
            replace(item, displayed=False, sides=sides, notes=[*item.notes, note], relation=":=")
        )
        heads.add(above)
    return out


def _head(item: Item) -> Any:
    if len(item.sides) < 2 or item.relation not in ("=", ":="):
        return None
    return item.sides[0]


def _bound(trees: list[Any]) -> set[str]:
    return {s.letter for t in trees for s in walk(t) if isinstance(s, Binder)}


def _stepping(trees: list[Any]) -> set[str]:
    """Letters with arithmetic in an index, over which nothing is summed."""
    found = {s.text for t in trees for s in walk(t) if isinstance(s, Slot) and s.kind == "step"}
    return found - _bound(trees)


def _place(t: Any, letters: set[str]) -> tuple[Any, str, int] | None:
    """Which name a tree is, and in which layer."""
    if isinstance(t, Power) and isinstance(t.base, Name):
        found = step_of(t.exponent)
        if found is not None and found[0] in letters:
            return t.base.key, found[0], found[1]
    if isinstance(t, Name):
        for s in t.slots:
            if s.kind in ("letter", "step") and s.text in letters:
                return t.key, s.text, s.offset
    return None


def _shifted(t: Any, letters: set[str]) -> Any:
    def change(s: Any) -> Any:
        if isinstance(s, Slot) and s.kind in ("letter", "step") and s.text in letters:
            by = s.offset + 1
            return replace(s, kind="step" if by else "letter", offset=by)
        if isinstance(s, Power) and isinstance(s.base, Name):
            found = step_of(s.exponent)
            if found is not None and found[0] in letters:
                by = found[1] + 1
                letter = Name(found[0], latex=found[0])
                more = ("+" if by > 0 else "-", Number(str(abs(by))))
                return replace(s, exponent=Add((("+", letter), more)) if by else letter)
        return s

    return rebuilt(t, change)


def with_numbers_apart(found: list[Item]) -> None:
    """Gives the number of a lemma ``d/dx f(x) = …`` a key of its own where x is an array elsewhere.

    Only where the lemma is about nothing but x and numbers, in all of its display.
    """
    groups: dict[int, list[Item]] = {}
    for item in found:
        groups.setdefault(item.formula, []).append(item)
    indexed = {
        s.key for i in found for t in i.sides if t is not None for s in walk(t)
        if isinstance(s, Name) and s.slots
    }  # fmt: skip
    for group in groups.values():
        letter = _lemma_letter(group)
        if letter is None or letter not in indexed:
            continue

        def change(s: Any, key: Any = letter) -> Any:
            if isinstance(s, Name) and s.key == key:
                return replace(s, base=s.base + "0")
            return s

        for item in group:
            item.sides = [None if t is None else rebuilt(t, change) for t in item.sides]
            item.notes.append(f"{letter[0]} is a number here, whatever it is elsewhere")


def with_ranges(found: list[Item]) -> None:
    """Gives a sum without limits the one index of its body that is not free on the left."""
    for item in found:
        head = item.sides[0] if item.sides else None
        left = free_letters(head) if head is not None else set()
        for k, side in enumerate(item.sides):
            if side is None:
                continue

            def change(s: Any, item: Item = item, left: set[str] = left) -> Any:
                if not (isinstance(s, Reduction) and any(not b.letter for b in s.binders)):
                    return s
                letters = free_letters(s.body)
                letters = letters - left if len(letters) > 1 else letters
                if len(letters) != 1 or letters & left:
                    return s
                letter = next(iter(letters))
                item.notes.append(f"the sum without limits is read as running over {letter}")
                return replace(s, binders=(replace(s.binders[0], letter=letter),))

            item.sides[k] = rebuilt(side, change)


def without_matrix_calls(found: list[Item]) -> None:
    """``h(X) = Xθ`` beside ``h(x) = θ·x``: of the two only the one about an example is read."""
    heads = [(i, _head(i)) for i in found]
    single = {
        (h.name.key, h.args[0].base)
        for _, h in heads
        if isinstance(h, Call) and len(h.args) == 1 and isinstance(h.args[0], Name)
    }
    for item, head in heads:
        if not isinstance(head, Call) or len(head.args) != 1:
            continue
        arg = head.args[0]
        base = arg.base if isinstance(arg, Name) else ""
        if base.isupper() and (head.name.key, base.lower()) in single:
            item.reason = "a function of a matrix, row by row, is not read"
            item.place, item.sides = item.pos, []


def with_totals(found: list[Item]) -> None:
    """``L = 1/N Σ L_i``: the total is a name of its own beside the L_i."""
    totals: set[Any] = set()
    for item in found:
        head = _head(item)
        if isinstance(head, Name) and not head.slots:
            for s in walk(item.sides[1]):
                if isinstance(s, Reduction) and any(
                    isinstance(n, Name) and n.key == head.key and n.slots for n in walk(s.body)
                ):
                    totals.add(head.key)
    if not totals:
        return

    def change(s: Any) -> Any:
        if isinstance(s, Name) and s.key in totals and not s.slots:
            return replace(s, label=s.label + "total")
        return s

    for item in found:
        item.sides = [None if t is None else rebuilt(t, change) for t in item.sides]


def with_cases_apart(found: list[Item]) -> None:
    """A mixed second derivative is for j ≠ k where the one for j = k has a display of its own."""

    def twice(item: Item) -> Any:
        first = item.sides[0] if item.sides else None
        if isinstance(first, Derivative) and len(first.by) == 2:
            a, b = first.by
            if isinstance(a, Name) and isinstance(b, Name) and a.key == b.key:
                return a, b
        return None

    same = {pair[0].key for pair in map(twice, found) if pair and pair[0] == pair[1]}
    for item in found:
        pair = twice(item)
        if pair is None or pair[0].key not in same or item.condition is not None:
            continue
        slots = [v.slots[0] for v in pair if len(v.slots) == 1 and v.slots[0].kind == "letter"]
        if len(slots) == 2 and slots[0] != slots[1]:
            j, k = (Name(s.text, latex=s.text) for s in slots)
            item.condition = Condition("!=", j, k)
            item.notes.append(
                f"read for {j.base} ≠ {k.base}, since the second derivative by one entry is given "
                "apart"
            )


def with_roots(found: list[Item]) -> list[Item]:
    """``e^2 = (r - s)^2`` says what e is up to its sign, where e is used by itself too."""
    out: list[Item] = []
    for item in found:
        head = _head(item)
        if isinstance(head, Power) and isinstance(head.base, Name) and head.exponent == _TWO:
            body = _bare(item.sides[1])
            used = any(
                _used_alone(t, head.base.key) for i in found for t in i.sides if t is not None
            )
            if isinstance(body, Power) and body.exponent == _TWO and used:
                note = f"`{head.base.latex}` is what is squared, its sign as it stands there"
                root = replace(
                    item, sides=[head.base, _bare(body.base)], displayed=False,
                    relation=":=", notes=[*item.notes, note],
                )  # fmt: skip
                out.append(root)
        out.append(item)
    return out


_TWO = Number("2")


def _used_alone(t: Any, key: Any) -> bool:
    """Whether a name stands somewhere without its square."""
    squared = {id(s.base) for s in walk(t) if isinstance(s, Power) and s.exponent == _TWO}
    return any(isinstance(s, Name) and s.key == key and id(s) not in squared for s in walk(t))


def _lemma_letter(group: list[Item]) -> Any:
    """The one name that a display is about, if it is differentiated by as a number."""
    by: set[Any] = set()
    names: set[Any] = set()
    for item in group:
        if item.reason is not None:
            continue
        if item.condition is not None or item.relation != "=":
            return None
        for t in item.sides:
            inside: set[int] = set()
            for s in walk(t) if t is not None else ():
                if isinstance(s, (Transposed, Norm, Slot, Binder)):
                    return None
                if isinstance(s, Derivative):
                    by |= {_bare(v).key for v in s.by if isinstance(_bare(v), Name)}
                if isinstance(s, Call):
                    if s.name.slots or s.name.base in ("L", "J", "C", "E"):
                        return None
                    if len(s.args) == 1 and isinstance(s.args[0], Name) and (
                        "prime" in s.name.marks or (t is item.sides[0] and s is t)
                    ):  # fmt: skip
                        by.add(s.args[0].key)
                    inside.add(id(s.name))
                if isinstance(s, Function) and s.name in ("softmax", "logsumexp"):
                    return None
                if isinstance(s, Name) and id(s) not in inside and s.base not in ("e", "pi"):
                    if s.slots:
                        return None
                    names.add(s.key)
    return next(iter(by)) if len(by) == 1 and names == by else None


def _bare(t: Any) -> Any:
    return t.inside if isinstance(t, Bracket) else t
