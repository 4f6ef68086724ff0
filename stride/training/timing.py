"""The clock of the epochs: seconds, samples a second and memory, as rows of timings.csv."""

from __future__ import annotations

import resource
import sys
import time

import torch

from stride.training.ledger import Ledger


class EpochClock:
    """Times each epoch, the training apart from what follows it."""

    def __init__(self, ledger: Ledger, device: torch.device) -> None:
        self._ledger = ledger
        self._device = device
        self._began = self._trained = time.perf_counter()
        self._steps_before = 0

    def begin_epoch(self, steps_done: int) -> None:
        """The first step is about to begin."""
        self._steps_before = steps_done
        self._began = time.perf_counter()

    def begin_evaluation(self) -> None:
        """The last step is done."""
        self._trained = time.perf_counter()

    def end_epoch(self, epoch: int, steps_done: int, batch_size: int) -> None:
        """Append the row: all but the next epoch is done."""
        now = time.perf_counter()
        training = self._trained - self._began
        samples = (steps_done - self._steps_before) * batch_size
        self._ledger.timing_row(
            {
                "epoch": epoch,
                "step": steps_done,
                "seconds": now - self._began,
                "training_seconds": training,
                "samples_per_second": samples / training if training > 0.0 else None,
                "memory_mb": _peak_memory(),
                "device_memory_mb": _peak_device_memory(self._device),
            }
        )


def _peak_memory() -> float:
    """The most memory that the process has held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _peak_device_memory(device: torch.device) -> float | None:
    """The most memory that tensors have held on the accelerator, in MiB."""
    return torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else None
