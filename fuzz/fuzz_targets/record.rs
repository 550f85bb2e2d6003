//! Whatever the bytes, a record or a batch of NOTIFYs is read or refused; what is read is written
//! and read again, alike.
#![no_main]

use sca_core::{Line, record, timers};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(notifies) = record::unpack(bytes) {
        assert_eq!(record::pack(&notifies), bytes, "there is one way to write a batch");
    }
    let (key, _, _) = (record::key(bytes), record::due(bytes), record::flags(bytes));
    let Ok(line) = Line::decode(bytes) else { return };
    assert_eq!(line.aor(), key);
    let mut again = Vec::new();
    line.encode(&mut again);
    assert_eq!(Line::decode(&again).as_ref(), Ok(&line));
    assert_eq!(again.len(), bytes.len(), "there is one way to write a line");
    assert_eq!(record::due(&again), timers::due(&line));
});
