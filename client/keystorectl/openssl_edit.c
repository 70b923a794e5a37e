/* openssl_conf.h: the block that is added and taken away, and the file for one program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openssl_conf.h"

/* By these lines disable finds what enable wrote, and what it was written to. */
#define WRITTEN "# >>> keystore: written by keystorectl openssl enable"
#define REMOVES "; keystorectl openssl disable removes it"
#define END	"# <<< keystore"

static const char *const begins[] = {
	WRITTEN REMOVES,
	WRITTEN REMOVES " and the line end before it",
	WRITTEN REMOVES " and this file",
};

enum origin { ORIGIN_LINES, ORIGIN_UNENDED_LINE, ORIGIN_NO_FILE, ORIGIN_COUNT };

/* Sections of our own; their names are not used by anybody else. */
#define INIT	  "keystore_init"
#define PROVIDERS "keystore_providers"
#define DEFAULT	  "keystore_default"
#define PROVIDER  "keystore_provider"

/* The text without the block. */
struct stripped {
	char *text;
	size_t len;
	enum origin origin;
	bool has_block;
};

/* The first line at or behind @at that begins with @mark. NULL: none. */
static const char *find_line(const char *at, const char *mark)
{
	while (at && strncmp(at, mark, strlen(mark)) != 0) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at;
}

static bool line_is(const char *line, const char *text)
{
	size_t len = strcspn(line, "\r\n");

	return len == strlen(text) && strncmp(line, text, len) == 0;
}

static const char *line_behind(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

static bool find_origin(const char *line, enum origin *ret_origin)
{
	for (enum origin i = 0; i < ORIGIN_COUNT; i++) {
		if (!line_is(line, begins[i]))
			continue;
		*ret_origin = i;
		return true;
	}
	return false;
}

/* Bytes of the line end before @at. */
static size_t line_end_before(const char *text, const char *at)
{
	if (at - text >= 2 && at[-2] == '\r')
		return 2;
	return at > text ? 1 : 0;
}

static bool strip(const char *text, size_t len, struct stripped *ret_stripped, char *problem)
{
	struct stripped stripped = {0};
	const char *begin = find_line(text, WRITTEN);
	const char *end = begin ? find_line(begin, END) : NULL;
	size_t head;

	if (find_line(begin ? line_behind(begin) : text, begin ? WRITTEN : END) ||
	    (begin && (!end || !find_origin(begin, &stripped.origin)))) {
		snprintf(problem, OPENSSL_PROBLEM_BYTES,
			 "the lines that begin with \"# >>> keystore\" and \"# <<< keystore\" were "
			 "changed: remove them and what is between by hand");
		return false;
	}
	stripped.text = malloc(len + 1);
	if (!stripped.text) {
		snprintf(problem, OPENSSL_PROBLEM_BYTES, "out of memory");
		return false;
	}
	stripped.has_block = begin != NULL;
	head = begin ? (size_t)(begin - text) : len;
	if (stripped.origin == ORIGIN_UNENDED_LINE)
		head -= line_end_before(text, begin);
	memcpy(stripped.text, text, head);
	stripped.len = head;
	if (begin) {
		end = line_behind(end);
		memcpy(stripped.text + head, end, len - (size_t)(end - text));
		stripped.len += len - (size_t)(end - text);
	}
	stripped.text[stripped.len] = '\0';
	*ret_stripped = stripped;
	return true;
}

/* Whether it can be written between brackets without meaning something else. */
static bool is_section_name(const char *name)
{
	return *name && strlen(name) < OPENSSL_CONF_VALUE_BYTES - 1 &&
	       !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_-.")];
}

bool openssl_value_is_plain(const char *value)
{
	return *value && strlen(value) < OPENSSL_CONF_VALUE_BYTES &&
	       !value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_-./+:@%,=~")];
}

static bool is_understood(const struct openssl_facts *facts, char *problem)
{
	const char *const sections[] = {facts->init, facts->providers,
					facts->default_provider.section, facts->keystore.section};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (!*sections[i] || is_section_name(sections[i]))
			continue;
		snprintf(problem, OPENSSL_PROBLEM_BYTES,
			 "it has a section with an unusual name, [%.200s]", sections[i]);
		return false;
	}
	if (facts->default_provider.is_unusual || facts->keystore.is_unusual) {
		snprintf(problem, OPENSSL_PROBLEM_BYTES,
			 "it lists \"default\" or \"keystore\" twice, or by another name");
		return false;
	}
	if (facts->fips.is_active && !facts->default_provider.is_active) {
		snprintf(
			problem, OPENSSL_PROBLEM_BYTES,
			"it activates \"fips\" without \"default\", so that programs use validated "
			"algorithms only, and \"keystore\" is not validated");
		return false;
	}
	if (*facts->properties) {
		snprintf(
			problem, OPENSSL_PROBLEM_BYTES,
			"its default_properties = %.200s choose between providers for all programs",
			facts->properties);
		return false;
	}
	return true;
}

