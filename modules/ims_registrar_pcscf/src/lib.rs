//! The registrar of a P-CSCF: it learns from REGISTERs and their answers who is registered behind
//! which address, and lets nobody else pass. Everything the module exports is on this page; what it
//! means stands in its README.
#![forbid(unsafe_code)]

use kamailio::{
    kemi::Kemi,
    module::{Exports, Table},
    param::Param,
    pv::Variable,
    script::{Function, Routes},
};

mod asserted;
mod callbacks;
mod domains;
mod events;
mod functions;
mod ids;
mod late;
mod lookup;
mod notify;
mod params;
mod pending;
mod reading;
mod refused;
mod restored;
mod routes;
mod save;
mod settings;
mod start;
mod store;
mod unregister;
mod variables;

const BOTH: Routes = Routes::REQUEST.and(Routes::ONREPLY);

static FUNCTIONS: Table<Function, 9> = Table::new([
    Function::new(c"pcscf_save", Routes::ONREPLY, functions::save),
    Function::new(c"pcscf_save_pending", Routes::REQUEST, functions::save_pending),
    Function::new(
        c"pcscf_follows_service_routes",
        Routes::REQUEST,
        functions::follows_service_routes,
    ),
    Function::new(c"pcscf_force_service_routes", Routes::REQUEST, functions::force_service_routes),
    Function::new(c"pcscf_is_registered", BOTH, functions::is_registered),
    Function::new(c"pcscf_assert_identity", Routes::REQUEST, functions::assert_identity),
    Function::new(
        c"pcscf_assert_called_identity",
        Routes::ONREPLY,
        functions::assert_called_identity,
    ),
    Function::new(c"reginfo_handle_notify", Routes::REQUEST, functions::handle_notify),
    Function::new(c"pcscf_unregister", Routes::ANY, functions::unregister),
]);

/// The name of the module in scripts of other languages.
const KSR: &core::ffi::CStr = c"ims_registrar_pcscf";

static KEMI: Table<Kemi, 9> = Table::new([
    Kemi::new(KSR, c"pcscf_save", functions::save),
    Kemi::new(KSR, c"pcscf_save_pending", functions::save_pending),
    Kemi::new(KSR, c"pcscf_follows_service_routes", functions::follows_service_routes),
    Kemi::new(KSR, c"pcscf_force_service_routes", functions::force_service_routes),
    Kemi::new(KSR, c"pcscf_is_registered", functions::is_registered),
    Kemi::new(KSR, c"pcscf_assert_identity", functions::assert_identity),
    Kemi::new(KSR, c"pcscf_assert_called_identity", functions::assert_called_identity),
    Kemi::new(KSR, c"reginfo_handle_notify", functions::handle_notify),
    Kemi::new(KSR, c"pcscf_unregister", functions::unregister),
]);

static PARAMS: Table<Param, 21> = Table::new([
    Param::text(c"pcscf_uri", &params::PCSCF_URI),
    Param::int(c"pending_reg_expires", &params::PENDING_REG_EXPIRES),
    Param::text(c"received_avp", &params::RECEIVED_AVP),
    Param::int(c"is_registered_fallback2ip", &params::IS_REGISTERED_FALLBACK2IP),
    Param::int(c"publish_reginfo", &params::PUBLISH_REGINFO),
    Param::int(c"subscribe_to_reginfo", &params::SUBSCRIBE_TO_REGINFO),
    Param::int(c"subscription_expires", &params::SUBSCRIPTION_EXPIRES),
    Param::int(c"ignore_contact_rxport_check", &params::IGNORE_CONTACT_RXPORT_CHECK),
    Param::int(c"ignore_contact_rxproto_check", &params::IGNORE_CONTACT_RXPROTO_CHECK),
    Param::int(c"ignore_reg_state", &params::IGNORE_REG_STATE),
    Param::text(c"force_icscf_uri", &params::FORCE_ICSCF_URI),
    Param::int(c"reginfo_queue_size_threshold", &params::REGINFO_QUEUE_SIZE_THRESHOLD),
    Param::int(c"delete_delay", &params::DELETE_DELAY),
    Param::int(c"trust_bottom_via", &params::TRUST_BOTTOM_VIA),
    Param::int(c"rxport_check_without_ipsec", &params::RXPORT_CHECK_WITHOUT_IPSEC),
    Param::int(c"trust_alias", &params::TRUST_ALIAS),
    Param::int(c"notify_any_dialog", &params::NOTIFY_ANY_DIALOG),
    Param::int(c"pending_on_deregister", &params::PENDING_ON_DEREGISTER),
    Param::int(c"reginfo_queue_limit", &params::REGINFO_QUEUE_LIMIT),
    Param::int(c"resubscribe_rate", &params::RESUBSCRIBE_RATE),
    Param::each_text(c"domain", domains::add),
]);

static VARIABLES: Table<Variable, 2> = Table::new([
    Variable::new(c"pcscf_asserted_identity", variables::asserted_identity),
    Variable::new(c"pcscf_registration_contact", variables::registration_contact),
]);

kamailio::export!(
    Exports::new(c"ims_registrar_pcscf")
        .functions(&FUNCTIONS)
        .kemi(&KEMI)
        .params(&PARAMS)
        .variables(&VARIABLES)
        .on_init(start::init)
        .on_child(start::child)
        .on_destroy(start::destroy)
);
