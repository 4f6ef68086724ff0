"""The updater: one optimiser, and all that lies between a loss and the update of its weights."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from stride.config.fit_kwargs import FitKwargs
from stride.training.finite import FiniteGuard
from stride.training.quick_step import quick_step
from stride.training.ranks.ranks import ONE, Ranks
from stride.training.sharding.gradient_norm import clip_gradient_norm
from stride.training.sharding.local import is_sharded, local_of


class RefusedUpdateError(Exception):
    """An update that was not finite, where that ends the training. Nothing was changed by it."""


class Updater:
    """Backward pass, clipping, finite check and step of one optimiser.

    A task that runs the update itself is given one for each of its optimisers and calls
    `minimize`.

    Attributes:
        optimizer: of torch, as it was built.
        refused: whether `minimize` left an update out; set back by the loop.
        ranks: that compute the gradients together.
        sharded: whether some parameters are spread over them.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        settings: FitKwargs,
        device: torch.device,
        scaler: GradScaler | None = None,
        *,
        waits: bool | None = None,
        ranks: Ranks = ONE,
    ) -> None:
        self.optimizer = optimizer
        self.refused = False
        self.ranks = ranks
        self._step = quick_step(optimizer)
        self._stops = settings.on_nonfinite == "stop"
        self._parameters: list[Tensor] = [
            parameter for group in optimizer.param_groups for parameter in group["params"]
        ]
        self.sharded = any(map(is_sharded, self._parameters))
        self._clip_norm = settings.clip_norm
        self._clip_value = settings.clip_value
        self._device_type = device.type
        # With fp16, gradients that overflow are the scaler's to see and to skip.
        policy = "ignore" if scaler is not None else settings.on_nonfinite
        agree = ranks.sum_tensors if self.sharded else None
        self._guard = FiniteGuard(optimizer, policy, device, waits=waits, agree=agree)
        self._scaler = scaler
        self._norms: list[Tensor] = []

    def minimize(self, loss: Tensor, items: float = 1.0) -> bool:
        """Clear the gradients of this optimiser, compute those of `loss`, a scalar, and update.

        Args:
            items: that the loss is a mean over: what this rank's weighs among several.

        False where the update was left out, because loss or gradients were not finite.

        Raises:
            RefusedUpdateError: the same, where it ends the training; to be let through.
        """
        self.clear()
        with self._outside_autocast():
            if self.ranks.world_size == 1:
                self.backward(loss)
                updated = self.update(loss.detach())
            else:
                self.backward(loss * items)
                total, factor = self.sum_over_ranks(loss.detach() * items, items, 1.0)
                updated = self.update(total, factor)
        if not updated:
            self.refused = True
            if self._stops:
                raise RefusedUpdateError
        return updated

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a scalar to those that are there."""
        if self._scaler is not None:
            loss = self._scaler.scale(loss)
        loss.backward()  # type: ignore[no-untyped-call]

    def sum_over_ranks(
        self, loss: Tensor, items: Tensor | float, share: float
    ) -> tuple[Tensor, Tensor]:
        """Add up the gradients of all ranks, their losses and their items.

        A parameter that has a gradient on some ranks only gets that; one without any keeps none.
        All travels in one message, where the gradients have one type and fit into a bucket.
        Gradients of sharded parameters were added up as they were computed.

        Args:
            loss: of this rank's items, divided by `share`, as the gradients are.
            items: counted in float32: as exact as the factor that comes out.

        Returns:
            The loss of all, and what it and the gradients must still be multiplied by.
        """
        own = [each for each in self._parameters if each.requires_grad and not is_sharded(each)]
        missing = [place for place, each in enumerate(own) if each.grad is None]
        gradients = [torch.zeros_like(each) if each.grad is None else each.grad for each in own]
        kind = torch.promote_types(loss.dtype, torch.float32)
        present = torch.ones(len(own), dtype=kind, device=loss.device)
        for place in missing:
            present[place] = 0.0
        total = loss.to(kind, copy=True)
        if isinstance(items, Tensor):
            count = items.to(kind, copy=True)
        else:
            count = torch.full((), items, dtype=kind, device=loss.device)
        self.ranks.sum_tensors([*gradients, present, total, count])
        # Whoever has a gradient need not ask whether others have one: that would wait for a GPU.
        if missing:
            ranks = present.tolist()
            for place in missing:
                own[place].grad = gradients[place] if ranks[place] else None
        factor = count.reciprocal()  # as division does it, without the way there
        return total.to(loss.dtype), (factor if share == 1.0 else factor * share).to(torch.float32)

    def update(self, loss: Tensor, factor: Tensor | float = 1.0) -> bool:
        """Clip and check the gradients that are there, and step.

        Args:
            loss: detached; looked at with the gradients. It may be changed in place.
            factor: what the gradients are multiplied by first.

        Returns:
            Whether the step was made, as far as is known without a wait.
        """
        optimizer, scaler = self.optimizer, self._scaler
        if scaler is not None:
            scaler.unscale_(optimizer)
        gradients = [each.grad for each in self._parameters if each.grad is not None]
        parts = [local_of(each) for each in gradients] if self.sharded else gradients
        if isinstance(factor, Tensor) or factor != 1.0:
            torch._foreach_mul_(parts, factor)
        if self._clip_value is not None:
            # First: clipping makes a number of what is infinite.
            if scaler is None and not self._guard.allows_update(loss, parts):
                return False
            torch._foreach_clamp_min_(parts, -self._clip_value)
            torch._foreach_clamp_max_(parts, self._clip_value)
        norm = None if self._clip_norm is None else self._clip(gradients, self._clip_norm)
        if norm is not None:
            self._norms.append(norm)
        if scaler is not None:
            scaler.step(optimizer)
            scaler.update()
            return True
        if self._clip_value is None:
            watched = parts if norm is None else [norm]
            if not self._guard.allows_update(loss, watched):
                return False
        self._step()
        return True

    def _clip(self, gradients: list[Tensor], limit: float) -> Tensor:
        """Clip by the norm of all gradients; the norm before that."""
        if self.sharded:
            return clip_gradient_norm(gradients, limit, self.ranks.sum_tensors)
        return nn.utils.clip_grad_norm_(self._parameters, limit)

    def begin_step(self) -> None:
        """Before a step of the training in which there may be several updates, or none."""
        self.refused = False
        self._guard.begin_step()

    def step_with(self, closure: Callable[[], Tensor]) -> None:
        """Let an optimiser that evaluates the loss by itself, such as LBFGS, do its step; whether
        loss and gradients are finite is the closure's to look at.
        """
        self.optimizer.step(closure)  # type: ignore[arg-type]

    def is_finite(self, loss: Tensor) -> bool:
        """Whether loss and gradients are finite, or nobody asked."""
        gradients = [each.grad for each in self._parameters if each.grad is not None]
        return self._guard.allows_update(loss, gradients)

    def multiply(self, factor: Tensor | float) -> None:
        """Multiply the gradients that are there."""
        gradients = [each.grad for each in self._parameters if each.grad is not None]
        torch._foreach_mul_(gradients, factor)

    def clear(self) -> None:
        """Let go of the gradients of this optimiser."""
        for parameter in self._parameters:
            parameter.grad = None

    def read_norms(self) -> list[float]:
        """The norms of the gradients before clipping, since the last call: waits for the device."""
        norms: list[float] = torch.stack(self._norms).tolist() if self._norms else []
        self._norms.clear()
        # One that overflowed is the scaler's, which skipped that step.
        return norms if self._scaler is None else [norm for norm in norms if math.isfinite(norm)]

    def read_skipped(self) -> list[int]:
        """The positions, among the steps since the last call, in which the device skipped an update
        without telling: waits for the device.
        """
        return self._guard.raised()

    @property
    def tells(self) -> bool:
        """Whether `update` knows at once that it was not allowed."""
        return self._guard.waits and self._scaler is None

    @property
    def flag(self) -> Tensor | None:
        """Above zero on the device after a step with an update that was not allowed; None: `update`
        told, or there was none.
        """
        return None if self._guard.waits else self._guard.of_step()

    @contextlib.contextmanager
    def _outside_autocast(self) -> Iterator[None]:
        """Gradients and updates are not computed in the type of the forward passes around them; and
        the copies of the weights that autocast keeps in that type do not outlive their change.
        """
        if not torch.is_autocast_enabled(self._device_type):
            yield
            return
        with torch.autocast(self._device_type, enabled=False):
            yield
        torch.clear_autocast_cache()

    def release(self) -> None:
        """Let go of the optimiser, which may be the user's own."""
        self._guard.release()
