/*
 * SQLite's own table of system calls (rule P4), put between it and the file system: the n-th write or sync
 * after fault_arm fails. Installed before a database is opened, it stays for the whole test program.
 */
#ifndef FAULT_VFS_H
#define FAULT_VFS_H

#include <stdbool.h>

enum fault {
	FAULT_WRITE, /* a write that the device refuses */
	FAULT_FULL,  /* a write for which there is no room, and every one after it */
	FAULT_SYNC,
};

void fault_install(void);

/* Once, or until fault_disarm for FAULT_FULL. */
void fault_arm(enum fault fault, int nth);

/* True if it has struck. */
bool fault_disarm(void);

#endif
