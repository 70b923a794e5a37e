#!/usr/bin/python3
"""The fields in the table of keystore-ouc and in its manual are the same."""
import pathlib
import re
import sys

top = pathlib.Path(sys.argv[1])
source = (top / "frontends/ouc/settings_field.c").read_text()
manual = (top / "docs/man/keystore-ouc.conf.5").read_text()


def of_table(name):
    table = source.partition(f"static const struct field {name}[] = {{")[2].partition("\n};")[0]
    return re.findall(r'^\t\[\w+\] =\s+\{"(\w+)",', table, flags=re.M)


def of_section(title):
    section = manual.partition(f".Ss {title}\n")[2]
    section = re.split(r"^\.S[sh] ", section, flags=re.M)[0]
    return [name for line in re.findall(r"^\.It Cm (.*)$", section, flags=re.M)
            for name in line.split(" , ")]


failures = 0
for name, title in (("general_fields", "Section keystore-ouc"),
                    ("connection_fields", "Sections of connections")):
    table, described = of_table(name), of_section(title)
    print(f"{len(table)} {name}")
    if sorted(table) != sorted(described):
        failures += 1
        print(f"keystore-ouc.conf(5) lacks {sorted(set(table) - set(described))}, "
              f"has for nothing {sorted(set(described) - set(table))}, "
              f"or has one twice: {sorted(described)}")
    if len(table) < 5:
        failures += 1
        print("this test no longer finds what it compares")
sys.exit(1 if failures else 0)
