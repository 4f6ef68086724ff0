"""The same steps on a GPU, where there is one; else a row that says that there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.group import Group
from benchmarks.loops import NAMES, OWN, PACKAGES, compare, loops
from benchmarks.setting import Setting

TITLE = "A training step on a GPU"
REMARKS = (
    "The problems above with the model on the GPU: the data is there too in stride and in the"
    " hand-tuned loop, and is moved batch by batch in the others. bf16: autocast in all; Ignite has"
    " none. Compiled: `torch.compile` of the model, the two hand-written loops only."
)
_PEERS_WITH_PRECISION = ("fabric", "accelerate", "hugging_face", "lightning")
_PROBLEMS: tuple[tuple[str, Mapping[str, object], tuple[str, ...]], ...] = (
    ("a step of the MLP", {"kind": "mlp"}, ("stride", *NAMES)),
    ("a step of the ResNet, 32 x 32", {"kind": "resnet32"}, ("stride", *NAMES)),
    (
        "a step of the ResNet, 32 x 32, bf16",
        {"kind": "resnet32", "precision": "bf16"},
        (*OWN, *_PEERS_WITH_PRECISION),
    ),
    (
        "a step of the transformer, bf16",
        {"kind": "transformer", "precision": "bf16"},
        (*OWN, *_PEERS_WITH_PRECISION),
    ),
    (
        "a step of the transformer, bf16, compiled",
        {"kind": "transformer", "precision": "bf16", "compiled": True},
        OWN,
    ),
)


def groups(setting: Setting) -> Iterator[Group]:
    """All problems on the GPU; quickly only the first."""
    reason = _why_not()
    steps = setting.choose(2_000, 10)
    for what, problem, names in _PROBLEMS[: setting.choose(len(_PROBLEMS), 1)]:
        group = Group(what, setting.choose(20, 1), count=steps, figure="lowest")
        if reason is not None:
            group.leave_out(reason)
        else:
            label = "gpu-" + "-".join(str(value) for value in problem.values())
            makes = loops(setting, label, names, steps=steps, device="cuda", **problem)
            group.measure(makes, seldom=PACKAGES)
            compare(group, names, {"hand_written": 1.02})
        yield group


def _why_not() -> str | None:
    """Why nothing can be measured; None where there is a GPU."""
    import torch  # takes a second, which the other comparisons need not wait for

    if not torch.cuda.is_available():
        return "there is no GPU that torch can use on this machine"
    return None
