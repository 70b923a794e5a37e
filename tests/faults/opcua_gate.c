/*
 * What the private key has to do for one peer of keystore-opcua, and what hostile peers have it do:
 * nobody else waits for it, and nobody has it do much.
 */
#include <criterion/criterion.h>

#include <signal.h>

#include "opcua_raw.h"
#include "opcua_site.h"

#define BAD_SECURITY_CHECKS_FAILED   0x80130000
#define BAD_CERTIFICATE_INVALID	     0x80120000
#define BAD_SECURITY_POLICY_REJECTED 0x80550000
#define BAD_SECURITY_MODE_REJECTED   0x80540000
#define BAD_TCP_SERVER_TOO_BUSY	     0x807d0000

#define ALL_ENDPOINTS                                                                              \
	"Endpoints = None Basic256Sha256:Sign Basic256Sha256:SignAndEncrypt "                      \
	"Aes128_Sha256_RsaOaep:SignAndEncrypt Aes256_Sha256_RsaPss:SignAndEncrypt\n"               \
	"Anonymous = TRUE"
/* The same client by another certificate. */
#define FRESH_CLIENT                                                                               \
	"keystorectl ca sign client.csr --issuer 1 --profile opcua-client --out client.pem >&2; "  \
	"openssl x509 -in client.pem -outform DER -out client.der; "
#define LOGIN "--user operator --password '" OPCUA_SITE_PASSWORD "' "

static struct opcua_site site;

static void up(void)
{
	const struct fixture_options options = {.with_proxy = true};

	site = opcua_site_new(&options);
	opcua_site_start(&site, "%s", ALL_ENDPOINTS);
	free(OPCUA_SITE(&site, "as Basic256Sha256 encrypt saved:server.der"));
}

/* Whatever happened, it serves, and nobody was kept waiting by somebody else. */
static void down(void)
{
	free(OPCUA_SITE(&site, "as Basic256Sha256 encrypt connect read:i=2258 close"));
	free(OPCUA_SITE(&site, "fails grep -q 'all sessions wait' opcua.log"));
	cr_expect_eq(opcua_site_end(&site, SIGTERM), 0);
	opcua_site_free(&site);
}

TestSuite(opcua_gate, .init = up, .fini = down, .timeout = 240);

static uint64_t decryptions(void)
{
	return fixture_proxy_count(site.fixture, "RSA_Decrypt");
}

struct wanted {
	const char *command;
	uint64_t count;
};

static bool has_come(void *user)
{
	const struct wanted *wanted = user;

	return fixture_proxy_count(site.fixture, wanted->command) >= wanted->count;
}

static void until_count(const char *command, uint64_t count)
{
	struct wanted wanted = {command, count};

	fixture_until(has_come, &wanted, command);
}

static void until_somebody_waits(void)
{
	opcua_site_until(&site,
			 "keystorectl status --json | grep -q '\"queue\":{\"length\":[1-9]'");
}

/*
 * A session reads while @clients log in as @options say, the TPM having stopped when it was given
 * the command number @nth of a kind from here on; 0: at once.
 */
static void reads_meanwhile(const char *options, unsigned clients, const char *command,
			    unsigned nth)
{
	uint64_t before;

	free(OPCUA_SITE(&site, "as Basic256Sha256 encrypt connect touch:up until:go read:i=2258 "
			       "read:i=2258 touch:did until:end close > first 2>&1 &"));
	opcua_site_until(&site, "test -f up");
	before = fixture_proxy_count(site.fixture, command);
	fixture_proxy(site.fixture, nth ? "delay 300" : "stop");
	free(OPCUA_SITE(&site,
			"for i in $(seq %u); do { as Basic256Sha256 encrypt %s connect "
			"read:i=2258 close > late$i 2>&1 && echo 0 > code$i || echo 1 > code$i; } "
			"& done > late 2>&1",
			clients, options));
	if (nth)
		until_count(command, before + nth);
	else
		until_somebody_waits();
	/* He comes to no end without another command. */
	fixture_proxy(site.fixture, "stop");
	free(OPCUA_SITE(&site, "touch go"));
	opcua_site_until(&site, "test -f did");
	free(OPCUA_SITE(&site, "fails test -s code1"));
	fixture_proxy(site.fixture, "clear");
	fixture_proxy(site.fixture, "go");
	free(OPCUA_SITE(&site, "touch end"));
	for (unsigned i = 1; i <= clients; i++) {
		char script[64];

		snprintf(script, sizeof(script), "test -s code%u", i);
		opcua_site_until(&site, script);
		free(OPCUA_SITE(&site, "test $(cat code%u) = 0 || { cat late%u >&2; false; }", i,
				i));
	}
}

Test(opcua_gate, lets_a_session_read_while_four_open_channels)
{
	reads_meanwhile("", 4, "RSA_Decrypt", 0);
}

