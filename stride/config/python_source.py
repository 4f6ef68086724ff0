"""One Python source file, parsed and never imported: its functions, constants and docstrings."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import Any

from stride.errors import CodeReferenceError
from stride.files import read_content, storage_errors

Function = ast.FunctionDef | ast.AsyncFunctionDef


class NotConstant(Exception):  # noqa: N818 -- a signal within this floor, never shown
    """An expression whose value cannot be told without running it."""


class PythonSource:
    """The parsed text of a module.

    Raises:
        CodeReferenceError: there is no such file, or it is no Python.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with storage_errors("read", path):
                tree = ast.parse(read_content(path))
        except FileNotFoundError as error:
            raise CodeReferenceError(f"there is no file {path}") from error
        except (SyntaxError, ValueError) as error:
            raise CodeReferenceError(f"{path} is not Python: {error}") from error
        except (MemoryError, RecursionError) as error:  # of the parser: its own stack is full
            raise CodeReferenceError(f"{path} is not Python: it is nested too deep") from error
        self.assignments: dict[str, ast.expr] = {}
        self._definitions: dict[str, ast.ClassDef | Function] = {}
        self._documents: dict[str, ast.expr] = {}
        self._neighbours: dict[str, tuple[Path, str]] = {}
        for node in tree.body:
            self._take(node)

    def _take(self, node: ast.stmt) -> None:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                self._definitions[name] = node
            case ast.AsyncFunctionDef(name=name):
                self._definitions[name] = node
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.assignments[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self.assignments[name] = value
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id=name), attr="__doc__")], value=value
            ):
                self._documents[name] = value
            case ast.ImportFrom(module=str(module), level=1, names=names):
                path = self.path.parent.joinpath(*module.split(".")).with_suffix(".py")
                for alias in names:
                    self._neighbours[alias.asname or alias.name] = (path, alias.name)
            case ast.If(body=body, orelse=orelse):
                for child in [*orelse, *body]:
                    self._take(child)

    def function(self, name: str) -> tuple[Function | None, bool]:
        """The function of that name, or the `__init__` of the class, and whether it takes self.

        A class without one takes that of its first base in the same file; None where there is none.

        Raises:
            CodeReferenceError: the file defines no such name.
        """
        if name not in self._definitions:
            raise CodeReferenceError(f"{self.path} defines no {name}")
        seen: set[str] = set()
        while name in self._definitions and name not in seen:
            seen.add(name)
            node = self._definitions[name]
            if not isinstance(node, ast.ClassDef):
                return node, False
            for child in node.body:
                if isinstance(child, Function) and child.name == "__init__":
                    return child, True
            name = next((base.id for base in node.bases if isinstance(base, ast.Name)), "")
        return None, True

    def docstring(self, name: str) -> str:
        """All that documents a thing: its docstring, `Name.__doc__ = ...`, its `__init__`'s."""
        parts = [self._text(self._documents[name], 0)] if name in self._documents else []
        node = self._definitions.get(name)
        if node is not None:
            parts.append(ast.get_docstring(node) or "")
        function, is_method = self.function(name)
        if function is not None and is_method:
            parts.append(ast.get_docstring(function) or "")
        return "\n".join(parts)

    def value(self, node: ast.expr, depth: int = 0) -> Any:
        """The value of a constant expression: literals, arithmetic, and the module's own constants.

        Raises:
            NotConstant: it cannot be told without running it.
        """
        if depth > 20:
            raise NotConstant
        match node:
            case ast.Constant(value=value) if value is not ...:
                return value
            case ast.Tuple(elts=items):
                return tuple(self.value(item, depth + 1) for item in items)
            case ast.List(elts=items):
                return [self.value(item, depth + 1) for item in items]
            case ast.Dict(keys=keys, values=values):
                known = [key for key in keys if key is not None]
                if len(known) == len(keys):
                    pairs = zip(known, values, strict=True)
                    return {self.value(k, depth + 1): self.value(v, depth + 1) for k, v in pairs}
            case ast.UnaryOp() | ast.BinOp():
                return self._arithmetic(node, depth)
            case ast.Name(id=name) if name in self.assignments:
                return self.value(self.assignments[name], depth + 1)
        raise NotConstant

    def _arithmetic(self, node: ast.UnaryOp | ast.BinOp, depth: int) -> Any:
        operands = [node.operand] if isinstance(node, ast.UnaryOp) else [node.left, node.right]
        numbers = [self.value(operand, depth + 1) for operand in operands]
        if not all(isinstance(number, (int, float)) for number in numbers):
            raise NotConstant
        try:
            match node.op, numbers:
                case ast.USub(), [number]:
                    return -number
                case ast.UAdd(), [number]:
                    return number
                case ast.Not(), [number]:
                    return not number
                case ast.Add(), [left, right]:
                    return left + right
                case ast.Sub(), [left, right]:
                    return left - right
                case ast.Mult(), [left, right]:
                    return left * right
                case ast.Div(), [left, right]:
                    return left / right
                case ast.FloorDiv(), [left, right]:
                    return left // right
                case ast.Pow(), [left, right] if abs(left) <= 1e6 and abs(right) <= 64:
                    return left**right
        except ArithmeticError as error:
            raise NotConstant from error
        raise NotConstant

    def _text(self, node: ast.expr, depth: int) -> str:
        """A string expression; constants of this file and of its neighbours are filled in."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._text(left, depth) + self._text(right, depth)
            case ast.JoinedStr(values=values):
                return "".join(self._text(value, depth) for value in values)
            case ast.FormattedValue(value=ast.Name(id=name)) | ast.Name(id=name) if depth < 5:
                if name in self.assignments:
                    return self._text(self.assignments[name], depth + 1)
                if name in self._neighbours:
                    return _neighbour_text(*self._neighbours[name])
        return ""


def _neighbour_text(path: Path, name: str) -> str:
    match _neighbour_assignments(path).get(name):
        case ast.Constant(value=str(text)):
            return text
    return ""


@functools.lru_cache(maxsize=8)
def _neighbour_assignments(path: Path) -> dict[str, ast.expr]:
    """Kept, because torch's optimisers all quote pieces of one file."""
    try:
        return PythonSource(path).assignments
    except CodeReferenceError:
        return {}
