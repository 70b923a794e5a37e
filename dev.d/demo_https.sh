# shellcheck shell=bash
# The part of ./dev run in which PLC-1 of demo_ouc.sh gets its web pages: keystore-https, with the
# data blocks of its keystore-ouc.

https_port=8443

demo_https() { # DIR
	local dir=$1/controllers
	say "PLC-1's web pages, over TLS with a key of the TPM"
	while port_is_taken "$https_port"; do https_port=$((https_port + 1)); done
	in_plc "$dir" plc-1 demo_https_start
	say "The root certificate for a browser: the page's, and what the gateway says of it"
	in_plc "$dir" plc-1 demo_https_compare
	say "A program logs in, and asks the API"
	in_plc "$dir" plc-1 demo_https_log_in
	in_plc "$dir" plc-1 show "$(demo_https_curl) 'https://localhost:$https_port/api/v1/certs?kind=ca&limit=1'; echo"
	say "A value is written by the API, and arrives at PLC-2"
	in_plc "$dir" plc-1 show "$(demo_https_curl) -X PATCH -H 'Content-Type: application/json' -d '{\"values\":{\"Var2\":\"by the API\"}}' https://localhost:$https_port/api/v1/data/Send_Data"
	in_plc "$dir" plc-2 wait_until 20 received 'by the API' || die "the value did not arrive"
	in_plc "$dir" plc-2 show 'keystore-ouc-ctl get Received_Data'
}

demo_https_curl() {
	echo "curl -sS --fail-with-body --cacert ca.pem -H \"Authorization: Bearer \$(cat token)\""
}

demo_https_start() {
	show "keystorectl service activate web-server --user \$(id -un) --cn plc-1 --dns localhost --ip 127.0.0.1"
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

# As long as a browser warns, the two have to come by two ways.
demo_https_compare() {
	show "curl -sS --insecure https://localhost:$https_port/api/v1/root-certificates | grep -oE '\"fingerprint\": *\"[0-9a-f]+\"' | head -n 1"
	show 'keystorectl cert show 2 | grep fingerprint'
}

# The first user is an administrator; from then on root only looks.
demo_https_log_in() {
	local answer
	(umask 077 && openssl rand -base64 12 >password)
	show 'keystorectl user create admin --roles administrator --password-file password >/dev/null'
	answer=$(printf '{"user":"admin","password":"%s"}' "$(cat password)" |
		curl -sS --cacert ca.pem -H 'Content-Type: application/json' --data @- -D - \
			-o /dev/null "https://localhost:$https_port/api/v1/session")
	(umask 077 && sed -n 's/^[Ss]et-[Cc]ookie: __Host-keystore=\([^;]*\).*/\1/p' <<<"$answer" >token)
	[ -s token ] || die "nobody can log in: $answer"
}

demo_https_explain() { # DIR
	local dir=$1/controllers/plc-1
	cat <<END

PLC-1's pages:
  address   https://localhost:$https_port, or https://127.0.0.1:$https_port
  user      admin
  password  $(cat "$dir/password")   (shown this once)
  root      $dir/ca.pem   (for the browser: https://localhost:$https_port/#/roots)
  sha256    $(openssl x509 -in "$dir/ca.pem" -noout -fingerprint -sha256 | cut -d= -f2)
END
	rm -f "$dir/password" "$dir/token"
}
