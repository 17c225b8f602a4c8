"""A derivation as a Coq source: the prelude, the statement, the proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from derivation.coq.errors import NotExported
from derivation.coq.example import example
from derivation.coq.forward import applied
from derivation.coq.moves import Moves, leaves, lemmas
from derivation.coq.nodes import Node
from derivation.coq.prelude import used_by
from derivation.coq.statement import Statement
from derivation.coq.writer import Env
from derivation.normal import oriented
from derivation.problem import Definition
from derivation.signs import NEG, POS
from derivation.steps import Outcome, Step
from derivation.terms import (
    TRUE,
    Diff,
    IfElse,
    Index,
    Mul,
    Partial,
    Pow,
    Reduction,
    conjuncts,
    diff,
    element,
    free_indices,
    indices_of,
    is_element,
    name_of,
    names,
    negate,
    sigmoid,
    substitute,
    subterms,
)
from derivation.theory import Theory

THEOREM = "derivative"


def source(outcomes: Sequence[Outcome]) -> str:
    """The Coq source of derivations; several stand in modules of their own.

    Raises:
        NotExported: One stopped, or a step of it has no lemma in the prelude.
    """
    parts = []
    for n, outcome in enumerate(outcomes, 1):
        if outcome.result is None:
            raise NotExported(f"not derived: {outcome.reason}")
        text, name = Source(outcome).text(), THEOREM
        if len(outcomes) > 1:
            text, name = f"Module G{n}.\n{text}End G{n}.\n", f"G{n}.{THEOREM}"
        parts.append(f"{text}\nCheck {name}.\nPrint Assumptions {name}.\n")
    written = "\n".join(parts)
    return f"{used_by(written)}\n{written}"


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
        self.m.known = frozenset(oriented(c) for c in self.state.assumed)
        self.m.prefix = " ".join([self.m.base, *(n for n, _ in self.state.varying)])

    def text(self) -> str:
        m, o = self.m, self.outcome
        stated = [m.definition(d) for d in self._in_order()]
        m.lemmas = {s.number: s for s in lemmas((*o.facts, *o.steps))}
        self._signs()
        proof = self._second() if self.second else self._first()
        inputs = [*self.state.inputs, m.variable]
        shown = example(m, self.state.assumed, inputs)
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
                *self._theorem(proof),
                "",
                *([shown] if shown else []),
            ]
        )

    def _theorem(self, proof: str) -> list[str]:
        """The theorem by the names of the problem, and again without them if that is not long."""
        stated, full = self.state.theorem(), self.state.in_full()
        if full is None:
            return [f"Theorem {THEOREM} : {stated}.\nProof.\n{proof}\nQed.", "End Problem."]
        return [
            f"Lemma by_name : {stated}.\nProof using All.\n{proof}\nQed.",
            "End Problem.",
            "",
            "(* the same with every definition put in *)",
            f"Theorem {THEOREM} : {full}.\nProof.\n  exact by_name.\nQed.",
        ]

    def _in_order(self) -> list[Definition]:
        """The definitions, each after those that it uses."""
        out: dict[str, Definition] = {}

        def visit(name: str) -> None:
            d = self.theory.definitions[name]
            for n in sorted(names(d.body) - {name}):
                if n in self.theory.definitions and n not in out:
                    visit(n)
            out.setdefault(name, d)

        for name in self.theory.definitions:
            visit(name)
        return list(out.values())

    # -- signs of definitions ------------------------------------------------------------------

    def _signs(self) -> None:
        """Hints that a definition is positive, nonnegative or not 0: by what it is."""
        m = self.m
        for d in self.theory.definitions.values():
            c = m.names[d.name]
            args = " _" * (len(d.params) + m.depends(d.name))
            entry = f"{c}{args}"
            sign = self.theory.sign(element(d.name, *d.params))[0]
            goals = []
            if not sign & ~POS:
                goals.append((f"0 < {entry}", "pos"))
            elif not sign & NEG:
                goals += [(f"0 <= {entry}", "nn"), (f"0 < {entry}", "pos")]
            if sign & ~POS and isinstance(d.body, (Mul, Pow)):
                goals.append((f"{entry} <> 0", "nz"))
            if isinstance(d.body, sigmoid):
                goals.append((f"0 < 1 + - {entry}", "pos"))
            m.out += [
                f"#[local] Hint Extern 2 ({goal}) => unfold {c}; {tactic} : signs."
                for goal, tactic in goals
            ]

    # -- a first derivative --------------------------------------------------------------------

    def _first(self) -> str:
        o = self.outcome
        v = o.wrt[0]
        moves = [leaf for s in o.steps if s.kind == "chain" for leaf in leaves(s)]
        free = [i for i in (*indices_of(o.objective), *indices_of(v)) if _is_index(i)]
        self._chain("steps", moves, diff(o.objective, v), o.result, list(dict.fromkeys(free)))
        self._duals(v, name_of(o.objective))
        _, env, args = self.state.quantified((v,), indices_of(o.objective))
        proof = f"  exact (dual_derives _ _ _ _ _ {self._dual_at(v, env)} (steps {args}))."
        return f"  intros {args}.\n{proof}"

    def _dual_at(self, v: Any, env: Env) -> str:
        """``dual_…`` of the objective, applied."""
        m, o = self.m, self.outcome
        own = indices_of(o.objective)
        at = [m.index(i, env) for i in (*indices_of(v), *own)]
        hyps = ["ltac:(rng)"] * len(own)
        return f"({' '.join([f'dual_{m.names[name_of(o.objective)]}', m.prefix, *at, *hyps])})"

    def _chain(
        self, name: str, moves: list[Step], start: Any, end: Any, free: Any, again: Any = None
    ) -> None:
        """A lemma that a chain of moves makes, after the lemmas that it cites."""
        m = self.m
        needed: list[Step] = []

        def visit(found: list[Step]) -> None:
            for leaf in found:
                if leaf.rule != "lemma":
                    continue
                for number in leaf.uses:
                    lemma = m.lemmas.get(number)
                    if lemma is not None and lemma not in needed:
                        visit(list(leaves(lemma)))
                        if lemma not in needed:
                            needed.append(lemma)

        visit(moves)
        for lemma in needed:
            made = m.step_name(lemma)
            if made not in m.made:
                m.made.add(made)
                parts = (lemma.before, lemma.after, list(leaves(lemma)))
                self._lemma(made, m.free(lemma), *parts, needs=m.premises(lemma))
        self._lemma(name, free, start, end, moves, again)

    def _lemma(
        self,
        name: str,
        free: list[Any],
        before: Any,
        after: Any,
        moves: Any,
        again: Any = None,
        needs: Sequence[Any] = (),
    ) -> None:
        m = self.m
        quantified, env, args = self.state.quantified((), free)
        if needs:
            premises = "".join(f" (N_{n} : {m.proposition(c, env)})" for n, c in enumerate(needs))
            quantified = f"{quantified.removesuffix(',')}{premises},"
            args = " ".join([args, *(f"N_{n}" for n in range(len(needs)))])
        script = []
        first = m.term(before, env)
        if again is not None:  # the derivative of the first derivative, as its rules give it
            v = again.args[1]

            def leaf(n: Node) -> str:
                if n.name == m.variable:
                    return m.deltas(n.at, v, env)
                return applied(f"{m.tan(n.name, m.variable)} {m.base} {m.unit(v, env)}", n.at)

            _, target, proof = m.cleaned(again, env, leaf)
            if proof:
                script.append(f"  transitivity {target}.\n  {{ exact {proof}. }}")
        last = m.term(after, env)
        for move in moves:
            a, b = m.term(move.before, env), m.term(move.after, env)
            if a == b:
                continue
            try:
                proof = m.moved(move, env)
            except NotExported as error:
                raise NotExported(f"step {move.number}, {error}") from None
            script.append(
                f"  transitivity {b}. (* {move.number} {move.rule} *)\n  {{ close_with {proof}. }}"
            )
        body = "\n".join([*script, "  reflexivity."])
        m.out.append(
            f"Lemma {name} : {quantified}\n  {first}\n  = {last}.\n"
            f"Proof.\n  intros {args}.\n{body}\nQed."
        )

    # -- the derivative itself -----------------------------------------------------------------

    def _duals(self, v: Any, goal: str) -> None:
        """For every definition that a name rests on, that its tangent is its derivative."""
        m = self.m
        names = [
            n
            for n in self.theory.definitions
            if m.depends(n)
            and (n == goal or self.theory.depends(self.theory.definitions[goal].body, n))
        ]
        for n in m.topological(names):
            m.tan(n, m.variable)
            if f"dual_{n}" in m.made:
                continue
            m.made.add(f"dual_{n}")
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
        where = [f"{m.condition(c, env)} = true" for c in self._only_where(name)]
        ranges += "".join(f" (C_{n} : {c})" for n, c in enumerate(where))
        c, z = m.names[name], m.base
        unit = m.unit_at(moved)
        t = self.state.letter("t", env)
        changed = t
        if slots:
            changed = f"({m.update(slots)} {z} {' '.join(moved)} {t})"
        point = applied(z, tuple(moved))
        places = "".join(f" {i}" for i in ours)

        def leaf(n: Node) -> str:
            if n.name == m.variable:
                if not slots:
                    return f"(dual_var {z})"
                entry = ("dual_entry", "dual_entry2", "dual_entry3")[slots - 1]
                return f"({entry} {z} {' '.join(moved)} {' '.join(n.at)})"
            places = " ".join([m.prefix, *moved, *n.at])
            needs = ["ltac:(rng)"] * (len(n.at) + len(self._only_where(n.name)))
            return f"(dual_{m.names[n.name]} {places} {' '.join(needs)})"

        proof = m.dual(node, "", leaf)
        hyps = " ".join(
            [m.prefix, *letters, *(f"H_{i}" for i in ours), *(f"C_{n}" for n in range(len(where)))]
        )
        return (
            f"Lemma dual_{c} : forall{m.base_binder()}{given}{binder}{ranges},\n"
            f"  Dual (fun {t} => {c} {changed}{places}) {point} ({c} {z}{places})"
            f" (tan_{c}_{z} {z} {unit}{places}).\n"
            f"Proof.\n  intros {hyps}; exact {proof}.\nQed."
        )

    def _only_where(self, name: str) -> list[Any]:
        """Conditions on a definition's indices that hold wherever other definitions use it."""
        if self.second or name == name_of(self.outcome.objective):
            return []
        params = self.theory.definitions[name].params
        found: list[Any] | None = None
        for d in self.theory.definitions.values():
            for at, guards in _uses(d.body, name, ()):
                swap = dict(zip(at, params, strict=True))
                here = []
                if len(swap) == len(params) and all(_is_index(i) for i in at):
                    here = [substitute(c, swap) for c in guards if free_indices(c) <= set(at)]
                keys = {oriented(c) for c in here}
                found = here if found is None else [c for c in found if oriented(c) in keys]
        return found or []

    # -- a second derivative -------------------------------------------------------------------

    def _second(self) -> str:
        """The derivative of the derivative: the first is a definition of its own, proved at every
        value of the variable."""
        o, m = self.outcome, self.m
        if self.state.varying:
            raise NotExported("iterated-derivative: under an assumption on the variable")
        v, w = o.wrt
        inner, outer = self._apart(
            [leaf for s in o.steps if s.kind == "chain" for leaf in leaves(s)]
        )
        if not outer:
            raise NotExported("iterated-derivative: no step differentiates again")
        gradient = outer[0].before.args[0]
        free = list(
            dict.fromkeys(i for i in (*indices_of(o.objective), *indices_of(v)) if _is_index(i))
        )
        self._chain("first", inner, diff(o.objective, v), gradient, free)
        name = "grad"
        while name in self.theory.names_in_use() or name in m.taken:
            name += "_"
        self.theory.define(Definition(name, tuple(free), gradient))
        m.names[name] = m.fresh(name)
        m.out.append(m.definition(self.theory.definitions[name]))
        self._duals(v, name_of(o.objective))
        quantified, env, args = self.state.quantified((v,), indices_of(o.objective))
        c, z = m.names[name], m.base
        own = " ".join(env.values())
        dual = self._dual_at(v, env)
        t = self.state.letter("t", env)
        m.out.append(
            f"Lemma first_{c} : {quantified}\n"
            f"  is_derive (fun {t} : R => {self.state.objective_at(m.changed(v, env, t), env)})"
            f" {m.element(v, env)} ({c} {z} {own}).\n"
            f"Proof. intros {args}; exact (dual_derives _ _ _ _ _ {dual} (first {args})). Qed."
        )
        # again
        self._duals(w, name)
        both = list(dict.fromkeys([*free, *(i for i in indices_of(w) if _is_index(i))]))
        start = element(name, *free)
        self._chain("steps", outer, diff(start, w), o.result, both, again=diff(gradient, w))
        quantified, env, args = self.state.quantified((v, w), indices_of(o.objective))
        t = self.state.letter("t", env)
        changed = m.changed(w, env, t)
        mine = " ".join(env[i] for i in free)
        at_w = " ".join(m.index(i, env) for i in indices_of(w))
        rng = " ".join("ltac:(rng)" for _ in free)
        dual = f"(dual_{c} {m.prefix} {at_w} {mine} {rng})"
        return (
            f"  intros {args}.\n"
            f"  apply (is_derive_ext (fun {t} : R => {c} {changed} {mine})).\n"
            f"  - intros {t}; symmetry; apply is_derive_unique;"
            f" exact (first_{c} {changed} {mine} {rng}).\n"
            f"  - exact (dual_derives _ _ _ _ _ {dual} (steps {args}))."
        )

    @staticmethod
    def _apart(moves: list[Step]) -> tuple[list[Step], list[Step]]:
        """The moves of the first derivative, which stand under the second one, and the rest."""
        inner: list[Step] = []
        for n, move in enumerate(moves):
            if move.rule == "iterated-derivative":
                continue
            body = move.before.args[0] if isinstance(move.before, Diff) else None
            if body is None or not any(isinstance(t, (Diff, Partial)) for t in subterms(body)):
                return inner, moves[n:]
            if not isinstance(move.after, Diff):
                raise NotExported("iterated-derivative: the first is not finished first")
            inner.append(
                replace(move, before=body, after=move.after.args[0], path=tuple(move.path[1:]))
            )
        return inner, []


def _is_index(i: Any) -> bool:
    return isinstance(i, Index)


def _comment(text: str) -> str:
    return text.replace("(*", "( *").replace("*)", "* )").replace('"', "'")


def _uses(t: Any, name: str, guards: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The indices with which a name is used in a term, and the conditions that hold there."""
    if is_element(t):
        if name_of(t) == name:
            yield indices_of(t), guards
        return
    for k, a in enumerate(t.args):
        inside = guards
        if isinstance(t, Reduction):
            inside = tuple(c for c in guards if t.index not in free_indices(c))
            inside += conjuncts(t.guard) if k == 0 and t.guard != TRUE else ()
        elif isinstance(t, IfElse) and k:
            inside += conjuncts(t.args[0]) if k == 1 else (negate(t.args[0]),)
        yield from _uses(a, name, inside)
