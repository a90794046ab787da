/*
 * KeyTransferRemote's two steps against a module that the test plays: a socket that answers according to the
 * protocol and remembers what it was asked. Other tests cover what a real module refuses; these cover what
 * this side does with the answers.
 */
#include "support/test.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"
#include "byok/transfer_steps.h"
#include "forge.h"
#include "formats/key_blob.h"
#include "formats/transfer_package.h"

#define NOW          INT64_C(1795517120)
#define SUBSCRIPTION "8c6a1b52-6f04-4f38-9d0c-2b1f0f6f8a11"
#define AUTHORITY    77
#define K            2

/* -- the module -------------------------------------------------------------------------------- */

/* How it answers, and what it has seen. The test reads it after its own call, so no lock is needed. */
struct module {
	int listener;
	pthread_t thread;
	int not_loaded;         /* how often it answers NOT_LOADED before it complies */
	struct sc_bytes answer; /* to ACL_REPLACE or TRANSFER_PACKAGE */
	int loads;
	int cards;
	int refused_quorums; /* requests under a wrong authority or for a wrong body */
	struct sc_hash consented;
};

static void send_answer(int fd, const struct sc_wire_request_header *request, sc_status status,
			struct sc_writer *body)
{
	SC_CLEANUP(sc_writer) message = sc_writer_new(SC_WIRE_MESSAGE_MAX);
	struct sc_wire_response_header header = { .command = request->command,
						  .id = request->id,
						  .status = status };
	struct sc_view view = sc_writer_view(body);

	sc_wire_response_header_write(&message, &header, view.len);
	sc_write_raw(&message, view);
	view = sc_writer_view(&message);
	(void)!write(fd, view.data, view.len);
}

static bool is_consented(struct module *m, const struct sc_wire_request_header *header, struct sc_view body)
{
	struct sc_hash digest;

	if (sc_wire_authority_digest(header->command, body, &digest, NULL) == SC_OK &&
	    header->authority == AUTHORITY && sc_hash_equals(&digest, &m->consented))
		return true;
	m->refused_quorums++;
	return false;
}

static void load_key(struct module *m, struct sc_view body, struct sc_writer *out)
{
	struct sc_key_load_request request = { 0 };
	struct sc_key_load_response response;

	(void)!sc_key_load_request_read(body, &request);
	(void)!sc_key_blob_digest(request.blob, &response.key, NULL);
	sc_key_load_response_write(out, &response);
	m->loads++;
}

static void open_quorum(struct module *m, struct sc_view body, struct sc_writer *out)
{
	const struct sc_quorum_open_response response = { .authority = AUTHORITY, .k = K, .seconds = 60 };
	struct sc_quorum_open_request request = { 0 };

	(void)!sc_quorum_open_request_read(body, &request);
	m->consented = request.digest;
	sc_quorum_open_response_write(out, &response);
}

static void take_card(struct module *m, struct sc_writer *out)
{
	struct sc_quorum_card_response response = { .custodian = sc_view_text("alice") };

	m->cards++;
	response.index = (uint32_t)m->cards;
	response.accepted = (uint32_t)m->cards;
	sc_quorum_card_response_write(out, &response);
}

static sc_status use_key(struct module *m)
{
	if (m->not_loaded == 0)
		return SC_OK;
	m->not_loaded--;
	return SC_ERR_NOT_LOADED;
}

static sc_status replace_acl(struct module *m, const struct sc_wire_request_header *header,
			     struct sc_view body, struct sc_writer *out)
{
	const struct sc_acl_replace_response response = { .blob = sc_bytes_view(&m->answer) };
	sc_status status = is_consented(m, header, body) ? use_key(m) : SC_ERR_QUORUM;

	if (status == SC_OK)
		sc_acl_replace_response_write(out, &response);
	return status;
}

