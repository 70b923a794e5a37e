/*
 * What the OPC UA server shows, with a real keystored and a real keystore-ouc; tests/interop/opcua/
 * space_peer.c is the server.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ouc_site.h"

TestSuite(opcua_space, .timeout = 300);

/* Runs the peer on lines; these are no format. Its output is in peer.log. */
static void peer(struct fixture *fixture, const char *places, const char *lines)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/lines", fixture_dir(fixture));
	file_write(path, lines, strlen(lines));
	free(fixture_sh_ok(fixture,
			   "opcua-space_peer %s %s < lines > peer.log 2> peer.err || "
			   "{ cat peer.log peer.err >&2; exit 1; }",
			   fixture_socket(fixture), places));
}

static struct fixture *project_new(void)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "keystorectl project init; keystorectl cert create --profile "
				    "web-server --issuer 2 --new-key web --algorithm ec-p256 "
				    "--subject CN=web,O=Plant --san DNS:web.plant --days 100"));
	return fixture;
}

Test(opcua_space, shows_each_certificate_with_its_days_left_and_itself)
{
	struct fixture *fixture = project_new();
	char *der = fixture_sh_ok(fixture, "keystorectl cert export 3 --format der | base64 -w0");
	char *fingerprint = fixture_sh_ok(fixture, "keystorectl cert export 3 --format der | "
						   "sha256sum | cut -d' ' -f1 | tr -d '\\n'");
	char lines[8192];

	snprintf(lines, sizeof(lines),
		 "children Certificates 1 2 3\n"
		 "until Certificates/3/CommonName \"web\"\n"
		 "until Certificates/3/Subject \"CN=web,O=Plant\"\n"
		 "until Certificates/3/Kind \"device\"\n"
		 "until Certificates/1/Kind \"ca\"\n"
		 "until Certificates/3/UsedAs \"web-server\"\n"
		 "until Certificates/3/State \"active\"\n"
		 "until Certificates/3/Key \"web\"\n"
		 "until Certificates/3/KeyOrigin \"tpm\"\n"
		 "until Certificates/3/KeyType \"ec-p256\"\n"
		 "until Certificates/3/DaysLeft 99\n"
		 "until Certificates/3/Version 1\n"
		 "until Certificates/3/Fingerprint \"%s\"\n"
		 "until Certificates/3/Certificate \"%s\"\n",
		 fingerprint, der);
	peer(fixture, "", lines);
	free(der);
	free(fingerprint);
	fixture_free(fixture);
}

Test(opcua_space, follows_certificates_that_are_made_renewed_revoked_and_deleted)
{
	struct fixture *fixture = project_new();

	peer(fixture, "",
	     "children Certificates 1 2 3\n"
	     "sh keystorectl cert create --profile tls-client --issuer 2 --new-key pump "
	     "--algorithm "
	     "ec-p256 --subject CN=pump > /dev/null\n"
	     "children Certificates 1 2 3 4\n"
	     "until Certificates/4/CommonName \"pump\"\n"
	     "watch Certificates/3/DaysLeft\n"
	     "told 99\n"
	     "sh keystorectl cert renew 3 --days 200 > /dev/null\n"
	     "told 199\n"
	     "until Certificates/3/Version 2\n"
	     "sh keystorectl cert revoke 3 > /dev/null\n"
	     "until Certificates/3/State \"revoked\"\n"
	     "sh keystorectl cert delete 4 > /dev/null\n"
	     "children Certificates 1 2 3\n"
	     "until Certificates/4/CommonName BadNodeIdUnknown\n");
	fixture_free(fixture);
}

Test(opcua_space, shows_a_request_without_what_it_has_not)
{
	struct fixture *fixture = project_new();

	peer(fixture, "",
	     "sh keystorectl cert request --profile tls-client --new-key away --algorithm ec-p256 "
	     "--subject CN=away > /dev/null\n"
	     "until Certificates/4/State \"requested\"\n"
	     "until Certificates/4/CommonName \"away\"\n"
	     "until Certificates/4/DaysLeft BadNoData\n"
	     "until Certificates/4/Certificate BadNoData\n");
	fixture_free(fixture);
}

Test(opcua_space, says_what_is_known_while_keystored_is_away_and_looks_again_afterwards)
{
	struct fixture *fixture = project_new();
	char lines[1024];

	snprintf(lines, sizeof(lines),
		 "until Tpm/State \"ready\"\n"
		 "until Certificates/3/CommonName \"web\"\n"
		 "sh kill -9 %d\n"
		 "until Tpm/State BadNoCommunication\n"
		 "until Certificates/3/CommonName UncertainLastUsableValue \"web\"\n",
		 (int)fixture_service_pid(fixture));
	peer(fixture, "", lines);
	fixture_service_kill(fixture);
	fixture_free(fixture);
}

