"""What a database's table may cost: bytes before anything is scanned, rows before any are fetched."""

from __future__ import annotations

from dataclasses import dataclass

from runner.errors import InfrastructureError


@dataclass(frozen=True, slots=True)
class Limits:
    """`bytes` that a table may have (None: any number), `rows` that are fetched from it at most."""

    bytes: int | None
    rows: int

    def require_small(self, bytes: int | None, where: str) -> None:
        """Raises InfrastructureError for a table that is larger, or of which nobody knows: None."""
        if self.bytes is None:
            return
        if bytes is None:
            hint = "without most_bytes it is judged all the same"
            raise InfrastructureError("nobody knows how many bytes it scans", where=where, hint=hint)
        if bytes > self.bytes:
            raise InfrastructureError(
                f"{bytes:,} bytes would be scanned, more than most_bytes allows ({self.bytes:,})", where=where
            )

    def require_few(self, rows: int, where: str) -> None:
        """Raises InfrastructureError for a table of more rows."""
        if rows > self.rows:
            raise InfrastructureError(
                f"{rows:,} rows would have to be fetched, more than most_rows allows ({self.rows:,})",
                where=where,
                hint="`lockgate plan --explain data` says which expectations are left to Great Expectations",
            )
