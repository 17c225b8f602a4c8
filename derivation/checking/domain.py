"""Where both sides of a line are defined: the conditions that an equality may rest on unsaid."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from derivation.engine.arithmetic import leading, split_product
from derivation.errors import DerivationError, KernelError
from derivation.normal import difference_vanishes, normal_term, oriented, text
from derivation.terms import (
    ONE,
    TRUE,
    ZERO,
    Add,
    AnyOf,
    Diff,
    Every,
    Index,
    Partial,
    Pow,
    Relation,
    Term,
    add,
    canonical,
    free_indices,
    index,
    is_number,
    mul,
    name_of,
    neg,
    negate,
    number,
    substitute,
    subterms,
)

if TYPE_CHECKING:
    from derivation.checking.prover import Prover

Key = tuple[str, tuple[str, ...]]  # a term that is compared with 0, and the guards


class Domain:
    """Conditions that hold wherever certain terms are defined (or differentiable)."""

    def __init__(self, prover: Prover) -> None:
        self.prover, self.theory = prover, prover.theory
        self.raw: set[Any] = set()
        self._keys: dict[str, set[Key]] | None = None

    def defined(self, t: Term) -> None:
        """Takes in where a term has a value; a derivative has one where there is a derivative."""
        derived = any(isinstance(s, (Diff, Partial)) for s in subterms(t))
        for name in self.prover.problem.shapes:
            if name not in self.theory.definitions:
                with suppress(KernelError):  # a place that may be out of range grants nothing
                    found = self.theory.smooth(t, name)
                    self.raw |= found if derived else found - self.theory.kinks

    def smooth(self, t: Term, variables: tuple[Term, ...]) -> None:
        """Takes in where a term can be differentiated."""
        for v in variables:
            self.raw |= self.theory.smooth(t, name_of(v))

    def assumptions(self) -> list[Any]:
        """Conditions for every index, not known yet, that may be assumed to hold."""
        found = []
        for c in sorted(self.raw, key=text):
            while isinstance(c, Every) and (c.guard == TRUE or c.index not in free_indices(c.body)):
                c = c.body
            if isinstance(c, Relation) and not self.theory.decide(c)[0]:
                found.append(c)
        return found

    def grants(self, h: Any) -> bool:
        """Whether the condition is one of these, or weaker than one."""
        if h in self.raw or canonical(h) in set(map(canonical, self.raw)):
            return True
        if self.theory.decide(h)[0] and not self._by_assumption(h):
            return True
        if self._is_one(h):
            return True
        if self._keys is None:
            self._keys = {}
            for c in self.raw:
                for op, key in self._forms(c, known=True):
                    self._keys.setdefault(op, set()).add(key)
        for op, (what, guards) in self._forms(h):
            for strong in _AT_LEAST[op]:
                known = self._keys.get(strong, set())
                if (what, guards) in known or (what, ()) in known:
                    return True
        return False

    def _is_one(self, h: Any) -> bool:
        """Whether it says that something is not 0 that is 1, such as a/(a + b) + b/(a + b)."""
        if not isinstance(h, Relation) or h.op != "!=" or h.right != ZERO:
            return False
        needs = difference_vanishes(h.left, ONE)
        return needs is not None and h not in needs and all(map(self.grants, needs))

    def _by_assumption(self, h: Any) -> bool:
        """Whether it is decided only by what the planner has assumed besides the givens."""
        used = self.theory.decide(h)[1]
        return not used <= set(self.prover.problem.givens)

    def _forms(self, h: Any, known: bool = False) -> list[tuple[str, Key]]:
        """The condition as ``term op 0``, normal, indices anonymous.

        Of one that is known to hold, weaker ones too: that a product is not 0 says so of each of
        its factors, and what is positive is not 0.
        """
        guards: list[Any] = []
        while isinstance(h, (Every, AnyOf)) and h.args:
            if isinstance(h, Every):
                if h.guard != TRUE:
                    guards.append(h.guard)
                h = h.body
            else:
                guards += [negate(a) for a in h.args[:-1]]
                h = h.args[-1]
        if not isinstance(h, Relation):
            return []
        gap = add(h.left, neg(h.right)) if h.right != ZERO else h.left
        op = h.op
        if op in ("<", "<="):
            gap, op = neg(gap), {"<": ">", "<=": ">="}[op]
        cases = [(op, gap)]
        if known and op in (">", "!="):
            cases += [("!=", b) for b, _ in split_product(gap)[1]]
            cases.append(("!=", gap))
        out = []
        for sign, whole in cases:
            for t in self._normal(whole):
                c, t = _primitive(t)
                if c < 0 and sign not in ("!=", "=="):
                    t = normal_term(neg(t))
                out.append((sign, _anonymous(t, guards)))
        return out

    def _normal(self, t: Any) -> list[Any]:
        found = [normal_term(t)]
        try:
            every_name = frozenset(self.theory.definitions)
            full = self.prover.normaliser(every_name, True).normal(t).after
            found.append(normal_term(full))
        except (DerivationError, RecursionError):
            pass
        # a power is positive (or not 0) where its base is
        return [t.args[0] if isinstance(t, Pow) and is_number(t.args[1]) else t for t in found]


_AT_LEAST = {
    "!=": ("!=", ">"),
    ">": (">",),
    ">=": (">", ">="),
    "==": ("==",),
}


def _primitive(t: Any) -> tuple[Any, Any]:
    """A number times a term whose first coefficient is 1 (the sign apart)."""
    first = t.args[0] if isinstance(t, Add) and t.args else t
    c, _ = leading(first)
    if not c:
        return c, t
    return c, normal_term(mul(number(1 / c), t))


def _anonymous(t: Any, guards: list[Any]) -> Key:
    """The text with its free indices numbered in order of appearance."""
    swap: dict[Any, Any] = {}
    for s in [s for x in (t, *guards) for s in subterms(x)]:
        free = isinstance(s, Index) and any(s in free_indices(x) for x in (t, *guards))
        if free and s not in swap:
            swap[s] = index(f"?{len(swap)}", s.size)
    shown = tuple(sorted(text(oriented(substitute(g, swap))) for g in guards))
    return text(normal_term(substitute(t, swap))), shown
