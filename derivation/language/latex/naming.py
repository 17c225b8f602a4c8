"""Names of the input language for the letters of a document, one to one and always the same."""

from __future__ import annotations

from derivation.language.latex.survey import Key
from derivation.language.latex.trees import Name

# words that mean something where an expression stands, or that Python keeps for itself
_TAKEN = {
    "sum", "prod", "max", "min", "for", "in", "if", "else", "and", "or", "not", "is", "as", "from",
    "def", "del", "try", "with", "class", "return", "while", "pass", "None", "True", "False",
    "import", "global", "yield", "raise", "assert", "async", "await", "break", "continue", "except",
    "finally", "nonlocal", "elif",
}  # fmt: skip
_STATEMENTS = {"given", "wrt", "of", "style", "claim", "label", "function"}


class Names:
    """The names given so far."""

    def __init__(self, reserved: frozenset[str] = frozenset()) -> None:
        self.by_key: dict[Key, str] = {}
        self.latex: dict[str, str] = {}
        self.reserved = set(reserved)

    def name(self, name: Name, *, array: bool = True) -> str:
        """The name that a letter has in the language.

        >>> Names().name(Name("y", ("hat",), "", (), 0, "\\\\hat{y}"))
        'yhat'
        """
        found = self.by_key.get(name.key)
        if found is None:
            found = self._free(_wanted(name.key, array))
            self.by_key[name.key] = found
            self.latex[found] = _shown(name)
        return found

    def letter(self, letter: str) -> str:
        """An index letter; its primes are spelt out."""
        return letter.replace("'", "p")

    def _free(self, wanted: str) -> str:
        taken = set(self.by_key.values()) | self.reserved | _TAKEN | _STATEMENTS
        if wanted not in taken:
            return wanted
        k = 2
        while f"{wanted}{k}" in taken:
            k += 1
        return f"{wanted}{k}"


def _wanted(key: Key, array: bool) -> str:
    base, marks, label = key
    text = base
    for mark in marks:
        text += {"script": "", "squared": "2"}.get(mark, mark)
    if label:
        text += label if label.isdigit() and not marks else f"_{label}"
    if text in ("pi", "e") and not array:
        text += "0"
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c == "_"))


def _shown(name: Name) -> str:
    """The LaTeX of a name without its indices, as far as they can be taken off."""
    base = name.base if len(name.base) == 1 else f"\\{name.base}"
    if len(name.base) > 1 and name.base.endswith("0"):  # a number beside an array of that name
        base = f"{name.base[:-1]}_0"
    if name.latex.startswith("\\text"):
        base = f"\\text{{{name.base}}}"
    primes = 0
    for mark in name.marks:
        if mark == "prime":
            primes += 1
        elif mark == "script":
            base = f"\\mathcal{{{base}}}"
        elif mark == "squared":
            base += "^2"
        elif mark == "star":
            base += "^*"
        else:
            base = f"\\{mark}{{{base}}}"
    base += "'" * primes
    if name.label:
        base += f"_{{{name.label}}}"
    return base
