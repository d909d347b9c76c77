"""Which URLs a webhook may have, and which addresses are never dialled unless the operator allows them."""

from __future__ import annotations

import ipaddress

import pytest

from core import errors, targets

_LITERALS = """
127.0.0.1 127.0.0.2 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1
192.168.255.255 169.254.169.254 169.254.0.1 100.64.0.1 100.100.100.200 100.127.255.255 168.63.129.16 192.0.0.1
192.0.0.8 192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.88.99.2 192.175.48.1 198.18.0.1
198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 224.0.0.251 239.255.255.250 240.0.0.1 255.255.255.255
[::1] [::] [::2] [::127.0.0.1] [::7f00:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:10.0.0.1]
[::ffff:169.254.169.254] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [100::1]
[2001::1] [2001:0:7f00:1::1] [2001:10::1] [2001:20::1] [2001:2::1] [2001:db8::1] [2002:7f00:1::1]
[2002:a9fe:a9fe::1] [2620:4f:8000::1] [3ffe::1] [3fff::1] [5f00::1] [fc00::1] [fd00:ec2::254] [fe80::1] [febf::1]
[fec0::1] [ff02::1] [ff0e::1]
"""
BAD_LITERALS = _LITERALS.split()

#: What a resolver or another parser takes for one of the addresses above.
_ENCODINGS = """
2130706433 0x7f000001 0x7f.1 0x7F.0.0.1 127.1 127.0.1 0177.0.0.1 0177.1 017700000001 127.0.0.01 127.0.0.1.
00000000127.0.0.1 0 0x0 127.0.0.0x1 1.0x2 3232235777 0xc0a80101 0xa9.0xfe.0xa9.0xfe 2852039166 025177524776
[::ffff:127.0.0.1%25lo] [fe80::1%25eth0] [fe80::1%eth0] [0:0:0:0:0:0:0:1] [::0001] [::FFFF:7F00:0001]
127%2e0%2e0%2e1 %31%32%37.0.0.1 127。0。0。1 ①②⑦.⓪.⓪.① １２７.0.0.1 [::1 127.0.0.1] a@127.0.0.1
user:secret@example.com example.com@127.0.0.1 127.0.0.1#@example.com example.com\\@127.0.0.1 localhost localhost.
LOCALHOST foo.localhost metadata router.local metadata.google.internal printer.lan nas.home.arpa exa_mple..com -a.com
"""
BAD_ENCODINGS = _ENCODINGS.split()

BAD_URLS = [
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com:70/",
    "//example.com/",
    "example.com/hook",
    "https:/example.com/",
    "https:example.com",
    "https://",
    "https:///hook",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:99999999999/",
    "https://example.com:port/",
    "https://example.com/#part",
    "https://exa mple.com/",
    "https://example.com/a\r\nHost: inside",
    "https://example.com/\x00",
    "https://exämple.com/",
    "https://example.com/" + "a" * 3000,
    "http://example.com/",  # without TLS, and the operator allows no network
    "",
]


@pytest.mark.parametrize("host", BAD_LITERALS + BAD_ENCODINGS)
def test_host_that_is_not_public_is_refused_before_anything_is_resolved(host):
    with pytest.raises(errors.TargetRefused):
        targets.must_be_plausible(f"https://{host}/hook", ())


@pytest.mark.parametrize("url", BAD_URLS)
def test_text_that_is_no_plain_https_url_is_refused(url):
    with pytest.raises(errors.TargetRefused):
        targets.must_be_plausible(url, ())


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("https://example.com", "example.com", 443, "/", "example.com"),
        ("https://Example.COM.:8443/a?b=c", "example.com", 8443, "/a?b=c", "example.com:8443"),
        ("https://8.8.8.8/x", "8.8.8.8", 443, "/x", "8.8.8.8"),
        ("https://[2606:4700:4700::1111]/", "2606:4700:4700::1111", 443, "/", "[2606:4700:4700::1111]"),
        ("https://xn--80ak6aa92e.com/", "xn--80ak6aa92e.com", 443, "/", "xn--80ak6aa92e.com"),
    ],
)
def test_public_url_is_taken_apart(url, host, port, path, authority):
    targets.must_be_plausible(url, ())
    target = targets.parse(url)
    assert (target.host, target.port, target.path, target.authority) == (host, port, path, authority)


def test_every_bad_literal_is_denied_as_an_address_too():
    for literal in BAD_LITERALS:
        assert targets.is_denied(ipaddress.ip_address(literal.strip("[]"))), literal


def test_public_addresses_are_not_denied():
    for text in ("8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1"):
        assert not targets.is_denied(ipaddress.ip_address(text)), text


def test_operator_allows_by_network_and_no_wider():
    allowed = targets.networks("127.0.0.0/8, ::1/128,10.1.0.0/16")
    for host in ("127.0.0.1", "[::1]", "10.1.2.3", "[::ffff:127.0.0.1]"):
        targets.must_be_plausible(f"http://{host}:8080/", allowed)
    for host in ("10.2.0.1", "169.254.169.254", "[::2]", "192.168.0.1"):
        with pytest.raises(errors.TargetRefused):
            targets.must_be_plausible(f"http://{host}/", allowed)


def test_plain_http_goes_only_where_the_operator_allows():
    with pytest.raises(errors.TargetRefused, match="https"):
        targets.must_be_plausible("http://8.8.8.8/", targets.networks("127.0.0.0/8"))


def test_broken_list_of_networks_names_the_setting():
    with pytest.raises(ValueError, match="IDMILL_WEBHOOK_ALLOW"):
        targets.networks("127.0.0.0/8,home")