Test(opcua_space, shows_the_tpm_and_what_it_does)
{
	struct fixture *fixture = project_new();

	peer(fixture, "",
	     "until Tpm/State \"ready\"\n"
	     "until Tpm/Reason \"\"\n"
	     "until Tpm/QueueLength 0\n"
	     "watch Tpm/Keys\n"
	     "told \"3\"\n"
	     "sh keystorectl key create more --algorithm ec-p256 > /dev/null\n"
	     "told \"4\"\n");
	fixture_free(fixture);
}

Test(opcua_space, takes_rights_for_what_is_below_its_folders)
{
	struct fixture *fixture = project_new();

	peer(fixture, "run",
	     "rights Certificates 0 0xffffffff\n"
	     "rights Certificates/3 2 0xffffffff\n"
	     "rights Certificates/3/Subject 2 0xffffffff\n"
	     "rights Tpm/State 0x200 0xffffffff\n"
	     "rights Data/Types/Flag 0x400 0x800\n");
	fixture_free(fixture);
}

#define TYPES                                                                                      \
	"[block Types]\nFlag = Bool\nSmall = Byte\nLetter = Char\nPattern = Word\nLevel = Int\n"   \
	"Long = DWord\nCount = DInt\nPressure = Real\nText = String[20]\n"                         \
	"Values = Array[-1..2] of Int\nBits = Array[0..9] of Bool\n"                               \
	"Words = Array[0..1] of String[5]\n"
#define CONNECTION                                                                                 \
	"[Receive]\nType = TCON_IP_V4_SEC\nID = 1\nConnectionType = 11\n"                          \
	"ActiveEstablished = FALSE\nLocalPort = %d\nTRCV_C = %s\nActivateSecureConn = FALSE\n"

#define SET "sh KEYSTORE_OUC_SOCKET=run/control.sock keystore-ouc-ctl set "

static struct plc plc_running(void)
{
	struct plc plc = plc_new("plc-1");

	plc_start(&plc, TYPES "[block Received]\nVar1 = Bool\n" CONNECTION, plc_port(), "Received");
	return plc;
}

Test(opcua_space, shows_data_blocks_by_their_fields)
{
	struct plc plc = plc_running();

	peer(plc.fixture, "run run/control.sock",
	     "until Data/Types/Flag UncertainInitialValue false\n"
	     "until Data/Received/Var1 UncertainInitialValue false\n"
	     "watch Data/Types/Level\n"
	     "told UncertainInitialValue 0\n" SET
	     "Types Flag=TRUE Small=200 Letter=A Pattern=65535 "
	     "Level=-2 Long=4000000000 Count=-100000 Pressure=2.5 'Text=Grüße' 'Values[2]=7' "
	     "'Bits[9]=TRUE' 'Words[1]=w'\n"
	     "told -2\n"
	     "until Data/Types/Flag true\n"
	     "until Data/Types/Small 200\n"
	     "until Data/Types/Letter 65\n"
	     "until Data/Types/Pattern 65535\n"
	     "until Data/Types/Long 4000000000\n"
	     "until Data/Types/Count -100000\n"
	     "until Data/Types/Pressure 2.5\n"
	     "until Data/Types/Text \"Grüße\"\n"
	     "until Data/Types/Values 0|0|0|7\n"
	     "until Data/Types/Bits false|false|false|false|false|false|false|false|false|true\n"
	     "until Data/Types/Words \"\"|\"w\"\n");
	plc_free(&plc);
}

Test(opcua_space, writes_values_of_all_types_through_keystore_ouc)
{
	struct plc plc = plc_running();

	peer(plc.fixture, "run run/control.sock",
	     "until Data/Types/Flag UncertainInitialValue false\n"
	     "write Data/Types/Flag Good true\nuntil Data/Types/Flag true\n"
	     "write Data/Types/Small Good 255\nuntil Data/Types/Small 255\n"
	     "write Data/Types/Letter Good 233\nuntil Data/Types/Letter 233\n"
	     "write Data/Types/Pattern Good 4660\nuntil Data/Types/Pattern 4660\n"
	     "write Data/Types/Level Good -32768\nuntil Data/Types/Level -32768\n"
	     "write Data/Types/Long Good 4294967295\nuntil Data/Types/Long 4294967295\n"
	     "write Data/Types/Count Good -2147483648\nuntil Data/Types/Count -2147483648\n"
	     "write Data/Types/Pressure Good \"NaN\"\nuntil Data/Types/Pressure \"NaN\"\n"
	     "write Data/Types/Pressure Good 0.1\n"
	     "write Data/Types/Text Good \"Grüße\"\nuntil Data/Types/Text \"Grüße\"\n"
	     "write Data/Types/Values Good 1|-2|3|-4\nuntil Data/Types/Values 1|-2|3|-4\n"
	     "write Data/Types/Values@1:2 Good 8|9\nuntil Data/Types/Values 1|8|9|-4\n"
	     "write Data/Types/Words Good \"a\"|\"b\"\nuntil Data/Types/Words \"a\"|\"b\"\n");
	free(fixture_sh_ok(plc.fixture, "grep -q 'has written to data block Types' peer.log"));
	plc_free(&plc);
}

