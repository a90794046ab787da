/* What the process provides to the module: see host.h. */
#include "hsmd/os/host.h"

#include "hsmd/os/scrub.h"

static sc_status save(void *context, struct sc_view state, struct sc_view mark, struct sc_error *err)
{
	struct sc_hsmd_host *host = context;

	return sc_hsmd_state_save(host->store, state, mark, err);
}

static bool ran_out(void *context)
{
	(void)context;
	return sc_arena_ran_out();
}

static uint64_t failures(void *context)
{
	(void)context;
	return sc_arena_failures();
}

static int64_t held(void *context)
{
	(void)context;
	return sc_arena_held();
}

static struct sc_module_memory memory(void *context)
{
	const struct sc_hsmd_host *host = context;
	struct sc_arena_numbers arena = sc_arena_count(host->arena);

	return (struct sc_module_memory){ arena.size, arena.used };
}

static void report(void *context, struct sc_enquire_response *out)
{
	const struct sc_hsmd_host *host = context;

	out->protection |= host->sandbox->protection;
	if (sc_arena_count(host->arena).kind == SC_ARENA_SECRET)
		out->protection |= SC_PROTECTION_MEMFD_SECRET;
	if (host->unlock_given)
		out->protection |= SC_PROTECTION_UNLOCK_GIVEN;
	out->landlock_abi = host->sandbox->landlock_abi;
}

sc_status sc_hsmd_host_open(const struct sc_hsmd_settings *settings, bool make, struct sc_hsmd_host *out,
			    struct sc_error *err)
{
	struct sc_hsmd_state *store = NULL;

	SC_TRY(sc_hsmd_state_open(settings->state, make, &store, err));
	*out = (struct sc_hsmd_host){
		.store = store,
		.arena = settings->arena,
		.sandbox = &settings->sandbox,
		.unlock_given = sc_hsmd_unlock_is_given(&settings->unlock),
		.host = { .save = save,
			  .ran_out = ran_out,
			  .failures = failures,
			  .held = held,
			  .memory = memory,
			  .report = report,
			  .context = out },
	};
	return SC_OK;
}

void sc_hsmd_host_close(struct sc_hsmd_host *host)
{
	sc_secret_free(&host->unlock);
	sc_bytes_free(&host->state);
	sc_bytes_free(&host->mark);
	sc_hsmd_state_close(host->store);
	*host = (struct sc_hsmd_host){ 0 };
}

sc_status sc_hsmd_host_load(struct sc_hsmd_host *host, const struct sc_hsmd_settings *settings,
			    struct sc_error *err)
{
	SC_TRY(sc_hsmd_state_load(host->store, &host->state, &host->mark, err));
	return sc_hsmd_unlock_read(&settings->unlock, sc_hsmd_state_dir(host->store), &host->unlock, err);
}

sc_status sc_hsmd_host_open_module(struct sc_hsmd_host *host, const struct sc_hsmd_settings *settings,
				   struct sc_module **out, struct sc_error *err)
{
	sc_status status =
	    sc_module_open(&host->host, sc_bytes_view(&host->state), sc_bytes_view(&host->mark),
			   &host->unlock, &settings->module, out, err);

	sc_secret_free(&host->unlock);
	sc_scrub();
	return status;
}
