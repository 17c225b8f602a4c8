"""LaTeX as tokens, each with its place in the document; a document's own macros are expanded.

Only what mathematics needs: spaces, spacing commands, labels, fonts and sizes of brackets are gone
after this. The work is bounded whatever the macros do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from derivation.errors import DerivationError

MAX_TOKENS = 20_000  # of one formula, macros expanded
MAX_DEPTH = 40  # of macros in macros
MAX_MACROS = 500


class Unread(DerivationError):
    """A formula, or a part of one, that is not in the subset that is read."""

    def __init__(self, reason: str, pos: int | None = None) -> None:
        self.reason, self.pos = reason, pos
        super().__init__(reason)


class Token(NamedTuple):
    """One token: ``kind`` is ``cmd``, ``text``, ``number``, ``letter`` or the character itself."""

    kind: str
    text: str
    pos: int
    end: int


class Macro(NamedTuple):
    """A document's own command: how many arguments it takes, and its body."""

    arguments: int
    body: str


_TOKEN = re.compile(
    r"\\(?:[A-Za-z]+\*?|\\(?:\s*\[[^\]\n]{0,20}\])?|.)"  # a command, a new row, \, and so on
    r"|[0-9]+(?:\.[0-9]+)?|\s+|.",
    re.DOTALL,
)
_ARGUMENT = {  # commands that vanish together with their argument
    "\\label", "\\tag", "\\tag*", "\\hspace", "\\hspace*", "\\vspace", "\\vspace*", "\\color",
    "\\phantom", "\\hphantom", "\\vphantom", "\\eqref", "\\ref", "\\cite", "\\footnote",
    "\\class", "\\intertextsep", "\\cssId", "\\footnotemark",
}  # fmt: skip
_NOTHING = {
    "\\,", "\\:", "\\;", "\\!", "\\>", "\\ ", "\\/", "\\displaystyle", "\\textstyle",
    "\\scriptstyle", "\\nonumber", "\\notag", "\\limits", "\\nolimits", "\\left", "\\right",
    "\\big", "\\Big", "\\bigg", "\\Bigg", "\\bigl", "\\bigr", "\\Bigl", "\\Bigr", "\\biggl",
    "\\biggr", "\\Biggl", "\\Biggr", "\\bigm", "\\Bigm", "\\biggm", "\\middle", "\\mathstrut",
    "\\strut", "\\centering", "\\hfill", "\\noindent", "\\medskip", "\\allowbreak", "\\thinspace",
    "\\enspace", "\\negthinspace", "\\hline", "\\medspace", "\\nobreak", "\\bf", "\\rm", "\\it",
    "\\cal", "\\mit", "\\large", "\\small", "\\normalsize", "\\hfil", "\\null", "\\relax",
    "\\Large", "\\LARGE", "\\huge", "\\Huge", "\\tiny", "\\Tiny",
    "\\footnotesize", "\\scriptsize",
    "\\scriptscriptstyle", "\\mathsurround", "\\smallskip", "\\bigskip", "\\newpage", "\\par",
}  # fmt: skip
_TEXTS = {
    "\\text", "\\textrm", "\\textit", "\\textbf", "\\mbox", "\\textnormal", "\\hbox", "\\texttt",
    "\\textsf", "\\intertext", "\\shortintertext", "\\operatorname", "\\operatorname*",
    "\\mathop",
}  # fmt: skip
_SAME = {
    "\\dfrac": "\\frac", "\\tfrac": "\\frac", "\\cfrac": "\\frac", "\\lbrace": "\\{",
    "\\rbrace": "\\}", "\\lbrack": "[", "\\rbrack": "]", "\\lvert": "|", "\\rvert": "|",
    "\\vert": "|", "\\mid": "|", "\\lVert": "\\|", "\\rVert": "\\|", "\\Vert": "\\|",
    "\\neq": "\\ne", "\\leq": "\\le", "\\geq": "\\ge", "\\leqslant": "\\le", "\\geqslant": "\\ge",
    "\\prime": "'", "\\to": "\\rightarrow", "\\eqdef": ":=", "\\coloneqq": ":=",
    "\\triangleq": ":=", "\\doteq": ":=", "\\coloneq": ":=", "\\equiv": ":=",
    "\\lt": "<", "\\gt": ">",
    "\\widehat": "\\hat", "\\overline": "\\bar", "\\widetilde": "\\tilde", "\\top": "\\T",
    "\\intercal": "\\T", "\\transpose": "\\T", "\\ast": "*", "\\star": "\\star",
    "\\overrightarrow": "\\vec",
    "\\varepsilon": "\\epsilon", "\\lparen": "(", "\\rparen": ")", "\\colon": ":",
    "\\land": "\\wedge", "\\dd": "\\mathrmd", "\\diff": "\\mathrmd", "\\dif": "\\mathrmd",
    "\\ne": "\\ne", "\\bmod": "\\mod", "\\varphi": "\\phi", "\\vartheta": "\\theta",
    "\\arrowvert": "|", "\\cdotp": "\\cdot", "\\bullet": "\\cdot", "\\qquad": "\\quad",
    "\\longrightarrow": "\\rightarrow", "\\mapsto": "\\rightarrow", "\\mathbin": "\\mathrm",
    "\\Longrightarrow": "\\Rightarrow", "\\therefore": "\\Rightarrow", "\\because": "\\Rightarrow",
    "\\implies": "\\Rightarrow", "\\iff": "\\Rightarrow",
    "\\Leftrightarrow": "\\Rightarrow", "\\newline": "\\\\", "\\cr": "\\\\",
    "\\tabularnewline": "\\\\", "\\ldots": "\\dots", "\\cdots": "\\dots", "\\dotsc": "\\dots",
    "\\vdots": "\\dots", "\\dotsb": "\\dots", "\\ddots": "\\dots", "\\dotsm": "\\dots",
    "\\colonequals": ":=", "\\bigodot": "\\odot", "\\circ": "\\odot", "\\ell": "\\ell",
}  # fmt: skip
_STACKED = {"\\underset", "\\overset", "\\stackrel", "\\stackunder"}
_UNICODE = {
    "∂": "\\partial", "∑": "\\sum", "Σ": "\\sum", "∏": "\\prod", "·": "\\cdot", "⋅": "\\cdot",
    "×": "\\times", "−": "-", "–": "-", "≠": "\\ne", "≤": "\\le", "≥": "\\ge", "∇": "\\nabla",
    "…": "\\dots", "⊤": "\\T", "∈": "\\in", "′": "'", "’": "'", "√": "\\sqrt", "⊙": "\\odot",
    "≡": ":=", "→": "\\rightarrow", "⇒": "\\Rightarrow", "ᵀ": "", "∼": "\\sim", "≈": "\\approx",
}  # fmt: skip
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi",
    "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi",
    "ω": "omega", "Θ": "Theta", "Φ": "Phi", "Λ": "Lambda", "Ω": "Omega", "ℓ": "ell",
}  # fmt: skip