Test(opcua_space, refuses_values_that_do_not_fit_and_says_why)
{
	struct plc plc = plc_running();

	peer(plc.fixture, "run run/control.sock",
	     "until Data/Types/Flag UncertainInitialValue false\n"
	     "write Data/Types/Text BadOutOfRange \"more than twenty characters\"\n"
	     "write Data/Types/Text BadOutOfRange \"€\"\n"
	     "write Data/Types/Values BadTypeMismatch 1|2\n"
	     "write Data/Types/Values@3:4 BadIndexRangeInvalid 1|2\n"
	     "write Data/Types/Level@0 BadIndexRangeInvalid 1\n"
	     "until Data/Types/Text UncertainInitialValue \"\"\n");
	free(fixture_sh_ok(plc.fixture, "grep -q 'at most 20 characters' peer.log"));
	plc_free(&plc);
}

Test(opcua_space, goes_on_while_keystore_ouc_hangs)
{
	struct plc plc = plc_running();
	char lines[1024];

	/* The ninth finds no room; what the others have written comes when keystore-ouc goes on. */
	snprintf(lines, sizeof(lines),
		 "until Data/Types/Flag UncertainInitialValue false\n"
		 "sh kill -STOP %d\n"
		 "write Data/Types/Level GoodCompletesAsynchronously 1\n"
		 "write Data/Types/Level GoodCompletesAsynchronously 2\n"
		 "write Data/Types/Level GoodCompletesAsynchronously 3\n"
		 "write Data/Types/Level GoodCompletesAsynchronously 4\n"
		 "write Data/Types/Level GoodCompletesAsynchronously 5\n"
		 "write Data/Types/Level GoodCompletesAsynchronously 6\n"
		 "write Data/Types/Level GoodCompletesAsynchronously 7\n"
		 "write Data/Types/Text GoodCompletesAsynchronously \"€\"\n"
		 "write Data/Types/Level BadTooManyOperations 9\n"
		 "watch Data/Types/Level\n"
		 "sh kill -CONT %d\n"
		 "told 7\n",
		 (int)plc.ouc, (int)plc.ouc);
	peer(plc.fixture, "run run/control.sock", lines);
	free(fixture_sh_ok(plc.fixture, "grep -q 'perhaps written to data block Types' peer.log"));
	plc_free(&plc);
}

Test(opcua_space, follows_keystore_ouc_that_dies_and_comes_back_with_other_blocks)
{
	struct plc plc = plc_running();
	char lines[2048];

	snprintf(lines, sizeof(lines),
		 "children Data Received Types\n"
		 "until Data/Types/Flag UncertainInitialValue false\n"
		 "watch Data/Received/Var1\n"
		 "sh kill -9 %d\n"
		 "told BadNoCommunication\n"
		 "write Data/Types/Flag BadNoCommunication true\n"
		 "until Data/Types/Flag BadNoCommunication\n"
		 "sh sed -i 's/^Var1 = Bool/Var1 = Bool\\nVar2 = Int/; s/^.block Types.*/[block "
		 "Other]/' ouc.conf; OPENSSL_MODULES=$(dirname %s) setsid keystore-ouc --config "
		 "ouc.conf --socket %s --runtime $PWD/run > again.log 2>&1 & echo $! > again.pid\n"
		 "until Data/Received/Var2 UncertainInitialValue 0\n"
		 "told UncertainInitialValue false\n"
		 "until Data/Types/Flag BadNodeIdUnknown\n"
		 "until Data/Other/Flag UncertainInitialValue false\n",
		 (int)plc.ouc, KEYSTORE_MODULE, fixture_socket(plc.fixture));
	peer(plc.fixture, "run run/control.sock", lines);
	free(fixture_sh_ok(plc.fixture, "kill $(cat again.pid)"));
	plc_free(&plc);
}
