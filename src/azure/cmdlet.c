/* What the cmdlets share: see cmdlet.h. */
#include "azure/cmdlet.h"

#include <stdio.h>

#include "azure/service_answer.h"
#include "base/clock.h"
#include "base/log.h"

int sc_azure_cmdlet_main(const char *name, sc_azure_cmdlet *run, int argc, char **argv)
{
	struct sc_error err = { 0 };
	char shown[SC_ERROR_MESSAGE_MAX];
	bool done = false;
	sc_status status;

	sc_log_start(name, SC_LOG_WARNING);
	status = run(argc, argv, &done, &err);
	if (status == SC_OK && (fflush(stdout) != 0 || ferror(stdout)))
		status = sc_fail(&err, SC_ERR_SYSTEM, "standard output cannot be written");
	if (status != SC_OK) {
		/* The message may contain text from a library that repeats what a server sent. */
		sc_azure_text_show(err.message, shown, sizeof shown);
		fprintf(stderr, "%s: %s\n", name, shown);
	}
	return sc_status_exit(status);
}

void sc_azure_cmdlet_property(int width, const char *label, const char *value)
{
	printf("%-*s :%s%s\n", width, label, *value ? " " : "", value);
}

void sc_azure_cmdlet_time(int width, const char *label, int64_t seconds)
{
	char text[SC_CLOCK_TEXT_SIZE] = "";

	if (seconds)
		sc_clock_text(seconds, text);
	sc_azure_cmdlet_property(width, label, text);
}
