#!/usr/bin/env python3
"""The operations of keystore-https are those of its openapi.json, and each reader of a body names the
members that its schema has.

Argument: the top of the source tree.
"""
import glob
import json
import os
import re
import sys

TOP = sys.argv[1]
HTTPS = os.path.join(TOP, "frontends/https")

# Described, and not there yet.
LATER = set()

faults = []


def fault(what):
    faults.append(what)


def described():
    """operationId -> method, path, access, right, and the members of its body."""
    with open(os.path.join(HTTPS, "openapi.json"), encoding="utf-8") as file:
        document = json.load(file)
    found = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            while schema and "$ref" in schema:
                schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            is_open = operation.get("security") == []
            access = ("PUBLIC" if method == "get" else "ENTRY") if is_open else "LOGIN"
            if operation["operationId"] in found:
                fault(f"{operation['operationId']} is there twice in openapi.json")
            found[operation["operationId"]] = {
                "method": method.upper(),
                "path": path,
                "access": access,
                "right": operation.get("x-right", ""),
                "tag": operation["tags"][0],
                "members": set(schema["properties"]) if schema else None,
                "queries": {p["name"] for p in operation.get("parameters", []) if p.get("in") == "query"},
            }
    return found


def listed_tables():
    with open(os.path.join(HTTPS, "api.c"), encoding="utf-8") as file:
        table = re.search(r"\btables\[\] = \{(.*?)\};", file.read(), re.S)
    return set(re.findall(r"\bapi_\w+_operations\b", table.group(1)))


def built():
    """The same of the code, and where its function is."""
    found = {}
    listed = listed_tables()
    for source in sorted(glob.glob(os.path.join(HTTPS, "api_*.c"))):
        with open(source, encoding="utf-8") as file:
            text = file.read()
        name = os.path.basename(source)
        for table, rows in re.findall(r"^const struct api_operation (\w+)\[\] = \{\n(.*?)^\};", text,
                                      re.S | re.M):
            if table not in listed:
                fault(f"{name}: {table} is not in the list of api.c")
            listed.discard(table)
            for row in re.findall(r"\{((?:\.id = )?\"[^{}]*(?:\{\w+\}[^{}]*)*)\}", rows):
                match = re.match(r'(?:\.id = )?"(\w+)",\s*(?:\.method = )?HTTP_(\w+),\s*(?:\.path = )?"([^"]*)"',
                                 row)
                right = re.search(r"KS_RIGHT_(\w+)", row)
                access = re.search(r"\bAPI_(LOGIN|PUBLIC|ENTRY)\b", row)
                if not match:
                    fault(f"{name}: cannot read {row}")
                    continue
                if match.group(1) in found:
                    fault(f"{name}: {match.group(1)} is there twice")
                found[match.group(1)] = {
                    "method": match.group(2),
                    "path": match.group(3),
                    "access": access.group(1) if access else "LOGIN",
                    "right": right.group(1).lower().replace("_", "-") if right else "",
                    "takes_body": "takes_body" in row,
                    "where": name,
                    "run": re.search(r"\.run\s*=\s*(\w+)", row).group(1),
                    "text": text,
                }
    for table in listed:
        fault(f"api.c lists {table}, which is nowhere")
    return found


def function(text, name):
    match = re.search(rf"^(?:static )?\w[^\n;]*\b{name}\([^;{{]*\)\n\{{\n(.*?)^\}}", text, re.S | re.M)
    return match.group(1) if match else ""


def members_read(text, name):
    """What api_members_are() has, here or in a function of the same file that is called; None: nothing."""
    for each in [name] + re.findall(r"\b(\w+)\(call\b", function(text, name)):
        match = re.search(r"api_members_are\(call,(.*?)\bNULL\)", function(text, each), re.S)
        if match:
            return set(re.findall(r'"(\w+)"', match.group(1)))
    return None


def compare(name, said, done):
    where = f"{done['where']}: {name}"
    for what in ("method", "path", "access", "right"):
        if said[what] != done[what]:
            fault(f"{where}: {what} is {done[what]!r}, and {said[what]!r} in openapi.json")
    if done["takes_body"] != (said["members"] is not None):
        fault(f"{where}: whether it takes a body is said otherwise in openapi.json")
    if said["members"] is None:
        return
    members = members_read(done["text"], done["run"])
    if members is not None and members != said["members"]:
        fault(f"{where}: members {sorted(members ^ said['members'])} are on one side only")


def main():
    said, done = described(), built()
    tags = {said[name]["tag"] for name in done if name in said}
    for name, operation in done.items():
        if name in said:
            compare(name, said[name], operation)
        else:
            fault(f"{operation['where']}: {name} is not in openapi.json")
    for name, operation in said.items():
        if name not in done and operation["tag"] in tags and name not in LATER:
            fault(f"openapi.json: {name} is not in the code")
        if name in done and name in LATER:
            fault(f"{name} is there now")
    for text in faults:
        print(text)
    print(f"{len(done)} operations")
    return 1 if faults or not done else 0


sys.exit(main())
