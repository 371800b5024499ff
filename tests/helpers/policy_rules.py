"""What every policy of the shipped templates has to keep: rules, and the reviewed exceptions to them.

A rule takes the statements of one template and gives what is wrong, one line each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from helpers.cloudformation import Statement

Rule = Callable[[Sequence[Statement]], list[str]]

# Statements on everything, and why: AWS has no resource for the action, or what it reaches is said
# elsewhere.
LOG_IN = "a log-in to this account's registry; it has no resource"
EVERYTHING = {
    "BuildRole/TestRole.LogIn": LOG_IN,
    "SignRole/DeployRole/MergeRole.LogIn": LOG_IN,
    "DeployRole.WaitForDrift": "a drift detection has an id of its own, and no resource; both only read",
    "DeployRole.SeeAlarms": "CloudWatch tells of composite alarms by no narrower right; it only reads",
    "DeployRole.Measure": "metrics have no resources; it only reads",
    "DeployRole.ReadTrails": "what an incident's evidence is read from; neither has resources to read",
    "DeployRole.SeeTaskDefinitions": "it has no resource; it only reads",
    "DeployRole.ListTasks": "its one resource is a container instance, Fargate has none; the cluster is said",
    "DeployRole.WatchShifting": "AWS's two references disagree on a resource for these; both only read",
    "ExecutionRole.LogIn": LOG_IN,
    "StackRole.FindLogGroups": "a listing of names, which CloudFormation makes before it changes a group",
    "Boundary.Trace": "X-Ray has no resources to write to",
    "Boundary.DecryptThem": "keys of this account through S3 alone; each key's policy says whose roles may",
}
# Services that promise no aws:SourceArn or aws:SourceAccount when they assume a role: a condition on
# one would lock them out. Only principals of this account can hand a role to them (iam:PassRole).
UNCONDITIONED = {
    "cloudformation.amazonaws.com": "the guide's service role has no condition; PassRole is to named roles",
    "codepipeline.amazonaws.com": "the guide's service role has no condition",
}
# In a key policy: the service acts for a topic, and the topic's policy names the one rule.
UNCONDITIONED_USE = {"ArtifactKey.PublishFailures": "SNS decides whose rule publishes, not the key"}
# Everybody, narrowed by conditions to this account's roles of the solution's stacks, through S3.
EVERYBODY = {"ArtifactKey.UseByWhatStacksMade": ("kms:CallerAccount", "kms:ViaService", "aws:PrincipalArn")}

# Who builds or judges: build, test and suites of the pipeline; task, suites, first and last task of Fargate.
FAILURES = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:lockgate-${Solution}-failures"
TESTERS = {"BuildRole", "TestRole", "SuitesRole", "TaskRole", "PrepareRole", "ConcludeRole"}
IAM_WRITES = re.compile(r"iam:(Attach|Create|Delete|Detach|Put|Update|Set|Add|Remove|Upload)\w+")
HARMLESS_IAM = {"iam:DeleteRole", "iam:UpdateAssumeRolePolicy"}
NARROW = ("iam:PermissionsBoundary", "${Boundary}")


def no_wildcard_action(given: Sequence[Statement]) -> list[str]:
    return [f"{s}: {a}" for s in given if s.allows for a in s.actions if "*" in a or "?" in a]


def nothing_inverted(given: Sequence[Statement]) -> list[str]:
    inverted = {"NotAction", "NotResource", "NotPrincipal"}
    return [f"{s}: {key}" for s in given if s.allows for key in inverted & set(s.body)]


def no_unreviewed_everything(given: Sequence[Statement]) -> list[str]:
    """A key's own policy names its key by '*': there it is no wildcard."""
    return [
        f"{s}: {action} on {resource}"
        for s in given
        if s.allows and s.kind in ("identity", "bucket", "topic")
        for resource in s.resources
        if is_wide(resource) and str(s) not in EVERYTHING
        for action in s.actions
    ]


def is_wide(resource: str) -> bool:
    """Whether a resource is named by a wildcard alone: '*', role/*, function:*, another's account."""
    parts = resource.replace("AWS::", "AWS.").split(":", 5)
    if len(parts) < 6:
        return not re.fullmatch(r"\$\{[\w.]+\}(/\*)?", parts[0])  # a reference, such as ${Bucket.Arn}/*
    service, account, name = parts[2], parts[4], parts[5]
    own_account = account == ("" if service == "s3" else "${AWS.AccountId}")
    return not own_account or "*" in service or re.sub(r"^[A-Za-z-]+[:/]", "", name).startswith("*")


