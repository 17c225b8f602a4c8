"""Every formula that a document holds, taken out of the text of its format, for KaTeX."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

Formula = tuple[str, bool]  # LaTeX, and whether it is displayed

_BLOCK = re.compile(r"\\begin\{(align\*|equation\*)\}(.*?)\\end\{\1\}", re.S)
_INLINE = re.compile(r"(?<!\\)\$((?:\\.|[^$\\])+)\$")


def formulas(format: str, text: str) -> Iterator[Formula]:
    """The formulas of a document in one of the formats that hold LaTeX."""
    yield from _FINDERS[format](text)


def _latex(text: str) -> Iterator[Formula]:
    text = text[text.find(r"\begin{document}") + 1 :]
    text = "\n".join(line for line in text.splitlines() if not line.startswith(r"\providecommand"))
    for m in _BLOCK.finditer(text):
        body = _without_intertext(m[2]).replace(r"\color{before}", r"\color{gray}")
        yield (rf"\begin{{align*}}{body}\end{{align*}}" if m[1] == "align*" else body), True
        for said in re.findall(r"\\intertext\{.*", m[2]):
            yield from ((f, False) for f in _INLINE.findall(said))
    yield from ((f, False) for f in _INLINE.findall(_BLOCK.sub("", text)))


def _without_intertext(body: str) -> str:
    while r"\intertext{" in body:
        start = body.index(r"\intertext{")
        end, open_ = start + len(r"\intertext{"), 1
        while open_:
            skip = 2 if body[end] == "\\" else 1
            open_ += (body[end] == "{") - (body[end] == "}") if skip == 1 else 0
            end += skip
        body = body[:start] + r"\\" + body[end:]
    return body


def _markdown(text: str) -> Iterator[Formula]:
    blocks = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.S | re.M)
    yield from ((f, True) for f in blocks.findall(text))
    yield from ((f, False) for f in _INLINE.findall(blocks.sub("", text)))


def _html(text: str) -> Iterator[Formula]:
    text = text[text.index("<main>") :]
    for name, value in re.findall(r'data-(tex\d?|under)="([^"]*)"', text):
        yield html.unescape(value), name != "tex"
    for value in re.findall(r'<(?:span|div) class="math"[^>]*>([^<]+)<', text):  # a lean page
        yield html.unescape(value), True


def _json(text: str) -> Iterator[Formula]:
    data = json.loads(text)
    for record in data.get("derivations", [data]):
        if record["result_latex"] is not None:
            yield record["result_latex"], True


_FINDERS = {"latex": _latex, "beamer": _latex, "markdown": _markdown, "html": _html, "json": _json}
