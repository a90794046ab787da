/* A limit on lines that a peer can cause: see log_limit.h. */
#include "base/log_limit.h"

bool sc_log_limit_permits(struct sc_log_limit *limit, int64_t now, uint64_t *left_out)
{
	if (!limit->written || now - limit->since >= limit->period) {
		limit->since = now;
		limit->written = 0;
	}
	if (limit->written == limit->lines) {
		limit->left_out++;
		return false;
	}
	limit->written++;
	*left_out = limit->left_out;
	limit->left_out = 0;
	return true;
}
