"""One item after the other: a definition, a given, an alias, or a claim."""

from __future__ import annotations

from typing import Any

from derivation.language.latex.items import Item
from derivation.language.latex.recording import Recording
from derivation.language.latex.survey import Key
from derivation.language.latex.trees import (
    Call,
    Derivative,
    Function,
    Name,
    Number,
    Reduction,
    walk,
)


class Statements(Recording):
    """Reads items, in the order of the document."""

    def item(self, item: Item, previous: Any) -> Any:
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
        if not chain:
            self.chain_head = sides[0]
        if chain:
            if previous is None:
                self._unread(item, "goes on from a line that is not read")
                return sides[-1]
            sides[0] = previous
        head = sides[0]
        k = 1
        if self._is_log_of_new(head, sides[1], item):
            item.notes.append("what a logarithm is says what its argument is")
            self._define(item, head.args[0], Function("exp", (sides[1],)))
            for n in range(2, len(sides)):
                self._claim(item, sides[n - 1], sides[n], n > 2, first=sides[0])
            return sides[-1]
        if not chain and self._are_two_names(sides, item):  # \hat y_j = p(j|x) = …
            self.writer.same[head.key] = sides[1]
            self._alias_part(item, head, sides[1])
            sides = sides[1:]
            head = sides[0]
        if not chain and item.condition is None and self._is_definition(head, sides[1], item):
            self._define(item, head, sides[1])
            k = 2
            last = sides[-1]
            if (
                len(sides) > 2
                and isinstance(last, Name)
                and self._fresh_name(last)
                and self._is_definition(last, sides[-2], item)
            ):  # f(b) = 1 + e^b = v
                self._define(item, last, sides[-2])
                sides.pop()
        elif not chain and self._is_alias(head, sides[1]):
            self.writer.aliases[head.key] = (head.slots, sides[1])
            self.said_aliases.add(head.key)
            self._note_alias(item, head)
            sides = sides[1:]
        elif not chain and self._is_given(head, sides) and item.condition is None:
            self._given(item, head, sides[1])
            return sides[-1]
        elif self._is_update(head, sides):
            self._unread(item, "an update or a value of an input is no equality to prove")
            itself = any(isinstance(s, Name) and s.key == head.key for s in walk(sides[1]))
            known = self._mentioned(head.key)
            if not (itself or known) and not isinstance(sides[1], Number):
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
                self.said_aliases.add(last.key)
                self._note_alias(item, last)
            sides.pop()
        if self._is_to_be_solved(sides, item):
            self.solving = True
            for n in range(k, len(sides) - 1):
                self._claim(item, sides[n - 1], sides[n], chain or n > 1, first=sides[0])
            self._unread(item, "set to zero: an equation to be solved, no identity to prove")
            return None
        if self.solving and not any(isinstance(s, Derivative) for t in sides for s in walk(t)):
            self._unread(item, "it follows from an equation that is to be solved, no identity")
            return None
        self.solving = False
        for n in range(k, len(sides)):
            self._claim(item, sides[n - 1], sides[n], chain or n > 1, first=sides[0])
        return sides[-1]

    def _are_two_names(self, sides: list[Any], item: Item) -> bool:
        """Whether an equality gives two new names to what it says then."""
        if len(sides) < 3 or not all(isinstance(s, Name) for s in sides[:2]):
            return False
        a, b = sides[:2]
        return (
            not isinstance(sides[2], Name)
            and a.key != b.key
            and [s.text for s in a.slots] == [s.text for s in b.slots]
            and a.key not in self.definitions
            and self._fresh_name(b)
            and item.condition is None
            and self._is_definition(a, b, item)
            and self._is_definition(b, sides[2], item)
        )

    def _is_to_be_solved(self, sides: list[Any], item: Item) -> bool:
        """``\\partial J/\\partial w = … = 0``: the derivative of a number by what is free."""
        if item.condition is not None or sides[-1] != Number("0") or len(sides) < 2:
            return False
        found = [
            s for t in (self.chain_head, *sides[:-1]) if t is not None
            for s in walk(t) if isinstance(s, Derivative)
        ]  # fmt: skip
        free = [
            s for s in found
            if not (isinstance(s.body, Name) and s.body.slots)
            and all(isinstance(v, Name) and v.key not in self.definitions for v in s.by)
        ]  # fmt: skip
        return bool(free)

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

    def _alias_to_say(self, key: Key) -> bool:
        """Whether an earlier pass found a name to stand for a derivative, here not yet said."""
        return key in self.known_aliases and key not in self.said_aliases

    def _fresh_name(self, t: Name) -> bool:
        key = t.key
        return (
            key not in self.definitions
            and (key not in self.writer.aliases or self._alias_to_say(key))
            and not any(
                i.sides and isinstance(i.sides[0], Name) and i.sides[0].key == key
                for i in self.found.items
            )
            and not self._mentioned(key)
        )

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
        if head.key in self._names_of_derivatives():
            return False
        letters = [s.text for s in head.slots]
        if any(s.kind != "letter" for s in head.slots) or len(set(letters)) < len(letters):
            return False
        word = head.base + "".join(head.marks) + head.label
        indices = self.survey.bound | self.survey.letters
        if not head.slots and word in indices and not self.survey.ranks.get(head.key, 0):
            return False
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
            and (head.key not in self.writer.aliases or self._alias_to_say(head.key))
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
        if head.key in self.writer.aliases or head.key in self._names_of_derivatives():
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
        if self._is_alias(sides[0], sides[1]) and len(sides) == 2:
            self.writer.aliases[sides[0].key] = (sides[0].slots, sides[1])
            self.said_aliases.add(sides[0].key)
            self._note_alias(item, sides[0])
            return
        if self._is_given(sides[0], sides):
            self._given(item, sides[0], sides[1])
            return
        head = sides[0]
        if isinstance(head, Call):
            if len(sides) == 2 and self._is_definition(head, sides[1], item):
                self._define(item, head, sides[1])
            return
        names = [s for s in sides if isinstance(s, Name) and not s.slots]
        others = [s for s in sides if s not in names]
        if names and len(names) + len(others) == len(sides) and (others or len(names) > 1):
            later = self._defined_in_displays()
            main = next((n for n in names if n.key in later), names[-1])
            if len(others) <= 1 and sides[-1] is (others[0] if others else sides[-1]):
                if (
                    len(others) == 1
                    and main.key not in later
                    and self._is_definition(main, others[0], item)
                ):
                    self._define(item, main, others[0])
                for n in names:
                    if (
                        n.key != main.key
                        and n.key not in later
                        and (main.key in self.definitions or main.key in later)
                    ):
                        self.writer.same[n.key] = main
                        self._alias_part(item, n, main)
                return
        head = sides[0]
        if (
            (
                len(sides) == 2
                and isinstance(head, Name)
                and head.key not in self._defined_in_displays()
            )
            and self._is_definition(head, sides[1], item)
            and not isinstance(sides[1], Name)
        ):
            self._define(item, head, sides[1])

    def _names_of_derivatives(self) -> set[Key]:
        """Names that some display says to be a derivative, perhaps after it has used them."""
        if self.slopes_named is None:
            self.slopes_named = {
                i.sides[0].key
                for i in self.found.items
                if i.displayed and len(i.sides) > 1 and isinstance(i.sides[0], Name)
                and i.relation in ("=", ":=") and isinstance(i.sides[1], Derivative)
                and all(s.kind == "letter" for s in i.sides[0].slots)
            }  # fmt: skip
        return self.slopes_named

    def _defined_in_displays(self) -> set[Key]:
        if self.later is None:
            self.later = {
                i.sides[0].key
                for i in self.found.items
                if i.displayed and len(i.sides) > 1 and isinstance(i.sides[0], Name)
                and i.condition is None and i.relation in ("=", ":=")
                and not isinstance(i.sides[1], Number)
            }  # fmt: skip
        return self.later