static void write_section(FILE *out, const struct openssl_section *section)
{
	if (section->module)
		fprintf(out, "module = %s\n", section->module);
	if (section->socket)
		fprintf(out, "socket = %s\n", section->socket);
}

/* What has to be added to what @facts are of. */
static void write_block(FILE *out, const struct openssl_facts *facts, enum origin origin,
			const struct openssl_section *section)
{
	const struct openssl_provider *first = &facts->default_provider;
	const struct openssl_provider *ours = &facts->keystore;
	bool is_first = first->is_active && (!ours->is_listed || first->position < ours->position);

	fprintf(out, "%s\n", begins[origin]);
	if (!*facts->init)
		fprintf(out, "[default]\nopenssl_conf = " INIT "\n");
	if (!*facts->providers)
		fprintf(out, "[%s]\nproviders = " PROVIDERS "\n",
			*facts->init ? facts->init : INIT);
	fprintf(out, "[%s]\n", *facts->providers ? facts->providers : PROVIDERS);
	if (!first->is_listed)
		fprintf(out, "default = " DEFAULT "\n");
	/* An entry that comes again takes the last place. */
	if (!ours->is_listed || !is_first)
		fprintf(out, "keystore = %s\n", ours->is_listed ? ours->section : PROVIDER);
	if (!first->is_active)
		fprintf(out, "[%s]\nactivate = 1\n", first->is_listed ? first->section : DEFAULT);
	fprintf(out, "[%s]\nactivate = 1\n", ours->is_listed ? ours->section : PROVIDER);
	write_section(out,
		      &(struct openssl_section){.socket = section->socket,
						.module = *facts->module ? NULL : section->module});
	fprintf(out, END "\n");
}

/* A backslash at the end would take our first line in; NULs and the like are not read at all. */
static bool may_follow(const struct stripped *base, char *problem)
{
	size_t len = base->len;

	while (len > 0 && (base->text[len - 1] == '\n' || base->text[len - 1] == '\r'))
		len--;
	if (len == 0 || base->text[len - 1] != '\\')
		return true;
	snprintf(problem, OPENSSL_PROBLEM_BYTES, "its last line ends with a backslash");
	return false;
}

static bool has_windows_ends(const char *text)
{
	const char *end = strchr(text, '\n');

	return end && end > text && end[-1] == '\r';
}

/* Copies @block with the line ends of what is before it. */
static void write_lines(FILE *out, const char *block, bool is_windows)
{
	for (const char *at = block; *at; at++) {
		if (*at == '\n' && is_windows)
			putc('\r', out);
		putc(*at, out);
	}
}

static bool join(const struct stripped *base, const char *block, enum origin origin,
		 char **ret_text, size_t *ret_len)
{
	bool is_windows = has_windows_ends(base->text);
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	if (!out)
		return false;
	fwrite(base->text, 1, base->len, out);
	if (origin == ORIGIN_UNENDED_LINE)
		fputs(is_windows ? "\r\n" : "\n", out);
	write_lines(out, block, is_windows);
	if (fclose(out) != 0) {
		free(text);
		return false;
	}
	*ret_text = text;
	return true;
}

static char *make_block(const struct openssl_facts *facts, enum origin origin,
			const struct openssl_section *section)
{
	char *block = NULL;
	size_t len;
	FILE *out = open_memstream(&block, &len);

	if (!out)
		return NULL;
	write_block(out, facts, origin, section);
	if (fclose(out) == 0)
		return block;
	free(block);
	return NULL;
}

/* Where the block goes that is written to @base; it stays what it was when it is written anew. */
static enum origin origin_of(const struct stripped *base, bool has_file)
{
	if (base->has_block && base->origin == ORIGIN_NO_FILE && base->len == 0)
		return ORIGIN_NO_FILE;
	if (!has_file)
		return ORIGIN_NO_FILE;
	if (base->len > 0 && base->text[base->len - 1] != '\n')
		return ORIGIN_UNENDED_LINE;
	return ORIGIN_LINES;
}

