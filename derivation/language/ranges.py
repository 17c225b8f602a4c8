"""Range inference: every slot of every array belongs to one size, found by unification.

A range that is not known yet is a placeholder size (``?3``). Reading an element joins the range of
each slot with the range of the index that stands in it; at the end the placeholders are replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from derivation.language.lexer import Token, fail
from derivation.terms import (
    Index,
    Indexed,
    Integer,
    Size,
    Term,
    index,
    is_leaf,
    name_of,
    rebuild,
    size,
)


class Ranges:
    """The sizes of all slots, as far as they are known.

    Args:
        shapes: What is known from before (the shapes of a problem).
    """

    def __init__(self, shapes: Mapping[str, Sequence[Term]] = {}) -> None:
        self._known = shapes
        self._slots: dict[str, list[Term]] = {}
        self._parent: dict[Term, Term] = {}
        self._first: dict[str, tuple[Token, str]] = {}
        self._uses: dict[tuple[str, int], list[tuple[Token, str, Term]]] = {}
        self._made: list[tuple[Term, str, Token]] = []

    def unknown(self, letter: str, token: Token) -> Any:
        """A new range that is not known yet, for a letter or a slot that starts at the token."""
        made = size(f"?{len(self._made)}")
        self._made.append((made, letter, token))
        return made

    def find(self, over: Term) -> Any:
        """The size that a range is known to be, or the placeholder that stands for it."""
        parent = self._parent
        while over in parent:
            above = parent[over]
            parent[over] = over = parent.get(above, above)  # halve the way for the next one
        return over

    def join(self, a: Term, b: Term) -> bool:
        """Make two ranges one; False if they are two different sizes."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return True
        if is_placeholder(a):
            self._parent[a] = b
        elif is_placeholder(b):
            self._parent[b] = a
        else:
            return False
        return True

    def names(self) -> list[str]:
        """All arrays and scalars known from before or met so far, in order of appearance."""
        return list({**self._known, **self._slots})

    def rank(self, name: str) -> int | None:
        """The number of slots of a name, None if it has not been met."""
        slots = self._slots.get(name)
        if slots is None:
            slots = self._known.get(name)  # type: ignore[assignment] # a tuple does as well
        return None if slots is None else len(slots)

    def first(self, name: str) -> Token:
        """Where the name was met first."""
        return self._first[name][0]

    def use(self, name: str, over: Sequence[Term | None], token: Token, written: str) -> None:
        """One use of a name: the range of the index in each slot (None for a number).

        Raises:
            InputError: If the number of slots or a size is not what it is elsewhere.
        """
        slots = self._slots.get(name)
        if slots is None:
            known = self._known.get(name)
            slots = [self.unknown("", token) for _ in over] if known is None else list(known)
            self._slots[name] = slots
        self._first.setdefault(name, (token, written))
        if len(slots) != len(over):
            self._wrong_rank(name, slots, len(over), token)
        for k, letter_range in enumerate(over):
            if letter_range is None:
                continue
            if not self.join(slots[k], letter_range):
                self._clash(name, k, slots[k], letter_range, token, written)
            self._uses.setdefault((name, k), []).append((token, written, letter_range))

    def _wrong_rank(self, name: str, slots: list[Term], found: int, token: Token) -> None:
        first, written = self._first[name]
        count = f"{len(slots)} slot{'s' * (len(slots) != 1)}"
        where = "" if first is token else f" (`{written}` in {first.place})"
        example = f"{name}[{','.join('ijklmn'[: len(slots)])}]"
        if not found:
            fail(
                token,
                f"`{name}` is an array with {count}{where}, here it stands without an index",
                f"write `{example}`, under a sum such as `sum(… for i in K)`",
            )
        if not slots:
            fail(
                token,
                f"`{name}` is a scalar{where}, here it has {found} "
                f"ind{'ex' if found == 1 else 'ices'}",
                f"write `{name}`, or index it everywhere",
            )
        fail(token, f"`{name}` has {count}{where}, here it has {found}", f"write `{example}`")

    def _clash(
        self, name: str, k: int, slot: Term, other: Term, token: Token, written: str
    ) -> None:
        have, want = self.find(slot), self.find(other)
        earlier = next(
            (
                f"`{text}` ({at.place})"
                for at, text, over in self._uses.get((name, k), ())
                if self.find(over) == have
            ),
            "what was read before",
        )
        fail(
            token,
            f"two sizes for slot {k + 1} of `{name}`: {have} in {earlier}, "
            f"but {want} in `{written}` ({token.place})",
            "each slot of an array belongs to one size; use another array or the same size",
        )

    def shapes(self) -> dict[str, tuple[Term, ...]]:
        """Every array and scalar met, with the sizes of its slots.

        Raises:
            InputError: If the size of a slot is not known.
        """
        out: dict[str, tuple[Term, ...]] = {}
        for name, slots in self._slots.items():
            found = tuple(map(self.find, slots))
            for k, over in enumerate(found):
                if is_placeholder(over):
                    token, written = self._first[name]
                    fail(
                        token,
                        f"nothing says how far slot {k + 1} of `{name}` runs "
                        f"(`{written}` in {token.place})",
                        f"let a sum run over it somewhere: `sum({written} … for i in K)`"
                        if written != name
                        else "an array without indices is matrix notation: say its shape in a line "
                        f"of its own, `{name}: {' by '.join(('N', 'D', 'K', 'M')[: len(found)])}`",
                    )
            out[name] = found
        return out

    def settle(self, fallback: Mapping[str, Term]) -> None:
        """Give a letter whose range is still unknown the size it has in ``fallback``."""
        for made, letter, _ in self._made:
            known = fallback.get(letter)
            if known is not None and is_placeholder(self.find(made)):
                self.join(made, known)

    def check_letters(self) -> None:
        """Refuse letters whose range is still unknown."""
        for made, letter, token in self._made:
            if letter and is_placeholder(self.find(made)):
                fail(token, f"nothing says how far the index `{letter}` runs")

    def resolve(self, t: Any) -> Any:
        """The term with every placeholder replaced by the size that was found."""
        if not self._parent:
            return t
        memo: dict[Term, Term] = {}

        def walk(t: Any) -> Any:
            if isinstance(t, Index):
                return index(t.name, self.find(t.size))
            if not t.args or (is_leaf(t) and not isinstance(t, Indexed)):
                return self.find(t) if isinstance(t, Size) else t
            found = memo.get(t)
            if found is None:
                found = memo[t] = rebuild(t, tuple([walk(a) for a in t.args]))
            return found

        return walk(t)


def is_placeholder(over: Term) -> bool:
    """Whether the range is not known yet."""
    return isinstance(over, Size) and over.name.startswith("?")


def range_of(slot: Term, labels: Mapping[str, Term]) -> Any:
    """The range of what stands in a slot: an index, a number (None) or a label's element."""
    if isinstance(slot, Index):
        return slot.size
    if isinstance(slot, Integer):
        return None
    return labels.get(name_of(slot))
