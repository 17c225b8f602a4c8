"""Run the command line from a clone: ``python cli.py`` is ``derivation``."""

import sys

from derivation.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
