import json
import logging
from collections.abc import Callable

import pytest

from examplechannels.logs import JsonFormatter, LineFormatter, WithoutSecrets, configuration, request_id, traceback_of

SECRET = "geheim"
EMPTY: dict[str, int] = {}
DETAIL = f"null value in column\nDETAIL:  Failing row contains (1, {SECRET})."


def record(message: str, error: BaseException | None = None, **extra: object) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error else None
    found = logging.LogRecord("two.test", logging.WARNING, __file__, 1, message, (), exc_info)
    found.__dict__.update(extra)
    WithoutSecrets().filter(found)
    return found


def raised(act: Callable[[], object]) -> BaseException:
    try:
        act()
    except Exception as error:
        return error
    raise AssertionError


def raising(error: Exception) -> Callable[[], object]:
    def act() -> None:
        raise error

    return act


def test_a_record_is_one_json_object() -> None:
    request_id.set("an-id")
    text = JsonFormatter().format(record("two\nlines", fields={"status": 200}))
    assert "\n" not in text
    told = json.loads(text)
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "WARNING",
        "logger": "two.test",
        "message": "two\nlines",
        "request_id": "an-id",
        "status": 200,
    }


def test_a_traceback_is_one_field_and_names_the_place() -> None:
    told = json.loads(JsonFormatter().format(record("broken", raised(lambda: 1 / 0))))
    assert "ZeroDivisionError: division by zero" in told["traceback"]
    assert "test_logs.py" in told["traceback"]


@pytest.mark.parametrize(
    "address",
    [
        f"/two/?view={SECRET}",
        f"/write?db=x&p={SECRET}",
        f"/accounts/login/?next=/two/%3Fview%3D{SECRET}",
        f"/chat/join/{SECRET}/",
        f"Not Found: /chat/join/{SECRET}",
    ],
)
def test_tokens_and_invitations_in_addresses_are_left_out(address: str) -> None:
    assert SECRET not in JsonFormatter().format(record(address))
    assert SECRET not in traceback_of(raised(raising(RuntimeError(address))))


class DataError(Exception):
    """What drivers call a value that does not fit."""


@pytest.mark.parametrize(
    "act",
    [
        lambda: int(SECRET),
        lambda: EMPTY[SECRET],
        lambda: EMPTY[SECRET + "'"],
        raising(RuntimeError(DETAIL)),
        raising(DataError(f'invalid input syntax for type integer: "{SECRET}"')),
        raising(ExceptionGroup("several", [ValueError(f"bad: '{SECRET}'"), RuntimeError(DETAIL)])),
    ],
)
@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter()])
def test_a_traceback_does_not_tell_what_people_sent(act: Callable[[], object], formatter: logging.Formatter) -> None:
    def caused() -> None:
        try:
            act()
        except Exception as error:
            raise RuntimeError("not stored") from error

    def in_between() -> None:
        try:
            act()
        except Exception:
            raise RuntimeError("not stored")  # noqa: B904

    for broken in (act, caused, in_between):
        text = formatter.format(record("broken", raised(broken)))
        assert "Error" in text
        assert SECRET not in text
        assert ("which led to" in text) is (broken is not act)


def test_what_asyncio_repeats_of_an_exception_is_left_out() -> None:
    message = f"Task exception was never retrieved\nfuture: <Task exception=ValueError({SECRET!r})>"
    told = json.loads(JsonFormatter().format(record(message, raised(raising(ValueError(f"'{SECRET}'"))))))
    assert told["message"] == "Task exception was never retrieved"
    assert SECRET not in str(told)


def test_a_line_ends_with_the_id_of_its_request() -> None:
    request_id.set("an-id")
    assert LineFormatter("{message}", style="{").format(record("broken")) == "broken [an-id]"


@pytest.mark.parametrize(
    ("level", "own", "django", "root"),
    [
        ("DEBUG", "DEBUG", "INFO", "WARNING"),
        ("INFO", "INFO", "INFO", "WARNING"),
        ("ERROR", "ERROR", "ERROR", "ERROR"),
    ],
)
def test_libraries_never_tell_what_they_carry(level: str, own: str, django: str, root: str) -> None:
    found = configuration("json", level)
    assert found["loggers"]["two"]["level"] == own
    assert found["loggers"]["django"]["level"] == django
    assert found["root"]["level"] == root
