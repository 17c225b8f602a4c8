"""Proofs as the engine plans them: chains of moves, replayed by the kernel when they are wanted.

The engine may plan anything. A ``Proof`` is only a plan until ``replay`` has put every move through
the kernel and got a ``Theorem`` back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from derivation import kernel
from derivation.errors import RuleRefused
from derivation.kernel import Theorem
from derivation.normal import difference_vanishes
from derivation.rules import REGISTRY
from derivation.rules.algebra import operators
from derivation.terms import (
    KroneckerDelta,
    Path,
    Relation,
    Term,
    alpha_equal,
    at,
    identical,
    replace_at,
)
from derivation.theory import Theory


@dataclass(frozen=True)
class Move:
    """One kernel move on a whole (sub)term: ``before = after``.

    ``rule`` is the id of a registered rule, ``"definition"``, ``"given"``, ``"rename"`` or
    ``"lemma"`` (then ``cited`` is the lemma).
    """

    rule: str
    before: Any
    after: Any
    args: Mapping[str, Any] = field(default_factory=dict)
    direction: str = "lr"
    cited: Any = None


@dataclass(frozen=True)
class Proof:
    """A chain from ``before`` to ``after``; each item is a move or a proof, and its place."""

    before: Any
    after: Any
    items: tuple[tuple[Path, Any], ...] = ()
    label: str = ""  # what a person would call it; the narration makes steps from labels

    @property
    def changes(self) -> bool:
        return not identical(self.before, self.after)


class Chain:
    """A term being rewritten, with what was done to it."""

    def __init__(self, term: Term) -> None:
        self.start: Any = term
        self.term: Any = term
        self.items: list[tuple[Path, Any]] = []

    def splice(self, item: Any, path: Path = ()) -> Chain:
        """Applies a move or a proof at a path; nothing if it changes nothing."""
        if item is None or identical(item.before, item.after):
            return self
        here = at(self.term, path)
        if not alpha_equal(here, item.before):
            raise RuleRefused("the plan expects", item.before, "and here is", here)
        self.items.append((path, item))
        self.term = replace_at(self.term, path, item.after)
        return self

    def rule(self, name: str, after: Term, path: Path = (), **args: Any) -> Chain:
        """One instance of a rule."""
        return self.splice(Move(name, at(self.term, path), after, args), path)

    def algebra(self, after: Term, path: Path = ()) -> Chain:
        """Rearranges by algebra; raises RuleRefused if the two are not equal by algebra."""
        return self.splice(algebra(at(self.term, path), after), path)

    def proof(self, label: str = "") -> Proof:
        if len(self.items) == 1 and not self.items[0][0] and isinstance(self.items[0][1], Proof):
            only = self.items[0][1]
            return (
                only
                if not label or only.label == label
                else Proof(only.before, only.after, only.items, label)
            )
        return Proof(self.start, self.term, tuple(self.items), label)


def algebra(before: Term, after: Term) -> Move | None:
    """The move that rearranges, with the weakest law that is enough; None if nothing changes."""
    if identical(before, after):
        return None
    if alpha_equal(before, after):
        return Move("rename", before, after)
    conditions = difference_vanishes(before, after)
    if conditions is None:
        raise RuleRefused("not equal by algebra:", before, "and", after)
    if any(isinstance(c, Relation) and isinstance(c.left, KroneckerDelta) for c in conditions):
        raise RuleRefused("that would divide by a delta")
    ops = set().union(*map(operators, conditions)) if conditions else set()
    name = "ring" if not conditions else "field" if ops <= {"!="} else "powers"
    return Move(name, before, after)


def rearranged(before: Any, after: Any) -> Proof | None:
    """The proof by algebra, or None where algebra does not show it."""
    try:
        return Chain(before).algebra(after).proof()
    except RuleRefused:
        return None


def flip(item: Any) -> Any:
    """The same from right to left."""
    if isinstance(item, Move):
        other = "rl" if item.direction == "lr" else "lr"
        return Move(item.rule, item.after, item.before, item.args, other, item.cited)
    return Proof(item.after, item.before, tuple((p, flip(i)) for p, i in reversed(item.items)))


def join(first: Proof, second: Proof | None) -> Proof:
    """One proof after the other."""
    if second is None or not second.items:
        return first
    if not first.items:
        return second
    return Proof(first.before, second.after, (((), first), ((), second)))


def labelled(proof: Proof, label: str) -> Proof:
    """The same proof under a label."""
    return Proof(proof.before, proof.after, proof.items, label)


def segments(proof: Proof) -> list[Proof]:
    """The labelled stretches that a proof consists of, neighbours of one label together."""
    flat: list[Proof] = []

    def walk(p: Any) -> None:
        if isinstance(p, Proof) and not p.label and all(not path for path, _ in p.items):
            for _, item in p.items:
                walk(item)
        elif not identical(p.before, p.after):
            flat.append(p if isinstance(p, Proof) else Proof(p.before, p.after, (((), p),)))

    walk(proof)
    out: list[Proof] = []
    for p in flat:
        if out and (out[-1].label == p.label or not p.label):
            have = out.pop()
            p = Proof(have.before, p.after, (((), have), ((), p)), have.label)
        out.append(p)
    return [p for p in out if p.changes]


def moves(item: Any) -> list[tuple[Path, Move]]:
    """Every single move with its place in the whole term, in order."""
    out: list[tuple[Path, Move]] = []
    rest: list[tuple[Path, Any]] = [((), item)]
    while rest:
        path, p = rest.pop()
        if isinstance(p, Move):
            out.append((path, p))
        else:
            rest += [(path + place, inner) for place, inner in reversed(p.items)]
    return out


def whole_terms(proof: Any, start: Term) -> list[tuple[Path, Move, Any, Any]]:
    """Every single move, its place, and the whole term before and after it.

    Where a proof was made for other letters of bound indices, the term takes them on silently.
    """
    out: list[tuple[Path, Move, Any, Any]] = []
    term: Any = start

    def walk(item: Any, path: Path) -> None:
        nonlocal term
        if not identical(at(term, path), item.before):
            term = replace_at(term, path, item.before)
        if isinstance(item, Move):
            after = replace_at(term, path, item.after)
            out.append((path, item, term, after))
            term = after
            return
        for inner_path, inner in item.items:
            walk(inner, path + inner_path)

    walk(proof, ())
    return out


def safely(candidates: Iterator[Proof]) -> Iterator[Proof]:
    """The candidates up to the first that turns out not to be provable."""
    try:
        yield from candidates
    except RuleRefused:
        return


def safely_each(candidates: Iterator[Callable[[], Proof]]) -> Iterator[Proof]:
    """Those candidates that turn out to be provable."""
    for candidate in candidates:
        try:
            yield candidate()
        except RuleRefused:
            continue


class Replayer:
    """Puts plans through the kernel; each proof object only once."""

    def __init__(self, theory: Theory) -> None:
        self.theory = theory
        self._done: dict[int, tuple[Any, Theorem]] = {}

    def replay(self, item: Any) -> Theorem:
        """The theorem ``before = after``.

        Raises:
            RuleRefused, KernelError: The plan is wrong.
        """
        found = self._done.get(id(item))
        if found is not None:
            return found[1]
        theorem = self._move(item) if isinstance(item, Move) else self._chain(item)
        self._done[id(item)] = (item, theorem)
        return theorem

    def _chain(self, proof: Proof) -> Theorem:
        theorem = kernel.reflexivity(self.theory, proof.before)
        for path, item in proof.items:
            theorem = kernel.rewrite(theorem, path, self.replay(item))
        return kernel.renamed(theorem, proof.before, proof.after)

    def _move(self, move: Move) -> Theorem:
        lhs, rhs = move.before, move.after
        if move.direction == "rl":
            lhs, rhs = rhs, lhs
        theorem = self._forward(move, lhs, rhs)
        return theorem if move.direction == "lr" else kernel.symmetry(theorem)

    def _forward(self, move: Move, lhs: Any, rhs: Any) -> Theorem:
        if move.rule == "definition":
            return kernel.renamed(kernel.definition(self.theory, lhs), lhs, rhs)
        if move.rule == "rename":
            return kernel.renamed(kernel.reflexivity(self.theory, lhs), lhs, rhs)
        if move.rule == "given":
            theorem = kernel.given(self.theory, move.args["given"], move.args["values"])
            return kernel.renamed(theorem, lhs, rhs)
        if move.rule == "lemma":
            return kernel.renamed(kernel.cite(move.cited.theorem, lhs), lhs, rhs)
        return kernel.instance(self.theory, REGISTRY[move.rule], lhs, rhs, move.args)
