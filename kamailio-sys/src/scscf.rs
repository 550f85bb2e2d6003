//! What the location store of an S-CSCF offers: the C API of `ims_usrloc_scscf`, the records behind
//! it, and the API of `ims_dialog`, whose dialogs belong to its contacts.
//!
//! Modules of C read these structs in place, so the sizes and places that they have relied on since
//! 5.3 are written down here; a host with others does not compile.

crate::generated!(generated, "scscf.rs");

pub use generated::*;

use crate::places;

places! {
    usrloc_api: 288, {
        use_domain @ 0, db_mode @ 4, nat_flag @ 8, register_udomain @ 16, get_udomain @ 24,
        lock_udomain @ 32, unlock_udomain @ 40, insert_impurecord @ 48, delete_impurecord @ 56,
        get_impurecord @ 64, update_impurecord @ 72, lock_contact_slot @ 80,
        unlock_contact_slot @ 88, lock_contact_slot_i @ 96, unlock_contact_slot_i @ 104,
        lock_subscription @ 112, unlock_subscription @ 120, unref_subscription @ 128,
        ref_subscription @ 136, insert_ucontact @ 144, delete_ucontact @ 152, get_ucontact @ 160,
        release_ucontact @ 168, get_all_ucontacts @ 176, update_ucontact @ 184,
        expire_ucontact @ 192, unlink_contact_from_impu @ 200, link_contact_to_impu @ 208,
        add_dialog_data_to_contact @ 216, remove_dialog_data_from_contact @ 224,
        add_subscriber @ 232, update_subscriber @ 240, external_delete_subscriber @ 248,
        get_subscriber @ 256, get_impus_from_subscription_as_string @ 264, register_ulcb @ 272,
        get_presentity_from_subscriber_dialog @ 280,
    }
    impurecord: 224, {
        domain @ 0, is_primary @ 8, public_identity @ 16, private_identity @ 32, aorhash @ 48,
        barring @ 52, reg_state @ 56, s @ 64, ccf1 @ 72, ccf2 @ 88, ecf1 @ 104, ecf2 @ 120,
        linked_contacts @ 136, shead @ 160, stail @ 168, expires @ 176, send_sar_on_delete @ 184,
        slot @ 192, cbs @ 200, prev @ 208, next @ 216,
    }
    impu_contact_holder: 24, { numcontacts @ 0, num3gppcontacts @ 4, head @ 8, tail @ 16 }
    impu_contact: 24, { contact @ 0, next @ 8, prev @ 16 }
    ucontact: 280, {
        lock @ 0, slot @ 8, sl @ 16, ref_count @ 20, is_3gpp @ 24, state @ 28, domain @ 32,
        aor @ 48, c @ 64, params @ 80, received @ 88, path @ 104, expires @ 120, q @ 128,
        callid @ 136, cseq @ 152, flags @ 156, cflags @ 160, user_agent @ 168, sock @ 184,
        last_modified @ 192, methods @ 200, si_ps @ 208, sipc @ 216, security_temp @ 224,
        security @ 232, cbs @ 240, first_dialog_data @ 248, last_dialog_data @ 256, next @ 264,
        prev @ 272,
    }
    ucontact_info: 104, {
        received @ 0, path @ 16, expires @ 24, q @ 32, callid @ 40, params @ 48, cseq @ 56,
        flags @ 60, cflags @ 64, user_agent @ 72, sock @ 80, methods @ 88, last_modified @ 96,
    }
    ims_subscription_s: 72, {
        private_identity @ 0, slot @ 16, sl @ 24, wpsi @ 28, service_profiles @ 32,
        service_profiles_cnt @ 40, ref_count @ 44, lock @ 48, next @ 56, prev @ 64,
    }
    ims_service_profile: 56, {
        public_identities @ 0, public_identities_cnt @ 8, filter_criteria @ 16,
        filter_criteria_cnt @ 24, cn_service_auth @ 32, shared_ifc_set @ 40,
        shared_ifc_set_cnt @ 48,
    }
    ims_public_identity: 40, { barring @ 0, public_identity @ 8, wildcarded_psi @ 24 }
    _ims_filter_criteria: 72, {
        priority @ 0, trigger_point @ 8, application_server @ 16, profile_part_indicator @ 64,
    }
    _ims_application_server: 48, {
        server_name @ 0, default_handling @ 16, service_info @ 24, include_register_request @ 40,
        include_register_response @ 44,
    }
    _ims_trigger_point: 24, { condition_type_cnf @ 0, spt @ 8, spt_cnt @ 16 }
    _ims_spt: 64, { condition_negated @ 0, group @ 4, type_ @ 8, registration_type @ 56 }
    _ims_sip_header: 40, { header @ 0, content @ 16, type_ @ 32 }
    _ims_session_desc: 32, { line @ 0, content @ 16 }
    _ims_cn_service_auth: 4, { subscribed_media_profile_id @ 0 }
    _reg_subscriber: 176, {
        event @ 0, expires @ 8, version @ 16, watcher_uri @ 24, watcher_contact @ 40,
        presentity_uri @ 56, local_cseq @ 72, call_id @ 80, from_tag @ 96, to_tag @ 112,
        record_route @ 128, sockinfo_str @ 144, next @ 160, prev @ 168,
    }
    _subscriber_data: 88, {
        event @ 0, expires @ 4, version @ 8, callid @ 16, ftag @ 24, ttag @ 32, local_cseq @ 40,
        record_route @ 48, sockinfo_str @ 56, presentity_uri @ 64, watcher_uri @ 72,
        watcher_contact @ 80,
    }
    udomain: 32, { name @ 0, size @ 8, table @ 16, max_collisions @ 24 }
    hslot: 48, {
        n @ 0, first @ 8, last @ 16, d @ 24, lock @ 32, locker_pid @ 40, recursive_lock_level @ 44,
    }
    hslot_sp: 32, { n @ 0, first @ 8, last @ 16, lock @ 24 }
    contact_hslot: 32, { n @ 0, first @ 8, last @ 16, lock @ 24 }
    ul_callback: 32, { id @ 0, types @ 4, callback @ 8, param @ 16, next @ 24 }
    ulcb_head_list: 16, { first @ 0, reg_types @ 8 }
    contact_dialog_data: 24, { h_entry @ 0, h_id @ 4, next @ 8, prev @ 16 }
    contact_list: 16, { slot @ 0, size @ 8, max_collisions @ 12 }
    ims_subscription_list: 24, { slot @ 0, size @ 8, subscriptions @ 12, max_collisions @ 16 }
}
