"""A PDF from LaTeX, with the engine that the machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from derivation.errors import InputError

ENGINES = ("pdflatex", "tectonic")
PATIENCE = 300  # seconds
HOW_TO_GET = (
    "on Debian and Ubuntu: apt install texlive-latex-recommended texlive-pictures lmodern; "
    "on macOS: brew install tectonic; elsewhere: TeX Live, MiKTeX or tectonic. "
    "Without it, -o proof.html makes a page that prints well"
)


def found() -> str | None:
    """The engine that this machine has, or None."""
    return next((name for name in ENGINES if shutil.which(name)), None)


def engine() -> str:
    """The engine that this machine has; raises `InputError` with how to get one."""
    name = found()
    if name is None:
        raise InputError("a PDF takes pdflatex or tectonic, and neither is here", hint=HOW_TO_GET)
    return name


def pdf(source: str, engine: str) -> bytes:
    """The document as a PDF. It may run no program and read no file but its own and TeX's."""
    with tempfile.TemporaryDirectory(prefix="derivation-") as folder:
        (Path(folder) / "proof.tex").write_text(source, encoding="utf-8")
        command = [engine, "proof.tex"]
        if engine == "pdflatex":
            options = ("-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape")
            command = [engine, *options, "proof.tex"]
        safe = {**os.environ, "openin_any": "p", "openout_any": "p"}
        for _ in range(2 if engine == "pdflatex" and "{beamer}" in source else 1):
            try:
                ran = subprocess.run(
                    command,
                    cwd=folder,
                    env=safe,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=PATIENCE,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise InputError(f"{engine} did not finish: {error}") from None
            if ran.returncode:
                log = (ran.stdout + ran.stderr).decode("utf-8", "replace")
                said = _said(log)
                hint = HOW_TO_GET if "not found" in said else "-o proof.tex keeps the source"
                raise InputError(f"{engine} failed: {said}", hint=hint)
        return (Path(folder) / "proof.pdf").read_bytes()


def _said(log: str) -> str:
    """The first error in a log."""
    for line in log.splitlines():
        if line.startswith(("!", "error:")):
            return line.lstrip("! ")
    return log.strip().splitlines()[-1] if log.strip() else "it said nothing"
