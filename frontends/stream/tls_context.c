/* What is shown and allowed: OpenSSL's contexts. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tls_private.h"

#define SECURITY_LEVEL 2
#define ISSUERS_MAX    TLS_CHAIN_MAX

/* TLS 1.2: forward secrecy and AEAD only (RFC 9325 4.2). 1.3 has nothing else. */
#define CIPHERS_TLS12 "ECDHE+AESGCM:ECDHE+CHACHA20"

/*
 * Elliptic curves alone: ffdhe2048 is weak, and the large ones have a server compute much for a
 * client that computes nothing. P-521 is for peers whose certificates have it. The first one that
 * this OpenSSL knows: from 3.5 on with ML-KEM, against who records now and decrypts later.
 */
static const char *const group_lists[] = {
	"?*X25519MLKEM768/?*X25519:?P-256/?P-384:?P-521",
	"X25519:P-256:P-384:P-521",
};

static bool fail(const char *what, char problem[TLS_MESSAGE_MAX])
{
	unsigned long error = ERR_peek_last_error();
	const char *reason = error ? ERR_reason_error_string(error) : NULL;

	snprintf(problem, TLS_MESSAGE_MAX, "%s: %s", what, reason ? reason : "OpenSSL says no why");
	return false;
}

static bool set_groups(SSL_CTX *context)
{
	for (size_t i = 0; i < sizeof(group_lists) / sizeof(group_lists[0]); i++)
		if (SSL_CTX_set1_groups_list(context, group_lists[i]) == 1)
			return true;
	return false;
}

static bool restrict_to_good(SSL_CTX *context)
{
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
					     SSL_OP_NO_COMPRESSION |
					     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_security_level(context, SECURITY_LEVEL);
	/* A resumed session would go by the judgement of a peer. */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	/* Buffers are there while bytes are: a thousand idle connections hold none. */
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1);
	/* A ticket is good for nothing then, but it tells the client that it was accepted. */
	return SSL_CTX_set_num_tickets(context, 1) == 1 &&
	       SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 && set_groups(context) &&
	       SSL_CTX_set_cipher_list(context, CIPHERS_TLS12) == 1;
}

/* The peer has its roots, or it trusts nothing: they are not sent. */
static bool add_issuer(SSL_CTX *context, X509 *issuer)
{
	bool is_added =
		X509_self_signed(issuer, 0) == 1 || SSL_CTX_add0_chain_cert(context, issuer) != 1;

	if (is_added)
		X509_free(issuer);
	return true;
}

static bool use_chain(SSL_CTX *context, const char *chain, size_t len)
{
	BIO *bio = BIO_new_mem_buf(chain, (int)len);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool is_used = cert && SSL_CTX_use_certificate(context, cert) == 1;

	X509_free(cert);
	for (int i = 0; is_used && i < ISSUERS_MAX; i++) {
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (!cert)
			break;
		is_used = add_issuer(context, cert);
	}
	BIO_free(bio);
	return is_used;
}

/* keystore.so reads the reference; nothing is asked of keystored before a handshake signs. */
static bool use_key(struct tls *tls, SSL_CTX *context, const char *reference, size_t len)
{
	BIO *bio = BIO_new_mem_buf(reference, (int)len);
	EVP_PKEY *key =
		bio ? PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, tls->libctx, NULL) : NULL;
	bool is_used = key && SSL_CTX_use_PrivateKey(context, key) == 1 &&
		       SSL_CTX_check_private_key(context) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	return is_used;
}

SSL_CTX *tls_context_new(struct tls *tls, const char *chain, size_t chain_len,
			 const char *reference, size_t reference_len, char problem[TLS_MESSAGE_MAX])
{
	SSL_CTX *context;
	bool is_good;

	ERR_clear_error();
	context = tls_session_context_new(tls);
	is_good = context && restrict_to_good(context);
	if (!is_good)
		fail("TLS cannot be set up", problem);
	if (is_good && chain && !use_chain(context, chain, chain_len))
		is_good = fail("OpenSSL cannot use the certificate", problem);
	if (is_good && reference && !use_key(tls, context, reference, reference_len))
		is_good = fail("OpenSSL cannot use the certificate's key through keystore.so",
			       problem);
	ERR_clear_error();
	if (is_good)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

bool tls_context_names(SSL *ssl, const char *host)
{
	struct in6_addr address;
	size_t len = host ? strlen(host) : 0;
	char name[256];

	if (!len || len >= sizeof(name) || inet_pton(AF_INET, host, &address) == 1 ||
	    inet_pton(AF_INET6, host, &address) == 1)
		return true;
	/* RFC 6066 3: without a trailing dot. */
	memcpy(name, host, len + 1);
	if (name[len - 1] == '.')
		name[len - 1] = '\0';
	return SSL_set_tlsext_host_name(ssl, name) == 1;
}
