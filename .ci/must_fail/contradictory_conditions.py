"""b = b + 1 where s > 0 and s <= 0: every move is right, and nothing is proved."""

import json

from derivation import derive
from derivation.checker import check

record = json.loads(derive("L = a*b; M = s; of L; wrt a").to_json())
if record["result"] != "b":
    raise SystemExit("the derivation ends otherwise")
case = "b + (1 if s > 0 else 0)"
record["core"]["hypotheses"] += [{"says": "s > 0"}, {"says": "s <= 0"}]
record["steps"] += [
    {
        "number": "90",
        "kind": "chain",
        "before": "b",
        "after": case,
        "moves": [
            {
                "law": "case-fails",
                "at": "b + HOLE",
                "put": {"c": "s > 0", "a": "1", "b": "0"},
                "dir": "rl",
            }
        ],
    },
    {
        "number": "91",
        "kind": "chain",
        "before": case,
        "after": "b + 1",
        "moves": [
            {"law": "case-holds", "at": "b + HOLE", "put": {"c": "s > 0", "a": "1", "b": "0"}}
        ],
    },
]
record.update(result="b + 1", conditions=["s > 0", "s <= 0"])
check(json.dumps(record))
