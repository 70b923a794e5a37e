/* The way to keystore-ouc, against whatever may be at its socket. */
#include "ouc_client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "../../support/temp_dir.h"
#include "../stream/loop.h"

#define PATIENCE_US UINT64_C(30000000) /* what never comes ends the test */
#define IMPATIENCE  UINT64_C(1)

static char dir[TEMP_PATH_MAX];
static char path[TEMP_PATH_MAX + 16];
static struct ouc_client *client;
static int listener = -1;

static struct answer {
	bool is_there;
	enum ouc_status status;
	char sentence[OUC_SENTENCE_MAX + 1];
	char name[64]; /* member "block" of the line */
} answer;

static void be_at(uint64_t patience_us)
{
	client = ouc_client_new(loop, path, patience_us);
	cr_assert_not_null(client);
}

static void listen_there(int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, backlog), 0);
}

static void set_up(void)
{
	loop_up();
	temp_dir_make(dir);
	snprintf(path, sizeof(path), "%s/control.sock", dir);
	answer = (struct answer){0};
}

static void tear_down(void)
{
	ouc_client_free(client);
	if (listener >= 0)
		close(listener);
	temp_dir_remove(dir);
	loop_down();
}

TestSuite(ouc_client, .init = set_up, .fini = tear_down, .timeout = 60);

static void on_reply(const struct ouc_reply *reply, void *user)
{
	struct answer *into = user;
	const char *name = json_string_value(json_object_get(reply->line, "block"));

	cr_assert_not(into->is_there, "it is told once");
	into->is_there = true;
	into->status = reply->status;
	strcpy(into->sentence, reply->sentence);
	snprintf(into->name, sizeof(into->name), "%s", name ? name : "");
}

static void ask(void)
{
	json_t *command = json_pack("{s:s, s:s, s:{s:b}}", "command", "set", "block", "A", "values",
				    "Var1", true);

	cr_assert(ouc_client_ask(client, command, on_reply, &answer));
	cr_assert_not(answer.is_there, "it is told from the loop");
}

static int taken(void)
{
	int fd = accept(listener, NULL, NULL);

	cr_assert_geq(fd, 0);
	return fd;
}

static void hear_command(int fd)
{
	char line[512];
	size_t len = 0;

	while (!len || line[len - 1] != '\n') {
		ssize_t n;

		(void)sd_event_run(loop, 0);
		n = recv(fd, line + len, sizeof(line) - len, MSG_DONTWAIT);
		if (n > 0)
			len += (size_t)n;
		cr_assert_neq(n, 0);
	}
	line[len] = '\0';
	cr_expect_str_eq(line,
			 "{\"command\":\"set\",\"block\":\"A\",\"values\":{\"Var1\":true}}\n");
}

static void say(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void expect(enum ouc_status status, const char *words)
{
	loop_until(&answer.is_there);
	cr_expect_eq(answer.status, status, "%d: %s", answer.status, answer.sentence);
	cr_expect_not_null(strstr(answer.sentence, words), "%s", answer.sentence);
}

Test(ouc_client, brings_the_answer_however_it_comes_in_pieces)
{
	static const char text[] = "{\"ok\":true,\"block\":\"A\"}\n";
	int fd;

	be_at(PATIENCE_US);
	listen_there(4);
	ask();
	fd = taken();
	hear_command(fd);
	for (size_t i = 0; text[i]; i++) {
		cr_assert_eq(send(fd, &text[i], 1, MSG_NOSIGNAL), 1);
		loop_settle();
	}
	expect(OUC_OK, "");
	cr_expect_str_eq(answer.name, "A");
	close(fd);
}

Test(ouc_client, brings_the_sentence_of_a_refusal)
{
	static const struct {
		const char *line;
		enum ouc_status status;
	} refusals[] = {
		{"{\"ok\":false,\"error\":\"invalid\",\"message\":\"so it is\"}\n", OUC_INVALID},
		{"{\"ok\":false,\"error\":\"not-found\",\"message\":\"so it is\"}\n",
		 OUC_NOT_FOUND},
		{"{\"ok\":false,\"error\":\"refused\",\"message\":\"so it is\"}\n", OUC_REFUSED},
		{"{\"ok\":false,\"error\":\"limit\",\"message\":\"so it is\"}\n", OUC_BUSY},
		{"{\"ok\":false,\"error\":\"failed\",\"message\":\"so it is\"}\n", OUC_FAILED},
	};

	be_at(PATIENCE_US);
	listen_there(4);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		int fd;

		answer = (struct answer){0};
		ask();
		fd = taken();
		hear_command(fd);
		say(fd, refusals[i].line);
		expect(refusals[i].status, "so it is");
		close(fd);
	}
}

Test(ouc_client, says_what_to_start_where_nobody_is)
{
	be_at(PATIENCE_US);
	ask();
	expect(OUC_AWAY, "systemctl start keystore-ouc");
	answer = (struct answer){0};
	listen_there(1);
	close(listener);
	listener = -1;
	ask();
	expect(OUC_AWAY, "systemctl start keystore-ouc");
}

Test(ouc_client, says_that_a_path_is_none)
{
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	be_at(PATIENCE_US);
	ask();
	expect(OUC_AWAY, "too long");
}

Test(ouc_client, does_not_wait_for_ever_for_who_takes_nothing)
{
	be_at(IMPATIENCE);
	listen_there(4);
	ask();
	/* The command was taken by the socket at once, and nobody reads it. */
	expect(OUC_UNANSWERED, "in time");
}

