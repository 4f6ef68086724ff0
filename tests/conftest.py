"""What all tests share."""

from __future__ import annotations

import os

# Tests run side by side, and trainings in processes of their own: one thread each is fastest.
os.environ.setdefault("OMP_NUM_THREADS", "1")
