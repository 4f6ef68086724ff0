"""The table of commands: name, module, one line of help; `--help` imports no command."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A command that is imported when it is called.

    Its module has a function of the command's name (`load_run` for `load-run`), or of the name that
    is given where the command's is a word of Python. The docstring of it begins with the line of
    help here. Besides there are `EXAMPLES`, lines of the help page, and `FIELDS`, what its JSON
    answer holds.
    """

    module: str
    section: str
    help: str
    function: str = ""


COMMANDS = {
    "init": Entry("stride.cli.init", "Train", "Make an experiment and its config"),
    "create": Entry("stride.cli.create", "Train", "Claim a run with its config; train it later"),
    "fit": Entry("stride.cli.fit", "Train", "Create a run and train it, or train a created one"),
    "resume": Entry("stride.cli.resume", "Train", "Go on with a run from its newest checkpoint"),
    "stop": Entry("stride.cli.stop", "Train", "Ask a training to stop, with a checkpoint"),
    "checkpoint": Entry("stride.cli.checkpoint", "Train", "Ask a training to write a checkpoint"),
    "rerun": Entry("stride.cli.rerun", "Train", "Train a run again, in a new one"),
    "sweep": Entry(
        "stride.cli.sweep", "Train", "Train many runs from one search space; each trial is a run"
    ),
    "checkout-code": Entry(
        "stride.cli.checkout_code", "Use", "Restore the code of a run into a fresh folder"
    ),
    "load-run": Entry("stride.cli.load_run", "Use", "Rebuild a run's model; verify its weights"),
    "evaluate": Entry("stride.cli.evaluate", "Use", "Measure a run on a split of its data"),
    "predict": Entry("stride.cli.predict", "Use", "Predict with a run's best weights"),
    "list": Entry("stride.cli.list", "Look", "List runs: status, best metric, what differs"),
    "show": Entry("stride.cli.show", "Look", "Show one run in full"),
    "log": Entry("stride.cli.log", "Look", "Print the log of a run, and follow it"),
    "diff": Entry("stride.cli.diff", "Look", "Show what differs between runs, and their results"),
    "lineage": Entry("stride.cli.lineage", "Look", "Show from which runs a run was made"),
    "verify": Entry("stride.cli.verify", "Look", "Compare two trainings, bit by bit"),
    "plot": Entry("stride.cli.plot", "Look", "Plot curves of runs, here or as a picture"),
    "neighbours": Entry(
        "stride.cli.neighbours", "Look", "Show which single change made a run better or worse"
    ),
    "importance": Entry("stride.cli.importance", "Look", "Show which config keys matter most"),
    "report": Entry("stride.cli.report", "Look", "Write a page of all runs of an experiment"),
    "tag": Entry("stride.cli.tag", "Keep", "Tag runs, or print their tags"),
    "note": Entry("stride.cli.note", "Keep", "Write a note on a run, or print it"),
    "rm": Entry("stride.cli.rm", "Keep", "Move runs to the experiment's trash"),
    "trash": Entry("stride.cli.trash", "Keep", "List removed runs: when, and their size"),
    "restore": Entry("stride.cli.restore", "Keep", "Bring removed runs back from the trash"),
    "purge": Entry("stride.cli.purge", "Keep", "Delete what lies in the trash, for good"),
    "prune": Entry("stride.cli.prune", "Keep", "Remove checkpoints that need not be kept"),
    "doctor": Entry("stride.cli.doctor", "Keep", "Find what is damaged or left over; mend it"),
    "export": Entry("stride.cli.export", "Keep", "Pack runs into one archive, with digests"),
    "import": Entry(
        "stride.cli.import_runs", "Keep", "Take runs from an archive, verified", "import_runs"
    ),
    "keys": Entry("stride.cli.keys", "About", "List config keys with type, default and help"),
    "version": Entry("stride.cli.version", "About", "Print the versions that matter"),
}
