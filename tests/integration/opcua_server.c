/*
 * keystore-opcua as a client sees it that is not ours: open62541's, with its own cryptography.
 */
#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>

#include "opcua_site.h"

#define WITH_NONE "Endpoints = None Basic256Sha256:SignAndEncrypt\n"
#define ANONYMOUS "Anonymous = TRUE\n"
#define OLD                                                                                        \
	"Endpoints = Basic256:SignAndEncrypt Basic256:Sign\n"                                      \
	"Endpoints = Basic128Rsa15:SignAndEncrypt Basic128Rsa15:Sign"
#define USER(Name) "--user " Name " --password '" OPCUA_SITE_PASSWORD "' "
/* says STATUS COMMAND...: it fails, and a line of it has the status. */
#define SAYS                                                                                       \
	"says() { s=$1; shift; fails \"$@\" > said 2>&1; grep -q \"$s\" said || { cat said; exit " \
	"1; "                                                                                      \
	"}; }; "

static void end(struct opcua_site *site)
{
	int code = opcua_site_end(site, SIGTERM);
	char *said = OPCUA_SITE(site, "cat opcua.log");

	cr_expect_eq(code, 0, "%s", said);
	free(said);
	opcua_site_free(site);
}

Test(opcua_server, takes_a_session_by_every_policy_and_mode)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_start(&site, ANONYMOUS);
	free(OPCUA_SITE(&site,
			"for p in Basic256Sha256 Aes128_Sha256_RsaOaep Aes256_Sha256_RsaPss; do "
			"for m in sign encrypt; do as $p $m connect read:i=2259 renew read:i=2259 "
			"close > said || { echo $p $m; cat said; exit 1; }; "
			"test $(grep -c 'i=2259 = ' said) = 2; done; done"));
	end(&site);
}

Test(opcua_server, takes_a_password_by_every_policy_and_on_none)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_start(&site, WITH_NONE "Endpoints = Basic256Sha256:Sign "
					  "Aes128_Sha256_RsaOaep:SignAndEncrypt\nEndpoints = "
					  "Aes256_Sha256_RsaPss:SignAndEncrypt");
	free(OPCUA_SITE(
		&site,
		"login() { as $1 $2 " USER(
			"operator") " connect read:i=2259 > said || "
				    "{ echo $1 $2; cat said; exit 1; }; }; login None none; "
				    "login Basic256Sha256 sign; login Basic256Sha256 encrypt; "
				    "login Aes128_Sha256_RsaOaep encrypt; login "
				    "Aes256_Sha256_RsaPss encrypt; "
				    "keystorectl session list | grep -q operator || true"));
	end(&site);
}

Test(opcua_server, takes_old_policies_where_they_are_named)
{
	struct opcua_site site = opcua_site_new(&(struct fixture_options){
		.config = "[access]\nallow-sha1-signatures = yes\nallow-pkcs1-decryption = yes\n"});

	opcua_site_start(&site, ANONYMOUS OLD);
	free(OPCUA_SITE(&site, "for p in Basic256 Basic128Rsa15; do for m in sign encrypt; do "
			       "as $p $m connect read:i=2259 renew read:i=2259 close > said || "
			       "{ echo $p $m; cat said; exit 1; }; "
			       "test $(grep -c 'i=2259 = ' said) = 2; done; done; "
			       "grep -q 'Basic256 is deprecated' opcua.log; "
			       "grep -q 'Basic128Rsa15 is deprecated' opcua.log"));
	end(&site);
}

