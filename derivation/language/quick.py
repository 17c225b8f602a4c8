"""The short way to read what ``write`` writes, for texts that are read by the thousand.

A certificate's expressions are in plain spelling, all their names known. They are read here in one
pass over the tokens, without Python's syntax tree and without places for messages. What is spelled
in any other way, is wrong, or is only perhaps right is left to the reader, whose word counts: the
two must agree on every text that is read here (``tests/test_language_quick.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from derivation.language.calls import ARGUMENTS
from derivation.language.lexer import MAX_BYTES
from derivation.language.scope import constant_value, written_bits
from derivation.problem import Problem
from derivation.terms import (
    ONE,
    PI,
    REDUCTIONS,
    TRUE,
    ZERO,
    Add,
    Index,
    Integer,
    Mul,
    Size,
    add,
    all_of,
    any_of,
    apply,
    conjuncts,
    delta,
    diff,
    element,
    if_else,
    index,
    inverse,
    is_element,
    is_number,
    mul,
    neg,
    negate,
    number,
    partial,
    power,
    rebuild,
    reduction,
    relation,
    size,
)

_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|\*\*|[=!<>]=|[-+*/()\[\],<>]|[^ ]")
_KNOWN = re.compile(r"[A-Za-z_0-9]+|\*\*|[=!<>]=|[-+*/()\[\],<>]")
_WORDS = frozenset(("for", "in", "if", "else", "and", "or", "not"))
_COMPARES = frozenset(("==", "!=", "<", "<=", ">", ">="))
_COUNTS = {name: counts[0] for name, counts in ARGUMENTS.items() if name != "polygamma"}
_MAX_DEPTH, _MAX_BITS, _MAX_DIGITS = 40, 2000, 9
_END = ""


class Unsure(Exception):
    """The text is left to the reader."""


class Quick:
    """Reads texts about one problem."""

    def __init__(self, problem: Problem) -> None:
        self.shapes = problem.shapes
        self.sizes = {name: size(name) for name in problem.sizes}
        # names that the reader looks into more closely than is done here
        self.able = not (problem.labels or problem.unknown or "(" in _heads(problem.text))
        self._bits: dict[Any, int] = {}
        self._tokens: list[str] = []
        self._fors: dict[int, int] = {}
        self._at = 0
        self._free: Mapping[str, Any] = {}
        self._bound: dict[str, Any] = {}
        self._inferred: dict[str, Any] = {}

    def read(self, text: str, free: Mapping[str, Any], *, condition: bool) -> Any:
        """The term or condition, or None where the text is for the reader."""
        if not self.able or len(text) > MAX_BYTES or not text.isascii():
            return None
        self._free, self._bound, self._inferred, self._at = free, {}, {}, 0
        try:
            self._scan(text)
            found = self._condition() if condition else self._value()
            if self._tokens[self._at] != _END:
                return None
            return found
        except (Unsure, RecursionError, IndexError):  # IndexError: the text ends too soon
            return None

    def _scan(self, text: str) -> None:
        """Tokens, and for each bracket where its first ``for`` stands."""
        tokens = _TOKEN.findall(text)
        self._fors = {}
        opened: list[int] = []
        powers = elses = 0
        for k, token in enumerate(tokens):
            if token in ("(", "["):
                opened.append(k)
                if len(opened) > _MAX_DEPTH:
                    raise Unsure
            elif token in (")", "]"):
                if not opened or (tokens[opened.pop()] == "(") != (token == ")"):
                    raise Unsure
            elif token == "for":
                if not opened:
                    raise Unsure
                self._fors.setdefault(opened[-1], k)
            elif token == "else":
                elses += 1
            elif token == "**":
                powers += 1
            elif not _KNOWN.fullmatch(token):
                raise Unsure
        if opened or max(powers, elses) > _MAX_DEPTH or "__" in text:
            raise Unsure
        tokens.append(_END)
        self._tokens = tokens

    # -- values -----------------------------------------------------------------------------

    def _value(self) -> Any:
        """``a if condition else b``, or a sum."""
        a = self._sum()
        if self._tokens[self._at] != "if":
            return a
        self._at += 1
        condition = self._condition()
        self._take("else")
        return if_else(condition, a, self._value())

    def _sum(self) -> Any:
        tokens = self._tokens
        first, bare = self._product()
        if tokens[self._at] not in ("+", "-"):
            return first
        # brackets round the first term stay, a sum that is there without them is one with the rest
        terms = list(first.args) if isinstance(first, Add) and not bare else [first]
        while tokens[self._at] in ("+", "-"):
            minus = tokens[self._at] == "-"
            self._at += 1
            term, _ = self._product()
            terms.append(neg(term) if minus else term)
        return add(*terms)

    def _product(self) -> tuple[Any, bool]:
        """A product, and whether it is one factor in brackets."""
        tokens = self._tokens
        first, bare = self._factor()
        if tokens[self._at] not in ("*", "/"):
            return first, bare
        factors = list(first.args) if isinstance(first, Mul) and not bare else [first]
        while tokens[self._at] in ("*", "/"):
            below = tokens[self._at] == "/"
            self._at += 1
            factor, _ = self._factor()
            if not below:
                factors.append(factor)
                continue
            if constant_value(factor) == 0:
                raise Unsure
            factor = inverse(factor)
            if len(factors) == 1 and factors[0] == ONE:
                factors[0] = factor
            elif len(factors) == 1 and is_number(factors[0]) and is_number(factor):
                factors[0] = factors[0] * factor
            else:
                factors.append(factor)
        return self._short(mul(*factors)), False

    def _factor(self) -> tuple[Any, bool]:
        """A sign, or a power."""
        tokens = self._tokens
        if tokens[self._at] == "-":
            self._at += 1
            if tokens[self._at] in ("-", "+"):
                raise Unsure
            return neg(self._factor()[0]), False
        base, bare = self._atom()
        if tokens[self._at] != "**":
            return base, bare
        self._at += 1
        exponent, _ = self._factor()
        n = constant_value(exponent)
        if n is not None and (abs(n) > 64 or (n < 0 and constant_value(base) == 0)):
            raise Unsure
        return self._short(power(base, exponent)), False

    def _short(self, term: Any) -> Any:
        if written_bits(term, self._bits) > _MAX_BITS:
            raise Unsure
        return term

    def _atom(self) -> tuple[Any, bool]:
        token = self._tokens[self._at]
        self._at += 1
        if token == "(":
            inner = self._value()
            self._take(")")
            return inner, True
        if token.isdigit():
            if len(token) > _MAX_DIGITS:
                raise Unsure
            return number(int(token)), False
        after = self._tokens[self._at]
        if after == "[":
            return self._element(token), False
        if after == "(":
            return self._call(token), False
        return self._name(token), False

    def _name(self, name: str) -> Any:
        found = self._bound.get(name) or self._free.get(name)
        if found is not None:
            if not isinstance(found, Index):
                raise Unsure
            return found
        if name == "pi":
            return PI
        if name in self.sizes:
            return self.sizes[name]
        if "_" in name or self.shapes.get(name) != ():
            raise Unsure
        return element(name)

    def _element(self, name: str) -> Any:
        over = self.shapes.get(name)
        if not over or name in self.sizes:
            raise Unsure
        indices = []
        for k, size_of_slot in enumerate(over):
            self._take("," if k else "[")
            indices.append(self._slot(size_of_slot))
        self._take("]")
        return element(name, *indices)

    def _slot(self, over: Any) -> Any:
        """What stands in a slot that runs over this size."""
        token = self._tokens[self._at]
        self._at += 1
        if token.isdigit():
            if len(token) > _MAX_DIGITS or token[0] == "0":
                raise Unsure
            value = number(int(token))
            if isinstance(over, Integer) and value > over:
                raise Unsure
            return value
        found = self._letter(token)
        if found is None:
            if token in _WORDS or not token.isidentifier() or token in self.sizes:
                raise Unsure
            found = self._inferred[token] = index(token, over)
        if not isinstance(found, Index) or found.size != over:
            raise Unsure
        return found

    def _letter(self, name: str) -> Any:
        return self._bound.get(name) or self._free.get(name) or self._inferred.get(name)

    # -- calls ------------------------------------------------------------------------------

    def _call(self, name: str) -> Any:
        start = self._at
        self._at += 1
        if start in self._fors:
            return self._reduction(name, start)
        if name == "delta":
            return self._delta()
        if name in ("diff", "partial"):
            return self._derivative(name)
        if name not in _COUNTS or name in self.shapes:
            raise Unsure
        args = self._arguments()
        if len(args) != _COUNTS[name]:
            raise Unsure
        return apply(name, *args)

    def _arguments(self) -> list[Any]:
        args = [self._value()]
        while self._tokens[self._at] == ",":
            self._at += 1
            args.append(self._value())
        self._take(")")
        return args

    def _delta(self) -> Any:
        sides = []
        for end in (",", ")"):
            token = self._tokens[self._at]
            self._at += 1
            if token.isdigit() and len(token) <= _MAX_DIGITS and token[0] != "0":
                sides.append(number(int(token)))
            else:
                sides.append(self._letter(token))
            self._take(end)
        i, j = sides
        if isinstance(i, Index) and isinstance(j, Index):
            if i.size != j.size:
                raise Unsure
        elif not (isinstance(i, (Index, Integer)) and isinstance(j, (Index, Integer))):
            raise Unsure
        return delta(i, j)

    def _derivative(self, name: str) -> Any:
        body, *variables = self._arguments()
        if not variables or not all(map(is_element, variables)):
            raise Unsure
        return (diff if name == "diff" else partial)(body, *variables)

    def _reduction(self, name: str, start: int) -> Any:
        """``sum(body for i in K for j in N if guard)``: the body is read after its letters."""
        if name not in REDUCTIONS or name in self.shapes:
            raise Unsure
        tokens, outer, begin = self._tokens, self._bound, self._at
        self._at = self._fors[start]
        self._bound = dict(outer)
        bound: list[Any] = []
        guard = TRUE
        while tokens[self._at] == "for":
            if guard is not TRUE:
                raise Unsure
            letter, word, over = tokens[self._at + 1 : self._at + 4]
            self._at += 4
            if word != "in" or letter in self.sizes or letter in _WORDS:
                raise Unsure
            if not letter.isidentifier() or any(i.name == letter for i in bound):
                raise Unsure
            found = self._bound[letter] = index(letter, self._size(over))
            bound.append(found)
            if tokens[self._at] == "if":
                self._at += 1
                guard = self._condition()
                flat = conjuncts(guard)
                guard = rebuild(TRUE, flat) if len(set(flat)) < len(flat) else all_of(*flat)
                if guard == TRUE:
                    raise Unsure
        self._take(")")
        end, self._at = self._at, begin
        body = self._value()
        if self._at != self._fors[start]:
            raise Unsure
        self._at, self._bound = end, outer
        for k, over in enumerate(reversed(bound)):
            body = reduction(name, body, over, TRUE if k else guard)
        return body

    def _size(self, token: str) -> Any:
        if token.isdigit():
            if token[0] == "0" or len(token) > 4:
                raise Unsure
            return number(int(token))
        found = self.sizes.get(token)
        if found is None or token in self.shapes:
            raise Unsure
        return found

    # -- conditions -------------------------------------------------------------------------

    def _condition(self) -> Any:
        found = self._conjunction()
        if self._tokens[self._at] != "or":
            return found
        parts = [found]
        while self._tokens[self._at] == "or":
            self._at += 1
            parts.append(self._conjunction())
        return any_of(*parts)

    def _conjunction(self) -> Any:
        found = self._negation()
        if self._tokens[self._at] != "and":
            return found
        parts = [found]
        while self._tokens[self._at] == "and":
            self._at += 1
            parts.append(self._negation())
        flat = tuple(part for c in parts for part in conjuncts(c))
        return rebuild(TRUE, flat) if len(set(flat)) < len(flat) else all_of(*flat)

    def _negation(self) -> Any:
        tokens = self._tokens
        if tokens[self._at] == "not":
            self._at += 1
            return negate(self._negation())
        if tokens[self._at] == "(":
            begin = self._at
            try:
                return self._comparison()
            except Unsure:
                self._at = begin + 1
                found = self._condition()
                self._take(")")
                if tokens[self._at] in _COMPARES:
                    raise
                return found
        return self._comparison()

    def _comparison(self) -> Any:
        left = self._sum()
        op = self._tokens[self._at]
        if op not in _COMPARES:
            raise Unsure
        self._at += 1
        right = self._sum()
        if self._tokens[self._at] in _COMPARES:
            raise Unsure
        if left == ZERO and right == ZERO:
            raise Unsure
        if isinstance(left, Index) and isinstance(right, Index):
            if left.size != right.size:
                raise Unsure
        elif any(isinstance(t, (Index, Size)) for t in (left, right)) and not (
            isinstance(left, (Index, Integer)) and isinstance(right, (Index, Integer))
        ):
            raise Unsure
        return relation(op, left, right)

    def _take(self, token: str) -> None:
        if self._tokens[self._at] != token:
            raise Unsure
        self._at += 1


def _heads(text: str) -> str:
    """The left sides of a program's definitions: a bracket in one defines a function."""
    return "".join(re.findall(r"(?m)(?:^|;)\s*[A-Za-z_]\w*\s*(\()[^=\n]*=", text))
