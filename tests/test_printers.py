"""Whole documents: golden files, widths, hostile text, JSON, and documents that compile."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from derivation import api, printers
from derivation.document import DETAILS, changes, document
from derivation.errors import CertificateRefused
from derivation.language import read_problem
from derivation.printers.boxes import width_of
from derivation.problem import Definition
from derivation.steps import Checked, Outcome
from derivation.terms import (
    ONE,
    TWO,
    ZERO,
    add,
    element,
    index,
    mul,
    neg,
    partial,
    relation,
    size,
    sum_over,
    symbol,
)

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from outcomes import softmax_cross_entropy, stopped  # noqa: E402
from printed import CASES, printed, proved  # noqa: E402

FLAGSHIP = softmax_cross_entropy()
PROVED = proved()  # a certificate, and Coq, take the proof itself

HOSTILE = [
    r"50 % of a_b & c # d $ e < f > g \ h ~ ^ { } | ` ' \" /",
    r"\input{/etc/passwd} \end{document} $$ \[ %",
    "<script>alert(1)</script> &amp; ]]> -->",
    "\x1b[31mred\x1b[0m \x07 \x00 \u202e backwards \u2028 line",
    "two\nlines\ttab\r\n\\\\ \\newpage",
    "Bézout, Łukasiewicz, Gauß — naïve Σ ∂ ŷ 中文 🎲 ﷽",
    "[bold]markup[/bold] :smile: {x} {0}",
    "%" * 80 + "\\" * 7,
]


# -- golden files ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    path = HERE / "golden" / name
    assert printed(name) == path.read_text("utf-8"), "look, then tests/regenerate_golden.py"


# -- text and terminal ----------------------------------------------------------------------


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [40, 47, 60, 72, 80, 120])
def test_every_width(width: int, unicode: bool, detail: str) -> None:
    for outcome in (FLAGSHIP, stopped(FLAGSHIP, 5, "why " * 40)):
        text = printers.render([outcome], "text", detail=detail, width=width, unicode=unicode)
        assert text.endswith("\n") and not text.endswith("\n\n")
        assert unicode or text.isascii()
        for line in text.splitlines():
            assert line == line.rstrip()
            assert width_of(line) <= width, line


@pytest.mark.parametrize("detail", DETAILS)
def test_terminal_without_colour_is_the_text(detail: str) -> None:
    for width in (60, 80):
        options: dict[str, Any] = {"detail": detail, "width": width}
        text = printers.render([FLAGSHIP], "text", **options)
        assert printers.render([FLAGSHIP], "terminal", **options) == text


def test_colour_adds_codes_and_nothing_else() -> None:
    text = printers.render([FLAGSHIP], "text")
    colored = printers.render([FLAGSHIP], "terminal", color=True)
    assert "\x1b[" in colored
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert stripped == text
    for line in stripped.splitlines():
        assert line == line.rstrip()


def test_the_change_is_highlighted() -> None:
    colored = printers.render([FLAGSHIP], "terminal", color=True)
    (line,) = (s for s in colored.splitlines() if "− yⱼ" in s and "∂" not in s)
    assert re.search(r"\x1b\[1;35mŷⱼ\x1b\[0m − yⱼ", line)


def test_rich_console_prints_it() -> None:
    from rich.console import Console

    from derivation.printers.terminal import renderable

    out = StringIO()
    Console(file=out, width=60, force_terminal=False).print(renderable(FLAGSHIP))
    assert out.getvalue() == printers.render([FLAGSHIP], "text", width=60, unicode=True)


def test_outline_is_short() -> None:
    doc = document(FLAGSHIP, "outline")
    assert [e.number for e in doc.entries] == ["2", "3", "8", "9"]
    assert not any(e.substeps for e in doc.entries)
    assert doc.total == 9


def test_stopped_says_where_and_why() -> None:
    text = printers.render([stopped(FLAGSHIP, 7, "the sum could not be merged")], "text")
    assert "not derived: the sum could not be merged" in text
    assert "∎" not in text
    tail = text[text.index("not derived") :]
    assert "step 7" in tail and "∂L/∂zⱼ = −yⱼ + yⱼ ŷⱼ + ŷⱼ Σ_{i≠j} yᵢ" in tail


def test_the_closing_line_says_what_was_assumed() -> None:
    text = printers.render([FLAGSHIP], "text", width=100)
    tail = text[text.index("∎") :]
    assert "∂L/∂zⱼ = ŷⱼ − yⱼ" in tail
    assert "proved for every K ≥ 1 · 9 steps · confirmed at K = 1…4 (96 points)" in tail
    assert "using Σᵢ yᵢ = 1" in tail and "ŷᵢ > 0 for every i" in tail


def test_nothing_is_claimed_that_was_not_tried() -> None:
    outcome = replace(FLAGSHIP, checked=Checked((), 0, ("no admissible point at K = 1",)))
    text = printers.render([outcome], "text", detail="full")
    assert "confirmed" not in text and "not tried: no admissible point at K = 1" in text
    mixed = replace(FLAGSHIP, checked=Checked(({"K": 2, "N": 2}, {"K": 2, "N": 3}), 8))
    text = printers.render([mixed], "text")
    assert "confirmed at K = N = 2 and 1 mixed size (8 points)" in text


def test_conditions_and_introduced_names() -> None:
    i = index("i", size("K"))
    outcome = replace(
        FLAGSHIP,
        conditions=(relation("!=", element("y", i), ZERO), relation(">=", size("K"), TWO)),
        introduced=(Definition("g2", (i,), mul(TWO, element("y", i))),),
    )
    text = printers.render([outcome], "text")
    assert "where g2ᵢ = 2yᵢ" in text
    assert "provided yᵢ ≠ 0 for every i, K ≥ 2" in text
    latex = printers.render([outcome], "latex")
    assert r"g^{(2)}_i &= 2 y_i" in latex and r"$y_i \neq 0$ for every $i$" in latex


def test_a_condition_on_different_places_is_said_so() -> None:
    text = api.derive("L = max(x[i] for i in K)", wrt="x[j]").to_text()
    assert "provided xᵢ ≠ xⱼ for every i ≠ j" in text


def test_what_the_sizes_already_say_is_no_condition() -> None:
    text = api.derive("L = sum(x[n]**2 for n in N)", wrt="x[2]").to_text()
    assert "proved for every N ≥ 2" in text and "provided" not in text
    asked = replace(FLAGSHIP, conditions=(relation(">=", size("K"), TWO),))
    assert "provided K ≥ 2" in printers.render([asked], "text")


def test_several_gradients_are_told_apart() -> None:
    other = replace(FLAGSHIP, wrt=(element("b", index("k", size("K"))),))
    text = printers.render([FLAGSHIP, other], "text")
    assert "of a softmax, by zⱼ" in text and "of a softmax, by bₖ" in text
    assert text.count("∎") == 2


def test_a_title_is_made_where_there_is_none() -> None:
    i, j = (index(n, size("K")) for n in "ij")
    untitled = softmax_cross_entropy(title=None)
    first = printers.render([untitled], "text").splitlines()[0]
    assert first.startswith("Gradient of L by z  ")
    twice = replace(untitled, wrt=(element("z", i), element("z", j)))
    assert printers.render([twice], "text").startswith("Hessian of L by z  ")
    array = replace(untitled, objective=element("p", i))
    assert printers.render([array], "text").startswith("Jacobian of p by z  ")


def test_sizes_of_the_problem() -> None:
    bound = relation(">=", size("N"), TWO)
    problem = replace(FLAGSHIP.problem, sizes=("N", "K"), givens=(bound,))
    text = printers.render([replace(FLAGSHIP, problem=problem)], "text")
    assert "any K ≥ 1, N ≥ 2" in text.splitlines()[0]
    none = api.derive("L = x**2; wrt x").to_text()
    assert "any" not in none.splitlines()[0] and "proved · " in none


def test_a_chain_says_its_left_side_again_after_a_lemma() -> None:
    formulas = {e.number: e.formula for e in document(FLAGSHIP).entries}
    assert formulas["3"].left is not None
    assert formulas["5"].left == formulas["3"].left  # lemma 4 stands between
    assert formulas["6"].left is formulas["9"].left is None


def test_changes() -> None:
    a, b, c, d = map(symbol, "abcd")
    assert changes(add(a, b), add(a, b)) == ((), ())
    assert changes(add(a, mul(b, c)), add(a, mul(b, d))) == (((1, 1),), ((1, 1),))
    assert changes(add(a, neg(b)), add(a, neg(c))) == (((1, 1),), ((1, 1),))
    assert changes(add(a, b), mul(a, b)) == (((),), ((),))
    assert changes(add(a, b, c), add(a, c)) == (((1,),), ())
    i, j = (index(n, size("K")) for n in "ij")
    x, y = element("x", i), element("y", i)
    assert changes(sum_over(x, i), sum_over(mul(x, y), i)) == (((0,),), ((0,),))
    assert changes(sum_over(x, i), sum_over(element("x", j), j)) == ((), ())


def test_a_direct_part_is_marked_where_it_would_be_confused() -> None:
    outcome = softmax_cross_entropy()
    first = outcome.steps[2]
    loss, z = outcome.objective, outcome.wrt[0]
    with_direct = replace(first, after=add(partial(loss, z), first.after))
    outcome = replace(outcome, steps=(with_direct,), result=None, reason="an example")
    assert document(outcome).direct == {partial(loss, z)}
    assert "= ∂⁺L/∂zⱼ + Σᵢ ∂L/∂ŷᵢ" in printers.render([outcome], "text")


@pytest.mark.parametrize("bad", [{"format": "pdf"}, {"format": "text", "detail": "more"}])
def test_unknown_options_are_refused(bad: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="one of"):
        printers.render([FLAGSHIP], **bad)  # type: ignore[arg-type]


# -- hostile text ---------------------------------------------------------------------------


def hostile(text: str, outcome: Outcome = FLAGSHIP) -> Outcome:
    problem = replace(outcome.problem, title=text, name=text, text=text)
    step = replace(outcome.steps[0], title=(text,), why=(text,))
    return replace(outcome, problem=problem, steps=(step, *outcome.steps[1:]))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("unicode", [True, False])
def test_hostile_text_on_a_screen(text: str, unicode: bool) -> None:
    out = printers.render([hostile(text)], "text", unicode=unicode)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]", out)
    assert unicode or out.isascii()
    assert printers.render([hostile(text)], "terminal", unicode=unicode) == out


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_json(text: str) -> None:
    data = json.loads(printers.render([hostile(text, PROVED)], "json"))
    assert data["problem"] == {"name": text, "title": text, "program": text}


@pytest.mark.parametrize("name", ["a_b_", "_", "__", "x__y", "hat", "Zbar2", "barbar", "W1_out"])
def test_odd_names_in_latex(name: str) -> None:
    from derivation.printers.formula import LatexDrawing

    made = LatexDrawing().inline(element(name, index("i", size("K"))))
    assert made.count("{") == made.count("}")
    assert not re.search(r"(?<!\\)_[^{\\]*(?<!\\)_", re.sub(r"\{[^{}]*\}", "", made))


needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not here")


def compiles(source: str, folder: Path) -> str:
    (folder / "x.tex").write_text(source, "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "x"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    log = ran.stdout.decode("utf-8", "replace")
    assert ran.returncode == 0, log[-3000:]
    return log


@needs_tex
@pytest.mark.parametrize("detail", DETAILS)
def test_the_document_compiles(detail: str, tmp_path: Path) -> None:
    source = printers.render([FLAGSHIP], "latex", standalone=True, detail=detail)
    assert "Overfull" not in compiles(source, tmp_path)


@needs_tex
def test_fragments_compile_in_a_bare_document(tmp_path: Path) -> None:
    parts = [printers.render([FLAGSHIP, FLAGSHIP], "latex", detail="full")]
    parts += [printers.render([stopped(FLAGSHIP, 4, HOSTILE[0])], "latex")]
    body = "\n".join(parts)
    compiles(
        f"\\documentclass{{article}}\\usepackage{{amsmath}}\\begin{{document}}{body}\\end{{document}}",
        tmp_path,
    )


@needs_tex
def test_hostile_text_compiles(tmp_path: Path) -> None:
    source = printers.render([hostile(text[:60]) for text in HOSTILE], "latex", standalone=True)
    assert source.isascii()
    compiles(source, tmp_path)


# -- every problem of the library: how it is set, whatever the engine makes of it -----------------

LIBRARY = sorted((HERE.parent / "derivation" / "library").glob("*.deriv"))


def asked(path: Path) -> Outcome:
    problem = read_problem(path.read_text("utf-8"))
    title = "a title of the usual length for a problem"
    return Outcome(
        replace(problem, title=title),
        problem.objective,
        problem.wrt[0],
        "delta",
        None,
        "only asked",
        given=problem.givens,
    )


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: p.stem)
def test_library_problems_fit(path: Path) -> None:
    for width in (40, 60, 80):
        for unicode in (True, False):
            text = printers.render([asked(path)], "text", width=width, unicode=unicode)
            assert unicode or text.isascii()
            assert all(width_of(line) <= width for line in text.splitlines())


@needs_tex
def test_library_problems_compile(tmp_path: Path) -> None:
    source = printers.render([asked(path) for path in LIBRARY], "latex", standalone=True)
    assert "Overfull" not in compiles(source, tmp_path)


# -- JSON -----------------------------------------------------------------------------------


def test_json_is_the_contract() -> None:
    data = json.loads(printers.render([PROVED], "json", detail="outline"))
    assert list(data) == [
        *("schema", "status", "reason", "problem", "objective", "wrt", "style", "result"),
        *("result_latex", "matrix_form", "introduced", "letters", "given", "conditions", "domain"),
        *("core", "steps", "checked"),
    ]
    assert data["schema"] == "derivation/2" and data["status"] == "derived"
    assert data["result_latex"] == r"\hat{y}_j - y_j"
    assert [s["number"] for s in data["steps"]] == [*"123456789"]
    assert [s["number"] for s in data["steps"][0]["substeps"]] == ["1.1", "1.2", "1.3"]
    for step in data["steps"]:
        assert list(step) == [
            *("number", "kind", "title", "rule", "law", "why", "before", "after"),
            *(key for key in ("letters", "variables", "assumes") if key in step),
            *("uses", "conditions", "moves", "substeps"),
        ]
    chain = [s for s in data["steps"] if s["kind"] == "chain"]
    assert all(a["after"] == b["before"] for a, b in pairwise(chain))
    assert chain[-1]["after"] == data["result"]
    assert data["checked"]["sizes"] == [{"K": n} for n in range(1, 5)]


def test_json_is_the_certificate_that_was_checked() -> None:
    data = json.loads(printers.render([PROVED], "json"))
    data |= dict.fromkeys(("result_latex", "matrix_form"))  # for people
    assert data == json.loads(json.dumps(PROVED.certificate.data))


def test_json_of_what_the_checker_refuses_is_not_written() -> None:
    false = replace(PROVED, result=neg(PROVED.result))
    with pytest.raises(CertificateRefused, match="the result"):
        printers.render([false], "json")


def test_json_survives_half_a_surrogate_pair() -> None:
    text = printers.render([hostile("half \ud83d", PROVED)], "json")
    assert json.loads(text.encode())["problem"]["title"] == "half \ud83d"


def test_json_of_several_is_a_set() -> None:
    data = json.loads(printers.render([PROVED, PROVED], "json"))
    assert data["schema"] == "derivation-set/2" and len(data["derivations"]) == 2


def test_json_of_a_stopped_derivation() -> None:
    data = json.loads(printers.render([stopped(PROVED, 3, "no")], "json"))
    assert data["status"] == "not-derived" and data["reason"] == "no"
    assert data["result"] is None and data["result_latex"] is None


# -- the registry ---------------------------------------------------------------------------


@pytest.mark.parametrize("format", printers.FORMATS)
def test_every_format_is_a_module(format: str) -> None:
    about = printers.FORMATS[format]
    assert (HERE.parent / "derivation" / "printers" / f"{about.module}.py").exists()
    assert about.description
    assert printers.render([PROVED], format).endswith("\n")
    for ending in about.endings:
        assert printers.format_for(f"some.where/x{ending}") == format


def test_rich_is_loaded_by_the_terminal_only() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests');"
        "from outcomes import softmax_cross_entropy; from derivation import printers;"
        "[printers.render([softmax_cross_entropy()], f) for f in ('text', 'latex')];"
        "assert not any(m.split('.')[0] == 'rich' for m in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=HERE.parent, check=True, timeout=60)


def test_scalar_letters() -> None:
    same = softmax_cross_entropy(p="q")
    text = printers.render([same], "text")
    assert "= qⱼ − yⱼ" in text and "ŷ" not in text
    assert ONE == 1
