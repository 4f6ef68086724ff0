"""The peers' environment: built once from peers.txt, and who could not be installed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Peers:
    """An environment in `benchmarks/.peers`, rebuilt when peers.txt or the interpreter changes.

    Args:
        folder: of the environment.
        requirements: pinned, one a line.
    """

    def __init__(
        self, folder: Path = HERE / ".peers", requirements: Path = HERE / "peers.txt"
    ) -> None:
        self._folder = folder
        self._requirements = requirements
        self._missing: dict[str, str] | None = None

    @property
    def python(self) -> Path:
        """The interpreter that the peers run in."""
        return self._folder / "bin" / "python"

    def command(self, name: str) -> Path:
        """A console command of a peer."""
        return self._folder / "bin" / name

    def build(self) -> None:
        """Install what is not there yet; peers that refuse are remembered with the reason."""
        stamp = self._folder / "ready.json"
        if stamp.is_file():
            known = json.loads(stamp.read_text())
            if known["of"] == self._digest():
                self._missing = known["missing"]
                return
        print(f"installing the peers into {self._folder.name} (minutes, once)", file=sys.stderr)
        venv.create(self._folder, clear=True, with_pip=True)
        self._missing = {}
        if self._install(self._pins()):  # one that cannot be had must not cost the others
            for pin in self._pins():
                if reason := self._install([pin]):
                    self._missing[pin.partition("==")[0]] = reason
        stamp.write_text(json.dumps({"of": self._digest(), "missing": self._missing}, indent=2))

    def leave(self) -> None:
        """Do without peers: all are reported as not measured."""
        self._missing = {pin.partition("==")[0]: "left out of this run" for pin in self._pins()}

    def missing(self, name: str) -> str | None:
        """Why a peer is not there; None where it is."""
        if self._missing is None:
            raise RuntimeError("build() or leave() comes first")
        return self._missing.get(name)

    def version(self, name: str) -> str:
        """The version that peers.txt pins."""
        return dict(pin.split("==") for pin in self._pins())[name]

    def _install(self, pins: list[str]) -> str | None:
        """Install; give the first line of pip's complaint, or None if it went well."""
        pip = [str(self.python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        done = subprocess.run([*pip, *pins], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return None
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        return lines[0].removeprefix("ERROR: ") if lines else f"pip ended with {done.returncode}"

    def _pins(self) -> list[str]:
        lines = (line.strip() for line in self._requirements.read_text().splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    def _digest(self) -> str:
        of = self._requirements.read_text() + sys.version
        return hashlib.sha256(of.encode()).hexdigest()
