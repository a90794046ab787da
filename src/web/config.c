/*
 * Configuration: see config.h. The file's text is kept, and values point into it. The offset of a value
 * therefore gives its line, which is counted in a copy that still has its line ends.
 */
#include "web/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/line_ends.h"

#define FILE_MAX  65536
#define KEPT_MAX  256 /* texts derived from values */
#define NAMES_MAX 64
#define CONFIG    "config"

struct sc_web_config {
	char *path;
	struct sc_bytes text; /* cut into names and values */
	struct sc_bytes original;
	char *kept[KEPT_MAX];
	size_t kept_count;
};

void sc_web_config_free(struct sc_web_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->kept_count; i++)
		free(config->kept[i]);
	sc_bytes_free(&config->text);
	sc_bytes_free(&config->original);
	free(config->path);
	free(config);
}

/* Takes ownership of the text. NULL if it is NULL or there is no room for it. */
static const char *keep(struct sc_web_config *config, char *text)
{
	if (!text || config->kept_count == KEPT_MAX) {
		free(text);
		return NULL;
	}
	return config->kept[config->kept_count++] = text;
}

/* -- one line ---------------------------------------------------------------------------------- */

struct line {
	char *name;
	char *value;
};

static void replace_tabs(char *text)
{
	for (; *text; text++)
		if (*text == '\t')
			*text = ' ';
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " ");
	end = text + strlen(text);
	while (end > text && end[-1] == ' ')
		end--;
	*end = '\0';
	return text;
}

/*
 * False for an empty line or a comment. Name and value come without the spaces around them; both are NULL if
 * the line is malformed.
 */
static bool read_line(char *text, struct line *out)
{
	char *equals;

	text = trim(text);
	if (text[0] == '\0' || text[0] == '#')
		return false;
	*out = (struct line){ 0 };
	equals = strchr(text, '=');
	if (!equals)
		return true;
	*equals = '\0';
	*out = (struct line){ trim(text), trim(equals + 1) };
	return true;
}

static const struct sc_option *find_option(const struct sc_option *options, const char *name)
{
	for (const struct sc_option *option = options; option->name; option++)
		if (strcmp(option->name, name) == 0 && strcmp(name, CONFIG) != 0)
			return option;
	return NULL;
}

/* -- the file against the table ---------------------------------------------------------------- */

/* For each row of the table: whether the command line set it, and which line of the file did. */
struct seen {
	bool ignores_others; /* names that are not in the table */
	bool by_command_line[NAMES_MAX];
	unsigned line[NAMES_MAX];
};

static void note_command_line(const struct sc_option *options, struct seen *seen)
{
	for (size_t i = 0; options[i].name; i++)
		seen->by_command_line[i] = options[i].list   ? *options[i].list_count > 0
					   : options[i].flag ? *options[i].flag
							     : *options[i].value != NULL;
}

static sc_status set_flag(const struct sc_option *option, const char *value, bool keeps, struct sc_error *err)
{
	bool is_yes = strcmp(value, "yes") == 0;

	SC_ENSURE(is_yes || strcmp(value, "no") == 0, err, SC_ERR_USAGE, "%s must be yes or no",
		  option->name);
	if (!keeps)
		*option->flag = is_yes;
	return SC_OK;
}

static sc_status set_option(const struct sc_option *options, const struct line *line, unsigned number,
			    struct seen *seen, struct sc_error *err)
{
	const struct sc_option *option = find_option(options, line->name);
	size_t i;

	if (!option && seen->ignores_others)
		return SC_OK;
	SC_ENSURE(option, err, SC_ERR_USAGE, "no such setting: %s", line->name);
	i = (size_t)(option - options);
	SC_ENSURE(option->list || seen->line[i] == 0, err, SC_ERR_USAGE, "%s is already set on line %u",
		  line->name, seen->line[i]);
	SC_ENSURE(line->value[0], err, SC_ERR_USAGE, "%s has no value", line->name);
	seen->line[i] = number;
	if (option->flag)
		return set_flag(option, line->value, seen->by_command_line[i], err);
	if (seen->by_command_line[i])
		return SC_OK;
	if (!option->list) {
		*option->value = line->value;
		return SC_OK;
	}
	SC_ENSURE(*option->list_count < option->list_max, err, SC_ERR_USAGE, "at most %zu `%s` lines",
		  option->list_max, line->name);
	option->list[(*option->list_count)++] = line->value;
	return SC_OK;
}

static sc_status read_text(struct sc_web_config *config, const struct sc_option *options, bool ignores_others,
			   struct sc_error *err)
{
	struct seen seen = { .ignores_others = ignores_others };
	char *next = (char *)config->text.data;
	unsigned number = 0;

	note_command_line(options, &seen);
	while (next) {
		char *text = strsep(&next, "\n");
		struct line line = { 0 };
		sc_status status;

		number++;
		replace_tabs(text);
		SC_ENSURE(sc_view_is_text(sc_view_text(text)), err, SC_ERR_ENCODING,
			  "%s:%u: a control character, or invalid UTF-8", config->path, number);
		if (!read_line(text, &line))
			continue;
		SC_ENSURE(line.name, err, SC_ERR_USAGE, "%s:%u: should be `name = value`", config->path,
			  number);
		status = set_option(options, &line, number, &seen, err);
		if (status != SC_OK)
			return sc_fail_context(err, status, "%s:%u", config->path, number);
	}
	return SC_OK;
}

