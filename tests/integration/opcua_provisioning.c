/* keystore-opcua before anybody is trusted: who may set it up over the network (OPC 10000-12 7.5). */
#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>

#include "opcua_site.h"

#define USER(Name) "--user " Name " --password '" OPCUA_SITE_PASSWORD "' "
#define SHELL                                                                                      \
	"says() { s=$1; shift; fails \"$@\" > said 2>&1; grep -q \"$s\" said || "                  \
	"{ cat said >&2; exit 1; }; }; enter() { as Basic256Sha256 encrypt \"$@\"; }; "            \
	"empty() { for f in $(keystorectl trust list opcua --json | "                              \
	"grep -o '\"fingerprint\": *\"[0-9a-f]*\"' | cut -d'\"' -f4); do "                         \
	"keystorectl trust remove opcua $f || true; done; } >&2; "

#define RUN(site, script) free(OPCUA_SITE(site, SHELL script))

static struct opcua_site site_new(const char *settings)
{
	struct opcua_site site = opcua_site_new(NULL);

	RUN(&site, "empty");
	opcua_site_start(&site, "%s", settings);
	return site;
}

static void end(struct opcua_site *site)
{
	int code = opcua_site_end(site, SIGTERM);

	cr_expect_eq(code, 0);
	opcua_site_free(site);
}

TestSuite(opcua_provisioning, .timeout = 240);

Test(opcua_provisioning, lets_nobody_in_where_it_is_not_switched_on)
{
	struct opcua_site site = site_new("Anonymous = TRUE");

	RUN(&site, "says BadSecurityChecksFailed enter " USER(
			   "admin") "connect; fails grep -q 'is let in to set' opcua.log");
	end(&site);
}

Test(opcua_provisioning, lets_in_whoever_may_set_it_up_and_nobody_else)
{
	struct opcua_site site = site_new("Provisioning = TRUE\nAnonymous = TRUE");

	opcua_site_until_said(&site, "nobody is trusted yet");
	RUN(&site,
	    "enter " USER(
		    "admin") "connect read:i=19309 > said; grep -q true said; "
			     "test $(grep -c 'is let in to set this server up' opcua.log) = 1; "
			     "says BadUserAccessDenied enter " USER(
				     "operator") "connect; "
						 "says BadUserAccessDenied enter connect; "
						 "says BadUserAccessDenied as Basic256Sha256 "
						 "sign " USER(
							 "admin") "connect; "
								  "grep -q 'operator from "
								  "127.0.0.1 is not let in: the "
								  "server is being set up' "
								  "opcua.log; "
								  /* Nothing else may be wrong with it. */
								  "printf "
								  "'[ca]\\ndefault_ca=a\\n[a]"
								  "\\ndatabase=index\\nserial="
								  "serial\\nnew_certs_dir=.\\n"
								  "default_md=sha256\\npolicy="
								  "p\\nx509_extensions=e\\n[p]"
								  "\\ncommonName=supplied\\n"
								  "[e]\\nbasicConstraints=CA:"
								  "FALSE\\nkeyUsage=critical,"
								  "digitalSignature,nonRepudiation,"
								  "keyEncipherment,"
								  "dataEncipherment,"
								  "keyCertSign\\nextendedKeyUsage="
								  "clientAuth\\n"
								  "subjectAltName="
								  "URI:" OPCUA_SITE_CLIENT
								  ",DNS:client.plant\\n' > "
								  "old.cnf; "
								  ": > index; echo 01 > serial; "
								  "openssl req -new -key "
								  "client.key -subj /CN=old -out "
								  "old.csr 2> /dev/null; "
								  "make() { openssl ca -config "
								  "old.cnf -batch -selfsign "
								  "-keyfile client.key -in old.csr "
								  "-startdate $1 -enddate $2 "
								  "-notext -out x.pem 2> ca.log || "
								  "{ cat ca.log; exit 1; }; "
								  "openssl x509 -in x.pem -outform "
								  "DER -out $3.der; : > index; } "
								  ">&2; "
								  "make 200101000000Z "
								  "210101000000Z old; make "
								  "200101000000Z 490101000000Z "
								  "new; "
								  "says BadCertificateTimeInvalid "
								  "enter --cert old.der " USER(
									  "admin") "connect; "
										   "enter --cert "
										   "new.der " USER(
											   "admin") "connect read:i=2259 > said");
	end(&site);
}

Test(opcua_provisioning, is_over_with_the_first_list_that_is_pushed)
{
	struct opcua_site site = site_new("Provisioning = TRUE\nHttpsService = none");

	opcua_site_until_said(&site, "nobody is trusted yet");
	RUN(&site,
	    "{ keystorectl group create manager; keystorectl trust add manager ca.der; "
	    "keystorectl cert create --profile opcua-client --issuer 1 --new-key ua-client "
	    "--algorithm rsa-2048 --subject CN=manager,O=Plant --san "
	    "URI:urn:plant:manager,DNS:localhost > made; id=$(awk '$1 == \"id\" { print $2 }' "
	    "made); keystorectl cert export $id > manager.pem; "
	    "keystorectl service create opcua-client --kind opcua-client --cert $id --group "
	    "manager --uid $(id -u); } >&2; "
	    "ua() { keystore-opcua-client \"$@\" --user admin --password-file pw; }; "
	    "export KEYSTORE_OPCUA_URL=opc.tcp://localhost:$PORT; "
	    "enter " USER(
		    "admin") "connect touch:running until:listed read:i=2259 renew read:i=2259 "
			     "> held 2>&1 & until test -e running; do sleep 0.02; done; "
			     "ua read i=19309 | grep -q true; ua push trust add manager.pem >&2; "
			     "until grep -q 'that the trust list knows' opcua.log; do sleep 0.02; "
			     "done; "
			     "says BadSecurityChecksFailed enter " USER(
				     "admin") "connect; "
					      "touch listed; if wait $!; then cat held >&2; exit "
					      "1; fi; "
					      "test $(grep -c 'read: Good' held) = 1 || { cat held "
					      ">&2; exit 1; }; "
					      "ua read i=19309 | grep -q false");
	end(&site);
}

/* His sessions are of users who need not be able to set anything up. */
Test(opcua_provisioning, takes_nobody_for_new_who_was_trusted_when_he_came)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_start(&site, "Provisioning = TRUE");
	RUN(&site,
	    "enter " USER("operator") "connect touch:running until:emptied read:i=2259 renew "
				      "read:i=2259 > held 2>&1 & "
				      "until test -e running; do sleep 0.02; done; empty; "
				      "until grep -q 'nobody is trusted yet' opcua.log; do "
				      "sleep 0.02; done; touch emptied; "
				      "if wait $!; then cat held >&2; exit 1; fi; "
				      "test $(grep -c 'read: Good' held) = 1 || "
				      "{ cat held >&2; exit 1; }; "
				      "enter " USER("admin") "connect read:i=2259 > said");
	end(&site);
}