def roles_are_passed_by_name_to_a_service(given: Sequence[Statement]) -> list[str]:
    return [
        str(s)
        for s in given
        if s.allows and "iam:PassRole" in s.actions
        if s.actions != ["iam:PassRole"]
        or any(is_wide(r) for r in s.resources)
        or not s.condition("iam:PassedToService")
        or any("*" in service for service in s.condition("iam:PassedToService"))
    ]


def roles_are_assumed_for_this_account_alone(given: Sequence[Statement]) -> list[str]:
    """The confused deputy: a service must say on whose behalf it assumes the role."""
    found = []
    for s in (s for s in given if s.allows and s.kind == "trust"):
        for kind, who in s.principals:
            conditioned = s.condition("aws:SourceAccount") and s.condition("aws:SourceArn")
            if kind == "Service" and not conditioned and who not in UNCONDITIONED:
                found.append(f"{s}: {who} without aws:SourceAccount and aws:SourceArn")
            if kind != "Service" and not re.fullmatch(r"\$\{\w+Role\.Arn\}", who):
                found.append(f"{s}: {who} is no role of this template")
    return found


def resources_are_opened_to_named_principals(given: Sequence[Statement]) -> list[str]:
    found = []
    for s in (s for s in given if s.allows and s.kind in ("bucket", "topic", "key")):
        for kind, who in s.principals:
            needed = EVERYBODY.get(str(s), ("nobody",)) if "*" in (kind, who) else ()
            if not all(s.condition(key) for key in needed):
                found.append(f"{s}: {who}")
            served = s.condition("aws:SourceArn") or str(s) in UNCONDITIONED_USE
            if kind == "Service" and not served:
                found.append(f"{s}: {who} without aws:SourceArn")
    return found


def only_the_signer_signs(given: Sequence[Statement]) -> list[str]:
    return [
        f"{s}: {who}"
        for s in given
        if s.allows and any(a in ("kms:Sign", "kms:CreateGrant") for a in s.actions)
        for who in ([w for _, w in s.principals] if s.kind == "key" else s.owners)
        if (s.kind, who, s.owners) != ("key", "${SignRole.Arn}", ("SignKey",))
    ]


def testers_neither_deploy_nor_sign(given: Sequence[Statement]) -> list[str]:
    """Stacks of theirs are test stacks; of iam they can hand over the test stacks' role alone."""
    found = []
    for s in (s for s in given if s.allows and s.kind == "identity" and TESTERS & set(s.owners)):
        for action in s.actions:
            service = action.split(":")[0]
            mine = all("-test-" in r or "${TestStack" in r for r in s.resources)
            if service in ("cloudformation", "iam", "lambda", "states") and not mine:
                found.append(f"{s}: {action} on {s.resources}")
            if service in ("codedeploy", "codepipeline", "ecs", "codecommit"):
                found.append(f"{s}: {action}")
            # The tests' parent tells why they failed; whom tests can reach, TaskRole say, tells nobody.
            if service == "sns" and (s.owners, s.resources) != (("TestRole",), [FAILURES]):
                found.append(f"{s}: {action} on {s.resources}")
            if action == "sts:AssumeRole" and s.resources != ["${SuitesRole.Arn}"]:
                found.append(f"{s}: {action} of {s.resources}")
    return found


# What builds numbers it, what concludes says what it is worth; neither can write a run's signatures.
BUILDS = ("history/${Solution}/versions/", "history/${Solution}/digests/")
CONCLUDES = (
    "runs/*/report/manifest.json",
    "runs/*/report/*/*",
    *(f"history/${{Solution}}/{kind}/" for kind in ("releases", "runs", "verdicts")),
)
# All that who deploys can change, and where; everything else goes through the stack's own role.
READING = re.compile(r"\w+:(BatchDescribe|BatchGet|BatchCheck|Describe|Detect|Filter|Get|List|Lookup)\w*")
DEPLOYS = {
    "WriteLog": {"logs:CreateLogStream", "logs:PutLogEvents"},
    "KeepTheLedger": {"s3:PutObject"},
    "BringArtifacts": {"s3:PutObject"},
    "ChangeAsTheStacksRole": {"cloudformation:CreateChangeSet"},
    "Stack": {
        "cloudformation:ContinueUpdateRollback",
        "cloudformation:DeleteChangeSet",
        "cloudformation:ExecuteChangeSet",
    },
    "HandItTheRole": {"iam:PassRole"},
    "MoveTraffic": {"lambda:InvokeFunction", "lambda:UpdateAlias"},
    "Shift": {"codedeploy:CreateDeployment", "codedeploy:StopDeployment"},
    "RegisterWhatIsShifted": {"codedeploy:RegisterApplicationRevision"},
    "GiveTestsTheirOwnRole": {"sts:AssumeRole"},
    "Tell": {"sns:Publish"},
}


