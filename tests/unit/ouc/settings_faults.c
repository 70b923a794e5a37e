/* Bad configurations, and all that is said about each. */
#include "settings.h"

#include "settings_text.h"

TestSuite(settings_faults, .fini = settings_text_end);

struct bad {
	const char *text;
	const char *faults;
};

static void refuses_all(const struct bad *bad, size_t count)
{
	for (size_t i = 0; i < count; i++)
		refuses(bad[i].text, bad[i].faults);
}

#define REFUSES(...)                                                                               \
	do {                                                                                       \
		const struct bad bad[] = {__VA_ARGS__};                                            \
		refuses_all(bad, sizeof(bad) / sizeof(bad[0]));                                    \
	} while (0)

Test(settings_faults, tell_what_a_section_is_not)
{
	REFUSES({"Socket = /a\nID = 1\n",
		 "1 [] Socket: it stands before the first section; put [keystore-ouc], [block "
		 "NAME] or a connection's [NAME] above it\n"},
		{"[Send\n[Send] x\n", "1 [] : a section's name stands between [ and ], with "
				      "nothing behind it\n"
				      "2 [] : a section's name stands between [ and ], with "
				      "nothing behind it\n"},
		{"[blok Out]\nVar1 = Bool\n",
		 "1 [blok Out] : there is no such section; did you mean [block Out]?\n"},
		{"[2nd]\n", "1 [2nd] : there is no such section; there are [keystore-ouc], [block "
			    "NAME], and a connection's name: 1 to 63 letters, digits, _ and -, a "
			    "letter or _ first\n"},
		{"[]\n", "1 [] : there is no such section; there are [keystore-ouc], [block NAME], "
			 "and a connection's name: 1 to 63 letters, digits, _ and -, a letter or "
			 "_ first\n"},
		{"[block]\n", "1 [block] : \"\" is no name of a block; give 1 to 63 letters, "
			      "digits, _ and -, a letter or _ first\n"},
		{"[block a/b]\n", "1 [block a/b] : \"a/b\" is no name of a block; give 1 to 63 "
				  "letters, digits, _ and -, a letter or _ first\n"},
		{"[keystore-ouc]\n[keystore-ouc]\n",
		 "2 [keystore-ouc] : line 1 has this section already; join the two, or give one "
		 "another name\n"},
		{BLOCKS "[block Out]\nx = y\n",
		 "5 [block Out] : line 1 has this section already; join the two, or give one "
		 "another name\n"},
		{BLOCKS CLIENT "TSEND_C = Out\n[Send]\n",
		 "12 [Send] : line 5 has this section already; join the two, or give one another "
		 "name\n"},
		{BLOCKS CLIENT "TSEND_C = Out\nREQ\n= 5\n",
		 "12 [Send] : the line is neither a [section] nor FIELD = VALUE; a comment begins "
		 "with # or ;\n"
		 "13 [Send] : there is no such field; keystore-ouc.conf(5) has the list\n"},
		{"[keystore-ouc]\nnonsense",
		 "2 [keystore-ouc] : the line is neither a [section] nor FIELD = VALUE; a comment "
		 "begins with # or ;\n"});
}

Test(settings_faults, tell_which_field_was_meant)
{
	REFUSES({"[keystore-ouc]\nsocket = /a\nHandshakeMax = 3\nPort = 5\nID = 4\n",
		 "2 [keystore-ouc] socket: there is no such field; did you mean Socket?\n"
		 "3 [keystore-ouc] HandshakeMax: there is no such field; did you mean "
		 "HandshakesMax?\n"
		 "4 [keystore-ouc] Port: there is no such field; keystore-ouc.conf(5) has the "
		 "list\n"
		 "5 [keystore-ouc] ID: this field belongs into the section of a connection\n"},
		{BLOCKS CLIENT "TSEND_C = Out\nRemoteAdress = 192.0.2.1\nSocket = /a\n",
		 "12 [Send] RemoteAdress: there is no such field; did you mean RemoteAddress?\n"
		 "13 [Send] Socket: this field belongs into [keystore-ouc]\n"},
		{BLOCKS CLIENT "TSEND_C = Out\nID = 2\n",
		 "12 [Send] ID: line 7 gives it already; leave one of the two\n"},
		{"[keystore-ouc]\nSocket = /a\nSocket = /b\n",
		 "3 [keystore-ouc] Socket: line 2 gives it already; leave one of the two\n"});
}

