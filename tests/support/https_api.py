#!/usr/bin/env python3
"""Asks the JSON API of keystore-https as its openapi.json says, and holds each answer against it.

Arguments: the top of the source tree, the port, and which of the functions below. Runs in the
fixture's directory; ca.pem is whom it trusts. The administrator is admin with PASSWORD.
"""
import base64
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse

TOP, PORT, WHAT = sys.argv[1], int(sys.argv[2]), sys.argv[3]
PASSWORD = "correct horse battery"
FEEDS_MAX, FEEDS_OF_LOGIN = 48, 8
BODY_MAX = 512 << 10
HOST = f"localhost:{PORT}"

with open(os.path.join(TOP, "frontends/https/openapi.json"), encoding="utf-8") as _file:
    DOCUMENT = json.load(_file)
OPERATIONS = {operation["operationId"]: (method.upper(), path, operation)
              for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()}


def expect(holds, *what):
    if not holds:
        raise SystemExit("not so: " + " ".join(map(str, what)))


# --- JSON Schema, as far as the document uses it

IS = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
    "null": lambda v: v is None,
}
FORMATS = {
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
    "byte": r"[A-Za-z0-9+/]*={0,2}",
}


def resolve(schema):
    while "$ref" in schema:
        target = DOCUMENT
        for part in schema["$ref"].split("/")[1:]:
            target = target[part]
        schema = target
    return schema


def check(value, schema, where):
    schema = resolve(schema)
    known = {"type", "enum", "properties", "required", "additionalProperties", "items", "pattern", "format",
             "minimum", "maximum", "description", "oneOf", "anyOf", "allOf", "title", "default", "const",
             "minLength", "maxLength", "minItems", "maxItems", "examples"}
    expect(not set(schema) - known, where, "has a schema that this cannot check:", set(schema) - known)
    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    expect(not types or any(IS[each](value) for each in types), where, "is", repr(value), "and not", types)
    expect("enum" not in schema or value in schema["enum"], where, "is", repr(value))
    if isinstance(value, str) and "pattern" in schema:
        expect(re.search(schema["pattern"], value), where, "is", value)
    if isinstance(value, str) and schema.get("format") in FORMATS:
        expect(re.fullmatch(FORMATS[schema["format"]], value), where, "is", value)
    for each in schema.get("allOf", []):
        check(value, each, where)
    if isinstance(value, list):
        for i, item in enumerate(value):
            check(item, schema.get("items", {}), f"{where}[{i}]")
    if isinstance(value, dict):
        members = schema.get("properties", {})
        for name in schema.get("required", []):
            expect(name in value, where, "has no", name)
        for name, member in value.items():
            if name in members:
                check(member, members[name], f"{where}.{name}")
            else:
                expect(schema.get("additionalProperties") is not False, where, "has an unknown", name)


# --- requests


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.bytes = response.read()
        self.type = (response.headers.get("Content-Type") or "").split(";")[0]
        self.json = json.loads(self.bytes) if self.type.endswith("json") else None

    @property
    def code(self):
        return (self.json or {}).get("code")


class Caller:
    """Somebody with a browser (cookie), a program (bearer), or nobody."""
    kept = None  # one connection for all that is asked

    def __init__(self, token=None, csrf=None, bearer=False):
        self.token, self.csrf, self.bearer = token, csrf, bearer

    def headers(self, method):
        if not self.token:
            return {}
        if self.bearer:
            return {"Authorization": f"Bearer {self.token}"}
        headers = {"Cookie": f"theme=dark; __Host-keystore={self.token}"}
        if self.csrf and method != "GET":
            headers["Keystore-CSRF"] = self.csrf
        return headers

    def ask(self, method, path, body=None, headers=None, raw=None):
        connection = self.kept or http.client.HTTPSConnection("localhost", PORT, timeout=60, context=CONTEXT)
        try:
            sent = {**self.headers(method), **(headers or {})}
            data = raw if raw is not None else None if body is None else json.dumps(body).encode()
            if data is not None:
                sent.setdefault("Content-Type", "application/json")
            connection.request(method, "/api/v1" + path, data, sent)
            return Answer(connection.getresponse())
        finally:
            if not self.kept:
                connection.close()

    def do(self, name, parameters=None, query="", body=None, **options):
        """The operation; its answer is what the document says."""
        method, path, operation = OPERATIONS[name]
        for each, value in (parameters or {}).items():
            path = path.replace("{" + each + "}", urllib.parse.quote(str(value), safe=""))
        answer = self.ask(method, path + query, body, **options)
        validate(name, operation, answer)
        return answer


