"""The flagship's certificate with one sign changed, wherever that line stands."""

from derivation import derive
from derivation.checker import check

text = derive("softmax-cross-entropy").to_json()
changed = text.replace('"yhat[j] - y[j]"', '"yhat[j] + y[j]"')
if changed == text:
    raise SystemExit("the certificate does not hold the line")
check(changed)
