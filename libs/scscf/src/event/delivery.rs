//! What the answer to a NOTIFY means (RFC 6665 4.2.2).

/// What becomes of the subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The NOTIFY was taken.
    Delivered,
    /// The watcher wants nothing for so many seconds.
    Later(u32),
    /// Nobody answered. So many of these in a row end the subscription as the parameter says.
    Unanswered,
    /// The watcher is not there any more, or does not want to hear.
    Gone,
}

/// Whether a watcher is there was never said by the peer: no reply came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A reply with this status and the seconds of its Retry-After.
    Real(u16, Option<u32>),
    /// A status that this server put in its place.
    Local(u16),
}

impl Fate {
    /// The fate by the answer.
    pub const fn of(answer: Answer) -> Self {
        match answer {
            Answer::Real(..300, _) => Self::Delivered,
            // Somebody on the way made up that nobody answers.
            Answer::Local(_) | Answer::Real(408, None) => Self::Unanswered,
            // The dialog or the event is unknown, now and later: waiting would not help.
            Answer::Real(481 | 489, _) => Self::Gone,
            Answer::Real(_, Some(seconds)) => Self::Later(seconds),
            Answer::Real(_, None) => Self::Gone,
        }
    }
}

/// What is remembered of a watcher that did not take its last NOTIFY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// NOTIFYs in a row without an answer.
    pub unanswered: u32,
    /// Unix time before which it wants nothing; 0: any time.
    pub not_before: i64,
}

/// What to do about a watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// All is well: what was remembered is forgotten.
    Forget,
    /// This is remembered.
    Remember(Trouble),
    /// Its subscription ends.
    Drop,
}

/// What follows from a `fate` for a watcher with the trouble `before`. `limit` is how many
/// unanswered NOTIFYs in a row end a subscription; 0: none do.
pub const fn next(fate: Fate, before: Trouble, now: i64, limit: u32) -> Next {
    match fate {
        Fate::Delivered => Next::Forget,
        Fate::Gone => Next::Drop,
        Fate::Later(seconds) => {
            let not_before = now.saturating_add_unsigned(seconds as u64);
            Next::Remember(Trouble { unanswered: 0, not_before })
        }
        Fate::Unanswered => {
            let unanswered = before.unanswered.saturating_add(1);
            if limit > 0 && unanswered >= limit {
                Next::Drop
            } else {
                Next::Remember(Trouble { unanswered, not_before: 0 })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Fate, Next, Trouble, next};

    #[test]
    fn r71_r72_r73_every_answer_has_its_fate() {
        for (answer, fate) in [
            (Answer::Real(200, None), Fate::Delivered),
            (Answer::Real(202, Some(5)), Fate::Delivered),
            (Answer::Real(302, None), Fate::Gone),
            (Answer::Real(404, None), Fate::Gone),
            (Answer::Real(408, None), Fate::Unanswered),
            (Answer::Real(408, Some(3)), Fate::Later(3)),
            (Answer::Real(481, None), Fate::Gone),
            (Answer::Real(481, Some(60)), Fate::Gone),
            (Answer::Real(489, Some(60)), Fate::Gone),
            (Answer::Real(500, None), Fate::Gone),
            (Answer::Real(500, Some(60)), Fate::Later(60)),
            (Answer::Real(503, Some(0)), Fate::Later(0)),
            (Answer::Real(603, None), Fate::Gone),
            (Answer::Local(408), Fate::Unanswered),
            (Answer::Local(500), Fate::Unanswered),
        ] {
            assert_eq!(Fate::of(answer), fate, "{answer:?}");
        }
    }

    #[test]
    fn r73_only_silence_that_lasts_ends_a_subscription() {
        let mut trouble = Trouble::default();
        for unanswered in 1..3 {
            let Next::Remember(more) = next(Fate::Unanswered, trouble, 100, 3) else { panic!() };
            assert_eq!(more, Trouble { unanswered, not_before: 0 });
            trouble = more;
        }
        assert_eq!(next(Fate::Unanswered, trouble, 100, 3), Next::Drop);
        assert!(matches!(next(Fate::Unanswered, trouble, 100, 0), Next::Remember(_)));
        assert_eq!(next(Fate::Delivered, trouble, 100, 3), Next::Forget);
        assert_eq!(
            next(Fate::Later(60), trouble, 100, 3),
            Next::Remember(Trouble { unanswered: 0, not_before: 160 })
        );
        assert_eq!(next(Fate::Gone, trouble, 100, 3), Next::Drop);
    }
}
