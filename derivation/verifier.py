"""Replays a derivation from its certificate alone, the text that ``--format json`` writes.

What is read is judged, never believed: the program is read again by the language's own reader,
every kernel move is made again at its place by its rule, every condition is discharged again, and
the theorem that comes out must be the one that is stated. Nothing of the engine is used.
``notes/certificate.md`` describes the format and says which parts of it are claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from derivation import kernel
from derivation.certificate import SET_SCHEMA, read
from derivation.errors import CertificateRefused, DerivationError, InputError
from derivation.language import (
    read_condition,
    read_expression,
    read_problem,
    write,
    write_definition,
)
from derivation.matching import match
from derivation.problem import Definition, Problem
from derivation.rules import REGISTRY
from derivation.terms import (
    FALSE,
    MINUS_ONE,
    ONE,
    TRUE,
    ZERO,
    AnyOf,
    Condition,
    Every,
    Path,
    Reduction,
    Relation,
    Term,
    add,
    all_of,
    alpha_equal,
    at,
    collector_at_rest,
    diff,
    free_indices,
    if_else,
    index,
    is_leaf,
    neg,
    negate,
    rebuild,
    relation,
    substitute,
    unbracketed,
)
from derivation.terms import names as names_in
from derivation.theory import Theory


@dataclass(frozen=True)
class Verified:
    """What a certificate proves, in the input language.

    Attributes:
        claim: ``diff(L, z[j]) == yhat[j] - y[j]``; free indices mean "every". This and all that
            follows but title and program are written from what was read, not copied.
        derived: Whether the claim reaches the result that was asked for. A certificate of a
            derivation that stopped proves what it reached.
        title: What the certificate calls the problem (prose).
        program: The program that says what the names mean.
        definitions: Its definitions.
        given: The givens of the program that the proof rests on.
        conditions: What it needs besides.
        domain: What holds wherever the objective is defined and has the derivative at all.
        introduced: Definitions of names that are not the program's.
        moves: The number of kernel moves.
        lemmas: The number of lemmas and facts proved on the way.
        unproved: What the certificate holds besides and nobody has proved here.
    """

    claim: str
    derived: bool
    title: str
    program: str
    definitions: tuple[str, ...]
    given: tuple[str, ...]
    conditions: tuple[str, ...]
    domain: tuple[str, ...]
    introduced: tuple[str, ...]
    moves: int
    lemmas: int
    unproved: tuple[str, ...]


def verify(text: str | bytes) -> Verified:
    """What the certificate of one derivation proves.

    Raises:
        CertificateRefused: It does not prove what it states; the error says at which step.
        InputError: It is not a certificate, or holds several (``verify_all``).

    >>> from derivation import derive
    >>> verify(derive("softmax-cross-entropy").to_json()).claim
    'diff(L, z[j]) == yhat[j] - y[j]'
    """
    found = verify_all(text)
    if len(found) != 1:
        raise InputError(f"a set of {len(found)} derivations, not one")
    return found[0]


def verify_all(text: str | bytes) -> tuple[Verified, ...]:
    """What each derivation of a certificate proves, be it one derivation or a set.

    Raises:
        CertificateRefused, InputError: As for ``verify``.
    """
    data = read(text)
    records = data["derivations"] if data["schema"] == SET_SCHEMA else [data]
    out = []
    for record in records:
        try:
            with collector_at_rest():
                out.append(_Replay(record).run())
        except RecursionError:
            raise InputError("the certificate is nested too deep") from None
    return tuple(out)


# -- the replay -----------------------------------------------------------------------------

Letters = Mapping[str, Term]


class _Replay:
    """One derivation, step by step; ``here`` is the step being made."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        self.here: str | None = None
        self.proved: dict[str, kernel.Theorem] = {}
        self.moves = 0
        program, wrt = record["problem"]["program"], " then ".join(record["wrt"])
        self.problem: Problem = read_problem(program, wrt=wrt, of=record["objective"])
        self.theory = Theory(self.problem)
        self.names = self.problem  # what names an expression of the certificate may hold
        self._read: dict[tuple[str, frozenset[Any]], Any] = {}

    def run(self) -> Verified:
        try:
            return self._run()
        except CertificateRefused:
            raise
        except DerivationError as error:
            raise CertificateRefused(self.here, str(error)) from None

    def refuse(self, message: str) -> NoReturn:
        raise CertificateRefused(self.here, message)

    def _run(self) -> Verified:
        record = self.record
        if len(self.problem.wrt) != 1:
            self.refuse(f"one gradient is stated, not {len(self.problem.wrt)}")
        goal = diff(self.problem.objective, *self.problem.wrt[0])
        letters = {i.name: i for i in free_indices(goal)}
        if (record["status"] == "derived") != (record["result"] is not None):
            self.refuse(f"the status is {record['status']}, the result {record['result']}")
        for text in record["introduced"]:
            self._introduce(text)
        for text in record["assumed"]:  # where it is used, it becomes a hypothesis
            self.theory.assume(read_condition(text, self.names))
        theorem = self._chain(record["steps"], kernel.reflexivity(self.theory, goal), letters, "")
        self.here = None
        self._names_are_used()
        claim = f"{write(goal)} == {write(unbracketed(theorem.rhs))}"
        if record["result"] is None:
            return self._partial(claim)
        result = self.expression(record["result"], letters)
        if not _reads_alike(theorem.rhs, result):
            self.refuse(f"the steps end with {write(theorem.rhs)}, the result is {write(result)}")
        given, rest = self._split(theorem)
        self._same_givens(given)
        texts = (*record["conditions"], *record["domain"])
        self._covered(rest, texts)
        self._not_contradictory([*given, *(read_condition(t, self.names) for t in texts)])
        return self._verified(f"{write(goal)} == {write(result)}", given, True)

    def _partial(self, claim: str) -> Verified:
        record = self.record
        for key in ("given", "conditions", "domain"):
            if record[key]:
                self.refuse(f"`{key}` belongs to a result, and there is none")
        return self._verified(claim, (), False)

    def _verified(self, claim: str, given: Sequence[Term], derived: bool) -> Verified:
        record = self.record
        return Verified(
            claim=claim,
            derived=derived,
            title=record["problem"]["title"],
            program=record["problem"]["program"],
            definitions=tuple(map(write_definition, self.problem.definitions.values())),
            given=tuple(map(write, given)),
            conditions=self._written("conditions"),
            domain=self._written("domain"),
            introduced=tuple(
                write_definition(d)
                for d in self.theory.definitions.values()
                if d.name not in self.problem.definitions
            ),
            moves=self.moves,
            lemmas=len(self.proved),
            unproved=("the matrix form",) if record["matrix_form"] is not None else (),
        )

    def _written(self, key: str) -> tuple[str, ...]:
        return tuple(write(read_condition(text, self.names)) for text in self.record[key])

    # -- reading --------------------------------------------------------------------------------

    def expression(self, text: str, letters: Letters) -> Any:
        """An expression of the certificate, its free letters those of what it stands in."""
        key = (text, frozenset(letters.values()))
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = read_expression(text, self.names, free=letters)
        return found

    def _introduce(self, text: str) -> None:
        """A definition ``g[i] = body`` of a new name."""
        found = re.fullmatch(r"([A-Za-z_]\w*)(?:\[([\w,]+)\])? = (.+)", text, re.ASCII)
        if found is None:
            self.refuse(f"no definition: {text[:80]}")
        name, slots, body = found.groups()
        value = read_expression(body, self.names)
        letters = {i.name: i for i in free_indices(value)}
        wanted = slots.split(",") if slots else []
        if set(wanted) != set(letters) or len(wanted) != len(letters):
            self.refuse(f"the indices of {name} are not those of its definition")
        params = tuple(letters[letter] for letter in wanted)
        self.theory.define(Definition(name, params, value))
        shapes = {**self.names.shapes, name: tuple(i.size for i in params)}
        self.names = replace(self.names, shapes=shapes)

    def _names_are_used(self) -> None:
        seen = frozenset().union(*map(names_in, self._read.values()))
        for definition in reversed(list(self.theory.definitions.values())):
            if definition.name in self.problem.definitions:
                break
            if definition.name not in seen:
                self.refuse(f"{definition.name} is introduced and not used")
            seen |= names_in(definition.body)

    # -- steps ----------------------------------------------------------------------------------

    def _chain(
        self, steps: list[Any], theorem: kernel.Theorem, letters: Letters, prefix: str
    ) -> kernel.Theorem:
        """From ``theorem`` on through the chain steps of a list, lemmas proved as they come."""
        last = {"F": 0, prefix: 0}
        begun = False
        for step in steps:
            is_fact = not prefix and step["kind"] == "lemma" and step["number"].startswith("F")
            self.here, kind = step["number"], "F" if is_fact else prefix
            found = re.fullmatch(rf"{re.escape(kind)}([1-9]\d{{0,8}})", step["number"], re.ASCII)
            if found is None or int(found[1]) <= last[kind]:
                self.refuse("it does not stand where its number says")
            last[kind] = int(found[1])
            if step["kind"] == "lemma":
                self._lemma(step)
                continue
            before = self.expression(step["before"], letters)
            if not _reads_alike(theorem.rhs, before):
                was = "the step before ends with" if begun else "it begins with"
                self.refuse(f"{was} {write(theorem.rhs)}, not with {write(before)}")
            made = self._step(step, before, letters)
            theorem = kernel.transitivity(theorem, made)
            begun = True
        return theorem

    def _lemma(self, step: dict[str, Any]) -> None:
        names = self.names
        if "variable" in step["args"]:  # about a function of a variable of its own
            letter = step["args"]["variable"]
            if not re.fullmatch(r"[a-z]\w*", letter, re.ASCII) or (
                letter in self.theory.names_in_use()
            ):
                self.refuse(f"{letter} is no new variable")
            self.names = replace(names, shapes={**names.shapes, letter: ()})
        before = self.expression(step["before"], {})
        made = self._step(step, before, {i.name: i for i in free_indices(before)})
        self.proved[step["number"]] = made
        self.names = names

    def _step(self, step: dict[str, Any], before: Any, letters: Letters) -> kernel.Theorem:
        """A step from ``before``, through its substeps if it has any; its statement checked."""
        after = self.expression(step["after"], letters)
        if step["substeps"]:
            made = self._composite(step, before, letters)
        else:
            made = self._move(step, before, after, letters)
        self.here = step["number"]
        for what, side, stated in (("begin", made.lhs, before), ("end", made.rhs, after)):
            if not _reads_alike(side, stated):
                self.refuse(f"its moves {what} with {write(side)}, it states {write(stated)}")
        law = REGISTRY[step["rule"]].law if step["rule"] in REGISTRY else _LAWS.get(step["rule"])
        if step["law"] not in ("", law):
            self.refuse(f"the law of {step['rule']} is another one")
        top = step["kind"] == "lemma" or "." not in step["number"]
        if top or step["conditions"]:
            self._covered(self._split(made)[1], step["conditions"])
        return made

    def _composite(self, step: dict[str, Any], before: Any, letters: Letters) -> kernel.Theorem:
        """A step made of substeps: they say everything, what the step says besides must agree."""
        inner = step["substeps"]
        own = [s for s in inner if s["kind"] == "chain"]
        if not own:
            self.refuse("lemmas alone make no step")
        uses = {n for s in own for n in s["uses"]}
        if uses != set(step["uses"]) or len(uses) != len(step["uses"]):
            self.refuse(f"it uses {', '.join(sorted(uses)) or 'no lemma'}")
        if step["path"] or step["direction"] != "lr" or set(step["args"]) - {"variable"}:
            self.refuse("a place, a direction and arguments belong to single moves")
        if step["rule"] not in set(_rules(own)):
            self.refuse(f"no move of it is by {step['rule']}")
        first = self.expression(own[0]["before"], letters)
        start = kernel.reflexivity(self.theory, first)
        return self._chain(inner, start, letters, f"{step['number']}.")

    def _move(
        self, step: dict[str, Any], before: Any, after: Any, letters: Letters
    ) -> kernel.Theorem:
        """One kernel move at its place."""
        self.moves += 1
        path = tuple(step["path"])
        after = self._aligned(before, after, path)
        lhs, rhs = at(before, path), at(after, path)
        if step["direction"] == "rl":
            lhs, rhs = rhs, lhs
        theorem = self._equation(step, lhs, rhs, {**letters, **_bound_above(before, path)})
        if step["direction"] == "rl":
            theorem = kernel.symmetry(theorem)
        whole = kernel.replace(before, path, theorem)
        if not alpha_equal(whole.rhs, after):
            self.refuse(f"{step['rule']} gives {write(whole.rhs)}, it states {write(after)}")
        return kernel.renamed(whole, before, after)

    def _equation(self, step: Any, lhs: Any, rhs: Any, letters: Letters) -> kernel.Theorem:
        """``lhs = rhs`` by the rule that a move states."""
        rule, args = step["rule"], {k: v for k, v in step["args"].items() if k != "variable"}
        if len(step["uses"]) != (rule == "lemma"):
            self.refuse("a move by a lemma uses that one, any other move none")
        if rule in REGISTRY:
            return self._instance(rule, lhs, rhs, args, letters)
        if rule == "given":
            given = self._the_given(args.pop("given", ""))
            free = {i.name: i for i in free_indices(given)}
            if set(args) != set(free):
                self.refuse(f"values are needed for the indices {sorted(free)}")
            values = {free[name]: self.expression(text, letters) for name, text in args.items()}
            return kernel.renamed(kernel.given(self.theory, given, values), lhs, rhs)
        if args:
            self.refuse(f"{rule[:40]} takes no arguments")
        if rule == "definition":
            return kernel.renamed(kernel.definition(self.theory, lhs), lhs, rhs)
        if rule == "rename":
            return kernel.renamed(kernel.reflexivity(self.theory, lhs), lhs, rhs)
        if rule != "lemma":
            self.refuse(f"there is no rule {rule[:40]}")
        (number,) = step["uses"]
        if number not in self.proved:
            self.refuse(f"lemma {number[:40]} has not been proved before")
        return kernel.renamed(kernel.cite(self.proved[number], lhs), lhs, rhs)

    def _instance(
        self, rule: str, lhs: Any, rhs: Any, args: dict[str, str], letters: Letters
    ) -> kernel.Theorem:
        if set(args) != set(_ARGUMENTS.get(rule, ())):
            self.refuse(f"the arguments of {rule} are {_ARGUMENTS.get(rule, ())}")
        values = {
            name: read_condition(text, self.names, free=letters)
            if name == "condition"
            else self.expression(text, letters)
            for name, text in args.items()
        }
        for weaker in _ALGEBRA[: _ALGEBRA.index(rule)] if rule in _ALGEBRA else ():
            if _is_instance(self.theory, weaker, lhs, rhs):
                self.refuse(f"{weaker} is enough, it states {rule}")
        return kernel.instance(self.theory, REGISTRY[rule], lhs, rhs, values)

    def _aligned(self, before: Any, after: Any, path: Path) -> Any:
        """``after`` with the letters that ``before`` binds on the way to a place."""
        if not path:
            return after
        k = path[0]
        same = type(before) is type(after) and len(before.args) == len(after.args)
        if not same or not 0 <= k < len(before.args):
            self.refuse("it changes more than its place says")
        if isinstance(before, Reduction) and before.index != after.index:
            new, old = before.index, after.index
            if new.size != old.size or new in free_indices(after):
                self.refuse("it changes what is bound above its place")
            body, guard = (substitute(t, {old: new}) for t in (after.body, after.guard))
            after = rebuild(after, (body, new, guard))
        args = list(after.args)
        args[k] = self._aligned(before.args[k], args[k], path[1:])
        return rebuild(after, tuple(args))

    # -- conditions -----------------------------------------------------------------------------

    def _the_given(self, text: str) -> Any:
        """The given of the program that a text says."""
        condition = read_condition(text, self.names)
        for given in self.problem.givens:
            if alpha_equal(kernel.closed(given), kernel.closed(condition)):
                return given
        self.refuse(f"{text[:200]} is not a given of the program")

    def _split(self, theorem: kernel.Theorem) -> tuple[list[Any], list[Any]]:
        """The givens among the hypotheses, and the rest."""
        givens = {kernel.closed(g): g for g in self.problem.givens}
        used = [g for c, g in givens.items() if c in theorem.hypotheses]
        return used, [h for h in theorem.hypotheses if h not in givens]

    def _same_givens(self, used: list[Any]) -> None:
        stated = [self._the_given(text) for text in self.record["given"]]
        for given in used:
            if given not in stated:
                self.refuse(f"it rests on {write(given)}, which it does not state")
        for given in stated:
            if given not in used or stated.count(given) > 1:
                self.refuse(f"it does not rest on {write(given)}")

    def _covered(self, hypotheses: list[Any], texts: Sequence[str]) -> None:
        """Every hypothesis must be stated, and nothing that is none."""
        stated = {text: read_condition(text, self.names) for text in texts}
        needed: set[str] = set()
        for h in hypotheses:
            forms = list(_forms(h))
            says = [t for t, c in stated.items() if any(_says(c, f, self.theory) for f in forms)]
            if not says:
                self.refuse(f"it needs {write(forms[0])}, which it does not state")
            needed.update(says)
        if len(stated) != len(texts) or needed != set(texts):
            extra = [t for t in texts if t not in needed] or list(texts)
            self.refuse(f"it states the condition {extra[0][:200]}, which it does not need")

    def _not_contradictory(self, hypotheses: list[Any]) -> None:
        """Where one of the hypotheses excludes another, anything would be proved."""
        excluded = self.theory.excluded(hypotheses)
        if excluded is not None:
            self.refuse(f"it rests on {write(excluded)}, which cannot hold")


