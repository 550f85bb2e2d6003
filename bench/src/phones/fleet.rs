//! All phones of a run, on one socket.

use super::{
    message::{Kind, Message},
    operation::{Next, Operation, Watch},
    party::{CallId, Party, Purpose},
    script::Step,
};
use anyhow::{Context as _, Result, ensure};
use socket2::{Domain, Socket, Type};
use std::{
    collections::{HashMap, VecDeque},
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    ops::Range,
    time::{Duration, Instant},
};

/// What the kernel may hold for the phones while the generator is busy, in bytes.
const RECEIVE_BUFFER: usize = 4 << 20;
/// How often operations are looked at for repetitions.
const TICK: Duration = Duration::from_millis(50);
/// How many failures are told in full.
const TOLD: usize = 3;

/// One phone between its operations.
#[derive(Clone, Debug, Default)]
struct Phone {
    watch: Watch,
    /// The last NOTIFY of its call-info subscription, to know one that is repeated.
    notify: u32,
}

/// The phones of all lines, and the outside party that they call.
#[derive(Debug)]
pub(crate) struct Fleet {
    socket: UdpSocket,
    local: SocketAddr,
    server: SocketAddr,
    lines: Vec<Vec<Phone>>,
    active: HashMap<usize, Operation>,
    serial: u32,
}

/// What a run of operations came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Operations that ran to the end.
    pub(crate) done: usize,
    /// Operations that did not.
    pub(crate) failed: usize,
    /// Messages sent by the phones.
    pub(crate) sent: usize,
    /// Messages that the phones or the server had to repeat.
    pub(crate) repeated: usize,
    /// The first failures in words.
    pub(crate) reasons: Vec<String>,
    /// How long it took.
    pub(crate) time: Duration,
}

impl Tally {
    /// The share of messages that were lost or late, from 0 to 1.
    pub(crate) fn loss(&self) -> f64 {
        let lost = u32::try_from(self.failed.saturating_add(self.repeated)).unwrap_or(u32::MAX);
        let sent = u32::try_from(self.sent.max(1)).unwrap_or(u32::MAX);
        f64::from(lost) / f64::from(sent)
    }

    /// Fails if more than one operation in a thousand failed. What was said twice is done all the same:
    /// where no CPU time is taken, or a database is slower than a phone is patient.
    ///
    /// # Errors
    ///
    /// The number of failures, with the first reasons.
    pub(crate) fn answered(&self) -> Result<()> {
        let Self { failed, sent, reasons, .. } = self;
        ensure!(
            failed.saturating_mul(1_000) <= *sent,
            "{failed} of {sent} requests failed: {reasons:?}"
        );
        Ok(())
    }

    /// Fails if more than one message in a thousand was lost.
    ///
    /// # Errors
    ///
    /// The loss, with the first reasons.
    pub(crate) fn check(&self) -> Result<()> {
        let Self { failed, repeated, sent, reasons, .. } = self;
        ensure!(
            self.loss() <= 0.001,
            "{failed} operations failed and {repeated} messages were repeated, with {sent} sent, \
             at most 0.1 % allowed: {reasons:?}"
        );
        Ok(())
    }
}

