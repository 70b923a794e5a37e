#include <criterion/criterion.h>
#include <signal.h>

#include "https_site.h"

#define ISSUE                                                                                      \
	"issue() { keystorectl cert create --issuer 2 --algorithm ec-p256 --subject CN=$1 "        \
	"--new-key $1 --profile $2 --san DNS:localhost,IP:127.0.0.1 >&2; }; "
/* Whether the server says yes to a connection of s_client with these options. */
#define S_CLIENT                                                                                   \
	"s_client() { printf 'GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: "               \
	"close\\r\\n\\r\\n' | timeout 30 openssl s_client -connect 127.0.0.1:$port -servername "   \
	"localhost -CAfile ca.pem -verify_return_error -ign_eof \"$@\" 2>&1; }; "

static struct https_site site;

static void set_up(void)
{
	site = https_site_new(NULL);
}

static void tear_down(void)
{
	https_site_free(&site);
}

TestSuite(https_server, .init = set_up, .fini = tear_down, .timeout = 180);

#define SITE(script, ...) free(HTTPS_SITE(&site, "port=%d; " script, site.port, ##__VA_ARGS__))

Test(https_server, serves_its_pages_over_tls_alone)
{
	https_site_start(&site, "%s", "");
	SITE("get -D h https://localhost:$port/ > page; grep -q '<!doctype html>' page; "
	     "for line in 'HTTP/1.1 200' 'Content-Type: text/html; charset=utf-8' "
	     "'Strict-Transport-Security: max-age=31536000' "
	     "'Content-Security-Policy: default-src .none.; script-src .self.;' "
	     "'X-Content-Type-Options: nosniff' 'Cache-Control: no-cache'; do "
	     "grep -qi \"^$line\" h || { echo \"$line\" >&2; exit 1; }; done; "
	     "fails get --tls-max 1.1 https://localhost:$port/ 2> /dev/null; "
	     "get --tls-max 1.2 https://localhost:$port/ > /dev/null; "
	     "fails curl -sS --max-time 5 http://localhost:$port/ 2> /dev/null");
	cr_assert_eq(https_site_end(&site, SIGTERM), 0);
}

Test(https_server, compresses_and_sends_nothing_to_who_has_it)
{
	https_site_start(&site, "%s", "");
	SITE("url=https://localhost:$port/style.css; get $url > plain; "
	     "get -D h -H 'Accept-Encoding: gzip' $url > packed; gunzip < packed | cmp - plain; "
	     "grep -qi '^Content-Encoding: gzip' h; [ $(wc -c < packed) -lt $(wc -c < plain) ]; "
	     "tag=$(sed -n 's/^ETag: //ip' h | tr -d '\\r'); "
	     "[ $(get -o none -w '%%{http_code}' -H 'Accept-Encoding: gzip' "
	     "-H \"If-None-Match: $tag\" $url) = 304 ]; [ ! -s none ]; "
	     "[ $(get -o none -w '%%{http_code}' -H \"If-None-Match: $tag\" $url) = 200 ]; "
	     "get -I $url | grep -i \"^Content-Length: $(wc -c < plain)\"");
}

Test(https_server, knows_no_paths_but_its_own)
{
	https_site_start(&site, "%s", "");
	SITE("for path in /../etc/passwd /..%%2f..%%2fetc/passwd /%%2e%%2e/%%2e%%2e/etc/passwd "
	     "/ui/../../../etc/passwd /%%252e%%252e/etc/passwd //etc/passwd /ui /none; do "
	     "[ $(get --path-as-is -o none -w '%%{http_code}' https://localhost:$port$path) = 404 "
	     "]; done; grep -q 'no such page' none; "
	     "[ $(get -X DELETE -o none -w '%%{http_code}' https://localhost:$port/) = 405 ]");
}

Test(https_server, sends_plain_http_on_to_https)
{
	https_site_start(&site, "RedirectHTTP = 127.0.0.1:%d\nServerNames = localhost 127.0.0.1\n",
			 site.plain_port);
	SITE("plain=%d; until curl -s http://localhost:$plain/ > body; do :; done; "
	     "curl -s -D h \"http://localhost:$plain/a%%20b?c=d\" > body; [ ! -s body ]; "
	     "grep -q '^HTTP/1.1 308' h; tr -d '\\r' < h | grep -qx \"Location: "
	     "https://localhost:$port/a%%20b?c=d\"; fails grep -qi ^Strict h; "
	     "for options in '-X POST -d x' '-I'; do [ $(curl -s -o /dev/null -w '%%{http_code}' "
	     "$options http://127.0.0.1:$plain/) = 308 ]; done; "
	     "[ $(curl -s -o /dev/null -w '%%{http_code}' -H 'Host: evil.example' "
	     "http://localhost:$plain/) = 421 ]; "
	     "[ $(get -o /dev/null -w '%%{http_code}' -H 'Host: evil.example' "
	     "https://localhost:$port/) = 421 ]",
	     site.plain_port);
}

