"""The end of reading: ranges settled, ungrounded claims set aside, the program checked."""

from __future__ import annotations

import re

from derivation.errors import InputError
from derivation.language.latex.guesses import guesses
from derivation.language.latex.reading import Alternative, Reading, Statement
from derivation.language.latex.state import Part, State, key_text
from derivation.language.latex.survey import Key
from derivation.language.latex.tokens import Unread
from derivation.language.programs import read_problem

_MAX_RETRIES = 300


class Finishing(State):
    """Makes a `Reading` of what was read."""

    def finished(self) -> Reading:
        w = self.writer
        taken = {k[0] for k in self.survey.ranks} | set(self.names.by_key.values())
        taken |= set(w.size_names.values())
        assumed = self.ranges.settle(taken, self.found.prefer)
        lines: dict[int, Part] = {}
        for part in self.parts:
            self._grounded(part)
            self._render(part)
        program = self._checked()
        wrt = self._wrt()
        _ = lines
        if wrt is not None and self.problem is None:
            of, by = wrt
            text = self._program()
            last = [p for p in self.parts if p.kind == "definition" and p.line]
            heads = [
                p.line.partition(" = ")[0] for p in last if "(" not in p.line.partition(" = ")[0]
            ]
            extra = [] if heads and heads[-1] == of else [f"of {of}"]
            candidate = "\n".join([text, *extra, f"wrt {by}"])
            try:
                read_problem(candidate)
                program = candidate
            except InputError:
                wrt = None
        statements = tuple(self._statement(p) for p in self.parts)
        assumed += [a for s in statements for a in s.assumed]
        assumed += [
            f"`{key[0]}` without indices is the matrix whose rows are the `{small[0]}`"
            for key, small in self.rows_of.items()
        ]
        displays = {
            f for f, x in enumerate(self.document.formulas) if x.displayed and x.source.strip()
        }
        bad = {p.item.formula for p in self.parts if p.kind == "unread" and p.item.displayed}
        return Reading(
            filename=self.filename,
            program=program,
            statements=statements,
            wrt=None if wrt is None else wrt[1],
            assumed=tuple(dict.fromkeys([*self.survey.assumed, *assumed])),
            guesses=guesses(
                self.document, self.survey, self.names, self.definitions, program, self.ranges
            ),
            names=dict(self.names.latex),
            displays=(len(displays), len(displays - bad)),
        )

    def _lost(self, head: Key) -> None:
        """What rests on a definition that is refused after all is not read either."""
        self.failed.add(head)
        self.definitions.pop(head, None)
        for part in self.parts:
            self._grounded(part)

    def _grounded(self, part: Part) -> None:
        """A claim about something that no readable formula defines is not read."""
        if part.kind != "claim":
            return
        w = self.writer
        reached = {k for key in part.keys for k in (key, *w._reach(key))}
        lost = next((k for k in reached if k in self.failed and k not in self.definitions), None)
        reason = ""
        if lost is not None:
            reason = f"it rests on `{key_text(lost)}`, whose definition is not read"
        for inside, by in part.derived:
            if by not in inside and not any(by in w._reach(k) for k in inside):
                what = ", ".join(sorted(key_text(k) for k in inside)) or "this"
                reason = f"nothing that is read says how {what} depends on {key_text(by)}"
        known = set(w.defined) | {k for inputs in w.defined.values() for k in inputs}
        functions = {
            k for k, kind in self.survey.functions.items() if kind not in ("array", "refused")
        }
        if (part.keys & known) - functions:
            free = self.survey.letters | self.survey.bound | self.survey.sizes | {"e", "pi"}
            by_these = {by for _, by in part.derived}
            for key in sorted(part.keys - known - by_these - functions):
                if "".join((key[0], *key[1], key[2])) not in free:
                    reason = reason or f"nothing that is read says what `{key_text(key)}` is"
            one, two = (self._leaves(s) for s in part.sides)
            plain = {k for k in one ^ two if "".join((k[0], *k[1], k[2])) not in free} - functions
            if plain & one and plain & two and not reason:
                a, b = (key_text(min(plain & s)) for s in (one, two))
                reason = f"nothing that is read connects `{b}` with `{a}`"
        elif part.apart[0] and part.apart[1]:
            what = key_text(min(part.apart[0]))
            reason = reason or f"nothing that is read says what `{what}` is"
        if reason:
            part.kind, part.reason, part.place = "unread", reason, part.item.pos

    def _leaves(self, keys: set[Key]) -> set[Key]:
        """The inputs that names rest on."""
        defined = self.writer.defined
        found = {m for k in keys for m in (k, *self.writer._reach(k))}
        return {k for k in found if k not in defined}

    def _render(self, part: Part) -> None:
        if part.kind == "unread" or not part.texts:
            return
        for letter, r in part.loose_letters:
            if self.ranges.find(r) not in self.ranges.dropped:
                part.kind, part.place = "unread", part.item.pos
                part.reason = (
                    f"the index {letter} stands on the right side only: nothing says what is "
                    "done with it"
                )
                return
        try:
            rendered = [self.ranges.render(t) for t in part.texts]
            condition = None if part.condition is None else self.ranges.render(part.condition)
        except Unread as error:
            part.kind, part.reason, part.place = "unread", error.reason, part.item.pos
            return
        part.texts = tuple((r,) for r in rendered)
        part.condition = None if condition is None else (condition,)
        left, right = rendered
        if part.kind == "definition":
            part.line = f"{left} = {right}"
        elif part.kind == "given":
            part.line = f"given {left} {part.op} {right}"
        else:
            right = _enclosed(right)
            part.line = f"claim {left} == {right}"
            if condition is not None:
                part.line += f" if {condition}"
        if part.others:
            sides = [self.ranges.render(t) for t in part.others]
            part.others = tuple((_enclosed(r),) if n else (r,) for n, r in enumerate(sides))
        if part.wrt is not None:
            try:
                a, b = part.wrt
                part.wrt = ((self.ranges.render(a),), (self.ranges.render(b),))
            except Unread:
                part.wrt = None

    def _program(self) -> str:
        """The problem without what is claimed."""
        if self.problem is not None:
            return self.problem.text.rstrip("\n")
        w = self.writer
        out = [
            f"function {name}" + (f"({count})" if count > 1 else "")
            for name, count in sorted(w.unknown.items())
        ]
        body = [p.line for p in self.parts if p.kind == "definition" and p.line]
        givens = [p.line for p in self.parts if p.kind == "given" and p.line]
        out += [a for a in self.assume if not a.startswith("given ")]
        out += body  # last, so that the objective is the document's
        givens += [a for a in self.assume if a.startswith("given ")]
        for name, r in w.labels.items():
            size = self.ranges.size.get(self.ranges.find(r))
            if size is not None:
                shape = ""
                for key, n in self.names.by_key.items():
                    kept = [
                        k
                        for k in range(self.survey.ranks.get(key, 0))
                        if self.ranges.find(self.ranges.slot(n, k)) not in self.ranges.dropped
                    ]
                    if n == name and kept:
                        shape = f"[{','.join('abc'[: len(kept)])}]"
                out.append(f"label {name}{shape} in {size}")
        out += list(dict.fromkeys(givens))
        return "\n".join(out)

    def _checked(self) -> str:
        """The program; what the reader of the language refuses is unread, with its reason."""
        for _ in range(_MAX_RETRIES):
            program = self._program()
            head = program.split("\n") if program else []
            claims = [p for p in self.parts if p.kind == "claim"]
            text = "\n".join([*head, *(p.line for p in claims)])
            try:
                read_problem(text, need_wrt=False)
                return program
            except InputError as error:
                at = (error.line or 0) - 1
                wrong: Part | None = None
                if at >= len(head):
                    wrong = claims[at - len(head)] if at - len(head) < len(claims) else None
                elif at >= 0:
                    line = head[at]
                    wrong = next(
                        (p for p in self.parts if p.line == line and p.kind != "claim"), None
                    )
                    if wrong is None and line.startswith("label "):
                        name = line.split()[1].partition("[")[0]
                        self.writer.labels.pop(name, None)
                        continue
                    if wrong is None and line.startswith("function "):
                        self.writer.unknown.pop(line.split()[1].partition("(")[0], None)
                        continue
                if wrong is None:
                    wrong = next((p for p in reversed(self.parts) if p.kind == "claim"), None)
                if wrong is None:
                    wrong = next(
                        (p for p in reversed(self.parts) if p.line and p.kind != "unread"), None
                    )
                if wrong is None:
                    return program if self.problem is not None else ""
                if wrong.kind == "definition" and wrong.head is not None:
                    self._lost(wrong.head)
                wrong.reason = f"`{wrong.line[:80]}`: {error.message}"
                wrong.kind, wrong.place = "unread", wrong.item.pos
        return self._program()

    def _wrt(self) -> tuple[str, str] | None:
        """What the document differentiates: the objective, and all inputs that it is derived by."""
        if self.problem is not None:
            return None
        bodies = {}
        for part in self.parts:
            if part.kind == "definition" and part.line:
                head, _, body = part.line.partition(" = ")
                bodies[head.partition("[")[0]] = set(re.findall(r"[A-Za-z_]\w*", body))
        asked = [
            (str(p.wrt[0][0]), str(p.wrt[1][0]))
            for p in self.parts
            if p.kind == "claim" and p.wrt is not None
        ]
        asked = [(of, by) for of, by in asked if of.partition("[")[0] in bodies]
        used = set().union(*bodies.values()) if bodies else set()
        final = [(of, by) for of, by in asked if by.partition("[")[0] not in bodies]
        tops = [(of, by) for of, by in final if of.partition("[")[0] not in used]
        chosen = tops or final or asked
        if not chosen:
            return None
        of = chosen[-1][0]
        by_name: dict[str, str] = {}
        for other, by in chosen:
            if other == of:
                by_name.setdefault(by.partition("[")[0], by)
        return of, ", ".join(by_name.values())

    def _statement(self, part: Part) -> Statement:
        line, _ = self.document.place(part.item.pos)
        column = None
        if part.place is not None:
            line_, column = self.document.place(part.place)
            line = line_ if part.kind == "unread" else line
        texts = [str(t[0]) for t in part.texts] if part.line and part.kind == "claim" else []
        read_as: str | None = None
        if part.kind != "unread" and part.line:
            read_as = part.line.removeprefix("claim ")
        return Statement(
            line=line,
            source=part.source or part.item.source,
            kind=part.kind,
            read_as=read_as,
            left=texts[0] if texts and part.kind == "claim" else None,
            right=texts[1] if texts and part.kind == "claim" else None,
            condition=str(part.condition[0]) if part.condition and part.kind == "claim" else None,
            chain=part.chain,
            derivative=part.derivative if part.kind == "claim" else None,
            reason=part.reason,
            column=column if part.kind == "unread" else None,
            displayed=part.item.displayed,
            assumed=tuple(dict.fromkeys(part.assumed)),
            notes=tuple(dict.fromkeys(part.notes)),
            alternatives=self._alternatives(part),
        )

    def _alternatives(self, part: Part) -> tuple[Alternative, ...]:
        if part.kind != "claim" or not part.others:
            return ()
        left, right = (str(t[0]) for t in part.others)
        text = f"{left} == {right}"
        if part.condition:
            text += f" if {part.condition[0]}"
        if f"claim {text}" == part.line:
            return ()
        return (Alternative(text, part.other_note),)


def _enclosed(text: str) -> str:
    """A side in brackets if a condition after it would be read as part of it."""
    return f"({text})" if " if " in _outside(text) else text


def _outside(text: str) -> str:
    """What stands outside all brackets."""
    out, level = [], 0
    for c in text:
        level += (c in "([") - (c in ")]")
        if level == 0:
            out.append(c)
    return "".join(out)
