//! The ledger: what happened, as an append-only Merkle log of signed heads over sealed entries. Entry points:
//! [`Ledger`] to write and read, [`verify`] to check files alone. Knows no database, no gate and no page; why it is
//! built so stands in docs/decisions/0002-ledger.md, the format in docs/operate/verify.md.

mod cbor;
mod cosign;
mod derived;
mod entry;
mod epoch;
mod epoch_check;
mod extent;
mod header;
mod keys;
mod ledger;
mod merkle;
mod note;
mod read;
mod scan;
mod segment;
mod shared;
mod sorted;
mod state;
mod succession;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

pub use cosign::{Witness, WitnessKey};
pub use entry::{Common, End, Entry, Identifier, LIST_MAX, Outcome, Part, ReadKind, Receipt, SUBJECTS_MAX, Tally};
pub use epoch::{Epoch, MapProof};
pub use extent::{Extent, Piece, opens, statement_holds, verifier};
pub use header::{EpochRoots, Follows, Header, Kind, Link, ListRoot};
pub use ledger::{Ledger, Options, Status};
pub use merkle::{Hash, consistent, included, leaf_hash, node_hash};
pub use note::{Head, parse_key};
pub use read::{EntryPage, Filter, InclusionProof, ListAnswer, ListPage, Logged, SubjectEntry, SubjectPage};
pub use sorted::{Neighbour, SortedProof};
pub use succession::{Checked, Kept, Undone, decided_after, follow, logs, verify_all};
pub use verify::{Difference, Fault, Report, Tampered, public_key, tamper_copy, verify};
