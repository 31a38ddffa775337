//! `dns`: DNS look-ups with the time to live the servers sent, CSV with the
//! header [`HEADER`], replayed as the cache of a resolver.
//!
//! Key = `qtype name`, value = answer bytes. A row looks its key up at `t_us`.
//! A live entry is a hit and stays as it is; otherwise, with a positive TTL the
//! entry is stored until `t_us` + TTL; without one an expired entry is removed.

use super::lines::{Lines, decimal};
use super::{RecordError, malformed};
use crate::replay::stream::{Builder, OpKind, Timing};

/// The first line of such a file.
const HEADER: &[u8] = b"t_us,client,qtype,name,rcode,ttl,n_answers,answer_bytes";

/// The format.
#[derive(Default)]
pub(super) struct Dns {
    header_seen: bool,
    key: Vec<u8>,
}

const EXPECTED_HEADER: &str =
    "the header `t_us,client,qtype,name,rcode,ttl,n_answers,answer_bytes`";
const EXPECTED: &str =
    "eight fields separated by commas: `t_us,client,qtype,name,rcode,ttl,n_answers,answer_bytes`";

impl Lines for Dns {
    fn builder() -> Builder {
        Builder::bytes()
    }

    fn line(&mut self, line: &[u8], builder: &mut Builder) -> Result<(), RecordError> {
        if !self.header_seen {
            if line != HEADER {
                return Err(malformed(line, EXPECTED_HEADER));
            }
            self.header_seen = true;
            return Ok(());
        }
        if line.is_empty() {
            return Ok(());
        }
        let wrong = || malformed(line, EXPECTED);
        let mut fields = [&b""[..]; 8];
        let mut count = 0;
        for field in line.split(|&b| b == b',') {
            *fields.get_mut(count).ok_or_else(wrong)? = field;
            count += 1;
        }
        if count != fields.len() {
            return Err(wrong());
        }
        let [
            time,
            client,
            qtype,
            name,
            _rcode,
            ttl,
            answers,
            answer_bytes,
        ] = fields;
        let now_us = decimal::<u64>(time).ok_or_else(wrong)?;
        decimal::<u64>(client).ok_or_else(wrong)?;
        let ttl_seconds = decimal::<i64>(ttl).ok_or_else(wrong)?;
        decimal::<u64>(answers).ok_or_else(wrong)?;
        let answer_bytes = decimal::<u64>(answer_bytes).ok_or_else(wrong)?;
        let ttl_us = u64::try_from(ttl_seconds.max(0))
            .unwrap_or(0)
            .saturating_mul(1_000_000);
        self.key.clear();
        self.key.extend_from_slice(qtype);
        self.key.push(b' ');
        self.key.extend_from_slice(name);
        builder.push_bytes(OpKind::Fetch, &self.key, answer_bytes)?;
        builder.set_timing(Timing {
            now_us,
            ttl_us: ttl_us.min(Timing::FOREVER - 1),
        });
        Ok(())
    }
}
