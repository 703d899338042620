"""A page from a template: one file with everything in it, which loads nothing, and is the same for the same values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent  # of base.html, which the templates extend


def require() -> None:
    """Raises ValueError, before long work, where Jinja2 is not there."""
    try:
        import jinja2  # noqa: F401
    except ImportError:
        raise ValueError("an HTML page needs Jinja2: pip install 'upyml[report]'") from None


def render(template: Path, **values: Any) -> str:
    """The page of a template that extends base.html. Raises ValueError where Jinja2 is not there."""
    require()
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, FOLDER]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(n=number, percent=percent, share=share, size=size, shape=shape)
    return environment.get_template(template.name).render(values)


def number(value: float | None, digits: int = 0) -> str:
    """12,345 or, with digits, 12,345.68; nothing where there is no number."""
    return "" if value is None else f"{value:,.{digits}f}"


def percent(part: float | None, digits: int = 1) -> str:
    """0.1234 as 12.3 %."""
    return "" if part is None else f"{100 * part:.{digits}f} %"


def share(some: float, whole: float) -> str:
    """A part in per cent, with as many digits as tell something."""
    part = 100 * some / whole
    return f"{part:.0f} %" if part >= 10 else f"{part:.1f} %" if part >= 0.1 else "< 0.1 %"


def size(count: int) -> str:
    """Bytes of a board's memory: 264 KB, 2 MB, of 1,024 each."""
    return f"{count // 1024:,} KB" if count % (1 << 20) else f"{count >> 20} MB"


def shape(counts: list[int]) -> str:
    """40 × 6."""
    return " × ".join(map(str, counts))
