"""Whole problems: names sorted, expressions read, ranges inferred, everything checked."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from derivation.errors import InputError
from derivation.language import refusals
from derivation.language.facts import check_given, check_givens
from derivation.language.letters import check_one_comparison, free_letters, sizes_in
from derivation.language.lexer import Token, fail, split_lines, statements
from derivation.language.matrices import (
    Matrices,
    bare_names,
    is_matrix_notation,
    is_reduction_of_array,
    lettered,
)
from derivation.language.ranges import Ranges
from derivation.language.reader import Reader
from derivation.language.scope import Scope, Vocabulary, suggestion
from derivation.language.statements import (
    Defined,
    Program,
    Target,
    Written,
    read_given,
    read_of,
    read_program,
    read_style,
    read_wrt,
)
from derivation.language.syntax import Expression
from derivation.language.typos import near_names
from derivation.problem import Definition, Problem, UserLine
from derivation.terms import (
    TRUE,
    ZERO,
    Index,
    Integer,
    Term,
    element,
    free_indices,
    fresh_index,
    index,
    indices_of,
    is_element,
    name_of,
    names,
    number,
    relation,
    size,
    substitute,
    subterms,
)


def read_problem(
    text: str,
    *,
    wrt: str | None = None,
    of: str | None = None,
    given: Sequence[str] = (),
    style: str | None = None,
    need_wrt: bool = True,
) -> Problem:
    """A program as a problem: parsed, names resolved, ranges inferred. Nothing is simplified.

    Args:
        text: The program; one statement a line.
        wrt: What to differentiate by, instead of what the text says (``"z[j] then z[l]"``).
        of: The objective, instead of what the text says.
        given: Conditions besides those of the text.
        style: ``"cases"`` or ``"delta"``, instead of what the text says.
        need_wrt: Whether a program without ``wrt``, or without definitions, is refused.

    Raises:
        InputError: On anything that is not a program, with its place and a way out.

    >>> problem = read_problem('''
    ... p[i] = exp(z[i]) / sum(exp(z[k]) for k in K)
    ... L    = -sum(y[i]*log(p[i]) for i in K)
    ... wrt z[j]
    ... ''')
    >>> problem.objective, problem.wrt, problem.sizes
    (L, ((z[j],),), ('K',))
    """
    skip = {
        word for word, value in (("wrt", wrt), ("of", of), ("style", style)) if value is not None
    }
    try:
        program = read_program(text, skip=frozenset(skip))
        for argument in given:
            tokens = _argument(argument, "given")
            program.tokens.append(tokens)
            program.givens.append(read_given(tokens))
        if wrt is not None:
            program.wrt = read_wrt(_argument(wrt, "wrt"))
        if of is not None:
            program.of = read_of(_argument(of, "of"))
        if style is not None:
            program.style = read_style(_argument(style, "style"))
        return _Problem(text, program, need_wrt).read()
    except RecursionError:
        raise InputError("the input is nested too deep") from None


def _argument(text: str, word: str) -> list[Token]:
    """The tokens of a text that came as an argument; the statement's word may lead it."""
    found = statements(text, numbered=False)
    if len(found) != 1:
        raise InputError(f"`{word}` takes one statement, not {len(found)}")
    tokens = found[0]
    if tokens[0].text == word and tokens[1].kind in ("name", "number"):
        tokens = tokens[1:]
    return tokens


