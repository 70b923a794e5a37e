# shellcheck shell=bash
# ./dev run: the main job before the reader's eyes. Each command is shown as one would type it.

demo() {
	local dir=$top/build/run short
	packages_install
	build dev
	say "Starting a TPM and keystored"
	# What runs there may be of an earlier build.
	[ ! -d "$dir" ] || service_down "$dir" >/dev/null
	service_up "$dir"
	short=$(short_name_of "$dir")
	export PATH=$bin:$PATH KEYSTORE_SOCKET=$short/keystored.sock
	rm -rf "$dir/example"
	mkdir -p "$dir/example"
	cd "$dir/example"
	demo_clean
	demo_keys
	demo_csr
	demo_sign
	demo_decrypt
	demo_secrecy "$dir/state"
	demo_ouc "$dir"
	demo_https "$dir"
	demo_opcua "$dir"
	say "That was the main job. Files: $dir/example, $dir/controllers"
	service_explain "$dir" "$short"
	demo_ouc_explain "$dir"
	demo_https_explain "$dir"
	demo_opcua_explain
}

# Shows a command line, runs it, and stops the demonstration if it fails.
show() {
	printf '\n%s%s$ %s%s\n' "$cyan" "${prompt:+$prompt }" "$1" "$plain"
	bash -euo pipefail -c "$1" || die "this step failed: $1"
}

# What an earlier run left.
demo_clean() {
	local name
	for name in plc-1 gateway; do
		if keystorectl key show "$name" >/dev/null 2>&1; then
			keystorectl key delete "$name" >/dev/null
		fi
	done
}

demo_keys() {
	say "Two keys, made in the TPM"
	show 'keystorectl key create plc-1 --algorithm ec-p256'
	show 'keystorectl key create gateway --algorithm rsa-2048'
}

demo_csr() {
	say "A certificate request for plc-1, signed by the TPM; OpenSSL accepts it"
	show 'keystorectl csr plc-1 --subject "CN=plc-1,O=Plant" --san URI:urn:plant:plc-1,IP:192.0.2.10,DNS:plc-1.plant.example --out plc-1.csr'
	show 'openssl req -in plc-1.csr -verify -noout'
	show 'openssl req -in plc-1.csr -noout -subject -text | grep -A1 -E "subject=|Public Key Algorithm|Subject Alternative Name"'
}

demo_sign() {
	say "A file signed with each key, and verified with OpenSSL"
	show 'echo "open valve 7" > order.txt'
	show 'keystorectl key export plc-1 --public --out plc-1.pem'
	show 'keystorectl sign plc-1 --in order.txt --out order.sig'
	show 'openssl dgst -sha256 -verify plc-1.pem -signature order.sig order.txt'
	show 'keystorectl key export gateway --public --out gateway.pem'
	show 'keystorectl sign gateway --padding pss --in order.txt --out order-rsa.sig'
	show 'openssl dgst -sha256 -verify gateway.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -signature order-rsa.sig order.txt'
}

demo_decrypt() {
	say "A secret encrypted by OpenSSL, decrypted through the socket"
	show 'echo "the recipe" > secret.txt'
	show 'openssl pkeyutl -encrypt -pubin -inkey gateway.pem -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -in secret.txt -out secret.bin'
	show 'keystorectl decrypt gateway --hash sha256 --in secret.bin --out decrypted.txt'
	show 'cmp secret.txt decrypted.txt && cat decrypted.txt'
}

demo_secrecy() { # STATE
	say "The keys, and what the state directory holds of them"
	show 'keystorectl key list'
	show "ls -l '$1'"
	show "python3 '$top/dev.d/find-private-keys.py' '$1' plc-1.pem gateway.pem"
}
