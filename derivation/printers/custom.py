r"""The reader's own notation: how names look in LaTeX and HTML, log as ln, sums without bounds.

A wish is ``yhat = \mathbf{p}``, ``ln``, ``log``, ``bounds`` or ``no-bounds``. A problem file keeps
wishes as comments (``# notation: yhat = \mathbf{p}``), the command line adds its own after them,
and the later one wins. What stands for a name is read into a small tree, which knows letters,
fonts, accents and scripts and nothing else, and is written from that tree: so a problem file of
somebody else's cannot bring a command into a document.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, NoReturn, TypeAlias

from derivation.errors import InputError
from derivation.printers.names import GREEK
from derivation.problem import Problem

LONGEST = 200  # characters that may stand for a name

FONTS = {
    "mathbf": "bold", "boldsymbol": "bold-italic", "mathrm": "normal", "operatorname": "normal",
    "mathit": "italic", "mathsf": "sans-serif", "mathtt": "monospace", "mathcal": "script",
    "mathbb": "double-struck", "mathfrak": "fraktur",
}  # fmt: skip
ACCENTS = {
    "hat": "^", "bar": "¯", "tilde": "~", "dot": "˙", "ddot": "¨", "vec": "→", "check": "ˇ",
    "widehat": "^", "widetilde": "~", "overline": "¯",
}  # fmt: skip
LETTERS = {
    **{name: letter for name, letter in GREEK.items() if name != "omicron"},
    "varepsilon": "ε", "vartheta": "ϑ", "varphi": "φ", "varrho": "ϱ", "varsigma": "ς",
    "phi": "ϕ", "epsilon": "ϵ", "nabla": "∇", "partial": "∂", "hbar": "ℏ", "imath": "ı",
    "jmath": "ȷ", "infty": "∞", "star": "⋆", "ast": "∗", "dagger": "†", "top": "⊤", "bot": "⊥",
    "prime": "′", "circ": "∘", "perp": "⊥", "parallel": "∥", "odot": "⊙", "oplus": "⊕",
}  # fmt: skip
_PLAIN = frozenset("()[]+-*/|,.:;!=?'")
NEEDS_AMSFONTS = ("mathbb", "mathfrak")


class Letter(NamedTuple):
    """One sign: its LaTeX and the same in Unicode."""

    tex: str
    text: str


class Styled(NamedTuple):
    """A font or an accent over what is in its braces."""

    command: str
    body: tuple[Symbol, ...]


class Scripted(NamedTuple):
    """What stands below and above a sign."""

    base: Symbol | None
    below: tuple[Symbol, ...]
    above: tuple[Symbol, ...]


class Group(NamedTuple):
    """In braces."""

    body: tuple[Symbol, ...]


Symbol: TypeAlias = Letter | Styled | Scripted | Group


@dataclass(frozen=True)
class Notation:
    """What a reader asked for.

    Attributes:
        names: Names of the language with what stands for them.
        ln: Whether the natural logarithm is written ln.
        bounds: Whether a displayed sum says where it starts and ends.
    """

    names: Mapping[str, tuple[Symbol, ...]] = field(default_factory=dict)
    ln: bool = False
    bounds: bool = True

    def tex(self, name: str) -> str | None:
        """The LaTeX of a name, ready for scripts; None where nothing was asked.

        >>> print(read([r"p = q_\\theta"]).tex("p"))
        {q_{\\theta}}
        """
        symbols = self.names.get(name)
        if symbols is None:
            return None
        made = written(symbols)
        single = len(symbols) == 1 and not isinstance(symbols[0], Scripted)
        return made if single else f"{{{made}}}"

    @property
    def commands(self) -> frozenset[str]:
        """The fonts that it takes."""
        return frozenset(c for symbols in self.names.values() for c in _commands(symbols))


PLAIN = Notation()


def read(wishes: Iterable[str]) -> Notation:
    r"""The notation that wishes ask for, the later over the earlier.

    >>> read([r"yhat = \mathbf{p}", "ln"]).tex("yhat")
    '\\mathbf{p}'

    Raises:
        InputError: A wish is none of the kinds, or holds what cannot stand for a name.
    """
    names: dict[str, tuple[Symbol, ...]] = {}
    ln, bounds = False, True
    for wish in wishes:
        name, equals, value = (part.strip() for part in wish.partition("="))
        if not equals and name in ("ln", "log"):
            ln = name == "ln"
        elif not equals and name in ("bounds", "no-bounds"):
            bounds = name == "bounds"
        elif not equals or not (name.isascii() and name.isidentifier()):
            raise InputError(
                f"the notation `{wish[:60]}` says nothing",
                hint=r"write a name and its LaTeX, as in yhat='\mathbf{p}', or ln or no-bounds",
            )
        else:
            names[name] = _Reader(name, value).whole()
    return Notation(names, ln, bounds)


@lru_cache(maxsize=64)
def wishes_in(text: str) -> tuple[str, ...]:
    r"""The wishes that a problem's text holds in its comments.

    >>> wishes_in("# notation: yhat = \\mathbf{p}\nL = x  # notation: no\n#notation: ln")
    ('yhat = \\mathbf{p}', 'ln')
    """
    found = []
    for line in text.splitlines():
        start, colon, wish = line.partition(":")
        if colon and start.startswith("#") and start[1:].strip() == "notation":
            found.append(wish.strip())
    return tuple(found)


def notation_of(problem: Problem, more: Sequence[str] = ()) -> Notation:
    """What the problem's own comments ask for, and then the command line."""
    return read((*wishes_in(problem.text), *more))


