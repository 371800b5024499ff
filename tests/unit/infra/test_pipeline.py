"""infra/pipeline.yml: the stages, their order, what is handed from one to the next, what they run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.buildspec_rules import check
from helpers.cloudformation import branches, read

from runner.cli import COMMANDS
from runner.evidence.policy import read_policy

ROOT = Path(__file__).parents[3]
ROAD = ("test", "sign", "deploy", "merge")
LAST = ("Sign", "Deploy", "Merge")  # whose hands are those of infra/release.yml


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


def test_each_stage_is_a_command_that_there_is(template: dict[str, Any]) -> None:
    assert {"task", "sign", "deploy", "merge", "notify"} <= set(COMMANDS)
    assert template["Parameters"]["Through"]["Default"] == ROAD[-1]


def test_a_waiting_execution_is_not_overtaken(template: dict[str, Any]) -> None:
    properties = template["Resources"]["Pipeline"]["Properties"]
    assert (properties["PipelineType"], properties["ExecutionMode"]) == ("V2", "QUEUED")


def test_what_a_stage_takes_was_left_by_one_before(stages: dict[str, list[dict[str, Any]]]) -> None:
    left: set[str] = set()
    for actions in stages.values():
        taken = {a["Name"] for action in actions for a in action.get("InputArtifacts", [])}
        assert taken <= left
        left |= {a["Name"] for action in actions for a in action.get("OutputArtifacts", [])}
    assert left == {"Source", "Built", "Tested"}


def test_what_is_signed_deployed_and_merged_is_fetched_by_its_digest(
    stages: dict[str, list[dict[str, Any]]],
) -> None:
    """None takes it from an artifact that tests wrote; and who signs and merges never gets the source."""
    for name in LAST:
        [action] = stages[name]
        taken = [a["Name"] for a in action["InputArtifacts"]]
        assert taken == (["Source"] if name == "Deploy" else ["Built"])
        assert "OutputArtifacts" not in action
        wanted = '"$LOCKGATE_MANIFEST_URI#sha256=$LOCKGATE_MANIFEST_SHA256"'
        assert wanted in spec_of(name)["phases"]["build"]["commands"][-1].split()


def project_of(name: str) -> dict[str, Any]:
    """A CodeBuild project, in whichever template it is."""
    template = read("release" if name in LAST else "pipeline")
    project: dict[str, Any] = template["Resources"][f"{name}Project"]["Properties"]
    return project


def spec_of(name: str) -> dict[str, Any]:
    """A project's buildspec."""
    project = project_of(name)
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
    for name in LAST:
        for told in ("LOCKGATE_MANIFEST_URI", "LOCKGATE_MANIFEST_SHA256"):
            assert handed(stages[name][0])[told] == f"#{{Test.{told}}}"
            assert told in spec_of("Test")["env"]["exported-variables"]
    assert {action["Namespace"] for action in stages["Test"] if action["Name"] == "Test"} == {"Test"}


def test_the_commit_that_is_judged_and_merged_is_the_sources(
    stages: dict[str, list[dict[str, Any]]],
) -> None:
    for action in (*stages["Build"], *stages["Deploy"], *stages["Merge"]):
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


PREPARED = [
    'printf %s "$LOCKGATE_POLICY" > /tmp/policy.yml',
    'lockgate sign --public-key --key "awskms:$LOCKGATE_SIGN_KEY" > /tmp/signer.pem',
]


@pytest.mark.parametrize("name", LAST)
def test_a_stage_is_its_one_command(name: str) -> None:
    """One command: its exit status is the stage's, and nothing follows that could pass for success."""
    spec, project = spec_of(name), project_of(name)
    assert set(spec["phases"]) == {"build"}
    *before, command = spec["phases"]["build"]["commands"]
    assert before == ([] if name == "Sign" else PREPARED)
    assert spec["phases"]["build"]["on-failure"] == "ABORT"
    assert command.split()[:2] == ["lockgate", name.lower()]
    assert not set(command) & set("|&;`\n<>")
    merging = {"Fn::If": ["MergesAsDeployed", {"Ref": "DeployImage"}, {"Ref": "MergeImage"}]}
    assert project["Environment"]["Image"] == (merging if name == "Merge" else {"Ref": "DeployImage"})


