/* What a verdict says, for people. */
#include "x509_chain.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_host.h"
#include "x509_name.h"
#include "x509_text.h"

#define TIME_MAX  32
#define HOSTS_MAX 160

struct words {
	const struct chain_fault *fault;
	const struct path_request *request;
	char cert[X509_SHOWN_MAX];   /* the subject of the certificate concerned */
	char issuer[X509_SHOWN_MAX]; /* its issuer */
};

static void show_name(const X509_NAME *name, char ret_shown[X509_SHOWN_MAX])
{
	BIO *out = BIO_new(BIO_s_mem());
	const char *text = NULL;
	long len = 0;

	if (out && name &&
	    X509_NAME_print_ex(out, name, 0,
			       XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_FN_SN | ASN1_STRFLGS_ESC_2253 |
				       ASN1_STRFLGS_UTF8_CONVERT) >= 0)
		len = BIO_get_mem_data(out, &text);
	if (len > 0)
		x509_text_show(text, (size_t)len, ret_shown);
	else
		snprintf(ret_shown, X509_SHOWN_MAX, "(no name)");
	BIO_free(out);
}

static int64_t unix_time(const ASN1_TIME *time)
{
	struct tm tm = {0};

	return time && ASN1_TIME_to_tm(time, &tm) ? (int64_t)timegm(&tm) : 0;
}

static void show_time(int64_t when, char ret_shown[TIME_MAX])
{
	time_t seconds = (time_t)when;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(ret_shown, TIME_MAX, "%F %T UTC", &tm))
		snprintf(ret_shown, TIME_MAX, "an unknown time");
}

static void tell_time(const struct words *words, const ASN1_TIME *limit, const char *what,
		      const char *how, char *ret_text)
{
	char when[TIME_MAX];
	char now[TIME_MAX];

	show_time(unix_time(limit), when);
	show_time(words->request->at, now);
	snprintf(ret_text, PATH_TEXT_MAX, "%s \"%s\" %s %s; the clock here says %s", what,
		 words->cert, how, when, now);
}

static void tell_not_yet_valid(const struct words *words, char *ret_text)
{
	tell_time(words, X509_get0_notBefore(words->fault->cert), "the certificate",
		  "is not valid before", ret_text);
}

static void tell_expired(const struct words *words, char *ret_text)
{
	tell_time(words, X509_get0_notAfter(words->fault->cert), "the certificate", "expired on",
		  ret_text);
}

static const char *const why_revoked[] = {
	[CRL_REASON_UNSPECIFIED] = "no reason given",
	[CRL_REASON_KEY_COMPROMISE] = "key compromise",
	[CRL_REASON_CA_COMPROMISE] = "CA compromise",
	[CRL_REASON_AFFILIATION_CHANGED] = "affiliation changed",
	[CRL_REASON_SUPERSEDED] = "superseded",
	[CRL_REASON_CESSATION_OF_OPERATION] = "cessation of operation",
	[CRL_REASON_CERTIFICATE_HOLD] = "on hold",
	[CRL_REASON_REMOVE_FROM_CRL] = "removed from CRL",
	[CRL_REASON_PRIVILEGE_WITHDRAWN] = "privilege withdrawn",
	[CRL_REASON_AA_COMPROMISE] = "AA compromise",
};

static void look_up_revocation(const struct chain_fault *fault, struct path_verdict *verdict)
{
	X509 *cert =
		(X509 *)(uintptr_t)fault->cert; /* only read; OpenSSL's parameter is not const */
	ASN1_ENUMERATED *reason;
	X509_REVOKED *revoked;

	if (!fault->crl || X509_CRL_get0_by_cert(fault->crl, &revoked, cert) == 0)
		return;
	verdict->revoked_at = unix_time(X509_REVOKED_get0_revocationDate(revoked));
	reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL, NULL);
	if (reason)
		verdict->revocation_reason = (int)ASN1_ENUMERATED_get(reason);
	ASN1_ENUMERATED_free(reason);
}

static void tell_revoked(const struct words *words, struct path_verdict *verdict)
{
	const size_t count = sizeof(why_revoked) / sizeof(*why_revoked);
	const char *why = NULL;
	char when[TIME_MAX];

	look_up_revocation(words->fault, verdict);
	show_time(verdict->revoked_at, when);
	if (verdict->revocation_reason >= 0 && (size_t)verdict->revocation_reason < count)
		why = why_revoked[verdict->revocation_reason];
	snprintf(verdict->text, PATH_TEXT_MAX, "\"%s\" was revoked by \"%s\" on %s: %s",
		 words->cert, words->issuer, when, why ? why : "a reason unknown to RFC 5280");
}

