/* modules/tm/h_table.h, t_hooks.h: parts of a transaction that other versions call otherwise. */

#include "shim.h"

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
