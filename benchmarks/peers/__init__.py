"""The peers: what is installed for each, and what runs a job. To add one, add it here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Peer:
    """A program to be measured.

    Attributes:
        name: As the table says it.
        venv: The name of its virtual environment; several peers may share one.
        packages: What pip installs there, by name ("" stands for this package).
        program: Its file in this folder, run by the venv's Python with the name of the job.
        tool: Instead, a command that must be installed.
        heavy: Whether installing it takes gigabytes: left out of a quick run.
    """

    name: str
    venv: str = ""
    packages: tuple[str, ...] = ()
    program: str = ""
    tool: str = ""
    heavy: bool = False


OURS = Peer("derivation", "ours", ("", "numpy"), "in_ours.py")
SYMPY = Peer("SymPy", "ours", ("", "numpy"), "in_sympy.py")
TENSORGRAD = Peer("tensorgrad", "tensorgrad", ("tensorgrad==0.3.0", "numpy"), "in_tensorgrad.py",
                  heavy=True)  # fmt: skip
TORCH = Peer("PyTorch", "tensorgrad", ("tensorgrad==0.3.0", "numpy"), "in_torch.py", heavy=True)
MAXIMA = Peer("Maxima", tool="maxima")
PEERS = (OURS, SYMPY, TENSORGRAD, TORCH, MAXIMA)


class NotInstalled(Exception):
    """A peer that could not be installed here."""


def interpreter(peer: Peer, folder: Path) -> str:
    """The Python of a peer's environment, which is made if it is not there yet.

    Raises:
        NotInstalled: It cannot be made; the message is the last line of what pip said.
    """
    where = folder / peer.venv
    python = where / "bin" / "python"
    done = where / "installed"
    if not done.exists():
        where.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(where)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        for package in peer.packages:
            if package:
                ran = subprocess.run([*pip, package], capture_output=True, text=True)
                if ran.returncode:
                    shutil.rmtree(where)
                    last = ran.stderr.strip().splitlines()[-1:] or ["pip failed"]
                    raise NotInstalled(last[0][:200])
        done.touch()
    if "" in peer.packages:  # this package as it stands now
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "--force-reinstall", "--no-deps", str(ROOT)], check=True)
        subprocess.run([*pip, str(ROOT)], check=True)
    return str(python)


def tool(peer: Peer) -> str:
    """The command of a peer that is no Python package."""
    found = shutil.which(peer.tool)
    if found is None:
        raise NotInstalled(f"no command `{peer.tool}`")
    return found
