//! How many records fall into one group, as the C modules group them.

use allocator_api2::vec::Vec;
use kamailio::{Error, shm::Shm};

kamailio::shm_struct! {
    /// The records of each group.
    #[derive(Debug)]
    pub(crate) struct Occupancy {
        counts: Vec<u32, Shm>,
        /// The most that one group has ever had.
        most_ever: u32,
        records: u32,
    }
}

impl Occupancy {
    /// `1 << bits` groups without records.
    pub(crate) fn try_new(bits: u8) -> Result<Self, Error> {
        let size = 1_usize << bits.min(24);
        let mut counts = Vec::new_in(Shm);
        counts.try_reserve_exact(size).map_err(|_| Error::OutOfShm)?;
        counts.resize(size, 0);
        Ok(Self { counts, most_ever: 0, records: 0 })
    }

    /// How many groups there are.
    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.counts.len()).unwrap_or(u32::MAX)
    }

    /// A record has come whose key hashes to `hash`.
    pub(crate) fn add(&mut self, hash: u32) {
        if let Some(count) = self.group(hash) {
            *count = count.saturating_add(1);
            let count = *count;
            self.records = self.records.saturating_add(1);
            self.most_ever = self.most_ever.max(count);
        }
    }

    /// Such a record has gone.
    pub(crate) fn remove(&mut self, hash: u32) {
        if let Some(count) = self.group(hash) {
            *count = count.saturating_sub(1);
            self.records = self.records.saturating_sub(1);
        }
    }

    /// How many records there are.
    pub(crate) fn records(&self) -> u32 {
        self.records
    }

    /// The most that one group has ever had.
    pub(crate) fn most_ever(&self) -> u32 {
        self.most_ever
    }

    /// The most that one group has now.
    pub(crate) fn most(&self) -> u32 {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    fn group(&mut self, hash: u32) -> Option<&mut u32> {
        let mask = self.size().saturating_sub(1);
        self.counts.get_mut(usize::try_from(hash & mask).ok()?)
    }
}
