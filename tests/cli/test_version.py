"""`stride version`."""

import platform
from typing import Any

import stride as package
from stride.cli.version import FIELDS


def test_the_versions_that_matter(stride: Any) -> None:
    answer = stride("version", "--json").json
    assert set(answer) == set(FIELDS)
    assert answer["stride"] == package.__version__
    assert answer["python"] == platform.python_version()


def test_the_short_form(stride: Any) -> None:
    assert stride("--version").out == f"stride {package.__version__}\n"
    assert stride("version").out.split()[:2] == ["stride", package.__version__]