Test(https_server, takes_a_renewed_certificate_and_a_newly_assigned_one_while_it_serves)
{
	https_site_start(&site, "%s", "");
	SITE(ISSUE
	     "issue web-2 web-server; "
	     "{ while [ ! -e stop ]; do get https://localhost:$port/ -o /dev/null; done && echo "
	     "well; } > load 2>&1 & "
	     "serial() { openssl s_client -connect 127.0.0.1:$port < /dev/null 2> /dev/null | "
	     "openssl x509 -noout -serial; }; "
	     "first=$(serial); keystorectl cert renew 3 --rekey >&2; "
	     "until [ $(serial) != $first ]; do :; done; second=$(serial); "
	     "keystorectl service set web-server --cert 4 >&2; "
	     "until [ $(serial) != $second ]; do :; done; touch stop; wait; cat load >&2; "
	     "[ \"$(cat load)\" = well ]");
	https_site_until_said(&site, "serving with certificate 4, version 1");
}

Test(https_server, turns_people_away_until_it_has_a_certificate)
{
	SITE("keystorectl service set web-server --cert none >&2");
	https_site_launch(&site, "%s", "");
	https_site_until_said(&site, "the service web-server has no certificate");
	SITE("fails get https://localhost:$port/ 2> /dev/null; "
	     "keystorectl service set web-server --cert 3 >&2");
	https_site_until_said(&site, "serving with certificate 3, version 1");
	SITE("get https://localhost:$port/ > /dev/null");
	SITE("keystorectl service remove web-server >&2");
	https_site_until_said(&site, "turned away: the service web-server has no certificate");
}

Test(https_server, serves_who_comes_again_while_keystored_is_away)
{
	https_site_start(&site, "%s", "");
	SITE(S_CLIENT "s_client -sess_out session > first; grep -q '^HTTP/1.1 200' first");
	fixture_service_stop(site.fixture);
	https_site_until_said(&site, "keystored ended");
	SITE(S_CLIENT
	     "s_client -sess_in session > again; grep -q '^Reused, TLSv1.3' again; "
	     "grep -q '^HTTP/1.1 200' again; s_client > new || true; fails grep -q HTTP/1.1 new");
	fixture_service_start(site.fixture);
	fixture_service_wait(site.fixture);
	https_site_until(&site, "get https://localhost:$(sed -n 's/.*127.0.0.1://p' https.conf | "
				"head -1)/ > /dev/null 2>&1");
}

#define CLIENTS                                                                                    \
	"for name in good bad; do openssl req -x509 -newkey ec -pkeyopt "                          \
	"ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.pem -subj /CN=$name "         \
	"-days 9 -addext keyUsage=digitalSignature -addext extendedKeyUsage=clientAuth 2> "        \
	"/dev/null; done; keystorectl trust add https good.pem >&2; "
#define CODE                                                                                       \
	"code() { get -o /dev/null -w '%%{http_code}' \"$@\" https://localhost:$port/ 2> "         \
	"/dev/null || true; }; "

Test(https_server, asks_browsers_for_certificates_where_it_is_to)
{
	SITE(CLIENTS);
	https_site_start(&site, "%s", "ClientCertificate = optional\nTrustGroup = https\n");
	SITE(CODE "[ $(code) = 200 ]; [ $(code --cert good.pem --key good.key) = 200 ]; "
		  "[ $(code --cert bad.pem --key bad.key) = 000 ]");
	(void)https_site_end(&site, SIGTERM);
	SITE("rm https.log");
	https_site_start(&site, "%s", "ClientCertificate = required\nTrustGroup = https\n");
	SITE(CODE "[ $(code) = 000 ]; [ $(code --cert good.pem --key good.key) = 200 ]; "
		  "[ $(code --cert bad.pem --key bad.key) = 000 ]");
}

Test(https_server, waits_for_a_port_that_another_has)
{
	SITE("{ python3 -c 'import socket, sys, time; s = socket.socket(); "
	     "s.bind((\"127.0.0.1\", int(sys.argv[1]))); s.listen(); open(\"taken\", "
	     "\"w\").close(); time.sleep(600)' $port & echo $! > holder; } ; "
	     "until [ -e taken ]; do :; done");
	https_site_launch(&site, "%s", "");
	https_site_until_said(&site, "another program has it");
	SITE("kill $(cat holder)");
	https_site_until_said(&site, "listens at port");
	https_site_until_said(&site, "serving with certificate");
	SITE("get https://localhost:$port/ > /dev/null");
}

Test(https_server, is_off_until_it_is_switched_on_and_checks_its_configuration)
{
	SITE("printf '[keystore-https]\\n' > off.conf; keystore-https --config off.conf > said "
	     "2>&1; grep -q 'switched off' said; keystore-https --check off.conf | grep -q 'fine'; "
	     "printf '[keystore-https]\\nListen = nowhere\\n' > bad.conf; "
	     "fails keystore-https --check bad.conf 2> said; grep -q 'bad.conf:2: .*Listen' said; "
	     "keystore-https --version | grep -q keystore-https; keystore-https --help | grep -q "
	     "check; code=0; keystore-https --none > /dev/null 2>&1 || code=$?; [ $code = 2 ]");
}
