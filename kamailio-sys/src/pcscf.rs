//! What the modules of a P-CSCF offer each other: the C API of `ims_usrloc_pcscf`, and those of
//! `ims_ipsec_pcscf` and `pua` that go with it.
//!
//! Modules of C read these structs in place, so the sizes and places that they have relied on since
//! 5.3 are written down here; a host with others does not compile.

crate::generated!(generated, "pcscf.rs");

pub use generated::*;

use crate::{VERSION_NUMBER, places};

/// The API grew by three functions in 5.7.0.
const API_SIZE: usize = if VERSION_NUMBER < 5_007_000 { 136 } else { 160 };

/// Since 6.1.4 the struct has no text of the header any more.
const SECURITY_SIZE: usize = if VERSION_NUMBER < 6_001_004 { 40 } else { 24 };

/// Whether [`security`] starts with the text of the header.
pub const SECURITY_HAS_HEADER: bool = SECURITY_SIZE == 40;

places! {
    usrloc_api: API_SIZE, {
        use_domain @ 0, db_mode @ 4, register_udomain @ 8, get_udomain @ 16, lock_udomain @ 24,
        unlock_udomain @ 32, insert_pcontact @ 40, delete_pcontact @ 48,
        unreg_pending_contacts_cb @ 56, get_pcontact @ 64, assert_identity @ 72,
        update_pcontact @ 80, update_rx_regsession @ 88, get_all_ucontacts @ 96,
        update_security @ 104, update_temp_security @ 112, register_ulcb @ 120,
        get_number_of_contacts @ 128,
    }
    udomain: 40, { name @ 0, size @ 8, table @ 16, contacts @ 24, expired @ 32 }
    pcontact_info: 144, {
        searchflag @ 0, extra_search_criteria @ 2, aor @ 8, via_host @ 24, via_port @ 40,
        via_prot @ 42, received_host @ 48, received_port @ 64, received_proto @ 66, path @ 72,
        expires @ 80, callid @ 88, public_ids @ 96, num_public_ids @ 104, service_routes @ 112,
        num_service_routes @ 120, rx_regsession_id @ 128, reg_state @ 136,
    }
    pcontact: 296, {
        aorhash @ 0, sl @ 4, slot @ 8, domain @ 16, aor @ 24, rinstance @ 40, contact_host @ 56,
        contact_user @ 72, contact_port @ 88, callid @ 96, received_host @ 112,
        received_port @ 128, received_proto @ 130, via_host @ 136, via_port @ 152,
        via_proto @ 154, path @ 160, rx_session_id @ 176, reg_state @ 192, expires @ 200,
        service_routes @ 208, num_service_routes @ 216, security @ 224, security_temp @ 232,
        head @ 240, tail @ 248, sock @ 256, cbs @ 264, prev @ 280, next @ 288,
    }
    ppublic: 40, { public_identity @ 0, is_default @ 16, next @ 24, prev @ 32 }
    ipsec: 152, {
        spi_uc @ 0, spi_us @ 4, spi_pc @ 8, spi_ps @ 12, port_uc @ 16, port_us @ 18, port_pc @ 20,
        port_ps @ 22, ealg @ 24, r_ealg @ 40, ck @ 56, alg @ 72, r_alg @ 88, ik @ 104, prot @ 120,
        mod_ @ 136,
    }
    tls: 16, { port_tls @ 0, session_hash @ 8 }
    security: SECURITY_SIZE, {
        type_ @ SECURITY_SIZE - 24, data @ SECURITY_SIZE - 16, q @ SECURITY_SIZE - 8,
    }
    ul_callback: 32, { types @ 0, callback @ 8, param @ 16, next @ 24 }
    ulcb_head_list: 16, { first @ 0, reg_types @ 8 }
}
