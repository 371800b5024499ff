"""Least privilege in the shipped templates: each rule holds, and each is broken by a copy that breaks it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from helpers import policy_rules
from helpers.cloudformation import INFRA, NAMES, Statement, Template, branches, read, statements
from helpers.policy_rules import EVERYBODY, EVERYTHING, RULES, UNCONDITIONED, UNCONDITIONED_USE

Mutation = Callable[[dict[str, Any]], None]
ARN = "arn:${AWS::Partition}"
OWN = "${AWS::Region}:${AWS::AccountId}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_holds(rule: str, name: str) -> None:
    assert RULES[rule](statements(read(name))) == []


def change(**values: Any) -> Mutation:
    return lambda statement: statement.update(values)


def without(*keys: str) -> Mutation:
    def mutate(statement: dict[str, Any]) -> None:
        for tests in statement["Condition"].values():
            for key in keys:
                tests.pop(key, None)

    return mutate


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


# rule, template, owner, sid, how the copy is broken
BROKEN: list[tuple[str, str, str, str, Mutation]] = [
    ("no_wildcard_action", "pipeline", "TestRole", "WriteLog", change(Action="ecr:*")),
    ("no_wildcard_action", "pipeline", "TestRole", "WriteLog", change(Action="*")),
    ("no_wildcard_action", "roles", "StackRole", "TheirRest", change(Action=["iam:Get*"])),
    ("nothing_inverted", "pipeline", "TestRole", "WriteLog", change(NotAction="iam:PassRole")),
    ("nothing_inverted", "task", "TaskRole", "LeaveResults", change(NotResource="*")),
    ("nothing_inverted", "release", "SignKey", "Verify", change(NotPrincipal={"AWS": "1"})),
    ("no_unreviewed_everything", "pipeline", "TestRole", "WriteLog", change(Resource="*")),
    ("no_unreviewed_everything", "release", "DeployRole", "SeeWhatRuns", change(Resource=["x", "*"])),
    ("no_unreviewed_everything", "task", "TaskRole", "LeaveResults", change(Resource=sub(f"{ARN}:s3:::*"))),
    (
        "no_unreviewed_everything",
        "task",
        "SuitesRole",
        "InvokeTestStacks",
        change(Resource=sub(f"{ARN}:lambda:{OWN}:function:*")),
    ),
    (
        "no_unreviewed_everything",
        "task",
        "SuitesRole",
        "InvokeTestStacks",
        change(Resource=sub(f"{ARN}:lambda:*:*:function:x-test-*")),
    ),
    (
        "roles_are_passed_by_name_to_a_service",
        "release",
        "DeployRole",
        "HandItTheRole",
        change(Resource="*"),
    ),
    (
        "roles_are_passed_by_name_to_a_service",
        "release",
        "DeployRole",
        "HandItTheRole",
        change(Resource=sub(f"{ARN}:iam::${{AWS::AccountId}}:role/*")),
    ),
    (
        "roles_are_passed_by_name_to_a_service",
        "task",
        "StartTasks",
        "HandTasksTheirRoles",
        change(Condition={}),
    ),
    (
        "roles_are_passed_by_name_to_a_service",
        "task",
        "StartTasks",
        "HandTasksTheirRoles",
        change(Condition={"StringLike": {"iam:PassedToService": "*.amazonaws.com"}}),
    ),
    (
        "roles_are_passed_by_name_to_a_service",
        "task",
        "StartTasks",
        "WatchAndStop",
        change(Action=["ecs:StopTask", "iam:PassRole"]),
    ),
    ("roles_are_assumed_for_this_account_alone", "task", "TaskRole", "", without("aws:SourceArn")),
    ("roles_are_assumed_for_this_account_alone", "release", "SignRole", "", without("aws:SourceAccount")),
    ("roles_are_assumed_for_this_account_alone", "task", "SuitesRole", "", change(Principal={"AWS": "*"})),
    (
        "roles_are_assumed_for_this_account_alone",
        "task",
        "SuitesRole",
        "",
        change(Principal={"AWS": sub(f"{ARN}:iam::${{AWS::AccountId}}:root")}),
    ),
    (
        "roles_are_assumed_for_this_account_alone",
        "roles",
        "StackRole",
        "",
        change(Principal={"Service": "lambda.amazonaws.com"}),
    ),
    (
        "resources_are_opened_to_named_principals",
        "pipeline",
        "FailuresPublishers",
        "TheRuleBelow",
        change(Condition={}),
    ),
    ("resources_are_opened_to_named_principals", "release", "SignKey", "Verify", change(Principal="*")),
    (
        "resources_are_opened_to_named_principals",
        "pipeline",
        "ArtifactKey",
        "UseByWhatStacksMade",
        without("aws:PrincipalArn"),
    ),
    (
        "resources_are_opened_to_named_principals",
        "pipeline",
        "BucketTransport",
        "RefuseWithoutTls",
        change(Effect="Allow"),
    ),
    (
        "only_the_signer_signs",
        "release",
        "SignKey",
        "AdministerThroughIam",
        change(Action=["kms:PutKeyPolicy", "kms:Sign"]),
    ),
    ("only_the_signer_signs", "release", "SignKey", "Verify", change(Action="kms:Sign")),
    ("only_the_signer_signs", "pipeline", "TestRole", "WriteLog", change(Action="kms:Sign")),
    ("only_the_signer_signs", "pipeline", "ArtifactKey", "UseByTheRoad", change(Action="kms:CreateGrant")),
    (
        "testers_neither_deploy_nor_sign",
        "pipeline",
        "TestRole",
        "KeepStacks",
        change(Resource=sub(f"{ARN}:cloudformation:{OWN}:stack/${{ProductionStack}}/*")),
    ),
    (
        "testers_neither_deploy_nor_sign",
        "task",
        "TaskRole",
        "HandItTheRole",
        change(Resource=sub(f"{ARN}:iam::${{AWS::AccountId}}:role/deployer")),
    ),
    (
        "testers_neither_deploy_nor_sign",
        "task",
        "SuitesRole",
        "LeaveFiles",
        change(Action="codedeploy:CreateDeployment"),
    ),
    (
        "testers_neither_deploy_nor_sign",
        "pipeline",
        "TestRole",
        "GiveTestsTheirOwnRole",
        change(Resource={"Fn::GetAtt": "DeployRole.Arn"}),
    ),
    *(
        (
            "each_writes_in_its_own_place",
            "task",
            role,
            sid,
            change(Resource=sub(f"{ARN}:s3:::${{BucketName}}/{place}")),
        )
        for role, sid, place in (
            ("PrepareRole", "LeaveJobs", "runs/*"),
            ("PrepareRole", "LeaveJobs", "runs/*/report/*"),
            ("PrepareRole", "LeaveJobs", "runs/*/endings/*"),
            ("ConcludeRole", "LeaveVerdict", "runs/*/plan.json"),
            ("ConcludeRole", "LeaveVerdict", "${Solution}/*"),
            ("ConcludeRole", "LeaveVerdict", "runs/*/report/*"),
            ("ConcludeRole", "LeaveVerdict", "runs/*/report/manifest.intoto.jsonl"),
            ("ConcludeRole", "LeaveVerdict", "history/${Solution}/versions/*"),
            ("PrepareRole", "LeaveJobs", "history/${Solution}/verdicts/*"),
            ("SuitesRole", "LeaveFiles", "runs/*"),
            ("StartTasks", "Send", "runs/*/jobs/*"),
        )
    ),
    *(
        (
            "each_writes_in_its_own_place",
            "pipeline",
            role,
            sid,
            change(
                Resource=sub(
                    f"{ARN}:s3:::lockgate-${{Solution}}-{OWN.split(':')[1]}-{OWN.split(':')[0]}/{place}"
                )
            ),
        )
        for role, sid, place in (
            ("BuildRole", "LeaveJobsAndArtifacts", "runs/*"),
            ("BuildRole", "LeaveJobsAndArtifacts", "runs/*/endings/*"),
            ("BuildRole", "LeaveJobsAndArtifacts", "runs/*/report/*"),
            ("BuildRole", "LeaveJobsAndArtifacts", "lockgate-*/Tested/*"),
            ("TestRole", "LeaveResults", "${Solution}/*"),
            ("TestRole", "LeaveResults", "runs/*"),
            ("TestRole", "LeaveResults", "runs/*/blobs/*"),
            ("TestRole", "LeaveResults", "runs/*/plan.json"),
            ("TestRole", "LeaveResults", "runs/*/report/*"),
            ("TestRole", "LeaveResults", "history/${Solution}/*"),
            ("BuildRole", "LeaveJobsAndArtifacts", "history/${Solution}/releases/*"),
            ("BuildRole", "LeaveJobsAndArtifacts", "deployments/*"),
        )
    ),
    ("data_stays_in_this_account", "roles", "Boundary", "KeepData", without("aws:ResourceAccount")),
    (
        "no_name_is_the_beginning_of_anothers",
        "task",
        "StateMachineRole",
        "",
        change(
            Condition={
                "ArnLike": {"aws:SourceArn": sub(f"{ARN}:states:{OWN}:stateMachine:lockgate-${{Solution}}*")}
            }
        ),
    ),
    (
        "testers_neither_deploy_nor_sign",
        "pipeline",
        "BuildRole",
        "WriteLog",
        change(Action="cloudformation:CreateChangeSet"),
    ),
    (
        "each_writes_in_its_own_place",
        "task",
        "TaskRole",
        "LeaveResults",
        change(Resource=sub(f"{ARN}:s3:::${{BucketName}}/runs/*/jobs/*")),
    ),
    (
        "each_writes_in_its_own_place",
        "task",
        "TaskRole",
        "ReadRunsAndArtifacts",
        change(Action=["s3:GetObject", "s3:PutObject"]),
    ),
    ("each_writes_in_its_own_place", "release", "MergeRole", "ReadManifests", change(Action="s3:PutObject")),
    ("each_writes_in_its_own_place", "release", "SignRole", "ReadRuns", change(Action="s3:DeleteObject")),
    ("who_signs_does_nothing_else", "release", "SignRole", "ReadRuns", change(Action="lambda:GetFunction")),
    ("who_signs_does_nothing_else", "release", "SignRole", "WriteLog", change(Action="kms:CreateKey")),
    ("who_merges_moves_the_main_branch_alone", "release", "MergeRole", "Merge", change(Condition={})),
    ("who_merges_moves_the_main_branch_alone", "release", "MergeRole", "OwnBranches", change(Condition={})),
    (
        "who_merges_moves_the_main_branch_alone",
        "release",
        "MergeRole",
        "PrepareMerge",
        change(Action="codecommit:GitPush"),
    ),
    *(
        ("who_deploys_changes_what_was_reviewed", "release", "DeployRole", sid, change(Action=action))
        for sid, action in (
            ("SeeWhatRuns", "lambda:UpdateFunctionCode"),
            ("Stack", "cloudformation:DeleteStack"),
            ("Shift", "codedeploy:UpdateDeploymentGroup"),
            ("ReadRunsAndLedger", ["s3:GetObject", "s3:DeleteObject"]),
            ("SeeRoles", "iam:PassRole"),
        )
    ),
    *(
        ("who_tests_before_traffic_asks_production_alone", "release", owner, sid, mutate)
        for owner, sid, mutate in (
            ("BeforeTrafficRole", "Invoke", change(Action="lambda:UpdateAlias")),
            ("BeforeTrafficRole", "Invoke", change(Resource=sub(f"{ARN}:lambda:{OWN}:function:*"))),
            ("BeforeTrafficRole", "WatchMachines", change(Action="states:StopExecution")),
            ("BeforeTrafficRole", "RunMachines", change(Action=["states:StartExecution", "s3:GetObject"])),
            ("BeforeTrafficRole", "", change(Principal={"AWS": {"Fn::GetAtt": "MergeRole.Arn"}})),
            ("DeployRole", "GiveTestsTheirOwnRole", change(Resource={"Fn::GetAtt": "SignRole.Arn"})),
        )
    ),
    (
        "testers_neither_deploy_nor_sign",
        "pipeline",
        "TestRole",
        "TellOfFailures",
        change(Resource=sub(f"{ARN}:sns:{OWN}:somebodys")),
    ),
    ("testers_neither_deploy_nor_sign", "task", "TaskRole", "LeaveResults", change(Action="sns:Publish")),
    ("stacks_are_made_as_their_role", "pipeline", "TestRole", "MakeAsTheStacksRole", change(Condition={})),
    (
        "stacks_are_made_as_their_role",
        "release",
        "DeployRole",
        "Stack",
        change(Action=["cloudformation:UpdateStack"]),
    ),
    (
        "roles_are_made_within_the_boundary",
        "roles",
        "StackRole",
        "RolesWithinTheBoundary",
        change(Condition={}),
    ),
    (
        "roles_are_made_within_the_boundary",
        "roles",
        "StackRole",
        "TheirRest",
        change(Action=["iam:DeleteRolePermissionsBoundary"]),
    ),
    (
        "roles_are_made_within_the_boundary",
        "release",
        "DeployRole",
        "WriteLog",
        change(Action="iam:CreateUser"),
    ),
    ("tasks_are_those_of_one_cluster", "task", "StartTasks", "Run", change(Condition={})),
    ("tasks_are_those_of_one_cluster", "task", "StateMachineRole", "Run", change(Condition={})),
    ("tasks_are_those_of_one_cluster", "release", "DeployRole", "ListTasks", change(Condition={})),
]


@pytest.mark.parametrize(("rule", "name", "owner", "sid", "mutate"), BROKEN)
def test_a_broken_copy_breaks_the_rule(rule: str, name: str, owner: str, sid: str, mutate: Mutation) -> None:
    template = copy.deepcopy(read(name))
    found = [s for s in statements(template) if owner in s.owners and s.sid == sid]
    assert len(found) == 1
    mutate(found[0].body)
    assert RULES[rule](statements(template))


def test_each_rule_is_shown_to_fail() -> None:
    assert {rule for rule, *_ in BROKEN} == set(RULES)


def every_statement() -> list[Statement]:
    return [s for name in NAMES for s in statements(read(name))]


def test_no_exception_outlives_its_statement() -> None:
    there = {str(s): s for s in every_statement()}
    assert set(EVERYTHING) | set(UNCONDITIONED_USE) | set(EVERYBODY) <= set(there)
    assert all(any(policy_rules.is_wide(r) for r in there[name].resources) for name in EVERYTHING)
    trusted = {who for s in there.values() for _, who in s.principals if s.kind == "trust"}
    assert set(UNCONDITIONED) <= trusted


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_deployed_without_a_bucket_for_it(name: str) -> None:
    """`aws cloudformation deploy` sends up to 51,200 bytes itself."""
    assert (INFRA / f"{name}.yml").stat().st_size <= 51_200


def test_the_statements_are_all_found() -> None:
    """By a second way that knows nothing of policies: each Effect in the text is one statement."""
    for name in NAMES:
        effects = (INFRA / f"{name}.yml").read_text(encoding="utf-8").count("Effect: ")
        assert len(statements(read(name))) == effects


def roles_of(template: Template) -> dict[str, dict[str, Any]]:
    return {n: r for n, r in template["Resources"].items() if r["Type"] == "AWS::IAM::Role"}


def test_policies_of_others_are_attached_by_parameter_alone() -> None:
    """A managed policy is not seen by the rules above: none is attached but what its owner chose."""
    attached = {
        (name, str(choice))
        for template in NAMES
        for name, role in roles_of(read(template)).items()
        for choice in branches(role["Properties"].get("ManagedPolicyArns", []))
    }
    assert attached == {
        ("TestRole", "{'Ref': 'TestPolicyArns'}"),
        ("TaskRole", "{'Ref': 'DataPolicyArn'}"),
    }


@pytest.mark.parametrize(("template", "bucket"), [("pipeline", "Bucket"), ("task", "OwnedBucket")])
def test_a_bucket_is_private_encrypted_versioned_and_refuses_plain_http(template: str, bucket: str) -> None:
    resources = read(template)["Resources"]
    properties = resources[bucket]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]
    assert resources[bucket]["DeletionPolicy"] == resources[bucket]["UpdateReplacePolicy"] == "Retain"
    refusal, once, *ledger = [s for s in statements(read(template)) if s.kind == "bucket"]
    assert not refusal.allows
    assert refusal.body["Condition"] == {"Bool": {"aws:SecureTransport": False}}
    assert refusal.resources == [f"${{{bucket}.Arn}}", f"${{{bucket}.Arn}}/*"]
    assert not once.allows
    assert (once.actions, once.body["Condition"]) == (["s3:PutObject"], {"Null": {"s3:if-none-match": True}})
    runs = [
        f"runs/*/{place}" for place in ("endings/*", "report/manifest.json", "report/manifest.intoto.jsonl")
    ]
    assert once.resources == [f"${{{bucket}.Arn}}/{place}" for place in (*runs, "history/*")]
    for swap in ledger:  # the pipeline's bucket alone has one
        assert (swap.allows, swap.actions) == (False, ["s3:PutObject"])
        assert swap.resources == [f"${{{bucket}.Arn}}/deployments/*"]
        assert swap.body["Condition"] == {"Null": {"s3:if-none-match": True, "s3:if-match": True}}
    assert len(ledger) == (template == "pipeline")


@pytest.mark.parametrize("name", NAMES)
def test_no_solution_has_a_name_that_is_anothers_stacks(name: str) -> None:
    pattern = re.compile(read(name)["Parameters"]["Solution"]["AllowedPattern"])
    assert all(pattern.fullmatch(good) for good in ("flights", "flights-testing", "prod", "a-b", "latest"))
    refused = ("flights-test", "flights-prod", "flights-test-x", "a-prod-b", "runs", "lockgate-x", "history")
    assert not any(pattern.fullmatch(bad) for bad in refused)


def test_the_stacks_are_named_by_a_beginning_that_ends_with_a_dash() -> None:
    pattern = re.compile(read("roles")["Parameters"]["Stacks"]["AllowedPattern"])
    assert pattern.fullmatch("flights-test-")
    assert pattern.fullmatch("flights-prod-")
    assert not pattern.fullmatch("flights-prod")
