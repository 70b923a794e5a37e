#!/usr/bin/python3
"""A client of keystored in Python, for Debian's python3-protobuf.

The messages come from proto/keystore.proto; make them once, and say where they are:

    mkdir -p build/python
    protoc --python_out=build/python --proto_path=proto keystore.proto
    PYTHONPATH=build/python docs/python/keystore_client.py hello
    PYTHONPATH=build/python docs/python/keystore_client.py create plc-1 ec-p256
    PYTHONPATH=build/python docs/python/keystore_client.py sign plc-1 FILE > FILE.sig
    PYTHONPATH=build/python docs/python/keystore_client.py csr plc-1 CN=plc-1 DNS:plc-1 > plc-1.csr
"""
import argparse
import base64
import hashlib
import os
import socket
import struct
import sys

import keystore_pb2 as pb

SOCKET = os.environ.get("KEYSTORE_SOCKET", "/run/keystored/keystored.sock")
FRAME_MAX = 262144


class KeystoreError(Exception):
    """What the service answered instead of a result."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status  # a number of pb.Status


class Keystore:
    """One connection. It asks one thing at a time; the protocol allows many."""

    def __init__(self, path=SOCKET):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.connect(path)
        except OSError as error:
            raise ConnectionError(f"{path}: {error.strerror}; is keystored running?") from error
        self.last_id = 0

    def _receive(self, length):
        data = b""
        while len(data) < length:
            piece = self.socket.recv(length - len(data))
            if not piece:
                raise ConnectionError("keystored closed the connection")
            data += piece
        return data

    def _receive_reply(self):
        (length,) = struct.unpack(">I", self._receive(4))
        if not 0 < length <= FRAME_MAX:
            raise ConnectionError(f"a frame of {length} bytes")
        return pb.Reply.FromString(self._receive(length))

    def ask(self, deadline_ms=0, **body):
        """Sends Request(**body), like ask(random=pb.RandomRequest(bytes=8)); returns the Reply."""
        self.last_id += 1
        request = pb.Request(id=self.last_id, deadline_ms=deadline_ms, **body)
        data = request.SerializeToString()
        self.socket.sendall(struct.pack(">I", len(data)) + data)
        while True:
            reply = self._receive_reply()
            # id 0: an event, or the reason why the service is about to close.
            if reply.id == 0 and reply.status == pb.STATUS_OK:
                continue
            if reply.id not in (0, self.last_id):
                raise ConnectionError(f"an answer to request {reply.id}, which was not asked")
            if reply.status != pb.STATUS_OK:
                raise KeystoreError(reply.status, reply.message)
            return reply

    def hello(self):
        return self.ask(hello=pb.HelloRequest(client="keystore_client.py")).hello

    def create(self, name, algorithm):
        number = pb.Algorithm.Value("ALGORITHM_" + algorithm.upper().replace("-", "_"))
        return self.ask(key_create=pb.KeyCreateRequest(name=name, algorithm=number)).key.key

    def sign(self, name, data):
        """Signs bytes with SHA-256: the digest is made here, the signature in the TPM."""
        digest = hashlib.sha256(data).digest()
        request = pb.SignRequest(key=pb.KeyRef(name=name), hash=pb.HASH_SHA256, digest=digest)
        return self.ask(sign=request).data.data

    def csr(self, name, subject, names):
        """A PKCS#10 request, DER. Names are like "DNS:plc-1", "IP:192.0.2.1"."""
        request = pb.CsrRequest(key=pb.KeyRef(name=name), subject=subject, hash=pb.HASH_SHA256)
        for item in names:
            kind, _, value = item.partition(":")
            number = pb.GeneralName.Type.Value("TYPE_" + kind.upper())
            request.names.add(type=number, value=value)
        return self.ask(csr=request).data.data


def pem(label, der):
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = "\n".join(text[i : i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----"


def main():
    parser = argparse.ArgumentParser(description="A worked client of keystored.")
    parser.add_argument("--socket", default=SOCKET)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("hello")
    create = commands.add_parser("create")
    create.add_argument("name")
    create.add_argument("algorithm", help="rsa-2048, ec-p256, ...")
    sign = commands.add_parser("sign")
    sign.add_argument("name")
    sign.add_argument("file", type=argparse.FileType("rb"))
    csr = commands.add_parser("csr")
    csr.add_argument("name")
    csr.add_argument("subject", help="CN=plc-1,O=Plant")
    csr.add_argument("names", nargs="*", help="DNS:plc-1 IP:192.0.2.1 URI:urn:plc-1")
    arguments = parser.parse_args()
    try:
        keystore = Keystore(arguments.socket)
        if arguments.command == "hello":
            print(keystore.hello())
        elif arguments.command == "create":
            print(keystore.create(arguments.name, arguments.algorithm))
        elif arguments.command == "sign":
            sys.stdout.buffer.write(keystore.sign(arguments.name, arguments.file.read()))
        elif arguments.command == "csr":
            der = keystore.csr(arguments.name, arguments.subject, arguments.names)
            print(pem("CERTIFICATE REQUEST", der))
    except (KeystoreError, OSError, ValueError) as error:
        sys.exit(f"keystore_client.py: {error}")


if __name__ == "__main__":
    main()
