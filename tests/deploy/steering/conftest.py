"""A real browser for the page of the steering report."""

from tests.browser import chromium

__all__ = ["chromium"]
