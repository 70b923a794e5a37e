#!/usr/bin/env python3
"""docs/CERTIFICATE-RULES.md has each rule of the tables, as it is there, and no other.

Argument: the top of the source tree.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(sys.argv[1])
RULE = re.compile(r'\{"([^"]+)",\s*"([^"]+)",\s*CHECK_(ERROR|WARNING),\s*CHECK_OF_\w+,\s*\w+,\s*((?:"[^"]*"\s*)+)\}')

tables = []
for name in ("rfc5280", "purpose"):
    text = (TOP / f"keystored/x509_rules_{name}.c").read_text()
    for rule, clause, severity, sentence in RULE.findall(text):
        sentence = "".join(re.findall(r'"([^"]*)"', sentence))
        tables.append(f"| `{rule}` | {severity.lower()} | {clause} | {sentence} |")

lines = (TOP / "docs/CERTIFICATE-RULES.md").read_text().splitlines()
documented = [line for line in lines if line.startswith("| `")]

for line in set(tables) - set(documented):
    print(f"docs/CERTIFICATE-RULES.md: missing: {line}")
for line in set(documented) - set(tables):
    print(f"docs/CERTIFICATE-RULES.md: no rule: {line}")
sys.exit(len(tables) < 40 or tables != documented)
