"""Process data through the API, one function for each test of integration/https_data.c."""
import json
import http.client
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from https_program import Api, check, ctl, run  # noqa: E402

FOLDER = pathlib.Path("run")
PASSWORD = "correct horse"


def ouc(*argv):
    return run("keystore-ouc-ctl", *argv)


def block(api, name):
    """The block, and its values by field."""
    shown = api("GET", f"/data/{name}")
    return shown, {f["name"]: f["value"] for f in shown["fields"]}


def write(api, name, values):
    shown = api("PATCH", f"/data/{name}", {"values": values})
    return {f["name"]: f["value"] for f in shown["fields"]}


def until(holds):
    """A value that is true; the test's time-out ends what never is."""
    while True:
        value = holds()
        if value:
            return value


class Feed:
    """Server-sent events of one login."""

    def __init__(self, api, blocks):
        self.connection = http.client.HTTPSConnection(api.host, api.port, context=api.context,
                                                      timeout=60)
        self.connection.request("GET", f"/api/v1/events?blocks={blocks}", None, api.headers)
        self.response = self.connection.getresponse()

    def line(self):
        line = self.response.readline().decode()
        assert line, "the feed has ended"
        return line.rstrip("\r\n")

    def next(self, wanted):
        """The data of the next event of that name."""
        name = None
        while True:
            line = self.line()
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: ") and name == wanted:
                return json.loads(line[6:])

    def value(self, field, value):
        """Until a block has it."""
        while True:
            data = self.next("data")
            if any(f["name"] == field and f["value"] == value for f in data.get("fields", [])):
                return data


def blocks_are_listed_and_shown(api):
    listed = api("GET", "/data")
    assert listed["problems"] == []
    blocks = {b["name"]: b for b in listed["blocks"]}
    assert list(blocks) == ["Received_Data", "Send_Data", "Types"]
    assert blocks["Send_Data"] == {"name": "Send_Data", "has_owner": True, "changes": 0,
                                   "time": None, "bytes": 258, "received_by": None,
                                   "sent_by": "Send"}, blocks["Send_Data"]
    assert blocks["Received_Data"]["received_by"] == "Receive"
    assert blocks["Types"]["received_by"] is blocks["Types"]["sent_by"] is None
    shown, values = block(api, "Types")
    got = json.loads(ouc("get", "Types", "--json"))
    assert values == got["values"], (values, got)
    assert [{k: f[k] for k in ("name", "place", "type")} for f in shown["fields"]] == got["fields"]
    assert "fields" not in blocks["Types"]
    api.refused(404, "GET", "/data/Nothing")
    for path in ("/data/..%2fTypes", "/data/%2e%2e", "/data/Types.image", "/data/9"):
        assert api.exchange("GET", path)[0] in (400, 404), path


def values_of_all_types_are_written(api):
    values = {"Flag": True, "Small": 255, "Letter": "ä", "Pattern": 65535, "Level": -32768,
              "Long": 4294967295, "Count": -2147483648, "Pressure": 0.1, "Text": "Grüße, Öl",
              "Values": [1, -2, 3, 32767], "Bits": [True, False] * 5, "Words": ["", "äöüß!"]}
    assert write(api, "Types", values) == values
    assert block(api, "Types")[1] == values == json.loads(ouc("get", "Types", "--json"))["values"]
    # As they are typed, and single elements by their index.
    after = write(api, "Types", {"Flag": "FALSE", "Pattern": "16#FF", "Values[-1]": "2#101",
                                 "Words[0]": "16#FF", "Pressure": "-Infinity", "Bits[9]": "1"})
    assert (after["Flag"], after["Pattern"], after["Values"]) == (False, 255, [5, -2, 3, 32767])
    assert (after["Words"], after["Pressure"]) == (["16#FF", "äöüß!"], "-Infinity"), after
    shown, _ = block(api, "Types")
    assert shown["changes"] == 2 and shown["time"].endswith("Z"), shown
    log = pathlib.Path("https.log").read_text(encoding="utf-8")
    assert "user admin has written to data block Types: Flag, Small, Letter" in log, log
    assert "Values[-1]" in log and "Öl" not in log and "32767" not in log, log


