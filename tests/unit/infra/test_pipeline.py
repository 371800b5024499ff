"""infra/pipeline.yml: the stages, their order, what is handed from one to the next, what they run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.buildspec_rules import check
from helpers.cloudformation import branches, read

from runner.cli import COMMANDS, main

ROOT = Path(__file__).parents[3]
ROAD = ("test", "sign", "deploy", "merge")


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return read("pipeline")


@pytest.fixture(scope="module")
def stages(template: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Stage name -> its possible actions."""
    found = branches(template["Resources"]["Pipeline"]["Properties"]["Stages"])
    return {stage["Name"]: branches(stage["Actions"]) for stage in found}


def test_the_road_is_in_this_order(stages: dict[str, Any], template: dict[str, Any]) -> None:
    assert [name.lower() for name in stages] == ["source", "build", *ROAD]
    assert tuple(template["Parameters"]["Through"]["AllowedValues"]) == ROAD


def test_it_goes_as_far_as_there_are_commands(template: dict[str, Any]) -> None:
    """A stage without its command fails, so it is in nobody's road by default. Who adds the command
    moves the default."""
    there = {"test": "run", "sign": "sign", "deploy": "deploy", "merge": "merge"}
    reached = [stage for stage, command in there.items() if command in COMMANDS]
    assert template["Parameters"]["Through"]["Default"] == reached[-1]
    assert reached == list(ROAD[: len(reached)])


def test_a_stage_without_its_command_fails() -> None:
    for command in (stage for stage in ROAD[1:] if stage not in COMMANDS):
        assert main([command, "manifest.json"]) == 2


def test_a_waiting_execution_is_not_overtaken(template: dict[str, Any]) -> None:
    properties = template["Resources"]["Pipeline"]["Properties"]
    assert (properties["PipelineType"], properties["ExecutionMode"]) == ("V2", "QUEUED")


def test_what_a_stage_takes_was_left_by_one_before(stages: dict[str, list[dict[str, Any]]]) -> None:
    left: set[str] = set()
    for actions in stages.values():
        taken = {a["Name"] for action in actions for a in action.get("InputArtifacts", [])}
        assert taken <= left
        left |= {a["Name"] for action in actions for a in action.get("OutputArtifacts", [])}
    assert left == {"Source", "Built", "Tested", "Signed"}


def test_who_signs_and_deploys_never_gets_the_source(stages: dict[str, list[dict[str, Any]]]) -> None:
    for name in ("Sign", "Deploy", "Merge"):
        [action] = stages[name]
        assert [a["Name"] for a in action["InputArtifacts"]] == ["Tested" if name == "Sign" else "Signed"]


def spec_of(name: str) -> dict[str, Any]:
    """A project's buildspec."""
    project = read("pipeline")["Resources"][f"{name}Project"]["Properties"]
    return check(yaml.safe_load(project["Source"]["BuildSpec"]))


def test_what_is_tested_is_what_the_build_stage_built(stages: dict[str, list[dict[str, Any]]]) -> None:
    [test] = [a for a in stages["Test"] if a["ActionTypeId"]["Provider"] == "CodeBuild"]
    assert handed(test)["LOCKGATE_STORE"] == "#{Build.LOCKGATE_STORE}"
    assert test["InputArtifacts"] == [{"Name": "Built"}]  # not the source
    assert [a["Namespace"] for a in stages["Build"]] == ["Build"]
    built = spec_of("Build")
    assert built["env"]["exported-variables"] == ["LOCKGATE_STORE"]
    assert "lockgate task prepare --keep-key" in str(built["phases"]["build"])
    assert built["phases"]["build"]["on-failure"] == "ABORT"
    [judged] = spec_of("Test")["phases"]["build"]["commands"]
    assert judged.startswith("lockgate task judge --keep-key ")


def test_the_test_project_exports_what_buildspec_yml_does() -> None:
    ours = yaml.safe_load((ROOT / "buildspec.yml").read_text())["env"]["exported-variables"]
    assert spec_of("Test")["env"]["exported-variables"] == ours


def handed(action: dict[str, Any]) -> dict[str, str]:
    variables = json.loads(action["Configuration"].get("EnvironmentVariables", "[]"))
    return {v["name"]: v["value"] for v in variables}


def test_the_manifest_is_named_by_the_digest_that_the_tests_said(
    stages: dict[str, list[dict[str, Any]]],
) -> None:
    for name in ("Sign", "Deploy", "Merge"):
        assert handed(stages[name][0])["LOCKGATE_MANIFEST_SHA256"] == "#{Test.LOCKGATE_MANIFEST_SHA256}"
    assert "LOCKGATE_MANIFEST_SHA256" in spec_of("Test")["env"]["exported-variables"]
    assert {action["Namespace"] for action in stages["Test"] if action["Name"] == "Test"} == {"Test"}


def test_the_commit_that_is_judged_and_merged_is_the_sources(
    stages: dict[str, list[dict[str, Any]]],
) -> None:
    for action in (*stages["Build"], *stages["Merge"]):
        assert handed(action)["LOCKGATE_COMMIT"] == "#{Source.CommitId}"
    assert {action["Namespace"] for action in stages["Source"]} == {"Source"}


