/*
 * What becomes of certificates when the device gets other addresses or another host name: in a
 * network namespace and a UTS namespace of the test's own.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "own_net.h"

/* Long enough for a command between two others, and short enough to wait for. */
#define CONFIG "[watch]\nsettle = 300ms\n"

#define NEW "keystorectl cert create --profile web-server --algorithm ec-p256 --subject CN=web "

static struct fixture *fixture;

static void set_up(void)
{
	const struct fixture_options options = {.config = CONFIG};

	if (!own_net_enter())
		cr_skip_test("no network namespace may be made here");
	cr_assert_eq(system("ip addr add 192.0.2.10/24 dev eth0 && "
			    "ip addr add 198.51.100.1/24 dev eth1"),
		     0);
	fixture = fixture_new(&options);
}

static void tear_down(void)
{
	fixture_free(fixture);
}

TestSuite(watch, .init = set_up, .fini = tear_down, .timeout = 300);

static bool succeeds(void *command)
{
	struct run run = fixture_sh(fixture, "%s", (const char *)command);
	bool is_good = run.exit_code == 0;

	run_free(&run);
	return is_good;
}

static void wait_until(const char *command)
{
	fixture_until(succeeds, (void *)(uintptr_t)command, command);
}

static void ok(const char *commands)
{
	free(fixture_sh_ok(fixture, "set -e; %s", commands));
}

/* The service knows its three names: what is created from now on names its own. */
static void know(const char *count)
{
	char command[128];

	snprintf(command, sizeof command, "keystorectl status | grep -q 'addresses *%s watched'",
		 count);
	wait_until(command);
	wait_until("sqlite3 state/keystored.db 'SELECT name FROM own_name' | grep -q plc-1");
}

static void reported(const char *what)
{
	char command[256];

	snprintf(command, sizeof command,
		 "keystorectl audit list | grep 'cert names' | grep -q '%s'", what);
	wait_until(command);
}

/* Of all that is watched, the last to change: what came before would have been told by then. */
static void change_last(void)
{
	ok("ip addr del 198.51.100.1/24 dev eth1");
	reported("198.51.100.1 is no address");
}

#define SENTINEL "--san IP:198.51.100.1 --new-key sentinel --issuer 2 > /dev/null; "

Test(watch, of_a_projects_certificate_reports_and_renews_by_policy)
{
	know("2");
	ok("keystorectl project init > /dev/null; " NEW
	   "--issuer 2 --new-key web --san IP:192.0.2.10,IP:203.0.113.7,DNS:web.example > "
	   "/dev/null; keystorectl cert show 3 | grep 'addresses *report, as is usual'; "
	   "ip addr add 192.0.2.20/24 dev eth0; ip addr del 192.0.2.10/24 dev eth0");
	reported("192.0.2.10 is no address of this device any more, eth0 has 192.0.2.20");
	ok("keystorectl cert show 3 | tr -s ' \n' ' ' > shown; grep 'version 1, active' shown; "
	   "grep 'eth0 has 192.0.2.20.*--addresses follow' shown; "
	   "keystorectl cert show 3 --json | grep -q '\"names_note\":\"IP:192.0.2.10 is'; "
	   "keystorectl cert check 3 | grep 'san-address-gone'; "
	   "keystorectl cert renewal 3 --addresses follow > /dev/null; "
	   "keystorectl audit list | grep 'cert renewal.*when it was, addresses followed'");
	wait_until("keystorectl cert show 3 | grep 'version 2, active'");
	ok("keystorectl cert export 3 --out web.pem; keystorectl cert export 2 --out ca.pem; "
	   "openssl verify -x509_strict -CAfile ca.pem -verify_ip 192.0.2.20 web.pem; "
	   "openssl x509 -in web.pem -noout -ext subjectAltName | "
	   "grep 'IP Address:192.0.2.20, IP Address:203.0.113.7, DNS:web.example'; "
	   "keystorectl cert show 3 --json | grep -q '\"names_note\":null'; "
	   "keystorectl cert check 3; "
	   "test $(keystorectl audit list | grep -c 'cert names') = 2");
}

Test(watch, of_a_self_signed_certificate_renews_it_in_local_mode)
{
	know("2");
	ok(NEW "--self-signed --new-key web --san IP:192.0.2.10,DNS:plc-1.example > /dev/null; "
	       "keystorectl cert show 1 | grep 'addresses *follow, as is usual'; "
	       "ip addr del 192.0.2.10/24 dev eth0; ip addr add 192.0.2.20/24 dev eth0; "
	       "hostname plc-2");
	wait_until("keystorectl cert show 1 | grep active; keystorectl cert export 1 | openssl "
		   "x509 -noout -ext subjectAltName | grep 'IP Address:192.0.2.20, "
		   "DNS:plc-2.example'");
	ok("keystorectl cert show 1 --json | grep -q '\"name\":\"web\"'; "
	   "keystorectl cert renewal 1 --default --rekey > /dev/null; "
	   "ip addr add 192.0.2.30/24 dev eth0; ip addr del 192.0.2.20/24 dev eth0");
	wait_until("keystorectl cert show 1 --json | grep -q '\"name\":\"web.v3\"'");
	ok("keystorectl cert export 1 | openssl x509 -noout -ext subjectAltName | "
	   "grep 'IP Address:192.0.2.30'");
}

