#include "settings.h"

#include "../../support/conf_told.h"

#include <stdlib.h>

#define BEGIN "[keystore-https]\n"

static struct https_settings *settings;

static bool settings_are(const char *text)
{
	FILE *file = conf_told_open(text, strlen(text));
	bool is_fine;

	https_settings_free(settings);
	settings = NULL;
	is_fine = https_settings_read(file, conf_told, NULL, &settings);
	fclose(file);
	return is_fine;
}

static void reads(const char *text)
{
	cr_assert(settings_are(text), "%s", told);
	cr_assert_str_eq(told, "");
}

static void refuses(const char *text, const char *fault)
{
	cr_assert(!settings_are(text), "%s", text);
	cr_assert(strcmp(told, fault) == 0, "said\n%sinstead of\n%s", told, fault);
}

static void end(void)
{
	https_settings_free(settings);
	settings = NULL;
}

TestSuite(settings, .fini = end);

static void has_defaults(const struct https_settings *found)
{
	cr_expect(!found->is_enabled);
	cr_expect_str_eq(found->service, "web-server");
	cr_expect_eq(found->place_count, 1);
	cr_expect_str_eq(found->places[0].host, "");
	cr_expect_eq(found->places[0].port, 443);
	cr_expect_eq(found->client_certificate, HTTPS_CLIENT_NONE);
	cr_expect_str_eq(found->group, "https");
	cr_expect(found->allows_tls12);
	cr_expect_eq(found->handshakes_max, 256);
	cr_expect_eq(found->handshakes_of_address, 32);
	cr_expect_eq(found->handshake_ms, 10000);
	cr_expect_eq(found->recheck_s, 3600);
	cr_expect_eq(found->connections_max, 600);
	cr_expect_eq(found->connections_of_address, 64);
	cr_expect_eq(found->idle_ms, 60000);
	cr_expect_eq(found->request_ms, 20000);
	cr_expect_eq(found->body_max, 524288);
	cr_expect_str_eq(found->data_images, "/run/keystore-ouc");
	cr_expect_str_eq(found->data_control, "/run/keystore-ouc/control.sock");
}

Test(settings, have_defaults_and_are_off)
{
	reads("");
	has_defaults(settings);
	cr_expect_str_eq(settings->socket, "");
	cr_expect_str_eq(settings->name, "");
	cr_expect_str_eq(settings->location, "");
	cr_expect(!settings->redirects);
	cr_expect_eq(settings->name_count, 0);
	reads(BEGIN "Enabled = yes\n");
	cr_expect(settings->is_enabled);
}

Test(settings, read_every_field)
{
	reads(BEGIN
	      "Enabled = yes\nSocket = /run/k.sock\nService = web-2\nListen = 192.0.2.1:8443, "
	      "[2001:db8::1]:8443\nListen = 9443\nRedirectHTTP = 192.0.2.1:80\n"
	      "Name = Pumpe M\xc3\xbcnchen\nLocation = Hall 3, \"left\"\n"
	      "ServerNames = Gateway7 gateway7.Plant.example.\nServerNames = 192.0.2.1,"
	      "2001:DB8::1\nClientCertificate = optional\nTrustGroup = staff\nTLS12 = no\n"
	      "HandshakesMax = 20\nHandshakesPerAddress = 10\nHandshakeTimeout = 3 s\n"
	      "ConnectionsMax = 30\nConnectionsPerAddress = 5\nIdleTimeout = 2 min\n"
	      "RequestTimeout = 5 s\nBodyMax = 1 MiB\nDataImages = /run/o\n"
	      "DataControl = /run/c.sock\nRecheckInterval = 10 min\n");
	cr_expect(settings->is_enabled);
	cr_expect_str_eq(settings->socket, "/run/k.sock");
	cr_expect_str_eq(settings->service, "web-2");
	cr_assert_eq(settings->place_count, 3);
	cr_expect_str_eq(settings->places[0].host, "192.0.2.1");
	cr_expect_eq(settings->places[0].port, 8443);
	cr_expect_str_eq(settings->places[1].host, "2001:db8::1");
	cr_expect_str_eq(settings->places[2].host, "");
	cr_expect_eq(settings->places[2].port, 9443);
	cr_expect(settings->redirects);
	cr_expect_str_eq(settings->redirect.host, "192.0.2.1");
	cr_expect_eq(settings->redirect.port, 80);
	cr_expect_str_eq(settings->name, "Pumpe M\xc3\xbcnchen");
	cr_expect_str_eq(settings->location, "Hall 3, \"left\"");
	cr_assert_eq(settings->name_count, 4);
	cr_expect_str_eq(settings->names[0], "gateway7");
	cr_expect_str_eq(settings->names[1], "gateway7.plant.example");
	cr_expect_str_eq(settings->names[2], "192.0.2.1");
	cr_expect_str_eq(settings->names[3], "2001:db8::1");
	cr_expect_eq(settings->client_certificate, HTTPS_CLIENT_OPTIONAL);
	cr_expect_str_eq(settings->group, "staff");
	cr_expect(!settings->allows_tls12);
	cr_expect_eq(settings->handshakes_max, 20);
	cr_expect_eq(settings->handshakes_of_address, 10);
	cr_expect_eq(settings->handshake_ms, 3000);
	cr_expect_eq(settings->connections_max, 30);
	cr_expect_eq(settings->connections_of_address, 5);
	cr_expect_eq(settings->idle_ms, 120000);
	cr_expect_eq(settings->request_ms, 5000);
	cr_expect_eq(settings->body_max, 1048576);
	cr_expect_str_eq(settings->data_images, "/run/o");
	cr_expect_str_eq(settings->data_control, "/run/c.sock");
	cr_expect_eq(settings->recheck_s, 600);
}

