/*
 * Object identifiers, all under our own arc 2.25.157790286148159703248694151546311393766 (ITU-T X.667:
 * derived from a UUID, so nobody else has it). docs/safeconduct.asn1 lists them.
 */
#ifndef SC_FORMATS_OID_H
#define SC_FORMATS_OID_H

#define SC_OID_ARC "2.25.157790286148159703248694151546311393766"

/* Extended key usages, one for each kind of certificate (rule F6). */
#define SC_OID_WARRANT SC_OID_ARC ".1.1"
#define SC_OID_REGION  SC_OID_ARC ".1.2"
#define SC_OID_MEMBER  SC_OID_ARC ".1.3"
#define SC_OID_KEK     SC_OID_ARC ".1.4"

/* Content types of statements. */
#define SC_OID_KEY_STATEMENT   SC_OID_ARC ".2.1"
#define SC_OID_WORLD_STATEMENT SC_OID_ARC ".2.2"
#define SC_OID_CHECKPOINT      SC_OID_ARC ".2.3"

/* Certificate extension: the region and its operator. */
#define SC_OID_REGION_INFO SC_OID_ARC ".3.1"

#endif
