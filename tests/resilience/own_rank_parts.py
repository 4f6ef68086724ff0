"""What users write and what fails on one rank only, or asks all of them to stop."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import torch
from torch import nn

from stride.training.callbacks import Callback, StopRequest
from stride.training.moments import FitBegins, Moment, StepLogged
from tests.resilience.own_data import Noisy, Sample
from tests.resilience.own_parts import Net


class Faulty(Noisy):
    """On one rank, and from some sample on, it does something else.

    Args:
        what: "load" refuses at once, "less" has one sample less; the others at the n-th training
            sample that the rank reads:
            "raise", "exit", "hang", "nan" which gives one sample that is none.
        rank: which.
    """

    def __init__(self, split: str, what: str, rank: int = 1, sample: int = 30) -> None:
        super().__init__(split)
        self.what = what if os.environ["RANK"] == str(rank) and split == "train" else ""
        self.left = sample
        if self.what == "load":
            raise FileNotFoundError("there is no such folder on this machine")
        if self.what == "less":
            self.inputs = self.inputs[1:]

    def __getitem__(self, index: int) -> Sample:
        self.left -= 1
        inputs, target = super().__getitem__(index)
        if self.left == 0:
            if self.what == "raise":
                raise ValueError(f"sample {index} is broken")
            if self.what == "exit":
                sys.exit("the user's code has had enough")
            if self.what == "hang":
                threading.Event().wait()
            if self.what == "nan":
                return torch.full_like(inputs, torch.nan), target
        return inputs, target


class Sparse(Net):
    """With a part whose gradients are sparse."""

    def __init__(self) -> None:
        super().__init__()
        self.names = nn.Embedding(3, 2, sparse=True)


class Asks(Callback):
    """Asks for the end at the n-th log row."""

    rows = 3

    def observe(self, moment: Moment) -> StopRequest | None:
        if isinstance(moment, StepLogged):
            self.rows -= 1
            if self.rows == 0:
                return StopRequest("it is good enough")
        return None


class Calls(Asks):
    """Has another process call `stride stop` at the n-th log row."""

    run = ""

    def observe(self, moment: Moment) -> StopRequest | None:
        if isinstance(moment, FitBegins):
            self.run = str(moment.run.path)
        elif super().observe(moment) is not None:
            subprocess.run([sys.executable, "-m", "stride", "stop", self.run], check=True)
        return None
