"""Numbers as people read them: measures, durations, sizes, instants."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def finite(value: object) -> float | None:
    """A finite number of a drawable size, else None: NaN, infinities and what is no number are gaps."""
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and abs(number) < 1e300 else None


def number(value: object, significant: int = 4) -> str:
    """So many significant digits, whole numbers in full; thousands apart, no trailing zeros, a true minus."""
    exact = finite(value)
    if exact is None:
        return "–"
    if exact and not 1e-4 <= abs(exact) < 1e9:
        return f"{exact:.3g}".replace("-", "−")
    magnitude = math.floor(math.log10(abs(exact) or 1))
    digits = max(0, significant - 1 - magnitude)
    text = f"{exact:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def column(values: Iterable[object]) -> int | None:
    """The decimals with which numbers below each other line up, for `fixed`.

    None where their sizes differ too much: '0.0012' stands beside '5', not beside '5.0000'."""
    known = [exact for value in values if (exact := finite(value)) is not None]
    texts = [number(exact, 3) for exact in known]
    places = max((len(text.partition(".")[2]) for text in texts), default=0)
    alike = places <= 3 and max(map(abs, known), default=0.0) < 1000 and "e" not in "".join(texts)
    return places if alike else None


def fixed(value: float, places: int | None) -> str:
    """A number with so many decimals; three significant digits where `places` is None."""
    return number(value, 3) if places is None else f"{value:.{places}f}".replace("-", "−")


def seconds(value: float) -> str:
    """A duration: '3 ms', '0.42 s', '12.3 s', '2 min 05 s'."""
    exact = max(finite(value) or 0.0, 0.0)
    if exact < 0.01:
        return f"{exact * 1000:.0f} ms"
    if exact < 59.95:
        return f"{exact:.2f} s" if exact < 1 else f"{exact:.1f} s"
    minutes, rest = divmod(round(exact), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60:,} h {minutes % 60:02d} min"


def size(count: int) -> str:
    """Bytes in binary units: '1.4 MiB'."""
    value = max(finite(count) or 0.0, 0.0)
    for unit in _UNITS:
        if value < 1024 or unit == _UNITS[-1]:
            return f"{value:,.0f} {unit}" if unit == "B" or value >= 100 else f"{value:,.1f} {unit}"
        value /= 1024
    raise AssertionError("unreachable: the last unit takes everything")


def instant(started: str) -> str:
    """An ISO 8601 instant for people ('1 November 2026, 10:22:05 UTC'); as it stands if it is none."""
    try:
        when = datetime.fromisoformat(started)
        when = when.astimezone(UTC) if when.tzinfo else when
    except (ValueError, OverflowError):
        return started
    return f"{when.day} {when:%B %Y, %H:%M:%S} UTC"


def plural(count: int, noun: str) -> str:
    """'1 check', '2,000 checks'."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
