"""The order of an epoch: a function of (seed, epoch), not of what was drawn before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stride.errors import DataError
from stride.training.batches.sample_randomness import kept_generators, mixed, seed_generators
from stride.training.batches.sampler import Sampler
from stride.training.batches.share import ALL, Share
from stride.training.seeding import derive

_CPU = torch.device("cpu")


def epoch_order(samples: int, seed: int, epoch: int) -> Tensor:
    """A permutation of the samples, (samples,) of int64, drawn from a generator of its own."""
    generator = torch.Generator().manual_seed(derive(seed, "order", epoch))
    return torch.randperm(samples, generator=generator)


class Order:
    """Which samples make up each window of an epoch.

    Args:
        samples: in the data set.
        batch_size: samples of a window; the last may have fewer, unless `drop_last`.
        shuffle: whether the order is that of (seed, epoch), else that of the data.
        sampler: that decides instead; a shorter batch of its own is left out with `drop_last`.
        share: what this process is given of each epoch; all of it unless it is one of several.

    Attributes:
        samples: in an epoch, those that `drop_last` leaves out included.

    Raises:
        DataError: the sampler gives no indices of the data.
    """

    def __init__(
        self,
        samples: int,
        batch_size: int,
        *,
        shuffle: bool,
        drop_last: bool,
        seed: int,
        sampler: Sampler | None = None,
        share: Share = ALL,
    ) -> None:
        self.samples = samples
        self.batch_size = batch_size
        self._share = share
        self._of_data = samples
        self._shuffle = shuffle
        self._drop_last = drop_last
        self._seed = seed
        self._sampler = sampler
        self._sampled: tuple[int, list[Tensor]] | None = None
        kept = samples - samples % batch_size if drop_last else samples
        self._length = -(-kept // batch_size)
        if sampler is not None:
            whole, windows = self._ask(sampler, 1)
            self.samples, self._length = whole, len(windows)
            self._sampled = (1, windows)

    def __len__(self) -> int:
        return self._length

    def windows(self, epoch: int, start: int = 0, device: torch.device = _CPU) -> Sequence[Tensor]:
        """The indices of each window from `start` on, (samples of the window,) of int64: those that
        are this process's share.
        """
        return self._share.of(self._windows(epoch, start, device))

    def _windows(self, epoch: int, start: int, device: torch.device = _CPU) -> Sequence[Tensor]:
        if self._sampler is not None:
            return [window.to(device) for window in self._sampled_windows(epoch)[start:]]
        if start >= self._length:
            return ()
        if self._shuffle:
            order = epoch_order(self.samples, self._seed, epoch)
        else:
            order = torch.arange(self.samples)
        stop = min(self._length * self.batch_size, self.samples)
        return torch.split(order[start * self.batch_size : stop].to(device), self.batch_size)

    def draws(self, epoch: int, start: int = 0) -> Sequence[Tensor] | None:
        """Beside each index of `windows`, what the sample's randomness is drawn by: the index, and,
        where it has come in this epoch already, another number for each time. None where no sample
        comes twice.
        """
        if self._sampler is None:
            return None
        windows = self._sampled_windows(epoch)
        drawn = torch.cat(windows) + self._of_data * _times_before(torch.cat(windows))
        return self._share.of(torch.split(drawn, [len(window) for window in windows])[start:])

    def indices(self, epoch: int, window: int) -> list[int]:
        """The samples of one window."""
        found: list[int] = self._windows(epoch, window)[0].tolist()
        return found

    def cut(self, window: Tensor, parts: int) -> Sequence[Tensor]:
        """The indices of each micro-batch of a window."""
        size = self._share.size(self.batch_size)
        return torch.split(window, -(-max(size, len(window)) // parts))

    def _sampled_windows(self, epoch: int) -> list[Tensor]:
        assert self._sampler is not None
        if self._sampled is None or self._sampled[0] != epoch:
            _, windows = self._ask(self._sampler, epoch)
            if len(windows) != self._length:
                raise DataError(
                    f"the sampler gives {self._length} batches in epoch 1 and {len(windows)} in"
                    f" epoch {epoch}: as many must come in each, so that the steps of a training"
                    " are known"
                )
            self._sampled = (epoch, windows)
        return self._sampled[1]

    def _ask(self, sampler: Sampler, epoch: int) -> tuple[int, list[Tensor]]:
        """How many samples the sampler gives for an epoch, and the windows that they make."""
        seed = derive(self._seed, "sampler") % 2**31  # as much as any generator takes
        with kept_generators():
            seed_generators(mixed(seed, epoch))
            given = sampler.indices(seed, epoch)
        lists = _as_batches(given)
        if lists is None:
            order = self._checked(given)
            windows = list(torch.split(order, self.batch_size))
        else:
            windows = [self._checked(batch) for batch in lists]
        samples = sum(len(window) for window in windows)
        if self._drop_last:
            windows = [window for window in windows if len(window) >= self.batch_size]
        if not windows:
            raise DataError(f"the sampler gives no batch of {self.batch_size} in epoch {epoch}")
        return samples, windows

    def _checked(self, given: Any) -> Tensor:
        try:
            found = torch.as_tensor(np.asarray(given))
        except (TypeError, ValueError) as error:
            raise DataError(f"the sampler gives no indices: {error}") from error
        if found.numel() == 0:
            raise DataError("the sampler gives an empty batch")
        if found.ndim != 1 or found.is_floating_point() or found.dtype == torch.bool:
            raise DataError(
                f"the sampler gives {found.dtype} of the shape {list(found.shape)}; indices are a"
                " row of integers, or lists of integers"
            )
        low, high = int(found.min()), int(found.max())
        if low < 0 or high >= self._of_data:
            raise DataError(
                f"the sampler gives the index {low if low < 0 else high}, and there are"
                f" {self._of_data} samples, numbered from 0"
            )
        return found.to(torch.int64)


def _as_batches(given: Any) -> list[Any] | None:
    """The lists, where there are lists of indices; None for a row of indices."""
    if isinstance(given, Tensor | np.ndarray):
        return list(given) if given.ndim == 2 else None
    listed = list(given)
    is_nested = bool(listed) and isinstance(listed[0], Sequence | Tensor | np.ndarray)
    return listed if is_nested and np.ndim(listed[0]) else None


def _times_before(indices: Tensor) -> Tensor:
    """How often each index came before in the row; (indices,) of int64."""
    by_index = torch.argsort(indices, stable=True)
    grouped = indices[by_index]
    place = torch.arange(len(indices))
    begins = torch.ones(len(indices), dtype=torch.bool)
    begins[1:] = grouped[1:] != grouped[:-1]
    first = torch.cummax(torch.where(begins, place, 0), 0).values
    times = torch.empty_like(place)
    times[by_index] = place - first
    return times
