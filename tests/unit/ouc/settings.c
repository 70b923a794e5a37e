#include "settings.h"

#include "settings_text.h"

TestSuite(settings, .fini = settings_text_end);

Test(settings, has_defaults)
{
	reads("");
	cr_assert_str_eq(settings->socket, "");
	cr_assert_str_eq(settings->runtime, "/run/keystore-ouc");
	cr_assert_eq(settings->handshakes_max, 256);
	cr_assert_eq(settings->handshakes_of_address, 32);
	cr_assert_eq(settings->handshake_ms, 10000);
	cr_assert_eq(settings->recheck_s, 3600);
	cr_assert_eq(settings->block_count, 0);
	cr_assert_eq(settings->connection_count, 0);
	reads(BLOCKS CLIENT "TSEND_C = Out\n");
	const struct connection_settings *connection = &settings->connections[0];

	cr_assert_str_eq(connection->interface, "");
	cr_assert_eq(connection->local_port, 0);
	cr_assert(connection->is_secure && !connection->wants_client_cert);
	cr_assert(connection->checks_name && connection->allows_tls12);
	cr_assert_eq(connection->server_cert, 0);
	cr_assert_eq(connection->client_cert, 0);
	cr_assert_null(connection->receive_data);
	cr_assert_eq(connection->send_on, SEND_ON_REQUEST);
	cr_assert(connection->keeps_open && connection->is_enabled && !connection->is_forward);
	cr_assert_eq(connection->forward_max, 64);
	cr_assert_str_eq(connection->group, "ouc");
	cr_assert_eq(connection->events, EVENTS_DATA);
	cr_assert_eq(connection->message_ms, 5000);
}

Test(settings, reads_every_field_of_a_client)
{
	reads("[keystore-ouc]\nSocket = /run/k.sock\nRuntimeDirectory = /run/ouc\n"
	      "HandshakesMax = 20\nHandshakesPerAddress = 16#0A\nHandshakeTimeout = 3 s\n"
	      "RecheckInterval = 2 min ; often\n"
	      "[Send]\nType = TCON_IP_V4_SEC\nInterfaceId = eth0\nID = 4095\n"
	      "ConnectionType = 16#0B\nActiveEstablished = true\nRemoteAddress = 192.0.2.20\n"
	      "RemotePort = 2000\nLocalPort = 2001\nActivateSecureConn = True\n"
	      "TLSServerReqClientCert = FALSE\nExtTLSCapabilities = 16#0001\n"
	      "TLSServerCertRef = 3\nTLSClientCertRef = 9223372036854775807\n"
	      "TSEND_C = Send_Data\nTRCV_C = In\nREQ = T#100ms\nCONT = FALSE\nEN_R = FALSE\n"
	      "TrustGroup = line-1\nMinimumTLS = 1.3\nEvents = off\nMessageTimeout = 250 ms\n"
	      "[block Send_Data]\nVar1 = Bool\nVar2 = String\nValues = Array[0..9] of Real\n"
	      "[block In]\nVar1 = Int\n");
	const struct connection_settings *connection = &settings->connections[0];

	cr_assert_str_eq(settings->socket, "/run/k.sock");
	cr_assert_str_eq(settings->runtime, "/run/ouc");
	cr_assert_eq(settings->handshakes_max, 20);
	cr_assert_eq(settings->handshakes_of_address, 10);
	cr_assert_eq(settings->handshake_ms, 3000);
	cr_assert_eq(settings->recheck_s, 120);
	cr_assert_eq(settings->block_count, 2);
	cr_assert_eq(settings->blocks[0]->field_count, 3);
	cr_assert_eq(settings->connection_count, 1);
	cr_assert_str_eq(connection->name, "Send");
	cr_assert_eq(connection->line, 8);
	cr_assert_eq(connection->type, TCON_IP_V4_SEC);
	cr_assert_str_eq(connection->interface, "eth0");
	cr_assert_eq(connection->id, 4095);
	cr_assert(connection->is_active && connection->is_secure && connection->checks_name);
	cr_assert_str_eq(connection->remote, "192.0.2.20");
	cr_assert_eq(connection->remote_port, 2000);
	cr_assert_eq(connection->local_port, 2001);
	cr_assert_eq(connection->server_cert, 3);
	cr_assert_eq(connection->client_cert, INT64_MAX);
	cr_assert_eq(connection->send_data, settings->blocks[0]);
	cr_assert_eq(connection->receive_data, settings->blocks[1]);
	cr_assert_eq(connection->send_on, SEND_ON_CYCLE);
	cr_assert_eq(connection->cycle_ms, 100);
	cr_assert(!connection->keeps_open && !connection->is_enabled);
	cr_assert_str_eq(connection->group, "line-1");
	cr_assert(!connection->allows_tls12);
	cr_assert_eq(connection->events, EVENTS_OFF);
	cr_assert_eq(connection->message_ms, 250);
}

