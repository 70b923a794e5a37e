#!/bin/sh
# Certificates by openssl alone, for peers of other makes: NAME.pem, NAME.key and ISSUER.crl in the
# folder where this is sourced. An ISSUER of "-" is the name itself; SAN is as openssl.cnf has it,
# "IP:127.0.0.1,DNS:pump.plant"; OPTION is one of openssl ca.
#
#   ca NAME ISSUER   leaf NAME ISSUER SAN [OPTION...]   crl ISSUER   revoke NAME ISSUER
set -e

pki_configure()
{
	cat > "$1.cnf" <<-END
		[ca]
		default_ca = d
		[d]
		database = $1.db
		serial = $1.sn
		crlnumber = $1.cn
		new_certs_dir = .
		default_md = sha256
		policy = p
		default_days = 300
		default_crl_days = 30
		certificate = $1.pem
		private_key = $1.key
		unique_subject = no
		[p]
		commonName = supplied
		[cav]
		basicConstraints = critical, CA:TRUE
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
		[leafv]
		basicConstraints = CA:FALSE
		keyUsage = critical, digitalSignature
		extendedKeyUsage = \${ENV::PKI_USAGE}
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
		subjectAltName = \${ENV::PKI_SAN}
	END
	: > "$1.db"
	echo 01 > "$1.sn"
	echo 01 > "$1.cn"
}

pki_request()
{
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
		-out "$1.csr" -subj "/CN=$1" 2> /dev/null
}

# NAME, ISSUER, extensions, more options
pki_sign()
{
	pki_name=$1
	pki_issuer=$2
	pki_kind=$3
	shift 3
	openssl ca -config "$pki_issuer.cnf" -batch -in "$pki_name.csr" -out "$pki_name.pem" \
		-notext -extensions "$pki_kind" "$@" 2> openssl.err || { cat openssl.err >&2; exit 1; }
}

export PKI_SAN=DNS:unused
export PKI_USAGE=serverAuth,clientAuth

ca()
{
	pki_request "$1"
	pki_configure "$1"
	if [ "$2" = - ]; then
		pki_sign "$1" "$1" cav -selfsign
	else
		pki_sign "$1" "$2" cav
	fi
	crl "$1"
}

leaf()
{
	leaf_name=$1
	leaf_issuer=$2
	PKI_SAN=$3
	shift 3
	pki_request "$leaf_name"
	pki_sign "$leaf_name" "$leaf_issuer" leafv "$@"
}

crl()
{
	openssl ca -config "$1.cnf" -gencrl -out "$1.crl" 2> /dev/null
}

revoke()
{
	openssl ca -config "$2.cnf" -revoke "$1.pem" -crl_reason keyCompromise 2> /dev/null
	crl "$2"
}