static void tell_crl_time(const struct words *words, char *ret_text)
{
	bool expired = words->fault->reason == PATH_CRL_EXPIRED;
	const ASN1_TIME *limit = NULL;
	char what[2 * X509_SHOWN_MAX];

	if (words->fault->crl)
		limit = expired ? X509_CRL_get0_nextUpdate(words->fault->crl)
				: X509_CRL_get0_lastUpdate(words->fault->crl);
	if (!limit) {
		snprintf(ret_text, PATH_TEXT_MAX,
			 "the CRL of \"%s\", which says whether \"%s\" is revoked, has no date of "
			 "its next update: ask the CA for one that has",
			 words->issuer, words->cert);
		return;
	}
	snprintf(what, sizeof(what), "the CRL of \"%s\" for", words->issuer);
	tell_time(words, limit, what, expired ? "had to be updated by" : "is not valid before",
		  ret_text);
}

static void tell_uri(const struct words *words, char *ret_text)
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(words->fault->cert, NID_subject_alt_name, NULL, NULL);
	const char *wanted = words->request->application_uri;
	char expected[X509_SHOWN_MAX] = "";
	char found[X509_SHOWN_MAX] = "";
	const ASN1_STRING *uri = NULL;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !uri; i++) {
		if (sk_GENERAL_NAME_value(names, i)->type == GEN_URI)
			uri = sk_GENERAL_NAME_value(names, i)->d.ia5;
	}
	if (wanted)
		x509_text_show(wanted, strlen(wanted), expected);
	if (uri)
		x509_text_show((const char *)ASN1_STRING_get0_data(uri),
			       (size_t)ASN1_STRING_length(uri), found);
	snprintf(ret_text, PATH_TEXT_MAX,
		 "the certificate \"%s\" has the application URI \"%s\", but \"%s\" is expected: "
		 "they must be the same",
		 words->cert, found, expected);
	GENERAL_NAMES_free(names);
}

static void tell_host(const struct words *words, char *ret_text)
{
	const char *host = words->request->host;
	char expected[X509_SHOWN_MAX];
	char found[HOSTS_MAX];

	x509_text_show(host, strlen(host), expected);
	x509_host_show(words->fault->cert, found, sizeof(found));
	snprintf(ret_text, PATH_TEXT_MAX,
		 "the certificate \"%s\" is trusted, but not for the host \"%s\": its subject "
		 "alternative names have %s: ask for one that is there, or have a certificate made "
		 "that names this one",
		 words->cert, expected, found);
}

static void tell_anchor(const struct words *words, char *ret_text)
{
	snprintf(ret_text, PATH_TEXT_MAX,
		 "trusted through \"%s\", but not by way of certificate %llu, as was asked for: "
		 "name a CA above it, or the peer's own certificate",
		 words->cert, (unsigned long long)words->request->anchor_id);
}

static void tell_other(const struct words *words, char *ret_text)
{
	snprintf(ret_text, PATH_TEXT_MAX, "the certificate \"%s\" was refused: %s", words->cert,
		 X509_verify_cert_error_string(words->fault->error));
}

