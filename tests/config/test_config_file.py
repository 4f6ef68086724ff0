"""Config files that people write."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stride.config.config_file import LARGEST, read_config_file
from stride.errors import ConfigError, StorageError


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


TREE = {"seed": 3, "model_kwargs": {"hidden_dims": [64, 64], "dropout": 0.001, "act": "no"}}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.json", json.dumps(TREE)),
        ("c.yaml", "seed: 3\nmodel_kwargs:\n  hidden_dims: [64, 64]\n  dropout: 1e-3\n  act: no\n"),
        ("c.YML", json.dumps(TREE)),
        (
            "c.toml",
            'seed = 3\n[model_kwargs]\nhidden_dims = [64, 64]\ndropout = 1e-3\nact = "no"\n',
        ),
        ("bom.json", b"\xef\xbb\xbf" + json.dumps(TREE).encode()),
    ],
)
def test_three_languages_say_the_same(name: str, content: str | bytes, tmp_path: Path) -> None:
    assert read_config_file(written(tmp_path, name, content)) == TREE


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("c.json", "", "c.json is empty"),
        ("c.yaml", " \n", "c.yaml is empty"),
        ("c.yaml", "# only a comment\n", "c.yaml is empty"),
        ("c.json", "[1]", "holds no mapping"),
        ("c.yaml", "just text", "holds no mapping"),
        ("c.json", b"\xff\xfe{\x00}\x00", "is not UTF-8 text"),
        ("c.json", '{"a": 1', "is not valid JSON: "),
        ("c.json", '{"a": 1, "a": 2}', "is not valid JSON: it has the key 'a' twice"),
        ("c.json", '{"a": NaN}', "is not valid JSON: NaN is not a number"),
        ("c.json", '{"a": 1e999}', "the number 1e999 is too large"),
        ("c.yaml", "a: [1", "is not valid YAML: "),
        ("c.yaml", "a: 1\nb: 2\na: 3\n", "it has the key 'a' twice, again in line 3"),
        ("c.yml", "a: !!python/object/apply:os.system [ls]", "is not valid YAML: "),
        ("c.toml", "a = " + "9" * 5000, "is not valid TOML: it has a number that"),
        ("c.yaml", "a: 1\n---\nb: 2\n", "is not valid YAML: "),
        ("c.yaml", "a: .nan", "c.yaml: a must be a finite number, not nan"),
        ("c.yaml", "a:\n  0: cat", "c.yaml: a has the key 0: keys must be text; quote it"),
        ("c.yaml", "&a [*a]", "an alias stands inside of what it means"),
        ("c.yaml", "a: &b [*b]", "an alias stands inside of what it means"),
        ("c.toml", "a = ", "is not valid TOML: "),
        ("c.toml", "a = 1\na = 2", "is not valid TOML: "),
        ("c.toml", "a = 2020-01-01", "c.toml: a is of type date, which a config cannot hold"),
        ("c.ini", "a = 1", "its name must end in .json, .yaml or .toml"),
    ],
)
def test_a_file_that_is_no_config_is_one_sentence(
    name: str, content: str | bytes, reason: str, tmp_path: Path
) -> None:
    path = written(tmp_path, name, content)
    with pytest.raises(ConfigError) as caught:
        read_config_file(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_absent_file_and_a_folder_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no config file"):
        read_config_file(tmp_path / "gone.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ConfigError, match="is a folder"):
        read_config_file(tmp_path / "folder.yaml")


def test_a_file_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, "file", "") / "c.json"
    with pytest.raises(StorageError, match="a part of the path is a file"):
        read_config_file(path)


TREES = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False),
)


@given(tree=TREES)
def test_any_json_object_is_read_as_itself(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Any]
) -> None:
    path = written(tmp_path_factory.getbasetemp(), "any.json", json.dumps(tree))
    assert read_config_file(path) == tree


@pytest.mark.parametrize("name", ["c.json", "c.yaml", "c.toml"])
def test_a_pipe_or_an_endless_device_is_no_config_file(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    (tmp_path / f"zero-{name}").symlink_to("/dev/zero")
    for path in (tmp_path / name, tmp_path / f"zero-{name}"):
        with pytest.raises(ConfigError, match="no regular file"):
            read_config_file(path)


def test_a_file_of_data_is_no_config(tmp_path: Path) -> None:
    path = written(tmp_path, "c.json", json.dumps({"x": "x" * LARGEST}))
    with pytest.raises(ConfigError, match=r"c\.json is larger than 1 MiB: that is data"):
        read_config_file(path)


def test_a_name_that_no_file_can_have_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the name is too long"):
        read_config_file(tmp_path / ("x" * 300 + ".json"))
