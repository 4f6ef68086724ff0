"""SLURM on one node: the daemons of a cluster that is this machine, in a folder of their own.

`python -m tests.slurm.one_node COMMAND ...` runs a command, a shell for instance, in which `sbatch`
and `srun` talk to such a cluster.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "sinfo")
CPUS = 4
_PATIENCE = 60.0

CONFIG = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
CredType=cred/munge
# A job that is put back in the queue waits for so many seconds.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SchedulerParameters=sched_interval=1
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/node
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
# Neither control groups nor systemd are needed.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
KillWait=20
ReturnToService=2
"""


def why_not() -> str | None:
    """Why there can be no SLURM here; None where there can."""
    missing = [program for program in PROGRAMS if _find(program) is None]
    if not missing:
        return None
    return f"{', '.join(missing)} not installed: apt-get install slurm-wlm munge"


@contextlib.contextmanager
def one_node_slurm(folder: Path) -> Iterator[dict[str, str]]:
    """Have a cluster of one node inside; afterwards its daemons have ended.

    Args:
        folder: where the daemons write; it is to exist, and its path to be short.

    Yields:
        The variables of the environment with which its commands find it.

    Raises:
        RuntimeError: it does not start; with the ends of its logs.
    """
    environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
    _write_files(folder)
    with contextlib.ExitStack() as stack:
        munge = ("munged", "--foreground", f"--socket={folder}/munge.socket",
                 f"--key-file={folder}/munge.key", f"--pid-file={folder}/munge.pid",
                 f"--seed-file={folder}/munge.seed", f"--log-file={folder}/munge.log",
                 "--num-threads=2", "--force")  # fmt: skip
        _start(stack, folder, munge, environment)
        _wait(folder, lambda: (folder / "munge.socket").exists())
        _start(stack, folder, ("slurmctld", "-D"), environment)
        _start(stack, folder, ("slurmd", "-D", "-N", _host()), environment)
        _wait(folder, lambda: _state(environment) == "idle")
        yield environment


def _write_files(folder: Path) -> None:
    for name in ("controller", "node"):
        (folder / name).mkdir(mode=0o755)
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (first, second)]
    (folder / "slurm.conf").write_text(
        CONFIG.format(
            host=_host(),
            cpus=CPUS,
            user=_user(),
            folder=folder,
            controller_port=ports[0],
            node_port=ports[1],
        )
    )


def _start(
    stack: contextlib.ExitStack,
    folder: Path,
    command: tuple[str, ...],
    environment: Mapping[str, str],
) -> None:
    program = _find(command[0])
    assert program is not None
    log = stack.enter_context((folder / f"{command[0]}.out").open("wb"))
    process = subprocess.Popen(
        [program, *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=folder,
        start_new_session=True,
    )
    stack.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(folder: Path, is_there: Callable[[], bool]) -> None:
    limit = time.monotonic() + _PATIENCE
    while not is_there():
        if time.monotonic() > limit:
            logs = [*folder.glob("*.log"), *folder.glob("*.out")]
            ends = [f"{log.name}:\n{log.read_text()[-2000:]}" for log in logs]
            raise RuntimeError("SLURM does not start\n" + "\n".join(ends))
        time.sleep(0.1)


def _state(environment: Mapping[str, str]) -> str:
    command = ["sinfo", "-h", "-o", "%t"]
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout.strip()


def _find(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _host() -> str:
    return socket.gethostname().partition(".")[0]


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def main() -> int:
    """Run the command of the arguments beside a cluster; its exit code."""
    reason = why_not()
    if reason is not None:
        sys.stderr.write(reason + "\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with one_node_slurm(folder) as environment:
            return subprocess.run(sys.argv[1:] or ["bash"], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
