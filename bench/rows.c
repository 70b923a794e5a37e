#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"

void rows_add(struct rows *rows, const char *name, double value, const char *unit,
	      enum row_goal relation, double goal)
{
	if (rows->count == ROWS_MAX)
		abort();
	rows->rows[rows->count++] = (struct row){name, value, unit, relation, goal};
}

static bool holds(const struct row *row)
{
	if (!isfinite(row->value))
		return false;
	return row->relation == ROW_AT_MOST ? row->value <= row->goal : row->value == row->goal;
}

int rows_print(const struct rows *rows, const char *bench, bool as_json)
{
	bool all_hold = rows->count > 0;

	printf("\n%-52s %10s %-6s %10s\n", "", "value", "", "goal");
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->rows[i];

		printf("%-52s %10.3f %-6s %s %8.3f  %s\n", row->name, row->value, row->unit,
		       row->relation == ROW_AT_MOST ? "≤" : "=", row->goal,
		       holds(row) ? "holds" : "DOES NOT HOLD");
		all_hold = all_hold && holds(row);
	}
	if (as_json) {
		printf("{\"bench\": \"%s\", \"rows\": [", bench);
		for (size_t i = 0; i < rows->count; i++) {
			const struct row *row = &rows->rows[i];

			printf("%s{\"name\": \"%s\", \"value\": %.4f, \"unit\": \"%s\", "
			       "\"goal\": %g, \"holds\": %s}",
			       i ? ", " : "", row->name, row->value, row->unit, row->goal,
			       holds(row) ? "true" : "false");
		}
		printf("]}\n");
	}
	return all_hold ? 0 : 1;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double resident_mb(pid_t pid)
{
	char path[64], *status, *found;
	double bytes = 0;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	status = file_read(path, NULL);
	found = strchr(status, ' ');
	if (found)
		bytes = strtod(found, NULL) * (double)sysconf(_SC_PAGESIZE);
	free(status);
	return bytes / 1e6;
}
