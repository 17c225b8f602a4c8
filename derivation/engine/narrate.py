"""From proofs to numbered steps: every proof is put through the kernel, then told in words."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import sympy

from derivation import kernel
from derivation.engine.arithmetic import tidy
from derivation.engine.known import Instance
from derivation.engine.letters import Letters, core
from derivation.engine.present import presented
from derivation.engine.proof import Chain, Move, Proof, Replayer, join, moves, whole_terms
from derivation.engine.rewrites import Rewrite
from derivation.language import write, write_condition
from derivation.normal import text
from derivation.problem import Definition
from derivation.rules import REGISTRY
from derivation.rules.calculus import SLOPES
from derivation.steps import Placed, Prose, Step, cited
from derivation.terms import (
    ONE,
    Add,
    Condition,
    Diff,
    Function,
    Indexed,
    Partial,
    Path,
    Reduction,
    Term,
    alpha_equal,
    apply,
    at,
    diff,
    divide,
    element,
    free_indices,
    function_name,
    index_names,
    is_number,
    log,
    name_of,
    negate,
    relation,
    substitute,
    subterms,
    symbol,
)
from derivation.theory import Theory

DEFINITION_LAW = r"\text{name} = \text{its definition}"
GIVEN_LAW = r"\text{given}"


@dataclass(frozen=True)
class Lemma:
    """A proved equation under its number, as moves cite it."""

    number: str
    theorem: kernel.Theorem


class Fact:
    """A proved fact about a definition; it is told, with a number, when a step first cites it."""

    def __init__(self, theorem: kernel.Theorem, tell: Callable[[kernel.Theorem], str]) -> None:
        self.theorem, self._tell = theorem, tell

    @cached_property
    def number(self) -> str:
        return self._tell(self.theorem)


class Narrator:
    """Keeps the steps of one derivation, in order; of several gradients, one after the other."""

    def __init__(self, theory: Theory, replayer: Replayer) -> None:
        self.theory, self.replayer = theory, replayer
        self.steps: list[Step] = []
        self.earlier: list[Step] = []  # of the gradients before; their lemmas may be cited
        self._inner: list[Step] | None = None  # lemmas that belong to the lemma being worked on
        self.facts: list[Step] = []
        self._functions: set[Any] = set()
        self.letters = Letters(theory)
        # conditions that hold wherever the objective is defined: said once, at the end
        self.domain: frozenset[Any] = frozenset()

    def start(self) -> None:
        """Begins the chain of another gradient; the numbers go on."""
        self.earlier += self.steps
        self.steps, self._inner = [], None

    def shared(self) -> tuple[Step, ...]:
        """The lemmas of earlier gradients that the steps rest on, directly or through others."""
        known = {s.number: s for s in self.earlier}
        wanted: set[str] = set()
        told = list(self.steps)
        while told:
            step = told.pop()
            told.extend(step.substeps)
            for number in (u.partition(".")[0] for u in step.uses):
                if number in known and number not in wanted:
                    wanted.add(number)
                    told.append(known[number])
        return tuple(s for s in self.earlier if s.number in wanted)

    # -- facts ------------------------------------------------------------------------------

    def fact(self, proof: Proof, params: tuple[Any, ...], definition: Definition) -> Rewrite:
        """Proves a fact, to be listed when something that is told cites it; the rewrite does."""
        tell = partial(self._tell_fact, proof, definition)
        fact = Fact(self.replayer.replay(proof), tell)

        def prove(values: dict[Any, Any]) -> Any:
            lhs = substitute(proof.before, values)
            return Move("lemma", lhs, substitute(proof.after, values), cited=fact)

        return Rewrite("fact", params, proof.before, proof.after, prove, "fact")

    def _tell_fact(self, proof: Proof, definition: Definition, theorem: kernel.Theorem) -> str:
        uses = _uses(proof)  # those come first
        number = f"F{len(self.facts) + 1}"
        self.facts.append(
            Step(
                number=number,
                kind="lemma",
                title=("Fact",),
                rule="definition",
                why=("from the definition of ", definition.head),
                before=self.letters.friendly(proof.before),
                after=self.letters.friendly(proof.after),
                law="",
                uses=uses,
                conditions=self._left(theorem),
                domain=self._domain_of(theorem),
                substeps=self.leaves(proof, number, proof.before),
                level=1,
            )
        )
        return number

    # -- the chain --------------------------------------------------------------------------

    def chain_step(self, label: str, proof: Proof, **about: Any) -> kernel.Theorem:
        """The first step of the chain."""
        theorem = self.replayer.replay(proof)
        self._emit(label, proof, theorem, about)
        return theorem

    def continue_chain(self, theorem: kernel.Theorem, label: str, proof: Proof) -> kernel.Theorem:
        """One more step; nothing is told where nothing changes."""
        if not proof.items or proof.before == proof.after:
            return theorem
        step = self.replayer.replay(proof)
        whole = kernel.transitivity(theorem, kernel.renamed(step, proof.before, proof.after))
        self._emit(label, proof, step, {})
        return whole

    def begin(self) -> bool:
        """From here to its own end, a lemma takes in the lemmas made for it; one level deep."""
        if self._inner is not None:
            return False
        self._inner = []
        return True

    def lemma(
        self,
        kind: str,
        start: Any,
        stages: list[Proof],
        of: Any,
        by: Any,
        *,
        begun: bool = False,
        instance: Instance | None = None,
    ) -> tuple[kernel.Theorem, str]:
        """A lemma with its stages as substeps, after the lemmas made since ``begin`` if it did.

        One that is an instance of a known theorem is told by its name; its proof shows at full.
        """
        substeps: list[Step] = []
        if begun:
            substeps, self._inner = self._inner or [], None
        stages = [s for s in stages if s.items and s.before != s.after]
        whole = stages[0]
        for stage in stages[1:]:
            whole = join(whole, stage)
        theorem = self.replayer.replay(Proof(start, whole.after, whole.items))
        number = self._next()
        for k, stage in enumerate(stages, len(substeps) + 1):
            title, why = self._words(stage.label, stage, {"of": of, "by": by})
            sub = f"{number}.{k}"
            leaves = self.leaves(stage, sub, stage.before)
            substeps.append(self._step(sub, stage, title, why, leaves, None))
        title, why = self._lemma_words(kind, of, by, whole)
        if instance is not None:
            why = self._instance_words(instance)
            substeps = [replace(s, level=2) for s in substeps]
        self._list().append(
            Step(
                number=number,
                kind="lemma",
                title=title,
                rule=_main_rule(whole),
                law=_law(_main_rule(whole)),
                why=why,
                before=self.letters.friendly(start),
                after=self.letters.friendly(whole.after),
                uses=_uses(whole),
                conditions=self._left(theorem),
                domain=self._domain_of(theorem),
                substeps=tuple(substeps),
                level=1,
            )
        )
        return theorem, number

    def as_lemma(self, theorem: kernel.Theorem) -> tuple[str, Callable[[str], str]]:
        """The chain so far becomes a lemma (the gradient, before a second derivative).

        Returns its number, and what turns a lemma's old number into its new one.
        """
        chain = [s for s in self.steps if s.kind == "chain"]
        others = [s for s in self.steps if s.kind != "chain"]
        first = len(self.earlier) + 1
        number = str(first + len(others))
        renumber = {s.number: f"{number}.{k}" for k, s in enumerate(chain, 1)}
        order = {s.number: str(k) for k, s in enumerate(others, first)}
        renumber.update(order)
        substeps = tuple(_renumbered(s, renumber) for s in chain)
        lemmas = [_renumbered(s, renumber) for s in others]
        self.steps = [
            *lemmas,
            Step(
                number=number,
                kind="lemma",
                title=("The gradient",),
                rule=chain[0].rule,
                law=_law(chain[0].rule),
                why=("the first derivative",),
                before=chain[0].before,
                after=chain[-1].after,
                conditions=self._left(theorem),
                domain=self._domain_of(theorem),
                uses=tuple(sorted({u for s in substeps for u in s.uses})),
                substeps=substeps,
            ),
        ]
        return number, lambda old: _moved(old, order)

    def function_lemmas(self, body: Term) -> None:
        """One line for each elementary function that the objective uses: d log x = 1/x."""
        wanted: list[Any] = []
        for s in subterms(body):
            head = type(s)
            known = head in SLOPES and head is not sympy.exp and head not in self._functions
            if known and isinstance(s, Function) and _varies(s.args[0]):
                self._functions.add(head)
                wanted.append(s)
        for s in wanted:
            base = _log_base(body) if isinstance(s, sympy.log) else None
            self._function_lemma(s, base)

    def _function_lemma(self, s: Any, base: Any) -> None:
        bodies = [d.body for d in self.theory.definitions.values()]
        taken = self.theory.names_in_use().union(*map(index_names, bodies))
        letters = itertools.chain("xusvw", (f"x{k}" for k in itertools.count(1)))
        letter = next(name for name in letters if name not in taken)
        x = symbol(letter)
        f = apply(function_name(s) or "", x)
        whole = divide(f, log(base)) if base is not None else f
        start = diff(whole, x)
        chain = Chain(start)
        if base is not None:
            after, _ = REGISTRY["d-product"].rewrite(self.theory, start, {})  # type: ignore[misc]
            chain.rule("d-product", after)
        inner: Path = (0,) if base is not None else ()
        target = at(chain.term, inner)
        after, _ = REGISTRY["d-function"].rewrite(self.theory, target, {})  # type: ignore[misc]
        chain.rule("d-function", after, inner)
        for path, _sub in _diffs(chain.term):
            chain.rule("d-variable", ONE, path)
        shown = presented(tidy(chain.term))
        chain.algebra(shown)
        proof = chain.proof()
        theorem = self.replayer.replay(proof)
        number = self._next()
        name = function_name(s) or "f"
        title: Prose = (f"Derivative of {'the logarithm' if name == 'log' else name}",)
        self._list().append(
            Step(
                number=number,
                kind="lemma",
                title=title,
                rule="d-function",
                law=_law("d-function"),
                why=("a standard derivative",)
                if base is None
                else ("to base ", base, ", log x is ln x / ln ", base),
                before=start,
                after=shown,
                args={"variable": letter},
                conditions=self._left(theorem),
                domain=self._domain_of(theorem),
                substeps=self.leaves(proof, number, start),
                level=1,
            )
        )

    # -- making steps -----------------------------------------------------------------------

    def _list(self) -> list[Step]:
        return self.steps if self._inner is None else self._inner

    def _next(self) -> str:
        own = str(len(self.earlier) + len(self.steps) + 1)
        return own if self._inner is None else f"{own}.{len(self._inner) + 1}"

    def _emit(
        self, label: str, proof: Proof, theorem: kernel.Theorem, about: dict[str, Any]
    ) -> None:
        title, why = self._words(label, proof, about)
        number = self._next()
        leaves = self.leaves(proof, number, proof.before)
        step = self._step(number, proof, title, why, leaves, theorem)
        if label in _OUTLINE:
            step = replace(step, level=0)
        last = next((s for s in reversed(self.steps) if s.kind == "chain"), None)
        if last is not None and not step.args and alpha_equal(last.after, step.before):
            step = replace(step, before=last.after)  # in the letters of the line before
        self.steps.append(step)

    def _step(
        self,
        number: str,
        proof: Proof,
        title: Prose,
        why: Prose,
        leaves: tuple[Step, ...],
        theorem: kernel.Theorem | None,
    ) -> Step:
        main = _main_rule(proof)
        told = Step(
            number,
            "chain",
            title,
            main,
            why,
            before=self.letters.friendly(proof.before),
            after=self.letters.friendly(proof.after),
            law=_law(main),
            uses=_uses(proof),
            conditions=self._left(theorem) if theorem is not None else (),
            domain=self._domain_of(theorem) if theorem is not None else (),
            substeps=leaves,
        )
        if len(leaves) != 1:
            return told
        (only,) = leaves
        if (told.before, told.after) != (only.before, only.after):
            return told  # the move is on the term as it is, the line leaves brackets out
        return replace(
            told,
            rule=only.rule,
            law=only.law,
            path=only.path,
            direction=only.direction,
            args=only.args,
            substeps=(),
            placed=only.placed,
        )

    def leaves(self, proof: Any, number: str, start: Any) -> tuple[Step, ...]:
        """Each kernel move as a step on the whole term."""
        out: list[Step] = []
        for path, move, term, after in whole_terms(proof, start):
            rule = REGISTRY.get(move.rule)
            title = (
                rule.title
                if rule
                else {
                    "definition": "Definition",
                    "given": "Given",
                    "lemma": "Lemma",
                    "rename": "Rename",
                }[move.rule]
            )
            why: Prose = (title[:1].lower() + title[1:],)
            if move.rule == "lemma":
                title, why = "Use a lemma", (f"by {cited((move.cited.number,))}",)
            before = out[-1].after if out else self.letters.exact(term)
            shown = _shown_letters(term, before, path)
            out.append(
                Step(
                    number=f"{number}.{len(out) + 1}",
                    kind="chain",
                    title=(title,),
                    rule=move.rule,
                    why=why,
                    before=before,
                    after=self.letters.exact(after),
                    law=_law(move.rule),
                    path=path,
                    direction=move.direction,
                    args=self._args_text(move, shown),
                    uses=(move.cited.number,) if move.cited is not None else (),
                    level=2,
                    placed=Placed(move, before, path, shown),
                )
            )
        return tuple(out)

    def _left(self, theorem: kernel.Theorem) -> tuple[Any, ...]:
        givens = {kernel.closed(g) for g in self.theory.problem.givens}
        left = [h for h in theorem.hypotheses if h not in givens]
        return self._told(theorem, left)

    def _domain_of(self, theorem: kernel.Theorem) -> tuple[Any, ...]:
        inside = [h for h in theorem.hypotheses if core(h) in self.domain]
        return self._told(theorem, inside)

    def _told(self, theorem: kernel.Theorem, hypotheses: list[Any]) -> tuple[Any, ...]:
        sides = (theorem.lhs, theorem.rhs)
        told = [self.letters.condition(h, sides) for h in sorted(hypotheses, key=text)]
        return tuple(dict.fromkeys(told))

    def _args_text(self, move: Move, shown: Mapping[Any, Any]) -> dict[str, str]:
        """The arguments in the letters that the step shows; a given keeps its own."""
        out: dict[str, str] = {}
        for key, value in move.args.items():
            if isinstance(value, dict):
                out.update({str(k): write(substitute(v, shown)) for k, v in value.items()})
            elif key == "given":
                out[key] = write_condition(value)
            elif isinstance(value, Condition):
                out[key] = write_condition(substitute(value, shown))
            else:
                out[key] = write(substitute(value, shown))
        return out

    # -- words ------------------------------------------------------------------------------

    def _lemma_words(self, kind: str, of: Any, by: Any, proof: Proof) -> tuple[Prose, Prose]:
        what: Prose = ("Derivative of ", of, " by ", by)
        if kind == "adjoint":
            if any(m.rule == "chain-rule" for _, m in moves(proof)) and _uses(proof):
                return what, ("chain rule through what ", of, " sees of ", by)
            sifted = any(m.rule == "sift-delta" for _, m in moves(proof))
            if sifted:
                return what, ("every term of the sum vanishes but the one that holds ", by)
            return what, ("differentiate the definition of ", of)
        quotient = any(m.rule == "d-quotient" for _, m in moves(proof))
        if quotient:
            return what, ("quotient rule",)
        return what, ("differentiate the definition of ", of)

    def _instance_words(self, instance: Instance) -> Prose:
        """Which theorem, for which of its inputs, how many times."""
        out: list[Any] = [f"{instance.theorem.name} of the library"]
        for name, (places, value) in instance.values.items():
            if name in instance.theorem.problem.definitions:
                continue
            own = element(name, *(places if instance.theorem.problem.shapes[name] else ()))
            if own != value:
                out += [", with " if len(out) == 1 else " and ", relation("==", own, value)]
        if instance.factor != ONE:
            out += [", times ", instance.factor]
        return tuple(out)

    def _words(self, label: str, proof: Proof, about: dict[str, Any]) -> tuple[Prose, Prose]:
        rules = [m.rule for _, m in moves(proof)]
        by, of = about.get("by"), about.get("of") or about.get("objective")
        if label == "chain-rule":
            through = about.get("through") or sorted(
                {name_of(s.args[0]) for _, s in _diffs(proof.after, partials=True)}
            )
            heads = [
                self.theory.definitions[n].head for n in through if n in self.theory.definitions
            ]
            listed: list[Any] = []
            for k, h in enumerate(heads):
                listed.extend([", " if k and k < len(heads) - 1 else " and " if k else "", h])
            who = by if by is not None else "the variable"
            every = "every " if any(isinstance(h, Indexed) for h in heads) else ""
            return ("Chain rule",), (who, f" acts through {every}", *listed)
        if label == "constant":
            return ("Derivative of a constant",), (of, " does not depend on ", by)
        if label == "definition":
            return ("Definition",), (by, " enters the definition of ", of, " directly")
        if label == "second":
            return ("Second derivative",), ("the first derivative, differentiated by ", by)
        if label == "put-together":
            used = _uses(proof)
            return ("Put together",), (_list_lemmas(used),)
        if label == "split-cases":
            cases = _list_lemmas(_uses(proof))
            return ("Split the sum",), (f"the term with equal indices apart; the cases of {cases}",)
        if label == "distribute":
            return ("Distribute",), ("what does not depend on the summation index leaves the sum",)
        if label == "merge":
            return ("Complete the sum",), ("the missing term is at hand",)
        if label == "given":
            givens = [m.args["given"] for _, m in moves(proof) if m.rule == "given"]
            if not givens:
                return self._contract_words(rules)
            g = givens[0]
            return ("Use ", relation("==", g.left, g.right)), ("given",)
        if label == "fact":
            facts = [m for _, m in moves(proof) if m.rule == "lemma"]
            if not facts:
                return self._contract_words(rules)
            f = self.letters.friendly
            return ("Use ", relation("==", f(facts[0].before), f(facts[0].after))), (
                _list_lemmas(_uses(proof)),
            )
        if label == "cases":
            return ("Two cases",), (
                "either ",
                proof.after.args[0],
                " or not",
            )
        if label == "case-equal":
            return ("Case ", proof.after.args[0]), ("the delta is 1",)
        if label == "case-unequal":
            return ("Case ", negate(proof.after.args[0])), ("the delta is 0",)
        if label == "fold":
            heads2: list[Any] = []
            for _, m in moves(proof):
                if m.rule == "definition":
                    head = m.after if m.direction == "rl" else m.before
                    if head not in heads2:
                        heads2.append(head)
            if heads2:
                return ("Write it with ", heads2[0]), ("by its definition",)
            return ("Fold back",), ("by the definitions",)
        if label == "expand":
            return ("Multiply out",), ("term by term",)
        if label == "collect":
            if "sum-add" in rules:
                return self._sums_words(proof)
            for known, called, because in _RECOGNISED:
                if known in rules:
                    return (called,), (because,)
            return ("Collect",), ("common factors go in front",)
        if label == "fraction":
            return ("Fraction",), ("divided above and below by the same",)
        if label == "cancel":
            return ("Cancel",), ("equal factors above and below",)
        if label == "settle":
            return ("Collect terms",), ("equal terms of opposite sign cancel",)
        if label == "name":
            return ("Call it ", proof.after), ("a name for what is used again",)
        if label == "order":
            return ("Order",), ("the customary order",)
        if label == "rules":
            title, why = self._rule_words(proof)
            return title, (*why, f"; {cited(_uses(proof))}") if _uses(proof) else why
        return self._contract_words(rules)

    def _sums_words(self, proof: Proof) -> tuple[Prose, Prose]:
        """Sums brought together, or one taken apart because its terms are known one by one."""
        done = [m for _, m in moves(proof)]
        if any(m.rule == "sum-add" and m.direction == "rl" for m in done):
            return ("Collect",), ("sums over one range merge, common factors go in front",)
        named = [m.after for m in done if m.rule == "definition" and m.direction == "rl"]
        by: Prose = (", by the definition of ", named[0]) if named else ()
        return ("Sum term by term",), ("the sum is taken apart", *by)

    def _rule_words(self, proof: Proof) -> tuple[Prose, Prose]:
        """Named after the outermost law that a person would name."""
        found = [m for _, m in moves(proof) if m.rule in _SPOKEN]
        spoken = [m for m in found if m.rule != "d-product" or isinstance(m.after, Add)]
        if any(m.rule == "d-quotient" for m in spoken):
            return ("Quotient rule",), ("numerator and denominator both depend on the variable",)
        if not spoken:
            return ("Differentiate",), ("a constant factor stays",)
        first = spoken[0]
        if first.rule == "d-sum-over":
            inner = [m for m in spoken if m.rule not in ("d-sum-over", "d-sum")]
            why: Prose = ("term by term",)
            if inner and inner[0].rule == "d-function":
                why = ("term by term; ", *self._function_words(inner[0]))
            return ("Differentiate under the sum",), why
        if first.rule == "d-function":
            return ("Chain rule for a function",), self._function_words(first)
        return {
            "d-sum": (("Differentiate",), ("term by term",)),
            "d-product": (("Product rule",), ("one factor at a time",)),
            "d-power": (("Power rule",), ("the exponent goes in front",)),
            "d-prod-over": (("Product rule",), ("one factor at a time",)),
            "d-max-over": (("Derivative of a maximum",), ("only the largest entry moves it",)),
            "d-if": (("Differentiate each case",), ("away from where the condition changes",)),
        }[first.rule]

    def _function_words(self, move: Move) -> Prose:
        """The derivative of one function in words, citing its lemma where there is one."""
        head = type(move.before.args[0])
        name = function_name(move.before.args[0])
        if head in self._functions and head is sympy.log:
            return ("the derivative of the logarithm, times the inner derivative",)
        return (f"the derivative of {name}, times the inner derivative",)

    def _contract_words(self, rules: list[str]) -> tuple[Prose, Prose]:
        if "sift-delta" in rules:
            return ("One term survives",), (
                "against a delta only the term with equal indices is left",
            )
        if "sum-one-place" in rules or "sum-cases" in rules:
            return ("Only these terms",), ("the others are zero",)
        if "split-term" in rules or "sum-guard" in rules:
            return ("Complete the sum",), ("the missing term is at hand or zero",)
        if "sum-factor" in rules:
            return ("Take out of the sum",), ("it does not depend on the summation index",)
        if "field" in rules or "powers" in rules:
            return ("Cancel",), ("equal factors above and below",)
        return ("Collect terms",), ("arithmetic",)


def _shown_letters(t: Any, shown: Any, path: Path) -> dict[Any, Any]:
    """The letters bound above a place, and what they are called where the term is shown."""
    swap: dict[Any, Any] = {}
    for k in path:
        if isinstance(t, Reduction):
            swap[t.index] = shown.index
        t, shown = t.args[k], shown.args[k]
    return swap


def _moved(number: str, numbers: Mapping[str, str]) -> str:
    first, dot, rest = number.partition(".")
    return numbers.get(first, first) + dot + rest


def _renumbered(step: Step, numbers: dict[str, str]) -> Step:
    def moved(number: str) -> str:
        return _moved(number, numbers)

    uses = tuple(map(moved, step.uses))
    was, now = cited(step.uses), cited(uses)
    why = tuple(p.replace(was, now) if was and isinstance(p, str) else p for p in step.why)
    return replace(
        step,
        number=moved(step.number),
        why=why,
        uses=uses,
        substeps=tuple(_renumbered(s, numbers) for s in step.substeps),
    )


def _list_lemmas(numbers: tuple[str, ...]) -> str:
    return cited(numbers) or "what was found above"


def _uses(proof: Any) -> tuple[str, ...]:
    out: list[str] = []
    for _, m in moves(proof):
        if m.cited is not None and m.cited.number not in out:
            out.append(m.cited.number)
    return tuple(out)


def _law(rule: str) -> str:
    if rule in REGISTRY:
        return REGISTRY[rule].law
    return {"definition": DEFINITION_LAW, "given": GIVEN_LAW}.get(rule, "")


_RECOGNISED = (  # what a collecting step is called by the rule in it that a reader would miss
    ("sigmoid-reflection", "Mirror the sigmoid", "1 − σ(x) = σ(−x)"),
    ("sigmoid-definition", "A sigmoid", "1/(1 + exp(−x)) is sigmoid(x)"),
    ("tangent-definition", "A tangent", "sine over cosine"),
    ("log-expand", "One logarithm", "a sum of logarithms is that of the product"),
    ("prod-split", "The whole product", "over the factor that is left out"),
    ("delta-substitutes", "Equal indices", "beside a delta one index may stand for the other"),
)
_OUTLINE = frozenset(("chain-rule", "definition", "second", "put-together", "given"))
_SPOKEN = frozenset(
    (
        "d-sum",
        "d-product",
        "d-quotient",
        "d-power",
        "d-function",
        "d-sum-over",
        "d-prod-over",
        "d-max-over",
        "d-if",
    )
)
_WEIGHT = [
    "chain-rule",
    "d-quotient",
    "given",
    "split-term",
    "sift-delta",
    "sum-factor",
    "sum-add",
    "lemma",
    "d-product",
    "d-function",
    "d-sum",
    "definition",
    "powers",
    "field",
    "ring",
]


def _main_rule(proof: Any) -> str:
    found = {m.rule for _, m in moves(proof)}
    for r in _WEIGHT:
        if r in found:
            return r
    return min(found) if found else "ring"


def _diffs(t: Any, partials: bool = False, path: Path = ()) -> list[tuple[Path, Any]]:
    wanted = Partial if partials else Diff
    out = []
    if isinstance(t, wanted):
        return [(path, t)]
    for k, a in enumerate(t.args):
        if not isinstance(t, Indexed):
            out.extend(_diffs(a, partials, (*path, k)))
    return out


def _varies(t: Any) -> bool:
    return any(isinstance(s, Indexed) for s in subterms(t)) or bool(free_indices(t))


def _log_base(body: Term) -> Any:
    """a where the body divides logarithms by log a, with a a plain scalar or number."""
    for s in subterms(body):
        if isinstance(s, sympy.Pow) and s.args[1] == -1 and isinstance(s.args[0], sympy.log):
            a = s.args[0].args[0]
            if is_number(a) or type(a) is sympy.Symbol:
                return a
    return None
