#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into corpus/, next to this file."""

import base64
import pathlib
import shutil
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"


def varint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def num(field, value):
    return varint(field << 3) + varint(value)


def blob(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def frame(message):
    return struct.pack(">I", len(message)) + message


def request(number, field, body, extra=b""):
    return frame(num(1, number) + extra + blob(field, body))


def der(tag, value):
    size = len(value)
    if size < 128:
        length = bytes([size])
    else:
        octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + length + value


def sized(value):
    return struct.pack(">H", len(value)) + value


# keystore.proto: field numbers of Request.
KEY = blob(1, blob(1, "plc-1"))
REQUESTS = {
    "hello": (16, blob(1, "seed 1")),
    "status": (17, b""),
    "subscribe": (18, b""),
    "random": (19, num(1, 32)),
    "key_create": (20, blob(1, "plc-1") + num(2, 4) + blob(3, b"\x01")),
    "key_list": (21, blob(1, "a") + num(2, 10)),
    "key_show": (22, blob(1, num(2, 1))),
    "key_delete": (23, KEY),
    "key_allow": (24, KEY + blob(2, num(1, 1000) + blob(3, b"\x01\x02"))),
    "key_pin": (25, KEY + num(2, 1)),
    "key_export": (26, KEY + num(2, 2) + blob(3, "secret")),
    "key_import": (27, blob(1, "plc-2") + blob(2, "-----BEGIN TSS2 PRIVATE KEY-----")),
    "sign": (28, KEY + num(2, 2) + num(3, 2) + blob(4, bytes(32))),
    "decrypt": (29, KEY + num(2, 2) + blob(3, bytes(256))),
    "csr": (30, KEY + blob(2, "CN=plc-1,O=Plant") + blob(3, num(1, 1) + blob(2, "urn:plc-1"))
            + blob(3, num(1, 2) + blob(2, "192.0.2.1")) + num(4, 2)),
    "audit_list": (31, num(1, 1) + num(2, 10)),
    "audit_verify": (32, b""),
    "trust_list": (60, blob(1, "opcua") + num(2, 1) + num(4, 3)),
    "trust_add": (61, blob(1, "opcua") + blob(2, num(1, 1) + blob(2, b"\x30\x00"))),
    "trust_remove": (62, blob(1, "opcua") + blob(3, bytes(32))),
    "trust_group_list": (63, blob(1, "a")),
    "trust_group_set": (64, blob(1, "line-1") + num(2, 1) + num(3, 2) + num(4, 1)),
    "rejected_list": (65, blob(1, "opcua") + num(3, 1)),
    "rejected_trust": (66, num(1, 1)),
    "rejected_delete": (67, num(1, 1) + blob(2, "opcua")),
    "validate": (68, blob(1, "opcua") + blob(3, b"\x30\x00") + blob(4, b"\x30") + num(5, 4)
                 + blob(8, b"plc-1.plant.example") + num(9, 1)),
    "trust_export": (69, blob(1, "opcua") + blob(3, bytes(32))),
    "service_list": (70, blob(1, "a")),
    "service_set": (71, blob(1, blob(1, "web") + num(2, 3) + num(5, 1) + num(6, 7))
                    + blob(2, b"\x01\x04") + num(3, 1)),
    "service_remove": (72, blob(1, "web")),
    "txn_begin": (73, b""),
    "txn_apply": (74, b""),
    "txn_cancel": (75, b""),
    "txn_status": (76, b""),
    "trust_set": (77, blob(1, "opcua") + num(2, 1) + blob(3, num(1, 1) + blob(2, b"\x30"))),
    "cert_import": (47, blob(1, b"-----BEGIN CERTIFICATE-----") + blob(2, "sesame") + num(3, 2)
                    + blob(4, "web-server") + blob(5, "web")),
    "cert_replace": (48, num(1, 1) + blob(2, b"\x30\x00") + blob(4, "web.v2")),
    "cert_request": (49, num(1, 1) + blob(2, blob(1, "plc-1")) + num(8, 2)),
    "cert_request_new": (49, blob(3, "web") + num(4, 4) + blob(5, "web-server") + blob(6, "CN=a")
                         + blob(7, num(1, 3) + blob(2, "a.example"))),
    "cert_sign_csr": (50, blob(1, b"\x30\x00") + num(2, 1) + blob(3, "web-server")
                      + blob(4, num(3, 9))),
    "project_init": (40, blob(1, "CN=RSA") + blob(2, "CN=EC") + num(3, 9)),
    "cert_create": (41, blob(2, "web") + num(3, 4) + blob(4, "web-server") + blob(5, "CN=a")
                    + blob(6, num(1, 3) + blob(2, "a.example")) + num(7, 2)
                    + blob(8, num(3, 9))),
    "cert_list": (42, num(1, 1) + num(2, 5) + num(3, 1)),
    "cert_show": (43, num(1, 1)),
    "cert_renew": (45, num(1, 1) + blob(2, num(3, 9)) + num(4, 1) + num(5, 4)),
    "cert_delete": (46, num(1, 1)),
    "cert_check": (51, blob(2, b"\x30\x00") + blob(3, "web-server")),
    "cert_check_all": (51, num(4, 0)),
    "cert_revoke": (52, num(1, 1) + num(2, 1) + num(3, 1)),
    "crl_export": (53, num(1, 1) + num(2, 1) + blob(3, "02")),
    "crl_list": (54, num(1, 1)),
    "cert_set_renewal": (55, num(1, 1) + num(2, 2) + num(3, 9) + num(4, 1)),
    "crl_renew": (56, num(1, 1)),
    "clock_confirm": (57, b""),
    "login": (80, blob(1, "anna") + blob(2, "a long password") + blob(3, "192.0.2.1")),
    "logout": (81, b""),
    "whoami": (82, b""),
    "password_change": (83, blob(1, "anna") + blob(2, "old") + blob(3, "a new password")),
    "user_create": (84, blob(1, "anna") + blob(2, "a long password")
                    + blob(3, "administrator") + num(4, 1)),
    "user_list": (85, blob(1, "a") + num(2, 3)),
    "user_set": (86, blob(1, "anna") + num(2, 1) + blob(3, "operator") + num(4, 1) + num(5, 1)),
    "user_delete": (87, blob(1, "anna")),
    "role_list": (88, b""),
    "role_set": (89, blob(1, "shift") + blob(2, b"\x01\x07")),
    "role_delete": (90, blob(1, "shift")),
    "session_list": (91, b""),
    "session_end": (92, num(1, 1)),
    "mode_show": (93, b""),
    "mode_set": (94, num(1, 2)),
    "user_verify": (95, blob(1, "anna") + blob(2, "a long password")),
    "user_recover": (96, blob(1, "anna") + blob(2, "a long password")),
    "cert_export_p12": (44, num(1, 1) + num(2, 6) + blob(3, "sesame")),
}


def streams():
    one = {name: request(7, field, body) for name, (field, body) in REQUESTS.items()}
    more = {
        "pipelined": b"".join(one.values()),
        "options": request(9, 17, b"", num(2, 500) + blob(3, "token") + num(4, 1) + num(5, 1)),
        "truncated": one["csr"][:-5],
        "transaction": request(1, 73, b"") + request(2, 64, blob(1, "opcua") + num(2, 1), num(6, 1))
                       + request(3, 61, blob(1, "opcua"), num(6, 1)) + request(4, 74, b""),
        "empty": frame(b""),
        "oversized": struct.pack(">I", 262145) + bytes(16),
        "garbage": bytes(range(1, 255)),
        "no_body": frame(num(1, 3)),
        "unknown": request(4, 99, b"x"),
        "nul": request(5, 16, blob(1, "a\0b")),
        "merged": frame(num(1, 6) + blob(22, KEY) + blob(22, blob(1, num(2, 3)))),
        "amplified": request(8, 30, blob(3, b"") * 500),
    }
    return {**one, **more}


NAMES = {
    "usual": "CN=plc-1,O=Plant,C=DE\n1urn:plc-1:app\n2192.0.2.1\n3plc-1.example",
    "every_kind": "\n1opc.tcp://plc-1:4840/a?b#c%20\n22001:db8::1\n3*.plant.example\n"
                  "4a.b@plant.example\n51.3.6.1.4.1.99999",
    "attributes": "CN=a,O=b,OU=c,L=d,ST=e,street=f,DC=g,emailAddress=h@i,serialNumber=1,"
                  "title=j,GN=k,SN=l,UID=m,name=n,initials=o,dnQualifier=p,pseudonym=q",
    "escapes": 'CN=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h\\=i\\#j\\C3\\B6 , O = \\ x\\ ',
    "refused": "CN=a+O=b\n0x\n1a b\n2::1%1\n3*\n4@\n51.40",
    "utf8": "CN=K\u00f6ln \u5de5\u5382 \U0001F511\n3k\u00f6ln.example",
    "other": "CN=anna\n61.3.6.1.4.1.311.20.2.3;anna@plant.example\n61.2.3;\U0001F511",
    "other_refused": "CN=a\n6a\n61.2.3\n61.2;\n63.1;a\n61.3.6.1.5.2.2;a",
    "long": "CN=" + "\u00e4" * 65,
}


def key_der(public):
    oid = der(0x06, bytes([0x67, 0x81, 0x05, 0x0A, 0x01, 0x03]))
    parent = der(0x02, bytes([0x40, 0, 0, 1]))
    return der(0x30, oid + der(0xA0, der(0x01, b"\0")) + parent + der(0x04, sized(public))
               + der(0x04, sized(bytes(range(100)))))


def pem(blob_der):
    text = base64.b64encode(blob_der).decode()
    lines = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN TSS2 PRIVATE KEY-----\n{lines}\n-----END TSS2 PRIVATE KEY-----\n".encode()


def tss2():
    # fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, sign (and decrypt).
    sign, both = 0x00040472, 0x00060472
    # The generator of P-256: a point that is on the curve.
    x = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
    y = bytes.fromhex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    ecc = (struct.pack(">HHI", 0x23, 0x0B, sign) + sized(b"")
           + struct.pack(">HHHH", 0x10, 0x10, 3, 0x10) + sized(x) + sized(y))
    rsa = (struct.pack(">HHI", 0x01, 0x0B, both) + sized(b"")
           + struct.pack(">HHHI", 0x10, 0x10, 2048, 0) + sized(b"\xc1" * 256))
    return {
        "ecc.der": key_der(ecc), "rsa.der": key_der(rsa),
        "ecc.pem": pem(key_der(ecc)), "rsa.pem": pem(key_der(rsa)),
        "short.der": key_der(ecc)[:-9], "other.pem": pem(b"\x30\x00").replace(b"TSS2", b"EVEN"),
    }


def oid(text):
    first, second, *rest = (int(number) for number in text.split("."))
    out = bytes([first * 40 + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        out += bytes(reversed(groups))
    return der(0x06, out)


def extension(number, value, critical=False):
    return der(0x30, oid(f"2.5.29.{number}") + (der(0x01, b"\xff") if critical else b"")
               + der(0x04, value))


def name(**attributes):
    return der(0x30, b"".join(
        der(0x31, der(0x30, oid({"CN": "2.5.4.3", "O": "2.5.4.10"}[key]) + der(0x0C, value)))
        for key, value in attributes.items()))


def certificate(subject, issuer, extensions, key="ec", serial=bytes(range(1, 17)), version=2):
    curve = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                          "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    keys = {
        "ec": der(0x30, oid("1.2.840.10045.2.1") + oid("1.2.840.10045.3.1.7"))
        + der(0x03, b"\0\x04" + curve),
        "rsa": der(0x30, oid("1.2.840.113549.1.1.1") + der(0x05, b""))
        + der(0x03, b"\0" + der(0x30, der(0x02, b"\0" + b"\xc1" * 256) + der(0x02, b"\1\0\1"))),
    }
    algorithm = der(0x30, oid("1.2.840.10045.4.3.2"))
    validity = der(0x30, der(0x17, b"260101000000Z") + der(0x18, b"20500101000000Z"))
    body = ((der(0xA0, der(0x02, bytes([version]))) if version else b"") + der(0x02, serial)
            + algorithm + issuer + validity + subject + der(0x30, keys[key])
            + (der(0xA3, der(0x30, b"".join(extensions))) if extensions else b""))
    signature = der(0x30, der(0x02, b"\1" * 32) + der(0x02, b"\2" * 32))
    return der(0x30, der(0x30, body) + algorithm + der(0x03, b"\0" + signature))


def certificates():
    ca, leaf = name(CN=b"Plant CA", O=b"Plant"), name(CN=b"plc-1", O=b"Plant")
    ids = [extension(14, der(0x04, b"own")), extension(35, der(0x30, der(0x80, b"issuer")))]
    names = extension(17, der(0x30, der(0x86, b"urn:plc-1:app") + der(0x87, b"\xc0\0\2\1")
                              + der(0x82, b"plc-1.example") + der(0x81, b"a@plant.example")
                              + der(0x88, b"\x2a\3")))
    server = extension(37, der(0x30, oid("1.3.6.1.5.5.7.3.1")))
    no_ca = extension(19, der(0x30, b""), True)
    # The first byte is a profile of keystored/profile.h.
    return {
        "ca": b"\x0a" + certificate(ca, ca, ids + [
            extension(19, der(0x30, der(0x01, b"\xff") + der(0x02, b"\1")), True),
            extension(15, der(0x03, b"\1\6"), True)]),
        "opcua": b"\1" + certificate(leaf, ca, ids + [
            no_ca, extension(15, der(0x03, b"\4\xf0"), True), server, names], "rsa"),
        "self_signed": b"\3" + certificate(leaf, leaf, [
            no_ca, extension(15, der(0x03, b"\2\xf4"), True), names]),
        "nameless": b"\5" + certificate(der(0x30, b""), ca, [extension(17, der(0x30, b""), True)]),
        "version_1": b"\0" + certificate(leaf, ca, [], serial=b"\1", version=0),
        "odd": b"\0" + certificate(name(CN=b"a\0\xc3\xb6" + b"," * 200), name(), [
            server, server, extension(99, b"", True), extension(19, b"\x30\1"),
            extension(17, der(0x30, der(0x82, b"a\0b") + der(0x87, b"12345"))),
            extension(35, der(0x30, b""), True)], serial=b"\x80" + bytes(20)),
        "truncated": b"\0" + certificate(leaf, ca, ids)[:-40],
    }


# A root, a CA below, a leaf for urn:plant:plc-1, valid in 2027, and the CRLs of both CAs; their
# keys are gone.
X509 = {name: base64.b64decode(text) for name, text in {
    "root":
        "MIIBSTCB8aADAgECAgEBMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAVIwIBcNMjYxMTIxMDkwODUwWhgPMjA1MTA3"
        "MTMwOTA4NTBaMAwxCjAIBgNVBAMMAVIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQqFNS3t4r384B+iNYlUCpk"
        "FcITs9dD2t7EvEqFWqKpZ76H8ItzWn7S22129KlrMDMH6BMCl4Gd1j4NGHshaTajo0IwQDAPBgNVHRMBAf8EBTAD"
        "AQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUthqMQCr9cQuPWWI4HLmjMQlTsi0wCgYIKoZIzj0EAwIDRwAw"
        "RAIgfqRGxbeV26/g+IM6EkqHYV2RJdGtZKnNRW7/XC6Bou8CIELSjkuqGseC50C85/l5aG70h47H0XDJVRfxadBX"
        "3bTH",
    "mid":
        "MIIBbjCCARSgAwIBAgIBAjAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAFSMCAXDTI2MTEyMTA5MDg1MFoYDzIwNTEw"
        "NzEzMDkwODUwWjAOMQwwCgYDVQQDDANtaWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATLVDBVIMTGlhS8Yz/U"
        "dzvtBCnBRCXoUtN91BAxchNSVelYo/fJF24bBhLBOtrWDl8pzC4BaKAGEaB223D8q2dno2MwYTAPBgNVHRMBAf8E"
        "BTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUp7tfmNm0afai9E8Mm8PMiIKQXGkwHwYDVR0jBBgwFoAU"
        "thqMQCr9cQuPWWI4HLmjMQlTsi0wCgYIKoZIzj0EAwIDSAAwRQIhAJX895BpQqLrkTTvQ16pW0JkA65Lkl0FiFlP"
        "3iDv0NzBAiAZh/XNL6lzzz5M+uC0THYubfe8NUFoyzIV3r4apXRUyg==",
    "leaf":
        "MIIBpDCCAUqgAwIBAgIBAzAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANtaWQwIBcNMjYxMTIxMDkwODUwWhgPMjA1"
        "MTA3MTMwOTA4NTBaMA8xDTALBgNVBAMMBGxlYWYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASpMr4/tB84i4T6"
        "WYrRiIq6vyfDTPrKZ8z2wOx8vIRWh1NLObGPkBj1Bp3tz5FkboYpyTMZmKnb5d3bpgeJHNxBo4GVMIGSMA4GA1Ud"
        "DwEB/wQEAwIHgDAdBgNVHSUEFjAUBggrBgEFBQcDAQYIKwYBBQUHAwIwIQYDVR0RBBowGIYPdXJuOnBsYW50OnBs"
        "Yy0xggVwbGMtMTAfBgNVHSMEGDAWgBSnu1+Y2bRp9qL0Twybw8yIgpBcaTAdBgNVHQ4EFgQUxKcej3S+P6zIFFyA"
        "Nd5LI7F33o4wCgYIKoZIzj0EAwIDSAAwRQIhAPXjkv9Ex9WlfU4a6L6zgCE1xXm9CwdeVqfBYRGrRD+wAiA0NHm5"
        "leXr9zHE2Q7g6xRT1mZvqRmNG6hbCuqFAlAOXQ==",
    "root_crl":
        "MIHEMGwCAQEwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBUhcNMjYxMTIxMDkwODUwWhcNNDYwMTIwMDkwODUwWqAv"
        "MC0wHwYDVR0jBBgwFoAUthqMQCr9cQuPWWI4HLmjMQlTsi0wCgYDVR0UBAMCAQEwCgYIKoZIzj0EAwIDSAAwRQIh"
        "ANpPsn7OQsGur1rw+TU+GTKn/JOYkHt8wbHL3BR7+sKTAiA+DfsZhsWa2nPWtnoAmDbqDiDsjqa5/xT4TOTEHpJO"
        "2Q==",
    "mid_crl":
        "MIHrMIGSAgEBMAoGCCqGSM49BAMCMA4xDDAKBgNVBAMMA21pZBcNMjYxMTIxMDkwODUwWhcNNDYwMTIwMDkwODUw"
        "WjAiMCACAQcXDTI2MDEwMTAwMDAwMFowDDAKBgNVHRUEAwoBAaAvMC0wHwYDVR0jBBgwFoAUp7tfmNm0afai9E8M"
        "m8PMiIKQXGkwCgYDVR0UBAMCAQEwCgYIKoZIzj0EAwIDSAAwRQIhAK3Z2RfSrANWRfSQOJkoCgxzw8wzBy2BqeXw"
        "itzFGvvcAiBooT0UMVH9eLptxxptflDdDRgebU/+bjSNLnrX4xjlSA==",
}.items()}


def path():
    # As tests/fuzz/path.c has them: purpose and CRL policy, then what it is, length, DER or text.
    def part(kind, name, cut=0):
        return bytes([kind]) + sized(X509[name][:len(X509[name]) - cut])
    leaf, sent_mid, mid, root = part(0, "leaf"), part(1, "mid"), part(2, "mid"), part(3, "root")
    crls = part(4, "root_crl") + part(4, "mid_crl")
    subject = name(CN=b"plc-1")
    named = sized(certificate(subject, subject, [extension(17, der(0x30, (
        der(0x82, b"*.plant.example") + der(0x87, b"\xc0\0\2\1") + der(0x82, b"a\0b"))))]))
    itself = b"\x0a\0" + named + b"\3" + named
    return {
        "valid": b"\x03" + leaf + mid + root + crls,
        "sent": b"\x0b" + leaf + sent_mid + part(1, "root") + root,
        "missing": b"\x00" + leaf + root + crls,
        "untrusted": b"\x05" + leaf + mid + part(2, "root"),
        "trusted_leaf": b"\x02" + leaf + part(3, "leaf") + mid + part(2, "root") + crls,
        "truncated": b"\x01" + part(0, "leaf", 9) + mid + root,
        "no_crl": b"\x00" + leaf + mid + root,
        "host": itself + b"\5" + sized(b"plc-1.plant.example."),
        "other_host": itself + b"\5" + sized(b"example"),
        "address": itself + b"\5" + sized(b"192.0.2.1"),
        "no_host": itself + b"\5" + sized(b"fe80::1%eth0"),
        "anchor": b"\x0a" + leaf + mid + root + part(6, "mid"),
        "anchor_above": b"\x0a" + leaf + part(3, "mid") + part(6, "root"),
        "anchor_elsewhere": b"\x0a" + leaf + mid + root + b"\6" + named,
    }


def crls():
    # The same without its signature's worth: nothing is verified while it is read.
    def crl(extensions, entries=(), version=b"\1", times=None):
        algorithm = der(0x30, oid("1.2.840.10045.4.3.2"))
        listed = der(0x30, b"".join(entries)) if entries else b""
        body = (der(0x02, version) + algorithm + name(CN=b"Plant CA", O=b"Plant")
                + (times or der(0x17, b"260101000000Z") + der(0x18, b"20500101000000Z")) + listed
                + (der(0xA0, der(0x30, b"".join(extensions))) if extensions else b""))
        return der(0x30, der(0x30, body) + algorithm + der(0x03, b"\0\x30\0"))

    def entry(serial, reason):
        return der(0x30, der(0x02, serial) + der(0x17, b"260101000000Z")
                   + der(0x30, extension(21, der(0x0A, bytes([reason])))))

    number = extension(20, der(0x02, b"\x7f" + b"\xff" * 19))
    return {
        "root": X509["root_crl"],
        "mid": X509["mid_crl"],
        "entries": crl([number], [entry(bytes([i, i]), i) for i in range(1, 11)]),
        "no_number": crl([]),
        "negative": crl([extension(20, der(0x02, b"\x80"))]),
        "long_number": crl([extension(20, der(0x02, b"\x7f" * 21))]),
        "twice": crl([number, number]),
        "delta": crl([number, extension(27, der(0x02, b"\1"), True)]),
        "no_end": crl([number], times=der(0x17, b"260101000000Z")),
        "odd_time": crl([number], times=der(0x17, b"2601010000Z")),
        "version_1": crl([], version=b"\0"),
        "indirect": crl([number, extension(28, der(0x30, der(0x84, b"\xff")), True)]),
        "truncated": X509["mid_crl"][:-30],
    }


# What openssl writes: a key, its certificate and request, and both in files with the password
# "sesame", hashed twice.
FILES = {name: base64.b64decode(text) for name, text in {
    "key":
        "MHcCAQEEIOmJ6vKoyjGHN4GJOY3+tNy8sYOxgYPvgq0DAXkMnwFooAoGCCqGSM49AwEHoUQDQgAEAreNmI5n9hivjm"
        "Vdkg0XYvo/2Ax3ccIF5RRiA+Ua3pG9ZJ9fubombit/Hnn44zFjLDlC9Ts7zcxqTuM/f0Pb6A==",
    "request":
        "MIIBATCBqAIBADAYMQowCAYDVQQDDAFwMQowCAYDVQQKDAFxMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAreNmI"
        "5n9hivjmVdkg0XYvo/2Ax3ccIF5RRiA+Ua3pG9ZJ9fubombit/Hnn44zFjLDlC9Ts7zcxqTuM/f0Pb6KAuMCwGCSqG"
        "SIb3DQEJDjEfMB0wGwYDVR0RBBQwEoYFdXJuOmGHBMAAAgGCA2EuYjAKBggqhkjOPQQDAgNIADBFAiBWLK3HO3HXls"
        "qfD7rjUO3bgdBsxh0uixuSjVS+higwoQIhAI8+xg79TkSOxGjXk5v/4avHDuDBkRimFAAeoUwdPI/D",
    "pkcs12":
        "MIID+QIBAzCCA7AGCSqGSIb3DQEHAaCCA6EEggOdMIIDmTCCAlEGCSqGSIb3DQEHBqCCAkIwggI+AgEAMIICNwYJKo"
        "ZIhvcNAQcBMFYGCSqGSIb3DQEFDTBJMCgGCSqGSIb3DQEFDDAbBAhK1dSfyluU8QIBAjAMBggqhkiG9w0CCQUAMB0G"
        "CWCGSAFlAwQBKgQQAkw4tzyQFW3gmsXGUR8obICCAdDp4ozfyYqZcUD1xOdzef0PE8fJvR8v54ng2z/cGEK3kf4V/S"
        "rGuMBJ4/XbsHT3UEg13xCTpYiaNcpcz9WA7PpxFohI/a1JtUc/Jzd3nSjuROsIGLSIk+MHnUTilUqODcBSMHaWnu2Q"
        "j/doAHQtFF3J0sPTVLUQNnJJjYbzxx8GKK3n9jz+Trxow4gLAMta6UlmhGLDaLQ7B3lhPNVRyfu0pvPiNEUIjnDC3e"
        "TvIBwMWoLKNyE7V1BiIRW6DaWGVQtPcqIrcSHPvD/Gg/e4+3z7OPkmBkIzZ8JAkvfGnIgrHcKOC4I8xi0smd5Vr5CS"
        "9U9YXdZY9KQxKLoJrdYe9U10pA/o7q3uuX1CSt9ICFZp//YIbRwQXdTCZPjTSUnQzz5TfsuRUloR0MzDeMinpB4PlS"
        "pCc+L53PVzCSB//3qMahwELoVNlpKZfP8s8jAr8YTDu8Xp7u8Ee4pT4yXXr1DM0k+NX8VmRT10+Z+Ye4yWGCjE9ZvC"
        "1GEjTCr3vOVIUzcCaCmOOgQfbl5a8i6Xd+h86YfGEfHm3rLBH1ICPIu0178PcaOEWw14uIakI9VvVq72d1XqT9f+mw"
        "U0yqDPJXJGWpRCUm4+V/3zqLwKVW/VajCCAUAGCSqGSIb3DQEHAaCCATEEggEtMIIBKTCCASUGCyqGSIb3DQEMCgEC"
        "oIHuMIHrMFYGCSqGSIb3DQEFDTBJMCgGCSqGSIb3DQEFDDAbBAiiu4506pX3fAIBAjAMBggqhkiG9w0CCQUAMB0GCW"
        "CGSAFlAwQBKgQQSwcBMyNCctthyeQdlT41ugSBkJTjJFOWjRLkLxQUTqCAC7dK1rt3K6xvMG/3GSmPCFRwH3nkMmig"
        "iEXRqRi1V/LHELVC5RYPWvSWk/+dIvG5FH1/6at7VApFhqSJC5a8qEYlqBRieWzZSLPHpjHN1NNYgTMTp0FpK/tEcO"
        "nAgS0eKHZ6zSLwHXLBJccYjhLQwhq0504dMj+D0/2nEqDtlDNlAzElMCMGCSqGSIb3DQEJFTEWBBQu8MvUddekeBHP"
        "4uPmDCQrNsttHDBAMDEwDQYJYIZIAWUDBAIBBQAEIMfI0lTF6IQkSQobIPpIXSq4p278IpWGBQU9nIgueGTlBAhrad"
        "JZkLpKrgIBAg==",
    "encrypted_key":
        "MIHrMFYGCSqGSIb3DQEFDTBJMCgGCSqGSIb3DQEFDDAbBAgFslguHWLZjgIBAjAMBggqhkiG9w0CCQUAMB0GCWCGSA"
        "FlAwQBKgQQQnARnyqwoFOaIesrPeZ0/ASBkLXN8gwc47+jD0N1pGSJlK+eZi5krvKTNTHq71KniR+7ZrslitnFVBIP"
        "c0BVEIToUexUZ+pN5S5STxObi/0QRMMdQwPjzaXqIAFHjyEK1wgcZFEcB7B3KWSif5BMT9iUNqUl8gHGgPLiYTLEnb"
        "eBhFKENQYXYLMVk12Vba1pfA+klkUwQNPRAcIy1BiuK9Hu9w==",
    "pkcs7":
        "MIIBmAYJKoZIhvcNAQcCoIIBiTCCAYUCAQExADALBgkqhkiG9w0BBwGgggFtMIIBaTCCAQ+gAwIBAgIUZ9Ym9NBSDD"
        "EhrVHh5F2QTKXwg34wCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBcDAgFw0yNjExMjExMjA1MzhaGA8yMDUxMDcxMzEy"
        "MDUzOFowDDEKMAgGA1UEAwwBcDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAK3jZiOZ/YYr45lXZINF2L6P9gMd3"
        "HCBeUUYgPlGt6RvWSfX7m6Jm4rfx55+OMxYyw5QvU7O83Mak7jP39D2+ijTTBLMB0GA1UdDgQWBBTMcHTkuAGanVfV"
        "UMzPQl4Fmj0RfDAfBgNVHSMEGDAWgBTMcHTkuAGanVfVUMzPQl4Fmj0RfDAJBgNVHRMEAjAAMAoGCCqGSM49BAMCA0"
        "gAMEUCIG5HQIwmOIJV5zSz8e+o4V5bn2tp0LXTzAgMn9dnQLX1AiEA0fr7LJ+MLglTokLKwQXFUlTaL5ZRAjc5ew3O"
        "DP5TI7YxAA==",
}.items()}


def imports():
    def pem(label, content):
        text = base64.encodebytes(content).decode()
        return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode()
    cert, key = pem("CERTIFICATE", X509["leaf"]), pem("PRIVATE KEY", FILES["key"])
    return {
        **FILES,
        "cert": X509["root"],
        "crl": X509["mid_crl"],
        "bundle": b"text\n" + cert + key + pem("X509 CRL", X509["root_crl"]) + cert,
        "pem_pkcs7": pem("PKCS7", FILES["pkcs7"]),
        "pem_request": pem("CERTIFICATE REQUEST", FILES["request"]),
        "pem_encrypted": pem("ENCRYPTED PRIVATE KEY", FILES["encrypted_key"]),
        "old_pem": b"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                   b"DEK-Info: AES-128-CBC,000102030405060708090A0B0C0D0E0F\n\n"
                   + base64.encodebytes(bytes(48)) + b"-----END EC PRIVATE KEY-----\n",
        "truncated": FILES["pkcs12"][:-60],
        "not_pem": b"-----BEGIN CERTIFICATE-----\nMA",
    }


def references():
    curve = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                          "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    key = der(0x30, der(0x30, oid("1.2.840.10045.2.1") + oid("1.2.840.10045.3.1.7"))
              + der(0x03, b"\0\x04" + curve))

    def reference(version, number, called):
        return der(0x30, der(0x02, version) + der(0x02, number) + der(0x0C, called) + key)
    good = reference(b"\1", b"\x11", b"web-server")
    text = base64.encodebytes(good).decode()
    block = f"-----BEGIN KEYSTORE KEY REFERENCE-----\n{text}-----END KEYSTORE KEY REFERENCE-----\n"
    return {
        "good.der": good, "good.pem": block.encode(),
        "behind.pem": b"-----BEGIN X-----\nAAAA\n-----END X-----\n" + block.encode(),
        "short.der": good[:-9], "newer.der": reference(b"\2", b"\x11", b"k"),
        "big_id.der": reference(b"\1", b"\x7f" * 8, b"k" * 64),
        "negative_id.der": reference(b"\1", b"\xff", b"k"),
    }


def bundles():
    def block(name, content, header=""):
        return (f"-----BEGIN {name}-----\n{header}".encode() + base64.encodebytes(content)
                + f"-----END {name}-----\n".encode())
    cert = der(0x30, der(0x30, bytes(40)))
    return {
        "cert.der": cert, "cert.pem": block("CERTIFICATE", cert),
        "several.pem": b"Bag Attributes\n" + block("CERTIFICATE", cert)
                       + block("PRIVATE KEY", bytes(24)) + block("X509 CRL", cert)
                       + block("X509 CERTIFICATE", cert),
        "too_many.pem": block("CERTIFICATE", b"0") * 257,
        "encrypted.pem": block("CERTIFICATE", cert, "Proc-Type: 4,ENCRYPTED\n"
                               "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"),
        "key_alone.pem": block("PRIVATE KEY", bytes(24)), "not_pem": b"-----BEGIN CERTIFICATE----",
    }


def deployments():
    begin = "[deployment]\ncertificate = 3\n"
    files = "cert = /etc/tls/web.pem\nkey = /etc/tls/web.key\n"
    return {name: text.encode() for name, text in {
        "good": f"{begin}{files}chain = /c\nowner = a:b\nmode = 0640\nreload = a@1.service\n",
        "command": f"# c\n{begin}{files}run = a 'b' | c; d\n",
        "comment": f"{begin}{files}run = a ; b\n",
        "continued": f"{begin}{files}  more\n",
        "twice": f"{begin}{files}{files}",
        "long": f"{begin}key = /k\ncert = /{'a' * 300}\n",
        "no_section": files,
        "bom": f"\ufeff{begin}{files}",
    }.items()}


def https_settings():
    begin = "[keystore-https]\n"
    return {name: text.encode() for name, text in {
        "all": f"{begin}Enabled = yes\nSocket = /run/k.sock\nService = web\n"
               "Listen = 192.0.2.1:443, [2001:db8::1]:443\nListen = 8443\nRedirectHTTP = 80\n"
               "Name = Gateway 7\nLocation = Hall \u20ac, left\n"
               "ServerNames = a.example gateway7 192.0.2.1,2001:db8::1\n"
               "ClientCertificate = required\nTrustGroup = staff\nTLS12 = no\n"
               "HandshakesMax = 20\nHandshakesPerAddress = 16#0A\nHandshakeTimeout = 3 s\n"
               "RecheckInterval = T#1h_30m\nConnectionsMax = 30\nConnectionsPerAddress = 5\n"
               "IdleTimeout = 2 min\nRequestTimeout = 5 s\nBodyMax = 1 MiB\n"
               "DataImages = /run/o\nDataControl = /run/c.sock\n",
        "warned": f"{begin}TrustGroup = https\n",
        "clashes": f"{begin}Listen = 443 192.0.2.1:443 0.0.0.0:443 [::]:443\nRedirectHTTP = 443\n"
                   "ConnectionsMax = 5\nConnectionsPerAddress = 6\n",
        "many": f"{begin}Listen = 1 2 3 4 5 6 7 8 9\nServerNames = {'a,' * 17}\n",
        "sizes": f"{begin}BodyMax = 64KiB\nBodyMax = 18446744073709551615 MiB\nBodyMax = 65536\n",
        "texts": f"{begin}Name = {'n' * 129}\nLocation = \u009b2J\n",
        "paths": f"{begin}DataImages = /{'d' * 93}\nSocket = /{'s' * 107}\n",
        "unknown": f"Enabled = yes\n[https]\nx = 1\n{begin}{begin}Enable = yes\nX = ; y\n",
    }.items()}


def ouc_settings():
    blocks = "[block Out]\nVar1 = Bool\nVar2 = String[20]\n[block In]\nV = Array[0..9] of Real\n"
    client = ("[Send]\nType = TCON_IP_V4_SEC\nInterfaceId = eth0\nID = 1\nConnectionType = 16#0B\n"
              "ActiveEstablished = TRUE\nRemoteAddress = 192.0.2.20\nRemotePort = 2000\n")
    server = ("[Receive]\nType = TCON_IP_V6_SEC\nID = 2\nActiveEstablished = FALSE\nLocalPort = 2000\n"
              "RemoteAddress = 2001:db8::1\nTLSServerReqClientCert = TRUE\nTLSServerCertRef = 7\n"
              "TLSClientCertRef = 3\n")
    named = ("[Named]\nType = TCON_QDN_SEC\nID = 3\nActiveEstablished = TRUE\n"
             "RemoteQDN = plc-2.plant.example.\nRemotePort = 2000\n")
    return {name: text.encode() for name, text in {
        "general": "[keystore-ouc]\nSocket = /run/k.sock\nRuntimeDirectory = /run/ouc\n"
                   "HandshakesMax = 20\nHandshakesPerAddress = 16#0A\nHandshakeTimeout = 3 s\n"
                   "RecheckInterval = T#1h_30m\n",
        "blocks": f"{blocks}{client}TSEND_C = Out\nTRCV_C = In\nREQ = 100 ms\nCONT = FALSE\n"
                  "EN_R = TRUE\nTrustGroup = line-1\nMinimumTLS = 1.3\nEvents = state\n"
                  f"MessageTimeout = 5 s\n{server}TSEND_C = Out\nREQ = change\n",
        "forward": f"{client}Forward = [::1]:502\nForwardMax = 3\n{server}Forward = unix:/a.sock\n",
        "named": f"{blocks}{named}TSEND_C = Out\nExtTLSCapabilities = 16#0000\n",
        "plain": f"{blocks}{client}TSEND_C = Out\nActivateSecureConn = FALSE\n",
        "clashes": f"{blocks}{client}TRCV_C = In\n{client}{named}TRCV_C = In\nID = 1\n",
        "unknown": "ID = 1\n[blok x]\n[keystore-ouc]\nsocket = /a\n[Send]\nRemoteAdress = 1\n",
        "broken": "[Send\n[]\nx\n= y\n[block a/b]\n" + "a" * 300 + "\n[block e]",
        "bom": f"\ufeff  {blocks} ; \u00b0C\n",
        "wide": "[block Out]\nV = " + "\u00e4" * 94 + "\nV = Array[0..1] of " + "\u20ac" * 55 + "\n" +
                "\u00e4" * 90 + " = x\n",
        "control": "[Send]\nID = \0\n\x1b[2J\n\u009b2J\n",
    }.items()} | {"latin1": b"[Send]\nTrustGroup = \xe4\n"}


def ouc_messages():
    """Pieces of messages of a block with Bool, String[5] and Int."""
    def pieces(*parts):
        return b"".join(bytes([len(part)]) + part for part in parts)

    good = bytes([1, 0, 5, 3]) + b"abc\0\0" + bytes([0, 1, 2])
    return {
        "one": pieces(good),
        "three": pieces(good * 3),
        "cut": pieces(good[:5], good[5:] + good[:1], good[1:]),
        "end": pieces(good, b""),
        "short": pieces(good[:7], b""),
        "most": pieces(good, good[:2] + bytes([6]) + good[3:]),
        "used": pieces(good[:3] + bytes([6]) + good[4:]),
    }


def ouc_commands():
    return {name: text.encode() for name, text in {
        "list": '{"command":"list"}',
        "show": '{"command":"show","connection":"Send"}',
        "send": '{"command":"send","connection":"Send","wait":true,'
                '"values":{"Var1":true,"Var2":"Hello World!","Real":-2.5e3,"A":[1,"16#FF"]}}',
        "set": '{"command":"set","block":"Send_Data","values":{"Values[3]":"\\u00e9\\u0000"}}',
        "get": '{"command":"get","block":"Send_Data"}',
        "watch": '{"command":"watch"}',
        "blocks": '{"command":"blocks"}',
        "twice": '{"command":"list","command":"watch"}',
        "nul": '{"command":"list\\u0000"}',
        "deep": '{"command":"set","block":"B","values":{"A":[[1]]}}',
        "deep_text": '{"command":"set","block":"B","values":{"A":"[[{\\"["}}',
    }.items()}


def ouc_replies():
    return {name: text.encode() for name, text in {
        "set": '{"ok":true,"block":"Send_Data"}',
        "blocks": '{"ok":true,"blocks":{"A":{"sent_by":"Send","received_by":null}}}',
        "invalid": '{"ok":false,"error":"invalid","message":"A: Var1 is a Bool: TRUE or FALSE"}',
        "umlaut": '{"ok":false,"error":"busy","message":"\\u00e9"}',
        "controls": '{"ok":false,"error":"busy","message":"a\\nb"}',
        "twice": '{"ok":true,"ok":false}',
        "part": '{"connection":{}}',
        "nul": '{"ok":false,"error":"busy","message":"a\\u0000"}',
        "none": 'HTTP/1.1 400 Bad Request',
    }.items()}


def data_views():
    def image(layout, content, sequence=4, name="Send_Data", magic=b"KSIMAGE\n", cut=0, **fields):
        layout = layout.encode()
        at = (128 + len(layout) + 63) // 64 * 64
        header = {"version": 1, "layout_at": 128, "layout_len": len(layout), "data_at": at,
                  "data_len": len(content), "zero": 0} | fields
        head = magic + struct.pack("<6I2Qqq64s", *header.values(), sequence, sequence // 2,
                                   1_700_000_000_000_000_000, 0, name.encode())
        whole = (head + layout).ljust(at, b"\0") + content
        return whole[:len(whole) - cut]

    hello = "Var1 Bool 0.0\nVar2 String 2.0\n"
    world = b"\x01\x00\xfe\x0cHello World!".ljust(258, b"\0")
    station = ("Valve Bool 0.0\nMode Byte 1.0\nLevel Int 2.0\nFlow Real 4.0\nUnit String[3] 8.0\n"
               "Grade Char 13.0\nAlarms Array[1..10] of Bool 14.0\nTotal DInt 16.0\n"
               "Mask DWord 20.0\nWord Word 24.0\nNames Array[-1..0] of String[2] 26.0\n")
    values = bytes.fromhex("022afffe402000000303e42f7341010200"
                           "0186a0fffffffe1234020178000202797a")
    return {
        "hello": image(hello, world),
        "station": image(station, values),
        "nan": image("r Array[0..3] of Real 0.0\n",
                     bytes.fromhex("7fc000017f800000ff80000000000001")),
        "odd": image(hello, world, sequence=5),
        "cut": image(hello, world, cut=1),
        "short": image(hello, world, cut=300),
        "long_string": image(hello, world.replace(b"\xfe\x0c", b"\xfe\xff")),
        "other_place": image(hello.replace("2.0", "4.0"), world),
        "no_newline": image(hello[:-1], world),
        "nul": image(hello.replace("\n", "\0"), world),
        "twice": image("a Int 0.0\na Int 2.0\n", bytes(4)),
        "size": image(hello, world + bytes(2)),
        "version": image(hello, world, version=2),
        "far": image(hello, world, data_at=0xFFFFFFC0),
        "huge": image(hello, world, layout_len=0xFFFFFFFF),
        "nameless": image(hello, world, name="../x"),
        "magic": image(hello, world, magic=b"KSIMAGE\0"),
    }


def data_types():
    return {name: text.encode() for name, text in {
        "bool": "Bool\nv=TRUE\ntrue",
        "byte": "Byte\nv=16#fF\n255",
        "int": "Int\nv=-32768\n32768",
        "dword": "dword\nv=2#1010\n4294967295",
        "real": "Real\nv=-1.5e-3\n0.1",
        "real_word": "Real\nv=NaN\n\"-Infinity\"",
        "real_large": "Real\nv=3.4028236e38\n3.5e38",
        "char": "Char\nv=\u00e4\n\"\\u0000\"",
        "string": "String[5]\nv=H\u00e9llo\n\"Hello!\"",
        "strings": "Array[-1..1] of String[3]\nv[-1]=abc\n[\"\", \"a\\u0000\", \"\u00ff\"]",
        "bools": "Array[0..8] of Bool\nv[8]=1\n[true,false,\"1\",false,true,true,true,true,true]",
        "reals": "ARRAY [ 1 .. 2 ] OF REAL\nv[2]=1\n[1, 2.5]",
        "bounds": "Array[-2147483648..-2147475457] of Bool\nv[-2147483648]=1\n[]",
        "far": "Array[0..99999999999999999999] of Int\n",
        "nested": "Array[0..1] of Array[0..1] of Int\n",
        "long": "String[255]\n",
        "euro": "String\nv=\u20ac\n{}",
        "element": "Int\nv[0]=1\nnull",
    }.items()}


TOKEN = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def api_requests():
    """Requests to the JSON API: what each operation reads, and what is no path, cookie or body."""
    login = f"Authorization: Bearer {TOKEN}\n"
    json = "Content-Type: application/json\n"
    bodies = {
        "session": ("POST /api/v1/session", '{"user":"anna","password":"correct horse"}'),
        "password": ("POST /api/v1/password", '{"user":"anna","old_password":"a","new_password":"b"}'),
        "user": ("POST /api/v1/users", '{"name":"ben","password":"x","roles":["viewer"],"must_change":true}'),
        "user_set": ("PATCH /api/v1/users/ben", '{"disabled":true,"roles":[],"password":null}'),
        "role": ("PUT /api/v1/roles/night", '{"rights":["view","read-audit"]}'),
        "twice": ("POST /api/v1/session", '{"user":"a","user":"b"}'),
        "deep": ("POST /api/v1/session", '{"user":' + "[" * 9 + "]" * 9 + "}"),
        "type": ("POST /api/v1/session", '{"user":1,"password":true}'),
        "unknown": ("POST /api/v1/users", '{"name":"a","password":"b","rights":["view"]}'),
        "no_json": ("POST /api/v1/session", '{"user":'),
    }
    plain = {
        "list": "GET /api/v1/users?after=anna&limit=10", "limit": "GET /api/v1/users?limit=-1",
        "trend": "GET /api/v1/trend?after=1700000000", "root": "GET /api/v1/root-certificates/" + "0a" * 32 +
        "/file?format=pem", "identification": "GET /api/v1/identification", "nobody": "GET /api/v1/session",
        "encoded": "DELETE /api/v1/users/%C3%BC%20x", "slash": "DELETE /api/v1/users/a%2Fb",
        "twice_encoded": "DELETE /api/v1/users/%252e%252e", "dots": "DELETE /api/v1/users/..",
        "nul": "DELETE /api/v1/users/a%00", "id": "DELETE /api/v1/logins/18446744073709551616",
        "method": "PUT /api/v1/session", "head": "HEAD /api/v1/openapi.json", "other": "BREW /api/v1/session",
        "elsewhere": "GET /apiary", "events": "GET /api/v1/events?blocks=motor,pump",
    }
    seeds = {name: f"{line}\n{login}{json}\n{body}" for name, (line, body) in bodies.items()}
    seeds |= {name: f"{line}\n{login}\n" for name, line in plain.items()}
    seeds |= {
        "cookie": f"GET /api/v1/users\nCookie: a=b; __Host-keystore={TOKEN}; c=d\n\n",
        "two_cookies": f"GET /api/v1/users\nCookie: __Host-keystore={TOKEN}; __Host-keystore=x\n\n",
        "csrf": f"DELETE /api/v1/users/a\nCookie: __Host-keystore={TOKEN}\nKeystore-CSRF: x\n\n",
        "origin": "POST /api/v1/session\nHost: plc\nOrigin: https://evil\n\n{}",
        "site": "GET /api/v1/users\nSec-Fetch-Site: cross-site\n\n",
    }
    return {name: (text.rstrip("\n") + "\n").encode() for name, text in seeds.items()}


def https_texts():
    """The first byte: a query, Host, a text, a list."""
    return {
        "query": b"\0a=1&b=%20c+d&e&=f", "query-twice": b"\0a=1&%61=2",
        "query-many": b"\0" + b"&".join(b"p%d=1" % i for i in range(17)),
        "host": b"\1Plant.example.:8443", "host-address": b"\1[2001:db8::1]:443",
        "text": b"\2%c3%a4%E2%82%AC%f0%9f%94%91+", "text-nul": b"\2%00", "text-overlong": b"\2%c0%af",
        "etags": b"\3\"x\" , W/\"abc\",*", "codings": b"\3br;q=1, gzip ; q=0.000",
    }


def ua_bytes(value):
    return struct.pack("<i", -1) if value is None else struct.pack("<i", len(value)) + value


def opcua_chunks():
    """The first byte: an OPN, its request, a message signed or encrypted, certificates, a forgery."""
    policy = b"http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"
    names = extension(17, der(0x30, der(0x86, b"urn:plc-1:app")))
    leaf = certificate(name(CN=b"plc-1"), name(CN=b"Plant CA"), [names], "rsa")
    issuer = certificate(name(CN=b"Plant CA"), name(CN=b"Root"), [])

    def opn(uri, sender, thumbprint, body):
        rest = struct.pack("<I", 7) + ua_bytes(uri) + ua_bytes(sender) + ua_bytes(thumbprint) + body
        return b"OPNF" + struct.pack("<I", 8 + len(rest)) + rest

    def ask(token=b"\0\0", more=b"\0\0\0", kind=1, mode=3):
        return (struct.pack("<II", 51, 1) + b"\1\0\xbe\1" + token + bytes(16) + ua_bytes(None)
                + struct.pack("<I", 10000) + more + struct.pack("<III", 0, kind, mode)
                + ua_bytes(bytes(32)) + struct.pack("<I", 3600000))

    header = struct.pack("<II", 7, 1) + struct.pack("<II", 52, 2)
    message = b"MSGF\0\0\0\0" + header + b"\1\0\xcd\1" + bytes(36)
    return {
        "opn": b"\0" + opn(policy, leaf, bytes(20), bytes(512)),
        "opn-chain": b"\0" + opn(policy, leaf + issuer, bytes(20), ask()),
        "opn-none": b"\0" + opn(policy.replace(b"Basic256Sha256", b"None"), None, None, ask(mode=1)),
        "opn-short": b"\0" + opn(policy, leaf, bytes(20), b"")[:-30],
        "request": b"\1" + ask(), "request-issue": b"\1" + ask(kind=0) + b"\3\3\3\3",
        "request-text": b"\1" + ask(b"\3\1\0" + ua_bytes(b"token"), b"\4\0\0" + bytes(16) + b"\1" + ua_bytes(b"x")),
        "request-opaque": b"\1" + ask(b"\5\1\0" + ua_bytes(b"token"), b"\2\0\0\1\0\0\0\2" + ua_bytes(None)),
        "signed": b"\2" + message + bytes(32), "encrypted": b"\3" + message + b"\7" * 8 + bytes(32),
        "padding": b"\3" + message + b"\xff" * 8 + bytes(32),
        "certs": b"\4" + leaf + issuer, "cert-cut": b"\4" + leaf[:-9], "forged": b"\5" + message + bytes(40),
    }


def trust_lists():
    """TrustListDataType in OPC UA's binary encoding."""
    def some(*entries):
        return struct.pack("<i", len(entries)) + b"".join(struct.pack("<i", len(e)) + e for e in entries)

    cert = certificates()["ca"][1:] # without its profile
    crl = next(iter(crls().values()))
    full = struct.pack("<I", 15) + some(cert) + some(crl) + some(cert, b"x") + some()
    return {
        "full": full, "cut": full[:-1], "long": full + b"\0", "cert": cert, "crl": crl,
        "some": struct.pack("<I", 5) + full[4:], "none": struct.pack("<Iiiii", 15, -1, -1, -1, -1),
        "mask": struct.pack("<I", 16) + full[4:], "count": struct.pack("<Iiiii", 15, 2**31 - 1, 0, 0, 0),
        "empty": struct.pack("<Iiiiii", 1, 1, -1, 0, 0, 0),
    }


def write(target, seeds):
    directory = CORPUS / target
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name, content in seeds.items():
        (directory / name).write_bytes(content)


write("api", api_requests())
write("frame", {name: b"\x03" + stream for name, stream in streams().items()})
write("names", {name: text.encode() for name, text in NAMES.items()})
write("path", path())
write("crl", crls())
write("tss2", tss2())
write("cert", certificates())
write("import", imports())
write("reference", references())
write("bundle", bundles())
write("deployment", deployments())
write("ouc_settings", ouc_settings())
write("https_settings", https_settings())
write("https_text", https_texts())
write("opcua_chunk", opcua_chunks())
write("ouc_control", ouc_commands())
write("ouc_reply", ouc_replies())
write("ouc_receiver", ouc_messages())
write("data_view", data_views())
write("data_type", data_types())
write("push_trust", trust_lists())
write("duplicate", {"ec": FILES["key"], "truncated": FILES["key"][:-9]})
# The service itself, somebody who may use the key, somebody else.
write("conn", {f"{name}.{who}": bytes([who]) + stream
               for name, stream in streams().items() for who in range(3)})
