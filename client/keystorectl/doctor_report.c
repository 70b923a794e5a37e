#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "table.h"

#define CHECK_WIDTH  13
#define RESULT_WIDTH 13

/* --json, and a table for people. */
static const struct {
	const char *name;
	const char *text;
} results[DOCTOR_RESULT_COUNT] = {
	[DOCTOR_OK] = {"ok", "ok"},
	[DOCTOR_WARNING] = {"warning", "warning"},
	[DOCTOR_FAILS] = {"fails", "FAILS"},
	[DOCTOR_NOT_CHECKED] = {"not-checked", "not checked"},
};

static struct doctor_line *last_line(struct doctor *doctor)
{
	return &doctor->lines[doctor->line_count - 1];
}

/* NULL: no memory, and the line has no such text. */
__attribute__((format(printf, 1, 0))) static char *make_text(const char *format, va_list list)
{
	char *text = NULL;

	return vasprintf(&text, format, list) < 0 ? NULL : text;
}

void doctor_say(struct doctor *doctor, const char *check, enum doctor_result result,
		const char *format, ...)
{
	va_list list;

	/* More files than a command line takes would be needed for that. */
	if (doctor->line_count == DOCTOR_LINES_MAX)
		return;
	doctor->line_count++;
	*last_line(doctor) = (struct doctor_line){.check = check, .result = result};
	va_start(list, format);
	last_line(doctor)->found = make_text(format, list);
	va_end(list);
}

void doctor_to_do(struct doctor *doctor, const char *format, ...)
{
	va_list list;

	free(last_line(doctor)->to_do);
	va_start(list, format);
	last_line(doctor)->to_do = make_text(format, list);
	va_end(list);
}

void doctor_command(struct doctor *doctor, const char *format, ...)
{
	va_list list;

	free(last_line(doctor)->command);
	va_start(list, format);
	last_line(doctor)->command = make_text(format, list);
	va_end(list);
}

const char *doctor_word(const char *text, char word[DOCTOR_WORD_BYTES])
{
	size_t used = 0;

	if (*text && !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789_-./+:@%,=")])
		return text;
	word[used++] = '\'';
	/* A quote takes four bytes, and the end two more. */
	for (; *text && used + 6 < DOCTOR_WORD_BYTES; text++) {
		if (*text == '\'')
			used += (size_t)sprintf(word + used, "'\\''");
		else
			word[used++] = *text;
	}
	word[used++] = '\'';
	word[used] = '\0';
	return word;
}

static bool has_failed(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->line_count; i++)
		if (doctor->lines[i].result == DOCTOR_FAILS)
			return true;
	return false;
}

static json_t *line_json(const struct doctor_line *line)
{
	json_t *object = json_pack("{s:s, s:s, s:o}", "check", line->check, "result",
				   results[line->result].name, "found",
				   json_text(line->found ? line->found : ""));

	if (line->to_do)
		json_add(&object, "to_do", json_text(line->to_do));
	if (line->command)
		json_add(&object, "command", json_text(line->command));
	return object;
}

static json_t *report_json(const struct doctor *doctor)
{
	json_t *list = json_array();

	for (size_t i = 0; i < doctor->line_count; i++)
		json_append(&list, line_json(&doctor->lines[i]));
	return json_pack("{s:b, s:o, s:o}", "ok", !has_failed(doctor), "user",
			 json_text(doctor->user), "checks", list);
}

/* A command is never broken: it is there to be copied. */
static void print_line(const struct doctor_line *line)
{
	const size_t indent = CHECK_WIDTH + RESULT_WIDTH;

	printf("%-*s%-*s", CHECK_WIDTH, line->check, RESULT_WIDTH, results[line->result].text);
	text_wrap(stdout, line->found ? line->found : "", indent);
	if (line->to_do) {
		printf("%*sTo do: ", (int)indent, "");
		text_wrap(stdout, line->to_do, indent + strlen("To do: "));
	}
	if (line->command)
		printf("%*s# %s\n", (int)indent, "", line->command);
}

enum exit_code doctor_tell(const struct doctor *doctor)
{
	enum exit_code code = has_failed(doctor) ? EXIT_FAILED : EXIT_OK;

	if (doctor->ctl->json)
		return ctl_print_json(doctor->ctl, report_json(doctor)) == EXIT_OK ? code
										   : EXIT_FAILED;
	printf("%-*s%-*s%s\n", CHECK_WIDTH, "CHECK", RESULT_WIDTH, "RESULT", "FOUND");
	for (size_t i = 0; i < doctor->line_count; i++)
		print_line(&doctor->lines[i]);
	return code;
}

void doctor_clear(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->line_count; i++) {
		free(doctor->lines[i].found);
		free(doctor->lines[i].to_do);
		free(doctor->lines[i].command);
	}
	doctor->line_count = 0;
}
