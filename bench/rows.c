#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"

static void add(struct rows *rows, struct row row)
{
	if (rows->count == ROWS_MAX)
		abort();
	rows->rows[rows->count++] = row;
}

void rows_add(struct rows *rows, const char *name, double value, const char *unit,
	      enum row_goal relation, double goal)
{
	add(rows, (struct row){name, value, unit, relation, goal, NULL});
}

void rows_show(struct rows *rows, const char *name, double value, const char *unit)
{
	add(rows, (struct row){name, value, unit, ROW_SHOWN, 0, NULL});
}

void rows_add_unmeasured(struct rows *rows, const char *name, const char *why_not)
{
	add(rows, (struct row){name, 0, "", ROW_SHOWN, 0, why_not});
}

static bool holds(const struct row *row)
{
	if (row->why_not)
		return true;
	if (!isfinite(row->value))
		return false;
	switch (row->relation) {
	case ROW_AT_MOST:
		return row->value <= row->goal;
	case ROW_AT_LEAST:
		return row->value >= row->goal;
	case ROW_EXACTLY:
		return row->value == row->goal;
	case ROW_SHOWN:
		break;
	}
	return true;
}

static void print_row(const struct row *row)
{
	static const char *const signs[] = {
		[ROW_AT_MOST] = "≤", [ROW_AT_LEAST] = "≥", [ROW_EXACTLY] = "="};

	if (row->why_not)
		printf("%-56s not measured: %s\n", row->name, row->why_not);
	else if (row->relation == ROW_SHOWN)
		printf("%-56s %10.3f %s\n", row->name, row->value, row->unit);
	else
		printf("%-56s %10.3f %-6s %s %8.3f  %s\n", row->name, row->value, row->unit,
		       signs[row->relation], row->goal, holds(row) ? "holds" : "DOES NOT HOLD");
}

static void print_json(const struct row *row)
{
	printf("{\"name\": \"%s\", ", row->name);
	if (row->why_not)
		printf("\"not measured\": \"%s\"", row->why_not);
	else
		printf("\"value\": %.4f, \"unit\": \"%s\"", row->value, row->unit);
	if (row->relation != ROW_SHOWN)
		printf(", \"goal\": %g, \"holds\": %s", row->goal, holds(row) ? "true" : "false");
	printf("}");
}

int rows_print(const struct rows *rows, const char *bench, bool as_json)
{
	bool all_hold = rows->count > 0;

	printf("\n%-56s %10s %-6s %10s\n", "", "value", "", "goal");
	for (size_t i = 0; i < rows->count; i++) {
		print_row(&rows->rows[i]);
		all_hold = all_hold && holds(&rows->rows[i]);
	}
	if (as_json) {
		printf("{\"bench\": \"%s\", \"rows\": [", bench);
		for (size_t i = 0; i < rows->count; i++) {
			printf("%s", i ? ", " : "");
			print_json(&rows->rows[i]);
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

void sleep_until(double when)
{
	struct timespec until = {.tv_sec = (time_t)when};

	until.tv_nsec = (long)((when - (double)until.tv_sec) * 1e9);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

double cpu_seconds(pid_t pid)
{
	struct timespec used = {0};
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		clock_gettime(clock, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
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

double memory_kib(pid_t pid)
{
	char path[64], *status, *found;
	double kib = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	status = file_read(path, NULL);
	found = strstr(status, "\nPss:");
	if (found)
		kib = strtod(found + 5, NULL);
	free(status);
	return kib;
}
