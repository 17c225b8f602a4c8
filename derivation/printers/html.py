"""A page in one file: semantic HTML with MathML, which its own script typesets with KaTeX.

Everything that the page needs is in it (KaTeX with its licence, fonts, style, script) and its
content security policy lets nothing be fetched and no other script run, whatever a title says.
Without script the page is complete: browsers show MathML themselves.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import resources

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
from derivation.printers.custom import PLAIN, Notation, notation_of
from derivation.printers.formula import LatexDrawing
from derivation.printers.mathml import MathmlDrawing
from derivation.printers.page import readable
from derivation.steps import Outcome, Prose
from derivation.terms import Term

LARGEST = 690_000  # bytes

_STOPS = tuple(",.;:)")
LINES = (62.0, 44.0, 30.0)  # columns of mathematics on a page, a tablet, a telephone

# the fonts that every page has, and those that a reader's notation may ask for besides
_FONTS = (
    "Main-Regular", "Main-Bold", "Main-Italic", "Math-Italic",
    "Size1-Regular", "Size2-Regular", "Size3-Regular", "Size4-Regular",
)  # fmt: skip
_MORE_FONTS = {
    "boldsymbol": "Math-BoldItalic", "mathcal": "Caligraphic-Regular", "mathbb": "AMS-Regular",
    "mathfrak": "Fraktur-Regular", "mathsf": "SansSerif-Regular", "mathtt": "Typewriter-Regular",
}  # fmt: skip


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
    """The derivations as one page that works offline, and is no larger than ``LARGEST``."""
    page = _whole(outcomes, detail, notation)
    for lean in (1, 2):
        if len(page.encode()) > LARGEST:
            page = _whole(outcomes, detail, notation, lean)
    return page


def _whole(outcomes: Sequence[Outcome], detail: str, notation: Sequence[str], lean: int = 0) -> str:
    articles: list[str] = []
    commands: set[str] = set()
    titles: list[str] = []
    for k, doc in enumerate(documents(outcomes, detail)):
        asked = notation_of(doc.problem, notation)
        commands |= asked.commands
        prefix = f"d{k + 1}-" if len(outcomes) > 1 else ""
        writer = Writer(doc, detail, asked, prefix, lean=lean)
        articles.append(writer.article())
        titles.append(writer.title())
    return _page(titles[0], "\n".join(articles), commands)


def fragment(doc: Document, detail: str, notation: Notation = PLAIN) -> str:
    """A derivation without page, script or fonts, for a notebook's cell."""
    return _in_cell(Writer(doc, detail, notation, "", alone=True).article())


def step_fragment(doc: Document, entry: Entry, detail: str, notation: Notation = PLAIN) -> str:
    """One step for a notebook's cell."""
    writer = Writer(doc, detail, notation, "", alone=True)
    return _in_cell(f'<ol class="steps">{writer.entry(entry, top=True)}</ol>')


