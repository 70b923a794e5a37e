/*
 * GDS Push (OPC 10000-12 7.8 to 7.10) as a client of open62541 does it at keystore-opcua, with a CA of
 * OpenSSL's for the GDS: the scenarios of the standard, its status codes, and who is gone in between.
 */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "opcua_site.h"

/* Methods by their nodes, and a GDS with a CA of its own; gds.der is in the group of the server. */
#define NAMES                                                                                      \
	"update=i=12637/i=13737 apply=i=12637/i=12740 cancel=i=12637/i=25708 "                     \
	"request=i=12637/i=12737 certs=i=12637/i=32333 rejected=i=12637/i=12777 "                  \
	"self=i=12637/i=19342 delete=i=12637/i=19345 reset=i=12637/i=25709 "                       \
	"open=i=12642/i=12647 read=i=12642/i=12652 write=i=12642/i=12655 "                         \
	"close=i=12642/i=12650 masks=i=12642/i=12663 finish=i=12642/i=12666 "                      \
	"add=i=12642/i=12668 remove=i=12642/i=12670 seek=i=12642/i=12660 at=i=12642/i=12657 "      \
	"app=n:i=14156 https=n:i=14088 users=n:i=14122 rsa=n:i=12560 web=n:i=12558; "
#define GDS                                                                                                            \
	"sign() { openssl x509 -req -in $1 -inform $3 -CA gds.pem -CAkey gds.key -CAcreateserial "                     \
	"-days 300 -extfile ext.cnf -outform DER -out $2 2> /dev/null; }; "                                            \
	"outside() { openssl req -new -newkey rsa:2048 -noenc -keyout $1.key -subj "                                   \
	"/CN=gateway/O=Plant -out $1.csr 2> /dev/null; sign $1.csr $1.der PEM; }; "                                    \
	"sha1() { openssl x509 -in $1 -inform DER -noout -fingerprint -sha1 | "                                        \
	"sed 's/.*=//; s/://g'; }; " /* The statuses of the steps "try:", in order. */                                 \
	"says() { wanted=$1; shift; push \"$@\" > said || true; sed -n 's/^try: //p' said > "                          \
	"statuses; printf '%%s\\n' $wanted | diff - statuses; }; "                                                     \
	"lacks() { what=$1; shift; \"$@\" > seen; fails grep -q $what seen; }; "                                       \
	"push() { as Basic256Sha256 encrypt --ca gds.der --crl gds.crl --user admin --password "                       \
	"'" OPCUA_SITE_PASSWORD                                                                                        \
	"' connect \"$@\"; }; " /* The list's four parts: certificates and CRLs, of whom one trusts and of issuers. */ \
	"list() { python3 - \"$@\" <<'END'\n"                                                                          \
	"import struct, sys\n"                                                                                         \
	"out = struct.pack('<I', int(sys.argv[2]))\n"                                                                  \
	"for part in sys.argv[3:7]:\n"                                                                                 \
	"    names = [n for n in part.split(',') if n]\n"                                                              \
	"    out += struct.pack('<i', len(names))\n"                                                                   \
	"    for n in names:\n"                                                                                        \
	"        der = open(n, 'rb').read()\n"                                                                         \
	"        out += struct.pack('<i', len(der)) + der\n"                                                           \
	"open(sys.argv[1], 'wb').write(out)\n"                                                                         \
	"END\n"                                                                                                        \
	"}; "