static sc_status make_package(struct module *m, struct sc_writer *out)
{
	const struct sc_transfer_package_response response = { .package = sc_bytes_view(&m->answer) };
	sc_status status = use_key(m);

	if (status == SC_OK)
		sc_transfer_package_response_write(out, &response);
	return status;
}

static void handle(struct module *m, int fd, struct sc_view message)
{
	SC_CLEANUP(sc_writer) out = sc_writer_new(SC_WIRE_BODY_MAX);
	struct sc_wire_request_header header;
	struct sc_view body;
	sc_status status = SC_OK;

	if (sc_wire_request_read(message, &header, &body, NULL) != SC_OK)
		abort();
	if (header.command == SC_COMMAND_KEY_LOAD)
		load_key(m, body, &out);
	else if (header.command == SC_COMMAND_QUORUM_OPEN)
		open_quorum(m, body, &out);
	else if (header.command == SC_COMMAND_QUORUM_CARD)
		take_card(m, &out);
	else if (header.command == SC_COMMAND_ACL_REPLACE)
		status = replace_acl(m, &header, body, &out);
	else if (header.command == SC_COMMAND_TRANSFER_PACKAGE)
		status = make_package(m, &out);
	else
		status = SC_ERR_COMMAND;
	send_answer(fd, &header, status, &out);
}

static void *serve(void *context)
{
	struct module *m = context;
	int fd = accept(m->listener, NULL, NULL);
	uint8_t *message = malloc(SC_WIRE_MESSAGE_MAX);
	ssize_t len;

	while ((len = read(fd, message, SC_WIRE_MESSAGE_MAX)) > 0)
		handle(m, fd, sc_view_of(message, (size_t)len));
	free(message);
	close(fd);
	return NULL;
}

static void start_module(struct module *m, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, path);
	m->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(m->listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(m->listener, 1), 0);
	assert_int_equal(pthread_create(&m->thread, NULL, serve, m), 0);
}

/* -- the workstation --------------------------------------------------------------------------- */

static struct sc_forge *forge; /* the region, shared by all tests */

struct fixture {
	char path[64];
	char cards[160];
	char pins[16];
	int pin_pipe;
	struct module module;
	struct sc_client *client;
	struct sc_kmdata kmdata;
	struct sc_byok_package_pair target;
	struct sc_byok_transfer_request order;
	struct sc_ceremony ceremony;
};

static int make_forge(void **state)
{
	(void)state;
	forge = sc_forge_new(NOW, "EU");
	return 0;
}

static int free_forge(void **state)
{
	(void)state;
	sc_forge_free(forge);
	return 0;
}

static void write_file(const struct fixture *f, const char *name, struct sc_view content)
{
	char path[PATH_MAX];
	struct sc_error err = { 0 };

	snprintf(path, sizeof path, "%s/%s", f->path, name);
	assert_ok(sc_file_write_path(path, content, SC_FILE_REPLACE, 0600, &err), &err);
}

static sc_status read_target(const struct fixture *f, const char *kek, const char *world,
			     struct sc_byok_package_pair *out)
{
	char kek_path[PATH_MAX];
	char world_path[PATH_MAX];
	struct sc_error err = { 0 };

	snprintf(kek_path, sizeof kek_path, "%s/%s", f->path, kek);
	snprintf(world_path, sizeof world_path, "%s/%s", f->path, world);
	return sc_byok_package_pair_read(kek_path, world_path, out, &err);
}

