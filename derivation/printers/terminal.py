"""The terminal: the page in colour. Rich is loaded only where a console of rich's asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING

from derivation.document import documents
from derivation.printers import takes_unicode
from derivation.printers.boxes import Segments, plain
from derivation.printers.page import page
from derivation.steps import Outcome

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.style import Style
    from rich.text import Text

STYLES = {
    "": "",
    "title": "bold",
    "scope": "dim",
    "rule": "dim",
    "label": "cyan",
    "number": "bold cyan",
    "step": "bold",
    "substep": "",
    "why": "dim italic",
    "note": "dim",
    "change": "bold magenta",
    "qed": "bold green",
    "stop": "bold red",
}
_CODES = {
    "bold": "1", "dim": "2", "italic": "3", "red": "31", "green": "32", "magenta": "35",
    "cyan": "36",
}  # fmt: skip


class Renderable:
    """Derivations that a rich console prints, at its own width and in its own letters."""

    def __init__(
        self, outcomes: Sequence[Outcome], *, detail: str = "normal", unicode: bool | None = None
    ) -> None:
        self.outcomes, self.detail, self.unicode = tuple(outcomes), detail, unicode

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        from rich.text import Text

        unicode = self.unicode
        if unicode is None:
            unicode = takes_unicode(options.encoding) and not options.ascii_only
        for k, doc in enumerate(documents(self.outcomes, self.detail)):
            if k:
                yield Text("\n")
            for line in page(doc, detail=self.detail, width=options.max_width, unicode=unicode):
                yield _text(line)


def renderable(
    outcome: Outcome, *, detail: str = "normal", unicode: bool | None = None
) -> Renderable:
    """One derivation for rich's console protocol; ``unicode`` None asks the console."""
    return Renderable((outcome,), detail=detail, unicode=unicode)


def _text(line: Segments) -> Text:
    from rich.text import Text

    text = Text(no_wrap=True, overflow="ignore", end="\n")
    for said, style in line:
        text.append(said, _parsed(style))
    return text


@cache
def _parsed(style: str) -> Style:
    from rich.style import Style

    return Style.parse(STYLES[style])


def recording(out: StringIO, *, width: int, color: bool) -> Console:
    """A console that writes to ``out`` and takes nothing from its surroundings."""
    from rich.console import Console

    return Console(
        file=out,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )


def render(
    outcomes: Sequence[Outcome],
    *,
    detail: str = "normal",
    width: int = 80,
    color: bool = False,
    unicode: bool = True,
    standalone: bool = False,
    notation: Sequence[str] = (),
) -> str:
    """The derivations as the terminal shows them; colour codes only if ``color``."""
    pages = []
    for doc in documents(outcomes, detail):
        lines = page(doc, detail=detail, width=width, unicode=unicode)
        pages.append("\n".join(map(_painted if color else plain, lines)))
    return "\n\n\n".join(pages) + "\n"


def _painted(line: Segments) -> str:
    """The line with the codes that rich would write."""
    out = ""
    for said, style in line:
        codes = ";".join([_CODES[word] for word in STYLES[style].split()])
        out += f"\x1b[{codes}m{said}\x1b[0m" if codes and said else said
    return out
