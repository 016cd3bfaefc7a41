"""Search over REST, and as a page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from messaging import search
from messaging.search import finding
from tests.contract import ContractClient
from tests.factories import Cast, make_direct, say

pytestmark = pytest.mark.django_db(transaction=True)

Api = Callable[..., ContractClient]


def test_a_hit_is_the_message_its_room_and_where_it_matches(cast: Cast, api: Api) -> None:
    said = say(cast.team, cast.alice, "Notes & <more> of the meeting")
    body = api(cast.bob).get("/api/v1/search/", {"q": "notes"}).json()
    (hit,) = body["results"]
    assert (hit["message"]["id"], hit["message"]["html"]) == (said.id, said.html)
    assert hit["room"] == {"id": str(cast.team.pk), "slug": "team", "name": "Team", "kind": "private"}
    assert hit["highlight"] == "<mark>Notes</mark> &amp; &lt;more&gt; of the meeting"
    assert hit["excerpt"] == "Notes & <more> of the meeting"
    assert (body["next"], body["searched_to"], body["hints"]) == (None, None, [])


def test_filters_are_parameters_as_well_and_all_hold(cast: Cast, api: Api) -> None:
    say(cast.team, cast.alice, "word of alice https://example.org")
    say(cast.team, cast.bob, "word of bob")
    say(cast.lobby, cast.bob, "word in the lobby")
    client = api(cast.bob)

    def found(**parameters: str) -> list[str]:
        return [hit["excerpt"] for hit in client.get("/api/v1/search/", parameters).json()["results"]]

    assert found(q="word", room=str(cast.team.pk), **{"from": "me"}) == ["word of bob"]
    assert found(room="team", has="link") == ["word of alice https://example.org"]
    assert found(q="from:alice", **{"from": "bob"}) == []
    assert found(q="word", on="today", before="2000") == []
    assert found(q="word", after="yesterday") == found(q="word")
    assert found(**{"is": "pinned"}) == []
    assert found(mentions="me") == []


def test_pages_are_followed_by_their_cursor(cast: Cast, api: Api) -> None:
    said = [say(cast.team, cast.alice, f"word {n}").id for n in range(5)]
    client = api(cast.bob)
    for sort in ("new", "best"):
        ids, cursor = [], ""
        while cursor is not None:
            parameters = {"q": "word", "limit": "2", "sort": sort, **({"cursor": cursor} if cursor else {})}
            body = client.get("/api/v1/search/", parameters).json()
            ids += [hit["message"]["id"] for hit in body["results"]]
            cursor = body["next"]
        assert ids == said[::-1], sort


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({}, "q"),
        ({"q": "from:"}, "q"),
        ({"q": "x" * 501}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"q": "word", "before": "soon"}, "before"),
        ({"q": "word on:soon"}, "on"),
        ({"q": "word", "has": "hope"}, "has"),
        ({"q": "word", "is": "gone"}, "is"),
        ({"q": "word", "sort": "worst"}, "sort"),
        ({"q": "word", "limit": "101"}, "limit"),
        ({"q": "word", "cursor": "x"}, "cursor"),
        ({"q": "word", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"q": "word", "time_zone": "../../etc/passwd"}, "time_zone"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(cast: Cast, api: Api, parameters: dict[str, str], field: str) -> None:
    say(cast.team, cast.alice, "word")
    response = api(cast.bob).get("/api/v1/search/", parameters)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [field]


def test_a_name_that_is_nobodys_is_hinted_at(cast: Cast, api: Api) -> None:
    say(cast.team, cast.alice, "word")
    body = api(cast.bob).get("/api/v1/search/", {"q": "word", "from": "nobody"}).json()
    assert [(hint["filter"], hint["value"]) for hint in body["hints"]] == [("from", "nobody")]
    assert body["results"] == []


def test_who_is_not_signed_in_finds_nothing(cast: Cast, api: Api) -> None:
    assert api().get("/api/v1/search/", {"q": "word"}).status_code == 401


def test_searching_has_a_limit_of_its_own(cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    client = api(cast.carol)
    answers = [client.get("/api/v1/search/", {"q": "word"}) for _ in range(40)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.get("/api/v1/me/").status_code == 200


# --- The page -------------------------------------------------------------------------------------


@pytest.fixture
def bobs(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.bob)
    return client


def test_the_page_shows_hits_with_links_to_their_place(cast: Cast, bobs: Client) -> None:
    said = say(cast.team, cast.alice, "Notes of <b>the</b> meeting")
    page = bobs.get("/search/", {"q": "notes"}, headers={"X-Panel": "1"})
    html = page.content.decode()
    assert page.headers["X-Panel"] == "1"
    assert f'href="/r/team/{said.number}/"' in html
    assert "<mark>Notes</mark> of &lt;b&gt;the&lt;/b&gt; meeting" in html
    assert "<html" not in html
    assert "<html" in bobs.get("/search/", {"q": "notes"}).content.decode()


def test_the_page_says_what_is_wrong_and_keeps_what_was_typed(cast: Cast, bobs: Client) -> None:
    say(cast.team, cast.alice, "word")
    page = bobs.get("/search/", {"q": 'on:soon "x'})
    assert page.status_code == 400
    assert "is no date" in page.content.decode()
    assert 'value="on:soon &quot;x"' in page.content.decode()
    assert bobs.get("/search/", {"q": "on:soon"}, headers={"X-Panel": "1"}).status_code == 200


def test_the_page_offers_the_room_that_one_came_from_if_one_is_in_it(cast: Cast, bobs: Client) -> None:
    make_direct(cast.bob, cast.alice)
    say(cast.team, cast.alice, "word")
    assert "Only in Team" in bobs.get("/search/", {"here": "team"}).content.decode()
    mine = Client()
    mine.force_login(cast.mallory)
    assert "Only in" not in mine.get("/search/", {"here": "team"}).content.decode()


def test_nothing_found_says_so_and_offers_all_rooms(cast: Cast, bobs: Client) -> None:
    say(cast.team, cast.alice, "word")
    html = bobs.get("/search/", {"q": "other", "here": "team", "room": "team"}).content.decode()
    assert "Nothing found" in html
    assert "Search in all rooms" in html


@pytest.mark.parametrize("name", ["q", "from", "room", "mentions", "before", "here"])
def test_the_page_bears_what_no_database_keeps(cast: Cast, bobs: Client, name: str) -> None:
    asked = {"q": "word", name: "a\0b"}
    assert bobs.get("/search/", asked).status_code == (200 if name == "here" else 400)


@pytest.mark.parametrize("query", ["after:2113", "after:9998-11", "before:9998", "on:9998"])
def test_dates_beyond_all_clocks_find_nothing_amiss(cast: Cast, api: Api, query: str) -> None:
    said = say(cast.team, cast.alice, "word")
    answer = api(cast.bob).get("/api/v1/search/", {"q": f"word {query}"})
    assert answer.status_code == 200
    assert [hit["message"]["id"] for hit in answer.json()["results"]] == ([said.id] if "before" in query else [])


def test_hits_that_are_costly_to_show_are_shown_from_their_beginning(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of a hundred messages that are made to be hard to read took a thread for minutes."""
    monkeypatch.setattr(finding, "EXCERPTS_S", 0)
    say(cast.team, cast.alice, "It was ||" + "the butler " * 50 + "|| in the word")
    (hit,) = api(cast.bob).get("/api/v1/search/", {"q": "word"}).json()["results"]
    assert hit["excerpt"].startswith("It was ▒")
    assert "butler" not in hit["excerpt"]


def test_the_page_wants_a_session(cast: Cast) -> None:
    assert Client().get("/search/", {"q": "word"}).status_code == 302


def test_the_words_of_every_parameter_are_those_of_the_box() -> None:
    assert set(search.PARAMETERS.values()) == set(search.FILTERS)
