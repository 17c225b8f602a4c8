"""A place in a list of tokens: looking ahead, taking, arguments in braces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from derivation.language.latex.tokens import Token, Unread
from derivation.language.latex.trees import Tree

MAX_DEPTH = 60
ACCENTS = {"\\hat": "hat", "\\bar": "bar", "\\tilde": "tilde", "\\dot": "dot", "\\check": "check"}
FONTS = {
    "\\mathbf", "\\boldsymbol", "\\bm", "\\mathsf", "\\mathit", "\\pmb", "\\mathfrak", "\\mathtt",
    "\\vec", "\\bold", "\\symbf", "\\mathrm", "\\textbf", "\\underline",
}  # fmt: skip
SCRIPTS = {"\\mathcal", "\\mathscr"}
GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma",
    "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "ell",
    "varsigma", "varrho", "varpi",
}  # fmt: skip
_C = TypeVar("_C", bound="Cursor")
CLOSE = {"(": ")", "[": "]", "\\{": "\\}"}


class Cursor:
    """What every part of the parser uses; the grammar itself is in ``parser``."""

    def __init__(
        self, source: Sequence[Token], depth: int = 0, work: list[int] | None = None
    ) -> None:
        # how many factors may still be read: what is looked at twice must not add up
        self.work = [4 * len(source) + 200] if work is None else work
        self.source, self.k, self.depth = list(source), 0, depth
        self.stops: list[frozenset[str]] = [frozenset()]

    def peek(self, ahead: int = 0) -> Token | None:
        k = self.k + ahead
        return self.source[k] if k < len(self.source) else None

    def word(self, ahead: int = 0) -> str:
        token = self.peek(ahead)
        return "" if token is None else token.text if token.kind != "text" else "\\text"

    def take(self) -> Token:
        token = self.peek()
        if token is None:
            last = self.source[-1] if self.source else None
            raise Unread("the formula ends too early", last.pos if last else None)
        self.k += 1
        return token

    def expect(self, word: str) -> Token:
        token = self.take()
        if token.text != word:
            raise Unread(f"`{word}` is expected, here is `{token.text}`", token.pos)
        return token

    def argument(self) -> list[Token]:
        """The tokens of a command's argument, without its braces."""
        token = self.take()
        if token.kind != "{":
            if token.kind == "cmd" and (token.text in FONTS | SCRIPTS or token.text in ACCENTS):
                start = self.k - 1
                self.argument()
                return list(self.source[start : self.k])
            if token.kind == "number" and len(token.text) > 1:  # \\frac12: TeX takes one digit
                rest = token._replace(text=token.text[1:], pos=token.pos + 1)
                self.source.insert(self.k, rest)
                return [token._replace(text=token.text[0])]
            return [token]
        level, start = 1, self.k
        while level:
            level += {"{": 1, "}": -1}.get(self.take().kind, 0)
        return list(self.source[start : self.k - 1])

    def inside(self, source: Sequence[Token]) -> Tree:
        """An expression that stands in a group of its own."""
        inner = self.nested(source)
        tree = inner.sum_()
        left = inner.peek()
        if left is not None:
            raise Unread(f"`{left.text}` is not expected here", left.pos)
        return tree

    def nested(self: _C, source: Sequence[Token]) -> _C:
        if not source:
            at = self.peek(-1)
            raise Unread("an empty group", at.pos if at else None)
        if self.depth >= MAX_DEPTH:
            raise Unread(f"the formula is nested more than {MAX_DEPTH} deep", source[0].pos)
        return type(self)(source, self.depth + 1, self.work)

    def until(self, close: str) -> list[Token]:
        """The tokens up to a closing bracket, which is taken too."""
        level = 0
        out: list[Token] = []
        opening = {v: k for k, v in CLOSE.items()}[close]
        while True:
            token = self.take()
            if token.text == close and level == 0:
                return out
            level += (token.text == opening) - (token.text == close)
            out.append(token)

    def compares(self, close: str) -> bool:
        """Whether a relation stands right inside the bracket that was opened."""
        level = 0
        for k in range(self.k, len(self.source)):
            found = self.source[k].text
            if level == 0 and found == close:
                return False
            if level == 0 and found in ("=", "\\ne", "<", ">", "\\le", "\\ge"):
                return True
            level += (found in ("(", "{", "[", "\\{")) - (found in (")", "}", "]", "\\}"))
        return False

    def separators(self) -> list[str]:
        """The commas, semicolons and bars right inside the bracket that starts here."""
        level, found = 0, []
        for k in range(self.k, len(self.source)):
            word = self.source[k].text
            level += (word in ("(", "{", "[")) - (word in (")", "}", "]"))
            if level == 0:
                break
            if level == 1 and word in (",", ";", "|", "\\|"):
                found.append(word)
        return found

    # what the grammar says, in ``parser``

    def sum_(self) -> Tree:
        raise NotImplementedError

    def factor(self) -> Tree:
        raise NotImplementedError

    def reduction(self, token: Token | None = None) -> Tree:
        raise NotImplementedError

    def starts(self) -> bool:
        raise NotImplementedError


def checked(source: Sequence[Token], token: Token) -> Sequence[Token]:
    if not source:
        raise Unread("an empty group", token.pos)
    return source
