"""A generative adversarial network: two optimisers, and a task that runs the update itself."""

import math

import torch
from torch import nn
from torch.nn.functional import softplus

from stride import Output, Task


class Gan(nn.Module):
    """A generator of images from noise of their shape, and a discriminator that judges them."""

    def __init__(self, input_shape: list[int], width: int = 128, dropout: float = 0.3):
        super().__init__()
        pixels = math.prod(input_shape)
        self.generator = nn.Sequential(
            *(nn.Flatten(), nn.Linear(pixels, width), nn.BatchNorm1d(width), nn.LeakyReLU(0.2)),
            *(nn.Linear(width, width), nn.BatchNorm1d(width), nn.LeakyReLU(0.2)),
            *(nn.Linear(width, pixels), nn.Sigmoid(), nn.Unflatten(1, tuple(input_shape))),
        )
        self.discriminator = nn.Sequential(
            *(nn.Flatten(), nn.Linear(pixels, width), nn.LeakyReLU(0.2), nn.Dropout(dropout)),
            *(nn.Linear(width, width), nn.LeakyReLU(0.2), nn.Dropout(dropout)),
            nn.Linear(width, 1),
        )


class Adversaries(Task):
    """The discriminator learns to tell real from made, the generator to be taken for real."""

    def optimizers(self, model):
        return {
            "discriminator": model.discriminator.parameters(),
            "generator": model.generator.parameters(),
        }

    def update(self, model, batch, optimizers):
        real, made = batch[0], model.generator(torch.randn_like(batch[0]))
        discriminator = self._judge(model, real, made.detach())
        optimizers["discriminator"].minimize(discriminator)
        generator = softplus(-model.discriminator(made)).mean()
        optimizers["generator"].minimize(generator)
        losses = {"discriminator": discriminator, "generator": generator}
        return Output(losses, len(real), (real, made))

    def step(self, model, batch):  # what evaluations do: the same losses, and no update
        real, made = batch[0], model.generator(torch.randn_like(batch[0]))
        discriminator = self._judge(model, real, made)
        generator = softplus(-model.discriminator(made)).mean()
        return Output(
            {"discriminator": discriminator, "generator": generator}, len(real), (real, made)
        )

    def metrics(self):
        return {"distance": FrechetDistance()}

    def monitor(self):
        return "val_distance:min"

    def predict(self, model, inputs):  # noise (batch, *input_shape) in, images out
        return model.generator(inputs)

    def _judge(self, model, real, made):
        return (
            softplus(-model.discriminator(real)).mean() + softplus(model.discriminator(made)).mean()
        )


class FrechetDistance:
    """How far made images are from real ones: the Frechet distance of the normal distributions
    with their means and covariances (Dowson and Landau 1982)."""

    def __init__(self):
        self.real, self.made = [], []

    def update(self, real, made):
        self.real.append(real.flatten(1))
        self.made.append(made.detach().flatten(1))

    def compute(self):
        real, made = torch.cat(self.real).double(), torch.cat(self.made).double()
        means = (real.mean(0) - made.mean(0)).square().sum()
        both = torch.linalg.eigvals(real.T.cov() @ made.T.cov()).real.clamp(min=0).sqrt().sum()
        return means + real.var(0).sum() + made.var(0).sum() - 2 * both

    def reset(self):
        self.real, self.made = [], []
