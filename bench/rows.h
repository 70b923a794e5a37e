/* What a benchmark found, against its goals. Hides the table and the JSON form. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ROWS_MAX 64

enum row_goal { ROW_AT_MOST, ROW_AT_LEAST, ROW_EXACTLY, ROW_SHOWN /* for comparison */ };

struct row {
	const char *name;
	double value;
	const char *unit;
	enum row_goal relation;
	double goal;
	const char *why_not; /* it was not measured */
};

/* Zero-initialise. */
struct rows {
	struct row rows[ROWS_MAX];
	size_t count;
};

/* Strings are borrowed until rows_print(). */
void rows_add(struct rows *rows, const char *name, double value, const char *unit,
	      enum row_goal relation, double goal);

/* One without a goal. */
void rows_show(struct rows *rows, const char *name, double value, const char *unit);

/* One that has no value, and @why_not. Misses no goal. */
void rows_add_unmeasured(struct rows *rows, const char *name, const char *why_not);

/*
 * The table, and with @as_json one object on the last line:
 * {"bench": …, "rows": [{"name", "value", "unit", "goal", "holds"}]}. What has no goal is without
 * the last two, what was not measured has "name" and "not measured", a string without quotes.
 * The program's exit code: 1 when a row does not hold.
 */
int rows_print(const struct rows *rows, const char *bench, bool as_json);

/* Of @values, which are sorted by this. */
double median(double *values, size_t count);

/* Megabytes of memory that a process has now. */
double resident_mb(pid_t pid);

/* KiB of memory that a process has now, what it shares with others in parts (Pss). */
double memory_kib(pid_t pid);

/* Seconds of processor time that a process has used. */
double cpu_seconds(pid_t pid);

/* Seconds of the monotonic clock. */
double seconds_now(void);
void sleep_until(double when);

#endif
