"""Machine: where an attempt runs and how it was started; found without importing torch."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from stride.store.provenance.kept_files import shown
from stride.store.provenance.packages import version_of
from stride.store.provenance.record import FORMAT, Gpu, MachineState
from stride.store.provenance.secrets import masked_arguments, masked_text

_GPU_SECONDS: Final = 15.0

ENVIRONMENT: Final = (
    "CONDA_DEFAULT_ENV",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_DEVICE_ORDER",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_VISIBLE_DEVICES",
    "MKL_NUM_THREADS",
    "NCCL_ALGO",
    "NCCL_IB_DISABLE",
    "NCCL_P2P_DISABLE",
    "NCCL_PROTO",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED",
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_ENABLE_MPS_FALLBACK",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "TORCH_LOGS",
    "VIRTUAL_ENV",
)
"""The only environment variables that are kept: they can change a training, and hold no secrets."""


def take_machine(argv: Sequence[str], folder: str) -> MachineState:
    """Read the machine, the interpreter, and the command line `argv`, given in `folder`."""
    notes: list[str] = []
    system = os.uname()
    return MachineState(
        format=FORMAT,
        host=socket.gethostname(),
        system=f"{system.sysname} {system.release} {system.machine}",
        distribution=_distribution(),
        cpu=_cpu(),
        cpus=os.cpu_count(),
        usable_cpus=_usable_cpus(),
        memory=_memory(),
        gpus=_gpus(notes),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        executable=shown(sys.executable or ""),
        torch=version_of("torch"),
        stride=version_of("stride-experiments"),
        argv=tuple(shown(argument) for argument in masked_arguments(argv)),
        folder=shown(folder),
        environment={
            name: shown(masked_text(os.environ[name])) for name in ENVIRONMENT if name in os.environ
        },
        notes=tuple(notes),
    )


def _distribution() -> str | None:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        return None


def _cpu() -> str | None:
    """The model's name; on some machines only the architecture is known, then None."""
    if sys.platform == "darwin":
        return _answer(["sysctl", "-n", "machdep.cpu.brand_string"], seconds=5.0)
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() in ("model name", "Model", "cpu model", "cpu"):
                return value.strip()
    return None


def _usable_cpus() -> int | None:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def _gpus(notes: list[str]) -> tuple[Gpu, ...]:
    """Graphics cards as NVIDIA's driver names them; () where its tool is not installed."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    query = "--query-gpu=name,driver_version,memory.total"
    answer = _answer([program, query, "--format=csv,noheader,nounits"], seconds=_GPU_SECONDS)
    if answer is None:
        notes.append("nvidia-smi gave no answer: the graphics cards are not known")
        return ()
    gpus = []
    for line in answer.splitlines():
        name, *rest = line.rsplit(",", 2)
        if len(rest) != 2:
            notes.append(f"nvidia-smi gave a line that is not understood: {line[:100]!r}")
            continue
        memory = rest[1].strip()
        gpus.append(Gpu(name.strip(), rest[0].strip(), int(memory) if memory.isdigit() else None))
    return tuple(gpus)


def _answer(command: list[str], seconds: float) -> str | None:
    """What a program writes; None where it fails or takes too long."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()