static void make_cards(struct fixture *f)
{
	static const char pins[] = "correct horse battery\nstaple of a custodian\n";
	char path[PATH_MAX];
	int ends[2];

	for (int i = 1; i <= K; i++) {
		struct sc_error err = { 0 };
		SC_CLEANUP(sc_dir) card = SC_DIR_NONE;
		char record[16];

		snprintf(path, sizeof path, "%s/card%d", f->path, i);
		snprintf(record, sizeof record, "card %d", i);
		assert_ok(sc_dir_make(path, &card, &err), &err);
		assert_ok(
		    sc_file_write(&card, "safeconduct-card", sc_view_text(record), SC_FILE_NEW, 0600, &err),
		    &err);
	}
	snprintf(f->cards, sizeof f->cards, "%s/card1,%s/card2", f->path, f->path);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], pins, sizeof pins - 1), sizeof pins - 1);
	close(ends[1]);
	f->pin_pipe = ends[0];
	snprintf(f->pins, sizeof f->pins, "%d", ends[0]);
	f->ceremony = (struct sc_ceremony){ .cards = f->cards, .pins_from_fd = f->pins, .module = 1 };
}

static struct sc_acl *transfer_acl(void)
{
	const struct sc_key_type type = { SC_ALGORITHM_RSA, 2048 };
	struct sc_acl *acl = sc_acl_new();
	struct sc_transfer_action *action = sc_transfer_action_new();
	struct sc_permission_group *group = NULL;
	struct sc_error err = { 0 };

	action->kek = forge->key->key_hash;
	action->world = forge->world->world;
	assert_ok(sc_text_set(&action->region, "EU", "region", &err), &err);
	sc_acl_free(action->arrival);
	action->arrival = NULL;
	assert_ok(sc_acl_arrival(&type, &action->world, &action->arrival, &err), &err);
	assert_ok(sc_acl_add_group(acl, 1, SC_AUTHORITY_NONE, &group, &err), &err);
	assert_ok(sc_acl_add_transfer(group, action, &err), &err);
	return acl;
}

static struct sc_bytes make_blob(const char *application, uint32_t uses)
{
	SC_CLEANUP(sc_key_blob) blob = sc_key_blob_new();
	struct sc_key_blob_header *header = sc_key_blob_header_new();
	struct sc_bytes der = { 0 };
	struct sc_error err = { 0 };

	sc_key_blob_header_free(blob->header);
	blob->header = header;
	header->suite = SC_SUITE_DLF1024;
	header->km_generation = 1;
	header->type = (struct sc_key_type){ SC_ALGORITHM_RSA, 2048 };
	memset(header->key_hash.b, 9, sizeof header->key_hash.b);
	header->origin = SC_ORIGIN_GENERATED;
	assert_ok(sc_text_set(&header->application, application, "application", &err), &err);
	assert_ok(sc_octets_set(&header->spki, sc_view_text("a public key"), &err), &err);
	sc_acl_free(header->acl);
	header->acl = transfer_acl();
	if (uses)
		assert_ok(sc_acl_add_use(sk_sc_permission_group_value(header->acl->groups, 0), uses, &err),
			  &err);
	assert_ok(sc_octets_set(&blob->ciphertext, sc_view_text("sealed"), &err), &err);
	assert_ok(sc_octets_set(&blob->tag, sc_view_text("sixteen bytes..."), &err), &err);
	assert_ok(sc_key_blob_encode(blob, &der, &err), &err);
	return der;
}

static struct sc_bytes make_transfer(const char *subscription)
{
	SC_CLEANUP(sc_transfer_package) package = sc_transfer_package_new();
	struct sc_transfer_header *header = sc_transfer_header_new();
	struct sc_bytes der = { 0 };
	struct sc_error err = { 0 };