Test(settings, reads_a_server)
{
	reads(BLOCKS SERVER "TLSServerReqClientCert = TRUE\nTLSClientCertRef = 4\nTRCV_C = In\n"
			    "RemoteAddress = 192.0.2.10\nEvents = state\n");
	const struct connection_settings *connection = &settings->connections[0];

	cr_assert(!connection->is_active && connection->wants_client_cert);
	cr_assert_eq(connection->local_port, 2000);
	cr_assert_eq(connection->server_cert, 7);
	cr_assert_eq(connection->client_cert, 4);
	cr_assert_str_eq(connection->remote, "192.0.2.10");
	cr_assert_eq(connection->events, EVENTS_STATE);
}

Test(settings, take_names_and_both_families_of_addresses)
{
	reads(BLOCKS "[Send]\nType = TCON_QDN_SEC\nID = 1\nActiveEstablished = TRUE\n"
		     "RemoteQDN = PLC-2.plant.example.\nRemotePort = 2000\nTSEND_C = Out\n"
		     "[Receive]\nType = TCON_IP_V6_SEC\nID = 2\nActiveEstablished = FALSE\n"
		     "RemoteAddress = 2001:DB8:0::1\nLocalPort = 2000\nTLSServerCertRef = 7\n"
		     "TRCV_C = In\n");
	cr_assert_eq(settings->connections[0].type, TCON_QDN_SEC);
	cr_assert_str_eq(settings->connections[0].remote, "plc-2.plant.example");
	cr_assert_eq(settings->connections[1].type, TCON_IP_V6_SEC);
	cr_assert_str_eq(settings->connections[1].remote, "2001:db8::1");
	cr_assert_str_eq(settings_type_name(TCON_IP_V4_SEC), "TCON_IP_V4_SEC");
	cr_assert_str_eq(settings_type_name(TCON_IP_V6_SEC), "TCON_IP_V6_SEC");
	cr_assert_str_eq(settings_type_name(TCON_QDN_SEC), "TCON_QDN_SEC");
}

Test(settings, take_a_passive_peer_of_any_address)
{
	reads(BLOCKS SERVER "RemoteAddress = 0.0.0.0\nRemotePort = 0\nTRCV_C = In\n");
	cr_assert_str_eq(settings->connections[0].remote, "");
}

Test(settings, read_forwards)
{
	reads(CLIENT "Forward = 127.0.0.1:502\nForwardMax = 3\n");
	cr_assert(settings->connections[0].is_forward);
	cr_assert_str_eq(settings->connections[0].plain_host, "127.0.0.1");
	cr_assert_eq(settings->connections[0].plain_port, 502);
	cr_assert_eq(settings->connections[0].forward_max, 3);
	reads(SERVER "Forward = [::1]:502\n");
	cr_assert_str_eq(settings->connections[0].plain_host, "::1");
	reads(SERVER "Forward = unix:/run/x.sock\n");
	cr_assert_str_eq(settings->connections[0].plain_host, "/run/x.sock");
	cr_assert_eq(settings->connections[0].plain_port, 0);
}

Test(settings, read_what_starts_a_message)
{
	reads(BLOCKS CLIENT "TSEND_C = Out\nREQ = change\n");
	cr_assert_eq(settings->connections[0].send_on, SEND_ON_CHANGE);
	reads(BLOCKS CLIENT "TSEND_C = Out\nREQ = request\n");
	cr_assert_eq(settings->connections[0].send_on, SEND_ON_REQUEST);
	reads(BLOCKS CLIENT "TSEND_C = Out\nREQ = 1 d\n");
	cr_assert_eq(settings->connections[0].send_on, SEND_ON_CYCLE);
	cr_assert_eq(settings->connections[0].cycle_ms, 86400000);
}

Test(settings, are_indented_commented_and_saved_by_other_systems)
{
	reads("\xef\xbb\xbf[block Out] ; what goes out\r\n  Var1 = Bool\r\n\tVar2: Int ; \xc2\xb0"
	      "C\r\n\r\n# a\r\n  ; b\r\n[ block\tIn ] # c\r\nVar1=Bool");
	cr_assert_eq(settings->block_count, 2);
	cr_assert_eq(settings->blocks[0]->field_count, 2);
	cr_assert_str_eq(settings->blocks[1]->name, "In");
}

