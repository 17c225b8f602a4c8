"""Tokens of LaTeX into the tree of what stands on the page: recursive descent, bounded depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derivation.language.latex import indices
from derivation.language.latex.calls import Calls
from derivation.language.latex.cursor import (
    ACCENTS,
    CLOSE,
    FONTS,
    GREEK,
    MAX_DEPTH,
    SCRIPTS,
    checked,
)
from derivation.language.latex.dots import filled
from derivation.language.latex.tokens import Token, Unread
from derivation.language.latex.trees import (
    Add,
    Bracket,
    Choice,
    Condition,
    Delta,
    Frac,
    Function,
    Mul,
    Name,
    Norm,
    Number,
    Power,
    Reduction,
    Transposed,
    Tree,
)

PLAIN_FUNCTIONS = {
    "\\log": "log", "\\ln": "log", "\\exp": "exp", "\\sin": "sin", "\\cos": "cos", "\\tan": "tan",
    "\\sinh": "sinh", "\\cosh": "cosh", "\\tanh": "tanh", "\\arctan": "atan", "\\arcsin": "asin",
    "\\arccos": "acos", "\\lg": "log",
}  # fmt: skip
_REFUSED = {
    "\\dots": "a formula with dots in it is not read",
    "\\int": "an integral is not read", "\\iint": "an integral is not read",
    "\\lim": "a limit is not read", "\\infty": "infinity is not part of the language",
    "\\otimes": "an outer product is not read", "\\oplus": "`\\oplus` is not read",
    "\\pm": "`\\pm` says two things at once", "\\mp": "`\\mp` says two things at once",
    "\\arg": "arg max is not read", "\\argmax": "arg max is not read",
    "\\argmin": "arg min is not read", "\\det": "a determinant is not read",
    "\\cancel": "a term that is struck out is not read", "\\mod": "mod is not read",
    "\\bcancel": "a term that is struck out is not read", "\\vdots": "dots are not read",
    "\\forall": "a quantifier is not read", "\\exists": "a quantifier is not read",
    "\\cup": "sets are not read", "\\cap": "sets are not read", "\\setminus": "sets are not read",
    "\\wedge": "logic is not read", "\\vee": "logic is not read", "\\sup": "sup is not read",
    "\\inf": "inf is not read", "\\langle": "an inner product in angle brackets is not read",
}  # fmt: skip
_TIMES = {"\\cdot": "*", "\\times": "*", "*": "*", "\\odot": "o", "/": "/", "\\div": "/"}
_INDICATORS = {"1", "I", "\\mathbb1"}


def parse(source: Sequence[Token]) -> Tree:
    """One expression.

    Raises:
        Unread: If it is not in the subset, with the place.
    """
    parser = _Parser(source)
    tree = parser.sum_()
    token = parser.peek()
    if token is not None:
        raise Unread(f"`{token.text}` is not expected here", token.pos)
    return tree


class _Parser(Calls):
    # -- sums and products ---------------------------------------------------------------------

    def sum_(self) -> Tree:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            at = self.peek()
            raise Unread(
                f"the formula is nested more than {MAX_DEPTH} deep", at.pos if at else None
            )
        terms: list[tuple[str, Tree]] = []
        sign = "+"
        while self.word() in ("+", "-"):
            if self.take().text == "-":
                sign = "-" if sign == "+" else "+"
        terms.append((sign, self.term()))
        dots: int | None = None
        going: list[tuple[str, Tree | None]] = list(terms)
        while self.word() in ("+", "-"):
            sign = self.take().text
            while self.word() in ("+", "-"):
                if self.take().text == "-":
                    sign = "-" if sign == "+" else "+"
            if self.word() == "\\dots":
                dots = self.take().pos
                going.append((sign, None))
            else:
                going.append((sign, self.term()))
        self.depth -= 1
        terms = [(sign, t) for sign, t in going if t is not None]
        if dots is not None:
            terms = filled(going, dots)
        if len(terms) == 1 and terms[0][0] == "+":
            return terms[0][1]
        return Add(tuple(terms))

    def term(self) -> Tree:
        factors: list[tuple[str, Tree]] = []
        op = ""
        while True:
            word = self.word()
            if word in self.stops[-1]:
                break
            if word in _TIMES and factors:
                if op:
                    raise Unread("two operators in a row", self.take().pos)
                op = _TIMES[self.take().text]
                if self.word() == "-" and op:
                    self.take()
                    factors.append((op, Bracket(Add((("-", self.factor()),)))))
                    op = ""
                continue
            if not self.starts():
                break
            if word in ("\\sum", "\\prod"):
                factors.append((op, self.reduction()))
            elif word == "\\Sigma" and self.is_sum():
                factors.append((op, self.reduction(self.take()._replace(text="\\sum"))))
            else:
                factors.append((op, self.factor()))
            op = ""
        if op or not factors:
            token = self.peek()
            if token is None:
                last = self.source[-1] if self.source else None
                raise Unread("something is missing at the end", last.pos if last else None)
            raise Unread(
                _REFUSED.get(token.text, f"`{token.text}` is not expected here"), token.pos
            )
        if len(factors) == 1:
            return factors[0][1]
        return Mul(tuple(factors))

    def is_sum(self) -> bool:
        """Whether a capital sigma has the limits of a sum."""
        for k in range(self.k + 1, min(self.k + 12, len(self.source))):
            token = self.source[k]
            if token.text == "=":
                return True
            if token.kind not in ("_", "^", "{", "}", "letter", "number"):
                return False
        return False

    def starts(self) -> bool:
        """Whether a factor starts here."""
        token = self.peek()
        if token is None or token.text in self.stops[-1]:
            return False
        if token.kind in ("number", "letter", "{", "text", "begin"):
            return True
        if token.kind == "cmd":
            return token.text not in (
                "\\ne", "\\le", "\\ge", "\\in", "\\quad", "\\\\", "\\}", "\\Rightarrow",
                "\\rightarrow", "\\approx", "\\propto", "\\sim", "\\leftarrow", "\\cdot", "\\times",
                "\\odot", "\\T", "\\ll", "\\gg", "\\notin", "\\subset",
            )  # fmt: skip
        return token.text in ("(", "[", "|")

    # -- factors -------------------------------------------------------------------------------

    def factor(self) -> Tree:
        """One factor with its powers, indices and primes."""
        self.depth += 1
        self.work[0] -= 1
        if self.work[0] < 0:
            raise Unread("the formula takes too long to read", self.take().pos)
        if self.depth > MAX_DEPTH:
            raise Unread(f"the formula is nested more than {MAX_DEPTH} deep", self.take().pos)
        tree = self.atom()
        tree = self.after_name(tree) if isinstance(tree, Name) else self.after(tree)
        self.depth -= 1
        return tree

    def atom(self) -> Tree:
        token = self.take()
        word, pos = token.text, token.pos
        if token.kind == "number":
            if word == "1" and self.word() in ("\\{", "[", "_"):
                found = self.indicator()
                if found is not None:
                    return found
            return Number(word, pos)
        if token.kind == "letter":
            if word == "d" and self.is_inline_derivative():
                return self.inline_derivative(token)
            if word == "I" and self.word() in ("\\{", "[", "("):
                found = self.indicator()
                if found is not None:
                    return found
            return Name(word, pos=pos, latex=word)
        if token.kind == "{":
            self.k -= 1
            inner = self.inside(self.argument())
            return Bracket(inner) if isinstance(inner, (Add, Mul)) else inner
        if word in CLOSE:
            return self.bracket(word, pos)
        if word in ("|", "\\|"):
            self.stops.append(frozenset((word,)))
            inner = self.sum_()
            self.stops.pop()
            self.expect(word)
            return Norm(inner, "abs" if word == "|" else "2")
        if token.kind == "text":
            return self.named_function(word, pos)
        if token.kind == "begin":
            return self.environment(word, pos)
        if word[1:] in GREEK:
            return Name(word[1:], pos=pos, latex=word)
        special = {
            "\\frac": self.fraction, "\\sqrt": self.root, "\\sum": self.back_to_reduction,
            "\\prod": self.back_to_reduction, "\\max": self.extreme, "\\min": self.extreme,
            "\\nabla": self.nabla, "\\partial": self.inline_derivative,
            "\\underbrace": self.braced, "\\overbrace": self.braced, "\\boxed": self.boxed,
            "\\mathbb": self.blackboard, "\\mathds": self.blackboard,
            "\\mathbbm": self.blackboard, "\\binom": self.refuse_binom,
        }  # fmt: skip
        if word in special:
            return special[word](token)
        if word in ACCENTS:
            return self.accent(token)
        if word in FONTS or word in SCRIPTS:
            return self.font(token)
        if word in PLAIN_FUNCTIONS:
            return self.function(PLAIN_FUNCTIONS[word], pos)
        if word in ("\\sigma", "\\Pr"):
            return Name(word[1:], pos=pos, latex=word)
        raise Unread(_REFUSED.get(word, f"`{word}` is not read"), pos)

    def refuse_binom(self, token: Token) -> Tree:
        raise Unread("binomial coefficients are not read", token.pos)

    def bracket(self, word: str, pos: int) -> Tree:
        close = CLOSE[word]
        if word == "\\{" and (self.peek() or self.source[-1])[:2] == ("begin", "array"):
            return self.environment("cases", self.take().pos)
        if word in ("[", "\\{") and self.compares(close):
            return self.iverson(self.until(close), pos)
        self.stops.append(frozenset((close,)))
        inner = self.sum_()
        self.stops.pop()
        self.expect(close)
        return Bracket(inner)

    def iverson(self, source: Sequence[Token], pos: int) -> Tree:
        found = indices.condition(indices.unwrapped(source), self.inside)
        return Choice(((Number("1", pos), found), (Number("0", pos), None)))

    def indicator(self) -> Tree | None:
        """What follows a 1 or an I that may mean "1 if …"; None if it is no indicator."""
        start = self.k
        token = self.take()
        if token.text == "_":
            content = indices.unwrapped(self.argument())
            content = [t for t in content if t.text not in ("\\{", "\\}", "[", "]")]
        elif token.text in CLOSE:
            content = self.until(CLOSE[token.text])
        else:
            self.k = start
            return None
        level = 0
        for t in content:
            level += (t.text in ("(", "{", "[")) - (t.text in (")", "}", "]"))
            if level == 0 and t.text in ("=", "\\ne", "<", ">", "\\le", "\\ge"):
                return self.iverson(content, token.pos)
        self.k = start
        return None

    def fraction(self, token: Token) -> Tree:
        above, below = self.argument(), self.argument()
        found = self.derivative(above, below, token.pos)
        if found is not None:
            return found
        return Frac(self.inside(checked(above, token)), self.inside(checked(below, token)))

    def root(self, token: Token) -> Tree:
        if self.word() == "[":
            self.take()
            order = self.inside(self.until("]"))
            return Power(Bracket(self.inside(self.argument())), Frac(Number("1"), order))
        return Function("sqrt", (self.inside(self.argument()),), pos=token.pos)

    def braced(self, token: Token) -> Tree:
        inner = self.inside(self.argument())
        if self.word() in ("_", "^"):
            self.take()
            self.argument()
        return Bracket(inner) if isinstance(inner, (Add, Mul)) else inner

    def boxed(self, token: Token) -> Tree:
        inner = self.inside(self.argument())
        return Bracket(inner) if isinstance(inner, (Add, Mul)) else inner

    def blackboard(self, token: Token) -> Tree:
        inner = indices.unwrapped(self.argument())
        word = inner[0].text if inner else ""
        if word in ("1", "I"):
            found = self.indicator() if self.word() in ("\\{", "[", "(", "_") else None
            if found is not None:
                return found
            if word == "1":
                return Name("1", ("ones",), pos=token.pos, latex="\\mathbf{1}")
            raise Unread("an indicator that does not say of what", token.pos)
        if word == "E":
            raise Unread("an expectation is not read", token.pos)
        raise Unread(f"`{token.text}{{{word}}}` is not read", token.pos)

    def accent(self, token: Token) -> Tree:
        inner = self.inside(self.argument())
        mark = ACCENTS[token.text]
        if isinstance(inner, Name):
            latex = f"{token.text}{{{inner.latex}}}"
            return Name(
                inner.base, (*inner.marks, mark), inner.label, inner.slots, token.pos, latex
            )
        raise Unread(f"`{token.text}` on more than a letter is not read", token.pos)

    def font(self, token: Token) -> Tree:
        inner = indices.unwrapped(self.argument())
        one = len(inner) == 1 and inner[0].text == "1" and token.text in ("\\mathrm", "\\mathbf")
        if one and self.word() in ("\\{", "[", "_", "("):
            found = self.indicator()
            if found is not None:
                return found
        if len(inner) > 1 and all(t.kind == "letter" for t in inner):
            return self.named_function("".join(t.text for t in inner), token.pos)
        if len(inner) == 1 and inner[0].text == "1" and token.text != "\\mathrm":
            return Name("1", ("ones",), pos=token.pos, latex="\\mathbf{1}")
        if len(inner) == 1 and inner[0].text == "E" and token.text == "\\mathrm":
            raise Unread("an expectation is not read", token.pos)
        tree = self.inside(checked(inner, token))
        if token.text in SCRIPTS and isinstance(tree, Name):
            latex = f"{token.text}{{{tree.latex}}}"
            return Name(
                tree.base, ("script", *tree.marks), tree.label, tree.slots, token.pos, latex
            )
        if isinstance(tree, Name):
            return replace(tree, latex=f"{token.text}{{{tree.latex}}}", pos=token.pos)
        return Bracket(tree) if isinstance(tree, (Add, Mul)) else tree

    # -- sums ----------------------------------------------------------------------------------

    def back_to_reduction(self, token: Token) -> Tree:
        return self.reduction(token)

    def reduction(self, token: Token | None = None) -> Tree:
        token = token or self.take()
        lower: list[Token] = []
        upper: list[Token] = []
        while self.word() in ("_", "^"):
            which = self.take().text
            if which == "_":
                lower = self.argument()
            else:
                upper = self.argument()
        binders, guards = indices.limits(lower, upper, self.inside, token.pos)
        if self.word() in ("+", "-"):
            sign = self.take().text
            body = self.term()
            body = Add((("-", body),)) if sign == "-" else body
        else:
            body = self.term()
        return Reduction(token.text[1:], tuple(binders), tuple(guards), body, token.pos)

    def environment(self, name: str, pos: int) -> Tree:
        if name not in ("cases", "dcases", "rcases"):
            raise Unread(f"`{name}` is not read" + (" (matrices)" if "matrix" in name else ""), pos)
        level, content = 1, []
        while True:
            token = self.take()
            level += (token.kind == "begin") - (token.kind == "end")
            if level == 0:
                break
            content.append(token)
        cases: list[tuple[Tree, Condition | None]] = []
        for row in indices.groups(content, {"\\\\"}):
            if not row:
                continue
            value, _, said = _partition(row, "&")
            if not said:
                value, said = _split_at_text(value)
            while value and value[-1].text in (",", ";", "\\quad", "."):
                value.pop()
            said = indices.unwrapped(said)
            words = " ".join(t.text for t in said if t.kind == "text").lower()
            rest = [t for t in said if t.kind != "text" and t.text not in (",", ".", ";", "\\quad")]
            tree = self.inside(checked(value, row[0]))
            if rest:
                cases.append((tree, indices.condition(rest, self.inside)))
            elif any(w in words for w in ("otherwise", "else")):
                cases.append((tree, None))
            else:
                raise Unread("a case without a condition", row[0].pos)
        if not cases:
            raise Unread("no case is read", pos)
        return Choice(tuple(cases))

    # -- what follows --------------------------------------------------------------------------

    def after_name(self, name: Name) -> Tree:
        base, marks, label = name.base, list(name.marks), name.label
        slots = list(name.slots)
        power: Tree | None = None
        transposed = False
        start = self.k
        while self.word() in ("_", "^", "'"):
            token = self.take()
            if token.text == "'":
                marks.append("prime")
                continue
            content = indices.unwrapped(self.argument())
            if token.text == "_":
                found, more = indices.slots(content, self.inside)
                slots += found
                label += more
                continue
            words = [t.text for t in content]
            plain = [w for w in words if w not in FONTS and w not in ("{", "}")]
            if plain in (["\\T"], ["T"]):
                transposed = True
            elif all(w == "'" for w in words) and words:
                marks += ["prime"] * len(words)
            elif words in (["*"], ["\\star"]):
                marks.append("star")
            elif len(words) >= 3 and (words[0], words[-1]) in (("(", ")"), ("[", "]")):
                found, more = indices.slots(content[1:-1], self.inside, above=True)
                slots = found + slots
                label += more
            elif len(content) == 1 and content[0].kind == "text":
                label += "".join(c for c in content[0].text if c.isalnum())
            elif words in (["+"], ["-"]):
                label += "plus" if words == ["+"] else "minus"
            else:
                if power is not None:
                    raise Unread("two powers in a row", token.pos)
                power = self.inside(checked(content, token))
        latex = name.latex + "".join(t.text for t in self.source[start : self.k])
        full = Name(base, tuple(marks), label, tuple(slots), name.pos, latex)
        tree: Tree = full
        is_delta = base == "delta" and not marks and not label and len(slots) == 2
        if is_delta and all(s.kind in ("letter", "element", "number") for s in slots):
            tree = Delta((slots[0], slots[1]))
        if tree is full and self.word() in ("(",) and power is None and not transposed:
            tree = self.call(full)
        if transposed:
            tree = Transposed(tree)
        if power is not None:
            tree = Power(tree, power)
        return self.after(tree) if tree is not full or self.word() == "^" else tree

    def after(self, tree: Tree) -> Tree:
        """Powers, and indices of a bracket or a function."""
        while self.word() in ("^", "_", "'", "!"):
            token = self.take()
            if token.text == "!":
                more = Add((("+", tree), ("+", Number("1"))))
                tree = Function("exp", (Function("lgamma", (more,)),), pos=token.pos)
                continue
            if token.text == "'":
                raise Unread("a prime on a bracket is not read", token.pos)
            content = indices.unwrapped(self.argument())
            words = [t.text for t in content if t.text not in FONTS and t.text not in ("{", "}")]
            if token.text == "^":
                if words in (["\\T"], ["T"]):
                    tree = Transposed(tree)
                    continue
                tree = Power(tree, self.inside(checked(content, token)))
            elif isinstance(tree, Norm):
                if words not in (["2"], ["1"], ["F"]):
                    raise Unread("this norm is not read", token.pos)
                tree = Norm(tree.inside, "1" if words == ["1"] else "2")
            elif isinstance(tree, (Bracket, Transposed)):
                found, label = indices.slots(content, self.inside)
                if label or not found or any(s.kind != "letter" for s in found):
                    raise Unread("this index on a bracket is not read", token.pos)
                tree = Function("entry", (tree,), slots=tuple(found), pos=token.pos)
            else:
                raise Unread("an index on a value is not read", token.pos)
        return tree


def _partition(row: Sequence[Token], mark: str) -> tuple[list[Token], bool, list[Token]]:
    level = 0
    for k, t in enumerate(row):
        level += (t.kind in ("{", "begin")) - (t.kind in ("}", "end"))
        if level == 0 and t.text == mark:
            return list(row[:k]), True, [x for x in row[k + 1 :] if x.text != mark]
    return list(row), False, []


def _split_at_text(row: list[Token]) -> tuple[list[Token], list[Token]]:
    level = 0
    for k, t in enumerate(row):
        level += (t.kind == "{") - (t.kind == "}")
        if level == 0 and (t.kind == "text" or t.text in (",", "\\quad")) and k:
            return row[:k], row[k:]
    return row, []
