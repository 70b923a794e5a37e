#include "control_program.h"

static const uint8_t *bytes_of(const char *block)
{
	return data_image_bytes(station_image(&fake.station, block));
}

TestSuite(control_reply, .init = set_up, .fini = tear_down, .timeout = 120);

Test(control_reply, lists_connections_line_by_line_and_then_the_blocks)
{
	static const char *const names[] = {"Send", "Receive", "Both", "Modbus"};
	struct program program = program_new();
	json_t *line;

	say(&program, "{\"command\":\"list\"}");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *connection;

		line = hear(&program);
		connection = json_object_get(line, "connection");
		cr_assert_str_eq(json_string_value(json_object_get(connection, "name")), names[i]);
		cr_assert_str_eq(json_string_value(json_object_get(connection, "status")), "7004");
		json_decref(line);
	}
	line = hear(&program);
	cr_assert(json_is_true(json_object_get(line, "ok")));
	cr_assert_eq(json_array_size(json_object_get(line, "blocks")), 2u);
	json_decref(line);
	program_end(&program);
}

Test(control_reply, tells_who_sends_and_receives_each_block)
{
	struct program program = program_new();
	json_t *reply = ask(&program, "{\"command\":\"blocks\"}");
	const json_t *blocks = json_object_get(reply, "blocks");
	const json_t *sent = json_object_get(blocks, "Send_Data");
	const json_t *received = json_object_get(blocks, "Received_Data");

	cr_assert(json_is_true(json_object_get(reply, "ok")));
	cr_assert_eq(json_object_size(blocks), 2u);
	cr_assert_str_eq(json_string_value(json_object_get(sent, "sent_by")), "Send");
	cr_assert(json_is_null(json_object_get(sent, "received_by")));
	cr_assert_str_eq(json_string_value(json_object_get(received, "sent_by")), "Both");
	cr_assert_str_eq(json_string_value(json_object_get(received, "received_by")), "Receive");
	json_decref(reply);
	program_end(&program);
}

Test(control_reply, lists_as_many_connections_as_there_can_be_to_a_reader_who_comes_late)
{
	struct program program = program_new();
	char name[32];
	json_t *line;
	size_t count = 0;

	while (fake.settings.connection_count < SETTINGS_CONNECTIONS_MAX) {
		snprintf(name, sizeof(name), "C%zu", fake.settings.connection_count);
		fake_connection(name);
	}
	say(&program, "{\"command\":\"list\"}");
	fake_settle();
	for (;; count++) {
		line = hear(&program);
		if (json_object_get(line, "ok"))
			break;
		json_decref(line);
	}
	json_decref(line);
	cr_assert_eq(count, SETTINGS_CONNECTIONS_MAX);
	program_end(&program);
}

Test(control_reply, shows_a_connection)
{
	struct program program = program_new();
	json_t *reply = ask(&program, "{\"command\":\"show\",\"connection\":\"Send\"}");
	json_t *connection = json_object_get(reply, "connection");

	cr_assert_str_eq(json_string_value(json_object_get(connection, "sends")), "Send_Data");
	cr_assert(json_is_null(json_object_get(connection, "receives")));
	cr_assert(json_is_true(json_object_get(connection, "connected")));
	json_decref(reply);
	expect_error(&program, "{\"command\":\"show\",\"connection\":\"send\"}", "not-found",
		     "'send'");
	program_end(&program);
}

Test(control_reply, tells_a_message_that_was_cut_in_the_middle_of_a_character)
{
	struct program program = program_new();
	json_t *reply;

	strcpy(fake.station.connections[0].outputs.message, "Br\xc3\xbc"
							    "cke \xc3");
	reply = ask(&program, "{\"command\":\"show\",\"connection\":\"Send\"}");
	cr_assert_str_eq(
		json_string_value(json_object_get(json_object_get(reply, "connection"), "message")),
		"Br??cke ?");
	json_decref(reply);
	program_end(&program);
}

Test(control_reply, sets_a_block_and_reads_it_back)
{
	struct program program = program_new();
	json_t *reply;

	expect_ok(&program,
		  "{\"command\":\"set\",\"block\":\"Send_Data\",\"values\":{\"Var1\":true,"
		  "\"Var2\":\"Hello World!\",\"Count\":\"16#FF\",\"List\":[1,2,3],"
		  "\"List[2]\":\"-5\"}}");
	cr_assert_eq(bytes_of("Send_Data")[0], 1u);
	cr_assert_eq(memcmp(bytes_of("Send_Data") + 2, "\xfe\x0cHello World!", 14), 0);
	reply = ask(&program, "{\"command\":\"get\",\"block\":\"Send_Data\"}");
	cr_assert_eq(json_integer_value(json_object_get(json_object_get(reply, "values"), "Count")),
		     255);
	cr_assert_eq(json_integer_value(json_array_get(
			     json_object_get(json_object_get(reply, "values"), "List"), 1)),
		     -5);
	cr_assert_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(reply, "fields"), 1), "place")),
			 "2.0");
	json_decref(reply);
	program_end(&program);
}

