"""Certificates that the checker has accepted: nothing else is called proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from derivation.certify.build import certificate
from derivation.certify.witness import NotCertified
from derivation.checker import Malformed, Refused, check_data
from derivation.errors import CertificateRefused
from derivation.steps import Outcome
from derivation.terms import collector_at_rest


@dataclass(frozen=True)
class Certificate:
    """A certificate that was accepted, and the derivations that it is of."""

    data: dict[str, Any]
    outcomes: tuple[Outcome, ...]


def checked(outcomes: Sequence[Outcome]) -> Certificate:
    """The certificate of a derivation, or of several of one problem, accepted by the checker.

    Where they have passed the checker before, it is the very one that was accepted.

    Raises:
        NotCertified: No certificate says what was derived.
        CertificateRefused: The checker does not accept it.
    """
    known = outcomes[0].certificate
    if isinstance(known, Certificate) and known.outcomes == tuple(outcomes):
        return known
    data = certificate(outcomes)
    accept(data)
    return Certificate(data, tuple(outcomes))


def accept(data: dict[str, Any]) -> None:
    """Has a certificate checked.

    Raises:
        NotCertified: It is none.
        CertificateRefused: The checker does not accept it.
    """
    try:
        with collector_at_rest():
            check_data(data)
    except Refused as error:
        raise CertificateRefused(error.step, str(error)) from None
    except Malformed as error:
        raise NotCertified(str(error)) from None
