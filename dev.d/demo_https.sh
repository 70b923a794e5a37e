# shellcheck shell=bash
# The part of ./dev run in which PLC-1 of demo_ouc.sh gets its web pages: keystore-https, with the
# data blocks of its keystore-ouc.

https_port=8443

demo_https() { # DIR
	local dir=$1/controllers
	say "PLC-1's web pages, over TLS with a key of the TPM"
	while port_is_taken "$https_port"; do https_port=$((https_port + 1)); done
	in_plc "$dir" plc-1 demo_https_start
	in_plc "$dir" plc-1 demo_https_log_in
	say "A value is written by the API, and arrives at PLC-2"
	in_plc "$dir" plc-1 show "$(demo_https_curl) -X PATCH -H 'Content-Type: application/json' -d '{\"values\":{\"Var2\":\"by the API\"}}' https://localhost:$https_port/api/v1/data/Send_Data"
	in_plc "$dir" plc-2 wait_until 20 received 'by the API' || die "the value did not arrive"
	in_plc "$dir" plc-2 show 'keystore-ouc-ctl get Received_Data'
}

demo_https_curl() {
	echo "curl -sS --fail-with-body --cacert ca.pem -H \"Authorization: Bearer \$(cat token)\""
}

demo_https_start() {
	show 'keystorectl cert create --profile web-server --issuer 2 --new-key web --algorithm ec-p256 --subject CN=plc-1 --san DNS:localhost,IP:127.0.0.1 | grep -E "^(subject|private key)"'
	show "keystorectl service create web-server --kind web-server --cert 4 --group https --uid \$(id -u) >/dev/null"
	cat >keystore-https.conf <<-END
		[keystore-https]
		Enabled = yes
		Listen = 127.0.0.1:$https_port
		Name = PLC-1
		DataImages = $runtime
	END
	show 'keystore-https --check keystore-https.conf'
	start keystore-https "$bin/keystore-https" --config keystore-https.conf \
		--socket "$short/keystored.sock"
	wait_until 20 demo_https_answers || fail_to_start keystore-https
}

demo_https_answers() {
	is_running keystore-https.pid keystore-https || fail_to_start keystore-https
	curl -sf --cacert ca.pem "https://localhost:$https_port/api/v1/identification" >/dev/null 2>&1
}

# The first user is an administrator; from then on root only looks.
demo_https_log_in() {
	local answer
	openssl rand -base64 12 >password
	chmod 600 password
	show 'keystorectl user create admin --roles administrator --password-file password >/dev/null'
	answer=$(curl -sS --cacert ca.pem -H 'Content-Type: application/json' \
		-d "{\"user\":\"admin\",\"password\":\"$(cat password)\"}" -D - -o /dev/null \
		"https://localhost:$https_port/api/v1/session")
	(umask 077 && sed -n 's/^[Ss]et-[Cc]ookie: __Host-keystore=\([^;]*\).*/\1/p' <<<"$answer" >token)
	[ -s token ] || die "nobody can log in: $answer"
}

demo_https_explain() { # DIR
	cat <<END

PLC-1's pages: https://localhost:$https_port (log in as admin with the password in
$1/controllers/plc-1/password; $1/controllers/plc-1/ca.pem is what a browser has to trust).
END
}