class Writer:
    """Writes a document's blocks as HTML.

    Args:
        prefix: What the ids of this derivation begin with.
        alone: Leaves out what takes the page's script: buttons, links, data for KaTeX.
        lean: At 1 leaves the MathML of a very large page to KaTeX, which makes it when it is
            opened; at 2 leaves out the settings for narrow screens too, which scroll then.
    """

    def __init__(
        self,
        doc: Document,
        detail: str,
        notation: Notation,
        prefix: str,
        *,
        alone: bool = False,
        lean: int = 0,
    ) -> None:
        self.doc, self.detail, self.prefix = doc, detail, prefix
        self.alone, self.lean = alone, lean
        self.mathml = MathmlDrawing(doc.direct, notation)
        self.tex = [LatexDrawing(doc.direct, notation, line) for line in LINES]

    def title(self) -> str:
        """The title as plain text."""
        from derivation.printers.plain import Drawing

        line = Drawing(direct=self.doc.direct).line
        said = (p if isinstance(p, str) else line(p) for p in self.doc.title)
        return readable("".join(said), True)

    def article(self) -> str:
        doc, prefix = self.doc, self.prefix
        title = self.prose(doc.title)
        if self.alone:  # a notebook may show several
            head = ['<article class="derivation">', f"<header><h1>{title}</h1>"]
        else:
            head = [
                f'<article class="derivation" aria-labelledby="{prefix}title">',
                f'<header><h1 id="{prefix}title">{title}</h1>',
            ]
        scope = f'<p class="scope">{self.prose(doc.scope)}</p>' if doc.scope else ""
        facts = self.entries(doc.facts) if self.detail == "full" else ""
        if facts:
            facts = f'<ol class="steps">{facts}</ol>'
        outline = "" if self.alone else self._outline()
        return "\n".join(
            [
                *head,
                f"{scope}</header>",
                outline,
                f'<section class="setting"{self._place("setting")} aria-label="Setting">',
                '<h2 class="quiet">Setting</h2>',
                "<dl>",
                *map(self._setting, doc.setting),
                "</dl></section>",
                f'<section class="proof" aria-label="Steps"><h2 class="quiet">Steps</h2>{facts}',
                f'<ol class="steps">{self.entries(doc.entries)}</ol></section>',
                self._closing(),
                "" if self.alone else self._source(),
                "</article>",
            ]
        )

    # -- prose and formulas -------------------------------------------------------------------

    def prose(self, pieces: Prose) -> str:
        """Prose with its terms as inline mathematics."""
        out: list[str] = []
        after_term = False
        for piece in pieces:
            if not isinstance(piece, str):
                out.append(self._inline(piece))
            elif after_term and piece[:1] in _STOPS:  # no line begins with a comma or a full stop
                out[-1] = f'<span class="kept">{out[-1]}{safe(piece[0])}</span>'
                out.append(safe(piece[1:]))
            else:
                out.append(safe(piece))
            after_term = not isinstance(piece, str)
        return "".join(out)

    def sentence(self, pieces: Prose) -> str:
        """Prose with a capital and a full stop."""
        if not pieces:
            return ""
        first = pieces[0]
        if isinstance(first, str):
            pieces = (first[:1].upper() + first[1:], *pieces[1:])
        last = pieces[-1]
        if not (isinstance(last, str) and last.rstrip().endswith((".", "!", "?"))):
            pieces = (*pieces, ".")
        return self.prose(pieces).strip()

    def _inline(self, t: Term) -> str:
        if self.alone:
            return self.mathml.inline(t)
        tex = html.escape(self.tex[0].inline(t))
        if self.lean:
            return f'<span class="math">{tex}</span>'
        return f'<span class="math" data-tex="{tex}">{self.mathml.inline(t)}</span>'

    def formula(self, f: Formula, under: Term | None = None) -> str:
        """A formula in lines of its own; without a left side it stands under another one's."""
        shown = self.mathml.display(f.left, f.op, f.right, f.marks)
        if self.alone:
            return f'<div class="formula">{shown}</div>'
        made = [draw.equation(f.left, f.op, f.right, f.marks).alone() for draw in self.tex]
        data = {"tex": made[0]}
        data |= {f"tex{k}": made[k] for k in (1, 2) if made[k] != made[k - 1] and self.lean < 2}
        if f.left is None and under is not None and f.op:
            data["under"] = self.tex[0].inline(under, fractions="stack")
        if self.lean:
            shown = html.escape(data.pop("tex"))
        said = " ".join(f'data-{k}="{html.escape(v)}"' for k, v in data.items())
        return f'<div class="formula"><div class="math" {said}>{shown}</div></div>'

    # -- the head -----------------------------------------------------------------------------

    def _setting(self, line: Line) -> str:
        said = "".join(map(self.formula, line.formulas))
        if line.label != "Let" and line.formulas:
            said = ", ".join(
                f'<span class="condition">{self._flat(f)}</span>' for f in line.formulas
            )
            said = f"<p>{said}</p>"
        if line.note:
            said += f'<p class="why">{self.sentence(line.note)}</p>'
        if line.parts:
            said = f"<p>{'; '.join(map(self.prose, line.parts))}.</p>"
        kind = html.escape(line.label.lower().split(" ")[0])
        return f'<div class="{kind}"><dt>{safe(line.label)}</dt><dd>{said}</dd></div>'

    def _flat(self, f: Formula) -> str:
        mathml = self.mathml.flat(f.left, f.op, f.right)
        if self.alone:
            return mathml
        draw = self.tex[0]
        tex = draw.inline(f.right)
        if f.left is not None:
            tex = f"{draw.inline(f.left)} {draw.relation(f.op)} {tex}"
        if self.lean:
            return f'<span class="math">{html.escape(tex)}</span>'
        return f'<span class="math" data-tex="{html.escape(tex)}">{mathml}</span>'

    def _place(self, name: str) -> str:
        return "" if self.alone else f' id="{self.prefix}{name}"'

    def _outline(self) -> str:
        return (
            '<nav class="outline" aria-label="Outline"><details open><summary>Outline</summary>'
            f'<ol><li><a href="#{self.prefix}setting">Setting</a></li>'
            f"{self._links(self.doc.entries)}"
            f'<li><a href="#{self.prefix}result">Result</a></li></ol></details></nav>'
        )

    def _links(self, entries: Sequence[Entry]) -> str:
        out = ""
        for entry in entries:
            link = f'<a href="#{self._id(entry)}"><b>{safe(entry.number)}</b> '
            out += f"<li>{link}<span>{self.prose(entry.title)}</span></a></li>"
        return out

    # -- steps --------------------------------------------------------------------------------

    def _id(self, entry: Entry) -> str:
        return html.escape(f"{self.prefix}step-{entry.number}")

    def entries(self, entries: Sequence[Entry], top: bool = True) -> str:
        """Steps as items of a list."""
        out = ""
        left: Term | None = None
        last = ""
        for entry in entries:
            said = self.tex[0].inline(entry.after)
            if not top and self.detail != "full" and is_idle(entry, said == last):
                continue
            last = said
            if entry.formula.left is not None:
                left = entry.formula.left
            out += self.entry(entry, top, left)
        return out

    def entry(self, entry: Entry, top: bool, left: Term | None = None) -> str:
        """One step: number, title, reason, formula, conditions, substeps."""
        level = "h3" if top else "h4"
        number, here = safe(entry.number), self._id(entry)
        if self.alone:
            mark = f'<span class="number">{number}</span>'
        else:
            mark = f'<a class="number" href="#{here}">{number}</a>'
        title = self.prose(entry.heading if top else entry.title)
        why = f'<p class="why">{self.sentence(entry.why)}</p>' if entry.why else ""
        parts = [f"<{level}>{mark} <span>{title}</span></{level}>", why]
        parts.append(self.formula(entry.formula, left))
        if entry.conditions:
            said = self.prose(("where ", *conditions_prose(entry.conditions)))
            parts.append(f'<p class="where">{said}.</p>')
        if entry.substeps:
            inner = self.entries(entry.substeps, top=False)
            count = inner.count('<li class="step')
            word = f"{len(entry.substeps)} substep{'s' * (len(entry.substeps) != 1)}"
            word = word if count else "substeps"
            parts.append(
                f"<details><summary>{word}</summary>"
                f'<ol class="steps substeps">{inner}</ol></details>'
            )
        kind = html.escape(entry.kind)
        anchor = "" if self.alone else f' id="{here}"'
        return f'<li class="step {kind}"{anchor}>{"".join(parts)}</li>\n'

    # -- the end ------------------------------------------------------------------------------

    def _closing(self) -> str:
        doc = self.doc
        out = [f'<section class="result"{self._place("result")} aria-label="Result">']
        if doc.result is None:
            out.append('<h2>Not derived</h2><p class="stop">')
            out.append(self.sentence((doc.reason or "no derivation was found",)) + "</p>")
            if doc.reached is not None:
                out.append(f"<p>Proved so far, up to step {safe(doc.last)}:</p>")
                out.append(self.formula(Formula(doc.goal, doc.reached)))
        else:
            out.append("<h2>Result</h2>")
            out.append(f'<div class="boxed">{self.formula(Formula(doc.goal, doc.result))}</div>')
        for k, d in enumerate(doc.introduced):
            out.append(f"<p>{'and' if k else 'where'}</p>")
            out.append(self.formula(Formula(d.head, d.body)))
        if doc.result is not None:
            parts = "; ".join(map(self.prose, closing_parts(doc)))
            out.append(f'<p class="closing">{parts[:1].upper()}{parts[1:]}.</p>')
        out += [f'<p class="closing">{self.sentence(p)}</p>' for p in assumptions(doc, self.detail)]
        out += self._matrix()
        if self.detail == "full":
            for reason in doc.checked.skipped:
                out.append(f'<p class="closing">{self.sentence(("not tried: ", reason))}</p>')
        return "".join([*out, "</section>"])

    def _matrix(self) -> list[str]:
        """The result in matrices, as mathematics and as the NumPy expression."""
        form = self.doc.matrix
        if form is None:
            return []
        made = self.mathml.matrix(form.node)
        if not self.alone:
            tex = html.escape(self.tex[0].matrix(form.node))
            inner = tex if self.lean else made
            data = "" if self.lean else f' data-tex="{tex}"'
            made = f'<span class="math"{data}>{inner}</span>'
        note = self.prose(matrix_note(self.doc, form))
        lines = [f"{name} = {f.text}" for name, f in form.all_introduced.items()]
        code = "<br>".join(map(safe, [*lines, form.text]))
        said = f'<p class="closing matrix">In matrix form: {made} ({note}).</p>'
        return [said, f'<p class="closing"><code>{code}</code></p>']

    def _source(self) -> str:
        lines = [readable(line, True) for line in self.doc.problem.text.splitlines()]
        text = html.escape("\n".join(lines).strip("\n"))
        return (
            '<details class="source"><summary>The problem file</summary>'
            f"<pre><code>{text}</code></pre></details>"
        )


