//! What the location store says of itself.

use crate::{
    install::{Flavor, Version, install},
    pcscf::Lab,
    rpc::number,
};

/// One stored contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its Contact URI.
    pub aor: String,
    /// Its state in words.
    pub state: String,
    /// Seconds that are left, or a word.
    pub expires: String,
}

impl Record {
    /// Seconds that are left.
    ///
    /// # Panics
    ///
    /// When there is a word instead.
    pub fn seconds(&self) -> i64 {
        self.expires.parse().unwrap_or_else(|_| panic!("{self:?} has no end"))
    }
}

impl Lab {
    /// How many contacts are stored, in all domains together. A list of thousands is more than one
    /// answer of the control socket holds: then the statistics say it.
    pub fn count(&self) -> u64 {
        let Ok(text) = self.host.rpc(&["ulpcscf.status"]) else {
            return self.statistic("ims_usrloc_pcscf", "registered_contacts");
        };
        let counts = text.lines().filter(|line| line.trim().starts_with("Records:"));
        counts.map(|line| number(line, "Records:")).sum()
    }

    /// Bytes of shared memory that our modules hold by themselves.
    pub fn own_memory(&self) -> u64 {
        let ours = [
            (self.mix.usrloc(), "ims_usrloc_pcscf"),
            (self.mix.registrar(), "ims_registrar_pcscf"),
        ];
        let ours = ours.into_iter().filter(|(flavor, _)| *flavor == Flavor::Ours);
        ours.map(|(_, module)| {
            let text = self.host.rpc(&["mod.stats", module, "shm"]).unwrap();
            number(&text, "Total:")
        })
        .sum()
    }

    /// The stored contacts; `None` where the store does not list them: the C module before 5.7.
    pub fn records(&self) -> Option<Vec<Record>> {
        if self.host.setup().flavor == Flavor::C && install().version() < Version(5, 7) {
            return None;
        }
        let command = match self.host.setup().flavor {
            Flavor::C => "ulpcscf.status",
            Flavor::Ours => "ulpcscf.list",
        };
        let text = self.host.rpc(&[command]).unwrap();
        let mut records: Vec<Record> = Vec::new();
        for line in text.lines() {
            let Some((name, value)) = line.trim().split_once(": ") else { continue };
            let value = value.to_owned();
            match (name, records.last_mut()) {
                ("AoR", _) => records.push(Record {
                    aor: value,
                    state: String::new(),
                    expires: String::new(),
                }),
                ("State", Some(last)) => last.state = value,
                ("Expires", Some(last)) => last.expires = value,
                _ => {}
            }
        }
        Some(records)
    }

    /// The only stored contact, where the store lists them.
    pub fn record(&self) -> Option<Record> {
        let records = self.records()?;
        match &records[..] {
            [record] => Some(record.clone()),
            other => panic!("one contact, not {other:?}"),
        }
    }

    /// The value of a statistic, such as `ims_usrloc_pcscf.registered_contacts`.
    ///
    /// # Panics
    ///
    /// When there is none of that name.
    pub fn statistic(&self, group: &str, name: &str) -> u64 {
        self.host.statistic_of(group, name)
    }
}
