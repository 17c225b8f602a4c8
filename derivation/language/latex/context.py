"""What a tree is written in: the letters that are bound around it, and what is known of names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from derivation.language.latex.naming import Names
from derivation.language.latex.ranges import Ranges, Text
from derivation.language.latex.survey import Key, Survey
from derivation.language.latex.tokens import Unread
from derivation.language.latex.trees import Condition, Name, Slot

ADD, MUL, NEG, POW, ATOM = range(5)
_FRESH = "dmlqrstuvkpnjabcghi"


class Scope:
    """Letters of one statement: free ones and those that a sum binds."""

    def __init__(self, ranges: Ranges) -> None:
        self.ranges = ranges
        self.free: dict[str, int] = {}
        self.bound: list[tuple[str, str, int]] = []  # letter, as written, range
        self.lift: tuple[str, int] | None = None  # the index that vectors take here
        self.lifted = False
        self.entrywise: set[str] = set()  # names that take the index of the whole statement
        self.full: set[str] = set()  # names of several indices that have them all

    def find(self, letter: str) -> tuple[str, int] | None:
        for name, written, r in reversed(self.bound):
            if name == letter:
                return written, r
        if letter in self.free:
            return letter, self.free[letter]
        return None


class Context:
    """State of the writer, and what its parts share; the parts are in modules of their own."""

    def __init__(
        self, survey: Survey, names: Names, ranges: Ranges, inputs: dict[Key, set[Key]]
    ) -> None:
        self.inputs = inputs  # of definitions that may come later in the document
        self.survey, self.names, self.ranges = survey, names, ranges
        self.aliases: dict[Key, tuple[tuple[Slot, ...], Any]] = {}
        self.defined: dict[Key, set[Key]] = {}  # a name and what its definition mentions
        self.same: dict[Key, Name] = {}  # y' for yhat
        self.axes: set[str] = set()  # letters of a statement's axes, which say nothing of sizes
        self.labels: dict[str, int] = {}  # letters that are class numbers
        self.size_names: dict[str, str] = {}
        self.notes: list[str] = []
        self.assumed: list[str] = []
        self.unknown: dict[str, int] = {}
        self.scope = Scope(ranges)
        self.length = 0
        self.ambiguous = self.flipped = False  # ∂ that reads two ways, and the other reading
        self.derived: list[tuple[set[Key], Key]] = []  # names in what is differentiated, and by

    def letter(self, letter: str) -> tuple[str, int]:
        """An index letter: as it is written, and its range."""
        found = self.scope.find(letter)
        if found is None:
            if letter in self.labels:
                return letter, self.labels[letter]
            self.scope.free[letter] = self.ranges.new("" if letter in self.axes else letter)
            found = letter, self.scope.free[letter]
        return found

    def settled(self, t: Name) -> Name:
        for _ in range(4):
            other = self.same.get(t.key)
            if other is None:
                return t
            t = replace(t, base=other.base, marks=other.marks, label=other.label)
        return t

    def slot(self, s: Slot, name: str, k: int, pos: int | None) -> tuple[int, Text]:
        """One slot: its range and what stands in it."""
        r = self.ranges.slot(name, k)
        if s.kind == "number":
            if s.text == "0":
                raise Unread("an index 0: indices count from 1", pos)
            self.ranges.compared.add(self.ranges.find(r))
            return r, (s.text,)
        if s.kind == "element" and s.element is not None:
            label = self.names.name(s.element)
            self.labels.setdefault(label, self.ranges.new())
            self.ranges.join(self.labels[label], r, pos)
            return r, self.write(s.element)
        if s.kind == "step":
            raise Unread("arithmetic in an index is not part of the language", pos)
        written, over = self.letter(s.text)
        self.ranges.join(over, r, pos)
        return r, (self.names.letter(written),)

    def fresh(self) -> str:
        """A letter for an index that the document does not name."""
        taken = {x[1] for x in self.scope.bound} | set(self.scope.free)
        taken |= self.survey.letters | self.survey.bound | {k[0] for k in self.survey.ranks}
        taken |= self.survey.sizes | set(self.size_names.values()) | set(self.labels)
        for c in _FRESH:
            if c not in taken:
                return c
        k = 1
        while f"d{k}" in taken:
            k += 1
        return f"d{k}"

    def with_lift(
        self, lift: tuple[str, int], write: Callable[[], Any], strict: bool = False
    ) -> Any:
        before, was = self.scope.lift, self.scope.lifted
        self.scope.lift, self.scope.lifted = lift, False
        self.scope.bound.append((lift[0], lift[0], lift[1]))
        try:
            found = write()
            if strict and not self.scope.lifted:
                raise Unread("a product or norm of vectors whose entries are not known")
            return found
        finally:
            self.scope.bound.pop()
            self.scope.lift, self.scope.lifted = before, was

    # what the other parts say

    def write(self, t: Any, need: int = ADD) -> Text:
        raise NotImplementedError

    def level(self, t: Any) -> tuple[Text, int]:
        raise NotImplementedError

    def condition(self, c: Condition) -> Text:
        raise NotImplementedError


def short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