def who_deploys_changes_what_was_reviewed(given: Sequence[Statement]) -> list[str]:
    return [
        f"{s}: {action}"
        for s in given
        if s.allows and s.kind == "identity" and s.owners == ("DeployRole",)
        for action in s.actions
        if not READING.fullmatch(action) and action not in DEPLOYS.get(s.sid, set())
    ]


# All that tests before traffic can do to production, and with what.
ASKS = {
    "lambda:InvokeFunction": "function",
    "states:StartExecution": "stateMachine",
    "states:StartSyncExecution": "stateMachine",
    "states:DescribeExecution": "execution",
}


def who_tests_before_traffic_asks_production_alone(given: Sequence[Statement]) -> list[str]:
    """And gets the role from who deploys, who can take no other."""
    found = []
    for s in (s for s in given if s.allows and "BeforeTrafficRole" in s.owners):
        own = [r.partition(":${AWS::AccountId}:")[2] for r in s.resources]
        for action in s.actions if s.kind == "identity" else ():
            if own != [f"{ASKS.get(action)}:${{ProductionStack}}-*"]:
                found.append(f"{s}: {action} on {s.resources}")
        if s.kind == "trust" and s.principals != [("AWS", "${DeployRole.Arn}")]:
            found.append(f"{s}: {s.principals}")
    for s in (s for s in given if s.allows and "DeployRole" in s.owners and s.kind == "identity"):
        if "sts:AssumeRole" in s.actions and s.resources != ["${BeforeTrafficRole.Arn}"]:
            found.append(f"{s}: sts:AssumeRole of {s.resources}")
    return found


def who_merges_moves_the_main_branch_alone(given: Sequence[Statement]) -> list[str]:
    """Each call that moves a branch is held to one, or to Lockgate's own; none pushes past approval rules."""
    moves = {
        "codecommit:MergePullRequestByFastForward": ["refs/heads/${MainBranch}"],
        "codecommit:CreateBranch": ["refs/heads/lockgate/tested-*"],
        "codecommit:DeleteBranch": ["refs/heads/lockgate/tested-*"],
    }
    reads = re.compile(r"codecommit:(Get|List|Evaluate)\w+|codecommit:CreatePullRequest")
    return [
        f"{s}: {action}"
        for s in given
        if s.allows and "MergeRole" in s.owners
        for action in s.actions
        if action.startswith("codecommit:") and not reads.fullmatch(action)
        if s.condition("codecommit:References") != moves.get(action)
    ]


def who_signs_does_nothing_else(given: Sequence[Statement]) -> list[str]:
    """It reads runs, writes its log and its signatures. The key's own policy lets it sign."""
    allowed = {"logs:CreateLogStream", "logs:PutLogEvents", "s3:ListBucket", "s3:GetObject", "s3:PutObject"}
    return [
        f"{s}: {action}"
        for s in given
        if s.allows and s.kind == "identity" and s.owners == ("SignRole",)
        for action in s.actions
        if action not in allowed
    ]


