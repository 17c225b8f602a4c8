r"""LaTeX: a fragment for ``\input``, or a document; made from terms, with amsmath only.

The fragment writes its text through ``\derivtitle``, ``\derivstep``, ``\derivsubstep`` and
``\derivchange`` (what a step changed), which it provides, so that a paper can define its own. The
standalone document colours the change, which takes xcolor.
"""

from __future__ import annotations

from collections.abc import Sequence

from derivation.document import (
    Document,
    Entry,
    Formula,
    Line,
    assumptions,
    closing_parts,
    conditions_prose,
    documents,
    is_idle,
    matrix_note,
)
from derivation.printers.custom import NEEDS_AMSFONTS, PLAIN, Notation, notation_of
from derivation.printers.formula import LINE, LatexDrawing
from derivation.printers.tex import escape
from derivation.steps import Outcome, Prose
from derivation.terms import symbol

_COMMANDS = {
    "derivtitle": (2, r"\noindent\textbf{#1}\hfill #2\par"),
    "derivstep": (3, r"\noindent\textbf{#1.\enspace #2.}\enspace #3"),
    "derivsubstep": (3, r"\noindent\textbf{#1}\enspace\emph{#2.}\enspace #3"),
    "derivchange": (1, "#1"),
}
_STANDALONE = {
    "derivtitle": (
        2,
        r"\noindent\parbox[b]{0.74\linewidth}{\raggedright\Large\bfseries #1}\hfill #2"
        r"\par\smallskip\hrule\medskip",
    ),
    "derivchange": (1, r"\textcolor{change}{#1}"),
}

_PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[margin=1in]{geometry}
\IfFileExists{lmodern.sty}{\usepackage[T1]{fontenc}\usepackage{lmodern}}{}
\usepackage{amsmath}
\usepackage{xcolor}
\definecolor{change}{RGB}{178,24,90}
\allowdisplaybreaks
\setlength{\emergencystretch}{4em}
\setlength{\parindent}{0pt}
\setlength{\parskip}{\medskipamount}
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
    """The derivations as a fragment that needs amsmath, or as a document for pdflatex."""
    parts = []
    packages = ["amsmath"]
    for doc in documents(outcomes, detail):
        asked = notation_of(doc.problem, notation)
        parts.append("\n".join(Writer(doc, detail, asked, LINE * width / 80).lines()))
        if asked.commands.intersection(NEEDS_AMSFONTS):
            packages = ["amsmath", "amsfonts"]
    body = "\n\n\\bigskip\n".join(parts)
    if standalone:
        defined = commands("newcommand", {**_COMMANDS, **_STANDALONE})
        preamble = _PREAMBLE.replace("{amsmath}", f"{{{','.join(packages)}}}")
        return f"{preamble}{defined}\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"
    needs = " and ".join(packages)
    head = f"% needs {needs}; the commands that this provides may be defined before it is read\n"
    return f"{head}{commands('providecommand', _COMMANDS)}\n{body}\n"


def commands(how: str, bodies: dict[str, tuple[int, str]]) -> str:
    """Definitions of LaTeX commands, by name with their number of arguments."""
    return "".join(
        f"\\{how}{{\\{name}}}[{count}]{{{body}}}\n" for name, (count, body) in bodies.items()
    )


