"""`stride list --watch`, on a terminal of its own."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def test_the_list_is_drawn_again_until_it_is_interrupted(trained: Any, tmp_path: Path) -> None:
    trained(0.91)
    main, side = os.openpty()
    asked = ("exp", "--where", "val_accuracy > 0.9", "--watch", "--every", "0.2")
    watching = subprocess.Popen(
        [sys.executable, "-m", "stride", "list", *asked],
        cwd=tmp_path,
        stdin=side,
        stdout=side,
        stderr=side,
        env=os.environ | {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "100", "LINES": "20"},
        start_new_session=True,
    )
    os.close(side)
    try:
        assert "0.9100" in _read_until(main, "0.9100")
        trained(0.92)
        assert "0.9200" in _read_until(main, "0.9200")
        watching.send_signal(signal.SIGINT)
        rest = _read_until(main, None)
        assert watching.wait(60) == 0
        last = re.split(r"\x1b\[\?1049l", rest)[-1]
        assert "0.9100" in last
        assert "0.9200" in last
    finally:
        watching.kill()
        watching.wait()
        os.close(main)


def _read_until(terminal: int, text: str | None) -> str:
    """What is shown until a text appears, or until the other end is closed."""
    shown, give_up = "", time.monotonic() + 60
    while text is None or text not in shown:
        assert time.monotonic() < give_up, shown
        if select.select([terminal], [], [], 1.0)[0]:
            try:
                shown += os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # closed, as Linux says it
                break
    return shown
