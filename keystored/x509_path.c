#include "x509_path.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_chain.h"
#include "x509_host.h"

/* For one candidate, whatever was sent along with it. */
#define SIGNATURES_MAX 32   /* issuers whose signature is verified while building */
#define CHAINS_MAX     8    /* chains that reach a trusted certificate and are checked */
#define STEPS_MAX      4096 /* issuers of the right name that are looked at */

struct build {
	struct x509_pool *pool;
	const struct path_request *request;
	struct pool_cert candidate;
	struct pool_cert *sent; /* only parsed where not in the pool */
	size_t sent_count;
	const struct pool_cert *anchor; /* NULL: none is demanded */
	struct chain chain;
	size_t signatures, chains, steps;
	bool gave_up;
	struct chain_fault fault; /* of the chain that came farthest */
	unsigned rank;
};

/* How far a chain came that is not accepted; later is farther. */
enum reach {
	REACHED_NOTHING, /* then by depth */
	REACHED_TRUST,
	REACHED_VALIDITY, /* without the anchor */
	REACHED_ANCHOR,
};

#define RANK_OF_TRUST (4u * PATH_CERTS_MAX)

static void note(struct build *build, const struct chain_fault *fault, enum reach reach)
{
	unsigned rank = RANK_OF_TRUST + reach;

	if (reach == REACHED_NOTHING)
		rank = 1 + 2 * (unsigned)build->chain.count +
		       (fault->reason != PATH_INCOMPLETE && fault->reason != PATH_LOOP);
	if (rank <= build->rank)
		return;
	build->rank = rank;
	build->fault = *fault;
}

static struct pool_cert *top_of(const struct chain *chain)
{
	return chain->certs[chain->count - 1];
}

static bool is_self_signed(const struct pool_cert *cert)
{
	return X509_self_signed(cert->x509, 0) == 1;
}

/* Itself, or the same CA's key certified once more (RFC 4158 2.4.2). */
static bool is_in_chain(const struct chain *chain, const struct pool_cert *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert->x509);

	for (size_t i = 0; i < chain->count; i++) {
		const X509 *other = chain->certs[i]->x509;
		const EVP_PKEY *other_key;

		if (X509_NAME_cmp(X509_get_subject_name(other),
				  X509_get_subject_name(cert->x509)) != 0)
			continue;
		other_key = X509_get0_pubkey(other);
		if (X509_cmp(other, cert->x509) == 0 ||
		    (key && other_key && EVP_PKEY_eq(key, other_key) == 1))
			return true;
	}
	return false;
}

/* By name, key identifier and signature. False: @issuer did not issue the top. */
static bool issued_top(struct build *build, struct pool_cert *issuer)
{
	struct pool_cert *top = top_of(&build->chain);
	struct chain_fault fault = {.depth = (unsigned)build->chain.count - 1,
				    .cert = top->x509,
				    .issuer = issuer->x509};
	int answer;

	if (build->steps++ >= STEPS_MAX || build->signatures >= SIGNATURES_MAX) {
		build->gave_up = true;
		return false;
	}
	answer = X509_check_issued(issuer->x509, top->x509);
	ERR_clear_error();
	if (answer == X509_V_ERR_SUBJECT_ISSUER_MISMATCH ||
	    answer == X509_V_ERR_AKID_SKID_MISMATCH ||
	    answer == X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH)
		return false;
	if (X509_get_extension_flags(top->x509) & EXFLAG_INVALID) {
		fault.reason = PATH_EXTENSION;
	} else if (X509_get_extension_flags(issuer->x509) & EXFLAG_INVALID) {
		fault.reason = PATH_EXTENSION;
		fault.depth++;
		fault.cert = issuer->x509;
	} else if (!chain_key_is_accepted(issuer->x509)) {
		/* Not only for trust: what such keys cost to verify with has no bound. */
		fault.reason = PATH_WEAK;
		fault.depth++;
		fault.cert = issuer->x509;
	} else if (answer == X509_V_ERR_KEYUSAGE_NO_CERTSIGN || X509_check_ca(issuer->x509) != 1) {
		fault.reason = PATH_NO_CA;
		fault.depth++;
		fault.cert = issuer->x509;
	} else {
		build->signatures += top->issuer != issuer;
		if (answer == X509_V_OK && chain_is_signed(top, issuer))
			return true;
		fault.reason = PATH_SIGNATURE;
	}
	note(build, &fault, REACHED_NOTHING);
	return false;
}

