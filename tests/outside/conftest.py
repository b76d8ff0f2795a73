"""The browser of the book's tests."""

from tests.book.conftest import browser  # noqa: F401 - a fixture is used by its name
