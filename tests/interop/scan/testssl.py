#!/usr/bin/env python3
"""Judges what testssl says of a server: "testssl.py FILE.json". Nothing is above "low" but this:"""
import json
import sys

KNOWN = {
    "cert_revocation": "a project's CA has no address that is reached from everywhere for its list",
    "BREACH": "files of the pages alone are compressed, and none holds a secret",
}
ABOVE_LOW = ("MEDIUM", "HIGH", "CRITICAL", "FATAL")
# What has to be among the findings, or testssl did not come that far.
ASKED = {
    "TLS1": "not offered", "TLS1_1": "not offered", "TLS1_3": "offered",
    "cipherlist_NULL": "not offered", "heartbleed": "not vulnerable", "ROBOT": "not vulnerable",
    "CRIME_TLS": "not vulnerable", "secure_client_renego": "not vulnerable",
    "cert_chain_of_trust": "passed", "cipher_order": "server",
}

with open(sys.argv[1], encoding="utf-8") as file:
    found = json.load(file)
faults = [f for f in found if f["severity"] in ABOVE_LOW and f["id"].split()[0] not in KNOWN]
said = {f["id"].split()[0]: f["finding"] for f in found}
for fault in faults:
    print(f"testssl: {fault['severity']}: {fault['id']}: {fault['finding']}")
for asked, answer in ASKED.items():
    if answer not in said.get(asked, ""):
        print(f"testssl: {asked}: {said.get(asked)}, not {answer}")
        faults.append(asked)
if "max-age" not in said.get("HSTS", "") and "HSTS_time" not in said:
    print("testssl: no HSTS")
    faults.append("HSTS")
sys.exit(bool(faults))
