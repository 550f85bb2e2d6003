/* Every header that the bindings cover, by layer. Macros that hide a value behind a cast are
 * given a name of their own below, because a binding generator cannot read them. */

/* core */
#include "core/sr_module.h"
#include "core/mod_fix.h"
#include "core/ver.h"
#include "core/globals.h"
#include "core/config.h"
#include "core/dprint.h"
#include "core/error.h"
#include "core/pt.h"
#include "core/locking.h"
#include "core/mem/mem.h"
#include "core/mem/pkg.h"
#include "core/mem/shm.h"
#include "core/mem/shm_mem.h"
#include "core/kemi.h"
#include "core/rpc.h"
#include "core/rpc_lookup.h"
#include "core/counters.h"
#include "core/cfg/cfg.h"
#include "core/cfg/cfg_struct.h"
#include "core/timer.h"
#include "core/timer_proc.h"
#include "core/pvar.h"
#include "core/pvapi.h"
#include "core/lvalue.h"
#include "core/usr_avp.h"
#include "core/xavp.h"
#include "core/str.h"
#include "core/str_list.h"
#include "core/ut.h"
#include "core/trim.h"
#include "core/hashes.h"
#include "core/basex.h"
#include "core/srapi.h"
#include "core/script_cb.h"
#include "core/events.h"
#include "core/route.h"
#include "core/action.h"
#include "core/fmsg.h"
#include "core/forward.h"
#include "core/dset.h"
#include "core/data_lump.h"
#include "core/data_lump_rpl.h"
#include "core/lump_struct.h"
#include "core/msg_translator.h"
#include "core/sip_msg_clone.h"
#include "core/socket_info.h"
#include "core/ip_addr.h"
#include "core/resolve.h"
#include "core/tags.h"
#include "core/parser/contact/contact.h"
#include "core/parser/contact/parse_contact.h"
#include "core/parser/digest/digest.h"
#include "core/parser/sdp/sdp.h"
#include "core/parser/hf.h"
#include "core/parser/msg_parser.h"
#include "core/parser/parser_f.h"
#include "core/parser/parse_addr_spec.h"
#include "core/parser/parse_body.h"
#include "core/parser/parse_content.h"
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_event.h"
#include "core/parser/parse_expires.h"
#include "core/parser/parse_fline.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_hname2.h"
#include "core/parser/parse_methods.h"
#include "core/parser/parse_nameaddr.h"
#include "core/parser/parse_param.h"
#include "core/parser/parse_ppi_pai.h"
#include "core/parser/parse_privacy.h"
#include "core/parser/parse_require.h"
#include "core/parser/parse_retry_after.h"
#include "core/parser/parse_rr.h"
#include "core/parser/parse_subscription_state.h"
#include "core/parser/parse_supported.h"
#include "core/parser/parse_to.h"
#include "core/parser/parse_uri.h"
#include "core/parser/parse_via.h"

/* libraries */
#include "lib/srdb1/db.h"
#include "lib/srdb1/db_op.h"
#include "lib/srdb1/db_val.h"

/* modules that others bind to */
#include "modules/tm/tm_load.h"
#include "modules/tm/dlg.h"
#include "modules/tm/t_hooks.h"
#include "modules/tm/uac.h"
#include "modules/sl/sl.h"

#include "shim.h"

#include <stddef.h>

/* parser/hf.h */
#define KS_HDR(name) static const hdr_flags_t KS_HDR_##name##_F = HDR_##name##_F
KS_HDR(EOH);
KS_HDR(VIA);
KS_HDR(TO);
KS_HDR(FROM);
KS_HDR(CSEQ);
KS_HDR(CALLID);
KS_HDR(CONTACT);
KS_HDR(ROUTE);
KS_HDR(RECORDROUTE);
KS_HDR(PATH);
KS_HDR(CONTENTTYPE);
KS_HDR(CONTENTLENGTH);
KS_HDR(AUTHORIZATION);
KS_HDR(EXPIRES);
KS_HDR(SUPPORTED);
KS_HDR(REQUIRE);
KS_HDR(EVENT);
KS_HDR(ACCEPT);
KS_HDR(USERAGENT);
KS_HDR(SUBSCRIPTION_STATE);
KS_HDR(PAI);
KS_HDR(PPI);
KS_HDR(PRIVACY);
KS_HDR(RETRY_AFTER);
#undef KS_HDR

/* usr_avp.h: the bits that a script's name of an AVP can set */
static const unsigned int KS_AVP_NAME_STR = AVP_NAME_STR;
static const unsigned int KS_AVP_VAL_STR = AVP_VAL_STR;
static const unsigned int KS_AVP_CLASS_USER = AVP_CLASS_USER;
static const unsigned int KS_AVP_CLASS_URI = AVP_CLASS_URI;
static const unsigned int KS_AVP_TRACK_FROM = AVP_TRACK_FROM;
static const unsigned int KS_AVP_TRACK_TO = AVP_TRACK_TO;

/* sr_module.h */
static const unsigned int KS_PARAM_USE_FUNC = PARAM_USE_FUNC;
static const int KS_FPARAM_STR = FPARAM_STR;

/* rpc.h: the enumerator got a prefix in 6.0, the old name became a macro */
static const unsigned int KS_RPC_RET_ARRAY = RET_ARRAY;
