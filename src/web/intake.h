/* A request coming in: from libmicrohttpd's callbacks to the handler. */
#ifndef SC_WEB_INTAKE_H
#define SC_WEB_INTAKE_H

#include <microhttpd.h>

/* libmicrohttpd's callbacks, with the names and types of its manual; `context` is the server. */
void *sc_web_intake_target(void *context, const char *raw_target, struct MHD_Connection *connection);
enum MHD_Result sc_web_intake_access(void *context, struct MHD_Connection *connection, const char *url,
				     const char *method, const char *version, const char *upload,
				     size_t *upload_len, void **state);
void sc_web_intake_completed(void *context, struct MHD_Connection *connection, void **state,
			     enum MHD_RequestTerminationCode code);
void sc_web_intake_connection(void *context, struct MHD_Connection *connection, void **link,
			      enum MHD_ConnectionNotificationCode code);

#endif
