import pytest

from runner.components.stack import check_yaml
from runner.errors import SolutionError

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(f"{c}: [*b, *b]\n" for c in "cdef")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (BOMB.encode(), "aliases"),
        (b"[" * 200, "nested deeper"),
        (b"a: [\n", "not a YAML template"),
        (b"\xff\xfe\x00", "not a YAML template"),
        (b"", "empty"),
        (b"# nothing\n", "empty"),
        (b"just text", "empty"),
        (b"x: " + b"y" * 1_000_001, "at most"),
    ],
)
def test_a_hostile_template_is_the_solutions_fault(data, told):
    with pytest.raises(SolutionError) as error:
        check_yaml(data, where="t.yml")
    assert told in str(error.value)


def test_short_forms_are_fine():
    check_yaml(
        b"Resources: {A: {Type: X, Properties: {B: !Sub '${AWS::Region}', C: !GetAtt A.Arn}}}", where="t"
    )
