"""Each move of the kernel as a Coq proof: the lemma or tactic that the rule names.

``Moves.equation`` proves one move where it stands; ``Moves.moved`` carries it through the term
around it. What has no lemma raises ``NotExported`` with the rule's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from derivation.coq.errors import NotExported
from derivation.coq.nodes import Node
from derivation.coq.prelude import TACTICS
from derivation.coq.statement import closed
from derivation.coq.sums import Sums
from derivation.coq.writer import Env
from derivation.matching import match
from derivation.normal import oriented
from derivation.rules import REGISTRY
from derivation.rules.calculus import through_which
from derivation.steps import Step
from derivation.terms import free_indices, indices_of, name_of

Proof = Callable[[Step, Any, Any, Env], str]

# lemmas that prove a move as they stand; the names of functions: true by computation
WHOLE_PROOFS = {
    "sigmoid_reflection": "sigmoid_reflection _",
    "sum_const": "sum_const _ _",
    **dict.fromkeys(("softplus", "tan"), "eq_refl"),
}
# moves that are no rules
MOVES = {"rename": "eq_refl", "definition": "eq_refl", "given": "ltac:(by_given)"}


def leaves(step: Step) -> Iterator[Step]:
    """The kernel moves that a step consists of, in order (lemmas within it are no part of it)."""
    if not step.substeps:
        yield step
    for sub in step.substeps:
        if sub.kind != "lemma":
            yield from leaves(sub)


def lemmas(steps: Iterable[Step]) -> Iterator[Step]:
    """Every lemma among the steps and within them."""
    for step in steps:
        if step.kind == "lemma":
            yield step
        yield from lemmas(step.substeps)


class Moves(Sums):
    """Proofs of single moves."""

    lemmas: dict[str, Step]
    known: frozenset[Any]  # what the file assumes
    prefix: str  # what every lemma is applied to first: the variable and what is assumed of it

    def equation(self, step: Step, before: Any, after: Any, env: Env) -> str:
        """The move's own equation, proved."""
        a, b = self.term(before, env), self.term(after, env)
        if a == b:
            return f"(eq_refl {a})"
        if step.direction == "rl":
            return f"(eq_sym {self._forward(step, after, before, env)})"
        return self._forward(step, before, after, env)

    def _forward(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        rule = step.rule
        lemma = REGISTRY[rule].lemma if rule in REGISTRY else ""
        own: dict[str, Proof] = {
            "ring": self._arithmetic,
            "field": self._arithmetic,
            "powers": self._arithmetic,
            "lemma": self._lemma,
            "chain-rule": self._chain_rule,
            "partial-definition": self._partial_definition,
            "sum-add": self.sum_add,
            "sum-factor": self.sum_factor,
            "sum-product": self.sum_product,
            "sum-swap": self.sum_swap,
            "sum-one-place": self.sum_one_place,
            "sift-delta": self.sift,
            "split-term": self.split_term,
        }
        if rule in own:
            return own[rule](step, lhs, rhs, env)
        if rule in MOVES or lemma in WHOLE_PROOFS:
            proof = MOVES.get(rule) or WHOLE_PROOFS[lemma]
        elif rule in REGISTRY and REGISTRY[rule].topic == "calculus" and lemma:
            proof = "ltac:(alg)"  # tangents are written so that the rules hold by computation
        elif lemma in TACTICS:
            proof = f"ltac:({lemma})"
        else:
            raise NotExported(f"the rule {rule} has no lemma in the Coq prelude")
        return f"({proof} : {self.term(lhs, env)} = {self.term(rhs, env)})"

    def _arithmetic(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        return self.algebra(lhs, rhs, env)

    def _lemma(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        for number in step.uses:
            cited = self.lemmas.get(number)
            if cited is None:
                continue
            values = match(cited.before, lhs, self.theory)
            if values is not None:
                return self.cited(cited, values, env)
        raise NotExported(f"lemma: {step.number} cites none that fits")

    def cited(self, lemma: Step, values: Any, env: Env) -> str:
        letters = self.free(lemma)
        shown = [self.index(values.get(i, i), env) for i in letters]
        needs = ["ltac:(rng)"] * len(letters) + ["ltac:(side)"] * len(self.premises(lemma))
        return f"({self.step_name(lemma)} {' '.join([*self.prefix.split(), *shown, *needs])})"

    def premises(self, lemma: Step) -> list[Any]:
        """What a lemma needs of its indices and the file does not assume of all indices."""
        free = free_indices(lemma.before) | free_indices(lemma.after)
        return [
            c
            for c in (*lemma.conditions, *lemma.domain)
            if free_indices(c) and free_indices(c) <= free and oriented(closed(c)) not in self.known
        ]

    @staticmethod
    def step_name(step: Step) -> str:
        return "step_" + step.number.replace(".", "_")

    @staticmethod
    def free(step: Step) -> list[Any]:
        found = free_indices(step.before) | free_indices(step.after)
        return sorted(found, key=lambda i: (str(i.name), str(i.size)))

    def _partial_definition(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        body, v = lhs.args
        unfolded = type(lhs)(self.theory.unfold(body), v)
        own = name_of(v)

        def leaf(n: Node) -> str:
            return self.deltas(n.at, v, env) if n.name == own else "0"

        _, target, proof = self.cleaned(unfolded, env, leaf)
        a, b = self.term(lhs, env), self.term(rhs, env)
        if not proof:
            return f"(eq_refl : {a} = {b})"
        if target == b:
            return f"({proof} : {a} = {b})"
        return f"(eq_trans ({proof} : {a} = {target}) (ltac:(alg) : {target} = {b}))"

    def _chain_rule(self, step: Step, lhs: Any, rhs: Any, env: Env) -> str:
        """From linearity; see ``thru_…`` in ``forward``."""
        body, v = lhs.args
        a, b = self.term(lhs, env), self.term(rhs, env)
        middle = through_which(self.theory, body, v)
        if not middle:
            return f"(eq_refl : {a} = {b})"
        name, own = name_of(body), name_of(v)
        lemma = self.chain_lemma(name, own, middle)
        at = [self.index(i, env) for i in indices_of(body)]
        ranges = ["ltac:(rng)"] * len(at)
        head = " ".join([lemma, self.base, self.unit(v, env), *at, *ranges])
        tactic = "alg"
        if own not in self.direct(name):  # the objective's own definition does not mention it
            zero = " ".join([f"zero_{self.names[name]}", self.base, *at, *ranges])
            tactic = f"rewrite ({zero}); alg"
        return f"(ltac:(etransitivity; [exact ({head}) | {tactic}]) : {a} = {b})"
