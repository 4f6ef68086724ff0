"""Tests of provenance: git is as on a fresh account in all of them."""

import pytest


@pytest.fixture(autouse=True)
def _always_plain_git(plain_git):
    """No test depends on the config of the machine."""
