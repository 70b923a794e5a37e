/*
 * keystore-opcua-client with a key in the TPM, against a server of open62541 with its own
 * cryptography and a key in a file.
 */
#include <criterion/criterion.h>

#include "opcua_plain.h"

TestSuite(opcua_client, .timeout = 240);

Test(opcua_client, talks_to_a_server_without_security_only_when_told_to)
{
	struct opcua_plain plain = opcua_plain_new();

	opcua_plain_start(&plain, "--none yes");
	OPCUA_PLAIN(
		&plain,
		"ua discover | grep -q urn:plain:application; "
		"ua endpoints | grep '^None *None *anonymous, user name'; "
		"ua endpoints --json | grep -q '\"policy\":\"None\"'; "
		"fails 8 ua read i=2259 2> said; grep -q 'without security.*--policy None' said; "
		"ua --policy None read i=2259 | grep -q '^value *0'; "
		/* Nor does a password go there. */
		"echo 'correct horse 1' > pw; "
		"fails 11 ua --policy None --user anna --password-file pw read i=2259 "
		"2> said; grep -q 'readable on the way' said");
	opcua_plain_free(&plain);
}

Test(opcua_client, reads_writes_browses_and_calls)
{
	struct opcua_plain plain = opcua_plain_new();

	opcua_plain_start(&plain, "--none yes");
	OPCUA_PLAIN(
		&plain,
		"export A='--policy None'; "
		"ua $A browse | grep -q '^machine  \\[Object\\]  ns=1;s=machine$'; "
		"ua $A browse --depth 2 | grep -q '^  number  \\[Variable\\]  ns=1;s=number$'; "
		"ua $A browse 'ns=1;s=machine' --json | grep -q '\"node_id\":\"ns=1;s=add\"'; "
		"ua $A read 'ns=1;s=number' | grep -q '^type *Int32'; "
		"ua $A read 'nsu=urn:plain:application;s=number' | grep -q '^value *42'; "
		"fails 3 ua $A read 'nsu=urn:nobody;s=number'; "
		"ua $A read 'ns=1;s=time' | grep -q '^value *2026-03-01T12:00:00Z'; "
		"ua $A read 'ns=1;s=number' 'ns=1;s=list' --json | grep -q "
		"'\"type\":\"Int32\\[\\]\",\"value\":\\[1,2,3\\]'; "
		"ua $A read Server --attribute displayname | grep -q Server; "
		"fails 3 ua $A read 'ns=1;s=none' 2> said; grep -q 'BadNodeIdUnknown: .*browse' "
		"said; "
		"fails 3 ua $A read 'ns=1;s=none' --json 2> said | "
		"grep -q '\"status\":\"BadNodeIdUnknown\"'; "
		"ua $A write 'ns=1;s=number' -7; ua $A read 'ns=1;s=number' | grep -q '^value "
		"*-7'; "
		"ua $A write 'ns=1;s=real' 2.25; ua $A read 'ns=1;s=real' | grep -q 2.25; "
		"ua $A write 'ns=1;s=text' 'run, \"now\"'; "
		"ua $A read 'ns=1;s=text' | grep -q '^value *run, \"now\"$'; "
		"ua $A write 'ns=1;s=list' '[4,5]'; ua $A read 'ns=1;s=list' | grep -q "
		"'\\[4,5\\]'; "
		"ua $A write 'ns=1;s=time' 2027-01-02T03:04:05.5Z; "
		"ua $A read 'ns=1;s=time' | grep -q 2027-01-02T03:04:05.5Z; "
		"ua $A write 'ns=1;s=bytes' hex:00ff; ua $A read 'ns=1;s=bytes' | grep -q AP8=; "
		"ua $A write 'ns=1;s=flag' false; ua $A read 'ns=1;s=flag' | grep -q '^value "
		"*false'; "
		"ua $A write 'ns=1;s=state' 3; ua $A read 'ns=1;s=state' | grep -q '^value *3'; "
		"fails 2 ua $A write 'ns=1;s=number' many 2> said; "
		"grep -q \"'many' is no Int32: write a whole number\" said; "
		"fails 2 ua $A write 'ns=1;s=number' 3000000000; "
		"fails 4 ua $A write 'ns=1;s=constant' 1 2> said; "
		"grep -q 'BadNotWritable\\|BadUserAccessDenied' said; "
		"ua $A call 'ns=1;s=machine' 'ns=1;s=add' 20 22 | grep -q '^Sum *42'; "
		"ua $A call 'ns=1;s=machine' 'ns=1;s=add' 20 22 --json | "
		"grep -q '{\"name\":\"Sum\",\"type\":\"Int32\",\"value\":42}'; "
		"fails 2 ua $A call 'ns=1;s=machine' 'ns=1;s=add' 20 2> said; "
		"grep -q 'takes 2 arguments: First (Int32), Second (Int32), and 1' said");
	opcua_plain_free(&plain);
}

