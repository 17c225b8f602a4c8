"""Tokens into Python's syntax tree, and where each node stands in the user's text."""

from __future__ import annotations

import ast
from typing import NoReturn

from derivation.errors import InputError
from derivation.language.lexer import (
    STATEMENT_WORDS,
    WORDS,
    Token,
    ends_operand,
    fail,
    refuse_colon,
)

# A chain of operators is nested as deep as it is long in Python's tree. Longer ones are given to
# the parser as a call with these (unwritable) names, which is flat.
LONG_SUM, LONG_PRODUCT, ONE_OVER, MINUS = "\u03a3", "\u03a0", "\u0399", "\u039c"
_LAMBDA = "\u03bb"
# Python's comparisons as the language writes them.
RELATIONS: dict[type, str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_LONG_CHAIN, _MANY_TOKENS = 12, 200
_BREAKS = frozenset((",", "==", "!=", "<", "<=", ">", ">=")) | WORDS


class Expression:
    """The syntax tree of one expression, and the token at which each of its nodes starts."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        pieces: list[str] = []
        self._starts: dict[int, Token] = {}
        self._ends: dict[int, Token] = {}
        at = 0
        for text, token in _flattened(tokens):
            if token is not None:
                self._starts[at] = token
            pieces.append(text)
            at += len(text.encode())
            if token is not None:
                self._ends[at] = token
            at += 1
        source = " ".join(pieces)
        try:
            self.tree: ast.expr = ast.parse(source, mode="eval").body
        except SyntaxError as error:
            _explain(tokens, self._near(error.offset), str(error.msg))
        except (RecursionError, MemoryError, ValueError):
            fail(tokens[0], "the expression is nested too deep")

    def token(self, node: ast.AST) -> Token:
        """The first token of the node."""
        return self._near(getattr(node, "col_offset", 0) + 1)

    def name(self, node: ast.Name) -> str:
        """The name as the user wrote it."""
        return "lambda" if node.id == _LAMBDA else node.id

    def text(self, node: ast.AST) -> str:
        """The user's own text of the node."""
        first = self.token(node)
        last = self._ends.get(getattr(node, "end_col_offset", 0), first)
        return first.line.text[first.column : last.column + len(last.text)]

    def _near(self, offset: int | None) -> Token:
        wanted = (offset or 1) - 1
        found = self._starts.get(wanted)
        if found is None:
            below = [start for start in self._starts if start <= wanted]
            found = self._starts[max(below)] if below else self.tokens[0]
        return found


def parse(tokens: list[Token], end: Token) -> Expression:
    """The tokens of one expression as a tree; ``end`` is where a missing operand is reported.

    Raises:
        InputError: Where the tokens are not an expression.
    """
    if not tokens:
        fail(end, "an expression is missing here")
    _check_neighbours(tokens, end)
    return Expression(tokens)


def _python(token: Token) -> str:
    if token.kind == "number":
        return "1"  # its exact value is read from the token
    return {"^": "**", "lambda": _LAMBDA}.get(token.text, token.text)


def _flattened(tokens: list[Token]) -> list[tuple[str, Token | None]]:
    """The texts for Python's parser, long chains of + - * / turned into flat calls."""
    out: list[tuple[str, Token | None]] = [(_python(t), t) for t in tokens]
    if len(tokens) < _MANY_TOKENS or any(t.text in ("@", ".T") for t in tokens):
        return out
    for operators, call in ((("*", "/"), LONG_PRODUCT), (("+", "-"), LONG_SUM)):
        out = _flatten(out, operators, call)
    return out


def _flatten(
    items: list[tuple[str, Token | None]], operators: tuple[str, str], call: str
) -> list[tuple[str, Token | None]]:
    breaks = _BREAKS | {"+", "-"} if call == LONG_PRODUCT else _BREAKS
    before: dict[int, list[str]] = {}
    replaced: dict[int, list[str]] = {}
    # one frame for each open bracket: where the chain starts, and its operators so far
    frames: list[tuple[int, list[int]]] = [(0, [])]

    def close(end: int) -> None:
        start, found = frames.pop()
        if len(found) >= _LONG_CHAIN:
            before.setdefault(start, []).extend((call, "("))
            for k in found:
                marked = {"-": [",", MINUS, "-"], "/": [",", ONE_OVER, "/"]}
                replaced[k] = marked.get(items[k][0], [","])
            before.setdefault(end, []).insert(0, ")")

    previous = "("
    for k, (text, _) in enumerate(items):
        binary = previous in (")", "]") or (previous.isidentifier() and previous not in WORDS)
        binary = binary or previous == "1"
        if text in ("(", "["):
            frames.append((k + 1, []))
        elif text in (")", "]"):
            close(k)
        elif text in operators and binary:
            frames[-1][1].append(k)
        elif text in breaks and (text not in ("+", "-") or binary):
            close(k)
            frames.append((k + 1, []))
        previous = text
    close(len(items))
    if not replaced:
        return items
    out: list[tuple[str, Token | None]] = []
    for k, item in enumerate(items):
        out.extend((text, None) for text in before.get(k, ()))
        out.extend([(text, None) for text in replaced[k]] if k in replaced else [item])
    out.extend((text, None) for text in before.get(len(items), ()))
    return out


def _check_neighbours(tokens: list[Token], end: Token) -> None:
    """The usual slips, with a message of our own: a missing operator, a missing operand."""
    for k, token in enumerate(tokens):
        if token.text == ":":
            words = [t for t in tokens[:k] if t.text == "lambda"]
            plain = words and all(t.kind == "name" or t.text in ",()" for t in tokens[:k][-3:])
            refuse_colon(token, words[-1] if plain else None)
    previous: Token | None = None
    for token in [*tokens, end]:
        operand = token.kind == "number" or (token.kind == "name" and token.text not in WORDS)
        if previous is not None and ends_operand(previous):
            if operand or (token.text == "(" and previous.kind == "number"):
                left, right = previous.text, token.text
                hint = "a product is written with `*`"
                if right in STATEMENT_WORDS:
                    hint = f"`{right}` starts a line of its own, or stands after `;`"
                elif right == "then":
                    hint = "`then` stands in a `wrt` line: `wrt z[j] then z[l]`"
                elif operand and left.isidentifier():
                    hint = f"a product is `{left}*{right}`, an index `{left}[{right}]`"
                fail(token, f"an operator is missing between `{left}` and `{right}`", hint)
        elif token.text in ("*", "/", "@", ".T", "**", "^", ")", "]", ",", "==", "!=", "<", "<=",
                            ">", ">=", "=") or token.kind == "end":  # fmt: skip
            what = f"`{token.text}`" if token.text else "the end"
            if previous is None:
                fail(token, f"a value is missing before {what}")
            if not (previous.text == "(" and token.text == ")"):
                fail(token, f"a value is missing between `{previous.text}` and {what}")
        if token.text == "=" and (previous is None or previous.text != "axis"):
            fail(token, "`=` stands inside an expression", "a comparison is written `==`")
        previous = token


def _explain(tokens: list[Token], at: Token, message: str) -> NoReturn:
    texts = [t.text for t in tokens]
    if "if" in texts and "else" not in texts and "for" not in texts:
        fail(
            at,
            "`if` without `else`",
            "write `A if cond else B`; for a sum, `sum(A for i in K if cond)`",
        )
    if "for" in texts and "in" not in texts:
        fail(at, "`for` without `in`", "write `for i in K`")
    if "for" in texts and "'else'" in message:
        fail(
            at,
            "`if` without `else`",
            "a condition on the sum stands after `for`: `sum(E for i in K if cond)`",
        )
    if "parenthesized" in message.lower():
        fail(at, "a `for` stands beside other arguments", "put brackets round the sum's own part")
    if "'else'" in message:
        fail(at, "`if` without `else`", "write `A if cond else B`")
    raise InputError(
        "this is not an expression of the language", at.line.number, at.column, at.line.text,
        "write `sum(E for i in K if cond)`, `A if cond else B`, `x[i,j]`, `exp(x)`",
    )  # fmt: skip