impl Fleet {
    /// Phones for `server`: one line for each element, with that many members.
    ///
    /// # Errors
    ///
    /// The socket cannot be made.
    pub(crate) fn new(
        server: SocketAddr,
        members: impl IntoIterator<Item = usize>,
    ) -> Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let socket = UdpSocket::from(socket);
        socket.set_read_timeout(Some(TICK))?;
        let local = socket.local_addr()?;
        let lines = members.into_iter().map(|count| vec![Phone::default(); count]).collect();
        Ok(Self { socket, local, server, lines, active: HashMap::new(), serial: 0 })
    }

    /// The socket of all phones and of the outside party.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// All phones of a range of lines.
    pub(crate) fn parties(&self, lines: Range<usize>) -> Vec<Party> {
        let each = |line| (0..self.members(line)).map(move |member| Party { line, member });
        lines.flat_map(each).collect()
    }

    /// Plays `script` once for each of `parties`, in order, `window` at a time; a line is given
    /// one operation at a time, so a party whose line is busy waits for it.
    ///
    /// # Errors
    ///
    /// The socket fails; what the server does wrong is in the tally.
    pub(crate) fn play(
        &mut self,
        script: &'static [Step],
        parties: impl IntoIterator<Item = Party>,
        window: usize,
    ) -> Result<Tally> {
        let began = Instant::now();
        let mut tally = Tally::default();
        let mut waiting: VecDeque<Party> = parties.into_iter().collect();
        let mut ticked = began;
        let mut buffer = vec![0; 65_536];
        while !waiting.is_empty() || !self.active.is_empty() {
            while self.active.len() < window
                && waiting.front().is_some_and(|party| !self.active.contains_key(&party.line))
            {
                let Some(party) = waiting.pop_front() else { break };
                self.open(script, party, &mut tally)?;
            }
            match self.socket.recv(&mut buffer) {
                Ok(length) => {
                    let datagram = buffer.get(..length).unwrap_or_default();
                    self.receive(datagram, &mut tally)?;
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error).context("cannot receive"),
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                self.tick(ticked, &mut tally)?;
            }
        }
        tally.time = began.elapsed();
        Ok(tally)
    }

    /// Answers NOTIFYs that come outside of operations, for `time`.
    ///
    /// # Errors
    ///
    /// The socket fails.
    pub(crate) fn idle(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        let mut tally = Tally::default();
        let mut buffer = vec![0; 65_536];
        while Instant::now() < end {
            if let Ok(length) = self.socket.recv(&mut buffer) {
                self.receive(buffer.get(..length).unwrap_or_default(), &mut tally)?;
            }
        }
        Ok(())
    }

    /// How many members a line has.
    fn members(&self, line: usize) -> usize {
        self.lines.get(line).map_or(0, Vec::len)
    }

    fn open(&mut self, script: &'static [Step], party: Party, tally: &mut Tally) -> Result<()> {
        self.serial = self.serial.wrapping_add(1);
        let watch = self.phone(party).map(|phone| phone.watch.clone()).unwrap_or_default();
        let members = self.members(party.line);
        let operation = Operation::new(party, members, script, self.serial, watch, Instant::now());
        self.active.insert(party.line, operation);
        self.advance(party.line, tally)
    }

    /// Begins the next step of the operation on `line`, or closes it.
    fn advance(&mut self, line: usize, tally: &mut Tally) -> Result<()> {
        let Some(operation) = self.active.get_mut(&line) else { return Ok(()) };
        if let Some(text) = operation.begin(self.local, Instant::now()) {
            return self.send(&text, tally);
        }
        tally.done = tally.done.saturating_add(1);
        self.close(line);
        Ok(())
    }

    fn close(&mut self, line: usize) {
        if let Some(operation) = self.active.remove(&line)
            && let Some(phone) = self.phone(operation.party)
        {
            phone.watch = operation.watch();
        }
    }

    fn receive(&mut self, datagram: &[u8], tally: &mut Tally) -> Result<()> {
        let Some(message) = Message::parse(datagram) else { return Ok(()) };
        let Some(id) = message.header("Call-ID").and_then(CallId::parse) else { return Ok(()) };
        if let Kind::Request("NOTIFY" | "BYE") = message.kind {
            self.send(&message.reply("200 OK", "", ""), tally)?;
        }
        let is_new = match message.kind {
            Kind::Request("NOTIFY") => self.is_new_notify(message, id),
            _ => true,
        };
        if !is_new {
            tally.repeated = tally.repeated.saturating_add(1);
            return Ok(());
        }
        let local = self.local;
        let line = id.party.line;
        let Some(operation) = self.active.get_mut(&line) else { return Ok(()) };
        let next = match message.kind {
            Kind::Request("NOTIFY") => operation.notified(message, id),
            Kind::Request("INVITE") => operation.arrive(datagram),
            _ => operation.receive(message, id, local),
        };
        self.follow(line, next, tally)
    }

    fn follow(&mut self, line: usize, next: Next, tally: &mut Tally) -> Result<()> {
        match next {
            Next::Wait => Ok(()),
            Next::Send(text) => self.send(&text, tally),
            Next::StepDone => self.advance(line, tally),
            Next::Failed(reason) => {
                tally.failed = tally.failed.saturating_add(1);
                if tally.reasons.len() < TOLD {
                    tally.reasons.push(format!("line {line}: {reason}"));
                }
                self.close(line);
                Ok(())
            }
        }
    }

    fn tick(&mut self, now: Instant, tally: &mut Tally) -> Result<()> {
        let due: Vec<_> =
            self.active.iter_mut().map(|(line, operation)| (*line, operation.tick(now))).collect();
        for (line, next) in due {
            if matches!(next, Next::Send(_)) {
                tally.repeated = tally.repeated.saturating_add(1);
            }
            self.follow(line, next, tally)?;
        }
        Ok(())
    }

    fn is_new_notify(&mut self, message: Message<'_>, id: CallId) -> bool {
        let sequence = message.sequence().unwrap_or_default();
        if id.purpose == Purpose::CallInfo {
            let Some(phone) = self.phone(id.party) else { return false };
            let new = sequence > phone.notify;
            phone.notify = phone.notify.max(sequence);
            return new;
        }
        self.active
            .get_mut(&id.party.line)
            .is_some_and(|operation| operation.is_new_seize_notify(id.serial, sequence))
    }

    fn phone(&mut self, party: Party) -> Option<&mut Phone> {
        self.lines.get_mut(party.line)?.get_mut(party.member)
    }

    fn send(&self, text: &str, tally: &mut Tally) -> Result<()> {
        tally.sent = tally.sent.saturating_add(1);
        self.socket.send_to(text.as_bytes(), self.server).context("cannot send")?;
        Ok(())
    }
}
