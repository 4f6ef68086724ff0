"""What all tests share."""

from __future__ import annotations

import os

# Tests run side by side, and their trainings in processes of their own: a thread each is the fastest.
os.environ.setdefault("OMP_NUM_THREADS", "1")
