import pytest

from threechat.names import readable, skeleton


@pytest.mark.parametrize(
    "look_alike",
    [
        *("anna", "ANNA", "аnna", "аnnа", "ａｎｎａ", "ánna", "an\u200bna", "an\u202ena", "an na"),
        *("anna\u1160", "\u3164anna", "anna\uffa0", "anna\u2800", "ꓮꓠꓠꓮ", "ᴀɴɴᴀ", "ꭺnna"),
    ],
)
def test_names_that_look_alike_have_one_skeleton(look_alike: str) -> None:
    assert skeleton(look_alike) == skeleton("anna")


def test_names_that_differ_to_the_eye_differ() -> None:
    names = ["anna", "hanna", "ann", "bob", "房间", "анна-мария"]
    assert len({skeleton(name) for name in names}) == len(names)


def test_a_readable_name_has_no_invisible_characters() -> None:
    assert readable(" a\u202eb\x00\n  c\u200b ") == "ab c"
    assert readable("\ufe0f\u034f\u180b\U000e0100\u3164") == ""
