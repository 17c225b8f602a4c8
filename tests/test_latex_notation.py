"""How people write: matrices, layers, losses of any kind, words, dots, two readings.

Each case is the smallest document with one construct; what must not be read is a case too.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from derivation.checking import check
from derivation.language import read_problem
from derivation.language.latex import Reading, read_document

SOFTMAX = r"$$p_i = \frac{e^{z_i}}{\sum_{k=1}^K e^{z_k}}$$" + "\n"
ENTROPY = r"$$L = -\sum_{i=1}^K y_i \log p_i$$" + "\n"


def read(text: str) -> Reading:
    return read_document(text)


def claims(text: str) -> list[str | None]:
    return [s.read_as for s in read(text).claims]


def reasons(text: str) -> list[str]:
    return [str(s.reason) for s in read(text).unread]


def verdicts(text: str) -> list[str]:
    return [line.verdict for line in check(text, filename="x.md").lines]


# -- matrices without indices -----------------------------------------------------------------


def test_least_squares_in_matrices() -> None:
    text = r"""Let $X \in \mathbb{R}^{n \times d}$ and $y \in \mathbb{R}^n$.
$$L(w) = \|Xw - y\|^2 + \lambda \|w\|_2^2$$
$$\nabla_w L = 2X^\top(Xw - y) + 2\lambda w$$
"""
    reading = read(text)
    assert reading.displays == (2, 2)
    assert "for i in n)" in reading.program or "for j in n)" in reading.program
    assert verdicts(text) == ["proved"]
    assert verdicts(text.replace("2X^", "X^")) == ["refuted"]


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"\frac{\partial L}{\partial \mathbf{a}} = \mathbf{a} - \mathbf{y}", "proved"),
        (
            r"\frac{\partial L}{\partial \mathbf{z}} = (\mathbf{a}-\mathbf{y}) \odot "
            r"\sigma'(\mathbf{z})",
            "proved",
        ),
        (
            r"\frac{\partial L}{\partial \mathbf{W}} = \frac{\partial L}{\partial \mathbf{z}} "
            r"\mathbf{x}^\top",
            "proved",
        ),
        (
            r"\frac{\partial L}{\partial \mathbf{x}} = \mathbf{W}^\top "
            r"\frac{\partial L}{\partial \mathbf{z}}",
            "proved",
        ),
        (r"\frac{\partial L}{\partial \mathbf{a}} = \mathbf{y} - \mathbf{a}", "refuted"),
        # fits only a square W: not judged
        (
            r"\frac{\partial L}{\partial \mathbf{x}} = \mathbf{W} "
            r"\frac{\partial L}{\partial \mathbf{z}}",
            "unread",
        ),
        (
            r"\frac{\partial L}{\partial \mathbf{W}} = \mathbf{x} "
            r"\frac{\partial L}{\partial \mathbf{z}}^\top",
            "unread",
        ),
    ],
)
def test_a_layer_in_bold_letters(line: str, verdict: str) -> None:
    text = r"""$$\mathbf{z} = \mathbf{W}\mathbf{x} + \mathbf{b}$$
