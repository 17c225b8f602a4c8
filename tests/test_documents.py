"""Documents to keep: LaTeX, slides, Markdown, HTML, SVG, notebooks; any notation, any text."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from derivation import api, library, printers
from derivation.commands import typesetting
from derivation.errors import InputError
from derivation.printers import custom, jupyter
from derivation.printers.formula import LatexDrawing
from derivation.printers.markdown import escape, quiet
from derivation.steps import Outcome
from derivation.terms import element, if_else, index, relation, size

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from formulas import formulas  # noqa: E402
from outcomes import softmax_cross_entropy, stopped  # noqa: E402
from printed import proved  # noqa: E402
from test_printers import HOSTILE, compiles, hostile, needs_tex  # noqa: E402

FLAGSHIP = softmax_cross_entropy()
WEB = HERE.parent / "derivation" / "printers" / "web"
DETAILS = ("outline", "normal", "full")
NAMES = [
    *HOSTILE,
    "$$x$$ `code` _a_ *b* [l](u) ![i](u) @you #1 | ~ {role}`x`",
    "</title><b>",
    "-- -->",
]


@pytest.fixture(scope="session")
def derived() -> dict[str, list[Outcome]]:
    """Every problem of the library, derived."""
    return {n: list(api.outcomes(api.read(library.load(n)))) for n in library.names()}


# -- every formula in KaTeX -----------------------------------------------------------------

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not here")


def refused(found: list[tuple[str, str, bool]]) -> list[Any]:
    """What KaTeX in strict mode does not take, of formulas with their places."""
    unique = {(tex, display): where for where, tex, display in found}
    asked = [[where, tex, display] for (tex, display), where in unique.items()]
    ran = subprocess.run(
        ["node", str(HERE / "katex_check.cjs"), str(WEB / "katex" / "katex.min.js")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=600,
    )
    answer = json.loads(ran.stdout)
    assert answer["rendered"] + len(answer["wrong"]) == len(asked)
    wrong: list[Any] = answer["wrong"]
    return wrong


@needs_node
def test_every_formula_of_the_library_in_katex(derived: dict[str, list[Outcome]]) -> None:
    found: list[tuple[str, str, bool]] = []
    for name, outcomes in derived.items():
        for format in ("latex", "beamer", "markdown", "html", "json"):
            details = ("outline", "normal") if format != "json" else ("full",)
            for detail in (*details, *(("full",) if format in ("latex", "markdown") else ())):
                text = printers.render(outcomes, format, detail=detail)
                here = list(formulas(format, text))
                assert here, f"no formula found in {name} as {format}"
                found += [(f"{name}: {format}, {detail}", *formula) for formula in here]
        for outcome in outcomes:
            found.append((f"{name}: notebook", jupyter.latex(outcome).strip("$"), True))
    assert len(found) > 10_000
    assert not refused(found)


@needs_node
def test_notation_in_katex() -> None:
    wishes = [r"yhat = \mathbf{p}^{(t)}", r"y = \boldsymbol{y}_\theta", "z = z'", "ln", "no-bounds"]
    found: list[tuple[str, str, bool]] = []
    for format in ("latex", "beamer", "markdown", "html"):
        text = printers.render([FLAGSHIP], format, notation=wishes)
        found += [(format, *formula) for formula in formulas(format, text)]
    assert not refused(found)
    commands = [*custom.FONTS, *custom.ACCENTS]
    assert not refused([(c, rf"\{c}{{p}}_j", False) for c in commands])
    assert not refused([(c, rf"\{c}_j", False) for c in custom.LETTERS])


@needs_node
def test_a_broken_formula_is_refused() -> None:
    assert (
        len(refused([("a", r"\frac{a", True), ("b", r"\nonsense", False), ("c", "x", True)])) == 2
    )


def test_katex_is_as_its_makers_published_it() -> None:
    """Whole, with the licence; the check against the registry is part of CI."""
    script = (WEB / "katex" / "katex.min.js").read_text("utf-8")
    assert re.search(r'version:"\d+\.\d+\.\d+"', script) and "</script" not in script
    assert "MIT License" in (WEB / "katex" / "LICENSE").read_text("utf-8")


# -- the reader's notation --------------------------------------------------------------------


def test_notation_on_the_command_line_and_in_the_file() -> None:
    text = "# notation: yhat = \\mathbf{p}\n# notation: ln\n" + FLAGSHIP.problem.text
    outcome = replace(FLAGSHIP, problem=replace(FLAGSHIP.problem, text=text))
    latex = printers.render([outcome], "latex")
    assert r"\mathbf{p}_j - y_j" in latex and r"\hat{y}" not in latex
    assert r"\ln \mathbf{p}_i" in latex and r"\log" not in latex
    latex = printers.render([outcome], "latex", notation=["yhat = q", "log", "no-bounds"])
    assert "q_j - y_j" in latex and r"\log q_i" in latex
    assert r"\sum_{i=1}^{K}" not in latex and r"\sum_i" in latex
    page = printers.render([outcome], "html")
    assert '<mi mathvariant="normal">𝐩</mi>' in page and "<mi>ln</mi>" in page
    proof = proved()
    proof = replace(proof, problem=replace(proof.problem, text=text))
    # the certificate is not a matter of taste
    assert json.loads(printers.render([proof], "json"))["result_latex"] == r"\hat{y}_j - y_j"


def test_only_what_was_asked_is_bold() -> None:
    for format in ("latex", "beamer", "markdown"):
        text = printers.render([FLAGSHIP], format)
        assert "boldsymbol" not in text and "mathbf" not in text


@pytest.mark.parametrize(
    "bad",
    [
        r"yhat = \input{x}", r"yhat = \write18{ls}", "yhat = $x$", "yhat = a & b", "yhat = {a",
        "yhat = a}", "yhat = a^b^c", r"yhat = \href{u}{x}", r"yhat = \hat", "yhat =", "yhat = a#1",
        r"yhat = \mathbf", "yhat = x%", "yhat = a_", "yhat = <b>", "yhat = " + "x" * 300, "bold",
        "y hat = x", r"yhat = \csname x\endcsname", "yhat = " + "{" * 50 + "}" * 50,
    ],
)  # fmt: skip
def test_notation_that_is_refused(bad: str) -> None:
    with pytest.raises(InputError, match="notation"):
        custom.read([bad])


@pytest.mark.parametrize(
    ("wish", "tex"),
    [
        (r"\mathbf{p}", r"\mathbf{p}"), (r"\mathbf p", r"\mathbf{p}"), ("q'", "{q'}"),
        (r"p_\theta", r"{p_{\theta}}"), (r"\hat\mu", r"\hat{\mu}"),
        (r"\alpha\beta", r"{\alpha\beta}"), (r"\alpha b", r"{\alpha b}"),
        (r"\bar{W}^{[1]}_{ij}", r"{\bar{W}_{ij}^{[1]}}"),
    ],
)  # fmt: skip
def test_notation_that_is_taken(wish: str, tex: str) -> None:
    assert custom.read([f"p = {wish}"]).tex("p") == tex


def test_names_that_the_problem_does_not_have() -> None:
    asked = custom.read(["yhatt = q", "z = x"])
    (said,) = custom.strangers(asked, FLAGSHIP.problem)
    assert "`yhatt`" in said and "did you mean `yhat`?" in said


# -- lines ----------------------------------------------------------------------------------


def test_a_narrow_column_breaks_lines(derived: dict[str, list[Outcome]]) -> None:
    wide, narrow = (
        printers.render(derived["batchnorm"], "latex", width=width) for width in (80, 40)
    )
    assert narrow.count(r"&\quad") > wide.count(r"&\quad")


def test_a_left_side_with_cases_is_aligned_at_its_own_sign() -> None:
    i, j = (index(n, size("K")) for n in "ij")
    case = if_else(relation("==", i, j), element("a", i), element("b", j))
    made = LatexDrawing().equation(case, "==", element("c", i))
    assert made.alone() == rf"{made.left} = c_i" and " & " in made.left
    assert made.rows() == [f"{made.left} &= c_i"]
    greyed = printers.render([replace(FLAGSHIP, steps=FLAGSHIP.steps[:2])], "beamer")
    assert greyed.count(r"\begin{cases}") >= 1


@needs_tex
def test_every_derivation_of_the_library_compiles(
    derived: dict[str, list[Outcome]], tmp_path: Path
) -> None:
    source = printers.render(
        [o for found in derived.values() for o in found], "latex", standalone=True
    )
    log = compiles(source, tmp_path)
    assert log.count("Overfull") <= 2  # (nearly) every line was broken in time


has_beamer = (
    shutil.which("kpsewhich")
    and not subprocess.run(
        ["kpsewhich", "beamer.cls", "pgfmath.sty"], capture_output=True, check=False
    ).returncode
)
needs_beamer = pytest.mark.skipif(not has_beamer, reason="beamer is not here")


@needs_tex
@needs_beamer
@pytest.mark.parametrize("detail", DETAILS)
def test_slides_compile(detail: str, tmp_path: Path) -> None:
    outcomes = [FLAGSHIP, stopped(FLAGSHIP, 5, "50 % of a_b"), hostile(HOSTILE[0][:60])]
    log = compiles(printers.render(outcomes, "beamer", detail=detail), tmp_path)
    assert "Overfull" not in log


def test_a_slide_a_step() -> None:
    text = printers.render([FLAGSHIP], "beamer")
    titles = re.findall(r"\\frametitle\{(\d)\\enspace", text)
    assert list(dict.fromkeys(titles)) == list("123456789")
    (merged,) = (f for f in text.split(r"\begin{frame}") if "Merge the last two terms" in f)
    assert merged.count(r"\color{before}") == 2 and merged.count(r"\derivchange") >= 2


@needs_tex
def test_a_pdf(tmp_path: Path) -> None:
    source = printers.render([FLAGSHIP], "latex", standalone=True)
    assert typesetting.pdf(source, "pdflatex").startswith(b"%PDF")
    with pytest.raises(InputError, match="failed"):
        typesetting.pdf(
            r"\documentclass{article}\begin{document}\nonsense\end{document}", "pdflatex"
        )


def test_without_tex_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="apt install texlive"):
        typesetting.engine()


def test_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from derivation.__main__ import main

    assert main(["formats"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in printers.FORMATS) and ".pdf" in listed
    files = [tmp_path / f"proof.{e}" for e in ("html", "md", "svg", "tex", "json", "txt")]
    asked = [word for file in files for word in ("-o", str(file))]
    assert main(["export", "softmax-jacobian", *asked, "--notation", r"p=\mathbf{s}", "--ln"]) == 0
    assert all(file.read_text("utf-8").strip() for file in files)
    assert r"\mathbf{s}" in files[3].read_text("utf-8")
    capsys.readouterr()
    assert main(["export", "softmax-jacobian"]) == 2
    assert "-o proof.pdf" in capsys.readouterr().err
    assert main(["derive", "--notation", r"yhat=\input{x}"]) == 2
    assert main(["derive", "softmax-jacobian", "--notation", "pp=q"]) == 0
    assert "did you mean `p`?" in capsys.readouterr().err
    monkeypatch.setenv("PATH", "")
    assert main(["export", "-o", str(tmp_path / "x.pdf")]) == 2
    assert "apt install texlive" in capsys.readouterr().err
    assert main(["export", "--format", "svg", "-o", str(tmp_path / "x.pdf")]) == 2


# -- Markdown ---------------------------------------------------------------------------------


def test_markdown_keeps_its_mathematics() -> None:
    """What CommonMark makes of it still holds every formula as it was written."""
    reader = pytest.importorskip("markdown_it").MarkdownIt("commonmark")
    for detail in DETAILS:
        text = printers.render([FLAGSHIP, stopped(FLAGSHIP, 5, "no")], "markdown", detail=detail)
        shown = html.unescape(re.sub(r"</?(p|h\d|em|strong)>", "", reader.render(text)))
        for tex, _ in formulas("markdown", text):
            assert tex in shown


@pytest.mark.parametrize("text", NAMES)
def test_hostile_text_in_markdown(text: str) -> None:
    reader = pytest.importorskip("markdown_it").MarkdownIt("commonmark")
    made = printers.render([hostile(text)], "markdown")
    title = made.splitlines()[0]
    assert title.startswith("# ")
    shown = reader.render(title)
    assert re.fullmatch(r"<h1>[^<>]*</h1>\n", shown), shown
    assert "$" not in title and "<" not in title and "@" not in title
    for tag in set(re.findall(r"<(/?\w+)", reader.render(made))):
        assert tag.strip("/") in {"h1", "h2", "h3", "p", "em", "strong", "pre", "code"}, tag


def test_quiet_and_escape() -> None:
    assert escape("see https://a.b or www.a.b") == "see h&#116;tps://a.b or w&#119;w.a.b"
    assert (
        "\\\\" not in quiet(r"a \\ b")
        and quiet(r"\left\{x\right\}") == r"\left\lbrace x\right\rbrace"
    )


# -- HTML -------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Whether tags close in order, and what there is of some kinds."""

    VOID = frozenset(("meta", "link", "br"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> in {self.open[-3:]}"
        self.open.pop()


def parsed(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


def test_the_page_is_small_and_closed() -> None:
    page = printers.render([FLAGSHIP], "html")
    assert len(page.encode()) < 700_000
    assert "MIT License" in page and "SIL Open Font License" in page
    body = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.S)
    addresses = re.findall(r"(?:src|href|action)=\"([^\"]*)\"", body)
    assert all(a.startswith("#") or a == "data:," for a in addresses)
    assert "url(http" not in page and "@import" not in page and "url(fonts" not in page
    reader = parsed(page)
    ids = [attrs["id"] for _, attrs in reader.seen if "id" in attrs]
    assert len(ids) == len(set(ids)) and {"title", "step-2", "step-2.1", "result"} <= set(ids)
    assert all(f"#{n}" in addresses for n in ("setting", "step-9", "result"))


def test_every_page_of_the_library_is_small(derived: dict[str, list[Outcome]]) -> None:
    for name, outcomes in derived.items():
        page = printers.render(outcomes, "html", detail="full")
        assert len(page.encode()) < 700_000, name
        parsed(page)


@pytest.mark.parametrize("text", NAMES)
def test_hostile_text_in_a_page(text: str) -> None:
    plain, page = (printers.render([o], "html") for o in (hostile("x"), hostile(text)))
    tags = [[tag for tag, _ in parsed(p).seen] for p in (plain, page)]
    assert tags[0] == tags[1]
    policy = 'http-equiv="Content-Security-Policy" content="'
    assert page.split(policy)[1].split('"')[0] == plain.split(policy)[1].split('"')[0]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028]", page)


@pytest.mark.parametrize("text", NAMES)
def test_hostile_text_in_a_notebook(text: str) -> None:
    cell = jupyter.html(hostile(text))
    assert [t for t, _ in parsed(cell).seen] == [
        t for t, _ in parsed(jupyter.html(hostile("x"))).seen
    ]
    assert "<script" not in cell


@pytest.mark.parametrize("name", ["a_b_", "_", "x__y", "hat", "Zbar2", "W1_out", "lam", "sig"])
def test_odd_names_in_mathml(name: str) -> None:
    from derivation.printers.mathml import MathmlDrawing

    made = MathmlDrawing().inline(element(name, index("i", size("K"))))
    ElementTree.fromstring(made)


def test_mathml_is_well_formed(derived: dict[str, list[Outcome]]) -> None:
    for outcomes in derived.values():
        for outcome in outcomes:
            for made in re.findall(r"<math.*?</math>", jupyter.html(outcome)):
                tree = ElementTree.fromstring(made)
                for node in tree.iter():
                    if node.tag in ("mfrac", "msub", "msup", "mover", "munder"):
                        assert len(node) == 2, made
                    if node.tag in ("msubsup", "munderover"):
                        assert len(node) == 3, made


# -- SVG --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Softmax", *NAMES])
def test_hostile_text_in_a_picture(text: str) -> None:
    picture = printers.render([hostile(text)], "svg")
    tree = ElementTree.fromstring(picture)
    assert {node.tag.split("}")[1] for node in tree.iter()} <= {
        *("svg", "style", "defs", "clipPath", "rect", "g", "text", "circle", "tspan"),
    }
    assert not re.search(
        r"https?://(?!www\.w3\.org/2000/svg)", picture.replace(html.escape(text), "")
    )


# -- notebooks --------------------------------------------------------------------------------

NOTEBOOKS = sorted((HERE.parent / "examples").glob("*.ipynb"))


def test_a_step_shows_itself_alone() -> None:
    d = api.Derivation(FLAGSHIP)
    assert d.steps[5].number == "6" and d.steps[5].title == FLAGSHIP.steps[5].title
    step: Any = d.steps[5]
    assert "\\frac{\\partial L}{\\partial z_j}" in step._repr_latex_()  # the left side is there
    assert "apart from the rest" in step._repr_html_() and "Chain rule" not in step._repr_html_()
    inner: Any = d.steps[1].substeps[1]
    assert "2.2" in inner._repr_html_() and inner._repr_latex_().startswith("$$")


def cells(path: Path) -> Iterator[str]:
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        assert not cell.get("outputs"), f"{path.name}: outputs are not kept"
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs(path: Path) -> None:
    """Cell by cell as a notebook does, where nbclient is not installed too."""
    import ast

    names: dict[str, Any] = {}
    shown = 0
    for source in cells(path):
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, path.name, "exec"), names)  # noqa: S102
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), path.name, "eval"), names)  # noqa: S307
            if hasattr(value, "_repr_html_"):
                parsed(value._repr_html_())
                shown += 1
    assert shown >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_in_jupyter(path: Path) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    book = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    shown = [o.data for cell in book.cells for o in cell.get("outputs", []) if "data" in o]
    both = [data for data in shown if "text/html" in data and "text/latex" in data]
    assert len(both) >= 3 and all("text/plain" in data for data in both)
