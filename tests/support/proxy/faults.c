#include "faults.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"

static const struct {
	const char *word;
	enum fault kind;
} strikes[] = {
	{"stall", FAULT_STALL},
	{"drop", FAULT_DROP},
	{"lose", FAULT_LOSE},
	{"fail", FAULT_FAIL},
};

static bool parse_number(const char *word, uint64_t *ret_value)
{
	char *end;
	uint64_t value;

	if (!word || !*word)
		return false;
	value = strtoull(word, &end, 0);
	if (*end)
		return false;
	*ret_value = value;
	return true;
}

static const char *order_strike(struct faults *faults, enum fault kind, char **rest)
{
	uint64_t rc = 0, left = 1;
	uint32_t only = 0;
	const char *word;

	if (kind == FAULT_FAIL && !parse_number(strtok_r(NULL, " ", rest), &rc))
		return "fail wants a response code";
	word = strtok_r(NULL, " ", rest);
	if (word && !strcmp(word, "all"))
		left = UINT64_MAX;
	else if (word && !parse_number(word, &left))
		return "the count is a number or \"all\"";
	word = strtok_r(NULL, " ", rest);
	if (word) {
		only = command_from_name(word);
		if (!only)
			return "no such command code";
	}
	faults->kind = kind;
	faults->rc = (uint32_t)rc;
	faults->left = left;
	faults->only = only;
	return NULL;
}

const char *faults_order(struct faults *faults, char *line)
{
	char *rest = NULL;
	const char *word = strtok_r(line, " ", &rest);
	uint64_t ms;

	if (!word)
		return "an empty order";
	for (size_t i = 0; i < sizeof(strikes) / sizeof(strikes[0]); i++) {
		if (!strcmp(word, strikes[i].word))
			return order_strike(faults, strikes[i].kind, &rest);
	}
	if (!strcmp(word, "delay")) {
		if (!parse_number(strtok_r(NULL, " ", &rest), &ms))
			return "delay wants milliseconds";
		faults->delay_us = ms * 1000;
	} else if (!strcmp(word, "stop")) {
		faults->is_stopped = true;
	} else if (!strcmp(word, "go")) {
		faults->is_stopped = false;
	} else if (!strcmp(word, "clear")) {
		*faults = (struct faults){0};
	} else {
		return "unknown order";
	}
	return NULL;
}

enum fault faults_next(struct faults *faults, uint32_t code)
{
	if (!faults->left || (faults->only && faults->only != code))
		return FAULT_NONE;
	if (faults->left != UINT64_MAX)
		faults->left--;
	return faults->kind;
}
