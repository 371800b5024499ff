from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import SolutionError
from runner.release.expected import Expectation, expected, not_reread
from runner.release.records import Content, Part
from runner.release.template import pinned, versioned

FLIGHTS = Path(__file__).resolve().parents[3] / "examples/flights/infra/solution.yml"
IMAGE = f"reg/train@sha256:{'e' * 64}"


def part(kind: str, name: str, letter: str) -> Part:
    return Part(kind, "1", letter * 64, letter * 64, f"flights/{name}/{letter * 64}")


PARTS = {
    "features": part("lambda-zip", "features", "a"),
    "predict": part("lambda-zip", "predict", "b"),
    "model": part("model", "model", "c"),
    "stack": part("stack", "stack", "d"),
    "flow": part("definition", "flow", "f"),
    "train": Part("image", "1", "e" * 64, "e" * 64, "", IMAGE),
}
RECIPE = {
    "ArtifactBucket": "${bucket}",
    "FeaturesKey": "${features.key}",
    "PredictKey": "${predict.key}",
    "ModelUri": "${model.uri}",
    "ModelSha256": "${model.sha256}",
}
GIVEN = {
    "ArtifactBucket": "b",
    "FeaturesKey": PARTS["features"].key,
    "PredictKey": PARTS["predict"].key,
    "ModelUri": f"s3://b/{PARTS['model'].key}",
    "ModelSha256": "c" * 64,
}
FLIGHTS_CONTENT = Content("flights-prod", "d" * 64, RECIPE, PARTS)


def found(body: str, recipe: dict[str, str] | None = None) -> dict[str, Expectation]:
    content = Content("s", "d" * 64, recipe or {}, PARTS)
    return {e.resource: e for e in expected(f"Resources:\n{body}", {}, content)}


def test_flights_functions_versions_and_aliases_are_expected_with_code_and_model() -> None:
    text = versioned(FLIGHTS.read_text(), GIVEN)
    wanted = {e.resource: e for e in expected(text, GIVEN, FLIGHTS_CONTENT)}
    model = {"environment MODEL_URI": GIVEN["ModelUri"], "environment MODEL_SHA256": "c" * 64}
    assert wanted["PredictFunction"].facts == {"code": "b" * 64, **model}
    assert wanted["PredictAlias"].facts == {"code": "b" * 64, **model, "routing": ""}
    assert wanted["PredictAlias"].label == "predict live"
    [version] = [e for e in wanted.values() if e.resource == wanted["PredictAlias"].version]
    assert version.facts == wanted["PredictFunction"].facts and version.type == "AWS::Lambda::Version"
    assert wanted["FeaturesFunction"].facts == {"code": "a" * 64}
    assert wanted[""].facts == {f"parameter {name}": value for name, value in GIVEN.items()}
    assert not_reread(tuple(wanted.values()), FLIGHTS_CONTENT) == ()


def test_an_alias_that_is_held_is_expected_at_its_number_and_nothing_else() -> None:
    text = pinned(FLIGHTS.read_text(), {"PredictAlias": "3"})
    wanted = {e.resource: e for e in expected(text, GIVEN, FLIGHTS_CONTENT)}
    assert wanted["PredictAlias"].facts == {"version": "3", "routing": ""}
    assert wanted["PredictAlias"].version == ""


def test_a_fixed_variable_is_not_compared() -> None:
    body = "  F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {A: 010, B: !Sub x}}}}"
    assert found(body)["F"].facts == {"environment B": "x"}


def test_what_a_template_uses_and_nothing_tells_is_named() -> None:
    recipe = {
        "A": "${flow.key}",
        "B": "${train.image}",
        "C": "${stack.url}",
        "D": "${bucket}",
        "E": "${model.uri}",
    }
    body = f"""
  F:
    Type: AWS::Lambda::Function
    Properties: {{Code: {{ZipFile: x}}, Environment: {{Variables: {{M: !Sub "{"c" * 64}"}}}}}}
"""
    content = Content("s", "d" * 64, recipe, PARTS)
    assert not_reread(tuple(found(body).values()), content) == ("flow", "train")
    assert not_reread((), Content("s", "d" * 64, {"A": "${bucket}"}, PARTS)) == ()


def test_a_parameter_alone_is_not_evidence() -> None:
    text = "Parameters: {K: {Type: String}}\nResources: {}"
    content = Content("s", "d" * 64, {"K": "${flow.key}"}, PARTS)
    wanted = expected(text, {"K": PARTS["flow"].key}, content)
    assert [e.facts for e in wanted] == [{"parameter K": PARTS["flow"].key}]
    assert not_reread(wanted, content) == ("flow",)


