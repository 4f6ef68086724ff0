"""What must be the same, or is said, when a run goes on: its data, its code, its device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from stride.config.differences import same
from stride.errors import DataError
from stride.store.record import CodeRecord, RunRecord
from stride.store.run import Run
from stride.store.stored_values import storable
from stride.training.batches.protocol import Batches

_SAMPLES: Final = "samples."
_FACTS: Final = ("input_shape", "output_shape", "target_kind")


def sample_counts(batches: Mapping[str, Batches]) -> dict[str, int]:
    """How many samples each split has, as a record keeps it: `samples.train`; 0 where unknown."""
    return {f"{_SAMPLES}{split}": each.samples for split, each in batches.items()}


def check_same_data(
    run: Run,
    record: RunRecord,
    *,
    fingerprints: Mapping[str, str],
    facts: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> None:
    """Look whether a run would go on with the data that it began with.

    Args:
        fingerprints: of the data now, by split.
        facts: what the data says of itself, and `sample_counts`.
        settings: what is changed for this attempt: data that was moved must have a fingerprint.

    Raises:
        DataError: it is other data, or cannot be told to be the same.
    """
    other = f"put back what {run.address} was trained on, or make a new run that goes on with other"
    other += f" data with stride fit --continue {run.address}"
    for split, print_before in record.fingerprints.items():
        if fingerprints.get(split, print_before) != print_before:
            raise DataError(f"the {split} data of {run.address} has changed: {other}")
    counted = any(key.startswith(_SAMPLES) for key in record.resolved)
    now_known = storable(dict(facts))
    known = [key for key in record.resolved if key in _FACTS or key.startswith(_SAMPLES)]
    new = [key for key in now_known if key.startswith(_SAMPLES)] if counted else []
    for key in dict.fromkeys([*known, *new]):
        before, now = record.resolved.get(key), now_known.get(key)
        if not same(before, now):
            words = key.replace(_SAMPLES, "number of samples of ").replace("_", " ")
            was, now = ("unknown" if each is None else each for each in (before, now))
            raise DataError(f"the {words} was {was} and is {now}: {other}")
    moved = [key for key in settings if key.startswith("dataset_kwargs.")]
    if moved and record.resolved and not record.fingerprints:
        raise DataError(
            f"whether the data at {moved[0]}={settings[moved[0]]} is the same cannot be told, since"
            f" its data set gives no fingerprint: {other}"
        )


def what_changed(record: RunRecord, code: Iterable[CodeRecord], device: str) -> list[str]:
    """What is not as it was at the attempt before, and may change the result: a sentence each.

    Args:
        code: the user's own things that the config names, as they are now.
        device: described, as the record of an attempt has it.
    """
    before = {known.reference: known for known in record.code}
    notes = [
        f"the code of {each.reference} has changed since the last attempt"
        for each in code
        if each.reference in before and before[each.reference].digest != each.digest
    ]
    devices = [attempt.device for attempt in record.attempts if attempt.device is not None]
    if devices and devices[-1] != device:
        notes.append(
            f"the last attempt computed on {devices[-1]} and this one does on {device}: numbers may"
            " differ in their last digits"
        )
    return notes
