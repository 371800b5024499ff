"""Rules over groups of rows, as pydantic models: slices, and fairness between groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from runner.config.fields import Strict
from runner.judge.choice import MetricRule, Number, Positive, Whole
from runner.judge.options import Options
from runner.judge.slicing.expression import parse
from runner.text import unique_line

Edges = tuple[Number, ...]
Count = Annotated[Whole, Field(ge=2, le=200)]


def _kind(bins: object) -> str:
    return "columns" if isinstance(bins, dict) else "edges" if isinstance(bins, list | tuple) else "count"


# Told apart by what they are, so that a wrong one is one problem, and not one of each kind.
Bins = Annotated[
    Annotated[Count, Tag("count")] | Annotated[Edges, Tag("edges")],
    Discriminator(_kind, custom_error_type="bins", custom_error_message="a number of bins, or edges"),
]
CutBins = Annotated[
    Annotated[Count, Tag("count")]
    | Annotated[Edges, Tag("edges")]
    | Annotated[dict[str, Bins], Tag("columns")],
    Discriminator(_kind),
]
Alpha = Annotated[Positive, Field(lt=0.5)]
Column = Annotated[str, Field(min_length=1)]


class Cut(Strict):
    """Rows cut by the values of a column, or by those of several that occur together."""

    by: Column | tuple[Column, ...] | None = Field(None, description="a column, or several that are crossed")
    bins: CutBins | None = Field(
        None, description="of a number: edges, or how many bins of equally many rows; of several: by column"
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that cut, in order."""
        return (self.by,) if isinstance(self.by, str) else self.by or ()

    @property
    def shown(self) -> str:
        """The columns on one line."""
        return " & ".join(unique_line(column, 60) for column in self.columns)

    @property
    def cuts(self) -> Mapping[str, int | tuple[float, ...]]:
        """The bins of each column that has any."""
        if self.bins is None or isinstance(self.bins, dict):
            return self.bins or {}
        return {self.columns[0]: self.bins}

    @model_validator(mode="after")
    def _bins_have_a_column(self) -> Cut:
        if isinstance(self.by, tuple) and len(set(self.by)) < max(len(self.by), 1):
            raise ValueError("by: one column or more, each once")
        if self.bins is not None and not isinstance(self.bins, dict) and len(self.columns) != 1:
            raise ValueError("bins of one column: {column: bins} where there are several")
        for column, bins in self.cuts.items():
            if column not in self.columns:
                raise ValueError(f"bins of {column!r}, which 'by' does not name")
            if not isinstance(bins, int) and (not bins or any(a >= b for a, b in pairwise(bins))):
                raise ValueError(f"bins of {column!r}: edges that rise")
        return self


class SliceRule(Cut, MetricRule):
    """A metric in every slice: against bounds, or against the champion's with a margin."""

    where: str | dict[Column, str] | None = Field(
        None, description="an expression over columns, or several by name, instead of 'by'"
    )
    margin: Positive | None = Field(
        None, description="instead of min and max: a slice's loss against the champion that is tolerated"
    )
    adjust: Literal["holm", "bh", "none"] | None = Field(
        None, description="for how many slices are judged: family-wise (holm, with a margin the default) or "
        "false discovery rate (bh); with min or max: fail on evidence, not on the value alone",
    )  # fmt: skip
    alpha: Alpha = Field(0.05, description="the chance of a false alarm, over all slices of the rule")
    group: Column | None = Field(None, description="a column whose values are clusters of rows")
    min_rows: Annotated[Whole, Field(ge=1)] | None = Field(
        None, description="a smaller slice is skipped and shown; without it, it is judged or ERROR"
    )

    @property
    def options(self) -> Options:
        """The metric's. `bins` cut the slices here: a calibration error has its usual ten."""
        return replace(super().options, bins=None)

    @property
    def expressions(self) -> Mapping[str, str]:
        """The expressions by name; one without a name is named by its text."""
        named = {self.where: self.where} if isinstance(self.where, str) else self.where or {}
        return {unique_line(name, 60): text for name, text in named.items()}

    @property
    def name(self) -> str:
        """What cuts the slices, as it stands in the ids of checks."""
        return self.shown or unique_line(", ".join(self.expressions), 80)

    @property
    def measure(self) -> str:
        """The metric with its options, and that it is compared with the champion's where it is."""
        return self.label if self.margin is None else f"champion/{self.label}"

    @property
    def id(self) -> str:
        """The id of the rule's own check: of one expression, another one than its slice's."""
        kind = "where " if len(self.expressions) == 1 else ""
        return f"slices/{kind}{self.name}/{self.measure}"

    @property
    def adjustment(self) -> str | None:
        """How many slices are allowed for; None: values alone are compared with bounds."""
        return self.adjust or (None if self.margin is None else "holm")

    @field_validator("where")
    @classmethod
    def _can_be_read(cls, where: str | dict[str, str] | None) -> str | dict[str, str] | None:
        for text in [where] if isinstance(where, str) else (where or {}).values():
            parse(text)
        return where

    @model_validator(mode="after")
    def _is_one_kind(self) -> SliceRule:
        if (self.by is None) == (not self.where):
            raise ValueError("slices are cut by columns ('by') or by expressions ('where'): one of them")
        if self.margin is not None and (self.min, self.max) != (None, None):
            raise ValueError("either a margin or min and max: write two rules for both")
        if self.group and self.adjustment is None:
            raise ValueError("group is for evidence: with a margin, or with 'adjust'")
        return self


class FairnessRule(Cut):
    """The largest difference between groups in how a binary prediction treats them."""

    measure: Literal["demographic_parity", "equal_opportunity", "equalised_odds"]
    max_difference: Annotated[Positive, Field(lt=1)]
    threshold: Annotated[Positive, Field(lt=1)] = Field(0.5, description="1 from this probability on")
    alpha: Alpha = Field(0.05, description="the simultaneous interval of the difference covers 1 - alpha")
    min_rows: Annotated[Whole, Field(ge=1)] = Field(
        30, description="a group with fewer rows that its rate is of is skipped and shown"
    )
    require: Literal["estimate", "shown"] = Field(
        "estimate",
        description="within the limit must be the estimate, or what the interval shows",
    )

    @property
    def name(self) -> str:
        """What cuts the groups, as it stands in the ids of checks."""
        return self.shown

    @property
    def id(self) -> str:
        """The id of the rule's own check."""
        return f"fairness/{self.name}/{self.measure}"

    @model_validator(mode="after")
    def _has_groups(self) -> FairnessRule:
        if not self.columns:
            raise ValueError("'by' is missing: which groups are compared?")
        return self
