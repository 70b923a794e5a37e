#include "recover.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fileset.h"
#include "material.h"

/* A file in its place, and what is beside it. */
struct place {
	int folder;
	char staged[NAME_MAX + 1];
	const char *base;
	char *is, *beside; /* NULL: none that can be read */
	size_t is_len, beside_len;
};

static bool place_open(struct place *place, const char *path)
{
	char problem[DEPLOY_PROBLEM_MAX];
	char folder[PATH_MAX];

	if (!*path || !folder_split(path, folder, sizeof(folder), &place->base) ||
	    !fileset_staged_name(place->base, place->staged, sizeof(place->staged)))
		return false;
	place->folder = folder_open(folder, false, problem);
	if (place->folder < 0)
		return false;
	place->is = folder_read(place->folder, place->base, FILESET_FILE_MAX, &place->is_len, NULL);
	place->beside = folder_read(place->folder, place->staged, FILESET_FILE_MAX,
				    &place->beside_len, NULL);
	return true;
}

static void place_close(struct place *place)
{
	free(place->is);
	free(place->beside);
	if (place->folder >= 0)
		close(place->folder);
}

static bool is_pair(const char *cert, size_t cert_len, const char *key, size_t key_len)
{
	return cert && key && material_is_pair(cert, cert_len, key, key_len);
}

static bool finish(struct place *place)
{
	return renameat(place->folder, place->staged, place->folder, place->base) == 0 &&
	       fsync(place->folder) == 0;
}

/* The key's file goes first, so that the certificate's is what is usually missing. */
static bool mend(struct place *cert, struct place *key)
{
	if (is_pair(cert->is, cert->is_len, key->is, key->is_len))
		return false;
	if (is_pair(cert->beside, cert->beside_len, key->is, key->is_len))
		return finish(cert);
	if (is_pair(cert->is, cert->is_len, key->beside, key->beside_len))
		return finish(key);
	return false;
}

bool recover_files(const struct deployment *deployment)
{
	struct place places[DEPLOYMENT_FILES];
	bool is_open[DEPLOYMENT_FILES];
	bool is_mended = false;

	for (enum deployment_file i = 0; i < DEPLOYMENT_FILES; i++) {
		places[i] = (struct place){.folder = -1};
		is_open[i] = place_open(&places[i], deployment->paths[i]);
	}
	if (is_open[DEPLOYMENT_CERT] && is_open[DEPLOYMENT_KEY])
		is_mended = mend(&places[DEPLOYMENT_CERT], &places[DEPLOYMENT_KEY]);
	for (enum deployment_file i = 0; i < DEPLOYMENT_FILES; i++) {
		if (is_open[i])
			(void)unlinkat(places[i].folder, places[i].staged, 0);
		place_close(&places[i]);
	}
	return is_mended;
}