	sc_transfer_header_free(package->header);
	package->header = header;
	header->suite = SC_TRANSFER_SUITE;
	header->world = forge->world->world;
	header->kek = forge->key->key_hash;
	header->type = (struct sc_key_type){ SC_ALGORITHM_RSA, 2048 };
	memset(header->key_hash.b, 9, sizeof header->key_hash.b);
	header->created = NOW;
	header->not_after = NOW + 1000;
	assert_ok(sc_text_set(&header->region, "EU", "region", &err), &err);
	assert_ok(sc_text_set(&header->subscription, subscription, "subscription", &err), &err);
	assert_ok(sc_text_set(&header->friendly_name, "ContosoFirstHSMkey", "name", &err), &err);
	assert_ok(sc_text_set(&header->source_esn, "BD17-C807-58D9", "esn", &err), &err);
	assert_ok(sc_octets_set(&header->package_id, sc_view_text("sixteen bytes..."), &err), &err);
	sc_acl_free(header->arrival);
	header->arrival = NULL;
	assert_ok(sc_acl_arrival(&header->type, &header->world, &header->arrival, &err), &err);
	assert_ok(sc_octets_set(&package->encrypted_key, sc_view_text("encrypted"), &err), &err);
	assert_ok(sc_octets_set(&package->ciphertext, sc_view_text("sealed"), &err), &err);
	assert_ok(sc_octets_set(&package->tag, sc_view_text("sixteen bytes..."), &err), &err);
	assert_ok(sc_transfer_package_encode(package, &der, &err), &err);
	return der;
}

/* Puts a key into kmdata with the real writer. */
static void keep_key(const struct fixture *f, const char *application)
{
	SC_CLEANUP(sc_bytes) blob = make_blob(application, 0);
	char path[PATH_MAX];
	struct sc_error err = { 0 };

	assert_ok(sc_kmdata_key_write(&f->kmdata, application, "contosokey", "Contoso's key",
				      sc_view_text("spki"), sc_bytes_view(&blob), path, &err),
		  &err);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(forge);
	SC_CLEANUP(sc_bytes) world = sc_forge_world_package(forge);
	char path[PATH_MAX];
	struct sc_error err = { 0 };

	strcpy(f->path, "/tmp/safeconduct-transfer.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	assert_int_equal(chdir(f->path), 0);
	setenv("NFAST_KMDATA", f->path, 1);
	f->kmdata = (struct sc_kmdata)SC_KMDATA_NONE;
	assert_ok(sc_kmdata_make(&f->kmdata, &err), &err);
	write_file(f, "BYOK-KEK-pkg-EU-1", sc_bytes_view(&kek));
	write_file(f, "BYOK-SecurityWorld-pkg-EU-1", sc_bytes_view(&world));
	assert_int_equal(read_target(f, "BYOK-KEK-pkg-EU-1", "BYOK-SecurityWorld-pkg-EU-1", &f->target),
			 SC_OK);
	make_cards(f);
	keep_key(f, "simple");
	f->order = (struct sc_byok_transfer_request){ .ident = "contosokey",
						      .friendly_name = "ContosoFirstHSMkey",
						      .module = 1 };
	strcpy(f->order.subscription, SUBSCRIPTION);
	snprintf(path, sizeof path, "%s/socket", f->path);
	start_module(&f->module, path);
	assert_ok(sc_client_open(path, &f->client, &err), &err);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info, (void)type, (void)where;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sc_client_free(f->client);
	pthread_join(f->module.thread, NULL);
	close(f->module.listener);
	close(f->pin_pipe);
	sc_bytes_free(&f->module.answer);
	sc_byok_package_pair_free(&f->target);
	sc_kmdata_close(&f->kmdata);
	assert_int_equal(chdir("/"), 0);
	nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static sc_status modify_acls(struct fixture *f, struct sc_error *err)
{
	struct sc_byok_reduced_copy copy = { 0 };

	return sc_byok_transfer_modify_acls(&f->order, &f->target, &f->ceremony, &f->kmdata, f->client, &copy,
					    err);
}

static sc_status pack(struct fixture *f, struct sc_byok_packed_key *packed, struct sc_error *err)
{
	return sc_byok_transfer_package(&f->order, &f->target, &f->kmdata, f->client, packed, err);
}

/* -- step 4.1 ---------------------------------------------------------------------------------- */

static void modify_acls_writes_the_copy_under_a_quorum_for_this_very_request(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_key_file) file = NULL;
	struct sc_error err = { 0 };

	f->module.answer = make_blob("xferacld", 0);
	assert_ok(modify_acls(f, &err), &err);
	assert_int_equal(f->module.cards, K);
	assert_int_equal(f->module.refused_quorums, 0);
	assert_ok(sc_kmdata_key_read(&f->kmdata, "xferacld", "contosokey", &file, &err), &err);
	assert_view_equal(sc_bytes_view(&file->blob), sc_bytes_view(&f->module.answer));
	assert_view_equal(sc_bytes_view(&file->spki), sc_view_text("a public key"));
	assert_string_equal(file->name.s, "Contoso's key");
}

static void without_the_key_it_is_said_what_makes_one(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	f->module.answer = make_blob("xferacld", 0);
	f->order.ident = "other";
	assert_status(modify_acls(f, &err), SC_ERR_NOT_FOUND, &err);
	assert_non_null(strstr(err.message, "key_simple_other"));
	assert_non_null(strstr(err.message, "generatekey"));
	assert_int_equal(f->module.cards, 0);
}

static void a_lost_key_is_loaded_again_under_the_same_quorum(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	f->module.answer = make_blob("xferacld", 0);
	f->module.not_loaded = 2;
	assert_ok(modify_acls(f, &err), &err);
	assert_int_equal(f->module.loads, 3);
	assert_int_equal(f->module.cards, K);
	assert_int_equal(f->module.refused_quorums, 0);
}

static void a_key_that_never_stays_loaded_is_given_up(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	f->module.answer = make_blob("xferacld", 0);
	f->module.not_loaded = 1000;
	assert_status(modify_acls(f, &err), SC_ERR_NOT_LOADED, &err);
}

static int no_rename(int from_directory, const char *from, int to_directory, const char *to, unsigned flags)
{
	(void)from_directory, (void)from, (void)to_directory, (void)to, (void)flags;
	errno = EIO;
	return -1;
}

/* True if the struct is as the test filled it before the call. */
static bool is_untouched(const void *result, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((const uint8_t *)result)[i] != 0xa5)
			return false;
	return true;
}

