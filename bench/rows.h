/* What a benchmark found, against its goals. Hides the table and the JSON form. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ROWS_MAX 32

enum row_goal { ROW_AT_MOST, ROW_EXACTLY };

struct row {
	const char *name;
	double value;
	const char *unit;
	enum row_goal relation;
	double goal;
};

/* Zero-initialise. */
struct rows {
	struct row rows[ROWS_MAX];
	size_t count;
};

/* Strings are borrowed until rows_print(). */
void rows_add(struct rows *rows, const char *name, double value, const char *unit,
	      enum row_goal relation, double goal);

/*
 * The table, and with @as_json one object on the last line:
 * {"bench": …, "rows": [{"name", "value", "unit", "goal", "holds"}]}.
 * The program's exit code: 1 when a row does not hold.
 */
int rows_print(const struct rows *rows, const char *bench, bool as_json);

/* Of @values, which are sorted by this. */
double median(double *values, size_t count);

/* Megabytes of memory that a process has now. */
double resident_mb(pid_t pid);

/* Seconds of the monotonic clock. */
double seconds_now(void);

#endif
