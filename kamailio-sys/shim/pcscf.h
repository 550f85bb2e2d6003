/* What the modules of a P-CSCF offer each other. Apart from wrapper.h: the locations of an S-CSCF
 * and those of a registrar have structs of the same names. */
#ifndef KAMAILIO_SHIM_PCSCF_H
#define KAMAILIO_SHIM_PCSCF_H

#include "modules/ims_usrloc_pcscf/usrloc.h"
/* It uses the types of the header above and declares one of them as a struct of its own. */
typedef struct udomain udomain;
#define udomain_t udomain
#include "modules/ims_ipsec_pcscf/cmd.h"
#undef udomain_t
#include "modules/pua/pua.h"
#include "modules/pua/pua_bind.h"

#include <stddef.h>

/* pua/pua.h, pua/hash.h: the values that go into subs_info_t and publ_info_t */
static const int KS_PUA_INSERT = INSERT_TYPE;
static const int KS_PUA_UPDATE = UPDATE_TYPE;
static const int KS_PUA_REGINFO_EVENT = REGINFO_EVENT;
static const int KS_PUA_REGINFO_PUBLISH = REGINFO_PUBLISH;
static const int KS_PUA_REGINFO_SUBSCRIBE = REGINFO_SUBSCRIBE;

#endif
