"""Finished derivations as certificates of the checker's schema. Nothing here is trusted."""

from derivation.certify.build import certificate
from derivation.certify.checked import Certificate, checked
from derivation.certify.equations import Equation, Equations
from derivation.certify.witness import NotCertified

__all__ = ["Certificate", "Equation", "Equations", "NotCertified", "certificate", "checked"]
