"""A Typer command that prints a constant Rich table of ten rows."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer()


@app.command()
def show() -> None:
    """Print the table."""
    table = Table("run", "status", "epoch", "val_accuracy", "lr")
    for number in range(10):
        table.add_row(str(number), "completed", "20/20", f"0.9{number}00", "0.001")
    Console().print(table)


if __name__ == "__main__":
    app()