Test(opcua_server, names_the_switch_that_an_old_policy_needs)
{
	struct opcua_site site = opcua_site_new(
		&(struct fixture_options){.config = "[access]\nallow-sha1-signatures = yes\n"});

	opcua_site_start(&site, ANONYMOUS OLD);
	free(OPCUA_SITE(&site, SAYS
			"says BadSecurityPolicyRejected as Basic128Rsa15 encrypt connect; "
			"says BadSecurityPolicyRejected as Basic128Rsa15 sign connect; "
			"test $(grep -c '127.0.0.1 is turned away: decryption of PKCS#1 v1.5 is "
			"switched off.*allow-pkcs1-decryption' opcua.log) = 2; "
			"as Basic256 encrypt connect read:i=2259 > said"));
	end(&site);
	site = opcua_site_new(
		&(struct fixture_options){.config = "[access]\nallow-pkcs1-decryption = yes\n"});
	opcua_site_start(&site, ANONYMOUS OLD);
	free(OPCUA_SITE(&site, SAYS
			"for p in Basic256 Basic128Rsa15; do "
			"says BadSecurityPolicyRejected as $p encrypt connect; done; "
			"test $(grep -c 'is turned away: signatures over SHA-1 are switched off.*"
			"allow-sha1-signatures' opcua.log) = 2"));
	end(&site);
}

/*
 * bytes COUNT: channels opened by Basic128Rsa15 with the client's certificate and, for what only the
 * server can decrypt, anything.
 */
#define BYTES                                                                                      \
	"bytes() { python3 -c 'import hashlib, os, socket, struct, sys\n"                          \
	"of = lambda *all: b\"\".join(struct.pack(\"<I\", len(one)) + one for one in all)\n"       \
	"for i in range(int(sys.argv[2])):\n"                                                      \
	"    s = socket.create_connection((\"127.0.0.1\", int(sys.argv[1])))\n"                    \
	"    url = of(b\"opc.tcp://localhost\")\n"                                                 \
	"    hello = struct.pack(\"<5I\", 0, 65535, 65535, 0, 0) + url\n"                          \
	"    s.sendall(b\"HELF\" + struct.pack(\"<I\", 8 + len(hello)) + hello); s.recv(1000)\n"   \
	"    opn = bytes(4) + of(b\"http://opcfoundation.org/UA/SecurityPolicy#Basic128Rsa15\",\n" \
	"        open(\"client.der\", \"rb\").read(), hashlib.sha1(open(\"server.der\", "          \
	"\"rb\").read()).digest()) + b\"\\0\" + os.urandom(255)\n"                                 \
	"    s.sendall(b\"OPNF\" + struct.pack(\"<I\", 8 + len(opn)) + opn)\n"                     \
	"    said = s.recv(1000)\n"                                                                \
	"    print(said[:3].decode(), hex(struct.unpack(\"<I\", said[8:12])[0]))\n"                \
	"' $PORT \"$@\"; }; "

/* keystored answers wrong paddings, too (implicit rejection). */
Test(opcua_server, counts_wrong_paddings_which_nobody_is_told_of)
{
	struct opcua_site site = opcua_site_new(&(struct fixture_options){
		.config = "[access]\nallow-sha1-signatures = yes\nallow-pkcs1-decryption = yes\n"});

	opcua_site_start(&site, ANONYMOUS OLD);
	free(OPCUA_SITE(&site, BYTES
			"probe saved:server.der > said; bytes 40 > said; cat said >&2; "
			/* BadSecurityChecksFailed, then BadTcpServerTooBusy. */
			"test $(head -3 said | grep -cx 'ERR 0x80130000') = 3; "
			"tail -1 said | grep -qx 'ERR 0x807d0000'; "
			"grep -q 'what it sent to open a channel is no such request' opcua.log; "
			"grep -q 'too much from there has failed' opcua.log; "
			"fails grep -q 'is not for the server.s key' opcua.log"));
	end(&site);
}

Test(opcua_server, offers_what_the_configuration_names_and_nothing_else)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_start(&site, "Endpoints = Basic256Sha256:SignAndEncrypt");
	free(OPCUA_SITE(
		&site, SAYS
		"probe endpoints > said || { cat said; exit 1; }; test $(grep -c level said) = 1; "
		"grep -q '^Basic256Sha256 3 ' said; "
		"grep -q ' username#Basic256Sha256 certificate#Basic256Sha256$' said; "
		"fails as None none connect; fails as Basic256Sha256 sign connect; "
		"fails as Aes256_Sha256_RsaPss encrypt connect; "
		"fails as Basic256Sha256 encrypt connect; "
		"as Basic256Sha256 encrypt " USER("operator") " connect > said"));
	end(&site);
}