_ARGUMENTS = {"by-cases": ("condition",), "equal-index": ("index", "value")}
_ALGEBRA = ("ring", "field", "powers")  # each takes in the one before; the weakest is stated
_LAWS = {"definition": r"\text{name} = \text{its definition}", "given": r"\text{given}"}


def _is_instance(theory: Theory, rule: str, lhs: Term, rhs: Term) -> bool:
    try:
        kernel.instance(theory, REGISTRY[rule], lhs, rhs, {})
    except DerivationError:
        return False
    return True


def _rules(steps: list[Any]) -> Iterator[str]:
    for step in steps:
        if step["substeps"]:
            yield from _rules([s for s in step["substeps"] if s["kind"] == "chain"])
        else:
            yield step["rule"]


def _reads_alike(a: Term, b: Term) -> bool:
    """Equal up to bound letters, and brackets round a first factor, which mean nothing."""
    return alpha_equal(a, b) or alpha_equal(unbracketed(a), unbracketed(b))


def _bound_above(t: Any, path: Path) -> dict[str, Term]:
    out: dict[str, Term] = {}
    for k in path:
        if isinstance(t, Reduction):
            out[t.index.name] = t.index
        t = t.args[k]
    return out


def _says(stated: Any, form: Any, theory: Theory) -> bool:
    """Whether a condition stated for every value of its free indices says this one.

    It is stated without the brackets round a first term, which mean nothing.
    """
    if alpha_equal(stated, form) or match(stated, form, theory) is not None:
        return True
    return match(_without_brackets(stated), _without_brackets(form), theory) is not None


