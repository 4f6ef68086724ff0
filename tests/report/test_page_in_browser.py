"""The page in a real headless Chromium, opened from a file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from stride.report.experiment_page import build_page
from stride.report.smoothing import smoothed
from stride.store.record import BestRecord
from stride.store.row import read_row
from stride.store.run import Run
from stride.store.work_dir import WorkDir
from tests.report.browser import CHROMIUM, MISSING, Page, browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)

BAD = "</script><script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>"
LOSSES = (0.5, 0.2, 0.9, math.nan)


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser for all tests of the page."""
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page


def made(folder: Path, place: int, loss: float) -> Run:
    """A run of three epochs whose val_loss ends at `loss`; the third has failed."""
    config = {
        "seed": place % 2,
        "optimizer_kwargs": {"lr": 10.0 ** -(place + 1)},
        "model_kwargs": {"model_name": "MLP", "text": BAD if place == 1 else "plain"},
    }
    run = WorkDir(folder).create(config, chosen=("seed", "optimizer_kwargs.lr"))
    if place == 3:
        return run
    try:
        with run.start() as attempt:
            for epoch in (1, 2, 3):
                values = {"val_loss": loss + 3 - epoch, "val_accuracy": epoch / 4}
                run.metrics.append({"epoch": epoch, "step": 10 * epoch, **values})
                run.timings.append({"epoch": epoch, "step": 10 * epoch, "seconds": 2.0})
                attempt.sign(step=10 * epoch, epoch=epoch, max_epochs=3, metrics=values)
            attempt.best(
                BestRecord(monitor="val_loss", mode="min", value=loss, epoch=3, metrics=values)
            )
            run.save_results({"test_loss": loss})
            if place == 2:
                raise RuntimeError(BAD)
    except RuntimeError:
        pass
    return run


@pytest.fixture
def page(tab: Page, tmp_path: Path) -> Iterator[Page]:
    """The page of four runs, of which one has not begun; nothing went wrong when a test ends."""
    runs = [made(tmp_path / "exp", place, loss) for place, loss in enumerate(LOSSES)]
    runs[1].write_labels(add_tags=("paper", BAD), note=BAD)
    file = tmp_path / "report.html"
    file.write_bytes(build_page([read_row(run) for run in runs], "exp & more").content)
    tab.errors.clear()
    tab.requests.clear()
    tab.open(file)
    yield tab
    assert tab.errors == []
    assert [url for url in tab.requests if not url.startswith("blob:")] == [file.as_uri()]
    assert tab.evaluate("window.hurt === undefined")


def names(page: Page) -> list[str]:
    """The runs of the table, from above."""
    return page.texts("tbody .name")


def curves(page: Page, metric: str = "val_loss") -> list[str]:
    """The runs whose curves a chart shows."""
    selector = f".card[data-metric={json.dumps(metric)}] path.curve[data-run]"
    return sorted(
        page.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector)})].map("
            "(each) => each.dataset.run)"
        )
    )


def shown(page: Page, expression: str) -> list[str]:
    """The runs that a filter lets through."""
    page.type("#filter", expression)
    return sorted(names(page))


def test_the_page_begins_with_the_best_runs_and_their_monitor(page: Page) -> None:
    assert page.text("h1") == "exp & more"
    assert page.text("#summary").startswith("4 runs: 2 completed, 1 failed, 1 created")
    assert names(page) == ["1", "0", "2", "3"]
    assert curves(page) == ["0", "1", "2"]
    assert page.texts("#metrics [aria-pressed=true]") == ["val_loss"]
    assert page.text("#legend").split("\n")[0].startswith("1 · ")