Test(opcua_server, lets_nobody_in_by_a_wrong_password_or_without_the_right)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_start(&site, WITH_NONE);
	free(OPCUA_SITE(
		&site, SAYS
		"for way in 'None none' 'Basic256Sha256 encrypt'; do "
		"says BadIdentityTokenRejected as $way --user operator --password wrong connect; "
		"says BadIdentityTokenRejected as $way --user unknown --password wrong connect; "
		"says BadUserAccessDenied as $way " USER(
			"nobody") " connect; "
				  "fails as $way connect; done; "
				  "grep -q 'user nobody from 127.0.0.1 is not let in: none of' "
				  "opcua.log; "
				  "grep -q 'user operator from 127.0.0.1 is not let in' "
				  "opcua.log"));
	end(&site);
}

Test(opcua_server, takes_the_certificate_of_a_user)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_start(&site, WITH_NONE);
	free(OPCUA_SITE(
		&site, SAYS
		"user() { openssl req -new -newkey rsa:2048 -noenc -keyout $1.key -subj /CN=$1 "
		"-addext subjectAltName=email:$1@plant.example -out $1.csr 2> /dev/null; "
		"openssl pkey -in $1.key -outform DER -out $1.key.der; "
		"keystorectl ca sign $1.csr --issuer 1 --profile tls-client --out $1.pem "
		"> /dev/null; openssl x509 -in $1.pem -outform DER -out $1.der; }; "
		"by() { as Basic256Sha256 encrypt --user-cert $1.der --user-key $1.key.der "
		"connect read:i=2259; }; user operator; user nobody; user unknown; "
		"says BadIdentityTokenRejected by operator; "
		"keystorectl trust add opcua-user ca.der; by operator > said; "
		"says BadUserAccessDenied by nobody; says BadIdentityTokenRejected by unknown"));
	end(&site);
}

/* The channel that there is goes on, is renewed, and new ones come by the new certificate. */
Test(opcua_server, exchanges_its_certificate_while_a_subscription_runs)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_start(&site, ANONYMOUS);
	free(OPCUA_SITE(
		&site,
		"probe saved:old.der > said; "
		"as Basic256Sha256 encrypt connect watch:i=2258 watch-for:5 touch:running "
		"until:renewed watch-for:5 renew watch-for:5 read:i=2259 count close > watched & "
		"until test -e running; do sleep 0.02; done; "
		"keystorectl cert renew 3 --rekey > /dev/null; "
		"until grep -q 'certificate 3, version 2' opcua.log; do sleep 0.02; done; "
		"probe saved:new.der > said; fails cmp -s old.der new.der; "
		"as Aes256_Sha256_RsaPss encrypt connect read:i=2259 close > said; touch renewed; "
		"wait $! || { cat watched; exit 1; }; grep -q ' lost 0$' watched; "
		"grep -q 'read: Good' watched"));
	end(&site);
}

Test(opcua_server, ends_the_channel_of_a_revoked_client_at_its_renewal_and_not_before)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_start(&site, ANONYMOUS);
	free(OPCUA_SITE(
		&site,
		"as Basic256Sha256 encrypt connect watch:i=2258 watch-for:3 touch:running "
		"until:revoked watch-for:3 read:i=2259 count renew read:i=2259 > watched & "
		"until test -e running; do sleep 0.02; done; "
		"keystorectl cert revoke 4 --reason keyCompromise >&2; "
		"until fails keystorectl validate opcua client.der >&2; do sleep 0.02; done; "
		"touch revoked; if wait $!; then cat watched >&2; exit 1; fi; "
		"grep -q ' lost 0$' watched; test $(grep -c 'read: Good' watched) = 1 || "
		"{ cat watched >&2; exit 1; }; fails as Basic256Sha256 encrypt connect"));
	end(&site);
}

