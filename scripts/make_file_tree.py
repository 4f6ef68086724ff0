"""Write the file tree at the end of README.md, a line a file, from the first lines of the files.

python scripts/make_file_tree.py            # write it
python scripts/make_file_tree.py --check    # exit 1 if it is stale
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "README.md"
BEGINNING = "<!-- file tree: written by scripts/make_file_tree.py -->\n"
END = "<!-- end of file tree -->\n"
FOLDERS = ("stride", "examples", "benchmarks", "scripts")


def subject(path: Path) -> str:
    """What a file is about: the beginning of its docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    sentence = " ".join(docstring.split("\n\n")[0].split())
    return sentence.rstrip(".")


def tree() -> str:
    """The files of each folder that say what they are about."""
    lines: list[str] = []
    for top in FOLDERS:
        for folder in sorted({path.parent for path in (ROOT / top).rglob("*.py")}):
            if any(part.startswith((".", "__")) for part in folder.relative_to(ROOT).parts):
                continue
            rows = [(path.name, subject(path)) for path in sorted(folder.glob("*.py"))]
            rows = [(name, text) for name, text in rows if text]
            if rows:
                width = max(len(name) for name, _ in rows)
                lines.append(f"{folder.relative_to(ROOT)}/")
                lines += [f"  {name:<{width}}  {text}" for name, text in rows]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def main() -> None:
    """Write the tree, or with --check compare it."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGINNING)
    _, _, after = rest.partition(END)
    fresh = f"{before}{BEGINNING}{tree()}{END}{after}"
    if "--check" in sys.argv[1:]:
        if fresh != page:
            sys.exit("the file tree in README.md is stale: run scripts/make_file_tree.py")
        return
    PAGE.write_text(fresh)


if __name__ == "__main__":
    main()
