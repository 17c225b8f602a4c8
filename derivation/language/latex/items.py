"""A document as items: each an equality, a condition or something unread, with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from derivation.language.latex import indices
from derivation.language.latex.document import Document, Formula
from derivation.language.latex.parser import parse
from derivation.language.latex.rows import Segment, segments
from derivation.language.latex.tokens import Token, Unread, tokens
from derivation.language.latex.trees import Condition, Name, Number

_EQUAL = {"=", "\\approx"}
_COMPARE = {"\\ne": "!=", "<": "<", ">": ">", "\\le": "<=", "\\ge": ">="}
_OTHER = {
    "\\in": "a statement about a set", "\\propto": "proportionality", "\\sim": "a distribution",
    "\\rightarrow": "an arrow", "\\leftarrow": "an assignment", "\\ll": "a comparison of orders",
    "\\gg": "a comparison of orders", "\\notin": "a statement about a set",
    "\\subset": "a statement about a set", "\\approx": "an approximation",
}  # fmt: skip
_IF = re.compile(r"\b(if|when|for|case|where|suppose|assume|assuming|with|whenever|let)\b", re.I)


@dataclass
class Item:
    """One statement of the document as it stands there.

    ``sides`` are the trees between the equality signs; the first is None if the statement goes on
    from the one before it.
    """

    formula: int
    pos: int
    source: str
    displayed: bool
    sides: list[Any] = field(default_factory=list)
    relation: str = "="  # "=", ":=", a comparison, or "" for a lone expression
    condition: Condition | None = None
    reason: str | None = None
    place: int | None = None
    notes: list[str] = field(default_factory=list)
    head: Any = None  # of an unread equality, its left side if that can be read


@dataclass
class Items:
    """What a document holds, and ranges that it states (``i = 1, …, K``)."""

    items: list[Item]
    prefer: dict[str, str]


def items(document: Document) -> Items:
    """The items of a document, in order."""
    found = Items([], {})
    pending: Condition | None = None
    since = 0
    for number, formula in enumerate(document.formulas):
        before = len(found.items)
        since += len(formula.prose)
        if formula.displayed and since > 160:
            pending = None
        _formula(document, number, formula, found)
        new = found.items[before:]
        if formula.displayed:
            first = next((i for i in new if i.relation == "=" and len(i.sides) > 1), None)
            if pending is not None and first is not None and first.condition is None:
                first.condition = pending
                first.notes.append("the condition is the one in the sentence before")
            pending = None
        elif not formula.displayed and _IF.search(formula.prose[-40:]):
            one = _lone_condition(formula, document)
            if one is not None:
                pending, since = one, 0
    return found


def _lone_condition(formula: Formula, document: Document) -> Condition | None:
    try:
        source = tokens(formula.source, formula.offset, document.macros)
        return _index_condition(source)
    except Unread:
        return None


def _index_condition(source: Sequence[Token]) -> Condition | None:
    """``i = j`` or ``i \\ne j`` between two index letters."""
    parts = indices.groups(source, {"=", "\\ne"})
    ops = [t for t in source if t.text in ("=", "\\ne")]
    if len(parts) != 2 or len(ops) != 1:
        return None
    letters = [indices.letter_of(p) for p in parts]
    if None in letters and _is_class_number(parts, letters):
        letters = [x or "y" for x in letters]
    if None in letters or not all(str(x)[0].islower() for x in letters):
        return None
    op = "==" if ops[0].text == "=" else "!="
    return Condition(op, parse(parts[0]), parse(parts[1]))


def _is_class_number(parts: list[list[Token]], letters: list[str | None]) -> bool:
    """Whether ``j = y_i`` compares an index with the class of an example."""
    if letters.count(None) != 1:
        return False
    other = parts[letters.index(None)]
    plain = [t for t in other if t.kind not in ("{", "}")]
    return [t.kind for t in plain] == ["letter", "_", "letter"]


def _formula(document: Document, number: int, formula: Formula, found: Items) -> None:
    def unread(reason: str, pos: int | None) -> None:
        found.items.append(
            Item(
                number, formula.offset, _squeezed(formula.source), formula.displayed,
                relation="", reason=reason, place=formula.offset if pos is None else pos,
            )
        )  # fmt: skip

    if not formula.closed:
        unread("the formula is never closed", None)
        return
    if not formula.source.strip():
        return
    try:
        source = tokens(formula.source, formula.offset, document.macros)
        parts = segments(source, multline=formula.environment == "multline")
    except Unread as error:
        unread(error.reason, error.pos)
        return
    except RecursionError:
        unread("the formula is nested too deep", None)
        return
    parts = _declared(parts, found)
    waiting: tuple[Condition, int] | None = None
    last_row = -1
    last: Item | None = None
    for part in parts:
        if not part.tokens:
            continue
        condition = _condition_of(part, last)
        if condition is not None:
            if (
                last is not None
                and last.condition is None
                and not part.words.lower().startswith("case")
                and (last_row == part.row)
            ):
                last.condition = condition
            else:
                waiting = condition, part.row
            continue
        item = _item(document, number, formula, part)
        if waiting is not None and item.sides:
            if item.condition is None:
                item.condition = waiting[0]
            waiting = None
        if item.relation in ("", "?") and not item.sides and item.reason is None:
            continue
        if len(parts) > 1 and (_is_declaration(part) or _says_nothing(item)):
            continue
        found.items.append(item)
        last, last_row = item, part.row


def _is_declaration(part: Segment) -> bool:
    """``w \\in \\mathbb{R}^d``, which is read for what it says of shapes."""
    words = [t.text for t in part.tokens]
    if "\\in" not in words or any(w in ("=", ":=") for w in words):
        return False
    after = [w for w in words[words.index("\\in") + 1 :] if w not in ("{", "}")]
    return after[:2] in (["\\mathbb", "R"], ["\\mathbf", "R"], ["\\mathds", "R"])


def _says_nothing(item: Item) -> bool:
    """A name alone among statements, as in ``x_i \\text{ is a vector}``."""
    return item.relation == "" and len(item.sides) == 1 and isinstance(item.sides[0], Name)


def _declared(parts: list[Segment], found: Items) -> list[Segment]:
    """Takes ``i = 1, \\dots, K`` out, remembering how far i runs."""
    out: list[Segment] = []
    k = 0
    while k < len(parts):
        text = [t.text for t in parts[k].tokens]
        if (
            k + 2 < len(parts)
            and [t.text for t in parts[k + 1].tokens] == ["\\dots"]
            and len(parts[k + 2].tokens) == 1
        ) or (
            k + 3 < len(parts)
            and [t.text for t in parts[k + 2].tokens] == ["\\dots"]
            and len(parts[k + 3].tokens) == 1
            and text[-1:] == ["1"]
        ):
            end = k + 2 if [t.text for t in parts[k + 1].tokens] == ["\\dots"] else k + 3
            if len(text) == 3 and text[1] in ("=", "\\in") and text[2] == "1":
                if _one_small(text[0]):
                    found.prefer.setdefault(text[0], parts[end].tokens[0].text)
                k = end + 1
                continue
        ran = _range_said(text)
        if ran is not None:
            found.prefer.setdefault(*ran)
            k += 1
            continue
        out.append(parts[k])
        k += 1
    return out


def _is_probability(piece: list[Token]) -> bool:
    r"""Whether a side is ``p(y=1 \mid x)``: a conditional probability, by its bar."""
    text = [t.text for t in piece]
    return text[:2] in (["p", "("], ["P", "("], ["\\Pr", "("]) and text[-1] == ")" and "|" in text


def _range_said(text: list[str]) -> tuple[str, str] | None:
    r"""The letter and the name it runs up to, of ``j \in \{1, …, n\}`` or ``(j = 1, …, n)``."""
    if text[:1] == ["("] and text[-1:] == [")"]:
        text = text[1:-1]
    if text[:1] == ["\\forall"]:
        text = text[1:]
    if len(text) < 4 or not _one_small(text[0]):
        return None
    inner = text[2:]
    if text[1] == "\\in" and inner[0] in ("\\{", "[") and inner[-1] in ("\\}", "]"):
        inner = inner[1:-1]
    elif text[1:3] != ["=", "1"]:
        return None
    *before, last = inner
    listed = all(t.isdigit() or t in (",", "\\dots") for t in before)
    goes_on = "\\dots" in before and before[-1] in (",", "\\dots")
    return (text[0], last) if listed and goes_on and last.isalpha() else None


def _one_small(text: str) -> bool:
    return len(text) == 1 and text.islower()


def _condition_of(part: Segment, last: Item | None) -> Condition | None:
    """The side condition that a statement is, if it is one."""
    source = list(part.tokens)
    while len(source) > 2 and source[0].text in ("(", "[") and source[-1].text in (")", "]"):
        source = source[1:-1]
    try:
        found = _index_condition(source)
    except Unread:
        return None
    if found is None:
        return None
    said = bool(_IF.search(part.words))
    if found.op == "!=" or said or last is not None:
        return found
    return None


def _item(document: Document, number: int, formula: Formula, part: Segment) -> Item:
    start, end = part.tokens[0].pos, part.tokens[-1].end
    inside = formula.offset <= start <= end <= formula.offset + len(formula.source)
    source = _squeezed(document.text[start:end]) if inside else _squeezed(formula.source)
    item = Item(number, start, source, formula.displayed)
    level = 0
    pieces: list[list[Token]] = [[]]
    ops: list[Token] = []
    source_tokens = list(part.tokens)
    for k, token in enumerate(source_tokens):
        level += (token.kind in ("{", "begin") or token.text in ("(", "[", "\\{")) - (
            token.kind in ("}", "end") or token.text in (")", "]", "\\}")
        )
        if level == 0 and (
            token.text in ("=", ":=") or token.text in _COMPARE or token.text in _OTHER
        ):
            if token.kind == "=" and k and source_tokens[k - 1].text == ":" and pieces[-1]:
                pieces[-1].pop()
            ops.append(token)
            pieces.append([])
        else:
            pieces[-1].append(token)
    if not formula.displayed and len(pieces) > 2 and _is_probability(pieces[0]):
        del pieces[0], ops[0]  # p(y | x) = h(x) = …: words for what is then defined
    try:
        for op in ops:
            if op.text in _OTHER:
                raise Unread(f"{_OTHER[op.text]} is not read", op.pos)
        kinds = {"=" if op.text == ":=" else op.text for op in ops}
        if len(kinds) > 1:
            raise Unread("a chain of different relations is not read", ops[1].pos)
        op_kind = next(iter(kinds), "")
        item.relation = "=" if op_kind == "=" else _COMPARE.get(op_kind, "")
        if any(op.text == ":=" for op in ops):
            item.relation = ":="
        for n, piece in enumerate(pieces):
            if not piece and n == 0 and ops:
                item.sides.append(None)
                continue
            if not piece:
                raise Unread("an equality without a right side", ops[-1].pos)
            tail = _trailing_condition(piece)
            if tail is not None and n == len(pieces) - 1:
                piece, item.condition = tail
            item.sides.append(parse(piece))
    except Unread as error:
        item.reason, item.place = error.reason, error.pos if error.pos is not None else start
        item.head = item.sides[0] if item.sides else None
        item.sides = []
    except RecursionError:
        item.reason, item.place, item.sides = "the formula is nested too deep", start, []
    return item


def _trailing_condition(piece: list[Token]) -> tuple[list[Token], Condition] | None:
    """``… (i \\ne j)`` at the end of a statement."""
    if len(piece) < 6 or piece[-1].text not in (")", "]") or piece[-5].text not in ("(", "["):
        return None
    try:
        found = _index_condition(piece[-4:-1])
    except Unread:
        return None
    if found is None or piece[-6].text in ("_", "^", "1", "}"):
        return None
    return piece[:-5], found


def _squeezed(text: str) -> str:
    return " ".join(text.split())


__all__ = ["Item", "Items", "Name", "Number", "items"]
