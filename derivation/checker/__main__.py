"""``python -m derivation.checker FILE.json``: exit status 0 proved, 1 refused, 2 no certificate."""

from __future__ import annotations

import sys

from . import MAX_BYTES, Claim, Malformed, Refused, check

USAGE = "usage: python -m derivation.checker FILE.json    (- is standard input)"


def told(claim: Claim) -> str:
    """The claim in full: what is proved, of which program, under which hypotheses."""
    core, runs = claim.core, [f"{k} in {size}" for k, size in claim.letters.items()]
    lines = [
        " if ".join([claim.equation, *claim.assumes]) + f"   for every {', '.join(runs) or 'size'}"
    ]
    lines += [] if claim.derived else ["   (the derivation stopped here)"]
    labels = core.get("labels", {})
    shapes = [f"{name}: {' by '.join(s) or 'a number'}" for name, s in core["arrays"].items()]
    for name, size in labels.items():
        shapes.append(f"{name} holds places over {size}")
    for name, count in core.get("functions", {}).items():
        shapes.append(f"{name} is an unknown function of {count}")
    definitions = [
        f"{d['name']}[{','.join(d.get('letters', {}))}] = {d['body']}".replace("[]", "")
        for d in core["definitions"]
    ]
    for label, texts in (
        ("with", shapes),
        ("where", definitions),
        ("given", claim.given),
        ("if", claim.conditions),
        ("domain", claim.domain),
    ):
        lines += [f"   {'' if n else label:8}{text}" for n, text in enumerate(texts)]
    return "\n".join([*lines, f"   {claim.moves} moves, {claim.lemmas} lemmas"])


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    sys.setrecursionlimit(10_000)  # this process is the checker's own
    try:
        if arguments[0] == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with open(arguments[0], "rb") as file:
                data = file.read(MAX_BYTES + 1)
        claims = check(data)
    except Refused as error:
        print(f"refused: {error.step}: {error}", file=sys.stderr)
        return 1
    except Malformed as error:
        print(f"no certificate: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot read {arguments[0]}: {error.strerror}", file=sys.stderr)
        return 2
    print("\n\n".join(map(told, claims)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