#define SET_UP                                                                                     \
	"openssl req -x509 -newkey rsa:2048 -noenc -keyout gds.key -out gds.pem -subj /CN=GDS "    \
	"-days 900 -addext keyUsage=critical,keyCertSign,cRLSign 2> /dev/null; "                   \
	"openssl x509 -in gds.pem -outform DER -out gds.der; "                                     \
	"printf '[ca]\\ndefault_ca=x\\n[x]\\ndatabase=index\\ndefault_md=sha256\\n"                \
	"default_crl_days=300\\n' > ca.cnf; : > index; "                                           \
	"openssl ca -config ca.cnf -gencrl -cert gds.pem -keyfile gds.key -out gds.crl.pem "       \
	"2> /dev/null; openssl crl -in gds.crl.pem -outform DER -out gds.crl; "                    \
	"printf 'basicConstraints=critical,CA:FALSE\\nkeyUsage=critical,digitalSignature,"         \
	"nonRepudiation,keyEncipherment,dataEncipherment\\nextendedKeyUsage=serverAuth,"           \
	"clientAuth\\nsubjectAltName=URI:" OPCUA_SITE_URI ",DNS:localhost,IP:127.0.0.1\\n"         \
	"authorityKeyIdentifier=keyid:always\\nsubjectKeyIdentifier=hash\\n' > ext.cnf; "          \
	"head -c 32 /dev/urandom > nonce; head -c 31 /dev/urandom > short; : > empty; "            \
	"keystorectl service create web-server --kind web-server --group https --uid $(id -u); "

#define PUSH(site, script, ...) OPCUA_SITE(site, NAMES GDS script, ##__VA_ARGS__)

static struct opcua_site gateway(void)
{
	struct opcua_site site = opcua_site_new(NULL);

	free(PUSH(&site, "{ " SET_UP "} >&2"));
	opcua_site_start(&site, "Endpoints = Basic256Sha256:Sign Basic256Sha256:SignAndEncrypt\n"
				"HttpsService = web-server");
	return site;
}

static void end(struct opcua_site *site)
{
	cr_expect_eq(opcua_site_end(site, SIGTERM), 0);
	opcua_site_free(site);
}

Test(opcua_push, renews_with_a_key_that_is_made_in_the_tpm)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "push call:$request,$app,$rsa,s:,t,b:nonce keep:csr; sign csr new.der "
			 "DER; push call:$update,$app,$rsa,b:new.der,B:gds.der,s:,b: "
			 "call:$apply"));
	opcua_site_until_said(&site, "certificate 3, version 2");
	free(PUSH(&site, "push call:$certs,n: keep:now.der saved:shown.der; cmp now.der "
			 "new.der; cmp -n $(stat -c %%s new.der) shown.der new.der"));
	end(&site);
}

Test(opcua_push, lets_sessions_and_subscriptions_go_on_through_an_update)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "push watch:i=2258 watch-for:3 touch:watching until:updated "
			 "watch-for:10 count renew watch-for:10 count > watcher & while [ ! -e "
			 "watching ]; do :; done; push call:$request,$app,$rsa,s:,f,b: "
			 "keep:csr; sign csr new.der DER; push "
			 "call:$update,$app,$rsa,b:new.der,B:gds.der,s:,b: call:$apply; while "
			 "! grep -q 'certificate 3, version 2' opcua.log; do :; done; touch "
			 "updated; wait $!; grep -q 'lost 0' watcher; fails grep -q 'lost "
			 "[1-9]' watcher"));
	end(&site);
}

Test(opcua_push, takes_a_key_from_outside_into_the_tpm_as_pem_and_as_pfx)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "outside a; outside b; openssl x509 -in b.der -inform DER -out b.pem; "
			 "openssl pkcs12 -export -inkey b.key -in b.pem -passout pass: -out "
			 "b.pfx; push call:$update,$app,$rsa,b:a.der,B:gds.der,s:PEM,b:a.key "
			 "call:$apply call:$certs,$app keep:now.der; cmp a.der now.der; push "
			 "call:$update,n:,n:,b:b.der,B:gds.der,s:PFX,b:b.pfx call:$apply "
			 "call:$certs,$app keep:now.der; cmp b.der now.der; keystorectl cert "
			 "show 3 | grep -q imported"));
	end(&site);
}

