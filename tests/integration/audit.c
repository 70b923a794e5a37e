/* The audit trail and its anchor in the TPM: what verify says of one that was tampered with. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define EVERY_SECOND "[tpm]\naudit-interval = 1s\n"
#define INDEX	     "0x01804b00"

/* Exit code and words of "audit verify", on either stream. */
static void expect_verify(struct fixture *fixture, int code, const char *said)
{
	struct run run = fixture_sh(fixture, "keystorectl audit verify 2>&1");

	cr_assert_eq(run.exit_code, code, "%d: %s", run.exit_code, run.out);
	/* Words may be broken into lines. */
	for (char *at = run.out; *at; at++)
		if (*at == '\n')
			*at = ' ';
	cr_assert_not_null(strstr(run.out, said), "%s", run.out);
	run_free(&run);
}

static void work(struct fixture *fixture, const char *name)
{
	free(fixture_sh_ok(fixture,
			   "set -e; keystorectl key create %s --algorithm ec-p256; "
			   "keystorectl key allow %s --uid 33 --operations sign; "
			   "keystorectl key delete %s; ! keystorectl key delete %s",
			   name, name, name, name));
}

static void sql(struct fixture *fixture, const char *statements)
{
	free(fixture_sh_ok(fixture, "sqlite3 state/keystored.db \"%s\"", statements));
}

/* The end taken off by somebody who knows how the head is kept. */
#define CUT_OFF                                                                                    \
	"DELETE FROM audit WHERE seq > (SELECT max(seq) - 2 FROM audit); "                         \
	"UPDATE audit_chain SET head_seq = (SELECT max(seq) FROM audit), "                         \
	"head_chain = (SELECT chain FROM audit ORDER BY seq DESC LIMIT 1)"

Test(audit, is_intact_after_work_and_restarts)
{
	struct fixture *fixture = fixture_new(NULL);
	char *out;

	expect_verify(fixture, 0, "intact");
	for (int i = 0; i < 3; i++) {
		work(fixture, "k");
		expect_verify(fixture, 0, "intact");
		fixture_service_restart(fixture);
		expect_verify(fixture, 0, "knows record");
	}
	out = fixture_sh_ok(fixture, "keystorectl audit list");
	cr_assert_not_null(strstr(out, "key allow"));
	cr_assert_not_null(strstr(out, "not found"));
	free(out);
	out = fixture_sh_ok(fixture,
			    "keystorectl audit list --after 2 --limit 3 --json | python3 -c '"
			    "import json, sys; rows = json.load(sys.stdin)[\"records\"]; "
			    "print([row[\"seq\"] for row in rows], len(rows[0][\"chain\"]))'");
	cr_assert_str_eq(out, "[3, 4, 5] 64\n");
	free(out);
	fixture_free(fixture);
}

Test(audit, can_be_recomputed_from_what_the_protocol_says)
{
	struct fixture *fixture = fixture_new(NULL);

	work(fixture, "a");
	work(fixture, "b");
	free(fixture_sh_ok(
		fixture,
		"keystorectl audit list --json | python3 -c '\n"
		"import hashlib, json, struct, sys\n"
		"chain = bytes(32)\n"
		"records = json.load(sys.stdin)[\"records\"]\n"
		"for r in records:\n"
		"    fields = [chain] + [struct.pack(\">q\", r[n]) for n in\n"
		"              (\"seq\", \"time_us\", \"uid\", \"pid\", \"count\")]\n"
		"    fields += [r[n].encode() for n in\n"
		"               (\"operation\", \"object\", \"status\", \"detail\")]\n"
		"    bytes_ = b\"\".join(struct.pack(\">I\", len(f)) + f for f in fields)\n"
		"    chain = hashlib.sha256(bytes_).digest()\n"
		"    assert chain.hex() == r[\"chain\"], r\n"
		"assert len(records) == 8'"));
	fixture_free(fixture);
}

Test(audit, lists_several_pages_and_what_is_no_text)
{
	struct fixture *fixture = fixture_new(NULL);
	char *out;

	free(fixture_sh_ok(fixture, "for i in $(seq 600); do keystorectl key delete no$i & "
				    "test $((i %% 20)) = 0 && wait; done 2>/dev/null; wait"));
	out = fixture_sh_ok(fixture, "keystorectl audit list | tail -n +2 | wc -l");
	cr_assert_str_eq(out, "600\n");
	free(out);
	expect_verify(fixture, 0, "600 found good");
	sql(fixture, "UPDATE audit SET object = CAST(x'80ff6b' AS TEXT) WHERE seq = 7");
	out = fixture_sh_ok(fixture, "keystorectl audit list --after 6 --limit 1 --json");
	cr_assert_not_null(strstr(out, "\"object\":\"??k\""), "%s", out);
	free(out);
	fixture_free(fixture);
}

