"""A document on its way to a reading: its items, its statements, and what they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from derivation.language.latex.document import Document
from derivation.language.latex.items import Item, Items, items
from derivation.language.latex.naming import Names
from derivation.language.latex.ranges import Ranges, Text
from derivation.language.latex.reading import Kind
from derivation.language.latex.shapes import Shapes
from derivation.language.latex.survey import Key, Survey
from derivation.language.latex.trees import Call, Name
from derivation.language.latex.writing import Writer
from derivation.problem import Problem


@dataclass
class Part:
    """One statement on its way: its texts, whose ranges are not known yet."""

    item: Item
    kind: Kind
    texts: tuple[Text, ...] = ()
    condition: Text | None = None
    chain: bool = False
    source: str = ""
    derivative: Any = None
    reason: str | None = None
    place: int | None = None
    assumed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    op: str = "=="
    wrt: tuple[Text, Text] | None = None  # what a claim's left side is the derivative of, and by
    others: tuple[Text, ...] = ()  # the sides in the other reading of ∂
    other_note: str = "with the other reading of ∂, direct or through all names"
    derived: list[tuple[set[Key], Key]] = field(default_factory=list)
    keys: set[Key] = field(default_factory=set)  # the names in it
    sides: tuple[set[Key], set[Key]] = (set(), set())  # the names of each side
    apart: tuple[set[Key], set[Key]] = (set(), set())  # those of one side only
    head: Key | None = None  # what a definition defines
    loose_letters: list[tuple[str, int]] = field(default_factory=list)  # free on the right only
    line: str = ""  # the statement of the program, rendered


class State:
    """What the stages of reading a document share."""

    survey: Survey
    names: Names
    writer: Writer
    shapes: Shapes
    later: set[Key] | None = None  # names that a display defines
    slopes_named: set[Key] | None = None  # names that a display says to be derivatives
    solving = False  # after an equation that is set to zero
    chain_head: Any = None  # the left side that lines beginning with = go on from
    known_aliases: dict[Key, tuple[Any, Any]]  # names of derivatives, from an earlier pass
    said_aliases: set[Key]  # those that this pass has come to

    def __init__(
        self,
        document: Document,
        filename: str,
        problem: Problem | None,
        assume: tuple[str, ...] = (),
    ) -> None:
        self.assume = assume
        self.document, self.filename, self.problem = document, filename, problem
        self.found: Items = items(document)
        self.ranges = Ranges()
        self.parts: list[Part] = []
        self.definitions: dict[Key, tuple[Name, Any]] = {}
        self.arguments: dict[Key, Call] = {}
        self.shapes = Shapes()
        self.rows_of: dict[Key, Key] = {}  # X, whose rows are the x_n
        self.failed: set[Key] = set()  # names whose definitions could not be read


def key_text(key: Key) -> str:
    return key[0] + "".join(key[1]) + (f"_{key[2]}" if key[2] else "")
