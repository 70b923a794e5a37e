#include "tls_dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/err.h>

enum { PATIENCE_S = 30 };

_Noreturn void tls_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(2);
}

SSL_CTX *tls_dial_context(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (!tls || !SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) ||
	    !SSL_CTX_set1_sigalgs_list(tls, "ECDSA+SHA256:RSA-PSS+SHA256"))
		tls_die("a TLS client");
	/* The certificate is anyone's; the signature with its key is verified all the same. */
	SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	return tls;
}

static int connect_by(int family, const void *address, socklen_t len)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(fd, address, len) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int connect_to(const char *place)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct sockaddr_in port = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (*place == ':') {
		port.sin_port = htons((uint16_t)strtoul(place + 1, NULL, 10));
		return connect_by(AF_INET, &port, sizeof(port));
	}
	snprintf(path.sun_path, sizeof(path.sun_path), "%s", place);
	return connect_by(AF_UNIX, &path, sizeof(path));
}

bool tls_is_listening(const char *place)
{
	int fd = connect_to(place);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

SSL *tls_dial(SSL_CTX *tls, const char *place)
{
	int fd = connect_to(place);
	SSL *ssl;

	if (fd < 0)
		return NULL;
	ssl = SSL_new(tls);
	if (!ssl || SSL_set_fd(ssl, fd) != 1)
		tls_die("a TLS connection");
	ERR_clear_error();
	if (SSL_connect(ssl) == 1)
		return ssl;
	SSL_free(ssl);
	close(fd);
	return NULL;
}

void tls_hang_up(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_free(ssl);
	close(fd);
}
