/*
 * A SQLite VFS between SQLite and the file system (rule P4): the n-th write or sync after fault_arm fails.
 * Install it before a database is opened; it stays installed for the whole test program.
 */
#ifndef FAULT_VFS_H
#define FAULT_VFS_H

#include <stdbool.h>

enum fault {
	FAULT_WRITE, /* the device refuses a write */
	FAULT_FULL,  /* the disk is full for this write and every later one */
	FAULT_SYNC,
};

void fault_install(void);

/* The fault strikes at the n-th call: once, or with FAULT_FULL until fault_disarm. */
void fault_arm(enum fault fault, int nth);

/* True if it has struck. */
bool fault_disarm(void);

#endif
