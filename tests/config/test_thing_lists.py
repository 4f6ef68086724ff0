"""Lists of things in a config: `log_kwargs.callbacks`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stride.config.catalog import Catalog
from stride.config.resolution import Layer, Resolved, resolve
from stride.config.thing_lists import named_elements
from stride.errors import CodeReferenceError, ConfigError

HERE = ("log_kwargs", "callbacks")


def _resolved(catalog: Catalog, callbacks: Any, folder: Path | None = None) -> Resolved:
    tree = {"log_kwargs": {"callbacks": callbacks}}
    return resolve([Layer(tree=tree, folder=folder)], catalog)


def test_an_element_is_a_name_or_a_name_with_arguments() -> None:
    elements = ["tensorboard", {"callback_name": "notes", "file": "a.txt"}]
    first, second = named_elements("callback", elements, HERE)
    assert (first.name, first.arguments) == ("tensorboard", {})
    assert (second.name, second.arguments) == ("notes", {"file": "a.txt"})


@pytest.mark.parametrize("element", [3, None, "", {}, {"file": "a.txt"}, {"callback_name": 3}])
def test_an_element_without_a_name_is_refused_with_its_key(element: Any) -> None:
    with pytest.raises(ConfigError, match=r"^log_kwargs\.callbacks\.1 must be the name of a"):
        named_elements("callback", ["tensorboard", element], HERE)


def test_typed_on_the_command_line_a_name_alone_is_a_list_of_one(settle: Any) -> None:
    resolved = settle("log_kwargs.callbacks=tensorboard")
    assert resolved.config.log_kwargs.callbacks == ["tensorboard"]
    assert resolved.chosen == ("log_kwargs.callbacks",)


def test_elements_are_set_one_by_one(settle: Any, tmp_path: Path) -> None:
    resolved = settle(
        "log_kwargs.callbacks.0=tensorboard",
        "log_kwargs.callbacks.1.callback_name=notes",
        f"log_kwargs.callbacks.1.file={tmp_path}/a.txt",
        "log_kwargs.callbacks.1.every=2",
    )
    assert resolved.config.log_kwargs.callbacks == [
        "tensorboard",
        {"callback_name": "notes", "file": f"{tmp_path}/a.txt", "every": 2.0},
    ]


def test_files_are_absolute_from_the_folder_of_the_layer(catalog: Catalog, tmp_path: Path) -> None:
    elements = [
        "code/net.py:Net",
        {"callback_name": "net.py:Net"},
        {"callback_name": "notes", "file": "notes.txt"},
    ]
    stored = _resolved(catalog, elements, tmp_path).config.log_kwargs.callbacks
    assert stored == [
        f"{tmp_path}/code/net.py:Net",
        {"callback_name": f"{tmp_path}/net.py:Net"},
        {"callback_name": "notes", "file": f"{tmp_path}/notes.txt"},
    ]
    assert _resolved(catalog, stored).config.log_kwargs.callbacks == stored


@pytest.mark.parametrize(
    ("element", "sentence"),
    [
        ("tensorbord", "log_kwargs.callbacks.0.callback_name: no callback is called tensorbord"),
        (
            {"callback_name": "notes", "fil": "a.txt"},
            "unknown key log_kwargs.callbacks.0.fil for notes; did you mean file (path, no default",
        ),
        (
            {"callback_name": "tensorboard", "flush": 1},
            "unknown key log_kwargs.callbacks.0.flush for tensorboard; it takes none",
        ),
        (
            {"callback_name": "notes", "file": "a.txt", "zzz": 1},
            "unknown key log_kwargs.callbacks.0.zzz for notes; there are file, every",
        ),
        ({"callback_name": "notes"}, "log_kwargs.callbacks.0.file is needed by notes and has no"),
        (
            {"callback_name": "notes", "file": "a", "every": "often"},
            "log_kwargs.callbacks.0.every must be a number",
        ),
    ],
)
def test_arguments_are_checked_against_the_signature(
    catalog: Catalog, element: Any, sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _resolved(catalog, [element])
    assert sentence in str(caught.value)


def test_a_reference_that_does_not_resolve_is_said_before_anything_runs(catalog: Catalog) -> None:
    with pytest.raises(CodeReferenceError, match=r"^log_kwargs\.callbacks\.0\.callback_name: "):
        _resolved(catalog, ["package.module:Watcher"])
