//! The locations of a P-CSCF: which contact is registered from where. Everything the module exports
//! is on this page; what it means stands in its README.
#![forbid(unsafe_code)]

use kamailio::{
    module::{Exports, Table},
    param::Param,
    pcscf::server,
    rpc::{Command, Help},
    script::Function,
    stats::Stat,
};
use store::Locations;

mod commands;
mod db;
mod debug_file;
mod domains;
mod expiry;
mod explain;
mod find;
mod listing;
mod params;
mod recent;
mod restored;
mod rows;
mod start;
mod stats;
mod store;
mod supersede;
mod touched;

/// For other modules; there is none for scripts.
static FUNCTIONS: Table<Function, 9> = Table::new([
    server::bind::<Locations>(),
    server::replace_ids::<Locations>(),
    server::supersede::<Locations>(),
    server::of_identity::<Locations>(),
    server::find_parsed::<Locations>(),
    server::insert_parsed::<Locations>(),
    server::look::<Locations>(),
    server::end_look::<Locations>(),
    server::restored::<Locations>(),
]);

static PARAMS: Table<Param, 15> = Table::new([
    Param::int(c"hash_size", &params::HASH_SIZE),
    Param::int(c"timer_interval", &params::TIMER_INTERVAL),
    Param::text(c"db_url", &params::DB_URL),
    Param::int(c"db_mode", &params::DB_MODE),
    Param::int(c"db_flush_interval", &params::DB_FLUSH_INTERVAL),
    Param::int(c"db_refresh", &params::DB_REFRESH),
    Param::int(c"db_sqlite_wal", &params::DB_SQLITE_WAL),
    Param::int(c"expires_grace", &params::EXPIRES_GRACE),
    Param::int(c"match_contact_host_port", &params::MATCH_CONTACT_HOST_PORT),
    Param::int(c"audit_expired_pcontacts_timeout", &params::AUDIT_EXPIRED_PCONTACTS_TIMEOUT),
    Param::int(c"audit_expired_pcontacts_interval", &params::AUDIT_EXPIRED_PCONTACTS_INTERVAL),
    Param::int(c"enable_debug_file", &params::ENABLE_DEBUG_FILE),
    Param::text(c"usrloc_debug_file", &params::USRLOC_DEBUG_FILE),
    Param::each_int(c"hashing_type", params::hashing_type),
    Param::each_int(c"lookup_check_received", params::lookup_check_received),
]);

static COMMANDS: Table<Command, 5> = Table::new([
    Command::new(
        c"ulpcscf.status",
        &Help::new(c"Show the domains, how many contacts each has, and since 5.7 the contacts."),
        listing::status,
    ),
    Command::new(
        c"ulpcscf.list",
        &Help::new(c"List contacts as structures, some at a time: [DOMAIN] [OFFSET [COUNT]]."),
        listing::list,
    )
    .list(),
    Command::new(
        c"ulpcscf.show",
        &Help::new(c"Show all that is known of the contacts with a URI."),
        commands::show,
    )
    .list(),
    Command::new(
        c"ulpcscf.explain",
        &Help::new(c"Show why an address and port finds which contacts, or does not."),
        commands::explain,
    )
    .list(),
    Command::new(
        c"ulpcscf.delete",
        &Help::new(c"Remove the contacts with a URI as if they de-registered."),
        commands::delete,
    ),
]);

static STATS: Table<Stat, 9> = Table::new([
    Stat::value(c"registered_contacts", stats::registered_contacts),
    Stat::value(c"registered_impus", stats::registered_impus),
    Stat::value(c"expired_contacts", stats::expired_contacts),
    Stat::value(c"db_rows_pending", stats::db_rows_pending),
    Stat::counter(c"db_rows_written", &db::stats::ROWS_WRITTEN),
    Stat::counter(c"db_write_errors", &db::stats::WRITE_ERRORS),
    Stat::counter(c"db_rows_loaded", &db::stats::ROWS_LOADED),
    Stat::counter(c"db_rows_skipped", &db::stats::ROWS_SKIPPED),
    Stat::counter(c"db_read_errors", &db::stats::READ_ERRORS),
]);

kamailio::export!(
    Exports::new(c"ims_usrloc_pcscf")
        .functions(&FUNCTIONS)
        .params(&PARAMS)
        .commands(&COMMANDS)
        .stats(&STATS)
        .on_init(start::init)
        .on_child(start::child)
        .on_destroy(start::destroy)
);
