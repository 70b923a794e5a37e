/* tpm-proxy: a swtpm that behaves like a chip, or misbehaves as a test wants it to. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy.h"
#include "wire.h"

static const char usage[] =
	"tpm-proxy --listen PATH --tpm PATH [OPTION...]\n"
	"    Serves a TPM at PATH (and PATH.ctrl), for the TCTI swtpm:path=PATH, by the swtpm at\n"
	"    --tpm. Commands are counted; SIGUSR1 and the end write the counts.\n"
	"  --chip PROFILE     takes as long as a chip: %s\n"
	"  --counts FILE      where the counts go, as JSON\n"
	"  --control PATH     a socket for orders\n"
	"  --pss-salt max     RSAPSS signatures have the largest salt, as those of many chips\n"
	"\n"
	"tpm-proxy --tell PATH ORDER...\n"
	"    Gives an order at a --control socket:\n"
	"      stall|drop|lose [COUNT|all [COMMAND]]    fail RC [COUNT|all [COMMAND]]\n"
	"      delay MS    stop    go    clear    counts    zero\n";

static int tell(const char *path, char **words)
{
	char line[256] = "", answer[8192];
	int fd = wire_connect(path);
	ssize_t got;

	if (fd < 0) {
		fprintf(stderr, "tpm-proxy: %s: %s\n", path, strerror(errno));
		return 1;
	}
	for (; *words; words++) {
		strncat(line, *words, sizeof(line) - strlen(line) - 2);
		strcat(line, words[1] ? " " : "\n");
	}
	wire_send(fd, (const uint8_t *)line, strlen(line));
	got = read(fd, answer, sizeof(answer) - 1);
	answer[got > 0 ? got : 0] = '\0';
	fputs(answer, stdout);
	close(fd);
	return got > 0 && strncmp(answer, "error", 5) != 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"listen", required_argument, NULL, 'l'},
		{"tpm", required_argument, NULL, 't'},
		{"chip", required_argument, NULL, 'c'},
		{"counts", required_argument, NULL, 'n'},
		{"control", required_argument, NULL, 'o'},
		{"pss-salt", required_argument, NULL, 's'},
		{"tell", required_argument, NULL, 'T'},
		{0},
	};
	struct proxy_config config = {0};
	struct proxy *proxy;
	bool is_fine;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			config.listen = optarg;
			break;
		case 't':
			config.tpm = optarg;
			break;
		case 'c':
			config.chip = chip_find(optarg);
			if (!config.chip) {
				fprintf(stderr, "tpm-proxy: no chip \"%s\", only %s\n", optarg,
					chip_names());
				return 2;
			}
			break;
		case 'n':
			config.counts = optarg;
			break;
		case 'o':
			config.control = optarg;
			break;
		case 's':
			config.pss_salt_max = !strcmp(optarg, "max");
			break;
		case 'T':
			return tell(optarg, argv + optind);
		default:
			fprintf(stderr, usage, chip_names());
			return 2;
		}
	}
	if (!config.listen || !config.tpm) {
		fprintf(stderr, usage, chip_names());
		return 2;
	}
	proxy = proxy_new(&config);
	is_fine = proxy && proxy_run(proxy);
	if (!is_fine)
		fprintf(stderr, "tpm-proxy: %s: %s\n", config.listen, strerror(errno));
	proxy_free(proxy);
	return is_fine ? 0 : 1;
}
