//! What readers and loaders rely on, through the gate, on both databases: versions, exactly once, undo, masks that hide
//! from every kind of question, sealed files.

mod admission;
mod closing;
mod counted;
mod foreign;
mod loading;
mod order;
mod policy;
mod reading;
mod retention;
mod rows;
mod strength;
mod world;