Test(opcua_gate, lets_a_session_read_while_a_channel_is_answered)
{
	reads_meanwhile("", 1, "RSA_Decrypt", 2);
}

Test(opcua_gate, lets_a_session_read_while_another_is_created)
{
	reads_meanwhile("", 1, "Sign", 1);
}

Test(opcua_gate, lets_a_session_read_while_a_password_is_decrypted)
{
	reads_meanwhile(LOGIN, 1, "Sign", 2);
}

Test(opcua_gate, opens_channels_by_each_policy_and_password_without_keeping_anybody_waiting)
{
	free(OPCUA_SITE(&site, "as Basic256Sha256 sign " LOGIN "connect read:i=2258 renew close"));
	free(OPCUA_SITE(&site,
			"as Basic256Sha256 encrypt " LOGIN "connect read:i=2258 renew close"));
	free(OPCUA_SITE(&site, "as Aes128_Sha256_RsaOaep encrypt " LOGIN
			       "connect read:i=2258 renew close"));
	free(OPCUA_SITE(&site, "as Aes256_Sha256_RsaPss encrypt " LOGIN
			       "connect read:i=2258 renew close"));
	free(OPCUA_SITE(&site, "as None none " LOGIN "connect read:i=2258 close"));
}

Test(opcua_gate, has_the_tpm_do_nothing_for_what_was_sent_before)
{
	struct opcua_raw raw = raw_new(fixture_dir(site.fixture), "Basic256Sha256");
	struct opcua_bytes chunk;
	uint64_t before;

	raw_open(&raw, true, &chunk);
	cr_assert_eq(raw_try(site.port, &chunk), 0u);
	before = decryptions();
	for (int i = 0; i < 3; i++)
		cr_expect_eq(raw_try(site.port, &chunk), BAD_SECURITY_CHECKS_FAILED);
	cr_expect_eq(decryptions(), before);
	raw_free(&raw);
}

Test(opcua_gate, has_the_tpm_do_little_for_who_has_a_certificate_but_not_its_key)
{
	struct opcua_raw raw = raw_new(fixture_dir(site.fixture), "Aes256_Sha256_RsaPss");
	unsigned refused = 0, slowed = 0;
	struct opcua_bytes chunk;
	uint64_t before = decryptions();

	for (int i = 0; i < 40; i++) {
		raw_open(&raw, false, &chunk);
		uint32_t answer = raw_try(site.port, &chunk);

		refused += answer == BAD_SECURITY_CHECKS_FAILED;
		slowed += answer == BAD_TCP_SERVER_TOO_BUSY;
	}
	cr_expect_eq(refused + slowed, 40u);
	cr_expect_gt(slowed, 20u);
	cr_expect_leq(decryptions() - before, refused * 8);
	raw_free(&raw);
	/* That was from this address, and by this certificate. */
	free(OPCUA_SITE(&site,
			"fails as Basic256Sha256 encrypt connect 2> /dev/null; " FRESH_CLIENT));
}

static void cut(struct opcua_bytes *chunk, size_t len)
{
	chunk->len = len;
	raw_close(chunk);
}

Test(opcua_gate, turns_away_what_is_no_opn_without_a_word_to_the_tpm)
{
	struct opcua_raw raw = raw_new(fixture_dir(site.fixture), "Basic256Sha256");
	struct opcua_raw other = raw;
	uint64_t before = decryptions();
	struct opcua_bytes good, chunk;
	size_t head;

	raw_put_header(&good, &raw);
	head = good.len;
	raw_open(&raw, true, &good);

	/* at each place where something ends */
	for (size_t len = 12; len < head; len += 97) {
		chunk = good;
		cut(&chunk, len);
		cr_expect_eq(raw_try(site.port, &chunk), BAD_SECURITY_CHECKS_FAILED, "%zu", len);
	}
	chunk = good;
	cut(&chunk, head); /* nothing is encrypted */
	cr_expect_eq(raw_try(site.port, &chunk), BAD_SECURITY_CHECKS_FAILED);
	chunk = good;
	cut(&chunk, good.len - 1); /* no whole blocks */
	cr_expect_eq(raw_try(site.port, &chunk), BAD_SECURITY_CHECKS_FAILED);
	chunk = good;
	while (chunk.len < head + 9 * 256) /* too many */
		raw_put(&chunk, chunk.bytes + head, 256);
	raw_close(&chunk);
	cr_expect_eq(raw_try(site.port, &chunk), BAD_SECURITY_CHECKS_FAILED);
	chunk = good;
	raw_set_u32(chunk.bytes + 12, UINT32_MAX - 1); /* a policy of such a length */
	cr_expect_eq(raw_try(site.port, &chunk), BAD_SECURITY_CHECKS_FAILED);
	chunk = good;
	chunk.bytes[20] ^= 1; /* one that nobody knows */
	cr_expect_eq(raw_try(site.port, &chunk), BAD_SECURITY_POLICY_REJECTED);
	other.kind = policy_kind(POLICY_BASIC256); /* one that is off */
	raw_open(&other, true, &chunk);
	cr_expect_eq(raw_try(site.port, &chunk), BAD_SECURITY_POLICY_REJECTED);
	chunk = good;
	chunk.bytes[head - 1] ^= 1; /* for another certificate */
	cr_expect_eq(raw_try(site.port, &chunk), BAD_CERTIFICATE_INVALID);
	cr_expect_eq(decryptions(), before);
	raw_free(&raw);
}

