/* What the Diameter module offers to others. Apart from wrapper.h: its names are common words. */
#ifndef KAMAILIO_SHIM_CDP_H
#define KAMAILIO_SHIM_CDP_H

#include "modules/cdp/cdp_load.h"

#include <stddef.h>

#endif
