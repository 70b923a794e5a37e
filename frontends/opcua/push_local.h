/*
 * What calls have to do with files that are open, before keystored is asked, or instead (OPC
 * 10000-12 7.8.2). Hides which method wants a file in which state.
 */
#ifndef OPCUA_PUSH_LOCAL_H
#define OPCUA_PUSH_LOCAL_H

#include "push_file.h"
#include "push_job.h"

enum push_local_step {
	PUSH_LOCAL_ON,	 /* keystored has to be asked */
	PUSH_LOCAL_DONE, /* that was all, or the job has failed */
};

enum push_local_step push_local_begin(struct push_files *files, struct push_job *job,
				      UA_UInt64 now_ms);
/* Open is back from keystored: what was read, or nothing, is a file now. */
void push_local_open(struct push_files *files, struct push_job *job, UA_UInt64 now_ms);

#endif
