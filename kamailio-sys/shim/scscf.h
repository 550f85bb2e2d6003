/* What the modules of an S-CSCF offer each other. Apart from wrapper.h and pcscf.h: the locations of
 * a P-CSCF and those of a registrar have structs of the same names. */
#ifndef KAMAILIO_SHIM_SCSCF_H
#define KAMAILIO_SHIM_SCSCF_H

#include "modules/ims_usrloc_scscf/usrloc.h"
#include "modules/ims_usrloc_scscf/udomain.h"
#include "modules/ims_usrloc_scscf/hslot_sp.h"
#include "modules/ims_usrloc_scscf/contact_hslot.h"
#include "modules/ims_dialog/dlg_load.h"
#include "modules/ims_dialog/dlg_hash.h"

#include <stddef.h>

#endif
