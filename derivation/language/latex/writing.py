"""Trees of a document into text of the input language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from derivation.language.latex.naming import Names
from derivation.language.latex.ranges import Entry, Over, Ranges, Text
from derivation.language.latex.survey import Key, Survey, children, rebuilt, walk
from derivation.language.latex.tokens import Unread
from derivation.language.latex.trees import (
    Add,
    Binder,
    Bracket,
    Call,
    Choice,
    Condition,
    Delta,
    Derivative,
    Frac,
    Function,
    Mul,
    Name,
    Norm,
    Number,
    Power,
    Reduction,
    Slot,
    Transposed,
)

ADD, MUL, NEG, POW, ATOM = range(5)
_FRESH = "dmlqrstuvkpnjabcghi"
MAX_TEXT = 40_000


class Scope:
    """Letters of one statement: free ones and those that a sum binds."""

    def __init__(self, ranges: Ranges) -> None:
        self.ranges = ranges
        self.free: dict[str, int] = {}
        self.bound: list[tuple[str, str, int]] = []  # letter, as written, range
        self.lift: tuple[str, int] | None = None  # the index that vectors take here
        self.lifted = False

    def find(self, letter: str) -> tuple[str, int] | None:
        for name, written, r in reversed(self.bound):
            if name == letter:
                return written, r
        if letter in self.free:
            return letter, self.free[letter]
        return None


class Writer:
    """Writes trees, with what it learns of ranges on the way."""

    def __init__(
        self, survey: Survey, names: Names, ranges: Ranges, inputs: dict[Key, set[Key]]
    ) -> None:
        self.inputs = inputs  # of definitions that may come later in the document
        self.survey, self.names, self.ranges = survey, names, ranges
        self.aliases: dict[Key, tuple[tuple[Slot, ...], Any]] = {}
        self.defined: dict[Key, set[Key]] = {}  # a name and what its definition mentions
        self.same: dict[Key, Name] = {}  # y' for yhat
        self.labels: dict[str, int] = {}  # letters that are class numbers
        self.size_names: dict[str, str] = {}
        self.notes: list[str] = []
        self.assumed: list[str] = []
        self.function_params: dict[str, str] = {}
        self.unknown: dict[str, int] = {}
        self.scope = Scope(ranges)
        self.letters_used: set[str] = set()
        self.length = 0
        self.ambiguous = self.flipped = False  # ∂ that reads two ways, and the other reading
        self.derived: list[tuple[set[Key], Key]] = []  # names in what is differentiated, and by

    # -- levels -----------------------------------------------------------------------------

    def write(self, t: Any, need: int = ADD) -> Text:
        """The text of a tree, in brackets where the place asks for them."""
        text, level = self.level(t)
        self.length += len(text)
        if self.length > MAX_TEXT:
            raise Unread("the formula is too long")
        return ("(", *text, ")") if level < need else text

    def level(self, t: Any) -> tuple[Text, int]:
        write = self._writers.get(type(t))
        if write is None:
            raise Unread("this is not read")
        return write(self, t)

    def _number(self, t: Number) -> tuple[Text, int]:
        return (t.text,), ATOM

    def _bracket(self, t: Bracket) -> tuple[Text, int]:
        return self.level(t.inside)

    def _add(self, t: Add) -> tuple[Text, int]:
        out: list[Any] = []
        for k, (sign, term) in enumerate(self._absorbed(t.terms)):
            inner = self.write(term, MUL)
            if k:
                out += [f" {sign} "]
            elif sign == "-":
                out += ["-"]
            out += inner
        return tuple(out), ADD

    def _absorbed(self, terms: tuple[tuple[str, Any], ...]) -> list[tuple[str, Any]]:
        """A sum goes on past a + where its letter stands in the next term and nowhere outside."""
        out: list[tuple[str, Any]] = []
        for sign, term in terms:
            last = out[-1][1] if out else None
            factors = last.factors if isinstance(last, Mul) else (("", last),)
            inner = factors[-1][1]
            if isinstance(inner, Reduction) and inner.kind == "sum":
                letters = {b.letter for b in inner.binders}
                inside = _free_letters(term)
                if letters & inside and all(self.scope.find(x) is None for x in letters & inside):
                    if out[-1][0] == "-":
                        sign = "+" if sign == "-" else "-"
                    body = Add((("+", inner.body), (sign, term)))
                    if isinstance(inner.body, Add):
                        body = Add((*inner.body.terms, (sign, term)))
                    grown = replace(inner, body=body)
                    whole = Mul((*factors[:-1], (factors[-1][0], grown)))
                    if len(factors) > 1:
                        raise Unread("a sum that goes on past a + with a factor before it")
                    out[-1] = (out[-1][0], grown if len(factors) == 1 else whole)
                    self.notes.append("the sum is read as going on to the last term with its index")
                    continue
            out.append((sign, term))
        return out

    def _mul(self, t: Mul) -> tuple[Text, int]:
        factors = self._contracted(list(t.factors))
        vectors = 0
        for op, f in factors:
            if op != "o" and self._is_vector(f):
                vectors += 1
        if vectors > 1:
            raise Unread("a product of two vectors without a dot, transpose or index")
        out: list[Any] = []
        for k, (op, f) in enumerate(factors):
            if isinstance(f, tuple):  # a contraction that is written already
                inner: Text = f
            else:
                need = MUL if k == 0 else POW if op == "/" else NEG
                inner = self.write(f, need)
            if k:
                out.append("/" if op == "/" else "*")
            out += inner
        if any(op == "/" for op, _ in factors[:-1]):
            self.notes.append("`a/b c` on one line is read as (a/b)·c")
        return tuple(out), MUL

    def _frac(self, t: Frac) -> tuple[Text, int]:
        return (*self.write(t.above, MUL), "/", *self.write(t.below, POW)), MUL

    def _power(self, t: Power) -> tuple[Text, int]:
        base, exponent = t.base, t.exponent
        if isinstance(base, Name) and base.key == ("e", (), "") and not base.slots:
            return ("exp(", *self.write(exponent), ")"), ATOM
        if isinstance(base, Norm) and base.kind == "2" and exponent == Number("2"):
            return self._norm(base, squared=True)
        if isinstance(base, Call) and self.survey.functions.get(base.name.key) is None:
            raise Unread("a power of a product is not read")
        if isinstance(base, Bracket) and isinstance(base.inside, Name) and self._is_vector(base):
            raise Unread("a power of a vector is not read")
        power = self.write(exponent, ATOM)
        return (*self.write(base, ATOM), "**", *power), POW

    # -- names --------------------------------------------------------------------------------

    def _name(self, t: Name) -> tuple[Text, int]:
        t = self._settled(t)
        if t.key in self.aliases:
            return self._alias(t)
        word = t.base + "".join(t.marks) + t.label
        if not t.slots:
            found = self.scope.find(t.base + "'" * t.marks.count("prime"))
            if found is not None and set(t.marks) <= {"prime"} and not t.label:
                if self.survey.ranks.get(t.key, 0) == 0 and t.key not in self.defined:
                    return (self.names.letter(found[0]),), ATOM
            if word in self.survey.sizes:
                return (self.size_name(word),), ATOM
            if t.key == ("pi", (), ""):
                if t.key in self.defined and not self.survey.ranks.get(t.key, 0):
                    return (self.names.name(t, array=False),), ATOM
                more = ", with an index a weight" if self.survey.ranks.get(t.key, 0) else ""
                self.assumed.append(f"π without an index is the number 3.14…{more}")
                return ("pi",), ATOM
            if t.key == ("e", (), "") and self.survey.ranks.get(t.key, 0) == 0:
                return ("exp(1)",), ATOM
        rank = self.survey.ranks.get(t.key, 0)
        name = self.names.name(t)
        if self.survey.above.get(t.key, 0) > sum(s.above for s in t.slots) and rank > len(t.slots):
            if self.scope.lift is None or len(t.slots) + 1 < rank:
                raise Unread(
                    f"`{_short(t.latex)}` stands without the index that it has elsewhere", t.pos
                )
        slots = [self.slot(s, name, k, t.pos) for k, s in enumerate(t.slots)]
        if len(t.slots) < rank:
            if t.key in self.survey.matrices and not t.slots:
                raise Unread(f"`{_short(t.latex)}` is a matrix without its indices", t.pos)
            if self.scope.lift is None or len(t.slots) + 1 != rank:
                raise Unread(
                    f"`{_short(t.latex)}` is an array and stands without its "
                    f"{'index' if rank == 1 else 'indices'} here", t.pos
                )  # fmt: skip
            letter, r = self.scope.lift
            self.scope.lifted = True
            self.ranges.join(r, self.ranges.slot(name, rank - 1), t.pos)
            slots.append((r, (letter,)))
        elif t.key in self.survey.matrices and not rank:
            raise Unread(f"`{_short(t.latex)}` is a matrix without indices", t.pos)
        return (Entry(name, tuple(slots)),), ATOM

    def _settled(self, t: Name) -> Name:
        for _ in range(4):
            other = self.same.get(t.key)
            if other is None:
                return t
            t = replace(t, base=other.base, marks=other.marks, label=other.label)
        return t

    def slot(self, s: Slot, name: str, k: int, pos: int | None) -> tuple[int, Text]:
        """One slot: its range and what stands in it."""
        r = self.ranges.slot(name, k)
        if s.kind == "number":
            if s.text == "0":
                raise Unread("an index 0: indices count from 1", pos)
            self.ranges.compared.add(self.ranges.find(r))
            return r, (s.text,)
        if s.kind == "element" and s.element is not None:
            label = self.names.name(s.element)
            self.labels.setdefault(label, self.ranges.new())
            self.ranges.join(self.labels[label], r, pos)
            return r, self.write(s.element)
        if s.kind == "step":
            raise Unread("arithmetic in an index is not part of the language", pos)
        written, over = self.letter(s.text)
        self.ranges.join(over, r, pos)
        return r, (self.names.letter(written),)

    def letter(self, letter: str) -> tuple[str, int]:
        """An index letter: as it is written, and its range."""
        found = self.scope.find(letter)
        if found is None:
            if letter in self.labels:
                return letter, self.labels[letter]
            self.scope.free[letter] = self.ranges.new(letter)
            found = letter, self.scope.free[letter]
        return found

    def _alias(self, t: Name) -> tuple[Text, int]:
        params, body = self.aliases[t.key]
        if len(params) != len(t.slots):
            raise Unread(f"`{_short(t.latex)}` stands without its indices here", t.pos)
        swap = {p.text: s for p, s in zip(params, t.slots, strict=True)}
        if any(isinstance(s, Reduction) for s in walk(body)):
            raise Unread(f"`{_short(t.latex)}` stands for a sum of derivatives", t.pos)

        def change(s: Any) -> Any:
            if isinstance(s, Slot) and s.kind == "letter" and s.text in swap:
                return replace(swap[s.text], above=s.above)
            return s

        return self.level(rebuilt(body, change))

    # -- functions ----------------------------------------------------------------------------------

    def _function(self, t: Function) -> tuple[Text, int]:
        if t.name in ("softmax", "logsumexp"):
            return self._softmax(t)
        if t.slots and not (self.scope.lift is None and t.name == "sigmoid"):
            raise Unread("an index on a function's value is not read", t.pos)
        if t.slots:
            letter, r = self.letter(t.slots[0].text)
            return self._with_lift((letter, r), lambda: self.level(replace(t, slots=())))
        if not t.tight and isinstance(t.args[0], Mul) and isinstance(
            t.args[0].factors[-1][1], Bracket
        ):
            raise Unread(f"`{t.name}` before a product with a bracket reads two ways", t.pos)
        if not t.tight and isinstance(t.args[0], Mul):
            self.notes.append(f"`{t.name}` without brackets is read up to the next operator")
        if t.primes:
            if len(t.args) != 1 or not isinstance(t.args[0], Name) or t.primes > 2:
                raise Unread("a primed function of more than a letter is not read", t.pos)
            arg = self.write(t.args[0])
            by: Text = (", ", *arg)
            return ("diff(", f"{t.name}(", *arg, ")", *by * t.primes, ")"), ATOM
        out: list[Any] = [f"{t.name}("]
        for k, a in enumerate(t.args):
            out += [", "] if k else []
            out += self.write(a)
        return (*out, ")"), ATOM

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
            body = self._with_lift((fresh, r), lambda: self.write(arg))
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

    def _call(self, t: Call) -> tuple[Text, int]:
        key = t.name.key
        kind = self.survey.functions.get(key)
        if kind in ("refused", "array"):
            raise Unread(f"`{_short(t.name.latex + t.text)}` is not read", t.name.pos)
        if t.slots or t.name.slots:
            raise Unread("an index on a function's value is not read", t.name.pos)
        if kind == "derivative":
            return self._primed(t)
        name = self.names.name(t.name)
        if kind == "unknown":
            self.unknown[name] = len(t.args)
        out: list[Any] = [f"{name}("]
        for k, a in enumerate(t.args):
            out += [", "] if k else []
            out += self.write(a)
        return (*out, ")"), ATOM

    def _primed(self, t: Call) -> tuple[Text, int]:
        marks = tuple(m for m in t.name.marks if m != "prime")
        stem = replace(t.name, marks=marks)
        order = t.name.marks.count("prime")
        if len(t.args) != 1:
            raise Unread("a derivative of a function of several values, with primes", t.name.pos)
        kind = self.survey.functions.get(stem.key)
        arg = self.write(t.args[0])
        if kind == "unknown":
            name = self.names.name(stem)
            self.unknown[name] = 1
            return (f"deriv({name}, {order})(", *arg, ")"), ATOM
        if not isinstance(t.args[0], Name):
            raise Unread("a primed function of more than a letter is not read", t.name.pos)
        name = "sigmoid" if kind == "sigmoid" else self.names.name(stem)
        return (f"diff({name}(", *arg, ")", *(", ", *arg) * order, ")"), ATOM

    # -- sums -------------------------------------------------------------------------------------

    def _reduction(self, t: Reduction) -> tuple[Text, int]:
        binders = self._really_bound(t)
        saved = len(self.scope.bound)
        heads: list[Any] = []
        for b in binders:
            r = self.ranges.new(b.letter)
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
        for g in t.guards:
            guards.append(self.condition(g))
        body = self.write(t.body)
        del self.scope.bound[saved:]
        out: list[Any] = [f"{t.kind}(", *body]
        for b, r in heads:
            out += [f" for {self.names.letter(b.letter)} in ", Over(r)]
        if guards:
            out += [" if "]
            for k, g in enumerate(guards):
                out += [" and "] if k else []
                out += g
        return (*out, ")"), ATOM

    def _really_bound(self, t: Reduction) -> list[Binder]:
        """Of ``i \\ne j`` under a sum, the letter that is not known outside is the bound one."""
        binders = list(t.binders)
        if len(binders) == 2 and t.guards and all(b.upper is None for b in binders):
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
            self.ranges.give(r, self.size_name(upper.base + "".join(upper.marks) + upper.label), pos)
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

    # -- the rest -----------------------------------------------------------------------------------

    def _derivative(self, t: Derivative) -> tuple[Text, int]:
        by: list[Any] = []
        for v in t.by:
            if isinstance(v, Bracket):
                v = v.inside
            if not isinstance(v, Name):
                raise Unread("a derivative by an expression is not read", t.pos)
            v = self._settled(v)
            if v.key in self.aliases:
                raise Unread("a derivative by a derivative is not read", t.pos)
            by += [", ", *self.write(v)]
            inside = {self._settled(n).key for n in walk(t.body) if isinstance(n, Name)}
            inside |= {c.name.key for c in walk(t.body) if isinstance(c, Call)}
            self.derived.append((inside, v.key))
        body = t.body.inside if isinstance(t.body, Bracket) else t.body
        vectors = [x for x in (body, *t.by) if self._is_vector(x)]
        if len(vectors) > 1:
            raise Unread("the derivative of a vector by a vector needs two indices", t.pos)
        kind = "diff"
        if isinstance(body, Name) and len(t.by) == 1:
            body = self._settled(body)
            inputs = self.defined.get(body.key) or self.inputs.get(body.key, set())
            v0 = t.by[0].inside if isinstance(t.by[0], Bracket) else t.by[0]
            if isinstance(v0, Name) and self._settled(v0).key in inputs:
                kind = "partial"
                key = self._settled(v0).key
                if any(key in self._reach(m, later=True) for m in inputs if m != key):
                    self.ambiguous = True
                    top = not any(body.key in used for used in self.inputs.values())
                    kind = "diff" if top != self.flipped else "partial"
                    ways = ("through all names", "directly, other names held fixed")
                    self.notes.append(
                        f"`{_short(body.latex)}` depends on `{_short(v0.latex)}` directly and "
                        f"through other names: ∂ is read as the change {ways[kind == 'partial']}"
                    )
        return (f"{kind}(", *self.write(body), *by, ")"), ATOM

    def _reach(self, key: Key, later: bool = False) -> set[Key]:
        """All that a name depends on; ``later`` counts definitions that come later too."""
        defined = {**self.inputs, **self.defined} if later else self.defined
        out: set[Key] = set()
        todo = [key]
        while todo:
            key_ = todo.pop()
            for m in defined.get(key_, ()):
                if m not in out:
                    out.add(m)
                    todo.append(m)
        return out

    def _delta(self, t: Delta) -> tuple[Text, int]:
        texts: list[Text] = []
        rs: list[int] = []
        for s in t.slots:
            if s.kind == "number":
                texts.append((s.text,))
            elif s.kind == "element" and s.element is not None:
                label = self.names.name(s.element)
                self.labels.setdefault(label, self.ranges.new())
                rs.append(self.labels[label])
                texts.append(self.write(s.element))
            else:
                written, r = self.letter(s.text)
                rs.append(r)
                texts.append((self.names.letter(written),))
        for r in rs:
            self.ranges.compared.add(self.ranges.find(r))
            self.ranges.join(rs[0], r)
        return ("delta(", *texts[0], ", ", *texts[1], ")"), ATOM

    def _choice(self, t: Choice) -> tuple[Text, int]:
        out: list[Any] = []
        cases = list(t.cases)
        last = cases.pop()
        if last[1] is not None and not cases:
            raise Unread("a single case")
        if last[1] is not None and not _covers(cases, last[1]):
            raise Unread("cases that do not say what is left over")
        if last[1] is not None:
            self.condition(last[1])  # its letters have ranges too
        for value, condition in cases:
            if condition is None:
                raise Unread("“otherwise” before the last case")
            out += [*self.write(value, MUL), " if ", *self.condition(condition), " else "]
        out += self.write(last[0], MUL)
        return ("(", *out, ")"), ATOM

    def condition(self, c: Condition) -> Text:
        """A condition; indices that are compared have one range."""
        out: list[Any] = []
        for k, one in enumerate((c, *c.also)):
            sides = [self._compared(one.left), self._compared(one.right)]
            rs = [s[1] for s in sides if s[1] is not None]
            if len(rs) == 2:
                self.ranges.join(rs[0], rs[1])
                self.ranges.compared.add(self.ranges.find(rs[0]))
            out += [" and "] if k else []
            out += [*sides[0][0], f" {one.op} ", *sides[1][0]]
        return tuple(out)

    def _compared(self, t: Any) -> tuple[Text, int | None]:
        if isinstance(t, Name) and not t.slots and not t.label and set(t.marks) <= {"prime"}:
            letter = t.base + "'" * len(t.marks)
            known = self.scope.find(letter)
            if known is not None or letter in self.survey.bound | self.survey.letters:
                written, r = self.letter(letter)
                return (self.names.letter(written),), r
            if letter in self.labels:
                return (letter,), self.labels[letter]
        if isinstance(t, Name) and t.slots and self.names.by_key.get(t.key) in self.labels:
            return self.write(t), self.labels[self.names.name(t)]
        return self.write(t, MUL), None

    # -- vectors -------------------------------------------------------------------------------------

    def _is_vector(self, t: Any) -> bool:
        """Whether a factor takes the index of vectors."""
        if isinstance(t, Name):
            t = self._settled(t)
            return len(t.slots) < self.survey.ranks.get(t.key, 0)
        if isinstance(t, Bracket):
            return self._is_vector(t.inside)
        if isinstance(t, Add):
            return any(self._is_vector(x) for _, x in t.terms)
        if isinstance(t, Mul):
            factors = [x for _, x in t.factors]
            rest = [
                x
                for k, x in enumerate(factors)
                if not isinstance(x, Transposed) and not (k and isinstance(factors[k - 1], Transposed))
            ]
            return any(self._is_vector(x) for x in rest)
        if isinstance(t, Function) and t.name not in ("softmax", "logsumexp"):
            return any(self._is_vector(a) for a in t.args)
        if isinstance(t, Frac):
            return self._is_vector(t.above) or self._is_vector(t.below)
        return False

    def _contracted(self, factors: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """The factors with every aᵀb as a sum."""
        out: list[tuple[str, Any]] = []
        k = 0
        while k < len(factors):
            op, f = factors[k]
            if isinstance(f, Transposed) and k + 1 < len(factors) and factors[k + 1][0] != "/":
                after = factors[k + 1][1]
                for side in (f.base, after):
                    inner = side.inside if isinstance(side, Bracket) else side
                    if isinstance(inner, Name) and inner.key in self.survey.matrices:
                        raise Unread("a product of matrices needs indices", inner.pos)
                    if isinstance(inner, Name) and inner.base.isupper() and inner.base.isascii():
                        raise Unread("a product of matrices needs indices", inner.pos)
                rest = [g for _, g in factors[k + 2 :] if isinstance(g, Name) and g.base.isalpha()]
                if any(g.key in self.survey.matrices or _same_vector(g, after) for g in rest):
                    raise Unread("a product of more than two vectors needs indices")
                fresh = self.fresh()
                r = self.ranges.new()
                self.ranges.bound.add(r)
                both = Mul((("", f.base), ("o", after)))
                body = self._with_lift((fresh, r), lambda: self.write(both), strict=True)
                out.append((op, ("sum(", *body, f" for {fresh} in ", Over(r), ")")))
                k += 2
                continue
            if isinstance(f, Transposed):
                raise Unread("a transpose that no index can replace")
            out.append((op, f))
            k += 1
        return out

    def _transposed(self, t: Transposed) -> tuple[Text, int]:
        raise Unread("a transpose that no index can replace")

    def _norm(self, t: Norm, squared: bool = False) -> tuple[Text, int]:
        if t.kind == "abs":
            return ("abs(", *self.write(t.inside), ")"), ATOM
        fresh = self.fresh()
        r = self.ranges.new()
        self.ranges.bound.add(r)
        body = self._with_lift((fresh, r), lambda: self.write(t.inside, ATOM), strict=True)
        if t.kind == "1":
            return ("sum(abs(", *body, f") for {fresh} in ", Over(r), ")"), ATOM
        inner: Text = ("sum(", *body, f"**2 for {fresh} in ", Over(r), ")")
        return (inner, ATOM) if squared else (("sqrt(", *inner, ")"), ATOM)

    def _with_lift(
        self, lift: tuple[str, int], write: Callable[[], Any], strict: bool = False
    ) -> Any:
        before, was = self.scope.lift, self.scope.lifted
        self.scope.lift, self.scope.lifted = lift, False
        self.scope.bound.append((lift[0], lift[0], lift[1]))
        try:
            found = write()
            if strict and not self.scope.lifted:
                raise Unread("a product or norm of vectors whose entries are not known")
            return found
        finally:
            self.scope.bound.pop()
            self.scope.lift, self.scope.lifted = before, was

    def fresh(self) -> str:
        """A letter for an index that the document does not name."""
        taken = {x[1] for x in self.scope.bound} | set(self.scope.free)
        taken |= self.survey.letters | self.survey.bound | {k[0] for k in self.survey.ranks}
        taken |= self.survey.sizes | set(self.size_names.values()) | set(self.labels)
        for c in _FRESH:
            if c not in taken:
                return c
        k = 1
        while f"d{k}" in taken:
            k += 1
        return f"d{k}"

    _writers: dict[type, Any] = {
        Number: _number, Bracket: _bracket, Add: _add, Mul: _mul, Frac: _frac, Power: _power,
        Name: _name, Function: _function, Call: _call, Reduction: _reduction,
        Derivative: _derivative, Delta: _delta, Choice: _choice, Transposed: _transposed,
        Norm: _norm,
    }  # fmt: skip


def _free_letters(t: Any) -> set[str]:
    """The index letters that no sum in a tree binds."""
    out: set[str] = set()
    todo: list[tuple[Any, frozenset[str]]] = [(t, frozenset())]
    while todo:
        s, bound = todo.pop()
        if isinstance(s, Reduction):
            bound = bound | {b.letter for b in s.binders}
        if isinstance(s, Slot) and s.kind == "letter" and s.text not in bound:
            out.add(s.text)
        todo.extend((c, bound) for c in children(s))
    return out


def _covers(cases: Iterable[Any], last: Condition) -> bool:
    """Whether a last condition is what the one before it leaves over."""
    opposite = {"==": "!=", "!=": "==", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}
    found = list(cases)
    if len(found) != 1 or found[0][1] is None or found[0][1].also or last.also:
        return False
    first = found[0][1]
    if first.op in ("==", "!=") and opposite[first.op] == last.op:
        return {first.left, first.right} == {last.left, last.right}
    return bool(opposite.get(first.op) == last.op and (first.left, first.right) == (last.left, last.right))


def _same_vector(g: Name, after: Any) -> bool:
    return isinstance(after, Name) and g.key == after.key


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