Test(settings_faults, tell_what_a_general_field_takes)
{
	REFUSES({"[keystore-ouc]\nSocket = k.sock\nRuntimeDirectory = /run/../ouc\n"
		 "HandshakesMax = 0\nHandshakesPerAddress = many\nHandshakeTimeout = 10\n"
		 "RecheckInterval = 1500 ms\n",
		 "2 [keystore-ouc] Socket: \"k.sock\" is not possible; it takes an absolute path "
		 "of "
		 "at most 107 characters, without // and ..\n"
		 "3 [keystore-ouc] RuntimeDirectory: \"/run/../ouc\" is not possible; it takes an "
		 "absolute path of at most 87 characters, so that the control socket's fits, "
		 "without // and ..\n"
		 "4 [keystore-ouc] HandshakesMax: \"0\" is not possible; it takes a number from 1 "
		 "to 65535, as 65535 or 16#FFFF\n"
		 "5 [keystore-ouc] HandshakesPerAddress: \"many\" is not possible; it takes a "
		 "number from 1 to 65535, as 65535 or 16#FFFF\n"
		 "6 [keystore-ouc] HandshakeTimeout: \"10\" is not possible; it takes a time from "
		 "100 ms to 10 min, as 500 ms, 5 s, 1 h or T#5s\n"
		 "7 [keystore-ouc] RecheckInterval: \"1500 ms\" is not possible; it takes a time "
		 "from 1 s to 7 d, of whole seconds, as 500 ms, 5 s, 1 h or T#5s\n"},
		{"[keystore-ouc]\nHandshakesMax = 20\nHandshakesPerAddress = 21\n",
		 "3 [keystore-ouc] HandshakesPerAddress: it is more than HandshakesMax, 20; give "
		 "at "
		 "most that\n"});
	reads("[keystore-ouc]\nHandshakesMax = 20\n");
	cr_assert_eq(settings->handshakes_of_address, 20);
}

Test(settings_faults, tell_what_a_field_of_a_connection_takes)
{
	REFUSES({BLOCKS
		 "[Send]\nType = TCON_IP_V4\nInterfaceId = 64\nID = 4096\n"
		 "ConnectionType = 17\nActiveEstablished = yes\nRemoteAddress = plc-2\n"
		 "RemotePort = 65536\nLocalPort = -1\nActivateSecureConn = 1\n"
		 "TLSServerReqClientCert =\nExtTLSCapabilities = 16#0003\n"
		 "TLSServerCertRef = 9223372036854775808\nTLSClientCertRef = seven\n"
		 "TSEND_C = /out\nTRCV_C = 1\nREQ = 9 ms\nCONT = on\nEN_R = off\n"
		 "TrustGroup = 1st\nMinimumTLS = 1.1\nEvents = all\nMessageTimeout = 99 ms\n",
		 "6 [Send] Type: \"TCON_IP_V4\" is not possible; it takes TCON_IP_V4_SEC, "
		 "TCON_IP_V6_SEC or TCON_QDN_SEC\n"
		 "7 [Send] InterfaceId: \"64\" is not possible; it takes 0 for any, or the name of "
		 "a network interface, as eth0\n"
		 "8 [Send] ID: \"4096\" is not possible; it takes a number from 1 to 4095, as 4095 "
		 "or 16#FFF\n"
		 "9 [Send] ConnectionType: \"17\" is not possible; it takes 11 (16#0B), which is "
		 "TCP, and nothing else\n"
		 "10 [Send] ActiveEstablished: \"yes\" is not possible; it takes TRUE or FALSE\n"
		 "11 [Send] RemoteAddress: \"plc-2\" is not possible; it takes an IPv4 or IPv6 "
		 "address of one host; a name goes into RemoteQDN, and the interface of a "
		 "link-local address into InterfaceId\n"
		 "12 [Send] RemotePort: \"65536\" is not possible; it takes a number from 0 to "
		 "65535, as 65535 or 16#FFFF\n"
		 "13 [Send] LocalPort: \"-1\" is not possible; it takes a number from 0 to 65535, "
		 "as 65535 or 16#FFFF\n"
		 "14 [Send] ActivateSecureConn: \"1\" is not possible; it takes TRUE or FALSE\n"
		 "15 [Send] TLSServerReqClientCert: \"\" is not possible; it takes TRUE or FALSE\n"
		 "16 [Send] ExtTLSCapabilities: \"16#0003\" is not possible; it takes 16#0001, by "
		 "which a client checks the server's name, or 16#0000\n"
		 "17 [Send] TLSServerCertRef: \"9223372036854775808\" is not possible; it takes "
		 "the "
		 "ID of a certificate, as keystorectl cert list shows it, or 0\n"
		 "18 [Send] TLSClientCertRef: \"seven\" is not possible; it takes the ID of a "
		 "certificate, as keystorectl cert list shows it, or 0\n"
		 "19 [Send] TSEND_C: \"/out\" is not possible; it takes the name of a data block: "
		 "NAME of a section [block NAME]\n"
		 "20 [Send] TRCV_C: \"1\" is not possible; it takes the name of a data block: NAME "
		 "of a section [block NAME]\n"
		 "21 [Send] REQ: \"9 ms\" is not possible; it takes request, change, or a time "
		 "from 10 ms to 1 d, as 100 ms, 5 s, 1 h or T#100ms\n"
		 "22 [Send] CONT: \"on\" is not possible; it takes TRUE or FALSE\n"
		 "23 [Send] EN_R: \"off\" is not possible; it takes TRUE or FALSE\n"
		 "24 [Send] TrustGroup: \"1st\" is not possible; it takes the name of a trust "
		 "group: 1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter\n"
		 "25 [Send] MinimumTLS: \"1.1\" is not possible; it takes 1.2 or 1.3\n"
		 "26 [Send] Events: \"all\" is not possible; it takes data, state or off\n"
		 "27 [Send] MessageTimeout: \"99 ms\" is not possible; it takes a time from 100 ms "
		 "to 1 h, as 500 ms, 5 s, 1 h or T#5s\n"},
		{CLIENT "Forward = localhost:502\nForwardMax = 4097\n",
		 "7 [Send] Forward: \"localhost:502\" is not possible; it takes an address and a "
		 "port, as 127.0.0.1:502 or [::1]:502, or a Unix socket, as unix:/run/x.sock, of "
		 "at most 107 characters\n"
		 "8 [Send] ForwardMax: \"4097\" is not possible; it takes a number from 1 to 4096, "
		 "as 4096 or 16#1000\n"});
}