def raw_tokens(text: str, offset: int = 0) -> Iterator[Token]:
    """The tokens of a text as TeX would see them, spaces kept, nothing expanded."""
    for found in _TOKEN.finditer(text):
        word = found.group()
        pos, end = found.start() + offset, found.end() + offset
        if word[0] == "\\":
            kind = "cmd"
            if len(word) > 1 and word[1] == "\\":
                word = "\\\\"
            elif word[1:].isspace():
                word = "\\ "
        elif word[0].isspace() or word == "~":
            kind, word = "space", " "
        elif word[0] in "0123456789":
            kind = "number"
        elif word in _UNICODE:
            kind, word = "cmd", _UNICODE[word]
        elif word in _GREEK:
            kind, word = "cmd", "\\" + _GREEK[word]
        elif word.isascii() and word.isalpha():
            kind = "letter"
        else:
            kind = word
        yield Token(kind, word, pos, end)


def tokens(text: str, offset: int = 0, macros: Mapping[str, Macro] | None = None) -> list[Token]:
    """The tokens of a formula, macros expanded and what has no meaning gone.

    Raises:
        Unread: If braces do not match, or the macros expand without end.

    >>> [t.text for t in tokens(r"\\left( \\mathbf{x}\\, y \\right)")]
    ['(', '\\\\mathbf', '{', 'x', '}', 'y', ')']
    """
    out = list(raw_tokens(text, offset))
    if len(out) > MAX_TOKENS:
        raise Unread(f"the formula has more than {MAX_TOKENS:,} tokens", offset)
    if macros:
        out = _expand(out, macros)
    return _cleaned(out)


def _expand(source: list[Token], macros: Mapping[str, Macro]) -> list[Token]:
    out: list[Token] = []
    budget = MAX_TOKENS
    stack: list[tuple[list[Token], int]] = [(source, 0)]
    while stack:
        now, k = stack.pop()
        if len(stack) > MAX_DEPTH:
            raise Unread("the document's macros are nested too deep", now[k].pos if now else None)
        while k < len(now):
            token = now[k]
            k += 1
            macro = macros.get(token.text) if token.kind == "cmd" else None
            if macro is None:
                out.append(token)
                if len(out) > MAX_TOKENS:
                    raise Unread("the document's macros expand to too much", token.pos)
                continue
            args: list[list[Token]] = []
            for _ in range(macro.arguments):
                arg, k = _argument(now, k)
                args.append(arg)
            body: list[Token] = []
            plain = list(raw_tokens(macro.body))
            b = 0
            while b < len(plain):
                t = plain[b]
                b += 1
                if t.kind == "#" and b < len(plain) and plain[b].kind == "number":
                    digits = plain[b].text
                    b += 1
                    n = int(digits[0])
                    if 1 <= n <= len(args):
                        body += args[n - 1]
                    if len(digits) > 1:
                        body.append(Token("number", digits[1:], token.pos, token.end))
                else:
                    body.append(t._replace(pos=token.pos, end=token.end))
            budget -= len(body) + 1
            if budget < 0:
                raise Unread("the document's macros expand to too much", token.pos)
            if len(stack) > MAX_DEPTH:
                raise Unread("the document's macros are nested too deep", token.pos)
            stack.append((now, k))
            now, k = body, 0
    return out