Test(control_reply, sets_all_values_or_none)
{
	struct program program = program_new();

	expect_error(&program,
		     "{\"command\":\"set\",\"block\":\"Send_Data\",\"values\":{\"Var1\":true,"
		     "\"Count\":40000}}",
		     "invalid", "Count");
	expect_error(&program,
		     "{\"command\":\"set\",\"block\":\"Send_Data\",\"values\":{\"Var1\":true,"
		     "\"Var9\":1}}",
		     "invalid", "Var9");
	cr_assert_eq(bytes_of("Send_Data")[0], 0u);
	cr_assert_eq(fake.station.writes, 0u);
	expect_error(&program, "{\"command\":\"set\",\"block\":\"X\",\"values\":{\"Var1\":true}}",
		     "not-found", "'X'");
	program_end(&program);
}

Test(control_reply, sets_no_block_that_is_received)
{
	struct program program = program_new();

	expect_error(&program,
		     "{\"command\":\"set\",\"block\":\"Received_Data\",\"values\":{\"Var1\":true}}",
		     "refused", "received by the connection Receive");
	expect_error(&program,
		     "{\"command\":\"send\",\"connection\":\"Both\",\"values\":{\"Var1\":true}}",
		     "refused", "received by");
	cr_assert_eq(fake.station.connections[2].orders, 0u);
	expect_ok(&program, "{\"command\":\"send\",\"connection\":\"Both\"}");
	cr_assert_eq(fake.station.connections[2].orders, 1u);
	program_end(&program);
}

Test(control_reply, sends_what_the_values_make_of_the_block)
{
	struct program program = program_new();

	expect_ok(&program,
		  "{\"command\":\"send\",\"connection\":\"Send\",\"values\":{\"Var1\":true}}");
	cr_assert_eq(bytes_of("Send_Data")[0], 1u);
	cr_assert_eq(fake.station.connections[0].orders, 1u);
	expect_error(&program,
		     "{\"command\":\"send\",\"connection\":\"Send\",\"values\":{\"Var1\":\"x\"}}",
		     "invalid", "Var1");
	cr_assert_eq(fake.station.connections[0].orders, 1u);
	expect_error(&program, "{\"command\":\"send\",\"connection\":\"Receive\"}", "refused",
		     "TSEND_C");
	expect_error(&program, "{\"command\":\"send\",\"connection\":\"Modbus\"}", "refused",
		     "TSEND_C");
	expect_error(&program, "{\"command\":\"send\",\"connection\":\"X\"}", "not-found", "'X'");
	program_end(&program);
}

Test(control_reply, changes_nothing_while_the_message_before_is_not_sent)
{
	struct program program = program_new();

	fake.station.connections[0].takes_time = true;
	expect_ok(&program, "{\"command\":\"send\",\"connection\":\"Send\"}");
	expect_error(&program,
		     "{\"command\":\"send\",\"connection\":\"Send\",\"values\":{\"Var1\":true}}",
		     "busy", "Send");
	cr_assert_eq(fake.station.writes, 0u);
	program_end(&program);
}

Test(control_reply, sends_once_what_is_sent_on_change_anyway)
{
	struct program program = program_new();
	json_t *reply;

	fake.connections[0].send_on = SEND_ON_CHANGE;
	fake.station.connections[0].takes_time = true;
	say(&program, "{\"command\":\"send\",\"connection\":\"Send\",\"values\":{\"Var1\":true},"
		      "\"wait\":true}");
	fake_settle();
	cr_assert_eq(fake.station.connections[0].orders, 1u);
	fake_finish(&fake.station.connections[0], NULL);
	reply = hear(&program);
	cr_assert_str_eq(json_string_value(json_object_get(reply, "state")), "done");
	json_decref(reply);
	program_end(&program);
}

Test(control_reply, answers_one_who_waits_when_the_message_is_sent)
{
	struct program program = program_new();
	struct program other = program_new();
	bool has_ended;
	json_t *reply;

	fake.station.connections[0].takes_time = true;
	say(&program, "{\"command\":\"send\",\"connection\":\"Send\",\"wait\":true}");
	/* It comes afterwards. */
	say(&program, "{\"command\":\"show\",\"connection\":\"Both\"}");
	cr_assert_null(try_hear(&program, &has_ended));
	cr_assert_not(has_ended);
	expect_ok(&other, "{\"command\":\"send\",\"connection\":\"Both\",\"wait\":true}");
	cr_assert_null(try_hear(&program, &has_ended));
	fake_finish(&fake.station.connections[0], NULL);
	reply = hear(&program);
	cr_assert_str_eq(json_string_value(json_object_get(reply, "state")), "done");
	json_decref(reply);
	reply = hear(&program);
	cr_assert_not_null(json_object_get(reply, "connection"));
	json_decref(reply);
	program_end(&program);
	program_end(&other);
}

Test(control_reply, answers_one_who_waits_when_the_message_failed)
{
	struct program program = program_new();

	fake.station.connections[0].takes_time = true;
	say(&program, "{\"command\":\"send\",\"connection\":\"Send\",\"wait\":true}");
	fake_settle();
	fake_finish(&fake.station.connections[0], "192.0.2.1 has reset the connection");
	check_error(hear(&program), "failed", "80A7: 192.0.2.1 has reset");
	program_end(&program);
}

Test(control_reply, forgets_one_who_waited_and_went)
{
	struct program program = program_new();

	fake.station.connections[0].takes_time = true;
	say(&program, "{\"command\":\"send\",\"connection\":\"Send\",\"wait\":true}");
	program_end(&program);
	fake_finish(&fake.station.connections[0], NULL);
	fake_settle();
}