def _without_brackets(t: Any) -> Any:
    """The same as ``unbracketed``, in conditions too."""
    if is_leaf(t):
        return t
    args = tuple(map(_without_brackets, t.args))
    return rebuild(t, args) if isinstance(t, Condition) else unbracketed(rebuild(t, args))


def _forms(h: Any, guard: Any = TRUE, fresh: int = 0) -> Iterator[Any]:
    """A hypothesis as a relation that is to hold for every value of its free indices.

    "For every i" becomes a free index, and "A or B" becomes B where A does not hold: the
    relation ``(x if not A else y) > 0`` with a y for which it holds.
    """
    if isinstance(h, Every):
        letter = index(f"_every{fresh}", h.index.size)
        swap = {h.index: letter}
        inner = all_of(guard, substitute(h.guard, swap))
        yield from _forms(substitute(h.body, swap), inner, fresh + 1)
    elif isinstance(h, AnyOf) and h.args:
        alternatives = [c for c in h.args if c != FALSE] or [FALSE]
        for k, part in enumerate(alternatives):
            others = [negate(c) for n, c in enumerate(alternatives) if n != k]
            yield from _forms(part, all_of(guard, *others), fresh)
    elif isinstance(h, Relation) and guard != TRUE:
        gap = h.left if h.right == ZERO else add(h.left, neg(h.right))
        other = MINUS_ONE if h.op == "<" else ZERO if h.op in ("==", "<=", ">=") else ONE
        yield relation(h.op, if_else(guard, gap, other), ZERO)
    else:
        yield h
