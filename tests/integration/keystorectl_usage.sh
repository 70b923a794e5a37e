#!/bin/bash
# What keystorectl says and returns before it has spoken to a service.
set -uo pipefail

export KEYSTORE_SOCKET=/nonexistent/socket
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# expect CODE PATTERN ARGUMENT...: the exit code, and what standard error says in one line.
expect() {
	local code=$1 pattern=$2 got
	shift 2
	./keystorectl "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	if [[ $got -ne $code ]] || ! grep -q -- "$pattern" "$work/err" ||
		[[ $(wc -l <"$work/err") -ne 1 ]]; then
		echo "keystorectl $*: exit code $got instead of $code, or not '$pattern':"
		cat "$work/err"
		failures=$((failures + 1))
	fi
}

expect 2 'which command'
expect 2 "no command 'kye list'" kye list
expect 2 "no command 'key'" key
expect 2 "no option '--frob'" status --frob
expect 2 '--out is no option of status' status --out x
expect 2 'key create needs --algorithm' key create plc-1
expect 2 'not one of rsa-2048' key create plc-1 --algorithm dsa
expect 2 'not a list of sign and decrypt' key create plc-1 --algorithm ec-p256 --usage fly
expect 2 'usage: keystorectl key show NAME' key show
expect 2 'usage: keystorectl key show NAME' key show a b
expect 2 'needs one of --uid USER, --gid GROUP' key allow plc-1 --operations sign
expect 2 'needs one of --uid USER, --gid GROUP' key allow plc-1 --uid 0 --gid 0 --operations sign
expect 2 'no such user' key allow plc-1 --uid no-such-user- --operations sign
expect 2 'needs one of --public, --reference, --tss2' key export plc-1
expect 2 'goes with --tss2' key export plc-1 --public --password-file "$work/out"
expect 2 'not one of sha256' sign plc-1 --hash md5
expect 2 'not pkcs1 or pss' sign plc-1 --padding oaep
expect 2 'a sha256 digest has 32' sign plc-1 --digest
expect 2 'OAEP takes sha1 or sha256' decrypt plc-1 --hash sha512
expect 2 'did you mean IP:192.0.2.1' csr plc-1 --subject CN=plc-1 --san 192.0.2.1
expect 2 'csr needs --subject' csr plc-1
expect 2 'no number of bytes' random many
expect 2 'not the number of a record' audit list --after soon
expect 2 'not a number of records' audit list --limit 0
expect 2 '--limit is no option of audit verify' audit verify --limit 3
expect 2 'not a number of seconds' status --deadline soon
expect 2 "no command 'cert'" cert
expect 2 'cert create needs --profile' cert create --subject CN=a
web=(cert create --profile web-server --subject CN=a)
expect 2 'one of --issuer ID, --self-signed' "${web[@]}" --key a
expect 2 'one of --issuer ID, --self-signed' "${web[@]}" --key a --issuer 2 --self-signed
expect 2 "not a certificate's ID" "${web[@]}" --key a --issuer ca
expect 2 'one of --key NAME, --new-key NAME' "${web[@]}" --self-signed
expect 2 '--algorithm go together' "${web[@]}" --self-signed --new-key a
expect 2 '--algorithm go together' "${web[@]}" --self-signed --key a --algorithm ec-p256
expect 2 'not one of rsa-2048' "${web[@]}" --self-signed --new-key a --algorithm dsa
expect 2 'not a number of days' "${web[@]}" --self-signed --key a --days 0
expect 2 'not a time like' "${web[@]}" --self-signed --key a --not-after 2026-02-30
expect 2 'not one of ca, device' cert list --kind web
expect 2 "no certificate's ID" cert show 0
expect 2 "no certificate's ID" cert renew '#x'
expect 2 'not one of pem, der, chain' cert export 3 --format pfx
expect 2 'goes with --format p12' cert export 3 --password-file /dev/null
expect 2 'needs --profile and --subject' cert request --key a
expect 2 'leave them out' cert request --for 3 --subject CN=a
expect 2 'not a number from 0 to 15' "${web[@]}" --self-signed --key a --path-length 16
expect 5 'systemctl status keystored' project init
expect 1 'cannot be read' sign plc-1 --in "$work/absent"
expect 1 'cannot be read' key import plc-1 "$work/absent"
expect 5 'systemctl status keystored' status
expect 5 'No such file' key list --socket /nonexistent/other

