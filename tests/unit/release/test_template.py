from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.cloudformation import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import SolutionError
from runner.release.template import aliases, code_deploy_aliases, pinned, versioned

FLIGHTS = Path(__file__).resolve().parents[3] / "examples/flights/infra/solution.yml"
POLICIES = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
TEMPLATE = """\
# One of each way to name a version: 🚢 stays.
Parameters:
  Key: {Type: String}
  Size: {Type: String, Default: "128"}
  Other: {Type: String, Default: x}
Conditions:
  Large: !Equals [!Ref Size, "512"]
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {Description: !Ref Other}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: fixed, S3Key: !Sub "${Key}"}
      MemorySize: !Ref Size
      Timeout: !If [Large, 60, 10]
      Tags: [{Key: by, Value: !Ref Other}]
  Version:  # published
    UpdateReplacePolicy: Delete   # of the author's
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Function}
  Alias:
    Type: AWS::Lambda::Alias
    DependsOn: [Role, Version]
    Properties:
      Name: live
      FunctionName: !GetAtt Function.Arn
      FunctionVersion: !GetAtt [Version, Version]   # which
  Odd:
    Type: AWS::SSM::Parameter
    DependsOn: Version
    Properties:
      Value: !Sub
        - "${Version} ${Version.Version} ${!Version} ${Versions} ${AWS::Region}"
        - {Region: !Sub "${Version.Version}"}
      Hidden: !Sub ["${Version}", {Version: Version}]
      Text: !Sub |
        of ${Version.Version}
      Long: {"Fn::GetAtt": "Version.Version", "Fn::Sub": 'at ${Version}'}
      Plain: Version
Outputs:
  Version: {Value: !GetAtt 'Version.Version', Export: {Name: {Ref: "Version"}}}
"""


def name_of(text: str, **parameters: str) -> str:
    """The logical name that the version was given."""
    made = parse(versioned(text, {"Key": "a", **parameters}))["Resources"]
    [name] = [n for n, r in made.items() if r["Type"] == "AWS::Lambda::Version"]
    return str(name)


def test_every_reference_follows_and_everything_else_stays() -> None:
    name = name_of(TEMPLATE)
    assert re.fullmatch("Version[0-9a-f]{10}", name)
    expected = (
        TEMPLATE.replace("  Version:  # published", f"  {name}:  # published")
        .replace(
            "    UpdateReplacePolicy: Delete ",
            "    DeletionPolicy: RetainExceptOnCreate\n    UpdateReplacePolicy: Retain ",
        )
        .replace("[Role, Version]", f"[Role, {name}]")
        .replace("[Version, Version]", f"[{name}, Version]")
        .replace("DependsOn: Version", f"DependsOn: {name}")
        .replace('"${Version} ${Version.Version} ', f'"${{{name}}} ${{{name}.Version}} ')
        .replace('!Sub "${Version.Version}"', f'!Sub "${{{name}.Version}}"')
        .replace("of ${Version.Version}", f"of ${{{name}.Version}}")
        .replace('"Version.Version"', f'"{name}.Version"')
        .replace("'at ${Version}'", f"'at ${{{name}}}'")
        .replace("'Version.Version'", f"'{name}.Version'")
        .replace('{Ref: "Version"}', f'{{Ref: "{name}"}}')
    )
    assert versioned(TEMPLATE, {"Key": "a"}) == expected


def test_the_name_moves_with_what_the_version_depends_on() -> None:
    name = name_of(TEMPLATE)
    assert name_of(TEMPLATE, Key="b") != name
    assert name_of(TEMPLATE, Size="512") != name
    assert name_of(TEMPLATE.replace("128", "256")) != name
    assert name_of(TEMPLATE.replace("60, 10", "60, 20")) != name


def test_the_name_stays_with_what_it_does_not_depend_on() -> None:
    name = name_of(TEMPLATE)
    assert name_of(TEMPLATE, Size="128") == name
    assert name_of(TEMPLATE, Other="y") == name  # a tag, and the role's own
    assert name_of(TEMPLATE.replace("60, 10", "90, 10")) == name  # the branch that is not taken
    assert name_of(TEMPLATE.replace("MemorySize: !Ref Size", "MemorySize:   {Ref: Size} # same")) == name


def test_a_condition_of_a_parameter_counts() -> None:
    text = TEMPLATE.replace("MemorySize: !Ref Size", "MemorySize: 128")
    assert name_of(text, Size="512") != name_of(text)