def what_does_not_fit_is_refused_by_its_field_and_changes_nothing(api):
    before = block(api, "Types")[0]
    for field, value, words in (
            ("Level", 40000, "Level is an Int: -32768 to 32767, not 40000"),
            ("Level", "many", "Level is an Int"),
            ("Level", 1.5, "Level is an Int"),
            ("Level", True, "Level is an Int"),
            ("Level", [1], "Level is"),
            ("Small", -1, "Small is a Byte: 0 to 255"),
            ("Flag", 2, "Flag is a Bool: TRUE or FALSE"),
            ("Letter", "ab", "Letter is a Char"),
            ("Letter", "€", "Letter is a Char"),
            ("Pressure", "1,5", "Pressure is a Real"),
            ("Text", "x" * 21, "Text is a String[20]: at most 20 characters, not 21"),
            ("Values", [1, 2, 3], "Values is an array"),
            ("Values", 1, "Values is an array"),
            ("Values[3]", 1, "Values has the elements Values[-1] to Values[2]"),
            ("Values[0", 1, "Values"),
            ("Nothing", 1, "Types has no field Nothing"),
            ("", 1, "Types has no field"),
            ("Flag", {"a": 1}, "Flag: a value is"),
            ("Flag", None, "Flag: a value is")):
        problem = api.refused(400, "PATCH", "/data/Types", {"values": {"Small": 7, field: value}})
        assert words in problem["detail"], (field, value, problem)
        assert problem["code"] == "invalid" and problem["member"] == "values"
    for body in ({}, {"values": {}}, {"values": [1]}, {"values": None}, {"values": 1},
                 {"values": {"Flag": True}, "more": 1}):
        api.refused(400, "PATCH", "/data/Types", body)
    assert block(api, "Types")[0] == before
    problem = api.refused(409, "PATCH", "/data/Received_Data", {"values": {"Var1": True}})
    assert "received by the connection Receive" in problem["detail"], problem
    assert "Nothing" in api.refused(404, "PATCH", "/data/Nothing",
                                    {"values": {"Var1": True}})["detail"]
    api.refused(404, "PATCH", "/data/no%20name", {"values": {"Var1": True}})
    assert "written" not in pathlib.Path("https.log").read_text(encoding="utf-8")


def who_may_only_look_writes_nothing(api):
    looker, nobody = Api().log_in("looker", PASSWORD), Api().log_in("nobody", PASSWORD)
    assert block(looker, "Types")[1]["Level"] == 0
    assert len(looker("GET", "/data")["blocks"]) == 3
    problem = looker.refused(403, "PATCH", "/data/Types", {"values": {"Level": 1}})
    assert "write-process-data" in problem["detail"], problem
    for method, path, body in (("GET", "/data", None), ("GET", "/data/Types", None),
                               ("PATCH", "/data/Types", {"values": {"Level": 1}})):
        nobody.refused(403, method, path, body)
        Api().refused(401, method, path, body)
    assert block(api, "Types")[0]["changes"] == 0
    # The right is asked for anew, each time.
    ctl("user", "set", "looker", "--roles", "nobody")
    looker.exchange("GET", "/session")
    assert looker.exchange("GET", "/data/Types")[0] in (401, 403)


def values_come_as_they_change(api):
    feed = Feed(api, "Types,Received_Data")
    first = {feed.next("data")["name"], feed.next("data")["name"]}
    assert first == {"Types", "Received_Data"}, first
    write(api, "Types", {"Level": 5, "Text": "Grüße"})
    data = feed.value("Level", 5)
    check({"$ref": "#/components/schemas/Block"}, data)
    shown = block(api, "Types")[0]
    assert {k: data[k] for k in data if k not in ("sent_by", "received_by")} == {
        k: shown[k] for k in shown if k not in ("sent_by", "received_by")}, (data, shown)
    ouc("set", "Types", "Level=6")
    feed.value("Level", 6)
    # A message that came from a partner.
    ouc("send", "Send", "Var1=TRUE", "Var2=Hello World!", "--wait")
    data = feed.value("Var2", "Hello World!")
    assert data["name"] == "Received_Data" and data["changes"] == 1
    for blocks in (",", "../x", "Types,,Types", ",".join(["Types"] * 17)):
        assert api.exchange("GET", f"/events?blocks={blocks}")[0] == 400, blocks


