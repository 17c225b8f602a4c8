"""What the golden files hold: the flagship in every format, and how each is printed."""

from __future__ import annotations

from typing import Any

from outcomes import softmax_cross_entropy, stopped

from derivation import printers

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "softmax-80.txt": ("text", {"width": 80}),
    "softmax-60.txt": ("text", {"width": 60}),
    "softmax-ascii.txt": ("text", {"width": 80, "unicode": False}),
    "softmax-full.txt": ("text", {"detail": "full"}),
    "softmax-outline.txt": ("text", {"detail": "outline"}),
    "softmax-color.ansi": ("terminal", {"color": True}),
    "softmax.tex": ("latex", {}),
    "softmax-standalone.tex": ("latex", {"standalone": True, "detail": "full"}),
    "softmax.json": ("json", {}),
    "stopped.txt": ("text", {"width": 80}),
}


def printed(name: str) -> str:
    """The text that a golden file is compared with."""
    format, options = CASES[name]
    outcome = softmax_cross_entropy()
    if name.startswith("stopped"):
        outcome = stopped(outcome, 7, "the remaining sum could not be merged")
    return printers.render([outcome], format, **options)
