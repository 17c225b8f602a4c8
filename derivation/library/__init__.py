"""Problem files (``*.deriv``), and those of the library: the derivations people look for.

A problem of the library is one file in this folder. Its header comments give the title, the topic,
the source and one line of context; the rest is a program of the input language. Nothing else needs
an edit.

>>> "softmax-cross-entropy" in names()
True
>>> print(load("softmax-jacobian").title)
Jacobian of the softmax
"""

from __future__ import annotations

import difflib
import itertools
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from derivation.errors import InputError

FOLDER = Path(__file__).parent  # not by importlib.resources, whose import costs more than the files
FIRST = "softmax-cross-entropy"
ENDING = ".deriv"
LIMIT = 64 * 1024  # bytes of a problem; the reader of the language has the same limit

# The order of `derivation list`: what a teacher of deep learning looks for comes first. A topic
# that is not named here comes after these.
TOPICS = (
    "Softmax family",
    "Binary losses",
    "Regression",
    "Networks",
    "Normalisation layers",
    "Attention",
    "Contrastive and preference losses",
    "Embeddings",
    "Reinforcement learning",
    "Generative and mixture models",
    "Factorisation",
    "Survival",
    "Optimal transport",
    "Physics",
)


@dataclass(frozen=True)
class Entry:
    """A problem file: its header and its whole text."""

    name: str | None
    title: str | None
    topic: str
    source: str
    about: str
    text: str
    known: str = ""  # the result that the problem is known by, where others cite it


def names() -> tuple[str, ...]:
    """The names of all problems, the flagship first, then by the alphabet."""
    found = (name[: -len(ENDING)] for name in os.listdir(FOLDER) if name.endswith(ENDING))
    return tuple(sorted(found, key=lambda name: (name != FIRST, name)))


def load(name: str) -> Entry:
    """The problem of that name; raises `InputError` with the nearest names where there is none.

    >>> load("focal-los")
    Traceback (most recent call last):
        ...
    derivation.errors.InputError: the library has no problem named `focal-los`
      did you mean `focal-loss`?
    """
    if name not in names():
        shown = name if len(name) <= 60 else f"{name[:60]}…"
        raise InputError(f"the library has no problem named `{shown}`", hint=suggestion(name))
    return _read(name)


def entries() -> tuple[Entry, ...]:
    """All problems, by topic in the order of the list, the flagship first."""
    rank = {topic: k for k, topic in enumerate(TOPICS)}
    found = [_read(name) for name in names()]
    return tuple(sorted(found, key=lambda e: (rank.get(e.topic, len(rank)), e.topic)))


@cache
def theorems() -> tuple[Entry, ...]:
    """The problems whose results others cite: those with a line ``# known: RESULT``.

    >>> [t.known for t in theorems() if t.name == "softmax-cross-entropy"]
    ['yhat[j] - y[j]']
    """
    return tuple(e for e in map(_read, names()) if e.known)


def near(name: str) -> list[str]:
    """Problems of the library that may be meant by a name, the nearest first.

    >>> near("softmax_jacobian"), near("sofmax")[0]
    (['softmax-jacobian'], 'softmax-cross-entropy')
    >>> near("softmax-cros")[0]
    'softmax-cross-entropy'
    """
    wanted = name[:100].lower().replace("_", "-").replace(" ", "-").removesuffix(ENDING)
    known = names()
    if wanted in known:
        return [wanted]
    begun = [k for k in known if len(wanted) >= 3 and k.startswith(wanted)]
    if begun:  # a name that was not finished
        return begun[:3]
    words = {word for k in known for word in k.split("-")}
    like = difflib.get_close_matches(wanted, words, n=1, cutoff=0.8)
    found = difflib.get_close_matches(wanted, known, n=1, cutoff=0.75)
    return found or [k for k in known if set(like) & set(k.split("-"))][:3]


def suggestion(name: str) -> str:
    """The nearest way out for a name that the library does not have."""
    found = near(name)
    if found:
        return "did you mean " + " or ".join(f"`{k}`" for k in found) + "?"
    return "`derivation list` shows every problem"


def header(text: str) -> dict[str, str]:
    """The ``# key: value`` comments at the top of a problem's text.

    >>> header("# title: A loss\\n# topic: Losses\\nL = x")
    {'title': 'A loss', 'topic': 'Losses'}
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            break
        key, colon, value = line[1:].partition(":")
        key = key.strip()
        if colon and key in ("title", "topic", "source", "about", "known") and key not in found:
            found[key] = value.strip()
    return found


def entry(text: str, name: str | None = None) -> Entry:
    """A problem's text with what its header says.

    >>> entry("# title: A loss\\nL = x").title
    'A loss'
    """
    head = header(text)
    return Entry(
        name=name,
        title=head.get("title"),
        topic=head.get("topic", "Other"),
        source=head.get("source", ""),
        about=head.get("about", ""),
        text=text,
        known=head.get("known", ""),
    )


def read_file(path: str | os.PathLike[str], limit: int = LIMIT) -> Entry:
    """A problem file of the user's, read as UTF-8; raises `InputError` where that fails."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise InputError(f"there is no file `{path}`", hint=_nearby(path)) from None
    except IsADirectoryError:
        raise InputError(f"`{path}` is a folder, not a problem file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read `{path}`: {reason}") from None
    return entry(decode(data, f"`{path}`", limit), path.stem)


def decode(data: bytes, what: str, limit: int = LIMIT) -> str:
    """The text of a problem that came as bytes; ``what`` names it in the error.

    >>> decode(b"\\xff\\xfe", "`x.deriv`")
    Traceback (most recent call last):
        ...
    derivation.errors.InputError: `x.deriv` is not a text file in UTF-8 (byte 1)
    """
    if len(data) > limit:
        raise InputError(f"{what} is longer than {limit // 1024} KiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{what} is not a text file in UTF-8 (byte {error.start + 1})") from None
    if "\0" in text:
        raise InputError(f"{what} is not a text file (byte {data.index(0) + 1} is zero)")
    return text


def _read(name: str) -> Entry:
    return entry((FOLDER / f"{name}{ENDING}").read_text(encoding="utf-8"), name)


def _nearby(path: Path) -> str | None:
    """A file beside it that the user may have meant."""
    try:
        here = [p.name for p in itertools.islice(path.parent.iterdir(), 10_000)]
    except OSError:
        return None
    near = difflib.get_close_matches(path.name, here, n=1)
    if near:
        return f"did you mean `{path.with_name(near[0])}`?"
    if path.name.removesuffix(ENDING) in names():
        return f"the library has it: `derivation derive {path.name.removesuffix(ENDING)}`"
    return None
