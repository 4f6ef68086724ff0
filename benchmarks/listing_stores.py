"""Stores of runs that all hold the same content, filled, and how each is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from benchmarks.command import Command, project_command
from benchmarks.contestant import ROOT, Contestant
from benchmarks.peak import Peak
from benchmarks.setting import Setting
from benchmarks.stores import stride_store
from stride.store.run_folder import RunFolder

Make = Callable[[], Contestant]

_MODULES = {
    "signac": "benchmarks.stores.signac_store",
    "guildai": "benchmarks.stores.guild_store",
    "mlflow": "benchmarks.stores.mlflow_store",
    "trackio": "benchmarks.stores.trackio_store",
}


class ListingStores:
    """The stores of one number of runs. That of stride is filled first.

    Args:
        count: runs in each store.
        without: peers that are left out, with the reason.
    """

    def __init__(
        self, setting: Setting, count: int, without: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.count = count
        self._setting = setting
        self.experiment = stride_store.populate(setting.folder(f"listing-{count}") / "exp", count)
        self._folders = {name: setting.folder(f"listing-{count}-{name}") for name in _MODULES}
        self._failures = {
            name: without.get(name) or setting.prepare(name, module, str(folder), str(count))
            for (name, module), folder in zip(_MODULES.items(), self._folders.values(), strict=True)
        }

    @property
    def stride_command(self) -> tuple[str | Path, ...]:
        """`stride list` of the experiment."""
        return project_command("stride"), "list", self.experiment

    def stride(self, lines: int, *options: str) -> Make:
        """`stride list`, with options."""
        return partial(Command, *self.stride_command, *options, least_lines=lines)

    def peer(self, name: str, lines: int, program: str, *arguments: str) -> Make | str:
        """A peer's own command."""
        folder = self._folders[name]
        return self._failures[name] or partial(
            Command,
            self._setting.peers.command(program),
            *arguments,
            least_lines=lines,
            environment={"GUILD_HOME": str(folder / "home"), "TRACKIO_DIR": str(folder)},
            folder=folder,
        )

    def peak(self, name: str, program: str, *arguments: str) -> Make | str:
        """The memory of a peer's command."""
        command = self._setting.peers.command(program)
        return self._failures[name] or partial(
            Peak, command, *arguments, folder=self._folders[name]
        )

    def mlflow(self, lines: int, *arguments: str) -> Make | str:
        """MLflow has no command for it that is as fast as its interface."""
        database: Path = self._folders["mlflow"] / "mlflow.db"
        module = "benchmarks.contestants.mlflow_search"
        command = (self._setting.peers.python, "-m", module, database, *arguments)
        return self._failures["mlflow"] or partial(Command, *command, least_lines=lines)

    def read_and_parse(self) -> Make:
        """A program that reads and parses the files of all runs once, and does nothing else."""
        module = "benchmarks.contestants.read_and_parse"
        run = RunFolder(self.experiment)
        files = (run.record_path.name, run.config_path.name)
        return partial(Command, sys.executable, "-m", module, self.experiment, *files, folder=ROOT)
