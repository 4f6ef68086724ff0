"""A Typer application of one command: what its `--help` costs."""

from __future__ import annotations

import typer

app = typer.Typer()


@app.command()
def greet(name: str, count: int = 1) -> None:
    """Greet someone, as often as asked."""
    for _ in range(count):
        print(f"Hello {name}")


if __name__ == "__main__":
    app()
