//! One module per row of the systems table, one test per clause that exists; `cargo xtask systems` counts them.

mod cat_01;
pub(crate) mod cat_05;
mod cat_11;
mod inf_10;
mod inf_11;
mod open_01;
