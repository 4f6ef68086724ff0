"""Machine: what it is, and how the attempt was started."""

import os
import platform
import socket
from pathlib import Path

import pytest

from stride.store.provenance.machine import ENVIRONMENT, take_machine
from stride.store.provenance.record import Gpu


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a program of that name on the path, with the given body."""

    def put(body: str) -> None:
        program = tmp_path / "bin/nvidia-smi"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    return put


def test_the_machine_and_the_interpreter_are_told():
    machine = take_machine(["stride", "fit"], "/folder")
    assert machine.host == socket.gethostname()
    assert machine.system.startswith(platform.system())
    assert machine.python == f"CPython {platform.python_version()}"
    assert machine.cpus == os.cpu_count()
    assert machine.memory is not None
    assert machine.memory > 1 << 28
    assert machine.torch is not None
    assert (machine.argv, machine.folder) == (("stride", "fit"), "/folder")


def test_of_the_environment_only_a_few_variables_are_kept(monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN", "hunter2")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    machine = take_machine([], "/")
    assert machine.environment == {"OMP_NUM_THREADS": "3"}


def test_secrets_on_the_command_line_are_masked():
    machine = take_machine(["stride", "--config", "a.hf_token=hunter2"], "/")
    assert machine.argv == ("stride", "--config", "a.hf_token=***")


def test_graphics_cards_are_told_as_the_driver_names_them(nvidia_smi):
    nvidia_smi("echo 'NVIDIA A100, 80GB, 570.86, 81559'; echo 'NVIDIA GB10, 580.1, [N/A]'")
    machine = take_machine([], "/")
    assert machine.gpus == (
        Gpu("NVIDIA A100, 80GB", "570.86", 81559),
        Gpu("NVIDIA GB10", "580.1", None),
    )
    assert machine.notes == ()


def test_a_driver_that_fails_is_noted(nvidia_smi):
    nvidia_smi("echo 'Failed to initialize NVML'; exit 9")
    machine = take_machine([], "/")
    assert machine.gpus == ()
    assert "no answer" in machine.notes[0]


def test_a_line_that_is_not_understood_is_noted(nvidia_smi):
    nvidia_smi("echo 'No devices were found'")
    machine = take_machine([], "/")
    assert machine.gpus == ()
    assert "No devices were found" in machine.notes[0]


def test_arguments_that_are_no_utf8_are_shown():
    assert take_machine([os.fsdecode(b"caf\xe9")], "/").argv == ("caf\\xe9",)
