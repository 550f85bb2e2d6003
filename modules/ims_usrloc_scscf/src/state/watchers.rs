//! Who watches the registration of an identity.

use super::State;
use kamailio::{
    Error,
    scscf::{IdentityHandle, Watcher, WatcherHandle},
};
use scscf_core::keys::Key;
use shm_store::{Id, shards};

impl State {
    fn dialog_key(&self, call_id: &[u8], to_tag: &[u8], from_tag: &[u8]) -> shards::Key {
        self.by_dialog.key(Key::Dialog { call_id, to_tag, from_tag })
    }

    /// The watcher of that dialog.
    pub(crate) fn find_dialog(&self, call_id: &[u8], to_tag: &[u8], from_tag: &[u8]) -> Option<Id> {
        let key = self.dialog_key(call_id, to_tag, from_tag);
        let mut found = None;
        self.by_dialog.find(key, |index| {
            let known = self.watchers.at(index);
            let known = known.filter(|(_, watcher)| {
                watcher.call_id() == call_id
                    && watcher.to_tag() == to_tag
                    && watcher.from_tag() == from_tag
            });
            found = known.map(|(id, _)| id).or(found);
            found.is_some()
        });
        found
    }

    /// Takes a new watcher in.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]; the watcher is freed.
    pub(crate) fn add_watcher(&mut self, watcher: Watcher) -> Result<Id, Error> {
        let key = self.dialog_key(watcher.call_id(), watcher.to_tag(), watcher.from_tag());
        let id = self.watchers.try_insert(watcher).map_err(|_| Error::OutOfShm)?;
        if self.by_dialog.try_insert(key, id.index).is_err() {
            drop(self.watchers.remove(id));
            return Err(Error::OutOfShm);
        }
        if let Some(watcher) = self.watchers.get_mut(id) {
            watcher.set_id(id.to_u64());
        }
        Ok(id)
    }

    /// Takes a watcher out.
    pub(crate) fn remove_watcher(&mut self, id: Id) -> Option<Watcher> {
        let watcher = self.watchers.get(id)?;
        let key = self.dialog_key(watcher.call_id(), watcher.to_tag(), watcher.from_tag());
        self.by_dialog.remove(key, id.index);
        self.watchers.remove(id)
    }

    /// The watcher that C names, if it is still there.
    pub(crate) fn watcher_of(&self, handle: WatcherHandle) -> Option<Id> {
        let id = Id::from_u64(handle.id());
        self.watchers.get(id).filter(|watcher| watcher.handle() == handle).map(|_| id)
    }

    /// Watcher `id`.
    pub(crate) fn watcher(&self, id: Id) -> Option<&Watcher> {
        self.watchers.get(id)
    }

    /// Watcher `id`, to be changed.
    pub(crate) fn watcher_mut(&mut self, id: Id) -> Option<&mut Watcher> {
        self.watchers.get_mut(id)
    }

    /// The watchers of an identity, the oldest first.
    pub(crate) fn watchers_of(&self, identity: Id) -> Vec<Id> {
        let Some(identity) = self.identity(identity) else { return Vec::new() };
        identity.watchers().filter_map(|watcher| self.watcher_of(watcher)).collect()
    }

    /// The identity that a watcher watches.
    pub(crate) fn watched(&self, watcher: Id) -> Option<Id> {
        let identity: IdentityHandle = self.watchers.get(watcher)?.identity()?;
        self.identity_of(identity)
    }
}
