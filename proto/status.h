/* The outcome of a request: the numbers of keystore.v1.Status under short names. */
#ifndef STATUS_H
#define STATUS_H

enum status {
	STATUS_OK = 0,
	STATUS_INVALID = 1,
	STATUS_UNSUPPORTED = 2,
	STATUS_DENIED = 3,
	STATUS_NOT_FOUND = 4,
	STATUS_EXISTS = 5,
	STATUS_LIMIT = 6,
	STATUS_BUSY = 7,
	STATUS_UNAVAILABLE = 8,
	STATUS_DEADLINE = 9,
	STATUS_CONFLICT = 10,
	STATUS_DECRYPT_FAILED = 11,
	STATUS_STORAGE = 12,
	STATUS_TPM = 13,
	STATUS_INTERNAL = 14,
	STATUS_COUNT,
};

/* "not found", "denied", …; "unknown" for a number that is none. Never NULL. */
const char *status_name(int status);

#endif