def each_writes_in_its_own_place(given: Sequence[Statement]) -> list[str]:
    """Of the bucket: whoever is not listed writes nothing."""
    mine = {
        "PipelineRole": ("lockgate-",),
        "BuildRole": (
            "lockgate-*/Built/",
            "runs/*/blobs/",
            "runs/*/plan.json",
            "runs/*/seal.key",
            "${Solution}/",
            *BUILDS,
        ),
        "TestRole": (
            "lockgate-*/Tested/",
            "runs/*/endings/",
            "runs/*/results/",
            *CONCLUDES,
            "${Solution}-test-",
        ),
        "SuitesRole": ("runs/*/tests/",),
        "SignRole": ("runs/*/report/manifest.intoto.jsonl",),
        "DeployRole": ("deployments/${Solution}/", "${Solution}/"),
        "TaskRole": ("runs/*/results/", "runs/*/endings/", "${TestStacks}"),
        "PrepareRole": ("runs/*/plan.json", "runs/*/blobs/", "${Solution}/", *BUILDS),
        "ConcludeRole": CONCLUDES,
        "StartTasks": ("runs/*/blobs/", "${Solution}/"),
        "Boundary": ("${Stacks}",),
    }
    return [
        f"{s}: {action} on {resource}"
        for s in given
        if s.allows and s.kind == "identity"
        for action in s.actions
        if re.fullmatch(r"s3:(Put|Delete)Object\w*", action)
        for resource in s.resources
        if not any(_fits(place(resource), mine.get(owner, ())) for owner in s.owners)
    ]


def _fits(place: str, mine: Sequence[str]) -> bool:
    """Below a folder of its own, or one of its own objects."""
    return any(place == own or (own.endswith(("/", "-", "}")) and place.startswith(own)) for own in mine)


def place(resource: str) -> str:
    """A bucket's name and a key in it; the key alone in the bucket of runs and artifacts."""
    name = resource.split(":::")[-1]
    for bucket in (
        "lockgate-${Solution}-${AWS::AccountId}-${AWS::Region}",
        "${OwnedBucket}",
        "${BucketName}",
    ):
        name = name.removeprefix(f"{bucket}/")
    return name


def data_stays_in_this_account(given: Sequence[Statement]) -> list[str]:
    """A bucket that is named by a beginning may be anybody's: what is put there would leave the account."""
    return [
        f"{s}: {resource}"
        for s in given
        if s.allows and s.kind == "identity" and "s3:PutObject" in s.actions
        for resource in s.resources
        if "*" in resource.split(":::")[-1].split("/")[0]
        if s.condition("aws:ResourceAccount") != ["${AWS::AccountId}"]
    ]


def no_name_is_the_beginning_of_anothers(given: Sequence[Statement]) -> list[str]:
    """A wildcard after a name reaches every name that it begins: a dash or a slash has to be between."""
    return [
        f"{s}: {resource}"
        for s in given
        for resource in (*s.resources, *s.condition("aws:SourceArn"), *s.condition("aws:PrincipalArn"))
        if re.search(r"\$\{(?!TestStacks\}|Stacks\}|Prefix\})[\w.:]+\}\*", resource)
    ]


def stacks_are_made_as_their_role(given: Sequence[Statement]) -> list[str]:
    """Without the condition a stack would be made with the caller's own rights, or as another role."""
    makes = {"cloudformation:CreateChangeSet", "cloudformation:CreateStack", "cloudformation:UpdateStack"}
    return [
        str(s)
        for s in given
        if s.allows and makes & set(s.actions)
        if s.actions != ["cloudformation:CreateChangeSet"] or not s.condition("cloudformation:RoleArn")
    ]


def roles_are_made_within_the_boundary(given: Sequence[Statement]) -> list[str]:
    key, boundary = NARROW
    return [
        f"{s}: {action}"
        for s in given
        if s.allows
        for action in s.actions
        if IAM_WRITES.fullmatch(action) and action not in HARMLESS_IAM
        if s.owners != ("StackRole",) or s.condition(key) != [boundary]
    ]


def tasks_are_those_of_one_cluster(given: Sequence[Statement]) -> list[str]:
    named = {"ecs:RunTask", "ecs:ListTasks"}  # neither has a cluster among its resources
    return [str(s) for s in given if named & set(s.actions) and not s.condition("ecs:cluster")]


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        no_wildcard_action,
        nothing_inverted,
        no_unreviewed_everything,
        roles_are_passed_by_name_to_a_service,
        roles_are_assumed_for_this_account_alone,
        resources_are_opened_to_named_principals,
        only_the_signer_signs,
        testers_neither_deploy_nor_sign,
        each_writes_in_its_own_place,
        who_deploys_changes_what_was_reviewed,
        who_tests_before_traffic_asks_production_alone,
        who_merges_moves_the_main_branch_alone,
        who_signs_does_nothing_else,
        data_stays_in_this_account,
        no_name_is_the_beginning_of_anothers,
        stacks_are_made_as_their_role,
        roles_are_made_within_the_boundary,
        tasks_are_those_of_one_cluster,
    )
}
