"""Facts that a document states in words about a name: "where $y$ is one-hot"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from derivation.language.latex.document import Document, Formula
from derivation.language.latex.parser import parse
from derivation.language.latex.tokens import Unread, tokens
from derivation.language.latex.trees import Name

_KIND = (
    r"(?:one[- ]?hot\b|(?:discrete |valid |true |target )*probability (?:distribution|vector)\b"
    r"|distribution over\b)"
)
_AFTER = re.compile(
    r"^\s*,?\s*(?:is|are|be|being|denotes?)\s+(?:always\s+|usually\s+|typically\s+)?"
    r"(?:a|an|the)?\s*(?:true\s+|target\s+|label\s+)*" + _KIND
    + r"|^\s*,?\s*(?:(?:will |must |always )*sums?|adds?) (?:up )?to (?:one|1|\$1\$)\b",
    re.IGNORECASE,
)  # fmt: skip
_BEFORE = re.compile(
    r"one[- ]?hot(?:[- ]encoded)?\s+(?:(?:target|label|true|ground|truth|class|encoded|encoding)s?"
    r"\s+)*(?:vectors?|labels?|targets?|distribution|encodings?)\s*(?:of the labels?\s*)?,?\s*$",
    re.IGNORECASE,
)


def sums_to_one(document: Document) -> Iterator[tuple[Name, Formula, str]]:
    """Names of which the words say that they are one-hot or a distribution, and these words."""
    formulas = document.formulas
    for k, formula in enumerate(formulas):
        if formula.displayed or len(formula.source) > 40:
            continue
        start = formula.offset + len(formula.source)
        stop = formulas[k + 1].offset if k + 1 < len(formulas) else start + 200
        after = re.sub(r"^\s*(?:\\?\\\)|\$+)", "", document.text[start : min(stop, start + 200)])
        found = _AFTER.match(after.replace("\n", " "))
        before = _BEFORE.search(formula.prose[-80:].replace("\n", " "))
        if found is None and before is None:
            continue
        try:
            name = parse(tokens(formula.source, formula.offset, document.macros))
        except Unread:
            continue
        if isinstance(name, Name) and all(s.kind == "letter" for s in name.slots):
            said = found.group() if found is not None else before.group() if before else ""
            yield name, formula, " ".join(said.split())
