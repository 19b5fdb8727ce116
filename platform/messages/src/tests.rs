//! Messages on both databases, and their ways out against real peers over TCP.

mod address;
mod client;
mod digest;
mod hooks;
mod inbox;
mod letters;
mod mail;
mod pages;
mod peers;
mod world;
