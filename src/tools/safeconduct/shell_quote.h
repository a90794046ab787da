/* A path in the output of safeconduct, which a shell can source. */
#ifndef SC_TOOLS_SAFECONDUCT_SHELL_QUOTE_H
#define SC_TOOLS_SAFECONDUCT_SHELL_QUOTE_H

#define SC_SHELL_QUOTE_SIZE 8192

/* Writes the path in single quotes, as a shell takes it; what does not fit is left out. */
void sc_shell_quote(const char *path, char out[SC_SHELL_QUOTE_SIZE]);

#endif
