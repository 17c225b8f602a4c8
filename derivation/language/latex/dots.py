"""``x_1 + x_2 + \\dots + x_n`` as a sum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from derivation.language.latex.tokens import Unread
from derivation.language.latex.trees import (
    Binder,
    Name,
    Reduction,
    Slot,
    rebuilt,
    walk,
)

_LETTERS = "ijkmlpqrs"


def filled(terms: list[tuple[str, Any]], pos: int) -> list[tuple[str, Any]]:
    """The terms with every ``t_1 + … + t_n`` as one sum; None stands for the dots.

    Raises:
        Unread: If the terms before and after the dots do not say what goes on.
    """
    out: list[tuple[str, Any]] = []
    k = 0
    while k < len(terms):
        sign, term = terms[k]
        if term is not None:
            out.append((sign, term))
            k += 1
            continue
        if sign != "+" or not out or k + 1 >= len(terms) or terms[k + 1][1] is None:
            raise Unread("a formula with dots in it is not read", pos)
        last_sign, last = terms[k + 1]
        found = _pattern(last)
        if found is None or last_sign != "+":
            raise Unread("the dots do not say how far they go", pos)
        size, pattern = found
        first = count = 0
        while out and out[-1][0] == "+":
            number = _number(out[-1][1], pattern)
            if number is None or (count and number != first - 1):
                break
            first, count = number, count + 1
            out.pop()
        if not count or first != 1:
            raise Unread("the dots do not say what goes on", pos)
        used = {s.base for s in walk(last) if isinstance(s, Name)}
        used |= {s.text for s in walk(last) if isinstance(s, Slot)}
        letter = next((c for c in _LETTERS if c not in used and c != size), "i")
        body = _with(pattern, Slot("letter", letter))
        upper = Name(size, latex=size)
        out.append(("+", Reduction("sum", (Binder(letter, upper),), (), body, pos)))
        k += 2
    return out


_HOLE = Slot("letter", "\0")


def _pattern(last: Any) -> tuple[str, Any] | None:
    """How far the dots go, and the last term with a hole where that stands."""
    sizes: set[str] = set()
    for s in walk(last):
        if isinstance(s, Name):
            letters = [x.text for x in s.slots if x.kind == "letter" and len(x.text) == 1]
            if len(letters) == 1 and len(s.slots) == 1:
                sizes.add(letters[0])
            elif not s.slots and len(s.label) == 1 and s.label.isupper():
                sizes.add(s.label)
            elif s.slots:
                sizes |= {x.text for x in s.slots if x.kind == "letter" and not x.above}
    if len(sizes) != 1:
        return None
    size = next(iter(sizes))

    def change(s: Any) -> Any:
        if isinstance(s, Name) and not s.slots and s.label == size:
            return replace(s, label="", slots=(_HOLE,))
        if isinstance(s, Slot) and s.kind == "letter" and s.text == size and not s.above:
            return _HOLE
        return s

    return size, rebuilt(last, change)


def _with(pattern: Any, slot: Slot) -> Any:
    return rebuilt(pattern, lambda s: slot if s == _HOLE else s)


def _number(term: Any, pattern: Any) -> int | None:
    """Which number stands in a term where the pattern has its hole."""
    for s in walk(term):
        number = isinstance(s, Slot) and s.kind == "number"
        if number and term == _with(pattern, Slot("number", s.text)):
            return int(s.text)
    return None
