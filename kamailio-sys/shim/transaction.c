/* modules/tm/h_table.h, t_hooks.h: parts of a transaction that other versions call otherwise. */

#include "shim.h"

#include "core/usr_avp.h"
#include "modules/tm/h_table.h"

/* Renamed in 5.7. */
#if VERSIONVAL < 5007000
#define CELL_FROM from
#define CELL_TO to
#define CELL_CALL_ID callid
#else
#define CELL_FROM from_hdr
#define CELL_TO to_hdr
#define CELL_CALL_ID callid_hdr
#endif

struct ks_tm_ids ks_tm_ids(const struct cell *cell)
{
	struct ks_tm_ids ids = {cell->CELL_FROM, cell->CELL_TO, cell->CELL_CALL_ID};
	return ids;
}

void ks_tm_sent_request(const struct cell *cell, str *sent)
{
	sent->s = NULL;
	sent->len = 0;
	if(is_local(cell) && cell->uac != NULL) {
		sent->s = cell->uac[0].request.buffer;
		sent->len = cell->uac[0].request.buffer_len;
	}
}

int ks_tm_is_invite(const struct cell *cell)
{
	return is_invite(cell) != 0;
}

int ks_tm_is_local(const struct cell *cell)
{
	return is_local(cell) != 0;
}

int ks_tm_is_canceled(const struct cell *cell)
{
	return was_cancelled(cell) != 0;
}

int ks_tm_has_callback(const struct cell *cell, int event, ks_tm_callback callback)
{
	const struct tm_callback *known = (const struct tm_callback *)cell->tmcb_hl.first;

	for(; known != NULL; known = known->next) {
		if((known->types & event) != 0 && known->callback == callback)
			return 1;
	}
	return 0;
}

/* The kinds of lists that a transaction has. */
static const avp_flags_t avp_kinds[KS_AVP_LISTS] = {
		AVP_TRACK_FROM | AVP_CLASS_URI,
		AVP_TRACK_TO | AVP_CLASS_URI,
		AVP_TRACK_FROM | AVP_CLASS_USER,
		AVP_TRACK_TO | AVP_CLASS_USER,
		AVP_TRACK_FROM | AVP_CLASS_DOMAIN,
		AVP_TRACK_TO | AVP_CLASS_DOMAIN,
};

void ks_tm_take_avps(struct cell *cell, struct ks_avp_lists *before)
{
	avp_list_t *lists[KS_AVP_LISTS] = {
			&cell->uri_avps_from,
			&cell->uri_avps_to,
			&cell->user_avps_from,
			&cell->user_avps_to,
			&cell->domain_avps_from,
			&cell->domain_avps_to,
	};
	int i;

	for(i = 0; i < KS_AVP_LISTS; i++)
		before->lists[i] = set_avp_list(avp_kinds[i], lists[i]);
}

void ks_tm_give_back_avps(const struct ks_avp_lists *before)
{
	int i;

	for(i = 0; i < KS_AVP_LISTS; i++)
		set_avp_list(avp_kinds[i], (avp_list_t *)before->lists[i]);
}
