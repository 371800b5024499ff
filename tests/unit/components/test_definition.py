from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.components import BuildJob
from runner.components.definition import build, pipeline_faults
from runner.components.state_machine import machine_faults
from runner.config.schema import Definition, Solution
from runner.errors import SolutionError, UsageError

SOLUTION = Solution.model_validate({"solution": "s", "stages": {"unit": {"kind": "unit"}}})
TASK = {"Type": "Task", "Resource": "${Predict}"}


def built(root: Path, name: str, content: str | bytes, format: str) -> Any:
    data = content if isinstance(content, bytes) else content.encode()
    (root / name).write_bytes(data)
    component = Definition(kind="definition", path=name, format=format)  # type: ignore[arg-type]
    return build(BuildJob("it", root, root, root, SOLUTION, component, {}, Path("python")))


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states), ""), "States": states}


def test_is_known_by_its_bytes(tmp_path: Path) -> None:
    first = built(tmp_path, "job.py", "print(1)\n", "glue-script")
    assert first.sha256 == built(tmp_path, "job.py", "print(1)\n", "glue-script").sha256
    assert first.sha256 != built(tmp_path, "job.py", "print(2)\n", "glue-script").sha256
    assert first.facts == {"format": "glue-script", "checked": "syntax"}


@pytest.mark.parametrize(
    ("name", "content", "format", "told"),
    [
        ("job.py", "def f(:\n", "glue-script", "line 1"),
        ("job.py", b"a = 1\0", "glue-script", "null bytes"),
        ("job.py", b"# \xe9\na = 1\n", "glue-script", "encoding"),
        ("job.py", b"# coding: nope\na = 1\n", "glue-script", "encoding"),
        ("job.py", "(" * 5000, "glue-script", "nested"),
        ("job.py", "-" * 200_000 + "1", "glue-script", "parse"),
        ("job.py", b"x" * (2**20 + 1), "glue-script", "more than"),
        ("m.json", "{", "state-machine", "not JSON"),
        ("m.json", "[]", "state-machine", "no JSON object"),
        ("m.json", '{"a": 1, "a": 2}', "state-machine", "duplicate"),
        ("m.json", '{"a":' * 50_000, "state-machine", "not acceptable"),
        ("m.json", b"\xff\xfe", "sagemaker-pipeline", "not"),
        ("p.json", '{"Version": "2020-12-01"}', "sagemaker-pipeline", "no Steps"),
    ],
)
def test_what_a_service_could_not_read_is_the_solutions_fault(
    tmp_path: Path, name: str, content: str | bytes, format: str, told: str
) -> None:
    with pytest.raises(SolutionError) as error:
        built(tmp_path, name, content, format)
    assert told in error.value.what


def test_a_script_in_scala_is_taken_and_the_facts_say_unchecked(tmp_path: Path) -> None:
    assert built(tmp_path, "job.scala", "object Job {", "glue-script").facts["checked"] == "nothing"


def test_nothing_is_executed(tmp_path: Path) -> None:
    built(tmp_path, "job.py", f"open({str(tmp_path / 'ran')!r}, 'w')\n", "glue-script")
    assert not (tmp_path / "ran").exists()


def test_no_file_and_a_link_out_are_refused(tmp_path: Path) -> None:
    component = Definition(kind="definition", path="gone.json", format="state-machine")
    root = tmp_path / "solution"
    root.mkdir()
    job = BuildJob("it", root, root, root, SOLUTION, component, {}, Path("python"))
    with pytest.raises(UsageError):
        build(job)
    (tmp_path / "outside.json").write_text("{}")
    (root / "gone.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(SolutionError, match="link leads out"):
        build(job)


def test_a_right_machine_has_no_fault() -> None:
    inner = machine(Work={**TASK, "End": True})
    whole = machine(
        Each={"Type": "Map", "ItemProcessor": inner, "Next": "Which", "Catch": [{"Next": "Lost"}]},
        Which={"Type": "Choice", "Choices": [{"Variable": "$.x", "Next": "Both"}], "Default": "Lost"},
        Both={"Type": "Parallel", "Branches": [inner, inner], "Next": "Done"},
        Lost={"Type": "Fail"},
        Done={"Type": "Succeed"},
    )
    assert list(machine_faults(whole)) == []


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({}, "it has no States"),
        (machine(), "it has no States"),
        ({"StartAt": {}, "States": {"A": {**TASK, "End": True}}}, "StartAt names no state"),
        (machine(A={**TASK, "Next": "B"}), "A goes to 'B'"),
        (machine(A={**TASK, "Next": []}), "A goes to '[]'"),
        (machine(A=TASK), "A needs either Next or End"),
        (machine(A={**TASK, "End": True, "Next": "A"}), "A needs either Next or End"),
        (machine(A={"Type": "Task", "End": True}), "A has no Resource"),
        (machine(A={"Type": "Tsk", "End": True}), "A has no known Type"),
        (machine(A={"Type": []}), "A has no known Type"),
        (machine(A={"Type": "Choice"}), "A has no Choices"),
        (machine(A={"Type": "Fail", "End": True}), "neither Next nor End"),
        (machine(A={**TASK, "End": True}, B={**TASK, "End": True}), "B is reached by no state"),
        (machine(A={"Type": "Map", "End": True}), "A. has no States"),
        (machine(A={"Type": "Parallel", "Branches": [machine(B=TASK)], "End": True}), "A.B needs either"),
    ],
)
def test_a_machine_that_does_not_hold_together(found: dict[str, Any], told: str) -> None:
    assert any(told in fault for fault in machine_faults(found)), list(machine_faults(found))


def step(name: str, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "Processing", **more}


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([step("A"), step("B", DependsOn=["A"])], ""),
        ([step("C", Type="Condition", Arguments={"IfSteps": [step("D", DependsOn=["C"])]})], ""),
        ([step("A"), step("A")], "2 steps are called 'A'"),
        ([step("A", DependsOn=["Z"])], "needs 'Z'"),
        ([step("A", DependsOn=[["Z"]])], "which is no step"),
        ([{"Name": "A"}], "has no Type"),
        ([{"Name": []}], "a step has no Name"),
        ([7], "a step has no Name"),
    ],
)
def test_a_pipelines_steps(steps: list[Any], told: str) -> None:
    faults = list(pipeline_faults({"Version": "2020-12-01", "Steps": steps}))
    assert any(told in fault for fault in faults) if told else faults == []
    assert next(iter(pipeline_faults({"Steps": steps}))) == "it has no Version"


def test_many_steps_are_quick() -> None:
    steps = [step(str(n), DependsOn=[str(n - 1)] if n else []) for n in range(30_000)]
    assert json.dumps(steps) and list(pipeline_faults({"Version": "1", "Steps": steps})) == []
