"""Coq: a derivation as a proof that coqc accepts."""
