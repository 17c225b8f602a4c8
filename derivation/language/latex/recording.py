"""One statement written down: a definition, a given, a claim, an alias, or why it is not read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from derivation.language.latex.context import Scope
from derivation.language.latex.items import Item
from derivation.language.latex.matrices import Indexer
from derivation.language.latex.opaque import Loss, Opaque
from derivation.language.latex.ranges import Text
from derivation.language.latex.state import Part, key_text
from derivation.language.latex.survey import Key, stem_of
from derivation.language.latex.tokens import Unread
from derivation.language.latex.trees import (
    Binder,
    Call,
    Derivative,
    Mul,
    Name,
    Number,
    Reduction,
    Slot,
    rebuilt,
    walk,
)

_ENTRYWISE = re.compile(
    r"element[- ]?wise|entry[- ]?wise|component[- ]?wise|point[- ]?wise|activation|nonlinearity"
    r"|non-linearity",
    re.IGNORECASE,
)

_NEGATIVE = re.compile(r"negative(ly)?[- ]sampl|negatives?\b|noise[- ]contrast", re.IGNORECASE)


class Recording(Opaque):
    """Writes statements and keeps what is found of them."""

    def _mentioned(self, key: Key) -> bool:
        return any(key in inputs for inputs in self.writer.defined.values())

    def _unread(self, item: Item, reason: str, place: int | None = None) -> None:
        where = item.pos if place is None else place
        self.parts.append(Part(item, "unread", reason=reason, place=where, source=item.source))

    def _alias_part(self, item: Item, name: Name, main: Name) -> None:
        text = f"{self.names.name(main)} (the same as {name.latex})"
        part = Part(item, "definition", source=item.source)
        part.notes.append(f"{name.latex} is another name for {self.names.name(main)}")
        part.line = ""
        _ = text
        self.parts.append(part)

    def _note_alias(self, item: Item, name: Name) -> None:
        part = Part(item, "definition", source=item.source)
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
        before = len(self.parts)
        failed = set(self.failed)
        self._define_as(item, head, body)
        if self.parts[-1].kind == "unread" and isinstance(head, Name):
            self._again(
                item, before, failed, [head, body], lambda h, b: self._define_as(item, h, b)
            )

    def _again(
        self,
        item: Item,
        before: int,
        failed: set[Key],
        sides: list[Any],
        read: Callable[[Any, Any], None],
    ) -> None:
        """Reads what could not be read as it stands as matrix notation."""
        first = self.parts[before:]
        indexer = Indexer(self.survey, self.shapes, bool(_ENTRYWISE.search(self.document.prose)))
        indexer.settled = self.writer.settled
        try:
            (left, right), arrays = indexer.equality(sides)
        except (Unread, RecursionError) as error:
            if self.shapes.matrices and isinstance(error, Unread):
                first[-1].reason, first[-1].place = error.reason, error.pos or first[-1].place
            return
        if not arrays:
            return
        del self.parts[before:]
        now_failed, self.failed = self.failed, failed
        saved = self.ranges.save()
        apart = self._sides_apart()
        self.writer.axes = set(indexer.pool)
        read(left, right)
        self.writer.axes = set()
        last = self.parts[-1] if len(self.parts) > before else None
        met = any(self.ranges.find(a) == self.ranges.find(b) for a, b in apart)
        if met and last is not None and last.kind == "claim":
            last.kind, last.place = "unread", item.pos
            last.reason = "the shapes of the two sides agree only where a matrix is square"
        if last is None or last.kind == "unread":
            self.ranges.restore(saved)
            self.failed = now_failed
            return
        last.notes += indexer.notes

    def _sides_apart(self) -> list[tuple[int, int]]:
        """The two axes of every matrix whose sizes are not known to be one."""
        out = []
        for key in self.survey.matrices:
            name = self.names.by_key.get(key)
            if (
                name is not None
                and (name, 0) in self.ranges.slots
                and (name, 1) in self.ranges.slots
            ):
                a, b = self.ranges.slots[name, 0], self.ranges.slots[name, 1]
                if self.ranges.find(a) != self.ranges.find(b):
                    out.append((a, b))
        return out

    def _define_as(self, item: Item, head: Any, body: Any) -> None:
        saved = self._started()
        w = self.writer
        part = Part(item, "definition", source=item.source)
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
                    left = w.with_lift((letter, r), lambda: w.write(head))
                    right = w.with_lift((letter, r), lambda: w.write(body))
                else:
                    self._labelkey_text(head, body)
                    self._samples(body)
                    left, right = w.write(head), w.write(body)
                strange = set(w.scope.free) - {s.text for s in head.slots}
                if strange:
                    raise Unread(
                        f"the index {sorted(strange)[0]} stands on one side only", item.pos
                    )
        except (Unread, RecursionError) as error:
            self.ranges.restore(saved)
            key = head.key if isinstance(head, Name) else head.name.key
            if not self._mentioned(key):  # else an input, of which a value is found later
                self.failed.add(key)
            self._failed(item, error)
            return
        if isinstance(head, Call):
            inside = {w.settled(s).key for s in walk(body) if isinstance(s, Name)}
            params_ = {a.key for a in head.args if isinstance(a, Name)}
            w.defined[head.name.key] = inside - params_ - self._constants()
        if isinstance(head, Name):
            inside = {w.settled(s).key for s in walk(body) if isinstance(s, Name)}
            self.definitions[head.key] = (head, body)
            w.defined[head.key] = inside - self._constants()
        part.texts = (left, right)
        part.head = head.key if isinstance(head, Name) else head.name.key
        part.assumed, part.notes = [*w.assumed], [*w.notes]
        self.parts.append(part)

    def _define_loss(self, loss: Loss) -> None:
        """``L = sum(dL_dy[i]*y[i] for i in K)`` for a loss of which only slopes are spoken of."""
        item = Item(-1, loss.name.pos, loss.name.latex, False)
        self._define(item, loss.name, self.definition_of(loss))
        part = self.parts[-1]
        if part.kind == "definition":
            on = " and ".join(key_text(t.key) for t in loss.tops)
            part.assumed.append(
                f"`{loss.name.latex}` is any function of {on}: for its first derivatives it is "
                f"enough to take a sum of {on} with any factors"
            )

    def _constants(self) -> set[Key]:
        """Letters that are numbers where they have no index anywhere."""
        letters = {("e", (), ""), ("pi", (), "")}
        return {k for k in letters if not self.survey.ranks.get(k, 0)}

    def _labelkey_text(self, head: Name, body: Any) -> None:
        """``L = -\\log p_y``: y is a class number where no sum binds it and no name has it."""
        if head.slots:
            return
        bound = self.survey.bound | {s.letter for s in walk(body) if isinstance(s, Binder)}
        for s in walk(body):
            if isinstance(s, Slot) and s.kind == "letter" and s.text not in bound:
                in_heads = any(
                    isinstance(i.sides[0], Name) and any(x.text == s.text for x in i.sides[0].slots)
                    for i in self.found.items
                    if i.sides and i.displayed and i.sides[0] is not None
                )
                if not in_heads and s.text not in self.writer.labels:
                    self.writer.labels[s.text] = self.ranges.new(s.text)

    def _samples(self, body: Any) -> None:
        """``log σ(u_c·v) + Σ_k log σ(-u_k·v)`` of negative samples: c is none of the k.

        Raises:
            Unread: Where the words speak of them, since an array has all its indices here.
        """
        if not _NEGATIVE.search(self.document.text):
            return
        alone = {
            s.key for s in walk(body) if isinstance(s, Name)
            and any(x.text in self.writer.labels for x in s.slots)
        }  # fmt: skip
        for s in walk(body):
            if isinstance(s, Reduction):
                letters = {b.letter for b in s.binders}
                for n in walk(s.body):
                    summed = isinstance(n, Name) and any(x.text in letters for x in n.slots)
                    if summed and n.key in alone:
                        raise Unread(
                                "whether the index outside the sum of negative samples is among "
                                "them is not said", n.pos
                            )  # fmt: skip

    def _claim(self, item: Item, left: Any, right: Any, chain: bool, first: Any) -> None:
        before, failed = len(self.parts), set(self.failed)
        self._claim_as(item, left, right, chain, first)
        if self.parts[-1].kind == "unread":
            self._again(
                item, before, failed, [left, right],
                lambda a, b: self._claim_as(item, a, b, chain, first),
            )  # fmt: skip

    def _claim_as(self, item: Item, left: Any, right: Any, chain: bool, first: Any) -> None:
        saved = self._started()
        w = self.writer
        part = Part(item, "claim", source=item.source, chain=chain)
        unfounded = self.unfounded(left, right)
        if unfounded is not None:
            self._unread(item, unfounded)
            return
        try:
            letter, r = w.fresh(), self.ranges.new()
            lifted = []

            def side(t: Any) -> Text:
                def go() -> Text:
                    text = w.write(t)
                    lifted.append(w.scope.lifted)
                    return text

                found: Text = w.with_lift((letter, r), go)
                return found

            if item.condition is not None:
                part.condition = w.condition(item.condition)
            w.ambiguous = False
            wide = [_widened(left), _widened(right)]
            one = side(left)
            known = set(w.scope.free)
            texts = (one, side(right))
            part.loose_letters = [(x, r) for x, r in w.scope.free.items() if x not in known]
            if wide != [left, right]:
                notes, derived = [*w.notes], [*w.derived]
                try:
                    part.others = (side(wide[0]), side(wide[1]))
                    part.other_note = "with the operator acting on all that follows it"
                    notes.append("the operator ∂ is read as acting up to the next bracket")
                except Unread:
                    part.others = ()
                w.notes, w.derived = notes, derived
                del lifted[2:]
            if w.ambiguous:
                notes, derived = [*w.notes], [*w.derived]
                w.flipped = True
                part.others = (side(left), side(right))
                w.flipped, w.notes, w.derived = False, notes, derived
                del lifted[2:]
            if lifted[0] != lifted[1] and not isinstance(right, Number):
                raise Unread("one side has entries and the other has none")
            both = w.scope.entrywise & w.scope.full
            if both:
                raise Unread(f"`{min(both)}` stands with all its indices and without one of them")
            if lifted[0] or lifted[1]:
                part.notes.append("read entry by entry")
            if isinstance(first, Derivative):
                part.derivative = "partial" if starts(texts[0], "partial") else "diff"
            if isinstance(left, Derivative) and len(left.by) == 1 and isinstance(left.body, Name):
                body = side(left.body)
                part.wrt = (body, side(left.by[0]))
        except (Unread, RecursionError) as error:
            w.flipped = False
            self.ranges.restore(saved)
            self._failed(item, error)
            return
        part.texts, part.derived = texts, [*w.derived]
        a, b = self._keys(left), self._keys(right)
        part.keys, part.apart = a | b, self._one_sided(left, right, a, b)
        part.sides = a, b
        part.assumed, part.notes = [*w.assumed], [*part.notes, *item.notes, *w.notes]
        self.parts.append(part)

    def _one_sided(
        self, left: Any, right: Any, a: set[Key], b: set[Key]
    ) -> tuple[set[Key], set[Key]]:
        """Names that only one side has, functions too: in an identity they would all cancel."""

        def functions(t: Any) -> set[Key]:
            return {stem_of(s.name) for s in walk(t) if isinstance(s, Call)}

        a, b = a | functions(left), b | functions(right)
        a, b = ({k for k in x if "prime" not in k[1]} for x in (a, b))
        plain = self._constants() | {("e", (), ""), ("pi", (), "")}
        sizes = self.survey.sizes | self.survey.bound | self.survey.letters

        def unknown(keys: set[Key]) -> set[Key]:
            return {k for k in keys - plain if "".join((k[0], *k[1], k[2])) not in sizes}

        return unknown(a - b), unknown(b - a)

    def _keys(self, t: Any) -> set[Key]:
        """The names in a tree, what stands for a derivative being looked into."""
        out: set[Key] = set()
        todo = [t]
        seen: set[Key] = set()
        while todo:
            for s in walk(todo.pop()):
                if isinstance(s, Name):
                    key = self.writer.settled(s).key
                    if key in self.writer.aliases and key not in seen:
                        seen.add(key)
                        todo.append(self.writer.aliases[key][1])
                    elif key not in self.writer.aliases:
                        out.add(key)
        return out

    def _given(
        self, item: Item, left: Any, right: Any, op: str = "==", anonymous: bool = False
    ) -> None:
        saved = self._started()
        w = self.writer
        w.axes = {s.text for s in walk(left) if isinstance(s, Slot)} if anonymous else set()
        try:
            part = Part(item, "given", source=item.source, op=op)
            part.texts = (w.write(left), w.write(right))
        except (Unread, RecursionError) as error:
            self.ranges.restore(saved)
            self._failed(item, error)
            return
        finally:
            w.axes = set()
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


def _widened(t: Any) -> Any:
    """With every operator that stands before more factors acting on all of them."""

    def change(s: Any) -> Any:
        if not isinstance(s, Mul):
            return s
        for k, (op, f) in enumerate(s.factors):
            if isinstance(f, Derivative) and f.loose and k + 1 < len(s.factors) and op != "/":
                rest = s.factors[k + 1 :]
                whole = replace(f, body=Mul((("", f.body), *rest)), loose=False)
                return Mul((*s.factors[:k], (op, whole))) if k else whole
        return s

    return rebuilt(t, change)


def starts(text: Text, word: str) -> bool:
    return bool(text) and isinstance(text[0], str) and text[0].startswith(word)
