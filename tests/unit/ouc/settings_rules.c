/* Fields that do not go together, in a connection and between two. */
#include "settings.h"

#include "settings_text.h"

TestSuite(settings_rules, .fini = settings_text_end);

#define CLIENT_WITHOUT_ADDRESS(Type)                                                               \
	"[Send]\nType = " Type "\nID = 1\nActiveEstablished = TRUE\nRemotePort = 2000\n"           \
	"TSEND_C = Out\n"
#define SERVER_WITHOUT_TYPE                                                                        \
	"[Receive]\nID = 2\nActiveEstablished = FALSE\nLocalPort = 2000\n"                         \
	"TLSServerCertRef = 7\nTRCV_C = In\n"

Test(settings_rules, keep_addresses_and_names_to_their_type)
{
	refuses(BLOCKS CLIENT_WITHOUT_ADDRESS("TCON_IP_V4_SEC") "RemoteAddress = 2001:db8::1\n",
		"11 [Send] RemoteAddress: it is an IPv6 address; give Type = TCON_IP_V6_SEC, or an "
		"IPv4 address\n");
	refuses(BLOCKS CLIENT_WITHOUT_ADDRESS("TCON_IP_V6_SEC") "RemoteAddress = 192.0.2.1\n",
		"11 [Send] RemoteAddress: it is an IPv4 address; give Type = TCON_IP_V4_SEC, or an "
		"IPv6 address\n");
	refuses(BLOCKS CLIENT_WITHOUT_ADDRESS("TCON_QDN_SEC") "RemoteAddress = 192.0.2.1\n",
		"11 [Send] RemoteAddress: Type is TCON_QDN_SEC, which has RemoteQDN; for an "
		"address, give Type = TCON_IP_V4_SEC or TCON_IP_V6_SEC\n");
	refuses(BLOCKS CLIENT_WITHOUT_ADDRESS("TCON_IP_V4_SEC") "RemoteQDN = plc-2.example\n",
		"11 [Send] RemoteQDN: Type is TCON_IP_V4_SEC, which has RemoteAddress; for a name, "
		"give Type = TCON_QDN_SEC\n");
	refuses(BLOCKS CLIENT_WITHOUT_ADDRESS("TCON_IP_V6_SEC") "RemoteQDN = plc-2.example\n",
		"11 [Send] RemoteQDN: Type is TCON_IP_V6_SEC, which has RemoteAddress; for a name, "
		"give Type = TCON_QDN_SEC\n");
	refuses(BLOCKS CLIENT "TSEND_C = Out\nRemoteQDN = plc-2.example\n",
		"12 [Send] RemoteQDN: there is RemoteAddress too; keep RemoteQDN where Type is "
		"TCON_QDN_SEC, else RemoteAddress\n");
	refuses(BLOCKS CLIENT_WITHOUT_ADDRESS("TCON_QDN_SEC") "RemoteQDN = 192.0.2.1\n",
		"11 [Send] RemoteQDN: \"192.0.2.1\" is not possible; it takes a fully qualified "
		"name, as plc-2.plant.example; an address goes into RemoteAddress\n");
	refuses(BLOCKS SERVER_WITHOUT_TYPE "Type = TCON_QDN_SEC\nRemoteQDN = plc-1.example\n",
		"12 [Receive] RemoteQDN: who connects to this side shows an address, no name; "
		"leave RemoteQDN out to take any peer, or give Type = TCON_IP_V4_SEC and "
		"RemoteAddress\n");
	reads(BLOCKS SERVER_WITHOUT_TYPE "Type = TCON_QDN_SEC\n");
}

Test(settings_rules, want_an_interface_for_a_link_local_peer)
{
	refuses(BLOCKS CLIENT_WITHOUT_ADDRESS("TCON_IP_V6_SEC") "RemoteAddress = fe80::1\n",
		"5 [Send] InterfaceId: RemoteAddress is link-local and could be on any of them; "
		"give the name of the network interface behind which the peer is\n");
	reads(BLOCKS CLIENT_WITHOUT_ADDRESS("TCON_IP_V6_SEC") "RemoteAddress = fe80::1\n"
							      "InterfaceId = eth0\n");
}