$$\mathbf{a} = \sigma(\mathbf{z})$$
where the sigmoid $\sigma$ is applied elementwise.
$$L = \frac12 \|\mathbf{a} - \mathbf{y}\|^2$$
"""
    assert verdicts(f"{text}$${line}$$") == [verdict]


def test_a_capital_is_the_matrix_of_the_examples_and_that_is_said() -> None:
    text = (
        r"$$J(w) = \frac12 \sum_{n=1}^N (t_n - w^T x_n)^2$$"
        r"$$\frac{\partial J}{\partial w_j} = -\sum_{n=1}^N (t_n - w^T x_n) x_{nj}$$"
        r"$$\nabla_w J = X^T(Xw - t)$$"
    )
    assert verdicts(text) == ["proved", "proved"]
    assert any("rows" in a for a in read(text).assumed)


def test_sizes_of_two_axes_stay_apart() -> None:
    text = (
        r"$$Z = XW + b$$ $$\frac{\partial L}{\partial W} = X^T \frac{\partial L}{\partial Z}$$"
        r"$$\frac{\partial L}{\partial X} = \frac{\partial L}{\partial Z} W^\top$$"
    )
    problem = read_problem(read(text).program)
    assert len(set(map(str, problem.shapes["X"]))) == 2
    assert len(set(map(str, problem.shapes["W"]))) == 2
    assert verdicts(text) == ["proved", "proved"]


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        (r"$X \in \mathbb{R}^{n\times d}$ $$q = X w + b$$", "number or an array"),
        (r"$u, v \in \mathbb{R}^d$ $$q = u v$$", "column vector and"),
        (r"$u \in \mathbb{R}^d$, $A \in \mathbb{R}^{n\times d}$ $$q = u A$$", "column vector and"),
        (r"$A \in \mathbb{R}^{n\times n}$ $$q = \text{softmax}(A)$$", "along which axis"),
        (r"$A \in \mathbb{R}^{n\times n}$ $$B = A^{-1}$$", "power of a matrix"),
    ],
)
def test_what_matrices_do_not_say_is_not_guessed(latex: str, reason: str) -> None:
    assert reason in " ".join(reasons(latex))


def test_the_place_of_a_lacking_index_is_the_one_of_the_letter() -> None:
    text = (
        r"$$r = \sum_{i=1}^N \sum_{j=1}^M p_i^T q_j$$"
        r"$$s_{ij} = \sum_{k=1}^K p_{ik} q_{kj}$$ $$r = \sum_{i=1}^N \sum_{j=1}^M s_{ij}$$"
    )
    assert "p[i,d]*q[d,j]" in read(text).program
    assert verdicts(text) == ["proved"]


def test_a_name_with_all_its_indices_and_without_one_is_not_read_as_one() -> None:
    assert "log(X)" not in str(claims(r"$$f_{ij} = X_{ij}$$ $$\log\frac{X_{ij}}{X_i} = X_{ij}$$"))


# -- losses that are only differentiated ----------------------------------------------------------


def test_back_propagation_of_any_loss() -> None:
    text = r"""$$y_i = \gamma \hat x_i + \beta$$
$$\frac{\partial L}{\partial \beta} = \sum_{i=1}^m \frac{\partial L}{\partial y_i}$$
$$\frac{\partial L}{\partial \gamma} = \sum_{i=1}^m \frac{\partial L}{\partial y_i} \hat x_i$$
$$\frac{\partial L}{\partial \hat x_i} = \frac{\partial L}{\partial y_i} \gamma$$
"""
    assert verdicts(text) == ["proved"] * 3
    assert any("any function of y" in a for s in read(text).statements for a in s.assumed)
    wrong = text.replace(r"\hat x_i$$", "$$", 1)
    assert verdicts(wrong) == ["proved", "refuted", "proved"]


@pytest.mark.parametrize(
    "line",
    [
        r"\frac{\partial L}{\partial y_i} = y_i - t_i",  # a value of the slope
        r"\frac{\partial^2 L}{\partial y_i^2} = \frac{\partial L}{\partial y_i}",
        r"\frac{\partial L}{\partial a} = \frac{\partial L}{\partial u}",
    ],
)
def test_a_loss_that_nothing_defines_is_judged_by_nothing_but_its_slopes(line: str) -> None:
    text = r"$$y_i = w x_i$$ $$\frac{\partial L}{\partial w} = \sum_{i=1}^N "
    text += rf"\frac{{\partial L}}{{\partial y_i}} x_i$$ $${line}$$"
    assert verdicts(text) == ["proved", "unread"]


def test_layers_are_written_above() -> None:
    text = r"""$z^l_j = \sum_{k} w^l_{jk} a^{l-1}_k + b^l_j$ and $a^l_j = \sigma(z^l_j)$.
