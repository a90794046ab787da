/* A slot as people give it: see slot_typed.h. */
#include "world/slot_typed.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/visible.h"

#define ADDRESS   "file://"
#define DIRECTORY "dir:" /* a path may follow a driver's prefix */

/* The name so far. `is_full` is set by what no longer fits. */
struct text {
	char *out;
	size_t size;
	size_t used;
	bool is_full;
};

static void add(struct text *text, char c)
{
	if (text->used + 1 < text->size)
		text->out[text->used++] = c;
	else
		text->is_full = true;
	text->out[text->used] = '\0';
}

static void add_all(struct text *text, const char *more)
{
	for (; *more; more++)
		add(text, *more);
}

/* 1 if the line is in quotes, else 0. A file manager may put an address in quotes, too. */
static size_t quotes(const char *line)
{
	size_t len = strlen(line);

	return len > 1 && strchr("'\"", line[0]) && line[len - 1] == line[0];
}

static bool is_address(const char *line)
{
	return strncasecmp(line + quotes(line), ADDRESS, sizeof ADDRESS - 1) == 0;
}

/* "file:///media/My%20Stick". False if it contains %00, which no path can. */
static bool read_address(const char *line, struct text *text)
{
	const char *path = line + quotes(line) + sizeof ADDRESS - 1;
	const char *end = line + strlen(line) - quotes(line);
	uint8_t byte;

	path = strchr(path, '/') ? strchr(path, '/') : path;
	for (; path < end; path++) {
		char digits[3] = { path[1], path[1] ? path[2] : '\0', '\0' };

		if (*path == '%' && sc_hex_read(digits, &byte, 1)) {
			if (byte == 0)
				return false;
			add(text, (char)byte);
			path += 2;
		} else {
			add(text, *path);
		}
	}
	return true;
}

/* As a shell reads one word: 'as it is', "with \" and \\", \ before anything. False if a quote has no end. */
static bool unquote(const char *line, struct text *text)
{
	char quote = '\0';

	for (; *line; line++) {
		if (*line == '\\' && quote != '\'' && line[1] && (!quote || strchr("\"\\", line[1])))
			add(text, *++line);
		else if (quote ? *line == quote : *line == '\'' || *line == '"')
			quote = quote ? '\0' : *line;
		else
			add(text, *line);
	}
	return !quote;
}

static sc_status read_home(const char *line, struct text *text, struct sc_error *err)
{
	const char *home = getenv("HOME");

	SC_ENSURE(line[1] == '\0' || line[1] == '/', err, SC_ERR_ARGUMENT,
		  "slot %s: write another user's directory in full", sc_shown(line).s);
	SC_ENSURE(home && home[0] == '/', err, SC_ERR_ARGUMENT,
		  "slot %s: $HOME is not set: write the path in full", sc_shown(line).s);
	add_all(text, home);
	return SC_OK;
}

sc_status sc_slot_typed_read(const char *line, char *out, size_t size, struct sc_error *err)
{
	struct text text = { out, size, 0, false };
	const char *rest = line;

	out[0] = '\0';
	if (strncmp(line, DIRECTORY "~", sizeof DIRECTORY) == 0) {
		add_all(&text, DIRECTORY);
		rest += sizeof DIRECTORY - 1;
	}
	if (rest[0] == '~') {
		SC_TRY(read_home(rest, &text, err));
		rest++;
	}
	if (is_address(line))
		SC_ENSURE(read_address(line, &text), err, SC_ERR_ARGUMENT, "slot %s: contains a NUL byte",
			  sc_shown(line).s);
	else
		SC_ENSURE(unquote(rest, &text), err, SC_ERR_ARGUMENT, "slot %s: a quote has no end",
			  sc_shown(line).s);
	SC_ENSURE(!text.is_full, err, SC_ERR_TOO_LARGE, "slot %s: longer than %zu bytes", sc_shown(line).s,
		  size - 1);
	return SC_OK;
}