def _argument(source: Sequence[Token], k: int) -> tuple[list[Token], int]:
    """One argument of a command: a group without its braces, or a token."""
    while k < len(source) and source[k].kind == "space":
        k += 1
    if k >= len(source):
        return [], k
    if source[k].kind != "{":
        return [source[k]], k + 1
    end = closing(source, k)
    return list(source[k + 1 : end]), end + 1


def closing(source: Sequence[Token], k: int) -> int:
    """The place of the brace that closes the one at k."""
    level = 0
    for n in range(k, len(source)):
        if source[n].kind == "{":
            level += 1
        elif source[n].kind == "}":
            level -= 1
            if level == 0:
                return n
    raise Unread("a brace `{` is never closed", source[k].pos)


def _cleaned(source: list[Token]) -> list[Token]:
    out: list[Token] = []
    k = 0
    while k < len(source):
        token = source[k]
        k += 1
        word = _SAME.get(token.text, token.text) if token.kind == "cmd" else token.text
        if token.kind == "space" or word in _NOTHING:
            if word in ("\\left", "\\right", "\\middle"):
                while k < len(source) and source[k].kind == "space":
                    k += 1
                if k < len(source) and source[k].kind == ".":
                    k += 1  # an empty delimiter
            continue
        if word in ("\\begin", "\\end"):
            inside, k = _argument(source, k)
            name = "".join(t.text for t in inside).strip().rstrip("*")
            if word == "\\begin" and name in ("array", "alignedat", "alignat", "tabular"):
                _, k = _argument(source, k)
            out.append(Token(word[1:], name, token.pos, source[k - 1].end))
        elif word in _ARGUMENT:
            _, k = _argument(source, k)
        elif word in _TEXTS:
            inside, after = _argument(source, k)
            if "\\operatorname" in word or word == "\\mathop" or _is_plain(inside):
                said = "".join(t.text for t in inside if t.kind != "$").strip()
                out.append(Token("text", said, token.pos, source[after - 1].end))
                k = after
            else:  # a text with formulas in it
                said_now = ""
                for t in inside:
                    if t.kind == "$":
                        out.append(Token("text", said_now.strip(), token.pos, token.end))
                        said_now = ""
                    elif t.kind == "cmd" or (said_now == "" and not out[-1:]):
                        out.append(t)
                    else:
                        said_now += t.text
                out.append(Token("text", said_now.strip(), token.pos, token.end))
                k = after
        elif word in ("\\textcolor", "\\colorbox", "\\href"):
            _, k = _argument(source, k)
        elif (
            word in _STACKED
        ):  # \overset{(a)}{=}: what is said above or below a sign is no part of it
            _, k = _argument(source, k)
            inside, k = _argument(source, k)
            out += _cleaned(inside)
        elif word == ":=" or (word == ":" and k < len(source) and source[k].kind == "="):
            if word == ":":
                k += 1
            out.append(Token("=", ":=", token.pos, token.end))
        elif word == ":" and token.kind == "cmd":
            out.append(Token(":", ":", token.pos, token.end))
        elif token.kind == "cmd" and len(word) == 1:
            out.append(Token(word, word, token.pos, token.end))
        elif word == "":
            out.append(Token("^", "^", token.pos, token.end))
            out.append(Token("cmd", "\\T", token.pos, token.end))
        elif word == "\\mathrmd":
            out.append(Token("letter", "d", token.pos, token.end))
        elif word.endswith("*") and len(word) > 2:
            out.append(token._replace(text=word[:-1]))
            out.append(Token("*", "*", token.pos, token.end))
        else:
            out.append(token._replace(text=word))
    out = _words(_without_dots(out))
    level = 0
    for token in out:
        level += (token.kind == "{") - (token.kind == "}")
        if level < 0:
            raise Unread("a brace `}` without its `{`", token.pos)
    if level:
        raise Unread("a brace `{` is never closed", out[0].pos)
    return out


