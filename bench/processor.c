#include "processor.h"

#include "process.h"

static void use(pid_t thread, const cpu_set_t *set)
{
	if (sched_setaffinity(thread, sizeof(*set), set))
		fixture_die("the processors of a process cannot be chosen");
}

void processor_pin(pid_t thread, unsigned which, cpu_set_t *ret_before)
{
	cpu_set_t all, one;
	int cpu = -1;

	if (sched_getaffinity(thread, sizeof(all), &all) || CPU_COUNT(&all) == 0)
		fixture_die("the processors of a process are not known");
	which %= (unsigned)CPU_COUNT(&all);
	for (unsigned seen = 0; seen <= which; seen += CPU_ISSET(cpu, &all) != 0)
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	use(thread, &one);
	*ret_before = all;
}

void processor_unpin(pid_t thread, const cpu_set_t *before)
{
	use(thread, before);
}

void processor_first(pid_t thread, bool is_first)
{
	const struct sched_param param = {.sched_priority = is_first ? 1 : 0};

	(void)sched_setscheduler(thread, is_first ? SCHED_RR : SCHED_OTHER, &param);
}
