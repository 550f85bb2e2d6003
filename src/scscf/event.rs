//! What happens to identities and contacts, by the bits of the API.

/// What happens to an identity or a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Event {
    /// A contact is new.
    ContactInsert = 1,
    /// A contact was registered again.
    ContactUpdate = 1 << 1,
    /// A contact goes.
    ContactDelete = 1 << 2,
    /// The time of a contact is over.
    ContactExpire = 1 << 3,
    /// A registered identity goes, because it has no contact left.
    RegNcDelete = 1 << 4,
    /// An identity that is not registered goes.
    NrDelete = 1 << 5,
    /// The time of an unregistered identity is over.
    UnregExpired = 1 << 6,
    /// A client removes an identity.
    IdentityDelete = 1 << 7,
    /// An identity is new.
    IdentityInsert = 1 << 8,
    /// An identity was registered again.
    IdentityUpdate = 1 << 9,
    /// An identity has a new contact.
    NewContact = 1 << 10,
    /// A contact of an identity was registered again.
    UpdateContact = 1 << 11,
    /// A contact of an identity is removed.
    DeleteContact = 1 << 12,
    /// A contact of an identity goes with another one.
    DeleteContactImplicit = 1 << 13,
    /// The time of a contact of an identity is over.
    ExpireContact = 1 << 14,
    /// An identity without contacts stays for its watchers.
    UnregNc = 1 << 15,
    /// The time of watchers of an identity is over. The API of C has no such event: it is raised for
    /// clients that ask for what the C module never raises.
    WatchersOver = 1 << 16,
}

/// Where the callbacks for an event are registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// For all records.
    Global,
    /// With one identity.
    Identity,
    /// With one contact.
    Contact,
}

/// Every event, the lowest bit first.
const ALL: [Event; 17] = [
    Event::ContactInsert,
    Event::ContactUpdate,
    Event::ContactDelete,
    Event::ContactExpire,
    Event::RegNcDelete,
    Event::NrDelete,
    Event::UnregExpired,
    Event::IdentityDelete,
    Event::IdentityInsert,
    Event::IdentityUpdate,
    Event::NewContact,
    Event::UpdateContact,
    Event::DeleteContact,
    Event::DeleteContactImplicit,
    Event::ExpireContact,
    Event::UnregNc,
    Event::WatchersOver,
];

impl Event {
    /// The bit of the API.
    pub const fn bit(self) -> u32 {
        self as u32
    }

    /// The event of a bit.
    pub fn of_bit(bit: u32) -> Option<Self> {
        ALL.into_iter().find(|event| event.bit() == bit)
    }

    pub(super) fn list(self) -> List {
        match self {
            Self::ContactInsert | Self::IdentityInsert => List::Global,
            Self::ContactUpdate | Self::ContactDelete | Self::ContactExpire => List::Contact,
            _ => List::Identity,
        }
    }
}

/// The list for `types`, which a client registers for together; nothing if they do not go together.
pub(super) fn list_of(types: u32) -> Option<List> {
    let mut lists = ALL.into_iter().filter(|event| types & event.bit() != 0).map(Event::list);
    let first = lists.next()?;
    let alone = first != List::Global || types.is_power_of_two();
    (alone && lists.all(|list| list == first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_bits_of_the_api() {
        for (event, place) in ALL.into_iter().zip(0..) {
            assert_eq!(event.bit(), 1 << place);
            assert_eq!(Event::of_bit(1 << place), Some(event));
        }
        assert_eq!(Event::of_bit(3), None);
    }

    #[test]
    fn events_of_different_lists_do_not_go_together() {
        assert_eq!(list_of(1), Some(List::Global));
        assert_eq!(list_of(1 << 8), Some(List::Global));
        assert_eq!(list_of(1 | 1 << 8), None);
        assert_eq!(list_of(1 << 1 | 1 << 3), Some(List::Contact));
        assert_eq!(list_of(1 << 11 | 1 << 14), Some(List::Identity));
        assert_eq!(list_of(1 << 1 | 1 << 9), None);
        assert_eq!(list_of(0), None);
        assert_eq!(list_of(1 << 20), None);
    }
}
