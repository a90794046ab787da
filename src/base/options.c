/* Command lines described by a table: see options.h. */
#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/version.h"
#include "base/visible.h"

struct cursor {
	int argc;
	char **argv;
	int next;
};

static void print_help(const struct sc_command_line *line)
{
	printf("Usage: %s %s\n%s\n\n", line->program, line->synopsis, line->purpose);
	for (const struct sc_option *o = line->options; o->name; o++) {
		char left[64];

		snprintf(left, sizeof left, "  %s%c%s--%s%s%s", o->letter ? "-" : " ",
			 o->letter ? o->letter : ' ', o->letter ? "|" : " ", o->name, o->argument ? "=" : "",
			 o->argument ? o->argument : "");
		printf("%-34s %s\n", left, o->help);
	}
	printf("%-34s %s\n%-34s %s\n", "  -h|--help", "this text", "     --version", "the version");
	if (line->notes)
		printf("\n%s\n", line->notes);
}

/* An option as it was typed, without its value: "-KeyIdentifier", "--module", "-m". Errors name it so. */
struct typed {
	const char *text;
	int len;
	const char *name; /* what follows the one or two dashes */
	size_t name_len;
	const char *value; /* what follows '=', or NULL */
};

static struct typed typed_of(const char *argument)
{
	const char *name = argument + (argument[1] == '-' ? 2 : 1);
	const char *equals = strchr(name, '=');
	size_t name_len = equals ? (size_t)(equals - name) : strlen(name);

	return (struct typed){ argument, (int)(name + name_len - argument), name, name_len,
			       equals ? equals + 1 : NULL };
}

static sc_status set_value(const struct sc_option *option, const struct typed *typed, const char *value,
			   struct sc_error *err)
{
	if (option->list) {
		SC_ENSURE(*option->list_count < option->list_max, err, SC_ERR_USAGE,
			  "%.*s: may be given at most %zu times", typed->len, typed->text, option->list_max);
		option->list[(*option->list_count)++] = value;
		return SC_OK;
	}
	SC_ENSURE(option->flag ? !*option->flag : !*option->value, err, SC_ERR_USAGE, "%.*s: given twice",
		  typed->len, typed->text);
	if (option->flag)
		*option->flag = true;
	else
		*option->value = value;
	return SC_OK;
}

static const struct sc_option *find_exact(const struct sc_command_line *line, const char *name, size_t len)
{
	for (const struct sc_option *o = line->options; o->name; o++)
		if (strlen(o->name) == len && strncasecmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

/* Finds the option whose long name was typed: the exact match, or the only one with that prefix. */
static sc_status find_long(const struct sc_command_line *line, const struct typed *typed,
			   const struct sc_option **out, struct sc_error *err)
{
	const struct sc_option *found = find_exact(line, typed->name, typed->name_len);
	bool is_exact = found != NULL;
	int dashes = (int)(typed->name - typed->text);

	for (const struct sc_option *o = line->options; o->name && !is_exact && typed->name_len > 0; o++) {
		if (strncasecmp(o->name, typed->name, typed->name_len) != 0)
			continue;
		SC_ENSURE(!found, err, SC_ERR_USAGE, "%.*s: could be %.*s%s or %.*s%s", typed->len,
			  typed->text, dashes, typed->text, found->name, dashes, typed->text, o->name);
		found = o;
	}
	SC_ENSURE(found, err, SC_ERR_USAGE, "%.*s: no such option (see %s --help)", typed->len, typed->text,
		  line->program);
	*out = found;
	return SC_OK;
}

static const struct sc_option *find_letter(const struct sc_command_line *line, char letter)
{
	for (const struct sc_option *o = line->options; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static sc_status take_value(const struct sc_option *option, const struct typed *typed, struct cursor *at,
			    struct sc_error *err)
{
	const char *value = typed->value;
	bool is_switch = !option->argument;

	SC_ENSURE(!is_switch || !value, err, SC_ERR_USAGE, "%.*s: takes no value", typed->len, typed->text);
	if (!is_switch && !value) {
		SC_ENSURE(at->next < at->argc, err, SC_ERR_USAGE, "%.*s: needs a value (%s)", typed->len,
			  typed->text, option->argument);
		value = at->argv[at->next++];
	}
	return set_value(option, typed, value, err);
}

static bool is_common(const char *argument, const char *word)
{
	return strcasecmp(typed_of(argument).name, word) == 0;
}

static sc_status read_option(const struct sc_command_line *line, const char *argument, struct cursor *at,
			     struct sc_error *err)
{
	const struct typed typed = typed_of(argument);
	/* One dash and one letter is the short form. A longer word after one dash is a long name. */
	bool is_short = argument[1] != '-' && typed.name_len == 1;
	const struct sc_option *option = is_short ? find_letter(line, typed.name[0]) : NULL;

	if (!option)
		SC_TRY(find_long(line, &typed, &option, err));
	return take_value(option, &typed, at, err);
}

sc_status sc_options_read(const struct sc_command_line *line, int argc, char **argv, const char **operands,
			  size_t operand_max, size_t *operand_count, bool *done, struct sc_error *err)
{
	struct cursor at = { argc, argv, 1 };
	bool only_operands = false;

	*operand_count = 0;
	*done = false;
	while (at.next < argc) {
		const char *argument = argv[at.next++];

		if (!only_operands && strcmp(argument, "--") == 0) {
			only_operands = true;
		} else if (only_operands || argument[0] != '-' || argument[1] == '\0') {
			SC_ENSURE(*operand_count < operand_max, err, SC_ERR_USAGE,
				  "%s: too many arguments (see %s --help)", sc_shown(argument).s,
				  line->program);
			operands[(*operand_count)++] = argument;
		} else if (is_common(argument, "help") || !strcmp(argument, "-h") ||
			   !strcmp(argument, "-?")) {
			print_help(line);
			*done = true;
			return SC_OK;
		} else if (is_common(argument, "version")) {
			printf("%s (Safeconduct) %s\n", line->program, SC_VERSION);
			*done = true;
			return SC_OK;
		} else {
			SC_TRY(read_option(line, argument, &at, err));
		}
	}
	return SC_OK;
}

sc_status sc_number_read(const char *text, const char *what, uint64_t min, uint64_t max, uint64_t *out,
			 struct sc_error *err)
{
	uint64_t number = 0;
	bool ok = *text != '\0';

	for (const char *p = text; ok && *p; p++) {
		ok = *p >= '0' && *p <= '9' && !__builtin_mul_overflow(number, 10u, &number) &&
		     !__builtin_add_overflow(number, (uint64_t)(*p - '0'), &number);
	}
	SC_ENSURE(ok && number >= min && number <= max, err, SC_ERR_ARGUMENT,
		  "%s: %s is not a number from %llu to %llu", what, sc_shown(text).s, (unsigned long long)min,
		  (unsigned long long)max);
	*out = number;
	return SC_OK;
}
