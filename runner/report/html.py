"""`report.html`: one self-contained file that opens offline, with no script and no request.

The page's own policy (a Content-Security-Policy that allows one style sheet, by its digest)
holds even if something slipped through the escaping.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.model import Status
from runner.report import layout, numbers
from runner.report.page import STATUSES, page
from runner.report.record import RunRecord
from runner.report.tally import finding, headline
from runner.text import block, one_line

if TYPE_CHECKING:
    from jinja2 import Environment

WORDS = {
    Status.PASSED: "Passed",
    Status.FAILED: "Failed",
    Status.ERROR: "Could not tell",
    Status.SKIPPED: "Skipped",
}
_JOINTS = re.compile(r"(?<=[_/:=.,])(?=[^\s\d_/:=.,])")
TEMPLATES = Path(__file__).parent / "templates"


def render(record: RunRecord, present: Callable[[str], bool] = lambda path: True) -> str:
    """The page. `present` answers whether a path of the run's folder exists; only those are linked."""
    environment = _environment()
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    return environment.get_template("report.html.j2").render(
        page=page(record, present), record=record, style=_safe(style), digest=_digest(style), words=WORDS
    )


def write_report(record: RunRecord, path: Path) -> None:
    """Write the page to `path` whole or not at all, linking only to files that lie beside it.

    The manifest may come after the page: where the record has its digest, it will lie there too."""
    from runner.adapters.files import write_atomic

    folder, sealed = path.parent, {layout.MANIFEST} if record.manifest_sha256 else set()
    source = render(record, lambda name: name in sealed or _exists(folder / name))
    write_atomic(path, source.encode("utf-8"))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _environment() -> Environment:
    """Jinja with autoescape, where every value passes `_shown` on its way to the page."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        line=one_line, soft=_soft, block=block, number=numbers.number, seconds=numbers.seconds,
        size=numbers.size, instant=numbers.instant, finding=finding, headline=headline,
    )  # fmt: skip
    environment.globals["plural"] = numbers.plural
    environment.tests["status"] = lambda cell: cell in STATUSES
    return environment


def _shown(value: Any) -> Any:
    """Clean and bound whatever is shown; markup that was made here is already."""
    return value if hasattr(value, "__html__") else block(value)


def _safe(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - our own style sheet, a file of this package


def _soft(text: object, limit: int = 300) -> Any:
    """One line that may break after the punctuation of ids and paths, so that words stay whole."""
    from markupsafe import Markup, escape

    line = one_line(text, limit)
    pieces = _JOINTS.split(line) if len(line) > 20 else [line]
    return Markup("<wbr>").join(escape(piece) for piece in pieces)


def _digest(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
