"""Functions and what stands in their brackets."""

from __future__ import annotations

from derivation.language.latex import indices
from derivation.language.latex.cursor import (
    ACCENTS,
    CLOSE,
    FONTS,
    GREEK,
)
from derivation.language.latex.derivatives import Derivatives
from derivation.language.latex.tokens import Token, Unread
from derivation.language.latex.trees import (
    Add,
    Bracket,
    Call,
    Choice,
    Derivative,
    Frac,
    Function,
    Mul,
    Name,
    Norm,
    Number,
    Power,
    Slot,
    Tree,
)

WORDS = {
    "log": "log", "ln": "log", "exp": "exp", "tanh": "tanh", "sigmoid": "sigmoid",
    "sigm": "sigmoid",
    "relu": "relu", "softplus": "softplus", "sin": "sin", "cos": "cos", "erf": "erf",
    "sign": "sign", "sgn": "sign", "softmax": "softmax", "logistic": "sigmoid", "sinh": "sinh",
    "cosh": "cosh", "lse": "logsumexp", "logsumexp": "logsumexp", "abs": "abs", "sqrt": "sqrt",
    "smax": "softmax", "sm": "softmax",
}  # fmt: skip


class Calls(Derivatives):
    """The part of the parser that reads functions."""

    def named_function(self, word: str, pos: int) -> Tree:
        known = WORDS.get(word.lower())
        if known is not None and not (word.isupper() and len(word) < 3 and word != "LSE"):
            return self.function(known, pos)
        if not word.replace(" ", "").replace("-", "").isalnum() or " " in word.strip():
            raise Unread(f"words in a formula, “{word[:40]}”, are not read", pos)
        if word.lower() in ("var", "cov", "diag", "tr", "trace", "vec", "rank", "argmax", "argmin"):
            raise Unread(f"`{word}` is not read", pos)
        return Name("".join(c for c in word if c.isalnum()), pos=pos, latex=f"\\text{{{word}}}")

    def function(self, name: str, pos: int) -> Tree:
        power: Tree | None = None
        base: Tree | None = None
        primes = 0
        slots: list[Slot] = []
        while self.word() in ("^", "_", "'"):
            word = self.take().text
            if word == "'":
                primes += 1
            elif word == "^":
                power = self.inside(self.argument())
            elif name == "log":
                base = self.inside(self.argument())
            else:
                found, label = indices.slots(self.argument(), self.inside)
                slots += found
                if label and not (name == "softmax" and not found):
                    raise Unread(f"`{name}` with the label `{label}` is not read", pos)
        if power == Add((("-", Number("1")),)):
            raise Unread(f"`{name}^{{-1}}` reads two ways: inverse function or reciprocal", pos)
        args, tight = self.arguments(name)
        if base is not None:
            args = (*args, base)
        while name in ("softmax", "logsumexp") and self.word() == "_":
            self.take()
            found, label = indices.slots(self.argument(), self.inside)
            slots += found
        tree: Tree = Function(name, args, tight, tuple(slots), primes, pos)
        return Power(tree, power) if power is not None else tree

    def arguments(self, name: str) -> tuple[tuple[Tree, ...], bool]:
        """The argument of a function: a bracket, or what follows up to an operator."""
        word = self.word()
        if word in CLOSE:
            self.take()
            close = CLOSE[word]
            self.stops.append(frozenset((close, ",")))
            args = [self.sum_()]
            while self.word() == ",":
                self.take()
                args.append(self.sum_())
            self.stops.pop()
            self.expect(close)
            if self.word() == "^" and len(args) == 1 and name in ("log", "exp"):
                pass  # log(x)^2: the power is of the logarithm, as `after` reads it
            return tuple(args), True
        if not self.starts():
            at = self.peek() or self.source[-1]
            raise Unread(f"`{name}` without an argument", at.pos)
        if word in ("\\sum", "\\prod"):
            return (self.reduction(),), True
        first = self.factor()
        if isinstance(first, (Call, Bracket, Frac, Function, Norm, Derivative, Choice)):
            return (first,), not isinstance(first, Call)
        factors: list[tuple[str, Tree]] = [("", first)]
        while True:
            token = self.peek()
            if token is None or not self.starts() or token.kind == "text":
                break
            simple = (
                token.kind in ("letter", "number")
                or token.text[1:] in GREEK
                or token.text in ACCENTS
                or token.text in FONTS
            )
            if not simple or (token.kind == "letter" and token.text in ("d",)):
                break
            start = self.k
            tree = self.factor()
            if isinstance(tree, (Function, Call, Choice)):
                self.k = start
                break
            factors.append(("", tree))
        if len(factors) == 1:
            return (first,), True
        return (Mul(tuple(factors)),), False

    def extreme(self, token: Token) -> Tree:
        if self.word() == "_":
            return self.reduction(token)
        if self.word() not in CLOSE:
            raise Unread(f"`{token.text}` does not say of what", token.pos)
        args, _ = self.arguments(token.text[1:])
        if len(args) != 2:
            raise Unread(f"`{token.text}` of {len(args)} values is not read", token.pos)
        return Function(token.text[1:], args, pos=token.pos)

    def call(self, name: Name) -> Tree:
        """A name and a bracket; whether it is a product is for the one who knows the names."""
        start = self.k
        separators = self.separators()
        if separators.count("|") > 1:
            separators = []  # absolute values: a product with a bracket
        if separators.count("\\|") != 1:
            separators = [s for s in separators if s != "\\|"]
        self.take()
        args: list[Tree] = []
        bar = 0
        self.stops.append(frozenset((")", *separators)))
        while True:
            if self.word() == "\\cdot":
                raise Unread("a function of a dot is not read", self.take().pos)
            args.append(self.argument_of_call())
            if self.word() in ("|", "\\|"):
                bar = len(args)
            if self.word() not in separators:
                break
            self.take()
        self.stops.pop()
        self.expect(")")
        slots: list[Slot] = []
        while self.word() == "_":
            self.take()
            found, _ = indices.slots(self.argument(), self.inside)
            slots += found
        text = "".join(t.text for t in self.source[start : self.k])
        return Call(name, tuple(args), bar, tuple(slots), text)

    def argument_of_call(self) -> Tree:
        tree = self.sum_()
        if self.word() == "=":  # P(y = 1 | x)
            self.take()
            value = self.sum_()
            if isinstance(tree, Name) and isinstance(value, (Number, Name)):
                more = value.text if isinstance(value, Number) else ""
                if isinstance(value, Name) and not value.slots and value.base.islower():
                    return Name(
                        tree.base,
                        tree.marks,
                        tree.label,
                        (*tree.slots, Slot("letter", value.base)),
                        tree.pos,
                    )
                return Name(
                    tree.base,
                    tree.marks,
                    tree.label + "is" + (more or str(getattr(value, "base", ""))),
                    tree.slots,
                    tree.pos,
                )
            raise Unread("an event in a probability is not read", None)
        return tree
