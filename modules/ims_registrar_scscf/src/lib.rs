//! The registrar of an S-CSCF: it carries out REGISTERs with the HSS, says where requests go, and tells
//! who watches. Everything the module exports is on this page; what it means stands in its README.
#![forbid(unsafe_code)]

use kamailio::{
    kemi::Kemi,
    module::{Exports, Table},
    param::Param,
    pv::Variable,
    rpc::{Command, Help},
    script::{Function, Routes},
    stats::Stat,
};

mod answer;
mod assigned;
mod bindings;
mod commands;
mod copied;
mod domains;
mod event;
mod expiry;
mod functions;
mod hss;
mod lookup;
mod network;
mod own;
mod params;
mod profiles;
mod recent;
mod registered;
mod remove;
mod request;
mod save;
mod settings;
mod sharing;
mod shorten;
mod start;
mod stats;
mod tunable;
mod undone;
mod unproven;
mod unregister;
mod unregistered;
mod user_data;
mod waiting;
mod wildcard;

const SAVE: Routes = Routes::REQUEST.and(Routes::ONREPLY);
const BOTH: Routes = Routes::REQUEST.and(Routes::FAILURE);

static FUNCTIONS: Table<Function, 20> = Table::new([
    Function::new(c"save", SAVE, functions::save),
    Function::new(c"save", SAVE, functions::save_mode),
    Function::new(c"save", SAVE, functions::save_flags),
    Function::new(c"lookup", BOTH, functions::lookup),
    Function::new(c"lookup", BOTH, functions::lookup_ue_type),
    Function::new(c"lookup_path_to_contact", BOTH, functions::lookup_path_to_contact),
    Function::new(c"term_impu_registered", BOTH, functions::term_impu_registered),
    Function::new(c"term_impu_has_contact", BOTH, functions::term_impu_has_contact),
    Function::new(c"impu_registered", BOTH, functions::impu_registered),
    Function::new(c"assign_server_unreg", Routes::REQUEST, functions::assign_server_unreg),
    Function::new(
        c"assign_server_auth_failed",
        Routes::REQUEST,
        functions::assign_server_auth_failed,
    ),
    Function::new(c"add_sock_hdr", Routes::REQUEST, functions::add_sock_hdr),
    Function::new(c"unregister", BOTH, functions::unregister_to),
    Function::new(c"unregister", BOTH, functions::unregister),
    Function::new(c"reg_fetch_contacts", BOTH, functions::reg_fetch_contacts),
    Function::new(c"reg_free_contacts", BOTH, functions::reg_free_contacts),
    Function::new(c"can_subscribe_to_reg", Routes::REQUEST, event::can_subscribe_to_reg),
    Function::new(c"subscribe_to_reg", Routes::REQUEST, event::subscribe_to_reg),
    Function::new(c"can_publish_reg", Routes::REQUEST, event::can_publish_reg),
    Function::new(c"publish_reg", Routes::REQUEST, event::publish_reg),
]);

/// The name of the module in scripts of other languages.
const KSR: &core::ffi::CStr = c"ims_registrar_scscf";

static KEMI: Table<Kemi, 19> = Table::new([
    Kemi::new(KSR, c"save", functions::save),
    Kemi::new(KSR, c"save_flags", functions::save_flags),
    Kemi::new(KSR, c"lookup", functions::lookup),
    Kemi::new(KSR, c"lookup_ue_type", functions::lookup_ue_type),
    Kemi::new(KSR, c"lookup_path_to_contact", functions::lookup_path_to_contact),
    Kemi::new(KSR, c"term_impu_registered", functions::term_impu_registered),
    Kemi::new(KSR, c"term_impu_has_contact", functions::term_impu_has_contact),
    Kemi::new(KSR, c"impu_registered", functions::impu_registered),
    Kemi::new(KSR, c"assign_server_unreg", functions::assign_server_unreg),
    Kemi::new(KSR, c"assign_server_auth_failed", functions::assign_server_auth_failed),
    Kemi::new(KSR, c"add_sock_hdr", functions::add_sock_hdr),
    Kemi::new(KSR, c"unregister_to", functions::unregister_to),
    Kemi::new(KSR, c"unregister", functions::unregister),
    Kemi::new(KSR, c"reg_fetch_contacts", functions::reg_fetch_contacts),
    Kemi::new(KSR, c"reg_free_contacts", functions::reg_free_contacts),
    Kemi::new(KSR, c"can_subscribe_to_reg", event::can_subscribe_to_reg),
    Kemi::new(KSR, c"subscribe_to_reg", event::subscribe_to_reg),
    Kemi::new(KSR, c"can_publish_reg", event::can_publish_reg),
    Kemi::new(KSR, c"publish_reg", event::publish_reg),
]);

