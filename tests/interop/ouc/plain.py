#!/usr/bin/python3
"""A plain TCP or Unix peer: plain.py ROLE PLACE [BYTES], PLACE a port of loopback or a path.

serve-back   reads to each peer's end, and only then sends everything back
serve-echo   sends back what comes, while it comes
serve-much   sends BYTES as soon as a peer is there, then ends
serve-hold   reads each connection and says on standard output how it ended: "end" or "reset"
ask          sends BYTES, ends its sending side, and checks that the same come back
ask-both     sends BYTES while it reads what comes back
ask-reset    sends BYTES, waits until an answer begins, and resets the connection
ask-late     reads nothing until a line comes on standard input; then BYTES have to come
ask-hold     says "open" when a byte has come back for its own, and waits for a line
"""
import hashlib
import os
import socket
import struct
import sys
import threading

PIECE = 65536


def pattern(count):
    """Bytes that repeat at no power of two."""
    block = hashlib.sha512(b"keystored").digest() * 1021 + b"x"
    return (block * (count // len(block) + 1))[:count]


def place_of(text):
    if text.startswith("/"):
        return socket.AF_UNIX, text
    return socket.AF_INET, ("127.0.0.1", int(text))


def read_all(peer):
    parts = []
    while part := peer.recv(PIECE):
        parts.append(part)
    return b"".join(parts)


def echo(peer, _):
    while part := peer.recv(PIECE):
        peer.sendall(part)


def hold(peer, _):
    try:
        while part := peer.recv(PIECE):
            peer.sendall(part[:1])
        print("end", flush=True)
    except ConnectionResetError:
        print("reset", flush=True)


SERVERS = {
    "serve-back": lambda peer, _: peer.sendall(read_all(peer)),
    "serve-echo": echo,
    "serve-much": lambda peer, count: peer.sendall(pattern(count)),
    "serve-hold": hold,
}


def serve_one(serve_peer, peer, count):
    with peer:
        try:
            serve_peer(peer, count)
        except OSError as error:
            print(error, file=sys.stderr, flush=True)


def serve(role, place, count):
    family, address = place_of(place)
    listener = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_UNIX:
        if os.path.exists(place):
            os.unlink(place)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(64)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve_one, args=(SERVERS[role], peer, count), daemon=True).start()


def check(got, count):
    if hashlib.sha256(got).digest() != hashlib.sha256(pattern(count)).digest():
        sys.exit(f"{len(got)} of {count} bytes came, or others")
    print(hashlib.sha256(got).hexdigest())


def ask(peer, count):
    peer.sendall(pattern(count))
    peer.shutdown(socket.SHUT_WR)
    check(read_all(peer), count)


def ask_both(peer, count):
    def send():
        peer.sendall(pattern(count))
        peer.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    got = read_all(peer)
    sender.join()
    check(got, count)


def ask_reset(peer, count):
    peer.sendall(pattern(count))
    peer.recv(1)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def ask_late(peer, count):
    sys.stdin.readline()
    check(read_all(peer), count)


def ask_hold(peer, _):
    peer.sendall(b"?")
    print("open" if peer.recv(1) else "end", flush=True)
    sys.stdin.readline()


ASKERS = {
    "ask": ask,
    "ask-both": ask_both,
    "ask-reset": ask_reset,
    "ask-late": ask_late,
    "ask-hold": ask_hold,
}


def main():
    role, place = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    if role in SERVERS:
        serve(role, place, count)
    family, address = place_of(place)
    with socket.socket(family, socket.SOCK_STREAM) as peer:
        peer.connect(address)
        ASKERS[role](peer, count)


main()