Test(opcua_push, refuses_a_key_of_another_certificate_however_it_comes)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "outside a; outside b; openssl x509 -in b.der -inform DER -out b.pem; "
			 "openssl pkcs12 -export -inkey b.key -in b.pem -passout pass: -out "
			 "b.pfx; openssl pkcs12 -export -inkey b.key -in b.pem -passout pass:x "
			 "-out x.pfx; says 'BadCertificateInvalid BadCertificateInvalid "
			 "BadCertificateInvalid BadNotSupported BadNotSupported "
			 "BadNothingToDo' "
			 "try:$update,$app,$rsa,b:a.der,B:gds.der,s:PEM,b:b.key "
			 "try:$update,$app,$rsa,b:a.der,B:gds.der,s:PFX,b:b.pfx "
			 "try:$update,$app,$rsa,b:a.der,B:gds.der,s:,b: "
			 "try:$update,$app,$rsa,b:b.der,B:,s:PFX,b:x.pfx "
			 "try:$update,$app,$rsa,b:b.der,B:,s:DER,b:b.key try:$apply; "
			 "keystorectl cert show 3 | grep -q 'version *1' || keystorectl cert "
			 "show 3"));
	end(&site);
}

Test(opcua_push, manages_the_certificate_of_the_web_server)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "says 'Good BadInvalidState BadInvalidState Good BadInvalidState Good "
			 "BadNothingToDo' try:$certs,$https "
			 "try:$request,$https,$web,s:,t,b:nonce try:$delete,$https,$web "
			 "try:$self,$https,$web,s:CN=gw,S:localhost,S:127.0.0.1,u2:90,u2:2048 "
			 "try:$self,$https,$web,s:CN=gw,S:localhost,S:,u2:90,u2:2048 "
			 "try:$cancel try:$apply; "));
	free(PUSH(&site,
		  "lacks CN=gw keystorectl cert list; push "
		  "call:$self,$https,$web,s:CN=gw/O=Plant,S:localhost,S:127.0.0.1,u2:90,u2:256 "
		  "keep:self.der call:$apply call:$certs,$https keep:now.der; cmp "
		  "self.der now.der; push call:$request,$https,$web,s:,t,b:nonce "
		  "keep:csr; sign csr new.der DER; push "
		  "call:$update,$https,$web,b:new.der,B:gds.der,s:,b: call:$apply "
		  "call:$certs,$https keep:now.der; cmp new.der now.der; says "
		  "'BadInvalidState Good Good BadInvalidState BadInvalidState' "
		  "try:$self,$https,$web,s:CN=gw,S:localhost,S:,u2:90,u2:2048 "
		  "try:$delete,$https,$web try:$apply try:$delete,$https,$web "
		  "try:$delete,$app,$rsa; "));
	end(&site);
}

Test(opcua_push, replaces_a_trust_list_and_reads_it_back)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "list full 15 ca.der,gds.der crl.der gds.der gds.crl; list part 1 "
			 "ca.der '' '' ''; list none 0 '' '' '' ''; push call:$open,u1:6 "
			 "call:$write,h,b:full call:$finish,h call:$apply call:$open,u1:1 "
			 "call:$read,h,i4:1000000 keep:got call:$close,h; cmp got full; push "
			 "call:$open,u1:6 call:$write,h,b:part call:$finish,h call:$apply "
			 "call:$masks,u4:1 call:$read,h,i4:1000000 keep:got call:$close,h "
			 "call:$masks,u4:8 call:$read,h,i4:1000000 keep:crls call:$close,h; "
			 "cmp got part; list crls-there 8 '' '' '' gds.crl; cmp crls "
			 "crls-there; push call:$open,u1:1 call:$seek,h,u8:4 call:$at,h "
			 "call:$read,h,i4:4 keep:four call:$close,h; printf "
			 "'\\001\\000\\000\\000' | cmp - four"));
	end(&site);
}

Test(opcua_push, changes_nothing_before_it_is_applied)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "list more 1 ca.der,gds.der '' '' ''; push call:$open,u1:6 "
			 "call:$write,h,b:more call:$finish,h call:$cancel; lacks GDS "
			 "keystorectl trust list opcua; push call:$open,u1:6 "
			 "call:$write,h,b:more call:$finish,h; " /* and ends */
			 "lacks GDS keystorectl trust list opcua; says 'BadNothingToDo' "
			 "try:$apply; push call:$open,u1:6 call:$write,h,b:more call:$finish,h "
			 "call:$apply; keystorectl trust list opcua | grep -q GDS"));
	end(&site);
}