Test(settings, find_the_control_socket_beside_the_images)
{
	reads(BEGIN "DataImages = /run/line-2\n");
	cr_expect_str_eq(settings->data_control, "/run/line-2/control.sock");
}

Test(settings, tell_what_each_field_takes)
{
	refuses(BEGIN "Enabled = TRUE\n",
		"2 [keystore-https] Enabled: \"TRUE\" is not possible; it takes yes or no\n");
	refuses(BEGIN "ClientCertificate = \n", "2 [keystore-https] ClientCertificate: \"\" is not "
						"possible; it takes none, optional "
						"or required\n");
	refuses(BEGIN "BodyMax = 2 MiB\n", "2 [keystore-https] BodyMax: \"2 MiB\" is not possible; "
					   "it takes a size from 64 KiB "
					   "to 1 MiB, as 64 KiB or 65536\n");
	refuses(BEGIN "BodyMax = 65535\n", "2 [keystore-https] BodyMax: \"65535\" is not possible; "
					   "it takes a size from 64 KiB "
					   "to 1 MiB, as 64 KiB or 65536\n");
	refuses(BEGIN "IdleTimeout = 500 ms\n",
		"2 [keystore-https] IdleTimeout: \"500 ms\" is not possible; it takes a time from "
		"1 s to 1 h, as 500 ms, 5 s, 1 h or T#5s\n");
	refuses(BEGIN "Service = a b\n",
		"2 [keystore-https] Service: \"a b\" is not possible; it takes the name of a "
		"service: 1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter\n");
	refuses(BEGIN "Listn = 1\n",
		"2 [keystore-https] Listn: there is no such field; did you mean "
		"Listen?\n");
	refuses(BEGIN "Certificate = 1\n", "2 [keystore-https] Certificate: there is no such "
					   "field; keystore-https.conf(5) has "
					   "the list\n");
	refuses("[https]\nX = 1\n",
		"1 [https] : there is no such section; there is [keystore-https] alone\n");
	refuses(BEGIN BEGIN "Enabled = yes\n",
		"2 [keystore-https] : line 1 has this section already; join the two\n");
	refuses("Enabled = yes\n", "1 [] Enabled: it stands before the first section; put "
				   "[keystore-https] above it\n");
	refuses(BEGIN "TLS12 = no\nTLS12 = no\n",
		"3 [keystore-https] TLS12: line 2 gives it already; leave one of the two\n");
}

Test(settings, tell_every_problem)
{
	refuses(BEGIN "Enabled = 1\nTLS12 = 1\n",
		"2 [keystore-https] Enabled: \"1\" is not possible; it takes yes or no\n"
		"3 [keystore-https] TLS12: \"1\" is not possible; it takes yes or no\n");
}

Test(settings, take_no_place_that_is_none)
{
	static const char *const places[] = {"",
					     ",",
					     "0",
					     "65536",
					     "gateway:443",
					     "192.0.2.1",
					     "192.0.2.1:0",
					     "192.0.2.256:443",
					     "2001:db8::1:443x",
					     "[2001:db8::1]",
					     "unix:/run/x.sock",
					     "443 x",
					     "1,2,3,4,5,6,7,8,9"};
	char text[128];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(text, sizeof(text), BEGIN "Listen = %s\n", places[i]);
		cr_expect(!settings_are(text), "%s", places[i]);
		snprintf(text, sizeof(text), BEGIN "RedirectHTTP = %s\n", places[i]);
		cr_expect(!settings_are(text), "%s", places[i]);
	}
	reads(BEGIN "Listen = 1 2 3 4 5 6 7\nListen = 8\n");
	cr_expect_eq(settings->place_count, HTTPS_PLACES_MAX);
	cr_assert(!settings_are(BEGIN "Listen = 1 2 3 4 5 6 7 8\nListen = 9\n"));
	cr_expect_not_null(strstr(told, "3 [keystore-https] Listen: \"9\" is not possible"));
	cr_expect(!settings_are(BEGIN "RedirectHTTP = 80 81\n"));
}

