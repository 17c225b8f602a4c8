"""From arguments to a command: the parser, its help, and errors that name the way out."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from importlib import import_module
from typing import NoReturn

import derivation

MODULES = {
    "derive": "derive",
    "check": "check",
    "export": "export",
    "verify": "verify",
    "code": "code",
    "formats": "formats",
    "list": "listing",
    "show": "show",
    "axioms": "axioms",
}

DESCRIPTION = (
    "Derives the gradient of a loss step by step, for symbolic sizes, and proves every step."
)

EXAMPLES = """\
examples (the quotes work in bash, zsh and PowerShell):
  derivation                                   the flagship: softmax with cross-entropy
  derivation list                              the library of named problems
  derivation derive layernorm                  a problem of the library
  derivation derive my-loss.deriv              a problem file
  derivation derive -e 'L = sum((x[i] - a)**2 for i in N); wrt a'
  derivation derive softmax-cross-entropy --style delta --detail outline
  derivation derive softmax-jacobian -o jacobian.tex --standalone
  derivation export softmax-cross-entropy -o proof.pdf -o proof.html
  derivation verify proof.json                 replay a certificate from its text alone
  derivation code layernorm --loss --grad      fast, stable NumPy (or PyTorch, JAX) functions
  derivation show softmax-cross-entropy        the problem file, to copy and edit

exit status: 0 derived, 1 not derived, 2 bad input"""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are short and suggest the nearest way out."""

    def __init__(self, **options: object) -> None:
        super().__init__(
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,  # type: ignore[arg-type]
        )

    def error(self, message: str) -> NoReturn:
        strange = message.removeprefix("unrecognized arguments: ")
        hint = f"`{self.prog} --help` shows what there is"
        if strange != message:
            strange = strange.split()[0]
            message = f"no option or argument `{strange}` here"
            near = difflib.get_close_matches(strange.split("=")[0], self._option_string_actions, 1)
            hint = f"did you mean `{near[0]}`?" if near else hint
        self.exit(2, f"error: {message}\n  {hint}\n")


def run(argv: list[str]) -> int:
    """Parses the arguments and runs the command that they name; without any, `derive`."""
    if not argv or (argv[0].startswith("-") and argv[0] not in ("-h", "--help", "--version")):
        argv = ["derive", *argv]
    try:
        return _command(argv[0], argv[1:])
    except SystemExit as done:  # --help, --version, or a bad argument: all is said
        return done.code if isinstance(done.code, int) else 2


def _command(word: str, rest: list[str]) -> int:
    if word not in MODULES:
        parser = _whole_parser()
        if not word.startswith("-"):
            parser.exit(2, f"error: no command `{word}`\n  {_meant(word)}\n")
        parser.parse_args([word, *rest])  # ends by itself
        return 0
    module = import_module(f"derivation.commands.{MODULES[word]}")
    parser = Parser(prog=f"derivation {word}", description=module.__doc__, epilog=module.EXAMPLES)
    module.arguments(parser)
    options = vars(parser.parse_args(rest))

    from derivation.errors import InputError

    try:
        status: int = module.run(**options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return status


def _whole_parser() -> Parser:
    """What `derivation --help` shows."""
    parser = Parser(prog="derivation", description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument(
        "--version", action="version", version=f"derivation {derivation.__version__}"
    )
    commands = parser.add_subparsers(
        title="commands",
        metavar="COMMAND",
        description="`derivation COMMAND --help` shows a command's options",
    )
    for name, module in MODULES.items():
        commands.add_parser(name, help=import_module(f"derivation.commands.{module}").HELP)
    return parser


def _meant(word: str) -> str:
    """What the user may have meant by a first word that is no command."""
    from derivation import library

    near = difflib.get_close_matches(word, MODULES, 1)
    if near:
        return f"did you mean `derivation {near[0]}`?"
    problem = word if os.path.exists(word) else next(iter(library.near(word)), None)
    if problem:
        return f"did you mean `derivation derive {problem}`?"
    return f"the commands are {', '.join(MODULES)}"