static const char *config_path(const struct sc_option *options)
{
	for (const struct sc_option *option = options; option->name; option++)
		if (strcmp(option->name, CONFIG) == 0)
			return *option->value;
	return NULL;
}

static sc_status read_file(const char *path, const struct sc_option *options, bool ignores_others,
			   struct sc_web_config **out, struct sc_error *err)
{
	SC_CLEANUP(sc_web_config) config = calloc(1, sizeof *config);

	SC_ENSURE(config, err, SC_ERR_MEMORY, "out of memory for the configuration");
	config->path = strdup(path);
	SC_ENSURE(config->path, err, SC_ERR_MEMORY, "out of memory for the configuration");
	SC_TRY(sc_file_read_path(path, FILE_MAX, &config->text, err));
	SC_TRY(sc_line_ends_settle(&config->text, path, err));
	SC_TRY(sc_bytes_copy(sc_bytes_view(&config->text), &config->original, err));
	SC_TRY(read_text(config, options, ignores_others, err));
	*out = sc_steal(config);
	return SC_OK;
}

/* -- what config.h declares --------------------------------------------------------------------- */

sc_status sc_web_config_read(const struct sc_command_line *line, int argc, char **argv,
			     struct sc_web_config **out, bool *done, struct sc_error *err)
{
	const char *operand = NULL;
	size_t operands = 0;
	const char *path;

	SC_TRY(sc_options_read(line, argc, argv, &operand, 0, &operands, done, err));
	if (*done)
		return SC_OK;
	path = config_path(line->options);
	SC_ENSURE(path, err, SC_ERR_USAGE, "--config=FILE is required (see %s --help)", line->program);
	return read_file(path, line->options, false, out, err);
}

sc_status sc_web_config_read_some(const char *path, const struct sc_option *options,
				  struct sc_web_config **out, struct sc_error *err)
{
	return read_file(path, options, true, out, err);
}

sc_status sc_web_config_need(const struct sc_web_config *config, const char *name, const char *value,
			     struct sc_error *err)
{
	SC_ENSURE(value, err, SC_ERR_USAGE, "%s: needs a line `%s = …` (or --%s=…)", config->path, name,
		  name);
	return SC_OK;
}

/* The line of the file that a value is on, from 1; 0 for a value from the command line. */
static unsigned line_of(const struct sc_web_config *config, const char *value)
{
	const char *text = (const char *)config->original.data;
	uintptr_t begin = (uintptr_t)config->text.data;
	uintptr_t at = (uintptr_t)value;
	unsigned line = 1;

	if (at < begin || at >= begin + config->text.len)
		return 0;
	for (size_t i = 0; i < at - begin; i++)
		line += text[i] == '\n';
	return line;
}

/* Adds the file and line of a refused value. */
static sc_status fail_at(const struct sc_web_config *config, const char *value, sc_status status,
			 struct sc_error *err)
{
	unsigned line = line_of(config, value);

	return line ? sc_fail_context(err, status, "%s:%u", config->path, line) : status;
}

sc_status sc_web_config_number(const struct sc_web_config *config, const char *name, const char *value,
			       uint64_t min, uint64_t max, uint64_t *out, struct sc_error *err)
{
	sc_status status = sc_number_read(value, name, min, max, out, err);

	return status == SC_OK ? SC_OK : fail_at(config, value, status, err);
}

sc_status sc_web_config_path(struct sc_web_config *config, const char *value, const char **out,
			     struct sc_error *err)
{
	const char *slash = strrchr(config->path, '/');
	char *text = NULL;
	const char *kept;

	if (value[0] == '/' || !slash)
		text = strdup(value);
	else if (asprintf(&text, "%.*s%s", (int)(slash - config->path + 1), config->path, value) < 0)
		text = NULL;
	kept = keep(config, text);
	SC_ENSURE(kept, err, SC_ERR_MEMORY, "out of memory for the configuration");
	*out = kept;
	return SC_OK;
}

/* Cuts off the next word; NULL at the end. A word with spaces in it is in double quotes. */
static const char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	const char *ends = *word == '"' ? "\"" : " \t";

	if (*word == '\0')
		return NULL;
	word += *word == '"';
	*rest = word + strcspn(word, ends);
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

sc_status sc_web_config_words(struct sc_web_config *config, const char *name, const char *value,
			      const char *form, const char **words, size_t count, struct sc_error *err)
{
	char *copy = strdup(value);
	char *rest = copy;
	const char *word;
	size_t found = 0;

	SC_ENSURE(keep(config, copy), err, SC_ERR_MEMORY, "out of memory for the configuration");
	while ((word = next_word(&rest))) {
		if (found < count)
			words[found] = word;
		found++;
	}
	if (found == count)
		return SC_OK;
	return fail_at(config, value,
		       sc_fail(err, SC_ERR_USAGE, "`%s = %s` should be `%s = %s`", name, value, name, form),
		       err);
}
