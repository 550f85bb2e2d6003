/* parser/msg_parser.h: flags whose type differs between versions. */

#include "core/parser/msg_parser.h"
#include "shim.h"

int ks_msg_is_shared(const struct sip_msg *msg)
{
	return (msg->msg_flags & FL_SHM_CLONE) != 0;
}

void ks_msg_force_socket(struct sip_msg *msg, struct socket_info *socket)
{
	set_force_socket(msg, socket);
}

/* The flags that the script sets; there are more than these in some versions. */
unsigned int ks_msg_flags(const struct sip_msg *msg)
{
	return (unsigned int)msg->flags;
}
