"""Writes a derived gradient as a NumPy, PyTorch or JAX function."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

HELP = "write loss and gradient as NumPy, PyTorch or JAX code"
EXAMPLES = """\
The functions are vectorised, keep float32, and neither overflow nor cancel where the formula does
not have to. Arrays count from 0. Without --loss, --grad is meant; both together share their work.

examples:
  derivation code softmax-cross-entropy
  derivation code layernorm --loss --grad --backend torch
  derivation code softmax-jacobian --vjp --backend jax
  derivation code attention-queries --backend torch --autograd-function -o attention.py
  derivation code ./loss.deriv -o loss.py"""


def arguments(parser: argparse.ArgumentParser) -> None:
    from derivation.commands.derive import asking

    asking(parser)
    parser.add_argument(
        "--backend", choices=("numpy", "torch", "jax"), default="numpy", help="the library"
    )
    parser.add_argument("--loss", action="store_true", help="a function for the objective")
    parser.add_argument(
        "--grad",
        action="store_true",
        help="a function for the derivative (with --loss: value_and_grad, which shares the work)",
    )
    parser.add_argument(
        "--vjp",
        action="store_true",
        help="the derivative times an upstream gradient, without making the Jacobian",
    )
    parser.add_argument(
        "--autograd-function",
        action="store_true",
        help="torch: a torch.autograd.Function; with -o FILE.py, FILE_gradcheck.py checks it",
    )
    parser.add_argument(
        "--gradcheck-script",
        action="store_true",
        help="torch: print the script that checks the --autograd-function",
    )
    parser.add_argument("--name", metavar="NAME", help="what the functions are called after")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to a file")


def run(
    *,
    problem: str | None,
    expression: list[str] | None,
    wrt: list[str] | None,
    of: str | None,
    given: list[str],
    style: str | None,
    inline: bool,
    backend: str,
    loss: bool,
    grad: bool,
    vjp: bool,
    autograd_function: bool,
    gradcheck_script: bool,
    name: str | None,
    output: str | None,
) -> int:
    from derivation import api
    from derivation.commands.derive import entry_of
    from derivation.commands.output import Progress, write
    from derivation.errors import DerivationError, InputError

    autograd = autograd_function or gradcheck_script
    if autograd and backend != "torch":
        raise InputError(
            "--autograd-function makes a torch.autograd.Function", hint="add --backend torch"
        )
    if autograd and (loss or grad or vjp):
        raise InputError(
            "--autograd-function has both passes", hint="leave out --loss, --grad and --vjp"
        )
    path = _path(output)
    if autograd and path is not None and not path.stem.isidentifier():
        raise InputError(f"`{path.name}` is no module that Python could import")
    entry = entry_of(problem, expression)
    asked = api.read(entry, wrt=", ".join(wrt) if wrt else None, of=of, given=given, style=style)
    try:
        with Progress() as progress:
            written = api.written(
                asked,
                backend=backend,
                loss=loss,
                grad=grad,
                vjp=vjp,
                autograd=autograd,
                inline=inline,
                name=name,
                module=path.stem if path is not None else None,
                progress=progress.working_on,
            )
    except InputError:
        raise
    except DerivationError as error:
        print(f"no code: {error}", file=sys.stderr)
        return 1
    for warning in api.warnings_for(asked, written.outcomes):
        print(f"warning: {warning}", file=sys.stderr)
    if written.reason is not None:
        print(f"not derived: {written.reason}", file=sys.stderr)
        return 1
    if path is None:
        write(written.script if gradcheck_script else written.source)
        return 0
    _save(path, written.source)
    if autograd:
        beside = path.with_name(f"{path.stem}_gradcheck.py")
        _save(beside, written.script)
    return 0


def _path(output: str | None) -> Path | None:
    from derivation.errors import InputError

    if output in (None, "-"):
        return None
    path = Path(str(output))
    if path.is_dir():
        raise InputError(f"cannot write `{path}`: it is a folder")
    if not path.parent.is_dir():
        raise InputError(f"cannot write `{path}`: there is no folder `{path.parent}`")
    return path


def _save(path: Path, text: Any) -> None:
    from derivation.errors import InputError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write `{path}`: {error.strerror}") from None
