//! What a module does with messages, transactions, replies, AVPs, timers and databases.

use crate::{params, state};
use kamailio::{
    Error,
    avp::{AvpSpec, NotAnAvp},
    db::{Column, Condition, Database, DbError, Op, Page, Value},
    error::Report,
    msg::{ChangeError, Contact, Malformed, Msg},
    rpc::{Args, Fault, Reply},
    script::Verdict,
    sl::Sl,
    timer,
    tm::{Completed, InDialog, RequestError, ResponseReady, Tm, Transaction},
};
use std::{num::NonZeroU32, sync::OnceLock};

/// Why a service did not serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    #[error(transparent)]
    Core(#[from] Error),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Avp(#[from] NotAnAvp),
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error("malformed {}", .0.0)]
    Malformed(Malformed),
    #[error("the module is not set up")]
    Missing,
}

impl From<Malformed> for ServiceError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl Report for ServiceError {}

/// What is bound before the fork.
#[derive(Debug)]
struct Bound {
    tm: Tm,
    sl: Sl,
    avp: AvpSpec,
    database: Option<Database>,
}

static BOUND: OnceLock<Bound> = OnceLock::new();

type Answer = Result<Verdict, ServiceError>;

pub(crate) fn bind() -> Result<(), ServiceError> {
    let url = params::DB_URL.non_empty();
    let bound = Bound {
        tm: Tm::bind()?,
        sl: Sl::bind()?,
        avp: AvpSpec::parse(params::AVP.get())?,
        database: url.map(Database::bind).transpose()?,
    };
    bound.sl.on_reply_ready(replied)?;
    timer::every(NonZeroU32::MIN, tick)?;
    BOUND.get_or_init(|| bound);
    Ok(())
}

fn bound() -> Result<&'static Bound, ServiceError> {
    BOUND.get().ok_or(ServiceError::Missing)
}

/// `probe_avp()`: puts an exclamation mark behind the AVP that the parameter names.
pub(crate) fn avp(_: &Msg<'_>) -> Answer {
    let avp = bound()?.avp;
    let Some(mut text) = avp.text() else { return Ok(Verdict::FALSE) };
    text.push(b'!');
    avp.set_text(&text)?;
    Ok(Verdict::TRUE)
}

/// `probe_change()`: takes the header X-Old out, puts X-New in, and counts those called X-Many.
pub(crate) fn change(msg: &Msg<'_>) -> Answer {
    msg.parse()?;
    if let Some(old) = msg.headers(b"X-Old").next() {
        msg.remove_header(&old)?;
    }
    msg.append_header(b"X-New: in its place\r\n")?;
    let many = i32::try_from(msg.headers(b"x-many").count()).unwrap_or(i32::MAX);
    Ok(Verdict::other(many.saturating_add(1)))
}

/// `probe_reply()`: replies with a header of its own.
pub(crate) fn reply(msg: &Msg<'_>) -> Answer {
    msg.add_reply_header(b"X-Reply: yes\r\n")?;
    bound()?.sl.reply(msg, 299, "Probed")?;
    Ok(Verdict::TRUE)
}

/// `probe_watch()`: wants to know of the responses to this request.
pub(crate) fn watch(msg: &Msg<'_>) -> Answer {
    bound()?.tm.on_response_ready(msg, responding)?;
    Ok(Verdict::TRUE)
}

fn responding(transaction: &Transaction<'_>, response: &ResponseReady<'_>) {
    params::panic_in("response");
    let call_id = transaction.call_id().map_or(0, <[u8]>::len);
    kamailio::notice!(
        "response {} to a call-id of {call_id} bytes, relayed {}",
        response.status,
        response.relayed.is_some()
    );
}

/// `probe_notify()`: sends a NOTIFY to the Contact of this request.
pub(crate) fn notify(msg: &Msg<'_>) -> Answer {
    msg.parse()?;
    let Contact::One(target) = msg.contact() else { return Ok(Verdict::FALSE) };
    let (from, to) = (msg.from()?, msg.to()?);
    let request = InDialog {
        method: b"NOTIFY",
        local_uri: to.uri,
        remote_uri: from.uri,
        target,
        call_id: msg.call_id()?,
        local_tag: b"probe",
        remote_tag: from.tag.unwrap_or_default(),
        cseq: 7,
        routes: b"",
        headers: b"Event: probe\r\nSubscription-State: active\r\n",
        body: b"",
        socket: None,
    };
    bound()?.tm.request_within_then(&request, 42, completed)?;
    Ok(Verdict::TRUE)
}

