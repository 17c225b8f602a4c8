"""The names of the schemas that certificates have (notes/certificate.md)."""

SCHEMA, SET_SCHEMA = "derivation/2", "derivation-set/2"
