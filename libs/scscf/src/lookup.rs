//! `lookup` and `term_impu_has_contact`: which contacts of a user a request goes to.

/// A contact that is bound to the identity, in the order of binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// It has not ended, and is not about to.
    pub valid: bool,
    /// It is one of 3GPP: its header parameters have an ICSI.
    pub is_3gpp: bool,
    /// The methods it takes, as bits.
    pub methods: u32,
    /// Its preference in thousandths, or [`crate::quality::UNSAID`].
    pub q: i32,
    /// When it was last registered.
    pub modified: i64,
}

/// What kind of contact is asked for: the second argument of `lookup`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ue {
    /// Any.
    #[default]
    Any,
    /// Of 3GPP.
    Of3gpp,
    /// Others.
    Plain,
}

impl Ue {
    /// By the first character of the argument.
    pub fn of(argument: &[u8]) -> Self {
        match argument {
            [b'3', ..] => Self::Of3gpp,
            [b's' | b'S', ..] => Self::Plain,
            _ => Self::Any,
        }
    }

    fn takes(self, is_3gpp: bool) -> bool {
        match self {
            Self::Any => true,
            Self::Of3gpp => is_3gpp,
            Self::Plain => !is_3gpp,
        }
    }
}

/// In which order contacts are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they were bound, the oldest first.
    #[default]
    Bound,
    /// The one that was last registered first.
    NewestFirst,
    /// The most preferred first; those without a preference count as most preferred (RFC 3261
    /// 16.6), and equals stay as they were bound.
    Quality,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The kind of contact.
    pub ue: Ue,
    /// The bit of the method, if contacts must take it (`method_filtering`).
    pub method: Option<u32>,
    /// The order.
    pub order: Order,
    /// The most contacts: 1 without `append_branches`.
    pub most: usize,
}

impl Asked {
    /// Whether a request can go to that contact.
    ///
    /// # Errors
    ///
    /// Why not; [`Nowhere::Method`] when nothing but the method is against it.
    pub fn takes_contact(&self, candidate: &Candidate) -> Result<(), Nowhere> {
        if !candidate.valid || !self.ue.takes(candidate.is_3gpp) {
            return Err(Nowhere::NoContact);
        }
        match self.method {
            Some(bit) if candidate.methods & bit == 0 => Err(Nowhere::Method),
            _ => Ok(()),
        }
    }
}

/// The most contacts that a request of the host can go to.
pub const MOST: usize = 12;

/// Why a request goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Nowhere {
    /// There is no such contact.
    #[error("no contact that is valid and of the kind asked for")]
    NoContact,
    /// There is, but it does not take the method.
    #[error("no contact that takes the method")]
    Method,
}

impl Nowhere {
    /// What the script sees.
    pub const fn code(self) -> i32 {
        match self {
            Self::NoContact => -1,
            Self::Method => -2,
        }
    }
}

/// The places of the contacts that a request goes to: the first one instead of its URI, the others
/// as branches.
///
/// # Errors
///
/// There is none.
pub fn choose(candidates: &[Candidate], asked: &Asked) -> Result<Vec<usize>, Nowhere> {
    let mut chosen: Vec<(usize, &Candidate)> = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| candidate.valid && asked.ue.takes(candidate.is_3gpp))
        .collect();
    if chosen.is_empty() {
        return Err(Nowhere::NoContact);
    }
    if let Some(bit) = asked.method {
        chosen.retain(|(_, candidate)| candidate.methods & bit != 0);
    }
    if chosen.is_empty() {
        return Err(Nowhere::Method);
    }
    match asked.order {
        Order::Bound => {}
        Order::NewestFirst => {
            chosen.sort_by_key(|(_, candidate)| std::cmp::Reverse(candidate.modified));
        }
        Order::Quality => chosen.sort_by_key(|(_, candidate)| {
            let q = if candidate.q < 0 { crate::quality::MOST } else { candidate.q };
            std::cmp::Reverse(q)
        }),
    }
    chosen.truncate(asked.most.clamp(1, MOST));
    Ok(chosen.into_iter().map(|(place, _)| place).collect())
}

#[cfg(test)]
mod tests {
    use super::{Asked, Candidate, MOST, Nowhere, Order, Ue, choose};

    const ANY: Asked = Asked { ue: Ue::Any, method: None, order: Order::Bound, most: MOST };

    fn one(q: i32, modified: i64) -> Candidate {
        Candidate { valid: true, is_3gpp: false, methods: 1, q, modified }
    }

    #[test]
    fn contacts_are_tried_in_the_order_that_is_set() {
        let all = [one(500, 3), one(-1, 1), one(1000, 2), one(0, 4)];
        let in_order = |order| choose(&all, &Asked { order, ..ANY }).unwrap();
        assert_eq!(in_order(Order::Bound), [0, 1, 2, 3]);
        assert_eq!(in_order(Order::NewestFirst), [3, 0, 2, 1]);
        assert_eq!(in_order(Order::Quality), [1, 2, 0, 3]);
        assert_eq!(choose(&all, &Asked { most: 1, ..ANY }), Ok(vec![0]));
        assert_eq!(choose(&all, &Asked { most: 0, ..ANY }), Ok(vec![0]));
    }

    #[test]
    fn r_46_a_request_has_at_most_twelve_branches() {
        assert_eq!(choose(&[one(-1, 0); 14], &ANY).unwrap().len(), 12);
        assert_eq!(choose(&[one(-1, 0); 14], &Asked { most: 99, ..ANY }).unwrap().len(), 12);
    }

    #[test]
    fn r_47_what_has_ended_is_never_found() {
        let ended = Candidate { valid: false, ..one(-1, 0) };
        assert_eq!(choose(&[ended, one(-1, 0), ended], &ANY), Ok(vec![1]));
        assert_eq!(choose(&[ended; 3], &ANY), Err(Nowhere::NoContact));
        assert_eq!(choose(&[], &ANY), Err(Nowhere::NoContact));
    }

    #[test]
    fn r_48_only_contacts_of_the_kind_that_is_asked_for() {
        let of_3gpp = Candidate { is_3gpp: true, ..one(-1, 0) };
        let of = |ue| Asked { ue, ..ANY };
        assert_eq!(choose(&[one(-1, 0)], &of(Ue::of(b"3gpp"))), Err(Nowhere::NoContact));
        assert_eq!(choose(&[one(-1, 0), of_3gpp], &of(Ue::of(b"3gpp"))), Ok(vec![1]));
        assert_eq!(choose(&[of_3gpp, one(-1, 0)], &of(Ue::of(b"Sip"))), Ok(vec![1]));
        assert_eq!(Ue::of(b""), Ue::Any);
    }

    #[test]
    fn r_49_a_contact_takes_only_its_methods() {
        let asked = |bit| Asked { method: Some(bit), ..ANY };
        let both = Candidate { methods: 1 | 512, ..one(-1, 0) };
        assert_eq!(choose(&[one(-1, 0)], &asked(512)), Err(Nowhere::Method));
        assert_eq!(choose(&[one(-1, 0), both], &asked(512)), Ok(vec![1]));
        assert_eq!((Nowhere::Method.code(), Nowhere::NoContact.code()), (-2, -1));
    }
}
