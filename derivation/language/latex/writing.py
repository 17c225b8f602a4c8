"""Trees of a document into text of the input language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from derivation.language.latex.context import ADD, ATOM, MUL, NEG, POW, short
from derivation.language.latex.matrices import ONES
from derivation.language.latex.ranges import Entry, Text
from derivation.language.latex.sums import Sums
from derivation.language.latex.survey import Key
from derivation.language.latex.tokens import Unread
from derivation.language.latex.trees import (
    Add,
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
    rebuilt,
    walk,
)
from derivation.language.latex.vectors import Vectors

MAX_TEXT = 40_000


class Writer(Sums, Vectors):
    """Writes trees, with what it learns of ranges on the way."""

    # -- levels --------------------------------------------------------------------------------

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
        found: tuple[Text, int] = write(self, t)
        return found

    def _number(self, t: Number) -> tuple[Text, int]:
        return (t.text,), ATOM

    def _bracket(self, t: Bracket) -> tuple[Text, int]:
        return self.level(t.inside)

    def _add(self, t: Add) -> tuple[Text, int]:
        out: list[Any] = []
        for k, (sign, term) in enumerate(self.absorbed(t.terms)):
            inner = self.write(term, MUL)
            if k:
                out += [f" {sign} "]
            elif sign == "-":
                out += ["-"]
            out += inner
        return tuple(out), ADD

    def _mul(self, t: Mul) -> tuple[Text, int]:
        factors = self.contracted(list(t.factors))
        vectors = 0
        for op, f in factors:
            if op != "o" and self.is_vector(f):
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
        if any(op == "/" and isinstance(f, Mul) for op, f in factors):
            self.notes.append("`a/b(c)` on one line is read as a/(b·(c))")
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
        if isinstance(base, Bracket) and isinstance(base.inside, Name) and self.is_vector(base):
            raise Unread("a power of a vector is not read")
        power = self.write(exponent, ATOM)
        return (*self.write(base, ATOM), "**", *power), POW

    # -- names ---------------------------------------------------------------------------------

    def _name(self, t: Name) -> tuple[Text, int]:
        t = self.settled(t)
        if t.key in self.survey.doubtful:
            raise Unread(
                f"whether `{short(t.latex)}` is a transpose or a name of its own is not said", t.pos
            )
        if t.key == ONES:
            raise Unread("a vector of ones is not read", t.pos)
        if t.key in self.aliases:
            return self._alias(t)
        word = t.base + "".join(t.marks) + t.label
        if not t.slots:
            found = self.scope.find(t.base + "'" * t.marks.count("prime"))
            bare = set(t.marks) <= {"prime"} and not t.label and t.key not in self.defined
            if found is not None and bare and self.survey.ranks.get(t.key, 0) == 0:
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
        fewer = self.survey.above.get(t.key, 0) > sum(s.above for s in t.slots)
        if fewer and (
            len(t.slots) + 1 < rank
            or (len(t.slots) + 1 == rank and (self.scope.lift is None or t.slots))
        ):
            raise Unread(
                f"`{short(t.latex)}` stands without the index that it has elsewhere", t.pos
            )
        first = self.survey.first_missing(t)
        slots = [self.slot(s, name, k + first, t.pos) for k, s in enumerate(t.slots)]
        if len(t.slots) < rank:
            if t.key in self.survey.matrices and not t.slots:
                raise Unread(f"`{short(t.latex)}` is a matrix without its indices", t.pos)
            if self.scope.lift is None or len(t.slots) + 1 != rank:
                raise Unread(
                    f"`{short(t.latex)}` is an array and stands without its "
                    f"{'index' if rank == 1 else 'indices'} here", t.pos
                )  # fmt: skip
            letter, r = self.scope.lift
            self.scope.lifted = True
            if len(self.scope.bound) == 1:
                self.scope.entrywise.add(name)
            if first:
                self.ranges.join(r, self.ranges.slot(name, 0), t.pos)
                slots.insert(0, (r, (letter,)))
            else:
                self.ranges.join(r, self.ranges.slot(name, rank - 1), t.pos)
                slots.append((r, (letter,)))
        elif rank > 1:
            self.scope.full.add(name)
        elif t.key in self.survey.matrices and not rank:
            raise Unread(f"`{short(t.latex)}` is a matrix without indices", t.pos)
        return (Entry(name, tuple(slots)),), ATOM

    def _alias(self, t: Name) -> tuple[Text, int]:
        params, body = self.aliases[t.key]
        if len(params) != len(t.slots):
            raise Unread(f"`{short(t.latex)}` stands without its indices here", t.pos)
        swap = {p.text: s for p, s in zip(params, t.slots, strict=True)}
        if any(isinstance(s, Reduction) for s in walk(body)):
            raise Unread(f"`{short(t.latex)}` stands for a sum of derivatives", t.pos)

        def change(s: Any) -> Any:
            if isinstance(s, Slot) and s.kind == "letter" and s.text in swap:
                return replace(swap[s.text], above=s.above)
            return s

        return self.level(rebuilt(body, change))

    # -- functions -----------------------------------------------------------------------------

    def _function(self, t: Function) -> tuple[Text, int]:
        if t.name in ("softmax", "logsumexp"):
            return self._softmax(t)
        if t.name == "entry" and not t.slots:
            return self.level(t.args[0])
        if t.slots and not (t.name == "entry" or (self.scope.lift is None and t.name == "sigmoid")):
            raise Unread("an index on a function's value is not read", t.pos)
        if len(t.slots) > 1:
            raise Unread("an index on a bracket is not read", t.pos)
        if t.slots:
            letter, r = self.letter(t.slots[0].text)
            bare = replace(t, slots=())
            found: tuple[Text, int] = self.with_lift((letter, r), lambda: self.level(bare))
            return found
        if (
            not t.tight
            and isinstance(t.args[0], Mul)
            and isinstance(t.args[0].factors[-1][1], Bracket)
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

    def _call(self, t: Call) -> tuple[Text, int]:
        key = t.name.key
        kind = self.survey.functions.get(key)
        if kind == "doubtful":
            raise Unread(
                f"whether `{short(t.name.latex)}` is the softmax or the logistic function is not "
                "said", t.name.pos
            )  # fmt: skip
        if kind in ("refused", "array"):
            raise Unread(f"`{short(t.name.latex + t.text)}` is not read", t.name.pos)
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

    # -- sums ----------------------------------------------------------------------------------

    # -- the rest ------------------------------------------------------------------------------

    def _derivative(self, t: Derivative) -> tuple[Text, int]:
        by: list[Any] = []
        for v in t.by:
            if isinstance(v, Bracket):
                v = v.inside
            if not isinstance(v, Name):
                raise Unread("a derivative by an expression is not read", t.pos)
            v = self.settled(v)
            if v.key in self.aliases:
                raise Unread("a derivative by a derivative is not read", t.pos)
            by += [", ", *self.write(v)]
            inside = {self.settled(n).key for n in walk(t.body) if isinstance(n, Name)}
            inside |= {c.name.key for c in walk(t.body) if isinstance(c, Call)}
            self.derived.append((inside, v.key))
        body = t.body.inside if isinstance(t.body, Bracket) else t.body
        vectors = [x for x in (body, *t.by) if self.is_vector(x)]
        if len(vectors) > 1:
            raise Unread("the derivative of a vector by a vector needs two indices", t.pos)
        kind = "diff"
        if isinstance(body, Name) and len(t.by) == 1:
            body = self.settled(body)
            inputs = self.defined.get(body.key) or self.inputs.get(body.key, set())
            v0 = t.by[0].inside if isinstance(t.by[0], Bracket) else t.by[0]
            if isinstance(v0, Name) and self.settled(v0).key in inputs:
                kind = "partial"
                key = self.settled(v0).key
                if any(key in self._reach(m, later=True) for m in inputs if m != key):
                    self.ambiguous = True
                    top = not any(body.key in used for used in self.inputs.values())
                    kind = "diff" if top != self.flipped else "partial"
                    ways = ("through all names", "directly, other names held fixed")
                    self.notes.append(
                        f"`{short(body.latex)}` depends on `{short(v0.latex)}` directly and "
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

    # -- vectors -------------------------------------------------------------------------------

    _writers: ClassVar[dict[type, Any]] = {
        Number: _number, Bracket: _bracket, Add: _add, Mul: _mul, Frac: _frac, Power: _power,
        Name: _name, Function: _function, Call: _call, Reduction: Sums._reduction,
        Derivative: _derivative, Delta: _delta, Choice: _choice, Transposed: Vectors._transposed,
        Norm: Vectors._norm,
    }  # fmt: skip


def _covers(cases: Iterable[Any], last: Condition) -> bool:
    """Whether a last condition is what the one before it leaves over."""
    opposite = {"==": "!=", "!=": "==", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}
    found = list(cases)
    if len(found) != 1 or found[0][1] is None or found[0][1].also or last.also:
        return False
    first = found[0][1]
    if first.op in ("==", "!=") and opposite[first.op] == last.op:
        return {first.left, first.right} == {last.left, last.right}
    return bool(
        opposite.get(first.op) == last.op and (first.left, first.right) == (last.left, last.right)
    )