$$\delta^l_j = \frac{\partial C}{\partial z^l_j}$$
$$\delta^l_j = \sum_{k} w^{l+1}_{kj} \delta^{l+1}_k \sigma'(z^l_j)$$
"""
    assert verdicts(text) == ["proved"]
    assert verdicts(text.replace("w^{l+1}_{kj}", "w^{l+1}_{jk}")) != ["proved"]
    assert verdicts(text.replace(r" \sigma'(z^l_j)", "")) == ["refuted"]


def test_a_power_stays_a_power() -> None:
    assert claims(r"$$y = x^n$$ $$\frac{dy}{dx} = n x^{n-1}$$") == ["partial(y, x) == n*x**(n - 1)"]


# -- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        r"where $y$ is one-hot",
        r"where \(y_i\) is a one-hot vector",
        r"Here $\mathbf{y}$ is a probability distribution",
        r"with the one-hot encoded label $y$",
        r"and $y$ sums to one",
    ],
)
def test_a_fact_in_the_words_is_a_given_and_said(words: str) -> None:
    text = f"{SOFTMAX}{ENTROPY}{words}.\n" + r"$$\frac{\partial L}{\partial z_j} = p_j - y_j$$"
    reading = read(text)
    assert "given sum(y[i] for i in K) == 1" in reading.program
    assert any("the words say" in a for a in reading.assumed)
    assert verdicts(text) == ["proved"]


def test_no_words_no_fact() -> None:
    text = SOFTMAX + ENTROPY + "where $y$ is the target.\n"
    assert "given" not in read(text).program


def test_a_sigma_that_may_be_the_softmax_is_not_read() -> None:
    line = r"$$H = -\sum_{k=1}^C y_k \log \sigma(a_k)$$"
    assert "softmax or the logistic" in reasons("The softmax: " + line)[0]
    assert "sigmoid(a[k])" in read("The logistic function: " + line).program


@pytest.mark.parametrize("words", ["k negative samples", "one sentence"])
def test_an_index_among_negative_samples(words: str) -> None:
    text = (
        f"A loss with {words}: "
        r"$$L = -\log \sigma(u_c^\top v) - \sum_{k=1}^K \log \sigma(-u_k^\top v)$$"
    )
    assert bool(reasons(text)) == ("negative" in words)


def test_words_in_letters_are_words() -> None:
    text = r"$$y_i = \frac{e^{x_i}}{\sum_k e^{x_k}}, for~i=1,…, C$$"
    assert claims(text) == [] and "softmax" not in text
    assert read(text).program.startswith("y[i] = exp(x[i])/sum(")
    assert read(r"$$net_j = \sum_i w_{ij} x_i$$").program.startswith("net = ")


# -- sums and dots --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "program"),
    [
        (r"z = w_1 x_1 + w_2 x_2 + \dots + w_n x_n + b", "z = sum(w[i]*x[i] for i in n) + b"),
        (r"s = x_1 + \cdots + x_K", "s = sum(x[i] for i in K)"),
        (
            r"s = \theta_0 + \theta_1 x_1 + \ldots + \theta_n x_n",
            "s = theta0 + sum(theta[i]*x[i] for i in n)",
        ),
        (r"s = \sum^N_{i,j=1} a_{ij}", "s = sum(a[i,j] for i in N for j in N)"),
        (r"s = \frac1m \Sigma_{i=1}^m x_i", "s = 1/m*sum(x[i] for i in m)"),
        (
            r"J = -\frac1m \sum_{i=1}^m y_i \log h_i + (1-y_i)\log(1-h_i)",
            "J = -1/m*sum(y[i]*log(h[i]) + (1 - y[i])*log(1 - h[i]) for i in m)",
        ),
    ],
)
def test_sums_as_they_are_written(latex: str, program: str) -> None:
    assert read(f"$${latex}$$").program == program


@pytest.mark.parametrize(
    "latex",
    [
        r"s = x_1 + x_3 + \dots + x_n",
        r"s = x_2 + \dots + x_n",
        r"s = x_1 - x_2 + \dots",
        r"s = \dots",
        r"s = \sum x_i y_j",
        r"L = -\sum_{i=1}^N y_i z_i + \log(1 + e^{z_i})",  # the sign of the last term
    ],
)
def test_sums_that_do_not_say_what_they_are(latex: str) -> None:
    assert read(f"$${latex}$$").program == "" and reasons(f"$${latex}$$")


def test_a_sum_without_limits_runs_over_the_index_that_is_not_outside() -> None:
    text = r"$$p_i = \frac{e^{z_i}}{\sum e^{z_k}}$$"
    assert "for k in" in read(text).program


def test_a_total_beside_its_terms() -> None:
    text = r"$$L_i = (x_i - m)^2$$ $$L = \frac1N \sum_{i=1}^N L_i$$"
    assert "L_total = 1/N*sum(L[i] for i in N)" in read(text).program


# -- what is no identity --------------------------------------------------------------------------


def test_an_equation_that_is_set_to_zero_is_not_judged_nor_what_follows_from_it() -> None:
    text = r"""$$\ell = -\sum_{i=1}^n \frac{(x_i-\mu)^2}{2}$$