Test(audit, is_searched_and_listed_from_its_end)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		"set -e; fails() { if \"$@\"; then exit 1; fi; }; keystorectl key create pump "
		"--algorithm ec-p256; "
		"keystorectl key create valve --algorithm ec-p256; keystorectl key delete pump; "
		"seqs() { keystorectl audit list --json \"$@\" | python3 -c 'import json, sys; "
		"print(*[r[\"seq\"] for r in json.load(sys.stdin)[\"records\"]])'; }; "
		"test \"$(seqs --newest 2)\" = '3 2'; test \"$(seqs --newest 20)\" = '3 2 1'; "
		"test \"$(seqs --object um)\" = '1 3'; "
		"test \"$(seqs --operation 'key cr' --newest 2)\" = '2 1'; "
		"test \"$(seqs --user eva)\" = ''; test \"$(seqs --since 2000-01-01 --limit 2)\" = "
		"'1 2'; test \"$(seqs --until 2000-01-01)\" = ''; "
		"fails keystorectl audit list --newest 1 --limit 2; "
		"fails keystorectl audit list --since yesterday"));
	fixture_free(fixture);
}

Test(audit, names_the_record_that_was_changed_removed_or_cut_off)
{
	struct fixture *fixture = fixture_new(NULL);

	work(fixture, "a");
	work(fixture, "b");
	/* Refusals are entered a moment later, or when somebody looks. */
	expect_verify(fixture, 0, "8 found good");
	sql(fixture, "CREATE TABLE saved AS SELECT * FROM audit");
	sql(fixture, "UPDATE audit SET uid = 1000 WHERE seq = 3");
	expect_verify(fixture, 10, "record 3 is not the one that was written there");
	sql(fixture, "DELETE FROM audit; INSERT INTO audit SELECT * FROM saved");
	expect_verify(fixture, 0, "intact");

	sql(fixture, "DELETE FROM audit WHERE seq = 4");
	expect_verify(fixture, 10, "record 4 is missing");
	sql(fixture, "DELETE FROM audit; INSERT INTO audit SELECT * FROM saved");

	sql(fixture, "DELETE FROM audit WHERE seq > 5");
	expect_verify(fixture, 10, "records 6 to 8 are missing at the end");
	free(fixture_sh_ok(fixture,
			   "keystorectl audit verify --json 2>/dev/null | python3 -c '"
			   "import json, sys; found = json.load(sys.stdin); "
			   "assert not found[\"intact\"] and found[\"finding\"] == \"cut off\" "
			   "and found[\"first\"] == 6 and found[\"last\"] == 8 "
			   "and found[\"since\"].endswith(\"Z\")'"));
	fixture_free(fixture);
}

Test(audit, is_held_by_the_tpm_when_the_head_was_moved_too)
{
	struct fixture *fixture = fixture_new(NULL);

	work(fixture, "a");
	work(fixture, "b");
	fixture_service_restart(fixture);
	expect_verify(fixture, 0, "knows record 8");
	cr_assert_eq(fixture_service_stop(fixture), 0);
	sql(fixture, CUT_OFF);
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	expect_verify(fixture, 10, "records 7 to 8 are missing at the end: the TPM knows");
	/* What the TPM holds is not written over by what follows. */
	work(fixture, "c");
	expect_verify(fixture, 10, "record 8 is not the one that the TPM knows");
	fixture_service_restart(fixture);
	expect_verify(fixture, 10, "record 8 is not the one that the TPM knows");
	fixture_free(fixture);
}

static bool is_anchored(void *user)
{
	char *out = fixture_sh_ok(user, "keystorectl audit verify --json | python3 -c '"
					"import json, sys; found = json.load(sys.stdin); "
					"print(found[\"intact\"] and found[\"anchored_seq\"] == "
					"found[\"newest\"] and found[\"newest\"] > 0)'");
	bool is = strcmp(out, "True\n") == 0;

	free(out);
	return is;
}

Test(audit, is_anchored_by_itself_and_stays_so_after_a_kill)
{
	const struct fixture_options options = {.config = EVERY_SECOND};
	struct fixture *fixture = fixture_new(&options);

	work(fixture, "a");
	fixture_until(is_anchored, fixture, "an anchor");
	fixture_service_kill(fixture);
	/* What was there when the TPM was told stays known. */
	sql(fixture, CUT_OFF);
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	expect_verify(fixture, 10, "are missing at the end: the TPM knows");
	fixture_free(fixture);
}

Test(audit, is_anchored_again_after_the_tpm_was_reset)
{
	const struct fixture_options options = {.config = EVERY_SECOND "sessions = protected\n"};
	struct fixture *fixture = fixture_new(&options);

	work(fixture, "a");
	fixture_until(is_anchored, fixture, "an anchor");
	fixture_tpm_restart(fixture);
	fixture_service_wait(fixture);
	work(fixture, "b");
	fixture_until(is_anchored, fixture, "an anchor after the reset");
	fixture_free(fixture);
}

