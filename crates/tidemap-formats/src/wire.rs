//! Protobuf's wire format, as far as it is needed to write: numbers, bytes, packed numbers.

/// A message that is being written.
#[derive(Debug, Default, Clone)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    pub(crate) fn new() -> Message {
        Message::default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A field of type `uint64`, `uint32`, `bool` or an enum; also a non-negative `int64`.
    pub(crate) fn number(&mut self, field: u64, value: u64) -> &mut Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    /// A field of type `fixed64`.
    pub(crate) fn fixed64(&mut self, field: u64, value: u64) -> &mut Self {
        self.varint(field << 3 | 1);
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// A field of type `bytes`, or an encoded message.
    pub(crate) fn put(&mut self, field: u64, bytes: &[u8]) -> &mut Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// A field of type `string`.
    pub(crate) fn text(&mut self, field: u64, text: &str) -> &mut Self {
        self.put(field, text.as_bytes())
    }

    /// A field that is a message.
    pub(crate) fn message(&mut self, field: u64, message: &Message) -> &mut Self {
        self.put(field, &message.bytes)
    }

    /// A packed field of numbers.
    pub(crate) fn packed(&mut self, field: u64, values: &[u64]) -> &mut Self {
        let mut packed = Message::new();
        values.iter().for_each(|&value| packed.varint(value));
        self.message(field, &packed)
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of protobuf's own description of its encoding.
    #[test]
    fn fields_are_encoded_as_the_description_says() {
        let mut message = Message::new();
        message.number(1, 150);
        assert_eq!(message.as_bytes(), [0x08, 0x96, 0x01]);
        let mut message = Message::new();
        message.text(2, "testing");
        assert_eq!(message.as_bytes(), b"\x12\x07testing");
        let mut message = Message::new();
        message.packed(6, &[3, 270, 86942]);
        assert_eq!(
            message.into_bytes(),
            [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]
        );
        let mut message = Message::new();
        message.fixed64(1, 258);
        assert_eq!(message.as_bytes(), [9, 2, 1, 0, 0, 0, 0, 0, 0]);
        let mut message = Message::new();
        message.number(1, u64::MAX);
        assert_eq!(message.as_bytes().len(), 11);
    }
}
