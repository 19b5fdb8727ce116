//! The one way by which city data leaves: who, why and what is asked meets the grants, is entered in the ledger,
//! and only then does the engine get the permit it needs. Knows no engine, no file, no page.

mod answer;
mod copies;
mod engine;
mod file;
mod gate;
mod grant;
pub mod grants;
mod journal;
mod load;
mod permit;
mod policies;
mod query;
mod stream;
pub mod testing;
mod why;

pub use answer::{Answer, BlobAnswer, ByteStream, Receipt, RowStream, TableInfo, Version};
pub use copies::{Copies, CopyRows, CopySpec, PlainCopy, StagedCopy};
pub use engine::{Answered, Cleaned, DeleteKeys, Engine, Erasure, Keep, Loader, Queue, QueueClass, Subject};
pub use file::{Decoded, TableFile, WHY};
pub use gate::{Gate, Load, SystemPurpose};
pub use grant::{Cell, Fields, Grant, Grantee, Mask, RESOURCE_ANY, RowRule};
pub use load::{COLUMNS_MAX, LoadSpec, Mode, NAME_CHARS_MAX, REFUSED_MAX, Refused, Staged, SubjectField, is_name};
pub use permit::{Permit, Policy};
pub use query::{
    At, ChangesQuery, CountQuery, FILTERS_MAX, Filter, LOOKUP_KEYS_MAX, Lookup, Op, PAGE_ROWS_MAX, Page, Query,
    RowsQuery, SQL_CHARS_MAX, Sort, SqlQuery, VALUES_MAX,
};
pub use stream::Sending;
pub use why::{PURPOSE_PUBLIC, Why};

#[cfg(test)]
mod tests;
