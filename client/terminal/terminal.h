/* What is typed without being shown. Hides the terminal, and signals that come meanwhile. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes @prompt to the terminal of this process, and reads a line there, without its end, up to
 * @size - 1 bytes of it. False: no terminal, or the end of the input.
 */
[[nodiscard]] bool terminal_ask(const char *prompt, char *line, size_t size);

#endif
