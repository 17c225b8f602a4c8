"""How far the indices of a document run: every slot of every name belongs to one range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from derivation.language.latex.tokens import Unread


@dataclass(frozen=True)
class Over:
    """Where the size of a range is to stand, once it is known."""

    range: int


@dataclass(frozen=True)
class Entry:
    """An array with what stands in its slots; a slot whose range is dropped is left out."""

    name: str
    slots: tuple[tuple[int, Text], ...]


Text = tuple[str | Over | Entry, ...]


@dataclass
class Ranges:
    """Ranges joined by use (union-find), and the sizes that are known for them."""

    parent: list[int] = field(default_factory=list)
    size: dict[int, str] = field(default_factory=dict)
    bound: set[int] = field(default_factory=set)  # ranges that a sum runs over
    compared: set[int] = field(default_factory=set)  # ranges whose indices are compared
    letters: dict[int, set[str]] = field(default_factory=dict)
    slots: dict[tuple[str, int], int] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)

    def new(self, letter: str = "") -> int:
        self.parent.append(len(self.parent))
        made = len(self.parent) - 1
        if letter:
            self.letters[made] = {letter}
        return made

    def find(self, r: int) -> int:
        while self.parent[r] != r:
            self.parent[r] = self.parent[self.parent[r]]
            r = self.parent[r]
        return r

    def join(self, a: int, b: int, pos: int | None = None) -> None:
        """Makes two ranges one.

        Raises:
            Unread: If they are two different sizes.
        """
        a, b = self.find(a), self.find(b)
        if a == b:
            return
        sizes = {self.size[x] for x in (a, b) if x in self.size}
        if len(sizes) > 1:
            one, two = sorted(sizes)
            raise Unread(f"an index that runs over {one} here runs over {two} elsewhere", pos)
        self.parent[a] = b
        for size in sizes:
            self.size[b] = size
        for group in (self.bound, self.compared):
            if a in group:
                group.add(b)
        self.letters.setdefault(b, set()).update(self.letters.get(a, ()))

    def give(self, r: int, size: str, pos: int | None = None) -> None:
        """Says how far a range runs."""
        r = self.find(r)
        if self.size.setdefault(r, size) != size:
            raise Unread(f"an index that runs over {self.size[r]} runs over {size} here", pos)

    def slot(self, name: str, k: int) -> int:
        if (name, k) not in self.slots:
            self.slots[name, k] = self.new()
        return self.slots[name, k]

    def save(self) -> tuple[Any, ...]:
        return (
            list(self.parent), dict(self.size), set(self.bound), set(self.compared),
            {k: set(v) for k, v in self.letters.items()}, dict(self.slots),
        )  # fmt: skip

    def restore(self, saved: tuple[Any, ...]) -> None:
        parent, self.size, self.bound, self.compared, self.letters, self.slots = saved
        # numbers given out since then stay valid, each a range of its own
        self.parent = parent + list(range(len(parent), len(self.parent)))

    # -- at the end -----------------------------------------------------------------------------

    def settle(self, taken: set[str], prefer: dict[str, str]) -> list[str]:
        """Gives every range a size or drops it; returns what was assumed."""
        assumed: list[str] = []
        roots = dict.fromkeys(self.find(r) for r in range(len(self.parent)))
        by_letter: dict[str, str] = {}
        for r in roots:
            if r in self.size:
                for letter in sorted(self.letters.get(r, ())):
                    by_letter.setdefault(letter, self.size[r])
        used = set(taken)
        for r in roots:
            if r in self.size or r not in self.bound:
                continue
            letters = sorted(self.letters.get(r, ()))
            size = next((by_letter[x] for x in letters if x in by_letter), None)
            said = size is None and any(x in prefer for x in letters)
            if said:
                size = next(prefer[x] for x in letters if x in prefer)
            if size is None:
                size = _invented(letters, used)
                used.add(size)
                for x in letters:
                    by_letter.setdefault(x, size)
            self.size[r] = size
            of = sorted({name for (name, _), s in self.slots.items() if self.find(s) == r})
            shown = ", ".join(letters) or f"the index of {', '.join(of)}"
            runs = "run" if ", " in shown and letters else "runs"
            if not said:
                assumed.append(f"{shown} {runs} over 1…{size} (the document does not say how far)")
        for r in roots:
            if r in self.size:
                continue
            letters = sorted(self.letters.get(r, ()))
            known = next((by_letter[x] for x in letters if x in by_letter), None)
            if known is not None:
                self.size[r] = known
            elif r not in self.compared and len(letters) <= 1:
                self.dropped.add(r)
                if letters:
                    assumed.append(
                        f"the index {letters[0]} is left out where nothing is summed over it: "
                        f"the formulas hold for each {letters[0]}"
                    )
        return list(dict.fromkeys(assumed))

    def render(self, text: Text) -> str:
        """The text with sizes and slots in their places.

        Raises:
            Unread: If a size is not known.
        """
        out: list[str] = []
        for piece in text:
            if isinstance(piece, str):
                out.append(piece)
            elif isinstance(piece, Over):
                r = self.find(piece.range)
                if r not in self.size:
                    raise Unread("nothing says how far an index runs")
                out.append(self.size[r])
            else:
                slots = [
                    self.render(inside)
                    for r, inside in piece.slots
                    if self.find(r) not in self.dropped
                ]
                out.append(piece.name + (f"[{','.join(slots)}]" if slots else ""))
        return "".join(out)


def _invented(letters: Iterable[str], taken: set[str]) -> str:
    usual = {"i": "N", "n": "N", "k": "K", "j": "K", "d": "D", "c": "C", "m": "M", "t": "T"}
    wanted = [usual[x] for x in letters if x in usual]
    wanted += [x[0].upper() for x in letters if x] + list("KNMDCJIPQRSUVH")
    for w in wanted:
        if w not in taken and len(w) == 1:
            return w
    k = 1
    while f"N{k}" in taken:
        k += 1
    return f"N{k}"