Test(settings, take_no_name_that_is_none)
{
	static const char *const names[] = {"",		 "a b_c",   "-a", "a..b", "192.0.2.1:443",
					    "[::1]",	 "0.0.0.0", "::", "*",	  "224.0.0.1",
					    "a.example/"};
	char text[192];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), BEGIN "ServerNames = %s\n", names[i]);
		cr_expect(!settings_are(text), "%s", names[i]);
	}
	reads(BEGIN "ServerNames = a b c d e f g h i j k l m n o p\n");
	cr_expect_eq(settings->name_count, HTTPS_NAMES_MAX);
	cr_expect(!settings_are(BEGIN "ServerNames = a b c d e f g h i j k l m n o p\n"
				      "ServerNames = q\n"));
}

Test(settings, bound_the_texts_of_the_identification)
{
	char text[HTTPS_TEXT_MAX + 64] = BEGIN "Name = ";
	size_t len = strlen(text);

	memset(text + len, 'n', HTTPS_TEXT_MAX);
	reads(text);
	cr_expect_eq(strlen(settings->name), HTTPS_TEXT_MAX);
	text[len + HTTPS_TEXT_MAX] = 'n';
	cr_expect(!settings_are(text));
	cr_expect(!settings_are(BEGIN "Location =\n"));
}

Test(settings, keep_places_apart)
{
	refuses(BEGIN "Listen = 443\nListen = 192.0.2.1:443\n",
		"3 [keystore-https] Listen: line 2 has port 443 at this address already; leave one "
		"of the two\n");
	refuses(BEGIN "Listen = 192.0.2.1:443 0.0.0.0:443\n",
		"2 [keystore-https] Listen: line 2 has port 443 at this address already; leave one "
		"of the two\n");
	refuses(BEGIN "RedirectHTTP = 443\n", "2 [keystore-https] RedirectHTTP: HTTPS has port 443 "
					      "at this address; give another, as 80\n");
	reads(BEGIN "Listen = [::]:443 0.0.0.0:443 127.0.0.1:8443 [::1]:8443\n"
		    "RedirectHTTP = 127.0.0.1:80\n");
	reads(BEGIN "Listen = 192.0.2.1:443\nRedirectHTTP = 192.0.2.2:443\n");
}

Test(settings, let_no_address_have_more_than_all)
{
	refuses(BEGIN "ConnectionsMax = 10\nConnectionsPerAddress = 11\n",
		"3 [keystore-https] ConnectionsPerAddress: it is more than ConnectionsMax, 10; "
		"give "
		"at most that\n");
	refuses(BEGIN "HandshakesPerAddress = 257\n",
		"2 [keystore-https] HandshakesPerAddress: it is more than HandshakesMax, 256; give "
		"at most that\n");
	reads(BEGIN "ConnectionsMax = 10\nHandshakesMax = 5\n");
	cr_expect_eq(settings->connections_of_address, 10);
	cr_expect_eq(settings->handshakes_of_address, 5);
	refuses(BEGIN "ConnectionsMax = 0\nConnectionsPerAddress = 700\n",
		"2 [keystore-https] ConnectionsMax: \"0\" is not possible; it takes a number from "
		"1 "
		"to 65535, as 65535 or 16#FFFF\n");
}

Test(settings, warn_of_a_trust_group_that_judges_nobody)
{
	cr_assert(settings_are(BEGIN "TrustGroup = https\n"));
	cr_expect_str_eq(told,
			 "~2 [keystore-https] TrustGroup: ClientCertificate is none, so there "
			 "is nobody to judge by it\n");
	reads(BEGIN "ClientCertificate = required\nTrustGroup = https\n");
}

/* What the manual and the package show as a configuration is one. */

#define MANUAL	KEYSTORE_SOURCE_DIR "/docs/man/keystore-https.conf.5"
#define PACKAGE KEYSTORE_SOURCE_DIR "/packaging/keystore-https.conf"

Test(settings, of_the_manual_can_be_read)
{
	cr_assert_eq(conf_examples(MANUAL, reads), 1);
}

Test(settings, of_the_package_are_off)
{
	char *text = conf_text(PACKAGE);

	reads(text);
	has_defaults(settings);
	free(text);
}

Test(settings, of_the_package_show_the_defaults)
{
	char *text = conf_text(PACKAGE);

	conf_uncomment(text);
	cr_assert(settings_are(text), "%s", told);
	has_defaults(settings);
	cr_expect_str_eq(settings->socket, "/run/keystored/keystored.sock");
	free(text);
}
