#include "request_kind.h"

#include <keystore.pb-c.h>

#include "request.h"
#include "service_assign.h"
#include "service_audit.h"
#include "service_cert.h"
#include "service_crl.h"
#include "service_info.h"
#include "service_key.h"
#include "service_mode.h"
#include "service_pin.h"
#include "service_rejected.h"
#include "service_renewal.h"
#include "service_trust.h"
#include "service_txn.h"
#include "service_use.h"
#include "service_user.h"

#define BODY(name) KEYSTORE__V1__REQUEST__BODY_##name
#define ABOUT(type, member)                                                                        \
	.key_at = offsetof(Keystore__V1__##type, member), .name_at = REQUEST_NOWHERE
#define MAKES(type, member)                                                                        \
	.key_at = REQUEST_NOWHERE, .name_at = offsetof(Keystore__V1__##type, member)
#define PLAIN .key_at = REQUEST_NOWHERE, .name_at = REQUEST_NOWHERE

static const struct request_kind kinds[] = {
	[BODY(HELLO)] = {"hello", service_info_hello, RIGHT_ANY, PLAIN},
	[BODY(STATUS)] = {"status", service_info_status, RIGHT_ANY, PLAIN},
	[BODY(SUBSCRIBE)] = {"subscribe", service_info_subscribe, RIGHT_ANY, PLAIN},
	[BODY(RANDOM)] = {"random", service_use_random, RIGHT_ANY, PLAIN},
	[BODY(KEY_CREATE)] = {"key create", service_key_create, RIGHT_MANAGE_KEYS,
			      MAKES(KeyCreateRequest, name), AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(KEY_LIST)] = {"key list", service_key_list, RIGHT_ANY, PLAIN},
	[BODY(KEY_SHOW)] = {"key show", service_key_show, RIGHT_SEE, ABOUT(KeyShowRequest, key)},
	[BODY(KEY_DELETE)] = {"key delete", service_key_delete, RIGHT_MANAGE_KEYS,
			      ABOUT(KeyDeleteRequest, key), AUDIT_ENTRY, VANISH_CONTINUES},
	[BODY(KEY_ALLOW)] = {"key allow", service_key_allow, RIGHT_GRANT_KEY,
			     ABOUT(KeyAllowRequest, key), AUDIT_ENTRY},
	[BODY(KEY_PIN)] = {"key pin", service_pin, RIGHT_MANAGE_KEYS, ABOUT(KeyPinRequest, key),
			   AUDIT_ENTRY, VANISH_CONTINUES},
	/* What the format asks for beyond that, the handler checks. */
	[BODY(KEY_EXPORT)] = {"key export", service_key_export, RIGHT_SEE,
			      ABOUT(KeyExportRequest, key), AUDIT_ENTRY},
	[BODY(KEY_IMPORT)] = {"key import", service_key_import, RIGHT_MANAGE_KEYS,
			      MAKES(KeyImportRequest, name), AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(SIGN)] = {"sign", service_use_sign, RIGHT_SIGN, ABOUT(SignRequest, key)},
	[BODY(DECRYPT)] = {"decrypt", service_use_decrypt, RIGHT_DECRYPT,
			   ABOUT(DecryptRequest, key)},
	[BODY(CSR)] = {"csr", service_use_csr, RIGHT_CERTIFY, ABOUT(CsrRequest, key)},
	[BODY(PROJECT_INIT)] = {"project init", service_cert_project_init, RIGHT_MANAGE_CERTS,
				PLAIN, AUDIT_ENTRY, VANISH_CANCELS, true,
				.scope = POLICY_TO_PROJECT},
	[BODY(CERT_CREATE)] = {"cert create", service_cert_create, RIGHT_MANAGE_CERTS, PLAIN,
			       AUDIT_ENTRY, VANISH_CANCELS, true, .is_staged = true},
	[BODY(CERT_RENEW)] = {"cert renew", service_cert_renew, RIGHT_MANAGE_CERTS, PLAIN,
			      AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(CERT_DELETE)] = {"cert delete", service_cert_delete, RIGHT_MANAGE_CERTS, PLAIN,
			       AUDIT_ENTRY, .is_staged = true},
	/* What is revoked stays so, whoever waits for the list. */
	[BODY(CERT_REVOKE)] = {"cert revoke", service_cert_revoke, RIGHT_MANAGE_CERTS, PLAIN,
			       AUDIT_ENTRY, VANISH_CONTINUES, .scope = POLICY_PROJECT_MODE},
	[BODY(CERT_SET_RENEWAL)] = {"cert renewal", service_cert_set_renewal, RIGHT_MANAGE_CERTS,
				    PLAIN, AUDIT_ENTRY},
	[BODY(CLOCK_CONFIRM)] = {"clock confirm", service_clock_confirm, RIGHT_MANAGE_CERTS, PLAIN,
				 AUDIT_ENTRY},
	[BODY(CRL_EXPORT)] = {"crl export", service_crl_export, RIGHT_ANY, PLAIN},
	[BODY(CRL_LIST)] = {"crl list", service_crl_list, RIGHT_ANY, PLAIN},
	[BODY(CRL_RENEW)] = {"crl renew", service_crl_renew, RIGHT_MANAGE_CERTS, PLAIN, AUDIT_ENTRY,
			     .scope = POLICY_PROJECT_MODE},
	[BODY(CERT_IMPORT)] = {"cert import", service_cert_import, RIGHT_MANAGE_CERTS, PLAIN,
			       AUDIT_ENTRY, VANISH_CANCELS, true, .is_staged = true},
	[BODY(CERT_REPLACE)] = {"cert replace", service_cert_replace, RIGHT_MANAGE_CERTS, PLAIN,
				AUDIT_ENTRY, VANISH_CANCELS, true, .is_staged = true},
	[BODY(CERT_REQUEST)] = {"cert request", service_cert_request, RIGHT_MANAGE_CERTS, PLAIN,
				AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(CERT_SIGN_CSR)] = {"ca sign", service_cert_sign_csr, RIGHT_MANAGE_CERTS, PLAIN,
				 AUDIT_ENTRY, .scope = POLICY_PROJECT_MODE},
	/* Who may see which certificate, the handlers check. */
	[BODY(CERT_LIST)] = {"cert list", service_cert_list, RIGHT_ANY, PLAIN},
	[BODY(CERT_CHECK)] = {"cert check", service_cert_check, RIGHT_ANY, PLAIN},
	[BODY(PROFILE_LIST)] = {"profile list", service_profile_list, RIGHT_ANY, PLAIN},
	[BODY(CERT_DRAFT)] = {"cert draft", service_cert_draft, RIGHT_MANAGE_CERTS, PLAIN},
	[BODY(CERT_SHOW)] = {"cert show", service_cert_show, RIGHT_ANY, PLAIN},
	[BODY(CERT_EXPORT)] = {"cert export", service_cert_export, RIGHT_ANY, PLAIN},
	/* Who may use which trust group, the handlers check. */
	[BODY(TRUST_LIST)] = {"trust list", service_trust_list, RIGHT_ANY, PLAIN},
	[BODY(TRUST_ADD)] = {"trust add", service_trust_add, RIGHT_MANAGE_TRUST, PLAIN, AUDIT_ENTRY,
			     .is_staged = true},
	[BODY(TRUST_SET)] = {"trust set", service_trust_set, RIGHT_MANAGE_TRUST, PLAIN, AUDIT_ENTRY,
			     .is_staged = true},
	[BODY(TRUST_REMOVE)] = {"trust remove", service_trust_remove, RIGHT_MANAGE_TRUST, PLAIN,
				AUDIT_ENTRY, .is_staged = true},
	[BODY(TRUST_EXPORT)] = {"trust export", service_trust_export, RIGHT_ANY, PLAIN},
	[BODY(TRUST_GROUP_LIST)] = {"group list", service_trust_group_list, RIGHT_ANY, PLAIN},
	[BODY(TRUST_GROUP_SET)] = {"group set", service_trust_group_set, RIGHT_MANAGE_TRUST, PLAIN,
				   AUDIT_ENTRY, .is_staged = true},
	[BODY(REJECTED_LIST)] = {"rejected list", service_rejected_list, RIGHT_ANY, PLAIN},
	[BODY(REJECTED_TRUST)] = {"rejected trust", service_rejected_trust, RIGHT_MANAGE_TRUST,
				  PLAIN, AUDIT_ENTRY, .is_staged = true},
	[BODY(REJECTED_DELETE)] = {"rejected delete", service_rejected_delete, RIGHT_MANAGE_TRUST,
				   PLAIN, AUDIT_ENTRY},
	[BODY(TXN_BEGIN)] = {"txn begin", service_txn_begin, RIGHT_TRANSACT, PLAIN, AUDIT_ENTRY},
	[BODY(TXN_APPLY)] = {"txn apply", service_txn_apply, RIGHT_TRANSACT, PLAIN, AUDIT_ENTRY},
	[BODY(TXN_CANCEL)] = {"txn cancel", service_txn_cancel, RIGHT_TRANSACT, PLAIN, AUDIT_ENTRY},
	[BODY(TXN_STATUS)] = {"txn status", service_txn_status, RIGHT_VIEW, PLAIN},
	/* Who may see which service, the handler checks. */
	[BODY(SERVICE_LIST)] = {"service list", service_assign_list, RIGHT_ANY, PLAIN},
	[BODY(SERVICE_SET)] = {"service set", service_assign_set, RIGHT_MANAGE_SERVICES, PLAIN,
			       AUDIT_ENTRY, .is_staged = true},
	[BODY(SERVICE_REMOVE)] = {"service remove", service_assign_remove, RIGHT_MANAGE_SERVICES,
				  PLAIN, AUDIT_ENTRY, .is_staged = true},
	[BODY(VALIDATE)] = {"validate", service_validate, RIGHT_ANY, PLAIN},
	[BODY(AUDIT_LIST)] = {"audit list", service_audit_list, RIGHT_READ_AUDIT, PLAIN},
	[BODY(LOGIN)] = {"login", service_login, RIGHT_ANY, PLAIN, AUDIT_ENTRY},
	/* That it is an OPC UA server's user who asks, the handler checks. */
	[BODY(LOGIN_CERTIFICATE)] = {"login certificate", service_login_certificate, RIGHT_ANY,
				     PLAIN, AUDIT_ENTRY},
	[BODY(LOGOUT)] = {"logout", service_logout, RIGHT_ANY, PLAIN, AUDIT_ENTRY},
	[BODY(WHOAMI)] = {"whoami", service_whoami, RIGHT_ANY, PLAIN},
	[BODY(PASSWORD_CHANGE)] = {"password change", service_password_change, RIGHT_ANY, PLAIN,
				   AUDIT_ENTRY},
	[BODY(USER_CREATE)] = {"user create", service_user_create, RIGHT_MANAGE_USERS, PLAIN,
			       AUDIT_ENTRY},
	[BODY(USER_LIST)] = {"user list", service_user_list, RIGHT_MANAGE_USERS, PLAIN},
	[BODY(USER_SET)] = {"user set", service_user_set, RIGHT_MANAGE_USERS, PLAIN, AUDIT_ENTRY},
	[BODY(USER_DELETE)] = {"user delete", service_user_delete, RIGHT_MANAGE_USERS, PLAIN,
			       AUDIT_ENTRY},
	[BODY(USER_VERIFY)] = {"user verify", service_user_verify, RIGHT_ANY, PLAIN, AUDIT_ENTRY},
	[BODY(USER_RECOVER)] = {"user recover", service_user_recover, RIGHT_RECOVER, PLAIN,
				AUDIT_ENTRY},
	[BODY(ROLE_LIST)] = {"role list", service_role_list, RIGHT_VIEW, PLAIN},
	[BODY(ROLE_SET)] = {"role set", service_role_set, RIGHT_MANAGE_USERS, PLAIN, AUDIT_ENTRY,
			    .scope = POLICY_PROJECT_MODE},
	[BODY(ROLE_DELETE)] = {"role delete", service_role_delete, RIGHT_MANAGE_USERS, PLAIN,
			       AUDIT_ENTRY, .scope = POLICY_PROJECT_MODE},
	[BODY(SESSION_LIST)] = {"session list", service_session_list, RIGHT_MANAGE_USERS, PLAIN},
	[BODY(SESSION_END)] = {"session end", service_session_end, RIGHT_MANAGE_USERS, PLAIN,
			       AUDIT_ENTRY},
	[BODY(MODE_SHOW)] = {"mode show", service_mode_show, RIGHT_ANY, PLAIN},
	[BODY(MODE_SET)] = {"mode set", service_mode_set, RIGHT_MANAGE_CERTS, PLAIN, AUDIT_ENTRY},
	[BODY(AUDIT_VERIFY)] = {"audit verify", service_audit_verify, RIGHT_READ_AUDIT, PLAIN},
};

static const struct request_kind unknown_kind = {"unknown request", NULL, RIGHT_ANY, PLAIN};

const struct request_kind *request_kind_of(size_t number)
{
	if (number >= sizeof kinds / sizeof *kinds || !kinds[number].handle)
		return &unknown_kind;
	return &kinds[number];
}

size_t request_kind_count(void)
{
	return sizeof kinds / sizeof *kinds;
}
