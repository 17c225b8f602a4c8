"""Every error a user can meet. A message names what is wrong, where, and the nearest way out."""

from __future__ import annotations


class DerivationError(Exception):
    """Base of all errors that this package raises on purpose."""


class InputError(DerivationError):
    """Bad input: the text, its place and a way out (exit status 2).

    Args:
        message: What is wrong, in the user's terms.
        line: 1-based line of the original text, where there is one.
        column: 0-based column in that line, where there is one.
        source: The original line, so that a caret can be put under the place.
        hint: The nearest way out ("did you mean `log`?").

    >>> print(InputError("unknown function `lgo`", 1, 4, "L = lgo(x)", "did you mean `log`?"))
    line 1: unknown function `lgo`
      L = lgo(x)
          ^
      did you mean `log`?
    """

    def __init__(
        self,
        message: str,
        line: int | None = None,
        column: int | None = None,
        source: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.message, self.line, self.column = message, line, column
        self.source, self.hint = source, hint
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [self.message if self.line is None else f"line {self.line}: {self.message}"]
        if self.source is not None:
            text, column = self.source.expandtabs(1), self.column
            if column is not None and len(text) > 100:
                start = max(0, column - 60)
                text, column = text[start : start + 100], column - start
            parts.append(f"  {text[:100]}")
            if column is not None:
                parts.append("  " + " " * column + "^")
        if self.hint:
            parts.append(f"  {self.hint}")
        return "\n".join(parts)


class RuleRefused(DerivationError):
    """A rule does not apply to a term, or the claimed instance is not one of its instances.

    What is said is a message and what it is about, put together only when somebody asks: a search
    is refused thousands of times.

    >>> print(RuleRefused("not equal by algebra:", 1, "and", 2))
    not equal by algebra: 1 and 2
    """

    def __str__(self) -> str:
        return " ".join(map(str, self.args))


class KernelError(DerivationError):
    """The kernel refuses to make a theorem; the message names both sides."""


class NotDerived(DerivationError):
    """The engine found no derivation. Never means that the claim is false (exit status 1)."""


class CertificateRefused(DerivationError):
    """A certificate does not prove what it states (exit status 1).

    Args:
        step: Where, as the checker says it: "step 2.1, sum-add", "the result".
        message: What is wrong there.

    >>> error = CertificateRefused("step 2.1, sum-add", "F is not said")
    >>> print(error, error.number)
    step 2.1, sum-add: F is not said 2.1
    """

    def __init__(self, step: str, message: str) -> None:
        self.step, self.message = step, message
        super().__init__(f"{step}: {message}")

    @property
    def number(self) -> str | None:
        """The number of the step, or None where it is the statement itself that is wrong."""
        word, _, rest = self.step.partition(" ")
        return rest.partition(",")[0] if word == "step" else None
