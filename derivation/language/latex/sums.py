"""Sums, products and softmax: what they bind, how far they run, and where they end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from derivation.language.latex.context import ATOM, Context
from derivation.language.latex.ranges import Over, Text
from derivation.language.latex.tokens import Unread
from derivation.language.latex.trees import (
    Add,
    Binder,
    Bracket,
    Function,
    Mul,
    Name,
    Norm,
    Number,
    Reduction,
    free_letters,
    walk,
)


class Sums(Context):
    """The part of the writer that writes what has a `for`."""

    def _reduction(self, t: Reduction) -> tuple[Text, int]:
        binders = self._really_bound(t)
        saved = len(self.scope.bound)
        heads: list[Any] = []
        if any(not b.letter for b in binders):
            raise Unread("a sum that does not say what it runs over", t.pos)
        for b in binders:
            r = self.ranges.new("" if b.letter in self.axes else b.letter)
            self.ranges.bound.add(r)
            written = b.letter
            if any(x[1] == written for x in self.scope.bound) or written in self.scope.free:
                self.notes.append(f"the {b.letter} of the inner sum hides the {b.letter} outside")
            if b.upper is not None:
                self._upper(b, r, t.pos)
            elif b.within:
                self.ranges.give(r, self.size_name(b.within), t.pos)
            self.scope.bound.append((b.letter, written, r))
            heads.append((b, r))
        guards: list[Text] = []
        for b, _ in heads:
            if b.lower is not None:
                guards += self._lower(b)
        guards += [self.condition(g) for g in t.guards]
        body = self.write(t.body)
        del self.scope.bound[saved:]
        out: list[Any] = [f"{t.kind}(", *body]
        for b, r in heads:
            out += [f" for {self.names.letter(b.letter)} in ", Over(r)]
        if guards:
            out += [" if "]
            for k, guard in enumerate(guards):
                out += [" and "] if k else []
                out += guard
        return (*out, ")"), ATOM

    def _really_bound(self, t: Reduction) -> list[Binder]:
        """Of ``i \\ne j`` under a sum, the letter that is not known outside is the bound one."""
        binders = list(t.binders)
        if len(binders) == 2 and t.guards and binders[0].upper == binders[1].upper:
            known = [self.scope.find(b.letter) is not None for b in binders]
            if known == [False, True]:
                return binders[:1]
            if known == [True, False]:
                return binders[1:]
            if known == [True, True]:
                self.notes.append(f"the sum is read as running over {binders[0].letter}")
                return binders[:1]
            if t.guards[0].op == "!=":
                self.notes.append(
                    f"the sum over {binders[0].letter} ≠ {binders[1].letter} is read as running "
                    "over both"
                )
        return binders

    def _upper(self, b: Binder, r: int, pos: int) -> None:
        upper = b.upper
        if isinstance(upper, Number) and upper.text.isdecimal():
            if b.lower == Number("0"):
                raise Unread("a sum from 0 to a number is not read", pos)
            self.ranges.give(r, upper.text, pos)
            return
        if isinstance(upper, Name) and not upper.slots:
            if b.lower == Number("0"):
                self.assumed.append(f"a sum from 0 to {upper.latex} runs over all of the index")
            self.ranges.give(
                r, self.size_name(upper.base + "".join(upper.marks) + upper.label), pos
            )
            return
        if (
            isinstance(upper, Add)
            and b.lower == Number("0")
            and len(upper.terms) == 2
            and upper.terms[1] == ("-", Number("1"))
            and isinstance(upper.terms[0][1], Name)
        ):
            name = upper.terms[0][1]
            self.survey.sizes.add(name.base + name.label)
            self.assumed.append(f"a sum from 0 to {name.latex}-1 runs over all of the index")
            self.ranges.give(r, self.size_name(name.base + name.label), pos)
            return
        if isinstance(upper, Norm) and isinstance(upper.inside, Name):
            name = upper.inside
            self.ranges.give(r, self.size_name(name.base + name.label), pos)
            return
        raise Unread("this upper limit is not read", pos)

    def _lower(self, b: Binder) -> list[Text]:
        lower = b.lower
        written = self.names.letter(b.letter)
        if lower == Number("0"):
            return []
        if isinstance(lower, Number):
            return [(f"{written} >= {lower.text}",)]
        if isinstance(lower, Name) and not lower.slots:
            inner = self.letter(lower.base)
            own = self.letter(b.letter)
            self.ranges.join(inner[1], own[1])
            return [(f"{written} >= {self.names.letter(inner[0])}",)]
        if (
            isinstance(lower, Add)
            and len(lower.terms) == 2
            and lower.terms[1] == ("+", Number("1"))
            and isinstance(lower.terms[0][1], Name)
        ):
            inner = self.letter(lower.terms[0][1].base)
            self.ranges.join(inner[1], self.letter(b.letter)[1])
            return [(f"{written} > {self.names.letter(inner[0])}",)]
        raise Unread("this lower limit is not read")

    def size_name(self, word: str) -> str:
        """The size that an upper limit names; a small letter that is also an index is made big."""
        found = self.size_names.get(word)
        if found is None:
            found = word
            clash = word in self.survey.letters | self.survey.bound or any(
                key[0] == word and (rank or key in self.defined)
                for key, rank in self.survey.ranks.items()
                if not key[1] and not key[2]
            )
            if clash:
                others = set(self.size_names.values()) | {k[0] for k in self.survey.ranks}
                options = [word.upper(), "N", "K", "M", f"{word}0"]
                found = next(o for o in options if o not in others or o == options[-1])
                self.assumed.append(f"the size {word} is written {found}")
            self.size_names[word] = found
            self.names.latex.setdefault(found, word)
        return found

    def absorbed(self, terms: tuple[tuple[str, Any], ...]) -> list[tuple[str, Any]]:
        """A sum goes on past a + where its letter stands in the next term and nowhere outside."""
        out: list[tuple[str, Any]] = []
        for sign, term in terms:
            last = out[-1][1] if out else None
            factors = last.factors if isinstance(last, Mul) else (("", last),)
            inner = factors[-1][1]
            t_pos = inner.pos if isinstance(inner, Reduction) else None
            if isinstance(inner, Reduction) and inner.kind == "sum":
                letters = {b.letter for b in inner.binders}
                inside = free_letters(term)
                if letters & inside and all(self.scope.find(x) is None for x in letters & inside):
                    plain_sum = out[-1][0] == "+" and len(factors) == 1
                    halves = sign == "+" and self._two_weights(inner, term)
                    if not (plain_sum or halves) and "-" in (sign, out[-1][0]):
                        raise Unread(
                            "whether the sum goes on past the next sign reads two ways", t_pos
                        )
                    body = Add((("+", inner.body), (sign, term)))
                    if isinstance(inner.body, Add):
                        body = Add((*inner.body.terms, (sign, term)))
                    grown = replace(inner, body=body)
                    whole = Mul((*factors[:-1], (factors[-1][0], grown)))
                    out[-1] = (out[-1][0], grown if len(factors) == 1 else whole)
                    self.notes.append("the sum is read as going on to the last term with its index")
                    continue
            out.append((sign, term))
        return out

    @staticmethod
    def _two_weights(inner: Reduction, term: Any) -> bool:
        """Whether a sum and what follows are u·a and (1-u)·b: the two halves of one mean."""
        first = inner.body
        while isinstance(first, Add):
            first = first.terms[-1][1]

        def weights(t: Any) -> list[Any]:
            return [f for op, f in t.factors if op != "/"] if isinstance(t, Mul) else [t]

        def complement(f: Any) -> Any:
            f = f.inside if isinstance(f, Bracket) else f
            if isinstance(f, Add) and len(f.terms) == 2:
                (s1, one), (s2, u) = f.terms
                if (s1, s2) == ("+", "-") and one == Number("1"):
                    return u
            return None

        return any(complement(f) in weights(first) for f in weights(term) if complement(f))

    def _softmax(self, t: Function) -> tuple[Text, int]:
        arg = t.args[0]
        if len(t.args) > 1:
            raise Unread(f"`{t.name}` of several values is not read", t.pos)
        at: tuple[str, int] | None = None
        if t.slots:
            if len(t.slots) != 1 or t.slots[0].kind != "letter":
                raise Unread(f"this index of `{t.name}` is not read", t.pos)
            at = self.letter(t.slots[0].text)
        free = [
            s.text for n in walk(arg) if isinstance(n, Name) for s in n.slots if s.kind == "letter"
        ]  # fmt: skip
        vector = any(
            isinstance(n, Name) and len(n.slots) < self.survey.ranks.get(n.key, 0)
            for n in walk(arg)
        )
        fresh = self.fresh()
        r = self.ranges.new()
        self.ranges.bound.add(r)
        if vector:
            body = self.with_lift((fresh, r), lambda: self.write(arg))
        elif free and at is None:
            at = self.letter(free[-1])
            self.assumed.append(f"`softmax` is taken over the index {free[-1]}")
            self.scope.bound.append((free[-1], fresh, r))
            body = self.write(arg)
            self.scope.bound.pop()
        elif free and t.slots and t.slots[0].text in free:
            self.scope.bound.append((t.slots[0].text, fresh, r))
            body = self.write(arg)
            self.scope.bound.pop()
        else:
            raise Unread(f"`{t.name}` of something that is no array", t.pos)
        if t.name == "logsumexp":
            return ("logsumexp(", *body, f" for {fresh} in ", Over(r), ")"), ATOM
        if at is None and self.scope.lift is not None:
            at = self.scope.lift
            self.scope.lifted = True
        if at is None:
            raise Unread("`softmax` without an index here", t.pos)
        self.ranges.join(at[1], r, t.pos)
        written = self.names.letter(at[0])
        return ("softmax(", *body, f" for {fresh} in ", Over(r), f")[{written}]"), ATOM
