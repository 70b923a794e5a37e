"""keystore-https as a program uses it: a login, and operations by their path.

Each answer is held against openapi.json: the operation must be there, and what came must be what it
says. The environment has HTTPS_URL (https://127.0.0.1:PORT), HTTPS_CA (a PEM file) and, for the
description, HTTPS_OPENAPI.
"""
import base64
import http.client
import json
import os
import re
import ssl
import subprocess
import urllib.parse

import jsonschema

OPENAPI = json.load(open(os.environ["HTTPS_OPENAPI"]))
JSON_TYPES = ("application/json", "application/problem+json")


class Refused(Exception):
    """What was answered with a problem."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem}")
        self.status = status
        self.problem = problem


class File(bytes):
    """A download, with its headers as type and name."""


def pattern_of(path):
    return re.compile("^" + re.sub(r"\{\w+\}", "[^/]+", path) + "$")


PATHS = [(pattern_of(path), methods) for path, methods in OPENAPI["paths"].items()]


def operation_of(method, path):
    # "/certs/draft" before "/certs/{id}": the more of it is said, the better.
    found = [m[method.lower()] for p, m in sorted(PATHS, key=lambda e: e[0].pattern.count("[^/]"))
             if p.match(path) and method.lower() in m]
    assert found, f"openapi.json has no {method} {path}"
    return found[0]


def check(schema, value):
    """Raises unless @value is what the description's @schema says."""
    whole = dict(schema, components=OPENAPI["components"])
    jsonschema.Draft202012Validator(whole).validate(value)


def responses_of(operation, status):
    response = operation["responses"].get(str(status)) or operation["responses"]["default"]
    if "$ref" in response:
        response = OPENAPI["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return response.get("content", {})


class Api:
    """One browser, or program; after log_in() with a login."""

    def __init__(self):
        url = urllib.parse.urlsplit(os.environ["HTTPS_URL"])
        self.host, self.port = url.hostname, url.port
        self.context = ssl.create_default_context(cafile=os.environ["HTTPS_CA"])
        self.headers = {}

    def exchange(self, method, path, body=None):
        """Status, headers and bytes, whatever they are."""
        connection = http.client.HTTPSConnection(self.host, self.port, context=self.context,
                                                 timeout=120)
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection.request(method, "/api/v1" + path, body, headers)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, response.headers, data

    def __call__(self, method, path, body=None):
        """The object, File or None of an answer; a problem is raised."""
        operation = operation_of(method, path.partition("?")[0])
        if body is not None:
            sent = operation["requestBody"]["content"]["application/json"]["schema"]
            is_as_described = not list(jsonschema.Draft202012Validator(
                dict(sent, components=OPENAPI["components"])).iter_errors(body))
        status, headers, data = self.exchange(method, path, body)
        kind = headers.get("Content-Type", "").partition(";")[0]
        content = responses_of(operation, status)
        if not data:
            assert not content and status == 204, (status, content)
            return None
        assert kind in content, f"{method} {path}: {status} {kind} is none of {list(content)}"
        if kind not in JSON_TYPES:
            file = File(data)
            file.type = kind
            file.name = re.fullmatch(r'attachment; filename="([A-Za-z0-9._-]+)"',
                                     headers["Content-Disposition"]).group(1)
            return file
        value = json.loads(data)
        check(content[kind]["schema"], value)
        if status >= 400:
            assert value["status"] == status and value["detail"], value
            raise Refused(status, value)
        assert body is None or is_as_described, f"{method} {path} took what is not described: {body}"
        return value

    def refused(self, status, method, path, body=None):
        """The problem, which must come, and with that status."""
        try:
            value = self(method, path, body)
        except Refused as refused:
            assert refused.status == status, refused
            return refused.problem
        raise AssertionError(f"{method} {path} was answered {value}, not refused")

    def log_in(self, user, password):
        status, headers, data = self.exchange("POST", "/session",
                                              {"user": user, "password": password})
        assert status == 200, data
        cookie = headers["Set-Cookie"].partition(";")[0]
        self.headers = {"Cookie": cookie, "Keystore-CSRF": json.loads(data)["csrf"]}
        return self


def encoded(data):
    """Bytes, or a file's, as a body carries them."""
    if isinstance(data, str):
        data = open(data, "rb").read()
    return base64.b64encode(data).decode()


def run(*argv, data=None):
    """The output of a program, which must succeed."""
    done = subprocess.run(argv, input=data, capture_output=True, check=False)
    assert done.returncode == 0, (argv, done.returncode, done.stderr.decode())
    return done.stdout


def shell(script):
    return run("sh", "-ec", script)


def ctl(*argv):
    """The bytes that keystorectl writes."""
    return run("keystorectl", *argv)


def ctl_json(*argv):
    return json.loads(ctl("--json", *argv))
