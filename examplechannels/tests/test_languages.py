"""Pages speak English and Chinese, as the browser asks or its reader chose, and nothing is left untranslated."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation.template import templatize

from examplechannels.asgi import application
from examplechannels.languages import in_the_sites_own
from examplechannels.questions import ask
from tests.sockets import Communicator

[FOLDER] = (Path(path) / "zh_Hans" / "LC_MESSAGES" for path in settings.LOCALE_PATHS)
APPS = ["examplechannels", "one", "two", "threechat"]
TEXT = r'(?:".*"\n)+'
ENTRY = re.compile(rf"^msgid (?P<id>{TEXT})(?:msgid_plural {TEXT})?msgstr(?:\[0\])? (?P<text>{TEXT})", re.MULTILINE)
CALL = re.compile(r"""(?:\b_|\bn?gettext)\(\s*u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
NAMES = {"_", "gettext", "gettext_lazy", "ngettext"}
PLACE = re.compile(r"%\(\w+\)[sd]|</?bdi>")


def entries(domain: str) -> dict[str, str]:
    """What is translated, and to what."""
    text = (FOLDER / f"{domain}.po").read_text()
    pairs = [[ast.literal_eval(f"({found[part]})") for part in ("id", "text")] for found in ENTRY.finditer(text)]
    return {sentence: told for sentence, told in pairs if sentence}


def said_by_python() -> Iterator[str]:
    for path in (path for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py") if "tests" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(sentence)), *_]) if name in NAMES:
                    yield sentence


def said_by(pattern: str) -> Iterator[str]:
    for path in settings.BASE_DIR.glob(pattern):
        text = path.read_text()
        text = templatize(text) if path.suffix == ".html" else text
        yield from (ast.literal_eval(found) for found in CALL.findall(text))


def test_every_sentence_of_the_program_is_translated_and_no_other() -> None:
    assert set(entries("django")) == {*said_by_python(), *said_by("templates/**/*.html")}
    assert set(entries("djangojs")) == set(said_by("static/js/**/*.js"))


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_every_translation_fills_in_the_same_and_is_what_runs(domain: str) -> None:
    with (FOLDER / f"{domain}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for sentence, told in entries(domain).items():
        assert told.strip(), sentence
        assert sorted(PLACE.findall(sentence)) == sorted(PLACE.findall(told)), sentence
        runs = {compiled.gettext(sentence), compiled.ngettext(sentence, "", 2)}
        assert told in runs, f"{sentence}: run `make messages`"


OURS = [(b"host", b"localhost:8000"), (b"origin", b"http://localhost:8000")]
BROWSERS = [
    ({}, "en"),
    ({"Accept-Language": "de"}, "en"),
    ({"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}, "zh-hans"),
    ({"Accept-Language": "en-GB,zh;q=0.5"}, "en"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("headers", "language"), BROWSERS)
def test_a_page_speaks_as_the_browser_asks(client: Client, headers: dict[str, str], language: str) -> None:
    answer = client.get("/", headers=headers)
    text = answer.content.decode()
    assert f'<html lang="{language}"' in text
    assert ("三个实时页面" in text) == (language == "zh-hans")
    assert "Accept-Language" in answer["Vary"]
    assert f"/i18n/catalog.js?{language}" in text, "or the browser would keep the words of another language"
    words = client.get(f"/i18n/catalog.js?{language}", headers=headers).content.decode("raw_unicode_escape")
    assert ("正在重新连接" in words) == (language == "zh-hans")


@pytest.mark.django_db
def test_a_reader_chooses_and_comes_back_to_the_page(client: Client) -> None:
    answer = client.post("/i18n/setlang/", {"language": "zh-hans"}, headers={"Referer": "http://testserver/two/"})
    assert (answer.status_code, answer["Location"]) == (302, "http://testserver/two/")
    page = client.get("/two/").content.decode()
    assert '<html lang="zh-hans"' in page
    assert re.search(r'name="language" value="en" lang="en">English<', page), "who cannot read it finds the way back"
    client.post("/i18n/setlang/", {"language": "en"})
    assert '<html lang="en"' in client.get("/two/", headers={"Accept-Language": "zh"}).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ([], "not JSON"),
        ([(b"accept-language", b"zh-CN,en;q=0.5")], "不是 JSON"),
        ([(b"accept-language", b"zh-CN"), (b"cookie", b"django_language=en")], "not JSON"),
        ([(b"cookie", b"django_language=zh-hans")], "不是 JSON"),
    ],
)
async def test_a_socket_speaks_as_the_browser_that_opened_it(headers: list[tuple[bytes, bytes]], says: str) -> None:
    client = Communicator(application, "/ws/chat/languages/", headers=[*OURS, *headers])
    assert (await client.connect(timeout=5))[0]
    await client.send_to(text_data="{")
    assert says in await client.receive_from(timeout=5)
    await client.disconnect()


async def test_the_database_is_asked_in_the_language_of_who_asks() -> None:
    with translation.override("zh-hans"):
        assert await ask(lambda: translation.gettext("Log in")) == "登录"
    assert await ask(lambda: translation.gettext("Log in")) == "Log in"


def test_what_is_kept_for_everybody_is_in_the_sites_language() -> None:
    with translation.override("zh-hans"), in_the_sites_own():
        assert translation.gettext("Log in") == "Log in"
