"""The champion of an environment, as the model stage is handed it: the stage itself holds no credentials.

The parent finds it before the stage starts (runner/champions.py), and hands over its bytes by digest, or why
there are none.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from runner.judge.champion import ChampionFile
from runner.judge.criteria import Champion
from runner.judge.onnx_model import Scorer
from runner.judge.served_model import served
from runner.model import Artifact
from runner.stages import StageJob

# Its name in a handover: no component can be called so.
HANDED = "@champion"


def absent_champion(why: str, *, first: bool = False) -> Artifact:
    """There is none: why, and whether that is because nothing was ever released."""
    return Artifact(HANDED, "champion", "", "", 0, "", facts={"built": False, "why": why, "first": first})


def handed_champion(job: StageJob, rule: Champion) -> ChampionFile:
    """What was handed over; that it is a first release counts only where the criteria allow it."""
    artifact = job.artifacts.get(HANDED)
    if artifact is None:
        return ChampionFile(None, f"the champion of {rule.environment} was not handed to the stage")
    if artifact.facts.get("built", True):
        path = job.root / artifact.path
        return ChampionFile(path, sha256=artifact.sha256, facts=artifact.facts)
    first = artifact.facts.get("first") is True and rule.first_release == "allow"
    why = str(artifact.facts.get("why", ""))
    return ChampionFile(None, why, first=first, facts={"environment": rule.environment, "why": why})


def served_champion(champion: ChampionFile | None, stack: ExitStack) -> ChampionFile | None:
    """The same with what starts its container, which ends with the stack, where its release has one."""
    image = champion.facts.get("image") if champion else None
    if champion is None or not isinstance(image, str):
        return champion

    def serve() -> Scorer:
        return stack.enter_context(served(image))

    return replace(champion, serve=serve)
