import pytest

from runner.components.references import interpolate, interpolate_all, published, values
from runner.errors import UsageError
from runner.model import Artifact, Variant

FN = Artifact(
    "predict",
    "lambda-zip",
    "/c/p-312.zip",
    "a" * 64,
    1,
    "i",
    executed=Variant("py311", "/c/p-311.zip", "b" * 64, 1),
)
MODEL = Artifact("model", "model", "/s/m.onnx", "c" * 64, 1, "i")


def known(executed, bucket="bkt"):
    return values(bucket, {a.name: published("sol", a, executed=executed) for a in (FN, MODEL)})


def test_keys_are_named_by_content():
    assert known(False)["predict.key"] == f"sol/predict/{'a' * 64}.zip"
    assert known(False)["model.uri"] == f"s3://bkt/sol/model/{'c' * 64}.onnx"
    assert known(False)["model.file"] == "/s/m.onnx"


def test_the_sandbox_gets_what_it_can_execute():
    assert known(True)["predict.sha256"] == "b" * 64
    assert known(True)["predict.key"] == f"sol/predict/{'b' * 64}.zip"
    assert known(True)["model.sha256"] == "c" * 64


def test_replaces_every_reference_and_nothing_else():
    text = "${bucket}/x ${ model.sha256 } $model {bucket}"
    assert interpolate(text, known(False), where="w") == f"bkt/x {'c' * 64} $model {{bucket}}"


def test_what_is_put_in_is_not_read_again():
    assert interpolate("${a}", {"a": "${b}", "b": "x"}, where="w") == "${b}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [("${predict.keys}", "${predict.key}"), ("${modl.uri}", "${model.uri}"), ("${zzz}", "there are: bucket")],
)
def test_an_unknown_one_is_refused_with_the_nearest(text, hint):
    with pytest.raises(UsageError) as error:
        interpolate_all({"P": text}, known(False), where="components.stack.parameters")
    assert hint in error.value.hint
    assert error.value.where == "components.stack.parameters.P"


def test_without_a_bucket_there_is_no_address():
    assert "model.uri" not in known(True, bucket="")
    assert "bucket" not in known(True, bucket="")
