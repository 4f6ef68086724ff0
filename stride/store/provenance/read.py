"""Reading provenance: what is known of an attempt, put together from the folders that hold it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from stride.errors import NewerFormatError, StorageError, StoredFileError
from stride.files import read_content, read_json
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.provenance.packages import parse_packages
from stride.store.provenance.record import FORMAT, CodeState, MachineState, Provenance

if TYPE_CHECKING:
    from stride.store.run import Run

_State = TypeVar("_State", CodeState, MachineState)


def read_provenance(run: Run, attempt: int | None = None) -> Provenance:
    """What is known of an attempt of a run; of its newest one if none is named.

    Raises:
        StoredFileError: run.json, which tells the number of attempts, cannot be read.
    """
    if attempt is None:
        attempt = len(run.read_record().attempts)
    folders = (run.attempt_provenance_path(n) for n in range(1, max(attempt, 1) + 1))
    return read_folders(folders, run=run)


def read_folders(folders: Iterable[Path], *, run: Run | None = None) -> Provenance:
    """What is known of the last of some attempts.

    Args:
        folders: of provenance, of the first attempt to the one in question; those that are not
            there are passed over. A later attempt has only the parts in which it differs from the
            earlier.
        run: that they are of, where somebody else may have changed them: links that lead out of its
            experiment are not followed.
    """
    known = Provenance()
    damage: list[str] = []
    for path in folders:
        folder = ProvenanceFolder(path)
        code = _read_state(folder.code_path, CodeState, run, damage)
        machine = _read_state(folder.machine_path, MachineState, run, damage)
        packages = _read_packages(folder.packages_path, run, damage)
        known = Provenance(
            code=code or known.code,
            code_folder=path if code else known.code_folder,
            packages=known.packages if packages is None else packages,
            machine=machine or known.machine,
        )
    return replace(known, notes=tuple(damage))


def read_diff(provenance: Provenance) -> bytes:
    """The diff of the tracked files, as `git apply` takes it; b"" where nothing was changed.

    Raises:
        StoredFileError: it is no regular file.
        StorageError: it cannot be read.
    """
    if provenance.code_folder is None:
        return b""
    path = ProvenanceFolder(provenance.code_folder).diff_path
    if path.is_symlink():
        raise StoredFileError(f"{path} is a symbolic link; a kept diff is a file")
    try:
        return read_content(path)
    except FileNotFoundError:
        return b""


def _read_state(
    path: Path, kind: type[_State], run: Run | None, damage: list[str]
) -> _State | None:
    try:
        _check_inside(run, path)
        tree = read_json(path)
        stored = tree.get("format") if isinstance(tree, dict) else None
        if isinstance(stored, int) and stored > FORMAT:
            raise NewerFormatError(
                f"{path} has format {stored}, written by a newer stride; this one reads {FORMAT}"
            )
        return msgspec.convert(tree, kind)
    except FileNotFoundError:
        return None
    except msgspec.ValidationError as error:
        damage.append(f"{path} cannot be read: {error}")
    except (StoredFileError, StorageError) as error:
        damage.append(str(error))
    return None


def _read_packages(path: Path, run: Run | None, damage: list[str]) -> dict[str, str] | None:
    try:
        _check_inside(run, path)
        return parse_packages(read_content(path).decode())
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        damage.append(f"{path} is not UTF-8 text")
    except (StoredFileError, StorageError) as error:
        damage.append(f"{path}: {error}")
    return None


def _check_inside(run: Run | None, path: Path) -> None:
    if run is not None:
        run.check_inside(path)
