#include "keytext.h"

#include <stdlib.h>

#include "json_key.h"
#include "table.h"

static void print_subject(FILE *out, const char *label, enum ks_subject subject, uint32_t id,
			  const char *operations)
{
	char *name = subject_name(subject, id);

	fact_print(out, label, "%s %u%s%s%s%s%s", subject_text(subject), id, name ? " (" : "",
		   name ? name : "", name ? ")" : "", operations ? ": " : "",
		   operations ? operations : "");
	free(name);
}

void key_print(const struct ks_key *key, FILE *out)
{
	char created[TIME_BYTES];
	char *fingerprint = key->fingerprint ? hex_text(key->fingerprint, FINGERPRINT_BYTES) : NULL;

	time_text(key->created, created);
	fact_print(out, "name", "%s", key->name);
	fact_print(out, "id", "%llu", (unsigned long long)key->id);
	fact_print(out, "algorithm", "%s", algorithm_text(key->algorithm));
	fact_print(out, "usage", "%s", operations_text(key->operations));
	fact_print(out, "origin", "%s",
		   key->origin == KS_ORIGIN_TPM ? "made in this TPM, never outside it"
						: "imported, existed outside a TPM once");
	if (key->pinned)
		fact_print(out, "pinned", "yes, at 0x%08x", key->persistent_handle);
	else
		fact_print(out, "pinned", "no");
	fact_print(out, "created", "%s", created);
	print_subject(out, "created by", KS_SUBJECT_UID, key->created_by, NULL);
	if (fingerprint)
		fact_print(out, "fingerprint", "%s", fingerprint);
	for (size_t i = 0; i < key->grant_count; i++)
		print_subject(out, i ? "" : "allowed", key->grants[i].subject, key->grants[i].id,
			      operations_text(key->grants[i].operations));
	if (key->of_ca)
		fact_print(out, "allowed", "nobody: it signs what keystored built as this CA");
	else if (key->fingerprint && key->grant_count == 0 && !*key->service)
		fact_print(out, "allowed", "nobody");
	if (*key->service)
		fact_print(out, "used by", "the user of service %s", key->service);
	free(fingerprint);
}

enum exit_code key_show_result(const struct ctl *ctl, const struct ks_result *result)
{
	if (ctl->json)
		return ctl_print_json(ctl, json_key(&result->keys[0]));
	key_print(&result->keys[0], stdout);
	return EXIT_OK;
}
