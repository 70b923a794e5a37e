#include "byte_queue.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(byte_queue, gives_bytes_in_their_order)
{
	struct byte_queue queue = {0};

	cr_assert(byte_queue_add(&queue, "one", 3, 8));
	cr_assert(byte_queue_add(&queue, "two", 3, 8));
	cr_assert_eq(byte_queue_waiting(&queue), 6u);
	byte_queue_took(&queue, 2);
	cr_assert_eq(memcmp(byte_queue_first(&queue), "etwo", 4), 0);
	byte_queue_took(&queue, 4);
	cr_assert_eq(byte_queue_waiting(&queue), 0u);
	cr_assert_null(queue.bytes);
}

Test(byte_queue, takes_no_byte_more_than_its_maximum)
{
	struct byte_queue queue = {0};

	cr_assert(byte_queue_add(&queue, "12345678", 8, 8));
	cr_assert_not(byte_queue_add(&queue, "9", 1, 8));
	byte_queue_took(&queue, 1);
	cr_assert(byte_queue_add(&queue, "9", 1, 8));
	cr_assert_not(byte_queue_add(&queue, "123456789", 9, 8));
	cr_assert_eq(memcmp(byte_queue_first(&queue), "23456789", 8), 0);
	byte_queue_clear(&queue);
}

Test(byte_queue, stays_small_while_bytes_come_and_go)
{
	struct byte_queue queue = {0};
	char chunk[1000];
	unsigned char next = 0;
	unsigned char expected = 0;

	for (int i = 0; i < 5000; i++) {
		for (size_t k = 0; k < sizeof(chunk); k++)
			chunk[k] = (char)next++;
		cr_assert(byte_queue_add(&queue, chunk, sizeof(chunk), 4000));
		if (i < 2)
			continue;
		for (size_t k = 0; k < sizeof(chunk); k++)
			cr_assert_eq((unsigned char)byte_queue_first(&queue)[k], expected++);
		byte_queue_took(&queue, sizeof(chunk));
	}
	cr_assert_leq(queue.capacity, 16384u);
	byte_queue_clear(&queue);
}
