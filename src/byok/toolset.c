/* What is in a toolset, and what its README says: see toolset.h. */
#include "byok/toolset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "byok/regions.h"
#include "formats/region.h"

#define ROOT_LINE "ROOT_KEY_HASH = "

/* Takes the next line of `rest`, without its newline; false after the last. */
static bool next_line(struct sc_view *rest, struct sc_view *line)
{
	const uint8_t *end;

	if (!rest->len)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	*line = sc_view_of(rest->data, end ? (size_t)(end - rest->data) : rest->len);
	*rest = sc_view_of(rest->data + line->len + (end ? 1 : 0), rest->len - line->len - (end ? 1 : 0));
	return true;
}

/* Finds the one line that names the root. Returns an empty view unless there is exactly one. */
static struct sc_view find_root_line(struct sc_view script)
{
	struct sc_view found = { NULL, 0 };
	struct sc_view line;

	while (next_line(&script, &line)) {
		if (line.len < strlen(ROOT_LINE) || memcmp(line.data, ROOT_LINE, strlen(ROOT_LINE)) != 0)
			continue;
		if (found.data)
			return (struct sc_view){ NULL, 0 };
		found = line;
	}
	return found;
}

sc_status sc_byok_toolset_script(struct sc_view script, const struct sc_hash *root, struct sc_bytes *out,
				 struct sc_error *err)
{
	struct sc_view line = find_root_line(script);
	char grouped[SC_HASH_GROUPED_SIZE];
	char text[sizeof ROOT_LINE + sizeof grouped + 2];
	size_t before;
	size_t len;
	SC_CLEANUP(sc_bytes) filled = { 0 };

	SC_ENSURE(line.data, err, SC_ERR_FORMAT, "the verifying script must have exactly one line `%s…`",
		  ROOT_LINE);
	sc_hash_grouped(root, grouped);
	len = (size_t)snprintf(text, sizeof text, ROOT_LINE "\"%s\"", grouped);
	before = (size_t)(line.data - script.data);
	SC_TRY(sc_bytes_new(script.len - line.len + len, &filled, err));
	memcpy(filled.data, script.data, before);
	memcpy(filled.data + before, text, len);
	memcpy(filled.data + before + len, line.data + line.len, script.len - before - line.len);
	*out = sc_steal(filled);
	return SC_OK;
}

void sc_byok_toolset_name(const char *region, char name[SC_BYOK_TOOLSET_NAME_SIZE])
{
	const struct sc_region *known = sc_region_by_code(region);

	snprintf(name, SC_BYOK_TOOLSET_NAME_SIZE, "KeyVault-BYOK-Tools-%s.zip",
		 known ? known->toolset : region);
}

static const char readme[] =
    "Bring your own key: the toolset for the region %1$s (%2$s)\n"
    "\n"
    "  %3$-28s  proves the region's Key Exchange Key\n"
    "  %4$-28s  proves the region's security world\n"
    "  verifykeypackage.py           checks both, with Python and the openssl program\n"
    "  KeyTransferRemote             prepares your key for its transfer (steps 4.1 and 4.3)\n"
    "\n"
    "On the disconnected workstation, with a module in a security world of your own:\n"
    "\n"
    "  python verifykeypackage.py -k %3$s -w %4$s\n"
    "\n"
    "must end with\n"
    "\n"
    "  Result: SUCCESS\n"
    "\n"
    "The script contains the hash of the root key of the modules' manufacturer:\n"
    "\n"
    "  %5$s\n"
    "\n"
    "A hash that arrives with the files it vouches for proves nothing. The root that counts is the one that\n"
    "your own module carries; the script compares the two. Confirm the hash with the manufacturer as well.\n"
    "\n"
    "The same holds for KeyTransferRemote, which takes your custodians' PINs: run the one that you\n"
    "installed with the manufacturer's software. The enclosed one is only for comparison; the script\n"
    "reports a difference.\n";

static sc_status make_readme(const struct sc_byok_toolset *toolset, const struct sc_byok_package_names *names,
			     char **out, struct sc_error *err)
{
	char grouped[SC_HASH_GROUPED_SIZE];

	sc_hash_grouped(&toolset->root, grouped);
	return sc_check_allocated(asprintf(out, readme, sc_region_name(toolset->region), toolset->region,
					   names->kek, names->world, grouped) > 0,
				  err);
}

static void free_text(char *text)
{
	free(text);
}
SC_CLEANUP_POINTER(sc_malloced, char, free_text)

sc_status sc_byok_toolset_make(const struct sc_byok_toolset *toolset, struct sc_bytes *out,
			       struct sc_error *err)
{
	SC_CLEANUP(sc_bytes) script = { 0 };
	SC_CLEANUP(sc_malloced) text = NULL;
	struct sc_byok_package_names names;

	SC_TRY(sc_byok_package_names_of(toolset->region, &names, err));
	SC_TRY(sc_byok_toolset_script(toolset->script, &toolset->root, &script, err));
	SC_TRY(make_readme(toolset, &names, &text, err));

	const struct sc_byok_archive_file files[] = {
		{ names.kek, toolset->kek_package, false },
		{ names.world, toolset->world_package, false },
		{ SC_BYOK_SCRIPT_NAME, sc_bytes_view(&script), false },
		{ SC_BYOK_PROGRAM_NAME, toolset->program, true },
		{ "README.txt", sc_view_text(text), false },
	};
	return sc_byok_archive_make(files, sizeof files / sizeof files[0], toolset->time, out, err);
}
