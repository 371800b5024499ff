"""The shipped templates as a sandbox can deploy them: parameters, and a pipeline without what it lacks."""

from __future__ import annotations

import copy
import json

from helpers.cloudformation import Template

REGION = "us-east-1"
ACCOUNT = "000000000000"
DIGEST = "0" * 64
UNSUPPORTED = {"AWS::CodePipeline::Pipeline", "AWS::CodeBuild::ReportGroup"}
BUCKET = f"lockgate-flights-{ACCOUNT}-{REGION}"
ROLES = {"Solution": "flights", "Stacks": "flights-test-"}
TASK = {
    "Solution": "flights",
    "Image": f"lockgate@sha256:{DIGEST}",
    "Vpc": "vpc-1",
    "Subnets": "subnet-1,subnet-2",
    "TestStacks": "flights-test-",
    "TestStackRole": "lockgate-stacks-flights-test-",
}
RELEASE = {
    "Solution": "flights",
    "DeployImage": f"lockgate@sha256:{DIGEST}",
    "ProductionStack": "flights-prod",
    "ProductionStackRole": "lockgate-stacks-flights-prod-",
    "RequiredStages": "data,model,integration",
}
PIPELINE = {
    "Solution": "flights",
    "RunnerImage": f"lockgate@sha256:{DIGEST}",
    "TestStackRole": "lockgate-stacks-flights-test-",
    "NotifyEmail": "team@example.org",
}


def supported(template: Template) -> str:
    """The template without what ministack has no resource for, and without what refers to that."""
    kept = copy.deepcopy(template)
    for name in [n for n, r in kept["Resources"].items() if r["Type"] in UNSUPPORTED]:
        del kept["Resources"][name]
    kept["Outputs"] = {n: o for n, o in kept["Outputs"].items() if o["Value"] != {"Ref": "Pipeline"}}
    text = json.dumps(kept)
    return text.replace('{"Fn::GetAtt": "TestReports.Arn"}', '"arn:aws:codebuild:us-east-1:0:report-group/r"')
