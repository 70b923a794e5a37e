#!/bin/sh
# A CA outside, as a GDS has it, by openssl alone: gds.der and gds.crl.der (empty) in the folder where
# this is sourced, with gds_new once.
#
#   gds_sign CSR CERT   DER, with the request's subject and names   gds_sign_web: for a web server
set -e

gds_new()
{
	cat > gds.cnf <<-END
		[ca]
		default_ca = d
		[d]
		database = gds.db
		serial = gds.sn
		crlnumber = gds.cn
		new_certs_dir = .
		default_md = sha256
		policy = p
		default_days = 300
		default_crl_days = 30
		certificate = gds.pem
		private_key = gds.key
		unique_subject = no
		copy_extensions = copy
		[p]
		commonName = supplied
		organizationName = optional
		[req]
		distinguished_name = n
		[n]
		[cav]
		basicConstraints = critical, CA:TRUE
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash
		[opcua]
		basicConstraints = critical, CA:FALSE
		keyUsage = critical, digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment
		extendedKeyUsage = serverAuth, clientAuth
		authorityKeyIdentifier = keyid:always
		[web]
		basicConstraints = critical, CA:FALSE
		keyUsage = critical, digitalSignature
		extendedKeyUsage = serverAuth
		authorityKeyIdentifier = keyid:always
	END
	: > gds.db
	echo 1000 > gds.sn
	echo 01 > gds.cn
	openssl req -x509 -new -newkey rsa:2048 -noenc -keyout gds.key -out gds.pem -days 3000 \
		-subj /CN=GDS/O=Elsewhere -config gds.cnf -extensions cav 2> gds.err
	openssl x509 -in gds.pem -outform DER -out gds.der
	openssl ca -config gds.cnf -gencrl 2> gds.err | openssl crl -outform DER -out gds.crl.der
}

gds_sign()
{
	openssl req -inform DER -in "$1" -out "$1.pem"
	openssl ca -config gds.cnf -batch -in "$1.pem" -out "$2.pem" -notext \
		-extensions "${3:-opcua}" 2> gds.err || { cat gds.err >&2; exit 1; }
	openssl x509 -in "$2.pem" -outform DER -out "$2"
}

gds_sign_web()
{
	gds_sign "$1" "$2" web
}
