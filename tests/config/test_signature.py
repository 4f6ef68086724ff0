"""Signatures, read from source and from live objects."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from stride.config.signature import MISSING, OPAQUE, Parameter, read_signature, signature_of
from stride.errors import CodeReferenceError

SOURCE = '''
from math import inf
import torch

WIDTH = 32
Shape = tuple[int, ...]

class Base:
    """A net.

    Args:
        input_shape: of one sample (channels, height, width). More text.
        width (int, optional): of each layer (default: 32).
    """

    def __init__(self, input_shape: Shape, width: int = WIDTH, *, rate=-0.5, scale=1 / 4,
                 act: "Literal['relu', 'tanh']" = "relu", limit: float = inf,
                 weight: torch.Tensor | None = None, lr: "float | Tensor" = 1e-3,
                 hook: Callable[[int], int] = None, dims: Sequence[int] = (1, 2)):
        pass

class Child(Base):
    pass

class Empty:
    pass

def make(split, size: Optional[int] = None, *extra, **others):
    pass
'''


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    return path


def by_name(parameters: tuple[Parameter, ...]) -> dict[str, Parameter]:
    return {parameter.name: parameter for parameter in parameters}


def test_annotations_defaults_and_helps_are_read_without_running_the_file(source: Path) -> None:
    found = by_name(read_signature(source, "Base").parameters)
    help_text = "of one sample (channels, height, width)"
    assert found["input_shape"] == Parameter("input_shape", list[int], MISSING, help_text)
    assert found["width"] == Parameter("width", int, 32, "of each layer")
    assert (found["rate"].annotation, found["rate"].default) == (Any, -0.5)
    assert found["scale"].default == 0.25
    assert found["act"].annotation == Literal["relu", "tanh"]
    assert found["limit"].default is OPAQUE
    assert found["lr"] == Parameter("lr", float, 1e-3)
    assert found["dims"] == Parameter("dims", list[int], (1, 2))


def test_what_only_a_tensor_could_fill_is_left_out(source: Path) -> None:
    assert "weight" not in by_name(read_signature(source, "Base").parameters)


def test_a_class_without_init_takes_that_of_its_base(source: Path) -> None:
    child, base = read_signature(source, "Child"), read_signature(source, "Base")
    assert [item.name for item in child.parameters] == [item.name for item in base.parameters]
    assert read_signature(source, "Empty").parameters == ()


def test_a_function_with_free_keywords_takes_any(source: Path) -> None:
    found = read_signature(source, "make", skip=("split",))
    assert found.parameters == (Parameter("size", int | None, None),)
    assert found.takes_any


def test_what_cannot_be_read_is_one_sentence(source: Path, tmp_path: Path) -> None:
    with pytest.raises(CodeReferenceError, match="defines no Other"):
        read_signature(source, "Other")
    with pytest.raises(CodeReferenceError, match="there is no file"):
        read_signature(tmp_path / "gone.py", "Net")
    (tmp_path / "bad.py").write_text("class Net(:\n")
    with pytest.raises(CodeReferenceError, match="is not Python"):
        read_signature(tmp_path / "bad.py", "Net")


def torch_source(name: str) -> Path:
    spec = importlib.util.find_spec("torch")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.joinpath(*name.split("/"))


def test_the_optimisers_of_torch_are_understood() -> None:
    found = by_name(read_signature(torch_source("optim/adamw.py"), "AdamW").parameters)
    assert found["lr"] == Parameter("lr", float, 1e-3, "learning rate")
    assert found["betas"].annotation == tuple[float, float]
    assert found["betas"].default == (0.9, 0.999)
    assert found["fused"].annotation == bool | None
    assert found["fused"].help == "whether the fused implementation is used"
    assert all(parameter.help for parameter in found.values())


def test_the_schedulers_of_torch_are_understood() -> None:
    source = torch_source("optim/lr_scheduler.py")
    plateau = by_name(read_signature(source, "ReduceLROnPlateau").parameters)
    assert plateau["mode"].annotation == Literal["min", "max"]
    assert plateau["min_lr"].annotation == list[float] | float
    cosine = by_name(read_signature(source, "CosineAnnealingLR", skip=("optimizer",)).parameters)
    assert list(cosine) == ["T_max", "eta_min", "last_epoch"]
    assert cosine["T_max"].default is MISSING
    assert by_name(read_signature(source, "LinearLR").parameters)["start_factor"].default == 1 / 3
    assert "scale_fn" not in by_name(read_signature(source, "CyclicLR").parameters)


def test_the_losses_of_torch_are_understood() -> None:
    source = torch_source("nn/modules/loss.py")
    found = by_name(read_signature(source, "CrossEntropyLoss").parameters)
    assert found["label_smoothing"].default == 0.0
    assert found["reduction"].annotation is str
    assert "weight" not in found
    huber = by_name(read_signature(source, "HuberLoss").parameters)
    assert huber["delta"].help.startswith("Specifies the threshold")


def test_reading_torch_does_not_import_it() -> None:
    code = (
        "import importlib.util, pathlib, sys\n"
        "from stride.config.signature import read_signature\n"
        "root = pathlib.Path(importlib.util.find_spec('torch').origin).parent\n"
        "print(read_signature(root / 'optim' / 'sgd.py', 'SGD').name, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "SGD False"


class Live:
    """A thing.

    Args:
        width: of it.
    """

    def __init__(self, width: int, depth: int | None = None, *, act: Literal["a"] = "a") -> None:
        self.seen = (width, depth, act)


@dataclass
class Data:
    root: Path
    sizes: list[int] = field(default_factory=list)


def maker(split: str, call: Callable[[], int] | None = None, **rest: Any) -> None:
    raise AssertionError("a signature is read, its thing never called")


def test_live_things_give_the_same_as_their_source() -> None:
    live = signature_of(Live, "here:Live")
    assert live.name == "here:Live"
    assert live.parameters == read_signature(Path(__file__), "Live").parameters
    assert live.parameters[0] == Parameter("width", int, MISSING, "of it")


def test_a_dataclass_and_a_function_are_understood() -> None:
    found = by_name(signature_of(Data, "Data").parameters)
    assert found["root"].annotation is Path
    assert found["sizes"].annotation == list[int]
    made = signature_of(maker, "maker", skip=("split",))
    assert (made.parameters, made.takes_any) == ((), True)


def test_a_thing_without_signature_takes_any() -> None:
    assert signature_of(type("", (), {})(), "nothing").parameters == ()
    assert signature_of(dict, "dict").takes_any
