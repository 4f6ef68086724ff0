"""Lines of run.log, taken apart."""

from stride.cli.log_line import LogLine, read_entries

LINE = "2026-01-31T12:30:05.120+00:00 WARNING node7 rank0 stride.training: lr: is small"


def test_a_record_is_taken_apart() -> None:
    line = LogLine.parse(LINE)
    assert (line.level, line.host, line.rank) == ("WARNING", "node7", 0)
    assert (line.module, line.message) == ("stride.training", "lr: is small")


def test_indented_lines_belong_to_the_record_before() -> None:
    entries = list(read_entries([LINE, "    Traceback:", "      deeper", LINE]))
    assert [entry.message for entry in entries] == [
        "lr: is small\nTraceback:\n  deeper",
        "lr: is small",
    ]


def test_a_line_that_is_no_record_is_kept_as_it_is() -> None:
    assert list(read_entries(["torn 2026"])) == [LogLine("torn 2026")]
    assert list(read_entries([])) == []
