//! The locations of an S-CSCF: who is registered with which contacts and which profile. Everything
//! the module exports is on this page; what it means stands in its README.
#![forbid(unsafe_code)]

use kamailio::{
    module::{Exports, Table},
    param::Param,
    rpc::{Command, Help},
    script::Function,
    scscf::server,
    stats::Stat,
};
use store::Locations;

mod commands;
mod contacts;
mod db;
mod debug_file;
mod dialogs;
mod dump;
mod engine;
mod expiry;
mod identities;
mod meant;
mod occupancy;
mod pack;
mod params;
mod restore;
mod rows;
mod settings;
mod settle;
mod start;
mod state;
mod stats;
mod store;
mod subscribers;
mod touched;
mod watchers;
mod wildcards;

/// For other modules; there is none for scripts.
static FUNCTIONS: Table<Function, 8> = Table::new([
    server::bind::<Locations>(),
    server::life_events::<Locations>(),
    server::identities_of::<Locations>(),
    server::look::<Locations>(),
    server::end_look::<Locations>(),
    server::take_subscription::<Locations>(),
    server::hold_rows::<Locations>(),
    server::write_rows::<Locations>(),
]);

static PARAMS: Table<Param, 29> = Table::new([
    Param::int(c"timer_interval", &params::TIMER_INTERVAL),
    Param::int(c"timer_procs", &params::TIMER_PROCS),
    Param::int(c"hash_size", &params::HASH_SIZE),
    Param::int(c"subs_hash_size", &params::SUBS_HASH_SIZE),
    Param::int(c"contacts_hash_size", &params::CONTACTS_HASH_SIZE),
    Param::int(c"sub_dialog_hash_size", &params::SUB_DIALOG_HASH_SIZE),
    Param::int(c"matching_mode", &params::MATCHING_MODE),
    Param::int(c"desc_time_order", &params::DESC_TIME_ORDER),
    Param::int(c"cseq_delay", &params::CSEQ_DELAY),
    Param::int(c"nat_bflag", &params::NAT_BFLAG),
    Param::int(c"contact_delete_delay", &params::CONTACT_DELETE_DELAY),
    Param::int(c"unreg_validity", &params::UNREG_VALIDITY),
    Param::int(c"maxcontact", &params::MAXCONTACT),
    Param::int(c"maxcontact_3gpp", &params::MAXCONTACT_3GPP),
    Param::int(c"maxcontact_behaviour", &params::MAXCONTACT_BEHAVIOUR),
    Param::int(c"max_subscribes", &params::MAX_SUBSCRIBES),
    Param::int(c"support_wildcardPSI", &params::SUPPORT_WILDCARDPSI),
    Param::text(c"realm", &params::REALM),
    Param::int(c"skip_realm", &params::SKIP_REALM),
    Param::text(c"user_data_dtd", &params::USER_DATA_DTD),
    Param::text(c"user_data_xsd", &params::USER_DATA_XSD),
    Param::int(c"db_mode", &params::DB_MODE),
    Param::text(c"db_url", &params::DB_URL),
    Param::int(c"fetch_rows", &params::FETCH_ROWS),
    Param::int(c"db_flush_interval", &params::DB_FLUSH_INTERVAL),
    Param::int(c"db_sqlite_wal", &params::DB_SQLITE_WAL),
    Param::text(c"subscriber_table", &params::SUBSCRIBER_TABLE),
    Param::int(c"enable_debug_file", &params::ENABLE_DEBUG_FILE),
    Param::text(c"usrloc_debug_file", &params::USRLOC_DEBUG_FILE),
]);

static COMMANDS: Table<Command, 8> = Table::new([
    Command::new(
        c"ulscscf.status",
        &Help::new(c"Show the domains and how many identities each has."),
        commands::status,
    ),
    Command::new(
        c"ulscscf.showimpu",
        &Help::new(c"Show an identity with its profile and its contacts."),
        commands::showimpu,
    ),
    Command::new(
        c"ulscscf.snapshot",
        &Help::new(c"Append all that is known to a file."),
        commands::snapshot,
    ),
    Command::new(
        c"ulscscf.list",
        &Help::new(c"List identities as structures, from a place on, so many."),
        commands::list,
    ),
    Command::new(
        c"ulscscf.explain",
        &Help::new(c"Show why an identity is registered, until when, by whom, and who watches."),
        commands::explain,
    ),
    Command::new(
        c"ulscscf.delete_contact",
        &Help::new(c"End a contact of an identity as if its time were over."),
        commands::delete_contact,
    ),
    Command::new(
        c"ulscscf.lock",
        &Help::new(c"Show who holds the lock, for what, since when."),
        commands::lock,
    ),
    Command::new(
        c"ulscscf.db_audit",
        &Help::new(c"Remove rows that belong to nobody."),
        commands::db_audit,
    ),
]);

static STATS: Table<Stat, 15> = Table::new([
    Stat::value(c"active_subscriptions", stats::active_subscriptions),
    Stat::value(c"subscription_collisions", stats::subscription_collisions),
    Stat::value(c"active_impus", stats::active_impus),
    Stat::value(c"impu_collisions", stats::impu_collisions),
    Stat::value(c"active_contacts", stats::active_contacts),
    Stat::value(c"contact_collisions", stats::contact_collisions),
    Stat::value(c"active_watchers", stats::active_watchers),
    Stat::value(c"lock_waits", stats::lock_waits),
    Stat::value(c"lock_takeovers", stats::lock_takeovers),
    Stat::value(c"db_rows_pending", stats::db_rows_pending),
    Stat::counter(c"db_rows_written", &db::stats::ROWS_WRITTEN),
    Stat::counter(c"db_write_errors", &db::stats::WRITE_ERRORS),
    Stat::counter(c"db_rows_loaded", &db::stats::ROWS_LOADED),
    Stat::counter(c"db_rows_skipped", &db::stats::ROWS_SKIPPED),
    Stat::counter(c"db_read_errors", &db::stats::READ_ERRORS),
]);

kamailio::export!(
    Exports::new(c"ims_usrloc_scscf")
        .functions(&FUNCTIONS)
        .params(&PARAMS)
        .commands(&COMMANDS)
        .stats(&STATS)
        .on_init(start::init)
        .on_child(start::child)
        .on_destroy(start::destroy)
);
