import pytest
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from threechat.links import pieces
from threechat.templatetags.chat import linked


# tests/js/links.test.js has the same table.
@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://example.com/a?b=1&c=2#d now", ["https://example.com/a?b=1&c=2#d"]),
        ("HTTP://EXAMPLE.COM", ["HTTP://EXAMPLE.COM"]),
        ("(https://example.com/a)", ["https://example.com/a"]),
        ("https://example.com/a_(b)", ["https://example.com/a_(b)"]),
        ("https://example.com, https://example.org.", ["https://example.com", "https://example.org"]),
        ("https://例え.jp/パス", ["https://例え.jp/パス"]),
        ('<a href="https://example.com">', ["https://example.com"]),
        ("javascript:alert(1) data:text/html,x ftp://example.com mailto:x", []),
        ("https:// http://", []),
        ("example.com", []),
    ],
)
def test_only_links_are_links(text: str, urls: list[str]) -> None:
    assert [piece for piece, is_url in pieces(text) if is_url] == urls


@given(st.text(alphabet=st.sampled_from("htps:/.<>\"'&()ab \n")) | st.text())
def test_nothing_is_lost_and_nothing_becomes_html(text: str) -> None:
    cut = list(pieces(text))
    assert "".join(piece for piece, _ in cut) == text
    if not any(is_url for _, is_url in cut):
        assert linked(text) == escape(text)
    assert linked(text).count("<") == 2 * sum(is_url for _, is_url in cut)


def test_a_link_leads_away_without_taking_anything_along() -> None:
    assert linked("https://example.com/?a&b") == (
        '<a href="https://example.com/?a&amp;b" target="_blank" rel="noopener noreferrer nofollow ugc">'
        "https://example.com/?a&amp;b</a>"
    )
