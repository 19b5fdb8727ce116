//! What readers and loaders rely on, through the gate, on both databases: versions, exactly once, undo, masks that hide
//! from every kind of question, sealed files.

mod counted;
mod loading;
mod order;
mod policy;
mod reading;
mod strength;
mod world;