fn completed(end: &Completed<'_>) {
    params::panic_in("completed");
    let sent = end.transaction.sent_request().map_or(0, <[u8]>::len);
    kamailio::notice!(
        "NOTIFY {} ended with {}, retry after {:?}, reply {}, sent {}",
        end.token,
        end.status,
        end.retry_after(),
        end.reply.is_some(),
        sent > 0
    );
}

fn replied(_: &Msg<'_>, status: u16) {
    params::panic_in("reply");
    if status == 299 {
        kamailio::notice!("a stateless reply with {status}");
    }
}

fn tick() {
    state::tick();
    params::panic_in("timer");
}

/// `probe.db`: what a table has after rows were put in, changed and taken out.
pub(crate) fn database(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let fault = |error: DbError| Fault::new(500, error.to_string());
    let database = BOUND.get().and_then(|bound| bound.database.as_ref());
    let database = database.ok_or_else(|| Fault::new(500, "no db_url"))?;
    let rows = work(database).map_err(fault)?;
    for (number, text) in rows {
        reply.line(format_args!("{number:?} {text:?}"))?;
    }
    Ok(())
}

type Rows = Vec<(Option<i64>, Option<String>)>;

fn work(database: &Database) -> Result<Rows, DbError> {
    let (table, columns) = (b"probe", ["number", "word"]);
    let open = database.session()?;
    open.raw("DROP TABLE IF EXISTS probe")?;
    open.raw("CREATE TABLE probe (number BIGINT, word VARCHAR(64))")?;
    let insert = |number, word| open.insert(table, &[("number", number), ("word", word)]);
    insert(Value::Int(1), Value::Text(b"one"))?;
    insert(Value::Int(1 << 40), Value::Text(b"it's; -- \"two\""))?;
    insert(Value::Null, Value::Null)?;
    insert(Value::Int(4), Value::Text(b"gone"))?;
    let first = Condition::equal("number", Value::Int(1));
    let kept = open.transaction()?;
    open.update(table, &[first], &[("word", Value::Text(b"first"))])?;
    kept.commit()?;
    let forgotten = open.transaction()?;
    open.update(table, &[first], &[("word", Value::Text(b"never"))])?;
    drop(forgotten);
    open.delete(table, &[Condition::equal("number", Value::Int(4))])?;
    let rows = open.query(table, &columns, &[], Some("number"))?;
    let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    Ok(rows.iter().map(|row| (row.int(0), row.text(1).map(text))).collect())
}

/// `probe.table`: what is known of a table, how many rows statements meet, and pieces of it.
pub(crate) fn table(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let fault = |error: DbError| Fault::new(500, error.to_string());
    let database = BOUND.get().and_then(|bound| bound.database.as_ref());
    let database = database.ok_or_else(|| Fault::new(500, "no db_url"))?;
    for line in look(database).map_err(fault)? {
        reply.line(format_args!("{line}"))?;
    }
    Ok(())
}

fn look(database: &Database) -> Result<Vec<String>, DbError> {
    let open = database.session()?;
    open.wait_when_busy(1000)?;
    open.raw("DROP TABLE IF EXISTS pieces")?;
    let none = open.describe(b"pieces")?.map(|columns| columns.len());
    open.raw("CREATE TABLE pieces (id INT, word VARCHAR(64))")?;
    for number in 1..=5 {
        open.insert(b"pieces", &[("id", Value::Int(number)), ("word", Value::Text(b"a"))])?;
    }
    let columns = open.describe(b"pieces")?.unwrap_or_default();
    let describe = |column: &Column| {
        let name = String::from_utf8_lossy(&column.name);
        format!("{name} {:?}", column.limit)
    };
    let mut lines = vec![format!("{none:?}")];
    lines.extend(columns.iter().map(describe));
    let late = Condition { column: "id", op: Op::Greater, value: Value::Int(3) };
    open.update(b"pieces", &[late], &[("word", Value::Text(b"b"))])?;
    lines.push(format!("updated {:?}", open.affected_rows()?));
    open.update(b"pieces", &[Condition::equal("id", Value::Int(9))], &[("id", Value::Int(8))])?;
    lines.push(format!("updated {:?}", open.affected_rows()?));
    let word = [Condition::equal("word", Value::Text(b"a"))];
    for after in [0, 2, 3] {
        let page = Page {
            table: b"pieces",
            columns: &["id"],
            conditions: &word,
            key: "id",
            after,
            limit: 2,
        };
        let ids: Vec<_> = open.page(&page)?.iter().filter_map(|row| row.int(0)).collect();
        lines.push(format!("after {after} {ids:?}"));
    }
    Ok(lines)
}
