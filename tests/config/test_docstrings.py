"""The line of help of an argument."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stride.config.docstrings import argument_helps

GOOGLE = """Makes a net.

    Args:
        width: of each layer, e.g. 64. The rest is left out.
        depth (int): number of
            layers
        **others: passed on.

    Returns:
        nothing: of interest.
    """

TORCH = """
    Args:
        lr (float, Tensor, optional): learning rate (default: 1e-3). A tensor LR
            is not yet supported.
        betas (Tuple[Union[float, Tensor], Union[float, Tensor]], optional):
            coefficients of :math:`g` and :ref:`its square <square>`
        eps (float, optional): see `a page <http://a.b/c>`_ and ``x``. Default: 3
        gamma (float): Multiplicative factor of decay. Default: 0.1.
    .. note:: that: this is no argument
    """


def test_google_style_is_read() -> None:
    assert argument_helps(GOOGLE) == {
        "width": "of each layer, e.g. 64",
        "depth": "number of layers",
        "others": "passed on",
    }


def test_the_style_of_torch_is_read() -> None:
    assert argument_helps(TORCH) == {
        "lr": "learning rate",
        "betas": "coefficients of g and its square",
        "eps": "see a page and x",
        "gamma": "Multiplicative factor of decay",
    }


def test_no_section_is_no_help() -> None:
    assert argument_helps("") == {}
    assert argument_helps("Args:\n") == {}
    assert argument_helps("Args:\n    no entry here\n") == {}


@given(st.text(), st.text())
def test_a_help_is_one_short_line_whatever_stands_there(text: str, more: str) -> None:
    helps = argument_helps(f"Args:\n    a (int): {text}\n        {more}\n    b: {more}")
    assert all("\n" not in line and len(line) <= 170 for line in helps.values())
