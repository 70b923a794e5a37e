#include "command.h"

#define COMMON_MASK                                                                                \
	(1ULL << OPTION_SOCKET | 1ULL << OPTION_JSON | 1ULL << OPTION_DEADLINE |                   \
	 1ULL << OPTION_WAIT)

static bool takes_options(const struct ctl *ctl, const struct command *command)
{
	for (enum option i = 0; i < OPTION_COUNT; i++) {
		if (ctl_has(ctl, i) && !((command->options | COMMON_MASK) & option_bit(i))) {
			(void)ctl_fail(ctl, EXIT_USAGE,
				       "%s is no option of %s: see keystorectl %s --help",
				       option_name(i), command->name, command->name);
			return false;
		}
		if (!ctl_has(ctl, i) && command->needs & option_bit(i)) {
			(void)ctl_fail(ctl, EXIT_USAGE, "%s needs %s %s: %s", command->name,
				       option_name(i), command_option_usage(command, i),
				       command_option_help(command, i));
			return false;
		}
	}
	return true;
}

static bool has_instead(const struct ctl *ctl, const struct command *command)
{
	for (enum option i = 0; i < OPTION_COUNT; i++)
		if (ctl_has(ctl, i) && command->instead & option_bit(i))
			return true;
	return false;
}

enum exit_code command_run(struct ctl *ctl, const struct command *command, size_t used)
{
	const struct arguments *arguments = &ctl->arguments;
	size_t expected = command->word_count - (has_instead(ctl, command) ? 1 : 0);

	if (arguments->word_count - used < expected ||
	    (arguments->word_count - used > expected && !command->takes_more))
		return ctl_fail(
			ctl, EXIT_USAGE, "usage: keystorectl %s%s%s; see keystorectl %s --help",
			command->name, *command->words ? " " : "", command->words, command->name);
	if (!takes_options(ctl, command))
		return EXIT_USAGE;
	ctl->command = command->name;
	ctl->words = arguments->words + used;
	return command->run(ctl);
}
