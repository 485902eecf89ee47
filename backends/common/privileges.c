/* SPDX-License-Identifier: MIT */
/* Giving up privileges: see privileges.h. */
#include "backends/common/privileges.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* User ids nobody else uses: one for each domain id. */
#define UID_BASE  0x58000000u
/* Enough for some hundred devices. */
#define FILES_MAX 1024

int privileges_drop(uint32_t domid)
{
	const struct rlimit none = { 0, 0 }, files = { FILES_MAX, FILES_MAX };
	uint32_t id = UID_BASE + domid;

	if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_NPROC, &none) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &files) < 0)
		return -errno;
	/* Leaving uid 0 also clears all capability sets. */
	if (setgroups(0, NULL) < 0 || setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	/* After the change of ids, which clears it. */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : 0;
}
