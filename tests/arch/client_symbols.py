#!/usr/bin/python3
"""What libkeystore exports, its header declares and its man page documents is the same."""
import pathlib
import re
import subprocess
import sys

top = pathlib.Path(sys.argv[1])
library = pathlib.Path("../lib/libkeystore.so.1")

header = "".join(path.read_text() for path in sorted((top / "client/include").glob("*.h")))
header = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
declared = set(re.findall(r"^[a-z].*?\b(ks_\w+)\(", header, flags=re.M))
declared -= set(re.findall(r"^typedef .*?\b(ks_\w+)\(", header, flags=re.M))
mapped = set(re.findall(r"^\t(\w+);", (top / "client/keystore.map").read_text(), flags=re.M))
page = (top / "docs/man/libkeystore.3").read_text()
named = set(re.findall(r"^\.Nm (ks_\w+)", page, flags=re.M))
synopsis = set(re.findall(r"^\.Fo (ks_\w+)", page, flags=re.M))
described = set(re.findall(r"^\.Fn (ks_\w+)", page.partition(".Sh DESCRIPTION")[2], flags=re.M))
described |= {name + "_start" for name in described}

output = subprocess.run(["nm", "-D", "--defined-only", library], check=True, text=True,
                        stdout=subprocess.PIPE).stdout
# The version itself is an absolute symbol.
exported = {line.split()[2].partition("@")[0] for line in output.splitlines()
            if line.split()[1] != "A"}
# A sanitizer's run time may leave marks of its own.
exported = {name for name in exported if not name.startswith(("__asan", "__odr_asan", "__tsan"))}

failures = 0
for what, names in (("the export map has", mapped), ("the library exports", exported),
                    ("the man page's NAME has", named), ("its SYNOPSIS has", synopsis)):
    if names != declared:
        failures += 1
        print(f"{what} and the header lacks: {sorted(names - declared)}; "
              f"the other way round: {sorted(declared - names)}")
if not declared <= described:
    failures += 1
    print(f"the man page doesn't describe: {sorted(declared - described)}")

# The manual of keystorectl knows each option and command.
options = set(re.findall(r'^\s*\[OPTION_\w+\] = \{"--([a-z0-9-]+)"',
                         (top / "client/keystorectl/arguments.c").read_text(), flags=re.M))
commands = set()
for source in (top / "client/keystorectl").glob("*.c"):
    commands.update(re.findall(r'^\t\t\.name = "([a-z -]+)"', source.read_text(), flags=re.M))
manual = (top / "docs/man/keystorectl.1").read_text()
for option in sorted(options):
    if f"Fl -{option}" not in manual:
        failures += 1
        print(f"keystorectl(1) lacks --{option}")
for command in sorted(commands):
    if not re.search(rf"^\.It Ic {command}\b", manual, flags=re.M):
        failures += 1
        print(f"keystorectl(1) lacks {command}")

# As does that of keystore-deploy.
source = (top / "frontends/deploy/main.c").read_text()
manual = (top / "docs/man/keystore-deploy.8").read_text()
agent_options = set(re.findall(r'^\t\{"([a-z-]+)", ', source, flags=re.M))
helped = set(re.findall(r'^\t     "  --([a-z-]+)', source, flags=re.M))
synopsis = set(re.findall(r"Fl -([a-z-]+)", manual.partition(".Sh SYNOPSIS")[2]
                          .partition(".Sh DESCRIPTION")[0]))
synopsis |= set(re.findall(r"[|] -([a-z-]+)", manual))
listed = set(re.findall(r"^\.It Fl -([a-z-]+)", manual, flags=re.M))
if not agent_options or not agent_options == helped == synopsis == listed:
    failures += 1
    print(f"keystore-deploy(8), --help and the program differ: {sorted(agent_options)} "
          f"{sorted(helped)} {sorted(synopsis)} {sorted(listed)}")

print(f"{len(declared)} functions, {len(options)} options, {len(commands)} commands")
if not (len(declared) > 30 and len(options) > 20 and len(commands) > 10):
    sys.exit("this test no longer finds what it compares")
sys.exit(1 if failures else 0)
