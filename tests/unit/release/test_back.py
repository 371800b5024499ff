"""The way back: which older release or version, and that each further step goes further back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import UsageError
from runner.release.back import Past, component, way_out, whole
from runner.release.records import Content, Ended, Kind, Outcome, Part, Release


def part(name: str, version: int) -> Part:
    return Part(
        "model", f"2026.11.2{version}-1", f"{name}{version}" * 8, f"{name}{version}" * 8, f"k/{name}{version}"
    )


def content(model: int, features: int, stack: int = 1) -> Content:
    parts = {"model": part("m", model), "features": part("f", features), "stack": part("s", stack)}
    return Content("flights-prod", parts["stack"].sha256, {"Model": "${model.uri}", "S": str(stack)}, parts)


def release(number: int, what: Content, **changes: object) -> Release:
    made = Release(
        number, f"id{number}", Kind.DEPLOY, "flights", "prod", what, f"2026.11.2{number}-1+abcdef0",
        f"manifest{number}", "run", "c" * 40, "ann", "2026-11-23T00:00:00+00:00",
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def past(*releases: Release, failed: tuple[int, ...] = ()) -> Past:
    ends = {
        r.number: Outcome(r.number, Ended.FAILED if r.number in failed else Ended.SUCCEEDED, "", "", "")
        for r in releases
    }
    return Past(releases, ends)


ONE, TWO, THREE = release(1, content(1, 1)), release(2, content(2, 1)), release(3, content(3, 2))


def test_back_to_the_one_before() -> None:
    way = whole(past(ONE, TWO))
    assert (way.restores, way.content, way.together) == (1, ONE.content, True)


def test_a_failed_release_is_nothing_to_go_back_to() -> None:
    assert whole(past(ONE, TWO, THREE, failed=(2,))).restores == 1


def test_behind_a_rollback_it_goes_further_back() -> None:
    four = release(4, TWO.content, kind=Kind.ROLLBACK, restores=2)
    assert whole(past(ONE, TWO, THREE, four)).restores == 1
    five = release(5, ONE.content, kind=Kind.ROLLBACK, restores=1)
    with pytest.raises(UsageError, match="nothing else ran before it") as refused:
        whole(past(ONE, TWO, THREE, four, five))
    assert refused.value.hint == "--to leads to any that ran here: 1, 2, 3, 4"
    with pytest.raises(UsageError, match="it is the first one"):
        whole(past(ONE))


def test_after_a_rollback_and_a_new_release_it_goes_to_what_ran_in_between() -> None:
    three = release(3, ONE.content, kind=Kind.ROLLBACK, restores=1)
    four = release(4, content(4, 2))
    assert whole(past(ONE, TWO, three, four)).content == ONE.content


def test_behind_a_component_s_rollback_it_goes_behind_what_that_mended() -> None:
    four = release(4, content(2, 2), kind=Kind.ROLLBACK, previous=3)
    assert whole(past(ONE, TWO, THREE, four)).restores == 2


def test_a_release_with_the_same_content_is_not_the_one_before() -> None:
    again = release(3, TWO.content)
    assert whole(past(ONE, TWO, again)).restores == 1


@pytest.mark.parametrize("to", ["1", "2026.11.21-1", "2026.11.21-1+abcdef0", "id1"])
def test_a_release_by_any_of_its_names(to: str) -> None:
    assert whole(past(ONE, TWO, THREE), to).restores == 1


def test_a_release_that_is_none() -> None:
    with pytest.raises(UsageError, match=r"did you mean '2026\.11\.22-1\+abcdef0'"):
        whole(past(ONE, TWO, THREE), "2026.11.22-1+abcdef1")


def test_where_none_succeeded_none_is_listed() -> None:
    with pytest.raises(UsageError, match=r"no release '1' succeeded here; there is none$"):
        whole(past(ONE, failed=(1,)), "1")


def test_nothing_was_deployed() -> None:
    with pytest.raises(UsageError, match="nothing was deployed"):
        whole(past())


def test_one_component_alone() -> None:
    way = component(past(ONE, TWO, THREE), "model", "2026.11.21-1")
    assert way.content.parts["model"] == ONE.content.parts["model"]
    assert way.content.parts["features"] == THREE.content.parts["features"]
    assert (way.restores, way.together) == (0, False)
    assert "model from 2026.11.23-1 back to 2026.11.21-1" in way.note


def test_a_combination_that_ran_before_is_known() -> None:
    assert component(past(ONE, TWO), "model").together


def test_one_component_to_the_version_before() -> None:
    assert component(past(ONE, TWO, THREE), "features").content.parts["features"].version == "2026.11.21-1"
    with pytest.raises(UsageError, match="first version"):
        component(past(ONE, TWO), "features")


def test_a_template_comes_back_with_its_own_parameters() -> None:
    four = release(4, content(3, 2, stack=2))
    way = component(past(ONE, TWO, THREE, four), "stack")
    assert way.content.template == THREE.content.template
    assert way.content.recipe["S"] == "1"


@pytest.mark.parametrize(("name", "to"), [("modle", ""), ("model", "2026.11.29-1")])
def test_what_there_is_none_of(name: str, to: str) -> None:
    with pytest.raises(UsageError, match="did you mean"):
        component(past(ONE, TWO, THREE), name, to)


def rolled(number: int, what: Content, **changes: object) -> Release:
    return release(number, what, kind=Kind.ROLLBACK, **{"previous": number - 1, **changes})


def test_a_rollback_to_a_rollback_does_not_lead_to_what_that_one_left() -> None:
    four = rolled(4, TWO.content, restores=2)
    five = release(5, content(5, 2))
    assert whole(past(ONE, TWO, THREE, four, five)).restores == 4
    six = rolled(6, TWO.content, restores=4)
    assert whole(past(ONE, TWO, THREE, four, five, six)).restores == 1


def test_nor_does_one_behind_a_release_that_brought_the_same_again() -> None:
    """The revert commit of a rollback, tested and deployed."""
    four, five = rolled(4, TWO.content, restores=2), release(5, TWO.content)
    assert whole(past(ONE, TWO, THREE, four, five)).restores == 1


def test_behind_two_components_rollbacks_the_whole_goes_behind_both() -> None:
    four = rolled(4, content(2, 2))
    five = rolled(5, content(2, 1, stack=1))
    three = release(3, content(3, 2))
    two = release(2, content(2, 1, stack=2))
    assert whole(past(ONE, two, three, four, five)).restores == 2


def test_a_component_goes_back_to_what_ran_before_it_not_to_an_older_number() -> None:
    again = release(3, ONE.content)
    way = component(past(ONE, TWO, again), "model")
    assert way.content.parts["model"] == TWO.content.parts["model"]


def test_a_component_that_is_taken_back_twice_goes_further_back() -> None:
    four = rolled(4, content(2, 2))
    way = component(past(ONE, TWO, THREE, four), "model")
    assert way.content.parts["model"] == ONE.content.parts["model"]
    five = rolled(5, content(2, 1))  # now features alone: the model stands where it stood
    assert component(past(ONE, TWO, THREE, four, five), "model").content.parts["model"].version[-3] == "1"
    six = rolled(6, content(1, 1))
    with pytest.raises(UsageError, match="first version"):
        component(past(ONE, TWO, THREE, four, five, six), "model")


def test_a_component_that_was_taken_forth_again_goes_back_from_there() -> None:
    four, five = rolled(4, content(1, 2)), rolled(5, content(2, 2))
    way = component(past(ONE, TWO, THREE, four, five), "model")
    assert way.content.parts["model"] == ONE.content.parts["model"]


def test_a_component_after_the_whole_went_back_goes_back_from_there() -> None:
    four = rolled(4, TWO.content, restores=2)
    assert component(past(ONE, TWO, THREE, four), "model").content.parts["model"].version[-3] == "1"


def test_a_component_that_came_later_has_nothing_before_it() -> None:
    early = replace(ONE.content, parts={k: v for k, v in ONE.content.parts.items() if k != "model"})
    with pytest.raises(UsageError, match="first version"):
        component(past(release(1, early), TWO), "model")


def test_a_template_comes_back_with_the_parameters_that_it_had_last() -> None:
    two = release(2, replace(ONE.content, recipe={"Model": "${model.uri}", "S": "9"}))
    way = component(past(ONE, two, release(3, content(1, 1, stack=2))), "stack")
    assert (way.content.recipe["S"], way.together) == ("9", True)


def half_way(*releases: Release, outcome: Outcome | None = None) -> Past:
    """The last of them has no outcome, or this one."""
    made = past(*releases[:-1])
    last = {releases[-1].number: outcome} if outcome else {}
    return Past(releases, {**made.outcomes, **last})


def test_a_deployment_that_was_cut_off_leads_back_to_what_ran() -> None:
    way = way_out(half_way(ONE, TWO, THREE))
    assert way is not None
    assert (way.restores, way.content) == (2, TWO.content)
    assert way.note == "release 3 was cut off: back to release 2 (2026.11.22-1+abcdef0)"


def test_so_does_one_that_could_not_be_taken_back() -> None:
    failed = Outcome(3, Ended.FAILED, "", "", "")
    way = way_out(half_way(ONE, TWO, THREE, outcome=failed))
    assert way is not None
    assert (way.restores, way.note[:28]) == (2, "release 3 was not taken back")
    assert way_out(half_way(ONE, TWO, THREE, outcome=replace(failed, restored=True))) is None


def test_a_rollback_that_was_cut_off_is_gone_on_with() -> None:
    four = rolled(4, ONE.content, restores=1, note="back to release 1")
    way = way_out(half_way(ONE, TWO, THREE, four))
    assert way is not None
    assert (way.restores, way.note) == (1, "going on: back to release 1")


@pytest.mark.parametrize("there", [past(), past(ONE, TWO), half_way(ONE)])
def test_nothing_stands_half_way(there: Past) -> None:
    assert way_out(there) is None
