"""The trainer: an experiment seen from Python; it fits, loads, evaluates and predicts."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import Dataset

from stride.config.schema import Config
from stride.errors import RunStateError
from stride.store.provenance.take import Taking, start_taking
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from stride.training.batches.protocol import Batches
from stride.training.data import Data, data_settings, load_data
from stride.training.device import choose_device
from stride.training.fit_plan import Address, FitPlan, find_run, plan_fit, plan_resume
from stride.training.fitting import fit_run
from stride.training.given import Given, take_objects
from stride.training.in_hand import InHand
from stride.training.loading import load_run
from stride.training.progress import choose_view
from stride.training.seeding import own_randomness
from stride.training.settings import Settings, Tree
from stride.training.task import Task

_logger = logging.getLogger(__name__)


class Trainer:
    """Trains models in an experiment, and takes up its runs again.

    The constructor resolves and checks the settings, and touches no disk but the experiment's
    config. Where there is no experiment yet, the keyword arguments become its config at the first
    `fit`; else they act as overrides of it. Data is read by `load_data` or when it is needed.

    Args:
        work_dir: folder of the experiment.
        seed, device, task_kwargs, ...: the groups of the config; `stride keys` lists all keys.
        model, task, optimizer, scheduler: built objects, put back as they were before each fit.
        datasets, loaders: by split, `{"train": ..., "val": ...}`.
        stream: where progress and epoch lines go.

    Attributes:
        config: all settings, as the next `fit` will use them.
        run: the run that was fitted or loaded last.
        model, task: of that run, with its best weights; None before.
        train_loader, val_loader, test_loader: None before `load_data`.

    Raises:
        ConfigError, CodeReferenceError: a setting is wrong.
    """

    def __init__(
        self,
        work_dir: str | Path,
        *,
        seed: int | None = None,
        device: str | None = None,
        task_kwargs: Tree | None = None,
        dataset_kwargs: Tree | None = None,
        load_data_kwargs: Tree | None = None,
        model_kwargs: Tree | None = None,
        optimizer_kwargs: Tree | None = None,
        scheduler_kwargs: Tree | None = None,
        fit_kwargs: Tree | None = None,
        checkpoint_kwargs: Tree | None = None,
        distributed_kwargs: Tree | None = None,
        log_kwargs: Tree | None = None,
        model: nn.Module | None = None,
        task: Task | None = None,
        datasets: Mapping[str, Dataset[Any]] | None = None,
        loaders: Mapping[str, Iterable[Any]] | None = None,
        optimizer: Optimizer | None = None,
        scheduler: LRScheduler | None = None,
        stream: TextIO | None = None,
    ) -> None:
        groups = {
            "seed": seed,
            "device": device,
            "task_kwargs": task_kwargs,
            "dataset_kwargs": dataset_kwargs,
            "load_data_kwargs": load_data_kwargs,
            "model_kwargs": model_kwargs,
            "optimizer_kwargs": optimizer_kwargs,
            "scheduler_kwargs": scheduler_kwargs,
            "fit_kwargs": fit_kwargs,
            "checkpoint_kwargs": checkpoint_kwargs,
            "distributed_kwargs": distributed_kwargs,
            "log_kwargs": log_kwargs,
        }
        self.work_dir = WorkDir(work_dir)
        chosen, objects = take_objects(groups)
        self._given = Given(
            model=objects.get("model", model),
            task=objects.get("task", task),
            datasets=objects.get("dataset", datasets) or {},
            loaders=loaders or {},
            optimizer=objects.get("optimizer", optimizer),
            scheduler=objects.get("scheduler", scheduler),
        )
        self._stream = stream
        self._in_hand: InHand | None = None
        self._data: Data | None = None
        self._settings = Settings(self.work_dir, chosen, self._given)
        self.config: Config = self.comprehend_config()

    def comprehend_config(self, overrides: Tree | None = None) -> Config:
        """Resolve the settings again, over the experiment's config as it is now, and take them on.

        Args:
            overrides: dotted keys, nested mappings or both; they stay for the fits that follow.

        Raises:
            ConfigError, CodeReferenceError: a setting is wrong; the settings are as before.
        """
        settings = self._settings.with_overrides(overrides)
        self.config = settings.resolve().config
        self._settings = settings
        self._data = None
        return self.config

    def load_data(self) -> None:
        """Read the data sets and make the loaders of the splits that there are.

        Raises:
            DataError, ConfigError, CodeReferenceError: the data cannot be had.
            DeviceError: the device is not on this machine.
        """
        with own_randomness(self.config.seed):
            self._data = load_data(self.config, self._given, choose_device(self.config.device))

    def fit(
        self,
        overrides: Tree | None = None,
        *,
        run: str | None = None,
        resume: bool = False,
        continue_from: Address | None = None,
        init_from: Address | None = None,
        smoke: bool = False,
    ) -> Run:
        """Train in a new run folder, and give the run; its best weights are in hand afterwards.

        Args:
            overrides: settings of this run alone: dotted keys, nested mappings or both.
            run: its name; the next number unless given.
            resume: where there is a run of the name, go on with it, or give it if it is completed.
            continue_from: go on from the last checkpoint of another run, with its config.
            init_from: begin with the best weights of another run, or of a safetensors file.
            smoke: first try one step, one validation batch and a checkpoint.

        Raises:
            UsageError: settings, data or device do not do; no run was made.
            NonFiniteError, Exception: the training failed; the run says why.
            KeyboardInterrupt, StoppedError: a person, or a scheduler, stopped it; it can go on.
        """
        taking = start_taking(experiment=self.work_dir.path)
        plan = plan_fit(
            self._settings,
            overrides,
            name=run,
            resume=resume,
            continue_from=continue_from,
            init_from=init_from,
        )
        if isinstance(plan, Run):
            _logger.info("%s is completed already", plan.address)
            loaded = load_run(plan, device=self.config.device, given=self._given)
            self._in_hand = InHand.of_loaded(loaded)
            return plan
        return self._fit(plan, taking, smoke=smoke)

    def resume(self, run: Address, overrides: Tree | None = None, *, takeover: bool = False) -> Run:
        """Go on with a run from its newest checkpoint, or again from the start, with its config.

        Args:
            run: number, name or `latest` in this experiment, or the path of a run in any.
            overrides: settings from now on, such as a greater `fit_kwargs.max_epochs`.
            takeover: go on although nothing is known of the process that had the run.

        Raises:
            RunNotFoundError, RunStateError, RunBusyError: it is not there, completed, in training.
            ConfigError, DataError: an override, or its data, would make another experiment of it.
            Others: as `fit`.
        """
        found = find_run(self.work_dir, run)
        taking = start_taking(experiment=found.work_dir)
        return self._fit(plan_resume(self._settings, found, overrides, takeover=takeover), taking)

    def _fit(self, plan: FitPlan, taking: Taking, *, smoke: bool = False) -> Run:
        same_data = data_settings(plan.config) == data_settings(self.config)
        fitted = fit_run(
            plan.config,
            plan.claim,
            given=self._given,
            view=choose_view(self._stream or sys.stderr, progress=plan.config.log_kwargs.progress),
            taking=taking,
            data=self._data if same_data else None,
            takeover=plan.takeover,
            beginning=plan.beginning,
            smoke=smoke,
        )
        if same_data:
            self._data = fitted.data
        self._in_hand = InHand.of_fitted(fitted, plan.config)
        return fitted.run

    def load_run(self, run: Address, *, weights: str | None = None) -> Run:
        """Take up a run: config, model and weights, whose digest is verified. Reads no data.

        A `fit` that follows makes a new run with that config and fresh weights, and this run as its
        parent.

        Args:
            run: number, name or `latest` in this experiment, or the path of a run in any.
            weights: `best`, `last`, `best-<metric>`; the best unless given.

        Raises:
            RunNotFoundError, RunStateError: there is no such run, or it has no weights.
            VerificationError, StoredFileError: a file of it is not what was written.
        """
        found = find_run(self.work_dir, run)
        device = str(self._settings.arguments.get("device", "auto"))
        loaded = load_run(found, device=device, given=self._given, weights=weights)
        self._settings = self._settings.of_run(found, loaded.record)
        self.config = loaded.config
        self._data = None
        self._in_hand = InHand.of_loaded(loaded)
        return found

    def evaluate(self, split: str = "test") -> dict[str, float]:
        """Losses and metrics of the model in hand, named `<split>_*`; every sample counts once.

        Raises:
            RunStateError: there is no model yet.
            DataError: there is no such split, or it cannot be read.
        """
        return self._held().evaluate(self._given, split)

    def predict(self, inputs: Any, *, batch_size: int | None = None) -> Any:
        """What the task predicts for inputs `(samples, *input_shape)`, on the CPU, a row a sample.

        Raises:
            RunStateError: there is no model yet.
            DataError: the inputs do not have the shape that the model was trained on.
        """
        return self._held().predict(inputs, batch_size=batch_size)

    @property
    def run(self) -> Run | None:
        """The run that was fitted or loaded last."""
        return self._in_hand.run if self._in_hand else None

    @property
    def model(self) -> nn.Module | None:
        """The model of that run, with its best weights."""
        return self._in_hand.model if self._in_hand else None

    @property
    def task(self) -> Task | None:
        """The task of that run."""
        return self._in_hand.task if self._in_hand else None

    @property
    def device(self) -> torch.device:
        """Where the next fit will compute.

        Raises:
            DeviceError: it is not on this machine.
        """
        return choose_device(self.config.device)

    @property
    def train_loader(self) -> Batches | None:
        """The batches of train, None before `load_data`."""
        return self._data.batches.get("train") if self._data else None

    @property
    def val_loader(self) -> Batches | None:
        """The batches of val, None before `load_data`."""
        return self._data.batches.get("val") if self._data else None

    @property
    def test_loader(self) -> Batches | None:
        """The batches of test, None before `load_data`."""
        return self._data.batches.get("test") if self._data else None

    def _held(self) -> InHand:
        if self._in_hand is None:
            raise RunStateError("there is no model yet: fit() one, or load_run() one")
        return self._in_hand
