"""The catalog: what parameters each thing has, without importing torch."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from stride.config.catalog import KINDS, Catalog
from stride.config.signature import MISSING, OPAQUE, Parameter
from stride.errors import CodeReferenceError, ConfigError
from stride.training.catalog import BuiltinCatalog
from stride.training.references import load_thing

CATALOG: Catalog = BuiltinCatalog()


def parameters(kind: str, name: str) -> dict[str, Parameter]:
    return {each.name: each for each in CATALOG.signature(kind, name).parameters}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_from_source_is_what_the_thing_takes(kind: str) -> None:
    for name in CATALOG.names(kind):
        live = inspect.signature(load_thing(kind, name).thing).parameters
        for parameter in CATALOG.signature(kind, name).parameters:
            assert parameter.name in live
            if parameter.default not in (MISSING, OPAQUE, None):
                assert parameter.default == live[parameter.name].default


def test_everything_is_read_without_importing_torch_or_numpy() -> None:
    code = (
        "import sys; from stride.training.catalog import BuiltinCatalog\n"
        "catalog = BuiltinCatalog()\n"
        f"for kind in {KINDS!r}:\n"
        "    for name in catalog.names(kind): catalog.signature(kind, name)\n"
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_defaults_and_helps_of_a_model_are_those_of_its_source() -> None:
    hidden = parameters("model", "MLP")["hidden_dims"]
    assert hidden.default == (512, 256)
    assert hidden.annotation == list[int]
    assert hidden.help == "number of features of each hidden layer"


def test_what_the_training_gives_is_no_setting() -> None:
    assert "params" not in parameters("optimizer", "SGD")
    assert "split" not in parameters("dataset", "arrays")
    assert not {"optimizer", "last_epoch"} & set(parameters("scheduler", "StepLR"))
    assert "reduction" not in parameters("loss", "MSELoss")
    assert set(parameters("sampler", "by_length")) == {"lengths", "pool"}
    assert set(parameters("collate", "pad")) == {"padding_value"}


OWN = """
from torch.utils.data import Dataset
from stride.training.batches.sampler import Sampler

class Backwards(Sampler):
    def __init__(self, data: Dataset, batch_size: int, step: int = 1) -> None: ...
    def indices(self, seed, epoch): ...

def summed(parts, factor: float = 1.0): ...
"""


def test_what_is_given_first_is_no_setting_of_ones_own_whatever_it_is_called(
    tmp_path: Path,
) -> None:
    (tmp_path / "own.py").write_text(OWN)
    assert set(parameters("sampler", f"{tmp_path}/own.py:Backwards")) == {"step"}
    assert set(parameters("collate", f"{tmp_path}/own.py:summed")) == {"factor"}


def test_weights_of_the_classes_are_a_list_of_numbers() -> None:
    weight = parameters("loss", "CrossEntropyLoss")["weight"]
    assert weight.annotation == list[float] | None


@pytest.mark.parametrize(
    ("name", "key"), [("CosineAnnealingLR", "T_max"), ("OneCycleLR", "total_steps")]
)
def test_the_length_of_a_schedule_may_be_left_to_the_training(name: str, key: str) -> None:
    assert parameters("scheduler", name)[key].default is None


def test_files_of_a_data_set_are_paths() -> None:
    assert parameters("dataset", "arrays")["path"].annotation == Path | None


def test_a_thing_of_the_user_s_own_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import torch\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self, width: int = 3, input_shape: list[int] | None = None): ...\n"
        "def scaled(outputs, targets, scale: float = 2.0) -> torch.Tensor: ...\n"
        "class Numbers(torch.utils.data.Dataset):\n"
        "    def __init__(self, split: str, count: int): ...\n"
    )
    net = parameters("model", f"{tmp_path}/own.py:Net")
    assert (net["width"].annotation, net["width"].default) == (int, 3)
    assert list(parameters("loss", f"{tmp_path}/own.py:scaled")) == ["scale"]
    assert list(parameters("dataset", f"{tmp_path}/own.py:Numbers")) == ["count"]


def test_names_that_pick_nothing_are_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean MLP"):
        CATALOG.signature("model", "MPL")
    with pytest.raises(CodeReferenceError, match="there is no module nowhere"):
        CATALOG.signature("model", "nowhere:Net")
