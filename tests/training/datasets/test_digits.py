"""The data set `digits`: what is shipped, and that the script makes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from stride.errors import DataError
from stride.training.datasets.digits import digits
from stride.training.datasets.splits import SPLITS

ROOT = Path(__file__).parents[3]
FILE = ROOT / "stride" / "training" / "datasets" / "digits.npz"


def test_it_has_three_splits_of_1797_images_in_all() -> None:
    assert [len(digits(split)) for split in SPLITS] == [1257, 270, 270]


def test_an_image_is_one_channel_of_8_by_8_with_values_from_0_to_1() -> None:
    image, label = digits("val")[0]
    assert image.shape == (1, 8, 8)
    assert image.dtype == torch.float32
    assert label.dtype == torch.int64
    inputs = digits("train").tensors[0]
    assert (inputs.min(), inputs.max()) == (0.0, 1.0)


def test_it_states_its_shapes_and_classes() -> None:
    data = digits("test")
    assert (data.input_shape, data.output_shape) == ((1, 8, 8), (10,))
    assert data.target_kind == "classes"
    assert data.classes == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]


def test_no_image_is_in_two_splits_and_none_is_left_out() -> None:
    with np.load(FILE, allow_pickle=False) as arrays:
        indices = np.concatenate([arrays[split] for split in SPLITS])
    assert sorted(indices) == list(range(1797))


def test_each_split_holds_about_the_same_share_of_each_digit() -> None:
    for split in SPLITS:
        counts = torch.bincount(digits(split).tensors[1])
        assert (counts / counts.sum()).sub(0.1).abs().max() < 0.006


def test_the_file_names_its_source_its_citation_and_its_licence() -> None:
    with np.load(FILE, allow_pickle=False) as arrays:
        assert "10.24432/C50P49" in str(arrays["citation"])
        assert "CC BY 4.0" in str(arrays["licence"])
        assert "scikit-learn" in str(arrays["source"])
    licence = FILE.with_name("digits.LICENSE.md").read_text(encoding="utf-8")
    assert "10.24432/C50P49" in licence
    assert "CC BY 4.0" in licence


def test_the_script_makes_the_same_arrays_again(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn, from which the data is made, is not there")
    made = tmp_path / "digits.npz"
    script = ROOT / "scripts" / "make_digits.py"
    subprocess.run([sys.executable, script, made], check=True, capture_output=True, cwd=ROOT)
    with np.load(made) as new, np.load(FILE) as shipped:
        assert new.files == shipped.files
        assert all(np.array_equal(new[name], shipped[name]) for name in new.files)


def test_an_unknown_split_is_an_error_that_names_the_splits() -> None:
    with pytest.raises(DataError, match="the splits are train, val and test"):
        digits("validation")
