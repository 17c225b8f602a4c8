r"""Slides: LaTeX with beamer, a step a click, what the step changed marked in both lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derivation.document import (
    Document,
    Entry,
    assumptions,
    closing_parts,
    conditions_prose,
    documents,
    is_idle,
)
from derivation.printers.custom import NEEDS_AMSFONTS, Notation, notation_of
from derivation.printers.formula import Equation, LatexDrawing
from derivation.printers.latex import Writer, align, commands
from derivation.printers.tex import escape
from derivation.steps import Outcome

LINE = 45.0  # columns of mathematics on a slide
ROOM = 13.5  # lines of text that fit under a slide's title

_PREAMBLE = r"""\documentclass[aspectratio=169,12pt]{beamer}
\IfFileExists{lmodern.sty}{\usepackage[T1]{fontenc}\usepackage{lmodern}}{}
\usepackage{amsmath}
\usefonttheme[onlymath]{serif}
\setbeamertemplate{navigation symbols}{}
\setbeamertemplate{footline}[frame number]
\definecolor{change}{RGB}{178,24,90}
\definecolor{before}{gray}{0.45}
\setbeamercolor{structure}{fg=black}
\setbeamerfont{frametitle}{series=\bfseries}
\setbeamerfont{framesubtitle}{series=\mdseries,size=\small}
\setlength{\jot}{8pt}
\setbeamercolor{framesubtitle}{fg=before}
\setlength{\abovedisplayskip}{6pt plus 3pt minus 3pt}
\setlength{\belowdisplayskip}{6pt plus 3pt minus 3pt}
"""
_COMMANDS = {
    "derivchange": (1, r"\textcolor{change}{#1}"),
}


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
    """The derivations as slides: a document of its own, which needs beamer and amsmath."""
    frames: list[str] = []
    preamble = _PREAMBLE
    for doc in documents(outcomes, detail):
        asked = notation_of(doc.problem, notation)
        frames += _Slides(doc, detail, asked).frames()
        if asked.commands.intersection(NEEDS_AMSFONTS):
            preamble = _PREAMBLE.replace("{amsmath}", "{amsmath,amsfonts}")
    body = "\n\n".join(frames)
    defined = commands("newcommand", _COMMANDS)
    return f"{preamble}{defined}\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"


class _Slides:
    def __init__(self, doc: Document, detail: str, notation: Notation) -> None:
        self.doc, self.detail = doc, detail
        self.write = Writer(doc, detail, notation, LINE)
        self.draw = LatexDrawing(doc.direct, notation, LINE)

    def frames(self) -> list[str]:
        doc = self.doc
        out = self._setting()
        if self.detail == "full":
            out += self._entries(doc.facts)
        return [*out, *self._entries(doc.entries), self._closing()]

    def _frame(self, title: str, subtitle: str, body: Sequence[str]) -> str:
        """A slide; one that would be too full is drawn smaller."""
        height = sum(map(_height, body))
        shrink = f"[shrink={min(70, round(100 * (1 - ROOM / height)) + 5)}]"
        shrink = shrink if height > ROOM else ""
        head = [rf"\begin{{frame}}{shrink}", rf"\frametitle{{{title}}}"]
        if subtitle:
            head.append(rf"\framesubtitle{{{subtitle}}}")
        return "\n".join([*head, *body, r"\end{frame}"])

    def _setting(self) -> list[str]:
        """What is given, on as many slides as it takes."""
        doc, prose = self.doc, self.write.prose
        slides: list[list[str]] = [["Let"]] if doc.problem.definitions else [[]]
        used = 0.0
        said: list[str] = []
        for line in doc.setting:
            if line.label != "Let" and line.formulas:
                flat = ", ".join(f"${self.write.flat(f)}$" for f in line.formulas)
                note = f" ({prose(line.note)})" if line.note else ""
                said += [rf"{escape(line.label)}: {flat}{note}.", "", r"\smallskip"]
                continue
            rows: list[str] = []
            for f in line.formulas:
                made = self.write.row(f)
                used += sum(_height(f"  {row}") for row in made)
                if rows and used > ROOM - 3:
                    slides[-1] += align(rows)
                    slides.append([])
                    rows, used = [], sum(_height(f"  {row}") for row in made)
                rows += made
            slides[-1] += align(rows)
        said.append(prose(("Wanted: ", doc.goal)) + ".")
        if used + sum(map(_height, said)) + 2 > ROOM:
            slides.append([])
        slides[-1] += said
        return [self._frame(prose(doc.title), prose(doc.scope), body) for body in slides]

    def _entries(self, entries: Sequence[Entry], above: str = "") -> list[str]:
        out: list[str] = []
        last = ""
        for entry in entries:
            said = self.draw.inline(entry.after)
            if above and self.detail != "full" and is_idle(entry, said == last):
                continue
            last = said
            out.append(self._step(entry, above))
            if entry.substeps:
                out += self._entries(entry.substeps, self._title(entry))
        return out

    def _title(self, entry: Entry) -> str:
        return rf"{escape(entry.number)}\enspace {self.write.prose(entry.heading)}"

    def _step(self, entry: Entry, above: str) -> str:
        why = self.write.sentence(entry.why)
        if above:
            title = f"{escape(entry.number)} {self.write.prose(entry.title)}"
            why = rf"\textbf{{{title}.}} {why}"
        body = list(self._lines(entry))
        if entry.conditions:
            said = self.write.prose(("where ", *conditions_prose(entry.conditions)))
            body.append(f"{said}.")
        return self._frame(above or self._title(entry), why, body)

    def _lines(self, entry: Entry) -> Iterator[str]:
        """The line before in grey with what goes, and the new one with what came."""
        after, previous = entry.formula, entry.previous
        if previous is None:
            yield from align(self.write.row(after))
            return
        before = _greyed(self.draw.equation(previous.left, "==", previous.right, previous.marks))
        now = self.draw.rows(previous.left, "==", after.right, after.marks)
        yield from align([*before, *now])

    def _closing(self) -> str:
        doc, prose = self.doc, self.write.prose
        body: list[str] = []
        if doc.result is None:
            title = "Not derived"
            body.append(self.write.sentence((doc.reason or "no derivation was found",)))
            if doc.reached is not None:
                body.append(rf"Proved so far, up to step {escape(doc.last)}:")
                body += align(self.draw.rows(doc.goal, "==", doc.reached))
        else:
            title = "Result"
            body += self.write.boxed()
        for k, d in enumerate(doc.introduced):
            body += [] if k else ["Here"]
            body += align(self.draw.rows(d.head, "==", d.body))
        if doc.result is not None:
            parts = [prose(p) for p in closing_parts(doc)]
            body += [rf"{parts[0][:1].upper()}{parts[0][1:]}; {'; '.join(parts[1:])}.", ""]
        for said in assumptions(doc, self.detail):
            body += [self.write.sentence(said), ""]
        body += self.write.matrix()
        return self._frame(title, "", body)


def _greyed(made: Equation) -> list[str]:
    """The rows of an alignment with each cell in grey."""
    grey = r"\color{before}"
    left = f"{grey}{made.left} " if made.left else ""
    return [f"{left if k == 0 else ''}&{grey}{line}" for k, line in enumerate(made.lines)]


def _height(line: str) -> float:
    """About how many lines of text a line of the source takes."""
    if not line or line.startswith((r"\begin", r"\end", r"\smallskip")):
        return 0.4
    if r"\begin{cases}" in line:
        return 1.0 + 1.5 * (line.count(r" \\ ") + 1)
    if r"\frac" in line or r"\sum" in line or r"\prod" in line:
        return 2.6 if line.startswith("  ") else 1.2
    return 1.2 * (1 + len(line) // 110)
