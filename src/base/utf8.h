/* UTF-8 (RFC 3629), one character at a time. */
#ifndef SC_BASE_UTF8_H
#define SC_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The length in bytes of the character at `text`, of which `left` bytes exist, and its code point in *value.
 * 0, with *value unchanged, if there is none: no bytes left, a stray or missing byte, an overlong form, a
 * surrogate.
 */
size_t sc_utf8_character(const uint8_t *text, size_t left, uint32_t *value);

#endif