Test(audit, writes_the_index_only_for_something_new)
{
	const struct fixture_options options = {.config = EVERY_SECOND, .with_proxy = true};
	struct fixture *fixture = fixture_new(&options);
	uint64_t writes;

	work(fixture, "a");
	fixture_until(is_anchored, fixture, "an anchor");
	writes = fixture_proxy_count(fixture, "NV_Write");
	free(fixture_sh_ok(fixture, "keystorectl key list"));
	fixture_service_restart(fixture);
	expect_verify(fixture, 0, "intact");
	fixture_service_restart(fixture);
	cr_assert_eq(fixture_proxy_count(fixture, "NV_Write"), writes);
	fixture_free(fixture);
}

Test(audit, leaves_the_index_of_another_program_alone)
{
	const struct fixture_options options = {.without_service = true};
	struct fixture *fixture = fixture_new(&options);
	char *log;

	free(fixture_sh_ok(fixture,
			   "set -e; tpm2_nvdefine " INDEX " -C o -s 40 -p secret "
			   "-a 'authread|authwrite|no_da'; head -c 40 /dev/urandom > theirs; "
			   "tpm2_nvwrite " INDEX " -P secret -i theirs"));
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	work(fixture, "a");
	expect_verify(fixture, 0, "not anchored: the NV index holds another program's data");
	fixture_service_restart(fixture);
	expect_verify(fixture, 0, "not anchored: the NV index holds another program's data");
	log = fixture_service_log(fixture);
	cr_assert_not_null(strstr(log, INDEX "): the NV index holds another program's data"));
	free(log);
	cr_assert_eq(fixture_service_stop(fixture), 0);
	free(fixture_sh_ok(fixture, "tpm2_nvread " INDEX " -P secret -o now; cmp now theirs"));
	fixture_free(fixture);
}

static bool says_no_room(void *user)
{
	struct run run = fixture_sh(user, "keystorectl audit verify --json");
	bool says = strstr(run.out, "no record yet: ") && strstr(run.out, "no room for another");

	cr_assert_eq(run.exit_code, 0);
	run_free(&run);
	return says;
}

Test(audit, says_so_when_the_tpm_has_no_room)
{
	const struct fixture_options options = {.without_service = true, .config = EVERY_SECOND};
	struct fixture *fixture = fixture_new(&options);

	free(fixture_sh_ok(fixture,
			   "i=0; for size in 2048 512 128 40 8; do "
			   "while tpm2_nvdefine $(printf '0x018000%%02x' $i) -C o -s $size "
			   "-a 'ownerread|ownerwrite'; do i=$((i + 1)); done; done 2>/dev/null"));
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	work(fixture, "a");
	fixture_until(says_no_room, fixture, "the finding that there is no room");
	work(fixture, "b");
	cr_assert_eq(fixture_service_stop(fixture), 0);
	free(fixture_sh_ok(fixture, "test $(grep -c 'is not anchored' keystored.log) = 1"));
	fixture_free(fixture);
}

Test(audit, enters_that_the_anchor_was_lost)
{
	struct fixture *fixture = fixture_new(NULL);
	char *out;

	work(fixture, "a");
	cr_assert_eq(fixture_service_stop(fixture), 0);
	free(fixture_sh_ok(fixture, "tpm2_nvundefine " INDEX " -C o"));
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	expect_verify(fixture, 0, "the TPM holds no record yet");
	work(fixture, "b");
	fixture_service_restart(fixture);
	expect_verify(fixture, 0, "knows record 9");
	out = fixture_sh_ok(fixture, "keystorectl audit list --after 8");
	cr_assert_not_null(strstr(out, "the TPM held record 4 and holds nothing now"));
	free(out);
	fixture_free(fixture);
}

Test(audit, is_verified_without_a_tpm)
{
	const struct fixture_options options = {.without_tpm = true};
	struct fixture *fixture = fixture_new(&options);
	struct run run = fixture_sh(fixture, "keystorectl key delete none");

	run_free(&run);
	expect_verify(fixture, 0, "1 found good");
	expect_verify(fixture, 0, "not anchored:");
	sql(fixture, "UPDATE audit SET status = 'ok'");
	expect_verify(fixture, 10, "record 1 is not the one");
	fixture_free(fixture);
}

Test(audit, needs_no_index_where_none_is_configured)
{
	const struct fixture_options options = {.config = "[tpm]\naudit-index = none\n",
						.with_proxy = true};
	struct fixture *fixture = fixture_new(&options);

	work(fixture, "a");
	fixture_service_restart(fixture);
	expect_verify(fixture, 0, "not anchored: the configuration has audit-index = none");
	cr_assert_eq(fixture_proxy_count(fixture, "NV_Write"), 0u);
	fixture_free(fixture);
}
