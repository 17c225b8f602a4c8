r"""Plain text and names for LaTeX, in ASCII only, so that any pdflatex takes it."""

from __future__ import annotations

import unicodedata

from derivation.printers.names import ACCENTS, GREEK, parts

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"$<$", ">": r"$>$", "|": r"$|$", '"': "''", "`": r"\textasciigrave{}",
    "–": "--", "—": "---", "…": r"\dots{}", "“": "``", "”": "''", "‘": "`", "’": "'",
    "−": "$-$", "·": r"$\cdot$", "×": r"$\times$", "≥": r"$\geq$", "≤": r"$\leq$",
    "≠": r"$\neq$", "∂": r"$\partial$", "Σ": r"$\Sigma$", "∏": r"$\prod$", "√": r"$\surd$",
    "→": r"$\to$", "∈": r"$\in$", "∞": r"$\infty$", "′": r"$'$", "²": "$^2$", "³": "$^3$",
    "ß": r"\ss{}", "ø": r"\o{}", "Ø": r"\O{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}",
    "Œ": r"\OE{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
}  # fmt: skip
_MARKS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
    "\u0328": "k",
}  # fmt: skip
_GREEK = {letter: name for name, letter in GREEK.items() if name != "ell"}


def escape(text: str) -> str:
    r"""Somebody's text as LaTeX that prints it and does nothing else.

    >>> print(escape("50 % of a_b & \\input{x}"))
    50 \% of a\_b \& \textbackslash{}input\{x\}
    >>> print(escape("Bézout"))
    B\'{e}zout
    """
    return "".join(map(_escaped, text))


def _escaped(c: str) -> str:
    if c in _SPECIAL:
        return _SPECIAL[c]
    if c.isspace():
        return " "
    if c.isascii():
        return c if c.isprintable() else ""
    if c in _GREEK:
        name = _GREEK[c]
        return "$o$" if name == "omicron" else f"$\\{name}$"
    base, *marks = list(unicodedata.normalize("NFD", c))
    if base.isascii() and base.isalpha() and marks and all(m in _MARKS for m in marks):
        made = base
        for mark in marks:
            made = f"\\{_MARKS[mark]}{{{made}}}"
        return made
    if unicodedata.category(c)[0] in "CM":
        return ""
    return f"[U+{ord(c):04X}]"


def letter(base: str) -> str:
    """The base of a name: a letter, a Greek one, or a word set upright."""
    if base in GREEK:
        return rf"\{base}"
    if len(base) == 1 and base.isascii() and base.isalpha():
        return base
    return rf"\mathrm{{{escape(base)}}}"


def tex_name(name: str, below: str = "") -> tuple[str, bool]:
    r"""A name with what is below it, and whether it already has something above it.

    >>> print(*(tex_name(n)[0] for n in ("yhat", "lambda", "sig", "w_out", "x1", "a_b_c")))
    \hat{y} \lambda \mathrm{sig} w_{\mathrm{out}} x_1 \mathrm{a\_b\_c}
    >>> print(tex_name("W1", "kd")[0], tex_name("yhat", "j")[0])
    W^{(1)}_{kd} \hat{y}_j
    >>> print(tex_name("h_theta", "i")[0])
    h_{\theta, i}
    """
    base, accent, digits, word = parts(name)
    made = letter(base)
    if accent:
        made = rf"\{ACCENTS[accent][1]}{{{made}}}"
    above = False
    under = [letter(word) if word in GREEK else rf"\mathrm{{{escape(word)}}}"] if word else []
    if digits and below:
        made, above = f"{made}^{{({digits})}}", True
    elif digits:
        under.append(digits)
    if below:
        under.append(below)
    return made + script("_", ", ".join(under)), above


def script(kind: str, text: str) -> str:
    """A sub- or superscript, in braces where it is more than one character."""
    if not text:
        return ""
    return kind + (text if len(text) == 1 else f"{{{text}}}")
