"""Certificates through the API, one function for each test of integration/https_certs.c."""
import datetime
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from https_program import Api, ctl, ctl_json, encoded, run, shell  # noqa: E402

WEB = {"profile": "web-server", "subject": "CN=plc-1,O=Plant",
       "names": [{"type": "dns", "value": "plc-1.example"}]}


CA = 2  # of the site, as are the certificates 1 and 3 and their keys


def project(api):
    """CAs issue from now on; the P-256 one's ID."""
    assert api("PUT", "/mode", {"mode": "project"}) == {"mode": "project"}
    return CA


def made(api):
    """Certificates and keys that were not there before the test."""
    return ([c for c in api("GET", "/certs")["certs"] if c["id"] > 3],
            [k for k in api("GET", "/keys")["keys"] if not k["of_ca"] and k["name"] != "web"])


def web(api, issuer, **more):
    return api("POST", "/certs", WEB | {"new_key": "panel", "algorithm": "ec-p256",
                                        "issuer_id": issuer} | more)["cert"]


def openssl_ca(name="Outside"):
    shell(f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3000 "
          f"-subj '/CN={name}' -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE "
          "-addext keyUsage=critical,keyCertSign,cRLSign 2> err")


def openssl_leaf(subject="/CN=plc-2/O=Plant"):
    run("openssl", "req", "-newkey", "rsa:2048", "-noenc", "-subj", subject, "-utf8",
        "-keyout", "leaf.key", "-out", "leaf.csr")
    openssl_sign("leaf.csr", "leaf.pem")
    shell("openssl x509 -in leaf.pem -outform DER -out leaf.der")


def openssl_sign(csr, cert):
    pathlib.Path("ext").write_text(
        "basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\n"
        "authorityKeyIdentifier=keyid\nkeyUsage=critical,digitalSignature,keyEncipherment\n"
        "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:plc-1.example\n", encoding="ascii")
    shell(f"openssl x509 -req -in {csr} -CA ca.pem -CAkey ca.key -days 300 -extfile ext "
          f"-out {cert} 2> err")


def a_ca_makes_one(api):
    ca = project(api)
    profiles = {p["name"]: p for p in api("GET", "/profiles")["profiles"]}
    assert {"web-server", "opcua-server", "ca"} <= set(profiles), profiles
    cert = web(api, ca, validity={"days": 90}, hash="sha384")
    assert cert["issuer_id"] == ca and cert["private_key"]["name"] == "panel"
    assert cert["signature_algorithm"] == "ecdsa-sha384", cert
    assert api("GET", f"/certs/{cert['id']}") == cert == ctl_json("cert", "show", str(cert["id"]))
    assert api("GET", f"/certs/{cert['id']}/check") == {"findings": []}
    begin = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    end = begin + datetime.timedelta(days=40)
    dated = web(api, ca, new_key="dated", validity={"not_before": f"{begin:%Y-%m-%dT%H:%M:%SZ}",
                                                    "not_after": end.isoformat()})
    assert (dated["not_before"], dated["not_after"]) == (f"{begin:%Y-%m-%dT%H:%M:%SZ}",
                                                         f"{end:%Y-%m-%dT%H:%M:%SZ}")


def pages_follow_each_other(api):
    ca = project(api)
    web(api, ca)
    ids, after = [], 0
    while True:
        page = api("GET", f"/certs?limit=1&after={after}")
        assert len(page["certs"]) == 1
        after = page["certs"][0]["id"]
        ids.append(after)
        if not page["more"]:
            break
    everything = [c["id"] for c in api("GET", "/certs")["certs"]]
    assert ids == everything and ids == sorted(ids), (ids, everything)
    kinds = [len(api("GET", f"/certs?kind={k}")["certs"]) for k in ("ca", "device", "trusted")]
    assert kinds == [2, 2, 0], kinds
    assert api("GET", "/certs?kind=ca") == ctl_json("cert", "list", "--kind", "ca") | {"more": False}
    for query in ("limit=1001", "limit=-1", "after=x", "kind=all"):
        assert api.refused(400, "GET", f"/certs?{query}")["code"]
    names, after = [], ""
    while True:
        page = api("GET", f"/keys?limit=1&after={after}")
        names += [k["name"] for k in page["keys"]]
        after = names[-1]
        if not page["more"]:
            break
    assert names == ctl("key", "list", "--names").decode().split()


