"""The turn-in folder of Lab 1: checked, and packed into one zip that can prove itself whole."""

from labcode.turnin.folder import check
from labcode.turnin.packing import pack, verify_zip

__all__ = ["check", "pack", "verify_zip"]
