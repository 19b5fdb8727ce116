//! A block of a row run as bytes: one Arrow IPC message of a few rows, compressed, with its plain size before it. The
//! message's body stands before its description, so that its buffers lie where they may be used as they are.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_schema_from_flatbuffer_bytes;
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};
use arrow_ipc::{MetadataVersion, reader, root_as_message};
use arrow_schema::{Schema, SchemaRef};
use yiwang_kernel::{Error, Result};
use zstd::bulk::{Compressor, Decompressor};

use crate::scan::arrow_error;

const LEVEL: i32 = 1;
const SIZE_BYTES: usize = 4;
/// No block of ours comes near it.
const BLOCK_BYTES_MAX: usize = 256 << 20;

/// Writes blocks.
pub(super) struct Encoder {
    compressor: Compressor<'static>,
    options: IpcWriteOptions,
    context: IpcWriteContext,
}

/// Reads some columns of blocks.
pub(super) struct Decoder<'a> {
    decompressor: Decompressor<'static>,
    schema: &'a SchemaRef,
    roots: &'a [usize],
}

impl Encoder {
    pub(super) fn new() -> Result<Encoder> {
        let compressor = Compressor::new(LEVEL).map_err(|error| Error::internal("starting a compression", error))?;
        let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5).map_err(arrow_error)?;
        Ok(Encoder { compressor, options, context: IpcWriteContext::default() })
    }

    pub(super) fn encode(&mut self, rows: &RecordBatch) -> Result<Vec<u8>> {
        let mut dictionaries = DictionaryTracker::new(false);
        let encoded = IpcDataGenerator::default().encode(rows, &mut dictionaries, &self.options, &mut self.context);
        let (_, encoded) = encoded.map_err(arrow_error)?;
        let mut plain = encoded.arrow_data;
        plain.extend_from_slice(&encoded.ipc_message);
        plain.extend_from_slice(&size(encoded.ipc_message.len())?);
        let packed = self.compressor.compress(&plain).map_err(|error| Error::internal("packing a block", error))?;
        Ok([size(plain.len())?.as_slice(), &packed].concat())
    }
}

impl<'a> Decoder<'a> {
    pub(super) fn new(schema: &'a SchemaRef, roots: &'a [usize]) -> Result<Decoder<'a>> {
        let decompressor = Decompressor::new().map_err(|error| Error::internal("starting to unpack", error))?;
        Ok(Decoder { decompressor, schema, roots })
    }

    pub(super) fn decode(&mut self, block: &[u8]) -> Result<RecordBatch> {
        let (plain_size, packed) = block.split_first_chunk::<SIZE_BYTES>().ok_or_else(broken)?;
        let plain_size = u32::from_le_bytes(*plain_size) as usize;
        if plain_size > BLOCK_BYTES_MAX {
            return Err(broken());
        }
        let plain = self.decompressor.decompress(packed, plain_size).map_err(|_| broken())?;
        let plain = Buffer::from_vec(plain);
        let (rest, message_size) = plain.as_slice().split_last_chunk::<SIZE_BYTES>().ok_or_else(broken)?;
        let message_at = rest.len().checked_sub(u32::from_le_bytes(*message_size) as usize).ok_or_else(broken)?;
        let message = root_as_message(&rest[message_at..]).map_err(|_| broken())?;
        let batch = message.header_as_record_batch().ok_or_else(broken)?;
        let (schema, version) = (Arc::clone(self.schema), message.version());
        reader::read_record_batch(&plain, batch, schema, &HashMap::new(), Some(self.roots), &version)
            .map_err(arrow_error)
    }
}

/// A schema as a message.
pub(super) fn schema_bytes(schema: &Schema) -> Vec<u8> {
    let mut dictionaries = DictionaryTracker::new(false);
    let options = IpcWriteOptions::default();
    IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(schema, &mut dictionaries, &options).ipc_message
}

/// The schema of such a message.
pub(super) fn schema_of(bytes: &[u8]) -> Result<SchemaRef> {
    try_schema_from_flatbuffer_bytes(bytes).map(Arc::new).map_err(arrow_error)
}

fn size(bytes: usize) -> Result<[u8; SIZE_BYTES]> {
    u32::try_from(bytes).map(u32::to_le_bytes).map_err(|_| Error::broken("a block of a row run is too long"))
}

fn broken() -> Error {
    Error::broken("a block of a row run is not one")
}