Test(opcua_client, prints_changes_until_it_has_its_number_or_is_told_to_end)
{
	struct opcua_plain plain = opcua_plain_new();

	opcua_plain_start(&plain, "--none yes");
	OPCUA_PLAIN(
		&plain,
		"export A='--policy None --interval 0.1'; "
		"ua $A subscribe 'ns=1;s=counter' --count 5 > seen; test $(wc -l < seen) = 5; "
		"ua $A subscribe 'ns=1;s=counter' --json --count 2 | "
		"grep -q '\"node_id\":\"ns=1;s=counter\",\"status\":\"Good\",\"type\":\"UInt32\"'; "
		"ua $A subscribe 'ns=1;s=counter' --seconds 0.01; ua $A subscribe "
		"'ns=1;s=constant' --count 1 > seen; "
		"test $(wc -l < seen) = 1; "
		"mkfifo changes; keystore-opcua-client $A subscribe 'ns=1;s=counter' > changes & "
		"{ read -r line; kill -TERM $!; cat > rest; } < changes; wait $!; "
		"fails 3 ua $A subscribe 'ns=1;s=none' 2> said; grep -q BadNodeIdUnknown said");
	opcua_plain_free(&plain);
}

Test(opcua_client, tells_apart_who_is_not_there_and_what_is_no_server)
{
	struct opcua_plain plain = opcua_plain_new();

	OPCUA_PLAIN(&plain,
		    "fails 5 ua --policy None read i=2259 2> said; "
		    "grep -q 'nothing answers there\\|the server ended the connection' said; "
		    "fails 5 ua endpoints; fails 5 ua discover; "
		    "fails 2 ua read i=2259 --url http://localhost 2> said; "
		    "grep -q 'no URL of an OPC UA server' said; "
		    "unset KEYSTORE_OPCUA_URL; fails 2 ua read i=2259; "
		    "fails 3 ua --url opc.tcp://localhost:1 --service nobody read i=2259 2> said; "
		    "grep -q 'no service nobody: keystorectl service create' said; "
		    "fails 5 ua --url opc.tcp://localhost:1 --socket $PWD/none read i=2259");
	opcua_plain_free(&plain);
}

#define TRUST "keystorectl trust add opcua ca.der; "

Test(opcua_client, refuses_a_server_that_nobody_trusts_until_somebody_does)
{
	struct opcua_plain plain = opcua_plain_new();

	opcua_plain_start(&plain, OPCUA_PLAIN_SECURE);
	OPCUA_PLAIN(&plain,
		    "fails 11 ua read i=2259 2> said; "
		    "fails 11 ua --json read i=2259 2> said | grep BadCertificateUntrusted; "
		    "keystorectl rejected list | grep 'CN=plain'; "
		    "keystorectl rejected trust $(keystorectl rejected list --json | "
		    "grep -o '\"id\":[0-9]*' | head -1 | cut -d: -f2); "
		    "ua read i=2259 | grep -q '^value *0'");
	opcua_plain_free(&plain);
}

Test(opcua_client, speaks_every_policy_and_mode)
{
	struct opcua_plain plain = opcua_plain_new();

	opcua_plain_start(&plain, OPCUA_PLAIN_SECURE "--none yes");
	OPCUA_PLAIN(&plain, TRUST
		    "ua endpoints > list; test $(grep -c Sign list) -ge 6; "
		    "for policy in Basic256Sha256 Aes128_Sha256_RsaOaep Aes256_Sha256_RsaPss; do "
		    "for mode in Sign SignAndEncrypt; do "
		    "ua --policy $policy --mode $mode read i=2259 | grep -q '^value *0'; "
		    "done; done; "
		    /* The safest by itself. */
		    "ua --verbose read i=2259 2>&1 | grep -q 'Aes256_Sha256_RsaPss'; "
		    "fails 8 ua --policy Basic128Rsa15 read i=2259; "
		    "fails 2 ua --policy None --mode Sign read i=2259; "
		    "fails 2 ua --policy Base read i=2259; "
		    "ua --policy None read i=2259 | grep -q '^value *0'");
	opcua_plain_free(&plain);
}