def test_a_layer_of_the_same_stack_counts() -> None:
    layer = "  Layer: {Type: AWS::Lambda::LayerVersion, Properties: {Content: {S3Key: !Ref Other}}}\n"
    text = TEMPLATE.replace("  Version:  #", f"{layer}  Version:  #")
    text = text.replace("      Role: !GetAtt", "      Layers: [!Ref Layer]\n      Role: !GetAtt")
    assert name_of(text, Other="y") != name_of(text)


def test_a_parameter_that_is_looked_up_counts_by_its_name() -> None:
    text = TEMPLATE.replace("Key: {Type: String}", "Key: {Type: 'AWS::SSM::Parameter::Value<String>'}")
    assert name_of(text, Key="/b") != name_of(text, Key="/c")


def test_a_template_of_json_and_one_with_windows_lines_are_edited_too() -> None:
    body = {
        "Resources": {
            "F": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "é 🚢"}}},
            "V": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}, **POLICIES},
        },
        "Outputs": {"N": {"Value": {"Fn::GetAtt": ["V", "Version"]}}},
    }
    made = json.loads(versioned("\ufeff" + json.dumps(body, indent=1, ensure_ascii=False), {}))
    [name] = set(made["Resources"]) - {"F"}
    assert made["Outputs"]["N"]["Value"] == {"Fn::GetAtt": [name, "Version"]}
    assert made["Resources"][name] == body["Resources"]["V"]
    windows = TEMPLATE.replace("\n", "\r\n")
    assert versioned(windows, {"Key": "a"}).split() == versioned(TEMPLATE, {"Key": "a"}).split()


def test_a_version_of_another_stacks_function_is_kept_too() -> None:
    text = "Resources: {V: {Type: AWS::Lambda::Version, Properties: {FunctionName: theirs}}}"
    [(name, resource)] = parse(versioned(text, {}))["Resources"].items()
    assert (
        name.startswith("V") and len(name) == 11 and resource["DeletionPolicy"] == POLICIES["DeletionPolicy"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "Resources: 3",
        "Resources: {a: &x {b: *x}}",
        "Resources: {[1]: 2}",
        "Resources: {V: {Type: AWS::Lambda::Version}}\nOutputs: {O: {Value: !Ref >-\n  V\n}}",
        "Resources: {V: {Type: AWS::Lambda::Version}}\nOutputs:\n  O:\n    Value: !Ref >-\n      V\n",
        "Resources:\n  V:\n    Type: AWS::Lambda::Version\n    DeletionPolicy:\n",
        'Resources: {"\\u0056": {Type: AWS::Lambda::Version}}',
    ],
)
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(SolutionError):
        versioned(text, {})


def test_flights_is_edited_in_its_versions_alone() -> None:
    text = FLIGHTS.read_text()
    given = {"FeaturesKey": "a", "PredictKey": "b", "ModelUri": "s3://x/y", "ModelSha256": "1" * 64}
    before, after = (versioned(text, given | {"ModelSha256": d * 64}).splitlines() for d in "12")
    changed = [line for line, other in zip(before, after, strict=True) if line != other]
    assert len(changed) == 3 and all("PredictVersion" in line for line in changed)


def test_an_alias_is_held_at_a_version_that_is_there() -> None:
    text = versioned(TEMPLATE, {"Key": "a"})
    name = name_of(TEMPLATE)
    assert pinned(text, {"Alias": "3"}) == text.replace(f"!GetAtt [{name}, Version] ", '"3" ')
    block = text.replace(
        f"!GetAtt [{name}, Version]   #",
        f"\n        Fn::GetAtt:\n          - {name}\n          - Version\n      #",
    )
    assert parse(pinned(block, {"Alias": "3"}))["Resources"]["Alias"]["Properties"]["FunctionVersion"] == "3"
    assert "# which" in pinned(block, {"Alias": "3"})


@pytest.mark.parametrize("name", ["Nothing", "Function", "Role"])
def test_what_is_no_alias_is_not_pinned(name: str) -> None:
    with pytest.raises(SolutionError, match=f"{name} is no alias"):
        pinned(TEMPLATE, {name: "1"})


def test_aliases_name_their_function_and_their_version() -> None:
    assert aliases(TEMPLATE) == {"Alias": ("Function", "Version")}
    assert aliases(pinned(TEMPLATE, {"Alias": "1"})) == {"Alias": ("Function", "")}
    text = TEMPLATE.replace("!GetAtt Function.Arn", '!Sub "${Function}"')
    assert aliases(text) == {"Alias": ("Function", "Version")}
    assert aliases(TEMPLATE.replace("!GetAtt Function.Arn", "!Ref Other")) == {"Alias": ("", "Version")}


