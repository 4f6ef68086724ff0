"""Buckets: many tensors as few flat ones, so that few messages carry them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

BUCKET_BYTES = 25 * 2**20
_LAYOUTS = 4  # a training has one for each of its optimisers, seldom more than two


class Pending(Protocol):
    """A message on its way, as those of `torch.distributed`."""

    def wait(self) -> Any: ...


Send = Callable[[Tensor], Pending]


@dataclass(frozen=True)
class _Bucket:
    """Some tensors of one type, on one device, that travel together.

    Attributes:
        places: which of the tensors they are.
        flat: room for all of them; None for one tensor, which travels as it is.
        views: the room of each, in its shape.
    """

    places: tuple[int, ...]
    flat: Tensor | None
    views: tuple[Tensor, ...]


class Buckets:
    """Sums tensors over ranks in buckets of a fixed layout, whose memory it keeps.

    The layout is a function of shapes, types and order alone; what was summed before, and how
    often, does not change which numbers are added in which order.

    Args:
        send: begins the sum of a flat tensor over all ranks, in place.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._layouts: dict[tuple[Any, ...], list[_Bucket]] = {}

    @torch.no_grad()
    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Replace each dense tensor by its sum over all ranks."""
        under_way = []
        for bucket in self._layout(tensors):
            inside = [tensors[place] for place in bucket.places]
            flat = bucket.flat
            if flat is None:
                flat = inside[0].contiguous()
            else:
                torch._foreach_copy_(bucket.views, inside)
            under_way.append((bucket, inside, flat, self._send(flat)))
        for bucket, inside, flat, pending in under_way:
            pending.wait()
            if bucket.flat is not None:
                torch._foreach_copy_(inside, bucket.views)
            elif flat is not inside[0]:
                inside[0].copy_(flat)

    def _layout(self, tensors: Sequence[Tensor]) -> list[_Bucket]:
        """The buckets of such tensors: made once, forgotten when others came after them."""
        key = tuple((tensor.shape, tensor.dtype, tensor.device) for tensor in tensors)
        found = self._layouts.get(key)
        if found is None:
            while len(self._layouts) >= _LAYOUTS:
                del self._layouts[next(iter(self._layouts))]
            found = self._layouts[key] = [
                _bucket(places, tensors) for places in grouped(tensors) if places
            ]
        return found


def grouped(tensors: Sequence[Tensor]) -> list[tuple[int, ...]]:
    """Which tensors travel together: in order, of one type and device, at most 25 MB at once.

    Returns:
        Their places; a tensor that is larger than a bucket is alone, an empty one is nowhere.
    """
    open_groups: dict[tuple[torch.dtype, torch.device], tuple[list[int], int]] = {}
    groups: list[list[int]] = []
    for place, tensor in enumerate(tensors):
        size = tensor.numel() * tensor.element_size()
        if size == 0:
            continue
        kind = (tensor.dtype, tensor.device)
        group, filled = open_groups.get(kind, ([], BUCKET_BYTES))
        if filled + size > BUCKET_BYTES:
            group, filled = [], 0
            groups.append(group)
        group.append(place)
        open_groups[kind] = (group, filled + size)
    return [tuple(group) for group in groups]


def _bucket(places: tuple[int, ...], tensors: Sequence[Tensor]) -> _Bucket:
    first = tensors[places[0]]
    if len(places) == 1:
        return _Bucket(places, None, ())
    sizes = [tensors[place].numel() for place in places]
    flat = torch.empty(sum(sizes), dtype=first.dtype, device=first.device)
    pieces = torch.split(flat, sizes)
    views = [piece.view(tensors[place].shape) for piece, place in zip(pieces, places, strict=True)]
    return _Bucket(places, flat, tuple(views))
