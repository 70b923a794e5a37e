#include "upkeep.h"

#include <keystore.pb-c.h>
#include <status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "clock.h"
#include "lazy_timer.h"
#include "request.h"
#include "retries.h"
#include "service.h"
#include "service_cert_take.h"
#include "service_own.h"
#include "service_renewal.h"
#include "store_renewal.h"

#define DAY	  86400
#define PAGE	  64u
#define STEP_USEC 2000 /* between two pages: others want the loop too */
#define DUE_MAX	  64
#define NOTE_MAX  320
#define TEXT_MAX  (STORE_RENEWAL_NOTE_MAX + 160)

/* One of a page, and what there is to tell of it. */
struct seen {
	struct store_cert cert;
	struct store_renewal renewal;
	unsigned warning;	/* days; 0: none */
	char note[NOTE_MAX];	/* it is due, and why nothing comes of it; "": nothing to tell */
	struct own_verdict own; /* of its names */
	bool has_new_names_note;
};

struct due {
	uint64_t id;
	uint32_t version;
	int64_t not_after; /* of the new version */
	bool is_outside;   /* a CSR is what can be made here */
	bool new_key;
	bool follows_names;
	char key_name[NAMES_KEY_MAX + 1]; /* is_outside: of the new key; "": the same one */
};

struct upkeep {
	struct service *service;
	struct lazy_timer *timer;
	struct seen *page;
	size_t seen;
	bool is_asked; /* for a walk from the beginning */
	bool is_walking;
	uint64_t after;
	struct due due[DUE_MAX];
	size_t due_count;
	bool is_full;	  /* more were due than there was room for */
	bool is_renewing; /* due[0] */
	struct retries *retries;
};

static bool add_to_page(const struct store_cert *cert, const struct store_renewal *renewal,
			void *user)
{
	struct upkeep *upkeep = user;

	struct seen *seen = &upkeep->page[upkeep->seen++];

	*seen = (struct seen){.cert = *cert, .renewal = *renewal};
	service_own_judge(upkeep->service, cert, &renewal->policy, &seen->own);
	/* Borrowed until now. */
	seen->cert.names = NULL;
	seen->cert.names_len = 0;
	return true;
}

/* Why a new version would end no later; false: it would. */
static bool issuer_ends(struct upkeep *upkeep, const struct store_cert *cert, int64_t *not_after,
			char note[NOTE_MAX])
{
	struct store_cert issuer;
	bool ends = false;

	if (cert->issuer_id == cert->id ||
	    store_cert_get(upkeep->service->store, cert->issuer_id, &issuer) != STORE_OK)
		return false;
	if (*not_after > issuer.facts.not_after)
		*not_after = issuer.facts.not_after;
	if (*not_after <= cert->facts.not_after) {
		ends = true;
		snprintf(note, NOTE_MAX,
			 "it is due to be renewed, and would end no later, since its issuer, "
			 "certificate %llu, ends then: renew that first",
			 (unsigned long long)issuer.id);
	}
	store_cert_wipe(&issuer);
	return ends;
}

/* Whether there is something to be done; what there is to tell goes into the note. */
static bool look_outside(const struct seen *seen, char *note, size_t size)
{
	const struct store_cert *cert = &seen->cert;
	unsigned long long id = cert->id;

	if (seen->renewal.reported_version == cert->version)
		return false;
	if (cert->request_created)
		snprintf(note, size,
			 "it is due to be renewed, and its CSR waits for the answer of “%.96s”: "
			 "cert "
			 "export %llu --format csr writes it, cert replace %llu brings the answer",
			 cert->facts.issuer, id, id);
	else if (!profile_by_id(cert->profile))
		snprintf(
			note, size,
			"it is due to be renewed, and was issued elsewhere, by “%.128s”: have that "
			"CA renew it",
			cert->facts.issuer);
	return !*note;
}

static void add_due(struct upkeep *upkeep, const struct store_cert *cert, struct due *due)
{
	if (retries_wait(upkeep->retries, cert->id, cert->version, lazy_timer_now(upkeep->timer)))
		return;
	if (upkeep->due_count == DUE_MAX) {
		upkeep->is_full = true;
		return;
	}
	if (due->is_outside && due->new_key &&
	    !cert_name_successor(upkeep->service, cert, due->key_name))
		due->key_name[0] = '\0';
	upkeep->due[upkeep->due_count++] = *due;
}

