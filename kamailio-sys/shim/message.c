/* parser/msg_parser.h: flags whose type differs between versions. */

#include "core/parser/msg_parser.h"
#include "shim.h"

int ks_msg_is_shared(const struct sip_msg *msg)
{
	return (msg->msg_flags & FL_SHM_CLONE) != 0;
}
