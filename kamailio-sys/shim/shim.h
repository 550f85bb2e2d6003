/* What the core offers only as a macro, or as an inline function that needs its caller's name. */
#ifndef KAMAILIO_SHIM_H
#define KAMAILIO_SHIM_H

#include "core/locking.h"
#include "core/str.h"

struct cell;
struct tmcb_params;

/* log.c: the text is never a format */
void ks_set_module_name(const char *name, int len);
int ks_log_printable(int level);
void ks_log(int level, const char *text, int len);

/* lock.c */
int ks_lock_init(gen_lock_t *lock);
void ks_lock_get(gen_lock_t *lock);
int ks_lock_try(gen_lock_t *lock);
void ks_lock_release(gen_lock_t *lock);

/* memory.c: the manager keeps the pointer to the name of the module */
void *ks_shm_malloc(unsigned long size);
void ks_shm_free(void *block);
unsigned long ks_shm_available(void);
void *ks_pkg_malloc(unsigned long size);
void ks_pkg_free(void *block);
unsigned long ks_pkg_available(void);

/* probe.c: copies memory that may not be there; 0 if it is not, or if this process may not ask */
int ks_read(void *to, const void *from, unsigned long size);

/* message.c: whether other processes read the message too */
struct sip_msg;
int ks_msg_is_shared(const struct sip_msg *msg);
struct socket_info;
void ks_msg_force_socket(struct sip_msg *msg, struct socket_info *socket);
unsigned int ks_msg_flags(const struct sip_msg *msg);

/* process.c: the clock counts whole seconds since 1970, as that of the core */
void ks_cfg_update(void);
long long ks_now(void);

/* transaction.c: each a whole header field */
struct ks_tm_ids
{
	str from;
	str to;
	str call_id;
};
typedef void (*ks_tm_callback)(struct cell *, int, struct tmcb_params *);
struct ks_tm_ids ks_tm_ids(const struct cell *cell);
void ks_tm_sent_request(const struct cell *cell, str *sent);
int ks_tm_is_invite(const struct cell *cell);
int ks_tm_is_local(const struct cell *cell);
int ks_tm_is_canceled(const struct cell *cell);
int ks_tm_has_callback(const struct cell *cell, int event, ks_tm_callback callback);

/* The AVPs of a transaction in the place of those that this process works with, and back. */
#define KS_AVP_LISTS 6
struct ks_avp_lists
{
	void *lists[KS_AVP_LISTS];
};
void ks_tm_take_avps(struct cell *cell, struct ks_avp_lists *before);
void ks_tm_give_back_avps(const struct ks_avp_lists *before);

/* avp.c */
struct _pv_spec;
int ks_avp_is_constant(const struct _pv_spec *spec);
int ks_avp_get(const struct _pv_spec *spec, str *text, long *number);
int ks_avp_set_text(const struct _pv_spec *spec, const str *text);
int ks_avp_set_number(const struct _pv_spec *spec, long number);
void ks_avp_delete(const struct _pv_spec *spec);

#endif