def test_a_state_machine_is_told_where_the_source_was_copied_to(
    stages: dict[str, list[dict[str, Any]]],
) -> None:
    """An artifact's own place is known to CodePipeline alone."""
    providers = {action["ActionTypeId"]["Provider"]: action for action in stages["Test"]}
    copied, started = providers["S3"]["Configuration"], providers["StepFunctions"]["Configuration"]
    given = json.loads(started["Input"]["Fn::Sub"])
    assert given["source"] == f"s3://${{Bucket}}/{copied['ObjectKey']['Fn::Sub']}"
    assert (copied["BucketName"], copied["Extract"]) == ({"Ref": "Bucket"}, "false")
    assert given["commit"] == "#{Source.CommitId}"
    assert "#{codepipeline.PipelineExecutionId}" in given["source"]
    assert providers["S3"]["InputArtifacts"] == [{"Name": "Source"}]
    assert providers["S3"]["RunOrder"] < providers["StepFunctions"]["RunOrder"]


def test_the_machines_first_task_may_read_what_is_copied(template: dict[str, Any]) -> None:
    [copied] = [
        a["Configuration"]["ObjectKey"]["Fn::Sub"]
        for stage in branches(template["Resources"]["Pipeline"]["Properties"]["Stages"])
        for a in branches(stage["Actions"])
        if a["ActionTypeId"]["Provider"] == "S3"
    ]
    prepare = read("task")["Resources"]["PrepareRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    [reads] = [s for s in prepare["Statement"] if s["Sid"] == "ReadSourceAndArtifacts"]
    folder = copied.rpartition("/")[0]
    assert any(r["Fn::Sub"][0].endswith(f"/{folder}/*") for r in reads["Resource"])


@pytest.mark.parametrize("name", ["Sign", "Deploy", "Merge"])
def test_a_stage_is_its_one_command(name: str, template: dict[str, Any]) -> None:
    """One command: its exit status is the stage's, and nothing follows that could pass for success."""
    project = template["Resources"][f"{name}Project"]["Properties"]
    spec = yaml.safe_load(project["Source"]["BuildSpec"])
    assert set(spec["phases"]) == {"build"}
    *before, command = spec["phases"]["build"]["commands"]
    digest = 'test "$LOCKGATE_MANIFEST_SHA256  manifest.json" = "$(sha256sum manifest.json)"'
    assert before == ([digest] if name == "Sign" else [])
    assert spec["phases"]["build"]["on-failure"] == "ABORT"
    assert command.split()[:2] == ["lockgate", name.lower()]
    assert not set(command) & set("|&;`\n<>")
    assert project["Environment"]["Image"] == {"Ref": "DeployImage"}


def test_variables_reach_commands_quoted(template: dict[str, Any]) -> None:
    for name in ("Sign", "Deploy", "Merge"):
        spec = yaml.safe_load(template["Resources"][f"{name}Project"]["Properties"]["Source"]["BuildSpec"])
        for command in spec["phases"]["build"]["commands"]:
            outside = "".join(command.split('"')[::2])
            assert "$" not in outside


def test_images_are_pinned_and_unprivileged(template: dict[str, Any]) -> None:
    projects = [r for r in template["Resources"].values() if r["Type"] == "AWS::CodeBuild::Project"]
    assert len(projects) == 5
    for project in projects:
        environment = project["Properties"]["Environment"]
        assert environment["PrivilegedMode"] is False
        assert environment["ImagePullCredentialsType"] == "SERVICE_ROLE"
        pattern = template["Parameters"][environment["Image"]["Ref"]]["AllowedPattern"]
        assert "@sha256:[0-9a-f]{64}" in pattern


def test_each_project_has_a_role_and_a_log_of_its_own(template: dict[str, Any]) -> None:
    for name in ("Build", "Test", "Sign", "Deploy", "Merge"):
        project = template["Resources"][f"{name}Project"]["Properties"]
        assert project["ServiceRole"] == {"Fn::GetAtt": f"{name}Role.Arn"}
        assert project["LogsConfig"]["CloudWatchLogs"]["GroupName"] == {"Ref": f"{name}Log"}


def test_the_report_group_is_the_one_that_codebuild_would_make(template: dict[str, Any]) -> None:
    """PROJECT-GROUP, so that the test role need not make one."""
    [group] = spec_of("Test")["reports"]
    project = template["Resources"]["TestProject"]["Properties"]["Name"]["Fn::Sub"]
    assert template["Resources"]["TestReports"]["Properties"]["Name"]["Fn::Sub"] == f"{project}-{group}"


def test_a_commit_to_the_branch_starts_it(template: dict[str, Any]) -> None:
    rule = template["Resources"]["CommitRule"]["Properties"]
    assert rule["EventPattern"]["source"] == ["aws.codecommit"]
    assert rule["EventPattern"]["detail"]["referenceName"] == [{"Ref": "Branch"}]
    assert "referenceUpdated" in rule["EventPattern"]["detail"]["event"]
    assert template["Parameters"]["Branch"]["Default"] == "dev"


def test_a_failure_is_told_with_its_place(template: dict[str, Any]) -> None:
    [target] = template["Resources"]["FailureRule"]["Properties"]["Targets"]
    told = target["InputTransformer"]
    assert {"pipeline", "stage", "execution"} <= set(told["InputPathsMap"])
    assert all(f"<{name}>" in told["InputTemplate"] for name in told["InputPathsMap"])
    assert target["Arn"] == {"Ref": "Failures"}
    assert template["Resources"]["Failures"]["Properties"]["KmsMasterKeyId"]
