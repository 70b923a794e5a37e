#!/usr/bin/python3
"""The bytes in docs/PROTOCOL.md are what the text below them says."""
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

top = pathlib.Path(sys.argv[1])
text = (top / "docs/PROTOCOL.md").read_text()
blocks = re.findall(r"^```hex (Request|Reply)\n(.*?)^```\n\n```\n(.*?)^```", text,
                    flags=re.S | re.M)
if len(blocks) < 5:
    sys.exit(f"only {len(blocks)} messages found")

with tempfile.TemporaryDirectory() as directory:
    subprocess.run(["protoc", f"--python_out={directory}", f"--proto_path={top}/proto",
                    "keystore.proto"], check=True)
    sys.dont_write_bytecode = True
    sys.path.insert(0, directory)
    import keystore_pb2
    from google.protobuf import text_format

for kind, digits, meaning in blocks:
    data = bytes.fromhex("".join(digits.split()))
    length, = struct.unpack(">I", data[:4])
    assert length == len(data) - 4, f"{length} announced, {len(data) - 4} there: {digits}"
    message = getattr(keystore_pb2, kind).FromString(data[4:])
    assert message.SerializeToString() == data[4:], f"unknown fields: {digits}"
    if '"…"' in meaning:
        # The page spares its reader a digest.
        assert len(message.sign.digest) == 32
        message.sign.digest = "…".encode()
    expected = text_format.Parse(meaning, getattr(keystore_pb2, kind)())
    assert message == expected, f"{digits} is\n{message}and not\n{meaning}"
print(f"{len(blocks)} messages")
