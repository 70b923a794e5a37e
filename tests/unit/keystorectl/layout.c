#include "layout.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../support/temp_dir.h"

static const char *const names[] = {"standard", "uaexpert", "open62541", "node-opcua"};

#define LAYOUTS (sizeof names / sizeof *names)

Test(layout, is_found_by_its_name)
{
	for (size_t i = 0; i < LAYOUTS; i++)
		cr_assert_not_null(layout_by_name(names[i]));
	cr_assert_null(layout_by_name("uaexpert2"));
	cr_assert_null(layout_by_name(""));
}

Test(layout, has_a_folder_for_each_part)
{
	char dir[TEMP_PATH_MAX];
	struct ctl ctl = {0};

	temp_dir_make(dir);
	for (size_t i = 0; i < LAYOUTS; i++) {
		const struct layout *layout = layout_by_name(names[i]);
		char root[TEMP_PATH_MAX + 32];
		struct stat facts;

		snprintf(root, sizeof root, "%s/%s", dir, names[i]);
		cr_assert_eq(layout_make(&ctl, layout, root), EXIT_OK);
		/* What is there already stays. */
		cr_assert_eq(layout_make(&ctl, layout, root), EXIT_OK);
		for (int part = 0; part < LAYOUT_PART_COUNT; part++) {
			char path[LAYOUT_PATH_MAX];

			cr_assert_eq(layout_write(&ctl, layout, root, (enum layout_part)part, "it",
						  (const uint8_t *)"DER", 3),
				     EXIT_OK);
			cr_assert(layout_path(layout, root, (enum layout_part)part, "it", path));
			cr_assert_eq(stat(path, &facts), 0, "%s", path);
			if (part == LAYOUT_KEY)
				cr_assert_eq(facts.st_mode & 0777, 0600u);
		}
	}
	temp_dir_remove(dir);
}

Test(layout, refuses_a_folder_of_too_long_a_name)
{
	char path[LAYOUT_PATH_MAX];
	char root[LAYOUT_PATH_MAX];

	memset(root, 'a', sizeof root - 1);
	root[sizeof root - 1] = '\0';
	cr_assert_not(layout_path(layout_by_name("standard"), root, LAYOUT_KEY, "it", path));
}
