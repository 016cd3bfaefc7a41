"""What the pages promise as a whole: nothing inline, icons that exist, words in every state, both themes."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client

from accounts.avatars import HUES
from rooms import services
from tests.factories import Cast, make_direct, make_user, say

STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
ENTRANCE = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/password/reset/done/"]
OWN = [
    "/accounts/logout/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/settings/profile/",
    "/settings/privacy/",
    "/settings/security/",
]


class Page(HTMLParser):
    """What of a page a strict content security policy would refuse, and its landmarks."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.tags: list[str] = []
        self.labels: set[str] = set()
        self.unlabelled: list[str] = []
        self._fields: list[dict[str, str | None]] = []
        self._inside_label = 0
        self.feed(html)
        self.unlabelled = [
            str(field) for field in self._fields if "aria-label" not in field and field.get("id") not in self.labels
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/json"):
            self.inline.append(f"<{tag}>")
        if tag == "label":
            self._inside_label += 1
            self.labels.add(given.get("for") or "")
        if tag in ("input", "textarea") and given.get("type") != "hidden" and not self._inside_label:
            self._fields.append(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self._inside_label -= 1


def all_pages(cast: Cast) -> dict[str, str]:
    """Every kind of page, as Alice or a stranger gets it."""
    say(cast.team, cast.bob, "Hello")
    services.archive(cast.alice, cast.lobby)
    direct = make_direct(cast.alice, cast.bob)
    alice, mallory, stranger = Client(), Client(), Client()
    alice.force_login(cast.alice)
    mallory.force_login(cast.mallory)
    rooms = [f"/r/{room.slug}/" for room in (cast.team, cast.lobby, cast.news, direct)]
    inside = ["/rooms/", "/rooms/?q=zzz", "/rooms/new/", "/direct/new/", "/direct/new/?q=zzz", "/no-such-page/"]
    pages = {path: alice.get(path, follow=True) for path in (*rooms, *inside, *OWN, f"/people/{cast.bob.pk}/")}
    pages |= {f"door of {path}": mallory.get(path) for path in rooms[1:3]}
    pages |= {path: stranger.get(path) for path in ENTRANCE}
    pages["bad key"] = stranger.get("/accounts/password/reset/key/3-x/")
    return {path: response.content.decode() for path, response in pages.items()}


@pytest.mark.django_db
def test_pages_hold_nothing_inline_and_one_of_each_landmark(cast: Cast) -> None:
    for path, html in all_pages(cast).items():
        page = Page(html)
        assert page.inline == [], path
        assert page.unlabelled == [], path
        assert page.tags.count("main") == page.tags.count("h1") == 1, path
        assert re.search(r"<title>[^<]+ · [^<]+</title>", html), path
        assert '<html lang="en"' in html, path


@pytest.mark.django_db
def test_every_icon_on_a_page_is_in_the_sprite(cast: Cast) -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img/icons.svg").read_text()))
    used = {name for html in all_pages(cast).values() for name in re.findall(r'icons\.svg#([^"]*)"', html)}
    named = {
        name
        for file in TEMPLATES.rglob("*.html")
        for name in re.findall(r'icon\.html" with name="([^"]+)"', file.read_text())
    }
    assert used <= drawn
    assert named <= drawn


@pytest.mark.django_db
def test_every_style_sheet_and_picture_on_a_page_exists(cast: Cast) -> None:
    for path, html in all_pages(cast).items():
        for file in re.findall(r'(?:href|src)="/static/([^"#]+)', html):
            assert finders.find(file), (path, file)  # some of it is allauth's own


def test_there_is_a_colour_for_every_hue() -> None:
    css = (STATIC / "css/avatar.css").read_text()
    assert {int(each) for each in re.findall(r'^\[data-hue="(\d+)"\]', css, re.M)} == set(range(HUES))


def test_every_value_of_the_design_that_is_used_is_defined() -> None:
    sheets = {file.name: file.read_text() for file in (STATIC / "css").glob("*.css")}
    defined = {name for css in sheets.values() for name in re.findall(r"(--[\w-]+):", css)}
    for name, css in sheets.items():
        assert set(re.findall(r"var\((--[\w-]+)\)", css)) <= defined, name


def test_colours_are_named_in_one_place() -> None:
    """Both themes come from one set: a plain colour elsewhere would be right in one of them only."""
    for file in (STATIC / "css").glob("*.css"):
        for line in file.read_text().splitlines():
            if file.name != "tokens.css" and re.search(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\boklch\(", line):
                assert "light-dark(" in line, (file.name, line)


# --- Themes ----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_holds_on_every_page_until_the_system_decides_again(theme: str) -> None:
    client = Client()
    client.force_login(make_user("alice"))
    assert client.post("/accounts/theme/", {"theme": theme, "next": "/rooms/"}).headers["Location"] == "/rooms/"
    assert f'data-theme="{theme}"' in client.get("/rooms/").content.decode()
    client.post("/accounts/theme/", {"theme": "system"})
    assert "data-theme" not in client.get("/rooms/").content.decode()


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_choosing_a_theme_leads_nowhere_else(client: Client, elsewhere: str) -> None:
    assert client.post("/accounts/theme/", {"theme": "dark", "next": elsewhere}).headers["Location"] == "/"


# --- When something goes wrong ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_errors_have_a_page_that_needs_no_context(name: str) -> None:
    html = render_to_string(f"{name}.html")
    assert Page(html).tags.count("h1") == 1
    assert 'href="/"' in html


def test_a_form_from_elsewhere_is_refused_in_words() -> None:
    response = Client(enforce_csrf_checks=True).post("/accounts/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "Nothing was changed." in response.content.decode()


@pytest.mark.django_db
def test_a_wrong_password_keeps_the_name_and_not_the_password(client: Client) -> None:
    page = client.post("/accounts/login/", {"login": "alice", "password": "not-hers"}).content.decode()
    assert 'value="alice"' in page
    assert "not-hers" not in page
    assert 'class="errors"' in page


@pytest.mark.django_db
def test_a_sign_up_that_fails_keeps_what_was_typed(client: Client) -> None:
    page = client.post(
        "/accounts/signup/", {"username": "alice", "email": "alice@example.org", "password1": "x"}
    ).content.decode()
    assert 'value="alice"' in page
    assert 'value="alice@example.org"' in page
    assert 'aria-invalid="true"' in page


@pytest.mark.django_db
def test_signing_in_and_out_needs_no_words_on_top(client: Client) -> None:
    make_user("alice", password="correct horse battery")
    page = client.post("/accounts/login/", {"login": "alice", "password": "correct horse battery"}, follow=True)
    assert page.redirect_chain[-1][0] == "/rooms/"
    assert '<li class="notice' not in page.content.decode()
    assert '<li class="notice' not in client.post("/accounts/logout/", follow=True).content.decode()