class Writer:
    """Writes a document's blocks as LaTeX."""

    def __init__(
        self, doc: Document, detail: str, notation: Notation = PLAIN, line: float = LINE
    ) -> None:
        self.doc, self.detail = doc, detail
        self.draw = LatexDrawing(doc.direct, notation, line)

    def lines(self) -> list[str]:
        doc = self.doc
        out = [rf"\derivtitle{{{self.prose(doc.title)}}}{{{self.prose(doc.scope)}}}", ""]
        for line in doc.setting:
            out += self._setting(line)
        if self.detail == "full":
            out += self._entries(doc.facts, "derivstep")
        out += self._entries(doc.entries, "derivstep")
        return out + self._closing()

    # -- prose ------------------------------------------------------------------------------

    def prose(self, pieces: Prose) -> str:
        """Prose with its terms as inline mathematics."""
        out = ""
        for piece in pieces:
            out += escape(piece) if isinstance(piece, str) else f"${self.draw.inline(piece)}$"
        return out.replace(r" $\times$ ", r"~$\times$~")

    def sentence(self, pieces: Prose) -> str:
        """Prose with a capital and a full stop."""
        if not pieces:
            return ""
        first = pieces[0]
        if isinstance(first, str):
            pieces = (first[:1].upper() + first[1:], *pieces[1:])
        text = self.prose(pieces).strip()
        return text if text.endswith((".", "!", "?")) else text + "."

    # -- the head ---------------------------------------------------------------------------

    def _setting(self, line: Line) -> list[str]:
        if line.parts:
            said = "; ".join(self.prose(p) for p in line.parts)
            return [rf"\noindent {escape(line.label)}: {said}.", ""]
        if line.label == "Let":
            rows = [self.row(f) for f in line.formulas]
            return [r"\noindent Let", *align([r for row in rows for r in row]), ""]
        said = ", ".join(f"${self.flat(f)}$" for f in line.formulas)
        note = f" ({self.prose(line.note)})" if line.note else ""
        return [rf"\noindent {escape(line.label)}: {said}{note}.", ""]

    def flat(self, f: Formula) -> str:
        """A formula on one line of text."""
        right = self.draw.inline(f.right)
        if f.left is None:
            return right
        return f"{self.draw.inline(f.left)} {self.draw.relation(f.op)} {right}"

    # -- steps ------------------------------------------------------------------------------

    def _entries(self, entries: Sequence[Entry], command: str) -> list[str]:
        """Steps with their formulas; those that go on from each other are aligned."""
        out: list[str] = []
        rows: list[str] = []  # of the alignment that is open
        last = ""
        for entry in entries:
            said = self.draw.inline(entry.after)
            under = command != "derivstep" and self.detail != "full"
            if under and is_idle(entry, said == last):
                continue
            last = said
            head = self._head(entry, command)
            made = self.row(entry.formula)
            if rows and entry.formula.left is None:
                rows += [rf"\intertext{{{head}}}", *made]
            else:
                out += [*align(rows), *([""] if rows else []), head]
                rows = made
            if entry.conditions or entry.substeps:
                out += align(rows)
                rows = []
                if entry.conditions:
                    said = self.prose(("where ", *conditions_prose(entry.conditions)))
                    out += [rf"\noindent {said}.", ""]
                if entry.substeps:
                    inner = self._entries(entry.substeps, "derivsubstep")
                    out += [
                        r"\begin{list}{}{\setlength{\leftmargin}{2em}}\item\relax",
                        *inner,
                        r"\end{list}",
                    ]
        return [*out, *align(rows), ""]

    def _head(self, entry: Entry, command: str) -> str:
        title = self.prose(entry.heading if command == "derivstep" else entry.title)
        why = self.sentence(entry.why)
        return rf"\{command}{{{escape(entry.number)}}}{{{title}}}{{{why}}}"

    def row(self, f: Formula) -> list[str]:
        """A formula as rows of an alignment."""
        return self.draw.rows(f.left, f.op, f.right, f.marks)

    # -- the end ----------------------------------------------------------------------------

    def _closing(self) -> list[str]:
        doc = self.doc
        if doc.result is None:
            said = self.sentence(("not derived: ", doc.reason or "no derivation was found"))
            out = [rf"\noindent\textbf{{{said}}}", ""]
            if doc.reached is not None:
                out += [rf"\noindent Proved so far, up to step {escape(doc.last)}:"]
                out += align(self.draw.rows(doc.goal, "==", doc.reached))
        else:
            out = [r"\noindent\textbf{Result.}", *self.boxed()]
            parts = [self.prose(p) for p in closing_parts(doc)]
            out.append(rf"\noindent {parts[0][:1].upper()}{parts[0][1:]}; {'; '.join(parts[1:])}.")
        for k, d in enumerate(doc.introduced):
            out += [] if k else [r"\noindent Here"]
            out += align(self.draw.rows(d.head, "==", d.body))
        out += [self.sentence(said) for said in assumptions(doc, self.detail)]
        out += self.matrix()
        if self.detail == "full":
            out += [self.sentence(("not tried: ", reason)) for reason in doc.checked.skipped]
        return out

    def matrix(self) -> list[str]:
        """The result in matrices, with the names that it uses."""
        form = self.doc.matrix
        if form is None:
            return []
        draw, doc = self.draw, self.doc
        said = [f"${draw.matrix(form.node)}$ ({self.prose(matrix_note(doc, form))})"]
        for name, f in form.all_introduced.items():
            head = draw.inline(symbol(name))
            note = self.prose(matrix_note(doc, f))
            said.append(f"with ${head} = {draw.matrix(f.node)}$ ({note})")
        return [f"In matrix form: {', '.join(said)}."]

    def boxed(self) -> list[str]:
        """The result in a box, on as many lines as it takes."""
        inner = self.draw.equation(self.doc.goal, "==", self.doc.result).alone()
        return [r"\begin{equation*}", rf"  \boxed{{{inner}}}", r"\end{equation*}"]


def align(rows: Sequence[str]) -> list[str]:
    """Rows in a display of their own; text between them stands in the margin."""
    if not rows:
        return []
    out = [r"\begin{align*}"]
    for k, row in enumerate(rows):
        later = rows[k + 1] if k + 1 < len(rows) else r"\intertext"
        end = "" if row.startswith(r"\intertext") or later.startswith(r"\intertext") else r" \\"
        out.append(f"  {row}{end}")
    return [*out, r"\end{align*}"]