Test(settings_rules, keep_ports_to_their_side)
{
	refuses(BLOCKS SERVER "TRCV_C = In\nRemotePort = 2000\n",
		"12 [Receive] RemotePort: a peer connects to this side from any port of its own; "
		"leave RemotePort out, and give LocalPort\n");
	refuses(CLIENT "Forward = 127.0.0.1:502\nLocalPort = 4000\n",
		"8 [Send] LocalPort: the connections that are forwarded cannot all leave from one "
		"port; leave LocalPort out, or give 0\n");
}

Test(settings_rules, keep_certificates_to_their_side)
{
	refuses(BLOCKS CLIENT "TSEND_C = Out\nTLSServerReqClientCert = TRUE\n",
		"12 [Send] TLSServerReqClientCert: this side is the TLS client, and only a server "
		"demands a client's certificate; leave it out, or give FALSE\n");
	refuses(BLOCKS SERVER "TRCV_C = In\nTLSClientCertRef = 3\n",
		"12 [Receive] TLSClientCertRef: no certificate of the client is demanded that this "
		"one could verify; give TLSServerReqClientCert = TRUE, or TLSClientCertRef = 0\n");
	cr_assert(!settings_text_read(BLOCKS SERVER "TRCV_C = In\nActivateSecureConn = FALSE\n"
						    "TLSServerReqClientCert = TRUE\n"
						    "TLSClientCertRef = 3\n",
				      strlen(BLOCKS SERVER "TRCV_C = In\nActivateSecureConn = "
							   "FALSE\nTLSServerReqClientCert = TRUE\n"
							   "TLSClientCertRef = 3\n")));
	cr_assert_str_eq(told,
			 "10 [Receive] TLSServerCertRef: ActivateSecureConn is FALSE, so there is "
			 "no TLS; give ActivateSecureConn = TRUE, or TLSServerCertRef = 0\n"
			 "14 [Receive] TLSClientCertRef: ActivateSecureConn is FALSE, so there is "
			 "no TLS; give ActivateSecureConn = TRUE, or TLSClientCertRef = 0\n"
			 "13 [Receive] TLSServerReqClientCert: ActivateSecureConn is FALSE, so "
			 "there is no TLS; give ActivateSecureConn = TRUE, or "
			 "TLSServerReqClientCert = FALSE\n"
			 "~12 [Receive] ActivateSecureConn: plain: everybody on the network can "
			 "read and change it\n");
}

Test(settings_rules, know_what_is_carried)
{
	refuses(BLOCKS CLIENT,
		"5 [Send] : nothing is sent, received or forwarded; give TSEND_C or TRCV_C with "
		"the name of a data block, or Forward\n");
	refuses(BLOCKS CLIENT "Forward = 127.0.0.1:502\nTSEND_C = Out\nTRCV_C = In\n",
		"11 [Send] Forward: there is TSEND_C too; a connection either has blocks or is "
		"forwarded: make it two\n");
	refuses(BLOCKS CLIENT "Forward = 127.0.0.1:502\nTRCV_C = In\n",
		"11 [Send] Forward: there is TRCV_C too; a connection either has blocks or is "
		"forwarded: make it two\n");
	refuses(BLOCKS CLIENT "TSEND_C = Outt\nTRCV_C = in\n",
		"11 [Send] TSEND_C: there is no block Outt; add a section [block Outt]\n"
		"12 [Send] TRCV_C: there is no block in; add a section [block in]\n");
	refuses(BLOCKS CLIENT "TSEND_C = Out\nTRCV_C = Out\n",
		"12 [Send] TRCV_C: it is the block of TSEND_C too, so that what comes would "
		"overwrite what is sent; give each its own\n");
	refuses("[block Out]\n" CLIENT "TSEND_C = Out\n",
		"1 [block Out] : the block is empty; add its fields, as Var1 = Bool\n");
	refuses(BLOCKS CLIENT "TSEND_C = Out\nEN_R = TRUE\n",
		"12 [Send] EN_R: there is no TRCV_C that it could enable; give TRCV_C a data "
		"block, or leave EN_R out\n");
	refuses(BLOCKS SERVER "TRCV_C = In\nREQ = change\n",
		"12 [Receive] REQ: there is no TSEND_C that it could start; give TSEND_C a data "
		"block, or leave REQ out\n");
	refuses(BLOCKS SERVER "TRCV_C = In\nCONT = FALSE\n",
		"12 [Receive] CONT: the peer makes the connection, so that this side cannot make "
		"one for each message; give CONT = TRUE\n");
	refuses(BLOCKS CLIENT "TRCV_C = In\nCONT = FALSE\n",
		"12 [Send] CONT: there is no TSEND_C for whose messages it would connect; give "
		"CONT = TRUE\n");
	reads(BLOCKS SERVER "TRCV_C = In\nCONT = TRUE\n");
	refuses(BLOCKS SERVER "TRCV_C = In\nForwardMax = 4\n",
		"12 [Receive] ForwardMax: there is no Forward; give one, or leave ForwardMax "
		"out\n");
	refuses(SERVER "Forward = 127.0.0.1:502\nCONT = FALSE\nMessageTimeout = 1 s\n",
		"8 [Receive] CONT: a forward's connections live as long as their two ends want; "
		"leave CONT out\n"
		"9 [Receive] MessageTimeout: what is forwarded has no messages; leave "
		"MessageTimeout out\n");
}

