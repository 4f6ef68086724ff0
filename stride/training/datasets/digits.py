"""The data set `digits`: 1,797 images of handwritten digits, shipped with stride."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch

from stride.files import sha256_of_file
from stride.training.datasets.splits import check_split
from stride.training.datasets.tensor_data import TensorData

_FILE: Final = Path(__file__).parent / "digits.npz"
_BRIGHTEST: Final = 16.0
"""The largest value of a pixel in the file."""


def digits(split: str) -> TensorData:
    """Images (1, 8, 8) with values from 0 to 1, and ten classes; 1,257 train, 270 val, 270 test.

    Source: E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0. The split is stored in the file.

    Raises:
        DataError: no such split.
    """
    with np.load(_FILE, allow_pickle=False) as arrays:
        indices = arrays[check_split(split)]
        images = arrays["images"][indices].astype(np.float32) / np.float32(_BRIGHTEST)
        labels = arrays["labels"][indices].astype(np.int64)
    return TensorData(
        (torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)),
        output_shape=(10,),
        target_kind="classes",
        fingerprint=sha256_of_file(_FILE),
        classes=[str(digit) for digit in range(10)],
    )
