"""A coefficient that is 0 modulo every prime that an evaluation in a fixed field would take."""

import json
from math import prod

from derivation import derive
from derivation.checker import check

record = json.loads(derive("L = a*b; wrt a").to_json())
primes = [170141183460469231731687303715884103007, 2**255 - 19]
primes += [2**n - 1 for n in (13, 17, 19, 31, 61, 89, 107, 127, 521)]
coefficient = "*".join(str(p) for p in primes)
if prod(primes) < 2**1000:
    raise SystemExit("some are missing")
record["result"] = f"b + {coefficient}*a"
check(json.dumps(record))