def it_signs_itself(api):
    cert = api("POST", "/certs", {"profile": "opcua-server", "subject": "CN=plc-1",
                                  "names": [{"type": "uri", "value": "urn:plc-1"},
                                            {"type": "ip", "value": "192.0.2.1"}],
                                  "new_key": "ua", "algorithm": "rsa-2048"})["cert"]
    assert cert["issuer_id"] == cert["id"]
    assert api.refused(409, "POST", "/certs", WEB | {"new_key": "ua", "algorithm": "ec-p256"})


def a_key_gets_a_name_where_none_is_given(api):
    order = WEB | {"algorithm": "ec-p256"}
    names = [api("POST", "/certs", order)["cert"]["private_key"]["name"] for _ in range(3)]
    assert names == ["web-server-plc-1", "web-server-plc-1-2", "web-server-plc-1-3"], names
    hostile = api("POST", "/certs", order | {"subject": "CN=../\\<b\\>\\,x é,O=Plant"})["cert"]
    assert hostile["private_key"]["name"] == "web-server-..-b-x", hostile["private_key"]
    assert hostile["common_name"] == "../<b>,x é"


def a_draft_tells_everything_at_once(api):
    findings = api("POST", "/certs/draft", {"profile": "web-server", "subject": "no name",
                                            "algorithm": "ec-p256", "issuer_id": 77,
                                            "validity": {"days": 30000}})["findings"]
    fields = {f["field"] for f in findings}
    assert {"subject", "issuer"} <= fields, findings
    assert api("POST", "/certs/draft", {})["findings"]
    assert not [f for f in api("POST", "/certs/draft", WEB | {"algorithm": "ec-p256"})["findings"]
                if f["severity"] == "error"]
    assert made(api) == ([], [])


def what_was_sent_is_looked_at(api):
    order = WEB | {"algorithm": "ec-p256"}
    for member, wrong in {"profile": 7, "subject": "x" * 1025, "names": "dns:x", "key": [],
                          "algorithm": "dsa", "issuer_id": -1, "validity": "90 days",
                          "hash": "md5", "padding": "oaep", "ca_levels": 17}.items():
        problem = api.refused(400, "POST", "/certs", order | {member: wrong})
        assert problem["member"] == member, problem
    for names in ([{}], [{"type": "x400", "value": "a"}], [{"type": "dns"}], ["a"], [7],
                  [{"type": "dns", "value": "a", "more": 1}], [{"type": "dns", "value": "a"}] * 257):
        assert api.refused(400, "POST", "/certs", order | {"names": names})["member"] == "names"
    for validity in ({"days": 0}, {"days": 36501}, {"not_after": "tomorrow"}, {"years": 1}, [],
                     {"not_before": "2026-02-30T00:00:00Z"}):
        assert api.refused(400, "POST", "/certs",
                           order | {"validity": validity})["member"] == "validity"
    assert api.refused(400, "POST", "/certs", WEB)["member"] == "algorithm"
    assert api.refused(400, "POST", "/certs", order | {"key": "a", "new_key": "b"})
    assert api.refused(400, "POST", "/certs", order | {"colour": "red"})
    assert api.refused(404, "POST", "/certs", WEB | {"key": "nothing"})
    assert not made(api)[1]


def it_is_renewed(api):
    ca = project(api)
    first = web(api, ca)
    path = f"/certs/{first['id']}"
    second = api("POST", path + "/renew", {"validity": {"days": 50}})["cert"]
    assert second["id"] == first["id"] and second["version"] == 2
    assert second["private_key"] == first["private_key"] and second["serial"] != first["serial"]
    third = api("POST", path + "/renew", {"new_key": True, "algorithm": "ec-p384"})["cert"]
    assert third["private_key"]["algorithm"] == "ec-p384" and third["version"] == 3
    assert [v["version"] for v in third["history"]] == [3, 2, 1]
    assert third["history"][1]["state"] == "superseded", third["history"]
    assert api.refused(400, "POST", path + "/renew", {"algorithm": "ec-p256"})["member"]
    api.refused(404, "POST", "/certs/77/renew", {})
    for sent, shown in (("days-before", "days before"), ("per cent left", "per cent left")):
        renewal = api("PUT", path + "/renewal", {"mode": sent, "value": 20, "new_key": True})
        assert renewal["renewal"]["mode"] == shown and renewal["renewal"]["new_key"] is True
        assert renewal["renewal"]["value"] == 20 and renewal["renewal"]["at"]
    assert api("PUT", path + "/renewal", {"mode": "off"})["renewal"]["at"] is None
    alone = api("PUT", path + "/renewal", {"addresses": "ignore"})["renewal"]
    assert (alone["mode"], alone["addresses"]) == ("off", "ignore"), alone
    for wrong in ({}, {"mode": "days-before", "value": 0}, {"mode": "sometimes"},
                  {"addresses": "move"}):
        api.refused(400, "PUT", path + "/renewal", wrong)