$$\frac{\partial \ell}{\partial \mu} = \sum_{i=1}^n (x_i - \mu) = 0$$
$$\sum_{i=1}^n x_i = n\mu$$
$$\mu = \frac1n \sum_{i=1}^n x_i$$
"""
    assert verdicts(text) == ["proved", "unread", "unread", "unread"]
    assert "given" not in read(text).program


def test_zero_where_it_is_an_identity_is_judged() -> None:
    text = r"$$\mu = \frac1n\sum_{i=1}^n x_i$$ $$v = \sum_{i=1}^n (x_i-\mu)^2$$"
    text += r"$$\frac{\partial v}{\partial \mu} = -2\sum_{i=1}^n (x_i - \mu) = 0$$"
    assert verdicts(text) == ["proved", "proved"]


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        # an index over which a reader would sum
        (
            r"$$y_i = \gamma h_i$$ $$s = \sum_{i=1}^N y_i$$"
            r"$$\frac{\partial s}{\partial \gamma} = h_i$$",
            "right side only",
        ),
        # a definition in disguise
        (r"$$e^{u_j} = e^{v_j}$$", "says what"),
        (r"$$L = (a - y)^2$$ $$L = (b - y)^2$$", "says what"),
        (r"$$J = \sum_{i=1}^m (h_i - y_i)^2$$ $h_i = g_i$ $$J = u^2$$", "says what"),
        (r"$$\ell = y_i x_i' \beta$$ $$\frac{d\ell}{d\beta} = y_i x_i$$", "transpose"),
    ],
)
def test_what_is_not_connected_is_not_judged(latex: str, reason: str) -> None:
    found = read(latex)
    assert found.claims == () and reason in " ".join(reasons(latex))


def test_what_rests_on_a_definition_that_is_refused_is_not_judged() -> None:
    text = r"$$y = q(a, b(c))$$ $$q = 3x$$ $$L = y^2$$ $$\frac{\partial L}{\partial y} = 5$$"
    assert "refuted" not in verdicts(text)


def test_a_logarithm_that_is_defined_is_not_compared_with_its_exponential() -> None:
    text = r"$$\log f = -\frac{x^2}{2} = -\frac12 x^2$$"
    assert verdicts(text) == ["proved"]


def test_a_square_that_is_defined_says_what_its_root_is() -> None:
    text = r"$$e^2_{ij} = (r_{ij} - s_{ij})^2$$"
    text += r"$$\frac{\partial}{\partial s_{ij}} e_{ij}^2 = -2 e_{ij}$$"
    assert verdicts(text) == ["proved", "proved"]


def test_a_number_in_a_lemma_beside_an_array_of_that_name() -> None:
    text = r"""$$a_n = \sum_{d=1}^D w_d x_{nd}$$
$$\frac{d}{da}\sigma(a) = \sigma(a)(1 - \sigma(a))$$
"""
    assert verdicts(text) == ["proved"]
    assert "diff(sigmoid(a0), a0)" in str(claims(text))


# -- two readings -------------------------------------------------------------------------------


def test_an_operator_before_a_product_is_taken_as_it_is_true_and_that_is_said() -> None:
    text = r"$$\frac{d}{dx} x^2 e^x = \frac{d}{dx} x^2 (e^x) = 2x e^x + x^2 e^x$$"
    lines = check(text, filename="x.md").lines
    assert [line.verdict for line in lines] == ["proved", "proved"]
    assert any("reads two ways" in n for n in lines[1].notes)


def test_an_operator_before_a_bracket_acts_on_the_bracket_alone() -> None:
    assert claims(r"$$\frac{d}{dx}(x^2)x = 2x^2$$") == ["diff(x**2, x)*x == 2*x**2"]
    assert verdicts(r"$$\frac{d}{dx}(x^2)x = 3x^2$$") == ["refuted"]


# -- how displays are set -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "latex",
    [
        r"\[ y \overset{(a)}{=} x^2 \underset{\text{same}}{=} x x \]",
        r"$$\begin{array}{rcl} y & = & x^2 \\ & = & x x \end{array}$$",
        r"$$\boxed{y = x^2 = x x}$$",
        r"$$\Large y ~=~ \textstyle x^2 = x\,x$$",
        r"\begin{eqnarray} y &=& x^2 \nonumber\\ &=& x x \label{a}\end{eqnarray}",
        r"$$\underbrace{y}_{\text{out}} = x^2 = xx \tag{3}$$",
    ],
)
def test_the_same_in_many_settings(latex: str) -> None:
    reading = read(latex)
    assert reading.program == "y = x**2" and claims(latex) == ["x**2 == x*x"]


def test_a_formula_in_two_dollars_inside_a_line_is_no_display() -> None:
    reading = read("Let $$x_i$$ be the input.\n\n$$y = 2$$ and so on, $$z = 3x$$")
    assert reading.displays[0] == 2


def test_a_case_for_the_class_of_an_example() -> None:
    text = r"""$$p_j = \frac{e^{s_j}}{\sum_k e^{s_k}}$$ $$L = -\log p_{y}$$
