/*
 * A client of the real service: the first byte says who it is, the rest is what it sends.
 * There is no TPM behind, and one key is stored. Whatever is sent, what comes back must be
 * replies.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec.h"
#include "conn.h"
#include "service.h"

enum { STRANGER = 4242, GRANTED = 4243 };

struct world {
	struct config config;
	struct service service;
	sd_event *event;
	char dir[64];
};

static struct world world;

static void world_remove(void)
{
	static const char *const files[] = {"keystored.db", "keystored.db-wal", "keystored.db-shm"};
	char path[128];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", world.dir, files[i]);
		unlink(path);
	}
	rmdir(world.dir);
}

static void key_add(struct store *store)
{
	struct grant grant = {POLICY_UID, GRANTED, POLICY_SIGN};
	struct store_key row = {
		.id = store_key_next_id(store),
		.name = "plc-1",
		.algorithm = TPM_EC_P256,
		.operations = POLICY_SIGN,
		.origin = 1,
		.grants = &grant,
		.grant_count = 1,
	};
	FILE *file = fopen(FUZZ_CORPUS "/tss2/ecc.der", "rb");
	uint8_t der[1024];
	struct tpm_key *key;

	fuzz_expect(file != NULL);
	row.der = der;
	row.der_len = fread(der, 1, sizeof(der), file);
	fclose(file);
	key = tpm_key_new(row.id, der, row.der_len, NULL, 0, 0);
	fuzz_expect(key != NULL);
	row.spki = (uint8_t *)(uintptr_t)tpm_key_spki(key, &row.spki_len);
	fuzz_expect(store_begin(store) == STORE_OK && store_key_add(store, &row) == STORE_OK &&
		    store_commit(store) == STORE_OK);
	tpm_key_unref(key);
}

static void world_open(void)
{
	struct tpm_config tpm = {
		.tcti = "device:/dev/null/absent",
		.command_timeout_ms = 1000,
		.persistent_first = 0x81004b00,
		.persistent_last = 0x81004bff,
		.queue_max = 64,
		.verify_signatures = true,
	};
	char error[STORE_ERROR_MAX];
	struct tpm_engine *engine;
	struct store *store;

	setenv("TSS2_LOG", "all+none", 0);
	snprintf(world.dir, sizeof(world.dir), "%s/keystore-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	fuzz_expect(mkdtemp(world.dir) && atexit(world_remove) == 0);
	fuzz_expect(config_init(&world.config));
	fuzz_expect(sd_event_new(&world.event) >= 0);
	fuzz_expect(store_open(world.dir, error, &store) == STORE_OK);
	fuzz_expect(tpm_engine_start(&tpm, &engine) == TPM_OK);
	fuzz_expect(service_open(&world.service, &world.config, NULL, world.event, store, engine));
	while (world.service.tpm_state != TPM_STATE_UNAVAILABLE)
		fuzz_expect(sd_event_run(world.event, UINT64_MAX) >= 0);
}

static void settle(void)
{
	while (sd_event_run(world.event, 0) > 0)
		;
}

static enum frame_status replies_read(struct frame_reader *reader, int fd)
{
	enum frame_status status;
	const uint8_t *payload;
	ks_pb_reply *reply;
	size_t len;

	while ((status = frame_reader_fill(reader, fd)) == FRAME_OK) {
		while ((status = frame_reader_next(reader, &payload, &len)) == FRAME_OK) {
			reply = codec_reply_decode(payload, len);
			fuzz_expect(reply != NULL);
			fuzz_expect(reply->status == 0 || reply->message[0] != '\0');
			codec_reply_free(reply);
		}
		fuzz_expect(status == FRAME_AGAIN);
	}
	return status;
}

static struct peer *peer_new(uint8_t who)
{
	const uid_t uids[] = {world.service.policy.service_uid, GRANTED, STRANGER};
	struct peer *peer = calloc(1, sizeof(*peer));

	fuzz_expect(peer != NULL);
	peer->uid = uids[who % 3];
	peer->gid = uids[who % 3];
	peer->pid = 1;
	return peer;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct frame_reader reader = {0};
	enum frame_status status;
	uint64_t id;
	size_t at = 1;
	ssize_t n;
	int fds[2];

	if (len < 2)
		return 0;
	if (!world.event)
		world_open();
	/* An input may have deleted it. */
	if (store_key_id(world.service.store, "plc-1", &id) != STORE_OK)
		key_add(world.service.store);

	fuzz_expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	fuzz_expect(conn_new(&world.service, fds[0], peer_new(bytes[0])) != NULL);
	do {
		n = send(fds[1], bytes + at, len - at, MSG_NOSIGNAL);
		if (n > 0)
			at += (size_t)n;
		settle();
		status = replies_read(&reader, fds[1]);
	} while (n > 0 && at < len && status == FRAME_AGAIN);
	close(fds[1]);
	frame_reader_wipe(&reader);
	settle();
	fuzz_expect(conns_count(world.service.conns) == 0);
	return 0;
}
