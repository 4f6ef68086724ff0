"""Values, texts and cells that nobody expects in a file."""

from __future__ import annotations

from typing import Any

ODD_TEXTS = (
    "",
    " ",
    ".",
    "..",
    "../../../outside",
    "/etc/passwd",
    "\0",
    "a\0b",
    "\x1b[2J\x1b]0;title\x07",
    "\u202e\u2066gpj.exe\u200b",
    "\x9b31m",
    "e\u0301\u0301\u0301" * 40,
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 漢字 👩‍👩‍👧‍👦",
    "\ud800",
    "two\nlines\r\n\ttab\x0b\x85\u2028",
    "</script><script>alert(1)</script>",
    "'\"`$(id)%s{0}\\",
    "=1+1",
    "nan",
    "-inf",
    "1e999",
    "__proto__",
    "x" * 100_000,
)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**53 + 1,
    2**63,
    -(2**64),
    10**400,
    -(10**400),
    1e308,
    -0.0,
    5e-324,
    float("nan"),
    float("inf"),
    [],
    {},
    [None],
    [[]],
    [1, "a", {}],
    {"": {"": {}}},
    {"a.b": 1, "a": {"b": 2}},
    {"format": 1},
    list(range(3000)),
    {f"key{n}": n for n in range(1000)},
    *ODD_TEXTS,
)
CELLS = (
    "", "nan", "inf", "-inf", "1e999", "9" * 400, "0x10", "1_000", "٣", "true", "\x00", "\x1b[31m",
    "-", '"', '""', "'", "=1+1", "\ufeff", "x" * 1_000_000, " 1 ", "1e-400", "\u202e1",
)  # fmt: skip
