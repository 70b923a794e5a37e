# shellcheck shell=bash
# The part of ./dev run in which PLC-1 of demo_ouc.sh becomes an OPC UA server: keystore-opcua, with a
# certificate of its project's CA. After demo_https.sh, whose user admin manages.

opcua_port=4840

demo_opcua() { # DIR
	local dir=$1/controllers
	say "PLC-1 as an OPC UA server, with a key of the TPM and a certificate of its CA"
	while port_is_taken "$opcua_port"; do opcua_port=$((opcua_port + 1)); done
	in_plc "$dir" plc-1 demo_opcua_certificate
	in_plc "$dir" plc-1 demo_opcua_start
	say "PLC-2 reads PLC-1's certificates, signed and encrypted; each trusts the other's CA"
	in_plc "$dir" plc-2 demo_opcua_client
	in_plc "$dir" plc-1 demo_opcua_let_in
	in_plc "$dir" plc-2 demo_opcua_read "$dir/plc-1"
}

# Where users are, whoever manages has to be one.
demo_opcua_certificate() {
	show 'keystorectl login admin --password-file password >/dev/null'
	show 'keystorectl user set admin --roles administrator,opcua-user >/dev/null'
	show "keystorectl cert create --profile opcua-server --issuer 1 --new-key opcua --algorithm rsa-2048 --subject CN=plc-1 --san URI:urn:plant:plc-1:opcua,DNS:localhost,IP:127.0.0.1 | tee opcua.txt | grep -E '^(id|subject|private key|issuer)'"
	show "keystorectl service create opcua-server --kind opcua-server --cert $(awk '$1 == "id" { print $2 }' opcua.txt) --group opcua --uid \$(id -u)"
	show 'keystorectl cert export 1 --format der --out ca.der && keystorectl trust add opcua ca.der'
	show 'keystorectl logout >/dev/null'
}

demo_opcua_start() {
	cat >keystore-opcua.conf <<-END
		[keystore-opcua]
		Enabled = TRUE
		Listen = 127.0.0.1:$opcua_port
		HostNames = localhost
		Name = PLC-1
		DataImages = $runtime
	END
	show 'keystore-opcua --check keystore-opcua.conf'
	start keystore-opcua "$bin/keystore-opcua" --config keystore-opcua.conf \
		--socket "$short/keystored.sock"
	wait_until 20 demo_opcua_serves || fail_to_start keystore-opcua
	show 'grep -E "serving with|listens at" keystore-opcua.log'
}

demo_opcua_serves() {
	is_running keystore-opcua.pid keystore-opcua || fail_to_start keystore-opcua
	grep -q 'serving with certificate' keystore-opcua.log && port_is_taken "$opcua_port"
}

demo_opcua_client() {
	show "keystorectl cert create --profile opcua-client --issuer 1 --new-key ua-client --algorithm rsa-2048 --subject CN=plc-2 --san URI:urn:plant:plc-2:client,DNS:plc-2.plant.example | tee client.txt | grep -E '^(id|subject|private key|issuer)'"
	show "keystorectl service create opcua-client --kind opcua-client --cert $(awk '$1 == "id" { print $2 }' client.txt) --group opcua --uid \$(id -u) >/dev/null"
	show 'keystorectl cert export 1 > ca-rsa.pem; keystorectl crl export 1 >> ca-rsa.pem'
}

demo_opcua_let_in() {
	show 'keystorectl login admin --password-file password >/dev/null'
	show 'keystorectl trust add opcua ../plc-2/ca-rsa.pem'
	show 'keystorectl cert export 1 > ca-rsa.pem; keystorectl crl export 1 >> ca-rsa.pem'
	show 'keystorectl logout >/dev/null'
}

demo_opcua_read() { # SERVER'S-DIR
	local id client
	id=$(awk '$1 == "id" { print $2 }' "$1/opcua.txt")
	client="keystore-opcua-client --url opc.tcp://localhost:$opcua_port --user admin --password-file ../plc-1/password"
	show 'keystorectl trust add opcua ../plc-1/ca-rsa.pem'
	show "keystore-opcua-client endpoints opc.tcp://localhost:$opcua_port"
	show "$client browse 'nsu=urn:keystored:opcua;s=Keystore/Certificates'"
	show "$client read 'nsu=urn:keystored:opcua;s=Keystore/Certificates/$id/Subject'"
	show "$client read 'nsu=urn:keystored:opcua;s=Keystore/Certificates/$id/DaysLeft'"
}

demo_opcua_explain() {
	cat <<END

PLC-1's OPC UA server:
  endpoint  opc.tcp://localhost:$opcua_port   (Sign and SignAndEncrypt; clients of its project's CA)
  user      admin, as for the pages
END
}
