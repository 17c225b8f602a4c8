"""Derivatives: ∂-fractions, operators before an expression, ∂L/∂z on one line, gradients."""

from __future__ import annotations

from collections.abc import Sequence

from derivation.language.latex import indices
from derivation.language.latex.cursor import CLOSE, Cursor, checked
from derivation.language.latex.tokens import Token, Unread
from derivation.language.latex.trees import (
    Bracket,
    Call,
    Derivative,
    Mul,
    Name,
    Number,
    Power,
    Transposed,
    Tree,
)


class Derivatives(Cursor):
    """The part of the parser that reads derivatives."""

    def derivative(self, above: Sequence[Token], below: Sequence[Token], pos: int) -> Tree | None:
        """The derivative that a fraction is, None if it is no derivative."""
        above, below = indices.unwrapped(above), indices.unwrapped(below)
        sign = _differential(above)
        if sign is None or _differential(below) != sign or len(below) < 2:
            return None
        top = type(self)(above, self.depth, self.work)
        top.differential()
        order = 1
        if top.word() == "^":
            top.take()
            order = _whole(top.argument(), pos)
        rest = list(above[top.k :])
        variables = self.variables(below, sign, pos)
        if len(variables) == 2 and order == 1 and variables[0] == variables[1]:
            variables = [Power(variables[0], Number("2"))]  # by σ², one variable
        if len(variables) != order:
            raise Unread("the orders of this derivative do not agree", pos)
        if rest:
            return Derivative(self.inside(rest), tuple(variables), pos)
        return self.operated(tuple(variables), pos)

    def operated(self, variables: tuple[Tree, ...], pos: int) -> Tree:
        """An operator with what it acts on: a bracket alone, else up to the next operator."""
        if not self.starts():
            raise Unread("this derivative does not say of what", pos)
        if self.word() in ("\\sum", "\\prod"):
            return Derivative(self.reduction(), variables, pos)
        bracket = self.word() in CLOSE
        first = self.factor()
        if bracket or isinstance(first, Derivative):
            return Derivative(first, variables, pos)
        factors: list[tuple[str, Tree]] = [("", first)]
        while self.starts() and self.word() not in CLOSE and self.word() not in (
            "\\frac", "\\partial", "\\sum", "\\prod", "\\text"
        ):  # fmt: skip
            factors.append(("", self.factor()))
        body = first if len(factors) == 1 else Mul(tuple(factors))
        return Derivative(body, variables, pos, loose=self.starts() and self.word() != "\\text")

    def differential(self) -> None:
        """Takes the ∂, δ or d."""
        token = self.take()
        if token.text in ("\\mathrm", "\\text"):
            self.argument()

    def variables(self, source: Sequence[Token], sign: str, pos: int) -> list[Tree]:
        inner = type(self)(source, self.depth, self.work)
        out: list[Tree] = []
        while inner.peek() is not None:
            if _differential(inner.source[inner.k :]) != sign:
                raise Unread("what this derivative is by is not read", pos)
            inner.differential()
            start = inner.k
            tree = inner.factor()
            if isinstance(tree, Power):
                count = tree.exponent
                if not isinstance(tree.base, Name):
                    raise Unread("what this derivative is by is not read", pos)
                if isinstance(count, Number):
                    out += [tree.base] * _whole_text(count.text, pos)
                else:  # an index or a layer written above, which the whole document tells apart
                    out.append(tree)
            elif isinstance(tree, Transposed):
                out.append(tree.base)
            elif isinstance(tree, Bracket):
                out.append(tree.inside)
            else:
                out.append(tree)
            if inner.k == start or len(out) > 4:
                raise Unread("what this derivative is by is not read", pos)
        return out

    def is_inline_derivative(self) -> bool:
        """Whether ``L/dz`` follows the d that was taken."""
        for n in range(1, 12):
            if self.word(n) == "/" and self.word(n + 1) == "d":
                after = self.peek(n + 2)
                return after is not None and (after.kind in ("letter", "cmd"))
            if self.word(n - 1) in ("", "+", "-", "=", "\\cdot", "(", ")", "\\frac"):
                return False
        return False

    def inline_derivative(self, token: Token) -> Tree:
        """``\\partial L / \\partial z_j`` on one line."""
        start, level = self.k, 0
        k = self.k
        while k < len(self.source):
            t = self.source[k]
            level += (t.text in ("(", "{", "[")) - (t.text in (")", "}", "]"))
            if level == 0 and t.text == "/":
                break
            if level < 0 or t.text in ("=", "\\quad"):
                break
            k += 1
        if k >= len(self.source) or self.source[k].text != "/":
            raise Unread("a `\\partial` outside a derivative", token.pos)
        above = [token, *self.source[start:k]]
        self.k = k + 1
        bracketed = self.word() == "("
        if bracketed:
            self.take()
            below = self.until(")")
        else:
            begin = self.k
            while self.word() in ("\\partial", "d") and (self.word() == token.text):
                self.take()
                self.factor()
            below = list(self.source[begin : self.k])
        found = self.derivative(above, below, token.pos) if below else None
        if found is None:
            raise Unread("this derivative is not read", token.pos)
        return found

    def nabla(self, token: Token) -> Tree:
        if self.word() != "_":
            start = self.k
            body = self.factor() if self.starts() else None
            if isinstance(body, Call) and len(body.args) == 1 and isinstance(body.args[0], Name):
                return Derivative(body, (body.args[0],), token.pos)
            self.k = start
            raise Unread("a gradient that does not say by what", token.pos)
        self.take()
        content = indices.unwrapped(self.argument())
        variable = self.inside(checked(content, token))
        if self.word() == "^":
            raise Unread("a power of the gradient is not read", token.pos)
        body = self.operated((variable,), token.pos)
        if not isinstance(body, Derivative):
            raise Unread("this gradient is not read", token.pos)
        return body


def _differential(source: Sequence[Token]) -> str | None:
    """Which differential a fraction's part begins with."""
    if not source:
        return None
    first = source[0]
    if first.text in ("\\partial", "\\delta"):
        return first.text
    if first.kind == "letter" and first.text == "d":
        return "d" if len(source) == 1 or source[1].text not in ("_", "'") else None
    if first.kind == "text" and first.text == "d":
        return "d"
    if first.text == "\\mathrm" and "".join(t.text for t in source[1:4]).strip("{}") == "d":
        return "d"
    if first.text == "\\mathrm" and len(source) > 1 and source[1].text == "d":
        return "d"
    return None


def _whole(source: Sequence[Token], pos: int) -> int:
    if len(source) == 1 and source[0].kind == "number":
        return _whole_text(source[0].text, pos)
    raise Unread("the order of this derivative is not read", pos)


def _whole_text(text: str, pos: int) -> int:
    if text in ("1", "2", "3"):
        return int(text)
    raise Unread("the order of this derivative is not read", pos)
