"""Two checkers of certificates, written apart from each other, agree.

tests/second_checker.mjs was written from notes/certificate.md alone. What one accepts the other
must not refuse, on certificates as they are and changed.
Where each may see more than the other (the page: "may see"), the reasons are listed below.
"""

import copy
import json
import pathlib
import random
import re
import shutil
import subprocess

import pytest

import derivation.checker as checker

HERE = pathlib.Path(__file__).parent
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None, reason="node is missing, which the second checker is run by"
)

STORED = [
    "logsumexp-delta",
    "mse-linear-delta",
    "gaussian-nll-delta",
    "mlp-tanh-delta",
    "softmax-jacobian-cases",
    "huber-cases",
    "quantile-regression-cases",
    "label",
    "place",
    "unknown",
    "kinks",
    "given",
    "second",
]

# why one may accept what the other refuses: (who accepts, what the other says)
ALLOWED = [
    (
        "second",
        r"is not known",
    ),  # what follows: a checker must see the page's rules, and may see what is true besides
    ("second", r"the line reached is"),  # a number times a case is the case of the products
    ("first", r"only by arithmetic"),  # partial(1*p, x): whether p is a bare name there
]


def first(certificate):
    try:
        checker.check_data(certificate)
    except (checker.Refused, checker.Malformed) as error:
        return f"{type(error).__name__}: {error}"
    return "proved"


def second(certificates, folder):
    files = []
    for number, certificate in enumerate(certificates):
        files.append(folder / f"{number}.json")
        files[-1].write_text(json.dumps(certificate))
    run = subprocess.run(
        [NODE, str(HERE / "second_checker.mjs"), *map(str, files)],
        capture_output=True,
        text=True,
        timeout=900,
    )
    lines = run.stdout.splitlines()
    assert len(lines) == len(files), run.stderr
    assert (run.returncode == 0) == all(line.endswith(": proved") for line in lines)
    return [line.split(": ", 1)[1] for line in lines]


def stored():
    return [
        json.loads((HERE / "data" / "certificates" / f"{name}.json").read_text()) for name in STORED
    ]


def all_steps(steps):
    for place, step in enumerate(steps):
        yield steps, place, step
        yield from all_steps(step.get("substeps") or [])


def slots(certificate):
    """Every place with a text that means something."""
    yield certificate, "result"
    for body in certificate["core"]["definitions"]:
        yield body, "body"
    for hypothesis in certificate["core"]["hypotheses"]:
        yield hypothesis, "says"
    for _, _, step in all_steps(certificate["steps"]):
        yield step, "before"
        yield step, "after"
        for move in step.get("moves") or []:
            yield from ((move, key) for key in ("at", "left", "right") if key in move)
            yield from ((move["put"], key) for key in move.get("put", {}))


def changed_text(text, rng):
    tokens = re.findall(r"\w+|\*\*|[<>!=]=|\s+|.", text)
    names = [token for token in tokens if re.match("[A-Za-z_]", token)]
    swaps = {
        "+": "-",
        "-": "+",
        "*": "/",
        "/": "*",
        "<": "<=",
        "<=": ">",
        ">": ">=",
        ">=": "<",
        "==": "!=",
        "!=": "==",
    }
    for _ in range(20):
        place = rng.randrange(len(tokens))
        token = tokens[place]
        new = swaps.get(token, token)
        if token.isdigit():
            new = str(int(token) + 1)
        elif token in names:
            new = rng.choice([*names, "exp", "log", "diff", "partial"])
        if new != token:
            tokens[place] = new
            return "".join(tokens)
    return text


def change(certificate, rng):
    certificate = copy.deepcopy(certificate)
    steps = list(all_steps(certificate["steps"]))
    moves = [
        (step["moves"], place)
        for _, _, step in steps
        for place in range(len(step.get("moves") or []))
    ]
    kind = rng.choice(
        [
            "text",
            "text",
            "everywhere",
            "everywhere",
            "dir",
            "drop-move",
            "drop-step",
            "swap",
            "unstated",
            "letter",
            "law",
        ]
    )
    if kind == "text":
        where, key = rng.choice(
            [slot for slot in slots(certificate) if isinstance(slot[0][slot[1]], str)]
        )
        where[key] = changed_text(where[key], rng)
    elif kind == "everywhere":
        found = [slot for slot in slots(certificate) if isinstance(slot[0][slot[1]], str)]
        where, key = rng.choice(found)
        old, new = where[key], changed_text(where[key], rng)
        for where, key in found:
            where[key] = new if where[key] == old else where[key]
    elif kind in ("dir", "drop-move", "law"):
        where, place = rng.choice(moves)
        if kind == "drop-move":
            del where[place]
        elif kind == "law":
            where[place]["law"] = rng.choice(
                [
                    "sum-add",
                    "sum-factor",
                    "sift-delta",
                    "differentiate",
                    "algebra",
                    "case-holds",
                    "by-cases",
                    "definition",
                ]
            )
        else:
            where[place]["dir"] = "lr" if where[place].get("dir") == "rl" else "rl"
    elif kind in ("drop-step", "swap"):
        where, place, _ = rng.choice(steps)
        if kind == "drop-step":
            del where[place]
        else:
            other = rng.randrange(len(where))
            where[place], where[other] = where[other], where[place]
    elif kind == "unstated":
        for key in ("given", "conditions", "domain"):
            certificate[key] = certificate[key][1:]
    else:
        own = [step for _, _, step in steps if step.get("letters")]
        if own:
            rng.choice(own)["letters"].popitem()
    return certificate


def disagreements(certificates, folder):
    out = []
    for number, (one, other) in enumerate(
        zip(map(first, certificates), second(certificates, folder), strict=False)
    ):
        if (one == "proved") == (other == "proved"):
            continue
        who, said = ("first", other) if one == "proved" else ("second", one)
        if not any(who == side and re.search(pattern, said) for side, pattern in ALLOWED):
            out.append((number, who + " accepts", said))
    return out


def test_both_prove_what_is_stored(tmp_path):
    certificates = stored()
    assert [first(certificate) for certificate in certificates] == ["proved"] * len(certificates)
    assert second(certificates, tmp_path) == ["proved"] * len(certificates)


def test_both_agree_on_changed_certificates(tmp_path):
    rng = random.Random(20)
    originals, certificates = stored(), []
    while len(certificates) < 150:
        original = rng.choice(originals)
        certificate = change(original, rng)
        if certificate != original:
            certificates.append(certificate)
    assert disagreements(certificates, tmp_path) == []


def test_a_wrong_result_is_refused_by_both(tmp_path):
    certificates = [
        {**certificate, "result": f"1 + ({certificate['result']})"}
        for certificate in stored()
        if certificate["result"]
    ]
    assert all(first(certificate) != "proved" for certificate in certificates)
    assert all(verdict != "proved" for verdict in second(certificates, tmp_path))


def test_the_laws_are_those_of_the_page():
    page = (HERE.parent / "notes" / "certificate.md").read_text()
    table = page.split("<!-- laws")[1].split("```text\n")[1].split("```")[0]
    own = (
        (HERE / "second_checker.mjs")
        .read_text()
        .split("const LAWS = new Map(`\n")[1]
        .split("\n`")[0]
    )

    def squeeze(text):
        return [" ".join(line.split()) for line in text.splitlines() if line.strip()]

    assert squeeze(own) == squeeze(table)
