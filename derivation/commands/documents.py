"""LaTeX and Markdown documents as problems: read, echoed, saved."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from derivation.errors import InputError

if TYPE_CHECKING:
    from derivation.language.latex import Reading
    from derivation.library import Entry

_ENDINGS = (".tex", ".md", ".markdown", ".latex")


def is_document(path: str) -> bool:
    """Whether an argument names a document; known without importing the reader."""
    return path.lower().endswith(_ENDINGS)


def only_for_documents(*, about: str | None, assume: Sequence[str], save: str | None) -> None:
    """Refuses options that mean nothing for a problem file."""
    for option, value in (("--problem", about), ("--assume", assume), ("--save-problem", save)):
        if value:
            raise InputError(
                f"{option} goes with a LaTeX or Markdown document",
                hint="a problem file says everything itself; `--given` adds a condition",
            )


def entry(path: str, *, about: str | None, assume: Sequence[str], save: str | None) -> Entry:
    """What a document asks, as a problem; says on standard error how it was read.

    Raises:
        InputError: If nothing in it could be read, or the problem cannot be saved.
    """
    from derivation import api, library
    from derivation.commands.derive import entry_of

    known = None if about is None else entry_of(about, None)
    reading = api.read_document(path, problem=known, assume=assume)
    print(echo(reading), file=sys.stderr)
    if not reading.program.strip():
        raise InputError(f"no definition in `{path}` could be read")
    title = f"# Read from {Path(path).name}\n"
    if save is not None:
        try:
            Path(save).write_text(title + reading.problem_text(), encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot write `{save}`: {error.strerror}") from None
    return replace(library.entry(reading.program), name=Path(path).stem)


def echo(reading: Reading) -> str:
    """What was read, in the input language, and what was not: a few lines for a person."""
    whole = reading.displays[1]
    out = [f"read {whole} of {reading.displays[0]} displayed formulas of {reading.filename}:"]
    out += [f"  {line}" for line in reading.program.splitlines()]
    out += [f"  assumed: {a}" for a in reading.assumed]
    for s in reading.statements:
        out += [f"  line {s.line}: {note}" for note in s.notes]
    out += [f"  line {s.line} is not read: {s.reason}" for s in reading.unread]
    for guess in reading.guesses:
        out.append(f"  perhaps: {guess.why}; confirm with --assume '{guess.statement}'")
    return "\n".join(out)
