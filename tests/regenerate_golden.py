"""Write the golden files anew. Run by a person who has looked at the difference, never by a test.

python tests/regenerate_golden.py
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]


def main() -> None:
    from printed import CASES, printed
    from test_codegen import GOLDEN_FILES, code
    from test_rules_held import record
    from test_theory_held import record as answers

    texts = {name: partial(printed, name) for name in CASES}
    texts.update({f"code/{name}": partial(code, name) for name in GOLDEN_FILES})
    texts["rule_instances.txt"] = lambda: "".join(f"{line}\n" for line in record())
    texts["theory_answers.txt"] = lambda: "".join(f"{line}\n" for line in answers())
    for name, made in texts.items():
        path = HERE / "golden" / name
        text = made()
        state = "same" if path.exists() and path.read_text("utf-8") == text else "written"
        path.write_text(text, "utf-8", newline="\n")
        print(f"{state:8} {path.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
