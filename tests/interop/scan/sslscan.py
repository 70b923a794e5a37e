#!/usr/bin/env python3
"""Judges what sslscan says of a server: "sslscan.py FILE.xml 1.2 1.3", the versions that it has."""
import re
import sys
import xml.etree.ElementTree

SCAN = xml.etree.ElementTree.parse(sys.argv[1]).getroot().find("ssltest")
VERSIONS = set(sys.argv[2:])
# Authenticated encryption with forward secrecy; of 1.3 every suite is.
CIPHER = {
    "TLSv1.2": re.compile(r"ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305)"),
    "TLSv1.3": re.compile(r"TLS_(AES_(128|256)_GCM_SHA(256|384)|CHACHA20_POLY1305_SHA256)"),
}
# Curves alone: ffdhe2048 is weak, and the large ones let a client cost a server much.
GROUP = re.compile(r"x25519|secp(256r1|384r1|521r1)|X25519MLKEM768")
faults = []


def expect(is_so, what):
    if not is_so:
        faults.append(what)


def name(element):
    return element.get("name") or element.get("cipher")


def is_on(element, attribute):
    return element is not None and element.get(attribute) == "1"


offered = {p.get("version") for p in SCAN.iter("protocol") if is_on(p, "enabled")}
expect(offered == VERSIONS, f"versions {sorted(offered)}")
for cipher in SCAN.iter("cipher"):
    expect(CIPHER[cipher.get("sslversion")].fullmatch(name(cipher)), f"cipher {name(cipher)}")
    expect(int(cipher.get("bits")) >= 128, f"{cipher.get('bits')} bits of {name(cipher)}")
for version in VERSIONS:
    suites = [c for c in SCAN.iter("cipher") if c.get("sslversion") == f"TLSv{version}"]
    expect(suites, f"no cipher of TLS {version}")
groups = list(SCAN.iter("group"))
expect(groups, "no group")
for group in groups:
    expect(GROUP.search(name(group)), f"group {name(group)}")
    expect(int(group.get("bits")) >= 128, f"{group.get('bits')} bits of {name(group)}")
expect(not is_on(SCAN.find("renegotiation"), "supported"), "a client may renegotiate")
expect(not is_on(SCAN.find("compression"), "supported"), "compression")
expect(not any(is_on(h, "vulnerable") for h in SCAN.iter("heartbleed")), "heartbleed")
algorithms = [a.text.strip() for a in SCAN.iter("signature-algorithm")]
expect(algorithms and all("sha256" in a.lower() for a in algorithms), f"signature of {algorithms}")
for fault in faults:
    print(f"sslscan: {fault}")
sys.exit(bool(faults))