head -c 33 /dev/zero >"$work/password"
: >"$work/empty"
expect 2 '1 to 32 bytes' key export plc-1 --tss2 --password-file "$work/password"
expect 2 '1 to 32 bytes' key export plc-1 --tss2 --password-file "$work/empty"

# The failure as an object, also where the option stands behind what is wrong.
expect 5 'cannot reach' status --json
python3 - "$work/out" <<'END' || failures=$((failures + 1))
import json, sys
error = json.load(open(sys.argv[1]))["error"]
assert error["status"] == "unreachable" and error["exit_code"] == 5 and error["message"], error
END
expect 2 'no option' --frob --json
python3 -c 'import json, sys; json.load(open(sys.argv[1]))["error"]' "$work/out" ||
	failures=$((failures + 1))

# What is installed for programs is what is printed for them.
./keystorectl openssl show | cmp - "$1/packaging/openssl/keystore.cnf" || failures=$((failures + 1))
./keystorectl openssl show --socket /run/other.sock | grep '^socket = /run/other.sock$' >/dev/null ||
	failures=$((failures + 1))
expect 2 'takes an absolute path' openssl show --socket other.sock
expect 2 'takes an absolute path' openssl enable --socket '/run/$ENV::HOME'
expect 1 'is no regular file' openssl enable --config "$work"

# No module, no change; and nothing but a whole file is ever there.
printf '[req]\nx = y' >"$work/openssl.cnf"
cp "$work/openssl.cnf" "$work/before"
OPENSSL_MODULES=$work expect 1 'keystore.so: cannot open shared object file' \
	openssl enable --config "$work/openssl.cnf"
: >"$work/keystore.so"
OPENSSL_MODULES=$work expect 1 'file too short' openssl enable --config "$work/openssl.cnf"
OPENSSL_MODULES=$work expect 1 'file too short' openssl enable --config "$work/absent.cnf"
cmp "$work/before" "$work/openssl.cnf" || failures=$((failures + 1))
./keystorectl openssl disable --config "$work/openssl.cnf" | grep 'stays as it is' >/dev/null ||
	failures=$((failures + 1))
OPENSSL_MODULES=$work ./keystorectl doctor --config "$work/openssl.cnf" >"$work/report" &&
	failures=$((failures + 1))
for line in 'module *FAILS .*cannot load' 'openssl.cnf *FAILS' 'order *not checked' 'socket *FAILS' \
	'TPM *not checked' 'rights *not checked'; do
	grep "^$line" "$work/report" >/dev/null || {
		echo "doctor does not say $line"
		failures=$((failures + 1))
	}
done
expect 2 'no such user' doctor --user no-such-user-
[[ $(echo "$work"/*.cnf*) == "$work/openssl.cnf" ]] || failures=$((failures + 1))

# A signature isn't shown on a terminal.
script -qec './keystorectl sign plc-1 --in /dev/null' "$work/typescript" >/dev/null
grep -q 'no good for a terminal' "$work/typescript" || {
	echo "a signature would be written to a terminal"
	failures=$((failures + 1))
}

# The whole of it is read: a writer whose reader has seen enough would fail.
./keystorectl --help | grep 'key create NAME' >/dev/null || failures=$((failures + 1))
./keystorectl sign --help | grep -- '--digest' >/dev/null || failures=$((failures + 1))
./keystorectl --version | grep '^keystorectl [0-9]' >/dev/null || failures=$((failures + 1))
[[ $(./keystorectl --version --json) == '{"version":"'* ]] || failures=$((failures + 1))

echo "$failures failures"
[[ $failures -eq 0 ]]
