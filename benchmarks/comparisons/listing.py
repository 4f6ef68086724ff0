"""Listing and finding runs, as whole processes: the newest, all as JSON, and a query."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.afresh import Afresh
from benchmarks.group import Group, Row
from benchmarks.listing_stores import ListingStores, Make
from benchmarks.peak import Peak
from benchmarks.setting import Setting
from stride.store.work_dir import WorkDir

TITLE = "Listing and finding runs"
REMARKS = (
    "Whole processes that write into a pipe, median; every store holds the same content."
    " signac's cache is written beforehand. `signac find` and `trackio list runs` print names only,"
    " `guild runs` adds status, time and label; the others print metrics as well."
    " The query asks for one metric and one setting, sorts by the metric and shows 20 runs;"
    " signac and Guild do not sort, and Guild is asked for the setting only."
    " Memory is the most that a process has resident."
)
_MODEL, _METRIC, _LEAST = "model_kwargs.model_name", "val_accuracy", 0.97
_QUERY = (
    *("--where", f"{_METRIC} > {_LEAST} and {_MODEL} == 'ResNet'"),
    *("--sort", _METRIC, "--limit", "20"),
)
_SQL = (
    f"SELECT m.run_name, json_extract(CAST(m.metrics AS TEXT), '$.{_METRIC}') AS v"
    " FROM metrics m JOIN configs c ON c.run_id = m.run_id"
    f" WHERE v > {_LEAST} AND json_extract(CAST(c.config AS TEXT), '$.{_MODEL}') = 'ResNet'"
    " ORDER BY v LIMIT 20"
)
_MANY_FILES = {"guildai": "Guild keeps 26 files a run: 2.6 million would take hours to make"}
_MEMORY = 300e6  # bytes


def groups(setting: Setting) -> Iterator[Group]:
    """The newest 30, all, and a query; then the query among fewer and among more runs."""
    stores = ListingStores(setting, setting.choose(10_000, 60))
    yield _newest(setting, stores)
    yield _whole(setting, stores)
    usual = _query(setting, stores, bar=0.65)
    yield usual
    yield _rebuilding(setting, stores)

    few = ListingStores(setting, setting.choose(1_000, 40))
    yield _query(setting, few, bar=None)

    without = {} if setting.quick else _MANY_FILES
    many = ListingStores(setting, setting.choose(100_000, 80), without)
    largest = _query(setting, many, bar=0.65)
    times = many.count / stores.count
    largest.rows.append(
        Row(
            what=f"the same query, {many.count:,} runs",
            peer=f"stride, {stores.count:,} runs",
            stride_seconds=largest.seconds("stride"),
            peer_seconds=usual.seconds("stride"),
            bar=times,
        )
    )
    yield largest
    yield _rebuilding(setting, many)
    yield _memory(setting, many)


def _newest(setting: Setting, stores: ListingStores) -> Group:
    """Or the least that a peer prints."""
    count = stores.count
    newest = Group(f"newest 30 of {count:,}: `stride list`", setting.choose(7, 1))
    trackio = stores.peer("trackio", count, "trackio", "list", "runs", "--project", "benchmark")
    newest.measure(
        {
            "stride": stores.stride(30),
            "signac": stores.peer("signac", count, "signac", "find"),
            "guildai": stores.peer("guildai", 30, "guild", "runs", "list", "--limit", "30"),
            "mlflow": stores.mlflow(30, "30"),
            "trackio": trackio,
        }
    )
    newest.compare("signac", 0.65, "`signac find`, cached: all ids")
    newest.compare("guildai", 1.0, "`guild runs list --limit 30`")
    newest.compare("mlflow", 1.0, "MLflow SQLite, `search_runs(max_results=30)`")
    newest.compare("trackio", 1.0, "`trackio list runs`: all names")
    return newest


def _whole(setting: Setting, stores: ListingStores) -> Group:
    count = stores.count
    what = f"all {count:,} with content: `stride list --limit 0 --json`"
    whole = Group(what, setting.choose(3, 1))
    whole.measure(
        {
            "stride": stores.stride(1, "--limit", "0", "--json"),
            "signac": stores.peer("signac", count, "signac", "find", "--show"),
            "guildai": stores.peer("guildai", 0, "guild", "runs", "list", "--all", "--json"),
            "mlflow": stores.mlflow(count, "0"),
        }
    )
    whole.compare("signac", 0.65, "`signac find --show`, cached")
    whole.compare("guildai", 1.0, "`guild runs list --all --json`, without flags")
    whole.compare("mlflow", 1.0, "MLflow SQLite, `search_runs` of all")
    return whole


def _query(setting: Setting, stores: ListingStores, bar: float | None) -> Group:
    """The index is warm: the first round, which does not count, has written it.

    Args:
        bar: beside signac; those beside the others are 1 where it is not None.
    """
    found = Group(
        f"`stride list --where … --sort … --limit 20` of {stores.count:,}", setting.choose(7, 1)
    )
    guild = ("guild", "runs", "list", "-F", f"{_MODEL.replace('.', '-')} = ResNet", "-n", "20")
    mlflow = f"metrics.{_METRIC} > {_LEAST} AND params.`{_MODEL}` = 'ResNet'"
    signac = ("signac", "find", _MODEL, "ResNet")
    makes: dict[str, Make | str] = {
        "stride": stores.stride(1, *_QUERY),
        "signac": stores.peer("signac", 1, *signac),
        "signac, metric": stores.peer("signac", 1, *signac, f"doc.{_METRIC}.$gt", str(_LEAST)),
        "guildai": stores.peer("guildai", 1, *guild),
        "mlflow": stores.mlflow(1, "20", mlflow, f"metrics.{_METRIC} ASC"),
        "trackio": stores.peer(
            "trackio", 1, "trackio", "query", "project", "--project", "benchmark", "--sql", _SQL
        ),
    }
    found.measure(makes, seldom=("guildai", "mlflow"))
    other = None if bar is None else 1.0
    found.compare("signac", bar, "`signac find`, cached: by the setting only")
    found.compare("signac, metric", bar, "`signac find`: by setting and metric")
    found.compare("guildai", other, "`guild runs list -F … -n 20`: by the setting only")
    found.compare("mlflow", other, "MLflow SQLite, `search_runs` with filter and order")
    found.compare("trackio", other, "`trackio query`: SQL")
    return found


def _rebuilding(setting: Setting, stores: ListingStores) -> Group:
    """The same query with no index there."""
    index = WorkDir(stores.experiment).index_file("index")
    ask = stores.stride(1, *_QUERY)
    rebuilding = Group(
        f"the same query, the index of {stores.count:,} rebuilt", setting.choose(5, 1)
    )
    rebuilding.measure(
        {
            "stride": lambda: Afresh(ask(), partial(index.unlink, missing_ok=True)),
            "files": stores.read_and_parse(),
        }
    )
    rebuilding.compare("files", 3.0, "a program that reads and parses the files of all runs once")
    return rebuilding


def _memory(setting: Setting, stores: ListingStores) -> Group:
    index = WorkDir(stores.experiment).index_file("index")
    command = (*stores.stride_command, *_QUERY)
    memory = Group(f"memory of the query among {stores.count:,}", 1, unit="bytes", figure="highest")
    memory.measure(
        {
            "stride": lambda: Peak(*command),
            "rebuilding": lambda: Afresh(Peak(*command), partial(index.unlink, missing_ok=True)),
            "signac": stores.peak("signac", "signac", "find", _MODEL, "ResNet"),
        }
    )
    signac = "`signac find`, cached: by the setting only"
    memory.compare("signac", name=signac, limit=_MEMORY)
    what = f"{memory.what}, the index rebuilt"
    memory.compare("signac", name=signac, stride="rebuilding", what=what, limit=_MEMORY)
    return memory