static void look_at_renewal(struct upkeep *upkeep, struct seen *seen, int64_t now)
{
	const struct store_cert *cert = &seen->cert;
	const struct profile *profile = profile_by_id(cert->profile);
	struct renewal_policy policy = renewal_resolve(&seen->renewal.policy, profile);
	int64_t life = cert->facts.not_after - cert->facts.not_before;
	struct due due = {
		.id = cert->id,
		.version = cert->version,
		.not_after = now + life,
		.is_outside = !cert->issuer_id,
		.new_key = policy.new_key,
		.follows_names = seen->own.is_due,
	};

	if (!cert->key_id)
		return;
	/* That it ends no later is no reason against new names. */
	if (due.follows_names) {
		char unused[NOTE_MAX];

		(void)issuer_ends(upkeep, cert, &due.not_after, unused);
		add_due(upkeep, cert, &due);
		return;
	}
	if (renewal_at(&policy, cert->facts.not_before, cert->facts.not_after) > now)
		return;
	if (due.is_outside ? look_outside(seen, seen->note, sizeof seen->note)
			   : !issuer_ends(upkeep, cert, &due.not_after, seen->note))
		add_due(upkeep, cert, &due);
}

static void look_at(struct upkeep *upkeep, struct seen *seen, int64_t now)
{
	const struct store_cert *cert = &seen->cert;
	struct store_renewal *renewal = &seen->renewal;
	unsigned days = renewal_warning(cert->facts.not_before, cert->facts.not_after, now);

	if (days && (renewal->warned_version != cert->version || days < renewal->warned_days)) {
		seen->warning = days;
		renewal->warned_version = cert->version;
		renewal->warned_days = days;
	}
	look_at_renewal(upkeep, seen, now);
	if (*seen->note && renewal->reported_version == cert->version)
		seen->note[0] = '\0';
	if (*seen->note)
		renewal->reported_version = cert->version;
	seen->has_new_names_note = strcmp(renewal->names_note, seen->own.text) != 0;
	memcpy(renewal->names_note, seen->own.text, sizeof renewal->names_note);
}

static int days_left(const struct seen *seen, int64_t now)
{
	return (int)((seen->cert.facts.not_after - now + DAY - 1) / DAY);
}

static bool tells_of_end(const struct seen *seen)
{
	return seen->warning || *seen->note;
}

static bool tells_of_names(const struct seen *seen)
{
	return seen->has_new_names_note && *seen->own.text;
}

/* Nothing is told where names are the device's again, which is remembered too. */
static bool has_news(const struct seen *seen)
{
	return tells_of_end(seen) || seen->has_new_names_note;
}

static void write_end(const struct seen *seen, int64_t now, char *text, size_t size)
{
	snprintf(text, size, "certificate %llu “%.64s” ends in %d days%s%s",
		 (unsigned long long)seen->cert.id, seen->cert.facts.common_name,
		 days_left(seen, now), *seen->note ? ": " : "", seen->note);
}

static void write_names(const struct seen *seen, char *text, size_t size)
{
	snprintf(text, size, "certificate %llu “%.64s”: %s", (unsigned long long)seen->cert.id,
		 seen->cert.facts.common_name, seen->own.text);
}

static enum store_status audit(struct upkeep *upkeep, const struct seen *seen,
			       const char *operation, const char *detail)
{
	struct audit_entry entry = {
		.uid = geteuid(),
		.pid = getpid(),
		.operation = operation,
		.object = seen->cert.key_name,
		.status = status_name(STATUS_OK),
		.detail = detail,
	};

	return audit_record(upkeep->service->audit, &entry);
}

/* What is told is remembered in the same transaction. */
static enum store_status record(struct upkeep *upkeep, const struct seen *seen, int64_t now)
{
	char text[TEXT_MAX];
	enum store_status status =
		store_renewal_set(upkeep->service->store, seen->cert.id, &seen->renewal);