_SAID = ("otherwise", "where", "with", "when", "for")  # words of prose typed as letters
_NAMES = (
    "net", "out", "err", "loss", "cost", "target", "input", "output", "pred", "score", "logit",
)  # fmt: skip
_CAPITALS = ("RSS", "SSE", "MSE", "BCE", "NLL", "CE", "KL", "MAE", "ELBO", "SSR", "TSS", "RMSE")
_SPELT = ("softmax", "sigmoid", "tanh", "relu", "ReLU", "log", "exp", "ln", "max", "min")


def _without_dots(source: list[Token]) -> list[Token]:
    """``C(...)`` and ``C(\\cdot)``: arguments that are not said."""
    out: list[Token] = []
    k = 0
    while k < len(source):
        inside = [t.text for t in source[k : k + 5]]
        if inside == ["(", ".", ".", ".", ")"]:
            k += 5
        elif inside[:3] in (["(", "\\dots", ")"], ["(", "\\cdot", ")"]):
            k += 3
        else:
            out.append(source[k])
            k += 1
    return out


def _words(source: list[Token]) -> list[Token]:
    """``ln(`` and ``exp(`` in plain letters are functions too."""
    text = "".join(t.text if t.kind == "letter" else "\0" for t in source)
    out: list[Token] = []
    k = 0
    while k < len(source):
        word = next((w for w in _SPELT if source[k].kind == "letter" and text.startswith(w, k)), "")
        end = k + len(word)
        whole = (
            word
            and (k == 0 or text[k - 1] == "\0" or source[k - 1].end != source[k].pos)
            and (text[end : end + 1] in ("\0", "") or source[end].pos != source[end - 1].end)
        )
        close = word and source[end - 1].end - source[k].pos == len(word)
        said = "" if word else _run(source, k, text)
        if said[:-1] in ("log", "ln", "exp") and said[-1:].isupper():  # logP(x)
            end = k + len(said) - 1
            out.append(Token("text", said[:-1], source[k].pos, source[end - 1].end))
            k = end
            continue
        if (
            said in _SAID
            or said in _NAMES
            or (
                said in _CAPITALS
                and source[k + len(said) : k + len(said) + 1]
                and source[k + len(said)].text in ("(", "=", "_", ":=")
            )
        ):
            out.append(Token("text", said, source[k].pos, source[k + len(said) - 1].end))
            k += len(said)
            continue
        if whole and close and end < len(source) and source[end].text in ("(", "{", "_", "["):
            kind, name = ("cmd", "\\" + word) if word in ("max", "min") else ("text", word)
            out.append(Token(kind, name, source[k].pos, source[end - 1].end))
            k = end
        else:
            out.append(source[k])
            k += 1
    return out


def _run(source: Sequence[Token], k: int, text: str) -> str:
    """The letters that are typed without a gap from here on, if a word begins here."""
    if source[k].kind != "letter" or (
        k and source[k - 1].kind == "letter" and source[k - 1].end == source[k].pos
    ):
        return ""
    end = k + 1
    while end < len(source) and text[end] != "\0" and source[end].pos == source[end - 1].end:
        end += 1
    return text[k:end]


def _is_plain(inside: Sequence[Token]) -> bool:
    return all(t.kind != "$" for t in inside)


_DEFINES = re.compile(
    r"\\(?:re)?newcommand\*?\s*\{?\s*(\\[A-Za-z]+)\s*\}?\s*(?:\[(\d)\])?\s*(?=\{)"
    r"|\\providecommand\*?\s*\{?\s*(\\[A-Za-z]+)\s*\}?\s*(?:\[(\d)\])?\s*(?=\{)"
    r"|\\def\s*(\\[A-Za-z]+)\s*((?:#\d){0,9})\s*(?=\{)"
    r"|\\DeclareMathOperator\*?\s*\{?\s*(\\[A-Za-z]+)\s*\}?\s*(?=\{)"
)


def find_macros(text: str) -> tuple[dict[str, Macro], list[tuple[int, int]]]:
    """The simple macros that a document defines, and where their definitions stand."""
    macros: dict[str, Macro] = {}
    places: list[tuple[int, int]] = []
    for found in _DEFINES.finditer(text):
        if len(macros) >= MAX_MACROS:
            break
        end = _closing_brace(text, found.end())
        if end is None:
            continue
        body = text[found.end() + 1 : end]
        a, n, b, m, d, hashes, operator = found.groups()
        name = a or b or d or operator
        count = int(n or m or 0) if not d else len(hashes) // 2
        if operator:
            body = "\\operatorname{" + body + "}"
        macros[name] = Macro(count, body)
        places.append((found.start(), end + 1))
    return macros, places


def _closing_brace(text: str, k: int) -> int | None:
    level = 0
    for n in range(k, min(len(text), k + 2000)):
        if text[n] == "{" and text[n - 1] != "\\":
            level += 1
        elif text[n] == "}" and text[n - 1] != "\\":
            level -= 1
            if level == 0:
                return n
    return None
