/* Text from the service, made harmless for terminals, logs and JSON. */
#ifndef CLIENT_TEXT_H
#define CLIENT_TEXT_H

/*
 * Replaces, in place, what is not UTF-8 and what steers a terminal (C0, DEL, C1, and the
 * direction overrides of Unicode) by '?'. NULL is fine.
 */
void text_clean(char *text);

#endif
