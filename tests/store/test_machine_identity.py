"""A process is told by its pid and its start; one that ended is dead, a zombie too."""

from __future__ import annotations

import os
import subprocess
import sys

from stride.store.machine_identity import (
    ProcessState,
    boot_clock,
    out_of_memory_kills,
    process_start,
    process_state,
    this_machine,
)


def test_this_process_is_alive_under_its_start_only() -> None:
    start = process_start(os.getpid())
    assert start is not None
    assert process_state(os.getpid(), start) is ProcessState.ALIVE
    assert process_state(os.getpid(), start - 1) is ProcessState.DEAD
    assert process_state(os.getpid(), None) is ProcessState.UNKNOWN


def test_two_lookings_find_the_same_start() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    starts = {process_start(child.pid) for _ in range(5)}
    assert len(starts) == 1
    child.kill()
    child.communicate()


def test_a_zombie_is_dead_and_so_is_what_was_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = process_start(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is a zombie
    assert process_state(child.pid, start) is ProcessState.DEAD
    assert process_start(child.pid) is None
    child.communicate()
    assert process_state(child.pid, start) is ProcessState.DEAD


def test_pids_that_cannot_be_are_unknown_or_dead() -> None:
    assert process_state(0, 1.0) is ProcessState.UNKNOWN
    assert process_state(-5, 1.0) is ProcessState.UNKNOWN
    assert process_state(2**70, 1.0) is ProcessState.UNKNOWN
    assert process_state(2**22 + 1, 1.0) is ProcessState.DEAD


def test_another_process_reads_the_same_machine_and_clock() -> None:
    code = (
        "from stride.store.machine_identity import boot_clock, this_machine;"
        "m = this_machine(); print(m.host, m.machine_id, m.boot_id, m.pid_namespace, boot_clock())"
    )
    before = boot_clock()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *names, clock = done.stdout.rstrip("\n").split(" ")
    machine = this_machine()
    assert names == [machine.host, machine.machine_id, machine.boot_id, machine.pid_namespace]
    assert before < float(clock) < boot_clock()


def test_the_count_of_out_of_memory_kills_never_falls() -> None:
    first, second = out_of_memory_kills(), out_of_memory_kills()
    assert (first is None) == (second is None)
    assert (first or 0) <= (second or 0)