def a_feed_carries_no_values_without_the_right(api):
    nobody = Feed(Api().log_in("nobody", PASSWORD), "Types")
    looker = Feed(Api().log_in("looker", PASSWORD), "Types")
    looker.value("Level", 0)
    write(api, "Types", {"Level": 5})
    looker.value("Level", 5)
    names = []
    # The second heartbeat comes later than what could have been sent.
    while names.count("heartbeat") < 2:
        line = nobody.line()
        if line.startswith("event: "):
            names.append(line[7:])
    assert "data" not in names, names


def start_ouc():
    process = subprocess.Popen(
        ["keystore-ouc", "--config", "ouc.conf", "--socket", os.environ["KEYSTORE_SOCKET"],
         "--runtime", str(FOLDER.resolve())], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    until(lambda: subprocess.run(["keystore-ouc-ctl", "list"], capture_output=True,
                                 check=False).returncode == 0)
    return process


def keystore_ouc_dies_and_comes_back(api):
    write(api, "Types", {"Level": 5})
    feed = Feed(api, "Types")
    feed.value("Level", 5)
    os.kill(int(os.environ["OUC_PID"]), signal.SIGKILL)
    # Its last values are there.
    while feed.next("data")["has_owner"]:
        pass
    shown, values = block(api, "Types")
    assert not shown["has_owner"] and values["Level"] == 5 and shown["sent_by"] is None
    problem = api.refused(503, "PATCH", "/data/Types", {"values": {"Level": 6}})
    assert "systemctl start keystore-ouc" in problem["detail"], problem
    process = start_ouc()
    feed.value("Level", 0)
    assert write(api, "Types", {"Level": 7})["Level"] == 7
    feed.value("Level", 7)
    # One that ends well takes its images with it.
    process.terminate()
    assert process.wait() == 0
    while "fields" in feed.next("data"):
        pass
    api.refused(404, "GET", "/data/Types")
    assert api("GET", "/data") == {"blocks": [], "problems": []}
    shutil.rmtree(FOLDER)
    assert "systemctl start keystore-ouc" in api.refused(503, "GET", "/data/Types")["detail"]
    listed = api("GET", "/data")
    assert listed["blocks"] == [] and "start it" in listed["problems"][0]["detail"], listed


def an_image_is_foreign_or_broken(api):
    def problems():
        listed = api("GET", "/data")
        return ([b["name"] for b in listed["blocks"]],
                {p["file"]: p["detail"] for p in listed["problems"]})
    image = FOLDER / "Types.image"
    shutil.copy(image, FOLDER / "Copy.image")
    (FOLDER / "Text.image").write_text("no image", encoding="ascii")
    (FOLDER / "é <b>.image").write_text("", encoding="ascii")
    (FOLDER / "Link.image").symlink_to("Types.image")
    os.mkfifo(FOLDER / "Pipe.image")
    names, told = problems()
    assert names == ["Received_Data", "Send_Data", "Types"], names
    assert set(told) == {"Copy.image", "Text.image", "é <b>.image", "Link.image", "Pipe.image"}, told
    assert "another block" in api.refused(502, "GET", "/data/Copy")["detail"]
    for name in ("Link", "Pipe", "Text"):
        api.refused(502, "GET", f"/data/{name}")
    feed = Feed(api, "Send_Data")
    feed.next("data")
    (FOLDER / "Send_Data.image").unlink()
    api.refused(404, "GET", "/data/Send_Data")
    names, _ = problems()
    assert names == ["Received_Data", "Types"], names
    # keystore-ouc has it nonetheless.
    ouc("get", "Send_Data")
    # Its owner has it mapped, and would die of that: so it is one whose owner has ended.
    os.kill(int(os.environ["OUC_PID"]), signal.SIGKILL)
    os.truncate(image, 200)
    names, told = problems()
    assert names == ["Received_Data"] and "Types.image" in told, (names, told)
    api.refused(502, "GET", "/data/Types")
    start_ouc().terminate()


if __name__ == "__main__":
    globals()[sys.argv[1]](Api().log_in("admin", PASSWORD))
