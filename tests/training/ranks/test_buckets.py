"""Which tensors travel together, and that what comes back is what was sent, summed."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from stride.training.ranks.buckets import BUCKET_BYTES, Buckets, grouped

_TYPES = [torch.float32, torch.bfloat16, torch.int64]


class _Arrived:
    def wait(self) -> None: ...


class _Doubles:
    """A network with one more rank, which has the same tensors."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, flat: torch.Tensor) -> _Arrived:
        assert flat.is_contiguous()
        self.sizes.append(flat.numel() * flat.element_size())
        flat.add_(flat.clone())
        return _Arrived()


@given(st.lists(st.tuples(st.sampled_from(_TYPES), st.integers(0, 5_000_000)), max_size=12))
def test_every_tensor_travels_once_in_order_in_buckets_of_one_type(kinds):
    tensors = [torch.empty(size, dtype=dtype, device="meta") for dtype, size in kinds]

    groups = grouped(tensors)

    assert sorted(place for group in groups for place in group) == [
        place for place, tensor in enumerate(tensors) if tensor.numel()
    ]
    for group in groups:
        assert list(group) == sorted(group)
        assert len({tensors[place].dtype for place in group}) == 1
        size = sum(tensors[place].numel() * tensors[place].element_size() for place in group)
        assert size <= BUCKET_BYTES or len(group) == 1


def test_tensors_of_any_layout_are_summed_in_place():
    network = _Doubles()
    buckets = Buckets(network)
    wide = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    tensors = [wide, torch.randn(3, 5).t(), torch.tensor(2.5), torch.empty(0), torch.tensor([7])]
    before = [tensor.clone() for tensor in tensors]

    buckets.sum(tensors)

    for tensor, was in zip(tensors, before, strict=True):
        assert torch.equal(tensor, was * 2)
        assert tensor.stride() == was.stride()
    assert network.sizes == [4 * (96 + 15 + 1), 8]


def test_a_tensor_that_is_alone_is_summed_where_it_lies_or_through_a_copy():
    buckets = Buckets(_Doubles())
    for tensor in (torch.randn(4, 5), torch.randn(4, 5).t()):
        was = tensor.clone()
        buckets.sum([tensor])
        assert torch.equal(tensor, was * 2)


def test_what_was_summed_before_does_not_change_how_tensors_travel():
    network = _Doubles()
    buckets = Buckets(network)
    for size in (*range(1, 9), 3):
        buckets.sum([torch.ones(size), torch.ones(size)])
    assert network.sizes == [8 * size for size in (*range(1, 9), 3)]


def test_parameters_that_require_a_gradient_can_be_summed():
    parameter = torch.nn.Parameter(torch.ones(3))
    Buckets(_Doubles()).sum([parameter, torch.nn.Parameter(torch.ones(1))])
    assert parameter.tolist() == [2, 2, 2]
