"""Where the server may go: what is written, and what a name stands for."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from messaging.previews.addresses import URL_MAX, Policy, Refused, check_addresses, is_public, target_of

POLICY = Policy()

NOT_PUBLIC = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1"),
    *("192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255"),
    *("240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"),
    *("::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "100:0:0:1::1"),
    *("2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1"),
    *("2002:7f00:1::1", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "5f00::1", "4000::1"),
    *("fc00::1", "fd12:3456:789a::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(Refused):
        check_addresses("good.test", ["8.8.8.8", address], POLICY)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.17.0.1",
     "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001::1", "2003::1"],
)  # fmt: skip
def test_addresses_that_are(address: str) -> None:
    assert is_public(ip_address(address))
    assert check_addresses("good.test", [address], POLICY) == [address]


def test_one_bad_address_among_good_ones_is_enough() -> None:
    with pytest.raises(Refused):
        check_addresses("good.test", ["8.8.8.8", "1.1.1.1", "10.0.0.1"], POLICY)
    for nothing in ([], ["nonsense"], [""]):
        with pytest.raises(Refused):
            check_addresses("good.test", nothing, POLICY)


@pytest.mark.parametrize(
    "url",
    [
        # Not the web.
        "ftp://good.test/", "file:///etc/passwd", "gopher://good.test/", "javascript:alert(1)", "data:text/html,x",
        "//good.test/", "good.test", "", "http:", "http://", "https:///path", "http:good.test",
        # Ports.
        "http://good.test:22/", "http://good.test:8080/", "http://good.test:65536/", "http://good.test:-80/",
        "http://good.test:8０/", "http://good.test:http/",
        # More than a host.
        "http://user@good.test/", "http://user:password@good.test/", "http://@good.test/", "http://good.test@127.0.0.1/",
        "http://127.0.0.1:80@good.test/", "http://good.test%40127.0.0.1/", "http://%31%32%37.0.0.1/",
        "http://good.test%00.evil.test/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
        # What programs read in different ways.
        "http://good.test\\@127.0.0.1/", "http:\\\\good.test/", "http://good.test\t/", "http://good.test/\n", " http://good.test/",
        "http://good.test /", "http://go\x00od.test/", "http://good.test\r\nHost: evil/",
        # Numbers that are addresses to somebody.
        "http://2130706433/", "http://0x7f000001/", "http://0x7f.0x0.0x0.0x1/", "http://0177.0.0.1/", "http://127.1/",
        "http://127.0.1/", "http://0/", "http://0.0.0.0.0/", "http://127.0.0.1.2/", "http://1.2.3.0x7f/", "http://good.1/",
        "http://017700000001/", "http://00000127.0.0.1/", "http://256.0.0.1/", "http://999999999999/",
        "http://１２７.1/", "http://０x7f000001/", "http://127。1/",
        # Names that are not of the public web.
        "http://localhost/", "http://localhost./", "http://intranet/", "http://db..test/", "http://.test/", "http://good.test../",
        "http://-good.test/", "http://good-.test/", "http://" + "a" * 64 + ".test/", "http://" + "a." * 130 + "test/",
        "http://go!od.test/", "http://good.test,evil.test/", "http://*.test/", "http://[good.test]/", "http://[::1/", "http://::1/",
        "http://[127.0.0.1]/", "http://[::1]x/",
        # Long.
        "http://good.test/" + "a" * URL_MAX,
    ],
)  # fmt: skip
def test_what_is_not_plainly_a_page_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        target_of(url, POLICY)


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "path"),
    [
        ("http://good.test", "good.test", 80, "good.test", "/"),
        ("HTTPS://Good.Test./a?b=c#d", "good.test", 443, "good.test", "/a?b=c"),
        ("http://good.test:443/", "good.test", 443, "good.test:443", "/"),
        ("https://bücher.test/ä?q=ü", "xn--bcher-kva.test", 443, "xn--bcher-kva.test", "/%C3%A4?q=%C3%BC"),
        ("http://good。test/", "good.test", 80, "good.test", "/"),
        ("http://8.8.8.8/", "8.8.8.8", 80, "8.8.8.8", "/"),
        ("http://８.８.８.８/", "8.8.8.8", 80, "8.8.8.8", "/"),
        ("http://[2606:4700:0::1111]/", "2606:4700::1111", 80, "[2606:4700::1111]", "/"),
        ("http://good.test/a%2fb/../c", "good.test", 80, "good.test", "/a%2fb/../c"),
        ("http://good_name.test/", "good_name.test", 80, "good_name.test", "/"),
    ],
)  # fmt: skip
def test_a_page_of_the_web_is_taken_apart(url: str, host: str, port: int, authority: str, path: str) -> None:
    target = target_of(url, POLICY)
    assert (target.host, target.port, target.authority, target.path) == (host, port, authority, path)
    assert target_of(target.url, POLICY) == target  # once more comes to the same


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data/"],
)
def test_an_address_in_place_of_a_name_is_judged_like_one(url: str) -> None:
    target = target_of(url, POLICY)
    with pytest.raises(Refused):
        check_addresses(target.host, POLICY.look_up(target.host, target.port), POLICY)
