"""The time of a training step: stride beside hand-written loops and Lightning."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.group import Group, Make
from benchmarks.setting import Setting

TITLE = "A training step"
REMARKS = (
    "Epochs of 2,000 steps, the lowest of the interleaved repeats over its steps; one thread for"
    " all. Every loop computes the same loss and accuracy, logs a row every 50 steps, validates on"
    " 1,024 samples and appends an epoch row. At the end of each epoch the hand-written loops and"
    " Lightning save model and optimiser; stride writes the weights that became best, durably, and"
    " knows no checkpoints yet. Hand-written: `DataLoader(TensorDataset)` and default AdamW."
    " Hand-tuned: batched indexing and fused AdamW. The MLP is 64-64-10 at batches of 32; the"
    " residual network has three blocks on 8 x 8 images at batches of 64."
)
_MODULES = "benchmarks.contestants"
_PROBLEMS = (
    ("a step of the MLP", "mlp", None),
    ("a step of the MLP, gradients clipped", "mlp", 1.0),
    ("a step of the ResNet", "resnet", None),
)


def groups(setting: Setting) -> Iterator[Group]:
    """The MLP without and with clipping, and the residual network; quickly only the first."""
    for what, kind, clip_norm in _PROBLEMS[: setting.choose(3, 1)]:
        steps = setting.choose(2_000, 10)
        group = Group(what, setting.choose(20, 1), count=steps, lowest=True)

        def arguments(
            name: str, kind: str = kind, clip_norm: float | None = clip_norm, steps: int = steps
        ) -> dict[str, object]:
            folder = setting.folder(f"steps-{kind}-{clip_norm}-{name}")
            return {"folder": str(folder), "kind": kind, "steps": steps, "clip_norm": clip_norm}

        makes: dict[str, Make | str] = {
            name: setting.own(f"{_MODULES}.step_{name}", **arguments(name))
            for name in ("stride", "hand_written", "hand_tuned")
        }
        if kind == "mlp":
            makes["lightning"] = setting.peer(
                "lightning", f"{_MODULES}.step_lightning", **arguments("lightning")
            )
        group.measure(makes)
        if kind == "mlp":
            group.compare("hand_written", 0.65, "hand-written loop")
            group.compare("hand_tuned", 1.05, "hand-tuned loop")
            group.compare("lightning", 0.25, "Lightning, its defaults")
        else:
            group.compare("hand_written", 1.02, "hand-written loop")
            group.compare("hand_tuned", None, "hand-tuned loop")
        yield group
