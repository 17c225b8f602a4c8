"""The terminal: the page in colour, through rich, which knows what the screen can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO

from rich.console import Console, ConsoleOptions
from rich.style import Style
from rich.text import Text

from derivation.document import documents
from derivation.printers import takes_unicode
from derivation.printers.boxes import Segments
from derivation.printers.page import page
from derivation.steps import Outcome

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
_PARSED = {name: Style.parse(style) for name, style in STYLES.items()}


class Renderable:
    """Derivations that a rich console prints, at its own width and in its own letters."""

    def __init__(
        self, outcomes: Sequence[Outcome], *, detail: str = "normal", unicode: bool | None = None
    ) -> None:
        self.outcomes, self.detail, self.unicode = tuple(outcomes), detail, unicode

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
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
    text = Text(no_wrap=True, overflow="ignore", end="\n")
    for said, style in line:
        text.append(said, _PARSED[style])
    return text


def recording(out: StringIO, *, width: int, color: bool) -> Console:
    """A console that writes to ``out`` and takes nothing from its surroundings."""
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
    out = StringIO()
    console = recording(out, width=width, color=color)
    console.print(
        Renderable(outcomes, detail=detail, unicode=unicode), soft_wrap=True, crop=False, end=""
    )
    return out.getvalue()