	if (status == STORE_OK && tells_of_end(seen)) {
		write_end(seen, now, text, sizeof text);
		status = audit(upkeep, seen, "cert expiry", text);
	}
	if (status == STORE_OK && tells_of_names(seen)) {
		write_names(seen, text, sizeof text);
		status = audit(upkeep, seen, "cert names", text);
	}
	return status;
}

static void publish(struct upkeep *upkeep, const struct seen *seen, int64_t now)
{
	struct service *service = upkeep->service;
	char text[TEXT_MAX];

	if (tells_of_end(seen)) {
		write_end(seen, now, text, sizeof text);
		log_line(service->log, LOG_LEVEL_WARNING, "%s", text);
		service_renewal_publish(service, &seen->cert, days_left(seen, now), seen->note);
	}
	if (tells_of_names(seen)) {
		write_names(seen, text, sizeof text);
		log_line(service->log, LOG_LEVEL_WARNING, "%s", text);
		service_own_publish(service, &seen->cert, seen->own.text);
	}
}

static void tell(struct upkeep *upkeep, int64_t now)
{
	struct service *service = upkeep->service;
	enum store_status status = STORE_OK;
	size_t count = 0;

	for (size_t i = 0; i < upkeep->seen; i++)
		count += has_news(&upkeep->page[i]);
	if (!count)
		return;
	status = store_begin(service->store);
	for (size_t i = 0; i < upkeep->seen && status == STORE_OK; i++) {
		if (has_news(&upkeep->page[i]))
			status = record(upkeep, &upkeep->page[i], now);
	}
	if (status == STORE_OK)
		status = store_commit(service->store);
	else
		store_rollback(service->store);
	/* It is not remembered, so that the next walk does it. */
	if (status != STORE_OK) {
		log_line(service->log, LOG_LEVEL_ERROR, "%zu warnings wait: %s", count,
			 store_error(service->store));
		return;
	}
	for (size_t i = 0; i < upkeep->seen; i++)
		publish(upkeep, &upkeep->page[i], now);
}

/* One page. True: there is another one. */
static bool walk(struct upkeep *upkeep)
{
	struct service *service = upkeep->service;
	uint64_t before = upkeep->after;
	int64_t now = clock_now(service->clock);

	upkeep->seen = 0;
	if (store_renewal_walk(service->store, before, PAGE, add_to_page, upkeep, &upkeep->after) !=
	    STORE_OK) {
		log_line(service->log, LOG_LEVEL_ERROR, "certificates are not looked after: %s",
			 store_error(service->store));
		return false;
	}
	for (size_t i = 0; i < upkeep->seen; i++)
		look_at(upkeep, &upkeep->page[i], now);
	tell(upkeep, now);
	return upkeep->after != before && !upkeep->is_full;
}

static void next(struct upkeep *upkeep)
{
	upkeep->is_renewing = false;
	memmove(upkeep->due, upkeep->due + 1, --upkeep->due_count * sizeof *upkeep->due);
	/* There may be more than had room. */
	if (!upkeep->due_count && upkeep->is_full)
		upkeep->is_asked = true;
	lazy_timer_by(upkeep->timer, lazy_timer_now(upkeep->timer));
}

/* Once for each version. */
static void tell_failure(struct upkeep *upkeep, const struct due *due, const char *message)
{
	struct service *service = upkeep->service;
	struct store_cert cert;
	char note[NOTE_MAX];

	if (store_cert_get(service->store, due->id, &cert) != STORE_OK)
		return;
	snprintf(note, sizeof note, "it could not be renewed, which is tried again: %s", message);
	service_renewal_publish(
		service, &cert,
		(int)((cert.facts.not_after - clock_now(service->clock) + DAY - 1) / DAY), note);
	store_cert_wipe(&cert);
}

/* What cannot be remembered waits for the next round, and what is behind it too. */
static void note_failure(struct upkeep *upkeep, const struct due *due)
{
	if (!retries_failed(upkeep->retries, due->id, due->version, lazy_timer_now(upkeep->timer)))
		upkeep->is_full = false;
}

static void renewed(enum status status, const char *message, void *user)
{
	struct upkeep *upkeep = user;
	const struct due *due = &upkeep->due[0];
	bool is_first = !retries_has_failed(upkeep->retries, due->id, due->version);

	if (status == STATUS_OK && due->follows_names) {
		retries_followed(upkeep->retries, due->id, due->version + 1,
				 lazy_timer_now(upkeep->timer));
	} else if (status == STATUS_OK) {
		retries_forget(upkeep->retries, due->id);
	} else {
		note_failure(upkeep, due);
		if (is_first)
			tell_failure(upkeep, due, message);
	}
	next(upkeep);
}