Test(settings_faults, tell_what_is_missing)
{
	REFUSES({"[Send]\n",
		 "1 [Send] Type: it is missing; give TCON_IP_V4_SEC, TCON_IP_V6_SEC or "
		 "TCON_QDN_SEC\n"
		 "1 [Send] ID: it is missing; give a number from 1 to 4095 that no other "
		 "connection has\n"
		 "1 [Send] ActiveEstablished: it is missing; give TRUE where this side connects, "
		 "FALSE where it waits for its peer\n"
		 "1 [Send] : nothing is sent, received or forwarded; give TSEND_C or TRCV_C with "
		 "the name of a data block, or Forward\n"},
		{BLOCKS "[Send]\nType = TCON_IP_V4_SEC\nID = 1\nActiveEstablished = TRUE\n"
			"RemoteAddress = 0.0.0.0\nRemotePort = 0\nTSEND_C = Out\n",
		 "9 [Send] RemoteAddress: this side connects, so that it needs the address of its "
		 "peer; give it\n"
		 "10 [Send] RemotePort: this side connects, so that it needs the port of its peer; "
		 "give it\n"},
		{BLOCKS "[Send]\nType = TCON_QDN_SEC\nID = 1\nActiveEstablished = TRUE\n"
			"RemotePort = 1\nTSEND_C = Out\n",
		 "5 [Send] RemoteQDN: this side connects, so that it needs the name of its peer; "
		 "give it\n"},
		{BLOCKS "[Receive]\nType = TCON_IP_V4_SEC\nID = 1\nActiveEstablished = FALSE\n"
			"TRCV_C = In\n",
		 "5 [Receive] LocalPort: this side waits for its peer, so that it needs a port of "
		 "its own; give it\n"
		 "5 [Receive] TLSServerCertRef: this side is the TLS server, so that it needs a "
		 "certificate; give its ID, as keystorectl cert list shows it\n"});
}

Test(settings_faults, tell_what_is_wrong_with_a_block)
{
	const char *text = "[block Out]\nVar1 = Boolean\n1st = Bool\nVar2 = Int\nVar2 = Int\n";

	cr_assert(!settings_text_read(text, strlen(text)));
	cr_assert_eq(strncmp(told, "2 [block Out] Var1: ", 20), 0, "%s", told);
	cr_assert_not_null(strstr(told, "\n3 [block Out] 1st: "), "%s", told);
	cr_assert_not_null(strstr(told, "\n5 [block Out] Var2: "), "%s", told);
	/* It is not called empty besides. */
	text = "[block Out]\nVar1 = Boolean\n";
	cr_assert(!settings_text_read(text, strlen(text)));
	cr_assert_null(strstr(told, "empty"), "%s", told);
}