/* Continues above a trusted certificate that others issued: may it have been revoked? */
static bool revoked_above(struct build *build, struct chain_fault *ret_fault)
{
	const size_t from = build->chain.count - 1;
	struct chain chain = build->chain;
	struct pool_cert *issuer;

	if (build->request->crls == PATH_CRLS_NONE)
		return false;
	while (chain.count < PATH_CERTS_MAX && !is_self_signed(top_of(&chain))) {
		struct pool_cert *top = top_of(&chain);

		issuer = x509_pool_cert(build->pool, X509_get_issuer_name(top->x509));
		while (issuer &&
		       (build->signatures >= SIGNATURES_MAX || is_in_chain(&chain, issuer) ||
			X509_check_issued(issuer->x509, top->x509) != X509_V_OK ||
			!(build->signatures += top->issuer != issuer,
			  chain_is_signed(top, issuer))))
			issuer = x509_pool_cert_next(issuer);
		if (!issuer)
			break;
		chain.certs[chain.count++] = issuer;
	}
	ERR_clear_error();
	return chain.count > from + 1 &&
	       !chain_check_revocation(build->pool, &chain, from, build->request, ret_fault);
}

static bool has_anchor(const struct build *build)
{
	return !build->anchor || is_in_chain(&build->chain, build->anchor);
}

/* The last that is trusted; with an anchor there may be others above. NULL: none. */
static struct pool_cert *const *trusted_of(const struct chain *chain)
{
	for (size_t i = chain->count; i > 0; i--) {
		if (chain->certs[i - 1]->trusted)
			return &chain->certs[i - 1];
	}
	return NULL;
}

/* Leads to, or goes through, a trusted certificate. False: what is wrong is noted. */
static bool is_valid(struct build *build)
{
	struct chain_fault fault;

	if (build->chains++ >= CHAINS_MAX) {
		build->gave_up = true;
		return false;
	}
	if (chain_check(build->pool, &build->chain, build->request, &fault) &&
	    !revoked_above(build, &fault))
		return true;
	note(build, &fault, build->anchor && has_anchor(build) ? REACHED_ANCHOR : REACHED_TRUST);
	return false;
}

static bool search(struct build *build);

static bool search_through(struct build *build, struct pool_cert *issuer, bool *ret_loops)
{
	bool found;

	if (is_in_chain(&build->chain, issuer)) {
		*ret_loops = true;
		return false;
	}
	if (!issued_top(build, issuer))
		return false;
	build->chain.certs[build->chain.count++] = issuer;
	found = search(build);
	build->chain.count--;
	return found;
}

/* Issuers of the pool, trusted or not as @trusted says. */
static bool search_pool(struct build *build, bool trusted, bool *ret_loops)
{
	const X509_NAME *name = X509_get_issuer_name(top_of(&build->chain)->x509);
	struct pool_cert *issuer = x509_pool_cert(build->pool, name);

	for (; issuer && !build->gave_up; issuer = x509_pool_cert_next(issuer)) {
		if (issuer->trusted == trusted && search_through(build, issuer, ret_loops))
			return true;
	}
	return false;
}

static bool search_sent(struct build *build, bool *ret_loops)
{
	const X509_NAME *name = X509_get_issuer_name(top_of(&build->chain)->x509);

	for (size_t i = 0; i < build->sent_count && !build->gave_up; i++) {
		struct pool_cert *issuer = &build->sent[i];

		if (X509_NAME_cmp(X509_get_subject_name(issuer->x509), name) == 0 &&
		    search_through(build, issuer, ret_loops))
			return true;
	}
	return false;
}

/* At, or above, a trusted certificate. True: the chain is accepted, and noted. */
static bool accept(struct build *build)
{
	struct pool_cert *const *trusted = trusted_of(&build->chain);

	if (!is_valid(build))
		return false;
	build->fault = (struct chain_fault){
		.reason = PATH_OK,
		.depth = (unsigned)(trusted - build->chain.certs),
		.cert = (*trusted)->x509,
	};
	return true;
}

/*
 * Depth first over every issuer by name, since which of them was meant is not always written
 * down. True: the chain is accepted, and noted.
 */
