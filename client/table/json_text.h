/* A string for JSON out of any bytes: '?' stands for those that are not ASCII where it is no UTF-8. */
#ifndef TABLE_JSON_TEXT_H
#define TABLE_JSON_TEXT_H

#include <jansson.h>

/* NULL: no memory. */
json_t *json_text(const char *text);

#endif
