"""Checks the certificate of a derivation, and says in full what it proves."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from derivation.verifier import Verified

HELP = "verify a certificate (the JSON of a derivation) from the file alone"
EXAMPLES = """\
The checker (derivation/checker, which shares nothing with the rest) replays every move from the
file; then the claim is evaluated at small sizes, where that can be done. The checker alone, on a
Python without any package: python -m derivation.checker FILE.

examples:
  derivation derive softmax-cross-entropy -o proof.json
  derivation verify proof.json
  derivation derive layernorm --format json | derivation verify -

exit status: 0 verified, 1 refused (with the step), 2 not a certificate"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE|-", help="the certificate; - is standard input")
    parser.add_argument(
        "--timeout",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="give up, with exit status 2, after this long (600)",
    )
    parser.add_argument(
        "--no-oracle",
        dest="oracle",
        action="store_false",
        help="do not evaluate the claim at small sizes besides",
    )


def run(*, file: str, timeout: float, oracle: bool) -> int:
    from derivation.commands.output import write
    from derivation.errors import CertificateRefused, InputError

    if not 0 < timeout < threading.TIMEOUT_MAX:
        raise InputError("--timeout is a positive number of seconds")
    data = _data(file)
    start = time.perf_counter()
    try:
        found = _within(data, timeout, oracle)
    except CertificateRefused as refused:
        print(f"refused: {refused}", file=sys.stderr)
        return 1
    except MemoryError:
        raise InputError("the certificate takes more memory than there is") from None
    taken = time.perf_counter() - start
    write("\n\n".join(map(summary, found)) + f"\n    {_counted(found)} · {taken:.2f} s\n")
    return 0


def _data(file: str) -> bytes:
    """The bytes of the file, at most one more than a certificate may have."""
    from derivation.errors import InputError
    from derivation.verifier import MAX_BYTES

    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with open(file, "rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read `{file}`: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"cannot read `{file!r}`: {error}") from None


def _within(data: bytes, timeout: float, oracle: bool) -> tuple[Verified, ...]:
    """The verification, stopped from outside when its time is over."""
    import _thread

    from derivation.errors import InputError
    from derivation.verifier import verify_all

    over, done = threading.Event(), threading.Event()

    def stop() -> None:
        over.set()
        patience = 0.1
        while not done.is_set():
            _thread.interrupt_main()
            done.wait(patience)  # again: an interrupt that falls into a destructor is lost
            patience *= 4  # but not while the first one is still being dealt with

    def interrupted(_number: int, _frame: object) -> None:
        if not done.is_set() and (over.is_set() or not ignored):
            raise KeyboardInterrupt

    timer = threading.Timer(timeout, stop)
    timer.daemon = True
    before = signal.getsignal(signal.SIGINT)
    ignored = before is signal.SIG_IGN  # as in a shell's background
    signal.signal(signal.SIGINT, interrupted)
    try:
        try:
            timer.start()  # its time may be over before this returns
            return verify_all(data, oracle=oracle)
        finally:
            done.set()
    except KeyboardInterrupt:  # the next one, if any, is some time off
        if over.is_set():
            raise InputError(f"not verified within {timeout:g} s", hint="see --timeout") from None
        raise
    finally:
        done.set()
        timer.cancel()
        if timer.is_alive():
            timer.join()
        signal.signal(signal.SIGINT, before)


def summary(found: Verified) -> str:
    """What was verified: the statement in full, with what its names mean and its hypotheses."""
    runs = ", ".join([f"{letter} in {size}" for letter, size in found.letters.items()])
    lines = [f" {'∎' if found.derived else '…'}  {found.claim}", f"    {_one_line(found.title)}"]
    if not found.derived:
        lines[1] += ": stopped here, as the certificate says"
    for label, texts in (
        ("for all", (runs,) if runs else ()),
        ("inputs", found.inputs),
        ("where", found.definitions),
        ("with", found.introduced),
        ("given", found.given),
        ("if", found.conditions),
        ("domain", found.domain),
        ("without", tuple(f"{what}: it is not proved here" for what in found.unproved)),
        ("oracle", (found.tried,) if found.tried else ()),
    ):
        lines += [f"    {label if not k else '':8}{text}" for k, text in enumerate(texts)]
    return "\n".join(lines)


def _one_line(prose: str) -> str:
    """A title, so that it cannot be taken for a line of the verifier's own."""
    return "".join(c if c.isprintable() else " " for c in prose)[:200]


def _counted(found: tuple[Verified, ...]) -> str:
    moves, lemmas = sum(v.moves for v in found), sum(v.lemmas for v in found)
    lemma = "lemma" if lemmas == 1 else "lemmas"
    return f"verified: {moves} moves, {lemmas} {lemma}"
