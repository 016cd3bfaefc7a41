"""The one fragment of a message: the same for every reader, safe, and without words of the interface."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.test import Client

from accounts.avatars import HUES, hue, initials
from accounts.people import Person
from accounts.templatetags.people import avatar
from messaging import fragments, services
from messaging.rendering import render as render_html
from messaging.wire import MessageOut, OptionOut, PollOut, PreviewOut, ReactionOut, ReplyOut, ThreadOut
from tests.factories import Cast, say

ADA = Person("0192f0a0-0000-7000-8000-0000000000a7", "ada", "Ada Lovelace", None)
EVIL = '"><script>alert(1)</script>'


def message(**fields: Any) -> MessageOut:
    values: dict[str, Any] = {
        "id": "0192f0a0-0000-7000-8000-000000000001",
        "room": "0192f0a0-0000-7000-8000-000000000002",
        "seq": 1204,
        "number": 1100,
        "kind": "text",
        "sender": ADA,
        "content": "Hello",
        "html": "Hello",
        "client_id": None,
        "reply_to": None,
        "thread": None,
        "attachments": [],
        "reactions": [],
        "mentions": [],
        "poll": None,
        "previews": [],
        "metadata": {},
        "pinned": False,
        "silent": False,
        "in_flow": True,
        "edited_seq": None,
        "edited_at": None,
        "deleted_at": None,
        "created_at": "2026-01-31T09:30:00.000000Z",
    }
    return MessageOut(**values | fields)


def words(fragment: str) -> str:
    """What a reader sees of a fragment before the client has added anything."""
    return " ".join(re.sub(r"<[^>]*>", " ", fragment).split())


@pytest.mark.django_db
def test_everybody_gets_the_same_fragment_from_pages_and_frames(cast: Cast) -> None:
    sent = say(cast.team, cast.bob, "For all of you")
    live = fragments.render(sent)
    for reader in (cast.alice, cast.bob):
        client = Client()
        client.force_login(reader)
        for path in ("", "messages/", f"{sent.number}/"):
            assert live in client.get(f"/r/{cast.team.slug}/{path}").content.decode()


def test_a_fragment_is_one_list_item_that_knows_its_place() -> None:
    fragment = fragments.render(message())
    assert fragment.startswith('<li class="message"')
    assert fragment.count("<li") == fragment.count("</li>") == 1
    for given in (
        'id="m-0192f0a0-0000-7000-8000-000000000001"',
        'data-number="1100"',
        'data-seq="1204"',
        'data-kind="text"',
        f'data-sender="{ADA.id}"',
        'data-at="2026-01-31T09:30:00.000000Z"',
    ):
        assert given in fragment


def test_the_real_message_takes_the_place_of_the_optimistic_one() -> None:
    assert 'id="m-0192f0a0-0000-4000-8000-00000000c1ed"' in fragments.render(
        message(client_id="0192f0a0-0000-4000-8000-00000000c1ed")
    )


def test_a_frame_can_hold_the_fragment() -> None:
    assert type(fragments.render(message())) is str
    assert msgspec.json.decode(msgspec.json.encode(fragments.render(message()))) == fragments.markup(message())


def test_names_and_content_are_text() -> None:
    sender = Person(ADA.id, "ada", EVIL, None)
    reply = ReplyOut(id=ADA.id, number=1, sender=sender, content=EVIL, deleted=False)
    for kind in ("text", "join", "system"):
        fragment = fragments.render(message(kind=kind, sender=sender, html=render_html(EVIL), reply_to=reply))
        assert "<script" not in fragment
        assert fragment.count("<li") == 1


def test_a_picture_is_an_image_and_its_address_is_text() -> None:
    fragment = fragments.render(message(sender=Person(ADA.id, "ada", "Ada", '/media/a".png')))
    assert '<img class="avatar" src="/media/a&quot;.png"' in fragment


@pytest.mark.parametrize("kind", ["join", "leave"])
def test_an_event_holds_a_name_and_leaves_the_words_to_the_client(kind: str) -> None:
    fragment = fragments.render(message(kind=kind, content="", html=""))
    assert words(fragment) == "AL Ada Lovelace"
    assert f'<span data-label="{kind}"></span>' in fragment
    assert "data-by" not in fragment
    brought_about = fragments.render(message(kind=kind, content="", html="", metadata={"by": ADA.id}))
    assert f' data-by="{ADA.id}">' in brought_about


def test_an_edited_message_says_so_in_the_readers_language() -> None:
    fragment = fragments.render(message(edited_at="2026-01-31T09:31:00.000000Z", edited_seq=1300))
    assert ' data-edited="1300">' in fragment
    assert 'data-label="edited"' in fragment
    assert words(fragment) == "AL Ada Lovelace Hello"


ROOT = "0192f0a0-0000-7000-8000-00000000000a"


def test_a_message_shows_what_has_happened_to_it_without_a_word_of_the_interface() -> None:
    fragment = fragments.render(
        message(
            reactions=[ReactionOut("👍🏽", 3), ReactionOut("🎉", 1)],
            poll=PollOut([OptionOut("Tea", 2), OptionOut("Coffee", 0)], False, True, None, False, 2),
            previews=[PreviewOut("https://example.org/?a=1&b=2", "A title", "What it says", "example.org")],
            thread=ThreadOut(message().id, 4, None),
            metadata={"forwarded": {"id": ROOT, "sender": {"display_name": "Bo"}, "created_at": ADA.id}},
            mentions=[ADA.id, "room"],
            pinned=True,
            silent=True,
        )
    )
    for given in (
        'data-emoji="👍🏽" data-count="3"',
        'data-option="1"',
        '<progress class="poll-bar" max="2" value="2"',
        'href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow"',
        'class="thread-chip" data-count="4"',
        f'data-mentions="{ADA.id} room"',
        " data-pinned data-silent",
    ):
        assert given in fragment
    assert words(fragment) == "AL Ada Lovelace Bo Hello Tea 2 Coffee 0 example.org A title What it says 👍🏽 3 🎉 1"


def test_a_reply_in_a_thread_names_its_root_and_whether_it_stands_there_only() -> None:
    thread = ThreadOut(ROOT, 2, 2)
    both, only = (fragments.render(message(thread=thread, in_flow=in_flow)) for in_flow in (True, False))
    assert f'data-thread="{ROOT}" data-index="2"' in both
    assert 'data-label="inThread"' in both
    assert "data-thread-only" not in both
    assert " data-thread-only" in only
    assert "thread-chip" not in both + only


def test_what_others_have_written_into_parts_is_text() -> None:
    fragment = fragments.render(
        message(
            reactions=[ReactionOut(EVIL, 1)],
            poll=PollOut([OptionOut(EVIL, 0), OptionOut("b", 0)], True, False, None, True, 0),
            previews=[PreviewOut("https://x/" + EVIL, EVIL, EVIL, EVIL)],
            metadata={"forwarded": {"sender": {"display_name": EVIL}}, "what": EVIL},
            mentions=[EVIL],
        )
    )
    assert "<script" not in fragment
    assert fragment.count("<li") == fragment.count("</li>") == 3


@pytest.mark.django_db
def test_nothing_is_left_of_a_deleted_message(cast: Cast) -> None:
    sent = say(cast.team, cast.bob, "Regrettable")
    answer = say(cast.team, cast.carol, "Well", reply_to=UUID(sent.id))
    deleted = services.delete(cast.bob, UUID(sent.id))
    fragment = fragments.render(deleted)
    assert "Regrettable" not in fragment
    assert " data-deleted" in fragment
    assert '<div class="content" data-label="deleted"></div>' in fragment
    client = Client()
    client.force_login(cast.alice)
    page = client.get(f"/r/{cast.team.slug}/").content.decode()
    assert answer.id in page
    assert "Regrettable" not in page


def test_a_message_outlives_the_account_of_its_sender() -> None:
    fragment = fragments.render(message(sender=None))
    assert '<b class="message-author" data-label="nobody"></b>' in fragment
    assert 'data-sender=""' in fragment


# --- What stands for people without a picture ------------------------------------------------


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("jean-luc picard", "JP"),
        ("tom_w", "TW"),
        ("陈美玲", "陈"),
        ("Олександр Коваль", "ОК"),
        ("  ", "?"),
        ("", "?"),
        ("---", "?"),
    ],
)
def test_initials_are_first_letters_of_first_and_last_word(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_the_hue_is_the_rule_that_the_client_uses_too() -> None:
    ids = [f"0192f0a0-0000-7000-8000-0000000000{digits:02x}" for digits in range(256)]
    assert [hue(each) for each in ids] == [int(each[-2:], 16) % 12 for each in ids]
    assert {hue(each) for each in ids} == set(range(HUES))


def test_an_avatar_is_drawn_alike_from_a_person_and_its_json() -> None:
    drawn = f'<span class="avatar is-small" data-of="{ADA.id}" data-hue="11" aria-hidden="true">AL</span>'
    assert avatar(ADA, "small") == avatar(msgspec.to_builtins(ADA), "small") == drawn