def test_the_table_is_sorted_by_a_click_and_missing_values_stay_last(page: Page) -> None:
    page.click("th[aria-sort] button")
    assert names(page) == ["2", "0", "1", "3"]
    page.click("th[aria-sort] button")
    assert names(page) == ["1", "0", "2", "3"]
    page.click("th:nth-child(2) button")
    assert names(page) == ["3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("typed", "runs"),
    [
        ("paper", ["1"]),
        ("completed mlp", ["0", "1"]),
        ("val_loss < 0.6", ["0", "1"]),
        ("not val_loss < 0.6", ["2"]),
        ("val_loss is missing", ["3"]),
        ("val_loss is not missing and status != failed", ["0", "1"]),
        ("lr in [0.1, 1e-3] or status == created", ["0", "2", "3"]),
        ("config.optimizer_kwargs.lr >= 0.01", ["0", "1"]),
        ("seed = 0 and not (lr > 0.05)", ["2"]),
        ("note contains 'onerror'", ["1"]),
        ("note ~ '(?i)SCRIPT>window.*x'", ["1"]),
        ("tags contains paper", ["1"]),
        ("tags contains pap", []),
        ("status not contains 'ed'", []),
        ("model_kwargs.model_name == 'MLP'", ["0", "1", "2", "3"]),
        ("val_loss > -1", ["0", "1", "2"]),
    ],
)
def test_the_table_is_filtered_by_text_and_by_expressions(
    page: Page, typed: str, runs: list[str]
) -> None:
    assert shown(page, typed) == runs
    assert page.text("#filter-problem") == ""


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("val_loss <", "a value is missing at the end"),
        ("vall < 1", "no run has vall"),
        ("val_loss < 1 seed", "seed is too much"),
        ("(val_loss < 1", "“)” is missing at the end"),
        ("val_loss constructor 1 < 2", "a comparison such as < or == is missing"),
        ("lr ; = 1", "what is “;"),
        ("note ~ '('", "is no regular expression"),
    ],
)
def test_a_wrong_expression_is_said_and_hides_nothing(
    page: Page, typed: str, sentence: str
) -> None:
    assert shown(page, typed) == ["0", "1", "2", "3"]
    assert sentence in page.text("#filter-problem")


def test_a_click_on_a_row_adds_and_removes_its_curve(page: Page) -> None:
    page.click("#table tbody tr:nth-child(2) td:nth-child(3)")
    assert curves(page) == ["1", "2"]
    page.click("#table tbody tr:nth-child(2) td:nth-child(3)")
    assert curves(page) == ["0", "1", "2"]
    page.click("#table tbody tr:nth-child(4) td:nth-child(3)")
    assert curves(page) == ["0", "1", "2"]  # it has none, and that is no error


def test_metrics_are_added_and_the_values_at_the_pointer_are_told(page: Page) -> None:
    page.click("#metrics button:nth-child(2)")
    assert curves(page, "val_accuracy") == ["0", "1", "2"]
    page.evaluate("scrollTo(0, 0)")
    page.move(*page.middle(".card[data-metric=val_loss] svg"))
    tip = page.text("#tip")
    assert tip.startswith("epoch 2")
    assert {"1.2000", "1.5000", "1.9000"} <= set(tip.split())


def points(page: Page, run: int) -> list[float]:
    """How high the points of a curve are drawn, in pixels from above."""
    selector = json.dumps(f"[data-metric=val_loss] path[data-run='{run}']")
    path = page.evaluate(f"document.querySelector({selector}).getAttribute('d')")
    return [float(point.split()[1]) for point in path.replace("M", "L").split("L")[1:]]


def test_a_logarithmic_scale_draws_ratios(page: Page) -> None:
    first, second, third = points(page, 1)
    assert second - first == pytest.approx(third - second, abs=0.3)
    page.click("#log")
    first, second, third = points(page, 1)
    steps = (math.log(2.2 / 1.2), math.log(1.2 / 0.2))
    assert (third - second) / (second - first) == pytest.approx(steps[1] / steps[0], rel=0.02)