def safe(text: str) -> str:
    """Somebody's text as HTML that shows it and does nothing else."""
    return html.escape(readable(text, True))


# -- the page -------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _asset(name: str) -> bytes:
    file = resources.files("derivation.printers").joinpath("web")
    return file.joinpath(*name.split("/")).read_bytes()


def _page(title: str, body: str, commands: Iterable[str]) -> str:
    scripts = [_asset("katex/katex.min.js").decode(), _asset("page.js").decode()]
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; "
        f"script-src {hashes}; base-uri 'none'; form-action 'none'"
    )
    fonts = (*_FONTS, *sorted({_MORE_FONTS[c] for c in commands if c in _MORE_FONTS}))
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            '<link rel="icon" href="data:,">',
            f"<title>{html.escape(title)}</title>",
            f"<!--\nKaTeX is in this file, under this licence:\n\n{_licence()}-->",
            f"<style>{_style(fonts)}</style>",
            "</head>",
            "<body>",
            f"<main>{body}</main>",
            _BAR,
            *(f"<script>{script}</script>" for script in scripts),
            "</body>",
            "</html>\n",
        ]
    )


_BAR = """\
<div class="bar" role="toolbar" aria-label="Walk through the steps" hidden>
<button type="button" data-do="back" aria-keyshortcuts="ArrowLeft" title="Back (←)">←</button>
<span class="place">Steps</span>
<button type="button" data-do="on" aria-keyshortcuts="ArrowRight" title="On (→)">→</button>
<button type="button" data-do="substeps" aria-expanded="false">Substeps</button>
<button type="button" data-do="theme">Dark</button>
</div>
<div class="heard" role="status" aria-live="polite"></div>"""


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _licence() -> str:
    text = _asset("katex/LICENSE").decode().replace("--", "- -")
    return (
        f"{text}\nThe KaTeX fonts are under the SIL Open Font License 1.1, which each of them "
        "carries inside.\n"
    )


def _style(fonts: Sequence[str]) -> str:
    katex = re.sub(r"@font-face\{[^}]*\}", "", _asset("katex/katex.min.css").decode())
    return "\n".join([*map(_face, fonts), katex, _asset("page.css").decode()])


def _face(font: str) -> str:
    family, _, kind = font.partition("-")
    data = base64.b64encode(_asset(f"katex/fonts/KaTeX_{font}.woff2")).decode()
    weight = "700" if "Bold" in kind else "400"
    slant = "italic" if "Italic" in kind else "normal"
    return (
        f"@font-face{{font-family:KaTeX_{family};font-weight:{weight};font-style:{slant};"
        f"font-display:block;src:url(data:font/woff2;base64,{data}) format('woff2')}}"
    )


def _in_cell(body: str) -> str:
    style = _asset("cell.css").decode()
    return f'<div class="derivation-cell"><style>{style}</style>{body}</div>'
