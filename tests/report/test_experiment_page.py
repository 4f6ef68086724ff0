"""The page: one file, no network, everything in it is text."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from stride.report.experiment_page import build_page, is_page
from stride.store.row import read_row
from stride.store.run import Run
from stride.store.work_dir import WorkDir

HTML = files("stride.report") / "html"


def test_nothing_in_a_run_ends_the_script_or_adds_markup(tmp_path: Path) -> None:
    bad = "</script><script>alert(1)</script><!--"
    run = WorkDir(tmp_path / "exp").create({"text": bad, "{{packed}}": "{{style}}"})
    run.write_labels(note=bad, add_tags=(bad,))
    page = build_page([read_row(run)], bad, bad).content.decode()
    assert page.count("<script") == page.count("</script>") == 3
    assert "alert(1)</script" not in page
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in page
    assert "{{" not in re.sub(r'"\{\{(packed|style)\}\}"', "", page)


def test_the_page_names_no_address_of_the_network(trained: Callable[..., Run]) -> None:
    page = build_page([read_row(trained())], "exp").content.decode()
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # the name of a language, never asked for
    assert "default-src 'none'" in page


def test_scripts_write_text_and_never_markup() -> None:
    for file in HTML.iterdir():
        content = file.read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in content, (file.name, word)


def test_a_page_is_known_by_its_beginning(trained: Callable[..., Run], tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    assert not is_page(path)
    path.write_bytes(build_page([read_row(trained())], "exp").content)
    assert is_page(path)
    path.write_text("<!doctype html><title>mine</title>")
    assert not is_page(path)


def test_a_text_that_is_no_unicode_does_not_stop_the_page(tmp_path: Path) -> None:
    page = build_page([], "exp\udcff")
    assert b"exp?" in page.content