Test(settings_rules, warn_of_what_others_on_the_network_can_do)
{
	warns(BLOCKS CLIENT "TSEND_C = Out\nActivateSecureConn = FALSE\n",
	      "12 [Send] ActivateSecureConn: plain: everybody on the network can read and change "
	      "it\n");
	cr_assert(!settings->connections[0].is_secure);
	warns(BLOCKS CLIENT "TSEND_C = Out\nExtTLSCapabilities = 0\n",
	      "12 [Send] ExtTLSCapabilities: the server's name is not checked: whoever has any "
	      "certificate that the trust group trusts can take its place\n");
	cr_assert(!settings->connections[0].checks_name);
	warns(CLIENT "Forward = 192.0.2.1:502\n",
	      "7 [Send] Forward: the plain side leaves this machine: everybody on that network "
	      "can read and change it\n");
	warns(CLIENT "Forward = [::]:502\n",
	      "7 [Send] Forward: the plain side leaves this machine: everybody on that network "
	      "can read and change it\n");
	reads(BLOCKS SERVER "TRCV_C = In\nExtTLSCapabilities = 0\n");
}

#define OTHER                                                                                      \
	"TRCV_C = In\n[Other]\nType = TCON_IP_V4_SEC\nID = 3\nActiveEstablished = FALSE\n"         \
	"LocalPort = 2000\nTSEND_C = Out\n"

Test(settings_rules, keep_connections_apart)
{
	refuses(BLOCKS CLIENT
		"TSEND_C = Out\n"
		"[Other]\nType = TCON_IP_V4_SEC\nID = 16#1\nActiveEstablished = "
		"TRUE\nRemoteAddress = 192.0.2.21\nRemotePort = 2000\nTSEND_C = Out\n",
		"14 [Other] ID: [Send], line 5, has this ID; give each connection its own\n");
	refuses(BLOCKS CLIENT "TRCV_C = In\n"
			      "[Other]\nType = TCON_IP_V4_SEC\nID = 2\nActiveEstablished = TRUE\n"
			      "RemoteAddress = 192.0.2.21\nRemotePort = 2000\nTRCV_C = In\n",
		"18 [Other] TRCV_C: [Send], line 5, receives into this block; give each connection "
		"that receives a block of its own\n");
}

