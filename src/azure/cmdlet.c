/* What the cmdlets share: see cmdlet.h. */
#include "azure/cmdlet.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

int sc_cmdlet_main(const char *name, sc_cmdlet *run, int argc, char **argv)
{
	struct sc_error err = { 0 };
	bool done = false;
	sc_status status;

	sc_log_start(name, SC_LOG_WARNING);
	status = run(argc, argv, &done, &err);
	if (status != SC_OK)
		fprintf(stderr, "%s: %s\n", name, err.message);
	else if (fflush(stdout) != 0)
		status = sc_fail_errno(&err, SC_ERR_SYSTEM, "standard output");
	return sc_status_exit(status);
}

void sc_cmdlet_property(int width, const char *label, const char *value)
{
	printf("%-*s :%s%s\n", width, label, *value ? " " : "", value);
}

void sc_cmdlet_time(int width, const char *label, int64_t seconds)
{
	char text[SC_CLOCK_TEXT_SIZE] = "";

	if (seconds)
		sc_clock_text(seconds, text);
	sc_cmdlet_property(width, label, text);
}
