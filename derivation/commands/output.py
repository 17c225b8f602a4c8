"""Where a derivation is written to and how: format, width, colour, letters, progress."""

from __future__ import annotations

import difflib
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

from derivation import printers
from derivation.errors import InputError

NARROWEST, WIDEST = 20, 1000
READABLE = 100  # columns used on a wider terminal unless --width says otherwise
PATIENCE = 1.0  # seconds before a note about progress on a terminal
LONG = 10.0  # … and before one in a log, where notes stay


class Target:
    """What the options say about the output; raises `InputError` before anything is derived."""

    def __init__(
        self,
        path: str | None = None,
        *,
        format: str | None = None,
        color: str = "auto",
        width: int | None = None,
        standalone: bool = False,
    ) -> None:
        self.path = None if path in (None, "-") else Path(str(path))
        self.format = format or self._format_by_ending()
        if self.format not in printers.FORMATS:
            near = difflib.get_close_matches(self.format, printers.FORMATS, 1)
            raise InputError(
                f"no format `{self.format}`",
                hint=f"did you mean `{near[0]}`?"
                if near
                else f"the formats are {', '.join(printers.FORMATS)}",
            )
        if standalone and self.format not in ("latex", "beamer"):
            raise InputError(
                f"--standalone means nothing for the format {self.format}",
                hint="it makes a whole LaTeX document: --format latex, or -o FILE.tex",
            )
        if self.is_pdf and self.format not in ("latex", "beamer"):
            raise InputError(f"a PDF is made from the formats latex and beamer, not {self.format}")
        self.engine = _engine() if self.is_pdf else None
        if width is not None and not NARROWEST <= width <= WIDEST:
            raise InputError(f"--width is a number of columns from {NARROWEST} to {WIDEST}")
        if self.path is not None:
            self._check_path(self.path)
        self.color, self.width, self.standalone = color, width, standalone or self.is_pdf
        self.text, self.data = "", b""

    @property
    def is_pdf(self) -> bool:
        return self.path is not None and self.path.suffix.lower() == ".pdf"

    def options(self) -> dict[str, Any]:
        """The keyword arguments of ``printers.render``."""
        screen = self.path is None
        terminal = screen and self.format in ("terminal", "text")
        return {
            "width": self.width or (_columns() if terminal else 80),
            "color": self.format == "terminal" and _wants_color(self.color, screen),
            "unicode": not screen or printers.takes_unicode(sys.stdout.encoding),
            "standalone": self.standalone,
        }

    def take(self, text: str) -> None:
        """What is to be written; a PDF is typeset here."""
        self.text = text
        if self.engine is not None:
            from derivation.commands import typesetting

            self.data = typesetting.pdf(text, self.engine)
        else:
            self.data = text.encode("utf-8", "backslashreplace")

    def write(self) -> None:
        """Writes what was taken; what an output cannot encode is replaced, never an error."""
        if self.path is None:
            write(self.text)
            return
        try:
            self.path.write_bytes(self.data)
        except OSError as error:
            raise InputError(f"cannot write `{self.path}`: {error.strerror}") from None

    def _format_by_ending(self) -> str:
        if self.path is None:
            return "terminal"
        if self.is_pdf:
            return "latex"
        found = printers.format_for(self.path.name)
        if found is None and self.path.suffix:
            known = [*(e for f in printers.FORMATS.values() for e in f.endings), ".pdf"]
            raise InputError(
                f"no format has the ending `{self.path.suffix}`",
                hint=f"the endings are {', '.join(known)}; or choose one with --format",
            )
        return found or "text"

    @staticmethod
    def _check_path(path: Path) -> None:
        if path.is_dir():
            raise InputError(f"cannot write `{path}`: it is a folder")
        if not path.parent.is_dir():
            raise InputError(f"cannot write `{path}`: there is no folder `{path.parent}`")


def _engine() -> str:
    from derivation.commands import typesetting

    return typesetting.engine()


class Progress:
    """A note on standard error about work that takes more than a second."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.doing = "deriving"
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def working_on(self, what: str) -> None:
        self.doing = what

    def __enter__(self) -> Progress:
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.done.set()
        self.thread.join()

    def _watch(self) -> None:
        said, shown = "", 0
        try:
            live = self.stream.isatty()
            while not self.done.wait(LONG if not live else 0.2 if said else PATIENCE):
                if self.doing == said:
                    continue
                said = self.doing
                text = f"{said} …" if printers.takes_unicode(self.stream.encoding) else said
                self.stream.write(f"\r{text.ljust(shown)}" if live else f"{text}\n")
                self.stream.flush()
                shown = len(text)
            if live and shown:
                self.stream.write("\r" + " " * shown + "\r")
                self.stream.flush()
        except (OSError, ValueError):
            return  # nobody is listening


def write(text: str) -> None:
    """Writes to standard output; what its encoding lacks is replaced, never an error."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding, "replace"))


def _columns() -> int:
    found = shutil.get_terminal_size((80, 24)).columns
    return max(NARROWEST, min(found, READABLE))


def _wants_color(choice: str, screen: bool) -> bool:
    if choice != "auto":
        return choice == "always"
    if not screen or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return False
    if os.name == "nt":  # an old console shows the codes themselves
        return any(name in os.environ for name in ("WT_SESSION", "ANSICON", "TERM"))
    return os.environ.get("TERM") != "dumb"
