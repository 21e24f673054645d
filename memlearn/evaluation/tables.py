"""Tables, written as Markdown and as LaTeX."""

import math
from collections.abc import Callable
from typing import NamedTuple

from memlearn.evaluation.estimate import Estimate


class Table(NamedTuple):
    """Rows of cells: names, whole numbers and `Estimate`s.

    Attributes:
      label: a name for LaTeX to refer to.
      title: what is tabulated.
      columns: tuple of their names.
      rows: list of tuples, a cell for each column.
      foot: rows set apart below, which are not compared with the others.
      note: sentences on how to read it.
      best: whether the highest mean of each column is in bold.
      signed: whether estimates are differences: with their sign, and a star if 0 is excluded.
    """

    label: str
    title: str
    columns: tuple
    rows: list
    foot: tuple = ()
    note: str = ""
    best: bool = False
    signed: bool = False


class Form(NamedTuple):
    """How cells look: templates of a mean, and of what may stand around it."""

    mean: str
    bold: str
    half: str
    star: str
    missing: str
    name: Callable[[str], str]


ESCAPES = str.maketrans(
    {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
    | {sign: rf"\{sign}" for sign in "&%$#_{}"}
)


def escape(text):
    """Return text as LaTeX prints it, what would be commands included."""
    return text.translate(ESCAPES)


MARKDOWN = Form("{}", "**{}**", " ± {:.3f}", "*", "-", str)
LATEX = Form("${}$", r"\mathbf{{{}}}", r"_{{\pm {:.3f}}}", "^{*}", "--", escape)


def write(stem, tables):
    """Write tables to STEM.md and STEM.tex.

    Args:
      stem: `pathlib.Path` without a suffix.
      tables: a list of `Table`.

    Returns:
      a list of the two paths.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("md", "tex")]
    for path, written in zip(paths, (as_markdown, as_latex)):
        path.write_text("\n".join(written(table) for table in tables), encoding="utf-8")
    return paths


def as_markdown(table):
    """Return a table in Markdown, its columns aligned for readers of plain text too."""
    columns = [table.columns, *_cells(table, MARKDOWN)]
    widths = [max(map(len, column)) for column in zip(*columns)]
    align = [str.ljust if left else str.rjust for left in _flush_left(table)]
    rows = [[put(x, width) for put, x, width in zip(align, row, widths)] for row in columns]
    rules = [put(":", width, "-") for put, width in zip(align, widths)]
    grid = "\n".join("| " + " | ".join(row) + " |" for row in (rows[0], rules, *rows[1:]))
    return "\n\n".join(part for part in (f"## {table.title}", grid, table.note) if part) + "\n"


def as_latex(table):
    """Return a table in LaTeX, a float that needs the package booktabs."""
    rows = [" & ".join(row) + r" \\" for row in _cells(table, LATEX)]
    head = " & ".join(map(escape, table.columns)) + r" \\"
    split = len(table.rows)
    parts = [part for part in ([head], rows[:split], rows[split:]) if part]
    body = "\n\\midrule\n".join("\n".join(part) for part in parts)
    alignment = "".join("l" if left else "r" for left in _flush_left(table))
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escape(f'{table.title}. {table.note}'.strip())}}}",
            rf"\label{{tab:{table.label}}}",
            r"\footnotesize",
            r"\setlength{\tabcolsep}{4pt}",
            rf"\begin{{tabular}}{{{alignment}}}",
            r"\toprule",
            body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _flush_left(table):
    """Whether each column holds names."""
    return [isinstance(cell, str) for cell in table.rows[0]]


def _cells(table, form):
    """The cells of all rows as text."""
    best = [_highest(column) if table.best else None for column in zip(*table.rows)]
    rows = [(row, best) for row in table.rows]
    rows += [(row, [None] * len(row)) for row in table.foot]
    return [[_text(x, form, top, table.signed) for x, top in zip(*row)] for row in rows]


def _text(cell, form, best, signed):
    if isinstance(cell, str):
        return form.name(cell)
    if isinstance(cell, int):
        return f"{cell:,}"
    if math.isnan(cell.mean):
        return form.missing
    mean = f"{cell.mean:+z.3f}" if signed else f"{cell.mean:.3f}"
    mean = form.bold.format(mean) if _rounded(cell) == best else mean
    half = "" if math.isnan(cell.half) else form.half.format(cell.half)
    star = form.star if signed and cell.excludes_zero else ""
    return form.mean.format(mean + half + star)


def _highest(column):
    """The highest mean of a column as it is printed, so that those that look equal are equal."""
    measured = [x for x in column if isinstance(x, Estimate) and not math.isnan(x.mean)]
    return max(map(_rounded, measured), default=None)


def _rounded(cell):
    return round(float(cell.mean), 3)
