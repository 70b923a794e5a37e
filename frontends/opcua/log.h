/*
 * What open62541 has to say, as lines of the program. Hides its levels and categories, and that
 * peers decide how often it says something: so many lines are told, then how many were not.
 */
#ifndef OPCUA_LOG_H
#define OPCUA_LOG_H

#include <open62541/plugin/log.h>

#define LOG_LINE_MAX 512

struct log;

struct log *log_new(void (*line)(const char *message, void *user), void *user);
void log_free(struct log *log); /* after the server; NULL is fine */

const UA_Logger *log_logger(struct log *log);

#endif
