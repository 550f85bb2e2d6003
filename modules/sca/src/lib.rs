//! Shared call appearances: one line on many phones. Everything the module exports is on this
//! page; what it means stands in its README.
#![forbid(unsafe_code)]

use kamailio::{
    kemi::Kemi,
    module::{Exports, Table},
    param::Param,
    rpc::{Command, Help},
    script::{Function, Routes},
    stats::Stat,
};

mod callbacks;
mod calls;
mod commands;
mod db;
mod functions;
mod invite;
mod lines;
mod names;
mod notify;
mod outbox;
mod params;
mod parties;
mod settings;
mod start;
mod stats;
mod subscribe;
mod timers;

const CALLS: Routes = Routes::REQUEST.and(Routes::FAILURE).and(Routes::ONREPLY);

static FUNCTIONS: Table<Function, 7> = Table::new([
    Function::new(c"sca_handle_subscribe", Routes::REQUEST, functions::handle_subscribe),
    Function::new(c"sca_handle_subscribe", Routes::REQUEST, functions::handle_subscribe_to),
    Function::new(c"sca_handle_subscribe", Routes::REQUEST, functions::handle_subscribe_to_from),
    Function::new(c"sca_call_info_update", CALLS, functions::call_info_update),
    Function::new(c"sca_call_info_update", CALLS, functions::call_info_update_mask),
    Function::new(c"sca_call_info_update", CALLS, functions::call_info_update_to),
    Function::new(c"sca_call_info_update", CALLS, functions::call_info_update_to_from),
]);

static KEMI: Table<Kemi, 6> = Table::new([
    Kemi::new(c"sca", c"handle_subscribe", functions::handle_subscribe),
    Kemi::new(c"sca", c"handle_subscribe_uris", functions::handle_subscribe_to_from),
    Kemi::new(c"sca", c"call_info_update_default", functions::call_info_update),
    Kemi::new(c"sca", c"call_info_update_mask", functions::call_info_update_mask),
    Kemi::new(c"sca", c"call_info_update_turi", functions::call_info_update_to),
    Kemi::new(c"sca", c"call_info_update", functions::call_info_update_to_from),
]);

static PARAMS: Table<Param, 19> = Table::new([
    Param::int(c"hash_table_size", &params::HASH_TABLE_SIZE),
    Param::int(c"call_info_max_expires", &params::CALL_INFO_MAX_EXPIRES),
    Param::int(c"line_seize_max_expires", &params::LINE_SEIZE_MAX_EXPIRES),
    Param::int(c"purge_expired_interval", &params::PURGE_EXPIRED_INTERVAL),
    Param::text(c"db_url", &params::DB_URL),
    Param::text(c"subs_table", &params::SUBS_TABLE),
    Param::text(c"state_table", &params::STATE_TABLE),
    Param::int(c"db_update_interval", &params::DB_UPDATE_INTERVAL),
    Param::text(c"outbound_proxy", &params::OUTBOUND_PROXY),
    Param::int(c"onhold_bflag", &params::ONHOLD_BFLAG),
    Param::text(c"server_address", &params::SERVER_ADDRESS),
    Param::text(c"contact_fallback", &params::CONTACT_FALLBACK),
    Param::text(c"from_uri_avp", &params::FROM_URI_AVP),
    Param::text(c"to_uri_avp", &params::TO_URI_AVP),
    Param::int(c"db_mode", &params::DB_MODE),
    Param::int(c"state_update_interval", &params::STATE_UPDATE_INTERVAL),
    Param::text(c"pai_avp", &params::PAI_AVP),
    Param::int(c"drop_failed_subscribers", &params::DROP_FAILED_SUBSCRIBERS),
    Param::int(c"obey_retry_after", &params::OBEY_RETRY_AFTER),
]);

static COMMANDS: Table<Command, 13> = Table::new([
    Command::new(
        c"sca.all_subscriptions",
        &Help::new(c"Show all SCA subscriptions."),
        commands::all_subscriptions,
    ),
    Command::new(
        c"sca.subscription_count",
        &Help::new(c"Show the number of call-info or line-seize subscriptions."),
        commands::subscription_count,
    ),
    Command::new(
        c"sca.show_subscription",
        &Help::new(c"Show the subscriptions to an AoR for an event, or that of one contact."),
        commands::show_subscription,
    ),
    Command::new(
        c"sca.subscribers",
        &Help::new(c"Not yet implemented."),
        commands::not_yet_implemented,
    ),
    Command::new(
        c"sca.deactivate_all_subscriptions",
        &Help::new(c"End all subscriptions and tell the subscribers."),
        commands::deactivate_all_subscriptions,
    ),
    Command::new(
        c"sca.deactivate_subscription",
        &Help::new(c"Not implemented."),
        commands::not_implemented,
    ),
    Command::new(
        c"sca.all_appearances",
        &Help::new(c"Show all appearances in use."),
        commands::all_appearances,
    ),
    Command::new(
        c"sca.show_appearance",
        &Help::new(c"Not yet implemented."),
        commands::not_yet_implemented,
    ),
    Command::new(
        c"sca.seize_appearance",
        &Help::new(c"Seize an appearance of an AoR for a contact."),
        commands::seize_appearance,
    ),
    Command::new(
        c"sca.update_appearance",
        &Help::new(c"Set the state of an appearance in use."),
        commands::update_appearance,
    ),
    Command::new(
        c"sca.release_appearance",
        &Help::new(c"Release an appearance in use."),
        commands::release_appearance,
    ),
    Command::new(
        c"sca.list_subscriptions",
        &Help::new(c"List subscriptions as structures, all or those to one AoR."),
        commands::list_subscriptions,
    )
    .list(),
    Command::new(
        c"sca.list_appearances",
        &Help::new(c"List appearances as structures, all or those of one AoR."),
        commands::list_appearances,
    )
    .list(),
]);

static STATS: Table<Stat, 13> = Table::new([
    Stat::value(c"subscriptions_call_info", stats::call_info),
    Stat::value(c"subscriptions_line_seize", stats::line_seize),
    Stat::value(c"appearances_idle", stats::idle),
    Stat::value(c"appearances_seized", stats::seized),
    Stat::value(c"appearances_progressing", stats::progressing),
    Stat::value(c"appearances_alerting", stats::alerting),
    Stat::value(c"appearances_active", stats::active),
    Stat::value(c"appearances_held", stats::held),
    Stat::value(c"appearances_held_private", stats::held_private),
    Stat::counter(c"notifies_sent", &stats::NOTIFIES_SENT),
    Stat::counter(c"notifies_failed", &stats::NOTIFIES_FAILED),
    Stat::counter(c"seizes_granted", &stats::SEIZES_GRANTED),
    Stat::counter(c"seizes_refused", &stats::SEIZES_REFUSED),
]);

kamailio::export!(
    Exports::new(c"sca")
        .functions(&FUNCTIONS)
        .kemi(&KEMI)
        .params(&PARAMS)
        .commands(&COMMANDS)
        .stats(&STATS)
        .on_init(start::init)
        .on_child(start::child)
        .on_destroy(start::destroy)
);
