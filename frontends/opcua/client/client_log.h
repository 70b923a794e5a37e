/* What open62541 logs, for --verbose. Hides its logger. */
#ifndef CLIENT_LOG_H
#define CLIENT_LOG_H

#include <open62541/plugin/log.h>

/* To standard error, or nowhere; has no state. */
const UA_Logger *client_log(bool is_verbose);

#endif
