"""A picture of the terminal's view, through rich, for a README."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from derivation.printers.page import readable
from derivation.printers.terminal import Renderable
from derivation.steps import Outcome

# dark text colours on white would not show on a dark page: the picture brings its own ground
_THEME = TerminalTheme(
    (22, 24, 29),
    (226, 228, 233),
    [
        (60, 64, 72), (240, 113, 120), (134, 201, 124), (229, 192, 123),
        (115, 165, 245), (247, 140, 190), (104, 196, 210), (226, 228, 233),
    ],
)  # fmt: skip

# rich's own frame asks a server for its font; this one takes what the reader has
_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" class="rich-terminal" viewBox="0 0 {width} {height}" \
role="img" aria-label="TITLE">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, "DejaVu Sans Mono", "JuliaMono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font: bold 15px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


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
    """The derivations in colour, as a picture that any browser shows and nothing fetches."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(
            file=nowhere,
            record=True,
            width=width,
            force_terminal=True,
            color_system="standard",
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )
        console.print(Renderable(outcomes, detail=detail, unicode=True), soft_wrap=True, crop=False)
        title = readable(outcomes[0].problem.title or "A derivation", True)
        said = html.escape(title).replace("{", "{{").replace("}", "}}")
        return console.export_svg(
            title=title,
            theme=_THEME,
            code_format=_FRAME.replace("TITLE", said),
            unique_id="derivation",
        )