static void a_copy_that_cannot_be_stored_is_not_told_of(void **state)
{
	struct fixture *f = *state;
	struct sc_os full = sc_os_system;
	struct sc_byok_reduced_copy copy;
	struct sc_error err = { 0 };

	f->module.answer = make_blob("xferacld", 0);
	full.renameat2 = no_rename;
	memset(&copy, 0xa5, sizeof copy);
	sc_os = &full;
	assert_status(sc_byok_transfer_modify_acls(&f->order, &f->target, &f->ceremony, &f->kmdata, f->client,
						   &copy, &err),
		      SC_ERR_SYSTEM, &err);
	sc_os = &sc_os_system;
	assert_int_equal(f->module.cards, K);
	assert_true(is_untouched(&copy, sizeof copy));
}

static void a_copy_that_is_there_is_found_before_any_card_is_asked_for(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	f->module.answer = make_blob("xferacld", 0);
	keep_key(f, "xferacld");
	assert_status(modify_acls(f, &err), SC_ERR_EXISTS, &err);
	assert_int_equal(f->module.cards, 0);
}

static void an_answer_that_is_no_reduced_copy_is_not_kept(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	f->module.answer = make_blob("simple", 0);
	assert_status(modify_acls(f, &err), SC_ERR_ACL, &err);
	assert_false(sc_file_exists(&f->kmdata.local, "key_xferacld_contosokey"));
}

static void an_answer_that_may_be_used_is_not_kept(void **state)
{
	struct fixture *f = *state;
	struct sc_error err = { 0 };

	f->module.answer = make_blob("xferacld", SC_USE_DECRYPT);
	assert_status(modify_acls(f, &err), SC_ERR_ACL, &err);
	assert_false(sc_file_exists(&f->kmdata.local, "key_xferacld_contosokey"));
}

/* -- step 4.3 ---------------------------------------------------------------------------------- */