For $j \neq y$: $$\frac{\partial L}{\partial s_j} = p_j$$
"""
    assert [s.condition for s in read(text).claims] == ["j != y"]


def test_a_mixed_second_derivative_beside_the_one_by_one_entry() -> None:
    text = r"""$$f = \sum_{d=1}^D w_d^4 + s \left(\sum_{d=1}^D w_d\right)^2$$
$$\frac{\partial^2 f}{\partial w_j^2} = 12 w_j^2 + 2s$$
$$\frac{\partial^2 f}{\partial w_j \partial w_k} = 2s$$
"""
    assert [s.condition for s in read(text).claims] == [None, "j != k"]
    assert verdicts(text) == ["proved", "proved"]
    alone = text.replace(r"$$\frac{\partial^2 f}{\partial w_j^2} = 12 w_j^2 + 2s$$", "")
    assert verdicts(alone) == ["refuted"]


def test_two_names_for_one_definition() -> None:
    text = r"$$q_j = p_j = \frac{e^{z_j}}{\sum_k e^{z_k}}$$"
    text += r"$$\frac{\partial q_j}{\partial z_j} = p_j(1 - q_j)$$"
    reading = read(text)
    assert reading.displays == (2, 2)
    assert verdicts(text) == ["proved"]


def test_a_name_at_the_end_of_a_definition() -> None:
    text = r"$$f(b) = 1 + e^b = v$$ $$\frac{dv}{db} = e^b$$"
    assert verdicts(text) == ["proved"]


def test_an_array_of_cases() -> None:
    text = r"""$$r = \left\{\begin{array}{ll} {x} & {\text{ if } x > 0} \\ {0} & {\text{ otherwise}}
\end{array}\right.$$"""
    assert read(text).program == "r = (x if x > 0 else 0)"


def test_hostile_matrices_are_refused_soon() -> None:
    deep = "A" + "(B + A" * 40 + ")" * 40
    for body in (r"A^\top B " * 200, deep, r"\|A\|^2 + " * 300 + "1", r"x_1 + \dots + " * 50):
        reading = read(rf"$A, B \in \mathbb{{R}}^{{n \times n}}$ $$C = {body}$$")
        assert reading.displays[0] == 1


def test_derive_reads_matrices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from derivation.__main__ import main

    path = tmp_path / "notes.md"
    path.write_text(
        r"Let $X \in \mathbb{R}^{n \times d}$. $$L = \|Xw - y\|^2$$ We want $\nabla_w L$."
        "\n" + r"$$\nabla_w L = 2X^\top(Xw - y)$$",
        encoding="utf-8",
    )
    saved = tmp_path / "notes.deriv"
    assert main(("derive", str(path), "--save-problem", str(saved), "--format", "text")) == 0
    assert "∂L/∂w" in capsys.readouterr().out
    assert main(("derive", str(saved), "--format", "text")) == 0


# -- how far a letter runs, and what a probability is called ------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        r", \quad j = 1, \dots, n",
        r"\quad \text{for all } j = 1 \cdots n",
        r"\quad \forall j \in \{1, \dots, n\}",
        r"\quad (j=1,2,\ldots,n)",
    ],
)
def test_how_far_a_letter_runs_is_no_claim(said: str) -> None:
    text = (
        r"Let $L = \sum_i x_i^2$."
        + "\n\n"
        + rf"$$\frac{{\partial L}}{{\partial x_j}} = 2 x_j{said}$$"
    )
    reading = read(text)
    assert reading.displays == (1, 1) and not reading.unread
    assert "for i in n)" in reading.program
    assert not any("does not say how far" in a for a in reading.assumed)
    assert verdicts(text) == ["proved"]


def test_what_is_no_range_is_still_told() -> None:
    text = r"$$L = x^2 \quad \forall j \in \{1, \dots, 2 n\}$$"
    assert reasons(text)


def test_a_probability_that_a_function_models() -> None:
    text = r"""We model $p(y=1|x;\theta) = h_\theta(x) = \sigma(\theta^T x)$,
where $\sigma(z) = \frac{1}{1+e^{-z}}$.
$$\ell(\theta) = \sum_{i=1}^m y^{(i)} \log h_\theta(x^{(i)})
  + (1 - y^{(i)}) \log (1 - h_\theta(x^{(i)}))$$
$$\frac{\partial \ell}{\partial \theta_j} = \sum_{i=1}^m (y^{(i)} - h_\theta(x^{(i)})) x_j^{(i)}$$
"""
    assert read(text).displays == (2, 2)
    assert verdicts(text) == ["proved"]
    assert verdicts(text.replace("y^{(i)} - h_", "y^{(i)} + h_")) == ["refuted"]
