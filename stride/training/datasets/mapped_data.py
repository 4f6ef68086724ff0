"""A split of a data set whose inputs stay in their .npy file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from stride.training.datasets.splits import Indices
from stride.training.datasets.tensor_data import TargetKind


class MappedData(Dataset[tuple[Tensor, Tensor]]):
    """Samples that are read from a memory-mapped file when they are asked for.

    Args:
        path: of the .npy with the inputs, one row a sample.
        indices: (samples,) the rows of the split.
        targets: one row a sample of the split; held in memory.

    Attributes:
        targets: as they were given.
        input_shape, output_shape, target_kind, classes: as those of `TensorData`.
    """

    def __init__(
        self,
        path: Path,
        indices: Indices,
        targets: Tensor,
        *,
        output_shape: Sequence[int],
        target_kind: TargetKind,
        fingerprint: str,
    ) -> None:
        self._path = path
        self._indices = indices
        self.targets = targets
        self._fingerprint = fingerprint
        self._inputs: NDArray[Any] = self._open()
        self.input_shape = tuple(self._inputs.shape[1:])
        self.output_shape = tuple(output_shape)
        self.target_kind: TargetKind = target_kind
        self.classes: list[str] | None = None

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
        """Many samples in one reading of the file."""
        inputs, targets = self.take(indices)
        return list(zip(inputs, targets, strict=True))

    def take(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """A batch in one reading of the file: inputs (samples, ...), targets (samples, ...)."""
        chosen = torch.as_tensor(indices, dtype=torch.int64)
        rows = self._indices[chosen.numpy()]
        inputs = torch.from_numpy(self._inputs[rows].astype(np.float32, copy=False))
        return inputs, self.targets.index_select(0, chosen)

    def fingerprint(self) -> str:
        """Digest of the content of the files that this split was read from, `sha256:<hex>`."""
        return self._fingerprint

    def __getstate__(self) -> dict[str, Any]:
        # A process that loads data maps the file itself: pickling the array would copy all of it.
        return {**self.__dict__, "_inputs": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._inputs = self._open()

    def _open(self) -> NDArray[Any]:
        mapped: NDArray[Any] = np.lib.format.open_memmap(self._path, mode="r")
        return mapped[:, None] if mapped.ndim == 1 else mapped