def a_ca_elsewhere_answers(api):
    openssl_ca()
    asked = api("POST", "/certs/request", WEB | {"algorithm": "ec-p256"})
    cert, path = asked["cert"], f"/certs/{asked['cert']['id']}"
    assert cert["state"] == "requested" and "fingerprint" not in cert
    pathlib.Path("csr").write_text(asked["csr"], encoding="ascii")
    assert api("GET", path + "/file?format=csr") == asked["csr"].encode()
    der = api("GET", path + "/file?format=csr-der")
    assert der.type == "application/pkcs10" and der.name == "plc-1.p10"
    assert der == shell("openssl req -in csr -outform DER")
    openssl_sign("csr", "answer")
    shell("cat answer ca.pem > chain")
    taken = api("POST", path + "/replace", {"file": encoded("chain")})
    assert [c["kind"] for c in taken["certs"]] == ["device", "ca"], taken
    assert taken["certs"][0]["id"] == cert["id"] and taken["certs"][0]["state"] == "active"
    again = api("POST", path + "/request", {})
    assert again["cert"]["request_created"] and again["cert"]["state"] == "active"
    pathlib.Path("csr").write_text(again["csr"], encoding="ascii")
    openssl_sign("csr", "answer")
    taken = api("POST", path + "/replace", {"file": encoded("answer")})
    assert taken["certs"][0]["version"] == 2
    assert taken["certs"][0]["private_key"] == cert["private_key"]
    api.refused(409, "GET", path + "/file?format=csr")
    other = api("POST", path + "/request", {"new_key": "panel-2", "algorithm": "ec-p256"})
    assert other["csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
    # An answer to another key's question.
    openssl_leaf()
    api.refused(400, "POST", path + "/replace", {"file": encoded("leaf.pem")})


def somebody_elses_csr_is_certified(api):
    ca = project(api)
    run("openssl", "req", "-newkey", "rsa:2048", "-noenc", "-subj", "/CN=pump", "-keyout", "k",
        "-addext", "subjectAltName=DNS:pump.example", "-out", "csr")
    order = {"csr": encoded("csr"), "issuer_id": ca, "profile": "tls-client",
             "validity": {"days": 30}}
    cert = api("POST", "/certs/sign", order)["cert"]
    assert cert["common_name"] == "pump" and cert["private_key"] is None
    assert cert["issuer_id"] == ca
    for member, wrong, status in (("csr", "", 400), ("csr", "!", 400), ("issuer_id", 0, 400),
                                  ("issuer_id", 77, 404), ("profile", "none", 400),
                                  ("csr", encoded(b"hello"), 400)):
        api.refused(status, "POST", "/certs/sign", order | {member: wrong})


def files_come_in(api):
    openssl_ca()
    openssl_leaf()
    shell("cat leaf.pem ca.pem > bundle.pem; openssl crl2pkcs7 -nocrl -certfile leaf.pem "
          "-outform DER -out leaf.p7b; openssl pkcs12 -export -in leaf.pem -inkey leaf.key "
          "-certfile ca.pem -passout pass:geheim-ä -out leaf.p12")
    for name in ("leaf.pem", "leaf.der", "leaf.p7b"):
        taken = api("POST", "/certs/import", {"file": encoded(name), "kind": "trusted"})
        cert = taken["certs"][0]
        assert cert["kind"] == "trusted" and cert["private_key"] is None
        assert api("GET", f"/certs/{cert['id']}/file?format=der") == open("leaf.der", "rb").read()
        assert api("DELETE", f"/certs/{cert['id']}") is None
    taken = api("POST", "/certs/import", {"file": encoded("bundle.pem")})["certs"]
    assert [c["kind"] for c in taken] == ["trusted", "ca"]
    api.refused(409, "POST", "/certs/import", {"file": encoded("bundle.pem")})
    for cert in taken:
        api("DELETE", f"/certs/{cert['id']}")
    packed = {"file": encoded("leaf.p12"), "profile": "web-server", "key_name": "imported"}
    for password in (None, "wrong"):
        sent = packed | ({"password": password} if password else {})
        problem = api.refused(403, "POST", "/certs/import", sent)
        assert "password" in problem["detail"] and "wrong" not in problem["detail"].split(), problem
    assert not made(api)[1]
    cert = api("POST", "/certs/import", packed | {"password": "geheim-ä"})["certs"][0]
    assert cert["private_key"]["origin"] == "imported" and cert["profile"] == "web-server"
    assert cert["private_key"]["name"] == "imported"
    assert open("leaf.key", encoding="ascii").read().split("\n")[3] not in str(api.exchange(
        "GET", f"/certs/{cert['id']}")[2])


def what_is_no_certificate_is_refused(api):
    for wrong in (b"", b"hello", b"\x30\x03\x02\x01\x01", b"-----BEGIN CERTIFICATE-----\nMAA=\n",
                  bytes(range(256)) * 16):
        problem = api.refused(400, "POST", "/certs/import", {"file": encoded(wrong)})
        assert problem["detail"], problem
    assert "member" not in api.refused(400, "POST", "/certs/import",
                                       {"file": encoded(b"0" * 256000)})
    assert api.refused(400, "POST", "/certs/import",
                       {"file": encoded(b"0" * 256001)})["member"] == "file"
    for member, wrong in (("file", "%%%"), ("file", 7), ("password", 7), ("password", "x" * 1025),
                          ("kind", "mine"), ("key_name", "x" * 65)):
        problem = api.refused(400, "POST", "/certs/import", {"file": encoded(b"x"), member: wrong})
        assert problem["member"] == member, problem
    assert api.refused(400, "POST", "/certs/import", {})["member"] == "file"
    assert not made(api)[0]


def each_format_goes_out(api):
    ca = project(api)
    number = str(web(api, ca)["id"])
    path = f"/certs/{number}"
    for form, kind, name in (("pem", "application/x-pem-file", "plc-1.pem"),
                             ("der", "application/pkix-cert", "plc-1.crt"),
                             ("chain", "application/x-pem-file", "plc-1-chain.pem"),
                             ("p7b", "application/pkcs7-mime", "plc-1.p7b"),
                             ("p7b-pem", "application/x-pem-file", "plc-1-p7b.pem")):
        file = api("GET", f"{path}/file?format={form}")
        assert (file.type, file.name) == (kind, name), (file.type, file.name)
        ctl("cert", "export", number, "--format", form, "--out", "out")
        assert file == open("out", "rb").read(), form
    assert api("GET", path + "/file") == api("GET", path + "/file?format=pem")
    packed = api("POST", path + "/pkcs12", {"password": "geheim"})
    assert packed.name == "plc-1.p12" and packed.type == "application/x-pkcs12"
    text = run("openssl", "pkcs12", "-passin", "pass:geheim", "-noenc", data=bytes(packed)).decode()
    assert text.count("BEGIN CERTIFICATE") == 2 and "PRIVATE" not in text
    assert subprocess.run(["openssl", "pkcs12", "-passin", "pass:x", "-noenc"], input=packed,
                          capture_output=True, check=False).returncode
    assert run("openssl", "pkcs12", "-passin", "pass:", "-noenc",
               data=bytes(api("POST", path + "/pkcs12", {})))
    problem = api.refused(403, "GET", path + "/file?format=private-key")
    assert "private" in problem["detail"].lower(), problem
    for form in ("p12", "", "PEM"):
        api.refused(400, "GET", f"{path}/file?format={form}")
    api.refused(409, "GET", path + "/file?format=csr")
    api.refused(404, "GET", "/certs/77/file")
    api.refused(400, "GET", "/certs/0/file")


def a_revoked_one_is_in_the_list(api):
    ca = project(api)
    cert = web(api, ca)
    path = f"/certs/{cert['id']}"
    assert api.refused(400, "POST", path + "/revoke", {"reason": "boredom"})["member"] == "reason"
    held = api("POST", path + "/revoke", {"reason": "certificateHold"})["cert"]
    assert held["state"] == "revoked" and held["revocation_reason"] == "certificateHold"
    assert api("POST", path + "/revoke", {"reason": "removeFromCRL"})["cert"]["state"] == "active"
    api("POST", path + "/revoke", {"reason": "keyCompromise", "version": 1})
    api.refused(409, "POST", path + "/renew", {})
    crls = api("GET", "/crls")
    assert crls == ctl_json("crl", "list") | {"more": False}
    assert [c["entries"] for c in crls["crls"] if c["ca_id"] == ca] == [1], crls
    for form, kind, name in (("der", "application/pkix-crl", f"crl-{ca}.crl"),
                             ("pem", "application/x-pem-file", f"crl-{ca}.crl.pem")):
        file = api("GET", f"/crls/{ca}/file?format={form}")
        assert (file.type, file.name) == (kind, name)
        ctl("crl", "export", str(ca), "--format", form, "--out", "out")
        assert file == open("out", "rb").read()
    text = run("openssl", "crl", "-text", "-noout", "-in", "out").decode()
    assert cert["serial"].upper() in text.upper().replace(":", ""), text
    before = int([c["number"] for c in crls["crls"] if c["ca_id"] == ca][0])
    assert int(api("POST", f"/crls/{ca}/renew")["number"]) == before + 1
    api.refused(404, "GET", f"/crls/{cert['id']}/file")
    api.refused(409, "POST", f"/crls/{cert['id']}/renew")


def a_long_list_goes_out_whole(api):
    project(api)
    openssl_ca()
    entries = "".join(f"R\t351231235959Z\t260101000000Z\t{n:08X}\tunknown\t/CN=x\n"
                      for n in range(1, 6501))
    pathlib.Path("index").write_text(entries, encoding="ascii")
    pathlib.Path("ca.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n"
        "default_crl_days=30\n", encoding="ascii")
    shell("echo 07 > number; openssl ca -config ca.cnf -gencrl -cert ca.pem -keyfile ca.key "
          "-out ca.crl 2> err; cat ca.pem ca.key ca.crl > ca.all")
    ca = api("POST", "/certs/import", {"file": encoded("ca.all"), "key_name": "old"})["certs"][0]
    shell(f"keystorectl crl renew {ca['id']} > out")
    file = api("GET", f"/crls/{ca['id']}/file?format=der")
    assert len(file) > 131072, len(file)  # of which keystored gives no more at once
    ctl("crl", "export", str(ca["id"]), "--format", "der", "--out", "out")
    assert file == open("out", "rb").read()
    # It becomes another one again and again while it is read, and stays whole.
    renewing = threading.Thread(target=lambda: [api("POST", f"/crls/{ca['id']}/renew")
                                                for _ in range(10)])
    renewing.start()
    while renewing.is_alive():
        status, _, data = api.exchange("GET", f"/crls/{ca['id']}/file?format=der")
        assert status in (200, 503), (status, data)
        if status == 200:
            pathlib.Path("whole").write_bytes(data)
            shell("openssl crl -inform DER -in whole -CAfile ca.pem -noout 2>&1 | "
                  "grep -q 'verify OK'")
    renewing.join()


def a_service_keeps_its_certificate(api):
    cert = api("POST", "/certs", WEB | {"algorithm": "ec-p256"})["cert"]
    service = api("POST", "/services", {"name": "panel", "kind": "web-server", "cert_id": cert["id"],
                                        "group": "https", "uid": 1234, "gid": None})
    assert (service["cert_id"], service["uid"], service["gid"]) == (cert["id"], 1234, None)
    assert service == ctl_json("service", "show", "panel")
    problem = api.refused(409, "DELETE", f"/certs/{cert['id']}")
    assert "panel" in problem["detail"], problem
    api.refused(409, "POST", "/services", {"name": "panel", "kind": "web-server"})
    same = api("PATCH", "/services/panel", {"gid": 4321})
    assert (same["uid"], same["gid"], same["group"]) == (1234, 4321, "https")
    assert api("PATCH", "/services/panel", {"uid": None})["uid"] is None
    assert api("PATCH", "/services/panel", {"group": ""})["group"] is None
    assert api("PATCH", "/services/panel", {"kind": "custom"})["kind"] == "custom"
    for member, wrong in (("kind", "toaster"), ("cert_id", "x"), ("uid", -1), ("uid", 2 ** 32)):
        assert api.refused(400, "PATCH", "/services/panel", {member: wrong})["member"] == member
    assert api.refused(400, "POST", "/services", {"name": "x"})["member"] == "kind"
    api.refused(404, "PATCH", "/services/nobody", {"uid": 1})
    assert "panel" in [s["name"] for s in api("GET", "/services")["services"]]
    assert api("PATCH", "/services/panel", {"cert_id": None})["cert_id"] is None
    assert api("DELETE", f"/certs/{cert['id']}") is None
    api.refused(404, "DELETE", f"/certs/{cert['id']}")
    assert api("DELETE", "/services/panel") is None
    api.refused(404, "DELETE", "/services/panel")


def of_deletes_at_the_same_time_one_does_it(api):
    cert = api("POST", "/certs", WEB | {"algorithm": "ec-p256"})["cert"]
    statuses = []

    def delete():
        statuses.append(api.exchange("DELETE", f"/certs/{cert['id']}")[0])
    threads = [threading.Thread(target=delete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [204] + [404] * 7, statuses


def hostile_text_stays_text(api):
    openssl_ca("<script>alert(1)<\\/script>")
    subject = "/CN=<img src=x onerror=alert(1)>\"\x01\x7f\u202e é/O=%0d%0aSet-Cookie: a"
    openssl_leaf(subject)
    cert = api("POST", "/certs/import", {"file": encoded("leaf.der"), "kind": "trusted"})["certs"][0]
    status, headers, data = api.exchange("GET", f"/certs/{cert['id']}")
    assert status == 200 and headers["Content-Type"].startswith("application/json")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert b"\x01" not in data and b"\x7f" not in data
    assert "<img src=x onerror=alert(1)>" in cert["common_name"], cert
    assert cert["issuer"] == "CN=\\<script\\>alert(1)\\</script\\>", cert
    file = api("GET", f"/certs/{cert['id']}/file?format=der")
    assert file.name.startswith("img-src-x-onerror-alert-1") and file.name.endswith(".crt")
    for path in ("/keys/%00", "/keys/..%2f..%2fetc", "/keys/%ff"):
        assert api.exchange("GET", path)[0] in (400, 404), path
    problem = api.refused(400, "GET", "/keys/%3Cscript%3E")
    assert "script" not in problem["detail"]


def keys_are_shown_pinned_and_deleted(api):
    cert = api("POST", "/certs", WEB | {"new_key": "panel", "algorithm": "ec-p256"})["cert"]
    key = api("GET", "/keys/panel")
    assert key == ctl_json("key", "show", "panel") and key["id"] == cert["private_key"]["id"]
    pinned = api("PUT", "/keys/panel/pinned", {"pinned": True})
    assert pinned["pinned"] and pinned["persistent_handle"].startswith("0x81")
    assert api("PUT", "/keys/panel/pinned", {"pinned": False})["persistent_handle"] is None
    for wrong in ({}, {"pinned": 1}, {"pinned": None}, {"pinned": True, "more": 1}):
        api.refused(400, "PUT", "/keys/panel/pinned", wrong)
    api.refused(409, "DELETE", "/keys/panel")
    api("DELETE", f"/certs/{cert['id']}")
    assert api("DELETE", "/keys/panel") is None
    api.refused(404, "DELETE", "/keys/panel")


def the_mode_is_switched(api):
    assert api("GET", "/mode") == {"mode": "local"}
    api.refused(409, "POST", "/project", {})
    for wrong in ({}, {"mode": "both"}, {"mode": 1}):
        api.refused(400, "PUT", "/mode", wrong)
    assert api("PUT", "/mode", {"mode": "project"}) == {"mode": "project"} == api("GET", "/mode")
    assert api.refused(409, "POST", "/project", {"days": 4000})["code"] == "exists"
    assert api("POST", "/clock/confirm") is None


if __name__ == "__main__":
    globals()[sys.argv[1]](Api().log_in("admin", "correct horse"))