class _Problem:
    """One program on its way to a problem."""

    def __init__(self, text: str, program: Program, need_wrt: bool) -> None:
        self.text, self.program, self.need_wrt = text, program, need_wrt
        found = sizes_in(program.tokens)
        for over in [over for _, over in program.labels.values() if over.kind == "name"]:
            found.setdefault(over.text, over)
        for _, over_all in program.shapes.values():
            for over in over_all:
                if over.kind == "name":
                    found.setdefault(over.text, over)
        self.sizes = found
        self.ranges = Ranges()
        every_name = {t.text for s in program.tokens for t in s if t.kind == "name"}
        every_name |= set(found)
        self.words = Vocabulary(
            sizes=found,
            functions=program.functions,
            unknown={name: count for name, (count, _) in program.unknown.items()},
            labels={
                name: size(int(over.text) if over.kind == "number" else over.text)
                for name, (_, over) in program.labels.items()
            },
            arrays=(
                s[k].text
                for s in program.tokens
                for k in range(len(s) - 1)
                if s[k].kind == "name" and s[k + 1].text == "["
            ),
            names=every_name,
        )
        self.reader = Reader(self.words, self.ranges)
        self.defining: frozenset[str] = frozenset()  # the names that occur in definitions

    def read(self) -> Problem:
        program = self.program
        self._check_sizes()
        if not program.definitions and self.need_wrt:
            raise InputError(
                "nothing is defined",
                hint="write a definition, such as `L = sum(x[i]**2 for i in N)`",
            )
        self._declare()
        matrices = self._in_matrices()
        definitions = {
            n: self._definition(d) for n, d in program.definitions.items() if n not in matrices
        }
        made = self._matrix_definitions(matrices)
        definitions.update({n: self._with_letters(d) for n, d in made.items()})
        definitions = {n: definitions[n] for n in program.definitions}
        self._check_circles(definitions)
        self._check_functions()
        self.defining = frozenset(self.ranges.names())
        self.words.scalars = frozenset(n for n in self.ranges.names() if self.ranges.rank(n) == 0)
        for name, (target, _) in program.labels.items():
            self._label(name, target)
        objective, objective_letters = self._objective(definitions)
        inputs = [n for n in self.ranges.names() if n not in definitions]
        givens = [self._given(g) for g in program.givens]
        for name in self.ranges.names():
            if definitions and name not in inputs and name not in definitions:
                self.reader.warn(self.ranges.first(name), f"`{name}` occurs in no definition")
        wrt = [
            self._entry(entry, objective, objective_letters, definitions) for entry in program.wrt
        ]
        if not wrt and self.need_wrt:
            self._missing_wrt(inputs, definitions)
        letters = self._asked_letters(objective, wrt)
        lines = [self._line(line, letters, wrt, objective) for line in program.lines]
        shapes = self.ranges.shapes()
        self.ranges.check_letters()
        self._check_literals(shapes)
        solve = self.ranges.resolve
        for relation_, token in givens:
            check_given(relation_.op, relation_.left, relation_.right, token)
        check_givens([(solve(relation_), token) for relation_, token in givens])
        definitions = {
            n: Definition(n, tuple(map(solve, d.params)), solve(d.body))
            for n, d in definitions.items()
        }
        return Problem(
            text=self.text,
            definitions=definitions,
            objective=solve(objective),
            wrt=tuple(dict.fromkeys(tuple(map(solve, entry)) for entry in wrt)),
            translated={n: _written_as(d) for n, d in matrices.items()},
            shapes=shapes,
            sizes=tuple(self.sizes),
            givens=tuple(self._given_letters(solve(g)) for g, _ in givens),
            unknown=self.words.unknown,
            labels=self.words.labels,
            style=program.style,
            title=_title(self.text),
            lines=tuple(
                replace(
                    line,
                    left=None if line.left is None else solve(line.left),
                    right=solve(line.right),
                    condition=solve(line.condition),
                    asked=tuple(tuple(map(solve, entry)) for entry in line.asked),
                )
                for line in lines
            ),
            warnings=self._warnings(definitions, shapes, objective, wrt),
        )

    # -- matrix notation --------------------------------------------------------------------

    def _declare(self) -> None:
        """The shapes that lines of their own declare, for names that the program uses."""
        used = {t.text for s in self.program.tokens for t in s if t.kind == "name"}
        for name, (token, over) in self.program.shapes.items():
            if name in self.sizes or name in self.words.functions or name in self.words.unknown:
                fail(token, f"`{name}` is no array or scalar, so it has no shape")
            if name not in used:
                self.reader.warn(token, f"`{name}` has a shape, but occurs nowhere else")
                continue
            slots = [size(int(t.text) if t.kind == "number" else t.text) for t in over]
            written = f"{name}: {' by '.join(t.text for t in over) or 'scalar'}"
            self.ranges.use(name, slots, token, written)

    def _in_matrices(self) -> dict[str, Defined]:
        """The definitions that are written in matrix notation."""
        ranks = {n: len(over) for n, (_, over) in self.program.shapes.items()}
        arrays = dict(ranks)
        for s in self.program.tokens:
            for k, token in enumerate(s):
                if token.kind == "name" and s[k + 1 : k + 2] and s[k + 1].text == "[":
                    inside, depth = 1, 0
                    for t in s[k + 1 :]:
                        depth += (t.text in ("(", "[")) - (t.text in (")", "]"))
                        inside += t.text == "," and depth == 1
                        if depth == 0:
                            break
                    arrays.setdefault(token.text, inside)
        found: dict[str, Defined] = {}
        for _ in self.program.definitions:
            before = len(found)
            for name, d in self.program.definitions.items():
                if name in found or d.params:
                    continue
                known = {**ranks, **dict.fromkeys(found, 1)}
                if is_matrix_notation(d.body.tree, known) or (
                    is_reduction_of_array(d.body.tree, {**arrays, **known})
                ):
                    found[name] = d
            if len(found) == before:
                break
        self.matrices = Matrices(self.reader, arrays)
        if found:
            self._learn(found)
        return found

    def _learn(self, found: Mapping[str, Defined]) -> None:
        """The number of axes of every name, as far as the operators tell."""
        m = self.matrices
        for _ in range(len(found) + 1):
            before = dict(m.ranks)
            m.learn([d.body.tree for d in found.values()])
            for name, d in found.items():
                rank = m.rank_of(d.body.tree)
                if rank is not None and name not in self.program.shapes:
                    m.ranks.setdefault(name, rank)
            if m.ranks == before:
                break

    def _matrix_definitions(self, found: Mapping[str, Defined]) -> dict[str, Definition]:
        """The definitions in matrix notation as indexed ones, each after those that it uses."""
        out: dict[str, Definition] = {}
        rest = dict(found)
        while rest:
            ready = [n for n, d in rest.items() if not bare_names(d.body.tree) & (set(rest) - {n})]
            name = ready[0] if ready else next(iter(rest))
            d = rest.pop(name)
            made = self.matrices.value(d.body.tree, Scope(d.body))
            self.matrices.ranks[name] = made.rank
            self.ranges.use(name, [i.size for i in made.axes], d.name, name)
            out[name] = Definition(name, made.axes, made.entry)
        return out

    def _with_letters(self, d: Definition) -> Definition:
        """A translated definition with letters that go with its sizes."""
        solve = self.ranges.resolve
        taken = self.words.names | frozenset(self.sizes)
        params, body = lettered(tuple(map(solve, d.params)), solve(d.body), taken)
        return Definition(d.name, params, body)

    # -- definitions ------------------------------------------------------------------------

    def _check_sizes(self) -> None:
        for name, token in self.program.named.items():
            if name in self.sizes:
                fail(
                    token,
                    f"`{name}` is a size (`in {name}` in {self.sizes[name].place}), "
                    "so it cannot be defined",
                    "give one of the two another name",
                )

    def _definition(self, d: Defined) -> Definition:
        letters = {p.text: self._letter(p.text, p) for p in d.params}
        params = tuple(letters.values())
        written = f"{d.name.text}[{','.join(letters)}]" if params else d.name.text
        self.ranges.use(d.name.text, [p.size for p in params], d.name, written)
        body = self.reader.value(d.body.tree, Scope(d.body, letters))
        return Definition(d.name.text, params, body)

    def _letter(self, letter: str, token: Token) -> Any:
        """A free index whose range is still to be found."""
        if letter in self.sizes:
            fail(
                token,
                f"`{letter}` is a size, so it cannot be an index too",
                "an index is a letter of its own, such as `i`",
            )
        refusals.check_letter(letter, token)
        return index(letter, self.ranges.unknown(letter, token))

    def _check_circles(self, definitions: Mapping[str, Definition]) -> None:
        """Refuse definitions that depend on themselves (depth first, without recursion)."""
        uses = {n: sorted(names(d.body) & definitions.keys()) for n, d in definitions.items()}
        done: set[str] = set()
        for start in definitions:
            path = {start: iter(uses[start])}
            while path and start not in done:
                name = next(reversed(path))
                below = next(path[name], None)
                if below is None:
                    done.add(name)
                    del path[name]
                elif below in path:
                    circle = list(path)[list(path).index(below) :]
                    shown = [*circle[:10], *(["…"] if len(circle) > 10 else []), below]
                    token = self.program.definitions[below].name
                    fail(token, f"definitions in a circle: {' → '.join(shown)}")
                elif below not in done:
                    path[below] = iter(uses[below])

    def _check_functions(self) -> None:
        """Read the body of a function that is never called, so that its mistakes are found."""
        for function in self.program.functions.values():
            if function.name not in self.reader.used_functions:
                self.reader.warn(function.token, f"the function `{function.name}` is never used")
        for name, (_, token) in self.program.unknown.items():
            if name not in self.reader.used_functions:
                self.reader.warn(token, f"the function `{name}` is never used")

    def _label(self, name: str, target: Target) -> None:
        letters = [self._letter(t.text, t) for t in target.slots or ()]
        written = f"{name}[{','.join(i.name for i in letters)}]" if letters else name
        if self.ranges.rank(name) is None:
            self.reader.warn(target.name, f"the label `{name}` is never used")
        self.ranges.use(name, [i.size for i in letters], target.name, written)

    # -- objective and wrt ------------------------------------------------------------------

    def _objective(self, definitions: Mapping[str, Definition]) -> tuple[Any, dict[str, Any]]:
        target = self.program.of
        asked = target.name.text if target else next(iter([*definitions][-1:]), "")
        self.below = _below(asked, definitions)
        if target is None:
            if not definitions:
                return ZERO, {}
            return self._as_defined(list(definitions.values())[-1])
        found = definitions.get(target.name.text)
        if found is None:
            fail(
                target.name,
                f"`{target.name.text}` is not defined, so it cannot be the objective",
                suggestion(target.name.text, definitions) or _defined(definitions),
            )
        if target.slots is None:
            return self._as_defined(found)
        letters: dict[str, Any] = {}
        self._check_apart(target, letters, "of")
        return self._element(target, letters), letters

    def _as_defined(self, found: Definition) -> tuple[Any, dict[str, Any]]:
        """The objective in the letters of its definition, where these are not scalars too."""
        letters = {p.name: p for p in found.params}
        defined = self.program.definitions[found.name]
        if self.program.wrt:
            self._check_apart(Target(defined.name, defined.params), letters, "of")
        return found.head, letters

    def _check_apart(self, target: Target, taken: Iterable[str], word: str) -> None:
        """Refuse letters of a result that are scalars too: `2*a*z[a]` would mean two things.

        Of scalars that the objective does not rest on, nothing is said in a result.
        """
        for token in target.slots or ():
            if token.text in self.words.scalars and token.text in self.below:
                free = self._free_letter(token.text, taken)
                what = "label" if token.text in self.words.labels else "scalar"
                fail(
                    token,
                    f"`{token.text}` is a {what} of the problem, so it cannot be an index here",
                    f"write `{word} {_renamed(target, token.text, free)}`",
                )

    def _free_letter(self, letter: str, taken: Iterable[str]) -> str:
        others = {*taken, *self.words.names, *self.words.scalars}
        return str(fresh_index(index(letter, size(1)), others).name)

    def _element(self, target: Target, letters: dict[str, Any]) -> Any:
        slots: list[Any] = []
        for token in target.slots or ():
            if token.kind == "number":
                slots.append(number(int(token.text)))
                self.reader.literal_slots.append(
                    (target.name.text, len(slots) - 1, int(token.text), token)
                )
                continue
            if token.text not in letters:
                letters[token.text] = self._letter(token.text, token)
            slots.append(letters[token.text])
        written = target.name.text
        if slots:
            written += f"[{','.join(t.text for t in target.slots or ())}]"
        over = [None if isinstance(s, Integer) else s.size for s in slots]
        self.ranges.use(target.name.text, over, target.name, written)
        return element(target.name.text, *slots)

    def _entry(
        self,
        entry: tuple[Target, ...],
        objective: Any,
        objective_letters: Mapping[str, Any],
        definitions: Mapping[str, Definition],
    ) -> tuple[Any, ...]:
        letters: dict[str, Any] = {}
        out = []
        for target in entry:
            name = target.name.text
            self._check_variable(target, objective, definitions)
            self._check_apart(target, (*objective_letters, *letters), "wrt")
            for token in target.slots or ():
                if token.text in objective_letters:
                    free = self._free_letter(token.text, (*objective_letters, *letters))
                    fail(
                        token,
                        f"`{token.text}` is already an index of the objective `{_show(objective)}`",
                        f"write `wrt {_renamed(target, token.text, free)}`",
                    )
            if target.slots is None and self.ranges.rank(name):
                out.append(self._with_free_letters(name, letters, objective_letters, definitions))
            else:
                out.append(self._element(target, letters))
        return tuple(out)

    def _check_variable(
        self, target: Target, objective: Any, definitions: Mapping[str, Definition]
    ) -> None:
        name, token = target.name.text, target.name
        if name in self.sizes:
            fail(token, f"`{name}` is a size: there is no derivative by a whole number")
        if name in self.words.labels:
            fail(token, f"`{name}` is a label: there is no derivative by a class number")
        if name in self.words.functions or name in self.words.unknown:
            fail(token, f"`{name}` is a function, not a variable")
        if is_element(objective) and name == name_of(objective):
            fail(token, f"`{name}` is the objective itself")
        if name not in self.defining:
            inputs = [
                n
                for n in self.ranges.names()
                if n in self.defining and n not in definitions and n not in self.words.labels
            ]
            fail(
                token,
                f"`{name}` does not occur in any definition",
                suggestion(name, [*inputs, *definitions]) or f"the inputs are {_listed(inputs)}",
            )

    def _with_free_letters(
        self,
        name: str,
        letters: dict[str, Any],
        objective_letters: Mapping[str, Any],
        definitions: Mapping[str, Definition],
    ) -> Any:
        """The element with letters of the program's own choice."""
        rank = self.ranges.rank(name) or 0
        used = next(
            (
                s
                for d in definitions.values()
                for t in (d.head, d.body)
                for s in subterms(t)
                if is_element(s) and name_of(s) == name and len(indices_of(s)) == rank
            ),
            element(name, *[number(1)] * rank),
        )
        wanted = self._letters_of_lines(set(objective_letters) | set(letters))
        taken = {*self.words.names, *objective_letters, *letters}
        slots = []
        for k, i in enumerate(indices_of(used)):
            letter = i.name if isinstance(i, Index) else "i"
            if len(wanted) == rank:
                letter = wanted[k]
            elif letter in taken:
                letter = fresh_index(index(letter, size(1)), taken).name
            taken.add(letter)
            token = self.program.tokens[0][0]
            slots.append(
                letters.setdefault(letter, index(letter, self.ranges.unknown(letter, token)))
            )
        written = f"{name}[{','.join(i.name for i in slots)}]"
        self.ranges.use(name, [i.size for i in slots], self.program.tokens[0][0], written)
        return element(name, *slots)

    def _letters_of_lines(self, taken: set[str]) -> list[str]:
        """The free letters of a person's own lines, so that `wrt z` means the letter used there."""
        out: list[str] = []
        for line in self.program.lines:
            if line.kind == "equals":
                for letter in free_letters(line.expression, self.words.labels):
                    if letter not in taken and letter not in out:
                        out.append(letter)
        return out

    def _missing_wrt(self, inputs: list[str], definitions: Mapping[str, Definition]) -> None:
        shown = []
        for name in inputs:
            if name not in self.words.labels:
                entry = self.ranges.rank(name) or 0
                letters = [
                    i.name
                    for d in definitions.values()
                    for s in subterms(d.body)
                    if is_element(s) and name_of(s) == name
                    for i in indices_of(s)
                    if isinstance(i, Index)
                ]
                shown.append(f"{name}[{','.join(letters[:entry])}]" if entry else name)
        example = next((s.partition("[")[0] for s in shown), "z")
        raise InputError(
            "nothing says what to differentiate by: a `wrt` is missing",
            hint=f"the inputs are {_listed(shown)}; write for instance `wrt {example}`",
        )

    def _asked_letters(self, objective: Any, wrt: list[tuple[Any, ...]]) -> dict[str, Any]:
        """The letters of the objective and of ``wrt``; None for one that means two indices."""
        out: dict[str, Any] = {}
        for t in (objective, *[v for entry in wrt for v in entry]):
            for i in indices_of(t):
                if isinstance(i, Index):
                    known = out.setdefault(i.name, i)
                    if known is not None and self.ranges.find(known.size) != self.ranges.find(
                        i.size
                    ):
                        out[i.name] = None
        return out

    # -- givens and a person's lines ----------------------------------------------------------

    def _scope(self, expression: Expression, known: Mapping[str, Any], lines: bool) -> Scope:
        """A scope in which the free letters of an expression are indices."""
        letters = dict(known)
        for letter, token in self._free_letters(expression, lines).items():
            if letter not in letters:
                letters[letter] = self._letter(letter, token)
        return Scope(expression, letters, weak=frozenset(letters), derivatives=lines)

    def _free_letters(self, expression: Expression, lines: bool) -> dict[str, Token]:
        """The letters that are indices; in a person's own lines, where all names are known, also
        those that are only compared, as in ``sum(1 for i in N if i != j)``."""
        names: set[str] | None = None
        sides = expression.tree
        bare = isinstance(sides, ast.Compare) and all(
            isinstance(s, ast.Name) for s in (sides.left, *sides.comparators)
        )
        if lines and self.program.definitions and not bare:
            names = {*self.ranges.names(), *self.sizes, *self.words.labels}
        return free_letters(expression, self.words.labels, names)

    def _given(self, given: Written) -> tuple[Any, Token]:
        tree, expression = given.expression.tree, given.expression
        check_one_comparison(tree, expression, "given")
        ranks = self._ranks()
        if is_matrix_notation(tree, ranks) or is_reduction_of_array(tree, ranks):
            self.matrices.ranks.update(ranks)
            found = self.matrices.condition(tree, Scope(expression))
            return _relation(found.entry), expression.token(tree)
        condition = self.reader.condition(tree, self._scope(expression, {}, False))
        return _relation(condition), expression.token(tree)

    def _line(
        self,
        line: Written,
        letters: Mapping[str, Any],
        wrt: list[tuple[Any, ...]],
        objective: Any,
    ) -> UserLine:
        expression, token = line.expression, line.token
        text = line.text
        if line.kind == "equals":
            asked = tuple(wrt[slice(*line.asked)])
            ranks = self._ranks()
            tree = expression.tree
            if is_matrix_notation(tree, ranks) or is_reduction_of_array(tree, ranks):
                right = self._line_in_matrices(line, objective, asked or tuple(wrt), ranks)
                return UserLine(token.line.number or 0, text, "equals", None, right, TRUE, asked)
            if wrt:
                for letter, at in self._free_letters(expression, True).items():
                    if letter not in letters:
                        fail(
                            at,
                            f"the index `{letter}` is free: neither the objective nor `wrt` has it",
                            f"their indices are {_listed(list(letters))}" if letters else None,
                        )
            known = {letter: i for letter, i in letters.items() if i is not None}
            scope = self._scope(expression, known, True)
            self.words.closed = bool(self.program.definitions)
            right = self.reader.value(expression.tree, scope)
            self.words.closed = False
            return UserLine(token.line.number or 0, text, "equals", None, right, TRUE, asked)
        check_one_comparison(expression.tree, expression, "claim")
        known = {}
        if line.condition is not None:
            known.update(self._scope(line.condition, {}, True).letters)
        scope = self._scope(expression, known, True)
        equality = _relation(self.reader.condition(expression.tree, scope))
        if equality.op != "==":
            fail(
                expression.token(expression.tree), "a claim is an equality", "write `claim A == B`"
            )
        condition: Any = TRUE
        if line.condition is not None:
            inner = scope._replace(source=line.condition)
            condition = self.reader.condition(line.condition.tree, inner)
        return UserLine(
            token.line.number or 0, text, "claim", equality.left, equality.right, condition
        )

    def _ranks(self) -> dict[str, int]:
        """The number of axes of every name that is known."""
        known = {n: self.ranges.rank(n) or 0 for n in self.ranges.names()}
        return {**self.matrices.ranks, **known}

    def _line_in_matrices(
        self,
        line: Written,
        objective: Any,
        asked: tuple[tuple[Any, ...], ...],
        ranks: Mapping[str, int],
    ) -> Any:
        """A line in matrix notation: its entry at the letters of the derivative that is asked for.

        It has the shape of what is differentiated by; a Jacobian is objective by variable.
        """
        self.matrices.ranks.update(ranks)
        self.words.closed = bool(self.program.definitions)
        made = self.matrices.value(line.expression.tree, Scope(line.expression, derivatives=True))
        self.words.closed = False
        whole = line.expression.token(line.expression.tree)
        if not made.rank:
            return made.entry
        shapes = []
        for entry in asked:
            letters = [i for t in (objective, *entry) for i in indices_of(t)]
            shapes.append(" by ".join(str(self._size_of(i)) for i in letters) or "a scalar")
            if len(letters) == made.rank and all(
                isinstance(i, Index) and self.ranges.find(i.size) == self.ranges.find(axis.size)
                for i, axis in zip(letters, made.axes, strict=True)
            ):
                taken = self.words.names | frozenset(self.sizes) | {i.name for i in letters}
                swapped = substitute(made.entry, dict(zip(made.axes, letters, strict=True)))
                return lettered((), self.ranges.resolve(swapped), taken)[1]
        fail(
            whole,
            f"this is {' by '.join(str(self._size_of(i)) for i in made.axes)}",
            f"the derivative that is asked for is {_listed(list(dict.fromkeys(shapes)))}"
            if shapes
            else "say what to differentiate by, with `wrt`",
        )

    def _size_of(self, i: Any) -> Any:
        return self.ranges.find(i.size) if isinstance(i, Index) else i

    # -- after reading ------------------------------------------------------------------------

    def _given_letters(self, g: Any) -> Any:
        """A given written in arrays holds for every value of its axes; they get letters."""
        axes = tuple(i for i in sorted(free_indices(g), key=str) if str(i.name).startswith("_m"))
        taken = self.words.names | frozenset(self.sizes)
        return lettered(axes, g, taken)[1]

    def _check_literals(self, shapes: Mapping[str, tuple[Term, ...]]) -> None:
        for name, k, value, token in self.reader.literal_slots:
            over = shapes[name][k]
            if isinstance(over, Integer) and value > int(over):
                fail(token, f"slot {k + 1} of `{name}` runs from 1 to {over}, here it is {value}")

    def _warnings(
        self,
        definitions: Mapping[str, Definition],
        shapes: Mapping[str, tuple[Term, ...]],
        objective: Any,
        wrt: list[tuple[Any, ...]],
    ) -> tuple[str, ...]:
        out = list(self.reader.warnings)
        out += near_names(self.program.tokens, [n for n in shapes if n not in definitions])
        reached: set[str] = set()
        todo = list(names(objective))
        while todo:
            name = todo.pop()
            if name not in reached:
                reached.add(name)
                if name in definitions:
                    todo.extend(names(definitions[name].body))
        for name in dict.fromkeys(name_of(v) for entry in wrt for v in entry):
            if name not in reached:
                out.append(f"`{_show(objective)}` does not depend on `{name}`")
        return tuple(out)