def strangers(notation: Notation, problem: Problem) -> list[str]:
    """Warnings about names that the problem does not have, with the nearest that it has."""
    known = {*problem.shapes, *problem.sizes, *problem.definitions}
    words = "".join(c if c.isalnum() or c == "_" else " " for c in problem.text).split()
    out = []
    for name in notation.names:
        if name not in known and name not in words:
            near = difflib.get_close_matches(name, sorted(known), 1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            out.append(f"the notation is for `{name}`, which the problem does not have{hint}")
    return out


def written(symbols: Sequence[Symbol]) -> str:
    """The symbols as LaTeX."""
    out = ""
    for s in symbols:
        made = _written(s)
        if out and made[:1].isalpha() and out.rpartition("\\")[2].isalpha() and "\\" in out:
            out += " "
        out += made
    return out


def _written(s: Symbol) -> str:
    if isinstance(s, Letter):
        return s.tex
    if isinstance(s, Styled):
        return rf"\{s.command}{{{written(s.body)}}}"
    if isinstance(s, Group):
        return f"{{{written(s.body)}}}"
    made = _written(s.base) if s.base is not None else "{}"
    made += f"_{{{written(s.below)}}}" if s.below else ""
    return made + (f"^{{{written(s.above)}}}" if s.above else "")


def _commands(symbols: Sequence[Symbol]) -> Iterable[str]:
    for s in symbols:
        if isinstance(s, (Styled, Group)):
            yield from _commands(s.body)
        if isinstance(s, Styled):
            yield s.command
        if isinstance(s, Scripted):
            yield from _commands((*([s.base] if s.base else []), *s.below, *s.above))


class _Reader:
    """Reads what stands for a name; everything that it does not know is an error."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text, self.at = name, text, 0
        if not text:
            self._refuse("is empty")
        if len(text) > LONGEST:
            self._refuse(f"is longer than {LONGEST} characters")

    def whole(self) -> tuple[Symbol, ...]:
        found = self._symbols("")
        if not found:
            self._refuse("is empty")
        return found

    def _symbols(self, end: str, depth: int = 0) -> tuple[Symbol, ...]:
        if depth > 10:
            self._refuse("is nested too deep")
        out: list[Symbol] = []
        while True:
            while self._peek() == " ":
                self.at += 1
            c = self._peek()
            if c == end:
                self.at += len(c)
                return tuple(out)
            if not c:
                self._refuse("has a `{` without its `}`")
            if c in "_^":
                base = out.pop() if out else None
                out.append(self._scripted(base, depth))
            else:
                out.append(self._symbol(depth))

    def _scripted(self, base: Symbol | None, depth: int) -> Scripted:
        if isinstance(base, Scripted):
            self._refuse("has two scripts of a kind on one sign")
        scripts: dict[str, tuple[Symbol, ...]] = {}
        while self._peek() and self._peek() in "_^":
            kind = self._take()
            if kind in scripts:
                self._refuse("has two scripts of a kind on one sign")
            scripts[kind] = self._argument(depth)
        return Scripted(base, scripts.get("_", ()), scripts.get("^", ()))

    def _argument(self, depth: int) -> tuple[Symbol, ...]:
        while self._peek() == " ":
            self.at += 1
        if self._peek() in ("", "_", "^"):
            self._refuse("ends where something has to follow")
        made = self._symbol(depth)
        return made.body if isinstance(made, Group) else (made,)

    def _symbol(self, depth: int) -> Symbol:
        c = self._take()
        if c == "{":
            return Group(self._symbols("}", depth + 1))
        if c == "\\":
            return self._command(depth)
        if c.isascii() and (c.isalnum() or c in _PLAIN):
            return Letter(c, {"'": "′", "-": "−", "*": "∗"}.get(c, c))
        self._refuse(f"holds `{c}`, which a name cannot have")

    def _command(self, depth: int) -> Symbol:
        start = self.at
        while self._peek().isascii() and self._peek().isalpha():
            self.at += 1
        word = self.text[start : self.at]
        if word in LETTERS:
            return Letter(f"\\{word}", LETTERS[word])
        if word in FONTS or word in ACCENTS:
            return Styled(word, self._argument(depth + 1))
        known = [*FONTS, *ACCENTS, *LETTERS]
        near = difflib.get_close_matches(word, known, 1)
        hint = f"; did you mean `\\{near[0]}`?" if near else ""
        self._refuse(rf"holds `\{word or self._peek()}`, which a name cannot have{hint}")

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _refuse(self, why: str) -> NoReturn:
        raise InputError(
            f"the notation for `{self.name}` {why}",
            hint=r"letters, fonts, accents and scripts may stand for it, as in \mathbf{p}_\theta",
        )
