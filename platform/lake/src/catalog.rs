//! The lake's metadata: what a table is, which versions it has, which files and rows are live at a snapshot, and how
//! that changes inside a store transaction. The only place of the lake with SQL; opens no file.

pub(crate) mod change;
mod erased;
pub(crate) mod inlined;
mod layout;
pub(crate) mod loads;
pub(crate) mod publish;
pub(crate) mod retention;
pub(crate) mod view;

pub use erased::erased_resources;
pub use layout::MIGRATIONS;
pub use retention::named_files;
