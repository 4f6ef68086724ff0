"""The exponential moving average of the weights, and the modules computing with it for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from stride.errors import StoredFileError
from stride.training.sharding.local import local_of, place_like

_NARROW = (torch.float16, torch.bfloat16)
"""Types in which a step of the average would be rounded away: they are averaged in float32."""


class ExponentialAverage:
    """The average of the modules' weights over the optimiser steps.

    After each step `average = d * average + (1 - d) * weights`. With warm-up, d at step n, counted
    from 0, is `min(decay, (1 + n) / (10 + n))`, so that the first weights are soon forgotten.

    Floating parameters, and floating buffers that belong to the weights, are averaged; integers,
    such as the count of batch norm, are taken as they are. Weights that are tied are averaged once.

    Args:
        modules: on their device. Buffers may be replaced by others of their shape, parameters not.
        decay: d, between 0 and 1.
        warmup: whether d begins smaller.
    """

    def __init__(self, modules: Sequence[nn.Module], *, decay: float, warmup: bool = True) -> None:
        self._decay = decay
        self._warmup = warmup
        self._updates = 0
        self._slots = _slots(modules)
        self._averages = [_wide(slot.tensor().detach().clone()) for slot in self._slots]
        # Of sharded weights the part that is here: such and whole ones are not computed together.
        self._parts = [local_of(average) for average in self._averages]
        self._inside = False

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after an optimiser step; nothing waits for the device."""
        decay = self._decay
        if self._warmup:
            decay = min(decay, (1.0 + self._updates) / (10.0 + self._updates))
        self._updates += 1
        if not self._slots:
            return
        weights = [_wide(local_of(slot.tensor().detach())) for slot in self._slots]
        torch._foreach_lerp_(self._parts, weights, 1.0 - decay)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """The modules compute with the average inside, and afterwards with the same bits as before.

        Values are exchanged tensor by tensor, in the memory that they are in: no copy of the whole
        is made but of weights of 16 bits, and views of weights stay views of them.
        """
        if self._inside:
            yield
            return
        self._inside = True
        pairs = list(zip(self._slots, self._averages, strict=True))
        kept: list[Tensor | None] = []
        try:
            for slot, average in pairs:
                weight = slot.tensor()
                own = weight.detach().clone()
                kept.append(own)  # first: an interrupt between two lines must not lose it
                _set(weight, average)
                if weight.dtype == average.dtype:
                    _set(average, own)
                    kept[-1] = None
            yield
        finally:
            # Backwards: memory that two weights share gets its first content last.
            for (slot, average), before in reversed(list(zip(pairs, kept, strict=False))):
                weight = slot.tensor()
                if before is None:
                    inside = weight.detach().clone()
                    _set(weight, average)
                    _set(average, inside)
                else:
                    _set(weight, before)
            self._inside = False

    def buffers(self) -> list[Tensor]:
        """The averages of what no optimiser trains, such as the statistics of batch norm."""
        pairs = zip(self._slots, self._averages, strict=True)
        return [average for slot, average in pairs if not isinstance(slot.tensor(), nn.Parameter)]

    def state_dict(self) -> dict[str, Any]:
        """The number of updates and the average, by name."""
        assert not self._inside, "the weights and their average are exchanged"
        names = (slot.name for slot in self._slots)
        return {"updates": self._updates, "average": dict(zip(names, self._averages, strict=True))}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state.

        Raises:
            StoredFileError: it is the average of other weights.
        """
        stored: Mapping[str, Tensor] = state["average"]
        own = {name: average.shape for name, average in self.state_dict()["average"].items()}
        if {name: tensor.shape for name, tensor in stored.items()} != own:
            differing = sorted(
                name
                for name in own.keys() | stored.keys()
                if name not in stored or own.get(name) != stored[name].shape
            )
            raise StoredFileError(
                "the stored average of the weights is of another model: it differs in"
                f" {', '.join(differing[:3])}{' and more' if len(differing) > 3 else ''}"
            )
        for slot, average in zip(self._slots, self._averages, strict=True):
            average.copy_(place_like(stored[slot.name], average))
        self._updates = state["updates"]


class _Slot:
    """The place of a weight in its module; a buffer there may be replaced by another."""

    def __init__(self, name: str, place: dict[str, Any], key: str) -> None:
        self.name = name
        self._place = place
        self._key = key

    def tensor(self) -> Tensor:
        tensor: Tensor = self._place[self._key]
        return tensor


def _slots(modules: Sequence[nn.Module]) -> list[_Slot]:
    """The places of all weights that are averaged, tied ones once."""
    slots: dict[int, _Slot] = {}
    for number, module in enumerate(modules):
        for path, part in module.named_modules():
            prefix = f"{number}.{path}." if path else f"{number}."
            passing = part._non_persistent_buffers_set
            for place, left_out in ((part._parameters, frozenset[str]()), (part._buffers, passing)):
                for key, tensor in place.items():
                    if tensor is None or key in left_out or not _averaged(tensor):
                        continue
                    slots.setdefault(id(tensor), _Slot(prefix + key, place, key))
    return list(slots.values())


def _averaged(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _wide(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype in _NARROW else tensor


def _set(tensor: Tensor, value: Tensor) -> None:
    with torch.no_grad():
        tensor.copy_(value)
