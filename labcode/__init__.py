"""labcode: what the chapters of the Lab 1 manual and its students import."""

__version__ = "1.0.0"