static void package_writes_what_the_module_made_and_its_hash(void **state)
{
	struct fixture *f = *state;
	struct sc_byok_packed_key packed = { 0 };
	SC_CLEANUP(sc_bytes) file = { 0 };
	struct sc_hash digest;
	struct sc_error err = { 0 };

	keep_key(f, "xferacld");
	f->module.answer = make_transfer(SUBSCRIPTION);
	f->module.not_loaded = 1;
	assert_ok(pack(f, &packed, &err), &err);
	assert_string_equal(packed.file, "TransferPackage-ContosoFirstHSMkey.byok");
	assert_ok(sc_file_read_path(packed.file, SC_TRANSFER_MAX, &file, &err), &err);
	assert_view_equal(sc_bytes_view(&file), sc_bytes_view(&f->module.answer));
	assert_ok(sc_sha256(sc_bytes_view(&file), &digest, &err), &err);
	assert_true(sc_hash_equals(&digest, &packed.digest));
	assert_int_equal(f->module.cards, 0);
}

static void a_package_is_never_overwritten(void **state)
{
	struct fixture *f = *state;
	struct sc_byok_packed_key packed = { 0 };
	SC_CLEANUP(sc_bytes) file = { 0 };
	struct sc_error err = { 0 };

	keep_key(f, "xferacld");
	f->module.answer = make_transfer(SUBSCRIPTION);
	write_file(f, "TransferPackage-ContosoFirstHSMkey.byok", sc_view_text("an older one"));
	assert_status(pack(f, &packed, &err), SC_ERR_EXISTS, &err);
	assert_ok(sc_file_read_path("TransferPackage-ContosoFirstHSMkey.byok", 100, &file, &err), &err);
	assert_view_equal(sc_bytes_view(&file), sc_view_text("an older one"));
}

static void a_package_that_is_not_written_is_not_told_of(void **state)
{
	struct fixture *f = *state;
	struct sc_byok_packed_key packed;
	struct sc_error err = { 0 };

	keep_key(f, "xferacld");
	f->module.answer = make_transfer(SUBSCRIPTION);
	write_file(f, "TransferPackage-ContosoFirstHSMkey.byok", sc_view_text("an older one"));
	memset(&packed, 0xa5, sizeof packed);
	assert_status(pack(f, &packed, &err), SC_ERR_EXISTS, &err);
	assert_true(is_untouched(&packed, sizeof packed));
}

static void a_package_for_another_subscription_than_ordered_is_not_written(void **state)
{
	struct fixture *f = *state;
	struct sc_byok_packed_key packed = { 0 };
	struct sc_error err = { 0 };

	keep_key(f, "xferacld");
	f->module.answer = make_transfer("00000000-6f04-4f38-9d0c-2b1f0f6f8a11");
	assert_status(pack(f, &packed, &err), SC_ERR_PROTOCOL, &err);
	assert_int_not_equal(access("TransferPackage-ContosoFirstHSMkey.byok", F_OK), 0);
}

static void package_without_a_copy_says_what_makes_one(void **state)
{
	struct fixture *f = *state;
	struct sc_byok_packed_key packed = { 0 };
	struct sc_error err = { 0 };

	assert_status(pack(f, &packed, &err), SC_ERR_NOT_FOUND, &err);
	assert_non_null(strstr(err.message, "-ModifyAcls"));
}

/* -- what the packages say --------------------------------------------------------------------- */

static void the_packages_are_shown_with_region_and_operator(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(f->target.region.s, "EU");
	assert_string_equal(f->target.operator_name.s, forge->region->operator_name.s);
	assert_true(sc_hash_equals(&f->target.kek, &forge->key->key_hash));
	assert_true(sc_hash_equals(&f->target.world, &forge->world->world));
}

