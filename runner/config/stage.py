"""What every stage of `lockgate.yml` has."""

from __future__ import annotations

from pydantic import Field

from runner.config.fields import Name, Seconds, Size, Strict


class StageBase(Strict):
    needs: tuple[Name, ...] = Field((), description="stages that must pass first")
    timeout: Seconds = Field(900.0, description="the stage's deadline; past it is ERROR")
    memory: Size | None = Field(None, description="the whole process tree's resident limit")
    min_checks: int = Field(1, ge=1, description="fewer executed checks than this is ERROR")