Test(opcua_gate, tells_who_is_not_trusted_no_more_than_that)
{
	free(OPCUA_SITE(&site, "openssl req -x509 -newkey rsa:2048 -noenc -keyout other.key -subj "
			       "/CN=other -addext subjectAltName=URI:" OPCUA_SITE_CLIENT
			       " -addext keyUsage=digitalSignature,nonRepudiation,keyEncipherment,"
			       "dataEncipherment,keyCertSign -addext "
			       "extendedKeyUsage=clientAuth,serverAuth -days 30 -out other.pem "
			       "2> /dev/null; mv client.der good.der; mv client.key.der good.key; "
			       "openssl x509 -in other.pem -outform DER -out client.der; "
			       "openssl pkey -in other.key -outform DER -out client.key.der"));
	struct opcua_raw raw = raw_new(fixture_dir(site.fixture), "Basic256Sha256");
	uint64_t before = decryptions();
	struct opcua_bytes chunk;

	raw_open(&raw, true, &chunk);
	cr_expect_eq(raw_try(site.port, &chunk), BAD_SECURITY_CHECKS_FAILED);
	cr_expect_eq(decryptions(), before);
	raw_free(&raw);
	free(OPCUA_SITE(&site, "mv good.der client.der; mv good.key client.key.der; "
			       "keystorectl rejected list | grep -q other"));
}

Test(opcua_gate, ends_a_revoked_clients_channel_at_its_renewal_and_not_before)
{
	free(OPCUA_SITE(&site,
			"{ as Basic256Sha256 encrypt connect renew touch:up until:go read:i=2258 "
			"touch:did until:end renew read:i=2258 && echo 0 > code || echo 1 > code; "
			"} > said 2>&1 &"));
	opcua_site_until(&site, "test -f up");
	free(OPCUA_SITE(&site, "keystorectl cert revoke 4 >&2; touch go"));
	opcua_site_until(&site, "test -f did");
	free(OPCUA_SITE(&site, "grep -c 'read: Good' said | grep -qx 1; touch end"));
	opcua_site_until(&site, "test -s code");
	free(OPCUA_SITE(&site, "test $(cat code) = 1; grep -q 'turned away.*revoked' opcua.log; "
			       "grep -c 'read: Good' said | grep -qx 1; " FRESH_CLIENT));
}

Test(opcua_gate, turns_a_client_away_when_keystored_dies_while_he_waits_and_keeps_the_others)
{
	free(OPCUA_SITE(&site, "as Basic256Sha256 encrypt connect touch:up until:go read:i=2258 "
			       "touch:did until:end read:i=2258 close > first 2>&1 &"));
	opcua_site_until(&site, "test -f up");
	fixture_proxy(site.fixture, "stop");
	free(OPCUA_SITE(&site,
			"{ as Basic256Sha256 encrypt connect && echo 0 > code || echo 1 > code; } "
			"> late 2>&1 &"));
	until_somebody_waits();
	fixture_service_kill(site.fixture);
	opcua_site_until(&site, "test -s code");
	free(OPCUA_SITE(&site, "test $(cat code) = 1; touch go"));
	opcua_site_until(&site, "test -f did");
	fixture_proxy(site.fixture, "go");
	fixture_service_start(site.fixture);
	fixture_service_wait(site.fixture);
	free(OPCUA_SITE(&site, "touch end"));
	opcua_site_until(&site, "as Basic256Sha256 encrypt connect close");
	free(OPCUA_SITE(&site, "fails grep -q Bad first"));
}

Test(opcua_gate_deprecated, opens_channels_by_old_policies_where_they_are_allowed)
{
	const struct fixture_options options = {
		.config = "[access]\nallow-sha1-signatures = yes\nallow-pkcs1-decryption = yes\n"};

	site = opcua_site_new(&options);
	opcua_site_start(&site, "Endpoints = Basic128Rsa15:SignAndEncrypt Basic256:SignAndEncrypt\n"
				"Anonymous = TRUE");
	for (int i = 0; i < 2; i++)
		free(OPCUA_SITE(&site, "as %s encrypt " LOGIN "connect read:i=2258 renew close",
				i ? "Basic256" : "Basic128Rsa15"));
	free(OPCUA_SITE(&site, "fails grep -q 'all sessions wait' opcua.log"));
	cr_expect_eq(opcua_site_end(&site, SIGTERM), 0);
	opcua_site_free(&site);
}
