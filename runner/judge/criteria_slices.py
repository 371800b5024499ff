"""Rules over groups of rows, as pydantic models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from runner.judge.choice import MetricRule, Whole


class SliceRule(MetricRule):
    """The same in every group of rows that have one value of a column."""

    by: str = Field(min_length=1)
    min_rows: Annotated[Whole, Field(ge=1)] | None = Field(
        None, description="a smaller slice is skipped and shown; without it, it is judged or ERROR"
    )
