/*
 * Messages between safeconduct and its child processes, over a socket that keeps their boundaries. Both ends
 * are this program, so the messages are its structures.
 */
#ifndef SC_TOOLS_SAFECONDUCT_CHILD_MESSAGE_H
#define SC_TOOLS_SAFECONDUCT_CHILD_MESSAGE_H

#include <stdbool.h>
#include <sys/types.h>

/* Sends one message; false, and errno is set, unless it was sent as a whole. */
bool sc_child_message_send(int socket, const void *message, size_t len);

/* Receives one message; returns its length, 0 once the other end is closed, or -1. */
ssize_t sc_child_message_receive(int socket, void *message, size_t size);

#endif
