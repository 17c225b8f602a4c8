"""A document as a problem and the equalities that it states."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from derivation.language.latex.document import split
from derivation.language.latex.facts import sums_to_one
from derivation.language.latex.finishing import Finishing
from derivation.language.latex.items import Item
from derivation.language.latex.lemmas import (
    with_cases_apart,
    with_next_layers,
    with_numbers_apart,
    with_ranges,
    with_roots,
    with_totals,
    without_matrix_calls,
)
from derivation.language.latex.naming import Names
from derivation.language.latex.ranges import Ranges
from derivation.language.latex.reading import Reading
from derivation.language.latex.shapes import Finder, declared
from derivation.language.latex.state import Part, key_text
from derivation.language.latex.statements import Statements
from derivation.language.latex.survey import Key, plain
from derivation.language.latex.trees import (
    Binder,
    Call,
    Condition,
    Name,
    Number,
    Reduction,
    Slot,
    rebuilt,
    walk,
)
from derivation.language.latex.writing import Writer
from derivation.problem import Problem

ENDINGS = (".tex", ".md", ".markdown", ".latex")


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
    ... $$\\hat y_i = \\frac{e^{z_i}}{\\sum_{k=1}^K e^{z_k}}$$
    ... $$L = -\\sum_{i=1}^K y_i \\log \\hat y_i$$
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


class _Reader(Statements, Finishing):
    # -- the whole -----------------------------------------------------------------------------

    def read(self) -> Reading:
        self._survey()
        self.losses, self.known_aliases = {}, {}
        self._read_items({})
        if self.problem is None:
            self.find_losses(dict(self.writer.defined))
        inputs = dict(self.writer.defined)
        for key, loss in self.losses.items():
            inputs[key] = {top.key for top in loss.tops}
        self.known_aliases = dict(self.writer.aliases)
        self._read_items(inputs)
        return self.finished()

    def _read_items(self, inputs: dict[Key, set[Key]]) -> None:
        """Reads every item; ``inputs`` is what an earlier pass has found definitions to mention."""
        self.ranges = Ranges()
        self.parts, self.definitions, self.arguments, self.failed = [], {}, {}, set()
        known = set(self.problem.shapes) | set(self.problem.sizes) if self.problem else set()
        self.names = Names()
        self.writer = Writer(self.survey, self.names, self.ranges, inputs)
        self._sizes_first()
        self.writer.aliases.update(self.known_aliases)
        for key, small in self.rows_of.items():
            self.writer.same[key] = Name(*small, latex=small[0])
        for key, sizes in self.shapes.sizes.items():
            if self.problem is None and key in self.survey.ranks:
                name = self.names.name(Name(*key, latex=key_text(key)))
                for k, size in enumerate(sizes):
                    if size:
                        self.ranges.give(self.ranges.slot(name, k), self.writer.size_name(size))
        self.said_aliases = set()
        self.solving, self.chain_head = False, None
        if self.problem is not None:
            self._from_problem(self.problem, known)
        if self.assume:
            self._assume()
        for loss in self.losses.values():
            self._define_loss(loss)
        previous: Any = None
        base: Any = None  # where the last chain stood before it was split into cases
        condition: Condition | None = None
        for item in self.found.items:
            if item.reason is not None:
                if (
                    isinstance(item.head, Name)
                    and item.displayed
                    and not self._mentioned(item.head.key)
                ):
                    self.failed.add(item.head.key)
                if isinstance(item.head, Call):
                    self.failed.add(item.head.name.key)
                self.parts.append(
                    Part(item, "unread", reason=item.reason, place=item.place, source=item.source)
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
            previous = self.item(item, previous)
            if item.displayed and item.condition is None:
                base = previous
        self._facts()

    def _facts(self) -> None:
        """What the words say of inputs: that they sum to one."""
        if self.problem is not None:
            return
        for name, formula, said in sums_to_one(self.document):
            key = self.writer.settled(name).key
            rank = self.survey.ranks.get(key, 0)
            used = {k for v in self.writer.defined.values() for k in v}
            if not rank or key in self.definitions or key not in used:
                continue
            letters = [f"i{k}" for k in range(1, rank)] + ["i"]
            whole = Name(*key, tuple(Slot("letter", x) for x in letters), formula.offset)
            item = Item(-1, formula.offset, f"{formula.source} {said}", False)
            self._given(
                item, Reduction("sum", (Binder("i"),), (), whole), Number("1"), anonymous=True
            )
            if self.parts[-1].kind == "given":
                self.parts[-1].assumed.append(f"the words say “{formula.source} {said}”")

    def _survey(self) -> None:
        """Looks at all trees at once, and puts the plain ones back into the items."""
        trees: list[Any] = []
        places: list[tuple[Item, int]] = []
        heads: list[Any] = []
        self.found.items = with_roots(with_next_layers(self.found.items))
        without_matrix_calls(self.found.items)
        with_cases_apart(self.found.items)
        with_ranges(self.found.items)
        with_totals(self.found.items)
        with_numbers_apart(self.found.items)
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
        trees, self.survey = plain(trees, heads, doubtful=self._sigma_is_doubtful())
        for (item, k), tree in zip(places, trees, strict=True):
            if k < 0:
                item.condition = tree
            else:
                item.sides[k] = tree
        self._shapes()

    def _sigma_is_doubtful(self) -> bool:
        """Whether σ may be the softmax: the words name that one, and no logistic function."""
        words = self.document.text.lower()
        return "softmax" in words and "sigmoid" not in words and "logistic" not in words

    def _shapes(self) -> None:
        """Which names are arrays where they stand without their indices."""
        self.shapes = declared(self.document)
        statements = [i.sides for i in self.found.items if i.sides and i.relation in ("=", ":=")]
        Finder(self.survey, self.shapes, self.document.prose).find(statements)
        heads = {
            i.sides[0].key for i in self.found.items if i.sides and isinstance(i.sides[0], Name)
        }
        for key, rank in list(self.shapes.ranks.items()):
            small = (key[0].lower(), key[1], key[2])
            if (
                rank == 2
                and len(key[0]) == 1
                and key[0].isupper()
                and key not in heads
                and key not in self.shapes.sizes
                and self.survey.ranks.get(key, 0) <= 1
                and self.survey.ranks.get(small) == 2
            ):  # X, whose rows are the x_n
                self.rows_of[key] = small
                self.shapes.ranks[small] = 2
        for key, rank in self.shapes.ranks.items():
            if key in self.survey.ranks:
                self.survey.ranks[key] = max(self.survey.ranks[key], rank)
                if rank == 2 and self.shapes.matrices and key not in self.rows_of.values():
                    self.survey.matrices.add(key)

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
            found = Names().name(probe)
            for option in (
                found,
                found.replace("_", ""),
                found.lower(),
                found.replace("_", "").lower(),
            ):
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
            self.names.name(Name(*key, latex=key_text(key)))
        back = {name: key for key, name in self.names.by_key.items()}
        for text in self.assume:
            words = re.findall(r"[A-Za-z_]\w*", text)
            if not words or words[0] == "given":
                continue
            keys = [back.get(x, (x, (), "")) for x in words]
            self.writer.defined[keys[0]] = set(keys[1:])
            self.definitions[keys[0]] = (Name(*keys[0]), None)
