"""Real git repositories for the tests of provenance."""

import pytest

from tests.repository import new_repository, plain_git, repository

__all__ = ["new_repository", "plain_git", "repository"]


@pytest.fixture(autouse=True)
def _always_plain_git(plain_git):
    """No test depends on the config of the machine."""
