/* The version of this code, which tools print and statements give as the module's code version. */
#ifndef SC_BASE_VERSION_H
#define SC_BASE_VERSION_H

#define SC_VERSION "0.1.0"

#endif
