"""The small changes that make mutants of a file: one operator, number, name, option or statement at a time.

Text for people (docstrings, annotations, labels, error messages) is never changed, nor are options that only affect
speed: no test can distinguish such a mutant from the file.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_OPPOSITES = [
    ("min", "max"), ("first", "last"), ("any", "all"), ("head", "tail"), ("floor", "ceil"), ("minimum", "maximum"),
    ("any_horizontal", "all_horizontal"), ("min_horizontal", "max_horizontal"), ("argmin", "argmax"),
    ("is_null", "is_not_null"), ("startswith", "endswith"), ("starts_with", "ends_with"), ("union", "intersection"),
    ("issubset", "issuperset"), ("cum_min", "cum_max"), ("forward_fill", "backward_fill"), ("left", "right"),
    ("semi", "anti"), ("sum", "mean"), ("zeros", "ones"), ("lstrip", "rstrip"),
]  # fmt: skip
_OPPOSITE = {one: other for pair in _OPPOSITES for one, other in (pair, pair[::-1])}
_STEPS = {  # methods whose result could be mistaken for the object on which they are called
    "abs", "casefold", "clip", "drop_nulls", "fill_nan", "fill_null", "filter", "lower", "over", "replace", "reverse",
    "round", "shift", "sort", "sort_by", "strip", "strip_chars", "unique", "upper",
}  # fmt: skip
_WRAPPERS = {"sorted": "list", "reversed": "list", "abs": None, "round": None}
_ORDERED = {"sort", "sort_by", "over", "group_by", "unique", "partition_by"}
_SAYINGS = re.compile(r"(Error|Warning)$|^(BilingualText|warn|print|echo|cast|TypeVar|NewType|assert_never)$")
_NOT_CHANGED = {  # options that people read, or that only affect speed
    "argument", "description", "title", "examples", "help", "encoding", "reason", "message",
    "is_elementwise", "rechunk", "maxsize", "infer_schema_length",
}  # fmt: skip
_SHOWING = frozenset({"__repr__", "__str__", "__format__", "_repr_html_", "_repr_mimebundle_"})
_NAME = re.compile(r"[a-z][a-z0-9_.]*")


@dataclass(frozen=True)
class Change:
    """A piece of a file and its replacement.

    ``start`` and ``end`` count bytes; ``lines`` are the first and last line of the statement; ``function`` is the
    qualified name of the function whose body it is in, or None where the piece runs on import. ``before`` and
    ``after`` are the piece alone, ``shown`` are the lines in which it stands.
    """

    kind: str
    start: int
    end: int
    replacement: str
    lines: tuple[int, int]
    function: str | None
    scope: str
    before: str
    after: str
    line: int
    shown: tuple[str, str]

    def applied(self, source: bytes) -> bytes:
        """Return the file with the change."""
        return source[: self.start] + self.replacement.encode() + source[self.end :]


def changes_of(source: bytes) -> list[Change]:
    """Return all changes of a file, in its order."""
    return list(_Reader(source).read())


class _Reader:
    def __init__(self, source: bytes) -> None:
        self.source = source
        self.tree = ast.parse(source)
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        strings = (node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant))
        self.names = sorted({value for value in strings if isinstance(value, str) and _NAME.fullmatch(value)})

    def read(self) -> Iterator[Change]:
        yield from self._body(self.tree.body, None, "")

    def _body(self, body: list[ast.stmt], function: str | None, scope: str) -> Iterator[Change]:
        for number, statement in enumerate(body):
            if number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            yield from self._statement(statement, function, scope)

    def _statement(self, node: ast.stmt, function: str | None, scope: str) -> Iterator[Change]:
        at = (function, scope)
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Global() | ast.Nonlocal() | ast.Pass():
                return
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                decorators = {ast.unparse(one).rpartition(".")[2] for one in node.decorator_list}
                if name in _SHOWING or "overload" in decorators:
                    return
                for default in (*node.args.defaults, *node.args.kw_defaults):
                    yield from self._expression(default, default, *at) if default is not None else ()
                inner = f"{scope}.{name}".lstrip(".")
                yield from self._body(node.body, inner, inner)
                return
            case ast.ClassDef(name=name):
                if not any("Protocol" in ast.unparse(base) for base in node.bases):
                    yield from self._body(node.body, function, f"{scope}.{name}".lstrip("."))
                return
            case ast.AnnAssign():
                constraints = (one for one in ast.walk(node.annotation) if isinstance(one, ast.Call))
                for part in (*constraints, *([node.value] if node.value is not None else [])):
                    yield from self._expression(part, node, *at)
            case ast.Assign(targets=[ast.Name(id="__all__" | "__slots__")]):
                return
            case ast.Raise():
                pass
            case ast.If(test=test) if "TYPE_CHECKING" in ast.unparse(test):
                return
            case ast.Match():
                yield from self._expression(node.subject, node.subject, *at)
                for case in node.cases:
                    yield from self._expression(case.guard, case.guard, *at) if case.guard is not None else ()
                    yield from self._body(case.body, *at)
                return
            case ast.If() | ast.For() | ast.While() | ast.With() | ast.Try():
                for name, field in ast.iter_fields(node):
                    if name in {"body", "orelse", "finalbody"}:
                        yield from self._inner(field, *at)
                    elif name == "handlers":
                        for handler in field:
                            yield from self._inner(handler.body, *at)
                    elif name in {"test", "iter"}:
                        yield from self._expression(field, field, *at)
                    elif name == "items":
                        for item in field:
                            yield from self._expression(item.context_expr, item.context_expr, *at)
                if isinstance(node, ast.If):
                    yield from self._negated(node.test, node.test, *at)
                return
            case _:
                for part in ast.iter_child_nodes(node):
                    if isinstance(part, ast.expr):
                        yield from self._expression(part, node, *at)
        yield from self._without(node, *at)

    def _inner(self, body: list[ast.stmt], function: str | None, scope: str) -> Iterator[Change]:
        for statement in body:
            yield from self._statement(statement, function, scope)

    def _without(self, node: ast.stmt, function: str | None, scope: str) -> Iterator[Change]:
        """Yield the file without a statement, if the rest of the file is still valid."""
        if function is None:
            return
        match node:
            case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
                yield self._change("return", node, ast.Return(ast.Constant(None)), node, function, scope)
            case ast.Expr(value=ast.Call(func=called)) if not _SAYINGS.search(ast.unparse(called).rpartition(".")[2]):
                yield self._change("statement", node, ast.Pass(), node, function, scope)
            case ast.Raise() | ast.Continue() | ast.Break() | ast.AugAssign() | ast.Delete():
                yield self._change("statement", node, ast.Pass(), node, function, scope)
            case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
                yield self._change("statement", node, ast.Pass(), node, function, scope)

    def _negated(self, node: ast.expr, lines: ast.AST, function: str | None, scope: str) -> Iterator[Change]:
        if not isinstance(node, ast.Compare) and not (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
            yield self._change("condition", node, ast.UnaryOp(ast.Not(), node), lines, function, scope)

    def _expression(self, node: ast.expr, lines: ast.AST, function: str | None, scope: str) -> Iterator[Change]:
        """Yield the changes of an expression and of its parts."""
        if isinstance(node, ast.JoinedStr | ast.Name):
            return
        type_alias = function is None and isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)
        if type_alias or (isinstance(node, ast.Subscript) and ast.unparse(node.value) in {"Literal", "Callable"}):
            return
        if isinstance(node, ast.Call) and _SAYINGS.search(ast.unparse(node.func).rpartition(".")[2]):
            return
        for kind, new in self._of_one(node):
            yield self._change(kind, node, new, lines, function, scope)
        conditions = [node.test] if isinstance(node, ast.IfExp) else getattr(node, "ifs", [])
        for one in (*conditions, *(test for part in getattr(node, "generators", []) for test in part.ifs)):
            yield from self._negated(one, lines, function, scope)
        for part in ast.walk(node) if isinstance(node, ast.Lambda) else ():
            part.__dict__.pop("annotation", None)
        for part in _parts(node):
            yield from self._expression(part, lines, function, scope)

    def _of_one(self, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
        """Yield the changes of the node itself."""
        match node:
            case ast.Compare(ops=operators):
                for place, operator in enumerate(operators):
                    for other in _COMPARISONS[type(operator)]:
                        new = copy.deepcopy(node)
                        new.ops[place] = other()
                        yield "comparison", new
            case ast.BinOp(left, operator, right) if type(operator) in _ARITHMETIC:
                yield "arithmetic", ast.BinOp(left, _ARITHMETIC[type(operator)](), right)
            case ast.UnaryOp(operator, operand) if not isinstance(operator, ast.UAdd):
                yield "sign" if isinstance(operator, ast.USub) else "negation", operand
            case ast.BoolOp(operator, values):
                yield "boolean", ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
                for place in range(len(values)):
                    rest = values[:place] + values[place + 1 :]
                    yield "boolean", ast.BoolOp(operator, rest) if len(rest) > 1 else rest[0]
            case ast.Constant(value=bool(value)):
                yield "constant", ast.Constant(not value)
            case ast.Constant(value=int(value)):
                yield "constant", ast.Constant(value + 1)
                if value > 0:
                    yield "constant", ast.Constant(value - 1)
            case ast.Constant(value=float(value)):
                yield "constant", ast.Constant(value * 2 if value else 1.0)
            case ast.Constant(value=str(value)) if value in _OPPOSITE:
                yield "opposite", ast.Constant(_OPPOSITE[value])
            case ast.Constant(value=str(value)) if value in self.names and len(self.names) > 1:
                yield "name", ast.Constant(self.names[(self.names.index(value) + 1) % len(self.names)])
            case ast.Call():
                yield from _of_call(node)

    def _change(
        self, kind: str, node: ast.AST, new: ast.AST, lines: ast.AST, function: str | None, scope: str
    ) -> Change:
        text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(new)))
        bare = isinstance(new, ast.stmt | ast.Constant)
        replacement = text if bare else f"({text})"
        start, end = self._offset(node.lineno, node.col_offset), self._offset(node.end_lineno, node.end_col_offset)
        first, last = self.starts[node.lineno - 1], self.starts[node.end_lineno]
        changed = self.source[first:start] + replacement.encode() + self.source[end:last]
        shown = tuple(one.decode().strip() for one in (self.source[first:last], changed))
        return Change(
            kind, start, end, replacement, (lines.lineno, lines.end_lineno), function, scope, ast.unparse(node), text,
            node.lineno, shown,
        )  # fmt: skip

    def _offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column


def _of_call(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield changes of a call: other methods, omitted steps, omitted options."""
    called, zipped = node.func, isinstance(node.func, ast.Name) and node.func.id == "zip"
    name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
    if name in _OPPOSITE and isinstance(called, ast.Attribute):
        yield "opposite", ast.Call(ast.Attribute(called.value, _OPPOSITE[name]), node.args, node.keywords)
    elif name in _OPPOSITE:
        yield "opposite", ast.Call(ast.Name(_OPPOSITE[name]), node.args, node.keywords)
    if name in _STEPS and isinstance(called, ast.Attribute):
        yield "step", called.value
    if name in _WRAPPERS and isinstance(called, ast.Name) and node.args:
        wrapper = _WRAPPERS[name]
        yield "step", ast.Call(ast.Name(wrapper), node.args[:1], []) if wrapper else node.args[0]
    if name in _ORDERED and len(node.args) > 1:
        yield "key", ast.Call(called, node.args[:-1], node.keywords)
    for option in node.keywords if not zipped else ():
        if option.arg and option.arg not in _NOT_CHANGED and isinstance(option.value, ast.Constant):
            yield "option", ast.Call(called, node.args, [one for one in node.keywords if one is not option])


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """Return the expressions directly within an expression, without text for people."""
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Annotated" and isinstance(node.slice, ast.Tuple):
        yield from node.slice.elts[1:]
        return
    for part in ast.iter_child_nodes(node):
        match part:
            case ast.keyword(arg=arg, value=value):
                if arg not in _NOT_CHANGED and not (isinstance(node.func, ast.Name) and node.func.id == "zip"):
                    yield value
            case ast.comprehension():
                yield from (part.iter, *part.ifs)
            case ast.arguments():
                yield from (*part.defaults, *(one for one in part.kw_defaults if one is not None))
            case ast.expr():
                yield part
