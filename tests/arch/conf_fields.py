#!/usr/bin/python3
"""The fields in a program's tables, in its manual and in its example are the same."""
import pathlib
import re
import sys

top = pathlib.Path(sys.argv[1])

# A program, its tables' file, and each table with the manual's section of it. Where the example
# shows each field of a section, its name.
PROGRAMS = (
    ("keystore-ouc", "frontends/ouc/settings_field.c",
     (("general_fields", "Section keystore-ouc", "keystore-ouc"),
      ("connection_fields", "Sections of connections", None))),
    ("keystore-https", "frontends/https/settings.c",
     (("fields", "Section keystore-https", "keystore-https"),)),
    ("keystore-opcua", "frontends/opcua/settings.c",
     (("fields", "Section keystore-opcua", "keystore-opcua"),)),
)

failures = 0


def of_table(source, name):
    table = re.split(rf"const struct conf_field {name}\[\w*\] = {{", source)[1].partition("\n};")[0]
    return re.findall(r'^\t\[\w+\] =\s+\{"(\w+)",', table, flags=re.M)


def of_manual(manual, title):
    section = manual.partition(f".Ss {title}\n")[2]
    section = re.split(r"^\.S[sh] ", section, flags=re.M)[0]
    return [name for line in re.findall(r"^\.It Cm (.*)$", section, flags=re.M)
            for name in line.split(" , ")]


def of_example(example, title):
    section = re.split(rf"^#?\[{title}\]$", example, flags=re.M)[1]
    section = re.split(r"^#?\[", section, flags=re.M)[0]
    return sorted(set(re.findall(r"^#?(\w+) = ", section, flags=re.M)))


def compare(where, table, found):
    global failures
    if sorted(table) == sorted(found):
        return
    failures += 1
    print(f"{where} lacks {sorted(set(table) - set(found))}, "
          f"has for nothing {sorted(set(found) - set(table))}, or has one twice: {sorted(found)}")


for program, path, tables in PROGRAMS:
    source = (top / path).read_text()
    manual = (top / f"docs/man/{program}.conf.5").read_text()
    example = (top / f"packaging/{program}.conf").read_text()
    for name, title, section in tables:
        table = of_table(source, name)
        print(f"{program}: {len(table)} {name}")
        compare(f"{program}.conf(5)", table, of_manual(manual, title))
        if section:
            compare(f"packaging/{program}.conf", table, of_example(example, section))
        if len(table) < 5:
            failures += 1
            print("this test no longer finds what it compares")
sys.exit(1 if failures else 0)
