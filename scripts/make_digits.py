"""Make the data set `digits` that is shipped with stride, from the copy that scikit-learn bundles.

    python scripts/make_digits.py            # writes stride/training/datasets/digits.npz

The same versions of NumPy and scikit-learn give the same bytes. No network is used.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from stride.training.datasets.splits import draw_splits

TARGET = Path(__file__).parent.parent / "stride" / "training" / "datasets" / "digits.npz"
SEED = 1998
FRACTION = 0.15
SOURCE = (
    "Optical Recognition of Handwritten Digits, UCI Machine Learning Repository: the 1,797 images"
    " of its test set, as redistributed by scikit-learn (sklearn.datasets.load_digits)"
)
CITATION = (
    "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning"
    " Repository, 1998. https://doi.org/10.24432/C50P49"
)
LICENCE = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"


def main() -> None:
    """Write the file: images, labels, the three splits, and where they come from."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", nargs="?", type=Path, default=TARGET)
    target = parser.parse_args().target
    digits = load_digits()
    labels = digits.target.astype(np.uint8)
    splits = draw_splits(
        len(labels), val_fraction=FRACTION, test_fraction=FRACTION, seed=SEED, labels=labels
    )
    arrays = {split: indices.astype(np.uint16) for split, indices in splits.items()}
    np.savez_compressed(
        target,
        images=digits.images.astype(np.uint8),
        labels=labels,
        source=np.array(SOURCE),
        citation=np.array(CITATION),
        licence=np.array(LICENCE),
        train=arrays["train"],
        val=arrays["val"],
        test=arrays["test"],
    )
    sizes = ", ".join(f"{len(indices)} {split}" for split, indices in splits.items())
    print(f"{target}: {target.stat().st_size} bytes, {sizes}")


if __name__ == "__main__":
    main()