Test(opcua_server, waits_for_its_certificate)
{
	struct opcua_site site = opcua_site_new(NULL);

	free(OPCUA_SITE(&site, "keystorectl service set opcua-server --cert none > /dev/null"));
	opcua_site_launch(&site, ANONYMOUS);
	opcua_site_until_said(&site, "nothing is listened at yet: the service opcua-server has no "
				     "certificate in keystored");
	free(OPCUA_SITE(&site, "fails as Basic256Sha256 encrypt connect; "
			       "keystorectl service set opcua-server --cert 3 > /dev/null"));
	opcua_site_until_said(&site, "serving with certificate 3, version 1");
	opcua_site_until(&site, "as Basic256Sha256 encrypt connect read:i=2259");
	end(&site);
}

Test(opcua_server, shows_no_certificate_of_another_application)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_launch(&site, ANONYMOUS "ApplicationUri = urn:plant:other");
	opcua_site_until_said(&site, "certificate 3 names the application URI " OPCUA_SITE_URI
				     ", and ApplicationUri is urn:plant:other");
	end(&site);
}

Test(opcua_server, goes_on_without_keystored_and_takes_channels_again_when_it_is_back)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_start(&site, ANONYMOUS);
	free(OPCUA_SITE(&site,
			"as Basic256Sha256 encrypt connect watch:i=2258 watch-for:3 touch:running "
			"until:away watch-for:5 read:i=2259 touch:going until:back watch-for:5 "
			"renew read:i=2259 count > watched 2> watched.err & echo $! > pid; "
			"until test -e running; do sleep 0.02; done"));
	fixture_service_kill(site.fixture);
	opcua_site_until_said(&site, "keystored ended the connection");
	free(OPCUA_SITE(&site, "touch away; until test -e going; do sleep 0.02; done; "
			       "fails as Basic256Sha256 encrypt connect"));
	fixture_service_start(site.fixture);
	fixture_service_wait(site.fixture);
	opcua_site_until(&site, "as Basic256Sha256 encrypt connect read:i=2259");
	free(OPCUA_SITE(&site, "touch back; while kill -0 $(cat pid) 2> /dev/null; do sleep 0.02; "
			       "done; cat watched >&2; grep -q ' lost 0$' watched; "
			       "cat watched; test $(grep -c 'read: Good' watched) = 2"));
	end(&site);
}

/* keystored forgets logins when it is restarted: without a word the session would have no rights. */
Test(opcua_server, ends_sessions_whose_login_is_over)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_start(&site, "UserNames = TRUE");
	free(OPCUA_SITE(&site, "as Basic256Sha256 encrypt " USER(
				       "operator") " connect read:i=2259 touch:running until:over "
						   "read:i=2259 > watched 2>&1 & "
						   "until test -e running; do sleep 0.02; done"));
	fixture_service_restart(site.fixture);
	opcua_site_until_said(&site, "the session of user operator ends: the login is over");
	free(OPCUA_SITE(&site, "touch over; until "
			       "test $(grep -c '^read: ' watched) = 2; do sleep 0.02; done; "
			       "grep -q 'read: Bad' watched"));
	end(&site);
}

Test(opcua_server, says_that_it_is_switched_off)
{
	struct opcua_site site = opcua_site_new(NULL);

	opcua_site_launch(&site, ANONYMOUS);
	free(OPCUA_SITE(&site,
			"sed -i s/TRUE/FALSE/ opcua.conf; keystore-opcua --check opcua.conf | "
			"grep -q 'it is switched off'; keystore-opcua --config opcua.conf "
			"2>&1 | grep -q 'it is switched off'"));
	(void)opcua_site_end(&site, SIGKILL);
	opcua_site_free(&site);
}
