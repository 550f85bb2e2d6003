//! Contacts are what the directory and the journal of `libs/pcscf` hold.

use super::Contact;
use crate::shm::{Shm, ShmSafe};
use pcscf_core::{Binding, Directory, State, journal::Journal};

impl Binding for Contact {
    fn aor(&self) -> &[u8] {
        self.aor()
    }

    fn contact_host(&self) -> &[u8] {
        self.contact_host()
    }

    fn contact_port(&self) -> u16 {
        self.contact_port()
    }

    fn contact_user(&self) -> &[u8] {
        self.contact_user()
    }

    fn rinstance(&self) -> &[u8] {
        self.rinstance()
    }

    fn received_host(&self) -> &[u8] {
        self.received_host()
    }

    fn received_port(&self) -> u16 {
        self.received_port()
    }

    fn via_host(&self) -> &[u8] {
        self.via_host()
    }

    fn state(&self) -> State {
        State(self.state())
    }

    fn public_ids(&self) -> usize {
        self.public_ids().count()
    }

    fn each_public_id(&self, look: &mut dyn FnMut(&[u8])) {
        self.public_ids().for_each(look);
    }

    fn service_routes(&self) -> usize {
        self.service_routes()
    }

    fn service_route(&self, at: usize) -> Option<&[u8]> {
        self.service_route(at)
    }

    fn device(&self) -> u64 {
        self.device()
    }

    fn spis(&self) -> u64 {
        self.spis()
    }

    fn fetch(&self) {
        self.fetch();
    }
}

// SAFETY: all of it lies in shared memory, and its records are what `R` promises.
unsafe impl<R: ShmSafe> ShmSafe for Directory<R, Shm> {}
// SAFETY: all of it lies in shared memory.
unsafe impl ShmSafe for Journal<Shm> {}
