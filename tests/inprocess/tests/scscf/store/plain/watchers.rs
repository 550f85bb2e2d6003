//! Watchers of the store.

use super::{
    super::{Kept, now},
    edit,
};
use kamailio::scscf::{Engine, IdentityHandle, NewWatcher, WatcherHandle, server::Refusal};

pub(super) fn add(
    engine: &Engine<Kept>,
    identity: IdentityHandle,
    new: &NewWatcher<'_>,
) -> Result<WatcherHandle, Refusal> {
    edit(engine, |records, kept| {
        let owner = kept.identity(identity)?;
        let made = records.try_watcher(new, now())?;
        let id = kept.watchers.try_insert(made).map_err(|_| Refusal::Full)?;
        let Kept { identities, watchers, .. } = kept;
        let watcher = watchers.get_mut(id).unwrap();
        watcher.set_id(id.to_u64());
        records.watch(identities.get_mut(owner).unwrap(), watcher);
        Ok(watcher.handle())
    })
}

pub(super) fn update(
    engine: &Engine<Kept>,
    watcher: WatcherHandle,
    expires: Option<i64>,
    local_cseq: Option<i32>,
    version: Option<i32>,
) -> Result<(), Refusal> {
    edit(engine, |_, kept| {
        let id = kept.watcher(watcher)?;
        let watcher = kept.watchers.get_mut(id).unwrap();
        if let Some(expires) = expires {
            watcher.set_expires(expires);
        }
        if let Some(cseq) = local_cseq {
            watcher.set_local_cseq(u32::try_from(cseq).unwrap());
        }
        if let Some(version) = version {
            watcher.set_version(version);
        }
        Ok(())
    })
}

pub(super) fn delete(engine: &Engine<Kept>, watcher: WatcherHandle) -> Result<(), Refusal> {
    edit(engine, |records, kept| {
        let id = kept.watcher(watcher)?;
        records.bury_watcher(kept.watchers.remove(id).unwrap(), now());
        Ok(())
    })
}

pub(super) fn find(
    engine: &Engine<Kept>,
    identity: IdentityHandle,
    presentity: &[u8],
    watcher_contact: &[u8],
    event: i32,
) -> Result<Option<WatcherHandle>, Refusal> {
    edit(engine, |_, kept| {
        let owner = kept.identity(identity)?;
        let mut all = kept.identities.get(owner).unwrap().watchers();
        Ok(all.find(|handle| {
            let watcher = kept.watchers.get(kept.watcher(*handle).unwrap()).unwrap();
            watcher.presentity_uri() == presentity
                && watcher.watcher_contact() == watcher_contact
                && watcher.event() == event
        }))
    })
}

pub(super) fn presentity_of(
    engine: &Engine<Kept>,
    callid: &[u8],
    to_tag: &[u8],
) -> Option<Vec<u8>> {
    let found = edit(engine, |_, kept| {
        let id = kept.watchers.at_or_after(0);
        let watcher = id.and_then(|id| kept.watchers.get(id));
        let watcher = watcher.filter(|w| w.call_id() == callid && w.to_tag() == to_tag);
        Ok(watcher.map(|watcher| watcher.presentity_uri().to_vec()))
    });
    found.unwrap()
}