/* $c is the certificate concerned, $i its issuer. */
static const struct {
	const char *text;
	void (*tell)(const struct words *words, char *ret_text);
} sentences[PATH_REASON_COUNT] = {
	[PATH_OK] = {.text = "trusted through \"$c\""},
	[PATH_MALFORMED] = {.text = "what was sent is not one DER certificate of at most 64 KiB"},
	[PATH_INCOMPLETE] = {.text = "the chain of trust is incomplete: the certificate of "
				     "\"$i\", which issued \"$c\", is missing: add it to the "
				     "issuers, or to the trusted certificates"},
	[PATH_UNTRUSTED] = {.text = "the chain ends at \"$c\", which is not trusted: add it to the "
				    "trusted certificates if it should be"},
	[PATH_LOOP] = {.text = "the chain goes round in a circle at \"$c\" and reaches no trusted "
			       "certificate"},
	[PATH_TOO_DEEP] = {.text = "the chain has more certificates than are looked at: it was "
				   "given up at \"$c\""},
	[PATH_TOO_COMPLEX] = {.text = "there are too many chains to look at all: send only the one "
				      "that leads to the trusted certificate"},
	[PATH_SIGNATURE] = {.text = "the certificate \"$c\" is not signed with the key of \"$i\""},
	[PATH_NOT_YET_VALID] = {.tell = tell_not_yet_valid},
	[PATH_EXPIRED] = {.tell = tell_expired},
	[PATH_REVOKED] = {.text = ""}, /* tell_revoked(), which fills in more */
	[PATH_CRL_MISSING] = {.text = "there is no CRL of \"$i\", which says whether \"$c\" is "
				      "revoked: add it"},
	[PATH_CRL_NOT_YET_VALID] = {.tell = tell_crl_time},
	[PATH_CRL_EXPIRED] = {.tell = tell_crl_time},
	[PATH_CRL_WRONG_ISSUER] = {.text = "the CRLs by the name of \"$i\" for \"$c\" are of "
					   "another key, or of one that may not sign CRLs: add the "
					   "right one"},
	[PATH_CRL_SIGNATURE] =
		{.text = "the CRL by the name of \"$i\" for \"$c\" is not signed "
			 "with its key, or with an outdated algorithm: add the right "
			 "one"},
	[PATH_CRL_SCOPE] = {.text = "no CRL of \"$i\" covers \"$c\", or it has an extension that "
				    "is not understood: add a full CRL"},
	[PATH_NO_CA] = {.text = "\"$c\" issued a certificate, but is not a CA that may"},
	[PATH_LENGTH] =
		{.text = "there are more CAs in the chain than \"$c\" allows, or a CA above "
			 "it (path length)"},
	[PATH_NAME_CONSTRAINTS] = {.text = "a name in \"$c\" is outside what a CA above it may "
					   "issue for (name constraints)"},
	[PATH_CRITICAL_EXTENSION] = {.text = "the certificate \"$c\" has a critical extension that "
					     "is not understood"},
	[PATH_EXTENSION] = {.text = "the certificate \"$c\" has a malformed extension"},
	[PATH_POLICY] = {.text = "a CA above \"$c\" demands a certificate policy that it does not "
				 "have"},
	[PATH_USAGE] = {.text = "the certificate \"$c\" is not for this purpose: its key usage or "
				"extended key usage says otherwise"},
	[PATH_URI] = {.tell = tell_uri},
	[PATH_WEAK] =
		{.text = "the key of \"$c\" or the algorithm of its signature is not accepted: "
			 "RSA of 2048 to 8192 bits, a named curve or Ed25519, and SHA-256 or "
			 "better are"},
	[PATH_OTHER] = {.tell = tell_other},
	[PATH_HOST] = {.tell = tell_host},
	[PATH_ANCHOR] = {.tell = tell_anchor},
	[PATH_NOMEM] = {.text = "there is not enough memory to validate the certificate"},
};

static void expand(const char *text, const struct words *words, char *ret_text)
{
	size_t used = 0;

	for (; *text && used + X509_SHOWN_MAX < PATH_TEXT_MAX; text++) {
		const char *name = text[1] == 'c' ? words->cert : words->issuer;

		if (*text != '$') {
			ret_text[used++] = *text;
			continue;
		}
		memcpy(ret_text + used, name, strlen(name));
		used += strlen(name);
		text++;
	}
	ret_text[used] = '\0';
}

void chain_tell(const struct chain_fault *fault, const struct path_request *request,
		struct path_verdict *ret_verdict)
{
	struct words words = {.fault = fault, .request = request};

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	ret_verdict->reason = fault->reason;
	ret_verdict->depth = fault->depth;
	show_name(fault->cert ? X509_get_subject_name(fault->cert) : NULL, words.cert);
	show_name(fault->cert ? X509_get_issuer_name(fault->cert) : NULL, words.issuer);
	if (fault->cert)
		X509_digest(fault->cert, EVP_sha256(), ret_verdict->fingerprint, NULL);
	if (fault->reason == PATH_INCOMPLETE && fault->cert)
		(void)x509_name_show(X509_get_issuer_name(fault->cert), ret_verdict->missing,
				     sizeof(ret_verdict->missing));
	if (fault->reason == PATH_REVOKED)
		tell_revoked(&words, ret_verdict);
	else if (sentences[fault->reason].tell)
		sentences[fault->reason].tell(&words, ret_verdict->text);
	else
		expand(sentences[fault->reason].text, &words, ret_verdict->text);
}
