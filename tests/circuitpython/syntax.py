"""Source text to a code object as CircuitPython would understand it: refuses what it cannot parse, and has helpers
called where its objects behave in another way than CPython's."""

import ast

from attributes import WATCHED


def _call(name, *args):
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


class Board(ast.NodeTransformer):
    """The transformation; helpers are builtins whose names start with two underscores (see board_builtins.py)."""

    def __init__(self, path):
        self.path = path

    def visit(self, node):
        new = super().visit(node)
        for made in new if isinstance(new, list) else [new]:
            if not hasattr(made, "lineno"):
                ast.copy_location(made, node)
        return new

    def refuse(self, node, what):
        """Raises SyntaxError at a node."""
        raise SyntaxError(what, (self.path, node.lineno, node.col_offset + 1, None))

    def visit_Match(self, node):
        self.refuse(node, "invalid syntax: match")

    def visit_AsyncFunctionDef(self, node):
        self.refuse(node, "invalid syntax: async, which small firmware has not")

    def visit_TryStar(self, node):
        self.refuse(node, "invalid syntax: except*")

    def visit_arguments(self, node):
        if node.posonlyargs:
            self.refuse(node.posonlyargs[0], "invalid syntax: positional-only arguments")
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):
        for mark in node.decorator_list:
            if isinstance(mark, ast.Attribute) and getattr(mark.value, "id", "") == "micropython":
                if mark.attr != "bytecode":
                    self.refuse(mark, "invalid micropython decorator")
        return self.generic_visit(node)

    def _display(self, node):
        if isinstance(node.ctx, ast.Load) and any(isinstance(item, ast.Starred) for item in node.elts):
            self.refuse(node, "*x must be assignment target")
        return self.generic_visit(node)

    visit_List = visit_Tuple = _display

    def visit_Set(self, node):
        if any(isinstance(item, ast.Starred) for item in node.elts):
            self.refuse(node, "*x must be assignment target")
        return self.generic_visit(node)

    def visit_Dict(self, node):
        if None in node.keys:
            self.refuse(node, "invalid syntax: {**a}")
        return _call("__dict__", self.generic_visit(node))

    def visit_DictComp(self, node):
        return _call("__dict__", self.generic_visit(node))

    def visit_Constant(self, node):
        return _call("float", node) if isinstance(node.value, float) else node

    def visit_JoinedStr(self, node):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                part.value = self.visit(part.value)  # the format itself stays text
        return node

    def visit_BinOp(self, node):
        self.generic_visit(node)
        name = {ast.Div: "__divide__", ast.Pow: "__power__"}.get(type(node.op))
        return _call(name, node.left, node.right) if name else node

    def visit_AugAssign(self, node):
        if not isinstance(node.op, (ast.Div, ast.Pow)):
            return self.generic_visit(node)
        target = ast.parse(ast.unparse(node.target), mode="eval").body
        value = ast.copy_location(ast.BinOp(target, node.op, node.value), node)
        return self.visit(ast.copy_location(ast.Assign([node.target], value), node))

    def visit_Call(self, node):
        self.generic_visit(node)
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                arg.value = _call("__spread__", arg.value)
        return node

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and node.attr in WATCHED:
            return _call("__attribute__", node.value, ast.Constant(node.attr))
        return node

    def visit_Subscript(self, node):
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and isinstance(node.slice, ast.Slice) and node.slice.step is not None:
            node.value = _call("__stepped__", node.value, node.slice.step)
        return node

    def visit_Assign(self, node):
        self.generic_visit(node)
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
            target = node.targets[0]
            return ast.Expr(_call("__store__", node.value, target.value, _index(target.slice)))
        checks = []
        for target in node.targets:
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id != "self":
                checks.append(ast.Expr(_call("__assignable__", ast.Name(target.value.id, ast.Load()))))
        return [*checks, node] if checks else node


def _index(node):
    """What stands in the brackets of a subscript, as an expression."""
    if isinstance(node, ast.Slice):
        parts = (node.lower, node.upper, node.step)
        return _call("slice", *(part if part is not None else ast.Constant(None) for part in parts))
    if isinstance(node, ast.Tuple):
        return ast.Tuple([_index(item) for item in node.elts], ast.Load())
    return node


def translate(source, path):
    """The code object of a source text. Raises SyntaxError."""
    tree = Board(path).visit(ast.parse(source, path))
    return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)
