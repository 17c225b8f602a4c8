"""Formats that a derivation can be written in: one module each, loaded when it is asked for.

A format is one line in ``FORMATS`` and one module with
``render(outcomes, *, detail, width, color, unicode, standalone, notation) -> str``.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from derivation.steps import Outcome


class Format(NamedTuple):
    """A format: the module that prints it, what it is for, and the file endings that choose it."""

    module: str
    description: str
    endings: tuple[str, ...] = ()


FORMATS: dict[str, Format] = {
    "terminal": Format("terminal", "for reading on a screen, in colour where it has any"),
    "text": Format("text", "plain text, the same typography without colour", (".txt",)),
    "latex": Format("latex", "LaTeX: a fragment for \\input, or a document", (".tex",)),
    "beamer": Format("beamer", "slides in LaTeX: a step a click, the changed part marked"),
    "markdown": Format("markdown", "Markdown for GitHub, Quarto and MyST", (".md", ".qmd")),
    "html": Format("html", "a page in one file that works offline", (".html", ".htm")),
    "svg": Format("svg", "the terminal's view as a picture, for a README", (".svg",)),
    "coq": Format("coq", "a Coq source that coqc accepts, for every size", (".v",)),
    "json": Format("json", "a certificate that can be replayed", (".json",)),
}


def format_for(file_name: str) -> str | None:
    """The format that a file name's ending chooses, or None.

    >>> format_for("proof.tex"), format_for("proof")
    ('latex', None)
    """
    name = file_name.lower()
    return next(
        (f for f, about in FORMATS.items() if name.endswith(about.endings or ("\0",))), None
    )


def takes_unicode(encoding: str | None) -> bool:
    """Whether mathematics survives in an output encoding.

    >>> takes_unicode("utf-8"), takes_unicode("latin-1"), takes_unicode(None)
    (True, False, False)
    """
    try:
        "ŷⱼ Σ ∂ − · … ⎧ ∎".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def render(
    outcomes: Sequence[Outcome],
    format: str,
    *,
    detail: str = "normal",
    width: int = 80,
    color: bool = False,
    unicode: bool = True,
    standalone: bool = False,
    notation: Sequence[str] = (),
) -> str:
    """One or several derivations as text in a format, ending in a newline.

    Args:
        outcomes: What the engine found; several gradients of one problem make one document.
        format: A key of ``FORMATS``.
        detail: ``outline``, ``normal`` or ``full`` (JSON is always complete).
        width: Columns, for formats that have any.
        color: Whether colour codes may be written.
        unicode: False for plain ASCII.
        standalone: A whole document instead of a fragment, where the format knows the difference.
        notation: The reader's own, after that of the problem: ``yhat = \\mathbf{p}``, ``ln``,
            ``no-bounds`` (LaTeX and what is made of it, and HTML).

    Raises:
        ValueError: The format or the level of detail is not known.
    """
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}: one of {', '.join(FORMATS)}")
    module = import_module(f"derivation.printers.{FORMATS[format].module}")
    text: str = module.render(
        outcomes,
        detail=detail,
        width=width,
        color=color,
        unicode=unicode,
        standalone=standalone,
        notation=notation,
    )
    return text