def test_smoothing_is_that_of_the_command_line(page: Page) -> None:
    values = [2.2, 1.2, 0.2]
    page.choose("#smoothing", "0.6", "input")
    drawn = points(page, 1)
    expected = smoothed(values, 0.6)
    share = (drawn[1] - drawn[0]) / (drawn[2] - drawn[0])
    assert share == pytest.approx(
        (expected[1] - expected[0]) / (expected[2] - expected[0]), abs=0.02
    )
    assert page.evaluate("document.querySelectorAll('.raw').length") == 3


def test_over_time(page: Page) -> None:
    page.click("#chart-bar .group button:nth-child(3)")
    told = page.evaluate("document.querySelector('[data-metric=val_loss] svg').textContent")
    assert "6seconds" in told  # the last tick, and the unit


def test_details_show_everything_as_text(page: Page) -> None:
    page.click("#table tbody tr:nth-child(1) .name")
    drawer = page.text("#drawer")
    for word in ("Run 1", BAD, "paper", "optimizer_kwargs.lr *", "0.01", "test_loss", "stride "):
        assert word in drawer, word
    page.click("#close")
    assert page.evaluate("document.querySelector('#drawer').hidden")
    page.click("#table tbody tr:nth-child(3) .name")
    assert f"RuntimeError: {BAD}" in page.text("#drawer .error")


def test_columns_are_chosen(page: Page) -> None:
    before = page.texts("thead th")
    page.click("#chooser summary")
    page.click("#chooser label:nth-of-type(5) input")
    assert [text for text in page.texts("thead th") if text not in before] == ["step"]


def test_what_differs_among_the_plotted_runs_is_shown(page: Page) -> None:
    text = page.text("#differences")
    assert {"lr", "seed", "val_loss"} <= set(text.split())
    assert "model_name" not in text


def test_runs_are_coloured_by_a_setting(page: Page) -> None:
    page.choose("#colour-by", "config.optimizer_kwargs.lr", "change")
    colours = page.evaluate(
        "[...document.querySelectorAll('[data-metric=val_loss] path.curve')].map("
        "(each) => each.getAttribute('stroke'))"
    )
    assert len(set(colours)) == 3
    assert page.text("#legend").split() == ["lr", "0.001", "0.1", "by", "ratios"]


def test_light_dark_and_a_narrow_screen(page: Page, tmp_path: Path) -> None:
    def back() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = back()
    page.click("#theme")
    assert (page.text("#theme"), back()) == ("○ light", light)
    page.click("#theme")
    assert back() != light
    page.open(tmp_path / "report.html", dark=True)
    page.requests.pop()
    assert back() != light
    page.resize(360, 700)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_thousand_runs_with_curves_take_less_than_two_megabytes(
    tab: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # a thousand runs, for a look
    experiment = WorkDir(tmp_path / "many")
    for place in range(1000):
        run = experiment.create({"seed": place, "optimizer_kwargs": {"lr": place / 7000}})
        run.logs_path.mkdir()
        rows = "".join(
            f"{epoch},{20 * epoch},{math.sin(place * epoch)!r},{math.cos(place + epoch)!r}\n"
            for epoch in range(1, 401)
        )
        run.metrics_path.write_text("epoch,step,train_loss,val_loss\n" + rows)
    page = build_page([read_row(run) for run in experiment.runs()], "many")
    assert len(page.content) < 2_000_000
    file = tmp_path / "many.html"
    file.write_bytes(page.content)
    tab.errors.clear()
    tab.open(file)
    assert tab.text("#count") == "1,000 runs"
    assert f"at most {page.points} points" in tab.text("#chart-note")
    tab.evaluate("[...document.querySelectorAll('#choices button')][1].click()")
    assert len(curves(tab)) == 1000
    assert tab.errors == []


def test_a_page_without_runs_opens(tab: Page, tmp_path: Path) -> None:
    file = tmp_path / "none.html"
    file.write_bytes(build_page([], "none").content)
    tab.errors.clear()
    tab.open(file)
    assert tab.text("#count") == "0 runs"
    assert tab.errors == []
