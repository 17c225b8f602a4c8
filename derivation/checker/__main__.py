"""``python -m derivation.checker FILE.json``: exit status 0 proved, 1 refused, 2 no certificate."""

from __future__ import annotations

import sys

from . import MAX_BYTES, Claim, Malformed, Refused, check

USAGE = "usage: python -m derivation.checker FILE.json    (- is standard input)"


def told(claim: Claim) -> str:
    """The claim in full: what is proved, of which program, under which hypotheses."""
    core, runs = claim.core, [f"{k} in {size}" for k, size in claim.letters.items()]
    equation = " if ".join([claim.equation, *claim.assumes])
    lines = [f"{equation}   for every {', '.join(runs) or 'size'}"]
    lines += [] if claim.derived else ["   (the derivation stopped here)"]
    shapes = [f"{name}: {' by '.join(s) or 'a number'}" for name, s in core["arrays"].items()]
    shapes += [f"{name} holds places over {s}" for name, s in core.get("labels", {}).items()]
    shapes += [f"{f} is an unknown function of {n}" for f, n in core.get("functions", {}).items()]
    where = []
    for d in core["definitions"]:
        at = ",".join(d.get("letters", {}))
        where.append(f"{d['name']}{f'[{at}]' if at else ''} = {d['body']}")
    about = {"with": shapes, "where": where, "given": claim.given, "if": claim.conditions}
    for label, texts in {**about, "domain": claim.domain}.items():
        lines += [f"   {'' if n else label:8}{text}" for n, text in enumerate(texts)]
    return "\n".join([*lines, f"   {claim.moves} moves, {claim.lemmas} lemmas"])


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    sys.setrecursionlimit(10_000)  # this process is the checker's own
    try:
        piped = arguments[0] == "-"
        with sys.stdin.buffer if piped else open(arguments[0], "rb") as file:
            claims = check(file.read(MAX_BYTES + 1))
    except Refused as error:
        print(f"refused: {error.step}: {error}", file=sys.stderr)
        return 1
    except (Malformed, OSError) as error:
        what = "no certificate" if isinstance(error, Malformed) else "cannot read"
        print(f"{what}: {error}", file=sys.stderr)
        return 2
    print("\n\n".join(map(told, claims)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
