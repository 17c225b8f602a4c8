"""The command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from derivation.commands import parse


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status: 0, 1 for "not derived", 2 for bad input.

    Args:
        argv: The arguments after the program's name; those of the process where None.
    """
    try:
        status = parse.run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130  # as a shell reports it
    except BrokenPipeError:
        _silence(sys.stdout)
        return 141
    except Exception as error:
        if os.environ.get("DERIVATION_TRACEBACK"):
            raise
        print(
            f"internal error: {type(error).__name__}: {error}\n  this is a defect of the program; "
            "please report it with what DERIVATION_TRACEBACK=1 shows",
            file=sys.stderr,
        )
        return 1
    return status


def _silence(stream: object) -> None:
    """Points a stream whose reader is gone at nothing, so that the last flush says nothing."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
    except (OSError, ValueError, AttributeError):
        pass


if __name__ == "__main__":
    sys.exit(main())
