"""Usability by count: what a program makes its writer type and know, told from the source alone."""

from labcode.usability.attempts import Attempts
from labcode.usability.counts import Count, count
from labcode.usability.documentation import Documentation, describe

__all__ = ["Attempts", "Count", "Documentation", "count", "describe"]
