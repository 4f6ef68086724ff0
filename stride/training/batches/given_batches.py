"""The batches of a loader that was handed over: anything that can be iterated over again."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any

import torch
from torch.utils.data import DataLoader

from stride.errors import ConfigError
from stride.training.batches.sample_randomness import kept_generators, mixed, seed_generators
from stride.training.device import to_device
from stride.training.seeding import derive


class GivenBatches:
    """The batches of a loader that was handed over: a function of (seed, epoch) as far as it can be
    made one.

    What the loader draws in this process comes from global generators that are seeded by the epoch
    and the batch, and put back. A generator of its own, or of its sampler, is seeded for each epoch
    by the state that it was handed over in; `set_epoch(epoch)` is called wherever there is one.

    It goes on in the middle of an epoch by its `state_dict`, where it has one; else all before is
    read and dropped.

    Raises:
        ConfigError: an iterator, which is used up after one epoch.
    """

    def __init__(
        self, loader: Iterable[Any], *, seed: int, split: str, device: torch.device
    ) -> None:
        if isinstance(loader, Iterator):
            raise ConfigError(
                f"the loader handed over for {split} is an iterator ({type(loader).__name__}),"
                " which is used up after one epoch; hand over what gives such iterators"
            )
        self._loader: Any = loader
        self._split = split
        self._seed = seed
        self._device = device
        self._draws = not isinstance(loader, list | tuple)
        self.batch_size = (loader.batch_size if isinstance(loader, DataLoader) else None) or 1
        self._layers = _layers(loader)
        self._generators = [
            (generator, int.from_bytes(hashlib.sha256(_state(generator)).digest()[:8], "big"))
            for generator in _generators(self._layers)
        ]
        methods = [getattr(loader, name, None) for name in ("state_dict", "load_state_dict")]
        self._has_state = all(callable(method) for method in methods)
        self._handed: dict[str, Any] = {}
        self._loaded: Mapping[str, Any] = {}

    @property
    def resuming(self) -> str:
        """How it goes on in the middle of an epoch."""
        return "by its state_dict" if self._has_state else "by skipping"

    @property
    def samples(self) -> int:
        """About how many samples an epoch has; for the progress view."""
        return len(self) * self.batch_size

    def __len__(self) -> int:
        if not isinstance(self._loader, Sized):
            return 0
        try:
            return len(self._loader)
        except TypeError:  # a DataLoader of what has no length
            return 0

    def __iter__(self) -> Iterator[Any]:
        return self.epoch(1)

    def epoch(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch, counted from 1, on the device."""
        return (batch for (batch,) in self.windows(epoch))

    def windows(self, epoch: int, *, start: int = 0, parts: int = 1) -> Iterator[tuple[Any, ...]]:
        """The windows of an epoch from `start` on: the batches as they come.

        Raises:
            ConfigError: they were to be cut into parts.
            Exception: whatever the loader raises.
        """
        if parts > 1:
            raise ConfigError(
                "fit_kwargs.accumulate: a loader that is handed over gives whole batches, which"
                " nothing can cut; hand over the data sets, as datasets={'train': ...}"
            )
        loaded, self._loaded = self._loaded, {}
        number = 0
        if start and (loaded.get("epoch"), loaded.get("windows")) == (epoch, start):
            self._loader.load_state_dict(loaded["loader"])
            number = start
        self._begin(epoch)
        base = derive(self._seed, self._split, "given", epoch)
        with self._seeded(derive(base, "iter")):
            batches = iter(self._loader)
        while True:
            with self._seeded(mixed(base, number)):
                try:
                    batch = next(batches)
                except StopIteration:
                    return
            number += 1
            if number > start:
                self._handed = {"epoch": epoch, "windows": number}
                yield (to_device(batch, self._device),)

    def _begin(self, epoch: int) -> None:
        for generator, state in self._generators:
            generator.manual_seed(mixed(state, epoch))
        for layer in self._layers:
            set_epoch = getattr(layer, "set_epoch", None)  # as DistributedSampler has it
            if callable(set_epoch):
                set_epoch(epoch)

    @contextlib.contextmanager
    def _seeded(self, seed: int) -> Iterator[None]:
        if not self._draws:
            yield
            return
        with kept_generators():
            seed_generators(seed)
            yield

    def indices(self, epoch: int, window: int) -> None:
        """Not known."""

    def state_dict(self) -> dict[str, Any]:
        """The place, and the loader's own state, where it has one."""
        if not self._has_state or not self._handed:
            return {}
        return {**self._handed, "loader": self._loader.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take such a state."""
        self._loaded = state
        self._handed = {}

    def rest(self) -> None:
        """Nothing: the loader is the user's own."""


def _layers(loader: object) -> list[object]:
    """The loader, and of one of torch's its samplers and data set."""
    if not isinstance(loader, DataLoader):
        return [loader]
    found: list[object] = [loader, loader.dataset]
    if loader.batch_size is not None or loader.batch_sampler is not None:
        found.append(loader.batch_sampler)
        found.append(getattr(loader.batch_sampler, "sampler", None))
    found.append(loader.sampler)
    return list({id(layer): layer for layer in found if layer is not None}.values())


def _generators(layers: list[object]) -> list[torch.Generator]:
    held = [value for layer in layers for value in getattr(layer, "__dict__", {}).values()]
    return list({id(each): each for each in held if isinstance(each, torch.Generator)}.values())


def _state(generator: torch.Generator) -> bytes:
    return generator.get_state().numpy().tobytes()
