/*
 * What other makers' OPC UA stacks judge: CAs and OPC UA certificates of the service. Hides how
 * they are made and how a stack, a program of its own each, is asked about them.
 */
#ifndef INTEROP_OPCUA_PROJECT_H
#define INTEROP_OPCUA_PROJECT_H

#include <criterion/criterion.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

static const char *const opcua_profiles[] = {"opcua-server", "opcua-client", "opcua-client-server"};

/* Certificates 1 and 2 are the RSA and the P-256 CA, 3 a CA below the RSA CA. */
#define OPCUA_CAS                                                                                  \
	"keystorectl project init; "                                                               \
	"keystorectl cert create --profile ca --issuer 1 --new-key cell --algorithm rsa-2048 "     \
	"--subject 'CN=Cell CA'; "                                                                 \
	"keystorectl key create rsa --algorithm rsa-2048; "                                        \
	"keystorectl key create ec --algorithm ec-p256; "                                          \
	"for ca in 1 2 3; do keystorectl cert export $ca --format der --out ca$ca.der; "           \
	"keystorectl crl export $ca --format der --out crl$ca.der; done; "

/* make NAME OPTION...: an OPC UA certificate, id as it says, as NAME.der. */
#define OPCUA_MAKE                                                                                 \
	"make() { name=$1; shift; keystorectl cert create --subject \"CN=$name,O=Plant\" "         \
	"--san URI:urn:plant:plc-1,DNS:plc-1.plant,IP:192.0.2.1 \"$@\" --json > made; "            \
	"id=$(python3 -c 'import json; print(json.load(open(\"made\"))[\"id\"])'); "               \
	"keystorectl cert export $id --format der --out \"$name.der\"; }; "

/* leaf1.der with a bit of its signature, at the end, turned: spoiled.der. */
#define OPCUA_SPOIL                                                                                \
	"python3 -c 'd = bytearray(open(\"leaf1.der\", \"rb\").read()); d[-1] ^= 1; "              \
	"open(\"spoiled.der\", \"wb\").write(d)'"

/* How a certificate is made, and the lists by which it is good; NULL: itself trusted. */
struct opcua_issue {
	const char *name;
	const char *options;
	const char *lists; /* as a plan has them */
};

/* What a stack is to say: lines of STATUS CERT [trusted:FILE|issuer:FILE|crl:FILE|uri:URI]... */
struct opcua_plan {
	char text[16384];
	size_t used;
	size_t lines;
};

__attribute__((format(printf, 2, 3))) static inline void opcua_plan_add(struct opcua_plan *plan,
									const char *format, ...)
{
	size_t room = sizeof(plan->text) - plan->used;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(plan->text + plan->used, room, format, arguments);
	va_end(arguments);
	cr_assert(len > 0 && (size_t)len < room - 1, "the plan is too long");
	plan->used += (size_t)len;
	plan->text[plan->used++] = '\n';
	plan->lines++;
}

/* Makes a certificate of each profile as each of @issues: good, but for another URI. */
static inline void opcua_plan_issues(struct fixture *fixture, const struct opcua_issue *issues,
				     size_t count, struct opcua_plan *plan)
{
	for (size_t i = 0; i < COUNT_OF(opcua_profiles) * count; i++) {
		const struct opcua_issue *issue = &issues[i % count];
		const char *profile = opcua_profiles[i / count];
		char file[80], lists[160];

		snprintf(file, sizeof(file), "%s-%s.der", profile, issue->name);
		free(fixture_sh_ok(fixture, "set -e; " OPCUA_MAKE "make %s-%s --profile %s %s",
				   profile, issue->name, profile, issue->options));
		snprintf(lists, sizeof(lists), "%s%s",
			 issue->lists ? issue->lists : "trusted:", issue->lists ? "" : file);
		opcua_plan_add(plan, "Good %s %s uri:urn:plant:plc-1", file, lists);
		opcua_plan_add(plan, "BadCertificateUriInvalid %s %s uri:urn:plant:plc-2", file,
			       lists);
	}
}

/* Runs @stack on the plan; it must say all that the plan says. */
static inline void opcua_plan_judge(struct fixture *fixture, const struct opcua_plan *plan,
				    const char *stack)
{
	char path[200], expected[64];
	char *said;

	snprintf(path, sizeof(path), "%s/plan", fixture_dir(fixture));
	file_write(path, plan->text, plan->used);
	said = fixture_sh_ok(fixture, "%s plan", stack);
	snprintf(expected, sizeof(expected), "%zu of %zu as expected\n", plan->lines, plan->lines);
	cr_assert_str_eq(said, expected, "%s", said);
	free(said);
}

/* A service with the CAs, and what the shell commands @more make. */
static inline struct fixture *opcua_project_new(const char *more)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "set -e; " OPCUA_CAS OPCUA_MAKE "%s", more));
	return fixture;
}

#endif