Test(ouc_client, knows_that_a_command_without_its_end_was_not_carried_out)
{
	char *text = calloc(1, 400000);
	int fd;

	cr_assert_not_null(text);
	memset(text, 'x', 399999);
	be_at(UINT64_C(100000));
	listen_there(4);
	cr_assert(ouc_client_ask(client, json_pack("{s:s}", "command", text), on_reply, &answer));
	fd = taken();
	expect(OUC_AWAY, "has done nothing");
	close(fd);
	free(text);
}

Test(ouc_client, does_not_know_what_was_done_by_one_who_closes)
{
	int fd;

	be_at(PATIENCE_US);
	listen_there(4);
	ask();
	fd = taken();
	hear_command(fd);
	say(fd, "{\"ok\":true");
	close(fd);
	expect(OUC_UNANSWERED, "may have done this or not");
}

Test(ouc_client, hears_why_it_is_sent_away)
{
	int fd;

	be_at(PATIENCE_US);
	listen_there(4);
	ask();
	fd = taken();
	say(fd, "{\"ok\":false,\"error\":\"limit\",\"message\":\"32 clients are there\"}\n");
	close(fd);
	expect(OUC_BUSY, "32 clients");
}

Test(ouc_client, believes_nothing_that_is_no_answer)
{
	static const char *const lies[] = {
		"\n",
		"HTTP/1.1 400 Bad Request\r\n",
		"[]\n",
		"{\"ok\":\"true\"}\n",
		"{\"ok\":true,\"ok\":false}\n",
		"{\"ok\":false}\n",
		"{\"ok\":false,\"error\":\"invalid\"}\n",
		"{\"ok\":false,\"error\":\"invalid\",\"message\":\"\"}\n",
		"{\"ok\":false,\"error\":\"invalid\",\"message\":\"a\\u0000b\"}\n",
		"{\"ok\":false,\"error\":\"invalid\",\"message\":\"a\\nb\"}\n",
		"{\"ok\":false,\"error\":\"none\",\"message\":\"a\"}\n",
		"{\"connection\":{}}\n",
	};

	be_at(PATIENCE_US);
	listen_there(4);
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		int fd;

		answer = (struct answer){0};
		ask();
		fd = taken();
		hear_command(fd);
		say(fd, lies[i]);
		expect(OUC_GARBLED, "not keystore-ouc");
		close(fd);
	}
}

Test(ouc_client, takes_a_sentence_of_the_greatest_length_and_none_longer)
{
	char line[OUC_SENTENCE_MAX + 100], text[OUC_SENTENCE_MAX + 2];

	be_at(PATIENCE_US);
	listen_there(4);
	for (size_t len = OUC_SENTENCE_MAX; len <= OUC_SENTENCE_MAX + 1; len++) {
		int fd;

		memset(text, 'a', len);
		text[len] = '\0';
		snprintf(line, sizeof(line),
			 "{\"ok\":false,\"error\":\"busy\",\"message\":\"%s\"}\n", text);
		answer = (struct answer){0};
		ask();
		fd = taken();
		hear_command(fd);
		say(fd, line);
		expect(len > OUC_SENTENCE_MAX ? OUC_GARBLED : OUC_BUSY, "");
		close(fd);
	}
}

Test(ouc_client, lets_nobody_say_too_much)
{
	char chunk[4096];
	int fd;

	memset(chunk, ' ', sizeof(chunk));
	be_at(PATIENCE_US);
	listen_there(4);
	ask();
	fd = taken();
	while (!answer.is_there) {
		(void)send(fd, chunk, sizeof(chunk), MSG_DONTWAIT | MSG_NOSIGNAL);
		(void)sd_event_run(loop, 0);
	}
	expect(OUC_GARBLED, "too much");
	close(fd);
}

static void on_many(const struct ouc_reply *reply, void *user)
{
	unsigned *count = user;

	(void)reply;
	(*count)++;
}

Test(ouc_client, asks_so_many_at_a_time_and_no_more)
{
	unsigned count = 0;

	be_at(PATIENCE_US);
	for (unsigned i = 0; i < OUC_ASKS_MAX; i++)
		cr_assert(ouc_client_ask(client, json_object(), on_many, &count));
	cr_expect_not(ouc_client_ask(client, json_object(), on_many, &count));
	loop_settle();
	while (count < OUC_ASKS_MAX)
		(void)sd_event_run(loop, UINT64_MAX);
	cr_expect(ouc_client_ask(client, json_object(), on_many, &count));
}

Test(ouc_client, sends_no_line_that_is_too_long)
{
	char *text = calloc(1, OUC_QUESTION_MAX + 1);
	unsigned count = 0;

	cr_assert_not_null(text);
	be_at(PATIENCE_US);
	memset(text, 'x', OUC_QUESTION_MAX - strlen("{\"x\":\"\"}\n"));
	cr_expect(ouc_client_ask(client, json_pack("{s:s}", "x", text), on_many, &count));
	memset(text, 'x', OUC_QUESTION_MAX - strlen("{\"x\":\"\"}\n") + 1);
	cr_expect_not(ouc_client_ask(client, json_pack("{s:s}", "x", text), on_many, &count));
	cr_expect_not(ouc_client_ask(client, NULL, on_many, &count));
	free(text);
}
