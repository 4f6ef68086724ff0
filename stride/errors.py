"""Every error that stride raises on purpose, as one tree.

::

    StrideError                         any of them
    ├── UsageError (ValueError)         what a person typed, or wrote in a file, cannot be done
    │   ├── ConfigError                 a key, a type, an override, a config file
    │   ├── RunNameError                a name that no run may have
    │   ├── QueryError                  a query (`--where`, `--sort`) that says nothing
    │   ├── RunNotFoundError            no such run or experiment (also LookupError)
    │   ├── RunExistsError              the name is taken (also FileExistsError)
    │   ├── RunBusyError                another process is training the run
    │   ├── RunStateError               the run's status does not allow it
    │   ├── NotAnExperimentError        a folder with content that is no experiment
    │   ├── CodeReferenceError          `package.module:Name` that does not do
    │   ├── DataError                   a data file that is missing, empty or inconsistent
    │   ├── DeviceError                 a device that is not there
    │   └── StorageError (OSError)      the disk: full, read-only, not permitted
    ├── StoredFileError                 a file of a run that cannot be read back
    │   └── NewerFormatError            written by a newer stride
    ├── VerificationError               a digest or a repeated measurement that does not hold
    ├── NonFiniteError                  a loss or gradient that is not finite
    ├── OutOfMemoryError                a batch that is too large for the device
    ├── RankFailedError                 another of the processes that train together failed first
    └── StoppedError                    the training was asked to stop

Each message is a sentence that says what is wrong, where, and what to do. The command line shows it
as it is.
"""


class StrideError(Exception):
    """Any error that stride raises on purpose; the message is meant for the user."""


class UsageError(StrideError, ValueError):
    """What a person typed, or wrote in a file, cannot be done; nothing was created."""


class ConfigError(UsageError):
    """A config key, value, override or config file is wrong."""


class RunNameError(UsageError):
    """The name is not one that a run may have."""


class QueryError(UsageError):
    """A query cannot be read, or asks for what no run has.

    Attributes:
        position: of the character in the query where that shows, from 0; None where it has none.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


class RunNotFoundError(UsageError, LookupError):
    """The run or the experiment does not exist."""


class RunExistsError(UsageError, FileExistsError):
    """A run of that name exists already."""


class RunBusyError(UsageError):
    """Another process is training the run, or may be."""


class RunStateError(UsageError):
    """The status of the run does not allow what was asked."""


class NotAnExperimentError(UsageError):
    """The folder has content and no config.json of stride, or is a file."""


class CodeReferenceError(UsageError):
    """`package.module:Name` or `path/file.py:Name` does not resolve, or to the wrong thing."""


class DataError(UsageError):
    """A data file is missing, empty, or does not fit together."""


class DeviceError(UsageError):
    """The device that was asked for is not on this machine."""


class StorageError(UsageError, OSError):
    """The file system refused: full, read-only, or not permitted."""


class StoredFileError(StrideError):
    """A file that stride wrote cannot be read back: torn, empty, not JSON, or of a wrong type."""


class NewerFormatError(StoredFileError):
    """The file was written by a newer version of stride."""


class VerificationError(StrideError):
    """A digest, or a measurement made again, does not agree with what was recorded."""


class NonFiniteError(StrideError):
    """A loss is nan or infinite."""


class OutOfMemoryError(StrideError):
    """The device has no memory for a step."""


class RankFailedError(StrideError):
    """Another of the processes that train together failed first; the message is about that one."""


class StoppedError(StrideError):
    """The training was asked to stop."""