static PARAMS: Table<Param, 57> = Table::new([
    Param::int(c"default_expires", &params::DEFAULT_EXPIRES),
    Param::int(c"default_expires_range", &params::DEFAULT_EXPIRES_RANGE),
    Param::int(c"min_expires", &params::MIN_EXPIRES),
    Param::int(c"max_expires", &params::MAX_EXPIRES),
    Param::int(c"em_default_expires", &params::EM_DEFAULT_EXPIRES),
    Param::int(c"em_max_expires", &params::EM_MAX_EXPIRES),
    Param::int(c"em_min_expires", &params::EM_MIN_EXPIRES),
    Param::int(c"default_q", &params::DEFAULT_Q),
    Param::int(c"append_branches", &params::APPEND_BRANCHES),
    Param::int(c"case_sensitive", &params::CASE_SENSITIVE),
    Param::text(c"realm_prefix", &params::REALM_PREFIX),
    Param::text(c"received_param", &params::RECEIVED_PARAM),
    Param::text(c"received_avp", &params::RECEIVED_AVP),
    Param::text(c"aor_avp", &params::AOR_AVP),
    Param::text(c"reg_callid_avp", &params::REG_CALLID_AVP),
    Param::int(c"max_contacts", &params::MAX_CONTACTS),
    Param::int(c"retry_after", &params::RETRY_AFTER),
    Param::int(c"sock_flag", &params::SOCK_FLAG),
    Param::text(c"sock_hdr_name", &params::SOCK_HDR_NAME),
    Param::int(c"method_filtering", &params::METHOD_FILTERING),
    Param::int(c"use_path", &params::USE_PATH),
    Param::int(c"path_mode", &params::PATH_MODE),
    Param::int(c"path_use_received", &params::PATH_USE_RECEIVED),
    Param::text(c"user_data_dtd", &params::USER_DATA_DTD),
    Param::text(c"user_data_xsd", &params::USER_DATA_XSD),
    Param::int(c"support_wildcardPSI", &params::SUPPORT_WILDCARDPSI),
    Param::text(c"scscf_name", &params::SCSCF_NAME),
    Param::int(c"store_profile_dereg", &params::STORE_PROFILE_DEREG),
    Param::text(c"cxdx_forced_peer", &params::CXDX_FORCED_PEER),
    Param::text(c"cxdx_dest_realm", &params::CXDX_DEST_REALM),
    Param::int(c"subscription_default_expires", &params::SUBSCRIPTION_DEFAULT_EXPIRES),
    Param::int(c"subscription_min_expires", &params::SUBSCRIPTION_MIN_EXPIRES),
    Param::int(c"subscription_max_expires", &params::SUBSCRIPTION_MAX_EXPIRES),
    Param::int(c"subscription_expires_range", &params::SUBSCRIPTION_EXPIRES_RANGE),
    Param::int(c"expires_buffer_percent", &params::EXPIRES_BUFFER_PERCENT),
    Param::int(c"ue_unsubscribe_on_dereg", &params::UE_UNSUBSCRIBE_ON_DEREG),
    Param::int(c"user_data_always", &params::USER_DATA_ALWAYS),
    Param::int(c"error_reply_code", &params::ERROR_REPLY_CODE),
    Param::int(c"notification_list_size_threshold", &params::NOTIFICATION_LIST_SIZE_THRESHOLD),
    Param::int(c"max_notification_list_size", &params::MAX_NOTIFICATION_LIST_SIZE),
    Param::int(c"notification_processes", &params::NOTIFICATION_PROCESSES),
    Param::int(c"send_vs_callid_avp", &params::SEND_VS_CALLID_AVP),
    Param::int(c"skip_multiple_bindings_on_reg_resp", &params::SKIP_MULTIPLE_BINDINGS_ON_REG_RESP),
    Param::int(c"precise_errors", &params::PRECISE_ERRORS),
    Param::int(c"refuse_brief", &params::REFUSE_BRIEF),
    Param::int(c"sar_on_expiry", &params::SAR_ON_EXPIRY),
    Param::int(c"sar_on_admin_dereg", &params::SAR_ON_ADMIN_DEREG),
    Param::int(c"lookup_order", &params::LOOKUP_ORDER),
    Param::text(c"trusted_as", &params::TRUSTED_AS),
    Param::int(c"reginfo_first_version", &params::REGINFO_FIRST_VERSION),
    Param::int(c"final_notify", &params::FINAL_NOTIFY),
    Param::int(c"watchers_end_with_registration", &params::WATCHERS_END_WITH_REGISTRATION),
    Param::int(c"notify_timeout_limit", &params::NOTIFY_TIMEOUT_LIMIT),
    Param::text(c"reginfo_unknown_params", &params::REGINFO_UNKNOWN_PARAMS),
    Param::int(c"quiet_registrations", &params::QUIET_REGISTRATIONS),
    Param::int(c"reginfo_plain_events", &params::REGINFO_PLAIN_EVENTS),
    Param::each_text(c"domain", domains::add),
]);