Test(settings, read_names_and_lines_as_long_as_they_may_be)
{
	char text[2048];
	char name[DATA_NAME_MAX + 2];

	memset(name, 'a', DATA_NAME_MAX);
	name[DATA_NAME_MAX] = '\0';
	snprintf(text, sizeof(text), "[block %s]\n%s = Bool\n[%s]\n%sTSEND_C = %s\n", name, name,
		 name, strchr(CLIENT, '\n') + 1, name);
	reads(text);
	cr_assert_str_eq(settings->connections[0].name, name);
	cr_assert_str_eq(settings->connections[0].send_data->name, name);
	snprintf(text, sizeof(text), "#%195s\r\n", "");
	reads(text);
	snprintf(text, sizeof(text), "[keystore-ouc]\n%196s\nSocket = /a\n", "");
	reads(text);
	snprintf(text, sizeof(text), "[keystore-ouc]\n#%196s\nSocket = a\n", "");
	refuses(text,
		"2 [keystore-ouc] : the line is too long; it may have 196 bytes\n"
		"3 [keystore-ouc] Socket: \"a\" is not possible; it takes an absolute path of "
		"at most 107 characters, without // and ..\n");
	snprintf(text, sizeof(text), "[keystore-ouc]\n#%8000s", "");
	refuses(text, "2 [keystore-ouc] : the line is too long; it may have 196 bytes\n");
	name[DATA_NAME_MAX] = 'a';
	name[DATA_NAME_MAX + 1] = '\0';
	snprintf(text, sizeof(text), "[block %s]\n", name);
	cr_assert(!settings_text_read(text, strlen(text)));
	cr_assert_not_null(strstr(told, "is no name of a block"), "%s", told);
	snprintf(text, sizeof(text), "[%s]\n", name);
	cr_assert(!settings_text_read(text, strlen(text)));
	cr_assert_not_null(strstr(told, "there is no such section"), "%s", told);
}

Test(settings, are_refused_where_a_line_is_no_text)
{
	static const char nul[] = "[keystore-ouc]\nSocket = /a\0b\n";

	cr_assert(!settings_text_read(nul, sizeof(nul) - 1));
	cr_assert_str_eq(told, "2 [keystore-ouc] : the line holds a control character; write it "
			       "anew\n");
	refuses("# \x1b[2J\n", "1 [] : the line holds a control character; write it anew\n");
	refuses("# a\rb\n", "1 [] : the line holds a control character; write it anew\n");
	refuses("# \xc2\x9b"
		"2J\n",
		"1 [] : the line holds a control character; write it anew\n");
	refuses("# \xe4\n", "1 [] : the line is not in UTF-8; save the file in that encoding\n");
}

Test(settings, are_refused_where_the_file_cannot_be_read)
{
	FILE *directory = fopen("/", "r");

	cr_assert_not_null(directory);
	cr_assert(!settings_read(directory, conf_told, NULL, &settings));
	cr_assert_str_eq(told, "0 [] : the file cannot be read to its end\n");
	fclose(directory);
}

static char *many_blocks(unsigned count)
{
	size_t room = (size_t)count * 32 + 1;
	char *text = calloc(1, room);
	size_t used = 0;

	for (unsigned i = 1; i <= count; i++)
		used += (size_t)snprintf(text + used, room - used, "[block b%u]\na = Bool\n", i);
	return text;
}

Test(settings, take_so_many_blocks_and_no_more)
{
	char *text = many_blocks(SETTINGS_BLOCKS_MAX);

	reads(text);
	cr_assert_eq(settings->block_count, SETTINGS_BLOCKS_MAX);
	free(text);
	text = many_blocks(SETTINGS_BLOCKS_MAX + 2);
	refuses(text, "2049 [block b1025] : there are more than 1024 blocks; divide them among "
		      "several keystore-ouc\n");
	free(text);
}

static char *many_connections(unsigned count)
{
	size_t room = (size_t)count * 160 + 64;
	char *text = calloc(1, room);
	size_t used = (size_t)snprintf(text, room, "%s", BLOCKS);

	for (unsigned i = 1; i <= count; i++)
		used += (size_t)snprintf(text + used, room - used,
					 "[c%u]\nType = TCON_IP_V4_SEC\nID = %u\n"
					 "ActiveEstablished = TRUE\nRemoteAddress = 192.0.2.20\n"
					 "RemotePort = 2000\nTSEND_C = Out\n",
					 i, i);
	return text;
}

Test(settings, take_so_many_connections_and_no_more)
{
	char *text = many_connections(SETTINGS_CONNECTIONS_MAX);

	reads(text);
	cr_assert_eq(settings->connection_count, SETTINGS_CONNECTIONS_MAX);
	cr_assert_eq(settings->connections[4094].id, 4095);
	free(text);
	text = many_connections(SETTINGS_CONNECTIONS_MAX + 2);
	refuses(text, "28670 [c4096] : there are more than 4095 connections; divide them among "
		      "several keystore-ouc\n");
	free(text);
}
