"""Records of provenance: what is known of the code, the machine and the packages of an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

FORMAT: Final = 1


class Remote(msgspec.Struct, frozen=True):
    """Where the repository was cloned from; the address carries no credentials."""

    name: str
    url: str


class KeptFile(msgspec.Struct, frozen=True):
    """A file of which the whole content is kept, under `untracked/` with the same path.

    Attributes:
        path: within the repository, with `/`; bytes that are no UTF-8 are shown as `\\xff`.
        size: in bytes.
        digest: of the content, `sha256:…`.
        executable: whether its owner may execute it.
        link: the target, of a symbolic link; then no content is kept.
        tracked: whether git knows it: it is kept whole since a git filter stands between it and its
            diff.
    """

    path: str
    size: int
    digest: str
    executable: bool = False
    link: str | None = None
    tracked: bool = False


class LeftOut(msgspec.Struct, frozen=True):
    """Something in the repository that is not kept, and why."""

    path: str
    reason: str


class Submodule(msgspec.Struct, frozen=True):
    """A repository inside the repository; its files are not kept.

    Attributes:
        recorded: the commit that the outer commit names.
        commit: the one that is checked out; None where there is none.
        changed: whether its tracked files differ from that commit, or git could not tell.
    """

    path: str
    recorded: str
    commit: str | None
    changed: bool = False


class CodeState(msgspec.Struct, frozen=True):
    """The state of the code: with `code.diff` and `untracked/` enough to restore it.

    Attributes:
        repository: its top folder; None where there is no repository, or git cannot tell.
        branch: None where no branch is checked out.
        pushed: whether a branch of a remote, as last fetched, holds the commit; None where unknown.
        dirty: whether a tracked file differs from the commit; None where git could not tell.
        changed: how many do.
        digest: of the files as they were, the same before and after they are committed; None where
            it could not be worked out. It does not cover what was left out as a secret.
        complete: whether commit, diff and kept files together give the code back.
        files: kept whole.
        left_out: what is not kept, the first of `left_out_count`.
        notes: what went wrong, in sentences.
    """

    format: int
    repository: str | None
    commit: str | None = None
    branch: str | None = None
    remote: Remote | None = None
    pushed: bool | None = None
    dirty: bool | None = None
    changed: int = 0
    digest: str | None = None
    complete: bool = False
    files: tuple[KeptFile, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    left_out_count: int = 0
    submodules: tuple[Submodule, ...] = ()
    notes: tuple[str, ...] = ()


class Gpu(msgspec.Struct, frozen=True):
    """A graphics card; memory in MiB."""

    name: str
    driver: str
    memory: int | None


class MachineState(msgspec.Struct, frozen=True):
    """Where and how an attempt was started.

    Attributes:
        system: name and release of the kernel, and the architecture.
        cpus: of the machine. usable_cpus: those that the process may run on.
        memory: of the machine, in bytes.
        torch, stride: versions as installed, by their package metadata.
        argv: the command line, secrets masked. folder: the working folder.
        environment: variables of a short list of those that can change a training.
    """

    format: int
    host: str
    system: str
    distribution: str | None
    cpu: str | None
    cpus: int | None
    usable_cpus: int | None
    memory: int | None
    gpus: tuple[Gpu, ...]
    python: str
    executable: str
    torch: str | None
    stride: str | None
    argv: tuple[str, ...]
    folder: str
    environment: dict[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Provenance:
    """What is known of an attempt; a part that was not kept, or cannot be read, is None.

    Attributes:
        code_folder: the folder of provenance that has the code's diff and kept files.
        packages: name to version, with where it came from if that is not a package index.
        notes: what cannot be read; what went wrong while it was taken is in the parts.
    """

    code: CodeState | None = None
    code_folder: Path | None = None
    packages: dict[str, str] | None = None
    machine: MachineState | None = None
    notes: tuple[str, ...] = ()
