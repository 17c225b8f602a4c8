"""A set in which the second derivation cites a lemma of the first, and not what it rests on."""

import json

from derivation import derive
from derivation.checker import check

first = json.loads(derive("L = a*b + log(c); wrt a").to_json())
core = first.pop("core")
core["hypotheses"].append({"says": "c > 0"})
core["witness"]["c"] = 1
second = json.loads(json.dumps(first))
first["given"].append("c > 0")
first["steps"].insert(
    0,
    {
        "number": "F0",
        "kind": "lemma",
        "before": "exp(log(c))",
        "after": "c",
        "moves": [{"law": "exp-log", "put": {"a": "c"}}],
    },
)
second["steps"] = [
    {
        "number": "F1",
        "kind": "lemma",
        "before": "exp(log(c))",
        "after": "c",
        "moves": [{"law": "lemma", "number": "F0"}],
    },
    *second["steps"],
]
whole = {"schema": "derivation-set/2", "core": core, "derivations": [first, second]}
check(json.dumps(whole))