Test(opcua_push, adds_and_removes_certificates_one_by_one)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "says 'Good BadCertificateInvalid BadCertificateInvalid "
			 "BadInvalidArgument Good BadInvalidArgument BadInvalidArgument' "
			 "try:$add,b:gds.der,t try:$add,b:gds.der,f try:$add,b:nonce,t "
			 "try:$remove,s:$(sha1 gds.der),f try:$remove,s:$(sha1 gds.der),t "
			 "try:$remove,s:$(sha1 gds.der),t try:$remove,s:x,t; "));
	/* What is issued by it is there. */
	free(PUSH(&site, "outside leaf; list both 15 ca.der,leaf.der crl.der gds.der gds.crl; "
			 "push call:$open,u1:6 call:$write,h,b:both call:$finish,h "
			 "call:$apply; says 'BadCertificateChainIncomplete Good Good' "
			 "try:$remove,s:$(sha1 gds.der),f try:$remove,s:$(sha1 leaf.der),t "
			 "try:$remove,s:$(sha1 gds.der),f; "));
	end(&site);
}

Test(opcua_push, lists_whom_the_server_has_rejected)
{
	struct opcua_site site = gateway();

	free(PUSH(&site,
		  "openssl req -x509 -newkey rsa:2048 -noenc -keyout foe.key -out "
		  "foe.pem -subj /CN=foe -days 30 -addext "
		  "subjectAltName=URI:urn:foe,DNS:foe -addext "
		  "keyUsage=digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment "
		  "-addext extendedKeyUsage=clientAuth 2> /dev/null; openssl x509 -in "
		  "foe.pem -outform DER -out foe.der; openssl pkey -in foe.key -outform "
		  "DER -out foe.key.der; fails opcua-client_probe "
		  "opc.tcp://localhost:$PORT --cert foe.der --key foe.key.der --uri "
		  "urn:foe --policy Basic256Sha256 --mode encrypt --user admin --password "
		  "'" OPCUA_SITE_PASSWORD "' connect; "));
	opcua_site_until(&site, "keystorectl rejected list | grep -q foe");
	free(PUSH(&site,
		  "push call:$rejected keep:got; cmp got foe.der; push "
		  "call:i=14156/i=23550 keep:got; cmp got foe.der; push "
		  "call:i=14088/i=23552 > said; grep -q none said; push "
		  "call:$add,b:foe.der,t; opcua-client_probe opc.tcp://localhost:$PORT "
		  "--cert foe.der --key foe.key.der --uri urn:foe --policy "
		  "Basic256Sha256 --mode encrypt --user admin --password '" OPCUA_SITE_PASSWORD
		  "' connect"));
	end(&site);
}

Test(opcua_push, answers_with_the_status_codes_of_the_standard)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "outside a; says 'BadNothingToDo BadNothingToDo BadNotSupported "
			 "BadNotSupported BadNotSupported BadInvalidArgument Good "
			 "BadNotReadable BadInvalidState BadInvalidState BadInvalidState "
			 "BadInvalidState' try:$apply try:$cancel try:$open,u1:2 "
			 "try:$open,u1:3 try:$open,u1:10 try:$masks,u4:16 try:$open,u1:6 "
			 "try:$open,u1:1 try:$apply try:$add,b:gds.der,t try:$remove,s:x,t "
			 "try:$read,h,i4:5; "));
	free(PUSH(&site, "says 'Good BadNotWritable BadInvalidState Good "
			 "BadInvalidArgument Good Good BadCertificateInvalid "
			 "BadTooManyArguments BadArgumentsMissing' try:$open,u1:1 "
			 "try:$open,u1:6 try:$write,h,b:nonce try:$close,h try:$close,h "
			 "try:$open,u1:6 try:$write,h,b:nonce try:$finish,h try:$finish,u4:1,t "
			 "try:$finish; "));
	free(PUSH(&site, "says 'BadInvalidArgument BadInvalidArgument BadInvalidArgument "
			 "BadInvalidArgument BadInvalidArgument BadInvalidArgument "
			 "BadInvalidArgument BadArgumentsMissing BadInvalidArgument "
			 "BadCertificateInvalid BadCertificateInvalid BadInvalidArgument "
			 "BadMethodInvalid BadMethodInvalid' try:$request,$users,$rsa,s:,f,b: "
			 "try:$request,n:i=2253,$rsa,s:,f,b: try:$request,$app,$web,s:,f,b: "
			 "try:$request,$app,$rsa,s:,t,b:short try:$request,$app,$rsa,s:,t,b: "
			 "try:$request,$app,$rsa,s:X,f,b: try:$request,$app,$rsa,s:,f,s: "
			 "try:$request,$app try:$update,$users,n:,b:a.der,B:,s:,b: "
			 "try:$update,$app,$rsa,b:nonce,B:,s:,b: "
			 "try:$update,$app,$rsa,b:,B:,s:,b: try:$certs,n:i=2253 "
			 "try:i=2253/i=13737 try:i=12637/i=12647; "));
	end(&site);
}

