#include <stdio.h>
#include <string.h>

#include "certtext.h"
#include "command.h"

/* False: told. */
static bool take_addresses(struct ctl *ctl, enum ks_addresses *ret_addresses)
{
	static const struct {
		const char *word;
		enum ks_addresses addresses;
	} policies[] = {
		{"follow", KS_ADDRESSES_FOLLOW},
		{"report", KS_ADDRESSES_REPORT},
		{"ignore", KS_ADDRESSES_IGNORE},
		{"default", KS_ADDRESSES_DEFAULT},
	};
	const char *word = ctl_option(ctl, OPTION_ADDRESSES);

	if (!word) {
		*ret_addresses = KS_ADDRESSES_UNCHANGED;
		return true;
	}
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (strcmp(policies[i].word, word) != 0)
			continue;
		*ret_addresses = policies[i].addresses;
		return true;
	}
	(void)ctl_fail(ctl, EXIT_USAGE, "--addresses %s: it is follow, report, ignore or default",
		       word);
	return false;
}

/* At most one of four options, and the addresses. False: told. */
static bool take_policy(struct ctl *ctl, struct ks_renewal *ret_policy)
{
	static const struct {
		enum option option;
		enum ks_renewal_mode mode;
		bool has_value;
	} modes[] = {
		{OPTION_DAYS_BEFORE, KS_RENEWAL_DAYS_BEFORE, true},
		{OPTION_FRACTION, KS_RENEWAL_PERCENT_LEFT, true},
		{OPTION_OFF, KS_RENEWAL_OFF, false},
		{OPTION_DEFAULT, KS_RENEWAL_DEFAULT, false},
	};
	struct ks_renewal policy = {
		.mode = KS_RENEWAL_UNCHANGED,
		.new_key = ctl_has(ctl, OPTION_REKEY),
	};
	unsigned given = 0;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const char *value = ctl_option(ctl, modes[i].option);

		if (!value)
			continue;
		given++;
		policy.mode = modes[i].mode;
		if (modes[i].has_value && (!parse_number(value, &policy.value) || !policy.value)) {
			(void)ctl_fail(ctl, EXIT_USAGE, "%s %s: not a number",
				       option_name(modes[i].option), value);
			return false;
		}
	}
	if (!take_addresses(ctl, &policy.addresses))
		return false;
	if (given > 1 || (given == 0 && (policy.new_key || !policy.addresses))) {
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "cert renewal needs one of --days-before DAYS, --fraction PERCENT, "
			       "--off, --default, or --addresses POLICY");
		return false;
	}
	*ret_policy = policy;
	return true;
}

static enum exit_code command_cert_renewal(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	struct ks_renewal policy;
	enum exit_code code;
	uint64_t id;

	if (!parse_id(ctl->words[0], &id))
		return ctl_fail(ctl, EXIT_USAGE, "%s is no certificate's ID: cert list shows them",
				ctl->words[0]);
	if (!take_policy(ctl, &policy))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ks_cert_set_renewal(ctl->client, id, &policy, &result) == KS_OK)
		code = cert_show_result(ctl, result);
	else
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
	return code;
}

static enum exit_code command_clock_confirm(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	if (ks_clock_confirm(ctl->client, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:b}", "confirmed", 1));
	else
		printf("the clock is believed\n");
	ks_result_free(result);
	return code;
}

const struct command commands_renewal[] = {
	{
		.name = "cert renewal",
		.words = "ID",
		.word_count = 1,
		.options = HAS(DAYS_BEFORE) | HAS(FRACTION) | HAS(OFF) | HAS(DEFAULT) | HAS(REKEY) |
			   HAS(ADDRESSES),
		.summary = "say when a certificate is renewed by itself",
		.help = "One of --days-before, --fraction, --off, --default; cert show tells what\n"
			"holds. By default it is when 10 per cent of its life are left; a CA is "
			"not.\n"
			"--addresses says what is done when an address or the host name that it\n"
			"names is not this device's any more: follow renews it with the new one,\n"
			"report tells it. The default follows for what signs itself in local mode.",
		.run = command_cert_renewal,
	},
	{
		.name = "clock confirm",
		.words = "",
		.summary = "say that the clock is right after all",
		.help = "Status tells whether it does. Nothing is renewed as long as it does.",
		.run = command_clock_confirm,
	},
	{.name = NULL},
};