CONTEXT = ssl.create_default_context(cafile="ca.pem")
NOBODY = Caller()


def validate(name, operation, answer):
    described = operation["responses"].get(str(answer.status)) or operation["responses"].get("default")
    expect(described, name, "is answered", answer.status, answer.bytes)
    content = resolve(described).get("content", {})
    if str(answer.status) in operation["responses"] and not answer.json:
        return
    expect(answer.type in content, name, answer.status, "is", answer.type, answer.bytes[:300])
    check(answer.json, content[answer.type]["schema"], f"{name} {answer.status}")
    if answer.status >= 400:
        expect(answer.json["status"] == answer.status, name, answer.json)


def login(user, password=PASSWORD):
    answer = NOBODY.do("sessionCreate", body={"user": user, "password": password})
    expect(answer.status == 200, user, answer.status, answer.bytes)
    cookie = answer.headers["Set-Cookie"]
    match = re.fullmatch(r"__Host-keystore=([A-Za-z0-9_-]+); (.*)", cookie)
    expect(match, cookie)
    expect(set(match.group(2).split("; ")) == {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"}, cookie)
    return Caller(match.group(1), answer.json["csrf"])


# --- every operation as everybody

# operationId: which right it takes (None: none but a login; "public": not even that), and how it is
# asked. What is asked for is mostly not there: who may ask is told so (4xx, but neither 401 nor 403).
PEM = "LS0tLS1CRUdJTg=="
with open("ca.pem", "rb") as _file:
    CA = base64.b64encode(_file.read()).decode()
ORDER = {"profile": "no-such-profile", "subject": "CN=x"}
TABLE = {
    "identification": ("public", {}, "", None),
    "openapi": ("public", {}, "", None),
    "sessionShow": ("public", {}, "", None),
    "rootCertificates": ("public", {}, "", None),
    "rootCertificateFile": ("public", {"fingerprint": "0" * 64}, "", None),
    "userList": ("manage-users", {}, "", None),
    "userCreate": ("manage-users", {}, "", {"name": "x y", "password": PASSWORD}),
    "userSet": ("manage-users", {"name": "nobody-here"}, "", {"disabled": True}),
    "userDelete": ("manage-users", {"name": "nobody-here"}, "", None),
    "roleList": ("view", {}, "", None),
    "roleSet": ("manage-users", {"name": "x y"}, "", {"rights": []}),
    "roleDelete": ("manage-users", {"name": "no-such-role"}, "", None),
    "loginList": ("manage-users", {}, "", None),
    "loginEnd": ("manage-users", {"id": 999999}, "", None),
    "auditList": ("read-audit", {}, "", None),
    "auditVerify": ("read-audit", {}, "", None),
    "statusShow": ("read-diagnostics", {}, "", None),
    "trendShow": ("read-diagnostics", {}, "", None),
    "profileList": (None, {}, "", None),
    "certList": ("view", {}, "", None),
    "certShow": ("view", {"id": 999999}, "", None),
    "certCheck": ("view", {"id": 999999}, "", None),
    "certFile": ("view", {"id": 999999}, "?format=pem", None),
    "certPkcs12": ("view", {"id": 999999}, "", {"password": PASSWORD}),
    "certDraft": ("manage-certs", {}, "", {}),
    "certCreate": ("manage-certs", {}, "", {**ORDER, "algorithm": "ec-p256"}),
    "certRequestNew": ("manage-certs", {}, "", {**ORDER, "algorithm": "ec-p256"}),
    "certRequest": ("manage-certs", {"id": 999999}, "", {}),
    "certSign": ("manage-certs", {}, "", {"csr": PEM, "issuer_id": 999999, "profile": "web-server"}),
    "clockConfirm": ("manage-certs", {}, "", None),
    "certDelete": ("manage-certs", {"id": 999999}, "", None),
    "certRevoke": ("manage-certs", {"id": 999999}, "", {"reason": "superseded"}),
    "certRenew": ("manage-certs", {"id": 999999}, "", {}),
    "certReplace": ("manage-certs", {"id": 999999}, "", {"file": PEM}),
    "certSetRenewal": ("manage-certs", {"id": 999999}, "", {"mode": "off"}),
    "certImport": ("manage-certs", {}, "", {"file": PEM}),
    "projectInit": ("manage-certs", {}, "", {}),
    "modeShow": (None, {}, "", None),
    "modeSet": ("manage-certs", {}, "", {"mode": "project"}),
    "crlList": (None, {}, "", None),
    "crlFile": (None, {"id": 999999}, "", None),
    "crlRenew": ("manage-certs", {"id": 999999}, "", None),
    "keyList": ("view", {}, "", None),
    "keyShow": ("view", {"name": "no-such-key"}, "", None),
    # That there is no such key, keystored says before it looks at rights.
    "keyDelete": (None, {"name": "no-such-key"}, "", None),
    "keyPin": ("manage-keys", {"name": "web"}, "", {"pinned": True}),
    "groupList": ("view", {}, "", None),
    "groupCreate": ("manage-trust", {}, "", {"name": "x y"}),
    "groupSet": ("manage-trust", {"name": "no-such-group"}, "", {"auto_accept": False}),
    "groupDelete": ("manage-trust", {"name": "no-such-group"}, "", None),
    "trustList": ("view", {"name": "no-such-group"}, "", None),
    "trustFile": ("view", {"name": "no-such-group", "fingerprint": "0" * 64}, "?list=trusted-certs", None),
    "trustAdd": ("manage-trust", {"name": "no-such-group"}, "", {"list": "trusted-certs", "file": CA}),
    "trustRemove": ("manage-trust", {"name": "no-such-group", "fingerprint": "0" * 64}, "?list=trusted-certs", None),
    "rejectedList": ("view", {}, "", None),
    "rejectedClear": ("manage-trust", {}, "", None),
    "rejectedTrust": ("manage-trust", {"id": 999999}, "", None),
    "rejectedDelete": ("manage-trust", {"id": 999999}, "", None),
    "serviceList": ("view", {}, "", None),
    "serviceCreate": ("manage-services", {}, "", {"name": "x y", "kind": "ouc"}),
    "serviceSet": ("manage-services", {"name": "no-such-service"}, "", {"group": ""}),
    "serviceDelete": ("manage-services", {"name": "no-such-service"}, "", None),
    "blockList": ("read-process-data", {}, "", None),
    # No name of a block: keystore-ouc, which is not there, is not asked.
    "blockShow": ("read-process-data", {"name": "no such block"}, "", None),
    "blockWrite": ("write-process-data", {"name": "no such block"}, "", {"values": {"Var1": True}}),
}
# Asked by comes_and_goes(), since they begin or end what the others need.
ELSEWHERE = {"sessionCreate", "sessionDelete", "passwordChange", "eventStream"}


def ask(caller, name):
    _, parameters, query, body = TABLE[name]
    return caller.do(name, parameters, query, body)


# The front-end's own, which its process may see and use whoever is logged in. Each is asked by
# those who may not, and what only shows it by all.
OWN = {
    "certShow": ({"id": 3}, "", None),
    "certCheck": ({"id": 3}, "", None),
    "certFile": ({"id": 3}, "?format=chain", None),
    "certPkcs12": ({"id": 3}, "", {"password": PASSWORD}),
    "certDelete": ({"id": 3}, "", None),
    "certRevoke": ({"id": 3}, "", {"reason": "superseded"}),
    "certRenew": ({"id": 3}, "", {}),
    "certRequest": ({"id": 3}, "", {}),
    "certReplace": ({"id": 3}, "", {"file": CA}),
    "certSetRenewal": ({"id": 3}, "", {"mode": "off"}),
    "certCreate": ({}, "", {"profile": "web-server", "subject": "CN=x", "key": "web"}),
    "certRequestNew": ({}, "", {"profile": "web-server", "subject": "CN=x", "key": "web"}),
    "keyShow": ({"name": "web"}, "", None),
    "keyPin": ({"name": "web"}, "", {"pinned": True}),
    "keyDelete": ({"name": "web"}, "", None),
    "groupSet": ({"name": "https"}, "", {"auto_accept": True}),
    "groupDelete": ({"name": "https"}, "", None),
    "trustList": ({"name": "https"}, "", None),
    "trustAdd": ({"name": "https"}, "", {"list": "trusted-certs", "file": CA}),
    "trustFile": ({"name": "https", "fingerprint": "{trusted}"}, "", None),
    "trustRemove": ({"name": "https", "fingerprint": "{trusted}"}, "", None),
    "serviceSet": ({"name": "web-server"}, "", {"group": ""}),
    "serviceDelete": ({"name": "web-server"}, "", None),
}


def members_of(answer):
    return next(value for value in answer.json.values() if isinstance(value, list))


def comes_and_goes(user, rights):
    """What begins and ends a login, as every role may."""
    caller = login(user)
    expect(set(caller.do("sessionShow").json["rights"]) == rights, user)
    for each in (caller, Caller(caller.token, bearer=True)):
        feed = Feed(each)
        expect(feed.until("heartbeat"), user, "has no events")
        feed.close()
    expect(Caller(caller.token, "A" * 43).do("sessionDelete").code == "forged", user)
    change = {"user": user, "old_password": PASSWORD, "new_password": PASSWORD + "!"}
    expect(caller.do("passwordChange", body=change).status == 204, user)
    back = {"user": user, "old_password": PASSWORD + "!", "new_password": PASSWORD}
    expect(NOBODY.do("passwordChange", body=back).status == 204, user)
    expect(caller.do("sessionShow").json == {"user": None}, "a change elsewhere ends the login of", user)
    caller = login(user)
    expect(caller.do("sessionDelete").status == 204, user)
    expect(caller.do("sessionDelete").status == 401, user)


def roles():
    admin = login("admin")
    for name, given in (("nothing", []), ("own", ["view", "manage-trust", "write-process-data"])):
        made = admin.do("roleSet", {"name": name}, body={"rights": given})
        expect(made.status == 200 and made.json["rights"] == given, made.bytes)
    rights = {role["name"]: set(role["rights"]) for role in admin.do("roleList").json["roles"]}
    added = admin.do("trustAdd", {"name": "https"}, body={"list": "trusted-certs", "file": CA})
    expect(added.status == 201, added.bytes)
    trusted = members_of(admin.do("trustList", {"name": "https"}))[0]["fingerprint"]
    callers = {}
    for role in rights:
        user = f"has-{role}"
        made = admin.do("userCreate", body={"name": user, "password": PASSWORD, "roles": [role]})
        expect(made.status == 201 and set(made.json["rights"]) == rights[role], made.bytes)
        comes_and_goes(user, rights[role])
        callers[role] = login(user)
    wrong = []
    for name in TABLE:
        right = TABLE[name][0]
        for role, caller in callers.items():
            for each in (caller, Caller(caller.token, bearer=True)):
                status = ask(each, name).status
                may = right in (None, "public") or right in rights[role]
                if status in (401, 503) or (status != 403) != may:
                    wrong.append((role, name, status))
        status = ask(NOBODY, name).status
        expect((status == 401) == (right != "public"), "nobody", name, status)
        status = ask(Caller("AAAA" * 10 + "AAA", bearer=True), name).status
        expect((status == 401) == (right != "public"), "a token of nobody", name, status)
        status = ask(Caller(callers["administrator"].token, "A" * 43), name).status
        is_change = OPERATIONS[name][0] != "GET"
        expect((status == 403) == is_change, "a wrong Keystore-CSRF", name, status)
    for name, (parameters, query, body) in OWN.items():
        parameters = {each: trusted if value == "{trusted}" else value for each, value in parameters.items()}
        for role, caller in callers.items():
            right = TABLE[name][0] or "manage-keys"
            may = right in rights[role]
            if may and right != "view":
                continue
            status = caller.do(name, parameters, query, body).status
            # Whether a key goes out, its own rule says.
            if status != 403 if not may else status == 403 and name != "certPkcs12":
                wrong.append((role, name, parameters, status))
    for name in ("certList", "keyList", "groupList", "serviceList"):
        expect(admin.do(name).json and members_of(admin.do(name)), name, "has nothing")
    expect(not wrong, "who may do what:", wrong)
    for name in ("sessionDelete", "eventStream"):
        for each in (NOBODY, Caller("AAAA" * 10 + "AAA", bearer=True)):
            expect(each.do(name).status == 401, name, "of nobody")
    print(f"{len(TABLE)} operations as {len(callers) + 3} callers")


def covers_all():
    """Every operation is asked as everybody."""
    expect(set(OPERATIONS) == set(TABLE) | ELSEWHERE, "asked of nobody:", set(OPERATIONS) ^ (set(TABLE) | ELSEWHERE))


# --- bodies

WRONG = {"string": [1, True, [], {}], "integer": ["1", 1.5, -1, True, []], "boolean": [1, "true", []],
         "array": [1, "a", {}, [[]]], "object": [1, "a", []]}
RIGHT = {"string": "a", "integer": 1, "boolean": True, "array": [], "object": {}}


def example(schema):
    schema = resolve(schema)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "byte":
        return PEM
    kind = schema.get("type", "object")
    return RIGHT[kind if isinstance(kind, str) else kind[0]]


def members():
    """A member of a wrong type is refused by its name; so is one that nobody knows."""
    admin = login("admin")
    faults, count = [], 0
    for name, (_, path, operation) in OPERATIONS.items():
        content = operation.get("requestBody", {}).get("content", {})
        if not content or not (name in TABLE or name in ELSEWHERE):
            continue
        schema = resolve(content["application/json"]["schema"])
        parameters = {each: 1 for each in re.findall(r"\{(\w+)\}", path)}
        good = {member: example(schema["properties"][member]) for member in schema.get("required", [])}
        for member, kind in schema["properties"].items():
            kind = resolve(kind)
            types = kind.get("type", "object")
            for wrong in WRONG[types if isinstance(types, str) else types[0]]:
                answer = admin.do(name, parameters, body={**good, member: wrong})
                if answer.status != 400 or answer.json.get("member") != member:
                    faults.append((name, member, wrong, answer.status, answer.bytes))
                count += 1
        for member in schema.get("required", []):
            answer = admin.do(name, parameters, body={k: v for k, v in good.items() if k != member})
            expect(answer.status == 400 and answer.json.get("member") == member, name, "without", member,
                   answer.status, answer.bytes)
        answer = admin.do(name, parameters, body={**good, "surplus": 1})
        expect(answer.status == 400 and answer.json.get("member") == "surplus", name, answer.bytes)
        for raw in (b"{", b"[]", b"", b'{"a":1,"a":2}', b"\xff", b"{" * 50):
            answer = admin.do(name, parameters, raw=raw)
            expect(answer.status == 400, name, raw, answer.status, answer.bytes)
        answer = admin.do(name, parameters, body=good, headers={"Content-Type": "text/plain"})
        expect(answer.status == 415, name, answer.status)
    expect(not faults, faults)
    print(f"{count} members of a wrong type")


def paths():
    admin = login("admin")
    for path, status in {"/users/%2e%2e/session": 400, "/users/..%2fsession": 400, "/users/%252e": 400,
                         "/users/a%00b": 400, "/users/%ff": 400, "/users/%": 400, "/nothing": 404,
                         "/users//": 404, "/logins/0": 400, "/logins/-1": 400, "/logins/1e3": 400,
                         "/logins/99999999999999999999": 400}.items():
        answer = admin.ask("DELETE", path)
        expect(answer.status == status and answer.type == "application/problem+json", path, answer.status)
    answer = admin.ask("BREW", "/session")
    expect(answer.status in (405, 501), answer.status)
    answer = admin.ask("PUT", "/session", {})
    expect(answer.status == 405 and answer.headers["Allow"] == "GET, HEAD, POST, DELETE", answer.status)
    expect(admin.do("userList", query="?limit=x").json["member"] == "limit")
    expect(json.loads(admin.ask("GET", "/openapi.json").bytes) == DOCUMENT)


# --- logins


def forged():
    admin = login("admin")
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": f"http://{HOST}"},
                    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        for name, body in (("userDelete", None), ("sessionCreate", {"user": "admin", "password": PASSWORD})):
            answer = admin.do(name, {"name": "x"}, body=body, headers=headers)
            expect(answer.status == 403 and answer.code == "forged", name, headers, answer.bytes)
            expect("Set-Cookie" not in answer.headers, headers)
    answer = admin.do("userDelete", {"name": "x"},
                      headers={"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"})
    expect(answer.status == 404, answer.bytes)
    expect(Caller(admin.token).do("sessionDelete").code == "forged")
    expect(admin.do("sessionDelete").status == 204)
    answer = admin.do("userList")
    expect(answer.status == 401 and answer.code == "no-login", answer.bytes)
    expect("Max-Age=0" in answer.headers["Set-Cookie"], "the cookie is taken away")
    expect(admin.do("sessionShow").json == {"user": None})
    expect(admin.do("eventStream").status == 401)


def guessing():
    for attempt in range(1, 200):
        answer = NOBODY.do("sessionCreate", body={"user": "admin", "password": f"guess {attempt}"})
        if answer.status == 429:
            break
        expect(answer.status == 403 and answer.code == "denied", answer.bytes)
    else:
        expect(False, "nobody is slowed down")
    expect("try again" in answer.json["detail"] and answer.headers["Retry-After"], answer.bytes)
    answer = NOBODY.do("passwordChange", body={"user": "admin", "old_password": "x", "new_password": PASSWORD})
    expect(answer.status == 429, answer.bytes)
    print(f"slowed down at {attempt}")


def passwords():
    admin = login("admin")
    given = admin.do("userCreate", body={"name": "new", "password": "given by admin", "must_change": True})
    expect(given.status == 201, given.bytes)
    answer = NOBODY.do("sessionCreate", body={"user": "new", "password": "given by admin"})
    expect(answer.status == 403 and answer.code == "must-change", answer.bytes)
    change = {"user": "new", "old_password": "given by admin", "new_password": PASSWORD}
    expect(NOBODY.do("passwordChange", body=change).status == 204)
    user, other = login("new"), login("new")
    change = {"user": "new", "old_password": PASSWORD, "new_password": PASSWORD + "!"}
    expect(user.do("passwordChange", body=change).status == 204)
    expect(user.do("sessionShow").json["user"] == "new", "who changes it stays")
    expect(other.do("sessionShow").json["user"] is None, "other logins end")
    disabled = admin.do("userSet", {"name": "new"}, body={"disabled": True})
    expect(disabled.status == 200 and disabled.json["disabled"], disabled.bytes)
    expect(user.do("sessionShow").json["user"] is None)
    logins = admin.do("loginList").json["logins"]
    expect([each["user"] for each in logins] == ["admin"], logins)
    expect(admin.do("loginEnd", {"id": logins[0]["id"]}).status == 204)
    expect(admin.do("userList").status == 401)


def roots():
    found = NOBODY.do("rootCertificates").json["root_certificates"]
    own = [each for each in found if each["is_own"]]
    expect(len(own) == 1 and own[0] == found[0] and len(found) == 2, found)
    pem = NOBODY.do("rootCertificateFile", {"fingerprint": own[0]["fingerprint"]}, "?format=pem")
    with open("ca.pem", encoding="ascii") as file:
        expect(ssl.PEM_cert_to_DER_cert(pem.bytes.decode()) == ssl.PEM_cert_to_DER_cert(file.read()))
    der = NOBODY.do("rootCertificateFile", {"fingerprint": own[0]["fingerprint"]})
    expect(der.bytes == ssl.PEM_cert_to_DER_cert(pem.bytes.decode()))
    expect(der.headers["Content-Disposition"].startswith("attachment; filename="), der.headers)
    expect(NOBODY.do("rootCertificateFile", {"fingerprint": "0" * 64}).status == 404)


class Feed:
    def __init__(self, caller, query=""):
        self.connection = http.client.HTTPSConnection("localhost", PORT, timeout=120, context=CONTEXT)
        self.connection.request("GET", "/api/v1/events" + query, None, caller.headers("GET"))
        self.response = self.connection.getresponse()
        expect(self.response.status == 200, self.response.status)

    def close(self):
        self.response.close()
        self.connection.close()

    def until(self, *names):
        """The first event of these names; None: the stream has ended."""
        event = ""
        for line in self.response:
            line = line.decode().rstrip("\n")
            if line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: ") and event in names:
                return event, json.loads(line[6:])
        return None


def keystorectl(command):
    """As the administrator; another login than ours."""
    subprocess.run(f"export HOME=$PWD; unset XDG_RUNTIME_DIR; keystorectl login admin --password-file pw >&2; "
                   f"keystorectl {command} >&2", shell=True, check=True)


def events():
    admin = login("admin")
    expect(admin.do("userCreate", body={"name": "blind", "password": PASSWORD, "roles": []}).status == 201)
    seeing, blind = Feed(admin), Feed(login("blind"))
    for feed in (seeing, blind):
        feed.until("heartbeat")
    keystorectl("key create pump --algorithm ec-p256")
    heard = seeing.until("key")
    expect(heard and heard[1]["event"] == "key created" and heard[1]["name"] == "pump", heard)
    admin.do("userSet", {"name": "blind"}, body={"disabled": True})
    expect(blind.until("key", "logout") == ("logout", {}), "no key for who sees none, and an end")
    expect(blind.until("key") is None)
    expect(admin.do("sessionDelete").status == 204)
    expect(seeing.until("logout") == ("logout", {}))


def feeds():
    """As many as there may be, and one more; the server keeps what it needs of keystored."""
    admin = login("admin")
    callers = [login("admin") for _ in range(FEEDS_MAX // FEEDS_OF_LOGIN)]
    opened = []
    for caller in callers:
        for _ in range(FEEDS_OF_LOGIN):
            opened.append(Feed(caller))
            expect(opened[-1].until("heartbeat"))
    for caller, why in ((callers[0], "of this login"), (admin, "of all")):
        answer = caller.do("eventStream")
        expect(answer.status == 503 and answer.code == "busy" and why in answer.json["detail"], answer.bytes)
        expect(answer.headers["Retry-After"], answer.headers)
    made = admin.do("groupCreate", body={"name": "seen-by-all"})
    expect(made.status == 201, made.bytes)
    for feed in opened:
        heard = feed.until("trust")
        expect(heard[1]["group"] == "seen-by-all", heard)
    opened.pop().close()
    end = time.monotonic() + 60
    while admin.do("statusShow").json["web"]["feeds"] >= FEEDS_MAX:
        expect(time.monotonic() < end, "a feed whose reader has gone does not end")
    expect(Feed(admin).until("heartbeat"), "there is room again")


def trend():
    admin = login("admin")
    first = admin.do("trendShow").json["samples"]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        samples = admin.do("trendShow").json["samples"]
        if len(samples) >= 3 and "tpm_commands" in samples[-1]:
            break
        time.sleep(0.2)
    expect(len(samples) >= 3 and samples[-1]["tpm"] == "ready", samples)
    later = admin.do("trendShow", query=f"?after={samples[-1]['time']}").json["samples"]
    expect(all(each["time"] > samples[-1]["time"] for each in later), later, first)
    status = admin.do("statusShow").json
    expect(status["web"]["connections"] >= 1 and status["web"]["requests"] > 0, status)


def away():
    """Kills keystored, whose process is the next argument; "down" and "up" say what was seen."""
    connection = http.client.HTTPSConnection("localhost", PORT, timeout=60, context=CONTEXT)
    Caller.kept = connection  # without keystored nobody can open another
    admin = login("admin")
    expect(admin.do("userList").status == 200)
    os.kill(int(sys.argv[4]), signal.SIGKILL)
    wait("down")
    for name in TABLE:
        if TABLE[name][0] != "public":
            answer = ask(admin, name)
            expect(answer.status in (400, 503), name, answer.bytes)
            expect(answer.status == 400 or answer.headers["Retry-After"], name)
    expect(admin.do("userList").code == "unreachable")
    answer = NOBODY.do("sessionCreate", body={"user": "admin", "password": PASSWORD})
    expect(answer.status == 503, answer.bytes)
    open("down", "w", encoding="ascii").close()
    wait("up")
    expect(admin.do("userList").status == 401, "its logins were in its memory alone")
    expect(login("admin").do("userList").status == 200)
    open("up", "w", encoding="ascii").close()


def hang():
    """Stops keystored, whose process is the next argument; then lets it go on."""
    keystored = int(sys.argv[4])
    connections = [http.client.HTTPSConnection("localhost", PORT, timeout=120, context=CONTEXT) for _ in range(2)]
    Caller.kept = connections[0]
    admin = login("admin")
    feed = Feed(admin)
    expect(feed.until("heartbeat"))
    Caller.kept = connections[1]
    expect(admin.do("userList").status == 200)
    os.kill(keystored, signal.SIGSTOP)
    try:
        for kept in connections:
            Caller.kept = kept
            for name in ("userList", "certCreate", "sessionShow", "auditVerify", "blockList"):
                answer = ask(admin, name)
                expect(answer.status == 504 and answer.code == "unanswered", name, answer.bytes)
                expect("systemctl status keystored" in answer.json["detail"], answer.bytes)
        expect(NOBODY.do("identification").json["keystored"] == "down")
        answer = NOBODY.do("sessionCreate", body={"user": "admin", "password": PASSWORD})
        expect(answer.status == 504, answer.bytes)
        expect(feed.until("down", "logout") == ("down", {}), "an open page is told")
    finally:
        os.kill(keystored, signal.SIGCONT)
    expect(feed.until("up", "logout") == ("up", {}), "an open page is told that it goes on")
    expect(admin.do("userList").status == 200, "its login is the same")
    expect(admin.do("groupCreate", body={"name": "after"}).status == 201)
    expect(feed.until("trust", "logout")[1]["group"] == "after", "the feed goes on")


def large():
    """A body that is too large is answered, however the client goes about it."""
    admin = login("admin")
    for size in (BODY_MAX + 1, 10_000_000):
        with open("body", "wb") as file:
            file.truncate(size)
        for options in ([], ["-H", "Expect:"]):
            run = subprocess.run(
                ["curl", "-sS", "--max-time", "60", "--cacert", "ca.pem", "-o", "answer", "-w",
                 "%{http_code} %{content_type}", "--data-binary", "@body", *options,
                 "-H", "Content-Type: application/json", "-H", f"Authorization: Bearer {admin.token}",
                 f"https://{HOST}/api/v1/certs"], capture_output=True, text=True, check=False)
            expect(run.stdout == "413 application/problem+json", size, options, run.stdout, run.stderr)
            with open("answer", encoding="utf-8") as file:
                problem = json.load(file)
            check(problem, {"$ref": "#/components/schemas/Problem"}, "413")
            expect(problem["status"] == 413 and problem["code"] == "too-large", problem)
        # All of it, before a word is read.
        answer = admin.ask("POST", "/certs", raw=bytes(size))
        expect(answer.status == 413 and answer.code == "too-large", size, answer.status)
    answer = admin.ask("POST", "/certs", raw=b" " * BODY_MAX)
    expect(answer.status == 400, answer.status)
    for path, status in (("/certs?a=1&a=2", 400), ("/" + "x" * 1024, 414)):
        answer = admin.ask("GET", path)
        expect(answer.status == status and answer.type == "application/problem+json", path, answer.status)
    answer = admin.ask("GET", "/certs", headers={"X-Large": "x" * 8192})
    expect(answer.status == 431 and answer.code == "too-large", answer.status)


def wait(what):
    end = time.monotonic() + 60
    while NOBODY.do("identification").json["keystored"] != what:
        expect(time.monotonic() < end, "keystored is not seen to be", what)
        time.sleep(0.05)


{f.__name__: f for f in (roles, covers_all, members, paths, forged, guessing, passwords, roots, events, feeds, trend,
                         away, hang, large)}[WHAT]()
