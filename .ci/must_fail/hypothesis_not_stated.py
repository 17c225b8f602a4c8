"""The gradient of a logarithm, its condition left out of the statement."""

import json

from derivation import derive
from derivation.checker import check

record = json.loads(derive("L = log(a); wrt a").to_json())
if [*record["conditions"], *record["domain"], *record["given"]] != ["a > 0"]:
    raise SystemExit("the derivation states something else")
record.update(conditions=[], domain=[], given=[])
check(json.dumps(record))
