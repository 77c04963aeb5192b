import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threechat.drafts import ClientError, Draft, Typing, parse
from threechat.messages import message_frame
from threechat.models import Message

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
)


def message(draft: Draft) -> Message:
    who = {"sender": "abc", "username": "guest-7", "guest": True}
    return Message(number=17, text=draft.text, client_id=draft.client_id, sent_on=NOON, **who)


def code_of(text: str | None) -> str:
    with pytest.raises(ClientError) as refused:
        parse(text)
    frame = refused.value.frame()
    assert frame["type"] == "error"
    assert frame["username"] == "server"
    assert frame["detail"] == frame["message"] != ""
    return frame["code"]


def test_both_ways_of_writing_a_message_are_understood() -> None:
    expected = Draft("hi", "guest-7", "id-1")
    assert parse('{"message": "hi", "username": "guest-7", "client_id": "id-1", "more": 1}') == expected
    assert parse('{"type": "text", "content": "hi", "user_name": "guest-7", "client_id": "id-1"}') == expected
    assert parse('{"message": "hi"}') == Draft("hi", None, None)
    assert parse('{"type": "typing", "username": "mia"}') == Typing("mia")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "not-json"),
        ("", "not-json"),
        ("{", "not-json"),
        ("[" * 100_000, "not-json"),
        ("[]", "not-an-object"),
        ("null", "not-an-object"),
        ("{}", "no-text"),
        ('{"message": "  \\n"}', "no-text"),
        ('{"message": 7}', "no-text"),
        ('{"message": ["hi"]}', "no-text"),
        (json.dumps({"message": "x" * 4001}), "too-long"),
        ('{"type": "image", "media_url": "/x.png"}', "upload-over-http"),
        ('{"type": "video"}', "upload-over-http"),
        ('{"content": "data:image/png;base64,AAAA", "type": "text"}', "upload-over-http"),
        ('{"type": "shout", "message": "hi"}', "unknown-type"),
        ('{"type": 7, "message": "hi"}', "unknown-type"),
        ('{"type": {}, "message": "hi"}', "unknown-type"),
    ],
)
def test_a_mistake_has_its_code(text: str | None, code: str) -> None:
    assert code_of(text) == code


def test_4000_characters_are_not_too_long() -> None:
    assert isinstance(parse(json.dumps({"message": "房" * 4000})), Draft)


def test_an_error_names_the_message_it_is_about() -> None:
    with pytest.raises(ClientError) as refused:
        parse('{"message": "", "client_id": "id-1"}')
    assert refused.value.frame()["client_id"] == "id-1"


@given(st.text() | ANY_JSON.map(json.dumps))
def test_whatever_is_sent_is_a_message_or_a_clients_mistake(text: str) -> None:
    try:
        parse(text)
    except ClientError:
        pass


@given(st.fixed_dictionaries({"message": ANY_JSON}, optional={"username": ANY_JSON, "client_id": ANY_JSON}))
def test_a_frame_can_always_be_encoded(frame: object) -> None:
    try:
        sent = parse(json.dumps(frame))
    except ClientError as error:
        json.dumps(error.frame(), ensure_ascii=False).encode()
        return
    assert isinstance(sent, Draft)
    json.dumps(message_frame(message(sent)), ensure_ascii=False).encode()


def test_a_frame_has_the_protocols_keys() -> None:
    assert message_frame(message(Draft("hi", None, "id-1"))) == {
        "id": 17,
        "type": "text",
        "message": "hi",
        "username": "guest-7",
        "user": "guest-7",
        "guest": True,
        "sender": "abc",
        "datetime": "2026-01-02T12:00:00.000Z",
        "client_id": "id-1",
    }
