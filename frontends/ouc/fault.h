/* What went wrong, as a STATUS. Hides the tables. Pure. */
#ifndef OUC_FAULT_H
#define OUC_FAULT_H

#include "dial.h"
#include "listener.h"
#include "status.h"
#include "stream.h"

enum ouc_status fault_of_stream(const struct stream_failure *failure);
enum ouc_status fault_of_dial(enum dial_fault fault);
enum ouc_status fault_of_listener(enum listener_state state); /* OUC_OK: it listens */

#endif
