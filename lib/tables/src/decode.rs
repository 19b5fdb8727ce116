//! Bytes of any encoding into UTF-8, as a stream. What cannot be decoded becomes the byte 0xFF, which is no UTF-8, so
//! that the row it stands in is refused later and no other.

use crate::Encoding;

const BAD: u8 = 0xFF;

/// A streaming decoder. A file that is ASCII as far as it was sniffed is decided at its first other byte.
pub struct Decoder {
    encoding: Encoding,
    bom_left: usize,
    decoder: Option<encoding_rs::Decoder>,
}

impl Decoder {
    /// A decoder for a file whose first bytes were sniffed; `bom_bytes` of it are passed over.
    pub fn new(encoding: Encoding, bom_bytes: usize) -> Decoder {
        Decoder { encoding, bom_left: bom_bytes, decoder: None }
    }

    /// What the text was taken for so far.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Decodes the next bytes and appends them; `last` ends the stream.
    pub fn decode(&mut self, bytes: &[u8], last: bool, into: &mut Vec<u8>) {
        let skipped = self.bom_left.min(bytes.len());
        self.bom_left -= skipped;
        let bytes = &bytes[skipped..];
        if self.encoding == Encoding::Ascii && !bytes.is_ascii() {
            self.encoding = Encoding::of_text(bytes);
        }
        match self.encoding {
            Encoding::Ascii | Encoding::Utf8 => into.extend_from_slice(bytes),
            Encoding::Other(encoding) => self.convert(encoding, bytes, last, into),
        }
    }

    fn convert(&mut self, encoding: &'static encoding_rs::Encoding, bytes: &[u8], last: bool, into: &mut Vec<u8>) {
        let decoder = self.decoder.get_or_insert_with(|| encoding.new_decoder_without_bom_handling());
        let mut rest = bytes;
        loop {
            let needed = decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(rest.len() * 3 + 16);
            let begin = into.len();
            into.resize(begin + needed, 0);
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(rest, &mut into[begin..], last);
            into.truncate(begin + written);
            rest = &rest[read..];
            match result {
                encoding_rs::DecoderResult::InputEmpty => return,
                encoding_rs::DecoderResult::OutputFull => {}
                encoding_rs::DecoderResult::Malformed(..) => into.push(BAD),
            }
        }
    }
}
