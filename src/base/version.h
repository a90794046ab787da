/* The version of this code: what tools print, and what statements name as the module's code version. */
#ifndef SC_BASE_VERSION_H
#define SC_BASE_VERSION_H

#define SC_VERSION "0.1.0"

#endif
