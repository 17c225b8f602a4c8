"""Bound letters as the user would choose them, conditions as ``given`` writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from derivation.normal import oriented
from derivation.terms import (
    ENGINE_LETTER,
    FALSE,
    ONE,
    TRUE,
    ZERO,
    AnyOf,
    ByObject,
    Every,
    Index,
    KroneckerDelta,
    Reduction,
    Relation,
    Term,
    add,
    all_of,
    free_indices,
    fresh_index,
    if_else,
    index,
    index_names,
    is_leaf,
    is_number,
    neg,
    negate,
    rebuild,
    relation,
    substitute,
    subterms,
    unbracketed,
)
from derivation.theory import Theory

_NONE: frozenset[str] = frozenset()


class Letters:
    """Renames the engine's own bound letters (they begin with ``_``) to letters of the problem."""

    def __init__(self, theory: Theory) -> None:
        self._memo: dict[Term, Any] = {}
        self._letters: ByObject[frozenset[str] | None] = ByObject()
        self.by_size: dict[Any, list[str]] = {}
        for definition in theory.definitions.values():
            for s in (*definition.params, *subterms(definition.body)):
                if isinstance(s, Index) and not s.name.startswith(ENGINE_LETTER):
                    known = self.by_size.setdefault(s.size, [])
                    if s.name not in known:
                        known.append(s.name)
        own = {name for letters in self.by_size.values() for name in letters}
        self._names = frozenset(theory.names_in_use()) - own  # a letter of the user's may hide one

    def friendly(self, t: Term) -> Any:
        """The term as a line of a derivation shows it: in a reader's letters, and without the
        brackets round a first factor that rewriting it has left."""
        return unbracketed(self.exact(t))

    def exact(self, t: Term) -> Any:
        """The same term (up to bound letters) in letters that a person would use, none hidden."""
        found = self._memo.get(t)
        if found is None:
            if self._bound(t) == frozenset():
                return t
            taken = frozenset(i.name for i in free_indices(t))
            found = self._memo[t] = self._friendly(t, taken)
        return found

    def _friendly(self, t: Term, taken: frozenset[str]) -> Any:
        """``taken``: letters that are free or bound further out."""
        bound = self._bound(t)
        if bound is not None and bound.isdisjoint(taken):
            return t
        if isinstance(t, Reduction):
            letter = t.index
            if letter.name.startswith(ENGINE_LETTER) or letter.name in taken | self._names:
                letter = self._choose(letter, index_names(t) | taken | self._names)
                swap = {t.index: letter}
                t = rebuild(t, (substitute(t.body, swap), letter, substitute(t.guard, swap)))
            taken = taken | {letter.name}
        return rebuild(t, tuple(self._friendly(a, taken) for a in t.args))

    def _bound(self, t: Term) -> frozenset[str] | None:
        """The letters bound in a term; None if one of them hides another or is not a reader's."""
        if t in self._letters:
            return self._letters[t]
        found: frozenset[str] | None = _NONE
        if not (is_leaf(t) or isinstance(t, KroneckerDelta)):
            inside = set(self._letters.of(t.args, self._bound))
            if len(inside) == 1:
                (found,) = inside
            else:
                known = [letters for letters in inside if letters is not None]
                found = _NONE.union(*known) if len(known) == len(inside) else None
        if found is not None and isinstance(t, Reduction):
            name = t.index.name
            hidden = name in found or name in self._names or name.startswith(ENGINE_LETTER)
            found = None if hidden else found | {name}
        self._letters[t] = found
        return found

    def _choose(self, like: Any, taken: frozenset[str]) -> Any:
        for name in self.by_size.get(like.size, []):
            if name not in taken:
                return index(name, like.size)
        return fresh_index(index("i", like.size), taken)

    def condition(self, c: Any, beside: Iterable[Term] = ()) -> Any:
        """A hypothesis as a relation whose free indices mean "every" (the syntax of ``given``).

        ``beside``: the sides of the step that it belongs to. An index that is free there has one
        value, so its letter is not taken for one that stands for every value.
        """
        guard: Any = TRUE
        taken = {i.name for t in beside for i in free_indices(t)}
        while not isinstance(c, Relation):
            if isinstance(c, Every):
                letter = c.index
                if letter.name.startswith(ENGINE_LETTER) or letter.name in taken:
                    letter = self._choose(letter, index_names(c) | index_names(guard) | taken)
                swap = {c.index: letter}
                guard = all_of(guard, substitute(c.guard, swap))
                c = substitute(c.body, swap)
            elif isinstance(c, AnyOf):
                parts = [p for p in c.args if p != FALSE]
                if not parts:
                    return FALSE
                wanted = [
                    p
                    for p in parts
                    if isinstance(p, (Relation, Every, AnyOf)) and not _about_indices(p)
                ]
                last = wanted[-1] if wanted else parts[-1]
                parts.remove(last)
                guard = all_of(guard, *map(negate, parts))
                c = last
            else:
                return c
        if guard != TRUE:
            gap = c.left if c.right == ZERO else add(c.left, neg(c.right))
            other = neg(ONE) if c.op == "<" else ZERO if c.op in ("==", "<=", ">=") else ONE
            c = relation(c.op, if_else(guard, gap, other), ZERO)
        return relation(c.op, self.friendly(c.left), self.friendly(c.right))


def _about_indices(c: Any) -> bool:
    return isinstance(c, Relation) and all(
        isinstance(s, Index) or (is_number(s) and any(isinstance(o, Index) for o in c.args[1:]))
        for s in (c.left, c.right)
    )


def core(h: Any) -> Any:
    """A hypothesis without quantifiers and guards, its free indices anonymous: for comparing."""
    while isinstance(h, (Every, AnyOf)) and h.args:
        h = h.body if isinstance(h, Every) else h.args[-1]
    names: dict[Any, Any] = {}
    for s in subterms(h):
        if isinstance(s, Index) and s in free_indices(h) and s not in names:
            names[s] = index(f"_f{len(names)}", s.size)
    return oriented(substitute(h, names))
