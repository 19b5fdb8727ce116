//! What people who sign in and administrators rely on: rules on the model, operations on both databases, the product
//! in process over HTTP.

mod departments;
mod entry;
mod forms;
mod imports;
mod letters;
mod people;
mod rules;
mod second_step;
mod world;
