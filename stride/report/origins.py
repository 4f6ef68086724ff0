"""Origins: of what code and data runs are, as far as two of them can be told apart by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from stride.errors import StrideError
from stride.files import read_content
from stride.store.provenance.folder import ProvenanceFolder
from stride.store.run import Run


class _Code(msgspec.Struct):
    """What is read of a code.json."""

    digest: str | None = None


_decoder = msgspec.json.Decoder(_Code)


@dataclass(frozen=True)
class Origin:
    """Digests; what is not known is not there.

    Attributes:
        code: of the repository that the newest attempt was started in.
        own: of each thing of the user's own that the config names, by reference.
        data: of the content of the data, by name or config key.
    """

    code: str | None = None
    own: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)

    def differences(self, other: Origin) -> frozenset[str]:
        """Which of `code` and `data` are known to be others."""
        found = set()
        if None not in (self.code, other.code):
            same_code = self.code == other.code
        else:
            same_code = _agree(self.own, other.own)
        if not same_code:
            found.add("code")
        if not _agree(self.data, other.data):
            found.add("data")
        return frozenset(found)


def read_origin(run: Run) -> Origin:
    """What is known of a run; nothing where its files cannot be read."""
    try:
        record = run.read_record()
    except StrideError:
        return Origin()
    own = {each.reference: each.digest for each in record.code if each.digest is not None}
    code = None
    for number in range(len(record.attempts), 0, -1):
        folder = ProvenanceFolder(run.attempt_provenance_path(number))
        try:
            run.check_inside(folder.code_path)
            code = _decoder.decode(read_content(folder.code_path)).digest
        except FileNotFoundError:
            continue  # the same as that of the attempt before
        except (StrideError, OSError, ValueError, RecursionError):
            code = None
        break
    return Origin(code, own, dict(record.fingerprints))


def origin_differences(own: Origin, others: Iterable[Run]) -> frozenset[str]:
    """What is another in any of the runs."""
    return frozenset().union(*(own.differences(read_origin(run)) for run in others))


def _agree(first: dict[str, str], second: dict[str, str]) -> bool:
    return all(first[name] == second[name] for name in first if name in second)