def test_aliases_whose_traffic_the_stack_moves_are_known() -> None:
    assert code_deploy_aliases(TEMPLATE) == frozenset()
    policy = "    UpdatePolicy: {CodeDeployLambdaAliasUpdate: {ApplicationName: a}}\n"
    text = TEMPLATE.replace("    DependsOn: [Role", f"{policy}    DependsOn: [Role")
    assert code_deploy_aliases(text) == {"Alias"}


NAMES = ["Version", "V", "Vx", "Function", "Key", "Table"]
VERSIONS = ("Version", "V")
LEAVES = st.one_of(
    st.sampled_from([*NAMES, "${V}", "${!V}", "x: y # z", "🚢 é", "  ", "'\"", "a\nb", "null", "1e3"]),
    st.sampled_from(NAMES).map(lambda n: {"Ref": n}),
    st.sampled_from(NAMES).map(lambda n: {"Fn::GetAtt": [n, "Version"]}),
    st.sampled_from(NAMES).map(lambda n: {"Fn::GetAtt": f"{n}.Version"}),
    st.lists(st.sampled_from([*NAMES, "!V", "V.Version", "Vx.Version"]), max_size=3).map(
        lambda ns: {"Fn::Sub": " 🚢\n".join(f"${{{n}}}" for n in ns)}
    ),
    st.sampled_from(NAMES).map(lambda n: {"Fn::Sub": ["${V} ${Version.Version}", {n: {"Ref": "V"}}]}),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "V", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    extra = st.dictionaries(st.sampled_from(list(POLICIES)), st.sampled_from(["Delete", "Retain"]))
    versions = {
        n: {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": "Function"}},
            **draw(extra),
        }
        for n in VERSIONS
    }
    depends = st.sampled_from(["V", "Vx", ["Version", "Function"]])
    return {
        "Parameters": {"Key": {"Type": "String"}},
        "Resources": {
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Environment": draw(VALUES)}},
            **versions,
            "Vx": {
                "Type": "AWS::SSM::Parameter",
                "DependsOn": draw(depends),
                "Properties": {"P": draw(VALUES)},
            },
        },
        "Outputs": {"V": {"Value": draw(VALUES)}},
    }


def written(body: dict[str, Any], style: str) -> str:
    if style.startswith("json"):
        return json.dumps(body, indent=2 if style == "json2" else None, ensure_ascii=False)
    flow = {"block": False, "flow": True, "mixed": None}[style]
    return "# 🚢 é\n" + yaml.safe_dump(body, default_flow_style=flow, allow_unicode=True, sort_keys=False)


def renamed(value: Any, names: dict[str, str]) -> Any:
    """What a template becomes, worked out on its data instead of its text."""
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: RENAMED.get(key, renamed)(item, names) for key, item in value.items()}


def _reference(item: Any, names: dict[str, str]) -> Any:
    if isinstance(item, list):
        return [names.get(item[0], item[0]), *item[1:]]
    first, dot, rest = item.partition(".")
    return names.get(first, first) + dot + rest


def _text(item: Any, names: dict[str, str]) -> Any:
    text, own = (item, {}) if isinstance(item, str) else item
    for old, new in names.items():
        if old not in own:
            text = text.replace(f"${{{old}}}", f"${{{new}}}").replace(f"${{{old}.", f"${{{new}.")
    return text if isinstance(item, str) else [text, renamed(own, names)]


RENAMED = {"Ref": _reference, "Fn::GetAtt": _reference, "Fn::Sub": _text}


@settings(max_examples=150, deadline=None)
@given(bodies(), st.sampled_from(["json", "json2", "block", "flow", "mixed"]), st.sampled_from(["a", "b"]))
def test_any_template_differs_in_the_names_and_policies_of_its_versions_alone(
    body: dict[str, Any], style: str, key: str
) -> None:
    text = written(body, style)
    made = parse(versioned(text, {"Key": key}))
    new = [n for n, r in made["Resources"].items() if r["Type"] == "AWS::Lambda::Version"]
    names = dict(zip(VERSIONS, new, strict=True))
    assert all(re.fullmatch(f"{old}[0-9a-f]{{10}}", name) for old, name in names.items())
    expected = renamed(parse(text), names)
    resources = expected["Resources"]
    expected["Resources"] = {names.get(n, n): r for n, r in resources.items()}
    for name in new:
        expected["Resources"][name] |= POLICIES
    depends = resources["Vx"]["DependsOn"]
    listed = [names.get(n, n) for n in ([depends] if isinstance(depends, str) else depends)]
    resources["Vx"]["DependsOn"] = listed[0] if isinstance(depends, str) else listed
    assert made == expected
    assert versioned(text, {"Key": key}) == versioned(text, {"Key": key})
