"""A split of a data set that is held in memory as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from torch import Tensor
from torch.utils.data import Dataset

TargetKind = Literal["classes", "numbers"]
"""Whether a target is the number of a class (int64) or one or several real numbers (float32)."""


class TensorData(Dataset[tuple[Tensor, Tensor]]):
    """Samples as two tensors with one row a sample: fetched by index, or by many indices at once.

    Attributes:
        tensors: inputs (samples, *input_shape) and targets (samples, ...). A loader may index them
            by a tensor of indices and so fetch a whole batch at once.
        input_shape: shape of one input.
        output_shape: shape that a model must give for one sample: (classes, ...) for classes.
        target_kind: "classes" or "numbers".
        classes: name of each class, where there are names.
    """

    def __init__(
        self,
        tensors: tuple[Tensor, Tensor],
        *,
        output_shape: Sequence[int],
        target_kind: TargetKind,
        fingerprint: str,
        classes: Sequence[str] | None = None,
    ) -> None:
        self.tensors = tensors
        self.input_shape = tuple(tensors[0].shape[1:])
        self.output_shape = tuple(output_shape)
        self.target_kind: TargetKind = target_kind
        self.classes = None if classes is None else list(classes)
        self._fingerprint = fingerprint

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        inputs, targets = self.tensors
        return inputs[index], targets[index]

    def fingerprint(self) -> str:
        """Digest of the content of the files that this split was read from, `sha256:<hex>`."""
        return self._fingerprint
