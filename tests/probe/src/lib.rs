//! A module that exercises every service of the runtime: everything it exports is on this page.

mod commands;
mod functions;
mod params;
mod services;
mod state;
mod variables;

use kamailio::{
    cfg::{Group, Setting},
    kemi::Kemi,
    module::{Exports, Table},
    param::Param,
    pv::Variable,
    rpc::{Command, Help},
    script::{Function, Routes},
    stats::Stat,
};

static FUNCTIONS: Table<Function, 17> = Table::new([
    Function::new(c"probe_sum", Routes::ANY, functions::sum0),
    Function::new(c"probe_sum", Routes::ANY, functions::sum1),
    Function::new(c"probe_sum", Routes::ANY, functions::sum2),
    Function::new(c"probe_sum", Routes::ANY, functions::sum3),
    Function::new(c"probe_sum", Routes::ANY, functions::sum4),
    Function::new(c"probe_sum", Routes::ANY, functions::sum5),
    Function::new(c"probe_sum", Routes::ANY, functions::sum6),
    Function::variadic(c"probe_join", Routes::REQUEST.and(Routes::FAILURE), functions::join),
    Function::new(c"probe_panic", Routes::ANY, functions::panic),
    Function::new(c"probe_panic_locked", Routes::ANY, functions::panic_locked),
    Function::new(c"probe_refuse", Routes::ANY, functions::refuse),
    Function::new(c"probe_fill", Routes::ANY, functions::fill),
    Function::new(c"probe_avp", Routes::ANY, services::avp),
    Function::new(c"probe_change", Routes::ANY, services::change),
    Function::new(c"probe_reply", Routes::REQUEST, services::reply),
    Function::new(c"probe_watch", Routes::REQUEST, services::watch),
    Function::new(c"probe_notify", Routes::REQUEST, services::notify),
]);

static KEMI: Table<Kemi, 6> = Table::new([
    Kemi::new(c"probe", c"sum0", functions::sum0),
    Kemi::new(c"probe", c"sum1", functions::sum1),
    Kemi::new(c"probe", c"sum2", functions::sum2),
    Kemi::new(c"probe", c"sum3", functions::sum3),
    Kemi::new(c"probe", c"sum5", functions::sum5),
    Kemi::new(c"probe", c"panic", functions::panic),
]);

static PARAMS: Table<Param, 7> = Table::new([
    Param::int(c"number", &params::NUMBER),
    Param::text(c"text", &params::TEXT),
    Param::each_text(c"word", params::add_word),
    Param::each_int(c"add", params::add_number),
    Param::text(c"panic_in", &params::PANIC_IN),
    Param::text(c"avp", &params::AVP),
    Param::text(c"db_url", &params::DB_URL),
]);

static COMMANDS: Table<Command, 12> = Table::new([
    Command::new(c"probe.params", &Help::new(c"The parameters."), commands::params),
    Command::new(c"probe.settings", &Help::new(c"The settings."), commands::settings),
    Command::new(c"probe.echo", &Help::new(c"Its arguments."), commands::echo),
    Command::new(c"probe.nested", &Help::new(c"Structures and lists."), commands::nested),
    Command::new(c"probe.list", &Help::new(c"A list of structures."), commands::list).list(),
    Command::new(c"probe.long", &Help::new(c"As much as asked for."), commands::long),
    Command::new(c"probe.fault", &Help::new(c"Always fails."), commands::fault),
    Command::new(c"probe.panic", &Help::new(c"Panics."), commands::panic),
    Command::new(c"probe.db", &Help::new(c"Rows of a table."), services::database).list(),
    Command::new(c"probe.table", &Help::new(c"Pieces of a table."), services::table).list(),
    Command::new(c"probe.ticks", &Help::new(c"Seconds by the timer."), commands::ticks),
    Command::new(c"probe.lock", &Help::new(c"Counts under the lock."), commands::lock),
]);

static STATS: Table<Stat, 3> = Table::new([
    Stat::counter(c"sums", &functions::SUMS),
    Stat::value(c"locked", state::locked),
    Stat::value(c"panic", state::panic),
]);

static VARIABLES: Table<Variable, 2> = Table::new([
    Variable::new(c"probe", variables::get),
    Variable::with_name(c"probes", variables::named),
]);

static SETTINGS: Group = Group::new(
    c"probe",
    &[
        Setting::int(c"level", 3, 0..=10, c"a number"),
        Setting::text(c"greeting", c"hello", c"a text"),
        Setting::int(c"depth", 7, 0..=10, c"a number behind a text"),
    ],
);

kamailio::export!(
    Exports::new(c"probe")
        .functions(&FUNCTIONS)
        .kemi(&KEMI)
        .params(&PARAMS)
        .commands(&COMMANDS)
        .stats(&STATS)
        .variables(&VARIABLES)
        .settings(&SETTINGS)
        .on_init(state::init)
        .on_child(state::child_init)
        .on_destroy(state::destroy)
);
