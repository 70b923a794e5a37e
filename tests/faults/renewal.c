/*
 * Renewal by itself while the service is killed: a version that anybody has seen stays, each
 * certificate that is due is renewed once, and nothing is half done. Time goes by in the
 * database, while the service is down.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "keystore.h"

#define ROUNDS	   10 /* in each of which everything is due once */
#define KILLS	   12 /* in a round, at most */
#define BELOW_CA   10 /* with their keys as they are, and as many with new keys */
#define OUTSIDE	   4  /* of a CA elsewhere, which make a CSR once */
#define CERTS_MAX  64
#define RENEWED(n) ((n) > 2 && (n) <= 2 + 2 * BELOW_CA) /* behind the project's two CAs */

/* Versions by ID, the highest that anybody has seen. */
struct seen {
	uint32_t versions[CERTS_MAX];
	unsigned partial_kills; /* with some renewed in the round, and some not */
};

static void set_up(struct fixture *fixture)
{
	free(fixture_sh_ok(
		fixture,
		"set -e; keystorectl project init > /dev/null; "
		"for i in $(seq %d); do keystorectl cert create --profile tls-client --issuer 2 "
		"--new-key c$i --algorithm ec-p256 --subject CN=c$i --days 200; done "
		"> /dev/null; "
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.k "
		"-out ca.pem -subj /CN=Company -days 900 2> /dev/null; "
		"printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n' > ext; "
		"for i in $(seq %d %d); do keystorectl cert request --profile tls-client --new-key "
		"o$i --algorithm ec-p256 --subject CN=o$i --out csr 2> /dev/null > /dev/null; "
		"openssl x509 -req -in csr -CA ca.pem -CAkey ca.k -CAcreateserial -days 200 "
		"-extfile ext -out pem 2> /dev/null; keystorectl cert replace $i pem > /dev/null; "
		"done",
		2 * BELOW_CA, 3 + 2 * BELOW_CA, 2 + 2 * BELOW_CA + OUTSIDE));
	free(fixture_sh_ok(fixture,
			   "for i in $(seq 3 %d); do rekey=; test $i -le %d || rekey=--rekey; "
			   "keystorectl cert renewal $i --fraction 60 $rekey > /dev/null || exit "
			   "1; done",
			   2 + 2 * BELOW_CA + OUTSIDE, 2 + BELOW_CA));
}

static void let_time_go_by(struct fixture *fixture)
{
	free(fixture_sh_ok(fixture, "sqlite3 state/keystored.db \"UPDATE certificate_version SET "
				    "not_before = not_before - 100 * 86400, not_after = not_after "
				    "- 100 * 86400 WHERE state = 1 AND certificate_id > 2\""));
}

/* How many of those that the service renews have version @version; none goes back. */
static unsigned look(struct ks_client *client, struct seen *seen, uint32_t version)
{
	unsigned renewed = 0;
	uint64_t after = 0;
	bool more = true;

	while (more) {
		struct ks_result *result = NULL;

		cr_assert_eq(ks_cert_list(client, KS_CERT_ALL, after, 0, &result), KS_OK, "%s",
			     result->message);
		for (size_t i = 0; i < result->cert_count; i++) {
			const struct ks_cert *cert = &result->certs[i];

			after = cert->id;
			cr_assert_lt(cert->id, CERTS_MAX);
			cr_assert_geq(cert->version, seen->versions[cert->id],
				      "certificate %llu was seen as version %u, and is %u",
				      (unsigned long long)cert->id, seen->versions[cert->id],
				      cert->version);
			seen->versions[cert->id] = cert->version;
			if (!RENEWED(cert->id))
				continue;
			cr_assert_leq(cert->version, version, "certificate %llu is renewed twice",
				      (unsigned long long)cert->id);
			renewed += cert->version == version;
		}
		more = result->more;
		ks_result_free(result);
	}
	return renewed;
}

/*
 * Started and killed: before anything is done, or @looks looks after one more is renewed than
 * @before. How many are.
 */
static unsigned live_shortly(struct fixture *fixture, struct seen *seen, uint32_t version,
			     unsigned before, unsigned looks)
{
	struct ks_client *client;
	unsigned renewed = before;

	fixture_service_start(fixture);
	fixture_service_wait_answer(fixture);
	cr_assert_eq(ks_connect(fixture_socket(fixture), &client), KS_OK);
	while (looks && renewed == before)
		renewed = look(client, seen, version);
	for (unsigned i = 1; i < looks; i++)
		renewed = look(client, seen, version);
	fixture_service_kill(fixture);
	ks_close(client);
	seen->partial_kills += renewed > 0 && renewed < 2 * BELOW_CA;
	return renewed;
}

