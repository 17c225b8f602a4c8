"""How a name of the language looks: ``yhat`` is ŷ, ``lambda`` is λ, ``W1`` a W numbered 1.

One reading of a name for all formats, so that they never disagree about what it is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω", "ell": "ℓ", "varsigma": "ς", "vartheta": "ϑ", "varphi": "ϕ", "varrho": "ϱ",
}  # fmt: skip
GREEK_ALIASES = {"eps": "epsilon", "lam": "lambda", "varepsilon": "epsilon"}

# accent in a name -> (combining mark, LaTeX command)
ACCENTS = {
    "hat": ("\u0302", "hat"),
    "bar": ("\u0304", "bar"),
    "tilde": ("\u0303", "tilde"),
    "dot": ("\u0307", "dot"),
    "vec": ("\u20d7", "vec"),
}

_SUBSCRIPTS = {
    **dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True)),
    **dict(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)),
    **dict(zip("βγρφχ", "ᵦᵧᵨᵩᵪ", strict=True)),
}
_SUPERSCRIPTS = {
    **dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True)),
    **dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True)),
    "-": "⁻", "−": "⁻",
}  # fmt: skip


class Parts(NamedTuple):
    """What a name is made of: a base with perhaps an accent, a number and words below it."""

    base: str
    accent: str = ""
    number: str = ""
    below: str = ""


@lru_cache(maxsize=1024)
def parts(name: str) -> Parts:
    """The reading of a name.

    >>> parts("yhat")
    Parts(base='y', accent='hat', number='', below='')
    >>> parts("w_out"), parts("g2").number, parts("that_is_it").base
    (Parts(base='w', accent='', number='', below='out'), '2', 'that_is_it')
    """
    head, _, below = name.partition("_")
    if below and below.isalnum():
        inner = parts(head)
        if _is_letter(inner.base) and not inner.number:
            return inner._replace(below=below)
        return Parts(name)
    word = name.rstrip("0123456789")
    number = name[len(word) :]
    base, accent = _accented(word)
    if number and not _is_letter(base):
        return Parts(name)
    return Parts(base, accent, number)


def _is_letter(base: str) -> bool:
    return (len(base) == 1 and base.isalpha()) or base in GREEK


def _accented(word: str) -> tuple[str, str]:
    word = GREEK_ALIASES.get(word, word)
    for accent in ACCENTS:
        base = word.removesuffix(accent)
        base = GREEK_ALIASES.get(base, base)
        if base != word and _is_letter(base):
            return base, accent
    return word, ""


@lru_cache(maxsize=1024)
def unicode_name(name: str) -> str:
    """The name in Unicode, without its indices.

    >>> unicode_name("yhat"), unicode_name("lambda"), unicode_name("x1"), unicode_name("w_out")
    ('ŷ', 'λ', 'x1', 'w_out')
    >>> unicode_name("h_theta")
    'h_θ'
    """
    import unicodedata

    base, accent, number, below = parts(name)
    text = GREEK.get(base, base)
    if accent:
        text = unicodedata.normalize("NFC", text + ACCENTS[accent][0])
    return text + number + (f"_{GREEK.get(below, below)}" if below else "")


def subscript(text: str) -> str | None:
    """The text as Unicode subscripts, if every character has one.

    >>> subscript("ij"), subscript("q")
    ('ᵢⱼ', None)
    """
    return _mapped(text, _SUBSCRIPTS)


def superscript(text: str) -> str | None:
    """The text as Unicode superscripts, if every character has one."""
    return _mapped(text, _SUPERSCRIPTS)


def _mapped(text: str, table: dict[str, str]) -> str | None:
    if not text or any(c not in table for c in text):
        return None
    return "".join(table[c] for c in text)
