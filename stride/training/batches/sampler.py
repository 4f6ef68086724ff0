"""The sampler: which samples an epoch holds, in which order, as a function of (seed, epoch)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor


class Sampler(ABC):
    """An order of one's own. It is built once a training, with the data set as its first argument
    and `sampler_kwargs` behind it; where it asks for `batch_size`, it gets that of the loader.

    It keeps nothing between epochs: a resume asks for the epoch at hand alone.
    """

    @abstractmethod
    def indices(self, seed: int, epoch: int) -> Tensor | Sequence[int] | Sequence[Sequence[int]]:
        """The samples of an epoch by their index; the same each time for the same arguments.

        A sample may come several times, or not at all; as many windows must come out in each epoch.

        Args:
            seed: of this training's sampler, 0 to 2**31 - 1. The global generators are seeded by it
                and the epoch, too, and put back afterwards.
            epoch: counted from 1.

        Returns:
            (samples,) integers; or lists of them, which are the batches themselves, one for each
            optimiser step.
        """
