/*
 * Process data by the API of keystore-https, with a real keystore-ouc whose connection sends to
 * itself. What each test does is a function of its name in https/data.py.
 */
#include <criterion/criterion.h>
#include <signal.h>

#include "https_site.h"
#include "ouc_site.h"

TestSuite(https_data, .timeout = 300);

#define LOGGED_IN                                                                                  \
	"export HOME=$PWD; unset XDG_RUNTIME_DIR KEYSTORE_TOKEN; printf 'correct horse\\n' > pw; " \
	"keystorectl user create admin --roles administrator --password-file pw > /dev/null; "     \
	"keystorectl login admin --password-file pw > /dev/null; "                                 \
	"keystorectl role set looker --rights read-process-data > /dev/null; "                     \
	"keystorectl role set nobody --rights read-diagnostics > /dev/null; "                      \
	"keystorectl user create looker --roles looker --password-file pw > /dev/null; "           \
	"keystorectl user create nobody --roles nobody --password-file pw > /dev/null; "

/* All types; one that is sent, and one that comes of it. */
#define CONFIGURATION                                                                              \
	"[block Types]\nFlag = Bool\nSmall = Byte\nLetter = Char\nPattern = Word\nLevel = Int\n"   \
	"Long = DWord\nCount = DInt\nPressure = Real\nText = String[20]\n"                         \
	"Values = Array[-1..2] of Int\nBits = Array[0..9] of Bool\n"                               \
	"Words = Array[0..1] of String[5]\n"                                                       \
	"[block Send_Data]\nVar1 = Bool\nVar2 = String\n"                                          \
	"[block Received_Data]\nVar1 = Bool\nVar2 = String\n"                                      \
	"[Receive]\nType = TCON_IP_V4_SEC\nID = 1\nConnectionType = 11\n"                          \
	"ActiveEstablished = FALSE\nLocalPort = %d\nTRCV_C = Received_Data\n"                      \
	"ActivateSecureConn = FALSE\n"                                                             \
	"[Send]\nType = TCON_IP_V4_SEC\nID = 2\nConnectionType = 11\nActiveEstablished = TRUE\n"   \
	"RemoteAddress = 127.0.0.1\nRemotePort = %d\nTSEND_C = Send_Data\n"                        \
	"ActivateSecureConn = FALSE\n"

static void run(const char *name)
{
	struct https_site site = https_site_new(NULL);
	struct plc plc = {.fixture = site.fixture, .name = "gateway"};
	int port = plc_port();

	https_site_start(&site, "DataImages = %s/run", fixture_dir(site.fixture));
	plc_start(&plc, CONFIGURATION, port, port);
	free(HTTPS_SITE(&site,
			LOGGED_IN "export HTTPS_URL=https://127.0.0.1:%d HTTPS_CA=$PWD/ca.pem "
				  "HTTPS_OPENAPI=%s/frontends/https/openapi.json OUC_PID=%d "
				  "KEYSTORE_OUC_SOCKET=$PWD/run/control.sock "
				  "OPENSSL_MODULES=$(dirname %s) PYTHONDONTWRITEBYTECODE=1; "
				  "exec python3 %s/tests/integration/https/data.py %s >&2",
			site.port, KEYSTORE_SOURCE_DIR, (int)plc.ouc, KEYSTORE_MODULE,
			KEYSTORE_SOURCE_DIR, name));
	cr_expect_eq(https_site_end(&site, SIGTERM), 0);
	(void)plc_end(&plc, SIGKILL);
	https_site_free(&site);
}

#define DATA(name)                                                                                 \
	Test(https_data, name)                                                                     \
	{                                                                                          \
		run(#name);                                                                        \
	}

DATA(blocks_are_listed_and_shown)
DATA(values_of_all_types_are_written)
DATA(what_does_not_fit_is_refused_by_its_field_and_changes_nothing)
DATA(who_may_only_look_writes_nothing)
DATA(values_come_as_they_change)
DATA(a_feed_carries_no_values_without_the_right)
DATA(keystore_ouc_dies_and_comes_back)
DATA(an_image_is_foreign_or_broken)
