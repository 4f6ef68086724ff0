"""The folder of provenance: the paths in it, and how it is written."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from stride.errors import StorageError
from stride.files import fsync_folder, storage_errors, write_new
from stride.store.provenance.kept_files import Content


@dataclass(frozen=True)
class ProvenanceFolder:
    """`provenance/` of a run, or `provenance/attempt-2/` of a later attempt that differs."""

    path: Path

    @property
    def code_path(self) -> Path:
        return self.path / "code.json"

    @property
    def diff_path(self) -> Path:
        return self.path / "code.diff"

    @property
    def untracked_path(self) -> Path:
        return self.path / "untracked"

    @property
    def packages_path(self) -> Path:
        return self.path / "packages.txt"

    @property
    def machine_path(self) -> Path:
        return self.path / "machine.json"

    def write(
        self,
        *,
        code: bytes | None = None,
        diff: bytes = b"",
        kept: tuple[Content, ...] = (),
        packages: bytes | None = None,
        machine: bytes | None = None,
    ) -> None:
        """Write the parts that are given, durably; the folder appears whole, by one rename.

        Raises:
            StorageError: the disk refused, or the folder has content already; nothing is left
                behind.
        """
        staged = ProvenanceFolder(
            self.path.with_name(f".tmp-{self.path.name}-{os.getpid()}-{secrets.token_hex(4)}")
        )
        with storage_errors("write", self.path):
            staged.path.mkdir(parents=True)
            try:
                if code is not None:
                    staged._write_kept(kept)
                    if diff:
                        write_new(staged.diff_path, diff)
                    write_new(staged.code_path, code)
                if packages is not None:
                    write_new(staged.packages_path, packages)
                if machine is not None:
                    write_new(staged.machine_path, machine)
                fsync_folder(staged.path)
                staged.path.rename(self.path)  # refused by the system where there is content
                fsync_folder(self.path.parent)
            except BaseException:
                with contextlib.suppress(OSError):
                    shutil.rmtree(staged.path)
                raise

    def _write_kept(self, kept: tuple[Content, ...]) -> None:
        """Copy the kept files. Links are told in code.json only: here they could lead anywhere.

        Not fsynced one by one: there may be hundreds, and code.json has the digest of each.
        """
        for file in kept:
            if file.is_link:
                continue
            path = self.untracked_path / file.path
            if ".." in Path(file.path).parts or not path.is_relative_to(self.untracked_path):
                raise StorageError(f"cannot write {path}: it leads out of {self.untracked_path}")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_new(path, file.content, durable=False)
            if file.executable:
                path.chmod(path.stat().st_mode | 0o111)
