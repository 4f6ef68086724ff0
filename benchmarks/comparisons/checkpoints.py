"""What a checkpoint of 500 MB costs the training: stride beside a blocking `torch.save`."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.group import Group
from benchmarks.loops import Makes
from benchmarks.setting import Setting

TITLE = "The stall of a checkpoint"
REMARKS = (
    "500 MB of state: ten linear layers with AdamW's two moments, one thread. The stall is the time"
    " from the begin of the step before the checkpoint to the begin of the step after it, less the"
    " median of such times without one; the median of nine checkpoints. In all: the same over all"
    " steps until the checkpoint is written, so that what the background writing takes from the"
    " steps beside it counts too."
    " stride flushes its checkpoint to the disk, reads it back and verifies it; `torch.save` leaves"
    " it to the operating system."
)
_MODULES = "benchmarks.contestants"


def groups(setting: Setting) -> Iterator[Group]:
    """The stall, and all that it costs."""
    stall = Group("stall by a checkpoint", setting.choose(9, 1))
    stall.measure(_contestants(setting, in_all=False))
    stall.compare("torch_save", 0.5, "`torch.save`")
    stall.compare(
        "torch_save",
        None,
        "`torch.save`",
        stride="stride_blocking",
        what="the same, `background=false`",
    )
    yield stall

    whole = Group("a checkpoint, in all", setting.choose(5, 1))
    whole.measure(_contestants(setting, in_all=True))
    whole.compare("torch_save", None, "`torch.save`")
    yield whole


def _contestants(setting: Setting, *, in_all: bool) -> Makes:
    """stride in the background, and torch; for the stall stride without the background as well."""
    problem = {"megabytes": setting.choose(500, 1), "steps_after": 8, "in_all": in_all}
    often, seldom = 16, setting.choose(40, 16)  # steps; what is written meanwhile must be done

    def folder(name: str) -> str:
        return str(setting.folder(f"checkpoints-{in_all}-{name}"))

    makes: Makes = {
        "stride": setting.own(
            f"{_MODULES}.stall_stride",
            folder=folder("stride"),
            background=True,
            every=seldom,
            **problem,
        ),
        "torch_save": setting.own(
            f"{_MODULES}.stall_torch_save", folder=folder("torch_save"), every=often, **problem
        ),
    }
    if not in_all:
        makes["stride_blocking"] = setting.own(
            f"{_MODULES}.stall_stride",
            folder=folder("blocking"),
            background=False,
            every=often,
            **problem,
        )
    return makes
