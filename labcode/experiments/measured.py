"""A measured number in a sentence: which quantity, between which bounds, and in how many digits.

The text of the role ``{measured}`` is ``NAME in LOW..HIGH as FORMAT``, for instance
``ladder.first-gap in 0.3..0.6 as .0%``. The band is what the sentence claims; it includes its
bounds, and one of them may be left out. FORMAT is Python's, ``.3g`` unless given.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from labcode.experiments.quantities import NAME, QuantityError, measure

ROLE = "measured"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
SYNTAX = re.compile(
    rf"(?P<name>{NAME.pattern})\s+in\s+(?P<low>{NUMBER})?\.\.(?P<high>{NUMBER})?"
    r"(?:\s+as\s+(?P<format>\S+))?"
)
EXAMPLE = "write NAME in LOW..HIGH as FORMAT, for instance: speed.best in 1.8..4 as .1f"
FORMAT = ".3g"


@dataclass(frozen=True)
class Shown:
    """What a page shows for a claim: ``text`` in the sentence, ``title`` when pointed at."""

    text: str
    title: str


@dataclass(frozen=True)
class Claim:
    """A sentence's claim that the quantity ``name`` lies in the band; an open bound is infinite."""

    name: str
    low: float
    high: float
    format: str = FORMAT

    @property
    def band(self) -> str:
        """The bounds in words."""
        if math.isinf(self.high):
            return f"at least {self.low:g}"
        if math.isinf(self.low):
            return f"at most {self.high:g}"
        return f"{self.low:g} to {self.high:g}"

    def shown(self, folder: Path | None = None) -> Shown:
        """The number as the results in ``folder`` give it now.

        Raises QuantityError when it cannot be computed, and when it lies outside of the band.
        """
        found = measure(self.name, folder)
        if not self.low <= found.value <= self.high:
            raise QuantityError(
                f"{self.name} is {found.value:.6g}, and its sentence states {self.band}; find out "
                "why it moved, then change the sentence and its band"
            )
        files = f"{found.files} result file{'' if found.files == 1 else 's'}"
        return Shown(
            formatted(found.value, self.format),
            f"{self.name}, from {files}; the sentence holds for {self.band}",
        )


def read(text: str) -> Claim:
    """The claim that the role's ``text`` makes. Raises QuantityError that says how to write it."""
    match = SYNTAX.fullmatch(text.strip())
    if not match:
        raise QuantityError(f"'{text}' is no measured number; {EXAMPLE}")
    if match["low"] is None and match["high"] is None:
        raise QuantityError(f"'{text}' states nothing; give the band at least one bound")
    low, high = float(match["low"] or "-inf"), float(match["high"] or "inf")
    if low > high:
        raise QuantityError(f"'{text}' has an empty band; the lower bound comes first")
    claim = Claim(match["name"], low, high, match["format"] or FORMAT)
    try:
        formatted(0.0, claim.format)
    except ValueError as error:
        raise QuantityError(f"'{claim.format}' does not format a number: {error}") from None
    return claim


def formatted(value: float, spec: str) -> str:
    """``value`` by Python's format ``spec``; a no-break space before %, as the prose has it."""
    return format(value, spec).strip().replace("%", "\N{NO-BREAK SPACE}%")
