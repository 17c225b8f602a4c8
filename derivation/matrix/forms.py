"""The matrix form of a finished derivation: searched, chosen, and accepted by the checker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from derivation.certify import Equation, Equations
from derivation.engine.proof import Proof
from derivation.errors import DerivationError
from derivation.kernel import Theorem
from derivation.matrix.nodes import Einsum, Full, Leaf, Lift, Node, entry, walk
from derivation.matrix.numpy_text import numpy_text
from derivation.matrix.prove import Equality
from derivation.matrix.translate import NoForm, Translator
from derivation.matrix.variants import variants
from derivation.problem import Definition
from derivation.steps import Outcome
from derivation.terms import (
    TRUE,
    AnyOf,
    Every,
    Index,
    Indexed,
    Term,
    canonical,
    diff,
    indices_of,
    name_of,
    names,
    subterms,
)
from derivation.theory import Theory

LONGEST = 400  # nodes of a term that is looked at


@dataclass(frozen=True)
class MatrixForm:
    """A term in matrices; the checker has accepted a certificate that its entries are the term.

    Attributes:
        head: What it is the matrix form of (``diff(L, X[n,d])``, or an introduced name).
        node: The matrix expression.
        axes: The index of each of its axes.
        shapes: The shape of every symbol in it.
        theorem: ``entry of the node = term``, as the kernel has it.
        introduced: The matrix forms of the introduced names that it uses.
    """

    head: Term
    node: Node
    axes: tuple[Any, ...]
    shapes: Mapping[str, tuple[Term, ...]]
    theorem: Theorem
    introduced: tuple[MatrixForm, ...] = field(default=())

    @property
    def text(self) -> str:
        """The NumPy expression."""
        return numpy_text(self.node)

    @property
    def batched(self) -> bool:
        """Whether it needs more axes than matrices have."""
        return any(
            isinstance(n, Einsum) or (isinstance(n, (Lift, Full, Leaf)) and n.rank > 2)
            for n in walk(self.node)
        )

    @property
    def all_introduced(self) -> dict[str, MatrixForm]:
        """The introduced names that it rests on, each before what uses it."""
        out: dict[str, MatrixForm] = {}
        for f in self.introduced:
            out.update(f.all_introduced)
            out[name_of(f.head)] = f
        return out

    @property
    def shapes_written_out(self) -> dict[str, tuple[Term, ...]]:
        """The shapes of the problem's own symbols, also those behind introduced names."""
        out = {**self.shapes}
        for name, f in self.all_introduced.items():
            out.pop(name, None)
            out.update({n: s for n, s in f.shapes.items() if n not in self.all_introduced})
        return dict(sorted(out.items()))

    @property
    def written_out(self) -> Node:
        """The matrix expression with the introduced names put in."""
        known = {name_of(f.head): f.written_out for f in self.introduced}
        return _put_in(self.node, known) if known else self.node


def matrix_form(outcome: Outcome) -> MatrixForm | None:
    """The matrix form of a derivation's result, or None where there is none.

    The axes are those of the objective, then those of each variable: a gradient has the shape of
    what it is taken by, a Jacobian is objective by variable.
    """
    try:
        return find_form(outcome)
    except NoForm:
        return None


def find_form(outcome: Outcome) -> MatrixForm:
    """As `matrix_form`.

    Raises:
        NoForm: Why there is no matrix form.
    """
    if outcome.result is None:
        raise NoForm("there is no result")
    axes = _axes(outcome.objective, *outcome.wrt)
    forms = _Forms(outcome)
    head = diff(outcome.objective, *outcome.wrt)
    return forms.form(head, outcome.result, axes)


def form_of_term(t: Term, axes: tuple[Any, ...], outcome: Outcome) -> MatrixForm:
    """The matrix form of any term of a derivation's problem, with these axes.

    Raises:
        NoForm: Why there is none.
    """
    return _Forms(outcome).form(t, t, axes)


def _axes(*elements: Any) -> tuple[Any, ...]:
    found = [i for t in elements for i in indices_of(t) if isinstance(i, Index)]
    return tuple(dict.fromkeys(found))


