/* The users as whom the daemons' parts of `safeconduct init` are made. */
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "base/options.h"
#include "tools/safeconduct/init.h"

#define UID_LIMIT UINT64_C(4294967294) /* (uid_t)-1 means "do not change" */

sc_status sc_init_identity_find(const char *user, const char *option, struct sc_init_identity *out,
				struct sc_error *err)
{
	const struct passwd *account;
	uint64_t number = 0;

	if (!user)
		return SC_OK;
	SC_ENSURE(geteuid() == 0, err, SC_ERR_USAGE, "%s: only root can make files as another user", option);
	account = getpwnam(user);
	if (!account) {
		SC_TRY(sc_number_read(user, option, 1, UID_LIMIT, &number, err));
		account = getpwuid((uid_t)number);
	}
	out->is_given = true;
	out->uid = account ? account->pw_uid : (uid_t)number;
	out->gid = account ? account->pw_gid : (gid_t)number;
	return SC_OK;
}

/* The order matters: groups first, while that is still permitted; the user id last. */
sc_status sc_init_identity_take(const struct sc_init_identity *identity, struct sc_error *err)
{
	if (!identity->is_given)
		return SC_OK;
	if (setgroups(0, NULL) != 0 || setresgid(identity->gid, identity->gid, identity->gid) != 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) != 0)
		return sc_fail_errno(err, SC_ERR_SYSTEM, "cannot change to user id %u",
				     (unsigned)identity->uid);
	SC_ENSURE(identity->uid == 0 || setuid(0) != 0, err, SC_ERR_SYSTEM,
		  "root's privileges could not be dropped");
	return SC_OK;
}