Test(settings_rules, let_connections_share_a_port_where_a_peer_belongs_to_one)
{
	reads(BLOCKS SERVER OTHER "TLSServerCertRef = 7\n");
	reads(BLOCKS SERVER OTHER "TLSServerCertRef = 8\nRemoteAddress = 192.0.2.9\n");
	reads(BLOCKS SERVER "InterfaceId = eth0\n" OTHER "TLSServerCertRef = 8\n"
			    "InterfaceId = eth1\n");
	refuses(BLOCKS SERVER OTHER "TLSServerCertRef = 8\n",
		"16 [Other] LocalPort: [Receive], line 5, takes the same peers on this port, with "
		"other certificates, TrustGroup or MinimumTLS; give both the same, or each its "
		"RemoteAddress or a port of its own\n");
	refuses(BLOCKS SERVER OTHER "TLSServerCertRef = 7\nInterfaceId = eth0\n",
		"16 [Other] LocalPort: [Receive], line 5, has this port with another InterfaceId; "
		"give both the same InterfaceId, or each a port of its own\n");
	cr_assert(!settings_text_read(BLOCKS SERVER OTHER "ActivateSecureConn = FALSE\n"
							  "RemoteAddress = 192.0.2.9\n",
				      strlen(BLOCKS SERVER OTHER "ActivateSecureConn = FALSE\n"
								 "RemoteAddress = 192.0.2.9\n")));
	cr_assert_str_eq(told,
			 "~18 [Other] ActivateSecureConn: plain: everybody on the network can "
			 "read and change it\n"
			 "16 [Other] LocalPort: [Receive], line 5, has this port too, and one "
			 "is secure, the other plain; give each a port of its own\n");
	refuses(BLOCKS SERVER "TRCV_C = In\n"
			      "[Other]\nType = TCON_IP_V4_SEC\nID = 3\nActiveEstablished = FALSE\n"
			      "LocalPort = 2000\nTLSServerCertRef = 7\nForward = 127.0.0.1:25\n",
		"16 [Other] LocalPort: [Receive], line 5, takes the same peers on this port, and "
		"one has blocks, the other Forward; give each its RemoteAddress or a port of its "
		"own\n");
}

#define FORWARDS                                                                                   \
	"[Other]\nType = TCON_IP_V4_SEC\nID = 3\nActiveEstablished = TRUE\n"                       \
	"RemoteAddress = 192.0.2.20\nRemotePort = 2000\n"

Test(settings_rules, keep_what_waits_at_a_place_alone_there)
{
	refuses(CLIENT "Forward = 127.0.0.1:502\n" FORWARDS "Forward = 127.0.0.1:502\n",
		"14 [Other] Forward: [Send], line 1, waits at the same place; give each its own\n");
	refuses(CLIENT "Forward = unix:/a\n" FORWARDS "Forward = unix:/a\n",
		"14 [Other] Forward: [Send], line 1, waits at the same place; give each its own\n");
	reads(CLIENT "Forward = unix:/a\n" FORWARDS "Forward = unix:/b\n");
	reads(CLIENT "Forward = 127.0.0.1:502\n" FORWARDS "Forward = 127.0.0.2:502\n");
	reads(SERVER "Forward = unix:/a\n" FORWARDS "Forward = unix:/a\n");
	refuses(BLOCKS SERVER "TRCV_C = In\n" FORWARDS "Forward = 127.0.0.1:2000\n",
		"18 [Other] Forward: [Receive], line 5, has this port as its LocalPort; give each "
		"its own\n");
	refuses(BLOCKS FORWARDS "Forward = 127.0.0.1:2000\n" SERVER "TRCV_C = In\n",
		"16 [Receive] LocalPort: [Other], line 5, has this port in its Forward; give each "
		"its own\n");
	refuses(BLOCKS SERVER "TRCV_C = In\n" FORWARDS "TSEND_C = Out\nLocalPort = 2000\n",
		"19 [Other] LocalPort: [Receive], line 5, has this port, and one of the two waits "
		"there for its peer, the other connects from it; give each its own\n");
	refuses(BLOCKS CLIENT "TSEND_C = Out\nLocalPort = 9\n" FORWARDS
			      "TSEND_C = Out\nLocalPort = 9\n",
		"20 [Other] LocalPort: [Send], line 5, connects from this port to the same peer; "
		"give each its own, or 0\n");
}

/* One mistake is one sentence. */
Test(settings_rules, conclude_nothing_from_what_was_refused)
{
	refuses(BLOCKS "[Send]\nType = TCON_IP_V4_SEC\nID = 1\nActiveEstablished = yes\n"
		       "RemoteAddress = 192.0.2.20\nRemotePort = 2000\nTSEND_C = Out\n",
		"8 [Send] ActiveEstablished: \"yes\" is not possible; it takes TRUE or FALSE\n");
	refuses(BLOCKS SERVER "TRCV_C = In\nTLSServerReqClientCert = yes\nTLSClientCertRef = 3\n",
		"12 [Receive] TLSServerReqClientCert: \"yes\" is not possible; it takes TRUE or "
		"FALSE\n");
}
