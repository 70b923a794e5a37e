/*
 * A Modbus TCP server and client by libmodbus.
 *   modbus-peer serve PORT     serves clients one after another, for ever
 *   modbus-peer drive PORT     writes and reads registers and coils, and checks what comes back
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <modbus/modbus.h>

#define ADDRESS	 "127.0.0.1"
#define SIZE	 500
#define UNIT	 1
#define ROUNDS	 200
#define PER_CALL 100

static int fail(const char *what)
{
	fprintf(stderr, "modbus-peer: %s: %s\n", what, modbus_strerror(errno));
	return 1;
}

static int serve(modbus_t *modbus)
{
	modbus_mapping_t *mapping = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);
	int listener = modbus_tcp_listen(modbus, 1);

	if (!mapping || listener < 0)
		return fail("listen");
	for (;;) {
		uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
		int len;

		if (modbus_tcp_accept(modbus, &listener) < 0)
			return fail("accept");
		while ((len = modbus_receive(modbus, query)) >= 0)
			if (len > 0 && modbus_reply(modbus, query, len, mapping) < 0)
				break;
		modbus_close(modbus);
	}
}

static int drive_round(modbus_t *modbus, int round)
{
	uint16_t written[PER_CALL], read[PER_CALL];
	uint8_t coils[PER_CALL], read_coils[PER_CALL];
	int at = round % (SIZE - PER_CALL);

	for (int i = 0; i < PER_CALL; i++) {
		written[i] = (uint16_t)(round * 31 + i * 7);
		coils[i] = (round + i) % 3 == 0;
	}
	if (modbus_write_registers(modbus, at, PER_CALL, written) != PER_CALL ||
	    modbus_read_registers(modbus, at, PER_CALL, read) != PER_CALL ||
	    modbus_write_bits(modbus, at, PER_CALL, coils) != PER_CALL ||
	    modbus_read_bits(modbus, at, PER_CALL, read_coils) != PER_CALL)
		return fail("a request");
	errno = EMBBADDATA;
	if (memcmp(written, read, sizeof(read)) != 0 || memcmp(coils, read_coils, PER_CALL) != 0)
		return fail("what was written is not what is read");
	return 0;
}

static int drive(modbus_t *modbus)
{
	uint16_t value;

	if (modbus_set_slave(modbus, UNIT) < 0 || modbus_connect(modbus) < 0)
		return fail("connect");
	for (int round = 0; round < ROUNDS; round++)
		if (drive_round(modbus, round))
			return 1;
	/* The server's exceptions come through as well. */
	if (modbus_read_registers(modbus, SIZE, 1, &value) != -1 || errno != EMBXILADD)
		return fail("a register that is none");
	modbus_close(modbus);
	printf("%d rounds\n", ROUNDS);
	return 0;
}

int main(int argc, char **argv)
{
	modbus_t *modbus = argc == 3 ? modbus_new_tcp(ADDRESS, atoi(argv[2])) : NULL;
	int code = 2;

	if (!modbus)
		fprintf(stderr, "usage: modbus-peer serve|drive PORT\n");
	else if (strcmp(argv[1], "serve") == 0)
		code = serve(modbus);
	else if (strcmp(argv[1], "drive") == 0)
		code = drive(modbus);
	modbus_free(modbus);
	return code;
}
