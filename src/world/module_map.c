/*
 * The map from module numbers to sockets: the only place that resolves `--module=1`. The administrator owns
 * the file. A line that cannot be parsed is refused with its number, because a module mistaken for another
 * means a key made in the wrong place.
 */
#include "world/module_map.h"

#include <string.h>

#include "base/line_ends.h"
#include "base/options.h"
#include "base/visible.h"
#include "wire/role.h"

#define FILE_MAX   65536
#define WORDS      3
#define SEPARATORS " \t"

static void cut_spaces(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(SEPARATORS, text[len - 1]))
		text[--len] = '\0';
}

/* A comment begins a line or follows a blank. Any other # belongs to a path. */
static void cut_comment(char *line)
{
	for (char *at = line; (at = strchr(at, '#')) != NULL; at++)
		if (at == line || strchr(SEPARATORS, at[-1]))
			*at = '\0';
}

/*
 * Splits a line in place. The last word is the rest of the line: a path may have spaces. A comment ends it.
 */
static void split(char *line, char *words[WORDS], size_t *count)
{
	*count = 0;
	cut_comment(line);
	cut_spaces(line);
	for (char *rest = line + strspn(line, SEPARATORS); *rest; rest += strspn(rest, SEPARATORS)) {
		words[(*count)++] = rest;
		if (*count == WORDS)
			return;
		rest += strcspn(rest, SEPARATORS);
		if (*rest)
			*rest++ = '\0';
	}
}

/* Adds one line to the map; an empty one adds nothing. The caller adds file and line to an error. */
static sc_status read_line(char *line, struct sc_kmdata_module_map *map, struct sc_error *err)
{
	struct sc_kmdata_module_socket *socket = &map->sockets[map->count];
	char *words[WORDS];
	size_t count = 0;

	split(line, words, &count);
	if (count == 0)
		return SC_OK;
	SC_ENSURE(count == WORDS, err, SC_ERR_FORMAT, "not of the form `<number> <role> <socket path>`");
	SC_ENSURE(map->count < SC_KMDATA_MODULE_SOCKETS_MAX, err, SC_ERR_TOO_LARGE, "more than %d sockets",
		  SC_KMDATA_MODULE_SOCKETS_MAX);
	SC_ENSURE(sc_number_read(words[0], "module", 1, UINT32_MAX, &socket->number, NULL) == SC_OK, err,
		  SC_ERR_FORMAT, "%s is not a module number", sc_shown(words[0]).s);
	SC_ENSURE(sc_role_by_name(words[1], &socket->role), err, SC_ERR_FORMAT,
		  "%s is not a role: use custody, service or use", sc_shown(words[1]).s);
	SC_ENSURE(words[2][0] == '/' && strlen(words[2]) < sizeof socket->path, err, SC_ERR_FORMAT,
		  "%s is not an absolute path of at most %zu bytes", sc_shown(words[2]).s,
		  sizeof socket->path - 1);
	SC_ENSURE(socket->role == SC_ROLE_SERVICE ||
		      !sc_kmdata_module_map_find(map, socket->number, socket->role),
		  err, SC_ERR_FORMAT, "module %s already has a %s socket", words[0], words[1]);
	strcpy(socket->path, words[2]);
	map->count++;
	return SC_OK;
}

static sc_status read_lines(char *text, const char *directory, struct sc_kmdata_module_map *map,
			    struct sc_error *err)
{
	unsigned number = 0;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		sc_status status = read_line(line, map, err);

		number++;
		if (status != SC_OK)
			return sc_fail_context(err, status, "%s/%s: line %u", directory,
					       SC_KMDATA_MODULES_FILE_NAME, number);
	}
	return SC_OK;
}

sc_status sc_kmdata_fail_no_module_map(const char *config, struct sc_error *err)
{
	return sc_fail(err, SC_ERR_NOT_FOUND,
		       "%s/%s: does not exist: create it with one line per module socket, for example "
		       "`1 custody <socket path>`",
		       config, SC_KMDATA_MODULES_FILE_NAME);
}

sc_status sc_kmdata_module_map_read(const struct sc_kmdata *kmdata, struct sc_kmdata_module_map *out,
				    struct sc_error *err)
{
	const char *directory = kmdata->config.path;
	SC_CLEANUP(sc_bytes) file = { 0 };
	sc_status status = sc_file_read(&kmdata->config, SC_KMDATA_MODULES_FILE_NAME, FILE_MAX, &file, err);

	if (status == SC_ERR_NOT_FOUND)
		return sc_kmdata_fail_no_module_map(directory, err);
	SC_TRY(status);
	status = sc_line_ends_settle(&file, SC_KMDATA_MODULES_FILE_NAME, err);
	if (status != SC_OK)
		return sc_fail_context(err, status, "%s", directory);
	out->count = 0;
	/* sc_bytes has a zero byte after its content: see sc_bytes_new. */
	return read_lines((char *)file.data, directory, out, err);
}

const struct sc_kmdata_module_socket *sc_kmdata_module_map_find(const struct sc_kmdata_module_map *map,
								uint64_t number, enum sc_role role)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->sockets[i].number == number && map->sockets[i].role == role)
			return &map->sockets[i];
	return NULL;
}

sc_status sc_kmdata_connect(const struct sc_kmdata *kmdata, uint64_t number, enum sc_role role,
			    struct sc_client **out, struct sc_error *err)
{
	SC_CLEANUP(sc_kmdata_module_map) map = calloc(1, sizeof *map);
	const struct sc_kmdata_module_socket *socket;

	SC_ENSURE(map, err, SC_ERR_MEMORY, "out of memory for the map of modules");
	SC_TRY(sc_kmdata_module_map_read(kmdata, map, err));
	socket = sc_kmdata_module_map_find(map, number, role);
	SC_ENSURE(socket, err, SC_ERR_NOT_FOUND, "%s/%s: has no line `%llu %s <socket path>`",
		  kmdata->config.path, SC_KMDATA_MODULES_FILE_NAME, (unsigned long long)number,
		  sc_role_name(role));
	return sc_client_open(socket->path, out, err);
}

uint64_t sc_kmdata_next_module(const struct sc_kmdata *kmdata, uint64_t number)
{
	SC_CLEANUP(sc_kmdata_module_map) map = calloc(1, sizeof *map);
	uint64_t next = 0;

	if (!map || sc_kmdata_module_map_read(kmdata, map, NULL) != SC_OK)
		return 0;
	for (size_t i = 0; i < map->count; i++) {
		uint64_t found = map->sockets[i].number;

		if (found > number && (next == 0 || found < next))
			next = found;
	}
	return next;
}
