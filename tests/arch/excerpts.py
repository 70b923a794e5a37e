#!/usr/bin/env python3
"""What documents show of the source is the source.

A line "<!-- FILE: FUNCTION -->" is followed by a block of C, which is that function. Arguments:
the top of the source tree; "update" writes the blocks anew.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(sys.argv[1])
EXCERPT = re.compile(r"^<!-- (\S+): (\w+) -->\n```c\n(.*?)^```\n", flags=re.S | re.M)
failures = 0
count = 0


def function(path, name):
    """Its definition, with the comment right before it."""
    text = (TOP / path).read_text()
    found = re.search(r"(?:^/\*(?:(?!\*/).)*\*/\n)?^[a-z][^;{}\n]*(?:\n[ \t][^;{}]*?)?\b" + name +
                      r"\([^;{}]*\)\n\{\n.*?^\}\n", text, flags=re.S | re.M)
    if not found:
        sys.exit(f"{path} has no function {name}")
    return found.group(0)


def check(match):
    global failures, count
    path, name, shown = match.groups()
    count += 1
    source = function(path, name)
    if source != shown:
        failures += 1
        print(f"{page.name}: {name} is not what {path} has")
    return f"<!-- {path}: {name} -->\n```c\n{source}```\n"


for page in sorted((TOP / "docs").glob("*.md")):
    text = page.read_text()
    current = EXCERPT.sub(check, text)
    if sys.argv[2:] == ["update"] and current != text:
        page.write_text(current)
        failures = 0
print(f"{count} excerpts")
sys.exit(failures or count < 5)