static bool ask_to_renew(struct upkeep *upkeep, const struct due *due, bool is_quiet)
{
	Keystore__V1__Validity validity = KEYSTORE__V1__VALIDITY__INIT;
	Keystore__V1__CertRenewRequest body = KEYSTORE__V1__CERT_RENEW_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	validity.not_after = due->not_after;
	body.id = due->id;
	body.validity = &validity;
	body.new_key = due->new_key;
	body.follow_names = due->follows_names;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_RENEW;
	request.cert_renew = &body;
	return request_own(upkeep->service, &request, is_quiet, renewed, upkeep);
}

static bool ask_for_csr(struct upkeep *upkeep, const struct due *due, bool is_quiet)
{
	Keystore__V1__CertRequestRequest body = KEYSTORE__V1__CERT_REQUEST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	struct store_cert cert;

	if (store_cert_get(upkeep->service->store, due->id, &cert) != STORE_OK)
		return false;
	body.id = due->id;
	body.follow_names = due->follows_names;
	if (*due->key_name) {
		body.new_key = (char *)(uintptr_t)due->key_name;
		body.algorithm = (Keystore__V1__Algorithm)cert.key_algorithm;
	}
	store_cert_wipe(&cert);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_REQUEST;
	request.cert_request = &body;
	return request_own(upkeep->service, &request, is_quiet, renewed, upkeep);
}

static void renew(struct upkeep *upkeep)
{
	/* A copy: it may be over before this returns. */
	const struct due due = upkeep->due[0];
	/* What failed before is in the trail already. */
	bool is_quiet = retries_has_failed(upkeep->retries, due.id, due.version);

	upkeep->is_renewing = true;
	if ((due.is_outside ? ask_for_csr(upkeep, &due, is_quiet)
			    : ask_to_renew(upkeep, &due, is_quiet)))
		return;
	note_failure(upkeep, &due);
	next(upkeep);
}

static uint64_t on_time(uint64_t now, void *user)
{
	struct upkeep *upkeep = user;
	struct service *service = upkeep->service;

	if (service->is_stopping || upkeep->is_renewing)
		return LAZY_NEVER;
	/* The clock says when that changes. */
	if (clock_state(service->clock) != CLOCK_GOOD) {
		upkeep->is_walking = false;
		upkeep->due_count = 0;
		return LAZY_NEVER;
	}
	if (upkeep->due_count && !upkeep->is_walking) {
		renew(upkeep);
		return LAZY_NEVER;
	}
	if (upkeep->is_asked && !upkeep->is_walking) {
		upkeep->is_asked = false;
		upkeep->is_walking = true;
		upkeep->is_full = false;
		upkeep->after = 0;
	}
	if (!upkeep->is_walking)
		return LAZY_NEVER;
	upkeep->is_walking = walk(upkeep);
	return upkeep->is_walking || upkeep->is_asked || upkeep->due_count ? now + STEP_USEC
									   : LAZY_NEVER;
}

struct upkeep *upkeep_new(struct service *service)
{
	struct upkeep *upkeep = calloc(1, sizeof *upkeep);

	if (!upkeep)
		return NULL;
	upkeep->service = service;
	upkeep->page = calloc(PAGE, sizeof *upkeep->page);
	upkeep->timer = lazy_timer_new(service->event, on_time, upkeep);
	upkeep->retries = retries_new();
	if (upkeep->page && upkeep->timer && upkeep->retries)
		return upkeep;
	upkeep_free(upkeep);
	return NULL;
}

void upkeep_free(struct upkeep *upkeep)
{
	if (!upkeep)
		return;
	retries_free(upkeep->retries);
	lazy_timer_free(upkeep->timer);
	free(upkeep->page);
	free(upkeep);
}

void upkeep_check(struct upkeep *upkeep)
{
	upkeep->is_asked = true;
	lazy_timer_by(upkeep->timer, lazy_timer_now(upkeep->timer));
}
