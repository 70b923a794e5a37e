#!/usr/bin/env python3
"""find-private-keys.py DIRECTORY PUBLIC.pem...

Looks for a private key in the clear in every file of DIRECTORY (and, of databases, in every
value): whatever begins like a key is handed to OpenSSL, at each offset where one could begin.
Finds, to show that it looks in the right place, the public keys there.

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


def loads(data, form):
    return subprocess.run(["openssl", "pkey", "-inform", form, "-noout", "-passin", "pass:"],
                          input=data, capture_output=True).returncode == 0


def private_keys(data):
    for match in ARMOUR.finditer(data):
        # A TSS2 file holds what only its own TPM can unwrap.
        if match.group(1) != b"TSS2 ":
            yield "PEM " + match.group(0).decode()
    for match in DER.finditer(data):
        candidate = data[match.start():match.start() + 4096]
        if loads(candidate, "DER"):
            yield f"DER at offset {match.start()}"


def values(path):
    """Every value of a database, also where a page border would cut it in the file."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.text_factory = bytes
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in database.execute(f'SELECT * FROM "{table.decode()}"'):
            for value in row:
                if isinstance(value, bytes):
                    yield table.decode(), value


def public_bytes(pem):
    """The modulus, or the point: the part of a public key that its private key would carry."""
    der = subprocess.run(["openssl", "pkey", "-pubin", "-in", pem, "-outform", "DER"],
                         capture_output=True, check=True).stdout
    return der[-65 + 1:][:32] if len(der) < 130 else der[40:40 + 128]


def main():
    directory, publics = sys.argv[1], sys.argv[2:]
    found, seen, blobs, sizes = [], set(), 0, 0
    wanted = {pem: public_bytes(pem) for pem in publics}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            places = [(path, data)]
            if data.startswith(b"SQLite format 3"):
                places += [(f"{path}, table {table}", value) for table, value in values(path)]
            sizes += len(data)
            for place, piece in places:
                found += [f"{place}: {what}" for what in private_keys(piece)]
                seen |= {pem for pem, key in wanted.items() if key in piece}
                # OID 2.23.133.10.1.3: the wrapped key of draft-bottomley-tpm2-keys
                if place != path and b"\x06\x06\x67\x81\x05\x0a\x01\x03" in piece:
                    blobs += 1
    for line in found:
        print("PRIVATE KEY IN THE CLEAR:", line)
    for pem in publics:
        print(f"{pem}: its public part is {'in' if pem in seen else 'NOT in'} the state directory")
    print(f"{sizes} bytes searched: {blobs} keys wrapped by the TPM, {len(found)} in the clear")
    return 1 if found or len(seen) != len(publics) or not blobs else 0


sys.exit(main())
