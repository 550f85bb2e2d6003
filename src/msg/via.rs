//! The `Via` headers: the way that a message came.

use super::{Msg, address::Line};
use core::{
    ffi::c_ulong,
    ptr::{self, NonNull},
};
use kamailio_sys as sys;

/// One hop of the way (RFC 3261 section 20.42).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via<'m> {
    /// The host that the sender wrote: a name, or an address in the form of URIs.
    pub host: &'m [u8],
    /// The port that the sender wrote, if it wrote one.
    pub port: Option<u16>,
    /// The transport, by the number of the core; 0 for one that the core does not know.
    pub transport: u16,
    /// The address that the next hop saw: the parameter `received`.
    pub received: Option<&'m [u8]>,
    /// The port that the next hop saw: the parameter `rport`, if it has a value.
    pub rport: Option<&'m [u8]>,
}

impl Msg<'_> {
    /// The topmost `Via`: of a request, that of whoever sent it here.
    pub fn first_via(&self) -> Option<Via<'_>> {
        // What hangs at a message in shared memory may lie in the memory of another process.
        if self.shared {
            return in_text(self.header(b"Via")?, First);
        }
        // SAFETY: `raw` is a message for as long as `self` lives.
        let first = NonNull::new(unsafe { (*self.as_raw()).via1 })?;
        // SAFETY: the core parses this header of every message that it takes, as plain values.
        Some(read(unsafe { first.read() }, |text| self.own(text)))
    }

    /// The last `Via`: that of the phone, if all between it and here tell the truth.
    pub fn last_via(&self) -> Option<Via<'_>> {
        in_text(self.headers(b"Via").last()?.body(), Last)
    }
}

/// Which of the hops in one header.
#[derive(Clone, Copy)]
enum Which {
    First,
    Last,
}
use Which::{First, Last};

/// One hop that the value of a header names; nothing if the core cannot read all of it.
fn in_text(body: &[u8], which: Which) -> Option<Via<'_>> {
    let line = Line::with_next(body)?;
    let list = List::new()?;
    let (start, end) = line.with_end();
    // SAFETY: the line is readable from `start` to `end`, and the list is an empty hop.
    unsafe { sys::parse_via(start, end, list.0.as_ptr()) };
    let mut hop = list.first();
    while let (Last, Some(next)) = (which, NonNull::new(hop.next)) {
        // SAFETY: an element of the list, of plain values.
        hop = unsafe { next.read() };
    }
    // The core marks the first hop when a later one is wrong.
    let good = |hop: &sys::via_body| u32::try_from(hop.error) == Ok(sys::PARSE_OK);
    (good(&list.first()) && good(&hop)).then(|| read(hop, |text| line.part_of(body, text)))
}

/// What the core found, each text shown by `show`.
fn read<'m>(hop: sys::via_body, show: impl Fn(sys::str_) -> Option<&'m [u8]>) -> Via<'m> {
    let value = |param: *mut sys::via_param| {
        // SAFETY: a parameter that hangs at the hop, of plain values.
        let param = unsafe { NonNull::new(param)?.read() };
        show(param.value).filter(|value| !value.is_empty())
    };
    Via {
        host: show(hop.host).unwrap_or_default(),
        port: Some(hop.port).filter(|port| *port != 0),
        transport: u16::try_from(hop.proto).unwrap_or(0),
        received: value(hop.received),
        rport: value(hop.rport),
    }
}

/// A list of hops in private memory, freed when dropped.
#[derive(Debug)]
struct List(NonNull<sys::via_body>);

impl List {
    /// One hop of zeroes, which is what the core starts from.
    fn new() -> Option<Self> {
        let size = c_ulong::try_from(size_of::<sys::via_body>()).ok()?;
        // SAFETY: any size may be asked for.
        let block = unsafe { sys::ks_pkg_malloc(size) };
        let block = NonNull::new(block.cast::<sys::via_body>())?;
        // SAFETY: the new block has room for one hop.
        unsafe { ptr::write_bytes(block.as_ptr(), 0, 1) };
        Some(Self(block))
    }

    fn first(&self) -> sys::via_body {
        // SAFETY: the block holds a hop of plain values for as long as `self` lives.
        unsafe { self.0.read() }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the list is ours, from the block of `new` on.
        unsafe { sys::free_via_list(self.0.as_ptr()) };
    }
}