Test(watch, reports_a_host_name_that_has_changed)
{
	know("2");
	ok("keystorectl project init > /dev/null; " NEW
	   "--issuer 2 --new-key web --san DNS:plc-1.example,DNS:plc-10.example > /dev/null; "
	   "hostname plc-2");
	reported("DNS:plc-1.example is no name of this device any more, it is called plc-2");
	ok("keystorectl cert check 3 | grep 'san-host-gone'; "
	   "keystorectl cert show 3 | fgrep -c plc-10 | grep -x 0");
}

Test(watch, does_nothing_about_an_address_that_comes_back_in_time)
{
	know("2");
	ok("keystorectl project init > /dev/null; " NEW
	   "--issuer 2 --new-key web --san IP:192.0.2.10 > /dev/null; " NEW SENTINEL
	   "keystorectl cert renewal 3 --addresses follow > /dev/null; "
	   "for i in $(seq 50); do ip addr del 192.0.2.10/24 dev eth0; "
	   "ip addr add 192.0.2.10/24 dev eth0; done");
	change_last();
	ok("test $(keystorectl audit list | grep -c 'cert names') = 1; "
	   "keystorectl cert show 3 | grep 'version 1, active'");
}

Test(watch, does_nothing_while_an_interface_has_no_link)
{
	know("2");
	ok("keystorectl project init > /dev/null; " NEW
	   "--issuer 2 --new-key web --san IP:192.0.2.10 > /dev/null; "
	   "keystorectl cert renewal 3 --addresses follow > /dev/null; "
	   /* The cable is out, and the DHCP client takes the address away. */
	   "ip link set eth1 down; ip addr del 192.0.2.10/24 dev eth0; hostname plc-2");
	wait_until("sqlite3 state/keystored.db 'SELECT name FROM own_name' | grep -q plc-2");
	ok("keystorectl audit list > list; ! grep 'cert names' list; "
	   /* It is in again, elsewhere. */
	   "ip addr add 192.0.2.20/24 dev eth0; ip link set eth1 up");
	wait_until("keystorectl cert show 3 | grep 'version 2, active'");
}

Test(watch, ignores_addresses_that_nobody_keeps)
{
	ok("ip addr add fe80::99/64 dev eth0 nodad; ip addr add 169.254.7.7/16 dev eth0");
	know("2");
	ok("keystorectl project init > /dev/null; " NEW
	   "--issuer 2 --new-key web --san IP:fe80::99,IP:169.254.7.7,IP:192.0.2.10 > "
	   "/dev/null; " NEW SENTINEL
	   "ip addr del fe80::99/64 dev eth0; ip addr del 169.254.7.7/16 dev eth0");
	change_last();
	ok("test $(keystorectl audit list | grep -c 'cert names') = 1");
}

Test(watch, finds_at_its_start_what_has_changed_meanwhile)
{
	know("2");
	ok("keystorectl project init > /dev/null; " NEW
	   "--issuer 2 --new-key web --san IP:192.0.2.10 > /dev/null; "
	   "keystorectl cert renewal 3 --addresses follow > /dev/null");
	fixture_service_kill(fixture);
	ok("ip addr del 192.0.2.10/24 dev eth0; ip addr add 192.0.2.20/24 dev eth0");
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	wait_until("keystorectl cert show 3 | grep 'version 2, active'");
	ok("keystorectl cert export 3 | openssl x509 -noout -ext subjectAltName | "
	   "grep 'IP Address:192.0.2.20'");
	reported("192.0.2.10 is no address");
}

Test(watch, of_what_a_ca_elsewhere_issued_makes_a_csr_with_the_new_names)
{
	know("2");
	ok("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key "
	   "-out ca.pem -subj /CN=Company -days 900 "
	   "-addext basicConstraints=critical,CA:TRUE "
	   "-addext keyUsage=critical,keyCertSign,cRLSign 2> /dev/null; "
	   "answer() { printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
	   "subjectAltName=IP:%s\nbasicConstraints=critical,CA:FALSE\n' $2 > ext; "
	   "openssl x509 -req -in $1 -CA ca.pem -CAkey ca.key -CAcreateserial -days 300 -extfile "
	   "ext -out answer.pem 2> /dev/null; keystorectl cert replace 1 answer.pem; }; "
	   "keystorectl cert request --profile web-server --new-key web --algorithm ec-p256 "
	   "--subject CN=web --san IP:192.0.2.10 --out web.csr > /dev/null; "
	   "answer web.csr 192.0.2.10; "
	   "keystorectl cert renewal 1 --addresses follow > /dev/null; "
	   "ip addr del 192.0.2.10/24 dev eth0; ip addr add 192.0.2.20/24 dev eth0");
	reported("its CSR waits for the answer of “CN=Company”");
	ok("keystorectl cert export 1 --format csr --out next.csr; "
	   "openssl req -in next.csr -noout -text | grep 'IP Address:192.0.2.20'; "
	   "printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
	   "subjectAltName=IP:192.0.2.20\nbasicConstraints=critical,CA:FALSE\n' > ext; "
	   "openssl x509 -req -in next.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 300 "
	   "-extfile ext -out answer.pem 2> /dev/null; keystorectl cert replace 1 answer.pem; "
	   "keystorectl cert show 1 --json | grep -q '\"names_note\":null'");
}

Test(watch, can_be_switched_off)
{
	cr_assert_eq(fixture_service_stop(fixture), 0);
	file_write(fixture_config(fixture), "[watch]\nnames = no\n", 19);
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	ok("keystorectl status | grep 'addresses are not watched: the configuration says so'; "
	   "keystorectl status --json | grep -q '\"watched\":false'");
}
