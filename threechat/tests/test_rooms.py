import pytest
from channels.layers import BaseChannelLayer
from hypothesis import given
from hypothesis import strategies as st

from threechat.rooms import BadRoomName, events_group, messages_group, room_named


@pytest.mark.parametrize("name", ["room1", "房间", "café", "Über-uns_2", "a b", "x" * 80, "हिन्दी", "1"])
def test_a_name_in_any_script_is_fine(name: str) -> None:
    assert room_named(name).name == name


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 81, "../x", "a/b", "a.b", "<b>", "a\nb", "a\u202eb", "a\x00", "😀", "a\ufe0f", "\u3164"]
)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(BadRoomName):
        room_named(name)


def test_spaces_around_case_and_the_way_of_writing_an_accent_do_not_count() -> None:
    assert room_named(" cafe\u0301 ").name == "café"
    assert room_named("CAFÉ").key == room_named("café").key
    assert room_named("room1").key != room_named("room2").key


@given(st.text(max_size=100))
def test_every_name_that_is_let_in_has_valid_groups(name: str) -> None:
    try:
        room = room_named(name)
    except BadRoomName:
        return
    for group in (messages_group(room.key), events_group(room.key)):
        BaseChannelLayer().require_valid_group_name(group)
    assert room_named(room.name) == room