static bool search(struct build *build)
{
	struct pool_cert *top = top_of(&build->chain);
	struct chain_fault fault = {.depth = (unsigned)build->chain.count - 1, .cert = top->x509};
	bool loops = false;

	if (trusted_of(&build->chain) && has_anchor(build))
		return accept(build);
	/* The anchor may stand further above; what is wrong so far stays wrong. */
	if (top->trusted) {
		if (!is_valid(build))
			return false;
		fault.reason = PATH_ANCHOR;
		note(build, &fault, REACHED_VALIDITY);
	}
	if (is_self_signed(top)) {
		fault.reason = PATH_UNTRUSTED;
		note(build, &fault, REACHED_NOTHING);
		return false;
	}
	if (build->chain.count == PATH_CERTS_MAX) {
		fault.reason = PATH_TOO_DEEP;
		note(build, &fault, REACHED_NOTHING);
		return false;
	}
	if (search_pool(build, true, &loops) || search_pool(build, false, &loops) ||
	    search_sent(build, &loops))
		return true;
	fault.reason = loops ? PATH_LOOP : PATH_INCOMPLETE;
	note(build, &fault, REACHED_NOTHING);
	return false;
}

static const enum path_reason from_pool[] = {
	[POOL_OK] = PATH_OK,
	[POOL_MALFORMED] = PATH_MALFORMED,
	[POOL_TOO_LARGE] = PATH_MALFORMED,
	[POOL_FULL] = PATH_NOMEM,
	[POOL_NOMEM] = PATH_NOMEM,
};

/* Reads what is not in the pool: decoding a key costs more than verifying with it. */
static enum path_reason parse_sent(struct build *build, const struct path_der *der,
				   const struct pool_cert **ret_cert)
{
	const struct pool_cert *cert = x509_pool_find(build->pool, der->bytes, der->len);
	enum path_reason reason;
	X509 *x509;

	if (!cert) {
		reason = from_pool[x509_pool_parse(der->bytes, der->len, &x509)];
		if (reason != PATH_OK)
			return reason;
		cert = x509_pool_same(build->pool, x509);
		if (cert) {
			X509_free(x509);
		} else {
			build->sent[build->sent_count].x509 = x509;
			cert = &build->sent[build->sent_count++];
		}
	}
	*ret_cert = cert;
	return PATH_OK;
}

static enum path_reason parse_all(struct build *build)
{
	const struct path_request *request = build->request;
	enum path_reason reason;
	const struct pool_cert *unused;
	struct pool_cert *known;

	build->sent = calloc(request->sent_count + 1, sizeof(*build->sent));
	if (!build->sent)
		return PATH_NOMEM;
	reason = from_pool[x509_pool_parse(request->candidate.bytes, request->candidate.len,
					   &build->candidate.x509)];
	if (reason == PATH_OK && request->sent_count > PATH_SENT_MAX)
		return PATH_TOO_DEEP;
	for (size_t i = 0; i < request->sent_count && reason == PATH_OK; i++)
		reason = parse_sent(build, &request->sent[i], &unused);
	if (reason == PATH_OK && request->anchor.len)
		reason = parse_sent(build, &request->anchor, &build->anchor);
	if (reason != PATH_OK)
		return reason;
	known = x509_pool_same(build->pool, build->candidate.x509);
	build->chain.certs[0] = known ? known : &build->candidate;
	build->chain.count = 1;
	return PATH_OK;
}

enum path_reason x509_path_validate(struct x509_pool *pool, const struct path_request *request,
				    struct path_verdict *ret_verdict)
{
	struct build build = {.pool = pool, .request = request};
	struct chain_fault plain = {.reason = parse_all(&build)};
	const struct chain_fault *fault = &plain;

	plain.cert = build.candidate.x509;
	if (plain.reason == PATH_OK) {
		fault = &build.fault;
		if (search(&build)) {
			plain.reason = PATH_HOST;
			if (request->host && !x509_host_is_named(plain.cert, request->host))
				fault = &plain;
		} else if (build.gave_up &&
			   (build.rank <= RANK_OF_TRUST || build.fault.reason == PATH_ANCHOR)) {
			plain.reason = PATH_TOO_COMPLEX;
			fault = &plain;
		}
	}
	chain_tell(fault, request, ret_verdict);
	X509_free(build.candidate.x509);
	for (size_t i = 0; i < build.sent_count; i++)
		X509_free(build.sent[i].x509);
	free(build.sent);
	return ret_verdict->reason;
}
