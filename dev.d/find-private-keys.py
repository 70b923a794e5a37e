#!/usr/bin/env python3
"""find-private-keys.py DIRECTORY PUBLIC.pem...

Looks for a private key in the clear in every file of DIRECTORY and in every value of its
databases: armour and DER that OpenSSL can load, the primes of the RSA keys and the scalars of
the P-256 keys given. Says, to show that it looks in the right place, whether their public parts
are there; and first finds keys that it has hidden itself, to show that it can.

Exit code 1: a private key was found, or a public key was not.
"""
import os
import re
import sqlite3
import subprocess
import sys

ARMOUR = re.compile(rb"-----BEGIN ((?:[A-Z0-9]+ )*)PRIVATE KEY-----")

# A SEQUENCE whose first element is what a private key begins with: PKCS#1 (version 0, modulus),
# SEC 1 (version 1, OCTET STRING of 32 or 48 bytes), PKCS#8 (version 0 or 1, an algorithm).
DER = re.compile(
    rb"\x30(?:[\x00-\x7f]|\x81.|\x82..)"
    rb"(?:\x02\x01\x00\x02|\x02\x01\x01\x04[\x20\x30]|\x02\x01[\x00\x01]\x30)", re.S)

# The wrapped key of draft-bottomley-tpm2-keys: 2.23.133.10.1.3.
TSS2_OID = b"\x06\x06\x67\x81\x05\x0a\x01\x03"


def openssl(*arguments, data=None):
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True)
    return done.stdout if done.returncode == 0 else None


class P256:
    """k·G fast enough to try every window of a database: a table, Jacobian coordinates."""
    P = 2**256 - 2**224 + 2**192 + 2**96 - 1
    G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
         0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)

    def __init__(self):
        point, self.table = (*self.G, 1), []
        for _ in range(64):
            row = [None, point]
            for _ in range(14):
                row.append(self.add(row[-1], point))
            self.table.append(row)
            point = self.add(row[15], point)

    def add(self, a, b):
        p = self.P
        if a is None or b is None:
            return a or b
        (x1, y1, z1), (x2, y2, z2) = a, b
        zz1, zz2 = z1 * z1 % p, z2 * z2 % p
        u1, u2 = x1 * zz2 % p, x2 * zz1 % p
        s1, s2 = y1 * z2 * zz2 % p, y2 * z1 * zz1 % p
        if u1 == u2:
            return self.double(a) if s1 == s2 else None
        h, r = u2 - u1, s2 - s1
        hh = h * h % p
        hhh, v = h * hh % p, u1 * hh % p
        x = (r * r - hhh - 2 * v) % p
        return x, (r * (v - x) - s1 * hhh) % p, z1 * z2 * h % p

    def double(self, a):
        p = self.P
        x, y, z = a
        zz, yy = z * z % p, y * y % p
        s, m = 4 * x * yy % p, 3 * (x - zz) * (x + zz) % p
        x3 = (m * m - 2 * s) % p
        return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p

    def has_x(self, scalar, x):
        """Whether scalar·G has the coordinate x."""
        point = None
        for row in self.table:
            point = self.add(point, row[scalar & 15])
            scalar >>= 4
        return point is not None and (point[0] - x * point[2] ** 2) % self.P == 0


class PublicKey:
    def __init__(self, path, curve):
        der = openssl("pkey", "-pubin", "-in", path, "-outform", "DER")
        self.path, self.curve = path, curve
        modulus = openssl("rsa", "-pubin", "-in", path, "-noout", "-modulus")
        self.modulus = int(modulus.split(b"=")[1], 16) if modulus else None
        if self.modulus:
            self.shown = self.modulus.to_bytes((self.modulus.bit_length() + 7) // 8, "big")
        else:
            self.shown = der[-64:-32]  # x of an uncompressed point

    def secret_in(self, data):
        """Offset of a prime factor, or of the scalar."""
        length = len(self.shown) // 2 if self.modulus else 32
        x = int.from_bytes(self.shown, "big")
        for at in range(len(data) - length + 1):
            number = int.from_bytes(data[at:at + length], "big")
            if self.modulus:
                if data[at] & 0x80 and number & 1 and self.modulus % number == 0:
                    return at
            elif number and self.curve.has_x(number, x):
                return at
        return None


def encoded_keys(data):
    for match in ARMOUR.finditer(data):
        # A TSS2 file holds what only its own TPM can unwrap.
        if match.group(1) != b"TSS2 ":
            yield match.group(0).decode()
    for match in DER.finditer(data):
        der = data[match.start():match.start() + 4096]
        if openssl("pkey", "-inform", "DER", "-noout", "-passin", "pass:", data=der) is not None:
            yield f"DER at offset {match.start()}"


def prove_the_search(curve):
    """Hides one of each in noise; the search must find them all."""
    hidden = [openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
              openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")]
    for pem in hidden:
        forms = [pem, openssl("pkey", "-outform", "DER", data=pem),
                 openssl("pkey", "-traditional", "-outform", "DER", data=pem)]
        for form in forms:
            if not list(encoded_keys(os.urandom(99) + form + os.urandom(99))):
                sys.exit("the search does not find a key that is there")
    scalar = os.urandom(32)
    point = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER",
                    data=bytes.fromhex("30310201010420") + scalar +
                    bytes.fromhex("a00a06082a8648ce3d030107"))
    if point and not curve.has_x(int.from_bytes(scalar, "big"),
                                 int.from_bytes(point[-64:-32], "big")):
        sys.exit("the search does not find a scalar that is there")


def values(path):
    """Every value of a database, also where a page border would cut it in the file."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.text_factory = bytes
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in database.execute(f'SELECT * FROM "{table.decode()}"'):
            yield from ((table.decode(), value) for value in row if isinstance(value, bytes))


def main():
    directory, curve = sys.argv[1], P256()
    keys = [PublicKey(path, curve) for path in sys.argv[2:]]
    found, seen, wrapped, size = [], set(), 0, 0
    prove_the_search(curve)
    for folder, _, names in os.walk(directory):
        for name in filter(lambda name: os.path.isfile(os.path.join(folder, name)), names):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                data = file.read()
            size += len(data)
            found += [f"{path}: {what}" for what in encoded_keys(data)]
            for key in keys:
                if key.modulus and key.secret_in(data) is not None:
                    found.append(f"{path}: a prime of {key.path}")
            if not data.startswith(b"SQLite format 3"):
                continue
            for table, value in values(path):
                place = f"{path}, table {table}"
                wrapped += TSS2_OID in value
                seen |= {key.path for key in keys if key.shown in value}
                found += [f"{place}: {what}" for what in encoded_keys(value)]
                found += [f"{place}: the secret of {key.path}" for key in keys
                          if key.secret_in(value) is not None]
    for line in found:
        print("PRIVATE KEY IN THE CLEAR:", line)
    for key in keys:
        print(f"{key.path}: its public part is {'' if key.path in seen else 'NOT '}in the database")
    print(f"{size} bytes searched for PEM, DER, RSA primes and EC scalars: "
          f"{len(found)} private keys in the clear, {wrapped} wrapped by the TPM")
    return 1 if found or len(seen) != len(keys) or not wrapped else 0


sys.exit(main())
