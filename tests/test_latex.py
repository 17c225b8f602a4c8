"""LaTeX documents: what is read of them, what is honestly not, and in bounded time.

`data/documents` holds derivations in the styles that people write; `data/documents.json` says how
each statement of them is read (`python tests/test_latex.py` writes it anew, for a person to
compare).
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from derivation.__main__ import main
from derivation.errors import InputError
from derivation.language import read_problem
from derivation.language.latex import Reading, read_document

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "examples" / "softmax-cross-entropy.md"
DOCUMENTS = sorted((HERE / "data" / "documents").iterdir())
GOLDEN = HERE / "data" / "documents.json"


def read(text: str, **options: object) -> Reading:
    return read_document(text, **options)  # type: ignore[arg-type]


def claims(text: str) -> list[str | None]:
    return [s.read_as for s in read(text).claims]


def summary(path: Path) -> dict[str, object]:
    reading = read_document(path.read_text(encoding="utf-8"), filename=path.name)
    return {
        "displays": list(reading.displays),
        "program": reading.program.splitlines(),
        "claims": [f"{s.line}: {s.read_as}" for s in reading.claims],
        "unread": [f"{s.line}: {s.reason}" for s in reading.unread],
        "guesses": [g.statement for g in reading.guesses],
    }


# -- whole documents ------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_a_document_is_read_as_before(path: Path) -> None:
    assert summary(path) == json.loads(GOLDEN.read_text(encoding="utf-8"))[path.name]


@pytest.mark.parametrize("path", [*DOCUMENTS, EXAMPLE], ids=lambda p: p.name)
def test_what_is_read_is_a_program(path: Path) -> None:
    reading = read_document(path.read_text(encoding="utf-8"))
    problem = read_problem(reading.problem_text(), need_wrt=False)
    assert len(problem.lines) == len(reading.claims)
    assert len(set(reading.names.values())) == len(reading.names)


def test_there_are_many_documents_and_most_displays_are_read() -> None:
    counts = [read_document(p.read_text(encoding="utf-8")).displays for p in DOCUMENTS]
    assert len(counts) >= 40
    assert sum(whole for _, whole in counts) >= 0.85 * sum(all_ for all_, _ in counts)


def test_the_usual_lecture_is_read_whole() -> None:
    reading = read_document(EXAMPLE.read_text(encoding="utf-8"))
    assert reading.displays == (8, 8)
    assert reading.unread == () and reading.guesses == ()
    assert reading.program.splitlines() == [
        "yhat[i] = exp(z[i])/sum(exp(z[k]) for k in K)",
        "L = -sum(y[i]*log(yhat[i]) for i in K)",
        "given sum(y[i] for i in K) == 1",
        "wrt z[j]",
    ]
    assert "diff(log(x, a), x) == 1/(x*log(a))" in [s.read_as for s in reading.claims]
    assert reading.claims[-1].right == "yhat[j] - y[j]" and reading.claims[-1].chain


# -- traps ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{\partial}{\partial x}(a)b = 0", None),
        (r"\frac{d}{dx}(x^2)x = 2x^2", "diff(x**2, x)*x == 2*x**2"),
        (r"\frac{d}{dx} \log_a x = \frac{1}{x\ln a}", "diff(log(x, a), x) == 1/(x*log(a))"),
        (r"x \cdot \alpha(1-p)^2 = \frac12", "x*alpha*(1 - p)**2 == 1/2"),
        (r"dx^2/dx = 2x", "diff(x**2, x) == 2*x"),
        (r"\left|a-b\right| + a = \max(a,b)", "abs(a - b) + a == max(a, b)"),
        (r"2\sinh x = e^{x} - e^{-x}", "2*sinh(x) == exp(x) - exp(-x)"),
        (r"\sqrt[3]{x}\,y = y x^{1/3}", "x**(1/3)*y == y*x**(1/3)"),
    ],
)
def test_a_formula_alone(latex: str, expected: str | None) -> None:
    found = claims(f"$${latex}$$")
    assert found == ([] if expected is None else [expected])


def test_a_sum_reaches_over_the_product_and_ends_at_a_plus() -> None:
    reading = read(r"$$L = \sum_{i=1}^N a_i b_i + c$$")
    assert reading.program == "L = sum(a[i]*b[i] for i in N) + c"


def test_a_bound_letter_that_hides_a_free_one_is_said() -> None:
    text = (
        r"$$L = \sum_{j=1}^N x_j^2$$"
        r"$$\frac{\partial L}{\partial x_j} = 2x_j + 0\sum_{j=1}^N x_j$$"
    )
    (claim,) = read(text).claims
    assert any("hides" in note for note in claim.notes)


def test_the_limits_stand_in_either_order() -> None:
    one, two = (read(f"$$L = \\sum{limits} x_i$$") for limits in ("_{i=1}^N", "^N_{i=1}"))
    assert one.program == two.program == "L = sum(x[i] for i in N)"


def test_pi_is_a_number_and_with_an_index_a_weight() -> None:
    reading = read(r"$$L = \sum_{k=1}^K \pi_k \sqrt{2\pi}$$")
    assert reading.program == "L = sum(pi[k]*sqrt(2*pi) for k in K)"
    assert any("3.14" in a for a in reading.assumed)


def test_gates_keep_their_names_apart() -> None:
    reading = read(r"$$a = W_f x$$ $$b = W_o x$$")
    assert reading.program.splitlines() == ["a = W_f*x", "b = W_o*x"]


def test_the_condition_may_stand_in_the_sentence_or_after_the_formula() -> None:
    softmax = r"$$p_i = \frac{e^{z_i}}{\sum_{k=1}^K e^{z_k}}$$"
    in_prose = claims(softmax + r" If $i \neq j$: $$\frac{\partial p_i}{\partial z_j} = -p_i p_j$$")
    after = claims(softmax + r"$$\frac{\partial p_i}{\partial z_j} = -p_i p_j, \quad i \ne j$$")
    assert in_prose == after == ["partial(p[i], z[j]) == -p[i]*p[j] if i != j"]


def test_a_document_that_leaves_the_softmax_to_the_words_gets_an_offer_not_a_guess() -> None:
    text = (HERE / "data" / "documents" / "words-only.md").read_text(encoding="utf-8")
    reading = read(text)
    assert reading.claims == () and "softmax" not in reading.program
    (guess,) = reading.guesses
    confirmed = read(text, assume=[guess.statement])
    assert [s.read_as for s in confirmed.claims] == ["diff(L, z[j]) == yhat[j] - y[j]"]
    assert read_problem(confirmed.program).objective.name == "L"


def test_a_claim_about_a_name_whose_definition_is_not_read_is_not_read() -> None:
    reading = read(r"$$p = \int f$$ $$L = p^2$$ $$\frac{dL}{dx} = 2p$$")
    assert reading.claims == ()
    assert [s.line for s in reading.unread] == [1, 1]


def test_direct_and_total_derivatives_are_both_offered() -> None:
    text = r"$$e = wx - y$$ $$f = e^2 w$$ $$g = f + 1$$ $$\frac{\partial f}{\partial w} = e^2$$"
    found = read(text.replace("e ", "r ").replace("e^2", "r^2")).claims
    assert [s.read_as for s in found] == ["partial(f, w) == r**2"]
    assert [a.read_as for a in found[0].alternatives] == ["diff(f, w) == r**2"]


def test_a_problem_alongside_settles_names_and_ranges() -> None:
    problem = read_problem("p[i] = exp(z[i])/sum(exp(z[k]) for k in C); wrt z[j]")
    text = r"$$\frac{\partial p_i}{\partial z_j} = p_i(\delta_{ij} - p_j)$$"
    reading = read(text, problem=problem)
    expected = "partial(p[i], z[j]) == p[i]*(delta(i, j) - p[j])"
    assert [s.read_as for s in reading.claims] == [expected]
    assert reading.program == problem.text


def test_what_is_not_read_has_its_place() -> None:
    reading = read("Text.\n\n$$\nx = \\int y\n$$\n\n$$y = 2z$$")
    (unread,) = reading.unread
    assert (unread.line, unread.column) == (4, 4) and "integral" in str(unread.reason)
    assert reading.program == "y = 2*z"


# -- hostile input ----------------------------------------------------------------------------

HOSTILE = {
    "braces": "$$y = " + "{" * 5000 + "$$",
    "fractions": "$$y = " + r"\frac{1}{" * 2000 + "x" + "}" * 2000 + "$$",
    "calls": "$$y = " + "x(" * 50 + "$$",
    "comparisons": "$$y = " + "[" * 50 + "a=b" + "]" * 50 + "$$",
    "a macro of itself": "\\newcommand{\\a}{\\a x}$$y = \\a$$",
    "a macro bomb": "".join(
        f"\\newcommand{{\\{c}}}{{\\{d}\\{d}}}"
        for c, d in zip("abcdefghijklmnopqrst", "bcdefghijklmnopqrstu", strict=True)
    )
    + "$$\\a$$",
    "never closed": "\\begin{align}" * 500,
    "dollars": "$ " * 3000,
    "bars": "$$y = " + "|" * 3000 + "$$",
    "sums": "$$y = " + "\\sum_i " * 500 + "x_i$$",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_input_is_refused_in_its_place_and_soon(text: str) -> None:
    begin = time.perf_counter()
    try:
        reading = read(text)
    except InputError:
        pass
    else:
        assert not reading.claims
        assert all(s.reason for s in reading.unread)
    assert time.perf_counter() - begin < 10


BITS = [
    "{", "}", "\\frac", "^", "_", "$", "$$", "\\begin{align}", "\\end{align}", "\\\\", "&", "|",
    "\\sum_", "\\left(", "=", "\\partial", "d", "/", "\\text{", "\\begin{cases}", "'", "\\hat", "i",
    "12", "(", ")", "[", "]", "\\log", "\\nabla_", "\\mathbb{1}", "^T", "\\|", ",", "\\quad", "½",
    "\0", "%", "#1", "e^", "\\prod_{i<j}", "\\le", "\\ne",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_damaged_documents_are_read_without_a_crash(seed: int) -> None:
    r = random.Random(seed)
    text = r.choice(DOCUMENTS).read_text(encoding="utf-8")
    for _ in range(r.choice([1, 3, 12])):
        at = r.randrange(len(text) + 1)
        text = text[:at] + r.choice(BITS) + text[at + r.choice([0, 0, 1, 8]) :]
    reading = read(text)
    if reading.program or reading.claims:
        read_problem(reading.problem_text(), need_wrt=False)


# -- the command line ---------------------------------------------------------------------------


def test_derive_reads_a_document_and_saves_the_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "lecture.deriv"
    status = main(("derive", str(EXAMPLE), "--save-problem", str(saved), "--format", "text"))
    out = capsys.readouterr()
    assert status == 0
    assert "∂L/∂zⱼ = ŷⱼ − yⱼ" in out.out
    assert "read 8 of 8 displayed formulas" in out.err
    assert main(("derive", str(saved), "--format", "text")) == 0
    assert "claim diff(L, z[j])" in saved.read_text(encoding="utf-8")


def test_a_document_without_a_readable_definition_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "empty.tex"
    path.write_text("Nothing here.", encoding="utf-8")
    assert main(("derive", str(path))) == 2
    assert capsys.readouterr().out == ""
    assert main(("derive", "--save-problem", "x.deriv", "softmax-jacobian")) == 2


def test_no_sympy_is_needed_to_see_that_a_file_is_no_document() -> None:
    code = (
        "import derivation.commands.documents as d, sys; d.is_document('x.md'); "
        "print('sympy' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


if __name__ == "__main__":
    golden = {path.name: summary(path) for path in DOCUMENTS}
    GOLDEN.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
