"""Names that deceive: look-alikes of those who run the server, hidden characters, mixed alphabets."""

from __future__ import annotations

import pytest

from accounts import names, services
from accounts.models import User
from realtime.errors import Invalid
from tests.factories import make_user


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        *("adm1n", "ADM1N", "adrnin", "Adm-in", "a_d_m_i_n", "admin1", "admin2026", "4dmin", "m0d", "rn0derator"),
        *("r00t", "R0OT", "supp0rt", "he1p", "heIp", "0fficial", "5taff", "5y5tem", "everyon3", "a11", "here", "rooT"),
        *("Admin", "ME", "-admin-"),
    ],
)
def test_what_looks_like_a_reserved_name_is_reserved(name: str) -> None:
    with pytest.raises(Invalid, match="reserved"):
        names.check_username(name)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["alice", "bob", "anna1", "adam", "rosa", "barn", "modern", "robot9000", "systema", "room1", "allan", "mel"]
)
def test_names_that_only_come_near_are_free(name: str) -> None:
    names.check_username(name)


@pytest.mark.parametrize("name", ["b0ss", "BOSS", "bo55", "b-o-s-s", "Bo_ss"])
def test_nobody_takes_a_name_that_looks_like_a_staff_members(name: str, boss: User) -> None:
    with pytest.raises(Invalid):
        names.check_username(name)


def test_names_of_people_who_run_nothing_may_resemble_each_other(alice: User) -> None:
    names.check_username("al1ce")


@pytest.mark.parametrize("name", ["boss", "BOSS", "Boss", "bOsS"])
def test_names_that_differ_by_case_are_one(name: str, boss: User) -> None:
    with pytest.raises(Invalid, match="taken"):
        services.create_user(name)


# --- Display names ---


@pytest.mark.parametrize(
    "name",
    [
        *("Alice", "Ada Lovelace", "Jean-Luc O’Neill", "Ángel Núñez", "Nguyễn Thị Minh Khai", "Zoë 🌻", "X Æ A-12"),
        *(
            "Алиса",
            "Иван (Ivan)",
            "Ελένη",
            "שָׁלוֹם",
            "محمد",
            "نامه‌ها",
            "สมชาย",
            "李小龙",
            "山田 Taro",
            "ヤマダ太郎",
            "김철수",
        ),
        *("क्षत्रिय", "Team 4", "👩‍💻 Dev", "❤️", "Barnaby", "Rooty", "Saint-Étienne", "R2-D2", "Œuvre", "Łukasz"),
    ],
)
def test_people_are_called_what_they_are_called(name: str, alice: User) -> None:
    assert services.update_profile(alice, display_name=name, actor=alice).display_name == name


@pytest.mark.parametrize(
    "name",
    [
        "Al\u200bice",  # zero width
        "Al\u200dice",  # a joiner where nothing joins
        "ecila\u202e",  # writes backwards what follows
        "\u2066Alice\u2069",
        "\ufeffAlice",
        "Al\u00adice",
        "Al\x00ice",
        "Alice\x07",
        "\u3164",  # a letter that shows nothing
        "\u2800\u2800",
        "Alice\u3164",
        "\ue000",
        "A\ufe00lice",
        "Alice\U000e0041",
        "\u0301\u0301",
    ],
)
def test_nothing_is_hidden_in_a_name(name: str, alice: User) -> None:
    with pytest.raises(Invalid, match="cannot be seen"):
        services.update_profile(alice, display_name=name, actor=alice)


@pytest.mark.parametrize("name", ["Pаul", "Bоb Smith", "Αlice", "Kιm", "Ꭺlice", "Dаvіd", "Jоhn Doe"])
def test_a_word_is_of_one_alphabet(name: str, alice: User) -> None:
    with pytest.raises(Invalid, match="several alphabets"):
        services.update_profile(alice, display_name=name, actor=alice)


def test_accents_do_not_pile_up(alice: User) -> None:
    with pytest.raises(Invalid, match="accents"):
        services.update_profile(alice, display_name="A" + "\u0300\u0301\u0302\u0303\u0304" * 4, actor=alice)


@pytest.mark.parametrize(
    "name",
    [
        *("Admin", "ADMIN", "A d m i n", "Adm1n", "Chat Admin", "Moderator Bob", "Official", "Support team", "𝐀𝐝𝐦𝐢𝐧"),
        *("Ａｄｍｉｎ", "Ádmín", "System", "Rооt".replace("о", "o"), "ѕуѕтем", "[STAFF] Zoe", "Bob (admin)"),
    ],
)
def test_nobody_gives_themselves_a_title(name: str, alice: User) -> None:
    with pytest.raises(Invalid, match="title"):
        services.update_profile(alice, display_name=name, actor=alice)


def test_nobody_takes_the_name_of_who_runs_the_server(alice: User, boss: User) -> None:
    User.objects.filter(pk=boss.pk).update(display_name="Grace Hopper")
    for name in ("Grace Hopper", "grace  hopper", "Gracе Hopper".replace("е", "e"), "GRACE HOPPER", "Boss", "B0ss"):
        with pytest.raises(Invalid, match="runs this server"):
            services.update_profile(alice, display_name=name, actor=alice)
    assert services.update_profile(boss, display_name="grace hopper", actor=boss).display_name == "grace hopper"


def test_who_is_named_already_changes_the_rest_of_the_profile(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(display_name="Admin")  # as an import brought it
    alice.refresh_from_db()
    assert services.update_profile(alice, display_name="Admin", bio="Hello", actor=alice).bio == "Hello"


@pytest.mark.django_db
def test_imports_bring_people_as_they_were_called() -> None:
    assert make_user("odd", display_name="Support").display_name == "Support"
    assert services.create_user("odd2", display_name="Al\u200bice").display_name == "Al\u200bice"
