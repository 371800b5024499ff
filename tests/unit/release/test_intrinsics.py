from __future__ import annotations

from typing import Any

import pytest

from runner.errors import SolutionError
from runner.release.intrinsics import Template

HEAD = """
Parameters:
  P: {Type: String, Default: p}
  Given: {Type: String}
  Secret: {Type: String, NoEcho: true}
  List: {Type: CommaDelimitedList, Default: "a,b"}
  Looked: {Type: "AWS::SSM::Parameter::Value<String>", Default: /name}
Mappings:
  M: {p: {k: found}}
Conditions:
  IsP: !Equals [!Ref P, p]
  NotP: !Not [Condition: IsP]
  Both: !And [Condition: IsP, Condition: NotP]
  One: !Or [Condition: IsP, !Equals [!Ref AWS::Region, x]]
  Unknown: !Equals [!Ref AWS::Region, x]
  Perhaps: !And [Condition: IsP, Condition: Unknown]
  PerhapsNot: !Or [Condition: NotP, Condition: Unknown]
  NotUnknown: !Not [Condition: Unknown]
  Loop: !Not [Condition: Loop]
Resources:
  R:
    Type: T
    Properties:
      V: """
VALUES = {"Given": "g", "Secret": "hidden"}


def worked_out(value: str, *, hidden: bool = False) -> Any:
    return Template.read(HEAD + value, VALUES, hidden=hidden).properties("R").get("V")


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("!Ref Given", "g"),
        ("{Ref: P}", "p"),
        ("!Ref List", ["a", "b"]),
        ("!Ref Secret", "hidden"),
        ("!Sub '${P}-${Given}'", "p-g"),
        ("!Sub ['${X}/${P}', {X: !Ref Given}]", "g/p"),
        ("!Sub ['${P}', {P: mine}]", "mine"),
        ("!Sub 'a${!P}'", "a${P}"),
        ("!Join ['/', [a, !Ref P]]", "a/p"),
        ("!Join [',', !Ref List]", "a,b"),
        ("!Select [1, !Split ['//', 's3://x']]", "x"),
        ("!Select ['0', !Ref List]", "a"),
        ("!FindInMap [M, !Ref P, k]", "found"),
        ("!If [IsP, yes, no]", "yes"),
        ("!If [NotP, yes, no]", "no"),
        ("!If [Both, yes, no]", "no"),
        ("!If [One, yes, no]", "yes"),
        ("!If [NotP, yes, !Ref AWS::NoValue]", None),
        ("[!If [NotP, 1, !Ref AWS::NoValue], 2]", ["2"]),
    ],
)
def test_what_the_parameters_decide_is_worked_out(value: str, meaning: Any) -> None:
    assert worked_out(value) == meaning


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("!Ref Other", {"Ref": "Other"}),
        ("!Ref AWS::Region", {"Ref": "AWS::Region"}),
        ("!Ref Looked", {"Ref": "Looked", "Value": "/name"}),
        ("!GetAtt A.B.C", {"Fn::GetAtt": "A.B.C"}),
        ("!Sub '${A}'", {"Ref": "A"}),
        ("!Sub '${A.B.C}'", {"Fn::GetAtt": ["A", "B.C"]}),
        ("!Sub '${P}${A}'", {"Fn::Sub": ["p${A}", {"A": {"Ref": "A"}}]}),
        ("!Join ['', [!Ref A, !Ref P]]", {"Fn::Join": ["", [{"Ref": "A"}, "p"]]}),
        ("!If [Loop, 1, 2]", {"Fn::If": [{"Fn::Not": [{"Condition": "Loop"}]}, "1", "2"]}),
        ("!ImportValue x", {"Fn::ImportValue": "x"}),
        # Malformed: as it is.
        ("!Sub 3", "3"),
        ("!Sub [a]", {"Fn::Sub": ["a"]}),
        ("!Select [9, [a]]", {"Fn::Select": ["9", ["a"]]}),
        ("!Select [x, [a]]", {"Fn::Select": ["x", ["a"]]}),
        ("!Join x", {"Fn::Join": "x"}),
        ("!FindInMap [M, nothing, k]", {"Fn::FindInMap": ["M", "nothing", "k"]}),
        ("!If []", {"Fn::If": []}),
        ("{Ref: [a]}", {"Ref": ["a"]}),
    ],
)
def test_what_they_do_not_decide_stays(value: str, left: Any) -> None:
    assert worked_out(value) == left


@pytest.mark.parametrize("name", ["Unknown", "Perhaps", "PerhapsNot", "NotUnknown", "Loop", "Missing"])
def test_a_condition_that_cannot_be_told_decides_nothing(name: str) -> None:
    assert worked_out(f"!If [{name}, yes, no]")["Fn::If"][1:] == ["yes", "no"]


def test_secrets_can_be_left_out() -> None:
    assert worked_out("!Sub 'x${Secret}'", hidden=True) == {
        "Fn::Sub": ["x${Secret}", {"Secret": {"Ref": "Secret"}}]
    }


def test_a_resource_whose_condition_does_not_hold_is_none() -> None:
    text = "\n".join(f"  {c}R: {{Type: X, Condition: {c}}}" for c in ("IsP", "NotP", "Unknown", "Missing"))
    found = Template.read(f"{HEAD}1\n{text}", VALUES).resources("X")
    assert set(found) == {"IsPR", "UnknownR", "MissingR"}


@pytest.mark.parametrize(
    "text", ["", "a", "[1]", "Resources: 3", "Resources: {{a: b}: c}", "&a [*a]", "{" * 5000]
)
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(SolutionError):
        Template.read(text, {})
