"""A checked derivation as a table: for rich, as plain text, and as a page."""

from __future__ import annotations

import html as markup
from collections.abc import Iterator
from io import StringIO
from typing import Any

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from derivation.document import Formula
from derivation.findings import MARKS, Finding, Findings
from derivation.printers.mathml import MathmlDrawing
from derivation.printers.page import readable
from derivation.printers.plain import Drawing
from derivation.printers.terminal import recording
from derivation.steps import Prose

STYLES = {"proved": "green", "refuted": "bold red", "open": "yellow", "unread": "dim"}
_ASCII_MARKS = {"proved": "+", "refuted": "x", "open": "?", "unread": "-"}


# -- rich and plain text --------------------------------------------------------------------


def renderables(found: Findings, *, unicode: bool = True) -> Iterator[Any]:
    """What a rich console prints."""
    view = _View(unicode)
    yield Text(readable(found.title, unicode), style="bold")
    for line in found.setting:
        for k, formula in enumerate(line.formulas):
            label = line.label if not k else ""
            yield Text(f" {label:<7}{view.formula(formula)}")
    if found.goal is not None:
        yield Text(f" {'Asked':<7}{view.draw.line(found.goal)}")
    for what, texts in (("Assumed", found.assumed), ("Perhaps", found.guesses)):
        for k, said in enumerate(texts):
            yield Text(f" {what if not k else '':<8}{readable(said, unicode)}", style="dim")
    yield view.table(found)
    style = "bold red" if any(f.verdict == "refuted" for f in found.findings) else "bold"
    yield Text(view.prose(found.summary), style=style)


class _View:
    def __init__(self, unicode: bool) -> None:
        self.unicode, self.draw = unicode, Drawing(unicode, "line")

    def table(self, found: Findings) -> Table:
        """A row for every line, with remarks under it."""
        table = Table(box=box.SIMPLE_HEAD if self.unicode else box.ASCII2, pad_edge=False)
        table.add_column("line", justify="right", style="dim")
        table.add_column("understood as", ratio=1, overflow="fold")
        table.add_column("verdict")
        for f in found.findings:
            mark = (MARKS if self.unicode else _ASCII_MARKS)[f.verdict]
            if f.formula is not None:
                cell: list[Any] = [Text(self.formula(f.formula, f.condition))]
            else:
                cell = [Text(readable(f.source, self.unicode), style="dim")]
            for remark in f.remarks:
                cell.append(_indented(self.prose(remark), 2, "italic"))
            for title, formula in f.moves:
                cell.append(_indented(f"{self.prose(title)}:", 4, "dim"))
                cell.append(_indented(self.formula(formula), 6, "dim"))
            number = "" if f.line is None else str(f.line)
            verdict = Text(f"{mark} {f.verdict}", style=STYLES[f.verdict])
            table.add_row(number, Group(*cell), verdict)
        return table

    def formula(self, f: Formula, condition: Any = None) -> str:
        if not f.op:
            return self.draw.line(f.right)
        sign = {"!=": "≠", "<=": "≤", ">=": "≥"}.get(f.op, f.op) if self.unicode else f.op
        out = f"{'=' if sign == '==' else sign} {self.draw.line(f.right)}"
        if f.left is not None:
            out = f"{self.draw.line(f.left)} {out}"
        if condition is not None:
            out += f"   if {self.draw.line(condition)}"
        return out

    def prose(self, pieces: Prose) -> str:
        return "".join(
            readable(p, self.unicode) if isinstance(p, str) else self.draw.line(p) for p in pieces
        )


def _indented(said: str, by: int, style: str) -> Padding:
    return Padding(Text(said, style=style), (0, 0, 0, by), expand=False)


def text(found: Findings, *, width: int = 80, color: bool = False, unicode: bool = True) -> str:
    """The report as text of at most ``width`` columns; colour codes only if ``color``."""
    out = StringIO()
    console = recording(out, width=width, color=color)
    for item in renderables(found, unicode=unicode):
        console.print(item)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


# -- a page ---------------------------------------------------------------------------------

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem;border-bottom:1px solid #8884}
td p{margin:.2rem 0}
.proved{color:#176c2b}.refuted{color:#b00020;font-weight:bold}.open{color:#8a5a00}.unread{color:#666}
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}
.proved{color:#7fd18f}.refuted{color:#ff8a95}.open{color:#e6b450}.unread{color:#aaa}}
"""


def html(found: Findings) -> str:
    """The report as a page in one file: no script, nothing fetched."""
    title = markup.escape(readable(found.title, True))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main>{fragment(found)}</main></body></html>\n"
    )


def fragment(found: Findings) -> str:
    """The report as HTML with MathML, for a page or a notebook's cell."""
    draw = MathmlDrawing()

    def formula(f: Formula) -> str:
        return draw.display(f.left, f.op, f.right)

    out = [f"<h1>{_safe(found.title)}</h1>"]
    for line in found.setting:
        shown = "".join(f"<p>{formula(f)}</p>" for f in line.formulas)
        out.append(f"<section><h2>{_safe(line.label)}</h2>{shown}</section>")
    if found.goal is not None:
        out.append(f"<section><h2>Asked</h2><p>{draw.inline(found.goal)}</p></section>")
    for what, texts in (("Assumed", found.assumed), ("Perhaps meant", found.guesses)):
        if texts:
            items = "".join(f"<li>{_safe(said)}</li>" for said in texts)
            out.append(f"<section><h2>{what}</h2><ul>{items}</ul></section>")
    rows = "".join(_row(f, draw) for f in found.findings)
    head = '<thead><tr><th scope="col">line</th><th scope="col">understood as</th>'
    head += '<th scope="col">verdict</th></tr></thead>'
    out.append(f"<table>{head}<tbody>{rows}</tbody></table>")
    out.append(f"<p><strong>{_prose(found.summary, draw)}</strong></p>")
    return "".join(out)


def _row(f: Finding, draw: MathmlDrawing) -> str:
    if f.formula is None:
        cell = f"<code>{_safe(f.source)}</code>"
    else:
        cell = draw.display(f.formula.left, f.formula.op, f.formula.right)
        if f.condition is not None:
            cell += f" if {draw.inline(f.condition)}"
    cell += "".join(f"<p>{_prose(remark, draw)}</p>" for remark in f.remarks)
    if f.moves:
        inner = "".join(
            f"<li>{_prose(title, draw)}: {draw.display(g.left, g.op, g.right)}</li>"
            for title, g in f.moves
        )
        cell += f"<details><summary>proof</summary><ol>{inner}</ol></details>"
    number = "" if f.line is None else str(f.line)
    verdict = f"{MARKS[f.verdict]} {f.verdict}"
    return f'<tr><td>{number}</td><td>{cell}</td><td class="{f.verdict}">{verdict}</td></tr>'


def _prose(pieces: Prose, draw: MathmlDrawing) -> str:
    return "".join(_safe(p) if isinstance(p, str) else draw.inline(p) for p in pieces)


def _safe(said: str) -> str:
    return markup.escape(readable(said, True))