class _Forms:
    """Finds and proves the matrix forms of one derivation."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.problem = outcome.problem
        self.theory = Theory(outcome.problem)
        for d in outcome.introduced:
            self.theory.define(d)
        self.equality = Equality(self.theory)
        visited = outcome.checked.settings
        self.equations = Equations(outcome.problem, visited, outcome.introduced)
        self.introduced = {d.name: d for d in outcome.introduced}
        self._done: dict[str, MatrixForm] = {}

    def form(self, head: Term, t: Term, axes: tuple[Any, ...]) -> MatrixForm:
        if sum(1 for _ in subterms(t)) > LONGEST:
            raise NoForm("the result is too long")
        if any(f in self.problem.unknown for f in names(t)):
            raise NoForm("it has an unknown function")
        first: NoForm | None = None
        stopped = NoForm("its entries were not proved equal to the result")
        for node in self._candidates(t, axes):
            if isinstance(node, NoForm):
                first = first or node
                continue
            found = self.equality.proof(entry(node, axes), t)
            if found is not None and self._is_free(found[0]) and self._is_accepted(found[1]):
                used = [n.name for n in walk(node) if isinstance(n, Leaf)]
                if all(n.rank == 0 for n in walk(node)) and not axes:
                    raise NoForm("there is no array in it")
                parts = tuple(
                    self._introduced(self.introduced[n])
                    for n in dict.fromkeys(used)
                    if n in self.introduced
                )
                return MatrixForm(head, node, axes, self._shapes(node), found[0], parts)
            first = stopped
        raise first or stopped

    def _introduced(self, d: Definition) -> MatrixForm:
        found = self._done.get(d.name)
        if found is None:
            axes = tuple(i for i in d.params if isinstance(i, Index))
            found = self._done[d.name] = self.form(d.head, d.body, axes)
        return found

    def _candidates(self, t: Term, axes: tuple[Any, ...]) -> Iterator[Any]:
        """Matrix expressions of the term's variants, cheapest first, then why not."""
        found: dict[Node, None] = {}
        reasons: list[NoForm] = []
        most = max(2, len(axes), *[len(s.args) - 1 for s in subterms(t) if isinstance(s, Indexed)])
        translator = Translator(self.problem.labels, most)

        def translate(v: Term) -> Node | None:
            try:
                return translator.array(v, axes)
            except NoForm as none:
                reasons.append(none)
                return None

        def cost(v: Term) -> float | None:
            node = translate(v)
            return None if node is None else node.cost

        for v in variants(t, cost):
            node = translate(v)
            if node is not None:
                found[node] = None
        yield from sorted(found, key=_simplest_first)
        yield from reasons

    def _is_free(self, theorem: Theorem) -> bool:
        """Whether it needs nothing that the result does not need anyhow."""
        known = {canonical(c) for c in (*self.outcome.conditions, *self.outcome.domain)}
        givens = set(self.problem.givens)
        return all(
            _bare(h) in known or h in known or _is_given(h, givens) for h in theorem.hypotheses
        )

    def _is_accepted(self, proof: Proof) -> bool:
        """Whether the checker accepts it under what the result rests on anyhow."""
        outcome = self.outcome
        steps = self.equality.steps(proof)
        stated = (*outcome.conditions, *outcome.domain)
        equation = Equation(proof.before, proof.after, TRUE, steps, outcome.given, stated)
        try:
            self.equations.prove(equation)
        except (DerivationError, RecursionError):
            return False
        return True

    def _shapes(self, node: Node) -> dict[str, tuple[Term, ...]]:
        out: dict[str, tuple[Term, ...]] = {}
        for n in walk(node):
            if isinstance(n, Leaf):
                known = self.problem.shapes.get(n.name)
                if known is None:
                    known = tuple(i.size for i in self.introduced[n.name].params)
                out[n.name] = known
        return dict(sorted(out.items()))


def _simplest_first(node: Node) -> tuple[float, int, str]:
    text = numpy_text(node)
    return round(node.cost, 6), len(text), text


def _bare(h: Any) -> Any:
    """A hypothesis without "for every" and the condition that it is weakened by."""
    while isinstance(h, Every):
        h = h.body
    if isinstance(h, AnyOf) and h.args:
        h = h.args[-1]
    return canonical(h)


def _is_given(h: Any, givens: set[Any]) -> bool:
    return any(canonical(g) in (h, _bare(h)) for g in givens)


def _put_in(node: Node, known: Mapping[str, Node]) -> Node:
    if isinstance(node, Leaf):
        return known.get(node.name, node) if all(p is None for p in node.picks) else node
    return node.rebuilt(lambda part: _put_in(part, known))


__all__ = ["MatrixForm", "find_form", "form_of_term", "matrix_form"]