def _written_as(d: Defined) -> str:
    """The definition as the user wrote it."""
    first, last = d.body.tokens[0], d.body.tokens[-1]
    return f"{d.name.text} = {first.line.text[first.column : last.column + len(last.text)]}"


def _relation(condition: Any) -> Any:
    """The one comparison that was read, where it was turned into a constant."""
    if condition == TRUE:
        return relation("==", ZERO, ZERO)
    if not condition.args:
        return relation("!=", ZERO, ZERO)
    return condition


def _show(t: Any) -> str:
    inside = ",".join(str(i.name) if isinstance(i, Index) else str(i) for i in indices_of(t))
    return f"{name_of(t)}[{inside}]" if inside else name_of(t)


def _below(name: str, definitions: Mapping[str, Definition]) -> set[str]:
    """The names that a definition rests on."""
    found: set[str] = set()
    todo = [name]
    while todo:
        made = definitions.get(todo.pop())
        new = names(made.body) - found if made else set()
        found |= new
        todo.extend(new)
    return found


def _renamed(target: Target, letter: str, free: str) -> str:
    slots = [free if t.text == letter else t.text for t in target.slots or ()]
    return f"{target.name.text}[{','.join(slots)}]"


def _listed(found: Iterable[str]) -> str:
    return ", ".join(f"`{n}`" for n in found) or "none"


def _defined(definitions: Iterable[str]) -> str:
    return f"defined are {_listed(definitions)}"


def _title(text: str) -> str | None:
    """The comment in the first line."""
    for line in split_lines(text):
        if line.strip():
            return line.strip().lstrip("#").strip() or None if line.strip()[0] == "#" else None
    return None
