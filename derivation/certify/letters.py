"""Letters for the core text: none bound that is in scope already or that is a name.

A program may use one letter for an index and for a scalar, and bind a letter again inside itself.
Terms are kept as they are where nothing clashes, so that what most lines share is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from derivation.problem import Definition, Problem
from derivation.terms import (
    ENGINE_LETTER,
    FUNCTIONS,
    ByObject,
    Index,
    KroneckerDelta,
    Path,
    Reduction,
    Term,
    free_indices,
    fresh_index,
    index,
    index_names,
    is_leaf,
    rebuild,
    subterms,
)

# what a text of the core language may not use as a name or a letter
WORDS = frozenset(
    (
        *("for", "in", "if", "else", "and", "or", "not", "true", "false", "pi", "HOLE"),
        *("sum", "prod", "max", "min", "all", "delta", "diff", "partial", "deriv", "sqrt"),
        *FUNCTIONS,
    )
)
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scope:
    """The letters in scope: what each index of the engine's is called, and all that is taken."""

    called: Mapping[Any, Any]
    taken: frozenset[str]

    def over(self, old: Any, new: Any) -> Scope:
        """The scope inside a binder."""
        return Scope({**self.called, old: new}, self.taken | {new.name})


class Letters:
    """Finds letters for the terms of one problem."""

    def __init__(self, problem: Problem, introduced: Iterable[Definition]) -> None:
        definitions = [*problem.definitions.values(), *introduced]
        own = (problem.shapes, problem.sizes, problem.unknown, problem.labels)
        self.names = WORDS.union(*own, (d.name for d in definitions))
        self._bound: ByObject[frozenset[str] | None] = ByObject()
        self._by_size: dict[Any, list[str]] = {}
        for d in definitions:
            for s in (*d.params, *subterms(d.body)):
                if isinstance(s, Index) and not s.name.startswith(ENGINE_LETTER):
                    known = self._by_size.setdefault(s.size, [])
                    if s.name not in known:
                        known.append(s.name)

    def scope(self, letters: Iterable[Any], besides: Iterable[str] = ()) -> Scope:
        """The scope of these free letters; ``besides`` are names that are known in it alone."""
        out = Scope({}, self.names.union(besides))
        for i in letters:
            if i not in out.called:
                out = out.over(i, self._new_free(i, out.taken))
        return out

    def _new_free(self, like: Any, taken: frozenset[str]) -> Any:
        """A free letter; if it needs another name, not one that the program binds somewhere."""
        if like.name not in taken and not like.name.startswith(ENGINE_LETTER):
            return like
        bound = taken.union(*self._by_size.values())
        start = "i" if like.name.startswith(ENGINE_LETTER) else like.name[0]
        return fresh_index(index(start, like.size), bound)

    # -- whole terms ------------------------------------------------------------------------

    def apart(self, t: Term, scope: Scope) -> Any:
        """The term with letters that clash with nothing; free ones as the scope calls them."""
        if self._stays(t, scope):
            return t
        if isinstance(t, Index):
            return scope.called.get(t, t)
        if isinstance(t, Reduction):
            inner = self._inside(t, scope)
            body, guard = self.apart(t.body, inner), self.apart(t.guard, inner)
            return rebuild(t, (body, inner.called[t.index], guard))
        return rebuild(t, tuple([self.apart(a, scope) for a in t.args]))

    def opened(self, t: Any, path: Path, scope: Scope, fill: Callable[[Scope], Any]) -> Any:
        """The term apart, what stands at the path being what ``fill`` makes in the scope there."""
        if not path:
            return fill(scope)
        k, rest = path[0], path[1:]
        inner = self._inside(t, scope) if isinstance(t, Reduction) else scope
        args = [
            self.opened(a, rest, inner, fill) if n == k else self.apart(a, inner)
            for n, a in enumerate(t.args)
        ]
        return rebuild(t, tuple(args))

    def abstraction(
        self, letters: Sequence[Any], body: Term, scope: Scope
    ) -> tuple[list[Any], Any]:
        """The letters and the body of what depends on places, apart."""
        for old in letters:
            scope = scope.over(old, self._new(old, scope.taken, body))
        return [scope.called[i] for i in letters], self.apart(body, scope)

    def _inside(self, t: Reduction, scope: Scope) -> Scope:
        over: Any = t.index
        return scope.over(over, self._new(over, scope.taken, t))

    def _stays(self, t: Term, scope: Scope) -> bool:
        bound = self._letters(t)
        if bound is None or not bound.isdisjoint(scope.taken):
            return False
        called = scope.called
        return all(called.get(i, i) is i for i in free_indices(t))

    def _letters(self, t: Any) -> frozenset[str] | None:
        """The letters bound in a term; None if one hides another or is a name."""
        if not t._args or isinstance(t, KroneckerDelta):
            return _NONE
        if t in self._bound:
            return self._bound[t]
        found: frozenset[str] | None = _NONE
        if not is_leaf(t):
            inside = set(self._bound.of(t.args, self._letters))
            if len(inside) == 1:
                (found,) = inside
            else:
                known = [letters for letters in inside if letters is not None]
                found = _NONE.union(*known) if len(known) == len(inside) else None
        if found is not None and isinstance(t, Reduction):
            name = t.index.name
            hidden = name in found or name in self.names or name.startswith(ENGINE_LETTER)
            found = None if hidden else found | {name}
        self._bound[t] = found
        return found

    def _new(self, like: Any, taken: frozenset[str], t: Any) -> Any:
        """The index under a letter that is free, and not one that the term ``t`` binds inside."""
        name = like.name
        engines = name.startswith(ENGINE_LETTER)
        if name not in taken and not engines:
            return like
        avoid = taken | index_names(t)
        for known in self._by_size.get(like.size, ()):
            if known not in avoid:
                return index(known, like.size)
        return fresh_index(index("i" if engines else name[0], like.size), avoid)