struct patience {
	struct fixture *fixture;
	struct ks_client *client;
	struct seen *seen;
	uint32_t version;
};

static bool is_all_renewed(void *user)
{
	struct patience *patience = user;

	return look(patience->client, patience->seen, patience->version) == 2 * BELOW_CA;
}

static bool is_all_told(void *user)
{
	struct patience *patience = user;
	char *count = fixture_sh_ok(patience->fixture,
				    "keystorectl audit list --limit 100000 | grep -c 'cert "
				    "expiry.*its CSR waits' || true");
	bool is_told = atoi(count) == OUTSIDE;

	free(count);
	return is_told;
}

static void expect(struct fixture *fixture, const char *sql, const char *answer)
{
	char *out = fixture_sh_ok(fixture, "sqlite3 state/keystored.db \"%s\"", sql);

	cr_assert_str_eq(out, answer, "%s: %s", sql, out);
	free(out);
}

static void check_database(struct fixture *fixture)
{
	char sql[256];
	char keys[16];

	expect(fixture, "PRAGMA integrity_check", "ok\n");
	expect(fixture, "PRAGMA foreign_key_check", "");
	/* No key without the certificate or the CSR that it was made for. */
	expect(fixture,
	       "SELECT count(*) FROM key WHERE id NOT IN (SELECT key_id FROM certificate_version "
	       "WHERE key_id IS NOT NULL UNION SELECT key_id FROM certificate_request)",
	       "0\n");
	/* A new key for each version where it has to be one, else ever the same. */
	snprintf(sql, sizeof(sql),
		 "SELECT count(DISTINCT key_id) FROM certificate_version WHERE certificate_id "
		 "BETWEEN 3 AND %d",
		 2 + 2 * BELOW_CA);
	snprintf(keys, sizeof(keys), "%d\n", BELOW_CA + BELOW_CA * (ROUNDS + 1));
	expect(fixture, sql, keys);
	/* Versions without gaps, of which the last one alone is active. */
	expect(fixture,
	       "SELECT count(*) FROM certificate c WHERE c.version <> (SELECT count(*) FROM "
	       "certificate_version v WHERE v.certificate_id = c.id) OR c.version <> (SELECT "
	       "sum(v.version) FROM certificate_version v WHERE v.certificate_id = c.id AND "
	       "v.state = 1)",
	       "0\n");
	/* Each version has its record, and each CSR. */
	expect(fixture,
	       "SELECT (SELECT sum(version - 1) FROM certificate) - (SELECT count(*) FROM audit "
	       "WHERE status = 'ok' AND operation = 'cert renew')",
	       "0\n");
	expect(fixture,
	       "SELECT count(*), (SELECT count(*) FROM audit WHERE operation = 'cert request') - "
	       "count(*) FROM certificate_request",
	       "4|4\n"); /* those that were answered have records too */
	expect(fixture, "SELECT count(*) FROM audit WHERE status <> 'ok'", "0\n");
}

Test(renewal, is_done_once_or_again_when_the_service_is_killed_at_any_moment, .timeout = 600)
{
	struct fixture *fixture = fixture_new(NULL);
	struct seen seen = {0};
	struct patience patience = {.fixture = fixture, .seen = &seen};

	set_up(fixture);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned renewed = 0;

		patience.version = round + 2;
		if (round)
			fixture_service_kill(fixture);
		else
			cr_assert_eq(fixture_service_stop(fixture), 0);
		let_time_go_by(fixture);
		for (unsigned i = 0; i < KILLS && renewed < 2 * BELOW_CA; i++)
			renewed = live_shortly(fixture, &seen, patience.version, renewed,
					       (7 * i + 3 * round) % 11);
		fixture_service_start(fixture);
		fixture_service_wait(fixture);
		cr_assert_eq(ks_connect(fixture_socket(fixture), &patience.client), KS_OK);
		fixture_until(is_all_renewed, &patience, "the renewal of all that is due");
		ks_close(patience.client);
	}
	/* It would prove nothing if it were always over, or never begun. */
	cr_assert_geq(seen.partial_kills, ROUNDS);
	fixture_until(is_all_told, &patience, "word of the CSRs that wait");
	free(fixture_sh_ok(fixture, "keystorectl audit verify"));
	cr_assert_eq(fixture_service_stop(fixture), 0);
	check_database(fixture);
	fixture_free(fixture);
}
