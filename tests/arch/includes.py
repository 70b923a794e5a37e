#!/usr/bin/env python3
"""Who may know what (docs/ARCHITECTURE.md), read off the include lines and a few words.

Argument: the top of the source tree.
"""
import fnmatch
import os
import re
import subprocess
import sys

TOP = sys.argv[1]

# A header (or word) that carries knowledge, and the only files that may have it.
KNOWLEDGE = [
    ("TPM structures", r'^#\s*include\s*[<"]tss2/', ["tpm/*", "tests/unit/tpm/*", "tests/fuzz/duplicate.c", "bench/*"]),
    ("SQL", r'^#\s*include\s*[<"]sqlite3', ["keystored/store*", "tests/unit/keystored/*"]),
    ("SQL", r'sqlite3_\w+\(', ["keystored/store*", "tests/unit/keystored/*"]),
    ("peer credentials", r"SO_PEER(CRED|GROUPS|PIDFD)|struct ucred", ["keystored/listener.c"]),
    ("X.509 objects", r'^#\s*include\s*[<"]openssl/(x509v3|cms|pkcs12)\.h|'
     r"\bX509(_REQ|_CRL|_NAME|_EXTENSION|_STORE\w*)?\s*\*|"
     r"\bX509_(new|free|sign|verify|REQ_\w+|CRL_\w+|NAME_\w+|EXTENSION_\w+)\(",
     ["keystored/x509*", "client/keystorectl/x509*", "frontends/deploy/x509*", "frontends/stream/tls*",
      "frontends/opcua/policy/asymmetric.c", "frontends/opcua/policy/own_cert.c",
      "frontends/opcua/client/x509*",
      "tests/*",
      "client/provider/*", "bench/tls_identity.c"]),
    ("TLS", r'^#\s*include\s*[<"]openssl/ssl\.h', ["frontends/stream/*", "tests/*", "bench/tls*"]),
    ("netlink", r'^#\s*include\s*[<"](netlink/|linux/(rt)?netlink)', ["keystored/watch*.c"]),
    ("open62541", r'^#\s*include\s*[<"]open62541',
     ["frontends/opcua/*", "tests/interop/open62541/*", "tests/interop/opcua/*", "bench/opcua*"]),
    ("libmicrohttpd", r'^#\s*include\s*[<"]microhttpd', ["frontends/https/*"]),
    ("the event loop", r'^#\s*include\s*[<"]systemd/sd-event', ["keystored/*", "frontends/*", "tests/unit/*",
      "tests/interop/opcua/*"]),
]

# Whose headers a part may include besides its own.
ARROWS = {
    "proto": [],
    "tpm": [],
    "keystored": ["proto", "tpm"],
    "client": ["proto"],
    "frontends": ["client"],
}

LINES_MAX = 700

faults = []


def fault(path, line, what):
    faults.append(f"{path}:{line}: {what}")


def sources():
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h"], cwd=TOP,
                           capture_output=True, text=True)
    if names.returncode == 0:
        found = names.stdout.split()
    else:  # an unpacked archive
        found = [os.path.relpath(os.path.join(folder, name), TOP)
                 for folder, folders, files in os.walk(TOP)
                 if not os.path.relpath(folder, TOP).startswith(("build", ".git"))
                 for name in files if name.endswith((".c", ".h"))]
    return sorted(path for path in found if os.path.exists(os.path.join(TOP, path)))


def without_comments(text):
    """The same lines, comments and strings' insides blanked, include lines kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.S)


def check_knowledge(path, lines):
    for what, pattern, places in KNOWLEDGE:
        if any(fnmatch.fnmatch(path, place) for place in places):
            continue
        for number, line in enumerate(lines, 1):
            if re.search(pattern, line):
                fault(path, number, f"{what} belong(s) in {' '.join(places)}: {line.strip()}")


def check_arrows(path, lines, owners):
    part = path.split("/")[0]
    if part not in ARROWS:
        return
    for number, line in enumerate(lines, 1):
        match = re.match(r'#\s*include\s*"([^"]+)"', line)
        if not match:
            continue
        name = os.path.basename(match.group(1))
        owner = owners.get(name, set())
        if not owner or part in owner:
            continue
        if not owner & set(ARROWS[part]):
            fault(path, number, f"{part} may not know {'/'.join(sorted(owner))}: {line.strip()}")


def check_public_header(path, lines):
    """What is installed stands alone: it includes nothing of the tree that is not."""
    if not path.startswith("client/include/"):
        return
    for number, line in enumerate(lines, 1):
        match = re.match(r'#\s*include\s*"(.*)"', line)
        if match and not os.path.exists(os.path.join(TOP, "client/include", match.group(1))):
            fault(path, number, "an installed header includes one that is not")


def check_globals(path, lines):
    """Mutable state at file scope in what ships: `static` at column 0, no function, no const."""
    if not path.endswith(".c") or path.split("/")[0] not in ARROWS:
        return
    for number, line in enumerate(lines, 1):
        match = re.match(r"static\s+(?!const\b|inline\b|_Noreturn\b|_Thread_local\b)([^()]*?)(;|=|\[)",
                         line)
        if match and "const" not in match.group(1):
            fault(path, number, f"mutable state at file scope: {line.strip()}")


def main():
    paths = sources()
    owners = {}
    for path in paths:
        if path.endswith(".h"):
            owners.setdefault(os.path.basename(path), set()).add(path.split("/")[0])
    owners["keystore.pb-c.h"] = {"proto"}
    for path in paths:
        with open(os.path.join(TOP, path), encoding="utf-8") as file:
            text = file.read()
        lines = without_comments(text).split("\n")
        check_knowledge(path, lines)
        check_arrows(path, lines, owners)
        check_public_header(path, lines)
        check_globals(path, lines)
        # The one header of the library has every operation, in pairs.
        if text.count("\n") > LINES_MAX and path != "client/include/keystore.h":
            fault(path, LINES_MAX, f"more than {LINES_MAX} lines: this hides two modules")
    print("\n".join(faults))
    print(f"{len(paths)} files looked at, {len(faults)} faults")
    return 1 if faults or not paths else 0


sys.exit(main())
