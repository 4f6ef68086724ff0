"""The time of a step on two ranks: stride beside loops on DistributedDataParallel."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.group import Group
from benchmarks.setting import Setting

TITLE = "A training step on two ranks"
REMARKS = (
    "Two processes with one thread each, gloo on the CPU; the MLP in epochs of 2,000 steps, the"
    " residual network in epochs of 400, the lowest of 20 interleaved epochs over its steps. Both"
    " ranks begin an epoch together, and rank 0 holds the watch. Batches are as above, half of each"
    " on a rank; every loop sums losses over the ranks for its rows, shares the validation, and has"
    " rank 0 write a checkpoint. Hand-written: `DistributedDataParallel`, `DistributedSampler` in a"
    " `DataLoader`, default AdamW. Hand-tuned: `DistributedDataParallel`, batched indexing, fused"
    " AdamW. stride also makes each step's losses and items known to both ranks, looks at each for"
    " nan, and has the ranks agree on stopping and saving."
)
_PROBLEMS = (
    ("a step of the MLP, 2 ranks", "mlp", 2_000),
    ("a step of the ResNet, 8 x 8, 2 ranks", "resnet8", 400),
)
_LOOPS = {"hand_written": "hand-written DDP loop", "hand_tuned": "hand-tuned DDP loop"}
_BARS = {"hand_written": 1.03}


def groups(setting: Setting) -> Iterator[Group]:
    """Both models; quickly the first only."""
    for what, kind, thorough in _PROBLEMS[: setting.choose(len(_PROBLEMS), 1)]:
        steps = setting.choose(thorough, 10)
        group = Group(what, setting.choose(20, 1), count=steps, figure="lowest")
        makes = {}
        for name in ("stride", *_LOOPS):
            module = "ranks_stride" if name == "stride" else "ranks_hand_written"
            makes[name] = setting.own(
                f"benchmarks.contestants.{module}",
                folder=str(setting.folder(f"ranks-{kind}-{name}")),
                kind=kind,
                steps=steps,
                tuned=name == "hand_tuned",
            )
        group.measure(makes)
        for name, words in _LOOPS.items():
            group.compare(name, _BARS.get(name), words)
        yield group
