/* ver_defs.h: the text of the flags that the loader compares. No allocator may be included here,
 * because some of them define flags of their own. */

#include "core/ver_defs.h"

const char ks_visible_flags[] = SER_COMPILE_FLAGS;
