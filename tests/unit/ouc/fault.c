#include "fault.h"

#include <criterion/criterion.h>

static enum ouc_status of_verdict(enum ks_verdict_reason reason)
{
	const struct stream_failure failure = {.fault = STREAM_REFUSED, .verdict = reason};

	return fault_of_stream(&failure);
}

Test(fault, tells_why_a_certificate_is_refused)
{
	cr_assert_eq(of_verdict(KS_VERDICT_REVOKED), OUC_CERT_REVOKED);
	for (int i = KS_VERDICT_CRL_MISSING; i <= KS_VERDICT_CRL_SCOPE; i++)
		cr_assert_eq(of_verdict((enum ks_verdict_reason)i), OUC_CERT_REVOKED, "%d", i);
	cr_assert_eq(of_verdict(KS_VERDICT_EXPIRED), OUC_CERT_EXPIRED);
	cr_assert_eq(of_verdict(KS_VERDICT_NOT_YET_VALID), OUC_CERT_EXPIRED);
	cr_assert_eq(of_verdict(KS_VERDICT_INCOMPLETE), OUC_CERT_UNTRUSTED);
	cr_assert_eq(of_verdict(KS_VERDICT_UNTRUSTED), OUC_CERT_UNTRUSTED);
	cr_assert_eq(of_verdict(KS_VERDICT_ANCHOR), OUC_CERT_UNTRUSTED);
	cr_assert_eq(of_verdict(KS_VERDICT_HOST), OUC_CERT_UNFIT);
	cr_assert_eq(of_verdict(KS_VERDICT_USAGE), OUC_CERT_UNFIT);
}

/* A keystored that is newer than this program may have more of them. */
Test(fault, takes_verdicts_that_it_does_not_know_for_unfit)
{
	cr_assert_eq(of_verdict((enum ks_verdict_reason)1000), OUC_CERT_UNFIT);
	cr_assert_eq(of_verdict((enum ks_verdict_reason) - 1), OUC_CERT_UNFIT);
}

Test(fault, is_an_error_in_each_case)
{
	for (int i = STREAM_RESET; i <= STREAM_RESOURCES; i++) {
		const struct stream_failure failure = {.fault = (enum stream_fault)i};

		cr_assert(ouc_status_is_error(fault_of_stream(&failure)), "%d", i);
	}
	for (int i = DIAL_REFUSED; i <= DIAL_RESOURCES; i++)
		cr_assert(ouc_status_is_error(fault_of_dial((enum dial_fault)i)), "%d", i);
	for (int i = LISTENER_PORT_IN_USE; i <= LISTENER_FAILS; i++)
		cr_assert(ouc_status_is_error(fault_of_listener((enum listener_state)i)), "%d", i);
	cr_assert_eq(fault_of_listener(LISTENER_LISTENS), OUC_OK);
}