static void packages_that_are_exchanged_or_of_two_regions_are_refused_before_any_card(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_forge) america = sc_forge_new(NOW, "NA");
	SC_CLEANUP(sc_forge) europe = sc_forge_new(NOW, "EU");
	SC_CLEANUP(sc_bytes) other_region = sc_forge_world_package(america);
	SC_CLEANUP(sc_bytes) other_world = sc_forge_world_package(europe);
	SC_CLEANUP(sc_bytes) bare = sc_forge_world_statement(forge);
	SC_CLEANUP(sc_byok_package_pair) target = { 0 };

	write_file(f, "NA", sc_bytes_view(&other_region));
	write_file(f, "EU", sc_bytes_view(&other_world));
	write_file(f, "bare", sc_bytes_view(&bare));
	assert_int_equal(read_target(f, "BYOK-SecurityWorld-pkg-EU-1", "BYOK-KEK-pkg-EU-1", &target),
			 SC_ERR_FORMAT);
	assert_int_equal(read_target(f, "BYOK-KEK-pkg-EU-1", "NA", &target), SC_ERR_EVIDENCE_REGION);
	assert_int_equal(read_target(f, "BYOK-KEK-pkg-EU-1", "EU", &target), SC_ERR_EVIDENCE_WORLD);
	assert_int_equal(read_target(f, "BYOK-KEK-pkg-EU-1", "bare", &target), SC_ERR_EVIDENCE_REGION);
}

static void what_is_no_package_is_refused(void **state)
{
	struct fixture *f = *state;
	SC_CLEANUP(sc_byok_package_pair) target = { 0 };
	SC_CLEANUP(sc_bytes) large = { 0 };
	SC_CLEANUP(sc_bytes) kek = sc_forge_kek_package(forge);
	struct sc_error err = { 0 };

	assert_ok(sc_bytes_new(SC_BYOK_PACKAGE_MAX + 1, &large, &err), &err);
	write_file(f, "large", sc_bytes_view(&large));
	write_file(f, "rubbish", sc_view_text("no package"));
	write_file(f, "empty", sc_view_text(""));
	write_file(f, "cut", sc_view_of(kek.data, kek.len - 1));
	assert_int_equal(read_target(f, "large", "BYOK-SecurityWorld-pkg-EU-1", &target), SC_ERR_TOO_LARGE);
	assert_int_equal(read_target(f, "rubbish", "BYOK-SecurityWorld-pkg-EU-1", &target), SC_ERR_ENCODING);
	assert_int_equal(read_target(f, "cut", "BYOK-SecurityWorld-pkg-EU-1", &target), SC_ERR_ENCODING);
	assert_int_equal(read_target(f, "missing", "BYOK-SecurityWorld-pkg-EU-1", &target), SC_ERR_NOT_FOUND);
	assert_int_not_equal(read_target(f, "empty", "BYOK-SecurityWorld-pkg-EU-1", &target), SC_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(modify_acls_writes_the_copy_under_a_quorum_for_this_very_request),
		TEST(without_the_key_it_is_said_what_makes_one),
		TEST(a_lost_key_is_loaded_again_under_the_same_quorum),
		TEST(a_key_that_never_stays_loaded_is_given_up),
		TEST(a_copy_that_cannot_be_stored_is_not_told_of),
		TEST(a_copy_that_is_there_is_found_before_any_card_is_asked_for),
		TEST(an_answer_that_is_no_reduced_copy_is_not_kept),
		TEST(an_answer_that_may_be_used_is_not_kept),
		TEST(package_writes_what_the_module_made_and_its_hash),
		TEST(a_package_is_never_overwritten),
		TEST(a_package_that_is_not_written_is_not_told_of),
		TEST(a_package_for_another_subscription_than_ordered_is_not_written),
		TEST(package_without_a_copy_says_what_makes_one),
		TEST(the_packages_are_shown_with_region_and_operator),
		TEST(packages_that_are_exchanged_or_of_two_regions_are_refused_before_any_card),
		TEST(what_is_no_package_is_refused),
	};

	return cmocka_run_group_tests(tests, make_forge, free_forge);
}
