/* What the cmdlets share: see cmdlet.h. */
#include "azure/cmdlet.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/print.h"

int sc_azure_cmdlet_main(const char *name, sc_azure_cmdlet *run, int argc, char **argv)
{
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status;

	sc_log_start(name, SC_LOG_WARNING);
	status = run(argc, argv, &done, &err);
	return sc_program_end(name, status, &err);
}

void sc_azure_cmdlet_property(int width, const char *label, const char *value)
{
	sc_print("%-*s :%s%s\n", width, label, *value ? " " : "", value);
}

void sc_azure_cmdlet_time(int width, const char *label, int64_t seconds)
{
	char text[SC_CLOCK_TEXT_SIZE] = "";

	if (seconds)
		sc_clock_text(seconds, text);
	sc_azure_cmdlet_property(width, label, text);
}
