"""The `stride` command, also as `python -m stride`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from stride.cli.app import run  # deferred: `import stride.__main__` alone does nothing

    run()


if __name__ == "__main__":
    main()