@pytest.mark.parametrize("name", ["Deploy", "Merge"])
def test_whose_signature_is_needed_is_not_said_by_the_commit(name: str, tmp_path: Path) -> None:
    """The policy is the stack's, and it is one: the signer's key, the branch, the stages, all of them."""
    assert "--policy /tmp/policy.yml" in spec_of(name)["phases"]["build"]["commands"][-1]
    told = {v["Name"]: v["Value"] for v in branches(project_of(name)["Environment"]["EnvironmentVariables"])}
    text, joined = told["LOCKGATE_POLICY"]["Fn::Sub"]
    assert joined == {"Stages": {"Fn::Join": [": {}, ", {"Ref": "RequiredStages"}]}}
    for variable, value in (("Solution", "flights"), ("Branch", "dev"), ("Stages", "data: {}, integration")):
        text = text.replace(f"${{{variable}}}", value)
    (tmp_path / "policy.yml").write_text(text)
    policy = read_policy(tmp_path / "policy.yml")
    assert (policy.solution, policy.signers, policy.branches) == ("flights", ("signer.pem",), ("dev",))
    assert set(policy.stages) == {"data", "integration"}
    assert (policy.complete, policy.clean, policy.allow_development_key) == (True, False, False)


def test_variables_reach_commands_quoted() -> None:
    for name in LAST:
        for command in spec_of(name)["phases"]["build"]["commands"]:
            outside = "".join(command.split('"')[::2])
            assert "$" not in outside


def test_images_are_pinned_and_unprivileged() -> None:
    for name in ("Build", "Test", *LAST):
        environment = project_of(name)["Environment"]
        assert environment["PrivilegedMode"] is False
        assert environment["ImagePullCredentialsType"] == "SERVICE_ROLE"
        template = read("release" if name in LAST else "pipeline")
        for image in branches(environment["Image"]):
            assert "@sha256:[0-9a-f]{64}" in template["Parameters"][image["Ref"]]["AllowedPattern"]


@pytest.mark.parametrize("name", ["pipeline", "release"])
def test_no_project_is_forgotten_here(name: str) -> None:
    projects = [n for n, r in read(name)["Resources"].items() if r["Type"] == "AWS::CodeBuild::Project"]
    assert projects == [f"{n}Project" for n in (LAST if name == "release" else ("Build", "Test"))]


def test_a_version_is_given_by_who_builds_and_a_release_by_who_concludes() -> None:
    """All of a run's tasks number by one history, that of the bucket."""
    for name in ("Build", "Test"):
        told = {v["Name"]: v["Value"] for v in project_of(name)["Environment"]["EnvironmentVariables"]}
        assert told["LOCKGATE_HISTORY"] == {"Fn::Sub": "s3://${Bucket}/history/${Solution}"}
    [container] = read("task")["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    told = {v["Name"]: v["Value"] for v in container["Environment"]}
    assert told["LOCKGATE_HISTORY"]["Fn::Sub"][0] == "s3://${Name}/history/${Solution}"


def test_the_pipeline_finds_the_hands_that_were_made() -> None:
    """Each name that it imports is one that the other stack exports."""
    exported = {o["Export"]["Name"]["Fn::Sub"] for o in read("release")["Outputs"].values() if "Export" in o}
    imported = set(re.findall(r"'Fn::ImportValue': {'Fn::Sub': '([^']+)'}", str(read("pipeline"))))
    assert imported == exported
    assert len(imported) == 5


def test_each_project_has_a_role_and_a_log_of_its_own() -> None:
    for name in ("Build", "Test", *LAST):
        project = project_of(name)
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
