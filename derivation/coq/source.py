"""A derivation as a Coq source: the prelude, the statement, the proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derivation.coq.errors import NotExported
from derivation.coq.forward import Node, _applied
from derivation.coq.moves import Moves, leaves, lemmas
from derivation.coq.statement import Statement
from derivation.coq.writer import PRELUDE, Env
from derivation.steps import Outcome, Step
from derivation.terms import (
    Diff,
    alpha_equal,
    at,
    element,
    indices_of,
    is_element,
    name_of,
    subterms,
)
from derivation.theory import POS, Theory

THEOREM = "derivative"


def source(outcomes: Sequence[Outcome]) -> str:
    """The Coq source of derivations; several stand in modules of their own.

    Raises:
        NotExported: One stopped, or a step of it has no lemma in the prelude.
    """
    parts = [PRELUDE]
    for n, outcome in enumerate(outcomes, 1):
        if outcome.result is None:
            raise NotExported(f"not derived: {outcome.reason}")
        text, name = Source(outcome).text(), THEOREM
        if len(outcomes) > 1:
            text, name = f"Module G{n}.\n{text}End G{n}.\n", f"G{n}.{THEOREM}"
        parts.append(f"{text}\nCheck {name}.\nPrint Assumptions {name}.\n")
    return "\n".join(parts)


class Source:
    """Writes one file."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.theory = Theory(outcome.problem)
        for d in outcome.introduced:
            self.theory.define(d)
        variables = {name_of(v) for v in outcome.wrt}
        if len(variables) != 1:
            raise NotExported("iterated-derivative: by two different variables")
        self.m = Moves(self.theory, variables.pop())
        if self.m.variable in self.theory.definitions:
            raise NotExported("the variable is itself defined")
        self.state = Statement(self.m, outcome)
        self.second = len(outcome.wrt) == 2
        self.m.prefix = " ".join([self.m.base, *(n for n, _ in self.state.varying)])

    def text(self) -> str:
        m, o = self.m, self.outcome
        stated = [m.definition(d) for d in self.theory.definitions.values()]
        m.lemmas = {s.number: s for s in lemmas((*o.facts, *o.steps))}
        self._signs()
        proof = self._second() if self.second else self._first()
        title = o.problem.title or o.problem.name or "a derivative"
        return "\n".join(
            [
                f"(* ==== {_comment(title)}: the problem ==== *)",
                "",
                "Section Problem.",
                *self.state.opening(),
                *stated,
                *self.state.assumptions(),
                "",
                "(* ==== the proof ==== *)",
                "",
                *m.out,
                "",
                "(* ==== the theorem ==== *)",
                "",
                proof,
                "End Problem.",
                "",
            ]
        )

    # -- signs of definitions ------------------------------------------------------------------

    def _signs(self) -> None:
        """Positive definitions, for denominators and logarithms."""
        m = self.m
        for d in self.theory.definitions.values():
            head = element(d.name, *d.params)
            if self.theory.sign(head)[0] != POS:
                continue
            varies = m.depends(d.name)
            text, env = m.binders(d.params)
            args = "".join(f" {x}" for x in env.values())
            ranges = "".join(f" (H_{x} : ({x} < {m.size(i.size)})%nat)" for i, x in env.items())
            given = "".join(f" ({n} : {p})" for n, p in self.state.varying) if varies else ""
            c = m.names[d.name]
            base = f" {m.base}" if varies else ""
            binder = m.base_binder() if varies else ""
            forall = f"forall{binder}{given}{text}{ranges}, " if binder or text else ""
            m.out.append(
                f"Lemma pos_{c} : {forall}0 < {c}{base}{args}.\n"
                f"Proof. intros; unfold {c}; pos. Qed.\n#[local] Hint Resolve pos_{c} : signs."
            )

    # -- a first derivative --------------------------------------------------------------------

    def _first(self) -> str:
        o, m = self.outcome, self.m
        v = o.wrt[0]
        steps = [s for s in o.steps if s.kind == "chain"]
        start = Diff_of(o)
        equal = self._chain(steps, start, o.result, [*indices_of(o.objective)], (v,))
        self._duals(v)
        quantified, env, args = self.state.quantified((v,), indices_of(o.objective))
        own = name_of(o.objective)
        at = " ".join(m.index(i, env) for i in indices_of(o.objective))
        hyps = " ".join(["ltac:(rng)"] * len(indices_of(o.objective)))
        dual = f"(dual_{m.names[own]} {self._dual_args(v, env)} {at} {hyps})"
        result = m.term(o.result, env)
        return (
            f"Theorem {THEOREM} : {quantified}\n  {self.state.derives(env)}\n    {result}.\n"
            f"Proof.\n  intros {args}.\n"
            f"  exact (dual_derives _ _ _ _ _ {dual} ({equal} {args})).\nQed."
        )

    def _chain(self, steps: list[Step], start: Any, end: Any, free: Any, wrt: Any) -> str:
        """A lemma that the chain of steps makes; its name."""
        m = self.m
        needed: list[Step] = []

        def visit(step: Step) -> None:
            for leaf in leaves(step):
                if leaf.rule != "lemma":
                    continue
                for number in leaf.uses:
                    lemma = m.lemmas.get(number)
                    if lemma is not None and lemma not in needed and lemma is not step:
                        visit(lemma)
                        if lemma not in needed:
                            needed.append(lemma)

        for step in steps:
            visit(step)
        for lemma in needed:
            self._lemma(
                m.step_name(lemma), m.free(lemma), lemma.before, lemma.after, list(leaves(lemma))
            )
        moves = [leaf for step in steps for leaf in leaves(step)]
        indices = list(dict.fromkeys([*free, *(i for v in wrt for i in indices_of(v))]))
        self._lemma("steps", [i for i in indices if hasattr(i, "size")], start, end, moves)
        return "steps"

    def _lemma(self, name: str, free: list[Any], before: Any, after: Any, moves: Any) -> None:
        m = self.m
        quantified, env, args = self.state.quantified((), free)
        script = []
        first = m.term(before, env)
        last = m.term(after, env)
        for move in moves:
            a, b = m.term(move.before, env), m.term(move.after, env)
            if a == b:
                continue
            try:
                proof = m.moved(move, env)
            except NotExported as error:
                raise NotExported(f"step {move.number}, {error}") from None
            script.append(f"  transitivity {b}. (* {move.number} {move.rule} *)\n  {{ close_with {proof}. }}")
        body = "\n".join([*script, "  reflexivity."])
        m.out.append(
            f"Lemma {name} : {quantified}\n  {first}\n  = {last}.\nProof.\n  intros {args}.\n{body}\nQed."
        )

    # -- the derivative itself -----------------------------------------------------------------

    def _dual_args(self, v: Any, env: Env) -> str:
        m = self.m
        at = [m.index(i, env) for i in indices_of(v)]
        return " ".join([m.prefix, *at])

    def _duals(self, v: Any) -> None:
        """For every definition, that its tangent is its derivative."""
        m, o = self.m, self.outcome
        goal = name_of(o.objective)
        names = [
            n
            for n in self.theory.definitions
            if m.depends(n)
            and (n == goal or self.theory.depends(self.theory.definitions[goal].body, n))
        ]
        for n in m.topological(names):
            m.tan(n, m.variable)
            m.out.append(self._dual(n, v))

    def _dual(self, name: str, v: Any) -> str:
        m = self.m
        definition = self.theory.definitions[name]
        slots = len(indices_of(v))
        moved = [f"j{k}" for k in range(slots)]
        taken = {m.names[n] for n in m.names}
        moved = [j if j not in taken else f"{j}_0" for j in moved]
        outer = {("moved", k): j for k, j in enumerate(moved)}
        env: dict[Any, str] = dict(outer)
        for p in definition.params:
            _, env = m.bind(p, env)
        ours = [env[p] for p in definition.params]
        node = m.node(definition.body, env)
        given = "".join(f" ({n} : {p})" for n, p in self.state.varying)
        letters = [*moved, *ours]
        binder = f" ({' '.join(letters)} : nat)" if letters else ""
        ranges = "".join(
            f" (H_{env[p]} : ({env[p]} < {m.size(p.size)})%nat)" for p in definition.params
        )
        c, z = m.names[name], m.base
        unit = m._unit(moved)
        t = "t" if "t" not in taken else "t_0"
        changed = t
        if slots:
            changed = f"({'upd' if slots == 1 else 'upd2'} {z} {' '.join(moved)} {t})"
        point = _applied(z, tuple(moved))
        places = "".join(f" {i}" for i in ours)
        if slots > 2:
            raise NotExported("a variable of more than two indices")

        def leaf(n: Node) -> str:
            if n.name == m.variable:
                if not slots:
                    return f"(dual_var {z})"
                entry = "dual_entry" if slots == 1 else "dual_entry2"
                return f"({entry} {z} {' '.join(moved)} {' '.join(n.at)})"
            ranges = " ".join(["ltac:(rng)"] * len(n.at))
            where = " ".join([m.prefix, *moved, *n.at])
            return f"(dual_{m.names[n.name]} {where} {ranges})"

        proof = m.dual(node, "", leaf)
        hyps = " ".join([m.prefix, *letters, *(f"H_{i}" for i in ours)])
        return (
            f"Lemma dual_{c} : forall{m.base_binder()}{given}{binder}{ranges},\n"
            f"  Dual (fun {t} => {c} {changed}{places}) {point} ({c} {z}{places})"
            f" (tan_{c}_{z} {z} {unit}{places}).\n"
            f"Proof.\n  intros {hyps}; exact {proof}.\nQed."
        )

    # -- a second derivative -------------------------------------------------------------------

    def _second(self) -> str:
        raise NotExported("iterated-derivative: no lemma yet")


def Diff_of(o: Outcome) -> Any:
    from derivation.terms import diff

    return diff(o.objective, *o.wrt)


def _comment(text: str) -> str:
    return text.replace("(*", "( *").replace("*)", "* )").replace('"', "'")


__all__ = ["THEOREM", "Diff", "alpha_equal", "at", "is_element", "source", "subterms"]