Test(opcua_push, is_for_security_administrators_over_channels_that_suffice)
{
	struct opcua_site site = gateway();

	free(PUSH(&site,
		  "outside a; signed() { as Basic256Sha256 sign --user $1 --password "
		  "'" OPCUA_SITE_PASSWORD "' connect try:$certs,n: try:$request,n:,n:,s:,f,b: "
		  "try:$update,n:,n:,b:a.der,B:,s:,b: try:$rejected try:$open,u1:1; }; "
		  "signed admin | sed -n 's/^try: //p' > got; printf '%%s\\n' Good "
		  "BadSecurityModeInsufficient BadSecurityModeInsufficient Good Good | "
		  "diff - got; as Basic256Sha256 encrypt --user operator --password "
		  "'" OPCUA_SITE_PASSWORD
		  "' connect try:$certs,n: try:$rejected try:$open,u1:1 try:$apply "
		  "try:$add,b:a.der,t | sed -n 's/^try: //p' > got; [ $(grep -c "
		  "BadUserAccessDenied got) = 5 ]"));
	end(&site);
}

Test(opcua_push, takes_no_call_for_that_of_another_session)
{
	struct opcua_site site = gateway();

	/* The administrator reads and calls all the time, and never over the operator's connection. */
	free(PUSH(&site, "push touch:there call:$certs,n: until:done call:$certs,n: > other & "
			 "while [ ! -e there ]; do :; done; as Basic256Sha256 encrypt --user "
			 "operator --password '" OPCUA_SITE_PASSWORD
			 "' connect try:$certs,n: try:$apply try:$rejected > said; touch done; "
			 "wait $!; [ $(grep -c BadUserAccessDenied said) = 3 ]; [ $(grep -c "
			 "'call: Good' other) = 2 ]"));
	end(&site);
}

Test(opcua_push, has_one_transaction_at_a_time)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "outside a; list more 1 ca.der,gds.der '' '' ''; push call:$open,u1:6 "
			 "call:$write,h,b:more call:$finish,h touch:begun until:done "
			 "call:$apply > first & while [ ! -e begun ]; do :; done; says "
			 "'BadTransactionPending BadTransactionPending BadTransactionPending "
			 "BadTransactionPending BadTransactionPending BadTransactionPending "
			 "BadTransactionPending BadTransactionPending Good Good' "
			 "try:$update,$app,$rsa,b:a.der,B:gds.der,s:PEM,b:a.key try:$apply "
			 "try:$cancel try:$open,u1:6 try:$add,b:gds.der,t try:$remove,s:$(sha1 "
			 "ca.der),t try:$request,$app,$rsa,s:,f,b: try:$reset try:$open,u1:1 "
			 "try:$certs,n:; touch done; wait $!; keystorectl trust list opcua | "
			 "grep -q GDS"));
	/* keystored's own are in the way as well. */
	end(&site);
}

