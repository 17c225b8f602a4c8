"""What the golden files hold: the flagship in every format, and how each is printed."""

from __future__ import annotations

import re
from typing import Any

from outcomes import softmax_cross_entropy, stopped

from derivation import api, library, printers
from derivation.steps import Outcome

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "softmax-80.txt": ("text", {"width": 80}),
    "softmax-60.txt": ("text", {"width": 60}),
    "softmax-ascii.txt": ("text", {"width": 80, "unicode": False}),
    "softmax-full.txt": ("text", {"detail": "full"}),
    "softmax-outline.txt": ("text", {"detail": "outline"}),
    "softmax-color.ansi": ("terminal", {"color": True}),
    "softmax.tex": ("latex", {}),
    "softmax-standalone.tex": ("latex", {"standalone": True, "detail": "full"}),
    "softmax-beamer.tex": ("beamer", {}),
    "softmax-notation.tex": (
        "latex",
        {"notation": [r"yhat = \mathbf{p}", "ln", "no-bounds"], "detail": "outline"},
    ),
    "softmax.md": ("markdown", {}),
    "softmax.html": ("html", {}),
    "softmax.svg": ("svg", {}),
    "softmax.json": ("json", {}),
    "stopped.txt": ("text", {"width": 80}),
}


def proved() -> Outcome:
    """The flagship as the engine derives it, accepted by the checker."""
    (outcome,) = api.outcomes(api.read(library.load(library.FIRST)))
    return outcome


def printed(name: str) -> str:
    """The text that a golden file is compared with."""
    format, options = CASES[name]
    outcome = proved() if format == "json" else softmax_cross_entropy()
    if name.startswith("stopped"):
        outcome = stopped(outcome, 7, "the remaining sum could not be merged")
    text = printers.render([outcome], format, **options)
    if format == "html":  # what is the same in every page stands in files of its own
        text = re.sub(r"<(style|script)>.*?</\1>", r"<\1>…</\1>", text, flags=re.S)
        text = re.sub(r"'sha256-[^']*'", "'sha256-…'", text)
    return text
