/* A test's directory. Hides where it is and who removes it when the test cannot. */
#ifndef SUPPORT_PLACE_H
#define SUPPORT_PLACE_H

/*
 * Makes a directory with a short path. Watched by a process that removes it when this one has
 * ended, in whatever way. free() the path.
 */
char *place_new(void);

/* Removes it now. */
void place_remove(const char *path);

#endif
