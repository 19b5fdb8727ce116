//! The product as its users meet it: the binary started on a demo city, asked over HTTP, in a browser, from the
//! command line. Tests of single rules live with their crates.

mod backup;
mod browser;
mod city;
mod command_line;
mod confined;
mod maps;
mod messages;
mod other_engines;
mod owner;
mod pages;
mod real_data;
mod set_up;
mod strength;
mod systems;
mod visitor;
mod witness;