def test_secret_parameters_are_neither_shown_nor_compared() -> None:
    text = """
Parameters: {S: {Type: String, NoEcho: true}}
Resources:
  F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {A: !Ref S, B: !Sub "x${S}"}}}}
"""
    assert "hunter2" not in repr(expected(text, {"S": "hunter2"}, FLIGHTS_CONTENT))


def test_images_of_functions_and_of_services() -> None:
    wanted = found(f"""
  F: {{Type: AWS::Lambda::Function, Properties: {{PackageType: Image, Code: {{ImageUri: "{IMAGE}"}}}}}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{{Name: main, Image: "{IMAGE}"}}, {{Name: side, Image: !Ref AWS::Region}}]
  Service: {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: !Ref Task}}}}
  Foreign: {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: theirs}}}}
""")
    assert wanted["F"].facts == {"image": IMAGE} and wanted["F"].label == "train"
    assert wanted["Task"].facts == wanted["Service"].facts == {"image of main": IMAGE}
    assert "Foreign" not in wanted


def test_endpoints_are_expected_through_their_configuration_to_their_models() -> None:
    wanted = found(f"""
  Model:
    Type: AWS::SageMaker::Model
    Properties: {{PrimaryContainer: {{Image: "{IMAGE}", ModelDataUrl: "s3://b/m"}}}}
  Pipe: {{Type: AWS::SageMaker::Model, Properties: {{Containers: [{{Image: one}}, {{Image: two}}]}}}}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {{VariantName: blue, ModelName: !GetAtt Model.ModelName}}
        - {{VariantName: green, ModelName: !GetAtt Pipe.ModelName}}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {{EndpointConfigName: !GetAtt Config.EndpointConfigName}}
""")
    assert wanted["Model"].facts == {"image": IMAGE, "model data": "s3://b/m"}
    assert wanted["Endpoint"].facts == {
        "blue image": IMAGE,
        "blue model data": "s3://b/m",
        "green image": "one",
        "green image 2": "two",
    }


def test_a_state_machine_is_expected_with_its_definition_and_what_is_put_into_it() -> None:
    key = PARTS["flow"].key
    wanted = found(f"""
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionS3Location: {{Bucket: b, Key: "{key}"}}
      DefinitionSubstitutions: {{A: fixed, B: !Ref Machine}}
  Inline: {{Type: AWS::StepFunctions::StateMachine, Properties: {{DefinitionString: "{{}}"}}}}
  Theirs:
    Type: AWS::StepFunctions::StateMachine
    Properties: {{DefinitionS3Location: {{Bucket: b, Key: k}}}}
  Job: {{Type: AWS::Glue::Job, Properties: {{Command: {{ScriptLocation: "s3://b/{key}"}}}}}}
""")
    assert wanted["Machine"].facts == {"definition": "f" * 64}
    assert wanted["Machine"].source == ("b", key) and wanted["Machine"].substitutions == {"A": "fixed"}
    assert set(wanted) == {"Machine", "Job"} and wanted["Job"].facts == {"script": f"s3://b/{key}"}


def test_weights_of_the_templates_own_are_expected() -> None:
    def routed(weights: str) -> dict[str, str]:
        body = f"""
  F: {{Type: AWS::Lambda::Function, Properties: {{}}}}
  A:
    Type: AWS::Lambda::Alias
    Properties: {{Name: live, FunctionName: !Ref F, FunctionVersion: "1", RoutingConfig: {weights}}}
"""
        return dict(found(body)["A"].facts)

    two = "{AdditionalVersionWeights: [{FunctionVersion: 2, FunctionWeight: 0.10}]}"
    assert routed(two) == {"version": "1", "routing": "2=0.1"}
    assert routed(two.replace("2,", "!GetAtt V.Version,")) == {"version": "1"}
    assert routed(two.replace("0.10", "some")) == {"version": "1"}


@pytest.mark.parametrize(
    "properties",
    [
        "3",
        "[]",
        "{Code: 3}",
        "{Code: [a]}",
        "{Environment: x}",
        "{Environment: {Variables: [a]}}",
        "{Code: {S3Key: {a: b}}}",
    ],
)
def test_odd_properties_expect_nothing(properties: str) -> None:
    assert found(f"  F: {{Type: AWS::Lambda::Function, Properties: {properties}}}") == {}


def test_what_is_no_template_is_refused() -> None:
    with pytest.raises(SolutionError):
        expected("Resources: [", {}, FLIGHTS_CONTENT)