Test(opcua_push, waits_for_a_client_that_vanished_no_longer_than_keystored_does)
{
	struct opcua_site site = opcua_site_new(
		&(struct fixture_options){.config = "[limits]\ntransaction-idle = 1s\n"});

	free(PUSH(&site, "{ " SET_UP "} >&2"));
	opcua_site_start(&site, "HttpsService = web-server");
	free(PUSH(&site,
		  "list more 1 ca.der,gds.der '' '' ''; opcua-client_probe "
		  "opc.tcp://localhost:$PORT --cert client.der --key client.key.der --uri "
		  "urn:plant:client --policy Basic256Sha256 --mode encrypt --user admin "
		  "--password '" OPCUA_SITE_PASSWORD "' connect call:$open,u1:6 "
		  "call:$write,h,b:more call:$finish,h touch:begun until:never > /dev/null & "
		  "while [ ! -e begun ]; do :; done; kill -KILL $!; wait $! || true; "
		  "says BadTransactionPending try:$cancel || true; "
		  "until push call:$request,$app,$rsa,s:,f,b: > /dev/null 2>&1; do :; done; "
		  "lacks GDS keystorectl trust list opcua"));
	end(&site);
}

Test(opcua_push, forgets_a_transaction_whose_server_is_killed)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "list more 1 ca.der,gds.der '' '' ''; push call:$open,u1:6 "
			 "call:$write,h,b:more call:$finish,h touch:begun until:never "
			 "> /dev/null 2>&1 & while [ ! -e begun ]; do :; done"));
	cr_expect_eq(opcua_site_end(&site, SIGKILL), 128 + SIGKILL);
	opcua_site_launch(&site, "HttpsService = web-server");
	opcua_site_until(&site, "probe endpoints");
	free(PUSH(&site, "says BadNothingToDo try:$apply; lacks GDS keystorectl trust list opcua"));
	end(&site);
}

Test(opcua_push, forgets_a_transaction_when_keystored_is_killed)
{
	struct opcua_site site = gateway();

	free(PUSH(&site,
		  "list more 1 ca.der,gds.der '' '' ''; push call:$open,u1:6 "
		  "call:$write,h,b:more call:$finish,h touch:begun until:killed try:$apply "
		  "try:$apply > said 2>&1 & echo $! > pid; while [ ! -e begun ]; do :; done"));
	fixture_service_kill(site.fixture);
	fixture_service_start(site.fixture);
	fixture_service_wait(site.fixture);
	free(PUSH(&site, "touch killed; while kill -0 $(cat pid) 2> /dev/null; do :; done; "
			 "fails grep -q 'try: Good' said; keystorectl login admin "
			 "--password-file pw; lacks GDS keystorectl trust list opcua"));
	end(&site);
}

Test(opcua_push, refuses_a_list_that_locks_out_who_writes_it_unless_he_insists)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "list foes 15 gds.der gds.crl '' ''; list none 15 '' '' '' ''; "
			 "refused() { says 'Good Good BadCertificateUntrusted BadNothingToDo' "
			 "try:$open,u1:6 try:$write,h,b:$1 try:$finish,h try:$apply; }; "
			 "refused foes; refused none; refused foes; "
			 "says 'Good Good Good Good' try:$open,u1:6 try:$write,h,b:foes "
			 "try:$finish,h try:$cancel; refused foes; "
			 "says BadCertificateUntrusted try:$remove,s:$(sha1 ca.der),t; "
			 "push call:$certs,n: > said"));
	end(&site);
}

Test(opcua_push, is_at_first_again_after_a_reset)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "push call:$reset call:$open,u1:1 call:$read,h,i4:100 keep:got; list "
			 "none 15 '' '' '' ''; cmp got none"));
	end(&site);
}

Test(opcua_push, tells_of_its_transaction)
{
	struct opcua_site site = gateway();

	free(PUSH(&site, "outside a; outside b; push "
			 "call:$update,$app,$rsa,b:a.der,B:gds.der,s:PEM,b:a.key read:i=32341 "
			 "read:i=32339 call:$apply read:i=32339 read:i=12640 read:i=23597 "
			 "read:i=18663 > said; grep -A3 i=32341 said | grep -q . ; grep -q "
			 "'i=14156' said; says 'BadCertificateInvalid' "
			 "try:$update,$app,$rsa,b:a.der,B:gds.der,s:PEM,b:b.key; push "
			 "read:i=32342 > said; grep -q 'private key' said"));
	end(&site);
}