static COMMANDS: Table<Command, 2> = Table::new([
    Command::new(
        c"regscscf.dereg_impu",
        &Help::new(
            c"End the registration of a public identity, for so many seconds if they are given.",
        ),
        commands::dereg_impu,
    ),
    Command::new(
        c"regscscf.shorten_impu",
        &Help::new(c"Leave the contacts of a public identity so many seconds at most."),
        commands::shorten_impu,
    ),
]);

static STATS: Table<Stat, 16> = Table::new([
    Stat::counter(c"accepted_regs", &stats::ACCEPTED),
    Stat::counter(c"rejected_regs", &stats::REJECTED),
    Stat::value(c"max_expires", stats::max_expires),
    Stat::value(c"max_contacts", stats::max_contacts),
    Stat::value(c"default_expire", stats::default_expire),
    Stat::value(c"default_expires_range", stats::default_expires_range),
    Stat::value(c"sar_avg_response_time", stats::sar_average),
    Stat::counter(c"sar_replies_received", &stats::SAR_REPLIES),
    Stat::counter(c"sar_replies_response_time", &stats::SAR_REPLY_TIME),
    Stat::counter(c"sar_timeouts", &stats::SAR_TIMEOUTS),
    Stat::value(c"notifies_in_q", event::notifies_in_q),
    Stat::counter(c"notifies_sent", &event::SENT),
    Stat::counter(c"notifies_failed", &event::FAILED),
    Stat::counter(c"notifies_dropped", &event::DROPPED),
    Stat::counter(c"notifies_coalesced", &event::COALESCED),
    Stat::counter(c"watchers_dropped", &event::WATCHERS_DROPPED),
]);

static VARIABLES: Table<Variable, 2> = Table::new([
    Variable::with_index(c"ulc", profiles::is_name, profiles::value),
    Variable::with_index(c"imssulc", profiles::is_name, profiles::value),
]);

kamailio::export!(
    Exports::new(c"ims_registrar_scscf")
        .functions(&FUNCTIONS)
        .kemi(&KEMI)
        .params(&PARAMS)
        .settings(&tunable::OWN)
        .commands(&COMMANDS)
        .stats(&STATS)
        .variables(&VARIABLES)
        .on_init(start::init)
        .on_child(start::child)
        .on_destroy(start::destroy)
);