Test(opcua_client, logs_in_by_password_and_by_certificate)
{
	struct opcua_plain plain = opcua_plain_new();

	opcua_plain_start(&plain, OPCUA_PLAIN_SECURE "--none yes");
	OPCUA_PLAIN(
		&plain, TRUST
		"echo 'correct horse 1' > pw; echo wrong > wrong; "
		"for policy in Basic256Sha256 Aes128_Sha256_RsaOaep Aes256_Sha256_RsaPss; do "
		"ua --policy $policy --user anna --password-file pw read i=2259; done; "
		"ua --user anna --password-file - read i=2259 < pw; "
		"ua --user anna --password-file /dev/fd/3 read i=2259 3< pw; "
		"fails 4 ua --user anna --password-file wrong read i=2259 2> said; "
		"grep -q 'look at the name and the password\\|this user may not' said; "
		"fails 2 ua --user anna read i=2259 < /dev/null 2> said; "
		"grep -q 'give --password-file FILE' said; "
		"keystorectl cert create --profile opcua-client --issuer 1 --new-key berta "
		"--algorithm rsa-2048 --subject CN=berta,O=Plant --san URI:urn:plant:berta > made; "
		"keystorectl key allow berta --uid $(id -u) --operations sign; "
		"id=$(awk '$1 == \"id\" { print $2 }' made); "
		"for policy in Basic256Sha256 Aes256_Sha256_RsaPss; do "
		"ua --policy $policy --user-cert $id read i=2259; done; "
		"fails 2 ua --user-cert x read i=2259; fails 3 ua --user-cert 99 read i=2259");
	opcua_plain_free(&plain);
}

Test(opcua_client, says_which_side_refuses_whom)
{
	struct opcua_plain plain = opcua_plain_new();

	OPCUA_PLAIN(&plain, TRUST
		    "openssl req -x509 -newkey rsa:2048 -noenc -keyout other.key -subj /CN=other "
		    "-outform DER -out other.der 2> /dev/null");
	opcua_plain_start(&plain, "--cert server.der --key server.key.der --uri " OPCUA_PLAIN_URI
				  " --trust other.der");
	OPCUA_PLAIN(&plain, "fails 11 ua read i=2259 2> said; "
			    "grep -q 'certificate 3 of service opcua-client' said; "
			    "grep -q 'does not take this client' said");
	opcua_plain_end(&plain);
	/* The certificate is another application's. */
	opcua_plain_start(&plain, OPCUA_PLAIN_SECURE "--claim urn:plant:else");
	OPCUA_PLAIN(&plain, "fails 11 ua read i=2259 2> said; grep -q 'urn:plant:else' said");
	/* A host that it does not name is told of. */
	opcua_plain_end(&plain);
	opcua_plain_start(&plain, OPCUA_PLAIN_SECURE);
	OPCUA_PLAIN(&plain,
		    "ua --url opc.tcp://127.0.0.1:${KEYSTORE_OPCUA_URL##*:} read i=2259 2> said "
		    "|| cat said; grep -q 'not for the host 127.0.0.1' said; "
		    "keystorectl service set opcua-client --group none; "
		    "fails 11 ua read i=2259 2> said; grep -q 'has no trust group' said; "
		    "keystorectl service set opcua-client --group opcua --cert none; "
		    "fails 7 ua read i=2259 2> said; grep -q 'has no certificate' said");
	opcua_plain_free(&plain);
}

Test(opcua_client, goes_on_with_its_subscription_when_the_server_comes_back)
{
	struct opcua_plain plain = opcua_plain_new();

	opcua_plain_start(&plain, OPCUA_PLAIN_SECURE);
	OPCUA_PLAIN(&plain, TRUST
		    "keystore-opcua-client subscribe 'ns=1;s=counter' --interval 0.1 > changes "
		    "2> told < /dev/null & echo $! > pid; "
		    "until test -s changes; do :; done");
	opcua_plain_end(&plain);
	/* With another certificate by the same CA, too. */
	OPCUA_PLAIN(&plain,
		    "until grep -q 'connection is lost' told; do :; done; "
		    "keystorectl ca sign server.csr --issuer 1 --profile opcua-server --out "
		    "server.pem; openssl x509 -in server.pem -outform DER -out server.der; : > "
		    "changes");
	opcua_plain_start(&plain, OPCUA_PLAIN_SECURE);
	OPCUA_PLAIN(&plain, "until test $(wc -l < changes) -ge 3; do :; done; "
			    "grep -q 'connected again' told; kill -TERM $(cat pid); "
			    "while kill -0 $(cat pid) 2> /dev/null; do :; done");
	opcua_plain_free(&plain);
}
