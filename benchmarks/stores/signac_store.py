"""A signac project with any number of jobs; its cache is written. Arguments: folder, count."""

from __future__ import annotations

import sys

import signac

from benchmarks import content


def main() -> None:
    """Each run is a job: its config is the state point, its metrics are the document."""
    folder, count = sys.argv[1], int(sys.argv[2])
    project = signac.init_project(folder)
    for number in range(count):
        job = project.open_job(content.config(number) | {"number": number}).init()
        job.doc.update(content.metrics(number))
    project.update_cache()


if __name__ == "__main__":
    main()
