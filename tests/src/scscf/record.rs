//! What the location store says of an identity.

use crate::scscf::Lab;

/// One identity as `ulscscf.showimpu` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// `registered`, `unregistered` or `not registered`.
    pub state: String,
    /// Whether it is barred, as a number.
    pub barring: String,
    /// Charging functions: ccf1, ccf2, ecf1, ecf2.
    pub charging: [String; 4],
    /// The private identity of its subscription.
    pub private: String,
    /// The public identities of all service profiles.
    pub set: Vec<String>,
    /// Contacts with the seconds that they have left.
    pub contacts: Vec<(String, i64)>,
}

impl Lab {
    /// What is known of `identity`, which is spelled as it is stored.
    pub fn record(&self, identity: &str) -> Option<Record> {
        // An answer without anything is how an unknown identity shows.
        let text = self.host.rpc(&["ulscscf.showimpu", identity]).ok()?;
        read(&text)
    }

    /// State of `identity`, or nothing when it is not known.
    pub fn state(&self, identity: &str) -> Option<String> {
        self.record(identity).map(|record| record.state)
    }

    /// URIs of the contacts of `identity`, in no order.
    pub fn contacts(&self, identity: &str) -> Vec<String> {
        let record = self.record(identity).unwrap_or_default();
        let mut all: Vec<_> = record.contacts.into_iter().map(|(uri, _)| uri).collect();
        all.sort();
        all
    }

    /// A statistic of the location store, such as `active_contacts`.
    pub fn stored(&self, name: &str) -> u64 {
        self.host.statistic_of("ims_usrloc_scscf", name)
    }

    /// A statistic of the registrar, such as `accepted_regs`.
    pub fn counted(&self, name: &str) -> u64 {
        self.host.statistic_of("ims_registrar_scscf", name)
    }
}

/// Reads what `kamcmd` prints of a structure; the C store gives names twice, ours lists.
fn read(text: &str) -> Option<Record> {
    let mut record = Record::default();
    // Names of the structures that enclose a line.
    let mut inside: Vec<String> = Vec::new();
    let mut known = false;
    for line in text.lines().map(str::trim) {
        if line.ends_with('{') {
            inside.push(line.trim_end_matches('{').trim().trim_end_matches(':').to_owned());
            continue;
        }
        if line == "}" {
            inside.pop();
            continue;
        }
        let Some((name, value)) = line.split_once(": ") else { continue };
        // How an absent text shows.
        let value = value.trim().replace("<null string>", "");
        match name {
            "impu" => known = true,
            "state" => record.state = value,
            "barring" => record.barring = value,
            "ccf1" => record.charging[0] = value,
            "ccf2" => record.charging[1] = value,
            "ecf1" => record.charging[2] = value,
            "ecf2" => record.charging[3] = value,
            "impi" => record.private = value,
            "expires" => {
                let uri = inside.last().cloned().unwrap_or_default();
                record.contacts.push((uri, value.parse().unwrap_or(0)));
            }
            _ if inside.last().is_some_and(|last| last == "impus") => record.set.push(value),
            _ => {}
        }
    }
    known.then_some(record)
}
