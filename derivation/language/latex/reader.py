"""A document as a problem and the equalities that it states."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from derivation.errors import InputError
from derivation.language.latex.document import Document, split
from derivation.language.latex.guesses import guesses
from derivation.language.latex.items import Item, Items, items
from derivation.language.latex.naming import Names
from derivation.language.latex.ranges import Ranges, Text
from derivation.language.latex.reading import Alternative, Kind, Reading, Statement
from derivation.language.latex.survey import Key, Survey, plain, walk
from derivation.language.latex.tokens import Unread
from derivation.language.latex.trees import (
    Call,
    Condition,
    Derivative,
    Function,
    Name,
    Number,
    Reduction,
    Slot,
)
from derivation.language.latex.writing import Scope, Writer
from derivation.language.programs import read_problem
from derivation.problem import Problem

ENDINGS = (".tex", ".md", ".markdown", ".latex")
_MAX_RETRIES = 300


def is_document(filename: str) -> bool:
    """Whether a file of that name is read as a document (``.tex``, ``.md``).

    >>> is_document("notes/softmax.md"), is_document("loss.deriv")
    (True, False)
    """
    return filename.lower().endswith(ENDINGS)


def read_document(
    text: str,
    *,
    filename: str = "",
    problem: Problem | None = None,
    assume: Sequence[str] = (),
) -> Reading:
    """Reads a LaTeX or Markdown document.

    Args:
        text: The document.
        filename: For messages.
        problem: Settles names and ranges: a name of the document that the problem has means that
            name, and ranges are those of the problem. What the problem defines already is a claim
            in the document.
        assume: Statements of the input language that the document leaves out, such as a guess that
            a user confirms: ``given sum(y[i] for i in K) == 1``.

    Raises:
        InputError: If the text is longer than a document may be.

    >>> reading = read_document(r'''
    ... $$\\hat y_i = \\frac{e^{z_i}}{\\sum_{k=1}^K e^{z_k}}, \\quad L = -\\sum_{i=1}^K y_i \\log \\hat y_i$$
    ... $$\\frac{\\partial L}{\\partial z_j} = \\hat y_j - y_j$$
    ... ''')
    >>> print(reading.program)
    yhat[i] = exp(z[i])/sum(exp(z[k]) for k in K)
    L = -sum(y[i]*log(yhat[i]) for i in K)
    wrt z[j]
    >>> reading.claims[0].read_as
    'diff(L, z[j]) == yhat[j] - y[j]'
    """
    return _Reader(split(text), filename, problem, tuple(assume)).read()


@dataclass
class _Part:
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
    derived: list[tuple[set[Key], Key]] = field(default_factory=list)
    keys: set[Key] = field(default_factory=set)  # the names in it
    line: str = ""  # the statement of the program, rendered


class _Reader:
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
        self.parts: list[_Part] = []
        self.definitions: dict[Key, tuple[Name, Any]] = {}
        self.arguments: dict[Key, Call] = {}
        self.failed: set[Key] = set()  # names whose definitions could not be read

    # -- the whole ----------------------------------------------------------------------------

    def read(self) -> Reading:
        self._survey()
        self._read_items({})
        self._read_items(dict(self.writer.defined))
        return self._finished()

    def _read_items(self, inputs: dict[Key, set[Key]]) -> None:
        """Reads every item; ``inputs`` is what an earlier pass has found definitions to mention."""
        self.ranges = Ranges()
        self.parts, self.definitions, self.arguments, self.failed = [], {}, {}, set()
        known = set(self.problem.shapes) | set(self.problem.sizes) if self.problem else set()
        self.names = Names(set())
        self.writer = Writer(self.survey, self.names, self.ranges, inputs)
        self._sizes_first()
        if self.problem is not None:
            self._from_problem(self.problem, known)
        if self.assume:
            self._assume()
        previous: Any = None
        base: Any = None  # where the last chain stood before it was split into cases
        condition: Condition | None = None
        for item in self.found.items:
            if item.reason is not None:
                if isinstance(item.head, Name) and item.displayed:
                    self.failed.add(item.head.key)
                if isinstance(item.head, Call):
                    self.failed.add(item.head.name.key)
                self.parts.append(
                    _Part(item, "unread", reason=item.reason, place=item.place, source=item.source)
                )
                if item.displayed:
                    previous = None
                continue
            if item.displayed and item.sides:
                if item.sides[0] is None:
                    if item.condition is None:
                        item.condition = condition
                    elif condition is not None and item.condition != condition:
                        previous = base
                    condition = item.condition
                else:
                    condition, base = item.condition, None
            previous = self._item(item, previous)
            if item.displayed and item.condition is None:
                base = previous

    def _survey(self) -> None:
        """Looks at all trees at once, and puts the plain ones back into the items."""
        trees: list[Any] = []
        places: list[tuple[Item, int]] = []
        heads: list[Any] = []
        for item in self.found.items:
            if not item.displayed and (item.relation in ("", "?") or len(item.sides) < 2):
                item.sides = [] if item.reason is None else item.sides
                continue
            for k, side in enumerate(item.sides):
                if side is not None:
                    trees.append(side)
                    places.append((item, k))
            if item.condition is not None:
                trees.append(item.condition)
                places.append((item, -1))
            if len(item.sides) > 1 and item.relation in ("=", ":=") and item.sides[0] is not None:
                heads.append(item.sides[0])
        self._instances(trees, heads)
        trees, self.survey = plain(trees, heads)
        for (item, k), tree in zip(places, trees, strict=True):
            if k < 0:
                item.condition = tree
            else:
                item.sides[k] = tree

    def _instances(self, trees: list[Any], heads: list[Any]) -> None:
        """``h(x) = …`` where h(x^{(i)}) is what is used: the definition is read for each i."""
        for h, head in enumerate(heads):
            if not isinstance(head, Call) or any(not isinstance(a, Name) for a in head.args):
                continue
            more: dict[str, tuple[Slot, ...]] = {}
            bare = False
            for t in trees:
                for s in walk(t):
                    if (
                        isinstance(s, Call)
                        and s.name.key == head.name.key
                        and len(s.args) == len(head.args)
                    ):
                        for a, b in zip(head.args, s.args, strict=True):
                            if isinstance(a, Name) and isinstance(b, Name) and a.key == b.key:
                                if len(b.slots) > len(a.slots) and b.slots[0].kind == "letter":
                                    more[a.base] = (b.slots[0],)
                                elif s is not head and not b.slots:
                                    bare = True
            if not more or bare:
                continue
            item = next(i for i in self.found.items if i.sides and i.sides[0] is head)
            at = {id(x): n for n, x in enumerate(trees)}

            def change(s: Any, more: dict[str, tuple[Slot, ...]] = more) -> Any:
                if isinstance(s, Name) and s.base in more and not s.marks:
                    return replace(s, slots=(*more[s.base], *s.slots))
                return s

            from derivation.language.latex.survey import rebuilt

            for k, side in enumerate(item.sides):
                if side is not None:
                    new = rebuilt(side, change)
                    trees[at[id(side)]] = new
                    item.sides[k] = new
            heads[h] = item.sides[0]

    def _sizes_first(self) -> None:
        """Limits name sizes before any name is given away."""
        for item in self.found.items:
            for side in item.sides:
                if side is not None:
                    for s in walk(side):
                        if isinstance(s, Reduction):
                            for b in s.binders:
                                if isinstance(b.upper, Name) and not b.upper.slots:
                                    u = b.upper
                                    word = u.base + "".join(u.marks) + u.label
                                    self.names.reserved.add(self.writer.size_name(word))
        for letter, size in self.found.prefer.items():
            if size in self.survey.sizes:
                self.found.prefer[letter] = self.writer.size_name(size)

    def _from_problem(self, problem: Problem, known: set[str]) -> None:
        """Names and ranges of a problem file alongside."""
        from derivation.terms import name_of, names

        self.names.reserved.clear()
        for key in self.survey.ranks:
            probe = Name(key[0], key[1], key[2], latex=key[0])
            found = Names(set()).name(probe)
            for option in (found, found.replace("_", ""), found.lower(), found.replace("_", "").lower()):
                if option in problem.shapes and option not in self.names.by_key.values():
                    self.names.by_key[key] = option
                    self.names.name(probe)
                    from derivation.language.latex.naming import _shown

                    self.names.latex[option] = _shown(probe)
                    break
            name = self.names.by_key.get(key)
            if name is not None:
                shape = problem.shapes[name]
                self.survey.ranks[key] = max(self.survey.ranks[key], len(shape))
                for k, over in enumerate(shape):
                    self.ranges.give(self.ranges.slot(name, k), str(getattr(over, "name", over)))
        back = {name: key for key, name in self.names.by_key.items()}
        for name, definition in problem.definitions.items():
            key0 = back.get(name, (name, (), ""))
            inside = names(definition.body)
            self.writer.defined[key0] = {back.get(n, (n, (), "")) for n in inside}
            self.definitions[key0] = (Name(*key0), None)
        self.survey.sizes |= set(problem.sizes)
        for size in problem.sizes:
            self.writer.size_names[size] = size
        self.names.reserved |= set(problem.sizes)
        _ = (name_of, known)

    def _assume(self) -> None:
        """What the user adds: its definitions count as the document's own."""
        for key in self.survey.ranks:
            self.names.name(Name(*key, latex=_letters(key)))
        back = {name: key for key, name in self.names.by_key.items()}
        for text in self.assume:
            words = re.findall(r"[A-Za-z_]\w*", text)
            if not words or words[0] == "given":
                continue
            keys = [back.get(x, (x, (), "")) for x in words]
            self.writer.defined[keys[0]] = set(keys[1:])
            self.definitions[keys[0]] = (Name(*keys[0]), None)

    # -- one item -------------------------------------------------------------------------------

    def _item(self, item: Item, previous: Any) -> Any:
        """Reads one item; returns the tree that a line beginning with ``=`` goes on from."""
        sides = list(item.sides)
        if not sides:
            return previous
        if item.relation not in ("=", ":="):
            if item.relation == "":
                if item.displayed:
                    self._unread(item, "there is no equality here")
                    return sides[0]
                return previous
            self._comparison(item)
            return previous
        if not item.displayed:
            self._inline(item, sides)
            return previous
        chain = sides[0] is None
        if chain:
            if previous is None:
                self._unread(item, "goes on from a line that is not read")
                return sides[-1]
            sides[0] = previous
        head = sides[0]
        if self._is_log_of_new(head, sides[1], item):
            item.notes.append("what a logarithm is says what its argument is")
            head, sides[1] = head.args[0], Function("exp", (sides[1],))
            sides[0] = head
        k = 1
        if not chain and item.condition is None and self._is_definition(head, sides[1], item):
            self._define(item, head, sides[1])
            k = 2
        elif not chain and self._is_alias(head, sides[1]):
            self.writer.aliases[head.key] = (head.slots, sides[1])
            self._note_alias(item, head)
            sides = sides[1:]
        elif not chain and self._is_given(head, sides) and item.condition is None:
            self._given(item, head, sides[1])
            return sides[-1]
        elif self._is_update(head, sides):
            self._unread(item, "an update or a value of an input is no equality to prove")
            itself = any(isinstance(s, Name) and s.key == head.key for s in walk(sides[1]))
            if not itself and not isinstance(sides[1], Number):
                self.failed.add(head.key)
            return sides[-1]
        last = sides[-1]
        if (
            len(sides) > k
            and isinstance(sides[0], Derivative)
            and isinstance(last, Name)
            and self._fresh_name(last)
            and all(s.kind == "letter" for s in last.slots)
        ):
            if len(sides) > 2 and self._is_definition(last, sides[-2], item):
                self._define(item, last, sides[-2])
            else:
                self.writer.aliases[last.key] = (last.slots, sides[0])
                self._note_alias(item, last)
            sides.pop()
        for n in range(k, len(sides)):
            self._claim(item, sides[n - 1], sides[n], chain or n > 1, first=sides[0])
        return sides[-1]

    def _is_log_of_new(self, head: Any, body: Any, item: Item) -> bool:
        """``\\log L(\\beta) = …`` where L is nowhere else defined."""
        return (
            isinstance(head, Function)
            and head.name == "log"
            and len(head.args) == 1
            and isinstance(head.args[0], Name)
            and item.condition is None
            and head.args[0].key not in self._defined_in_displays()
            and self._is_definition(head.args[0], body, item)
        )

    def _fresh_name(self, t: Name) -> bool:
        key = t.key
        return (
            key not in self.definitions
            and key not in self.writer.aliases
            and not any(
                i.sides and isinstance(i.sides[0], Name) and i.sides[0].key == key
                for i in self.found.items
            )
            and not self._mentioned(key)
        )

    def _mentioned(self, key: Key) -> bool:
        return any(key in inputs for inputs in self.writer.defined.values())

    def _is_definition(self, head: Any, body: Any, item: Item) -> bool:
        """Whether an equality says what a name is, rather than something about it."""
        if isinstance(head, Call):
            return (
                self.survey.functions.get(head.name.key) == "defined"
                and head.name.key not in self.arguments
                and all(isinstance(a, Name) and not a.slots for a in head.args)
                and not any(isinstance(s, Derivative) for s in walk(body))
            )
        if not isinstance(head, Name) or head.key in self.definitions:
            return False
        if head.key in self.writer.aliases or head.key in self.writer.same:
            return False
        letters = [s.text for s in head.slots]
        if any(s.kind != "letter" for s in head.slots) or len(set(letters)) < len(letters):
            return False
        word = head.base + "".join(head.marks) + head.label
        if word in self.survey.sizes or (head.key == ("e", (), "") and not head.slots):
            return False
        inside = {s.key for s in walk(body) if isinstance(s, Name)}
        if head.key in inside or isinstance(body, Number):
            return False
        if any(isinstance(s, Derivative) for s in walk(body)):
            return False
        return not any(head.key in self.writer._reach(m) for m in inside)

    def _is_alias(self, head: Any, body: Any) -> bool:
        """``\\delta_j = ∂L/∂z_j``: another name for a derivative."""
        return (
            isinstance(head, Name)
            and isinstance(body, Derivative)
            and head.key not in self.definitions
            and head.key not in self.writer.aliases
            and all(s.kind == "letter" for s in head.slots)
            and not self._mentioned(head.key)
        )

    def _is_given(self, head: Any, sides: list[Any]) -> bool:
        """A sum over an input that has a value: a condition, not a result."""
        if len(sides) != 2 or not isinstance(sides[1], Number) or not isinstance(head, Reduction):
            return False
        inside = [s for s in walk(head) if isinstance(s, Name) and s.slots]
        return bool(inside) and all(s.key not in self.definitions for s in inside)

    def _is_update(self, head: Any, sides: list[Any]) -> bool:
        if not isinstance(head, Name) or head.key in self.definitions:
            return False
        if any(isinstance(s, Derivative) for side in sides[1:] for s in walk(side)):
            return any(
                isinstance(s, Name) and s.key == head.key for side in sides[1:] for s in walk(side)
            )
        return True

    def _inline(self, item: Item, sides: list[Any]) -> None:
        """Definitions, aliases and givens of inline formulas; all else is prose."""
        if sides[0] is None or item.condition is not None:
            return
        if self._is_given(sides[0], sides):
            self._given(item, sides[0], sides[1])
            return
        names = [s for s in sides if isinstance(s, Name) and not s.slots]
        others = [s for s in sides if s not in names]
        if names and len(names) + len(others) == len(sides) and (others or len(names) > 1):
            later = self._defined_in_displays()
            main = next((n for n in names if n.key in later), names[-1])
            if len(others) <= 1 and sides[-1] is (others[0] if others else sides[-1]):
                if len(others) == 1 and main.key not in later and self._is_definition(
                    main, others[0], item
                ):
                    self._define(item, main, others[0])
                for n in names:
                    if n.key != main.key and n.key not in later and (
                        main.key in self.definitions or main.key in later
                    ):
                        self.writer.same[n.key] = main
                        self._alias_part(item, n, main)
                return
        head = sides[0]
        if len(sides) == 2 and isinstance(head, Name) and head.key not in self._defined_in_displays():
            if self._is_definition(head, sides[1], item) and not isinstance(sides[1], Name):
                self._define(item, head, sides[1])

    def _defined_in_displays(self) -> set[Key]:
        if not hasattr(self, "_later"):
            self._later = {
                i.sides[0].key
                for i in self.found.items
                if i.displayed and len(i.sides) > 1 and isinstance(i.sides[0], Name)
                and i.condition is None and i.relation in ("=", ":=")
                and not isinstance(i.sides[1], Number)
            }  # fmt: skip
        return self._later

    # -- statements ---------------------------------------------------------------------------------

    def _unread(self, item: Item, reason: str, place: int | None = None) -> None:
        where = item.pos if place is None else place
        self.parts.append(_Part(item, "unread", reason=reason, place=where, source=item.source))

    def _alias_part(self, item: Item, name: Name, main: Name) -> None:
        text = f"{self.names.name(main)} (the same as {name.latex})"
        part = _Part(item, "definition", source=item.source)
        part.notes.append(f"{name.latex} is another name for {self.names.name(main)}")
        part.line = ""
        _ = text
        self.parts.append(part)

    def _note_alias(self, item: Item, name: Name) -> None:
        part = _Part(item, "definition", source=item.source)
        part.notes.append(f"{name.latex} stands for this derivative")
        self.parts.append(part)

    def _started(self) -> Any:
        saved = self.ranges.save()
        self.writer.scope = Scope(self.ranges)
        self.writer.notes, self.writer.assumed = [], []
        self.writer.length = 0
        self.writer.derived = []
        return saved

    def _define(self, item: Item, head: Any, body: Any) -> None:
        saved = self._started()
        w = self.writer
        part = _Part(item, "definition", source=item.source)
        try:
            if isinstance(head, Call):
                params = [a.base for a in head.args if isinstance(a, Name)]
                name = self.names.name(head.name)
                left: Text = (f"{name}({', '.join(params)})",)
                self.arguments[head.name.key] = head
                for p in params:
                    w.scope.free[p] = self.ranges.new()
                right = w.write(body)
            else:
                if not head.slots and self.survey.ranks.get(head.key, 0) == 1:
                    letter = w.fresh()
                    r = self.ranges.new()
                    left = w._with_lift((letter, r), lambda: w.write(head))
                    right = w._with_lift((letter, r), lambda: w.write(body))
                else:
                    self._label_letters(head, body)
                    left, right = w.write(head), w.write(body)
                strange = set(w.scope.free) - {s.text for s in head.slots}
                if strange:
                    raise Unread(f"the index {sorted(strange)[0]} stands on one side only", item.pos)
        except (Unread, RecursionError) as error:
            self.ranges.restore(saved)
            self.failed.add(head.key if isinstance(head, Name) else head.name.key)
            self._failed(item, error)
            return
        if isinstance(head, Call):
            inside = {w._settled(s).key for s in walk(body) if isinstance(s, Name)}
            params_ = {a.key for a in head.args if isinstance(a, Name)}
            w.defined[head.name.key] = inside - params_ - self._constants()
        if isinstance(head, Name):
            inside = {w._settled(s).key for s in walk(body) if isinstance(s, Name)}
            self.definitions[head.key] = (head, body)
            w.defined[head.key] = inside - self._constants()
        part.texts = (left, right)
        part.assumed, part.notes = [*w.assumed], [*w.notes]
        self.parts.append(part)

    def _constants(self) -> set[Key]:
        """Letters that are numbers where they have no index anywhere."""
        letters = {("e", (), ""), ("pi", (), "")}
        return {k for k in letters if not self.survey.ranks.get(k, 0)}

    def _label_letters(self, head: Name, body: Any) -> None:
        """``L = -\\log p_y``: y is a class number where no sum binds it and no name has it."""
        if head.slots:
            return
        bound = self.survey.bound
        for s in walk(body):
            if isinstance(s, Slot) and s.kind == "letter" and s.text not in bound:
                in_heads = any(
                    isinstance(i.sides[0], Name) and any(x.text == s.text for x in i.sides[0].slots)
                    for i in self.found.items
                    if i.sides and i.displayed and i.sides[0] is not None
                )
                if not in_heads and s.text not in self.writer.labels:
                    self.writer.labels[s.text] = self.ranges.new(s.text)

    def _claim(self, item: Item, left: Any, right: Any, chain: bool, first: Any) -> None:
        saved = self._started()
        w = self.writer
        part = _Part(item, "claim", source=item.source, chain=chain)
        try:
            letter, r = w.fresh(), self.ranges.new()
            lifted = []

            def side(t: Any) -> Text:
                def go() -> Text:
                    text = w.write(t)
                    lifted.append(w.scope.lifted)
                    return text

                found: Text = w._with_lift((letter, r), go)
                return found

            if item.condition is not None:
                part.condition = w.condition(item.condition)
            w.ambiguous = False
            texts = (side(left), side(right))
            if w.ambiguous:
                notes, derived = [*w.notes], [*w.derived]
                w.flipped = True
                part.others = (side(left), side(right))
                w.flipped, w.notes, w.derived = False, notes, derived
                del lifted[2:]
            if lifted[0] != lifted[1] and not isinstance(right, Number):
                raise Unread("one side has entries and the other has none")
            if lifted[0] or lifted[1]:
                part.notes.append("read entry by entry")
            if isinstance(first, Derivative):
                part.derivative = "partial" if _starts(texts[0], "partial") else "diff"
            if isinstance(left, Derivative) and len(left.by) == 1 and isinstance(left.body, Name):
                body = side(left.body)
                part.wrt = (body, side(left.by[0]))
        except (Unread, RecursionError) as error:
            w.flipped = False
            self.ranges.restore(saved)
            self._failed(item, error)
            return
        part.texts, part.derived = texts, [*w.derived]
        part.keys = self._keys(left) | self._keys(right)
        part.assumed, part.notes = [*w.assumed], [*part.notes, *item.notes, *w.notes]
        self.parts.append(part)

    def _keys(self, t: Any) -> set[Key]:
        """The names in a tree, what stands for a derivative being looked into."""
        out: set[Key] = set()
        todo = [t]
        seen: set[Key] = set()
        while todo:
            for s in walk(todo.pop()):
                if isinstance(s, Name):
                    key = self.writer._settled(s).key
                    if key in self.writer.aliases and key not in seen:
                        seen.add(key)
                        todo.append(self.writer.aliases[key][1])
                    elif key not in self.writer.aliases:
                        out.add(key)
        return out

    def _given(self, item: Item, left: Any, right: Any, op: str = "==") -> None:
        saved = self._started()
        w = self.writer
        try:
            part = _Part(item, "given", source=item.source, op=op)
            part.texts = (w.write(left), w.write(right))
        except (Unread, RecursionError) as error:
            self.ranges.restore(saved)
            self._failed(item, error)
            return
        part.assumed, part.notes = [*w.assumed], [*w.notes]
        self.parts.append(part)

    def _comparison(self, item: Item) -> None:
        """``\\sigma > 0`` is a given if it is about an input and a number."""
        if (
            len(item.sides) == 2
            and item.sides[0] is not None
            and isinstance(item.sides[1], Number)
            and isinstance(item.sides[0], Name)
            and item.condition is None
            and item.sides[0].key not in self.definitions
            and item.sides[0].key in {k for v in self.writer.defined.values() for k in v}
            and not (item.sides[0].base in self.survey.bound and not item.sides[0].slots)
        ):
            self._given(item, item.sides[0], item.sides[1], item.relation)
        elif item.displayed:
            self._unread(item, "a comparison is no equality")

    def _failed(self, item: Item, error: Exception) -> None:
        if isinstance(error, Unread):
            self._unread(item, error.reason, error.pos)
        else:
            self._unread(item, "the formula is nested too deep")

    # -- the end ----------------------------------------------------------------------------------

    def _finished(self) -> Reading:
        w = self.writer
        taken = {k[0] for k in self.survey.ranks} | set(self.names.by_key.values())
        taken |= set(w.size_names.values())
        assumed = self.ranges.settle(taken, self.found.prefer)
        lines: dict[int, _Part] = {}
        for part in self.parts:
            self._grounded(part)
            self._render(part)
        program = self._checked()
        wrt = self._wrt()
        _ = lines
        if wrt is not None and self.problem is None:
            of, by = wrt
            text = self._program()
            last = [p for p in self.parts if p.kind == "definition" and p.line]
            heads = [p.line.partition(" = ")[0] for p in last if "(" not in p.line.partition(" = ")[0]]
            extra = [] if heads and heads[-1] == of else [f"of {of}"]
            candidate = "\n".join([text, *extra, f"wrt {by}"])
            try:
                read_problem(candidate)
                program = candidate
            except InputError:
                wrt = None
        statements = tuple(self._statement(p) for p in self.parts)
        assumed += [a for s in statements for a in s.assumed]
        displays = {f for f, x in enumerate(self.document.formulas) if x.displayed and x.source.strip()}
        bad = {p.item.formula for p in self.parts if p.kind == "unread" and p.item.displayed}
        return Reading(
            filename=self.filename,
            program=program,
            statements=statements,
            wrt=None if wrt is None else wrt[1],
            assumed=tuple(dict.fromkeys([*self.survey.assumed, *assumed])),
            guesses=guesses(self.document, self.survey, self.names, self.definitions, program, self.ranges),
            names=dict(self.names.latex),
            displays=(len(displays), len(displays - bad)),
        )

    def _grounded(self, part: _Part) -> None:
        """A claim about something that no readable formula defines is not read."""
        if part.kind != "claim":
            return
        w = self.writer
        reached = {k for key in part.keys for k in (key, *w._reach(key))}
        lost = next((k for k in reached if k in self.failed and k not in self.definitions), None)
        reason = ""
        if lost is not None:
            reason = f"it rests on `{_letters(lost)}`, whose definition is not read"
        for inside, by in part.derived:
            if by not in inside and not any(by in w._reach(k) for k in inside):
                what = ", ".join(sorted(_letters(k) for k in inside)) or "this"
                reason = f"nothing that is read says how {what} depends on {_letters(by)}"
        known = set(w.defined) | {k for inputs in w.defined.values() for k in inputs}
        functions = {
            k for k, kind in self.survey.functions.items() if kind not in ("array", "refused")
        }
        if (part.keys & known) - functions:
            free = self.survey.letters | self.survey.bound | self.survey.sizes | {"e", "pi"}
            by_these = {by for _, by in part.derived}
            for key in sorted(part.keys - known - by_these - functions):
                if "".join((key[0], *key[1], key[2])) not in free:
                    reason = reason or f"nothing that is read says what `{_letters(key)}` is"
        if reason:
            part.kind, part.reason, part.place = "unread", reason, part.item.pos

    def _render(self, part: _Part) -> None:
        if part.kind == "unread" or not part.texts:
            return
        try:
            rendered = [self.ranges.render(t) for t in part.texts]
            condition = None if part.condition is None else self.ranges.render(part.condition)
        except Unread as error:
            part.kind, part.reason, part.place = "unread", error.reason, part.item.pos
            return
        part.texts = tuple((r,) for r in rendered)
        part.condition = None if condition is None else (condition,)
        left, right = rendered
        if part.kind == "definition":
            part.line = f"{left} = {right}"
        elif part.kind == "given":
            part.line = f"given {left} {part.op} {right}"
        else:
            right = _enclosed(right)
            part.line = f"claim {left} == {right}"
            if condition is not None:
                part.line += f" if {condition}"
        if part.others:
            sides = [self.ranges.render(t) for t in part.others]
            part.others = tuple((_enclosed(r),) if n else (r,) for n, r in enumerate(sides))
        if part.wrt is not None:
            try:
                a, b = part.wrt
                part.wrt = ((self.ranges.render(a),), (self.ranges.render(b),))
            except Unread:
                part.wrt = None

    def _program(self) -> str:
        """The problem without what is claimed."""
        if self.problem is not None:
            return self.problem.text.rstrip("\n")
        w = self.writer
        out = [
            f"function {name}" + (f"({count})" if count > 1 else "")
            for name, count in sorted(w.unknown.items())
        ]
        body = [p.line for p in self.parts if p.kind == "definition" and p.line]
        givens = [p.line for p in self.parts if p.kind == "given" and p.line]
        out += body
        out += [a for a in self.assume if not a.startswith("given ")]
        givens += [a for a in self.assume if a.startswith("given ")]
        for name, r in w.labels.items():
            size = self.ranges.size.get(self.ranges.find(r))
            if size is not None:
                shape = ""
                for key, n in self.names.by_key.items():
                    if n == name and self.survey.ranks.get(key, 0):
                        letters = "abc"[: self.survey.ranks[key]]
                        shape = f"[{','.join(letters)}]"
                out.append(f"label {name}{shape} in {size}")
        out += list(dict.fromkeys(givens))
        return "\n".join(out)

    def _checked(self) -> str:
        """The program; what the reader of the language refuses is unread, with its reason."""
        for _ in range(_MAX_RETRIES):
            program = self._program()
            head = program.split("\n") if program else []
            claims = [p for p in self.parts if p.kind == "claim"]
            text = "\n".join([*head, *(p.line for p in claims)])
            try:
                read_problem(text, need_wrt=False)
                return program
            except InputError as error:
                at = (error.line or 0) - 1
                wrong: _Part | None = None
                if at >= len(head):
                    wrong = claims[at - len(head)] if at - len(head) < len(claims) else None
                elif 0 <= at:
                    line = head[at]
                    wrong = next((p for p in self.parts if p.line == line and p.kind != "claim"), None)
                    if wrong is None and line.startswith("label "):
                        name = line.split()[1].partition("[")[0]
                        self.writer.labels.pop(name, None)
                        continue
                    if wrong is None and line.startswith("function "):
                        self.writer.unknown.pop(line.split()[1].partition("(")[0], None)
                        continue
                if wrong is None:
                    wrong = next((p for p in reversed(self.parts) if p.kind == "claim"), None)
                if wrong is None:
                    wrong = next((p for p in reversed(self.parts) if p.line and p.kind != "unread"), None)
                if wrong is None:
                    return program if self.problem is not None else ""
                wrong.reason = f"`{wrong.line[:80]}`: {error.message}"
                wrong.kind, wrong.place = "unread", wrong.item.pos
        return self._program()

    def _wrt(self) -> tuple[str, str] | None:
        """What the document differentiates: the objective, and all inputs that it is derived by."""
        if self.problem is not None:
            return None
        bodies = {}
        for part in self.parts:
            if part.kind == "definition" and part.line:
                head, _, body = part.line.partition(" = ")
                bodies[head.partition("[")[0]] = set(re.findall(r"[A-Za-z_]\w*", body))
        asked = [
            (str(p.wrt[0][0]), str(p.wrt[1][0]))
            for p in self.parts
            if p.kind == "claim" and p.wrt is not None
        ]
        asked = [(of, by) for of, by in asked if of.partition("[")[0] in bodies]
        used = set().union(*bodies.values()) if bodies else set()
        final = [(of, by) for of, by in asked if by.partition("[")[0] not in bodies]
        tops = [(of, by) for of, by in final if of.partition("[")[0] not in used]
        chosen = tops or final or asked
        if not chosen:
            return None
        of = chosen[-1][0]
        by_name: dict[str, str] = {}
        for other, by in chosen:
            if other == of:
                by_name.setdefault(by.partition("[")[0], by)
        return of, ", ".join(by_name.values())

    def _statement(self, part: _Part) -> Statement:
        line, _ = self.document.place(part.item.pos)
        column = None
        if part.place is not None:
            line_, column = self.document.place(part.place)
            line = line_ if part.kind == "unread" else line
        texts = [str(t[0]) for t in part.texts] if part.line and part.kind == "claim" else []
        read_as: str | None = None
        if part.kind != "unread" and part.line:
            read_as = part.line.removeprefix("claim ")
        return Statement(
            line=line,
            source=part.source or part.item.source,
            kind=part.kind,
            read_as=read_as,
            left=texts[0] if texts and part.kind == "claim" else None,
            right=texts[1] if texts and part.kind == "claim" else None,
            condition=str(part.condition[0]) if part.condition and part.kind == "claim" else None,
            chain=part.chain,
            derivative=part.derivative if part.kind == "claim" else None,
            reason=part.reason,
            column=column if part.kind == "unread" else None,
            displayed=part.item.displayed,
            assumed=tuple(dict.fromkeys(part.assumed)),
            notes=tuple(dict.fromkeys(part.notes)),
            alternatives=self._alternatives(part),
        )

    def _alternatives(self, part: _Part) -> tuple[Alternative, ...]:
        if part.kind != "claim" or not part.others:
            return ()
        left, right = (str(t[0]) for t in part.others)
        text = f"{left} == {right}"
        if part.condition:
            text += f" if {part.condition[0]}"
        if f"claim {text}" == part.line:
            return ()
        return (Alternative(text, "with the other reading of ∂, direct or through all names"),)


def _letters(key: Key) -> str:
    return key[0] + "".join(key[1]) + (f"_{key[2]}" if key[2] else "")


def _starts(text: Text, word: str) -> bool:
    return bool(text) and isinstance(text[0], str) and text[0].startswith(word)


def _enclosed(text: str) -> str:
    """A side in brackets if a condition after it would be read as part of it."""
    return f"({text})" if " if " in _outside(text) else text


def _outside(text: str) -> str:
    """What stands outside all brackets."""
    out, level = [], 0
    for c in text:
        level += (c in "([") - (c in ")]")
        if level == 0:
            out.append(c)
    return "".join(out)


_ = Condition
