"""Trust groups through the API, one function for each test of integration/https_certs.c."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from https_program import Api, ctl, ctl_json, encoded, shell  # noqa: E402

PKI = ". \"$PKI\"; ca root -; ca sub root; crl root; revoke sub root 2> err || :; crl root; "


def pki():
    shell(PKI + "leaf pump root DNS:pump.plant; for i in root sub pump; do openssl x509 -in $i.pem "
          "-outform DER -out $i.der; done; openssl crl -in root.crl -outform DER -out root.crl.der")


def fingerprint(name):
    return shell(f"sha256sum < {name}.der").split()[0].decode()


def groups_come_and_go(api):
    made = api("POST", "/groups", {"name": "pumps", "crls": "none", "auto_accept": True})
    assert made["crls"] == "none" and made["auto_accept"] and not made["predefined"]
    api.refused(409, "POST", "/groups", {"name": "pumps"})
    assert api("PATCH", "/groups/pumps", {"auto_accept": False})["auto_accept"] is False
    same = api("PATCH", "/groups/pumps", {"crls": "required"})
    assert same["crls"] == "required" and same["auto_accept"] is False
    listed = api("GET", "/groups")
    assert listed["groups"] == ctl_json("group", "list")["groups"] and not listed["more"]
    assert [g for g in listed["groups"] if g["name"] == "pumps"] == [same]
    for wrong in ({"crls": "sometimes"}, {"auto_accept": 1}, {"name": "x"}):
        api.refused(400, "PATCH", "/groups/pumps", wrong)
    assert api.refused(400, "POST", "/groups", {})["member"] == "name"
    api.refused(400, "POST", "/groups", {"name": "no spaces"})
    predefined = [g["name"] for g in listed["groups"] if g["predefined"]][0]
    api.refused(409, "DELETE", f"/groups/{predefined}")
    assert api("DELETE", "/groups/pumps") is None
    api.refused(404, "DELETE", "/groups/pumps")
    api.refused(404, "GET", "/groups/pumps/entries")


def files_are_added_shown_and_removed(api):
    pki()
    entries = "/groups/ouc/entries"
    shell("cat root.pem pump.pem root.crl > all.pem; cat root.key >> all.pem")
    assert api("POST", entries, {"list": "trusted-certs", "file": encoded("all.pem")})["added"] == 3
    assert api("POST", entries, {"list": "issuer-certs", "file": encoded("sub.der")})["added"] == 1
    listed = api("GET", entries)
    assert listed == ctl_json("trust", "list", "ouc") | {"more": False}
    assert sorted(e["list"] for e in listed["entries"]) == [
        "issuer-certs", "trusted-certs", "trusted-certs", "trusted-crls"]
    seen, after = [], 0
    while True:
        page = api("GET", f"{entries}?limit=1&after={after}")
        seen += page["entries"]
        after = seen[-1]["id"]
        if not page["more"]:
            break
    assert seen == listed["entries"]
    assert len(api("GET", entries + "?list=trusted-crls")["entries"]) == 1
    crl = [e for e in seen if e["list"] == "trusted-crls"][0]["fingerprint"]
    for print_, name, kind, suffix in ((fingerprint("root"), "root.der", "application/pkix-cert",
                                        "crt"),
                                       (fingerprint("sub"), "sub.der", "application/pkix-cert",
                                        "crt"),
                                       (crl, "root.crl.der", "application/pkix-crl", "crl")):
        file = api("GET", f"{entries}/{print_}/file?format=der")
        assert file == open(name, "rb").read() and file.type == kind
        assert file.name == f"ouc-{print_[:16]}.{suffix}"
        assert api("GET", f"{entries}/{print_}/file") == ctl("trust", "export", "ouc", print_)
    root = fingerprint("root")
    api.refused(404, "GET", f"{entries}/{root}/file?list=issuer-certs")
    api.refused(404, "DELETE", f"{entries}/{root}?list=issuer-crls")
    for wrong in (root[:-1], root.upper(), root[:-1] + "g", root + "00"):
        assert api.exchange("DELETE", f"{entries}/{wrong}")[0] == 400
        assert api.exchange("GET", f"{entries}/{wrong}/file")[0] == 400
    # A CA's CRLs go with it.
    assert api("DELETE", f"{entries}/{root}?list=trusted-certs") is None
    assert [e["list"] for e in api("GET", entries)["entries"]] == ["trusted-certs", "issuer-certs"]
    api.refused(404, "DELETE", f"{entries}/{root}")


def what_does_not_belong_there_is_refused(api):
    pki()
    entries = "/groups/ouc/entries"
    shell("cat root.pem sub.pem > two.pem; i=0; : > many.pem; while [ $i -lt 129 ]; do "
          "cat two.pem >> many.pem; i=$((i + 1)); done")
    for name, member in (("root.key", "file"), ("many.pem", "file")):
        problem = api.refused(400, "POST", entries,
                              {"list": "trusted-certs", "file": encoded(name)})
        assert problem["member"] == member, problem
    for list_, file in (("trusted-crls", "root.pem"), ("issuer-crls", "root.der"),
                        ("trusted-certs", "root.crl")):
        status, _, _ = api.exchange("POST", entries, {"list": list_, "file": encoded(file)})
        assert status in (400, 409), (list_, file, status)
    for wrong in ({"file": encoded("root.pem")}, {"list": "trusted-certs"},
                  {"list": "all", "file": encoded("root.pem")},
                  {"list": "trusted-certs", "file": encoded(b"x" * (352 * 1024 + 1))}):
        assert api.exchange("POST", entries, wrong)[0] == 400, wrong.keys()
    api.refused(404, "POST", "/groups/nobody/entries",
                {"list": "trusted-certs", "file": encoded("root.pem")})
    assert api("GET", entries)["entries"] == []


def who_was_refused_is_trusted(api):
    pki()
    for name in ("pump", "sub"):
        subprocess.run(["keystorectl", "validate", "ouc", name + ".pem"], check=False,
                       capture_output=True)
    listed = api("GET", "/rejected?group=ouc")
    assert listed == ctl_json("rejected", "list", "--group", "ouc") | {"more": False}
    subjects = {r["subject"]: r for r in listed["rejected"]}
    assert set(subjects) == {"CN=pump", "CN=sub"}, subjects
    assert api("POST", f"/rejected/{subjects['CN=pump']['id']}/trust") is None
    entry = api("GET", "/groups/ouc/entries")["entries"][0]
    assert entry["fingerprint"] == fingerprint("pump") and entry["list"] == "trusted-certs"
    assert api("DELETE", f"/rejected/{subjects['CN=sub']['id']}") is None
    api.refused(404, "DELETE", f"/rejected/{subjects['CN=sub']['id']}")
    api.refused(404, "POST", "/rejected/77/trust")
    subprocess.run(["keystorectl", "validate", "ouc", "sub.pem"], check=False, capture_output=True)
    assert api("DELETE", "/rejected?group=opcua") is None
    assert len(api("GET", "/rejected")["rejected"]) == 1
    assert api("DELETE", "/rejected") is None
    assert api("GET", "/rejected")["rejected"] == []


if __name__ == "__main__":
    globals()[sys.argv[1]](Api().log_in("admin", "correct horse"))
