"""A display as statements: rows joined or split, several statements in one row told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derivation.language.latex.tokens import Token, closing

_OUTER = {
    "aligned", "split", "gathered", "alignedat", "align", "equation", "gather", "multline",
    "alignat", "eqnarray", "subequations", "multlined", "flalign",
}  # fmt: skip
RELATIONS = {
    "=", "\\ne", "<", ">", "\\le", "\\ge", "\\in", "\\approx", "\\propto", "\\sim",
    "\\rightarrow", "\\leftarrow", "\\ll", "\\gg", "\\notin", "\\subset",
}  # fmt: skip
_GOES_ON = {"+", "-", "\\cdot", "\\times", "/", "*", "\\odot"}


@dataclass(frozen=True)
class Segment:
    """One statement's tokens, the words before it, and whether it begins with ``=``."""

    tokens: tuple[Token, ...]
    words: str  # what \text stands before it in its row
    row: int  # which row of the display
    chain: bool  # begins with a relation, so goes on from the statement before


def segments(source: Sequence[Token], multline: bool = False) -> list[Segment]:
    """The statements of a display."""
    out: list[Segment] = []
    for number, row in enumerate(_rows(source, multline)):
        out += _split(row, number)
    return out


def _rows(source: Sequence[Token], multline: bool) -> list[list[Token]]:
    rows: list[list[Token]] = [[]]
    level = 0
    for token in _without_array(source):
        level += (token.kind in ("{", "begin")) - (token.kind in ("}", "end"))
        if level == 0 and token.text == "\\\\":
            rows.append([])
        else:
            rows[-1].append(token)
    joined: list[list[Token]] = []
    for row in rows:
        content = [t for t in row if t.text not in ("&", "\\quad")]
        if not content:
            continue
        last = _content(joined[-1]) if joined else []
        if last and (
            multline
            or content[0].text in _GOES_ON
            or last[-1].text in _GOES_ON | RELATIONS
            or _open(last) > 0
        ):
            joined[-1] += row
        else:
            joined.append(list(row))
    return joined


def _without_array(source: Sequence[Token]) -> list[Token]:
    """The tokens without what aligns them: ``aligned``, and an ``array`` that holds them all."""
    out = [t for t in source if not (t.kind in ("begin", "end") and t.text in _OUTER)]
    out = _unboxed(out)
    while len(out) > 1 and (out[0].kind, out[0].text) == ("begin", "array"):
        level, end = 0, len(out)
        for k, token in enumerate(out):
            level += (token.kind == "begin") - (token.kind == "end")
            if level == 0:
                end = k
                break
        if any(t.text not in (".", ",", ";") for t in out[end + 1 :]):
            break
        out = out[1:end]
    return out


def _unboxed(source: list[Token]) -> list[Token]:
    """Without ``\\boxed{…}`` around what has an equality sign in it."""
    out: list[Token] = []
    ends: set[int] = set()
    for k, token in enumerate(source):
        if k in ends:
            continue
        if (
            token.text in ("\\boxed", "\\fbox")
            and source[k + 1 : k + 2]
            and source[k + 1].kind == "{"
        ):
            end = closing(source, k + 1)
            if any(t.text in ("=", ":=") for t in source[k + 2 : end]):
                ends |= {k + 1, end}
                continue
        out.append(token)
    return out


def _content(row: Sequence[Token]) -> list[Token]:
    return [t for t in row if t.text not in ("&", "\\quad")]


def _open(row: Sequence[Token]) -> int:
    """How many brackets of a row are not closed in it."""
    return sum((t.text in ("(", "[", "\\{")) - (t.text in (")", "]", "\\}")) for t in row)


def _split(row: Sequence[Token], number: int) -> list[Segment]:
    """The statements of one row: separated by space, text, commas or arrows."""
    parts: list[tuple[list[Token], str]] = []
    now: list[Token] = []
    words = ""
    level = 0
    related = False
    for k, token in enumerate(row):
        level += (token.kind in ("{", "begin") or token.text in ("(", "[", "\\{")) - (
            token.kind in ("}", "end") or token.text in (")", "]", "\\}")
        )
        after = row[k + 1] if k + 1 < len(row) else None
        if level <= 0 and token.text == "&":
            if (
                related
                and after is not None
                and after.text not in RELATIONS | _GOES_ON | {"\\quad"}
                and (now and now[-1].text not in RELATIONS)
            ):  # a new column of statements
                parts.append((now, words))
                now, words, related = [], "", False
            continue
        ends = level <= 0 and (
            token.text in (",", ";", "\\Rightarrow", "\\wedge")
            or (token.text == "\\quad" and _fresh(row[k + 1 :], now))
            or (token.kind == "text" and _is_prose(token, after, now))
        )
        if ends:
            if now:
                parts.append((now, words))
                now, words, related = [], "", False
            if token.kind == "text":
                words = f"{words} {token.text}".strip()
            continue
        if token.text == "\\quad":
            continue
        related = related or (level <= 0 and token.text in RELATIONS)
        now.append(token)
    if now:
        parts.append((now, words))
    elif words:
        parts.append(([], words))
    return [
        Segment(tuple(_stripped(found)), said, number, bool(found) and found[0].text in RELATIONS)
        for found, said in parts
        if _stripped(found) or said
    ]


def _fresh(rest: Sequence[Token], now: Sequence[Token]) -> bool:
    """Whether a new statement starts after a wide space, rather than the old one going on."""
    for token in rest:
        if token.text in ("\\quad", "&"):
            continue
        return token.text not in RELATIONS | _GOES_ON and not (
            now and now[-1].text in RELATIONS | _GOES_ON
        )
    return True


def _is_prose(token: Token, after: Token | None, now: Sequence[Token]) -> bool:
    """Whether a text stands between statements, rather than being a name in one."""
    word = token.text.strip()
    if not word or " " in word or word.lower().strip(",.: ") in (
        "if", "for", "when", "where", "and", "or", "with", "so", "then", "since", "otherwise",
        "else", "because", "let", "by", "thus", "hence", "as", "but", "while", "is", "given",
    ):  # fmt: skip
        return True
    return word[-1] in ",.;:" or word[0] == "("


def _stripped(source: Sequence[Token]) -> list[Token]:
    """Without the punctuation at the ends, and brackets that hold a whole condition."""
    out = list(source)
    while out and out[-1].text in (".", ",", ";", ":", "\\quad", "!", "?"):
        out.pop()
    while out and out[0].text in (".", ",", ";", ":", "\\quad"):
        out.pop(0)
    return out