static enum openssl_change add_block(const struct stripped *base, bool has_file,
				     const struct openssl_section *section, char **ret_text,
				     size_t *ret_len, char *problem)
{
	enum origin origin = origin_of(base, has_file);
	struct openssl_facts facts;
	char *block;
	char *text = NULL;
	size_t len = 0;

	if (!openssl_conf_read(base->text, base->len, &facts, problem) ||
	    !is_understood(&facts, problem) || !may_follow(base, problem))
		return OPENSSL_REFUSED;
	block = make_block(&facts, origin, section);
	if (!block || !join(base, block, origin, &text, &len)) {
		free(block);
		snprintf(problem, OPENSSL_PROBLEM_BYTES, "out of memory");
		return OPENSSL_REFUSED;
	}
	free(block);
	/* By what OpenSSL reads now, not by what was meant. */
	if (!openssl_conf_read(text, len, &facts, problem) || !openssl_facts_are_good(&facts) ||
	    facts.keystore.is_unusual || facts.default_provider.is_unusual) {
		free(text);
		snprintf(problem, OPENSSL_PROBLEM_BYTES,
			 "lines at its end do not activate \"default\" and \"keystore\"");
		return OPENSSL_REFUSED;
	}
	*ret_text = text;
	*ret_len = len;
	return OPENSSL_CHANGED;
}

static bool has_section(const struct openssl_facts *facts, const struct openssl_section *section)
{
	return (!section->socket || strcmp(section->socket, facts->socket) == 0) &&
	       (!section->module || *facts->module);
}

enum openssl_change openssl_conf_enable(const char *text, size_t len,
					const struct openssl_section *section, char **ret_text,
					size_t *ret_len, char *problem)
{
	enum openssl_change change = OPENSSL_REFUSED;
	struct openssl_section wanted = *section;
	struct openssl_facts facts;
	struct stripped base;

	if (!text) {
		base = (struct stripped){.text = strdup("")};
		if (base.text)
			change = add_block(&base, false, section, ret_text, ret_len, problem);
		else
			snprintf(problem, OPENSSL_PROBLEM_BYTES, "out of memory");
		free(base.text);
		return change;
	}
	if (!openssl_conf_read(text, len, &facts, problem))
		return OPENSSL_REFUSED;
	if (openssl_facts_are_good(&facts) && has_section(&facts, section))
		return OPENSSL_UNCHANGED;
	if (!strip(text, len, &base, problem))
		return OPENSSL_REFUSED;
	/* What the block said goes with it. */
	if (!wanted.socket && openssl_value_is_plain(facts.socket))
		wanted.socket = facts.socket;
	if (!wanted.module && openssl_value_is_plain(facts.module))
		wanted.module = facts.module;
	change = add_block(&base, true, &wanted, ret_text, ret_len, problem);
	free(base.text);
	return change;
}

enum openssl_change openssl_conf_disable(const char *text, size_t len, char **ret_text,
					 size_t *ret_len, char *problem)
{
	struct openssl_facts facts = {0};
	struct stripped base;

	if (memchr(text, '\0', len)) {
		snprintf(problem, OPENSSL_PROBLEM_BYTES, "it is no text");
		return OPENSSL_REFUSED;
	}
	if (!strip(text, len, &base, problem))
		return OPENSSL_REFUSED;
	/* What is not ours may be unreadable for OpenSSL, and still gets rid of what is ours. */
	if (!base.has_block && openssl_conf_read(text, len, &facts, problem) &&
	    facts.keystore.is_active) {
		free(base.text);
		snprintf(
			problem, OPENSSL_PROBLEM_BYTES,
			"its section [%s] activates \"keystore\", which keystorectl did not write: "
			"remove that by hand",
			facts.keystore.section);
		return OPENSSL_REFUSED;
	}
	if (!base.has_block || (base.origin == ORIGIN_NO_FILE && base.len == 0)) {
		free(base.text);
		return base.has_block ? OPENSSL_REMOVED : OPENSSL_UNCHANGED;
	}
	*ret_text = base.text;
	*ret_len = base.len;
	return OPENSSL_CHANGED;
}

char *openssl_conf_program(const struct openssl_section *section)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fputs("# An openssl.cnf for one program that uses keys of keystored.\n"
	      "# In the program's environment: OPENSSL_CONF=/path/of/this/file\n"
	      "# For a service of systemd (systemctl edit NAME): [Service], then in a line of its "
	      "own\n"
	      "# Environment=OPENSSL_CONF=/path/of/this/file\n"
	      "# OpenSSL ignores the variable in programs that are setuid or have file "
	      "capabilities:\n"
	      "# for those, keystorectl openssl enable.\n"
	      "openssl_conf = openssl_init\n\n"
	      "[openssl_init]\n"
	      "providers = provider_sect\n\n"
	      "# In this order: default has all algorithms and reads files, keystore the keys.\n"
	      "[provider_sect]\n"
	      "default = default_sect\n"
	      "keystore = keystore_sect\n\n"
	      "[default_sect]\n"
	      "activate = 1\n\n"
	      "[keystore_sect]\n"
	      "activate = 1\n",
	      out);
	write_section(out, section);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
